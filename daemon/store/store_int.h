/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Copyright (C) 2026 The tlsup authors
 *
 * Between the front of the store and what is behind it.
 */
#ifndef TLSUP_STORE_INT_H
#define TLSUP_STORE_INT_H

#include <pthread.h>
#include <stdatomic.h>

#include "store/store.h"

#define STORE_RECENT	4096

/**
 * struct store_ops - a kind of store
 * @destroy: all ports are closed
 * @open: a port's own part; NULL without memory
 * @close: answers nothing more
 * @get: ends in store_answer(), now or later
 * @cancel: the lookup is forgotten
 * @put: returns whether it went in, as far as that is known
 * @flush: removes entries
 * @share: agree on a value; NULL: there is nobody to agree with
 * @each: calls for each entry, oldest first; NULL: they are elsewhere
 * @count: adds what only the kind of store knows; may be NULL
 * @ages: calls store_age() for each entry; NULL: they are elsewhere
 * @fd: to poll, or -1; NULL: never one
 * @events: to poll for
 * @timeout: milliseconds until @run is wanted, or -1
 * @run: the descriptor is ready, or time has passed
 */
struct store_ops {
	void (*destroy)(struct store *store);
	void *(*open)(struct store_port *port);
	void (*close)(struct store_port *port);
	void (*get)(struct store_port *port, struct store_get *get);
	void (*cancel)(struct store_port *port, struct store_get *get);
	bool (*put)(struct store_port *port, const struct store_item *item);
	void (*flush)(struct store_port *port, enum store_flush what, const uint8_t *tag);
	void (*share)(struct store_port *port, const struct store_share *share);
	bool (*each)(struct store *store, store_visitor visit, void *owner);
	void (*count)(struct store *store, struct store_counters *counters);
	void (*ages)(struct store *store, struct store_ages *ages);
	int (*fd)(const struct store_port *port);
	short (*events)(const struct store_port *port);
	int (*timeout)(const struct store_port *port);
	void (*run)(struct store_port *port, short revents);
};

/* Counters of a port: its thread adds, any thread reads. */
struct store_tally {
	_Atomic uint64_t lookups;
	_Atomic uint64_t verdicts[STORE_VERDICTS];
	_Atomic uint64_t stored;
	_Atomic uint64_t failed;
};

/**
 * struct store - the part that all kinds share; the first member of theirs
 * @ops: the kind
 * @lock: over @ports and @past
 * @ports: open ones
 * @past: tally of closed ones
 * @hash_key: ids are hashed with it, so that nobody can aim
 * @now: Unix time in seconds
 * @recent: hashes of ids of single use that were taken lately, each at the place
 *	that it determines
 */
struct store {
	const struct store_ops *ops;
	pthread_mutex_t lock;
	struct store_port *ports;
	struct store_tally past;
	uint8_t hash_key[16];
	uint64_t (*now)(void);
	_Atomic uint64_t recent[STORE_RECENT];
};

/**
 * struct store_port - a worker's way in
 * @store: the store
 * @next: the store's list
 * @backend: what the kind of store needs for a port
 * @tally: its counters
 * @data: STORE_DATA_MAX bytes for what a lookup finds
 * @complain_at: from when on a failure is logged again
 */
struct store_port {
	struct store *store;
	struct store_port *next;
	void *backend;
	struct store_tally tally;
	uint8_t *data;
	uint64_t complain_at;
};

bool store_init(struct store *store, const struct store_ops *ops, uint64_t (*now)(void));
uint64_t store_hash(const struct store *store, const uint8_t *id);
void store_answer(struct store_port *port, struct store_get *get,
		  enum store_verdict verdict, size_t len);
void store_failed(struct store_port *port, const char *why);
void store_age(struct store_ages *ages, uint64_t now, uint64_t stored);
void store_taken(struct store *store, const uint8_t *id);

#endif /* TLSUP_STORE_INT_H */
