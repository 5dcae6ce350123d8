// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) 2026 The tlsup authors
 *
 * status_request (RFC 6066, 8): a client asks for OCSP responses along with the
 * certificates. In TLS 1.2 the answer is an empty extension and a message.
 */
#include "tls/ext.h"

#define OCSP	1

/* Lists of responders and of request extensions: nobody looks into them. */
static bool parse_request(struct rd *body, struct exts *exts)
{
	uint8_t type = rd_u8(body);

	if (type != OCSP)
		return !body->failed;
	rd_vec16(body);
	rd_vec16(body);
	exts->ocsp = rd_end(body);
	return exts->ocsp;
}

bool ext_status_parse(enum msg place, struct rd *body, struct exts *exts)
{
	if (place == MSG_CLIENT_HELLO)
		return parse_request(body, exts);
	if (place == MSG_SERVER_HELLO_12)
		return rd_end(body);
	return true;
}

bool ext_status_write(struct hs *hs, enum msg place, struct wr *wr)
{
	if (place == MSG_SERVER_HELLO_12)
		return hs->flags & FL_STATUS;
	if (place != MSG_CLIENT_HELLO || !hs->config->ocsp)
		return false;
	wr_u8(wr, OCSP);
	wr_u16(wr, 0);
	wr_u16(wr, 0);
	return true;
}
