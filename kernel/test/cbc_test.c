// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) 2026 The tlsup authors
 *
 * The MAC suites: OpenSSL's records made again and opened, every padding, every
 * byte of a MAC and every truncation, and a driver that cannot be used.
 */
#include <crypto/hash.h>
#include <crypto/internal/hash.h>
#include <crypto/sha1.h>
#include <crypto/sha2.h>
#include <crypto/skcipher.h>
#include <kunit/test.h>
#include <linux/scatterlist.h>
#include <linux/slab.h>

#include "cbc.h"
#include "compat.h"
#include "keys.h"

#include "../../selftests/vectors/cbc.h"

#define ROOM		(TLSUP_PLAINTEXT_MAX + TLSUP_TAIL_MAX + 2 * TLSUP_BLOCK_SIZE)
#define SPLIT		37	/* no multiple of anything */

/**
 * struct bench - what each test works with
 * @tx: sends
 * @rx: receives
 * @header: of the record
 * @iv: of the record
 * @body: what stands behind the IV
 * @out: where the content goes
 */
struct bench {
	struct tlsup_keys *tx;
	struct tlsup_keys *rx;
	u8 header[TLSUP_HEADER_SIZE];
	u8 iv[TLSUP_BLOCK_SIZE];
	u8 body[ROOM];
	u8 out[ROOM];
};

static struct tlsup_keys *make_keys(struct kunit *test, size_t row)
{
	const struct tlsup_key_parts parts = {
		.version = TLSUP_VERSION_1_2,
		.key = cbc_vectors[row].key,
		.mac_secret = cbc_vectors[row].mac,
		.etm = cbc_vectors[row].etm,
		.seq = 1,
	};
	struct tlsup_keys *keys;

	keys = tlsup_keys_create_parts(tlsup_cipher_find(cbc_vectors[row].cipher),
				       &parts);
	KUNIT_ASSERT_FALSE(test, IS_ERR(keys));
	return keys;
}

static struct bench *make_bench(struct kunit *test, size_t row)
{
	struct bench *b = kunit_kzalloc(test, sizeof(*b), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, b);
	b->tx = make_keys(test, row);
	b->rx = make_keys(test, row);
	tlsup_record_build_header(b->header, TLSUP_APPLICATION_DATA,
				  TLSUP_VERSION_1_2, 0);
	return b;
}

static void end_bench(struct bench *b)
{
	tlsup_keys_destroy(b->tx);
	tlsup_keys_destroy(b->rx);
}

/* In two pieces where there is enough, with the free entry in front. */
static void map(struct scatterlist *sg, u8 *bytes, size_t len)
{
	size_t first = len > SPLIT ? SPLIT : 0;

	sg_init_table(sg, first ? 3 : 2);
	if (first)
		sg_set_buf(&sg[1], bytes, first);
	sg_set_buf(&sg[first ? 2 : 1], bytes + first, len - first);
}

static void fill(u8 *bytes, size_t size)
{
	size_t i;

	for (i = 0; i < size; i++)
		bytes[i] = i * 7 + size;
}

/* Under an IV that is not random for once; the length behind it. */
static size_t seal(struct kunit *test, struct bench *b, size_t size)
{
	size_t len = size + tlsup_keys_trailer(b->tx, size);
	struct scatterlist sg[3];

	map(sg, b->body, len);
	memcpy(b->tx->cbc->iv, b->iv, sizeof(b->iv));
	KUNIT_ASSERT_EQ(test, tlsup_keys_seal(b->tx, sg, sg, TLSUP_APPLICATION_DATA,
					      size), 0);
	return len;
}

static enum tlsup_fault open(struct bench *b, size_t len, unsigned int *content)
{
	struct scatterlist src[3], dst[3];
	enum tlsup_fault fault;
	int error;

	fault = tlsup_cbc_check(b->rx, len, TLSUP_PLAINTEXT_MAX, content);
	if (fault)
		return fault;
	map(src, b->body, len);
	map(dst, b->out, max(*content, 1U));
	fault = tlsup_cbc_open(b->rx, b->header, src + 1, dst + 1, len, b->iv,
			       content, &error);
	return error ? TLSUP_FAULT_COUNT : fault;
}

static u64 digest(struct bench *b, size_t len)
{
	struct sha256_state state;
	u8 out[SHA256_DIGEST_SIZE];

	tlsup_record_build_header(b->header, TLSUP_APPLICATION_DATA,
				  TLSUP_VERSION_1_2, sizeof(b->iv) + len);
	sha256_init(&state);
	sha256_update(&state, b->header, sizeof(b->header));
	sha256_update(&state, b->iv, sizeof(b->iv));
	sha256_update(&state, b->body, len);
	sha256_final(&state, out);
	return get_unaligned_be64(out);
}

static void records_of_openssl_are_made_and_opened(struct kunit *test)
{
	unsigned int content;
	size_t row, i, size, len;

	for (row = 0; row < ARRAY_SIZE(cbc_vectors); row++) {
		struct bench *b = make_bench(test, row);

		for (i = 0; i < CBC_RECORDS; i++) {
			size = cbc_vectors[row].records[i].size;
			put_unaligned_be64(cbc_vectors[row].records[i].iv[0], b->iv);
			put_unaligned_be64(cbc_vectors[row].records[i].iv[1],
					   b->iv + 8);
			fill(b->body, size);
			len = seal(test, b, size);
			KUNIT_ASSERT_EQ_MSG(test, digest(b, len),
					    cbc_vectors[row].records[i].digest,
					    "row %zu size %zu", row, size);
			KUNIT_ASSERT_EQ_MSG(test, open(b, len, &content), TLSUP_OK,
					    "row %zu size %zu", row, size);
			KUNIT_ASSERT_EQ(test, content, size);
			fill(b->body, size);
			KUNIT_EXPECT_MEMEQ(test, b->out, b->body, size);
		}
		end_bench(b);
	}
}

static void an_empty_record_opens(struct kunit *test)
{
	unsigned int content;
	size_t row;

	for (row = 0; row < ARRAY_SIZE(cbc_vectors); row++) {
		struct bench *b = make_bench(test, row);

		KUNIT_EXPECT_EQ(test, open(b, seal(test, b, 0), &content), TLSUP_OK);
		KUNIT_EXPECT_EQ(test, content, 0);
		end_bench(b);
	}
}

static void make_mac(struct kunit *test, const struct bench *b, size_t row,
		     const u8 *iv, size_t len, u8 *out)
{
	const char *hash = b->rx->cipher->hash;
	char name[32];
	u8 *message = kunit_kmalloc(test, TLSUP_MAC_HEADER_SIZE + 16 + len,
				    GFP_KERNEL);
	size_t n = TLSUP_MAC_HEADER_SIZE;
	struct crypto_shash *tfm;

	snprintf(name, sizeof(name), "hmac(%s)", hash);
	tfm = crypto_alloc_shash(name, 0, 0);
	KUNIT_ASSERT_FALSE(test, IS_ERR(tfm));
	KUNIT_ASSERT_NOT_NULL(test, message);
	tlsup_record_mac_header(message, b->rx->seq, b->header,
				len + (iv ? TLSUP_BLOCK_SIZE : 0));
	if (iv) {
		memcpy(message + n, iv, TLSUP_BLOCK_SIZE);
		n += TLSUP_BLOCK_SIZE;
	}
	memcpy(message + n, b->body, len);
	crypto_shash_setkey(tfm, cbc_vectors[row].mac, b->rx->cipher->tag_size);
	KUNIT_EXPECT_EQ(test, crypto_shash_tfm_digest(tfm, message, n + len, out), 0);
	crypto_free_shash(tfm);
	kunit_kfree(test, message);
}

static void encrypt(struct kunit *test, struct bench *b, size_t len)
{
	struct skcipher_request *req = b->tx->cbc->req;
	struct scatterlist sg;
	DECLARE_CRYPTO_WAIT(wait);
	u8 iv[TLSUP_BLOCK_SIZE];
	int err;

	memcpy(iv, b->iv, sizeof(iv));
	sg_init_one(&sg, b->body, len);
	skcipher_request_set_callback(req, 0, crypto_req_done, &wait);
	skcipher_request_set_crypt(req, &sg, &sg, len, iv);
	err = crypto_wait_req(crypto_skcipher_encrypt(req), &wait);
	KUNIT_ASSERT_EQ(test, err, 0);
}

/*
 * A record with that padding; the byte @flip of MAC and padding is wrong,
 * counted from the MAC's first, -1 for none. The length behind the IV.
 */
static size_t lie(struct kunit *test, struct bench *b, size_t row, size_t size,
		  size_t padding, int flip)
{
	bool etm = cbc_vectors[row].etm;
	size_t mac = b->rx->cipher->tag_size, len = size;

	fill(b->body, size);
	if (!etm) {
		make_mac(test, b, row, NULL, len, b->body + len);
		len += mac;
	}
	memset(b->body + len, padding, padding + 1);
	len += padding + 1;
	KUNIT_ASSERT_EQ(test, len % TLSUP_BLOCK_SIZE, 0);
	if (!etm && flip >= 0)
		b->body[size + flip] ^= 0x40;
	if (etm && flip >= (int)mac)
		b->body[size + flip - mac] ^= 0x40;
	encrypt(test, b, len);
	if (!etm)
		return len;
	make_mac(test, b, row, b->iv, len, b->body + len);
	if (flip >= 0 && flip < (int)mac)
		b->body[len + flip] ^= 0x40;
	return len + mac;
}

/* The least content that fills the block up to such a padding. */
static size_t content_for(const struct bench *b, size_t padding)
{
	size_t inside = b->rx->cbc->etm ? 0 : b->rx->cipher->tag_size;

	return -(inside + padding + 1) % TLSUP_BLOCK_SIZE;
}

static void every_padding_comes_off(struct kunit *test)
{
	size_t row, padding, size, len;
	unsigned int content;

	for (row = 0; row < ARRAY_SIZE(cbc_vectors); row++) {
		struct bench *b = make_bench(test, row);

		for (padding = 0; padding < TLSUP_PADDING_MAX; padding++) {
			size = content_for(b, padding) + (padding % 3) * 160;
			len = lie(test, b, row, size, padding, -1);
			KUNIT_ASSERT_EQ_MSG(test, open(b, len, &content), TLSUP_OK,
					    "row %zu padding %zu", row, padding);
			KUNIT_EXPECT_EQ(test, content, size);
			fill(b->body, size);
			KUNIT_EXPECT_MEMEQ(test, b->out, b->body, size);
		}
		end_bench(b);
	}
}

/*
 * Each byte of the MAC, and of each padding the first, the last and some; not
 * another length under a MAC that vouches for it.
 */
static void a_wrong_byte_of_mac_or_padding_is_one_fault(struct kunit *test)
{
	size_t row, padding, len, flip, end;
	unsigned int content;

	for (row = 0; row < ARRAY_SIZE(cbc_vectors); row++) {
		struct bench *b = make_bench(test, row);
		size_t mac = b->rx->cipher->tag_size;

		for (padding = 0; padding < TLSUP_PADDING_MAX; padding++) {
			end = mac + padding + !cbc_vectors[row].etm;
			for (flip = padding % 16 ? mac : 0; flip < end;
			     flip += flip < mac || flip + 2 >= end ? 1 :
				     max_t(size_t, 1, (end - 2 - flip) / 2)) {
				len = lie(test, b, row,
					  content_for(b, padding) + 16, padding,
					  flip);
				KUNIT_ASSERT_EQ_MSG(test, open(b, len, &content),
						    TLSUP_FAULT_MAC,
						    "row %zu padding %zu byte %zu",
						    row, padding, flip);
				KUNIT_ASSERT_EQ(test, b->rx->seq, 1);
			}
		}
		end_bench(b);
	}
}

static bool is_all(const u8 *bytes, size_t len, u8 value)
{
	return !memchr_inv(bytes, value, len);
}

/* RFC 7366, 3: a MAC that is wrong ends it, before the cipher sees a block. */
static void what_no_mac_vouches_for_is_not_decrypted(struct kunit *test)
{
	unsigned int content;
	size_t row, len;

	for (row = 0; row < ARRAY_SIZE(cbc_vectors); row++) {
		struct bench *b = make_bench(test, row);
		struct tlsup_cbc *cbc = b->rx->cbc;

		if (cbc->etm) {
			len = lie(test, b, row, content_for(b, 3) + 640, 3, 0);
			memset(b->out, 0xa5, sizeof(b->out));
			memset(cbc->tail, 0xa5, sizeof(cbc->tail));
			KUNIT_EXPECT_EQ(test, open(b, len, &content),
					TLSUP_FAULT_MAC);
			KUNIT_EXPECT_TRUE(test, is_all(b->out, sizeof(b->out),
						       0xa5));
			KUNIT_EXPECT_TRUE(test, is_all(cbc->tail,
						       sizeof(cbc->tail), 0xa5));
		}
		end_bench(b);
	}
}

static void every_truncation_is_a_bad_record_mac(struct kunit *test)
{
	const struct tlsup_fault_desc *desc;
	size_t row, len, cut;
	unsigned int content;

	for (row = 0; row < ARRAY_SIZE(cbc_vectors); row++) {
		struct bench *b = make_bench(test, row);

		len = lie(test, b, row, content_for(b, 3) + 320, 3, -1);
		for (cut = 0; cut < len; cut++) {
			desc = tlsup_record_fault(open(b, cut, &content));
			KUNIT_ASSERT_EQ_MSG(test, desc->error, EBADMSG,
					    "row %zu length %zu", row, cut);
			KUNIT_ASSERT_EQ(test, desc->alert,
					TLSUP_ALERT_BAD_RECORD_MAC);
		}
		KUNIT_EXPECT_EQ(test, open(b, len, &content), TLSUP_OK);
		end_bench(b);
	}
}

static void ivs_are_new_each_time(struct kunit *test)
{
	struct bench *b = make_bench(test, 0);
	u8 one[TLSUP_BLOCK_SIZE], other[TLSUP_BLOCK_SIZE];

	tlsup_keys_explicit(b->tx, one);
	KUNIT_EXPECT_MEMEQ(test, b->tx->cbc->iv, one, sizeof(one));
	tlsup_keys_explicit(b->tx, other);
	KUNIT_EXPECT_MEMNEQ(test, one, other, sizeof(one));
	end_bench(b);
}

/* A hash that keeps its state to itself: what it exports is good for import. */
static int veiled_init(struct shash_desc *desc)
{
	sha256_init(shash_desc_ctx(desc));
	return 0;
}

static int veiled_update(struct shash_desc *desc, const u8 *data,
			 unsigned int len)
{
	sha256_update(shash_desc_ctx(desc), data, len);
	return 0;
}

static int veiled_final(struct shash_desc *desc, u8 *out)
{
	sha256_final(shash_desc_ctx(desc), out);
	return 0;
}

static void veil(u8 *to, const u8 *from)
{
	size_t i;

	for (i = 0; i < sizeof(struct sha256_state); i++)
		to[i] = from[i] ^ 0x55;
}

static int veiled_export(struct shash_desc *desc, void *out)
{
	veil(out, shash_desc_ctx(desc));
	return 0;
}

static int veiled_import(struct shash_desc *desc, const void *in)
{
	veil(shash_desc_ctx(desc), in);
	return 0;
}

static struct shash_alg veiled = {
	.digestsize	= SHA256_DIGEST_SIZE,
	.init		= veiled_init,
	.update		= veiled_update,
	.final		= veiled_final,
	.export		= veiled_export,
	.import		= veiled_import,
	.descsize	= sizeof(struct sha256_state),
	.statesize	= sizeof(struct sha256_state),
	.base = {
		.cra_name		= "sha256",
		.cra_driver_name	= "sha256-veiled",
		.cra_priority		= 100000,
		.cra_blocksize		= SHA256_BLOCK_SIZE,
		.cra_module		= THIS_MODULE,
	},
};

static void a_driver_that_does_not_export_its_chaining_value_is_refused(struct kunit *test)
{
	static const u8 secret[TLSUP_MAC_MAX];
	const struct tlsup_key_parts parts = {
		.version = TLSUP_VERSION_1_2, .key = secret,
		.mac_secret = secret,
	};
	const struct tlsup_cipher_desc *cipher =
		tlsup_cipher_find(TLSUP_CIPHER_AES_CBC_128_SHA256);
	struct tlsup_keys *keys;

	KUNIT_ASSERT_EQ(test, crypto_register_shash(&veiled), 0);
	keys = tlsup_keys_create_parts(cipher, &parts);
	crypto_unregister_shash(&veiled);
	KUNIT_EXPECT_EQ(test, PTR_ERR(keys), -EOPNOTSUPP);
	keys = tlsup_keys_create_parts(cipher, &parts);
	KUNIT_ASSERT_FALSE(test, IS_ERR(keys));
	tlsup_keys_destroy(keys);
}

static void mac_suites_are_not_of_tls_1_3(struct kunit *test)
{
	static const u8 secret[TLSUP_SECRET_MAX];
	struct tlsup_keys *keys;

	keys = tlsup_keys_create(TLSUP_EPOCH_APPLICATION,
				 tlsup_cipher_find(TLSUP_CIPHER_AES_CBC_128_SHA1),
				 TLSUP_HASH_SHA256, secret, 32);
	KUNIT_EXPECT_EQ(test, PTR_ERR(keys), -EINVAL);
}

static struct kunit_case cases[] = {
	KUNIT_CASE(records_of_openssl_are_made_and_opened),
	KUNIT_CASE(an_empty_record_opens),
	KUNIT_CASE(every_padding_comes_off),
	KUNIT_CASE(a_wrong_byte_of_mac_or_padding_is_one_fault),
	KUNIT_CASE(what_no_mac_vouches_for_is_not_decrypted),
	KUNIT_CASE(every_truncation_is_a_bad_record_mac),
	KUNIT_CASE(ivs_are_new_each_time),
	KUNIT_CASE(a_driver_that_does_not_export_its_chaining_value_is_refused),
	KUNIT_CASE(mac_suites_are_not_of_tls_1_3),
	{}
};

static struct kunit_suite suite = {
	.name = "tlsup_cbc",
	.test_cases = cases,
};

kunit_test_suite(suite);
