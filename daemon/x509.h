/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Copyright (C) 2026 The tlsup authors
 *
 * Certificates and private keys; GnuTLS is known here only.
 */
#ifndef TLSUP_X509_H
#define TLSUP_X509_H

#include <stddef.h>
#include <stdint.h>

#include "tls/hs.h"

#define X509_ERROR_MAX	256
#define X509_REASON_MAX	128
#define X509_PREMASTER_SIZE	48

struct x509_credential;
struct x509_trust;

struct x509_credential *x509_credential_load(const char *certificate,
					     const char *key,
					     char error[X509_ERROR_MAX]);
void x509_credential_free(struct x509_credential *credential);
const struct hs_credential *x509_credential_hs(const struct x509_credential *credential);
size_t x509_sign(const struct hs_credential *credential, uint16_t scheme,
		 struct hs_bytes content, uint8_t *signature, size_t size);

size_t x509_encrypt(const struct hs_question *question, uint8_t *ciphertext,
		    size_t size);
void x509_decrypt(const struct hs_credential *credential, struct hs_bytes ciphertext,
		  uint8_t premaster[X509_PREMASTER_SIZE]);

struct x509_trust *x509_trust_load(const char *file, char error[X509_ERROR_MAX]);
void x509_trust_free(struct x509_trust *trust);

/**
 * struct x509_failure - why a peer's certificate was not accepted
 * @hs: what the engine is told; its reason points to @reason
 * @reason: one sentence
 */
struct x509_failure {
	struct hs_failure hs;
	char reason[X509_REASON_MAX];
};

int x509_verify(const struct x509_trust *trust, const char *name,
		const struct hs_question *question,
		struct x509_failure *failure);

#endif /* TLSUP_X509_H */
