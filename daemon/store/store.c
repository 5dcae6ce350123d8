// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) 2026 The tlsup authors
 *
 * The front: counters, and what is the same for every kind of store.
 */
#include "store/store.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "crypto/cr_hash.h"
#include "crypto/cr_rand.h"
#include "crypto/cr_siphash.h"
#include "lib/secret.h"
#include "log.h"
#include "store/store_int.h"

static_assert(sizeof(((struct store *)0)->hash_key) == CR_SIPHASH_KEY_SIZE,
	      "the key has its size");

/* So often at most the same is logged, seconds. */
#define COMPLAIN_S	60

static uint64_t clock_now(void)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	return (uint64_t)now.tv_sec;
}

static void add(_Atomic uint64_t *counter, uint64_t n)
{
	/* One thread adds: no need for a locked instruction. */
	atomic_store_explicit(counter,
			      atomic_load_explicit(counter, memory_order_relaxed) + n,
			      memory_order_relaxed);
}

static uint64_t look(_Atomic uint64_t *counter)
{
	return atomic_load_explicit(counter, memory_order_relaxed);
}

/**
 * store_init - set up the part that all kinds share
 * @store: zeroed
 * @ops: the kind
 * @now: Unix time in seconds; NULL: the clock
 *
 * Return: whether that succeeded.
 */
bool store_init(struct store *store, const struct store_ops *ops, uint64_t (*now)(void))
{
	store->ops = ops;
	store->now = now ? now : clock_now;
	cr_random(store->hash_key, sizeof(store->hash_key));
	return !pthread_mutex_init(&store->lock, NULL);
}

/**
 * store_destroy - wipe and free a store
 * @store: without ports; may be NULL
 */
void store_destroy(struct store *store)
{
	if (!store)
		return;
	pthread_mutex_destroy(&store->lock);
	store->ops->destroy(store);
}

/**
 * store_open - make a worker's way in
 * @store: outlives the port
 *
 * Return: the port, for one thread alone; NULL without memory.
 */
struct store_port *store_open(struct store *store)
{
	struct store_port *port = calloc(1, sizeof(*port));

	if (!port)
		return NULL;
	port->store = store;
	port->data = secret_map(STORE_DATA_MAX);
	if (port->data)
		port->backend = store->ops->open(port);
	if (!port->backend) {
		secret_unmap(port->data, STORE_DATA_MAX);
		free(port);
		return NULL;
	}
	pthread_mutex_lock(&store->lock);
	port->next = store->ports;
	store->ports = port;
	pthread_mutex_unlock(&store->lock);
	return port;
}

/* Every port holds the same counters: add those of one to another. */
static void add_tally(struct store_tally *to, struct store_tally *from)
{
	add(&to->lookups, look(&from->lookups));
	add(&to->stored, look(&from->stored));
	add(&to->failed, look(&from->failed));
	for (int i = 0; i < STORE_VERDICTS; i++)
		add(&to->verdicts[i], look(&from->verdicts[i]));
}

/**
 * store_close - end a port; its open lookups are forgotten
 * @port: may be NULL
 */
void store_close(struct store_port *port)
{
	struct store_port **at;
	struct store *store;

	if (!port)
		return;
	store = port->store;
	store->ops->close(port);
	pthread_mutex_lock(&store->lock);
	for (at = &store->ports; *at != port; at = &(*at)->next)
		;
	*at = port->next;
	add_tally(&store->past, &port->tally);
	pthread_mutex_unlock(&store->lock);
	secret_unmap(port->data, STORE_DATA_MAX);
	free(port);
}

/**
 * store_get - look an entry up
 * @port: the thread's own
 * @get: stays in place until it is answered or cancelled
 */
void store_get(struct store_port *port, struct store_get *get)
{
	memset(&get->private, 0, sizeof(get->private));
	get->private.pending = true;
	port->store->ops->get(port, get);
}

/**
 * store_cancel - forget a lookup: it will not be answered
 * @port: that was asked
 * @get: may have been answered
 */
void store_cancel(struct store_port *port, struct store_get *get)
{
	if (!get->private.pending)
		return;
	get->private.pending = false;
	port->store->ops->cancel(port, get);
}

static _Atomic uint64_t *recent_place(struct store *store, uint64_t hash)
{
	return &store->recent[hash % STORE_RECENT];
}

/**
 * store_taken - remember that an id of single use has been used
 * @store: the store
 * @id: the id
 */
void store_taken(struct store *store, const uint8_t *id)
{
	uint64_t hash = store_hash(store, id);

	atomic_store_explicit(recent_place(store, hash), hash, memory_order_relaxed);
}

static bool was_taken(struct store *store, const uint8_t *id)
{
	uint64_t hash = store_hash(store, id);

	return look(recent_place(store, hash)) == hash;
}

/**
 * store_answer - the end of a lookup
 * @port: that was asked
 * @get: pending
 * @verdict: the answer
 * @len: STORE_HIT: of what is in @port->data
 */
void store_answer(struct store_port *port, struct store_get *get,
		  enum store_verdict verdict, size_t len)
{
	bool hit = verdict == STORE_HIT;

	if (verdict == STORE_UNKNOWN && was_taken(port->store, get->key.id))
		verdict = STORE_USED;
	get->private.pending = false;
	add(&port->tally.lookups, 1);
	add(&port->tally.verdicts[verdict], 1);
	get->done(get, verdict, hit ? port->data : NULL, hit ? len : 0);
	/* The caller's storage may be gone. */
	if (hit)
		secret_wipe_bytes(port->data, len);
}

/**
 * store_put - store an entry
 * @port: the thread's own
 * @item: copied
 *
 * If that fails it is counted, and will be a miss.
 */
void store_put(struct store_port *port, const struct store_item *item)
{
	bool fits = item->len <= STORE_DATA_MAX &&
		    item->expires > port->store->now();

	if (fits && port->store->ops->put(port, item))
		add(&port->tally.stored, 1);
	else
		add(&port->tally.failed, 1);
}

/**
 * store_failed - an entry was not stored after all
 * @port: that stored it
 * @why: in the words of the server
 */
void store_failed(struct store_port *port, const char *why)
{
	/* Told again when it is a while ago. */
	uint64_t now = port->store->now();

	if (now >= port->complain_at)
		log_warning("the session store did not take a session: %s", why);
	port->complain_at = now + COMPLAIN_S;
	add(&port->tally.failed, 1);
}

/**
 * store_shares - is there a fleet to agree with?
 * @port: the thread's own
 *
 * Return: whether there is.
 */
bool store_shares(const struct store_port *port)
{
	return port->store->ops->share;
}

/**
 * store_share - agree on a value
 * @port: the thread's own; store_shares()
 * @share: copied, but for its data
 */
void store_share(struct store_port *port, const struct store_share *share)
{
	port->store->ops->share(port, share);
}

/**
 * store_refused - count a hit that may not be used after all
 * @port: that found it
 */
void store_refused(struct store_port *port)
{
	add(&port->tally.verdicts[STORE_REFUSED], 1);
}

/**
 * store_flush - remove entries
 * @port: the thread's own
 * @what: which
 * @tag: from store_tag(), unless it is STORE_FLUSH_ALL
 */
void store_flush(struct store_port *port, enum store_flush what, const uint8_t *tag)
{
	port->store->ops->flush(port, what, tag);
}

/**
 * store_each - all entries, if they are in this process
 * @store: the store
 * @visit: called for each
 * @owner: for @visit
 *
 * Return: false if @visit wanted to see no more, or without memory.
 */
bool store_each(struct store *store, store_visitor visit, void *owner)
{
	return !store->ops->each || store->ops->each(store, visit, owner);
}

/**
 * store_count - what has happened so far
 * @store: the store
 * @counters: filled
 */
void store_count(struct store *store, struct store_counters *counters)
{
	struct store_tally sum = { 0 };

	memset(counters, 0, sizeof(*counters));
	pthread_mutex_lock(&store->lock);
	add_tally(&sum, &store->past);
	for (struct store_port *port = store->ports; port; port = port->next)
		add_tally(&sum, &port->tally);
	pthread_mutex_unlock(&store->lock);
	counters->lookups = sum.lookups;
	counters->stored = sum.stored;
	counters->failed = sum.failed;
	for (int i = 0; i < STORE_VERDICTS; i++)
		counters->verdicts[i] = sum.verdicts[i];
	if (store->ops->count)
		store->ops->count(store, counters);
}

/** struct age - a group of ages */
static const struct age {
	uint64_t up_to;
	const char *name;
} groups[STORE_AGES] = {
	{ 60, "up to 1 min" },	 { 600, "up to 10 min" },    { 3600, "up to 1 h" },
	{ 36000, "up to 10 h" }, { 86400, "up to 1 day" }, { UINT64_MAX, "older" },
};

/**
 * store_age - count an entry by its age
 * @ages: zeroed before the first
 * @now: Unix time, seconds
 * @stored: likewise; later than @now if the clock was set
 */
void store_age(struct store_ages *ages, uint64_t now, uint64_t stored)
{
	uint64_t age = now > stored ? now - stored : 0, any = 0;
	size_t group = 0;

	for (size_t i = 0; i < STORE_AGES; i++)
		any |= ages->entries[i];
	if (!any || age < ages->newest)
		ages->newest = age;
	if (age > ages->oldest)
		ages->oldest = age;
	while (age > groups[group].up_to)
		group++;
	ages->entries[group]++;
}

/**
 * store_count_ages - how old entries are; takes a while among many
 * @store: the store
 * @ages: filled
 *
 * Return: false if that is not known here.
 */
bool store_count_ages(struct store *store, struct store_ages *ages)
{
	memset(ages, 0, sizeof(*ages));
	if (!store->ops->ages)
		return false;
	store->ops->ages(store, ages);
	return true;
}

/**
 * store_age_name - a group of ages in words
 * @group: below STORE_AGES
 *
 * Return: a few words.
 */
const char *store_age_name(size_t group)
{
	return groups[group].name;
}

/**
 * store_fd - what to poll
 * @port: the thread's own
 *
 * Return: a descriptor, or -1 if there is none now. Ask each time.
 */
int store_fd(const struct store_port *port)
{
	return port->store->ops->fd ? port->store->ops->fd(port) : -1;
}

/**
 * store_events - what to poll for
 * @port: the thread's own
 *
 * Return: events as in poll(2). Ask each time.
 */
short store_events(const struct store_port *port)
{
	return port->store->ops->events ? port->store->ops->events(port) : 0;
}

/**
 * store_timeout - how long to wait at most
 * @port: the thread's own
 *
 * Return: milliseconds until store_run() is to be called anyhow; -1: for ever.
 */
int store_timeout(const struct store_port *port)
{
	return port->store->ops->timeout ? port->store->ops->timeout(port) : -1;
}

/**
 * store_run - go on
 * @port: the thread's own
 * @revents: what poll(2) said of its descriptor; 0: time has passed
 */
void store_run(struct store_port *port, short revents)
{
	if (port->store->ops->run)
		port->store->ops->run(port, revents);
}

/**
 * store_hash - the number of an id
 * @store: whose key makes it unforeseeable
 * @id: STORE_ID_SIZE bytes
 *
 * Return: the number.
 */
uint64_t store_hash(const struct store *store, const uint8_t *id)
{
	return cr_siphash(store->hash_key, id, STORE_ID_SIZE);
}

/**
 * store_tag - a short name for anything
 * @tag: out
 * @label: what kind of thing it is
 * @data: the thing
 * @len: its length
 *
 * The same everywhere; no two things that differ have the same in practice.
 */
void store_tag(uint8_t tag[STORE_TAG_SIZE], const char *label, const void *data,
	       size_t len)
{
	uint8_t digest[CR_HASH_MAX];

	cr_hmac(&cr_sha256, (const uint8_t *)label, strlen(label), data, len, digest);
	memcpy(tag, digest, STORE_TAG_SIZE);
}

/**
 * store_bucket - a number for whoever shares a share
 * @data: a network, a user
 * @len: its length
 *
 * Return: the number.
 */
uint64_t store_bucket(const void *data, size_t len)
{
	static const uint8_t key[CR_SIPHASH_KEY_SIZE];

	/* Not to be foreseen once the store has hashed it again. */
	return cr_siphash(key, data, len);
}

/**
 * store_verdict_name - a verdict in words
 * @verdict: below STORE_VERDICTS
 *
 * Return: one or two words.
 */
const char *store_verdict_name(enum store_verdict verdict)
{
	static const char *const names[] = {
		[STORE_HIT] = "hit",
		[STORE_UNKNOWN] = "unknown",
		[STORE_USED] = "used",
		[STORE_EXPIRED] = "expired",
		[STORE_IDENTITY] = "identity",
		[STORE_NAME] = "name",
		[STORE_DAMAGED] = "damaged",
		[STORE_DOWN] = "store down",
		[STORE_REFUSED] = "refused",
	};

	static_assert(sizeof(names) / sizeof(names[0]) == STORE_VERDICTS,
		      "each has a name");
	return names[verdict];
}
