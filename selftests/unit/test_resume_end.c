// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) 2026 The tlsup authors
 *
 * An answer about a session may end its handshake: then all of that is gone at
 * once. The store, which answers later, is the test's own.
 */
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "config/config.h"
#include "config/policy.h"
#include "kselftest_harness.h"
#include "stats.h"
#include "store/blob.h"
#include "store/ticket.h"
#include "worker/resume.h"
#include "x509/x509.h"

static struct stats counters;
struct stats *stats = &counters;
static struct store_get *pending;

void store_get(struct store_port *port, struct store_get *get)
{
	pending = get;
}

void store_cancel(struct store_port *port, struct store_get *get)
{
	pending = NULL;
}

void store_put(struct store_port *port, const struct store_item *item)
{
}

void store_refused(struct store_port *port)
{
}

void store_tag(uint8_t tag[STORE_TAG_SIZE], const char *label, const void *data, size_t len)
{
	memset(tag, *label, STORE_TAG_SIZE);
}

uint64_t store_bucket(const void *data, size_t len)
{
	return len;
}

uint64_t x509_trust_loaded(const struct x509_trust *trust)
{
	return 0;
}

int x509_recheck(const struct x509_check *check, const struct hs_bytes *chain,
		 size_t chain_len, struct x509_failure *failure)
{
	return 0;
}

uint64_t x509_expires(const struct hs_bytes *chain, size_t chain_len)
{
	return UINT64_MAX;
}

static struct resume *resume;
static unsigned int answers;
static size_t answered;
static bool with_session;

/* As if the binder were wrong: the handshake fails, and its owner forgets it. */
static void end(void *owner, const struct hs_session *session, size_t index)
{
	answers++;
	answered = index;
	with_session = session;
	resume_destroy(resume);
	resume = NULL;
}

/* First an identity that the store looks for, then a ticket that opens. */
TEST(a_ticket_behind_a_miss_may_end_the_handshake)
{
	static const uint8_t secret[32] = { 1 };
	const struct hs_session session = {
		.by = HS_RESUMED_PSK, .version = 0x0304, .suite = 0x1301,
		.secret = { secret, sizeof(secret) },
		.server_name = { (const uint8_t *)"", 0 },
	};
	const struct ticket_options options = { .lifetime = 7200 };
	const struct policy policy = { .min_rsa_bits = 2048 };
	struct config_profile profile = {
		.name = "test",
		.policy = &policy,
		.resumption = { .on = true, .kind = CONFIG_TICKETS_SEALED,
				.lifetime = 7200 },
	};
	struct resume_env env = { .tickets = ticket_create(&options) };
	const struct resume_who who = {
		.env = &env, .profile = &profile, .role = HS_SERVER,
		.server_name = "", .sessions = true, .found = end,
	};
	uint8_t id[STORE_ID_SIZE] = { 2 }, copy[4096];
	struct hs_identity identities[3] = { { .name = { id, sizeof(id) } } };
	const struct hs_question question = {
		.ask = HS_ASK_SESSION, .version = 0x0304, .server_name = "",
		.by = HS_RESUMED_PSK, .identities = identities, .identities_len = 3,
	};
	struct hs_ticket ticket;

	ASSERT_TRUE(!!env.tickets);
	resume = resume_create(&who);
	ASSERT_TRUE(!!resume);
	resume_ticket(resume, &session, &ticket);
	ASSERT_TRUE(ticket.name.len && ticket.name.len <= sizeof(copy));
	memcpy(copy, ticket.name.data, ticket.name.len);
	for (int i = 1; i < 3; i++)
		identities[i] = (struct hs_identity){
			{ copy, ticket.name.len }, ticket.age_add };
	resume_ask(resume, &question);
	ASSERT_TRUE(!!pending);
	EXPECT_EQ(0, answers);
	pending->done(pending, STORE_UNKNOWN, NULL, 0);
	EXPECT_EQ(1, answers);
	EXPECT_EQ(1, answered);
	EXPECT_TRUE(with_session);
	ticket_destroy(env.tickets);
}

TEST_HARNESS_MAIN
