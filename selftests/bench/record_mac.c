// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) 2026 The tlsup authors
 *
 * record_mac WHO SUITE ETM WRITE READ MILLISECONDS: what one TCP connection over
 * loopback carries under a MAC suite of TLS 1.2.
 *
 *	WHO	tlsup (keys from an agent of our own), path (the same, with all
 *		calls made within one system call) or openssl (its record layer
 *		in user space)
 *	SUITE	OpenSSL's name, as AES128-SHA
 *	ETM	1: encrypt, then MAC
 *	WRITE	bytes per write
 *	READ	bytes per read
 *
 * Prints MB/s and the processor's seconds per GB; for path, MB/s of both ways, of
 * sending and of receiving.
 */
#define _GNU_SOURCE
#include <err.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <openssl/ssl.h>

#include "../kernel/mac.h"
#include "../kernel/net.h"
#include "rounds.h"

#define ROUND	(1 << 20)
#define WARM_UP	2

static const struct {
	const char *openssl;
	uint16_t cipher;
} suites[] = {
	{ "AES128-SHA", TLSUP_CIPHER_AES_CBC_128_SHA1 },
	{ "AES256-SHA", TLSUP_CIPHER_AES_CBC_256_SHA1 },
	{ "AES128-SHA256", TLSUP_CIPHER_AES_CBC_128_SHA256 },
	{ "AES256-SHA256", TLSUP_CIPHER_AES_CBC_256_SHA256 },
	{ "ECDHE-RSA-AES256-SHA384", TLSUP_CIPHER_AES_CBC_256_SHA384 },
};

/**
 * struct ends - a connection
 * @fds: of client and server
 * @ssl: OpenSSL's, or NULL
 */
struct ends {
	int fds[2];
	SSL *ssl[2];
};

static uint16_t cipher_of(const char *suite)
{
	for (size_t i = 0; i < sizeof(suites) / sizeof(suites[0]); i++)
		if (!strcmp(suites[i].openssl, suite))
			return suites[i].cipher;
	errx(2, "no suite %s", suite);
}

static void open_ours(struct ends *ends, const char *suite, bool etm)
{
	static struct agent agent;

	if (net_new() || agent_open(&agent) || agent_register(&agent, 16) ||
	    open_pair_12(&agent, cipher_of(suite) | (etm ? CIPHER_ETM : 0),
			 &ends->fds[0], &ends->fds[1]))
		errx(1, "tlsup");
	set_blocking(ends->fds[0], true);
	set_blocking(ends->fds[1], true);
}

static SSL *make_ssl(int fd, const char *suite, bool etm, bool server)
{
	SSL_CTX *ctx = SSL_CTX_new(server ? TLS_server_method() : TLS_client_method());
	const char *certs = getenv("TLSUP_CERTS");
	char pem[4096], key[4096], list[128];
	SSL *ssl;

	snprintf(pem, sizeof(pem), "%s/rsa.pem", certs ?: ".");
	snprintf(key, sizeof(key), "%s/rsa.key", certs ?: ".");
	snprintf(list, sizeof(list), "%s:@SECLEVEL=0", suite);
	SSL_CTX_set_max_proto_version(ctx, TLS1_2_VERSION);
	if (!SSL_CTX_set_cipher_list(ctx, list) ||
	    (server && (SSL_CTX_use_certificate_chain_file(ctx, pem) != 1 ||
			SSL_CTX_use_PrivateKey_file(ctx, key, SSL_FILETYPE_PEM) != 1)))
		errx(1, "OpenSSL");
	if (!etm)
		SSL_CTX_set_options(ctx, SSL_OP_NO_ENCRYPT_THEN_MAC);
	ssl = SSL_new(ctx);
	SSL_set_fd(ssl, fd);
	return ssl;
}

static void open_theirs(struct ends *ends, const char *suite, bool etm)
{
	int i, done = 0;

	if (net_new() || tcp_pair(&ends->fds[0], &ends->fds[1]))
		errx(1, "TCP");
	for (i = 0; i < 2; i++) {
		ends->ssl[i] = make_ssl(ends->fds[i], suite, etm, i);
		set_blocking(ends->fds[i], false);
		if (i)
			SSL_set_accept_state(ends->ssl[i]);
		else
			SSL_set_connect_state(ends->ssl[i]);
	}
	for (i = 0; i < 100 && done != 2; i++)
		done = (SSL_do_handshake(ends->ssl[0]) == 1) +
		       (SSL_do_handshake(ends->ssl[1]) == 1);
	if (done != 2)
		errx(1, "OpenSSL's handshake");
	set_blocking(ends->fds[0], true);
	set_blocking(ends->fds[1], true);
}

static ssize_t send_some(struct ends *ends, const void *data, size_t len)
{
	return ends->ssl[0] ? SSL_write(ends->ssl[0], data, len) :
			      send(ends->fds[0], data, len, 0);
}

static ssize_t recv_some(struct ends *ends, void *data, size_t len)
{
	return ends->ssl[1] ? SSL_read(ends->ssl[1], data, len) :
			      recv(ends->fds[1], data, len, 0);
}

static double now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec + ts.tv_nsec * 1e-9;
}

static double processor(void)
{
	struct rusage self;

	getrusage(RUSAGE_SELF, &self);
	return self.ru_utime.tv_sec + self.ru_stime.tv_sec +
	       (self.ru_utime.tv_usec + self.ru_stime.tv_usec) * 1e-6;
}

static void enlarge(const struct ends *ends)
{
	int size = 4 * ROUND;

	setsockopt(ends->fds[0], SOL_SOCKET, SO_SNDBUFFORCE, &size, sizeof(size));
	setsockopt(ends->fds[1], SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof(size));
}

/* Fills the socket and empties it; returns the bytes. */
static size_t one_round(struct ends *ends, char *out, size_t write, char *in,
			size_t read)
{
	size_t done, total;
	ssize_t n;

	for (done = 0; done < ROUND; done += n) {
		n = send_some(ends, out, write);
		if (n <= 0)
			err(1, "send");
	}
	for (total = done; done; done -= n) {
		n = recv_some(ends, in, done < read ? done : read);
		if (n <= 0)
			err(1, "receive");
	}
	return total;
}

/* A connection that is new waits for acknowledgments: that is not measured. */
static void stream(struct ends *ends, size_t write, size_t read, double seconds)
{
	char *out = calloc(1, write), *in = malloc(read);
	double begin, cpu, elapsed;
	size_t total = 0;

	for (int i = 0; i < WARM_UP; i++)
		one_round(ends, out, write, in, read);
	begin = now();
	cpu = processor();
	do {
		total += one_round(ends, out, write, in, read);
		elapsed = now() - begin;
	} while (elapsed < seconds);
	printf("%.3f %.4f\n", total / 1e6 / elapsed,
	       (processor() - cpu) / (total / 1e9));
}

static void stream_path(const struct ends *ends, size_t write, size_t read,
			double seconds)
{
	struct rounds rounds = {
		.out_buffer = (uintptr_t)calloc(1, write),
		.in_buffer = (uintptr_t)calloc(1, read),
		.out = ends->fds[0], .in = ends->fds[1], .file = -1,
		.write = write, .read = read, .round = ROUND,
		.ns = seconds * 1e9,
	};

	rounds_warm_up(&rounds);
	rounds_run_once(&rounds);
	printf("%.3f %.3f %.3f\n", rounds.bytes * 1e3 / rounds.ns,
	       rounds.bytes * 1e3 / rounds.sending,
	       rounds.bytes * 1e3 / (rounds.ns - rounds.sending));
}

int main(int argc, char **argv)
{
	struct ends ends = { 0 };
	size_t write, read;
	double seconds;

	if (argc != 7)
		errx(2, "usage: record_mac WHO SUITE ETM WRITE READ MILLISECONDS");
	write = atol(argv[4]);
	read = atol(argv[5]);
	seconds = atof(argv[6]) / 1000;
	if (strcmp(argv[1], "openssl"))
		open_ours(&ends, argv[2], atoi(argv[3]));
	else
		open_theirs(&ends, argv[2], atoi(argv[3]));
	enlarge(&ends);
	if (!strcmp(argv[1], "path"))
		stream_path(&ends, write, read, seconds);
	else
		stream(&ends, write, read, seconds);
	return 0;
}
