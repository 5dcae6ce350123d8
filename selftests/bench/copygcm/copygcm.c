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
 * into a UML kernel costs as much as to move 64 KiB there: an ioctl of
 * /proc/tlsup-bench that takes struct stream.
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
#include <linux/splice.h>
#include <linux/uaccess.h>
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
 * struct stream - one socket is filled and the other emptied, in turns
 * @out_buffer: of the caller, to send from
 * @in_buffer: of the caller, to receive into
 * @out: a socket, to send on
 * @in: a socket, to receive from
 * @file: a file to send from in place of @out_buffer, as sendfile does, or -1
 * @write: bytes per call that sends
 * @read: bytes per call that receives
 * @round: bytes per turn
 * @ns: for how long; out: how long it took
 * @bytes: out: how many in all
 */
struct stream {
	u64 out_buffer;
	u64 in_buffer;
	s32 out;
	s32 in;
	s32 file;
	u32 write;
	u32 read;
	u32 round;
	u64 ns;
	u64 bytes;
};

/* The files of its descriptors. */
struct ends {
	struct file *out;
	struct file *in;
	struct file *file;
};

static ssize_t move(struct file *file, bool receive, u64 buffer, size_t len)
{
	struct socket *sock = sock_from_file(file);
	struct msghdr msg = {};
	int err;

	err = import_ubuf(receive ? ITER_DEST : ITER_SOURCE,
			  u64_to_user_ptr(buffer), len, &msg.msg_iter);
	if (err)
		return err;
	return receive ? sock_recvmsg(sock, &msg, 0) : sock_sendmsg(sock, &msg);
}

static ssize_t send_one(const struct ends *ends, const struct stream *s,
			size_t len)
{
	loff_t from = 0, to = 0;

	if (ends->file)
		return do_splice_direct(ends->file, &from, ends->out, &to, len,
					0);
	return move(ends->out, false, s->out_buffer, len);
}

static int one_round(const struct ends *ends, const struct stream *s)
{
	size_t left;
	ssize_t n;

	for (left = s->round; left; left -= n) {
		n = send_one(ends, s, min_t(size_t, left, s->write));
		if (n <= 0)
			return n ?: -EIO;
	}
	for (left = s->round; left; left -= n) {
		n = move(ends->in, true, s->in_buffer,
			 min_t(size_t, left, s->read));
		if (n <= 0)
			return n ?: -EIO;
	}
	return 0;
}

static int run_rounds(const struct ends *ends, struct stream *s)
{
	u64 begin = ktime_get_ns(), ns = 0;
	int err = 0;

	if (!ends->in || !ends->out || !sock_from_file(ends->in) ||
	    !sock_from_file(ends->out))
		return -EBADF;
	s->bytes = 0;
	while (!err && ns < s->ns && !signal_pending(current)) {
		err = one_round(ends, s);
		s->bytes += s->round;
		cond_resched();
		ns = ktime_get_ns() - begin;
	}
	s->ns = ns;
	return err;
}

static void put(struct file *file)
{
	if (file)
		fput(file);
}

static long bench_ioctl(struct file *file, unsigned int cmd, unsigned long arg)
{
	struct stream __user *at = (struct stream __user *)arg;
	struct ends ends;
	struct stream s;
	int err;

	if (copy_from_user(&s, at, sizeof(s)))
		return -EFAULT;
	ends.out = fget(s.out);
	ends.in = fget(s.in);
	ends.file = s.file < 0 ? NULL : fget(s.file);
	err = run_rounds(&ends, &s);
	put(ends.out);
	put(ends.in);
	put(ends.file);
	if (!err && copy_to_user(at, &s, sizeof(s)))
		err = -EFAULT;
	return err;
}

static const struct proc_ops bench_ops = {
	.proc_ioctl = bench_ioctl,
};

static int __init copygcm_init(void)
{
	if (!proc_create("tlsup-bench", 0600, NULL, &bench_ops))
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
