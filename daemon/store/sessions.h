/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Copyright (C) 2026 The tlsup authors
 *
 * What the daemon keeps of sessions: the store and the ticket keys. They are
 * made before any worker is, in memory that all share, and outlive a reload.
 */
#ifndef TLSUP_SESSIONS_H
#define TLSUP_SESSIONS_H

#include <stdbool.h>

#include "config/config.h"
#include "store/store.h"
#include "store/ticket.h"

struct state;

/**
 * struct sessions - what is kept
 * @store: the sessions
 * @tickets: keys for what is handed out
 */
struct sessions {
	struct store *store;
	struct tickets *tickets;
};

bool sessions_init(struct sessions *sessions, const struct config *config);
bool sessions_save(const struct sessions *sessions, struct state *state);
void sessions_restore(const struct sessions *sessions, struct state *state);
void sessions_wipe(struct sessions *sessions);

#endif /* TLSUP_SESSIONS_H */
