// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) 2026 The tlsup authors
 *
 * A client of TLS 1.2 and the answers of a server made by hand: each gets the
 * alert that the RFC names for it.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "kselftest_harness.h"
#include "pair.h"
#include "tls/hs_int.h"

#define SESSION_ID_AT	(MESSAGE_HEADER_SIZE + 2 + RANDOM_SIZE + 1)
#define FLIGHT_MAX	4000

/** struct answer - a ServerHello, but for what the client decides */
struct answer {
	uint16_t version;
	uint16_t suite;
	uint8_t compression;
	const char *random_end;
	bool echo;
	bool new_session;
	const char *exts;
	size_t exts_len;
};

#define EXTS(bytes)	.exts = (bytes), .exts_len = sizeof(bytes) - 1
#define RENEGOTIATION	"\xff\1\0\1\0"
#define EMS		"\0\x17\0\0"
#define ETM		"\0\x16\0\0"
#define GOOD		RENEGOTIATION EMS
#define ZEROS_31	"\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"

static void write_answer(const struct answer *answer, const uint8_t *session_id,
			 struct wr *wr)
{
	uint8_t random[RANDOM_SIZE] = { 7 };
	size_t message, vector;

	if (answer->random_end)
		memcpy(random + RANDOM_SIZE - 8, answer->random_end, 8);
	wr_u8(wr, TYPE_SERVER_HELLO);
	message = wr_open(wr, 3);
	wr_u16(wr, answer->version ? answer->version : TLS12);
	wr_bytes(wr, random, RANDOM_SIZE);
	vector = wr_open(wr, 1);
	if (answer->echo)
		wr_bytes(wr, session_id, SESSION_ID_MAX);
	else if (answer->new_session)
		wr_bytes(wr, random, 16);
	wr_close(wr, vector);
	wr_u16(wr, answer->suite ? answer->suite : 0xc02b);
	wr_u8(wr, answer->compression);
	if (answer->exts) {
		vector = wr_open(wr, 2);
		wr_bytes(wr, answer->exts, answer->exts_len);
		wr_close(wr, vector);
	}
	wr_close(wr, message);
}

static void start(struct pair *pair, uint16_t max)
{
	pair_init(pair);
	pair->client.config.min_version = TLS12;
	pair->client.config.max_version = max;
	/* The server does not listen: the hello stays where it is. */
	pair->server.waiting = false;
	pair_run(pair);
}

static int alert_of(struct pair *pair)
{
	int alert = pair->client.fails ? pair->client.failure.alert : -1;

	pair_wipe(pair);
	return alert;
}

static void feed_answer(struct pair *pair, const struct answer *answer)
{
	uint8_t message[FLIGHT_MAX];
	struct wr wr;

	wr_init(&wr, message, sizeof(message));
	write_answer(answer, pair->client.head->data + SESSION_ID_AT, &wr);
	pair_feed(&pair->client, HS_EPOCH_PLAINTEXT, message, wr.len);
}

static int alert_for(const struct answer *answer, uint16_t max,
		     const struct hs_config *also)
{
	struct pair pair;

	pair_init(&pair);
	pair.client.config = *also;
	pair.client.config.min_version = TLS12;
	pair.client.config.max_version = max;
	pair.server.waiting = false;
	pair_run(&pair);
	feed_answer(&pair, answer);
	return alert_of(&pair);
}

static const struct hs_config none;

#define ALERT(...)	alert_for(&(struct answer){ __VA_ARGS__ }, TLS12, &none)
#define ALERT_BOTH(...)	alert_for(&(struct answer){ __VA_ARGS__ }, TLS13, &none)

TEST(a_good_answer_is_taken)
{
	EXPECT_EQ(-1, ALERT(EXTS(GOOD)));
	EXPECT_EQ(-1, ALERT(EXTS(GOOD), .new_session = true));
	EXPECT_EQ(-1, ALERT_BOTH(EXTS(GOOD)));
	EXPECT_EQ(-1, ALERT_BOTH(EXTS(RENEGOTIATION)));
}

TEST(versions)
{
	EXPECT_EQ(HS_ALERT_PROTOCOL_VERSION, ALERT(EXTS(GOOD), .version = 0x0302));
	EXPECT_EQ(HS_ALERT_PROTOCOL_VERSION, ALERT(EXTS(GOOD), .version = 0x0304));
	EXPECT_EQ(HS_ALERT_PROTOCOL_VERSION, ALERT_BOTH(EXTS(GOOD), .version = 0x0301));
	/* A version that was not offered, though it exists. */
	EXPECT_NE(-1, ALERT(EXTS(GOOD "\0\x2b\0\2\3\4")));
	EXPECT_EQ(HS_ALERT_ILLEGAL_PARAMETER, ALERT_BOTH(EXTS("\0\x2b\0\2\3\3"), .echo = true));
}

/* RFC 9846, 4.1.3. */
TEST(a_forced_downgrade)
{
	EXPECT_EQ(HS_ALERT_ILLEGAL_PARAMETER,
		  ALERT_BOTH(EXTS(GOOD), .random_end = "DOWNGRD\1"));
	EXPECT_EQ(HS_ALERT_ILLEGAL_PARAMETER,
		  ALERT_BOTH(EXTS(GOOD), .random_end = "DOWNGRD\0"));
	EXPECT_EQ(-1, ALERT_BOTH(EXTS(GOOD), .random_end = "DOWNGRD\2"));
	/* It is no downgrade for who wants no more. */
	EXPECT_EQ(-1, ALERT(EXTS(GOOD), .random_end = "DOWNGRD\1"));
}

TEST(what_was_not_offered_is_illegal)
{
	static const uint16_t gcm[] = { 0xc02b };
	const struct hs_config config = { .suites = gcm, .suites_len = 1 };
	const struct answer other = { EXTS(GOOD), .suite = 0xc02c };
	const struct answer etm = { EXTS(GOOD ETM), .suite = 0xc02b };

	EXPECT_EQ(HS_ALERT_ILLEGAL_PARAMETER, alert_for(&other, TLS12, &config));
	EXPECT_EQ(HS_ALERT_UNSUPPORTED_EXTENSION, alert_for(&etm, TLS12, &config));
	EXPECT_EQ(HS_ALERT_ILLEGAL_PARAMETER, ALERT(EXTS(GOOD), .suite = 0x1301));
	EXPECT_EQ(HS_ALERT_ILLEGAL_PARAMETER, ALERT(EXTS(GOOD), .suite = 0xc0ff));
	/* No encryption: TLS_ECDHE_ECDSA_WITH_NULL_SHA. */
	EXPECT_EQ(HS_ALERT_ILLEGAL_PARAMETER, ALERT(EXTS(GOOD), .suite = 0xc006));
	EXPECT_EQ(HS_ALERT_ILLEGAL_PARAMETER, ALERT(EXTS(GOOD), .suite = 0x00ff));
	EXPECT_EQ(HS_ALERT_ILLEGAL_PARAMETER, ALERT(EXTS(GOOD), .compression = 1));
	EXPECT_EQ(HS_ALERT_UNSUPPORTED_EXTENSION, ALERT(EXTS(GOOD "\0\0\0\0")));
	EXPECT_EQ(HS_ALERT_UNSUPPORTED_EXTENSION, ALERT(EXTS(GOOD "\0\5\0\0")));
	EXPECT_EQ(HS_ALERT_UNSUPPORTED_EXTENSION, ALERT(EXTS(GOOD "\xaa\xaa\0\0")));
	EXPECT_EQ(HS_ALERT_UNSUPPORTED_EXTENSION,
		  ALERT(EXTS(GOOD "\0\x10\0\5\0\3\2h2")));
	/* A session: none was offered, the bytes were made up. */
	EXPECT_EQ(HS_ALERT_ILLEGAL_PARAMETER, ALERT_BOTH(EXTS(GOOD), .echo = true));
}

TEST(extensions_are_checked)
{
	EXPECT_EQ(HS_ALERT_ILLEGAL_PARAMETER, ALERT(EXTS(GOOD EMS)));
	EXPECT_EQ(HS_ALERT_DECODE_ERROR, ALERT(EXTS(RENEGOTIATION "\0\x17\0\1\0")));
	EXPECT_EQ(HS_ALERT_DECODE_ERROR, ALERT(EXTS(GOOD "\0")));
	/* RFC 9846, 4.2: of TLS 1.3's ServerHello alone. */
	EXPECT_EQ(HS_ALERT_ILLEGAL_PARAMETER,
		  ALERT_BOTH(EXTS(GOOD "\0\x33\0\x24\0\x1d\0\x20\x09" ZEROS_31)));
	/* RFC 7366, 2: with an AEAD there is no MAC. */
	EXPECT_EQ(HS_ALERT_ILLEGAL_PARAMETER, ALERT(EXTS(GOOD ETM)));
	EXPECT_EQ(-1, ALERT(EXTS(GOOD ETM), .suite = 0xc009));
	EXPECT_EQ(HS_ALERT_ILLEGAL_PARAMETER, ALERT(EXTS(GOOD "\0\x0b\0\2\1\1")));
	EXPECT_EQ(-1, ALERT(EXTS(GOOD "\0\x0b\0\3\2\1\0")));
}

TEST(encrypt_then_mac_may_be_required)
{
	const struct hs_config etm = { .etm_required = true };
	const struct hs_config aead = { .aead_only = true };
	const struct answer with = { EXTS(GOOD ETM), .suite = 0xc009 };
	const struct answer without = { EXTS(GOOD), .suite = 0xc009 };
	const struct answer gcm = { EXTS(GOOD) };

	EXPECT_EQ(-1, alert_for(&with, TLS12, &etm));
	EXPECT_EQ(HS_ALERT_HANDSHAKE_FAILURE, alert_for(&without, TLS12, &etm));
	EXPECT_EQ(-1, alert_for(&gcm, TLS12, &etm));
	EXPECT_EQ(HS_ALERT_ILLEGAL_PARAMETER, alert_for(&without, TLS12, &aead));
	EXPECT_EQ(HS_ALERT_UNSUPPORTED_EXTENSION, alert_for(&with, TLS12, &aead));
	EXPECT_EQ(-1, alert_for(&gcm, TLS12, &aead));
}

/* RFC 5746, 3.4, and RFC 9325, 3.5; RFC 7627, 5.2. */
TEST(what_a_server_must_have)
{
	const struct hs_config config = { .ems_required = true };
	const struct answer plain = { EXTS(RENEGOTIATION) }, good = { EXTS(GOOD) };

	EXPECT_EQ(HS_ALERT_HANDSHAKE_FAILURE, ALERT(.exts = NULL));
	EXPECT_EQ(HS_ALERT_HANDSHAKE_FAILURE, ALERT(EXTS(EMS)));
	EXPECT_EQ(HS_ALERT_HANDSHAKE_FAILURE, ALERT(EXTS("\xff\1\0\2\1\7")));
	EXPECT_EQ(HS_ALERT_DECODE_ERROR, ALERT(EXTS("\xff\1\0\0")));
	EXPECT_EQ(HS_ALERT_HANDSHAKE_FAILURE, alert_for(&plain, TLS12, &config));
	EXPECT_EQ(-1, alert_for(&good, TLS12, &config));
}

/* RFC 5246, 7.4.1.1: not while a handshake is under way, so it is ignored. */
TEST(a_hello_request_is_passed_over)
{
	static const uint8_t requests[] = { 0, 0, 0, 0, 0, 0, 0, 0 };
	struct pair pair;

	start(&pair, TLS13);
	for (size_t n = 1; n <= sizeof(requests); n++)
		pair_feed(&pair.client, HS_EPOCH_PLAINTEXT, requests, n);
	feed_answer(&pair, &(struct answer){ EXTS(GOOD) });
	pair_feed(&pair.client, HS_EPOCH_PLAINTEXT, requests, 4);
	ASSERT_EQ(0, pair.client.fails);
	EXPECT_EQ(TLS12, pair.client.version);
	/* Not one with a body. */
	pair_feed(&pair.client, HS_EPOCH_PLAINTEXT, (const uint8_t *)"\0\0\0\1\0", 5);
	EXPECT_EQ(HS_ALERT_UNEXPECTED_MESSAGE, alert_of(&pair));
}

TEST(a_hello_request_is_no_message_of_tls13)
{
	struct pair pair;

	pair_init(&pair);
	pair.server.waiting = false;
	pair_run(&pair);
	pair_feed(&pair.client, HS_EPOCH_PLAINTEXT, (const uint8_t *)"\0\0\0\0", 4);
	EXPECT_EQ(HS_ALERT_UNEXPECTED_MESSAGE, alert_of(&pair));
}

/** struct flight - what follows the ServerHello */
struct flight {
	const char *certificate;
	size_t certificate_len;
	const char *params;		/* of ServerKeyExchange */
	size_t params_len;
	uint16_t scheme;
	bool no_signature;
	uint16_t suite;
	const char *request;
	size_t request_len;
};

#define PARAMS(bytes)	.params = (bytes), .params_len = sizeof(bytes) - 1
#define CERTIFICATE(b)	.certificate = (b), .certificate_len = sizeof(b) - 1
#define REQUEST(bytes)	.request = (bytes), .request_len = sizeof(bytes) - 1
#define X25519(point)	"\3\0\x1d\x20" point
#define NINE		X25519("\x09" ZEROS_31)

static void write_message(struct wr *wr, uint8_t type, const char *body, size_t len)
{
	size_t message;

	wr_u8(wr, type);
	message = wr_open(wr, 3);
	wr_bytes(wr, body, len);
	wr_close(wr, message);
}

/* The signature that the pair's owners would make. */
static void sign(struct pair *pair, const struct flight *flight, uint8_t *mac)
{
	uint8_t content[2 * RANDOM_SIZE + 200] = { 0 };

	memcpy(content, pair->client.head->data + MESSAGE_HEADER_SIZE + 2, RANDOM_SIZE);
	content[RANDOM_SIZE] = 7;
	memcpy(content + 2 * RANDOM_SIZE, flight->params, flight->params_len);
	pair_sign((struct hs_bytes){ content, 2 * RANDOM_SIZE + flight->params_len }, mac);
}

static void write_key_exchange(struct pair *pair, const struct flight *flight,
			       struct wr *wr)
{
	uint8_t mac[PAIR_SIGNATURE_SIZE];
	size_t message, vector;

	wr_u8(wr, TYPE_SERVER_KEY_EXCHANGE);
	message = wr_open(wr, 3);
	wr_bytes(wr, flight->params, flight->params_len);
	wr_u16(wr, flight->scheme ? flight->scheme : 0x0403);
	vector = wr_open(wr, 2);
	sign(pair, flight, mac);
	if (!flight->no_signature)
		wr_bytes(wr, mac, sizeof(mac));
	wr_close(wr, vector);
	wr_close(wr, message);
}

static int flight_alert(const struct flight *flight)
{
	const struct answer answer = { EXTS(GOOD), .suite = flight->suite };
	uint8_t data[FLIGHT_MAX];
	struct pair pair;
	struct wr wr;

	start(&pair, TLS12);
	wr_init(&wr, data, sizeof(data));
	write_answer(&answer, NULL, &wr);
	write_message(&wr, TYPE_CERTIFICATE,
		      flight->certificate ? flight->certificate : "\0\0\5\0\0\2\x30\1",
		      flight->certificate ? flight->certificate_len : 8);
	if (flight->params)
		write_key_exchange(&pair, flight, &wr);
	if (flight->request)
		write_message(&wr, TYPE_CERTIFICATE_REQUEST, flight->request,
			      flight->request_len);
	write_message(&wr, TYPE_SERVER_HELLO_DONE, "", 0);
	pair_feed(&pair.client, HS_EPOCH_PLAINTEXT, data, wr.len);
	return alert_of(&pair);
}

#define FLIGHT(...)	flight_alert(&(struct flight){ __VA_ARGS__ })

TEST(the_parameters)
{
	EXPECT_EQ(-1, FLIGHT(PARAMS(NINE)));
	/* Of small order; too short; another curve type; a curve not offered. */
	EXPECT_EQ(HS_ALERT_ILLEGAL_PARAMETER, FLIGHT(PARAMS(X25519("\0" ZEROS_31))));
	EXPECT_EQ(HS_ALERT_ILLEGAL_PARAMETER, FLIGHT(PARAMS("\3\0\x1d\1\x09")));
	EXPECT_EQ(HS_ALERT_ILLEGAL_PARAMETER, FLIGHT(PARAMS("\1\0\x1d\x20\x09" ZEROS_31)));
	EXPECT_EQ(HS_ALERT_ILLEGAL_PARAMETER, FLIGHT(PARAMS("\3\0\1\x20\x09" ZEROS_31)));
	/* P-256: not on the curve. */
	EXPECT_EQ(HS_ALERT_ILLEGAL_PARAMETER,
		  FLIGHT(PARAMS("\3\0\x17\x41\4\0" ZEROS_31 "\0" ZEROS_31)));
	EXPECT_EQ(HS_ALERT_DECODE_ERROR, FLIGHT(PARAMS("\3\0\x1d\xff")));
}

/* RFC 5246, 7.4.3: a scheme that was offered, for the kind of key of the suite. */
TEST(the_signature)
{
	EXPECT_EQ(HS_ALERT_DECRYPT_ERROR, FLIGHT(PARAMS(NINE), .no_signature = true));
	EXPECT_EQ(HS_ALERT_ILLEGAL_PARAMETER, FLIGHT(PARAMS(NINE), .scheme = 0x0201));
	EXPECT_EQ(HS_ALERT_ILLEGAL_PARAMETER, FLIGHT(PARAMS(NINE), .scheme = 0x0203));
	EXPECT_EQ(HS_ALERT_ILLEGAL_PARAMETER, FLIGHT(PARAMS(NINE), .scheme = 0x0401));
	EXPECT_EQ(HS_ALERT_ILLEGAL_PARAMETER, FLIGHT(PARAMS(NINE), .scheme = 0x0804));
	EXPECT_EQ(-1, FLIGHT(PARAMS(NINE), .scheme = 0x0401, .suite = 0xc02f));
	EXPECT_EQ(-1, FLIGHT(PARAMS(NINE), .scheme = 0x0804, .suite = 0xc02f));
	EXPECT_EQ(HS_ALERT_ILLEGAL_PARAMETER,
		  FLIGHT(PARAMS(NINE), .scheme = 0x0403, .suite = 0xc02f));
}

TEST(the_certificate)
{
	EXPECT_EQ(HS_ALERT_DECODE_ERROR, FLIGHT(CERTIFICATE("\0\0\0"), PARAMS(NINE)));
	EXPECT_EQ(HS_ALERT_DECODE_ERROR, FLIGHT(CERTIFICATE("\0\0\3\0\0\0"), PARAMS(NINE)));
	EXPECT_EQ(HS_ALERT_DECODE_ERROR,
		  FLIGHT(CERTIFICATE("\0\0\5\0\0\3\x30\1"), PARAMS(NINE)));
	EXPECT_EQ(HS_ALERT_BAD_CERTIFICATE,
		  FLIGHT(CERTIFICATE("\0\0\x44"
				     "\0\0\1x\0\0\1x\0\0\1x\0\0\1x\0\0\1x\0\0\1x"
				     "\0\0\1x\0\0\1x\0\0\1x\0\0\1x\0\0\1x\0\0\1x"
				     "\0\0\1x\0\0\1x\0\0\1x\0\0\1x\0\0\1x"), PARAMS(NINE)));
}

TEST(a_key_exchange_message_as_the_suite_has_it)
{
	EXPECT_EQ(HS_ALERT_UNEXPECTED_MESSAGE, FLIGHT(.suite = 0xc02b));
	EXPECT_EQ(HS_ALERT_UNEXPECTED_MESSAGE, FLIGHT(PARAMS(NINE), .suite = 0x009c));
	EXPECT_EQ(-1, FLIGHT(.suite = 0x009c));
}

TEST(the_certificate_request)
{
	EXPECT_EQ(-1, FLIGHT(PARAMS(NINE), REQUEST("\1\1\0\2\4\1\0\0")));
	EXPECT_EQ(-1, FLIGHT(PARAMS(NINE), REQUEST("\1\7\0\2\xee\xee\0\4\0\2\x30\0")));
	EXPECT_EQ(HS_ALERT_DECODE_ERROR, FLIGHT(PARAMS(NINE), REQUEST("\0\0\2\4\1\0\0")));
	EXPECT_EQ(HS_ALERT_DECODE_ERROR, FLIGHT(PARAMS(NINE), REQUEST("\1\1\0\0\0\0")));
	EXPECT_EQ(HS_ALERT_DECODE_ERROR, FLIGHT(PARAMS(NINE), REQUEST("\1\1\0\3\4\1\4\0\0")));
	EXPECT_EQ(HS_ALERT_DECODE_ERROR, FLIGHT(PARAMS(NINE), REQUEST("\1\1\0\2\4\1\0\2\0\0")));
	EXPECT_EQ(HS_ALERT_DECODE_ERROR, FLIGHT(PARAMS(NINE), REQUEST("\1\1\0\2\4\1\0\3\0\2\x30")));
	EXPECT_EQ(HS_ALERT_DECODE_ERROR, FLIGHT(PARAMS(NINE), REQUEST("\1\1\0\2\4\1\0\0\0")));
}

TEST_HARNESS_MAIN
