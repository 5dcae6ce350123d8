// SPDX-License-Identifier: 0BSD
/*
 * client HOST PORT [PATH]: fetch a page. Role and name are set before
 * connect(), so the handshake starts by itself.
 *
 *	cc client.c -o client
 */
#include <err.h>
#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include <linux/tlsup.h>

/* errno tells in which way it failed, TLSUP_STATUS why. */
static void fail(int fd, const char *what)
{
	struct tlsup_status status = { 0 };
	socklen_t len = sizeof(status);
	int error = errno;

	if (!getsockopt(fd, SOL_TLSUP, TLSUP_STATUS, &status, &len) &&
	    status.reason[0])
		errx(1, "%s: %s: %s", what, strerror(error), status.reason);
	errno = error;
	err(1, "%s", what);
}

static int tls_socket(int family, const char *name)
{
	const int role = TLSUP_CLIENT;
	int fd = socket(family, SOCK_STREAM, 0);

	if (fd < 0)
		err(1, "socket");
	if (setsockopt(fd, SOL_TCP, TCP_ULP, TLSUP_ULP_NAME,
		       strlen(TLSUP_ULP_NAME)))
		err(1, "is the module tlsup loaded? TCP_ULP");
	if (setsockopt(fd, SOL_TLSUP, TLSUP_SERVER_NAME, name, strlen(name)) ||
	    setsockopt(fd, SOL_TLSUP, TLSUP_HANDSHAKE, &role, sizeof(role)))
		fail(fd, name);
	return fd;
}

static int dial(const char *name, const char *port)
{
	struct addrinfo hints = { .ai_socktype = SOCK_STREAM }, *list;
	int fd = -1, error = getaddrinfo(name, port, &hints, &list);

	if (error)
		errx(1, "%s: %s", name, gai_strerror(error));
	for (struct addrinfo *ai = list; ai; ai = ai->ai_next) {
		fd = tls_socket(ai->ai_family, name);
		if (!connect(fd, ai->ai_addr, ai->ai_addrlen))
			break;
		if (!ai->ai_next)
			fail(fd, name);
		close(fd);
	}
	freeaddrinfo(list);
	return fd;
}

int main(int argc, char **argv)
{
	char buf[16384];
	ssize_t n;
	int fd;

	if (argc != 3 && argc != 4)
		errx(2, "usage: client HOST PORT [PATH]");
	fd = dial(argv[1], argv[2]);
	n = snprintf(buf, sizeof(buf), "GET %s HTTP/1.0\r\nHost: %s\r\n\r\n",
		     argc == 4 ? argv[3] : "/", argv[1]);
	if (n >= (ssize_t)sizeof(buf))
		errx(2, "a path too long");
	/* The first write waits for the handshake, and fails with it. */
	if (write(fd, buf, n) != n)
		fail(fd, argv[1]);
	/* 0: the peer has closed. A stream cut short is ECONNRESET. */
	while ((n = read(fd, buf, sizeof(buf))) > 0)
		if (fwrite(buf, 1, n, stdout) != (size_t)n)
			err(1, "stdout");
	if (n < 0)
		fail(fd, argv[1]);
	return close(fd) || fflush(stdout);
}
