// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) 2026 The tlsup authors
 *
 * Our engine in both roles; the server's is paid for, with its signature as the
 * signer process makes it. Records are the kernel's business.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "handshake.h"
#include "tls/hs.h"
#include "x509/x509.h"
#include "x509/x509_key.h"

#define BYTES_MAX	65536

uint64_t allocated_now, allocated_most;
const struct x509_check *our_check;

/** struct flight - handshake bytes of one epoch on their way */
struct flight {
	enum hs_epoch epoch;
	size_t len;
	uint8_t data[BYTES_MAX];
};

/** struct side - one engine */
struct side {
	struct hs *hs;
	struct hs_config config;
	enum hs_epoch tx;
	struct flight out[3];
	bool waiting;
	bool done;
	bool failed;
};

static struct side client, server;
static struct x509_credential *credential;
static struct x509_key *key;

/* The linker sends the engine's calls here. */
void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__real_realloc(void *old, size_t size);
void __real_free(void *p);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_realloc(void *old, size_t size);
void __wrap_free(void *p);

/* Whose calls run: the server's bytes alone are counted. */
static bool serving;

/** struct head - stands before what is given out */
struct head {
	size_t size;
	bool counts;
};

_Static_assert(sizeof(struct head) == 16, "what is given out stays aligned");

static void *counted(struct head *head, size_t size)
{
	if (!head)
		return NULL;
	*head = (struct head){ size, serving };
	allocated_now += serving ? size : 0;
	if (allocated_most < allocated_now)
		allocated_most = allocated_now;
	return head + 1;
}

static struct head *head_of(void *p)
{
	struct head *head = p ? (struct head *)p - 1 : NULL;

	if (head && head->counts)
		allocated_now -= head->size;
	return head;
}

void *__wrap_malloc(size_t size)
{
	return counted(__real_malloc(size + sizeof(struct head)), size);
}

void *__wrap_calloc(size_t count, size_t size)
{
	return counted(__real_calloc(1, count * size + sizeof(struct head)), count * size);
}

void *__wrap_realloc(void *old, size_t size)
{
	return counted(__real_realloc(head_of(old), size + sizeof(struct head)), size);
}

void __wrap_free(void *p)
{
	__real_free(head_of(p));
}

static void on_send(void *owner, enum hs_content type, const uint8_t *data, size_t len)
{
	struct side *side = owner;
	struct flight *flight = &side->out[side->tx];

	if (type != HS_CONTENT_HANDSHAKE)
		return;
	memcpy(flight->data + flight->len, data, len);
	flight->len += len;
}

static void on_keys(void *owner, const struct hs_keys *keys)
{
	struct side *side = owner;

	if (keys->direction == HS_TX)
		side->tx = keys->epoch;
}

static void on_next(void *owner, const struct hs_next *next)
{
	struct side *side = owner;

	(void)next;
	side->waiting = true;
}

static void on_ask(void *owner, const struct hs_question *question)
{
	struct side *side = owner;
	uint8_t signature[HS_SIGNATURE_MAX];
	struct x509_failure failure;

	if (question->ask == HS_ASK_VERIFY)
		hs_answer_verify(side->hs, our_check &&
				 x509_verify(our_check, question, &failure) ?
				 &failure.hs : NULL);
	else if (question->ask == HS_ASK_CREDENTIAL)
		hs_answer_credential(side->hs, x509_credential_hs(credential));
	else
		hs_answer_sign(side->hs, signature,
			       x509_key_sign(key, question->scheme, question->content,
					     signature, sizeof(signature)));
}

static void on_done(void *owner, const struct hs_result *result)
{
	struct side *side = owner;

	(void)result;
	side->done = true;
}

static void on_fail(void *owner, const struct hs_failure *failure)
{
	struct side *side = owner;

	fprintf(stderr, "our %s: %s\n", side == &server ? "server" : "client", failure->reason);
	side->failed = true;
}

static const struct hs_ops ops = {
	.send = on_send, .keys = on_keys, .next = on_next, .ask = on_ask, .done = on_done,
	.fail = on_fail,
};

static bool set_up(const struct kind *kind)
{
	static const uint16_t groups[] = { 0x001d, 0x0017 };
	static uint16_t suite, scheme;
	char error[X509_ERROR_MAX] = "";
	struct x509_key_ref ref = { .name = cert_file(kind->cert, "key") };
	const struct hs_config config = {
		.min_version = kind->version, .max_version = kind->version,
		.suites = &suite, .suites_len = 1, .groups = groups, .groups_len = 2,
		.schemes = &scheme, .schemes_len = 1, .ems_required = true,
	};

	suite = kind->suite;
	scheme = kind->scheme;
	x509_credential_free(credential);
	x509_key_free(key);
	key = x509_key_load(ref.name, NULL, error);
	if (!key || !x509_key_id(key, ref.id))
		return false;
	credential = x509_credential_load(cert_file(kind->cert, "pem"), &ref, NULL, error);
	client.config = config;
	server.config = config;
	if (!credential)
		fprintf(stderr, "%s\n", error);
	return credential;
}

static void begin(struct side *side, enum hs_role role)
{
	side->hs = hs_create(role, &side->config, &ops, side);
	side->tx = HS_EPOCH_PLAINTEXT;
	side->waiting = role == HS_SERVER;
	side->done = side->failed = false;
	for (int i = 0; i < 3; i++)
		side->out[i].len = 0;
}

/* What one has sent, to the other, epoch by epoch. */
static bool deliver(struct side *from, struct side *to)
{
	bool moved = false;

	for (int epoch = 0; epoch < 3; epoch++) {
		struct flight *flight = &from->out[epoch];
		size_t len = flight->len;

		if (!len || !to->waiting || to->done || to->failed)
			continue;
		flight->len = 0;
		to->waiting = false;
		hs_record(to->hs, (enum hs_epoch)epoch, HS_CONTENT_HANDSHAKE, flight->data, len);
		moved = true;
	}
	return moved;
}

static uint64_t shake(void)
{
	uint64_t spent = 0, start;
	bool moved = true, good;

	begin(&client, HS_CLIENT);
	hs_start(client.hs);
	serving = true;
	start = processor_ns();
	begin(&server, HS_SERVER);
	spent += processor_ns() - start;
	while (moved) {
		serving = true;
		start = processor_ns();
		moved = deliver(&client, &server);
		spent += processor_ns() - start;
		serving = false;
		moved |= deliver(&server, &client);
	}
	good = client.done && server.done;
	start = processor_ns();
	hs_destroy(server.hs);
	spent += processor_ns() - start;
	hs_destroy(client.hs);
	/* Some kernels' clocks are coarse. */
	return good ? spent + 1 : 0;
}

const struct contender contender_ours = { "ours", set_up, shake };
