/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Copyright (C) 2026 The tlsup authors
 *
 * What the names in a configuration stand for.
 */
#ifndef TLSUP_NAMES_H
#define TLSUP_NAMES_H

#include <stddef.h>
#include <stdint.h>

#define NAMES_SUITE_EXAMPLE	"TLS_AES_128_GCM_SHA256"

uint16_t names_suite(const char *name);
uint16_t names_group(const char *name);
uint16_t names_compression(const char *name);
uint16_t names_compression_at(size_t index);
uint16_t names_scheme(const char *name);
uint16_t names_scheme_at(size_t index);
const char *names_of_scheme(uint16_t scheme);
const char *names_of_compression(uint16_t compression);
const char *names_of_suite(uint16_t suite);
const char *names_of_group(uint16_t group);

#endif /* TLSUP_NAMES_H */
