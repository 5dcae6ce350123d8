// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) 2026 The tlsup authors
 *
 * What a server says that a fleet keeps its sessions in. An input is: what it is
 * asked(1), its replies, and then it ends the connection.
 */
#include <assert.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "log.h"
#include "store/store.h"

#define PATIENCE_MS	1000

static const uint8_t fleet_key[32] = "the key of a fleet, in all hosts";
static struct store *store;
static int listener;
static unsigned int told;

static void on_get(struct store_get *get, enum store_verdict verdict,
		   const uint8_t *data, size_t len)
{
	/* Nobody but us can seal anything under our key. */
	assert(verdict != STORE_HIT && verdict < STORE_VERDICTS);
	told++;
}

static void on_share(void *owner, uint64_t number, const uint8_t *data, size_t len)
{
	assert(false);
}

/* The server listens where only this process finds it. */
static void start(void)
{
	static char folder[] = "/tmp/tlsup-fuzz.XXXXXX";
	static struct sockaddr_un at = { .sun_family = AF_UNIX };
	struct store_redis_options options = {
		.address = at.sun_path, .timeout_ms = PATIENCE_MS, .fleet_key = fleet_key,
	};

	signal(SIGPIPE, SIG_IGN);
	log_set(LOG_LEVEL_ERROR, false);
	assert(mkdtemp(folder));
	snprintf(at.sun_path, sizeof(at.sun_path), "%s/socket", folder);
	listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert(!bind(listener, (struct sockaddr *)&at, sizeof(at)) && !listen(listener, 1));
	store = store_redis_create(&options);
	assert(store);
}

static void ask(struct store_port *port, struct store_get gets[2], uint8_t what)
{
	const uint8_t tag[STORE_TAG_SIZE] = "tag";
	const struct store_item item = { .expires = UINT32_MAX, .data = tag, .len = 3 };
	const struct store_share share = {
		.number = 1, .data = tag, .len = what & 8 ? 3 : 0, .lifetime = 100,
		.done = on_share,
	};

	for (int i = 0; i < 2; i++) {
		gets[i] = (struct store_get){ .single_use = what & 1, .done = on_get };
		store_get(port, &gets[i]);
	}
	if (what & 2)
		store_put(port, &item);
	if (what & 4)
		store_share(port, &share);
	if (what & 16)
		store_flush(port, STORE_FLUSH_ALL, tag);
	if (what & 32 && !told)
		store_cancel(port, &gets[1]);
}

/* As a worker does, until the connection has ended. */
static void work(struct store_port *port)
{
	for (int i = 0; i < 64 && store_fd(port) >= 0; i++) {
		struct pollfd fd = { .fd = store_fd(port), .events = store_events(port) };

		if (poll(&fd, 1, 0) <= 0)
			break;
		store_run(port, fd.revents);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct store_get gets[2];
	struct store_port *port;
	uint8_t commands[4096];
	int server;

	if (!size)
		return 0;
	if (!store)
		start();
	told = 0;
	port = store_open(store);
	ask(port, gets, data[0]);
	server = accept(listener, NULL, NULL);
	assert(server >= 0);
	work(port);
	while (recv(server, commands, sizeof(commands), MSG_DONTWAIT) > 0)
		;
	if (send(server, data + 1, size - 1, MSG_DONTWAIT | MSG_NOSIGNAL) < 0)
		told += 0;
	work(port);
	/* With all that was asked since then, and a new connection perhaps. */
	close(server);
	work(port);
	store_close(port);
	return 0;
}
