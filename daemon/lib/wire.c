// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) 2026 The tlsup authors
 */
#include "lib/wire.h"

#include <string.h>

/* An open vector's mark: where its length stands, and how wide it is. */
#define MARK_WIDTH_BITS	2

/**
 * rd_init - start to read
 * @rd: the reader
 * @data: borrowed for as long as the reader and what it gives out are used
 * @len: bytes
 */
void rd_init(struct rd *rd, const uint8_t *data, size_t len)
{
	*rd = (struct rd){ .data = data, .len = len };
}

/**
 * rd_bytes - read @len bytes
 * @rd: the reader
 * @len: how many
 *
 * Return: borrowed bytes, or NULL past the end.
 */
const uint8_t *rd_bytes(struct rd *rd, size_t len)
{
	const uint8_t *data = rd->data;

	if (rd->failed || len > rd->len) {
		rd->failed = true;
		rd->len = 0;
		return NULL;
	}
	rd->data += len;
	rd->len -= len;
	return data;
}

/* Inline, for then the width is known: all that comes in goes through here. */
static inline __attribute__((always_inline)) uint32_t read_number(struct rd *rd, size_t width)
{
	const uint8_t *bytes = rd_bytes(rd, width);
	uint32_t v = 0;

	for (size_t i = 0; bytes && i < width; i++)
		v = v << 8 | bytes[i];
	return v;
}

/**
 * rd_u8 - read a uint8
 * @rd: the reader
 *
 * Return: the number, 0 past the end.
 */
uint8_t rd_u8(struct rd *rd)
{
	return (uint8_t)read_number(rd, 1);
}

/**
 * rd_u16 - read a uint16
 * @rd: the reader
 *
 * Return: the number, 0 past the end.
 */
uint16_t rd_u16(struct rd *rd)
{
	return (uint16_t)read_number(rd, 2);
}

/**
 * rd_u24 - read a uint24
 * @rd: the reader
 *
 * Return: the number, 0 past the end.
 */
uint32_t rd_u24(struct rd *rd)
{
	return read_number(rd, 3);
}

/**
 * rd_u32 - read a uint32
 * @rd: the reader
 *
 * Return: the number, 0 past the end.
 */
uint32_t rd_u32(struct rd *rd)
{
	return read_number(rd, 4);
}

/**
 * rd_u64 - read a uint64
 * @rd: the reader
 *
 * Return: the number, 0 past the end.
 */
uint64_t rd_u64(struct rd *rd)
{
	uint64_t high = read_number(rd, 4);
	uint64_t low = read_number(rd, 4);

	return rd->failed ? 0 : high << 32 | low;
}

static inline __attribute__((always_inline)) struct rd read_vector(struct rd *rd, size_t width)
{
	struct rd inner = { 0 };
	size_t len = read_number(rd, width);
	const uint8_t *data = rd_bytes(rd, len);

	if (data)
		rd_init(&inner, data, len);
	else
		inner.failed = true;
	return inner;
}

/**
 * rd_vec8 - read a vector behind a one-byte length
 * @rd: the reader
 *
 * Return: a reader over the vector; past the end an empty one that has failed.
 */
struct rd rd_vec8(struct rd *rd)
{
	return read_vector(rd, 1);
}

/**
 * rd_vec16 - read a vector behind a two-byte length
 * @rd: the reader
 *
 * Return: as rd_vec8().
 */
struct rd rd_vec16(struct rd *rd)
{
	return read_vector(rd, 2);
}

/**
 * rd_vec24 - read a vector behind a three-byte length
 * @rd: the reader
 *
 * Return: as rd_vec8().
 */
struct rd rd_vec24(struct rd *rd)
{
	return read_vector(rd, 3);
}

/**
 * rd_skip_zeros - of a number, its leading zeros
 * @rd: the reader
 */
void rd_skip_zeros(struct rd *rd)
{
	while (rd->len && !*rd->data) {
		rd->data++;
		rd->len--;
	}
}

/**
 * rd_more - is there something left to read?
 * @rd: the reader
 *
 * Return: false at the end and after a failure, so loops end.
 */
bool rd_more(const struct rd *rd)
{
	return !rd->failed && rd->len;
}

/**
 * rd_end - did all reads succeed, and is nothing left?
 * @rd: the reader
 *
 * Return: whether what was read may be believed.
 */
bool rd_end(const struct rd *rd)
{
	return !rd->failed && !rd->len;
}

/**
 * wr_init - start to write
 * @wr: the writer
 * @data: the buffer
 * @size: its size
 */
void wr_init(struct wr *wr, uint8_t *data, size_t size)
{
	*wr = (struct wr){ .data = data, .size = size };
}

/**
 * wr_bytes - write bytes
 * @wr: the writer
 * @data: may be NULL if @len is 0
 * @len: how many
 */
void wr_bytes(struct wr *wr, const void *data, size_t len)
{
	if (wr->failed || len > wr->size - wr->len) {
		wr->failed = true;
		return;
	}
	if (len)
		memcpy(wr->data + wr->len, data, len);
	wr->len += len;
}

/**
 * wr_space - where another function may write; wr_advance() takes it over
 * @wr: the writer
 * @size: out: bytes that fit
 *
 * Return: the place.
 */
uint8_t *wr_space(struct wr *wr, size_t *size)
{
	*size = wr->failed ? 0 : wr->size - wr->len;
	return wr->data + wr->len;
}

/**
 * wr_advance - take over what was written at wr_space()
 * @wr: the writer
 * @len: bytes
 */
void wr_advance(struct wr *wr, size_t len)
{
	if (wr->failed || len > wr->size - wr->len)
		wr->failed = true;
	else
		wr->len += len;
}

static inline __attribute__((always_inline)) void put_number(uint8_t *to, uint32_t v, size_t width)
{
	while (width--) {
		to[width] = (uint8_t)v;
		v >>= 8;
	}
}

static inline __attribute__((always_inline)) void write_number(struct wr *wr, uint32_t v, size_t width)
{
	uint8_t bytes[4];

	put_number(bytes, v, width);
	wr_bytes(wr, bytes, width);
}

/**
 * wr_u8 - write a uint8
 * @wr: the writer
 * @v: the number
 */
void wr_u8(struct wr *wr, uint8_t v)
{
	write_number(wr, v, 1);
}

/**
 * wr_u16 - write a uint16
 * @wr: the writer
 * @v: the number
 */
void wr_u16(struct wr *wr, uint16_t v)
{
	write_number(wr, v, 2);
}

/**
 * wr_u24 - write a uint24
 * @wr: the writer
 * @v: the number, below 2^24
 */
void wr_u24(struct wr *wr, uint32_t v)
{
	write_number(wr, v, 3);
}

/**
 * wr_u32 - write a uint32
 * @wr: the writer
 * @v: the number
 */
void wr_u32(struct wr *wr, uint32_t v)
{
	write_number(wr, v, 4);
}

/**
 * wr_u64 - write a uint64
 * @wr: the writer
 * @v: the number
 */
void wr_u64(struct wr *wr, uint64_t v)
{
	write_number(wr, (uint32_t)(v >> 32), 4);
	write_number(wr, (uint32_t)v, 4);
}

/**
 * wr_open - begin a vector
 * @wr: the writer
 * @width: bytes of its length, 1 to 3
 *
 * Return: a mark for wr_close(), which fills in the length.
 */
size_t wr_open(struct wr *wr, unsigned int width)
{
	size_t at = wr->len;

	write_number(wr, 0, width);
	return at << MARK_WIDTH_BITS | width;
}

/**
 * wr_close - end a vector
 * @wr: the writer
 * @mark: from wr_open(); vectors are closed in the reverse order
 */
void wr_close(struct wr *wr, size_t mark)
{
	size_t width = mark & ((1U << MARK_WIDTH_BITS) - 1);
	size_t at = mark >> MARK_WIDTH_BITS;
	size_t len;

	if (wr->failed)
		return;
	len = wr->len - at - width;
	if (len >> (8 * width))
		wr->failed = true;
	else
		put_number(wr->data + at, (uint32_t)len, width);
}
