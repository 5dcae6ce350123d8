// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) 2026 The tlsup authors
 *
 * Keying material exporters: RFC 9846, 7.5 (TLS 1.3) and RFC 5705 (TLS 1.2,
 * only where the master secret is an extended one, which is why the agent
 * hands down nothing otherwise).
 */
#include "exporter.h"
#include "compat.h"

#include <linux/err.h>
#include <linux/kernel.h>
#include <linux/slab.h>
#include <linux/string.h>

#include <crypto/hash.h>
#include <kunit/visibility.h>

#define INFO_MAX	(2 + 1 + 255 + 1 + TLSUP_SECRET_MAX)

/* The parts of a message that is to be authenticated. */
struct part {
	const void *data;
	size_t len;
};

static const char * const hashes[] = {
	[TLSUP_HASH_SHA256] = "sha256",
	[TLSUP_HASH_SHA384] = "sha384",
};

static struct crypto_shash *open_hmac(u8 hash, const u8 *key, size_t len)
{
	char name[16];
	struct crypto_shash *tfm;
	int err;

	snprintf(name, sizeof(name), "hmac(%s)", hashes[hash]);
	tfm = crypto_alloc_shash(name, 0, 0);
	if (IS_ERR(tfm))
		return tfm;
	err = crypto_shash_setkey(tfm, key, len);
	if (!err)
		return tfm;
	crypto_free_shash(tfm);
	return ERR_PTR(err);
}

static int hmac(struct crypto_shash *tfm, const struct part *parts,
		size_t count, u8 *out)
{
	SHASH_DESC_ON_STACK(desc, tfm);
	size_t i;
	int err;

	desc->tfm = tfm;
	err = crypto_shash_init(desc);
	for (i = 0; !err && i < count; i++)
		if (parts[i].len)
			err = crypto_shash_update(desc, parts[i].data,
						  parts[i].len);
	if (!err)
		err = crypto_shash_final(desc, out);
	shash_desc_zero(desc);
	return err;
}

static int digest(u8 hash, const u8 *data, size_t len, u8 *out)
{
	struct crypto_shash *tfm = crypto_alloc_shash(hashes[hash], 0, 0);
	int err;

	if (IS_ERR(tfm))
		return PTR_ERR(tfm);
	err = crypto_shash_tfm_digest(tfm, data, len, out);
	crypto_free_shash(tfm);
	return err;
}

/* HKDF-Expand (RFC 5869, 2.3). */
static int expand(u8 hash, const u8 *secret, const u8 *info, size_t info_len,
		  u8 *out, size_t len)
{
	size_t size = tlsup_keys_hash_size(hash), n, have = 0;
	u8 block[TLSUP_SECRET_MAX], counter = 0;
	struct crypto_shash *tfm;
	int err = 0;

	tfm = open_hmac(hash, secret, size);
	if (IS_ERR(tfm))
		return PTR_ERR(tfm);
	for (; !err && have < len; have += n) {
		/* The first block has none before it. */
		const struct part parts[] = {
			{ block, counter ? size : 0 },
			{ info, info_len },
			{ &counter, 1 },
		};

		counter++;
		err = hmac(tfm, parts, ARRAY_SIZE(parts), block);
		n = min(size, len - have);
		if (!err)
			memcpy(out + have, block, n);
	}
	memzero_explicit(block, sizeof(block));
	crypto_free_shash(tfm);
	return err;
}

/* HKDF-Expand-Label (RFC 9846, 7.1); @context is a hash. */
static int expand_label(u8 hash, const u8 *secret, const u8 *label,
			size_t label_len, const u8 *context, u8 *out, size_t len)
{
	static const char prefix[] = "tls13 ";
	size_t size = tlsup_keys_hash_size(hash);
	u8 info[INFO_MAX], *at = info;

	put_unaligned_be16(len, at);
	at[2] = strlen(prefix) + label_len;
	memcpy(at + 3, prefix, strlen(prefix));
	at += 3 + strlen(prefix);
	memcpy(at, label, label_len);
	at += label_len;
	*at++ = size;
	memcpy(at, context, size);
	return expand(hash, secret, info, at + size - info, out, len);
}

static int export_13(const struct tlsup_exporter_source *from,
		     const struct tlsup_exporter_wish *wish, u8 *out)
{
	u8 secret[TLSUP_SECRET_MAX], hash[TLSUP_SECRET_MAX];
	int err;

	err = digest(from->hash, NULL, 0, hash);
	if (!err)
		err = expand_label(from->hash, from->secret, wish->label,
				   wish->label_len, hash, secret,
				   tlsup_keys_hash_size(from->hash));
	/* No context and an empty one are the same here. */
	if (!err)
		err = digest(from->hash, wish->context, wish->context_len, hash);
	if (!err)
		err = expand_label(from->hash, secret, (const u8 *)"exporter",
				   strlen("exporter"), hash, out, wish->len);
	memzero_explicit(secret, sizeof(secret));
	return err;
}

/* The PRF of TLS 1.2 (RFC 5246, 5) over the parts as RFC 5705, 4 has them. */
static int export_12(const struct tlsup_exporter_source *from,
		     const struct tlsup_exporter_wish *wish, u8 *out)
{
	size_t size = tlsup_keys_hash_size(from->hash), n, have;
	u8 a[TLSUP_SECRET_MAX], block[TLSUP_SECRET_MAX], length[2];
	struct part parts[] = {
		{ a, size },
		{ wish->label, wish->label_len },
		{ from->randoms, TLSUP_RANDOMS_SIZE },
		{ length, wish->use_context ? sizeof(length) : 0 },
		{ wish->context, wish->use_context ? wish->context_len : 0 },
	};
	struct crypto_shash *tfm;
	int err;

	put_unaligned_be16(wish->context_len, length);
	tfm = open_hmac(from->hash, from->secret, from->secret_len);
	if (IS_ERR(tfm))
		return PTR_ERR(tfm);
	err = hmac(tfm, parts + 1, ARRAY_SIZE(parts) - 1, a);
	for (have = 0; !err && have < wish->len; have += n) {
		err = hmac(tfm, parts, ARRAY_SIZE(parts), block);
		n = min(size, wish->len - have);
		if (!err)
			memcpy(out + have, block, n);
		if (!err)
			err = hmac(tfm, parts, 1, a);
	}
	memzero_explicit(a, sizeof(a));
	memzero_explicit(block, sizeof(block));
	crypto_free_shash(tfm);
	return err;
}

/**
 * tlsup_export - export keying material
 * @from: the handshake's secret
 * @wish: label, context, length
 * @out: wish->len bytes
 *
 * Sleeps.
 *
 * Return: 0 or -errno of the crypto API.
 */
int tlsup_export(const struct tlsup_exporter_source *from,
		 const struct tlsup_exporter_wish *wish, u8 *out)
{
	return from->version == TLSUP_VERSION_1_3 ? export_13(from, wish, out) :
						    export_12(from, wish, out);
}
EXPORT_SYMBOL_IF_KUNIT(tlsup_export);
