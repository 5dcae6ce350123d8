// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) 2026 The tlsup authors
 *
 * server_hello of TLS 1.2 (RFC 5246, 7.4.1.3).
 */
#include <string.h>

#include "crypto/cr_rand.h"
#include "tls/ext.h"

#define SENTINEL_SIZE	8

/* Last bytes of a random that says: this server has TLS 1.3 (RFC 9846, 4.1.3). */
static const uint8_t sentinel[SENTINEL_SIZE] = "DOWNGRD\1";

/** struct hello - what a ServerHello says; borrowed from it */
struct hello {
	uint16_t version;
	const uint8_t *random;
	struct rd session_id;
	const struct suite *suite;
	uint8_t compression;
	struct exts exts;
};

/**
 * msg_server_hello_is_12 - does the server speak TLS 1.2?
 * @body: of a message of type server_hello
 * @len: its length
 *
 * Return: whether it does; false if it is malformed.
 */
bool msg_server_hello_is_12(const uint8_t *body, size_t len)
{
	struct rd rd;

	rd_init(&rd, body, len);
	rd_u16(&rd);
	rd_bytes(&rd, RANDOM_SIZE);
	rd_vec8(&rd);
	rd_u16(&rd);
	rd_u8(&rd);
	return !rd.failed && ext_lacks(rd, EXT_SUPPORTED_VERSIONS);
}

/* The keys of a resumed session are of its master secret and new randoms. */
static void expand_resumed(struct hs *hs)
{
	if (!(hs->flags & FL_RESUMED))
		return;
	ks12_expand(&hs->ks12, hs->client_random, hs->server_random);
	if (hs->ops->keylog)
		hs->ops->keylog(hs->owner, "CLIENT_RANDOM", hs->client_random,
				hs->ks12.master.data, hs->ks12.master.len);
}

/**
 * msg_server_hello_12_build - write a ServerHello
 * @hs: a server
 * @wr: the writer
 *
 * Return: true.
 */
bool msg_server_hello_12_build(struct hs *hs, struct wr *wr)
{
	size_t mark;

	if (hs->config->client_auth != HS_CLIENT_AUTH_NONE &&
	    !(hs->flags & FL_RESUMED)) {
		hs->flags |= FL_REQUEST;
		trans_keep(hs);
	}
	trans_start(hs);
	hs->ks12.suite = hs->suite;
	cr_random(hs->server_random, RANDOM_SIZE);
	if (version_enabled(hs->config, TLS13))
		memcpy(hs->server_random + RANDOM_SIZE - SENTINEL_SIZE, sentinel,
		       SENTINEL_SIZE);
	expand_resumed(hs);
	wr_u16(wr, TLS12);
	wr_bytes(wr, hs->server_random, RANDOM_SIZE);
	mark = wr_open(wr, 1);
	wr_bytes(wr, hs->session_id, hs->session_id_len);
	wr_close(wr, mark);
	wr_u16(wr, hs->suite->id);
	wr_u8(wr, 0);
	mark = wr->len;
	ext_write(hs, MSG_SERVER_HELLO_12, wr);
	/* None at all: then not even their length, for a client of old. */
	if (wr->len == mark + 2)
		wr->len = mark;
	return true;
}

static bool read_hello(struct hs *hs, struct rd *body, struct hello *hello)
{
	hello->version = rd_u16(body);
	hello->random = rd_bytes(body, RANDOM_SIZE);
	hello->session_id = rd_vec8(body);
	hello->suite = suite_enabled(hs->config, rd_u16(body));
	hello->compression = rd_u8(body);
	if (rd_more(body) && !ext_parse(hs, MSG_SERVER_HELLO_12, body, &hello->exts))
		return false;
	if (!rd_end(body) || hello->session_id.len > SESSION_ID_MAX)
		return hs_fail(hs, HS_ALERT_DECODE_ERROR,
			       "server_hello: malformed");
	return true;
}

/* The last byte tells TLS 1.2 from what is older; we would take neither. */
static bool is_downgrade(const struct hs *hs, const struct hello *hello)
{
	return version_enabled(hs->config, TLS13) &&
	       !memcmp(hello->random + RANDOM_SIZE - SENTINEL_SIZE, sentinel,
		       SENTINEL_SIZE - 1) && hello->random[RANDOM_SIZE - 1] <= 1;
}

static bool echoes_session(const struct hs *hs, const struct hello *hello)
{
	return hello->session_id.len && hello->session_id.len == hs->session_id_len &&
	       !memcmp(hello->session_id.data, hs->session_id, hs->session_id_len);
}

static bool offers_session(const struct hs *hs)
{
	return hs->session && hs->session->version == TLS12;
}

/* What the session had it keeps (RFC 5246, 7.4.1.3; RFC 7627, 5.3). */
static bool check_resumed(struct hs *hs, const struct hello *hello)
{
	if (hello->suite->id != hs->session->suite)
		return hs_fail(hs, HS_ALERT_ILLEGAL_PARAMETER,
			       "server_hello: another suite than the session's");
	if (ext_has(&hello->exts, EXT_EXTENDED_MASTER_SECRET) != hs->session->ems)
		return hs_fail(hs, HS_ALERT_HANDSHAKE_FAILURE,
			       "server_hello: extended_master_secret differs from the session's");
	return true;
}

static bool check_hello(struct hs *hs, const struct hello *hello)
{
	if (hello->version != TLS12)
		return hs_fail(hs, HS_ALERT_PROTOCOL_VERSION,
			       "server_hello: version");
	if (is_downgrade(hs, hello))
		return hs_fail(hs, HS_ALERT_ILLEGAL_PARAMETER,
			       "server_hello: somebody has forced an older version");
	/* Without a session ours stands for none. */
	if (echoes_session(hs, hello) && !offers_session(hs))
		return hs_fail(hs, HS_ALERT_ILLEGAL_PARAMETER,
			       "server_hello: a session that does not exist");
	if (!hello->suite || hello->suite->version != TLS12)
		return hs_fail(hs, HS_ALERT_ILLEGAL_PARAMETER,
			       "server_hello: a suite that was not offered");
	if (hello->compression)
		return hs_fail(hs, HS_ALERT_ILLEGAL_PARAMETER,
			       "server_hello: compression");
	return true;
}

static bool check_exts(struct hs *hs, const struct hello *hello)
{
	struct rd points = hello->exts.points;

	/* RFC 5746, 3.4; without it RFC 9325, 3.5, wants an end. */
	if (!ext_has(&hello->exts, EXT_RENEGOTIATION_INFO) ||
	    hello->exts.renegotiated)
		return hs_fail(hs, HS_ALERT_HANDSHAKE_FAILURE,
			       "server_hello: no good renegotiation_info");
	if (hs->config->ems_required &&
	    !ext_has(&hello->exts, EXT_EXTENDED_MASTER_SECRET))
		return hs_fail(hs, HS_ALERT_HANDSHAKE_FAILURE,
			       "server_hello: no extended_master_secret");
	if (ext_has(&hello->exts, EXT_ENCRYPT_THEN_MAC) && !hello->suite->mac_size)
		return hs_fail(hs, HS_ALERT_ILLEGAL_PARAMETER,
			       "server_hello: encrypt_then_mac with an AEAD");
	if (hs->config->etm_required && hello->suite->mac_size &&
	    !ext_has(&hello->exts, EXT_ENCRYPT_THEN_MAC))
		return hs_fail(hs, HS_ALERT_HANDSHAKE_FAILURE,
			       "server_hello: a suite with a MAC, without encrypt_then_mac");
	if (points.len && !memchr(points.data, 0, points.len))
		return hs_fail(hs, HS_ALERT_ILLEGAL_PARAMETER,
			       "server_hello: no uncompressed points");
	return true;
}

/**
 * msg_server_hello_12_parse - read a ServerHello
 * @hs: a client
 * @body: the message
 *
 * Return: false after a failure.
 */
bool msg_server_hello_12_parse(struct hs *hs, struct rd *body)
{
	struct hello hello = { 0 };
	bool resumed;

	if (!read_hello(hs, body, &hello) || !check_hello(hs, &hello) ||
	    !check_exts(hs, &hello) || !ext_size_accept(hs, TLS12, &hello.exts) ||
	    !ext_alpn_accept(hs, &hello.exts))
		return false;
	resumed = echoes_session(hs, &hello);
	if (resumed && !check_resumed(hs, &hello))
		return false;

	hs->version = TLS12;
	hs->suite = hello.suite;
	hs->ks12.suite = hello.suite;
	hs->kex = NULL;
	secret_wipe_bytes(hs->private_key, sizeof(hs->private_key));
	hs->ems = ext_has(&hello.exts, EXT_EXTENDED_MASTER_SECRET);
	hs->etm = ext_has(&hello.exts, EXT_ENCRYPT_THEN_MAC);
	hs->session_id_len = hello.session_id.len;
	if (hello.session_id.len)
		memcpy(hs->session_id, hello.session_id.data, hello.session_id.len);
	memcpy(hs->server_random, hello.random, RANDOM_SIZE);
	if (ext_has(&hello.exts, EXT_SESSION_TICKET))
		hs->flags |= FL_TICKET;
	if (resumed) {
		session_resume_12(hs);
		expand_resumed(hs);
		return trans_start(hs);
	}
	hs->session = NULL;
	if (hello.suite->kx != KX_RSA)
		hs->flags |= FL_KEY_EXCHANGE;
	if (ext_has(&hello.exts, EXT_STATUS_REQUEST))
		hs->flags |= FL_STAPLE;
	/* A CertificateRequest may come. */
	trans_keep(hs);
	return trans_start(hs);
}
