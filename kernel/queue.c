// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) 2026 The tlsup authors
 *
 * One record in TCP's receive queue: found, mapped for the cipher where it
 * lies, given back.
 *
 * While the socket lock is held nobody else changes the queue, so one place in
 * it (rx->skb, rx->off) is remembered, and TCP hears only at the end of a pass
 * (tlsup_queue_sync()) how much has been used. Whoever lets go of the lock, or
 * sends, syncs first.
 *
 * A record is used where it lies, unless it can never lie there whole: because
 * the window is too small, or because it is in too many pieces. Then it is
 * taken out as it comes (rx->raw).
 */
#include "tlsup.h"

#include <linux/slab.h>

#include <net/tcp.h>

/**
 * tlsup_queue_available - bytes that TCP has and that have not been used
 * @conn: socket lock held
 *
 * Return: bytes; urgent ones are in line.
 */
u32 tlsup_queue_available(const struct tlsup_conn *conn)
{
	const struct sock *sk = conn->sk;
	const struct tcp_sock *tp = tcp_sk(sk);
	u32 n = tp->rcv_nxt - tp->copied_seq;

	/* SOCK_DONE: the last one is the FIN's. */
	if (n && sock_flag(sk, SOCK_DONE))
		n--;
	return n > conn->rx.used ? n - conn->rx.used : 0;
}

static bool seek(struct tlsup_conn *conn)
{
	struct tlsup_rx *rx = &conn->rx;
	struct sock *sk = conn->sk;

	if (rx->skb)
		return true;
	/* It frees what is before the place, which TCP must know of first. */
	tlsup_queue_sync(conn);
	rx->skb = tcp_recv_skb(sk, tcp_sk(sk)->copied_seq, &rx->off);
	return rx->skb;
}

static struct sk_buff *behind(const struct sock *sk, const struct sk_buff *skb)
{
	return skb_queue_is_last(&sk->sk_receive_queue, skb) ? NULL :
		skb_queue_next(&sk->sk_receive_queue, skb);
}

static void advance(struct tlsup_conn *conn, u32 len)
{
	struct tlsup_rx *rx = &conn->rx;

	rx->used += len;
	rx->off += len;
	while (rx->skb && rx->off >= rx->skb->len) {
		rx->off -= rx->skb->len;
		rx->skb = behind(conn->sk, rx->skb);
	}
}

/* @len bytes that are there, @off behind the present place. */
static int copy(struct tlsup_conn *conn, u8 *to, u32 off, u32 len)
{
	struct sk_buff *skb;
	u32 n;

	if (!len)
		return 0;
	if (!seek(conn))
		return -EFAULT;
	skb = conn->rx.skb;
	off += conn->rx.off;
	for (; skb && len; skb = behind(conn->sk, skb)) {
		if (off >= skb->len) {
			off -= skb->len;
			continue;
		}
		n = min(len, skb->len - off);
		if (skb_copy_bits(skb, off, to, n))
			return -EFAULT;
		to += n;
		len -= n;
		off = 0;
	}
	return len ? -EFAULT : 0;
}

/*
 * Add to a scatterlist of @used entries, the last of which grows if it ends
 * where this begins: the pages of one fragment of the sender's mostly do.
 */
static unsigned int add(struct scatterlist *sg, unsigned int used,
			struct page *page, u32 off, u32 len)
{
	struct scatterlist *last = &sg[used - 1];

	if (used && page_to_phys(page) + off ==
		    page_to_phys(sg_page(last)) + last->offset + last->length) {
		last->length += len;
		return used;
	}
	sg[used].page_link = 0;
	sg_set_page(&sg[used], page, len, off);
	return used + 1;
}

/* Returns the number of entries, 0 if @max is not enough. */
static unsigned int map_skb(const struct sk_buff *skb, u32 off, u32 len,
			    struct scatterlist *sg, unsigned int used,
			    unsigned int max)
{
	u32 head = skb_headlen(skb);
	u32 n;
	int i;

	if (off < head) {
		n = min(len, head - off);
		used = add(sg, used, virt_to_page(skb->data + off),
			   offset_in_page(skb->data + off), n);
		len -= n;
		off += n;
	}
	off -= head;
	for (i = 0; len && i < skb_shinfo(skb)->nr_frags; i++) {
		const skb_frag_t *frag = &skb_shinfo(skb)->frags[i];
		u32 size = skb_frag_size(frag);

		if (off >= size) {
			off -= size;
			continue;
		}
		if (used == max)
			return 0;
		n = min(len, size - off);
		used = add(sg, used, skb_frag_page(frag),
			   skb_frag_off(frag) + off, n);
		len -= n;
		off = 0;
	}
	return len ? 0 : used;
}

static unsigned int map(struct tlsup_conn *conn, u32 off, u32 len,
			struct scatterlist *sg, unsigned int max)
{
	struct sk_buff *skb = conn->rx.skb;
	unsigned int used = 0;
	u32 part;

	off += conn->rx.off;
	for (; skb && len; skb = behind(conn->sk, skb)) {
		if (off >= skb->len) {
			off -= skb->len;
			continue;
		}
		part = min(len, skb->len - off);
		/*
		 * Lists of skbs and pages of devices: let them be copied. And
		 * so what a sender on this machine can still change, by
		 * sendfile or splice: a record must not be another one when it
		 * is decrypted than when its MAC was checked.
		 */
		if (used == max || skb_has_frag_list(skb) ||
		    skb_has_shared_frag(skb) ||
		    !skb_frags_readable(skb))
			return 0;
		used = map_skb(skb, off, part, sg, used, max);
		if (!used)
			return 0;
		len -= part;
		off = 0;
	}
	return len ? 0 : used;
}

/* Will the rest of the record never fit into TCP's queue? */
static bool is_stuck(const struct tlsup_conn *conn, u32 have)
{
	const struct sock *sk = conn->sk;

	return conn->rx.need - have > tcp_receive_window(tcp_sk(sk)) ||
	       atomic_read(&sk->sk_rmem_alloc) > READ_ONCE(sk->sk_rcvbuf) / 2;
}

static int take_out(struct tlsup_conn *conn, u32 have)
{
	struct tlsup_rx *rx = &conn->rx;
	u32 n = min(rx->need - rx->have, have);
	int err;

	if (!rx->raw)
		rx->raw = kmalloc(max(rx->need, 1U), GFP_KERNEL);
	if (!rx->raw)
		return -ENOMEM;
	err = copy(conn, rx->raw + rx->have, 0, n);
	if (err)
		return err;
	rx->have += n;
	advance(conn, n);
	return rx->have == rx->need;
}

/**
 * tlsup_queue_fill - have the body of the record whose header is parsed
 * @conn: socket lock held
 *
 * Return: 1 if it is there whole, 0 if not, -ENOMEM, -EFAULT.
 */
int tlsup_queue_fill(struct tlsup_conn *conn)
{
	struct tlsup_rx *rx = &conn->rx;
	u32 have = tlsup_queue_available(conn);

	if (!rx->raw && have >= rx->need)
		return 1;
	rx->seen = tcp_sk(conn->sk)->rcv_nxt;
	return rx->raw || is_stuck(conn, have) ? take_out(conn, have) : 0;
}

/**
 * tlsup_queue_header - have the header of the next record
 * @conn: socket lock held
 *
 * Return: 1 if rx->header is whole, 0 if not, -EFAULT.
 */
int tlsup_queue_header(struct tlsup_conn *conn)
{
	struct tlsup_rx *rx = &conn->rx;
	u32 n = min_t(u32, TLSUP_HEADER_SIZE - rx->header_have, tlsup_queue_available(conn));
	int err = copy(conn, rx->header + rx->header_have, 0, n);

	if (err)
		return err;
	if (n)
		advance(conn, n);
	rx->header_have += n;
	rx->seen = tcp_sk(conn->sk)->rcv_nxt;
	return rx->header_have == TLSUP_HEADER_SIZE;
}

/**
 * tlsup_queue_copy - copy of the record's body, which is there whole
 * @conn: socket lock held
 * @to: where to
 * @off: from which byte of the body
 * @len: how many
 *
 * Return: 0 or -EFAULT.
 */
int tlsup_queue_copy(struct tlsup_conn *conn, u8 *to, unsigned int off,
		     unsigned int len)
{
	if (!conn->rx.raw)
		return copy(conn, to, off, len);
	memcpy(to, conn->rx.raw + off, len);
	return 0;
}

/**
 * tlsup_queue_map - the record's body, which is there whole, as a scatterlist
 * @conn: socket lock held
 * @off: from which byte of the body, at least one of which is behind it
 * @sg: need not be initialised; its last entry is marked
 * @max: entries
 *
 * Return: 0, -ENOMEM or -EFAULT.
 */
int tlsup_queue_map(struct tlsup_conn *conn, unsigned int off,
		    struct scatterlist *sg, unsigned int max)
{
	struct tlsup_rx *rx = &conn->rx;
	unsigned int n = 0;
	int err;

	if (!rx->raw && seek(conn))
		n = map(conn, off, rx->need - off, sg, max);
	if (!n && !rx->raw) {
		err = take_out(conn, rx->need);
		if (err < 0)
			return err;
	}
	if (rx->raw)
		n = add(sg, 0, virt_to_page(rx->raw + off),
			offset_in_page(rx->raw + off), rx->need - off);
	sg_mark_end(&sg[n - 1]);
	return 0;
}

/**
 * tlsup_queue_done - the record has been used, or is not wanted
 * @conn: socket lock held, the record's body there whole
 */
void tlsup_queue_done(struct tlsup_conn *conn)
{
	struct tlsup_rx *rx = &conn->rx;

	if (!rx->raw && rx->need && seek(conn))
		advance(conn, rx->need);
	kfree(rx->raw);
	rx->raw = NULL;
	rx->header_have = 0;
	rx->have = 0;
	rx->need = 0;
}

static bool is_part(const struct tlsup_conn *conn)
{
	const struct tlsup_rx *rx = &conn->rx;

	return rx->header_have == TLSUP_HEADER_SIZE && !rx->raw &&
	       tlsup_queue_available(conn) < rx->need;
}

/**
 * tlsup_queue_sync - the end of a pass: tell TCP what has been used
 * @conn: socket lock held
 *
 * TCP acknowledges at once what has been read when it finds its queue empty. A
 * part of a record stays there, and as long as there is no acknowledgment, for
 * up to 40 ms, Nagle's algorithm may keep the sender from sending the rest. It is
 * no use to wait for an answer that could carry it either.
 */
void tlsup_queue_sync(struct tlsup_conn *conn)
{
	struct tlsup_rx *rx = &conn->rx;
	struct sock *sk = conn->sk;
	u32 used = rx->used;

	rx->skb = NULL;
	rx->used = 0;
	if (!used)
		return;
	tcp_read_done(sk, used);
	if (is_part(conn) && inet_csk_ack_scheduled(sk))
		tlsup_tcp_ack(sk);
}

/**
 * tlsup_queue_news - has anything come since no whole record was found?
 * @conn: the socket lock need not be held
 *
 * Return: whether it is worth looking again.
 */
bool tlsup_queue_news(const struct tlsup_conn *conn)
{
	return READ_ONCE(tcp_sk(conn->sk)->rcv_nxt) != READ_ONCE(conn->rx.seen);
}
