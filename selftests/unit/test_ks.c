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

static const struct hs_bytes none;

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

	ks_early(&ks, &cr_sha256, none);
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

	ks_early(&ks, &cr_sha256, none);
	ks_handshake(&ks, shared, p256->shared_size, rfc8448_retry_hash_server_hello);
	SAME(ks.current.data, rfc8448_retry_handshake_secret);
	SAME(ks.client_handshake.data, rfc8448_retry_client_handshake);
	SAME(ks.server_handshake.data, rfc8448_retry_server_handshake);
	/* The main secret does not depend on the transcript. */
	ks_application(&ks, rfc8448_retry_hash_server_hello);
	SAME(ks.current.data, rfc8448_retry_main_secret);
}

/* RFC 8448, 3 and 4: from the resumption secret to the secret that signs binders. */
TEST(every_secret_of_a_ticket)
{
	static const uint8_t nonce[] = { 0, 0 };
	static const uint8_t ticket_psk[] = {
		0x4e, 0xcd, 0x0e, 0xb6, 0xec, 0x3b, 0x4d, 0x87, 0xf5, 0xd6, 0x02, 0x8f, 0x92,
		0x2c, 0xa4, 0xc5, 0x85, 0x1a, 0x27, 0x7f, 0xd4, 0x13, 0x11, 0xc9, 0xe6, 0x2d,
		0x2c, 0x94, 0x92, 0xe1, 0xc4, 0xf3,
	}, early[] = {
		0x9b, 0x21, 0x88, 0xe9, 0xb2, 0xfc, 0x6d, 0x64, 0xd7, 0x1d, 0xc3, 0x29, 0x90,
		0x0e, 0x20, 0xbb, 0x41, 0x91, 0x50, 0x00, 0xf6, 0x78, 0xaa, 0x83, 0x9c, 0xbb,
		0x79, 0x7c, 0xb7, 0xd8, 0x33, 0x2c,
	}, hash[] = {	/* of the ClientHello up to the binders */
		0x63, 0x22, 0x4b, 0x2e, 0x45, 0x73, 0xf2, 0xd3, 0x45, 0x4c, 0xa8, 0x4b, 0x9d,
		0x00, 0x9a, 0x04, 0xf6, 0xbe, 0x9e, 0x05, 0x71, 0x1a, 0x83, 0x96, 0x47, 0x3a,
		0xef, 0xa0, 0x1e, 0x92, 0x4a, 0x14,
	}, binder[] = {
		0x3a, 0xdd, 0x4f, 0xb2, 0xd8, 0xfd, 0xf8, 0x22, 0xa0, 0xca, 0x3c, 0xf7, 0x67,
		0x8e, 0xf5, 0xe8, 0x8d, 0xae, 0x99, 0x01, 0x41, 0xc5, 0x92, 0x4d, 0x57, 0xbb,
		0x6f, 0xa3, 0x1b, 0x9e, 0x5f, 0x9d,
	};
	uint8_t psk[CR_HASH_MAX], out[CR_HASH_MAX];
	struct ks ks = { 0 };

	ks_ticket(&cr_sha256, rfc8448_resumption, (struct hs_bytes){ nonce, sizeof(nonce) },
		  psk);
	SAME(psk, ticket_psk);
	ks_early(&ks, &cr_sha256, (struct hs_bytes){ psk, 32 });
	SAME(ks.current.data, early);
	ks_binder(&ks, false, hash, out);
	SAME(out, binder);
}

TEST_HARNESS_MAIN
