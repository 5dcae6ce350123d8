/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Copyright (C) 2026 The tlsup authors
 *
 * The main process: it holds what must not meet strangers, and waits.
 */
#ifndef TLSUP_SERVICE_H
#define TLSUP_SERVICE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <systemd/sd-event.h>

#include "service/generation.h"

#define SERVICE_VERSION	"0.1"

/**
 * struct service_options - the command line
 * @config: path of the configuration
 * @control: path of the control socket; NULL: the configuration's
 * @keylog: write session secrets to the configuration's key log
 * @takeover: take the place of the daemon that serves
 */
struct service_options {
	const char *config;
	const char *control;
	bool keylog;
	bool takeover;
};

/**
 * struct service - the main process
 * @options: the command line
 * @event: its loop
 * @current: the generation that serves
 * @old: those that finish
 * @keylog: descriptor of the key log, or -1
 * @started: Unix time
 * @admin: to ask the kernel with; NULL: it does not answer
 * @control: for tlsupctl
 * @metrics: NULL: they are not wanted
 * @watch: files that may change
 * @reviving: the workers have died, and others are to be started
 * @leaving: it takes nothing new
 */
struct service {
	struct service_options options;
	sd_event *event;
	struct generation *current;
	struct generation *old;
	struct sessions sessions;
	int keylog;
	uint64_t started;
	struct kern_admin *admin;
	struct control *control;
	struct metrics *metrics;
	struct watch *watch;
	bool reviving;
	bool leaving;
};

struct state;

/* Why a daemon leaves. */
enum service_leave {
	SERVICE_STOPPED,	/* soon, whatever is under way */
	SERVICE_TAKEN,		/* when all that it has begun is done */
};

int service_run(const struct service_options *options);
int service_check(const char *config);
bool service_reload(struct service *service);
struct state *service_save(struct service *service);
void service_leave(struct service *service, enum service_leave why);

#endif /* TLSUP_SERVICE_H */
