/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Copyright (C) 2026 The tlsup authors
 *
 * The pool: the process of the workers. It is forked with a configuration,
 * which it keeps to its end: a new configuration is a new pool. The main
 * process talks to it over one socket (struct pool_message both ways); workers
 * ask the main process for what needs the file system over another.
 */
#ifndef TLSUP_POOL_H
#define TLSUP_POOL_H

#include <stdbool.h>
#include <stdint.h>

#include "config/config.h"
#include "store/sessions.h"

enum pool_op {
	POOL_READY,		/* up: all agents are registered, and all sealed */
	POOL_FAILED,		/* up: value: errno of registration, or 0 */
	POOL_DRAIN,		/* down: take nothing new, end when all is done */
	POOL_DRAINED,		/* up: nothing new comes any more */
	POOL_CGROUP,		/* asked: value: a control group's id */
};

/** struct pool_message - a datagram */
struct pool_message {
	uint32_t op;
	uint32_t profile;	/* POOL_CGROUP: index of the profile */
	uint64_t value;		/* POOL_CGROUP, answered: whether it is one of its */
};

/**
 * struct pool_options - what a pool is forked with
 * @config: its configuration
 * @sessions: what is kept of them; outlives it
 * @keylog: descriptor of the key log, or -1
 * @channel: socket to the main process
 * @asking: socket to the main process for the workers' questions
 * @signers: a socket to the signer for each worker
 * @seal: signer_seal_key()
 */
struct pool_options {
	const struct config *config;
	const struct sessions *sessions;
	int keylog;
	int channel;
	int asking;
	const int *signers;
	const struct cr_aead_key *seal;
};

_Noreturn void pool_serve(const struct pool_options *options);
bool pool_in_cgroup(const struct config *config, uint64_t cgroup_id,
		    const struct config_profile *profile);

#endif /* TLSUP_POOL_H */
