// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) 2026 The tlsup authors
 *
 * certificate_request (RFC 9846, 4.3.2).
 */
#include "tls/ext.h"

/**
 * msg_certificate_request_build - ask for a certificate
 * @hs: a server
 * @wr: the writer
 *
 * Return: true.
 */
bool msg_certificate_request_build(struct hs *hs, struct wr *wr)
{
	wr_u8(wr, 0);
	ext_write(hs, MSG_CERTIFICATE_REQUEST, wr);
	return true;
}

/**
 * msg_certificate_request_parse - the server asks for a certificate
 * @hs: a client
 * @body: the message
 *
 * Return: false after a failure.
 */
bool msg_certificate_request_parse(struct hs *hs, struct rd *body)
{
	struct hs_question question = { .ask = HS_ASK_CREDENTIAL, .version = TLS13 };
	struct rd context = rd_vec8(body);
	struct exts exts;

	if (!ext_parse(hs, MSG_CERTIFICATE_REQUEST, body, &exts))
		return false;
	if (!rd_end(body))
		return hs_fail(hs, HS_ALERT_DECODE_ERROR,
			       "certificate_request: malformed");
	if (context.len)
		return hs_fail(hs, HS_ALERT_ILLEGAL_PARAMETER,
			       "certificate_request: a context within the handshake");
	if (!ext_has(&exts, EXT_SIGNATURE_ALGORITHMS))
		return hs_fail(hs, HS_ALERT_MISSING_EXTENSION,
			       "certificate_request: no signature_algorithms");

	ext_commit_auth(hs, &exts);
	question.server_name = hs->config->server_name;
	question.schemes = hs->schemes;
	question.schemes_len = hs->schemes_len;
	question.cert_schemes = hs->cert_schemes;
	question.cert_schemes_len = hs->cert_schemes_len;
	question.authorities = (struct hs_bytes){ exts.authorities.data,
						  exts.authorities.len };
	return hs_ask_owner(hs, &question);
}
