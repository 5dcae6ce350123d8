// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) 2026 The tlsup authors
 *
 * A server and hellos made by hand: key shares, the second hello, early data.
 */
#include <string.h>

#include "kselftest_harness.h"
#include "made.h"
#include "tls/hs_int.h"

#define VERSIONS	"\0\x2b\0\3\2\3\4"
#define GROUPS		"\0\x0a\0\6\0\4\0\x1d\0\x17"
#define SCHEMES		"\0\x0d\0\4\0\2\4\3"
#define FIRST		VERSIONS GROUPS SCHEMES
#define NO_SHARES	"\0\x33\0\2\0\0"
#define SHARES(n, list)	"\0\x33\0" n list
#define ZEROS_15	"\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"
#define ZEROS_31	ZEROS_15 ZEROS_15 "\0"
#define NINE		"\0\x1d\0\x20\x09" ZEROS_31
#define SHARE		SHARES("\x26\0\x24", NINE)
#define EARLY		"\0\x2a\0\0"

/* What the server says to one hello, or to the second of two; -1: it goes on. */
static int alert_for(const struct made *first, const struct made *second)
{
	struct pair pair;
	int alert = -2;

	pair_init(&pair);
	made_feed(&pair, first);
	if (second && !pair.server.fails)
		made_feed(&pair, second);
	if (pair.server.fails < 2 && !pair.server.dones)
		alert = pair.server.fails ? pair.server.failure.alert : -1;
	pair_wipe(&pair);
	return alert;
}

#define ALERT(...)	alert_for(&(struct made){ __VA_ARGS__ }, NULL)
#define SECOND(...)	alert_for(&(struct made){ EXTS(FIRST NO_SHARES) }, \
				  &(struct made){ __VA_ARGS__ })

TEST(the_fixed_part_of_the_hello)
{
	EXPECT_EQ(-1, ALERT(EXTS(FIRST SHARE)));
	EXPECT_EQ(-1, ALERT(EXTS(FIRST SHARE), .session_id_len = 32));
	EXPECT_EQ(HS_ALERT_DECODE_ERROR, ALERT(EXTS(FIRST SHARE), .session_id_len = 33));
	EXPECT_EQ(HS_ALERT_DECODE_ERROR, ALERT(EXTS(FIRST SHARE), SUITES("")));
	EXPECT_EQ(HS_ALERT_DECODE_ERROR, ALERT(EXTS(FIRST SHARE), SUITES("\x13\1\x13")));
	EXPECT_EQ(HS_ALERT_HANDSHAKE_FAILURE, ALERT(EXTS(FIRST SHARE), SUITES("\xc0\x2f")));
	EXPECT_EQ(HS_ALERT_ILLEGAL_PARAMETER,
		  ALERT(EXTS(FIRST SHARE), .compression = "\1\0", .compression_len = 2));
	EXPECT_EQ(HS_ALERT_ILLEGAL_PARAMETER,
		  ALERT(EXTS(FIRST SHARE), .compression = "\1", .compression_len = 1));
	EXPECT_EQ(HS_ALERT_DECODE_ERROR,
		  ALERT(EXTS(FIRST SHARE), .compression = "", .compression_len = 0));
	/* legacy_version does not count, but for SSL 3.0 (4.2.1; appendix E.5). */
	EXPECT_EQ(-1, ALERT(EXTS(FIRST SHARE), .version = TLS13));
	EXPECT_EQ(-1, ALERT(EXTS(FIRST SHARE), .version = 0x0301));
	EXPECT_EQ(HS_ALERT_PROTOCOL_VERSION, ALERT(EXTS(FIRST SHARE), .version = 0x0300));
	/* What must be empty. */
	EXPECT_EQ(HS_ALERT_DECODE_ERROR, ALERT(EXTS(FIRST SHARE "\0\x2a\0\1\0")));
	EXPECT_EQ(HS_ALERT_DECODE_ERROR, ALERT(EXTS(FIRST SHARE "\0\x31\0\1\0")));
}

TEST(key_shares)
{
	/* Twice one group; too short; too long; of small order. */
	EXPECT_EQ(HS_ALERT_ILLEGAL_PARAMETER,
		  ALERT(EXTS(FIRST SHARES("\x4a\0\x48", NINE NINE))));
	EXPECT_EQ(HS_ALERT_ILLEGAL_PARAMETER,
		  ALERT(EXTS(FIRST SHARES("\x07\0\x05", "\0\x1d\0\1\x09"))));
	EXPECT_EQ(HS_ALERT_ILLEGAL_PARAMETER,
		  ALERT(EXTS(FIRST SHARES("\x27\0\x25", "\0\x1d\0\x21\x09" ZEROS_31 "\0"))));
	EXPECT_EQ(HS_ALERT_ILLEGAL_PARAMETER,
		  ALERT(EXTS(FIRST SHARES("\x26\0\x24", "\0\x1d\0\x20\0" ZEROS_31))));
	/* P-256: (0, 0) is not on the curve. */
	EXPECT_EQ(HS_ALERT_ILLEGAL_PARAMETER,
		  ALERT(EXTS(FIRST SHARES("\x47\0\x45",
			     "\0\x17\0\x41\4\0" ZEROS_31 "\0" ZEROS_31))));
	EXPECT_EQ(HS_ALERT_DECODE_ERROR, ALERT(EXTS(FIRST SHARES("\x06\0\x04", "\0\x1d\0\0"))));
	/* Of no group that we know: then a retry is asked for. */
	EXPECT_EQ(-1, ALERT(EXTS(VERSIONS "\0\x0a\0\6\0\4\0\x1d\0\x1a" SCHEMES
				 SHARES("\x07\0\x05", "\0\x1a\0\1\4"))));
	EXPECT_EQ(HS_ALERT_HANDSHAKE_FAILURE,
		  ALERT(EXTS(VERSIONS "\0\x0a\0\4\0\2\0\x1a" SCHEMES
			     SHARES("\x07\0\x05", "\0\x1a\0\1\4"))));
}

/* RFC 9846, 4.1.2 and 4.2.8. */
TEST(the_second_hello_keeps_to_the_first)
{
	EXPECT_EQ(-1, SECOND(EXTS(FIRST SHARE)));
	EXPECT_EQ(HS_ALERT_ILLEGAL_PARAMETER, SECOND(EXTS(FIRST SHARE), .random = 1));
	EXPECT_EQ(HS_ALERT_ILLEGAL_PARAMETER, SECOND(EXTS(FIRST SHARE), .session_id_len = 1));
	EXPECT_EQ(HS_ALERT_ILLEGAL_PARAMETER, SECOND(EXTS(FIRST SHARE), SUITES("\x13\2")));
	EXPECT_EQ(HS_ALERT_ILLEGAL_PARAMETER, SECOND(EXTS(FIRST NO_SHARES)));
	EXPECT_EQ(HS_ALERT_ILLEGAL_PARAMETER,
		  SECOND(EXTS(FIRST SHARES("\x07\0\x05", "\0\x17\0\1\4"))));
	EXPECT_EQ(HS_ALERT_ILLEGAL_PARAMETER,
		  SECOND(EXTS(FIRST SHARES("\x2b\0\x29", NINE "\0\x17\0\1\4"))));
	EXPECT_EQ(HS_ALERT_ILLEGAL_PARAMETER, SECOND(EXTS(FIRST SHARE EARLY)));
	EXPECT_EQ(HS_ALERT_PROTOCOL_VERSION, SECOND(EXTS(GROUPS SCHEMES SHARE)));
	/* Another suite beside the one that counts; extensions more, fewer, in another
	 * order; but padding (RFC 7685) may come.
	 */
	EXPECT_EQ(HS_ALERT_ILLEGAL_PARAMETER,
		  SECOND(EXTS(FIRST SHARE), SUITES("\x13\1\x13\2\x13\3")));
	EXPECT_EQ(HS_ALERT_ILLEGAL_PARAMETER, SECOND(EXTS(FIRST "\x0a\x0a\0\0" SHARE)));
	EXPECT_EQ(HS_ALERT_ILLEGAL_PARAMETER, SECOND(EXTS(GROUPS VERSIONS SCHEMES SHARE)));
	EXPECT_EQ(HS_ALERT_ILLEGAL_PARAMETER,
		  SECOND(EXTS(VERSIONS GROUPS "\0\x0d\0\6\0\4\4\3\5\3" SHARE)));
	EXPECT_EQ(-1, SECOND(EXTS(SHARE FIRST)));
	EXPECT_EQ(-1, SECOND(EXTS(FIRST SHARE "\0\x15\0\1\0")));
}

TEST(a_third_hello_is_unexpected)
{
	const struct made first = { EXTS(FIRST NO_SHARES) };
	const struct made second = { EXTS(FIRST SHARE) };
	struct pair pair;

	pair_init(&pair);
	made_feed(&pair, &first);
	made_feed(&pair, &second);
	ASSERT_EQ(0, pair.server.fails);
	made_feed(&pair, &second);
	EXPECT_EQ(1, pair.server.fails);
	EXPECT_EQ(HS_ALERT_UNEXPECTED_MESSAGE, pair.server.failure.alert);
	pair_wipe(&pair);
}

/* RFC 9846, 4.2.10: it was not asked for, but it may be on its way. */
TEST(early_data_is_to_be_skipped_if_it_was_announced)
{
	const struct made hellos[] = {
		{ EXTS(FIRST SHARE EARLY) }, { EXTS(FIRST NO_SHARES EARLY) },
		{ EXTS(FIRST SHARE) }, { EXTS(FIRST NO_SHARES) },
	};

	for (int i = 0; i < 4; i++) {
		struct pair pair;

		pair_init(&pair);
		made_feed(&pair, &hellos[i]);
		ASSERT_EQ(0, pair.server.fails);
		ASSERT_TRUE(pair.server.waiting);
		EXPECT_EQ(i < 2 ? EARLY_DATA_SKIP : 0, pair.server.skip);
		pair_wipe(&pair);
	}
}

#define PSK	"\0\x29\0\x2c\0\7\0\1a\0\0\0\0\0\x21\x20" \
		"0123456789abcdef0123456789abcdef"

TEST(a_psk_without_its_modes_is_missing_an_extension)
{
	EXPECT_EQ(-1, ALERT(EXTS(FIRST SHARE "\0\x2d\0\2\1\1" PSK)));
	EXPECT_EQ(HS_ALERT_MISSING_EXTENSION, ALERT(EXTS(FIRST SHARE PSK)));
}

TEST(names)
{
	/* Good; beside one of a type that nobody knows; that one alone. */
	EXPECT_EQ(-1, ALERT(EXTS(FIRST SHARE "\0\0\0\6\0\4\0\0\1a")));
	EXPECT_EQ(-1, ALERT(EXTS(FIRST SHARE "\0\0\0\x0a\0\x08\0\0\1a\1\0\1b")));
	EXPECT_EQ(-1, ALERT(EXTS(FIRST SHARE "\0\0\0\6\0\4\1\0\1a")));
	/* No extension at all in it; an empty list; an empty name; a byte too many. */
	EXPECT_EQ(HS_ALERT_DECODE_ERROR, ALERT(EXTS(FIRST SHARE "\0\0\0\0")));
	EXPECT_EQ(HS_ALERT_DECODE_ERROR, ALERT(EXTS(FIRST SHARE "\0\0\0\2\0\0")));
	EXPECT_EQ(HS_ALERT_DECODE_ERROR, ALERT(EXTS(FIRST SHARE "\0\0\0\5\0\3\0\0\0")));
	EXPECT_EQ(HS_ALERT_DECODE_ERROR, ALERT(EXTS(FIRST SHARE "\0\0\0\7\0\4\0\0\1ax")));
	/* What is no host name; two of them. */
	EXPECT_EQ(HS_ALERT_ILLEGAL_PARAMETER, ALERT(EXTS(FIRST SHARE "\0\0\0\6\0\4\0\0\1\0")));
	EXPECT_EQ(HS_ALERT_ILLEGAL_PARAMETER, ALERT(EXTS(FIRST SHARE "\0\0\0\6\0\4\0\0\1\7")));
	EXPECT_EQ(HS_ALERT_ILLEGAL_PARAMETER,
		  ALERT(EXTS(FIRST SHARE "\0\0\0\7\0\5\0\0\2\xc4\x85")));
	EXPECT_EQ(HS_ALERT_ILLEGAL_PARAMETER,
		  ALERT(EXTS(FIRST SHARE "\0\0\0\x0a\0\x08\0\0\1a\0\0\1b")));
}

TEST_HARNESS_MAIN
