// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) 2026 The tlsup authors
 *
 * server_name (RFC 6066, 3) and application_layer_protocol_negotiation
 * (RFC 7301).
 */
#include <string.h>

#include "tls/ext.h"

#define HOST_NAME	0

/**
 * ext_was_offered - did our ClientHello or CertificateRequest hold it?
 * @hs: the engine
 * @type: ExtensionType that the peer may answer in EncryptedExtensions, in a
 *	Certificate, or in ServerHello of TLS 1.2
 *
 * Return: whether it did.
 */
bool ext_was_offered(const struct hs *hs, uint16_t type)
{
	if (type == EXT_SERVER_NAME)
		return hs->config->server_name;
	if (type == EXT_ALPN)
		return hs->config->alpn.len;
	if (type == EXT_STATUS_REQUEST)
		return hs->config->ocsp; /* of a server: in its CertificateRequest */
	if (type == EXT_SESSION_TICKET)
		return hs->config->sessions && hs->config->session_ticket;
	if (type == EXT_RECORD_SIZE_LIMIT)
		return hs->config->record_size_limit;
	if (type == EXT_EC_POINT_FORMATS)
		return ext_offers_points(hs);
	if (type == EXT_ENCRYPT_THEN_MAC)
		return ext_offers_etm(hs);
	return type == EXT_SUPPORTED_GROUPS || type == EXT_EXTENDED_MASTER_SECRET ||
	       type == EXT_RENEGOTIATION_INFO;
}

/* Letters, digits, hyphens, and underscores for their wide use (RFC 6066, 3). */
static bool is_host_name(struct rd name)
{
	while (rd_more(&name)) {
		uint8_t c = rd_u8(&name);

		if (!(c >= 'a' && c <= 'z') && !(c >= 'A' && c <= 'Z') &&
		    !(c >= '0' && c <= '9') && c != '-' && c != '_' && c != '.')
			return false;
	}
	return true;
}

/* One host name, and of types that do not exist yet any; a server's answer is empty. */
bool ext_server_name_parse(enum msg place, struct rd *body, struct exts *exts)
{
	struct rd list;

	if (place != MSG_CLIENT_HELLO)
		return rd_end(body);
	list = rd_vec16(body);
	if (!list.len)
		return false;
	while (rd_more(&list)) {
		uint8_t type = rd_u8(&list);
		struct rd name = rd_vec16(&list);

		if (!name.len)
			return false;
		if (type != HOST_NAME)
			continue;
		exts->illegal |= exts->name.len || name.len > HS_NAME_MAX ||
				 !is_host_name(name);
		exts->name = name;
	}
	return rd_end(&list) && rd_end(body);
}

bool ext_server_name_write(struct hs *hs, enum msg place, struct wr *wr)
{
	const char *name = hs->config->server_name;
	size_t list, host;

	if (place != MSG_CLIENT_HELLO)
		return hs->name_seen;
	if (!name)
		return false;
	list = wr_open(wr, 2);
	wr_u8(wr, HOST_NAME);
	host = wr_open(wr, 2);
	wr_bytes(wr, name, strlen(name));
	wr_close(wr, host);
	wr_close(wr, list);
	return true;
}

/* Names of at least one byte; a server's answer is exactly one. */
bool ext_alpn_parse(enum msg place, struct rd *body, struct exts *exts)
{
	struct rd list = rd_vec16(body);
	struct rd walk = list;
	size_t names = 0;

	while (rd_more(&walk)) {
		struct rd name = rd_vec8(&walk);

		if (!name.len)
			return false;
		names++;
	}
	exts->alpn = list;
	return rd_end(&walk) && rd_end(body) && names &&
	       (place == MSG_CLIENT_HELLO || names == 1);
}

bool ext_alpn_write(struct hs *hs, enum msg place, struct wr *wr)
{
	size_t list;

	if (place == MSG_CLIENT_HELLO) {
		if (!hs->config->alpn.len)
			return false;
		list = wr_open(wr, 2);
		wr_bytes(wr, hs->config->alpn.data, hs->config->alpn.len);
		wr_close(wr, list);
		return true;
	}
	if (!hs->alpn_len)
		return false;
	list = wr_open(wr, 2);
	wr_u8(wr, (uint8_t)hs->alpn_len);
	wr_bytes(wr, hs->alpn, hs->alpn_len);
	wr_close(wr, list);
	return true;
}

static bool was_offered(struct rd ours, struct rd name)
{
	while (rd_more(&ours)) {
		struct rd mine = rd_vec8(&ours);

		if (mine.len == name.len && !memcmp(mine.data, name.data, name.len))
			return true;
	}
	return false;
}

/**
 * ext_alpn_accept - take the server's choice of a protocol, if it made one
 * @hs: a client
 * @exts: of the server's message
 *
 * Return: false after a failure.
 */
bool ext_alpn_accept(struct hs *hs, const struct exts *exts)
{
	struct rd list = exts->alpn;
	struct rd ours, name;

	if (!list.len)
		return true;
	name = rd_vec8(&list);
	rd_init(&ours, hs->config->alpn.data, hs->config->alpn.len);
	if (!was_offered(ours, name))
		return hs_fail(hs, HS_ALERT_ILLEGAL_PARAMETER,
			       "application_layer_protocol_negotiation: a protocol that was not offered");
	memcpy(hs->alpn, name.data, name.len);
	hs->alpn_len = name.len;
	return true;
}
