// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) 2026 The tlsup authors
 *
 * The transcript hash (RFC 9846, 4.4.1). Until the suite, and with it the
 * hash, is known, the first ClientHello is kept as it is.
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
	if (hs->hello)
		cr_digest_update(&hs->transcript, hs->hello, hs->hello_len);
	free(hs->hello);
	hs->hello = NULL;
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
	if (hs->transcript_started) {
		cr_digest_update(&hs->transcript, message, len);
		return true;
	}
	free(hs->hello);
	hs->hello = malloc(len);
	if (!hs->hello)
		return hs_fail_error(hs, HS_ALERT_INTERNAL_ERROR, ENOMEM,
				     "out of memory");
	memcpy(hs->hello, message, len);
	hs->hello_len = len;
	return true;
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
