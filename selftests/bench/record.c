// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) 2026 The tlsup authors
 *
 * record ULP VERSION CIPHER HOW WRITE READ MILLISECONDS: what one TCP
 * connection over loopback carries, with the record layer of one ULP on it.
 *
 *	ULP	plain, tls (in-tree), nopad (in-tree, TLS_RX_EXPECT_NO_PAD),
 *		tlsup-raw
 *	VERSION	12 or 13
 *	CIPHER	gcm or chacha
 *	HOW	write, sendfile, echo (one byte back and forth), setup (keys to
 *		first byte), memory (slab bytes of an idle connection)
 *	WRITE	bytes per write
 *	READ	bytes per read
 *
 * Prints the figure and the processor's seconds per GB, or for echo the median
 * and the 99th percentile in microseconds.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <linux/tls.h>

#include "rounds.h"

#ifndef SOL_TLS
#define SOL_TLS 282
#endif
#ifndef TLS_RX_EXPECT_NO_PAD
#define TLS_RX_EXPECT_NO_PAD 4
#endif
#define MAX_ECHOES	200000
#define CONNECTIONS	400
#define SETUPS		400
#define ROUND		(1 << 20)

static struct {
	const char *ulp;
	bool plain, no_pad;
	uint16_t version;
	bool chacha;
	size_t write, read;
	double seconds;
} opt;

static double now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec + ts.tv_nsec * 1e-9;
}

static double processor(void)
{
	struct rusage self, children;

	getrusage(RUSAGE_SELF, &self);
	getrusage(RUSAGE_CHILDREN, &children);
#define SECONDS(tv) ((tv).tv_sec + (tv).tv_usec * 1e-6)
	return SECONDS(self.ru_utime) + SECONDS(self.ru_stime) +
	       SECONDS(children.ru_utime) + SECONDS(children.ru_stime);
}

static void pair(int fds[2])
{
	struct sockaddr_in addr = { .sin_family = AF_INET,
				    .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t len = sizeof(addr);
	int listener = socket(AF_INET, SOCK_STREAM, 0);

	if (bind(listener, (void *)&addr, len) || listen(listener, 1) ||
	    getsockname(listener, (void *)&addr, &len))
		err(1, "listen");
	fds[0] = socket(AF_INET, SOCK_STREAM, 0);
	if (connect(fds[0], (void *)&addr, len))
		err(1, "connect");
	fds[1] = accept(listener, NULL, NULL);
	if (fds[1] < 0)
		err(1, "accept");
	close(listener);
}

static void set_keys(int fd, int direction)
{
	struct tls12_crypto_info_aes_gcm_128 gcm = {
		.info = { opt.version, TLS_CIPHER_AES_GCM_128 },
		.key = "0123456789abcde",
	};
	struct tls12_crypto_info_chacha20_poly1305 chacha = {
		.info = { opt.version, TLS_CIPHER_CHACHA20_POLY1305 },
		.key = "0123456789abcdef0123456789abcde",
	};
	int one = 1;

	if (setsockopt(fd, SOL_TLS, direction,
		       opt.chacha ? (void *)&chacha : (void *)&gcm,
		       opt.chacha ? sizeof(chacha) : sizeof(gcm)))
		err(1, "keys");
	if (opt.no_pad && direction == TLS_RX &&
	    setsockopt(fd, SOL_TLS, TLS_RX_EXPECT_NO_PAD, &one, sizeof(one)))
		err(1, "TLS_RX_EXPECT_NO_PAD");
}

static void protect(int fd)
{
	if (opt.plain)
		return;
	if (setsockopt(fd, SOL_TCP, TCP_ULP, opt.ulp, strlen(opt.ulp)))
		err(1, "%s", opt.ulp);
	set_keys(fd, TLS_TX);
	set_keys(fd, TLS_RX);
}

static void protected_pair(int fds[2])
{
	pair(fds);
	protect(fds[0]);
	protect(fds[1]);
}

static char *memory(size_t size)
{
	char *at = mmap(NULL, size, PROT_READ | PROT_WRITE,
			MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);

	if (at == MAP_FAILED)
		err(1, "mmap");
	memset(at, 0x5a, size);
	return at;
}

static int file_of(const char *data, size_t len)
{
	int file = memfd_create("data", 0);

	if (file < 0 || write(file, data, len) != (ssize_t)len)
		err(1, "memfd");
	return file;
}

static void stream(bool by_sendfile)
{
	char *out = memory(opt.write), *in = memory(opt.read);
	int fds[2], size = 4 * ROUND;
	double cpu;

	protected_pair(fds);
	setsockopt(fds[0], SOL_SOCKET, SO_SNDBUFFORCE, &size, sizeof(size));
	setsockopt(fds[1], SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof(size));

	struct rounds rounds = {
		.out_buffer = (uintptr_t)out, .in_buffer = (uintptr_t)in,
		.out = fds[0], .in = fds[1],
		.file = by_sendfile ? file_of(out, opt.write) : -1,
		.write = opt.write, .read = opt.read, .round = ROUND,
		.ns = opt.seconds * 1e9,
	};
	rounds_warm_up(&rounds);
	cpu = processor();
	rounds_run_once(&rounds);
	printf("%.3f %.4f\n", rounds.bytes * 1e3 / rounds.ns,
	       (processor() - cpu) / (rounds.bytes / 1e9));
}

static int by_value(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return x < y ? -1 : x > y;
}

static void echo_back(int fd)
{
	char byte;

	while (read(fd, &byte, 1) == 1)
		if (write(fd, &byte, 1) != 1)
			break;
	exit(0);
}

static void echo(void)
{
	double *times = calloc(MAX_ECHOES, sizeof(*times));
	double end = now() + opt.seconds, begin;
	size_t count = 0;
	char byte = 1;
	pid_t child;
	int fds[2];

	protected_pair(fds);
	child = fork();
	if (!child) {
		close(fds[0]);
		echo_back(fds[1]);
	}
	close(fds[1]);
	for (begin = now(); begin < end && count < MAX_ECHOES; count++) {
		if (write(fds[0], &byte, 1) != 1 || read(fds[0], &byte, 1) != 1)
			err(1, "echo");
		times[count] = now() - begin;
		begin += times[count];
	}
	close(fds[0]);
	waitpid(child, NULL, 0);
	qsort(times, count, sizeof(*times), by_value);
	printf("%.3f %.3f\n", times[count / 2] * 1e6, times[count * 99 / 100] * 1e6);
}

/* From the first option to the first byte at the other end. */
static void setup(void)
{
	double times[SETUPS], begin;
	char byte = 1;
	int fds[2];

	for (int i = 0; i < SETUPS; i++) {
		pair(fds);
		begin = now();
		protect(fds[0]);
		protect(fds[1]);
		if (write(fds[0], &byte, 1) != 1 || read(fds[1], &byte, 1) != 1)
			err(1, "first byte");
		times[i] = now() - begin;
		close(fds[0]);
		close(fds[1]);
	}
	qsort(times, SETUPS, sizeof(*times), by_value);
	printf("%.3f %.3f\n", times[SETUPS / 2] * 1e6, times[SETUPS * 99 / 100] * 1e6);
}

static long slab(void)
{
	FILE *file = fopen("/proc/meminfo", "r");
	char line[128];
	long kib = 0;

	while (file && fgets(line, sizeof(line), file))
		sscanf(line, "Slab: %ld", &kib);
	if (file)
		fclose(file);
	return kib * 1024;
}

/* Between connections without and with the record layer, one byte through. */
static void idle_memory(void)
{
	static int fds[CONNECTIONS][2];
	char byte = 1;
	long before;

	for (int i = 0; i < CONNECTIONS; i++)
		pair(fds[i]);
	before = slab();
	for (int i = 0; i < CONNECTIONS; i++) {
		protect(fds[i][0]);
		protect(fds[i][1]);
		if (write(fds[i][0], &byte, 1) != 1 ||
		    read(fds[i][1], &byte, 1) != 1)
			err(1, "first byte");
	}
	printf("%.1f 0\n", (double)(slab() - before) / (2 * CONNECTIONS));
}

int main(int argc, char **argv)
{
	if (argc != 8)
		errx(2, "usage: record ULP VERSION CIPHER HOW WRITE READ MILLISECONDS");
	signal(SIGPIPE, SIG_IGN);
	opt.plain = !strcmp(argv[1], "plain");
	opt.no_pad = !strcmp(argv[1], "nopad");
	opt.ulp = opt.no_pad ? "tls" : argv[1];
	opt.version = strcmp(argv[2], "12") ? TLS_1_3_VERSION : TLS_1_2_VERSION;
	opt.chacha = !strcmp(argv[3], "chacha");
	opt.write = atol(argv[5]);
	opt.read = atol(argv[6]);
	opt.seconds = atof(argv[7]) / 1000;
	if (!strcmp(argv[4], "echo"))
		echo();
	else if (!strcmp(argv[4], "setup"))
		setup();
	else if (!strcmp(argv[4], "memory"))
		idle_memory();
	else
		stream(!strcmp(argv[4], "sendfile"));
	return 0;
}
