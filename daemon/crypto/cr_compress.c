// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) 2026 The tlsup authors
 */
#include "crypto/cr_compress.h"

#include <limits.h>

#include <zlib.h>

/* A window of 4 KiB is a chain's size, and takes a tenth of the usual memory. */
#define WINDOW_BITS	12
#define MEMORY_LEVEL	5

/* RFC 1950: header, blocks that are stored, and checksum. */
static size_t zlib_bound(size_t len)
{
	return len + len / 8 + 64;
}

static size_t zlib_deflate(const uint8_t *in, size_t len, uint8_t *out, size_t size)
{
	z_stream z = {
		.next_in = (uint8_t *)(uintptr_t)in,
		.avail_in = (uInt)len,
		.next_out = out,
		.avail_out = (uInt)size,
	};
	int end;

	if (len > UINT_MAX || size > UINT_MAX ||
	    deflateInit2(&z, Z_DEFAULT_COMPRESSION, Z_DEFLATED, WINDOW_BITS,
			 MEMORY_LEVEL, Z_DEFAULT_STRATEGY) != Z_OK)
		return 0;
	end = deflate(&z, Z_FINISH);
	deflateEnd(&z);
	return end == Z_STREAM_END ? size - z.avail_out : 0;
}

static bool zlib_inflate(const uint8_t *in, size_t len, uint8_t *out, size_t size)
{
	uLongf made = size;
	uLong used = len;

	return uncompress2(out, &made, in, &used) == Z_OK && made == size && used == len;
}

static const struct cr_compression algorithms[] = {
	{ 1, "zlib", zlib_bound, zlib_deflate, zlib_inflate },
};

#define ALGORITHMS	(sizeof(algorithms) / sizeof(algorithms[0]))

/**
 * cr_compression_find - look up an algorithm
 * @id: CertificateCompressionAlgorithm
 *
 * Return: its descriptor or NULL.
 */
const struct cr_compression *cr_compression_find(uint16_t id)
{
	for (size_t i = 0; i < ALGORITHMS; i++)
		if (algorithms[i].id == id)
			return &algorithms[i];
	return NULL;
}

/**
 * cr_compression_at - list the algorithms, best first
 * @index: from 0
 *
 * Return: a descriptor, or NULL past the last one.
 */
const struct cr_compression *cr_compression_at(size_t index)
{
	return index < ALGORITHMS ? &algorithms[index] : NULL;
}
