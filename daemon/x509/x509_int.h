/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Copyright (C) 2026 The tlsup authors
 *
 * What x509.c and x509_verify.c share.
 */
#ifndef TLSUP_X509_INT_H
#define TLSUP_X509_INT_H

#include <stdbool.h>
#include <stdint.h>

#include <gnutls/abstract.h>
#include <gnutls/gnutls.h>
#include <gnutls/x509.h>

#include "x509/x509.h"

#define X509_SCHEMES_MAX	8

/** struct x509_scheme - a SignatureScheme in GnuTLS's words */
struct x509_scheme {
	uint16_t id;
	gnutls_sign_algorithm_t sign;
	gnutls_pk_algorithm_t pk;
	gnutls_ecc_curve_t curve;
};

/**
 * struct x509_credential - a chain and its key
 * @hs: what the engine sees of it; its key leads back here
 * @certificates: GnuTLS's
 * @count: how many
 * @der: the same as DER, owned by GnuTLS's allocator
 * @chain: the same as the engine wants it
 * @handle: of the private key
 * @schemes: what it can make, best first
 * @response: an OCSP response for the leaf, owned by GnuTLS's allocator
 * @ocsp: the same as the engine wants it
 */
struct x509_credential {
	struct hs_credential hs;
	gnutls_x509_crt_t *certificates;
	unsigned int count;
	gnutls_datum_t der[HS_CHAIN_MAX];
	struct hs_bytes chain[HS_CHAIN_MAX];
	uint32_t handle;
	uint16_t schemes[X509_SCHEMES_MAX];
	gnutls_datum_t response;
	struct hs_bytes ocsp[HS_CHAIN_MAX];
};

/** struct x509_peer - a peer's chain while it is judged */
struct x509_peer {
	gnutls_x509_crt_t certificates[HS_CHAIN_MAX];
	unsigned int count;
};

struct x509_trust {
	gnutls_x509_trust_list_t list;
	gnutls_x509_crl_t *crls;
	unsigned int crls_len;
	uint64_t loaded;	/* Unix time */
	uint8_t *authorities;
	size_t authorities_len;
};

int x509_fail(struct x509_failure *failure, enum hs_alert alert, int error,
	      const char *section, const char *format, ...)
	__attribute__((format(printf, 5, 6)));
int x509_check_status(const struct x509_check *check, const struct x509_peer *peer,
		      const struct hs_question *question, struct x509_failure *failure);

const struct x509_scheme *x509_scheme_find(uint16_t id);
bool x509_scheme_fits(const struct x509_scheme *scheme, gnutls_pk_algorithm_t pk,
		      gnutls_ecc_curve_t curve, bool any_curve);

#endif /* TLSUP_X509_INT_H */
