// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) 2026 The tlsup authors
 */
#include "lib/secret.h"

#include <stdlib.h>
#include <string.h>

/**
 * secret_wipe - forget a secret
 * @secret: whose storage stays the caller's
 */
void secret_wipe(struct secret *secret)
{
	secret_wipe_bytes(secret, sizeof(*secret));
}

/**
 * secret_wipe_bytes - overwrite memory; the compiler may not leave it out
 * @data: the memory; may be NULL if @len is 0
 * @len: bytes
 */
void secret_wipe_bytes(void *data, size_t len)
{
	if (len)
		explicit_bzero(data, len);
}

/**
 * secret_equal - compare without telling where the difference is
 * @a: @len bytes
 * @b: @len bytes
 * @len: may be public
 *
 * Return: whether all bytes are the same. The time depends on @len only.
 */
bool secret_equal(const uint8_t *a, const uint8_t *b, size_t len)
{
	unsigned int diff = 0;

	for (size_t i = 0; i < len; i++)
		diff |= (unsigned int)(a[i] ^ b[i]);
	return diff == 0;
}

/**
 * secret_alloc - zeroed memory that secret_free() is to wipe
 * @len: bytes
 *
 * Return: the memory or NULL.
 */
void *secret_alloc(size_t len)
{
	return calloc(1, len);
}

/**
 * secret_free - wipe and free
 * @data: from secret_alloc(); may be NULL
 * @len: as asked for
 */
void secret_free(void *data, size_t len)
{
	if (!data)
		return;
	secret_wipe_bytes(data, len);
	free(data);
}
