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
 *
 * Table and entries are in memory that the processes forked later share, at one
 * address, so that sessions outlive those who work on them. An entry is a chain of
 * units of one size: nothing is ever cut into pieces that fit nowhere.
 */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include <sys/mman.h>

#include "lib/secret.h"
#include "store/shared_lock.h"
#include "store/store_int.h"

#define SHARDS_MAX		64
#define ENTRIES_PER_SHARD	1024	/* aimed at */
#define BUCKETS			64
#define SHARE_DIVISOR		8	/* a share is an eighth of a shard */
#define CACHE_LINE		64
#define UNIT_SIZE		128
#define UNIT_BYTES		(UNIT_SIZE - sizeof(uint32_t))

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
 * @data: first unit of what was stored
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
	uint32_t data;
};

/* Units are counted from 1: 0 is none. */
union unit {
	struct entry entry;
	struct {
		uint32_t next;
		uint8_t bytes[UNIT_BYTES];
	};
};

static_assert(sizeof(union unit) == UNIT_SIZE, "a unit is two cache lines");

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
	union unit *units;
	uint32_t units_len;	/* that were ever used */
	uint32_t free;		/* first of those that are so no more */
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
	size_t mapped;		/* bytes from there on: shards, slots, units */
};

static struct memory *memory_of(struct store *store)
{
	return (struct memory *)store;
}

static size_t entry_size(size_t len)
{
	return UNIT_SIZE * (1 + (len + UNIT_BYTES - 1) / UNIT_BYTES);
}

/* There is room: make_room() has seen to that. */
static uint32_t unit_take(struct shard *shard)
{
	uint32_t unit = shard->free;

	if (!unit)
		return ++shard->units_len;
	shard->free = shard->units[unit - 1].next;
	return unit;
}

static void unit_give(struct shard *shard, uint32_t unit)
{
	union unit *at = &shard->units[unit - 1];

	secret_wipe_bytes(at, sizeof(*at));
	at->next = shard->free;
	shard->free = unit;
}

static void data_write(struct shard *shard, struct entry *entry, const uint8_t *data)
{
	uint32_t *link = &entry->data;

	for (size_t at = 0; at < entry->len; at += UNIT_BYTES) {
		size_t n = entry->len - at < UNIT_BYTES ? entry->len - at : UNIT_BYTES;
		union unit *unit;

		*link = unit_take(shard);
		unit = &shard->units[*link - 1];
		memcpy(unit->bytes, data + at, n);
		link = &unit->next;
	}
	*link = 0;
}

static void data_read(const struct shard *shard, const struct entry *entry, uint8_t *out)
{
	uint32_t unit = entry->data;

	for (size_t at = 0; at < entry->len; at += UNIT_BYTES) {
		size_t n = entry->len - at < UNIT_BYTES ? entry->len - at : UNIT_BYTES;

		memcpy(out + at, shard->units[unit - 1].bytes, n);
		unit = shard->units[unit - 1].next;
	}
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

static void entry_free(struct shard *shard, struct entry *entry)
{
	uint32_t unit = entry->data, next;

	for (; unit; unit = next) {
		next = shard->units[unit - 1].next;
		unit_give(shard, unit);
	}
	unit_give(shard, (uint32_t)((union unit *)entry - shard->units) + 1);
}

static void shard_reset(struct shard *shard)
{
	memset(shard->slots, 0, (shard->mask + 1) * sizeof(*shard->slots));
	secret_wipe_bytes(shard->units, shard->units_len * sizeof(*shard->units));
	shard->units_len = shard->free = 0;
	shard->all = (struct group){ 0 };
	list_init(&shard->all.list);
	for (int i = 0; i < BUCKETS; i++) {
		shard->buckets[i] = (struct group){ 0 };
		list_init(&shard->buckets[i].list);
	}
}

/* A process that died in here may have left anything behind. */
static void shard_lock(struct shard *shard)
{
	if (!shared_lock(&shard->lock))
		shard_reset(shard);
}

static void entry_remove(struct shard *shard, struct entry *entry)
{
	size_t bytes = entry_size(entry->len);

	table_remove(shard, entry);
	group_remove(&shard->all, &entry->all, bytes);
	group_remove(&shard->buckets[entry->bucket], &entry->own, bytes);
	entry_free(shard, entry);
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

		if (shard->slots[at].hash != hash)
			continue;
		/* All that a hit will read, at once: the data comes right behind. */
		for (size_t line = 0; line < 2 * sizeof(union unit); line += CACHE_LINE)
			__builtin_prefetch((char *)entry + line);
		if (!secret_equal(entry->key.id, id, STORE_ID_SIZE))
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

	shard_lock(shard);
	entry = table_find(shard, hash, get->key.id).newest;
	if (entry)
		verdict = judge(entry, &get->key, store->now());
	if (verdict == STORE_HIT) {
		taken = entry->single_use;
		len = entry->len;
		data_read(shard, entry, port->data);
	}
	if (verdict == STORE_EXPIRED ||
	    (verdict == STORE_HIT && (taken || get->take)))
		entry_remove(shard, entry);
	shared_unlock(&shard->lock);
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

static void make_room(struct memory *memory, struct shard *shard, uint64_t hash,
		      uint8_t bucket, const struct store_item *item)
{
	struct found same = table_find(shard, hash, item->key.id);
	const size_t bytes = entry_size(item->len);

	if (same.count >= STORE_SAME_MAX) {
		entry_remove(shard, same.oldest);
		shard->evicted++;
	}
	while (shard->all.entries >= memory->entries_max ||
	       shard->all.bytes + bytes > memory->bytes_max)
		evict(memory, shard, &shard->buckets[bucket]);
}

static uint8_t bucket_of(const struct store *store, const struct store_item *item)
{
	uint8_t id[STORE_ID_SIZE] = { 0 };

	memcpy(id, &item->bucket, sizeof(item->bucket));
	return (uint8_t)(store_hash(store, id) % BUCKETS);
}

static bool put(struct store_port *port, const struct store_item *item)
{
	struct memory *memory = memory_of(port->store);
	uint64_t hash = store_hash(port->store, item->key.id);
	struct shard *shard = shard_of(memory, hash);
	uint8_t bucket = bucket_of(port->store, item);
	struct entry *entry;

	if (entry_size(item->len) > memory->bytes_max)
		return false;
	shard_lock(shard);
	make_room(memory, shard, hash, bucket, item);
	entry = &shard->units[unit_take(shard) - 1].entry;
	*entry = (struct entry){
		.hash = hash,
		.expires = item->expires,
		.age = ++shard->age,
		.len = (uint16_t)item->len,
		.bucket = bucket,
		.single_use = item->single_use,
		.key = item->key,
	};
	data_write(shard, entry, item->data);
	table_insert(shard, entry);
	group_add(&shard->all, &entry->all, entry_size(entry->len));
	group_add(&shard->buckets[bucket], &entry->own, entry_size(entry->len));
	shared_unlock(&shard->lock);
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

	shard_lock(shard);
	for (link = shard->all.list.newer; link != &shard->all.list; link = next) {
		struct entry *entry = (struct entry *)((char *)link -
						       offsetof(struct entry, all));

		next = link->newer;
		if (concerns(entry, what, tag))
			entry_remove(shard, entry);
	}
	shared_unlock(&shard->lock);
}

static void flush(struct store_port *port, enum store_flush what, const uint8_t *tag)
{
	struct memory *memory = memory_of(port->store);

	for (size_t i = 0; i < memory->shards_len; i++)
		shard_flush(&memory->shards[i], what, tag);
}

static bool shard_each(struct shard *shard, store_visitor visit, void *owner, uint8_t *data)
{
	struct link *link;
	bool good = true;

	shard_lock(shard);
	for (link = shard->all.list.newer; good && link != &shard->all.list;
	     link = link->newer) {
		const struct entry *entry = (struct entry *)((char *)link -
							     offsetof(struct entry, all));
		/* Who shares a bucket now will do so again. */
		const struct store_item item = {
			.key = entry->key,
			.bucket = entry->bucket,
			.expires = entry->expires,
			.single_use = entry->single_use,
			.data = data,
			.len = entry->len,
		};

		data_read(shard, entry, data);
		good = visit(owner, &item);
	}
	shared_unlock(&shard->lock);
	return good;
}

static bool each(struct store *store, store_visitor visit, void *owner)
{
	struct memory *memory = memory_of(store);
	uint8_t *data = secret_alloc(STORE_DATA_MAX);
	bool good = data;

	for (size_t i = 0; good && i < memory->shards_len; i++)
		good = shard_each(&memory->shards[i], visit, owner, data);
	if (data)
		secret_free(data, STORE_DATA_MAX);
	return good;
}

static void count(struct store *store, struct store_counters *counters)
{
	struct memory *memory = memory_of(store);

	for (size_t i = 0; i < memory->shards_len; i++) {
		struct shard *shard = &memory->shards[i];

		shard_lock(shard);
		counters->evicted += shard->evicted;
		counters->entries += shard->all.entries;
		counters->bytes += shard->all.bytes;
		shared_unlock(&shard->lock);
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

	/* What goes is wiped one by one: most pages have never been touched. */
	for (size_t i = 0; memory->shards && i < memory->shards_len; i++) {
		shard_flush(&memory->shards[i], STORE_FLUSH_ALL, NULL);
		pthread_mutex_destroy(&memory->shards[i].lock);
	}
	if (memory->shards)
		munmap(memory->shards, memory->mapped);
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
	.each = each,
	.count = count,
};

static bool shard_init(struct shard *shard, struct slot *slots, size_t len,
		       union unit *units)
{
	if (!shared_lock_init(&shard->lock))
		return false;
	shard->slots = slots;
	shard->mask = len - 1;
	shard->units = units;
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

/* Shards, then all their slots, then all their units. */
static bool map(struct memory *memory)
{
	size_t slots = slots_for(memory->entries_max), n = memory->shards_len;
	size_t units = memory->bytes_max / UNIT_SIZE;
	struct slot *slot;
	union unit *unit;

	memory->mapped = n * (sizeof(struct shard) + slots * sizeof(*slot) +
			      units * sizeof(*unit));
	memory->shards = secret_share(memory->mapped);
	if (!memory->shards)
		return false;
	slot = (struct slot *)(memory->shards + n);
	unit = (union unit *)(slot + n * slots);
	for (size_t i = 0; i < n; i++)
		if (!shard_init(&memory->shards[i], slot + i * slots, slots,
				unit + i * units))
			return false;
	return true;
}

/**
 * store_memory_create - a store in memory
 * @limits: its bounds
 *
 * Processes that are forked after this share it.
 *
 * Return: the store, or NULL without memory.
 */
struct store *store_memory_create(const struct store_limits *limits)
{
	size_t entries = limits->entries ? limits->entries : STORE_ENTRIES_DEFAULT;
	size_t bytes = limits->bytes ? limits->bytes : entries * STORE_BYTES_EACH;
	struct memory *memory = secret_alloc(sizeof(*memory));

	if (!memory)
		return NULL;
	memory->shards_len = shards_for(entries);
	memory->entries_max = entries / memory->shards_len;
	memory->bytes_max = bytes / memory->shards_len;
	if (store_init(&memory->store, &ops, limits->now) && map(memory))
		return &memory->store;
	if (memory->shards)
		munmap(memory->shards, memory->mapped);
	secret_free(memory, sizeof(*memory));
	return NULL;
}
