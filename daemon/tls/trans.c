// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) 2026 The tlsup authors
 *
 * The transcript: its hash (RFC 9846, 4.4.1), and where that is not enough its
 * bytes. They are kept until the suite, and with it the hash, is known; in TLS
 * 1.2 until it is known that the client signs nothing, for it signs all of them
 * by a hash of its own choice (RFC 5246, 7.4.8).
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "tls/hs_int.h"

/**
 * trans_start - the hash is known: hash what was kept
 * @hs: with a suite; a second call does nothing
 *
 * Return: true.
 */
bool trans_start(struct hs *hs)
{
	if (hs->transcript_started)
		return true;
	cr_digest_init(&hs->transcript, hs->suite->hash);
	hs->transcript_started = true;
	if (hs->kept)
		cr_digest_update(&hs->transcript, hs->kept, hs->kept_len);
	if (!hs->keep)
		trans_forget(hs);
	return true;
}

/**
 * trans_keep - the bytes will be signed
 * @hs: not started
 */
void trans_keep(struct hs *hs)
{
	hs->keep = true;
}

/**
 * trans_forget - nobody will sign the bytes
 * @hs: the engine
 */
void trans_forget(struct hs *hs)
{
	hs->keep = false;
	free(hs->kept);
	hs->kept = NULL;
	hs->kept_len = 0;
}

static bool append(struct hs *hs, const uint8_t *message, size_t len)
{
	uint8_t *grown = realloc(hs->kept, hs->kept_len + len);

	if (!grown)
		return hs_fail_error(hs, HS_ALERT_INTERNAL_ERROR, ENOMEM,
				     "out of memory");
	memcpy(grown + hs->kept_len, message, len);
	hs->kept = grown;
	hs->kept_len += len;
	return true;
}

/**
 * trans_update - a whole message has been sent or received
 * @hs: the engine
 * @message: with its header
 * @len: its length
 *
 * Return: false without memory: the engine has failed.
 */
bool trans_update(struct hs *hs, const uint8_t *message, size_t len)
{
	if (hs->transcript_started)
		cr_digest_update(&hs->transcript, message, len);
	return hs->transcript_started && !hs->keep ? true : append(hs, message, len);
}

/**
 * trans_retry - replace the first ClientHello by its hash
 * @hs: the HelloRetryRequest itself is not in the transcript yet
 *
 * Return: true.
 */
bool trans_retry(struct hs *hs)
{
	uint8_t hash[MESSAGE_HEADER_SIZE + CR_HASH_MAX] = { TYPE_MESSAGE_HASH };
	size_t size = hs->suite->hash->size;

	trans_start(hs);
	hash[MESSAGE_HEADER_SIZE - 1] = (uint8_t)size;
	trans_hash(hs, hash + MESSAGE_HEADER_SIZE);
	cr_digest_init(&hs->transcript, hs->suite->hash);
	cr_digest_update(&hs->transcript, hash, MESSAGE_HEADER_SIZE + size);
	return true;
}

/**
 * trans_hash - the transcript's hash so far
 * @hs: started
 * @out: as long as the suite's hash
 */
void trans_hash(const struct hs *hs, uint8_t *out)
{
	cr_digest_peek(&hs->transcript, out);
}

/**
 * trans_bytes - the messages so far
 * @hs: trans_keep() was called, trans_forget() was not
 *
 * Return: the bytes, borrowed until the next message.
 */
struct hs_bytes trans_bytes(const struct hs *hs)
{
	return (struct hs_bytes){ hs->kept, hs->kept_len };
}
