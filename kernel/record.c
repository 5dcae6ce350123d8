// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) 2026 The tlsup authors
 *
 * The rules of one record (RFC 9846, 5).
 *
 *	struct {				struct {
 *	    ContentType type;			    opaque content[..2^14];
 *	    ProtocolVersion legacy_version;	    ContentType type;
 *	    uint16 length;			    uint8 zeros[padding];
 *	    opaque fragment[length];		} TLSInnerPlaintext;
 *	} TLSPlaintext / TLSCiphertext;
 */
#include "record.h"
#include "compat.h"

#include <linux/compiler.h>
#include <linux/errno.h>
#include <linux/kernel.h>
#include <linux/string.h>

#include <kunit/visibility.h>

static const struct tlsup_fault_desc faults[TLSUP_FAULT_COUNT] = {
	[TLSUP_OK] = { 0, 0, "" },
	[TLSUP_FAULT_TYPE] = { EPROTO, TLSUP_ALERT_UNEXPECTED_MESSAGE,
		"the peer sent a record of unknown type: it may not speak TLS" },
	[TLSUP_FAULT_VERSION] = { EPROTO, TLSUP_ALERT_PROTOCOL_VERSION,
		"the peer sent a record of unknown version: it may not speak TLS" },
	[TLSUP_FAULT_OVERFLOW] = { EMSGSIZE, TLSUP_ALERT_RECORD_OVERFLOW,
		"the peer sent a record that is too long" },
	[TLSUP_FAULT_EMPTY] = { EPROTO, TLSUP_ALERT_UNEXPECTED_MESSAGE,
		"the peer sent an empty handshake or alert record" },
	[TLSUP_FAULT_UNPROTECTED] = { EPROTO, TLSUP_ALERT_UNEXPECTED_MESSAGE,
		"the peer sent an unprotected record where keys are in force" },
	[TLSUP_FAULT_PROTECTED] = { EPROTO, TLSUP_ALERT_UNEXPECTED_MESSAGE,
		"the peer sent a protected record before keys are in force" },
	[TLSUP_FAULT_SHORT] = { EBADMSG, TLSUP_ALERT_BAD_RECORD_MAC,
		"a record is too short to be authentic" },
	[TLSUP_FAULT_MAC] = { EBADMSG, TLSUP_ALERT_BAD_RECORD_MAC,
		"a record failed authentication" },
	[TLSUP_FAULT_NO_TYPE] = { EPROTO, TLSUP_ALERT_UNEXPECTED_MESSAGE,
		"the peer sent a record without a content type" },
	[TLSUP_FAULT_CCS] = { EPROTO, TLSUP_ALERT_UNEXPECTED_MESSAGE,
		"the peer sent a change_cipher_spec that is malformed or out of place" },
	[TLSUP_FAULT_ALERT] = { EPROTO, TLSUP_ALERT_DECODE_ERROR,
		"the peer sent a malformed alert" },
	[TLSUP_FAULT_UNEXPECTED] = { EPROTO, TLSUP_ALERT_UNEXPECTED_MESSAGE,
		"the peer sent a record of a type that has no place here" },
	[TLSUP_FAULT_SEQUENCE] = { EPROTO, TLSUP_ALERT_INTERNAL_ERROR,
		"the sequence number is used up" },
};

/**
 * tlsup_record_fault - what a fault means to both sides
 * @fault: any but TLSUP_FAULT_COUNT
 *
 * Return: errno, alert and sentence; never NULL.
 */
const struct tlsup_fault_desc *tlsup_record_fault(enum tlsup_fault fault)
{
	return &faults[fault];
}
EXPORT_SYMBOL_IF_KUNIT(tlsup_record_fault);

/**
 * tlsup_record_parse_header - check the five bytes before buffering a record
 * @bytes: TLSUP_HEADER_SIZE bytes
 * @max: the longest that the epoch allows: TLSUP_PLAINTEXT_MAX before keys are
 *	in force
 * @header: filled on TLSUP_OK
 *
 * legacy_record_version is ignored but for its major byte, which tells a peer
 * that speaks no TLS at all (RFC 9846, 5.1). Whether the type is right for the
 * phase is the caller's business.
 *
 * Return: TLSUP_OK or the fault; after a fault the stream must not be parsed
 * any further.
 */
enum tlsup_fault tlsup_record_parse_header(const u8 *bytes, unsigned int max,
					   struct tlsup_header *header)
{
	u8 type = bytes[0];
	u16 len = get_unaligned_be16(bytes + 3);

	if (type < TLSUP_CHANGE_CIPHER_SPEC || type > TLSUP_APPLICATION_DATA)
		return TLSUP_FAULT_TYPE;
	if (bytes[1] != TLSUP_VERSION_1_2 >> 8)
		return TLSUP_FAULT_VERSION;
	if (len > max)
		return TLSUP_FAULT_OVERFLOW;
	if (!len && type != TLSUP_APPLICATION_DATA)
		return TLSUP_FAULT_EMPTY;

	header->type = type;
	header->len = len;
	return TLSUP_OK;
}
EXPORT_SYMBOL_IF_KUNIT(tlsup_record_parse_header);

/**
 * tlsup_record_parse_bare - the same for an application that does the rest
 * @bytes: TLSUP_HEADER_SIZE bytes
 * @overhead: what protection adds, bytes
 * @header: filled on TLSUP_OK
 *
 * Under "tlsup-raw" content types are the application's business. Length
 * before version, as in-tree kTLS has it.
 *
 * Return: TLSUP_OK, TLSUP_FAULT_OVERFLOW, TLSUP_FAULT_SHORT or
 * TLSUP_FAULT_VERSION.
 */
enum tlsup_fault tlsup_record_parse_bare(const u8 *bytes, unsigned int overhead,
					 struct tlsup_header *header)
{
	u16 len = get_unaligned_be16(bytes + 3);

	if (len > TLSUP_PLAINTEXT_MAX + overhead)
		return TLSUP_FAULT_OVERFLOW;
	if (len < overhead)
		return TLSUP_FAULT_SHORT;
	if (get_unaligned_be16(bytes + 1) != TLSUP_VERSION_1_2)
		return TLSUP_FAULT_VERSION;

	header->type = bytes[0];
	header->len = len;
	return TLSUP_OK;
}
EXPORT_SYMBOL_IF_KUNIT(tlsup_record_parse_bare);

/**
 * tlsup_record_build_header - write the five bytes
 * @bytes: TLSUP_HEADER_SIZE bytes
 * @type: content type, the outer one under protection
 * @version: legacy_record_version
 * @len: length of what follows
 */
void tlsup_record_build_header(u8 *bytes, u8 type, u16 version, u16 len)
{
	bytes[0] = type;
	put_unaligned_be16(version, bytes + 1);
	put_unaligned_be16(len, bytes + 3);
}
EXPORT_SYMBOL_IF_KUNIT(tlsup_record_build_header);

/**
 * tlsup_record_nonce - the per-record nonce (RFC 9846, 5.3)
 * @nonce: TLSUP_IV_SIZE bytes out
 * @iv: the write iv, TLSUP_IV_SIZE bytes
 * @seq: the record's sequence number
 */
void tlsup_record_nonce(u8 *nonce, const u8 *iv, u64 seq)
{
	u64 tail = get_unaligned_be64(iv + TLSUP_IV_SIZE - sizeof(seq));

	memcpy(nonce, iv, TLSUP_IV_SIZE - sizeof(seq));
	put_unaligned_be64(tail ^ seq, nonce + TLSUP_IV_SIZE - sizeof(seq));
}
EXPORT_SYMBOL_IF_KUNIT(tlsup_record_nonce);

/**
 * tlsup_record_inner - find the content type behind the padding
 * @inner: TLSInnerPlaintext, authenticated
 * @len: its length; 0 is a fault, not an underflow
 * @type: content type out
 * @content_len: length of the content out; it starts at @inner
 *
 * The padding's length is no secret once the record is authentic: its
 * sender chose it (RFC 9846, 5.4).
 *
 * Return: TLSUP_OK, TLSUP_FAULT_NO_TYPE, or TLSUP_FAULT_OVERFLOW when content
 * and type exceed 2^14 + 1 bytes.
 */
enum tlsup_fault tlsup_record_inner(const u8 *inner, size_t len, u8 *type,
				    size_t *content_len)
{
	if (len > TLSUP_PLAINTEXT_MAX + 1)
		return TLSUP_FAULT_OVERFLOW;
	while (len && !inner[len - 1])
		len--;
	if (!len)
		return TLSUP_FAULT_NO_TYPE;

	*type = inner[len - 1];
	*content_len = len - 1;
	return TLSUP_OK;
}
EXPORT_SYMBOL_IF_KUNIT(tlsup_record_inner);

/**
 * tlsup_record_padding - how many zeros go behind the inner content type
 * @content: length of the content, bytes
 * @block: the inner plaintext shall be a multiple of it; 0 and 1: no padding
 * @max: the longest content that a record may have, at least @content
 *
 * RFC 9846, 5.4.
 *
 * Return: bytes; never more than fit.
 */
size_t tlsup_record_padding(size_t content, size_t block, size_t max)
{
	size_t over = block > 1 ? (content + 1) % block : 0;

	return over ? min(block - over, max - content) : 0;
}
EXPORT_SYMBOL_IF_KUNIT(tlsup_record_padding);

/**
 * tlsup_record_check_content - the rules of a record's true type
 * @type: content type, the inner one under protection
 * @len: length of the content
 *
 * Return: TLSUP_OK, or the fault of an unknown type, an empty handshake or
 * alert record, or an alert that is not two bytes (RFC 9846, 5.1 and 6).
 */
enum tlsup_fault tlsup_record_check_content(u8 type, size_t len)
{
	switch (type) {
	case TLSUP_APPLICATION_DATA:
		return TLSUP_OK;
	case TLSUP_HANDSHAKE_RECORD:
		return len ? TLSUP_OK : TLSUP_FAULT_EMPTY;
	case TLSUP_ALERT:
		if (!len)
			return TLSUP_FAULT_EMPTY;
		return len == 2 ? TLSUP_OK : TLSUP_FAULT_ALERT;
	case TLSUP_CHANGE_CIPHER_SPEC:
		return TLSUP_OK;
	default:
		return TLSUP_FAULT_TYPE;
	}
}
EXPORT_SYMBOL_IF_KUNIT(tlsup_record_check_content);

/*
 * Padding and MAC of MAC-then-encrypt. What follows is written so that neither
 * branch nor address depends on a byte of the plaintext: how long the padding
 * is must not show before the MAC is known to be right, or whoever changes
 * records on their way and watches the clock decrypts them (Lucky Thirteen).
 *
 * Masks are all ones or all zeros. The compiler must not see what they are made
 * of, or it may find that a branch does as well. Numbers are below 2^31.
 */
static u32 mask(u32 bit)
{
	u32 m = -bit;

	OPTIMIZER_HIDE_VAR(m);
	return m;
}

static u64 mask_wide(u32 m)
{
	return (u64)m << 32 | m;
}

static u32 mask_less(u32 a, u32 b)
{
	return mask((a - b) >> 31);
}

static u32 mask_equal(u32 a, u32 b)
{
	u32 x = a ^ b;

	return mask(((x | -x) >> 31) ^ 1);
}

/**
 * tlsup_record_mac_header - what a MAC covers in front of the bytes
 * @header: TLSUP_MAC_HEADER_SIZE bytes out
 * @seq: the record's sequence number
 * @record: the record's header, of which type and version are taken
 * @len: of the content, or with encrypt-then-MAC of IV and ciphertext
 *
 * RFC 5246, 6.2.3.1; RFC 7366, 3.
 */
void tlsup_record_mac_header(u8 *header, u64 seq, const u8 *record, size_t len)
{
	put_unaligned_be64(seq, header);
	memcpy(header + sizeof(seq), record, TLSUP_HEADER_SIZE - sizeof(u16));
	put_unaligned_be16(len, header + TLSUP_MAC_HEADER_SIZE - sizeof(u16));
}
EXPORT_SYMBOL_IF_KUNIT(tlsup_record_mac_header);

/**
 * tlsup_record_pad - the padding of a MAC suite, as short as it can be
 * @bytes: where it goes; TLSUP_BLOCK_SIZE bytes
 * @len: what it makes a multiple of the block
 *
 * RFC 5246, 6.2.3.2.
 *
 * Return: its length, with the byte that tells it; at least 1.
 */
size_t tlsup_record_pad(u8 *bytes, size_t len)
{
	size_t pad = TLSUP_BLOCK_SIZE - len % TLSUP_BLOCK_SIZE;

	memset(bytes, pad - 1, pad);
	return pad;
}
EXPORT_SYMBOL_IF_KUNIT(tlsup_record_pad);

/* Bytes of header and content in whole blocks that are hashed in any case. */
static size_t certain(const struct tlsup_hash_shape *shape, size_t len)
{
	size_t behind = shape->digest + TLSUP_PADDING_MAX;
	size_t least = len > behind ? len - behind : 0;

	return round_down(TLSUP_MAC_HEADER_SIZE + least, shape->block);
}

/**
 * tlsup_record_tail - how much of a plaintext is not certainly content
 * @shape: of the hash
 * @len: length of the plaintext, a multiple of TLSUP_BLOCK_SIZE
 *
 * With what stands before it in the same block of the hash, so that the rest
 * can be hashed where it lies.
 *
 * Return: bytes at the end, at most TLSUP_TAIL_MAX; what is before them is a
 * multiple of TLSUP_BLOCK_SIZE.
 */
size_t tlsup_record_tail(const struct tlsup_hash_shape *shape, size_t len)
{
	size_t hashed = certain(shape, len);

	return hashed ? len - round_down(hashed - TLSUP_MAC_HEADER_SIZE,
					 TLSUP_BLOCK_SIZE) : len;
}
EXPORT_SYMBOL_IF_KUNIT(tlsup_record_tail);

/**
 * tlsup_record_unpad - look at the padding, in constant time
 * @tail: the last bytes of the plaintext; secret
 * @tail_len: how many: all, or at least TLSUP_PADDING_MAX
 * @len: length of the plaintext, more than @mac
 * @mac: length of the MAC between content and padding, 0 if there is none
 * @padding: out: its length, with the byte that tells it; 1 if it is wrong, as
 *	RFC 5246, 6.2.3.2, wants it; secret
 *
 * Return: all ones if the padding is right, else 0; secret.
 */
u32 tlsup_record_unpad(const u8 *tail, size_t tail_len, size_t len, size_t mac,
		       u32 *padding)
{
	size_t look = min_t(size_t, TLSUP_PADDING_MAX, len - mac);
	const u8 *end = tail + tail_len;
	u32 value = end[-1], wrong = 0, good;
	size_t i;

	for (i = 1; i <= look; i++)
		wrong |= (end[-i] ^ value) & ~mask_less(value, i - 1);
	good = mask_equal(wrong, 0) & mask_less(value, look);
	*padding = 1 + (value & good);
	return good;
}
EXPORT_SYMBOL_IF_KUNIT(tlsup_record_unpad);

/* @len bytes of what the inner hash covers, from the byte @at on. */
static void copy_covered(const struct tlsup_removal *r, size_t at, size_t len,
			 u8 *out)
{
	size_t before = TLSUP_MAC_HEADER_SIZE + r->len -
			tlsup_record_tail(r->shape, r->len);
	size_t n = 0;

	if (at < TLSUP_MAC_HEADER_SIZE) {
		n = min_t(size_t, len, TLSUP_MAC_HEADER_SIZE - at);
		memcpy(out, r->header + at, n);
	}
	if (n < len)
		memcpy(out + n, r->tail + at + n - before, len - n);
}

/*
 * One block of what the inner hash covers, from the byte @at on. @end, where
 * the hashed bytes end, is secret; @least and @most, its bounds, are not.
 * Returns all ones if it is the last block.
 */
static u32 build_block(const struct tlsup_removal *r, size_t at, size_t least,
		       size_t most, u32 end, u8 *block)
{
	const struct tlsup_hash_shape *shape = r->shape;
	size_t p, stop = min(at + shape->block, most + 1);
	u8 *length = block + shape->block - sizeof(u64);
	u64 bits = (u64)(shape->block + end) * 8;
	u32 last, m, before;

	memset(block, 0, shape->block);
	if (at < stop)
		copy_covered(r, at, stop - at, block);
	/* Behind the end 0x80, and zeros. */
	p = max(at, least);
	before = mask_less(p - 1, end);
	for (; p < stop; p++) {
		m = mask_less(p, end);
		block[p - at] = (block[p - at] & m) | (0x80 & before & ~m);
		before = m;
	}
	/* The last block is the one that the length field fits into. */
	p = at + shape->block - shape->length;
	last = ~mask_less(p, end + 1) &
	       mask_less(p, end + 1 + shape->block);
	bits &= mask_wide(last);
	put_unaligned_be64(get_unaligned_be64(length) | bits, length);
	return last;
}

/* The inner hash, as if it were the same work for every length. */
static int inner_hash(const struct tlsup_removal *r, u32 content, u8 *inner)
{
	const struct tlsup_hash_shape *shape = r->shape;
	size_t behind = shape->digest + TLSUP_PADDING_MAX;
	size_t least = TLSUP_MAC_HEADER_SIZE +
		       (r->len > behind ? r->len - behind : 0);
	size_t most = TLSUP_MAC_HEADER_SIZE + r->len - shape->digest - 1;
	size_t at = certain(shape, r->len);
	u8 block[TLSUP_HASH_BLOCK_MAX], chain[TLSUP_MAC_MAX];
	size_t i;
	u32 last;
	int err = 0;

	memset(inner, 0, shape->digest);
	for (; !err && at < most + 1 + shape->length; at += shape->block) {
		last = build_block(r, at, least, most,
				   TLSUP_MAC_HEADER_SIZE + content, block);
		err = r->ops->compress(r->ctx, block, chain);
		for (i = 0; !err && i < shape->digest; i++)
			inner[i] |= chain[i] & last;
	}
	memzero_explicit(block, sizeof(block));
	memzero_explicit(chain, sizeof(chain));
	return err;
}

/* All that is hashed whatever the padding says. */
static int hash_certain(const struct tlsup_removal *r)
{
	size_t hashed = certain(r->shape, r->len);
	size_t prefix = r->len - tlsup_record_tail(r->shape, r->len);
	int err;

	if (!hashed)
		return 0;
	err = r->ops->absorb(r->ctx, r->header, TLSUP_MAC_HEADER_SIZE);
	if (!err && prefix)
		err = r->ops->prefix(r->ctx, prefix);
	hashed -= TLSUP_MAC_HEADER_SIZE + prefix;
	return err || !hashed ? err : r->ops->absorb(r->ctx, r->tail, hashed);
}

/* The MAC that there should be, of so much content. */
static int remake_mac(const struct tlsup_removal *r, u32 content, u8 *mac)
{
	u8 inner[TLSUP_MAC_MAX];
	int err;

	err = hash_certain(r);
	if (!err)
		err = inner_hash(r, content, inner);
	if (!err)
		err = r->ops->finish(r->ctx, inner, mac);
	memzero_explicit(inner, sizeof(inner));
	return err;
}

/*
 * The MAC that came, which starts @content bytes into the plaintext: the place
 * is approached by halves, each step being made or not by mask; the long ones
 * eight bytes at a time.
 */
static void copy_mac(const struct tlsup_removal *r, u32 content, u8 *mac)
{
	size_t size = r->shape->digest, tail = tlsup_record_tail(r->shape, r->len);
	size_t span = min_t(size_t, r->len, size + TLSUP_PADDING_MAX);
	u64 words[(TLSUP_MAC_MAX + 2 * TLSUP_PADDING_MAX) / sizeof(u64)] = { 0 };
	u32 offset = content - (r->len - span);
	u8 *bytes = (u8 *)words;
	size_t step, i;
	u64 m;

	memcpy(bytes, r->tail + tail - span, span);
	for (step = TLSUP_PADDING_MAX / 2; step; step /= 2) {
		m = mask_wide(~mask_equal(offset & step, 0));
		for (i = 0; step >= 8 && i < (size + step) / 8 + 1; i++)
			words[i] ^= (words[i] ^ words[i + step / 8]) & m;
		for (i = 0; step < 8 && i < size + step; i++)
			bytes[i] ^= (bytes[i] ^ bytes[i + step]) & m;
	}
	memcpy(mac, bytes, size);
	memzero_explicit(words, sizeof(words));
}

/**
 * tlsup_record_remove - take MAC and padding off, in constant time
 * @r: the record
 * @good: out: all ones if it is authentic, else 0; the first thing about it
 *	that is no secret
 * @content_len: out: length of the content; secret unless @good
 *
 * The hash compresses as many blocks as the longest content would need,
 * whatever the length: of the chaining values one is picked by mask.
 *
 * Return: 0, or -errno of the hash.
 */
int tlsup_record_remove(struct tlsup_removal *r, u32 *good, size_t *content_len)
{
	size_t size = r->shape->digest, tail = tlsup_record_tail(r->shape, r->len);
	u8 expected[TLSUP_MAC_MAX], mac[TLSUP_MAC_MAX];
	u32 padding, content, wrong = 0;
	size_t i;
	int err;

	*good = tlsup_record_unpad(r->tail, tail, r->len, size, &padding);
	content = r->len - size - padding;
	put_unaligned_be16(content, r->header + TLSUP_MAC_HEADER_SIZE - 2);
	err = remake_mac(r, content, expected);
	if (err)
		return err;
	copy_mac(r, content, mac);
	for (i = 0; i < size; i++)
		wrong |= mac[i] ^ expected[i];
	memzero_explicit(expected, sizeof(expected));
	memzero_explicit(mac, sizeof(mac));
	*good &= mask_equal(wrong, 0);
	*content_len = content;
	return 0;
}
EXPORT_SYMBOL_IF_KUNIT(tlsup_record_remove);
