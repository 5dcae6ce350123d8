/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Copyright (C) 2026 The tlsup authors
 *
 * Those who connect to the main process, ask one thing, and get one answer. None
 * of them can hold it up: what is not read waits in memory, a while.
 */
#ifndef TLSUP_STREAM_H
#define TLSUP_STREAM_H

#include <stdbool.h>
#include <stddef.h>

#include <systemd/sd-event.h>

#define STREAM_REQUEST_MAX	8192

struct stream;
struct stream_client;

/**
 * struct stream_ops - what is done for those who connect
 * @end: what a request ends with
 * @admit: whether a client may ask; if not, it has been answered. NULL: all may
 * @request: answer one request, by stream_answer()
 */
struct stream_ops {
	const char *end;
	bool (*admit)(void *owner, struct stream_client *client);
	void (*request)(void *owner, struct stream_client *client, const char *request);
};

struct stream *stream_listen_path(sd_event *event, const char *path, unsigned int mode,
				  const struct stream_ops *ops, void *owner);
bool stream_is_loopback(const char *text);
struct stream *stream_listen_tcp(sd_event *event, const char *address,
				 const struct stream_ops *ops, void *owner);
void stream_close(struct stream *stream);
void stream_leave_path(struct stream *stream);
void stream_answer(struct stream_client *client, char *data, size_t len);
void stream_keep(struct stream_client *client);
int stream_client_fd(const struct stream_client *client);

#endif /* TLSUP_STREAM_H */
