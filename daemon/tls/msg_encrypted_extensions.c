// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) 2026 The tlsup authors
 *
 * encrypted_extensions (RFC 9846, 4.3.1).
 */
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

	if (!ext_parse(hs, MSG_ENCRYPTED_EXTENSIONS, body, &exts))
		return false;
	if (!rd_end(body))
		return hs_fail(hs, HS_ALERT_DECODE_ERROR,
			       "encrypted_extensions: malformed");
	return ext_size_accept(hs, TLS13, &exts) && ext_alpn_accept(hs, &exts);
}
