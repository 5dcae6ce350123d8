// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) 2026 The tlsup authors
 *
 * The table of orders against the state machines of RFC 9846, appendix A,
 * walked here as a graph.
 */
#include "kselftest_harness.h"
#include "tls/hs_int.h"

/* Appendix A: after each message, which one follows, given what was chosen. */
static enum msg successor(enum msg msg, unsigned int flags, bool retried)
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
		return flags & FL_REQUEST ? MSG_CERTIFICATE_REQUEST :
					    MSG_SERVER_CERTIFICATE;
	case MSG_CERTIFICATE_REQUEST:
		return MSG_SERVER_CERTIFICATE;
	case MSG_SERVER_CERTIFICATE:
		return MSG_SERVER_CERTIFICATE_VERIFY;
	case MSG_SERVER_CERTIFICATE_VERIFY:
		return MSG_SERVER_FINISHED;
	case MSG_SERVER_FINISHED:
		return flags & FL_REQUEST ? MSG_CLIENT_CERTIFICATE :
					    MSG_CLIENT_FINISHED;
	case MSG_CLIENT_CERTIFICATE:
		return MSG_CLIENT_FINISHED;
	case MSG_CLIENT_FINISHED:
	case MSG_COUNT:
		break;
	}
	return MSG_END;
}

TEST(every_order_is_a_walk_through_the_graph)
{
	for (unsigned int flags = 0; flags < FL_COUNT; flags++) {
		enum msg msg = MSG_END;
		unsigned int i = 0;
		bool retried = false;

		do {
			msg = successor(msg, flags, retried);
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
		ASSERT_NE(0, action->type);
		ASSERT_NE(NULL, action->parse);
	}
}

/* One optional message can come where another is expected, no other type. */
TEST(only_certificate_request_bends_the_order)
{
	for (unsigned int flags = 0; flags < FL_COUNT; flags++)
		for (unsigned int i = 0; fl_message(flags, i) != MSG_END; i++)
			for (int type = 0; type < 256; type++) {
				unsigned int bent = flags;
				bool legal = fl_resolve(&bent, i, (uint8_t)type);

				if (type == fl_action(fl_message(flags, i))->type) {
					ASSERT_TRUE(legal && bent == flags);
				} else if (legal) {
					ASSERT_EQ(MSG_CERTIFICATE_REQUEST,
						  fl_message(bent, i));
				} else {
					ASSERT_EQ(flags, bent);
				}
			}
}

TEST_HARNESS_MAIN
