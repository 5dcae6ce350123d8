// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) 2026 The tlsup authors
 *
 * The record layer in user space: see record.h.
 */
#include "record.h"

#include <stdlib.h>
#include <string.h>

#include <nettle/chacha-poly1305.h>
#include <nettle/gcm.h>
#include <nettle/hkdf.h>
#include <nettle/hmac.h>

#include <linux/tlsup_netlink.h>

#include "mac.h"

uint8_t cipher_hash(uint16_t cipher)
{
	return cipher == TLSUP_CIPHER_AES_GCM_256 ? TLSUP_HASH_SHA384 :
						    TLSUP_HASH_SHA256;
}

size_t cipher_secret_len(uint16_t cipher)
{
	return cipher_hash(cipher) == TLSUP_HASH_SHA384 ? 48 : 32;
}

size_t cipher_key_len(uint16_t cipher)
{
	switch (cipher & ~CIPHER_ETM) {
	case TLSUP_CIPHER_AES_GCM_128:
	case TLSUP_CIPHER_AES_CBC_128_SHA1:
	case TLSUP_CIPHER_AES_CBC_128_SHA256:
		return 16;
	default:
		return 32;
	}
}

size_t cipher_iv_len_12(uint16_t cipher)
{
	if (cipher_is_mac(cipher))
		return 0;
	return cipher == TLSUP_CIPHER_CHACHA20_POLY1305 ? 12 : 4;
}

void secret_make(uint8_t *secret, uint8_t seed)
{
	int i;

	for (i = 0; i < SECRET_MAX; i++)
		secret[i] = seed * 31 + i;
}

/* HKDF-Expand-Label with an empty context (RFC 9846, 7.1). */
static void expand_label(const struct keys *keys, const char *label,
			 uint8_t *out, size_t len)
{
	size_t n = strlen(label);
	uint8_t info[64] = { 0, len, 6 + n, 't', 'l', 's', '1', '3', ' ' };
	struct hmac_sha256_ctx sha256;
	struct hmac_sha384_ctx sha384;

	memcpy(info + 9, label, n); /* and a zero behind it */
	if (cipher_hash(keys->cipher) == TLSUP_HASH_SHA384) {
		hmac_sha384_set_key(&sha384, 48, keys->secret);
		hkdf_expand(&sha384, (nettle_hash_update_func *)hmac_sha384_update,
			    (nettle_hash_digest_func *)hmac_sha384_digest, 48,
			    10 + n, info, len, out);
	} else {
		hmac_sha256_set_key(&sha256, 32, keys->secret);
		hkdf_expand(&sha256, (nettle_hash_update_func *)hmac_sha256_update,
			    (nettle_hash_digest_func *)hmac_sha256_digest, 32,
			    10 + n, info, len, out);
	}
}

static void derive(struct keys *keys)
{
	expand_label(keys, "key", keys->key, cipher_key_len(keys->cipher));
	expand_label(keys, "iv", keys->iv, sizeof(keys->iv));
	keys->seq = 0;
}

void keys_init(struct keys *keys, uint16_t cipher, uint8_t seed)
{
	keys->cipher = cipher;
	keys->version = 0x0304;
	secret_make(keys->secret, seed);
	derive(keys);
}

void keys_init_12(struct keys *keys, uint16_t cipher, uint8_t seed)
{
	uint8_t bytes[SECRET_MAX];

	secret_make(bytes, seed);
	keys->cipher = cipher;
	keys->version = 0x0303;
	keys->seq = 0;
	memcpy(keys->key, bytes, sizeof(keys->key));
	memcpy(keys->iv, bytes + 32, sizeof(keys->iv));
	secret_make(keys->mac, seed + 100);
}

void keys_update(struct keys *keys)
{
	uint8_t next[SECRET_MAX];

	expand_label(keys, "traffic upd", next, cipher_secret_len(keys->cipher));
	memcpy(keys->secret, next, cipher_secret_len(keys->cipher));
	derive(keys);
}

static void build_header(uint8_t *out, uint8_t type, size_t len)
{
	const uint8_t header[] = { type, 3, 3, len >> 8, len };

	memcpy(out, header, sizeof(header));
}

size_t record_plain(uint8_t *out, uint8_t type, const void *data, size_t len)
{
	build_header(out, type, len);
	if (len)
		memcpy(out + HEADER_SIZE, data, len);
	return HEADER_SIZE + len;
}

static void put_be64(uint8_t *to, uint64_t value)
{
	int i;

	for (i = 7; i >= 0; i--, value >>= 8)
		to[i] = value;
}

/* Bytes in front of the ciphertext: TLS 1.2 sends GCM's nonce along. */
static size_t explicit_len(const struct keys *keys)
{
	return keys->version == 0x0303 && cipher_iv_len_12(keys->cipher) == 4 ?
		8 : 0;
}

static void make_nonce(const struct keys *keys, const uint8_t *explicit_nonce,
		       uint8_t *nonce)
{
	uint8_t seq[8];
	int i;

	memcpy(nonce, keys->iv, sizeof(keys->iv));
	put_be64(seq, keys->seq);
	for (i = 0; i < 8; i++)
		nonce[4 + i] ^= seq[i];
	if (explicit_len(keys))
		memcpy(nonce + 4, explicit_nonce, 8);
}

/* What is authenticated beside the content (RFC 5246, 6.2.3.3; 9846, 5.2). */
static size_t make_aad(const struct keys *keys, const uint8_t *header,
		       size_t len, uint8_t *aad)
{
	if (keys->version == 0x0304) {
		memcpy(aad, header, HEADER_SIZE);
		return HEADER_SIZE;
	}
	put_be64(aad, keys->seq);
	memcpy(aad + 8, header, 3);
	aad[11] = len >> 8;
	aad[12] = len;
	return 13;
}

union aead {
	struct gcm_aes128_ctx aes128;
	struct gcm_aes256_ctx aes256;
	struct chacha_poly1305_ctx chacha;
};

/* The three of nettle take the same steps by different names. */
#define RUN(ctx, name, direction) do {					\
	nettle_##name##_update(ctx, aad_len, aad);			\
	nettle_##name##_##direction(ctx, len, body, body);		\
	nettle_##name##_digest(ctx, TAG_SIZE, tag);			\
} while (0)

static void run(struct keys *keys, const uint8_t *header, uint8_t *body,
		size_t len, uint8_t *tag, int seal)
{
	size_t aad_len;
	uint8_t nonce[12], aad[13];
	union aead ctx;

	make_nonce(keys, header + HEADER_SIZE, nonce);
	aad_len = make_aad(keys, header, len, aad);
	keys->seq++;
	switch (keys->cipher) {
	case TLSUP_CIPHER_AES_GCM_128:
		gcm_aes128_set_key(&ctx.aes128, keys->key);
		gcm_aes128_set_iv(&ctx.aes128, sizeof(nonce), nonce);
		if (seal)
			RUN(&ctx.aes128, gcm_aes128, encrypt);
		else
			RUN(&ctx.aes128, gcm_aes128, decrypt);
		break;
	case TLSUP_CIPHER_AES_GCM_256:
		gcm_aes256_set_key(&ctx.aes256, keys->key);
		gcm_aes256_set_iv(&ctx.aes256, sizeof(nonce), nonce);
		if (seal)
			RUN(&ctx.aes256, gcm_aes256, encrypt);
		else
			RUN(&ctx.aes256, gcm_aes256, decrypt);
		break;
	case TLSUP_CIPHER_CHACHA20_POLY1305:
		chacha_poly1305_set_key(&ctx.chacha, keys->key);
		chacha_poly1305_set_nonce(&ctx.chacha, nonce);
		if (seal)
			RUN(&ctx.chacha, chacha_poly1305, encrypt);
		else
			RUN(&ctx.chacha, chacha_poly1305, decrypt);
		break;
	default:
		abort();
	}
}

size_t record_seal_inner(struct keys *keys, uint8_t *out, const void *inner,
			 size_t len)
{
	build_header(out, DATA, len + TAG_SIZE);
	if (len)
		memcpy(out + HEADER_SIZE, inner, len);
	run(keys, out, out + HEADER_SIZE, len, out + HEADER_SIZE + len, 1);
	return HEADER_SIZE + len + TAG_SIZE;
}

static size_t seal_12(struct keys *keys, uint8_t *out, uint8_t type,
		      const void *data, size_t len)
{
	size_t n = explicit_len(keys);
	uint8_t *body = out + HEADER_SIZE + n;

	if (cipher_is_mac(keys->cipher))
		return mac_seal(keys, out, type, data, len,
				&(struct lie){ .padding = -1 });
	build_header(out, type, n + len + TAG_SIZE);
	if (n)
		put_be64(out + HEADER_SIZE, keys->seq);
	if (len)
		memcpy(body, data, len);
	run(keys, out, body, len, body + len, 1);
	return HEADER_SIZE + n + len + TAG_SIZE;
}

size_t record_seal(struct keys *keys, uint8_t *out, uint8_t type,
		   const void *data, size_t len, size_t padding)
{
	uint8_t *inner;
	size_t n;

	if (keys->version == 0x0303)
		return seal_12(keys, out, type, data, len);
	inner = calloc(1, len + 1 + padding);
	if (!inner)
		abort();
	if (len)
		memcpy(inner, data, len);
	inner[len] = type;
	n = record_seal_inner(keys, out, inner, len + 1 + padding);
	free(inner);
	return n;
}

static ssize_t open_12(struct keys *keys, uint8_t *bytes, size_t len,
		       uint8_t *type)
{
	size_t skip = HEADER_SIZE + explicit_len(keys), n;
	uint8_t tag[TAG_SIZE];

	if (cipher_is_mac(keys->cipher))
		return mac_open(keys, bytes, len, type);
	if (len < skip + TAG_SIZE)
		return -1;
	n = len - skip - TAG_SIZE;
	run(keys, bytes, bytes + skip, n, tag, 0);
	if (memcmp(tag, bytes + skip + n, TAG_SIZE))
		return -1;
	*type = bytes[0];
	memmove(bytes + HEADER_SIZE, bytes + skip, n);
	return n;
}

ssize_t record_open(struct keys *keys, uint8_t *bytes, size_t len, uint8_t *type)
{
	uint8_t *body = bytes + HEADER_SIZE;
	uint8_t tag[TAG_SIZE];
	size_t n;

	if (keys->version == 0x0303)
		return open_12(keys, bytes, len, type);
	if (len < HEADER_SIZE + TAG_SIZE + 1 || bytes[0] != DATA)
		return -1;
	n = len - HEADER_SIZE - TAG_SIZE;
	run(keys, bytes, body, n, tag, 0);
	if (memcmp(tag, body + n, TAG_SIZE))
		return -1;
	while (n && !body[n - 1])
		n--;
	if (!n)
		return -1;
	*type = body[n - 1];
	return n - 1;
}
