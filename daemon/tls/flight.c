// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) 2026 The tlsup authors
 *
 * The handshake as two tables: what to do per message, and every legal order
 * of messages (RFC 9846, appendix A; RFC 5246, figure 1). An illegal order
 * cannot be written.
 */
#include "tls/hs_int.h"

static const struct action actions[MSG_COUNT] = {
	[MSG_CLIENT_HELLO] = {
		.name = "client_hello",
		.type = TYPE_CLIENT_HELLO,
		.from = HS_CLIENT,
		.ask = msg_client_hello_ask,
		.extra = msg_client_hello_size,
		.build = msg_client_hello_build,
		.patch = psk_write_binder,
		.parse = msg_client_hello_parse,
	},
	[MSG_HELLO_RETRY_REQUEST] = {
		.name = "hello_retry_request",
		.type = TYPE_SERVER_HELLO,
		.from = HS_SERVER,
		.build = msg_hello_retry_request_build,
		.parse = msg_hello_retry_request_parse,
		.after = msg_hello_retry_request_after,
	},
	[MSG_SERVER_HELLO] = {
		.name = "server_hello",
		.type = TYPE_SERVER_HELLO,
		.from = HS_SERVER,
		.ask = msg_server_hello_ask,
		.build = msg_server_hello_build,
		.parse = msg_server_hello_parse,
		.after = msg_server_hello_after,
	},
	[MSG_ENCRYPTED_EXTENSIONS] = {
		.name = "encrypted_extensions",
		.type = TYPE_ENCRYPTED_EXTENSIONS,
		.from = HS_SERVER,
		.build = msg_encrypted_extensions_build,
		.parse = msg_encrypted_extensions_parse,
	},
	[MSG_CERTIFICATE_REQUEST] = {
		.name = "certificate_request",
		.type = TYPE_CERTIFICATE_REQUEST,
		.from = HS_SERVER,
		.extra = msg_certificate_request_size,
		.build = msg_certificate_request_build,
		.parse = msg_certificate_request_parse,
	},
	[MSG_SERVER_CERTIFICATE] = {
		.name = "certificate",
		.type = TYPE_CERTIFICATE,
		.from = HS_SERVER,
		.extra = msg_certificate_size,
		.build = msg_certificate_build,
		.parse = msg_certificate_parse,
	},
	[MSG_SERVER_COMPRESSED_CERTIFICATE] = {
		.name = "compressed_certificate",
		.type = TYPE_COMPRESSED_CERTIFICATE,
		.from = HS_SERVER,
		.extra = msg_compressed_certificate_size,
		.build = msg_compressed_certificate_build,
		.parse = msg_compressed_certificate_parse,
	},
	[MSG_SERVER_CERTIFICATE_VERIFY] = {
		.name = "certificate_verify",
		.type = TYPE_CERTIFICATE_VERIFY,
		.from = HS_SERVER,
		.ask = msg_certificate_verify_ask,
		.build = msg_certificate_verify_build,
		.parse = msg_certificate_verify_parse,
	},
	[MSG_SERVER_FINISHED] = {
		.name = "finished",
		.type = TYPE_FINISHED,
		.from = HS_SERVER,
		.max = CR_HASH_MAX,
		.build = msg_finished_build,
		.parse = msg_finished_parse,
		.after = msg_finished_server_after,
	},
	[MSG_CLIENT_CERTIFICATE] = {
		.name = "certificate",
		.type = TYPE_CERTIFICATE,
		.from = HS_CLIENT,
		.extra = msg_certificate_size,
		.build = msg_certificate_build,
		.parse = msg_certificate_parse,
	},
	[MSG_CLIENT_COMPRESSED_CERTIFICATE] = {
		.name = "compressed_certificate",
		.type = TYPE_COMPRESSED_CERTIFICATE,
		.from = HS_CLIENT,
		.extra = msg_compressed_certificate_size,
		.build = msg_compressed_certificate_build,
		.parse = msg_compressed_certificate_parse,
	},
	[MSG_CLIENT_CERTIFICATE_VERIFY] = {
		.name = "certificate_verify",
		.type = TYPE_CERTIFICATE_VERIFY,
		.from = HS_CLIENT,
		.ask = msg_certificate_verify_ask,
		.build = msg_certificate_verify_build,
		.parse = msg_certificate_verify_parse,
		.after = msg_certificate_verify_client_after,
	},
	[MSG_CLIENT_FINISHED] = {
		.name = "finished",
		.type = TYPE_FINISHED,
		.from = HS_CLIENT,
		.max = CR_HASH_MAX,
		.build = msg_finished_build,
		.parse = msg_finished_parse,
		.after = msg_finished_client_after,
	},
	/* A client gets these when the handshake is over: hs_ticket_parse(). */
	[MSG_NEW_SESSION_TICKET] = {
		.name = "new_session_ticket",
		.type = TYPE_NEW_SESSION_TICKET,
		.from = HS_SERVER,
		.ask = msg_new_session_ticket_ask,
		.extra = msg_new_session_ticket_size,
		.build = msg_new_session_ticket_build,
		.again = msg_new_session_ticket_again,
	},
	[MSG_SERVER_HELLO_12] = {
		.name = "server_hello",
		.type = TYPE_SERVER_HELLO,
		.from = HS_SERVER,
		.ask = msg_server_hello_ask,
		.build = msg_server_hello_12_build,
		.parse = msg_server_hello_12_parse,
	},
	[MSG_SERVER_CERTIFICATE_12] = {
		.name = "certificate",
		.type = TYPE_CERTIFICATE,
		.from = HS_SERVER,
		.extra = msg_certificate_size,
		.build = msg_certificate_12_build,
		.parse = msg_certificate_12_parse,
	},
	[MSG_CERTIFICATE_STATUS] = {
		.name = "certificate_status",
		.type = TYPE_CERTIFICATE_STATUS,
		.from = HS_SERVER,
		.extra = msg_certificate_status_size,
		.build = msg_certificate_status_build,
		.parse = msg_certificate_status_parse,
	},
	[MSG_SERVER_KEY_EXCHANGE] = {
		.name = "server_key_exchange",
		.type = TYPE_SERVER_KEY_EXCHANGE,
		.from = HS_SERVER,
		.ask = msg_server_key_exchange_ask,
		.build = msg_server_key_exchange_build,
		.parse = msg_server_key_exchange_parse,
	},
	[MSG_CERTIFICATE_REQUEST_12] = {
		.name = "certificate_request",
		.type = TYPE_CERTIFICATE_REQUEST,
		.from = HS_SERVER,
		.extra = msg_certificate_request_size,
		.build = msg_certificate_request_12_build,
		.parse = msg_certificate_request_12_parse,
	},
	[MSG_SERVER_HELLO_DONE] = {
		.name = "server_hello_done",
		.type = TYPE_SERVER_HELLO_DONE,
		.from = HS_SERVER,
		.build = msg_server_hello_done_build,
		.parse = msg_server_hello_done_parse,
	},
	[MSG_CLIENT_CERTIFICATE_12] = {
		.name = "certificate",
		.type = TYPE_CERTIFICATE,
		.from = HS_CLIENT,
		.extra = msg_certificate_size,
		.build = msg_certificate_12_build,
		.parse = msg_certificate_12_parse,
	},
	[MSG_CLIENT_KEY_EXCHANGE] = {
		.name = "client_key_exchange",
		.type = TYPE_CLIENT_KEY_EXCHANGE,
		.from = HS_CLIENT,
		.ask = msg_client_key_exchange_ask,
		.build = msg_client_key_exchange_build,
		.parse = msg_client_key_exchange_parse,
		.after = msg_client_key_exchange_after,
	},
	[MSG_CLIENT_CERTIFICATE_VERIFY_12] = {
		.name = "certificate_verify",
		.type = TYPE_CERTIFICATE_VERIFY,
		.from = HS_CLIENT,
		.ask = msg_certificate_verify_12_ask,
		.build = msg_certificate_verify_build,
		.parse = msg_certificate_verify_12_parse,
		.after = msg_certificate_verify_client_after,
	},
	[MSG_CLIENT_CHANGE_CIPHER_SPEC] = {
		.name = "change_cipher_spec",
		.ccs = true,
		.from = HS_CLIENT,
	},
	[MSG_CLIENT_FINISHED_12] = {
		.name = "finished",
		.type = TYPE_FINISHED,
		.from = HS_CLIENT,
		.max = CR_HASH_MAX,
		.build = msg_finished_12_build,
		.parse = msg_finished_12_parse,
	},
	[MSG_NEW_SESSION_TICKET_12] = {
		.name = "new_session_ticket",
		.type = TYPE_NEW_SESSION_TICKET,
		.from = HS_SERVER,
		.ask = msg_new_session_ticket_12_ask,
		.extra = msg_new_session_ticket_size,
		.build = msg_new_session_ticket_12_build,
		.parse = msg_new_session_ticket_12_parse,
	},
	[MSG_SERVER_CHANGE_CIPHER_SPEC] = {
		.name = "change_cipher_spec",
		.ccs = true,
		.from = HS_SERVER,
	},
	[MSG_SERVER_FINISHED_12] = {
		.name = "finished",
		.type = TYPE_FINISHED,
		.from = HS_SERVER,
		.max = CR_HASH_MAX,
		.build = msg_finished_12_build,
		.parse = msg_finished_12_parse,
	},
};

/**
 * struct step - a message in its place
 * @msg: which
 * @with: it comes only if all of these flags are set
 * @without: and none of these
 */
struct step {
	enum msg msg;
	unsigned int with;
	unsigned int without;
};

static const struct step order13[] = {
	{ .msg = MSG_CLIENT_HELLO },
	{ .msg = MSG_HELLO_RETRY_REQUEST, .with = FL_RETRY },
	{ .msg = MSG_CLIENT_HELLO, .with = FL_RETRY },
	{ .msg = MSG_SERVER_HELLO },
	{ .msg = MSG_ENCRYPTED_EXTENSIONS },
	{ .msg = MSG_CERTIFICATE_REQUEST, .with = FL_REQUEST, .without = FL_RESUMED },
	{ .msg = MSG_SERVER_CERTIFICATE, .without = FL_RESUMED | FL_SERVER_COMPRESSED },
	{ .msg = MSG_SERVER_COMPRESSED_CERTIFICATE, .with = FL_SERVER_COMPRESSED,
	  .without = FL_RESUMED },
	{ .msg = MSG_SERVER_CERTIFICATE_VERIFY, .without = FL_RESUMED },
	{ .msg = MSG_SERVER_FINISHED },
	/* A client that has no certificate answers with an empty one. */
	{ .msg = MSG_CLIENT_CERTIFICATE, .with = FL_REQUEST,
	  .without = FL_RESUMED | FL_CLIENT_COMPRESSED },
	{ .msg = MSG_CLIENT_COMPRESSED_CERTIFICATE,
	  .with = FL_REQUEST | FL_CLIENT_COMPRESSED, .without = FL_RESUMED },
	{ .msg = MSG_CLIENT_CERTIFICATE_VERIFY, .with = FL_REQUEST | FL_CLIENT_VERIFY,
	  .without = FL_RESUMED },
	{ .msg = MSG_CLIENT_FINISHED },
	{ .msg = MSG_NEW_SESSION_TICKET, .with = FL_TICKET },
	{ .msg = MSG_END },
};

/* Resumed, the server's Finished comes first (RFC 5246, figure 2; RFC 5077, 3.1). */
static const struct step order12[] = {
	{ .msg = MSG_CLIENT_HELLO },
	{ .msg = MSG_SERVER_HELLO_12 },
	{ .msg = MSG_SERVER_CERTIFICATE_12, .without = FL_RESUMED },
	{ .msg = MSG_CERTIFICATE_STATUS, .with = FL_STATUS, .without = FL_RESUMED },
	{ .msg = MSG_SERVER_KEY_EXCHANGE, .with = FL_KEY_EXCHANGE, .without = FL_RESUMED },
	{ .msg = MSG_CERTIFICATE_REQUEST_12, .with = FL_REQUEST, .without = FL_RESUMED },
	{ .msg = MSG_SERVER_HELLO_DONE, .without = FL_RESUMED },
	{ .msg = MSG_CLIENT_CERTIFICATE_12, .with = FL_REQUEST, .without = FL_RESUMED },
	{ .msg = MSG_CLIENT_KEY_EXCHANGE, .without = FL_RESUMED },
	{ .msg = MSG_CLIENT_CERTIFICATE_VERIFY_12,
	  .with = FL_REQUEST | FL_CLIENT_VERIFY, .without = FL_RESUMED },
	{ .msg = MSG_CLIENT_CHANGE_CIPHER_SPEC, .without = FL_RESUMED },
	{ .msg = MSG_CLIENT_FINISHED_12, .without = FL_RESUMED },
	{ .msg = MSG_NEW_SESSION_TICKET_12, .with = FL_TICKET },
	{ .msg = MSG_SERVER_CHANGE_CIPHER_SPEC },
	{ .msg = MSG_SERVER_FINISHED_12 },
	{ .msg = MSG_CLIENT_CHANGE_CIPHER_SPEC, .with = FL_RESUMED },
	{ .msg = MSG_CLIENT_FINISHED_12, .with = FL_RESUMED },
	{ .msg = MSG_END },
};

/**
 * struct option - a message that its sender may leave out, or put in another's
 *	place, unannounced
 * @msg: which
 * @sets: the flag that means it has come
 * @needs: the flag without which it may not
 */
static const struct option {
	enum msg msg;
	unsigned int sets;
	unsigned int needs;
} options[] = {
	{ .msg = MSG_CERTIFICATE_REQUEST, .sets = FL_REQUEST },
	{ .msg = MSG_CERTIFICATE_REQUEST_12, .sets = FL_REQUEST },
	{ .msg = MSG_CERTIFICATE_STATUS, .sets = FL_STATUS, .needs = FL_STAPLE },
	{ .msg = MSG_SERVER_COMPRESSED_CERTIFICATE, .sets = FL_SERVER_COMPRESSED,
	  .needs = FL_COMPRESSION },
	{ .msg = MSG_CLIENT_COMPRESSED_CERTIFICATE, .sets = FL_CLIENT_COMPRESSED,
	  .needs = FL_COMPRESSION },
};

/**
 * fl_action - what to do about a message
 * @msg: not MSG_END
 *
 * Return: never NULL.
 */
const struct action *fl_action(enum msg msg)
{
	return &actions[msg];
}

/**
 * fl_message - which message stands at a place
 * @flags: of &enum flight_flag
 * @position: from 0, at most that of MSG_END
 *
 * Return: the message.
 */
enum msg fl_message(unsigned int flags, unsigned int position)
{
	const struct step *step = flags & FL_TLS12 ? order12 : order13;

	for (;; step++) {
		if ((flags & step->with) != step->with || flags & step->without)
			continue;
		if (step->msg == MSG_END || !position--)
			return step->msg;
	}
}

/**
 * fl_resolve - is this type legal here, and does it bend the order?
 * @flags: of &enum flight_flag; changed if an optional message has come
 * @position: the place
 * @type: HandshakeType that has come
 *
 * Return: whether it is legal.
 */
bool fl_resolve(unsigned int *flags, unsigned int position, uint8_t type)
{
	const struct action *action = &actions[fl_message(*flags, position)];

	if (action->type == type && !action->ccs)
		return true;
	for (size_t i = 0; i < sizeof(options) / sizeof(options[0]); i++) {
		unsigned int bent = *flags | options[i].sets;
		enum msg msg = fl_message(bent, position);

		if (msg == options[i].msg && actions[msg].type == type &&
		    (*flags & options[i].needs) == options[i].needs) {
			*flags = bent;
			return true;
		}
	}
	return false;
}
