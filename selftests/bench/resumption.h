/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Copyright (C) 2026 The tlsup authors
 *
 * Servers that resume sessions, side by side: each has its client beside it, on
 * memory, and only the server's time counts.
 */
#ifndef TLSUP_BENCH_RESUMPTION_H
#define TLSUP_BENCH_RESUMPTION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum kind { KIND_ID, KIND_TICKET, KIND_PSK, KINDS };

/**
 * struct contender - an implementation
 * @name: its name
 * @begin: make a full handshake, keep its session
 * @again: resume that @count times; seconds that the server took, or a negative
 *	number if it did not resume
 * @end: free all
 */
struct contender {
	const char *name;
	bool (*begin)(enum kind kind);
	double (*again)(enum kind kind, unsigned int count);
	void (*end)(void);
};

extern const struct contender contender_tlsup, contender_openssl, contender_gnutls;
extern const char *cert_pem, *key_pem;

double now(void);
double needed(enum kind kind, unsigned int count);
double needed_group(unsigned int count);
void bench_cache(void);
void figure(const char *name, const char *unit, double ours, double theirs,
	    const char *peer, double ratio, unsigned int runs);

#endif /* TLSUP_BENCH_RESUMPTION_H */
