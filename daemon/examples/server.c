// SPDX-License-Identifier: 0BSD
/*
 * server PORT FILE: send FILE to every client that asks for anything. One
 * thread, epoll, sockets that do not block, sendfile(). But for three lines
 * before listen() it is a server of plain TCP.
 *
 *	cc server.c -o server
 */
#define _GNU_SOURCE
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <unistd.h>
#include <linux/tlsup.h>

struct client {
	int fd;
	int asked;	/* how much of the blank line has come */
	off_t sent;
};

static int file, poller;
static off_t size;

static int listen_on(unsigned short port)
{
	struct sockaddr_in6 any = { .sin6_family = AF_INET6,
				    .sin6_port = htons(port) };
	const int one = 1, role = TLSUP_SERVER;
	int fd = socket(AF_INET6, SOCK_STREAM | SOCK_NONBLOCK, 0);

	if (fd < 0 ||
	    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one)) ||
	    bind(fd, (struct sockaddr *)&any, sizeof(any)))
		err(1, "port %d", port);
	/* What it accepts inherits this. */
	if (setsockopt(fd, SOL_TCP, TCP_ULP, TLSUP_ULP_NAME,
		       strlen(TLSUP_ULP_NAME)) ||
	    setsockopt(fd, SOL_TLSUP, TLSUP_HANDSHAKE, &role, sizeof(role)))
		err(1, "TLS");
	if (listen(fd, SOMAXCONN))
		err(1, "listen");
	return fd;
}

static void forget(struct client *client)
{
	close(client->fd);	/* sends close_notify */
	free(client);
}

static void complain(int fd)
{
	struct tlsup_status status = { 0 };
	socklen_t len = sizeof(status);

	if (!getsockopt(fd, SOL_TLSUP, TLSUP_STATUS, &status, &len) &&
	    status.error)
		warnx("a client: %s", status.reason);
}

static void welcome(int listener)
{
	struct epoll_event event = { .events = EPOLLIN };
	struct client *client;
	int fd;

	/* Nobody waits here for a handshake. */
	while ((fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK)) >= 0) {
		client = calloc(1, sizeof(*client));
		if (!client) {
			close(fd);
			continue;
		}
		client->fd = fd;
		event.data.ptr = client;
		if (epoll_ctl(poller, EPOLL_CTL_ADD, fd, &event))
			forget(client);
	}
}

/* Returns 1 at the blank line, 0 to come again, -1 at an end. */
static int hear(struct client *client)
{
	static const char wanted[] = "\r\n\r\n";
	char buf[4096];
	ssize_t n;

	/* EAGAIN before the handshake's end; its failure shows here. */
	while ((n = read(client->fd, buf, sizeof(buf))) > 0)
		for (ssize_t i = 0; i < n; i++) {
			if (buf[i] == wanted[client->asked])
				client->asked++;
			else
				client->asked = buf[i] == '\r';
			if (client->asked == 4)
				return 1;
		}
	return n < 0 && errno == EAGAIN ? 0 : -1;
}

/* As hear(). */
static int tell(struct client *client)
{
	ssize_t n;

	while (client->sent < size) {
		n = sendfile(client->fd, file, &client->sent,
			     size - client->sent);
		if (n < 0)
			return errno == EAGAIN ? 0 : -1;
		if (!n)
			return -1;
	}
	return 1;
}

static void serve(struct client *client)
{
	struct epoll_event event = { .events = EPOLLOUT, .data.ptr = client };
	static const char head[] = "HTTP/1.0 200 OK\r\n\r\n";
	int result = 1;

	if (client->asked < 4) {
		result = hear(client);
		if (result > 0) {
			/* Far less than any send buffer. */
			if (send(client->fd, head, sizeof(head) - 1, MSG_MORE) < 0 ||
			    epoll_ctl(poller, EPOLL_CTL_MOD, client->fd, &event))
				result = -1;
		}
	}
	if (result > 0)
		result = tell(client);
	if (result < 0)
		complain(client->fd);
	if (result)
		forget(client);
}

int main(int argc, char **argv)
{
	struct epoll_event event = { .events = EPOLLIN }, found[64];
	struct stat st;
	int listener;

	if (argc != 3)
		errx(2, "usage: server PORT FILE");
	file = open(argv[2], O_RDONLY);
	if (file < 0 || fstat(file, &st))
		err(1, "%s", argv[2]);
	size = st.st_size;
	poller = epoll_create1(0);
	listener = listen_on(atoi(argv[1]));
	if (epoll_ctl(poller, EPOLL_CTL_ADD, listener, &event))
		err(1, "epoll");
	for (;;) {
		int n = epoll_wait(poller, found, 64, -1);

		for (int i = 0; i < n; i++) {
			if (found[i].data.ptr)
				serve(found[i].data.ptr);
			else
				welcome(listener);
		}
	}
}
