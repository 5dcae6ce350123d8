// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) 2026 The tlsup authors
 *
 * The MAC suites of TLS 1.2: AES-CBC with HMAC, MAC-then-encrypt (RFC 5246,
 * 6.2.3.2) and encrypt-then-MAC (RFC 7366), over the kernel's cbc(aes) and
 * hashes. What may not show how long the padding is stands in record.c.
 *
 * HMAC is made here of the bare hash, because MAC-then-encrypt needs the
 * chaining value after single blocks: the state that the hash exports begins
 * with it. A driver for which that does not hold is refused.
 *
 * A received plaintext goes where the reader wants it, but for its tail, which
 * may be MAC and padding: that is looked at in memory of our own, and what of it
 * is content is copied behind the rest.
 */
#include "cbc.h"
#include "compat.h"

#include <linux/err.h>
#include <linux/highmem.h>
#include <linux/random.h>
#include <linux/scatterlist.h>
#include <linux/slab.h>
#include <linux/string.h>

#include <crypto/algapi.h>
#include <crypto/hash.h>
#include <crypto/scatterwalk.h>
#include <crypto/sha1.h>
#include <crypto/sha2.h>
#include <crypto/skcipher.h>
#include <kunit/visibility.h>

#include "keys.h"

#define INNER_PAD	0x36
#define OUTER_PAD	0x5c

/**
 * struct tlsup_hash_kind - a hash of the MAC suites
 * @name: the kernel crypto API's name
 * @shape: what the standard says of it
 * @state: size of the state that its drivers export; the chaining value stands
 *	first, as numbers of the machine
 * @wide: those have 64 bits, not 32
 */
struct tlsup_hash_kind {
	const char *name;
	struct tlsup_hash_shape shape;
	u16 state;
	bool wide;
};

static const struct tlsup_hash_kind kinds[] = {
	{ "sha1", { SHA1_DIGEST_SIZE, SHA1_BLOCK_SIZE, 8 },
	  sizeof(struct sha1_state), false },
	{ "sha256", { SHA256_DIGEST_SIZE, SHA256_BLOCK_SIZE, 8 },
	  sizeof(struct sha256_state), false },
	{ "sha384", { SHA384_DIGEST_SIZE, SHA512_BLOCK_SIZE, 16 },
	  sizeof(struct sha512_state), true },
};

static_assert(offsetof(struct sha1_state, state) == 0);
static_assert(offsetof(struct sha256_state, state) == 0);
static_assert(offsetof(struct sha512_state, state) == 0);
static_assert(sizeof(struct sha512_state) <= TLSUP_HASH_STATE_MAX);
static_assert(SHA384_DIGEST_SIZE <= TLSUP_MAC_MAX);
static_assert(SHA512_BLOCK_SIZE <= TLSUP_HASH_BLOCK_MAX);

static const struct tlsup_hash_kind *find_kind(const char *name)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(kinds); i++)
		if (!strcmp(kinds[i].name, name))
			return &kinds[i];
	return NULL;
}

/* The chaining value as the hash would put it out. */
static int export_chain(const struct tlsup_cbc *cbc, u8 *chain)
{
	const struct tlsup_hash_kind *kind = cbc->kind;
	u8 state[TLSUP_HASH_STATE_MAX] __aligned(8);
	size_t i;
	int err;

	err = crypto_shash_export(cbc->desc, state);
	for (i = 0; !err && kind->wide && i < kind->shape.digest; i += 8)
		put_unaligned_be64(*(u64 *)(state + i), chain + i);
	for (i = 0; !err && !kind->wide && i < kind->shape.digest; i += 4)
		put_unaligned_be32(*(u32 *)(state + i), chain + i);
	memzero_explicit(state, sizeof(state));
	return err;
}

/*
 * Does the driver compress a block when it gets it, and export what we take the
 * state for? The block is all of the padded message "tlsup".
 */
static int check_driver(const struct tlsup_cbc *cbc)
{
	static const u8 message[] = { 't', 'l', 's', 'u', 'p' };
	const struct tlsup_hash_shape *shape = &cbc->kind->shape;
	u8 block[TLSUP_HASH_BLOCK_MAX] = { 0 };
	u8 chain[TLSUP_MAC_MAX], digest[TLSUP_MAC_MAX];
	int err;

	if (crypto_shash_digestsize(cbc->hash) != shape->digest ||
	    crypto_shash_blocksize(cbc->hash) != shape->block ||
	    crypto_shash_statesize(cbc->hash) != cbc->kind->state)
		return -EOPNOTSUPP;
	memcpy(block, message, sizeof(message));
	block[sizeof(message)] = 0x80;
	block[shape->block - 1] = 8 * sizeof(message);
	err = crypto_shash_init(cbc->desc);
	if (!err)
		err = crypto_shash_update(cbc->desc, block, shape->block);
	if (!err)
		err = export_chain(cbc, chain);
	if (!err)
		err = crypto_shash_tfm_digest(cbc->hash, message,
					      sizeof(message), digest);
	if (!err && crypto_memneq(chain, digest, shape->digest))
		err = -EOPNOTSUPP;
	return err;
}

/* The state behind a padded MAC secret (RFC 2104), as long as the digest. */
static int key_state(const struct tlsup_cbc *cbc, const u8 *secret, u8 pad,
		     u8 *state)
{
	const struct tlsup_hash_shape *shape = &cbc->kind->shape;
	u8 block[TLSUP_HASH_BLOCK_MAX];
	size_t i;
	int err;

	memset(block, pad, sizeof(block));
	for (i = 0; i < shape->digest; i++)
		block[i] ^= secret[i];
	err = crypto_shash_init(cbc->desc);
	if (!err)
		err = crypto_shash_update(cbc->desc, block, shape->block);
	if (!err)
		err = crypto_shash_export(cbc->desc, state);
	memzero_explicit(block, sizeof(block));
	return err;
}

static int install_hash(struct tlsup_cbc *cbc, const u8 *secret)
{
	int err;

	cbc->hash = crypto_alloc_shash(cbc->kind->name, 0, 0);
	if (IS_ERR(cbc->hash)) {
		err = PTR_ERR(cbc->hash);
		cbc->hash = NULL;
		return err;
	}
	cbc->desc = kzalloc(sizeof(*cbc->desc) +
			    crypto_shash_descsize(cbc->hash), GFP_KERNEL);
	if (!cbc->desc)
		return -ENOMEM;
	cbc->desc->tfm = cbc->hash;
	err = check_driver(cbc);
	if (!err)
		err = key_state(cbc, secret, INNER_PAD, cbc->inner);
	return err ?: key_state(cbc, secret, OUTER_PAD, cbc->outer);
}

static int install_cipher(struct tlsup_cbc *cbc,
			  const struct tlsup_cipher_desc *cipher, const u8 *key)
{
	int err;

	cbc->tfm = crypto_alloc_skcipher(cipher->name, 0, 0);
	if (IS_ERR(cbc->tfm)) {
		err = PTR_ERR(cbc->tfm);
		cbc->tfm = NULL;
		return err;
	}
	err = crypto_skcipher_setkey(cbc->tfm, key, cipher->key_size);
	if (err)
		return err;
	cbc->req = skcipher_request_alloc(cbc->tfm, GFP_KERNEL);
	return cbc->req ? 0 : -ENOMEM;
}

/**
 * tlsup_cbc_create - key a MAC suite for one direction
 * @cipher: a row of the cipher table that names a hash
 * @parts: key, MAC secret and order; copied
 *
 * Sleeps.
 *
 * Return: the caller's, for tlsup_cbc_destroy(), or ERR_PTR: -EOPNOTSUPP for a
 * hash whose driver cannot be used in constant time, -ENOMEM, or what the
 * crypto API says.
 */
struct tlsup_cbc *tlsup_cbc_create(const struct tlsup_cipher_desc *cipher,
				   const struct tlsup_key_parts *parts)
{
	struct tlsup_cbc *cbc = kzalloc(sizeof(*cbc), GFP_KERNEL);
	int err;

	if (!cbc)
		return ERR_PTR(-ENOMEM);
	cbc->kind = find_kind(cipher->hash);
	cbc->etm = parts->etm;
	err = install_cipher(cbc, cipher, parts->key);
	if (!err)
		err = install_hash(cbc, parts->mac_secret);
	if (!err)
		return cbc;
	tlsup_cbc_destroy(cbc);
	return ERR_PTR(err);
}

/**
 * tlsup_cbc_destroy - wipe and free
 * @cbc: may be NULL
 */
void tlsup_cbc_destroy(struct tlsup_cbc *cbc)
{
	if (!cbc)
		return;
	kfree_sensitive(cbc->desc);
	crypto_free_shash(cbc->hash);
	skcipher_request_free(cbc->req);
	crypto_free_skcipher(cbc->tfm);
	kfree_sensitive(cbc);
}

static int hash_page(struct shash_desc *desc, struct page *page,
		     unsigned int off, unsigned int len)
{
	u8 *at = kmap_local_page(page);
	int err = crypto_shash_update(desc, at + off, len);

	kunmap_local(at);
	return err;
}

/* The first @len bytes of a scatterlist, where they lie. */
static int hash_list(struct shash_desc *desc, struct scatterlist *sg, size_t len)
{
	unsigned int off, left, n;
	struct page *page;
	int err = 0;

	for (; len && !err; sg = sg_next(sg)) {
		left = min_t(size_t, len, sg->length);
		len -= left;
		page = sg_page(sg) + (sg->offset >> PAGE_SHIFT);
		off = offset_in_page(sg->offset);
		for (; left && !err; left -= n, page++, off = 0) {
			n = min_t(unsigned int, left, PAGE_SIZE - off);
			err = hash_page(desc, page, off, n);
		}
	}
	return err;
}

/* The outer hash of HMAC around an inner one. */
static int outer_hash(const struct tlsup_cbc *cbc, const u8 *inner, u8 *mac)
{
	return crypto_shash_import(cbc->desc, cbc->outer) ?:
	       crypto_shash_finup(cbc->desc, inner, cbc->kind->shape.digest, mac);
}

/* HMAC of header, @iv if there is one, and @len bytes of a scatterlist. */
static int make_mac(const struct tlsup_cbc *cbc, const u8 *header, const u8 *iv,
		    struct scatterlist *sg, size_t len, u8 *mac)
{
	u8 inner[TLSUP_MAC_MAX];
	int err;

	err = crypto_shash_import(cbc->desc, cbc->inner);
	if (!err)
		err = crypto_shash_update(cbc->desc, header,
					  TLSUP_MAC_HEADER_SIZE);
	if (!err && iv)
		err = crypto_shash_update(cbc->desc, iv, TLSUP_BLOCK_SIZE);
	if (!err)
		err = hash_list(cbc->desc, sg, len);
	if (!err)
		err = crypto_shash_final(cbc->desc, inner);
	if (!err)
		err = outer_hash(cbc, inner, mac);
	memzero_explicit(inner, sizeof(inner));
	return err;
}

static int run_cipher(struct tlsup_cbc *cbc, struct scatterlist *src,
		      struct scatterlist *dst, size_t len, bool encrypt)
{
	DECLARE_CRYPTO_WAIT(wait);

	if (!len)
		return 0;
	skcipher_request_set_callback(cbc->req, CRYPTO_TFM_REQ_MAY_BACKLOG |
				      CRYPTO_TFM_REQ_MAY_SLEEP,
				      crypto_req_done, &wait);
	skcipher_request_set_crypt(cbc->req, src, dst, len, cbc->chain);
	return crypto_wait_req(encrypt ? crypto_skcipher_encrypt(cbc->req) :
					 crypto_skcipher_decrypt(cbc->req),
			       &wait);
}

/* The MAC's part of what stands in front of the padding. */
static unsigned int mac_inside(const struct tlsup_keys *keys)
{
	return keys->cbc->etm ? 0 : keys->cipher->tag_size;
}

/**
 * tlsup_cbc_trailer - what stands behind the content
 * @keys: of the sending direction
 * @len: bytes of content
 *
 * Return: bytes of MAC and padding.
 */
unsigned int tlsup_cbc_trailer(const struct tlsup_keys *keys, unsigned int len)
{
	unsigned int padded = len + mac_inside(keys);

	return keys->cipher->tag_size + TLSUP_BLOCK_SIZE -
	       padded % TLSUP_BLOCK_SIZE;
}

static void put(struct scatterlist *sg, size_t at, const u8 *bytes, size_t len)
{
	sg_pcopy_from_buffer(sg, sg_nents(sg), bytes, len, at);
}

static int seal_mac_then_encrypt(struct tlsup_cbc *cbc, const u8 *header,
				 struct scatterlist *sg, size_t len)
{
	u8 trailer[TLSUP_MAC_MAX + TLSUP_BLOCK_SIZE];
	size_t n = cbc->kind->shape.digest;
	int err;

	err = make_mac(cbc, header, NULL, sg, len, trailer);
	if (err)
		return err;
	n += tlsup_record_pad(trailer + n, len + n);
	put(sg, len, trailer, n);
	memzero_explicit(trailer, sizeof(trailer));
	return run_cipher(cbc, sg, sg, len + n, true);
}

static int seal_encrypt_then_mac(struct tlsup_cbc *cbc, u8 *header,
				 struct scatterlist *sg, size_t len)
{
	u8 mac[TLSUP_MAC_MAX], pad[TLSUP_BLOCK_SIZE];
	size_t n = tlsup_record_pad(pad, len);
	int err;

	put(sg, len, pad, n);
	len += n;
	put_unaligned_be16(TLSUP_BLOCK_SIZE + len,
			   header + TLSUP_MAC_HEADER_SIZE - sizeof(u16));
	err = run_cipher(cbc, sg, sg, len, true);
	if (!err)
		err = make_mac(cbc, header, cbc->iv, sg, len, mac);
	if (!err)
		put(sg, len, mac, cbc->kind->shape.digest);
	return err;
}

/**
 * tlsup_cbc_seal - protect one record in place
 * @keys: of the sending direction; the sequence number moves on
 * @header: the record's, of which type and version count
 * @sg: the content, and room for tlsup_cbc_trailer() bytes
 * @len: bytes of content
 *
 * With the IV that tlsup_keys_explicit() has made.
 *
 * Return: 0 or -errno.
 */
int tlsup_cbc_seal(struct tlsup_keys *keys, const u8 *header,
		   struct scatterlist *sg, size_t len)
{
	struct tlsup_cbc *cbc = keys->cbc;
	u8 covered[TLSUP_MAC_HEADER_SIZE];

	tlsup_record_mac_header(covered, keys->seq++, header, len);
	keys->used++;
	memcpy(cbc->chain, cbc->iv, TLSUP_BLOCK_SIZE);
	return cbc->etm ? seal_encrypt_then_mac(cbc, covered, sg, len) :
			  seal_mac_then_encrypt(cbc, covered, sg, len);
}

/**
 * tlsup_cbc_check - what a record's length alone tells
 * @keys: of the receiving direction
 * @len: bytes behind the IV
 * @max: the longest content that the peer may send
 * @room: out: as much content as there can be
 *
 * Return: TLSUP_OK; TLSUP_FAULT_SHORT, TLSUP_FAULT_MAC or
 * TLSUP_FAULT_OVERFLOW if it cannot be right.
 */
enum tlsup_fault tlsup_cbc_check(const struct tlsup_keys *keys, size_t len,
				 unsigned int max, unsigned int *room)
{
	size_t outside = keys->cipher->tag_size - mac_inside(keys);
	size_t inside = mac_inside(keys), padded = len - outside;

	if (len < outside + TLSUP_BLOCK_SIZE || padded < inside + 1)
		return TLSUP_FAULT_SHORT;
	if (padded % TLSUP_BLOCK_SIZE)
		return TLSUP_FAULT_MAC;
	if (padded > max + inside + TLSUP_PADDING_MAX)
		return TLSUP_FAULT_OVERFLOW;
	*room = min_t(size_t, max, padded - inside - 1);
	return TLSUP_OK;
}
EXPORT_SYMBOL_IF_KUNIT(tlsup_cbc_check);

/**
 * struct opening_cbc - a record on its way
 * @keys: of the receiving direction
 * @header: the record's
 * @iv: the record's
 * @src: ciphertext, and the MAC if that is outside
 * @dst: where the content goes
 * @len: bytes of ciphertext
 */
struct opening_cbc {
	struct tlsup_keys *keys;
	const u8 *header;
	const u8 *iv;
	struct scatterlist *src;
	struct scatterlist *dst;
	size_t len;
};

/* The plaintext: all but @tail bytes to its place, these to the tail. */
static int decrypt(const struct opening_cbc *o, size_t tail)
{
	struct tlsup_cbc *cbc = o->keys->cbc;
	struct scatterlist from[2], to, *src;
	int err;

	memcpy(cbc->chain, o->iv, TLSUP_BLOCK_SIZE);
	err = run_cipher(cbc, o->src, o->dst, o->len - tail, false);
	if (err)
		return err;
	src = scatterwalk_ffwd(from, o->src, o->len - tail);
	sg_init_one(&to, cbc->tail, tail);
	return run_cipher(cbc, src, &to, tail, false);
}

static int prefix(void *ctx, size_t len)
{
	const struct opening_cbc *o = ctx;

	return hash_list(o->keys->cbc->desc, o->dst, len);
}

static int absorb(void *ctx, const u8 *data, size_t len)
{
	const struct opening_cbc *o = ctx;

	return crypto_shash_update(o->keys->cbc->desc, data, len);
}

static int compress(void *ctx, const u8 *block, u8 *chain)
{
	const struct opening_cbc *o = ctx;
	const struct tlsup_cbc *cbc = o->keys->cbc;

	return crypto_shash_update(cbc->desc, block, cbc->kind->shape.block) ?:
	       export_chain(cbc, chain);
}

static int finish(void *ctx, const u8 *inner, u8 *mac)
{
	const struct opening_cbc *o = ctx;

	return outer_hash(o->keys->cbc, inner, mac);
}

static const struct tlsup_mac_ops mac_ops = {
	.prefix = prefix,
	.absorb = absorb,
	.compress = compress,
	.finish = finish,
};

static enum tlsup_fault open_mac_then_encrypt(struct opening_cbc *o,
					      size_t *content, int *error)
{
	struct tlsup_cbc *cbc = o->keys->cbc;
	struct tlsup_removal removal = {
		.shape = &cbc->kind->shape,
		.len = o->len,
		.tail = cbc->tail,
		.ops = &mac_ops,
		.ctx = o,
	};
	u32 good = 0;

	tlsup_record_mac_header(removal.header, o->keys->seq, o->header, 0);
	*error = decrypt(o, tlsup_record_tail(removal.shape, o->len));
	if (!*error)
		*error = crypto_shash_import(cbc->desc, cbc->inner);
	if (!*error)
		*error = tlsup_record_remove(&removal, &good, content);
	return *error || good ? TLSUP_OK : TLSUP_FAULT_MAC;
}

/* Is the MAC right that stands behind the ciphertext? */
static bool is_vouched(const struct opening_cbc *o, int *error)
{
	struct tlsup_cbc *cbc = o->keys->cbc;
	size_t size = cbc->kind->shape.digest;
	u8 header[TLSUP_MAC_HEADER_SIZE];
	u8 expected[TLSUP_MAC_MAX], mac[TLSUP_MAC_MAX];
	bool right;

	tlsup_record_mac_header(header, o->keys->seq, o->header,
				TLSUP_BLOCK_SIZE + o->len);
	*error = make_mac(cbc, header, o->iv, o->src, o->len, expected);
	if (*error)
		return false;
	sg_pcopy_to_buffer(o->src, sg_nents(o->src), mac, size, o->len);
	right = !crypto_memneq(mac, expected, size);
	/* With it whoever sent something else could go on. */
	memzero_explicit(expected, sizeof(expected));
	return right;
}

/* The MAC first; what it does not vouch for is not decrypted. */
static enum tlsup_fault open_encrypt_then_mac(struct opening_cbc *o,
					      size_t *content, int *error)
{
	struct tlsup_cbc *cbc = o->keys->cbc;
	size_t tail = tlsup_record_tail(&cbc->kind->shape, o->len);
	u32 padding;

	if (!is_vouched(o, error))
		return *error ? TLSUP_OK : TLSUP_FAULT_MAC;
	*error = decrypt(o, tail);
	if (*error)
		return TLSUP_OK;
	if (!tlsup_record_unpad(cbc->tail, tail, o->len, 0, &padding))
		return TLSUP_FAULT_MAC;
	*content = o->len - padding;
	return TLSUP_OK;
}

/**
 * tlsup_cbc_open - authenticate and decrypt one record
 * @keys: of the receiving direction; the sequence number moves on if the
 *	record is authentic
 * @header: the record's, as it came
 * @src: ciphertext, and the MAC if that is outside
 * @dst: room for the content
 * @len: bytes in @src; tlsup_cbc_check() has found nothing wrong with it
 * @iv: the record's
 * @content: in: the room that it has told; out: length of the content
 * @error: 0, or the -errno of a machine's failure
 *
 * After a fault what is in @dst must be wiped.
 *
 * Return: TLSUP_OK (look at @error), TLSUP_FAULT_MAC, TLSUP_FAULT_SEQUENCE or
 * TLSUP_FAULT_OVERFLOW.
 */
enum tlsup_fault tlsup_cbc_open(struct tlsup_keys *keys, const u8 *header,
				struct scatterlist *src,
				struct scatterlist *dst, size_t len,
				const u8 *iv, unsigned int *content, int *error)
{
	struct tlsup_cbc *cbc = keys->cbc;
	struct opening_cbc o = {
		.keys = keys, .header = header, .iv = iv, .src = src, .dst = dst,
		.len = cbc->etm ? len - keys->cipher->tag_size : len,
	};
	size_t before = o.len - tlsup_record_tail(&cbc->kind->shape, o.len);
	enum tlsup_fault fault;
	size_t got = 0;

	*error = 0;
	if (keys->seq == U64_MAX)
		return TLSUP_FAULT_SEQUENCE;
	fault = cbc->etm ? open_encrypt_then_mac(&o, &got, error) :
			   open_mac_then_encrypt(&o, &got, error);
	if (fault || *error)
		return fault;
	keys->seq++;
	keys->used++;
	if (got > *content)
		return TLSUP_FAULT_OVERFLOW;
	if (got > before)
		put(dst, before, cbc->tail, got - before);
	*content = got;
	return TLSUP_OK;
}
EXPORT_SYMBOL_IF_KUNIT(tlsup_cbc_open);
