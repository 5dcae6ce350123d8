// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) 2026 The tlsup authors
 */
#include "config/names.h"

#include <string.h>

#include "crypto/cr_compress.h"
#include "crypto/cr_kex.h"
#include "tls/hs.h"

/**
 * names_suite - a cipher suite by the standard's name
 * @name: such as NAMES_SUITE_EXAMPLE
 *
 * Return: IANA number, or 0 if the engine does not know it.
 */
uint16_t names_suite(const char *name)
{
	for (size_t i = 0; hs_suite_at(i); i++)
		if (!strcmp(hs_suite_name(hs_suite_at(i)), name))
			return hs_suite_at(i);
	return 0;
}

/**
 * names_group - a named group by its name
 * @name: such as "X25519"
 *
 * Return: IANA number, or 0 if the engine does not know it.
 */
uint16_t names_group(const char *name)
{
	for (size_t i = 0; cr_kex_at(i); i++)
		if (!strcmp(cr_kex_at(i)->name, name))
			return cr_kex_at(i)->id;
	return 0;
}

/**
 * names_scheme - a signature scheme by the standard's name
 * @name: such as "ecdsa_secp256r1_sha256"
 *
 * Return: IANA number, or 0 if the engine does not know it.
 */
uint16_t names_scheme(const char *name)
{
	for (size_t i = 0; hs_scheme_at(i); i++)
		if (!strcmp(hs_scheme_name(hs_scheme_at(i)), name))
			return hs_scheme_at(i);
	return 0;
}

/**
 * names_scheme_at - list the signature schemes, best first
 * @index: from 0
 *
 * Return: IANA number, or 0 past the last one.
 */
uint16_t names_scheme_at(size_t index)
{
	return hs_scheme_at(index);
}

/**
 * names_of_scheme - a signature scheme's name
 * @scheme: IANA number
 *
 * Return: as names_scheme() takes it, or "unknown".
 */
const char *names_of_scheme(uint16_t scheme)
{
	return hs_scheme_name(scheme);
}

/**
 * names_compression - a certificate compression by its name
 * @name: such as "zlib"
 *
 * Return: IANA number, or 0 if it is not known.
 */
uint16_t names_compression(const char *name)
{
	for (size_t i = 0; cr_compression_at(i); i++)
		if (!strcmp(cr_compression_at(i)->name, name))
			return cr_compression_at(i)->id;
	return 0;
}

/**
 * names_compression_at - list the certificate compressions, best first
 * @index: from 0
 *
 * Return: IANA number, or 0 past the last one.
 */
uint16_t names_compression_at(size_t index)
{
	return cr_compression_at(index) ? cr_compression_at(index)->id : 0;
}

/**
 * names_of_compression - a certificate compression's name
 * @compression: IANA number
 *
 * Return: as names_compression() takes it, or "unknown".
 */
const char *names_of_compression(uint16_t compression)
{
	const struct cr_compression *row = cr_compression_find(compression);

	return row ? row->name : "unknown";
}

/**
 * names_of_suite - a cipher suite's name
 * @suite: IANA number
 *
 * Return: as names_suite() takes it, or "unknown".
 */
const char *names_of_suite(uint16_t suite)
{
	return hs_suite_name(suite);
}

/**
 * names_of_group - a named group's name
 * @group: IANA number
 *
 * Return: as names_group() takes it, or "unknown".
 */
const char *names_of_group(uint16_t group)
{
	const struct cr_kex *kex = cr_kex_find(group);

	return kex ? kex->name : "unknown";
}
