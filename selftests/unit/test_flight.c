// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) 2026 The tlsup authors
 *
 * The table of orders against the state machines of RFC 9846, appendix A, and
 * RFC 5246, figure 1, walked here as graphs.
 */
#include "kselftest_harness.h"
#include "tls/hs_int.h"

/* Appendix A: after each message, which one follows, given what was chosen. */
static enum msg server_chain(unsigned int flags)
{
	return flags & FL_SERVER_COMPRESSED ? MSG_SERVER_COMPRESSED_CERTIFICATE :
					      MSG_SERVER_CERTIFICATE;
}

static enum msg client_chain(unsigned int flags)
{
	return flags & FL_CLIENT_COMPRESSED ? MSG_CLIENT_COMPRESSED_CERTIFICATE :
					      MSG_CLIENT_CERTIFICATE;
}

static enum msg successor13(enum msg msg, unsigned int flags, bool retried)
{
	switch (msg) {
	case MSG_END: /* start */
		return MSG_CLIENT_HELLO;
	case MSG_CLIENT_HELLO:
		return (flags & FL_RETRY) && !retried ? MSG_HELLO_RETRY_REQUEST :
							MSG_SERVER_HELLO;
	case MSG_HELLO_RETRY_REQUEST:
		return MSG_CLIENT_HELLO;
	case MSG_SERVER_HELLO:
		return MSG_ENCRYPTED_EXTENSIONS;
	case MSG_ENCRYPTED_EXTENSIONS:
		if (flags & FL_RESUMED)
			return MSG_SERVER_FINISHED;
		return flags & FL_REQUEST ? MSG_CERTIFICATE_REQUEST :
					    server_chain(flags);
	case MSG_CERTIFICATE_REQUEST:
		return server_chain(flags);
	case MSG_SERVER_CERTIFICATE:
	case MSG_SERVER_COMPRESSED_CERTIFICATE: /* RFC 8879, 4 */
		return MSG_SERVER_CERTIFICATE_VERIFY;
	case MSG_SERVER_CERTIFICATE_VERIFY:
		return MSG_SERVER_FINISHED;
	case MSG_SERVER_FINISHED:
		return flags & FL_REQUEST && !(flags & FL_RESUMED) ? client_chain(flags) :
								      MSG_CLIENT_FINISHED;
	case MSG_CLIENT_CERTIFICATE:
	case MSG_CLIENT_COMPRESSED_CERTIFICATE:
		return flags & FL_CLIENT_VERIFY ? MSG_CLIENT_CERTIFICATE_VERIFY :
						  MSG_CLIENT_FINISHED;
	case MSG_CLIENT_CERTIFICATE_VERIFY:
		return MSG_CLIENT_FINISHED;
	case MSG_CLIENT_FINISHED:
		return flags & FL_TICKET ? MSG_NEW_SESSION_TICKET : MSG_END;
	default:
		return MSG_END;
	}
}

/* RFC 5246, figure 2; RFC 5077, figure 2. */
static enum msg successor12_resumed(enum msg msg, unsigned int flags)
{
	switch (msg) {
	case MSG_END: /* start */
		return MSG_CLIENT_HELLO;
	case MSG_CLIENT_HELLO:
		return MSG_SERVER_HELLO_12;
	case MSG_SERVER_HELLO_12:
		if (flags & FL_TICKET)
			return MSG_NEW_SESSION_TICKET_12;
		/* fall through */
	case MSG_NEW_SESSION_TICKET_12:
		return MSG_SERVER_CHANGE_CIPHER_SPEC;
	case MSG_SERVER_CHANGE_CIPHER_SPEC:
		return MSG_SERVER_FINISHED_12;
	case MSG_SERVER_FINISHED_12:
		return MSG_CLIENT_CHANGE_CIPHER_SPEC;
	case MSG_CLIENT_CHANGE_CIPHER_SPEC:
		return MSG_CLIENT_FINISHED_12;
	default:
		return MSG_END;
	}
}

/* RFC 5246, figure 1, with its optional messages; RFC 5077, figure 1. */
static enum msg successor12(enum msg msg, unsigned int flags)
{
	switch (msg) {
	case MSG_END: /* start */
		return MSG_CLIENT_HELLO;
	case MSG_CLIENT_HELLO:
		return MSG_SERVER_HELLO_12;
	case MSG_SERVER_HELLO_12:
		return MSG_SERVER_CERTIFICATE_12;
	case MSG_SERVER_CERTIFICATE_12:
		if (flags & FL_STATUS)
			return MSG_CERTIFICATE_STATUS;
		/* fall through */
	case MSG_CERTIFICATE_STATUS:
		if (flags & FL_KEY_EXCHANGE)
			return MSG_SERVER_KEY_EXCHANGE;
		/* fall through */
	case MSG_SERVER_KEY_EXCHANGE:
		return flags & FL_REQUEST ? MSG_CERTIFICATE_REQUEST_12 :
					    MSG_SERVER_HELLO_DONE;
	case MSG_CERTIFICATE_REQUEST_12:
		return MSG_SERVER_HELLO_DONE;
	case MSG_SERVER_HELLO_DONE:
		return flags & FL_REQUEST ? MSG_CLIENT_CERTIFICATE_12 :
					    MSG_CLIENT_KEY_EXCHANGE;
	case MSG_CLIENT_CERTIFICATE_12:
		return MSG_CLIENT_KEY_EXCHANGE;
	case MSG_CLIENT_KEY_EXCHANGE:
		if (flags & FL_REQUEST && flags & FL_CLIENT_VERIFY)
			return MSG_CLIENT_CERTIFICATE_VERIFY_12;
		/* fall through */
	case MSG_CLIENT_CERTIFICATE_VERIFY_12:
		return MSG_CLIENT_CHANGE_CIPHER_SPEC;
	case MSG_CLIENT_CHANGE_CIPHER_SPEC:
		return MSG_CLIENT_FINISHED_12;
	case MSG_CLIENT_FINISHED_12:
		if (flags & FL_TICKET)
			return MSG_NEW_SESSION_TICKET_12;
		/* fall through */
	case MSG_NEW_SESSION_TICKET_12:
		return MSG_SERVER_CHANGE_CIPHER_SPEC;
	case MSG_SERVER_CHANGE_CIPHER_SPEC:
		return MSG_SERVER_FINISHED_12;
	default:
		return MSG_END;
	}
}

TEST(every_order_is_a_walk_through_the_graph)
{
	for (unsigned int flags = 0; flags < FL_COUNT; flags++) {
		enum msg msg = MSG_END;
		unsigned int i = 0;
		bool retried = false;

		do {
			if (!(flags & FL_TLS12))
				msg = successor13(msg, flags, retried);
			else if (flags & FL_RESUMED)
				msg = successor12_resumed(msg, flags);
			else
				msg = successor12(msg, flags);
			retried |= msg == MSG_HELLO_RETRY_REQUEST;
			ASSERT_EQ(msg, fl_message(flags, i)) TH_LOG("flags %u, place %u",
								    flags, i);
			i++;
		} while (msg != MSG_END);
	}
}

TEST(every_message_has_an_action)
{
	for (int msg = MSG_END + 1; msg < MSG_COUNT; msg++) {
		const struct action *action = fl_action(msg);

		ASSERT_NE(NULL, action->name);
		ASSERT_NE(0, action->from);
		ASSERT_EQ(action->ccs, !action->type);
		/* A client has that one after its handshake. */
		ASSERT_EQ(action->ccs || msg == MSG_NEW_SESSION_TICKET, !action->parse);
	}
}

/* What may come where another message is expected, and when. */
static bool may_bend(unsigned int flags, uint8_t type, enum msg msg)
{
	switch (msg) {
	case MSG_CERTIFICATE_STATUS:
		return type == TYPE_CERTIFICATE_STATUS && flags & FL_TLS12 &&
		       flags & FL_STAPLE;
	case MSG_CERTIFICATE_REQUEST_12:
		return type == TYPE_CERTIFICATE_REQUEST && flags & FL_TLS12;
	case MSG_CERTIFICATE_REQUEST:
		return type == TYPE_CERTIFICATE_REQUEST && !(flags & FL_TLS12);
	case MSG_SERVER_COMPRESSED_CERTIFICATE:
	case MSG_CLIENT_COMPRESSED_CERTIFICATE:
		return type == TYPE_COMPRESSED_CERTIFICATE && !(flags & FL_TLS12) &&
		       flags & FL_COMPRESSION;
	default:
		return false;
	}
}

/* An optional message can come where another is expected, no other type. */
TEST(only_optional_messages_bend_the_order)
{
	for (unsigned int flags = 0; flags < FL_COUNT; flags++)
		for (unsigned int i = 0; fl_message(flags, i) != MSG_END; i++)
			for (int type = 0; type < 256; type++) {
				unsigned int bent = flags;
				bool legal = fl_resolve(&bent, i, (uint8_t)type);

				if (type == fl_action(fl_message(flags, i))->type &&
				    type) {
					ASSERT_TRUE(legal && bent == flags);
				} else if (legal) {
					ASSERT_TRUE(may_bend(flags, (uint8_t)type,
							     fl_message(bent, i)));
				} else {
					ASSERT_EQ(flags, bent);
				}
			}
}

TEST_HARNESS_MAIN
