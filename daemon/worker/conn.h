/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Copyright (C) 2026 The tlsup authors
 *
 * One handshake: joins the engine, the certificates and the kernel.
 */
#ifndef TLSUP_CONN_H
#define TLSUP_CONN_H

#include <stdbool.h>

#include "config/config.h"
#include "kern/kern.h"
#include "signer/signer.h"
#include "worker/resume.h"

struct conn;

/**
 * struct conn_env - what all handshakes of a worker share
 * @config: the configuration
 * @kern: the worker's agent
 * @signer: the worker's way to the private keys
 * @resume: the worker's way to the sessions
 * @keylog: descriptor of the key log, or -1
 * @over: called when a handshake has ended on its own, to be destroyed
 * @in_cgroup: whether a control group is one of a profile's
 * @owner: for @over and @in_cgroup
 */
struct conn_env {
	const struct config *config;
	struct kern *kern;
	struct signer_port *signer;
	struct resume_env resume;
	int keylog;
	void (*over)(void *owner, uint64_t id);
	bool (*in_cgroup)(void *owner, uint64_t cgroup_id,
			  const struct config_profile *profile);
	void *owner;
};

struct conn *conn_create(const struct conn_env *env, const struct kern_event *event);
void conn_destroy(struct conn *conn);
bool conn_start(struct conn *conn, const struct kern_event *event);
bool conn_record(struct conn *conn, const struct kern_event *event);
void conn_closed(struct conn *conn, const struct kern_event *event);

#endif /* TLSUP_CONN_H */
