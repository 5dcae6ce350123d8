// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) 2026 The tlsup authors
 *
 * The rules of resumption that go by certificates and time, for each kind of
 * session and either role, at a time of the test's choice.
 */
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <gnutls/gnutls.h>
/* The daemon's; there is one here, too. */
#include "worker/resume.h"

#include "kselftest_harness.h"
#include "stats.h"

#define DAY	86400
#define NAME	"localhost"
#define ID	"an id of a session, of 32 bytes.."

static time_t now;

time_t __real_time(time_t *t);
time_t __wrap_time(time_t *t);
time_t __wrap_time(time_t *t)
{
	if (t)
		*t = now;
	return now;
}

int __wrap_clock_gettime(clockid_t clock, struct timespec *ts);
int __wrap_clock_gettime(clockid_t clock, struct timespec *ts)
{
	(void)clock;
	*ts = (struct timespec){ .tv_sec = now };
	return 0;
}

static uint64_t test_now(void)
{
	return (uint64_t)now;
}

static __attribute__((constructor)) void make_certs(void)
{
	if (system(MAKE_CERTS " " CERTS) || !stats_init())
		abort();
	gnutls_global_set_time_function(__wrap_time);
	now = __real_time(NULL);
}

FIXTURE(rules)
{
	struct store *store;
	struct resume_env env;
	struct config_profile profile;
	gnutls_datum_t leaf;
	struct hs_bytes chain;
	struct resume *resume;
	uint8_t name[STORE_DATA_MAX];
	struct hs_identity identity;
	time_t began;
	bool found;
	uint32_t uid;
	const char *server_name;
	uint32_t skew;
};

FIXTURE_VARIANT(rules)
{
	enum hs_role role;
	uint16_t version;
	enum hs_resumption by;
	enum config_tickets kind;
};

FIXTURE_VARIANT_ADD(rules, client_id) { HS_CLIENT, 0x0303, HS_RESUMED_ID };
FIXTURE_VARIANT_ADD(rules, client_psk) { HS_CLIENT, 0x0304, HS_RESUMED_PSK };
FIXTURE_VARIANT_ADD(rules, server_id) {
	HS_SERVER, 0x0303, HS_RESUMED_ID, CONFIG_TICKETS_NONE
};
FIXTURE_VARIANT_ADD(rules, server_ticket) { HS_SERVER, 0x0303, HS_RESUMED_TICKET };
FIXTURE_VARIANT_ADD(rules, server_ticket_sealed) {
	HS_SERVER, 0x0303, HS_RESUMED_TICKET, CONFIG_TICKETS_SEALED
};
FIXTURE_VARIANT_ADD(rules, server_psk) { HS_SERVER, 0x0304, HS_RESUMED_PSK };
FIXTURE_VARIANT_ADD(rules, server_psk_sealed) {
	HS_SERVER, 0x0304, HS_RESUMED_PSK, CONFIG_TICKETS_SEALED
};

static const uint8_t secret[48] = "what both sides have kept of their handshake";

static void trust(FIXTURE_DATA(rules) *self, const char *crl)
{
	char error[X509_ERROR_MAX];

	x509_trust_free(self->profile.trust);
	self->profile.trust = x509_trust_load(CERTS "/ca.pem", &crl, !!crl, error);
	if (!self->profile.trust)
		abort();
}

/* The peer's certificate. */
static void peer(FIXTURE_DATA(rules) *self, const char *path)
{
	gnutls_datum_t pem;

	gnutls_free(self->leaf.data);
	if (gnutls_load_file(path, &pem) ||
	    gnutls_pem_base64_decode2("CERTIFICATE", &pem, &self->leaf))
		abort();
	gnutls_free(pem.data);
	self->chain = (struct hs_bytes){ self->leaf.data, self->leaf.size };
}

FIXTURE_SETUP(rules)
{
	const struct store_limits limits = { .now = test_now };
	const struct ticket_options options = {
		.period = TICKET_PERIOD_DEFAULT, .lifetime = CONFIG_LIFETIME_MAX,
		.now = test_now,
	};

	self->began = now;
	self->store = store_memory_create(&limits);
	self->env.port = store_open(self->store);
	self->env.tickets = ticket_create(&options);
	self->server_name = NAME;
	strcpy(self->profile.name, "default");
	self->profile.policy = policy_find("default");
	ASSERT_NE(NULL, self->profile.policy);
	self->profile.resumption = (struct config_resumption){
		.on = true, .kind = variant->kind, .tickets = 2,
		.lifetime = CONFIG_LIFETIME_MAX,
	};
	trust(self, NULL);
	peer(self, CERTS "/p256.pem");
}

FIXTURE_TEARDOWN(rules)
{
	resume_destroy(self->resume);
	gnutls_free(self->leaf.data);
	x509_trust_free(self->profile.trust);
	ticket_destroy(self->env.tickets);
	store_close(self->env.port);
	store_destroy(self->store);
	now = self->began;
}

static void on_found(void *owner, const struct hs_session *session, size_t index)
{
	FIXTURE_DATA(rules) *self = owner;

	(void)index;
	self->found = session;
}

static void begin(FIXTURE_DATA(rules) *self, enum hs_role role)
{
	const struct resume_who who = {
		.env = &self->env, .profile = &self->profile, .role = role,
		.uid = self->uid, .sessions = true,
		.server_name = role == HS_CLIENT ? self->server_name : "",
		.found = on_found, .owner = self,
	};

	resume_destroy(self->resume);
	self->resume = resume_create(&who);
	if (!self->resume)
		abort();
}

static void set_name(FIXTURE_DATA(rules) *self, struct hs_bytes name, uint32_t age)
{
	memcpy(self->name, name.data, name.len);
	self->identity.name = (struct hs_bytes){ self->name, name.len };
	self->identity.age = age;
}

/* A client's ticket of TLS 1.3 comes when its handshake is over. */
static void take_ticket(FIXTURE_DATA(rules) *self, const struct hs_session *session)
{
	static const uint8_t message[] = {
		4, 0, 0, 14, 0, 9, 0x3a, 0x80, 1, 2, 3, 4, 0, 0, 1, 't', 0, 0,
	};
	const struct hs_result result = {
		.version = 0x0304, .suite = session->suite, .server_name = NAME,
		.resumption_secret = session->secret, .alpn = session->alpn,
		.chain = session->chain, .chain_len = session->chain_len,
	};
	uint8_t cookie[RESUME_COOKIE_MAX], chain[4096] = {
		0, (uint8_t)(self->chain.len >> 8), (uint8_t)self->chain.len,
	};
	size_t len;

	memcpy(chain + 3, self->chain.data, self->chain.len);
	len = resume_cookie(self->resume, &result, chain, 3 + self->chain.len, cookie);
	if (!resume_keep(&self->env, (struct hs_bytes){ cookie, len },
			 (struct hs_bytes){ chain, 3 + self->chain.len },
			 (struct hs_bytes){ message, sizeof(message) }))
		abort();
}

/* The handshake is done: for how long its session is good; 0: that is not told. */
static uint32_t keep(FIXTURE_DATA(rules) *self, const FIXTURE_VARIANT(rules) *variant)
{
	struct hs_session session = {
		.by = variant->by, .version = variant->version,
		.suite = variant->version == 0x0303 ? 0xc02b : 0x1301, .ems = true,
		.client_authenticated = variant->role == HS_SERVER,
		.secret = { secret, variant->version == 0x0303 ? 48 : 32 },
		.server_name = { (const uint8_t *)NAME, strlen(NAME) },
		.chain = &self->chain, .chain_len = 1,
	};
	const struct hs_result result = {
		.version = variant->version, .session = &session, .server_name = NAME,
		.resumed = self->found ? variant->by : HS_RESUMED_NOT,
	};
	struct hs_ticket ticket = { .lifetime = 0 };

	if (variant->by != HS_RESUMED_ID && variant->role == HS_SERVER) {
		resume_ticket(self->resume, &session, &ticket);
		set_name(self, ticket.name, ticket.age_add);
		return ticket.lifetime;
	}
	if (variant->version == 0x0304) {
		take_ticket(self, &session);
		return 0;
	}
	session.name = (struct hs_bytes){ (const uint8_t *)ID, STORE_ID_SIZE };
	set_name(self, session.name, 0);
	resume_done(self->resume, &result);
	return 0;
}

/* A new handshake: does it get the session? */
static bool resumes(FIXTURE_DATA(rules) *self, const FIXTURE_VARIANT(rules) *variant)
{
	struct hs_identity identity = self->identity;
	const struct hs_question question = {
		.ask = HS_ASK_SESSION, .version = variant->version,
		.server_name = self->server_name, .by = variant->by, .identities = &identity, .identities_len = 1,
	};

	identity.age += (uint32_t)(now - self->began) * 1000 + self->skew;
	self->found = false;
	begin(self, variant->role);
	resume_ask(self->resume, &question);
	return self->found;
}

static void first(FIXTURE_DATA(rules) *self, const FIXTURE_VARIANT(rules) *variant)
{
	self->began = now;
	self->found = false;
	store_flush(self->env.port, STORE_FLUSH_ALL, NULL);
	begin(self, variant->role);
	keep(self, variant);
}

static uint64_t refused(void)
{
	return stats_get(&stats->lookups[STORE_REFUSED]);
}

TEST_F(rules, a_certificate_revoked_since_ends_its_sessions)
{
	uint64_t before = refused();

	peer(self, CERTS "/revoked.pem");
	first(self, variant);
	EXPECT_TRUE(resumes(self, variant));
	first(self, variant);
	now += 10;
	trust(self, CERTS "/ca.crl.pem");
	EXPECT_FALSE(resumes(self, variant));
	EXPECT_EQ(before + 1, refused());
}

TEST_F(rules, a_list_that_names_others_ends_nothing)
{
	first(self, variant);
	now += 10;
	trust(self, CERTS "/ca.crl.pem");
	EXPECT_TRUE(resumes(self, variant));
}

TEST_F(rules, an_authority_trusted_no_more_ends_its_sessions)
{
	char error[X509_ERROR_MAX];

	first(self, variant);
	now += 10;
	x509_trust_free(self->profile.trust);
	self->profile.trust = x509_trust_load(CERTS "/other-ca.pem", NULL, 0, error);
	EXPECT_FALSE(resumes(self, variant));
}

TEST_F(rules, no_session_outlives_the_certificate)
{
	time_t end = (time_t)x509_expires(&self->chain, 1);
	time_t real = now;

	now = end - 1000;
	self->began = now;
	begin(self, variant->role);
	EXPECT_GE(1000, keep(self, variant));
	now = end - 1;
	EXPECT_TRUE(resumes(self, variant));
	now = end - 1000;
	first(self, variant);
	now = end;
	EXPECT_FALSE(resumes(self, variant));
	self->began = real;
}

TEST_F(rules, none_lives_for_more_than_seven_days)
{
	time_t real = now;

	self->profile.resumption.lifetime = 30 * DAY;
	first(self, variant);
	now += 7 * DAY - 1;
	EXPECT_TRUE(resumes(self, variant));
	now = real;
	first(self, variant);
	now += 7 * DAY;
	EXPECT_FALSE(resumes(self, variant));
	self->began = real;
}

/* Resumed every few days, it would go on for ever. */
TEST_F(rules, seven_days_are_counted_from_the_full_handshake)
{
	time_t real = now;

	first(self, variant);
	now += 6 * DAY;
	ASSERT_TRUE(resumes(self, variant));
	self->began = now;
	EXPECT_GE(DAY, keep(self, variant));
	now += DAY;
	EXPECT_FALSE(resumes(self, variant));
	self->began = real;
}

/* But for tickets that hold it themselves, which nobody can call back. */
TEST_F(rules, a_handshake_that_fails_drops_the_session)
{
	bool again = variant->version == 0x0303 || variant->kind == CONFIG_TICKETS_SEALED;

	first(self, variant);
	ASSERT_TRUE(resumes(self, variant));
	EXPECT_EQ(again, resumes(self, variant));
	first(self, variant);
	ASSERT_TRUE(resumes(self, variant));
	resume_failed(self->resume);
	EXPECT_EQ(variant->kind == CONFIG_TICKETS_SEALED, resumes(self, variant));
}

/* A session is its user's, its profile's, and for its server's name. */
TEST_F(rules, nobody_else_has_a_use_for_it)
{
	first(self, variant);
	self->uid = 1000;
	EXPECT_FALSE(resumes(self, variant));
	self->uid = 0;
	strcpy(self->profile.name, "other");
	EXPECT_FALSE(resumes(self, variant));
	strcpy(self->profile.name, "default");
	self->server_name = "www.example.org";
	EXPECT_FALSE(resumes(self, variant));
	self->server_name = NAME;
	EXPECT_TRUE(resumes(self, variant));
}

/* RFC 9846, 4.2.11.1: what a client tells, against what we know; a minute is slack. */
TEST_F(rules, a_ticket_of_another_age_is_a_replay)
{
	bool told = variant->version == 0x0304 && variant->role == HS_SERVER;

	for (int late = 0; late < 2; late++) {
		first(self, variant);
		self->skew = late ? 59000U : -59000U;
		EXPECT_TRUE(resumes(self, variant));
		first(self, variant);
		self->skew = late ? 61000U : -61000U;
		EXPECT_EQ(!told, resumes(self, variant));
	}
}

/* Whatever is changed, it is nothing that we know; and never a failure. */
TEST_F(rules, a_name_that_was_tampered_with_is_unknown)
{
	/* A client finds what it has by the server's name. */
	if (variant->role == HS_CLIENT)
		return;
	first(self, variant);
	for (size_t i = 0; i < self->identity.name.len; i += 1 + i / 8) {
		self->name[i] ^= 1;
		EXPECT_FALSE(resumes(self, variant));
		self->name[i] ^= 1;
	}
	for (size_t len = self->identity.name.len; len--;) {
		const struct hs_bytes whole = self->identity.name;

		self->identity.name.len = len;
		EXPECT_FALSE(resumes(self, variant));
		self->identity.name = whole;
	}
	EXPECT_TRUE(resumes(self, variant));
}

TEST_HARNESS_MAIN
