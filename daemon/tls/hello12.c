// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) 2026 The tlsup authors
 *
 * What a server chooses from a ClientHello in TLS 1.2, in two steps: from the
 * hello the suites that both sides have, and once the certificate is known the
 * first of them that suits its key.
 */
#include <string.h>

#include "crypto/cr_rand.h"
#include "tls/ext.h"

#define EMPTY_RENEGOTIATION_INFO_SCSV	0x00ff
#define SECP256R1	0x0017
#define FFDHE_FIRST	0x0100
#define FFDHE_LAST	0x01ff
#define SUITES_MAX	64

static bool is_ffdhe(uint16_t group)
{
	return group >= FFDHE_FIRST && group <= FFDHE_LAST;
}

/* Without supported_groups: the curve that all have (RFC 8422, 4). */
static const struct cr_kex *choose_curve(const struct hs *hs,
					 const struct client_hello *hello)
{
	for (size_t i = 0; group_choice(hs->config, i); i++) {
		uint16_t id = group_choice(hs->config, i);

		if (is_ffdhe(id))
			continue;
		if (ext_has(&hello->exts, EXT_SUPPORTED_GROUPS) ?
		    hello_has(hello->exts.groups, id) : id == SECP256R1)
			return cr_kex_find(id);
	}
	return NULL;
}

static bool names_ffdhe(struct rd groups)
{
	while (rd_more(&groups))
		if (is_ffdhe(rd_u16(&groups)))
			return true;
	return false;
}

/* A client that names no group of this kind takes any (RFC 7919, 4). */
static const struct cr_kex *choose_ffdhe(const struct hs *hs,
					 const struct client_hello *hello)
{
	bool any = !names_ffdhe(hello->exts.groups);

	for (size_t i = 0; group_choice(hs->config, i); i++) {
		uint16_t id = group_choice(hs->config, i);

		if (is_ffdhe(id) && (any || hello_has(hello->exts.groups, id)))
			return cr_kex_find(id);
	}
	return NULL;
}

static bool check_hello(struct hs *hs, const struct client_hello *hello)
{
	struct rd points = hello->exts.points;

	if (!memchr(hello->compression.data, 0, hello->compression.len))
		return hs_fail(hs, HS_ALERT_ILLEGAL_PARAMETER,
			       "client_hello: no null compression");
	if (points.len && !memchr(points.data, 0, points.len))
		return hs_fail(hs, HS_ALERT_ILLEGAL_PARAMETER,
			       "client_hello: no uncompressed points");
	/* RFC 5746, 3.6: this is the first handshake of the connection. */
	if (hello->exts.renegotiated)
		return hs_fail(hs, HS_ALERT_HANDSHAKE_FAILURE,
			       "client_hello: renegotiation_info that is not empty");
	if (hs->config->ems_required &&
	    !ext_has(&hello->exts, EXT_EXTENDED_MASTER_SECRET))
		return hs_fail(hs, HS_ALERT_HANDSHAKE_FAILURE,
			       "client_hello: no extended_master_secret");
	return true;
}

/* A suite that signs needs signature_algorithms: its default, SHA-1, is no more. */
static bool is_possible(const struct hs *hs, const struct client_hello *hello,
			const struct choice *choice, const struct suite *suite)
{
	bool schemes = ext_has(&hello->exts, EXT_SIGNATURE_ALGORITHMS);

	if (suite->mac_size && hs->config->etm_required &&
	    !ext_has(&hello->exts, EXT_ENCRYPT_THEN_MAC))
		return false;
	switch (suite->kx) {
	case KX_ANY:
		return false;
	case KX_RSA:
		return true;
	case KX_DHE:
		return schemes && choice->dhe;
	case KX_ECDHE:
		return schemes && choice->kex;
	}
	return false;
}

/* A suite fails for want of a group of DHE only: that is told (RFC 7919, 4). */
static bool lacks_ffdhe(const struct hs *hs, const struct client_hello *hello)
{
	const struct suite *suite;
	size_t at = 0;

	if (!names_ffdhe(hello->exts.groups))
		return false;
	while ((suite = suite_next(hs->config, &at)))
		if (suite->kx == KX_DHE && hello_has(hello->suites, suite->id))
			return true;
	return false;
}

/**
 * hello12_choose - which suites are possible, if this is answered at all
 * @hs: a server; not changed
 * @hello: offers TLS 1.2
 * @choice: filled
 *
 * Return: false after a failure.
 */
bool hello12_choose(struct hs *hs, const struct client_hello *hello,
		    struct choice *choice)
{
	const struct suite *suite;
	size_t at = 0;

	if (!check_hello(hs, hello))
		return false;
	choice->kex = choose_curve(hs, hello);
	choice->dhe = choose_ffdhe(hs, hello);
	for (size_t i = 0; i < SUITES_MAX && (suite = suite_next(hs->config, &at)); i++)
		if (hello_has(hello->suites, suite->id) &&
		    is_possible(hs, hello, choice, suite))
			choice->suites |= 1ULL << i;
	if (choice->suites)
		return true;
	if (!choice->dhe && lacks_ffdhe(hs, hello))
		return hs_fail(hs, HS_ALERT_INSUFFICIENT_SECURITY,
			       "client_hello: no group in common for DHE");
	return hs_fail(hs, HS_ALERT_HANDSHAKE_FAILURE,
		       "client_hello: no cipher suite in common");
}

/* RFC 5077, 3.4: a ticket goes before the session ID. */
static void name_session(struct hs *hs, const struct client_hello *hello)
{
	struct hs_identity *identity = &hs->identities[0];
	struct rd ticket = hello->exts.ticket;
	bool tickets = hs->config->sessions && hs->config->session_ticket;

	if (tickets && ext_has(&hello->exts, EXT_SESSION_TICKET))
		hs->flags |= FL_TICKET;
	if (tickets && ticket.len) {
		hs->identities_by = HS_RESUMED_TICKET;
		identity->name = (struct hs_bytes){ ticket.data, ticket.len };
	} else {
		hs->identities_by = HS_RESUMED_ID;
		identity->name = (struct hs_bytes){ hs->session_id, hs->session_id_len };
	}
	hs->identities_len = identity->name.len != 0;
}

/**
 * hello12_commit - take over what TLS 1.2 alone has
 * @hs: a server
 * @hello: checked
 * @choice: made of it
 */
void hello12_commit(struct hs *hs, const struct client_hello *hello,
		    const struct choice *choice)
{
	hs->flags |= FL_TLS12;
	hs->dhe = choice->dhe;
	hs->suites = choice->suites;
	hs->ems = ext_has(&hello->exts, EXT_EXTENDED_MASTER_SECRET);
	hs->renegotiation_info = ext_has(&hello->exts, EXT_RENEGOTIATION_INFO) ||
		hello_has(hello->suites, EMPTY_RENEGOTIATION_INFO_SCSV);
	scheme_untie_curves(hs, hello->exts.groups);
	name_session(hs, hello);
}

static uint8_t suite_auth_bit(const struct suite *suite)
{
	if (suite->kx == KX_RSA)
		return HS_AUTH_RSA_DECRYPT;
	return suite->auth == AUTH_RSA ? HS_AUTH_RSA : HS_AUTH_ECDSA;
}

/**
 * hello12_auths - what kinds of key the possible suites can use
 * @hs: a server, with its choice
 *
 * Return: of &enum hs_auth.
 */
uint8_t hello12_auths(const struct hs *hs)
{
	const struct suite *suite;
	uint8_t auths = 0;
	size_t at = 0;

	for (size_t i = 0; i < SUITES_MAX && (suite = suite_next(hs->config, &at)); i++)
		if (hs->suites >> i & 1)
			auths |= suite_auth_bit(suite);
	return auths;
}

static bool suits(struct hs *hs, const struct suite *suite)
{
	if (suite->kx == KX_RSA)
		return hs->credential->decrypts;
	return scheme_choose(hs, suite_auth_bit(suite));
}

/* A new session has a new ID, unless a ticket will name it, or nothing. */
static void new_session_id(struct hs *hs)
{
	hs->session_id_len = 0;
	if (!hs->config->sessions || hs->flags & FL_TICKET)
		return;
	cr_random(hs->session_id, SESSION_ID_MAX);
	hs->session_id_len = SESSION_ID_MAX;
}

/**
 * hello12_settle - the suite, now that the certificate is known
 * @hs: a server, with a credential; suite, scheme and group are set
 *
 * Return: whether there is one.
 */
bool hello12_settle(struct hs *hs)
{
	const struct suite *suite;
	size_t at = 0;

	for (size_t i = 0; i < SUITES_MAX && (suite = suite_next(hs->config, &at)); i++) {
		if (!(hs->suites >> i & 1) || !suits(hs, suite))
			continue;
		hs->suite = suite;
		hs->etm = suite->mac_size && ext_from_peer(hs, EXT_ENCRYPT_THEN_MAC);
		if (suite->kx == KX_DHE)
			hs->kex = hs->dhe;
		if (suite->kx == KX_RSA)
			hs->kex = NULL;
		else
			hs->flags |= FL_KEY_EXCHANGE;
		new_session_id(hs);
		if (hs->ocsp_wanted && hs->credential->ocsp && hs->credential->ocsp[0].len)
			hs->flags |= FL_STATUS;
		return true;
	}
	return false;
}
