// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) 2026 The tlsup authors
 *
 * Our engine with the daemon's store and tickets behind it; the record layer is
 * the kernel's, and not here. And the operations that such a handshake cannot do
 * without.
 */
#include <stdlib.h>
#include <string.h>

#include "crypto/cr_rand.h"
#include "resumption.h"
#include "store/blob.h"
#include "store/store.h"
#include "store/ticket.h"
#include "tls/hs_int.h"
#include "tls/hs_ticket.h"

#define BUFFER	65536

/** struct side - one engine, and what it has sent */
struct side {
	struct hs *hs;
	struct hs_config config;
	uint8_t out[BUFFER];
	size_t len;
	enum hs_content types[16];
	size_t lens[16];
	enum hs_epoch epochs[16];
	int records;
	enum hs_epoch tx, rx;
	bool pending, done, failed;
	enum hs_resumption resumed;
};

static struct side client, server;
static struct store *store;
static struct store_port *port;
static struct tickets *tickets;
static enum kind current;
static struct blob at_client, at_server;
static uint8_t client_data[BUFFER], server_data[BUFFER], ticket[BUFFER];
static struct secret resumption;
static uint16_t suite;
static const uint8_t leaf[600] = { 0x30 };
static const struct hs_bytes chain = { leaf, sizeof(leaf) };
static const uint16_t scheme = 0x0403;
static const struct hs_credential credential = {
	.chain = &chain, .chain_len = 1, .schemes = &scheme, .schemes_len = 1,
};
static const uint16_t suites[] = { 0x1301, 0xc02b }, groups[] = { 0x001d, 0x0017 };

static void on_send(void *owner, enum hs_content type, const uint8_t *data, size_t len)
{
	struct side *side = owner;

	memcpy(side->out + side->len, data, len);
	side->len += len;
	side->types[side->records] = type;
	side->epochs[side->records] = type == HS_CONTENT_CCS ? HS_EPOCH_PLAINTEXT : side->tx;
	side->lens[side->records++] = len;
}

static void on_keys(void *owner, const struct hs_keys *keys)
{
	struct side *side = owner;

	if (keys->direction == HS_TX)
		side->tx = keys->epoch;
	else if (keys->version == 0x0303)
		side->pending = true;
	else
		side->rx = keys->epoch;
}

static void on_next(void *owner, const struct hs_next *next)
{
	(void)owner;
	(void)next;
}

/* A client keeps what it got, as bytes; the same for every one that follows. */
static void keep_at_client(const struct hs_session *session)
{
	struct blob blob = { .session = *session };
	size_t len = blob_write(&blob, client_data, sizeof(client_data));

	blob_read(&at_client, client_data, len);
}

static void put(const struct hs_session *session, const uint8_t *id, size_t id_len,
		bool single_use)
{
	static uint8_t data[STORE_DATA_MAX];
	struct store_item item = { .data = data, .single_use = single_use,
				   .expires = UINT64_MAX };
	struct blob blob = { .session = *session };

	blob.session.name.len = 0;
	memcpy(item.key.id, id, id_len);
	item.len = blob_write(&blob, data, sizeof(data));
	store_put(port, &item);
}

static void found(struct store_get *get, enum store_verdict verdict, const uint8_t *data,
		  size_t len)
{
	(void)get;
	at_server.session.by = HS_RESUMED_NOT;
	if (verdict != STORE_HIT)
		return;
	memcpy(server_data, data, len);
	blob_read(&at_server, server_data, len);
}

static void answer_session(struct side *side, const struct hs_question *question)
{
	struct store_get get = { .done = found };
	struct hs_bytes name;

	if (side == &client) {
		hs_answer_session(side->hs, at_client.session.by ? &at_client.session : NULL, 0);
		return;
	}
	name = question->identities[0].name;
	if (current == KIND_ID) {
		memcpy(get.key.id, name.data, name.len);
		store_get(port, &get);
	} else if (!ticket_open(tickets, "ticket", name.data, name.len, server_data) ||
		   !blob_read(&at_server, server_data, name.len - TICKET_OVERHEAD)) {
		at_server.session.by = HS_RESUMED_NOT;
	}
	hs_answer_session(side->hs, at_server.session.by ? &at_server.session : NULL, 0);
}

static void answer_ticket(struct side *side, const struct hs_question *question)
{
	struct blob blob = { .session = *question->session };
	static uint8_t data[STORE_DATA_MAX];
	struct hs_ticket made = { { ticket, 0 }, 3600, 0 };
	size_t len = blob_write(&blob, data, sizeof(data));

	made.name.len = ticket_seal(tickets, "ticket", data, len, ticket);
	hs_answer_ticket(side->hs, &made);
}

static void on_ask(void *owner, const struct hs_question *question)
{
	static const uint8_t signature[64];
	struct side *side = owner;

	switch (question->ask) {
	case HS_ASK_CREDENTIAL:
		hs_answer_credential(side->hs, &credential);
		break;
	case HS_ASK_SIGN:
		hs_answer_sign(side->hs, signature, sizeof(signature));
		break;
	case HS_ASK_VERIFY:
		hs_answer_verify(side->hs, NULL);
		break;
	case HS_ASK_SESSION:
		answer_session(side, question);
		break;
	case HS_ASK_TICKET:
		answer_ticket(side, question);
		break;
	case HS_ASK_ENCRYPT:
	case HS_ASK_DECRYPT:
		abort();
	}
}

static void on_done(void *owner, const struct hs_result *result)
{
	struct side *side = owner;

	side->done = true;
	side->resumed = result->resumed;
	if (side == &server && result->session)
		put(result->session, result->session->name.data, result->session->name.len,
		    false);
	if (side != &client)
		return;
	suite = result->suite;
	resumption.len = result->resumption_secret.len;
	memcpy(resumption.data, result->resumption_secret.data, resumption.len);
	if (result->session)
		keep_at_client(result->session);
}

static void on_fail(void *owner, const struct hs_failure *failure)
{
	(void)failure;
	((struct side *)owner)->failed = true;
}

static const struct hs_ops ops = {
	.send = on_send, .keys = on_keys, .next = on_next, .ask = on_ask,
	.done = on_done, .fail = on_fail,
};

static void reset(struct side *side, enum hs_role role)
{
	side->len = 0;
	side->records = 0;
	side->tx = side->rx = HS_EPOCH_PLAINTEXT;
	side->pending = side->done = side->failed = false;
	side->resumed = HS_RESUMED_NOT;
	side->config = (struct hs_config){
		.min_version = current == KIND_PSK ? 0x0304 : 0x0303,
		.max_version = current == KIND_PSK ? 0x0304 : 0x0303,
		.suites = suites, .suites_len = 2, .groups = groups, .groups_len = 2,
		.server_name = role == HS_CLIENT ? "localhost" : NULL,
		.sessions = true, .session_ticket = current == KIND_TICKET,
		.tickets = current == KIND_PSK,
	};
}

/* What one has sent goes to the other, record by record. */
static bool pass(struct side *from, struct side *to)
{
	size_t at = 0;
	int n = from->records;

	if (!n)
		return false;
	for (int i = 0; i < n; i++) {
		if (from->types[i] == HS_CONTENT_CCS && to->pending) {
			to->rx = HS_EPOCH_APPLICATION;
			to->pending = false;
		} else if (from->types[i] == HS_CONTENT_HANDSHAKE && !to->done) {
			hs_record(to->hs, from->epochs[i], HS_CONTENT_HANDSHAKE,
				  from->out + at, from->lens[i]);
		} else if (from->types[i] == HS_CONTENT_HANDSHAKE) {
			break;
		}
		at += from->lens[i];
	}
	if (to->done && from->len > at)
		memmove(from->out, from->out + at, from->len - at);
	from->lens[0] = from->len - at;
	from->len = from->records = 0;
	return true;
}

static void take_ticket(void)
{
	struct hs_session session = { .by = HS_RESUMED_PSK, .version = 0x0304,
				      .suite = suite };
	struct hs_new_ticket new_ticket;
	struct secret psk;

	if (!hs_ticket_parse(server.out, server.lens[0], &new_ticket))
		return;
	hs_ticket_psk(suite, (struct hs_bytes){ resumption.data, resumption.len },
		      new_ticket.nonce, &psk);
	session.secret = (struct hs_bytes){ psk.data, psk.len };
	session.name = new_ticket.name;
	keep_at_client(&session);
}

static double handshake(void)
{
	double spent = 0, start;

	reset(&client, HS_CLIENT);
	reset(&server, HS_SERVER);
	client.hs = hs_create(HS_CLIENT, &client.config, &ops, &client);
	hs_start(client.hs);
	start = now();
	server.hs = hs_create(HS_SERVER, &server.config, &ops, &server);
	spent += now() - start;
	for (;;) {
		bool moved;

		start = now();
		moved = pass(&client, &server);
		spent += now() - start;
		moved |= pass(&server, &client);
		if (!moved)
			break;
	}
	if (current == KIND_PSK)
		take_ticket();
	start = now();
	hs_destroy(server.hs);
	spent += now() - start;
	hs_destroy(client.hs);
	return client.done && server.done ? spent : -1;
}

static bool begin(enum kind kind)
{
	const struct store_limits limits = { 0 };
	const struct ticket_options options = { .lifetime = 3600 };

	if (!store) {
		store = store_memory_create(&limits);
		port = store_open(store);
		tickets = ticket_create(&options);
	}
	current = kind;
	at_client.session.by = HS_RESUMED_NOT;
	return handshake() > 0;
}

static double again(enum kind kind, unsigned int count)
{
	double spent = 0;

	current = kind;
	for (unsigned int i = 0; i < count; i++) {
		double one = handshake();

		if (one < 0 || !server.resumed)
			return -1;
		spent += one;
	}
	return spent;
}

static void end(void)
{
	store_close(port);
	store_destroy(store);
	ticket_destroy(tickets);
}

const struct contender contender_tlsup = { "tlsup", begin, again, end };

/* TLS 1.2: the block of keys, both Finished, the transcript; randoms. */
static void needed_12(bool sealed)
{
	uint8_t out[64], seed[80] = { 0 }, secret[48] = { 0 }, box[256], plain[160] = { 0 };
	struct cr_digest digest;

	cr_random(out, 32);
	cr_prf(&cr_sha256, secret, sizeof(secret), seed, 13 + 64, out, 40);
	cr_digest_init(&digest, &cr_sha256);
	cr_digest_update(&digest, leaf, 400);
	cr_digest_peek(&digest, out);
	cr_prf(&cr_sha256, secret, sizeof(secret), seed, 15 + 32, out, 12);
	cr_digest_peek(&digest, out);
	cr_prf(&cr_sha256, secret, sizeof(secret), seed, 15 + 32, out, 12);
	if (!sealed)
		return;
	ticket_seal(tickets, "ticket", plain, sizeof(plain), box);
	ticket_open(tickets, "ticket", box, sizeof(plain) + TICKET_OVERHEAD, plain);
	ticket_seal(tickets, "ticket", plain, sizeof(plain), box);
}

/* The schedule with its binder, both Finished, one ticket. */
static void needed_13(void)
{
	uint8_t shared[32] = { 1 }, hash[CR_HASH_MAX] = { 0 }, out[CR_HASH_MAX];
	uint8_t box[256], plain[160] = { 0 };
	const uint8_t nonce = 0;
	struct cr_digest digest;
	struct ks ks = { 0 };

	cr_random(out, 32);
	ticket_open(tickets, "ticket", ticket, sizeof(plain) + TICKET_OVERHEAD, plain);
	ks_early(&ks, &cr_sha256, (struct hs_bytes){ shared, 32 });
	cr_digest_init(&digest, &cr_sha256);
	cr_digest_update(&digest, leaf, 500);
	cr_digest_peek(&digest, hash);
	ks_binder(&ks, false, hash, out);
	cr_digest_init(&digest, &cr_sha256);
	cr_digest_update(&digest, leaf, sizeof(leaf));
	cr_digest_update(&digest, leaf, 200);
	for (int i = 0; i < 4; i++)
		cr_digest_peek(&digest, hash);
	ks_handshake(&ks, shared, 32, hash);
	ks_finished(&ks, &ks.server_handshake, hash, out);
	ks_application(&ks, hash);
	ks_finished(&ks, &ks.client_handshake, hash, out);
	ks_resumption(&ks, hash);
	ks_ticket(&cr_sha256, ks.resumption.data, (struct hs_bytes){ &nonce, 1 }, out);
	ticket_seal(tickets, "ticket", plain, sizeof(plain), box);
}

/**
 * needed_group - what X25519 costs a server
 * @count: how often
 *
 * Return: seconds.
 */
double needed_group(unsigned int count)
{
	const struct cr_kex *kex = cr_kex_find(groups[0]);
	uint8_t private_key[CR_KEX_PRIVATE_MAX], public_key[CR_KEX_PUBLIC_MAX];
	uint8_t shared[CR_KEX_SHARED_MAX];
	double start = now();

	for (unsigned int i = 0; i < count; i++) {
		kex->generate(kex, private_key, public_key);
		kex->derive(kex, private_key, public_key, shared);
	}
	return now() - start;
}

/**
 * needed - the operations that a resumption cannot do without
 * @kind: which
 * @count: how often
 *
 * Return: seconds.
 */
double needed(enum kind kind, unsigned int count)
{
	double start = now();

	for (unsigned int i = 0; i < count; i++) {
		if (kind == KIND_PSK)
			needed_13();
		else
			needed_12(kind == KIND_TICKET);
	}
	start = now() - start;
	return kind == KIND_PSK ? start + needed_group(count) : start;
}
