// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) 2026 The tlsup authors
 *
 * A worker's connection to the server. Whatever is wrong with the server, no
 * handshake waits longer than the timeout of a lookup, and after a few lookups in
 * vain none waits at all: the connection is shut, until the server answers a
 * question of our own.
 */
#include <arpa/inet.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <hiredis/async.h>

#include "log.h"
#include "store/store_redis.h"

#define MISSES_MAX	3
#define RETRY_MS	1000
#define OUTSTANDING_MAX	4096

/**
 * redis_now_ms - a clock that never goes back
 *
 * Return: milliseconds.
 */
uint64_t redis_now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

static void add_read(void *arg)
{
	((struct redis_link *)arg)->reading = true;
}

static void del_read(void *arg)
{
	((struct redis_link *)arg)->reading = false;
}

static void add_write(void *arg)
{
	((struct redis_link *)arg)->writing = true;
}

static void del_write(void *arg)
{
	((struct redis_link *)arg)->writing = false;
}

static void shut(struct redis_link *link, const char *why)
{
	if (!link->shut)
		log_warning("the session store %s %s: full handshakes until it answers",
			    link->redis->address, why);
	link->shut = true;
	link->next_try = redis_now_ms() + RETRY_MS;
}

/* hiredis frees the context when this returns. */
static void lost(struct redis_link *link, const char *why)
{
	link->context = NULL;
	link->reading = link->writing = link->probing = false;
	shut(link, why);
}

static void on_connect(const redisAsyncContext *context, int status)
{
	struct redis_link *link = context->data;

	if (status != REDIS_OK && link->context == context)
		lost(link, "cannot be reached");
}

static void on_disconnect(const redisAsyncContext *context, int status)
{
	struct redis_link *link = context->data;

	(void)status;
	if (link->context == context)
		lost(link, "has ended the connection");
}

/* ADDRESS:PORT or a path. */
static redisAsyncContext *open_context(const char *address)
{
	const char *colon = strrchr(address, ':');
	char host[INET6_ADDRSTRLEN];
	size_t len;

	if (*address == '/' || !colon)
		return redisAsyncConnectUnix(address);
	len = (size_t)(colon - address);
	if (len >= sizeof(host))
		return NULL;
	memcpy(host, address, len);
	host[len] = '\0';
	return redisAsyncConnect(host, atoi(colon + 1));
}

static void connect_link(struct redis_link *link)
{
	redisAsyncContext *context = open_context(link->redis->address);

	if (context && context->err) {
		redisAsyncFree(context);
		context = NULL;
	}
	if (!context) {
		shut(link, "cannot be reached");
		return;
	}
	link->context = context;
	context->data = link;
	context->ev.data = link;
	context->ev.addRead = add_read;
	context->ev.delRead = del_read;
	context->ev.addWrite = add_write;
	context->ev.delWrite = del_write;
	redis_reply_guard(link);
	redisAsyncSetConnectCallback(context, on_connect);
	redisAsyncSetDisconnectCallback(context, on_disconnect);
}

static void on_pong(redisAsyncContext *context, void *reply, void *private)
{
	struct redis_link *link = context->data;

	(void)private;
	link->probing = false;
	if (reply)
		redis_link_heard(link);
}

/* While it is shut: is somebody there? One that is still silent is given up. */
static void probe(struct redis_link *link)
{
	if (link->probing)
		redis_link_drop(link);
	link->next_try = redis_now_ms() + RETRY_MS;
	if (!link->context)
		connect_link(link);
	if (link->context && redisAsyncCommand(link->context, on_pong, NULL, "PING") == REDIS_OK)
		link->probing = true;
}

/**
 * redis_link_ready - may something be asked?
 * @link: the connection; is made if there is none
 *
 * Return: whether it may.
 */
bool redis_link_ready(struct redis_link *link)
{
	if (!link->shut && !link->context)
		connect_link(link);
	return !link->shut && link->context && link->outstanding < OUTSTANDING_MAX;
}

/**
 * redis_link_request - room for a command
 * @link: ready
 *
 * Return: to be ended by redis_request_end(); NULL without memory.
 */
struct redis_request *redis_link_request(struct redis_link *link)
{
	struct redis_request *request = calloc(1, sizeof(*request));

	if (!request)
		return NULL;
	request->link = link;
	link->outstanding++;
	return request;
}

static void take_out(struct redis_link *link, struct redis_request *request)
{
	if (!request->deadline)
		return;
	if (request->prev)
		request->prev->next = request->next;
	else
		link->oldest = request->next;
	if (request->next)
		request->next->prev = request->prev;
	else
		link->newest = request->prev;
	request->deadline = 0;
}

/**
 * redis_request_end - a command is over
 * @request: of a lookup, or another
 */
void redis_request_end(struct redis_request *request)
{
	take_out(request->link, request);
	request->link->outstanding--;
	free(request);
}

/**
 * redis_link_heard - the server has answered
 * @link: the connection
 */
void redis_link_heard(struct redis_link *link)
{
	link->misses = 0;
	if (!link->shut)
		return;
	link->shut = false;
	link->next_try = 0;
	log_info("the session store %s answers", link->redis->address);
}

/**
 * redis_link_missed - it has not, in time
 * @link: the connection
 */
void redis_link_missed(struct redis_link *link)
{
	if (++link->misses >= MISSES_MAX)
		shut(link, "does not answer in time");
}

/**
 * redis_link_drop - end the connection; all that is under way ends with it
 * @link: the connection
 */
void redis_link_drop(struct redis_link *link)
{
	redisAsyncContext *context = link->context;

	link->context = NULL;
	link->reading = link->writing = link->probing = false;
	if (context)
		redisAsyncFree(context);
}

static void expire(struct redis_link *link)
{
	uint64_t now = redis_now_ms();
	struct redis_request *request;

	while ((request = link->oldest) && request->deadline <= now) {
		struct store_get *get = request->get;

		take_out(link, request);
		request->get = NULL;
		redis_link_missed(link);
		if (get)
			store_answer(link->port, get, STORE_DOWN, 0);
	}
}

/**
 * redis_link_run - the descriptor is ready, or time has passed
 * @link: the connection
 * @revents: as in poll(2)
 */
void redis_link_run(struct redis_link *link, short revents)
{
	if (link->context && revents & POLLOUT)
		redisAsyncHandleWrite(link->context);
	if (link->context && revents & (POLLIN | POLLHUP | POLLERR))
		redisAsyncHandleRead(link->context);
	if (redis_reply_is_endless(link)) {
		shut(link, "says what nobody has asked for");
		redis_link_drop(link);
	}
	expire(link);
	if (link->next_try && redis_now_ms() >= link->next_try)
		probe(link);
}

/**
 * redis_link_timeout - when is something to be done?
 * @link: the connection
 *
 * Return: milliseconds; -1: never.
 */
int redis_link_timeout(const struct redis_link *link)
{
	uint64_t now = redis_now_ms(), next = UINT64_MAX;

	if (link->oldest)
		next = link->oldest->deadline;
	if (link->next_try && link->next_try < next)
		next = link->next_try;
	if (next == UINT64_MAX)
		return -1;
	return next > now ? (int)(next - now) : 0;
}
