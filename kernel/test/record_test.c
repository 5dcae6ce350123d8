// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) 2026 The tlsup authors
 *
 * The rules of one record, every type and length.
 */
#include <kunit/test.h>
#include <linux/slab.h>

#include "compat.h"
#include "record.h"

static enum tlsup_fault parse(u8 type, u16 version, u16 len, bool keyed,
			      struct tlsup_header *header)
{
	u8 bytes[TLSUP_HEADER_SIZE];

	tlsup_record_build_header(bytes, type, version, len);
	return tlsup_record_parse_header(bytes, keyed ? TLSUP_CIPHERTEXT_MAX :
					 TLSUP_PLAINTEXT_MAX, header);
}

static void header_takes_the_four_types_only(struct kunit *test)
{
	struct tlsup_header header;
	int type;

	for (type = 0; type < 256; type++)
		KUNIT_EXPECT_EQ_MSG(test, parse(type, 0x0303, 1, false, &header),
				    type >= 20 && type <= 23 ?
				    TLSUP_OK : TLSUP_FAULT_TYPE, "type %d", type);
}

static void header_looks_at_the_major_version_only(struct kunit *test)
{
	struct tlsup_header header;
	int version;

	for (version = 0; version < 0x10000; version += 0x55)
		KUNIT_EXPECT_EQ_MSG(test, parse(22, version, 1, false, &header),
				    version >> 8 == 3 ?
				    TLSUP_OK : TLSUP_FAULT_VERSION,
				    "version %#x", version);
}

static void header_bounds_the_length(struct kunit *test)
{
	static const struct {
		u8 type;
		u16 len;
		bool keyed;
		enum tlsup_fault fault;
	} rows[] = {
		{ 22, 0, false, TLSUP_FAULT_EMPTY },
		{ 21, 0, false, TLSUP_FAULT_EMPTY },
		{ 20, 0, false, TLSUP_FAULT_EMPTY },
		{ 23, 0, false, TLSUP_OK },
		{ 22, 1, false, TLSUP_OK },
		{ 22, 16384, false, TLSUP_OK },
		{ 22, 16385, false, TLSUP_FAULT_OVERFLOW },
		{ 23, 16385, true, TLSUP_OK },
		{ 23, 16640, true, TLSUP_OK },
		{ 23, 16641, true, TLSUP_FAULT_OVERFLOW },
		{ 23, 65535, true, TLSUP_FAULT_OVERFLOW },
	};
	struct tlsup_header header;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		KUNIT_EXPECT_EQ_MSG(test, parse(rows[i].type, 0x0303, rows[i].len,
						rows[i].keyed, &header),
				    rows[i].fault, "row %zu", i);
		if (rows[i].fault)
			continue;
		KUNIT_EXPECT_EQ(test, header.type, rows[i].type);
		KUNIT_EXPECT_EQ(test, header.len, rows[i].len);
	}
}

static void nonce_is_iv_xor_sequence(struct kunit *test)
{
	const u8 iv[TLSUP_IV_SIZE] = { 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12 };
	u8 nonce[TLSUP_IV_SIZE];

	tlsup_record_nonce(nonce, iv, 0);
	KUNIT_EXPECT_MEMEQ(test, nonce, iv, sizeof(iv));
	tlsup_record_nonce(nonce, iv, 0x0102030405060708ULL);
	KUNIT_EXPECT_MEMEQ(test, nonce, iv, 4);
	KUNIT_EXPECT_EQ(test, get_unaligned_be64(nonce + 4),
			0x05060708090a0b0cULL ^ 0x0102030405060708ULL);
}

static void inner_type_is_behind_any_padding(struct kunit *test)
{
	size_t max = TLSUP_PLAINTEXT_MAX + 1, padding, len;
	u8 *inner = kunit_kzalloc(test, max + 1, GFP_KERNEL);
	u8 type;

	KUNIT_ASSERT_NOT_NULL(test, inner);
	inner[3] = 22;
	for (padding = 0; padding <= max - 4; padding += padding < 8 ? 1 : 511) {
		KUNIT_EXPECT_EQ(test, tlsup_record_inner(inner, 4 + padding, &type,
							 &len), TLSUP_OK);
		KUNIT_EXPECT_EQ(test, type, 22);
		KUNIT_EXPECT_EQ(test, len, 3);
	}
	KUNIT_EXPECT_EQ(test, tlsup_record_inner(inner, max, &type, &len), TLSUP_OK);
	KUNIT_EXPECT_EQ(test, tlsup_record_inner(inner, max + 1, &type, &len),
			TLSUP_FAULT_OVERFLOW);
}

static void inner_all_zero_has_no_type(struct kunit *test)
{
	size_t len, n;
	u8 type, *inner;

	inner = kunit_kzalloc(test, TLSUP_PLAINTEXT_MAX + 1, GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, inner);
	for (n = 0; n <= TLSUP_PLAINTEXT_MAX + 1; n += n < 20 ? 1 : 777)
		KUNIT_EXPECT_EQ_MSG(test, tlsup_record_inner(inner, n, &type, &len),
				    TLSUP_FAULT_NO_TYPE, "%zu zeros", n);
}

static void content_rules_of_each_type(struct kunit *test)
{
	int type;

	for (type = 0; type < 256; type++)
		KUNIT_EXPECT_EQ_MSG(test, tlsup_record_check_content(type, 2),
				    type >= 20 && type <= 23 ?
				    TLSUP_OK : TLSUP_FAULT_TYPE, "type %d", type);
	KUNIT_EXPECT_EQ(test, tlsup_record_check_content(23, 0), TLSUP_OK);
	KUNIT_EXPECT_EQ(test, tlsup_record_check_content(22, 0), TLSUP_FAULT_EMPTY);
	KUNIT_EXPECT_EQ(test, tlsup_record_check_content(21, 0), TLSUP_FAULT_EMPTY);
	KUNIT_EXPECT_EQ(test, tlsup_record_check_content(21, 1), TLSUP_FAULT_ALERT);
	KUNIT_EXPECT_EQ(test, tlsup_record_check_content(21, 3), TLSUP_FAULT_ALERT);
}

static void every_fault_has_errno_alert_and_sentence(struct kunit *test)
{
	int fault;

	for (fault = TLSUP_OK + 1; fault < TLSUP_FAULT_COUNT; fault++) {
		const struct tlsup_fault_desc *desc = tlsup_record_fault(fault);

		KUNIT_EXPECT_GT_MSG(test, desc->error, 0, "fault %d", fault);
		KUNIT_EXPECT_GT_MSG(test, desc->alert, 0, "fault %d", fault);
		KUNIT_ASSERT_NOT_NULL_MSG(test, desc->reason, "fault %d", fault);
		KUNIT_EXPECT_LT(test, strlen(desc->reason), 128);
	}
}

static void bare_header_bounds_the_length_both_ways(struct kunit *test)
{
	static const struct {
		u8 type;
		u16 version;
		u16 len;
		u16 overhead;
		enum tlsup_fault fault;
	} rows[] = {
		{ 23, 0x0303, 16, 16, TLSUP_OK },
		{ 23, 0x0303, 15, 16, TLSUP_FAULT_SHORT },
		{ 23, 0x0303, 0, 16, TLSUP_FAULT_SHORT },
		{ 23, 0x0303, 24, 24, TLSUP_OK },
		{ 23, 0x0303, 23, 24, TLSUP_FAULT_SHORT },
		{ 23, 0x0303, 16384 + 17, 17, TLSUP_OK },
		{ 23, 0x0303, 16384 + 18, 17, TLSUP_FAULT_OVERFLOW },
		{ 23, 0x0303, 0xffff, 24, TLSUP_FAULT_OVERFLOW },
		{ 23, 0x0301, 100, 16, TLSUP_FAULT_VERSION },
		{ 23, 0x0304, 100, 16, TLSUP_FAULT_VERSION },
		{ 23, 0x0003, 100, 16, TLSUP_FAULT_VERSION },
		/* Length before version, as in-tree TLS has it. */
		{ 23, 0x0301, 0xffff, 16, TLSUP_FAULT_OVERFLOW },
		{ 23, 0x0301, 1, 16, TLSUP_FAULT_SHORT },
		/* Types are the application's business. */
		{ 0, 0x0303, 100, 16, TLSUP_OK },
		{ 255, 0x0303, 100, 16, TLSUP_OK },
	};
	u8 bytes[TLSUP_HEADER_SIZE];
	struct tlsup_header header;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		tlsup_record_build_header(bytes, rows[i].type, rows[i].version,
					  rows[i].len);
		KUNIT_EXPECT_EQ_MSG(test, rows[i].fault,
				    tlsup_record_parse_bare(bytes,
							    rows[i].overhead,
							    &header),
				    "row %zu", i);
		if (rows[i].fault)
			continue;
		KUNIT_EXPECT_EQ(test, header.type, rows[i].type);
		KUNIT_EXPECT_EQ(test, header.len, rows[i].len);
	}
}

static void padding_makes_a_multiple_where_there_is_room(struct kunit *test)
{
	static const size_t blocks[] = { 0, 1, 2, 3, 16, 512, 4096, 16384 };
	static const size_t limits[] = { 63, 500, 16384 };
	size_t i, j, len, padding, inner;

	for (i = 0; i < ARRAY_SIZE(blocks); i++)
		for (j = 0; j < ARRAY_SIZE(limits); j++)
			for (len = 0; len <= limits[j]; len++) {
				padding = tlsup_record_padding(len, blocks[i],
							       limits[j]);
				inner = len + 1 + padding;
				KUNIT_ASSERT_LE(test, inner, limits[j] + 1);
				if (blocks[i] < 2)
					KUNIT_ASSERT_EQ(test, padding, 0);
				else if (inner <= limits[j])
					KUNIT_ASSERT_EQ(test, inner % blocks[i],
							0);
			}
}

static struct kunit_case cases[] = {
	KUNIT_CASE(header_takes_the_four_types_only),
	KUNIT_CASE(header_looks_at_the_major_version_only),
	KUNIT_CASE(header_bounds_the_length),
	KUNIT_CASE(nonce_is_iv_xor_sequence),
	KUNIT_CASE(bare_header_bounds_the_length_both_ways),
	KUNIT_CASE(padding_makes_a_multiple_where_there_is_room),
	KUNIT_CASE(inner_type_is_behind_any_padding),
	KUNIT_CASE(inner_all_zero_has_no_type),
	KUNIT_CASE(content_rules_of_each_type),
	KUNIT_CASE(every_fault_has_errno_alert_and_sentence),
	{}
};

static struct kunit_suite suite = {
	.name = "tlsup_record",
	.test_cases = cases,
};

kunit_test_suite(suite);
