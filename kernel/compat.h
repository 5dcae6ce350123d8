/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Copyright (C) 2026 The tlsup authors
 *
 * What differs between the kernels that the module builds for: Debian's 6.1
 * and what has come since, up to 6.12. The only place that looks at
 * LINUX_VERSION_CODE, and at nothing else: Debian's 6.1 defines some of the
 * newer macros without what they stand for.
 */
#ifndef _TLSUP_COMPAT_H
#define _TLSUP_COMPAT_H

#include <linux/version.h>

#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 1, 0)
#error "tlsup builds for Linux 6.1 and later"
#endif

#include <linux/bvec.h>
#include <linux/fs.h>
#include <linux/mm.h>
#include <linux/net.h>
#include <linux/rcupdate.h>
#include <linux/skbuff.h>
#include <linux/slab.h>
#include <linux/socket.h>
#include <linux/sysctl.h>
#include <linux/uaccess.h>
#include <linux/uio.h>

#include <net/inet_sock.h>
#include <net/net_namespace.h>
#include <net/tcp.h>

#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 12, 0)
#include <asm/unaligned.h>
#else
#include <linux/unaligned.h>
#endif

/* connect() has done nothing yet: TCP_FASTOPEN_CONNECT. */
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 6, 0)
#define tlsup_connect_deferred(sk)	(inet_sk(sk)->defer_connect)
#else
#define tlsup_connect_deferred(sk)	inet_test_bit(DEFER_CONNECT, sk)
#endif

int tlsup_sendmsg(struct sock *sk, struct msghdr *msg, size_t size);

/*
 * The argument of proto->ioctl: where the answer goes. Up to 6.4 that is the
 * user's memory.
 */
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 5, 0)
#define tlsup_ioctl_arg	unsigned long

static inline int tlsup_ioctl_answer(unsigned long arg, int value)
{
	return put_user(value, (int __user *)arg);
}
#else
#define tlsup_ioctl_arg	int *

static inline int tlsup_ioctl_answer(int *arg, int value)
{
	*arg = value;
	return 0;
}
#endif

/* What proto_ops->accept is given besides the two sockets, and hands on. */
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 10, 0)
#define TLSUP_ACCEPT_ARGS	int flags, bool kern
#define TLSUP_ACCEPT_PASS	flags, kern
#else
#define TLSUP_ACCEPT_ARGS	struct proto_accept_arg *arg
#define TLSUP_ACCEPT_PASS	arg
#endif

/*
 * Pages by reference into TCP's queue: by a call of their own for each page, or
 * by a flag of sendmsg. @last: nothing follows for now. Socket lock held.
 * They are not going to be changed any more. Returns bytes, or -errno.
 */
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 5, 0)
static inline int tlsup_tcp_send(struct sock *sk, struct bio_vec *vecs,
				 int count, size_t total, bool last)
{
	struct msghdr msg = { .msg_flags = MSG_DONTWAIT | MSG_NOSIGNAL };
	int flags, i, n, copied = 0;

	/* Only sendmsg sends the SYN that waits for data. */
	if (tlsup_connect_deferred(sk)) {
		iov_iter_bvec(&msg.msg_iter, ITER_SOURCE, vecs, count, total);
		return tcp_sendmsg_locked(sk, &msg, total);
	}
	for (i = 0; i < count; i++) {
		flags = MSG_DONTWAIT | MSG_NOSIGNAL | MSG_NO_SHARED_FRAGS;
		if (!last || i < count - 1)
			flags |= MSG_MORE | MSG_SENDPAGE_NOTLAST;
		n = do_tcp_sendpages(sk, vecs[i].bv_page, vecs[i].bv_offset,
				     vecs[i].bv_len, flags);
		if (n < 0)
			return copied ?: n;
		copied += n;
		if (n < vecs[i].bv_len)
			break;
	}
	return copied;
}
#else
static inline int tlsup_tcp_send(struct sock *sk, struct bio_vec *vecs,
				 int count, size_t total, bool last)
{
	struct msghdr msg = {
		.msg_flags = MSG_DONTWAIT | MSG_NOSIGNAL | MSG_SPLICE_PAGES |
			     MSG_NO_SHARED_FRAGS | (last ? 0 : MSG_MORE),
	};

	iov_iter_bvec(&msg.msg_iter, ITER_SOURCE, vecs, count, total);
	return tcp_sendmsg_locked(sk, &msg, total);
}
#endif

/*
 * Until 6.4 sendfile and splice come by proto->sendpage: a page is a message
 * like any other, and its end is no end of a record if more is announced.
 */
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 5, 0)
static inline int tlsup_sendpage(struct sock *sk, struct page *page, int offset,
				 size_t size, int flags)
{
	struct bio_vec vec = {
		.bv_page = page,
		.bv_offset = offset,
		.bv_len = size,
	};
	struct msghdr msg = {
		.msg_flags = flags & (MSG_DONTWAIT | MSG_NOSIGNAL | MSG_MORE),
	};

	if (flags & MSG_SENDPAGE_NOTLAST)
		msg.msg_flags |= MSG_MORE;
	iov_iter_bvec(&msg.msg_iter, ITER_SOURCE, &vec, 1, size);
	return tlsup_sendmsg(sk, &msg, size);
}

/* Without one of its own, a proto is sent pages by its sendmsg. */
static inline void tlsup_compat_prot(struct proto *prot, bool dead)
{
	prot->sendpage = dead ? NULL : tlsup_sendpage;
}

/* ops->sendpage goes to the proto's; this one to TCP itself. */
static inline void tlsup_compat_ops(struct proto_ops *ops)
{
	ops->sendpage_locked = NULL;
}
#else
static inline void tlsup_compat_prot(struct proto *prot, bool dead)
{
}

static inline void tlsup_compat_ops(struct proto_ops *ops)
{
}
#endif

/*
 * Pin the user's memory at the front of @iter, up to @size bytes of one piece
 * in at most @max pages, and move on behind it. @start: its offset in the first
 * page. Returns bytes, or -errno.
 */
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 3, 0)
static inline ssize_t tlsup_pin_pages(struct iov_iter *iter,
				      struct page **pages, size_t size,
				      unsigned int max, size_t *start)
{
	struct iovec vec;
	unsigned long addr;
	int got;

	if (iter_is_ubuf(iter)) {
		vec.iov_base = iter->ubuf + iter->iov_offset;
		vec.iov_len = iter->count;
	} else {
		vec = iov_iter_iovec(iter);
	}
	addr = (unsigned long)vec.iov_base;
	*start = offset_in_page(addr);
	size = min3(size, vec.iov_len, max * PAGE_SIZE - *start);
	if (!size)
		return 0;
	got = pin_user_pages_fast(addr - *start,
				  DIV_ROUND_UP(*start + size, PAGE_SIZE),
				  FOLL_WRITE, pages);
	if (got <= 0)
		return got;
	size = min(size, got * PAGE_SIZE - *start);
	iov_iter_advance(iter, size);
	return size;
}
#else
static inline ssize_t tlsup_pin_pages(struct iov_iter *iter,
				      struct page **pages, size_t size,
				      unsigned int max, size_t *start)
{
	return iov_iter_extract_pages(iter, &pages, size, max, 0, start);
}
#endif

#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 12, 0)
/* Memory of devices does not get into these. */
static inline bool skb_frags_readable(const struct sk_buff *skb)
{
	return true;
}
#endif

/* kvmemdup() of later kernels. */
static inline void *tlsup_kvmemdup(const void *src, size_t len, gfp_t gfp)
{
	void *copy = kvmalloc(len, gfp);

	return copy ? memcpy(copy, src, len) : NULL;
}

/* A reference on the file that @file points to, or NULL; under RCU. */
static inline struct file *tlsup_get_file_rcu(struct file __rcu **file)
{
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 7, 0)
	struct file *found = rcu_dereference(*file);

	return found && get_file_rcu(found) ? found : NULL;
#else
	return get_file_rcu(file);
#endif
}

/* A tracepoint's string, named as its source; since 6.10 it knows that. */
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 10, 0)
#define tlsup_assign_str(name)	__assign_str(name, name)
#else
#define tlsup_assign_str(name)	__assign_str(name)
#endif

/* @table: an empty entry follows its @count: older kernels look for that. */
static inline struct ctl_table_header *
tlsup_register_sysctl(struct net *net, const char *path,
		      struct ctl_table *table, size_t count)
{
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 6, 0)
	return register_net_sysctl(net, path, table);
#else
	return register_net_sysctl_sz(net, path, table, count);
#endif
}

/*
 * Acknowledge what has come, at once. A third argument, flags of the segment,
 * came in the middle of 6.12, so the function itself is asked.
 */
static inline void tlsup_tcp_ack(struct sock *sk)
{
	void *ack = __tcp_send_ack;
	u32 next = tcp_sk(sk)->rcv_nxt;

	if (__builtin_types_compatible_p(typeof(__tcp_send_ack),
					 void (struct sock *, u32)))
		((void (*)(struct sock *, u32))ack)(sk, next);
	else
		((void (*)(struct sock *, u32, u16))ack)(sk, next, 0);
}

#endif /* _TLSUP_COMPAT_H */
