// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) 2026 The tlsup authors
 *
 * The cipher suites of TLS 1.3 (RFC 9846, B.4), and what a configuration
 * enables of them and of the named groups.
 */
#include "tls/hs_int.h"

#define COUNT(a)	(sizeof(a) / sizeof((a)[0]))

/* Best first: what a configuration without a list of its own uses. */
static const struct suite suites[] = {
	{ 0x1301, "TLS_AES_128_GCM_SHA256", &cr_sha256 },
	{ 0x1302, "TLS_AES_256_GCM_SHA384", &cr_sha384 },
	{ 0x1303, "TLS_CHACHA20_POLY1305_SHA256", &cr_sha256 },
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
 * suite_choice - the configuration's suites, best first
 * @config: the configuration
 * @index: from 0
 *
 * Return: an IANA number, or 0 past the last one.
 */
uint16_t suite_choice(const struct hs_config *config, size_t index)
{
	if (config->suites_len)
		return index < config->suites_len ? config->suites[index] : 0;
	return hs_suite_at(index);
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
 * Return: whether it is configured and known.
 */
bool suite_enabled(const struct hs_config *config, uint16_t id)
{
	for (size_t i = 0; suite_choice(config, i); i++)
		if (suite_choice(config, i) == id)
			return suite_find(id);
	return false;
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
