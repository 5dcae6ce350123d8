// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) 2026 The tlsup authors
 *
 * A server of TLS 1.2 and hellos made by hand: what each gets, by the RFC that
 * says so.
 */
#include <stdlib.h>
#include <string.h>

#include "kselftest_harness.h"
#include "made.h"
#include "tls/hs_int.h"

#define GROUPS		"\0\x0a\0\6\0\4\0\x1d\0\x17"
#define SCHEMES		"\0\x0d\0\4\0\2\4\3"
#define EMS		"\0\x17\0\0"
#define ETM		"\0\x16\0\0"
#define POINTS		"\0\x0b\0\2\1\0"
#define RENEGOTIATION	"\xff\1\0\1\0"
#define BASE		GROUPS SCHEMES EMS
#define ECDSA_GCM	"\xc0\x2b"
#define RSA_GCM		"\0\x9c"
#define DHE_GCM		"\0\x9e"
#define RSA_SCHEMES	"\0\x0d\0\4\0\2\x08\4"
#define SCSV		"\0\xff"
#define FALLBACK	"\x56\0"

/** struct heard - what the server says to a hello */
struct heard {
	int alert;		/* -1: it goes on */
	uint16_t suite;
	uint16_t version;
	uint8_t random[RANDOM_SIZE];
	size_t session_id_len;
	uint8_t exts[200];
	size_t exts_len;
	bool has_exts;
};

static void read_answer(struct heard *heard, const struct record *r)
{
	struct rd rd, exts;

	rd_init(&rd, r->data, r->len);
	rd_bytes(&rd, MESSAGE_HEADER_SIZE);
	rd.len = (size_t)r->data[2] << 8 | r->data[3];
	heard->version = rd_u16(&rd);
	memcpy(heard->random, rd_bytes(&rd, RANDOM_SIZE), RANDOM_SIZE);
	heard->session_id_len = rd_vec8(&rd).len;
	heard->suite = rd_u16(&rd);
	rd_u8(&rd);
	heard->has_exts = rd_more(&rd);
	exts = rd_vec16(&rd);
	heard->exts_len = exts.len;
	if (exts.len)
		memcpy(heard->exts, exts.data, exts.len);
}

static struct heard hear(const struct made *made, const struct hs_config *config,
			 const struct hs_credential *credential)
{
	struct heard heard = { .alert = -1 };
	struct pair pair;
	struct record *r;

	pair_init(&pair);
	pair.credential = credential;
	pair.server.config = *config;
	made_feed(&pair, made);
	r = pair_take(&pair.server);
	if (pair.server.fails)
		heard.alert = pair.server.failure.alert;
	else if (r)
		read_answer(&heard, r);
	free(r);
	pair_wipe(&pair);
	return heard;
}

static const struct hs_config only12 = { .min_version = TLS12, .max_version = TLS12 };
static const struct hs_config both = { .min_version = TLS12, .max_version = TLS13 };

#define HEAR(...)	hear(&(struct made){ __VA_ARGS__ }, &only12, \
			     &pair_any_credential)
#define HEAR_BOTH(...)	hear(&(struct made){ __VA_ARGS__ }, &both, &pair_any_credential)

/* The extension stands in the answer, with this content. */
static bool answers(const struct heard *heard, const char *ext, size_t len)
{
	return memmem(heard->exts, heard->exts_len, ext, len);
}

#define ANSWERS(heard, ext)	answers(&(heard), ext, sizeof(ext) - 1)
#define TIMES4(s)	s s s s
#define TIMES17(s)	TIMES4(TIMES4(s)) s

TEST(a_plain_hello_is_answered)
{
	struct heard heard = HEAR(EXTS(BASE), SUITES(ECDSA_GCM), .session_id_len = 32);

	EXPECT_EQ(-1, heard.alert);
	EXPECT_EQ(TLS12, heard.version);
	EXPECT_EQ(0xc02b, heard.suite);
	EXPECT_EQ(0, heard.session_id_len);
	EXPECT_TRUE(ANSWERS(heard, EMS));
}

/* RFC 5246, 7.4.1.2: extensions may be left out, and the answer has none then. */
TEST(a_hello_without_extensions_gets_an_answer_without)
{
	struct heard heard = HEAR(SUITES(RSA_GCM));

	EXPECT_EQ(-1, heard.alert);
	EXPECT_EQ(0x009c, heard.suite);
	EXPECT_FALSE(heard.has_exts);
	/* A suite that signs: its default would be SHA-1 (RFC 9155, 2). */
	EXPECT_EQ(HS_ALERT_HANDSHAKE_FAILURE, HEAR(SUITES(ECDSA_GCM)).alert);
	EXPECT_EQ(HS_ALERT_HANDSHAKE_FAILURE,
		  HEAR(SUITES(ECDSA_GCM), EXTS(GROUPS)).alert);
}

TEST(the_fixed_part_of_the_hello)
{
	EXPECT_EQ(HS_ALERT_DECODE_ERROR, HEAR(EXTS(BASE), .session_id_len = 33).alert);
	EXPECT_EQ(HS_ALERT_DECODE_ERROR, HEAR(EXTS(BASE), SUITES("")).alert);
	EXPECT_EQ(HS_ALERT_DECODE_ERROR, HEAR(EXTS(BASE), SUITES("\xc0\x2b\xc0")).alert);
	EXPECT_EQ(HS_ALERT_HANDSHAKE_FAILURE, HEAR(EXTS(BASE), SUITES("\x13\1")).alert);
	EXPECT_EQ(-1, HEAR(EXTS(BASE), SUITES(ECDSA_GCM), .compression = "\1\0",
			   .compression_len = 2).alert);
	EXPECT_EQ(HS_ALERT_ILLEGAL_PARAMETER,
		  HEAR(EXTS(BASE), SUITES(ECDSA_GCM), .compression = "\1",
		       .compression_len = 1).alert);
	EXPECT_EQ(HS_ALERT_DECODE_ERROR,
		  HEAR(EXTS(BASE), SUITES(ECDSA_GCM), .compression = "",
		       .compression_len = 0).alert);
}

/* RFC 5246, E.1; RFC 9846, 4.2.1 and E.5. */
TEST(versions)
{
	static const uint16_t old[] = { 0x0301, 0x0302, 0x0300, 0x0200, 0x0002 };
	struct heard heard;

	for (size_t i = 0; i < 5; i++)
		EXPECT_EQ(HS_ALERT_PROTOCOL_VERSION,
			  HEAR(EXTS(BASE), SUITES(ECDSA_GCM), .version = old[i]).alert);
	/* Newer than all that exists: then ours. */
	EXPECT_EQ(TLS12, HEAR(EXTS(BASE), SUITES(ECDSA_GCM), .version = 0x0304).version);
	EXPECT_EQ(TLS12, HEAR_BOTH(EXTS(BASE), SUITES(ECDSA_GCM), .version = 0x0309).version);
	/* supported_versions decides alone; what it names beside ours is ignored. */
	heard = HEAR_BOTH(EXTS(BASE "\0\x2b\0\5\4\3\x09\3\3"), SUITES(ECDSA_GCM));
	EXPECT_EQ(TLS12, heard.version);
	EXPECT_FALSE(ANSWERS(heard, "\0\x2b"));
	EXPECT_EQ(TLS12, HEAR_BOTH(EXTS(BASE "\0\x2b\0\3\2\3\3"), SUITES(ECDSA_GCM),
				   .version = 0x0301).version);
	EXPECT_EQ(HS_ALERT_PROTOCOL_VERSION,
		  HEAR_BOTH(EXTS(BASE "\0\x2b\0\3\2\3\2"), SUITES(ECDSA_GCM)).alert);
	EXPECT_EQ(HS_ALERT_PROTOCOL_VERSION,
		  HEAR_BOTH(EXTS(BASE "\0\x2b\0\3\2\3\3"), SUITES(ECDSA_GCM),
			    .version = 0x0300).alert);
}

/* RFC 9846, 4.1.3. */
TEST(a_server_that_could_do_better_says_so_in_its_random)
{
	struct heard heard = HEAR_BOTH(EXTS(BASE), SUITES(ECDSA_GCM));

	EXPECT_EQ(0, memcmp(heard.random + 24, "DOWNGRD\1", 8));
	heard = HEAR(EXTS(BASE), SUITES(ECDSA_GCM));
	EXPECT_NE(0, memcmp(heard.random + 24, "DOWNGRD", 7));
}

/* RFC 7507, 3. */
TEST(a_fallback_that_was_not_needed)
{
	EXPECT_EQ(HS_ALERT_INAPPROPRIATE_FALLBACK,
		  HEAR_BOTH(EXTS(BASE), SUITES(ECDSA_GCM FALLBACK)).alert);
	EXPECT_EQ(-1, HEAR(EXTS(BASE), SUITES(ECDSA_GCM FALLBACK)).alert);
}

/* RFC 5746, 3.6. */
TEST(secure_renegotiation)
{
	struct heard heard = HEAR(EXTS(BASE), SUITES(ECDSA_GCM));

	EXPECT_FALSE(ANSWERS(heard, RENEGOTIATION));
	heard = HEAR(EXTS(BASE RENEGOTIATION), SUITES(ECDSA_GCM));
	EXPECT_TRUE(ANSWERS(heard, RENEGOTIATION));
	heard = HEAR(EXTS(BASE), SUITES(ECDSA_GCM SCSV));
	EXPECT_TRUE(ANSWERS(heard, RENEGOTIATION));
	heard = HEAR(EXTS(BASE RENEGOTIATION), SUITES(SCSV ECDSA_GCM));
	EXPECT_TRUE(ANSWERS(heard, RENEGOTIATION));
	EXPECT_EQ(HS_ALERT_HANDSHAKE_FAILURE,
		  HEAR(EXTS(BASE "\xff\1\0\2\1\7"), SUITES(ECDSA_GCM)).alert);
	EXPECT_EQ(HS_ALERT_DECODE_ERROR,
		  HEAR(EXTS(BASE "\xff\1\0\0"), SUITES(ECDSA_GCM)).alert);
}

/* RFC 7627, 5.2. */
TEST(extended_master_secret)
{
	struct hs_config config = only12;
	const struct made without = { EXTS(GROUPS SCHEMES), SUITES(ECDSA_GCM) };
	const struct made with = { EXTS(BASE), SUITES(ECDSA_GCM) };
	struct heard heard;

	heard = hear(&without, &config, NULL);
	EXPECT_EQ(-1, heard.alert);
	EXPECT_FALSE(ANSWERS(heard, EMS));
	config.ems_required = true;
	EXPECT_EQ(HS_ALERT_HANDSHAKE_FAILURE, hear(&without, &config, NULL).alert);
	EXPECT_EQ(-1, hear(&with, &config, NULL).alert);
	EXPECT_EQ(HS_ALERT_DECODE_ERROR,
		  HEAR(EXTS("\0\x17\0\1\0"), SUITES(ECDSA_GCM)).alert);
}

/* RFC 7366, 2: answered only where there is a MAC. */
TEST(encrypt_then_mac)
{
	struct heard heard = HEAR(EXTS(BASE ETM), SUITES(ECDSA_GCM));

	EXPECT_FALSE(ANSWERS(heard, ETM));
	heard = HEAR(EXTS(BASE ETM), SUITES("\xc0\x09"));
	EXPECT_TRUE(ANSWERS(heard, ETM));
	heard = HEAR(EXTS(BASE), SUITES("\xc0\x09"));
	EXPECT_EQ(0xc009, heard.suite);
	EXPECT_FALSE(ANSWERS(heard, ETM));
	EXPECT_EQ(HS_ALERT_DECODE_ERROR,
		  HEAR(EXTS(BASE "\0\x16\0\1\0"), SUITES("\xc0\x09")).alert);
}

/* A configuration may want it for every suite with a MAC, or none of these. */
TEST(encrypt_then_mac_may_be_required)
{
	const struct made with = { EXTS(BASE ETM), SUITES("\xc0\x09") };
	const struct made without = { EXTS(BASE), SUITES("\xc0\x09") };
	const struct made aead = { EXTS(BASE), SUITES("\xc0\x09" ECDSA_GCM) };
	struct hs_config config = only12;

	config.etm_required = true;
	EXPECT_EQ(0xc009, hear(&with, &config, NULL).suite);
	EXPECT_EQ(HS_ALERT_HANDSHAKE_FAILURE, hear(&without, &config, NULL).alert);
	EXPECT_EQ(0xc02b, hear(&aead, &config, NULL).suite);
	config.aead_only = true;
	EXPECT_EQ(HS_ALERT_HANDSHAKE_FAILURE, hear(&with, &config, NULL).alert);
	EXPECT_EQ(0xc02b, hear(&aead, &config, NULL).suite);
}

/* TLS_NULL_WITH_NULL_NULL to TLS_ECDHE_RSA_WITH_NULL_SHA: not even by a policy. */
TEST(null_encryption_is_refused)
{
	static const char *const suites[] = { "\0\0", "\0\1", "\0\2", "\0\x3b", "\xc0\6",
					      "\xc0\x10" };

	for (size_t i = 0; i < sizeof(suites) / sizeof(suites[0]); i++) {
		struct made made = { EXTS(BASE ETM), .suites = suites[i], .suites_len = 2 };

		EXPECT_EQ(HS_ALERT_HANDSHAKE_FAILURE,
			  hear(&made, &only12, &pair_any_credential).alert);
	}
}

/* RFC 8422, 5.1.2 and 5.2. */
TEST(point_formats)
{
	struct heard heard = HEAR(EXTS(BASE POINTS), SUITES(ECDSA_GCM));

	EXPECT_TRUE(ANSWERS(heard, POINTS));
	heard = HEAR(EXTS(BASE), SUITES(ECDSA_GCM));
	EXPECT_FALSE(ANSWERS(heard, "\0\x0b"));
	heard = HEAR(EXTS(BASE POINTS), SUITES(RSA_GCM));
	EXPECT_FALSE(ANSWERS(heard, "\0\x0b"));
	heard = HEAR(EXTS(BASE "\0\x0b\0\4\3\1\0\2"), SUITES(ECDSA_GCM));
	EXPECT_TRUE(ANSWERS(heard, POINTS));
	EXPECT_EQ(HS_ALERT_ILLEGAL_PARAMETER,
		  HEAR(EXTS(BASE "\0\x0b\0\3\2\1\2"), SUITES(ECDSA_GCM)).alert);
	EXPECT_EQ(HS_ALERT_DECODE_ERROR,
		  HEAR(EXTS(BASE "\0\x0b\0\1\0"), SUITES(ECDSA_GCM)).alert);
}

/* RFC 8422, 4 and 5.1.1. */
TEST(curves)
{
	/* A key on a curve that the client has not (RFC 8422, 5.3). */
	EXPECT_EQ(HS_ALERT_HANDSHAKE_FAILURE,
		  HEAR(EXTS("\0\x0a\0\4\0\2\0\x1d" SCHEMES), SUITES(ECDSA_GCM)).alert);
	/* None named: the one that all have. None in common: another suite. */
	EXPECT_EQ(0xc02b, HEAR(EXTS(SCHEMES), SUITES(ECDSA_GCM)).suite);
	EXPECT_EQ(0x009c, HEAR(EXTS("\0\x0a\0\4\0\2\0\1" SCHEMES),
			       SUITES(ECDSA_GCM RSA_GCM)).suite);
	EXPECT_EQ(HS_ALERT_HANDSHAKE_FAILURE,
		  HEAR(EXTS("\0\x0a\0\4\0\2\0\1" SCHEMES), SUITES(ECDSA_GCM)).alert);
	EXPECT_EQ(HS_ALERT_DECODE_ERROR,
		  HEAR(EXTS("\0\x0a\0\3\0\2\0" SCHEMES), SUITES(ECDSA_GCM)).alert);
	EXPECT_EQ(HS_ALERT_DECODE_ERROR,
		  HEAR(EXTS("\0\x0a\0\2\0\0" SCHEMES), SUITES(ECDSA_GCM)).alert);
}

/* RFC 7919, 4. */
TEST(finite_fields)
{
	EXPECT_EQ(0x009e, HEAR(EXTS("\0\x0a\0\4\0\2\1\1" RSA_SCHEMES), SUITES(DHE_GCM)).suite);
	/* A client that names none takes any. */
	EXPECT_EQ(0x009e, HEAR(EXTS("\0\x0a\0\4\0\2\0\x1d" RSA_SCHEMES),
			       SUITES(DHE_GCM)).suite);
	EXPECT_EQ(0x009e, HEAR(EXTS(RSA_SCHEMES), SUITES(DHE_GCM)).suite);
	/* None of those that it names is ours: another suite, or none. */
	EXPECT_EQ(0x009c, HEAR(EXTS("\0\x0a\0\4\0\2\1\xff" RSA_SCHEMES),
			       SUITES(DHE_GCM RSA_GCM)).suite);
	EXPECT_EQ(HS_ALERT_INSUFFICIENT_SECURITY,
		  HEAR(EXTS("\0\x0a\0\4\0\2\1\xff" RSA_SCHEMES), SUITES(DHE_GCM)).alert);
	EXPECT_EQ(0x009e, HEAR(EXTS("\0\x0a\0\6\0\4\1\xff\1\0" RSA_SCHEMES),
			       SUITES(DHE_GCM)).suite);
}

TEST(schemes)
{
	/* Only what this server cannot make; SHA-1 is never made. */
	EXPECT_EQ(HS_ALERT_HANDSHAKE_FAILURE,
		  HEAR(EXTS(GROUPS "\0\x0d\0\4\0\2\2\3"), SUITES(ECDSA_GCM)).alert);
	/* A scheme of ECDSA names a hash here, not a curve. */
	EXPECT_EQ(-1, HEAR(EXTS(GROUPS "\0\x0d\0\4\0\2\6\3"), SUITES(ECDSA_GCM)).alert);
	EXPECT_EQ(-1, HEAR(EXTS(GROUPS "\0\x0d\0\6\0\4\2\3\4\3"), SUITES(ECDSA_GCM)).alert);
	/* Behind more than there is room for of another. */
	EXPECT_EQ(-1, HEAR(EXTS(GROUPS "\0\x0d\0\x26\0\x24" TIMES17("\x08\4") "\4\3"),
			   SUITES(ECDSA_GCM)).alert);
	/* Of the other kind of key: then the other suite. */
	EXPECT_EQ(0xc02f, HEAR(EXTS(GROUPS "\0\x0d\0\4\0\2\x08\4"),
			       SUITES(ECDSA_GCM "\xc0\x2f")).suite);
	EXPECT_EQ(HS_ALERT_DECODE_ERROR,
		  HEAR(EXTS(GROUPS "\0\x0d\0\2\0\0"), SUITES(ECDSA_GCM)).alert);
	EXPECT_EQ(HS_ALERT_DECODE_ERROR,
		  HEAR(EXTS(GROUPS "\0\x0d\0\5\0\3\4\3\4"), SUITES(ECDSA_GCM)).alert);
}

/* What is of TLS 1.3 alone, or of nobody, is passed over (RFC 5246, 7.4.1.4). */
TEST(what_is_not_of_this_version_is_ignored)
{
	EXPECT_EQ(-1, HEAR(EXTS("\x0a\x0a\0\0" BASE "\0\x33\0\2\0\0" "\x7a\x7a\0\1\7"),
			   SUITES("\x0a\x0a" ECDSA_GCM)).alert);
	EXPECT_EQ(HS_ALERT_ILLEGAL_PARAMETER,
		  HEAR(EXTS(BASE BASE), SUITES(ECDSA_GCM)).alert);
}

TEST(the_server_prefers_by_its_own_order)
{
	static const uint16_t order[] = { 0x009c, 0xc02b };
	struct hs_config config = only12;
	const struct made made = { EXTS(BASE), SUITES(ECDSA_GCM RSA_GCM) };

	EXPECT_EQ(0xc02b, hear(&made, &config, &pair_any_credential).suite);
	config.suites = order;
	config.suites_len = 2;
	EXPECT_EQ(0x009c, hear(&made, &config, &pair_any_credential).suite);
}

TEST_HARNESS_MAIN
