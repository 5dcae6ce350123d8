// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) 2026 The tlsup authors
 *
 * premaster SAMPLES FILE: can a peer tell a good premaster secret from a bad one
 * by the time that the server takes (RFC 5246, 7.4.7.1)? From ClientKeyExchange to
 * the keys, decryption included, for ciphertexts of both kinds in random order;
 * Welch's t between their times, and the alert that follows is the same.
 */
#include <gnutls/abstract.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "handshake.h"
#include "tls/hs.h"
#include "x509/x509.h"
#include "x509/x509_key.h"

#define KINDS		4
#define TEXT_SIZE	256
#define POOL		64	/* ciphertexts of a kind */
#define KEPT		0.9	/* the rest, the slowest, is the machine's noise */
#define LIMIT		4.5

static const char *const names[KINDS] = {
	"good", "bad padding", "a wrong version", "a wrong length",
};

/** struct owner - of an engine */
struct owner {
	struct hs *hs;
	uint8_t out[8192];
	size_t out_len;
	unsigned int alert;
};

static uint8_t pool[KINDS][POOL][TEXT_SIZE];
static struct x509_credential *credential;
static struct x509_key *key;
static uint8_t hello[1024];
static size_t hello_len;

const char *cert_file(const char *name, const char *ending)
{
	static char path[2][300];
	static int turn;
	char *to = path[turn++ % 2];

	snprintf(to, sizeof(path[0]), "%s/%s.%s", getenv("CERTS"), name, ending);
	return to;
}

static void on_send(void *arg, enum hs_content type, const uint8_t *data, size_t len)
{
	struct owner *owner = arg;

	(void)type;
	memcpy(owner->out + owner->out_len, data, len);
	owner->out_len += len;
}

static void on_keys(void *arg, const struct hs_keys *keys)
{
	(void)arg;
	(void)keys;
}

static void on_next(void *arg, const struct hs_next *next)
{
	(void)arg;
	(void)next;
}

static void on_ask(void *arg, const struct hs_question *question)
{
	struct owner *owner = arg;
	uint8_t premaster[X509_PREMASTER_SIZE];

	if (question->ask == HS_ASK_CREDENTIAL) {
		hs_answer_credential(owner->hs, x509_credential_hs(credential));
		return;
	}
	x509_key_decrypt(key, question->content, premaster);
	hs_answer_decrypt(owner->hs, premaster);
}

static void on_done(void *arg, const struct hs_result *result)
{
	(void)arg;
	(void)result;
}

static void on_fail(void *arg, const struct hs_failure *failure)
{
	struct owner *owner = arg;

	owner->alert = failure->alert;
}

static const struct hs_ops ops = {
	.send = on_send, .keys = on_keys, .next = on_next, .ask = on_ask,
	.done = on_done, .fail = on_fail,
};

static const uint16_t suite = 0x009c;
static const struct hs_config config = {
	.min_version = 0x0303, .max_version = 0x0303, .suites = &suite, .suites_len = 1,
};

static bool load(void)
{
	char error[X509_ERROR_MAX] = "";
	struct x509_key_ref ref = { .name = cert_file("rsa", "key") };
	struct owner client = { .out_len = 0 };

	key = x509_key_load(ref.name, NULL, error);
	if (!key || !x509_key_id(key, ref.id))
		return false;
	credential = x509_credential_load(cert_file("rsa", "pem"), &ref, NULL, error);
	client.hs = hs_create(HS_CLIENT, &config, &ops, &client);
	hs_start(client.hs);
	hello_len = client.out_len;
	memcpy(hello, client.out, hello_len);
	hs_destroy(client.hs);
	return credential;
}

/* What a client of each kind sends. */
static bool encrypt(int kind, uint8_t text[TEXT_SIZE])
{
	const struct hs_credential *hs = x509_credential_hs(credential);
	uint8_t premaster[48] = { 3, kind == 2 ? 2 : 3 };
	const struct hs_question question = {
		.content = { premaster, kind == 3 ? 47 : 48 }, .chain = hs->chain,
		.chain_len = hs->chain_len,
	};

	if (getrandom(premaster + 2, sizeof(premaster) - 2, 0) < 0)
		return false;
	if (kind != 1)
		return x509_encrypt(&question, text, TEXT_SIZE) == TEXT_SIZE;
	/* Below the modulus; two bytes of padding come right once in 2^16. */
	return getrandom(text, TEXT_SIZE, 0) == TEXT_SIZE && ((text[0] &= 0x3f), true);
}

static double sample(int kind, unsigned int *alert)
{
	uint8_t message[6 + TEXT_SIZE] = { 16, 0, (TEXT_SIZE + 2) >> 8, (TEXT_SIZE + 2) & 255,
					   TEXT_SIZE >> 8, TEXT_SIZE & 255 };
	const uint8_t finished[16] = { 20, 0, 0, 12 };
	struct owner owner = { .out_len = 0 };
	uint64_t spent;

	memcpy(message + 6, pool[kind][rand() % POOL], TEXT_SIZE);
	owner.hs = hs_create(HS_SERVER, &config, &ops, &owner);
	hs_record(owner.hs, HS_EPOCH_PLAINTEXT, HS_CONTENT_HANDSHAKE, hello, hello_len);
	spent = processor_ns();
	hs_record(owner.hs, HS_EPOCH_PLAINTEXT, HS_CONTENT_HANDSHAKE, message, sizeof(message));
	spent = processor_ns() - spent;
	hs_record(owner.hs, HS_EPOCH_APPLICATION, HS_CONTENT_HANDSHAKE, finished,
		  sizeof(finished));
	*alert = owner.alert;
	hs_destroy(owner.hs);
	return (double)spent;
}

static int compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return x < y ? -1 : x > y;
}

static void moments(double *values, long n, double *mean, double *variance)
{
	double sum = 0, squares = 0;

	for (long i = 0; i < n; i++)
		sum += values[i];
	*mean = sum / (double)n;
	for (long i = 0; i < n; i++)
		squares += (values[i] - *mean) * (values[i] - *mean);
	*variance = squares / (double)(n - 1);
}

/* One bound for both, so that cutting favours none. */
static double welch(double *a, double *b, long n)
{
	double ma, mb, va, vb, bound;
	long na, nb;

	qsort(a, (size_t)n, sizeof(*a), compare);
	qsort(b, (size_t)n, sizeof(*b), compare);
	bound = (a[(long)(KEPT * (double)n)] + b[(long)(KEPT * (double)n)]) / 2;
	for (na = 0; na < n && a[na] < bound; na++)
		;
	for (nb = 0; nb < n && b[nb] < bound; nb++)
		;
	moments(a, na, &ma, &va);
	moments(b, nb, &mb, &vb);
	return (ma - mb) / sqrt(va / (double)na + vb / (double)nb);
}

int main(int argc, char **argv)
{
	long n = argc > 1 ? atol(argv[1]) : 0, count[KINDS] = { 0 };
	FILE *out = argc > 2 ? fopen(argv[2], "w") : stdout;
	unsigned int alert, first = 0;
	double *times[KINDS], worst = 0;

	if (n < 100 || !out || !getenv("CERTS") || !load()) {
		fputs("usage: CERTS=DIR premaster SAMPLES [FILE]\n", stderr);
		return 2;
	}
	for (int kind = 0; kind < KINDS; kind++) {
		times[kind] = calloc((size_t)n, sizeof(double));
		for (int i = 0; i < POOL; i++)
			if (!encrypt(kind, pool[kind][i]))
				return 2;
	}
	for (long left = KINDS * n; left; ) {
		int kind = rand() % KINDS;

		if (count[kind] == n)
			continue;
		times[kind][count[kind]++] = sample(kind, &alert);
		first = first ? first : alert;
		if (alert != first || alert != HS_ALERT_DECRYPT_ERROR) {
			fprintf(stderr, "premaster: %s gets alert %u\n", names[kind], alert);
			return 1;
		}
		left--;
	}
	fputs("[\n", out);
	for (int kind = 1; kind < KINDS; kind++) {
		double t = fabs(welch(times[0], times[kind], n));

		worst = t > worst ? t : worst;
		fprintf(out,
			"{\"case\": \"premaster: good or %s\", \"unit\": \"t\", \"tlsup\": %.2f, \"peer\": %.1f, \"peer_name\": \"the limit\", \"ratio\": %.2f, \"runs\": %ld}%s\n",
			names[kind], t, LIMIT, LIMIT / t, n, kind + 1 < KINDS ? "," : "");
	}
	fputs("]\n", out);
	return fclose(out) || worst >= LIMIT;
}
