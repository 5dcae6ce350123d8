// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) 2026 The tlsup authors
 *
 * The driver: one loop for both roles walks the order of messages that
 * flight.c holds. It, not the messages' own code, checks type, size, epoch and
 * left-over bytes.
 */
#include "tls/hs.h"

#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "tls/hs_int.h"

/* Of an engine, what begins as zeros and is wiped at the end. */
#define ZEROED		offsetof(struct hs, public_key)

/* The most that any message needs beside what its action says. */
#define BUILD_MAX	4096

/**
 * hs_create - make an engine
 * @role: of this side
 * @config: outlives the engine
 * @ops: outlives the engine
 * @owner: handed to each of @ops
 *
 * Return: the engine, to be destroyed by hs_destroy(), or NULL.
 */
struct hs *hs_create(enum hs_role role, const struct hs_config *config,
		     const struct hs_ops *ops, void *owner)
{
	struct hs *hs = malloc(sizeof(*hs));

	if (!hs)
		return NULL;
	memset(hs, 0, ZEROED);
	hs->role = role;
	hs->config = config;
	hs->ops = ops;
	hs->owner = owner;
	return hs;
}

/**
 * hs_destroy - wipe and free an engine
 * @hs: may be NULL
 */
void hs_destroy(struct hs *hs)
{
	if (!hs)
		return;
	free(hs->in);
	free(hs->out);
	free(hs->kept);
	free(hs->content);
	free(hs->ocsp_data);
	free(hs->cookie);
	free(hs->ticket);
	free(hs->authorities);
	free(hs->chain_data);
	secret_wipe_bytes(hs, ZEROED);
	free(hs);
}

/**
 * hs_fail_error - the handshake has failed; the first reason stays
 * @hs: the engine
 * @alert: to send
 * @error: positive errno for the application
 * @reason: constant sentence
 *
 * Return: false, for the caller to return.
 */
bool hs_fail_error(struct hs *hs, enum hs_alert alert, int error,
		   const char *reason)
{
	if (!hs->ended) {
		hs->ended = true;
		hs->failure = (struct hs_failure){ (uint8_t)alert, error, reason };
		hs->ops->fail(hs->owner, &hs->failure);
	}
	return false;
}

/**
 * hs_fail - the peer broke the protocol
 * @hs: the engine
 * @alert: to send
 * @reason: constant sentence that names message and check
 *
 * Return: false, for the caller to return.
 */
bool hs_fail(struct hs *hs, enum hs_alert alert, const char *reason)
{
	return hs_fail_error(hs, alert, EPROTO, reason);
}

/**
 * hs_ask_owner - ask a question; the driver stops until it is answered
 * @hs: the engine
 * @question: its pointers lead into @hs or live as long
 *
 * Return: true.
 */
bool hs_ask_owner(struct hs *hs, const struct hs_question *question)
{
	hs->asking = true;
	hs->question = question->ask;
	hs->ops->ask(hs->owner, question);
	return true;
}

/* Content of a record that the peer takes: its limit is on what is protected. */
static size_t record_max(const struct hs *hs)
{
	if (!hs->record_size_limit || hs->tx_epoch == HS_EPOCH_PLAINTEXT)
		return SIZE_MAX;
	return hs->record_size_limit - (size_t)(hs->version == TLS13);
}

/**
 * hs_flush - give out the handshake bytes that have been built
 * @hs: the engine
 *
 * Before each change of TX keys, and before waiting for the peer.
 */
void hs_flush(struct hs *hs)
{
	size_t max = record_max(hs);

	for (size_t at = 0; at < hs->out_len; at += max)
		hs->ops->send(hs->owner, HS_CONTENT_HANDSHAKE, hs->out + at,
			      hs->out_len - at < max ? hs->out_len - at : max);
	hs->out_len = 0;
}

/**
 * hs_send_ccs - the change_cipher_spec of the middlebox compatibility mode
 * @hs: the engine
 *
 * Never protected, whatever keys are in force. Once, and only where the client
 * asked for the mode by sending a session id (RFC 9846, D.4).
 */
void hs_send_ccs(struct hs *hs)
{
	static const uint8_t ccs[] = { 1 };

	if (hs->ccs_sent || !hs->session_id_len)
		return;
	hs->ccs_sent = true;
	hs_flush(hs);
	hs->ops->send(hs->owner, HS_CONTENT_CCS, ccs, sizeof(ccs));
	if (hs->ops->trace)
		hs->ops->trace(hs->owner, true, "change_cipher_spec", "");
}

/* Keys of TLS 1.2: TX keys act at once, RX keys with the ChangeCipherSpec. */
static void install_12(struct hs *hs, enum hs_direction direction)
{
	enum hs_role peer = hs->role == HS_SERVER ? HS_CLIENT : HS_SERVER;
	struct hs_keys keys = {
		.direction = direction,
		.epoch = HS_EPOCH_APPLICATION,
		.version = TLS12,
		.suite = hs->suite->id,
		.etm = hs->etm,
	};

	if (direction == HS_TX)
		hs->tx_epoch = HS_EPOCH_APPLICATION;
	ks12_keys(&hs->ks12, direction == HS_TX ? hs->role : peer, &keys);
	hs->ops->keys(hs->owner, &keys);
}

static const char *keylog_label(const struct hs *hs, const struct secret *secret)
{
	if (secret == &hs->ks.client_handshake)
		return "CLIENT_HANDSHAKE_TRAFFIC_SECRET";
	if (secret == &hs->ks.server_handshake)
		return "SERVER_HANDSHAKE_TRAFFIC_SECRET";
	if (secret == &hs->ks.client_application)
		return "CLIENT_TRAFFIC_SECRET_0";
	return "SERVER_TRAFFIC_SECRET_0";
}

/**
 * hs_install - hand out the traffic secret of an epoch
 * @hs: the engine
 * @direction: whose keys change
 * @epoch: from here on
 * @secret: one of the schedule's
 *
 * The driver sees to it that no received byte is left over where RX keys
 * change (RFC 9846, 5.1).
 */
void hs_install(struct hs *hs, enum hs_direction direction, enum hs_epoch epoch,
		const struct secret *secret)
{
	const struct hs_keys keys = {
		.direction = direction,
		.epoch = epoch,
		.version = TLS13,
		.suite = hs->suite->id,
		.secret = { secret->data, secret->len },
	};

	if (direction == HS_TX) {
		hs_flush(hs);
		hs->tx_epoch = epoch;
	} else {
		hs->rx_epoch = epoch;
	}
	if (hs->ops->keylog)
		hs->ops->keylog(hs->owner, keylog_label(hs, secret),
				hs->client_random, secret->data, secret->len);
	hs->ops->keys(hs->owner, &keys);
}

/* Asked for several times at each place: not MSG_END, which is never @known. */
static enum msg current_message(struct hs *hs)
{
	if (!hs->known || hs->known_flags != hs->flags ||
	    hs->known_position != hs->position) {
		hs->known = fl_message(hs->flags, hs->position);
		hs->known_flags = hs->flags;
		hs->known_position = hs->position;
	}
	return hs->known;
}

static const struct action *current_action(struct hs *hs)
{
	return fl_action(current_message(hs));
}

static bool reserve_out(struct hs *hs, size_t len)
{
	uint8_t *grown;

	if (hs->out_size - hs->out_len >= len)
		return true;
	grown = realloc(hs->out, hs->out_len + len);
	if (!grown)
		return hs_fail_error(hs, HS_ALERT_INTERNAL_ERROR, ENOMEM,
				     "out of memory");
	hs->out = grown;
	hs->out_size = hs->out_len + len;
	return true;
}

/* @message: whole, with its header */
static void trace(const struct hs *hs, bool sent, const struct action *action,
		  const uint8_t *message, size_t len)
{
	char detail[DETAIL_MAX];
	struct rd rd;

	if (!hs->ops->trace)
		return;
	rd_init(&rd, message, len);
	rd_bytes(&rd, MESSAGE_HEADER_SIZE);
	detail_write(hs, action->type, rd, detail, sizeof(detail));
	hs->ops->trace(hs->owner, sent, action->name, detail);
}

static void trace_ccs(const struct hs *hs, bool sent, const struct action *action)
{
	if (hs->ops->trace)
		hs->ops->trace(hs->owner, sent, action->name,
			       "protected from here on");
}

/* The body is built behind the header, whose length is filled in last. */
static bool send_message(struct hs *hs, const struct action *action)
{
	struct wr wr;
	uint8_t *at;
	size_t mark;

	if (!reserve_out(hs, BUILD_MAX + (action->extra ? action->extra(hs) : 0)))
		return false;
	at = hs->out + hs->out_len;
	wr_init(&wr, at, hs->out_size - hs->out_len);
	wr_u8(&wr, action->type);
	mark = wr_open(&wr, 3);
	if (!action->build(hs, &wr))
		return false;
	wr_close(&wr, mark);
	if (wr.failed)
		return hs_fail_error(hs, HS_ALERT_INTERNAL_ERROR, EMSGSIZE,
				     "a message that is too long to be sent");
	if (action->patch)
		action->patch(hs, at, wr.len);
	if (!trans_update(hs, at, wr.len))
		return false;
	hs->out_len += wr.len;
	trace(hs, true, action, at, wr.len);
	return !action->after || action->after(hs);
}

/*
 * It is our turn only after a whole flight of the peer's; what it sends behind
 * that flight's last message would be read under the keys that come next.
 */
static bool step_send(struct hs *hs, const struct action *action)
{
	if (hs->in_len)
		return hs_fail(hs, HS_ALERT_UNEXPECTED_MESSAGE,
			       "handshake bytes behind the end of a flight");
	if (!hs->half) {
		hs->half = true;
		if (action->ask && !action->ask(hs))
			return false;
	}
	if (hs->asking || hs->ended)
		return false;
	/* The answer was that it is to be left out. */
	if (!hs->half)
		return true;
	if (!send_message(hs, action))
		return false;
	hs->half = false;
	if (!action->again || !action->again(hs))
		hs->position++;
	return true;
}

static bool send_ccs_12(struct hs *hs, const struct action *action)
{
	static const uint8_t ccs[] = { 1 };

	if (hs->in_len)
		return hs_fail(hs, HS_ALERT_UNEXPECTED_MESSAGE,
			       "handshake bytes behind the end of a flight");
	hs_flush(hs);
	hs->ops->send(hs->owner, HS_CONTENT_CCS, ccs, sizeof(ccs));
	trace_ccs(hs, true, action);
	install_12(hs, HS_TX);
	hs->position++;
	return true;
}

/* The length of the whole message at the head of the buffer, or 0. */
static size_t message_len(const struct hs *hs)
{
	struct rd rd;
	size_t len;

	rd_init(&rd, hs->in, hs->in_len);
	rd_u8(&rd);
	len = MESSAGE_HEADER_SIZE + rd_u24(&rd);
	return rd.failed || hs->in_len < len ? 0 : len;
}

/**
 * hs_message_max - how long a message may be
 * @hs: the engine
 *
 * Only where certificates come, messages get long.
 *
 * Return: bytes without the header.
 */
size_t hs_message_max(const struct hs *hs)
{
	if (hs->config->message_max)
		return hs->config->message_max;
	if (hs->role == HS_SERVER && hs->config->client_auth == HS_CLIENT_AUTH_NONE)
		return HS_MESSAGE_MAX_SERVER;
	return HS_MESSAGE_MAX_CLIENT;
}

/* Before the rest of a message is waited for: may it come at all? */
static bool check_head(struct hs *hs)
{
	const struct action *action;
	struct rd rd;
	uint8_t type;
	uint32_t len;

	if (hs->in_len < MESSAGE_HEADER_SIZE)
		return true;
	rd_init(&rd, hs->in, hs->in_len);
	type = rd_u8(&rd);
	len = rd_u24(&rd);
	if (!fl_resolve(&hs->flags, hs->position, type))
		return hs_fail(hs, HS_ALERT_UNEXPECTED_MESSAGE,
			       "a handshake message out of order");
	action = current_action(hs);
	if (action->max && len > action->max)
		return hs_fail(hs, HS_ALERT_DECODE_ERROR,
			       "a handshake message that is longer than its form");
	if (len > hs_message_max(hs))
		return hs_fail(hs, HS_ALERT_ILLEGAL_PARAMETER,
			       "a handshake message that is too long");
	return true;
}

/* hello_retry_request and both versions' server_hello share their type. */
static void tell_hello(struct hs *hs, size_t len)
{
	const uint8_t *body = hs->in + MESSAGE_HEADER_SIZE;

	len -= MESSAGE_HEADER_SIZE;
	if (hs->role != HS_CLIENT || hs->position != 1)
		return;
	if (!version_enabled(hs->config, TLS13) ||
	    (version_enabled(hs->config, TLS12) && msg_server_hello_is_12(body, len)))
		hs->flags |= FL_TLS12;
	else if (msg_server_hello_is_retry(body, len))
		hs->flags |= FL_RETRY;
}

static bool parse_message(struct hs *hs, size_t len)
{
	const struct action *action;
	struct rd body;

	tell_hello(hs, len);
	action = current_action(hs);
	trace(hs, false, action, hs->in, len);
	rd_init(&body, hs->in + MESSAGE_HEADER_SIZE, len - MESSAGE_HEADER_SIZE);
	hs->half = true;
	return action->parse(hs, &body);
}

static bool finish_message(struct hs *hs, size_t len)
{
	const struct action *action = current_action(hs);
	enum hs_epoch epoch = hs->rx_epoch;

	/* It has settled all: nothing needs to be kept until its hash is known. */
	if (hs->role == HS_SERVER && hs->flags & FL_RESUMED)
		trans_start(hs);
	if (!trans_update(hs, hs->in, len))
		return false;
	hs->in_len -= len;
	memmove(hs->in, hs->in + len, hs->in_len);
	if (action->after && !action->after(hs))
		return false;
	if (hs->rx_epoch != epoch && hs->in_len)
		return hs_fail(hs, HS_ALERT_UNEXPECTED_MESSAGE,
			       "handshake bytes left over at a change of keys");
	hs->half = false;
	hs->position++;
	return true;
}

static void tell_next(struct hs *hs)
{
	const struct hs_next next = { .skip = hs->skip, .version = hs->version };

	hs->fed = false;
	hs->skip = 0;
	hs->ops->next(hs->owner, &next);
}

/* A server may ask for what has begun already (RFC 5246, 7.4.1.1). */
static void drop_hello_requests(struct hs *hs)
{
	static const uint8_t request[MESSAGE_HEADER_SIZE] = { TYPE_HELLO_REQUEST };

	if (hs->role != HS_CLIENT || hs->rx_epoch != HS_EPOCH_PLAINTEXT ||
	    !version_enabled(hs->config, TLS12) || hs->version == TLS13)
		return;
	while (hs->in_len >= sizeof(request) &&
	       !memcmp(hs->in, request, sizeof(request))) {
		hs->in_len -= sizeof(request);
		memmove(hs->in, hs->in + sizeof(request), hs->in_len);
	}
}

static bool wait_for_record(struct hs *hs)
{
	hs_flush(hs);
	tell_next(hs);
	return false;
}

static bool step_receive(struct hs *hs)
{
	size_t len;

	if (!hs->half) {
		drop_hello_requests(hs);
		if (!check_head(hs))
			return false;
	}
	len = message_len(hs);
	if (!len)
		return wait_for_record(hs);
	if (!hs->half && !parse_message(hs, len))
		return false;
	if (hs->asking || hs->ended)
		return false;
	return finish_message(hs, len);
}

/* What comes after it is protected: nothing may be left over before it. */
static bool step_receive_ccs(struct hs *hs)
{
	drop_hello_requests(hs);
	if (hs->in_len)
		return hs_fail(hs, HS_ALERT_UNEXPECTED_MESSAGE,
			       "handshake bytes before change_cipher_spec");
	if (!hs->half)
		install_12(hs, HS_RX);
	hs->half = true;
	return wait_for_record(hs);
}

/* The owner has swallowed it: the first record under the keys tells. */
static void take_ccs(struct hs *hs)
{
	trace_ccs(hs, false, current_action(hs));
	hs->rx_epoch = HS_EPOCH_APPLICATION;
	hs->half = false;
	hs->position++;
}

static bool step(struct hs *hs)
{
	const struct action *action = current_action(hs);

	if (action->from == hs->role)
		return action->ccs ? send_ccs_12(hs, action) : step_send(hs, action);
	return action->ccs ? step_receive_ccs(hs) : step_receive(hs);
}

static void done(struct hs *hs)
{
	if (hs->in_len) {
		hs_fail(hs, HS_ALERT_UNEXPECTED_MESSAGE,
			"handshake bytes left over at the end");
		return;
	}
	hs_flush(hs);
	hs->ended = true;
	result_make(hs);
	hs->ops->done(hs->owner, &hs->result);
}

static void run(struct hs *hs)
{
	bool more = true;

	/* An answer within ask() comes back here: the loop below goes on. */
	if (hs->running)
		return;
	hs->running = true;
	while (more && !hs->ended && !hs->asking) {
		if (current_message(hs) == MSG_END) {
			done(hs);
			break;
		}
		more = step(hs);
	}
	hs->running = false;
}

/**
 * hs_start - begin: a client builds its ClientHello
 * @hs: the engine
 *
 * A server needs no call; its first is hs_record().
 */
void hs_start(struct hs *hs)
{
	run(hs);
}

static bool append(struct hs *hs, const uint8_t *data, size_t len)
{
	uint8_t *grown;

	if (hs->in_size - hs->in_len < len) {
		grown = realloc(hs->in, hs->in_len + len);
		if (!grown)
			return hs_fail_error(hs, HS_ALERT_INTERNAL_ERROR, ENOMEM,
					     "out of memory");
		hs->in = grown;
		hs->in_size = hs->in_len + len;
	}
	memcpy(hs->in + hs->in_len, data, len);
	hs->in_len += len;
	return true;
}

/**
 * hs_record - a record has come
 * @hs: the engine, waiting since ops->next or, as a server, new
 * @epoch: in which it was protected
 * @type: its content type
 * @data: its content
 * @len: bytes of it
 */
void hs_record(struct hs *hs, enum hs_epoch epoch, enum hs_content type,
	       const uint8_t *data, size_t len)
{
	if (hs->ended)
		return;
	if (hs->asking || hs->fed) {
		hs_fail(hs, HS_ALERT_INTERNAL_ERROR, "a record out of turn");
		return;
	}
	hs->fed = true;
	if (epoch == HS_EPOCH_APPLICATION && current_action(hs)->ccs &&
	    hs->rx_epoch == HS_EPOCH_PLAINTEXT)
		take_ccs(hs);
	if (epoch != hs->rx_epoch || type != HS_CONTENT_HANDSHAKE || !len) {
		hs_fail(hs, HS_ALERT_UNEXPECTED_MESSAGE,
			"a record that has no place in the handshake");
		return;
	}
	if (append(hs, data, len))
		run(hs);
}

static bool take_answer(struct hs *hs, enum hs_ask question)
{
	if (hs->ended || !hs->asking || hs->question != question)
		return false;
	hs->asking = false;
	return true;
}

/* A client goes on without: whether that will do is for the server to say. */
static void take_client_credential(struct hs *hs)
{
	if (hs->credential && scheme_choose(hs, hs->auths))
		hs->flags |= FL_CLIENT_VERIFY;
	else
		hs->credential = NULL;
	if (!hs->credential)
		trans_forget(hs);
	else if (hs->compression)
		hs->flags |= FL_CLIENT_COMPRESSED;
}

static void take_server_credential(struct hs *hs)
{
	if (!hs->credential)
		hs_fail_error(hs, HS_ALERT_HANDSHAKE_FAILURE, ENOKEY,
			      "no certificate for the name that was asked for");
	else if (hs->version == TLS12 ? !hello12_settle(hs) : !scheme_choose(hs, 0))
		hs_fail(hs, HS_ALERT_HANDSHAKE_FAILURE,
			"client_hello: no signature scheme in common");
	hs->server_scheme = hs->scheme;
}

/**
 * hs_answer_credential - the answer to HS_ASK_CREDENTIAL
 * @hs: the engine
 * @credential: outlives the engine; NULL: there is none for this name
 */
void hs_answer_credential(struct hs *hs, const struct hs_credential *credential)
{
	if (!take_answer(hs, HS_ASK_CREDENTIAL))
		return;
	hs->credential = credential;
	if (hs->role == HS_CLIENT)
		take_client_credential(hs);
	else
		take_server_credential(hs);
	run(hs);
}

/**
 * hs_answer_sign - the answer to HS_ASK_SIGN
 * @hs: the engine
 * @signature: copied
 * @len: its length; 0: it could not be made
 */
void hs_answer_sign(struct hs *hs, const uint8_t *signature, size_t len)
{
	if (!take_answer(hs, HS_ASK_SIGN))
		return;
	if (!len || len > sizeof(hs->signature)) {
		hs_fail_error(hs, HS_ALERT_INTERNAL_ERROR, ENOKEY,
			      "the private key could not sign");
	} else {
		memcpy(hs->signature, signature, len);
		hs->signature_len = len;
	}
	run(hs);
}

/**
 * hs_answer_verify - the answer to HS_ASK_VERIFY
 * @hs: the engine
 * @failure: why not; its reason outlives the engine. NULL: all is good
 */
void hs_answer_verify(struct hs *hs, const struct hs_failure *failure)
{
	if (!take_answer(hs, HS_ASK_VERIFY))
		return;
	if (failure)
		hs_fail_error(hs, (enum hs_alert)failure->alert, failure->error,
			      failure->reason);
	run(hs);
}

/**
 * hs_answer_encrypt - the answer to HS_ASK_ENCRYPT
 * @hs: the engine
 * @ciphertext: copied
 * @len: its length; 0: the leaf's key cannot be used for this
 */
void hs_answer_encrypt(struct hs *hs, const uint8_t *ciphertext, size_t len)
{
	if (!take_answer(hs, HS_ASK_ENCRYPT))
		return;
	free(hs->content);
	hs->content = len ? malloc(len) : NULL;
	if (!len) {
		hs_fail(hs, HS_ALERT_UNSUPPORTED_CERTIFICATE,
			"certificate: a key that cannot be encrypted to");
	} else if (!hs->content) {
		hs_fail_error(hs, HS_ALERT_INTERNAL_ERROR, ENOMEM,
			      "out of memory");
	} else {
		memcpy(hs->content, ciphertext, len);
		hs->content_len = len;
	}
	run(hs);
}

/**
 * hs_answer_decrypt - the answer to HS_ASK_DECRYPT
 * @hs: the engine
 * @premaster: HS_PREMASTER_SIZE bytes; random ones if what was decrypted is
 *	anything but a well padded premaster secret, and nobody may learn which
 *	of both they are
 */
void hs_answer_decrypt(struct hs *hs, const uint8_t *premaster)
{
	if (!take_answer(hs, HS_ASK_DECRYPT))
		return;
	msg_client_key_exchange_decrypted(hs, premaster);
	run(hs);
}

/**
 * hs_answer_session - the answer to HS_ASK_SESSION
 * @hs: the engine
 * @session: outlives the engine; NULL: there is none, or none that may be used
 * @index: server: which identity it is
 */
void hs_answer_session(struct hs *hs, const struct hs_session *session, size_t index)
{
	if (!take_answer(hs, HS_ASK_SESSION))
		return;
	session_take(hs, session, index);
	run(hs);
}

/**
 * hs_answer_ticket - the answer to HS_ASK_TICKET
 * @hs: the engine
 * @ticket: copied
 */
void hs_answer_ticket(struct hs *hs, const struct hs_ticket *ticket)
{
	if (!take_answer(hs, HS_ASK_TICKET))
		return;
	msg_new_session_ticket_take(hs, ticket);
	run(hs);
}
