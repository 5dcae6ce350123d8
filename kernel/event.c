// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) 2026 The tlsup authors
 *
 * Events: messages to the agent, built from the connection's state.
 */
#include "tlsup.h"

#include <linux/slab.h>

#include <net/tcp.h>

#include "trace.h"

/* Room for every fixed attribute of any event, header included. */
#define EVENT_FIXED	256

/*
 * Cookie, chain and ticket together: an agent's receive buffer has room for its
 * window of events as long as this. What a peer can make longer must not push
 * other events out of it.
 */
#define TICKET_MAX	(30 * 1024)

static struct sk_buff *event_new(u8 cmd, size_t payload, void **header)
{
	struct sk_buff *skb = genlmsg_new(EVENT_FIXED + payload, GFP_KERNEL);

	if (!skb)
		return NULL;
	*header = genlmsg_put(skb, 0, 0, &tlsup_nl_family, 0, cmd);
	if (*header)
		return skb;
	nlmsg_free(skb);
	return NULL;
}

static struct sk_buff *event_end(const struct tlsup_conn *conn,
				 struct sk_buff *skb, void *header, int err)
{
	const struct genlmsghdr *genl = nlmsg_data(nlmsg_hdr(skb));

	if (err) {
		nlmsg_free(skb);
		return NULL;
	}
	genlmsg_end(skb, header);
	trace_tlsup_event(conn->id, genl->cmd, skb->len);
	return skb;
}

static u8 rx_epoch(const struct tlsup_conn *conn)
{
	return conn->rx.keys ? conn->rx.keys->epoch : TLSUP_EPOCH_PLAINTEXT;
}

static int put_record(struct sk_buff *skb, const struct tlsup_rec *rec)
{
	return nla_put_u8(skb, TLSUP_A_CONTENT_TYPE, rec->type) ?:
	       nla_put(skb, TLSUP_A_PAYLOAD, rec->len, tlsup_rec_data(rec));
}

static int put_identity(struct sk_buff *skb, const struct tlsup_identity *who)
{
	return nla_put_u32(skb, TLSUP_A_UID, who->uid) ?:
	       nla_put_u32(skb, TLSUP_A_GID, who->gid) ?:
	       nla_put_u32(skb, TLSUP_A_PID, who->pid) ?:
	       nla_put_u64_64bit(skb, TLSUP_A_CGROUP_ID, who->cgroup_id,
				 TLSUP_A_PAD) ?:
	       nla_put_string(skb, TLSUP_A_EXE, who->exe);
}

static int put_options(struct sk_buff *skb, const struct tlsup_options *opt)
{
	return nla_put_string(skb, TLSUP_A_PROFILE, opt->profile) ?:
	       nla_put_string(skb, TLSUP_A_SERVER_NAME, tlsup_server_name(opt)) ?:
	       nla_put(skb, TLSUP_A_ALPN, opt->alpn_len, opt->alpn) ?:
	       nla_put_u32(skb, TLSUP_A_FLAGS, opt->flags) ?:
	       nla_put_u32(skb, TLSUP_A_TIMEOUT, opt->timeout_ms);
}

/**
 * tlsup_event_put_peer - the peer's address and port
 * @skb: gets them
 * @sk: connected, once
 *
 * Return: 0 or -EMSGSIZE.
 */
int tlsup_event_put_peer(struct sk_buff *skb, const struct sock *sk)
{
#if IS_ENABLED(CONFIG_IPV6)
	if (sk->sk_family == AF_INET6 &&
	    nla_put_in6_addr(skb, TLSUP_A_PEER_ADDRESS, &sk->sk_v6_daddr))
		return -EMSGSIZE;
#endif
	if (sk->sk_family == AF_INET &&
	    nla_put_in_addr(skb, TLSUP_A_PEER_ADDRESS, sk->sk_daddr))
		return -EMSGSIZE;
	return nla_put_u16(skb, TLSUP_A_PEER_PORT, ntohs(sk->sk_dport));
}

/**
 * tlsup_event_start - EV_START
 * @conn: socket lock held; a server's has its first record opened
 *
 * Return: the message, or NULL without memory.
 */
struct sk_buff *tlsup_event_start(struct tlsup_conn *conn)
{
	const struct tlsup_rec *rec = tlsup_rx_head(conn);
	struct sk_buff *skb;
	void *header;
	int err;

	skb = event_new(TLSUP_CMD_EV_START,
			sizeof(*conn->options) + conn->options->alpn_len +
			strlen(tlsup_server_name(conn->options)) +
			tlsup_identity_size(conn->identity) + conn->rx.queued,
			&header);
	if (!skb)
		return NULL;
	err = nla_put_u64_64bit(skb, TLSUP_A_CONN_ID, conn->id, TLSUP_A_PAD) ?:
	      nla_put_u8(skb, TLSUP_A_ROLE, conn->role) ?:
	      nla_put_u8(skb, TLSUP_A_RX_EPOCH, rx_epoch(conn)) ?:
	      nla_put_u8(skb, TLSUP_A_CBC, READ_ONCE(conn->tn->cbc)) ?:
	      put_options(skb, conn->options) ?:
	      put_identity(skb, conn->identity) ?:
	      tlsup_event_put_peer(skb, conn->sk);
	if (!err && rec)
		err = put_record(skb, rec);
	return event_end(conn, skb, header, err);
}

/**
 * tlsup_event_record - EV_RECORD
 * @conn: socket lock held, a record opened
 *
 * Return: the message, or NULL without memory.
 */
struct sk_buff *tlsup_event_record(struct tlsup_conn *conn)
{
	const struct tlsup_rec *rec = tlsup_rx_head(conn);
	struct sk_buff *skb;
	void *header;
	int err;

	skb = event_new(TLSUP_CMD_EV_RECORD, rec->len, &header);
	if (!skb)
		return NULL;
	err = nla_put_u64_64bit(skb, TLSUP_A_CONN_ID, conn->id, TLSUP_A_PAD) ?:
	      nla_put_u8(skb, TLSUP_A_RX_EPOCH, rx_epoch(conn)) ?:
	      put_record(skb, rec);
	return event_end(conn, skb, header, err);
}

/**
 * tlsup_event_ticket - EV_TICKET
 * @conn: socket lock held, the handshake done
 * @message: NewSessionTicket with its header
 * @len: its length, bytes
 *
 * Return: the message, or NULL without memory or when it would be too long.
 */
struct sk_buff *tlsup_event_ticket(struct tlsup_conn *conn, const u8 *message,
				   size_t len)
{
	const struct tlsup_result *res = conn->result;
	size_t payload = res->cookie_len + res->chain_len + len;
	struct sk_buff *skb;
	void *header;
	int err;

	if (payload > TICKET_MAX)
		return NULL;
	skb = event_new(TLSUP_CMD_EV_TICKET, payload, &header);
	if (!skb)
		return NULL;
	err = nla_put(skb, TLSUP_A_COOKIE, res->cookie_len, res->cookie) ?:
	      nla_put(skb, TLSUP_A_PEER_CHAIN, res->chain_len, res->chain) ?:
	      nla_put(skb, TLSUP_A_PAYLOAD, len, message);
	return event_end(conn, skb, header, err);
}

/**
 * tlsup_event_closed - EV_CLOSED
 * @conn: socket lock held; error and reason are set if it failed
 *
 * Return: the message, or NULL without memory.
 */
struct sk_buff *tlsup_event_closed(struct tlsup_conn *conn)
{
	s16 alert = conn->alert_received >= 0 ? conn->alert_received :
						conn->alert_sent;
	struct sk_buff *skb;
	void *header;
	int err;

	skb = event_new(TLSUP_CMD_EV_CLOSED, TLSUP_REASON_MAX, &header);
	if (!skb)
		return NULL;
	err = nla_put_u64_64bit(skb, TLSUP_A_CONN_ID, conn->id, TLSUP_A_PAD) ?:
	      nla_put_u32(skb, TLSUP_A_ERROR, conn->error) ?:
	      nla_put_string(skb, TLSUP_A_REASON, conn->reason);
	if (!err && alert >= 0)
		err = nla_put_u8(skb, TLSUP_A_ALERT, alert);
	return event_end(conn, skb, header, err);
}
