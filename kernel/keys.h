/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Copyright (C) 2026 The tlsup authors
 *
 * The cipher table, and the keys of one direction in one epoch.
 */
#ifndef _TLSUP_KEYS_H
#define _TLSUP_KEYS_H

#include <linux/types.h>

#include <uapi/linux/tlsup_netlink.h>

#include "record.h"

struct crypto_aead;
struct aead_request;
struct scatterlist;
struct tlsup_cbc;

#define TLSUP_KEY_MAX		32
#define TLSUP_SECRET_MAX	48
#define TLSUP_EXPLICIT_SIZE	8	/* of an AEAD's nonce, in each record */
#define TLSUP_EXPLICIT_MAX	TLSUP_BLOCK_SIZE	/* the IV of CBC */
#define TLSUP_AAD_MAX		13

/**
 * struct tlsup_cipher_desc - a row of the cipher table
 * @id: &enum tlsup_cipher
 * @name: the kernel crypto API's name
 * @key_size: bytes
 * @tag_size: bytes that protection adds, beside the inner type; of a MAC suite
 *	the MAC, beside the padding
 * @salt_size: TLS 1.2: the implicit part of the nonce, bytes; the rest is
 *	explicit, or there is none if it is all of TLSUP_IV_SIZE
 * @nonce_prefix: for CCM: the byte that crypto API wants before the nonce,
 *	else 0
 * @limit: records under one key before it should be changed (RFC 9846, 5.5)
 * @hash: a MAC suite's hash, in the kernel crypto API's name; NULL: an AEAD
 */
struct tlsup_cipher_desc {
	u16 id;
	const char *name;
	u8 key_size;
	u8 tag_size;
	u8 salt_size;
	u8 nonce_prefix;
	u64 limit;
	const char *hash;
};

const struct tlsup_cipher_desc *tlsup_cipher_find(u16 id);

/**
 * struct tlsup_keys - protection of one direction in one epoch
 * @cipher: the row of the cipher table
 * @tfm: keyed cipher, owned
 * @req: its request, owned; used under the socket lock only
 * @cbc: what a MAC suite has instead of these two, owned
 * @seq: sequence number of the next record
 * @used: records protected under this key
 * @version: 0x0303 or 0x0304
 * @epoch: &enum tlsup_epoch
 * @hash: &enum tlsup_hash of the key schedule
 * @explicit_size: bytes of the nonce, or of CBC's IV, in each record, behind
 *	the header
 * @type_size: bytes that the inner content type takes: 1 in TLS 1.3
 * @aad_size: bytes of @aad
 * @secret_len: length of @secret, bytes; 0 if the keys cannot be updated
 * @iv: TLS 1.3 and ChaCha20: the write iv; else the salt and, for what is
 *	sent, the explicit part of the next record's nonce
 * @nonce: where the request finds its nonce
 * @aad: where it finds the additional data
 * @secret: the traffic secret, from which the next one comes
 *
 * Sole owner: the connection's TX or RX half, under the socket lock. Wiped by
 * tlsup_keys_destroy(). No pointer to it stands for the plaintext epoch.
 */
struct tlsup_keys {
	const struct tlsup_cipher_desc *cipher;
	struct crypto_aead *tfm;
	struct aead_request *req;
	struct tlsup_cbc *cbc;
	u64 seq;
	u64 used;
	u16 version;
	u8 epoch;
	u8 hash;
	u8 explicit_size;
	u8 type_size;
	u8 aad_size;
	u8 secret_len;
	u8 iv[TLSUP_IV_SIZE];
	u8 nonce[TLSUP_IV_SIZE + 4];
	u8 aad[TLSUP_AAD_MAX];
	u8 secret[TLSUP_SECRET_MAX];
};

/**
 * struct tlsup_key_parts - keys that come in parts: TLS 1.2, or set by SOL_TLS
 * @version: 0x0303 or 0x0304
 * @key: the write key, of the cipher's size
 * @iv: the write iv and, where part of it is explicit, the first of these
 * @seq: sequence number of the first record
 * @mac_secret: a MAC suite's, as long as the MAC
 * @etm: a MAC suite: encrypt, then MAC (RFC 7366)
 */
struct tlsup_key_parts {
	u16 version;
	const u8 *key;
	u8 iv[TLSUP_IV_SIZE];
	u64 seq;
	const u8 *mac_secret;
	bool etm;
};

size_t tlsup_keys_hash_size(u8 hash);
int tlsup_keys_expand_label(u8 hash, const u8 *secret, const char *label,
			    u8 *out, size_t len);
struct tlsup_keys *tlsup_keys_create(u8 epoch, const struct tlsup_cipher_desc *cipher,
				     u8 hash, const u8 *secret, size_t len);
struct tlsup_keys *tlsup_keys_create_parts(const struct tlsup_cipher_desc *cipher,
					   const struct tlsup_key_parts *parts);
struct tlsup_keys *tlsup_keys_update(const struct tlsup_keys *old);
void tlsup_keys_destroy(struct tlsup_keys *keys);
void tlsup_keys_explicit(struct tlsup_keys *keys, u8 *out);
unsigned int tlsup_keys_trailer(const struct tlsup_keys *keys, unsigned int len);
int tlsup_keys_seal(struct tlsup_keys *keys, struct scatterlist *src,
		    struct scatterlist *dst, u8 type, size_t len);
enum tlsup_fault tlsup_keys_open(struct tlsup_keys *keys, const u8 *header,
				 struct scatterlist *src,
				 struct scatterlist *dst, size_t len,
				 const u8 *explicit_nonce, int *error);

/**
 * tlsup_keys_overhead - what protection adds to a record's content
 * @keys: the keys, or NULL in the plaintext epoch
 *
 * Return: bytes behind the record header that are not content; of a MAC suite
 * the most that we add.
 */
static inline unsigned int tlsup_keys_overhead(const struct tlsup_keys *keys)
{
	return keys ? keys->explicit_size + keys->type_size +
		      keys->cipher->tag_size +
		      (keys->cbc ? TLSUP_BLOCK_SIZE : 0) : 0;
}

#endif /* _TLSUP_KEYS_H */
