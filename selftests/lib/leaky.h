/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Copyright (C) 2026 The tlsup authors
 *
 * The twin of tlsup_record_remove() as one writes it who does not know of Lucky
 * Thirteen: it stops at the first byte that is wrong, and hashes as much as
 * there is. What a test claims to see must be seen of it. For the host and for
 * kernels, behind record.h.
 */
#ifndef SELFTESTS_LEAKY_H
#define SELFTESTS_LEAKY_H

static inline u8 leaky_byte(const struct tlsup_removal *r, size_t prefix,
			    size_t at, size_t end)
{
	if (at < TLSUP_MAC_HEADER_SIZE)
		return r->header[at];
	if (at < end)
		return r->tail[at - TLSUP_MAC_HEADER_SIZE - prefix];
	return at == end ? 0x80 : 0;
}

static inline int leaky_hash(const struct tlsup_removal *r, size_t content,
			     u8 *inner)
{
	size_t size = r->shape->block, end = TLSUP_MAC_HEADER_SIZE + content;
	size_t prefix = r->len - tlsup_record_tail(r->shape, r->len);
	size_t at = 0, i;
	u8 block[TLSUP_HASH_BLOCK_MAX];
	bool last = false;
	int err = 0;

	if (prefix) {
		at = (prefix + TLSUP_MAC_HEADER_SIZE + size - 1) & ~(size - 1);
		err = r->ops->absorb(r->ctx, r->header, TLSUP_MAC_HEADER_SIZE);
		if (!err)
			err = r->ops->prefix(r->ctx, prefix);
		if (!err)
			err = r->ops->absorb(r->ctx, r->tail, at - prefix -
					     TLSUP_MAC_HEADER_SIZE);
	}
	for (; !err && !last; at += size) {
		for (i = 0; i < size; i++)
			block[i] = leaky_byte(r, prefix, at + i, end);
		last = end + r->shape->length < at + size;
		if (last)
			put_unaligned_be32((size + end) * 8, block + size - 4);
		err = r->ops->compress(r->ctx, block, inner);
	}
	return err;
}

static inline int leaky_remove(struct tlsup_removal *r, u32 *good,
			       size_t *content_len)
{
	size_t size = r->shape->digest, i;
	const u8 *end = r->tail + tlsup_record_tail(r->shape, r->len);
	u8 inner[TLSUP_MAC_MAX], mac[TLSUP_MAC_MAX];
	size_t padding = end[-1] + 1;
	int err;

	*good = padding + size <= r->len;
	for (i = 1; *good && i <= padding; i++)
		*good = end[-i] == padding - 1;
	if (!*good)
		padding = 1;
	*content_len = r->len - size - padding;
	put_unaligned_be16(*content_len, r->header + TLSUP_MAC_HEADER_SIZE - 2);
	err = leaky_hash(r, *content_len, inner);
	if (!err)
		err = r->ops->finish(r->ctx, inner, mac);
	if (!err && memcmp(mac, end - padding - size, size))
		*good = 0;
	return err;
}

#endif /* SELFTESTS_LEAKY_H */
