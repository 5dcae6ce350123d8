// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) 2026 The tlsup authors
 *
 * Is this chain good, for this name, and did its key sign?
 */
#include "x509/x509_int.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define TLS12	0x0303

/**
 * x509_fail - say why
 * @failure: filled
 * @alert: to send
 * @error: positive errno for the application
 * @section: where the check is written; lives for ever
 * @format: one sentence, as printf(3)
 *
 * Return: the negative errno.
 */
int x509_fail(struct x509_failure *failure, enum hs_alert alert, int error,
	      const char *section, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(failure->reason, sizeof(failure->reason), format, args);
	va_end(args);
	failure->section = section;
	failure->hs = (struct hs_failure){ (uint8_t)alert, error, failure->reason };
	return -error;
}

static int import(struct x509_peer *peer, const struct hs_question *question,
		  struct x509_failure *failure)
{
	for (size_t i = 0; i < question->chain_len; i++) {
		const gnutls_datum_t der = {
			(unsigned char *)(uintptr_t)question->chain[i].data,
			(unsigned int)question->chain[i].len,
		};
		gnutls_x509_crt_t crt;

		if (gnutls_x509_crt_init(&crt) < 0)
			return x509_fail(failure, HS_ALERT_INTERNAL_ERROR, ENOMEM, "-",
					 "out of memory");
		peer->certificates[peer->count++] = crt;
		if (gnutls_x509_crt_import(crt, &der, GNUTLS_X509_FMT_DER) < 0)
			return x509_fail(failure, HS_ALERT_BAD_CERTIFICATE, EKEYREJECTED,
					 "RFC 5280, 4.1",
					 "certificate %zu of the chain is malformed", i);
	}
	return 0;
}

/* Which message was signed: in TLS 1.2 a server signs its parameters. */
static int fail_signature(const struct x509_check *check, uint16_t version,
			  enum hs_alert alert, const char *reason,
			  struct x509_failure *failure)
{
	bool params = version == TLS12 && check->role == HS_CLIENT;

	return x509_fail(failure, alert, EPROTO,
			 version != TLS12 ? "RFC 9846, 4.4.3" :
			 params ? "RFC 5246, 7.4.3" : "RFC 5246, 7.4.8", "%s: %s",
			 params ? "server_key_exchange" : "certificate_verify", reason);
}

static int check_signature(const struct x509_check *check, const struct x509_peer *peer,
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
	gnutls_sign_algorithm_t sign;
	gnutls_pk_algorithm_t pk;
	gnutls_pubkey_t key;
	int err;

	if (gnutls_pubkey_init(&key) < 0)
		return x509_fail(failure, HS_ALERT_INTERNAL_ERROR, ENOMEM, "-",
				 "out of memory");
	err = gnutls_pubkey_import_x509(key, peer->certificates[0], 0);
	pk = (gnutls_pk_algorithm_t)gnutls_pubkey_get_pk_algorithm(key, NULL);
	if (err >= 0 && pk == GNUTLS_PK_ECDSA)
		err = gnutls_pubkey_export_ecc_raw2(key, &curve, NULL, NULL, 0);
	if (err < 0 || !scheme ||
	    !x509_scheme_fits(scheme, pk, curve, question->version == TLS12)) {
		gnutls_pubkey_deinit(key);
		return fail_signature(check, question->version, HS_ALERT_ILLEGAL_PARAMETER,
				      "a scheme that is not the key's", failure);
	}
	/* In TLS 1.2 the scheme names a hash and no curve (RFC 5246, 7.4.1.4.1). */
	sign = pk == GNUTLS_PK_ECDSA && question->version == TLS12 ?
	       gnutls_pk_to_sign(pk, (gnutls_digest_algorithm_t)
				 gnutls_sign_get_hash_algorithm(scheme->sign)) :
	       scheme->sign;
	err = gnutls_pubkey_verify_data2(key, sign, 0, &content, &signature);
	gnutls_pubkey_deinit(key);
	return err < 0 ? fail_signature(check, question->version, HS_ALERT_DECRYPT_ERROR,
					"the signature is wrong", failure) : 0;
}

static bool is_address(const char *name)
{
	unsigned char address[sizeof(struct in6_addr)];

	return inet_pton(AF_INET, name, address) == 1 ||
	       inet_pton(AF_INET6, name, address) == 1;
}

/* GnuTLS takes an address in text here and matches it with iPAddress only. */
static int check_name(const struct x509_peer *peer, const char *name,
		      struct x509_failure *failure)
{
	if (!name || !*name)
		return x509_fail(failure, HS_ALERT_BAD_CERTIFICATE, EKEYREJECTED, "RFC 9525, 6",
				 "no server name was set to verify the certificate against");
	if (gnutls_x509_crt_check_hostname2(peer->certificates[0], name, 0))
		return 0;
	return x509_fail(failure, HS_ALERT_BAD_CERTIFICATE, EKEYREJECTED, "RFC 9525, 6",
			 "certificate is not for %s %s",
			 is_address(name) ? "address" : "name", name);
}

/**
 * struct verdict - what GnuTLS finds wrong with a chain, in our words
 * @status: its bit
 * @alert: to send
 * @error: positive errno
 * @section: where the check is written
 * @reason: one sentence
 */
static const struct verdict {
	unsigned int status;
	enum hs_alert alert;
	int error;
	const char *section;
	const char *reason;
} verdicts[] = {
	{ GNUTLS_CERT_REVOKED, HS_ALERT_CERTIFICATE_REVOKED, EKEYREVOKED, "RFC 5280, 6.3.3",
	  "certificate is revoked" },
	{ GNUTLS_CERT_SIGNER_NOT_FOUND, HS_ALERT_UNKNOWN_CA, EKEYREJECTED, "RFC 5280, 6.1.1",
	  "certificate's issuer is not trusted" },
	{ GNUTLS_CERT_SIGNATURE_FAILURE, HS_ALERT_BAD_CERTIFICATE, EKEYREJECTED,
	  "RFC 5280, 6.1.3", "certificate's signature is wrong" },
	{ GNUTLS_CERT_SIGNER_NOT_CA, HS_ALERT_UNKNOWN_CA, EKEYREJECTED, "RFC 5280, 4.2.1.9",
	  "certificate was issued by one that is no authority" },
	{ GNUTLS_CERT_SIGNER_CONSTRAINTS_FAILURE, HS_ALERT_BAD_CERTIFICATE, EKEYREJECTED,
	  "RFC 5280, 4.2.1.10", "certificate breaks the constraints of its issuer" },
	{ GNUTLS_CERT_PURPOSE_MISMATCH, HS_ALERT_UNSUPPORTED_CERTIFICATE, EKEYREJECTED,
	  "RFC 5280, 4.2.1.12", "certificate is not for this purpose" },
	{ GNUTLS_CERT_INSECURE_ALGORITHM, HS_ALERT_BAD_CERTIFICATE, EKEYREJECTED,
	  "RFC 9325, 4.5", "certificate is signed with an algorithm that is not secure" },
	{ GNUTLS_CERT_UNKNOWN_CRIT_EXTENSIONS, HS_ALERT_UNSUPPORTED_CERTIFICATE, EKEYREJECTED,
	  "RFC 5280, 4.2", "certificate has a critical extension that is not known" },
};

static int tell_dates(const struct x509_peer *peer, struct x509_failure *failure)
{
	time_t now = time(NULL);

	for (unsigned int i = 0; i < peer->count; i++) {
		time_t end = gnutls_x509_crt_get_expiration_time(peer->certificates[i]);
		time_t start = gnutls_x509_crt_get_activation_time(peer->certificates[i]);
		char day[16] = "";
		struct tm tm;

		if (end >= now && start <= now)
			continue;
		if (gmtime_r(end < now ? &end : &start, &tm))
			strftime(day, sizeof(day), "%Y-%m-%d", &tm);
		if (end < now)
			return x509_fail(failure, HS_ALERT_CERTIFICATE_EXPIRED, EKEYEXPIRED,
					 "RFC 5280, 4.1.2.5", "certificate expired %s", day);
		return x509_fail(failure, HS_ALERT_BAD_CERTIFICATE, EKEYREJECTED,
				 "RFC 5280, 4.1.2.5", "certificate is not valid before %s", day);
	}
	return x509_fail(failure, HS_ALERT_CERTIFICATE_EXPIRED, EKEYEXPIRED,
			 "RFC 5280, 4.1.2.5", "a certificate of the chain is out of date");
}

static int tell_status(const struct x509_peer *peer, unsigned int status,
		       struct x509_failure *failure)
{
	for (size_t i = 0; i < sizeof(verdicts) / sizeof(verdicts[0]); i++)
		if (status & verdicts[i].status)
			return x509_fail(failure, verdicts[i].alert, verdicts[i].error,
					 verdicts[i].section, "%s", verdicts[i].reason);
	if (status & (GNUTLS_CERT_EXPIRED | GNUTLS_CERT_NOT_ACTIVATED))
		return tell_dates(peer, failure);
	return x509_fail(failure, HS_ALERT_BAD_CERTIFICATE, EKEYREJECTED, "RFC 5280, 6.1",
			 "certificate was not accepted");
}

static int check_keys(const struct x509_check *check, const struct x509_peer *peer,
		      struct x509_failure *failure)
{
	for (unsigned int i = 0; i < peer->count; i++) {
		unsigned int bits = 0;
		int pk = gnutls_x509_crt_get_pk_algorithm(peer->certificates[i], &bits);

		if ((pk == GNUTLS_PK_RSA || pk == GNUTLS_PK_RSA_PSS) &&
		    bits < check->min_rsa_bits)
			return x509_fail(failure, HS_ALERT_BAD_CERTIFICATE, EKEYREJECTED,
					 "RFC 9325, 4.5",
					 "certificate's RSA key of %u bits is too short", bits);
	}
	return 0;
}

/* RFC 5246, 7.4.2: a key that may do what this handshake has it do. */
static int check_usage(const struct x509_peer *peer, const struct hs_question *question,
		       struct x509_failure *failure)
{
	unsigned int usage = 0, wanted = question->scheme ?
		GNUTLS_KEY_DIGITAL_SIGNATURE : GNUTLS_KEY_KEY_ENCIPHERMENT;

	if (gnutls_x509_crt_get_key_usage(peer->certificates[0], &usage, NULL) < 0 ||
	    usage & wanted)
		return 0;
	return x509_fail(failure, HS_ALERT_UNSUPPORTED_CERTIFICATE, EKEYREJECTED,
			 "RFC 5280, 4.2.1.3", "certificate's key may not be used to %s",
			 question->scheme ? "sign" : "encrypt keys");
}

static int check_chain(const struct x509_check *check, struct x509_peer *peer,
		       struct x509_failure *failure)
{
	const char *oid = check->role == HS_CLIENT ? GNUTLS_KP_TLS_WWW_SERVER :
						     GNUTLS_KP_TLS_WWW_CLIENT;
	gnutls_typed_vdata_st purpose = {
		.type = GNUTLS_DT_KEY_PURPOSE_OID,
		.data = (unsigned char *)(uintptr_t)oid,
	};
	unsigned int status = 0;
	int err;

	err = gnutls_x509_trust_list_verify_crt2(check->trust->list, peer->certificates,
						 peer->count, &purpose, 1, 0,
						 &status, NULL);
	if (err < 0)
		return x509_fail(failure, HS_ALERT_INTERNAL_ERROR, EKEYREJECTED, "-",
				 "certificate could not be verified");
	return status ? tell_status(peer, status, failure) : 0;
}

static void free_peer(struct x509_peer *peer)
{
	for (unsigned int i = 0; i < peer->count; i++)
		gnutls_x509_crt_deinit(peer->certificates[i]);
}

/**
 * x509_verify - answer HS_ASK_VERIFY
 * @check: what the chain is judged by
 * @question: chain, scheme, signed content and signature, stapled responses
 * @failure: filled on failure
 *
 * Return: 0 if all is good, else the negative errno in @failure.
 */
int x509_verify(const struct x509_check *check, const struct hs_question *question,
		struct x509_failure *failure)
{
	struct x509_peer peer = { .count = 0 };
	int err;

	err = import(&peer, question, failure);
	if (!err && question->scheme)
		err = check_signature(check, &peer, question, failure);
	if (!err)
		err = check_keys(check, &peer, failure);
	if (!err)
		err = check_chain(check, &peer, failure);
	if (!err)
		err = check_usage(&peer, question, failure);
	if (!err && check->role == HS_CLIENT)
		err = check_name(&peer, check->name, failure);
	if (!err)
		err = x509_check_status(check, &peer, question, failure);
	free_peer(&peer);
	return err;
}

/**
 * x509_recheck - is a chain that was verified before still good?
 * @check: what it is judged by
 * @chain: DER, leaf first
 * @chain_len: certificates in @chain
 * @failure: filled on failure
 *
 * For a session: nothing was signed, and nothing was stapled.
 *
 * Return: 0 if it is, else a negative errno.
 */
int x509_recheck(const struct x509_check *check, const struct hs_bytes *chain,
		 size_t chain_len, struct x509_failure *failure)
{
	static const struct hs_bytes none[HS_CHAIN_MAX];
	const struct hs_question question = {
		.ask = HS_ASK_VERIFY,
		.chain = chain,
		.chain_len = chain_len,
		.ocsp = none,
	};
	struct x509_peer peer = { .count = 0 };
	int err;

	err = import(&peer, &question, failure);
	if (!err)
		err = check_keys(check, &peer, failure);
	if (!err)
		err = check_chain(check, &peer, failure);
	if (!err && check->role == HS_CLIENT)
		err = check_name(&peer, check->name, failure);
	if (!err)
		err = x509_check_status(check, &peer, &question, failure);
	free_peer(&peer);
	return err;
}

/**
 * x509_expires - when the first certificate of a chain expires
 * @chain: DER, leaf first
 * @chain_len: certificates in @chain
 *
 * Return: seconds of Unix time; 0 if one cannot be read.
 */
uint64_t x509_expires(const struct hs_bytes *chain, size_t chain_len)
{
	const struct hs_question question = { .chain = chain, .chain_len = chain_len };
	struct x509_peer peer = { .count = 0 };
	struct x509_failure failure;
	uint64_t first = UINT64_MAX;

	if (import(&peer, &question, &failure))
		first = 0;
	for (unsigned int i = 0; i < peer.count && first; i++) {
		time_t end = gnutls_x509_crt_get_expiration_time(peer.certificates[i]);

		if (end < 0 || (uint64_t)end < first)
			first = end < 0 ? 0 : (uint64_t)end;
	}
	free_peer(&peer);
	return first;
}
