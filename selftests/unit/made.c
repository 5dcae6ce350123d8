// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) 2026 The tlsup authors
 */
#include "made.h"

#include <string.h>

#include "tls/hs_int.h"

#define HELLO_MAX	2000

static size_t write_hello(const struct made *made, uint8_t *out, size_t size)
{
	uint8_t random[RANDOM_SIZE], id[256];
	size_t message, vector;
	struct wr wr;

	memset(random, made->random, sizeof(random));
	memset(id, made->session_id, sizeof(id));
	wr_init(&wr, out, size);
	wr_u8(&wr, TYPE_CLIENT_HELLO);
	message = wr_open(&wr, 3);
	wr_u16(&wr, made->version ? made->version : TLS12);
	wr_bytes(&wr, random, RANDOM_SIZE);
	vector = wr_open(&wr, 1);
	wr_bytes(&wr, id, made->session_id_len);
	wr_close(&wr, vector);
	vector = wr_open(&wr, 2);
	wr_bytes(&wr, made->suites ? made->suites : "\x13\1\x13\2",
		 made->suites ? made->suites_len : 4);
	wr_close(&wr, vector);
	vector = wr_open(&wr, 1);
	wr_bytes(&wr, made->compression ? made->compression : "",
		 made->compression ? made->compression_len : 1);
	wr_close(&wr, vector);
	if (made->exts) {
		vector = wr_open(&wr, 2);
		wr_bytes(&wr, made->exts, made->exts_len);
		wr_close(&wr, vector);
	}
	wr_close(&wr, message);
	return wr.failed ? 0 : wr.len;
}

/** made_feed - write it, and feed it to the server */
void made_feed(struct pair *pair, const struct made *made)
{
	uint8_t message[HELLO_MAX];
	size_t len = write_hello(made, message, sizeof(message));

	pair_feed(&pair->server, HS_EPOCH_PLAINTEXT, message, len);
}

