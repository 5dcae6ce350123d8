// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) 2026 The tlsup authors
 *
 * The connection: its life, its one phase machine, its work.
 *
 * Every end of a handshake (DONE, failure, deadline, close, agent's death) goes
 * through tlsup_conn_done(), tlsup_conn_fail() or tlsup_conn_close() under the
 * socket lock. The phase decides who came first; the loser finds a phase that
 * its transition does not start from and does nothing.
 */
#include "tlsup.h"

#include <linux/ktime.h>
#include <linux/slab.h>
#include <linux/string.h>

#include <net/tcp.h>

#include "trace.h"

static atomic64_t last_id;
static struct kmem_cache *conn_cache;

static const char out_of_memory[] = "out of memory";
static const char no_agent[] = "no agent serves this network namespace";

/* Legal phases to follow each phase. */
static const u8 successors[] = {
	[TLSUP_PHASE_IDLE] = BIT(TLSUP_PHASE_WAITING) |
		BIT(TLSUP_PHASE_FAILED) | BIT(TLSUP_PHASE_CLOSED),
	[TLSUP_PHASE_WAITING] = BIT(TLSUP_PHASE_PENDING) |
		BIT(TLSUP_PHASE_FAILED) | BIT(TLSUP_PHASE_CLOSED),
	[TLSUP_PHASE_PENDING] = BIT(TLSUP_PHASE_HANDSHAKE) |
		BIT(TLSUP_PHASE_FAILED) | BIT(TLSUP_PHASE_CLOSED),
	[TLSUP_PHASE_HANDSHAKE] = BIT(TLSUP_PHASE_OPEN) |
		BIT(TLSUP_PHASE_FAILED) | BIT(TLSUP_PHASE_CLOSED),
	[TLSUP_PHASE_OPEN] = BIT(TLSUP_PHASE_FAILED) | BIT(TLSUP_PHASE_CLOSED),
	[TLSUP_PHASE_FAILED] = BIT(TLSUP_PHASE_CLOSED),
	[TLSUP_PHASE_CLOSED] = 0,
};

/**
 * tlsup_conn_init - before the first connection
 *
 * A cache of its own: the next larger one of kmalloc() would waste a third.
 *
 * Return: 0 or -ENOMEM.
 */
int tlsup_conn_init(void)
{
	conn_cache = kmem_cache_create("tlsup_conn", sizeof(struct tlsup_conn),
				       0, 0, NULL);
	return conn_cache ? 0 : -ENOMEM;
}

/**
 * tlsup_conn_exit - behind the last one
 */
void tlsup_conn_exit(void)
{
	kmem_cache_destroy(conn_cache);
}

/**
 * tlsup_conn_set_phase - the one place where the phase changes
 * @conn: the connection, socket lock held
 * @phase: a legal successor of the present one
 */
void tlsup_conn_set_phase(struct tlsup_conn *conn, enum tlsup_phase phase)
{
	WARN_ON_ONCE(!(successors[conn->phase] & BIT(phase)));
	trace_tlsup_phase(conn->id, conn->phase, phase);
	/* Pairs with smp_load_acquire() in tlsup_conn_phase(). */
	smp_store_release(&conn->phase, phase);
}

/**
 * tlsup_conn_free_options - free them
 * @opt: may be NULL
 */
void tlsup_conn_free_options(struct tlsup_options *opt)
{
	if (!opt)
		return;
	kfree(opt->alpn);
	kfree(opt->server_name);
	kfree(opt);
}

static void conn_free(struct work_struct *work)
{
	struct tlsup_conn *conn = container_of(to_rcu_work(work),
					       struct tlsup_conn, free_work);
	struct sock *sk = conn->sk;

	tlsup_tx_purge(conn);
	tlsup_rx_purge(conn);
	tlsup_keys_destroy(conn->tx.keys);
	tlsup_keys_destroy(conn->rx.keys);
	tlsup_keys_destroy(conn->rx.pending);
	tlsup_raw_destroy(conn);
	tlsup_answer_free_result(conn->result);
	tlsup_conn_free_options(conn->options);
	kfree(conn->identity);
	kfree(conn->reason_text);
	kfree_skb(conn->event);
	atomic64_add(conn->tx.bytes,
		     &conn->tn->stats[TLSUP_STAT_tx_bytes_ended]);
	atomic64_add(conn->rx.bytes,
		     &conn->tn->stats[TLSUP_STAT_rx_bytes_ended]);
	tlsup_stat_inc(conn->tn, conns_destroyed);
	memzero_explicit(conn, sizeof(*conn));
	kmem_cache_free(conn_cache, conn);
	sock_put(sk);
}

/**
 * tlsup_conn_get - take a reference
 * @conn: a connection that the caller already holds
 */
void tlsup_conn_get(struct tlsup_conn *conn)
{
	refcount_inc(&conn->refs);
}

/**
 * tlsup_conn_put - drop a reference; any context
 * @conn: must not be used by the caller afterwards
 */
void tlsup_conn_put(struct tlsup_conn *conn)
{
	if (!refcount_dec_and_test(&conn->refs))
		return;
	xa_erase_bh(&conn->tn->conns, conn->id);
	queue_rcu_work(tlsup_wq, &conn->free_work);
}

/**
 * tlsup_conn_find - look up by id
 * @tn: the network namespace
 * @id: the connection's id
 *
 * Return: a reference, or NULL.
 */
struct tlsup_conn *tlsup_conn_find(struct tlsup_net *tn, u64 id)
{
	struct tlsup_conn *conn;

	rcu_read_lock();
	conn = xa_load(&tn->conns, id);
	if (conn && !refcount_inc_not_zero(&conn->refs))
		conn = NULL;
	rcu_read_unlock();
	return conn;
}

/**
 * tlsup_conn_queue - have the connection's work done
 * @conn: a connection that the caller holds, or found under RCU
 * @todo: why
 *
 * Any context. The queued work holds a reference of its own; a connection at
 * its end has nothing left to do.
 */
void tlsup_conn_queue(struct tlsup_conn *conn, enum tlsup_todo todo)
{
	set_bit(todo, &conn->todo);
	if (!refcount_inc_not_zero(&conn->refs))
		return;
	if (!queue_work(tlsup_wq, &conn->work))
		tlsup_conn_put(conn);
}

static void deadline_work(struct work_struct *work)
{
	struct tlsup_conn *conn = container_of(to_delayed_work(work),
					       struct tlsup_conn, deadline);

	tlsup_conn_queue(conn, TLSUP_TODO_TIMEOUT);
	tlsup_conn_put(conn);
}

static void arm_deadline(struct tlsup_conn *conn, unsigned int ms)
{
	unsigned long delay = msecs_to_jiffies(ms);

	tlsup_conn_get(conn);
	if (!queue_delayed_work(tlsup_wq, &conn->deadline, delay))
		tlsup_conn_put(conn);
}

/**
 * tlsup_conn_hold - a record is left open for more to come, but not for ever
 * @conn: open, socket lock held
 *
 * The clock runs from the first that is held. It is not stopped when the record
 * is sent: once in so long it is cheaper to look in vain.
 */
void tlsup_conn_hold(struct tlsup_conn *conn)
{
	if (!conn->raw && !delayed_work_pending(&conn->deadline))
		arm_deadline(conn, READ_ONCE(conn->tn->hold_ms));
}

static void disarm_deadline(struct tlsup_conn *conn)
{
	if (cancel_delayed_work(&conn->deadline))
		tlsup_conn_put(conn);
}

static void conn_work(struct work_struct *work)
{
	struct tlsup_conn *conn = container_of(work, struct tlsup_conn, work);

	lock_sock(conn->sk);
	tlsup_conn_run(conn);
	release_sock(conn->sk);
	tlsup_conn_put(conn);
}

/**
 * tlsup_conn_keyed - keys have been installed; inet_diag may tell
 * @conn: socket lock held
 * @keys: which
 */
void tlsup_conn_keyed(struct tlsup_conn *conn, const struct tlsup_keys *keys)
{
	WRITE_ONCE(conn->cipher, keys->cipher->id);
	WRITE_ONCE(conn->version, keys->version);
}

static int create_options(struct tlsup_conn *conn)
{
	struct tlsup_options *opt = kzalloc(sizeof(*opt), GFP_KERNEL);

	if (!opt)
		return -ENOMEM;
	opt->timeout_ms = TLSUP_TIMEOUT_DEFAULT_MS;
	strscpy(opt->profile, "default", sizeof(opt->profile));
	conn->options = opt;
	return 0;
}

static struct tlsup_options *clone_options(const struct tlsup_options *from,
					   gfp_t gfp)
{
	struct tlsup_options *opt = kmemdup(from, sizeof(*opt), gfp);

	if (!opt)
		return NULL;
	if (from->alpn)
		opt->alpn = kmemdup(from->alpn, from->alpn_len, gfp);
	if (from->server_name)
		opt->server_name = kstrdup(from->server_name, gfp);
	if (!opt->alpn == !from->alpn && !opt->server_name == !from->server_name)
		return opt;
	tlsup_conn_free_options(opt);
	return NULL;
}

static struct tlsup_conn *conn_alloc(struct sock *sk, gfp_t gfp)
{
	struct tlsup_conn *conn = kmem_cache_zalloc(conn_cache, gfp);

	if (!conn)
		return NULL;
	refcount_set(&conn->refs, 1);
	conn->sk = sk;
	conn->tn = tlsup_net(sock_net(sk));
	conn->id = atomic64_inc_return(&last_id);
	conn->alert_sent = TLSUP_NO_ALERT;
	conn->alert_received = TLSUP_NO_ALERT;
	conn->reason = "";
	conn->tx.first = true;
	conn->tx.max = TLSUP_PLAINTEXT_MAX;
	conn->rx.max = TLSUP_PLAINTEXT_MAX;
	INIT_LIST_HEAD(&conn->tx.chunks);
	INIT_LIST_HEAD(&conn->rx.recs);
	INIT_LIST_HEAD(&conn->agent_node);
	skb_queue_head_init(&conn->inbox);
	INIT_WORK(&conn->work, conn_work);
	INIT_DELAYED_WORK(&conn->deadline, deadline_work);
	INIT_RCU_WORK(&conn->free_work, conn_free);
	return conn;
}

static void conn_discard(struct tlsup_conn *conn)
{
	tlsup_conn_free_options(conn->options);
	kfree(conn->identity);
	tlsup_raw_destroy(conn);
	kmem_cache_free(conn_cache, conn);
}

/* Make it known by its id; from here on it goes by its references. */
static int conn_publish(struct tlsup_conn *conn, gfp_t gfp)
{
	int err = xa_err(xa_store_bh(&conn->tn->conns, conn->id, conn, gfp));

	if (err)
		return err;
	sock_hold(conn->sk);
	tlsup_stat_inc(conn->tn, conns_created);
	return 0;
}

/**
 * tlsup_conn_create - make the connection of a socket
 * @sk: the socket, locked by the caller
 * @raw: of "tlsup-raw"
 *
 * Return: a reference, or ERR_PTR.
 */
struct tlsup_conn *tlsup_conn_create(struct sock *sk, bool raw)
{
	struct tlsup_conn *conn = conn_alloc(sk, GFP_KERNEL);
	int err;

	if (!conn)
		return ERR_PTR(-ENOMEM);
	err = raw ? tlsup_raw_create(conn) : create_options(conn);
	/* Its handshake is the application's own business. */
	conn->phase = raw ? TLSUP_PHASE_OPEN : TLSUP_PHASE_IDLE;
	if (!err)
		err = conn_publish(conn, GFP_KERNEL);
	if (err) {
		conn_discard(conn);
		return ERR_PTR(err);
	}
	return conn;
}

/**
 * tlsup_conn_clone - make the connection of a socket that a listener accepts
 * @parent: the listener's; nothing that is read here changes while it listens
 * @sk: the new socket, which nobody else knows yet
 * @gfp: how to allocate: softirq
 *
 * Return: a reference, or NULL.
 */
struct tlsup_conn *tlsup_conn_clone(const struct tlsup_conn *parent,
				    struct sock *sk, gfp_t gfp)
{
	u8 phase = tlsup_conn_phase(parent);
	struct tlsup_conn *conn;

	if (parent->raw || phase > TLSUP_PHASE_WAITING)
		return NULL;
	conn = conn_alloc(sk, gfp);
	if (!conn)
		return NULL;
	conn->phase = phase;
	conn->role = parent->role;
	conn->tx.pad = parent->tx.pad;
	conn->rx.lowat = parent->rx.lowat;
	conn->base = parent->base;
	conn->saved_data_ready = parent->saved_data_ready;
	conn->saved_state_change = parent->saved_state_change;
	conn->saved_write_space = parent->saved_write_space;
	conn->saved_error_report = parent->saved_error_report;
	conn->options = clone_options(parent->options, gfp);
	if (phase == TLSUP_PHASE_WAITING)
		conn->identity = kmemdup(parent->identity,
					 tlsup_identity_size(parent->identity),
					 gfp);
	if (!conn->options ||
	    (phase == TLSUP_PHASE_WAITING && !conn->identity) ||
	    conn_publish(conn, gfp)) {
		conn_discard(conn);
		return NULL;
	}
	return conn;
}

/**
 * tlsup_conn_submit - ask for an agent
 * @conn: in TLSUP_PHASE_WAITING, socket lock held; a server's first record is
 *	opened and goes with the request
 */
void tlsup_conn_submit(struct tlsup_conn *conn)
{
	struct sk_buff *event = tlsup_event_start(conn);
	struct tlsup_rec *rec;
	int err;

	kfree(conn->options->alpn);
	conn->options->alpn = NULL;
	conn->options->alpn_len = 0;
	tlsup_conn_set_phase(conn, TLSUP_PHASE_PENDING);
	if (!event) {
		tlsup_conn_fail(conn, ENOMEM, TLSUP_ALERT_INTERNAL_ERROR,
				out_of_memory);
		return;
	}
	rec = tlsup_rx_head(conn);
	if (rec)
		tlsup_rec_free(conn, rec);
	conn->awaiting = true;
	err = tlsup_agent_submit(conn, event);
	if (err == -ENOBUFS)
		tlsup_conn_fail(conn, ENOBUFS, TLSUP_ALERT_INTERNAL_ERROR,
				"too many handshakes are pending");
	else if (err == -ENOMEM)
		tlsup_conn_fail(conn, ENOMEM, TLSUP_ALERT_INTERNAL_ERROR,
				out_of_memory);
	else if (err)
		tlsup_conn_fail(conn, ESRCH, TLSUP_ALERT_INTERNAL_ERROR,
				no_agent);
}

/* TCP has nothing more to give, and the handshake is not at its end. */
static void check_tcp(struct tlsup_conn *conn)
{
	struct sock *sk = conn->sk;

	if (conn->phase == TLSUP_PHASE_IDLE || conn->phase >= TLSUP_PHASE_OPEN)
		return;
	if (sk->sk_state == TCP_CLOSE && (sk->sk_err || conn->started_ns)) {
		int err = sk->sk_err;
		bool reset = conn->started_ns && (!err || err == ECONNRESET ||
						  err == EPIPE);

		tlsup_conn_fail(conn, reset ? EPROTO : err, TLSUP_NO_ALERT,
				reset ?
				"the connection was reset during the handshake" :
				"the connection could not be made");
		return;
	}
	if (conn->started_ns && !conn->awaiting &&
	    (sk->sk_shutdown & RCV_SHUTDOWN))
		tlsup_conn_fail(conn, EPROTO, TLSUP_NO_ALERT,
				"the peer closed the connection during the handshake");
}

/*
 * Or TCP waits for data to send with its SYN (TCP_FASTOPEN_CONNECT with a
 * cookie of the server): these are the ClientHello.
 */
static bool is_connected(const struct sock *sk)
{
	if (sk->sk_state == TCP_SYN_SENT && tlsup_connect_deferred(sk))
		return true;
	return (1 << sk->sk_state) & (TCPF_ESTABLISHED | TCPF_CLOSE_WAIT |
				      TCPF_FIN_WAIT1 | TCPF_FIN_WAIT2);
}

/**
 * tlsup_conn_start - the role is set: start now, or when connected
 * @conn: in TLSUP_PHASE_WAITING, socket lock held
 *
 * Called for as long as the phase is TLSUP_PHASE_WAITING: when the role is
 * set, when TCP's state changes, when a listener's socket is accepted, and
 * when input comes.
 *
 * Return: 0, or -errno when it failed at once.
 */
int tlsup_conn_start(struct tlsup_conn *conn)
{
	/* Nobody has accepted it yet: it costs no agent anything until then. */
	if (!conn->sk->sk_socket)
		return 0;
	if (!is_connected(conn->sk)) {
		check_tcp(conn);
		return conn->phase == TLSUP_PHASE_FAILED ? -conn->error : 0;
	}
	if (!conn->started_ns) {
		conn->started_ns = ktime_get_ns();
		tlsup_stat_inc(conn->tn, handshakes_started);
		if (!READ_ONCE(conn->tn->tx) || !READ_ONCE(conn->tn->rx)) {
			tlsup_conn_fail(conn, EOPNOTSUPP,
					TLSUP_ALERT_INTERNAL_ERROR,
					"net.tlsup.tx or net.tlsup.rx is off");
			return -EOPNOTSUPP;
		}
		if (tlsup_agent_available(conn->tn)) {
			tlsup_conn_fail(conn, ESRCH, TLSUP_ALERT_INTERNAL_ERROR,
					no_agent);
			return -ESRCH;
		}
		arm_deadline(conn, conn->options->timeout_ms);
	}
	/* A client speaks first; a server waits for its first whole record. */
	if (conn->role == TLSUP_CLIENT)
		tlsup_conn_submit(conn);
	else
		tlsup_rx_handshake(conn);
	/* The peer may have gone before the role was set. */
	check_tcp(conn);
	return conn->phase == TLSUP_PHASE_FAILED ? -conn->error : 0;
}

static void stop_handshake(struct tlsup_conn *conn, bool tell)
{
	conn->awaiting = false;
	/* Before that no agent knows of it; and this may be softirq. */
	tlsup_agent_release(conn, tell && conn->phase > TLSUP_PHASE_WAITING);
}

/**
 * tlsup_conn_done - the handshake has succeeded
 * @conn: in TLSUP_PHASE_HANDSHAKE with the keys of the application epoch in
 *	both directions, socket lock held
 */
void tlsup_conn_done(struct tlsup_conn *conn)
{
	u64 ns = ktime_get_ns() - conn->started_ns;

	conn->handshake_us = min_t(u64, div_u64(ns, NSEC_PER_USEC), U32_MAX);
	disarm_deadline(conn);
	stop_handshake(conn, false);
	tlsup_conn_set_phase(conn, TLSUP_PHASE_OPEN);
	tlsup_stat_inc(conn->tn, handshakes_done);
	tlsup_ulp_wake(conn);
}

/**
 * tlsup_conn_fail - the connection has failed
 * @conn: socket lock held; nothing happens if it has failed or is closed
 * @error: positive errno, which every later call on the socket returns
 * @alert: AlertDescription to send, or TLSUP_NO_ALERT
 * @reason: one sentence that lives as long as the connection
 */
void tlsup_conn_fail(struct tlsup_conn *conn, int error, int alert,
		     const char *reason)
{
	struct sock *sk = conn->sk;
	u8 phase = conn->phase;

	if (phase >= TLSUP_PHASE_FAILED)
		return;
	if (phase == TLSUP_PHASE_OPEN)
		tlsup_tx_flush_open(conn);
	/* A client that has sent nothing has nothing to take back. */
	if (alert != TLSUP_NO_ALERT &&
	    (conn->role != TLSUP_CLIENT || !conn->tx.first))
		tlsup_ctrl_alert(conn, alert);
	/* Sending can fail the connection itself: then it was first. */
	if (conn->phase >= TLSUP_PHASE_FAILED)
		return;
	trace_tlsup_fail(conn->id, error, reason);
	conn->error = error;
	conn->reason = reason;
	conn->tx.closed = true;

	disarm_deadline(conn);
	if (phase < TLSUP_PHASE_OPEN) {
		stop_handshake(conn, true);
		tlsup_stat_inc(conn->tn, handshakes_failed);
	}
	tlsup_conn_set_phase(conn, TLSUP_PHASE_FAILED);
	tlsup_rx_purge(conn);
	tlsup_keys_destroy(conn->rx.keys);
	conn->rx.keys = NULL;
	tlsup_keys_destroy(conn->rx.pending);
	conn->rx.pending = NULL;
	tlsup_keys_destroy(conn->tx.keys);
	conn->tx.keys = NULL;

	WRITE_ONCE(sk->sk_err, error);
	tlsup_ulp_wake(conn);
}

/**
 * tlsup_conn_fail_fault - the peer sent a record that is wrong
 * @conn: socket lock held
 * @fault: not TLSUP_OK
 */
void tlsup_conn_fail_fault(struct tlsup_conn *conn, enum tlsup_fault fault)
{
	const struct tlsup_fault_desc *desc = tlsup_record_fault(fault);

	tlsup_stat_inc(conn->tn, rx_bad_records);
	trace_tlsup_fault(conn->id, fault);
	tlsup_conn_fail(conn, desc->error, desc->alert, desc->reason);
}

/**
 * tlsup_conn_close - the socket goes; nothing waits any more
 * @conn: socket lock held; what has to be sent has been
 */
void tlsup_conn_close(struct tlsup_conn *conn)
{
	if (conn->phase == TLSUP_PHASE_CLOSED)
		return;
	disarm_deadline(conn);
	if (conn->phase < TLSUP_PHASE_OPEN) {
		stop_handshake(conn, true);
		if (conn->started_ns)
			tlsup_stat_inc(conn->tn, handshakes_failed);
	}
	tlsup_conn_set_phase(conn, TLSUP_PHASE_CLOSED);
	tlsup_tx_purge(conn);
	tlsup_rx_purge(conn);
}

/**
 * tlsup_conn_advance - TCP has something new, or the agent has answered
 * @conn: socket lock held, process context
 */
void tlsup_conn_advance(struct tlsup_conn *conn)
{
	switch ((enum tlsup_phase)conn->phase) {
	case TLSUP_PHASE_WAITING:
		tlsup_conn_start(conn);
		break;
	case TLSUP_PHASE_PENDING:
	case TLSUP_PHASE_HANDSHAKE:
		tlsup_rx_handshake(conn);
		break;
	case TLSUP_PHASE_FAILED:
		tlsup_rx_discard(conn);
		break;
	case TLSUP_PHASE_IDLE:
	case TLSUP_PHASE_OPEN:
	case TLSUP_PHASE_CLOSED:
		break;
	}
	check_tcp(conn);
}

/**
 * tlsup_conn_trylock - take the socket lock if nobody has it
 * @conn: the connection
 *
 * For netlink handlers, which may not wait: a task may hold the lock while it
 * sleeps in a fault of user memory. Released by release_sock().
 *
 * Return: whether it was taken.
 */
bool tlsup_conn_trylock(struct tlsup_conn *conn)
{
	struct sock *sk = conn->sk;
	bool taken;

	spin_lock_bh(&sk->sk_lock.slock);
	taken = !sk->sk_lock.owned;
	if (taken)
		sk->sk_lock.owned = 1;
	spin_unlock_bh(&sk->sk_lock.slock);
	if (taken)
		mutex_acquire(&sk->sk_lock.dep_map, 0, 1, _RET_IP_);
	return taken;
}

/**
 * tlsup_conn_run - do what is to be done
 * @conn: socket lock held, process context
 */
void tlsup_conn_run(struct tlsup_conn *conn)
{
	unsigned long todo = xchg(&conn->todo, 0);

	if (conn->phase == TLSUP_PHASE_CLOSED) {
		tlsup_answer_inbox(conn);
		return;
	}
	if (test_bit(TLSUP_TODO_ANSWER, &todo))
		tlsup_answer_inbox(conn);
	if (test_bit(TLSUP_TODO_NO_AGENT, &todo) &&
	    conn->phase == TLSUP_PHASE_PENDING)
		tlsup_conn_fail(conn, ESRCH, TLSUP_ALERT_INTERNAL_ERROR,
				no_agent);
	if (test_bit(TLSUP_TODO_AGENT_GONE, &todo) &&
	    conn->phase == TLSUP_PHASE_HANDSHAKE)
		tlsup_conn_fail(conn, ECONNABORTED, TLSUP_ALERT_INTERNAL_ERROR,
				"the agent went away during the handshake");
	if (test_bit(TLSUP_TODO_TIMEOUT, &todo) &&
	    conn->phase < TLSUP_PHASE_OPEN)
		tlsup_conn_fail(conn, ETIMEDOUT, TLSUP_ALERT_USER_CANCELED,
				"the handshake's deadline has passed");
	if (test_bit(TLSUP_TODO_TIMEOUT, &todo) &&
	    conn->phase == TLSUP_PHASE_OPEN)
		tlsup_tx_end(conn);
	if (test_bit(TLSUP_TODO_CLOSE, &todo))
		tlsup_conn_fail(conn, ECONNABORTED, TLSUP_ALERT_CLOSE_NOTIFY,
				"an administrator ended the connection");
	if (test_bit(TLSUP_TODO_TX, &todo))
		tlsup_tx_work(conn);
	if (test_bit(TLSUP_TODO_RX, &todo))
		tlsup_conn_advance(conn);
}
