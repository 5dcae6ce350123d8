/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Copyright (C) 2026 The tlsup authors
 *
 * Counters, in memory that all processes of the daemon share: workers count,
 * the main process reads. They outlive a reload.
 */
#ifndef TLSUP_STATS_H
#define TLSUP_STATS_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define STATS_SUITES	64
#define STATS_ERRORS	140	/* errnos go to 133 */
#define STATS_BUCKETS	13	/* the last is all */

typedef _Atomic uint64_t stats_counter;

/**
 * struct stats - since the daemon was started
 * @done: by role (0: client), version (0: TLS 1.2) and whether it was resumed
 * @failed: by errno
 * @suites: by the engine's index of suites
 * @buckets: handshakes by their time, below stats_bounds_ms[i]
 * @microseconds: that successful handshakes have taken in all
 * @lookups: in the session store, by its verdicts
 * @tickets_issued: as a server
 * @tickets_taken: as a client
 * @handshakes: in progress
 * @reloads: that went well, and that did not
 */
struct stats {
	stats_counter done[2][2][2];
	stats_counter failed[STATS_ERRORS];
	stats_counter suites[STATS_SUITES];
	stats_counter buckets[STATS_BUCKETS];
	stats_counter microseconds;
	stats_counter lookups[16];
	stats_counter tickets_issued;
	stats_counter tickets_taken;
	stats_counter handshakes;
	stats_counter reloads[2];
};

/** struct stats_handshake - a handshake that has succeeded */
struct stats_handshake {
	bool server;
	uint16_t version;
	uint16_t suite;
	bool resumed;
	uint64_t microseconds;
};

extern struct stats *stats;
extern const unsigned int stats_bounds_ms[STATS_BUCKETS - 1];

bool stats_init(void);
uint64_t stats_now_us(void);
void stats_done(const struct stats_handshake *handshake);
void stats_failed(uint32_t error);

static inline void stats_add(stats_counter *counter, uint64_t n)
{
	atomic_fetch_add_explicit(counter, n, memory_order_relaxed);
}

static inline uint64_t stats_get(stats_counter *counter)
{
	return atomic_load_explicit(counter, memory_order_relaxed);
}

#endif /* TLSUP_STATS_H */
