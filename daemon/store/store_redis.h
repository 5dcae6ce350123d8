/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Copyright (C) 2026 The tlsup authors
 *
 * What store_redis.c, redis_link.c, redis_reply.c and redis_seal.c share.
 */
#ifndef TLSUP_STORE_REDIS_H
#define TLSUP_STORE_REDIS_H

#include "crypto/cr_aead.h"
#include "store/store_int.h"

struct redisAsyncContext;
struct redisReplyObjectFunctions;

#define REDIS_NAME_MAX		192
#define REDIS_KEY_SIZE		32
/* Format, then a box around flags and time of expiry. */
#define REDIS_HEAD_SIZE		9
#define REDIS_VALUE_MAX		(1 + CR_AEAD_OVERHEAD + REDIS_HEAD_SIZE + STORE_DATA_MAX)

/**
 * struct redis_seal - what makes a fleet's entries unreadable to its server
 * @mac: names are hidden by it
 * @aead: values are sealed by it
 */
struct redis_seal {
	uint8_t mac[REDIS_KEY_SIZE];
	struct cr_aead_key aead;
};

/**
 * struct redis - the store
 * @store: the part that all kinds share
 * @address: a path, or an address with its port behind a colon
 * @timeout_ms: that a lookup may take
 * @seal: the keys
 */
struct redis {
	struct store store;
	char *address;
	unsigned int timeout_ms;
	struct redis_seal seal;
};

/**
 * struct redis_request - a command that the server has not answered
 * @link: it went there
 * @get: the lookup, or NULL: it was cancelled, or is none
 * @deadline: of a lookup, milliseconds
 * @prev: an older one
 * @next: a younger one
 * @name: of the entry
 * @share: told of a key of the fleet; or NULL
 */
struct redis_request {
	struct redis_link *link;
	struct store_get *get;
	uint64_t deadline;
	struct redis_request *prev, *next;
	char name[REDIS_NAME_MAX];
	struct store_share share;
};

/**
 * struct redis_link - a worker's connection
 * @port: its port
 * @redis: the store
 * @context: hiredis's; NULL: there is none
 * @reply_functions: hiredis's own, behind ours
 * @reading: it wants to read
 * @writing: it wants to write
 * @oldest: lookups under way
 * @newest: the same
 * @outstanding: commands under way
 * @misses: lookups in a row that were not answered in time
 * @shut: nothing is asked until it answers again
 * @probing: a PING is under way
 * @next_try: when to connect or ask again, milliseconds; 0: not at all
 */
struct redis_link {
	struct store_port *port;
	struct redis *redis;
	struct redisAsyncContext *context;
	const struct redisReplyObjectFunctions *reply_functions;
	bool reading;
	bool writing;
	struct redis_request *oldest, *newest;
	unsigned int outstanding;
	unsigned int misses;
	bool shut;
	bool probing;
	uint64_t next_try;
};

/* redis_seal.c */
void redis_seal_init(struct redis_seal *seal, const uint8_t *fleet_key);
void redis_seal_name(const struct redis_seal *seal, const struct store_key *key,
		     bool single_use, char name[REDIS_NAME_MAX]);
void redis_seal_pattern(const struct redis_seal *seal, enum store_flush what,
			const uint8_t *tag, char pattern[REDIS_NAME_MAX]);
size_t redis_seal_value(const struct redis_seal *seal, const char *name, bool single_use,
			uint64_t expires, const uint8_t *data, size_t len, uint8_t *value);
bool redis_open_value(const struct redis_seal *seal, const char *name,
		      const uint8_t *value, size_t len, bool *single_use,
		      uint64_t *expires, uint8_t *data, size_t *data_len);

/* redis_link.c */
uint64_t redis_now_ms(void);
bool redis_link_ready(struct redis_link *link);
struct redis_request *redis_link_request(struct redis_link *link);
void redis_request_end(struct redis_request *request);
void redis_link_heard(struct redis_link *link);
void redis_link_missed(struct redis_link *link);
void redis_link_drop(struct redis_link *link);
void redis_link_run(struct redis_link *link, short revents);
int redis_link_timeout(const struct redis_link *link);

/* redis_reply.c */
void redis_reply_guard(struct redis_link *link);
bool redis_reply_is_endless(const struct redis_link *link);

#endif /* TLSUP_STORE_REDIS_H */
