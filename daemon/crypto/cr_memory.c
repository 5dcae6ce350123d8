// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) 2026 The tlsup authors
 */
#include "crypto/cr_memory.h"

#include <stdlib.h>
#include <string.h>

#include <gmp.h>

#include "lib/secret.h"

/* GMP takes no for no answer. */
static void *take(size_t size)
{
	void *block = malloc(size);

	if (!block)
		abort();
	return block;
}

static void wipe(void *block, size_t size)
{
	secret_wipe_bytes(block, size);
	free(block);
}

/* Not realloc(): it would leave the old place as it was. */
static void *move(void *block, size_t old_size, size_t size)
{
	void *moved = take(size);

	memcpy(moved, block, old_size < size ? old_size : size);
	wipe(block, old_size);
	return moved;
}

/**
 * cr_wipe_numbers - from now on GMP wipes what it gives back
 *
 * nettle's elliptic curves and RSA, and so GnuTLS's, work in such memory, with
 * private keys and what comes of them. For the whole process; before the first
 * number is made.
 */
void cr_wipe_numbers(void)
{
	mp_set_memory_functions(take, move, wipe);
}
