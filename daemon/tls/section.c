// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) 2026 The tlsup authors
 *
 * Where the rule is written that a peer has broken: found by what the sentence
 * that tells of it begins with, or holds.
 */
#include <string.h>

#include "tls/hs_int.h"

/** struct rule - a part of sentences, and the sections for each version */
struct rule {
	const char *part;
	const char *tls12;
	const char *tls13;
};

/* What a sentence holds goes before what it begins with: first come, first served. */
static const struct rule within[] = {
	{ "extended_master_secret", "RFC 7627, 5", "RFC 7627, 5" },
	{ "renegotiation_info", "RFC 5746, 3", "RFC 5746, 3" },
	{ "encrypt_then_mac", "RFC 7366, 3", "RFC 7366, 3" },
	{ "uncompressed points", "RFC 8422, 5.1.2", "RFC 8422, 5.1.2" },
	{ "a fallback that", "RFC 7507, 3", "RFC 7507, 3" },
	{ "older version", "RFC 9846, 4.1.3", "RFC 9846, 4.1.3" },
	{ "no version in common", "RFC 5246, E.1", "RFC 9846, 4.2.1" },
	{ "group in common for DHE", "RFC 7919, 4", "RFC 7919, 4" },
	{ "that nobody knows", "RFC 7919, 3", "RFC 7919, 3" },
	{ "application_layer_protocol", "RFC 7301, 3.2", "RFC 7301, 3.2" },
	{ "application protocol", "RFC 7301, 3.2", "RFC 7301, 3.2" },
	{ "signature scheme in common", "RFC 5246, 7.4.1.4.1", "RFC 9846, 4.2.3" },
	{ "key share", "RFC 8422, 5.4", "RFC 9846, 4.2.8" },
	{ "key_share", "RFC 8422, 5.4", "RFC 9846, 4.2.8" },
	{ "not a good point", "RFC 8422, 5.11", "RFC 9846, 4.2.8.2" },
	{ "psk", "RFC 9846, 4.2.9", "RFC 9846, 4.2.9" },
	{ "pre_shared_key", "RFC 9846, 4.2.11", "RFC 9846, 4.2.11" },
	{ "supported_groups", "RFC 8422, 5.1.1", "RFC 9846, 4.2.7" },
	{ "cookie", "RFC 9846, 4.2.2", "RFC 9846, 4.2.2" },
	{ "record_size_limit", "RFC 8449, 4", "RFC 8449, 4" },
	{ "longer than its form", "RFC 5246, 7.4", "RFC 9846, 4" },
	{ "change of keys", "RFC 5246, 7.1", "RFC 9846, 5.1" },
	{ "mandatory extension", "RFC 9846, 9.2", "RFC 9846, 9.2" },
	{ "extension", "RFC 5246, 7.4.1.4", "RFC 9846, 4.2" },
	{ "handshake bytes", "RFC 5246, 7.3", "RFC 9846, 5.1" },
	{ "out of order", "RFC 5246, 7.3", "RFC 9846, 4" },
	{ "no place in the handshake", "RFC 5246, 7.3", "RFC 9846, 5" },
	{ "message that is too long", "RFC 5246, 7.4", "RFC 9846, 4" },
}, begins[] = {
	{ "client_hello", "RFC 5246, 7.4.1.2", "RFC 9846, 4.1.2" },
	{ "server_hello_done", "RFC 5246, 7.4.5", "RFC 5246, 7.4.5" },
	{ "server_hello", "RFC 5246, 7.4.1.3", "RFC 9846, 4.1.3" },
	{ "hello_retry_request", "RFC 9846, 4.1.4", "RFC 9846, 4.1.4" },
	{ "encrypted_extensions", "RFC 9846, 4.3.1", "RFC 9846, 4.3.1" },
	{ "certificate_request", "RFC 5246, 7.4.4", "RFC 9846, 4.3.2" },
	{ "certificate_status", "RFC 6066, 8", "RFC 6066, 8" },
	{ "certificate_verify", "RFC 5246, 7.4.8", "RFC 9846, 4.4.3" },
	{ "compressed_certificate", "RFC 8879, 4", "RFC 8879, 4" },
	{ "certificate", "RFC 5246, 7.4.2", "RFC 9846, 4.4.2" },
	{ "server_key_exchange", "RFC 5246, 7.4.3", "RFC 5246, 7.4.3" },
	{ "client_key_exchange", "RFC 5246, 7.4.7", "RFC 5246, 7.4.7" },
	{ "finished", "RFC 5246, 7.4.9", "RFC 9846, 4.4.4" },
};

#define COUNT(a)	(sizeof(a) / sizeof((a)[0]))

static const struct rule *find(const char *reason)
{
	for (size_t i = 0; i < COUNT(within); i++)
		if (strstr(reason, within[i].part))
			return &within[i];
	for (size_t i = 0; i < COUNT(begins); i++)
		if (!strncmp(reason, begins[i].part, strlen(begins[i].part)))
			return &begins[i];
	return NULL;
}

/**
 * hs_section - where the rule is written that was broken
 * @hs: an engine that has failed
 *
 * Return: such as "RFC 5246, 7.4.3"; "" if the failure is of no rule's making.
 */
const char *hs_section(const struct hs *hs)
{
	const struct rule *rule = hs->failure.reason ? find(hs->failure.reason) : NULL;

	if (!rule)
		return "";
	return hs->version == TLS12 ? rule->tls12 : rule->tls13;
}
