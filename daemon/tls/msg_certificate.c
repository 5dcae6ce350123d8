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

/* What an entry costs: two lengths; a response: a header, a type and a length. */
#define ENTRY_OVERHEAD	5
#define STATUS_OVERHEAD	8

/**
 * msg_certificate_size - how long our Certificate can get
 * @hs: the engine
 *
 * Return: bytes, beside a small constant.
 */
size_t msg_certificate_size(const struct hs *hs)
{
	const struct hs_credential *credential = hs->credential;
	size_t size = 0;

	for (size_t i = 0; credential && i < credential->chain_len; i++) {
		size += ENTRY_OVERHEAD + credential->chain[i].len;
		if (hs->ocsp_wanted && credential->ocsp)
			size += STATUS_OVERHEAD + credential->ocsp[i].len;
	}
	return size;
}

static enum msg certificate_of(enum hs_role role)
{
	return role == HS_SERVER ? MSG_SERVER_CERTIFICATE : MSG_CLIENT_CERTIFICATE;
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
		hs->entry = i;
		ext_write(hs, certificate_of(hs->role), wr);
	}
	wr_close(wr, list);
	return true;
}

/** struct chain - certificates, and what their issuers say of them; borrowed */
struct chain {
	struct hs_bytes certificates[HS_CHAIN_MAX];
	struct hs_bytes ocsp[HS_CHAIN_MAX];
	size_t len;
};

static bool read_entry(struct hs *hs, struct rd *list, struct chain *chain)
{
	enum hs_role peer = hs->role == HS_CLIENT ? HS_SERVER : HS_CLIENT;
	struct rd certificate = rd_vec24(list);
	struct exts exts;

	if (chain->len == HS_CHAIN_MAX)
		return hs_fail(hs, HS_ALERT_BAD_CERTIFICATE,
			       "certificate: a chain that is too long");
	if (!certificate.len)
		return hs_fail(hs, HS_ALERT_DECODE_ERROR,
			       "certificate: an empty entry");
	if (!ext_parse(hs, certificate_of(peer), list, &exts))
		return false;
	chain->certificates[chain->len] = (struct hs_bytes){ certificate.data,
							     certificate.len };
	chain->ocsp[chain->len++] = (struct hs_bytes){ exts.response.data,
						       exts.response.len };
	return true;
}

static bool read_chain(struct hs *hs, struct rd list, struct chain *chain)
{
	chain->len = 0;
	while (rd_more(&list))
		if (!read_entry(hs, &list, chain))
			return false;
	if (list.failed)
		return hs_fail(hs, HS_ALERT_DECODE_ERROR,
			       "certificate: malformed");
	return true;
}

/* The chain outlives the message: copy it, and let the entries point there. */
static bool keep_chain(struct hs *hs, struct rd list)
{
	struct chain chain;
	struct rd copy;

	hs->chain_data = malloc(list.len);
	if (!hs->chain_data)
		return hs_fail_error(hs, HS_ALERT_INTERNAL_ERROR, ENOMEM,
				     "out of memory");
	memcpy(hs->chain_data, list.data, list.len);
	rd_init(&copy, hs->chain_data, list.len);
	if (!read_chain(hs, copy, &chain))
		return false;
	memcpy(hs->chain, chain.certificates, sizeof(hs->chain));
	memcpy(hs->ocsp, chain.ocsp, sizeof(hs->ocsp));
	hs->chain_len = chain.len;
	if (hs->role == HS_SERVER)
		hs->flags |= FL_CLIENT_VERIFY;
	return true;
}

static bool take_none(struct hs *hs)
{
	if (hs->role == HS_CLIENT)
		return hs_fail(hs, HS_ALERT_DECODE_ERROR,
			       "certificate: the server sent none");
	if (hs->config->client_auth == HS_CLIENT_AUTH_REQUIRE)
		return hs_fail_error(hs, HS_ALERT_CERTIFICATE_REQUIRED, EKEYREJECTED,
				     "certificate: the client sent none");
	return true;
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
	struct chain chain;

	if (!rd_end(body) || context.failed)
		return hs_fail(hs, HS_ALERT_DECODE_ERROR,
			       "certificate: malformed");
	if (context.len)
		return hs_fail(hs, HS_ALERT_ILLEGAL_PARAMETER,
			       "certificate: a context within the handshake");
	if (!read_chain(hs, list, &chain))
		return false;
	return chain.len ? keep_chain(hs, list) : take_none(hs);
}
