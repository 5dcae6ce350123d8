// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) 2026 The tlsup authors
 */
#include "service/takeover.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <systemd/sd-daemon.h>

#include "log.h"
#include "process.h"
#include "service/control.h"
#include "service/stream.h"
#include "store/state.h"

#define ASK	"{\"command\":\"takeover\"}\n"
#define TAKEN	"{\"command\":\"taken\"}\n"

/* So long the other daemon may take to tell its workers, and they the kernel. */
#define LEAVE_MS	5000

/**
 * takeover_begin - ask the daemon that serves for its place
 * @path: its control socket
 * @state: out: what it leaves, or -1
 *
 * Return: a socket for takeover_end(), or -errno; -ECONNREFUSED: nobody serves.
 */
int takeover_begin(const char *path, int *state)
{
	return control_call(path, ASK, state);
}

/**
 * takeover_end - say that this daemon serves
 * @fd: from takeover_begin()
 *
 * The other one hangs up when the kernel gives it nothing new; but it is waited
 * for no longer than LEAVE_MS, which is then logged.
 */
void takeover_end(int fd)
{
	struct pollfd hung_up = { .fd = fd, .events = POLLIN };
	int n;

	if (send(fd, TAKEN, strlen(TAKEN), MSG_NOSIGNAL) < 0)
		log_warning("the other daemon has gone by itself");
	do
		n = poll(&hung_up, 1, LEAVE_MS);
	while (n < 0 && errno == EINTR);
	if (!n)
		log_warning("the other daemon does not say that it takes nothing new");
	close(fd);
}

/* The state holds ticket keys and sessions: more than control_users may have. */
static bool may_take_over(const struct ucred *who)
{
	return !who->uid || who->uid == geteuid();
}

/* The state goes with a byte that says there may be one. */
static void give(struct service *service, struct stream_client *client)
{
	struct iovec iov = { (void *)(uintptr_t)"+", 1 };
	struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1 };
	union process_passed room;
	struct state *state = service_save(service);

	if (state)
		process_pass(&msg, &room, state_fd(state));
	if (sendmsg(stream_client_fd(client), &msg, MSG_NOSIGNAL) < 0)
		log_error("takeover: %s", strerror(errno));
	else
		log_info("another daemon is about to take over");
	state_destroy(state);
	stream_keep(client);
}

static void leave(struct service *service, const struct ucred *who)
{
	sd_notifyf(0, "MAINPID=%d", (int)who->pid);
	log_info("another daemon has taken over");
	service_leave(service, SERVICE_TAKEN);
}

/**
 * takeover_command - what the new daemon asks of the old
 * @service: the old one
 * @client: the new one
 * @command: its word
 *
 * Only root and the daemon's own user are listened to; others are hung up on.
 *
 * Return: false if it is a command of another kind.
 */
bool takeover_command(struct service *service, struct stream_client *client,
		      const char *command)
{
	bool asks = !strcmp(command, "takeover");
	struct ucred who;
	socklen_t len = sizeof(who);

	if (!asks && strcmp(command, "taken"))
		return false;
	if (getsockopt(stream_client_fd(client), SOL_SOCKET, SO_PEERCRED, &who, &len) ||
	    !may_take_over(&who)) {
		log_warning("a takeover by a user who has no right to it");
		stream_answer(client, NULL, 0);
	} else if (asks) {
		give(service, client);
	} else {
		leave(service, &who);
	}
	return true;
}
