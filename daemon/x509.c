// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) 2026 The tlsup authors
 *
 * Chains and keys, and what they sign.
 */
#include "x509_int.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <gnutls/ocsp.h>

#include "crypto/cr_rand.h"

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

/* A key that others can read is no secret. */
static int check_key_file(const char *file, char *error)
{
	struct stat st;

	if (stat(file, &st)) {
		snprintf(error, X509_ERROR_MAX, "%s: %s", file, strerror(errno));
		return GNUTLS_E_FILE_ERROR;
	}
	if (st.st_mode & (S_IRWXG | S_IRWXO)) {
		snprintf(error, X509_ERROR_MAX,
			 "%s: others can read this key: chmod 600 %s", file, file);
		return GNUTLS_E_FILE_ERROR;
	}
	return 0;
}

static int load_key(struct x509_credential *cred, const char *file, char *error)
{
	gnutls_datum_t pem;
	int err;

	err = check_key_file(file, error);
	if (err)
		return err;
	err = gnutls_load_file(file, &pem);
	if (err < 0) {
		snprintf(error, X509_ERROR_MAX, "%s: %s", file, strerror(errno));
		return err;
	}
	err = gnutls_privkey_init(&cred->key);
	if (err >= 0)
		err = gnutls_privkey_import_x509_raw(cred->key, &pem,
						     GNUTLS_X509_FMT_PEM, NULL, 0);
	gnutls_memset(pem.data, 0, pem.size);
	gnutls_free(pem.data);
	if (err < 0)
		snprintf(error, X509_ERROR_MAX, "%s: not a private key: %s", file,
			 gnutls_strerror(err));
	return err < 0 ? err : 0;
}

static int check_pair(struct x509_credential *cred, const char *certificate,
		      const char *key, char *error)
{
	unsigned char mine[64], theirs[64];
	size_t mine_len = sizeof(mine), theirs_len = sizeof(theirs);
	gnutls_pubkey_t pub;
	int err;

	err = gnutls_pubkey_init(&pub);
	if (err < 0)
		return err;
	err = gnutls_pubkey_import_privkey(pub, cred->key, 0, 0);
	if (err >= 0)
		err = gnutls_pubkey_get_key_id(pub, GNUTLS_KEYID_USE_SHA256, mine,
					       &mine_len);
	if (err >= 0)
		err = gnutls_x509_crt_get_key_id(cred->certificates[0],
						 GNUTLS_KEYID_USE_SHA256, theirs,
						 &theirs_len);
	gnutls_pubkey_deinit(pub);
	if (err >= 0 && mine_len == theirs_len && !memcmp(mine, theirs, mine_len))
		return 0;
	snprintf(error, X509_ERROR_MAX, "%s and %s do not belong together",
		 certificate, key);
	return GNUTLS_E_CERTIFICATE_KEY_MISMATCH;
}

/* A key of the kind RSASSA-PSS may be bound to one hash (RFC 4055, 1.2). */
static bool binds_other_hash(gnutls_privkey_t key, const struct x509_scheme *scheme)
{
	gnutls_digest_algorithm_t bound = GNUTLS_DIG_UNKNOWN;
	gnutls_x509_spki_t spki;
	bool other;

	if (scheme->pk != GNUTLS_PK_RSA_PSS)
		return false;
	if (gnutls_x509_spki_init(&spki) < 0)
		return true;
	other = gnutls_privkey_get_spki(key, spki, 0) >= 0 &&
		gnutls_x509_spki_get_rsa_pss_params(spki, &bound, NULL) >= 0 &&
		bound != GNUTLS_DIG_UNKNOWN &&
		bound != gnutls_sign_get_hash_algorithm(scheme->sign);
	gnutls_x509_spki_deinit(spki);
	return other;
}

static int list_schemes(struct x509_credential *cred, const char *key, char *error)
{
	gnutls_pk_algorithm_t pk = (gnutls_pk_algorithm_t)
		gnutls_privkey_get_pk_algorithm(cred->key, NULL);
	gnutls_ecc_curve_t curve = GNUTLS_ECC_CURVE_INVALID;

	if (pk == GNUTLS_PK_ECDSA)
		gnutls_privkey_export_ecc_raw2(cred->key, &curve, NULL, NULL, NULL,
					       0);
	for (size_t i = 0; i < SCHEMES; i++)
		if (x509_scheme_fits(&schemes[i], pk, curve, false) &&
		    !binds_other_hash(cred->key, &schemes[i]) &&
		    cred->hs.schemes_len < X509_SCHEMES_MAX)
			cred->schemes[cred->hs.schemes_len++] = schemes[i].id;
	if (cred->hs.schemes_len)
		return 0;
	snprintf(error, X509_ERROR_MAX, "%s: a kind of key that TLS cannot use",
		 key);
	return GNUTLS_E_UNSUPPORTED_SIGNATURE_ALGORITHM;
}

/* An RSA key whose certificate does not forbid it (RFC 5280, 4.2.1.3). */
static bool may_decrypt(const struct x509_credential *cred)
{
	unsigned int usage = 0;
	int err = gnutls_x509_crt_get_key_usage(cred->certificates[0], &usage, NULL);

	if (gnutls_privkey_get_pk_algorithm(cred->key, NULL) != GNUTLS_PK_RSA)
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
 * x509_credential_load - load a chain and its private key
 * @certificate: PEM file, leaf first
 * @key: PEM file, to be read by its owner only
 * @ocsp: DER file of an OCSP response to be stapled, or NULL
 * @error: on failure, one line that names the file
 *
 * Return: the credential, or NULL.
 */
struct x509_credential *x509_credential_load(const char *certificate,
					     const char *key, const char *ocsp,
					     char error[X509_ERROR_MAX])
{
	struct x509_credential *cred = calloc(1, sizeof(*cred));

	if (!cred) {
		snprintf(error, X509_ERROR_MAX, "out of memory");
		return NULL;
	}
	if (load_certificates(cred, certificate, error) ||
	    export_chain(cred, error) || load_key(cred, key, error) ||
	    check_pair(cred, certificate, key, error) ||
	    list_schemes(cred, key, error) || load_response(cred, ocsp, error)) {
		x509_credential_free(cred);
		return NULL;
	}
	cred->hs.chain = cred->chain;
	cred->hs.chain_len = cred->count;
	cred->hs.schemes = cred->schemes;
	cred->hs.decrypts = may_decrypt(cred);
	cred->hs.key = cred;
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
	if (credential->key)
		gnutls_privkey_deinit(credential->key);
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
 * x509_sign - sign with a credential's key
 * @credential: from x509_credential_hs()
 * @scheme: one of its schemes
 * @content: to be signed
 * @signature: out
 * @size: its size
 *
 * Return: length of the signature, 0 on failure.
 */
size_t x509_sign(const struct hs_credential *credential, uint16_t scheme,
		 struct hs_bytes content, uint8_t *signature, size_t size)
{
	const struct x509_credential *cred = credential->key;
	const struct x509_scheme *row = x509_scheme_find(scheme);
	const gnutls_datum_t data = { (unsigned char *)(uintptr_t)content.data,
				      (unsigned int)content.len };
	gnutls_datum_t out = { 0 };
	size_t len = 0;

	if (!row || gnutls_privkey_sign_data2(cred->key, row->sign, 0, &data, &out) < 0)
		return 0;
	if (out.size <= size) {
		memcpy(signature, out.data, out.size);
		len = out.size;
	}
	gnutls_free(out.data);
	return len;
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

/**
 * x509_decrypt - answer HS_ASK_DECRYPT
 * @credential: from x509_credential_hs()
 * @ciphertext: as it came
 * @premaster: out; random if the ciphertext is not good, and nothing tells
 *	which of the two it is (RFC 5246, 7.4.7.1)
 */
void x509_decrypt(const struct hs_credential *credential, struct hs_bytes ciphertext,
		  uint8_t premaster[X509_PREMASTER_SIZE])
{
	const struct x509_credential *cred = credential->key;
	const gnutls_datum_t data = { (unsigned char *)(uintptr_t)ciphertext.data,
				      (unsigned int)ciphertext.len };

	/* It leaves what is there, in constant time, if it fails. */
	cr_random(premaster, X509_PREMASTER_SIZE);
	(void)!gnutls_privkey_decrypt_data2(cred->key, 0, &data, premaster,
					    X509_PREMASTER_SIZE);
}
