// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) 2026 The tlsup authors
 *
 * Ticket keys come, seal, only open, and go; and what they seal comes back as the
 * session that it was.
 */
#include <string.h>

#include "crypto/cr_rand.h"
#include "kselftest_harness.h"
#include "store/blob.h"
#include "store/ticket.h"

#define PERIOD	1000
#define START	5000000

static uint64_t time_now;

static uint64_t test_now(void)
{
	return time_now;
}

static const struct ticket_options options = {
	.period = PERIOD, .lifetime = 1500, .now = test_now,
};

static bool opens(struct tickets *tickets, const uint8_t *box, size_t len)
{
	uint8_t plain[256];

	return ticket_open(tickets, "ticket", box, len, plain) &&
	       !memcmp(plain, "content", 7);
}

static size_t seal(struct tickets *tickets, uint8_t *box)
{
	return ticket_seal(tickets, "ticket", (const uint8_t *)"content", 7, box);
}

TEST(a_key_opens_as_long_as_what_it_sealed_may_live)
{
	struct tickets *tickets = ticket_create(&options);
	uint8_t first[128], second[128];
	size_t len;

	time_now = START;
	len = seal(tickets, first);
	ASSERT_TRUE(opens(tickets, first, len));
	time_now += PERIOD;
	ASSERT_EQ(len, seal(tickets, second));
	/* Another key seals, and the first still opens. */
	EXPECT_NE(0, memcmp(first + 1, second + 1, TICKET_NAME_SIZE));
	EXPECT_TRUE(opens(tickets, first, len) && opens(tickets, second, len));
	time_now += PERIOD;
	EXPECT_TRUE(opens(tickets, first, len));
	time_now += PERIOD;
	EXPECT_FALSE(opens(tickets, first, len));
	EXPECT_TRUE(opens(tickets, second, len));
	ticket_destroy(tickets);
}

static bool count_key(void *owner, const struct ticket_key *key)
{
	(void)key;
	++*(int *)owner;
	return true;
}

static int count_keys(struct tickets *tickets)
{
	int count = 0;

	ticket_each(tickets, count_key, &count);
	return count;
}

/* By time alone, or by the next key that is made. */
TEST(a_key_is_wiped_when_its_time_is_over)
{
	struct tickets *tickets = ticket_create(&options);
	uint8_t box[128];

	time_now = START;
	EXPECT_EQ(PERIOD, ticket_wipe(tickets));
	seal(tickets, box);
	time_now += 3 * PERIOD - 1;
	EXPECT_EQ(1, ticket_wipe(tickets));
	EXPECT_EQ(1, count_keys(tickets));
	time_now++;
	ticket_wipe(tickets);
	EXPECT_EQ(0, count_keys(tickets));
	seal(tickets, box);
	time_now += 3 * PERIOD;
	seal(tickets, box);
	EXPECT_EQ(1, count_keys(tickets));
	ticket_destroy(tickets);
}

TEST(what_was_changed_or_is_of_another_daemon_does_not_open)
{
	struct tickets *ours = ticket_create(&options), *theirs = ticket_create(&options);
	uint8_t box[128], plain[128];
	size_t len;

	time_now = START;
	len = seal(ours, box);
	EXPECT_FALSE(opens(theirs, box, len));
	EXPECT_FALSE(ticket_open(ours, "cookie", box, len, plain));
	for (size_t i = 0; i < len; i++) {
		box[i] ^= 1;
		EXPECT_FALSE(opens(ours, box, len));
		box[i] ^= 1;
		EXPECT_FALSE(opens(ours, box, i));
	}
	EXPECT_TRUE(opens(ours, box, len));
	ticket_destroy(ours);
	ticket_destroy(theirs);
}

TEST(a_fleet_opens_what_its_members_seal)
{
	struct tickets *a = ticket_create(&options), *b = ticket_create(&options);
	uint8_t key[TICKET_KEY_SIZE], box[128], own[128];
	size_t len;

	time_now = START;
	/* Before it has heard of the fleet's key it has one of its own. */
	len = seal(a, own);
	cr_random(key, sizeof(key));
	EXPECT_FALSE(ticket_has(a, ticket_epoch(a)));
	ticket_add(a, ticket_epoch(a), key);
	ticket_add(b, ticket_epoch(b), key);
	EXPECT_TRUE(ticket_has(a, ticket_epoch(a)));
	ASSERT_EQ(len, seal(a, box));
	EXPECT_TRUE(opens(b, box, len));
	EXPECT_TRUE(opens(a, own, len));
	EXPECT_FALSE(opens(b, own, len));
	/* A key that comes too late, or too early, is none. */
	ticket_add(a, ticket_epoch(a) + 2, key);
	EXPECT_FALSE(ticket_has(a, ticket_epoch(a) + 2));
	ticket_destroy(a);
	ticket_destroy(b);
}

TEST(a_session_comes_back_as_it_was)
{
	static const uint8_t secret[48] = "secret", name[] = "ticket", leaf[300] = { 0x30 };
	const struct hs_bytes chain[] = { { leaf, 300 }, { leaf, 7 } };
	struct blob blob = {
		.session = {
			.by = HS_RESUMED_TICKET, .version = 0x0303, .suite = 0xc02b, .ems = true,
			.client_authenticated = true, .lifetime = 77,
			.name = { name, 6 }, .secret = { secret, 48 },
			.alpn = { (const uint8_t *)"h2", 2 },
			.server_name = { (const uint8_t *)"example.org", 11 },
			.chain = chain, .chain_len = 2,
		},
		.created = 123456789012, .authenticated = 1, .verified = 2, .expires = 3,
		.age_add = 4, .with_key = true, .key = { .id = "id" }, .digest = { 9 },
	}, read;
	uint8_t data[1024], again[1024];
	size_t len = blob_write(&blob, data, sizeof(data));

	ASSERT_NE(0, len);
	ASSERT_TRUE(blob_read(&read, data, len));
	EXPECT_EQ(len, blob_write(&read, again, sizeof(again)));
	EXPECT_EQ(0, memcmp(data, again, len));
	EXPECT_EQ(2, read.session.chain_len);
	EXPECT_EQ(123456789012, read.created);
	EXPECT_EQ(0, blob_write(&blob, again, len - 1));
	for (size_t i = 0; i < len - 1; i++)
		EXPECT_EQ(0, again[i]);
	for (size_t i = 0; i < len; i++)
		EXPECT_FALSE(blob_read(&read, data, i));
	/* Of a format that is not known, whatever follows. */
	data[0]++;
	EXPECT_FALSE(blob_read(&read, data, len));
}

TEST_HARNESS_MAIN
