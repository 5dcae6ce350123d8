// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) 2026 The tlsup authors
 *
 * The engine and its heap. Linked with --wrap, so that each allocation of the
 * engine's own can be made to fail, and each block can be looked into when it
 * is freed.
 */
#include <errno.h>
#include <malloc.h>
#include <stdlib.h>
#include <string.h>

#include "crypto/cr_memory.h"
#include "kselftest_harness.h"
#include "pair.h"
#include "tls/hs_int.h"

void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__real_realloc(void *block, size_t size);
void __real_free(void *block);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_realloc(void *block, size_t size);
void __wrap_free(void *block);

#define SECRETS_MAX	32

static int fail_at;		/* 0: never; else counts down to the one that fails */
static struct secret secrets[SECRETS_MAX];
static size_t secrets_len;
static size_t found, looked;

static bool fails(size_t size)
{
	/* The records are the test's own. */
	return size < sizeof(struct record) && fail_at && !--fail_at;
}

void *__wrap_malloc(size_t size)
{
	return fails(size) ? NULL : __real_malloc(size);
}

void *__wrap_calloc(size_t count, size_t size)
{
	return fails(count * size) ? NULL : __real_calloc(count, size);
}

void *__wrap_realloc(void *block, size_t size)
{
	return fails(size) ? NULL : __real_realloc(block, size);
}

void __wrap_free(void *block)
{
	size_t size = block ? malloc_usable_size(block) : 0;

	for (size_t i = 0; block && i < secrets_len; i++)
		if (memmem(block, size, secrets[i].data, secrets[i].len))
			found++;
	looked += size;
	__real_free(block);
}

static void remember(const uint8_t *data, size_t len)
{
	secrets[secrets_len].len = len;
	memcpy(secrets[secrets_len++].data, data, len);
}

static void remember_side(const struct side *side)
{
	for (int epoch = HS_EPOCH_HANDSHAKE; epoch <= HS_EPOCH_APPLICATION; epoch++)
		for (int direction = HS_TX; direction <= HS_RX; direction++)
			remember(side->secrets[direction][epoch].data,
				 side->secrets[direction][epoch].len);
	remember(side->exporter.data, side->exporter.len);
	remember(side->resumption.data, side->resumption.len);
}

/* In the order of the limbs that a long number is made of. */
static void remember_reversed(const uint8_t *data, size_t len)
{
	uint8_t reversed[SECRET_MAX];

	for (size_t i = 0; i < len; i++)
		reversed[i] = data[len - 1 - i];
	remember(reversed, len);
}

static void see_numbers(struct side *side, bool sent, const char *message)
{
	if (side->role == HS_CLIENT && sent && !strcmp(message, "client_hello")) {
		remember(side->hs->private_key, 32);
		remember_reversed(side->hs->private_key, 32);
	}
}

/* The client's private key, on a curve and in a field: nettle's and GMP's blocks, too. */
TEST(long_numbers_are_wiped)
{
	static const uint16_t groups[] = { 0x0017, 0x0018, 0x0019, 0x0100 };

	cr_wipe_numbers();
	for (size_t i = 0; i < sizeof(groups) / sizeof(groups[0]); i++) {
		struct pair pair;

		pair_init(&pair);
		pair.client.config.groups = &groups[i];
		pair.client.config.groups_len = 1;
		pair.trace = see_numbers;
		secrets_len = found = looked = 0;
		pair_run(&pair);
		ASSERT_TRUE(pair_agrees(&pair));
		pair_wipe(&pair);
		EXPECT_EQ(2, secrets_len);
		EXPECT_EQ(0, found) TH_LOG("group %04x", groups[i]);
		secrets_len = 0;
	}
}

TEST(freed_memory_holds_no_secret)
{
	struct pair pair;

	pair_init(&pair);
	pair_run(&pair);
	ASSERT_TRUE(pair_agrees(&pair));
	secrets_len = found = looked = 0;
	remember_side(&pair.client);
	remember_side(&pair.server);
	pair_wipe(&pair);
	secrets_len = 0;
	EXPECT_LE(2 * sizeof(struct hs), looked);
	EXPECT_EQ(0, found);
}

/* What is looked for above would be found if it were there. */
TEST(the_search_finds_a_secret_that_is_left)
{
	uint8_t *block = malloc(100);

	memset(block, 0, 100);
	memset(block + 50, 0x5a, 32);
	secrets_len = found = 0;
	remember(block + 50, 32);
	/* By its name: for free() the compiler would drop the writes above. */
	__wrap_free(block);
	secrets_len = 0;
	EXPECT_EQ(1, found);
}

static uint8_t private_key[CR_KEX_PRIVATE_MAX];

static void see_private_key(struct side *side, bool sent, const char *message)
{
	if (side->role == HS_CLIENT && sent && !strcmp(message, "client_hello"))
		memcpy(private_key, side->hs->private_key, sizeof(private_key));
}

TEST(the_private_key_of_the_exchange_is_wiped_once_it_is_used)
{
	static const uint8_t zero[CR_KEX_PRIVATE_MAX];
	struct pair pair;

	pair_init(&pair);
	pair.trace = see_private_key;
	pair_run(&pair);
	ASSERT_TRUE(pair_agrees(&pair));
	ASSERT_NE(0, memcmp(private_key, zero, sizeof(zero)));
	EXPECT_EQ(NULL, memmem(pair.client.hs, sizeof(struct hs), private_key,
			       sizeof(private_key)));
	pair_wipe(&pair);
}

static bool out_of_memory(const struct side *side)
{
	return !side->hs || (side->fails == 1 && side->failure.error == ENOMEM &&
			     side->failure.alert == HS_ALERT_INTERNAL_ERROR);
}

/* Each in turn, in a handshake with a retry and an exchange of both groups. */
TEST(each_allocation_may_fail)
{
	static const uint16_t p256[] = { 0x0017 };
	int n = 0;

	for (bool failed = true; failed; n++) {
		struct pair pair;

		pair_init(&pair);
		pair.server.config.groups = p256;
		pair.server.config.groups_len = 1;
		fail_at = n + 1;
		pair_run(&pair);
		failed = !fail_at;
		fail_at = 0;
		if (failed) {
			EXPECT_TRUE(out_of_memory(&pair.client) ||
				    out_of_memory(&pair.server))
				TH_LOG("allocation %d", n);
		} else {
			EXPECT_TRUE(pair_agrees(&pair));
		}
		pair_wipe(&pair);
	}
	EXPECT_LE(8, n);
}

TEST_HARNESS_MAIN
