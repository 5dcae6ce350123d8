// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) 2026 The tlsup authors
 *
 * Engine against engine in TLS 1.2: what both sides must agree on.
 */
#include <errno.h>
#include <string.h>

#include "crypto/cr_kex.h"
#include "crypto/cr_field.h"
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

struct journal {
	char text[2000];
};

static void note(struct side *side, bool sent, const char *message)
{
	struct journal *journal = side->pair->context;

	if (side->role == HS_SERVER) {
		strcat(journal->text, sent ? "> " : "< ");
		strcat(journal->text, message);
		strcat(journal->text, "\n");
	}
}

static const uint8_t response[3000] = { 0x30, 7 };
static const struct hs_bytes ocsp[] = { { response, sizeof(response) }, { 0 } };

/* RFC 5246, figure 1, as a server sees it. */
TEST(every_message_in_its_order)
{
	struct hs_credential credential = pair_credential;
	struct journal journal = { "" };
	struct pair pair;

	pair12_init(&pair);
	credential.ocsp = ocsp;
	pair.credential = &credential;
	pair.client_credential = &pair_rsa_credential;
	pair.client.config.ocsp = true;
	pair.server.config.client_auth = HS_CLIENT_AUTH_REQUIRE;
	pair.trace = note;
	pair.context = &journal;
	pair_run(&pair);
	ASSERT_TRUE(pair_agrees(&pair));
	EXPECT_STREQ("< client_hello\n"
		     "> server_hello\n"
		     "> certificate\n"
		     "> certificate_status\n"
		     "> server_key_exchange\n"
		     "> certificate_request\n"
		     "> server_hello_done\n"
		     "< certificate\n"
		     "< client_key_exchange\n"
		     "< certificate_verify\n"
		     "< change_cipher_spec\n"
		     "< finished\n"
		     "> change_cipher_spec\n"
		     "> finished\n", journal.text);
	EXPECT_EQ(sizeof(response), pair.client.ocsp_len);
	EXPECT_EQ(2, pair.server.chain_len);
	EXPECT_TRUE(pair.client.client_authenticated && pair.server.client_authenticated);
	EXPECT_EQ(0x0403, pair.server.scheme);
	pair_wipe(&pair);
}

TEST(a_response_comes_only_if_both_want_it)
{
	for (int i = 0; i < 4; i++) {
		struct hs_credential credential = pair_credential;
		struct pair pair;

		pair12_init(&pair);
		credential.ocsp = i & 1 ? ocsp : NULL;
		pair.credential = &credential;
		pair.client.config.ocsp = i & 2;
		pair_run(&pair);
		ASSERT_TRUE(pair_agrees(&pair));
		EXPECT_EQ(i == 3 ? sizeof(response) : 0, pair.client.ocsp_len);
		pair_wipe(&pair);
	}
}

TEST(a_client_certificate_as_asked_for)
{
	for (int auth = HS_CLIENT_AUTH_NONE; auth <= HS_CLIENT_AUTH_REQUIRE; auth++)
		for (int has = 0; has < 2; has++) {
			struct pair pair;

			pair12_init(&pair);
			pair.server.config.client_auth = (enum hs_client_auth)auth;
			pair.client_credential = has ? &pair_rsa_credential : NULL;
			pair_run(&pair);
			if (auth == HS_CLIENT_AUTH_REQUIRE && !has) {
				EXPECT_EQ(HS_ALERT_HANDSHAKE_FAILURE,
					  pair.server.failure.alert);
				EXPECT_EQ(EKEYREJECTED, pair.server.failure.error);
			} else {
				ASSERT_TRUE(pair_agrees(&pair));
			}
			EXPECT_EQ(auth && has, pair.server.client_authenticated);
			EXPECT_EQ(auth && has ? 2 : 0, pair.server.chain_len);
			pair_wipe(&pair);
		}
}

/* What the server names: kinds of key, schemes, authorities. */
TEST(the_client_is_told_what_the_server_takes)
{
	static const uint8_t names[] = { 0, 3, 0x30, 1, 5 };
	static const uint16_t schemes[] = { 0x0503, 0x0401 };
	struct pair pair;

	pair12_init(&pair);
	pair.server.config.client_auth = HS_CLIENT_AUTH_REQUEST;
	pair.server.config.authorities = (struct hs_bytes){ names, sizeof(names) };
	pair.server.config.schemes = schemes;
	pair.server.config.schemes_len = 2;
	pair.credential = &pair_rsa_credential;
	pair.client_credential = &pair_credential;
	pair_run(&pair);
	ASSERT_EQ(0, pair.client.fails);
	EXPECT_EQ(HS_AUTH_RSA | HS_AUTH_ECDSA, pair.client.auths);
	EXPECT_EQ(2, pair.client.question.schemes_len);
	EXPECT_EQ(sizeof(names), pair.client.authorities_len);
	/* It has none that fits: neither scheme is one of pair_credential's. */
	EXPECT_EQ(1, pair.server.dones);
	EXPECT_FALSE(pair.server.client_authenticated);
	pair_wipe(&pair);
}

/* The certificate decides among the suites in common, by the server's order. */
TEST(the_suite_suits_the_key)
{
	static const uint16_t both[] = { 0xc02b, 0xc02f, 0x009c };
	static const uint16_t decrypt[] = { 0xc02b, 0x009c };
	struct hs_credential signs = pair_rsa_credential;
	struct pair pair;

	signs.decrypts = false;
	for (int i = 0; i < 4; i++) {
		pair12_init(&pair);
		pair.server.config.suites = i < 2 ? both : decrypt;
		pair.server.config.suites_len = i < 2 ? 3 : 2;
		pair.credential = i == 0 ? &pair_credential :
				  i == 3 ? &signs : &pair_rsa_credential;
		pair_run(&pair);
		EXPECT_EQ(HS_AUTH_ECDSA | HS_AUTH_RSA_DECRYPT | (i < 2 ? HS_AUTH_RSA : 0),
			  pair.server.auths);
		if (i == 3) {
			EXPECT_EQ(HS_ALERT_HANDSHAKE_FAILURE, pair.server.failure.alert);
		} else {
			ASSERT_TRUE(pair_agrees(&pair));
			EXPECT_EQ(i == 0 ? 0xc02b : i == 1 ? 0xc02f : 0x009c,
				  pair.client.suite);
		}
		pair_wipe(&pair);
	}
}

/* RFC 5246, 7.4.7.1: it fails as any other Finished would, and not before. */
TEST(a_bad_premaster_is_told_by_the_finished)
{
	static const uint16_t rsa[] = { 0x009c };
	struct pair pair;

	pair12_init(&pair);
	pair.client.config.suites = rsa;
	pair.client.config.suites_len = 1;
	pair.credential = &pair_rsa_credential;
	pair.bad_premaster = true;
	pair_run(&pair);
	EXPECT_EQ(1, pair.server.fails);
	EXPECT_EQ(HS_ALERT_DECRYPT_ERROR, pair.server.failure.alert);
	EXPECT_EQ(2, pair.server.nexts);
	pair_wipe(&pair);
}

TEST(the_newest_version_of_both_is_spoken)
{
	static const uint16_t none[] = { TLS12, TLS12 }, all[] = { TLS12, TLS13 };
	const uint16_t *ranges[] = { none, all };

	for (int c = 0; c < 2; c++)
		for (int s = 0; s < 2; s++) {
			struct pair pair;

			pair_init(&pair);
			pair.client.config.min_version = ranges[c][0];
			pair.client.config.max_version = ranges[c][1];
			pair.server.config.min_version = ranges[s][0];
			pair.server.config.max_version = ranges[s][1];
			pair_run(&pair);
			ASSERT_TRUE(pair_agrees(&pair));
			EXPECT_EQ(c && s ? TLS13 : TLS12, pair.client.version);
			pair_wipe(&pair);
		}
}

TEST(no_version_in_common_is_told)
{
	for (int i = 0; i < 2; i++) {
		struct pair pair;

		pair_init(&pair);
		pair.client.config.min_version = i ? TLS13 : TLS12;
		pair.client.config.max_version = i ? TLS13 : TLS12;
		pair.server.config.min_version = i ? TLS12 : TLS13;
		pair.server.config.max_version = i ? TLS12 : TLS13;
		pair_run(&pair);
		EXPECT_EQ(HS_ALERT_PROTOCOL_VERSION, pair.server.failure.alert);
		pair_wipe(&pair);
	}
}

/* An attacker takes TLS 1.3 out of the hello (RFC 9846, 4.1.3). */
static bool downgrade(void *context, const struct side *from, struct record *r)
{
	static const uint8_t versions[] = { 0, 0x2b, 0, 5, 4, 3, 4, 3, 3 };
	uint8_t *at;

	(void)context;
	if (from->role == HS_CLIENT && r->epoch == HS_EPOCH_PLAINTEXT) {
		at = memmem(r->data, r->len, versions, sizeof(versions));
		if (at)
			at[6] = 3;
	}
	return true;
}

TEST(a_downgrade_is_seen_by_the_client)
{
	struct pair pair;

	pair_init(&pair);
	pair.client.config.min_version = TLS12;
	pair.client.config.max_version = TLS13;
	pair.server.config.min_version = TLS12;
	pair.server.config.max_version = TLS13;
	pair.tamper = downgrade;
	pair_run(&pair);
	EXPECT_EQ(1, pair.client.fails);
	EXPECT_EQ(HS_ALERT_ILLEGAL_PARAMETER, pair.client.failure.alert);
	EXPECT_EQ(TLS12, pair.server.version);
	pair_wipe(&pair);
}

TEST(protocols_and_names_are_agreed_on)
{
	static const uint8_t offered[] = "\x02h2\x08http/1.1", taken[] = "\x08http/1.1";
	static const uint8_t other[] = "\x03xyz";
	struct pair pair;

	pair12_init(&pair);
	pair.client.config.server_name = "www.example.org";
	pair.client.config.alpn = (struct hs_bytes){ offered, sizeof(offered) - 1 };
	pair.server.config.alpn = (struct hs_bytes){ taken, sizeof(taken) - 1 };
	pair_run(&pair);
	ASSERT_TRUE(pair_agrees(&pair));
	EXPECT_STREQ("http/1.1", pair.client.alpn);
	EXPECT_STREQ("www.example.org", pair.server.name);
	pair_wipe(&pair);

	pair12_init(&pair);
	pair.client.config.alpn = (struct hs_bytes){ offered, sizeof(offered) - 1 };
	pair.server.config.alpn = (struct hs_bytes){ other, sizeof(other) - 1 };
	pair_run(&pair);
	EXPECT_EQ(HS_ALERT_NO_APPLICATION_PROTOCOL, pair.server.failure.alert);
	pair_wipe(&pair);
}

TEST(every_curve_agrees)
{
	for (size_t i = 0; cr_kex_at(i); i++) {
		uint16_t id = cr_kex_at(i)->id;
		struct pair pair;

		if (id >= 0x0100)
			continue;
		pair12_init(&pair);
		pair.server.config.groups = &id;
		pair.server.config.groups_len = 1;
		pair.client.config.suites = (const uint16_t[]){ 0xc02b };
		pair.client.config.suites_len = 1;
		pair_run(&pair);
		ASSERT_TRUE(pair_agrees(&pair)) TH_LOG("%s: %s / %s", cr_kex_at(i)->name,
			pair.client.failure.reason, pair.server.failure.reason);
		EXPECT_EQ(id, pair.client.group);
		pair_wipe(&pair);
	}
}

/** struct share - a client's share of a finite field, made by the test */
struct share {
	uint8_t y[256];
	int records;
};

static bool replace_share(void *context, const struct side *from, struct record *record)
{
	struct share *share = context;

	if (from->role == HS_CLIENT && share->records++ == 1 &&
	    record->len == 4 + 2 + sizeof(share->y))
		memcpy(record->data + 6, share->y, sizeof(share->y));
	return true;
}

/* RFC 7919, 5.1: 1 < y < p - 1. */
TEST(a_share_of_a_finite_field_is_in_range)
{
	static const uint16_t suite = 0x009e, group = 0x0100;

	for (int i = 0; i < 6; i++) {
		struct share share = { .records = 0 };
		struct pair pair;

		/* 0, 1, 2, p - 1, p, all ones. */
		if (i > 2)
			cr_field_prime(cr_kex_find(group), share.y);
		if (i < 3)
			share.y[255] = (uint8_t)i;
		else if (i == 3)
			share.y[255]--;
		else if (i == 5)
			memset(share.y, 0xff, sizeof(share.y));
		pair12_init(&pair);
		pair.credential = &pair_rsa_credential;
		for (int side = 0; side < 2; side++) {
			struct hs_config *config = side ? &pair.client.config :
							  &pair.server.config;

			config->suites = &suite;
			config->suites_len = 1;
			config->groups = &group;
			config->groups_len = 1;
		}
		pair.tamper = replace_share;
		pair.context = &share;
		pair_run(&pair);
		EXPECT_EQ(1, pair.server.fails);
		EXPECT_EQ(i == 2 ? HS_ALERT_DECRYPT_ERROR : HS_ALERT_ILLEGAL_PARAMETER,
			  pair.server.failure.alert) TH_LOG("case %d", i);
		pair_wipe(&pair);
	}
}

TEST(answers_may_come_later_and_records_in_pieces)
{
	for (size_t n = 0; n < 200; n += n < 20 ? 1 : 31)
		for (int rsa = 0; rsa < 2; rsa++) {
			static const uint16_t suites[] = { 0xc02f, 0x009c };
			struct pair pair;

			pair12_init(&pair);
			pair.later = true;
			pair.fragment = n;
			pair.client.config.suites = &suites[rsa];
			pair.client.config.suites_len = 1;
			pair.credential = &pair_rsa_credential;
			pair.client_credential = &pair_credential;
			pair.server.config.client_auth = HS_CLIENT_AUTH_REQUIRE;
			pair_run(&pair);
			ASSERT_TRUE(pair_agrees(&pair));
			EXPECT_TRUE(pair.server.client_authenticated);
			pair_wipe(&pair);
		}
}

static void note_keylog(struct side *side, const char *label, const uint8_t *random,
			const uint8_t *secret, size_t len)
{
	struct journal *journal = side->pair->context;

	if (side->role == HS_CLIENT && len == side->pair->server.exporter.len) {
		memcpy(journal->text + 100, random, 32);
		memcpy(journal->text + 200, secret, len);
	}
	if (side->role == HS_CLIENT)
		strcat(journal->text, label);
}

TEST(the_key_log_has_one_line)
{
	struct journal journal = { "" };
	struct pair pair;

	pair12_init(&pair);
	pair.keylog = note_keylog;
	pair.context = &journal;
	/* What the log must hold, before the client's line is written. */
	pair.server.exporter.len = 48;
	pair_run(&pair);
	ASSERT_TRUE(pair_agrees(&pair));
	EXPECT_STREQ("CLIENT_RANDOM", journal.text);
	EXPECT_EQ(0, memcmp(journal.text + 100, pair.client.randoms, 32));
	EXPECT_EQ(0, memcmp(journal.text + 200, pair.client.exporter.data, 48));
	pair_wipe(&pair);
}

TEST_HARNESS_MAIN
