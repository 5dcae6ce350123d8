// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) 2026 The tlsup authors
 */
#include "crypto/cr_siphash.h"

#define ROUNDS_WORD	2
#define ROUNDS_END	4

struct state {
	uint64_t v0, v1, v2, v3;
};

static uint64_t load(const uint8_t *data, size_t len)
{
	uint64_t word = 0;

	for (size_t i = 0; i < len; i++)
		word |= (uint64_t)data[i] << (8 * i);
	return word;
}

static uint64_t rotate(uint64_t word, unsigned int bits)
{
	return word << bits | word >> (64 - bits);
}

static void rounds(struct state *s, int n)
{
	while (n--) {
		s->v0 += s->v1;
		s->v1 = rotate(s->v1, 13) ^ s->v0;
		s->v0 = rotate(s->v0, 32);
		s->v2 += s->v3;
		s->v3 = rotate(s->v3, 16) ^ s->v2;
		s->v0 += s->v3;
		s->v3 = rotate(s->v3, 21) ^ s->v0;
		s->v2 += s->v1;
		s->v1 = rotate(s->v1, 17) ^ s->v2;
		s->v2 = rotate(s->v2, 32);
	}
}

static void mix(struct state *s, uint64_t word)
{
	s->v3 ^= word;
	rounds(s, ROUNDS_WORD);
	s->v0 ^= word;
}

/**
 * cr_siphash - a number that nobody without the key can foresee
 * @key: CR_SIPHASH_KEY_SIZE random bytes
 * @data: the bytes
 * @len: how many
 *
 * Return: the number.
 */
uint64_t cr_siphash(const uint8_t *key, const uint8_t *data, size_t len)
{
	const uint64_t k0 = load(key, 8), k1 = load(key + 8, 8);
	struct state s = {
		k0 ^ 0x736f6d6570736575, k1 ^ 0x646f72616e646f6d,
		k0 ^ 0x6c7967656e657261, k1 ^ 0x7465646279746573,
	};
	const uint64_t length = (uint64_t)len << 56;

	for (; len >= 8; data += 8, len -= 8)
		mix(&s, load(data, 8));
	mix(&s, length | load(data, len));
	s.v2 ^= 0xff;
	rounds(&s, ROUNDS_END);
	return s.v0 ^ s.v1 ^ s.v2 ^ s.v3;
}
