// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) 2026 The tlsup authors
 *
 * MAC suites in user space: see mac.h.
 */
#include "mac.h"

#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include <nettle/aes.h>
#include <nettle/cbc.h>
#include <nettle/hmac.h>

#include <linux/tlsup_netlink.h>

bool cipher_is_mac(uint16_t cipher)
{
	return (cipher & ~CIPHER_ETM) >= TLSUP_CIPHER_AES_CBC_128_SHA1;
}

size_t cipher_mac_len(uint16_t cipher)
{
	switch (cipher & ~CIPHER_ETM) {
	case TLSUP_CIPHER_AES_CBC_128_SHA1:
	case TLSUP_CIPHER_AES_CBC_256_SHA1:
		return 20;
	case TLSUP_CIPHER_AES_CBC_128_SHA256:
	case TLSUP_CIPHER_AES_CBC_256_SHA256:
		return 32;
	case TLSUP_CIPHER_AES_CBC_256_SHA384:
		return 48;
	}
	abort();
}

static bool is_etm(const struct keys *keys)
{
	return keys->cipher & CIPHER_ETM;
}

/* HMAC by the three hashes of nettle, which take the same steps. */
#define HMAC(name) do {							\
	struct hmac_##name##_ctx ctx;					\
									\
	hmac_##name##_set_key(&ctx, size, keys->mac);			\
	hmac_##name##_update(&ctx, 13, header);				\
	hmac_##name##_update(&ctx, len, data);				\
	hmac_##name##_digest(&ctx, size, out);				\
} while (0)

static void make_mac(const struct keys *keys, uint8_t type, const uint8_t *data,
		     size_t len, uint8_t *out)
{
	size_t size = cipher_mac_len(keys->cipher);
	uint8_t header[13] = { [8] = type, 3, 3, len >> 8, len };
	int i;

	for (i = 0; i < 8; i++)
		header[i] = keys->seq >> (56 - 8 * i);
	if (size == 20)
		HMAC(sha1);
	else if (size == 32)
		HMAC(sha256);
	else
		HMAC(sha384);
}

static void run_cbc(const struct keys *keys, const uint8_t *iv, uint8_t *data,
		    size_t len, bool encrypt)
{
	bool small = cipher_key_len(keys->cipher) == 16;
	struct aes128_ctx aes128;
	struct aes256_ctx aes256;
	uint8_t chain[CBC_BLOCK];

	memcpy(chain, iv, sizeof(chain));
	if (small && encrypt)
		aes128_set_encrypt_key(&aes128, keys->key);
	else if (small)
		aes128_set_decrypt_key(&aes128, keys->key);
	else if (encrypt)
		aes256_set_encrypt_key(&aes256, keys->key);
	else
		aes256_set_decrypt_key(&aes256, keys->key);
	if (encrypt)
		cbc_encrypt(small ? (void *)&aes128 : (void *)&aes256,
			    small ? (nettle_cipher_func *)aes128_encrypt :
				    (nettle_cipher_func *)aes256_encrypt,
			    CBC_BLOCK, chain, len, data, data);
	else
		cbc_decrypt(small ? (void *)&aes128 : (void *)&aes256,
			    small ? (nettle_cipher_func *)aes128_decrypt :
				    (nettle_cipher_func *)aes256_decrypt,
			    CBC_BLOCK, chain, len, data, data);
}

static size_t add_mac(struct keys *keys, uint8_t type, const uint8_t *data,
		      size_t len, const struct lie *lie, uint8_t *out)
{
	make_mac(keys, type, data, len, out);
	if (lie->mac_at)
		out[lie->mac_at - 1] ^= 0x10;
	return cipher_mac_len(keys->cipher);
}

static size_t add_padding(uint8_t *text, size_t len, const struct lie *lie)
{
	size_t n = lie->padding < 0 ? CBC_BLOCK - len % CBC_BLOCK :
				      lie->padding + 1;

	if ((len + n) % CBC_BLOCK)
		abort();
	memset(text + len, n - 1, n);
	if (lie->pad_at)
		text[len + n - lie->pad_at] ^= 1;
	return n;
}

size_t mac_seal(struct keys *keys, uint8_t *out, uint8_t type, const void *data,
		size_t len, const struct lie *lie)
{
	uint8_t *iv = out + HEADER_SIZE, *text = iv + CBC_BLOCK;
	size_t n = len;

	if (getrandom(iv, CBC_BLOCK, 0) != CBC_BLOCK)
		abort();
	if (len)
		memcpy(text, data, len);
	if (!is_etm(keys))
		n += add_mac(keys, type, text, len, lie, text + n);
	n += add_padding(text, n, lie);
	run_cbc(keys, iv, text, n, true);
	n += CBC_BLOCK;
	if (is_etm(keys))
		n += add_mac(keys, type, iv, n, lie, iv + n);
	keys->seq++;
	memcpy(out, (uint8_t[]){ type, 3, 3, n >> 8, n }, HEADER_SIZE);
	return HEADER_SIZE + n;
}

size_t mac_claim(struct keys *keys, uint8_t *record, size_t len, uint8_t claim)
{
	size_t outside = is_etm(keys) ? cipher_mac_len(keys->cipher) : 0;
	uint8_t *iv = record + HEADER_SIZE, *text = iv + CBC_BLOCK;
	size_t n = len - HEADER_SIZE - CBC_BLOCK - outside;

	run_cbc(keys, iv, text, n, false);
	text[n - 1] = claim;
	run_cbc(keys, iv, text, n, true);
	if (outside)
		make_mac(keys, record[0], iv, CBC_BLOCK + n, text + n);
	keys->seq++;
	return len;
}

ssize_t mac_open(struct keys *keys, uint8_t *bytes, size_t len, uint8_t *type)
{
	uint8_t *iv = bytes + HEADER_SIZE, *text = iv + CBC_BLOCK;
	size_t size = cipher_mac_len(keys->cipher), n = len - HEADER_SIZE, pad;
	uint8_t mac[48];

	if (len < HEADER_SIZE + CBC_BLOCK + size + 1)
		return -1;
	if (is_etm(keys)) {
		n -= size;
		make_mac(keys, bytes[0], iv, n, mac);
		if (memcmp(mac, iv + n, size))
			return -1;
	}
	n -= CBC_BLOCK;
	if (!n || n % CBC_BLOCK)
		return -1;
	run_cbc(keys, iv, text, n, false);
	pad = text[n - 1] + 1;
	if (pad > CBC_BLOCK || (is_etm(keys) ? 0 : size) + pad > n)
		return -1;
	n -= pad;
	while (pad)
		if (text[n + --pad] != text[n])
			return -1;
	if (!is_etm(keys)) {
		n -= size;
		make_mac(keys, bytes[0], text, n, mac);
		if (memcmp(mac, text + n, size))
			return -1;
	}
	keys->seq++;
	*type = bytes[0];
	memmove(bytes + HEADER_SIZE, text, n);
	return n;
}
