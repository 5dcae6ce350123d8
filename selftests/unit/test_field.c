// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) 2026 The tlsup authors
 *
 * Finite field Diffie-Hellman against OpenSSL, which has the primes of RFC 7919
 * and RFC 3526 as tables of its own.
 */
#include <string.h>

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/dh.h>
#include <openssl/evp.h>

#include "crypto/cr_field.h"
#include "kselftest_harness.h"

static BIGNUM *openssl_prime(const char *group)
{
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, "DH", NULL);
	EVP_PKEY *params = NULL;
	BIGNUM *prime = NULL;

	EVP_PKEY_paramgen_init(ctx);
	EVP_PKEY_CTX_set_group_name(ctx, group);
	EVP_PKEY_generate(ctx, &params);
	EVP_PKEY_get_bn_param(params, OSSL_PKEY_PARAM_FFC_P, &prime);
	EVP_PKEY_free(params);
	EVP_PKEY_CTX_free(ctx);
	return prime;
}

static const struct cr_kex *find(const BIGNUM *prime)
{
	uint8_t bytes[CR_KEX_PUBLIC_MAX + 1];

	return cr_kex_find_prime(bytes, (size_t)BN_bn2bin(prime, bytes));
}

/* Names are OpenSSL's; the number is ours. */
static const struct {
	const char *openssl;
	const char *name;
	uint16_t id;
} fields[] = {
	{ "ffdhe2048", "ffdhe2048", 0x0100 }, { "ffdhe3072", "ffdhe3072", 0x0101 },
	{ "ffdhe4096", "ffdhe4096", 0x0102 }, { "ffdhe6144", "ffdhe6144", 0x0103 },
	{ "ffdhe8192", "ffdhe8192", 0x0104 }, { "modp_2048", "modp2048", 0 },
	{ "modp_3072", "modp3072", 0 }, { "modp_4096", "modp4096", 0 },
	{ "modp_6144", "modp6144", 0 }, { "modp_8192", "modp8192", 0 },
};

#define FIELDS	(sizeof(fields) / sizeof(fields[0]))

TEST(the_primes_are_those_of_the_standards)
{
	for (size_t i = 0; i < FIELDS; i++) {
		BIGNUM *prime = openssl_prime(fields[i].openssl);
		const struct cr_kex *kex = find(prime);

		ASSERT_NE(NULL, kex) TH_LOG("%s", fields[i].openssl);
		EXPECT_STREQ(fields[i].name, kex->name);
		EXPECT_EQ(fields[i].id, kex->id);
		if (kex->id)
			EXPECT_EQ(kex, cr_kex_find(kex->id));
		BN_free(prime);
	}
}

TEST(another_prime_is_not_known)
{
	uint8_t bytes[CR_KEX_PUBLIC_MAX];
	BIGNUM *prime = BN_get_rfc3526_prime_1536(NULL);

	EXPECT_EQ(NULL, find(prime));
	BN_free(prime);
	prime = openssl_prime("ffdhe2048");
	BN_bn2bin(prime, bytes);
	EXPECT_NE(NULL, cr_kex_find_prime(bytes, 256));
	EXPECT_EQ(NULL, cr_kex_find_prime(bytes, 255));
	bytes[100] ^= 1;
	EXPECT_EQ(NULL, cr_kex_find_prime(bytes, 256));
	EXPECT_EQ(NULL, cr_kex_find_prime(bytes, 0));
	BN_free(prime);
}

static const struct cr_kex *field_at(size_t i)
{
	BIGNUM *prime = openssl_prime(fields[i].openssl);
	const struct cr_kex *kex = find(prime);

	BN_free(prime);
	return kex;
}

/* y^x mod p by an implementation of its own. */
static void openssl_power(const struct cr_kex *kex, const uint8_t *base,
			  const uint8_t *exponent, uint8_t *out)
{
	uint8_t bytes[CR_KEX_PUBLIC_MAX];
	BN_CTX *ctx = BN_CTX_new();
	BIGNUM *p, *b, *e, *r = BN_new();

	cr_field_prime(kex, bytes);
	p = BN_bin2bn(bytes, (int)kex->public_size, NULL);
	b = BN_bin2bn(base, (int)kex->public_size, NULL);
	e = BN_bin2bn(exponent, (int)kex->private_size, NULL);
	BN_mod_exp(r, b, e, p, ctx);
	BN_bn2binpad(r, out, (int)kex->public_size);
	BN_free(p);
	BN_free(b);
	BN_free(e);
	BN_free(r);
	BN_CTX_free(ctx);
}

TEST(keys_and_secrets_are_those_of_OpenSSL)
{
	for (size_t i = 0; i < FIELDS; i++) {
		uint8_t a[CR_KEX_PRIVATE_MAX], b[CR_KEX_PRIVATE_MAX];
		uint8_t pa[CR_KEX_PUBLIC_MAX], pb[CR_KEX_PUBLIC_MAX];
		uint8_t shared[CR_KEX_SHARED_MAX], theirs[CR_KEX_SHARED_MAX];
		uint8_t two[CR_KEX_PUBLIC_MAX] = { 0 };
		const struct cr_kex *kex = field_at(i);

		ASSERT_NE(NULL, kex);
		two[kex->public_size - 1] = CR_KEX_GENERATOR;
		kex->generate(kex, a, pa);
		kex->generate(kex, b, pb);
		openssl_power(kex, two, a, theirs);
		EXPECT_EQ(0, memcmp(theirs, pa, kex->public_size));
		ASSERT_TRUE(kex->derive(kex, a, pb, shared));
		openssl_power(kex, pb, a, theirs);
		EXPECT_EQ(0, memcmp(theirs, shared, kex->shared_size));
	}
}

/* A base of a small power of two gives a small secret, whose zeros stay. */
TEST(leading_zeros_are_kept)
{
	const struct cr_kex *kex = cr_kex_find(0x0100);
	uint8_t three[CR_KEX_PRIVATE_MAX] = { 0 }, four[CR_KEX_PUBLIC_MAX] = { 0 };
	uint8_t shared[CR_KEX_SHARED_MAX], want[CR_KEX_SHARED_MAX] = { 0 };

	three[kex->private_size - 1] = 3;
	four[kex->public_size - 1] = 4;
	want[kex->shared_size - 1] = 64;
	ASSERT_TRUE(kex->derive(kex, three, four, shared));
	EXPECT_EQ(0, memcmp(want, shared, kex->shared_size));
}

/* RFC 7919, 5.1: not 0, 1, p - 1, p, nor more. */
TEST(public_keys_out_of_range_are_refused)
{
	for (size_t i = 0; i < FIELDS; i++) {
		const struct cr_kex *kex = field_at(i);
		uint8_t key[CR_KEX_PRIVATE_MAX], own[CR_KEX_PUBLIC_MAX];
		uint8_t y[CR_KEX_PUBLIC_MAX] = { 0 }, shared[CR_KEX_SHARED_MAX];
		size_t last = kex->public_size - 1;

		kex->generate(kex, key, own);
		EXPECT_FALSE(kex->derive(kex, key, y, shared));
		y[last] = 1;
		EXPECT_FALSE(kex->derive(kex, key, y, shared));
		y[last] = 2;
		EXPECT_TRUE(kex->derive(kex, key, y, shared));
		cr_field_prime(kex, y);
		EXPECT_FALSE(kex->derive(kex, key, y, shared));
		y[last]--;
		EXPECT_FALSE(kex->derive(kex, key, y, shared));
		y[last]--;
		EXPECT_TRUE(kex->derive(kex, key, y, shared));
		memset(y, 0xff, sizeof(y));
		EXPECT_FALSE(kex->derive(kex, key, y, shared));
	}
}

TEST_HARNESS_MAIN
