/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Copyright (C) 2026 The tlsup authors
 *
 * The cipher suites: one row each, seen by the engine and by its owner.
 */
#ifndef TLSUP_SUITE_H
#define TLSUP_SUITE_H

#include <stddef.h>
#include <stdint.h>

struct cr_hash;

/* How the keys are exchanged. */
enum suite_kx {
	KX_ANY,		/* TLS 1.3: by supported_groups and key_share */
	KX_RSA,		/* premaster encrypted to the certificate's key */
	KX_DHE,
	KX_ECDHE,
};

/* What key the server's certificate holds. EdDSA counts as ECDSA (RFC 8422, 5.10). */
enum suite_auth {
	AUTH_ANY,	/* TLS 1.3: by signature_algorithms */
	AUTH_RSA,
	AUTH_ECDSA,
};

/* How records are protected. */
enum suite_cipher {
	CIPHER_AES_128_GCM,
	CIPHER_AES_256_GCM,
	CIPHER_CHACHA20_POLY1305,
	CIPHER_AES_128_CCM,
	CIPHER_AES_256_CCM,
	CIPHER_AES_128_CCM_8,
	CIPHER_AES_256_CCM_8,
	CIPHER_AES_128_CBC_SHA,
	CIPHER_AES_256_CBC_SHA,
	CIPHER_AES_128_CBC_SHA256,
	CIPHER_AES_256_CBC_SHA256,
	CIPHER_AES_256_CBC_SHA384,
};

/**
 * struct suite - a cipher suite
 * @id: IANA number
 * @name: the standard's
 * @version: 0x0303 or 0x0304: a suite belongs to one of them
 * @kx: key exchange
 * @auth: authentication of the server
 * @cipher: record protection
 * @key_size: bytes of a write key
 * @iv_size: TLS 1.2: bytes of the fixed part of the nonce
 * @mac_size: bytes of a MAC key; 0: AEAD
 * @hash: of HKDF or PRF
 */
struct suite {
	uint16_t id;
	const char *name;
	uint16_t version;
	enum suite_kx kx;
	enum suite_auth auth;
	enum suite_cipher cipher;
	uint8_t key_size;
	uint8_t iv_size;
	uint8_t mac_size;
	const struct cr_hash *hash;
};

const struct suite *suite_find(uint16_t id);
const struct suite *suite_at(size_t index);

#endif /* TLSUP_SUITE_H */
