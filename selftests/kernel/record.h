/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Copyright (C) 2026 The tlsup authors
 *
 * The record layer once more, of both versions, in user space and on nettle: the
 * peer that a test makes lie. It protects whatever it is given.
 */
#ifndef SELFTESTS_KERNEL_RECORD_H
#define SELFTESTS_KERNEL_RECORD_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define SECRET_MAX	48
#define HEADER_SIZE	5
#define TAG_SIZE	16
#define PLAINTEXT_MAX	16384
#define RECORD_MAX	(HEADER_SIZE + 65536)

enum { CCS = 20, ALERT = 21, HANDSHAKE = 22, DATA = 23 };

enum {
	CLOSE_NOTIFY = 0,
	UNEXPECTED_MESSAGE = 10,
	BAD_RECORD_MAC = 20,
	RECORD_OVERFLOW = 22,
	HANDSHAKE_FAILURE = 40,
	ILLEGAL_PARAMETER = 47,
	DECODE_ERROR = 50,
	INTERNAL_ERROR = 80,
	USER_CANCELED = 90,
};

/**
 * struct keys - protection of one direction
 * @cipher: TLSUP_CIPHER_*, and CIPHER_ETM of mac.h
 * @version: 0x0304, or 0x0303 for TLS 1.2
 * @seq: sequence number of the next record
 * @secret: the traffic secret of TLS 1.3
 * @key: derived from it
 * @iv: derived from it; in TLS 1.2 the first four bytes are the salt of GCM
 * @mac: a MAC suite's secret
 */
struct keys {
	uint16_t cipher;
	uint16_t version;
	uint64_t seq;
	uint8_t secret[SECRET_MAX];
	uint8_t key[32];
	uint8_t iv[12];
	uint8_t mac[SECRET_MAX];
};

/* What goes with a cipher: TLSUP_HASH_* and the length of its secrets. */
uint8_t cipher_hash(uint16_t cipher);
size_t cipher_secret_len(uint16_t cipher);

/* A secret that both ends can make up. */
void secret_make(uint8_t *secret, uint8_t seed);

void keys_init(struct keys *keys, uint16_t cipher, uint8_t seed);

/* Keys of TLS 1.2, which have no secret above them. */
void keys_init_12(struct keys *keys, uint16_t cipher, uint8_t seed);
size_t cipher_key_len(uint16_t cipher);
size_t cipher_iv_len_12(uint16_t cipher);
void keys_update(struct keys *keys);

/* A plaintext record into out; its length. */
size_t record_plain(uint8_t *out, uint8_t type, const void *data, size_t len);

/* A protected record into out, in TLS 1.3 with so many zeros behind the type. */
size_t record_seal(struct keys *keys, uint8_t *out, uint8_t type,
		   const void *data, size_t len, size_t padding);

/* The same around any inner plaintext of TLS 1.3, type and padding included. */
size_t record_seal_inner(struct keys *keys, uint8_t *out, const void *inner,
			 size_t len);

/* Open a whole record in place: length of the content at bytes + 5, or -1. */
ssize_t record_open(struct keys *keys, uint8_t *bytes, size_t len,
		    uint8_t *type);

#endif /* SELFTESTS_KERNEL_RECORD_H */
