// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) 2026 The tlsup authors
 *
 * certificate (RFC 9846, 4.4.2).
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "tls/ext.h"

/* What an entry costs beside its certificate: two lengths. */
#define ENTRY_OVERHEAD	5

/**
 * msg_certificate_size - how long our Certificate can get
 * @hs: the engine
 *
 * Return: bytes, beside a small constant.
 */
size_t msg_certificate_size(const struct hs *hs)
{
	size_t size = 0;

	for (size_t i = 0; hs->credential && i < hs->credential->chain_len; i++)
		size += ENTRY_OVERHEAD + hs->credential->chain[i].len;
	return size;
}

/**
 * msg_certificate_build - write our chain; without a credential an empty one
 * @hs: the engine
 * @wr: the writer
 *
 * Return: true.
 */
bool msg_certificate_build(struct hs *hs, struct wr *wr)
{
	const struct hs_credential *credential = hs->credential;
	size_t list, mark;

	wr_u8(wr, 0);
	list = wr_open(wr, 3);
	for (size_t i = 0; credential && i < credential->chain_len; i++) {
		mark = wr_open(wr, 3);
		wr_bytes(wr, credential->chain[i].data, credential->chain[i].len);
		wr_close(wr, mark);
		wr_u16(wr, 0);
	}
	wr_close(wr, list);
	return true;
}

static bool read_entry(struct hs *hs, struct rd *list, struct rd *certificate)
{
	enum msg place = hs->role == HS_CLIENT ? MSG_SERVER_CERTIFICATE :
						 MSG_CLIENT_CERTIFICATE;
	struct exts exts;

	*certificate = rd_vec24(list);
	if (!certificate->len)
		return hs_fail(hs, HS_ALERT_DECODE_ERROR,
			       "certificate: an empty entry");
	return ext_parse(hs, place, list, &exts);
}

static bool read_chain(struct hs *hs, struct rd list, struct hs_bytes *chain,
		       size_t *count)
{
	struct rd certificate;

	*count = 0;
	while (rd_more(&list)) {
		if (*count == HS_CHAIN_MAX)
			return hs_fail(hs, HS_ALERT_BAD_CERTIFICATE,
				       "certificate: a chain that is too long");
		if (!read_entry(hs, &list, &certificate))
			return false;
		chain[(*count)++] = (struct hs_bytes){ certificate.data,
						       certificate.len };
	}
	if (list.failed)
		return hs_fail(hs, HS_ALERT_DECODE_ERROR,
			       "certificate: malformed");
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
	return read_chain(hs, copy, hs->chain, &hs->chain_len);
}

/**
 * msg_certificate_parse - read the peer's chain
 * @hs: the engine
 * @body: the message
 *
 * It is judged together with CertificateVerify.
 *
 * Return: false after a failure.
 */
bool msg_certificate_parse(struct hs *hs, struct rd *body)
{
	struct rd context = rd_vec8(body);
	struct rd list = rd_vec24(body);
	struct hs_bytes chain[HS_CHAIN_MAX];
	size_t count;

	if (!rd_end(body) || context.failed)
		return hs_fail(hs, HS_ALERT_DECODE_ERROR,
			       "certificate: malformed");
	if (context.len)
		return hs_fail(hs, HS_ALERT_ILLEGAL_PARAMETER,
			       "certificate: a context within the handshake");
	if (!read_chain(hs, list, chain, &count))
		return false;
	if (!count)
		return hs_fail(hs, HS_ALERT_DECODE_ERROR,
			       "certificate: the server sent none");
	return keep_chain(hs, list);
}
