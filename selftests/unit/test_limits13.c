// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) 2026 The tlsup authors
 *
 * record_size_limit (RFC 8449) in both versions, and the cookie of a
 * HelloRetryRequest (RFC 9846, 4.2.2).
 */
#include <string.h>

#include "kselftest_harness.h"
#include "made.h"
#include "tls/hs_int.h"

/** struct seen - the longest content of a protected record, by its receiver */
struct seen {
	size_t longest[3];
	int records[3];
};

static bool look(void *context, const struct side *from, struct record *r)
{
	struct seen *seen = context;

	if (r->epoch == HS_EPOCH_PLAINTEXT)
		return true;
	seen->records[from->role]++;
	if (seen->longest[from->role] < r->len)
		seen->longest[from->role] = r->len;
	return true;
}

static void set(struct pair *pair, struct seen *seen, uint16_t version,
		uint16_t client, uint16_t server)
{
	pair_init(pair);
	memset(seen, 0, sizeof(*seen));
	pair->tamper = look;
	pair->context = seen;
	pair->client.config.min_version = pair->client.config.max_version = version;
	pair->server.config.min_version = pair->server.config.max_version = version;
	pair->client.config.record_size_limit = client;
	pair->server.config.record_size_limit = server;
	pair->server.config.client_auth = HS_CLIENT_AUTH_REQUIRE;
	pair->client_credential = pair->credential = &pair_any_credential;
}

TEST(each_side_keeps_to_the_limit_of_the_other)
{
	static const uint16_t limits[] = { 64, 100, 512, 16385 };

	for (int i = 0; i < 16; i++) {
		uint16_t client = limits[i / 4], server = limits[i % 4];
		struct seen seen;
		struct pair pair;

		set(&pair, &seen, TLS13, client, server);
		pair_run(&pair);
		ASSERT_TRUE(pair_agrees(&pair)) TH_LOG("%s / %s",
			pair.client.failure.reason, pair.server.failure.reason);
		/* Of TLS 1.3's limit one byte is the content type's. */
		EXPECT_GE(client - 1, seen.longest[HS_SERVER]);
		EXPECT_GE(server - 1, seen.longest[HS_CLIENT]);
		EXPECT_EQ(client < 1000 ? client - 1 : seen.longest[HS_SERVER],
			  seen.longest[HS_SERVER]);
		EXPECT_EQ(client, pair.server.record_size_limit);
		EXPECT_EQ(server, pair.server.own_record_size_limit);
		EXPECT_EQ(server, pair.client.record_size_limit);
		EXPECT_EQ(client, pair.client.own_record_size_limit);
		pair_wipe(&pair);
	}
}

TEST(without_an_answer_there_is_no_limit)
{
	for (int i = 0; i < 2; i++)
		for (uint16_t version = TLS12; version <= TLS13; version++) {
			struct seen seen;
			struct pair pair;

			set(&pair, &seen, version, i ? 64 : 0, i ? 0 : 64);
			pair_run(&pair);
			ASSERT_TRUE(pair_agrees(&pair));
			EXPECT_EQ(0, pair.client.record_size_limit);
			EXPECT_EQ(0, pair.client.own_record_size_limit);
			EXPECT_EQ(0, pair.server.record_size_limit);
			EXPECT_EQ(0, pair.server.own_record_size_limit);
			if (version == TLS13)
				EXPECT_LT(64, seen.longest[HS_SERVER]);
			pair_wipe(&pair);
		}
}

/* Only Finished is protected, and it is short. */
TEST(limits_of_TLS_1_2_are_agreed_on)
{
	struct seen seen;
	struct pair pair;

	set(&pair, &seen, TLS12, 16385, 1000);
	pair_run(&pair);
	ASSERT_TRUE(pair_agrees(&pair));
	EXPECT_EQ(1000, pair.client.record_size_limit);
	EXPECT_EQ(16384, pair.server.record_size_limit);
	pair_wipe(&pair);
}

#define FIRST	"\0\x2b\0\3\2\3\4" "\0\x0a\0\6\0\4\0\x1d\0\x17" "\0\x0d\0\4\0\2\4\3"
#define SHARE	"\0\x33\0\x26\0\x24\0\x1d\0\x20\x09" \
		"\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"
#define SHARES_EMPTY	"\0\x33\0\2\0\0"

static int limit_alert(const char *exts, size_t len)
{
	const struct made made = { .exts = exts, .exts_len = len };
	struct pair pair;
	int alert;

	pair_init(&pair);
	pair.server.config.record_size_limit = HS_RECORD_SIZE_MAX;
	made_feed(&pair, &made);
	alert = pair.server.fails ? pair.server.failure.alert : -1;
	pair_wipe(&pair);
	return alert;
}

#define LIMIT(bytes)	limit_alert(FIRST SHARE bytes, sizeof(FIRST SHARE bytes) - 1)

/* RFC 8449, 4. */
TEST(a_limit_is_checked)
{
	EXPECT_EQ(HS_ALERT_ILLEGAL_PARAMETER, LIMIT("\0\x1c\0\2\0\0"));
	EXPECT_EQ(HS_ALERT_ILLEGAL_PARAMETER, LIMIT("\0\x1c\0\2\0\x3f"));
	EXPECT_EQ(-1, LIMIT("\0\x1c\0\2\0\x40"));
	EXPECT_EQ(-1, LIMIT("\0\x1c\0\2\x40\1"));
	/* A server must not mind more than it knows of. */
	EXPECT_EQ(-1, LIMIT("\0\x1c\0\2\xff\xff"));
	EXPECT_EQ(HS_ALERT_DECODE_ERROR, LIMIT("\0\x1c\0\1\x40"));
	EXPECT_EQ(HS_ALERT_DECODE_ERROR, LIMIT("\0\x1c\0\3\x40\0\0"));
	EXPECT_EQ(HS_ALERT_DECODE_ERROR, LIMIT("\0\x1c\0\0"));
}

static void spoil(struct record *r, const char *from, const char *to, size_t len)
{
	uint8_t *at = memmem(r->data, r->len, from, len);

	if (at)
		memcpy(at, to, len);
}

static bool lower(void *context, const struct side *from, struct record *r)
{
	if (from->role == HS_SERVER)
		spoil(r, "\0\x1c\0\2\x40\1", context, 6);
	return true;
}

TEST(a_client_checks_the_limit)
{
	static const char *const bad[] = { "\0\x1c\0\2\0\x3f", "\0\x1c\0\2\x40\2" };

	for (int i = 0; i < 2; i++) {
		struct seen seen;
		struct pair pair;

		set(&pair, &seen, TLS13, HS_RECORD_SIZE_MAX, HS_RECORD_SIZE_MAX);
		pair.tamper = lower;
		pair.context = (void *)bad[i];
		pair_run(&pair);
		EXPECT_EQ(1, pair.client.fails);
		EXPECT_EQ(HS_ALERT_ILLEGAL_PARAMETER, pair.client.failure.alert);
		pair_wipe(&pair);
	}
}

static void retry_pair(struct pair *pair)
{
	static const uint16_t p256[] = { 0x0017 };

	pair_init(pair);
	pair->server.config.cookie = true;
	pair->server.config.groups = p256;
	pair->server.config.groups_len = 1;
}

TEST(a_cookie_comes_back)
{
	struct pair pair;

	retry_pair(&pair);
	pair_run(&pair);
	ASSERT_TRUE(pair_agrees(&pair)) TH_LOG("%s / %s",
		pair.client.failure.reason, pair.server.failure.reason);
	EXPECT_EQ(32, pair.server.hs->cookie_len);
	ASSERT_EQ(32, pair.client.hs->cookie_len);
	EXPECT_EQ(0, memcmp(pair.server.hs->cookie, pair.client.hs->cookie, 32));
	pair_wipe(&pair);
}

static bool another(void *context, const struct side *from, struct record *r)
{
	static const uint8_t head[] = { 0, 44, 0, 34, 0, 32 };
	uint8_t *at = memmem(r->data, r->len, head, sizeof(head));

	(void)context;
	if (from->role == HS_CLIENT && at)
		at[sizeof(head) + 7] ^= 1;
	return true;
}

TEST(another_cookie_is_refused)
{
	struct pair pair;

	retry_pair(&pair);
	pair.tamper = another;
	pair_run(&pair);
	EXPECT_EQ(1, pair.server.fails);
	EXPECT_EQ(HS_ALERT_ILLEGAL_PARAMETER, pair.server.failure.alert);
	pair_wipe(&pair);
}

static int second_alert(const char *exts, size_t len)
{
	const struct made first = { EXTS(FIRST SHARES_EMPTY) };
	const struct made second = { .exts = exts, .exts_len = len };
	struct pair pair;
	int alert;

	pair_init(&pair);
	pair.server.config.cookie = true;
	made_feed(&pair, &first);
	made_feed(&pair, &second);
	alert = pair.server.fails ? pair.server.failure.alert : -1;
	pair_wipe(&pair);
	return alert;
}

#define SECOND(bytes)	second_alert(bytes, sizeof(bytes) - 1)

TEST(no_cookie_is_refused)
{
	EXPECT_EQ(HS_ALERT_MISSING_EXTENSION, SECOND(FIRST SHARE));
	EXPECT_EQ(HS_ALERT_ILLEGAL_PARAMETER, SECOND(FIRST SHARE "\0\x2c\0\3\0\1x"));
	EXPECT_EQ(HS_ALERT_DECODE_ERROR, SECOND(FIRST SHARE "\0\x2c\0\2\0\0"));
}

TEST_HARNESS_MAIN
