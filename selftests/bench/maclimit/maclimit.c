// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) 2026 The tlsup authors
 *
 * For measuring only: the limit that the ciphers themselves set to a MAC suite.
 * Writing "hmac(sha1) 16" to the parameter "limit" runs that hash and cbc(aes)
 * with keys of so many bytes alone over 16 KiB buffers, both as often as a record
 * that is sent and received needs them; reading it gives the speed in MB/s.
 */
#include <linux/err.h>
#include <linux/ktime.h>
#include <linux/module.h>
#include <linux/sched.h>
#include <linux/scatterlist.h>
#include <linux/slab.h>

#include <crypto/hash.h>
#include <crypto/skcipher.h>

#define BUFFER		16384
#define LIMIT_NS	(500 * NSEC_PER_MSEC)

static char result[64] = "nothing measured";

static int cipher(struct skcipher_request *req, u8 *from, u8 *to, bool encrypt)
{
	struct scatterlist src, dst;
	DECLARE_CRYPTO_WAIT(wait);
	u8 iv[16] = { 2 };

	sg_init_one(&src, from, BUFFER);
	sg_init_one(&dst, to, BUFFER);
	skcipher_request_set_callback(req, CRYPTO_TFM_REQ_MAY_SLEEP,
				      crypto_req_done, &wait);
	skcipher_request_set_crypt(req, &src, &dst, BUFFER, iv);
	return crypto_wait_req(encrypt ? crypto_skcipher_encrypt(req) :
					 crypto_skcipher_decrypt(req), &wait);
}

static int run(struct skcipher_request *req, struct crypto_shash *hash,
	       u8 *from, u8 *to)
{
	u64 bytes = 0, begin = ktime_get_ns(), ns;
	u8 mac[64];
	int err;

	do {
		err = crypto_shash_tfm_digest(hash, from, BUFFER, mac);
		if (!err)
			err = cipher(req, from, from, true);
		if (!err)
			err = cipher(req, from, to, false);
		if (!err)
			err = crypto_shash_tfm_digest(hash, to, BUFFER, mac);
		if (err)
			return err;
		bytes += BUFFER;
		ns = ktime_get_ns() - begin;
		cond_resched();
	} while (ns < LIMIT_NS);
	snprintf(result, sizeof(result), "%llu.%03llu",
		 bytes * 1000 / ns, bytes * 1000000 / ns % 1000);
	return 0;
}

static int set_limit(const char *value, const struct kernel_param *kp)
{
	static const u8 key[64] = { 1 };
	struct skcipher_request *req = NULL;
	struct crypto_skcipher *tfm;
	struct crypto_shash *hash;
	unsigned int key_size;
	char name[32];
	u8 *buffers;
	int err;

	if (sscanf(value, "%31s %u", name, &key_size) != 2 || key_size > 32)
		return -EINVAL;
	tfm = crypto_alloc_skcipher("cbc(aes)", 0, 0);
	if (IS_ERR(tfm))
		return PTR_ERR(tfm);
	hash = crypto_alloc_shash(name, 0, 0);
	if (IS_ERR(hash)) {
		crypto_free_skcipher(tfm);
		return PTR_ERR(hash);
	}
	err = crypto_skcipher_setkey(tfm, key, key_size);
	if (!err)
		err = crypto_shash_setkey(hash, key, crypto_shash_digestsize(hash));
	req = skcipher_request_alloc(tfm, GFP_KERNEL);
	buffers = kzalloc(2 * BUFFER, GFP_KERNEL);
	if (!err)
		err = req && buffers ? run(req, hash, buffers, buffers + BUFFER) :
				       -ENOMEM;
	kfree(buffers);
	skcipher_request_free(req);
	crypto_free_shash(hash);
	crypto_free_skcipher(tfm);
	return err;
}

static int get_limit(char *buffer, const struct kernel_param *kp)
{
	return sysfs_emit(buffer, "%s\n", result);
}

static const struct kernel_param_ops limit_ops = {
	.set = set_limit,
	.get = get_limit,
};
module_param_cb(limit, &limit_ops, NULL, 0600);
MODULE_PARM_DESC(limit, "write a hash and a key size, read MB/s");

MODULE_DESCRIPTION("cbc(aes) and a hash alone, for measuring");
MODULE_LICENSE("GPL");
