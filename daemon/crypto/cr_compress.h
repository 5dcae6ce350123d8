/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Copyright (C) 2026 The tlsup authors
 *
 * Compression, which secrets never pass: one descriptor per algorithm (RFC 8879,
 * 7.3).
 */
#ifndef TLSUP_CR_COMPRESS_H
#define TLSUP_CR_COMPRESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/**
 * struct cr_compression - an algorithm
 * @id: CertificateCompressionAlgorithm
 * @name: as RFC 8879 has it
 * @bound: how long @len bytes can get
 * @deflate: compress; the length, 0 if it does not fit or without memory
 * @inflate: whether @in, all of it, becomes exactly @size bytes
 */
struct cr_compression {
	uint16_t id;
	const char *name;
	size_t (*bound)(size_t len);
	size_t (*deflate)(const uint8_t *in, size_t len, uint8_t *out, size_t size);
	bool (*inflate)(const uint8_t *in, size_t len, uint8_t *out, size_t size);
};

const struct cr_compression *cr_compression_find(uint16_t id);
const struct cr_compression *cr_compression_at(size_t index);

#endif /* TLSUP_CR_COMPRESS_H */
