/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Copyright (C) 2026 The tlsup authors
 *
 * Random bytes from the kernel.
 */
#ifndef TLSUP_CR_RAND_H
#define TLSUP_CR_RAND_H

#include <stddef.h>
#include <stdint.h>

void cr_random(uint8_t *out, size_t len);
void cr_random_nettle(void *ctx, size_t len, uint8_t *out);

#endif /* TLSUP_CR_RAND_H */
