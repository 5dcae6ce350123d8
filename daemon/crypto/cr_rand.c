// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) 2026 The tlsup authors
 */
#include "crypto/cr_rand.h"

#include <errno.h>
#include <stdlib.h>

#include <sys/random.h>

/**
 * cr_random - fill with random bytes
 * @out: where
 * @len: how many
 *
 * Does not return without them: there is nothing safe to do instead.
 */
void cr_random(uint8_t *out, size_t len)
{
	while (len) {
		ssize_t n = getrandom(out, len, 0);

		if (n < 0 && errno != EINTR)
			abort();
		if (n > 0) {
			out += n;
			len -= (size_t)n;
		}
	}
}

/**
 * cr_random_nettle - the same in the form of nettle_random_func
 * @ctx: not used
 * @len: how many
 * @out: where
 */
void cr_random_nettle(void *ctx, size_t len, uint8_t *out)
{
	(void)ctx;
	cr_random(out, len);
}
