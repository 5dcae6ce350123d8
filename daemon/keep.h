/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Copyright (C) 2026 The tlsup authors
 *
 * What a pool of workers leaves to the next one.
 */
#ifndef TLSUP_KEEP_H
#define TLSUP_KEEP_H

#include <stdbool.h>

struct state;

/**
 * struct keeper - a part of the daemon that has something to leave
 * @save: write all blobs; the workers go on meanwhile. False without memory
 * @restore: read the blobs that are its own, before the workers begin
 */
struct keeper {
	bool (*save)(struct state *state);
	void (*restore)(struct state *state);
};

struct state *keep_save(void);
void keep_restore(int fd);

#endif /* TLSUP_KEEP_H */
