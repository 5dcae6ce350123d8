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
	EXT_EC_POINT_FORMATS = 11,
	EXT_SIGNATURE_ALGORITHMS = 13,
	EXT_ALPN = 16,
	EXT_SCT = 18,
	EXT_PADDING = 21,
	EXT_ENCRYPT_THEN_MAC = 22,
	EXT_EXTENDED_MASTER_SECRET = 23,
	EXT_COMPRESS_CERTIFICATE = 27,
	EXT_RECORD_SIZE_LIMIT = 28,
	EXT_SESSION_TICKET = 35,
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
	EXT_RENEGOTIATION_INFO = 0xff01,
};

/** struct client_hello - what a ClientHello says; borrowed from it */
struct client_hello {
	uint16_t version;
	const uint8_t *random;
	struct rd session_id;
	struct rd suites;
	struct rd compression;
	struct rd fixed;	/* all but the extensions */
	struct rd extensions;	/* as they stand, without their length */
	struct exts exts;
};

/**
 * struct choice - what a server makes of it
 * @suite: TLS 1.3: the suite
 * @kex: the group; TLS 1.2: that of ECDHE
 * @share: TLS 1.3: the client's key share of that group; empty: to be asked for
 * @alpn: the application protocol; empty: none
 * @dhe: TLS 1.2: the group of DHE
 * @suites: TLS 1.2: which of our suites may be used, given a certificate for it;
 *	a bit each, in the order of suite_next()
 */
struct choice {
	const struct suite *suite;
	const struct cr_kex *kex;
	struct rd share;
	struct rd alpn;
	const struct cr_kex *dhe;
	uint64_t suites;
};

/* msg_client_hello.c, hello13.c, hello12.c */
bool hello_has(struct rd list, uint16_t v);
bool hello13_choose(struct hs *hs, const struct client_hello *hello,
		    struct choice *choice);
void hello13_commit(struct hs *hs, const struct client_hello *hello,
		    const struct choice *choice);
bool hello12_choose(struct hs *hs, const struct client_hello *hello,
		    struct choice *choice);
void hello12_commit(struct hs *hs, const struct client_hello *hello,
		    const struct choice *choice);

/* ext_name.c */
bool ext_was_offered(const struct hs *hs, uint16_t type);
bool ext_server_name_parse(enum msg place, struct rd *body, struct exts *exts);
bool ext_server_name_write(struct hs *hs, enum msg place, struct wr *wr);
bool ext_alpn_parse(enum msg place, struct rd *body, struct exts *exts);
bool ext_alpn_write(struct hs *hs, enum msg place, struct wr *wr);
bool ext_alpn_accept(struct hs *hs, const struct exts *exts);

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

/* psk.c */
bool ext_psk_modes_parse(enum msg place, struct rd *body, struct exts *exts);
bool ext_psk_modes_write(struct hs *hs, enum msg place, struct wr *wr);
bool ext_psk_parse(enum msg place, struct rd *body, struct exts *exts);
bool ext_psk_write(struct hs *hs, enum msg place, struct wr *wr);

/* ext_auth.c */
bool ext_authorities_parse(enum msg place, struct rd *body, struct exts *exts);
bool ext_authorities_write(struct hs *hs, enum msg place, struct wr *wr);
bool ext_schemes_cert_parse(enum msg place, struct rd *body, struct exts *exts);
bool ext_compression_parse(enum msg place, struct rd *body, struct exts *exts);
bool ext_compression_write(struct hs *hs, enum msg place, struct wr *wr);

/* ext_size.c */
bool ext_size_parse(enum msg place, struct rd *body, struct exts *exts);
bool ext_size_write(struct hs *hs, enum msg place, struct wr *wr);
bool ext_size_accept(struct hs *hs, uint16_t version, const struct exts *exts);

/* ext_status.c */
bool ext_status_parse(enum msg place, struct rd *body, struct exts *exts);
bool ext_status_write(struct hs *hs, enum msg place, struct wr *wr);

/* ext_tls12.c */
bool ext_offers_etm(const struct hs *hs);
bool ext_offers_points(const struct hs *hs);
bool ext_empty_parse(enum msg place, struct rd *body, struct exts *exts);
bool ext_ems_write(struct hs *hs, enum msg place, struct wr *wr);
bool ext_etm_write(struct hs *hs, enum msg place, struct wr *wr);
bool ext_renegotiation_parse(enum msg place, struct rd *body, struct exts *exts);
bool ext_renegotiation_write(struct hs *hs, enum msg place, struct wr *wr);
bool ext_points_parse(enum msg place, struct rd *body, struct exts *exts);
bool ext_points_write(struct hs *hs, enum msg place, struct wr *wr);
bool ext_ticket_parse(enum msg place, struct rd *body, struct exts *exts);
bool ext_ticket_write(struct hs *hs, enum msg place, struct wr *wr);

#endif /* TLSUP_EXT_H */
