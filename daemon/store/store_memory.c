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
 * address, so that sessions outlive those who work on them. An entry lies in a
 * cell, and what its cell has no room for in a chain of units of one size: nothing
 * is ever cut into pieces that fit nowhere. Among many entries a lookup is a wait
 * for memory: so an entry takes the first free cell from the one on that its hash
 * foretells, and a lookup fetches that along with the place in the table which
 * tells where the entry really is.
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
#define CELL_BYTES		128
#define UNIT_BYTES		124
#define WORD_BITS		64

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
 * @hash: low bits of the id's
 * @more: first unit of what the cell has no room for; 0: none
 * @expires: Unix time, seconds
 * @stored: likewise
 * @age: younger entries have larger numbers
 * @len: of @data
 * @bucket: index
 * @single_use: whoever finds it takes it
 * @key: what it is found by
 */
struct entry {
	struct link all;
	struct link own;
	uint32_t hash;
	uint32_t more;
	uint32_t expires;
	uint32_t stored;
	uint64_t age;
	uint16_t len;
	uint8_t bucket;
	bool single_use;
	struct store_key key;
};

/** struct cell - an entry, and what it fits of what was stored */
struct cell {
	struct entry entry;
	uint8_t bytes[CELL_BYTES];
};

/* Units and cells are counted from 1: 0 is none. */
struct unit {
	uint32_t next;
	uint8_t bytes[UNIT_BYTES];
};

static_assert(sizeof(struct cell) % CACHE_LINE == 0 && sizeof(struct unit) % CACHE_LINE == 0,
	      "none has a part of another's cache line");
static_assert(STORE_DATA_MAX <= UINT16_MAX && BUCKETS <= UINT8_MAX, "fields are wide enough");
static_assert(STORE_DATA_MAX >= CELL_BYTES, "whoever reads has room for a cell");

/**
 * struct slot - a place of the open-addressed table: small, for among many entries
 *	it is a wait for memory to look at one
 * @hash: low bits of the id's: they tell its first place, and save a look at others
 * @cell: of the entry; 0: free
 */
struct slot {
	uint32_t hash;
	uint32_t cell;
};

/* What never changes is not in a line that another worker's lock takes away. */
struct shard {
	_Alignas(CACHE_LINE) struct slot *slots;
	size_t mask;
	struct cell *cells;
	size_t cells_len;
	uint64_t *taken;	/* a bit for each cell; set before it is filled */
	struct unit *units;
	_Alignas(CACHE_LINE) pthread_mutex_t lock;
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
	size_t mapped;		/* bytes from there on: all that shards have */
};

static struct memory *memory_of(struct store *store)
{
	return (struct memory *)store;
}

static size_t smaller(size_t a, size_t b)
{
	return a < b ? a : b;
}

static size_t entry_size(size_t len)
{
	size_t more = len - smaller(len, CELL_BYTES);

	return sizeof(struct cell) +
	       (more + UNIT_BYTES - 1) / UNIT_BYTES * sizeof(struct unit);
}

/* Where an entry is, if nobody has come first. */
static size_t foretold(const struct shard *shard, uint32_t hash)
{
	return (uint64_t)hash * shard->cells_len >> 32;
}

/* There is a free one: make_room() has seen to that. */
static struct cell *cell_take(struct shard *shard, uint32_t hash)
{
	size_t words = (shard->cells_len + WORD_BITS - 1) / WORD_BITS;
	size_t at = foretold(shard, hash), word = at / WORD_BITS;
	uint64_t free = ~shard->taken[word] & UINT64_MAX << at % WORD_BITS;

	while (!free) {
		word = (word + 1) % words;
		free = ~shard->taken[word];
	}
	at = (size_t)__builtin_ctzll(free);
	shard->taken[word] |= 1ULL << at;
	/* If this process dies in here, what is in the cell will be wiped. */
	atomic_signal_fence(memory_order_seq_cst);
	return &shard->cells[word * WORD_BITS + at];
}

static void cell_give(struct shard *shard, struct cell *cell)
{
	size_t at = (size_t)(cell - shard->cells);

	secret_wipe_bytes(cell, sizeof(*cell));
	atomic_signal_fence(memory_order_seq_cst);
	shard->taken[at / WORD_BITS] &= ~(1ULL << at % WORD_BITS);
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
	struct unit *at = &shard->units[unit - 1];

	secret_wipe_bytes(at, sizeof(*at));
	at->next = shard->free;
	shard->free = unit;
}

static void data_write(struct shard *shard, struct cell *cell, const uint8_t *data)
{
	const size_t len = cell->entry.len;
	uint32_t *link = &cell->entry.more;

	if (len)
		memcpy(cell->bytes, data, smaller(len, CELL_BYTES));
	for (size_t at = CELL_BYTES; at < len; at += UNIT_BYTES) {
		struct unit *unit;

		*link = unit_take(shard);
		unit = &shard->units[*link - 1];
		memcpy(unit->bytes, data + at, smaller(len - at, UNIT_BYTES));
		link = &unit->next;
	}
	*link = 0;
}

static void data_read(const struct shard *shard, const struct entry *entry, uint8_t *out)
{
	const struct cell *cell = (const struct cell *)entry;
	const size_t len = entry->len;
	uint32_t unit = entry->more;

	/* All of it: there is room, and what is not used is zero. */
	memcpy(out, cell->bytes, CELL_BYTES);
	for (size_t at = CELL_BYTES; at < len; at += UNIT_BYTES) {
		memcpy(out + at, shard->units[unit - 1].bytes, smaller(len - at, UNIT_BYTES));
		unit = shard->units[unit - 1].next;
	}
}

/* All that a hit will read, at once. */
static void fetch(const struct cell *cell)
{
	for (size_t line = 0; line < sizeof(*cell); line += CACHE_LINE)
		__builtin_prefetch((const char *)cell + line);
}

/* High bits for the shard, low bits for the places in it, which are fetched already. */
static struct shard *shard_of(struct memory *memory, uint64_t hash)
{
	struct shard *shard = &memory->shards[(hash >> 32) * memory->shards_len >> 32];

	__builtin_prefetch(&shard->slots[(uint32_t)hash & shard->mask]);
	fetch(&shard->cells[foretold(shard, (uint32_t)hash)]);
	return shard;
}

/* Seconds that last until the year 2106. */
static uint32_t narrow(uint64_t time)
{
	return time < UINT32_MAX ? (uint32_t)time : UINT32_MAX;
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

static uint32_t cell_of(const struct shard *shard, const struct entry *entry)
{
	return (uint32_t)((const struct cell *)entry - shard->cells) + 1;
}

static void table_insert(struct shard *shard, const struct entry *entry)
{
	size_t at = entry->hash & shard->mask;

	while (shard->slots[at].cell)
		at = (at + 1) & shard->mask;
	shard->slots[at] = (struct slot){ entry->hash, cell_of(shard, entry) };
}

/* Those behind the hole that may stand in it move up: no tombstones. */
static void table_close_gap(struct shard *shard, size_t hole)
{
	for (size_t at = (hole + 1) & shard->mask; shard->slots[at].cell;
	     at = (at + 1) & shard->mask) {
		size_t home = shard->slots[at].hash & shard->mask;

		if (((at - home) & shard->mask) < ((at - hole) & shard->mask))
			continue;
		shard->slots[hole] = shard->slots[at];
		hole = at;
	}
	shard->slots[hole] = (struct slot){ 0, 0 };
}

static void table_remove(struct shard *shard, const struct entry *entry)
{
	const uint32_t cell = cell_of(shard, entry);
	size_t at = entry->hash & shard->mask;

	while (shard->slots[at].cell != cell)
		at = (at + 1) & shard->mask;
	table_close_gap(shard, at);
}

static void entry_free(struct shard *shard, struct entry *entry)
{
	uint32_t unit = entry->more, next;

	for (; unit; unit = next) {
		next = shard->units[unit - 1].next;
		unit_give(shard, unit);
	}
	cell_give(shard, (struct cell *)entry);
}

static void shard_reset(struct shard *shard)
{
	memset(shard->slots, 0, (shard->mask + 1) * sizeof(*shard->slots));
	for (size_t i = 0; i < shard->cells_len; i++)
		if (shard->taken[i / WORD_BITS] >> i % WORD_BITS & 1)
			cell_give(shard, &shard->cells[i]);
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

static struct found table_find(const struct shard *shard, uint32_t hash, const uint8_t *id)
{
	struct found found = { 0 };

	for (size_t at = hash & shard->mask; shard->slots[at].cell;
	     at = (at + 1) & shard->mask) {
		struct entry *entry;

		if (shard->slots[at].hash != hash)
			continue;
		entry = &shard->cells[shard->slots[at].cell - 1].entry;
		fetch((const struct cell *)entry);
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
	uint64_t now = store->now();
	struct entry *entry;
	bool taken = false;
	size_t len = 0;

	shard_lock(shard);
	entry = table_find(shard, (uint32_t)hash, get->key.id).newest;
	if (entry)
		verdict = judge(entry, &get->key, now);
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

static void make_room(struct memory *memory, struct shard *shard, uint32_t hash,
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
	uint64_t stored = item->stored ? item->stored : port->store->now();
	struct entry *entry;
	struct cell *cell;

	if (entry_size(item->len) > memory->bytes_max)
		return false;
	shard_lock(shard);
	make_room(memory, shard, (uint32_t)hash, bucket, item);
	cell = cell_take(shard, (uint32_t)hash);
	entry = &cell->entry;
	*entry = (struct entry){
		.hash = (uint32_t)hash,
		.expires = narrow(item->expires),
		.stored = narrow(stored),
		.age = ++shard->age,
		.len = (uint16_t)item->len,
		.bucket = bucket,
		.single_use = item->single_use,
		.key = item->key,
	};
	data_write(shard, cell, item->data);
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
			.stored = entry->stored,
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

static void shard_ages(struct shard *shard, uint64_t now, struct store_ages *ages)
{
	shard_lock(shard);
	for (struct link *link = shard->all.list.newer; link != &shard->all.list;
	     link = link->newer) {
		const struct entry *entry = (struct entry *)((char *)link -
							     offsetof(struct entry, all));

		store_age(ages, now, entry->stored);
	}
	shared_unlock(&shard->lock);
}

static void ages(struct store *store, struct store_ages *ages)
{
	struct memory *memory = memory_of(store);
	uint64_t now = store->now();

	for (size_t i = 0; i < memory->shards_len; i++)
		shard_ages(&memory->shards[i], now, ages);
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
	.ages = ages,
};

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

/** struct layout - what each shard has, in this order, one kind behind the other */
struct layout {
	size_t cells;
	size_t units;
	size_t slots;
	size_t words;
};

/* Some cells more than entries: then a free one is near the one foretold. */
static struct layout layout_of(const struct memory *memory)
{
	size_t entries = smaller(memory->entries_max,
				 memory->bytes_max / sizeof(struct cell));
	size_t words = (entries + entries / 8) / WORD_BITS + 1;

	return (struct layout){
		.cells = words * WORD_BITS,
		.units = memory->bytes_max / sizeof(struct unit),
		.slots = slots_for(memory->entries_max),
		.words = words,
	};
}

static bool shard_init(struct shard *shard, const struct layout *layout)
{
	shard->mask = layout->slots - 1;
	shard->cells_len = layout->cells;
	list_init(&shard->all.list);
	for (int i = 0; i < BUCKETS; i++)
		list_init(&shard->buckets[i].list);
	return shared_lock_init(&shard->lock);
}

static bool map(struct memory *memory)
{
	const struct layout layout = layout_of(memory);
	size_t n = memory->shards_len;
	struct cell *cell;
	struct unit *unit;
	struct slot *slot;
	uint64_t *word;

	memory->mapped = n * (sizeof(struct shard) + layout.cells * sizeof(*cell) +
			      layout.units * sizeof(*unit) + layout.slots * sizeof(*slot) +
			      layout.words * sizeof(*word));
	memory->shards = secret_share(memory->mapped);
	if (!memory->shards)
		return false;
	cell = (struct cell *)(memory->shards + n);
	unit = (struct unit *)(cell + n * layout.cells);
	slot = (struct slot *)(unit + n * layout.units);
	word = (uint64_t *)(slot + n * layout.slots);
	for (size_t i = 0; i < n; i++) {
		struct shard *shard = &memory->shards[i];

		shard->cells = cell + i * layout.cells;
		shard->units = unit + i * layout.units;
		shard->slots = slot + i * layout.slots;
		shard->taken = word + i * layout.words;
		if (!shard_init(shard, &layout))
			return false;
	}
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
