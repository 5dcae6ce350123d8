// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) 2026 The tlsup authors
 *
 * server_hello and hello_retry_request (RFC 9846, 4.1.3 and 4.1.4): the same
 * form, told apart by the random.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "crypto/cr_rand.h"
#include "tls/ext.h"

#define COOKIE_SIZE	32

/* SHA-256 of "HelloRetryRequest". */
static const uint8_t retry_random[RANDOM_SIZE] = {
	0xcf, 0x21, 0xad, 0x74, 0xe5, 0x9a, 0x61, 0x11, 0xbe, 0x1d, 0x8c,
	0x02, 0x1e, 0x65, 0xb8, 0x91, 0xc2, 0xa2, 0x11, 0x16, 0x7a, 0xbb,
	0x8c, 0x5e, 0x07, 0x9e, 0x09, 0xe2, 0xc8, 0xa8, 0x33, 0x9c,
};

/** struct hello - what a ServerHello says; borrowed from it */
struct hello {
	uint16_t version;
	const uint8_t *random;
	struct rd session_id;
	uint16_t suite;
	uint8_t compression;
	struct exts exts;
};

/**
 * msg_server_hello_is_retry - is it a HelloRetryRequest?
 * @body: of a message of type server_hello
 * @len: its length
 *
 * Return: whether it is; false if it is too short to say.
 */
bool msg_server_hello_is_retry(const uint8_t *body, size_t len)
{
	struct rd rd;
	const uint8_t *random;

	rd_init(&rd, body, len);
	rd_u16(&rd);
	random = rd_bytes(&rd, RANDOM_SIZE);
	return random && !memcmp(random, retry_random, RANDOM_SIZE);
}

static void write_hello(struct hs *hs, enum msg place, const uint8_t *random,
			struct wr *wr)
{
	size_t mark;

	wr_u16(wr, TLS12);
	wr_bytes(wr, random, RANDOM_SIZE);
	mark = wr_open(wr, 1);
	wr_bytes(wr, hs->session_id, hs->session_id_len);
	wr_close(wr, mark);
	wr_u16(wr, hs->suite->id);
	wr_u8(wr, 0);
	ext_write(hs, place, wr);
}

/**
 * msg_server_hello_ask - which certificate is it going to be?
 * @hs: a server
 *
 * Asked before anything is sent, while a failure can still be told in the
 * clear.
 *
 * Return: false after a failure.
 */
bool msg_server_hello_ask(struct hs *hs)
{
	const struct hs_question question = {
		.ask = HS_ASK_CREDENTIAL,
		.version = hs->version,
		.server_name = hs->server_name,
		.schemes = hs->schemes,
		.schemes_len = hs->schemes_len,
		.cert_schemes = hs->cert_schemes,
		.cert_schemes_len = hs->cert_schemes_len,
		.auths = hs->version == TLS12 ? hello12_auths(hs) : 0,
		.authorities = { hs->authorities, hs->authorities_len },
	};

	if (hs->flags & FL_RESUMED)
		return true;
	/* Now that no PSK was taken, what a PSK can do without is due. */
	if (hs->version == TLS13 && (!hs->kex || !hs->schemes_len))
		return hs_fail(hs, ext_from_peer(hs, EXT_SUPPORTED_GROUPS) &&
			       ext_from_peer(hs, EXT_SIGNATURE_ALGORITHMS) ?
			       HS_ALERT_HANDSHAKE_FAILURE : HS_ALERT_MISSING_EXTENSION,
			       "client_hello: no PSK in common, nor what would do without");
	return hs_ask_owner(hs, &question);
}

/*
 * The shared secret goes into the schedule once the transcript is complete. With
 * a PSK the schedule has begun, with the binder; psk_ke has no shared secret.
 */
static bool derive_handshake(struct hs *hs)
{
	static const struct hs_bytes none;
	uint8_t shared[CR_KEX_SHARED_MAX] = { 0 };
	uint8_t hash[CR_HASH_MAX];
	bool ok = true;

	if (hs->kex)
		ok = hs->kex->derive(hs->kex, hs->private_key, hs->peer_share, shared);
	secret_wipe_bytes(hs->private_key, sizeof(hs->private_key));
	if (ok) {
		trans_hash(hs, hash);
		if (!(hs->flags & FL_RESUMED))
			ks_early(&hs->ks, hs->suite->hash, none);
		ks_handshake(&hs->ks, shared, hs->kex ? hs->kex->shared_size :
			     hs->suite->hash->size, hash);
	}
	secret_wipe_bytes(shared, sizeof(shared));
	return ok || hs_fail(hs, HS_ALERT_ILLEGAL_PARAMETER,
			     "key_share: not a good point");
}

/**
 * msg_server_hello_build - write a ServerHello
 * @hs: a server
 * @wr: the writer
 *
 * Return: true.
 */
bool msg_server_hello_build(struct hs *hs, struct wr *wr)
{
	if (hs->config->client_auth != HS_CLIENT_AUTH_NONE)
		hs->flags |= FL_REQUEST;
	if (hs->compression)
		hs->flags |= FL_SERVER_COMPRESSED;
	trans_start(hs);
	cr_random(hs->server_random, RANDOM_SIZE);
	if (hs->kex)
		hs->kex->generate(hs->kex, hs->private_key, hs->public_key);
	write_hello(hs, MSG_SERVER_HELLO, hs->server_random, wr);
	return true;
}

/**
 * msg_server_hello_after - the handshake keys
 * @hs: the engine, either role
 *
 * Return: false after a failure.
 */
bool msg_server_hello_after(struct hs *hs)
{
	bool server = hs->role == HS_SERVER;

	if (!derive_handshake(hs))
		return false;
	if (server)
		hs_send_ccs(hs);
	hs_install(hs, HS_TX, HS_EPOCH_HANDSHAKE, server ?
		   &hs->ks.server_handshake : &hs->ks.client_handshake);
	hs_install(hs, HS_RX, HS_EPOCH_HANDSHAKE, server ?
		   &hs->ks.client_handshake : &hs->ks.server_handshake);
	return true;
}

/* Our state is kept here, not there: it is random, and shows that it came back. */
static bool make_cookie(struct hs *hs)
{
	hs->cookie = malloc(COOKIE_SIZE);
	if (!hs->cookie)
		return hs_fail_error(hs, HS_ALERT_INTERNAL_ERROR, ENOMEM,
				     "out of memory");
	cr_random(hs->cookie, COOKIE_SIZE);
	hs->cookie_len = COOKIE_SIZE;
	return true;
}

/**
 * msg_hello_retry_request_build - ask for another key share
 * @hs: a server
 * @wr: the writer
 *
 * Return: false without memory: the engine has failed.
 */
bool msg_hello_retry_request_build(struct hs *hs, struct wr *wr)
{
	if (hs->config->cookie && !make_cookie(hs))
		return false;
	trans_retry(hs);
	write_hello(hs, MSG_HELLO_RETRY_REQUEST, retry_random, wr);
	return true;
}

/**
 * msg_hello_retry_request_after - change_cipher_spec goes out early
 * @hs: the engine, either role
 *
 * Return: true.
 */
bool msg_hello_retry_request_after(struct hs *hs)
{
	hs_send_ccs(hs);
	return true;
}

static bool read_hello(struct hs *hs, struct rd *body, enum msg place,
		       struct hello *hello)
{
	hello->version = rd_u16(body);
	hello->random = rd_bytes(body, RANDOM_SIZE);
	hello->session_id = rd_vec8(body);
	hello->suite = rd_u16(body);
	hello->compression = rd_u8(body);
	/* Before all else (RFC 9846, 4.2.1): TLS 1.2 answers with other extensions. */
	if (ext_lacks(*body, EXT_SUPPORTED_VERSIONS))
		return hs_fail(hs, HS_ALERT_PROTOCOL_VERSION,
			       "server_hello: a version that is too old");
	if (!ext_parse(hs, place, body, &hello->exts))
		return false;
	if (!rd_end(body))
		return hs_fail(hs, HS_ALERT_DECODE_ERROR,
			       "server_hello: malformed");
	return true;
}

/* What a HelloRetryRequest and a ServerHello have in common. */
static bool check_hello(struct hs *hs, const struct hello *hello)
{
	const struct suite *suite;

	if (hello->exts.version != TLS13 || hello->version != TLS12)
		return hs_fail(hs, HS_ALERT_ILLEGAL_PARAMETER,
			       "server_hello: version");
	if (hello->session_id.len != hs->session_id_len ||
	    memcmp(hello->session_id.data, hs->session_id, hs->session_id_len))
		return hs_fail(hs, HS_ALERT_ILLEGAL_PARAMETER,
			       "server_hello: legacy_session_id_echo");
	suite = suite_enabled(hs->config, hello->suite);
	if (!suite || suite->version != TLS13)
		return hs_fail(hs, HS_ALERT_ILLEGAL_PARAMETER,
			       "server_hello: a suite that was not offered");
	if (hello->compression)
		return hs_fail(hs, HS_ALERT_ILLEGAL_PARAMETER,
			       "server_hello: legacy_compression_method");
	return true;
}

/**
 * msg_server_hello_parse - read a ServerHello
 * @hs: a client
 * @body: the message
 *
 * Return: false after a failure.
 */
bool msg_server_hello_parse(struct hs *hs, struct rd *body)
{
	struct hello hello = { 0 };
	bool share;

	/* A second retry is out of order (RFC 9846, 4.1.4). */
	if (msg_server_hello_is_retry(body->data, body->len))
		return hs_fail(hs, HS_ALERT_UNEXPECTED_MESSAGE,
			       "hello_retry_request: a second one");
	if (!read_hello(hs, body, MSG_SERVER_HELLO, &hello) ||
	    !check_hello(hs, &hello))
		return false;
	if (hs->suite && hello.suite != hs->suite->id)
		return hs_fail(hs, HS_ALERT_ILLEGAL_PARAMETER,
			       "server_hello: another suite than in the retry");
	share = ext_has(&hello.exts, EXT_KEY_SHARE);
	if (share && (hello.exts.group != hs->kex->id ||
		      hello.exts.share.len != hs->kex->public_size))
		return hs_fail(hs, HS_ALERT_ILLEGAL_PARAMETER,
			       "server_hello: key_share");
	if (!psk_accept(hs, &hello.exts, suite_find(hello.suite)))
		return false;

	hs->version = TLS13;
	hs->suite = suite_find(hello.suite);
	memcpy(hs->server_random, hello.random, RANDOM_SIZE);
	if (share)
		memcpy(hs->peer_share, hello.exts.share.data, hello.exts.share.len);
	else
		hs->kex = NULL;
	return trans_start(hs);
}

static bool take_cookie(struct hs *hs, struct rd cookie)
{
	if (!cookie.len)
		return true;
	if (cookie.len > COOKIE_MAX)
		return hs_fail(hs, HS_ALERT_ILLEGAL_PARAMETER,
			       "hello_retry_request: a cookie that is too long");
	hs->cookie = malloc(cookie.len);
	if (!hs->cookie)
		return hs_fail_error(hs, HS_ALERT_INTERNAL_ERROR, ENOMEM,
				     "out of memory");
	memcpy(hs->cookie, cookie.data, cookie.len);
	hs->cookie_len = cookie.len;
	return true;
}

/**
 * msg_hello_retry_request_parse - read a HelloRetryRequest
 * @hs: a client
 * @body: the message
 *
 * Return: false after a failure.
 */
bool msg_hello_retry_request_parse(struct hs *hs, struct rd *body)
{
	struct hello hello = { 0 };
	bool share;

	if (!read_hello(hs, body, MSG_HELLO_RETRY_REQUEST, &hello) ||
	    !check_hello(hs, &hello))
		return false;
	share = ext_has(&hello.exts, EXT_KEY_SHARE);
	if (!share && !hello.exts.cookie.len)
		return hs_fail(hs, HS_ALERT_ILLEGAL_PARAMETER,
			       "hello_retry_request: it changes nothing");
	if (share && (hello.exts.group == hs->kex->id ||
		      !group_enabled(hs->config, hello.exts.group)))
		return hs_fail(hs, HS_ALERT_ILLEGAL_PARAMETER,
			       "hello_retry_request: the group");
	if (!take_cookie(hs, hello.exts.cookie))
		return false;

	hs->version = TLS13;
	hs->suite = suite_find(hello.suite);
	if (share) {
		hs->kex = cr_kex_find(hello.exts.group);
		hs->kex->generate(hs->kex, hs->private_key, hs->public_key);
	}
	psk_forget_misfit(hs);
	return trans_retry(hs);
}
