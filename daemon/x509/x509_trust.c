// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) 2026 The tlsup authors
 *
 * Whom to trust, and the revocation lists that go with them.
 */
#include "x509/x509_int.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "lib/wire.h"

/* A CertificateRequest with more names than this names none at all. */
#define AUTHORITIES_MAX	8192

static int add_authorities(struct x509_trust *trust, const char *file, char *error)
{
	int n = file ? gnutls_x509_trust_list_add_trust_file(trust->list, file, NULL,
							     GNUTLS_X509_FMT_PEM, 0, 0) :
		       gnutls_x509_trust_list_add_system_trust(trust->list, 0, 0);

	/* A system without authorities trusts nobody: that is its own affair. */
	if (n > 0 || (!file && n >= 0))
		return 0;
	snprintf(error, X509_ERROR_MAX, "%s: no authorities: %s",
		 file ? file : "system trust",
		 n < 0 ? gnutls_strerror(n) : "the file holds none");
	return -1;
}

static int add_crls(struct x509_trust *trust, const char *file, char *error)
{
	gnutls_x509_crl_t *grown, *more = NULL;
	unsigned int count = 0;
	gnutls_datum_t pem;
	int err;

	err = gnutls_load_file(file, &pem);
	if (err < 0) {
		snprintf(error, X509_ERROR_MAX, "%s: %s", file, strerror(errno));
		return -1;
	}
	err = gnutls_x509_crl_list_import2(&more, &count, &pem, GNUTLS_X509_FMT_PEM, 0);
	gnutls_free(pem.data);
	if (err < 0) {
		snprintf(error, X509_ERROR_MAX, "%s: not a list of revoked certificates: %s",
			 file, gnutls_strerror(err));
		return -1;
	}
	grown = realloc(trust->crls, (trust->crls_len + count) * sizeof(*grown));
	if (grown) {
		trust->crls = grown;
		memcpy(grown + trust->crls_len, more, count * sizeof(*grown));
		trust->crls_len += count;
	} else {
		for (unsigned int i = 0; i < count; i++)
			gnutls_x509_crl_deinit(more[i]);
		snprintf(error, X509_ERROR_MAX, "out of memory");
	}
	gnutls_free(more);
	return grown ? 0 : -1;
}

/* Returns whether it has found room. */
static bool write_name(struct wr *wr, gnutls_x509_crt_t crt)
{
	gnutls_datum_t dn;
	size_t mark;

	if (gnutls_x509_crt_get_raw_dn(crt, &dn) < 0)
		return false;
	mark = wr_open(wr, 2);
	wr_bytes(wr, dn.data, dn.size);
	wr_close(wr, mark);
	gnutls_free(dn.data);
	return !wr->failed;
}

/* For certificate_authorities: a client with several picks by them. */
static int list_names(struct x509_trust *trust, char *error)
{
	gnutls_x509_trust_list_iter_t iter = NULL;
	gnutls_x509_crt_t crt;
	bool room = true;
	struct wr wr;

	trust->authorities = malloc(AUTHORITIES_MAX);
	if (!trust->authorities) {
		snprintf(error, X509_ERROR_MAX, "out of memory");
		return -1;
	}
	wr_init(&wr, trust->authorities, AUTHORITIES_MAX);
	while (gnutls_x509_trust_list_iter_get_ca(trust->list, &iter, &crt) >= 0) {
		room = room && write_name(&wr, crt);
		gnutls_x509_crt_deinit(crt);
	}
	gnutls_x509_trust_list_iter_deinit(iter);
	trust->authorities_len = room ? wr.len : 0;
	return 0;
}

static int load(struct x509_trust *trust, const char *file, const char *const *crls,
		size_t crls_len, char *error)
{
	if (add_authorities(trust, file, error))
		return -1;
	for (size_t i = 0; i < crls_len; i++)
		if (add_crls(trust, crls[i], error))
			return -1;
	return file ? list_names(trust, error) : 0;
}

/**
 * x509_trust_load - load whom to trust
 * @file: PEM file of authorities, or NULL for the system's own store
 * @crls: PEM files of revocation lists. If there are any, a leaf whose issuer
 *	has none that is in force is not accepted
 * @crls_len: how many
 * @error: on failure, one line that names the file
 *
 * Return: the trust store, or NULL.
 */
struct x509_trust *x509_trust_load(const char *file, const char *const *crls,
				   size_t crls_len, char error[X509_ERROR_MAX])
{
	struct x509_trust *trust = calloc(1, sizeof(*trust));

	if (!trust || gnutls_x509_trust_list_init(&trust->list, 0) < 0) {
		free(trust);
		snprintf(error, X509_ERROR_MAX, "out of memory");
		return NULL;
	}
	trust->loaded = (uint64_t)time(NULL);
	if (!load(trust, file, crls, crls_len, error))
		return trust;
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
	for (unsigned int i = 0; i < trust->crls_len; i++)
		gnutls_x509_crl_deinit(trust->crls[i]);
	free(trust->crls);
	free(trust->authorities);
	gnutls_x509_trust_list_deinit(trust->list, 1);
	free(trust);
}

/**
 * x509_trust_loaded - when it was made
 * @trust: the trust store
 *
 * Return: seconds of Unix time.
 */
uint64_t x509_trust_loaded(const struct x509_trust *trust)
{
	return trust->loaded;
}

/**
 * x509_trust_authorities - the names of those who are trusted
 * @trust: the trust store
 *
 * Return: as in certificate_authorities, without the outer length; empty for the
 * system's own store, or if they are too many. Lives as long as @trust.
 */
struct hs_bytes x509_trust_authorities(const struct x509_trust *trust)
{
	return (struct hs_bytes){ trust->authorities, trust->authorities_len };
}

/**
 * x509_is_revoked - does a list of a trust store name a certificate?
 * @trust: the store, with its lists
 * @der: the certificate
 * @len: its length
 *
 * Return: whether one does.
 */
bool x509_is_revoked(const struct x509_trust *trust, const uint8_t *der, size_t len)
{
	const gnutls_datum_t data = { (unsigned char *)(uintptr_t)der, (unsigned int)len };
	gnutls_x509_crt_t crt;
	bool revoked = false;

	if (gnutls_x509_crt_init(&crt) < 0)
		return false;
	if (gnutls_x509_crt_import(crt, &data, GNUTLS_X509_FMT_DER) >= 0)
		revoked = gnutls_x509_crt_check_revocation(crt, trust->crls,
							   trust->crls_len) == 1;
	gnutls_x509_crt_deinit(crt);
	return revoked;
}
