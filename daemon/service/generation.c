// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) 2026 The tlsup authors
 */
#include "service/generation.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "log.h"
#include "process.h"
#include "signer/signer.h"
#include "stats.h"
#include "worker/pool.h"

/* So long the workers may take to be told, and the kernel. */
#define DRAIN_US	(1000 * 1000)

/**
 * generation_load - read a configuration, with certificates, keys and trust
 * @file: its path
 *
 * Nothing serves yet.
 *
 * Return: to be ended by generation_end(), or NULL; then it has been logged
 * what is wrong.
 */
struct generation *generation_load(const char *file)
{
	struct generation *generation = calloc(1, sizeof(*generation));

	if (!generation)
		return NULL;
	generation->channel = -1;
	generation->asking = -1;
	/* Before any key is read: none is ever in this process. */
	generation->signer = signer_start();
	if (generation->signer)
		generation->config = config_load(file, generation->signer);
	else
		log_error("the signer does not start: %s", strerror(errno));
	if (generation->config)
		return generation;
	generation_end(generation);
	return NULL;
}

static void tell_registration(int err)
{
	if (err == ENOENT)
		log_error("the kernel module tlsup is not loaded");
	else if (err == EPERM)
		log_error("only an administrator (CAP_NET_ADMIN) can serve this network namespace");
	else if (err)
		log_error("registration failed: %s", strerror(err));
}

/* The workers' questions are answered meanwhile: they may ask at once. */
static bool wait_until_ready(struct generation *generation)
{
	struct pollfd fds[] = {
		{ .fd = generation->channel, .events = POLLIN },
		{ .fd = generation->asking, .events = POLLIN },
	};
	struct pool_message message = { 0 };

	for (;;) {
		if (poll(fds, 2, -1) < 0 && errno != EINTR)
			return false;
		if (fds[0].revents)
			break;
		if (fds[1].revents)
			generation_answer(generation);
	}
	if (recv(generation->channel, &message, sizeof(message), 0) != sizeof(message)) {
		log_error("the workers do not start");
		return false;
	}
	if (message.op == POOL_FAILED)
		tell_registration((int)message.value);
	return message.op == POOL_READY;
}

static void fork_pool(struct generation *generation, struct pool_options *options)
{
	const struct config *config = generation->config;
	int *keep = calloc(config->workers + 3, sizeof(*keep));

	generation->pool = -1;
	if (!keep)
		return;
	memcpy(keep, options->signers, config->workers * sizeof(*keep));
	keep[config->workers] = options->channel;
	keep[config->workers + 1] = options->asking;
	keep[config->workers + 2] = options->keylog;
	generation->pool = process_fork("tlsupd: workers", keep, config->workers + 3);
	free(keep);
	if (!generation->pool)
		pool_serve(options);
}

static bool start_pool(struct generation *generation, const struct sessions *sessions,
		       int keylog, const int *signers)
{
	struct pool_options options = {
		.config = generation->config,
		.sessions = sessions,
		.keylog = keylog,
		.signers = signers,
		.seal = signer_seal_key(generation->signer),
	};
	int channel[2], asks[2];

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, channel))
		return false;
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, asks)) {
		close(channel[0]);
		close(channel[1]);
		return false;
	}
	generation->channel = channel[0];
	options.channel = channel[1];
	generation->asking = asks[0];
	options.asking = asks[1];
	fork_pool(generation, &options);
	close(channel[1]);
	close(asks[1]);
	return generation->pool > 0 && wait_until_ready(generation);
}

static bool connect_signers(struct signer *signer, int *fds, unsigned int count)
{
	for (unsigned int i = 0; i < count; i++) {
		fds[i] = signer_connect(signer);
		if (fds[i] < 0)
			return false;
	}
	return true;
}

/**
 * generation_start - begin to serve
 * @generation: loaded
 * @sessions: what is kept of them; outlives it
 * @keylog: descriptor of the key log, or -1; stays the caller's
 *
 * Return: whether it serves; if not, it is to be ended.
 */
bool generation_start(struct generation *generation, const struct sessions *sessions,
		      int keylog)
{
	unsigned int count = generation->config->workers;
	int *fds = calloc(count, sizeof(*fds));
	bool good = false;

	if (!fds)
		return false;
	memset(fds, -1, count * sizeof(*fds));
	if (signer_seal(generation->signer, &generation->config->user) &&
	    connect_signers(generation->signer, fds, count))
		good = start_pool(generation, sessions, keylog, fds);
	else
		log_error("the signer does not serve");
	for (unsigned int i = 0; i < count; i++)
		if (fds[i] >= 0)
			close(fds[i]);
	free(fds);
	return good;
}

/* Workers that wait for an answer do not hear of anything else. */
static void wait_until_drained(struct generation *generation)
{
	struct pollfd fds[] = {
		{ .fd = generation->channel, .events = POLLIN },
		{ .fd = generation->asking, .events = POLLIN },
	};
	uint64_t now = stats_now_us(), end = now + DRAIN_US;

	for (; now < end && !fds[0].revents; now = stats_now_us()) {
		if (poll(fds, 2, (int)((end - now) / 1000) + 1) < 0 && errno != EINTR)
			return;
		if (fds[1].revents && !generation_answer(generation))
			fds[1].fd = -1;
	}
	if (!fds[0].revents || generation_has_gone(generation))
		log_warning("the workers do not say that they take nothing new");
}

/**
 * generation_has_gone - is its channel readable because it has ended?
 * @generation: serves, or did
 *
 * Return: false if a message was read instead.
 */
bool generation_has_gone(const struct generation *generation)
{
	struct pool_message message;
	ssize_t n = recv(generation->channel, &message, sizeof(message), MSG_DONTWAIT);

	return n < 0 ? errno != EAGAIN && errno != EINTR : n != sizeof(message);
}

/**
 * generation_drain - have it take no new requests, and end when all is done
 * @generation: serves
 *
 * When this returns, the kernel gives what is new to others; but no worker is
 * waited for longer than DRAIN_US, which is then logged.
 */
void generation_drain(struct generation *generation)
{
	const struct pool_message message = { .op = POOL_DRAIN };

	generation->draining = true;
	if (send(generation->channel, &message, sizeof(message), MSG_NOSIGNAL) < 0)
		log_debug("the workers have gone already");
	else
		wait_until_drained(generation);
}

/**
 * generation_answer - answer one question of its workers
 * @generation: serves
 *
 * Return: false if they have gone.
 */
bool generation_answer(struct generation *generation)
{
	const struct config *config = generation->config;
	struct pool_message message;

	if (recv(generation->asking, &message, sizeof(message), 0) != sizeof(message))
		return false;
	message.value = message.op == POOL_CGROUP &&
			message.profile < config->profiles_len &&
			access_in_cgroup(message.value,
					 &config->profiles[message.profile].access.cgroups);
	return send(generation->asking, &message, sizeof(message), MSG_NOSIGNAL) ==
	       sizeof(message);
}

/**
 * generation_end - end it, whatever it is doing
 * @generation: may be NULL
 */
void generation_end(struct generation *generation)
{
	if (!generation)
		return;
	if (generation->pool > 0) {
		kill(generation->pool, SIGKILL);
		process_wait(generation->pool);
	}
	if (generation->channel >= 0)
		close(generation->channel);
	if (generation->asking >= 0)
		close(generation->asking);
	signer_end(generation->signer);
	config_free(generation->config);
	free(generation);
}
