// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) 2026 The tlsup authors
 *
 * load HOW TLS PORT PATH CONNECTIONS MS: ask a web server on loopback for PATH,
 * over so many connections at a time, each in a thread of its own. HOW:
 *
 *	keep	as many requests as it can over each connection
 *	close	a connection for each request
 *
 * TLS is OpenSSL's: none, full handshakes, or resume: all but the first of each
 * thread are resumed. After so many milliseconds no new request is begun.
 * Prints: requests, bytes, seconds, the p50 and p99 of a request in
 * microseconds, and how many connections were resumed.
 */
#include <arpa/inet.h>
#include <err.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <time.h>
#include <unistd.h>

#include <openssl/err.h>
#include <openssl/ssl.h>

#define TIMES_MAX	1000000

static bool keep, tls, resume;
static int port;
static char request[512];
static uint64_t deadline;
static SSL_CTX *context;
static pthread_barrier_t line;

/* What a thread has done. */
struct part {
	pthread_t thread;
	SSL_SESSION *session;
	SSL *ssl;
	int fd;
	uint64_t requests;
	uint64_t bytes;
	uint64_t resumed;
	uint64_t resets;
	uint64_t *times;
};

static uint64_t now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

static int new_session(SSL *ssl, SSL_SESSION *session)
{
	struct part *part = SSL_get_app_data(ssl);

	SSL_SESSION_free(part->session);
	part->session = session;
	return 1;
}

static void dial(struct part *part)
{
	struct sockaddr_in to = {
		.sin_family = AF_INET,
		.sin_port = htons(port),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
	const int one = 1;

	part->fd = socket(AF_INET, SOCK_STREAM, 0);
	setsockopt(part->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	if (connect(part->fd, (struct sockaddr *)&to, sizeof(to)))
		err(1, "connect");
	if (!tls)
		return;
	part->ssl = SSL_new(context);
	SSL_set_app_data(part->ssl, part);
	SSL_set_fd(part->ssl, part->fd);
	SSL_set_tlsext_host_name(part->ssl, "localhost");
	SSL_set1_host(part->ssl, "localhost");
	if (resume && part->session)
		SSL_set_session(part->ssl, part->session);
	if (SSL_connect(part->ssl) != 1) {
		ERR_print_errors_fp(stderr);
		errx(1, "no handshake");
	}
	part->resumed += SSL_session_reused(part->ssl);
}

static void hang_up(struct part *part)
{
	if (part->ssl) {
		/* After a whole answer: the figure stands, but it is told. */
		part->resets += SSL_shutdown(part->ssl) < 0;
		SSL_free(part->ssl);
		part->ssl = NULL;
	}
	close(part->fd);
}

static void put(struct part *part, const char *data, size_t len)
{
	if (part->ssl ? SSL_write(part->ssl, data, (int)len) <= 0 :
			write(part->fd, data, len) != (ssize_t)len)
		errx(1, "the request could not be sent");
}

static size_t get(struct part *part, char *buf, size_t size)
{
	ssize_t n = part->ssl ? SSL_read(part->ssl, buf, (int)size) :
				read(part->fd, buf, size);

	if (n <= 0)
		errx(1, "the answer ended early");
	return (size_t)n;
}

/* Status 200 and Content-Length are what our servers answer with. */
static void ask(struct part *part)
{
	static _Thread_local char buf[256 * 1024];
	size_t have = 0, left;
	char *body, *length;

	put(part, request, strlen(request));
	do {
		have += get(part, buf + have, sizeof(buf) - 1 - have);
		buf[have] = '\0';
		body = strstr(buf, "\r\n\r\n");
	} while (!body);
	length = strstr(buf, "Content-Length: ");
	if (strncmp(buf, "HTTP/1.1 200", 12) || !length)
		errx(1, "the answer is %.40s", buf);
	left = strtoul(length + 16, NULL, 10);
	part->bytes += left;
	have -= body + 4 - buf;
	for (left -= have; left; left -= have)
		have = get(part, buf, left < sizeof(buf) ? left : sizeof(buf));
}

/* What comes before the clock runs. */
static void prepare(struct part *part)
{
	if (keep || resume)
		dial(part);
	if (resume && !keep) {
		ask(part);
		hang_up(part);
	}
	part->bytes = 0;
	part->resumed = 0;
}

static void *run(void *arg)
{
	struct part *part = arg;
	uint64_t begin;

	prepare(part);
	pthread_barrier_wait(&line);
	pthread_barrier_wait(&line);
	do {
		begin = now_ns();
		if (!keep)
			dial(part);
		ask(part);
		if (!keep)
			hang_up(part);
		part->times[part->requests++] = now_ns() - begin;
	} while (now_ns() < deadline && part->requests < TIMES_MAX);
	if (keep)
		hang_up(part);
	return NULL;
}

static void make_context(const char *trust)
{
	context = SSL_CTX_new(TLS_client_method());
	SSL_CTX_set_min_proto_version(context, TLS1_3_VERSION);
	SSL_CTX_set_ciphersuites(context, "TLS_AES_128_GCM_SHA256");
	SSL_CTX_set1_groups_list(context, "X25519:P-256");
	SSL_CTX_set_verify(context, SSL_VERIFY_PEER, NULL);
	if (SSL_CTX_load_verify_file(context, trust) != 1)
		errx(1, "%s", trust);
	SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_CLIENT |
				       SSL_SESS_CACHE_NO_INTERNAL);
	SSL_CTX_sess_set_new_cb(context, new_session);
}

static int compare(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return (x > y) - (x < y);
}

static void report(struct part *parts, int count, uint64_t begin)
{
	uint64_t requests = 0, bytes = 0, resumed = 0, resets = 0, n = 0, *all;
	double seconds = (double)(now_ns() - begin) / 1e9;

	for (int i = 0; i < count; i++) {
		requests += parts[i].requests;
		bytes += parts[i].bytes;
		resumed += parts[i].resumed;
		resets += parts[i].resets;
	}
	if (resets)
		warnx("port %d has reset %lu of its connections", port, resets);
	all = calloc(requests, sizeof(*all));
	for (int i = 0; i < count; i++) {
		memcpy(all + n, parts[i].times, parts[i].requests * sizeof(*all));
		n += parts[i].requests;
	}
	qsort(all, requests, sizeof(*all), compare);
	printf("%lu %lu %.6f %.1f %.1f %lu\n", requests, bytes, seconds,
	       (double)all[requests / 2] / 1e3,
	       (double)all[requests * 99 / 100] / 1e3, resumed);
}

int main(int argc, char **argv)
{
	struct part *parts;
	uint64_t begin;
	int count;

	if (argc != 7)
		errx(2, "usage: see the source");
	signal(SIGPIPE, SIG_IGN);
	keep = !strcmp(argv[1], "keep");
	tls = strcmp(argv[2], "none");
	resume = !strcmp(argv[2], "resume");
	port = atoi(argv[3]);
	count = atoi(argv[5]);
	snprintf(request, sizeof(request),
		 "GET %s HTTP/1.1\r\nHost: localhost\r\n%s\r\n", argv[4],
		 keep ? "" : "Connection: close\r\n");
	make_context(getenv("TLSUP_TRUST") ?: "ca.pem");
	parts = calloc(count, sizeof(*parts));
	pthread_barrier_init(&line, NULL, count + 1);
	for (int i = 0; i < count; i++) {
		parts[i].times = calloc(TIMES_MAX, sizeof(uint64_t));
		pthread_create(&parts[i].thread, NULL, run, &parts[i]);
	}
	pthread_barrier_wait(&line);
	begin = now_ns();
	deadline = begin + strtoul(argv[6], NULL, 10) * 1000000;
	pthread_barrier_wait(&line);
	for (int i = 0; i < count; i++)
		pthread_join(parts[i].thread, NULL);
	report(parts, count, begin);
	return 0;
}
