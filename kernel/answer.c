// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) 2026 The tlsup authors
 *
 * Answers: the ordered actions of an agent, walked on one connection under one
 * hold of the socket lock. If one fails, the connection fails.
 */
#include "tlsup.h"

#include <linux/netlink.h>
#include <linux/slab.h>

#include "trace.h"

/* What an answer that waits for the socket lock needs, in its clone's cb. */
struct deferred {
	struct nlattr *actions;
	u8 epoch;
};

static struct deferred *deferred(struct sk_buff *skb)
{
	BUILD_BUG_ON(sizeof(struct deferred) > sizeof(skb->cb));
	return (struct deferred *)skb->cb;
}

static u16 get_u16(const struct nlattr *attr)
{
	return attr ? nla_get_u16(attr) : 0;
}

static u8 get_u8(const struct nlattr *attr)
{
	return attr ? nla_get_u8(attr) : 0;
}

static size_t attr_len(const struct nlattr *attr)
{
	return attr ? nla_len(attr) : 0;
}

static int act_send(struct tlsup_conn *conn, struct nlattr *attr)
{
	struct nlattr *tb[TLSUP_A_SEND_MAX + 1];
	struct nlattr *data;
	int err;

	err = nla_parse_nested(tb, TLSUP_A_SEND_MAX, attr, tlsup_send_nl_policy,
			       NULL);
	if (err)
		return err;
	data = tb[TLSUP_A_SEND_DATA];
	if (!tb[TLSUP_A_SEND_CONTENT_TYPE] || !data || !nla_len(data) ||
	    nla_len(data) > TLSUP_DATA_MAX)
		return -EINVAL;
	if (conn->tx.queued + nla_len(data) > TLSUP_TX_HANDSHAKE_MAX)
		return -ENOBUFS;
	return tlsup_tx_send(conn, nla_get_u8(tb[TLSUP_A_SEND_CONTENT_TYPE]),
			     nla_data(data), nla_len(data));
}

/* TLS 1.3: the traffic secret. */
static struct tlsup_keys *parse_secret(struct nlattr **tb,
				       const struct tlsup_cipher_desc *cipher)
{
	if (!tb[TLSUP_A_KEYS_HASH] || !tb[TLSUP_A_KEYS_SECRET] ||
	    tb[TLSUP_A_KEYS_KEY] || tb[TLSUP_A_KEYS_IV] ||
	    tb[TLSUP_A_KEYS_MAC_SECRET] || tb[TLSUP_A_KEYS_ENCRYPT_THEN_MAC])
		return ERR_PTR(-EINVAL);
	return tlsup_keys_create(nla_get_u8(tb[TLSUP_A_KEYS_EPOCH]), cipher,
				 nla_get_u8(tb[TLSUP_A_KEYS_HASH]),
				 nla_data(tb[TLSUP_A_KEYS_SECRET]),
				 nla_len(tb[TLSUP_A_KEYS_SECRET]));
}

/* TLS 1.2: the parts of the key block. */
static struct tlsup_keys *parse_parts(struct nlattr **tb,
				      const struct tlsup_cipher_desc *cipher)
{
	struct tlsup_key_parts parts = { .version = TLSUP_VERSION_1_2 };
	size_t mac_size = cipher->hash ? cipher->tag_size : 0;

	if (!tb[TLSUP_A_KEYS_KEY] || tb[TLSUP_A_KEYS_SECRET] ||
	    nla_len(tb[TLSUP_A_KEYS_KEY]) != cipher->key_size ||
	    attr_len(tb[TLSUP_A_KEYS_IV]) != cipher->salt_size ||
	    attr_len(tb[TLSUP_A_KEYS_MAC_SECRET]) != mac_size ||
	    nla_get_u8(tb[TLSUP_A_KEYS_EPOCH]) != TLSUP_EPOCH_APPLICATION)
		return ERR_PTR(-EINVAL);
	parts.etm = get_u8(tb[TLSUP_A_KEYS_ENCRYPT_THEN_MAC]);
	if (parts.etm && !mac_size)
		return ERR_PTR(-EINVAL);
	parts.key = nla_data(tb[TLSUP_A_KEYS_KEY]);
	if (cipher->salt_size)
		memcpy(parts.iv, nla_data(tb[TLSUP_A_KEYS_IV]), cipher->salt_size);
	if (mac_size)
		parts.mac_secret = nla_data(tb[TLSUP_A_KEYS_MAC_SECRET]);
	return tlsup_keys_create_parts(cipher, &parts);
}

static struct tlsup_keys *parse_keys(const struct tlsup_net *tn,
				     struct nlattr **tb)
{
	const struct tlsup_cipher_desc *cipher;

	if (!tb[TLSUP_A_KEYS_DIRECTION] || !tb[TLSUP_A_KEYS_EPOCH] ||
	    !tb[TLSUP_A_KEYS_VERSION] || !tb[TLSUP_A_KEYS_CIPHER])
		return ERR_PTR(-EINVAL);
	cipher = tlsup_cipher_find(nla_get_u16(tb[TLSUP_A_KEYS_CIPHER]));
	if (!cipher || (cipher->hash && !READ_ONCE(tn->cbc)))
		return ERR_PTR(-EOPNOTSUPP);
	return nla_get_u16(tb[TLSUP_A_KEYS_VERSION]) == TLSUP_VERSION_1_3 ?
		parse_secret(tb, cipher) : parse_parts(tb, cipher);
}

/* Received keys of TLS 1.2 wait for the peer's change_cipher_spec. */
static struct tlsup_keys **keys_slot(struct tlsup_conn *conn,
				     struct nlattr **tb,
				     const struct tlsup_keys *keys)
{
	if (nla_get_u8(tb[TLSUP_A_KEYS_DIRECTION]) == TLSUP_DIRECTION_TX)
		return &conn->tx.keys;
	if (keys->version == TLSUP_VERSION_1_3 || conn->rx.keys)
		return &conn->rx.keys;
	return &conn->rx.pending;
}

static int act_keys(struct tlsup_conn *conn, struct nlattr *attr)
{
	struct nlattr *tb[TLSUP_A_KEYS_MAX + 1];
	struct tlsup_keys **slot;
	struct tlsup_keys *keys;
	int err;

	err = nla_parse_nested(tb, TLSUP_A_KEYS_MAX, attr, tlsup_keys_nl_policy,
			       NULL);
	if (err)
		return err;
	keys = parse_keys(conn->tn, tb);
	if (IS_ERR(keys))
		return PTR_ERR(keys);

	slot = keys_slot(conn, tb, keys);
	/* Epochs only go up: no key is ever used for a second stream. */
	if (*slot && (*slot)->epoch >= keys->epoch) {
		tlsup_keys_destroy(keys);
		return -EINVAL;
	}
	tlsup_keys_destroy(*slot);
	*slot = keys;
	tlsup_conn_keyed(conn, keys);
	return 0;
}

static int act_next(struct tlsup_conn *conn, struct nlattr *attr)
{
	struct nlattr *tb[TLSUP_A_NEXT_MAX + 1];
	int err;

	err = nla_parse_nested(tb, TLSUP_A_NEXT_MAX, attr, tlsup_next_nl_policy,
			       NULL);
	if (err)
		return err;
	if (tb[TLSUP_A_NEXT_SKIP])
		conn->rx.skip = nla_get_u32(tb[TLSUP_A_NEXT_SKIP]);
	if (tb[TLSUP_A_NEXT_VERSION])
		conn->rx.version = nla_get_u16(tb[TLSUP_A_NEXT_VERSION]);
	conn->awaiting = false;
	return 0;
}

static void *attr_dup(const struct nlattr *attr, int *err)
{
	void *copy;

	if (!attr_len(attr))
		return NULL;
	copy = tlsup_kvmemdup(nla_data(attr), nla_len(attr), GFP_KERNEL);
	if (!copy)
		*err = -ENOMEM;
	return copy;
}

/**
 * tlsup_answer_free_result - wipe and free what a handshake left
 * @res: may be NULL
 */
void tlsup_answer_free_result(struct tlsup_result *res)
{
	if (!res)
		return;
	kvfree(res->alpn);
	kvfree(res->chain);
	kvfree_sensitive(res->cookie, res->cookie_len);
	kfree_sensitive(res);
}

/* Without it there are no exporters; half of it is a mistake. */
static int parse_exporter(struct nlattr **tb, struct tlsup_result *res)
{
	const struct nlattr *secret = tb[TLSUP_A_DONE_EXPORTER_SECRET];
	const struct nlattr *randoms = tb[TLSUP_A_DONE_RANDOMS];
	struct tlsup_exporter_source *to = &res->exporter;
	int size;

	if (!attr_len(secret))
		return 0;
	to->version = res->version;
	to->hash = get_u8(tb[TLSUP_A_DONE_EXPORTER_HASH]);
	size = randoms ? TLSUP_MASTER_SECRET_SIZE :
			 tlsup_keys_hash_size(to->hash);
	if (!tb[TLSUP_A_DONE_EXPORTER_HASH] || nla_len(secret) != size)
		return -EINVAL;
	if (randoms ? res->version == TLSUP_VERSION_1_3 :
		      res->version != TLSUP_VERSION_1_3)
		return -EINVAL;
	to->secret_len = nla_len(secret);
	memcpy(to->secret, nla_data(secret), to->secret_len);
	if (randoms)
		memcpy(to->randoms, nla_data(randoms), TLSUP_RANDOMS_SIZE);
	return 0;
}

static struct tlsup_result *parse_result(struct nlattr **tb)
{
	struct tlsup_result *res;
	int err = 0;

	if (attr_len(tb[TLSUP_A_DONE_ALPN]) > U8_MAX ||
	    attr_len(tb[TLSUP_A_DONE_COOKIE]) > TLSUP_COOKIE_MAX)
		return ERR_PTR(-EINVAL);
	res = kzalloc(sizeof(*res), GFP_KERNEL);
	if (!res)
		return ERR_PTR(-ENOMEM);

	res->version = get_u16(tb[TLSUP_A_DONE_VERSION]);
	res->suite = get_u16(tb[TLSUP_A_DONE_SUITE]);
	res->group = get_u16(tb[TLSUP_A_DONE_GROUP]);
	res->signature_scheme = get_u16(tb[TLSUP_A_DONE_SIGNATURE_SCHEME]);
	res->resumed = get_u8(tb[TLSUP_A_DONE_RESUMED]);
	res->client_authenticated = get_u8(tb[TLSUP_A_DONE_CLIENT_AUTHENTICATED]);
	res->accept_truncation = get_u8(tb[TLSUP_A_DONE_ACCEPT_TRUNCATION]);
	res->alpn_len = attr_len(tb[TLSUP_A_DONE_ALPN]);
	err = parse_exporter(tb, res);
	res->alpn = attr_dup(tb[TLSUP_A_DONE_ALPN], &err);
	res->chain_len = attr_len(tb[TLSUP_A_DONE_PEER_CHAIN]);
	res->chain = attr_dup(tb[TLSUP_A_DONE_PEER_CHAIN], &err);
	res->cookie_len = attr_len(tb[TLSUP_A_DONE_COOKIE]);
	res->cookie = attr_dup(tb[TLSUP_A_DONE_COOKIE], &err);
	if (!err)
		return res;
	tlsup_answer_free_result(res);
	return ERR_PTR(err);
}

static bool has_application_keys(const struct tlsup_conn *conn)
{
	return conn->tx.keys && conn->rx.keys &&
	       conn->tx.keys->epoch == TLSUP_EPOCH_APPLICATION &&
	       conn->rx.keys->epoch == TLSUP_EPOCH_APPLICATION;
}

/* A limit of RFC 8449, which in TLS 1.3 counts the inner content type. */
static u16 content_limit(const struct nlattr *attr, u16 version)
{
	u16 limit = TLSUP_PLAINTEXT_MAX;

	if (attr)
		limit = min_t(u16, limit, nla_get_u16(attr) -
			      (version == TLSUP_VERSION_1_3));
	return limit;
}

/* The name that a client has asked for: nobody reads it before DONE. */
static int take_server_name(struct tlsup_conn *conn, const struct nlattr *attr)
{
	char *name;

	if (conn->role != TLSUP_SERVER || !attr)
		return 0;
	name = nla_strdup(attr, GFP_KERNEL);
	if (!name)
		return -ENOMEM;
	kfree(conn->options->server_name);
	conn->options->server_name = name;
	return 0;
}

static int succeed(struct tlsup_conn *conn, struct nlattr **tb)
{
	struct tlsup_result *res;
	int err;

	if (!has_application_keys(conn))
		return -EINVAL;
	res = parse_result(tb);
	if (IS_ERR(res))
		return PTR_ERR(res);
	err = take_server_name(conn, tb[TLSUP_A_DONE_SERVER_NAME]);
	if (err) {
		tlsup_answer_free_result(res);
		return err;
	}
	conn->tx.max = content_limit(tb[TLSUP_A_DONE_RECORD_SIZE_LIMIT],
				     res->version);
	conn->rx.max = content_limit(tb[TLSUP_A_DONE_OWN_RECORD_SIZE_LIMIT],
				     res->version);
	/* The point of no return: from here on nothing can fail. */
	conn->result = res;
	tlsup_conn_done(conn);
	return 0;
}

static int act_done(struct tlsup_conn *conn, struct nlattr *attr)
{
	struct nlattr *tb[TLSUP_A_DONE_MAX + 1];
	int err, alert = TLSUP_NO_ALERT;

	err = nla_parse_nested(tb, TLSUP_A_DONE_MAX, attr, tlsup_done_nl_policy,
			       NULL);
	if (err)
		return err;
	if (!tb[TLSUP_A_DONE_ERROR] || !nla_get_u32(tb[TLSUP_A_DONE_ERROR]))
		return succeed(conn, tb);

	if (tb[TLSUP_A_DONE_ALERT])
		alert = nla_get_u8(tb[TLSUP_A_DONE_ALERT]);
	if (tb[TLSUP_A_DONE_REASON] && !conn->reason_text)
		conn->reason_text = nla_strdup(tb[TLSUP_A_DONE_REASON],
					       GFP_KERNEL);
	/* The agent knows; it need not be told. */
	tlsup_agent_release(conn, false);
	tlsup_conn_fail(conn, nla_get_u32(tb[TLSUP_A_DONE_ERROR]), alert,
			conn->reason_text ?: "");
	return 0;
}

static int act(struct tlsup_conn *conn, struct nlattr *attr)
{
	switch (nla_type(attr)) {
	case TLSUP_A_ACTIONS_SEND:
		return act_send(conn, attr);
	case TLSUP_A_ACTIONS_KEYS:
		return act_keys(conn, attr);
	case TLSUP_A_ACTIONS_NEXT:
		return act_next(conn, attr);
	case TLSUP_A_ACTIONS_DONE:
		return act_done(conn, attr);
	default:
		return -EINVAL;
	}
}

/**
 * tlsup_answer_wipe - secrets stay in no skb, on whatever path it dies
 * @actions: the nested attribute
 */
void tlsup_answer_wipe(struct nlattr *actions)
{
	struct nlattr *attr, *inner;
	int rem, inner_rem;

	nla_for_each_nested(attr, actions, rem) {
		if (nla_type(attr) != TLSUP_A_ACTIONS_KEYS &&
		    nla_type(attr) != TLSUP_A_ACTIONS_DONE)
			continue;
		nla_for_each_nested(inner, attr, inner_rem)
			memzero_explicit(nla_data(inner), nla_len(inner));
	}
}

static int walk(struct tlsup_conn *conn, u8 epoch, struct nlattr *actions)
{
	u8 rx_epoch = conn->rx.keys ? conn->rx.keys->epoch :
				      TLSUP_EPOCH_PLAINTEXT;
	struct nlattr *attr;
	int rem, err;

	if (!conn->awaiting || epoch != rx_epoch)
		return -EPROTO;
	nla_for_each_nested(attr, actions, rem) {
		/* Nothing may stand behind NEXT and DONE. */
		if (!conn->awaiting || conn->phase != TLSUP_PHASE_HANDSHAKE)
			return -EINVAL;
		err = act(conn, attr);
		if (err)
			return err;
	}
	return conn->awaiting && conn->phase == TLSUP_PHASE_HANDSHAKE ?
		-EINVAL : 0;
}

/**
 * tlsup_answer_walk - carry out an answer
 * @conn: given to the agent that answers; socket lock held
 * @epoch: the RX epoch that the answer speaks of
 * @actions: the nested attribute; its secrets are wiped
 */
void tlsup_answer_walk(struct tlsup_conn *conn, u8 epoch,
		       struct nlattr *actions)
{
	int err;

	conn->answers++;
	tlsup_stat_inc(conn->tn, answers);
	if (conn->phase == TLSUP_PHASE_PENDING)
		tlsup_conn_set_phase(conn, TLSUP_PHASE_HANDSHAKE);
	if (conn->phase == TLSUP_PHASE_HANDSHAKE) {
		err = walk(conn, epoch, actions);
		trace_tlsup_answer(conn->id, err);
		if (err)
			tlsup_conn_fail(conn, -err, TLSUP_ALERT_INTERNAL_ERROR,
					"the agent's answer could not be carried out");
		tlsup_tx_push(conn);
		if (conn->phase == TLSUP_PHASE_OPEN)
			tlsup_tx_forgive_small(conn);
		if (!conn->awaiting)
			tlsup_conn_advance(conn);
	}
	tlsup_answer_wipe(actions);
}

/**
 * tlsup_answer_defer - keep an answer until the socket lock is free
 * @conn: given to the agent that answers
 * @skb: the message; a clone of it is kept
 * @epoch: the RX epoch that the answer speaks of
 * @actions: the nested attribute in @skb
 *
 * Return: 0 or -ENOMEM.
 */
int tlsup_answer_defer(struct tlsup_conn *conn, struct sk_buff *skb, u8 epoch,
		       struct nlattr *actions)
{
	/* Not skb_clone(): a long message may lie in vmalloc memory. */
	struct sk_buff *clone = netlink_skb_clone(skb, GFP_KERNEL);

	if (!clone)
		return -ENOMEM;
	deferred(clone)->actions = actions;
	deferred(clone)->epoch = epoch;
	skb_queue_tail(&conn->inbox, clone);
	tlsup_conn_queue(conn, TLSUP_TODO_ANSWER);
	return 0;
}

/**
 * tlsup_answer_inbox - carry out the answers that waited
 * @conn: socket lock held
 */
void tlsup_answer_inbox(struct tlsup_conn *conn)
{
	struct sk_buff *skb;

	while ((skb = skb_dequeue(&conn->inbox))) {
		tlsup_answer_walk(conn, deferred(skb)->epoch,
				  deferred(skb)->actions);
		consume_skb(skb);
	}
}
