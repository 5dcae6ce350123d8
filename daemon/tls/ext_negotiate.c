// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) 2026 The tlsup authors
 *
 * supported_versions, supported_groups, signature_algorithms, key_share and
 * cookie (RFC 9846, 4.2).
 */
#include "tls/ext.h"

/* A list of uint16 behind a length of @width bytes: whole and not empty. */
static bool parse_u16_list(struct rd *body, unsigned int width, struct rd *list)
{
	*list = width == 1 ? rd_vec8(body) : rd_vec16(body);
	return rd_end(body) && !list->failed && list->len && list->len % 2 == 0;
}

bool ext_versions_parse(enum msg place, struct rd *body, struct exts *exts)
{
	if (place == MSG_CLIENT_HELLO)
		return parse_u16_list(body, 1, &exts->versions);
	exts->version = rd_u16(body);
	return rd_end(body);
}

bool ext_versions_write(struct hs *hs, enum msg place, struct wr *wr)
{
	size_t list;

	if (place != MSG_CLIENT_HELLO) {
		wr_u16(wr, TLS13);
		return true;
	}
	list = wr_open(wr, 1);
	wr_u16(wr, TLS13);
	if (version_enabled(hs->config, TLS12))
		wr_u16(wr, TLS12);
	wr_close(wr, list);
	return version_enabled(hs->config, TLS13);
}

bool ext_groups_parse(enum msg place, struct rd *body, struct exts *exts)
{
	(void)place;
	return parse_u16_list(body, 2, &exts->groups);
}

bool ext_groups_write(struct hs *hs, enum msg place, struct wr *wr)
{
	size_t list;

	if (place != MSG_CLIENT_HELLO)
		return false;
	list = wr_open(wr, 2);
	for (size_t i = 0; group_choice(hs->config, i); i++)
		wr_u16(wr, group_choice(hs->config, i));
	wr_close(wr, list);
	return true;
}

bool ext_schemes_parse(enum msg place, struct rd *body, struct exts *exts)
{
	(void)place;
	return parse_u16_list(body, 2, &exts->schemes);
}

bool ext_schemes_write(struct hs *hs, enum msg place, struct wr *wr)
{
	size_t list;

	(void)place;
	list = wr_open(wr, 2);
	scheme_write_list(hs, wr);
	wr_close(wr, list);
	return true;
}

/* Each entry whole, with a key that is not empty; the list may be empty. */
static bool parse_shares(struct rd *body, struct exts *exts)
{
	struct rd walk = rd_vec16(body);

	exts->shares = walk;
	while (rd_more(&walk)) {
		struct rd key;

		rd_u16(&walk);
		key = rd_vec16(&walk);
		if (!key.len)
			return false;
	}
	return rd_end(&walk) && rd_end(body);
}

bool ext_key_share_parse(enum msg place, struct rd *body, struct exts *exts)
{
	if (place == MSG_CLIENT_HELLO)
		return parse_shares(body, exts);
	exts->group = rd_u16(body);
	if (place == MSG_HELLO_RETRY_REQUEST)
		return rd_end(body);
	exts->share = rd_vec16(body);
	return rd_end(body) && exts->share.len;
}

bool ext_key_share_write(struct hs *hs, enum msg place, struct wr *wr)
{
	size_t list = 0, key;

	/* None with psk_ke. */
	if (!version_enabled(hs->config, TLS13) || !hs->kex)
		return false;
	if (place == MSG_CLIENT_HELLO)
		list = wr_open(wr, 2);
	wr_u16(wr, hs->kex->id);
	if (place == MSG_HELLO_RETRY_REQUEST)
		return true;
	key = wr_open(wr, 2);
	wr_bytes(wr, hs->public_key, hs->kex->public_size);
	wr_close(wr, key);
	if (place == MSG_CLIENT_HELLO)
		wr_close(wr, list);
	return true;
}

bool ext_cookie_parse(enum msg place, struct rd *body, struct exts *exts)
{
	(void)place;
	exts->cookie = rd_vec16(body);
	return rd_end(body) && exts->cookie.len;
}

/* A client's is the server's own. */
bool ext_cookie_write(struct hs *hs, enum msg place, struct wr *wr)
{
	size_t cookie;

	(void)place;
	if (!hs->cookie_len)
		return false;
	cookie = wr_open(wr, 2);
	wr_bytes(wr, hs->cookie, hs->cookie_len);
	wr_close(wr, cookie);
	return true;
}
