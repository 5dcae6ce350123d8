// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) 2026 The tlsup authors
 *
 * Whose a session is, is part of what it is found by: role, user and profile,
 * and the server's name. So nobody is offered, nor accepted with, what was made
 * under another of these. A network namespace has a daemon of its own.
 */
#include "worker/resume.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "crypto/cr_rand.h"
#include "lib/secret.h"
#include "lib/wire.h"
#include "stats.h"
#include "store/blob.h"
#include "tls/hs_ticket.h"
#include "x509/x509.h"

#define DAYS_7		604800
/* A clock that is off, a network that is slow: so far an age may differ. */
#define AGE_SLACK_MS	60000
#define TICKET_MAX	(STORE_DATA_MAX + TICKET_OVERHEAD)
#define SEAL_TICKET	"ticket"
#define SEAL_COOKIE	"cookie"

/**
 * struct resume - one handshake
 * @who: which
 * @identity: tag of role, user and profile
 * @get: the lookup under way, or the last
 * @asked: what the server asks for
 * @index: which of its identities is being looked up
 * @data: what was found
 * @data_len: its length
 * @blob: the same, read
 * @external: the profile's PSK as a session
 * @given: the engine has been given @blob
 * @ticket: the last that was made, or NULL; no secret
 */
struct resume {
	struct resume_who who;
	uint8_t identity[STORE_TAG_SIZE];
	struct store_get get;
	struct hs_question asked;
	size_t index;
	uint8_t *data;
	size_t data_len;
	struct blob blob;
	struct hs_session external;
	bool given;
	uint8_t *ticket;
};

static uint64_t now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

/**
 * resume_tag_identity - whose a session is
 * @role: of this side
 * @uid: who set it
 * @profile: its name
 * @tag: out
 */
void resume_tag_identity(enum hs_role role, uint32_t uid, const char *profile,
			 uint8_t tag[STORE_TAG_SIZE])
{
	uint8_t data[1 + 4 + CONFIG_NAME_MAX];
	struct wr wr;

	wr_init(&wr, data, sizeof(data));
	wr_u8(&wr, (uint8_t)role);
	wr_u32(&wr, uid);
	wr_bytes(&wr, profile, strlen(profile));
	store_tag(tag, "identity", data, wr.len);
}

/**
 * resume_tag_name - which server a session is for
 * @name: its name
 * @tag: out
 */
void resume_tag_name(const char *name, uint8_t tag[STORE_TAG_SIZE])
{
	store_tag(tag, "server name", name, strlen(name));
}

/**
 * resume_create - for one handshake
 * @who: copied
 *
 * Return: to be destroyed by resume_destroy(), or NULL.
 */
struct resume *resume_create(const struct resume_who *who)
{
	struct resume *resume = secret_alloc(sizeof(*resume));

	if (!resume)
		return NULL;
	resume->who = *who;
	resume_tag_identity(who->role, who->uid, who->profile->name, resume->identity);
	return resume;
}

static void forget_data(struct resume *resume)
{
	secret_free(resume->data, resume->data_len);
	resume->data = NULL;
	resume->data_len = 0;
}

/**
 * resume_destroy - forget it; a lookup under way is not answered any more
 * @resume: may be NULL
 */
void resume_destroy(struct resume *resume)
{
	if (!resume)
		return;
	store_cancel(resume->who.env->port, &resume->get);
	forget_data(resume);
	free(resume->ticket);
	secret_free(resume, sizeof(*resume));
}

/* A client finds by name what it has; a peer that can choose ids, cannot here. */
static void client_key(const struct resume *resume, struct store_key *key)
{
	uint8_t data[2 * STORE_TAG_SIZE];

	memcpy(key->identity, resume->identity, STORE_TAG_SIZE);
	resume_tag_name(resume->who.server_name, key->name);
	memcpy(data, key->identity, STORE_TAG_SIZE);
	memcpy(data + STORE_TAG_SIZE, key->name, STORE_TAG_SIZE);
	store_tag(key->id, "client 1", data, sizeof(data));
	store_tag(key->id + STORE_TAG_SIZE, "client 2", data, sizeof(data));
}

/* The chain once more, if authorities or revocations were loaded since. */
static bool check_chain(struct resume *resume)
{
	const struct x509_check check = {
		.trust = resume->who.profile->trust,
		.role = resume->who.role,
		.name = resume->who.server_name,
		.min_rsa_bits = resume->who.profile->policy->min_rsa_bits,
	};
	struct blob *blob = &resume->blob;
	struct x509_failure failure;

	if (!blob->session.chain_len || x509_trust_loaded(check.trust) < blob->verified)
		return true;
	if (x509_recheck(&check, blob->session.chain, blob->session.chain_len, &failure))
		return false;
	blob->verified = now_ms() / 1000;
	return true;
}

static bool check_age(const struct resume *resume)
{
	const struct blob *blob = &resume->blob;
	uint32_t told, real;

	if (blob->session.version != 0x0304 || resume->who.role == HS_CLIENT)
		return true;
	told = resume->asked.identities[resume->index].age - blob->age_add;
	real = (uint32_t)(now_ms() - blob->created);
	return told - real + AGE_SLACK_MS <= 2 * AGE_SLACK_MS;
}

/* @data holds what was found; is it fit to be used? */
static bool take_blob(struct resume *resume)
{
	struct blob *blob = &resume->blob;

	if (!blob_read(blob, resume->data, resume->data_len) ||
	    blob->expires <= now_ms() / 1000 || !check_age(resume) || !check_chain(resume))
		return false;
	resume->given = true;
	return true;
}

static bool hold(struct resume *resume, const uint8_t *data, size_t len)
{
	forget_data(resume);
	resume->data = secret_alloc(len);
	if (!resume->data)
		return false;
	resume->data_len = len;
	memcpy(resume->data, data, len);
	return true;
}

static void count(struct resume *resume, enum store_verdict verdict)
{
	(void)resume;
	stats_add(&stats->lookups[verdict], 1);
}

static void refuse(struct resume *resume)
{
	resume->given = false;
	count(resume, STORE_REFUSED);
	store_refused(resume->who.env->port);
}

static void try_next(struct resume *resume);

static void found_at_server(struct store_get *get, enum store_verdict verdict,
			    const uint8_t *data, size_t len)
{
	struct resume *resume = get->owner;

	count(resume, verdict);
	if (verdict == STORE_HIT && hold(resume, data, len)) {
		if (take_blob(resume)) {
			resume->who.found(resume->who.owner, &resume->blob.session,
					  resume->index);
			return;
		}
		refuse(resume);
	}
	resume->index++;
	try_next(resume);
}

static void look_up(struct resume *resume, struct hs_bytes name)
{
	struct store_get *get = &resume->get;

	memset(get, 0, sizeof(*get));
	memcpy(get->key.id, name.data, name.len);
	memcpy(get->key.identity, resume->identity, STORE_TAG_SIZE);
	resume_tag_name(resume->asked.server_name, get->key.name);
	get->single_use = resume->asked.by == HS_RESUMED_PSK;
	get->done = found_at_server;
	get->owner = resume;
	store_get(resume->who.env->port, get);
}

static enum store_verdict open_ticket(struct resume *resume, struct hs_bytes name)
{
	uint8_t tag[STORE_TAG_SIZE];
	bool good;

	if (name.len < TICKET_OVERHEAD || name.len > TICKET_MAX)
		return STORE_UNKNOWN;
	forget_data(resume);
	resume->data = secret_alloc(name.len);
	if (!resume->data)
		return STORE_UNKNOWN;
	resume->data_len = name.len;
	good = ticket_open(resume->who.env->tickets, SEAL_TICKET, name.data, name.len,
			   resume->data);
	if (!good)
		return STORE_UNKNOWN;
	/* The rest of it is not part of the blob. */
	resume->data_len -= TICKET_OVERHEAD;
	good = take_blob(resume) && resume->blob.with_key;
	resume->data_len += TICKET_OVERHEAD;
	if (!good)
		return resume->blob.expires <= now_ms() / 1000 ? STORE_EXPIRED :
								 STORE_REFUSED;
	resume_tag_name(resume->asked.server_name, tag);
	if (!secret_equal(resume->blob.key.identity, resume->identity, STORE_TAG_SIZE))
		return STORE_IDENTITY;
	return secret_equal(resume->blob.key.name, tag, STORE_TAG_SIZE) ? STORE_HIT :
									  STORE_NAME;
}

static bool is_external(struct resume *resume, struct hs_bytes name)
{
	const struct config_resumption *config = &resume->who.profile->resumption;

	return resume->asked.version == 0x0304 && resume->who.external &&
	       config->psk.len && name.len == strlen(config->psk_identity) &&
	       !memcmp(name.data, config->psk_identity, name.len);
}

/* Any PSK of any length goes with SHA-256 (RFC 9846, 4.2.11). */
static const struct hs_session *external(struct resume *resume)
{
	const struct config_resumption *config = &resume->who.profile->resumption;

	resume->external = (struct hs_session){
		.by = HS_EXTERNAL_PSK,
		.version = 0x0304,
		.suite = 0x1301,
		.name = { (const uint8_t *)config->psk_identity,
			  strlen(config->psk_identity) },
		.secret = { config->psk.data, config->psk.len },
	};
	return &resume->external;
}

/* True if the answer has been given, or will be. */
static bool try_one(struct resume *resume, struct hs_bytes name)
{
	enum store_verdict verdict;

	if (is_external(resume, name)) {
		resume->who.found(resume->who.owner, external(resume), resume->index);
		return true;
	}
	if (!resume->who.sessions)
		return false;
	if (name.len == STORE_ID_SIZE) {
		look_up(resume, name);
		return true;
	}
	verdict = open_ticket(resume, name);
	count(resume, verdict);
	resume->given = verdict == STORE_HIT;
	/* The answer may end the handshake, and with it @resume. */
	if (verdict == STORE_HIT)
		resume->who.found(resume->who.owner, &resume->blob.session, resume->index);
	return verdict == STORE_HIT;
}

static void try_next(struct resume *resume)
{
	for (; resume->index < resume->asked.identities_len; resume->index++)
		if (try_one(resume, resume->asked.identities[resume->index].name))
			return;
	resume->who.found(resume->who.owner, NULL, 0);
}

static void put(const struct resume_env *env, const struct blob *blob, uint64_t bucket,
		bool single_use)
{
	uint8_t data[STORE_DATA_MAX];
	struct store_item item = {
		.key = blob->key,
		.bucket = bucket,
		.expires = blob->expires,
		.single_use = single_use,
		.data = data,
	};
	struct blob bare = *blob;

	bare.with_key = false;
	item.len = blob_write(&bare, data, sizeof(data));
	if (item.len)
		store_put(env->port, &item);
	secret_wipe_bytes(data, item.len);
}

/* TLS 1.3: the ticket is gone from the store. TLS 1.2: it goes back there. */
static void found_at_client(struct store_get *get, enum store_verdict verdict,
			    const uint8_t *data, size_t len)
{
	struct resume *resume = get->owner;
	struct hs_session *session = &resume->blob.session;

	count(resume, verdict);
	if (verdict != STORE_HIT || !hold(resume, data, len) || !take_blob(resume)) {
		if (verdict == STORE_HIT)
			refuse(resume);
		resume->who.found(resume->who.owner, NULL, 0);
		return;
	}
	resume->blob.key = get->key;
	if (session->version == 0x0303)
		put(resume->who.env, &resume->blob, resume->who.bucket, true);
	session->age = (uint32_t)(now_ms() - resume->blob.created) + resume->blob.age_add;
	resume->who.found(resume->who.owner, session, 0);
}

static void ask_as_client(struct resume *resume)
{
	const struct config_resumption *config = &resume->who.profile->resumption;
	struct store_get *get = &resume->get;

	if (resume->who.external && config->psk.len) {
		resume->who.found(resume->who.owner, external(resume), 0);
		return;
	}
	/* Without a name there is nobody to be met again. */
	if (!resume->who.sessions || !*resume->who.server_name) {
		resume->who.found(resume->who.owner, NULL, 0);
		return;
	}
	memset(get, 0, sizeof(*get));
	client_key(resume, &get->key);
	get->single_use = true;
	get->done = found_at_client;
	get->owner = resume;
	store_get(resume->who.env->port, get);
}

/**
 * resume_ask - HS_ASK_SESSION
 * @resume: the handshake
 * @question: lives until it is answered, by @who.found
 */
void resume_ask(struct resume *resume, const struct hs_question *question)
{
	resume->asked = *question;
	resume->index = 0;
	if (resume->who.role == HS_SERVER)
		try_next(resume);
	else
		ask_as_client(resume);
}

static uint64_t least(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

/*
 * No longer than the profile says, than seven days after the full handshake, than
 * the certificates of the peer.
 */
static void set_times(struct resume *resume, struct blob *blob)
{
	const struct hs_session *session = &blob->session;
	uint64_t lifetime = resume->who.profile->resumption.lifetime;

	blob->created = now_ms();
	blob->authenticated = blob->created / 1000;
	blob->verified = blob->authenticated;
	if (resume->given) {
		blob->authenticated = resume->blob.authenticated;
		blob->verified = resume->blob.verified;
	}
	if (session->lifetime)
		lifetime = least(lifetime, session->lifetime);
	blob->expires = least(blob->created / 1000 + lifetime, blob->authenticated + DAYS_7);
	if (session->chain_len)
		blob->expires = least(blob->expires, x509_expires(session->chain,
								  session->chain_len));
}

static void describe(struct resume *resume, const struct hs_session *session,
		     struct blob *blob)
{
	char name[HS_NAME_MAX + 1] = "";

	memset(blob, 0, sizeof(*blob));
	blob->session = *session;
	blob->with_key = true;
	if (resume->who.role == HS_CLIENT) {
		client_key(resume, &blob->key);
		blob->session.server_name = (struct hs_bytes){ 0 };
	} else {
		if (session->server_name.len)
			memcpy(name, session->server_name.data, session->server_name.len);
		memcpy(blob->key.identity, resume->identity, STORE_TAG_SIZE);
		resume_tag_name(name, blob->key.name);
	}
	set_times(resume, blob);
}

/* A handshake that waits has no need of the longest that there can be. */
static bool hold_ticket(struct resume *resume, size_t len)
{
	free(resume->ticket);
	resume->ticket = malloc(len);
	return resume->ticket;
}

static size_t name_entry(struct resume *resume, struct blob *blob)
{
	if (!hold_ticket(resume, STORE_ID_SIZE))
		return 0;
	cr_random(blob->key.id, STORE_ID_SIZE);
	memcpy(resume->ticket, blob->key.id, STORE_ID_SIZE);
	put(resume->who.env, blob, resume->who.bucket, blob->session.version == 0x0304);
	return STORE_ID_SIZE;
}

static size_t seal_blob(struct resume *resume, const struct blob *blob)
{
	uint8_t data[STORE_DATA_MAX];
	size_t len = blob_write(blob, data, sizeof(data)), sealed = 0;

	if (len && hold_ticket(resume, len + TICKET_OVERHEAD))
		sealed = ticket_seal(resume->who.env->tickets, SEAL_TICKET, data, len,
				     resume->ticket);
	secret_wipe_bytes(data, len);
	return sealed;
}

/**
 * resume_ticket - HS_ASK_TICKET
 * @resume: a server's handshake
 * @session: what the ticket is to stand for
 * @ticket: filled; its name lives until the next call
 */
void resume_ticket(struct resume *resume, const struct hs_session *session,
		   struct hs_ticket *ticket)
{
	struct blob blob;

	memset(ticket, 0, sizeof(*ticket));
	describe(resume, session, &blob);
	if (blob.expires <= blob.created / 1000)
		return;
	cr_random((uint8_t *)&blob.age_add, sizeof(blob.age_add));
	ticket->lifetime = (uint32_t)(blob.expires - blob.created / 1000);
	ticket->age_add = blob.age_add;
	if (resume->who.profile->resumption.kind == CONFIG_TICKETS_STATEFUL)
		ticket->name.len = name_entry(resume, &blob);
	else
		ticket->name.len = seal_blob(resume, &blob);
	ticket->name.data = resume->ticket;
	stats_add(&stats->tickets_issued, 1);
}

/**
 * resume_done - the handshake has succeeded
 * @resume: the handshake
 * @result: what was negotiated
 */
void resume_done(struct resume *resume, const struct hs_result *result)
{
	struct blob blob;

	/* What the engine would not take after all. */
	if (resume->given && !result->resumed)
		refuse(resume);
	if (!result->session || !resume->who.sessions ||
	    (resume->who.role == HS_CLIENT && !*resume->who.server_name))
		return;
	describe(resume, result->session, &blob);
	if (resume->who.role == HS_SERVER) {
		memcpy(blob.key.id, result->session->name.data, result->session->name.len);
		blob.session.name = (struct hs_bytes){ 0 };
	} else {
		stats_add(&stats->tickets_taken, 1);
	}
	put(resume->who.env, &blob, resume->who.bucket, resume->who.role == HS_CLIENT);
}

static void dropped(struct store_get *get, enum store_verdict verdict,
		    const uint8_t *data, size_t len)
{
	(void)verdict;
	(void)data;
	(void)len;
	free(get);
}

/**
 * resume_failed - the handshake has failed: its session is dropped
 * @resume: the handshake
 *
 * RFC 5246, 7.2.2.
 */
void resume_failed(struct resume *resume)
{
	struct store_get *get;

	if (!resume->given || !resume->get.done)
		return;
	get = malloc(sizeof(*get));
	if (!get)
		return;
	*get = (struct store_get){
		.key = resume->get.key,
		.single_use = resume->get.single_use,
		.take = true,
		.done = dropped,
	};
	store_get(resume->who.env->port, get);
}

/**
 * resume_cookie - what a client needs for tickets that come later
 * @resume: a client's handshake, of TLS 1.3
 * @result: what was negotiated
 * @chain: the server's, as the kernel will bring it back
 * @chain_len: its length
 * @cookie: out
 *
 * Return: its length; 0: nothing is to be kept.
 */
size_t resume_cookie(struct resume *resume, const struct hs_result *result,
		     const uint8_t *chain, size_t chain_len,
		     uint8_t cookie[RESUME_COOKIE_MAX])
{
	uint8_t data[RESUME_COOKIE_MAX - TICKET_OVERHEAD];
	const struct hs_session session = {
		.by = HS_RESUMED_PSK,
		.version = 0x0304,
		.suite = result->suite,
		.client_authenticated = result->client_authenticated,
		.secret = result->resumption_secret,
		.alpn = result->alpn,
		.chain = result->chain,
		.chain_len = result->chain_len,
	};
	struct blob blob;
	size_t len;

	if (result->version != 0x0304 || result->resumed == HS_EXTERNAL_PSK ||
	    !resume->who.sessions || !*resume->who.server_name)
		return 0;
	describe(resume, &session, &blob);
	blob_digest(chain, chain_len, blob.digest);
	blob.session.chain_len = 0;
	len = blob_write(&blob, data, sizeof(data));
	if (!len)
		return 0;
	ticket_seal(resume->who.env->tickets, SEAL_COOKIE, data, len, cookie);
	secret_wipe_bytes(data, len);
	return len + TICKET_OVERHEAD;
}

static bool read_cookie(const struct resume_env *env, struct hs_bytes cookie,
			struct hs_bytes chain, uint8_t *data, struct blob *blob)
{
	return cookie.len >= TICKET_OVERHEAD && cookie.len <= RESUME_COOKIE_MAX &&
	       ticket_open(env->tickets, SEAL_COOKIE, cookie.data, cookie.len, data) &&
	       blob_read(blob, data, cookie.len - TICKET_OVERHEAD) && blob->with_key &&
	       blob_chain(blob, chain.data, chain.len);
}

/**
 * resume_keep - a ticket has come: keep the session that it stands for
 * @env: of the worker
 * @cookie: from resume_cookie()
 * @chain: from the kernel
 * @message: NewSessionTicket with its header
 *
 * Return: whether it was good for anything.
 */
bool resume_keep(const struct resume_env *env, struct hs_bytes cookie,
		 struct hs_bytes chain, struct hs_bytes message)
{
	uint8_t data[RESUME_COOKIE_MAX];
	struct hs_new_ticket ticket;
	struct secret psk = { 0 };
	struct blob blob;
	bool good;

	good = read_cookie(env, cookie, chain, data, &blob) &&
	       hs_ticket_parse(message.data, message.len, &ticket) &&
	       hs_ticket_psk(blob.session.suite, blob.session.secret, ticket.nonce, &psk);
	if (good) {
		memset(blob.digest, 0, sizeof(blob.digest));
		blob.session.secret = (struct hs_bytes){ psk.data, psk.len };
		blob.session.name = ticket.name;
		blob.created = now_ms();
		blob.expires = least(blob.expires, blob.created / 1000 + ticket.lifetime);
		blob.age_add = ticket.age_add;
		put(env, &blob, store_bucket(blob.key.identity, STORE_TAG_SIZE), true);
		stats_add(&stats->tickets_taken, 1);
	}
	secret_wipe(&psk);
	secret_wipe_bytes(data, sizeof(data));
	return good;
}
