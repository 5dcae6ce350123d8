// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) 2026 The tlsup authors
 *
 * The store in memory: what a lookup costs among few and among many, also for ids
 * that an enemy chose; what an entry takes; what two workers cost one another.
 */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "resumption.h"
#include "store/store.h"

#define DATA_SIZE	122	/* of TLS 1.2, "www.example.org" and "http/1.1" */
#define LOOKUPS		200000
#define RUNS		7
#define STEP		7919u	/* coprime to every number of entries here */

static volatile unsigned int sink;

static void found(struct store_get *get, enum store_verdict verdict, const uint8_t *data,
		  size_t len)
{
	(void)get;
	(void)data;
	sink += verdict == STORE_HIT && len;
}

/* Random to the eye; or alike but for the last bytes, as an enemy has them. */
static void make_id(uint8_t id[STORE_ID_SIZE], uint32_t n, bool enemy)
{
	memset(id, enemy ? 0 : 0x5a, STORE_ID_SIZE);
	memcpy(id + (enemy ? STORE_ID_SIZE - sizeof(n) : 0), &n, sizeof(n));
	for (int i = 0; !enemy && i < STORE_ID_SIZE; i++)
		id[i] = (uint8_t)(id[i] * 31 + (n >> (i % 24)) * 17);
	if (!enemy)
		memcpy(id, &n, sizeof(n));
}

static struct store *fill(uint32_t entries, bool enemy)
{
	const struct store_limits limits = {
		/* The bounds are on shards: some room for those that get more. */
		.entries = entries + entries / 20 + 1024,
	};
	struct store *store = store_memory_create(&limits);
	struct store_port *port = store_open(store);
	static const uint8_t data[DATA_SIZE];

	for (uint32_t n = 0; n < entries; n++) {
		struct store_item item = { .expires = UINT64_MAX, .data = data,
					   .len = sizeof(data), .bucket = n };

		make_id(item.key.id, n, enemy);
		store_put(port, &item);
	}
	store_close(port);
	return store;
}

static double thread_time(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &ts);
	return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

/** struct job - lookups of one worker */
struct job {
	struct store *store;
	uint32_t entries;
	bool enemy;
	double seconds;
};

/* Microseconds each, without the making of ids. */
static void *look_up(void *arg)
{
	struct job *job = arg;
	struct store_port *port = store_open(job->store);
	struct store_get *gets = calloc(LOOKUPS, sizeof(*gets));
	double start;

	for (uint32_t i = 0; i < LOOKUPS; i++) {
		make_id(gets[i].key.id, (uint32_t)((uint64_t)i * STEP % job->entries),
			job->enemy);
		gets[i].done = found;
	}
	start = thread_time();
	for (uint32_t i = 0; i < LOOKUPS; i++)
		store_get(port, &gets[i]);
	job->seconds = thread_time() - start;
	store_close(port);
	free(gets);
	return NULL;
}

static int compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static double median(double *values)
{
	qsort(values, RUNS, sizeof(*values), compare);
	return values[RUNS / 2] / LOOKUPS * 1e6;
}

/* Interleaved, so that what else the machine does meets all alike. */
static void compare_sizes(bool enemy)
{
	static const uint32_t sizes[] = { 1000, 100000, 1000000 };
	struct store *stores[3];
	double times[3][RUNS], us[3];
	char name[80];

	for (int i = 0; i < 3; i++)
		stores[i] = fill(sizes[i], enemy);
	for (int run = 0; run < RUNS; run++)
		for (int i = 0; i < 3; i++) {
			struct job job = { stores[i], sizes[i], enemy, 0 };

			look_up(&job);
			times[i][run] = job.seconds;
		}
	for (int i = 0; i < 3; i++)
		us[i] = median(times[i]);
	for (int i = 0; i < 3; i++) {
		snprintf(name, sizeof(name), "cache: lookup among %u%s", sizes[i],
			 enemy ? ", ids of an enemy" : "");
		figure(name, "us CPU", us[i], us[0], "among 1000", us[0] / us[i], RUNS);
		store_destroy(stores[i]);
	}
	snprintf(name, sizeof(name), "cache: among 1000000, more than among 1000%s",
		 enemy ? ", ids of an enemy" : "");
	figure(name, "us CPU", us[2] - us[0], 0.5, "bound", 0.5 / (us[2] - us[0]), RUNS);
}

static double resident(void)
{
	FILE *file = fopen("/proc/self/statm", "r");
	unsigned long pages = 0;

	if (file && fscanf(file, "%*u %lu", &pages) != 1)
		pages = 0;
	if (file)
		fclose(file);
	return (double)pages * (double)sysconf(_SC_PAGESIZE);
}

static void measure_bytes(void)
{
	const uint32_t entries = 1000000;
	double before = resident(), each;
	struct store *store = fill(entries, false);

	each = (resident() - before) / entries;
	figure("cache: bytes per entry", "bytes", each, 400, "bound", 400 / each, 1);
	store_destroy(store);
}

static void two_workers(void)
{
	const uint32_t entries = 100000;
	struct store *store = fill(entries, false);
	double alone[RUNS], both[RUNS], one, two;

	for (int run = 0; run < RUNS; run++) {
		struct job jobs[2] = { { store, entries, false, 0 }, { store, entries, false, 0 } };
		pthread_t threads[2];

		look_up(&jobs[0]);
		alone[run] = jobs[0].seconds;
		for (int i = 0; i < 2; i++)
			pthread_create(&threads[i], NULL, look_up, &jobs[i]);
		for (int i = 0; i < 2; i++)
			pthread_join(threads[i], NULL);
		both[run] = (jobs[0].seconds + jobs[1].seconds) / 2;
	}
	one = median(alone);
	two = median(both);
	figure("cache: lookup, two workers at once", "us CPU", two, one, "one worker",
	       one / two, RUNS);
	store_destroy(store);
}

/** bench_cache - all of it */
void bench_cache(void)
{
	measure_bytes();
	compare_sizes(false);
	compare_sizes(true);
	two_workers();
}
