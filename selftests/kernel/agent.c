// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) 2026 The tlsup authors
 *
 * An agent without a handshake engine: see agent.h.
 */
#include "agent.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <linux/genetlink.h>
#include <linux/netlink.h>

#include "mac.h"
#include "record.h"

#define REPLY_TIMEOUT_MS	10000

struct event_node {
	struct event_node *next;
	struct message message;
};

static struct nlmsghdr *header(struct message *msg)
{
	return (struct nlmsghdr *)msg->bytes;
}

void message_put(struct message *msg, int type, const void *data, size_t len)
{
	struct nlattr attr = { .nla_type = type, .nla_len = NLA_HDRLEN + len };
	size_t room = NLA_ALIGN(NLA_HDRLEN + len);

	if (msg->len + room > sizeof(msg->bytes))
		abort();
	memset(msg->bytes + msg->len, 0, room);
	memcpy(msg->bytes + msg->len, &attr, NLA_HDRLEN);
	if (len)
		memcpy(msg->bytes + msg->len + NLA_HDRLEN, data, len);
	msg->len += room;
}

void message_put_u8(struct message *msg, int type, uint8_t value)
{
	message_put(msg, type, &value, sizeof(value));
}

void message_put_u16(struct message *msg, int type, uint16_t value)
{
	message_put(msg, type, &value, sizeof(value));
}

void message_put_u32(struct message *msg, int type, uint32_t value)
{
	message_put(msg, type, &value, sizeof(value));
}

void message_put_u64(struct message *msg, int type, uint64_t value)
{
	message_put(msg, type, &value, sizeof(value));
}

size_t message_nest(struct message *msg, int type)
{
	size_t nest = msg->len;

	message_put(msg, type | NLA_F_NESTED, NULL, 0);
	return nest;
}

void message_nest_end(struct message *msg, size_t nest)
{
	struct nlattr *attr = (struct nlattr *)(msg->bytes + nest);

	attr->nla_len = msg->len - nest;
}

static void begin(struct message *msg, uint16_t family, uint8_t cmd)
{
	struct genlmsghdr genl = { .cmd = cmd, .version = TLSUP_FAMILY_VERSION };

	memset(msg->bytes, 0, NLMSG_HDRLEN);
	header(msg)->nlmsg_type = family;
	header(msg)->nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK;
	memcpy(msg->bytes + NLMSG_HDRLEN, &genl, GENL_HDRLEN);
	msg->len = NLMSG_HDRLEN + GENL_HDRLEN;
}

void message_begin(struct message *msg, const struct agent *agent, uint8_t cmd)
{
	begin(msg, agent->family, cmd);
}

/* One message of the kernel; false when none comes in time. */
static bool receive(struct agent *agent, struct message *msg, int timeout_ms)
{
	struct pollfd poll_fd = { .fd = agent->fd, .events = POLLIN };
	ssize_t n;

	if (poll(&poll_fd, 1, timeout_ms) != 1)
		return false;
	n = recv(agent->fd, msg->bytes, sizeof(msg->bytes), MSG_DONTWAIT);
	if (n < (ssize_t)sizeof(struct nlmsghdr))
		return false;
	msg->len = n;
	return true;
}

static void keep(struct agent *agent, const struct message *msg)
{
	struct event_node **end = &agent->waiting;
	struct event_node *node = malloc(sizeof(*node));

	if (!node)
		abort();
	while (*end)
		end = &(*end)->next;
	node->next = NULL;
	node->message.len = msg->len;
	memcpy(node->message.bytes, msg->bytes, msg->len);
	*end = node;
}

static void parse(struct event *event)
{
	const uint8_t *at = event->message.bytes + NLMSG_HDRLEN + GENL_HDRLEN;
	const uint8_t *end = event->message.bytes + event->message.len;
	struct genlmsghdr genl;
	struct nlattr attr;

	memcpy(&genl, event->message.bytes + NLMSG_HDRLEN, sizeof(genl));
	event->cmd = genl.cmd;
	memset(event->data, 0, sizeof(event->data));
	memset(event->len, 0, sizeof(event->len));
	while (end - at >= NLA_HDRLEN) {
		memcpy(&attr, at, sizeof(attr));
		if (attr.nla_len < NLA_HDRLEN || attr.nla_len > end - at)
			break;
		attr.nla_type &= NLA_TYPE_MASK;
		if (attr.nla_type <= TLSUP_A_MAX) {
			event->data[attr.nla_type] = at + NLA_HDRLEN;
			event->len[attr.nla_type] = attr.nla_len - NLA_HDRLEN;
		}
		at += NLA_ALIGN(attr.nla_len);
	}
	event->conn = event_number(event, TLSUP_A_CONN_ID);
}

bool agent_event(struct agent *agent, struct event *event, int timeout_ms)
{
	struct event_node *node = agent->waiting;

	if (node) {
		agent->waiting = node->next;
		event->message.len = node->message.len;
		memcpy(event->message.bytes, node->message.bytes,
		       node->message.len);
		free(node);
	} else if (!receive(agent, &event->message, timeout_ms)) {
		return false;
	}
	parse(event);
	return true;
}

uint64_t event_number(const struct event *event, int attr)
{
	uint64_t value = 0;

	/* Little-endian machines only, as all that run these tests. */
	if (event->data[attr] && event->len[attr] <= sizeof(value))
		memcpy(&value, event->data[attr], event->len[attr]);
	return value;
}

bool event_payload_is(const struct event *event, const char *text)
{
	return event->data[TLSUP_A_PAYLOAD] &&
	       event->len[TLSUP_A_PAYLOAD] == strlen(text) &&
	       !memcmp(event->data[TLSUP_A_PAYLOAD], text, strlen(text));
}

/* Wait for the reply to this request, keep the events on the way. */
static int await_reply(struct agent *agent, struct message *reply)
{
	const struct nlmsgerr *error;

	while (receive(agent, reply, REPLY_TIMEOUT_MS)) {
		if (header(reply)->nlmsg_seq != agent->seq) {
			keep(agent, reply);
			continue;
		}
		if (header(reply)->nlmsg_type != NLMSG_ERROR)
			continue;
		error = NLMSG_DATA(reply->bytes);
		return error->error;
	}
	return -ETIME;
}

int agent_call(struct agent *agent, struct message *msg)
{
	static _Thread_local struct message reply;

	header(msg)->nlmsg_len = msg->len;
	header(msg)->nlmsg_seq = ++agent->seq;
	if (send(agent->fd, msg->bytes, msg->len, 0) < 0)
		return -errno;
	return await_reply(agent, &reply);
}

/* The number of the family, out of the first reply to CTRL_CMD_GETFAMILY. */
static int find_family(struct agent *agent)
{
	static struct message msg;
	struct nlattr attr;
	uint8_t *at;

	begin(&msg, GENL_ID_CTRL, CTRL_CMD_GETFAMILY);
	message_put(&msg, CTRL_ATTR_FAMILY_NAME, TLSUP_FAMILY_NAME,
		    sizeof(TLSUP_FAMILY_NAME));
	header(&msg)->nlmsg_flags = NLM_F_REQUEST;
	header(&msg)->nlmsg_len = msg.len;
	if (send(agent->fd, msg.bytes, msg.len, 0) < 0)
		return -errno;
	if (!receive(agent, &msg, REPLY_TIMEOUT_MS) ||
	    header(&msg)->nlmsg_type != GENL_ID_CTRL)
		return -ENOENT;
	for (at = msg.bytes + NLMSG_HDRLEN + GENL_HDRLEN;
	     at < msg.bytes + msg.len; at += NLA_ALIGN(attr.nla_len)) {
		memcpy(&attr, at, sizeof(attr));
		if (attr.nla_type == CTRL_ATTR_FAMILY_ID) {
			memcpy(&agent->family, at + NLA_HDRLEN, 2);
			return 0;
		}
	}
	return -ENOENT;
}

int agent_open(struct agent *agent)
{
	struct sockaddr_nl any = { .nl_family = AF_NETLINK };
	int err;

	*agent = (struct agent){ 0 };
	agent->fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_GENERIC);
	if (agent->fd < 0)
		return -errno;
	err = bind(agent->fd, (struct sockaddr *)&any, sizeof(any)) ? -errno :
	      find_family(agent);
	if (err)
		close(agent->fd);
	return err;
}

void agent_close(struct agent *agent)
{
	struct event_node *node;

	while ((node = agent->waiting)) {
		agent->waiting = node->next;
		free(node);
	}
	close(agent->fd);
	agent->fd = -1;
}

int agent_register(struct agent *agent, uint32_t window)
{
	static struct message msg;

	message_begin(&msg, agent, TLSUP_CMD_REGISTER);
	message_put_u32(&msg, TLSUP_A_WINDOW, window);
	return agent_call(agent, &msg);
}

int agent_ack(struct agent *agent, uint32_t events)
{
	static struct message msg;

	message_begin(&msg, agent, TLSUP_CMD_ACK);
	message_put_u32(&msg, TLSUP_A_EVENTS, events);
	return agent_call(agent, &msg);
}

/* The nest of actions is the last attribute, so the message's end closes it. */
#define ACTIONS_AT	(NLMSG_HDRLEN + GENL_HDRLEN + 12 + 8)

void answer_begin(struct message *msg, const struct agent *agent, uint64_t conn,
		  uint8_t epoch)
{
	message_begin(msg, agent, TLSUP_CMD_ANSWER);
	message_put_u64(msg, TLSUP_A_CONN_ID, conn);
	message_put_u8(msg, TLSUP_A_RX_EPOCH, epoch);
	if (message_nest(msg, TLSUP_A_ACTIONS) != ACTIONS_AT)
		abort();
}

void answer_end(struct message *msg)
{
	message_nest_end(msg, ACTIONS_AT);
	header(msg)->nlmsg_len = msg->len;
}

int agent_answer(struct agent *agent, struct message *msg)
{
	answer_end(msg);
	return agent_call(agent, msg);
}

void answer_send(struct message *msg, uint8_t type, const void *data, size_t len)
{
	size_t nest = message_nest(msg, TLSUP_A_ACTIONS_SEND);

	message_put_u8(msg, TLSUP_A_SEND_CONTENT_TYPE, type);
	message_put(msg, TLSUP_A_SEND_DATA, data, len);
	message_nest_end(msg, nest);
}

void answer_keys(struct message *msg, uint8_t direction, uint8_t epoch,
		 uint16_t cipher, uint8_t seed)
{
	size_t nest = message_nest(msg, TLSUP_A_ACTIONS_KEYS);
	uint8_t secret[SECRET_MAX];

	secret_make(secret, seed);
	message_put_u8(msg, TLSUP_A_KEYS_DIRECTION, direction);
	message_put_u8(msg, TLSUP_A_KEYS_EPOCH, epoch);
	message_put_u16(msg, TLSUP_A_KEYS_VERSION, 0x0304);
	message_put_u16(msg, TLSUP_A_KEYS_CIPHER, cipher);
	message_put_u8(msg, TLSUP_A_KEYS_HASH, cipher_hash(cipher));
	message_put(msg, TLSUP_A_KEYS_SECRET, secret, cipher_secret_len(cipher));
	message_nest_end(msg, nest);
}

/* Always of application data: TLS 1.2 has no keys between. */
void answer_keys_12(struct message *msg, uint8_t direction, uint16_t cipher,
		    uint8_t seed)
{
	size_t nest = message_nest(msg, TLSUP_A_ACTIONS_KEYS);
	struct keys keys;

	keys_init_12(&keys, cipher, seed);
	message_put_u8(msg, TLSUP_A_KEYS_DIRECTION, direction);
	message_put_u8(msg, TLSUP_A_KEYS_EPOCH, TLSUP_EPOCH_APPLICATION);
	message_put_u16(msg, TLSUP_A_KEYS_VERSION, 0x0303);
	message_put_u16(msg, TLSUP_A_KEYS_CIPHER, cipher & ~CIPHER_ETM);
	message_put(msg, TLSUP_A_KEYS_KEY, keys.key, cipher_key_len(cipher));
	if (cipher_is_mac(cipher)) {
		message_put(msg, TLSUP_A_KEYS_MAC_SECRET, keys.mac,
			    cipher_mac_len(cipher));
		message_put_u8(msg, TLSUP_A_KEYS_ENCRYPT_THEN_MAC,
			       !!(cipher & CIPHER_ETM));
	} else {
		message_put(msg, TLSUP_A_KEYS_IV, keys.iv,
			    cipher_iv_len_12(cipher));
	}
	message_nest_end(msg, nest);
}

void answer_next_12(struct message *msg)
{
	size_t nest = message_nest(msg, TLSUP_A_ACTIONS_NEXT);

	message_put_u16(msg, TLSUP_A_NEXT_VERSION, 0x0303);
	message_nest_end(msg, nest);
}

void answer_next(struct message *msg)
{
	message_nest_end(msg, message_nest(msg, TLSUP_A_ACTIONS_NEXT));
}

void answer_done_with(struct message *msg, const struct done *done)
{
	size_t nest = message_nest(msg, TLSUP_A_ACTIONS_DONE);

	message_put_u32(msg, TLSUP_A_DONE_ERROR, 0);
	message_put_u16(msg, TLSUP_A_DONE_VERSION, done->version);
	message_put_u16(msg, TLSUP_A_DONE_SUITE,
			done->version == 0x0304 ? 0x1301 : 0xc02b);
	message_put(msg, TLSUP_A_DONE_COOKIE, "cookie", 6);
	if (done->limit)
		message_put_u16(msg, TLSUP_A_DONE_RECORD_SIZE_LIMIT, done->limit);
	if (done->own_limit)
		message_put_u16(msg, TLSUP_A_DONE_OWN_RECORD_SIZE_LIMIT,
				done->own_limit);
	message_nest_end(msg, nest);
}

void answer_done(struct message *msg)
{
	answer_done_with(msg, &(struct done){ .version = 0x0304 });
}

void answer_fail(struct message *msg, int error, int alert, const char *reason)
{
	size_t nest = message_nest(msg, TLSUP_A_ACTIONS_DONE);

	message_put_u32(msg, TLSUP_A_DONE_ERROR, error);
	if (alert >= 0)
		message_put_u8(msg, TLSUP_A_DONE_ALERT, alert);
	message_put(msg, TLSUP_A_DONE_REASON, reason, strlen(reason) + 1);
	message_nest_end(msg, nest);
}
