/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Copyright (C) 2026 The tlsup authors
 *
 * One handshake: joins the engine, the certificates and the kernel.
 */
#ifndef TLSUP_CONN_H
#define TLSUP_CONN_H

#include <stdbool.h>

#include "config.h"
#include "kern.h"

struct conn;

/**
 * struct conn_env - what all handshakes of a worker share
 * @config: the configuration
 * @kern: the worker's agent
 * @trace: log each message
 * @keylog: descriptor of the key log, or -1
 */
struct conn_env {
	const struct config *config;
	struct kern *kern;
	bool trace;
	int keylog;
};

struct conn *conn_create(const struct conn_env *env, const struct kern_event *event);
void conn_destroy(struct conn *conn);
bool conn_start(struct conn *conn, const struct kern_event *event);
bool conn_record(struct conn *conn, const struct kern_event *event);
void conn_log_closed(const struct conn *conn, const struct kern_event *event);

#endif /* TLSUP_CONN_H */
