// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) 2026 The tlsup authors
 *
 * Chains, and what their keys can sign.
 */
#include "x509/x509_int.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <gnutls/ocsp.h>

#include "lib/secret.h"

#define RSA_BITS_GOOD	2048

static const struct x509_scheme schemes[] = {
	{ 0x0403, GNUTLS_SIGN_ECDSA_SECP256R1_SHA256, GNUTLS_PK_ECDSA,
	  GNUTLS_ECC_CURVE_SECP256R1 },
	{ 0x0503, GNUTLS_SIGN_ECDSA_SECP384R1_SHA384, GNUTLS_PK_ECDSA,
	  GNUTLS_ECC_CURVE_SECP384R1 },
	{ 0x0603, GNUTLS_SIGN_ECDSA_SECP521R1_SHA512, GNUTLS_PK_ECDSA,
	  GNUTLS_ECC_CURVE_SECP521R1 },
	{ 0x0807, GNUTLS_SIGN_EDDSA_ED25519, GNUTLS_PK_EDDSA_ED25519,
	  GNUTLS_ECC_CURVE_INVALID },
	{ 0x0808, GNUTLS_SIGN_EDDSA_ED448, GNUTLS_PK_EDDSA_ED448,
	  GNUTLS_ECC_CURVE_INVALID },
	{ 0x0809, GNUTLS_SIGN_RSA_PSS_SHA256, GNUTLS_PK_RSA_PSS,
	  GNUTLS_ECC_CURVE_INVALID },
	{ 0x080a, GNUTLS_SIGN_RSA_PSS_SHA384, GNUTLS_PK_RSA_PSS,
	  GNUTLS_ECC_CURVE_INVALID },
	{ 0x080b, GNUTLS_SIGN_RSA_PSS_SHA512, GNUTLS_PK_RSA_PSS,
	  GNUTLS_ECC_CURVE_INVALID },
	{ 0x0804, GNUTLS_SIGN_RSA_PSS_RSAE_SHA256, GNUTLS_PK_RSA,
	  GNUTLS_ECC_CURVE_INVALID },
	{ 0x0805, GNUTLS_SIGN_RSA_PSS_RSAE_SHA384, GNUTLS_PK_RSA,
	  GNUTLS_ECC_CURVE_INVALID },
	{ 0x0806, GNUTLS_SIGN_RSA_PSS_RSAE_SHA512, GNUTLS_PK_RSA,
	  GNUTLS_ECC_CURVE_INVALID },
	{ 0x0401, GNUTLS_SIGN_RSA_SHA256, GNUTLS_PK_RSA,
	  GNUTLS_ECC_CURVE_INVALID },
	{ 0x0501, GNUTLS_SIGN_RSA_SHA384, GNUTLS_PK_RSA,
	  GNUTLS_ECC_CURVE_INVALID },
	{ 0x0601, GNUTLS_SIGN_RSA_SHA512, GNUTLS_PK_RSA,
	  GNUTLS_ECC_CURVE_INVALID },
};

#define SCHEMES	(sizeof(schemes) / sizeof(schemes[0]))

/**
 * x509_scheme_find - how GnuTLS speaks of a signature scheme
 * @id: SignatureScheme
 *
 * Return: the row or NULL.
 */
const struct x509_scheme *x509_scheme_find(uint16_t id)
{
	for (size_t i = 0; i < SCHEMES; i++)
		if (schemes[i].id == id)
			return &schemes[i];
	return NULL;
}

/**
 * x509_scheme_fits - may this key make this scheme?
 * @scheme: the scheme
 * @pk: the key's algorithm
 * @curve: its curve, for ECDSA: TLS 1.3 ties the two (RFC 9846, 4.2.3)
 * @any_curve: TLS 1.2 does not (RFC 5246, 7.4.1.4.1)
 *
 * Return: whether it may.
 */
bool x509_scheme_fits(const struct x509_scheme *scheme, gnutls_pk_algorithm_t pk,
		      gnutls_ecc_curve_t curve, bool any_curve)
{
	return scheme->pk == pk &&
	       (pk != GNUTLS_PK_ECDSA || any_curve || scheme->curve == curve);
}

static int load_certificates(struct x509_credential *cred, const char *file,
			     char *error)
{
	gnutls_datum_t pem;
	int err;

	err = gnutls_load_file(file, &pem);
	if (err < 0) {
		snprintf(error, X509_ERROR_MAX, "%s: %s", file, strerror(errno));
		return err;
	}
	err = gnutls_x509_crt_list_import2(&cred->certificates, &cred->count,
					   &pem, GNUTLS_X509_FMT_PEM,
					   GNUTLS_X509_CRT_LIST_FAIL_IF_UNSORTED);
	gnutls_free(pem.data);
	if (err < 0) {
		cred->count = 0;
		snprintf(error, X509_ERROR_MAX, "%s: not a certificate chain: %s",
			 file, gnutls_strerror(err));
		return err;
	}
	if (cred->count > HS_CHAIN_MAX) {
		snprintf(error, X509_ERROR_MAX, "%s: more than %d certificates",
			 file, HS_CHAIN_MAX);
		return GNUTLS_E_INVALID_REQUEST;
	}
	return 0;
}

static int export_chain(struct x509_credential *cred, char *error)
{
	for (unsigned int i = 0; i < cred->count; i++) {
		int err = gnutls_x509_crt_export2(cred->certificates[i],
						  GNUTLS_X509_FMT_DER,
						  &cred->der[i]);

		if (err < 0) {
			snprintf(error, X509_ERROR_MAX, "%s", gnutls_strerror(err));
			return err;
		}
		cred->chain[i] = (struct hs_bytes){ cred->der[i].data,
						    cred->der[i].size };
	}
	return 0;
}

/* What is compared is public, both sides of it. */
static int check_pair(struct x509_credential *cred, const char *certificate,
		      const struct x509_key_ref *key, char *error)
{
	uint8_t id[X509_KEY_ID_SIZE];
	size_t len = sizeof(id);
	int err = gnutls_x509_crt_get_key_id(cred->certificates[0],
					     GNUTLS_KEYID_USE_SHA256, id, &len);

	if (err >= 0 && secret_equal(id, key->id, sizeof(id)))
		return 0;
	snprintf(error, X509_ERROR_MAX, "%s and %s do not belong together",
		 certificate, key->name);
	return GNUTLS_E_CERTIFICATE_KEY_MISMATCH;
}

/* A key of the kind RSASSA-PSS may be bound to one hash (RFC 4055, 1.2). */
static bool binds_other_hash(gnutls_pubkey_t key, const struct x509_scheme *scheme)
{
	gnutls_digest_algorithm_t bound = GNUTLS_DIG_UNKNOWN;
	gnutls_x509_spki_t spki;
	bool other;

	if (scheme->pk != GNUTLS_PK_RSA_PSS)
		return false;
	if (gnutls_x509_spki_init(&spki) < 0)
		return true;
	other = gnutls_pubkey_get_spki(key, spki, 0) >= 0 &&
		gnutls_x509_spki_get_rsa_pss_params(spki, &bound, NULL) >= 0 &&
		bound != GNUTLS_DIG_UNKNOWN &&
		bound != gnutls_sign_get_hash_algorithm(scheme->sign);
	gnutls_x509_spki_deinit(spki);
	return other;
}

/* The certificate tells of its key what there is to know. */
static int list_schemes(struct x509_credential *cred, const char *certificate,
			char *error)
{
	gnutls_ecc_curve_t curve = GNUTLS_ECC_CURVE_INVALID;
	gnutls_pk_algorithm_t pk = GNUTLS_PK_UNKNOWN;
	gnutls_pubkey_t key;

	if (gnutls_pubkey_init(&key) < 0)
		return GNUTLS_E_MEMORY_ERROR;
	if (gnutls_pubkey_import_x509(key, cred->certificates[0], 0) >= 0)
		pk = (gnutls_pk_algorithm_t)gnutls_pubkey_get_pk_algorithm(key, NULL);
	if (pk == GNUTLS_PK_ECDSA)
		gnutls_pubkey_export_ecc_raw2(key, &curve, NULL, NULL, 0);
	for (size_t i = 0; i < SCHEMES; i++)
		if (x509_scheme_fits(&schemes[i], pk, curve, false) &&
		    !binds_other_hash(key, &schemes[i]) &&
		    cred->hs.schemes_len < X509_SCHEMES_MAX)
			cred->schemes[cred->hs.schemes_len++] = schemes[i].id;
	gnutls_pubkey_deinit(key);
	if (cred->hs.schemes_len)
		return 0;
	snprintf(error, X509_ERROR_MAX, "%s: a kind of key that TLS cannot use",
		 certificate);
	return GNUTLS_E_UNSUPPORTED_SIGNATURE_ALGORITHM;
}

/* An RSA key whose certificate does not forbid it (RFC 5280, 4.2.1.3). */
static bool may_decrypt(const struct x509_credential *cred)
{
	unsigned int usage = 0;
	int err = gnutls_x509_crt_get_key_usage(cred->certificates[0], &usage, NULL);

	if (gnutls_x509_crt_get_pk_algorithm(cred->certificates[0], NULL) != GNUTLS_PK_RSA)
		return false;
	return err == GNUTLS_E_REQUESTED_DATA_NOT_AVAILABLE ||
	       (err >= 0 && (usage & GNUTLS_KEY_KEY_ENCIPHERMENT));
}

/* It must be whole, good, and about this leaf: what is stapled is not looked at again. */
static int check_response(const struct x509_credential *cred)
{
	gnutls_ocsp_resp_t resp;
	int err;

	err = gnutls_ocsp_resp_init(&resp);
	if (err < 0)
		return err;
	err = gnutls_ocsp_resp_import(resp, &cred->response);
	if (err >= 0 && gnutls_ocsp_resp_get_status(resp) != GNUTLS_OCSP_RESP_SUCCESSFUL)
		err = GNUTLS_E_OCSP_RESPONSE_ERROR;
	if (err >= 0)
		err = gnutls_ocsp_resp_check_crt(resp, 0, cred->certificates[0]);
	gnutls_ocsp_resp_deinit(resp);
	return err;
}

static int load_response(struct x509_credential *cred, const char *file, char *error)
{
	int err;

	if (!file)
		return 0;
	err = gnutls_load_file(file, &cred->response);
	if (err < 0) {
		snprintf(error, X509_ERROR_MAX, "%s: %s", file, strerror(errno));
		return err;
	}
	err = check_response(cred);
	if (err < 0) {
		snprintf(error, X509_ERROR_MAX,
			 "%s: not an OCSP response for this certificate: %s", file,
			 gnutls_strerror(err));
		return err;
	}
	cred->ocsp[0] = (struct hs_bytes){ cred->response.data, cred->response.size };
	cred->hs.ocsp = cred->ocsp;
	return 0;
}

/**
 * x509_credential_load - load a chain for a private key
 * @certificate: PEM file, leaf first
 * @key: the key, which must be that of the leaf
 * @ocsp: DER file of an OCSP response to be stapled, or NULL
 * @error: on failure, one line that names the file
 *
 * Return: the credential, or NULL.
 */
struct x509_credential *x509_credential_load(const char *certificate,
					     const struct x509_key_ref *key,
					     const char *ocsp,
					     char error[X509_ERROR_MAX])
{
	struct x509_credential *cred = calloc(1, sizeof(*cred));

	if (!cred) {
		snprintf(error, X509_ERROR_MAX, "out of memory");
		return NULL;
	}
	if (load_certificates(cred, certificate, error) ||
	    export_chain(cred, error) || check_pair(cred, certificate, key, error) ||
	    list_schemes(cred, certificate, error) || load_response(cred, ocsp, error)) {
		x509_credential_free(cred);
		return NULL;
	}
	cred->hs.chain = cred->chain;
	cred->hs.chain_len = cred->count;
	cred->hs.schemes = cred->schemes;
	cred->hs.decrypts = may_decrypt(cred);
	cred->hs.key = cred;
	cred->handle = key->handle;
	return cred;
}

/**
 * x509_credential_free - free a credential
 * @credential: may be NULL
 */
void x509_credential_free(struct x509_credential *credential)
{
	if (!credential)
		return;
	for (unsigned int i = 0; i < credential->count; i++) {
		gnutls_x509_crt_deinit(credential->certificates[i]);
		gnutls_free(credential->der[i].data);
	}
	gnutls_free(credential->certificates);
	gnutls_free(credential->response.data);
	free(credential);
}

/**
 * x509_credential_hs - what the engine sees of a credential
 * @credential: the credential
 *
 * Return: lives as long as @credential.
 */
const struct hs_credential *x509_credential_hs(const struct x509_credential *credential)
{
	return &credential->hs;
}

/**
 * x509_credential_handle - the key that a credential goes with
 * @credential: from x509_credential_hs()
 *
 * Return: its handle.
 */
uint32_t x509_credential_handle(const struct hs_credential *credential)
{
	const struct x509_credential *cred = credential->key;

	return cred->handle;
}

/**
 * x509_credential_expires - until when a chain is good
 * @credential: the credential
 *
 * Return: Unix time at which the first of its certificates expires.
 */
time_t x509_credential_expires(const struct x509_credential *credential)
{
	time_t first = gnutls_x509_crt_get_expiration_time(credential->certificates[0]);

	for (unsigned int i = 1; i < credential->count; i++) {
		time_t end = gnutls_x509_crt_get_expiration_time(
			credential->certificates[i]);

		if (end < first)
			first = end;
	}
	return first;
}

/**
 * x509_credential_weakness - what is weak about a chain
 * @credential: the credential
 *
 * Return: a few words, or NULL: nothing.
 */
const char *x509_credential_weakness(const struct x509_credential *credential)
{
	unsigned int bits = 0;
	int pk = gnutls_x509_crt_get_pk_algorithm(credential->certificates[0], &bits);

	if ((pk == GNUTLS_PK_RSA || pk == GNUTLS_PK_RSA_PSS) && bits < RSA_BITS_GOOD)
		return "its RSA key is shorter than 2048 bits";
	/* A root signs itself: nobody verifies that. */
	for (unsigned int i = 0; i < credential->count; i++)
		if (!gnutls_sign_is_secure2((gnutls_sign_algorithm_t)
			gnutls_x509_crt_get_signature_algorithm(credential->certificates[i]),
			GNUTLS_SIGN_FLAG_SECURE_FOR_CERTS) &&
		    !gnutls_x509_crt_check_issuer(credential->certificates[i],
						  credential->certificates[i]))
			return "a signature in it is by an algorithm that is not secure";
	return NULL;
}

/**
 * x509_subject - whom a certificate is about
 * @der: the certificate
 * @len: its length
 * @text: out: its distinguished name (RFC 4514), shortened if need be
 * @fingerprint: out: SHA-256 of the certificate; may be NULL
 *
 * Return: whether it is a certificate.
 */
bool x509_subject(const uint8_t *der, size_t len, char text[X509_SUBJECT_MAX],
		  uint8_t *fingerprint)
{
	const gnutls_datum_t data = { (unsigned char *)(uintptr_t)der, (unsigned int)len };
	size_t size = X509_KEY_ID_SIZE, text_size = X509_SUBJECT_MAX;
	gnutls_x509_crt_t crt;
	int err;

	*text = '\0';
	if (gnutls_x509_crt_init(&crt) < 0)
		return false;
	err = gnutls_x509_crt_import(crt, &data, GNUTLS_X509_FMT_DER);
	if (err >= 0 && gnutls_x509_crt_get_dn(crt, text, &text_size) < 0)
		snprintf(text, X509_SUBJECT_MAX, "(a name that is too long)");
	if (err >= 0 && fingerprint)
		err = gnutls_x509_crt_get_fingerprint(crt, GNUTLS_DIG_SHA256, fingerprint,
						      &size);
	gnutls_x509_crt_deinit(crt);
	return err >= 0;
}

/**
 * x509_encrypt - answer HS_ASK_ENCRYPT
 * @question: the premaster secret, and the chain whose leaf has the key
 * @ciphertext: out
 * @size: its size
 *
 * Return: length of the ciphertext, 0 on failure.
 */
size_t x509_encrypt(const struct hs_question *question, uint8_t *ciphertext,
		    size_t size)
{
	const gnutls_datum_t der = {
		(unsigned char *)(uintptr_t)question->chain[0].data,
		(unsigned int)question->chain[0].len,
	};
	const gnutls_datum_t premaster = {
		(unsigned char *)(uintptr_t)question->content.data,
		(unsigned int)question->content.len,
	};
	gnutls_x509_crt_t leaf = NULL;
	gnutls_pubkey_t key = NULL;
	gnutls_datum_t out = { 0 };
	size_t len = 0;

	if (gnutls_x509_crt_init(&leaf) >= 0 && gnutls_pubkey_init(&key) >= 0 &&
	    gnutls_x509_crt_import(leaf, &der, GNUTLS_X509_FMT_DER) >= 0 &&
	    gnutls_pubkey_import_x509(key, leaf, 0) >= 0 &&
	    gnutls_pubkey_encrypt_data(key, 0, &premaster, &out) >= 0 &&
	    out.size <= size) {
		memcpy(ciphertext, out.data, out.size);
		len = out.size;
	}
	gnutls_free(out.data);
	gnutls_pubkey_deinit(key);
	gnutls_x509_crt_deinit(leaf);
	return len;
}
