// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) 2026 The tlsup authors
 *
 * Traffic keys against RFC 8448, and what sealing and opening promise.
 */
#include <crypto/aead.h>
#include <kunit/test.h>
#include <linux/module.h>
#include <linux/scatterlist.h>
#include <linux/slab.h>

#include "../../selftests/vectors/rfc8448_traffic.h"
#include "compat.h"
#include "keys.h"

#define CONTENT		1000
#define ROOM		(TLSUP_HEADER_SIZE + CONTENT + TLSUP_TAG_SIZE)

/* Those that the kernel of these tests has. */
static const u16 ids[] = {
	TLSUP_CIPHER_AES_GCM_128,
	TLSUP_CIPHER_AES_GCM_256,
	TLSUP_CIPHER_CHACHA20_POLY1305,
	TLSUP_CIPHER_AES_CCM_128,
	TLSUP_CIPHER_AES_CCM_256,
	TLSUP_CIPHER_AES_CCM_8_128,
	TLSUP_CIPHER_AES_CCM_8_256,
};

/* Of the cipher table; some kernels lack the ciphers of the others. */
#define CIPHERS_KNOWN	16

static void expand(struct kunit *test, u8 hash, const u8 *secret,
		   const char *label, u8 *out, size_t len)
{
	int err = tlsup_keys_expand_label(hash, secret, label, out, len);

	KUNIT_ASSERT_EQ(test, err, 0);
}

static void traffic_keys_are_those_of_rfc8448(struct kunit *test)
{
	static const struct {
		const u8 *secret, *key, *iv;
	} rows[] = {
		{ rfc8448_client_handshake, rfc8448_client_handshake_key,
		  rfc8448_client_handshake_iv },
		{ rfc8448_server_handshake, rfc8448_server_handshake_key,
		  rfc8448_server_handshake_iv },
		{ rfc8448_client_application, rfc8448_client_application_key,
		  rfc8448_client_application_iv },
		{ rfc8448_server_application, rfc8448_server_application_key,
		  rfc8448_server_application_iv },
	};
	u8 out[16];
	size_t i;

	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		expand(test, TLSUP_HASH_SHA256, rows[i].secret, "key", out, 16);
		KUNIT_EXPECT_MEMEQ(test, out, rows[i].key, 16);
		expand(test, TLSUP_HASH_SHA256, rows[i].secret, "iv", out, 12);
		KUNIT_EXPECT_MEMEQ(test, out, rows[i].iv, 12);
	}
}

static struct tlsup_keys *make(struct kunit *test, u16 id)
{
	u8 hash = id == TLSUP_CIPHER_AES_GCM_256 ? TLSUP_HASH_SHA384 :
						   TLSUP_HASH_SHA256;
	const u8 secret[TLSUP_SECRET_MAX] = { 42, id };
	struct tlsup_keys *keys;

	keys = tlsup_keys_create(TLSUP_EPOCH_APPLICATION, tlsup_cipher_find(id),
				 hash, secret, tlsup_keys_hash_size(hash));
	KUNIT_ASSERT_FALSE(test, IS_ERR(keys));
	return keys;
}

static void build(u8 *record, struct scatterlist *sg,
		  const struct tlsup_keys *keys)
{
	size_t len = CONTENT + keys->cipher->tag_size;

	memset(record, 0x5a, ROOM);
	tlsup_record_build_header(record, 23, 0x0303, len);
	sg_init_table(sg, 2);
	sg_set_buf(&sg[1], record + TLSUP_HEADER_SIZE, len);
}

static u8 *new_record(struct kunit *test)
{
	u8 *record = kunit_kzalloc(test, ROOM, GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, record);
	return record;
}

static int seal(struct tlsup_keys *keys, struct scatterlist *sg)
{
	return tlsup_keys_seal(keys, sg, sg, 23, CONTENT);
}

/* As a receiver: what is in the header counts. */
static enum tlsup_fault open(struct tlsup_keys *keys, const u8 *record,
			     struct scatterlist *sg, const u8 *explicit_nonce)
{
	size_t len = get_unaligned_be16(record + 3);
	enum tlsup_fault fault;
	int error;

	if (len != CONTENT + keys->cipher->tag_size)
		return TLSUP_FAULT_MAC;
	fault = tlsup_keys_open(keys, record, sg, sg, len, explicit_nonce,
				&error);

	return error ? TLSUP_FAULT_COUNT : fault;
}

static void what_is_sealed_opens_in_order_only(struct kunit *test)
{
	u8 *record = new_record(test), *second = new_record(test);
	struct scatterlist sg[2], sg2[2];
	size_t i;

	for (i = 0; i < ARRAY_SIZE(ids); i++) {
		struct tlsup_keys *tx = make(test, ids[i]);
		struct tlsup_keys *rx = make(test, ids[i]);

		build(record, sg, tx);
		build(second, sg2, tx);
		KUNIT_EXPECT_EQ(test, seal(tx, sg), 0);
		KUNIT_EXPECT_EQ(test, seal(tx, sg2), 0);
		KUNIT_EXPECT_MEMNEQ(test, record, second, ROOM);
		KUNIT_EXPECT_EQ(test, tx->seq, 2);

		KUNIT_EXPECT_EQ(test, open(rx, record, sg, NULL), TLSUP_OK);
		KUNIT_EXPECT_EQ(test, record[TLSUP_HEADER_SIZE], 0x5a);
		KUNIT_EXPECT_EQ(test, record[TLSUP_HEADER_SIZE + CONTENT - 1], 0x5a);
		/* The same record again is not the next one. */
		KUNIT_EXPECT_EQ(test, open(rx, record, sg, NULL), TLSUP_FAULT_MAC);
		KUNIT_EXPECT_EQ(test, rx->seq, 1);
		KUNIT_EXPECT_EQ(test, open(rx, second, sg2, NULL), TLSUP_OK);
		tlsup_keys_destroy(tx);
		tlsup_keys_destroy(rx);
	}
}

static void a_flipped_bit_anywhere_does_not_open(struct kunit *test)
{
	u8 *record = new_record(test);
	struct scatterlist sg[2];
	size_t i, at;

	for (i = 0; i < ARRAY_SIZE(ids); i++) {
		struct tlsup_keys *rx = make(test, ids[i]);

		for (at = 0; at < TLSUP_HEADER_SIZE + CONTENT + 8;
		     at += at < 8 || at > ROOM - 20 ? 1 : 61) {
			struct tlsup_keys *tx = make(test, ids[i]);

			build(record, sg, tx);
			KUNIT_EXPECT_EQ(test, seal(tx, sg), 0);
			record[at] ^= 1 << at % 8;
			KUNIT_EXPECT_EQ_MSG(test, open(rx, record, sg, NULL), TLSUP_FAULT_MAC,
					    "byte %zu", at);
			KUNIT_EXPECT_EQ(test, rx->seq, 0);
			tlsup_keys_destroy(tx);
		}
		tlsup_keys_destroy(rx);
	}
}

static void a_record_shorter_than_its_tag_is_refused(struct kunit *test)
{
	struct tlsup_keys *rx = make(test, ids[0]);
	u8 *record = new_record(test);
	struct scatterlist sg[2];
	size_t len;
	int error;

	build(record, sg, rx);
	for (len = 0; len <= TLSUP_TAG_SIZE; len++)
		KUNIT_EXPECT_EQ(test, tlsup_keys_open(rx, record, sg, sg, len,
						      NULL, &error),
				TLSUP_FAULT_SHORT);
	tlsup_keys_destroy(rx);
}

static void the_sequence_number_never_wraps(struct kunit *test)
{
	struct tlsup_keys *keys = make(test, ids[0]);
	u8 *record = new_record(test);
	struct scatterlist sg[2];

	build(record, sg, keys);
	keys->seq = U64_MAX - 1;
	KUNIT_EXPECT_EQ(test, seal(keys, sg), 0);
	KUNIT_EXPECT_EQ(test, seal(keys, sg), -EOVERFLOW);
	KUNIT_EXPECT_EQ(test, keys->seq, U64_MAX);
	KUNIT_EXPECT_EQ(test, open(keys, record, sg, NULL), TLSUP_FAULT_SEQUENCE);
	tlsup_keys_destroy(keys);
}

/* TLS 1.2: RFC 5288 and RFC 6655, explicit nonces; RFC 7905, none. */
static struct tlsup_keys *make_parts(struct kunit *test, u16 id, u64 seq)
{
	const struct tlsup_cipher_desc *cipher = tlsup_cipher_find(id);
	const u8 key[TLSUP_KEY_MAX] = { 43, id };
	const struct tlsup_key_parts parts = {
		.version = 0x0303, .key = key, .iv = { 1, 2, 3, 4 }, .seq = seq,
	};
	struct tlsup_keys *keys = tlsup_keys_create_parts(cipher, &parts);

	KUNIT_ASSERT_FALSE(test, IS_ERR(keys));
	return keys;
}

static void tls12_opens_with_the_nonce_in_the_record(struct kunit *test)
{
	u8 *record = new_record(test), nonce[TLSUP_EXPLICIT_SIZE];
	struct scatterlist sg[2];
	size_t i, n;

	for (i = 0; i < ARRAY_SIZE(ids); i++) {
		struct tlsup_keys *tx = make_parts(test, ids[i], 5);
		struct tlsup_keys *rx = make_parts(test, ids[i], 5);
		struct tlsup_keys *late = make_parts(test, ids[i], 6);

		KUNIT_EXPECT_EQ(test, tx->explicit_size,
				ids[i] == TLSUP_CIPHER_CHACHA20_POLY1305 ? 0 : 8);
		for (n = 0; n < 3; n++) {
			tlsup_keys_explicit(tx, nonce);
			build(record, sg, tx);
			KUNIT_EXPECT_EQ(test, seal(tx, sg), 0);
			if (tx->explicit_size)
				KUNIT_EXPECT_EQ(test, get_unaligned_be64(nonce), n);
			KUNIT_EXPECT_EQ(test, open(rx, record, sg, nonce), TLSUP_OK);
			KUNIT_EXPECT_EQ(test, record[TLSUP_HEADER_SIZE], 0x5a);
		}
		/* The sequence number is authenticated, though not sent. */
		build(record, sg, tx);
		KUNIT_EXPECT_EQ(test, seal(tx, sg), 0);
		KUNIT_EXPECT_EQ(test, open(late, record, sg, nonce), TLSUP_FAULT_MAC);
		tlsup_keys_destroy(tx);
		tlsup_keys_destroy(rx);
		tlsup_keys_destroy(late);
	}
}

static void keys_in_parts_have_no_successor(struct kunit *test)
{
	struct tlsup_keys *keys = make_parts(test, ids[0], 0);

	KUNIT_EXPECT_EQ(test, PTR_ERR(tlsup_keys_update(keys)), -EOPNOTSUPP);
	tlsup_keys_destroy(keys);
}

static void an_update_starts_again_under_the_next_secret(struct kunit *test)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(ids); i++) {
		struct tlsup_keys *old = make(test, ids[i]), *new;
		u8 next[TLSUP_SECRET_MAX];

		old->seq = 7;
		new = tlsup_keys_update(old);
		KUNIT_ASSERT_FALSE(test, IS_ERR(new));
		expand(test, old->hash, old->secret, "traffic upd", next,
		       old->secret_len);
		KUNIT_EXPECT_MEMEQ(test, new->secret, next, old->secret_len);
		KUNIT_EXPECT_EQ(test, new->seq, 0);
		KUNIT_EXPECT_EQ(test, old->seq, 7);
		KUNIT_EXPECT_MEMNEQ(test, new->iv, old->iv, TLSUP_IV_SIZE);
		tlsup_keys_destroy(new);
		tlsup_keys_destroy(old);
	}
}

static void a_secret_of_the_wrong_length_is_refused(struct kunit *test)
{
	const u8 secret[TLSUP_SECRET_MAX + 1] = { 0 };
	size_t len;

	for (len = 0; len <= sizeof(secret); len++) {
		struct tlsup_keys *keys;

		if (len == 32)
			continue;
		keys = tlsup_keys_create(TLSUP_EPOCH_HANDSHAKE,
					 tlsup_cipher_find(ids[0]),
					 TLSUP_HASH_SHA256, secret, len);
		KUNIT_EXPECT_EQ(test, PTR_ERR(keys), -EINVAL);
	}
}

static void the_table_knows_its_ciphers_only(struct kunit *test)
{
	int id, known = 0;

	for (id = 0; id < 0x10000; id++)
		known += tlsup_cipher_find(id) && tlsup_cipher_find(id)->id == id;
	KUNIT_EXPECT_EQ(test, known, CIPHERS_KNOWN);
}

static struct kunit_case cases[] = {
	KUNIT_CASE(traffic_keys_are_those_of_rfc8448),
	KUNIT_CASE(what_is_sealed_opens_in_order_only),
	KUNIT_CASE(a_flipped_bit_anywhere_does_not_open),
	KUNIT_CASE(a_record_shorter_than_its_tag_is_refused),
	KUNIT_CASE(the_sequence_number_never_wraps),
	KUNIT_CASE(tls12_opens_with_the_nonce_in_the_record),
	KUNIT_CASE(keys_in_parts_have_no_successor),
	KUNIT_CASE(an_update_starts_again_under_the_next_secret),
	KUNIT_CASE(a_secret_of_the_wrong_length_is_refused),
	KUNIT_CASE(the_table_knows_its_ciphers_only),
	{}
};

static struct kunit_suite suite = {
	.name = "tlsup_keys",
	.test_cases = cases,
};

kunit_test_suite(suite);

MODULE_DESCRIPTION("In-kernel tests of tlsup");
MODULE_LICENSE("GPL");
MODULE_IMPORT_NS(EXPORTED_FOR_KUNIT_TESTING);
