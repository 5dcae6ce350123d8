// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) 2026 The tlsup authors
 *
 * RFC 5246, 7.4.7.1: nobody may learn whether a premaster secret was good. The
 * server's path from its decryption to the keys runs under valgrind with the
 * secret marked as not initialized: valgrind reports each branch and each address
 * that depends on it. So no timing and no cache can tell.
 */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <valgrind/memcheck.h>

#include "kselftest_harness.h"
#include "pair.h"
#include "tls/hs_int.h"

static bool blinded;

/* With @poison the secret is out of bounds for every decision. */
static void poison(struct side *side, uint8_t *premaster)
{
	(void)side;
	VALGRIND_MAKE_MEM_UNDEFINED(premaster, HS_PREMASTER_SIZE);
	blinded = true;
}

/* Whether the Finished is right may be known: it ends the handshake or not. */
static void lift(struct side *side, bool sent, const char *message)
{
	if (side->role == HS_SERVER && !sent && !strcmp(message, "finished")) {
		VALGRIND_MAKE_MEM_DEFINED(&side->hs->ks12, sizeof(side->hs->ks12));
		VALGRIND_MAKE_MEM_DEFINED(side->keys, sizeof(side->keys));
	}
}

/** struct way - of the many that lead from the premaster to the keys */
struct way {
	uint16_t suite;
	bool ems;
	bool bad;
};

static unsigned long errors_on(const struct way *way, bool *agrees, bool *finished)
{
	unsigned long before = VALGRIND_COUNT_ERRORS;
	struct pair pair;

	pair_init(&pair);
	pair.credential = &pair_rsa_credential;
	pair.decrypted = poison;
	pair.trace = lift;
	pair.bad_premaster = way->bad;
	for (int i = 0; i < 2; i++) {
		struct hs_config *config = i ? &pair.client.config : &pair.server.config;

		config->min_version = TLS12;
		config->max_version = TLS12;
		config->suites = &way->suite;
		config->suites_len = 1;
		config->ems_required = way->ems;
	}
	blinded = false;
	pair_run(&pair);
	*agrees = pair_agrees(&pair);
	*finished = pair.server.fails && pair.server.failure.alert == HS_ALERT_DECRYPT_ERROR;
	pair_wipe(&pair);
	return VALGRIND_COUNT_ERRORS - before;
}

TEST(no_decision_depends_on_the_premaster)
{
	static const uint16_t suites[] = { 0x009c, 0x009d, 0x002f, 0x003d };

	if (!RUNNING_ON_VALGRIND)
		SKIP(return, "valgrind is not there");
	for (size_t i = 0; i < sizeof(suites) / sizeof(suites[0]); i++)
		for (int n = 0; n < 4; n++) {
			const struct way way = { suites[i], n & 1, n & 2 };
			bool agrees, finished;

			EXPECT_EQ(0, errors_on(&way, &agrees, &finished))
				TH_LOG("suite 0x%04x", suites[i]);
			ASSERT_TRUE(blinded);
			ASSERT_EQ(!way.bad, agrees);
			ASSERT_EQ(way.bad, finished);
		}
}

/* And valgrind would see one. */
TEST(a_decision_would_be_seen)
{
	unsigned long before = VALGRIND_COUNT_ERRORS;
	volatile uint8_t secret = 7;
	uint8_t copy;

	if (!RUNNING_ON_VALGRIND)
		SKIP(return, "valgrind is not there");
	VALGRIND_MAKE_MEM_UNDEFINED(&secret, 1);
	copy = secret;
	if (copy & 1)
		secret = 0;
	EXPECT_LT(before, VALGRIND_COUNT_ERRORS);
}

static __attribute__((constructor)) void run_under_valgrind(void)
{
	char self[4096];
	ssize_t n = readlink("/proc/self/exe", self, sizeof(self) - 1);

	if (RUNNING_ON_VALGRIND || n < 0)
		return;
	self[n] = '\0';
	execlp("valgrind", "valgrind", "-q", "--leak-check=no", "--undef-value-errors=yes",
	       "--log-file=/dev/null", self, NULL);
}

TEST_HARNESS_MAIN
