// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) 2026 The tlsup authors
 *
 * Extensions that TLS 1.2 alone has: extended_master_secret (RFC 7627),
 * encrypt_then_mac (RFC 7366), renegotiation_info (RFC 5746),
 * ec_point_formats (RFC 8422, 5.1.2) and session_ticket (RFC 5077, 3.2).
 */
#include "tls/ext.h"

#define UNCOMPRESSED	0

/**
 * ext_offers_etm - does a client offer encrypt_then_mac?
 * @hs: a client
 *
 * Return: whether it offers a suite that has a MAC.
 */
bool ext_offers_etm(const struct hs *hs)
{
	const struct suite *suite;
	size_t at = 0;

	while ((suite = suite_next(hs->config, &at)))
		if (suite->mac_size)
			return true;
	return false;
}

/**
 * ext_offers_points - does a client offer ec_point_formats?
 * @hs: a client
 *
 * Return: whether it offers a suite with ECDHE.
 */
bool ext_offers_points(const struct hs *hs)
{
	const struct suite *suite;
	size_t at = 0;

	while ((suite = suite_next(hs->config, &at)))
		if (suite->kx == KX_ECDHE)
			return true;
	return false;
}

/* An extension without content. */
bool ext_empty_parse(enum msg place, struct rd *body, struct exts *exts)
{
	(void)place;
	(void)exts;
	return rd_end(body);
}

bool ext_ems_write(struct hs *hs, enum msg place, struct wr *wr)
{
	(void)wr;
	return place == MSG_CLIENT_HELLO ? version_enabled(hs->config, TLS12) : hs->ems;
}

bool ext_etm_write(struct hs *hs, enum msg place, struct wr *wr)
{
	(void)wr;
	return place == MSG_CLIENT_HELLO ? ext_offers_etm(hs) : hs->etm;
}

/* verify_data of a handshake before this one; there was none. */
bool ext_renegotiation_parse(enum msg place, struct rd *body, struct exts *exts)
{
	struct rd data = rd_vec8(body);

	(void)place;
	exts->renegotiated = data.len;
	return rd_end(body);
}

bool ext_renegotiation_write(struct hs *hs, enum msg place, struct wr *wr)
{
	wr_u8(wr, 0);
	return place == MSG_CLIENT_HELLO ? version_enabled(hs->config, TLS12) :
					   hs->renegotiation_info;
}

bool ext_points_parse(enum msg place, struct rd *body, struct exts *exts)
{
	(void)place;
	exts->points = rd_vec8(body);
	return rd_end(body) && exts->points.len;
}

bool ext_points_write(struct hs *hs, enum msg place, struct wr *wr)
{
	wr_u8(wr, 1);
	wr_u8(wr, UNCOMPRESSED);
	if (place == MSG_CLIENT_HELLO)
		return ext_offers_points(hs);
	return hs->suite->kx == KX_ECDHE && ext_from_peer(hs, EXT_EC_POINT_FORMATS);
}

/* Empty: the client would like a ticket; in a ServerHello: it will get one. */
bool ext_ticket_parse(enum msg place, struct rd *body, struct exts *exts)
{
	if (place != MSG_CLIENT_HELLO)
		return rd_end(body);
	exts->ticket = *body;
	return true;
}

bool ext_ticket_write(struct hs *hs, enum msg place, struct wr *wr)
{
	const struct hs_session *session = hs->session;

	if (place != MSG_CLIENT_HELLO)
		return hs->flags & FL_TICKET;
	if (session && session->by == HS_RESUMED_TICKET)
		wr_bytes(wr, session->name.data, session->name.len);
	return hs->config->sessions && hs->config->session_ticket &&
	       version_enabled(hs->config, TLS12);
}
