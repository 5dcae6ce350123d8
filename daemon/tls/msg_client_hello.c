// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) 2026 The tlsup authors
 *
 * client_hello (RFC 9846, 4.1.2), and what a server makes of it.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "crypto/cr_rand.h"
#include "tls/ext.h"

/** struct hello - what a ClientHello says; borrowed from it */
struct hello {
	uint16_t version;
	const uint8_t *random;
	struct rd session_id;
	struct rd suites;
	struct rd compression;
	struct exts exts;
};

/* A first hello, not the one that answers a HelloRetryRequest. */
static bool is_first(const struct hs *hs)
{
	return !(hs->flags & FL_RETRY);
}

static bool first_share(struct hs *hs)
{
	hs->kex = cr_kex_find(group_choice(hs->config, 0));
	if (!hs->kex)
		return hs_fail_error(hs, HS_ALERT_INTERNAL_ERROR, EINVAL,
				     "the configuration enables no group that is known");
	hs->kex->generate(hs->private_key, hs->public_key);
	return true;
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

	if (is_first(hs)) {
		cr_random(hs->client_random, RANDOM_SIZE);
		cr_random(hs->session_id, SESSION_ID_MAX);
		hs->session_id_len = SESSION_ID_MAX;
		if (!first_share(hs))
			return false;
	}

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

static bool list_has(struct rd list, uint16_t v)
{
	while (rd_more(&list))
		if (rd_u16(&list) == v)
			return true;
	return false;
}

/* A client of TLS 1.2 may leave the extensions out altogether. */
static bool read_hello(struct hs *hs, struct rd *body, struct hello *hello)
{
	hello->version = rd_u16(body);
	hello->random = rd_bytes(body, RANDOM_SIZE);
	hello->session_id = rd_vec8(body);
	hello->suites = rd_vec16(body);
	hello->compression = rd_vec8(body);
	if (rd_more(body) && !ext_parse(hs, MSG_CLIENT_HELLO, body, &hello->exts))
		return false;
	if (!rd_end(body) || hello->session_id.len > SESSION_ID_MAX ||
	    !hello->suites.len || hello->suites.len % 2 ||
	    !hello->compression.len)
		return hs_fail(hs, HS_ALERT_DECODE_ERROR,
			       "client_hello: malformed");
	return true;
}

static bool check_version(struct hs *hs, const struct hello *hello)
{
	struct rd compression = hello->compression;

	if (!list_has(hello->exts.versions, TLS13))
		return hs_fail(hs, HS_ALERT_PROTOCOL_VERSION,
			       "client_hello: no version in common");
	if (hello->version != TLS12)
		return hs_fail(hs, HS_ALERT_ILLEGAL_PARAMETER,
			       "client_hello: legacy_version");
	if (compression.len != 1 || rd_u8(&compression) != 0)
		return hs_fail(hs, HS_ALERT_ILLEGAL_PARAMETER,
			       "client_hello: legacy_compression_methods");
	return true;
}

/* We take no PSK, so all three are mandatory (RFC 9846, 9.2; 4.2.9). */
static bool check_mandatory(struct hs *hs, const struct hello *hello)
{
	if (!ext_has(&hello->exts, EXT_SIGNATURE_ALGORITHMS) ||
	    !ext_has(&hello->exts, EXT_SUPPORTED_GROUPS) ||
	    !ext_has(&hello->exts, EXT_KEY_SHARE))
		return hs_fail(hs, HS_ALERT_MISSING_EXTENSION,
			       "client_hello: a mandatory extension is missing");
	if (ext_has(&hello->exts, EXT_PRE_SHARED_KEY) &&
	    !ext_has(&hello->exts, EXT_PSK_KEY_EXCHANGE_MODES))
		return hs_fail(hs, HS_ALERT_MISSING_EXTENSION,
			       "client_hello: pre_shared_key without psk_key_exchange_modes");
	return true;
}

static const struct suite *choose_suite(const struct hs *hs,
					const struct hello *hello)
{
	const struct suite *suite;
	size_t at = 0;

	while ((suite = suite_next(hs->config, &at)))
		if (suite->version == TLS13 && list_has(hello->suites, suite->id))
			break;
	return suite;
}

static struct rd find_share(struct rd shares, uint16_t group)
{
	struct rd none = { 0 };

	while (rd_more(&shares)) {
		uint16_t id = rd_u16(&shares);
		struct rd key = rd_vec16(&shares);

		if (id == group)
			return key;
	}
	return none;
}

/* Each share's group offered, and none twice (RFC 9846, 4.2.8). */
static bool check_shares(struct hs *hs, const struct hello *hello)
{
	struct rd walk = hello->exts.shares;

	while (rd_more(&walk)) {
		uint16_t id = rd_u16(&walk);

		rd_vec16(&walk);
		if (!list_has(hello->exts.groups, id))
			return hs_fail(hs, HS_ALERT_ILLEGAL_PARAMETER,
				       "client_hello: a key share of a group that was not offered");
		if (find_share(walk, id).len)
			return hs_fail(hs, HS_ALERT_ILLEGAL_PARAMETER,
				       "client_hello: two key shares of one group");
	}
	return true;
}

/* A group whose share has come saves a round trip; so it goes first. */
static const struct cr_kex *choose_group(const struct hs *hs,
					 const struct hello *hello)
{
	const struct cr_kex *second = NULL;

	for (size_t i = 0; group_choice(hs->config, i); i++) {
		uint16_t id = group_choice(hs->config, i);

		if (!list_has(hello->exts.groups, id))
			continue;
		if (find_share(hello->exts.shares, id).len)
			return cr_kex_find(id);
		if (!second)
			second = cr_kex_find(id);
	}
	return second;
}

/* The client's own order does not count: ours does. */
static bool choose_alpn(struct hs *hs, const struct hello *hello,
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

/* The second hello keeps to the first, and to what was asked of it. */
static bool check_second(struct hs *hs, const struct hello *hello,
			 const struct suite *suite)
{
	struct rd shares = hello->exts.shares;

	if (memcmp(hello->random, hs->client_random, RANDOM_SIZE) ||
	    hello->session_id.len != hs->session_id_len ||
	    (hs->session_id_len && memcmp(hello->session_id.data, hs->session_id,
					  hs->session_id_len)) ||
	    suite != hs->suite)
		return hs_fail(hs, HS_ALERT_ILLEGAL_PARAMETER,
			       "client_hello: the second differs from the first");
	if (rd_u16(&shares) != hs->kex->id || !rd_vec16(&shares).len ||
	    !rd_end(&shares))
		return hs_fail(hs, HS_ALERT_ILLEGAL_PARAMETER,
			       "client_hello: not the key share that was asked for");
	if (ext_has(&hello->exts, EXT_EARLY_DATA))
		return hs_fail(hs, HS_ALERT_ILLEGAL_PARAMETER,
			       "client_hello: early_data after a retry");
	return true;
}

static void commit_schemes(struct hs *hs, struct rd list)
{
	hs->schemes_len = 0;
	while (rd_more(&list)) {
		uint16_t scheme = rd_u16(&list);

		if (scheme_verifiable(scheme) && hs->schemes_len < HS_LIST_MAX)
			hs->schemes[hs->schemes_len++] = scheme;
	}
}

static void commit(struct hs *hs, const struct hello *hello, struct rd share,
		   struct rd alpn)
{
	memcpy(hs->client_random, hello->random, RANDOM_SIZE);
	hs->session_id_len = hello->session_id.len;
	if (hello->session_id.len)
		memcpy(hs->session_id, hello->session_id.data,
		       hello->session_id.len);
	hs->name_seen = hello->exts.name.len;
	if (hello->exts.name.len)
		memcpy(hs->server_name, hello->exts.name.data,
		       hello->exts.name.len);
	hs->server_name[hello->exts.name.len] = '\0';
	hs->alpn_len = alpn.len;
	if (alpn.len)
		memcpy(hs->alpn, alpn.data, alpn.len);
	if (share.len)
		memcpy(hs->peer_share, share.data, share.len);
	else
		hs->flags |= FL_RETRY;
	commit_schemes(hs, hello->exts.schemes);
	/* We never offer early data, so what comes is dropped. */
	if (ext_has(&hello->exts, EXT_EARLY_DATA))
		hs->skip = EARLY_DATA_SKIP;
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
	struct hello hello = { 0 };
	const struct suite *suite;
	const struct cr_kex *kex;
	struct rd share, alpn = { 0 };

	if (!read_hello(hs, body, &hello) || !check_version(hs, &hello) ||
	    !check_mandatory(hs, &hello) || !check_shares(hs, &hello))
		return false;
	suite = choose_suite(hs, &hello);
	if (!suite)
		return hs_fail(hs, HS_ALERT_HANDSHAKE_FAILURE,
			       "client_hello: no cipher suite in common");
	if (!is_first(hs) && !check_second(hs, &hello, suite))
		return false;
	kex = is_first(hs) ? choose_group(hs, &hello) : hs->kex;
	if (!kex)
		return hs_fail(hs, HS_ALERT_HANDSHAKE_FAILURE,
			       "client_hello: no group in common");
	share = find_share(hello.exts.shares, kex->id);
	if (share.len && share.len != kex->public_size)
		return hs_fail(hs, HS_ALERT_ILLEGAL_PARAMETER,
			       "client_hello: length of a key share");
	if (!choose_alpn(hs, &hello, &alpn))
		return false;

	hs->version = TLS13;
	hs->suite = suite;
	hs->kex = kex;
	commit(hs, &hello, share, alpn);
	return true;
}
