/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Copyright (C) 2026 The tlsup authors
 *
 * Reading and writing the presentation language of TLS (RFC 9846, 3).
 *
 * Both fail sticky: a read past the end yields 0 or empty and marks the
 * reader, so loops end and one test at the end is enough. Nothing that was
 * read may have an effect before rd_end() has been asked.
 */
#ifndef TLSUP_WIRE_H
#define TLSUP_WIRE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/**
 * struct rd - a reader over borrowed bytes
 * @data: what is left
 * @len: bytes left
 * @failed: a read went past the end
 */
struct rd {
	const uint8_t *data;
	size_t len;
	bool failed;
};

/**
 * struct wr - a writer into a buffer of the caller's
 * @data: the buffer
 * @size: its size
 * @len: bytes written
 * @failed: a write did not fit
 */
struct wr {
	uint8_t *data;
	size_t size;
	size_t len;
	bool failed;
};

void rd_init(struct rd *rd, const uint8_t *data, size_t len);
uint8_t rd_u8(struct rd *rd);
uint16_t rd_u16(struct rd *rd);
uint32_t rd_u24(struct rd *rd);
uint32_t rd_u32(struct rd *rd);
uint64_t rd_u64(struct rd *rd);
const uint8_t *rd_bytes(struct rd *rd, size_t len);
struct rd rd_vec8(struct rd *rd);
struct rd rd_vec16(struct rd *rd);
struct rd rd_vec24(struct rd *rd);
void rd_skip_zeros(struct rd *rd);
bool rd_more(const struct rd *rd);
bool rd_end(const struct rd *rd);

void wr_init(struct wr *wr, uint8_t *data, size_t size);
void wr_u8(struct wr *wr, uint8_t v);
void wr_u16(struct wr *wr, uint16_t v);
void wr_u24(struct wr *wr, uint32_t v);
void wr_u32(struct wr *wr, uint32_t v);
void wr_u64(struct wr *wr, uint64_t v);
void wr_bytes(struct wr *wr, const void *data, size_t len);
uint8_t *wr_space(struct wr *wr, size_t *size);
void wr_advance(struct wr *wr, size_t len);
size_t wr_open(struct wr *wr, unsigned int width);
void wr_close(struct wr *wr, size_t mark);

#endif /* TLSUP_WIRE_H */
