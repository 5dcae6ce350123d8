// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) 2026 The tlsup authors
 *
 * Resumption, engine against engine: every kind, and every rule that turns it
 * into a full handshake.
 */
#include <stdlib.h>
#include <string.h>

#include "kselftest_harness.h"
#include "resume.h"

FIXTURE(resume)
{
	struct resume r;
};

FIXTURE_VARIANT(resume)
{
	uint16_t version;
	enum hs_resumption by;
	bool later;
	size_t fragment;
};

FIXTURE_VARIANT_ADD(resume, id) { 0x0303, HS_RESUMED_ID, false, 0 };
FIXTURE_VARIANT_ADD(resume, id_later) { 0x0303, HS_RESUMED_ID, true, 0 };
FIXTURE_VARIANT_ADD(resume, ticket) { 0x0303, HS_RESUMED_TICKET, false, 0 };
FIXTURE_VARIANT_ADD(resume, ticket_fragments) { 0x0303, HS_RESUMED_TICKET, true, 7 };
FIXTURE_VARIANT_ADD(resume, psk) { 0x0304, HS_RESUMED_PSK, false, 0 };
FIXTURE_VARIANT_ADD(resume, psk_later) { 0x0304, HS_RESUMED_PSK, true, 11 };

FIXTURE_SETUP(resume)
{
	resume_init(&self->r, variant->version, variant->by);
	self->r.later = variant->later;
	self->r.fragment = variant->fragment;
}

FIXTURE_TEARDOWN(resume)
{
	resume_wipe(&self->r);
}

TEST_F(resume, resumes)
{
	ASSERT_TRUE(resume_run(&self->r));
	EXPECT_EQ(HS_RESUMED_NOT, self->r.pair.client.resumed);
	EXPECT_EQ(2, self->r.pair.client.chain_len);
	for (int i = 0; i < 3; i++) {
		ASSERT_TRUE(resume_run(&self->r));
		EXPECT_EQ(variant->by, self->r.pair.client.resumed);
		/* The peer's certificates are those of the first handshake. */
		EXPECT_EQ(2, self->r.pair.client.chain_len);
		EXPECT_EQ(0, self->r.certificates);
		EXPECT_EQ(0, self->r.pair.client.scheme);
		EXPECT_EQ(variant->version == 0x0304, self->r.pair.client.group != 0);
		EXPECT_STREQ("h2", self->r.pair.client.alpn);
		EXPECT_STREQ("example.org", self->r.pair.server.name);
	}
}

/* Each handshake of its own keys, though the secret is the same. */
TEST_F(resume, has_new_keys)
{
	struct pair_keys keys;
	struct secret secret;

	ASSERT_TRUE(resume_run(&self->r) && resume_run(&self->r));
	keys = self->r.pair.client.keys[HS_TX];
	secret = self->r.pair.client.secrets[HS_TX][HS_EPOCH_APPLICATION];
	ASSERT_TRUE(resume_run(&self->r));
	ASSERT_EQ(variant->by, self->r.pair.client.resumed);
	EXPECT_TRUE(variant->version == 0x0304 ||
		    memcmp(keys.data, self->r.pair.client.keys[HS_TX].data, keys.len));
	EXPECT_TRUE(variant->version == 0x0303 ||
		    memcmp(secret.data, self->r.pair.client.secrets
			   [HS_TX][HS_EPOCH_APPLICATION].data, secret.len));
}

TEST_F(resume, unknown_name_means_full_handshake)
{
	ASSERT_TRUE(resume_run(&self->r));
	self->r.forget = true;
	ASSERT_TRUE(resume_run(&self->r));
	EXPECT_EQ(1, self->r.lookups);
	EXPECT_EQ(HS_RESUMED_NOT, self->r.pair.client.resumed);
	EXPECT_EQ(1, self->r.certificates);
	/* And what it left behind is a new session. */
	self->r.forget = false;
	ASSERT_TRUE(resume_run(&self->r));
	EXPECT_EQ(variant->by, self->r.pair.client.resumed);
}

TEST_F(resume, other_alpn_means_full_handshake)
{
	ASSERT_TRUE(resume_run(&self->r));
	self->r.alpn = "\x08http/1.1";
	ASSERT_TRUE(resume_run(&self->r));
	EXPECT_EQ(HS_RESUMED_NOT, self->r.pair.client.resumed);
	EXPECT_STREQ("http/1.1", self->r.pair.client.alpn);
}

TEST_F(resume, other_server_name_means_full_handshake)
{
	ASSERT_TRUE(resume_run(&self->r));
	self->r.server_name = "www.example.org";
	ASSERT_TRUE(resume_run(&self->r));
	EXPECT_EQ(HS_RESUMED_NOT, self->r.pair.client.resumed);
}

/* Session and handshake of different versions, in both directions. */
TEST_F(resume, other_version_means_full_handshake)
{
	bool tls12 = variant->version == 0x0303;

	self->r.min_version = 0x0303;
	ASSERT_TRUE(resume_run(&self->r));
	self->r.max_version = tls12 ? 0x0304 : 0x0303;
	self->r.server_max = tls12 ? 0x0304 : 0x0303;
	ASSERT_TRUE(resume_run(&self->r));
	EXPECT_EQ(HS_RESUMED_NOT, self->r.pair.client.resumed);
	EXPECT_EQ(tls12 ? 0x0304 : 0x0303, self->r.pair.client.version);
}

/* Whatever the owner may have found under that name. */
TEST_F(resume, session_of_another_version_means_full_handshake)
{
	ASSERT_TRUE(resume_run(&self->r));
	for (size_t i = 0; i < self->r.at_server_len; i++)
		self->r.at_server[i].session.version ^= 0x0303 ^ 0x0304;
	ASSERT_TRUE(resume_run(&self->r));
	EXPECT_EQ(1, self->r.lookups);
	EXPECT_EQ(HS_RESUMED_NOT, self->r.pair.client.resumed);
}

TEST_F(resume, suite_struck_at_the_server_means_full_handshake)
{
	static const uint16_t first[] = { 0xc02b, 0x1302 }, second[] = { 0xc02c, 0x1301 };

	self->r.suites = first;
	self->r.suites_len = 2;
	ASSERT_TRUE(resume_run(&self->r));
	self->r.suites = second;
	ASSERT_TRUE(resume_run(&self->r));
	EXPECT_EQ(HS_RESUMED_NOT, self->r.pair.client.resumed);
}

/* On its way the client's extended_master_secret becomes one that nobody knows. */
static bool strip_ems(void *context, const struct side *from, struct record *record)
{
	static const uint8_t ems[] = { 0, 23, 0, 0 };
	uint8_t *at = from->role == HS_CLIENT && from->tx_epoch == HS_EPOCH_PLAINTEXT ?
			      memmem(record->data, record->len, ems, sizeof(ems)) : NULL;

	(void)context;
	if (at)
		at[0] = 0x7a;
	return true;
}

/* RFC 7627, 5.3: a session that had it and a hello that has not are an attack. */
TEST_F(resume, session_with_EMS_is_not_resumed_without)
{
	/* Of TLS 1.2; and the hello is changed in one record. */
	if (variant->version != 0x0303 || variant->fragment)
		return;
	ASSERT_TRUE(resume_run(&self->r));
	self->r.tamper = strip_ems;
	EXPECT_FALSE(resume_run(&self->r));
	EXPECT_EQ(1, self->r.lookups);
	EXPECT_EQ(HS_ALERT_HANDSHAKE_FAILURE, self->r.pair.server.failure.alert);
	EXPECT_EQ(0, self->r.certificates);
}

TEST_F(resume, session_without_EMS_means_full_handshake)
{
	if (variant->version != 0x0303)
		return;
	ASSERT_TRUE(resume_run(&self->r));
	for (size_t i = 0; i < self->r.at_server_len; i++)
		self->r.at_server[i].session.ems = false;
	ASSERT_TRUE(resume_run(&self->r));
	EXPECT_EQ(1, self->r.lookups);
	EXPECT_EQ(HS_RESUMED_NOT, self->r.pair.client.resumed);
}

/* What the client has struck from its policy meanwhile is not offered again. */
TEST_F(resume, suite_struck_at_the_client_is_not_offered)
{
	static const uint16_t first[] = { 0xc02b, 0x1302 }, second[] = { 0xc02c, 0x1301 };

	self->r.suites = first;
	self->r.suites_len = 2;
	ASSERT_TRUE(resume_run(&self->r));
	self->r.suites = NULL;
	self->r.suites_len = 0;
	self->r.client_suites = second;
	ASSERT_TRUE(resume_run(&self->r));
	EXPECT_EQ(HS_RESUMED_NOT, self->r.pair.client.resumed);
}

TEST_F(resume, client_without_a_certificate_is_no_authenticated_one)
{
	ASSERT_TRUE(resume_run(&self->r));
	self->r.require = true;
	resume_run(&self->r);
	EXPECT_EQ(1, self->r.lookups);
	EXPECT_EQ(HS_RESUMED_NOT, self->r.pair.server.resumed);
	EXPECT_NE(0, self->r.certificates);
}

TEST_F(resume, off_at_either_side_means_full_handshake)
{
	for (int side = 0; side < 2; side++) {
		self->r.client_off = self->r.server_off = false;
		ASSERT_TRUE(resume_run(&self->r));
		self->r.client_off = side;
		self->r.server_off = !side;
		ASSERT_TRUE(resume_run(&self->r));
		EXPECT_EQ(HS_RESUMED_NOT, self->r.pair.client.resumed);
		EXPECT_EQ(0, self->r.lookups);
	}
}

/* The server finds the session, but holds another secret: nobody gets in. */
TEST_F(resume, wrong_secret_fails)
{
	ASSERT_TRUE(resume_run(&self->r));
	self->r.spoil = true;
	EXPECT_FALSE(resume_run(&self->r));
	EXPECT_EQ(1, self->r.pair.client.fails + self->r.pair.server.fails);
	EXPECT_EQ(HS_ALERT_DECRYPT_ERROR, self->r.pair.client.fails ?
		  self->r.pair.client.failure.alert : self->r.pair.server.failure.alert);
}

FIXTURE(retry)
{
	struct resume r;
};

FIXTURE_SETUP(retry)
{
	static const uint16_t groups[] = { 0x0017 };

	resume_init(&self->r, 0x0304, HS_RESUMED_PSK);
	self->r.groups = groups;
	self->r.groups_len = 1;
}

FIXTURE_TEARDOWN(retry)
{
	resume_wipe(&self->r);
}

TEST_F(retry, resumes_after_hello_retry_request)
{
	ASSERT_TRUE(resume_run(&self->r));
	ASSERT_TRUE(resume_run(&self->r));
	EXPECT_EQ(HS_RESUMED_PSK, self->r.pair.client.resumed);
	EXPECT_EQ(0x0017, self->r.pair.client.group);
	/* A ticket that is used up by looking is looked at once. */
	EXPECT_EQ(1, self->r.lookups);
}

TEST_F(retry, psk_of_another_hash_is_not_offered_again)
{
	static const uint16_t sha384[] = { 0x1302 }, sha256[] = { 0x1301 };

	self->r.suites = sha384;
	self->r.suites_len = 1;
	ASSERT_TRUE(resume_run(&self->r));
	self->r.suites = sha256;
	ASSERT_TRUE(resume_run(&self->r));
	EXPECT_EQ(HS_RESUMED_NOT, self->r.pair.client.resumed);
	EXPECT_EQ(0, self->r.lookups);
}

FIXTURE(external)
{
	struct resume r;
};

FIXTURE_SETUP(external)
{
	resume_init(&self->r, 0x0304, HS_EXTERNAL_PSK);
}

FIXTURE_TEARDOWN(external)
{
	resume_wipe(&self->r);
}

TEST_F(external, authenticates_both_sides)
{
	ASSERT_TRUE(resume_run(&self->r));
	EXPECT_EQ(HS_EXTERNAL_PSK, self->r.pair.client.resumed);
	EXPECT_NE(0, self->r.pair.client.group);
	EXPECT_EQ(0, self->r.certificates);
	EXPECT_EQ(0, self->r.pair.client.chain_len);
}

/* One would do even when the key is not the profile's any more. */
TEST_F(external, brings_no_tickets)
{
	ASSERT_TRUE(resume_run(&self->r));
	EXPECT_EQ(HS_EXTERNAL_PSK, self->r.at_client.session.by);
	ASSERT_TRUE(resume_run(&self->r));
	EXPECT_EQ(HS_EXTERNAL_PSK, self->r.pair.client.resumed);
}

/* Forward secrecy where both can have it, though both would do without. */
TEST_F(external, psk_ke_only_without_a_group_in_common)
{
	static const uint16_t groups[] = { 0x0017 }, other[] = { 0x001d };

	self->r.psk_ke = true;
	ASSERT_TRUE(resume_run(&self->r));
	EXPECT_NE(0, self->r.pair.client.group);
	self->r.groups = groups;
	self->r.client_groups = other;
	self->r.groups_len = 1;
	ASSERT_TRUE(resume_run(&self->r));
	EXPECT_EQ(HS_EXTERNAL_PSK, self->r.pair.client.resumed);
	EXPECT_EQ(0, self->r.pair.client.group);
	/* Unless the profile allows it, it does not happen. */
	self->r.psk_ke = false;
	EXPECT_FALSE(resume_run(&self->r));
	EXPECT_EQ(HS_ALERT_HANDSHAKE_FAILURE, self->r.pair.server.failure.alert);
}

TEST_F(external, wrong_key_is_a_wrong_binder)
{
	self->r.spoil = true;
	EXPECT_FALSE(resume_run(&self->r));
	EXPECT_EQ(HS_ALERT_DECRYPT_ERROR, self->r.pair.server.failure.alert);
	EXPECT_STREQ("client_hello: binder", self->r.pair.server.failure.reason);
}

TEST_F(external, unknown_identity_means_full_handshake)
{
	self->r.forget = true;
	ASSERT_TRUE(resume_run(&self->r));
	EXPECT_EQ(HS_RESUMED_NOT, self->r.pair.client.resumed);
}

/* A PSK proves no certificate. */
TEST_F(external, is_no_client_certificate)
{
	self->r.require = true;
	resume_run(&self->r);
	EXPECT_EQ(HS_RESUMED_NOT, self->r.pair.server.resumed);
	EXPECT_NE(0, self->r.certificates);
}

TEST_HARNESS_MAIN
