// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) 2026 The tlsup authors
 *
 * Socket options of the level SOL_TLSUP, and those of TCP that would open a
 * way around the record layer.
 *
 * User memory is read before the socket lock is taken and written after it has
 * been let go, so that no fault of the application can hold it.
 */
#include "tlsup.h"

#include <linux/cgroup.h>
#include <linux/cred.h>
#include <linux/file.h>
#include <linux/mm_types.h>
#include <linux/pid.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/tcp.h>

#define LABEL_MAX	249	/* HkdfLabel, less "tls13 " (RFC 9846, 7.1) */

static bool is_nonblocking(const struct sock *sk)
{
	const struct socket *sock = sk->sk_socket;

	return sock && sock->file && (sock->file->f_flags & O_NONBLOCK);
}

/* The path of the task's program, in @buffer, or "". */
static const char *exe_path(char *buffer, size_t size)
{
	struct file *exe = NULL;
	char *path;

	if (current->mm) {
		rcu_read_lock();
		exe = tlsup_get_file_rcu(&current->mm->exe_file);
		rcu_read_unlock();
	}
	if (!exe)
		return "";
	path = d_path(&exe->f_path, buffer, size);
	fput(exe);
	return IS_ERR(path) ? "" : path;
}

/* As long as the path is: it stays for as long as the connection. */
static struct tlsup_identity *new_identity(void)
{
	char *buffer = kmalloc(TLSUP_EXE_MAX, GFP_KERNEL);
	struct tlsup_identity *who;
	const char *path;

	if (!buffer)
		return NULL;
	path = exe_path(buffer, TLSUP_EXE_MAX);
	who = kzalloc(struct_size(who, exe, strlen(path) + 1), GFP_KERNEL);
	if (who)
		memcpy(who->exe, path, strlen(path) + 1);
	kfree(buffer);
	return who;
}

/* Who sets the role: a worker in its sandbox cannot ask /proc later. */
static struct tlsup_identity *current_identity(struct sock *sk)
{
	struct user_namespace *ns = sock_net(sk)->user_ns;
	struct tlsup_identity *who = new_identity();

	if (!who)
		return NULL;
	who->uid = from_kuid_munged(ns, current_euid());
	who->gid = from_kgid_munged(ns, current_egid());
	who->pid = task_tgid_nr(current);
#ifdef CONFIG_SOCK_CGROUP_DATA
	who->cgroup_id = cgroup_id(sock_cgroup_ptr(&sk->sk_cgrp_data));
#endif
	return who;
}

static int join_handshake(struct tlsup_conn *conn)
{
	long timeo = MAX_SCHEDULE_TIMEOUT;

	if (conn->phase == TLSUP_PHASE_FAILED)
		return -conn->error;
	if (is_nonblocking(conn->sk))
		return -EALREADY;
	return tlsup_wait_open(conn, &timeo);
}

static int start_handshake(struct tlsup_conn *conn, int role)
{
	int err;

	conn->role = role;
	tlsup_conn_set_phase(conn, TLSUP_PHASE_WAITING);
	err = tlsup_conn_start(conn);
	/* Not yet connected: the role is remembered. */
	if (err || !conn->started_ns)
		return err;
	if (is_nonblocking(conn->sk))
		return -EINPROGRESS;
	return join_handshake(conn);
}

static int set_handshake(struct sock *sk, sockptr_t optval, unsigned int optlen)
{
	struct tlsup_identity *who;
	struct tlsup_conn *conn;
	int role, err;

	if (optlen != sizeof(role))
		return -EINVAL;
	if (copy_from_sockptr(&role, optval, sizeof(role)))
		return -EFAULT;
	if (role != TLSUP_CLIENT && role != TLSUP_SERVER)
		return -EINVAL;
	who = current_identity(sk);
	if (!who)
		return -ENOMEM;

	lock_sock(sk);
	conn = tlsup_ulp_conn(sk);
	if (sk->sk_state == TCP_LISTEN) {
		/* Children copy it at any time: it is set before listen(). */
		err = -ENOPROTOOPT;
	} else if (conn->phase == TLSUP_PHASE_IDLE) {
		conn->identity = who;
		err = start_handshake(conn, role);
		who = NULL;
	} else if (conn->phase == TLSUP_PHASE_OPEN) {
		err = -EISCONN;
	} else {
		err = conn->role == role ? join_handshake(conn) : -EINVAL;
	}
	release_sock(sk);
	kfree(who);
	return err;
}

/* A string without NUL bytes within; one at its end is not counted. */
static int copy_string(char *to, size_t max, sockptr_t optval,
		       unsigned int optlen)
{
	if (!optlen || optlen > max + 1)
		return -EINVAL;
	if (copy_from_sockptr(to, optval, optlen))
		return -EFAULT;
	if (!to[optlen - 1])
		optlen--;
	if (!optlen || optlen > max || memchr(to, '\0', optlen))
		return -EINVAL;
	to[optlen] = '\0';
	return 0;
}

/* Parse into @opt; the caller commits. */
static int parse_server_name(struct tlsup_options *opt, sockptr_t optval,
			     unsigned int optlen)
{
	if (!optlen || optlen > TLSUP_SERVER_NAME_MAX + 1)
		return -EINVAL;
	opt->server_name = kmalloc(optlen + 1, GFP_KERNEL);
	if (!opt->server_name)
		return -ENOMEM;
	return copy_string(opt->server_name, TLSUP_SERVER_NAME_MAX, optval,
			   optlen);
}

/* RFC 7301, 3.1: names of 1 to 255 bytes, each behind its length. */
static bool is_alpn_list(const u8 *list, unsigned int len)
{
	unsigned int i = 0;

	while (i < len) {
		if (!list[i] || list[i] >= len - i)
			return false;
		i += 1 + list[i];
	}
	return len > 0;
}

static int parse_u32(struct tlsup_options *opt, int optname, u32 value)
{
	if (optname == TLSUP_FLAGS) {
		if (value & ~TLSUP_FLAG_ALL)
			return -EINVAL;
		opt->flags = value;
		return 0;
	}
	if (!value || value > TLSUP_TIMEOUT_MAX_MS)
		return -EINVAL;
	opt->timeout_ms = value;
	return 0;
}

/* Likewise. */
static int parse_alpn(struct tlsup_options *opt, sockptr_t optval,
		      unsigned int optlen)
{
	if (!optlen || optlen > TLSUP_ALPN_MAX)
		return -EINVAL;
	opt->alpn = kmalloc(optlen, GFP_KERNEL);
	if (!opt->alpn)
		return -ENOMEM;
	if (copy_from_sockptr(opt->alpn, optval, optlen))
		return -EFAULT;
	opt->alpn_len = optlen;
	return is_alpn_list(opt->alpn, optlen) ? 0 : -EINVAL;
}

static int parse_option(struct tlsup_options *opt, int optname,
			sockptr_t optval, unsigned int optlen)
{
	u32 value;

	switch (optname) {
	case TLSUP_PROFILE:
		return copy_string(opt->profile, TLSUP_PROFILE_MAX, optval,
				   optlen);
	case TLSUP_SERVER_NAME:
		return parse_server_name(opt, optval, optlen);
	case TLSUP_ALPN:
		return parse_alpn(opt, optval, optlen);
	case TLSUP_FLAGS:
	case TLSUP_TIMEOUT:
		if (optlen != sizeof(value))
			return -EINVAL;
		if (copy_from_sockptr(&value, optval, sizeof(value)))
			return -EFAULT;
		return parse_u32(opt, optname, value);
	default:
		return -ENOPROTOOPT;
	}
}

/* What @from no longer needs, it has afterwards. */
static void commit_option(struct tlsup_options *to, struct tlsup_options *from,
			  int optname)
{
	switch (optname) {
	case TLSUP_PROFILE:
		strscpy(to->profile, from->profile, sizeof(to->profile));
		break;
	case TLSUP_SERVER_NAME:
		swap(to->server_name, from->server_name);
		break;
	case TLSUP_ALPN:
		swap(to->alpn, from->alpn);
		to->alpn_len = from->alpn_len;
		break;
	case TLSUP_FLAGS:
		to->flags = from->flags;
		break;
	case TLSUP_TIMEOUT:
		to->timeout_ms = from->timeout_ms;
		break;
	}
}

static int set_option(struct sock *sk, int optname, sockptr_t optval,
		      unsigned int optlen)
{
	struct tlsup_options *opt = kzalloc(sizeof(*opt), GFP_KERNEL);
	struct tlsup_conn *conn;
	int err;

	if (!opt)
		return -ENOMEM;
	err = parse_option(opt, optname, optval, optlen);
	if (!err) {
		lock_sock(sk);
		conn = tlsup_ulp_conn(sk);
		if (conn->phase == TLSUP_PHASE_IDLE &&
		    sk->sk_state != TCP_LISTEN)
			commit_option(conn->options, opt, optname);
		else
			err = -ENOPROTOOPT;
		release_sock(sk);
	}
	tlsup_conn_free_options(opt);
	return err;
}

static int rekey(struct tlsup_conn *conn, bool both)
{
	struct tlsup_tx *tx = &conn->tx;
	int err;

	if (conn->phase != TLSUP_PHASE_OPEN)
		return -ENOPROTOOPT;
	if (tx->closed)
		return -EPIPE;
	if (!tx->keys->secret_len)
		return -EOPNOTSUPP;
	err = tlsup_tx_flush_open(conn);
	if (err)
		return err;
	tx->update = max_t(u8, tx->update,
			   both ? TLSUP_UPDATE_BOTH : TLSUP_UPDATE_OWN);
	tlsup_ctrl_update_tx(conn);
	tlsup_tx_push(conn);
	return tx->update ? -ENOMEM : 0;
}

static int set_rekey(struct sock *sk, sockptr_t optval, unsigned int optlen)
{
	int value, err;

	if (optlen != sizeof(value))
		return -EINVAL;
	if (copy_from_sockptr(&value, optval, sizeof(value)))
		return -EFAULT;
	if (value < 0 || value > 1)
		return -EINVAL;
	lock_sock(sk);
	err = rekey(tlsup_ulp_conn(sk), value);
	release_sock(sk);
	return err;
}

static int set_padding(struct sock *sk, sockptr_t optval, unsigned int optlen)
{
	struct tlsup_conn *conn;
	int err = 0;
	u32 value;

	if (optlen != sizeof(value))
		return -EINVAL;
	if (copy_from_sockptr(&value, optval, sizeof(value)))
		return -EFAULT;
	if (value > TLSUP_PLAINTEXT_MAX)
		return -EINVAL;
	lock_sock(sk);
	conn = tlsup_ulp_conn(sk);
	/* An open record was given no room for it. */
	if (conn->phase == TLSUP_PHASE_OPEN)
		err = tlsup_tx_flush_open(conn);
	if (!err)
		conn->tx.pad = value;
	release_sock(sk);
	return err;
}

static int set_tlsup(struct sock *sk, int optname, sockptr_t optval,
		     unsigned int optlen)
{
	if (optname == TLSUP_HANDSHAKE)
		return set_handshake(sk, optval, optlen);
	if (optname == TLSUP_REKEY)
		return set_rekey(sk, optval, optlen);
	if (optname == TLSUP_PADDING)
		return set_padding(sk, optval, optlen);
	return set_option(sk, optname, optval, optlen);
}

/* TCP's options that would lead past the record layer. */
static bool is_forbidden_set(int level, int optname)
{
	if (level != SOL_TCP)
		return false;
	switch (optname) {
	case TCP_REPAIR:
	case TCP_REPAIR_QUEUE:
	case TCP_REPAIR_OPTIONS:
	case TCP_REPAIR_WINDOW:
	case TCP_QUEUE_SEQ:
	case TCP_INQ:
		return true;
	default:
		return false;
	}
}

/* TCP sends at once what it has been holding back; so does the record layer. */
static void end_hold(struct sock *sk)
{
	struct tlsup_conn *conn;

	lock_sock(sk);
	conn = tlsup_ulp_conn(sk);
	if (conn->tx.record && conn->phase == TLSUP_PHASE_OPEN && !conn->raw)
		tlsup_tx_end(conn);
	release_sock(sk);
}

/**
 * tlsup_sockopt_set - proto->setsockopt
 * @sk: the socket
 * @level: SOL_TLSUP, or any other for TCP
 * @optname: &enum tlsup_option
 * @optval: the value
 * @optlen: its length
 *
 * Return: 0 or -errno; after an error nothing has changed.
 */
int tlsup_sockopt_set(struct sock *sk, int level, int optname, sockptr_t optval,
		      unsigned int optlen)
{
	const struct tlsup_conn *conn = tlsup_ulp_conn(sk);

	if (conn->raw && level == SOL_TLS)
		return tlsup_raw_set(sk, optname, optval, optlen);
	if (!conn->raw && level == SOL_TLSUP)
		return set_tlsup(sk, optname, optval, optlen);
	if (is_forbidden_set(level, optname))
		return -EOPNOTSUPP;
	if (level == SOL_TCP && (optname == TCP_CORK || optname == TCP_NODELAY))
		end_hold(sk);
	return conn->base->setsockopt(sk, level, optname, optval,
						    optlen);
}

static void fill_info(const struct tlsup_conn *conn, struct tlsup_info *info)
{
	const struct tlsup_result *res = conn->result;

	info->version = res->version;
	info->suite = res->suite;
	info->group = res->group;
	info->signature_scheme = res->signature_scheme;
	info->resumed = res->resumed;
	info->client_authenticated = res->client_authenticated;
	info->role = conn->role;
	info->handshake_us = conn->handshake_us;
	info->tx_records = conn->tx.records;
	info->rx_records = conn->rx.records;
	info->tx_bytes = conn->tx.bytes;
	info->rx_bytes = conn->rx.bytes;
	info->tx_rekeys = conn->tx.rekeys;
	info->rx_rekeys = conn->rx.rekeys;
	info->events = conn->events;
	info->answers = conn->answers;
}

static void fill_status(const struct tlsup_conn *conn,
			struct tlsup_status *status)
{
	status->phase = conn->phase;
	status->error = conn->error;
	status->alert_sent = conn->alert_sent;
	status->alert_received = conn->alert_received;
	strscpy(status->reason, conn->reason, sizeof(status->reason));
}

/**
 * struct value - what getsockopt is going to hand out
 * @data: the bytes: in @small or on the heap
 * @len: how many
 * @heap: to be freed
 * @whole: all of them or ERANGE; otherwise as many as the caller asked for
 * @small: room for what is not on the heap
 */
struct value {
	const void *data;
	size_t len;
	void *heap;
	bool whole;
	union {
		struct tlsup_info info;
		struct tlsup_status status;
		u32 number;
		char text[TLSUP_SERVER_NAME_MAX + 1];
	} small;
};

static int take_text(struct value *value, const void *text, size_t len)
{
	memcpy(value->small.text, text, len);
	value->data = value->small.text;
	value->len = len;
	value->whole = true;
	return 0;
}

static int take_number(struct value *value, u32 number)
{
	value->small.number = number;
	value->data = &value->small.number;
	value->len = sizeof(number);
	return 0;
}

/* @leaf: the first certificate alone, without its length. */
static int take_chain(struct value *value, const struct tlsup_result *res,
		      bool leaf)
{
	size_t off = leaf ? 3 : 0;
	size_t len = res->chain_len;

	if (len < 3)
		return -ENODATA;
	if (leaf)
		len = min_t(size_t, get_unaligned_be24(res->chain), len - 3);
	value->heap = tlsup_kvmemdup(res->chain + off, len, GFP_KERNEL);
	if (!value->heap)
		return -ENOMEM;
	value->data = value->heap;
	value->len = len;
	value->whole = true;
	return 0;
}

/* Options that exist once the handshake is done. */
static int take_result(struct tlsup_conn *conn, int optname,
		       struct value *value)
{
	const struct tlsup_result *res = conn->result;

	if (!res)
		return -ENOPROTOOPT;
	switch (optname) {
	case TLSUP_INFO:
		fill_info(conn, &value->small.info);
		value->data = &value->small.info;
		value->len = sizeof(value->small.info);
		return 0;
	case TLSUP_ALPN:
		return take_text(value, res->alpn, res->alpn_len);
	case TLSUP_PEER_CERT:
		return take_chain(value, res, true);
	case TLSUP_PEER_CHAIN:
		return take_chain(value, res, false);
	default:
		return -ENOPROTOOPT;
	}
}

static int take_value(struct tlsup_conn *conn, int optname, struct value *value)
{
	const struct tlsup_options *opt = conn->options;

	switch (optname) {
	case TLSUP_PROFILE:
		return take_text(value, opt->profile, strlen(opt->profile));
	case TLSUP_SERVER_NAME:
		return take_text(value, tlsup_server_name(opt),
				 strlen(tlsup_server_name(opt)));
	case TLSUP_FLAGS:
		return take_number(value, opt->flags);
	case TLSUP_TIMEOUT:
		return take_number(value, opt->timeout_ms);
	case TLSUP_PADDING:
		return take_number(value, conn->tx.pad);
	case TLSUP_STATUS:
		fill_status(conn, &value->small.status);
		value->data = &value->small.status;
		value->len = sizeof(value->small.status);
		return 0;
	default:
		return take_result(conn, optname, value);
	}
}

static int hand_out(const struct value *value, char __user *optval,
		    int __user *optlen)
{
	size_t n;
	int len;

	if (get_user(len, optlen))
		return -EFAULT;
	if (len < 0)
		return -EINVAL;
	n = min_t(size_t, len, value->len);
	if (put_user((int)(value->whole ? value->len : n), optlen))
		return -EFAULT;
	if (value->whole && len < value->len)
		return -ERANGE;
	return copy_to_user(optval, value->data, n) ? -EFAULT : 0;
}

/* User memory in: the wish, in one piece of kernel memory. */
static struct tlsup_exporter *copy_wish(char __user *optval, int len)
{
	struct tlsup_exporter head, *wish;
	size_t size;

	if (len < (int)sizeof(head))
		return ERR_PTR(-EINVAL);
	if (copy_from_user(&head, optval, sizeof(head)))
		return ERR_PTR(-EFAULT);
	size = sizeof(head) + head.label_len + head.context_len;
	if (!head.length || head.length > TLSUP_EXPORT_MAX ||
	    !head.label_len || head.label_len > LABEL_MAX ||
	    head.context_len > TLSUP_EXPORT_MAX || head.use_context > 1 ||
	    (head.context_len && !head.use_context) || head.reserved ||
	    len < size || len < head.length)
		return ERR_PTR(-EINVAL);
	wish = memdup_user(optval, size);
	if (!IS_ERR(wish))
		memcpy(wish, &head, sizeof(head)); /* not what it became */
	return wish;
}

static int export(struct sock *sk, const struct tlsup_exporter *in, u8 *out)
{
	const struct tlsup_exporter_wish wish = {
		.label = in->data,
		.label_len = in->label_len,
		.context = in->data + in->label_len,
		.context_len = in->context_len,
		.use_context = in->use_context,
		.len = in->length,
	};
	const struct tlsup_result *res;
	int err = -ENOPROTOOPT;

	lock_sock(sk);
	res = tlsup_ulp_conn(sk)->result;
	if (res)
		err = res->exporter.secret_len ?
			tlsup_export(&res->exporter, &wish, out) : -ENODATA;
	release_sock(sk);
	return err;
}

static int get_exporter(struct sock *sk, char __user *optval, int __user *optlen)
{
	struct tlsup_exporter *wish;
	u8 *out;
	int len, err = -ENOMEM;

	if (get_user(len, optlen))
		return -EFAULT;
	wish = copy_wish(optval, len);
	if (IS_ERR(wish))
		return PTR_ERR(wish);
	out = kzalloc(wish->length, GFP_KERNEL);
	if (out)
		err = export(sk, wish, out);
	if (!err && (put_user((int)wish->length, optlen) ||
		     copy_to_user(optval, out, wish->length)))
		err = -EFAULT;
	kfree_sensitive(out);
	kfree(wish);
	return err;
}

static int get_tlsup(struct sock *sk, int optname, char __user *optval,
		     int __user *optlen)
{
	struct value *value = kzalloc(sizeof(*value), GFP_KERNEL);
	int err;

	if (!value)
		return -ENOMEM;
	lock_sock(sk);
	err = take_value(tlsup_ulp_conn(sk), optname, value);
	release_sock(sk);
	if (!err)
		err = hand_out(value, optval, optlen);
	kvfree(value->heap);
	kfree(value);
	return err;
}

/**
 * tlsup_sockopt_get - proto->getsockopt
 * @sk: the socket
 * @level: SOL_TLSUP, or any other for TCP
 * @optname: &enum tlsup_option
 * @optval: where the value goes
 * @optlen: in and out: its length
 *
 * Return: 0 or -errno.
 */
int tlsup_sockopt_get(struct sock *sk, int level, int optname,
		      char __user *optval, int __user *optlen)
{
	const struct tlsup_conn *conn = tlsup_ulp_conn(sk);

	if (conn->raw && level == SOL_TLS)
		return tlsup_raw_get(sk, optname, optval, optlen);
	if (!conn->raw && level == SOL_TLSUP && optname == TLSUP_EXPORTER)
		return get_exporter(sk, optval, optlen);
	if (!conn->raw && level == SOL_TLSUP)
		return get_tlsup(sk, optname, optval, optlen);
	/* It maps or copies what TCP holds: ciphertext now, plaintext never. */
	if (level == SOL_TCP && optname == TCP_ZEROCOPY_RECEIVE)
		return -EOPNOTSUPP;
	return conn->base->getsockopt(sk, level, optname, optval,
						    optlen);
}
