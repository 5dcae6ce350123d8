/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Copyright (C) 2026 The tlsup authors
 *
 * tlsupctl: what its files share.
 */
#ifndef TLSUP_CTL_H
#define TLSUP_CTL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <jansson.h>

/* Exit statuses, as tlsupctl(1) documents them. */
enum ctl_exit {
	CTL_GOOD,
	CTL_FAILED,		/* it was understood, and not done */
	CTL_USAGE,
	CTL_UNREACHABLE,	/* no daemon there */
	CTL_DENIED,		/* this user may not ask */
};

/**
 * struct ctl - the command line
 * @socket: path of the daemon's socket
 * @json: print what came, as it is
 * @profile: --profile
 * @cert: --cert
 * @name: --name
 * @user: --user
 * @count: --count; 0: no end
 * @close_revoked: --close-revoked
 */
struct ctl {
	const char *socket;
	bool json;
	const char *profile;
	const char *cert;
	const char *name;
	const char *user;
	unsigned int count;
	bool close_revoked;
};

enum ctl_exit ctl_ask(const struct ctl *ctl, json_t *request, json_t **reply);
enum ctl_exit ctl_top(const struct ctl *ctl);
enum ctl_exit ctl_test(const struct ctl *ctl, const char *target);
void ctl_print_json(const json_t *value);

void show_status(const json_t *reply);
void show_connections(const json_t *reply);
void show_profiles(const json_t *reply);
void show_sessions(const json_t *reply);
json_int_t show_sum(const json_t *object);

/**
 * struct certificate - what a person would know of a certificate
 * @subject: distinguished name
 * @issuer: distinguished name
 * @names: that it is for
 * @expires: Unix time
 * @fingerprint: SHA-256, hexadecimal
 */
struct certificate {
	char subject[256];
	char issuer[256];
	char names[512];
	int64_t expires;
	char fingerprint[65];
};

bool certificate_read(const uint8_t *der, size_t len, struct certificate *certificate);

#endif /* TLSUP_CTL_H */
