// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) 2026 The tlsup authors
 *
 * Registration happens in the main thread, while it still has the right to;
 * the thread that then runs needs none.
 */
#include "worker.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <uthash.h>

#include "conn.h"
#include "kern.h"
#include "log.h"

/** struct entry - a handshake in the worker's table */
struct entry {
	uint64_t id;
	struct conn *conn;
	UT_hash_handle hh;
};

/**
 * struct worker - a worker
 * @env: for its handshakes
 * @table: its handshakes by the kernel's id
 * @thread: runs it
 * @started: @thread is to be joined
 * @stop: eventfd, readable when it is to stop
 */
struct worker {
	struct conn_env env;
	struct entry *table;
	pthread_t thread;
	bool started;
	int stop;
};

static struct entry *find(struct worker *worker, uint64_t id)
{
	struct entry *entry;

	HASH_FIND(hh, worker->table, &id, sizeof(id), entry);
	return entry;
}

static void remove_entry(struct worker *worker, struct entry *entry)
{
	HASH_DELETE(hh, worker->table, entry);
	conn_destroy(entry->conn);
	free(entry);
}

/* Without an answer the kernel's deadline ends the handshake. */
static void start(struct worker *worker, const struct kern_event *event)
{
	struct entry *entry = calloc(1, sizeof(*entry));

	if (entry)
		entry->conn = conn_create(&worker->env, event);
	if (!entry || !entry->conn) {
		log_error("out of memory for a handshake");
		free(entry);
		return;
	}
	entry->id = event->conn_id;
	HASH_ADD(hh, worker->table, id, sizeof(entry->id), entry);
	if (!conn_start(entry->conn, event))
		remove_entry(worker, entry);
}

static void record(struct worker *worker, const struct kern_event *event)
{
	struct entry *entry = find(worker, event->conn_id);

	/* The kernel has been told of its end, or is about to tell of it. */
	if (!entry)
		kern_ack(worker->env.kern, 1);
	else if (!conn_record(entry->conn, event))
		remove_entry(worker, entry);
}

static void closed(struct worker *worker, const struct kern_event *event)
{
	struct entry *entry = find(worker, event->conn_id);

	if (entry) {
		conn_log_closed(entry->conn, event);
		remove_entry(worker, entry);
	}
	/* Every event before this one has been answered. */
	kern_ack(worker->env.kern, 1);
}

static void handle(void *owner, const struct kern_event *event)
{
	struct worker *worker = owner;

	switch (event->type) {
	case KERN_START:
		start(worker, event);
		break;
	case KERN_RECORD:
		record(worker, event);
		break;
	case KERN_TICKET:
		kern_ack(worker->env.kern, 1);
		break;
	case KERN_CLOSED:
		closed(worker, event);
		break;
	case KERN_ERROR:
		/* ENOENT: the socket was closed while the answer was made. */
		if (event->error != ENOENT && event->error != EPERM)
			log_warning("the kernel refused an answer: %s",
				    strerror((int)event->error));
		break;
	}
}

static void *run(void *arg)
{
	struct worker *worker = arg;
	struct pollfd fds[] = {
		{ .fd = kern_fd(worker->env.kern), .events = POLLIN },
		{ .fd = worker->stop, .events = POLLIN },
	};

	for (;;) {
		if (poll(fds, 2, -1) < 0 && errno != EINTR) {
			log_error("poll: %s", strerror(errno));
			break;
		}
		if (fds[1].revents)
			break;
		if (fds[0].revents && kern_receive(worker->env.kern)) {
			log_error("the netlink socket has failed");
			break;
		}
	}
	return NULL;
}

/**
 * worker_create - make a worker and register its agent
 * @options: the same for all
 *
 * Return: the worker, or NULL with errno as kern_open() and kern_register().
 */
struct worker *worker_create(const struct worker_options *options)
{
	struct worker *worker = calloc(1, sizeof(*worker));
	int err;

	if (!worker)
		return NULL;
	worker->env.config = options->config;
	worker->env.trace = options->trace;
	worker->env.keylog = options->keylog;
	worker->stop = eventfd(0, EFD_CLOEXEC);
	if (worker->stop >= 0)
		worker->env.kern = kern_open(options->config->window, handle, worker);
	err = worker->env.kern ? -kern_register(worker->env.kern) : errno;
	if (!err)
		return worker;
	worker_destroy(worker);
	errno = err;
	return NULL;
}

/**
 * worker_run - start the worker's thread
 * @worker: created
 *
 * Return: 0 or -errno.
 */
int worker_run(struct worker *worker)
{
	int err = pthread_create(&worker->thread, NULL, run, worker);

	worker->started = !err;
	return -err;
}

/**
 * worker_stop - have the worker's thread end, and wait for that
 * @worker: may not have been started
 */
void worker_stop(struct worker *worker)
{
	const uint64_t one = 1;

	if (!worker->started)
		return;
	if (write(worker->stop, &one, sizeof(one)) == sizeof(one))
		pthread_join(worker->thread, NULL);
	worker->started = false;
}

/**
 * worker_destroy - free a worker and what it was working on
 * @worker: stopped; may be NULL
 */
void worker_destroy(struct worker *worker)
{
	struct entry *entry, *next;

	if (!worker)
		return;
	HASH_ITER(hh, worker->table, entry, next)
		remove_entry(worker, entry);
	kern_close(worker->env.kern);
	if (worker->stop >= 0)
		close(worker->stop);
	free(worker);
}
