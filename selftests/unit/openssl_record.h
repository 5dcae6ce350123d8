/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Copyright (C) 2026 The tlsup authors
 *
 * Records of TLS 1.2 over OpenSSL's ciphers, for tests.
 */
#ifndef TLSUP_OPENSSL_RECORD_H
#define TLSUP_OPENSSL_RECORD_H

#include "openssl_peer.h"

#define RECORD_MAX	(16384 + 2048)

size_t record_seal(struct half *half, uint8_t type, const uint8_t *data, size_t len,
		   uint8_t *out);
bool record_open(struct half *half, uint8_t type, uint8_t *in, size_t len,
		 uint8_t *out, size_t *out_len);

#endif /* TLSUP_OPENSSL_RECORD_H */
