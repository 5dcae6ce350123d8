/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Copyright (C) 2026 The tlsup authors
 *
 * Hashes, HMAC, HKDF and the PRF of TLS 1.2 over nettle.
 */
#ifndef TLSUP_CR_HASH_H
#define TLSUP_CR_HASH_H

#include <stddef.h>
#include <stdint.h>

#include <nettle/nettle-meta.h>
#include <nettle/sha2.h>

#define CR_HASH_MAX	48

/**
 * struct cr_hash - a hash algorithm
 * @nettle: nettle's description of it
 * @size: digest, bytes; at most CR_HASH_MAX
 * @block: block, bytes
 */
struct cr_hash {
	const struct nettle_hash *nettle;
	size_t size;
	size_t block;
};

extern const struct cr_hash cr_sha256;
extern const struct cr_hash cr_sha384;

/**
 * struct cr_digest - a hash in progress, in the caller's storage
 * @hash: the algorithm
 * @ctx: nettle's state; a plain copy forks it
 */
struct cr_digest {
	const struct cr_hash *hash;
	union {
		struct sha256_ctx sha256;
		struct sha512_ctx sha512;
	} ctx;
};

/**
 * struct cr_hmac - a key of HMAC, ready for any number of messages
 * @inner: has hashed the key and the inner pad
 * @outer: and the outer
 */
struct cr_hmac {
	struct cr_digest inner;
	struct cr_digest outer;
};

void cr_digest_init(struct cr_digest *digest, const struct cr_hash *hash);
void cr_digest_update(struct cr_digest *digest, const uint8_t *data, size_t len);
void cr_digest_peek(const struct cr_digest *digest, uint8_t *out);
void cr_hmac_init(struct cr_hmac *hmac, const struct cr_hash *hash, const uint8_t *key,
		  size_t key_len);
void cr_hmac_wipe(struct cr_hmac *hmac);
void cr_hmac(const struct cr_hash *hash, const uint8_t *key, size_t key_len,
	     const uint8_t *data, size_t len, uint8_t *out);
void cr_hkdf_extract(const struct cr_hash *hash, const uint8_t *salt,
		     size_t salt_len, const uint8_t *ikm, size_t ikm_len,
		     uint8_t *prk);
void cr_hmac_expand(const struct cr_hmac *prk, const uint8_t *info, size_t info_len,
		    uint8_t *out, size_t len);
void cr_hkdf_expand(const struct cr_hash *hash, const uint8_t *prk,
		    const uint8_t *info, size_t info_len, uint8_t *out,
		    size_t len);
void cr_hmac_prf(const struct cr_hmac *secret, const uint8_t *seed, size_t seed_len,
		 uint8_t *out, size_t len);
void cr_prf(const struct cr_hash *hash, const uint8_t *secret, size_t secret_len,
	    const uint8_t *seed, size_t seed_len, uint8_t *out, size_t len);

#endif /* TLSUP_CR_HASH_H */
