// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) 2026 The tlsup authors
 *
 * The cipher table: a new algorithm is a new row.
 */
#include "keys.h"

#include <linux/build_bug.h>
#include <linux/kernel.h>

#include <kunit/visibility.h>

#include <uapi/linux/tls.h>

#define GCM_SALT	TLS_CIPHER_AES_GCM_128_SALT_SIZE
#define ALL_OF_IV	TLSUP_IV_SIZE

/* The length field of CCM in two bytes: 2^14 is the longest record. */
#define CCM_PREFIX	2

/* RFC 9846, 5.5: 2^24.5 records; draft limits of CCM: 2^23; none that counts. */
#define LIMIT_GCM	23726566
#define LIMIT_CCM	BIT(23)
#define LIMIT_NONE	U64_MAX

/* CBC has the same block as GCM, and the same trouble when two are equal. */
#define LIMIT_CBC	LIMIT_GCM

static const struct tlsup_cipher_desc ciphers[] = {
	{ TLSUP_CIPHER_AES_GCM_128, "gcm(aes)", 16, 16, GCM_SALT, 0, LIMIT_GCM },
	{ TLSUP_CIPHER_AES_GCM_256, "gcm(aes)", 32, 16, GCM_SALT, 0, LIMIT_GCM },
	{ TLSUP_CIPHER_AES_CCM_128, "ccm(aes)", 16, 16, GCM_SALT, CCM_PREFIX,
	  LIMIT_CCM },
	{ TLSUP_CIPHER_CHACHA20_POLY1305, "rfc7539(chacha20,poly1305)", 32, 16,
	  ALL_OF_IV, 0, LIMIT_NONE },
	{ TLSUP_CIPHER_SM4_GCM, "gcm(sm4)", 16, 16, GCM_SALT, 0, LIMIT_GCM },
	{ TLSUP_CIPHER_SM4_CCM, "ccm(sm4)", 16, 16, GCM_SALT, CCM_PREFIX,
	  LIMIT_CCM },
	{ TLSUP_CIPHER_ARIA_GCM_128, "gcm(aria)", 16, 16, GCM_SALT, 0, LIMIT_GCM },
	{ TLSUP_CIPHER_ARIA_GCM_256, "gcm(aria)", 32, 16, GCM_SALT, 0, LIMIT_GCM },
	{ TLSUP_CIPHER_AES_CCM_256, "ccm(aes)", 32, 16, GCM_SALT, CCM_PREFIX,
	  LIMIT_CCM },
	{ TLSUP_CIPHER_AES_CCM_8_128, "ccm(aes)", 16, 8, GCM_SALT, CCM_PREFIX,
	  LIMIT_CCM },
	{ TLSUP_CIPHER_AES_CCM_8_256, "ccm(aes)", 32, 8, GCM_SALT, CCM_PREFIX,
	  LIMIT_CCM },
	{ TLSUP_CIPHER_AES_CBC_128_SHA1, "cbc(aes)", 16, 20, 0, 0, LIMIT_CBC,
	  "sha1" },
	{ TLSUP_CIPHER_AES_CBC_256_SHA1, "cbc(aes)", 32, 20, 0, 0, LIMIT_CBC,
	  "sha1" },
	{ TLSUP_CIPHER_AES_CBC_128_SHA256, "cbc(aes)", 16, 32, 0, 0, LIMIT_CBC,
	  "sha256" },
	{ TLSUP_CIPHER_AES_CBC_256_SHA256, "cbc(aes)", 32, 32, 0, 0, LIMIT_CBC,
	  "sha256" },
	{ TLSUP_CIPHER_AES_CBC_256_SHA384, "cbc(aes)", 32, 48, 0, 0, LIMIT_CBC,
	  "sha384" },
};

/* Where linux/tls.h knows a cipher, the numbers are the same. */
static_assert(TLSUP_CIPHER_AES_GCM_128 == TLS_CIPHER_AES_GCM_128);
static_assert(TLSUP_CIPHER_AES_GCM_256 == TLS_CIPHER_AES_GCM_256);
static_assert(TLSUP_CIPHER_AES_CCM_128 == TLS_CIPHER_AES_CCM_128);
static_assert(TLSUP_CIPHER_CHACHA20_POLY1305 == TLS_CIPHER_CHACHA20_POLY1305);
static_assert(TLSUP_CIPHER_SM4_GCM == TLS_CIPHER_SM4_GCM);
static_assert(TLSUP_CIPHER_SM4_CCM == TLS_CIPHER_SM4_CCM);
static_assert(TLSUP_CIPHER_ARIA_GCM_128 == TLS_CIPHER_ARIA_GCM_128);
static_assert(TLSUP_CIPHER_ARIA_GCM_256 == TLS_CIPHER_ARIA_GCM_256);
static_assert(GCM_SALT + TLSUP_EXPLICIT_SIZE == TLSUP_IV_SIZE);

/* What the table may not exceed without its users' buffers growing too. */
static_assert(TLS_CIPHER_AES_GCM_128_TAG_SIZE <= TLSUP_TAG_SIZE);
static_assert(TLS_CIPHER_AES_GCM_256_KEY_SIZE <= TLSUP_KEY_MAX);
static_assert(TLS_CIPHER_CHACHA20_POLY1305_KEY_SIZE <= TLSUP_KEY_MAX);

/**
 * tlsup_cipher_find - look up a row of the cipher table
 * @id: &enum tlsup_cipher
 *
 * Return: the row, or NULL for a cipher that this module does not know.
 */
const struct tlsup_cipher_desc *tlsup_cipher_find(u16 id)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(ciphers); i++)
		if (ciphers[i].id == id)
			return &ciphers[i];
	return NULL;
}
EXPORT_SYMBOL_IF_KUNIT(tlsup_cipher_find);
