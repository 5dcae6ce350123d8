// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) 2026 The tlsup authors
 */
#include "stats.h"

#include <sys/mman.h>
#include <time.h>

#include "tls/hs.h"

struct stats *stats;

const unsigned int stats_bounds_ms[STATS_BUCKETS - 1] = {
	1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000,
};

/**
 * stats_init - make the shared memory, before any process is made
 *
 * Return: false without memory.
 */
bool stats_init(void)
{
	void *memory = mmap(NULL, sizeof(*stats), PROT_READ | PROT_WRITE,
			    MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	if (memory == MAP_FAILED)
		return false;
	stats = memory;
	return true;
}

/**
 * stats_now_us - a clock that never goes back
 *
 * Return: microseconds.
 */
uint64_t stats_now_us(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000000 + (uint64_t)now.tv_nsec / 1000;
}

/**
 * stats_done - count a handshake that has succeeded
 * @handshake: what it was like
 */
void stats_done(const struct stats_handshake *handshake)
{
	unsigned int bucket = 0;

	while (bucket < STATS_BUCKETS - 1 &&
	       handshake->microseconds > stats_bounds_ms[bucket] * 1000ULL)
		bucket++;
	stats_add(&stats->buckets[bucket], 1);
	stats_add(&stats->microseconds, handshake->microseconds);
	stats_add(&stats->done[handshake->server][handshake->version == 0x0304]
			      [handshake->resumed], 1);
	for (size_t i = 0; i < STATS_SUITES && hs_suite_at(i); i++)
		if (hs_suite_at(i) == handshake->suite)
			stats_add(&stats->suites[i], 1);
}

/**
 * stats_failed - count a handshake that has failed
 * @error: positive errno
 */
void stats_failed(uint32_t error)
{
	stats_add(&stats->failed[error < STATS_ERRORS ? error : 0], 1);
}
