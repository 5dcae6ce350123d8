// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) 2026 The tlsup authors
 *
 * A peer that breaks the rules: every message cut, stretched, doubled, left
 * out, swapped, in the wrong epoch, and with every byte changed. The side that
 * receives it fails once, with the alert that the RFC names, and never crashes.
 */
#include <errno.h>
#include <string.h>

#include "hostile.h"
#include "kselftest_harness.h"

static const struct place places[] = {
	{ "client_hello", HS_CLIENT, 0, 0 },
	{ "server_hello", HS_SERVER, 0, 0 },
	{ "encrypted_extensions", HS_SERVER, 1, 0 },
	{ "certificate", HS_SERVER, 1, 1 },
	{ "certificate_verify", HS_SERVER, 1, 2 },
	{ "server finished", HS_SERVER, 1, 3 },
	{ "client finished", HS_CLIENT, 1, 0 },
};

#define PLACES	(sizeof(places) / sizeof(places[0]))

static void run_plan(struct pair *pair, struct plan *plan)
{
	static const uint8_t alpn[] = "\x02h2";

	pair_init(pair);
	pair->client.config.server_name = "localhost";
	pair->client.config.alpn = (struct hs_bytes){ alpn, 3 };
	pair->server.config.alpn = (struct hs_bytes){ alpn, 3 };
	plan->protected_epoch = HS_EPOCH_HANDSHAKE;
	hostile_attach(pair, plan);
	pair_run(pair);
}

TEST(a_trailing_byte_is_decode_error)
{
	for (size_t i = 0; i < PLACES; i++) {
		struct plan plan = { .place = &places[i], .deed = STRETCH };
		struct pair pair;

		run_plan(&pair, &plan);
		ASSERT_TRUE(plan.done);
		EXPECT_FAILED(pair, plan, HS_ALERT_DECODE_ERROR);
		pair_wipe(&pair);
	}
}

/* A hello without any extension is whole, and one of an older version. */
static int cut_alert(const struct plan *plan)
{
	size_t body = plan->len - HEADER - plan->at;
	size_t bare = HEADER + 2 + 32 + 1 + 32;

	if (plan->place == &places[0] && body == bare + 2 + 5 * 2 + 2 - HEADER)
		return HS_ALERT_PROTOCOL_VERSION;
	if (plan->place == &places[1] && body == bare + 2 + 1 - HEADER)
		return HS_ALERT_PROTOCOL_VERSION;
	return HS_ALERT_DECODE_ERROR;
}

TEST(every_truncation_is_decode_error)
{
	for (size_t i = 0; i < PLACES; i++) {
		struct plan plan = { .place = &places[i], .deed = CUT, .at = 1 };

		do {
			struct pair pair;

			run_plan(&pair, &plan);
			EXPECT_FAILED(pair, plan, cut_alert(&plan));
			pair_wipe(&pair);
		} while (++plan.at <= plan.len - HEADER);
	}
}

TEST(a_message_twice_or_swapped_is_unexpected)
{
	for (size_t i = 0; i < PLACES; i++)
		for (enum deed deed = TWICE; deed <= SWAP; deed++) {
			struct plan plan = { .place = &places[i], .deed = deed };
			struct pair pair;

			run_plan(&pair, &plan);
			/* A lone message left out, or the last one: nothing comes. */
			if (deed == LEAVE_OUT &&
			    (places[i].record == 0 || places[i].message == 3 ||
			     places[i].from == HS_CLIENT)) {
				EXPECT_EQ(0, pair.client.dones * pair.server.dones);
			} else if (plan.done) {
				EXPECT_FAILED(pair, plan, HS_ALERT_UNEXPECTED_MESSAGE);
			}
			pair_wipe(&pair);
		}
}

TEST(bytes_left_over_at_a_change_of_keys_are_unexpected)
{
	static const int at[] = { 0, 1, 5, 6 };

	for (size_t i = 0; i < 4; i++) {
		struct plan plan = { .place = &places[at[i]], .deed = TRAIL };
		struct pair pair;

		run_plan(&pair, &plan);
		EXPECT_FAILED(pair, plan, HS_ALERT_UNEXPECTED_MESSAGE);
		pair_wipe(&pair);
	}
}

TEST(a_record_of_another_epoch_is_unexpected)
{
	for (size_t i = 0; i < PLACES; i++) {
		struct plan plan = { .place = &places[i], .deed = EPOCH };
		struct pair pair;

		run_plan(&pair, &plan);
		EXPECT_FAILED(pair, plan, HS_ALERT_UNEXPECTED_MESSAGE);
		pair_wipe(&pair);
	}
}

/* Whatever byte is changed on the way, the two never both succeed. */
TEST(no_flipped_bit_goes_unnoticed)
{
	for (size_t i = 0; i < PLACES; i++) {
		struct plan plan = { .place = &places[i], .deed = FLIP };

		do {
			struct pair pair;

			run_plan(&pair, &plan);
			ASSERT_EQ(0, pair.client.dones * pair.server.dones)
				TH_LOG("%s, byte %zu", places[i].name, plan.at);
			ASSERT_LE(pair.client.fails, 1);
			ASSERT_LE(pair.server.fails, 1);
			pair_wipe(&pair);
		} while (++plan.at < plan.len);
	}
}

TEST(a_wrong_finished_is_decrypt_error)
{
	for (size_t i = 5; i < PLACES; i++) {
		struct plan plan = { .place = &places[i], .deed = FLIP, .at = HEADER };
		struct pair pair;

		run_plan(&pair, &plan);
		EXPECT_FAILED(pair, plan, HS_ALERT_DECRYPT_ERROR);
		pair_wipe(&pair);
	}
}

TEST(a_message_longer_than_its_limit_is_refused_by_its_header)
{
	const uint8_t header[] = { 1, 0, 0x40, 1 };
	struct pair pair;

	pair_init(&pair);
	pair_feed(&pair.server, HS_EPOCH_PLAINTEXT, header, sizeof(header));
	EXPECT_EQ(1, pair.server.fails);
	EXPECT_EQ(HS_ALERT_ILLEGAL_PARAMETER, pair.server.failure.alert);
	pair_wipe(&pair);
}

/* The fixed start of a ClientHello, up to its extensions. */
static size_t hello_start(uint8_t *m, uint16_t version)
{
	static const uint8_t rest[] = { 0, 0, 2, 0x13, 0x01, 1, 0 };

	memset(m, 0, 100);
	m[0] = 1;
	m[HEADER] = (uint8_t)(version >> 8);
	m[HEADER + 1] = (uint8_t)version;
	memcpy(m + HEADER + 34, rest, sizeof(rest));
	return HEADER + 34 + sizeof(rest);
}

static int hello_alert(const uint8_t *exts, size_t len)
{
	uint8_t m[600];
	size_t at = hello_start(m, 0x0303);
	struct pair pair;
	int alert;

	m[at] = (uint8_t)(len >> 8);
	m[at + 1] = (uint8_t)len;
	memcpy(m + at + 2, exts, len);
	hostile_set_len(m, at + 2 + len - HEADER);
	pair_init(&pair);
	pair_feed(&pair.server, HS_EPOCH_PLAINTEXT, m, at + 2 + len);
	alert = pair.server.fails == 1 ? pair.server.failure.alert : -1;
	pair_wipe(&pair);
	return alert;
}

#define VERSIONS	"\0\x2b\0\3\2\3\4"
#define GROUPS		"\0\x0a\0\4\0\2\0\x1d"
#define SCHEMES		"\0\x0d\0\4\0\2\4\3"
#define EMPTY_SHARES	"\0\x33\0\2\0\0"
#define MODES		"\0\x2d\0\2\1\1"
#define IDENTITY	"\0\1a\0\0\0\0"
#define BINDERS		"\0\x21\x20" "0123456789abcdef0123456789abcdef"
#define PSK		"\0\x29\0\x2c\0\7" IDENTITY BINDERS
#define TWO_PSKS	"\0\x29\0\x33\0\x0e" IDENTITY IDENTITY BINDERS
#define ALERT(exts)	hello_alert((const uint8_t *)(exts), sizeof(exts) - 1)

TEST(hellos_that_break_a_rule_get_the_alert_of_the_rule)
{
	EXPECT_EQ(HS_ALERT_PROTOCOL_VERSION, ALERT(GROUPS SCHEMES EMPTY_SHARES));
	EXPECT_EQ(HS_ALERT_PROTOCOL_VERSION,
		  ALERT("\0\x2b\0\3\2\3\3" GROUPS SCHEMES EMPTY_SHARES));
	EXPECT_EQ(HS_ALERT_MISSING_EXTENSION, ALERT(VERSIONS GROUPS SCHEMES));
	EXPECT_EQ(HS_ALERT_MISSING_EXTENSION, ALERT(VERSIONS SCHEMES EMPTY_SHARES));
	EXPECT_EQ(HS_ALERT_MISSING_EXTENSION, ALERT(VERSIONS GROUPS EMPTY_SHARES));
	/* Twice the same, malformed, out of place, not last. */
	EXPECT_EQ(HS_ALERT_ILLEGAL_PARAMETER, ALERT(VERSIONS VERSIONS GROUPS));
	EXPECT_EQ(HS_ALERT_DECODE_ERROR, ALERT("\0\x2b\0\3\2\3"));
	EXPECT_EQ(HS_ALERT_DECODE_ERROR, ALERT("\0\x2b\0\3\3\3\4"));
	EXPECT_EQ(HS_ALERT_DECODE_ERROR, ALERT(VERSIONS "\0\x0a\0\2\0\0"));
	EXPECT_EQ(HS_ALERT_ILLEGAL_PARAMETER, ALERT(VERSIONS "\0\x30\0\0"));
	EXPECT_EQ(HS_ALERT_ILLEGAL_PARAMETER,
		  ALERT(VERSIONS GROUPS SCHEMES EMPTY_SHARES PSK "\x10\0\0\0"));
	/* A binder too few. */
	EXPECT_EQ(HS_ALERT_ILLEGAL_PARAMETER,
		  ALERT(VERSIONS GROUPS SCHEMES EMPTY_SHARES MODES TWO_PSKS));
	EXPECT_EQ(HS_ALERT_MISSING_EXTENSION,
		  ALERT(VERSIONS GROUPS SCHEMES EMPTY_SHARES PSK));
	EXPECT_EQ(HS_ALERT_MISSING_EXTENSION, ALERT(VERSIONS MODES PSK));
	EXPECT_EQ(HS_ALERT_DECODE_ERROR,
		  ALERT(VERSIONS GROUPS SCHEMES EMPTY_SHARES MODES "\0\x29\0\0"));
	EXPECT_EQ(HS_ALERT_DECODE_ERROR,
		  ALERT(VERSIONS GROUPS SCHEMES EMPTY_SHARES "\0\x2d\0\1\0"));
	/* A share of a group that was not offered. */
	EXPECT_EQ(HS_ALERT_ILLEGAL_PARAMETER,
		  ALERT(VERSIONS GROUPS SCHEMES "\0\x33\0\7\0\5\0\x17\0\1\4"));
	/* What is unknown is ignored: an empty share list asks for a retry. */
	EXPECT_EQ(-1, ALERT("\x0a\x0a\0\0" VERSIONS GROUPS SCHEMES EMPTY_SHARES
			    "\x1a\x1a\0\1\0"));
}

TEST_HARNESS_MAIN
