// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) 2026 The tlsup authors
 *
 * The store in the daemon's own memory.
 *
 * Written against an enemy who can make as many entries as he likes, and chooses
 * the ids that he asks for. Ids are hashed under a random key, so he cannot aim
 * at one chain of the table, nor at one shard. A full shard evicts its oldest
 * entry; but whoever holds more than his share evicts his own oldest, so a flood
 * pushes out no more of the others than one share. All is O(1).
 *
 * Invariants, under the shard's lock: each entry is in the table, in the list of
 * all and in the list of its bucket; both lists are in order of age; the table
 * is at most half full, so that probing ends soon.
 */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "lib/secret.h"
#include "store_int.h"

#define SHARDS_MAX		64
#define ENTRIES_PER_SHARD	1024	/* aimed at */
#define BUCKETS			64
#define SHARE_DIVISOR		8	/* a share is an eighth of a shard */
#define CACHE_LINE		64

/** struct link - a place in a list in order of age; a list's head is one, too */
struct link {
	struct link *older, *newer;
};

/** struct group - what is counted against a bound */
struct group {
	struct link list;
	size_t entries;
	size_t bytes;
};

/**
 * struct entry - an entry
 * @all: the shard's list
 * @own: the bucket's list
 * @hash: of the id
 * @expires: Unix time, seconds
 * @age: younger entries have larger numbers
 * @len: of @data
 * @bucket: index
 * @single_use: whoever finds it takes it
 * @key: what it is found by
 * @data: what was stored
 */
struct entry {
	struct link all;
	struct link own;
	uint64_t hash;
	uint64_t expires;
	uint64_t age;
	uint16_t len;
	uint8_t bucket;
	bool single_use;
	struct store_key key;
	uint8_t data[];
};

static_assert(STORE_DATA_MAX <= UINT16_MAX && BUCKETS <= UINT8_MAX, "fields are wide enough");

/** struct slot - a place of the open-addressed table; the hash saves a look */
struct slot {
	uint64_t hash;
	struct entry *entry;
};

struct shard {
	_Alignas(CACHE_LINE) pthread_mutex_t lock;
	struct slot *slots;
	size_t mask;
	struct group all;
	struct group buckets[BUCKETS];
	uint64_t age;
	uint64_t evicted;
};

struct memory {
	struct store store;
	size_t shards_len;
	size_t entries_max;	/* of a shard */
	size_t bytes_max;	/* of a shard */
	struct shard *shards;
	struct slot *slots;	/* of all shards */
};

static struct memory *memory_of(struct store *store)
{
	return (struct memory *)store;
}

static size_t entry_size(size_t len)
{
	return sizeof(struct entry) + len;
}

/* High bits for the shard, low bits for the place in it. */
static struct shard *shard_of(struct memory *memory, uint64_t hash)
{
	return &memory->shards[(hash >> 32) % memory->shards_len];
}

static void list_init(struct link *list)
{
	list->older = list->newer = list;
}

static void list_add(struct link *list, struct link *link)
{
	link->older = list->older;
	link->newer = list;
	list->older->newer = link;
	list->older = link;
}

static void list_remove(struct link *link)
{
	link->older->newer = link->newer;
	link->newer->older = link->older;
}

static void group_add(struct group *group, struct link *link, size_t bytes)
{
	list_add(&group->list, link);
	group->entries++;
	group->bytes += bytes;
}

static void group_remove(struct group *group, struct link *link, size_t bytes)
{
	list_remove(link);
	group->entries--;
	group->bytes -= bytes;
}

static struct entry *oldest_of_all(struct shard *shard)
{
	return (struct entry *)((char *)shard->all.list.newer - offsetof(struct entry, all));
}

static struct entry *oldest_of_bucket(struct group *bucket)
{
	return (struct entry *)((char *)bucket->list.newer - offsetof(struct entry, own));
}

static void table_insert(struct shard *shard, struct entry *entry)
{
	size_t at = entry->hash & shard->mask;

	while (shard->slots[at].entry)
		at = (at + 1) & shard->mask;
	shard->slots[at] = (struct slot){ entry->hash, entry };
}

/* Those behind the hole that may stand in it move up: no tombstones. */
static void table_close_gap(struct shard *shard, size_t hole)
{
	for (size_t at = (hole + 1) & shard->mask; shard->slots[at].entry;
	     at = (at + 1) & shard->mask) {
		size_t home = shard->slots[at].hash & shard->mask;

		if (((at - home) & shard->mask) < ((at - hole) & shard->mask))
			continue;
		shard->slots[hole] = shard->slots[at];
		hole = at;
	}
	shard->slots[hole] = (struct slot){ 0, NULL };
}

static void table_remove(struct shard *shard, const struct entry *entry)
{
	size_t at = entry->hash & shard->mask;

	while (shard->slots[at].entry != entry)
		at = (at + 1) & shard->mask;
	table_close_gap(shard, at);
}

static void entry_free(struct entry *entry)
{
	secret_free(entry, entry_size(entry->len));
}

static void entry_remove(struct shard *shard, struct entry *entry)
{
	size_t bytes = entry_size(entry->len);

	table_remove(shard, entry);
	group_remove(&shard->all, &entry->all, bytes);
	group_remove(&shard->buckets[entry->bucket], &entry->own, bytes);
	entry_free(entry);
}

/** struct found - the entries of one id */
struct found {
	struct entry *newest;
	struct entry *oldest;
	size_t count;
};

static struct found table_find(const struct shard *shard, uint64_t hash, const uint8_t *id)
{
	struct found found = { 0 };

	for (size_t at = hash & shard->mask; shard->slots[at].entry;
	     at = (at + 1) & shard->mask) {
		struct entry *entry = shard->slots[at].entry;

		if (shard->slots[at].hash != hash ||
		    !secret_equal(entry->key.id, id, STORE_ID_SIZE))
			continue;
		if (!found.newest || entry->age > found.newest->age)
			found.newest = entry;
		if (!found.oldest || entry->age < found.oldest->age)
			found.oldest = entry;
		found.count++;
	}
	return found;
}

static enum store_verdict judge(const struct entry *entry, const struct store_key *key,
				uint64_t now)
{
	if (!secret_equal(entry->key.identity, key->identity, STORE_TAG_SIZE))
		return STORE_IDENTITY;
	if (!secret_equal(entry->key.name, key->name, STORE_TAG_SIZE))
		return STORE_NAME;
	return entry->expires > now ? STORE_HIT : STORE_EXPIRED;
}

static void get(struct store_port *port, struct store_get *get)
{
	struct store *store = port->store;
	uint64_t hash = store_hash(store, get->key.id);
	struct shard *shard = shard_of(memory_of(store), hash);
	enum store_verdict verdict = STORE_UNKNOWN;
	struct entry *entry;
	bool taken = false;
	size_t len = 0;

	pthread_mutex_lock(&shard->lock);
	entry = table_find(shard, hash, get->key.id).newest;
	if (entry)
		verdict = judge(entry, &get->key, store->now());
	if (verdict == STORE_HIT) {
		taken = entry->single_use;
		len = entry->len;
		memcpy(port->data, entry->data, len);
	}
	if (verdict == STORE_EXPIRED ||
	    (verdict == STORE_HIT && (taken || get->take)))
		entry_remove(shard, entry);
	pthread_mutex_unlock(&shard->lock);
	if (taken)
		store_taken(store, get->key.id);
	store_answer(port, get, verdict, len);
}

/* Answered within store_get(): there is never one to be forgotten. */
static void cancel(struct store_port *port, struct store_get *get)
{
	(void)port;
	(void)get;
}

static void evict(struct memory *memory, struct shard *shard, struct group *bucket)
{
	bool greedy = bucket->entries > memory->entries_max / SHARE_DIVISOR ||
		      bucket->bytes > memory->bytes_max / SHARE_DIVISOR;

	entry_remove(shard, greedy ? oldest_of_bucket(bucket) : oldest_of_all(shard));
	shard->evicted++;
}

static void make_room(struct memory *memory, struct shard *shard, const struct entry *entry)
{
	const size_t bytes = entry_size(entry->len);
	struct found same = table_find(shard, entry->hash, entry->key.id);

	if (same.count >= STORE_SAME_MAX) {
		entry_remove(shard, same.oldest);
		shard->evicted++;
	}
	while (shard->all.entries >= memory->entries_max ||
	       shard->all.bytes + bytes > memory->bytes_max)
		evict(memory, shard, &shard->buckets[entry->bucket]);
}

static struct entry *entry_create(struct store *store, const struct store_item *item)
{
	struct entry *entry = secret_alloc(entry_size(item->len));
	uint8_t id[STORE_ID_SIZE] = { 0 };

	if (!entry)
		return NULL;
	memcpy(id, &item->bucket, sizeof(item->bucket));
	entry->hash = store_hash(store, item->key.id);
	entry->bucket = (uint8_t)(store_hash(store, id) % BUCKETS);
	entry->expires = item->expires;
	entry->single_use = item->single_use;
	entry->key = item->key;
	entry->len = (uint16_t)item->len;
	if (item->len)
		memcpy(entry->data, item->data, item->len);
	return entry;
}

static bool put(struct store_port *port, const struct store_item *item)
{
	struct memory *memory = memory_of(port->store);
	struct shard *shard;
	struct entry *entry;

	if (entry_size(item->len) > memory->bytes_max)
		return false;
	entry = entry_create(port->store, item);
	if (!entry)
		return false;
	shard = shard_of(memory, entry->hash);
	pthread_mutex_lock(&shard->lock);
	make_room(memory, shard, entry);
	entry->age = ++shard->age;
	table_insert(shard, entry);
	group_add(&shard->all, &entry->all, entry_size(entry->len));
	group_add(&shard->buckets[entry->bucket], &entry->own, entry_size(entry->len));
	pthread_mutex_unlock(&shard->lock);
	return true;
}

static bool concerns(const struct entry *entry, enum store_flush what, const uint8_t *tag)
{
	switch (what) {
	case STORE_FLUSH_ALL:
		return true;
	case STORE_FLUSH_IDENTITY:
		return secret_equal(entry->key.identity, tag, STORE_TAG_SIZE);
	case STORE_FLUSH_NAME:
		return secret_equal(entry->key.name, tag, STORE_TAG_SIZE);
	}
	return false;
}

static void shard_flush(struct shard *shard, enum store_flush what, const uint8_t *tag)
{
	struct link *link, *next;

	pthread_mutex_lock(&shard->lock);
	for (link = shard->all.list.newer; link != &shard->all.list; link = next) {
		struct entry *entry = (struct entry *)((char *)link -
						       offsetof(struct entry, all));

		next = link->newer;
		if (concerns(entry, what, tag))
			entry_remove(shard, entry);
	}
	pthread_mutex_unlock(&shard->lock);
}

static void flush(struct store_port *port, enum store_flush what, const uint8_t *tag)
{
	struct memory *memory = memory_of(port->store);

	for (size_t i = 0; i < memory->shards_len; i++)
		shard_flush(&memory->shards[i], what, tag);
}

static void count(struct store *store, struct store_counters *counters)
{
	struct memory *memory = memory_of(store);

	for (size_t i = 0; i < memory->shards_len; i++) {
		struct shard *shard = &memory->shards[i];

		pthread_mutex_lock(&shard->lock);
		counters->evicted += shard->evicted;
		counters->entries += shard->all.entries;
		counters->bytes += shard->all.bytes;
		pthread_mutex_unlock(&shard->lock);
	}
}

/* A port needs nothing of its own. */
static void *open_port(struct store_port *port)
{
	return port->store;
}

static void close_port(struct store_port *port)
{
	(void)port;
}

static void destroy(struct store *store)
{
	struct memory *memory = memory_of(store);

	for (size_t i = 0; memory->shards && i < memory->shards_len; i++) {
		struct shard *shard = &memory->shards[i];

		if (!shard->slots)
			continue;
		shard_flush(shard, STORE_FLUSH_ALL, NULL);
		pthread_mutex_destroy(&shard->lock);
	}
	free(memory->slots);
	free(memory->shards);
	secret_free(memory, sizeof(*memory));
}

static const struct store_ops ops = {
	.destroy = destroy,
	.open = open_port,
	.close = close_port,
	.get = get,
	.cancel = cancel,
	.put = put,
	.flush = flush,
	.count = count,
};

static bool shard_init(struct shard *shard, struct slot *slots, size_t len)
{
	if (pthread_mutex_init(&shard->lock, NULL))
		return false;
	shard->slots = slots;
	shard->mask = len - 1;
	list_init(&shard->all.list);
	for (int i = 0; i < BUCKETS; i++)
		list_init(&shard->buckets[i].list);
	return true;
}

/* A power of two, at most half of which is ever used. */
static size_t slots_for(size_t entries)
{
	size_t slots = 1;

	while (slots < 2 * entries)
		slots *= 2;
	return slots;
}

static size_t shards_for(size_t entries)
{
	size_t n = entries / ENTRIES_PER_SHARD;

	return n < 1 ? 1 : n > SHARDS_MAX ? SHARDS_MAX : n;
}

/**
 * store_memory_create - a store in memory
 * @limits: its bounds
 *
 * Return: the store, or NULL without memory.
 */
struct store *store_memory_create(const struct store_limits *limits)
{
	size_t entries = limits->entries ? limits->entries : STORE_ENTRIES_DEFAULT;
	size_t bytes = limits->bytes ? limits->bytes : entries * STORE_BYTES_EACH;
	struct memory *memory = secret_alloc(sizeof(*memory));
	size_t slots;

	if (!memory)
		return NULL;
	memory->shards_len = shards_for(entries);
	memory->entries_max = entries / memory->shards_len;
	memory->bytes_max = bytes / memory->shards_len;
	memory->shards = aligned_alloc(CACHE_LINE, memory->shards_len * sizeof(struct shard));
	if (!memory->shards || !store_init(&memory->store, &ops, limits->now)) {
		free(memory->shards);
		secret_free(memory, sizeof(*memory));
		return NULL;
	}
	memset(memory->shards, 0, memory->shards_len * sizeof(struct shard));
	slots = slots_for(memory->entries_max);
	memory->slots = calloc(memory->shards_len * slots, sizeof(*memory->slots));
	for (size_t i = 0; i < memory->shards_len; i++)
		if (!memory->slots ||
		    !shard_init(&memory->shards[i], memory->slots + i * slots, slots)) {
			store_destroy(&memory->store);
			return NULL;
		}
	return &memory->store;
}
