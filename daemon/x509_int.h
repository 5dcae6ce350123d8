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

#include <gnutls/gnutls.h>

/** struct x509_scheme - a SignatureScheme in GnuTLS's words */
struct x509_scheme {
	uint16_t id;
	gnutls_sign_algorithm_t sign;
	gnutls_pk_algorithm_t pk;
	gnutls_ecc_curve_t curve;
};

const struct x509_scheme *x509_scheme_find(uint16_t id);
bool x509_scheme_fits(const struct x509_scheme *scheme, gnutls_pk_algorithm_t pk,
		      gnutls_ecc_curve_t curve, bool any_curve);

#endif /* TLSUP_X509_INT_H */
