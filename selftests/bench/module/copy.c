// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) 2026 The tlsup authors
 *
 * A "gcm(aes)" of high priority that protects nothing. It copies what it is
 * given, with a tag of zeros, so that what is left to measure is the cost of the
 * record layer around it.
 */
#include <linux/minmax.h>
#include <linux/module.h>
#include <linux/scatterlist.h>
#include <linux/string.h>
#include <linux/uaccess.h>

#include <crypto/gcm.h>
#include <crypto/internal/aead.h>

#include "bench.h"

#define TAG	16

static int setkey(struct crypto_aead *tfm, const u8 *key, unsigned int len)
{
	return len == 16 || len == 24 || len == 32 ? 0 : -EINVAL;
}

static int setauthsize(struct crypto_aead *tfm, unsigned int size)
{
	return size == TAG ? 0 : -EINVAL;
}

/* A place in a scatterlist whose pages are all mapped. */
struct place {
	struct scatterlist *sg;
	unsigned int off;
};

static unsigned int room(struct place *at)
{
	while (at->off >= at->sg->length) {
		at->off -= at->sg->length;
		at->sg = sg_next(at->sg);
	}
	return at->sg->length - at->off;
}

/*
 * By the routine that copies to and from users: where memcpy() is another one,
 * which takes three times the instructions, it would weigh the peers by that.
 */
static void copy_bytes(void *to, const void *from, unsigned int len)
{
#if defined(CONFIG_X86_64) && !defined(CONFIG_UML)
	if (!copy_user_generic(to, from, len))
		return;
#endif
	memcpy(to, from, len);
}

/* @len bytes behind the additional data, from one list to the other. */
static void copy(struct scatterlist *to, struct scatterlist *from,
		 unsigned int skip, unsigned int len)
{
	struct place in = { from, skip }, out = { to, skip };
	unsigned int n;

	if (to == from)
		return;
	while (len) {
		n = min3(len, room(&in), room(&out));
		copy_bytes(sg_virt(out.sg) + out.off, sg_virt(in.sg) + in.off,
			   n);
		in.off += n;
		out.off += n;
		len -= n;
	}
}

static void put_tag(struct scatterlist *to, unsigned int skip)
{
	struct place out = { to, skip };
	unsigned int n, left;

	for (left = TAG; left; left -= n) {
		n = min(left, room(&out));
		memset(sg_virt(out.sg) + out.off, 0, n);
		out.off += n;
	}
}

static int encrypt(struct aead_request *req)
{
	copy(req->dst, req->src, req->assoclen, req->cryptlen);
	put_tag(req->dst, req->assoclen + req->cryptlen);
	return 0;
}

static int decrypt(struct aead_request *req)
{
	copy(req->dst, req->src, req->assoclen, req->cryptlen - TAG);
	return 0;
}

static struct aead_alg algorithm = {
	.setkey		= setkey,
	.setauthsize	= setauthsize,
	.encrypt	= encrypt,
	.decrypt	= decrypt,
	.ivsize		= GCM_AES_IV_SIZE,
	.maxauthsize	= TAG,
	.chunksize	= 16,
	.base = {
		.cra_name		= "gcm(aes)",
		.cra_driver_name	= "gcm-copy",
		.cra_priority		= 100000,
		.cra_blocksize		= 1,
		.cra_module		= THIS_MODULE,
	},
};

int bench_copy_register(void)
{
	return crypto_register_aead(&algorithm);
}

void bench_copy_unregister(void)
{
	crypto_unregister_aead(&algorithm);
}
