// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) 2026 The tlsup authors
 *
 * Time is cut into epochs of one period each. The key of the current epoch seals
 * and opens; keys of past epochs only open, for as long as what they sealed may
 * live; then they are wiped. They are random, in locked memory, and never
 * written anywhere; a fleet shares them through its store (fleet.c).
 *
 * A key that a fleet has goes before one that this daemon has made for itself
 * while it had not heard of the other.
 */
#include "store/ticket.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "crypto/cr_hash.h"
#include "crypto/cr_rand.h"
#include "lib/secret.h"
#include "store/shared_lock.h"

#define FORMAT		1
#define KEYS_MAX	32
#define PURPOSE_MAX	16

/**
 * struct key - a key
 * @used: it is one
 * @shared: the fleet has it
 * @epoch: in which it seals
 * @name: tells it apart in a ticket
 * @bytes: the key, for the daemon that takes over
 * @aead: the key
 */
struct key {
	bool used;
	bool shared;
	uint64_t epoch;
	uint8_t name[TICKET_NAME_SIZE];
	uint8_t bytes[TICKET_KEY_SIZE];
	struct cr_aead_key aead;
};

/**
 * struct tickets - all keys, in locked memory that all workers share
 * @lock: over @keys
 * @period: seconds of an epoch
 * @past: how many epochs a key outlives its own by
 * @now: Unix time in seconds
 * @keys: in no order
 */
struct tickets {
	pthread_mutex_t lock;
	uint64_t period;
	unsigned int past;
	uint64_t (*now)(void);
	struct key keys[KEYS_MAX];
};

static uint64_t clock_now(void)
{
	return (uint64_t)time(NULL);
}

/**
 * ticket_create - no key yet; the first is made when it is wanted
 * @options: how keys come and go; at most half of KEYS_MAX are kept
 *
 * Return: to be destroyed by ticket_destroy(), or NULL.
 */
struct tickets *ticket_create(const struct ticket_options *options)
{
	struct tickets *tickets = secret_share(sizeof(*tickets));
	uint64_t past;

	if (!tickets)
		return NULL;
	if (!shared_lock_init(&tickets->lock)) {
		secret_unmap(tickets, sizeof(*tickets));
		return NULL;
	}
	tickets->period = options->period ? options->period : TICKET_PERIOD_DEFAULT;
	tickets->now = options->now ? options->now : clock_now;
	past = (options->lifetime + tickets->period - 1) / tickets->period;
	tickets->past = past < KEYS_MAX / 2 ? (unsigned int)past : KEYS_MAX / 2 - 1;
	return tickets;
}

/**
 * ticket_destroy - wipe all keys
 * @tickets: may be NULL
 */
void ticket_destroy(struct tickets *tickets)
{
	if (!tickets)
		return;
	pthread_mutex_destroy(&tickets->lock);
	secret_unmap(tickets, sizeof(*tickets));
}

/* After the death of a process the keys may be broken: then there are none. */
static void lock(struct tickets *tickets)
{
	if (!shared_lock(&tickets->lock))
		secret_wipe_bytes(tickets->keys, sizeof(tickets->keys));
}

/**
 * ticket_epoch - the number of the current epoch
 * @tickets: the keys
 *
 * Return: the number; a fleet that has one clock and one period agrees on it.
 */
uint64_t ticket_epoch(const struct tickets *tickets)
{
	return tickets->now() / tickets->period;
}

/**
 * ticket_past - how many past epochs have keys
 * @tickets: the keys
 *
 * Return: the number.
 */
unsigned int ticket_past(const struct tickets *tickets)
{
	return tickets->past;
}

/**
 * ticket_keeps - how long a key is of use
 * @tickets: the keys
 *
 * Return: seconds from before its epoch to its end.
 */
uint64_t ticket_keeps(const struct tickets *tickets)
{
	return (tickets->past + 3) * tickets->period;
}

static struct key *of_epoch(struct tickets *tickets, uint64_t epoch)
{
	struct key *best = NULL;

	for (size_t i = 0; i < KEYS_MAX; i++) {
		struct key *key = &tickets->keys[i];

		if (key->used && key->epoch == epoch && (!best || key->shared))
			best = key;
	}
	return best;
}

static void wipe_old(struct tickets *tickets, uint64_t epoch)
{
	for (size_t i = 0; i < KEYS_MAX; i++) {
		struct key *key = &tickets->keys[i];

		if (key->used && key->epoch + tickets->past < epoch)
			secret_wipe_bytes(key, sizeof(*key));
	}
}

/**
 * ticket_wipe - wipe the keys whose time is over, though nobody asks for one
 * @tickets: the keys
 *
 * Return: seconds until there may be another.
 */
uint64_t ticket_wipe(struct tickets *tickets)
{
	uint64_t now = tickets->now();

	lock(tickets);
	wipe_old(tickets, now / tickets->period);
	shared_unlock(&tickets->lock);
	return tickets->period - now % tickets->period;
}

static struct key *free_place(struct tickets *tickets)
{
	struct key *oldest = &tickets->keys[0];

	for (size_t i = 0; i < KEYS_MAX; i++) {
		if (!tickets->keys[i].used)
			return &tickets->keys[i];
		if (tickets->keys[i].epoch < oldest->epoch)
			oldest = &tickets->keys[i];
	}
	return oldest;
}

static void add(struct tickets *tickets, uint64_t epoch, const uint8_t *bytes, bool shared)
{
	struct key *key = free_place(tickets);
	uint8_t digest[CR_HASH_MAX];
	static const char label[] = "name of a ticket key";

	cr_hmac(&cr_sha256, bytes, TICKET_KEY_SIZE, (const uint8_t *)label,
		sizeof(label) - 1, digest);
	memcpy(key->name, digest, TICKET_NAME_SIZE);
	memcpy(key->bytes, bytes, TICKET_KEY_SIZE);
	cr_aead_init(&key->aead, bytes);
	key->epoch = epoch;
	key->shared = shared;
	key->used = true;
}

static void make_current(struct tickets *tickets)
{
	uint64_t epoch = ticket_epoch(tickets);
	uint8_t bytes[TICKET_KEY_SIZE];

	lock(tickets);
	wipe_old(tickets, epoch);
	if (!of_epoch(tickets, epoch)) {
		cr_random(bytes, sizeof(bytes));
		add(tickets, epoch, bytes, false);
		secret_wipe_bytes(bytes, sizeof(bytes));
	}
	shared_unlock(&tickets->lock);
}

/**
 * ticket_has - does the fleet's key of an epoch stand?
 * @tickets: the keys
 * @epoch: its number
 *
 * Return: whether it does.
 */
bool ticket_has(struct tickets *tickets, uint64_t epoch)
{
	const struct key *key;
	bool has;

	lock(tickets);
	key = of_epoch(tickets, epoch);
	has = key && key->shared;
	shared_unlock(&tickets->lock);
	return has;
}

/**
 * ticket_add - the fleet's key of an epoch
 * @tickets: the keys
 * @epoch: its number; one that is long past is not taken
 * @key: TICKET_KEY_SIZE bytes, copied
 */
void ticket_add(struct tickets *tickets, uint64_t epoch, const uint8_t *key)
{
	uint64_t now = ticket_epoch(tickets);

	lock(tickets);
	wipe_old(tickets, now);
	if (epoch + tickets->past >= now && epoch <= now + 1) {
		const struct key *known = of_epoch(tickets, epoch);

		if (!known || !known->shared)
			add(tickets, epoch, key, true);
	}
	shared_unlock(&tickets->lock);
}

/**
 * ticket_each - all keys, for the daemon that takes over
 * @tickets: the keys
 * @each: called for each, and may not ask for tickets. Returns whether to go on
 * @owner: for @each
 *
 * Return: whether it went on to the end.
 */
bool ticket_each(struct tickets *tickets,
		 bool (*each)(void *owner, const struct ticket_key *key), void *owner)
{
	bool good = true;

	lock(tickets);
	for (size_t i = 0; i < KEYS_MAX && good; i++) {
		const struct key *key = &tickets->keys[i];
		struct ticket_key copy = { .epoch = key->epoch, .shared = key->shared };

		if (!key->used)
			continue;
		memcpy(copy.bytes, key->bytes, sizeof(copy.bytes));
		good = each(owner, &copy);
		secret_wipe_bytes(&copy, sizeof(copy));
	}
	shared_unlock(&tickets->lock);
	return good;
}

/**
 * ticket_restore - a key of the daemon that was here before
 * @tickets: the keys
 * @key: one; if its epoch is long past it is not taken
 */
void ticket_restore(struct tickets *tickets, const struct ticket_key *key)
{
	uint64_t now = ticket_epoch(tickets);

	lock(tickets);
	if (key->epoch + tickets->past >= now && key->epoch <= now + 1)
		add(tickets, key->epoch, key->bytes, key->shared);
	shared_unlock(&tickets->lock);
}

/* What binds a box to its format, its key and its purpose. */
static size_t associate(const uint8_t *head, const char *purpose, uint8_t *ad)
{
	size_t len = strnlen(purpose, PURPOSE_MAX);

	memcpy(ad, head, 1 + TICKET_NAME_SIZE);
	memcpy(ad + 1 + TICKET_NAME_SIZE, purpose, len);
	return 1 + TICKET_NAME_SIZE + len;
}

/**
 * ticket_seal - seal
 * @tickets: the keys
 * @purpose: a word; what is sealed for one purpose opens for no other
 * @plain: the content
 * @len: its length
 * @box: @len + TICKET_OVERHEAD bytes
 *
 * Return: the length of the box.
 */
size_t ticket_seal(struct tickets *tickets, const char *purpose, const uint8_t *plain,
		   size_t len, uint8_t *box)
{
	uint8_t ad[1 + TICKET_NAME_SIZE + PURPOSE_MAX];
	const struct key *key;
	size_t ad_len;

	for (;;) {
		lock(tickets);
		key = of_epoch(tickets, ticket_epoch(tickets));
		if (key)
			break;
		shared_unlock(&tickets->lock);
		make_current(tickets);
	}
	box[0] = FORMAT;
	memcpy(box + 1, key->name, TICKET_NAME_SIZE);
	ad_len = associate(box, purpose, ad);
	cr_aead_seal(&key->aead, ad, ad_len, plain, len, box + 1 + TICKET_NAME_SIZE);
	shared_unlock(&tickets->lock);
	return len + TICKET_OVERHEAD;
}

static const struct key *by_name(const struct tickets *tickets, const uint8_t *name)
{
	uint64_t epoch = ticket_epoch(tickets);

	for (size_t i = 0; i < KEYS_MAX; i++) {
		const struct key *key = &tickets->keys[i];

		if (key->used && key->epoch + tickets->past >= epoch &&
		    secret_equal(key->name, name, TICKET_NAME_SIZE))
			return key;
	}
	return NULL;
}

/**
 * ticket_open - open
 * @tickets: the keys
 * @purpose: what it was sealed for
 * @box: any bytes at all
 * @len: how many
 * @plain: room for @len bytes; wiped if it does not open
 *
 * Return: whether it is a box of ours, of a key that still stands; its content is
 * @len - TICKET_OVERHEAD bytes.
 */
bool ticket_open(struct tickets *tickets, const char *purpose, const uint8_t *box,
		 size_t len, uint8_t *plain)
{
	uint8_t ad[1 + TICKET_NAME_SIZE + PURPOSE_MAX];
	const struct key *key;
	size_t ad_len;
	bool good;

	if (len < TICKET_OVERHEAD || box[0] != FORMAT)
		return false;
	lock(tickets);
	key = by_name(tickets, box + 1);
	ad_len = associate(box, purpose, ad);
	good = key && cr_aead_open(&key->aead, ad, ad_len, box + 1 + TICKET_NAME_SIZE,
				   len - 1 - TICKET_NAME_SIZE, plain);
	shared_unlock(&tickets->lock);
	return good;
}
