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
