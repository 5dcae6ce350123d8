/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Copyright (C) 2026 The tlsup authors
 *
 * What kernel/record.c needs of the kernel, in the words of the C library: for
 * tests of it on the host.
 */
#ifndef SELFTESTS_HOST_COMPILER_H
#define SELFTESTS_HOST_COMPILER_H

#include <endian.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

typedef uint8_t u8;
typedef uint16_t u16;
typedef uint32_t u32;
typedef uint64_t u64;

#define OPTIMIZER_HIDE_VAR(var)	__asm__ ("" : "=r" (var) : "0" (var))
#define memzero_explicit	explicit_bzero

#define min_t(type, a, b)	((type)(a) < (type)(b) ? (type)(a) : (type)(b))
#define min(a, b)		min_t(__typeof__(a), a, b)
#define max(a, b)		((a) > (b) ? (a) : (b))
#define round_down(x, y)	((x) & ~((__typeof__(x))(y) - 1))

#define GET_UNALIGNED(bits)						\
static inline u##bits get_unaligned_be##bits(const void *from)		\
{									\
	u##bits value;							\
									\
	memcpy(&value, from, sizeof(value));				\
	return be##bits##toh(value);					\
}

#define PUT_UNALIGNED(bits)						\
static inline void put_unaligned_be##bits(u##bits value, void *to)	\
{									\
	value = htobe##bits(value);					\
	memcpy(to, &value, sizeof(value));				\
}

GET_UNALIGNED(16)
GET_UNALIGNED(64)
PUT_UNALIGNED(16)
PUT_UNALIGNED(32)
PUT_UNALIGNED(64)

#endif /* SELFTESTS_HOST_COMPILER_H */
