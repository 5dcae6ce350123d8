/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Copyright (C) 2026 The tlsup authors
 *
 * SipHash-2-4 (Aumasson and Bernstein, 2012): where an enemy chooses what is
 * hashed into a table.
 */
#ifndef TLSUP_CR_SIPHASH_H
#define TLSUP_CR_SIPHASH_H

#include <stddef.h>
#include <stdint.h>

#define CR_SIPHASH_KEY_SIZE	16

uint64_t cr_siphash(const uint8_t *key, const uint8_t *data, size_t len);

#endif /* TLSUP_CR_SIPHASH_H */
