// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) 2026 The tlsup authors
 */
#include "kern/kern_admin.h"

#include <errno.h>
#include <stdlib.h>

#include <netlink/attr.h>
#include <netlink/genl/ctrl.h>
#include <netlink/genl/genl.h>
#include <netlink/msg.h>
#include <netlink/netlink.h>
#include <netlink/socket.h>

#include <linux/tlsup.h>
#include <linux/tlsup_netlink.h>

#include "kern/kern_attr.h"

/**
 * struct kern_admin - an administrator's netlink socket
 * @sock: libnl's
 * @family: the family's id
 * @stats: of the call that is under way
 * @handler: of the call that is under way
 * @owner: for @handler
 */
struct kern_admin {
	struct nl_sock *sock;
	int family;
	struct kern_stats *stats;
	kern_conn_handler handler;
	void *owner;
};

static void take_stats(struct kern_stats *stats, struct nlattr *nest)
{
	struct nlattr *tb[TLSUP_A_STATS_MAX + 1];

	if (!nest || nla_parse_nested(tb, TLSUP_A_STATS_MAX, nest, NULL) < 0)
		return;
	*stats = (struct kern_stats){
		.conns_created = get_u64(tb[TLSUP_A_STATS_CONNS_CREATED]),
		.conns_destroyed = get_u64(tb[TLSUP_A_STATS_CONNS_DESTROYED]),
		.handshakes_done = get_u64(tb[TLSUP_A_STATS_HANDSHAKES_DONE]),
		.handshakes_failed = get_u64(tb[TLSUP_A_STATS_HANDSHAKES_FAILED]),
		.handshakes_pending = get_u64(tb[TLSUP_A_STATS_HANDSHAKES_PENDING]),
		.agents = get_u64(tb[TLSUP_A_STATS_AGENTS]),
		.tickets_up = get_u64(tb[TLSUP_A_STATS_TICKETS_UP]),
		.tickets_dropped = get_u64(tb[TLSUP_A_STATS_TICKETS_DROPPED]),
		.tx_records = get_u64(tb[TLSUP_A_STATS_TX_RECORDS]),
		.rx_records = get_u64(tb[TLSUP_A_STATS_RX_RECORDS]),
		.rx_bad_records = get_u64(tb[TLSUP_A_STATS_RX_BAD_RECORDS]),
		.tx_rekeys = get_u64(tb[TLSUP_A_STATS_TX_REKEYS]),
		.rx_rekeys = get_u64(tb[TLSUP_A_STATS_RX_REKEYS]),
		.tx_bytes = get_u64(tb[TLSUP_A_STATS_TX_BYTES]),
		.rx_bytes = get_u64(tb[TLSUP_A_STATS_RX_BYTES]),
		.handshakes_refused = get_u64(tb[TLSUP_A_STATS_HANDSHAKES_REFUSED]),
	};
}

static void take_conn(struct kern_admin *admin, struct nlattr **tb)
{
	struct kern_conn conn = {
		.id = get_u64(tb[TLSUP_A_CONN_ID]),
		.role = get_u8(tb[TLSUP_A_ROLE]),
		.phase = get_u32(tb[TLSUP_A_PHASE]),
		.has_identity = tb[TLSUP_A_PID],
		.profile = get_string(tb[TLSUP_A_PROFILE]),
		.server_name = get_string(tb[TLSUP_A_SERVER_NAME]),
		.exe = get_string(tb[TLSUP_A_EXE]),
		.version = get_u16(tb[TLSUP_A_VERSION]),
		.suite = get_u16(tb[TLSUP_A_SUITE]),
		.resumed = get_u8(tb[TLSUP_A_RESUMED]),
		.uid = get_u32(tb[TLSUP_A_UID]),
		.pid = get_u32(tb[TLSUP_A_PID]),
		.tx_bytes = get_u64(tb[TLSUP_A_TX_BYTES]),
		.rx_bytes = get_u64(tb[TLSUP_A_RX_BYTES]),
		.age_ms = get_u64(tb[TLSUP_A_AGE]),
		.peer_port = get_u16(tb[TLSUP_A_PEER_PORT]),
	};

	conn.peer = get_bytes(tb[TLSUP_A_PEER_ADDRESS], &conn.peer_len);
	conn.cert = get_bytes(tb[TLSUP_A_PEER_CERT], &conn.cert_len);
	admin->handler(admin->owner, &conn);
}

static int valid(struct nl_msg *msg, void *arg)
{
	struct nlattr *tb[TLSUP_A_MAX + 1];
	struct kern_admin *admin = arg;

	if (genlmsg_parse(nlmsg_hdr(msg), 0, tb, TLSUP_A_MAX, NULL) < 0)
		return NL_SKIP;
	if (admin->stats)
		take_stats(admin->stats, tb[TLSUP_A_STATS]);
	else if (admin->handler)
		take_conn(admin, tb);
	return NL_OK;
}

static int open_socket(struct kern_admin *admin)
{
	int err = genl_connect(admin->sock);

	if (err)
		return err;
	admin->family = genl_ctrl_resolve(admin->sock, TLSUP_FAMILY_NAME);
	if (admin->family < 0)
		return admin->family;
	nl_socket_enable_msg_peek(admin->sock);
	nl_socket_modify_cb(admin->sock, NL_CB_MSG_IN, NL_CB_CUSTOM, from_kernel, NULL);
	return nl_socket_modify_cb(admin->sock, NL_CB_VALID, NL_CB_CUSTOM, valid, admin);
}

/**
 * kern_admin_open - a socket to ask with
 *
 * Return: to be closed by kern_admin_close(), or NULL if the module is not
 * loaded, or without memory.
 */
struct kern_admin *kern_admin_open(void)
{
	struct kern_admin *admin = calloc(1, sizeof(*admin));

	if (!admin)
		return NULL;
	admin->sock = nl_socket_alloc();
	if (admin->sock && !open_socket(admin))
		return admin;
	kern_admin_close(admin);
	return NULL;
}

/**
 * kern_admin_close - close the socket
 * @admin: may be NULL
 */
void kern_admin_close(struct kern_admin *admin)
{
	if (!admin)
		return;
	nl_socket_free(admin->sock);
	free(admin);
}

static int to_errno(int err)
{
	switch (-err) {
	case 0:
		return 0;
	case NLE_OBJ_NOTFOUND:
		return -ENOENT;
	case NLE_PERM:
		return -EPERM;
	case NLE_NOMEM:
		return -ENOMEM;
	default:
		return err < 0 ? -EIO : 0;
	}
}

/* A request, with a connection's id unless it is 0, and all that it brings. */
static int ask(struct kern_admin *admin, uint8_t cmd, int flags, uint64_t id)
{
	struct nl_msg *msg = nlmsg_alloc();
	int err = -NLE_NOMEM;

	if (msg && genlmsg_put(msg, NL_AUTO_PORT, NL_AUTO_SEQ, admin->family, 0, flags,
			       cmd, TLSUP_FAMILY_VERSION) &&
	    (!id || nla_put_u64(msg, TLSUP_A_CONN_ID, id) >= 0))
		err = nl_send_auto(admin->sock, msg);
	nlmsg_free(msg);
	if (err >= 0)
		err = nl_recvmsgs_default(admin->sock);
	/* What is no dump is followed by an ack of its own. */
	if (err >= 0 && !(flags & NLM_F_DUMP) && (admin->stats || admin->handler))
		err = nl_wait_for_ack(admin->sock);
	return to_errno(err);
}

/**
 * kern_admin_stats - the counters of this network namespace
 * @admin: the socket
 * @stats: filled
 *
 * Return: 0 or -errno.
 */
int kern_admin_stats(struct kern_admin *admin, struct kern_stats *stats)
{
	int err;

	*stats = (struct kern_stats){ 0 };
	admin->stats = stats;
	err = ask(admin, TLSUP_CMD_GET_STATS, 0, 0);
	admin->stats = NULL;
	return err;
}

/**
 * kern_admin_conns - all connections of this network namespace
 * @admin: the socket
 * @handler: called for each
 * @owner: for @handler
 *
 * Return: 0 or -errno.
 */
int kern_admin_conns(struct kern_admin *admin, kern_conn_handler handler, void *owner)
{
	int err;

	admin->handler = handler;
	admin->owner = owner;
	err = ask(admin, TLSUP_CMD_GET_CONN, NLM_F_DUMP, 0);
	admin->handler = NULL;
	return err;
}

/**
 * kern_admin_conn - one connection, with its peer's certificate
 * @admin: the socket
 * @id: which
 * @handler: called once
 * @owner: for @handler
 *
 * Return: 0 or -errno; -ENOENT: there is none.
 */
int kern_admin_conn(struct kern_admin *admin, uint64_t id, kern_conn_handler handler,
		    void *owner)
{
	int err;

	admin->handler = handler;
	admin->owner = owner;
	err = ask(admin, TLSUP_CMD_GET_CONN, 0, id);
	admin->handler = NULL;
	return err;
}

/**
 * kern_admin_end_conn - end a connection: the kernel sends the alert
 * @admin: the socket
 * @id: which
 *
 * Return: 0 or -errno; -ENOENT: there is none.
 */
int kern_admin_end_conn(struct kern_admin *admin, uint64_t id)
{
	return ask(admin, TLSUP_CMD_CLOSE, 0, id);
}
