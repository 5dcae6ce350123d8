// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) 2026 The tlsup authors
 *
 * What one daemon leaves to the next: whatever comes in its place.
 */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "kselftest_harness.h"
#include "store/state.h"

#define BLOBS	100

/* A descriptor of its own, as another process would get it. */
static struct state *reopen(const struct state *state)
{
	return state_open(dup(state_fd(state)));
}

static struct state *written(void)
{
	struct state *state = state_create();
	uint8_t data[BLOBS];

	for (unsigned int i = 0; i < BLOBS; i++) {
		memset(data, (int)i, sizeof(data));
		if (!state_put(state, i % 2 ? STATE_SESSION : STATE_TICKET_KEY, data, i))
			abort();
	}
	return state;
}

static volatile uint8_t read_byte;

static unsigned int count(struct state *state)
{
	enum state_type type;
	const uint8_t *data;
	unsigned int n = 0;
	size_t len;

	while (state && state_next(state, &type, &data, &len)) {
		/* Every byte is there to be read. */
		for (size_t i = 0; i < len; i++)
			read_byte = data[i];
		n++;
	}
	return n;
}

TEST(what_is_put_in_comes_out)
{
	struct state *state = written(), *other = reopen(state);
	enum state_type type;
	const uint8_t *data;
	size_t len;

	for (unsigned int i = 0; i < BLOBS; i++) {
		ASSERT_TRUE(state_next(other, &type, &data, &len));
		EXPECT_EQ(i % 2 ? STATE_SESSION : STATE_TICKET_KEY, type);
		ASSERT_EQ(i, len);
		EXPECT_EQ(0, len && (data[0] != i || data[len - 1] != i));
	}
	EXPECT_FALSE(state_next(other, &type, &data, &len));
	state_destroy(other);
	state_destroy(state);
}

TEST(an_empty_one_is_none)
{
	struct state *state = state_create();

	EXPECT_EQ(NULL, reopen(state));
	EXPECT_EQ(NULL, state_open(-1));
	state_destroy(state);
	state_destroy(NULL);
}

TEST(one_that_is_cut_short_gives_what_is_whole)
{
	struct state *state = written(), *other;
	off_t size = lseek(state_fd(state), 0, SEEK_END);
	unsigned int before = BLOBS;

	for (off_t at = size - 1; at >= 0; at -= 7) {
		unsigned int n;

		ASSERT_EQ(0, ftruncate(state_fd(state), at));
		other = reopen(state);
		n = count(other);
		EXPECT_LE(n, before);
		before = n;
		state_destroy(other);
	}
	EXPECT_EQ(0, before);
	state_destroy(state);
}

TEST(one_that_is_damaged_is_read_within_its_bounds)
{
	struct state *state = written(), *other;
	off_t size = lseek(state_fd(state), 0, SEEK_END);
	const uint8_t bad = 0xff;

	for (off_t at = 0; at < 64; at++) {
		uint8_t was;

		ASSERT_EQ(1, pread(state_fd(state), &was, 1, at));
		ASSERT_EQ(1, pwrite(state_fd(state), &bad, 1, at));
		other = reopen(state);
		EXPECT_GE(BLOBS, count(other));
		state_destroy(other);
		ASSERT_EQ(1, pwrite(state_fd(state), &was, 1, at));
	}
	EXPECT_EQ(size, lseek(state_fd(state), 0, SEEK_END));
	state_destroy(state);
}

TEST_HARNESS_MAIN
