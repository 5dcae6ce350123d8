// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) 2026 The tlsup authors
 *
 * Extensions (RFC 9846, 4.2): one table says what each is, in which messages
 * it may stand, how it is read and how it is written. Reading is one walk that
 * refuses duplicates and wrong places; what an extension says is taken over by
 * its message.
 */
#include <string.h>

#include "tls/ext.h"

#define IN(msg)		(1U << (msg))
#define CH		IN(MSG_CLIENT_HELLO)
#define SH		IN(MSG_SERVER_HELLO)
#define HRR		IN(MSG_HELLO_RETRY_REQUEST)
#define SH12		IN(MSG_SERVER_HELLO_12)
#define EE		IN(MSG_ENCRYPTED_EXTENSIONS)
#define CR		IN(MSG_CERTIFICATE_REQUEST)
#define CT		(IN(MSG_SERVER_CERTIFICATE) | IN(MSG_CLIENT_CERTIFICATE))

/**
 * struct ext - a row of the table
 * @type: ExtensionType
 * @places: messages in which the standard allows it
 * @parse: check the form and borrow the content; NULL: not looked into
 * @write: write the body and return true, or return false to leave it out;
 *	NULL: never sent
 */
struct ext {
	uint16_t type;
	uint32_t places;
	bool (*parse)(enum msg place, struct rd *body, struct exts *exts);
	bool (*write)(struct hs *hs, enum msg place, struct wr *wr);
};

/* In the order in which they are written. */
static const struct ext table[] = {
	{ EXT_SERVER_NAME, CH | SH12 | EE, ext_server_name_parse, ext_server_name_write },
	{ EXT_SUPPORTED_GROUPS, CH | SH12 | EE, ext_groups_parse, ext_groups_write },
	{ EXT_SIGNATURE_ALGORITHMS, CH | CR, ext_schemes_parse, ext_schemes_write },
	{ EXT_ALPN, CH | SH12 | EE, ext_alpn_parse, ext_alpn_write },
	{ EXT_SUPPORTED_VERSIONS, CH | SH | HRR, ext_versions_parse,
	  ext_versions_write },
	{ EXT_COOKIE, CH | HRR, ext_cookie_parse, ext_cookie_write },
	{ EXT_PSK_KEY_EXCHANGE_MODES, CH, ext_psk_modes_parse, ext_psk_modes_write },
	{ EXT_KEY_SHARE, CH | SH | HRR, ext_key_share_parse,
	  ext_key_share_write },
	{ EXT_EC_POINT_FORMATS, CH | SH12, ext_points_parse, ext_points_write },
	{ EXT_ENCRYPT_THEN_MAC, CH | SH12, ext_empty_parse, ext_etm_write },
	{ EXT_EXTENDED_MASTER_SECRET, CH | SH12, ext_empty_parse, ext_ems_write },
	{ EXT_RENEGOTIATION_INFO, CH | SH12, ext_renegotiation_parse,
	  ext_renegotiation_write },
	{ EXT_SESSION_TICKET, CH | SH12, ext_ticket_parse, ext_ticket_write },
	{ EXT_MAX_FRAGMENT_LENGTH, CH | EE, NULL, NULL },
	{ EXT_STATUS_REQUEST, CH | SH12 | CR | CT, ext_status_parse,
	  ext_status_write },
	{ EXT_SIGNATURE_ALGORITHMS_CERT, CH | CR, ext_schemes_cert_parse, NULL },
	{ EXT_CERTIFICATE_AUTHORITIES, CH | CR, ext_authorities_parse,
	  ext_authorities_write },
	{ EXT_COMPRESS_CERTIFICATE, CH | CR, ext_compression_parse,
	  ext_compression_write },
	{ EXT_SCT, CH | CR | CT, NULL, NULL },
	{ EXT_OID_FILTERS, CR, NULL, NULL },
	{ EXT_POST_HANDSHAKE_AUTH, CH, ext_empty_parse, NULL },
	{ EXT_RECORD_SIZE_LIMIT, CH | SH12 | EE, ext_size_parse, ext_size_write },
	{ EXT_EARLY_DATA, CH | EE, ext_empty_parse, NULL },
	/* The last of all (RFC 9846, 4.2.11). */
	{ EXT_PRE_SHARED_KEY, CH | SH, ext_psk_parse, ext_psk_write },
};

#define ROWS	(sizeof(table) / sizeof(table[0]))

_Static_assert(ROWS <= 32, "a bit of struct exts.seen per row");
_Static_assert(MSG_COUNT <= 32, "a bit of struct ext.places per message");

static size_t find(uint16_t type)
{
	size_t i;

	for (i = 0; i < ROWS; i++)
		if (table[i].type == type)
			break;
	return i;
}

/* A peer may answer only what it was offered; a ClientHello and a
 * CertificateRequest offer freely, and what is unknown is ignored there.
 */
static bool is_offer(enum msg place)
{
	return place == MSG_CLIENT_HELLO || place == MSG_CERTIFICATE_REQUEST;
}

static bool check_place(struct hs *hs, enum msg place, size_t row)
{
	if (row < ROWS && !(table[row].places & IN(place)))
		return hs_fail(hs, HS_ALERT_ILLEGAL_PARAMETER,
			       "an extension in the wrong message");
	/* A cookie is the one that a HelloRetryRequest brings unasked. */
	if (!is_offer(place) &&
	    (row >= ROWS || !table[row].write ||
	     table[row].type == EXT_PSK_KEY_EXCHANGE_MODES ||
	     ((IN(place) & (EE | SH12 | CT)) &&
	      !ext_was_offered(hs, table[row].type))))
		return hs_fail(hs, HS_ALERT_UNSUPPORTED_EXTENSION,
			       "an extension that was not offered");
	return true;
}

/**
 * ext_parse - read the extensions of a message
 * @hs: the engine
 * @place: the message
 * @rd: stands at the extensions' length; read to the end of the vector
 * @exts: filled; borrowed from the message
 *
 * Return: false after a failure, which @hs has been told.
 */
bool ext_parse(struct hs *hs, enum msg place, struct rd *rd, struct exts *exts)
{
	struct rd list = rd_vec16(rd);
	bool last = false;

	memset(exts, 0, sizeof(*exts));
	while (rd_more(&list)) {
		uint16_t type = rd_u16(&list);
		struct rd body = rd_vec16(&list);
		size_t row = find(type);

		if (list.failed)
			break;
		if (last)
			return hs_fail(hs, HS_ALERT_ILLEGAL_PARAMETER,
				       "client_hello: pre_shared_key is not the last extension");
		if (!check_place(hs, place, row))
			return false;
		if (row == ROWS)
			continue;
		if (exts->seen >> row & 1)
			return hs_fail(hs, HS_ALERT_ILLEGAL_PARAMETER,
				       "an extension that comes twice");
		exts->seen |= 1U << row;
		last = type == EXT_PRE_SHARED_KEY && place == MSG_CLIENT_HELLO;
		if (table[row].parse && !table[row].parse(place, &body, exts))
			return hs_fail(hs, HS_ALERT_DECODE_ERROR,
				       "an extension that is malformed");
		if (exts->illegal)
			return hs_fail(hs, HS_ALERT_ILLEGAL_PARAMETER,
				       "an extension that breaks its own rules");
	}
	if (list.failed)
		return hs_fail(hs, HS_ALERT_DECODE_ERROR,
			       "extensions that are malformed");
	return true;
}

/**
 * ext_has - was it in the message?
 * @exts: from ext_parse()
 * @type: ExtensionType, one of the table's
 *
 * Return: whether it was.
 */
bool ext_has(const struct exts *exts, uint16_t type)
{
	return exts->seen >> find(type) & 1;
}

/**
 * ext_from_peer - was it in the ClientHello?
 * @hs: a server
 * @type: ExtensionType, one of the table's
 *
 * Return: whether it was.
 */
bool ext_from_peer(const struct hs *hs, uint16_t type)
{
	return hs->offered >> find(type) & 1;
}

/**
 * ext_lacks - look for an extension before the others are judged
 * @block: stands at the extensions' length, or at the end of a message that
 *	has none
 * @type: ExtensionType
 *
 * Return: true if it is not there; false also if the block is malformed, which
 * ext_parse() will tell.
 */
bool ext_lacks(struct rd block, uint16_t type)
{
	struct rd list;

	if (rd_end(&block))
		return true;
	list = rd_vec16(&block);
	while (rd_more(&list)) {
		if (rd_u16(&list) == type)
			return false;
		rd_vec16(&list);
	}
	return rd_end(&list);
}

/**
 * ext_write - write the extensions of a message, with their length
 * @hs: the engine
 * @place: the message
 * @wr: the writer
 */
void ext_write(struct hs *hs, enum msg place, struct wr *wr)
{
	size_t list = wr_open(wr, 2);

	for (size_t i = 0; i < ROWS; i++) {
		size_t start = wr->len;
		size_t body;

		if (!table[i].write || !(table[i].places & IN(place)))
			continue;
		wr_u16(wr, table[i].type);
		body = wr_open(wr, 2);
		if (table[i].write(hs, place, wr))
			wr_close(wr, body);
		else
			wr->len = start;
	}
	wr_close(wr, list);
}
