// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) 2026 The tlsup authors
 *
 * Padding and MAC of kernel/record.c, the same file, under valgrind: plaintext
 * and MAC secret are marked as undefined, and memcheck tells whenever a branch
 * or an address depends on one of these bytes. A leaky twin must be told of.
 */
#define _GNU_SOURCE
#include <err.h>
#include <stdlib.h>
#include <string.h>
#include <ucontext.h>
#include <unistd.h>

#include <nettle/sha1.h>
#include <nettle/sha2.h>
#include <valgrind/memcheck.h>

#include "kselftest_harness.h"
#include "record.h"

#include "../lib/leaky.h"

#define PLAIN_MAX	1024

/* It starts itself again, under valgrind; its reports are counted, not read. */
static void __attribute__((constructor)) run_under_valgrind(int argc, char **argv)
{
	char *args[16] = { "valgrind", "-q", "--log-file=/dev/null",
			   "--error-limit=no" };

	if (RUNNING_ON_VALGRIND)
		return;
	for (int i = 0; i < argc && i < 11; i++)
		args[4 + i] = argv[i];
	execvp(args[0], args);
	err(1, "valgrind");
}

enum kind { SHA1, SHA256, SHA384 };

static const struct tlsup_hash_shape shapes[] = {
	[SHA1] = { 20, 64, 8 },
	[SHA256] = { 32, 64, 8 },
	[SHA384] = { 48, 128, 16 },
};

/**
 * struct hash - HMAC by a hash of nettle
 * @kind: which
 * @now: under way
 * @inner: behind the inner pad
 * @outer: behind the outer pad
 * @plain: of the record
 * @blocks: compressed one by one
 */
struct hash {
	enum kind kind;
	union state {
		struct sha1_ctx sha1;
		struct sha256_ctx sha256;
		struct sha512_ctx sha384;
	} now, inner, outer;
	const u8 *plain;
	unsigned int blocks;
};

static int absorb(void *ctx, const u8 *data, size_t len)
{
	struct hash *hash = ctx;

	switch (hash->kind) {
	case SHA1:
		sha1_update(&hash->now.sha1, len, data);
		break;
	case SHA256:
		sha256_update(&hash->now.sha256, len, data);
		break;
	case SHA384:
		sha384_update(&hash->now.sha384, len, data);
		break;
	}
	return 0;
}

static int prefix(void *ctx, size_t len)
{
	struct hash *hash = ctx;

	return absorb(hash, hash->plain, len);
}

static int compress(void *ctx, const u8 *block, u8 *chain)
{
	struct hash *hash = ctx;

	hash->blocks++;
	absorb(hash, block, shapes[hash->kind].block);
	for (int i = 0; i < shapes[hash->kind].digest / 4; i++)
		if (hash->kind == SHA1)
			put_unaligned_be32(hash->now.sha1.state[i], chain + 4 * i);
		else if (hash->kind == SHA256)
			put_unaligned_be32(hash->now.sha256.state[i], chain + 4 * i);
		else if (i % 2 == 0)
			put_unaligned_be64(hash->now.sha384.state[i / 2], chain + 4 * i);
	return 0;
}

static void digest(struct hash *hash, u8 *out)
{
	if (hash->kind == SHA1)
		sha1_digest(&hash->now.sha1, 20, out);
	else if (hash->kind == SHA256)
		sha256_digest(&hash->now.sha256, 32, out);
	else
		sha384_digest(&hash->now.sha384, 48, out);
}

static int finish(void *ctx, const u8 *inner, u8 *mac)
{
	struct hash *hash = ctx;

	hash->now = hash->outer;
	absorb(hash, inner, shapes[hash->kind].digest);
	digest(hash, mac);
	return 0;
}

static const struct tlsup_mac_ops ops = { prefix, absorb, compress, finish };

static void key(struct hash *hash, u8 pad, union state *state)
{
	u8 block[TLSUP_HASH_BLOCK_MAX];

	memset(block, 0x77 ^ pad, sizeof(block));
	memset(block + shapes[hash->kind].digest, pad,
	       sizeof(block) - shapes[hash->kind].digest);
	if (hash->kind == SHA1)
		sha1_init(&hash->now.sha1);
	else if (hash->kind == SHA256)
		sha256_init(&hash->now.sha256);
	else
		sha384_init(&hash->now.sha384);
	absorb(hash, block, shapes[hash->kind].block);
	*state = hash->now;
}

/* How a record is wrong, if it is. */
enum wrong { GOOD, MAC_FIRST, MAC_LAST, PADDING_FIRST, PADDING_LAST, CLAIM };

/* @len bytes of plaintext with such a padding; the length of the content. */
static size_t make_plain(struct hash *hash, u8 *plain, size_t len, size_t padding,
			 enum wrong wrong)
{
	size_t size = shapes[hash->kind].digest;
	size_t content = len - size - padding - 1;
	u8 header[TLSUP_MAC_HEADER_SIZE], inner[TLSUP_MAC_MAX];

	for (size_t i = 0; i < content; i++)
		plain[i] = i * 7 + len;
	tlsup_record_mac_header(header, 5, (const u8 *)"\x17\3\3", content);
	hash->now = hash->inner;
	absorb(hash, header, sizeof(header));
	absorb(hash, plain, content);
	digest(hash, inner);
	finish(hash, inner, plain + content);
	memset(plain + content + size, padding, padding + 1);
	if (wrong == MAC_FIRST)
		plain[content] ^= 1;
	if (wrong == MAC_LAST)
		plain[content + size - 1] ^= 1;
	if (wrong == PADDING_FIRST)
		plain[content + size] ^= 1;
	if (wrong == PADDING_LAST)
		plain[len - 2] ^= 1;
	if (wrong == CLAIM)
		plain[len - 1] = 255;
	return content;
}

/**
 * struct seen - what came of a removal
 * @good: was it found authentic?
 * @content: bytes of content, if it was
 * @blocks: compressed one by one
 * @reports: of memcheck
 */
struct seen {
	bool good;
	size_t content;
	unsigned int blocks;
	unsigned int reports;
};

static struct seen remove_it(struct hash *hash, const u8 *plain, size_t len, bool leaky)
{
	static u8 secret[PLAIN_MAX];
	size_t tail = tlsup_record_tail(&shapes[hash->kind], len), content;
	struct tlsup_removal removal = {
		.shape = &shapes[hash->kind], .len = len,
		.tail = secret + len - tail, .ops = &ops, .ctx = hash,
	};
	struct seen seen;
	u32 good;

	memcpy(secret, plain, len);
	tlsup_record_mac_header(removal.header, 5, (const u8 *)"\x17\3\3", 0);
	hash->plain = secret;
	hash->now = hash->inner;
	hash->blocks = 0;
	seen.reports = VALGRIND_COUNT_ERRORS;
	VALGRIND_MAKE_MEM_UNDEFINED(secret, len);
	/* Not where the hash's buffer ends: that is counted, not secret. */
	VALGRIND_MAKE_MEM_UNDEFINED(&hash->now, shapes[hash->kind].digest);
	VALGRIND_MAKE_MEM_UNDEFINED(&hash->outer, shapes[hash->kind].digest);
	(leaky ? leaky_remove : tlsup_record_remove)(&removal, &good, &content);
	VALGRIND_MAKE_MEM_DEFINED(secret, sizeof(secret));
	VALGRIND_MAKE_MEM_DEFINED(&good, sizeof(good));
	VALGRIND_MAKE_MEM_DEFINED(&content, sizeof(content));
	VALGRIND_MAKE_MEM_DEFINED(hash, sizeof(*hash));
	seen.reports = VALGRIND_COUNT_ERRORS - seen.reports;
	seen.good = good;
	seen.content = content;
	seen.blocks = hash->blocks;
	return seen;
}

FIXTURE(constant_time) {
	struct hash hash;
	u8 plain[PLAIN_MAX];
};

FIXTURE_VARIANT(constant_time) {
	enum kind kind;
};

FIXTURE_VARIANT_ADD(constant_time, sha1) { .kind = SHA1 };
FIXTURE_VARIANT_ADD(constant_time, sha256) { .kind = SHA256 };
FIXTURE_VARIANT_ADD(constant_time, sha384) { .kind = SHA384 };

FIXTURE_SETUP(constant_time)
{
	ASSERT_NE(0, RUNNING_ON_VALGRIND);
	self->hash.kind = variant->kind;
	key(&self->hash, 0x36, &self->hash.inner);
	key(&self->hash, 0x5c, &self->hash.outer);
}

FIXTURE_TEARDOWN(constant_time)
{
}

/* Of all lengths up to where nothing new happens, the most interesting. */
static const size_t lengths[] = { 32, 48, 64, 80, 128, 256, 272, 304, 320, 336,
				  400, 512, 800, 1024 };

#define COUNT(a)	(sizeof(a) / sizeof((a)[0]))

static bool is_there(size_t len, size_t size, size_t padding, enum wrong wrong)
{
	return len >= size + padding + 1 &&
	       (padding || (wrong != PADDING_FIRST && wrong != PADDING_LAST)) &&
	       (padding != 255 || wrong != CLAIM);
}

static const size_t paddings[] = { 0, 1, 15, 16, 63, 127, 200, 254, 255 };

/* The verdict is right, and nothing that it rests on has decided a branch. */
TEST_F(constant_time, no_branch_and_no_address_depends_on_the_plaintext)
{
	size_t size = shapes[variant->kind].digest, content;
	struct seen seen;

	for (size_t i = 0; i < COUNT(lengths); i++)
		for (size_t j = 0; j < COUNT(paddings); j++)
			for (enum wrong wrong = GOOD; wrong <= CLAIM; wrong++) {
				if (!is_there(lengths[i], size, paddings[j], wrong))
					continue;
				content = make_plain(&self->hash, self->plain, lengths[i],
						     paddings[j], wrong);
				seen = remove_it(&self->hash, self->plain, lengths[i], false);
				ASSERT_EQ(wrong == GOOD, seen.good)
					TH_LOG("length %zu padding %zu wrong %d", lengths[i],
					       paddings[j], wrong);
				if (seen.good)
					EXPECT_EQ(content, seen.content);
				EXPECT_EQ(0, seen.reports);
			}
}

/* Every padding that there can be, behind content and in a record of its own. */
TEST_F(constant_time, the_same_number_of_blocks_whatever_the_padding)
{
	size_t size = shapes[variant->kind].digest;
	struct seen first, seen;

	for (size_t i = 0; i < COUNT(lengths); i++) {
		if (!is_there(lengths[i], size, 0, GOOD))
			continue;
		make_plain(&self->hash, self->plain, lengths[i], 0, GOOD);
		first = remove_it(&self->hash, self->plain, lengths[i], false);
		for (size_t padding = 1; padding < 256; padding += i % 2 ? 1 : 17) {
			if (!is_there(lengths[i], size, padding, GOOD))
				break;
			make_plain(&self->hash, self->plain, lengths[i], padding, GOOD);
			seen = remove_it(&self->hash, self->plain, lengths[i], false);
			ASSERT_TRUE(seen.good);
			EXPECT_EQ(lengths[i] - size - padding - 1, seen.content);
			EXPECT_EQ(first.blocks, seen.blocks);
			EXPECT_EQ(0, seen.reports);
		}
	}
}

/* The same eyes see what the twin does. */
TEST_F(constant_time, a_leaky_twin_is_caught)
{
	struct seen shortest, longest;

	make_plain(&self->hash, self->plain, 512, 255, GOOD);
	longest = remove_it(&self->hash, self->plain, 512, true);
	EXPECT_TRUE(longest.good);
	EXPECT_LT(0, longest.reports);
	make_plain(&self->hash, self->plain, 512, 0, GOOD);
	shortest = remove_it(&self->hash, self->plain, 512, true);
	EXPECT_TRUE(shortest.good);
	EXPECT_LT(0, shortest.reports);
	EXPECT_LT(longest.blocks, shortest.blocks);
	make_plain(&self->hash, self->plain, 512, 100, PADDING_FIRST);
	EXPECT_LT(0, remove_it(&self->hash, self->plain, 512, true).reports);
}

/* A stack of its own, to look at what has stayed there. */
static struct {
	struct hash *hash;
	const u8 *plain;
	size_t len;
	bool good;
	ucontext_t here;
	ucontext_t there;
	u8 stack[1 << 16] __attribute__((aligned(16)));
} apart;

static void remove_apart(void)
{
	apart.good = remove_it(apart.hash, apart.plain, apart.len, false).good;
}

static bool run_apart(struct hash *hash, const u8 *plain, size_t len)
{
	unsigned int id = VALGRIND_STACK_REGISTER(apart.stack,
						  apart.stack + sizeof(apart.stack));

	apart.hash = hash;
	apart.plain = plain;
	apart.len = len;
	memset(apart.stack, 0, sizeof(apart.stack));
	getcontext(&apart.there);
	apart.there.uc_stack.ss_sp = apart.stack;
	apart.there.uc_stack.ss_size = sizeof(apart.stack);
	apart.there.uc_link = &apart.here;
	makecontext(&apart.there, remove_apart, 0);
	swapcontext(&apart.here, &apart.there);
	VALGRIND_STACK_DEREGISTER(id);
	VALGRIND_MAKE_MEM_DEFINED(apart.stack, sizeof(apart.stack));
	return apart.good;
}

/* Eight bytes of a secret are one. */
static bool is_on_the_stack(const u8 *secret, size_t len)
{
	for (size_t i = 0; i + 8 <= len; i++)
		if (memmem(apart.stack, sizeof(apart.stack), secret + i, 8))
			return true;
	return false;
}

/* Of the longest content: the last chaining value is the inner hash. */
TEST_F(constant_time, no_mac_and_no_inner_hash_stays_on_the_stack)
{
	size_t size = shapes[variant->kind].digest, len = 512, content;
	u8 header[TLSUP_MAC_HEADER_SIZE], inner[TLSUP_MAC_MAX];

	content = make_plain(&self->hash, self->plain, len, 0, GOOD);
	tlsup_record_mac_header(header, 5, (const u8 *)"\x17\3\3", content);
	self->hash.now = self->hash.inner;
	absorb(&self->hash, header, sizeof(header));
	absorb(&self->hash, self->plain, content);
	digest(&self->hash, inner);
	ASSERT_TRUE(run_apart(&self->hash, self->plain, len));
	EXPECT_FALSE(is_on_the_stack(inner, size));
	EXPECT_FALSE(is_on_the_stack(self->plain + content, size));
	EXPECT_FALSE(is_on_the_stack(self->plain + content - 64, 64));
}

TEST_HARNESS_MAIN
