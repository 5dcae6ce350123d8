// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) 2026 The tlsup authors
 */
#include "worker/pool.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "log.h"
#include "sandbox.h"
#include "worker/worker.h"

#define VERDICTS_MAX	256

/** struct verdict - what the main process has said of a control group */
struct verdict {
	uint64_t cgroup_id;
	uint32_t profile;
	bool allowed;
};

/**
 * struct asking - the workers' questions, one at a time
 * @lock: guards all
 * @fd: socket to the main process
 * @verdicts: the last ones; a control group's id is never used again, nor is it
 *	moved
 * @count: how many there have been
 */
static struct asking {
	pthread_mutex_t lock;
	int fd;
	struct verdict verdicts[VERDICTS_MAX];
	size_t count;
} asking = { .lock = PTHREAD_MUTEX_INITIALIZER };

static bool ask(struct pool_message *message)
{
	return send(asking.fd, message, sizeof(*message), MSG_NOSIGNAL) ==
	       sizeof(*message) &&
	       recv(asking.fd, message, sizeof(*message), 0) == sizeof(*message);
}

static bool look_up(const struct pool_message *question)
{
	struct pool_message message = *question;

	for (size_t i = 0; i < asking.count && i < VERDICTS_MAX; i++)
		if (asking.verdicts[i].cgroup_id == question->value &&
		    asking.verdicts[i].profile == question->profile)
			return asking.verdicts[i].allowed;
	if (!ask(&message))
		return false;
	asking.verdicts[asking.count++ % VERDICTS_MAX] = (struct verdict){
		.cgroup_id = question->value,
		.profile = question->profile,
		.allowed = message.value,
	};
	return message.value;
}

/**
 * pool_in_cgroup - is a control group one of a profile's?
 * @config: the pool's
 * @cgroup_id: which
 * @profile: whose
 *
 * Called by workers. The main process is asked once for each.
 *
 * Return: whether it is; false if that is not known.
 */
bool pool_in_cgroup(const struct config *config, uint64_t cgroup_id,
		    const struct config_profile *profile)
{
	const struct pool_message question = {
		.op = POOL_CGROUP,
		.profile = (uint32_t)(profile - config->profiles),
		.value = cgroup_id,
	};
	bool allowed;

	pthread_mutex_lock(&asking.lock);
	allowed = look_up(&question);
	pthread_mutex_unlock(&asking.lock);
	return allowed;
}

static _Noreturn void give_up(int channel, int err)
{
	const struct pool_message message = { .op = POOL_FAILED, .value = (uint64_t)err };

	(void)!send(channel, &message, sizeof(message), MSG_NOSIGNAL);
	_exit(EXIT_FAILURE);
}

static struct worker **create_workers(const struct pool_options *options,
				      const struct worker_options *shared)
{
	struct worker **workers = calloc(options->config->workers, sizeof(*workers));

	if (!workers)
		give_up(options->channel, ENOMEM);
	for (unsigned int i = 0; i < options->config->workers; i++) {
		workers[i] = worker_create(shared, options->signers[i]);
		if (!workers[i])
			give_up(options->channel, errno);
	}
	return workers;
}

static void begin(const struct pool_options *options, struct worker **workers)
{
	const struct pool_message ready = { .op = POOL_READY };
	int err = sandbox_enter(options->config->store.redis ?
				SANDBOX_WORKER_STORE : SANDBOX_WORKER,
				&options->config->user);

	if (err) {
		log_error("the workers' sandbox: %s", strerror(-err));
		give_up(options->channel, 0);
	}
	for (unsigned int i = 0; i < options->config->workers; i++) {
		err = worker_run(workers[i]);
		if (err) {
			log_error("a worker could not be started: %s", strerror(-err));
			give_up(options->channel, 0);
		}
	}
	if (send(options->channel, &ready, sizeof(ready), MSG_NOSIGNAL) < 0)
		_exit(EXIT_FAILURE);
}

/* When the main process has gone, so is this one. */
static void obey(int channel, struct worker **workers, unsigned int count)
{
	struct pool_message message;

	if (recv(channel, &message, sizeof(message), 0) != sizeof(message))
		_exit(EXIT_SUCCESS);
	if (message.op == POOL_DRAIN)
		for (unsigned int i = 0; i < count; i++)
			worker_drain(workers[i]);
}

/* An eventfd that is readable tells how many more there are. */
static void add_more(const struct pollfd *fd, uint64_t *count)
{
	uint64_t more;

	if (fd->revents && read(fd->fd, &more, sizeof(more)) == sizeof(more))
		*count += more;
}

static void tell_drained(int channel)
{
	const struct pool_message message = { .op = POOL_DRAINED };

	if (send(channel, &message, sizeof(message), MSG_NOSIGNAL) < 0)
		_exit(EXIT_SUCCESS);
}

/**
 * pool_serve - be the pool
 * @options: what it was forked with
 */
_Noreturn void pool_serve(const struct pool_options *options)
{
	const struct worker_options shared = {
		.config = options->config,
		.sessions = options->sessions,
		.keylog = options->keylog,
		.seal = options->seal,
		.drained = eventfd(0, EFD_CLOEXEC),
		.ended = eventfd(0, EFD_CLOEXEC),
	};
	struct worker **workers = create_workers(options, &shared);
	struct pollfd fds[] = {
		{ .fd = options->channel, .events = POLLIN },
		{ .fd = shared.drained, .events = POLLIN },
		{ .fd = shared.ended, .events = POLLIN },
	};
	uint64_t drained = 0, ended = 0;

	asking.fd = options->asking;
	begin(options, workers);
	while (ended < options->config->workers) {
		if (poll(fds, 3, -1) < 0 && errno != EINTR)
			break;
		add_more(&fds[1], &drained);
		add_more(&fds[2], &ended);
		if (fds[1].revents && drained == options->config->workers)
			tell_drained(options->channel);
		if (fds[0].revents)
			obey(options->channel, workers, options->config->workers);
	}
	for (unsigned int i = 0; i < options->config->workers; i++) {
		worker_stop(workers[i]);
		worker_destroy(workers[i]);
	}
	_exit(EXIT_SUCCESS);
}
