// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) 2026 The tlsup authors
 *
 * The named groups in one table, X25519 and X448 (RFC 7748), and the groups that
 * have no name on the wire.
 */
#include "crypto/cr_kex.h"

#include <assert.h>
#include <string.h>

#include <nettle/curve25519.h>
#include <nettle/curve448.h>
#include <nettle/ecc-curve.h>

#include "crypto/cr_curve.h"
#include "crypto/cr_field.h"
#include "crypto/cr_rand.h"
#include "lib/secret.h"

#define COUNT(a)	(sizeof(a) / sizeof((a)[0]))

/* An all-zero result comes of a point of small order (RFC 9846, 7.4.2). */
static bool is_nonzero(const uint8_t *shared, size_t len)
{
	static const uint8_t zero[CURVE448_SIZE];

	return !secret_equal(shared, zero, len);
}

static void x25519_generate(const struct cr_kex *kex, uint8_t *private_key,
			    uint8_t *public_key)
{
	cr_random(private_key, kex->private_size);
	curve25519_mul_g(public_key, private_key);
}

static bool x25519_derive(const struct cr_kex *kex, const uint8_t *private_key,
			  const uint8_t *peer, uint8_t *shared)
{
	curve25519_mul(shared, private_key, peer);
	return is_nonzero(shared, kex->shared_size);
}

static void x448_generate(const struct cr_kex *kex, uint8_t *private_key,
			  uint8_t *public_key)
{
	cr_random(private_key, kex->private_size);
	curve448_mul_g(public_key, private_key);
}

static bool x448_derive(const struct cr_kex *kex, const uint8_t *private_key,
			const uint8_t *peer, uint8_t *shared)
{
	curve448_mul(shared, private_key, peer);
	return is_nonzero(shared, kex->shared_size);
}

#define XDH(size, name) \
	.public_size = (size), .private_size = (size), .shared_size = (size), \
	.generate = name##_generate, .derive = name##_derive

#define CURVE(size, c) \
	.public_size = 1 + 2 * (size), .private_size = (size), .shared_size = (size), \
	.generate = cr_curve_generate, .derive = cr_curve_derive, .curve = (c)

/* Bits of prime and exponent; what the prime is made of. */
#define FIELD(bits, exponent, of, x) \
	.public_size = (bits) / 8, .private_size = (exponent) / 8, \
	.shared_size = (bits) / 8, .generate = cr_field_generate, \
	.derive = cr_field_derive, .field = &(const struct cr_field){ (of), (x) }

/* Best first: what a configuration without a list of its own uses. */
static const struct cr_kex groups[] = {
	{ 0x001d, "X25519", XDH(CURVE25519_SIZE, x25519) },
	{ 0x0017, "P-256", CURVE(32, nettle_get_secp_256r1) },
	{ 0x001e, "X448", XDH(CURVE448_SIZE, x448) },
	{ 0x0018, "P-384", CURVE(48, nettle_get_secp_384r1) },
	{ 0x0019, "P-521", CURVE(66, nettle_get_secp_521r1) },
	{ 0x0100, "ffdhe2048", FIELD(2048, 256, cr_digits_e, 560316) },
	{ 0x0101, "ffdhe3072", FIELD(3072, 320, cr_digits_e, 2625351) },
	{ 0x0102, "ffdhe4096", FIELD(4096, 384, cr_digits_e, 5736041) },
	{ 0x0103, "ffdhe6144", FIELD(6144, 384, cr_digits_e, 15705020) },
	{ 0x0104, "ffdhe8192", FIELD(8192, 448, cr_digits_e, 10965728) },
};

/* RFC 3526: a server of TLS 1.2 may propose them, a peer knows them by the prime. */
static const struct cr_kex nameless[] = {
	{ 0, "modp2048", FIELD(2048, 256, cr_digits_pi, 124476) },
	{ 0, "modp3072", FIELD(3072, 320, cr_digits_pi, 1690314) },
	{ 0, "modp4096", FIELD(4096, 384, cr_digits_pi, 240904) },
	{ 0, "modp6144", FIELD(6144, 384, cr_digits_pi, 929484) },
	{ 0, "modp8192", FIELD(8192, 448, cr_digits_pi, 4743158) },
};

static_assert(1 + 2 * 66 <= CR_KEX_PUBLIC_MAX, "P-521 fits");
static_assert(8192 / 8 <= CR_KEX_PUBLIC_MAX, "8192 bits fit");
static_assert(448 / 8 <= CR_KEX_PRIVATE_MAX, "an exponent fits");

/**
 * cr_kex_find - look up a named group
 * @id: IANA number
 *
 * Return: its descriptor or NULL.
 */
const struct cr_kex *cr_kex_find(uint16_t id)
{
	for (size_t i = 0; i < COUNT(groups); i++)
		if (groups[i].id == id)
			return &groups[i];
	return NULL;
}

/**
 * cr_kex_at - list the named groups, best first
 * @index: from 0
 *
 * Return: a descriptor, or NULL past the last one.
 */
const struct cr_kex *cr_kex_at(size_t index)
{
	return index < COUNT(groups) ? &groups[index] : NULL;
}

static bool has_prime(const struct cr_kex *kex, const uint8_t *prime, size_t len)
{
	uint8_t ours[CR_KEX_PUBLIC_MAX];

	if (!kex->field || kex->public_size != len)
		return false;
	cr_field_prime(kex, ours);
	return !memcmp(ours, prime, len);
}

/**
 * cr_kex_find_prime - look up a finite field
 * @prime: big-endian, without leading zeros; the generator is CR_KEX_GENERATOR
 * @len: bytes of it
 *
 * Return: the group of RFC 7919, else of RFC 3526, else NULL.
 */
const struct cr_kex *cr_kex_find_prime(const uint8_t *prime, size_t len)
{
	for (size_t i = 0; i < COUNT(groups); i++)
		if (has_prime(&groups[i], prime, len))
			return &groups[i];
	for (size_t i = 0; i < COUNT(nameless); i++)
		if (has_prime(&nameless[i], prime, len))
			return &nameless[i];
	return NULL;
}
