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

static const struct tlsup_cipher_desc ciphers[] = {
	{ TLSUP_CIPHER_AES_GCM_128, "gcm(aes)", 16, 16 },
	{ TLSUP_CIPHER_AES_GCM_256, "gcm(aes)", 32, 16 },
	{ TLSUP_CIPHER_CHACHA20_POLY1305, "rfc7539(chacha20,poly1305)", 32, 16 },
};

/* Where linux/tls.h knows a cipher, the numbers are the same. */
static_assert(TLSUP_CIPHER_AES_GCM_128 == TLS_CIPHER_AES_GCM_128);
static_assert(TLSUP_CIPHER_AES_GCM_256 == TLS_CIPHER_AES_GCM_256);
static_assert(TLSUP_CIPHER_AES_CCM_128 == TLS_CIPHER_AES_CCM_128);
static_assert(TLSUP_CIPHER_CHACHA20_POLY1305 == TLS_CIPHER_CHACHA20_POLY1305);

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
