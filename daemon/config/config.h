/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Copyright (C) 2026 The tlsup authors
 *
 * The configuration: profiles, and a few numbers.
 */
#ifndef TLSUP_CONFIG_H
#define TLSUP_CONFIG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "config/policy.h"
#include "lib/secret.h"
#include "sandbox.h"
#include "worker/access.h"
#include "x509/x509.h"

#define CONFIG_CONTROL_DEFAULT	"/run/tlsup/control"
#define CONFIG_NAME_MAX	63
#define CONFIG_WINDOW_MAX	4096
#define CONFIG_LIST_MAX	16
#define CONFIG_ALPN_MAX	1024
#define CONFIG_MESSAGE_MIN	512
#define CONFIG_MESSAGE_MAX	65528
#define CONFIG_LIFETIME_DEFAULT	36000
#define CONFIG_LIFETIME_MAX	604800
#define CONFIG_PSK_MAX		64
#define CONFIG_IDENTITY_MAX	255
#define CONFIG_STORE_TIMEOUT	25

/* What the tickets of a server are. */
enum config_tickets {
	CONFIG_TICKETS_STATEFUL,	/* names of entries in the store */
	CONFIG_TICKETS_SEALED,		/* the sessions themselves, under a ticket key */
	CONFIG_TICKETS_NONE,		/* TLS 1.2 goes by session ID, TLS 1.3 not at all */
};

/**
 * struct config_resumption - what a profile has to say of sessions
 * @on: there are any
 * @kind: what tickets are
 * @tickets: of TLS 1.3: how many are sent
 * @lifetime: of a session, seconds
 * @psk_identity: name of a key that both sides were given; empty: none
 * @psk: the key
 * @psk_ke: it will do without a key exchange
 */
struct config_resumption {
	bool on;
	enum config_tickets kind;
	unsigned int tickets;
	uint32_t lifetime;
	char psk_identity[CONFIG_IDENTITY_MAX + 1];
	struct secret psk;
	bool psk_ke;
};

/**
 * struct config_store - where sessions are kept
 * @redis: address of a server: a path, or HOST:PORT; NULL: in memory
 * @entries: in memory: at most so many
 * @bytes: in memory: that they may take in all; 0: the default
 * @key: what it holds; of no length: none
 * @timeout: milliseconds that a lookup may take
 * @period: seconds in which a ticket key seals
 */
struct config_store {
	char *redis;
	size_t entries;
	size_t bytes;
	struct secret key;
	unsigned int timeout;
	unsigned int period;
};

struct signer;

/** struct config_pair - what a credential was made of: paths, or a URI for the key */
struct config_pair {
	char *certificate;
	char *key;
};

/**
 * struct config_profile - what an administrator allows
 * @name: as applications name it
 * @access: who may use it
 * @credentials: the first are the default; none: clients only
 * @pairs: what they were made of
 * @credentials_len: how many
 * @trust: whom this profile trusts
 * @trust_file: the path of @trust; NULL: it is the system's
 * @client_auth: server: whether a certificate is asked for
 * @compression: of chains in TLS 1.3 (RFC 8879), best first
 * @compression_len: how many
 * @record_size_limit: largest record that is taken (RFC 8449)
 * @retry_cookie: server: a HelloRetryRequest brings a cookie
 * @accept_truncation: a stream may end without close_notify
 * @message_max: longest handshake message that is taken, bytes; 0: the default
 * @alpn: RFC 7301 wire list, for programs that set none
 * @alpn_len: its length
 * @policy: the named set that it starts from
 * @min_version: oldest version that has a suite: 0x0303 or 0x0304
 * @max_version: newest
 * @suites: cipher suites of the policy, or those of them that were listed, best
 *	first
 * @suites_len: how many
 * @groups: named groups, best first
 * @groups_len: how many
 * @schemes: signature schemes, best first
 * @schemes_len: how many
 * @resumption: of sessions, and PSKs
 */
struct config_profile {
	char name[CONFIG_NAME_MAX + 1];
	struct access access;
	struct x509_credential *credentials[X509_CREDENTIALS_MAX];
	struct config_pair pairs[X509_CREDENTIALS_MAX];
	size_t credentials_len;
	char *trust_file;
	struct x509_trust *trust;
	enum hs_client_auth client_auth;
	uint16_t compression[CONFIG_LIST_MAX];
	size_t compression_len;
	uint16_t record_size_limit;
	bool retry_cookie;
	bool accept_truncation;
	uint32_t message_max;
	uint8_t alpn[CONFIG_ALPN_MAX];
	size_t alpn_len;
	const struct policy *policy;
	uint16_t min_version;
	uint16_t max_version;
	uint16_t suites[POLICY_SUITES_MAX];
	size_t suites_len;
	uint16_t groups[CONFIG_LIST_MAX];
	size_t groups_len;
	uint16_t schemes[CONFIG_LIST_MAX];
	size_t schemes_len;
	struct config_resumption resumption;
};

/**
 * struct config - the whole configuration; read-only once loaded
 * @workers: threads
 * @window: events that may be out to each
 * @keylog: SSLKEYLOGFILE, or NULL
 * @user: whom workers and signer become
 * @control: path of the socket for tlsupctl
 * @control_access: who may use it, beside root
 * @files: all that it names and that may change on disk
 * @metrics: where metrics are served: a path or ADDRESS:PORT; NULL: nowhere
 * @store: where sessions are kept
 * @profiles: all profiles
 * @profiles_len: how many
 */
struct config {
	unsigned int workers;
	unsigned int window;
	char *keylog;
	struct sandbox_user user;
	char *control;
	struct access control_access;
	char *metrics;
	struct access_paths files;
	struct config_store store;
	struct config_profile *profiles;
	size_t profiles_len;
};

struct config *config_load(const char *name, struct signer *signer);
void config_free(struct config *cfg);
const struct config_profile *config_find_profile(const struct config *cfg, const char *name);

#endif /* TLSUP_CONFIG_H */
