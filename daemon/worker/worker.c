// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) 2026 The tlsup authors
 *
 * Registration happens before the process enters its sandbox, while it still
 * has the right to; the thread that then runs needs none.
 */
#include "worker/worker.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <uthash.h>

#include "kern/kern.h"
#include "lib/secret.h"
#include "log.h"
#include "process.h"
#include "signer/signer.h"
#include "stats.h"
#include "store/fleet.h"
#include "worker/conn.h"
#include "worker/pool.h"

#define US_PER_S	1000000
#define FLEET_MS	1000	/* how often the fleet is thought of */
#define WIPE_MAX_S	3600

/* So many at once are a burst; its memory is given back when it is over. */
#define BURST	32
/* What single ones leave between them adds up, too. */
#define SINGLES	1024

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
 * @peak: the most that were in @table since memory was given back
 * @gone: how many have left it since then
 * @thread: runs it
 * @started: @thread is to be joined
 * @wish: what it is to do
 * @wake: eventfd, readable when @wish has changed
 * @drained: eventfd of the pool, told when no new requests come any more
 * @drained_told: it has been
 * @ended: eventfd of the pool, told when the thread ends
 * @next_fleet: when the keys of the fleet are looked at again, seconds
 * @next_wipe: likewise, when some may have to be wiped
 */
struct worker {
	struct conn_env env;
	struct entry *table;
	unsigned int peak;
	unsigned int gone;
	pthread_t thread;
	bool started;
	bool drained_told;
	_Atomic int wish;
	int wake;
	int drained;
	int ended;
	uint64_t next_fleet;
	uint64_t next_wipe;
};

enum wish { WISH_SERVE, WISH_DRAIN, WISH_DRAINING, WISH_STOP };

static struct entry *find(struct worker *worker, uint64_t id)
{
	struct entry *entry;

	HASH_FIND(hh, worker->table, &id, sizeof(id), entry);
	return entry;
}

/* A daemon that has nothing to do is as small as it was before. */
static void give_back(struct worker *worker)
{
	if (worker->table || (worker->peak < BURST && worker->gone < SINGLES))
		return;
	process_give_back();
	worker->peak = 0;
	worker->gone = 0;
}

static void remove_entry(struct worker *worker, struct entry *entry)
{
	HASH_DELETE(hh, worker->table, entry);
	conn_destroy(entry->conn);
	free(entry);
	worker->gone++;
	give_back(worker);
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
	if (HASH_COUNT(worker->table) > worker->peak)
		worker->peak = HASH_COUNT(worker->table);
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

/* One that cannot be used is nobody's fault that could be told of it. */
static void ticket(struct worker *worker, const struct kern_event *event)
{
	if (!resume_keep(&worker->env.resume,
			 (struct hs_bytes){ event->cookie, event->cookie_len },
			 (struct hs_bytes){ event->chain, event->chain_len },
			 (struct hs_bytes){ event->payload, event->payload_len }))
		log_debug("a ticket that is of no use");
	kern_ack(worker->env.kern, 1);
}

static void closed(struct worker *worker, const struct kern_event *event)
{
	struct entry *entry = find(worker, event->conn_id);

	if (entry) {
		conn_closed(entry->conn, event);
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
		ticket(worker, event);
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

static void over(void *owner, uint64_t id)
{
	struct worker *worker = owner;
	struct entry *entry = find(worker, id);

	if (entry)
		remove_entry(worker, entry);
}

static bool in_cgroup(void *owner, uint64_t cgroup_id,
		      const struct config_profile *profile)
{
	const struct worker *worker = owner;

	return pool_in_cgroup(worker->env.config, cgroup_id, profile);
}

/* Whether the thread goes on. */
static bool obey(struct worker *worker)
{
	uint64_t count;

	if (read(worker->wake, &count, sizeof(count)) < 0)
		log_error("eventfd: %s", strerror(errno));
	if (worker->wish == WISH_DRAIN) {
		worker->wish = WISH_DRAINING;
		if (kern_drain(worker->env.kern))
			log_error("the kernel goes on to send requests");
	}
	return worker->wish != WISH_STOP;
}

static void tell(int fd)
{
	const uint64_t one = 1;

	if (write(fd, &one, sizeof(one)) != sizeof(one))
		log_error("eventfd: %s", strerror(errno));
}

/* The kernel's word comes behind the last request that it gave. */
static void tell_drained(struct worker *worker)
{
	if (worker->drained_told || !kern_is_drained(worker->env.kern))
		return;
	worker->drained_told = true;
	tell(worker->drained);
}

static bool is_over(const struct worker *worker)
{
	return worker->drained_told && !worker->table;
}

static int sooner(int timeout, uint64_t ms)
{
	return timeout < 0 || (uint64_t)timeout > ms ? (int)ms : timeout;
}

/* Also where nobody shakes hands; at least every so often, for a clock may be set. */
static void wipe_keys(struct worker *worker, uint64_t now)
{
	uint64_t wait;

	if (now < worker->next_wipe)
		return;
	wait = ticket_wipe(worker->env.resume.tickets);
	worker->next_wipe = now + (wait < WIPE_MAX_S ? wait : WIPE_MAX_S);
}

/* What to poll for the store, and for how long. */
static int prepare_store(struct worker *worker, struct pollfd *fd)
{
	struct store_port *port = worker->env.resume.port;
	uint64_t now = stats_now_us() / US_PER_S;
	int timeout;

	wipe_keys(worker, now);
	fleet_run(port, worker->env.resume.tickets, &worker->next_fleet, now);
	fd->fd = store_fd(port);
	fd->events = store_events(port);
	timeout = store_timeout(port);
	if (store_shares(port))
		timeout = sooner(timeout, FLEET_MS);
	return sooner(timeout, (worker->next_wipe - now) * 1000);
}

static void run(struct worker *worker)
{
	struct pollfd fds[] = {
		{ .fd = kern_fd(worker->env.kern), .events = POLLIN },
		{ .fd = signer_port_fd(worker->env.signer), .events = POLLIN },
		{ .fd = worker->wake, .events = POLLIN },
		{ .fd = -1 },
	};

	while (!is_over(worker)) {
		int timeout = prepare_store(worker, &fds[3]);

		/* Last of all: the store has to do with secrets, too. */
		secret_forget_registers();
		if (poll(fds, 4, timeout) < 0) {
			if (errno == EINTR)
				continue;
			log_error("poll: %s", strerror(errno));
			break;
		}
		if (fds[2].revents && !obey(worker))
			break;
		store_run(worker->env.resume.port, fds[3].fd >= 0 ? fds[3].revents : 0);
		if (fds[1].revents && signer_port_receive(worker->env.signer)) {
			log_error("the signer has gone");
			break;
		}
		if (fds[0].revents && kern_receive(worker->env.kern)) {
			log_error("the netlink socket has failed");
			break;
		}
		tell_drained(worker);
		/* What was put meanwhile goes out now, not a turn later. */
		if (store_events(worker->env.resume.port) & POLLOUT)
			store_run(worker->env.resume.port, POLLOUT);
	}
}

static void *run_thread(void *arg)
{
	struct worker *worker = arg;

	run(worker);
	tell(worker->ended);
	return NULL;
}

/**
 * worker_create - make a worker and register its agent
 * @options: the same for all
 * @signer: socket to the signer, the worker's from here on
 *
 * Return: the worker, or NULL with errno as kern_open() and kern_register().
 */
struct worker *worker_create(const struct worker_options *options, int signer)
{
	struct worker *worker = calloc(1, sizeof(*worker));
	int err = ENOMEM;

	if (!worker)
		return NULL;
	worker->env = (struct conn_env){
		.config = options->config,
		.keylog = options->keylog,
		.over = over,
		.in_cgroup = in_cgroup,
		.owner = worker,
		.signer = signer_port_open(signer, options->seal),
		.resume = {
			.port = store_open(options->sessions->store),
			.tickets = options->sessions->tickets,
		},
	};
	worker->drained = options->drained;
	worker->ended = options->ended;
	worker->wake = eventfd(0, EFD_CLOEXEC);
	if (worker->wake >= 0 && worker->env.signer && worker->env.resume.port) {
		worker->env.kern = kern_open(options->config->window, handle, worker);
		err = worker->env.kern ? -kern_register(worker->env.kern) : errno;
	}
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
	int err = pthread_create(&worker->thread, NULL, run_thread, worker);

	worker->started = !err;
	return -err;
}

static void wish(struct worker *worker, enum wish what)
{
	worker->wish = what;
	tell(worker->wake);
}

/**
 * worker_drain - have the worker take nothing new and end when all is done
 * @worker: runs
 */
void worker_drain(struct worker *worker)
{
	wish(worker, WISH_DRAIN);
}

/**
 * worker_stop - have the worker's thread end, and wait for that
 * @worker: may not have been started
 */
void worker_stop(struct worker *worker)
{
	if (!worker->started)
		return;
	wish(worker, WISH_STOP);
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
	store_close(worker->env.resume.port);
	signer_port_close(worker->env.signer);
	if (worker->wake >= 0)
		close(worker->wake);
	free(worker);
}
