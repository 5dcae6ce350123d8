// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) 2026 The tlsup authors
 *
 * The ULPs "tlsup" and "tlsup-raw": attaching to a socket, its protos, its
 * callbacks, its end.
 *
 * Fail closed: from attach on, everything that could move bytes past the
 * record layer is replaced or taken away. Both struct proto and struct
 * proto_ops are copied at run time from the socket's own, IPv4 and IPv6 apart.
 */
#include "tlsup.h"

#include <linux/module.h>
#include <linux/poll.h>
#include <linux/splice.h>

#include <asm/ioctls.h>
#include <net/inet_common.h>
#include <net/tcp.h>

enum family {
	FAMILY_IPV4,
	FAMILY_IPV6,
	FAMILY_COUNT,
};

/* The ULPs. */
enum ulp_kind {
	KIND_TLSUP,
	KIND_RAW,
	KIND_COUNT,
};

/**
 * struct face - what replaces TCP's own, for one address family and ULP
 * @base: TCP's proto, from which @prot was copied; NULL until then
 * @base_ops: TCP's proto_ops
 * @prot: ours
 * @dead: of a listener's child for which there was no memory: every call fails
 * @ops: ours
 */
static struct face {
	const struct proto *base;
	const struct proto_ops *base_ops;
	struct proto prot;
	struct proto dead;
	struct proto_ops ops;
} faces[FAMILY_COUNT][KIND_COUNT];

static DEFINE_MUTEX(faces_lock);

static struct face *face_of(const struct sock *sk, enum ulp_kind kind)
{
	return &faces[sk->sk_family == AF_INET6 ? FAMILY_IPV6 : FAMILY_IPV4][kind];
}

static struct face *face(const struct sock *sk)
{
	return face_of(sk, tlsup_ulp_conn(sk)->raw ? KIND_RAW : KIND_TLSUP);
}

/**
 * tlsup_ulp_conn - the connection of a socket
 * @sk: a socket whose proto is ours
 *
 * Return: never NULL while the proto is ours and the socket lock is held, or
 * under the reference of a file.
 */
struct tlsup_conn *tlsup_ulp_conn(const struct sock *sk)
{
	return rcu_dereference_raw(inet_csk(sk)->icsk_ulp_data);
}

/**
 * tlsup_ulp_wake - wake all who wait: the phase has changed
 * @conn: socket lock held
 *
 * Through TCP's own callbacks, so that edge-triggered epoll hears it too.
 */
void tlsup_ulp_wake(struct tlsup_conn *conn)
{
	struct sock *sk = conn->sk;

	if (!conn->attached)
		return;
	conn->saved_state_change(sk);
	if (conn->phase == TLSUP_PHASE_FAILED)
		conn->saved_error_report(sk);
}

/*
 * The callbacks, in softirq or under the socket lock: they look at the phase
 * and queue work, no more.
 */
static struct tlsup_conn *callback_conn(const struct sock *sk)
{
	return rcu_dereference_sk_user_data(sk);
}

/* Until the handshake is done, what TCP has to say is for the work to hear. */
static void tell_work(struct tlsup_conn *conn)
{
	if (tlsup_conn_phase(conn) != TLSUP_PHASE_OPEN)
		tlsup_conn_queue(conn, TLSUP_TODO_RX);
}

static void data_ready(struct sock *sk)
{
	struct tlsup_conn *conn;

	rcu_read_lock();
	conn = callback_conn(sk);
	/* A listener's news is that there is something to accept. */
	if (conn && (tlsup_conn_phase(conn) == TLSUP_PHASE_OPEN ||
		     sk->sk_state == TCP_LISTEN))
		conn->saved_data_ready(sk);
	else if (conn)
		tlsup_conn_queue(conn, TLSUP_TODO_RX);
	rcu_read_unlock();
}

static void state_change(struct sock *sk)
{
	struct tlsup_conn *conn;

	rcu_read_lock();
	conn = callback_conn(sk);
	if (conn) {
		tell_work(conn);
		/* What did not fit into the SYN (TCP_FASTOPEN_CONNECT). */
		if (READ_ONCE(conn->tx.queued))
			tlsup_conn_queue(conn, TLSUP_TODO_TX);
		/* Whoever waits in connect() waits for this. */
		conn->saved_state_change(sk);
	}
	rcu_read_unlock();
}

static void write_space(struct sock *sk)
{
	struct tlsup_conn *conn;

	rcu_read_lock();
	conn = callback_conn(sk);
	if (conn && READ_ONCE(conn->tx.queued))
		tlsup_conn_queue(conn, TLSUP_TODO_TX);
	else if (conn && tlsup_conn_phase(conn) == TLSUP_PHASE_OPEN)
		conn->saved_write_space(sk);
	rcu_read_unlock();
}

static void error_report(struct sock *sk)
{
	struct tlsup_conn *conn;

	rcu_read_lock();
	conn = callback_conn(sk);
	if (conn) {
		tell_work(conn);
		conn->saved_error_report(sk);
	}
	rcu_read_unlock();
}

/* Give the socket back to TCP; the connection is no longer reachable. */
static struct tlsup_conn *detach(struct sock *sk)
{
	struct tlsup_conn *conn = tlsup_ulp_conn(sk);

	write_lock_bh(&sk->sk_callback_lock);
	WRITE_ONCE(sk->sk_prot, (struct proto *)conn->base);
	sk->sk_data_ready = conn->saved_data_ready;
	sk->sk_state_change = conn->saved_state_change;
	sk->sk_write_space = conn->saved_write_space;
	sk->sk_error_report = conn->saved_error_report;
	rcu_assign_sk_user_data(sk, NULL);
	rcu_assign_pointer(inet_csk(sk)->icsk_ulp_data, NULL);
	conn->attached = false;
	write_unlock_bh(&sk->sk_callback_lock);
	return conn;
}

/*
 * Children are made without the listener's lock: until it no longer listens it
 * keeps what they inherit. ulp_release() takes it away.
 */
static void close_listener(struct sock *sk, long timeout)
{
	const struct proto *base = tlsup_ulp_conn(sk)->base;

	release_sock(sk);
	base->close(sk, timeout);
}

static void ulp_close(struct sock *sk, long timeout)
{
	struct tlsup_conn *conn;

	lock_sock(sk);
	if (sk->sk_state == TCP_LISTEN) {
		close_listener(sk, timeout);
		return;
	}
	conn = tlsup_ulp_conn(sk);
	if (conn->phase == TLSUP_PHASE_OPEN && !conn->raw)
		tlsup_drain(conn);
	if (conn->phase == TLSUP_PHASE_OPEN && conn->raw) {
		tlsup_tx_flush_open(conn);
		tlsup_tx_force(conn);
	} else if (conn->phase < TLSUP_PHASE_FAILED && conn->started_ns) {
		tlsup_ctrl_close_notify(conn);
		tlsup_tx_force(conn);
	} else if (conn->phase == TLSUP_PHASE_FAILED) {
		tlsup_tx_force(conn);
		tlsup_rx_discard(conn);
	}
	tlsup_conn_close(conn);
	detach(sk);
	release_sock(sk);

	conn->base->close(sk, timeout);
	tlsup_conn_put(conn);
}

/*
 * "tlsup-raw" before TLS_RX: TCP's own bytes are the application's. A failure
 * takes the keys too: then they are not.
 */
static bool is_plain(const struct tlsup_conn *conn)
{
	return conn->raw && !conn->rx.keys &&
	       tlsup_conn_phase(conn) == TLSUP_PHASE_OPEN;
}

/*
 * Only the kernel itself gets here (a failed connect, SO_LINGER 0, a listener's
 * shutdown, a child that nobody accepts): users are stopped in ulp_connect().
 */
static int ulp_disconnect(struct sock *sk, int flags)
{
	struct tlsup_conn *conn = tlsup_ulp_conn(sk);
	int err = sk->sk_err;

	/* A listener's call for a child that is none of ours, or dead. */
	if (!conn)
		return face_of(sk, KIND_TLSUP)->base->disconnect(sk, flags);
	tlsup_conn_fail(conn, err ?: ECONNABORTED, TLSUP_NO_ALERT,
			"the connection could not be made");
	WRITE_ONCE(sk->sk_err, err);
	return conn->base->disconnect(sk, flags);
}

static int ulp_ioctl(struct sock *sk, int cmd, tlsup_ioctl_arg arg)
{
	struct tlsup_conn *conn;
	int ready = 0;

	if (cmd != SIOCINQ)
		return tlsup_ulp_conn(sk)->base->ioctl(sk, cmd, arg);
	/* Decrypted bytes that are ready, not what TCP holds. */
	lock_sock(sk);
	conn = tlsup_ulp_conn(sk);
	if (is_plain(conn)) {
		release_sock(sk);
		return conn->base->ioctl(sk, cmd, arg);
	}
	if (conn->phase == TLSUP_PHASE_OPEN)
		ready = tlsup_inq(conn);
	release_sock(sk);
	return tlsup_ioctl_answer(arg, ready);
}

/* The last bytes before close may exceed any limit but memory. */
static bool stream_memory_free(const struct sock *sk, int wake)
{
	const struct tlsup_conn *conn = tlsup_ulp_conn(sk);

	if (conn && conn->tx.force)
		return true;
	return face(sk)->base->stream_memory_free(sk, wake);
}

static __poll_t poll_open(struct tlsup_conn *conn)
{
	struct sock *sk = conn->sk;
	__poll_t mask = 0;

	if (tlsup_readable(conn))
		mask |= EPOLLIN | EPOLLRDNORM;
	if (conn->phase != TLSUP_PHASE_OPEN)
		return 0;
	if (conn->rx.eof || (sk->sk_shutdown & RCV_SHUTDOWN))
		mask |= EPOLLRDHUP;
	if (sk->sk_shutdown == SHUTDOWN_MASK || sk->sk_state == TCP_CLOSE)
		mask |= EPOLLHUP;
	if (READ_ONCE(sk->sk_err))
		mask |= EPOLLERR;
	if (sk->sk_shutdown & SEND_SHUTDOWN || conn->tx.closed)
		return mask | EPOLLOUT | EPOLLWRNORM;

	if (!conn->tx.queued && sk_stream_is_writeable(sk))
		return mask | EPOLLOUT | EPOLLWRNORM;
	sk_set_bit(SOCKWQ_ASYNC_NOSPACE, sk);
	set_bit(SOCK_NOSPACE, &sk->sk_socket->flags);
	/* Room may have come between the look and the bit. */
	smp_mb__after_atomic();
	if (!conn->tx.queued && sk_stream_is_writeable(sk))
		mask |= EPOLLOUT | EPOLLWRNORM;
	return mask;
}

static __poll_t ulp_poll(struct file *file, struct socket *sock,
			 struct poll_table_struct *wait)
{
	struct sock *sk = sock->sk;
	struct tlsup_conn *conn;
	__poll_t mask = 0;

	if (is_plain(tlsup_ulp_conn(sk)) || sk->sk_state == TCP_LISTEN)
		return face(sk)->base_ops->poll(file, sock, wait);
	sock_poll_wait(file, sock, wait);
	lock_sock(sk);
	conn = tlsup_ulp_conn(sk);
	if (conn->phase == TLSUP_PHASE_OPEN)
		mask = poll_open(conn);
	/* Opening the head record may have made it fail. */
	if (conn->phase == TLSUP_PHASE_FAILED)
		mask = EPOLLIN | EPOLLRDNORM | EPOLLOUT | EPOLLWRNORM |
		       EPOLLERR | EPOLLHUP | EPOLLRDHUP;
	release_sock(sk);
	return mask;
}

static int ulp_connect(struct socket *sock, struct sockaddr *addr, int len,
		       int flags)
{
	struct sock *sk = sock->sk;
	struct tlsup_conn *conn;
	int err;

	if (len >= (int)sizeof(addr->sa_family) && addr->sa_family == AF_UNSPEC)
		return -EOPNOTSUPP;
	err = face(sk)->base_ops->connect(sock, addr, len, flags);
	if (err)
		return err;
	/* TCP_FASTOPEN_CONNECT: TCP waits for the first bytes, which are ours. */
	lock_sock(sk);
	conn = tlsup_ulp_conn(sk);
	if (conn->phase == TLSUP_PHASE_WAITING)
		tlsup_conn_advance(conn);
	release_sock(sk);
	return 0;
}

/* What it accepts inherits the options: see ulp_clone(). */
static int ulp_listen(struct socket *sock, int backlog)
{
	struct sock *sk = sock->sk;
	struct tlsup_conn *conn;
	bool can;

	lock_sock(sk);
	conn = tlsup_ulp_conn(sk);
	can = conn->phase <= TLSUP_PHASE_WAITING && conn->role != TLSUP_CLIENT;
	release_sock(sk);
	if (!can)
		return -EOPNOTSUPP;
	return face(sk)->base_ops->listen(sock, backlog);
}

/*
 * The handshake of what was accepted starts here, or with its first record.
 * Between listeners of one port (reuseport) a child may have changed hands: one
 * that is not protected is not let through.
 */
static int ulp_accept(struct socket *sock, struct socket *newsock,
		      TLSUP_ACCEPT_ARGS)
{
	const struct face *f = face(sock->sk);
	struct tlsup_conn *conn;
	struct sock *sk;
	int err;

	err = f->base_ops->accept(sock, newsock, TLSUP_ACCEPT_PASS);
	if (err)
		return err;
	sk = newsock->sk;
	lock_sock(sk);
	if (sk->sk_prot == &f->prot) {
		conn = tlsup_ulp_conn(sk);
		if (conn->phase == TLSUP_PHASE_WAITING)
			tlsup_conn_advance(conn);
	} else {
		err = -ECONNABORTED;
	}
	release_sock(sk);
	return err;
}

static int ulp_shutdown(struct socket *sock, int how)
{
	struct sock *sk = sock->sk;
	struct tlsup_conn *conn;

	/* Before TCP's: afterwards nothing can be sent any more. */
	lock_sock(sk);
	conn = tlsup_ulp_conn(sk);
	if (conn->phase == TLSUP_PHASE_OPEN && how != SHUT_RD) {
		if (conn->raw)
			tlsup_tx_flush_open(conn);
		else
			tlsup_ctrl_close_notify(conn);
		tlsup_tx_force(conn);
	}
	if (how != SHUT_WR)
		conn->read_shutdown = true;
	release_sock(sk);
	return face(sk)->base_ops->shutdown(sock, how);
}

/* The socket's stays 1: a larger one would hold back whole handshakes. */
static int ulp_set_rcvlowat(struct sock *sk, int val)
{
	struct tlsup_conn *conn = tlsup_ulp_conn(sk);

	/* As TCP: no more than half of what can be queued. */
	conn->rx.lowat = clamp(val ?: 1, 1, sk->sk_rcvbuf >> 1);
	conn->saved_data_ready(sk);
	return 0;
}

static ssize_t ulp_splice_read(struct socket *sock, loff_t *ppos,
			       struct pipe_inode_info *pipe, size_t len,
			       unsigned int flags)
{
	struct sock *sk = sock->sk;

	if (is_plain(tlsup_ulp_conn(sk)))
		return face(sk)->base_ops->splice_read(sock, ppos, pipe, len,
						       flags);
	return tlsup_splice_read(sock, ppos, pipe, len, flags);
}

static void build_prot(struct proto *prot, const struct proto *base)
{
	*prot = *base;
	prot->owner = THIS_MODULE;
	prot->close = ulp_close;
	prot->disconnect = ulp_disconnect;
	prot->ioctl = ulp_ioctl;
	prot->setsockopt = tlsup_sockopt_set;
	prot->getsockopt = tlsup_sockopt_get;
	prot->sendmsg = tlsup_sendmsg;
	prot->recvmsg = tlsup_recvmsg;
	prot->splice_eof = tlsup_splice_eof;
	prot->stream_memory_free = stream_memory_free;
	tlsup_compat_prot(prot, false);
	prot->sock_is_readable = NULL;
#ifdef CONFIG_BPF_SYSCALL
	prot->psock_update_sk_prot = NULL;
#endif
}

static int dead_sendmsg(struct sock *sk, struct msghdr *msg, size_t len)
{
	return -ECONNABORTED;
}

static int dead_recvmsg(struct sock *sk, struct msghdr *msg, size_t len,
			int flags, int *addr_len)
{
	return -ECONNABORTED;
}

static int dead_setsockopt(struct sock *sk, int level, int optname,
			   sockptr_t optval, unsigned int optlen)
{
	return -ECONNABORTED;
}

static int dead_getsockopt(struct sock *sk, int level, int optname,
			   char __user *optval, int __user *optlen)
{
	return -ECONNABORTED;
}

static int dead_ioctl(struct sock *sk, int cmd, tlsup_ioctl_arg arg)
{
	return -ECONNABORTED;
}

static void build_dead(struct proto *prot, const struct proto *base)
{
	*prot = *base;
	prot->owner = THIS_MODULE;
	prot->sendmsg = dead_sendmsg;
	prot->recvmsg = dead_recvmsg;
	prot->setsockopt = dead_setsockopt;
	prot->getsockopt = dead_getsockopt;
	prot->ioctl = dead_ioctl;
	prot->splice_eof = NULL;
	tlsup_compat_prot(prot, true);
	prot->sock_is_readable = NULL;
#ifdef CONFIG_BPF_SYSCALL
	prot->psock_update_sk_prot = NULL;
#endif
}

static void build_ops(struct proto_ops *ops, const struct proto_ops *base,
		      enum ulp_kind kind)
{
	*ops = *base;
	ops->owner = THIS_MODULE;
	ops->connect = ulp_connect;
	if (kind == KIND_TLSUP) {
		ops->listen = ulp_listen;
		ops->accept = ulp_accept;
	}
	ops->shutdown = ulp_shutdown;
	ops->poll = ulp_poll;
	ops->set_rcvlowat = ulp_set_rcvlowat;
	/* Each of these would hand out TCP's own bytes; mmap is not asked for. */
	ops->mmap = sock_no_mmap;
	ops->splice_read = ulp_splice_read;
	ops->read_sock = NULL;
	ops->read_skb = NULL;
	ops->peek_len = NULL;
	ops->set_peek_off = NULL;
	ops->sendmsg_locked = NULL;
	tlsup_compat_ops(ops);
}

/* Both copies once, from the first socket of the family; the same for all. */
static int prepare_face(struct face *face, const struct sock *sk,
			enum ulp_kind kind)
{
	const struct proto *base = sk->sk_prot;
	const struct proto_ops *ops = sk->sk_socket->ops;
	int err = 0;

	mutex_lock(&faces_lock);
	if (!face->base) {
		build_prot(&face->prot, base);
		build_dead(&face->dead, base);
		build_ops(&face->ops, ops, kind);
		face->base_ops = ops;
		face->base = base;
	}
	if (face->base != base || face->base_ops != ops)
		err = -EOPNOTSUPP;
	mutex_unlock(&faces_lock);
	return err;
}

/* Somebody else may have changed or claimed the socket. */
static int check_socket(const struct sock *sk)
{
	if (!sk->sk_socket || sk->sk_type != SOCK_STREAM)
		return -EOPNOTSUPP;
	if (sk->sk_prot != sk->sk_prot_creator)
		return -EOPNOTSUPP;
	if (sk->sk_state == TCP_LISTEN)
		return -EOPNOTSUPP;
	if (tcp_sk(sk)->repair)
		return -EOPNOTSUPP;
	return 0;
}

static void take_socket(struct tlsup_conn *conn, struct sock *sk,
			const struct face *f, const struct tcp_ulp_ops *ulp)
{
	conn->base = f->base;
	conn->attached = true;
	conn->saved_data_ready = sk->sk_data_ready;
	conn->saved_state_change = sk->sk_state_change;
	conn->saved_write_space = sk->sk_write_space;
	conn->saved_error_report = sk->sk_error_report;

	/* Published fully built, before anything can get there. */
	__rcu_assign_sk_user_data_with_flags(sk, conn, SK_USER_DATA_NOCOPY);
	rcu_assign_pointer(inet_csk(sk)->icsk_ulp_data, conn);
	inet_csk(sk)->icsk_ulp_ops = ulp;
	sk->sk_data_ready = data_ready;
	sk->sk_state_change = state_change;
	sk->sk_write_space = write_space;
	sk->sk_error_report = error_report;
	WRITE_ONCE(sk->sk_rcvlowat, 1);
	/*
	 * Tasks that sleep in TCP's own calls would go on there when they
	 * wake, and send plaintext: for them the socket has been disconnected.
	 */
	sk->sk_disconnects++;
	/* What the proto's calls look for is there before they are. */
	smp_store_release(&sk->sk_prot, (struct proto *)&f->prot);
	/* Dropped where the socket's ops are: in __sock_release(). */
	__module_get(THIS_MODULE);
	/* Same for the ops. */
	smp_store_release(&sk->sk_socket->ops, &f->ops);
}

static int attach(struct sock *sk, enum ulp_kind kind,
		  const struct tcp_ulp_ops *ulp)
{
	struct face *face = face_of(sk, kind);
	struct tlsup_conn *conn;
	int err;

	err = check_socket(sk);
	if (!err)
		err = prepare_face(face, sk, kind);
	if (err)
		return err;
	conn = tlsup_conn_create(sk, kind == KIND_RAW);
	if (IS_ERR(conn))
		return PTR_ERR(conn);

	write_lock_bh(&sk->sk_callback_lock);
	if (sk->sk_user_data) {
		write_unlock_bh(&sk->sk_callback_lock);
		tlsup_conn_put(conn);
		return -EBUSY;
	}
	take_socket(conn, sk, face, ulp);
	write_unlock_bh(&sk->sk_callback_lock);
	conn->saved_state_change(sk); /* wakes them */
	return 0;
}

static struct tcp_ulp_ops tlsup_ulp_ops;
static struct tcp_ulp_ops raw_ulp_ops;

static int ulp_init(struct sock *sk)
{
	return attach(sk, KIND_TLSUP, &tlsup_ulp_ops);
}

static int raw_init(struct sock *sk)
{
	/* As in-tree: nobody has to think about sockets in between. */
	if (sk->sk_state != TCP_ESTABLISHED)
		return -ENOTCONN;
	return attach(sk, KIND_RAW, &raw_ulp_ops);
}

/*
 * A listener has made a socket: in softirq, without the listener's lock, and
 * this cannot fail. What it copied goes with the parent's close: the pointers
 * are the parent's, whose connection lives until a grace period has passed.
 */
static void ulp_clone(const struct request_sock *req, struct sock *sk,
		      const gfp_t gfp)
{
	struct face *f = face_of(sk, KIND_TLSUP);
	const struct tlsup_conn *parent = tlsup_ulp_conn(sk);
	struct tlsup_conn *conn;

	/*
	 * The reference that sk_clone_lock() took for the proto's owner
	 * becomes the ULP's: TCP's own proto is what the sock is freed by.
	 */
	if (sk->sk_prot_creator == f->base)
		__module_get(THIS_MODULE);
	else
		sk->sk_prot_creator = (struct proto *)f->base;
	conn = parent ? tlsup_conn_clone(parent, sk, gfp) : NULL;
	rcu_assign_pointer(inet_csk(sk)->icsk_ulp_data, conn);
	if (!conn) {
		WRITE_ONCE(sk->sk_prot, &f->dead);
		return;
	}
	conn->attached = true;
	__rcu_assign_sk_user_data_with_flags(sk, conn, SK_USER_DATA_NOCOPY);
	sk->sk_data_ready = data_ready;
	sk->sk_state_change = state_change;
	sk->sk_write_space = write_space;
	sk->sk_error_report = error_report;
	WRITE_ONCE(sk->sk_prot, &f->prot);
}

/*
 * The sock goes without ulp_close(): a listener, or a child that nobody has
 * accepted; the latter perhaps in softirq. Whoever ends a sock has it locked.
 */
static void ulp_release(struct sock *sk)
{
	struct tlsup_conn *conn = tlsup_ulp_conn(sk);

	if (!conn)
		return;
	tlsup_conn_close(conn);
	detach(sk);
	tlsup_conn_put(conn);
}

static struct tcp_ulp_ops tlsup_ulp_ops = {
	.name		= TLSUP_ULP_NAME,
	.owner		= THIS_MODULE,
	.init		= ulp_init,
	.clone		= ulp_clone,
	.release	= ulp_release,
	.get_info	= tlsup_diag_info,
	.get_info_size	= tlsup_diag_size,
};

static struct tcp_ulp_ops raw_ulp_ops = {
	.name		= TLSUP_RAW_ULP_NAME,
	.owner		= THIS_MODULE,
	.init		= raw_init,
	.release	= ulp_release,
	.get_info	= tlsup_diag_info,
	.get_info_size	= tlsup_diag_size,
};

int __init tlsup_ulp_init(void)
{
	int err = tcp_register_ulp(&tlsup_ulp_ops);

	if (err)
		return err;
	err = tcp_register_ulp(&raw_ulp_ops);
	if (err)
		tcp_unregister_ulp(&tlsup_ulp_ops);
	return err;
}

void tlsup_ulp_exit(void)
{
	tcp_unregister_ulp(&raw_ulp_ops);
	tcp_unregister_ulp(&tlsup_ulp_ops);
}
