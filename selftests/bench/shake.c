// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) 2026 The tlsup authors
 *
 * shake engines COUNT	both engines in memory, and the client's check of the
 *			certificate: microseconds, the median; nothing in it
 *			waits, and UML's clock of a processor is coarse
 * shake sockets COUNT	the same over loopback by socket options, one after the
 *			other, blocking: microseconds from the client's option
 *			to the end of its handshake, the median
 * shake tcp COUNT	the bytes of its three flights, to and fro between two
 *			threads over plain TCP: microseconds, the median
 * shake netlink COUNT	a question to the kernel and its answer
 * shake switch COUNT	from one thread to another and back
 * shake messages COUNT	netlink messages of both ends of a handshake
 * shake load COUNT MS	so many clients at once for so long; prints how many
 *			handshakes there were
 *
 * TLS 1.3, ECDSA P-256, X25519; CERTS names the folder of the certificates.
 */
#include <err.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <linux/genetlink.h>
#include <linux/netlink.h>
#include <linux/tlsup.h>

#include "handshake.h"
#include "tls/hs.h"
#include "x509/x509.h"

static int listener;
static struct sockaddr_in address;

const char *cert_file(const char *name, const char *ending)
{
	static char path[2][4096];
	static int turn;

	turn = !turn;
	snprintf(path[turn], sizeof(path[0]), "%s/%s.%s", getenv("CERTS"), name,
		 ending);
	return path[turn];
}

static uint64_t wall_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000000000 + (uint64_t)ts.tv_nsec;
}

static int compare(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return (x > y) - (x < y);
}

static double median_us(uint64_t *values, int count)
{
	qsort(values, count, sizeof(*values), compare);
	return (double)values[count / 2] / 1000;
}

static void engines(int count)
{
	static const struct kind kind = {
		"tls13 ecdsa", "p256", 0x0304, 0x1301, 0x0403,
	};
	uint64_t *values = calloc(count, sizeof(*values)), start;
	char error[X509_ERROR_MAX] = "";
	const struct x509_check check = {
		.trust = x509_trust_load(cert_file("ca", "pem"), NULL, 0, error),
		.role = HS_CLIENT,
		.name = "localhost",
	};

	our_check = &check;
	if (!check.trust || !contender_ours.set_up(&kind))
		errx(1, "the engines cannot be set up: %s", error);
	for (int i = 0; i < count; i++) {
		start = wall_ns();
		if (!contender_ours.shake())
			errx(1, "the engines do not agree");
		values[i] = wall_ns() - start;
	}
	printf("%.1f\n", median_us(values, count));
}

static void set(int fd, int option, const void *value, socklen_t len)
{
	const int flags = TLSUP_FLAG_NO_RESUMPTION;

	if (setsockopt(fd, SOL_TCP, TCP_ULP, TLSUP_ULP_NAME,
		       strlen(TLSUP_ULP_NAME)) ||
	    setsockopt(fd, SOL_TLSUP, TLSUP_FLAGS, &flags, sizeof(flags)) ||
	    setsockopt(fd, SOL_TLSUP, option, value, len))
		err(1, "setsockopt");
}

static void *serve(void *arg)
{
	char byte;
	int fd;

	(void)arg;
	while ((fd = accept(listener, NULL, NULL)) >= 0) {
		/* Waits for the handshake, and for the client's end. */
		while (read(fd, &byte, 1) > 0)
			;
		close(fd);
	}
	return NULL;
}

static void start_server(int threads)
{
	const int role = TLSUP_SERVER;
	socklen_t len = sizeof(address);
	pthread_t thread;

	address.sin_family = AF_INET;
	address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	listener = socket(AF_INET, SOCK_STREAM, 0);
	set(listener, TLSUP_HANDSHAKE, &role, sizeof(role));
	if (bind(listener, (struct sockaddr *)&address, len) ||
	    listen(listener, 128) ||
	    getsockname(listener, (struct sockaddr *)&address, &len))
		err(1, "listen");
	for (int i = 0; i < threads; i++)
		pthread_create(&thread, NULL, serve, NULL);
}

static int connected(void)
{
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	if (connect(fd, (struct sockaddr *)&address, sizeof(address)))
		err(1, "connect");
	set(fd, TLSUP_SERVER_NAME, "localhost", 9);
	return fd;
}

/* Nanoseconds from the option to its return. */
static uint64_t shake_hands(void)
{
	const int role = TLSUP_CLIENT;
	int fd = connected();
	uint64_t start = wall_ns();

	if (setsockopt(fd, SOL_TLSUP, TLSUP_HANDSHAKE, &role, sizeof(role)))
		err(1, "handshake");
	start = wall_ns() - start;
	close(fd);
	return start;
}

static void sockets(int count)
{
	uint64_t *values = calloc(count, sizeof(*values));

	start_server(1);
	for (int i = 0; i < count; i++)
		values[i] = shake_hands();
	printf("%.1f\n", median_us(values, count));
}

/* ClientHello; the server's flight; the client's Finished. */
static const int flights[] = { 300, 1100, 80 };

static void move(int from, int to, size_t size)
{
	static _Thread_local char bytes[2048];

	if (from >= 0 && recv(from, bytes, size, MSG_WAITALL) != (ssize_t)size)
		errx(1, "the other thread has gone");
	if (to >= 0 && write(to, bytes, size) != (ssize_t)size)
		err(1, "write");
}

static void *answer_flights(void *arg)
{
	int fd = accept(listener, NULL, NULL);

	for (long i = 0; i < (long)arg; i++) {
		move(fd, -1, flights[0]);
		move(-1, fd, flights[1]);
		move(fd, -1, flights[2]);
		/* Nothing of the handshake: both begin anew. */
		move(-1, fd, 1);
	}
	return NULL;
}

static void tcp(int count)
{
	uint64_t *values = calloc(count, sizeof(*values));
	socklen_t len = sizeof(address);
	pthread_t thread;
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	listener = socket(AF_INET, SOCK_STREAM, 0);
	if (listen(listener, 1) ||
	    getsockname(listener, (struct sockaddr *)&address, &len) ||
	    connect(fd, (struct sockaddr *)&address, len) ||
	    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &(int){1}, sizeof(int)))
		err(1, "connect");
	pthread_create(&thread, NULL, answer_flights, (void *)(long)count);
	for (int i = 0; i < count; i++) {
		values[i] = wall_ns();
		move(-1, fd, flights[0]);
		move(fd, -1, flights[1]);
		move(-1, fd, flights[2]);
		values[i] = wall_ns() - values[i];
		move(fd, -1, 1);
	}
	printf("%.1f\n", median_us(values, count));
}

/* CTRL_CMD_GETFAMILY of the generic netlink controller, about itself. */
static void netlink(int count)
{
	struct {
		struct nlmsghdr head;
		struct genlmsghdr genl;
		struct nlattr attr;
		__u16 id;
	} question = {
		.head = { .nlmsg_len = sizeof(question),
			  .nlmsg_type = GENL_ID_CTRL,
			  .nlmsg_flags = NLM_F_REQUEST },
		.genl = { .cmd = CTRL_CMD_GETFAMILY, .version = 1 },
		.attr = { .nla_len = NLA_HDRLEN + 2,
			  .nla_type = CTRL_ATTR_FAMILY_ID },
		.id = GENL_ID_CTRL,
	};
	uint64_t *values = calloc(count, sizeof(*values));
	int fd = socket(AF_NETLINK, SOCK_RAW, NETLINK_GENERIC);
	static char answer[8192];

	for (int i = 0; i < count; i++) {
		values[i] = wall_ns();
		if (send(fd, &question, sizeof(question), 0) < 0 ||
		    recv(fd, answer, sizeof(answer), 0) < 0)
			err(1, "netlink");
		values[i] = wall_ns() - values[i];
	}
	printf("%.1f\n", median_us(values, count));
}

static int there[2], back[2];

static void *give_back(void *arg)
{
	char byte;

	(void)arg;
	while (read(there[0], &byte, 1) == 1 && write(back[1], &byte, 1) == 1)
		;
	return NULL;
}

static void to_and_fro(int count)
{
	uint64_t *values = calloc(count, sizeof(*values));
	pthread_t thread;
	char byte = 0;

	if (pipe(there) || pipe(back))
		err(1, "pipe");
	pthread_create(&thread, NULL, give_back, NULL);
	for (int i = 0; i < count; i++) {
		values[i] = wall_ns();
		if (write(there[1], &byte, 1) != 1 || read(back[0], &byte, 1) != 1)
			err(1, "pipe");
		values[i] = wall_ns() - values[i];
	}
	printf("%.1f\n", median_us(values, count));
}

static int messages_of(int fd)
{
	struct tlsup_info info = { 0 };
	socklen_t len = sizeof(info);

	if (getsockopt(fd, SOL_TLSUP, TLSUP_INFO, &info, &len))
		err(1, "TLSUP_INFO");
	return info.events + info.answers;
}

/* The same for each of them: one tells. */
static void messages(void)
{
	const int role = TLSUP_CLIENT;
	char byte;
	int fd, other;

	start_server(0);
	fd = connected();
	other = accept(listener, NULL, NULL);
	if (setsockopt(fd, SOL_TLSUP, TLSUP_HANDSHAKE, &role, sizeof(role)) ||
	    write(fd, "x", 1) != 1 || read(other, &byte, 1) != 1)
		err(1, "handshake");
	printf("%d\n", messages_of(fd) + messages_of(other));
}

static atomic_int done;
static uint64_t deadline;

static void *client(void *arg)
{
	(void)arg;
	while (wall_ns() < deadline) {
		shake_hands();
		done++;
	}
	return NULL;
}

static void load(int count, unsigned long ms)
{
	pthread_t *threads = calloc(count, sizeof(*threads));

	start_server(count);
	deadline = wall_ns() + ms * 1000000;
	for (int i = 0; i < count; i++)
		pthread_create(&threads[i], NULL, client, NULL);
	for (int i = 0; i < count; i++)
		pthread_join(threads[i], NULL);
	printf("%d\n", done);
}

int main(int argc, char **argv)
{
	int count = argc > 2 ? atoi(argv[2]) : 0;

	if (count < 1)
		errx(2, "usage: see the source");
	if (!strcmp(argv[1], "engines"))
		engines(count);
	else if (!strcmp(argv[1], "sockets"))
		sockets(count);
	else if (!strcmp(argv[1], "tcp"))
		tcp(count);
	else if (!strcmp(argv[1], "netlink"))
		netlink(count);
	else if (!strcmp(argv[1], "switch"))
		to_and_fro(count);
	else if (!strcmp(argv[1], "messages"))
		messages();
	else if (argc == 4)
		load(count, strtoul(argv[3], NULL, 10));
	return 0;
}
