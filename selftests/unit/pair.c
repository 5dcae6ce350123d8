// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) 2026 The tlsup authors
 */
#include "pair.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "crypto/cr_hash.h"

static const uint8_t leaf[700] = { 0x30, 1 }, issuer[900] = { 0x30, 2 };
static const struct hs_bytes chain[] = {
	{ leaf, sizeof(leaf) }, { issuer, sizeof(issuer) },
};
static const uint16_t schemes[] = { 0x0403 };
const struct hs_credential pair_credential = {
	.chain = chain, .chain_len = 2, .schemes = schemes, .schemes_len = 1,
};

static void enqueue(struct side *side, enum hs_content type, const uint8_t *data,
		    size_t len)
{
	struct record *r = calloc(1, sizeof(*r));

	r->epoch = type == HS_CONTENT_CCS ? HS_EPOCH_PLAINTEXT : side->tx_epoch;
	r->type = type;
	r->len = len;
	memcpy(r->data, data, len);
	*side->tail = r;
	side->tail = &r->next;
}

static void on_send(void *owner, enum hs_content type, const uint8_t *data,
		    size_t len)
{
	struct side *side = owner;
	size_t max = side->pair->fragment && type == HS_CONTENT_HANDSHAKE ?
		     side->pair->fragment : len;

	while (len) {
		size_t n = len < max ? len : max;

		enqueue(side, type, data, n);
		data += n;
		len -= n;
	}
}

static void on_keys(void *owner, const struct hs_keys *keys)
{
	struct side *side = owner;
	struct secret *slot = &side->secrets[keys->direction][keys->epoch];

	slot->len = keys->secret.len;
	memcpy(slot->data, keys->secret.data, keys->secret.len);
	if (keys->direction == HS_TX)
		side->tx_epoch = keys->epoch;
	else
		side->rx_epoch = keys->epoch;
}

static void on_next(void *owner, const struct hs_next *next)
{
	struct side *side = owner;

	side->waiting = true;
	side->skip = next->skip;
	side->version = next->version;
	side->nexts++;
}

/**
 * pair_sign - sign: an HMAC under a key that both owners know
 * @content: what
 * @out: PAIR_SIGNATURE_SIZE bytes
 */
void pair_sign(struct hs_bytes content, uint8_t *out)
{
	static const uint8_t key[] = "signing key";

	cr_hmac(&cr_sha256, key, sizeof(key), content.data, content.len, out);
}

static void answer(struct side *side, const struct hs_question *question)
{
	static const struct hs_failure refused = {
		HS_ALERT_UNKNOWN_CA, EKEYREJECTED, "refused",
	};
	static const struct hs_failure forged = {
		HS_ALERT_DECRYPT_ERROR, EPROTO, "forged",
	};
	uint8_t mac[PAIR_SIGNATURE_SIZE];

	switch (question->ask) {
	case HS_ASK_CREDENTIAL:
		hs_answer_credential(side->hs, side->pair->no_credential ?
				     NULL : &pair_credential);
		break;
	case HS_ASK_SIGN:
		pair_sign(question->content, mac);
		hs_answer_sign(side->hs, mac, sizeof(mac));
		break;
	case HS_ASK_VERIFY:
		pair_sign(question->content, mac);
		if (side->pair->refuse)
			hs_answer_verify(side->hs, &refused);
		else if (question->signature.len != sizeof(mac) ||
			 memcmp(question->signature.data, mac, sizeof(mac)))
			hs_answer_verify(side->hs, &forged);
		else
			hs_answer_verify(side->hs, NULL);
		break;
	}
}

static void on_ask(void *owner, const struct hs_question *question)
{
	struct side *side = owner;

	side->question = *question;
	side->asked = side->pair->later;
	if (!side->asked)
		answer(side, question);
}

static bool answer_later(struct side *side)
{
	if (!side->asked)
		return false;
	side->asked = false;
	answer(side, &side->question);
	return true;
}

static void on_trace(void *owner, bool sent, const char *message)
{
	struct side *side = owner;

	if (side->pair->trace)
		side->pair->trace(side, sent, message);
}

static void keep(struct secret *to, struct hs_bytes from)
{
	to->len = from.len;
	memcpy(to->data, from.data, from.len);
}

static void on_done(void *owner, const struct hs_result *result)
{
	struct side *side = owner;

	side->dones++;
	side->suite = result->suite;
	side->group = result->group;
	side->scheme = result->signature_scheme;
	side->chain_len = result->chain_len;
	keep(&side->exporter, result->exporter_secret);
	keep(&side->resumption, result->resumption_secret);
	memcpy(side->alpn, result->alpn.data, result->alpn.len);
	strcpy(side->name, result->server_name);
}

static void on_fail(void *owner, const struct hs_failure *failure)
{
	struct side *side = owner;

	side->fails++;
	side->failure = *failure;
}

static const struct hs_ops ops = {
	.send = on_send, .keys = on_keys, .next = on_next,
	.ask = on_ask, .done = on_done, .fail = on_fail, .trace = on_trace,
};

static void side_init(struct side *side, struct pair *pair, enum hs_role role)
{
	side->pair = pair;
	side->role = role;
	side->tail = &side->head;
	side->waiting = role == HS_SERVER;
}

/**
 * pair_init - two sides with empty configurations; engines are made by
 *	pair_run()
 */
void pair_init(struct pair *pair)
{
	memset(pair, 0, sizeof(*pair));
	side_init(&pair->client, pair, HS_CLIENT);
	side_init(&pair->server, pair, HS_SERVER);
}

/**
 * pair_feed - make the engine if need be, and feed it a handshake record
 */
void pair_feed(struct side *side, enum hs_epoch epoch, const uint8_t *data, size_t len)
{
	if (!side->hs)
		side->hs = hs_create(side->role, &side->config, &ops, side);
	side->waiting = false;
	if (!side->hs)
		return;
	hs_record(side->hs, epoch, HS_CONTENT_HANDSHAKE, data, len);
}

/**
 * pair_take - take the next record that a side has sent
 *
 * Return: the record, to be freed, or NULL.
 */
struct record *pair_take(struct side *side)
{
	struct record *r = side->head;

	if (!r)
		return NULL;
	side->head = r->next;
	if (!side->head)
		side->tail = &side->head;
	return r;
}

static bool deliver(struct pair *pair, struct side *from, struct side *to)
{
	struct record *r;

	if (!to->waiting || to->fails || to->dones)
		return false;
	r = pair_take(from);
	if (!r)
		return false;
	if (r->type == HS_CONTENT_HANDSHAKE &&
	    (!pair->tamper || pair->tamper(pair->context, from, r)))
		pair_feed(to, r->epoch, r->data, r->len);
	free(r);
	return true;
}

/**
 * pair_run - start the client and deliver until nothing moves
 */
void pair_run(struct pair *pair)
{
	if (!pair->client.hs) {
		pair->client.hs = hs_create(HS_CLIENT, &pair->client.config, &ops,
					    &pair->client);
		if (!pair->client.hs)
			return;
		hs_start(pair->client.hs);
	}
	while (answer_later(&pair->client) || answer_later(&pair->server) ||
	       deliver(pair, &pair->client, &pair->server) ||
	       deliver(pair, &pair->server, &pair->client))
		;
}

static void side_wipe(struct side *side)
{
	struct record *r;

	while ((r = pair_take(side)))
		free(r);
	hs_destroy(side->hs);
	side->hs = NULL;
}

/**
 * pair_wipe - free engines and records
 */
void pair_wipe(struct pair *pair)
{
	side_wipe(&pair->client);
	side_wipe(&pair->server);
}

static bool same(const struct secret *a, const struct secret *b)
{
	return a->len && a->len == b->len && !memcmp(a->data, b->data, a->len);
}

/**
 * pair_agrees - both are done, and hold the same secrets
 */
bool pair_agrees(const struct pair *pair)
{
	const struct side *c = &pair->client, *s = &pair->server;

	for (int epoch = HS_EPOCH_HANDSHAKE; epoch <= HS_EPOCH_APPLICATION; epoch++)
		if (!same(&c->secrets[HS_TX][epoch], &s->secrets[HS_RX][epoch]) ||
		    !same(&c->secrets[HS_RX][epoch], &s->secrets[HS_TX][epoch]))
			return false;
	return c->dones == 1 && s->dones == 1 && !c->fails && !s->fails &&
	       same(&c->exporter, &s->exporter) &&
	       same(&c->resumption, &s->resumption) && c->suite == s->suite &&
	       c->group == s->group && !strcmp(c->alpn, s->alpn);
}
