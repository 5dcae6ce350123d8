// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) 2026 The tlsup authors
 *
 * Agents (the daemon's workers) and the hand-over of events to them.
 *
 * An agent is a netlink socket that has registered, known by its struct sock,
 * which is held: a port id can be used again before the kernel tells of the
 * socket's end. An agent never has more events out than the window it asked
 * for, so its receive buffer cannot overflow and no event is lost; the rest
 * wait here.
 *
 * A connection is in one of three places: nowhere, among those that wait
 * (pending.c), or in the conns of one agent. Each place but the first holds a
 * reference to it.
 */
#include "tlsup.h"

#include <linux/jiffies.h>
#include <linux/mm.h>
#include <linux/printk.h>
#include <linux/slab.h>

/**
 * struct tlsup_agent - a worker of the daemon; all under tn->lock
 * @node: in tn->agents
 * @sk: its netlink socket, held
 * @portid: where its events go
 * @window: how many events may be out
 * @out: how many are
 * @draining: gets nothing new
 * @events: events that wait for a credit
 * @conns: connections in its hands
 */
struct tlsup_agent {
	struct list_head node;
	struct sock *sk;
	u32 portid;
	u32 window;
	u32 out;
	bool draining;
	struct sk_buff_head events;
	struct list_head conns;
};

static void grace_work(struct work_struct *work);

/**
 * tlsup_agent_net_init - nothing is pending, nobody is here
 * @tn: the network namespace
 */
void tlsup_agent_net_init(struct tlsup_net *tn)
{
	spin_lock_init(&tn->lock);
	INIT_LIST_HEAD(&tn->agents);
	tlsup_pending_net_init(tn);
	INIT_DELAYED_WORK(&tn->grace, grace_work);
	tn->agent_grace_ms = TLSUP_GRACE_DEFAULT_MS;
	tn->hold_ms = TLSUP_HOLD_DEFAULT_MS;
	tn->cbc = 1;
	tn->tx = 1;
	tn->rx = 1;
	tn->splice = 1;
	ratelimit_state_init(&tn->refused, HZ, 1);
	ratelimit_set_flags(&tn->refused, RATELIMIT_MSG_ON_RELEASE);
	/*
	 * A pending handshake costs up to 32 KiB here and there: a quarter of
	 * all memory, of which no user gets more than half.
	 */
	tn->max_pending = clamp_t(unsigned long, totalram_pages() / 32, 128,
				  131072);
}

static struct tlsup_agent *find_agent(struct tlsup_net *tn,
				      const struct sock *sk)
{
	struct tlsup_agent *agent;

	list_for_each_entry(agent, &tn->agents, node)
		if (agent->sk == sk)
			return agent;
	return NULL;
}

static int send_event(struct tlsup_net *tn, struct tlsup_agent *agent,
		      struct sk_buff *event)
{
	int err = genlmsg_unicast(tn->net, event, agent->portid);

	if (!err) {
		agent->out++;
		tlsup_stat_inc(tn, events_sent);
	}
	return err;
}

static void flush_events(struct tlsup_net *tn, struct tlsup_agent *agent)
{
	struct sk_buff *event;

	/*
	 * A socket that refuses an event within its window is closing, and
	 * its end will be told; or it has too small a buffer, and the
	 * deadline of the connection stands behind.
	 */
	while (agent->out < agent->window &&
	       (event = __skb_dequeue(&agent->events)))
		send_event(tn, agent, event);
}

static u32 free_credits(const struct tlsup_agent *agent)
{
	u32 used = agent->out + skb_queue_len(&agent->events);

	return agent->window > used ? agent->window - used : 0;
}

static struct tlsup_agent *freest_agent(struct tlsup_net *tn)
{
	struct tlsup_agent *agent, *best = NULL;

	list_for_each_entry(agent, &tn->agents, node)
		if (free_credits(agent) && !agent->draining &&
		    (!best || free_credits(agent) > free_credits(best)))
			best = agent;
	return best;
}

/* Give what is pending to whoever has credits. */
static void hand_out(struct tlsup_net *tn)
{
	struct tlsup_agent *agent;
	struct tlsup_conn *conn;
	struct sk_buff *event;

	while ((agent = freest_agent(tn)) && (conn = tlsup_pending_next(tn))) {
		event = skb_clone(conn->event, GFP_ATOMIC);
		list_move_tail(&conn->agent_node, &agent->conns);
		conn->agent = agent;
		conn->started = true;
		if (!event || send_event(tn, agent, event))
			tlsup_conn_queue(conn, TLSUP_TODO_NO_AGENT);
		else
			WRITE_ONCE(conn->events, conn->events + 1);
	}
}

/* To be told of the end of the grace time, or of the last hope gone. */
static void grace_work(struct work_struct *work)
{
	struct tlsup_net *tn = container_of(to_delayed_work(work),
					    struct tlsup_net, grace);

	spin_lock_bh(&tn->lock);
	if (list_empty(&tn->agents))
		tlsup_pending_each(tn, TLSUP_TODO_NO_AGENT);
	spin_unlock_bh(&tn->lock);
}

static bool within_grace(const struct tlsup_net *tn)
{
	unsigned long grace = msecs_to_jiffies(READ_ONCE(tn->agent_grace_ms));

	return tn->had_agent && time_before(jiffies, tn->left + grace);
}

/**
 * tlsup_agent_available - may a handshake start?
 * @tn: the network namespace
 *
 * Return: 0 if there is an agent or the grace time runs, else -ESRCH.
 */
int tlsup_agent_available(struct tlsup_net *tn)
{
	bool available;

	spin_lock_bh(&tn->lock);
	available = !list_empty(&tn->agents) || within_grace(tn);
	spin_unlock_bh(&tn->lock);
	return available ? 0 : -ESRCH;
}

/**
 * tlsup_agent_register - a netlink socket becomes an agent
 * @tn: the network namespace
 * @sk: the netlink socket; held from here on
 * @portid: its port id
 * @window: how many events it takes at once, at least 1
 *
 * Return: 0, -EEXIST if it is one already, -ENOMEM.
 */
int tlsup_agent_register(struct tlsup_net *tn, struct sock *sk, u32 portid,
			 u32 window)
{
	struct tlsup_agent *agent = kzalloc(sizeof(*agent), GFP_KERNEL);

	if (!agent)
		return -ENOMEM;
	agent->sk = sk;
	agent->portid = portid;
	agent->window = window;
	__skb_queue_head_init(&agent->events);
	INIT_LIST_HEAD(&agent->conns);

	spin_lock_bh(&tn->lock);
	if (find_agent(tn, sk)) {
		spin_unlock_bh(&tn->lock);
		kfree(agent);
		return -EEXIST;
	}
	sock_hold(sk);
	list_add_tail(&agent->node, &tn->agents);
	tn->had_agent = true;
	tlsup_stat_inc(tn, agents_registered);
	hand_out(tn);
	spin_unlock_bh(&tn->lock);
	return 0;
}

/* What the agent has not touched goes to another, the rest fails. */
static void take_back(struct tlsup_agent *agent)
{
	struct tlsup_conn *conn, *next;

	list_for_each_entry_safe(conn, next, &agent->conns, agent_node) {
		conn->agent = NULL;
		list_del_init(&conn->agent_node);
		if (!conn->answered) {
			conn->started = false;
			tlsup_pending_wait(conn);
			continue;
		}
		tlsup_conn_queue(conn, TLSUP_TODO_AGENT_GONE);
		tlsup_conn_put(conn);
	}
}

static void free_agent(struct tlsup_agent *agent)
{
	__skb_queue_purge(&agent->events);
	sock_put(agent->sk);
	kfree(agent);
}

/**
 * tlsup_agent_net_exit - the network namespace, or the module, goes
 * @tn: the network namespace; no TLS socket is left in it
 */
void tlsup_agent_net_exit(struct tlsup_net *tn)
{
	struct tlsup_agent *agent, *next;

	cancel_delayed_work_sync(&tn->grace);
	WARN_ON(tn->pending_count);
	list_for_each_entry_safe(agent, next, &tn->agents, node) {
		list_del(&agent->node);
		free_agent(agent);
	}
}

/**
 * tlsup_agent_gone - a netlink socket has been closed
 * @tn: its network namespace
 * @portid: its port id; the socket need not be an agent
 */
void tlsup_agent_gone(struct tlsup_net *tn, u32 portid)
{
	struct tlsup_agent *agent, *found = NULL;

	spin_lock_bh(&tn->lock);
	/* A living agent may have the port id of the dead one already. */
	list_for_each_entry(agent, &tn->agents, node) {
		if (agent->portid == portid && sock_flag(agent->sk, SOCK_DEAD)) {
			found = agent;
			break;
		}
	}
	if (!found) {
		spin_unlock_bh(&tn->lock);
		return;
	}
	list_del(&found->node);
	take_back(found);
	if (list_empty(&tn->agents)) {
		tn->left = jiffies;
		mod_delayed_work(tlsup_wq, &tn->grace,
				 msecs_to_jiffies(tn->agent_grace_ms));
	}
	tlsup_stat_inc(tn, agents_gone);
	hand_out(tn);
	spin_unlock_bh(&tn->lock);

	free_agent(found);
}

/**
 * tlsup_agent_credit - an agent has consumed events
 * @tn: the network namespace
 * @sk: the netlink socket that says so
 * @events: how many
 *
 * Return: 0, or -EPERM if @sk is no agent.
 */
int tlsup_agent_credit(struct tlsup_net *tn, const struct sock *sk, u32 events)
{
	struct tlsup_agent *agent;

	spin_lock_bh(&tn->lock);
	agent = find_agent(tn, sk);
	if (agent) {
		agent->out -= min(agent->out, events);
		flush_events(tn, agent);
		hand_out(tn);
	}
	spin_unlock_bh(&tn->lock);
	return agent ? 0 : -EPERM;
}

/**
 * tlsup_agent_drain - an agent wants no new request
 * @tn: the network namespace
 * @sk: the netlink socket that says so
 *
 * Return: 0, or -EPERM if @sk is no agent.
 */
int tlsup_agent_drain(struct tlsup_net *tn, const struct sock *sk)
{
	struct tlsup_agent *agent;

	spin_lock_bh(&tn->lock);
	agent = find_agent(tn, sk);
	if (agent)
		agent->draining = true;
	spin_unlock_bh(&tn->lock);
	return agent ? 0 : -EPERM;
}

/**
 * tlsup_agent_owns - was the connection given to this very socket?
 * @conn: the connection
 * @sk: the netlink socket that wants to answer for it
 *
 * A first answer makes the connection the agent's for good: if the agent
 * dies now, the handshake dies with it.
 *
 * Return: true if it was.
 */
bool tlsup_agent_owns(struct tlsup_conn *conn, const struct sock *sk)
{
	struct sk_buff *event = NULL;
	bool owns;

	spin_lock_bh(&conn->tn->lock);
	owns = conn->agent && conn->agent->sk == sk;
	if (owns) {
		conn->answered = true;
		swap(event, conn->event);
	}
	spin_unlock_bh(&conn->tn->lock);
	kfree_skb(event);
	return owns;
}

/* A line a second at most: whoever connects can make us say it. */
static void tell_refused(struct tlsup_net *tn)
{
	tlsup_stat_inc(tn, handshakes_refused);
	if (__ratelimit(&tn->refused))
		pr_warn_ratelimited("tlsup: too many handshakes are pending, %u of %u (net.tlsup.max_pending), %llu have been refused\n",
				    READ_ONCE(tn->pending_count),
				    READ_ONCE(tn->max_pending),
				    atomic64_read(&tn->stats[TLSUP_STAT_handshakes_refused]));
}

/* The event is kept if it goes well. */
static int submit(struct tlsup_conn *conn, struct sk_buff *event,
		  struct tlsup_share **spares)
{
	struct tlsup_net *tn = conn->tn;
	int err;

	if (list_empty(&tn->agents) && !within_grace(tn))
		return -ESRCH;
	err = tlsup_pending_enter(conn, spares);
	if (err)
		return err;
	conn->event = event;
	tlsup_conn_get(conn);
	hand_out(tn);
	return 0;
}

/**
 * tlsup_agent_submit - a handshake begins
 * @conn: the connection, socket lock held
 * @event: EV_START; consumed
 *
 * On success exactly one of these follows: an answer, TLSUP_TODO_NO_AGENT, or
 * tlsup_agent_release() by the caller.
 *
 * Return: 0, -ESRCH without an agent, -ENOBUFS if too many are pending, in all
 * or of this user or peer, -ENOMEM.
 */
int tlsup_agent_submit(struct tlsup_conn *conn, struct sk_buff *event)
{
	struct tlsup_share *spares[2];
	int err = tlsup_pending_prepare(conn, spares);

	if (!err) {
		spin_lock_bh(&conn->tn->lock);
		err = submit(conn, event, spares);
		spin_unlock_bh(&conn->tn->lock);
	}
	kfree(spares[0]);
	kfree(spares[1]);
	if (err == -ENOBUFS)
		tell_refused(conn->tn);
	if (err)
		kfree_skb(event);
	return err;
}

/**
 * tlsup_agent_event - pass an event to the agent of a connection
 * @conn: the connection, socket lock held
 * @event: consumed; dropped if the agent has gone, which is told otherwise
 */
void tlsup_agent_event(struct tlsup_conn *conn, struct sk_buff *event)
{
	struct tlsup_net *tn = conn->tn;

	spin_lock_bh(&tn->lock);
	if (conn->agent) {
		WRITE_ONCE(conn->events, conn->events + 1);
		__skb_queue_tail(&conn->agent->events, event);
		flush_events(tn, conn->agent);
		event = NULL;
	}
	spin_unlock_bh(&tn->lock);
	kfree_skb(event);
}

/**
 * tlsup_agent_ticket - pass up a ticket, fire and forget
 * @conn: the connection, socket lock held
 * @event: EV_TICKET; consumed. Without an agent or a free credit it is
 *	dropped and counted
 */
void tlsup_agent_ticket(struct tlsup_conn *conn, struct sk_buff *event)
{
	struct tlsup_net *tn = conn->tn;
	struct tlsup_agent *agent;
	bool sent = false;

	spin_lock_bh(&tn->lock);
	agent = event ? freest_agent(tn) : NULL;
	if (agent) {
		sent = !send_event(tn, agent, event);
		event = NULL;
	}
	spin_unlock_bh(&tn->lock);
	kfree_skb(event);
	if (sent)
		tlsup_stat_inc(tn, tickets_up);
	else
		tlsup_stat_inc(tn, tickets_dropped);
}

/**
 * tlsup_agent_release - the handshake has ended; take the connection back
 * @conn: the connection, socket lock held
 * @tell: tell the agent by EV_CLOSED, if it knows of the connection
 *
 * A second call does nothing.
 */
void tlsup_agent_release(struct tlsup_conn *conn, bool tell)
{
	struct sk_buff *closed = tell ? tlsup_event_closed(conn) : NULL;
	struct sk_buff *event = NULL;
	struct tlsup_net *tn = conn->tn;
	struct tlsup_agent *agent;
	bool held;

	spin_lock_bh(&tn->lock);
	agent = conn->agent;
	held = !list_empty(&conn->agent_node);
	list_del_init(&conn->agent_node);
	conn->agent = NULL;
	swap(event, conn->event);
	tlsup_pending_leave(conn);
	if (agent && closed) {
		__skb_queue_tail(&agent->events, closed);
		flush_events(tn, agent);
		closed = NULL;
	}
	spin_unlock_bh(&tn->lock);

	kfree_skb(closed);
	kfree_skb(event);
	if (held)
		tlsup_conn_put(conn);
}
