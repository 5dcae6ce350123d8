// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) 2026 The tlsup authors
 *
 * The policies in one table.
 */
#include "config/policy.h"

#include <string.h>

#include "crypto/cr_kex.h"
#include "tls/suite.h"

#define COUNT(a)	(sizeof(a) / sizeof((a)[0]))
#define TLS12		0x0303
#define TLS13		0x0304

static const struct policy policies[] = {
	{ "modern", "TLS 1.3 only", TLS13, true, false, false, false, false, 2048 },
	{ POLICY_DEFAULT, "TLS 1.3 and 1.2 as RFC 9325 wants them", TLS12, true,
	  false, false, false, false, 2048 },
	{ "compat",
	  "also DHE, short tags, MAC-then-encrypt, and RSA key exchange without forward secrecy",
	  TLS12, false, true, true, true, true, 2048 },
};

/**
 * policy_find - look up a policy
 * @name: its name
 *
 * Return: the policy or NULL.
 */
const struct policy *policy_find(const char *name)
{
	for (size_t i = 0; i < COUNT(policies); i++)
		if (!strcmp(policies[i].name, name))
			return &policies[i];
	return NULL;
}

/**
 * policy_at - list the policies, strictest first
 * @index: from 0
 *
 * Return: the policy, or NULL past the last one.
 */
const struct policy *policy_at(size_t index)
{
	return index < COUNT(policies) ? &policies[index] : NULL;
}

static bool has_short_tag(const struct suite *suite)
{
	return suite->cipher == CIPHER_AES_128_CCM_8 ||
	       suite->cipher == CIPHER_AES_256_CCM_8;
}

static bool allows(const struct policy *policy, const struct suite *suite)
{
	return suite->version >= policy->min_version &&
	       (policy->short_tags || !has_short_tag(suite)) &&
	       (policy->finite_field || suite->kx != KX_DHE) &&
	       (policy->static_rsa || suite->kx != KX_RSA);
}

/**
 * policy_suites - the cipher suites that a policy allows, best first
 * @policy: the policy
 * @suites: out: IANA numbers
 *
 * Return: how many.
 */
size_t policy_suites(const struct policy *policy, uint16_t suites[POLICY_SUITES_MAX])
{
	size_t n = 0;

	for (size_t i = 0; suite_at(i) && n < POLICY_SUITES_MAX; i++)
		if (allows(policy, suite_at(i)))
			suites[n++] = suite_at(i)->id;
	return n;
}

/**
 * policy_version - the version that a cipher suite belongs to
 * @suite: IANA number of one that is known
 *
 * Return: 0x0303 or 0x0304.
 */
uint16_t policy_version(uint16_t suite)
{
	return suite_find(suite)->version;
}

/**
 * policy_groups - the named groups that a policy offers, best first
 * @policy: the policy
 * @groups: out: IANA numbers
 *
 * Return: how many. A profile may list others: all that are known are strong.
 */
size_t policy_groups(const struct policy *policy, uint16_t groups[POLICY_GROUPS_MAX])
{
	size_t n = 0;

	for (size_t i = 0; cr_kex_at(i) && n < POLICY_GROUPS_MAX; i++)
		if (policy->finite_field || !cr_kex_at(i)->field)
			groups[n++] = cr_kex_at(i)->id;
	return n;
}
