// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) 2026 The tlsup authors
 *
 * Records that are not application data: alerts, and the messages that may
 * come after the handshake (RFC 9846, 4.6). None of it depends on the daemon.
 */
#include "tlsup.h"

#include <linux/slab.h>
#include <linux/unaligned.h>

/**
 * tlsup_ctrl_alert - send an alert
 * @conn: socket lock held, no record open
 * @description: AlertDescription; close_notify and user_canceled go out as
 *	warnings, all others as fatal
 *
 * Never blocks; nothing is sent behind it.
 */
void tlsup_ctrl_alert(struct tlsup_conn *conn, u8 description)
{
	u8 alert[2] = { TLSUP_ALERT_FATAL, description };

	if (conn->tx.closed)
		return;
	if (description == TLSUP_ALERT_CLOSE_NOTIFY ||
	    description == TLSUP_ALERT_USER_CANCELED)
		alert[0] = TLSUP_ALERT_WARNING;
	if (tlsup_tx_send(conn, TLSUP_ALERT, alert, sizeof(alert)))
		return;
	conn->tx.closed = true;
	conn->alert_sent = description;
	tlsup_stat_inc(conn->tn, alerts_sent);
	tlsup_tx_push(conn);
}

/**
 * tlsup_ctrl_close_notify - end the sending half
 * @conn: socket lock held
 */
void tlsup_ctrl_close_notify(struct tlsup_conn *conn)
{
	if (conn->tx.closed)
		return;
	tlsup_tx_flush_open(conn);
	tlsup_ctrl_alert(conn, TLSUP_ALERT_CLOSE_NOTIFY);
}

static int fail(struct tlsup_conn *conn, int error, int alert,
		const char *reason)
{
	tlsup_conn_fail(conn, error, alert, reason);
	return -conn->error;
}

/* A warning that ends nothing: user_canceled, and before keys any warning. */
static bool is_ignored(const struct tlsup_conn *conn, u8 level, u8 description)
{
	if (description == TLSUP_ALERT_USER_CANCELED)
		return true;
	return level == TLSUP_ALERT_WARNING && !conn->rx.keys &&
	       description != TLSUP_ALERT_CLOSE_NOTIFY;
}

/**
 * tlsup_ctrl_received_alert - an alert has come
 * @conn: socket lock held
 * @bytes: level and description
 *
 * Under TLS 1.3 the level says nothing (RFC 9846, 6).
 *
 * Return: 0 if the connection goes on, else -errno: it has failed.
 */
int tlsup_ctrl_received_alert(struct tlsup_conn *conn, const u8 *bytes)
{
	tlsup_stat_inc(conn->tn, alerts_received);
	if (is_ignored(conn, bytes[0], bytes[1])) {
		if (++conn->rx.warnings <= TLSUP_WARNINGS_MAX)
			return 0;
		return fail(conn, EPROTO, TLSUP_ALERT_UNEXPECTED_MESSAGE,
			    "the peer sent too many warnings");
	}
	conn->alert_received = bytes[1];
	if (bytes[1] != TLSUP_ALERT_CLOSE_NOTIFY)
		return fail(conn, EPROTO, TLSUP_NO_ALERT,
			    "the peer sent a fatal alert");
	if (conn->phase != TLSUP_PHASE_OPEN)
		return fail(conn, EPROTO, TLSUP_NO_ALERT,
			    "the peer closed the connection during the handshake");
	conn->rx.eof = true;
	return 0;
}

/**
 * tlsup_ctrl_update_tx - send the KeyUpdate that is owed, and use new keys
 * @conn: open, socket lock held, no record open
 */
void tlsup_ctrl_update_tx(struct tlsup_conn *conn)
{
	/* update_not_requested: an answer asks for none (RFC 9846, 4.6.3). */
	static const u8 message[] = { TLSUP_KEY_UPDATE, 0, 0, 1, 0 };
	struct tlsup_tx *tx = &conn->tx;
	struct tlsup_keys *keys;

	if (conn->phase != TLSUP_PHASE_OPEN || tx->closed)
		return;
	keys = tlsup_keys_update(tx->keys);
	if (IS_ERR(keys)) /* still owed */
		return;
	if (tlsup_tx_send(conn, TLSUP_HANDSHAKE_RECORD, message,
			  sizeof(message))) {
		tlsup_keys_destroy(keys);
		return;
	}
	/* The message is framed under the old keys: nothing may fail now. */
	tlsup_keys_destroy(tx->keys);
	tx->keys = keys;
	tx->update_pending = false;
	tx->rekeys++;
	tlsup_stat_inc(conn->tn, tx_rekeys);
}

/* KeyUpdate (RFC 9846, 4.6.3); @last: it ends its record, as it must. */
static int received_key_update(struct tlsup_conn *conn, const u8 *body,
			       size_t len, bool last)
{
	struct tlsup_keys *keys;

	if (len != 1)
		return fail(conn, EPROTO, TLSUP_ALERT_DECODE_ERROR,
			    "key_update: length");
	if (body[0] > 1)
		return fail(conn, EPROTO, TLSUP_ALERT_ILLEGAL_PARAMETER,
			    "key_update: request_update");
	if (!last)
		return fail(conn, EPROTO, TLSUP_ALERT_UNEXPECTED_MESSAGE,
			    "key_update: more behind it in its record");
	keys = tlsup_keys_update(conn->rx.keys);
	if (IS_ERR(keys))
		return fail(conn, -PTR_ERR(keys), TLSUP_ALERT_INTERNAL_ERROR,
			    "key_update: the new keys could not be made");
	tlsup_keys_destroy(conn->rx.keys);
	conn->rx.keys = keys;
	conn->rx.rekeys++;
	tlsup_stat_inc(conn->tn, rx_rekeys);
	if (body[0]) {
		/* The next writer sends it, or the work: a reader never does. */
		conn->tx.update_pending = true;
		tlsup_conn_queue(conn, TLSUP_TODO_TX);
	}
	return 0;
}

static int new_session_ticket(struct tlsup_conn *conn, const u8 *message,
			      size_t len)
{
	if (conn->role != TLSUP_CLIENT)
		return fail(conn, EPROTO, TLSUP_ALERT_UNEXPECTED_MESSAGE,
			    "a session ticket that came from a client");
	if (conn->rx.tickets < TLSUP_TICKETS_MAX) {
		conn->rx.tickets++;
		tlsup_agent_ticket(conn, tlsup_event_ticket(conn, message, len));
	} else {
		tlsup_stat_inc(conn->tn, tickets_dropped);
	}
	return 0;
}

static int post_handshake(struct tlsup_conn *conn, const u8 *message,
			  size_t len, bool last)
{
	const u8 *body = message + TLSUP_HANDSHAKE_HEADER_SIZE;

	switch (message[0]) {
	case TLSUP_NEW_SESSION_TICKET:
		return new_session_ticket(conn, message, len);
	case TLSUP_KEY_UPDATE:
		return received_key_update(conn, body,
					   len - TLSUP_HANDSHAKE_HEADER_SIZE,
					   last);
	default:
		return fail(conn, EPROTO, TLSUP_ALERT_UNEXPECTED_MESSAGE,
			    "a handshake message that has no place here");
	}
}

/* Bytes that complete the message in rx->message, or at least its header. */
static size_t message_wants(const struct tlsup_rx *rx)
{
	size_t len;

	if (rx->message_have < TLSUP_HANDSHAKE_HEADER_SIZE)
		return TLSUP_HANDSHAKE_HEADER_SIZE - rx->message_have;
	len = TLSUP_HANDSHAKE_HEADER_SIZE + get_unaligned_be24(rx->message + 1);
	return len - rx->message_have;
}

static int grow_message(struct tlsup_conn *conn, size_t n)
{
	struct tlsup_rx *rx = &conn->rx;
	size_t total = rx->message_have + n;
	u8 *grown;

	if (total > TLSUP_POST_HANDSHAKE_MAX)
		return fail(conn, EPROTO, TLSUP_ALERT_ILLEGAL_PARAMETER,
			    "a handshake message that is too long");
	grown = krealloc(rx->message, total, GFP_KERNEL);
	if (!grown)
		return fail(conn, ENOMEM, TLSUP_ALERT_INTERNAL_ERROR,
			    "out of memory");
	rx->message = grown;
	return 0;
}

static void drop_message(struct tlsup_rx *rx)
{
	kfree(rx->message);
	rx->message = NULL;
	rx->message_have = 0;
}

/* Several messages may be in a record, and one over several records. */
static int handshake(struct tlsup_conn *conn)
{
	struct tlsup_rx *rx = &conn->rx;
	size_t n;
	int err;

	while (rx->len) {
		n = min_t(size_t, message_wants(rx), rx->len);
		err = grow_message(conn, n);
		if (err)
			return err;
		memcpy(rx->message + rx->message_have, rx->raw + rx->off, n);
		rx->message_have += n;
		rx->off += n;
		rx->len -= n;
		if (rx->message_have < TLSUP_HANDSHAKE_HEADER_SIZE ||
		    message_wants(rx))
			continue;
		err = post_handshake(conn, rx->message, rx->message_have,
				     !rx->len);
		if (err)
			return err;
		drop_message(rx);
	}
	tlsup_rx_consume(conn, 0);
	return 0;
}

/**
 * tlsup_ctrl_record - see to a record that is not application data
 * @conn: open, socket lock held, such a record opened; it is consumed
 *
 * Return: 0 if the connection goes on, else -errno: it has failed.
 */
int tlsup_ctrl_record(struct tlsup_conn *conn)
{
	struct tlsup_rx *rx = &conn->rx;
	int err;

	/* A message over several records has nothing in between (5.1). */
	if (rx->message_have && rx->content_type != TLSUP_HANDSHAKE_RECORD)
		return fail(conn, EPROTO, TLSUP_ALERT_UNEXPECTED_MESSAGE,
			    "a record within a fragmented handshake message");
	if (rx->content_type == TLSUP_HANDSHAKE_RECORD)
		return handshake(conn);
	if (rx->content_type != TLSUP_ALERT) {
		tlsup_conn_fail_fault(conn, TLSUP_FAULT_UNEXPECTED);
		return -conn->error;
	}
	err = tlsup_ctrl_received_alert(conn, rx->raw + rx->off);
	if (!err)
		tlsup_rx_consume(conn, rx->len);
	return err;
}
