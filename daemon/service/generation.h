/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Copyright (C) 2026 The tlsup authors
 *
 * A generation: a configuration, the signer that holds its keys and the pool
 * that works by it. A reload makes a whole new one; the old one finishes the
 * handshakes that it has begun.
 */
#ifndef TLSUP_GENERATION_H
#define TLSUP_GENERATION_H

#include <stdbool.h>
#include <sys/types.h>

#include "config/config.h"
#include "store/sessions.h"

/**
 * struct generation - a generation; fields are for reading
 * @next: an older one
 * @config: its configuration
 * @signer: its signer
 * @pool: process of its workers
 * @channel: socket to it
 * @asking: socket of the workers' questions
 * @channel_source: of the main process's loop
 * @asking_source: of the main process's loop
 * @draining: it takes no new requests
 */
struct generation {
	struct generation *next;
	struct config *config;
	struct signer *signer;
	pid_t pool;
	int channel;
	int asking;
	struct sd_event_source *channel_source;
	struct sd_event_source *asking_source;
	bool draining;
};

struct generation *generation_load(const char *file);
bool generation_start(struct generation *generation, const struct sessions *sessions,
		      int keylog);
void generation_drain(struct generation *generation);
bool generation_has_gone(const struct generation *generation);
bool generation_answer(struct generation *generation);
void generation_end(struct generation *generation);

#endif /* TLSUP_GENERATION_H */
