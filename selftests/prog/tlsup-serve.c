// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) 2026 The tlsup authors
 *
 * tlsup-serve: an HTTPS server that knows nothing of TLS but four socket
 * options. One thread, connections side by side: each is a small state
 * machine that runs until its socket would block.
 *
 *	LISTEN		accept, and start the handshake without waiting for it
 *	HANDSHAKE	the socket becomes writable at its end
 *	REQUEST		read until the blank line
 *	ANSWER		write the page, or the header of the file
 *	FILE		sendfile
 *	ECHO		send back what comes
 */
#define _GNU_SOURCE
#include "prog.h"

#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <netinet/in.h>
#include <sys/epoll.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#define PORTS_MAX	16
#define REQUEST_MAX	65536
#define ECHO_SIZE	65536

enum state { STATE_LISTEN, STATE_HANDSHAKE, STATE_REQUEST, STATE_ANSWER, STATE_FILE, STATE_ECHO };

/* What a step asks for: to be run again, now or when the socket is ready. */
enum next { NEXT_NOW, NEXT_READABLE, NEXT_WRITABLE, NEXT_CLOSE };

struct server {
	struct tls_options opts;
	int epoll;
	int file; /* -1: a short page */
	off_t file_size;
	bool echo;
	long ports[PORTS_MAX];
	int port_count;
	unsigned long limit; /* connections to serve before leaving; 0: no limit */
	unsigned long accepted;
	unsigned long finished;
};

struct conn {
	enum state state;
	int fd;
	unsigned long number;
	uint32_t waits_for; /* the epoll events asked for */
	size_t received;
	bool newline; /* the request's last byte, \r aside, was \n */
	off_t file_pos;
	size_t out_pos, out_len; /* what of buf is still to be written */
	char buf[]; /* ECHO_SIZE with --echo, else HEAD_SIZE */
};

#define HEAD_SIZE	256

static void die(const char *what)
{
	fprintf(stderr, "tlsup-serve: %s: %s\n", what, strerror(errno));
	exit(1);
}

static enum next broken(const struct conn *c, enum next wait)
{
	if (errno == EAGAIN)
		return wait;
	tls_report_broken(stdout, c->number, c->fd, errno);
	return NEXT_CLOSE;
}

/* Returns NULL if there is no memory for it. */
static struct conn *conn_create(struct server *s, int fd, enum state state)
{
	struct conn *c = calloc(1, sizeof(*c) + (s->echo ? ECHO_SIZE : HEAD_SIZE));
	struct epoll_event event = { .events = EPOLLIN, .data.ptr = c };

	if (!c)
		return NULL;
	c->fd = fd;
	c->state = state;
	c->waits_for = event.events;
	if (epoll_ctl(s->epoll, EPOLL_CTL_ADD, fd, &event)) {
		free(c);
		return NULL;
	}
	return c;
}

static enum next handshake_over(const struct server *s, struct conn *c, int error)
{
	tls_report(stdout, c->number, c->fd, error);
	if (error)
		return NEXT_CLOSE;
	c->state = s->echo ? STATE_ECHO : STATE_REQUEST;
	return NEXT_NOW;
}

/* As after a non-blocking connect(2): SO_ERROR tells. */
static enum next step_handshake(struct server *s, struct conn *c)
{
	int error = 0;
	socklen_t len = sizeof(error);

	if (getsockopt(c->fd, SOL_SOCKET, SO_ERROR, &error, &len))
		error = errno;
	return handshake_over(s, c, error);
}

static void prepare_answer(const struct server *s, struct conn *c)
{
	static const char page[] = "hello from tlsup-serve\n";

	c->out_len = (size_t)snprintf(
		c->buf, HEAD_SIZE,
		"HTTP/1.0 200 OK\r\nContent-Type: %s\r\nContent-Length: %lld\r\n\r\n%s",
		s->file < 0 ? "text/plain" : "application/octet-stream",
		s->file < 0 ? (long long)sizeof(page) - 1 : (long long)s->file_size,
		s->file < 0 ? page : "");
	c->state = STATE_ANSWER;
}

static enum next step_request(struct server *s, struct conn *c)
{
	char in[4096];
	ssize_t n = read(c->fd, in, sizeof(in));

	if (n < 0)
		return broken(c, NEXT_READABLE);
	c->received += (size_t)n;
	if (n == 0 || c->received > REQUEST_MAX)
		return NEXT_CLOSE;
	for (ssize_t i = 0; i < n; i++) {
		if (in[i] == '\r')
			continue;
		if (in[i] == '\n' && c->newline) {
			prepare_answer(s, c);
			return NEXT_NOW;
		}
		c->newline = in[i] == '\n';
	}
	return NEXT_NOW;
}

static enum next step_answer(struct server *s, struct conn *c)
{
	ssize_t n = send(c->fd, c->buf + c->out_pos, c->out_len - c->out_pos,
			 s->file < 0 ? 0 : MSG_MORE);

	if (n < 0)
		return broken(c, NEXT_WRITABLE);
	c->out_pos += (size_t)n;
	if (c->out_pos == c->out_len) {
		if (s->file < 0)
			return NEXT_CLOSE;
		c->state = STATE_FILE;
	}
	return NEXT_NOW;
}

static enum next step_file(struct server *s, struct conn *c)
{
	ssize_t n = sendfile(c->fd, s->file, &c->file_pos, (size_t)(s->file_size - c->file_pos));

	if (n < 0)
		return broken(c, NEXT_WRITABLE);
	/* 0: the file has become shorter; the client sees that bytes lack. */
	return n == 0 || c->file_pos == s->file_size ? NEXT_CLOSE : NEXT_NOW;
}

static enum next step_echo(struct server *s, struct conn *c)
{
	ssize_t n;

	(void)s;
	if (c->out_pos == c->out_len) {
		n = read(c->fd, c->buf, ECHO_SIZE);
		if (n < 0)
			return broken(c, NEXT_READABLE);
		if (n == 0)
			return NEXT_CLOSE;
		c->out_pos = 0;
		c->out_len = (size_t)n;
	}
	n = write(c->fd, c->buf + c->out_pos, c->out_len - c->out_pos);
	if (n < 0)
		return broken(c, NEXT_WRITABLE);
	c->out_pos += (size_t)n;
	return NEXT_NOW;
}

static void conn_close(struct server *s, struct conn *c)
{
	/* Sends close_notify; after a failure there is nothing to say. */
	shutdown(c->fd, SHUT_WR);
	close(c->fd);
	free(c);
	s->finished++;
}

static void conn_run(struct server *s, struct conn *c, enum next next);

static enum next step_listen(struct server *s, struct conn *listener)
{
	struct conn *c;
	int fd;

	if (s->limit && s->accepted == s->limit) {
		epoll_ctl(s->epoll, EPOLL_CTL_DEL, listener->fd, NULL);
		return NEXT_READABLE;
	}
	fd = accept4(listener->fd, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
	if (fd < 0) {
		if (errno == ECONNABORTED || errno == EINTR)
			return NEXT_NOW;
		if (errno != EAGAIN)
			die("accept");
		return NEXT_READABLE;
	}
	c = conn_create(s, fd, STATE_HANDSHAKE);
	if (!c)
		die("a new connection");
	c->number = ++s->accepted;
	if (tls_start(fd, &s->opts, TLSUP_SERVER) == 0)
		conn_run(s, c, handshake_over(s, c, 0));
	else if (errno == EINPROGRESS)
		conn_run(s, c, NEXT_WRITABLE);
	else
		conn_run(s, c, handshake_over(s, c, errno));
	return NEXT_NOW;
}

static enum next step(struct server *s, struct conn *c)
{
	switch (c->state) {
	case STATE_LISTEN:
		return step_listen(s, c);
	case STATE_HANDSHAKE:
		return step_handshake(s, c);
	case STATE_REQUEST:
		return step_request(s, c);
	case STATE_ANSWER:
		return step_answer(s, c);
	case STATE_FILE:
		return step_file(s, c);
	case STATE_ECHO:
		return step_echo(s, c);
	}
	return NEXT_CLOSE;
}

static void conn_run(struct server *s, struct conn *c, enum next next)
{
	struct epoll_event event = { .data.ptr = c };

	while (next == NEXT_NOW)
		next = step(s, c);
	if (next == NEXT_CLOSE) {
		conn_close(s, c);
		return;
	}
	event.events = next == NEXT_READABLE ? EPOLLIN : EPOLLOUT;
	if (event.events != c->waits_for && epoll_ctl(s->epoll, EPOLL_CTL_MOD, c->fd, &event))
		die("epoll_ctl");
	c->waits_for = event.events;
}

/* A port for IPv6 and IPv4, or for IPv4 alone where there is no IPv6. */
static void listen_on(struct server *s, long port)
{
	struct sockaddr_in6 a6 = { .sin6_family = AF_INET6, .sin6_port = htons((uint16_t)port) };
	struct sockaddr_in a4 = { .sin_family = AF_INET, .sin_port = htons((uint16_t)port) };
	int fd = socket(AF_INET6, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	const bool v6 = fd >= 0;
	socklen_t len = sizeof(a6);
	int yes = 1, no = 0;

	if (!v6)
		fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (fd < 0)
		die("socket");
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof(yes));
	if (v6)
		setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &no, sizeof(no));
	if (v6 ? bind(fd, (struct sockaddr *)&a6, sizeof(a6)) :
		 bind(fd, (struct sockaddr *)&a4, sizeof(a4)))
		die("bind");
	if (listen(fd, 1024))
		die("listen");
	/* --port 0 is any; the port has the same place in both families. */
	if (getsockname(fd, (struct sockaddr *)&a6, &len))
		die("getsockname");
	if (!conn_create(s, fd, STATE_LISTEN))
		die("a listener");
	printf("listening on %u\n", ntohs(a6.sin6_port));
	fflush(stdout);
}

static void serve(struct server *s)
{
	struct epoll_event events[64];

	while (!s->limit || s->finished < s->limit) {
		int n = epoll_wait(s->epoll, events, 64, -1);

		if (n < 0 && errno != EINTR)
			die("epoll_wait");
		for (int i = 0; i < n; i++)
			conn_run(s, events[i].data.ptr, NEXT_NOW);
	}
}

static void usage_exit(const char *why)
{
	static const char usage[] =
		"usage: tlsup-serve --port N [--port N]... [OPTION]...\n"
		"  --profile NAME   the daemon's profile to use (default)\n"
		"  --alpn LIST      protocols to choose from, with commas between them\n"
		"  --file PATH      answer with this file\n"
		"  --echo           send back what comes\n"
		"  --connections N  leave after N connections\n";

	if (why)
		fprintf(stderr, "tlsup-serve: %s\n", why);
	fputs(usage, why ? stderr : stdout);
	exit(why ? 2 : 0);
}

static long number_argument(const char *text, long max)
{
	long n = parse_number(text, max);

	if (n < 0)
		usage_exit("not a number, or out of range");
	return n;
}

static void open_file(struct server *s, const char *path)
{
	struct stat st;

	s->file = open(path, O_RDONLY | O_CLOEXEC);
	if (s->file < 0 || fstat(s->file, &st))
		die(path);
	s->file_size = st.st_size;
}

static void parse_options(struct server *s, int argc, char **argv)
{
	static const struct option options[] = {
		{ "port", required_argument, NULL, 'P' },
		{ "profile", required_argument, NULL, 'p' },
		{ "alpn", required_argument, NULL, 'a' },
		{ "file", required_argument, NULL, 'f' },
		{ "echo", no_argument, NULL, 'e' },
		{ "connections", required_argument, NULL, 'c' },
		{ "help", no_argument, NULL, 'h' },
		{ 0 },
	};
	int c;

	while ((c = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (c == 'P' && s->port_count < PORTS_MAX)
			s->ports[s->port_count++] = number_argument(optarg, 65535);
		else if (c == 'p')
			s->opts.profile = optarg;
		else if (c == 'a' && parse_alpn(&s->opts, optarg) == 0)
			continue;
		else if (c == 'f')
			open_file(s, optarg);
		else if (c == 'e')
			s->echo = true;
		else if (c == 'c')
			s->limit = (unsigned long)number_argument(optarg, 1000000000);
		else
			usage_exit(c == 'h' ? NULL : "bad option or argument");
	}
	if (optind != argc || !s->port_count || (s->echo && s->file >= 0))
		usage_exit("wants --port, and --file or --echo but not both");
}

int main(int argc, char **argv)
{
	struct server s = { .file = -1 };

	signal(SIGPIPE, SIG_IGN);
	parse_options(&s, argc, argv);
	s.epoll = epoll_create1(EPOLL_CLOEXEC);
	if (s.epoll < 0)
		die("epoll_create1");
	for (int i = 0; i < s.port_count; i++)
		listen_on(&s, s.ports[i]);
	serve(&s);
	return 0;
}
