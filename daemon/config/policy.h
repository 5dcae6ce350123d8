/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Copyright (C) 2026 The tlsup authors
 *
 * Policies: named sets of what may be negotiated.
 */
#ifndef TLSUP_POLICY_H
#define TLSUP_POLICY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define POLICY_SUITES_MAX	64
#define POLICY_GROUPS_MAX	16
#define POLICY_DEFAULT		"default"

/**
 * struct policy - a named set
 * @name: as the configuration names it
 * @about: one line for people
 * @min_version: 0x0303 or 0x0304
 * @ems_required: TLS 1.2: extended_master_secret or nothing
 * @finite_field: DHE suites of TLS 1.2, and without being asked the groups of
 *	either version
 * @short_tags: suites with tags of 8 bytes
 * @static_rsa: TLS 1.2: RSA key exchange, which has no forward secrecy
 * @mac_then_encrypt: TLS 1.2: CBC suites without encrypt_then_mac (RFC 7366), too
 * @min_rsa_bits: shortest RSA key of a certificate
 */
struct policy {
	const char *name;
	const char *about;
	uint16_t min_version;
	bool ems_required;
	bool finite_field;
	bool short_tags;
	bool static_rsa;
	bool mac_then_encrypt;
	unsigned int min_rsa_bits;
};

const struct policy *policy_find(const char *name);
const struct policy *policy_at(size_t index);
size_t policy_suites(const struct policy *policy, uint16_t suites[POLICY_SUITES_MAX]);
uint16_t policy_version(uint16_t suite);
size_t policy_groups(const struct policy *policy, uint16_t groups[POLICY_GROUPS_MAX]);

#endif /* TLSUP_POLICY_H */
