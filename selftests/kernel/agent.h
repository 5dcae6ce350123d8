/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Copyright (C) 2026 The tlsup authors
 *
 * An agent without a handshake engine: a raw generic netlink socket that
 * answers with whatever a test wants, right or wrong.
 */
#ifndef SELFTESTS_KERNEL_AGENT_H
#define SELFTESTS_KERNEL_AGENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <linux/tlsup.h>
#include <linux/tlsup_netlink.h>

/* The longest message either way: an EV_RECORD, or a SEND too long. */
#define MESSAGE_MAX	(72 * 1024)

/**
 * struct message - a netlink message being built, or as it came
 * @len: bytes of it
 * @bytes: from struct nlmsghdr on
 */
struct message {
	size_t len;
	_Alignas(8) uint8_t bytes[MESSAGE_MAX];
};

/**
 * struct event - a message from the kernel, parsed
 * @cmd: TLSUP_CMD_EV_*
 * @conn: which connection
 * @data: each attribute's value, NULL if absent
 * @len: its length
 * @message: where they point into
 */
struct event {
	uint8_t cmd;
	uint64_t conn;
	const uint8_t *data[TLSUP_A_MAX + 1];
	size_t len[TLSUP_A_MAX + 1];
	struct message message;
};

/**
 * struct agent - a netlink socket, registered or not
 * @fd: the socket
 * @family: number of the family "tlsup"
 * @seq: of the last request
 * @waiting: events that came while a reply was awaited, oldest first
 */
struct agent {
	int fd;
	uint16_t family;
	uint32_t seq;
	struct event_node *waiting;
};

/* All of these return 0 or -errno, the kernel's own if it refused. */
int agent_open(struct agent *agent);
int agent_register(struct agent *agent, uint32_t window);
int agent_ack(struct agent *agent, uint32_t events);
int agent_call(struct agent *agent, struct message *msg);
void agent_close(struct agent *agent);

/* An event within so many milliseconds? */
bool agent_event(struct agent *agent, struct event *event, int timeout_ms);

/* A value of an event; 0 if it is absent. */
uint64_t event_number(const struct event *event, int attr);
bool event_payload_is(const struct event *event, const char *text);

/* Any message: a command, attributes, nests. */
void message_begin(struct message *msg, const struct agent *agent, uint8_t cmd);
void message_put(struct message *msg, int type, const void *data, size_t len);
void message_put_u8(struct message *msg, int type, uint8_t value);
void message_put_u16(struct message *msg, int type, uint16_t value);
void message_put_u32(struct message *msg, int type, uint32_t value);
void message_put_u64(struct message *msg, int type, uint64_t value);
size_t message_nest(struct message *msg, int type);
void message_nest_end(struct message *msg, size_t nest);

/* An answer: begin, actions, agent_answer(). */
void answer_begin(struct message *msg, const struct agent *agent, uint64_t conn,
		  uint8_t epoch);
void answer_send(struct message *msg, uint8_t type, const void *data,
		 size_t len);
void answer_keys(struct message *msg, uint8_t direction, uint8_t epoch,
		 uint16_t cipher, uint8_t seed);
void answer_keys_12(struct message *msg, uint8_t direction, uint16_t cipher,
		    uint8_t seed);
void answer_next(struct message *msg);
void answer_next_12(struct message *msg);

/**
 * struct done - what an answer of success says beside the obvious
 * @version: 0x0304 or 0x0303
 * @limit: record_size_limit of the peer, 0 for none
 * @own_limit: ours
 */
struct done {
	uint16_t version;
	uint16_t limit;
	uint16_t own_limit;
};

void answer_done(struct message *msg);
void answer_done_with(struct message *msg, const struct done *done);
void answer_fail(struct message *msg, int error, int alert, const char *reason);
int agent_answer(struct agent *agent, struct message *msg);

/* Ready to be sent without agent_answer(). */
void answer_end(struct message *msg);

#endif /* SELFTESTS_KERNEL_AGENT_H */
