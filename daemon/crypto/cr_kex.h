/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Copyright (C) 2026 The tlsup authors
 *
 * Key exchange: one descriptor per named group (RFC 9846, 4.2.8).
 */
#ifndef TLSUP_CR_KEX_H
#define TLSUP_CR_KEX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define CR_KEX_PUBLIC_MAX	1024
#define CR_KEX_PRIVATE_MAX	66
#define CR_KEX_SHARED_MAX	1024
#define CR_KEX_GENERATOR	2	/* of every finite field */

struct cr_field;
struct ecc_curve;

/**
 * struct cr_kex - a named group
 * @id: IANA number; 0: a group of RFC 3526, which has none
 * @name: for logs
 * @public_size: bytes of a key share
 * @private_size: bytes of a private key
 * @shared_size: bytes of the shared secret
 * @generate: a new key pair
 * @derive: the shared secret; false if the peer's key share is not good
 * @curve: nettle's; NULL: another kind of group
 * @field: a finite field; NULL: another kind of group
 */
struct cr_kex {
	uint16_t id;
	const char *name;
	size_t public_size;
	size_t private_size;
	size_t shared_size;
	void (*generate)(const struct cr_kex *kex, uint8_t *private_key,
			 uint8_t *public_key);
	bool (*derive)(const struct cr_kex *kex, const uint8_t *private_key,
		       const uint8_t *peer, uint8_t *shared);
	const struct ecc_curve *(*curve)(void);
	const struct cr_field *field;
};

const struct cr_kex *cr_kex_find(uint16_t id);
const struct cr_kex *cr_kex_at(size_t index);
const struct cr_kex *cr_kex_find_prime(const uint8_t *prime, size_t len);

#endif /* TLSUP_CR_KEX_H */
