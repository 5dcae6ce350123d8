// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) 2026 The tlsup authors
 *
 * seeds DIR: write the records of good handshakes, as each side receives them,
 * as inputs into DIR/fuzz_client and DIR/fuzz_server; each must lead to success. Sessions
 * as bytes, into DIR/fuzz_blob.
 * And what our server never sends: a request for a certificate, and a cookie.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../unit/pair.h"
#include "fuzz.h"
#include "lib/wire.h"
#include "store/blob.h"

#define SEED_MAX	20000

/** struct seed - an input in the making */
struct seed {
	uint8_t data[SEED_MAX];
	struct wr wr;
};

static struct seed seeds[3];	/* by the role that receives */

/* What else a client's input gets: bytes at a place in a record of an epoch. */
static struct patch {
	enum hs_epoch epoch;
	size_t at;
	const char *bytes;
	uint8_t len;
	uint8_t lengths[2];	/* where lengths stand that grow by as much, or 0 */
} patch;

static const struct patch request = {
	/* behind EncryptedExtensions without an extension */
	HS_EPOCH_HANDSHAKE, 6, "\x0d\0\0\x0b\0\0\x08\0\x0d\0\4\0\2\4\3", 15,
}, cookie = {
	/* the first extension of a HelloRetryRequest */
	HS_EPOCH_PLAINTEXT, 76, "\0\x2c\0\5\0\3abc", 9, { 3, 75 },
};

static void write_content(struct wr *wr, const struct record *r, bool patched)
{
	size_t at = patched ? patch.at : r->len;
	uint8_t *start = wr->data + wr->len;

	wr_bytes(wr, r->data, at);
	if (patched)
		wr_bytes(wr, patch.bytes, patch.len);
	wr_bytes(wr, r->data + at, r->len - at);
	for (int i = 0; patched && i < 2 && patch.lengths[i]; i++)
		start[patch.lengths[i]] += patch.len;
}

static bool record(void *context, const struct side *from, struct record *r)
{
	struct wr *wr = &seeds[from->role == HS_CLIENT ? HS_SERVER : HS_CLIENT].wr;
	size_t mark;

	(void)context;
	wr_u8(wr, (uint8_t)r->epoch);
	mark = wr_open(wr, 2);
	write_content(wr, r, patch.len && r->epoch == patch.epoch &&
		      from->role == HS_SERVER);
	wr_close(wr, mark);
	return true;
}

static const struct hs_session *find(struct side *side, const struct hs_question *question,
				     size_t *index)
{
	static struct hs_session session;

	(void)question;
	*index = 0;
	fuzz_session(*(const uint16_t *)side->pair->context, &session);
	return &session;
}

static void ticket(struct side *side, const struct hs_question *question,
		   struct hs_ticket *made)
{
	(void)side;
	(void)question;
	*made = (struct hs_ticket){ { (const uint8_t *)"ticket", 6 }, 3600, 0x55555555 };
}

static bool handshake(uint16_t setup, size_t fragment)
{
	struct pair pair;
	bool agrees;

	for (int role = HS_CLIENT; role <= HS_SERVER; role++) {
		wr_init(&seeds[role].wr, seeds[role].data, SEED_MAX);
		wr_u16(&seeds[role].wr, setup);
	}
	pair_init(&pair);
	fuzz_configure(HS_CLIENT, setup, &pair.client.config);
	fuzz_configure(HS_SERVER, setup, &pair.server.config);
	pair.credential = &pair_any_credential;
	if (setup & FUZZ_CLIENT_AUTH)
		pair.client_credential = &pair_any_credential;
	pair.tamper = record;
	pair.context = &setup;
	pair.find = setup & FUZZ_OFFER ? find : NULL;
	pair.ticket = ticket;
	pair.fragment = fragment;
	pair_run(&pair);
	agrees = pair_agrees(&pair);
	pair_wipe(&pair);
	return agrees;
}

static bool write_seed(const char *dir, const char *name, const struct wr *wr,
		       uint16_t setup, size_t fragment)
{
	char path[4096];
	size_t written;
	FILE *file;

	snprintf(path, sizeof(path), "%s/%s/seed-%04x-%zu", dir, name, setup, fragment);
	file = fopen(path, "wb");
	if (!file) {
		perror(path);
		return false;
	}
	written = fwrite(wr->data, 1, wr->len, file);
	return !fclose(file) && written == wr->len && !wr->failed;
}

static bool make(const char *dir, uint16_t setup, size_t fragment)
{
	const struct wr *client = &seeds[HS_CLIENT].wr, *server = &seeds[HS_SERVER].wr;

	return handshake(setup, fragment) &&
	       fuzz_engine(HS_CLIENT, client->data, client->len) &&
	       fuzz_engine(HS_SERVER, server->data, server->len) &&
	       write_seed(dir, "fuzz_client", client, setup, fragment) &&
	       write_seed(dir, "fuzz_server", server, setup, fragment);
}

/* Not to success: the transcripts differ. */
static bool make_patched(const char *dir, uint16_t setup, const struct patch *with)
{
	patch = *with;
	return handshake(setup, 0) && write_seed(dir, "fuzz_client",
						 &seeds[HS_CLIENT].wr, setup, with->at);
}

/* All of what is not about sessions, and a choice of what is. */
static bool is_wanted(unsigned int setup)
{
	const unsigned int with = setup & (FUZZ_OFFER | FUZZ_TICKET | FUZZ_EXTERNAL |
					   FUZZ_PSK_KE);

	if (setup & FUZZ_REFUSE || (with && !(setup & FUZZ_SESSIONS)))
		return false;
	return !(setup & FUZZ_SESSIONS) || !(setup & (FUZZ_PLAIN | FUZZ_SUITE_MASK));
}

/* A session as bytes, for each format that holds one; and a ticket's message. */
static bool make_blobs(const char *dir)
{
	static const uint8_t message[] = {
		4, 4, 0, 0, 16, 0, 0, 14, 16, 1, 2, 3, 4, 1, 0, 0, 2, 7, 7, 0, 0,
	};
	uint8_t data[SEED_MAX];
	struct wr wr;

	for (uint16_t setup = 0; setup <= FUZZ_TICKET; setup += FUZZ_TLS12) {
		struct blob blob = { .created = setup, .with_key = setup & FUZZ_TICKET };

		fuzz_session(setup, &blob.session);
		blob.digest[0] = (uint8_t)setup;
		wr_init(&wr, data, sizeof(data));
		wr_u8(&wr, setup & FUZZ_TLS12 ? 0 : 2);
		wr.len += blob_write(&blob, data + wr.len, sizeof(data) - wr.len);
		if (!write_seed(dir, "fuzz_blob", &wr, setup, 0))
			return false;
	}
	wr_init(&wr, data, sizeof(data));
	wr_bytes(&wr, message, sizeof(message));
	return write_seed(dir, "fuzz_blob", &wr, 0, 1);
}

int main(int argc, char **argv)
{
	if (argc != 2) {
		fprintf(stderr, "usage: seeds DIR\n");
		return 2;
	}
	for (unsigned int setup = 0; setup < FUZZ_SETUP_END; setup++)
		if (is_wanted(setup) && !make(argv[1], (uint16_t)setup, 0)) {
			fprintf(stderr, "seed %04x: no success\n", setup);
			return 1;
		}
	return make_blobs(argv[1]) && make(argv[1], 0, 100) &&
	       make_patched(argv[1], FUZZ_PLAIN, &request) &&
	       make_patched(argv[1], FUZZ_PLAIN | FUZZ_RETRY, &cookie) ? 0 : 1;
}
