// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) 2026 The tlsup authors
 *
 * resumption CERT KEY OUT.json: server CPU per resumed handshake, ours beside
 * OpenSSL's and GnuTLS's, interleaved; and the cache. Theirs includes the
 * protection of the handshake's own records, which is the kernel's with us.
 */
#include "resumption.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#define RUNS_MAX	101
#define COUNT		150

const char *cert_pem, *key_pem;
static FILE *out;

static const char *const names[KINDS] = {
	[KIND_ID] = "TLS 1.2 by session ID",
	[KIND_TICKET] = "TLS 1.2 by ticket",
	[KIND_PSK] = "TLS 1.3 psk_dhe_ke",
};

double now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

void figure(const char *name, const char *unit, double ours, double theirs,
	    const char *peer, double ratio, unsigned int runs)
{
	static bool some;

	fprintf(out, "%s{\"case\": \"%s\", \"unit\": \"%s\", \"tlsup\": %.4g, "
		"\"peer\": %.4g, \"peer_name\": \"%s\", \"ratio\": %.4g, \"runs\": %u}",
		some ? ",\n" : "[\n", name, unit, ours, theirs, peer, ratio, runs);
	some = true;
}

static int compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static double median_us(double *values, unsigned int runs)
{
	qsort(values, runs, sizeof(*values), compare);
	return values[runs / 2] / COUNT * 1e6;
}

static const struct contender *const contenders[] = {
	&contender_tlsup, &contender_openssl, &contender_gnutls,
};

#define CONTENDERS	3

static void measure(enum kind kind, unsigned int runs)
{
	double times[CONTENDERS + 2][RUNS_MAX], us[CONTENDERS + 2];

	for (int i = 0; i < CONTENDERS; i++)
		if (!contenders[i]->begin(kind) || contenders[i]->again(kind, COUNT) < 0) {
			fprintf(stderr, "%s: %s does not resume\n", names[kind],
				contenders[i]->name);
			exit(1);
		}
	for (unsigned int run = 0; run < runs; run++) {
		for (int i = 0; i < CONTENDERS; i++)
			times[i][run] = contenders[i]->again(kind, COUNT);
		times[CONTENDERS][run] = needed(kind, COUNT);
		times[CONTENDERS + 1][run] = needed_group(COUNT);
	}
	for (int i = 0; i < CONTENDERS + 2; i++)
		us[i] = median_us(times[i], runs);
	for (int i = 1; i < CONTENDERS; i++)
		figure(names[kind], "us CPU", us[0], us[i], contenders[i]->name,
		       us[i] / us[0], runs);
	figure(names[kind], "us CPU", us[0], us[CONTENDERS], "operations needed",
	       us[CONTENDERS] / us[0], runs);
	if (kind == KIND_PSK)
		figure("TLS 1.3 psk_dhe_ke, of it X25519", "us CPU", us[0],
		       us[CONTENDERS + 1], "X25519", us[CONTENDERS + 1] / us[0], runs);
}

int main(int argc, char **argv)
{
	const char *wish = getenv("RUNS");
	unsigned int runs = wish ? (unsigned int)atoi(wish) : 15;

	if (argc != 4 || runs < 1 || runs > RUNS_MAX) {
		fprintf(stderr, "usage: resumption CERT KEY OUT.json\n");
		return 2;
	}
	cert_pem = argv[1];
	key_pem = argv[2];
	out = fopen(argv[3], "w");
	if (!out) {
		perror(argv[3]);
		return 1;
	}
	for (enum kind kind = 0; kind < KINDS; kind++)
		measure(kind, runs);
	for (int i = 0; i < CONTENDERS; i++)
		contenders[i]->end();
	bench_cache();
	fputs("\n]\n", out);
	return fclose(out) ? 1 : 0;
}
