// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) 2026 The tlsup authors
 *
 * certificate_request of TLS 1.2 (RFC 5246, 7.4.4).
 */
#include "tls/hs_int.h"

/* ClientCertificateType. EdDSA goes by the second (RFC 8422, 5.5). */
#define RSA_SIGN	1
#define ECDSA_SIGN	64

/**
 * msg_certificate_request_size - how long the list of authorities is
 * @hs: a server
 *
 * Return: bytes.
 */
size_t msg_certificate_request_size(const struct hs *hs)
{
	return hs->config->authorities.len;
}

/**
 * msg_certificate_request_12_build - ask for a certificate
 * @hs: a server
 * @wr: the writer
 *
 * Return: true.
 */
bool msg_certificate_request_12_build(struct hs *hs, struct wr *wr)
{
	size_t mark = wr_open(wr, 1);

	wr_u8(wr, ECDSA_SIGN);
	wr_u8(wr, RSA_SIGN);
	wr_close(wr, mark);
	mark = wr_open(wr, 2);
	scheme_write_list(hs, wr);
	wr_close(wr, mark);
	mark = wr_open(wr, 2);
	wr_bytes(wr, hs->config->authorities.data, hs->config->authorities.len);
	wr_close(wr, mark);
	return true;
}

static uint8_t read_types(struct rd types)
{
	uint8_t auths = 0;

	while (rd_more(&types))
		switch (rd_u8(&types)) {
		case RSA_SIGN:
			auths |= HS_AUTH_RSA;
			break;
		case ECDSA_SIGN:
			auths |= HS_AUTH_ECDSA;
			break;
		}
	return auths;
}

/**
 * msg_certificate_request_12_parse - the server asks for a certificate
 * @hs: a client
 * @body: the message
 *
 * Return: false after a failure.
 */
bool msg_certificate_request_12_parse(struct hs *hs, struct rd *body)
{
	struct rd types = rd_vec8(body);
	struct rd schemes = rd_vec16(body);
	struct rd authorities = rd_vec16(body);
	struct rd walk = authorities;
	struct hs_question question = { .ask = HS_ASK_CREDENTIAL, .version = TLS12 };

	while (rd_more(&walk))
		if (!rd_vec16(&walk).len)
			walk.failed = true;
	if (!rd_end(body) || !types.len || !schemes.len || schemes.len % 2 ||
	    walk.failed)
		return hs_fail(hs, HS_ALERT_DECODE_ERROR,
			       "certificate_request: malformed");

	hs->auths = read_types(types);
	scheme_commit(hs, schemes);
	question.server_name = hs->config->server_name;
	question.schemes = hs->schemes;
	question.schemes_len = hs->schemes_len;
	question.auths = hs->auths;
	question.authorities = (struct hs_bytes){ authorities.data, authorities.len };
	return hs_ask_owner(hs, &question);
}
