/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Copyright (C) 2026 The tlsup authors
 *
 * Full handshakes in memory, and what of them the server's processor pays.
 */
#ifndef TLSUP_BENCH_HANDSHAKE_H
#define TLSUP_BENCH_HANDSHAKE_H

#include <stdbool.h>
#include <stdint.h>
#include <time.h>

struct x509_check;

/**
 * struct kind - a kind of handshake; X25519 and AES-128-GCM in all of them
 * @name: of the case
 * @cert: certificate and key, PEM files of the tests without their endings
 * @version: 0x0303 or 0x0304
 * @suite: IANA number
 * @scheme: SignatureScheme
 */
struct kind {
	const char *name;
	const char *cert;
	uint16_t version;
	uint16_t suite;
	uint16_t scheme;
};

/**
 * struct contender - a server
 * @name: whose
 * @set_up: for a kind; what it makes is kept until the next
 * @shake: one handshake; nanoseconds of the server's processor, 0: it failed
 */
struct contender {
	const char *name;
	bool (*set_up)(const struct kind *kind);
	uint64_t (*shake)(void);
};

extern const struct contender contender_ours, contender_openssl, contender_gnutls,
	contender_sum;

/* How our client checks the server's certificate; NULL: it does not. */
extern const struct x509_check *our_check;

/* Bytes that our engine has allocated, now and at most. */
extern uint64_t allocated_now, allocated_most;

static inline uint64_t processor_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &ts);
	return (uint64_t)ts.tv_sec * 1000000000 + (uint64_t)ts.tv_nsec;
}

const char *cert_file(const char *name, const char *ending);

#endif /* TLSUP_BENCH_HANDSHAKE_H */
