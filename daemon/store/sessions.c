// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) 2026 The tlsup authors
 */
#include "store/sessions.h"

#include <assert.h>
#include <stddef.h>
#include <string.h>

#include "lib/secret.h"
#include "store/state.h"

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

/*
 * struct saved - before the data of a session that is saved. What was added takes
 * the place of zeros, for another daemon may be an older or a newer one.
 */
struct saved {
	struct store_key key;
	uint64_t bucket;
	uint64_t expires;
	uint8_t single_use;
	uint8_t pad[3];
	uint32_t stored;
};

static_assert(offsetof(struct saved, single_use) == sizeof(struct store_key) + 16 &&
	      sizeof(struct saved) == sizeof(struct store_key) + 24,
	      "as in format 1");

static bool save_key(void *owner, const struct ticket_key *key)
{
	return state_put(owner, STATE_TICKET_KEY, key, sizeof(*key));
}

static bool save_session(void *owner, const struct store_item *item)
{
	uint8_t bytes[sizeof(struct saved) + STORE_DATA_MAX];
	const struct saved saved = {
		.key = item->key,
		.bucket = item->bucket,
		.expires = item->expires,
		.stored = (uint32_t)item->stored,
		.single_use = item->single_use,
	};
	bool good;

	memcpy(bytes, &saved, sizeof(saved));
	memcpy(bytes + sizeof(saved), item->data, item->len);
	good = state_put(owner, STATE_SESSION, bytes, sizeof(saved) + item->len);
	secret_wipe_bytes(bytes, sizeof(saved) + item->len);
	return good;
}

/**
 * sessions_save - write them down for another daemon
 * @sessions: go on being used meanwhile
 * @state: gets all that are in memory
 *
 * Return: false without memory.
 */
bool sessions_save(const struct sessions *sessions, struct state *state)
{
	return ticket_each(sessions->tickets, save_key, state) &&
	       store_each(sessions->store, save_session, state);
}

static void restore_key(const struct sessions *sessions, const uint8_t *data, size_t len)
{
	struct ticket_key key;

	if (len != sizeof(key))
		return;
	memcpy(&key, data, sizeof(key));
	ticket_restore(sessions->tickets, &key);
	secret_wipe_bytes(&key, sizeof(key));
}

static void restore_session(struct store_port *port, const uint8_t *data, size_t len)
{
	struct saved saved;

	if (len < sizeof(saved) || len - sizeof(saved) > STORE_DATA_MAX)
		return;
	memcpy(&saved, data, sizeof(saved));
	store_put(port, &(struct store_item){
		.key = saved.key,
		.bucket = saved.bucket,
		.expires = saved.expires,
		.stored = saved.stored,
		.single_use = saved.single_use,
		.data = data + sizeof(saved),
		.len = len - sizeof(saved),
	});
}

/**
 * sessions_restore - take over what another daemon has written down
 * @sessions: new
 * @state: what that was; what is not understood is left out
 */
void sessions_restore(const struct sessions *sessions, struct state *state)
{
	struct store_port *port = store_open(sessions->store);
	enum state_type type;
	const uint8_t *data;
	size_t len;

	while (port && state_next(state, &type, &data, &len)) {
		if (type == STATE_TICKET_KEY)
			restore_key(sessions, data, len);
		else if (type == STATE_SESSION)
			restore_session(port, data, len);
	}
	store_close(port);
}
