// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) 2026 The tlsup authors
 *
 * compressed_certificate (RFC 8879, 4), which stands for certificate.
 */
#include <errno.h>
#include <stdlib.h>

#include "tls/hs_int.h"

/* Of a Certificate, beside its entries. */
#define FRAME_SIZE	8

/**
 * msg_compressed_certificate_size - how long our message can get
 * @hs: the engine
 *
 * Return: bytes, beside a small constant.
 */
size_t msg_compressed_certificate_size(const struct hs *hs)
{
	return hs->compression->bound(msg_certificate_size(hs) + FRAME_SIZE);
}

static bool deflate(struct hs *hs, const struct wr *plain, struct wr *wr)
{
	size_t mark, room, len = 0;
	uint8_t *place;

	wr_u16(wr, hs->compression->id);
	wr_u24(wr, (uint32_t)plain->len);
	mark = wr_open(wr, 3);
	place = wr_space(wr, &room);
	if (!plain->failed && room)
		len = hs->compression->deflate(plain->data, plain->len, place, room);
	if (!len)
		return hs_fail_error(hs, HS_ALERT_INTERNAL_ERROR, ENOMEM,
				     "the certificate could not be compressed");
	wr_advance(wr, len);
	wr_close(wr, mark);
	return true;
}

/**
 * msg_compressed_certificate_build - write our chain
 * @hs: with a credential and an algorithm that the peer has offered
 * @wr: the writer
 *
 * Return: false after a failure.
 */
bool msg_compressed_certificate_build(struct hs *hs, struct wr *wr)
{
	size_t size = msg_certificate_size(hs) + FRAME_SIZE;
	uint8_t *buffer = malloc(size);
	struct wr plain;
	bool ok;

	if (!buffer)
		return hs_fail_error(hs, HS_ALERT_INTERNAL_ERROR, ENOMEM,
				     "out of memory");
	wr_init(&plain, buffer, size);
	ok = msg_certificate_build(hs, &plain) && deflate(hs, &plain, wr);
	free(buffer);
	return ok;
}

static const struct cr_compression *offered(const struct hs *hs, uint16_t id)
{
	for (size_t i = 0; i < hs->config->compression_len; i++)
		if (hs->config->compression[i] == id)
			return cr_compression_find(id);
	return NULL;
}

static bool inflate(struct hs *hs, const struct cr_compression *algorithm,
		    struct rd compressed, size_t len)
{
	uint8_t *buffer = malloc(len);
	struct rd plain;
	bool ok;

	if (!buffer)
		return hs_fail_error(hs, HS_ALERT_INTERNAL_ERROR, ENOMEM,
				     "out of memory");
	ok = algorithm->inflate(compressed.data, compressed.len, buffer, len) ||
	     hs_fail(hs, HS_ALERT_BAD_CERTIFICATE,
		     "compressed_certificate: it does not decompress");
	rd_init(&plain, buffer, len);
	ok = ok && msg_certificate_parse(hs, &plain);
	free(buffer);
	return ok;
}

/**
 * msg_compressed_certificate_parse - read the peer's chain
 * @hs: the engine
 * @body: the message
 *
 * The length that it says it has is bounded as that of any message, before
 * memory is taken for it.
 *
 * Return: false after a failure.
 */
bool msg_compressed_certificate_parse(struct hs *hs, struct rd *body)
{
	const struct cr_compression *algorithm = offered(hs, rd_u16(body));
	uint32_t len = rd_u24(body);
	struct rd compressed = rd_vec24(body);

	if (!rd_end(body) || !compressed.len)
		return hs_fail(hs, HS_ALERT_DECODE_ERROR,
			       "compressed_certificate: malformed");
	if (!algorithm)
		return hs_fail(hs, HS_ALERT_ILLEGAL_PARAMETER,
			       "compressed_certificate: an algorithm that was not offered");
	if (!len || len > hs_message_max(hs))
		return hs_fail(hs, HS_ALERT_BAD_CERTIFICATE,
			       "compressed_certificate: its length");
	return inflate(hs, algorithm, compressed, len);
}
