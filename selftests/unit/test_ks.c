// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) 2026 The tlsup authors
 *
 * RFC 8448: every secret, key and finished value from the messages' bytes.
 */
#include <string.h>

#include "crypto/cr_kex.h"
#include "kselftest_harness.h"
#include "rfc8448.h"
#include "tls/hs_int.h"

#define MESSAGE(d, m)	cr_digest_update(d, m, sizeof(m))
#define SAME(a, b)	EXPECT_EQ(0, memcmp(a, b, sizeof(b)))

TEST(x25519_gives_the_shared_secret)
{
	uint8_t shared[CR_KEX_SHARED_MAX];
	const struct cr_kex *x25519 = cr_kex_find(0x001d);

	ASSERT_TRUE(x25519->derive(x25519, rfc8448_client_private, rfc8448_server_public, shared));
	SAME(shared, rfc8448_shared);
	ASSERT_TRUE(x25519->derive(x25519, rfc8448_server_private, rfc8448_client_public, shared));
	SAME(shared, rfc8448_shared);
}

static void to_server_finished(struct cr_digest *d)
{
	MESSAGE(d, rfc8448_encrypted_extensions);
	MESSAGE(d, rfc8448_certificate);
	MESSAGE(d, rfc8448_certificate_verify);
}

TEST(every_secret_of_the_simple_handshake)
{
	uint8_t hash[CR_HASH_MAX], verify[CR_HASH_MAX];
	struct ks ks = { 0 };
	struct cr_digest d;

	cr_digest_init(&d, &cr_sha256);
	MESSAGE(&d, rfc8448_client_hello);
	MESSAGE(&d, rfc8448_server_hello);
	cr_digest_peek(&d, hash);
	SAME(hash, rfc8448_hash_server_hello);

	ks_early(&ks, &cr_sha256);
	SAME(ks.current.data, rfc8448_early_secret);
	ks_handshake(&ks, rfc8448_shared, sizeof(rfc8448_shared), hash);
	SAME(ks.current.data, rfc8448_handshake_secret);
	SAME(ks.client_handshake.data, rfc8448_client_handshake);
	SAME(ks.server_handshake.data, rfc8448_server_handshake);

	to_server_finished(&d);
	cr_digest_peek(&d, hash);
	ks_finished(&ks, &ks.server_handshake, hash, verify);
	EXPECT_EQ(0, memcmp(verify, rfc8448_server_finished + 4, 32));

	MESSAGE(&d, rfc8448_server_finished);
	cr_digest_peek(&d, hash);
	SAME(hash, rfc8448_hash_server_finished);
	ks_finished(&ks, &ks.client_handshake, hash, verify);
	EXPECT_EQ(0, memcmp(verify, rfc8448_client_finished + 4, 32));
	ks_application(&ks, hash);
	SAME(ks.current.data, rfc8448_main_secret);
	SAME(ks.client_application.data, rfc8448_client_application);
	SAME(ks.server_application.data, rfc8448_server_application);
	SAME(ks.exporter.data, rfc8448_exporter);

	MESSAGE(&d, rfc8448_client_finished);
	cr_digest_peek(&d, hash);
	SAME(hash, rfc8448_hash_client_finished);
	ks_resumption(&ks, hash);
	SAME(ks.resumption.data, rfc8448_resumption);
}

static void expect_keys(struct __test_metadata *_metadata, const uint8_t *secret,
			const uint8_t *key, const uint8_t *iv)
{
	uint8_t out[16];

	ks_expand_label(&cr_sha256, secret, "key", NULL, 0, out, 16);
	EXPECT_EQ(0, memcmp(out, key, 16));
	ks_expand_label(&cr_sha256, secret, "iv", NULL, 0, out, 12);
	EXPECT_EQ(0, memcmp(out, iv, 12));
}

TEST(every_traffic_key)
{
	expect_keys(_metadata, rfc8448_client_handshake, rfc8448_client_handshake_key,
		    rfc8448_client_handshake_iv);
	expect_keys(_metadata, rfc8448_server_handshake, rfc8448_server_handshake_key,
		    rfc8448_server_handshake_iv);
	expect_keys(_metadata, rfc8448_client_application,
		    rfc8448_client_application_key, rfc8448_client_application_iv);
	expect_keys(_metadata, rfc8448_server_application,
		    rfc8448_server_application_key, rfc8448_server_application_iv);
}

/* The engine's own transcript, through its replacement by message_hash. */
TEST(the_transcript_through_hello_retry_request)
{
	static const struct suite suite = { .hash = &cr_sha256 };
	struct hs hs = { .suite = &suite };
	uint8_t hash[CR_HASH_MAX];

	trans_update(&hs, rfc8448_retry_client_hello, sizeof(rfc8448_retry_client_hello));
	trans_retry(&hs);
	trans_update(&hs, rfc8448_retry_hello_retry_request,
		     sizeof(rfc8448_retry_hello_retry_request));
	trans_update(&hs, rfc8448_retry_client_hello_2,
		     sizeof(rfc8448_retry_client_hello_2));
	trans_update(&hs, rfc8448_retry_server_hello, sizeof(rfc8448_retry_server_hello));
	trans_hash(&hs, hash);
	SAME(hash, rfc8448_retry_hash_server_hello);
}

/* Where the share stands: behind the group and the length of the only one. */
#define RETRY_CLIENT_SHARE	(rfc8448_retry_client_hello_2 + 93)
#define RETRY_SERVER_SHARE	(rfc8448_retry_server_hello + 52)

TEST(every_secret_after_hello_retry_request)
{
	const struct cr_kex *p256 = cr_kex_find(0x0017);
	uint8_t shared[CR_KEX_SHARED_MAX];
	struct ks ks = { 0 };

	ASSERT_TRUE(p256->derive(p256, rfc8448_retry_client_private, RETRY_SERVER_SHARE, shared));
	SAME(shared, rfc8448_retry_shared);
	ASSERT_TRUE(p256->derive(p256, rfc8448_retry_server_private, RETRY_CLIENT_SHARE, shared));
	SAME(shared, rfc8448_retry_shared);

	ks_early(&ks, &cr_sha256);
	ks_handshake(&ks, shared, p256->shared_size, rfc8448_retry_hash_server_hello);
	SAME(ks.current.data, rfc8448_retry_handshake_secret);
	SAME(ks.client_handshake.data, rfc8448_retry_client_handshake);
	SAME(ks.server_handshake.data, rfc8448_retry_server_handshake);
	/* The main secret does not depend on the transcript. */
	ks_application(&ks, rfc8448_retry_hash_server_hello);
	SAME(ks.current.data, rfc8448_retry_main_secret);
}

TEST_HARNESS_MAIN
