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
#define X509_CREDENTIALS_MAX	16

struct x509_credential;
struct x509_trust;

struct x509_credential *x509_credential_load(const char *certificate,
					     const char *key, const char *ocsp,
					     char error[X509_ERROR_MAX]);
void x509_credential_free(struct x509_credential *credential);
const struct hs_credential *x509_credential_hs(const struct x509_credential *credential);
const struct hs_credential *x509_choose(struct x509_credential *const *list, size_t count,
					enum hs_role role,
					const struct hs_question *question);
size_t x509_sign(const struct hs_credential *credential, uint16_t scheme,
		 struct hs_bytes content, uint8_t *signature, size_t size);

size_t x509_encrypt(const struct hs_question *question, uint8_t *ciphertext,
		    size_t size);
void x509_decrypt(const struct hs_credential *credential, struct hs_bytes ciphertext,
		  uint8_t premaster[X509_PREMASTER_SIZE]);

struct x509_trust *x509_trust_load(const char *file, const char *const *crls,
				   size_t crls_len, char error[X509_ERROR_MAX]);
void x509_trust_free(struct x509_trust *trust);
struct hs_bytes x509_trust_authorities(const struct x509_trust *trust);

/**
 * struct x509_check - what a peer's certificate is judged by
 * @trust: whom to trust
 * @role: of this side
 * @name: client: DNS name or IP address that the certificate must be for
 * @min_rsa_bits: an RSA key of less is too short
 */
struct x509_check {
	const struct x509_trust *trust;
	enum hs_role role;
	const char *name;
	unsigned int min_rsa_bits;
};

/**
 * struct x509_failure - why a peer's certificate was not accepted
 * @hs: what the engine is told; its reason points to @reason
 * @section: where the check is written, such as "RFC 5280, 6.1"
 * @reason: one sentence
 */
struct x509_failure {
	struct hs_failure hs;
	const char *section;
	char reason[X509_REASON_MAX];
};

int x509_verify(const struct x509_check *check, const struct hs_question *question,
		struct x509_failure *failure);

#endif /* TLSUP_X509_H */
