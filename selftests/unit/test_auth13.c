// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) 2026 The tlsup authors
 *
 * Who proves what in TLS 1.3: certificates of both sides, what each side wants
 * of the other's chain, OCSP responses, compression.
 */
#include <errno.h>
#include <string.h>

#include "kselftest_harness.h"
#include "pair.h"
#include "tls/hs_int.h"

static const uint16_t zlib[] = { 1 };

static void trace(struct side *side, bool sent, const char *message)
{
	char *text = side->pair->context;

	if (side->role == HS_SERVER && strlen(text) < 400) {
		strcat(text, sent ? ">" : "<");
		strcat(text, message);
	}
}

TEST(the_server_asks_as_it_is_told)
{
	for (int auth = HS_CLIENT_AUTH_NONE; auth <= HS_CLIENT_AUTH_REQUIRE; auth++)
		for (int has = 0; has < 2; has++) {
			bool fails = auth == HS_CLIENT_AUTH_REQUIRE && !has;
			bool proves = auth != HS_CLIENT_AUTH_NONE && has;
			char text[512] = "";
			struct pair pair;

			pair_init(&pair);
			pair.trace = trace;
			pair.context = text;
			pair.server.config.client_auth = auth;
			pair.client_credential = has ? &pair_rsa_credential : NULL;
			pair_run(&pair);
			if (fails) {
				EXPECT_EQ(1, pair.server.fails);
				EXPECT_EQ(HS_ALERT_CERTIFICATE_REQUIRED,
					  pair.server.failure.alert);
				EXPECT_EQ(EKEYREJECTED, pair.server.failure.error);
			} else {
				ASSERT_TRUE(pair_agrees(&pair)) TH_LOG("%s",
					pair.server.failure.reason);
				EXPECT_EQ(proves, pair.server.client_authenticated);
				EXPECT_EQ(proves, pair.client.client_authenticated);
				EXPECT_EQ(proves ? 2 : 0, pair.server.chain_len);
				EXPECT_EQ(0x0403, pair.server.scheme);
			}
			EXPECT_EQ(auth != HS_CLIENT_AUTH_NONE,
				  !!strstr(text, ">certificate_request>certificate"));
			EXPECT_EQ(proves, !!strstr(text, "<certificate<certificate_verify"));
			pair_wipe(&pair);
		}
}

TEST(answers_may_come_later_and_records_in_pieces)
{
	for (size_t n = 0; n < 200; n += n < 20 ? 1 : 31) {
		struct pair pair;

		pair_init(&pair);
		pair.later = true;
		pair.fragment = n;
		pair.client_credential = &pair_credential;
		pair.client.config.compression = pair.server.config.compression = zlib;
		pair.client.config.compression_len = n % 2;
		pair.server.config.compression_len = 1;
		pair.server.config.client_auth = HS_CLIENT_AUTH_REQUIRE;
		pair_run(&pair);
		ASSERT_TRUE(pair_agrees(&pair)) TH_LOG("%s / %s",
			pair.client.failure.reason, pair.server.failure.reason);
		EXPECT_TRUE(pair.server.client_authenticated);
		pair_wipe(&pair);
	}
}

TEST(a_client_whose_chain_is_refused_is_told)
{
	struct pair pair;

	pair_init(&pair);
	pair.server.config.client_auth = HS_CLIENT_AUTH_REQUEST;
	pair.client_credential = &pair_credential;
	pair.refuse_client = true;
	pair_run(&pair);
	EXPECT_EQ(1, pair.client.dones);
	EXPECT_EQ(1, pair.server.fails);
	EXPECT_EQ(HS_ALERT_UNKNOWN_CA, pair.server.failure.alert);
	EXPECT_EQ(HS_CLIENT, pair.server.chain_of);
	pair_wipe(&pair);
}

/* rsa_pkcs1_sha256 signs no handshake of TLS 1.3; a client goes on without. */
TEST(a_client_without_a_scheme_in_common_sends_no_chain)
{
	static const uint16_t pkcs1[] = { 0x0401 }, ecdsa[] = { 0x0403 };
	const struct hs_credential old = {
		.chain = pair_credential.chain, .chain_len = 2,
		.schemes = pkcs1, .schemes_len = 1,
	};
	struct pair pair;

	for (int i = 0; i < 2; i++) {
		pair_init(&pair);
		pair.server.config.client_auth = HS_CLIENT_AUTH_REQUEST;
		pair.server.config.schemes = ecdsa;
		pair.server.config.schemes_len = i;
		pair.client_credential = i ? &pair_rsa_credential : &old;
		pair_run(&pair);
		ASSERT_TRUE(pair_agrees(&pair));
		EXPECT_FALSE(pair.server.client_authenticated);
		pair_wipe(&pair);
	}
}

TEST(wishes_about_the_chain_reach_its_owner)
{
	static const uint8_t names[] = "\0\3abc\0\5defgh";
	static const uint16_t wanted[] = { 0x0403, 0x0401 };
	struct pair pair;

	pair_init(&pair);
	pair.server.config.client_auth = HS_CLIENT_AUTH_REQUEST;
	pair.server.config.authorities = (struct hs_bytes){ names, sizeof(names) - 1 };
	pair.server.config.schemes = wanted;
	pair.server.config.schemes_len = 2;
	pair.client_credential = &pair_credential;
	pair_run(&pair);
	ASSERT_TRUE(pair_agrees(&pair));
	EXPECT_EQ(sizeof(names) - 1, pair.client.authorities_len);
	/* Both in a chain, the first one in a signature. */
	ASSERT_EQ(2, pair.client.cert_schemes_len);
	EXPECT_EQ(0, memcmp(wanted, pair.client.cert_schemes, sizeof(wanted)));
	pair_wipe(&pair);
}

static struct hs_credential stapled(void)
{
	static const uint8_t response[500] = { 0x30, 9 };
	static const struct hs_bytes ocsp[] = { { response, 500 }, { response, 300 } };
	struct hs_credential credential = pair_credential;

	credential.ocsp = ocsp;
	return credential;
}

/* One beside each certificate; each side, if the other asks (4.4.2.1). */
TEST(OCSP_responses_come_with_each_certificate_if_asked_for)
{
	const struct hs_credential credential = stapled();

	for (int asks = 0; asks < 4; asks++) {
		struct pair pair;

		pair_init(&pair);
		pair.client.config.ocsp = asks & 1;
		pair.server.config.ocsp = asks & 2;
		pair.server.config.client_auth = HS_CLIENT_AUTH_REQUIRE;
		pair.credential = pair.client_credential = &credential;
		pair.client.config.compression = pair.server.config.compression = zlib;
		pair.client.config.compression_len = asks & 1;
		pair.server.config.compression_len = 1;
		pair_run(&pair);
		ASSERT_TRUE(pair_agrees(&pair)) TH_LOG("%s / %s",
			pair.client.failure.reason, pair.server.failure.reason);
		EXPECT_EQ(asks & 1 ? 500 : 0, pair.client.ocsp_len);
		EXPECT_EQ(asks & 1 ? 300 : 0, pair.client.ocsp_len_2);
		EXPECT_EQ(asks & 2 ? 500 : 0, pair.server.ocsp_len);
		EXPECT_EQ(asks & 2 ? 300 : 0, pair.server.ocsp_len_2);
		pair_wipe(&pair);
	}
}

TEST(chains_are_compressed_if_both_have_the_algorithm)
{
	for (int has = 0; has < 4; has++) {
		char text[512] = "";
		struct pair pair;

		pair_init(&pair);
		pair.trace = trace;
		pair.context = text;
		pair.client.config.compression = pair.server.config.compression = zlib;
		pair.client.config.compression_len = has & 1;
		pair.server.config.compression_len = has >> 1;
		pair.server.config.client_auth = HS_CLIENT_AUTH_REQUIRE;
		pair.client_credential = &pair_credential;
		pair_run(&pair);
		ASSERT_TRUE(pair_agrees(&pair));
		EXPECT_EQ(2, pair.client.chain_len);
		EXPECT_EQ(2, pair.server.chain_len);
		EXPECT_EQ(has == 3, !!strstr(text, ">compressed_certificate"));
		EXPECT_EQ(has == 3, !!strstr(text, "<compressed_certificate"));
		pair_wipe(&pair);
	}
}

/** struct swap - bytes in place of the server's chain */
struct swap {
	const uint8_t *with;
	size_t len;
};

static bool swap(void *context, const struct side *from, struct record *r)
{
	const struct swap *s = context;
	size_t at, len;

	if (from->role != HS_SERVER || r->epoch != HS_EPOCH_HANDSHAKE)
		return true;
	at = MESSAGE_HEADER_SIZE + r->data[3];
	len = MESSAGE_HEADER_SIZE + ((size_t)r->data[at + 2] << 8 | r->data[at + 3]);
	memmove(r->data + at + s->len, r->data + at + len, r->len - at - len);
	memcpy(r->data + at, s->with, s->len);
	r->len += s->len - len;
	return true;
}

/* What a client says to a CompressedCertificate, or -1. */
static int alert_for(uint16_t algorithm, uint32_t says, const uint8_t *data, size_t len,
		     bool offers)
{
	static uint8_t message[70000];
	struct swap s = { message, 0 };
	struct pair pair;
	struct wr wr;
	int alert;

	wr_init(&wr, message, sizeof(message));
	wr_u8(&wr, TYPE_COMPRESSED_CERTIFICATE);
	wr_u24(&wr, (uint32_t)len + 8);
	wr_u16(&wr, algorithm);
	wr_u24(&wr, says);
	wr_u24(&wr, (uint32_t)len);
	wr_bytes(&wr, data, len);
	s.len = wr.len;
	pair_init(&pair);
	pair.client.config.compression = zlib;
	pair.client.config.compression_len = offers;
	pair.tamper = swap;
	pair.context = &s;
	pair_run(&pair);
	alert = pair.client.fails == 1 && !pair.client.dones ?
		pair.client.failure.alert : -1;
	pair_wipe(&pair);
	return alert;
}

TEST(a_compressed_chain_is_checked)
{
	const struct cr_compression *row = cr_compression_find(1);
	static uint8_t plain[40000], packed[41000], bomb[41000];
	size_t len, bomb_len;

	ASSERT_NE(NULL, row);
	/* No context, and one certificate of 96 bytes. */
	memcpy(plain, "\0\0\0\x65\0\0\x60", 7);
	len = row->deflate(plain, 105, packed, sizeof(packed));
	bomb_len = row->deflate(plain, sizeof(plain), bomb, sizeof(bomb));
	ASSERT_LT(0, len);
	ASSERT_LT(0, bomb_len);
	/* What it holds is looked at: the signature does not fit it. */
	EXPECT_EQ(HS_ALERT_DECRYPT_ERROR, alert_for(1, 105, packed, len, true));
	/* Not offered at all; not this one. */
	EXPECT_EQ(HS_ALERT_UNEXPECTED_MESSAGE, alert_for(1, 105, packed, len, false));
	EXPECT_EQ(HS_ALERT_ILLEGAL_PARAMETER, alert_for(2, 105, packed, len, true));
	/* Shorter, longer than it says; cut; with a byte behind; flipped. */
	EXPECT_EQ(HS_ALERT_BAD_CERTIFICATE, alert_for(1, 104, packed, len, true));
	EXPECT_EQ(HS_ALERT_BAD_CERTIFICATE, alert_for(1, 106, packed, len, true));
	EXPECT_EQ(HS_ALERT_BAD_CERTIFICATE, alert_for(1, 105, packed, len - 1, true));
	EXPECT_EQ(HS_ALERT_BAD_CERTIFICATE, alert_for(1, 105, packed, len + 1, true));
	packed[len / 2] ^= 1;
	EXPECT_EQ(HS_ALERT_BAD_CERTIFICATE, alert_for(1, 105, packed, len, true));
	/* More than a message may hold, and nothing. */
	EXPECT_EQ(HS_ALERT_BAD_CERTIFICATE,
		  alert_for(1, sizeof(plain), bomb, bomb_len, true));
	EXPECT_EQ(HS_ALERT_BAD_CERTIFICATE, alert_for(1, 0xffffff, bomb, bomb_len, true));
	EXPECT_EQ(HS_ALERT_BAD_CERTIFICATE, alert_for(1, 0, bomb, bomb_len, true));
	EXPECT_EQ(HS_ALERT_DECODE_ERROR, alert_for(1, 105, bomb, 0, true));
}

TEST_HARNESS_MAIN
