// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) 2026 The tlsup authors
 *
 * Where a task sleeps. Every wait is interruptible, lets go of the socket lock
 * while it sleeps, and looks at everything again when it has it back.
 */
#include "tlsup.h"

#include <linux/sched/signal.h>
#include <linux/wait.h>

static bool input_ready(const struct tlsup_conn *conn, unsigned int known)
{
	const struct sock *sk = conn->sk;

	return conn->phase != TLSUP_PHASE_OPEN || conn->rx.queued != known ||
	       tlsup_queue_news(conn) ||
	       READ_ONCE(sk->sk_err) || (sk->sk_shutdown & RCV_SHUTDOWN);
}

static bool has_room(const struct tlsup_conn *conn)
{
	const struct sock *sk = conn->sk;

	return conn->phase != TLSUP_PHASE_OPEN || conn->tx.closed ||
	       sk_stream_memory_free(sk) || READ_ONCE(sk->sk_err) ||
	       (sk->sk_shutdown & SEND_SHUTDOWN);
}

/*
 * Whoever goes to sleep asks to be told of room, each time: another writer may
 * have been told, and have filled it to the last byte without asking again.
 */
static bool room_ready(const struct tlsup_conn *conn, unsigned int known)
{
	struct socket *sock = conn->sk->sk_socket;

	if (has_room(conn))
		return true;
	sk_set_bit(SOCKWQ_ASYNC_NOSPACE, conn->sk);
	if (sock)
		set_bit(SOCK_NOSPACE, &sock->flags);
	/* Pairs with the barrier in tcp_check_space(). */
	smp_mb__after_atomic();
	return has_room(conn);
}

static bool handshake_over(const struct tlsup_conn *conn, unsigned int known)
{
	return conn->phase >= TLSUP_PHASE_OPEN;
}

static int wait_for(struct tlsup_conn *conn, long *timeo,
		    bool (*ready)(const struct tlsup_conn *conn,
				  unsigned int known),
		    unsigned int known)
{
	DEFINE_WAIT_FUNC(wait, woken_wake_function);
	struct sock *sk = conn->sk;
	int err = 0;

	if (ready(conn, known))
		return 0;
	add_wait_queue(sk_sleep(sk), &wait);
	while (!ready(conn, known)) {
		if (!*timeo) {
			err = -EAGAIN;
			break;
		}
		if (signal_pending(current)) {
			err = sock_intr_errno(*timeo);
			break;
		}
		sk_wait_event(sk, timeo, ready(conn, known), &wait);
	}
	remove_wait_queue(sk_sleep(sk), &wait);
	return err;
}

/**
 * tlsup_wait_open - wait for the end of the handshake
 * @conn: socket lock held; let go while waiting
 * @timeo: jiffies to wait, counted down; 0 does not wait
 *
 * Return: 0 if the connection is open, -EAGAIN, the errno of a signal, or the
 * -errno of its failure.
 */
int tlsup_wait_open(struct tlsup_conn *conn, long *timeo)
{
	int err = 0;

	if (!handshake_over(conn, 0))
		err = wait_for(conn, timeo, handshake_over, 0);
	if (err)
		return err;
	return conn->phase == TLSUP_PHASE_OPEN ? 0 : -conn->error;
}

/**
 * tlsup_wait_input - wait for something to read
 * @conn: open, socket lock held; let go while waiting
 * @timeo: jiffies to wait, counted down; 0 does not wait
 * @known: opened bytes that the caller has seen and left there (MSG_PEEK): it
 *	waits for a change of their number
 *
 * Return: 0 when it is worth looking again, -EAGAIN, or the errno of a signal.
 */
int tlsup_wait_input(struct tlsup_conn *conn, long *timeo, unsigned int known)
{
	int err;

	sk_set_bit(SOCKWQ_ASYNC_WAITDATA, conn->sk);
	err = wait_for(conn, timeo, input_ready, known);
	sk_clear_bit(SOCKWQ_ASYNC_WAITDATA, conn->sk);
	return err;
}

/**
 * tlsup_wait_room - wait for room in TCP's send queue
 * @conn: open, socket lock held; let go while waiting
 * @timeo: jiffies to wait, counted down; 0 does not wait
 *
 * Return: 0 when it is worth trying again, -EAGAIN, or the errno of a signal.
 */
int tlsup_wait_room(struct tlsup_conn *conn, long *timeo)
{
	return wait_for(conn, timeo, room_ready, 0);
}
