// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) 2026 The tlsup authors
 *
 * server_hello_done (RFC 5246, 7.4.5).
 */
#include "tls/hs_int.h"

/**
 * msg_server_hello_done_build - the server has nothing more to say
 * @hs: a server
 * @wr: the writer
 *
 * Return: true.
 */
bool msg_server_hello_done_build(struct hs *hs, struct wr *wr)
{
	(void)hs;
	(void)wr;
	return true;
}

/**
 * msg_server_hello_done_parse - the server has nothing more to say
 * @hs: a client
 * @body: the message
 *
 * With the RSA key exchange the server has signed nothing: the chain alone is
 * verified, before anything is encrypted to it.
 *
 * Return: false after a failure.
 */
bool msg_server_hello_done_parse(struct hs *hs, struct rd *body)
{
	const struct hs_question question = {
		.ask = HS_ASK_VERIFY,
		.version = TLS12,
		.server_name = hs->config->server_name,
		.chain = hs->chain,
		.chain_len = hs->chain_len,
		.chain_of = HS_SERVER,
		.ocsp = hs->ocsp,
	};

	if (!rd_end(body))
		return hs_fail(hs, HS_ALERT_DECODE_ERROR,
			       "server_hello_done: it is not empty");
	if (!(hs->flags & FL_REQUEST))
		trans_forget(hs);
	return hs->suite->kx != KX_RSA || hs_ask_owner(hs, &question);
}
