// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) 2026 The tlsup authors
 *
 * A box is nonce(12) ciphertext tag(16).
 */
#include "crypto/cr_aead.h"

#include "crypto/cr_rand.h"
#include "lib/secret.h"

static nettle_cipher_func *const encrypt = (nettle_cipher_func *)aes256_encrypt;

/**
 * cr_aead_init - make a key ready
 * @key: caller's storage, to be wiped by secret_wipe_bytes()
 * @bytes: CR_AEAD_KEY_SIZE of them
 */
void cr_aead_init(struct cr_aead_key *key, const uint8_t *bytes)
{
	aes256_set_encrypt_key(&key->aes, bytes);
	gcm_set_key(&key->gcm, &key->aes, encrypt);
}

static void start(struct gcm_ctx *ctx, const struct cr_aead_key *key,
		  const uint8_t *nonce, const uint8_t *ad, size_t ad_len)
{
	gcm_set_iv(ctx, &key->gcm, GCM_IV_SIZE, nonce);
	gcm_update(ctx, &key->gcm, ad_len, ad);
}

/**
 * cr_aead_seal - encrypt and authenticate
 * @key: the key; seals at most CR_AEAD_BOXES_MAX boxes in its life
 * @ad: authenticated, not in the box
 * @ad_len: its length
 * @plain: may overlap with the box only at @box + GCM_IV_SIZE
 * @len: its length
 * @box: out: @len + CR_AEAD_OVERHEAD bytes
 */
void cr_aead_seal(const struct cr_aead_key *key, const uint8_t *ad, size_t ad_len,
		  const uint8_t *plain, size_t len, uint8_t *box)
{
	uint8_t *text = box + GCM_IV_SIZE;
	struct gcm_ctx ctx;

	cr_random(box, GCM_IV_SIZE);
	start(&ctx, key, box, ad, ad_len);
	gcm_encrypt(&ctx, &key->gcm, &key->aes, encrypt, len, text, plain);
	gcm_digest(&ctx, &key->gcm, &key->aes, encrypt, GCM_DIGEST_SIZE, text + len);
	secret_wipe_bytes(&ctx, sizeof(ctx));
}

/**
 * cr_aead_open - check and decrypt
 * @key: the key
 * @ad: as when it was sealed
 * @ad_len: its length
 * @box: the box
 * @box_len: its length; any
 * @plain: out: @box_len - CR_AEAD_OVERHEAD bytes, all zero if it fails
 *
 * Return: whether it was sealed under this key, with this @ad.
 */
bool cr_aead_open(const struct cr_aead_key *key, const uint8_t *ad, size_t ad_len,
		  const uint8_t *box, size_t box_len, uint8_t *plain)
{
	const uint8_t *text = box + GCM_IV_SIZE;
	uint8_t tag[GCM_DIGEST_SIZE];
	struct gcm_ctx ctx;
	size_t len;
	bool good;

	if (box_len < CR_AEAD_OVERHEAD)
		return false;
	len = box_len - CR_AEAD_OVERHEAD;
	start(&ctx, key, box, ad, ad_len);
	gcm_decrypt(&ctx, &key->gcm, &key->aes, encrypt, len, plain, text);
	gcm_digest(&ctx, &key->gcm, &key->aes, encrypt, sizeof(tag), tag);
	good = secret_equal(tag, text + len, sizeof(tag));
	if (!good)
		secret_wipe_bytes(plain, len);
	secret_wipe_bytes(&ctx, sizeof(ctx));
	return good;
}
