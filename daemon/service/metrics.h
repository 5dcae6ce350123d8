/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Copyright (C) 2026 The tlsup authors
 *
 * Counters in the text format of Prometheus, over HTTP.
 */
#ifndef TLSUP_METRICS_H
#define TLSUP_METRICS_H

#include "service/service.h"

struct metrics;

struct metrics *metrics_open(struct service *service);
void metrics_leave(struct metrics *metrics);
void metrics_close(struct metrics *metrics);

#endif /* TLSUP_METRICS_H */
