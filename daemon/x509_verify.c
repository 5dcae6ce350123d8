// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) 2026 The tlsup authors
 *
 * Is this chain good, for this name, and did its key sign?
 */
#include "x509.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <gnutls/abstract.h>
#include <gnutls/x509.h>

#include "x509_int.h"

struct x509_trust {
	gnutls_x509_trust_list_t list;
};

/** struct peer - a peer's chain while it is judged */
struct peer {
	gnutls_x509_crt_t certificates[HS_CHAIN_MAX];
	unsigned int count;
};

/**
 * x509_trust_load - load whom to trust
 * @file: PEM file of authorities, or NULL for the system's own store
 * @error: on failure, one line that names the file
 *
 * Return: the trust store, or NULL.
 */
struct x509_trust *x509_trust_load(const char *file, char error[X509_ERROR_MAX])
{
	struct x509_trust *trust = calloc(1, sizeof(*trust));
	int n;

	if (!trust || gnutls_x509_trust_list_init(&trust->list, 0) < 0) {
		free(trust);
		snprintf(error, X509_ERROR_MAX, "out of memory");
		return NULL;
	}
	n = file ? gnutls_x509_trust_list_add_trust_file(trust->list, file, NULL,
							 GNUTLS_X509_FMT_PEM, 0, 0) :
		   gnutls_x509_trust_list_add_system_trust(trust->list, 0, 0);
	/* A system without authorities trusts nobody: that is its own affair. */
	if (n > 0 || (!file && n >= 0))
		return trust;
	snprintf(error, X509_ERROR_MAX, "%s: no authorities: %s",
		 file ? file : "system trust",
		 n < 0 ? gnutls_strerror(n) : "the file holds none");
	x509_trust_free(trust);
	return NULL;
}

/**
 * x509_trust_free - free a trust store
 * @trust: may be NULL
 */
void x509_trust_free(struct x509_trust *trust)
{
	if (!trust)
		return;
	gnutls_x509_trust_list_deinit(trust->list, 1);
	free(trust);
}

static int fail(struct x509_failure *failure, enum hs_alert alert, int error,
		const char *format, ...)
	__attribute__((format(printf, 4, 5)));

static int fail(struct x509_failure *failure, enum hs_alert alert, int error,
		const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(failure->reason, sizeof(failure->reason), format, args);
	va_end(args);
	failure->hs = (struct hs_failure){ (uint8_t)alert, error, failure->reason };
	return -error;
}

static int import(struct peer *peer, const struct hs_question *question,
		  struct x509_failure *failure)
{
	for (size_t i = 0; i < question->chain_len; i++) {
		const gnutls_datum_t der = {
			(unsigned char *)(uintptr_t)question->chain[i].data,
			(unsigned int)question->chain[i].len,
		};
		gnutls_x509_crt_t crt;

		if (gnutls_x509_crt_init(&crt) < 0)
			return fail(failure, HS_ALERT_INTERNAL_ERROR, ENOMEM,
				    "out of memory");
		peer->certificates[peer->count++] = crt;
		if (gnutls_x509_crt_import(crt, &der, GNUTLS_X509_FMT_DER) < 0)
			return fail(failure, HS_ALERT_BAD_CERTIFICATE, EKEYREJECTED,
				    "certificate %zu of the chain is malformed", i);
	}
	return 0;
}

static int check_signature(const struct peer *peer,
			   const struct hs_question *question,
			   struct x509_failure *failure)
{
	const struct x509_scheme *scheme = x509_scheme_find(question->scheme);
	const gnutls_datum_t content = {
		(unsigned char *)(uintptr_t)question->content.data,
		(unsigned int)question->content.len,
	};
	const gnutls_datum_t signature = {
		(unsigned char *)(uintptr_t)question->signature.data,
		(unsigned int)question->signature.len,
	};
	gnutls_ecc_curve_t curve = GNUTLS_ECC_CURVE_INVALID;
	gnutls_pk_algorithm_t pk;
	gnutls_pubkey_t key;
	int err;

	if (gnutls_pubkey_init(&key) < 0)
		return fail(failure, HS_ALERT_INTERNAL_ERROR, ENOMEM, "out of memory");
	err = gnutls_pubkey_import_x509(key, peer->certificates[0], 0);
	pk = (gnutls_pk_algorithm_t)gnutls_pubkey_get_pk_algorithm(key, NULL);
	if (err >= 0 && pk == GNUTLS_PK_ECDSA)
		err = gnutls_pubkey_export_ecc_raw2(key, &curve, NULL, NULL, 0);
	if (err < 0 || !scheme ||
	    !x509_scheme_fits(scheme, pk, curve, question->version == 0x0303)) {
		gnutls_pubkey_deinit(key);
		return fail(failure, HS_ALERT_ILLEGAL_PARAMETER, EPROTO,
			    "certificate_verify: a scheme that is not the key's");
	}
	err = gnutls_pubkey_verify_data2(key, scheme->sign, 0, &content, &signature);
	gnutls_pubkey_deinit(key);
	return err < 0 ? fail(failure, HS_ALERT_DECRYPT_ERROR, EPROTO,
			      "certificate_verify: the signature is wrong") : 0;
}

static bool is_address(const char *name)
{
	unsigned char address[sizeof(struct in6_addr)];

	return inet_pton(AF_INET, name, address) == 1 ||
	       inet_pton(AF_INET6, name, address) == 1;
}

/* GnuTLS takes an address in text here and matches it with iPAddress only. */
static int check_name(const struct peer *peer, const char *name,
		      struct x509_failure *failure)
{
	if (!name || !*name)
		return fail(failure, HS_ALERT_BAD_CERTIFICATE, EKEYREJECTED,
			    "no server name was set to verify the certificate against");
	if (gnutls_x509_crt_check_hostname2(peer->certificates[0], name, 0))
		return 0;
	return fail(failure, HS_ALERT_BAD_CERTIFICATE, EKEYREJECTED,
		    "certificate is not for %s %s",
		    is_address(name) ? "address" : "name", name);
}

static int tell_expired(const struct peer *peer, struct x509_failure *failure)
{
	time_t now = time(NULL);

	for (unsigned int i = 0; i < peer->count; i++) {
		time_t end = gnutls_x509_crt_get_expiration_time(peer->certificates[i]);
		char day[16] = "";
		struct tm tm;

		if (end >= now)
			continue;
		if (gmtime_r(&end, &tm))
			strftime(day, sizeof(day), "%Y-%m-%d", &tm);
		return fail(failure, HS_ALERT_CERTIFICATE_EXPIRED, EKEYEXPIRED,
			    "certificate expired %s", day);
	}
	return fail(failure, HS_ALERT_CERTIFICATE_EXPIRED, EKEYEXPIRED,
		    "a certificate of the chain has expired");
}

static int tell_status(const struct peer *peer, unsigned int status,
		       struct x509_failure *failure)
{
	if (status & GNUTLS_CERT_REVOKED)
		return fail(failure, HS_ALERT_CERTIFICATE_REVOKED, EKEYREVOKED,
			    "certificate is revoked");
	if (status & GNUTLS_CERT_SIGNER_NOT_FOUND)
		return fail(failure, HS_ALERT_UNKNOWN_CA, EKEYREJECTED,
			    "certificate's issuer is not trusted");
	if (status & GNUTLS_CERT_EXPIRED)
		return tell_expired(peer, failure);
	if (status & GNUTLS_CERT_NOT_ACTIVATED)
		return fail(failure, HS_ALERT_BAD_CERTIFICATE, EKEYREJECTED,
			    "certificate is not valid yet");
	if (status & GNUTLS_CERT_PURPOSE_MISMATCH)
		return fail(failure, HS_ALERT_UNSUPPORTED_CERTIFICATE, EKEYREJECTED,
			    "certificate is not for a TLS server");
	if (status & GNUTLS_CERT_INSECURE_ALGORITHM)
		return fail(failure, HS_ALERT_BAD_CERTIFICATE, EKEYREJECTED,
			    "certificate is signed with an algorithm that is not secure");
	return fail(failure, HS_ALERT_BAD_CERTIFICATE, EKEYREJECTED,
		    "certificate was not accepted");
}

static int check_chain(const struct x509_trust *trust, struct peer *peer,
		       struct x509_failure *failure)
{
	gnutls_typed_vdata_st purpose = {
		.type = GNUTLS_DT_KEY_PURPOSE_OID,
		.data = (unsigned char *)(uintptr_t)GNUTLS_KP_TLS_WWW_SERVER,
	};
	unsigned int status = 0;
	int err;

	err = gnutls_x509_trust_list_verify_crt2(trust->list, peer->certificates,
						 peer->count, &purpose, 1, 0,
						 &status, NULL);
	if (err < 0)
		return fail(failure, HS_ALERT_INTERNAL_ERROR, EKEYREJECTED,
			    "certificate could not be verified");
	return status ? tell_status(peer, status, failure) : 0;
}

/**
 * x509_verify - answer HS_ASK_VERIFY
 * @trust: whom to trust
 * @name: DNS name or IP address that the certificate must be for
 * @question: chain, scheme, signed content and signature
 * @failure: filled on failure
 *
 * Return: 0 if all is good, else the negative errno in @failure.
 */
int x509_verify(const struct x509_trust *trust, const char *name,
		const struct hs_question *question,
		struct x509_failure *failure)
{
	struct peer peer = { .count = 0 };
	int err;

	err = import(&peer, question, failure);
	if (!err && question->signature.len)
		err = check_signature(&peer, question, failure);
	if (!err)
		err = check_chain(trust, &peer, failure);
	if (!err)
		err = check_name(&peer, name, failure);
	for (unsigned int i = 0; i < peer.count; i++)
		gnutls_x509_crt_deinit(peer.certificates[i]);
	return err;
}
