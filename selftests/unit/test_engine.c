// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) 2026 The tlsup authors
 *
 * Engine against engine: what both sides must agree on.
 */
#include <errno.h>
#include <string.h>

#include "crypto/cr_kex.h"
#include "kselftest_harness.h"
#include "pair.h"

static const uint16_t suites[] = { 0x1301, 0x1302, 0x1303, 0x1304, 0x1305 };
static const uint16_t groups[] = { 0x001d, 0x0017 };
static const uint16_t swapped[] = { 0x0017, 0x001d };
static const uint8_t alpn[] = "\x02h2\x08http/1.1";
static const uint8_t http[] = "\x08http/1.1";
static const uint8_t other[] = "\x03xyz";

#define LIST(a)	((struct hs_bytes){ a, sizeof(a) - 1 })

TEST(every_suite_group_and_retry_agrees)
{
	struct pair pair;

	for (int s = 0; s < 5; s++)
		for (int g = 0; g < 2; g++)
			for (int retry = 0; retry < 2; retry++) {
				pair_init(&pair);
				pair.client.config.suites = &suites[s];
				pair.client.config.suites_len = 1;
				pair.server.config.groups = &groups[g];
				pair.server.config.groups_len = 1;
				/* The client's first group is the one whose share it sends. */
				pair.client.config.groups = (g == 0) == !retry ?
							    groups : swapped;
				pair.client.config.groups_len = 2;
				pair_run(&pair);
				ASSERT_TRUE(pair_agrees(&pair)) TH_LOG("%s / %s",
					pair.client.failure.reason, pair.server.failure.reason);
				ASSERT_EQ(suites[s], pair.server.suite);
				ASSERT_EQ(groups[g], pair.server.group);
				ASSERT_EQ(0x0403, pair.client.scheme);
				/* client_hello [client_hello] finished */
				ASSERT_EQ(retry ? 2 : 1, pair.server.nexts);
				pair_wipe(&pair);
			}
}

/* With the client's guess right, and wrong. */
TEST(every_group_agrees)
{
	for (size_t i = 0; cr_kex_at(i); i++)
		for (int retry = 0; retry < 2; retry++) {
			const struct cr_kex *kex = cr_kex_at(i);
			const uint16_t other = i ? 0x001d : 0x0017;
			uint16_t list[] = { retry ? other : kex->id, kex->id };
			struct pair pair;

			pair_init(&pair);
			pair.client.config.groups = list;
			pair.client.config.groups_len = 2;
			pair.server.config.groups = &kex->id;
			pair.server.config.groups_len = 1;
			pair_run(&pair);
			ASSERT_TRUE(pair_agrees(&pair)) TH_LOG("%s: %s / %s", kex->name,
				pair.client.failure.reason, pair.server.failure.reason);
			EXPECT_EQ(kex->id, pair.client.group);
			EXPECT_EQ(retry ? 2 : 1, pair.server.nexts);
			pair_wipe(&pair);
		}
}

TEST(the_server_prefers_by_its_own_order)
{
	static const uint16_t reversed[] = { 0x1303, 0x1302, 0x1301 };
	struct pair pair;

	pair_init(&pair);
	pair.server.config.suites = reversed;
	pair.server.config.suites_len = 3;
	pair.client.config.alpn = LIST(alpn);
	pair.server.config.alpn = (struct hs_bytes){ http, sizeof(http) - 1 };
	pair_run(&pair);
	ASSERT_TRUE(pair_agrees(&pair));
	EXPECT_EQ(0x1303, pair.client.suite);
	EXPECT_STREQ("http/1.1", pair.client.alpn);
	pair_wipe(&pair);
}

TEST(the_name_reaches_the_server)
{
	struct pair pair;

	pair_init(&pair);
	pair.client.config.server_name = "www.example.org";
	pair_run(&pair);
	ASSERT_TRUE(pair_agrees(&pair));
	EXPECT_STREQ("www.example.org", pair.server.name);
	EXPECT_EQ(2, pair.client.chain_len);
	EXPECT_EQ(0, pair.server.chain_len);
	pair_wipe(&pair);
}

TEST(no_protocol_in_common_is_told)
{
	struct pair pair;

	pair_init(&pair);
	pair.client.config.alpn = LIST(alpn);
	pair.server.config.alpn = LIST(other);
	pair_run(&pair);
	EXPECT_EQ(1, pair.server.fails);
	EXPECT_EQ(HS_ALERT_NO_APPLICATION_PROTOCOL, pair.server.failure.alert);
	pair_wipe(&pair);
}

TEST(no_suite_or_group_in_common_is_told)
{
	struct pair pair;

	pair_init(&pair);
	pair.client.config.suites = &suites[0];
	pair.client.config.suites_len = 1;
	pair.server.config.suites = &suites[1];
	pair.server.config.suites_len = 1;
	pair_run(&pair);
	EXPECT_EQ(HS_ALERT_HANDSHAKE_FAILURE, pair.server.failure.alert);
	pair_wipe(&pair);

	pair_init(&pair);
	pair.client.config.groups = &groups[0];
	pair.client.config.groups_len = 1;
	pair.server.config.groups = &groups[1];
	pair.server.config.groups_len = 1;
	pair_run(&pair);
	EXPECT_EQ(HS_ALERT_HANDSHAKE_FAILURE, pair.server.failure.alert);
	pair_wipe(&pair);
}

TEST(a_chain_that_is_refused_ends_it)
{
	struct pair pair;

	pair_init(&pair);
	pair.refuse = true;
	pair_run(&pair);
	EXPECT_EQ(1, pair.client.fails);
	EXPECT_EQ(EKEYREJECTED, pair.client.failure.error);
	EXPECT_EQ(HS_ALERT_UNKNOWN_CA, pair.client.failure.alert);
	EXPECT_EQ(0, pair.client.dones + pair.server.dones);
	pair_wipe(&pair);
}

TEST(a_server_without_certificate_says_ENOKEY)
{
	struct pair pair;

	pair_init(&pair);
	pair.no_credential = true;
	pair_run(&pair);
	EXPECT_EQ(ENOKEY, pair.server.failure.error);
	pair_wipe(&pair);
}

TEST(answers_may_come_later)
{
	struct pair pair;

	pair_init(&pair);
	pair.later = true;
	pair_run(&pair);
	EXPECT_TRUE(pair_agrees(&pair));
	pair_wipe(&pair);

	pair_init(&pair);
	pair.later = true;
	pair.refuse = true;
	pair_run(&pair);
	EXPECT_EQ(HS_ALERT_UNKNOWN_CA, pair.client.failure.alert);
	pair_wipe(&pair);
}

TEST(records_cut_at_every_length_agree)
{
	struct pair pair;

	for (size_t n = 1; n < 400; n += n < 70 ? 1 : 37) {
		pair_init(&pair);
		pair.fragment = n;
		pair_run(&pair);
		ASSERT_TRUE(pair_agrees(&pair)) TH_LOG("fragments of %zu", n);
		pair_wipe(&pair);
	}
}

TEST_HARNESS_MAIN
