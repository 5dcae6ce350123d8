// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) 2026 The tlsup authors
 *
 * handshake RUNS FILE: the server's processor time of a full handshake, ours beside
 * OpenSSL's and GnuTLS's and the sum of nettle's operations. All take turns in one
 * process; the figures are medians of the runs, the ratios medians of each run's.
 */
#include "handshake.h"

#include <stdio.h>
#include <stdlib.h>

#define SHAKES		24	/* in a turn */
#define RUNS_MAX	1000
#define BYTES_LIMIT	16384

static const struct kind kinds[] = {
	{ "TLS 1.3 ecdsa", "p256", 0x0304, 0x1301, 0x0403 },
	{ "TLS 1.3 ed25519", "ed25519", 0x0304, 0x1301, 0x0807 },
	{ "TLS 1.3 rsa", "rsa", 0x0304, 0x1301, 0x0804 },
	{ "TLS 1.2 ecdsa", "p256", 0x0303, 0xc02b, 0x0403 },
	{ "TLS 1.2 ed25519", "ed25519", 0x0303, 0xc02b, 0x0807 },
	{ "TLS 1.2 rsa", "rsa", 0x0303, 0xc02f, 0x0804 },
};

static const struct contender *const contenders[] = {
	&contender_ours, &contender_sum, &contender_gnutls, &contender_openssl,
};

#define COUNT(a)	(sizeof(a) / sizeof((a)[0]))

enum { OURS, SUM, GNUTLS, OPENSSL, CONTENDERS };

/**
 * cert_file - the path of a test's certificate or key
 *
 * Return: lives until the fourth call after this one.
 */
const char *cert_file(const char *name, const char *ending)
{
	static char paths[4][300];
	static int turn;
	char *path = paths[turn++ % 4];

	snprintf(path, sizeof(paths[0]), "%s/%s.%s", getenv("CERTS"), name, ending);
	return path;
}

static int compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return x < y ? -1 : x > y;
}

static double median(double *values, int n)
{
	qsort(values, (size_t)n, sizeof(*values), compare);
	return values[n / 2];
}

static double microseconds(const struct contender *contender)
{
	uint64_t sum = 0;

	for (int i = 0; i < SHAKES; i++) {
		uint64_t ns = contender->shake();

		if (!ns) {
			fprintf(stderr, "handshake: %s has failed\n", contender->name);
			exit(1);
		}
		sum += ns;
	}
	return (double)sum / SHAKES / 1000;
}

static void measure(const struct kind *kind, int runs, FILE *out)
{
	static double us[CONTENDERS][RUNS_MAX], ratio[CONTENDERS][RUNS_MAX];

	for (int i = 0; i < CONTENDERS; i++)
		if (!contenders[i]->set_up(kind)) {
			fprintf(stderr, "handshake: %s cannot be set up\n", contenders[i]->name);
			exit(1);
		}
	allocated_most = 0;
	for (int run = -1; run < runs; run++)
		for (int i = 0; i < CONTENDERS; i++) {
			double t = microseconds(contenders[i]);

			if (run < 0)
				continue;
			us[i][run] = t;
			ratio[i][run] = t / us[OURS][run];
		}
	for (int i = SUM; i < CONTENDERS; i++)
		fprintf(out,
			"{\"case\": \"%s\", \"unit\": \"us of the server's processor\", \"tlsup\": %.1f, \"peer\": %.1f, \"peer_name\": \"%s\", \"ratio\": %.3f, \"runs\": %d},\n",
			kind->name, median(us[OURS], runs), median(us[i], runs),
			contenders[i]->name, median(ratio[i], runs), runs);
	fprintf(out,
		"{\"case\": \"%s\", \"unit\": \"bytes allocated in flight\", \"tlsup\": %llu, \"peer\": %d, \"peer_name\": \"the limit\", \"ratio\": %.3f, \"runs\": %d}",
		kind->name, (unsigned long long)allocated_most, BYTES_LIMIT,
		(double)BYTES_LIMIT / (double)allocated_most, runs);
}

int main(int argc, char **argv)
{
	int runs = argc > 1 ? atoi(argv[1]) : 0;
	FILE *out = argc > 2 ? fopen(argv[2], "w") : stdout;

	if (runs < 1 || runs > RUNS_MAX || !out || !getenv("CERTS")) {
		fputs("usage: CERTS=DIR handshake RUNS [FILE]\n", stderr);
		return 2;
	}
	fputs("[\n", out);
	for (size_t i = 0; i < COUNT(kinds); i++) {
		measure(&kinds[i], runs, out);
		fputs(i + 1 < COUNT(kinds) ? ",\n" : "\n", out);
	}
	fputs("]\n", out);
	return fclose(out) ? 1 : 0;
}
