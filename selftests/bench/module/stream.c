// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) 2026 The tlsup authors
 *
 * Many socket calls within one system call, because to get into a UML kernel
 * costs as much as to move 64 KiB there: an ioctl of /proc/tlsup-bench that takes
 * struct stream.
 */
#include <linux/err.h>
#include <linux/file.h>
#include <linux/ktime.h>
#include <linux/mm.h>
#include <linux/net.h>
#include <linux/proc_fs.h>
#include <linux/sched/signal.h>
#include <linux/socket.h>
#include <linux/splice.h>
#include <linux/uaccess.h>
#include <linux/uio.h>

#include "bench.h"

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
 * @sending: out: how long of it was the half that sends
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
	u64 sending;
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

static int send_round(const struct ends *ends, const struct stream *s)
{
	size_t left;
	ssize_t n;

	for (left = s->round; left; left -= n) {
		n = send_one(ends, s, min_t(size_t, left, s->write));
		if (n <= 0)
			return n ?: -EIO;
	}
	return 0;
}

static int receive_round(const struct ends *ends, const struct stream *s)
{
	size_t left;
	ssize_t n;

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
	u64 begin = ktime_get_ns(), last = begin, now;
	int err = 0;

	if (!ends->in || !ends->out || !sock_from_file(ends->in) ||
	    !sock_from_file(ends->out))
		return -EBADF;
	s->bytes = 0;
	s->sending = 0;
	while (!err && last - begin < s->ns && !signal_pending(current)) {
		err = send_round(ends, s);
		now = ktime_get_ns();
		s->sending += now - last;
		if (!err)
			err = receive_round(ends, s);
		s->bytes += s->round;
		cond_resched();
		last = ktime_get_ns();
	}
	s->ns = last - begin;
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

struct proc_dir_entry *bench_stream_create(void)
{
	return proc_create("tlsup-bench", 0600, NULL, &bench_ops);
}
