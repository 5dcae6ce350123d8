// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) 2026 The tlsup authors
 */
#include "part.h"

#include <stdlib.h>

#include "../unit/pair.h"
#include "fuzz.h"

static void on_send(void *owner, enum hs_content type, const uint8_t *data, size_t len)
{
}

static void on_keys(void *owner, const struct hs_keys *keys)
{
}

static void on_next(void *owner, const struct hs_next *next)
{
}

static void on_done(void *owner, const struct hs_result *result)
{
}

static void on_ask(void *owner, const struct hs_question *question)
{
	struct part *part = owner;

	part->asks++;
}

static void on_fail(void *owner, const struct hs_failure *failure)
{
	struct part *part = owner;

	if (part->fails++ || !failure->alert || failure->error <= 0 || !failure->reason)
		abort();
}

static const struct hs_ops ops = {
	.send = on_send, .keys = on_keys, .next = on_next,
	.ask = on_ask, .done = on_done, .fail = on_fail,
};

static bool is_12(enum msg msg)
{
	return msg >= MSG_SERVER_HELLO_12;
}

/* What the messages before it have left behind. */
static void settle(struct hs *hs, enum msg msg, uint8_t setup)
{
	static const uint16_t suites[] = { 0xc02b, 0x009e, 0x009c, 0xc028 };
	static const uint8_t hash[CR_HASH_MAX];

	hs->flags |= FL_REQUEST | FL_COMPRESSION;
	hs->version = is_12(msg) ? TLS12 : TLS13;
	hs->suite = suite_find(is_12(msg) ? suites[setup % 4] : 0x1301);
	if (is_12(msg)) {
		hs->flags |= FL_TLS12;
		hs->ks12.suite = hs->suite;
	}
	if (!hs->kex)
		hs->kex = cr_kex_find(0x0017);
	hs->credential = &pair_any_credential;
	hs->ems = true;
	trans_start(hs);
	if (is_12(msg)) {
		ks12_master(&hs->ks12, (struct hs_bytes){ hash, PREMASTER_SIZE },
			    hs->client_random, hs->server_random);
		return;
	}
	ks_early(&hs->ks, hs->suite->hash, (struct hs_bytes){ 0 });
	ks_handshake(&hs->ks, hash, 32, hash);
}

/**
 * part_init - an engine that waits for a message
 * @part: filled
 * @msg: the message; the engine is of the side that receives it
 * @setup: of FUZZ_CLIENT_AUTH and FUZZ_PLAIN; and a suite of TLS 1.2
 */
void part_init(struct part *part, enum msg msg, uint8_t setup)
{
	enum hs_role role = fl_action(msg)->from == HS_CLIENT ? HS_SERVER : HS_CLIENT;

	*part = (struct part){ .fails = 0 };
	fuzz_configure(role, setup & (FUZZ_CLIENT_AUTH | FUZZ_PLAIN), &part->config);
	if (is_12(msg))
		part->config.max_version = TLS12;
	part->hs = hs_create(role, &part->config, &ops, part);
	if (role == HS_CLIENT)
		hs_start(part->hs);
	part->asks = 0;
	part->hs->asking = false;
	if (msg != MSG_CLIENT_HELLO && msg != MSG_SERVER_HELLO &&
	    msg != MSG_HELLO_RETRY_REQUEST && msg != MSG_SERVER_HELLO_12)
		settle(part->hs, msg, setup);
}

/**
 * part_wipe - free the engine
 * @part: from part_init()
 */
void part_wipe(struct part *part)
{
	hs_destroy(part->hs);
}
