// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) 2026 The tlsup authors
 *
 * tlsupctl: the command line, and the talk with the daemon.
 */
#include "ctl.h"

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define SOCKET_DEFAULT	"/run/tlsup/control"

static const char usage[] =
	"usage: tlsupctl [--json] [--socket PATH] COMMAND\n"
	"  status                        the daemon and its counters\n"
	"  top [--count N]               the same, live\n"
	"  connections                   each connection: who, whom, how\n"
	"  close ID                      end a connection\n"
	"  close [--profile NAME] [--cert FINGERPRINT|SUBJECT]\n"
	"                                end all that these describe\n"
	"  sessions                      the session store\n"
	"  sessions flush [--name NAME | --user UID]\n"
	"                                forget all sessions, or a server's, or a user's\n"
	"  profiles                      profiles, and the days left to certificates\n"
	"  reload [--close-revoked]      read the configuration again\n"
	"  loglevel [LEVEL]              error, warning, info, debug or trace\n"
	"  test [--profile NAME] [--name NAME] HOST:PORT\n"
	"                                connect, and show what was negotiated\n"
	"exit status: 0 done, 1 not done, 2 usage, 3 no daemon, 4 no right\n";

/**
 * ctl_print_json - print a value
 * @value: any
 */
void ctl_print_json(const json_t *value)
{
	json_dumpf(value, stdout, JSON_INDENT(2));
	putchar('\n');
}

static int connect_daemon(const char *path)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = -1;

	errno = ENAMETOOLONG;
	if (strlen(path) < sizeof(address.sun_path)) {
		snprintf(address.sun_path, sizeof(address.sun_path), "%s", path);
		fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	}
	if (fd >= 0 && !connect(fd, (const struct sockaddr *)&address, sizeof(address)))
		return fd;
	fprintf(stderr, "tlsupctl: no daemon answers at %s: %s\n", path, strerror(errno));
	if (fd >= 0)
		close(fd);
	return -1;
}

/* All that comes, read at once: there may be thousands of connections. */
static json_t *read_reply(int fd)
{
	size_t len = 0, size = 65536;
	char *text = malloc(size);
	json_t *reply = NULL;
	ssize_t n = 1;

	while (text && n > 0) {
		if (len == size) {
			char *more = realloc(text, size *= 2);

			if (!more)
				break;
			text = more;
		}
		n = read(fd, text + len, size - len);
		len += n > 0 ? (size_t)n : 0;
	}
	if (text && len)
		reply = json_loadb(text, len, 0, NULL);
	free(text);
	return reply;
}

/* A refusal may come before the question has been read. */
static json_t *converse(int fd, const char *line)
{
	json_t *reply;

	if (send(fd, line, strlen(line), MSG_NOSIGNAL) < 0 ||
	    send(fd, "\n", 1, MSG_NOSIGNAL) < 0)
		errno = 0;
	reply = read_reply(fd);
	close(fd);
	return reply;
}

/**
 * ctl_ask - ask the daemon
 * @ctl: where it is
 * @request: taken over
 * @reply: out: the answer, the caller's; NULL if there is none
 *
 * Return: CTL_GOOD, or what became of it; that has been printed.
 */
enum ctl_exit ctl_ask(const struct ctl *ctl, json_t *request, json_t **reply)
{
	char *line = json_dumps(request, JSON_COMPACT);
	int fd = connect_daemon(ctl->socket);
	const char *error;

	json_decref(request);
	*reply = NULL;
	if (fd >= 0 && line)
		*reply = converse(fd, line);
	free(line);
	if (fd < 0)
		return CTL_UNREACHABLE;
	if (!*reply) {
		fprintf(stderr, "tlsupctl: the daemon gave no answer\n");
		return CTL_UNREACHABLE;
	}
	error = json_string_value(json_object_get(*reply, "error"));
	if (!error)
		return CTL_GOOD;
	fprintf(stderr, "tlsupctl: %s\n", error);
	return json_is_true(json_object_get(*reply, "denied")) ? CTL_DENIED : CTL_FAILED;
}

static void print_log(const json_t *reply)
{
	const char *log = json_string_value(json_object_get(reply, "log"));

	if (log)
		fputs(log, stderr);
}

static void show_closed(const json_t *reply)
{
	printf("%" JSON_INTEGER_FORMAT " closed\n",
	       json_integer_value(json_object_get(reply, "closed")));
}

static void show_reload(const json_t *reply)
{
	puts("reloaded");
	if (json_object_get(reply, "closed"))
		show_closed(reply);
}

static void show_level(const json_t *reply)
{
	puts(json_string_value(json_object_get(reply, "level")));
}

static const struct command {
	const char *name;
	void (*show)(const json_t *reply);
} commands[] = {
	{ "status", show_status },
	{ "connections", show_connections },
	{ "profiles", show_profiles },
	{ "sessions", show_sessions },
	{ "close", show_closed },
	{ "reload", show_reload },
	{ "loglevel", show_level },
};

static void set_string(json_t *request, const char *key, const char *value)
{
	if (value)
		json_object_set_new(request, key, json_string(value));
}

/* NULL: it cannot be. */
static json_t *make_request(const struct ctl *ctl, const char *name, const char *argument)
{
	json_t *request = json_pack("{s:s}", "command", name);
	char *end = NULL;

	set_string(request, "profile", ctl->profile);
	set_string(request, "cert", ctl->cert);
	set_string(request, "name", ctl->name);
	set_string(request, "user", ctl->user);
	if (ctl->close_revoked)
		json_object_set_new(request, "close_revoked", json_true());
	if (!strcmp(name, "loglevel"))
		set_string(request, "level", argument);
	else if (!strcmp(name, "sessions") && argument && !strcmp(argument, "flush"))
		json_object_set_new(request, "flush", json_true());
	else if (!strcmp(name, "close") && argument)
		json_object_set_new(request, "id",
				    json_integer(strtoll(argument, &end, 10)));
	else if (argument)
		end = (char *)(uintptr_t)argument;
	if (!end || !*end)
		return request;
	json_decref(request);
	return NULL;
}

static enum ctl_exit run(const struct ctl *ctl, const struct command *command,
			 const char *argument)
{
	json_t *request = make_request(ctl, command->name, argument), *reply;
	enum ctl_exit result;

	if (!request) {
		fprintf(stderr, "tlsupctl: %s: what is \"%s\"?\n%s", command->name,
			argument, usage);
		return CTL_USAGE;
	}
	result = ctl_ask(ctl, request, &reply);
	print_log(reply);
	if (reply && ctl->json)
		ctl_print_json(reply);
	else if (result == CTL_GOOD)
		command->show(reply);
	json_decref(reply);
	return result;
}

static enum ctl_exit dispatch(const struct ctl *ctl, int argc, char **argv)
{
	const char *name = argc ? argv[0] : "", *argument = argc > 1 ? argv[1] : NULL;

	if (argc > 2) {
		fputs(usage, stderr);
		return CTL_USAGE;
	}
	if (!strcmp(name, "test") && argument)
		return ctl_test(ctl, argument);
	if (!strcmp(name, "top") && !argument)
		return ctl_top(ctl);
	for (size_t i = 0; i < sizeof(commands) / sizeof(commands[0]); i++)
		if (!strcmp(commands[i].name, name))
			return run(ctl, &commands[i], argument);
	fputs(usage, stderr);
	return CTL_USAGE;
}

int main(int argc, char **argv)
{
	enum { SOCKET = 256, PROFILE, CERT, NAME, USER, COUNT, CLOSE_REVOKED, HELP };
	static const struct option longs[] = {
		{ "json", no_argument, NULL, 'j' },
		{ "socket", required_argument, NULL, SOCKET },
		{ "profile", required_argument, NULL, PROFILE },
		{ "cert", required_argument, NULL, CERT },
		{ "name", required_argument, NULL, NAME },
		{ "user", required_argument, NULL, USER },
		{ "count", required_argument, NULL, COUNT },
		{ "close-revoked", no_argument, NULL, CLOSE_REVOKED },
		{ "help", no_argument, NULL, HELP },
		{ 0 },
	};
	struct ctl ctl = { .socket = SOCKET_DEFAULT };
	int c;

	while ((c = getopt_long(argc, argv, "jn:", longs, NULL)) >= 0) {
		switch (c) {
		case 'j':
			ctl.json = true;
			break;
		case SOCKET:
			ctl.socket = optarg;
			break;
		case PROFILE:
			ctl.profile = optarg;
			break;
		case CERT:
			ctl.cert = optarg;
			break;
		case NAME:
			ctl.name = optarg;
			break;
		case USER:
			ctl.user = optarg;
			break;
		case 'n':
		case COUNT:
			ctl.count = (unsigned int)strtoul(optarg, NULL, 10);
			break;
		case CLOSE_REVOKED:
			ctl.close_revoked = true;
			break;
		case HELP:
			fputs(usage, stdout);
			return CTL_GOOD;
		default:
			fputs(usage, stderr);
			return CTL_USAGE;
		}
	}
	return (int)dispatch(&ctl, argc - optind, argv + optind);
}
