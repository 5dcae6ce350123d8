// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) 2026 The tlsup authors
 *
 * new_session_ticket (RFC 9846, 4.6.1; RFC 5077, 3.3). What a ticket is, the
 * owner decides. In TLS 1.3 a client reads it when the engine is gone already.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "tls/ext.h"
#include "tls/hs_ticket.h"

/* RFC 9846, 4.6.1: seven days, the most that is allowed. */
#define LIFETIME_MAX	604800

static bool ask(struct hs *hs)
{
	const struct hs_question question = {
		.ask = HS_ASK_TICKET,
		.version = hs->version,
		.server_name = hs->server_name,
		.session = &hs->made,
	};

	return hs_ask_owner(hs, &question);
}

/**
 * msg_new_session_ticket_ask - have a ticket made, of TLS 1.3
 * @hs: a server, its handshake done but for this
 *
 * Return: true.
 */
bool msg_new_session_ticket_ask(struct hs *hs)
{
	const uint8_t nonce = (uint8_t)hs->tickets_sent;

	session_make_13(hs, (struct hs_bytes){ &nonce, sizeof(nonce) });
	return ask(hs);
}

/**
 * msg_new_session_ticket_12_ask - have a ticket made, of TLS 1.2
 * @hs: a server, with the master secret
 *
 * Return: true.
 */
bool msg_new_session_ticket_12_ask(struct hs *hs)
{
	session_make_12(hs);
	return ask(hs);
}

/**
 * msg_new_session_ticket_take - a ticket was made, or none
 * @hs: a server
 * @ticket: copied
 *
 * TLS 1.3 leaves the message out; TLS 1.2 has announced it and sends none by an
 * empty one.
 */
void msg_new_session_ticket_take(struct hs *hs, const struct hs_ticket *ticket)
{
	secret_wipe(&hs->ticket_psk);
	free(hs->ticket);
	hs->ticket_len = 0;
	hs->ticket = ticket->name.len ? malloc(ticket->name.len) : NULL;
	if (!hs->ticket) {
		if (hs->version == TLS13) {
			hs->flags &= ~(unsigned int)FL_TICKET;
			hs->half = false;
		}
		return;
	}
	memcpy(hs->ticket, ticket->name.data, ticket->name.len);
	hs->ticket_len = ticket->name.len;
	hs->ticket_lifetime = ticket->lifetime;
	hs->ticket_age_add = ticket->age_add;
}

/**
 * msg_new_session_ticket_size - what is of the owner's making
 * @hs: a server
 *
 * Return: bytes.
 */
size_t msg_new_session_ticket_size(const struct hs *hs)
{
	return hs->ticket_len;
}

/**
 * msg_new_session_ticket_build - write a ticket of TLS 1.3
 * @hs: a server
 * @wr: the writer
 *
 * Return: true.
 */
bool msg_new_session_ticket_build(struct hs *hs, struct wr *wr)
{
	size_t mark;

	wr_u32(wr, hs->ticket_lifetime);
	wr_u32(wr, hs->ticket_age_add);
	wr_u8(wr, 1);
	wr_u8(wr, (uint8_t)hs->tickets_sent++);
	mark = wr_open(wr, 2);
	wr_bytes(wr, hs->ticket, hs->ticket_len);
	wr_close(wr, mark);
	wr_u16(wr, 0);
	return true;
}

/**
 * msg_new_session_ticket_again - is there another to be sent?
 * @hs: a server
 *
 * Return: whether there is.
 */
bool msg_new_session_ticket_again(const struct hs *hs)
{
	return hs->tickets_sent < hs->config->tickets &&
	       hs->tickets_sent < HS_TICKETS_MAX;
}

/**
 * msg_new_session_ticket_12_build - write a ticket of TLS 1.2
 * @hs: a server
 * @wr: the writer
 *
 * Return: true.
 */
bool msg_new_session_ticket_12_build(struct hs *hs, struct wr *wr)
{
	size_t mark;

	wr_u32(wr, hs->ticket_lifetime);
	mark = wr_open(wr, 2);
	wr_bytes(wr, hs->ticket, hs->ticket_len);
	wr_close(wr, mark);
	return true;
}

/**
 * msg_new_session_ticket_12_parse - read a ticket of TLS 1.2
 * @hs: a client
 * @body: the message
 *
 * An empty one takes back what the ServerHello announced.
 *
 * Return: false after a failure.
 */
bool msg_new_session_ticket_12_parse(struct hs *hs, struct rd *body)
{
	uint32_t lifetime = rd_u32(body);
	struct rd ticket = rd_vec16(body);

	if (!rd_end(body))
		return hs_fail(hs, HS_ALERT_DECODE_ERROR,
			       "new_session_ticket: malformed");
	if (!ticket.len)
		return true;
	hs->ticket = malloc(ticket.len);
	if (!hs->ticket)
		return hs_fail_error(hs, HS_ALERT_INTERNAL_ERROR, ENOMEM,
				     "out of memory");
	memcpy(hs->ticket, ticket.data, ticket.len);
	hs->ticket_len = ticket.len;
	hs->ticket_lifetime = lifetime;
	return true;
}

static bool skip_extensions(struct rd *body)
{
	struct rd list = rd_vec16(body);

	while (rd_more(&list)) {
		rd_u16(&list);
		rd_vec16(&list);
	}
	return rd_end(&list) && rd_end(body);
}

/**
 * hs_ticket_parse - read a ticket of TLS 1.3 (RFC 9846, 4.6.1)
 * @message: NewSessionTicket with its header
 * @len: its length
 * @ticket: filled; borrowed from @message
 *
 * Return: whether it is well formed and may be used at all.
 */
bool hs_ticket_parse(const uint8_t *message, size_t len, struct hs_new_ticket *ticket)
{
	struct rd rd, body, nonce, name;

	rd_init(&rd, message, len);
	if (rd_u8(&rd) != TYPE_NEW_SESSION_TICKET)
		return false;
	body = rd_vec24(&rd);
	ticket->lifetime = rd_u32(&body);
	ticket->age_add = rd_u32(&body);
	nonce = rd_vec8(&body);
	name = rd_vec16(&body);
	ticket->nonce = (struct hs_bytes){ nonce.data, nonce.len };
	ticket->name = (struct hs_bytes){ name.data, name.len };
	return skip_extensions(&body) && rd_end(&rd) && name.len &&
	       ticket->lifetime && ticket->lifetime <= LIFETIME_MAX;
}

/**
 * hs_ticket_psk - the PSK that a ticket stands for
 * @suite: of the connection that it came on
 * @resumption: its resumption secret, as long as the suite's hash
 * @nonce: of the ticket
 * @psk: out
 *
 * Return: whether the suite is known and the secret has its length.
 */
bool hs_ticket_psk(uint16_t suite, struct hs_bytes resumption, struct hs_bytes nonce,
		struct secret *psk)
{
	const struct suite *known = suite_find(suite);

	if (!known || resumption.len != known->hash->size)
		return false;
	psk->len = known->hash->size;
	ks_ticket(known->hash, resumption.data, nonce, psk->data);
	return true;
}
