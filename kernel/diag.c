// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) 2026 The tlsup authors
 *
 * What inet_diag, and so ss(8), shows of a connection: no key, no data. It is
 * read without the socket lock, so nothing is followed that may be freed.
 */
#include "tlsup.h"

#include <linux/inet_diag.h>
#include <linux/tls.h>

/**
 * tlsup_diag_size - room that tlsup_diag_info() needs
 * @sk: the socket
 *
 * Return: bytes.
 */
size_t tlsup_diag_size(const struct sock *sk)
{
	return nla_total_size(0) * 2 + nla_total_size(sizeof(u16)) * 4 +
	       nla_total_size_64bit(sizeof(u64)) * 5 +
	       nla_total_size(sizeof(u32)) * 3;
}

/* Where in-tree TLS has it, so that ss shows it. */
static int put_tls(struct sk_buff *skb, const struct tlsup_conn *conn)
{
	struct nlattr *nest;
	int err;

	if (!conn->version)
		return 0;
	nest = nla_nest_start_noflag(skb, INET_ULP_INFO_TLS);
	if (!nest)
		return -EMSGSIZE;
	err = nla_put_u16(skb, TLS_INFO_VERSION, conn->version) ?:
	      nla_put_u16(skb, TLS_INFO_CIPHER, conn->cipher) ?:
	      nla_put_u16(skb, TLS_INFO_TXCONF,
			  conn->tx.keys ? TLS_CONF_SW : TLS_CONF_BASE) ?:
	      nla_put_u16(skb, TLS_INFO_RXCONF,
			  conn->rx.keys ? TLS_CONF_SW : TLS_CONF_BASE);
	nla_nest_end(skb, nest);
	return err;
}

static int put_u64(struct sk_buff *skb, int type, u64 value)
{
	return nla_put_u64_64bit(skb, type, value, TLSUP_INET_DIAG_PAD);
}

static int put_own(struct sk_buff *skb, const struct tlsup_conn *conn)
{
	struct nlattr *nest = nla_nest_start_noflag(skb, TLSUP_INET_DIAG);
	int err;

	if (!nest)
		return -EMSGSIZE;
	err = put_u64(skb, TLSUP_INET_DIAG_CONN_ID, conn->id) ?:
	      nla_put_u32(skb, TLSUP_INET_DIAG_PHASE, conn->phase) ?:
	      put_u64(skb, TLSUP_INET_DIAG_TX_RECORDS, conn->tx.records) ?:
	      put_u64(skb, TLSUP_INET_DIAG_RX_RECORDS, conn->rx.records) ?:
	      put_u64(skb, TLSUP_INET_DIAG_TX_BYTES, conn->tx.bytes) ?:
	      put_u64(skb, TLSUP_INET_DIAG_RX_BYTES, conn->rx.bytes) ?:
	      nla_put_u32(skb, TLSUP_INET_DIAG_TX_REKEYS, conn->tx.rekeys) ?:
	      nla_put_u32(skb, TLSUP_INET_DIAG_RX_REKEYS, conn->rx.rekeys);
	nla_nest_end(skb, nest);
	return err;
}

/**
 * tlsup_diag_info - get_info of both ULPs
 * @sk: the socket; its lock need not be held
 * @skb: the message, within INET_DIAG_ULP_INFO
 *
 * Return: 0 or -EMSGSIZE, upon which the caller drops what has been put.
 */
int tlsup_diag_info(struct sock *sk, struct sk_buff *skb)
{
	const struct tlsup_conn *conn;
	int err = 0;

	rcu_read_lock();
	conn = tlsup_ulp_conn(sk);
	if (conn)
		err = put_tls(skb, conn) ?: put_own(skb, conn);
	rcu_read_unlock();
	return err;
}
