// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) 2026 The tlsup authors
 *
 * The owner of an engine that is fed by a fuzzer. It aborts where the engine
 * breaks a promise of tls/hs.h.
 */
#include "fuzz.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "../unit/pair.h"
#include "crypto/cr_rand.h"
#include "lib/wire.h"

#define TLS12	0x0303
#define TLS13	0x0304

#define PROMISE(is_kept)	do { if (!(is_kept)) abort(); } while (0)

/* What an engine does last in each call. */
enum last { LAST_NONE, LAST_NEXT, LAST_ASK, LAST_DONE, LAST_FAIL };

struct fuzz_owner {
	struct hs *hs;
	enum hs_role role;
	uint16_t setup;
	enum last last;
	struct hs_session session;
	bool ended;
	bool verified;
	enum hs_epoch epochs[2];
	struct hs_question question;
};

/* Instead of crypto/cr_rand.c. The same for both roles, at every call. */
void cr_random(uint8_t *out, size_t len)
{
	for (size_t i = 0; i < len; i++)
		out[i] = (uint8_t)(0x21 + 7 * i);
}

void cr_random_nettle(void *ctx, size_t len, uint8_t *out)
{
	(void)ctx;
	cr_random(out, len);
}

/**
 * fuzz_configure - what an engine is set up with
 * @role: of the engine
 * @setup: first byte of an input
 * @config: filled
 */
void fuzz_configure(enum hs_role role, uint16_t setup, struct hs_config *config)
{
	static const uint16_t groups[] = { 0x0017, 0x001d }, compression[] = { 1 };
	static const uint8_t alpn[] = "\x02h2\x08http/1.1";
	static const uint16_t suites13[] = { 0x1301, 0x1302, 0x1303 };
	static const uint16_t suites12[] = { 0xc02b, 0xc028, 0x009c };
	const uint16_t *suites = setup & FUZZ_TLS12 ? suites12 : suites13;
	size_t suite = (setup & FUZZ_SUITE_MASK) >> FUZZ_SUITE_SHIFT;

	memset(config, 0, sizeof(*config));
	config->min_version = TLS12;
	config->max_version = setup & FUZZ_TLS12 ? TLS12 : TLS13;
	config->ems_required = setup & FUZZ_PLAIN;
	config->ocsp = !(setup & FUZZ_PLAIN);
	if (setup & FUZZ_CLIENT_AUTH) {
		config->client_auth = HS_CLIENT_AUTH_REQUIRE;
		config->compression = compression;
		config->compression_len = 1;
		config->record_size_limit = 1000;
		config->cookie = true;
	}
	if (suite) {
		config->suites = &suites[suite - 1];
		config->suites_len = 1;
	}
	if (role == HS_SERVER && setup & FUZZ_RETRY) {
		config->groups = groups;
		config->groups_len = 1;
	}
	config->sessions = setup & FUZZ_SESSIONS;
	config->session_ticket = setup & FUZZ_TICKET;
	config->tickets = setup & FUZZ_TICKET ? 2 : 0;
	config->psk_ke = setup & FUZZ_PSK_KE;
	if (setup & FUZZ_PLAIN)
		return;
	config->alpn = (struct hs_bytes){ alpn, sizeof(alpn) - 1 };
	if (role == HS_CLIENT)
		config->server_name = "www.example.org";
}

/**
 * fuzz_session - the session that both sides have
 * @setup: which kind
 * @session: filled
 */
void fuzz_session(uint16_t setup, struct hs_session *session)
{
	static const char name[] = "a name that is thirty-two bytes.";
	static const uint8_t secret[48] = "a secret";
	struct hs_config config;

	fuzz_configure(HS_CLIENT, setup, &config);
	*session = (struct hs_session){
		.by = setup & FUZZ_EXTERNAL ? HS_EXTERNAL_PSK : HS_RESUMED_PSK,
		.version = TLS13,
		.suite = config.suites_len ? config.suites[0] : 0x1301,
		.name = { (const uint8_t *)name, 32 },
		.age = 0x01020304,
		.secret = { secret, 32 },
		.ems = true,
		.chain = pair_credential.chain,
		.chain_len = pair_credential.chain_len,
		.client_authenticated = true,
	};
	if (setup & FUZZ_TLS12) {
		session->version = TLS12;
		session->suite = config.suites_len ? config.suites[0] : 0xc02b;
		session->by = setup & FUZZ_TICKET ? HS_RESUMED_TICKET : HS_RESUMED_ID;
		session->secret.len = 48;
	}
	if (setup & FUZZ_PLAIN)
		return;
	session->alpn = (struct hs_bytes){ config.alpn.data + 1, config.alpn.data[0] };
	session->server_name = (struct hs_bytes){
		(const uint8_t *)config.server_name, strlen(config.server_name) };
}

static void conclude(struct fuzz_owner *owner, enum last last)
{
	PROMISE(!owner->ended);
	PROMISE(owner->last == LAST_NONE ||
		(owner->last == LAST_ASK && !(owner->setup & FUZZ_LATER)));
	owner->last = last;
	owner->ended = last == LAST_DONE || last == LAST_FAIL;
}

static void on_send(void *arg, enum hs_content type, const uint8_t *data, size_t len)
{
	struct fuzz_owner *owner = arg;

	PROMISE(!owner->ended && data && len);
	PROMISE(type == HS_CONTENT_HANDSHAKE || type == HS_CONTENT_CCS);
}

static void on_keys(void *arg, const struct hs_keys *keys)
{
	struct fuzz_owner *owner = arg;
	enum hs_epoch *epoch = &owner->epochs[keys->direction];

	PROMISE(!owner->ended);
	PROMISE(keys->epoch == (keys->version == TLS12 ? HS_EPOCH_APPLICATION : *epoch + 1));
	PROMISE(keys->version == TLS12 ? keys->key.len && !keys->secret.len :
		keys->secret.len == (keys->suite == 0x1302 ? 48 : 32));
	*epoch = keys->epoch;
}

static void on_next(void *arg, const struct hs_next *next)
{
	struct fuzz_owner *owner = arg;

	PROMISE(!next->skip || owner->role == HS_SERVER);
	conclude(owner, LAST_NEXT);
}

static void on_done(void *arg, const struct hs_result *result)
{
	struct fuzz_owner *owner = arg;

	conclude(owner, LAST_DONE);
	PROMISE(!result->resumed || owner->setup & FUZZ_OFFER);
	PROMISE(owner->role == HS_SERVER || result->resumed ||
		(owner->verified && result->chain_len));
	PROMISE(!result->session || owner->setup & FUZZ_SESSIONS);
	PROMISE(owner->epochs[HS_TX] == HS_EPOCH_APPLICATION);
	PROMISE(owner->epochs[HS_RX] == HS_EPOCH_APPLICATION);
	PROMISE(result->version == TLS12 ? result->randoms.len == 64 :
		result->exporter_secret.len && result->resumption_secret.len);
}

static void on_fail(void *arg, const struct hs_failure *failure)
{
	conclude(arg, LAST_FAIL);
	PROMISE(failure->alert && failure->error > 0 && failure->reason);
}

/* The server's is the last that was asked for. */
static void answer_session(struct fuzz_owner *owner, const struct hs_question *q)
{
	bool offer = owner->setup & FUZZ_OFFER;

	PROMISE(owner->setup & FUZZ_SESSIONS);
	PROMISE(owner->role == HS_CLIENT || q->identities_len);
	fuzz_session(owner->setup, &owner->session);
	hs_answer_session(owner->hs, offer ? &owner->session : NULL,
			  q->identities_len ? q->identities_len - 1 : 0);
}

static void answer(struct fuzz_owner *owner)
{
	static const struct hs_failure refused = {
		HS_ALERT_UNKNOWN_CA, EKEYREJECTED, "refused",
	};
	static const struct hs_ticket no_ticket, ticket = {
		{ (const uint8_t *)"ticket", 6 }, 3600, 0x55555555,
	};
	const struct hs_question *q = &owner->question;
	bool refuse = owner->setup & FUZZ_REFUSE;
	uint8_t premaster[HS_PREMASTER_SIZE], text[PAIR_RSA_SIZE];
	uint8_t mac[PAIR_SIGNATURE_SIZE];

	switch (q->ask) {
	case HS_ASK_CREDENTIAL:
		hs_answer_credential(owner->hs, refuse ? NULL : &pair_any_credential);
		break;
	case HS_ASK_SIGN:
		pair_sign(q->content, mac);
		hs_answer_sign(owner->hs, mac, sizeof(mac));
		break;
	case HS_ASK_VERIFY:
		PROMISE(q->chain_len && (q->content.len || q->version == TLS12));
		owner->verified = !refuse;
		hs_answer_verify(owner->hs, refuse ? &refused : NULL);
		break;
	case HS_ASK_ENCRYPT:
		pair_encrypt(q->content, text);
		hs_answer_encrypt(owner->hs, text, refuse ? 0 : sizeof(text));
		break;
	case HS_ASK_DECRYPT:
		pair_decrypt(q->content, premaster);
		hs_answer_decrypt(owner->hs, premaster);
		break;
	case HS_ASK_SESSION:
		answer_session(owner, q);
		break;
	case HS_ASK_TICKET:
		PROMISE(q->session->secret.len && q->session->version == q->version);
		hs_answer_ticket(owner->hs, refuse ? &no_ticket : &ticket);
		break;
	}
}

static void on_ask(void *arg, const struct hs_question *question)
{
	struct fuzz_owner *owner = arg;

	owner->question = *question;
	conclude(owner, LAST_ASK);
	if (!(owner->setup & FUZZ_LATER))
		answer(owner);
}

static const struct hs_ops ops = {
	.send = on_send, .keys = on_keys, .next = on_next,
	.ask = on_ask, .done = on_done, .fail = on_fail,
};

/* After a call: it has said what comes next, and open questions are answered. */
static void settle(struct fuzz_owner *owner)
{
	PROMISE(owner->last != LAST_NONE);
	while (owner->last == LAST_ASK) {
		PROMISE(owner->setup & FUZZ_LATER);
		owner->last = LAST_NONE;
		answer(owner);
		PROMISE(owner->last != LAST_NONE);
	}
}

static void feed(struct fuzz_owner *owner, uint8_t flags, struct rd content)
{
	enum hs_epoch epoch = flags & FUZZ_EPOCH_MASK;
	/* A copy, so that a read past its end is seen. */
	uint8_t *copy = malloc(content.len ? content.len : 1);

	memcpy(copy, content.data, content.len);
	if (flags & FUZZ_FIX_LENGTH && content.len >= 4) {
		copy[1] = 0;
		copy[2] = (uint8_t)((content.len - 4) >> 8);
		copy[3] = (uint8_t)(content.len - 4);
	}
	owner->last = LAST_NONE;
	hs_record(owner->hs, epoch, flags & FUZZ_OTHER_TYPE ? HS_CONTENT_ALERT :
		  HS_CONTENT_HANDSHAKE, copy, content.len);
	free(copy);
	settle(owner);
}

/**
 * fuzz_engine - feed an input to an engine
 * @role: of the engine
 * @data: the input
 * @size: its length
 *
 * Return: whether the handshake was completed.
 */
bool fuzz_engine(enum hs_role role, const uint8_t *data, size_t size)
{
	struct fuzz_owner owner = { .role = role };
	struct hs_config config;
	struct rd input;

	rd_init(&input, data, size);
	owner.setup = rd_u16(&input);
	fuzz_configure(role, owner.setup, &config);
	owner.hs = hs_create(role, &config, &ops, &owner);
	if (role == HS_CLIENT) {
		hs_start(owner.hs);
		settle(&owner);
	}
	while (rd_more(&input) && !owner.ended) {
		uint8_t flags = rd_u8(&input);
		struct rd content = rd_vec16(&input);

		if (!content.failed)
			feed(&owner, flags, content);
	}
	hs_destroy(owner.hs);
	return owner.last == LAST_DONE;
}
