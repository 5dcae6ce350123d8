// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) 2026 The tlsup authors
 *
 * Where records end says nothing about where messages end: flights cut at each
 * of their bytes, byte by byte, and packed as tightly as the epochs allow.
 */
#include <stdlib.h>
#include <string.h>

#include "kselftest_harness.h"
#include "pair.h"

static const uint16_t p256[] = { 0x0017 };
static const uint8_t alpn[] = "\x02h2";

/** struct cut - a place in a flight: the nth record of a side, a byte in it */
struct cut {
	enum hs_role from;
	int record;
	size_t at;
	int seen;
	size_t len;
	bool done;
};

static void setup(struct pair *pair, bool retry)
{
	pair_init(pair);
	pair->client.config.server_name = "localhost";
	pair->client.config.alpn = (struct hs_bytes){ alpn, 3 };
	pair->server.config.alpn = (struct hs_bytes){ alpn, 3 };
	if (retry) {
		pair->server.config.groups = p256;
		pair->server.config.groups_len = 1;
	}
}

/* The head is delivered; the rest goes back to the front of the queue. */
static bool cut(void *context, const struct side *from, struct record *r)
{
	struct side *sender = from->role == HS_CLIENT ? &from->pair->client :
							&from->pair->server;
	struct cut *c = context;
	struct record *rest;

	if (from->role != c->from || c->done || c->seen++ != c->record)
		return true;
	c->done = true;
	c->len = r->len;
	rest = calloc(1, sizeof(*rest));
	*rest = *r;
	rest->len = r->len - c->at;
	memmove(rest->data, r->data + c->at, rest->len);
	r->len = c->at;
	rest->next = sender->head;
	if (!sender->head)
		sender->tail = &rest->next;
	sender->head = rest;
	return true;
}

/* Cut a record at each of its bytes: how many there were, or 0 for a failure. */
static size_t cut_everywhere(enum hs_role from, int record, bool retry)
{
	struct cut c = { .from = from, .record = record, .at = 1 };
	struct pair pair;
	bool good;

	do {
		setup(&pair, retry);
		pair.tamper = cut;
		pair.context = &c;
		c.seen = 0;
		c.done = false;
		pair_run(&pair);
		good = c.done && pair_agrees(&pair) && !strcmp(pair.client.alpn, "h2");
		pair_wipe(&pair);
	} while (good && ++c.at < c.len);
	return good ? c.at - 1 : 0;
}

TEST(each_record_may_be_cut_at_each_byte)
{
	EXPECT_LT(150, cut_everywhere(HS_CLIENT, 0, false));
	EXPECT_LT(100, cut_everywhere(HS_SERVER, 0, false));
	EXPECT_LT(1700, cut_everywhere(HS_SERVER, 1, false));
	EXPECT_EQ(35, cut_everywhere(HS_CLIENT, 1, false));
}

TEST(so_may_each_of_a_retry)
{
	EXPECT_LT(150, cut_everywhere(HS_CLIENT, 0, true));
	EXPECT_EQ(87, cut_everywhere(HS_SERVER, 0, true));
	EXPECT_LT(150, cut_everywhere(HS_CLIENT, 1, true));
	EXPECT_LT(100, cut_everywhere(HS_SERVER, 1, true));
}

TEST(byte_by_byte)
{
	for (int retry = 0; retry < 2; retry++) {
		struct pair pair;

		setup(&pair, retry);
		pair.fragment = 1;
		pair_run(&pair);
		EXPECT_TRUE(pair_agrees(&pair));
		/* A record of one byte is answered by one "next". */
		EXPECT_LT(150, pair.server.nexts);
		EXPECT_LT(1700, pair.client.nexts);
		pair_wipe(&pair);
	}
}

/** struct count - handshake records by sender and epoch */
struct count {
	int records[3][3];
};

static bool count(void *context, const struct side *from, struct record *r)
{
	struct count *c = context;

	c->records[from->role][r->epoch]++;
	return true;
}

/* The engine packs each flight into one piece per epoch. */
TEST(a_flight_is_one_piece_per_epoch)
{
	for (int retry = 0; retry < 2; retry++) {
		struct count c = { 0 };
		struct pair pair;

		setup(&pair, retry);
		pair.tamper = count;
		pair.context = &c;
		pair_run(&pair);
		ASSERT_TRUE(pair_agrees(&pair));
		EXPECT_EQ(1 + retry, c.records[HS_CLIENT][HS_EPOCH_PLAINTEXT]);
		EXPECT_EQ(1, c.records[HS_CLIENT][HS_EPOCH_HANDSHAKE]);
		EXPECT_EQ(1 + retry, c.records[HS_SERVER][HS_EPOCH_PLAINTEXT]);
		EXPECT_EQ(1, c.records[HS_SERVER][HS_EPOCH_HANDSHAKE]);
		EXPECT_EQ(0, c.records[HS_CLIENT][HS_EPOCH_APPLICATION]);
		EXPECT_EQ(0, c.records[HS_SERVER][HS_EPOCH_APPLICATION]);
		pair_wipe(&pair);
	}
}

/* RFC 9846, 5.1: a fragment of no bytes may not be sent. */
TEST(an_empty_record_is_unexpected)
{
	struct pair pair;

	pair_init(&pair);
	pair_feed(&pair.server, HS_EPOCH_PLAINTEXT, (const uint8_t *)"", 0);
	EXPECT_EQ(1, pair.server.fails);
	EXPECT_EQ(HS_ALERT_UNEXPECTED_MESSAGE, pair.server.failure.alert);
	pair_wipe(&pair);
}

TEST_HARNESS_MAIN
