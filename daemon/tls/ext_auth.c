// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) 2026 The tlsup authors
 *
 * What a chain may be like: certificate_authorities and
 * signature_algorithms_cert (RFC 9846, 4.2.4 and 4.2.3), compress_certificate
 * (RFC 8879). And what a peer's wishes come to, whichever side it is.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "tls/ext.h"

/* Distinguished names, at least one, none empty. */
bool ext_authorities_parse(enum msg place, struct rd *body, struct exts *exts)
{
	struct rd walk = rd_vec16(body);

	(void)place;
	exts->authorities = walk;
	while (rd_more(&walk))
		if (!rd_vec16(&walk).len)
			return false;
	return rd_end(&walk) && rd_end(body) && exts->authorities.len;
}

/* A client says nothing of whom it trusts. */
bool ext_authorities_write(struct hs *hs, enum msg place, struct wr *wr)
{
	size_t list;

	if (place == MSG_CLIENT_HELLO || !hs->config->authorities.len)
		return false;
	list = wr_open(wr, 2);
	wr_bytes(wr, hs->config->authorities.data, hs->config->authorities.len);
	wr_close(wr, list);
	return true;
}

bool ext_schemes_cert_parse(enum msg place, struct rd *body, struct exts *exts)
{
	struct rd list = rd_vec16(body);

	(void)place;
	exts->cert_schemes = list;
	return rd_end(body) && list.len && list.len % 2 == 0;
}

bool ext_compression_parse(enum msg place, struct rd *body, struct exts *exts)
{
	struct rd list = rd_vec8(body);

	(void)place;
	exts->compression = list;
	return rd_end(body) && list.len && list.len % 2 == 0;
}

/* Offering it, we take a chain that is compressed. */
bool ext_compression_write(struct hs *hs, enum msg place, struct wr *wr)
{
	const struct hs_config *config = hs->config;
	size_t list;

	(void)place;
	if (!config->compression_len || !version_enabled(config, TLS13))
		return false;
	list = wr_open(wr, 1);
	for (size_t i = 0; i < config->compression_len; i++)
		wr_u16(wr, config->compression[i]);
	wr_close(wr, list);
	hs->flags |= FL_COMPRESSION;
	return true;
}

static const struct cr_compression *choose_compression(const struct hs_config *config,
						       struct rd list)
{
	for (size_t i = 0; i < config->compression_len; i++) {
		struct rd walk = list;

		while (rd_more(&walk))
			if (rd_u16(&walk) == config->compression[i])
				return cr_compression_find(config->compression[i]);
	}
	return NULL;
}

/**
 * ext_commit_auth - take over what the peer wants of our chain
 * @hs: with a version
 * @exts: of a ClientHello or a CertificateRequest
 */
void ext_commit_auth(struct hs *hs, const struct exts *exts)
{
	scheme_commit_both(hs, exts->schemes, exts->cert_schemes);
	hs->ocsp_wanted = exts->ocsp;
	hs->compression = choose_compression(hs->config, exts->compression);
}

/**
 * ext_commit_authorities - keep whom the client trusts
 * @hs: a server
 * @exts: of its ClientHello, which will not be there when it is asked for
 *
 * Return: false without memory: the engine has failed.
 */
bool ext_commit_authorities(struct hs *hs, const struct exts *exts)
{
	free(hs->authorities);
	hs->authorities = NULL;
	hs->authorities_len = exts->authorities.len;
	if (!exts->authorities.len)
		return true;
	hs->authorities = malloc(exts->authorities.len);
	if (!hs->authorities)
		return hs_fail_error(hs, HS_ALERT_INTERNAL_ERROR, ENOMEM,
				     "out of memory");
	memcpy(hs->authorities, exts->authorities.data, exts->authorities.len);
	return true;
}
