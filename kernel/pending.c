// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) 2026 The tlsup authors
 *
 * Whose handshakes are pending, and whose turn it is: a flood of one user or of
 * one peer takes neither all places nor all of the agents' time.
 *
 * Places: nobody may have more of them than are left. So one user takes at most
 * half, two take a third each, and there is always room for another. The same
 * goes for the peers of a user's servers within what that user may have.
 *
 * Turns: those that wait for an agent are taken from one user after the other,
 * and of each user from one peer after the other.
 *
 * A user is who set the role: of a server's connections its listener's. A peer
 * is the network that one party is likely to have, a /24 of IPv4 or a /64 of
 * IPv6; a client's connections have one peer, whoever they go to, because it is
 * the user who chose them all.
 *
 * All under tn->lock. A share exists for as long as it has a place.
 */
#include "tlsup.h"

#include <linux/rbtree.h>
#include <linux/slab.h>
#include <linux/string.h>

/**
 * struct tlsup_share - what a user has, or a peer of a user's
 * @node: in tn->users, or in @user's @peers
 * @turn: in tn->turns, or in @user's @turns, while any of it waits
 * @user: whose peer this is; NULL for a user
 * @who: the user's number, or the peer's network
 * @places: pending handshakes
 * @waiting: a peer's: those that no agent has
 * @peers: a user's
 * @turns: a user's peers of which any wait, the next one first
 */
struct tlsup_share {
	struct rb_node node;
	struct list_head turn;
	struct tlsup_share *user;
	struct in6_addr who;
	unsigned int places;
	struct list_head waiting;
	struct rb_root peers;
	struct list_head turns;
};

/**
 * tlsup_pending_net_init - nobody has anything
 * @tn: the network namespace
 */
void tlsup_pending_net_init(struct tlsup_net *tn)
{
	tn->users = RB_ROOT;
	INIT_LIST_HEAD(&tn->turns);
}

static struct in6_addr user_of(const struct tlsup_conn *conn)
{
	return (struct in6_addr){
		.s6_addr32 = { (__force __be32)conn->identity->uid },
	};
}

static struct in6_addr peer_of(const struct tlsup_conn *conn)
{
	const struct sock *sk = conn->sk;
	struct in6_addr key = {};
	__be32 v4 = sk->sk_daddr;

	if (conn->role == TLSUP_CLIENT)
		return key;
#if IS_ENABLED(CONFIG_IPV6)
	if (sk->sk_family == AF_INET6 &&
	    !ipv6_addr_v4mapped(&sk->sk_v6_daddr)) {
		ipv6_addr_prefix(&key, &sk->sk_v6_daddr, 64);
		return key;
	}
	if (sk->sk_family == AF_INET6)
		v4 = sk->sk_v6_daddr.s6_addr32[3];
#endif
	ipv6_addr_set_v4mapped(v4 & htonl(0xffffff00), &key);
	return key;
}

static struct tlsup_share *share_new(struct in6_addr who)
{
	struct tlsup_share *share = kzalloc(sizeof(*share), GFP_KERNEL);

	if (!share)
		return NULL;
	share->who = who;
	INIT_LIST_HEAD(&share->turn);
	INIT_LIST_HEAD(&share->waiting);
	INIT_LIST_HEAD(&share->turns);
	share->peers = RB_ROOT;
	return share;
}

static int compare(struct rb_node *node, const struct rb_node *with)
{
	return memcmp(&rb_entry(node, struct tlsup_share, node)->who,
		      &rb_entry(with, struct tlsup_share, node)->who,
		      sizeof(struct in6_addr));
}

/* The one that is there already, else *@spare, which then is used. */
static struct tlsup_share *find_or_add(struct rb_root *root,
				       struct tlsup_share **spare)
{
	struct rb_node *found = rb_find_add(&(*spare)->node, root, compare);
	struct tlsup_share *share = *spare;

	if (found)
		return rb_entry(found, struct tlsup_share, node);
	*spare = NULL;
	return share;
}

/* One place less; the last one takes the share along. */
static void leave(struct tlsup_share *share, struct rb_root *root)
{
	if (--share->places)
		return;
	list_del(&share->turn);
	rb_erase(&share->node, root);
	kfree(share);
}

static void leave_peer(struct tlsup_net *tn, struct tlsup_share *peer)
{
	struct tlsup_share *user = peer->user;

	leave(peer, &user->peers);
	leave(user, &tn->users);
	tn->pending_count--;
}

/* Take a place in any case; whether it may be kept. */
static bool take_place(struct tlsup_conn *conn, struct tlsup_share **spares)
{
	struct tlsup_net *tn = conn->tn;
	unsigned int max = READ_ONCE(tn->max_pending);
	struct tlsup_share *user = find_or_add(&tn->users, &spares[0]);
	struct tlsup_share *peer = find_or_add(&user->peers, &spares[1]);
	unsigned int room = max - min(max, tn->pending_count);
	unsigned int of_user = room - min(room, user->places);
	bool fits = room && user->places < room &&
		    (conn->role == TLSUP_CLIENT || peer->places < of_user);

	peer->user = user;
	peer->places++;
	user->places++;
	tn->pending_count++;
	if (fits)
		conn->share = peer;
	else
		leave_peer(tn, peer);
	return fits;
}

/**
 * tlsup_pending_prepare - memory for tlsup_pending_enter()
 * @conn: about to begin a handshake
 * @spares: two, to be freed by the caller afterwards if they are still there
 *
 * Sleeps.
 *
 * Return: 0 or -ENOMEM.
 */
int tlsup_pending_prepare(const struct tlsup_conn *conn,
			  struct tlsup_share **spares)
{
	spares[0] = share_new(user_of(conn));
	spares[1] = share_new(peer_of(conn));
	return spares[0] && spares[1] ? 0 : -ENOMEM;
}

/**
 * tlsup_pending_enter - a handshake takes a place and waits for an agent
 * @conn: tn->lock held; has none
 * @spares: of tlsup_pending_prepare(); what is used becomes NULL
 *
 * Return: 0, or -ENOBUFS if its user or its peer has too many.
 */
int tlsup_pending_enter(struct tlsup_conn *conn, struct tlsup_share **spares)
{
	if (!take_place(conn, spares))
		return -ENOBUFS;
	tlsup_pending_wait(conn);
	return 0;
}

/**
 * tlsup_pending_wait - a handshake waits for an agent
 * @conn: tn->lock held; has a place, is in no list
 */
void tlsup_pending_wait(struct tlsup_conn *conn)
{
	struct tlsup_share *peer = conn->share;

	list_add_tail(&conn->agent_node, &peer->waiting);
	if (list_empty(&peer->turn))
		list_add_tail(&peer->turn, &peer->user->turns);
	if (list_empty(&peer->user->turn))
		list_add_tail(&peer->user->turn, &conn->tn->turns);
}

/* The next peer of a user's of which any still wait. */
static struct tlsup_share *next_peer(struct tlsup_share *user)
{
	struct tlsup_share *peer, *next;

	list_for_each_entry_safe(peer, next, &user->turns, turn) {
		if (!list_empty(&peer->waiting))
			return peer;
		list_del_init(&peer->turn);
	}
	return NULL;
}

/**
 * tlsup_pending_next - whose turn it is
 * @tn: the network namespace, its lock held
 *
 * Return: a connection, to be taken out of the list that it is in; or NULL if
 * none waits. Those of the same user and peer have their turn after the others.
 */
struct tlsup_conn *tlsup_pending_next(struct tlsup_net *tn)
{
	struct tlsup_share *user, *next, *peer;

	list_for_each_entry_safe(user, next, &tn->turns, turn) {
		peer = next_peer(user);
		if (!peer) {
			list_del_init(&user->turn);
			continue;
		}
		list_move_tail(&peer->turn, &user->turns);
		list_move_tail(&user->turn, &tn->turns);
		return list_first_entry(&peer->waiting, struct tlsup_conn,
					agent_node);
	}
	return NULL;
}

/**
 * tlsup_pending_leave - a handshake gives its place up
 * @conn: tn->lock held; in no list. Without a place nothing happens
 */
void tlsup_pending_leave(struct tlsup_conn *conn)
{
	if (conn->share)
		leave_peer(conn->tn, conn->share);
	conn->share = NULL;
}

/**
 * tlsup_pending_each - call a function for each that waits for an agent
 * @tn: the network namespace, its lock held
 * @todo: what is to be queued for them
 */
void tlsup_pending_each(struct tlsup_net *tn, enum tlsup_todo todo)
{
	struct tlsup_share *user, *peer;
	struct tlsup_conn *conn;

	list_for_each_entry(user, &tn->turns, turn)
		list_for_each_entry(peer, &user->turns, turn)
			list_for_each_entry(conn, &peer->waiting, agent_node)
				tlsup_conn_queue(conn, todo);
}
