/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Copyright (C) 2026 The tlsup authors
 *
 * The session cache: one for all applications, behind one interface.
 *
 * A store is shared by all workers. Each worker has a port to it, which only
 * its own thread uses. A lookup is asynchronous: its answer may come within
 * store_get() or later, out of store_run(), and comes exactly once unless it is
 * cancelled. Nothing here ever fails a handshake: whatever goes wrong is a miss.
 *
 * What is stored is opaque bytes under an id that peers may choose, and bound
 * to an identity and a name: looked up with others it is not found.
 */
#ifndef TLSUP_STORE_H
#define TLSUP_STORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define STORE_ID_SIZE	32
#define STORE_TAG_SIZE	16
#define STORE_DATA_MAX	16384
/* So many under one id; the oldest gives way. */
#define STORE_SAME_MAX	4

struct store;
struct store_port;

/* What became of a lookup. */
enum store_verdict {
	STORE_HIT,
	STORE_UNKNOWN,		/* never stored, or evicted, or flushed */
	STORE_USED,		/* of single use, and was used a short while ago */
	STORE_EXPIRED,
	STORE_IDENTITY,		/* somebody else's */
	STORE_NAME,		/* for another server name */
	STORE_DAMAGED,		/* what the server holds is not what was stored */
	STORE_DOWN,		/* no answer in time, or none was asked for */
	STORE_REFUSED,		/* found, but a rule of resumption forbids it */
	STORE_VERDICTS,
};

/**
 * struct store_key - what an entry is found by
 * @id: shorter ones are padded with zeros
 * @identity: of whoever may use it, from store_tag()
 * @name: of the server that it is for, from store_tag()
 */
struct store_key {
	uint8_t id[STORE_ID_SIZE];
	uint8_t identity[STORE_TAG_SIZE];
	uint8_t name[STORE_TAG_SIZE];
};

/**
 * struct store_item - what is to be stored
 * @key: what it will be found by
 * @bucket: whose share of the store it takes: any number that those who can
 *	fill the store cannot choose freely, such as their network
 * @expires: Unix time, seconds
 * @stored: likewise; 0: now
 * @single_use: the first that finds it takes it
 * @data: copied; at most STORE_DATA_MAX
 * @len: its length
 */
struct store_item {
	struct store_key key;
	uint64_t bucket;
	uint64_t expires;
	uint64_t stored;
	bool single_use;
	const uint8_t *data;
	size_t len;
};

/**
 * struct store_get - a lookup, in the caller's storage until it is answered
 * @key: what is looked for
 * @take: and delete it
 * @single_use: what is looked for; a store may keep both kinds apart
 * @done: called once. @data is there on STORE_HIT only, and lives until @done
 *	returns or asks again
 * @owner: for @done
 * @private: the store's own
 */
struct store_get {
	struct store_key key;
	bool take;
	bool single_use;
	void (*done)(struct store_get *get, enum store_verdict verdict,
		     const uint8_t *data, size_t len);
	void *owner;
	struct {
		struct store_get *next;
		uint64_t deadline;
		bool pending;
		void *request;
	} private;
};

/**
 * struct store_counters - since the store was created
 * @lookups: answered
 * @verdicts: how, by &enum store_verdict; a hit that was refused counts as both
 * @stored: entries
 * @evicted: to make room
 * @failed: could not be stored
 * @entries: in the store now; 0 if that is not known here
 * @bytes: that they take
 */
struct store_counters {
	uint64_t lookups;
	uint64_t verdicts[STORE_VERDICTS];
	uint64_t stored;
	uint64_t evicted;
	uint64_t failed;
	uint64_t entries;
	uint64_t bytes;
};

/* Groups of ages: each up to a bound, the last without. */
#define STORE_AGES	6

/**
 * struct store_ages - for how long entries have been there, in seconds
 * @oldest: of all; 0 without entries
 * @newest: of all; likewise
 * @entries: by group; store_age_name() names it
 */
struct store_ages {
	uint64_t oldest;
	uint64_t newest;
	uint64_t entries[STORE_AGES];
};

/**
 * struct store_share - a value that a fleet agrees on
 * @number: its number
 * @data: what it shall be if there is none yet; copied
 * @len: its length; 0: none is made
 * @lifetime: seconds
 * @done: told of what it is; not called if that is not known
 * @owner: for @done
 */
struct store_share {
	uint64_t number;
	const uint8_t *data;
	size_t len;
	uint64_t lifetime;
	void (*done)(void *owner, uint64_t number, const uint8_t *data, size_t len);
	void *owner;
};

/**
 * struct store_redis_options - how to reach a server
 * @address: a path, or ADDRESS:PORT
 * @timeout_ms: that a lookup may take
 * @fleet_key: 32 bytes, under which all is sealed
 */
struct store_redis_options {
	const char *address;
	unsigned int timeout_ms;
	const uint8_t *fleet_key;
};

enum store_flush { STORE_FLUSH_ALL, STORE_FLUSH_IDENTITY, STORE_FLUSH_NAME };

/**
 * struct store_limits - bounds of a store in memory
 * @entries: at most so many; 0: STORE_ENTRIES_DEFAULT
 * @bytes: that they may take in all; 0: STORE_BYTES_EACH for each
 * @now: Unix time in seconds; NULL: the clock. For tests
 */
struct store_limits {
	size_t entries;
	size_t bytes;
	uint64_t (*now)(void);
};

#define STORE_ENTRIES_DEFAULT	20000
#define STORE_BYTES_EACH	2048

/* Sees an entry; returns whether to go on. Nothing may be asked of the store. */
typedef bool (*store_visitor)(void *owner, const struct store_item *item);

struct store *store_memory_create(const struct store_limits *limits);
struct store *store_redis_create(const struct store_redis_options *options);
void store_destroy(struct store *store);
struct store_port *store_open(struct store *store);
void store_close(struct store_port *port);

void store_get(struct store_port *port, struct store_get *get);
void store_cancel(struct store_port *port, struct store_get *get);
void store_put(struct store_port *port, const struct store_item *item);
bool store_shares(const struct store_port *port);
void store_share(struct store_port *port, const struct store_share *share);
void store_refused(struct store_port *port);
void store_flush(struct store_port *port, enum store_flush what, const uint8_t *tag);
bool store_each(struct store *store, store_visitor visit, void *owner);
void store_count(struct store *store, struct store_counters *counters);
bool store_count_ages(struct store *store, struct store_ages *ages);

int store_fd(const struct store_port *port);
short store_events(const struct store_port *port);
int store_timeout(const struct store_port *port);
void store_run(struct store_port *port, short revents);

void store_tag(uint8_t tag[STORE_TAG_SIZE], const char *label, const void *data,
	       size_t len);
uint64_t store_bucket(const void *data, size_t len);
const char *store_verdict_name(enum store_verdict verdict);
const char *store_age_name(size_t group);

#endif /* TLSUP_STORE_H */
