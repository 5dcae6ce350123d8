// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) 2026 The tlsup authors
 *
 * Boxes, and the hash behind tables that an enemy fills.
 */
#include <string.h>

#include "crypto/cr_aead.h"
#include "crypto/cr_siphash.h"
#include "kselftest_harness.h"

#define LEN	100

static const uint8_t key_bytes[CR_AEAD_KEY_SIZE] = { 1, 2, 3 };

FIXTURE(box) {
	struct cr_aead_key key;
	uint8_t plain[LEN];
	uint8_t box[LEN + CR_AEAD_OVERHEAD];
	uint8_t out[LEN];
};

FIXTURE_SETUP(box)
{
	cr_aead_init(&self->key, key_bytes);
	memset(self->plain, 0x5a, LEN);
	cr_aead_seal(&self->key, (const uint8_t *)"ad", 2, self->plain, LEN, self->box);
}

FIXTURE_TEARDOWN(box)
{
}

TEST_F(box, opens_again)
{
	EXPECT_TRUE(cr_aead_open(&self->key, (const uint8_t *)"ad", 2, self->box,
				 sizeof(self->box), self->out));
	EXPECT_EQ(0, memcmp(self->plain, self->out, LEN));
	EXPECT_EQ(NULL, memmem(self->box, sizeof(self->box), self->plain, 8));
}

TEST_F(box, opens_with_no_bit_changed_and_leaves_nothing)
{
	static const uint8_t zero[LEN];

	for (size_t i = 0; i < 8 * sizeof(self->box); i++) {
		self->box[i / 8] ^= (uint8_t)(1 << i % 8);
		memset(self->out, 0xff, LEN);
		EXPECT_FALSE(cr_aead_open(&self->key, (const uint8_t *)"ad", 2,
					  self->box, sizeof(self->box), self->out));
		EXPECT_EQ(0, memcmp(zero, self->out, LEN));
		self->box[i / 8] ^= (uint8_t)(1 << i % 8);
	}
}

TEST_F(box, opens_at_no_other_length)
{
	for (size_t n = 0; n < sizeof(self->box); n++)
		EXPECT_FALSE(cr_aead_open(&self->key, (const uint8_t *)"ad", 2,
					  self->box, n, self->out));
}

TEST_F(box, opens_for_nobody_else)
{
	struct cr_aead_key other;
	uint8_t bytes[CR_AEAD_KEY_SIZE] = { 1, 2, 4 };

	EXPECT_FALSE(cr_aead_open(&self->key, (const uint8_t *)"AD", 2, self->box,
				  sizeof(self->box), self->out));
	EXPECT_FALSE(cr_aead_open(&self->key, NULL, 0, self->box, sizeof(self->box),
				  self->out));
	cr_aead_init(&other, bytes);
	EXPECT_FALSE(cr_aead_open(&other, (const uint8_t *)"ad", 2, self->box,
				  sizeof(self->box), self->out));
}

TEST_F(box, is_another_each_time)
{
	uint8_t again[sizeof(self->box)];

	cr_aead_seal(&self->key, (const uint8_t *)"ad", 2, self->plain, LEN, again);
	EXPECT_NE(0, memcmp(again, self->box, GCM_IV_SIZE));
	EXPECT_NE(0, memcmp(again + GCM_IV_SIZE, self->box + GCM_IV_SIZE, LEN));
}

/* The example of the paper's appendix A, and the empty string. */
TEST(siphash_of_the_paper)
{
	uint8_t key[CR_SIPHASH_KEY_SIZE], data[15];

	for (uint8_t i = 0; i < sizeof(key); i++)
		key[i] = i;
	for (uint8_t i = 0; i < sizeof(data); i++)
		data[i] = i;
	EXPECT_EQ(0xa129ca6149be45e5, cr_siphash(key, data, sizeof(data)));
	EXPECT_EQ(0x726fdb47dd0e0e31, cr_siphash(key, data, 0));
}

TEST_HARNESS_MAIN
