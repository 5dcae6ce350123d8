// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) 2026 The tlsup authors
 *
 * A peer that breaks the rules of TLS 1.3 in the longest handshake there is: with
 * HelloRetryRequest and cookie, certificates of both sides, compressed, OCSP
 * responses. (test_hostile.c has the shortest.) Every message cut, stretched,
 * doubled, left out, swapped, of every other type, and with every byte changed:
 * the side that receives it fails once, with the alert that the RFC names.
 */
#include <string.h>

#include "hostile.h"
#include "kselftest_harness.h"
#include "tls/hs_int.h"

static const struct place places[] = {
	{ "first client_hello", HS_CLIENT, 0, 0 },
	{ "hello_retry_request", HS_SERVER, 0, 0 },
	{ "second client_hello", HS_CLIENT, 1, 0 },
	{ "server_hello", HS_SERVER, 1, 0 },
	{ "encrypted_extensions", HS_SERVER, 2, 0 },
	{ "certificate_request", HS_SERVER, 2, 1 },
	{ "server certificate", HS_SERVER, 2, 2 },
	{ "server certificate_verify", HS_SERVER, 2, 3 },
	{ "server finished", HS_SERVER, 2, 4 },
	{ "client certificate", HS_CLIENT, 2, 0 },
	{ "client certificate_verify", HS_CLIENT, 2, 1 },
	{ "client finished", HS_CLIENT, 2, 2 },
};

#define PLACES	(sizeof(places) / sizeof(places[0]))
enum { FIRST_HELLO, RETRY, SECOND_HELLO, ANSWER, EXTENSIONS, REQUEST, CHAIN, VERIFY,
	SERVER_FIN, CLIENT_CHAIN, CLIENT_VERIFY, CLIENT_FIN };

static const uint8_t response[200] = { 0x30, 7 };
static const struct hs_bytes ocsp[] = { { response, sizeof(response) }, { 0 } };

FIXTURE(long_handshake) {
	struct hs_credential credential;
	struct pair pair;
};

FIXTURE_VARIANT(long_handshake) {
	size_t compression;
};

FIXTURE_VARIANT_ADD(long_handshake, plain) { 0 };
FIXTURE_VARIANT_ADD(long_handshake, compressed) { 1 };

FIXTURE_SETUP(long_handshake)
{
	self->credential = pair_credential;
	self->credential.ocsp = ocsp;
}

FIXTURE_TEARDOWN(long_handshake)
{
}

static void configure(struct hs_config *config, size_t compression)
{
	static const uint16_t zlib[] = { 1 };
	static const uint8_t alpn[] = "\x02h2";

	config->alpn = (struct hs_bytes){ alpn, 3 };
	config->ocsp = true;
	config->record_size_limit = 16000;
	config->compression = zlib;
	config->compression_len = compression;
}

static void prepare(struct pair *pair, const struct hs_credential *credential,
		    size_t compression)
{
	static const uint16_t p256[] = { 0x0017 };
	static const uint8_t names[] = "\0\3abc";

	pair_init(pair);
	configure(&pair->client.config, compression);
	configure(&pair->server.config, compression);
	pair->client.config.server_name = "localhost";
	pair->server.config.groups = p256;
	pair->server.config.groups_len = 1;
	pair->server.config.cookie = true;
	pair->server.config.client_auth = HS_CLIENT_AUTH_REQUIRE;
	pair->server.config.authorities = (struct hs_bytes){ names, sizeof(names) - 1 };
	pair->credential = pair->client_credential = credential;
}

static void run_plan(struct pair *pair, const struct hs_credential *credential,
		     size_t compression, struct plan *plan)
{
	prepare(pair, credential, compression);
	plan->protected_epoch = HS_EPOCH_HANDSHAKE;
	hostile_attach(pair, plan);
	pair_run(pair);
}

#define RUN(plan)	run_plan(&self->pair, &self->credential, variant->compression, plan)

TEST_F(long_handshake, undisturbed_it_succeeds)
{
	prepare(&self->pair, &self->credential, variant->compression);
	pair_run(&self->pair);
	ASSERT_TRUE(pair_agrees(&self->pair)) TH_LOG("%s / %s",
		self->pair.client.failure.reason, self->pair.server.failure.reason);
	EXPECT_TRUE(self->pair.server.client_authenticated);
	pair_wipe(&self->pair);
}

TEST_F(long_handshake, a_trailing_byte_is_decode_error)
{
	for (size_t i = 0; i < PLACES; i++) {
		struct plan plan = { .place = &places[i], .deed = STRETCH };

		RUN(&plan);
		ASSERT_TRUE(plan.done);
		EXPECT_FAILED(self->pair, plan, HS_ALERT_DECODE_ERROR);
		pair_wipe(&self->pair);
	}
}

/* A hello without any extension is whole, and one of an older version. */
static int cut_alert(const struct plan *plan)
{
	size_t i = (size_t)(plan->place - places), body = plan->len - HEADER - plan->at;
	size_t start = 2 + 32 + 1 + 32;

	if (i == FIRST_HELLO && body == start + 2 + 5 * 2 + 2)
		return HS_ALERT_PROTOCOL_VERSION;
	if (i == SECOND_HELLO && body == start + 2 + 5 * 2 + 2)
		return HS_ALERT_PROTOCOL_VERSION;
	if ((i == RETRY || i == ANSWER) && body == start + 2 + 1)
		return HS_ALERT_PROTOCOL_VERSION;
	return HS_ALERT_DECODE_ERROR;
}

TEST_F(long_handshake, every_truncation_is_decode_error)
{
	for (size_t i = 0; i < PLACES; i++) {
		struct plan plan = { .place = &places[i], .deed = CUT, .at = 1 };

		do {
			RUN(&plan);
			EXPECT_FAILED(self->pair, plan, cut_alert(&plan));
			pair_wipe(&self->pair);
		} while (++plan.at <= plan.len - HEADER);
	}
}

/* The first and the last of a flight that are left out are just not there yet. */
static bool leaves_a_gap(size_t i)
{
	return i >= EXTENSIONS && i != SERVER_FIN && i != CLIENT_FIN;
}

TEST_F(long_handshake, a_message_twice_left_out_or_swapped_is_unexpected)
{
	for (size_t i = 0; i < PLACES; i++)
		for (enum deed deed = TWICE; deed <= SWAP; deed++) {
			struct plan plan = { .place = &places[i], .deed = deed };

			RUN(&plan);
			if (deed == LEAVE_OUT && !leaves_a_gap(i)) {
				EXPECT_EQ(0, self->pair.client.dones * self->pair.server.dones);
			} else if (deed == LEAVE_OUT && i == REQUEST) {
				/* It is optional; but the server has signed it. */
				EXPECT_FAILED(self->pair, plan, HS_ALERT_DECRYPT_ERROR);
			} else if (plan.done) {
				EXPECT_FAILED(self->pair, plan, HS_ALERT_UNEXPECTED_MESSAGE);
			}
			pair_wipe(&self->pair);
		}
}

/* A chain may stand where a request is expected, and come in two forms. */
static bool may_stand(size_t i, int type, bool compression)
{
	bool chain = type == TYPE_CERTIFICATE ||
		     (compression && type == TYPE_COMPRESSED_CERTIFICATE);

	if (i == REQUEST)
		return chain || type == TYPE_CERTIFICATE_REQUEST;
	/* The request has come by then. */
	return (i == CHAIN || i == CLIENT_CHAIN) && chain;
}

/* In every place every type of message that is not expected there. */
TEST_F(long_handshake, every_other_type_in_a_place_is_unexpected)
{
	static const int own[] = { 1, 2, 1, 2, 8, 13, 11, 15, 20, 11, 15, 20 };

	for (size_t i = 0; i < PLACES; i++)
		for (int type = 0; type < 256; type += type == 26 ? 228 : 1) {
			struct plan plan = { .place = &places[i], .deed = RETYPE,
					     .at = (size_t)type };

			if (type == own[i] || may_stand(i, type, variant->compression))
				continue;
			RUN(&plan);
			ASSERT_TRUE(plan.done);
			EXPECT_FAILED(self->pair, plan, HS_ALERT_UNEXPECTED_MESSAGE);
			pair_wipe(&self->pair);
		}
}

/* The keys change behind these. */
TEST_F(long_handshake, bytes_left_over_at_a_change_of_keys_are_unexpected)
{
	static const int at[] = { FIRST_HELLO, RETRY, SECOND_HELLO, ANSWER, SERVER_FIN,
				  CLIENT_FIN };

	for (size_t i = 0; i < sizeof(at) / sizeof(at[0]); i++) {
		struct plan plan = { .place = &places[at[i]], .deed = TRAIL };

		RUN(&plan);
		EXPECT_FAILED(self->pair, plan, HS_ALERT_UNEXPECTED_MESSAGE);
		pair_wipe(&self->pair);
	}
}

TEST_F(long_handshake, a_record_of_another_epoch_is_unexpected)
{
	for (size_t i = 0; i < PLACES; i++) {
		struct plan plan = { .place = &places[i], .deed = EPOCH };

		RUN(&plan);
		EXPECT_FAILED(self->pair, plan, HS_ALERT_UNEXPECTED_MESSAGE);
		pair_wipe(&self->pair);
	}
}

/* Whatever byte is changed on the way, the two never both succeed. */
TEST_F(long_handshake, no_flipped_bit_goes_unnoticed)
{
	for (size_t i = 0; i < PLACES; i++) {
		struct plan plan = { .place = &places[i], .deed = FLIP };

		do {
			RUN(&plan);
			ASSERT_EQ(0, self->pair.client.dones * self->pair.server.dones)
				TH_LOG("%s, byte %zu", places[i].name, plan.at);
			ASSERT_LE(self->pair.client.fails, 1);
			ASSERT_LE(self->pair.server.fails, 1);
			pair_wipe(&self->pair);
		} while (++plan.at < plan.len);
	}
}

static bool hold_client(void *context, const struct side *from, struct record *r)
{
	(void)context;
	return from->role != HS_CLIENT || r->epoch == HS_EPOCH_PLAINTEXT;
}

/* Refused by its header, before the rest is waited for: its form has an end. */
TEST(a_finished_that_says_it_is_too_long_is_decode_error)
{
	static const uint8_t headers[2][HEADER] = {
		{ TYPE_FINISHED, 0, 0, 49 }, { TYPE_FINISHED, 0xff, 0xff, 0xff },
	};

	for (int i = 0; i < 2; i++) {
		struct pair pair;

		pair_init(&pair);
		pair.tamper = hold_client;
		pair_run(&pair);
		ASSERT_EQ(0, pair.server.fails);
		pair_feed(&pair.server, HS_EPOCH_HANDSHAKE, headers[i], HEADER);
		EXPECT_EQ(1, pair.server.fails);
		EXPECT_EQ(HS_ALERT_DECODE_ERROR, pair.server.failure.alert);
		pair_wipe(&pair);
	}
}

TEST_HARNESS_MAIN
