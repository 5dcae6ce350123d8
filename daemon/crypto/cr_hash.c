// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) 2026 The tlsup authors
 */
#include "crypto/cr_hash.h"

#include <assert.h>
#include <string.h>

#include <nettle/memxor.h>

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

static void copy(struct cr_digest *to, const struct cr_digest *from)
{
	to->hash = from->hash;
	memcpy(&to->ctx, &from->ctx, from->hash->nettle->context_size);
}

/* All that is ever used of it. */
static void wipe(struct cr_digest *digest)
{
	secret_wipe_bytes(&digest->ctx, digest->hash->nettle->context_size);
}

/**
 * cr_digest_peek - the digest so far; hashing may go on
 * @digest: in progress
 * @out: @digest->hash->size bytes
 */
void cr_digest_peek(const struct cr_digest *digest, uint8_t *out)
{
	struct cr_digest work;

	copy(&work, digest);
	work.hash->nettle->digest(&work.ctx, work.hash->size, out);
	wipe(&work);
}

/**
 * cr_hmac_init - make a key of HMAC (RFC 2104) ready
 * @hmac: caller's storage, to be wiped by cr_hmac_wipe()
 * @hash: the algorithm
 * @key: the key
 * @key_len: its length
 */
void cr_hmac_init(struct cr_hmac *hmac, const struct cr_hash *hash, const uint8_t *key,
		  size_t key_len)
{
	uint8_t pad[BLOCK_MAX], digest[CR_HASH_MAX];

	cr_digest_init(&hmac->inner, hash);
	cr_digest_init(&hmac->outer, hash);
	if (key_len > hash->block) {
		cr_digest_update(&hmac->inner, key, key_len);
		hash->nettle->digest(&hmac->inner.ctx, hash->size, digest);
		key = digest;
		key_len = hash->size;
	}
	memset(pad, 0x36, hash->block);
	if (key_len)
		memxor(pad, key, key_len);
	cr_digest_update(&hmac->inner, pad, hash->block);
	memset(pad, 0x5c, hash->block);
	if (key_len)
		memxor(pad, key, key_len);
	cr_digest_update(&hmac->outer, pad, hash->block);
	secret_wipe_bytes(pad, hash->block);
	if (key == digest)
		secret_wipe_bytes(digest, hash->size);
}

/**
 * cr_hmac_wipe - forget a key
 * @hmac: from cr_hmac_init()
 */
void cr_hmac_wipe(struct cr_hmac *hmac)
{
	wipe(&hmac->inner);
	wipe(&hmac->outer);
}

/* @work has hashed the message behind the inner pad; it is used up, not wiped. */
static void finish(const struct cr_hmac *hmac, struct cr_digest *work, uint8_t *out)
{
	const struct nettle_hash *nettle = work->hash->nettle;
	const size_t size = work->hash->size;

	nettle->digest(&work->ctx, size, out);
	copy(work, &hmac->outer);
	nettle->update(&work->ctx, size, out);
	nettle->digest(&work->ctx, size, out);
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
	struct cr_hmac hmac;

	/* It begins with the inner pad already, and is used once. */
	cr_hmac_init(&hmac, hash, key, key_len);
	cr_digest_update(&hmac.inner, data, len);
	finish(&hmac, &hmac.inner, out);
	cr_hmac_wipe(&hmac);
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
 * cr_hmac_expand - HKDF-Expand (RFC 5869, 2.3)
 * @prk: the key, ready
 * @info: the context
 * @info_len: its length
 * @out: output keying material
 * @len: its length, at most 255 digests
 */
void cr_hmac_expand(const struct cr_hmac *prk, const uint8_t *info, size_t info_len,
		    uint8_t *out, size_t len)
{
	const size_t size = prk->inner.hash->size;
	uint8_t block[CR_HASH_MAX];
	struct cr_digest work;
	size_t have = 0;

	for (uint8_t i = 1; len; i++) {
		size_t n = len < size ? len : size;

		copy(&work, &prk->inner);
		cr_digest_update(&work, block, have);
		cr_digest_update(&work, info, info_len);
		cr_digest_update(&work, &i, 1);
		finish(prk, &work, block);
		have = size;
		memcpy(out, block, n);
		out += n;
		len -= n;
	}
	secret_wipe_bytes(block, have);
	if (have)
		wipe(&work);
}

/**
 * cr_hkdf_expand - the same, of a key that is used once
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
	struct cr_hmac hmac;

	cr_hmac_init(&hmac, hash, prk, hash->size);
	cr_hmac_expand(&hmac, info, info_len, out, len);
	cr_hmac_wipe(&hmac);
}

/* HMAC of @a, then @b; @out may be @a. */
static void prf_hmac(const struct cr_hmac *key, struct cr_digest *work, const uint8_t *a,
		     size_t a_len, const uint8_t *b, size_t b_len, uint8_t *out)
{
	copy(work, &key->inner);
	cr_digest_update(work, a, a_len);
	cr_digest_update(work, b, b_len);
	finish(key, work, out);
}

/**
 * cr_hmac_prf - P_hash, the PRF of TLS 1.2 (RFC 5246, 5)
 * @secret: the key, ready
 * @seed: the label, followed by the seed
 * @seed_len: length of both
 * @out: pseudorandom bytes
 * @len: how many
 */
void cr_hmac_prf(const struct cr_hmac *secret, const uint8_t *seed, size_t seed_len,
		 uint8_t *out, size_t len)
{
	const size_t size = secret->inner.hash->size;
	uint8_t a[CR_HASH_MAX], block[CR_HASH_MAX];
	struct cr_digest work;

	prf_hmac(secret, &work, seed, seed_len, NULL, 0, a);
	for (;;) {
		size_t n = len < size ? len : size;

		prf_hmac(secret, &work, a, size, seed, seed_len, block);
		memcpy(out, block, n);
		out += n;
		len -= n;
		if (!len)
			break;
		prf_hmac(secret, &work, a, size, NULL, 0, a);
	}
	secret_wipe_bytes(a, size);
	secret_wipe_bytes(block, size);
	wipe(&work);
}

/**
 * cr_prf - the same, of a secret that is used once
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
	struct cr_hmac hmac;

	cr_hmac_init(&hmac, hash, secret, secret_len);
	cr_hmac_prf(&hmac, seed, seed_len, out, len);
	cr_hmac_wipe(&hmac);
}
