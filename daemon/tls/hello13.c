// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) 2026 The tlsup authors
 *
 * What a server chooses from a ClientHello in TLS 1.3 (RFC 9846, 4.1.1).
 */
#include <string.h>

#include "tls/ext.h"

static bool is_first(const struct hs *hs)
{
	return !(hs->flags & FL_RETRY);
}

/* legacy_version says nothing beside supported_versions (RFC 9846, 4.2.1). */
static bool check_legacy(struct hs *hs, const struct client_hello *hello)
{
	struct rd compression = hello->compression;

	if (compression.len != 1 || rd_u8(&compression) != 0)
		return hs_fail(hs, HS_ALERT_ILLEGAL_PARAMETER,
			       "client_hello: legacy_compression_methods");
	return true;
}

/* RFC 9846, 9.2 and 4.2.9. What a PSK may do without, take_server_credential()
 * asks for if no PSK is taken.
 */
static bool check_mandatory(struct hs *hs, const struct client_hello *hello)
{
	bool psk = ext_has(&hello->exts, EXT_PRE_SHARED_KEY);
	bool groups = ext_has(&hello->exts, EXT_SUPPORTED_GROUPS);

	if (groups != ext_has(&hello->exts, EXT_KEY_SHARE) ||
	    (!psk && (!groups || !ext_has(&hello->exts, EXT_SIGNATURE_ALGORITHMS))))
		return hs_fail(hs, HS_ALERT_MISSING_EXTENSION,
			       "client_hello: a mandatory extension is missing");
	if (psk && !ext_has(&hello->exts, EXT_PSK_KEY_EXCHANGE_MODES))
		return hs_fail(hs, HS_ALERT_MISSING_EXTENSION,
			       "client_hello: pre_shared_key without psk_key_exchange_modes");
	if (hello->exts.binders_short)
		return hs_fail(hs, HS_ALERT_ILLEGAL_PARAMETER,
			       "client_hello: not as many binders as identities");
	return true;
}

static const struct suite *choose_suite(const struct hs *hs,
					const struct client_hello *hello)
{
	const struct suite *suite;
	size_t at = 0;

	while ((suite = suite_next(hs->config, &at)))
		if (suite->version == TLS13 && hello_has(hello->suites, suite->id))
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
static bool check_shares(struct hs *hs, const struct client_hello *hello)
{
	struct rd walk = hello->exts.shares;

	while (rd_more(&walk)) {
		uint16_t id = rd_u16(&walk);

		rd_vec16(&walk);
		if (!hello_has(hello->exts.groups, id))
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
					 const struct client_hello *hello)
{
	const struct cr_kex *second = NULL;

	for (size_t i = 0; group_choice(hs->config, i); i++) {
		uint16_t id = group_choice(hs->config, i);

		if (!hello_has(hello->exts.groups, id))
			continue;
		if (find_share(hello->exts.shares, id).len)
			return cr_kex_find(id);
		if (!second)
			second = cr_kex_find(id);
	}
	return second;
}

/* Ours comes back as it went out (RFC 9846, 4.2.2). */
static bool check_cookie(struct hs *hs, const struct client_hello *hello)
{
	const struct rd *cookie = &hello->exts.cookie;

	if (!hs->cookie_len)
		return true;
	if (!cookie->len)
		return hs_fail(hs, HS_ALERT_MISSING_EXTENSION,
			       "client_hello: no cookie");
	if (cookie->len != hs->cookie_len ||
	    memcmp(cookie->data, hs->cookie, hs->cookie_len))
		return hs_fail(hs, HS_ALERT_ILLEGAL_PARAMETER,
			       "client_hello: another cookie");
	return true;
}

/* What a retry lets a client change (RFC 9846, 4.1.2). */
static bool may_change(uint16_t type)
{
	return type == EXT_KEY_SHARE || type == EXT_EARLY_DATA || type == EXT_COOKIE ||
	       type == EXT_PRE_SHARED_KEY || type == EXT_PADDING;
}

/* Of all the rest, in its order. */
static void digest_hello(const struct client_hello *hello, uint8_t *out)
{
	struct rd list = hello->extensions;
	struct cr_digest digest;

	cr_digest_init(&digest, &cr_sha256);
	cr_digest_update(&digest, hello->fixed.data, hello->fixed.len);
	while (rd_more(&list)) {
		const uint8_t *start = list.data;
		size_t before = list.len;
		uint16_t type = rd_u16(&list);

		rd_vec16(&list);
		if (!may_change(type))
			cr_digest_update(&digest, start, before - list.len);
	}
	cr_digest_peek(&digest, out);
}

/* The second hello keeps to the first, and to what was asked of it. */
static bool check_second(struct hs *hs, const struct client_hello *hello,
			 const struct suite *suite)
{
	struct rd shares = hello->exts.shares;
	uint8_t digest[CR_HASH_MAX];

	digest_hello(hello, digest);
	if (!secret_equal(digest, hs->first_hello, cr_sha256.size) || suite != hs->suite)
		return hs_fail(hs, HS_ALERT_ILLEGAL_PARAMETER,
			       "client_hello: the second differs from the first");
	if (rd_u16(&shares) != hs->kex->id || !rd_vec16(&shares).len ||
	    !rd_end(&shares))
		return hs_fail(hs, HS_ALERT_ILLEGAL_PARAMETER,
			       "client_hello: not the key share that was asked for");
	if (ext_has(&hello->exts, EXT_EARLY_DATA))
		return hs_fail(hs, HS_ALERT_ILLEGAL_PARAMETER,
			       "client_hello: early_data after a retry");
	return check_cookie(hs, hello);
}

/**
 * hello13_choose - what to answer, if this is answered at all
 * @hs: a server; not changed
 * @hello: offers TLS 1.3
 * @choice: filled
 *
 * Return: false after a failure.
 */
bool hello13_choose(struct hs *hs, const struct client_hello *hello,
		    struct choice *choice)
{
	if (!check_legacy(hs, hello) || !check_mandatory(hs, hello) ||
	    !check_shares(hs, hello))
		return false;
	choice->suite = choose_suite(hs, hello);
	if (!choice->suite)
		return hs_fail(hs, HS_ALERT_HANDSHAKE_FAILURE,
			       "client_hello: no cipher suite in common");
	if (!is_first(hs) && !check_second(hs, hello, choice->suite))
		return false;
	choice->kex = is_first(hs) ? choose_group(hs, hello) : hs->kex;
	if (!choice->kex && ext_has(&hello->exts, EXT_PRE_SHARED_KEY))
		return true;
	if (!choice->kex)
		return hs_fail(hs, HS_ALERT_HANDSHAKE_FAILURE,
			       "client_hello: no group in common");
	choice->share = find_share(hello->exts.shares, choice->kex->id);
	if (choice->share.len && choice->share.len != choice->kex->public_size)
		return hs_fail(hs, HS_ALERT_ILLEGAL_PARAMETER,
			       "client_hello: length of a key share");
	return true;
}

static void ask_again(struct hs *hs, const struct client_hello *hello)
{
	hs->flags |= FL_RETRY;
	digest_hello(hello, hs->first_hello);
}

/**
 * hello13_commit - take over what TLS 1.3 alone has
 * @hs: a server
 * @hello: checked
 * @choice: made of it
 */
void hello13_commit(struct hs *hs, const struct client_hello *hello,
		    const struct choice *choice)
{
	if (choice->share.len)
		memcpy(hs->peer_share, choice->share.data, choice->share.len);
	else if (choice->kex)
		ask_again(hs, hello);
	psk_modes(hs->config, &hello->exts, &hs->psk_dhe, &hs->psk_only);
	psk_identities(hs, &hello->exts);
	/* A ticket that could not be used is none (RFC 9846, 4.2.9). */
	if (hs->config->sessions && hs->config->tickets && (hs->psk_dhe || hs->psk_only))
		hs->flags |= FL_TICKET;
	/* We never offer early data, so what comes is dropped. */
	if (ext_has(&hello->exts, EXT_EARLY_DATA))
		hs->skip = EARLY_DATA_SKIP;
}
