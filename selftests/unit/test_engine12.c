// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) 2026 The tlsup authors
 *
 * Engine against engine in TLS 1.2: what both sides must agree on.
 */
#include <errno.h>
#include <string.h>

#include "kselftest_harness.h"
#include "pair.h"
#include "tls/suite.h"

#define TLS12	0x0303
#define TLS13	0x0304

static void pair12_init(struct pair *pair)
{
	pair_init(pair);
	pair->client.config.min_version = TLS12;
	pair->client.config.max_version = TLS12;
	pair->server.config.min_version = TLS12;
	pair->server.config.max_version = TLS12;
	pair->client.config.ems_required = true;
	pair->server.config.ems_required = true;
}

/* One suite, and a certificate that suits it. */
static void use_suite(struct pair *pair, const struct suite *suite)
{
	pair->client.config.suites = &suite->id;
	pair->client.config.suites_len = 1;
	if (suite->auth == AUTH_RSA)
		pair->credential = &pair_rsa_credential;
}

TEST(every_suite_agrees)
{
	const struct suite *suite;
	int tried = 0;

	for (size_t i = 0; (suite = suite_at(i)); i++) {
		struct pair pair;

		if (suite->version != TLS12 || suite->kx == KX_DHE)
			continue;
		pair12_init(&pair);
		use_suite(&pair, suite);
		pair_run(&pair);
		ASSERT_TRUE(pair_agrees(&pair)) TH_LOG("%s: %s / %s", suite->name,
			pair.client.failure.reason, pair.server.failure.reason);
		EXPECT_EQ(TLS12, pair.server.version);
		EXPECT_EQ(suite->id, pair.server.suite);
		EXPECT_EQ(suite->key_size, pair.server.keys[HS_TX].key_len);
		EXPECT_EQ(suite->mac_size, pair.server.keys[HS_TX].mac_len);
		EXPECT_EQ(suite->mac_size != 0, pair.server.keys[HS_TX].etm);
		EXPECT_EQ(suite->kx == KX_RSA ? 0 : 0x001d, pair.client.group);
		EXPECT_EQ(48, pair.client.exporter.len);
		EXPECT_EQ(2, pair.client.chain_len);
		/* client_hello, client_key_exchange: change_cipher_spec is no message */
		EXPECT_EQ(2, pair.server.nexts);
		pair_wipe(&pair);
		tried++;
	}
	EXPECT_LE(28, tried);
}

TEST_HARNESS_MAIN
