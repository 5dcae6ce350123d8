// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) 2026 The tlsup authors
 */
#include <string.h>

#include "kselftest_harness.h"
#include "lib/secret.h"
#include "lib/wire.h"

TEST(a_read_past_the_end_sticks)
{
	const uint8_t bytes[] = { 1, 2, 3 };
	struct rd rd;

	rd_init(&rd, bytes, sizeof(bytes));
	EXPECT_EQ(0x0102, rd_u16(&rd));
	EXPECT_FALSE(rd_end(&rd));
	EXPECT_EQ(0, rd_u16(&rd));
	EXPECT_FALSE(rd_more(&rd));
	EXPECT_FALSE(rd_end(&rd));
	/* Not even what would still fit is read after that. */
	EXPECT_EQ(0, rd_u8(&rd));
	EXPECT_EQ(NULL, rd_bytes(&rd, 0));
}

TEST(a_vector_longer_than_its_place_fails_both_readers)
{
	const uint8_t bytes[] = { 0, 4, 1, 2, 3 };

	for (size_t n = 0; n <= sizeof(bytes); n++) {
		struct rd rd, inner;

		rd_init(&rd, bytes, n);
		inner = rd_vec16(&rd);
		EXPECT_TRUE(inner.failed);
		EXPECT_FALSE(rd_more(&inner));
		EXPECT_FALSE(rd_end(&inner));
		EXPECT_FALSE(rd_end(&rd));
	}
}

TEST(nested_vectors_read_back)
{
	uint8_t buffer[64];
	struct rd rd, list, name;
	struct wr wr;
	size_t outer, inner;

	wr_init(&wr, buffer, sizeof(buffer));
	outer = wr_open(&wr, 3);
	inner = wr_open(&wr, 2);
	wr_bytes(&wr, "abc", 3);
	wr_close(&wr, inner);
	wr_u24(&wr, 0x010203);
	wr_close(&wr, outer);
	ASSERT_FALSE(wr.failed);

	rd_init(&rd, buffer, wr.len);
	list = rd_vec24(&rd);
	name = rd_vec16(&list);
	EXPECT_EQ(3, name.len);
	EXPECT_EQ(0, memcmp(name.data, "abc", 3));
	EXPECT_EQ(0x010203, rd_u24(&list));
	EXPECT_TRUE(rd_end(&list));
	EXPECT_TRUE(rd_end(&rd));
}

TEST(an_empty_vector_is_no_failure)
{
	const uint8_t bytes[] = { 0 };
	struct rd rd, inner;

	rd_init(&rd, bytes, sizeof(bytes));
	inner = rd_vec8(&rd);
	EXPECT_TRUE(rd_end(&inner));
	EXPECT_TRUE(rd_end(&rd));
}

TEST(a_write_that_does_not_fit_sticks)
{
	uint8_t buffer[4];
	struct wr wr;

	wr_init(&wr, buffer, sizeof(buffer));
	wr_u24(&wr, 1);
	wr_u16(&wr, 1);
	EXPECT_TRUE(wr.failed);
	wr_u8(&wr, 1);
	EXPECT_EQ(3, wr.len);
}

TEST(a_length_that_its_prefix_cannot_hold_fails)
{
	const uint8_t content[256] = { 0 };
	uint8_t buffer[300];
	struct wr wr;
	size_t mark;

	wr_init(&wr, buffer, sizeof(buffer));
	mark = wr_open(&wr, 1);
	wr_bytes(&wr, content, sizeof(content));
	wr_close(&wr, mark);
	EXPECT_TRUE(wr.failed);
}

TEST(secrets_compare_by_every_byte)
{
	uint8_t a[48] = { 0 }, b[48] = { 0 };

	EXPECT_TRUE(secret_equal(a, b, sizeof(a)));
	for (size_t i = 0; i < sizeof(a); i++) {
		b[i] = 0x80;
		EXPECT_FALSE(secret_equal(a, b, sizeof(a)));
		b[i] = 0;
	}
}

TEST(long_numbers_read_back_and_half_of_one_does_not)
{
	uint8_t buffer[12];
	struct rd rd;
	struct wr wr;

	wr_init(&wr, buffer, sizeof(buffer));
	wr_u32(&wr, 0x89abcdef);
	wr_u64(&wr, 0xfedcba9876543210);
	ASSERT_FALSE(wr.failed);
	rd_init(&rd, buffer, wr.len);
	EXPECT_EQ(0x89abcdef, rd_u32(&rd));
	EXPECT_EQ(0xfedcba9876543210, rd_u64(&rd));
	EXPECT_TRUE(rd_end(&rd));
	rd_init(&rd, buffer, 7);
	EXPECT_EQ(0, rd_u64(&rd));
	EXPECT_FALSE(rd_end(&rd));
}

TEST_HARNESS_MAIN
