// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) 2026 The tlsup authors
 *
 * The cipher suites of TLS 1.3 (RFC 9846, B.4) and of TLS 1.2 (RFC 5246, A.5;
 * 5288, 5289, 6655, 7251, 7905, 8422), and what a configuration enables of
 * them and of the named groups.
 */
#include "tls/suite.h"

#include "tls/hs_int.h"

#define COUNT(a)	(sizeof(a) / sizeof((a)[0]))

/* Bytes of write key, fixed nonce and MAC key beside each cipher. */
#define AES_128_GCM		CIPHER_AES_128_GCM, 16, 4, 0
#define AES_256_GCM		CIPHER_AES_256_GCM, 32, 4, 0
#define CHACHA20_POLY1305	CIPHER_CHACHA20_POLY1305, 32, 12, 0
#define AES_128_CCM		CIPHER_AES_128_CCM, 16, 4, 0
#define AES_256_CCM		CIPHER_AES_256_CCM, 32, 4, 0
#define AES_128_CCM_8		CIPHER_AES_128_CCM_8, 16, 4, 0
#define AES_256_CCM_8		CIPHER_AES_256_CCM_8, 32, 4, 0
#define AES_128_CBC_SHA		CIPHER_AES_128_CBC_SHA, 16, 0, 20
#define AES_256_CBC_SHA		CIPHER_AES_256_CBC_SHA, 32, 0, 20
#define AES_128_CBC_SHA256	CIPHER_AES_128_CBC_SHA256, 16, 0, 32
#define AES_256_CBC_SHA256	CIPHER_AES_256_CBC_SHA256, 32, 0, 32
#define AES_256_CBC_SHA384	CIPHER_AES_256_CBC_SHA384, 32, 0, 48

/* Best first: what a configuration without a list of its own uses. */
static const struct suite suites[] = {
	{ 0x1301, "TLS_AES_128_GCM_SHA256", TLS13, KX_ANY, AUTH_ANY,
	  AES_128_GCM, &cr_sha256 },
	{ 0x1302, "TLS_AES_256_GCM_SHA384", TLS13, KX_ANY, AUTH_ANY,
	  AES_256_GCM, &cr_sha384 },
	{ 0x1303, "TLS_CHACHA20_POLY1305_SHA256", TLS13, KX_ANY, AUTH_ANY,
	  CHACHA20_POLY1305, &cr_sha256 },
	{ 0x1304, "TLS_AES_128_CCM_SHA256", TLS13, KX_ANY, AUTH_ANY,
	  AES_128_CCM, &cr_sha256 },
	{ 0x1305, "TLS_AES_128_CCM_8_SHA256", TLS13, KX_ANY, AUTH_ANY,
	  AES_128_CCM_8, &cr_sha256 },
	{ 0xc02b, "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256", TLS12, KX_ECDHE, AUTH_ECDSA,
	  AES_128_GCM, &cr_sha256 },
	{ 0xc02f, "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256", TLS12, KX_ECDHE, AUTH_RSA,
	  AES_128_GCM, &cr_sha256 },
	{ 0xc02c, "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384", TLS12, KX_ECDHE, AUTH_ECDSA,
	  AES_256_GCM, &cr_sha384 },
	{ 0xc030, "TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384", TLS12, KX_ECDHE, AUTH_RSA,
	  AES_256_GCM, &cr_sha384 },
	{ 0xcca9, "TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256", TLS12, KX_ECDHE, AUTH_ECDSA,
	  CHACHA20_POLY1305, &cr_sha256 },
	{ 0xcca8, "TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256", TLS12, KX_ECDHE, AUTH_RSA,
	  CHACHA20_POLY1305, &cr_sha256 },
	{ 0xc0ac, "TLS_ECDHE_ECDSA_WITH_AES_128_CCM", TLS12, KX_ECDHE, AUTH_ECDSA,
	  AES_128_CCM, &cr_sha256 },
	{ 0xc0ad, "TLS_ECDHE_ECDSA_WITH_AES_256_CCM", TLS12, KX_ECDHE, AUTH_ECDSA,
	  AES_256_CCM, &cr_sha256 },
	{ 0xc0ae, "TLS_ECDHE_ECDSA_WITH_AES_128_CCM_8", TLS12, KX_ECDHE, AUTH_ECDSA,
	  AES_128_CCM_8, &cr_sha256 },
	{ 0xc0af, "TLS_ECDHE_ECDSA_WITH_AES_256_CCM_8", TLS12, KX_ECDHE, AUTH_ECDSA,
	  AES_256_CCM_8, &cr_sha256 },
	{ 0x009e, "TLS_DHE_RSA_WITH_AES_128_GCM_SHA256", TLS12, KX_DHE, AUTH_RSA,
	  AES_128_GCM, &cr_sha256 },
	{ 0x009f, "TLS_DHE_RSA_WITH_AES_256_GCM_SHA384", TLS12, KX_DHE, AUTH_RSA,
	  AES_256_GCM, &cr_sha384 },
	{ 0xccaa, "TLS_DHE_RSA_WITH_CHACHA20_POLY1305_SHA256", TLS12, KX_DHE, AUTH_RSA,
	  CHACHA20_POLY1305, &cr_sha256 },
	{ 0xc09e, "TLS_DHE_RSA_WITH_AES_128_CCM", TLS12, KX_DHE, AUTH_RSA,
	  AES_128_CCM, &cr_sha256 },
	{ 0xc09f, "TLS_DHE_RSA_WITH_AES_256_CCM", TLS12, KX_DHE, AUTH_RSA,
	  AES_256_CCM, &cr_sha256 },
	{ 0xc0a2, "TLS_DHE_RSA_WITH_AES_128_CCM_8", TLS12, KX_DHE, AUTH_RSA,
	  AES_128_CCM_8, &cr_sha256 },
	{ 0xc0a3, "TLS_DHE_RSA_WITH_AES_256_CCM_8", TLS12, KX_DHE, AUTH_RSA,
	  AES_256_CCM_8, &cr_sha256 },
	{ 0xc023, "TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA256", TLS12, KX_ECDHE, AUTH_ECDSA,
	  AES_128_CBC_SHA256, &cr_sha256 },
	{ 0xc027, "TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA256", TLS12, KX_ECDHE, AUTH_RSA,
	  AES_128_CBC_SHA256, &cr_sha256 },
	{ 0xc024, "TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA384", TLS12, KX_ECDHE, AUTH_ECDSA,
	  AES_256_CBC_SHA384, &cr_sha384 },
	{ 0xc028, "TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA384", TLS12, KX_ECDHE, AUTH_RSA,
	  AES_256_CBC_SHA384, &cr_sha384 },
	{ 0xc009, "TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA", TLS12, KX_ECDHE, AUTH_ECDSA,
	  AES_128_CBC_SHA, &cr_sha256 },
	{ 0xc013, "TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA", TLS12, KX_ECDHE, AUTH_RSA,
	  AES_128_CBC_SHA, &cr_sha256 },
	{ 0xc00a, "TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA", TLS12, KX_ECDHE, AUTH_ECDSA,
	  AES_256_CBC_SHA, &cr_sha256 },
	{ 0xc014, "TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA", TLS12, KX_ECDHE, AUTH_RSA,
	  AES_256_CBC_SHA, &cr_sha256 },
	{ 0x0067, "TLS_DHE_RSA_WITH_AES_128_CBC_SHA256", TLS12, KX_DHE, AUTH_RSA,
	  AES_128_CBC_SHA256, &cr_sha256 },
	{ 0x006b, "TLS_DHE_RSA_WITH_AES_256_CBC_SHA256", TLS12, KX_DHE, AUTH_RSA,
	  AES_256_CBC_SHA256, &cr_sha256 },
	{ 0x0033, "TLS_DHE_RSA_WITH_AES_128_CBC_SHA", TLS12, KX_DHE, AUTH_RSA,
	  AES_128_CBC_SHA, &cr_sha256 },
	{ 0x0039, "TLS_DHE_RSA_WITH_AES_256_CBC_SHA", TLS12, KX_DHE, AUTH_RSA,
	  AES_256_CBC_SHA, &cr_sha256 },
	{ 0x009c, "TLS_RSA_WITH_AES_128_GCM_SHA256", TLS12, KX_RSA, AUTH_RSA,
	  AES_128_GCM, &cr_sha256 },
	{ 0x009d, "TLS_RSA_WITH_AES_256_GCM_SHA384", TLS12, KX_RSA, AUTH_RSA,
	  AES_256_GCM, &cr_sha384 },
	{ 0xc09c, "TLS_RSA_WITH_AES_128_CCM", TLS12, KX_RSA, AUTH_RSA,
	  AES_128_CCM, &cr_sha256 },
	{ 0xc09d, "TLS_RSA_WITH_AES_256_CCM", TLS12, KX_RSA, AUTH_RSA,
	  AES_256_CCM, &cr_sha256 },
	{ 0xc0a0, "TLS_RSA_WITH_AES_128_CCM_8", TLS12, KX_RSA, AUTH_RSA,
	  AES_128_CCM_8, &cr_sha256 },
	{ 0xc0a1, "TLS_RSA_WITH_AES_256_CCM_8", TLS12, KX_RSA, AUTH_RSA,
	  AES_256_CCM_8, &cr_sha256 },
	{ 0x003c, "TLS_RSA_WITH_AES_128_CBC_SHA256", TLS12, KX_RSA, AUTH_RSA,
	  AES_128_CBC_SHA256, &cr_sha256 },
	{ 0x003d, "TLS_RSA_WITH_AES_256_CBC_SHA256", TLS12, KX_RSA, AUTH_RSA,
	  AES_256_CBC_SHA256, &cr_sha256 },
	{ 0x002f, "TLS_RSA_WITH_AES_128_CBC_SHA", TLS12, KX_RSA, AUTH_RSA,
	  AES_128_CBC_SHA, &cr_sha256 },
	{ 0x0035, "TLS_RSA_WITH_AES_256_CBC_SHA", TLS12, KX_RSA, AUTH_RSA,
	  AES_256_CBC_SHA, &cr_sha256 },
};

/**
 * suite_find - look up a cipher suite
 * @id: IANA number
 *
 * Return: its row or NULL.
 */
const struct suite *suite_find(uint16_t id)
{
	for (size_t i = 0; i < COUNT(suites); i++)
		if (suites[i].id == id)
			return &suites[i];
	return NULL;
}

/**
 * suite_at - list the cipher suites, best first
 * @index: from 0
 *
 * Return: its row, or NULL past the last one.
 */
const struct suite *suite_at(size_t index)
{
	return index < COUNT(suites) ? &suites[index] : NULL;
}

/**
 * hs_suite_at - list the cipher suites, best first
 * @index: from 0
 *
 * Return: IANA number, or 0 past the last one.
 */
uint16_t hs_suite_at(size_t index)
{
	return index < COUNT(suites) ? suites[index].id : 0;
}

/**
 * version_enabled - may this version be negotiated?
 * @config: the configuration
 * @version: TLS12 or TLS13
 *
 * Return: whether it lies within the configuration's bounds.
 */
bool version_enabled(const struct hs_config *config, uint16_t version)
{
	uint16_t min = config->min_version ? config->min_version : TLS13;
	uint16_t max = config->max_version ? config->max_version : TLS13;

	return version >= min && version <= max;
}

/**
 * suite_next - walk through the suites that may be negotiated, best first
 * @config: the configuration
 * @at: the walk's place, 0 at first
 *
 * Return: a row whose version is enabled too, or NULL at the end.
 */
const struct suite *suite_next(const struct hs_config *config, size_t *at)
{
	size_t count = config->suites_len ? config->suites_len : COUNT(suites);

	while (*at < count) {
		const struct suite *suite = config->suites_len ?
			suite_find(config->suites[*at]) : &suites[*at];

		++*at;
		if (suite && version_enabled(config, suite->version) &&
		    !(config->aead_only && suite->mac_size))
			return suite;
	}
	return NULL;
}

/**
 * group_choice - the configuration's named groups, best first
 * @config: the configuration
 * @index: from 0
 *
 * Return: an IANA number, or 0 past the last one.
 */
uint16_t group_choice(const struct hs_config *config, size_t index)
{
	if (config->groups_len)
		return index < config->groups_len ? config->groups[index] : 0;
	return cr_kex_at(index) ? cr_kex_at(index)->id : 0;
}

/**
 * suite_enabled - may this suite be negotiated?
 * @config: the configuration
 * @id: IANA number
 *
 * Return: its row if it is configured and known, else NULL.
 */
const struct suite *suite_enabled(const struct hs_config *config, uint16_t id)
{
	const struct suite *suite;
	size_t at = 0;

	while ((suite = suite_next(config, &at)))
		if (suite->id == id)
			break;
	return suite;
}

/**
 * group_enabled - may this named group be negotiated?
 * @config: the configuration
 * @id: IANA number
 *
 * Return: whether it is configured and known.
 */
bool group_enabled(const struct hs_config *config, uint16_t id)
{
	for (size_t i = 0; group_choice(config, i); i++)
		if (group_choice(config, i) == id)
			return cr_kex_find(id);
	return false;
}

/**
 * hs_suite_name - a cipher suite's name, for logs
 * @suite: IANA number
 *
 * Return: the standard's name or "unknown".
 */
const char *hs_suite_name(uint16_t suite)
{
	const struct suite *row = suite_find(suite);

	return row ? row->name : "unknown";
}
