// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) 2026 The tlsup authors
 *
 * What an administrator sees of the sessions that are kept, and forgetting them.
 */
#include <poll.h>

#include "service/control.h"
#include "stats.h"
#include "worker/resume.h"

#define FLUSH_STEP_MS	20
#define FLUSH_STEPS_MAX	100

static json_t *number(uint64_t value)
{
	return json_integer((json_int_t)value);
}

static json_t *lookups(void)
{
	json_t *object = json_object();

	for (int i = 0; i < STORE_VERDICTS; i++)
		json_object_set_new(object, store_verdict_name((enum store_verdict)i),
				    number(stats_get(&stats->lookups[i])));
	return object;
}

static uint64_t count_resumed(void)
{
	uint64_t sum = 0;

	for (int server = 0; server < 2; server++)
		for (int version = 0; version < 2; version++)
			sum += stats_get(&stats->done[server][version][1]);
	return sum;
}

static uint64_t hit_rate(void)
{
	uint64_t sum = 0;

	/* A hit that was refused counts as both. */
	for (int i = 0; i < STORE_VERDICTS; i++)
		if (i != STORE_REFUSED)
			sum += stats_get(&stats->lookups[i]);
	return sum ? (stats_get(&stats->lookups[STORE_HIT]) -
		      stats_get(&stats->lookups[STORE_REFUSED])) * 100 / sum : 0;
}

/* Of a store that is elsewhere nobody here knows. */
static void add_ages(json_t *answer, struct store *store)
{
	json_t *groups = json_object();
	struct store_ages ages;

	if (store_count_ages(store, &ages)) {
		json_object_set_new(answer, "newest_seconds", number(ages.newest));
		json_object_set_new(answer, "oldest_seconds", number(ages.oldest));
		for (size_t i = 0; i < STORE_AGES; i++)
			json_object_set_new(groups, store_age_name(i),
					    number(ages.entries[i]));
		json_object_set(answer, "ages", groups);
	}
	json_decref(groups);
}

/* A server on the other side is given a while. */
static void wait_for_flush(struct store_port *port)
{
	for (int i = 0, idle = 0; i < FLUSH_STEPS_MAX && idle < 2; i++) {
		struct pollfd fd = { .fd = store_fd(port), .events = store_events(port) };
		int n;

		if (fd.fd < 0)
			return;
		n = poll(&fd, 1, FLUSH_STEP_MS);
		idle = n ? 0 : idle + 1;
		store_run(port, n > 0 ? fd.revents : 0);
	}
}

static void flush_user(struct store_port *port, const struct config *config, uint32_t uid)
{
	uint8_t tag[STORE_TAG_SIZE];

	for (size_t i = 0; i < config->profiles_len; i++)
		for (int role = HS_CLIENT; role <= HS_SERVER; role++) {
			resume_tag_identity((enum hs_role)role, uid,
					    config->profiles[i].name, tag);
			store_flush(port, STORE_FLUSH_IDENTITY, tag);
		}
}

/* Anything else would be taken for somebody: strtoul() makes root of no number. */
static bool read_user(const char *text, uint32_t *uid)
{
	unsigned long long value = 0;

	for (const char *c = text; *c; c++) {
		if (*c < '0' || *c > '9' || value > UINT32_MAX)
			return false;
		value = 10 * value + (unsigned long long)(*c - '0');
	}
	*uid = (uint32_t)value;
	return *text && value <= UINT32_MAX;
}

static json_t *flush(struct service *service, const char *name, const char *user)
{
	uint8_t tag[STORE_TAG_SIZE];
	struct store_port *port;
	uint32_t uid = 0;

	if (user && !read_user(user, &uid))
		return control_error("no number of a user: \"%s\"", user);
	port = store_open(service->sessions.store);
	if (!port)
		return control_error("out of memory");
	if (name) {
		resume_tag_name(name, tag);
		store_flush(port, STORE_FLUSH_NAME, tag);
	} else if (user) {
		flush_user(port, service->current->config, uid);
	} else {
		store_flush(port, STORE_FLUSH_ALL, NULL);
	}
	wait_for_flush(port);
	store_close(port);
	return json_pack("{s:o}", "flushed", number(1));
}

/**
 * control_sessions - answer "sessions"
 * @service: the main process
 * @request: flush: forget all, or what name or user says
 *
 * Return: the answer.
 */
json_t *control_sessions(struct service *service, const json_t *request)
{
	struct store_counters counters;
	json_t *answer;

	if (json_is_true(json_object_get(request, "flush")))
		return flush(service, json_string_value(json_object_get(request, "name")),
			     json_string_value(json_object_get(request, "user")));
	store_count(service->sessions.store, &counters);
	answer = json_pack("{s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o}", "lookups", lookups(),
			   "hit_rate_percent", number(hit_rate()),
			   "resumed", number(count_resumed()),
			   "entries", number(counters.entries),
			   "bytes", number(counters.bytes),
			   "evicted", number(counters.evicted),
			   "tickets_issued", number(stats_get(&stats->tickets_issued)),
			   "tickets_taken", number(stats_get(&stats->tickets_taken)));
	add_ages(answer, service->sessions.store);
	return answer;
}
