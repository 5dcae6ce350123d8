# SPDX-License-Identifier: GPL-2.0-only
#
# Some tests pass a key generation to tls_crypto_info_init() that the function
# in this kernel's source does not take: let it take one, 0 where none is
# passed, and fill the keys with it.
s/^(static void )tls_crypto_info_init(\()/\1init_generation\2/
s/^(\t+ +struct tls_crypto_info_keys \*tls12)\)/\1, int generation)/
s/memset\(tls12, 0, /memset(tls12, generation, /
s,"\.\./kselftest_harness\.h","kselftest_harness.h",
/^static void memrnd/i\
#define tls_crypto_info_init(version, cipher, keys, ...) \\\
	init_generation(version, cipher, keys, __VA_ARGS__ + 0)\

