// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) 2026 The tlsup authors
 *
 * Key exchange and HKDF against published vectors: RFC 7748 (5.2, 6.1),
 * RFC 5903 (8.1 to 8.3), RFC 5869 (appendix A), RFC 4231 (4).
 */
#include <stdio.h>
#include <string.h>

#include "crypto/cr_hash.h"
#include "crypto/cr_kex.h"
#include "kselftest_harness.h"

#define BYTES_MAX	256

struct bytes {
	size_t len;
	uint8_t data[BYTES_MAX];
};

static struct bytes hex(const char *digits)
{
	struct bytes b = { 0 };
	unsigned int byte;

	for (; sscanf(digits, "%2x", &byte) == 1; digits += 2)
		b.data[b.len++] = (uint8_t)byte;
	return b;
}

#define SAME(digits, out)	EXPECT_EQ(0, memcmp(hex(digits).data, out, strlen(digits) / 2))

TEST(X25519_of_RFC_7748)
{
	const struct cr_kex *kex = cr_kex_find(0x001d);
	uint8_t shared[CR_KEX_SHARED_MAX];

	ASSERT_NE(NULL, kex);
	ASSERT_TRUE(kex->derive(kex,
		hex("a546e36bf0527c9d3b16154b82465edd62144c0ac1fc5a18506a2244ba449ac4").data,
		hex("e6db6867583030db3594c1a424b15f7c726624ec26b3353b10a903a6d0ab1c4c").data,
		shared));
	SAME("c3da55379de9c6908e94ea4df28d084f32eccf03491c71f754b4075577a28552", shared);
	/* The top bit of the peer's value does not count. */
	ASSERT_TRUE(kex->derive(kex,
		hex("4b66e9d4d1b4673c5ad22691957d6af5c11b6421e0ea01d42ca4169e7918ba0d").data,
		hex("e5210f12786811d3f4b7959d0538ae2c31dbe7106fc03c3efc4cd549c715a493").data,
		shared));
	SAME("95cbde9476e8907d7aade45cb4b873f88b595a68799fa152e6f8f7647aac7957", shared);
}

TEST(X25519_iterated_a_thousand_times)
{
	const struct cr_kex *kex = cr_kex_find(0x001d);
	uint8_t k[CR_KEX_PRIVATE_MAX] = { 9 }, u[CR_KEX_PUBLIC_MAX] = { 9 };
	uint8_t shared[CR_KEX_SHARED_MAX];

	for (int i = 0; i < 1000; i++) {
		ASSERT_TRUE(kex->derive(kex, k, u, shared));
		if (i == 0)
			SAME("422c8e7a6227d7bca1350b3e2bb7279f7897b87bb6854b783c60e80311ae3079", shared);
		memcpy(u, k, kex->public_size);
		memcpy(k, shared, kex->shared_size);
	}
	SAME("684cf59ba83309552800ef566f2f4d3c1c3887c49360e3875f2eb94d99532c51", k);
}

TEST(X448_of_RFC_7748)
{
	const struct cr_kex *kex = cr_kex_find(0x001e);
	uint8_t shared[CR_KEX_SHARED_MAX];

	ASSERT_NE(NULL, kex);
	ASSERT_TRUE(kex->derive(kex,
		hex("3d262fddf9ec8e88495266fea19a34d28882acef045104d0d1aae121700a779c"
		    "984c24f8cdd78fbff44943eba368f54b29259a4f1c600ad3").data,
		hex("06fce640fa3487bfda5f6cf2d5263f8aad88334cbd07437f020f08f9814dc031"
		    "ddbdc38c19c6da2583fa5429db94ada18aa7a7fb4ef8a086").data,
		shared));
	SAME("ce3e4ff95a60dc6697da1db1d85e6afbdf79b50a2412d7546d5f239fe14fbaad"
	     "eb445fc66a01b0779d98223961111e21766282f73dd96b6f", shared);
}

/* 0, 1, p - 1, and those with p added. */
TEST(X448_refuses_points_of_small_order)
{
	static const char *const small[] = {
		"0000000000000000000000000000000000000000000000000000000000000000"
		"000000000000000000000000000000000000000000000000",
		"0100000000000000000000000000000000000000000000000000000000000000"
		"000000000000000000000000000000000000000000000000",
		"fefffffffffffffffffffffffffffffffffffffffffffffffffffffffeffffff"
		"ffffffffffffffffffffffffffffffffffffffffffffffff",
		"fffffffffffffffffffffffffffffffffffffffffffffffffffffffffeffffff"
		"ffffffffffffffffffffffffffffffffffffffffffffffff",
		"00000000000000000000000000000000000000000000000000000000ffffffff"
		"ffffffffffffffffffffffffffffffffffffffffffffffff",
	};
	const struct cr_kex *kex = cr_kex_find(0x001e);
	uint8_t private_key[CR_KEX_PRIVATE_MAX], public_key[CR_KEX_PUBLIC_MAX];
	uint8_t shared[CR_KEX_SHARED_MAX];

	kex->generate(kex, private_key, public_key);
	for (size_t i = 0; i < sizeof(small) / sizeof(small[0]); i++) {
		EXPECT_FALSE(kex->derive(kex, private_key, hex(small[i]).data, shared))
			TH_LOG("%s", small[i]);
	}
}

/* Values of order 1, 2, 4 and 8, and such that reduce to them. */
TEST(X25519_refuses_points_of_small_order)
{
	static const char *const small[] = {
		"0000000000000000000000000000000000000000000000000000000000000000",
		"0100000000000000000000000000000000000000000000000000000000000000",
		"e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800",
		"5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157",
		"ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
		"edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
		"eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
	};
	const struct cr_kex *kex = cr_kex_find(0x001d);
	uint8_t private_key[CR_KEX_PRIVATE_MAX], public_key[CR_KEX_PUBLIC_MAX];
	uint8_t shared[CR_KEX_SHARED_MAX];

	kex->generate(kex, private_key, public_key);
	for (size_t i = 0; i < sizeof(small) / sizeof(small[0]); i++) {
		EXPECT_FALSE(kex->derive(kex, private_key, hex(small[i]).data, shared))
			TH_LOG("%s", small[i]);
	}
}

#define P256_I	"c88f01f510d9ac3f70a292daa2316de544e9aab8afe84049c62a9c57862d1433"
#define P256_R	"c6ef9c5d78ae012a011164acb397ce2088685d8f06bf9be0b283ab46476bee53"
#define P256_IX	"dad0b65394221cf9b051e1feca5787d098dfe637fc90b9ef945d0c3772581180"
#define P256_IY	"5271a0461cdb8252d61f1c456fa3e59ab1f45b33accf5f58389e0577b8990bb3"
#define P256_RX	"d12dfb5289c8d4f81208b70270398c342296970a0bccb74c736fc7554494bf63"
#define P256_RY	"56fbf3ca366cc23e8157854c13c58d6aac23f046ada30f8353e74f33039872ab"
#define P256_Z	"d6840f6b42f6edafd13116e0e12565202fef8e9ece7dce03812464d04b9442de"

TEST(P_256_of_RFC_5903)
{
	const struct cr_kex *kex = cr_kex_find(0x0017);
	uint8_t shared[CR_KEX_SHARED_MAX];

	ASSERT_NE(NULL, kex);
	ASSERT_TRUE(kex->derive(kex, hex(P256_I).data, hex("04" P256_RX P256_RY).data, shared));
	SAME(P256_Z, shared);
	ASSERT_TRUE(kex->derive(kex, hex(P256_R).data, hex("04" P256_IX P256_IY).data, shared));
	SAME(P256_Z, shared);
}

/* 40393 times the base point: computed by an implementation of its own. */
TEST(a_shared_secret_keeps_its_leading_zeros)
{
	const struct cr_kex *kex = cr_kex_find(0x0017);
	uint8_t shared[CR_KEX_SHARED_MAX];

	memset(shared, 0xff, sizeof(shared));
	ASSERT_TRUE(kex->derive(kex,
		hex("0000000000000000000000000000000000000000000000000000000000009dc9").data,
		hex("046b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c296"
		    "4fe342e2fe1a7f9b8ee7eb4a7c0f9e162bce33576b315ececbb6406837bf51f5").data,
		shared));
	SAME("00003f5f178aa0706c4231eb6e5495aa1642c5b8a994127c89465f22994a42f9", shared);
}

#define P256_P	"ffffffff00000001000000000000000000000000ffffffffffffffffffffffff"
#define ZERO	"0000000000000000000000000000000000000000000000000000000000000000"

TEST(P_256_refuses_what_is_not_on_the_curve)
{
	static const char *const bad[] = {
		/* y changed; the other curve; not uncompressed; hybrid */
		"04" P256_RX "56fbf3ca366cc23e8157854c13c58d6aac23f046ada30f8353e74f33039872ac",
		"04" P256_IX P256_RY,
		"02" P256_RX P256_RY,
		"06" P256_RX P256_RY,
		"00" P256_RX P256_RY,
		/* no point has both coordinates zero; coordinates not below p */
		"04" ZERO ZERO,
		"04" P256_P P256_P,
		"04" P256_P "66485c780e2f83d72433bd5d84a06bb6541c2af31dae871728bf856a174f93f4",
	};
	const struct cr_kex *kex = cr_kex_find(0x0017);
	uint8_t shared[CR_KEX_SHARED_MAX];

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		EXPECT_FALSE(kex->derive(kex, hex(P256_I).data, hex(bad[i]).data, shared))
			TH_LOG("%s", bad[i]);
	}
	/* The last one is a point once x is reduced, so it is refused for its form. */
	EXPECT_TRUE(kex->derive(kex, hex(P256_I).data, hex("04" ZERO
		"66485c780e2f83d72433bd5d84a06bb6541c2af31dae871728bf856a174f93f4").data,
		shared));
}

#define P384_I \
	"099f3c7034d4a2c699884d73a375a67f7624ef7c6b3c0f160647b67414dce655" \
	"e35b538041e649ee3faef896783ab194"
#define P384_RX \
	"e558dbef53eecde3d3fccfc1aea08a89a987475d12fd950d83cfa41732bc509d" \
	"0d1ac43a0336def96fda41d0774a3571"
#define P384_RY \
	"dcfbec7aacf3196472169e838430367f66eebe3c6e70c416dd5f0c68759dd1ff" \
	"f83fa40142209dff5eaad96db9e6386c"
#define P384_R \
	"41cb0779b4bdb85d47846725fbec3c9430fab46cc8dc5060855cc9bda0aa2942" \
	"e0308312916b8ed2960e4bd55a7448fc"
#define P384_IX \
	"667842d7d180ac2cde6f74f37551f55755c7645c20ef73e31634fe72b4c55ee6" \
	"de3ac808acb4bdb4c88732aee95f41aa"
#define P384_IY \
	"9482ed1fc0eeb9cafc4984625ccfc23f65032149e0e144ada024181535a0f38e" \
	"eb9fcff3c2c947dae69b4c634573a81c"
#define P384_Z \
	"11187331c279962d93d604243fd592cb9d0a926f422e47187521287e7156c5c4" \
	"d603135569b9e9d09cf5d4a270f59746"

TEST(P_384_of_RFC_5903)
{
	const struct cr_kex *kex = cr_kex_find(0x0018);
	uint8_t shared[CR_KEX_SHARED_MAX];

	ASSERT_NE(NULL, kex);
	ASSERT_TRUE(kex->derive(kex, hex(P384_I).data, hex("04" P384_RX P384_RY).data, shared));
	SAME(P384_Z, shared);
	ASSERT_TRUE(kex->derive(kex, hex(P384_R).data, hex("04" P384_IX P384_IY).data, shared));
	SAME(P384_Z, shared);
	/* y of another point */
	EXPECT_FALSE(kex->derive(kex, hex(P384_I).data, hex("04" P384_RX P384_IY).data, shared));
}

#define P521_I \
	"0037ade9319a89f4dabdb3ef411aaccca5123c61acab57b5393dce47608172a0" \
	"95aa85a30fe1c2952c6771d937ba9777f5957b2639bab072462f68c27a57382d" \
	"4a52"
#define P521_RX \
	"00d0b3975ac4b799f5bea16d5e13e9af971d5e9b984c9f39728b5e5739735a21" \
	"9b97c356436adc6e95bb0352f6be64a6c2912d4ef2d0433ced2b6171640012d9" \
	"460f"
#define P521_RY \
	"015c68226383956e3bd066e797b623c27ce0eac2f551a10c2c724d9852077b87" \
	"220b6536c5c408a1d2aebb8e86d678ae49cb57091f4732296579ab44fcd17f0f" \
	"c56a"
#define P521_R \
	"0145ba99a847af43793fdd0e872e7cdfa16be30fdc780f97bccc3f078380201e" \
	"9c677d600b343757a3bdbf2a3163e4c2f869cca7458aa4a4effc311f5cb15168" \
	"5eb9"
#define P521_IX \
	"0015417e84dbf28c0ad3c278713349dc7df153c897a1891bd98bab4357c9ecbe" \
	"e1e3bf42e00b8e380aeae57c2d107564941885942af5a7f4601723c4195d176c" \
	"ed3e"
#define P521_IY \
	"017cae20b6641d2eeb695786d8c946146239d099e18e1d5a514c739d7cb4a10a" \
	"d8a788015ac405d7799dc75e7b7d5b6cf2261a6a7f1507438bf01beb6ca3926f" \
	"9582"
#define P521_Z \
	"01144c7d79ae6956bc8edb8e7c787c4521cb086fa64407f97894e5e6b2d79b04" \
	"d1427e73ca4baa240a34786859810c06b3c715a3a8cc3151f2bee417996d19f3" \
	"ddea"

TEST(P_521_of_RFC_5903)
{
	const struct cr_kex *kex = cr_kex_find(0x0019);
	uint8_t shared[CR_KEX_SHARED_MAX];

	ASSERT_NE(NULL, kex);
	ASSERT_TRUE(kex->derive(kex, hex(P521_I).data, hex("04" P521_RX P521_RY).data, shared));
	SAME(P521_Z, shared);
	ASSERT_TRUE(kex->derive(kex, hex(P521_R).data, hex("04" P521_IX P521_IY).data, shared));
	SAME(P521_Z, shared);
	/* y of another point */
	EXPECT_FALSE(kex->derive(kex, hex(P521_I).data, hex("04" P521_RX P521_IY).data, shared));
}

/* Of so many pairs some have secrets and coordinates with leading zeros. */
TEST(both_sides_of_every_exchange_agree)
{
	for (size_t i = 0; cr_kex_at(i); i++)
		for (int n = 0; n < (cr_kex_at(i)->public_size > 133 ? 2 : 300); n++) {
			const struct cr_kex *kex = cr_kex_at(i);
			uint8_t a[CR_KEX_PRIVATE_MAX], b[CR_KEX_PRIVATE_MAX];
			uint8_t pa[CR_KEX_PUBLIC_MAX], pb[CR_KEX_PUBLIC_MAX];
			uint8_t sa[CR_KEX_SHARED_MAX], sb[CR_KEX_SHARED_MAX];

			kex->generate(kex, a, pa);
			kex->generate(kex, b, pb);
			ASSERT_TRUE(kex->derive(kex, a, pb, sa) && kex->derive(kex, b, pa, sb));
			ASSERT_EQ(0, memcmp(sa, sb, kex->shared_size));
			ASSERT_NE(0, memcmp(pa, pb, kex->public_size));
		}
}

static void expect_hkdf(struct __test_metadata *_metadata, const char *ikm,
			const char *salt, const char *info, const char *prk,
			const char *okm)
{
	struct bytes key = hex(ikm), s = hex(salt), context = hex(info);
	uint8_t extracted[CR_HASH_MAX], out[BYTES_MAX];

	cr_hkdf_extract(&cr_sha256, s.data, s.len, key.data, key.len, extracted);
	SAME(prk, extracted);
	cr_hkdf_expand(&cr_sha256, extracted, context.data, context.len, out,
		       strlen(okm) / 2);
	SAME(okm, out);
}

TEST(HKDF_of_RFC_5869)
{
	expect_hkdf(_metadata, "0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b",
		    "000102030405060708090a0b0c", "f0f1f2f3f4f5f6f7f8f9",
		    "077709362c2e32df0ddc3f0dc47bba6390b6c73bb50f9c3122ec844ad7c2b3e5",
		    "3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf"
		    "34007208d5b887185865");
	expect_hkdf(_metadata,
		    "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"
		    "202122232425262728292a2b2c2d2e2f303132333435363738393a3b3c3d3e3f"
		    "404142434445464748494a4b4c4d4e4f",
		    "606162636465666768696a6b6c6d6e6f707172737475767778797a7b7c7d7e7f"
		    "808182838485868788898a8b8c8d8e8f909192939495969798999a9b9c9d9e9f"
		    "a0a1a2a3a4a5a6a7a8a9aaabacadaeaf",
		    "b0b1b2b3b4b5b6b7b8b9babbbcbdbebfc0c1c2c3c4c5c6c7c8c9cacbcccdcecf"
		    "d0d1d2d3d4d5d6d7d8d9dadbdcdddedfe0e1e2e3e4e5e6e7e8e9eaebecedeeef"
		    "f0f1f2f3f4f5f6f7f8f9fafbfcfdfeff",
		    "06a6b88c5853361a06104c9ceb35b45cef760014904671014a193f40c15fc244",
		    "b11e398dc80327a1c8e7f78c596a49344f012eda2d4efad8a050cc4c19afa97c"
		    "59045a99cac7827271cb41c65e590e09da3275600c2f09b8367793a9aca3db71"
		    "cc30c58179ec3e87c14c01d5c1f3434f1d87");
	expect_hkdf(_metadata, "0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b", "", "",
		    "19ef24a32c717b167f33a91d6f648bdf96596776afdb6377ac434c1c293ccb04",
		    "8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d"
		    "9d201395faa4b61a96c8");
}

/* RFC 4231: key of 20 bytes, and one longer than a block. */
TEST(HMAC_of_RFC_4231)
{
	static const char long_text[] =
		"Test Using Larger Than Block-Size Key - Hash Key First";
	struct bytes key = hex("0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b");
	uint8_t longer[131], out[CR_HASH_MAX];

	cr_hmac(&cr_sha256, key.data, key.len, (const uint8_t *)"Hi There", 8, out);
	SAME("b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7", out);
	cr_hmac(&cr_sha384, key.data, key.len, (const uint8_t *)"Hi There", 8, out);
	SAME("afd03944d84895626b0825f4ab46907f15f9dadbe4101ec682aa034c7cebc59c"
	     "faea9ea9076ede7f4af152e8b2fa9cb6", out);
	memset(longer, 0xaa, sizeof(longer));
	cr_hmac(&cr_sha256, longer, sizeof(longer), (const uint8_t *)long_text,
		sizeof(long_text) - 1, out);
	SAME("60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54", out);
	cr_hmac(&cr_sha384, longer, sizeof(longer), (const uint8_t *)long_text,
		sizeof(long_text) - 1, out);
	SAME("4ece084485813e9088d2c63a041bc5b44f9ef1012a2b588f3cd11f05033ac4c6"
	     "0c2ef6ab4030fe8296248df163f44952", out);
}

TEST_HARNESS_MAIN
