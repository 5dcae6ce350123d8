// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) 2026 The tlsup authors
 *
 * What an application sees of the receiving half: recvmsg with all its flags,
 * splice, poll's question, SIOCINQ. One path for all of them sees to records
 * that are not application data.
 */
#include "tlsup.h"

#include <linux/pipe_fs_i.h>
#include <linux/splice.h>
#include <linux/uio.h>

#include <net/tcp.h>

#define RECV_FLAGS	(MSG_PEEK | MSG_TRUNC | MSG_WAITALL | MSG_DONTWAIT | \
			 MSG_NOSIGNAL | MSG_CMSG_COMPAT | MSG_CMSG_CLOEXEC)

/* The end of a pass over TCP's queue. */
static void end_pass(struct tlsup_conn *conn)
{
	tlsup_queue_sync(conn);
	tlsup_rec_free_spare(conn);
}

/*
 * See to a record that has just been opened, if the kernel is to. Returns 1 if
 * the application is to see it, 0 if not, -errno.
 */
static int sort(struct tlsup_conn *conn)
{
	struct tlsup_rx *rx = &conn->rx;
	struct tlsup_rec *rec;

	if (list_empty(&rx->recs))
		return 0;
	rec = list_last_entry(&rx->recs, struct tlsup_rec, node);
	if (conn->raw) {
		tlsup_raw_opened(conn, rec);
	} else if (rec->type != TLSUP_APPLICATION_DATA || rx->message_have) {
		/* Nor may data stand within a fragmented message: see there. */
		tlsup_queue_sync(conn);
		return tlsup_ctrl_record(conn, rec);
	}
	if (rec->len || rec->type != TLSUP_APPLICATION_DATA)
		return 1;
	tlsup_rec_free(conn, rec);
	return 0;
}

/*
 * Have one more record opened that the application is to see, and see to all
 * others on the way. Returns 1 with data, 0 without, -errno.
 */
static int next_data(struct tlsup_conn *conn, struct tlsup_direct *direct)
{
	struct tlsup_rx *rx = &conn->rx;
	int err;

	while (!rx->eof) {
		err = tlsup_rx_next(conn, direct);
		if (err <= 0)
			return err;
		err = direct && direct->len ? 1 : sort(conn);
		if (err > 0)
			rx->updates = 0;
		if (err)
			return err;
	}
	tlsup_rx_discard(conn);
	return 0;
}

/**
 * tlsup_drain - before close: see to records that are not data
 * @conn: open, socket lock held
 */
void tlsup_drain(struct tlsup_conn *conn)
{
	if (list_empty(&conn->rx.recs))
		next_data(conn, NULL);
	end_pass(conn);
}

static bool at_end(const struct tlsup_conn *conn)
{
	const struct sock *sk = conn->sk;

	return conn->rx.eof || (sk->sk_shutdown & RCV_SHUTDOWN) ||
	       sk->sk_state == TCP_CLOSE;
}

/* Bytes that a reader wants before it is woken. */
static size_t target_of(const struct tlsup_conn *conn, size_t len, int flags)
{
	size_t lowat = max(conn->rx.lowat, 1);

	return flags & MSG_WAITALL ? len : min(lowat, len);
}

static bool is_control(const struct tlsup_rec *rec)
{
	return rec && rec->type != TLSUP_APPLICATION_DATA;
}

/**
 * tlsup_readable - would a read return at once?
 * @conn: open, socket lock held
 *
 * Records are opened to know: TLS 1.3 hides the type, and a lone ticket must
 * not make a non-blocking reader spin.
 *
 * Return: true for data, end of stream or failure.
 */
bool tlsup_readable(struct tlsup_conn *conn)
{
	struct tlsup_rx *rx = &conn->rx;
	int err = 1;

	while (err > 0 && rx->queued < max(rx->lowat, 1) &&
	       !is_control(tlsup_rx_head(conn)))
		err = next_data(conn, NULL);
	end_pass(conn);
	if (err > 0 || at_end(conn))
		return true;
	return err && err != -ENOMEM && err != -EKEYEXPIRED;
}

/**
 * tlsup_inq - SIOCINQ: how many bytes can be read without waiting
 * @conn: open, socket lock held
 *
 * At least one record is opened, if it has come: a program that was told of
 * none would not read.
 *
 * Return: bytes.
 */
int tlsup_inq(struct tlsup_conn *conn)
{
	if (!conn->rx.queued)
		next_data(conn, NULL);
	end_pass(conn);
	return conn->rx.queued;
}

/*
 * The administrator knows of peers that never send close_notify, and takes the
 * end of the stream for theirs: not within a record, nor within a message.
 */
static bool is_accepted_end(const struct tlsup_conn *conn)
{
	const struct tlsup_rx *rx = &conn->rx;

	return conn->result && conn->result->accept_truncation &&
	       !rx->header_have && !rx->message_have;
}

/* No data is left: 0 at the peer's close_notify, -errno, or 1 to wait. */
static int check_end(struct tlsup_conn *conn)
{
	struct sock *sk = conn->sk;
	int err;

	if (conn->rx.eof)
		return 0;
	err = sock_error(sk);
	if (err) {
		/* That was the only time that TCP told: it has to stay. */
		if (!conn->raw)
			tlsup_conn_fail(conn, -err, TLSUP_NO_ALERT,
					"the TCP connection has failed");
		return err;
	}
	if (!at_end(conn))
		return 1;
	/* The application itself closed this half: as TCP, no error. */
	if (conn->read_shutdown || conn->raw || is_accepted_end(conn))
		return 0;
	tlsup_conn_fail(conn, ECONNRESET, TLSUP_NO_ALERT,
			"the stream ended without close_notify");
	return -conn->error;
}

/* Returns 1 when it is worth looking again, 0 at the end, -errno. */
static int await(struct tlsup_conn *conn, long *timeo, unsigned int known)
{
	int err;

	tlsup_queue_sync(conn);
	err = check_end(conn);
	if (err <= 0)
		return err;
	err = tlsup_wait_input(conn, timeo, known);
	if (err)
		return err;
	return conn->phase == TLSUP_PHASE_OPEN ? 1 : -conn->error;
}

/**
 * struct reading - a recvmsg on its way
 * @conn: the connection
 * @msg: where the data go
 * @len: how many bytes at most
 * @flags: MSG_*
 * @copied: bytes so far
 * @direct: where records may be opened into
 * @type: "tlsup-raw": content type of what has been copied; 0 for none yet
 * @last: MSG_PEEK: the record that has been looked at last
 */
struct reading {
	struct tlsup_conn *conn;
	struct msghdr *msg;
	size_t len;
	int flags;
	size_t copied;
	struct tlsup_direct direct;
	int type;
	struct tlsup_rec *last;
};

static int copy_rec(struct reading *r, struct tlsup_rec *rec)
{
	unsigned int n = min_t(size_t, r->len - r->copied, rec->len);
	unsigned int got = n;

	if (!(r->flags & MSG_TRUNC)) {
		got = copy_to_iter(tlsup_rec_data(rec), n, &r->msg->msg_iter);
		tlsup_direct_advance(&r->direct, got);
		if (n && !got)
			return -EFAULT;
	}
	if (!(r->flags & MSG_PEEK)) {
		if (rec->type == TLSUP_APPLICATION_DATA)
			r->conn->rx.bytes += got;
		tlsup_rx_consume(r->conn, rec, got);
	}
	r->copied += got;
	return got < n ? -EFAULT : 0;
}

static struct tlsup_rec *next_rec(struct reading *r)
{
	struct tlsup_rx *rx = &r->conn->rx;

	if (!r->last)
		return tlsup_rx_head(r->conn);
	return list_is_last(&r->last->node, &rx->recs) ? NULL :
		list_next_entry(r->last, node);
}

/* Returns 1 to go on, 0 when the read is complete, -errno. */
static int use_rec(struct reading *r, struct tlsup_rec *rec)
{
	bool control = is_control(rec);
	int err;

	if (r->conn->raw) {
		err = tlsup_raw_take(r->conn, r->msg, rec, &r->type);
		if (err <= 0)
			return err;
	}
	if (r->flags & MSG_PEEK)
		r->last = rec;
	if (r->conn->raw && r->len - r->copied >= rec->len)
		r->msg->msg_flags |= MSG_EOR;
	err = copy_rec(r, rec);
	return err ?: !control;
}

/* Returns 1 to go on, 0 when the read is complete, -errno. */
static int open_more(struct reading *r, long *timeo)
{
	bool look = r->flags & (MSG_PEEK | MSG_TRUNC);
	struct tlsup_direct *direct = &r->direct;
	struct tlsup_conn *conn = r->conn;
	int err;

	/* A control message goes before data: raw wants to say what it is. */
	if (conn->raw && r->msg->msg_control)
		look = true;
	/* Whoever looks, and never reads, makes no more room than TCP has. */
	if ((r->flags & MSG_PEEK) && r->copied &&
	    conn->rx.queued > READ_ONCE(conn->sk->sk_rcvbuf))
		return 0;
	direct->len = 0;
	err = next_data(conn, look ? NULL : direct);
	if (err > 0) {
		conn->rx.bytes += direct->len;
		r->copied += direct->len;
		if (direct->len)
			r->type = TLSUP_APPLICATION_DATA;
		return 1;
	}
	if (err)
		return err;
	if (r->copied >= target_of(conn, r->len, r->flags))
		return 0;
	/* No memory is pinned while the reader sleeps. */
	tlsup_direct_unpin(direct);
	err = await(conn, timeo,
		    r->flags & MSG_PEEK ? conn->rx.queued : 0);
	if (err > 0 && (r->flags & MSG_PEEK)) {
		/* Somebody may have read what was looked at. */
		iov_iter_revert(&r->msg->msg_iter, r->copied);
		r->copied = 0;
		r->last = NULL;
	}
	return err;
}

static int receive(struct reading *r, long *timeo)
{
	struct tlsup_rec *rec;
	int err = 1;

	while (err > 0 && r->copied < r->len) {
		rec = next_rec(r);
		err = rec ? use_rec(r, rec) : open_more(r, timeo);
	}
	tlsup_direct_unpin(&r->direct);
	/* Data already copied is returned before an error is. */
	return r->copied ?: err < 0 ? err : 0;
}

/**
 * tlsup_recvmsg - proto->recvmsg
 * @sk: the socket
 * @msg: where the data go
 * @len: how many bytes at most
 * @flags: MSG_*
 * @addr_len: for the error queue
 *
 * Return: bytes of application data (under "tlsup-raw" of one content type), 0
 * at the end of the stream, -errno.
 */
int tlsup_recvmsg(struct sock *sk, struct msghdr *msg, size_t len, int flags,
		  int *addr_len)
{
	struct tlsup_conn *conn = tlsup_ulp_conn(sk);
	struct reading r = { .conn = conn, .msg = msg, .len = len, .flags = flags,
			     .direct.iter = &msg->msg_iter };
	long timeo;
	int err;

	if (unlikely(flags & MSG_ERRQUEUE))
		return conn->base->recvmsg(sk, msg, len, flags, addr_len);
	lock_sock(sk);
	if (conn->raw && !conn->rx.keys && conn->phase == TLSUP_PHASE_OPEN) {
		release_sock(sk);
		return conn->base->recvmsg(sk, msg, len, flags, addr_len);
	}
	timeo = sock_rcvtimeo(sk, flags & MSG_DONTWAIT);
	err = flags & ~RECV_FLAGS ? -EOPNOTSUPP : tlsup_wait_open(conn, &timeo);
	if (!err)
		err = receive(&r, &timeo);
	end_pass(conn);
	release_sock(sk);
	return err;
}

static void release_page(struct splice_pipe_desc *spd, unsigned int i)
{
	put_page(spd->pages[i]);
}

/* The record's pages, which nobody writes to any more, go into the pipe. */
static ssize_t splice_rec(struct pipe_inode_info *pipe, struct tlsup_rec *rec,
			  size_t len)
{
	struct page *pages[TLSUP_PLAINTEXT_MAX / PAGE_SIZE + 1];
	struct partial_page partial[ARRAY_SIZE(pages)];
	struct splice_pipe_desc spd = {
		.pages = pages,
		.partial = partial,
		.nr_pages_max = ARRAY_SIZE(pages),
		.ops = &nosteal_pipe_buf_ops,
		.spd_release = release_page,
	};
	size_t n, off = rec->off;

	len = min_t(size_t, len, rec->len);
	while (len && spd.nr_pages < ARRAY_SIZE(pages)) {
		n = min_t(size_t, len, PAGE_SIZE - off % PAGE_SIZE);
		pages[spd.nr_pages] = rec->page + off / PAGE_SIZE;
		get_page(pages[spd.nr_pages]);
		partial[spd.nr_pages] = (struct partial_page){
			.offset = off % PAGE_SIZE,
			.len = n,
		};
		spd.nr_pages++;
		off += n;
		len -= n;
	}
	return splice_to_pipe(pipe, &spd);
}

/* Returns the first opened record, waiting for it, or NULL and *@err. */
static struct tlsup_rec *await_rec(struct tlsup_conn *conn, long *timeo,
				   bool wait, int *err)
{
	*err = 1;
	while (*err > 0 && !tlsup_rx_head(conn)) {
		*err = next_data(conn, NULL);
		if (!*err && wait)
			*err = await(conn, timeo, 0);
	}
	return tlsup_rx_head(conn);
}

static ssize_t splice(struct tlsup_conn *conn, struct pipe_inode_info *pipe,
		      size_t len, long *timeo)
{
	struct tlsup_rec *rec;
	ssize_t n, copied = 0;
	int err;

	while (copied < len) {
		rec = await_rec(conn, timeo, !copied, &err);
		if (!rec)
			return copied ?: err;
		if (is_control(rec))
			return copied ?: -EINVAL;
		n = splice_rec(pipe, rec, len - copied);
		if (n <= 0)
			return copied ?: n;
		copied += n;
		conn->rx.bytes += n;
		tlsup_rx_consume(conn, rec, n);
	}
	return copied;
}

/**
 * tlsup_splice_read - proto_ops->splice_read
 * @sock: the socket
 * @ppos: not used
 * @pipe: where to, locked
 * @len: how many bytes at most
 * @flags: SPLICE_F_*
 *
 * No byte is copied.
 *
 * Return: bytes, 0 at the end of the stream, -errno; -EINVAL before a record
 * that is not application data ("tlsup-raw"), -EOPNOTSUPP if net.tlsup.splice
 * is off.
 */
ssize_t tlsup_splice_read(struct socket *sock, loff_t *ppos,
			  struct pipe_inode_info *pipe, size_t len,
			  unsigned int flags)
{
	struct sock *sk = sock->sk;
	struct tlsup_conn *conn = tlsup_ulp_conn(sk);
	bool nonblock = (flags & SPLICE_F_NONBLOCK) ||
			(sock->file->f_flags & O_NONBLOCK);
	ssize_t err;
	long timeo;

	if (!READ_ONCE(conn->tn->splice))
		return -EOPNOTSUPP;
	lock_sock(sk);
	timeo = sock_rcvtimeo(sk, nonblock);
	err = tlsup_wait_open(conn, &timeo);
	if (!err)
		err = splice(conn, pipe, len, &timeo);
	end_pass(conn);
	release_sock(sk);
	return err;
}
