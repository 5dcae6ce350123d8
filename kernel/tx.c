// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) 2026 The tlsup authors
 *
 * The sending half. Content is copied once, to the very place in the outgoing
 * byte stream where it is then protected, and whose pages TCP takes by
 * reference.
 *
 * The stream is a list of chunks: first tx->queued bytes of whole records that
 * TCP has not taken, then at most one open record, whose header is filled in
 * when it is closed. All under the socket lock.
 */
#include "tlsup.h"

#include <linux/bvec.h>
#include <linux/slab.h>
#include <linux/uio.h>

#include <net/tcp.h>

#define PUSH_VECS	16

/* What a record needs beside its content: header, inner type, tag. */
#define RECORD_OVERHEAD	(TLSUP_HEADER_SIZE + 1 + TLSUP_TAG_SIZE)

#define SEND_FLAGS	(MSG_MORE | MSG_DONTWAIT | MSG_NOSIGNAL | MSG_EOR | \
			 MSG_SPLICE_PAGES | MSG_CMSG_COMPAT | \
			 MSG_NO_SHARED_FRAGS)

static struct tlsup_chunk *tail(struct tlsup_tx *tx)
{
	return list_empty(&tx->chunks) ? NULL :
	       list_last_entry(&tx->chunks, struct tlsup_chunk, node);
}

static void free_chunk(struct tlsup_chunk *chunk)
{
	list_del(&chunk->node);
	put_page(chunk->page);
	kfree(chunk);
}

/* A slice of the task's page fragment; several slices may share a page. */
static struct tlsup_chunk *new_chunk(struct tlsup_conn *conn, unsigned int want)
{
	struct page_frag *frag = sk_page_frag(conn->sk);
	struct tlsup_chunk *chunk;

	if (!skb_page_frag_refill(min(want, 64U), frag, conn->sk->sk_allocation))
		return NULL;
	chunk = kmalloc(sizeof(*chunk), GFP_KERNEL);
	if (!chunk)
		return NULL;
	chunk->page = frag->page;
	get_page(chunk->page);
	chunk->sent = frag->offset;
	chunk->end = frag->offset;
	chunk->size = min(frag->offset + want, frag->size);
	frag->offset = chunk->size;
	list_add_tail(&chunk->node, &conn->tx.chunks);
	return chunk;
}

/* Give back the part of a slice that was not needed, if nobody is behind it. */
static void trim_chunk(struct tlsup_conn *conn, struct tlsup_chunk *chunk)
{
	struct page_frag *frag = sk_page_frag(conn->sk);

	if (frag->page == chunk->page && frag->offset == chunk->size)
		frag->offset = chunk->end;
	chunk->size = chunk->end;
}

/*
 * Room at the end of the stream, for at least one byte. @want: how much more
 * the record is going to need.
 */
static struct tlsup_chunk *room(struct tlsup_conn *conn, unsigned int want)
{
	struct tlsup_chunk *chunk = tail(&conn->tx);

	if (chunk && chunk->end < chunk->size)
		return chunk;
	if (conn->tx.record_sg >= TLSUP_TX_SG)
		return ERR_PTR(-ENOBUFS);
	chunk = new_chunk(conn, want);
	if (!chunk)
		return ERR_PTR(-ENOMEM);
	conn->tx.record_sg++;
	return chunk;
}

static u8 *record_header(const struct tlsup_tx *tx)
{
	return page_address(tx->record->page) + tx->record->sent;
}

static void *chunk_end(const struct tlsup_chunk *chunk)
{
	return page_address(chunk->page) + chunk->end;
}

static int append(struct tlsup_conn *conn, const u8 *data, unsigned int len)
{
	struct tlsup_chunk *chunk;
	unsigned int n;

	while (len) {
		chunk = room(conn, len);
		if (IS_ERR(chunk))
			return PTR_ERR(chunk);
		n = min(len, chunk->size - chunk->end);
		if (data) {
			memcpy(chunk_end(chunk), data, n);
			data += n;
		}
		chunk->end += n;
		len -= n;
	}
	return 0;
}

static int open_record(struct tlsup_conn *conn, u8 type, unsigned int content)
{
	struct tlsup_tx *tx = &conn->tx;
	struct tlsup_chunk *chunk = new_chunk(conn, content + RECORD_OVERHEAD);

	if (!chunk)
		return -ENOMEM;
	tx->record = chunk;
	tx->record_len = 0;
	tx->record_sg = 1;
	tx->record_type = type;
	chunk->end += TLSUP_HEADER_SIZE;
	return 0;
}

/* The open record's bytes, header first, as a scatterlist. */
static void map_record(struct tlsup_tx *tx)
{
	struct tlsup_chunk *chunk = tx->record;
	int n = 0;

	sg_init_table(tx->sg, TLSUP_TX_SG);
	list_for_each_entry_from(chunk, &tx->chunks, node)
		sg_set_page(&tx->sg[n++], chunk->page, chunk->end - chunk->sent,
			    chunk->sent);
	sg_mark_end(&tx->sg[n - 1]);
}

/* change_cipher_spec is never protected (RFC 9846, 5), nor is the first epoch. */
static bool is_protected(const struct tlsup_tx *tx)
{
	return tx->keys && tx->record_type != TLSUP_CHANGE_CIPHER_SPEC;
}

static int protect(struct tlsup_conn *conn)
{
	struct tlsup_tx *tx = &conn->tx;
	unsigned int tag = tx->keys->cipher->tag_size;
	u8 *header = record_header(tx);
	int err;

	err = append(conn, &tx->record_type, 1);
	if (!err)
		err = append(conn, NULL, tag);
	if (err)
		return err;
	tlsup_record_build_header(header, TLSUP_APPLICATION_DATA,
				  TLSUP_VERSION_1_2, tx->record_len + 1 + tag);
	map_record(tx);
	return tlsup_keys_seal(tx->keys, tx->sg, tx->record_len + 1);
}

static void drop_record(struct tlsup_tx *tx)
{
	struct tlsup_chunk *chunk = tx->record, *next;

	if (!chunk)
		return;
	list_for_each_entry_safe_from(chunk, next, &tx->chunks, node)
		free_chunk(chunk);
	tx->record = NULL;
}

/*
 * A record that cannot be closed is lost, and with it the stream: what was
 * accepted from the application must not be silently missing.
 */
static int close_record(struct tlsup_conn *conn)
{
	struct tlsup_tx *tx = &conn->tx;
	unsigned int bytes = TLSUP_HEADER_SIZE + tx->record_len;
	int err = 0;

	if (is_protected(tx)) {
		err = protect(conn);
		bytes += 1 + tx->keys->cipher->tag_size;
	} else {
		tlsup_record_build_header(record_header(tx), tx->record_type,
					  tx->first && conn->role == TLSUP_CLIENT ?
					  TLSUP_VERSION_1_0 : TLSUP_VERSION_1_2,
					  tx->record_len);
	}
	if (err) {
		drop_record(tx);
		tx->closed = true;
		tlsup_conn_fail(conn, -err, TLSUP_NO_ALERT,
				"a record could not be protected");
		return err;
	}
	trim_chunk(conn, tail(tx));
	tx->record = NULL;
	tx->first = false;
	tx->queued += bytes;
	if (tx->keys && tx->keys->epoch == TLSUP_EPOCH_APPLICATION)
		tx->records++;
	tlsup_stat_inc(conn->tn, tx_records);
	return 0;
}

/**
 * tlsup_tx_send - frame bytes of the module or the agent
 * @conn: socket lock held, no record open
 * @type: content type
 * @data: the bytes
 * @len: how many; more than a record holds go in several
 *
 * They are framed and protected at once, so a change of keys that follows acts
 * behind them; tlsup_tx_push() hands them to TCP.
 *
 * Return: 0, -ENOMEM, or what the cipher says.
 */
int tlsup_tx_send(struct tlsup_conn *conn, u8 type, const u8 *data, size_t len)
{
	unsigned int n;
	int err;

	while (len) {
		n = min_t(size_t, len, TLSUP_PLAINTEXT_MAX);
		err = open_record(conn, type, n);
		if (err)
			return err;
		conn->tx.record_len = n;
		err = append(conn, data, n);
		if (err) {
			drop_record(&conn->tx);
			return err;
		}
		err = close_record(conn);
		if (err)
			return err;
		data += n;
		len -= n;
	}
	return 0;
}

static void sent(struct tlsup_tx *tx, unsigned int bytes)
{
	struct tlsup_chunk *chunk;
	unsigned int n;

	tx->queued -= bytes;
	while (!list_empty(&tx->chunks)) {
		chunk = list_first_entry(&tx->chunks, struct tlsup_chunk, node);
		if (chunk == tx->record)
			break;
		n = min(bytes, chunk->end - chunk->sent);
		chunk->sent += n;
		bytes -= n;
		if (chunk->sent < chunk->end)
			break;
		free_chunk(chunk);
	}
}

static size_t map_queue(struct tlsup_tx *tx, struct bio_vec *vecs, int *count)
{
	struct tlsup_chunk *chunk;
	size_t total = 0;

	*count = 0;
	list_for_each_entry(chunk, &tx->chunks, node) {
		if (chunk == tx->record || *count == PUSH_VECS)
			break;
		bvec_set_page(&vecs[(*count)++], chunk->page,
			      chunk->end - chunk->sent, chunk->sent);
		total += chunk->end - chunk->sent;
	}
	return total;
}

/**
 * tlsup_tx_push - hand framed bytes to TCP, as many as it takes
 * @conn: socket lock held
 *
 * Never sleeps for room. What is left is pushed when TCP has room again.
 *
 * Return: 0 if nothing is left, -EAGAIN, or TCP's -errno.
 */
int tlsup_tx_push(struct tlsup_conn *conn)
{
	struct tlsup_tx *tx = &conn->tx;
	struct bio_vec vecs[PUSH_VECS];
	struct msghdr msg;
	size_t total;
	int count, n;

	while (tx->queued) {
		total = map_queue(tx, vecs, &count);
		msg = (struct msghdr){
			.msg_flags = MSG_DONTWAIT | MSG_NOSIGNAL |
				     MSG_SPLICE_PAGES,
		};
		if (total < tx->queued)
			msg.msg_flags |= MSG_MORE;
		iov_iter_bvec(&msg.msg_iter, ITER_SOURCE, vecs, count, total);
		n = tcp_sendmsg_locked(conn->sk, &msg, total);
		if (n < 0)
			return n;
		sent(tx, n);
	}
	return 0;
}

/**
 * tlsup_tx_forgive_small - the handshake's last segment holds nothing back
 * @conn: just open, all pushed, socket lock held
 *
 * Nagle's algorithm would keep the application's first small write until the
 * peer has acknowledged our Finished, which a peer that has nothing to say
 * delays for 40 ms. The application did not write that segment.
 */
void tlsup_tx_forgive_small(struct tlsup_conn *conn)
{
	struct tcp_sock *tp = tcp_sk(conn->sk);

	tp->snd_sml = tp->snd_una;
}

/**
 * tlsup_tx_force - hand all framed bytes to TCP before the socket goes
 * @conn: socket lock held
 *
 * There is nobody to wait any more and at most a batch is left, so for once
 * the send buffer's limit does not count.
 */
void tlsup_tx_force(struct tlsup_conn *conn)
{
	struct sock *sk = conn->sk;
	int sndbuf = sk->sk_sndbuf;

	if (!conn->tx.queued || !tlsup_tx_push(conn))
		return;
	conn->tx.force = true;
	WRITE_ONCE(sk->sk_sndbuf, INT_MAX / 2);
	tlsup_tx_push(conn);
	WRITE_ONCE(sk->sk_sndbuf, sndbuf);
	conn->tx.force = false;
}

/**
 * tlsup_tx_flush_open - close the open record, if there is one
 * @conn: socket lock held
 */
void tlsup_tx_flush_open(struct tlsup_conn *conn)
{
	if (conn->tx.record)
		close_record(conn);
}

/**
 * tlsup_tx_purge - forget what has not been sent
 * @conn: socket lock held, or nobody left to hold it
 */
void tlsup_tx_purge(struct tlsup_conn *conn)
{
	struct tlsup_chunk *chunk, *next;

	list_for_each_entry_safe(chunk, next, &conn->tx.chunks, node)
		free_chunk(chunk);
	conn->tx.record = NULL;
	conn->tx.queued = 0;
}

/**
 * tlsup_tx_work - TCP has room again, or a KeyUpdate is owed
 * @conn: socket lock held
 */
void tlsup_tx_work(struct tlsup_conn *conn)
{
	if (conn->tx.update_pending && !conn->tx.record)
		tlsup_ctrl_update_tx(conn);
	if (!tlsup_tx_push(conn) && conn->phase == TLSUP_PHASE_OPEN)
		conn->saved_write_space(conn->sk);
}

/* Nothing new is framed before TCP has taken what was. */
static int drain(struct tlsup_conn *conn, long *timeo)
{
	int err;

	for (;;) {
		err = tlsup_tx_push(conn);
		if (err != -EAGAIN)
			return err;
		err = tlsup_wait_room(conn, timeo);
		if (err)
			return err;
		if (conn->phase != TLSUP_PHASE_OPEN)
			return -conn->error;
	}
}

/* Copy into the open record as much as fits; the count, or -errno. */
static int fill_record(struct tlsup_conn *conn, struct iov_iter *iter)
{
	struct tlsup_tx *tx = &conn->tx;
	unsigned int left = min_t(size_t, iov_iter_count(iter),
				  TLSUP_PLAINTEXT_MAX - tx->record_len);
	struct tlsup_chunk *chunk;
	unsigned int n, copied;
	int total = 0;

	while (left) {
		chunk = room(conn, left + 1 + TLSUP_TAG_SIZE);
		if (IS_ERR(chunk))
			return total ?: PTR_ERR(chunk);
		n = min(left, chunk->size - chunk->end);
		copied = copy_from_iter(chunk_end(chunk), n, iter);
		chunk->end += copied;
		tx->record_len += copied;
		total += copied;
		left -= copied;
		if (copied < n)
			return total ?: -EFAULT;
	}
	return total;
}

/* One record's worth of the application's bytes; the count, or -errno. */
static int send_some(struct tlsup_conn *conn, struct msghdr *msg, bool more)
{
	struct tlsup_tx *tx = &conn->tx;
	unsigned int want = more ? TLSUP_PLAINTEXT_MAX :
		min_t(size_t, msg_data_left(msg), TLSUP_PLAINTEXT_MAX);
	int err, n;

	if (!tx->record) {
		err = open_record(conn, TLSUP_APPLICATION_DATA, want);
		if (err)
			return err;
	}
	n = fill_record(conn, &msg->msg_iter);
	/* Too many small pieces: this record is full before its time. */
	if (n == -ENOBUFS)
		n = 0;
	if (n < 0 && !tx->record_len)
		drop_record(tx);
	if (n >= 0 && (!more || msg_data_left(msg) ||
		       tx->record_len == TLSUP_PLAINTEXT_MAX)) {
		err = close_record(conn);
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
	bool more = (msg->msg_flags & MSG_MORE) && !(msg->msg_flags & MSG_EOR);
	int n, err = 0;

	while (msg_data_left(msg)) {
		if (conn->tx.update_pending && !conn->tx.record)
			tlsup_ctrl_update_tx(conn);
		if (!*copied || conn->tx.queued >= TLSUP_TX_BATCH)
			err = drain(conn, timeo);
		/* The lock may have been let go: look again. */
		if (!err)
			err = check_writable(conn, timeo);
		if (err)
			return err;
		n = send_some(conn, msg, more);
		if (n < 0)
			return n;
		*copied += n;
		conn->tx.bytes += n;
	}
	if (!more && conn->tx.record)
		return close_record(conn);
	return 0;
}

/**
 * tlsup_tx_sendmsg - proto->sendmsg
 * @sk: the socket
 * @msg: the message; pages (sendfile, splice) are copied like any other
 * @size: its length
 *
 * Return: bytes accepted, or -errno.
 */
int tlsup_tx_sendmsg(struct sock *sk, struct msghdr *msg, size_t size)
{
	struct tlsup_conn *conn;
	size_t copied = 0;
	long timeo;
	int err;

	if (msg->msg_flags & ~SEND_FLAGS)
		return -EOPNOTSUPP;
	lock_sock(sk);
	conn = tlsup_ulp_conn(sk);
	timeo = sock_sndtimeo(sk, msg->msg_flags & MSG_DONTWAIT);
	err = check_writable(conn, &timeo);
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
 * tlsup_tx_splice_eof - the end of a sendfile or splice whose last part said
 *	that more would come
 * @sock: the socket
 */
void tlsup_tx_splice_eof(struct socket *sock)
{
	struct sock *sk = sock->sk;
	struct tlsup_conn *conn;

	lock_sock(sk);
	conn = tlsup_ulp_conn(sk);
	if (conn->phase == TLSUP_PHASE_OPEN) {
		tlsup_tx_flush_open(conn);
		tlsup_tx_push(conn);
	}
	release_sock(sk);
}
