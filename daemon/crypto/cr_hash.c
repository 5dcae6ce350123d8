// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) 2026 The tlsup authors
 */
#include "crypto/cr_hash.h"

#include <assert.h>
#include <string.h>

#include "lib/secret.h"

#define BLOCK_MAX	SHA512_BLOCK_SIZE

static_assert(SHA384_DIGEST_SIZE <= CR_HASH_MAX, "the longest digest fits");

const struct cr_hash cr_sha256 = {
	&nettle_sha256, SHA256_DIGEST_SIZE, SHA256_BLOCK_SIZE,
};

const struct cr_hash cr_sha384 = {
	&nettle_sha384, SHA384_DIGEST_SIZE, SHA512_BLOCK_SIZE,
};

/**
 * cr_digest_init - start to hash
 * @digest: caller's storage
 * @hash: the algorithm
 */
void cr_digest_init(struct cr_digest *digest, const struct cr_hash *hash)
{
	digest->hash = hash;
	hash->nettle->init(&digest->ctx);
}

/**
 * cr_digest_update - hash more
 * @digest: in progress
 * @data: the bytes
 * @len: how many
 */
void cr_digest_update(struct cr_digest *digest, const uint8_t *data, size_t len)
{
	digest->hash->nettle->update(&digest->ctx, len, data);
}

/**
 * cr_digest_peek - the digest so far; hashing may go on
 * @digest: in progress
 * @out: @digest->hash->size bytes
 */
void cr_digest_peek(const struct cr_digest *digest, uint8_t *out)
{
	struct cr_digest copy = *digest;

	copy.hash->nettle->digest(&copy.ctx, copy.hash->size, out);
	secret_wipe_bytes(&copy, sizeof(copy));
}

/* RFC 2104, with the hash of either size. */
static void hmac_start(struct cr_digest *inner, struct cr_digest *outer,
		       const struct cr_hash *hash, const uint8_t *key,
		       size_t key_len)
{
	uint8_t pad[BLOCK_MAX] = { 0 };
	struct cr_digest digest;

	if (key_len > hash->block) {
		cr_digest_init(&digest, hash);
		cr_digest_update(&digest, key, key_len);
		cr_digest_peek(&digest, pad);
		secret_wipe_bytes(&digest, sizeof(digest));
	} else if (key_len) {
		memcpy(pad, key, key_len);
	}
	for (size_t i = 0; i < hash->block; i++)
		pad[i] ^= 0x36;
	cr_digest_init(inner, hash);
	cr_digest_update(inner, pad, hash->block);
	for (size_t i = 0; i < hash->block; i++)
		pad[i] ^= 0x36 ^ 0x5c;
	cr_digest_init(outer, hash);
	cr_digest_update(outer, pad, hash->block);
	secret_wipe_bytes(pad, sizeof(pad));
}

static void hmac_finish(struct cr_digest *inner, struct cr_digest *outer,
			uint8_t *out)
{
	uint8_t digest[CR_HASH_MAX];

	cr_digest_peek(inner, digest);
	cr_digest_update(outer, digest, inner->hash->size);
	cr_digest_peek(outer, out);
	secret_wipe_bytes(digest, sizeof(digest));
	secret_wipe_bytes(inner, sizeof(*inner));
	secret_wipe_bytes(outer, sizeof(*outer));
}

/**
 * cr_hmac - HMAC (RFC 2104) of one piece
 * @hash: the algorithm
 * @key: the key
 * @key_len: its length
 * @data: the bytes
 * @len: how many
 * @out: @hash->size bytes
 */
void cr_hmac(const struct cr_hash *hash, const uint8_t *key, size_t key_len,
	     const uint8_t *data, size_t len, uint8_t *out)
{
	struct cr_digest inner, outer;

	hmac_start(&inner, &outer, hash, key, key_len);
	cr_digest_update(&inner, data, len);
	hmac_finish(&inner, &outer, out);
}

/**
 * cr_hkdf_extract - HKDF-Extract (RFC 5869, 2.2)
 * @hash: the algorithm
 * @salt: the salt
 * @salt_len: its length; 0 means a string of zeros
 * @ikm: input keying material
 * @ikm_len: its length
 * @prk: @hash->size bytes out
 */
void cr_hkdf_extract(const struct cr_hash *hash, const uint8_t *salt,
		     size_t salt_len, const uint8_t *ikm, size_t ikm_len,
		     uint8_t *prk)
{
	cr_hmac(hash, salt, salt_len, ikm, ikm_len, prk);
}

/**
 * cr_hkdf_expand - HKDF-Expand (RFC 5869, 2.3)
 * @hash: the algorithm
 * @prk: @hash->size bytes
 * @info: the context
 * @info_len: its length
 * @out: output keying material
 * @len: its length, at most 255 digests
 */
void cr_hkdf_expand(const struct cr_hash *hash, const uint8_t *prk,
		    const uint8_t *info, size_t info_len, uint8_t *out,
		    size_t len)
{
	struct cr_digest inner, outer;
	uint8_t block[CR_HASH_MAX];
	size_t have = 0;

	for (uint8_t i = 1; len; i++) {
		size_t n = len < hash->size ? len : hash->size;

		hmac_start(&inner, &outer, hash, prk, hash->size);
		cr_digest_update(&inner, block, have);
		cr_digest_update(&inner, info, info_len);
		cr_digest_update(&inner, &i, 1);
		hmac_finish(&inner, &outer, block);
		have = hash->size;
		memcpy(out, block, n);
		out += n;
		len -= n;
	}
	secret_wipe_bytes(block, sizeof(block));
}

/* HMAC of @a, then @b, under the key that @inner and @outer have begun with. */
static void prf_hmac(const struct cr_digest *inner, const struct cr_digest *outer,
		     const uint8_t *a, size_t a_len, const uint8_t *b, size_t b_len,
		     uint8_t *out)
{
	struct cr_digest i = *inner, o = *outer;

	cr_digest_update(&i, a, a_len);
	cr_digest_update(&i, b, b_len);
	hmac_finish(&i, &o, out);
}

/**
 * cr_prf - P_hash, the PRF of TLS 1.2 (RFC 5246, 5)
 * @hash: the algorithm
 * @secret: the secret
 * @secret_len: its length
 * @seed: the label, followed by the seed
 * @seed_len: length of both
 * @out: pseudorandom bytes
 * @len: how many
 */
void cr_prf(const struct cr_hash *hash, const uint8_t *secret, size_t secret_len,
	    const uint8_t *seed, size_t seed_len, uint8_t *out, size_t len)
{
	struct cr_digest inner, outer;
	uint8_t a[CR_HASH_MAX], block[CR_HASH_MAX];

	hmac_start(&inner, &outer, hash, secret, secret_len);
	prf_hmac(&inner, &outer, seed, seed_len, NULL, 0, a);
	while (len) {
		size_t n = len < hash->size ? len : hash->size;

		prf_hmac(&inner, &outer, a, hash->size, seed, seed_len, block);
		prf_hmac(&inner, &outer, a, hash->size, NULL, 0, a);
		memcpy(out, block, n);
		out += n;
		len -= n;
	}
	secret_wipe_bytes(a, sizeof(a));
	secret_wipe_bytes(block, sizeof(block));
	secret_wipe_bytes(&inner, sizeof(inner));
	secret_wipe_bytes(&outer, sizeof(outer));
}
