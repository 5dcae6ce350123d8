// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) 2026 The tlsup authors
 *
 * The socket for tlsupctl: who may ask, and what becomes of it. Anybody may
 * connect, so that a refusal is a sentence and not an errno; who it is says the
 * kernel (SO_PEERCRED).
 */
#include "service/control.h"

#include <errno.h>
#include <libgen.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "log.h"
#include "process.h"
#include "service/stream.h"
#include "service/takeover.h"

/* Anybody: see above. */
#define SOCKET_MODE	0666

struct control {
	struct service *service;
	struct stream *stream;
};

/**
 * control_error - a refusal
 * @format: as printf(3): one sentence
 *
 * Return: the answer.
 */
json_t *control_error(const char *format, ...)
{
	char text[512];
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	return json_pack("{s:s}", "error", text);
}

static void answer(struct stream_client *client, json_t *object)
{
	char *text = object ? json_dumps(object, JSON_COMPACT) : NULL;

	json_decref(object);
	stream_answer(client, text, text ? strlen(text) : 0);
}

/* Files are read again with the right to; only what is told differs. */
static json_t *reload(struct service *service, const json_t *request)
{
	char words[4096] = "";
	bool good;

	log_capture(words, sizeof(words));
	good = service_reload(service);
	log_capture(NULL, 0);
	if (!good)
		return json_pack("{s:s, s:s}", "error",
				 "not reloaded: the configuration that was in force stays so",
				 "log", words);
	if (!json_is_true(json_object_get(request, "close_revoked")))
		return json_pack("{s:b, s:s}", "reloaded", 1, "log", words);
	return json_pack("{s:b, s:s, s:I}", "reloaded", 1, "log", words, "closed",
			 (json_int_t)control_end_revoked(service));
}

static json_t *set_level(struct service *service, const json_t *request)
{
	const char *name = json_string_value(json_object_get(request, "level"));
	bool trace = name && !strcmp(name, "trace");
	enum log_level level = LOG_LEVEL_DEBUG;

	(void)service;
	if (name && !trace && !log_parse_level(name, &level))
		return control_error("no log level \"%s\"; expected error, warning, info, debug or trace",
				     name);
	if (name)
		log_set(level, trace);
	return json_pack("{s:s}", "level", log_traces() ? "trace" : log_level_name());
}

static const struct {
	const char *name;
	json_t *(*answer)(struct service *service, const json_t *request);
} commands[] = {
	{ "status", control_status },
	{ "connections", control_connections },
	{ "profiles", control_profiles },
	{ "sessions", control_sessions },
	{ "close", control_end },
	{ "reload", reload },
	{ "loglevel", set_level },
};

static void on_request(void *owner, struct stream_client *client, const char *text)
{
	struct control *control = owner;
	json_t *request = json_loads(text, 0, NULL), *reply = NULL;
	const char *name = json_string_value(json_object_get(request, "command"));

	if (control->service->leaving) {
		json_decref(request);
		stream_answer(client, NULL, 0);
		return;
	}
	if (name && takeover_command(control->service, client, name)) {
		json_decref(request);
		return;
	}
	for (size_t i = 0; name && i < sizeof(commands) / sizeof(commands[0]); i++)
		if (!strcmp(commands[i].name, name))
			reply = commands[i].answer(control->service, request);
	if (!reply)
		reply = control_error("no command \"%s\"", name ? name : "");
	json_decref(request);
	answer(client, reply);
}

static bool may_ask(const struct service *service, const struct ucred *who)
{
	const struct access *access = &service->current->config->control_access;
	const struct access_who asks = { .uid = who->uid, .gid = who->gid, .exe = "" };

	return !who->uid || who->uid == geteuid() ||
	       (access->users.len && access_allows(access, &asks, NULL, NULL));
}

static bool admit(void *owner, struct stream_client *client)
{
	struct control *control = owner;
	struct ucred who;
	socklen_t len = sizeof(who);
	json_t *refusal;

	if (control->service->leaving ||
	    getsockopt(stream_client_fd(client), SOL_SOCKET, SO_PEERCRED, &who, &len)) {
		stream_answer(client, NULL, 0);
		return false;
	}
	if (may_ask(control->service, &who))
		return true;
	log_info("tlsupctl: uid %u pid %d has no right", who.uid, who.pid);
	refusal = control_error("user %u may not ask: only root and control_users of the configuration may",
				who.uid);
	json_object_set_new(refusal, "denied", json_true());
	answer(client, refusal);
	return false;
}

static const struct stream_ops ops = {
	.end = "\n",
	.admit = admit,
	.request = on_request,
};

static int connect_path(const char *path)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd;

	if (strlen(path) >= sizeof(address.sun_path))
		return -ENAMETOOLONG;
	snprintf(address.sun_path, sizeof(address.sun_path), "%s", path);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -errno;
	if (!connect(fd, (const struct sockaddr *)&address, sizeof(address)))
		return fd;
	close(fd);
	return -ECONNREFUSED;
}

/**
 * control_is_served - does a daemon listen?
 * @path: a socket's
 *
 * Return: whether one does.
 */
bool control_is_served(const char *path)
{
	int fd = connect_path(path);

	if (fd < 0)
		return false;
	close(fd);
	return true;
}

/**
 * control_call - ask the daemon that serves
 * @path: its socket
 * @request: a line of JSON
 * @passed: out: the descriptor that came with the first byte of the answer, or
 *	-1
 *
 * Return: the socket, to be closed; or -errno.
 */
int control_call(const char *path, const char *request, int *passed)
{
	char byte;
	struct iovec iov = { &byte, 1 };
	struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1 };
	union process_passed room;
	int fd = connect_path(path);

	*passed = -1;
	if (fd < 0)
		return fd;
	process_may_pass(&msg, &room);
	if (send(fd, request, strlen(request), MSG_NOSIGNAL) < 0 ||
	    recvmsg(fd, &msg, MSG_CMSG_CLOEXEC) < 1) {
		close(fd);
		return -EIO;
	}
	*passed = process_passed(&msg);
	return fd;
}

/**
 * control_path - where tlsupctl asks
 * @service: has a configuration
 *
 * Return: the path.
 */
const char *control_path(const struct service *service)
{
	return service->options.control ? service->options.control :
					  service->current->config->control;
}

/* Of a path such as the default's, which is gone after a boot. */
static void make_folder(const char *path)
{
	char *folder = strdup(path);

	if (folder && !mkdir(dirname(folder), 0755) && chmod(folder, 0755))
		log_warning("%s: %s", folder, strerror(errno));
	free(folder);
}

/**
 * control_open - listen for tlsupctl
 * @service: has a configuration
 *
 * Return: to be closed by control_close(), or NULL; then it has been logged
 * why.
 */
struct control *control_open(struct service *service)
{
	struct control *control = calloc(1, sizeof(*control));
	const char *path = control_path(service);

	if (!control)
		return NULL;
	make_folder(path);
	control->service = service;
	control->stream = stream_listen_path(service->event, path, SOCKET_MODE, &ops,
					     control);
	if (control->stream)
		return control;
	free(control);
	return NULL;
}

/**
 * control_leave - the path is another daemon's from here on
 * @control: may be NULL
 */
void control_leave(struct control *control)
{
	if (control)
		stream_leave_path(control->stream);
}

/**
 * control_close - listen no more
 * @control: may be NULL
 */
void control_close(struct control *control)
{
	if (!control)
		return;
	stream_close(control->stream);
	free(control);
}
