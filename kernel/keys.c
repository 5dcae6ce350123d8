// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) 2026 The tlsup authors
 *
 * Keys from traffic secrets (RFC 9846, 7.1 to 7.3), and the two operations
 * that use them.
 *
 * Cipher calls run in process context under the socket lock and are always
 * waited for: no completion ever outlives the call, so no buffer can be freed
 * under a running cipher. CRYPTO_ALG_ASYNC is not masked out when the cipher
 * is chosen, because the SIMD ciphers of x86 carry that flag and yet run at
 * once in process context; the mask would leave only the generic C code.
 */
#include "keys.h"

#include <linux/err.h>
#include <linux/scatterlist.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/unaligned.h>

#include <crypto/aead.h>
#include <crypto/hash.h>
#include <kunit/visibility.h>

#define LABEL_PREFIX	"tls13 "
#define LABEL_MAX	32

static const struct {
	const char *hmac;
	u8 size;
} hashes[] = {
	[TLSUP_HASH_SHA256] = { "hmac(sha256)", 32 },
	[TLSUP_HASH_SHA384] = { "hmac(sha384)", 48 },
};

static_assert(TLSUP_SECRET_MAX >= 48);
static_assert(TLSUP_KEY_MAX <= 32); /* one block of any hash: see below */

/**
 * tlsup_keys_hash_size - length of a hash, and so of a traffic secret
 * @hash: &enum tlsup_hash
 *
 * Return: bytes, or 0 for a hash that does not exist.
 */
size_t tlsup_keys_hash_size(u8 hash)
{
	return hash < ARRAY_SIZE(hashes) ? hashes[hash].size : 0;
}
EXPORT_SYMBOL_IF_KUNIT(tlsup_keys_hash_size);

/* HkdfLabel with an empty context, and the block counter of HKDF behind it. */
static size_t build_label(u8 *info, const char *label, size_t len)
{
	size_t prefix = strlen(LABEL_PREFIX);
	size_t n = strlen(label);

	put_unaligned_be16(len, info);
	info[2] = prefix + n;
	memcpy(info + 3, LABEL_PREFIX, prefix);
	memcpy(info + 3 + prefix, label, n);
	info[3 + prefix + n] = 0;
	info[4 + prefix + n] = 1;
	return 5 + prefix + n;
}

/**
 * tlsup_keys_expand_label - HKDF-Expand-Label with an empty context
 * @hash: &enum tlsup_hash
 * @secret: as long as the hash
 * @label: without its "tls13 " prefix, at most 20 characters
 * @out: where @len bytes go
 * @len: 1 to the hash's length: one block of HKDF-Expand
 *
 * RFC 9846, 7.1; RFC 5869, 2.3. Sleeps.
 *
 * Return: 0 or -errno of the crypto API.
 */
int tlsup_keys_expand_label(u8 hash, const u8 *secret, const char *label,
			    u8 *out, size_t len)
{
	u8 info[5 + LABEL_MAX];
	u8 block[TLSUP_SECRET_MAX];
	struct crypto_shash *tfm;
	size_t n;
	int err;

	n = build_label(info, label, len);
	tfm = crypto_alloc_shash(hashes[hash].hmac, 0, 0);
	if (IS_ERR(tfm))
		return PTR_ERR(tfm);
	err = crypto_shash_setkey(tfm, secret, hashes[hash].size);
	if (!err)
		err = crypto_shash_tfm_digest(tfm, info, n, block);
	if (!err)
		memcpy(out, block, len);
	memzero_explicit(block, sizeof(block));
	crypto_free_shash(tfm);
	return err;
}
EXPORT_SYMBOL_IF_KUNIT(tlsup_keys_expand_label);

static int install_cipher(struct tlsup_keys *keys)
{
	u8 key[TLSUP_KEY_MAX];
	int err;

	err = tlsup_keys_expand_label(keys->hash, keys->secret, "key", key,
				      keys->cipher->key_size);
	if (!err)
		err = tlsup_keys_expand_label(keys->hash, keys->secret, "iv",
					      keys->iv, TLSUP_IV_SIZE);
	if (err)
		goto wipe;

	keys->tfm = crypto_alloc_aead(keys->cipher->name, 0, 0);
	if (IS_ERR(keys->tfm)) {
		err = PTR_ERR(keys->tfm);
		keys->tfm = NULL;
		goto wipe;
	}
	err = crypto_aead_setauthsize(keys->tfm, keys->cipher->tag_size);
	if (!err)
		err = crypto_aead_setkey(keys->tfm, key, keys->cipher->key_size);
	if (err)
		goto wipe;

	keys->req = aead_request_alloc(keys->tfm, GFP_KERNEL);
	if (!keys->req)
		err = -ENOMEM;
wipe:
	memzero_explicit(key, sizeof(key));
	return err;
}

/**
 * tlsup_keys_create - make the keys of an epoch from its traffic secret
 * @epoch: &enum tlsup_epoch, not plaintext
 * @cipher: a row of the cipher table
 * @hash: &enum tlsup_hash of the key schedule
 * @secret: the traffic secret; copied
 * @len: its length, bytes; must be the hash's
 *
 * Sleeps. The caller owns the result; tlsup_keys_destroy() wipes and frees it.
 *
 * Return: the keys, or ERR_PTR: -EINVAL for a wrong length, -ENOMEM, or what
 * the crypto API says.
 */
struct tlsup_keys *tlsup_keys_create(u8 epoch, const struct tlsup_cipher_desc *cipher,
				     u8 hash, const u8 *secret, size_t len)
{
	struct tlsup_keys *keys;
	int err;

	if (!len || len != tlsup_keys_hash_size(hash))
		return ERR_PTR(-EINVAL);
	keys = kzalloc(sizeof(*keys), GFP_KERNEL);
	if (!keys)
		return ERR_PTR(-ENOMEM);

	keys->cipher = cipher;
	keys->epoch = epoch;
	keys->hash = hash;
	keys->secret_len = len;
	memcpy(keys->secret, secret, len);
	err = install_cipher(keys);
	if (err) {
		tlsup_keys_destroy(keys);
		return ERR_PTR(err);
	}
	return keys;
}
EXPORT_SYMBOL_IF_KUNIT(tlsup_keys_create);

/**
 * tlsup_keys_update - the keys that follow a KeyUpdate (RFC 9846, 7.2)
 * @old: the keys in force; unchanged, still the caller's
 *
 * Return: as tlsup_keys_create().
 */
struct tlsup_keys *tlsup_keys_update(const struct tlsup_keys *old)
{
	u8 secret[TLSUP_SECRET_MAX];
	struct tlsup_keys *keys;
	int err;

	err = tlsup_keys_expand_label(old->hash, old->secret, "traffic upd",
				      secret, old->secret_len);
	if (err)
		return ERR_PTR(err);
	keys = tlsup_keys_create(old->epoch, old->cipher, old->hash, secret,
				 old->secret_len);
	memzero_explicit(secret, sizeof(secret));
	return keys;
}
EXPORT_SYMBOL_IF_KUNIT(tlsup_keys_update);

/**
 * tlsup_keys_destroy - wipe and free
 * @keys: may be NULL
 *
 * Process context.
 */
void tlsup_keys_destroy(struct tlsup_keys *keys)
{
	if (!keys)
		return;
	if (keys->req)
		aead_request_free(keys->req);
	crypto_free_aead(keys->tfm);
	kfree_sensitive(keys);
}
EXPORT_SYMBOL_IF_KUNIT(tlsup_keys_destroy);

static void prepare(struct tlsup_keys *keys, struct crypto_wait *wait,
		    struct scatterlist *sg, size_t len)
{
	tlsup_record_nonce(keys->nonce, keys->iv, keys->seq);
	aead_request_set_callback(keys->req, CRYPTO_TFM_REQ_MAY_BACKLOG |
				  CRYPTO_TFM_REQ_MAY_SLEEP,
				  crypto_req_done, wait);
	aead_request_set_ad(keys->req, TLSUP_HEADER_SIZE);
	aead_request_set_crypt(keys->req, sg, sg, len, keys->nonce);
}

/**
 * tlsup_keys_seal - protect one record in place
 * @keys: of the sending direction; the sequence number moves on
 * @sg: header, inner plaintext, room for the tag
 * @len: bytes of the inner plaintext
 *
 * A sequence number is never used twice: it is spent even when the cipher
 * fails.
 *
 * Return: 0, -EOVERFLOW when the sequence number is used up, or -errno.
 */
int tlsup_keys_seal(struct tlsup_keys *keys, struct scatterlist *sg, size_t len)
{
	DECLARE_CRYPTO_WAIT(wait);

	if (keys->seq == U64_MAX)
		return -EOVERFLOW;
	prepare(keys, &wait, sg, len);
	keys->seq++;
	return crypto_wait_req(crypto_aead_encrypt(keys->req), &wait);
}
EXPORT_SYMBOL_IF_KUNIT(tlsup_keys_seal);

/**
 * tlsup_keys_open - authenticate and decrypt one record in place
 * @keys: of the receiving direction; the sequence number moves on if the
 *	record is authentic
 * @sg: header, ciphertext, tag
 * @len: bytes of ciphertext and tag
 * @error: 0, or the -errno of a machine's failure, when no fault is to be
 *	laid to the peer
 *
 * Return: TLSUP_OK (look at @error), TLSUP_FAULT_SHORT, TLSUP_FAULT_MAC or
 * TLSUP_FAULT_SEQUENCE.
 */
enum tlsup_fault tlsup_keys_open(struct tlsup_keys *keys, struct scatterlist *sg,
				 size_t len, int *error)
{
	DECLARE_CRYPTO_WAIT(wait);
	int err;

	*error = 0;
	if (len < keys->cipher->tag_size + 1)
		return TLSUP_FAULT_SHORT;
	if (keys->seq == U64_MAX)
		return TLSUP_FAULT_SEQUENCE;
	prepare(keys, &wait, sg, len);
	err = crypto_wait_req(crypto_aead_decrypt(keys->req), &wait);
	if (err == -EBADMSG)
		return TLSUP_FAULT_MAC;
	if (err)
		*error = err;
	else
		keys->seq++;
	return TLSUP_OK;
}
EXPORT_SYMBOL_IF_KUNIT(tlsup_keys_open);
