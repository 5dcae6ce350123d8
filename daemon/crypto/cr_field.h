/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Copyright (C) 2026 The tlsup authors
 *
 * Finite field Diffie-Hellman: the groups of RFC 7919 and RFC 3526.
 */
#ifndef TLSUP_CR_FIELD_H
#define TLSUP_CR_FIELD_H

#include "crypto/cr_kex.h"

/* All bits of a prime but the 64 at either end, which are ones. */
#define CR_FIELD_DIGITS		(CR_KEX_PUBLIC_MAX - 16)

/**
 * struct cr_field - a safe prime; the generator is CR_KEX_GENERATOR
 * @digits: of e or pi
 * @add: to the digits, which makes of them a prime: the X of the standards
 *
 * p = 2^b - 2^(b - 64) + (digits + add) * 2^64 - 1
 */
struct cr_field {
	const uint8_t *digits;
	uint32_t add;
};

extern const uint8_t cr_digits_e[CR_FIELD_DIGITS];
extern const uint8_t cr_digits_pi[CR_FIELD_DIGITS];

void cr_field_prime(const struct cr_kex *kex, uint8_t *out);
void cr_field_generate(const struct cr_kex *kex, uint8_t *private_key,
		       uint8_t *public_key);
bool cr_field_derive(const struct cr_kex *kex, const uint8_t *private_key,
		     const uint8_t *peer, uint8_t *shared);

#endif /* TLSUP_CR_FIELD_H */
