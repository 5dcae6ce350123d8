// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) 2026 The tlsup authors
 *
 * A peer that breaks the rules of TLS 1.2: every message cut, stretched, doubled,
 * left out, swapped, in the wrong epoch, and with every byte changed. The side
 * that receives it fails once, with the alert that the RFC names.
 */
#include <errno.h>
#include <string.h>

#include "hostile.h"
#include "kselftest_harness.h"

#define TLS12	0x0303

static const uint8_t response[300] = { 0x30, 7 };
static const struct hs_bytes ocsp[] = { { response, sizeof(response) }, { 0 } };

/* With all the optional messages, and with none. */
static const struct place full[] = {
	{ "client_hello", HS_CLIENT, 0, 0 },
	{ "server_hello", HS_SERVER, 0, 0 },
	{ "server certificate", HS_SERVER, 0, 1 },
	{ "certificate_status", HS_SERVER, 0, 2 },
	{ "server_key_exchange", HS_SERVER, 0, 3 },
	{ "certificate_request", HS_SERVER, 0, 4 },
	{ "server_hello_done", HS_SERVER, 0, 5 },
	{ "client certificate", HS_CLIENT, 1, 0 },
	{ "client_key_exchange", HS_CLIENT, 1, 1 },
	{ "certificate_verify", HS_CLIENT, 1, 2 },
	{ "client finished", HS_CLIENT, 2, 0 },
	{ "server finished", HS_SERVER, 1, 0 },
}, bare[] = {
	{ "client_hello", HS_CLIENT, 0, 0 },
	{ "server_hello", HS_SERVER, 0, 0 },
	{ "server certificate", HS_SERVER, 0, 1 },
	{ "server_hello_done", HS_SERVER, 0, 2 },
	{ "client_key_exchange", HS_CLIENT, 1, 0 },
	{ "client finished", HS_CLIENT, 2, 0 },
	{ "server finished", HS_SERVER, 1, 0 },
};

FIXTURE(hostile) {
	struct hs_credential credential;
	struct pair pair;
};

FIXTURE_VARIANT(hostile) {
	const struct place *places;
	size_t count;
	uint16_t suite;
};

FIXTURE_VARIANT_ADD(hostile, full) {
	full, sizeof(full) / sizeof(full[0]), 0xc02b,
};

FIXTURE_VARIANT_ADD(hostile, bare) {
	bare, sizeof(bare) / sizeof(bare[0]), 0x009c,
};

FIXTURE_SETUP(hostile)
{
}

FIXTURE_TEARDOWN(hostile)
{
}

static void configure(struct hs_config *config, const uint16_t *suite)
{
	config->min_version = TLS12;
	config->max_version = TLS12;
	config->ems_required = true;
	config->suites = suite;
	config->suites_len = 1;
	config->ocsp = true;
	config->client_auth = *suite == 0xc02b ? HS_CLIENT_AUTH_REQUIRE :
						 HS_CLIENT_AUTH_NONE;
}

static void run_plan(struct pair *pair, struct hs_credential *credential,
		     const uint16_t *suite, struct plan *plan)
{
	bool is_full = *suite == 0xc02b;

	pair_init(pair);
	*credential = is_full ? pair_credential : pair_rsa_credential;
	credential->ocsp = is_full ? ocsp : NULL;
	pair->credential = credential;
	pair->client_credential = &pair_credential;
	configure(&pair->client.config, suite);
	configure(&pair->server.config, suite);
	plan->protected_epoch = HS_EPOCH_APPLICATION;
	hostile_attach(pair, plan);
	pair_run(pair);
}

#define RUN(plan)	run_plan(&self->pair, &self->credential, &variant->suite, plan)

TEST_F(hostile, a_trailing_byte_is_decode_error)
{
	for (size_t i = 0; i < variant->count; i++) {
		struct plan plan = { .place = &variant->places[i], .deed = STRETCH };

		RUN(&plan);
		ASSERT_TRUE(plan.done);
		EXPECT_FAILED(self->pair, plan, HS_ALERT_DECODE_ERROR);
		pair_wipe(&self->pair);
	}
}

/* A hello without any extension is whole, but not to our liking. */
static int cut_alert(const struct plan *plan)
{
	size_t body = plan->len - HEADER - plan->at;
	size_t start = 2 + 32 + 1;

	if (plan->place->record || plan->place->message)
		return HS_ALERT_DECODE_ERROR;
	if (body == start + (plan->place->from == HS_CLIENT ? 2 + 2 + 2 : 2 + 1))
		return HS_ALERT_HANDSHAKE_FAILURE;
	return HS_ALERT_DECODE_ERROR;
}

TEST_F(hostile, every_truncation_is_decode_error)
{
	for (size_t i = 0; i < variant->count; i++) {
		struct plan plan = { .place = &variant->places[i], .deed = CUT, .at = 1 };

		do {
			RUN(&plan);
			if (plan.len == HEADER)
				break;
			EXPECT_FAILED(self->pair, plan, cut_alert(&plan));
			pair_wipe(&self->pair);
		} while (++plan.at <= plan.len - HEADER);
		pair_wipe(&self->pair);
	}
}

/* What the receiver can do without, as far as it can tell at that place. */
static bool is_optional(const struct place *place)
{
	return !strcmp(place->name, "certificate_status") ||
	       !strcmp(place->name, "certificate_request");
}

static bool ends_its_record(const struct place *place)
{
	return !strcmp(place->name, "server_hello_done") ||
	       !strcmp(place->name, "certificate_verify") ||
	       (place->from == HS_CLIENT && place->record == 0) || strstr(place->name, "finished");
}

TEST_F(hostile, a_message_twice_left_out_or_swapped_is_unexpected)
{
	for (size_t i = 0; i < variant->count; i++)
		for (enum deed deed = TWICE; deed <= SWAP; deed++) {
			const struct place *place = &variant->places[i];
			struct plan plan = { .place = place, .deed = deed };

			RUN(&plan);
			if (deed == LEAVE_OUT &&
			    (is_optional(place) || ends_its_record(place) ||
			     (place->from == HS_CLIENT && variant->count < 10))) {
				EXPECT_EQ(0, self->pair.client.dones &
					     self->pair.server.dones);
			} else if (plan.done) {
				EXPECT_FAILED(self->pair, plan, HS_ALERT_UNEXPECTED_MESSAGE);
			}
			pair_wipe(&self->pair);
		}
}

/* Of the type that may stand there, but another handshake's: it is judged. */
static int place_alert(const struct place *what, const struct place *before)
{
	bool both_finished = strstr(what->name, "finished") && strstr(before->name, "finished");

	if (both_finished || (!strcmp(what->name, "server_key_exchange") &&
			      !strcmp(before->name, "certificate_status")))
		return HS_ALERT_DECRYPT_ERROR;
	return HS_ALERT_UNEXPECTED_MESSAGE;
}

/* Every message, as it was in another handshake, before every other. */
TEST_F(hostile, every_message_in_every_other_place_is_unexpected)
{
	for (size_t from = 0; from < variant->count; from++) {
		struct plan copy = { .place = &variant->places[from], .deed = COPY };

		RUN(&copy);
		ASSERT_EQ(1, self->pair.client.dones & self->pair.server.dones);
		pair_wipe(&self->pair);
		for (size_t to = 0; to < variant->count; to++) {
			struct plan plan = copy;

			plan.place = &variant->places[to];
			plan.deed = INSERT;
			/* Before its own like it is the one, and that one is left over. */
			if (from == to)
				continue;
			RUN(&plan);
			ASSERT_TRUE(plan.done);
			EXPECT_FAILED(self->pair, plan,
				      place_alert(copy.place, plan.place));
			pair_wipe(&self->pair);
		}
	}
}

/* Its header says so: nobody waits for the rest. */
TEST_F(hostile, a_message_that_is_too_long_is_not_waited_for)
{
	for (size_t i = 0; i < variant->count; i++) {
		struct plan plan = { .place = &variant->places[i], .deed = LENGTHEN };

		RUN(&plan);
		ASSERT_TRUE(plan.done);
		/* Than any may be: illegal_parameter; than this one can be: decode_error. */
		EXPECT_FAILED(self->pair, plan, -1);
		ASSERT_TRUE(strstr(hostile_victim(&self->pair, &plan)->failure.reason,
				   "handshake message that is") != NULL);
		pair_wipe(&self->pair);
	}
}

/* RFC 5246, 7.4.9: a Finished without ChangeCipherSpec, or what precedes it, after. */
TEST_F(hostile, a_record_of_another_epoch_is_unexpected)
{
	for (size_t i = 0; i < variant->count; i++) {
		struct plan plan = { .place = &variant->places[i], .deed = EPOCH };

		RUN(&plan);
		EXPECT_FAILED(self->pair, plan, HS_ALERT_UNEXPECTED_MESSAGE);
		pair_wipe(&self->pair);
	}
}

TEST_F(hostile, bytes_behind_the_end_of_a_flight_are_unexpected)
{
	for (size_t i = 0; i < variant->count; i++) {
		struct plan plan = { .place = &variant->places[i], .deed = TRAIL };

		RUN(&plan);
		EXPECT_FAILED(self->pair, plan, HS_ALERT_UNEXPECTED_MESSAGE);
		pair_wipe(&self->pair);
	}
}

TEST_F(hostile, no_flipped_bit_goes_unnoticed)
{
	for (size_t i = 0; i < variant->count; i++) {
		struct plan plan = { .place = &variant->places[i], .deed = FLIP };

		do {
			RUN(&plan);
			ASSERT_EQ(0, self->pair.client.dones & self->pair.server.dones)
				TH_LOG("%s, byte %zu", variant->places[i].name, plan.at);
			ASSERT_LE(self->pair.client.fails, 1);
			ASSERT_LE(self->pair.server.fails, 1);
			pair_wipe(&self->pair);
		} while (++plan.at < plan.len);
	}
}

TEST_F(hostile, a_wrong_finished_is_decrypt_error)
{
	for (size_t i = variant->count - 2; i < variant->count; i++) {
		struct plan plan = { .place = &variant->places[i], .deed = FLIP,
				     .at = HEADER };

		RUN(&plan);
		EXPECT_FAILED(self->pair, plan, HS_ALERT_DECRYPT_ERROR);
		pair_wipe(&self->pair);
	}
}

TEST_HARNESS_MAIN
