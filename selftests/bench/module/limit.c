// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) 2026 The tlsup authors
 *
 * The limit that the ciphers themselves set: what the record layer calls, alone,
 * over buffers like the record layer's own: as many of 16 KiB as there are in a
 * round of stream.c are sealed where they are, one after the other, and then
 * opened into another one. Either an AEAD, "gcm(aes)", or what a MAC suite is made
 * of: "hmac(sha1) 16" is that hash and cbc(aes) with a key of 16 bytes, each as
 * often as a record needs it.
 */
#include <linux/err.h>
#include <linux/ktime.h>
#include <linux/sched.h>
#include <linux/scatterlist.h>
#include <linux/slab.h>
#include <linux/string.h>

#include <crypto/aead.h>
#include <crypto/hash.h>
#include <crypto/skcipher.h>

#include "bench.h"

#define TAG		16
#define BUFFER		16384
#define HEADER		5
#define SPACE		(BUFFER + 128)	/* header, content, tag */
#define BUFFERS		64
#define CONTENT		64		/* where in it the content begins */
#define DIGEST_MAX	64
#define LIMIT_NS	(300 * NSEC_PER_MSEC)

/**
 * struct alone - what is measured
 * @seal: protect a buffer in place
 * @open: from one buffer to another
 * @aead: an AEAD, or NULL
 * @aead_req: its request
 * @cipher: else cbc(aes)
 * @cipher_req: its request
 * @hash: and a hash that is keyed
 * @buffers: all that are sealed and opened, in one piece
 * @from: the one that is
 * @to: where they are opened
 */
struct alone {
	int (*seal)(struct alone *alone);
	int (*open)(struct alone *alone);
	struct crypto_aead *aead;
	struct aead_request *aead_req;
	struct crypto_skcipher *cipher;
	struct skcipher_request *cipher_req;
	struct crypto_shash *hash;
	u8 *buffers;
	u8 *from;
	u8 *to;
};

static const u8 some_key[DIGEST_MAX] = { 1 };

static int run_aead(struct alone *alone, bool encrypt)
{
	struct scatterlist src[2], dst[2];
	DECLARE_CRYPTO_WAIT(wait);
	u8 iv[16] = { 2 };

	sg_init_table(src, 2);
	sg_init_table(dst, 2);
	sg_set_buf(&src[0], alone->from, HEADER);
	sg_set_buf(&src[1], alone->from + CONTENT, BUFFER + TAG);
	sg_set_buf(&dst[0], alone->to, HEADER);
	sg_set_buf(&dst[1], alone->to + CONTENT, BUFFER + TAG);
	aead_request_set_callback(alone->aead_req, CRYPTO_TFM_REQ_MAY_SLEEP,
				  crypto_req_done, &wait);
	aead_request_set_ad(alone->aead_req, HEADER);
	aead_request_set_crypt(alone->aead_req, src, encrypt ? src : dst,
			       encrypt ? BUFFER : BUFFER + TAG, iv);
	return crypto_wait_req(encrypt ? crypto_aead_encrypt(alone->aead_req) :
					 crypto_aead_decrypt(alone->aead_req),
			       &wait);
}

static int seal_aead(struct alone *alone)
{
	return run_aead(alone, true);
}

static int open_aead(struct alone *alone)
{
	return run_aead(alone, false);
}

static int run_cbc(struct alone *alone, bool encrypt)
{
	struct scatterlist src, dst;
	DECLARE_CRYPTO_WAIT(wait);
	u8 iv[16] = { 2 };

	sg_init_one(&src, alone->from + CONTENT, BUFFER);
	sg_init_one(&dst, alone->to + CONTENT, BUFFER);
	skcipher_request_set_callback(alone->cipher_req, CRYPTO_TFM_REQ_MAY_SLEEP,
				      crypto_req_done, &wait);
	skcipher_request_set_crypt(alone->cipher_req, &src,
				   encrypt ? &src : &dst, BUFFER, iv);
	return crypto_wait_req(encrypt ? crypto_skcipher_encrypt(alone->cipher_req) :
					 crypto_skcipher_decrypt(alone->cipher_req),
			       &wait);
}

static int hash(struct alone *alone, const u8 *data)
{
	u8 mac[DIGEST_MAX];

	return crypto_shash_tfm_digest(alone->hash, data + CONTENT, BUFFER, mac);
}

static int seal_mac(struct alone *alone)
{
	return hash(alone, alone->from) ?: run_cbc(alone, true);
}

static int open_mac(struct alone *alone)
{
	return run_cbc(alone, false) ?: hash(alone, alone->to);
}

static int install_aead(struct alone *alone, const char *name)
{
	int err;

	alone->seal = seal_aead;
	alone->open = open_aead;
	alone->aead = crypto_alloc_aead(name, 0, 0);
	if (IS_ERR(alone->aead))
		return PTR_ERR(alone->aead);
	err = crypto_aead_setkey(alone->aead, some_key,
				 strstr(name, "chacha") ? 32 : 16);
	if (err)
		return err;
	alone->aead_req = aead_request_alloc(alone->aead, GFP_KERNEL);
	return alone->aead_req ? 0 : -ENOMEM;
}

static int install_mac(struct alone *alone, const char *name,
		       unsigned int key_size)
{
	int err;

	alone->seal = seal_mac;
	alone->open = open_mac;
	alone->cipher = crypto_alloc_skcipher("cbc(aes)", 0, 0);
	if (IS_ERR(alone->cipher))
		return PTR_ERR(alone->cipher);
	err = crypto_skcipher_setkey(alone->cipher, some_key, key_size);
	if (err)
		return err;
	alone->cipher_req = skcipher_request_alloc(alone->cipher, GFP_KERNEL);
	if (!alone->cipher_req)
		return -ENOMEM;
	alone->hash = crypto_alloc_shash(name, 0, 0);
	if (IS_ERR(alone->hash))
		return PTR_ERR(alone->hash);
	return crypto_shash_setkey(alone->hash, some_key,
				   crypto_shash_digestsize(alone->hash));
}

static void destroy(struct alone *alone)
{
	kfree(alone->buffers);
	kfree(alone->to);
	aead_request_free(alone->aead_req);
	skcipher_request_free(alone->cipher_req);
	if (!IS_ERR(alone->aead))
		crypto_free_aead(alone->aead);
	if (!IS_ERR(alone->cipher))
		crypto_free_skcipher(alone->cipher);
	if (!IS_ERR(alone->hash))
		crypto_free_shash(alone->hash);
}

/* A second's million bytes, with three decimals. */
static int print_speed(char *at, size_t size, u64 bytes, u64 ns)
{
	return scnprintf(at, size, "%llu.%03llu ", bytes * 1000 / ns,
			 bytes * 1000000 / ns % 1000);
}

static int run_all(struct alone *alone, int (*run)(struct alone *alone))
{
	int i, err = 0;

	for (i = 0; i < BUFFERS && !err; i++) {
		alone->from = alone->buffers + i * SPACE;
		err = run(alone);
	}
	cond_resched();
	return err;
}

static int measure(struct alone *alone, char *result, size_t size)
{
	u64 bytes = 0, sealing = 0, opening = 0, last = ktime_get_ns(), now;
	int err, n;

	do {
		err = run_all(alone, alone->seal);
		now = ktime_get_ns();
		sealing += now - last;
		if (!err)
			err = run_all(alone, alone->open);
		if (err)
			return err;
		last = ktime_get_ns();
		opening += last - now;
		bytes += BUFFERS * BUFFER;
	} while (sealing + opening < LIMIT_NS);
	n = print_speed(result, size, bytes, sealing + opening);
	n += print_speed(result + n, size - n, bytes, sealing);
	print_speed(result + n, size - n, bytes, opening);
	return 0;
}

/**
 * bench_limit_measure - how fast an algorithm is alone
 * @what: an AEAD's name, or a hash's and the bytes of a key of AES
 * @result: out: MB/s of both ways together, of sealing and of opening
 * @size: of @result, bytes
 *
 * Return: 0 or -errno.
 */
int bench_limit_measure(const char *what, char *result, size_t size)
{
	struct alone alone = {};
	unsigned int key_size;
	char name[64];
	int err, words;

	words = sscanf(what, "%63s %u", name, &key_size);
	if (words < 1 || (words == 2 && key_size > 32))
		return -EINVAL;
	alone.buffers = kzalloc(BUFFERS * SPACE, GFP_KERNEL);
	alone.to = kzalloc(SPACE, GFP_KERNEL);
	if (!alone.buffers || !alone.to)
		err = -ENOMEM;
	else if (words == 1)
		err = install_aead(&alone, name);
	else
		err = install_mac(&alone, name, key_size);
	if (!err)
		err = measure(&alone, result, size);
	destroy(&alone);
	return err;
}
