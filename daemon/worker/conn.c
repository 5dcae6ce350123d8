// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) 2026 The tlsup authors
 *
 * What the engine gives out between two events is collected in one answer,
 * which goes to the kernel when the engine has come to a stop.
 */
#include "worker/conn.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "crypto/cr_hash.h"
#include "crypto/cr_rand.h"
#include "lib/secret.h"
#include "lib/wire.h"
#include "log.h"
#include "stats.h"
#include "tls/hs.h"
#include "tls/suite.h"
#include "x509/x509.h"

#define EXE_MAX		256
#define PEER_MAX	(INET6_ADDRSTRLEN + 8)
#define KEYLOG_LINE	256
#define IPV4_NETWORK	3	/* bytes */

/* The engine's bytes in the kernel's face. */
#define BYTES(bytes)	{ (bytes).data, (bytes).len }

/**
 * struct conn - a handshake in progress
 * @env: shared, not owned
 * @id: the kernel's
 * @config: what the engine may negotiate
 * @profile: the administrator's
 * @hs: the engine
 * @answer: to the event that is being worked on
 * @request: to the signer
 * @resume: its session
 * @busy: within conn_start() or conn_record()
 * @failure: why the peer's certificate was refused
 * @server_name: a client's: to be verified
 * @alpn: of application or profile
 * @pid: who asked, for the log
 * @uid: who asked
 * @gid: who asked
 * @cgroup_id: who asked
 * @exe: who asked
 * @peer: the other side's address and port, for the log
 * @role: of this side
 * @over: the last answer has been sent, or could not be
 * @began_us: when its first event came
 */
struct conn {
	const struct conn_env *env;
	uint64_t id;
	struct hs_config config;
	const struct config_profile *profile;
	struct hs *hs;
	struct kern_answer answer;
	struct signer_request request;
	struct resume *resume;
	bool busy;
	struct x509_failure failure;
	char server_name[HS_NAME_MAX + 1];
	uint8_t alpn[CONFIG_ALPN_MAX];
	uint32_t pid;
	uint32_t uid;
	uint32_t gid;
	uint64_t cgroup_id;
	char exe[EXE_MAX];
	char peer[PEER_MAX];
	enum hs_role role;
	bool over;
	uint64_t began_us;
};

static const char *role_name(const struct conn *conn)
{
	return conn->role == HS_CLIENT ? "client" : "server";
}

static void log_failure(const struct conn *conn, const char *profile,
			const char *name, const char *reason, const char *section)
{
	log_info("%s handshake failed: pid %u uid %u exe %s peer %s profile %s name %s: %s%s%s%s",
		 role_name(conn), conn->pid, conn->uid, conn->exe, conn->peer, profile,
		 *name ? name : "-", reason, *section ? " (" : "", section,
		 *section ? ")" : "");
}

static void commit(struct conn *conn)
{
	int err = kern_answer_commit(conn->env->kern, &conn->answer);

	if (!err)
		return;
	/* Too long, or short of memory: then at least the kernel is told. */
	log_error("connection %llu: an answer could not be sent: %s",
		  (unsigned long long)conn->id, strerror(-err));
	kern_answer_begin(conn->env->kern, &conn->answer, conn->id, 0);
	kern_answer_fail(&conn->answer, ENOBUFS, HS_ALERT_INTERNAL_ERROR,
			 "the daemon's answer does not fit");
	kern_answer_commit(conn->env->kern, &conn->answer);
	conn->over = true;
}

static void on_send(void *owner, enum hs_content type, const uint8_t *data,
		    size_t len)
{
	struct conn *conn = owner;

	kern_answer_send(&conn->answer, (uint8_t)type, data, len);
}

/* The ciphers in the words of the kernel. */
static const enum tlsup_cipher ciphers[] = {
	[CIPHER_AES_128_GCM] = TLSUP_CIPHER_AES_GCM_128,
	[CIPHER_AES_256_GCM] = TLSUP_CIPHER_AES_GCM_256,
	[CIPHER_CHACHA20_POLY1305] = TLSUP_CIPHER_CHACHA20_POLY1305,
	[CIPHER_AES_128_CCM] = TLSUP_CIPHER_AES_CCM_128,
	[CIPHER_AES_256_CCM] = TLSUP_CIPHER_AES_CCM_256,
	[CIPHER_AES_128_CCM_8] = TLSUP_CIPHER_AES_CCM_8_128,
	[CIPHER_AES_256_CCM_8] = TLSUP_CIPHER_AES_CCM_8_256,
	[CIPHER_AES_128_CBC_SHA] = TLSUP_CIPHER_AES_CBC_128_SHA1,
	[CIPHER_AES_256_CBC_SHA] = TLSUP_CIPHER_AES_CBC_256_SHA1,
	[CIPHER_AES_128_CBC_SHA256] = TLSUP_CIPHER_AES_CBC_128_SHA256,
	[CIPHER_AES_256_CBC_SHA256] = TLSUP_CIPHER_AES_CBC_256_SHA256,
	[CIPHER_AES_256_CBC_SHA384] = TLSUP_CIPHER_AES_CBC_256_SHA384,
};

static enum tlsup_hash kern_hash(const struct suite *suite)
{
	return suite->hash == &cr_sha384 ? TLSUP_HASH_SHA384 : TLSUP_HASH_SHA256;
}

static void on_keys(void *owner, const struct hs_keys *keys)
{
	const struct suite *suite = suite_find(keys->suite);
	struct conn *conn = owner;
	const struct kern_keys kern_keys = {
		.direction = keys->direction == HS_TX ?
			     TLSUP_DIRECTION_TX : TLSUP_DIRECTION_RX,
		.epoch = keys->epoch == HS_EPOCH_HANDSHAKE ?
			 TLSUP_EPOCH_HANDSHAKE : TLSUP_EPOCH_APPLICATION,
		.version = keys->version,
		.cipher = ciphers[suite->cipher],
		.hash = kern_hash(suite),
		.secret = BYTES(keys->secret),
		.key = BYTES(keys->key),
		.iv = BYTES(keys->iv),
		.mac_secret = BYTES(keys->mac),
		.encrypt_then_mac = keys->etm,
	};

	kern_answer_keys(&conn->answer, &kern_keys);
}

static void on_next(void *owner, const struct hs_next *next)
{
	struct conn *conn = owner;

	kern_answer_next(&conn->answer, next->skip, next->version);
	commit(conn);
}

static void ask_credential(struct conn *conn, const struct hs_question *question)
{
	hs_answer_credential(conn->hs, x509_choose(conn->profile->credentials,
						   conn->profile->credentials_len,
						   conn->role, question));
}

/* The signer has spoken, and with that the handshake may have come to its end. */
static void on_signature(void *owner, const uint8_t *signature, size_t len)
{
	struct conn *conn = owner;

	hs_answer_sign(conn->hs, signature, len);
	if (conn->over)
		conn->env->over(conn->env->owner, conn->id);
}

static void on_premaster(void *owner, const uint8_t *premaster, size_t len)
{
	uint8_t other[X509_PREMASTER_SIZE] = { 0 };
	struct conn *conn = owner;

	/* It always says something, unless it breaks. */
	if (len != X509_PREMASTER_SIZE)
		cr_random(other, sizeof(other));
	hs_answer_decrypt(conn->hs, len == X509_PREMASTER_SIZE ? premaster : other);
	secret_wipe_bytes(other, sizeof(other));
	if (conn->over)
		conn->env->over(conn->env->owner, conn->id);
}

static void ask_signer(struct conn *conn, const struct hs_question *question)
{
	bool sign = question->ask == HS_ASK_SIGN;

	conn->request.wish = sign ? SIGNER_SIGN : SIGNER_DECRYPT;
	conn->request.key = x509_credential_handle(question->credential);
	conn->request.scheme = question->scheme;
	conn->request.content = question->content;
	conn->request.done = sign ? on_signature : on_premaster;
	conn->request.owner = conn;
	signer_port_ask(conn->env->signer, &conn->request);
}

static void ask_verify(struct conn *conn, const struct hs_question *question)
{
	const struct x509_check check = {
		.trust = conn->profile->trust,
		.role = conn->role,
		.name = conn->server_name,
		.min_rsa_bits = conn->profile->policy->min_rsa_bits,
	};
	int err = x509_verify(&check, question, &conn->failure);

	hs_answer_verify(conn->hs, err ? &conn->failure.hs : NULL);
}

static void ask_encrypt(struct conn *conn, const struct hs_question *question)
{
	uint8_t ciphertext[HS_SIGNATURE_MAX];
	size_t len;

	len = x509_encrypt(question, ciphertext, sizeof(ciphertext));
	hs_answer_encrypt(conn->hs, ciphertext, len);
}

static void on_session(void *owner, const struct hs_session *session, size_t index)
{
	struct conn *conn = owner;

	hs_answer_session(conn->hs, session, index);
	if (conn->over && !conn->busy)
		conn->env->over(conn->env->owner, conn->id);
}

static void ask_ticket(struct conn *conn, const struct hs_question *question)
{
	struct hs_ticket ticket;

	resume_ticket(conn->resume, question->session, &ticket);
	hs_answer_ticket(conn->hs, &ticket);
}

/* What needs a private key or the store is answered later, the rest at once. */
static void on_ask(void *owner, const struct hs_question *question)
{
	struct conn *conn = owner;

	switch (question->ask) {
	case HS_ASK_CREDENTIAL:
		ask_credential(conn, question);
		break;
	case HS_ASK_SIGN:
	case HS_ASK_DECRYPT:
		ask_signer(conn, question);
		break;
	case HS_ASK_VERIFY:
		ask_verify(conn, question);
		break;
	case HS_ASK_ENCRYPT:
		ask_encrypt(conn, question);
		break;
	case HS_ASK_SESSION:
		resume_ask(conn->resume, question);
		break;
	case HS_ASK_TICKET:
		ask_ticket(conn, question);
		break;
	}
}

/* The chain in the form of the netlink attribute; the length, 0 if none. */
static size_t pack_chain(const struct hs_result *result, uint8_t *buffer)
{
	struct wr wr;

	wr_init(&wr, buffer, TLSUP_CHAIN_MAX);
	for (size_t i = 0; i < result->chain_len; i++) {
		wr_u24(&wr, (uint32_t)result->chain[i].len);
		wr_bytes(&wr, result->chain[i].data, result->chain[i].len);
	}
	return wr.failed ? 0 : wr.len;
}

/* The last line of a trace: what all the messages have led to. */
static void trace_done(const struct conn *conn, const struct hs_result *result)
{
	const char *how = result->resumed == HS_EXTERNAL_PSK ? "a pre-shared key" :
			  result->resumed ? "the session that is resumed" :
			  result->signature_scheme ?
			  hs_scheme_name(result->signature_scheme) : "its RSA key exchange";

	log_info("connection %llu: %s has finished, application_data from here on: %s, server authenticated by %s, client %s",
		 (unsigned long long)conn->id, role_name(conn),
		 hs_suite_name(result->suite), how,
		 result->client_authenticated ? "authenticated by its certificate" :
						"not authenticated");
}

static void on_done(void *owner, const struct hs_result *result)
{
	struct conn *conn = owner;
	uint8_t chain[TLSUP_CHAIN_MAX], cookie[RESUME_COOKIE_MAX];
	struct kern_done done = {
		.version = result->version,
		.suite = result->suite,
		.group = result->group,
		.signature_scheme = result->signature_scheme,
		.client_authenticated = result->client_authenticated,
		.accept_truncation = conn->profile->accept_truncation,
		.alpn = result->alpn.data,
		.alpn_len = result->alpn.len,
		.exporter = BYTES(result->exporter_secret),
		.exporter_hash = kern_hash(suite_find(result->suite)),
		.randoms = BYTES(result->randoms),
		.record_size_limit = result->record_size_limit,
		.own_record_size_limit = result->own_record_size_limit,
		.chain = chain,
		.resumed = (uint8_t)result->resumed,
		.cookie = cookie,
	};

	_Static_assert(CONFIG_MESSAGE_MAX <= TLSUP_CHAIN_MAX, "a chain fits");
	_Static_assert(HS_MESSAGE_MAX_CLIENT <= TLSUP_CHAIN_MAX, "a chain fits");
	_Static_assert(CONFIG_WINDOW_MAX <= TLSUP_WINDOW_MAX, "a window is legal");
	_Static_assert(CONFIG_NAME_MAX == TLSUP_PROFILE_MAX, "a name is legal");
	done.chain_len = pack_chain(result, chain);
	if (conn->role == HS_SERVER)
		done.server_name = result->server_name;
	else if (conn->config.sessions)
		done.cookie_len = resume_cookie(conn->resume, result, chain,
						done.chain_len, cookie);
	if (conn->config.sessions)
		resume_done(conn->resume, result);
	if (log_traces())
		trace_done(conn, result);
	kern_answer_done(&conn->answer, &done);
	conn->over = true;
	commit(conn);
	stats_done(&(struct stats_handshake){
		.server = conn->role == HS_SERVER,
		.version = result->version,
		.suite = result->suite,
		.resumed = result->resumed && result->resumed != HS_EXTERNAL_PSK,
		.microseconds = stats_now_us() - conn->began_us,
	});
	log_debug("%s handshake done: pid %u uid %u exe %s profile %s name %s suite %s",
		  role_name(conn), conn->pid, conn->uid, conn->exe,
		  conn->profile->name,
		  conn->role == HS_SERVER ? result->server_name : conn->server_name,
		  hs_suite_name(result->suite));
}

static void on_fail(void *owner, const struct hs_failure *failure)
{
	struct conn *conn = owner;

	log_failure(conn, conn->profile->name, conn->server_name, failure->reason,
		    failure->reason == conn->failure.reason ? conn->failure.section :
							      hs_section(conn->hs));
	stats_failed((uint32_t)failure->error);
	if (conn->config.sessions)
		resume_failed(conn->resume);
	kern_answer_fail(&conn->answer, (uint32_t)failure->error, failure->alert,
			 failure->reason);
	conn->over = true;
	commit(conn);
}

static void on_trace(void *owner, bool sent, const char *message, const char *detail)
{
	struct conn *conn = owner;

	log_info("connection %llu: %s %s %s%s%s", (unsigned long long)conn->id,
		 role_name(conn), sent ? "sends" : "receives", message,
		 *detail ? ": " : "", detail);
}

static size_t put_hex(char *to, const uint8_t *data, size_t len)
{
	static const char digits[] = "0123456789abcdef";

	for (size_t i = 0; i < len; i++) {
		to[2 * i] = digits[data[i] >> 4];
		to[2 * i + 1] = digits[data[i] & 15];
	}
	return 2 * len;
}

/* One line, one write: lines of several workers do not mix. */
static void on_keylog(void *owner, const char *label, const uint8_t *client_random,
		      const uint8_t *secret, size_t len)
{
	struct conn *conn = owner;
	char line[KEYLOG_LINE];
	size_t n = strlen(label);

	memcpy(line, label, n);
	line[n++] = ' ';
	n += put_hex(line + n, client_random, 32);
	line[n++] = ' ';
	n += put_hex(line + n, secret, len);
	line[n++] = '\n';
	if (write(conn->env->keylog, line, n) < 0)
		log_warning("the key log could not be written: %s", strerror(errno));
	secret_wipe_bytes(line, sizeof(line));
}

#define OPS \
	.send = on_send, \
	.keys = on_keys, \
	.next = on_next, \
	.ask = on_ask, \
	.done = on_done, \
	.fail = on_fail

/* By tracing and key log: both are absent unless they are wanted. */
static const struct hs_ops ops[2][2] = {
	{ { OPS }, { OPS, .keylog = on_keylog } },
	{ { OPS, .trace = on_trace },
	  { OPS, .trace = on_trace, .keylog = on_keylog } },
};

static bool is_address(const char *name)
{
	unsigned char address[sizeof(struct in6_addr)];

	return inet_pton(AF_INET, name, address) == 1 ||
	       inet_pton(AF_INET6, name, address) == 1;
}

/* The application's list of protocols goes before the profile's. */
static void set_alpn(struct conn *conn, const struct kern_event *event)
{
	const uint8_t *data = conn->profile->alpn;
	size_t len = conn->profile->alpn_len;

	if (event->alpn_len && event->alpn_len <= sizeof(conn->alpn)) {
		data = event->alpn;
		len = event->alpn_len;
	}
	memcpy(conn->alpn, data, len);
	conn->config.alpn = (struct hs_bytes){ conn->alpn, len };
}

/* An application may demand more than its profile, never less. */
static void set_client_auth(struct conn *conn, const struct kern_event *event)
{
	const struct config_profile *profile = conn->profile;

	conn->config.client_auth = profile->client_auth;
	if (event->flags & TLSUP_FLAG_REQUIRE_PEER_CERT && profile->trust_file)
		conn->config.client_auth = HS_CLIENT_AUTH_REQUIRE;
	if (profile->trust_file)
		conn->config.authorities = x509_trust_authorities(profile->trust);
}

/* Whose share of the store: a network that one party is likely to have. */
static uint64_t network_of(const struct kern_event *event)
{
	return store_bucket(event->peer_address, event->peer_address_len == 4 ?
			    IPV4_NETWORK : event->peer_address_len / 2);
}

/* Without resumption an external PSK still counts: it resumes nothing. */
static void set_resumption(struct conn *conn, const struct kern_event *event)
{
	const struct config_resumption *resumption = &conn->profile->resumption;
	bool sessions = resumption->on && !(event->flags & TLSUP_FLAG_NO_RESUMPTION);

	conn->config.sessions = sessions || resumption->psk.len;
	conn->config.session_ticket = sessions && resumption->kind != CONFIG_TICKETS_NONE;
	conn->config.tickets = sessions ? resumption->tickets : 0;
	conn->config.psk_ke = resumption->psk_ke;
}

static bool create_resume(struct conn *conn, const struct kern_event *event)
{
	const struct resume_who who = {
		.env = &conn->env->resume,
		.profile = conn->profile,
		.role = conn->role,
		.uid = conn->uid,
		.server_name = conn->server_name,
		.bucket = network_of(event),
		/* A key that was given to both is no certificate. */
		.external = !(event->flags & TLSUP_FLAG_REQUIRE_PEER_CERT),
		.sessions = conn->profile->resumption.on &&
			    !(event->flags & TLSUP_FLAG_NO_RESUMPTION),
		.found = on_session,
		.owner = conn,
	};

	conn->resume = resume_create(&who);
	return conn->resume;
}

static void set_config(struct conn *conn, const struct kern_event *event)
{
	const struct config_profile *profile = conn->profile;

	conn->config.min_version = profile->min_version;
	conn->config.max_version = profile->max_version;
	conn->config.ems_required = profile->policy->ems_required;
	conn->config.etm_required = !profile->policy->mac_then_encrypt;
	conn->config.aead_only = !event->cbc;
	if (event->flags & TLSUP_FLAG_TLS13_ONLY)
		conn->config.min_version = 0x0304;
	conn->config.suites = profile->suites;
	conn->config.suites_len = profile->suites_len;
	conn->config.groups = profile->groups;
	conn->config.groups_len = profile->groups_len;
	conn->config.schemes = profile->schemes;
	conn->config.schemes_len = profile->schemes_len;
	conn->config.message_max = profile->message_max;
	conn->config.record_size_limit = profile->record_size_limit;
	conn->config.compression = profile->compression;
	conn->config.compression_len = profile->compression_len;
	conn->config.cookie = profile->retry_cookie;
	conn->config.ocsp = conn->role == HS_CLIENT;
	set_client_auth(conn, event);
	set_alpn(conn, event);
	set_resumption(conn, event);
	/* An address is no server_name (RFC 6066, 3). */
	if (conn->role == HS_CLIENT && *conn->server_name &&
	    !is_address(conn->server_name))
		conn->config.server_name = conn->server_name;
}

static void set_peer(struct conn *conn, const struct kern_event *event)
{
	bool six = event->peer_address_len == sizeof(struct in6_addr);
	char address[INET6_ADDRSTRLEN];

	if (event->peer_address_len != sizeof(struct in_addr) && !six)
		snprintf(conn->peer, sizeof(conn->peer), "-");
	else if (inet_ntop(six ? AF_INET6 : AF_INET, event->peer_address, address, sizeof(address)))
		snprintf(conn->peer, sizeof(conn->peer), six ? "[%s]:%u" : "%s:%u", address,
			 event->peer_port);
}

/**
 * conn_create - begin a handshake
 * @env: shared; outlives the handshake
 * @event: KERN_START
 *
 * Return: the handshake, or NULL without memory.
 */
struct conn *conn_create(const struct conn_env *env, const struct kern_event *event)
{
	struct conn *conn = secret_alloc(sizeof(*conn));

	if (!conn)
		return NULL;
	conn->env = env;
	conn->id = event->conn_id;
	conn->began_us = stats_now_us();
	conn->role = event->role == HS_CLIENT ? HS_CLIENT : HS_SERVER;
	conn->pid = event->pid;
	conn->uid = event->uid;
	conn->gid = event->gid;
	conn->cgroup_id = event->cgroup_id;
	snprintf(conn->exe, sizeof(conn->exe), "%s", event->exe);
	set_peer(conn, event);
	snprintf(conn->server_name, sizeof(conn->server_name), "%s",
		 event->server_name);
	kern_answer_init(&conn->answer);
	conn->profile = config_find_profile(env->config, event->profile);
	if (!conn->profile)
		return conn;
	set_config(conn, event);
	if (create_resume(conn, event))
		conn->hs = hs_create(conn->role, &conn->config,
			     &ops[log_traces()][env->keylog >= 0], conn);
	if (conn->hs)
		return conn;
	conn_destroy(conn);
	return NULL;
}

/**
 * conn_destroy - end a handshake; all its secrets are wiped
 * @conn: may be NULL
 */
void conn_destroy(struct conn *conn)
{
	if (!conn)
		return;
	signer_port_cancel(conn->env->signer, &conn->request);
	hs_destroy(conn->hs);
	resume_destroy(conn->resume);
	kern_answer_drop(&conn->answer);
	secret_free(conn, sizeof(*conn));
}

static bool in_cgroup(void *owner, uint64_t cgroup_id, const struct access_paths *paths)
{
	const struct conn *conn = owner;

	(void)paths;
	return conn->env->in_cgroup(conn->env->owner, cgroup_id, conn->profile);
}

static bool is_allowed(const struct conn *conn)
{
	const struct access_who who = {
		.uid = conn->uid,
		.gid = conn->gid,
		.cgroup_id = conn->cgroup_id,
		.exe = conn->exe,
	};

	return access_allows(&conn->profile->access, &who, in_cgroup,
			     (void *)(uintptr_t)conn);
}

static void refuse(struct conn *conn, uint32_t error, const char *profile,
		   const char *reason)
{
	log_failure(conn, profile, conn->server_name, reason, "");
	stats_failed(error);
	kern_answer_fail(&conn->answer, error, conn->role == HS_SERVER ?
			 HS_ALERT_HANDSHAKE_FAILURE : -1, reason);
	conn->over = true;
	commit(conn);
}

static void feed(struct conn *conn, const struct kern_event *event)
{
	hs_record(conn->hs, (enum hs_epoch)event->rx_epoch,
		  (enum hs_content)event->content_type, event->payload,
		  event->payload_len);
}

/**
 * conn_start - the first event
 * @conn: new
 * @event: KERN_START
 *
 * Return: whether the handshake goes on; if not it is to be destroyed.
 */
bool conn_start(struct conn *conn, const struct kern_event *event)
{
	conn->busy = true;
	kern_answer_begin(conn->env->kern, &conn->answer, conn->id,
			  event->rx_epoch);
	if (!conn->profile)
		refuse(conn, ENOKEY, event->profile, "no such profile");
	else if (!is_allowed(conn))
		refuse(conn, EACCES, event->profile,
		       "the profile is not for this user, group, control group or program");
	else if (conn->role == HS_SERVER && !conn->profile->credentials_len &&
		 !conn->profile->resumption.psk.len)
		refuse(conn, ENOKEY, event->profile, "the profile has no certificate");
	else if (conn->role == HS_SERVER &&
		 event->flags & TLSUP_FLAG_REQUIRE_PEER_CERT && !conn->profile->trust_file)
		refuse(conn, ENOKEY, event->profile,
		       "the profile names no authorities for clients' certificates");
	else if (conn->role == HS_CLIENT)
		hs_start(conn->hs);
	else
		feed(conn, event);
	conn->busy = false;
	return !conn->over;
}

/**
 * conn_record - a record has come
 * @conn: the handshake
 * @event: KERN_RECORD
 *
 * Return: as conn_start().
 */
bool conn_record(struct conn *conn, const struct kern_event *event)
{
	conn->busy = true;
	kern_answer_begin(conn->env->kern, &conn->answer, conn->id,
			  event->rx_epoch);
	feed(conn, event);
	conn->busy = false;
	return !conn->over;
}

/* What the kernel does not go on after without an alert, of the peer or its own. */
static bool by_alert(const struct kern_event *event)
{
	return event->error == EPROTO || event->error == EBADMSG ||
	       event->error == EMSGSIZE;
}

/**
 * conn_closed - the kernel has ended the handshake
 * @conn: the handshake; to be destroyed
 * @event: KERN_CLOSED
 *
 * After a fatal alert its session is dropped (RFC 5246, 7.2.2).
 */
void conn_closed(struct conn *conn, const struct kern_event *event)
{
	if (conn->resume && conn->config.sessions && by_alert(event))
		resume_failed(conn->resume);
	stats_failed(event->error);
	log_failure(conn, conn->profile ? conn->profile->name : "-",
		    conn->server_name,
		    *event->reason ? event->reason : "the program closed the socket", "");
}
