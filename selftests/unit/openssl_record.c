// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) 2026 The tlsup authors
 */
#include "openssl_record.h"

#include <openssl/hmac.h>
#include <openssl/rand.h>
#include <string.h>

#define BLOCK	16

/** struct form - how a cipher protects records */
struct form {
	const char *name;
	size_t tag;
	size_t explicit_iv;
	const char *mac;
};

static struct form form_of(enum suite_cipher cipher)
{
	switch (cipher) {
	case CIPHER_AES_128_GCM:
		return (struct form){ "AES-128-GCM", 16, 8, NULL };
	case CIPHER_AES_256_GCM:
		return (struct form){ "AES-256-GCM", 16, 8, NULL };
	case CIPHER_CHACHA20_POLY1305:
		return (struct form){ "ChaCha20-Poly1305", 16, 0, NULL };
	case CIPHER_AES_128_CCM:
		return (struct form){ "AES-128-CCM", 16, 8, NULL };
	case CIPHER_AES_256_CCM:
		return (struct form){ "AES-256-CCM", 16, 8, NULL };
	case CIPHER_AES_128_CCM_8:
		return (struct form){ "AES-128-CCM", 8, 8, NULL };
	case CIPHER_AES_256_CCM_8:
		return (struct form){ "AES-256-CCM", 8, 8, NULL };
	case CIPHER_AES_128_CBC_SHA:
		return (struct form){ "AES-128-CBC", 0, BLOCK, "SHA1" };
	case CIPHER_AES_256_CBC_SHA:
		return (struct form){ "AES-256-CBC", 0, BLOCK, "SHA1" };
	case CIPHER_AES_128_CBC_SHA256:
		return (struct form){ "AES-128-CBC", 0, BLOCK, "SHA256" };
	case CIPHER_AES_256_CBC_SHA256:
		return (struct form){ "AES-256-CBC", 0, BLOCK, "SHA256" };
	case CIPHER_AES_256_CBC_SHA384:
		return (struct form){ "AES-256-CBC", 0, BLOCK, "SHA384" };
	}
	return (struct form){ 0 };
}

/* Sequence number, type, version, length (RFC 5246, 6.2.3.1). */
static void put_aad(const struct half *half, uint8_t type, size_t len, uint8_t *aad)
{
	for (int i = 0; i < 8; i++)
		aad[i] = (uint8_t)(half->seq >> (56 - 8 * i));
	aad[8] = type;
	aad[9] = 3;
	aad[10] = 3;
	aad[11] = (uint8_t)(len >> 8);
	aad[12] = (uint8_t)len;
}

static void put_nonce(const struct half *half, const uint8_t *record, uint8_t *nonce)
{
	memcpy(nonce, half->iv, 12);
	if (half->suite->iv_size == 4)
		memcpy(nonce + 4, record, 8);
	else
		for (int i = 0; i < 8; i++)
			nonce[4 + i] ^= (uint8_t)(half->seq >> (56 - 8 * i));
}

/* One call for GCM, CCM and ChaCha20-Poly1305, either way. */
static bool aead(const struct half *half, const struct form *form, bool seal,
		 const uint8_t *nonce, const uint8_t *aad, const uint8_t *in,
		 size_t len, uint8_t *out, uint8_t *tag)
{
	EVP_CIPHER *cipher = EVP_CIPHER_fetch(NULL, form->name, NULL);
	EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
	bool ccm = strstr(form->name, "CCM");
	int n;
	bool ok;

	ok = EVP_CipherInit_ex2(ctx, cipher, NULL, NULL, seal, NULL) &&
	     EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_SET_IVLEN, 12, NULL) &&
	     (!seal || !ccm || EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_SET_TAG,
						   (int)form->tag, NULL)) &&
	     (seal || EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_SET_TAG,
					  (int)form->tag, tag)) &&
	     EVP_CipherInit_ex2(ctx, NULL, half->key, nonce, seal, NULL) &&
	     (!ccm || EVP_CipherUpdate(ctx, NULL, &n, NULL, (int)len)) &&
	     EVP_CipherUpdate(ctx, NULL, &n, aad, 13) &&
	     EVP_CipherUpdate(ctx, out, &n, in, (int)len) &&
	     (ccm || EVP_CipherFinal_ex(ctx, out + n, &n)) &&
	     (!seal || EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_AEAD_GET_TAG,
					   (int)form->tag, tag));
	EVP_CIPHER_CTX_free(ctx);
	EVP_CIPHER_free(cipher);
	return ok;
}

static bool cbc(const struct half *half, const struct form *form, bool seal,
		const uint8_t *iv, const uint8_t *in, size_t len, uint8_t *out)
{
	EVP_CIPHER *cipher = EVP_CIPHER_fetch(NULL, form->name, NULL);
	EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
	int n;
	bool ok;

	ok = EVP_CipherInit_ex2(ctx, cipher, half->key, iv, seal, NULL) &&
	     EVP_CIPHER_CTX_set_padding(ctx, 0) &&
	     EVP_CipherUpdate(ctx, out, &n, in, (int)len) && n == (int)len;
	EVP_CIPHER_CTX_free(ctx);
	EVP_CIPHER_free(cipher);
	return ok;
}

static void mac(const struct half *half, const struct form *form, uint8_t type,
		const uint8_t *data, size_t len, uint8_t *out)
{
	uint8_t input[13 + RECORD_MAX];

	put_aad(half, type, len, input);
	memcpy(input + 13, data, len);
	HMAC(EVP_get_digestbyname(form->mac), half->mac, half->suite->mac_size,
	     input, 13 + len, out, NULL);
}

static size_t seal_cbc(struct half *half, const struct form *form, uint8_t type,
		       const uint8_t *data, size_t len, uint8_t *out)
{
	size_t mac_size = half->suite->mac_size, pad;
	uint8_t text[RECORD_MAX];

	memcpy(text, data, len);
	if (!half->etm) {
		mac(half, form, type, data, len, text + len);
		len += mac_size;
	}
	pad = BLOCK - len % BLOCK;
	memset(text + len, (int)pad - 1, pad);
	len += pad;
	RAND_bytes(out, BLOCK);
	cbc(half, form, true, out, text, len, out + BLOCK);
	len += BLOCK;
	if (!half->etm)
		return len;
	mac(half, form, type, out, len, out + len);
	return len + mac_size;
}

static bool open_cbc(struct half *half, const struct form *form, uint8_t type,
		     const uint8_t *in, size_t len, uint8_t *out, size_t *out_len)
{
	size_t mac_size = half->suite->mac_size;
	uint8_t expected[64];

	if (half->etm) {
		len -= mac_size;
		mac(half, form, type, in, len, expected);
		if (memcmp(expected, in + len, mac_size))
			return false;
	}
	len -= BLOCK;
	if (!len || len % BLOCK || !cbc(half, form, false, in, in + BLOCK, len, out))
		return false;
	len -= 1U + out[len - 1];
	*out_len = half->etm ? len : len - mac_size;
	if (half->etm)
		return true;
	mac(half, form, type, out, *out_len, expected);
	return !memcmp(expected, out + *out_len, mac_size);
}

/**
 * record_seal - protect what goes into one record
 *
 * Return: bytes in @out.
 */
size_t record_seal(struct half *half, uint8_t type, const uint8_t *data, size_t len,
		   uint8_t *out)
{
	struct form form = form_of(half->suite->cipher);
	uint8_t aad[13], nonce[12];

	if (form.mac) {
		len = seal_cbc(half, &form, type, data, len, out);
		half->seq++;
		return len;
	}
	put_aad(half, type, len, aad);
	for (int i = 0; i < 8; i++)
		out[i] = (uint8_t)(half->seq >> (56 - 8 * i));
	put_nonce(half, out, nonce);
	aead(half, &form, true, nonce, aad, data, len, out + form.explicit_iv,
	     out + form.explicit_iv + len);
	half->seq++;
	return form.explicit_iv + len + form.tag;
}

/**
 * record_open - unprotect the content of one record
 *
 * Return: whether it was good.
 */
bool record_open(struct half *half, uint8_t type, uint8_t *in, size_t len,
		 uint8_t *out, size_t *out_len)
{
	struct form form = form_of(half->suite->cipher);
	uint8_t aad[13], nonce[12];
	bool ok;

	if (form.mac) {
		ok = open_cbc(half, &form, type, in, len, out, out_len);
		half->seq++;
		return ok;
	}
	*out_len = len - form.explicit_iv - form.tag;
	put_aad(half, type, *out_len, aad);
	put_nonce(half, in, nonce);
	ok = aead(half, &form, false, nonce, aad, in + form.explicit_iv, *out_len,
		  out, in + len - form.tag);
	half->seq++;
	return ok;
}
