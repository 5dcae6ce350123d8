// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) 2026 The tlsup authors
 *
 * TLS 1.2 against OpenSSL in memory, in both roles: every suite, with data under
 * its keys.
 */
#include <string.h>

#include "crypto/cr_hash.h"
#include "kselftest_harness.h"
#include "openssl_peer.h"

static const uint16_t rsa_schemes[] = { 0x0804, 0x0401 };
static const uint16_t ecdsa_schemes[] = { 0x0403 };
static const uint16_t ed25519_schemes[] = { 0x0807 };

FIXTURE(openssl) {
	struct key_pair rsa, ecdsa, ed25519;
	struct peer peer;
};

FIXTURE_VARIANT(openssl) {
	enum hs_role role;
};

FIXTURE_VARIANT_ADD(openssl, client) { HS_CLIENT };
FIXTURE_VARIANT_ADD(openssl, server) { HS_SERVER };

FIXTURE_SETUP(openssl)
{
	key_pair_make(&self->rsa, "RSA", rsa_schemes, 2);
	key_pair_make(&self->ecdsa, "P-256", ecdsa_schemes, 1);
	key_pair_make(&self->ed25519, "ED25519", ed25519_schemes, 1);
}

FIXTURE_TEARDOWN(openssl)
{
	key_pair_free(&self->rsa);
	key_pair_free(&self->ecdsa);
	key_pair_free(&self->ed25519);
}

/* One suite on either side; false if OpenSSL has not got it. */
static bool use_suite(struct peer *peer, const struct suite *suite)
{
	const uint8_t id[] = { (uint8_t)(suite->id >> 8), (uint8_t)suite->id };
	const SSL_CIPHER *cipher = SSL_CIPHER_find(peer->ssl, id);

	peer->config.suites = &suite->id;
	peer->config.suites_len = 1;
	return cipher && SSL_set_cipher_list(peer->ssl, SSL_CIPHER_get_name(cipher));
}

#define EXPECT_AGREE(peer, suite) do { \
	bool agree = peer_run(peer) && peer_exchange(peer); \
	ASSERT_TRUE(agree) TH_LOG("%s: %s; OpenSSL's alert %d", (suite)->name, \
		(peer)->reason ? (peer)->reason : "-", (peer)->alert); \
} while (0)

TEST_F(openssl, every_suite_agrees)
{
	const struct suite *suite;
	int tried = 0;

	for (size_t i = 0; (suite = suite_at(i)); i++) {
		if (suite->version != 0x0303 || suite->kx == KX_DHE)
			continue;
		peer_init(&self->peer, variant->role, suite->auth == AUTH_RSA ?
			  &self->rsa : &self->ecdsa, NULL);
		self->peer.config.ems_required = true;
		ASSERT_TRUE(use_suite(&self->peer, suite));
		EXPECT_AGREE(&self->peer, suite);
		EXPECT_EQ(suite->mac_size != 0, self->peer.tx.etm);
		peer_wipe(&self->peer);
		tried++;
	}
	EXPECT_LE(28, tried);
}

/* Each extension that the other side may lack, over MAC suites and an AEAD. */
TEST_F(openssl, without_extended_master_secret_or_encrypt_then_mac)
{
	static const uint16_t ids[] = { 0xc02b, 0xc009, 0xc023, 0xc024 };

	for (size_t i = 0; i < 4; i++)
		for (int mask = 0; mask < 4; mask++) {
			const struct suite *suite = suite_find(ids[i]);

			peer_init(&self->peer, variant->role, &self->ecdsa, NULL);
			use_suite(&self->peer, suite);
			if (mask & 1)
				SSL_set_options(self->peer.ssl,
						SSL_OP_NO_EXTENDED_MASTER_SECRET);
			if (mask & 2)
				SSL_set_options(self->peer.ssl,
						SSL_OP_NO_ENCRYPT_THEN_MAC);
			EXPECT_AGREE(&self->peer, suite);
			EXPECT_EQ(mask & 1 ? 0 : 48,
				  self->peer.result->exporter_secret.len);
			EXPECT_EQ(suite->mac_size && !(mask & 2), self->peer.tx.etm);
			peer_wipe(&self->peer);
		}
}

TEST_F(openssl, a_peer_without_extended_master_secret_is_refused)
{
	peer_init(&self->peer, variant->role, &self->ecdsa, NULL);
	self->peer.config.ems_required = true;
	use_suite(&self->peer, suite_find(0xc02b));
	SSL_set_options(self->peer.ssl, SSL_OP_NO_EXTENDED_MASTER_SECRET);
	EXPECT_FALSE(peer_run(&self->peer));
	EXPECT_TRUE(self->peer.failed && strstr(self->peer.reason, "extended_master_secret"));
	peer_wipe(&self->peer);
}

/* RFC 5705, with and without the extension that TLSUP_EXPORTER wants. */
TEST_F(openssl, exporters_agree)
{
	static const char label[] = "EXPORTER-of-a-test";
	uint8_t seed[sizeof(label) - 1 + 64], ours[40], theirs[40];

	for (int i = 0; i < 2; i++) {
		const struct hs_result *res;

		peer_init(&self->peer, variant->role, &self->ecdsa, NULL);
		use_suite(&self->peer, suite_find(i ? 0xc02c : 0xc02b));
		ASSERT_TRUE(peer_run(&self->peer));
		res = self->peer.result;
		memcpy(seed, label, sizeof(label) - 1);
		memcpy(seed + sizeof(label) - 1, res->randoms.data, 64);
		cr_prf(i ? &cr_sha384 : &cr_sha256, res->exporter_secret.data, 48,
		       seed, sizeof(seed), ours, sizeof(ours));
		SSL_export_keying_material(self->peer.ssl, theirs, sizeof(theirs), label,
					   sizeof(label) - 1, NULL, 0, 0);
		EXPECT_EQ(0, memcmp(ours, theirs, sizeof(ours)));
		peer_wipe(&self->peer);
	}
}

TEST_F(openssl, every_kind_of_key_on_both_sides)
{
	static const uint16_t rsa_suites[] = { 0xc02f, 0x009c };
	const struct key_pair *pairs[] = { &self->rsa, &self->ecdsa, &self->ed25519 };

	for (size_t s = 0; s < 3; s++)
		for (size_t c = 0; c < 4; c++)
			for (size_t rsa = 0; rsa < (s ? 1 : 2); rsa++) {
				const struct suite *suite =
					suite_find(s ? 0xc02b : rsa_suites[rsa]);

				peer_init(&self->peer, variant->role, pairs[s],
					  c < 3 ? pairs[c] : NULL);
				if (c < 3)
					self->peer.config.client_auth =
						HS_CLIENT_AUTH_REQUIRE;
				use_suite(&self->peer, suite);
				EXPECT_AGREE(&self->peer, suite);
				EXPECT_EQ(c < 3, self->peer.result->client_authenticated);
				EXPECT_EQ(variant->role == HS_CLIENT || c < 3,
					  self->peer.result->chain_len);
				peer_wipe(&self->peer);
			}
}

TEST_F(openssl, a_client_without_certificate)
{
	for (int require = 0; require < 2; require++) {
		peer_init(&self->peer, variant->role, &self->ecdsa, NULL);
		self->peer.config.client_auth = require ? HS_CLIENT_AUTH_REQUIRE :
							  HS_CLIENT_AUTH_REQUEST;
		if (variant->role == HS_CLIENT)
			SSL_set_verify(self->peer.ssl, SSL_VERIFY_PEER |
				       (require ? SSL_VERIFY_FAIL_IF_NO_PEER_CERT : 0), NULL);
		use_suite(&self->peer, suite_find(0xc02b));
		EXPECT_EQ(!require, peer_run(&self->peer));
		if (!require)
			EXPECT_FALSE(self->peer.result->client_authenticated);
		peer_wipe(&self->peer);
	}
}

/* Both sides have TLS 1.3 in their lists; one of them only TLS 1.2. */
TEST_F(openssl, the_older_of_two_versions)
{
	for (int ours = 0; ours < 2; ours++) {
		peer_init(&self->peer, variant->role, &self->ecdsa, NULL);
		if (ours)
			SSL_set_max_proto_version(self->peer.ssl, TLS1_3_VERSION);
		else
			self->peer.config.max_version = 0x0304;
		EXPECT_AGREE(&self->peer, suite_find(self->peer.result ?
						     self->peer.result->suite : 0xc02b));
		EXPECT_EQ(0x0303, self->peer.result->version);
		peer_wipe(&self->peer);
	}
}

TEST_HARNESS_MAIN
