// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) 2026 The tlsup authors
 *
 * The session cache in memory. Linked with --wrap=free,--wrap=munmap, so that each block can
 * be looked into when it is freed.
 */
#include <malloc.h>
#include <pthread.h>
#include <stdlib.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "kselftest_harness.h"
#include "store/store.h"

#define START	1000000
#define HOURS	3600

void __real_free(void *block);
void __wrap_free(void *block);

static const char *searched;
static size_t found;

void __wrap_free(void *block)
{
	size_t size = block ? malloc_usable_size(block) : 0;

	if (searched && block && memmem(block, size, searched, strlen(searched)))
		found++;
	__real_free(block);
}

int __real_munmap(void *memory, size_t size);
int __wrap_munmap(void *memory, size_t size);

int __wrap_munmap(void *memory, size_t size)
{
	if (searched && memmem(memory, size, searched, strlen(searched)))
		found++;
	return __real_munmap(memory, size);
}

static uint64_t time_now;

static uint64_t test_now(void)
{
	return time_now;
}

/** struct answer - to a lookup */
struct answer {
	struct store_get get;
	int times;
	enum store_verdict verdict;
	char text[64];
	size_t len;
};

static void on_done(struct store_get *get, enum store_verdict verdict,
		    const uint8_t *data, size_t len)
{
	struct answer *answer = get->owner;

	answer->times++;
	answer->verdict = verdict;
	answer->len = len;
	if (data && len < sizeof(answer->text))
		memcpy(answer->text, data, len);
}

static struct store_key key(uint32_t number, const char *identity, const char *name)
{
	struct store_key key = { 0 };

	memcpy(key.id, &number, sizeof(number));
	store_tag(key.identity, "identity", identity, strlen(identity));
	store_tag(key.name, "name", name, strlen(name));
	return key;
}

static void put(struct store_port *port, uint32_t number, uint64_t bucket, const char *text)
{
	const struct store_item item = {
		.key = key(number, "somebody", "example.org"),
		.bucket = bucket,
		.expires = time_now + 10 * HOURS,
		.data = (const uint8_t *)text,
		.len = strlen(text),
	};

	store_put(port, &item);
}

static struct answer look(struct store_port *port, struct store_key key, bool take)
{
	struct answer answer = { .get = { .key = key, .take = take, .done = on_done } };

	answer.get.owner = &answer;
	store_get(port, &answer.get);
	return answer;
}

static enum store_verdict verdict(struct store_port *port, uint32_t number)
{
	struct answer answer = look(port, key(number, "somebody", "example.org"), false);

	return answer.times == 1 ? answer.verdict : STORE_VERDICTS;
}

FIXTURE(store) {
	struct store *store;
	struct store_port *port;
};

FIXTURE_VARIANT(store) {
	struct store_limits limits;
};

FIXTURE_VARIANT_ADD(store, default) { };
FIXTURE_VARIANT_ADD(store, small) { .limits = { .entries = 64 } };
FIXTURE_VARIANT_ADD(store, many_shards) { .limits = { .entries = 1000000 } };

FIXTURE_SETUP(store)
{
	struct store_limits limits = variant->limits;

	time_now = START;
	limits.now = test_now;
	self->store = store_memory_create(&limits);
	ASSERT_NE(NULL, self->store);
	self->port = store_open(self->store);
	ASSERT_NE(NULL, self->port);
}

FIXTURE_TEARDOWN(store)
{
	store_close(self->port);
	store_destroy(self->store);
}

TEST_F(store, gives_back_what_was_put)
{
	struct answer answer;

	put(self->port, 1, 0, "one");
	put(self->port, 2, 0, "two");
	answer = look(self->port, key(1, "somebody", "example.org"), false);
	EXPECT_EQ(1, answer.times);
	EXPECT_EQ(STORE_HIT, answer.verdict);
	EXPECT_EQ(3, answer.len);
	EXPECT_STREQ("one", answer.text);
	EXPECT_EQ(STORE_HIT, verdict(self->port, 1));
	EXPECT_EQ(STORE_UNKNOWN, verdict(self->port, 3));
}

TEST_F(store, gives_nothing_to_another_identity_or_for_another_name)
{
	put(self->port, 1, 0, "one");
	EXPECT_EQ(STORE_IDENTITY,
		  look(self->port, key(1, "stranger", "example.org"), true).verdict);
	EXPECT_EQ(STORE_NAME,
		  look(self->port, key(1, "somebody", "example.net"), true).verdict);
	/* Nor could they delete it. */
	EXPECT_EQ(STORE_HIT, verdict(self->port, 1));
}

TEST_F(store, gives_nothing_from_its_expiry_on)
{
	put(self->port, 1, 0, "one");
	time_now += 10 * HOURS - 1;
	EXPECT_EQ(STORE_HIT, verdict(self->port, 1));
	time_now++;
	EXPECT_EQ(STORE_EXPIRED, verdict(self->port, 1));
	EXPECT_EQ(STORE_UNKNOWN, verdict(self->port, 1));
}

TEST_F(store, takes_nothing_that_has_expired_or_is_too_long)
{
	static const uint8_t data[STORE_DATA_MAX + 1];
	struct store_item item = {
		.key = key(1, "somebody", "example.org"),
		.expires = time_now, .data = data, .len = 3,
	};
	struct store_counters counters;

	store_put(self->port, &item);
	EXPECT_EQ(STORE_UNKNOWN, verdict(self->port, 1));
	item.expires++;
	item.len = STORE_DATA_MAX + 1;
	store_put(self->port, &item);
	EXPECT_EQ(STORE_UNKNOWN, verdict(self->port, 1));
	item.len--;
	store_put(self->port, &item);
	EXPECT_EQ(STORE_HIT, verdict(self->port, 1));
	store_count(self->store, &counters);
	EXPECT_EQ(2, counters.failed);
	EXPECT_EQ(1, counters.stored);
}

TEST_F(store, gives_what_is_of_single_use_once)
{
	struct store_item item = {
		.key = key(1, "somebody", "example.org"), .single_use = true,
		.expires = time_now + HOURS, .data = (const uint8_t *)"once", .len = 4,
	};

	store_put(self->port, &item);
	EXPECT_EQ(STORE_HIT, verdict(self->port, 1));
	EXPECT_EQ(STORE_USED, verdict(self->port, 1));
	EXPECT_EQ(STORE_USED, verdict(self->port, 1));
}

TEST_F(store, deletes_what_is_taken)
{
	put(self->port, 1, 0, "one");
	EXPECT_EQ(STORE_HIT,
		  look(self->port, key(1, "somebody", "example.org"), true).verdict);
	EXPECT_EQ(STORE_UNKNOWN, verdict(self->port, 1));
}

TEST_F(store, gives_the_newest_of_one_id_and_keeps_few)
{
	struct store_counters counters;

	for (char text[] = "0"; text[0] < '8'; text[0]++)
		put(self->port, 1, 0, text);
	store_count(self->store, &counters);
	EXPECT_EQ(STORE_SAME_MAX, counters.entries);
	for (char text[] = "7"; text[0] >= '4'; text[0]--) {
		struct answer answer = look(self->port, key(1, "somebody", "example.org"),
					    true);

		EXPECT_EQ(STORE_HIT, answer.verdict);
		EXPECT_STREQ(text, answer.text);
	}
	EXPECT_EQ(STORE_UNKNOWN, verdict(self->port, 1));
}

TEST_F(store, flushes_all_by_identity_and_by_name)
{
	static const char *const identities[] = { "a", "b" };
	static const char *const names[] = { "x", "y" };
	struct store_item item = { .expires = time_now + 1 };
	uint8_t tag[STORE_TAG_SIZE];

	for (uint32_t i = 0; i < 4; i++) {
		item.key = key(i, identities[i / 2], names[i % 2]);
		store_put(self->port, &item);
	}
	store_tag(tag, "identity", "a", 1);
	store_flush(self->port, STORE_FLUSH_IDENTITY, tag);
	EXPECT_EQ(STORE_UNKNOWN, look(self->port, key(0, "a", "x"), false).verdict);
	EXPECT_EQ(STORE_UNKNOWN, look(self->port, key(1, "a", "y"), false).verdict);
	EXPECT_EQ(STORE_HIT, look(self->port, key(2, "b", "x"), false).verdict);
	store_tag(tag, "name", "x", 1);
	store_flush(self->port, STORE_FLUSH_NAME, tag);
	EXPECT_EQ(STORE_UNKNOWN, look(self->port, key(2, "b", "x"), false).verdict);
	EXPECT_EQ(STORE_HIT, look(self->port, key(3, "b", "y"), false).verdict);
	store_flush(self->port, STORE_FLUSH_ALL, NULL);
	EXPECT_EQ(STORE_UNKNOWN, look(self->port, key(3, "b", "y"), false).verdict);
}

TEST_F(store, counts_over_ports_that_come_and_go)
{
	struct store_port *other = store_open(self->store);
	struct store_counters counters;

	put(self->port, 1, 0, "one");
	put(other, 2, 0, "two");
	EXPECT_EQ(STORE_HIT, verdict(other, 1));
	EXPECT_EQ(STORE_UNKNOWN, verdict(other, 3));
	store_refused(other);
	store_close(other);
	EXPECT_EQ(STORE_HIT, verdict(self->port, 2));
	store_count(self->store, &counters);
	EXPECT_EQ(3, counters.lookups);
	EXPECT_EQ(2, counters.verdicts[STORE_HIT]);
	EXPECT_EQ(1, counters.verdicts[STORE_UNKNOWN]);
	EXPECT_EQ(1, counters.verdicts[STORE_REFUSED]);
	EXPECT_EQ(2, counters.stored);
	EXPECT_EQ(2, counters.entries);
	EXPECT_EQ(0, counters.evicted);
}

TEST_F(store, tells_how_old_entries_are)
{
	struct store_item item = { .key = key(3, "somebody", "example.org"),
				   .expires = START + 100 * HOURS };
	struct store_ages ages;

	ASSERT_TRUE(store_count_ages(self->store, &ages));
	EXPECT_EQ(0, ages.oldest + ages.newest);
	put(self->port, 1, 0, "one");
	time_now += 59;
	put(self->port, 2, 0, "two");
	time_now += HOURS;
	ASSERT_TRUE(store_count_ages(self->store, &ages));
	EXPECT_EQ(HOURS, ages.newest);
	EXPECT_EQ(HOURS + 59, ages.oldest);
	EXPECT_EQ(1, ages.entries[2]);
	EXPECT_EQ(1, ages.entries[3]);
	EXPECT_STREQ("up to 1 h", store_age_name(2));
	/* It came from another daemon; then the clock is set back. */
	item.stored = START - 30 * HOURS;
	store_put(self->port, &item);
	ASSERT_TRUE(store_count_ages(self->store, &ages));
	EXPECT_EQ(31 * HOURS + 59, ages.oldest);
	EXPECT_EQ(1, ages.entries[STORE_AGES - 1]);
	time_now = START;
	ASSERT_TRUE(store_count_ages(self->store, &ages));
	EXPECT_EQ(0, ages.newest);
	EXPECT_EQ(2, ages.entries[0]);
}

TEST_F(store, asks_for_nothing_to_be_polled)
{
	EXPECT_EQ(-1, store_fd(self->port));
	EXPECT_EQ(0, store_events(self->port));
	EXPECT_EQ(-1, store_timeout(self->port));
	store_run(self->port, 0);
}

/* One shard, so that counts are exact. */
FIXTURE(bounded) {
	struct store *store;
	struct store_port *port;
};

#define BOUND	800
#define SHARE	(BOUND / 8)

FIXTURE_SETUP(bounded)
{
	const struct store_limits limits = { .entries = BOUND, .now = test_now };

	time_now = START;
	self->store = store_memory_create(&limits);
	self->port = store_open(self->store);
	ASSERT_NE(NULL, self->port);
}

FIXTURE_TEARDOWN(bounded)
{
	store_close(self->port);
	store_destroy(self->store);
}

static int count_hits(struct store_port *port, uint32_t from, uint32_t to)
{
	int hits = 0;

	for (uint32_t i = from; i < to; i++)
		hits += verdict(port, i) == STORE_HIT;
	return hits;
}

TEST_F(bounded, evicts_the_oldest)
{
	struct store_counters counters;

	for (uint32_t i = 0; i < 2 * BOUND; i++)
		put(self->port, i, 0, "text");
	store_count(self->store, &counters);
	EXPECT_EQ(BOUND, counters.entries);
	EXPECT_EQ(BOUND, counters.evicted);
	EXPECT_EQ(0, count_hits(self->port, 0, BOUND));
	EXPECT_EQ(BOUND, count_hits(self->port, BOUND, 2 * BOUND));
}

TEST_F(bounded, a_flood_evicts_no_more_than_its_share)
{
	for (uint32_t i = 0; i < BOUND; i++)
		put(self->port, i, 1000 + i, "text");
	for (uint32_t i = 0; i < 20 * BOUND; i++)
		put(self->port, 10000 + i, 77, "flood");
	EXPECT_LE(BOUND - SHARE - 1, count_hits(self->port, 0, BOUND));
}

TEST_F(bounded, one_owner_may_fill_it_and_then_gives_way)
{
	for (uint32_t i = 0; i < BOUND; i++)
		put(self->port, i, 77, "flood");
	EXPECT_EQ(BOUND, count_hits(self->port, 0, BOUND));
	for (uint32_t i = 0; i < SHARE; i++)
		put(self->port, 10000 + i, 1000 + i, "text");
	for (uint32_t i = 0; i < 20 * BOUND; i++)
		put(self->port, 20000 + i, 77, "flood");
	/* But for those few who by chance share its bucket. */
	EXPECT_LE(SHARE * 8 / 10, count_hits(self->port, 10000, 10000 + SHARE));
}

TEST(bytes_are_bounded)
{
	const struct store_limits limits = { .entries = 100, .bytes = 20000, .now = test_now };
	struct store *store = store_memory_create(&limits);
	struct store_port *port = store_open(store);
	struct store_counters counters;
	char text[1001];

	memset(text, 'x', 1000);
	text[1000] = 0;
	for (uint32_t i = 0; i < 50; i++) {
		put(port, i, i, text);
		store_count(store, &counters);
		EXPECT_GE(20000, counters.bytes);
	}
	EXPECT_LE(15, counters.entries);
	EXPECT_EQ(STORE_HIT, verdict(port, 49));
	store_close(port);
	store_destroy(store);
}

/* Against a model of arrays: what is taken out leaves the rest to be found. */
TEST(agrees_with_a_simple_model)
{
	enum { IDS = 3000, STEPS = 200000 };
	const struct store_limits limits = { .entries = 20000, .now = test_now };
	struct store *store = store_memory_create(&limits);
	struct store_port *port = store_open(store);
	static int model[IDS];
	uint32_t seed = 12345;

	for (int i = 0; i < STEPS; i++) {
		uint32_t id = (seed = seed * 1664525 + 1013904223) >> 8;
		bool take = id & 1;

		id = (id >> 1) % IDS;
		if (take) {
			enum store_verdict got =
				look(port, key(id, "somebody", "example.org"), true).verdict;

			ASSERT_EQ(model[id] ? STORE_HIT : STORE_UNKNOWN, got);
			model[id] -= !!model[id];
		} else if (model[id] < STORE_SAME_MAX) {
			put(port, id, id, "text");
			model[id]++;
		}
	}
	store_close(port);
	store_destroy(store);
}

/* Sessions are secrets: nothing of them stays behind. */
TEST(what_was_stored_is_wiped_when_it_goes)
{
	const struct store_limits limits = { .entries = 2, .now = test_now };
	struct store *store = store_memory_create(&limits);
	struct store_port *port = store_open(store);

	time_now = START;
	searched = "master secret";
	found = 0;
	for (uint32_t i = 0; i < 5; i++)
		put(port, i, 0, "a master secret of somebody");
	EXPECT_EQ(STORE_HIT,
		  look(port, key(4, "somebody", "example.org"), true).verdict);
	store_close(port);
	store_destroy(store);
	EXPECT_EQ(0, found);
	searched = NULL;
}

/* What is looked for above would be found if it were there. */
TEST(the_search_finds_what_is_left)
{
	char *block = malloc(64);

	snprintf(block, 64, "another master secret");
	searched = "master secret";
	found = 0;
	__wrap_free(block);
	EXPECT_EQ(1, found);
	block = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	snprintf(block, 64, "another master secret");
	EXPECT_EQ(0, __wrap_munmap(block, 4096));
	searched = NULL;
	EXPECT_EQ(2, found);
}

/* Those who work on it come and go, and may go in the middle. */
TEST(outlives_a_process)
{
	const struct store_limits limits = { .now = test_now };
	struct store *store = store_memory_create(&limits);
	struct store_port *port = store_open(store);
	struct answer answer;
	int status;
	pid_t pid;

	time_now = START;
	pid = fork();
	if (!pid) {
		put(store_open(store), 1, 0, "of another");
		_exit(0);
	}
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	answer = look(port, key(1, "somebody", "example.org"), false);
	EXPECT_EQ(STORE_HIT, answer.verdict);
	EXPECT_STREQ("of another", answer.text);
	for (int i = 0; i < 20; i++) {
		pid = fork();
		for (uint32_t n = 0; !pid; n++)
			put(port, n % 50, n, "of one that is killed");
		usleep(3000);
		kill(pid, SIGKILL);
		ASSERT_EQ(pid, waitpid(pid, &status, 0));
		for (uint32_t n = 0; n < 50; n++) {
			answer = look(port, key(n, "somebody", "example.org"), false);
			EXPECT_EQ(1, answer.times);
		}
	}
	put(port, 1000, 0, "in the end");
	EXPECT_EQ(STORE_HIT, look(port, key(1000, "somebody", "example.org"), false).verdict);
	store_close(port);
	store_destroy(store);
}

static void *work(void *arg)
{
	struct store_port *port = store_open(arg);
	uintptr_t wrong = 0;

	for (uint32_t i = 0; i < 20000; i++) {
		char text[8] = "text";
		struct answer answer;

		put(port, i % 3000, i, text);
		answer = look(port, key(i % 3000, "somebody", "example.org"), i & 1);
		wrong += answer.times != 1 ||
			 (answer.verdict == STORE_HIT && strcmp(answer.text, "text"));
	}
	store_close(port);
	return (void *)wrong;
}

TEST(threads_do_not_meet)
{
	const struct store_limits limits = { .entries = 2000, .now = test_now };
	struct store *store = store_memory_create(&limits);
	struct store_counters counters;
	pthread_t threads[4];
	void *wrong;

	for (int i = 0; i < 4; i++)
		ASSERT_EQ(0, pthread_create(&threads[i], NULL, work, store));
	for (int i = 0; i < 4; i++) {
		pthread_join(threads[i], &wrong);
		EXPECT_EQ(NULL, wrong);
	}
	store_count(store, &counters);
	EXPECT_EQ(80000, counters.lookups);
	EXPECT_EQ(80000, counters.stored);
	EXPECT_GE(2000, counters.entries);
	store_destroy(store);
}

TEST_HARNESS_MAIN
