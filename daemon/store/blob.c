// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) 2026 The tlsup authors
 *
 *	format(1) flags(1) by(1) version(2) suite(2) created(8) authenticated(4)
 *	verified(4) expires(4) age_add(4) lifetime(4) secret<1> name<2> alpn<1>
 *	server_name<1> [id(32) identity(16) name(16)] [digest(32)] chain<3>
 *
 * <n> is a vector behind n bytes of length; the chain is one of DER behind three
 * bytes each, as everywhere.
 */
#include "store/blob.h"

#include <string.h>

#include "crypto/cr_hash.h"
#include "lib/secret.h"
#include "lib/wire.h"

#define FORMAT		1
#define SECRET_LEN_MAX	64
#define ALPN_LEN_MAX	255

enum flag {
	FLAG_EMS		= 1 << 0,
	FLAG_CLIENT		= 1 << 1,
	FLAG_KEY		= 1 << 2,
	FLAG_DIGEST		= 1 << 3,
	FLAG_ALL		= (1 << 4) - 1,
};

static bool has_digest(const struct blob *blob)
{
	uint8_t any = 0;

	for (size_t i = 0; i < BLOB_DIGEST_SIZE; i++)
		any |= blob->digest[i];
	return any;
}

/* Seconds that last until the year 2106. */
static void write_time(struct wr *wr, uint64_t time)
{
	wr_u32(wr, time < UINT32_MAX ? (uint32_t)time : UINT32_MAX);
}

static void write_vec(struct wr *wr, unsigned int width, struct hs_bytes bytes)
{
	size_t mark = wr_open(wr, width);

	wr_bytes(wr, bytes.data, bytes.len);
	wr_close(wr, mark);
}

static void write_chain(struct wr *wr, const struct hs_session *session)
{
	size_t list = wr_open(wr, 3);

	for (size_t i = 0; i < session->chain_len; i++)
		write_vec(wr, 3, session->chain[i]);
	wr_close(wr, list);
}

static void write_key(struct wr *wr, const struct store_key *key)
{
	wr_bytes(wr, key->id, sizeof(key->id));
	wr_bytes(wr, key->identity, sizeof(key->identity));
	wr_bytes(wr, key->name, sizeof(key->name));
}

/**
 * blob_write - a session as bytes
 * @blob: the session
 * @out: where
 * @size: room there
 *
 * Return: the length; 0 if there is no room: then all of @out is wiped.
 */
size_t blob_write(const struct blob *blob, uint8_t *out, size_t size)
{
	const struct hs_session *session = &blob->session;
	bool digest = has_digest(blob);
	struct wr wr;

	wr_init(&wr, out, size);
	wr_u8(&wr, FORMAT);
	wr_u8(&wr, (uint8_t)((session->ems ? FLAG_EMS : 0) |
			     (session->client_authenticated ? FLAG_CLIENT : 0) |
			     (blob->with_key ? FLAG_KEY : 0) | (digest ? FLAG_DIGEST : 0)));
	wr_u8(&wr, (uint8_t)session->by);
	wr_u16(&wr, session->version);
	wr_u16(&wr, session->suite);
	wr_u64(&wr, blob->created);
	write_time(&wr, blob->authenticated);
	write_time(&wr, blob->verified);
	write_time(&wr, blob->expires);
	wr_u32(&wr, blob->age_add);
	wr_u32(&wr, session->lifetime);
	write_vec(&wr, 1, session->secret);
	write_vec(&wr, 2, session->name);
	write_vec(&wr, 1, session->alpn);
	write_vec(&wr, 1, session->server_name);
	if (blob->with_key)
		write_key(&wr, &blob->key);
	if (digest)
		wr_bytes(&wr, blob->digest, sizeof(blob->digest));
	write_chain(&wr, session);
	if (!wr.failed)
		return wr.len;
	/* The secret is there already. */
	secret_wipe_bytes(out, size);
	return 0;
}

static struct hs_bytes take(struct rd vec)
{
	return (struct hs_bytes){ vec.data, vec.len };
}

static bool read_chain(struct blob *blob, struct rd list)
{
	struct hs_session *session = &blob->session;

	session->chain = blob->chain;
	session->chain_len = 0;
	while (rd_more(&list)) {
		if (session->chain_len == HS_CHAIN_MAX)
			return false;
		blob->chain[session->chain_len] = take(rd_vec24(&list));
		if (!blob->chain[session->chain_len++].len)
			return false;
	}
	return rd_end(&list);
}

static void read_fixed(struct rd *rd, uint8_t *out, size_t len)
{
	const uint8_t *bytes = rd_bytes(rd, len);

	if (bytes)
		memcpy(out, bytes, len);
}

static void read_key(struct rd *rd, struct store_key *key)
{
	read_fixed(rd, key->id, sizeof(key->id));
	read_fixed(rd, key->identity, sizeof(key->identity));
	read_fixed(rd, key->name, sizeof(key->name));
}

static bool is_sound(const struct hs_session *session)
{
	bool tls13 = session->version == 0x0304;

	return (tls13 || session->version == 0x0303) &&
	       (tls13 ? session->by == HS_RESUMED_PSK :
			session->by == HS_RESUMED_ID || session->by == HS_RESUMED_TICKET) &&
	       session->secret.len && session->secret.len <= SECRET_LEN_MAX &&
	       !(session->server_name.len && memchr(session->server_name.data, 0,
						    session->server_name.len));
}

/**
 * blob_read - undo it
 * @blob: filled; borrows from @data, and @blob itself holds the list of the chain
 * @data: the bytes
 * @len: how many
 *
 * Return: whether they are a session.
 */
bool blob_read(struct blob *blob, const uint8_t *data, size_t len)
{
	struct hs_session *session = &blob->session;
	uint8_t format, flags;
	struct rd rd;

	memset(blob, 0, sizeof(*blob));
	rd_init(&rd, data, len);
	format = rd_u8(&rd);
	flags = rd_u8(&rd);
	session->by = (enum hs_resumption)rd_u8(&rd);
	session->version = rd_u16(&rd);
	session->suite = rd_u16(&rd);
	session->ems = flags & FLAG_EMS;
	session->client_authenticated = flags & FLAG_CLIENT;
	blob->created = rd_u64(&rd);
	blob->authenticated = rd_u32(&rd);
	blob->verified = rd_u32(&rd);
	blob->expires = rd_u32(&rd);
	blob->age_add = rd_u32(&rd);
	session->lifetime = rd_u32(&rd);
	session->secret = take(rd_vec8(&rd));
	session->name = take(rd_vec16(&rd));
	session->alpn = take(rd_vec8(&rd));
	session->server_name = take(rd_vec8(&rd));
	blob->with_key = flags & FLAG_KEY;
	if (blob->with_key)
		read_key(&rd, &blob->key);
	if (flags & FLAG_DIGEST)
		read_fixed(&rd, blob->digest, sizeof(blob->digest));
	/* A digest of zeros would be none when it is written again. */
	return read_chain(blob, rd_vec24(&rd)) && rd_end(&rd) && format == FORMAT &&
	       !(flags & ~FLAG_ALL) && has_digest(blob) == !!(flags & FLAG_DIGEST) &&
	       is_sound(session);
}

/**
 * blob_digest - a chain in short
 * @chain: DER, each behind three bytes of length
 * @len: of all
 * @digest: out
 */
void blob_digest(const uint8_t *chain, size_t len, uint8_t digest[BLOB_DIGEST_SIZE])
{
	struct cr_digest hash;

	cr_digest_init(&hash, &cr_sha256);
	cr_digest_update(&hash, chain, len);
	cr_digest_peek(&hash, digest);
}

/**
 * blob_chain - the chain that was kept elsewhere
 * @blob: read; with a digest
 * @chain: as for blob_digest(); outlives @blob
 * @len: of all
 *
 * Return: whether it is the one that is meant, and well formed.
 */
bool blob_chain(struct blob *blob, const uint8_t *chain, size_t len)
{
	uint8_t digest[BLOB_DIGEST_SIZE];
	struct rd list;

	blob_digest(chain, len, digest);
	rd_init(&list, chain, len);
	return secret_equal(digest, blob->digest, sizeof(blob->digest)) &&
	       read_chain(blob, list);
}
