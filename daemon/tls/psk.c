// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) 2026 The tlsup authors
 *
 * pre_shared_key and psk_key_exchange_modes (RFC 9846, 4.2.9 and 4.2.11), for
 * sessions and for keys that were agreed on.
 *
 * A client offers one PSK. Its binder covers the ClientHello up to the binders,
 * lengths included: so it is filled in when all else is written.
 */
#include <string.h>

#include "tls/ext.h"

#define PSK_KE		0
#define PSK_DHE_KE	1
#define BINDER_MIN	32

static const struct cr_hash *psk_hash(const struct hs_session *session)
{
	return suite_find(session->suite)->hash;
}

bool ext_psk_modes_parse(enum msg place, struct rd *body, struct exts *exts)
{
	(void)place;
	exts->psk_modes = rd_vec8(body);
	return rd_end(body) && exts->psk_modes.len;
}

/* Without it a server would send no tickets. */
bool ext_psk_modes_write(struct hs *hs, enum msg place, struct wr *wr)
{
	size_t modes;

	(void)place;
	modes = wr_open(wr, 1);
	wr_u8(wr, PSK_DHE_KE);
	if (hs->config->psk_ke)
		wr_u8(wr, PSK_KE);
	wr_close(wr, modes);
	return hs->config->sessions && version_enabled(hs->config, TLS13);
}

/* As many binders as identities, all of them whole. */
static bool parse_offer(struct rd *body, struct exts *exts)
{
	struct rd walk = rd_vec16(body);
	size_t count = 0;

	exts->identities = walk;
	while (rd_more(&walk)) {
		struct rd name = rd_vec16(&walk);

		rd_u32(&walk);
		if (!name.len)
			return false;
		count++;
	}
	if (!rd_end(&walk) || !count)
		return false;
	exts->binders = walk = rd_vec16(body);
	while (rd_more(&walk)) {
		if (rd_vec8(&walk).len < BINDER_MIN)
			return false;
		exts->binders_short |= !count--;
	}
	exts->binders_short |= count != 0;
	return rd_end(&walk) && rd_end(body);
}

bool ext_psk_parse(enum msg place, struct rd *body, struct exts *exts)
{
	if (place == MSG_CLIENT_HELLO)
		return parse_offer(body, exts);
	exts->selected = rd_u16(body);
	return rd_end(body);
}

static bool offers_psk(const struct hs *hs)
{
	return hs->session && hs->session->version == TLS13;
}

static void write_offer(struct hs *hs, struct wr *wr)
{
	static const uint8_t zeros[CR_HASH_MAX];
	const struct hs_session *session = hs->session;
	size_t list = wr_open(wr, 2);
	size_t item = wr_open(wr, 2);

	wr_bytes(wr, session->name.data, session->name.len);
	wr_close(wr, item);
	wr_u32(wr, session->age);
	wr_close(wr, list);
	list = wr_open(wr, 2);
	item = wr_open(wr, 1);
	wr_bytes(wr, zeros, psk_hash(session)->size);
	wr_close(wr, item);
	wr_close(wr, list);
}

bool ext_psk_write(struct hs *hs, enum msg place, struct wr *wr)
{
	if (place == MSG_CLIENT_HELLO) {
		if (offers_psk(hs))
			write_offer(hs, wr);
		return offers_psk(hs);
	}
	wr_u16(wr, (uint16_t)hs->psk_index);
	return hs->flags & FL_RESUMED;
}

/* The early secret, and from it the binder over @len bytes of ClientHello. */
static void make_binder(struct hs *hs, const uint8_t *hello, size_t len, uint8_t *out)
{
	const struct hs_session *session = hs->session;
	const struct cr_hash *hash = psk_hash(session);
	struct cr_digest digest;
	uint8_t transcript[CR_HASH_MAX];

	/* After a HelloRetryRequest its transcript goes before. */
	if (hs->transcript_started)
		digest = hs->transcript;
	else
		cr_digest_init(&digest, hash);
	cr_digest_update(&digest, hello, len);
	cr_digest_peek(&digest, transcript);
	ks_early(&hs->ks, hash, session->secret);
	ks_binder(&hs->ks, session->by == HS_EXTERNAL_PSK, transcript, out);
}

/**
 * psk_write_binder - fill in the binder
 * @hs: a client
 * @message: its ClientHello, with its header
 * @len: its length
 */
void psk_write_binder(struct hs *hs, uint8_t *message, size_t len)
{
	size_t size;

	if (!offers_psk(hs))
		return;
	size = psk_hash(hs->session)->size;
	make_binder(hs, message, len - 2 - 1 - size, message + len - size);
}

/**
 * psk_identities - note what a ClientHello offers
 * @hs: a server
 * @exts: of the ClientHello
 *
 * What comes behind HS_IDENTITIES_MAX is not looked at.
 */
void psk_identities(struct hs *hs, const struct exts *exts)
{
	struct rd walk = exts->identities;

	hs->identities_len = 0;
	hs->identities_by = HS_RESUMED_PSK;
	hs->binders = exts->binders;
	while (rd_more(&walk) && hs->identities_len < HS_IDENTITIES_MAX) {
		struct hs_identity *identity = &hs->identities[hs->identities_len++];
		struct rd name = rd_vec16(&walk);

		identity->name = (struct hs_bytes){ name.data, name.len };
		identity->age = rd_u32(&walk);
	}
}

/**
 * psk_modes - which modes both sides have
 * @config: the server's
 * @exts: of the ClientHello
 * @dhe: out: psk_dhe_ke
 * @only: out: psk_ke
 */
void psk_modes(const struct hs_config *config, const struct exts *exts, bool *dhe,
	       bool *only)
{
	struct rd modes = exts->psk_modes;

	*dhe = modes.len && memchr(modes.data, PSK_DHE_KE, modes.len);
	*only = config->psk_ke && modes.len && memchr(modes.data, PSK_KE, modes.len);
}

/* The session's own suite, or the best with its hash. */
static const struct suite *choose_suite(const struct hs *hs, const struct cr_hash *hash)
{
	const struct suite *suite = suite_enabled(hs->config, hs->session->suite);
	size_t at = 0;

	if (hs->flags & FL_RETRY)
		return hs->suite->hash == hash ? hs->suite : NULL;
	if (suite && hello_has(hs->hello_suites, suite->id))
		return suite;
	while ((suite = suite_next(hs->config, &at)))
		if (suite->version == TLS13 && suite->hash == hash &&
		    hello_has(hs->hello_suites, suite->id))
			break;
	return suite;
}

/**
 * psk_take - a server has found what one identity stands for
 * @hs: a server; its ClientHello is still there, its session fits
 * @index: of the identity
 *
 * Return: false after a failure: the binder is wrong.
 */
bool psk_take(struct hs *hs, size_t index)
{
	const struct suite *suite = choose_suite(hs, psk_hash(hs->session));
	bool dhe = hs->psk_dhe && hs->kex;
	uint8_t binder[CR_HASH_MAX];
	struct rd walk = hs->binders;
	struct rd theirs = { 0 };

	if (!suite || !(dhe || hs->psk_only)) {
		hs->session = NULL;
		return true;
	}
	for (size_t i = 0; i <= index; i++)
		theirs = rd_vec8(&walk);
	/* It covers all before the binders' length. */
	make_binder(hs, hs->in, (size_t)(hs->binders.data - 2 - hs->in), binder);
	if (theirs.len != suite->hash->size ||
	    !secret_equal(theirs.data, binder, theirs.len))
		return hs_fail(hs, HS_ALERT_DECRYPT_ERROR, "client_hello: binder");
	hs->flags |= FL_RESUMED;
	hs->suite = suite;
	hs->psk_index = index;
	/* It does again as it is, for as long as the profile has it. */
	if (hs->session->by == HS_EXTERNAL_PSK)
		hs->flags &= ~(unsigned int)FL_TICKET;
	if (!dhe)
		hs->kex = NULL;
	session_chain(hs);
	return true;
}

/**
 * psk_accept - a client reads which PSK the server takes
 * @hs: a client
 * @exts: of the ServerHello
 * @suite: of the ServerHello
 *
 * Return: false after a failure.
 */
bool psk_accept(struct hs *hs, const struct exts *exts, const struct suite *suite)
{
	bool share = ext_has(exts, EXT_KEY_SHARE);

	if (!ext_has(exts, EXT_PRE_SHARED_KEY)) {
		hs->session = NULL;
		return share || hs_fail(hs, HS_ALERT_MISSING_EXTENSION,
					"server_hello: no key_share");
	}
	if (!offers_psk(hs))
		return hs_fail(hs, HS_ALERT_UNSUPPORTED_EXTENSION,
			       "server_hello: pre_shared_key was not offered");
	if (exts->selected || psk_hash(hs->session) != suite->hash)
		return hs_fail(hs, HS_ALERT_ILLEGAL_PARAMETER,
			       "server_hello: a PSK that was not offered");
	if (!share && !hs->config->psk_ke)
		return hs_fail(hs, HS_ALERT_MISSING_EXTENSION,
			       "server_hello: no key_share");
	hs->flags |= FL_RESUMED;
	session_chain(hs);
	return true;
}

/**
 * psk_forget_misfit - after a HelloRetryRequest a PSK of another hash is not offered
 * @hs: a client, with the suite of the HelloRetryRequest
 */
void psk_forget_misfit(struct hs *hs)
{
	if (offers_psk(hs) && psk_hash(hs->session) != hs->suite->hash)
		hs->session = NULL;
}
