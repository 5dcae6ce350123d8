// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) 2026 The tlsup authors
 *
 * Finite field Diffie-Hellman by GMP's constant-time functions. The exponent is
 * short, which a safe prime allows: at least twice the strength of the group
 * (RFC 7919, 5.2 and appendix A).
 */
#include "crypto/cr_field.h"

#include <assert.h>
#include <string.h>

#include <gmp.h>

#include "crypto/cr_rand.h"
#include "lib/secret.h"

#define LIMB_SIZE	sizeof(mp_limb_t)
#define LIMBS_MAX	(CR_KEX_PUBLIC_MAX / LIMB_SIZE)
#define EXPONENT_LIMBS	((CR_KEX_PRIVATE_MAX + LIMB_SIZE - 1) / LIMB_SIZE)
/* What mpn_sec_powm() asks for at most: checked where it is used. */
#define SCRATCH_LIMBS	(24 * LIMBS_MAX)
#define ENDS		8	/* bytes of ones at either end of a prime */

static_assert(GMP_NAIL_BITS == 0, "a limb is whole bytes");

/* Big-endian bytes; @len is a multiple of a limb's. */
static void import_limbs(mp_limb_t *limbs, const uint8_t *bytes, size_t len)
{
	memset(limbs, 0, len);
	for (size_t i = 0; i < len; i++)
		limbs[i / LIMB_SIZE] |= (mp_limb_t)bytes[len - 1 - i]
					<< 8 * (i % LIMB_SIZE);
}

static void export_limbs(const mp_limb_t *limbs, uint8_t *bytes, size_t len)
{
	for (size_t i = 0; i < len; i++)
		bytes[len - 1 - i] = (uint8_t)(limbs[i / LIMB_SIZE] >>
					       8 * (i % LIMB_SIZE));
}

/**
 * cr_field_prime - the prime of a group
 * @kex: a group of a finite field
 * @out: its public_size bytes, big-endian
 */
void cr_field_prime(const struct cr_kex *kex, uint8_t *out)
{
	size_t len = kex->public_size - 2 * ENDS;
	uint64_t carry = kex->field->add - 1;

	memset(out, 0xff, kex->public_size);
	for (size_t i = len; i--;) {
		carry += kex->field->digits[i];
		out[ENDS + i] = (uint8_t)carry;
		carry >>= 8;
	}
}

static void power(const struct cr_kex *kex, const mp_limb_t *base,
		  const uint8_t *private_key, uint8_t *out)
{
	mp_size_t n = (mp_size_t)(kex->public_size / LIMB_SIZE);
	mp_bitcnt_t bits = 8 * kex->private_size;
	mp_limb_t prime[LIMBS_MAX], exponent[EXPONENT_LIMBS], result[LIMBS_MAX];
	mp_limb_t scratch[SCRATCH_LIMBS];

	assert(mpn_sec_powm_itch(n, bits, n) <= (mp_size_t)SCRATCH_LIMBS);
	cr_field_prime(kex, out);
	import_limbs(prime, out, kex->public_size);
	import_limbs(exponent, private_key, kex->private_size);
	mpn_sec_powm(result, base, n, exponent, bits, prime, n, scratch);
	export_limbs(result, out, kex->public_size);
	secret_wipe_bytes(exponent, sizeof(exponent));
	secret_wipe_bytes(result, sizeof(result));
	secret_wipe_bytes(scratch, sizeof(scratch));
}

/**
 * cr_field_generate - a new key pair
 * @kex: a group of a finite field
 * @private_key: out
 * @public_key: out, with leading zeros
 */
void cr_field_generate(const struct cr_kex *kex, uint8_t *private_key,
		       uint8_t *public_key)
{
	mp_limb_t base[LIMBS_MAX] = { CR_KEX_GENERATOR };

	cr_random(private_key, kex->private_size);
	power(kex, base, private_key, public_key);
}

/* 1 < y < p - 1 (RFC 7919, 5.1; RFC 9846, 4.2.8.1): @y is public. */
static bool in_range(const struct cr_kex *kex, const mp_limb_t *y)
{
	mp_size_t n = (mp_size_t)(kex->public_size / LIMB_SIZE);
	mp_limb_t one[LIMBS_MAX] = { 1 }, top[LIMBS_MAX];
	uint8_t prime[CR_KEX_PUBLIC_MAX];

	cr_field_prime(kex, prime);
	import_limbs(top, prime, kex->public_size);
	top[0] -= 1; /* odd: there is no borrow */
	return mpn_cmp(y, one, n) > 0 && mpn_cmp(y, top, n) < 0;
}

/**
 * cr_field_derive - the shared secret
 * @kex: a group of a finite field
 * @private_key: ours
 * @peer: the peer's public key, with leading zeros
 * @shared: out, with leading zeros
 *
 * Return: false if the peer's public key is out of range.
 */
bool cr_field_derive(const struct cr_kex *kex, const uint8_t *private_key,
		     const uint8_t *peer, uint8_t *shared)
{
	mp_limb_t base[LIMBS_MAX];

	import_limbs(base, peer, kex->public_size);
	if (!in_range(kex, base))
		return false;
	power(kex, base, private_key, shared);
	return true;
}
