// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) 2026 The tlsup authors
 *
 * Everything that the module's interface offers, in random order and with random
 * values: socket options, calls, record streams of the peer, what agents say.
 * Nothing is expected of any one operation; the kernel's checkers are the judge,
 * and that at the end all is destroyed and a new connection works.
 *
 * The run is a number of episodes, each from a seed of its own, which it names
 * first: TLSUP_SEED=N TLSUP_OPERATIONS=1 runs that one again (with the same
 * TLSUP_SLOTS, how many sockets it plays with). TLSUP_SECONDS=N: for so long.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <time.h>

#include "kselftest_harness.h"
#include "play.h"

/* Operations of an episode, and all together. */
#define EPISODE		2000
#define SLOTS		12
#define OPERATIONS	6000
#define KINDS_MAX	64

FIXTURE(interface) {
	struct play play;
};

static unsigned long setting(const char *name, unsigned long value)
{
	const char *text = getenv(name);

	return text ? strtoul(text, NULL, 0) : value;
}

FIXTURE_SETUP(interface)
{
	int i;

	signal(SIGPIPE, SIG_IGN);
	self->play.buffer = malloc(PLAY_BUFFER);
	fill(self->play.buffer, PLAY_BUFFER, 1);
	ASSERT_EQ(0, net_new());
	self->play.file = memfd_create("file", MFD_CLOEXEC);
	ASSERT_EQ(PLAY_BUFFER, write(self->play.file, self->play.buffer, PLAY_BUFFER));
	ASSERT_EQ(0, pipe2(self->play.pipes, O_NONBLOCK));
	self->play.slot_count = setting("TLSUP_SLOTS", SLOTS);
	ASSERT_GE(PLAY_SLOTS_MAX, self->play.slot_count);
	for (i = 0; i < PLAY_SLOTS_MAX; i++)
		self->play.slots[i] = (struct slot){ .fd = -1, .peer = { .fd = -1 } };
	for (i = 0; i < 2; i++) {
		ASSERT_EQ(0, agent_open(&self->play.agents[i]));
		ASSERT_EQ(0, agent_register(&self->play.agents[i], 4));
	}
}

FIXTURE_TEARDOWN(interface)
{
	agent_close(&self->play.agents[0]);
	agent_close(&self->play.agents[1]);
	EXPECT_TRUE(net_all_destroyed());
}

static void episode(struct play *f, unsigned long seed, unsigned long *tried,
		    unsigned long *went_well)
{
	int total = 0, at;
	unsigned int i;
	size_t kind;

	for (kind = 0; kind < operations_count; kind++)
		total += operations[kind].weight;
	f->random = seed * 0x9e3779b97f4a7c15 | 1;
	memset(f->waiting, 0, sizeof(f->waiting));
	f->waits = 0;
	f->conn = 0;
	f->cipher = play_pick(f, 2) ? TLSUP_CIPHER_AES_GCM_128 :
				 TLSUP_CIPHER_CHACHA20_POLY1305;
	for (i = 0; i < EPISODE; i++) {
		at = play_pick(f, total);
		for (kind = 0; at >= operations[kind].weight; kind++)
			at -= operations[kind].weight;
		tried[kind]++;
		went_well[kind] += operations[kind].act(f) >= 0;
	}
	for (i = 0; i < f->slot_count; i++)
		play_forget(&f->slots[i]);
	/* What an episode leaves, the next does not find. */
	while (read(f->pipes[0], f->buffer, PLAY_BUFFER) > 0)
		;
}

/* A new agent and a new connection are as if nothing had happened. */
static void still_works(struct __test_metadata *_metadata, struct play *f)
{
	struct slot *slot = &f->slots[0];
	int i;

	for (i = 0; i < 2; i++)
		agent_close(&f->agents[i]);
	EXPECT_TRUE(net_all_destroyed());
	ASSERT_EQ(0, net_sysctl("max_pending", 100));
	ASSERT_EQ(0, net_sysctl("agent_grace_ms", 5000));
	for (i = 0; i < 2; i++)
		ASSERT_EQ(0, agent_open(&f->agents[i]));
	ASSERT_EQ(0, agent_register(&f->agents[0], 4));
	ASSERT_EQ(0, open_with_peer(&f->agents[0], TLSUP_CLIENT, f->cipher,
				    &slot->fd, &slot->peer));
	ASSERT_TRUE(peer_send(&slot->peer, DATA, "still", 5));
	ASSERT_TRUE(read_all(slot->fd, f->buffer, 5));
	EXPECT_EQ(0, memcmp(f->buffer, "still", 5));
	play_forget(slot);
	ASSERT_EQ(0, agent_register(&f->agents[1], 4));
}

TEST_F_TIMEOUT(interface, survives_random_operations, 7200)
{
	unsigned long count = setting("TLSUP_OPERATIONS", OPERATIONS), done;
	unsigned long seed = setting("TLSUP_SEED", 1);
	time_t end = time(NULL) + setting("TLSUP_SECONDS", 0);
	unsigned long tried[KINDS_MAX] = { 0 }, went_well[KINDS_MAX] = { 0 };
	size_t kind;

	for (done = 0; done < count || time(NULL) < end;
	     done += EPISODE, seed++) {
		TH_LOG("seed %lu", seed);
		episode(&self->play, seed, tried, went_well);
		still_works(_metadata, &self->play);
	}
	for (kind = 0; kind < operations_count; kind++) {
		TH_LOG("%s: %lu, of which %lu went well", operations[kind].name,
		       tried[kind], went_well[kind]);
		/* In a long run nothing is in vain. */
		if (done >= 20 * EPISODE)
			EXPECT_LT(0, went_well[kind]);
	}
	TH_LOG("figure: random operations on the interface: %lu", done);
}

TEST_HARNESS_MAIN
