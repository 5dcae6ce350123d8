/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Copyright (C) 2026 The tlsup authors
 *
 * Private keys, in the one process that holds them.
 */
#ifndef TLSUP_X509_KEY_H
#define TLSUP_X509_KEY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "x509/x509.h"

struct x509_key;

struct x509_key *x509_key_load(const char *name, const char *credential,
			       char error[X509_ERROR_MAX]);
void x509_key_free(struct x509_key *key);
bool x509_key_id(const struct x509_key *key, uint8_t id[X509_KEY_ID_SIZE]);
bool x509_key_is_token(const char *name);
size_t x509_key_sign(const struct x509_key *key, uint16_t scheme,
		     struct hs_bytes content, uint8_t *signature, size_t size);
void x509_key_decrypt(const struct x509_key *key, struct hs_bytes ciphertext,
		      uint8_t premaster[X509_PREMASTER_SIZE]);

#endif /* TLSUP_X509_KEY_H */
