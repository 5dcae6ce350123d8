// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) 2026 The tlsup authors
 *
 * The receiving half. A record is taken out of TCP's queue as it comes, so a
 * record larger than the receive window does not stall, and nothing here
 * depends on how the peer cut its segments. It is opened in place. All in
 * process context under the socket lock; nothing outlives it but rx itself.
 */
#include "tlsup.h"

#include <linux/slab.h>

#include <net/tcp.h>

#define RECV_FLAGS	(MSG_PEEK | MSG_TRUNC | MSG_WAITALL | MSG_DONTWAIT | \
			 MSG_NOSIGNAL | MSG_CMSG_COMPAT | MSG_CMSG_CLOEXEC)

/* Take up to @want bytes out of TCP's queue; the count, or -EFAULT. */
static int take(struct sock *sk, u8 *to, unsigned int want)
{
	struct sk_buff *skb;
	unsigned int n, got = 0;
	u32 off;

	/* Done skb by skb: tcp_recv_skb() frees those before the seq it seeks. */
	while (got < want &&
	       (skb = tcp_recv_skb(sk, tcp_sk(sk)->copied_seq, &off))) {
		n = min(want - got, skb->len - off);
		if (!n) /* FIN */
			break;
		if (skb_copy_bits(skb, off, to + got, n))
			return -EFAULT;
		tcp_read_done(sk, n);
		got += n;
	}
	return got;
}

static int start_body(struct tlsup_conn *conn)
{
	struct tlsup_rx *rx = &conn->rx;
	struct tlsup_header header;
	enum tlsup_fault fault;

	/* Before anything is buffered; after a fault never parsed again. */
	fault = tlsup_record_parse_header(rx->header, rx->keys, &header);
	if (fault) {
		tlsup_conn_fail_fault(conn, fault);
		return -conn->error;
	}
	rx->raw = kmalloc(max_t(unsigned int, header.len, 1), GFP_KERNEL);
	if (!rx->raw)
		return -ENOMEM;
	rx->type = header.type;
	rx->need = header.len;
	rx->have = 0;
	return 0;
}

/* Returns 1 with a whole record, 0 without, -errno. */
static int fill(struct tlsup_conn *conn)
{
	struct tlsup_rx *rx = &conn->rx;
	int n;

	if (rx->header_have < TLSUP_HEADER_SIZE) {
		n = take(conn->sk, rx->header + rx->header_have,
			 TLSUP_HEADER_SIZE - rx->header_have);
		if (n < 0)
			return n;
		rx->header_have += n;
		if (rx->header_have < TLSUP_HEADER_SIZE)
			return 0;
	}
	if (!rx->raw) {
		n = start_body(conn);
		if (n)
			return n;
	}
	n = take(conn->sk, rx->raw + rx->have, rx->need - rx->have);
	if (n < 0)
		return n;
	rx->have += n;
	return rx->have == rx->need;
}

static void drop(struct tlsup_rx *rx)
{
	kfree(rx->raw);
	rx->raw = NULL;
	rx->opened = false;
	rx->header_have = 0;
	rx->have = 0;
	rx->need = 0;
	rx->len = 0;
}

/**
 * tlsup_rx_purge - forget what has been received
 * @conn: socket lock held, or nobody left to hold it
 */
void tlsup_rx_purge(struct tlsup_conn *conn)
{
	drop(&conn->rx);
	kfree(conn->rx.message);
	conn->rx.message = NULL;
	conn->rx.message_have = 0;
}

/**
 * tlsup_rx_consume - part of the opened record has been used
 * @conn: socket lock held, a record opened
 * @len: how many bytes of it
 */
void tlsup_rx_consume(struct tlsup_conn *conn, unsigned int len)
{
	struct tlsup_rx *rx = &conn->rx;

	rx->off += len;
	rx->len -= len;
	if (!rx->len)
		drop(rx);
}

/* Early data that the agent has rejected may be dropped (RFC 9846, 4.2.10). */
static bool skip(struct tlsup_rx *rx)
{
	unsigned int bytes = TLSUP_HEADER_SIZE + rx->need;

	if (rx->skip < bytes)
		return false;
	rx->skip -= bytes;
	drop(rx);
	return true;
}

/*
 * change_cipher_spec of the middlebox compatibility mode (RFC 9846, 5): one
 * byte 01, between the first ClientHello and the peer's Finished, few.
 */
static enum tlsup_fault check_ccs(struct tlsup_conn *conn)
{
	struct tlsup_rx *rx = &conn->rx;

	if (conn->phase == TLSUP_PHASE_WAITING ||
	    conn->phase == TLSUP_PHASE_OPEN ||
	    rx->need != 1 || rx->raw[0] != 1 || ++rx->ccs > TLSUP_CCS_MAX)
		return TLSUP_FAULT_CCS;
	drop(rx);
	return TLSUP_OK;
}

/*
 * Until the first record of the handshake epoch has been opened, a peer that
 * could not derive keys has only a plaintext alert to say so.
 */
static bool is_plaintext_alert(const struct tlsup_rx *rx)
{
	return rx->type == TLSUP_ALERT && rx->need == 2 &&
	       rx->keys->epoch == TLSUP_EPOCH_HANDSHAKE && !rx->keys->seq;
}

static enum tlsup_fault open_protected(struct tlsup_conn *conn, size_t *len,
				       int *error)
{
	struct tlsup_rx *rx = &conn->rx;
	struct scatterlist sg[2];
	enum tlsup_fault fault;

	sg_init_table(sg, ARRAY_SIZE(sg));
	sg_set_buf(&sg[0], rx->header, TLSUP_HEADER_SIZE);
	sg_set_buf(&sg[1], rx->raw, max(rx->need, 1U));
	fault = tlsup_keys_open(rx->keys, sg, rx->need, error);
	if (fault || *error)
		return fault;
	rx->skip = 0;
	return tlsup_record_inner(rx->raw,
				  rx->need - rx->keys->cipher->tag_size,
				  &rx->content_type, len);
}

/* Open the whole record in rx->raw; with TLSUP_OK it may have been dropped. */
static enum tlsup_fault open_record(struct tlsup_conn *conn, int *error)
{
	struct tlsup_rx *rx = &conn->rx;
	enum tlsup_fault fault;
	size_t len = rx->need;

	if (rx->type == TLSUP_CHANGE_CIPHER_SPEC)
		return check_ccs(conn);
	if (!rx->keys && rx->type == TLSUP_APPLICATION_DATA)
		return skip(rx) ? TLSUP_OK : TLSUP_FAULT_PROTECTED;

	rx->content_type = rx->type;
	if (rx->keys && !is_plaintext_alert(rx)) {
		if (rx->type != TLSUP_APPLICATION_DATA)
			return TLSUP_FAULT_UNPROTECTED;
		fault = open_protected(conn, &len, error);
		if (fault == TLSUP_FAULT_MAC && !rx->keys->seq && skip(rx))
			return TLSUP_OK;
		if (fault || *error)
			return fault;
		if (rx->content_type == TLSUP_CHANGE_CIPHER_SPEC)
			return TLSUP_FAULT_CCS;
	} else if (rx->type == TLSUP_HANDSHAKE_RECORD) {
		rx->skip = 0;
	}
	fault = tlsup_record_check_content(rx->content_type, len);
	if (fault)
		return fault;

	rx->opened = true;
	rx->off = 0;
	rx->len = len;
	return TLSUP_OK;
}

static void count(struct tlsup_conn *conn)
{
	tlsup_stat_inc(conn->tn, rx_records);
	if (conn->rx.keys && conn->rx.keys->epoch == TLSUP_EPOCH_APPLICATION)
		conn->rx.records++;
}

/**
 * tlsup_rx_next - have a record opened
 * @conn: socket lock held
 *
 * Return: 1 with a record of any content type opened (perhaps the same as
 * before), 0 when no whole one has come, -errno: -ENOMEM leaves all as it was,
 * anything else has made the connection fail.
 */
int tlsup_rx_next(struct tlsup_conn *conn)
{
	struct tlsup_rx *rx = &conn->rx;
	enum tlsup_fault fault;
	int err;

	while (!rx->opened) {
		err = fill(conn);
		if (err == -EFAULT)
			tlsup_conn_fail(conn, EFAULT, TLSUP_ALERT_INTERNAL_ERROR,
					"received bytes that cannot be read");
		if (err <= 0)
			return err;
		fault = open_record(conn, &err);
		if (fault) {
			tlsup_conn_fail_fault(conn, fault);
			return -conn->error;
		}
		if (err < 0) {
			tlsup_conn_fail(conn, -err, TLSUP_ALERT_INTERNAL_ERROR,
					"a record could not be decrypted");
			return err;
		}
		if (rx->opened)
			count(conn);
	}
	return 1;
}

/* The opened record goes to the agent: as EV_START or as EV_RECORD. */
static void hand_up(struct tlsup_conn *conn)
{
	struct sk_buff *event;

	if (conn->phase == TLSUP_PHASE_WAITING) {
		tlsup_conn_submit(conn);
		return;
	}
	event = tlsup_event_record(conn);
	if (!event) {
		tlsup_conn_fail(conn, ENOMEM, TLSUP_ALERT_INTERNAL_ERROR,
				"out of memory");
		return;
	}
	tlsup_rx_consume(conn, conn->rx.len);
	conn->awaiting = true;
	tlsup_agent_event(conn, event);
}

static void handshake_record(struct tlsup_conn *conn)
{
	struct tlsup_rx *rx = &conn->rx;

	switch (rx->content_type) {
	case TLSUP_HANDSHAKE_RECORD:
		hand_up(conn);
		break;
	case TLSUP_ALERT:
		if (!tlsup_ctrl_received_alert(conn, rx->raw + rx->off))
			tlsup_rx_consume(conn, rx->len);
		break;
	default:
		tlsup_conn_fail_fault(conn, TLSUP_FAULT_UNEXPECTED);
	}
}

/**
 * tlsup_rx_handshake - take the next record of the handshake, if it has come
 * @conn: socket lock held; TLSUP_PHASE_WAITING as a server, or later
 *
 * Stops at each record that goes to the agent, until it has answered: keys
 * change at record boundaries, and only the engine knows where.
 */
void tlsup_rx_handshake(struct tlsup_conn *conn)
{
	while (conn->phase < TLSUP_PHASE_OPEN && !conn->awaiting) {
		int err = tlsup_rx_next(conn);

		if (err == -ENOMEM)
			tlsup_conn_fail(conn, ENOMEM, TLSUP_ALERT_INTERNAL_ERROR,
					"out of memory");
		if (err <= 0)
			return;
		handshake_record(conn);
	}
}

/**
 * tlsup_rx_discard - the connection has failed; throw away what comes
 * @conn: socket lock held
 *
 * Input that stays unread would make TCP answer with RST, which can destroy
 * the alert on its way to the peer.
 */
void tlsup_rx_discard(struct tlsup_conn *conn)
{
	u32 off;
	struct sock *sk = conn->sk;
	struct sk_buff *skb;

	while ((skb = tcp_recv_skb(sk, tcp_sk(sk)->copied_seq, &off)) &&
	       skb->len > off)
		tcp_read_done(sk, skb->len - off);
}

/*
 * Have application data opened, and see to all other records on the way.
 * Returns 1 with data, 0 without, -errno.
 */
static int next_data(struct tlsup_conn *conn)
{
	struct tlsup_rx *rx = &conn->rx;
	int err;

	while (!rx->eof) {
		err = tlsup_rx_next(conn);
		if (err <= 0)
			return err;
		/* Nor may data stand within a fragmented message: see there. */
		if (rx->content_type != TLSUP_APPLICATION_DATA ||
		    rx->message_have) {
			err = tlsup_ctrl_record(conn);
			if (err)
				return err;
			continue;
		}
		if (rx->len)
			return 1;
		drop(rx);
	}
	tlsup_rx_discard(conn);
	return 0;
}

/**
 * tlsup_rx_drain - before close: see to records that are not data
 * @conn: open, socket lock held
 */
void tlsup_rx_drain(struct tlsup_conn *conn)
{
	next_data(conn);
}

static bool at_end(const struct tlsup_conn *conn)
{
	const struct sock *sk = conn->sk;

	return conn->rx.eof || (sk->sk_shutdown & RCV_SHUTDOWN) ||
	       sk->sk_state == TCP_CLOSE;
}

/**
 * tlsup_rx_readable - would a read return at once?
 * @conn: open, socket lock held
 *
 * The head record is opened to know: TLS 1.3 hides the type, and a lone
 * ticket must not make a non-blocking reader spin.
 *
 * Return: true for data, end of stream or failure.
 */
bool tlsup_rx_readable(struct tlsup_conn *conn)
{
	return next_data(conn) || at_end(conn);
}

/* No data is left: 0 at the peer's close_notify, -errno, or 1 to wait. */
static int check_end(struct tlsup_conn *conn)
{
	struct sock *sk = conn->sk;

	if (conn->rx.eof)
		return 0;
	if (sk->sk_err)
		return sock_error(sk);
	if (!at_end(conn))
		return 1;
	/* The application itself closed this half: as TCP, no error. */
	if (conn->read_shutdown)
		return 0;
	tlsup_conn_fail(conn, ECONNRESET, TLSUP_NO_ALERT,
			"the stream ended without close_notify");
	return -conn->error;
}

static int copy_out(struct tlsup_conn *conn, struct msghdr *msg, size_t want,
		    int flags)
{
	struct tlsup_rx *rx = &conn->rx;
	unsigned int n = min_t(size_t, want, rx->len);

	if (!(flags & MSG_TRUNC)) {
		n = copy_to_iter(rx->raw + rx->off, n, &msg->msg_iter);
		if (!n)
			return -EFAULT;
	}
	if (!(flags & MSG_PEEK)) {
		rx->bytes += n;
		tlsup_rx_consume(conn, n);
	}
	return n;
}

static int receive(struct tlsup_conn *conn, struct msghdr *msg, size_t len,
		   int flags, long *timeo)
{
	size_t target = sock_rcvlowat(conn->sk, flags & MSG_WAITALL, len);
	size_t copied = 0;
	int err;

	while (copied < len) {
		err = next_data(conn);
		if (!err && copied >= target)
			break;
		if (!err) {
			err = check_end(conn);
			if (err <= 0)
				return copied ?: err;
			err = tlsup_wait_input(conn, timeo);
			if (!err && conn->phase != TLSUP_PHASE_OPEN)
				err = -conn->error;
			if (err)
				return copied ?: err;
			continue;
		}
		if (err > 0)
			err = copy_out(conn, msg, len - copied, flags);
		if (err < 0)
			return copied ?: err;
		copied += err;
		if (flags & MSG_PEEK)
			break;
	}
	return copied;
}

/**
 * tlsup_rx_recvmsg - proto->recvmsg
 * @sk: the socket
 * @msg: where the data go
 * @len: how many bytes at most
 * @flags: MSG_*; MSG_PEEK sees the head record only
 * @addr_len: for the error queue
 *
 * Return: bytes of application data, 0 at the peer's close_notify, -errno.
 */
int tlsup_rx_recvmsg(struct sock *sk, struct msghdr *msg, size_t len, int flags,
		     int *addr_len)
{
	struct tlsup_conn *conn;
	long timeo;
	int err;

	if (unlikely(flags & MSG_ERRQUEUE))
		return tlsup_ulp_conn(sk)->base->recvmsg(sk, msg, len, flags,
							 addr_len);
	if (flags & ~RECV_FLAGS)
		return -EOPNOTSUPP;
	lock_sock(sk);
	conn = tlsup_ulp_conn(sk);
	timeo = sock_rcvtimeo(sk, flags & MSG_DONTWAIT);
	err = tlsup_wait_open(conn, &timeo);
	if (!err)
		err = receive(conn, msg, len, flags, &timeo);
	release_sock(sk);
	return err;
}
