// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) 2026 The tlsup authors
 *
 * Which replies of a server are taken. hiredis aborts the program at one that
 * nobody has asked for, and allocates what a length promises: neither is left to
 * the server. What is refused here ends the connection.
 */
#include <hiredis/async.h>

#include "store/store_redis.h"

/* SCAN's, by far the longest list, has about as many names as it is asked for. */
#define ELEMENTS_MAX	100000
/* And all that is read and not yet understood. */
#define BYTES_MAX	(16 << 20)

/* A reply as such, not a part of one, needs a command that waits for it. */
static const redisReplyObjectFunctions *taken(const redisReadTask *task)
{
	const redisAsyncContext *context = task->privdata;
	const struct redis_link *link = context->data;

	return task->parent || context->replies.head ? link->reply_functions : NULL;
}

static void *create_string(const redisReadTask *task, char *text, size_t len)
{
	const redisReplyObjectFunctions *functions = taken(task);

	return functions ? functions->createString(task, text, len) : NULL;
}

static void *create_array(const redisReadTask *task, int elements)
{
	const redisReplyObjectFunctions *functions = taken(task);

	return functions && elements <= ELEMENTS_MAX ?
	       functions->createArray(task, elements) : NULL;
}

static void *create_integer(const redisReadTask *task, long long value)
{
	const redisReplyObjectFunctions *functions = taken(task);

	return functions ? functions->createInteger(task, value) : NULL;
}

static void *create_nil(const redisReadTask *task)
{
	const redisReplyObjectFunctions *functions = taken(task);

	return functions ? functions->createNil(task) : NULL;
}

/**
 * redis_reply_guard - take from a server what was asked for only
 * @link: with a context that is its own
 */
void redis_reply_guard(struct redis_link *link)
{
	static redisReplyObjectFunctions guarded = {
		.createString = create_string,
		.createArray = create_array,
		.createInteger = create_integer,
		.createNil = create_nil,
		.freeObject = freeReplyObject,
	};
	redisReader *reader = link->context->c.reader;

	link->reply_functions = reader->fn;
	reader->fn = &guarded;
	reader->privdata = link->context;
}

/**
 * redis_reply_is_endless - does a reply take more memory than any should?
 * @link: the connection
 *
 * Return: whether it does.
 */
bool redis_reply_is_endless(const struct redis_link *link)
{
	return link->context && link->context->c.reader->len > BYTES_MAX;
}
