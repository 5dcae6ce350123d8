// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) 2026 The tlsup authors
 *
 * Every function of libtlsup, as libtlsup.py asks for it. Prints what it got.
 *
 *	before PORT NAME [PROFILE ALPN]		the role before connect()
 *	after PORT NAME [PROFILE ALPN]		the role after it
 *	nonblock PORT NAME			the same, not blocking; wait
 *	listen PROFILE				accept one, answer it
 *	accepted PROFILE			the same from a plain listener
 *	misuse					what is refused
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <tlsup.h>

static struct sockaddr_in loopback(const char *port)
{
	struct sockaddr_in addr = {
		.sin_family = AF_INET,
		.sin_port = htons((uint16_t)atoi(port)),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};

	return addr;
}

static int fail(int fd)
{
	printf("%s: %s\n", strerrorname_np(errno), tlsup_strerror(fd));
	return 1;
}

static int exchange(int fd, const char *question)
{
	char protocol[256], buf[256];
	ssize_t n;

	if (write(fd, question, strlen(question)) < 0)
		return fail(fd);
	n = read(fd, buf, sizeof(buf));
	if (n < 0 || tlsup_alpn(fd, protocol, sizeof(protocol)))
		return fail(fd);
	printf("[%s] %.*s", protocol, (int)n, buf);
	return close(fd);
}

static int client(char **argv)
{
	struct tlsup_settings settings = { .profile = argv[3],
					   .alpn = argv[3] ? argv[4] : NULL };
	struct sockaddr_in addr = loopback(argv[1]);
	int fd = socket(AF_INET, SOCK_STREAM, 0);
	int first = !strcmp(argv[0], "before");

	if (!first && connect(fd, (struct sockaddr *)&addr, sizeof(addr)))
		err(2, "connect");
	if (!strcmp(argv[0], "nonblock"))
		fcntl(fd, F_SETFL, O_NONBLOCK);
	if (argv[3] ? tlsup_connect_with(fd, argv[2], &settings) :
		      tlsup_connect(fd, argv[2])) {
		if (errno != EINPROGRESS || !(fcntl(fd, F_GETFL) & O_NONBLOCK))
			return fail(fd);
	}
	if (first && connect(fd, (struct sockaddr *)&addr, sizeof(addr)))
		err(2, "connect");
	if (tlsup_wait(fd))
		return fail(fd);
	fcntl(fd, F_SETFL, 0);
	return exchange(fd, "question\n");
}

static int server(char **argv)
{
	struct tlsup_settings settings = { .profile = argv[1],
					   .timeout_ms = 10000 };
	int plain = !strcmp(argv[0], "accepted");
	struct sockaddr_in addr = loopback("0");
	int listener = socket(AF_INET, SOCK_STREAM, 0), fd;
	socklen_t len = sizeof(addr);

	if (!plain && tlsup_listen(listener, &settings))
		return fail(listener);
	if (bind(listener, (struct sockaddr *)&addr, len) ||
	    listen(listener, 1) ||
	    getsockname(listener, (struct sockaddr *)&addr, &len))
		err(2, "listen");
	printf("%d\n", ntohs(addr.sin_port));
	fflush(stdout);
	fd = accept(listener, NULL, NULL);
	if (fd < 0)
		err(2, "accept");
	if (plain && tlsup_accepted(fd, &settings))
		return fail(fd);
	if (tlsup_wait(fd))
		return fail(fd);
	return exchange(fd, "welcome\n");
}

static void refused(const char *what, int result, int fd)
{
	printf("%s: %d %s\n", what, result, result ? tlsup_strerror(fd) : "");
}

static int misuse(void)
{
	struct tlsup_settings settings = { 0 };
	int fd = socket(AF_INET, SOCK_DGRAM, 0);

	refused("a datagram socket", tlsup_connect(fd, "localhost"), fd);
	refused("waiting for nothing", tlsup_wait(fd), fd);
	close(fd);
	fd = socket(AF_INET, SOCK_STREAM, 0);
	settings.alpn = "h2,,http/1.1";
	refused("an empty protocol", tlsup_listen(fd, &settings), fd);
	close(fd);
	fd = socket(AF_INET, SOCK_STREAM, 0);
	settings.alpn = NULL;
	settings.flags = 1U << 31;
	refused("a flag that is none", tlsup_listen(fd, &settings), fd);
	close(fd);
	fd = socket(AF_INET, SOCK_STREAM, 0);
	refused("a first time", tlsup_connect(fd, NULL), fd);
	refused("a second time", tlsup_connect(fd, NULL), fd);
	return 0;
}

int main(int argc, char **argv)
{
	if (argc == 2 && !strcmp(argv[1], "misuse"))
		return misuse();
	if (argc == 3)
		return server(argv + 1);
	if (argc >= 4)
		return client(argv + 1);
	errx(2, "usage: see the source");
}
