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

#define TLSUP_KEY_MAX		32
#define TLSUP_SECRET_MAX	48

/**
 * struct tlsup_cipher_desc - a row of the cipher table
 * @id: &enum tlsup_cipher
 * @name: the kernel crypto API's name
 * @key_size: bytes
 * @tag_size: bytes that protection adds, beside the inner type
 */
struct tlsup_cipher_desc {
	u16 id;
	const char *name;
	u8 key_size;
	u8 tag_size;
};

const struct tlsup_cipher_desc *tlsup_cipher_find(u16 id);

/**
 * struct tlsup_keys - protection of one direction in one epoch
 * @cipher: the row of the cipher table
 * @tfm: keyed cipher, owned
 * @req: its request, owned; used under the socket lock only
 * @seq: sequence number of the next record
 * @epoch: &enum tlsup_epoch
 * @hash: &enum tlsup_hash of the key schedule
 * @secret_len: length of @secret, bytes
 * @iv: the write iv
 * @nonce: where the request finds its nonce
 * @secret: the traffic secret, from which the next one comes
 *
 * Sole owner: the connection's TX or RX half, under the socket lock. Wiped by
 * tlsup_keys_destroy(). No pointer to it stands for the plaintext epoch.
 */
struct tlsup_keys {
	const struct tlsup_cipher_desc *cipher;
	struct crypto_aead *tfm;
	struct aead_request *req;
	u64 seq;
	u8 epoch;
	u8 hash;
	u8 secret_len;
	u8 iv[TLSUP_IV_SIZE];
	u8 nonce[TLSUP_IV_SIZE];
	u8 secret[TLSUP_SECRET_MAX];
};

size_t tlsup_keys_hash_size(u8 hash);
int tlsup_keys_expand_label(u8 hash, const u8 *secret, const char *label,
			    u8 *out, size_t len);
struct tlsup_keys *tlsup_keys_create(u8 epoch, const struct tlsup_cipher_desc *cipher,
				     u8 hash, const u8 *secret, size_t len);
struct tlsup_keys *tlsup_keys_update(const struct tlsup_keys *old);
void tlsup_keys_destroy(struct tlsup_keys *keys);
int tlsup_keys_seal(struct tlsup_keys *keys, struct scatterlist *sg, size_t len);
enum tlsup_fault tlsup_keys_open(struct tlsup_keys *keys, struct scatterlist *sg,
				 size_t len, int *error);

#endif /* _TLSUP_KEYS_H */
