/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Copyright (C) 2026 The tlsup authors
 *
 * Resumption, as its owner sees it: which sessions a handshake may look up, what
 * is kept of it, and what becomes of the tickets that a client gets.
 */
#ifndef TLSUP_RESUME_H
#define TLSUP_RESUME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "config/config.h"
#include "store/store.h"
#include "store/ticket.h"
#include "tls/hs.h"

#define RESUME_COOKIE_MAX	2048

/**
 * struct resume_env - what all handshakes of a worker share
 * @port: the worker's way into the store
 * @tickets: keys for what is handed out
 */
struct resume_env {
	struct store_port *port;
	struct tickets *tickets;
};

/**
 * struct resume_who - one handshake
 * @env: shared
 * @profile: its profile
 * @role: of this side
 * @uid: who set the role
 * @server_name: client: as the application set it
 * @bucket: whose share of the store it takes
 * @external: an external PSK will do
 * @sessions: sessions are resumed and kept
 * @found: the answer to resume_ask(); @session lives as long as the resume; may
 *	be called within resume_ask()
 * @owner: for @found
 */
struct resume_who {
	const struct resume_env *env;
	const struct config_profile *profile;
	enum hs_role role;
	uint32_t uid;
	const char *server_name;
	uint64_t bucket;
	bool external;
	bool sessions;
	void (*found)(void *owner, const struct hs_session *session, size_t index);
	void *owner;
};

struct resume;

void resume_tag_identity(enum hs_role role, uint32_t uid, const char *profile,
			 uint8_t tag[STORE_TAG_SIZE]);
void resume_tag_name(const char *name, uint8_t tag[STORE_TAG_SIZE]);
struct resume *resume_create(const struct resume_who *who);
void resume_destroy(struct resume *resume);
void resume_ask(struct resume *resume, const struct hs_question *question);
void resume_ticket(struct resume *resume, const struct hs_session *session,
		   struct hs_ticket *ticket);
void resume_done(struct resume *resume, const struct hs_result *result);
void resume_failed(struct resume *resume);
size_t resume_cookie(struct resume *resume, const struct hs_result *result,
		     const uint8_t *chain, size_t chain_len,
		     uint8_t cookie[RESUME_COOKIE_MAX]);
bool resume_keep(const struct resume_env *env, struct hs_bytes cookie,
		 struct hs_bytes chain, struct hs_bytes message);

#endif /* TLSUP_RESUME_H */
