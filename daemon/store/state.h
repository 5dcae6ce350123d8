/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Copyright (C) 2026 The tlsup authors
 *
 * What outlives workers and daemons: typed blobs in a piece of memory that has
 * a descriptor, so that it can be passed on. It holds secrets.
 */
#ifndef TLSUP_STATE_H
#define TLSUP_STATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* What a blob is; append only: the next daemon may be a newer one. */
enum state_type {
	STATE_TICKET_KEY = 1,
	STATE_SESSION,
};

struct state;

struct state *state_create(void);
struct state *state_open(int fd);
void state_destroy(struct state *state);
int state_fd(const struct state *state);
bool state_put(struct state *state, enum state_type type, const void *data, size_t len);
bool state_next(struct state *state, enum state_type *type, const uint8_t **data,
		size_t *len);
void state_rewind(struct state *state);

#endif /* TLSUP_STATE_H */
