// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) 2026 The tlsup authors
 *
 * The sending half. Content is copied once, to the very place in the outgoing
 * byte stream where it is then protected, and whose pages TCP takes by
 * reference. What comes as pages (sendfile, splice) the cipher itself brings
 * there.
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

/*
 * The content of a record that is not small begins at a multiple of this:
 * copies and ciphers want words, blocks and cache lines whole. Small records
 * rather stand close together, as one fragment of a segment.
 */
#define ALIGNMENT	64
#define ALIGNED_MIN	4096

/* Enough for what stands in front of a record's content, and to align it. */
#define CHUNK_MIN	128

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

	if (!tlsup_frag_refill(frag, min_t(unsigned int, want, CHUNK_MIN),
			       conn->sk->sk_allocation))
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
 * the record is going to need; @max: pieces that it may be in.
 */
static struct tlsup_chunk *room(struct tlsup_conn *conn, unsigned int want,
				unsigned int max)
{
	struct tlsup_chunk *chunk = tail(&conn->tx);

	if (chunk && chunk->end < chunk->size)
		return chunk;
	if (conn->tx.record_sg >= max)
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

/* @data: NULL for zeros. */
static int append(struct tlsup_conn *conn, const u8 *data, unsigned int len)
{
	struct tlsup_chunk *chunk;
	unsigned int n;

	while (len) {
		chunk = room(conn, len, TLSUP_TX_SG - 1);
		if (IS_ERR(chunk))
			return PTR_ERR(chunk);
		n = min(len, chunk->size - chunk->end);
		if (data) {
			memcpy(chunk_end(chunk), data, n);
			data += n;
		} else {
			memset(chunk_end(chunk), 0, n);
		}
		chunk->end += n;
		len -= n;
	}
	return 0;
}

/* change_cipher_spec is never protected (RFC 9846, 5), nor is the first epoch. */
static bool is_protected(const struct tlsup_conn *conn, u8 type)
{
	return conn->tx.keys && (type != TLSUP_CHANGE_CIPHER_SPEC || conn->raw);
}

static unsigned int overhead(const struct tlsup_conn *conn, u8 type)
{
	return TLSUP_HEADER_SIZE + (is_protected(conn, type) ?
		tlsup_keys_overhead(conn->tx.keys) + conn->tx.pad : 0);
}

/* Bytes in front of the content: header and explicit nonce. */
static unsigned int prefix(const struct tlsup_conn *conn, u8 type)
{
	return TLSUP_HEADER_SIZE + (is_protected(conn, type) ?
				    conn->tx.keys->explicit_size : 0);
}

/**
 * tlsup_tx_open - begin a record
 * @conn: socket lock held, no record open
 * @type: content type
 * @content: how much it is likely to hold, bytes
 *
 * Return: 0 or -ENOMEM.
 */
int tlsup_tx_open(struct tlsup_conn *conn, u8 type, unsigned int content)
{
	struct tlsup_tx *tx = &conn->tx;
	bool aligned = content >= ALIGNED_MIN;
	struct tlsup_chunk *chunk;

	chunk = new_chunk(conn, content + overhead(conn, type) +
				(aligned ? ALIGNMENT : 0));
	if (!chunk)
		return -ENOMEM;
	tx->record = chunk;
	tx->record_len = 0;
	tx->record_sg = 1;
	tx->record_type = type;
	chunk->end += prefix(conn, type);
	if (aligned) {
		chunk->sent += ALIGN(chunk->end, ALIGNMENT) - chunk->end;
		chunk->end = ALIGN(chunk->end, ALIGNMENT);
	}
	return 0;
}

/* The open record's bytes behind @skip, with one entry free in front. */
static void map_record(struct tlsup_tx *tx, struct scatterlist *sg,
		       unsigned int skip)
{
	struct tlsup_chunk *chunk = tx->record;
	int n = 1;

	sg[0].page_link = 0;
	list_for_each_entry_from(chunk, &tx->chunks, node) {
		if (chunk->end - chunk->sent > skip) {
			sg[n].page_link = 0;
			sg_set_page(&sg[n++], chunk->page,
				    chunk->end - chunk->sent - skip,
				    chunk->sent + skip);
		}
		skip = 0;
	}
	sg_mark_end(&sg[n - 1]);
}

/* TLS 1.3: the content type moves inside, and padding behind it. */
static int append_type(struct tlsup_conn *conn, unsigned int *len)
{
	struct tlsup_tx *tx = &conn->tx;
	unsigned int padding = tlsup_record_padding(tx->record_len, tx->pad,
						    tx->max);
	int err;

	err = append(conn, &tx->record_type, 1);
	if (!err)
		err = append(conn, NULL, padding);
	*len += 1 + padding;
	return err;
}

/* @src: where content and inner type are; NULL: in the open record already. */
static int protect(struct tlsup_conn *conn, struct scatterlist *src,
		   unsigned int *bytes)
{
	struct tlsup_tx *tx = &conn->tx;
	struct tlsup_keys *keys = tx->keys;
	struct scatterlist sg[TLSUP_TX_SG] tlsup_uninitialized;
	unsigned int len = tx->record_len, trailer;
	u8 *header = record_header(tx);
	u8 type = tx->record_type;
	int err = 0;

	if (keys->type_size) {
		type = TLSUP_APPLICATION_DATA;
		err = append_type(conn, &len);
	}
	trailer = tlsup_keys_trailer(keys, len);
	if (!err)
		err = append(conn, NULL, trailer);
	if (err)
		return err;
	*bytes = keys->explicit_size + len + trailer;
	tlsup_record_build_header(header, type, TLSUP_VERSION_1_2, *bytes);
	tlsup_keys_explicit(keys, header + TLSUP_HEADER_SIZE);
	map_record(tx, sg, TLSUP_HEADER_SIZE + keys->explicit_size);
	return tlsup_keys_seal(keys, src ?: sg, sg, type, len);
}

/**
 * tlsup_tx_drop - forget the open record
 * @tx: the sending half, socket lock held
 */
void tlsup_tx_drop(struct tlsup_tx *tx)
{
	struct tlsup_chunk *chunk = tx->record, *next;

	if (!chunk)
		return;
	list_for_each_entry_safe_from(chunk, next, &tx->chunks, node)
		free_chunk(chunk);
	tx->record = NULL;
}

static void plain_header(struct tlsup_conn *conn)
{
	struct tlsup_tx *tx = &conn->tx;
	u16 version = tx->first && conn->role == TLSUP_CLIENT ?
		TLSUP_VERSION_1_0 : TLSUP_VERSION_1_2;

	tlsup_record_build_header(record_header(tx), tx->record_type, version,
				  tx->record_len);
}

static void count(struct tlsup_conn *conn)
{
	struct tlsup_tx *tx = &conn->tx;

	tlsup_stat_inc(conn->tn, tx_records);
	if (!tx->keys || tx->keys->epoch != TLSUP_EPOCH_APPLICATION)
		return;
	tx->records++;
	if (unlikely(tx->keys->used >= tlsup_key_limit(tx->keys)))
		tlsup_ctrl_tx_limit(conn);
}

static int close_record(struct tlsup_conn *conn, struct scatterlist *src)
{
	struct tlsup_tx *tx = &conn->tx;
	unsigned int bytes = tx->record_len;
	int err = 0;

	if (is_protected(conn, tx->record_type))
		err = protect(conn, src, &bytes);
	else
		plain_header(conn);
	if (err) {
		tlsup_tx_drop(tx);
		tx->closed = true;
		tlsup_conn_fail(conn, -err, TLSUP_NO_ALERT,
				"a record could not be protected");
		return err;
	}
	trim_chunk(conn, tail(tx));
	tx->record = NULL;
	tx->first = false;
	tx->queued += TLSUP_HEADER_SIZE + bytes;
	count(conn);
	return 0;
}

/**
 * tlsup_tx_close_record - end the open record
 * @conn: socket lock held, a record open
 *
 * A record that cannot be closed is lost, and with it the stream: what was
 * accepted from the application must not be silently missing.
 *
 * Return: 0 or -errno: the connection has failed.
 */
int tlsup_tx_close_record(struct tlsup_conn *conn)
{
	return close_record(conn, NULL);
}

/*
 * Pages can change while the cipher reads them. That is no harm if it reads
 * them once and authenticates what it has written, as GCM and ChaCha20-Poly1305
 * do; CCM and the MAC suites read them twice, and the record would be broken.
 */
static bool reads_once(const struct tlsup_keys *keys)
{
	return !keys->cbc && !keys->cipher->nonce_prefix;
}

/* Content of @len bytes and the inner type; 0 if that takes too many entries. */
static unsigned int map_pages(struct tlsup_tx *tx, struct iov_iter *iter,
			      unsigned int len, struct scatterlist *sg)
{
	unsigned int left = len, n = 0, part;

	sg[0].page_link = 0;
	while (left) {
		const struct bio_vec *vec = iter->bvec;
		size_t off = vec->bv_offset + iter->iov_offset;

		part = min_t(size_t, left, vec->bv_len - iter->iov_offset);
		if (!part || ++n > TLSUP_TX_SG_CONTENT) {
			iov_iter_revert(iter, len - left);
			return 0;
		}
		sg[n].page_link = 0;
		sg_set_page(&sg[n], vec->bv_page + off / PAGE_SIZE, part,
			    off % PAGE_SIZE);
		iov_iter_advance(iter, part);
		left -= part;
	}
	if (tx->keys->type_size) {
		sg[++n].page_link = 0;
		sg_set_buf(&sg[n], &tx->record_type, 1);
	}
	sg_mark_end(&sg[n]);
	return n;
}

/* Room for @len bytes of content, which the cipher writes. */
static int reserve(struct tlsup_conn *conn, unsigned int len)
{
	struct tlsup_tx *tx = &conn->tx;
	unsigned int extra = overhead(conn, tx->record_type), n;
	struct tlsup_chunk *chunk;

	while (tx->record_len < len) {
		chunk = room(conn, len - tx->record_len + extra,
			     TLSUP_TX_SG_CONTENT);
		if (IS_ERR(chunk))
			return PTR_ERR(chunk);
		n = min(len - tx->record_len, chunk->size - chunk->end);
		chunk->end += n;
		tx->record_len += n;
	}
	return 0;
}

/**
 * tlsup_tx_pages - make a whole record of pages, without copying them first
 * @conn: socket lock held, no record open
 * @type: content type
 * @iter: of pages (ITER_BVEC); moves on
 * @len: bytes of content, which @iter has
 *
 * Return: @len; 0 if they have to be copied; -errno: the connection has failed.
 */
int tlsup_tx_pages(struct tlsup_conn *conn, u8 type, struct iov_iter *iter,
		   unsigned int len)
{
	struct scatterlist src[TLSUP_TX_SG] tlsup_uninitialized;
	struct tlsup_tx *tx = &conn->tx;
	int err;

	if (len < ALIGNED_MIN || !is_protected(conn, type) || tx->pad ||
	    !reads_once(tx->keys))
		return 0;
	if (tlsup_tx_open(conn, type, len))
		return 0;
	if (reserve(conn, len) || !map_pages(tx, iter, len, src)) {
		tlsup_tx_drop(tx);
		return 0;
	}
	err = close_record(conn, src);
	return err ?: len;
}

/**
 * tlsup_tx_fill - copy into the open record as much as fits
 * @conn: socket lock held, a record open
 * @iter: from where
 *
 * Return: bytes, -ENOBUFS if the record is in too many pieces for any more,
 * -ENOMEM, -EFAULT.
 */
int tlsup_tx_fill(struct tlsup_conn *conn, struct iov_iter *iter)
{
	struct tlsup_tx *tx = &conn->tx;
	unsigned int extra = overhead(conn, tx->record_type);
	unsigned int left = min_t(size_t, iov_iter_count(iter),
				  tx->max - tx->record_len);
	struct tlsup_chunk *chunk;
	unsigned int n, copied;
	int total = 0;

	while (left) {
		chunk = room(conn, left + extra, TLSUP_TX_SG_CONTENT);
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
		n = min_t(size_t, len, conn->tx.max);
		err = tlsup_tx_open(conn, type, n);
		if (err)
			return err;
		conn->tx.record_len = n;
		err = append(conn, data, n);
		if (err) {
			tlsup_tx_drop(&conn->tx);
			return err;
		}
		err = tlsup_tx_close_record(conn);
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

/* At most @max bytes of the queue; returns how many. */
static size_t map_queue(struct tlsup_tx *tx, size_t max, struct bio_vec *vecs,
			int *count)
{
	struct tlsup_chunk *chunk;
	size_t n, total = 0;

	*count = 0;
	list_for_each_entry(chunk, &tx->chunks, node) {
		if (chunk == tx->record || *count == PUSH_VECS || total == max)
			break;
		n = min_t(size_t, chunk->end - chunk->sent, max - total);
		bvec_set_page(&vecs[(*count)++], chunk->page, n, chunk->sent);
		total += n;
	}
	return total;
}

static int push(struct tlsup_conn *conn, unsigned int keep)
{
	struct tlsup_tx *tx = &conn->tx;
	struct bio_vec vecs[PUSH_VECS] tlsup_uninitialized;
	size_t total;
	int count, n;

	while (tx->queued > keep) {
		total = map_queue(tx, tx->queued - keep, vecs, &count);
		n = tlsup_tcp_send(conn->sk, vecs, count, total,
				   total == tx->queued - keep);
		if (n < 0)
			return n;
		sent(tx, n);
	}
	return 0;
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
	return push(conn, 0);
}

/**
 * tlsup_tx_push_full - hand framed bytes to TCP, but none that more will follow
 *	anyway
 * @conn: socket lock held; the caller is going to frame more, or to push
 *
 * What does not fill a segment as large as TCP makes them is kept: pushed with
 * each batch, it would be a small segment behind each large one.
 *
 * Return: 0 if less than such a segment is left, -EAGAIN, or TCP's -errno.
 */
int tlsup_tx_push_full(struct tlsup_conn *conn)
{
	const struct tcp_sock *tp = tcp_sk(conn->sk);
	unsigned int full = tp->gso_segs * tp->mss_cache;

	return push(conn, full ? conn->tx.queued % full : 0);
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
 *
 * Return: 0 or -errno: the connection has failed.
 */
int tlsup_tx_flush_open(struct tlsup_conn *conn)
{
	return conn->tx.record ? tlsup_tx_close_record(conn) : 0;
}

/**
 * tlsup_tx_end - nothing more is to come: send the open record, if there is one
 * @conn: open, socket lock held
 */
void tlsup_tx_end(struct tlsup_conn *conn)
{
	if (tlsup_tx_flush_open(conn))
		return;
	/* It could not go while the record was open. */
	if (conn->tx.update)
		tlsup_ctrl_update_tx(conn);
	tlsup_tx_push(conn);
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
	if (conn->tx.update && !conn->tx.record)
		tlsup_ctrl_update_tx(conn);
	if (!tlsup_tx_push(conn) && conn->phase == TLSUP_PHASE_OPEN)
		conn->saved_write_space(conn->sk);
}
