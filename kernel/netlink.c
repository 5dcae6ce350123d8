// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) 2026 The tlsup authors
 *
 * The netlink family: handlers fetch, look up, call. Policies and op tables
 * are in genl.c. Handlers never wait: generic netlink holds a lock over them.
 */
#include "tlsup.h"

#include <linux/netlink.h>
#include <linux/notifier.h>

#include <net/netlink.h>

int tlsup_nl_register_doit(struct sk_buff *skb, struct genl_info *info)
{
	if (GENL_REQ_ATTR_CHECK(info, TLSUP_A_WINDOW))
		return -EINVAL;
	return tlsup_agent_register(tlsup_net(genl_info_net(info)),
				    NETLINK_CB(skb).sk, info->snd_portid,
				    nla_get_u32(info->attrs[TLSUP_A_WINDOW]));
}

static int answer(struct tlsup_conn *conn, struct sk_buff *skb,
		  struct genl_info *info)
{
	u8 epoch = nla_get_u8(info->attrs[TLSUP_A_RX_EPOCH]);
	struct nlattr *actions = info->attrs[TLSUP_A_ACTIONS];

	if (!tlsup_agent_owns(conn, NETLINK_CB(skb).sk)) {
		tlsup_stat_inc(conn->tn, answers_refused);
		return -EPERM;
	}
	if (!tlsup_conn_trylock(conn))
		return tlsup_answer_defer(conn, skb, epoch, actions);
	tlsup_answer_walk(conn, epoch, actions);
	release_sock(conn->sk);
	return 0;
}

static int find_and_answer(struct sk_buff *skb, struct genl_info *info)
{
	struct tlsup_net *tn = tlsup_net(genl_info_net(info));
	struct tlsup_conn *conn;
	int err;

	if (GENL_REQ_ATTR_CHECK(info, TLSUP_A_CONN_ID) ||
	    GENL_REQ_ATTR_CHECK(info, TLSUP_A_RX_EPOCH) ||
	    GENL_REQ_ATTR_CHECK(info, TLSUP_A_ACTIONS))
		return -EINVAL;
	err = tlsup_agent_credit(tn, NETLINK_CB(skb).sk, 1);
	if (err) {
		tlsup_stat_inc(tn, answers_refused);
		return err;
	}
	conn = tlsup_conn_find(tn, nla_get_u64(info->attrs[TLSUP_A_CONN_ID]));
	if (!conn)
		return -ENOENT;
	err = answer(conn, skb, info);
	tlsup_conn_put(conn);
	return err;
}

int tlsup_nl_answer_doit(struct sk_buff *skb, struct genl_info *info)
{
	int err = find_and_answer(skb, info);

	/* What was not carried out holds secrets as well. */
	if (err && info->attrs[TLSUP_A_ACTIONS])
		tlsup_answer_wipe(info->attrs[TLSUP_A_ACTIONS]);
	return err;
}

int tlsup_nl_ack_doit(struct sk_buff *skb, struct genl_info *info)
{
	if (GENL_REQ_ATTR_CHECK(info, TLSUP_A_EVENTS))
		return -EINVAL;
	return tlsup_agent_credit(tlsup_net(genl_info_net(info)),
				  NETLINK_CB(skb).sk,
				  nla_get_u32(info->attrs[TLSUP_A_EVENTS]));
}

int tlsup_nl_drain_doit(struct sk_buff *skb, struct genl_info *info)
{
	return tlsup_agent_drain(tlsup_net(genl_info_net(info)),
				 NETLINK_CB(skb).sk);
}

int tlsup_nl_close_doit(struct sk_buff *skb, struct genl_info *info)
{
	struct tlsup_conn *conn;

	if (GENL_REQ_ATTR_CHECK(info, TLSUP_A_CONN_ID))
		return -EINVAL;
	conn = tlsup_conn_find(tlsup_net(genl_info_net(info)),
			       nla_get_u64(info->attrs[TLSUP_A_CONN_ID]));
	if (!conn)
		return -ENOENT;
	tlsup_conn_queue(conn, TLSUP_TODO_CLOSE);
	tlsup_conn_put(conn);
	return 0;
}

static u64 stat(const struct tlsup_net *tn, enum tlsup_counter counter)
{
	return atomic64_read(&tn->stats[counter]);
}

static int put_stats(struct sk_buff *skb, struct tlsup_net *tn)
{
	const u64 values[TLSUP_A_STATS_MAX + 1] = {
		[TLSUP_A_STATS_CONNS_CREATED] =
			stat(tn, TLSUP_STAT_conns_created),
		[TLSUP_A_STATS_CONNS_DESTROYED] =
			stat(tn, TLSUP_STAT_conns_destroyed),
		[TLSUP_A_STATS_HANDSHAKES_DONE] =
			stat(tn, TLSUP_STAT_handshakes_done),
		[TLSUP_A_STATS_HANDSHAKES_FAILED] =
			stat(tn, TLSUP_STAT_handshakes_failed),
		[TLSUP_A_STATS_HANDSHAKES_PENDING] =
			READ_ONCE(tn->pending_count),
		[TLSUP_A_STATS_AGENTS] =
			stat(tn, TLSUP_STAT_agents_registered) -
			stat(tn, TLSUP_STAT_agents_gone),
		[TLSUP_A_STATS_TICKETS_UP] = stat(tn, TLSUP_STAT_tickets_up),
		[TLSUP_A_STATS_TICKETS_DROPPED] =
			stat(tn, TLSUP_STAT_tickets_dropped),
		[TLSUP_A_STATS_TX_RECORDS] = stat(tn, TLSUP_STAT_tx_records),
		[TLSUP_A_STATS_RX_RECORDS] = stat(tn, TLSUP_STAT_rx_records),
		[TLSUP_A_STATS_RX_BAD_RECORDS] =
			stat(tn, TLSUP_STAT_rx_bad_records),
		[TLSUP_A_STATS_TX_REKEYS] = stat(tn, TLSUP_STAT_tx_rekeys),
		[TLSUP_A_STATS_RX_REKEYS] = stat(tn, TLSUP_STAT_rx_rekeys),
		[TLSUP_A_STATS_TX_BYTES] = stat(tn, TLSUP_STAT_tx_bytes_ended),
		[TLSUP_A_STATS_RX_BYTES] = stat(tn, TLSUP_STAT_rx_bytes_ended),
		[TLSUP_A_STATS_HANDSHAKES_REFUSED] =
			stat(tn, TLSUP_STAT_handshakes_refused),
	};
	struct nlattr *nest = nla_nest_start(skb, TLSUP_A_STATS);
	int i;

	if (!nest)
		return -EMSGSIZE;
	for (i = TLSUP_A_STATS_CONNS_CREATED; i <= TLSUP_A_STATS_MAX; i++)
		if (i != TLSUP_A_STATS_PAD &&
		    nla_put_u64_64bit(skb, i, values[i], TLSUP_A_STATS_PAD))
			return -EMSGSIZE;
	nla_nest_end(skb, nest);
	return 0;
}

int tlsup_nl_get_stats_doit(struct sk_buff *skb, struct genl_info *info)
{
	struct sk_buff *reply = genlmsg_new(GENLMSG_DEFAULT_SIZE, GFP_KERNEL);
	void *header;

	if (!reply)
		return -ENOMEM;
	header = genlmsg_put_reply(reply, info, &tlsup_nl_family, 0,
				   TLSUP_CMD_GET_STATS);
	if (!header || put_stats(reply, tlsup_net(genl_info_net(info)))) {
		nlmsg_free(reply);
		return -EMSGSIZE;
	}
	genlmsg_end(reply, header);
	return genlmsg_reply(reply, info);
}

static int put_result(struct sk_buff *skb, const struct tlsup_conn *conn,
		      const struct tlsup_result *res)
{
	return nla_put_string(skb, TLSUP_A_SERVER_NAME,
			      tlsup_server_name(conn->options)) ?:
	       nla_put_u16(skb, TLSUP_A_VERSION, res->version) ?:
	       nla_put_u16(skb, TLSUP_A_SUITE, res->suite) ?:
	       nla_put_u8(skb, TLSUP_A_RESUMED, res->resumed);
}

/* The leaf of a chain: a uint24 length and the certificate. */
static int put_cert(struct sk_buff *skb, const struct tlsup_conn *conn)
{
	const struct tlsup_result *res =
		tlsup_conn_phase(conn) == TLSUP_PHASE_OPEN ? conn->result : NULL;
	u32 len;

	if (!res || res->chain_len < 3)
		return 0;
	len = res->chain[0] << 16 | res->chain[1] << 8 | res->chain[2];
	return nla_put(skb, TLSUP_A_PEER_CERT, min(len, res->chain_len - 3),
		       res->chain + 3);
}

/* Without the socket lock: a picture, not a proof. */
static int put_conn(struct sk_buff *skb, struct tlsup_conn *conn)
{
	enum tlsup_phase phase = tlsup_conn_phase(conn);
	const struct tlsup_result *res = phase == TLSUP_PHASE_OPEN ?
					 conn->result : NULL;
	const struct tlsup_identity *who = phase == TLSUP_PHASE_IDLE ?
					   NULL : conn->identity;

	if (nla_put_u64_64bit(skb, TLSUP_A_CONN_ID, conn->id, TLSUP_A_PAD) ||
	    nla_put_u8(skb, TLSUP_A_ROLE, READ_ONCE(conn->role)) ||
	    nla_put_u32(skb, TLSUP_A_PHASE, phase) ||
	    nla_put_u64_64bit(skb, TLSUP_A_TX_BYTES, READ_ONCE(conn->tx.bytes),
			      TLSUP_A_PAD) ||
	    nla_put_u64_64bit(skb, TLSUP_A_RX_BYTES, READ_ONCE(conn->rx.bytes),
			      TLSUP_A_PAD) ||
	    tlsup_event_put_peer(skb, conn->sk))
		return -EMSGSIZE;
	if (READ_ONCE(conn->started_ns) &&
	    nla_put_u64_64bit(skb, TLSUP_A_AGE,
			      div_u64(ktime_get_ns() - conn->started_ns,
				      NSEC_PER_MSEC), TLSUP_A_PAD))
		return -EMSGSIZE;
	/* Options do not change once the role is set. */
	if (who && (nla_put_string(skb, TLSUP_A_PROFILE,
				   conn->options->profile) ||
		    nla_put_u32(skb, TLSUP_A_UID, who->uid) ||
		    nla_put_u32(skb, TLSUP_A_PID, who->pid) ||
		    nla_put_string(skb, TLSUP_A_EXE, who->exe)))
		return -EMSGSIZE;
	return res ? put_result(skb, conn, res) : 0;
}

static int put_conn_message(struct sk_buff *skb, struct tlsup_conn *conn,
			    u32 portid, u32 seq, int flags, bool cert)
{
	void *header = genlmsg_put(skb, portid, seq, &tlsup_nl_family, flags,
				   TLSUP_CMD_GET_CONN);

	if (!header)
		return -EMSGSIZE;
	if (put_conn(skb, conn) || (cert && put_cert(skb, conn))) {
		genlmsg_cancel(skb, header);
		return -EMSGSIZE;
	}
	genlmsg_end(skb, header);
	return 0;
}

int tlsup_nl_get_conn_doit(struct sk_buff *skb, struct genl_info *info)
{
	struct tlsup_conn *conn;
	struct sk_buff *reply;
	int err = -ENOMEM;

	if (GENL_REQ_ATTR_CHECK(info, TLSUP_A_CONN_ID))
		return -EINVAL;
	conn = tlsup_conn_find(tlsup_net(genl_info_net(info)),
			       nla_get_u64(info->attrs[TLSUP_A_CONN_ID]));
	if (!conn)
		return -ENOENT;
	reply = genlmsg_new(GENLMSG_DEFAULT_SIZE + U16_MAX, GFP_KERNEL);
	if (reply)
		err = put_conn_message(reply, conn, info->snd_portid,
				       info->snd_seq, 0, true);
	tlsup_conn_put(conn);
	if (err) {
		nlmsg_free(reply);
		return err;
	}
	return genlmsg_reply(reply, info);
}

int tlsup_nl_get_conn_dumpit(struct sk_buff *skb, struct netlink_callback *cb)
{
	struct tlsup_net *tn = tlsup_net(sock_net(skb->sk));
	unsigned long id = cb->args[0];
	struct tlsup_conn *conn;
	int err = 0;

	rcu_read_lock();
	xa_for_each_start(&tn->conns, id, conn, cb->args[0]) {
		if (!refcount_inc_not_zero(&conn->refs))
			continue;
		err = put_conn_message(skb, conn, NETLINK_CB(cb->skb).portid,
				       cb->nlh->nlmsg_seq, NLM_F_MULTI, false);
		tlsup_conn_put(conn);
		if (err)
			break;
	}
	rcu_read_unlock();
	if (!err)
		return 0;
	cb->args[0] = id;
	return skb->len;
}

struct genl_family tlsup_nl_family __ro_after_init = {
	.name		= TLSUP_FAMILY_NAME,
	.version	= TLSUP_FAMILY_VERSION,
	.maxattr	= TLSUP_A_MAX,
	.netnsok	= true,
	.parallel_ops	= true,
	.module		= THIS_MODULE,
	.ops		= tlsup_nl_ops,
	.n_ops		= ARRAY_SIZE(tlsup_nl_ops),
	.resv_start_op	= TLSUP_CMD_REGISTER,
};

static int netlink_event(struct notifier_block *nb, unsigned long event,
			 void *data)
{
	struct netlink_notify *notify = data;

	if (event == NETLINK_URELEASE && notify->protocol == NETLINK_GENERIC)
		tlsup_agent_gone(tlsup_net(notify->net), notify->portid);
	return NOTIFY_DONE;
}

static struct notifier_block netlink_notifier = {
	.notifier_call = netlink_event,
};

int __init tlsup_netlink_init(void)
{
	int err = netlink_register_notifier(&netlink_notifier);

	if (err)
		return err;
	err = genl_register_family(&tlsup_nl_family);
	if (err)
		netlink_unregister_notifier(&netlink_notifier);
	return err;
}

void tlsup_netlink_exit(void)
{
	genl_unregister_family(&tlsup_nl_family);
	netlink_unregister_notifier(&netlink_notifier);
}
