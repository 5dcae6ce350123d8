// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) 2026 The tlsup authors
 *
 * Resumption, as far as both versions share it, and that of TLS 1.2 (RFC 5246,
 * 7.3; RFC 5077). What the first handshake has settled is checked again here; a
 * session that does not fit is forgotten, and the handshake becomes a full one.
 */
#include <string.h>

#include "tls/ext.h"

static bool same(struct hs_bytes a, const void *data, size_t len)
{
	return a.len == len && (!len || !memcmp(a.data, data, len));
}

/**
 * session_ask - a server asks whether it knows one of the client's sessions
 * @hs: a server, with all of a ClientHello taken over, which is still there
 *
 * Return: true.
 */
bool session_ask(struct hs *hs)
{
	const struct hs_question question = {
		.ask = HS_ASK_SESSION,
		.version = hs->version,
		.server_name = hs->server_name,
		.by = hs->identities_by,
		.identities = hs->identities,
		.identities_len = hs->identities_len,
	};

	return !hs->config->sessions || !hs->identities_len ? true :
	       hs_ask_owner(hs, &question);
}

/* What counts for every session, as it did for the handshake that made it. */
static bool fits(const struct hs *hs, const struct hs_session *session)
{
	if (session->by == HS_EXTERNAL_PSK)
		return hs->version == TLS13 &&
		       hs->config->client_auth != HS_CLIENT_AUTH_REQUIRE;
	return session->version == hs->version &&
	       same(session->server_name, hs->server_name, strlen(hs->server_name)) &&
	       same(session->alpn, hs->alpn, hs->alpn_len) &&
	       (hs->config->client_auth != HS_CLIENT_AUTH_REQUIRE ||
		session->client_authenticated);
}

static bool fits_12(struct hs *hs, const struct hs_session *session)
{
	const struct suite *suite = suite_enabled(hs->config, session->suite);

	/* RFC 7627, 5.3: then the session is not what the client thinks it is. */
	if (session->ems && !hs->ems)
		return hs_fail(hs, HS_ALERT_HANDSHAKE_FAILURE,
			       "client_hello: a session without its extended_master_secret");
	/* RFC 5246, 7.4.1.2: whoever asks for a session offers its suite. */
	if (suite && !hello_has(hs->hello_suites, session->suite))
		return hs_fail(hs, HS_ALERT_ILLEGAL_PARAMETER,
			       "client_hello: a session without its cipher suite");
	return session->ems == hs->ems && suite && session->secret.len == MASTER_SIZE &&
	       (!suite->mac_size || !hs->config->etm_required ||
		ext_from_peer(hs, EXT_ENCRYPT_THEN_MAC));
}

/**
 * session_chain - the peer's certificates are those of the session
 * @hs: resumes
 */
void session_chain(struct hs *hs)
{
	const struct hs_session *session = hs->session;

	hs->chain_len = session->chain_len <= HS_CHAIN_MAX ? session->chain_len : 0;
	for (size_t i = 0; i < hs->chain_len; i++)
		hs->chain[i] = session->chain[i];
	hs->client_authenticated = session->client_authenticated;
}

/**
 * session_resume_12 - take over what the session holds
 * @hs: either role; its session fits
 */
void session_resume_12(struct hs *hs)
{
	const struct hs_session *session = hs->session;

	hs->flags |= FL_RESUMED;
	hs->suite = suite_find(session->suite);
	hs->kex = NULL;
	hs->ems = session->ems;
	hs->ks12.suite = hs->suite;
	ks12_resume(&hs->ks12, session->secret.data);
	session_chain(hs);
}

static void take_12(struct hs *hs)
{
	if (!fits_12(hs, hs->session)) {
		hs->session = NULL;
		return;
	}
	session_resume_12(hs);
	hs->etm = hs->suite->mac_size && ext_from_peer(hs, EXT_ENCRYPT_THEN_MAC);
}

static void take_at_server(struct hs *hs, size_t index)
{
	if (index >= hs->identities_len || !fits(hs, hs->session))
		hs->session = NULL;
	else if (hs->version == TLS12)
		take_12(hs);
	else
		psk_take(hs, index);
}

/* Neither the version nor the suite may have been struck from the policy. */
static bool may_offer(const struct hs *hs, const struct hs_session *session)
{
	if (!version_enabled(hs->config, session->version) || !session->name.len)
		return false;
	if (session->version == TLS13)
		return suite_find(session->suite);
	return suite_enabled(hs->config, session->suite) &&
	       session->secret.len == MASTER_SIZE &&
	       (session->ems || !hs->config->ems_required) &&
	       (session->by != HS_RESUMED_ID || session->name.len <= SESSION_ID_MAX);
}

/**
 * session_take - a session was found, or none
 * @hs: the engine
 * @session: outlives the engine; or NULL
 * @index: server: of which identity
 */
void session_take(struct hs *hs, const struct hs_session *session, size_t index)
{
	hs->session = session;
	if (session && hs->role == HS_SERVER)
		take_at_server(hs, index);
	else if (session && !may_offer(hs, session))
		hs->session = NULL;
}

static void describe(struct hs *hs)
{
	struct hs_session *made = &hs->made;

	made->version = hs->version;
	made->suite = hs->suite->id;
	made->ems = hs->ems;
	made->client_authenticated = hs->client_authenticated;
	made->alpn = (struct hs_bytes){ hs->alpn, hs->alpn_len };
	made->server_name = (struct hs_bytes){
		(const uint8_t *)hs->server_name, strlen(hs->server_name) };
	made->chain = hs->chain;
	made->chain_len = hs->chain_len;
}

/**
 * session_make_12 - what this handshake makes that can be resumed
 * @hs: either role, TLS 1.2, with its master secret
 *
 * In @hs->made; without a name there is nothing.
 */
void session_make_12(struct hs *hs)
{
	struct hs_session *made = &hs->made;

	describe(hs);
	made->secret = (struct hs_bytes){ hs->ks12.master.data, hs->ks12.master.len };
	made->lifetime = hs->ticket_lifetime;
	made->by = hs->flags & FL_TICKET ? HS_RESUMED_TICKET : HS_RESUMED_ID;
	/* A server's ticket is on its way already. */
	if (made->by == HS_RESUMED_TICKET && hs->role == HS_CLIENT)
		made->name = (struct hs_bytes){ hs->ticket, hs->ticket_len };
	else if (made->by == HS_RESUMED_ID && !(hs->flags & FL_RESUMED))
		made->name = (struct hs_bytes){ hs->session_id, hs->session_id_len };
}

/**
 * session_make_13 - what one ticket of this handshake resumes
 * @hs: a server, with its resumption secret
 * @nonce: of the ticket
 */
void session_make_13(struct hs *hs, struct hs_bytes nonce)
{
	const struct cr_hash *hash = hs->suite->hash;

	describe(hs);
	hs->ticket_psk.len = hash->size;
	ks_ticket(hash, hs->ks.resumption.data, nonce, hs->ticket_psk.data);
	hs->made.by = HS_RESUMED_PSK;
	hs->made.secret = (struct hs_bytes){ hs->ticket_psk.data, hash->size };
}
