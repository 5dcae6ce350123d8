// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) 2026 The tlsup authors
 *
 * record_size_limit (RFC 8449): how large a protected record each side takes. In
 * TLS 1.3 the inner content type counts.
 */
#include "tls/ext.h"

/* What the standards allow in the first place. */
static uint16_t ceiling(uint16_t version)
{
	return version == TLS12 ? HS_RECORD_SIZE_MAX - 1 : HS_RECORD_SIZE_MAX;
}

bool ext_size_parse(enum msg place, struct rd *body, struct exts *exts)
{
	(void)place;
	exts->record_size_limit = rd_u16(body);
	return rd_end(body);
}

/* A client that offers both versions knows only later which one it is. */
bool ext_size_write(struct hs *hs, enum msg place, struct wr *wr)
{
	uint16_t limit = hs->config->record_size_limit;
	uint16_t most = ceiling(place == MSG_CLIENT_HELLO &&
				version_enabled(hs->config, TLS13) ? TLS13 : hs->version);

	wr_u16(wr, limit < most ? limit : most);
	return limit && (place == MSG_CLIENT_HELLO ||
			 ext_from_peer(hs, EXT_RECORD_SIZE_LIMIT));
}

/**
 * ext_size_accept - keep to what the peer has set, if anything
 * @hs: the engine
 * @version: negotiated
 * @exts: of a ClientHello, or of what answers it
 *
 * Return: false after a failure.
 */
bool ext_size_accept(struct hs *hs, uint16_t version, const struct exts *exts)
{
	uint16_t most = ceiling(version), limit = exts->record_size_limit;

	hs->record_size_limit = 0;
	if (!hs->config->record_size_limit || !ext_has(exts, EXT_RECORD_SIZE_LIMIT))
		return true;
	if (limit < HS_RECORD_SIZE_MIN)
		return hs_fail(hs, HS_ALERT_ILLEGAL_PARAMETER,
			       "record_size_limit: below 64");
	/* A client may have more in mind that is not known here; a server may not. */
	if (limit > most && hs->role == HS_CLIENT)
		return hs_fail(hs, HS_ALERT_ILLEGAL_PARAMETER,
			       "record_size_limit: more than the version allows");
	hs->record_size_limit = limit < most ? limit : most;
	return true;
}
