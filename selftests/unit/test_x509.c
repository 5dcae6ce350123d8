// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) 2026 The tlsup authors
 *
 * Certificates: which is accepted, and what is said of one that is not; which of
 * several is shown. Those that lib/certs.sh makes, at a time of the test's choice.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <gnutls/gnutls.h>

#include "kselftest_harness.h"
#include "x509/x509_key.h"

#define TLS12	0x0303
#define TLS13	0x0304
#define DAY	86400

time_t __real_time(time_t *t);
time_t __wrap_time(time_t *t);
static time_t shift;

/* Ours and, told so, GnuTLS's. */
time_t __wrap_time(time_t *t)
{
	time_t now = __real_time(NULL) + shift;

	if (t)
		*t = now;
	return now;
}

static __attribute__((constructor)) void make_certs(void)
{
	if (system(MAKE_CERTS " " CERTS))
		abort();
	gnutls_global_set_time_function(__wrap_time);
}

/* Keys that this process holds itself, each loaded once. */
static struct {
	char name[256];
	struct x509_key *key;
} keys[32];

static struct x509_credential *pair_up(const char *cert, const char *key, const char *ocsp,
				       char *error)
{
	struct x509_key_ref ref = { .name = key };

	while (keys[ref.handle].key && strcmp(keys[ref.handle].name, key))
		ref.handle++;
	if (!keys[ref.handle].key) {
		snprintf(keys[ref.handle].name, sizeof(keys[0].name), "%s", key);
		keys[ref.handle].key = x509_key_load(key, NULL, error);
	}
	if (!keys[ref.handle].key || !x509_key_id(keys[ref.handle].key, ref.id))
		return NULL;
	return x509_credential_load(cert, &ref, ocsp, error);
}

static size_t sign(const struct hs_credential *hs, uint16_t scheme, struct hs_bytes content,
		   uint8_t *signature, size_t size)
{
	return x509_key_sign(keys[x509_credential_handle(hs)].key, scheme, content,
			     signature, size);
}

static struct x509_credential *load(const char *name, bool ocsp)
{
	char error[X509_ERROR_MAX] = "", cert[200], key[200], response[200];
	struct x509_credential *cred;

	snprintf(cert, sizeof(cert), CERTS "/%s.pem", name);
	snprintf(key, sizeof(key), CERTS "/%s.key", name);
	snprintf(response, sizeof(response), CERTS "/%s.ocsp", name);
	cred = pair_up(cert, key, ocsp ? response : NULL, error);
	if (!cred)
		fprintf(stderr, "%s\n", error);
	return cred;
}

/** struct trial - a handshake's end, as far as certificates go */
struct trial {
	const char *leaf;
	const char *name;	/* NULL: localhost */
	const char *crl;
	enum hs_role role;	/* of who verifies; 0: client */
	bool staple;
	bool rsa_exchange;	/* nothing is signed */
	const char *staple_of;	/* another's response */
	int days;		/* from now */
	uint16_t version;
	uint16_t scheme;	/* 0: the first */
	bool forge;
	bool empty;
};

static char said[X509_REASON_MAX], section[64];
static int alert;

/* The negative errno; what is said of it stands in said[]. */
static int judge(struct trial t)
{
	static const uint8_t content[] = "what is signed";
	uint8_t signature[HS_SIGNATURE_MAX];
	char error[X509_ERROR_MAX] = "";
	const char *crls[] = { t.crl };
	struct x509_trust *trust = x509_trust_load(CERTS "/ca.pem", crls, !!t.crl, error);
	struct x509_credential *cred = load(t.leaf, t.staple);
	struct x509_credential *other = t.staple_of ? load(t.staple_of, true) : NULL;
	const struct hs_credential *hs = x509_credential_hs(cred);
	struct hs_bytes none[HS_CHAIN_MAX] = { 0 };
	struct hs_question q = {
		.ask = HS_ASK_VERIFY,
		.version = t.version ?: TLS13,
		.content = { content, sizeof(content) },
		.chain = hs->chain,
		.chain_len = hs->chain_len,
		.ocsp = other ? x509_credential_hs(other)->ocsp : hs->ocsp ?: none,
		.scheme = t.rsa_exchange ? 0 : t.scheme ?: hs->schemes[0],
	};
	const struct x509_check check = {
		.trust = trust, .role = t.role ?: HS_CLIENT,
		.name = t.name ?: "localhost", .min_rsa_bits = 2048,
	};
	struct x509_failure failure = { .section = "" };
	int err;

	if (t.rsa_exchange)
		q.scheme = 0;
	else
		q.signature = (struct hs_bytes){ signature, sign(hs, hs->schemes[0],
			q.content, signature, sizeof(signature)) };
	signature[20] ^= t.forge;
	if (t.empty)
		q.signature.len = 0;
	shift = (time_t)t.days * DAY;
	err = x509_verify(&check, &q, &failure);
	shift = 0;
	snprintf(said, sizeof(said), "%s", err ? failure.reason : "");
	snprintf(section, sizeof(section), "%s", err ? failure.section : "");
	alert = err ? failure.hs.alert : -1;
	x509_credential_free(cred);
	x509_credential_free(other);
	x509_trust_free(trust);
	return err;
}

#define JUDGE(...)	judge((struct trial){ __VA_ARGS__ })

#define REFUSED(error, wanted_alert, words, ...) do { \
	EXPECT_EQ(-(error), JUDGE(__VA_ARGS__)); \
	EXPECT_EQ(wanted_alert, alert); \
	EXPECT_TRUE(!!strstr(said, words)) TH_LOG("\"%s\"", said); \
	EXPECT_TRUE(!strncmp(section, "RFC ", 4)); \
} while (0)

TEST(every_kind_of_key_signs_and_is_verified_in_both_versions)
{
	static const char *const leaves[] = {
		"p256", "p384", "p521", "rsa", "rsapss", "ed25519", "ed448", "chained",
	};

	for (size_t i = 0; i < sizeof(leaves) / sizeof(leaves[0]); i++) {
		EXPECT_EQ(0, JUDGE(leaves[i]))
			TH_LOG("%s: %s", leaves[i], said);
		EXPECT_EQ(0, JUDGE(leaves[i], .version = TLS12))
			TH_LOG("%s: %s", leaves[i], said);
	}
	EXPECT_EQ(0, JUDGE("rsa", .rsa_exchange = true));
}

TEST(every_scheme_of_a_key_is_verified)
{
	static const char *const leaves[] = { "rsa", "rsapss" };

	for (size_t i = 0; i < 2; i++) {
		struct x509_credential *cred = load(leaves[i], false);
		const struct hs_credential *hs = x509_credential_hs(cred);
		uint8_t signature[HS_SIGNATURE_MAX];

		EXPECT_EQ(i ? 3 : 6, hs->schemes_len);
		for (size_t j = 0; j < hs->schemes_len; j++)
			EXPECT_LT(0, sign(hs, hs->schemes[j], hs->chain[0], signature,
				       sizeof(signature)));
		x509_credential_free(cred);
	}
}

TEST(names_and_addresses)
{
	EXPECT_EQ(0, JUDGE("p256", .name = "127.0.0.1"));
	EXPECT_EQ(0, JUDGE("p256", .name = "::1"));
	EXPECT_EQ(0, JUDGE("wildcard", .name = "b.example.net"));
	REFUSED(EKEYREJECTED, HS_ALERT_BAD_CERTIFICATE, "not for name localhost", "othername");
	REFUSED(EKEYREJECTED, HS_ALERT_BAD_CERTIFICATE, "not for address 127.0.0.2", "p256",
		.name = "127.0.0.2");
	REFUSED(EKEYREJECTED, HS_ALERT_BAD_CERTIFICATE, "not for name a.b.example.net",
		"wildcard", .name = "a.b.example.net");
	REFUSED(EKEYREJECTED, HS_ALERT_BAD_CERTIFICATE, "no server name", "p256", .name = "");
}

TEST(dates_are_told)
{
	char words[64], day[16];
	time_t when = __real_time(NULL) - DAY;

	strftime(day, sizeof(day), "%Y-%m-%d", gmtime(&when));
	snprintf(words, sizeof(words), "certificate expired %s", day);
	REFUSED(EKEYEXPIRED, HS_ALERT_CERTIFICATE_EXPIRED, words, "expired");
	when += 2 * DAY;
	strftime(day, sizeof(day), "%Y-%m-%d", gmtime(&when));
	snprintf(words, sizeof(words), "certificate is not valid before %s", day);
	REFUSED(EKEYREJECTED, HS_ALERT_BAD_CERTIFICATE, words, "notyet");
}

TEST(what_a_chain_must_be)
{
	REFUSED(EKEYREJECTED, HS_ALERT_UNKNOWN_CA, "issuer is not trusted", "untrusted");
	REFUSED(EKEYREJECTED, HS_ALERT_BAD_CERTIFICATE, "RSA key of 1024 bits is too short",
		"short");
	REFUSED(EKEYREJECTED, HS_ALERT_UNSUPPORTED_CERTIFICATE, "not for this purpose",
		"clientonly");
	EXPECT_EQ(0, JUDGE("signonly"));
	REFUSED(EKEYREJECTED, HS_ALERT_UNSUPPORTED_CERTIFICATE, "may not be used to encrypt",
		"signonly", .rsa_exchange = true);
}

TEST(a_server_judges_a_client)
{
	EXPECT_EQ(0, JUDGE("client", .role = HS_SERVER)) TH_LOG("%s", said);
	EXPECT_EQ(0, JUDGE("clientonly", .role = HS_SERVER));
	REFUSED(EKEYREJECTED, HS_ALERT_UNKNOWN_CA, "issuer is not trusted", "other-client",
		.role = HS_SERVER);
	REFUSED(EKEYEXPIRED, HS_ALERT_CERTIFICATE_EXPIRED, "expired", "expired",
		.role = HS_SERVER);
}

TEST(signatures)
{
	REFUSED(EPROTO, HS_ALERT_DECRYPT_ERROR, "certificate_verify: the signature is wrong",
		"p256", .forge = true);
	REFUSED(EPROTO, HS_ALERT_DECRYPT_ERROR, "server_key_exchange: the signature is wrong",
		"p256", .forge = true, .version = TLS12);
	REFUSED(EPROTO, HS_ALERT_DECRYPT_ERROR, "certificate_verify: the signature is wrong",
		"p256", .empty = true);
	REFUSED(EPROTO, HS_ALERT_ILLEGAL_PARAMETER, "a scheme that is not the key's", "p256",
		.scheme = 0x0804);
	REFUSED(EPROTO, HS_ALERT_ILLEGAL_PARAMETER, "a scheme that is not the key's", "p256",
		.scheme = 0x0503);
	/* RFC 5246, 7.4.1.4.1: a scheme names no curve, only this hash does not fit. */
	REFUSED(EPROTO, HS_ALERT_DECRYPT_ERROR, "the signature is wrong", "p256",
		.scheme = 0x0503, .version = TLS12);
}

TEST(stapled_responses)
{
	EXPECT_EQ(0, JUDGE("p256", .staple = true)) TH_LOG("%s", said);
	EXPECT_EQ(0, JUDGE("muststaple", .staple = true)) TH_LOG("%s", said);
	REFUSED(EKEYREJECTED, HS_ALERT_BAD_CERTIFICATE_STATUS_RESPONSE,
		"the certificate demands one", "muststaple");
	REFUSED(EKEYREVOKED, HS_ALERT_CERTIFICATE_REVOKED, "certificate was revoked 20",
		"revoked", .staple = true);
	REFUSED(EKEYREJECTED, HS_ALERT_BAD_CERTIFICATE_STATUS_RESPONSE, "about another", "p256",
		.staple_of = "rsa");
	REFUSED(EKEYREJECTED, HS_ALERT_BAD_CERTIFICATE_STATUS_RESPONSE, "out of date", "p256",
		.staple = true, .days = 8);
	/* Its issuer has not signed it. */
	REFUSED(EKEYREJECTED, HS_ALERT_UNKNOWN_CA, "not trusted", "untrusted",
		.staple_of = "rsa");
}

TEST(revocation_lists)
{
	EXPECT_EQ(0, JUDGE("p256", .crl = CERTS "/ca.crl.pem")) TH_LOG("%s", said);
	EXPECT_EQ(0, JUDGE("revoked"));
	REFUSED(EKEYREVOKED, HS_ALERT_CERTIFICATE_REVOKED, "certificate was revoked 20",
		"revoked", .crl = CERTS "/ca.crl.pem");
	REFUSED(EKEYREJECTED, HS_ALERT_CERTIFICATE_UNKNOWN, "in force", "p256",
		.crl = CERTS "/old.crl.pem");
	REFUSED(EKEYREJECTED, HS_ALERT_CERTIFICATE_UNKNOWN, "in force", "chained",
		.crl = CERTS "/ca.crl.pem");
	REFUSED(EKEYREVOKED, HS_ALERT_CERTIFICATE_REVOKED, "revoked", "revoked",
		.crl = CERTS "/ca.crl.pem", .role = HS_SERVER);
}

/* Whoever holds a stolen key may add a certificate under the name of its issuer. */
TEST(an_impostor_speaks_for_no_issuer)
{
	REFUSED(EKEYREJECTED, HS_ALERT_BAD_CERTIFICATE_STATUS_RESPONSE,
		"not signed by the certificate's issuer", "misled", .staple = true);
	REFUSED(EKEYREVOKED, HS_ALERT_CERTIFICATE_REVOKED, "certificate was revoked 20",
		"misled", .crl = CERTS "/ca.crl.pem");
}

static const uint16_t all[] = { 0x0403, 0x0804, 0x0807, 0x0503, 0x0401 };

/* The index of what is chosen, -1: none. */
static int choose(struct x509_credential **list, size_t count, enum hs_role role,
		  struct hs_question q)
{
	const struct hs_credential *chosen;

	if (!q.schemes) {
		q.schemes = all;
		q.schemes_len = 5;
	}
	q.server_name = q.server_name ?: "";
	chosen = x509_choose(list, count, role, &q);
	for (size_t i = 0; i < count; i++)
		if (chosen == x509_credential_hs(list[i]))
			return (int)i;
	return -1;
}

#define CHOOSE(...)	choose(list, 5, HS_SERVER, (struct hs_question){ __VA_ARGS__ })

TEST(a_server_chooses_by_name_and_by_what_the_client_can_verify)
{
	struct x509_credential *list[] = {
		load("p256", false), load("rsa", false), load("wildcard", false),
		load("exact", false), load("exact-rsa", false),
	};
	static const uint16_t rsa[] = { 0x0804 }, none[] = { 0x0808 };

	EXPECT_EQ(0, CHOOSE(0));
	EXPECT_EQ(0, CHOOSE(.server_name = "localhost"));
	EXPECT_EQ(0, CHOOSE(.server_name = "who.knows"));
	EXPECT_EQ(1, CHOOSE(.server_name = "localhost", .schemes = rsa, .schemes_len = 1));
	EXPECT_EQ(2, CHOOSE(.server_name = "b.example.net"));
	EXPECT_EQ(3, CHOOSE(.server_name = "a.example.net"));
	EXPECT_EQ(3, CHOOSE(.server_name = "A.Example.NET"));
	EXPECT_EQ(4, CHOOSE(.server_name = "a.example.net", .schemes = rsa, .schemes_len = 1));
	EXPECT_EQ(4, CHOOSE(.server_name = "a.example.net", .auths = HS_AUTH_RSA));
	EXPECT_EQ(4, CHOOSE(.server_name = "a.example.net", .auths = HS_AUTH_RSA_DECRYPT));
	EXPECT_EQ(3, CHOOSE(.server_name = "a.example.net",
			    .auths = HS_AUTH_RSA_DECRYPT | HS_AUTH_ECDSA));
	/* The engine finds no scheme in it, and says so. */
	EXPECT_EQ(0, CHOOSE(.schemes = none, .schemes_len = 1));
	EXPECT_EQ(-1, choose(list, 0, HS_SERVER, (struct hs_question){ 0 }));
	for (size_t i = 0; i < 5; i++)
		x509_credential_free(list[i]);
}

TEST(a_client_chooses_by_authority_and_by_what_the_server_can_verify)
{
	struct x509_credential *list[] = {
		load("other-client", false), load("client", false), load("client-rsa", false),
	};
	char error[X509_ERROR_MAX];
	struct x509_trust *ca = x509_trust_load(CERTS "/ca.pem", NULL, 0, error);
	struct hs_bytes names = x509_trust_authorities(ca);
	static const uint16_t rsa[] = { 0x0804 };

	EXPECT_LT(20, names.len);
	EXPECT_EQ(0, choose(list, 3, HS_CLIENT, (struct hs_question){ 0 }));
	EXPECT_EQ(1, choose(list, 3, HS_CLIENT, (struct hs_question){ .authorities = names }));
	EXPECT_EQ(2, choose(list, 3, HS_CLIENT, (struct hs_question){
		.authorities = names, .schemes = rsa, .schemes_len = 1 }));
	EXPECT_EQ(-1, choose(list, 1, HS_CLIENT, (struct hs_question){ .authorities = names }));
	for (size_t i = 0; i < 3; i++)
		x509_credential_free(list[i]);
	x509_trust_free(ca);
}

TEST(files_that_are_wrong_are_named)
{
	char error[X509_ERROR_MAX];

	EXPECT_EQ(NULL, pair_up(CERTS "/p256.pem", CERTS "/p256.key",
				CERTS "/rsa.ocsp", error));
	EXPECT_TRUE(!!strstr(error, "rsa.ocsp: not an OCSP response for this certificate"));
	EXPECT_EQ(NULL, pair_up(CERTS "/p256.pem", CERTS "/rsa.key", NULL, error));
	EXPECT_TRUE(!!strstr(error, "do not belong together"));
	EXPECT_EQ(NULL, x509_trust_load(CERTS "/p256.key", NULL, 0, error));
	EXPECT_TRUE(!!strstr(error, "p256.key: no authorities"));
	EXPECT_EQ(NULL, x509_trust_load(CERTS "/ca.pem",
					(const char *const []){ CERTS "/ca.pem" }, 1, error));
	EXPECT_TRUE(!!strstr(error, "ca.pem: not a list of revoked certificates"));
}

TEST_HARNESS_MAIN
