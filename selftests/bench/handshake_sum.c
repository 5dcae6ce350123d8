// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) 2026 The tlsup authors
 *
 * What a handshake cannot do without, straight from nettle: an X25519 key pair and
 * shared secret, one signature, the hash of the messages, the key schedule. No
 * message is read or written, nothing is allocated but big numbers.
 */
#include <nettle/curve25519.h>
#include <nettle/ecc-curve.h>
#include <nettle/ecdsa.h>
#include <nettle/eddsa.h>
#include <nettle/hmac.h>
#include <nettle/pss.h>
#include <nettle/rsa.h>
#include <nettle/sha2.h>
#include <gnutls/abstract.h>
#include <gnutls/x509.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "handshake.h"

/*
 * Bytes of the messages that both Finished are over, and HMACs of the schedule:
 * in TLS 1.3 three extractions, eleven expansions and two Finished; in TLS 1.2 two
 * for each block of 32 bytes of master secret, keys and two Finished.
 */
#define MESSAGES_12	1200
#define MESSAGES_13	1100
#define HMACS_12	12
#define HMACS_13	16

static const struct kind *kind;
static struct ecc_scalar ecdsa;
static uint8_t ed25519[ED25519_KEY_SIZE], ed25519_public[ED25519_KEY_SIZE];
static struct rsa_private_key rsa;
static struct rsa_public_key rsa_public;

static void from_getrandom(void *ctx, size_t len, uint8_t *to)
{
	(void)ctx;
	if (getrandom(to, len, 0) != (ssize_t)len)
		abort();
}

static void import(mpz_t to, const gnutls_datum_t *from)
{
	mpz_import(to, from->size, 1, 1, 1, 0, from->data);
}

static void take_ecdsa(gnutls_privkey_t key)
{
	gnutls_datum_t x, y, k;
	gnutls_ecc_curve_t curve;
	mpz_t z;

	gnutls_privkey_export_ecc_raw2(key, &curve, &x, &y, &k, 0);
	mpz_init(z);
	import(z, &k);
	ecc_scalar_init(&ecdsa, nettle_get_secp_256r1());
	ecc_scalar_set(&ecdsa, z);
	mpz_clear(z);
}

static void take_ed25519(gnutls_privkey_t key)
{
	gnutls_datum_t x, y, k;
	gnutls_ecc_curve_t curve;

	gnutls_privkey_export_ecc_raw2(key, &curve, &x, &y, &k, 0);
	memcpy(ed25519, k.data, ED25519_KEY_SIZE);
	ed25519_sha512_public_key(ed25519_public, ed25519);
}

static void take_rsa(gnutls_privkey_t key)
{
	gnutls_datum_t m, e, d, p, q, u, e1, e2;

	gnutls_privkey_export_rsa_raw2(key, &m, &e, &d, &p, &q, &u, &e1, &e2, 0);
	rsa_private_key_init(&rsa);
	rsa_public_key_init(&rsa_public);
	import(rsa_public.n, &m);
	import(rsa_public.e, &e);
	import(rsa.d, &d);
	import(rsa.p, &p);
	import(rsa.q, &q);
	import(rsa.a, &e1);
	import(rsa.b, &e2);
	/* GnuTLS's u is q^-1 mod p, nettle's c. */
	import(rsa.c, &u);
	rsa_private_key_prepare(&rsa);
	rsa_public_key_prepare(&rsa_public);
}

static bool set_up(const struct kind *which)
{
	gnutls_x509_privkey_t file;
	gnutls_privkey_t key;
	gnutls_datum_t pem;
	bool ok;

	kind = which;
	gnutls_x509_privkey_init(&file);
	gnutls_privkey_init(&key);
	ok = gnutls_load_file(cert_file(kind->cert, "key"), &pem) >= 0 &&
	     gnutls_x509_privkey_import(file, &pem, GNUTLS_X509_FMT_PEM) >= 0 &&
	     gnutls_privkey_import_x509(key, file, GNUTLS_PRIVKEY_IMPORT_COPY) >= 0;
	if (ok && kind->scheme == 0x0403)
		take_ecdsa(key);
	else if (ok && kind->scheme == 0x0807)
		take_ed25519(key);
	else if (ok)
		take_rsa(key);
	gnutls_privkey_deinit(key);
	gnutls_x509_privkey_deinit(file);
	return ok;
}

static bool sign(const uint8_t *digest)
{
	uint8_t signature[ED25519_SIGNATURE_SIZE], salt[SHA256_DIGEST_SIZE];
	struct dsa_signature pair;
	bool ok = true;
	mpz_t s;

	if (kind->scheme == 0x0403) {
		dsa_signature_init(&pair);
		ecdsa_sign(&ecdsa, NULL, from_getrandom, SHA256_DIGEST_SIZE, digest, &pair);
		dsa_signature_clear(&pair);
	} else if (kind->scheme == 0x0807) {
		ed25519_sha512_sign(ed25519_public, ed25519, 130, digest, signature);
	} else {
		mpz_init(s);
		from_getrandom(NULL, sizeof(salt), salt);
		ok = rsa_pss_sha256_sign_digest_tr(&rsa_public, &rsa, NULL, from_getrandom,
						   sizeof(salt), salt, digest, s);
		mpz_clear(s);
	}
	return ok;
}

static uint64_t shake(void)
{
	static const uint8_t base[CURVE25519_SIZE] = { 9 };
	static uint8_t messages[4096];
	uint8_t private_key[CURVE25519_SIZE], public_key[CURVE25519_SIZE];
	uint8_t shared[CURVE25519_SIZE], digest[SHA256_DIGEST_SIZE], random[32];
	bool is13 = kind->version == 0x0304, ok;
	uint64_t start = processor_ns();
	struct hmac_sha256_ctx hmac;
	struct sha256_ctx hash;

	from_getrandom(NULL, sizeof(random), random);
	from_getrandom(NULL, sizeof(private_key), private_key);
	curve25519_mul_g(public_key, private_key);
	curve25519_mul(shared, private_key, base);
	sha256_init(&hash);
	sha256_update(&hash, is13 ? MESSAGES_13 : MESSAGES_12, messages);
	sha256_digest(&hash, sizeof(digest), digest);
	ok = sign(messages);
	for (int i = 0; i < (is13 ? HMACS_13 : HMACS_12); i++) {
		hmac_sha256_set_key(&hmac, sizeof(digest), digest);
		hmac_sha256_update(&hmac, sizeof(digest), shared);
		hmac_sha256_digest(&hmac, sizeof(digest), digest);
	}
	return ok ? processor_ns() - start : 0;
}

const struct contender contender_sum = { "nettle's sum", set_up, shake };
