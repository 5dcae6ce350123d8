// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) 2026 The tlsup authors
 */
#include "lib/secret.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

/**
 * secret_wipe - forget a secret
 * @secret: whose storage stays the caller's
 */
void secret_wipe(struct secret *secret)
{
	secret_wipe_bytes(secret, sizeof(*secret));
}

/**
 * secret_wipe_bytes - overwrite memory; the compiler may not leave it out
 * @data: the memory; may be NULL if @len is 0
 * @len: bytes
 */
void secret_wipe_bytes(void *data, size_t len)
{
	if (len)
		explicit_bzero(data, len);
}

/**
 * secret_equal - compare without telling where the difference is
 * @a: @len bytes
 * @b: @len bytes
 * @len: may be public
 *
 * Return: whether all bytes are the same. The time depends on @len only.
 */
bool secret_equal(const uint8_t *a, const uint8_t *b, size_t len)
{
	uint64_t diff = 0, x, y;

	for (; len >= sizeof(x); len -= sizeof(x), a += sizeof(x), b += sizeof(y)) {
		memcpy(&x, a, sizeof(x));
		memcpy(&y, b, sizeof(y));
		diff |= x ^ y;
	}
	for (size_t i = 0; i < len; i++)
		diff |= (uint64_t)(a[i] ^ b[i]);
	return diff == 0;
}

/**
 * secret_alloc - zeroed memory that secret_free() is to wipe
 * @len: bytes
 *
 * Return: the memory or NULL.
 */
void *secret_alloc(size_t len)
{
	return calloc(1, len);
}

/**
 * secret_free - wipe and free
 * @data: from secret_alloc(); may be NULL
 * @len: as asked for
 */
void secret_free(void *data, size_t len)
{
	if (!data)
		return;
	secret_wipe_bytes(data, len);
	free(data);
}

#ifdef __x86_64__
/* Names the registers 16 to 31, which only EVEX reaches. */
__attribute__((target("avx512f"))) static void forget_upper_registers(void)
{
	__asm__ volatile(".irp n,16,17,18,19,20,21,22,23,24,25,26,27,28,29,30,31\n\t"
			 "vpxorq %%zmm\\n,%%zmm\\n,%%zmm\\n\n\t"
			 ".endr" : : :
			 "xmm16", "xmm17", "xmm18", "xmm19", "xmm20", "xmm21",
			 "xmm22", "xmm23", "xmm24", "xmm25", "xmm26", "xmm27",
			 "xmm28", "xmm29", "xmm30", "xmm31");
}

__attribute__((target("avx"))) static void forget_wide_registers(void)
{
	__asm__ volatile("vzeroall" : : :
			 "xmm0", "xmm1", "xmm2", "xmm3", "xmm4", "xmm5", "xmm6", "xmm7",
			 "xmm8", "xmm9", "xmm10", "xmm11", "xmm12", "xmm13", "xmm14",
			 "xmm15");
}

static void forget_narrow_registers(void)
{
	__asm__ volatile(".irp n,0,1,2,3,4,5,6,7,8,9,10,11,12,13,14,15\n\t"
			 "pxor %%xmm\\n,%%xmm\\n\n\t"
			 ".endr" : : :
			 "xmm0", "xmm1", "xmm2", "xmm3", "xmm4", "xmm5", "xmm6", "xmm7",
			 "xmm8", "xmm9", "xmm10", "xmm11", "xmm12", "xmm13", "xmm14",
			 "xmm15");
}
#endif

/**
 * secret_forget_registers - before a thread waits: what its registers hold
 *
 * memcpy() moves secrets through vector registers, which the kernel keeps for as
 * long as the thread waits. Of the architectures only x86-64 is known here.
 */
void secret_forget_registers(void)
{
#ifdef __x86_64__
	if (__builtin_cpu_supports("avx512f"))
		forget_upper_registers();
	if (__builtin_cpu_supports("avx"))
		forget_wide_registers();
	else
		forget_narrow_registers();
#endif
}

/**
 * secret_map - pages of their own, locked where that is allowed
 * @len: bytes
 *
 * They are in no core dump, and a child of fork() sees them as zeros.
 *
 * Return: zeroed memory or NULL.
 */
void *secret_map(size_t len)
{
	void *data = mmap(NULL, len, PROT_READ | PROT_WRITE,
			  MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (data == MAP_FAILED)
		return NULL;
	/* Not allowed to: then as safe as any other memory. */
	(void)mlock(data, len);
	(void)madvise(data, len, MADV_DONTDUMP);
	(void)madvise(data, len, MADV_WIPEONFORK);
	return data;
}

/**
 * secret_share - pages that processes forked from this one share
 * @len: bytes
 *
 * They are in no core dump, and locked where that is allowed.
 *
 * Return: zeroed memory or NULL.
 */
void *secret_share(size_t len)
{
	void *data = mmap(NULL, len, PROT_READ | PROT_WRITE,
			  MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	if (data == MAP_FAILED)
		return NULL;
	(void)mlock2(data, len, MLOCK_ONFAULT);
	(void)madvise(data, len, MADV_DONTDUMP);
	return data;
}

/**
 * secret_unmap - wipe and give back
 * @data: from secret_map(); may be NULL
 * @len: as asked for
 */
void secret_unmap(void *data, size_t len)
{
	if (!data)
		return;
	secret_wipe_bytes(data, len);
	munmap(data, len);
}
