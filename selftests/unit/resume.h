/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Copyright (C) 2026 The tlsup authors
 *
 * Handshakes one after the other, between owners that keep sessions.
 */
#ifndef TLSUP_RESUME_H
#define TLSUP_RESUME_H

#include "pair.h"

#define RESUME_KEPT_MAX		16
#define RESUME_NAME_MAX		64

/** struct kept - a session in an owner's storage */
struct kept {
	struct hs_session session;
	uint8_t name[RESUME_NAME_MAX];
	uint8_t secret[48];
	char alpn[32];
	char server_name[64];
};

/**
 * struct resume - owners, and what the next handshake is to be like
 * @by: the kind of resumption
 * @pair: of the last handshake
 * @at_server: what the server knows
 * @at_client: the client's latest
 * @certificates: certificate messages in the last handshake
 * @lookups: HS_ASK_SESSION at the server in the last handshake
 * @forget: the server finds nothing
 * @spoil: the server finds another secret
 * @server_max: if not 0, of the server only
 * @tamper: as in struct pair
 */
struct resume {
	enum hs_resumption by;
	struct pair pair;
	struct kept at_server[RESUME_KEPT_MAX];
	size_t at_server_len;
	struct kept at_client;
	bool offered;
	int certificates;
	int lookups;
	bool forget;
	bool spoil;
	bool later;
	size_t fragment;
	const char *alpn;
	const char *server_name;
	uint16_t min_version;
	uint16_t max_version;
	uint16_t server_max;
	const uint16_t *suites;		/* the server's */
	size_t suites_len;
	const uint16_t *client_suites;	/* two, or NULL: all */
	const uint16_t *groups;		/* the server's */
	const uint16_t *client_groups;
	size_t groups_len;
	bool require;
	bool psk_ke;
	bool client_off;
	bool server_off;
	bool (*tamper)(void *context, const struct side *from, struct record *record);
};

void resume_init(struct resume *r, uint16_t version, enum hs_resumption by);
bool resume_run(struct resume *r);
void resume_wipe(struct resume *r);

#endif /* TLSUP_RESUME_H */
