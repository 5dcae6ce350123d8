// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) 2026 The tlsup authors
 *
 * encrypted_extensions (RFC 9846, 4.3.1).
 */
#include <string.h>

#include "tls/ext.h"

/**
 * msg_encrypted_extensions_build - what the server has chosen
 * @hs: a server
 * @wr: the writer
 *
 * Return: true.
 */
bool msg_encrypted_extensions_build(struct hs *hs, struct wr *wr)
{
	ext_write(hs, MSG_ENCRYPTED_EXTENSIONS, wr);
	return true;
}

static bool was_offered(struct rd ours, struct rd name)
{
	while (rd_more(&ours)) {
		struct rd mine = rd_vec8(&ours);

		if (mine.len == name.len && !memcmp(mine.data, name.data, name.len))
			return true;
	}
	return false;
}

/**
 * msg_encrypted_extensions_parse - read what the server has chosen
 * @hs: a client
 * @body: the message
 *
 * Return: false after a failure.
 */
bool msg_encrypted_extensions_parse(struct hs *hs, struct rd *body)
{
	struct exts exts;
	struct rd ours, name;

	if (!ext_parse(hs, MSG_ENCRYPTED_EXTENSIONS, body, &exts))
		return false;
	if (!rd_end(body))
		return hs_fail(hs, HS_ALERT_DECODE_ERROR,
			       "encrypted_extensions: malformed");
	if (!exts.alpn.len)
		return true;
	name = rd_vec8(&exts.alpn);
	rd_init(&ours, hs->config->alpn.data, hs->config->alpn.len);
	if (!was_offered(ours, name))
		return hs_fail(hs, HS_ALERT_ILLEGAL_PARAMETER,
			       "encrypted_extensions: a protocol that was not offered");

	memcpy(hs->alpn, name.data, name.len);
	hs->alpn_len = name.len;
	return true;
}
