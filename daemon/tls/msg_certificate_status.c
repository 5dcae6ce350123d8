// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) 2026 The tlsup authors
 *
 * certificate_status of TLS 1.2 (RFC 6066, 8): the OCSP response for the leaf.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "tls/hs_int.h"

#define OCSP	1

/**
 * msg_certificate_status_size - how long the response is
 * @hs: a server; its credential has one
 *
 * Return: bytes.
 */
size_t msg_certificate_status_size(const struct hs *hs)
{
	return hs->credential->ocsp[0].len;
}

/**
 * msg_certificate_status_build - write the response that came with the chain
 * @hs: a server; its credential has one
 * @wr: the writer
 *
 * Return: true.
 */
bool msg_certificate_status_build(struct hs *hs, struct wr *wr)
{
	const struct hs_bytes *response = &hs->credential->ocsp[0];
	size_t mark;

	wr_u8(wr, OCSP);
	mark = wr_open(wr, 3);
	wr_bytes(wr, response->data, response->len);
	wr_close(wr, mark);
	return true;
}

/**
 * msg_certificate_status_parse - keep the response; it is judged with the chain
 * @hs: a client
 * @body: the message
 *
 * Return: false after a failure.
 */
bool msg_certificate_status_parse(struct hs *hs, struct rd *body)
{
	uint8_t type = rd_u8(body);
	struct rd response = rd_vec24(body);

	if (!rd_end(body) || !response.len)
		return hs_fail(hs, HS_ALERT_DECODE_ERROR,
			       "certificate_status: malformed");
	if (type != OCSP)
		return hs_fail(hs, HS_ALERT_ILLEGAL_PARAMETER,
			       "certificate_status: not what was asked for");

	hs->ocsp_data = malloc(response.len);
	if (!hs->ocsp_data)
		return hs_fail_error(hs, HS_ALERT_INTERNAL_ERROR, ENOMEM,
				     "out of memory");
	memcpy(hs->ocsp_data, response.data, response.len);
	hs->ocsp[0] = (struct hs_bytes){ hs->ocsp_data, response.len };
	return true;
}
