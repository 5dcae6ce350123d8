// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) 2026 The tlsup authors
 *
 * What a policy means: one line for each item, best first, with the policies that
 * offer it.
 */
#include "config/list.h"

#include <stdio.h>

#include "config/policy.h"
#include "crypto/cr_kex.h"
#include "tls/hs.h"
#include "tls/suite.h"

static bool contains(const uint16_t *list, size_t len, uint16_t id)
{
	while (len)
		if (list[--len] == id)
			return true;
	return false;
}

/** list_policies - the policies, strictest first */
void list_policies(void)
{
	for (size_t i = 0; policy_at(i); i++)
		printf("%-8s %s\n", policy_at(i)->name, policy_at(i)->about);
}

static void print_policies_of_suite(uint16_t id)
{
	uint16_t suites[POLICY_SUITES_MAX];

	for (size_t i = 0; policy_at(i); i++)
		if (contains(suites, policy_suites(policy_at(i), suites), id))
			printf(" %s", policy_at(i)->name);
	putchar('\n');
}

/** list_ciphers - the cipher suites: number, name, version, policies */
void list_ciphers(void)
{
	for (size_t i = 0; suite_at(i); i++) {
		const struct suite *suite = suite_at(i);

		printf("0x%04x  %-46s TLS 1.%d ", suite->id, suite->name,
		       (suite->version & 0xff) - 1);
		print_policies_of_suite(suite->id);
	}
}

/** list_groups - the named groups: number, name, policies that offer it unasked */
void list_groups(void)
{
	uint16_t groups[POLICY_GROUPS_MAX];

	for (size_t i = 0; cr_kex_at(i); i++) {
		printf("0x%04x  %-10s", cr_kex_at(i)->id, cr_kex_at(i)->name);
		for (size_t j = 0; policy_at(j); j++)
			if (contains(groups, policy_groups(policy_at(j), groups),
				     cr_kex_at(i)->id))
				printf(" %s", policy_at(j)->name);
		putchar('\n');
	}
}

/** list_schemes - the signature schemes, which every policy takes */
void list_schemes(void)
{
	for (size_t i = 0; hs_scheme_at(i); i++)
		printf("0x%04x  %s\n", hs_scheme_at(i), hs_scheme_name(hs_scheme_at(i)));
}
