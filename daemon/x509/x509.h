/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Copyright (C) 2026 The tlsup authors
 *
 * Certificates; GnuTLS is known here only.
 */
#ifndef TLSUP_X509_H
#define TLSUP_X509_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

#include "tls/hs.h"

#define X509_ERROR_MAX	256
#define X509_REASON_MAX	128
#define X509_PREMASTER_SIZE	48
#define X509_KEY_ID_SIZE	32
#define X509_SUBJECT_MAX	256
#define X509_CREDENTIALS_MAX	16

struct x509_credential;
struct x509_trust;

/**
 * struct x509_key_ref - a private key that another process holds
 * @name: for messages
 * @handle: what it is called there
 * @id: SHA-256 of its public key
 */
struct x509_key_ref {
	const char *name;
	uint32_t handle;
	uint8_t id[X509_KEY_ID_SIZE];
};

struct x509_credential *x509_credential_load(const char *certificate,
					     const struct x509_key_ref *key,
					     const char *ocsp,
					     char error[X509_ERROR_MAX]);
void x509_credential_free(struct x509_credential *credential);
const struct hs_credential *x509_credential_hs(const struct x509_credential *credential);
const struct hs_credential *x509_choose(struct x509_credential *const *list, size_t count,
					enum hs_role role,
					const struct hs_question *question);
uint32_t x509_credential_handle(const struct hs_credential *credential);
time_t x509_credential_expires(const struct x509_credential *credential);
const char *x509_credential_weakness(const struct x509_credential *credential);
bool x509_subject(const uint8_t *der, size_t len, char text[X509_SUBJECT_MAX],
		  uint8_t *fingerprint);
size_t x509_encrypt(const struct hs_question *question, uint8_t *ciphertext,
		    size_t size);

struct x509_trust *x509_trust_load(const char *file, const char *const *crls,
				   size_t crls_len, char error[X509_ERROR_MAX]);
void x509_trust_free(struct x509_trust *trust);
bool x509_is_revoked(const struct x509_trust *trust, const uint8_t *der, size_t len);
uint64_t x509_trust_loaded(const struct x509_trust *trust);
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
int x509_recheck(const struct x509_check *check, const struct hs_bytes *chain,
		 size_t chain_len, struct x509_failure *failure);
uint64_t x509_expires(const struct hs_bytes *chain, size_t chain_len);

#endif /* TLSUP_X509_H */
