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

#define CR_KEX_PUBLIC_MAX	65
#define CR_KEX_PRIVATE_MAX	32
#define CR_KEX_SHARED_MAX	32

/**
 * struct cr_kex - a named group
 * @id: IANA number
 * @name: for logs
 * @public_size: bytes of a key share
 * @private_size: bytes of a private key
 * @shared_size: bytes of the shared secret
 * @generate: a new key pair
 * @derive: the shared secret; false if the peer's key share is not good
 */
struct cr_kex {
	uint16_t id;
	const char *name;
	size_t public_size;
	size_t private_size;
	size_t shared_size;
	void (*generate)(uint8_t *private_key, uint8_t *public_key);
	bool (*derive)(const uint8_t *private_key, const uint8_t *peer, uint8_t *shared);
};

const struct cr_kex *cr_kex_find(uint16_t id);
const struct cr_kex *cr_kex_at(size_t index);

#endif /* TLSUP_CR_KEX_H */
