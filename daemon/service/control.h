/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Copyright (C) 2026 The tlsup authors
 *
 * What tlsupctl asks: a line of JSON, an object with "command"; the answer is
 * one object, with "error" if it is a refusal.
 */
#ifndef TLSUP_CONTROL_H
#define TLSUP_CONTROL_H

#include <stdbool.h>

#include <jansson.h>

#include "service/service.h"

struct control;

struct control *control_open(struct service *service);
void control_leave(struct control *control);
const char *control_path(const struct service *service);
void control_close(struct control *control);
bool control_is_served(const char *path);
int control_call(const char *path, const char *request, int *passed);

/* control_show.c: answers that change nothing. */
json_t *control_status(struct service *service, const json_t *request);
json_t *control_connections(struct service *service, const json_t *request);
json_t *control_profiles(struct service *service, const json_t *request);
json_t *control_sessions(struct service *service, const json_t *request);

/* control_end.c: connections that an administrator ends. */
json_t *control_end(struct service *service, const json_t *request);
unsigned int control_end_revoked(struct service *service);

json_t *control_error(const char *format, ...) __attribute__((format(printf, 1, 2)));
const char *control_errno_name(unsigned int error);

#endif /* TLSUP_CONTROL_H */
