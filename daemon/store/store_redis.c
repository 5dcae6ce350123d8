// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) 2026 The tlsup authors
 *
 * The store of a fleet: a Redis server, or whatever speaks its protocol. It does
 * the expiry and the single use (GETDEL); it never sees a secret.
 */
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <hiredis/async.h>

#include "lib/secret.h"
#include "log.h"
#include "store/store_redis.h"

#define NUMBER_MAX	24
#define ARGS_MAX	8
#define SCAN_COUNT	"1000"

static struct redis *redis_of(struct store *store)
{
	return (struct redis *)store;
}

/** struct command - words of a command */
struct command {
	int count;
	const char *words[ARGS_MAX];
	size_t lens[ARGS_MAX];
};

static void add(struct command *command, const void *word, size_t len)
{
	command->words[command->count] = word;
	command->lens[command->count++] = len;
}

static void add_word(struct command *command, const char *word)
{
	add(command, word, strlen(word));
}

static bool send_command(struct redis_link *link, redisCallbackFn *done,
			 struct redis_request *request, const struct command *command)
{
	return redisAsyncCommandArgv(link->context, done, request, command->count,
				     (const char **)(uintptr_t)command->words,
				     command->lens) == REDIS_OK;
}

static enum store_verdict open_reply(struct redis_request *request, const redisReply *reply,
				     size_t *len)
{
	struct store_port *port = request->link->port;
	uint64_t expires;
	bool single_use;

	if (reply->type == REDIS_REPLY_NIL)
		return STORE_UNKNOWN;
	if (reply->type != REDIS_REPLY_STRING)
		return STORE_DOWN;
	if (!redis_open_value(&request->link->redis->seal, request->name,
			      (const uint8_t *)reply->str, (size_t)reply->len,
			      &single_use, &expires, port->data, len))
		return STORE_DAMAGED;
	if (single_use)
		store_taken(port->store, request->get->key.id);
	return expires > port->store->now() ? STORE_HIT : STORE_EXPIRED;
}

static void on_get(redisAsyncContext *context, void *arg, void *private)
{
	struct redis_request *request = private;
	struct redis_link *link = request->link;
	struct store_get *get = request->get;
	enum store_verdict verdict = STORE_DOWN;
	const redisReply *reply = arg;
	size_t len = 0;

	(void)context;
	if (reply)
		redis_link_heard(link);
	if (reply && get)
		verdict = open_reply(request, reply, &len);
	redis_request_end(request);
	if (get)
		store_answer(link->port, get, verdict, len);
}

static void get(struct store_port *port, struct store_get *get)
{
	struct redis_link *link = port->backend;
	struct redis_request *request = NULL;
	struct command command = { 0 };

	if (redis_link_ready(link))
		request = redis_link_request(link);
	if (!request) {
		store_answer(port, get, STORE_DOWN, 0);
		return;
	}
	redis_seal_name(&link->redis->seal, &get->key, get->single_use, request->name);
	add_word(&command, get->single_use || get->take ? "GETDEL" : "GET");
	add_word(&command, request->name);
	if (!send_command(link, on_get, request, &command)) {
		redis_request_end(request);
		store_answer(port, get, STORE_DOWN, 0);
		return;
	}
	request->get = get;
	get->private.request = request;
	request->deadline = redis_now_ms() + link->redis->timeout_ms;
	request->prev = link->newest;
	if (link->newest)
		link->newest->next = request;
	else
		link->oldest = request;
	link->newest = request;
}

static void cancel(struct store_port *port, struct store_get *get)
{
	struct redis_request *request = get->private.request;

	(void)port;
	if (request)
		request->get = NULL;
}

static void on_put(redisAsyncContext *context, void *arg, void *private)
{
	struct redis_request *request = private;
	const redisReply *reply = arg;

	(void)context;
	if (reply)
		redis_link_heard(request->link);
	if (reply && reply->type == REDIS_REPLY_ERROR)
		store_failed(request->link->port, reply->str);
	redis_request_end(request);
}

static bool put(struct store_port *port, const struct store_item *item)
{
	struct redis_link *link = port->backend;
	struct redis_request *request;
	struct command command = { 0 };
	uint8_t value[REDIS_VALUE_MAX];
	char seconds[NUMBER_MAX];
	size_t len;

	if (!redis_link_ready(link))
		return false;
	request = redis_link_request(link);
	if (!request)
		return false;
	redis_seal_name(&link->redis->seal, &item->key, item->single_use, request->name);
	len = redis_seal_value(&link->redis->seal, request->name, item->single_use,
			       item->expires, item->data, item->len, value);
	snprintf(seconds, sizeof(seconds), "%llu",
		 (unsigned long long)(item->expires - port->store->now()));
	add_word(&command, "SET");
	add_word(&command, request->name);
	add(&command, value, len);
	add_word(&command, "EX");
	add_word(&command, seconds);
	if (send_command(link, on_put, request, &command))
		return true;
	redis_request_end(request);
	return false;
}

static void on_shared(redisAsyncContext *context, void *arg, void *private)
{
	struct redis_request *request = private;
	const redisReply *reply = arg;
	struct store_share share = request->share;
	uint8_t data[STORE_DATA_MAX];
	uint64_t expires;
	size_t len = 0;
	bool single_use;

	(void)context;
	if (reply)
		redis_link_heard(request->link);
	if (reply && reply->type == REDIS_REPLY_STRING &&
	    redis_open_value(&request->link->redis->seal, request->name,
			     (const uint8_t *)reply->str, (size_t)reply->len, &single_use,
			     &expires, data, &len))
		share.done(share.owner, share.number, data, len);
	secret_wipe_bytes(data, len);
	redis_request_end(request);
}

/* Whoever comes first makes it; all then take what is there. */
static void offer(struct redis_link *link, const struct redis_request *request,
		  const struct store_share *share)
{
	struct redis_request *offered = redis_link_request(link);
	struct command command = { 0 };
	uint8_t value[REDIS_VALUE_MAX];
	char seconds[NUMBER_MAX];
	size_t len;

	if (!offered)
		return;
	len = redis_seal_value(&link->redis->seal, request->name, false, UINT64_MAX,
			       share->data, share->len, value);
	snprintf(seconds, sizeof(seconds), "%llu", (unsigned long long)share->lifetime);
	add_word(&command, "SET");
	add_word(&command, request->name);
	add(&command, value, len);
	add_word(&command, "NX");
	add_word(&command, "EX");
	add_word(&command, seconds);
	if (!send_command(link, on_put, offered, &command))
		redis_request_end(offered);
}

static void share(struct store_port *port, const struct store_share *share)
{
	struct redis_link *link = port->backend;
	struct redis_request *request;
	struct command command = { 0 };

	if (!redis_link_ready(link))
		return;
	request = redis_link_request(link);
	if (!request)
		return;
	request->share = *share;
	snprintf(request->name, sizeof(request->name), "tlsup:key:%llu",
		 (unsigned long long)share->number);
	if (share->len)
		offer(link, request, share);
	add_word(&command, "GET");
	add_word(&command, request->name);
	if (!send_command(link, on_shared, request, &command))
		redis_request_end(request);
}

static void scan(struct redis_link *link, const char *cursor, const char *pattern);

static void on_scan(redisAsyncContext *context, void *arg, void *private)
{
	struct redis_request *request = private;
	const redisReply *reply = arg;

	if (reply && reply->type == REDIS_REPLY_ARRAY && reply->elements == 2 &&
	    reply->element[0]->type == REDIS_REPLY_STRING &&
	    reply->element[1]->type == REDIS_REPLY_ARRAY) {
		const redisReply *names = reply->element[1];

		for (size_t i = 0; i < names->elements; i++)
			redisAsyncCommand(context, NULL, NULL, "UNLINK %b",
					  names->element[i]->str, names->element[i]->len);
		if (strcmp(reply->element[0]->str, "0"))
			scan(request->link, reply->element[0]->str, request->name);
	}
	redis_request_end(request);
}

static void scan(struct redis_link *link, const char *cursor, const char *pattern)
{
	struct redis_request *request = redis_link_request(link);
	struct command command = { 0 };

	if (!request)
		return;
	snprintf(request->name, sizeof(request->name), "%s", pattern);
	add_word(&command, "SCAN");
	add_word(&command, cursor);
	add_word(&command, "MATCH");
	add_word(&command, request->name);
	add_word(&command, "COUNT");
	add_word(&command, SCAN_COUNT);
	if (!send_command(link, on_scan, request, &command))
		redis_request_end(request);
}

static void flush(struct store_port *port, enum store_flush what, const uint8_t *tag)
{
	struct redis_link *link = port->backend;
	char pattern[REDIS_NAME_MAX];

	if (!redis_link_ready(link))
		return;
	redis_seal_pattern(&link->redis->seal, what, tag, pattern);
	scan(link, "0", pattern);
}

static void *open_port(struct store_port *port)
{
	struct redis_link *link = calloc(1, sizeof(*link));

	if (!link)
		return NULL;
	link->port = port;
	link->redis = redis_of(port->store);
	return link;
}

static void close_port(struct store_port *port)
{
	struct redis_link *link = port->backend;

	for (struct redis_request *request = link->oldest; request; request = request->next)
		request->get = NULL;
	redis_link_drop(link);
	free(link);
}

static int fd(const struct store_port *port)
{
	const struct redis_link *link = port->backend;

	return link->context ? link->context->c.fd : -1;
}

static short events(const struct store_port *port)
{
	const struct redis_link *link = port->backend;

	return (short)((link->reading ? POLLIN : 0) | (link->writing ? POLLOUT : 0));
}

static int timeout(const struct store_port *port)
{
	return redis_link_timeout(port->backend);
}

static void run(struct store_port *port, short revents)
{
	redis_link_run(port->backend, revents);
}

static void destroy(struct store *store)
{
	struct redis *redis = redis_of(store);

	free(redis->address);
	secret_free(redis, sizeof(*redis));
}

static const struct store_ops ops = {
	.destroy = destroy,
	.open = open_port,
	.close = close_port,
	.get = get,
	.cancel = cancel,
	.put = put,
	.flush = flush,
	.share = share,
	.fd = fd,
	.events = events,
	.timeout = timeout,
	.run = run,
};

/**
 * store_redis_create - a store in a Redis server
 * @options: where, and how
 *
 * Nothing is connected yet: each port connects when it is first asked.
 *
 * Return: the store, or NULL without memory.
 */
struct store *store_redis_create(const struct store_redis_options *options)
{
	struct redis *redis = secret_alloc(sizeof(*redis));

	if (!redis)
		return NULL;
	redis->address = strdup(options->address);
	redis->timeout_ms = options->timeout_ms;
	redis_seal_init(&redis->seal, options->fleet_key);
	if (redis->address && store_init(&redis->store, &ops, NULL))
		return &redis->store;
	destroy(&redis->store);
	return NULL;
}
