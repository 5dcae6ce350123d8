// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) 2026 The tlsup authors
 */
#include "ctl.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

#include <gnutls/x509.h>

static void add_name(struct certificate *certificate, const char *name, int type,
		     size_t size)
{
	size_t len = strlen(certificate->names);
	char address[INET6_ADDRSTRLEN] = "";

	if (type == GNUTLS_SAN_IPADDRESS) {
		inet_ntop(size == 4 ? AF_INET : AF_INET6, name, address, sizeof(address));
		name = address;
	} else if (type != GNUTLS_SAN_DNSNAME) {
		return;
	}
	snprintf(certificate->names + len, sizeof(certificate->names) - len, "%s%s",
		 len ? ", " : "", name);
}

static void read_names(gnutls_x509_crt_t crt, struct certificate *certificate)
{
	for (unsigned int i = 0;; i++) {
		char name[256] = "";
		size_t size = sizeof(name) - 1;
		int type = gnutls_x509_crt_get_subject_alt_name(crt, i, name, &size, NULL);

		if (type < 0)
			return;
		add_name(certificate, name, type, size);
	}
}

static void read_fingerprint(gnutls_x509_crt_t crt, char hex[65])
{
	unsigned char digest[32];
	size_t size = sizeof(digest);

	if (gnutls_x509_crt_get_fingerprint(crt, GNUTLS_DIG_SHA256, digest, &size) < 0)
		return;
	for (size_t i = 0; i < size; i++)
		snprintf(hex + 2 * i, 3, "%02x", digest[i]);
}

/**
 * certificate_read - what a certificate says
 * @der: the certificate
 * @len: its length
 * @certificate: filled
 *
 * Return: whether it is one.
 */
bool certificate_read(const uint8_t *der, size_t len, struct certificate *certificate)
{
	const gnutls_datum_t data = { (unsigned char *)(uintptr_t)der, (unsigned int)len };
	size_t size = sizeof(certificate->subject);
	gnutls_x509_crt_t crt;
	bool good = false;

	memset(certificate, 0, sizeof(*certificate));
	if (gnutls_x509_crt_init(&crt) < 0)
		return false;
	if (gnutls_x509_crt_import(crt, &data, GNUTLS_X509_FMT_DER) >= 0) {
		gnutls_x509_crt_get_dn(crt, certificate->subject, &size);
		size = sizeof(certificate->issuer);
		gnutls_x509_crt_get_issuer_dn(crt, certificate->issuer, &size);
		certificate->expires = gnutls_x509_crt_get_expiration_time(crt);
		read_names(crt, certificate);
		read_fingerprint(crt, certificate->fingerprint);
		good = true;
	}
	gnutls_x509_crt_deinit(crt);
	return good;
}
