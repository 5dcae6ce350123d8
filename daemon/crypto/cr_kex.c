// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) 2026 The tlsup authors
 */
#include "crypto/cr_kex.h"

#include <assert.h>
#include <string.h>

#include <nettle/curve25519.h>
#include <nettle/ecc-curve.h>
#include <nettle/ecc.h>

#include "crypto/cr_rand.h"
#include "lib/secret.h"

#define P256_SIZE	32
#define UNCOMPRESSED	4

static_assert(CURVE25519_SIZE <= CR_KEX_PUBLIC_MAX, "X25519 fits");
static_assert(1 + 2 * P256_SIZE <= CR_KEX_PUBLIC_MAX, "P-256 fits");

static void x25519_generate(uint8_t *private_key, uint8_t *public_key)
{
	cr_random(private_key, CURVE25519_SIZE);
	curve25519_mul_g(public_key, private_key);
}

/* An all-zero result comes of a point of small order (RFC 9846, 7.4.2). */
static bool x25519_derive(const uint8_t *private_key, const uint8_t *peer,
			  uint8_t *shared)
{
	static const uint8_t zero[CURVE25519_SIZE];

	curve25519_mul(shared, private_key, peer);
	return !secret_equal(shared, zero, sizeof(zero));
}

/* GMP hands memory back unwiped, so limbs are read and written by hand. */
static void export_number(const mpz_t v, uint8_t *out, size_t len)
{
	size_t have = (mpz_sizeinbase(v, 2) + 7) / 8;

	memset(out, 0, len);
	if (mpz_sgn(v))
		mpz_export(out + len - have, NULL, 1, 1, 1, 0, v);
}

static void wipe_number(mpz_t v)
{
	mp_limb_t *limbs = mpz_limbs_modify(v, (mp_size_t)mpz_size(v));

	secret_wipe_bytes(limbs, mpz_size(v) * sizeof(*limbs));
	mpz_clear(v);
}

static void export_point(const struct ecc_point *point, uint8_t *x, uint8_t *y)
{
	mpz_t mx, my;

	mpz_inits(mx, my, NULL);
	ecc_point_get(point, mx, my);
	export_number(mx, x, P256_SIZE);
	if (y)
		export_number(my, y, P256_SIZE);
	wipe_number(mx);
	wipe_number(my);
}

static void p256_generate(uint8_t *private_key, uint8_t *public_key)
{
	struct ecc_scalar scalar;
	struct ecc_point point;
	mpz_t z;

	ecc_scalar_init(&scalar, nettle_get_secp_256r1());
	ecc_point_init(&point, nettle_get_secp_256r1());
	mpz_init(z);
	ecc_scalar_random(&scalar, NULL, cr_random_nettle);
	ecc_scalar_get(&scalar, z);
	export_number(z, private_key, P256_SIZE);
	ecc_point_mul_g(&point, &scalar);
	public_key[0] = UNCOMPRESSED;
	export_point(&point, public_key + 1, public_key + 1 + P256_SIZE);
	wipe_number(z);
	ecc_point_clear(&point);
	ecc_scalar_clear(&scalar);
}

/* ecc_point_set() checks that the point is on the curve (RFC 9846, 4.2.8.2). */
static bool import_point(struct ecc_point *point, const uint8_t *bytes)
{
	mpz_t x, y;
	bool ok;

	mpz_inits(x, y, NULL);
	mpz_import(x, P256_SIZE, 1, 1, 1, 0, bytes + 1);
	mpz_import(y, P256_SIZE, 1, 1, 1, 0, bytes + 1 + P256_SIZE);
	ok = bytes[0] == UNCOMPRESSED && ecc_point_set(point, x, y);
	mpz_clears(x, y, NULL);
	return ok;
}

static bool p256_derive(const uint8_t *private_key, const uint8_t *peer,
			uint8_t *shared)
{
	struct ecc_scalar scalar;
	struct ecc_point point;
	bool ok;
	mpz_t z;

	ecc_scalar_init(&scalar, nettle_get_secp_256r1());
	ecc_point_init(&point, nettle_get_secp_256r1());
	mpz_init(z);
	ok = import_point(&point, peer);
	if (ok) {
		mpz_import(z, P256_SIZE, 1, 1, 1, 0, private_key);
		ok = ecc_scalar_set(&scalar, z);
	}
	if (ok) {
		ecc_point_mul(&point, &scalar, &point);
		export_point(&point, shared, NULL);
	}
	wipe_number(z);
	ecc_point_clear(&point);
	ecc_scalar_clear(&scalar);
	return ok;
}

/* Best first: what a configuration without a list of its own uses. */
static const struct cr_kex groups[] = {
	{ 0x001d, "X25519", CURVE25519_SIZE, CURVE25519_SIZE, CURVE25519_SIZE,
	  x25519_generate, x25519_derive },
	{ 0x0017, "P-256", 1 + 2 * P256_SIZE, P256_SIZE, P256_SIZE,
	  p256_generate, p256_derive },
};

/**
 * cr_kex_find - look up a named group
 * @id: IANA number
 *
 * Return: its descriptor or NULL.
 */
const struct cr_kex *cr_kex_find(uint16_t id)
{
	for (size_t i = 0; i < sizeof(groups) / sizeof(groups[0]); i++)
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
	return index < sizeof(groups) / sizeof(groups[0]) ? &groups[index] : NULL;
}
