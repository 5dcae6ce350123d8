/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Copyright (C) 2026 The tlsup authors
 *
 * The netlink family as typed structs; libnl is known here only.
 */
#ifndef TLSUP_KERN_H
#define TLSUP_KERN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <linux/tlsup.h>
#include <linux/tlsup_netlink.h>

struct kern;
struct nl_msg;
struct nlattr;

enum kern_event_type {
	KERN_START,
	KERN_RECORD,
	KERN_TICKET,
	KERN_CLOSED,
	KERN_ERROR,	/* a request was refused: error, seq */
};

/**
 * struct kern_event - what the kernel says; borrowed until the next event
 *
 * Which fields count depends on @type, as scripts/tlsup.yaml tells. Strings
 * are never NULL.
 */
struct kern_event {
	enum kern_event_type type;
	uint64_t conn_id;
	uint8_t rx_epoch;
	uint8_t role;
	const char *profile;
	const char *server_name;
	const uint8_t *alpn;
	size_t alpn_len;
	uint32_t flags;			/* of enum tlsup_flag */
	bool cbc;			/* keys of MAC suites are taken */
	uint32_t uid;
	uint32_t gid;
	uint32_t pid;
	uint64_t cgroup_id;
	const char *exe;
	const uint8_t *peer_address;	/* 4 or 16 bytes */
	size_t peer_address_len;
	uint16_t peer_port;
	const uint8_t *cookie;
	size_t cookie_len;
	const uint8_t *chain;
	size_t chain_len;
	bool has_record;
	uint8_t content_type;
	const uint8_t *payload;
	size_t payload_len;
	uint32_t error;
	const char *reason;
};

/** struct kern_bytes - borrowed bytes */
struct kern_bytes {
	const uint8_t *data;
	size_t len;
};

/** struct kern_keys - a KEYS action */
struct kern_keys {
	enum tlsup_direction direction;
	enum tlsup_epoch epoch;
	uint16_t version;
	enum tlsup_cipher cipher;
	enum tlsup_hash hash;
	struct kern_bytes secret;		/* TLS 1.3 */
	struct kern_bytes key;		/* TLS 1.2 */
	struct kern_bytes iv;
	struct kern_bytes mac_secret;	/* of a MAC suite */
	bool encrypt_then_mac;
};

/** struct kern_done - a DONE action that tells of success */
struct kern_done {
	uint16_t version;
	uint16_t suite;
	uint16_t group;
	uint16_t signature_scheme;
	uint8_t resumed;
	uint8_t client_authenticated;
	uint8_t accept_truncation;
	const uint8_t *alpn;
	size_t alpn_len;
	const char *server_name;	/* NULL: none */
	const uint8_t *chain;		/* uint24 length and DER each */
	size_t chain_len;
	const uint8_t *cookie;		/* comes back with each ticket */
	size_t cookie_len;
	struct kern_bytes exporter;	/* empty: there are no exporters */
	enum tlsup_hash exporter_hash;
	struct kern_bytes randoms;	/* TLS 1.2 */
	uint16_t record_size_limit;	/* the peer's (RFC 8449); 0: none */
	uint16_t own_record_size_limit;
};

/**
 * struct kern_answer - an ANSWER being put together
 * @msg: the message, or NULL after a failure
 * @actions: the nested attribute that is open
 * @failed: it does not fit, or memory is short
 */
struct kern_answer {
	struct nl_msg *msg;
	struct nlattr *actions;
	bool failed;
};

typedef void (*kern_handler)(void *owner, const struct kern_event *event);

struct kern *kern_open(unsigned int window, kern_handler handler, void *owner);
int kern_register(struct kern *kern);
int kern_drain(struct kern *kern);
bool kern_is_drained(const struct kern *kern);
void kern_close(struct kern *kern);
int kern_fd(const struct kern *kern);
int kern_receive(struct kern *kern);
int kern_ack(struct kern *kern, uint32_t events);

void kern_answer_init(struct kern_answer *answer);
void kern_answer_drop(struct kern_answer *answer);
void kern_answer_begin(struct kern *kern, struct kern_answer *answer,
		       uint64_t conn_id, uint8_t rx_epoch);
void kern_answer_send(struct kern_answer *answer, uint8_t content_type,
		      const uint8_t *data, size_t len);
void kern_answer_keys(struct kern_answer *answer, const struct kern_keys *keys);
void kern_answer_next(struct kern_answer *answer, uint32_t skip, uint16_t version);
void kern_answer_done(struct kern_answer *answer, const struct kern_done *done);
void kern_answer_fail(struct kern_answer *answer, uint32_t error, int alert,
		      const char *reason);
int kern_answer_commit(struct kern *kern, struct kern_answer *answer);

#endif /* TLSUP_KERN_H */
