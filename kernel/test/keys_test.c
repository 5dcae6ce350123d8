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
#include "keys.h"

#define CONTENT		1000
#define ROOM		(TLSUP_HEADER_SIZE + CONTENT + TLSUP_TAG_SIZE)

static const u16 ids[] = {
	TLSUP_CIPHER_AES_GCM_128,
	TLSUP_CIPHER_AES_GCM_256,
	TLSUP_CIPHER_CHACHA20_POLY1305,
};

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

static void build(u8 *record, struct scatterlist *sg)
{
	memset(record, 0x5a, ROOM);
	tlsup_record_build_header(record, 23, 0x0303, CONTENT + TLSUP_TAG_SIZE);
	sg_init_one(sg, record, ROOM);
}

static u8 *new_record(struct kunit *test)
{
	u8 *record = kunit_kzalloc(test, ROOM, GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, record);
	return record;
}

static enum tlsup_fault open(struct tlsup_keys *keys, struct scatterlist *sg)
{
	int error;
	enum tlsup_fault fault = tlsup_keys_open(keys, sg,
						 CONTENT + TLSUP_TAG_SIZE, &error);

	return error ? TLSUP_FAULT_COUNT : fault;
}

static void what_is_sealed_opens_in_order_only(struct kunit *test)
{
	u8 *record = new_record(test), *second = new_record(test);
	struct scatterlist sg, sg2;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(ids); i++) {
		struct tlsup_keys *tx = make(test, ids[i]);
		struct tlsup_keys *rx = make(test, ids[i]);

		build(record, &sg);
		build(second, &sg2);
		KUNIT_EXPECT_EQ(test, tlsup_keys_seal(tx, &sg, CONTENT), 0);
		KUNIT_EXPECT_EQ(test, tlsup_keys_seal(tx, &sg2, CONTENT), 0);
		KUNIT_EXPECT_MEMNEQ(test, record, second, ROOM);
		KUNIT_EXPECT_EQ(test, tx->seq, 2);

		KUNIT_EXPECT_EQ(test, open(rx, &sg), TLSUP_OK);
		KUNIT_EXPECT_EQ(test, record[TLSUP_HEADER_SIZE], 0x5a);
		KUNIT_EXPECT_EQ(test, record[TLSUP_HEADER_SIZE + CONTENT - 1], 0x5a);
		/* The same record again is not the next one. */
		KUNIT_EXPECT_EQ(test, open(rx, &sg), TLSUP_FAULT_MAC);
		KUNIT_EXPECT_EQ(test, rx->seq, 1);
		KUNIT_EXPECT_EQ(test, open(rx, &sg2), TLSUP_OK);
		tlsup_keys_destroy(tx);
		tlsup_keys_destroy(rx);
	}
}

static void a_flipped_bit_anywhere_does_not_open(struct kunit *test)
{
	u8 *record = new_record(test);
	struct scatterlist sg;
	size_t i, at;

	for (i = 0; i < ARRAY_SIZE(ids); i++) {
		struct tlsup_keys *rx = make(test, ids[i]);

		for (at = 0; at < ROOM; at += at < 8 || at > ROOM - 20 ? 1 : 61) {
			struct tlsup_keys *tx = make(test, ids[i]);

			build(record, &sg);
			KUNIT_EXPECT_EQ(test, tlsup_keys_seal(tx, &sg, CONTENT), 0);
			record[at] ^= 1 << at % 8;
			KUNIT_EXPECT_EQ_MSG(test, open(rx, &sg), TLSUP_FAULT_MAC,
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
	struct scatterlist sg;
	size_t len;
	int error;

	build(record, &sg);
	for (len = 0; len <= TLSUP_TAG_SIZE; len++)
		KUNIT_EXPECT_EQ(test, tlsup_keys_open(rx, &sg, len, &error),
				TLSUP_FAULT_SHORT);
	tlsup_keys_destroy(rx);
}

static void the_sequence_number_never_wraps(struct kunit *test)
{
	struct tlsup_keys *keys = make(test, ids[0]);
	u8 *record = new_record(test);
	struct scatterlist sg;

	build(record, &sg);
	keys->seq = U64_MAX - 1;
	KUNIT_EXPECT_EQ(test, tlsup_keys_seal(keys, &sg, CONTENT), 0);
	KUNIT_EXPECT_EQ(test, tlsup_keys_seal(keys, &sg, CONTENT), -EOVERFLOW);
	KUNIT_EXPECT_EQ(test, keys->seq, U64_MAX);
	KUNIT_EXPECT_EQ(test, open(keys, &sg), TLSUP_FAULT_SEQUENCE);
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
	KUNIT_EXPECT_EQ(test, known, ARRAY_SIZE(ids));
}

static struct kunit_case cases[] = {
	KUNIT_CASE(traffic_keys_are_those_of_rfc8448),
	KUNIT_CASE(what_is_sealed_opens_in_order_only),
	KUNIT_CASE(a_flipped_bit_anywhere_does_not_open),
	KUNIT_CASE(a_record_shorter_than_its_tag_is_refused),
	KUNIT_CASE(the_sequence_number_never_wraps),
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
