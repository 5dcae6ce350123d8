// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) 2026 The tlsup authors
 *
 * Signature schemes (RFC 9846, 4.2.3).
 */
#include "tls/hs_int.h"

/**
 * struct scheme - what we can verify, best first
 * @id: IANA number
 * @handshake: also in CertificateVerify, not only in certificates
 */
static const struct scheme {
	uint16_t id;
	bool handshake;
} schemes[] = {
	{ 0x0403, true },	/* ecdsa_secp256r1_sha256 */
	{ 0x0807, true },	/* ed25519 */
	{ 0x0804, true },	/* rsa_pss_rsae_sha256 */
	{ 0x0503, true },	/* ecdsa_secp384r1_sha384 */
	{ 0x0805, true },	/* rsa_pss_rsae_sha384 */
	{ 0x0806, true },	/* rsa_pss_rsae_sha512 */
	{ 0x0603, true },	/* ecdsa_secp521r1_sha512 */
	{ 0x0401, false },	/* rsa_pkcs1_sha256 */
	{ 0x0501, false },	/* rsa_pkcs1_sha384 */
	{ 0x0601, false },	/* rsa_pkcs1_sha512 */
};

#define SCHEMES		(sizeof(schemes) / sizeof(schemes[0]))

/**
 * scheme_verifiable - may a CertificateVerify use it?
 * @scheme: SignatureScheme
 *
 * Return: whether it was offered for that.
 */
bool scheme_verifiable(uint16_t scheme)
{
	for (size_t i = 0; i < SCHEMES; i++)
		if (schemes[i].id == scheme)
			return schemes[i].handshake;
	return false;
}

/**
 * scheme_write_list - write all that we can verify
 * @wr: the writer
 */
void scheme_write_list(struct wr *wr)
{
	for (size_t i = 0; i < SCHEMES; i++)
		wr_u16(wr, schemes[i].id);
}

/**
 * scheme_choose - the credential's best scheme that the peer can verify
 * @hs: with credential and the peer's schemes; its scheme is set
 *
 * Return: whether there is one.
 */
bool scheme_choose(struct hs *hs)
{
	const struct hs_credential *credential = hs->credential;

	for (size_t i = 0; i < credential->schemes_len; i++)
		for (size_t j = 0; j < hs->schemes_len; j++)
			if (credential->schemes[i] == hs->schemes[j]) {
				hs->scheme = hs->schemes[j];
				return true;
			}
	return false;
}
