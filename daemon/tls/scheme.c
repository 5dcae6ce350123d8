// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) 2026 The tlsup authors
 *
 * Signature schemes (RFC 9846, 4.2.3).
 */
#include <assert.h>

#include "tls/ext.h"

/* Versions in which a scheme signs handshake messages; certificates apart. */
#define IN12	(1 << 0)
#define IN13	(1 << 1)

/**
 * struct scheme - what we can verify, best first
 * @id: IANA number
 * @name: the standard's
 * @auth: kind of key
 * @versions: where CertificateVerify and ServerKeyExchange may use it
 * @curve: of the key, among the named groups; 0: none of them
 */
static const struct scheme {
	uint16_t id;
	const char *name;
	enum suite_auth auth;
	unsigned int versions;
	uint16_t curve;
} schemes[] = {
	{ 0x0403, "ecdsa_secp256r1_sha256", AUTH_ECDSA, IN12 | IN13, 0x0017 },
	{ 0x0807, "ed25519", AUTH_ECDSA, IN12 | IN13, 0 },
	{ 0x0804, "rsa_pss_rsae_sha256", AUTH_RSA, IN12 | IN13, 0 },
	{ 0x0503, "ecdsa_secp384r1_sha384", AUTH_ECDSA, IN12 | IN13, 0x0018 },
	{ 0x0805, "rsa_pss_rsae_sha384", AUTH_RSA, IN12 | IN13, 0 },
	{ 0x0806, "rsa_pss_rsae_sha512", AUTH_RSA, IN12 | IN13, 0 },
	{ 0x0603, "ecdsa_secp521r1_sha512", AUTH_ECDSA, IN12 | IN13, 0x0019 },
	{ 0x0808, "ed448", AUTH_ECDSA, IN12 | IN13, 0 },
	{ 0x0809, "rsa_pss_pss_sha256", AUTH_RSA, IN12 | IN13, 0 },
	{ 0x080a, "rsa_pss_pss_sha384", AUTH_RSA, IN12 | IN13, 0 },
	{ 0x080b, "rsa_pss_pss_sha512", AUTH_RSA, IN12 | IN13, 0 },
	{ 0x0401, "rsa_pkcs1_sha256", AUTH_RSA, IN12, 0 },
	{ 0x0501, "rsa_pkcs1_sha384", AUTH_RSA, IN12, 0 },
	{ 0x0601, "rsa_pkcs1_sha512", AUTH_RSA, IN12, 0 },
};

#define SCHEMES		(sizeof(schemes) / sizeof(schemes[0]))

static_assert(SCHEMES <= HS_LIST_MAX, "a peer's list fits");

static const struct scheme *find(uint16_t id)
{
	for (size_t i = 0; i < SCHEMES; i++)
		if (schemes[i].id == id)
			return &schemes[i];
	return NULL;
}

static bool is_allowed(const struct hs_config *config, uint16_t id)
{
	if (!config->schemes_len)
		return true;
	for (size_t i = 0; i < config->schemes_len; i++)
		if (config->schemes[i] == id)
			return true;
	return false;
}

static bool is_verifiable(const struct hs *hs, const struct scheme *row)
{
	return is_allowed(hs->config, row->id) &&
	       row->versions & (hs->version == TLS12 ? IN12 : IN13);
}

/**
 * scheme_verifiable - may it sign a handshake message?
 * @hs: with a version
 * @scheme: SignatureScheme
 *
 * Return: whether it was offered for that.
 */
bool scheme_verifiable(const struct hs *hs, uint16_t scheme)
{
	const struct scheme *row = find(scheme);

	return row && is_verifiable(hs, row);
}

/**
 * scheme_auth - what kind of key a scheme is of
 * @scheme: SignatureScheme
 *
 * Return: AUTH_ANY if it is not known.
 */
enum suite_auth scheme_auth(uint16_t scheme)
{
	const struct scheme *row = find(scheme);

	return row ? row->auth : AUTH_ANY;
}

/**
 * hs_scheme_name - a signature scheme's name, for logs
 * @scheme: SignatureScheme
 *
 * Return: the standard's name or "unknown".
 */
const char *hs_scheme_name(uint16_t scheme)
{
	const struct scheme *row = find(scheme);

	return row ? row->name : "unknown";
}

/**
 * hs_scheme_at - list the signature schemes, best first
 * @index: from 0
 *
 * Return: IANA number, or 0 past the last one.
 */
uint16_t hs_scheme_at(size_t index)
{
	return index < SCHEMES ? schemes[index].id : 0;
}

/**
 * scheme_write_list - write all that we can verify
 * @hs: the engine
 * @wr: the writer
 */
void scheme_write_list(const struct hs *hs, struct wr *wr)
{
	for (size_t i = 0; i < SCHEMES; i++)
		if (is_allowed(hs->config, schemes[i].id))
			wr_u16(wr, schemes[i].id);
}

/*
 * In one walk: looking each of them up is what takes time. Once each: so the lists
 * have room for all, whatever a peer repeats.
 */
static void commit(struct hs *hs, struct rd list, bool messages, bool chain)
{
	uint32_t seen = 0;

	while (rd_more(&list)) {
		const struct scheme *row = find(rd_u16(&list));

		if (!row || seen >> (row - schemes) & 1)
			continue;
		seen |= 1U << (row - schemes);
		if (messages && is_verifiable(hs, row))
			hs->schemes[hs->schemes_len++] = row->id;
		if (chain)
			hs->cert_schemes[hs->cert_schemes_len++] = row->id;
	}
}

/**
 * scheme_commit - keep what the peer can verify
 * @hs: with a version
 * @list: the peer's SignatureSchemes
 */
void scheme_commit(struct hs *hs, struct rd list)
{
	hs->schemes_len = 0;
	commit(hs, list, true, false);
}

/**
 * scheme_commit_both - keep what the peer can verify, and what in a chain
 * @hs: with a version
 * @list: the peer's SignatureSchemes
 * @cert_list: those of signature_algorithms_cert; where there are none, @list is
 *	for both (RFC 9846, 4.2.3)
 */
void scheme_commit_both(struct hs *hs, struct rd list, struct rd cert_list)
{
	hs->schemes_len = 0;
	hs->cert_schemes_len = 0;
	commit(hs, list, true, !cert_list.len);
	commit(hs, cert_list, false, true);
}

/**
 * scheme_untie_curves - what a client of TLS 1.2 means by its ECDSA schemes
 * @hs: a server of TLS 1.2, with the client's schemes
 * @groups: the client's supported_groups; empty: there are none, any curve will do
 *
 * They name a hash, whatever the curve (RFC 5246, 7.4.1.4.1); the curves are those
 * of supported_groups (RFC 8422, 5.3). From here on each stands for the key that it
 * goes with in TLS 1.3.
 */
void scheme_untie_curves(struct hs *hs, struct rd groups)
{
	size_t len = 0;

	for (size_t i = 0; i < hs->schemes_len; i++) {
		const struct scheme *row = find(hs->schemes[i]);

		if (!row)
			continue;
		if (!row->curve) {
			hs->schemes[len++] = row->id;
			continue;
		}
		hs->ecdsa_named |= 1U << (row - schemes);
		if (!hs->ecdsa_scheme)
			hs->ecdsa_scheme = row->id;
	}
	for (size_t i = 0; i < SCHEMES && hs->ecdsa_scheme; i++)
		if (schemes[i].curve && is_allowed(hs->config, schemes[i].id) &&
		    (!groups.len || hello_has(groups, schemes[i].curve)))
			hs->schemes[len++] = schemes[i].id;
	hs->schemes_len = len;
}

/* The key's own, or where the client names only others, the first of these. */
static uint16_t named_scheme(const struct hs *hs, uint16_t scheme)
{
	const struct scheme *row = find(scheme);

	if (!hs->ecdsa_scheme || !row || !row->curve ||
	    hs->ecdsa_named >> (row - schemes) & 1)
		return scheme;
	return hs->ecdsa_scheme;
}

/**
 * scheme_choose - the credential's best scheme that the peer can verify
 * @hs: with credential and the peer's schemes; its scheme is set
 * @auths: kinds of key that will do, of &enum hs_auth; 0: all
 *
 * Return: whether there is one.
 */
bool scheme_choose(struct hs *hs, uint8_t auths)
{
	const struct hs_credential *credential = hs->credential;

	for (size_t i = 0; i < credential->schemes_len; i++) {
		uint16_t scheme = credential->schemes[i];
		uint8_t auth = scheme_auth(scheme) == AUTH_RSA ? HS_AUTH_RSA :
								 HS_AUTH_ECDSA;

		for (size_t j = 0; j < hs->schemes_len; j++)
			if (scheme == hs->schemes[j] && (!auths || auths & auth)) {
				hs->scheme = named_scheme(hs, scheme);
				return true;
			}
	}
	return false;
}
