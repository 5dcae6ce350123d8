/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Copyright (C) 2026 The tlsup authors
 *
 * The extensions' own code, behind the table in ext.c.
 */
#ifndef TLSUP_EXT_H
#define TLSUP_EXT_H

#include "tls/hs_int.h"

/* ExtensionType (RFC 9846, 4.2). */
enum ext_type {
	EXT_SERVER_NAME = 0,
	EXT_MAX_FRAGMENT_LENGTH = 1,
	EXT_STATUS_REQUEST = 5,
	EXT_SUPPORTED_GROUPS = 10,
	EXT_SIGNATURE_ALGORITHMS = 13,
	EXT_ALPN = 16,
	EXT_SCT = 18,
	EXT_RECORD_SIZE_LIMIT = 28,
	EXT_PRE_SHARED_KEY = 41,
	EXT_EARLY_DATA = 42,
	EXT_SUPPORTED_VERSIONS = 43,
	EXT_COOKIE = 44,
	EXT_PSK_KEY_EXCHANGE_MODES = 45,
	EXT_CERTIFICATE_AUTHORITIES = 47,
	EXT_OID_FILTERS = 48,
	EXT_POST_HANDSHAKE_AUTH = 49,
	EXT_SIGNATURE_ALGORITHMS_CERT = 50,
	EXT_KEY_SHARE = 51,
};

bool ext_was_offered(const struct hs *hs, uint16_t type);

/* ext_name.c */
bool ext_server_name_parse(enum msg place, struct rd *body, struct exts *exts);
bool ext_server_name_write(struct hs *hs, enum msg place, struct wr *wr);
bool ext_alpn_parse(enum msg place, struct rd *body, struct exts *exts);
bool ext_alpn_write(struct hs *hs, enum msg place, struct wr *wr);

/* ext_negotiate.c */
bool ext_versions_parse(enum msg place, struct rd *body, struct exts *exts);
bool ext_versions_write(struct hs *hs, enum msg place, struct wr *wr);
bool ext_groups_parse(enum msg place, struct rd *body, struct exts *exts);
bool ext_groups_write(struct hs *hs, enum msg place, struct wr *wr);
bool ext_schemes_parse(enum msg place, struct rd *body, struct exts *exts);
bool ext_schemes_write(struct hs *hs, enum msg place, struct wr *wr);
bool ext_key_share_parse(enum msg place, struct rd *body, struct exts *exts);
bool ext_key_share_write(struct hs *hs, enum msg place, struct wr *wr);
bool ext_cookie_parse(enum msg place, struct rd *body, struct exts *exts);
bool ext_cookie_write(struct hs *hs, enum msg place, struct wr *wr);
bool ext_psk_modes_write(struct hs *hs, enum msg place, struct wr *wr);

#endif /* TLSUP_EXT_H */
