// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) 2026 The tlsup authors
 *
 * tlsup-fetch: an HTTPS client that knows nothing of TLS but four socket
 * options. The body goes to stdout, a line about each connection to stderr;
 * exit status 0 if every fetch went well, 1 if one did not, 2 for a usage
 * error.
 */
#define _GNU_SOURCE
#include "prog.h"

#include <errno.h>
#include <getopt.h>
#include <netdb.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

struct fetch {
	struct tls_options opts;
	const char *host;
	const char *path;
	struct addrinfo *addrs;
	long repeat;
	long parallel;
	uint32_t *latency; /* microseconds, of each handshake that was done */
	long done;
};

static const char usage[] =
	"usage: tlsup-fetch [OPTION]... HOST PORT [PATH]\n"
	"  --profile NAME   the daemon's profile to use (default)\n"
	"  --name NAME      the name to ask for and to verify (HOST)\n"
	"  --alpn LIST      protocols to offer, with commas between them\n"
	"  --repeat N       fetch N times, one after the other (1)\n"
	"  --parallel N     do so in N processes at once (1)\n";

static int connect_any(const struct addrinfo *ai)
{
	int fd = -1;

	for (; ai; ai = ai->ai_next) {
		fd = socket(ai->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
		if (fd < 0)
			continue;
		if (connect(fd, ai->ai_addr, ai->ai_addrlen) == 0)
			return fd;
		close(fd);
	}
	return -1;
}

static bool write_all(int fd, const char *data, size_t len)
{
	while (len) {
		ssize_t n = write(fd, data, len);

		if (n < 0)
			return false;
		data += n;
		len -= (size_t)n;
	}
	return true;
}

/**
 * struct head - finds the blank line that ends an HTTP header
 * @newline: the last byte, carriage returns aside, was a newline
 * @over: the blank line has been seen
 */
struct head {
	bool newline;
	bool over;
};

/* Returns how many of the bytes belong to the header. */
static size_t head_eat(struct head *head, const char *data, size_t len)
{
	size_t i;

	for (i = 0; i < len && !head->over; i++) {
		if (data[i] == '\r')
			continue;
		head->over = head->newline && data[i] == '\n';
		head->newline = data[i] == '\n';
	}
	return i;
}

/* Returns 0 once the peer has closed after the whole header, else an errno. */
static int receive(int fd)
{
	struct head head = { 0 };
	char buf[65536];
	size_t skip;
	ssize_t n;

	while ((n = read(fd, buf, sizeof(buf))) > 0) {
		skip = head_eat(&head, buf, (size_t)n);
		if (!write_all(STDOUT_FILENO, buf + skip, (size_t)n - skip))
			return errno;
	}
	if (n < 0)
		return errno;
	return head.over ? 0 : ENODATA;
}

static int exchange(const struct fetch *f, int fd)
{
	char request[2048];
	int len;

	len = snprintf(request, sizeof(request), "GET %s HTTP/1.0\r\nHost: %s\r\n\r\n", f->path,
		       f->opts.name);
	if (len >= (int)sizeof(request))
		return ENAMETOOLONG;
	if (!write_all(fd, request, (size_t)len))
		return errno;
	return receive(fd);
}

static bool fetch_once(struct fetch *f, unsigned long number)
{
	struct tlsup_info info = { 0 };
	socklen_t len = sizeof(info);
	int error;
	int fd;

	fd = connect_any(f->addrs);
	if (fd < 0) {
		fprintf(stderr, "conn %lu: connect: %s\n", number, strerror(errno));
		return false;
	}
	error = tls_start(fd, &f->opts, TLSUP_CLIENT) ? errno : 0;
	tls_report(stderr, number, fd, error);
	if (!error) {
		if (getsockopt(fd, SOL_TLSUP, TLSUP_INFO, &info, &len) == 0)
			f->latency[f->done++] = info.handshake_us;
		error = exchange(f, fd);
		if (error)
			tls_report_broken(stderr, number, fd, error);
	}
	close(fd);
	return error == 0;
}

static int by_value(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return (x > y) - (x < y);
}

static bool fetch_repeat(struct fetch *f, unsigned long first)
{
	long failed = 0;

	for (long i = 0; i < f->repeat; i++)
		failed += !fetch_once(f, first + (unsigned long)i);
	if (f->repeat > 1 && f->done) {
		qsort(f->latency, (size_t)f->done, sizeof(*f->latency), by_value);
		fprintf(stderr, "%ld fetched, %ld failed; handshake min %uus median %uus max %uus\n",
			f->repeat - failed, failed, f->latency[0], f->latency[f->done / 2],
			f->latency[f->done - 1]);
	}
	return failed == 0;
}

static bool fetch_parallel(struct fetch *f)
{
	bool ok = true;
	int status;

	for (long i = 0; i < f->parallel; i++) {
		pid_t pid = fork();

		if (pid < 0) {
			perror("fork");
			ok = false;
			break;
		}
		if (pid == 0)
			_exit(!fetch_repeat(f, 1 + (unsigned long)(i * f->repeat)));
	}
	while (wait(&status) > 0)
		ok = ok && WIFEXITED(status) && WEXITSTATUS(status) == 0;
	return ok;
}

static void usage_exit(const char *why)
{
	if (why)
		fprintf(stderr, "tlsup-fetch: %s\n", why);
	fputs(usage, why ? stderr : stdout);
	exit(why ? 2 : 0);
}

static long count_argument(const char *text)
{
	long n = parse_number(text, 1000000);

	if (n < 1)
		usage_exit("not a count");
	return n;
}

static void parse_options(struct fetch *f, int argc, char **argv)
{
	static const struct option options[] = {
		{ "profile", required_argument, NULL, 'p' },
		{ "name", required_argument, NULL, 'n' },
		{ "alpn", required_argument, NULL, 'a' },
		{ "repeat", required_argument, NULL, 'r' },
		{ "parallel", required_argument, NULL, 'j' },
		{ "help", no_argument, NULL, 'h' },
		{ 0 },
	};
	int c;

	while ((c = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (c == 'p')
			f->opts.profile = optarg;
		else if (c == 'n')
			f->opts.name = optarg;
		else if (c == 'a' && parse_alpn(&f->opts, optarg))
			usage_exit("--alpn: not a list of protocol names");
		else if (c == 'r')
			f->repeat = count_argument(optarg);
		else if (c == 'j')
			f->parallel = count_argument(optarg);
		else if (c == 'h')
			usage_exit(NULL);
		else if (c == '?')
			usage_exit("what is that option?");
	}
}

int main(int argc, char **argv)
{
	struct addrinfo hints = { .ai_socktype = SOCK_STREAM };
	struct fetch f = { .path = "/", .repeat = 1, .parallel = 1 };
	bool ok;
	int err;

	signal(SIGPIPE, SIG_IGN);
	parse_options(&f, argc, argv);
	if (argc - optind < 2 || argc - optind > 3)
		usage_exit("wants HOST and PORT");
	f.host = argv[optind];
	if (argc - optind == 3)
		f.path = argv[optind + 2];
	if (!f.opts.name)
		f.opts.name = f.host;
	f.latency = calloc((size_t)f.repeat, sizeof(*f.latency));
	err = getaddrinfo(f.host, argv[optind + 1], &hints, &f.addrs);
	if (!f.latency || err) {
		fprintf(stderr, "tlsup-fetch: %s: %s\n", f.host,
			err ? gai_strerror(err) : "out of memory");
		return 1;
	}
	ok = f.parallel > 1 ? fetch_parallel(&f) : fetch_repeat(&f, 1);
	freeaddrinfo(f.addrs);
	free(f.latency);
	return !ok;
}
