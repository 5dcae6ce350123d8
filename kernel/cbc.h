/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Copyright (C) 2026 The tlsup authors
 *
 * The MAC suites of TLS 1.2: CBC with HMAC, in either order.
 */
#ifndef _TLSUP_CBC_H
#define _TLSUP_CBC_H

#include <linux/types.h>

#include "record.h"

struct crypto_shash;
struct crypto_skcipher;
struct scatterlist;
struct shash_desc;
struct skcipher_request;
struct tlsup_cipher_desc;
struct tlsup_hash_kind;
struct tlsup_key_parts;
struct tlsup_keys;

/* The longest state of a hash that is taken: struct sha512_state. */
#define TLSUP_HASH_STATE_MAX	208

/**
 * struct tlsup_cbc - what a MAC suite has in place of an AEAD
 * @kind: of hash
 * @etm: encrypt, then MAC (RFC 7366)
 * @tfm: keyed cipher, owned
 * @req: its request, owned
 * @hash: owned
 * @desc: a hash under way, owned
 * @inner: the hash's state behind the inner pad of HMAC
 * @outer: behind the outer pad
 * @iv: sending: the next record's
 * @chain: the cipher's, changed by it
 * @tail: receiving: the end of the plaintext
 *
 * Owned by struct tlsup_keys, used under the same lock.
 */
struct tlsup_cbc {
	const struct tlsup_hash_kind *kind;
	bool etm;
	struct crypto_skcipher *tfm;
	struct skcipher_request *req;
	struct crypto_shash *hash;
	struct shash_desc *desc;
	u8 inner[TLSUP_HASH_STATE_MAX] __aligned(8);
	u8 outer[TLSUP_HASH_STATE_MAX] __aligned(8);
	u8 iv[TLSUP_BLOCK_SIZE];
	u8 chain[TLSUP_BLOCK_SIZE];
	u8 tail[TLSUP_TAIL_MAX];
};

struct tlsup_cbc *tlsup_cbc_create(const struct tlsup_cipher_desc *cipher,
				   const struct tlsup_key_parts *parts);
void tlsup_cbc_destroy(struct tlsup_cbc *cbc);
unsigned int tlsup_cbc_trailer(const struct tlsup_keys *keys, unsigned int len);
int tlsup_cbc_seal(struct tlsup_keys *keys, const u8 *header,
		   struct scatterlist *sg, size_t len);
enum tlsup_fault tlsup_cbc_check(const struct tlsup_keys *keys, size_t len,
				 unsigned int max, unsigned int *room);
enum tlsup_fault tlsup_cbc_open(struct tlsup_keys *keys, const u8 *header,
				struct scatterlist *src,
				struct scatterlist *dst, size_t len,
				const u8 *iv, unsigned int *content, int *error);

#endif /* _TLSUP_CBC_H */
