// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) 2026 The tlsup authors
 *
 * What the server of a fleet's store sees: names that tell nothing, and boxes. A
 * box is bound to its name, and with that to its identity; the format stands in
 * front and is authenticated, too.
 *
 *	name	tlsup:KIND:identity:name:id, each a MAC in hexadecimal digits
 *	value	format(1) box(flags(1) expires(8) data)
 */
#include <stdio.h>
#include <string.h>

#include "crypto/cr_hash.h"
#include "lib/secret.h"
#include "lib/wire.h"
#include "store/store_redis.h"

#define FORMAT		1
#define SINGLE_USE	1
#define TAG_SIZE	16
#define HEX_SIZE	(2 * TAG_SIZE + 1)
#define AD_MAX		(1 + REDIS_NAME_MAX)

static void derive(const uint8_t *fleet_key, const char *label, uint8_t out[REDIS_KEY_SIZE])
{
	uint8_t digest[CR_HASH_MAX];

	cr_hmac(&cr_sha256, fleet_key, REDIS_KEY_SIZE, (const uint8_t *)label,
		strlen(label), digest);
	memcpy(out, digest, REDIS_KEY_SIZE);
	secret_wipe_bytes(digest, sizeof(digest));
}

/**
 * redis_seal_init - the keys that follow from the fleet's
 * @seal: filled
 * @fleet_key: REDIS_KEY_SIZE bytes
 */
void redis_seal_init(struct redis_seal *seal, const uint8_t *fleet_key)
{
	uint8_t key[REDIS_KEY_SIZE];

	derive(fleet_key, "names in the store", seal->mac);
	derive(fleet_key, "values in the store", key);
	cr_aead_init(&seal->aead, key);
	secret_wipe_bytes(key, sizeof(key));
}

static void hide(const struct redis_seal *seal, const uint8_t *data, size_t len,
		 char hex[HEX_SIZE])
{
	uint8_t digest[CR_HASH_MAX];

	cr_hmac(&cr_sha256, seal->mac, sizeof(seal->mac), data, len, digest);
	for (size_t i = 0; i < TAG_SIZE; i++)
		snprintf(hex + 2 * i, 3, "%02x", digest[i]);
}

/**
 * redis_seal_name - the name of an entry
 * @seal: the keys
 * @key: what it is found by
 * @single_use: of that kind
 * @name: out
 */
void redis_seal_name(const struct redis_seal *seal, const struct store_key *key,
		     bool single_use, char name[REDIS_NAME_MAX])
{
	char identity[HEX_SIZE], server[HEX_SIZE], id[HEX_SIZE];

	hide(seal, key->identity, sizeof(key->identity), identity);
	hide(seal, key->name, sizeof(key->name), server);
	hide(seal, key->id, sizeof(key->id), id);
	snprintf(name, REDIS_NAME_MAX, "tlsup:%s:%s:%s:%s",
		 single_use ? "once" : "session", identity, server, id);
}

/**
 * redis_seal_pattern - names of entries that are to be flushed
 * @seal: the keys
 * @what: which
 * @tag: of that
 * @pattern: out: a glob
 */
void redis_seal_pattern(const struct redis_seal *seal, enum store_flush what,
			const uint8_t *tag, char pattern[REDIS_NAME_MAX])
{
	char hex[HEX_SIZE] = "*";

	if (what != STORE_FLUSH_ALL)
		hide(seal, tag, STORE_TAG_SIZE, hex);
	if (what == STORE_FLUSH_IDENTITY)
		snprintf(pattern, REDIS_NAME_MAX, "tlsup:[os]*:%s:*:*", hex);
	else
		snprintf(pattern, REDIS_NAME_MAX, "tlsup:[os]*:*:%s:*", hex);
}

static size_t associate(const char *name, uint8_t ad[AD_MAX])
{
	size_t len = strnlen(name, REDIS_NAME_MAX);

	ad[0] = FORMAT;
	memcpy(ad + 1, name, len);
	return 1 + len;
}

/**
 * redis_seal_value - seal an entry
 * @seal: the keys
 * @name: of the entry
 * @single_use: of that kind
 * @expires: Unix time, seconds
 * @data: the content
 * @len: its length, at most STORE_DATA_MAX
 * @value: out: at most REDIS_VALUE_MAX bytes
 *
 * Return: its length.
 */
size_t redis_seal_value(const struct redis_seal *seal, const char *name, bool single_use,
			uint64_t expires, const uint8_t *data, size_t len, uint8_t *value)
{
	uint8_t plain[REDIS_HEAD_SIZE + STORE_DATA_MAX], ad[AD_MAX];
	size_t ad_len = associate(name, ad);
	struct wr wr;

	wr_init(&wr, plain, sizeof(plain));
	wr_u8(&wr, single_use ? SINGLE_USE : 0);
	wr_u64(&wr, expires);
	wr_bytes(&wr, data, len);
	value[0] = FORMAT;
	cr_aead_seal(&seal->aead, ad, ad_len, plain, wr.len, value + 1);
	secret_wipe_bytes(plain, wr.len);
	return 1 + CR_AEAD_OVERHEAD + wr.len;
}

/**
 * redis_open_value - open what the server says is an entry
 * @seal: the keys
 * @name: that was asked for
 * @value: any bytes at all
 * @len: how many
 * @single_use: out
 * @expires: out
 * @data: out: STORE_DATA_MAX bytes
 * @data_len: out
 *
 * Return: whether it is one.
 */
bool redis_open_value(const struct redis_seal *seal, const char *name,
		      const uint8_t *value, size_t len, bool *single_use,
		      uint64_t *expires, uint8_t *data, size_t *data_len)
{
	uint8_t plain[REDIS_HEAD_SIZE + STORE_DATA_MAX], ad[AD_MAX];
	size_t ad_len = associate(name, ad);
	struct rd rd;

	if (len < 1 + CR_AEAD_OVERHEAD + REDIS_HEAD_SIZE || len > REDIS_VALUE_MAX ||
	    value[0] != FORMAT ||
	    !cr_aead_open(&seal->aead, ad, ad_len, value + 1, len - 1, plain))
		return false;
	rd_init(&rd, plain, len - 1 - CR_AEAD_OVERHEAD);
	*single_use = rd_u8(&rd) & SINGLE_USE;
	*expires = rd_u64(&rd);
	*data_len = rd.len;
	memcpy(data, rd.data, rd.len);
	secret_wipe_bytes(plain, len - 1 - CR_AEAD_OVERHEAD);
	return true;
}
