/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Copyright (C) 2026 The tlsup authors
 *
 * Keying material exporters: pure functions over secrets.
 */
#ifndef _TLSUP_EXPORTER_H
#define _TLSUP_EXPORTER_H

#include "keys.h"

#define TLSUP_RANDOMS_SIZE		64
#define TLSUP_MASTER_SECRET_SIZE	48

/**
 * struct tlsup_exporter_source - what a handshake leaves for exporters
 * @version: 0x0303 or 0x0304
 * @hash: &enum tlsup_hash of HKDF, or of the PRF
 * @secret_len: bytes of @secret; 0: there are no exporters
 * @secret: TLS 1.3: the exporter secret; TLS 1.2: the master secret
 * @randoms: TLS 1.2: client_random and server_random
 */
struct tlsup_exporter_source {
	u16 version;
	u8 hash;
	u8 secret_len;
	u8 secret[TLSUP_SECRET_MAX];
	u8 randoms[TLSUP_RANDOMS_SIZE];
};

/**
 * struct tlsup_exporter_wish - what is wanted; borrowed bytes
 * @label: without a prefix
 * @label_len: 1 to 249
 * @context: may be NULL if @context_len is 0
 * @context_len: bytes
 * @use_context: TLS 1.2: there is a context, be it empty
 * @len: bytes wanted, at most 255 times the hash's
 */
struct tlsup_exporter_wish {
	const u8 *label;
	size_t label_len;
	const u8 *context;
	size_t context_len;
	bool use_context;
	size_t len;
};

int tlsup_export(const struct tlsup_exporter_source *from,
		 const struct tlsup_exporter_wish *wish, u8 *out);

#endif /* _TLSUP_EXPORTER_H */
