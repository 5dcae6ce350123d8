// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) 2026 The tlsup authors
 */
#include "resume.h"

#include <stdlib.h>
#include <string.h>

#include "crypto/cr_rand.h"
#include "tls/hs_ticket.h"

#define TICKET_SIZE	48
#define EXTERNAL_NAME	"machine-7"

static const uint8_t external_key[] = "a key that both sides were given";

static struct resume *resume_of(const struct side *side)
{
	return side->pair->context;
}

static void keep_session(struct kept *kept, const struct hs_session *session,
			 struct hs_bytes name)
{
	memset(kept, 0, sizeof(*kept));
	kept->session = *session;
	memcpy(kept->name, name.data, name.len);
	kept->session.name = (struct hs_bytes){ kept->name, name.len };
	memcpy(kept->secret, session->secret.data, session->secret.len);
	kept->session.secret.data = kept->secret;
	if (session->alpn.len)
		memcpy(kept->alpn, session->alpn.data, session->alpn.len);
	kept->session.alpn.data = (uint8_t *)kept->alpn;
	if (session->server_name.len)
		memcpy(kept->server_name, session->server_name.data,
		       session->server_name.len);
	kept->session.server_name.data = (uint8_t *)kept->server_name;
	kept->session.chain = pair_credential.chain;
	kept->session.chain_len = session->chain_len ? pair_credential.chain_len : 0;
}

static struct kept *new_at_server(struct resume *r)
{
	return &r->at_server[r->at_server_len++ % RESUME_KEPT_MAX];
}

static void on_keep(struct side *side, const struct hs_session *session)
{
	struct resume *r = resume_of(side);

	keep_session(side->role == HS_SERVER ? new_at_server(r) : &r->at_client, session,
		     session->name);
}

static void on_ticket(struct side *side, const struct hs_question *question,
		      struct hs_ticket *ticket)
{
	struct kept *kept = new_at_server(resume_of(side));
	uint8_t name[TICKET_SIZE];

	cr_random(name, sizeof(name));
	keep_session(kept, question->session, (struct hs_bytes){ name, sizeof(name) });
	ticket->name = (struct hs_bytes){ kept->name, sizeof(name) };
	ticket->lifetime = 3600;
	ticket->age_add = 0x12345678;
}

static const struct hs_session *find_at_server(struct resume *r,
					       const struct hs_question *question,
					       size_t *index)
{
	r->lookups++;
	for (size_t i = 0; i < RESUME_KEPT_MAX && !r->forget; i++) {
		struct kept *kept = &r->at_server[i];

		for (*index = 0; *index < question->identities_len; ++*index) {
			struct hs_bytes name = question->identities[*index].name;

			if (!kept->session.by || name.len != kept->session.name.len ||
			    memcmp(name.data, kept->name, name.len))
				continue;
			if (r->spoil)
				kept->secret[3] ^= 1;
			return &kept->session;
		}
	}
	return NULL;
}

static const struct hs_session *on_find(struct side *side, const struct hs_question *question,
					size_t *index)
{
	struct resume *r = resume_of(side);

	if (side->role == HS_SERVER)
		return find_at_server(r, question, index);
	return r->at_client.session.by ? &r->at_client.session : NULL;
}

static void on_trace(struct side *side, bool sent, const char *message)
{
	if (sent && side->role == HS_SERVER && !strcmp(message, "certificate"))
		resume_of(side)->certificates++;
}

/* What a client's owner does with the tickets of TLS 1.3: the last one stays. */
static void take_tickets(struct resume *r)
{
	struct side *client = &r->pair.client;
	uint8_t bytes[4096];
	size_t len = 0;
	struct record *record;

	while ((record = pair_take(&r->pair.server))) {
		memcpy(bytes + len, record->data, record->len);
		len += record->len;
		free(record);
	}
	for (size_t at = 0, n; at < len; at += n) {
		struct hs_session session = {
			.by = HS_RESUMED_PSK, .version = 0x0304, .suite = client->suite,
			.chain = pair_credential.chain, .chain_len = client->chain_len,
		};
		struct hs_new_ticket ticket;
		struct secret psk;

		n = 4 + (size_t)(bytes[at + 2] << 8 | bytes[at + 3]);
		if (!hs_ticket_parse(bytes + at, n, &ticket))
			abort();
		hs_ticket_psk(client->suite, (struct hs_bytes){ client->resumption.data,
			   client->resumption.len }, ticket.nonce, &psk);
		session.secret = (struct hs_bytes){ psk.data, psk.len };
		keep_session(&r->at_client, &session, ticket.name);
		r->at_client.session.age = ticket.age_add + 5;
	}
}

static void make_external(struct resume *r)
{
	const struct hs_session session = {
		.by = HS_EXTERNAL_PSK, .version = 0x0304, .suite = 0x1301,
		.secret = { external_key, sizeof(external_key) - 1 },
	};
	const struct hs_bytes name = {
		(const uint8_t *)EXTERNAL_NAME, strlen(EXTERNAL_NAME),
	};

	keep_session(&r->at_client, &session, name);
	keep_session(new_at_server(r), &session, name);
}

/**
 * resume_init - nothing is kept yet
 */
void resume_init(struct resume *r, uint16_t version, enum hs_resumption by)
{
	memset(r, 0, sizeof(*r));
	r->by = by;
	r->min_version = version;
	r->max_version = version;
	r->alpn = "\x02h2";
	r->server_name = "example.org";
	if (by == HS_EXTERNAL_PSK)
		make_external(r);
}

static void configure(struct resume *r)
{
	struct hs_config *client = &r->pair.client.config, *server = &r->pair.server.config;

	client->min_version = server->min_version = r->min_version;
	client->max_version = server->max_version = r->max_version;
	if (r->server_max)
		server->max_version = r->server_max;
	client->alpn = server->alpn = (struct hs_bytes){
		(const uint8_t *)r->alpn, strlen(r->alpn) };
	client->server_name = r->server_name;
	client->sessions = !r->client_off;
	server->sessions = !r->server_off;
	client->session_ticket = server->session_ticket = r->by == HS_RESUMED_TICKET;
	server->tickets = 2;
	client->psk_ke = server->psk_ke = r->psk_ke;
	server->suites = r->suites;
	server->suites_len = r->suites_len;
	client->suites = r->client_suites;
	client->suites_len = r->client_suites ? 2 : 0;
	server->groups = r->groups;
	server->groups_len = r->groups_len;
	client->groups = r->client_groups;
	client->groups_len = r->client_groups ? r->groups_len : 0;
	server->client_auth = r->require ? HS_CLIENT_AUTH_REQUIRE : HS_CLIENT_AUTH_NONE;
}

/**
 * resume_run - one handshake; what it leaves behind is kept
 *
 * Return: whether both sides have succeeded and agree.
 */
bool resume_run(struct resume *r)
{
	pair_wipe(&r->pair);
	pair_init(&r->pair);
	r->pair.context = r;
	r->pair.later = r->later;
	r->pair.fragment = r->fragment;
	r->pair.find = on_find;
	r->pair.ticket = on_ticket;
	r->pair.keep = on_keep;
	r->pair.trace = on_trace;
	r->pair.tamper = r->tamper;
	r->lookups = r->certificates = 0;
	configure(r);
	pair_run(&r->pair);
	if (!pair_agrees(&r->pair))
		return false;
	if (r->pair.client.version == 0x0304)
		take_tickets(r);
	return true;
}

/**
 * resume_wipe - free the last handshake
 */
void resume_wipe(struct resume *r)
{
	pair_wipe(&r->pair);
}
