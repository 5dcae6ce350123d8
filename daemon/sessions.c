// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) 2026 The tlsup authors
 */
#include "sessions.h"

#include <string.h>

/* Those of the profile that gives the longest. */
static uint64_t longest_lifetime(const struct config *config)
{
	uint64_t longest = 0;

	for (size_t i = 0; i < config->profiles_len; i++)
		if (config->profiles[i].resumption.lifetime > longest)
			longest = config->profiles[i].resumption.lifetime;
	return longest;
}

/**
 * sessions_init - nothing is kept yet
 * @sessions: filled
 * @config: where, and how much
 *
 * Return: false without memory; then there is nothing to be wiped.
 */
bool sessions_init(struct sessions *sessions, const struct config *config)
{
	const struct store_limits limits = {
		.entries = config->store.entries,
		.bytes = config->store.bytes,
	};
	const struct ticket_options options = {
		.period = config->store.period,
		.lifetime = longest_lifetime(config),
	};

	const struct store_redis_options redis = {
		.address = config->store.redis,
		.timeout_ms = config->store.timeout,
		.fleet_key = config->store.key.data,
	};

	sessions->store = config->store.redis ? store_redis_create(&redis) :
						store_memory_create(&limits);
	sessions->tickets = ticket_create(&options);
	if (sessions->store && sessions->tickets)
		return true;
	sessions_wipe(sessions);
	return false;
}

/**
 * sessions_wipe - wipe and free all of it
 * @sessions: as sessions_init() left it
 */
void sessions_wipe(struct sessions *sessions)
{
	store_destroy(sessions->store);
	ticket_destroy(sessions->tickets);
	memset(sessions, 0, sizeof(*sessions));
}
