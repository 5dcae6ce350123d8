/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Copyright (C) 2026 The tlsup authors
 *
 * A worker: a thread with an agent of its own and handshakes of its own.
 */
#ifndef TLSUP_WORKER_H
#define TLSUP_WORKER_H

#include "config/config.h"
#include "store/sessions.h"

struct worker;

/**
 * struct worker_options - the same for all workers
 * @config: the configuration
 * @sessions: what is kept of them
 * @keylog: descriptor of the key log, or -1
 * @drained: eventfd that is told when each gets no new requests any more
 * @ended: eventfd that is told of each thread's end
 * @seal: signer_seal_key()
 */
struct worker_options {
	const struct config *config;
	const struct sessions *sessions;
	int keylog;
	int drained;
	int ended;
	const struct cr_aead_key *seal;
};

struct worker *worker_create(const struct worker_options *options, int signer);
int worker_run(struct worker *worker);
void worker_drain(struct worker *worker);
void worker_stop(struct worker *worker);
void worker_destroy(struct worker *worker);

#endif /* TLSUP_WORKER_H */
