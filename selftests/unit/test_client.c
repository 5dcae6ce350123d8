// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) 2026 The tlsup authors
 *
 * A client and the answers of a server that breaks a rule: each gets the alert
 * that the RFC names for it.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "kselftest_harness.h"
#include "pair.h"
#include "tls/hs_int.h"

#define SESSION_ID_AT	(MESSAGE_HEADER_SIZE + 2 + RANDOM_SIZE + 1)

static const uint8_t retry_random[RANDOM_SIZE] = {
	0xcf, 0x21, 0xad, 0x74, 0xe5, 0x9a, 0x61, 0x11, 0xbe, 0x1d, 0x8c,
	0x02, 0x1e, 0x65, 0xb8, 0x91, 0xc2, 0xa2, 0x11, 0x16, 0x7a, 0xbb,
	0x8c, 0x5e, 0x07, 0x9e, 0x09, 0xe2, 0xc8, 0xa8, 0x33, 0x9c,
};

/** struct answer - a ServerHello, but for what the client decides */
struct answer {
	bool retry;
	uint16_t version;
	uint16_t suite;
	uint8_t compression;
	bool other_session_id;
	const char *exts;
	size_t exts_len;
};

#define EXTS(bytes)	.exts = (bytes), .exts_len = sizeof(bytes) - 1

/* The u-coordinate 9 of X25519, as a share in a ServerHello. */
#define SHARE_OF(point)	"\0\x33\0\x24\0\x1d\0\x20" point
#define ZEROS_31	"\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"
#define SHARE		SHARE_OF("\x09" ZEROS_31)
#define VERSION		"\0\x2b\0\2\3\4"
#define RETRY_P256	"\0\x33\0\2\0\x17"
#define COOKIE		"\0\x2c\0\5\0\3abc"
#define GOOD(what)	.version = TLS12, .suite = 0x1301, EXTS(what)

static size_t write_answer(const struct answer *answer, const uint8_t *session_id,
			   uint8_t *out, size_t size)
{
	static const uint8_t random[RANDOM_SIZE] = { 7 };
	size_t message, vector;
	struct wr wr;

	wr_init(&wr, out, size);
	wr_u8(&wr, TYPE_SERVER_HELLO);
	message = wr_open(&wr, 3);
	wr_u16(&wr, answer->version);
	wr_bytes(&wr, answer->retry ? retry_random : random, RANDOM_SIZE);
	vector = wr_open(&wr, 1);
	wr_bytes(&wr, answer->other_session_id ? random : session_id, SESSION_ID_MAX);
	wr_close(&wr, vector);
	wr_u16(&wr, answer->suite);
	wr_u8(&wr, answer->compression);
	vector = wr_open(&wr, 2);
	wr_bytes(&wr, answer->exts, answer->exts_len);
	wr_close(&wr, vector);
	wr_close(&wr, message);
	return wr.len;
}

static void start(struct pair *pair)
{
	static const uint16_t suites[] = { 0x1301, 0x1302, 0x1303 };

	pair_init(pair);
	pair->client.config.suites = suites;
	pair->client.config.suites_len = 3;
	/* The server does not listen: the hello stays where it is. */
	pair->server.waiting = false;
	pair_run(pair);
}

static void feed_answer(struct pair *pair, const struct answer *answer)
{
	uint8_t message[600];
	size_t len = write_answer(answer, pair->client.head->data + SESSION_ID_AT,
				  message, sizeof(message));

	pair_feed(&pair->client, HS_EPOCH_PLAINTEXT, message, len);
}

/* What the client says to the answer, or -1 if it goes on. */
static int alert_for(const struct answer *answer)
{
	struct pair pair;
	int alert;

	start(&pair);
	feed_answer(&pair, answer);
	alert = pair.client.fails ? pair.client.failure.alert : -1;
	pair_wipe(&pair);
	return alert;
}

#define ALERT(...)	alert_for(&(struct answer){ __VA_ARGS__ })

TEST(a_good_answer_is_taken)
{
	EXPECT_EQ(-1, ALERT(GOOD(VERSION SHARE)));
	EXPECT_EQ(-1, ALERT(GOOD(SHARE VERSION)));
	EXPECT_EQ(-1, ALERT(GOOD(VERSION RETRY_P256), .retry = true));
}

/* RFC 9846, 4.2.1: looked at before all else in the message. */
TEST(an_old_version_is_protocol_version)
{
	EXPECT_EQ(HS_ALERT_PROTOCOL_VERSION, ALERT(GOOD(SHARE)));
	EXPECT_EQ(HS_ALERT_PROTOCOL_VERSION, ALERT(GOOD("\xff\1\0\1\0")));
	EXPECT_EQ(HS_ALERT_PROTOCOL_VERSION,
		  ALERT(.version = 0x0301, .suite = 0xc02f, EXTS("")));
	EXPECT_EQ(HS_ALERT_ILLEGAL_PARAMETER, ALERT(GOOD("\0\x2b\0\2\3\3" SHARE)));
	EXPECT_EQ(HS_ALERT_ILLEGAL_PARAMETER, ALERT(GOOD("\0\x2b\0\2\3\5" SHARE)));
	EXPECT_EQ(HS_ALERT_ILLEGAL_PARAMETER,
		  ALERT(.version = TLS13, .suite = 0x1301, EXTS(VERSION SHARE)));
}

TEST(what_was_not_offered_is_illegal)
{
	EXPECT_EQ(HS_ALERT_ILLEGAL_PARAMETER,
		  ALERT(.version = TLS12, .suite = 0x1304, EXTS(VERSION SHARE)));
	EXPECT_EQ(HS_ALERT_ILLEGAL_PARAMETER,
		  ALERT(.version = TLS12, .suite = 0xc02f, EXTS(VERSION SHARE)));
	EXPECT_EQ(HS_ALERT_ILLEGAL_PARAMETER, ALERT(GOOD(VERSION SHARE), .compression = 1));
	EXPECT_EQ(HS_ALERT_ILLEGAL_PARAMETER,
		  ALERT(GOOD(VERSION SHARE), .other_session_id = true));
	EXPECT_EQ(HS_ALERT_UNSUPPORTED_EXTENSION, ALERT(GOOD(VERSION SHARE "\xaa\xaa\0\0")));
	EXPECT_EQ(HS_ALERT_UNSUPPORTED_EXTENSION, ALERT(GOOD(VERSION SHARE "\0\x29\0\2\0\0")));
}

TEST(extensions_are_checked)
{
	EXPECT_EQ(HS_ALERT_ILLEGAL_PARAMETER, ALERT(GOOD(VERSION SHARE VERSION)));
	EXPECT_EQ(HS_ALERT_ILLEGAL_PARAMETER, ALERT(GOOD(VERSION SHARE SHARE)));
	/* application_layer_protocol_negotiation belongs to another message. */
	EXPECT_EQ(HS_ALERT_ILLEGAL_PARAMETER,
		  ALERT(GOOD(VERSION SHARE "\0\x10\0\5\0\3\2h2")));
	EXPECT_EQ(HS_ALERT_DECODE_ERROR, ALERT(GOOD(VERSION "\0\x33\0\1\0")));
	EXPECT_EQ(HS_ALERT_DECODE_ERROR, ALERT(GOOD(VERSION SHARE "\0")));
	EXPECT_EQ(HS_ALERT_DECODE_ERROR, ALERT(GOOD("\0\x2b\0\3\3\4\0" SHARE)));
}

TEST(the_share_is_checked)
{
	EXPECT_EQ(HS_ALERT_MISSING_EXTENSION, ALERT(GOOD(VERSION)));
	/* Not the group whose share was sent; too short; of small order. */
	EXPECT_EQ(HS_ALERT_ILLEGAL_PARAMETER, ALERT(GOOD(VERSION "\0\x33\0\5\0\x17\0\1\4")));
	EXPECT_EQ(HS_ALERT_ILLEGAL_PARAMETER, ALERT(GOOD(VERSION "\0\x33\0\5\0\x1d\0\1\4")));
	EXPECT_EQ(HS_ALERT_ILLEGAL_PARAMETER, ALERT(GOOD(VERSION SHARE_OF("\0" ZEROS_31))));
	EXPECT_EQ(HS_ALERT_ILLEGAL_PARAMETER, ALERT(GOOD(VERSION SHARE_OF("\1" ZEROS_31))));
}

TEST(a_retry_must_change_something_that_was_offered)
{
	EXPECT_EQ(HS_ALERT_ILLEGAL_PARAMETER, ALERT(GOOD(VERSION), .retry = true));
	EXPECT_EQ(HS_ALERT_ILLEGAL_PARAMETER,
		  ALERT(GOOD(VERSION "\0\x33\0\2\0\x1d"), .retry = true));
	EXPECT_EQ(HS_ALERT_ILLEGAL_PARAMETER,
		  ALERT(GOOD(VERSION "\0\x33\0\2\0\x1a"), .retry = true));
	EXPECT_EQ(HS_ALERT_PROTOCOL_VERSION, ALERT(GOOD(RETRY_P256), .retry = true));
	EXPECT_EQ(HS_ALERT_UNSUPPORTED_EXTENSION,
		  ALERT(GOOD(VERSION RETRY_P256 "\xaa\xaa\0\0"), .retry = true));
}

/* Feed a retry, then @second; the alert it gets. */
static int alert_after_retry(const struct answer *second)
{
	const struct answer retry = { GOOD(VERSION RETRY_P256), .retry = true };
	struct pair pair;
	int alert;

	start(&pair);
	feed_answer(&pair, &retry);
	feed_answer(&pair, second);
	alert = pair.client.fails ? pair.client.failure.alert : -1;
	pair_wipe(&pair);
	return alert;
}

TEST(after_a_retry_the_answer_keeps_to_it)
{
	EXPECT_EQ(HS_ALERT_UNEXPECTED_MESSAGE,
		  alert_after_retry(&(struct answer){ GOOD(VERSION RETRY_P256),
						      .retry = true }));
	EXPECT_EQ(HS_ALERT_ILLEGAL_PARAMETER,
		  alert_after_retry(&(struct answer){ .version = TLS12, .suite = 0x1303,
						      EXTS(VERSION SHARE) }));
	EXPECT_EQ(HS_ALERT_ILLEGAL_PARAMETER,
		  alert_after_retry(&(struct answer){ GOOD(VERSION SHARE) }));
}

/* RFC 9846, 4.1.2: nothing else may change, so the share stays what it was. */
TEST(a_retry_with_a_cookie_alone_adds_the_cookie_alone)
{
	const struct answer retry = { GOOD(VERSION COOKIE), .retry = true };
	struct record *first, *second;
	const uint8_t *cookie;
	struct pair pair;

	start(&pair);
	feed_answer(&pair, &retry);
	ASSERT_EQ(0, pair.client.fails);
	first = pair_take(&pair.client);
	second = pair_take(&pair.client);
	while (second && second->type == HS_CONTENT_CCS) {
		free(second);
		second = pair_take(&pair.client);
	}
	ASSERT_NE(NULL, second);
	ASSERT_EQ(first->len + sizeof(COOKIE) - 1, second->len);
	cookie = memmem(second->data, second->len, COOKIE, sizeof(COOKIE) - 1);
	ASSERT_NE(NULL, cookie);
	/* Without it and its part of the two lengths, both hellos are the same. */
	second->len -= sizeof(COOKIE) - 1;
	memmove((uint8_t *)cookie, cookie + sizeof(COOKIE) - 1,
		second->len - (size_t)(cookie - second->data));
	EXPECT_EQ(0, memcmp(first->data + SESSION_ID_AT - RANDOM_SIZE - 1,
			    second->data + SESSION_ID_AT - RANDOM_SIZE - 1,
			    RANDOM_SIZE + 1 + SESSION_ID_MAX + 10));
	EXPECT_EQ(0, memcmp(first->data + SESSION_ID_AT + SESSION_ID_MAX + 12,
			    second->data + SESSION_ID_AT + SESSION_ID_MAX + 12,
			    first->len - SESSION_ID_AT - SESSION_ID_MAX - 12));
	free(first);
	free(second);
	pair_wipe(&pair);
}

/** struct swap - bytes for the nth message of the server's protected flight */
struct swap {
	int message;
	bool insert;		/* before the message, not in its place */
	const char *with;
	size_t len;
};

static size_t message_at(const struct record *r, int n, size_t *len)
{
	size_t at = 0;

	for (*len = 0; n >= 0; n--) {
		const uint8_t *m = r->data + (at += *len);

		*len = MESSAGE_HEADER_SIZE +
		       ((size_t)m[1] << 16 | (size_t)m[2] << 8 | m[3]);
	}
	return at;
}

static bool swap(void *context, const struct side *from, struct record *r)
{
	const struct swap *s = context;
	size_t at, len;

	if (from->role != HS_SERVER || r->epoch != HS_EPOCH_HANDSHAKE)
		return true;
	at = message_at(r, s->message, &len);
	if (s->insert)
		len = 0;
	memmove(r->data + at + s->len, r->data + at + len, r->len - at - len);
	memcpy(r->data + at, s->with, s->len);
	r->len += s->len - len;
	return true;
}

/* What the client says to a flight that was changed so, or -1. */
static int alert_for_flight(const struct swap *s, bool offer)
{
	static const uint8_t alpn[] = "\x02h2\x03xyz";
	struct pair pair;
	int alert;

	pair_init(&pair);
	if (offer) {
		pair.client.config.server_name = "localhost";
		pair.client.config.alpn = (struct hs_bytes){ alpn, sizeof(alpn) - 1 };
	}
	pair.tamper = swap;
	pair.context = (void *)s;
	pair_run(&pair);
	alert = pair.client.fails == 1 && !pair.client.dones ?
		pair.client.failure.alert : -1;
	pair_wipe(&pair);
	return alert;
}

#define FLIGHT(n, offer, bytes) \
	alert_for_flight(&(struct swap){ n, false, bytes, sizeof(bytes) - 1 }, offer)
#define EE(offer, bytes)	FLIGHT(0, offer, bytes)

TEST(encrypted_extensions_answer_what_was_offered)
{
	/* Nothing was offered; then all was, but not so. */
	EXPECT_EQ(HS_ALERT_UNSUPPORTED_EXTENSION, EE(false, "\x08\0\0\6\0\4\0\0\0\0"));
	EXPECT_EQ(HS_ALERT_UNSUPPORTED_EXTENSION,
		  EE(false, "\x08\0\0\x0b\0\x09\0\x10\0\5\0\3\2h2"));
	EXPECT_EQ(HS_ALERT_UNSUPPORTED_EXTENSION, EE(true, "\x08\0\0\6\0\4\xaa\xaa\0\0"));
	EXPECT_EQ(HS_ALERT_UNSUPPORTED_EXTENSION, EE(true, "\x08\0\0\6\0\4\0\x2a\0\0"));
	EXPECT_EQ(HS_ALERT_UNSUPPORTED_EXTENSION,
		  EE(true, "\x08\0\0\x08\0\6\0\x1c\0\2\x40\0"));
	EXPECT_EQ(HS_ALERT_ILLEGAL_PARAMETER,
		  EE(true, "\x08\0\0\x0b\0\x09\0\x10\0\5\0\3\2h3"));
	EXPECT_EQ(HS_ALERT_DECODE_ERROR,
		  EE(true, "\x08\0\0\x0f\0\x0d\0\x10\0\x09\0\7\2h2\3xyz"));
	EXPECT_EQ(HS_ALERT_DECODE_ERROR, EE(true, "\x08\0\0\x08\0\6\0\x10\0\2\0\0"));
	EXPECT_EQ(HS_ALERT_DECODE_ERROR, EE(true, "\x08\0\0\7\0\5\0\0\0\1\0"));
	EXPECT_EQ(HS_ALERT_ILLEGAL_PARAMETER,
		  EE(true, "\x08\0\0\x0a\0\x08\0\0\0\0\0\0\0\0"));
	/* key_share belongs to another message. */
	EXPECT_EQ(HS_ALERT_ILLEGAL_PARAMETER,
		  EE(true, "\x08\0\0\x08\0\6\0\x33\0\2\0\x1d"));
}

TEST(the_chain_is_checked)
{
	EXPECT_EQ(HS_ALERT_DECODE_ERROR, FLIGHT(1, false, "\x0b\0\0\4\0\0\0\0"));
	EXPECT_EQ(HS_ALERT_ILLEGAL_PARAMETER,
		  FLIGHT(1, false, "\x0b\0\0\x0b\1x\0\0\6\0\0\1x\0\0"));
	EXPECT_EQ(HS_ALERT_DECODE_ERROR,
		  FLIGHT(1, false, "\x0b\0\0\x09\0\0\0\5\0\0\0\0\0"));
	EXPECT_EQ(HS_ALERT_UNSUPPORTED_EXTENSION,
		  FLIGHT(1, false, "\x0b\0\0\x0e\0\0\0\x0a\0\0\1x\0\4\0\5\0\0"));
	EXPECT_EQ(HS_ALERT_DECODE_ERROR,
		  FLIGHT(1, false, "\x0b\0\0\x09\0\0\0\5\0\0\1x\0"));
}

TEST(the_signature_scheme_is_checked)
{
	/* rsa_pkcs1_sha256 is good in a chain only; then one that is unknown. */
	EXPECT_EQ(HS_ALERT_ILLEGAL_PARAMETER, FLIGHT(2, false, "\x0f\0\0\5\4\1\0\1x"));
	EXPECT_EQ(HS_ALERT_ILLEGAL_PARAMETER, FLIGHT(2, false, "\x0f\0\0\5\2\1\0\1x"));
	EXPECT_EQ(HS_ALERT_ILLEGAL_PARAMETER, FLIGHT(2, false, "\x0f\0\0\5\xaa\xaa\0\1x"));
	/* A good one, but the signature is not; or there is none. */
	EXPECT_EQ(HS_ALERT_DECRYPT_ERROR, FLIGHT(2, false, "\x0f\0\0\4\4\3\0\0"));
	EXPECT_EQ(HS_ALERT_DECRYPT_ERROR, FLIGHT(2, false, "\x0f\0\0\5\4\3\0\1x"));
	EXPECT_EQ(HS_ALERT_DECRYPT_ERROR, FLIGHT(2, false, "\x0f\0\0\4\4\3\0\0"));
}

#define SCHEMES		"\0\x0d\0\4\0\2\4\3"
#define CR(bytes) \
	alert_for_flight(&(struct swap){ 1, true, bytes, sizeof(bytes) - 1 }, false)

TEST(a_certificate_request_is_checked)
{
	EXPECT_EQ(HS_ALERT_MISSING_EXTENSION, CR("\x0d\0\0\3\0\0\0"));
	EXPECT_EQ(HS_ALERT_ILLEGAL_PARAMETER, CR("\x0d\0\0\x0c\1x\0\x08" SCHEMES));
	EXPECT_EQ(HS_ALERT_DECODE_ERROR, CR("\x0d\0\0\x0b\0\0\7" SCHEMES));
	EXPECT_EQ(HS_ALERT_ILLEGAL_PARAMETER,
		  CR("\x0d\0\0\x13\0\0\x10" SCHEMES SCHEMES));
	EXPECT_EQ(HS_ALERT_UNEXPECTED_MESSAGE,
		  CR("\x0d\0\0\x0b\0\0\x08" SCHEMES "\x0d\0\0\x0b\0\0\x08" SCHEMES));
}

/* The client's protected flight: an empty Certificate, and Finished. */
static bool keep_flight(void *context, const struct side *from, struct record *r)
{
	if (from->role == HS_CLIENT && r->epoch == HS_EPOCH_HANDSHAKE)
		*(struct record *)context = *r;
	return true;
}

TEST(a_certificate_request_is_answered_by_an_empty_chain)
{
	static const uint8_t empty[] = { TYPE_CERTIFICATE, 0, 0, 4, 0, 0, 0, 0 };
	static struct record flight;
	struct pair pair;

	pair_init(&pair);
	pair.server.config.client_auth = HS_CLIENT_AUTH_REQUEST;
	pair.tamper = keep_flight;
	pair.context = &flight;
	pair_run(&pair);
	ASSERT_TRUE(pair_agrees(&pair));
	ASSERT_EQ(sizeof(empty) + MESSAGE_HEADER_SIZE + 32, flight.len);
	EXPECT_EQ(0, memcmp(flight.data, empty, sizeof(empty)));
	EXPECT_FALSE(pair.client.client_authenticated || pair.server.client_authenticated);
	pair_wipe(&pair);
}

TEST_HARNESS_MAIN
