// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) 2026 The tlsup authors
 */
#include "kern/kern.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <netlink/attr.h>
#include <netlink/genl/ctrl.h>
#include <netlink/genl/genl.h>
#include <netlink/msg.h>
#include <netlink/netlink.h>
#include <netlink/socket.h>
#include <sys/socket.h>

#include "kern/kern_attr.h"
#include "lib/secret.h"

/* An event's buffer in the kernel: a record, its attributes, the kernel's own. */
#define EVENT_TRUESIZE	(48 * 1024)
#define MESSAGE_MAX	(128 * 1024)
/* As a rule, and libnl clears all that it allocates. */
#define MESSAGE_USUAL	4096
/* What the attributes of an action take that have a bound. */
#define ACTION_FIXED	1024
#define ACTIONS_MAX	65535
#define SEND_MAX	TLSUP_DATA_MAX
#define REASON_SIZE	128

/**
 * struct kern - an agent's netlink socket
 * @sock: libnl's
 * @family: the family's id
 * @handler: gets the events
 * @owner: handed to @handler
 * @window: events that may be out at once
 * @registering: the kernel's word on REGISTER is awaited
 * @drained: the kernel has agreed to DRAIN
 * @verdict: that word, a negative errno or 0
 */
struct kern {
	struct nl_sock *sock;
	int family;
	unsigned int window;
	bool registering;
	bool drained;
	int verdict;
	kern_handler handler;
	void *owner;
};

static bool event_type(uint8_t cmd, enum kern_event_type *type)
{
	switch (cmd) {
	case TLSUP_CMD_EV_START:
		*type = KERN_START;
		return true;
	case TLSUP_CMD_EV_RECORD:
		*type = KERN_RECORD;
		return true;
	case TLSUP_CMD_EV_TICKET:
		*type = KERN_TICKET;
		return true;
	case TLSUP_CMD_EV_CLOSED:
		*type = KERN_CLOSED;
		return true;
	default:
		return false;
	}
}

/* What is read below, so that none is shorter than what reads it. */
static struct nla_policy policy[TLSUP_A_MAX + 1] = {
	[TLSUP_A_CONN_ID] = { .type = NLA_U64 },
	[TLSUP_A_RX_EPOCH] = { .type = NLA_U8 },
	[TLSUP_A_ROLE] = { .type = NLA_U8 },
	[TLSUP_A_PROFILE] = { .type = NLA_STRING, .minlen = 1 },
	[TLSUP_A_SERVER_NAME] = { .type = NLA_STRING, .minlen = 1 },
	[TLSUP_A_FLAGS] = { .type = NLA_U32 },
	[TLSUP_A_CBC] = { .type = NLA_U8 },
	[TLSUP_A_UID] = { .type = NLA_U32 },
	[TLSUP_A_GID] = { .type = NLA_U32 },
	[TLSUP_A_PID] = { .type = NLA_U32 },
	[TLSUP_A_CGROUP_ID] = { .type = NLA_U64 },
	[TLSUP_A_EXE] = { .type = NLA_STRING, .minlen = 1 },
	[TLSUP_A_PEER_PORT] = { .type = NLA_U16 },
	[TLSUP_A_CONTENT_TYPE] = { .type = NLA_U8 },
	[TLSUP_A_ERROR] = { .type = NLA_U32 },
	[TLSUP_A_REASON] = { .type = NLA_STRING, .minlen = 1 },
};

static int valid(struct nl_msg *msg, void *arg)
{
	struct genlmsghdr *header = genlmsg_hdr(nlmsg_hdr(msg));
	struct nlattr *tb[TLSUP_A_MAX + 1];
	struct kern *kern = arg;
	struct kern_event event = { 0 };

	if (!genlmsg_valid_hdr(nlmsg_hdr(msg), 0) || !event_type(header->cmd, &event.type) ||
	    genlmsg_parse(nlmsg_hdr(msg), 0, tb, TLSUP_A_MAX, policy) < 0)
		return NL_SKIP;
	if (tb[TLSUP_A_CONN_ID])
		event.conn_id = nla_get_u64(tb[TLSUP_A_CONN_ID]);
	event.rx_epoch = get_u8(tb[TLSUP_A_RX_EPOCH]);
	event.role = get_u8(tb[TLSUP_A_ROLE]);
	event.profile = get_string(tb[TLSUP_A_PROFILE]);
	event.server_name = get_string(tb[TLSUP_A_SERVER_NAME]);
	event.alpn = get_bytes(tb[TLSUP_A_ALPN], &event.alpn_len);
	event.flags = get_u32(tb[TLSUP_A_FLAGS]);
	event.cbc = get_u8(tb[TLSUP_A_CBC]);
	event.uid = get_u32(tb[TLSUP_A_UID]);
	event.gid = get_u32(tb[TLSUP_A_GID]);
	event.pid = get_u32(tb[TLSUP_A_PID]);
	if (tb[TLSUP_A_CGROUP_ID])
		event.cgroup_id = nla_get_u64(tb[TLSUP_A_CGROUP_ID]);
	event.exe = get_string(tb[TLSUP_A_EXE]);
	event.peer_port = get_u16(tb[TLSUP_A_PEER_PORT]);
	event.peer_address = get_bytes(tb[TLSUP_A_PEER_ADDRESS], &event.peer_address_len);
	event.cookie = get_bytes(tb[TLSUP_A_COOKIE], &event.cookie_len);
	event.chain = get_bytes(tb[TLSUP_A_PEER_CHAIN], &event.chain_len);
	event.has_record = tb[TLSUP_A_PAYLOAD];
	event.content_type = get_u8(tb[TLSUP_A_CONTENT_TYPE]);
	event.payload = get_bytes(tb[TLSUP_A_PAYLOAD], &event.payload_len);
	event.error = get_u32(tb[TLSUP_A_ERROR]);
	event.reason = get_string(tb[TLSUP_A_REASON]);
	kern->handler(kern->owner, &event);
	return NL_OK;
}

/* The kernel refused a request. ENOENT: the connection has gone meanwhile. */
static int refused(struct sockaddr_nl *from, struct nlmsgerr *err, void *arg)
{
	const struct kern_event event = {
		.type = KERN_ERROR,
		.error = (uint32_t)-err->error,
		.profile = "", .server_name = "", .exe = "", .reason = "",
	};
	struct kern *kern = arg;

	(void)from;
	if (kern->registering) {
		kern->registering = false;
		kern->verdict = err->error;
	} else if (err->error) {
		kern->handler(kern->owner, &event);
	}
	return NL_SKIP;
}

static int acknowledged(struct nl_msg *msg, void *arg)
{
	struct kern *kern = arg;

	(void)msg;
	if (!kern->registering)
		kern->drained = true;
	kern->registering = false;
	kern->verdict = 0;
	return NL_OK;
}

static int send_message(struct kern *kern, struct nl_msg *msg)
{
	int n = nl_send_auto(kern->sock, msg);

	return n < 0 ? -EIO : 0;
}

static struct nl_msg *new_message(const struct kern *kern, uint8_t cmd)
{
	struct nl_msg *msg = nlmsg_alloc_size(MESSAGE_USUAL);

	if (!msg)
		return NULL;
	if (genlmsg_put(msg, NL_AUTO_PORT, NL_AUTO_SEQ, kern->family, 0, 0, cmd,
			TLSUP_FAMILY_VERSION))
		return msg;
	nlmsg_free(msg);
	return NULL;
}

static int send_number(struct kern *kern, uint8_t cmd, int attr, uint32_t value)
{
	struct nl_msg *msg = new_message(kern, cmd);
	int err;

	if (!msg)
		return -ENOMEM;
	err = nla_put_u32(msg, attr, value) < 0 ? -ENOMEM :
						  send_message(kern, msg);
	nlmsg_free(msg);
	return err;
}

static int reserve_buffer(struct kern *kern, unsigned int window)
{
	int size = (int)(window * EVENT_TRUESIZE);

	/* FORCE, because rmem_max is far below what a window needs. */
	return setsockopt(nl_socket_get_fd(kern->sock), SOL_SOCKET,
			  SO_RCVBUFFORCE, &size, sizeof(size));
}

static int setup(struct kern *kern, unsigned int window)
{
	int err = genl_connect(kern->sock);

	if (err)
		return err;
	kern->family = genl_ctrl_resolve(kern->sock, TLSUP_FAMILY_NAME);
	if (kern->family < 0)
		return kern->family;
	if (reserve_buffer(kern, window))
		return -NLE_PERM;
	nl_socket_set_msg_buf_size(kern->sock, MESSAGE_MAX);
	nl_socket_disable_seq_check(kern->sock);
	nl_socket_disable_auto_ack(kern->sock);
	nl_socket_modify_cb(kern->sock, NL_CB_MSG_IN, NL_CB_CUSTOM, from_kernel, NULL);
	nl_socket_modify_cb(kern->sock, NL_CB_VALID, NL_CB_CUSTOM, valid, kern);
	nl_socket_modify_cb(kern->sock, NL_CB_ACK, NL_CB_CUSTOM, acknowledged, kern);
	nl_socket_modify_err_cb(kern->sock, NL_CB_CUSTOM, refused, kern);
	return 0;
}

/**
 * kern_open - make ready to become an agent
 * @window: events that may be out at once
 * @handler: gets each event, from within kern_receive()
 * @owner: handed to @handler
 *
 * Needs CAP_NET_ADMIN, for a receive buffer that holds the window.
 *
 * Return: to be closed by kern_close(), or NULL with errno: ENOENT if the
 * module is not loaded, EPERM, ENOMEM, EIO.
 */
struct kern *kern_open(unsigned int window, kern_handler handler, void *owner)
{
	struct kern *kern = calloc(1, sizeof(*kern));
	int err;

	if (!kern)
		return NULL;
	kern->handler = handler;
	kern->owner = owner;
	kern->window = window;
	kern->sock = nl_socket_alloc();
	err = kern->sock ? setup(kern, window) : -NLE_NOMEM;
	if (!err)
		return kern;
	kern_close(kern);
	errno = err == -NLE_OBJ_NOTFOUND ? ENOENT :
		err == -NLE_PERM ? EPERM :
		err == -NLE_NOMEM ? ENOMEM : EIO;
	return NULL;
}

/**
 * kern_register - become an agent
 * @kern: from kern_open()
 *
 * Needs CAP_NET_ADMIN; nothing that follows does. Events of requests that have
 * waited for an agent may reach the handler from within this call, before the
 * kernel's own reply.
 *
 * Return: 0 or -errno.
 */
int kern_register(struct kern *kern)
{
	struct nl_msg *msg = new_message(kern, TLSUP_CMD_REGISTER);
	int err;

	if (!msg)
		return -ENOMEM;
	nlmsg_hdr(msg)->nlmsg_flags |= NLM_F_ACK;
	kern->registering = true;
	kern->verdict = -EIO;
	err = nla_put_u32(msg, TLSUP_A_WINDOW, kern->window) < 0 ?
	      -ENOMEM : send_message(kern, msg);
	nlmsg_free(msg);
	while (!err && kern->registering)
		err = kern_receive(kern);
	if (!err)
		err = kern->verdict;
	if (!err && nl_socket_set_nonblocking(kern->sock) < 0)
		err = -EIO;
	return err;
}

/**
 * kern_drain - want no new requests
 * @kern: the agent
 *
 * Return: 0 or -errno. Requests may still come until kern_is_drained().
 */
int kern_drain(struct kern *kern)
{
	struct nl_msg *msg = new_message(kern, TLSUP_CMD_DRAIN);
	int err;

	if (!msg)
		return -ENOMEM;
	nlmsg_hdr(msg)->nlmsg_flags |= NLM_F_ACK;
	err = send_message(kern, msg);
	nlmsg_free(msg);
	return err;
}

/**
 * kern_is_drained - has the kernel given its last request?
 * @kern: the agent
 *
 * Return: whether it has; all of them have been handed to the handler.
 */
bool kern_is_drained(const struct kern *kern)
{
	return kern->drained;
}

/**
 * kern_close - be an agent no more
 * @kern: may be NULL
 */
void kern_close(struct kern *kern)
{
	if (!kern)
		return;
	nl_socket_free(kern->sock);
	free(kern);
}

/**
 * kern_fd - what to poll
 * @kern: the agent
 *
 * Return: a descriptor, readable when kern_receive() has something to do.
 */
int kern_fd(const struct kern *kern)
{
	return nl_socket_get_fd(kern->sock);
}

/**
 * kern_receive - take what has come and hand it to the handler
 * @kern: the agent
 *
 * Return: 0, or -EIO when the socket is of no more use.
 */
int kern_receive(struct kern *kern)
{
	int err = nl_recvmsgs_default(kern->sock);

	if (err >= 0 || err == -NLE_AGAIN || err == -NLE_INTR ||
	    err == -NLE_OBJ_NOTFOUND || err == -NLE_PERM || err == -NLE_INVAL)
		return 0;
	return -EIO;
}

/**
 * kern_ack - return the credits of events that want no answer
 * @kern: the agent
 * @events: how many
 *
 * Return: 0 or -errno.
 */
int kern_ack(struct kern *kern, uint32_t events)
{
	return send_number(kern, TLSUP_CMD_ACK, TLSUP_A_EVENTS, events);
}

/**
 * kern_answer_init - no answer is being put together
 * @answer: caller's storage
 */
void kern_answer_init(struct kern_answer *answer)
{
	*answer = (struct kern_answer){ 0 };
}

/* The message holds secrets: it is wiped whatever becomes of it. */
static void free_message(struct nl_msg *msg)
{
	if (!msg)
		return;
	secret_wipe_bytes(nlmsg_data(nlmsg_hdr(msg)),
			  (size_t)nlmsg_datalen(nlmsg_hdr(msg)));
	nlmsg_free(msg);
}

/**
 * kern_answer_drop - forget an answer
 * @answer: begun or not
 */
void kern_answer_drop(struct kern_answer *answer)
{
	free_message(answer->msg);
	kern_answer_init(answer);
}

/**
 * kern_answer_begin - begin to put an answer together
 * @kern: the agent
 * @answer: caller's storage
 * @conn_id: the connection
 * @rx_epoch: of the event that is answered
 */
void kern_answer_begin(struct kern *kern, struct kern_answer *answer,
		       uint64_t conn_id, uint8_t rx_epoch)
{
	kern_answer_drop(answer);
	answer->msg = new_message(kern, TLSUP_CMD_ANSWER);
	if (!answer->msg ||
	    nla_put_u64(answer->msg, TLSUP_A_CONN_ID, conn_id) < 0 ||
	    nla_put_u8(answer->msg, TLSUP_A_RX_EPOCH, rx_epoch) < 0)
		answer->failed = true;
	if (!answer->failed)
		answer->actions = nla_nest_start(answer->msg,
						 TLSUP_A_ACTIONS | NLA_F_NESTED);
	if (!answer->actions)
		answer->failed = true;
}

/* Not nlmsg_expand(): it leaves what is secret where it was. */
static bool make_room(struct kern_answer *answer, size_t room)
{
	const struct nlmsghdr *header = nlmsg_hdr(answer->msg);
	ptrdiff_t at = (const char *)answer->actions - (const char *)header;
	struct nl_msg *larger;

	if (header->nlmsg_len + room <= nlmsg_get_max_size(answer->msg))
		return true;
	larger = nlmsg_alloc_size(MESSAGE_MAX);
	if (!larger)
		return false;
	memcpy(nlmsg_hdr(larger), header, header->nlmsg_len);
	answer->actions = (struct nlattr *)((char *)nlmsg_hdr(larger) + at);
	free_message(answer->msg);
	answer->msg = larger;
	return true;
}

/* @room: bytes of attributes that have no bound */
static struct nlattr *open_action(struct kern_answer *answer, int type, size_t room)
{
	struct nlattr *nest = NULL;

	if (!answer->failed && make_room(answer, room + ACTION_FIXED))
		nest = nla_nest_start(answer->msg, type | NLA_F_NESTED);
	if (!nest)
		answer->failed = true;
	return nest;
}

static void close_action(struct kern_answer *answer, struct nlattr *nest)
{
	/* NEXT may hold nothing, and libnl drops what is empty elsewise. */
	if (!answer->failed)
		nla_nest_end_keep_empty(answer->msg, nest);
}

static void put(struct kern_answer *answer, int type, const void *data, size_t len)
{
	if (!answer->failed &&
	    nla_put(answer->msg, type, (int)len, data) < 0)
		answer->failed = true;
}

static void put_u8(struct kern_answer *answer, int type, uint8_t v)
{
	put(answer, type, &v, sizeof(v));
}

static void put_u16(struct kern_answer *answer, int type, uint16_t v)
{
	put(answer, type, &v, sizeof(v));
}

static void put_u32(struct kern_answer *answer, int type, uint32_t v)
{
	put(answer, type, &v, sizeof(v));
}

/**
 * kern_answer_send - SEND: frame these bytes
 * @answer: begun
 * @content_type: of the records
 * @data: the bytes
 * @len: how many; more than one action holds go in several
 */
void kern_answer_send(struct kern_answer *answer, uint8_t content_type,
		      const uint8_t *data, size_t len)
{
	while (len) {
		size_t n = len < SEND_MAX ? len : SEND_MAX;
		struct nlattr *nest = open_action(answer, TLSUP_A_ACTIONS_SEND, n);

		put_u8(answer, TLSUP_A_SEND_CONTENT_TYPE, content_type);
		put(answer, TLSUP_A_SEND_DATA, data, n);
		close_action(answer, nest);
		data += n;
		len -= n;
	}
}

/**
 * kern_answer_keys - KEYS: install the keys of an epoch
 * @answer: begun
 * @keys: which
 */
void kern_answer_keys(struct kern_answer *answer, const struct kern_keys *keys)
{
	struct nlattr *nest = open_action(answer, TLSUP_A_ACTIONS_KEYS, 0);

	put_u8(answer, TLSUP_A_KEYS_DIRECTION, (uint8_t)keys->direction);
	put_u8(answer, TLSUP_A_KEYS_EPOCH, (uint8_t)keys->epoch);
	put_u16(answer, TLSUP_A_KEYS_VERSION, keys->version);
	put_u16(answer, TLSUP_A_KEYS_CIPHER, (uint16_t)keys->cipher);
	if (keys->secret.len) {
		put_u8(answer, TLSUP_A_KEYS_HASH, (uint8_t)keys->hash);
		put(answer, TLSUP_A_KEYS_SECRET, keys->secret.data, keys->secret.len);
	} else {
		put(answer, TLSUP_A_KEYS_KEY, keys->key.data, keys->key.len);
		put(answer, TLSUP_A_KEYS_IV, keys->iv.data, keys->iv.len);
	}
	if (keys->mac_secret.len) {
		put(answer, TLSUP_A_KEYS_MAC_SECRET, keys->mac_secret.data,
		    keys->mac_secret.len);
		put_u8(answer, TLSUP_A_KEYS_ENCRYPT_THEN_MAC, keys->encrypt_then_mac);
	}
	close_action(answer, nest);
}

/**
 * kern_answer_next - NEXT: the record is taken
 * @answer: begun; nothing may follow but kern_answer_commit()
 * @skip: bytes of early data that may be dropped
 * @version: 0x0303 or 0x0304, 0 until it is negotiated
 */
void kern_answer_next(struct kern_answer *answer, uint32_t skip, uint16_t version)
{
	struct nlattr *nest = open_action(answer, TLSUP_A_ACTIONS_NEXT, 0);

	if (skip)
		put_u32(answer, TLSUP_A_NEXT_SKIP, skip);
	if (version)
		put_u16(answer, TLSUP_A_NEXT_VERSION, version);
	close_action(answer, nest);
}

/**
 * kern_answer_done - DONE: the handshake has succeeded
 * @answer: begun; nothing may follow but kern_answer_commit()
 * @done: what was negotiated
 */
void kern_answer_done(struct kern_answer *answer, const struct kern_done *done)
{
	struct nlattr *nest = open_action(answer, TLSUP_A_ACTIONS_DONE,
					  done->chain_len + done->cookie_len);

	put_u32(answer, TLSUP_A_DONE_ERROR, 0);
	put_u16(answer, TLSUP_A_DONE_VERSION, done->version);
	put_u16(answer, TLSUP_A_DONE_SUITE, done->suite);
	put_u16(answer, TLSUP_A_DONE_GROUP, done->group);
	put_u16(answer, TLSUP_A_DONE_SIGNATURE_SCHEME, done->signature_scheme);
	put_u8(answer, TLSUP_A_DONE_RESUMED, done->resumed);
	put_u8(answer, TLSUP_A_DONE_CLIENT_AUTHENTICATED,
	       done->client_authenticated);
	if (done->accept_truncation)
		put_u8(answer, TLSUP_A_DONE_ACCEPT_TRUNCATION, 1);
	put(answer, TLSUP_A_DONE_ALPN, done->alpn, done->alpn_len);
	if (done->server_name)
		put(answer, TLSUP_A_DONE_SERVER_NAME, done->server_name,
		    strlen(done->server_name) + 1);
	put(answer, TLSUP_A_DONE_PEER_CHAIN, done->chain, done->chain_len);
	if (done->cookie_len)
		put(answer, TLSUP_A_DONE_COOKIE, done->cookie, done->cookie_len);
	if (done->exporter.len) {
		put(answer, TLSUP_A_DONE_EXPORTER_SECRET, done->exporter.data,
		    done->exporter.len);
		put_u8(answer, TLSUP_A_DONE_EXPORTER_HASH,
		       (uint8_t)done->exporter_hash);
	}
	if (done->exporter.len && done->version == 0x0303)
		put(answer, TLSUP_A_DONE_RANDOMS, done->randoms.data,
		    done->randoms.len);
	if (done->record_size_limit)
		put_u16(answer, TLSUP_A_DONE_RECORD_SIZE_LIMIT,
			done->record_size_limit);
	if (done->own_record_size_limit)
		put_u16(answer, TLSUP_A_DONE_OWN_RECORD_SIZE_LIMIT,
			done->own_record_size_limit);
	close_action(answer, nest);
}

/**
 * kern_answer_fail - DONE: the handshake has failed
 * @answer: begun; nothing may follow but kern_answer_commit()
 * @error: positive errno for the application
 * @alert: to send, or -1
 * @reason: one sentence
 */
void kern_answer_fail(struct kern_answer *answer, uint32_t error, int alert,
		      const char *reason)
{
	struct nlattr *nest = open_action(answer, TLSUP_A_ACTIONS_DONE, 0);
	char text[REASON_SIZE];

	snprintf(text, sizeof(text), "%s", reason);
	put_u32(answer, TLSUP_A_DONE_ERROR, error);
	if (alert >= 0)
		put_u8(answer, TLSUP_A_DONE_ALERT, (uint8_t)alert);
	put(answer, TLSUP_A_DONE_REASON, text, strlen(text) + 1);
	close_action(answer, nest);
}

static bool fits(const struct kern_answer *answer)
{
	const struct nlmsghdr *header = nlmsg_hdr(answer->msg);
	const char *end = (const char *)header + header->nlmsg_len;

	return end - (const char *)answer->actions <= ACTIONS_MAX;
}

/**
 * kern_answer_commit - send an answer; it is wiped
 * @kern: the agent
 * @answer: begun
 *
 * Return: 0, -EMSGSIZE if it has become too long or memory was short, -EIO.
 */
int kern_answer_commit(struct kern *kern, struct kern_answer *answer)
{
	int err = -EMSGSIZE;

	if (!answer->failed && fits(answer)) {
		nla_nest_end(answer->msg, answer->actions);
		err = send_message(kern, answer->msg);
	}
	kern_answer_drop(answer);
	return err;
}
