// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) 2026 The tlsup authors
 *
 * status_request (RFC 6066, 8): a client asks for OCSP responses along with the
 * certificates. In TLS 1.2 the answer is an empty extension and a message, in
 * TLS 1.3 it stands beside each certificate, and a server may ask, too (RFC 9846,
 * 4.4.2.1).
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

static bool parse_response(struct rd *body, struct exts *exts)
{
	uint8_t type = rd_u8(body);

	exts->response = rd_vec24(body);
	return rd_end(body) && type == OCSP && exts->response.len;
}

bool ext_status_parse(enum msg place, struct rd *body, struct exts *exts)
{
	if (place == MSG_CLIENT_HELLO)
		return parse_request(body, exts);
	if (place == MSG_SERVER_CERTIFICATE || place == MSG_CLIENT_CERTIFICATE)
		return parse_response(body, exts);
	if (place == MSG_SERVER_HELLO_12)
		return rd_end(body);
	/* Empty, but some put a client's request here. */
	exts->ocsp = rd_end(body);
	return exts->ocsp || parse_request(body, exts);
}

static bool write_response(const struct hs *hs, struct wr *wr)
{
	const struct hs_bytes *responses = hs->credential->ocsp;
	size_t mark;

	if (!hs->ocsp_wanted || !responses || !responses[hs->entry].len)
		return false;
	wr_u8(wr, OCSP);
	mark = wr_open(wr, 3);
	wr_bytes(wr, responses[hs->entry].data, responses[hs->entry].len);
	wr_close(wr, mark);
	return true;
}

bool ext_status_write(struct hs *hs, enum msg place, struct wr *wr)
{
	if (place == MSG_SERVER_CERTIFICATE || place == MSG_CLIENT_CERTIFICATE)
		return write_response(hs, wr);
	if (place == MSG_SERVER_HELLO_12)
		return hs->flags & FL_STATUS;
	if (place == MSG_CLIENT_HELLO) {
		wr_u8(wr, OCSP);
		wr_u16(wr, 0);
		wr_u16(wr, 0);
	}
	return hs->config->ocsp;
}
