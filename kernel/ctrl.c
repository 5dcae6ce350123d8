// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) 2026 The tlsup authors
 *
 * Records that are not application data: alerts, and the messages that may
 * come after the handshake (RFC 9846, 4.6). None of it depends on the daemon.
 */
#include "tlsup.h"

#include <linux/module.h>
#include <linux/slab.h>

#include "trace.h"

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

	/* What "tlsup-raw" sends without keys is not TLS yet. */
	if (conn->tx.closed || (conn->raw && !conn->tx.keys))
		return;
	if (description == TLSUP_ALERT_CLOSE_NOTIFY ||
	    description == TLSUP_ALERT_USER_CANCELED)
		alert[0] = TLSUP_ALERT_WARNING;
	if (tlsup_tx_send(conn, TLSUP_ALERT, alert, sizeof(alert)))
		return;
	conn->tx.closed = true;
	conn->alert_sent = description;
	tlsup_stat_inc(conn->tn, alerts_sent);
	trace_tlsup_alert(conn->id, true, alert[0], description);
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

/*
 * A warning that ends nothing: user_canceled, and any where the level counts:
 * in TLS 1.2, and before keys tell the version (RFC 5246, 7.2).
 */
static bool is_ignored(const struct tlsup_conn *conn, u8 level, u8 description)
{
	const struct tlsup_keys *keys = conn->rx.keys;

	if (description == TLSUP_ALERT_USER_CANCELED)
		return true;
	return level == TLSUP_ALERT_WARNING &&
	       (!keys || keys->version == TLSUP_VERSION_1_2) &&
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
	trace_tlsup_alert(conn->id, false, bytes[0], bytes[1]);
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

/*
 * Tests want a limit that can be reached. It only ever lowers that of the
 * cipher.
 */
static unsigned int rekey_after;
module_param(rekey_after, uint, 0644);
MODULE_PARM_DESC(rekey_after, "change keys after this many records; 0: at the cipher's own limit");

/**
 * tlsup_key_limit - after how many records should this key be changed?
 * @keys: the keys
 *
 * RFC 9846, 5.5.
 *
 * Return: records.
 */
u64 tlsup_key_limit(const struct tlsup_keys *keys)
{
	u64 lower = READ_ONCE(rekey_after);

	return lower ? min(lower, keys->cipher->limit) : keys->cipher->limit;
}

static void crossed(struct tlsup_conn *conn, bool *once, bool tx)
{
	if (*once)
		return;
	*once = true;
	tlsup_stat_inc(conn->tn, key_limits_crossed);
	trace_tlsup_key_limit(conn->id, tx);
}

/**
 * tlsup_ctrl_tx_limit - the sending key has been used as often as it should
 * @conn: socket lock held
 *
 * TLS 1.2 cannot change it, nor can the kernel one that SOL_TLS has set: that
 * is counted and traced, and the sequence number does not wrap.
 */
void tlsup_ctrl_tx_limit(struct tlsup_conn *conn)
{
	struct tlsup_tx *tx = &conn->tx;

	if (!tx->keys->secret_len)
		crossed(conn, &tx->crossed, true);
	else if (!tx->update)
		tx->update = TLSUP_UPDATE_OWN;
}

/**
 * tlsup_ctrl_rx_limit - the same for the receiving key: the peer is asked
 * @conn: socket lock held
 */
void tlsup_ctrl_rx_limit(struct tlsup_conn *conn)
{
	struct tlsup_rx *rx = &conn->rx;

	if (!rx->keys->secret_len) {
		crossed(conn, &rx->crossed, false);
	} else if (!rx->asked && conn->phase == TLSUP_PHASE_OPEN) {
		conn->tx.update = TLSUP_UPDATE_BOTH;
		tlsup_conn_queue(conn, TLSUP_TODO_TX);
	}
}

/* Asking twice before the peer's has come is forbidden (RFC 9846, 4.6.3). */
static u8 request_update(const struct tlsup_conn *conn)
{
	return conn->tx.update == TLSUP_UPDATE_BOTH && !conn->rx.asked;
}

/**
 * tlsup_ctrl_update_tx - send the KeyUpdate that is owed, and use new keys
 * @conn: open, socket lock held, no record open
 *
 * If there is no memory for the new keys it stays owed.
 */
void tlsup_ctrl_update_tx(struct tlsup_conn *conn)
{
	u8 message[] = { TLSUP_KEY_UPDATE, 0, 0, 1, request_update(conn) };
	struct tlsup_tx *tx = &conn->tx;
	struct tlsup_keys *keys;

	if (conn->phase != TLSUP_PHASE_OPEN || tx->closed)
		return;
	keys = tlsup_keys_update(tx->keys);
	if (IS_ERR(keys))
		return;
	if (tlsup_tx_send(conn, TLSUP_HANDSHAKE_RECORD, message,
			  sizeof(message))) {
		tlsup_keys_destroy(keys);
		return;
	}
	/* The message is framed under the old keys: nothing may fail now. */
	tlsup_keys_destroy(tx->keys);
	tx->keys = keys;
	tx->update = TLSUP_UPDATE_NONE;
	tx->rekeys++;
	conn->rx.asked |= message[4];
	tlsup_stat_inc(conn->tn, tx_rekeys);
	trace_tlsup_rekey(conn->id, true, tx->rekeys);
}

static int check_key_update(struct tlsup_conn *conn, const u8 *body, bool last)
{
	if (body[0] > 1)
		return fail(conn, EPROTO, TLSUP_ALERT_ILLEGAL_PARAMETER,
			    "key_update: request_update");
	if (!last)
		return fail(conn, EPROTO, TLSUP_ALERT_UNEXPECTED_MESSAGE,
			    "key_update: more behind it in its record");
	if (++conn->rx.updates > TLSUP_UPDATES_MAX)
		return fail(conn, EPROTO, TLSUP_ALERT_UNEXPECTED_MESSAGE,
			    "key_update: too many of them with no data in between");
	return 0;
}

/* KeyUpdate (RFC 9846, 4.6.3); @last: it ends its record, as it must. */
static int received_key_update(struct tlsup_conn *conn, const u8 *body,
			       bool last)
{
	struct tlsup_keys *keys;
	int err = check_key_update(conn, body, last);

	if (err)
		return err;
	keys = tlsup_keys_update(conn->rx.keys);
	if (IS_ERR(keys))
		return fail(conn, -PTR_ERR(keys), TLSUP_ALERT_INTERNAL_ERROR,
			    "key_update: the new keys could not be made");
	tlsup_keys_destroy(conn->rx.keys);
	conn->rx.keys = keys;
	conn->rx.rekeys++;
	conn->rx.asked = false;
	tlsup_stat_inc(conn->tn, rx_rekeys);
	trace_tlsup_rekey(conn->id, false, conn->rx.rekeys);
	/* The next writer sends it, or the work: a reader never does. */
	if (body[0] && !conn->tx.update)
		conn->tx.update = TLSUP_UPDATE_OWN;
	if (body[0])
		tlsup_conn_queue(conn, TLSUP_TODO_TX);
	return 0;
}

static void new_session_ticket(struct tlsup_conn *conn, const u8 *message,
			       size_t len)
{
	if (conn->rx.tickets < TLSUP_TICKETS_MAX) {
		conn->rx.tickets++;
		tlsup_agent_ticket(conn, tlsup_event_ticket(conn, message, len));
	} else {
		tlsup_stat_inc(conn->tn, tickets_dropped);
	}
}

/* TLS 1.2: HelloRequest to a client, ClientHello to a server (RFC 5246, 7.4). */
static bool is_renegotiation(const struct tlsup_conn *conn, u8 type)
{
	if (conn->rx.keys->version != TLSUP_VERSION_1_2)
		return false;
	return type == (conn->role == TLSUP_CLIENT ? TLSUP_HELLO_REQUEST :
						     TLSUP_CLIENT_HELLO);
}

/* Refused with a warning, and a peer that insists with a fatal alert. */
static int refuse_renegotiation(struct tlsup_conn *conn)
{
	static const u8 alert[] = { TLSUP_ALERT_WARNING,
				    TLSUP_ALERT_NO_RENEGOTIATION };

	if (++conn->rx.renegotiations > TLSUP_RENEGOTIATIONS_MAX)
		return fail(conn, EPROTO, TLSUP_ALERT_NO_RENEGOTIATION,
			    "the peer insists on renegotiation");
	if (conn->tx.closed || tlsup_tx_flush_open(conn) ||
	    tlsup_tx_send(conn, TLSUP_ALERT, alert, sizeof(alert)))
		return conn->phase == TLSUP_PHASE_OPEN ? 0 : -conn->error;
	tlsup_stat_inc(conn->tn, alerts_sent);
	tlsup_tx_push(conn);
	return 0;
}

/* TLS 1.2 has tickets in the handshake only (RFC 5077, 3.3). */
static bool has_place(const struct tlsup_conn *conn, u8 type)
{
	if (conn->rx.keys->version != TLSUP_VERSION_1_3)
		return is_renegotiation(conn, type);
	return type == TLSUP_KEY_UPDATE ||
	       (type == TLSUP_NEW_SESSION_TICKET && conn->role == TLSUP_CLIENT);
}

/* Before the rest of a message is waited for: may it come at all? */
static int check_head(struct tlsup_conn *conn)
{
	const u8 *head = conn->rx.message;
	size_t len = get_unaligned_be24(head + 1);

	if (!has_place(conn, head[0]))
		return fail(conn, EPROTO, TLSUP_ALERT_UNEXPECTED_MESSAGE,
			    "a handshake message that has no place here");
	if (head[0] == TLSUP_KEY_UPDATE && len != 1)
		return fail(conn, EPROTO, TLSUP_ALERT_DECODE_ERROR,
			    "key_update: length");
	if (len > TLSUP_POST_HANDSHAKE_MAX - TLSUP_HANDSHAKE_HEADER_SIZE)
		return fail(conn, EPROTO, TLSUP_ALERT_ILLEGAL_PARAMETER,
			    "a handshake message that is too long");
	return 0;
}

/* The message has a place here: check_head() has seen to it. */
static int post_handshake(struct tlsup_conn *conn, const u8 *message,
			  size_t len, bool last)
{
	if (is_renegotiation(conn, message[0]))
		return refuse_renegotiation(conn);
	if (message[0] == TLSUP_KEY_UPDATE)
		return received_key_update(conn, message + TLSUP_HANDSHAKE_HEADER_SIZE,
					   last);
	new_session_ticket(conn, message, len);
	return 0;
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
	u8 *grown = krealloc(rx->message, rx->message_have + n, GFP_KERNEL);

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
static int handshake(struct tlsup_conn *conn, struct tlsup_rec *rec)
{
	struct tlsup_rx *rx = &conn->rx;
	unsigned int off = 0;
	size_t n;
	int err;

	while (off < rec->len) {
		n = min_t(size_t, message_wants(rx), rec->len - off);
		err = grow_message(conn, n);
		if (err)
			return err;
		memcpy(rx->message + rx->message_have,
		       tlsup_rec_data(rec) + off, n);
		rx->message_have += n;
		off += n;
		if (rx->message_have < TLSUP_HANDSHAKE_HEADER_SIZE)
			continue;
		err = check_head(conn);
		if (err)
			return err;
		if (message_wants(rx))
			continue;
		err = post_handshake(conn, rx->message, rx->message_have,
				     off == rec->len);
		if (err)
			return err;
		drop_message(rx);
	}
	tlsup_rec_free(conn, rec);
	return 0;
}

/**
 * tlsup_ctrl_record - see to a record that is not application data
 * @conn: open, socket lock held, no byte of TCP's queue used but not given back
 * @rec: such a record, opened; it is consumed
 *
 * Return: 0 if the connection goes on, else -errno: it has failed.
 */
int tlsup_ctrl_record(struct tlsup_conn *conn, struct tlsup_rec *rec)
{
	int err;

	/* A message over several records has nothing in between (5.1). */
	if (conn->rx.message_have && rec->type != TLSUP_HANDSHAKE_RECORD)
		return fail(conn, EPROTO, TLSUP_ALERT_UNEXPECTED_MESSAGE,
			    "a record within a fragmented handshake message");
	if (rec->type == TLSUP_HANDSHAKE_RECORD)
		return handshake(conn, rec);
	if (rec->type != TLSUP_ALERT) {
		tlsup_conn_fail_fault(conn, TLSUP_FAULT_UNEXPECTED);
		return -conn->error;
	}
	err = tlsup_ctrl_received_alert(conn, tlsup_rec_data(rec));
	if (!err)
		tlsup_rec_free(conn, rec);
	return err;
}
