/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Copyright (C) 2026 The tlsup authors
 *
 * Secrets are a type, wiped by default.
 */
#ifndef TLSUP_SECRET_H
#define TLSUP_SECRET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SECRET_MAX	64

/**
 * struct secret - a secret of at most SECRET_MAX bytes, in the caller's storage
 * @len: bytes in use; 0: none
 * @data: the bytes
 */
struct secret {
	size_t len;
	uint8_t data[SECRET_MAX];
};

void secret_wipe(struct secret *secret);
void secret_wipe_bytes(void *data, size_t len);
bool secret_equal(const uint8_t *a, const uint8_t *b, size_t len);
void *secret_alloc(size_t len);
void secret_free(void *data, size_t len);
void secret_forget_registers(void);
void *secret_map(size_t len);
void *secret_share(size_t len);
void secret_unmap(void *data, size_t len);

#endif /* TLSUP_SECRET_H */
