// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) 2026 The tlsup authors
 *
 * certificate of TLS 1.2 (RFC 5246, 7.4.2 and 7.4.6).
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "tls/hs_int.h"

/**
 * msg_certificate_12_build - write our chain; without a credential an empty one
 * @hs: the engine
 * @wr: the writer
 *
 * Return: true.
 */
bool msg_certificate_12_build(struct hs *hs, struct wr *wr)
{
	const struct hs_credential *credential = hs->credential;
	size_t list = wr_open(wr, 3);

	for (size_t i = 0; credential && i < credential->chain_len; i++) {
		size_t mark = wr_open(wr, 3);

		wr_bytes(wr, credential->chain[i].data, credential->chain[i].len);
		wr_close(wr, mark);
	}
	wr_close(wr, list);
	return true;
}

/* DER: a certificate is a SEQUENCE (RFC 5280, 4.1). Its owner looks closer. */
#define SEQUENCE	0x30

static bool check_chain(struct hs *hs, struct rd list, size_t *count)
{
	bool bad = false;

	for (*count = 0; rd_more(&list); ++*count) {
		struct rd certificate = rd_vec24(&list);

		if (!certificate.len)
			return hs_fail(hs, HS_ALERT_DECODE_ERROR,
				       "certificate: malformed");
		bad |= rd_u8(&certificate) != SEQUENCE;
	}
	if (bad)
		return hs_fail_error(hs, HS_ALERT_BAD_CERTIFICATE, EKEYREJECTED,
				     "certificate: one that is none");
	if (*count > HS_CHAIN_MAX)
		return hs_fail_error(hs, HS_ALERT_BAD_CERTIFICATE, EKEYREJECTED,
				     "certificate: a chain that is too long");
	return true;
}

/* The chain outlives the message: copy it, and let the entries point there. */
static bool keep_chain(struct hs *hs, struct rd list)
{
	struct rd copy;

	hs->chain_data = malloc(list.len);
	if (!hs->chain_data)
		return hs_fail_error(hs, HS_ALERT_INTERNAL_ERROR, ENOMEM,
				     "out of memory");
	memcpy(hs->chain_data, list.data, list.len);
	rd_init(&copy, hs->chain_data, list.len);
	while (rd_more(&copy)) {
		struct rd certificate = rd_vec24(&copy);

		hs->chain[hs->chain_len++] = (struct hs_bytes){
			certificate.data, certificate.len };
	}
	return true;
}

static bool take_none(struct hs *hs)
{
	if (hs->role == HS_CLIENT)
		return hs_fail(hs, HS_ALERT_DECODE_ERROR,
			       "certificate: the server sent none");
	if (hs->config->client_auth == HS_CLIENT_AUTH_REQUIRE)
		return hs_fail_error(hs, HS_ALERT_HANDSHAKE_FAILURE, EKEYREJECTED,
				     "certificate: the client sent none");
	trans_forget(hs);
	return true;
}

/**
 * msg_certificate_12_parse - read the peer's chain
 * @hs: the engine
 * @body: the message
 *
 * It is judged later: a server's with its signed parameters, or where the suite
 * has none with ServerHelloDone; a client's with CertificateVerify.
 *
 * Return: false after a failure.
 */
bool msg_certificate_12_parse(struct hs *hs, struct rd *body)
{
	struct rd list = rd_vec24(body);
	size_t count;

	if (!rd_end(body))
		return hs_fail(hs, HS_ALERT_DECODE_ERROR,
			       "certificate: malformed");
	if (!check_chain(hs, list, &count))
		return false;
	if (!count)
		return take_none(hs);
	if (hs->role == HS_SERVER)
		hs->flags |= FL_CLIENT_VERIFY;
	return keep_chain(hs, list);
}
