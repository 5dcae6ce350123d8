// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) 2026 The tlsup authors
 *
 * The receiving half: one record after the other, and what becomes of those
 * that belong to the handshake. All in process context under the socket lock.
 */
#include "tlsup.h"

#include <linux/slab.h>

#include <net/tcp.h>

/**
 * tlsup_rx_head - the first opened record
 * @conn: socket lock held
 *
 * Return: the record, or NULL if none is open.
 */
struct tlsup_rec *tlsup_rx_head(struct tlsup_conn *conn)
{
	return list_first_entry_or_null(&conn->rx.recs, struct tlsup_rec, node);
}

/**
 * tlsup_rx_consume - part of an opened record has been used
 * @conn: socket lock held
 * @rec: the record
 * @len: how many bytes of it
 */
void tlsup_rx_consume(struct tlsup_conn *conn, struct tlsup_rec *rec,
		      unsigned int len)
{
	rec->off += len;
	rec->len -= len;
	conn->rx.queued -= len;
	if (!rec->len)
		tlsup_rec_free(conn, rec);
}

/**
 * tlsup_rx_purge - forget what has been received
 * @conn: socket lock held, or nobody left to hold it
 */
void tlsup_rx_purge(struct tlsup_conn *conn)
{
	struct tlsup_rx *rx = &conn->rx;
	struct tlsup_rec *rec;

	while ((rec = tlsup_rx_head(conn)))
		tlsup_rec_free(conn, rec);
	tlsup_rec_free_spare(conn);
	kfree(rx->raw);
	rx->raw = NULL;
	kfree(rx->message);
	rx->message = NULL;
	rx->message_have = 0;
}

/* Before keys: what is protected is early data, or will be opened later. */
static unsigned int longest(const struct tlsup_rx *rx)
{
	if (!rx->keys)
		return rx->header[0] == TLSUP_APPLICATION_DATA ?
			TLSUP_CIPHERTEXT_MAX : TLSUP_PLAINTEXT_MAX;
	return rx->keys->version == TLSUP_VERSION_1_3 ?
		TLSUP_CIPHERTEXT_MAX : TLSUP_CIPHERTEXT_MAX_12;
}

/* Before anything is buffered; after a fault never parsed again. */
static enum tlsup_fault parse_header(struct tlsup_conn *conn)
{
	struct tlsup_rx *rx = &conn->rx;
	struct tlsup_header header;
	enum tlsup_fault fault;

	fault = conn->raw ?
		tlsup_record_parse_bare(rx->header,
					tlsup_keys_overhead(rx->keys), &header) :
		tlsup_record_parse_header(rx->header, longest(rx), &header);
	if (fault)
		return fault;
	rx->type = header.type;
	rx->need = header.len;
	return TLSUP_OK;
}

/* Returns 1 with a whole record, 0 without, -errno. */
static int fill(struct tlsup_conn *conn, enum tlsup_fault *fault)
{
	struct tlsup_rx *rx = &conn->rx;
	int err;

	if (rx->header_have < TLSUP_HEADER_SIZE) {
		err = tlsup_queue_header(conn);
		if (err <= 0)
			return err;
		*fault = parse_header(conn);
		if (*fault)
			return 0;
	}
	return tlsup_queue_fill(conn);
}

/* A machine's failure: without memory all stays as it was. */
static int fail_error(struct tlsup_conn *conn, int err)
{
	if (err != -ENOMEM)
		tlsup_conn_fail(conn, -err, TLSUP_ALERT_INTERNAL_ERROR,
				"a record could not be read");
	return err;
}

static void count(struct tlsup_conn *conn)
{
	struct tlsup_rx *rx = &conn->rx;

	tlsup_stat_inc(conn->tn, rx_records);
	/* Keys that a change_cipher_spec has just put in force opened nothing. */
	if (!rx->keys || rx->keys->epoch != TLSUP_EPOCH_APPLICATION ||
	    !rx->keys->used)
		return;
	rx->records++;
	if (rx->keys->used >= tlsup_key_limit(rx->keys))
		tlsup_ctrl_rx_limit(conn);
}

/**
 * tlsup_rx_next - have the next record opened
 * @conn: socket lock held
 * @direct: the memory of a reader, or NULL
 *
 * It stands at the end of rx->recs, or in the reader's memory.
 *
 * Return: 1, 0 when no whole one has come, -errno: -ENOMEM leaves all as it
 * was, anything else has made the connection fail.
 */
int tlsup_rx_next(struct tlsup_conn *conn, struct tlsup_direct *direct)
{
	enum tlsup_fault fault = TLSUP_OK;
	int err;

	if (conn->raw) {
		err = tlsup_raw_blocked(conn);
		if (err) {
			conn->rx.seen = tcp_sk(conn->sk)->rcv_nxt;
			return min(err, 0);
		}
	}
	err = fill(conn, &fault);
	if (err > 0) {
		fault = tlsup_open_record(conn, direct, &err);
		if (!fault && !err) {
			count(conn);
			return 1;
		}
	}
	if (!fault && !err)
		return 0;
	/* What follows may send, and TCP then look at its queue. */
	tlsup_queue_sync(conn);
	if (conn->raw)
		return tlsup_raw_fault(conn, fault, err);
	if (err)
		return fail_error(conn, err);
	tlsup_conn_fail_fault(conn, fault);
	return -conn->error;
}

/* An opened record goes to the agent: as EV_START or as EV_RECORD. */
static void hand_up(struct tlsup_conn *conn, struct tlsup_rec *rec)
{
	struct sk_buff *event;

	if (conn->phase == TLSUP_PHASE_WAITING) {
		tlsup_conn_submit(conn);
		return;
	}
	/* Each costs the agent a turn, and the peer decides how small they are. */
	if (READ_ONCE(conn->events) >= TLSUP_EVENTS_MAX) {
		tlsup_conn_fail(conn, EPROTO, TLSUP_ALERT_UNEXPECTED_MESSAGE,
				"the peer cut its messages into too many records");
		return;
	}
	event = tlsup_event_record(conn);
	if (!event) {
		tlsup_conn_fail(conn, ENOMEM, TLSUP_ALERT_INTERNAL_ERROR,
				"out of memory");
		return;
	}
	tlsup_rec_free(conn, rec);
	conn->awaiting = true;
	tlsup_agent_event(conn, event);
}

static void handshake_record(struct tlsup_conn *conn, struct tlsup_rec *rec)
{
	switch (rec->type) {
	case TLSUP_HANDSHAKE_RECORD:
		hand_up(conn, rec);
		break;
	case TLSUP_ALERT:
		if (!tlsup_ctrl_received_alert(conn, tlsup_rec_data(rec)))
			tlsup_rec_free(conn, rec);
		break;
	default:
		tlsup_conn_fail_fault(conn, TLSUP_FAULT_UNEXPECTED);
	}
}

static bool takes_records(const struct tlsup_conn *conn)
{
	return conn->phase < TLSUP_PHASE_OPEN && !conn->awaiting;
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
	struct tlsup_rec *rec;
	int err;

	while (takes_records(conn)) {
		err = tlsup_rx_next(conn, NULL);
		tlsup_queue_sync(conn);
		if (err == -ENOMEM)
			tlsup_conn_fail(conn, ENOMEM, TLSUP_ALERT_INTERNAL_ERROR,
					"out of memory");
		if (err <= 0)
			break;
		rec = tlsup_rx_head(conn);
		if (rec)
			handshake_record(conn, rec);
	}
	tlsup_rec_free_spare(conn);
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

	tlsup_queue_sync(conn);
	while ((skb = tcp_recv_skb(sk, tcp_sk(sk)->copied_seq, &off)) &&
	       skb->len > off)
		tcp_read_done(sk, skb->len - off);
}
