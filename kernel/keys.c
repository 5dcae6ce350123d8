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
#include "compat.h"

#include <linux/err.h>
#include <linux/random.h>
#include <linux/scatterlist.h>
#include <linux/slab.h>
#include <linux/string.h>

#include <crypto/aead.h>
#include <crypto/hash.h>
#include <kunit/visibility.h>

#include "cbc.h"

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

/* The keyed cipher and its request; @key of the cipher's size. */
static int install_cipher(struct tlsup_keys *keys, const u8 *key)
{
	const struct tlsup_cipher_desc *cipher = keys->cipher;
	int err;

	keys->tfm = crypto_alloc_aead(cipher->name, 0, 0);
	if (IS_ERR(keys->tfm)) {
		err = PTR_ERR(keys->tfm);
		keys->tfm = NULL;
		return err;
	}
	err = crypto_aead_setauthsize(keys->tfm, cipher->tag_size);
	if (!err)
		err = crypto_aead_setkey(keys->tfm, key, cipher->key_size);
	if (err)
		return err;
	keys->req = aead_request_alloc(keys->tfm, GFP_KERNEL);
	return keys->req ? 0 : -ENOMEM;
}

static struct tlsup_keys *new_keys(const struct tlsup_cipher_desc *cipher,
				   u16 version)
{
	struct tlsup_keys *keys = kzalloc(sizeof(*keys), GFP_KERNEL);

	if (!keys)
		return NULL;
	keys->cipher = cipher;
	keys->version = version;
	if (version == TLSUP_VERSION_1_3) {
		keys->type_size = 1;
		keys->aad_size = TLSUP_HEADER_SIZE;
	} else {
		keys->explicit_size = cipher->hash ? TLSUP_BLOCK_SIZE :
			TLSUP_IV_SIZE - cipher->salt_size;
		keys->aad_size = TLSUP_AAD_MAX;
	}
	return keys;
}

static struct tlsup_keys *or_destroy(struct tlsup_keys *keys, int err)
{
	if (!err)
		return keys;
	tlsup_keys_destroy(keys);
	return ERR_PTR(err);
}

/**
 * tlsup_keys_create - make the keys of an epoch from its traffic secret
 * @epoch: &enum tlsup_epoch, not plaintext
 * @cipher: a row of the cipher table
 * @hash: &enum tlsup_hash of the key schedule
 * @secret: the traffic secret; copied
 * @len: its length, bytes; must be the hash's
 *
 * TLS 1.3. Sleeps. The caller owns the result; tlsup_keys_destroy() wipes and
 * frees it.
 *
 * Return: the keys, or ERR_PTR: -EINVAL for a wrong length or a MAC suite,
 * -ENOMEM, or what the crypto API says.
 */
struct tlsup_keys *tlsup_keys_create(u8 epoch, const struct tlsup_cipher_desc *cipher,
				     u8 hash, const u8 *secret, size_t len)
{
	struct tlsup_keys *keys;
	u8 key[TLSUP_KEY_MAX];
	int err;

	if (!len || len != tlsup_keys_hash_size(hash) || cipher->hash)
		return ERR_PTR(-EINVAL);
	keys = new_keys(cipher, TLSUP_VERSION_1_3);
	if (!keys)
		return ERR_PTR(-ENOMEM);
	keys->epoch = epoch;
	keys->hash = hash;
	keys->secret_len = len;
	memcpy(keys->secret, secret, len);
	err = tlsup_keys_expand_label(hash, secret, "key", key, cipher->key_size);
	if (!err)
		err = tlsup_keys_expand_label(hash, secret, "iv", keys->iv,
					      TLSUP_IV_SIZE);
	if (!err)
		err = install_cipher(keys, key);
	memzero_explicit(key, sizeof(key));
	return or_destroy(keys, err);
}
EXPORT_SYMBOL_IF_KUNIT(tlsup_keys_create);

static int install_parts(struct tlsup_keys *keys,
			 const struct tlsup_key_parts *parts)
{
	struct tlsup_cbc *cbc;

	if (!keys->cipher->hash)
		return install_cipher(keys, parts->key);
	cbc = tlsup_cbc_create(keys->cipher, parts);
	if (IS_ERR(cbc))
		return PTR_ERR(cbc);
	keys->cbc = cbc;
	return 0;
}

/**
 * tlsup_keys_create_parts - make keys that have been derived elsewhere
 * @cipher: a row of the cipher table
 * @parts: key, iv or MAC secret, first sequence number; copied
 *
 * For the application epoch. They cannot be updated by the kernel. Sleeps.
 *
 * Return: as tlsup_keys_create().
 */
struct tlsup_keys *tlsup_keys_create_parts(const struct tlsup_cipher_desc *cipher,
					   const struct tlsup_key_parts *parts)
{
	struct tlsup_keys *keys = new_keys(cipher, parts->version);

	if (!keys)
		return ERR_PTR(-ENOMEM);
	keys->epoch = TLSUP_EPOCH_APPLICATION;
	keys->seq = parts->seq;
	memcpy(keys->iv, parts->iv, TLSUP_IV_SIZE);
	return or_destroy(keys, install_parts(keys, parts));
}
EXPORT_SYMBOL_IF_KUNIT(tlsup_keys_create_parts);

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

	if (!old->secret_len)
		return ERR_PTR(-EOPNOTSUPP);
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
	tlsup_cbc_destroy(keys->cbc);
	kfree_sensitive(keys);
}
EXPORT_SYMBOL_IF_KUNIT(tlsup_keys_destroy);

/**
 * tlsup_keys_explicit - the explicit part of the next record's nonce
 * @keys: of the sending direction, TLS 1.2
 * @out: explicit_size bytes, which go behind the record header
 *
 * Of a MAC suite it is the IV, new and random: nobody may be able to tell it
 * before the content is chosen (RFC 5246, 6.2.3.2 and F.3).
 */
void tlsup_keys_explicit(struct tlsup_keys *keys, u8 *out)
{
	if (keys->cbc) {
		get_random_bytes(keys->cbc->iv, TLSUP_BLOCK_SIZE);
		memcpy(out, keys->cbc->iv, TLSUP_BLOCK_SIZE);
		return;
	}
	memcpy(out, keys->iv + keys->cipher->salt_size, keys->explicit_size);
}
EXPORT_SYMBOL_IF_KUNIT(tlsup_keys_explicit);

/**
 * tlsup_keys_trailer - what stands behind the content in a record to be sent
 * @keys: of the sending direction
 * @len: bytes of content and inner type
 *
 * Return: bytes of the tag, or of MAC and padding.
 */
unsigned int tlsup_keys_trailer(const struct tlsup_keys *keys, unsigned int len)
{
	return keys->cbc ? tlsup_cbc_trailer(keys, len) : keys->cipher->tag_size;
}
EXPORT_SYMBOL_IF_KUNIT(tlsup_keys_trailer);

/*
 * The nonce: TLS 1.3 and ChaCha20 mask the iv with the sequence number (RFC
 * 9846, 5.3; RFC 7905); the others put salt and explicit part together (RFC
 * 5288, 3).
 */
static void set_nonce(struct tlsup_keys *keys, const u8 *explicit_nonce)
{
	const struct tlsup_cipher_desc *cipher = keys->cipher;
	u8 *nonce = keys->nonce;

	if (cipher->nonce_prefix)
		*nonce++ = cipher->nonce_prefix;
	if (keys->explicit_size) {
		memcpy(nonce, keys->iv, cipher->salt_size);
		memcpy(nonce + cipher->salt_size, explicit_nonce,
		       keys->explicit_size);
	} else {
		tlsup_record_nonce(nonce, keys->iv, keys->seq);
	}
	/* CCM counts in what is left of its block. */
	if (cipher->nonce_prefix)
		put_unaligned_be24(0, nonce + TLSUP_IV_SIZE);
}

/* @len: what the record header says, or in TLS 1.2 the content's length. */
static void set_aad(struct tlsup_keys *keys, u8 type, u16 version, size_t len)
{
	u8 *header = keys->aad;

	if (keys->version != TLSUP_VERSION_1_3) {
		put_unaligned_be64(keys->seq, keys->aad);
		header += sizeof(u64);
	}
	tlsup_record_build_header(header, type, version, len);
}

static void prepare(struct tlsup_keys *keys, struct crypto_wait *wait)
{
	aead_request_set_callback(keys->req, CRYPTO_TFM_REQ_MAY_BACKLOG |
				  CRYPTO_TFM_REQ_MAY_SLEEP,
				  crypto_req_done, wait);
	aead_request_set_ad(keys->req, keys->aad_size);
}

/* The next explicit nonce: one more, whatever the first one was. */
static void bump_explicit(struct tlsup_keys *keys)
{
	u8 *at = keys->iv + keys->cipher->salt_size;

	if (keys->explicit_size)
		put_unaligned_be64(get_unaligned_be64(at) + 1, at);
}

/*
 * The kernel's ChaCha20 has the key in its state, on the stack, and leaves it
 * there: in that of a task or of a worker that may not come so deep again for
 * days. The other ciphers keep theirs in the tfm, which is wiped.
 */
static noinline void wipe_stack(void)
{
	u8 below[768];

	memzero_explicit(below, sizeof(below));
}

static int finish(const struct tlsup_keys *keys, int err,
		  struct crypto_wait *wait)
{
	err = crypto_wait_req(err, wait);
	if (keys->cipher->id == TLSUP_CIPHER_CHACHA20_POLY1305)
		wipe_stack();
	return err;
}

/**
 * tlsup_keys_seal - protect one record
 * @keys: of the sending direction; the sequence number moves on
 * @src: its first entry is free, for the additional data; then the content, and
 *	the inner content type if there is one
 * @dst: the same, with room for tlsup_keys_trailer() bytes; may be @src, and of
 *	a MAC suite must be
 * @type: content type; in TLS 1.3 the outer one
 * @len: bytes of content and inner type
 *
 * A sequence number is never used twice: it is spent even when the cipher
 * fails.
 *
 * Return: 0, -EOVERFLOW when the sequence number is used up, or -errno.
 */
int tlsup_keys_seal(struct tlsup_keys *keys, struct scatterlist *src,
		    struct scatterlist *dst, u8 type, size_t len)
{
	u8 header[TLSUP_HEADER_SIZE];
	DECLARE_CRYPTO_WAIT(wait);

	if (keys->seq == U64_MAX)
		return -EOVERFLOW;
	if (keys->cbc) {
		tlsup_record_build_header(header, type, TLSUP_VERSION_1_2, len);
		return tlsup_cbc_seal(keys, header, dst + 1, len);
	}
	set_nonce(keys, keys->iv + keys->cipher->salt_size);
	set_aad(keys, type, TLSUP_VERSION_1_2,
		keys->type_size ? len + keys->cipher->tag_size : len);
	sg_set_buf(src, keys->aad, keys->aad_size);
	if (dst != src)
		sg_set_buf(dst, keys->aad, keys->aad_size);
	prepare(keys, &wait);
	aead_request_set_crypt(keys->req, src, dst, len, keys->nonce);
	keys->seq++;
	keys->used++;
	bump_explicit(keys);
	return finish(keys, crypto_aead_encrypt(keys->req), &wait);
}
EXPORT_SYMBOL_IF_KUNIT(tlsup_keys_seal);

/**
 * tlsup_keys_open - authenticate and decrypt one record
 * @keys: of the receiving direction; the sequence number moves on if the
 *	record is authentic
 * @header: the record's, as it came
 * @src: its first entry is free, for the additional data; then ciphertext and
 *	tag
 * @dst: the same with room for the plaintext; may be @src
 * @len: bytes of ciphertext and tag
 * @explicit_nonce: explicit_size bytes, if that is not 0
 * @error: 0, or the -errno of a machine's failure, when no fault is to be
 *	laid to the peer
 *
 * Return: TLSUP_OK (look at @error), TLSUP_FAULT_SHORT, TLSUP_FAULT_MAC or
 * TLSUP_FAULT_SEQUENCE.
 */
enum tlsup_fault tlsup_keys_open(struct tlsup_keys *keys, const u8 *header,
				 struct scatterlist *src,
				 struct scatterlist *dst, size_t len,
				 const u8 *explicit_nonce, int *error)
{
	unsigned int tag = keys->cipher->tag_size;
	DECLARE_CRYPTO_WAIT(wait);
	int err;

	*error = 0;
	if (len < tag + keys->type_size)
		return TLSUP_FAULT_SHORT;
	if (keys->seq == U64_MAX)
		return TLSUP_FAULT_SEQUENCE;
	set_nonce(keys, explicit_nonce);
	set_aad(keys, header[0], get_unaligned_be16(header + 1),
		keys->type_size ? len : len - tag);
	sg_set_buf(src, keys->aad, keys->aad_size);
	if (dst != src)
		sg_set_buf(dst, keys->aad, keys->aad_size);
	prepare(keys, &wait);
	aead_request_set_crypt(keys->req, src, dst, len, keys->nonce);
	err = finish(keys, crypto_aead_decrypt(keys->req), &wait);
	if (err == -EBADMSG)
		return TLSUP_FAULT_MAC;
	if (err) {
		*error = err;
		return TLSUP_OK;
	}
	keys->seq++;
	keys->used++;
	return TLSUP_OK;
}
EXPORT_SYMBOL_IF_KUNIT(tlsup_keys_open);
