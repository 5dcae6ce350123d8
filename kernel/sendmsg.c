// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) 2026 The tlsup authors
 *
 * What an application sees of the sending half: sendmsg with all its flags,
 * and through it sendfile and splice.
 */
#include "tlsup.h"

#include <linux/uio.h>

#include <net/tcp.h>

#define SEND_FLAGS	(MSG_MORE | MSG_DONTWAIT | MSG_NOSIGNAL | MSG_EOR | \
			 MSG_SPLICE_PAGES | MSG_CMSG_COMPAT | \
			 MSG_NO_SHARED_FRAGS | MSG_BATCH)

/*
 * TCP_CORK: more is to come. What the application has in mind for one segment
 * (a header and a file) is one record, too. As in-tree, "tlsup-raw" has records
 * of its own making.
 */
static bool is_corked(const struct tlsup_conn *conn)
{
	return !conn->raw && (tcp_sk(conn->sk)->nonagle & TCP_NAGLE_CORK);
}

/*
 * Nothing new is framed before TCP has taken what was; all of it, or as much as
 * is a batch.
 */
static int drain(struct tlsup_conn *conn, long *timeo, bool all)
{
	int err;

	for (;;) {
		err = all ? tlsup_tx_push(conn) : tlsup_tx_push_full(conn);
		if (err != -EAGAIN)
			return err;
		err = tlsup_wait_room(conn, timeo);
		if (err)
			return err;
		if (conn->phase != TLSUP_PHASE_OPEN)
			return -conn->error;
	}
}

/* One record's worth of the application's bytes; the count, or -errno. */
static int send_some(struct tlsup_conn *conn, struct msghdr *msg, u8 type,
		     bool more)
{
	struct tlsup_tx *tx = &conn->tx;
	unsigned int have = min_t(size_t, msg_data_left(msg), tx->max);
	unsigned int want = more ? tx->max : have;
	int err, n;

	if (!tx->record && have == want && iov_iter_is_bvec(&msg->msg_iter)) {
		n = tlsup_tx_pages(conn, type, &msg->msg_iter, have);
		if (n)
			return n;
	}
	if (!tx->record) {
		err = tlsup_tx_open(conn, type, want);
		if (err)
			return err;
	}
	n = tlsup_tx_fill(conn, &msg->msg_iter);
	/* Too many small pieces: this record is full before its time. */
	if (n == -ENOBUFS)
		n = 0;
	if (n < 0 && !tx->record_len)
		tlsup_tx_drop(tx);
	if (n >= 0 && (!more || msg_data_left(msg) ||
		       tx->record_len == tx->max)) {
		err = tlsup_tx_close_record(conn);
		if (err)
			return err;
	}
	return n;
}

static int check_writable(struct tlsup_conn *conn, long *timeo)
{
	int err = tlsup_wait_open(conn, timeo);

	if (err)
		return err;
	if (conn->tx.closed || (conn->sk->sk_shutdown & SEND_SHUTDOWN))
		return -EPIPE;
	return conn->sk->sk_err ? sock_error(conn->sk) : 0;
}

static int send_all(struct tlsup_conn *conn, struct msghdr *msg, long *timeo,
		    size_t *copied)
{
	bool more = !(msg->msg_flags & MSG_EOR) &&
		    ((msg->msg_flags & MSG_MORE) || is_corked(conn));
	u8 type = TLSUP_APPLICATION_DATA;
	int n, err = 0;

	if (conn->raw && msg->msg_controllen) {
		err = tlsup_raw_send_type(conn, msg, &type);
		if (err)
			return err;
	}
	while (msg_data_left(msg)) {
		if (conn->tx.update && !conn->tx.record)
			tlsup_ctrl_update_tx(conn);
		if (!*copied || conn->tx.queued >= TLSUP_TX_BATCH)
			err = drain(conn, timeo, !*copied);
		/* The lock may have been let go: look again. */
		if (!err)
			err = check_writable(conn, timeo);
		if (err)
			return err;
		n = send_some(conn, msg, type, more);
		if (n < 0)
			return n;
		*copied += n;
		conn->tx.bytes += n;
	}
	if (!more)
		return tlsup_tx_flush_open(conn);
	if (conn->tx.record)
		tlsup_conn_hold(conn);
	return 0;
}

/**
 * tlsup_sendmsg - proto->sendmsg
 * @sk: the socket
 * @msg: the message
 * @size: its length
 *
 * Return: bytes accepted, or -errno.
 */
int tlsup_sendmsg(struct sock *sk, struct msghdr *msg, size_t size)
{
	struct tlsup_conn *conn = tlsup_ulp_conn(sk);
	size_t copied = 0;
	long timeo;
	int err;

	lock_sock(sk);
	/* A failure has taken the keys: that is not as if there were none yet. */
	if (conn->raw && !conn->tx.keys && conn->phase == TLSUP_PHASE_OPEN) {
		release_sock(sk);
		return conn->base->sendmsg(sk, msg, size);
	}
	timeo = sock_sndtimeo(sk, msg->msg_flags & MSG_DONTWAIT);
	err = msg->msg_flags & ~SEND_FLAGS ? -EOPNOTSUPP :
					     check_writable(conn, &timeo);
	if (!err)
		err = send_all(conn, msg, &timeo, &copied);
	if (conn->phase == TLSUP_PHASE_OPEN)
		tlsup_tx_push(conn);
	release_sock(sk);
	if (copied)
		return copied;
	return err == -EPIPE ? sk_stream_error(sk, msg->msg_flags, err) : err;
}

/**
 * tlsup_splice_eof - the end of a sendfile or splice whose last part said
 *	that more would come
 * @sock: the socket
 */
void tlsup_splice_eof(struct socket *sock)
{
	struct sock *sk = sock->sk;
	struct tlsup_conn *conn;

	lock_sock(sk);
	conn = tlsup_ulp_conn(sk);
	if (conn->phase == TLSUP_PHASE_OPEN && !is_corked(conn))
		tlsup_tx_end(conn);
	release_sock(sk);
}
