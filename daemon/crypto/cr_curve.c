// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) 2026 The tlsup authors
 */
#include "crypto/cr_curve.h"

#include <string.h>

#include <nettle/ecc-curve.h>
#include <nettle/ecc.h>

#include "crypto/cr_rand.h"
#include "lib/secret.h"

#define UNCOMPRESSED	4

/* Every byte from its limb, so that leading zeros take no other way. */
static void export_number(const mpz_t v, uint8_t *out, size_t len)
{
	const mp_limb_t *limbs = mpz_limbs_read(v);
	size_t have = mpz_size(v);

	for (size_t i = 0; i < len; i++) {
		size_t at = i / sizeof(*limbs);

		out[len - 1 - i] = at >= have ? 0 :
			(uint8_t)(limbs[at] >> 8 * (i % sizeof(*limbs)));
	}
}

/* GMP hands memory back unwiped. */
static void wipe_number(mpz_t v)
{
	mp_limb_t *limbs = mpz_limbs_modify(v, (mp_size_t)mpz_size(v));

	secret_wipe_bytes(limbs, mpz_size(v) * sizeof(*limbs));
	mpz_clear(v);
}

static void export_point(const struct ecc_point *point, size_t size, uint8_t *x,
			 uint8_t *y)
{
	mpz_t mx, my;

	mpz_inits(mx, my, NULL);
	ecc_point_get(point, mx, my);
	export_number(mx, x, size);
	if (y)
		export_number(my, y, size);
	wipe_number(mx);
	wipe_number(my);
}

/**
 * cr_curve_generate - a new key pair
 * @kex: a group of a curve
 * @private_key: out
 * @public_key: out
 */
void cr_curve_generate(const struct cr_kex *kex, uint8_t *private_key,
		       uint8_t *public_key)
{
	struct ecc_scalar scalar;
	struct ecc_point point;
	mpz_t z;

	ecc_scalar_init(&scalar, kex->curve());
	ecc_point_init(&point, kex->curve());
	mpz_init(z);
	ecc_scalar_random(&scalar, NULL, cr_random_nettle);
	ecc_scalar_get(&scalar, z);
	export_number(z, private_key, kex->private_size);
	ecc_point_mul_g(&point, &scalar);
	public_key[0] = UNCOMPRESSED;
	export_point(&point, kex->shared_size, public_key + 1,
		     public_key + 1 + kex->shared_size);
	wipe_number(z);
	ecc_point_clear(&point);
	ecc_scalar_clear(&scalar);
}

/* ecc_point_set() checks that the point is on the curve (RFC 9846, 4.2.8.2). */
static bool import_point(struct ecc_point *point, const uint8_t *bytes, size_t size)
{
	mpz_t x, y;
	bool ok;

	mpz_inits(x, y, NULL);
	mpz_import(x, size, 1, 1, 1, 0, bytes + 1);
	mpz_import(y, size, 1, 1, 1, 0, bytes + 1 + size);
	ok = bytes[0] == UNCOMPRESSED && ecc_point_set(point, x, y);
	mpz_clears(x, y, NULL);
	return ok;
}

/**
 * cr_curve_derive - the shared secret
 * @kex: a group of a curve
 * @private_key: ours
 * @peer: the peer's public key
 * @shared: out: the x coordinate
 *
 * Return: false if the peer's public key is no point of the curve.
 */
bool cr_curve_derive(const struct cr_kex *kex, const uint8_t *private_key,
		     const uint8_t *peer, uint8_t *shared)
{
	struct ecc_scalar scalar;
	struct ecc_point point;
	bool ok;
	mpz_t z;

	ecc_scalar_init(&scalar, kex->curve());
	ecc_point_init(&point, kex->curve());
	mpz_init(z);
	ok = import_point(&point, peer, kex->shared_size);
	if (ok) {
		mpz_import(z, kex->private_size, 1, 1, 1, 0, private_key);
		ok = ecc_scalar_set(&scalar, z);
	}
	if (ok) {
		ecc_point_mul(&point, &scalar, &point);
		export_point(&point, kex->shared_size, shared, NULL);
	}
	wipe_number(z);
	ecc_point_clear(&point);
	ecc_scalar_clear(&scalar);
	return ok;
}
