// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) 2026 The tlsup authors
 */
#include "keep.h"

#include <stddef.h>

#include "state.h"

/* Closed by NULL. */
static const struct keeper *const keepers[] = {
	NULL,
};

/**
 * keep_save - write what is to outlive this pool
 *
 * Return: to be destroyed by state_destroy(), or NULL without memory.
 */
struct state *keep_save(void)
{
	struct state *state = state_create();

	for (size_t i = 0; state && keepers[i]; i++) {
		if (keepers[i]->save(state))
			continue;
		state_destroy(state);
		return NULL;
	}
	return state;
}

/**
 * keep_restore - read what an earlier pool has left
 * @fd: descriptor of a state, taken over; -1: there was none
 */
void keep_restore(int fd)
{
	struct state *state = state_open(fd);

	for (size_t i = 0; state && keepers[i]; i++) {
		state_rewind(state);
		keepers[i]->restore(state);
	}
	state_destroy(state);
}
