// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) 2026 The tlsup authors
 *
 * For measuring only: a "gcm(aes)" of high priority that protects nothing. It
 * copies what it is given, with a tag of zeros, so that what is left to measure
 * is the cost of the record layer around it. Beside it the limit that the
 * cipher itself sets: writing to the parameter "limit" runs the cipher of that
 * name alone over 16 KiB buffers and reading it gives the speed in MB/s.
 *
 * And a way to make many socket calls within one system call, because to get
 * into a UML kernel costs as much as to move 64 KiB there: struct loop written
 * to /proc/tlsup-bench.
 */
#include <linux/err.h>
#include <linux/file.h>
#include <linux/ktime.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/net.h>
#include <linux/proc_fs.h>
#include <linux/scatterlist.h>
#include <linux/socket.h>
#include <linux/uio.h>

#include <crypto/aead.h>
#include <crypto/gcm.h>
#include <crypto/internal/aead.h>
#include <crypto/scatterwalk.h>

#define TAG		16
#define BUFFER		16384
#define HEADER		5
#define LIMIT_NS	(500 * NSEC_PER_MSEC)

static bool fake = true;
module_param(fake, bool, 0444);
MODULE_PARM_DESC(fake, "register the cipher that copies");

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
		memcpy(sg_virt(out.sg) + out.off, sg_virt(in.sg) + in.off, n);
		in.off += n;
		out.off += n;
		len -= n;
	}
}

static int encrypt(struct aead_request *req)
{
	static const u8 zeros[TAG];

	copy(req->dst, req->src, req->assoclen, req->cryptlen);
	scatterwalk_map_and_copy((void *)zeros, req->dst,
				 req->assoclen + req->cryptlen, TAG, 1);
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

static char result[64] = "nothing measured";

/* One decryption and one encryption of 16 KiB after the other. */
static int run(struct crypto_aead *tfm, struct aead_request *req,
	       u8 *from, u8 *to)
{
	struct scatterlist src[2], dst[2];
	DECLARE_CRYPTO_WAIT(wait);
	u8 iv[16] = { 2 };
	u64 bytes = 0, begin = ktime_get_ns(), ns;
	int err;

	sg_init_table(src, 2);
	sg_init_table(dst, 2);
	sg_set_buf(&src[0], from, HEADER);
	sg_set_buf(&src[1], from + 64, BUFFER + TAG);
	sg_set_buf(&dst[0], to, HEADER);
	sg_set_buf(&dst[1], to + 64, BUFFER + TAG);
	aead_request_set_callback(req, CRYPTO_TFM_REQ_MAY_SLEEP, crypto_req_done,
				  &wait);
	aead_request_set_ad(req, HEADER);
	do {
		aead_request_set_crypt(req, src, src, BUFFER, iv);
		err = crypto_wait_req(crypto_aead_encrypt(req), &wait);
		if (err)
			return err;
		aead_request_set_crypt(req, src, dst, BUFFER + TAG, iv);
		err = crypto_wait_req(crypto_aead_decrypt(req), &wait);
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
	static const u8 key[32] = { 1 };
	struct aead_request *req;
	struct crypto_aead *tfm;
	char name[64];
	u8 *buffers;
	int err;

	strscpy(name, value, sizeof(name));
	tfm = crypto_alloc_aead(strim(name), 0, 0);
	if (IS_ERR(tfm))
		return PTR_ERR(tfm);
	err = crypto_aead_setkey(tfm, key, strstr(name, "chacha") ? 32 : 16);
	req = aead_request_alloc(tfm, GFP_KERNEL);
	buffers = kvzalloc(4 * BUFFER, GFP_KERNEL);
	if (!err && req && buffers)
		err = run(tfm, req, buffers, buffers + 2 * BUFFER);
	else if (!err)
		err = -ENOMEM;
	kvfree(buffers);
	aead_request_free(req);
	crypto_free_aead(tfm);
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
MODULE_PARM_DESC(limit, "write a cipher's name, read MB/s of sealing and opening");

/**
 * struct loop - calls of sendmsg or recvmsg, one after the other
 * @buffer: of the caller
 * @fd: a socket
 * @receive: 1 for recvmsg
 * @each: bytes per call
 * @total: bytes in all
 */
struct loop {
	u64 buffer;
	s32 fd;
	u32 receive;
	u32 each;
	u32 total;
};

static int one_call(struct socket *sock, const struct loop *loop, u32 left)
{
	struct msghdr msg = {};
	u32 n = min(left, loop->each);
	int err;

	err = import_ubuf(loop->receive ? ITER_DEST : ITER_SOURCE,
			  u64_to_user_ptr(loop->buffer), n, &msg.msg_iter);
	if (err)
		return err;
	return loop->receive ? sock_recvmsg(sock, &msg, 0) :
			       sock_sendmsg(sock, &msg);
}

static ssize_t run_loop(struct file *file, const char __user *from, size_t len,
			loff_t *pos)
{
	struct socket *sock;
	struct loop loop;
	u32 left;
	int n, err;

	if (len != sizeof(loop) || copy_from_user(&loop, from, sizeof(loop)))
		return -EINVAL;
	sock = sockfd_lookup(loop.fd, &err);
	if (!sock)
		return err;
	for (left = loop.total; left; left -= n) {
		n = one_call(sock, &loop, left);
		if (n <= 0)
			break;
	}
	sockfd_put(sock);
	return left ? -EIO : len;
}

static const struct proc_ops loop_ops = {
	.proc_write = run_loop,
};

static int __init copygcm_init(void)
{
	if (!proc_create("tlsup-bench", 0200, NULL, &loop_ops))
		return -ENOMEM;
	return fake ? crypto_register_aead(&algorithm) : 0;
}

static void __exit copygcm_exit(void)
{
	if (fake)
		crypto_unregister_aead(&algorithm);
	remove_proc_entry("tlsup-bench", NULL);
}

module_init(copygcm_init);
module_exit(copygcm_exit);

MODULE_DESCRIPTION("A cipher that copies, for measuring what is around it");
MODULE_LICENSE("GPL");
