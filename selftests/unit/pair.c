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

static const uint16_t rsa_schemes[] = { 0x0804, 0x0401 };
const struct hs_credential pair_rsa_credential = {
	.chain = chain, .chain_len = 2, .schemes = rsa_schemes, .schemes_len = 2,
	.decrypts = true,
};
static const uint16_t all_schemes[] = { 0x0403, 0x0804 };
const struct hs_credential pair_any_credential = {
	.chain = chain, .chain_len = 2, .schemes = all_schemes, .schemes_len = 2,
	.decrypts = true,
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

static void keep_keys(struct side *side, const struct hs_keys *keys)
{
	struct pair_keys *slot = &side->keys[keys->direction];
	const struct hs_bytes parts[] = { keys->key, keys->iv, keys->mac };

	slot->len = 0;
	for (size_t i = 0; i < 3; i++) {
		if (parts[i].len)
			memcpy(slot->data + slot->len, parts[i].data, parts[i].len);
		slot->len += parts[i].len;
	}
	slot->key_len = keys->key.len;
	slot->mac_len = keys->mac.len;
	slot->etm = keys->etm;
}

static void on_keys(void *owner, const struct hs_keys *keys)
{
	struct side *side = owner;
	struct secret *slot = &side->secrets[keys->direction][keys->epoch];

	slot->len = keys->secret.len;
	if (slot->len)
		memcpy(slot->data, keys->secret.data, keys->secret.len);
	if (keys->version == 0x0303)
		keep_keys(side, keys);
	if (keys->version == 0x0303 && keys->direction == HS_RX)
		side->pending = true;
	else if (keys->direction == HS_TX)
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

/**
 * pair_encrypt - stands for RSA: each byte changed, behind a tag
 * @premaster: HS_PREMASTER_SIZE bytes
 * @text: PAIR_RSA_SIZE bytes
 */
void pair_encrypt(struct hs_bytes premaster, uint8_t *text)
{
	size_t tag = PAIR_RSA_SIZE - HS_PREMASTER_SIZE;

	memset(text, 'R', tag);
	for (size_t i = 0; i < HS_PREMASTER_SIZE; i++)
		text[tag + i] = premaster.data[i] ^ 0x5a;
}

/**
 * pair_decrypt - undo it
 * @text: if its length is wrong, what comes out is made up
 * @premaster: HS_PREMASTER_SIZE bytes
 */
void pair_decrypt(struct hs_bytes text, uint8_t *premaster)
{
	size_t tag = PAIR_RSA_SIZE - HS_PREMASTER_SIZE;

	memset(premaster, 0x77, HS_PREMASTER_SIZE);
	for (size_t i = 0; i < HS_PREMASTER_SIZE && text.len == PAIR_RSA_SIZE; i++)
		premaster[i] = text.data[tag + i] ^ 0x5a;
}

static const struct hs_credential *credential(const struct side *side)
{
	if (side->role == HS_CLIENT)
		return side->pair->client_credential;
	if (side->pair->no_credential)
		return NULL;
	return side->pair->credential ? side->pair->credential : &pair_credential;
}

static void answer_rsa(struct side *side, const struct hs_question *question)
{
	uint8_t text[PAIR_RSA_SIZE], premaster[HS_PREMASTER_SIZE];

	if (question->ask == HS_ASK_ENCRYPT) {
		pair_encrypt(question->content, text);
		hs_answer_encrypt(side->hs, text, sizeof(text));
		return;
	}
	pair_decrypt(side->pair->bad_premaster ? (struct hs_bytes){ 0 } :
		     question->content, premaster);
	if (side->pair->decrypted)
		side->pair->decrypted(side, premaster);
	hs_answer_decrypt(side->hs, premaster);
}

static void answer_session(struct side *side, const struct hs_question *question)
{
	const struct hs_session *session = NULL;
	size_t index = 0;

	if (side->pair->find)
		session = side->pair->find(side, question, &index);
	hs_answer_session(side->hs, session, index);
}

static void answer_ticket(struct side *side, const struct hs_question *question)
{
	struct hs_ticket ticket = { 0 };

	if (side->pair->ticket)
		side->pair->ticket(side, question, &ticket);
	hs_answer_ticket(side->hs, &ticket);
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
		side->auths = question->auths;
		side->authorities_len = question->authorities.len;
		side->cert_schemes_len = question->cert_schemes_len;
		if (question->cert_schemes_len)
			memcpy(side->cert_schemes, question->cert_schemes,
			       question->cert_schemes_len * sizeof(uint16_t));
		hs_answer_credential(side->hs, credential(side));
		break;
	case HS_ASK_ENCRYPT:
	case HS_ASK_DECRYPT:
		answer_rsa(side, question);
		break;
	case HS_ASK_SESSION:
		answer_session(side, question);
		break;
	case HS_ASK_TICKET:
		answer_ticket(side, question);
		break;
	case HS_ASK_SIGN:
		pair_sign(question->content, mac);
		hs_answer_sign(side->hs, mac, sizeof(mac));
		break;
	case HS_ASK_VERIFY:
		side->ocsp_len = question->ocsp[0].len;
		side->ocsp_len_2 = question->ocsp[1].len;
		side->chain_of = question->chain_of;
		pair_sign(question->content, mac);
		if (side->pair->refuse ||
		    (side->pair->refuse_client && side->role == HS_SERVER))
			hs_answer_verify(side->hs, &refused);
		else if (!question->scheme)
			hs_answer_verify(side->hs, NULL);
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

static void on_trace(void *owner, bool sent, const char *message, const char *detail)
{
	struct side *side = owner;

	if (side->pair->trace)
		side->pair->trace(side, sent, message);
	if (side->pair->detail && !sent)
		side->pair->detail(side, message, detail);
}

static void keep(struct secret *to, struct hs_bytes from)
{
	to->len = from.len;
	if (from.len)
		memcpy(to->data, from.data, from.len);
}

static void on_done(void *owner, const struct hs_result *result)
{
	struct side *side = owner;

	side->dones++;
	side->resumed = result->resumed;
	side->suite = result->suite;
	side->group = result->group;
	side->scheme = result->signature_scheme;
	side->chain_len = result->chain_len;
	side->version = result->version;
	side->client_authenticated = result->client_authenticated;
	side->record_size_limit = result->record_size_limit;
	side->own_record_size_limit = result->own_record_size_limit;
	if (result->randoms.len)
		memcpy(side->randoms, result->randoms.data, sizeof(side->randoms));
	keep(&side->exporter, result->exporter_secret);
	keep(&side->resumption, result->resumption_secret);
	memcpy(side->alpn, result->alpn.data, result->alpn.len);
	strcpy(side->name, result->server_name);
	if (side->pair->keep && result->session)
		side->pair->keep(side, result->session);
}

static void on_fail(void *owner, const struct hs_failure *failure)
{
	struct side *side = owner;

	side->fails++;
	side->failure = *failure;
}

static void on_keylog(void *owner, const char *label, const uint8_t *client_random,
		      const uint8_t *secret, size_t len)
{
	struct side *side = owner;

	if (side->pair->keylog)
		side->pair->keylog(side, label, client_random, secret, len);
}

static const struct hs_ops ops = {
	.send = on_send, .keys = on_keys, .next = on_next, .ask = on_ask,
	.done = on_done, .fail = on_fail, .trace = on_trace, .keylog = on_keylog,
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

/* The kernel's part: in TLS 1.2 keys that wait act from here on. */
static void take_ccs(struct side *side)
{
	if (side->version != 0x0303)
		return;
	side->bad_ccs += !side->pending;
	side->pending = false;
	side->rx_epoch = HS_EPOCH_APPLICATION;
}

static bool deliver(struct pair *pair, struct side *from, struct side *to)
{
	struct record *r;

	if (!to->waiting || to->fails || to->dones)
		return false;
	r = pair_take(from);
	if (!r)
		return false;
	if (r->type == HS_CONTENT_CCS)
		take_ccs(to);
	else if (!pair->tamper || pair->tamper(pair->context, from, r))
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

static bool same_keys(const struct pair_keys *a, const struct pair_keys *b)
{
	return a->len && a->len == b->len && a->key_len == b->key_len &&
	       a->mac_len == b->mac_len && a->etm == b->etm &&
	       !memcmp(a->data, b->data, a->len);
}

static bool same_secrets(const struct side *c, const struct side *s)
{
	if (c->version == 0x0303)
		return same_keys(&c->keys[HS_TX], &s->keys[HS_RX]) &&
		       same_keys(&c->keys[HS_RX], &s->keys[HS_TX]) &&
		       !c->bad_ccs && !s->bad_ccs && !c->pending && !s->pending;
	for (int epoch = HS_EPOCH_HANDSHAKE; epoch <= HS_EPOCH_APPLICATION; epoch++)
		if (!same(&c->secrets[HS_TX][epoch], &s->secrets[HS_RX][epoch]) ||
		    !same(&c->secrets[HS_RX][epoch], &s->secrets[HS_TX][epoch]))
			return false;
	return same(&c->exporter, &s->exporter) && same(&c->resumption, &s->resumption);
}

/**
 * pair_agrees - both are done, and hold the same secrets
 */
bool pair_agrees(const struct pair *pair)
{
	const struct side *c = &pair->client, *s = &pair->server;

	return c->dones == 1 && c->resumed == s->resumed && s->dones == 1 && !c->fails && !s->fails &&
	       c->version == s->version && same_secrets(c, s) &&
	       c->exporter.len == s->exporter.len &&
	       !memcmp(c->exporter.data, s->exporter.data, c->exporter.len) &&
	       !memcmp(c->randoms, s->randoms, sizeof(c->randoms)) &&
	       c->suite == s->suite && c->group == s->group &&
	       c->scheme == s->scheme && !strcmp(c->alpn, s->alpn);
}
