/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Copyright (C) 2026 The tlsup authors
 *
 * Certificates, keys and authorities that change on disk.
 */
#ifndef TLSUP_WATCH_H
#define TLSUP_WATCH_H

#include <systemd/sd-event.h>

#include "config/config.h"

struct watch;

struct watch *watch_create(sd_event *event, void (*changed)(void *owner), void *owner);
void watch_renew(struct watch *watch, const struct config *config);
void watch_destroy(struct watch *watch);

#endif /* TLSUP_WATCH_H */
