// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) 2026 The tlsup authors
 *
 * Is a certificate still good? What its issuer says by OCSP (RFC 6960), stapled
 * to the handshake, and by revocation lists (RFC 5280, 5).
 */
#include "x509/x509_int.h"

#include <errno.h>
#include <string.h>
#include <time.h>

#include <gnutls/ocsp.h>

#define STATUS_REQUEST	5	/* the feature of RFC 7633 */
#define SERIAL_MAX	64

static const char *day(time_t when, char text[16])
{
	struct tm tm;

	*text = '\0';
	if (gmtime_r(&when, &tm))
		strftime(text, 16, "%Y-%m-%d", &tm);
	return text;
}

static int revoked(struct x509_failure *failure, time_t when, const char *section)
{
	char text[16];

	return x509_fail(failure, HS_ALERT_CERTIFICATE_REVOKED, EKEYREVOKED, section,
			 "certificate was revoked %s", day(when, text));
}

/*
 * A peer may add what it likes to its chain, such as a certificate of its own under
 * the name of an authority: by the name alone it would speak for that. The dates
 * have been looked at with the chain.
 */
static bool has_signed(gnutls_x509_crt_t issuer, gnutls_x509_crt_t crt)
{
	unsigned int status = 0;

	return gnutls_x509_crt_check_issuer(crt, issuer) &&
	       gnutls_x509_crt_verify(crt, &issuer, 1, GNUTLS_VERIFY_DISABLE_TIME_CHECKS,
				      &status) >= 0 && !status;
}

/* Lives as long as the peer's chain or the trust store. */
static gnutls_x509_crt_t issuer_of(const struct x509_check *check,
				   const struct x509_peer *peer, unsigned int i)
{
	gnutls_x509_crt_t crt = peer->certificates[i], issuer;

	for (unsigned int j = 0; j < peer->count; j++)
		if (j != i && has_signed(peer->certificates[j], crt))
			return peer->certificates[j];
	if (gnutls_x509_trust_list_get_issuer(check->trust->list, crt, &issuer, 0) < 0)
		return NULL;
	return issuer;
}

/* RFC 7633, 4.2.3.1: a certificate that says so comes with its status. */
static bool must_staple(gnutls_x509_crt_t crt)
{
	gnutls_x509_tlsfeatures_t features;
	unsigned int feature;
	bool found = false;

	if (gnutls_x509_tlsfeatures_init(&features) < 0)
		return true;
	if (gnutls_x509_crt_get_tlsfeatures(crt, features, 0, NULL) >= 0)
		for (unsigned int i = 0; !found &&
		     gnutls_x509_tlsfeatures_get(features, i, &feature) >= 0; i++)
			found = feature == STATUS_REQUEST;
	gnutls_x509_tlsfeatures_deinit(features);
	return found;
}

static int bad_response(struct x509_failure *failure, const char *section, const char *reason)
{
	return x509_fail(failure, HS_ALERT_BAD_CERTIFICATE_STATUS_RESPONSE, EKEYREJECTED,
			 section, "OCSP response %s", reason);
}

static int judge_response(gnutls_ocsp_resp_t resp, gnutls_x509_crt_t crt,
			  gnutls_x509_crt_t issuer, struct x509_failure *failure)
{
	time_t now = time(NULL), this_update, next_update, revoked_at;
	unsigned int cert_status, verified = 0;

	if (gnutls_ocsp_resp_get_status(resp) != GNUTLS_OCSP_RESP_SUCCESSFUL)
		return bad_response(failure, "RFC 6960, 4.2.1", "tells of no success");
	if (gnutls_ocsp_resp_check_crt(resp, 0, crt) < 0)
		return bad_response(failure, "RFC 6960, 3.2", "is about another certificate");
	if (!issuer || gnutls_ocsp_resp_verify_direct(resp, issuer, &verified, 0) < 0 ||
	    verified)
		return bad_response(failure, "RFC 6960, 3.2",
				    "is not signed by the certificate's issuer");
	if (gnutls_ocsp_resp_get_single(resp, 0, NULL, NULL, NULL, NULL, &cert_status,
					&this_update, &next_update, &revoked_at, NULL) < 0)
		return bad_response(failure, "RFC 6960, 4.2.1", "is malformed");
	if (this_update > now)
		return bad_response(failure, "RFC 6960, 4.2.2.1", "is not valid yet");
	if (next_update != (time_t)-1 && next_update < now)
		return bad_response(failure, "RFC 6960, 4.2.2.1", "is out of date");
	if (cert_status == GNUTLS_OCSP_CERT_REVOKED)
		return revoked(failure, revoked_at, "RFC 6960, 2.2");
	if (cert_status != GNUTLS_OCSP_CERT_GOOD)
		return bad_response(failure, "RFC 6960, 2.2", "does not know the certificate");
	return 0;
}

static int check_response(const struct x509_check *check, const struct x509_peer *peer,
			  unsigned int i, struct hs_bytes response,
			  struct x509_failure *failure)
{
	const gnutls_datum_t der = { (unsigned char *)(uintptr_t)response.data,
				     (unsigned int)response.len };
	gnutls_ocsp_resp_t resp;
	int err;

	if (gnutls_ocsp_resp_init(&resp) < 0)
		return x509_fail(failure, HS_ALERT_INTERNAL_ERROR, ENOMEM, "-",
				 "out of memory");
	if (gnutls_ocsp_resp_import(resp, &der) < 0)
		err = bad_response(failure, "RFC 6960, 4.2.1", "is malformed");
	else
		err = judge_response(resp, peer->certificates[i], issuer_of(check, peer, i),
				     failure);
	gnutls_ocsp_resp_deinit(resp);
	return err;
}

static bool same_name(gnutls_x509_crl_t crl, gnutls_x509_crt_t crt)
{
	gnutls_datum_t a = { 0 }, b = { 0 };
	bool same;

	same = gnutls_x509_crl_get_raw_issuer_dn(crl, &a) >= 0 &&
	       gnutls_x509_crt_get_raw_issuer_dn(crt, &b) >= 0 &&
	       a.size == b.size && !memcmp(a.data, b.data, a.size);
	gnutls_free(a.data);
	gnutls_free(b.data);
	return same;
}

/* In force, and signed by who has issued the certificate (RFC 5280, 6.3.3). */
static bool is_good(gnutls_x509_crl_t crl, gnutls_x509_crt_t issuer)
{
	time_t now = time(NULL), next = gnutls_x509_crl_get_next_update(crl);
	unsigned int status = 0;

	return issuer && gnutls_x509_crl_get_this_update(crl) <= now &&
	       (next == (time_t)-1 || next >= now) &&
	       gnutls_x509_crl_verify(crl, &issuer, 1, 0, &status) >= 0 && !status;
}

static time_t revocation_time(gnutls_x509_crl_t crl, gnutls_x509_crt_t crt)
{
	unsigned char serial[SERIAL_MAX], other[SERIAL_MAX];
	size_t len = sizeof(serial), other_len = sizeof(other);
	gnutls_x509_crl_iter_t iter = NULL;
	time_t found = 0, when;

	gnutls_x509_crt_get_serial(crt, serial, &len);
	while (!found && gnutls_x509_crl_iter_crt_serial(crl, &iter, other, &other_len,
							 &when) >= 0) {
		if (other_len == len && !memcmp(other, serial, len))
			found = when;
		other_len = sizeof(other);
	}
	gnutls_x509_crl_iter_deinit(iter);
	return found;
}

static int check_lists(const struct x509_check *check, const struct x509_peer *peer,
		       unsigned int i, struct x509_failure *failure)
{
	gnutls_x509_crt_t crt = peer->certificates[i];
	gnutls_x509_crt_t issuer = issuer_of(check, peer, i);
	bool covered = false;

	for (unsigned int n = 0; n < check->trust->crls_len; n++) {
		gnutls_x509_crl_t crl = check->trust->crls[n];

		if (!same_name(crl, crt) || !is_good(crl, issuer))
			continue;
		covered = true;
		if (gnutls_x509_crt_check_revocation(crt, &crl, 1) != 0)
			return revoked(failure, revocation_time(crl, crt), "RFC 5280, 6.3.3");
	}
	if (covered || i)
		return 0;
	return x509_fail(failure, HS_ALERT_CERTIFICATE_UNKNOWN, EKEYREJECTED,
			 "RFC 5280, 6.3.3",
			 "no revocation list of the certificate's issuer is in force");
}

/**
 * x509_check_status - is any certificate of the chain revoked?
 * @check: what it is judged by
 * @peer: the chain, which has been found good
 * @question: with the responses that were stapled
 * @failure: filled on failure
 *
 * Return: 0 or the negative errno in @failure.
 */
int x509_check_status(const struct x509_check *check, const struct x509_peer *peer,
		      const struct hs_question *question, struct x509_failure *failure)
{
	bool stapled = question->ocsp && question->ocsp[0].len;
	int err = 0;

	if (check->role == HS_CLIENT && !stapled && must_staple(peer->certificates[0]))
		return bad_response(failure, "RFC 7633, 4.2.3.1",
				    "is missing, and the certificate demands one");
	for (unsigned int i = 0; question->ocsp && i < peer->count && !err; i++)
		if (question->ocsp[i].len)
			err = check_response(check, peer, i, question->ocsp[i], failure);
	for (unsigned int i = 0; check->trust->crls_len && i < peer->count && !err; i++)
		err = check_lists(check, peer, i, failure);
	return err;
}
