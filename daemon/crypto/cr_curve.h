/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Copyright (C) 2026 The tlsup authors
 *
 * Diffie-Hellman on the curves P-256, P-384 and P-521, points uncompressed
 * (RFC 9846, 4.2.8.2; RFC 8422, 5.4.1).
 */
#ifndef TLSUP_CR_CURVE_H
#define TLSUP_CR_CURVE_H

#include "crypto/cr_kex.h"

void cr_curve_generate(const struct cr_kex *kex, uint8_t *private_key,
		       uint8_t *public_key);
bool cr_curve_derive(const struct cr_kex *kex, const uint8_t *private_key,
		     const uint8_t *peer, uint8_t *shared);

#endif /* TLSUP_CR_CURVE_H */
