// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) 2026 The tlsup authors
 *
 * TLS 1.2 against OpenSSL in memory, in both roles: every suite, with data under
 * its keys.
 */
#include <string.h>

#include "crypto/cr_hash.h"
#include "crypto/cr_kex.h"
#include "kselftest_harness.h"
#include "openssl_peer.h"

static const uint16_t rsa_schemes[] = { 0x0804, 0x0401 };
static const uint16_t ecdsa_schemes[] = { 0x0403 };
static const uint16_t ed25519_schemes[] = { 0x0807 };
static const uint16_t p384_schemes[] = { 0x0503 };
static const uint16_t p521_schemes[] = { 0x0603 };
static const uint16_t ed448_schemes[] = { 0x0808 };
static const uint16_t pss_schemes[] = { 0x0809, 0x080a, 0x080b };

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
		if (suite->version != 0x0303)
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
	EXPECT_LE(39, tried);
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

static char logged[300];

static void on_keylog(const SSL *ssl, const char *line)
{
	(void)ssl;
	snprintf(logged, sizeof(logged), "%s", line);
}

/* The master secret of both logs; what is derived of it, the data of other tests shows. */
TEST_F(openssl, key_logs_agree)
{
	static const uint16_t suites[] = { 0xc02b, 0xc02c, 0xc024 };

	for (size_t i = 0; i < sizeof(suites) / sizeof(suites[0]); i++) {
		char line[300] = "CLIENT_RANDOM ";
		const struct hs_result *res;
		size_t at = strlen(line);

		peer_init(&self->peer, variant->role, &self->ecdsa, NULL);
		use_suite(&self->peer, suite_find(suites[i]));
		SSL_CTX_set_keylog_callback(self->peer.ctx, on_keylog);
		EXPECT_AGREE(&self->peer, suite_find(suites[i]));
		res = self->peer.result;
		for (size_t j = 0; j < 32; j++, at += 2)
			sprintf(line + at, "%02x", res->randoms.data[j]);
		line[at++] = ' ';
		for (size_t j = 0; j < 48; j++, at += 2)
			sprintf(line + at, "%02x", res->exporter_secret.data[j]);
		EXPECT_STREQ(line, logged);
		peer_wipe(&self->peer);
	}
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

/* Also those of RFC 3526, which OpenSSL's servers send. */
TEST_F(openssl, every_group_agrees)
{
	static const char *const names[] = {
		"X25519", "P-256", "X448", "P-384", "P-521", "ffdhe2048", "ffdhe3072",
		"ffdhe4096",
	};

	for (size_t i = 0; cr_kex_at(i) && i < sizeof(names) / sizeof(names[0]); i++) {
		const struct cr_kex *kex = cr_kex_at(i);
		char groups[40];

		peer_init(&self->peer, variant->role, kex->field ? &self->rsa : &self->ed25519,
			  NULL);
		use_suite(&self->peer, suite_find(kex->field ? 0x009e : 0xc02b));
		self->peer.config.groups = &kex->id;
		self->peer.config.groups_len = 1;
		snprintf(groups, sizeof(groups), "%s", names[i]);
		ASSERT_EQ(1, SSL_set1_groups_list(self->peer.ssl, groups));
		if (kex->field)
			peer_set_dh(&self->peer, names[i]);
		EXPECT_AGREE(&self->peer, suite_find(kex->field ? 0x009e : 0xc02b));
		EXPECT_EQ(kex->id, self->peer.result->group);
		peer_wipe(&self->peer);
	}
}

TEST_F(openssl, a_server_with_a_group_of_its_own)
{
	static const struct {
		const char *name;
		bool good;
	} groups[] = {
		{ "modp_2048", true }, { "modp_3072", true }, { "modp_4096", true },
		{ "modp_1536", false }, { "dh_2048_256", false },
	};

	for (size_t i = 0; variant->role == HS_CLIENT &&
	     i < sizeof(groups) / sizeof(groups[0]); i++) {
		peer_init(&self->peer, variant->role, &self->rsa, NULL);
		use_suite(&self->peer, suite_find(0x009e));
		peer_set_dh(&self->peer, groups[i].name);
		ASSERT_EQ(groups[i].good, peer_run(&self->peer));
		if (!groups[i].good)
			EXPECT_TRUE(!!strstr(self->peer.reason, "that nobody knows"));
		peer_wipe(&self->peer);
	}
}

TEST_F(openssl, longer_keys_and_rarer_ones_on_both_sides)
{
	static const struct {
		const char *type;
		const uint16_t *schemes;
		size_t count;
		uint16_t suite;
	} kinds[] = {
		{ "P-384", p384_schemes, 1, 0xc02c }, { "P-521", p521_schemes, 1, 0xc02c },
		{ "ED448", ed448_schemes, 1, 0xc02b }, { "RSA-PSS", pss_schemes, 3, 0xc02f },
	};

	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		struct key_pair pair;

		key_pair_make(&pair, kinds[i].type, kinds[i].schemes, kinds[i].count);
		peer_init(&self->peer, variant->role, &pair, &pair);
		self->peer.config.client_auth = HS_CLIENT_AUTH_REQUIRE;
		use_suite(&self->peer, suite_find(kinds[i].suite));
		EXPECT_AGREE(&self->peer, suite_find(kinds[i].suite));
		/* In TLS 1.2 OpenSSL may sign by another hash than the curve's. */
		if (variant->role == HS_SERVER)
			EXPECT_EQ(kinds[i].schemes[0], self->peer.result->signature_scheme);
		EXPECT_TRUE(self->peer.result->client_authenticated);
		peer_wipe(&self->peer);
		key_pair_free(&pair);
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
