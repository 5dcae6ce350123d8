// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) 2026 The tlsup authors
 *
 * What is traced of a handshake of TLS 1.3: each message by the standard's name,
 * with the fields by which one follows it, and no secret.
 */
#include <stdio.h>
#include <string.h>

#include "kselftest_harness.h"
#include "pair.h"
#include "tls/hs_int.h"

/** struct journal - a line for each message */
struct journal {
	char text[4000];
};

static void note(struct side *side, const char *message, const char *detail)
{
	struct journal *journal = side->pair->context;
	size_t at = strlen(journal->text);

	snprintf(journal->text + at, sizeof(journal->text) - at, "%s: %s\n", message, detail);
}

static void prepare(struct pair *pair, struct journal *journal)
{
	static const uint16_t p256[] = { 0x0017 }, zlib[] = { 1 };
	static const uint8_t alpn[] = "\x02h2";

	pair_init(pair);
	memset(journal, 0, sizeof(*journal));
	pair->detail = note;
	pair->context = journal;
	pair->client.config.alpn = pair->server.config.alpn = (struct hs_bytes){ alpn, 3 };
	pair->client.config.record_size_limit = 5000;
	pair->server.config.record_size_limit = 6000;
	pair->client.config.compression = pair->server.config.compression = zlib;
	pair->client.config.compression_len = 1;
	pair->server.config.compression_len = 1;
	pair->server.config.cookie = true;
	pair->server.config.groups = p256;
	pair->server.config.groups_len = 1;
	pair->server.config.client_auth = HS_CLIENT_AUTH_REQUIRE;
	pair->client_credential = &pair_rsa_credential;
}

#define HOLDS(words)	EXPECT_NE(NULL, strstr(journal.text, words)) TH_LOG("%s", words)

TEST(each_message_with_its_fields)
{
	struct journal journal;
	struct pair pair;

	prepare(&pair, &journal);
	pair_run(&pair);
	ASSERT_TRUE(pair_agrees(&pair));
	HOLDS("client_hello: up to TLS 1.3, 5 suites, session_id ");
	HOLDS("hello_retry_request: TLS 1.3, TLS_AES_128_GCM_SHA256, session_id ");
	HOLDS(", asks for a share of P-256, cookie\n");
	HOLDS("server_hello: TLS 1.3, TLS_AES_128_GCM_SHA256, session_id ");
	HOLDS(", share of P-256\n");
	HOLDS("encrypted_extensions: a protocol, record_size_limit 6000\n");
	HOLDS("certificate_request: ");
	HOLDS("compressed_certificate: zlib, 1614 bytes in ");
	HOLDS("certificate_verify: signed by the server with ecdsa_secp256r1_sha256\n");
	HOLDS("certificate_verify: signed by the client with rsa_pss_rsae_sha256\n");
	HOLDS("finished: ");
	pair_wipe(&pair);
}

static bool has_hex(const char *text, const uint8_t *data, size_t len)
{
	char digits[2 * SECRET_MAX + 1] = "";

	for (size_t i = 0; i < len; i++)
		sprintf(digits + 2 * i, "%02x", data[i]);
	return len && strstr(text, digits);
}

TEST(no_secret_among_them)
{
	struct journal journal;
	struct pair pair;

	prepare(&pair, &journal);
	pair_run(&pair);
	ASSERT_TRUE(pair_agrees(&pair));
	EXPECT_TRUE(has_hex(journal.text, pair.client.hs->session_id, 32));
	for (int epoch = HS_EPOCH_HANDSHAKE; epoch <= HS_EPOCH_APPLICATION; epoch++)
		for (int direction = HS_TX; direction <= HS_RX; direction++) {
			const struct secret *s = &pair.client.secrets[direction][epoch];

			EXPECT_FALSE(has_hex(journal.text, s->data, s->len));
		}
	EXPECT_FALSE(has_hex(journal.text, pair.client.exporter.data, 32));
	EXPECT_FALSE(has_hex(journal.text, pair.client.resumption.data, 32));
	pair_wipe(&pair);
}

TEST_HARNESS_MAIN
