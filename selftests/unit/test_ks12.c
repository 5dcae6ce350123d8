// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) 2026 The tlsup authors
 *
 * The PRF of TLS 1.2 against the published vectors, and the block of keys that
 * is cut from it.
 */
#include <string.h>

#include "kselftest_harness.h"
#include "prf12.h"
#include "tls/hs_int.h"

static const uint8_t client_random[] = "client random of thirty-two byte";
static const uint8_t server_random[] = "server random of thirty-two byte";

TEST(the_prf_matches_the_published_vectors)
{
	uint8_t out[100];

	for (size_t i = 0; i < sizeof(prf12) / sizeof(prf12[0]); i++) {
		uint8_t seed[10 + 16];

		memcpy(seed, "test label", 10);
		memcpy(seed + 10, prf12[i].seed, 16);
		for (size_t len = 1; len <= sizeof(out); len++) {
			memset(out, 0, sizeof(out));
			cr_prf(i ? &cr_sha384 : &cr_sha256, prf12[i].secret, 16,
			       seed, sizeof(seed), out, len);
			ASSERT_EQ(0, memcmp(out, prf12[i].out, len));
		}
	}
}

/* RFC 5246, 6.3: client before server; MAC keys, keys, fixed nonces. */
TEST(the_block_is_cut_in_order)
{
	struct hs_keys client, server;
	const struct suite *suite;
	struct ks12 ks = { 0 };

	for (size_t i = 0; (suite = suite_at(i)); i++) {
		size_t half = (size_t)suite->mac_size + suite->key_size + suite->iv_size;

		if (suite->version != TLS12)
			continue;
		ks.suite = suite;
		for (size_t b = 0; b < sizeof(ks.block); b++)
			ks.block[b] = (uint8_t)b;
		ks12_keys(&ks, HS_CLIENT, &client);
		ks12_keys(&ks, HS_SERVER, &server);
		ASSERT_LE(2 * half, sizeof(ks.block));
		ASSERT_EQ(&ks.block[0], client.mac.data);
		ASSERT_EQ(client.mac.data + suite->mac_size, server.mac.data);
		ASSERT_EQ(server.mac.data + suite->mac_size, client.key.data);
		ASSERT_EQ(client.key.data + suite->key_size, server.key.data);
		ASSERT_EQ(server.key.data + suite->key_size, client.iv.data);
		ASSERT_EQ(client.iv.data + suite->iv_size, server.iv.data);
		ASSERT_EQ(server.iv.data + suite->iv_size, &ks.block[2 * half]);
	}
}

/* Each from the PRF with the label and the seed that its RFC names. */
TEST(labels_and_seeds_are_the_standards)
{
	static const uint8_t premaster[48] = { 3, 3, 1 };
	const struct hs_bytes pms = { premaster, sizeof(premaster) };
	struct ks12 ks = { .suite = suite_find(0xc030) };
	uint8_t want[2 * 36], seed[128], hash[CR_HASH_MAX] = { 5 }, verify[12];
	size_t n = 13;

	memcpy(seed, "master secret", n);
	memcpy(seed + n, client_random, 32);
	memcpy(seed + n + 32, server_random, 32);
	cr_prf(&cr_sha384, premaster, 48, seed, n + 64, want, 48);
	ks12_master(&ks, pms, client_random, server_random);
	ASSERT_EQ(0, memcmp(want, ks.master.data, 48));

	memcpy(seed, "key expansion", n);
	memcpy(seed + n, server_random, 32);
	memcpy(seed + n + 32, client_random, 32);
	cr_prf(&cr_sha384, ks.master.data, 48, seed, n + 64, want, sizeof(want));
	ks12_expand(&ks, client_random, server_random);
	EXPECT_EQ(0, memcmp(want, ks.block, sizeof(want)));

	memcpy(seed, "extended master secret", 22);
	memcpy(seed + 22, hash, 48);
	cr_prf(&cr_sha384, premaster, 48, seed, 22 + 48, want, 48);
	ks12_extended_master(&ks, pms, hash);
	EXPECT_EQ(0, memcmp(want, ks.master.data, 48));

	memcpy(seed, "server finished", 15);
	memcpy(seed + 15, hash, 48);
	cr_prf(&cr_sha384, ks.master.data, 48, seed, 15 + 48, want, 12);
	ks12_finished(&ks, HS_SERVER, hash, verify);
	EXPECT_EQ(0, memcmp(want, verify, 12));
	memcpy(seed, "client", 6);
	cr_prf(&cr_sha384, ks.master.data, 48, seed, 15 + 48, want, 12);
	ks12_finished(&ks, HS_CLIENT, hash, verify);
	EXPECT_EQ(0, memcmp(want, verify, 12));
}

TEST_HARNESS_MAIN
