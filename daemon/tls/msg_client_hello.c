// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) 2026 The tlsup authors
 *
 * client_hello (RFC 9846, 4.1.2; RFC 5246, 7.4.1.2), and which version a server
 * makes of it; the rest of its choice is in hello13.c and hello12.c.
 */
#include <errno.h>
#include <string.h>

#include "crypto/cr_rand.h"
#include "tls/ext.h"

#define SSL30		0x0300
#define FALLBACK_SCSV	0x5600

/* A first hello, not the one that answers a HelloRetryRequest. */
static bool is_first(const struct hs *hs)
{
	return !(hs->flags & FL_RETRY);
}

/**
 * msg_client_hello_ask - is there a session to be resumed?
 * @hs: a client
 *
 * Return: true.
 */
bool msg_client_hello_ask(struct hs *hs)
{
	const struct hs_question question = {
		.ask = HS_ASK_SESSION,
		.server_name = hs->config->server_name ? hs->config->server_name : "",
	};

	return hs->config->sessions && is_first(hs) ? hs_ask_owner(hs, &question) : true;
}

/*
 * A session of TLS 1.2 goes by its session ID. Else one that is made up: it asks
 * for the middlebox compatibility mode of TLS 1.3, and a server that takes a
 * ticket of TLS 1.2 tells so by sending it back (RFC 5077, 3.4).
 */
static void choose_session_id(struct hs *hs)
{
	const struct hs_session *session = hs->session;

	if (session && session->by == HS_RESUMED_ID) {
		memcpy(hs->session_id, session->name.data, session->name.len);
		hs->session_id_len = session->name.len;
	} else if (session || version_enabled(hs->config, TLS13)) {
		cr_random(hs->session_id, SESSION_ID_MAX);
		hs->session_id_len = SESSION_ID_MAX;
	}
}

/* What is made once. */
static bool first_hello(struct hs *hs)
{
	cr_random(hs->client_random, RANDOM_SIZE);
	choose_session_id(hs);
	if (!version_enabled(hs->config, TLS13))
		return true;
	hs->kex = cr_kex_find(group_choice(hs->config, 0));
	if (!hs->kex)
		return hs_fail_error(hs, HS_ALERT_INTERNAL_ERROR, EINVAL,
				     "the configuration enables no group that is known");
	hs->kex->generate(hs->kex, hs->private_key, hs->public_key);
	return true;
}

/**
 * msg_client_hello_size - what a ClientHello holds of others' making
 * @hs: a client
 *
 * Return: bytes.
 */
size_t msg_client_hello_size(const struct hs *hs)
{
	return hs->cookie_len + (hs->session ? hs->session->name.len : 0);
}

/**
 * msg_client_hello_build - write a ClientHello
 * @hs: a client
 * @wr: the writer
 *
 * The second one differs from the first only in what the HelloRetryRequest
 * brought: key share or cookie (RFC 9846, 4.1.2).
 *
 * Return: false after a failure.
 */
bool msg_client_hello_build(struct hs *hs, struct wr *wr)
{
	const struct suite *suite;
	size_t mark, at = 0;

	if (is_first(hs) && !first_hello(hs))
		return false;

	wr_u16(wr, TLS12);
	wr_bytes(wr, hs->client_random, RANDOM_SIZE);
	mark = wr_open(wr, 1);
	wr_bytes(wr, hs->session_id, hs->session_id_len);
	wr_close(wr, mark);
	mark = wr_open(wr, 2);
	while ((suite = suite_next(hs->config, &at)))
		wr_u16(wr, suite->id);
	wr_close(wr, mark);
	wr_u8(wr, 1);
	wr_u8(wr, 0);
	ext_write(hs, MSG_CLIENT_HELLO, wr);
	return true;
}

/**
 * hello_has - is a number in a list?
 * @list: of uint16
 * @v: the number
 *
 * Return: whether it is.
 */
bool hello_has(struct rd list, uint16_t v)
{
	while (rd_more(&list))
		if (rd_u16(&list) == v)
			return true;
	return false;
}

/* A client of TLS 1.2 may leave the extensions out altogether. */
static bool read_hello(struct hs *hs, struct rd *body, struct client_hello *hello)
{
	struct rd block;

	hello->fixed = *body;
	hello->version = rd_u16(body);
	hello->random = rd_bytes(body, RANDOM_SIZE);
	hello->session_id = rd_vec8(body);
	hello->suites = rd_vec16(body);
	hello->compression = rd_vec8(body);
	hello->fixed.len -= body->len;
	block = *body;
	hello->extensions = rd_vec16(&block);
	if (rd_more(body) && !ext_parse(hs, MSG_CLIENT_HELLO, body, &hello->exts))
		return false;
	if (!rd_end(body) || hello->session_id.len > SESSION_ID_MAX ||
	    !hello->suites.len || hello->suites.len % 2 ||
	    !hello->compression.len)
		return hs_fail(hs, HS_ALERT_DECODE_ERROR,
			       "client_hello: malformed");
	return true;
}

/*
 * supported_versions decides alone where it stands (RFC 9846, 4.2.1); without it
 * at most TLS 1.2 is meant.
 */
static uint16_t choose_version(const struct hs *hs, const struct client_hello *hello)
{
	static const uint16_t ours[] = { TLS13, TLS12 };

	for (size_t i = 0; i < 2; i++) {
		if (!version_enabled(hs->config, ours[i]))
			continue;
		if (ext_has(&hello->exts, EXT_SUPPORTED_VERSIONS) ?
		    hello_has(hello->exts.versions, ours[i]) :
		    ours[i] == TLS12 && hello->version >= TLS12)
			return ours[i];
	}
	return 0;
}

/* RFC 7507, 3: a client that has tried more before, be it for too old a version. */
static bool is_fallback(const struct hs *hs, const struct client_hello *hello,
			uint16_t version)
{
	uint16_t best = version_enabled(hs->config, TLS13) ? TLS13 : TLS12;

	if (!version && ext_has(&hello->exts, EXT_SUPPORTED_VERSIONS))
		return false;
	return version != best && hello_has(hello->suites, FALLBACK_SCSV);
}

static bool check_version(struct hs *hs, const struct client_hello *hello,
			  uint16_t version)
{
	/* SSL 3.0 and older, whatever else is said (RFC 9846, E.5). */
	if (hello->version > SSL30 && is_fallback(hs, hello, version))
		return hs_fail(hs, HS_ALERT_INAPPROPRIATE_FALLBACK,
			       "client_hello: a fallback that was not needed");
	if (!version || hello->version <= SSL30)
		return hs_fail(hs, HS_ALERT_PROTOCOL_VERSION,
			       "client_hello: no version in common");
	if (!is_first(hs) && version != hs->version)
		return hs_fail(hs, HS_ALERT_ILLEGAL_PARAMETER,
			       "client_hello: another version than in the first");
	return true;
}

/* The client's own order does not count: ours does. */
static bool choose_alpn(struct hs *hs, const struct client_hello *hello,
			struct rd *chosen)
{
	struct rd ours, theirs;

	chosen->len = 0;
	if (!hello->exts.alpn.len || !hs->config->alpn.len)
		return true;
	rd_init(&ours, hs->config->alpn.data, hs->config->alpn.len);
	while (rd_more(&ours)) {
		struct rd mine = rd_vec8(&ours);

		theirs = hello->exts.alpn;
		while (rd_more(&theirs)) {
			struct rd name = rd_vec8(&theirs);

			if (name.len == mine.len &&
			    !memcmp(name.data, mine.data, name.len)) {
				*chosen = name;
				return true;
			}
		}
	}
	return hs_fail(hs, HS_ALERT_NO_APPLICATION_PROTOCOL,
		       "client_hello: no application protocol in common");
}

static bool commit(struct hs *hs, const struct client_hello *hello,
		   const struct choice *choice)
{
	memcpy(hs->client_random, hello->random, RANDOM_SIZE);
	hs->client_version = hello->version;
	hs->session_id_len = hello->session_id.len;
	if (hello->session_id.len)
		memcpy(hs->session_id, hello->session_id.data,
		       hello->session_id.len);
	hs->name_seen = hello->exts.name.len;
	if (hello->exts.name.len)
		memcpy(hs->server_name, hello->exts.name.data,
		       hello->exts.name.len);
	hs->server_name[hello->exts.name.len] = '\0';
	hs->alpn_len = choice->alpn.len;
	if (choice->alpn.len)
		memcpy(hs->alpn, choice->alpn.data, choice->alpn.len);
	hs->offered = hello->exts.seen;
	hs->hello_suites = hello->suites;
	hs->suite = choice->suite;
	hs->kex = choice->kex;
	ext_commit_auth(hs, &hello->exts);
	if (hs->version == TLS13)
		hello13_commit(hs, hello, choice);
	else
		hello12_commit(hs, hello, choice);
	return ext_commit_authorities(hs, &hello->exts);
}

/**
 * msg_client_hello_parse - a server reads a ClientHello and chooses
 * @hs: a server
 * @body: the message
 *
 * Return: false after a failure.
 */
bool msg_client_hello_parse(struct hs *hs, struct rd *body)
{
	struct client_hello hello = { 0 };
	struct choice choice = { 0 };
	uint16_t version;

	if (!read_hello(hs, body, &hello))
		return false;
	version = choose_version(hs, &hello);
	if (!check_version(hs, &hello, version))
		return false;
	if (version == TLS13 ? !hello13_choose(hs, &hello, &choice) :
			       !hello12_choose(hs, &hello, &choice))
		return false;
	if (!ext_size_accept(hs, version, &hello.exts) ||
	    !choose_alpn(hs, &hello, &choice.alpn))
		return false;

	hs->version = version;
	if (!commit(hs, &hello, &choice))
		return false;
	/* After a retry, which is still to come, it is asked for again. */
	if (version == TLS13 && choice.kex && !choice.share.len)
		return true;
	return session_ask(hs);
}
