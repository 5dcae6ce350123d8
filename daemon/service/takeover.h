/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Copyright (C) 2026 The tlsup authors
 *
 * One daemon takes the place of another, and nobody notices. The new one asks
 * over the control socket, and gets what must outlive the old (struct state).
 * When it serves it says so; then the old one takes nothing new, finishes what
 * it has begun, and leaves. If the new one dies before that, the old one stays.
 */
#ifndef TLSUP_TAKEOVER_H
#define TLSUP_TAKEOVER_H

#include <stdbool.h>

#include "service/service.h"

struct stream_client;

int takeover_begin(const char *path, int *state);
void takeover_end(int fd);
bool takeover_command(struct service *service, struct stream_client *client,
		      const char *command);

#endif /* TLSUP_TAKEOVER_H */
