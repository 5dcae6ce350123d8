/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Copyright (C) 2026 The tlsup authors
 *
 * The rules of one record: pure functions over bytes, no socket, no skb, no
 * allocation. record.c is where the bytes of the wire are touched.
 */
#ifndef _TLSUP_RECORD_H
#define _TLSUP_RECORD_H

#include <linux/types.h>

/* All numbers of the record protocol (RFC 9846, 5) on one page. */
#define TLSUP_HEADER_SIZE	5
#define TLSUP_PLAINTEXT_MAX	16384
#define TLSUP_CIPHERTEXT_MAX	(TLSUP_PLAINTEXT_MAX + 256)
#define TLSUP_CIPHERTEXT_MAX_12	(TLSUP_PLAINTEXT_MAX + 2048)
#define TLSUP_IV_SIZE		12
#define TLSUP_TAG_SIZE		16

/* The MAC suites (RFC 5246, 6.2.3.2): CBC of AES, and the longest of SHA-384. */
#define TLSUP_BLOCK_SIZE	16
#define TLSUP_PADDING_MAX	256	/* with the byte that tells its length */
#define TLSUP_MAC_MAX		48
#define TLSUP_MAC_HEADER_SIZE	13
#define TLSUP_HASH_BLOCK_MAX	128

#define TLSUP_VERSION_1_0	0x0301	/* the first record of a client */
#define TLSUP_VERSION_1_2	0x0303	/* what each later record says */
#define TLSUP_VERSION_1_3	0x0304

enum tlsup_content_type {
	TLSUP_CHANGE_CIPHER_SPEC	= 20,
	TLSUP_ALERT			= 21,
	TLSUP_HANDSHAKE_RECORD		= 22,
	TLSUP_APPLICATION_DATA		= 23,
};

enum tlsup_handshake_type {
	TLSUP_HELLO_REQUEST		= 0,
	TLSUP_CLIENT_HELLO		= 1,
	TLSUP_NEW_SESSION_TICKET	= 4,
	TLSUP_KEY_UPDATE		= 24,
};

#define TLSUP_HANDSHAKE_HEADER_SIZE	4

enum tlsup_alert_level {
	TLSUP_ALERT_WARNING	= 1,
	TLSUP_ALERT_FATAL	= 2,
};

/* The alerts that the kernel itself sends or understands (RFC 9846, 6). */
enum tlsup_alert_description {
	TLSUP_ALERT_CLOSE_NOTIFY	= 0,
	TLSUP_ALERT_UNEXPECTED_MESSAGE	= 10,
	TLSUP_ALERT_BAD_RECORD_MAC	= 20,
	TLSUP_ALERT_RECORD_OVERFLOW	= 22,
	TLSUP_ALERT_ILLEGAL_PARAMETER	= 47,
	TLSUP_ALERT_DECODE_ERROR	= 50,
	TLSUP_ALERT_PROTOCOL_VERSION	= 70,
	TLSUP_ALERT_INTERNAL_ERROR	= 80,
	TLSUP_ALERT_USER_CANCELED	= 90,
	TLSUP_ALERT_NO_RENEGOTIATION	= 100,
};

#define TLSUP_NO_ALERT	(-1)

/**
 * enum tlsup_fault - what can be wrong with a record
 * @TLSUP_OK: nothing
 * @TLSUP_FAULT_TYPE: the content type is not one of TLS
 * @TLSUP_FAULT_VERSION: the major version is not 3: the peer speaks no TLS
 * @TLSUP_FAULT_OVERFLOW: longer than the standard allows
 * @TLSUP_FAULT_EMPTY: a record without content that must have some
 * @TLSUP_FAULT_UNPROTECTED: plaintext where keys are in force
 * @TLSUP_FAULT_PROTECTED: protected before keys are in force
 * @TLSUP_FAULT_SHORT: too short to hold what the cipher adds
 * @TLSUP_FAULT_MAC: authentication failed
 * @TLSUP_FAULT_NO_TYPE: the inner plaintext is all zero
 * @TLSUP_FAULT_CCS: a change_cipher_spec that is malformed or out of place
 * @TLSUP_FAULT_ALERT: an alert that is not two bytes
 * @TLSUP_FAULT_UNEXPECTED: a record type that this phase does not allow
 * @TLSUP_FAULT_SEQUENCE: the sequence number would wrap
 */
enum tlsup_fault {
	TLSUP_OK,
	TLSUP_FAULT_TYPE,
	TLSUP_FAULT_VERSION,
	TLSUP_FAULT_OVERFLOW,
	TLSUP_FAULT_EMPTY,
	TLSUP_FAULT_UNPROTECTED,
	TLSUP_FAULT_PROTECTED,
	TLSUP_FAULT_SHORT,
	TLSUP_FAULT_MAC,
	TLSUP_FAULT_NO_TYPE,
	TLSUP_FAULT_CCS,
	TLSUP_FAULT_ALERT,
	TLSUP_FAULT_UNEXPECTED,
	TLSUP_FAULT_SEQUENCE,
	TLSUP_FAULT_COUNT,
};

/**
 * struct tlsup_fault_desc - what a fault means to both sides
 * @error: positive errno for the application
 * @alert: AlertDescription for the peer
 * @reason: one sentence
 */
struct tlsup_fault_desc {
	int error;
	u8 alert;
	const char *reason;
};

const struct tlsup_fault_desc *tlsup_record_fault(enum tlsup_fault fault);

/**
 * struct tlsup_header - a record header as parsed
 * @type: content type; under protection the outer one
 * @len: length of what follows, bytes
 */
struct tlsup_header {
	u8 type;
	u16 len;
};

enum tlsup_fault tlsup_record_parse_header(const u8 *bytes, unsigned int max,
					   struct tlsup_header *header);
enum tlsup_fault tlsup_record_parse_bare(const u8 *bytes, unsigned int overhead,
					 struct tlsup_header *header);
void tlsup_record_build_header(u8 *bytes, u8 type, u16 version, u16 len);
void tlsup_record_nonce(u8 *nonce, const u8 *iv, u64 seq);
enum tlsup_fault tlsup_record_inner(const u8 *inner, size_t len, u8 *type,
				    size_t *content_len);
size_t tlsup_record_padding(size_t content, size_t block, size_t max);
enum tlsup_fault tlsup_record_check_content(u8 type, size_t len);

/**
 * struct tlsup_hash_shape - what of a hash decides where its blocks end
 * @digest: length of its output, and so of the MAC, bytes
 * @block: what it compresses at a time, bytes; a power of two
 * @length: of the field that ends its last block, bytes
 */
struct tlsup_hash_shape {
	u8 digest;
	u8 block;
	u8 length;
};

/**
 * struct tlsup_mac_ops - a hash that is under way, keyed for HMAC
 * @prefix: hash the first @len bytes of the plaintext
 * @absorb: hash @len bytes more
 * @compress: hash one block, behind whole blocks only, and give the chaining
 *	value, which after the last block is the inner hash
 * @finish: make a MAC of an inner hash: the outer hash of HMAC
 *
 * What they take as long as is decided by lengths alone. Each returns 0 or
 * -errno.
 */
struct tlsup_mac_ops {
	int (*prefix)(void *ctx, size_t len);
	int (*absorb)(void *ctx, const u8 *data, size_t len);
	int (*compress)(void *ctx, const u8 *block, u8 *chain);
	int (*finish)(void *ctx, const u8 *inner, u8 *mac);
};

/*
 * The most that tlsup_record_tail() gives: MAC, padding, and what is left of a
 * block of the hash and of one of the cipher in front of them.
 */
#define TLSUP_TAIL_MAX	(TLSUP_MAC_MAX + TLSUP_PADDING_MAX + \
			 TLSUP_HASH_BLOCK_MAX + TLSUP_BLOCK_SIZE)

/**
 * struct tlsup_removal - a decrypted record on the way to its content
 * @shape: of the hash
 * @len: length of the plaintext, at least a MAC and a byte of padding
 * @tail: the last tlsup_record_tail() bytes of it; secret
 * @header: what the MAC covers in front of the content; all but its length,
 *	which is secret
 * @ops: the hash
 * @ctx: handed to them
 */
struct tlsup_removal {
	const struct tlsup_hash_shape *shape;
	size_t len;
	const u8 *tail;
	u8 header[TLSUP_MAC_HEADER_SIZE];
	const struct tlsup_mac_ops *ops;
	void *ctx;
};

void tlsup_record_mac_header(u8 *header, u64 seq, const u8 *record, size_t len);
size_t tlsup_record_pad(u8 *bytes, size_t len);
size_t tlsup_record_tail(const struct tlsup_hash_shape *shape, size_t len);
u32 tlsup_record_unpad(const u8 *tail, size_t tail_len, size_t len, size_t mac,
		       u32 *padding);
int tlsup_record_remove(struct tlsup_removal *removal, u32 *good,
			size_t *content_len);

#endif /* _TLSUP_RECORD_H */
