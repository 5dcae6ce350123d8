// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) 2026 The tlsup authors
 *
 * Memory is scarce: allocations that the module's code asks for fail by chance,
 * wherever it runs, in softirq and in work items too, where no task's own count of
 * faults reaches. A child of a listener whose copy fails is dead, and never
 * plain; a handshake ends, one way or the other; nothing is lost.
 * TLSUP_SCARCE=N is how often each is tried.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mount.h>
#include <sys/socket.h>

#include <netinet/in.h>
#include <netinet/tcp.h>

#include "kselftest_harness.h"
#include "net.h"

#define FAILSLAB	"/sys/kernel/debug/failslab/"
#define ROUNDS		200
#define TIMES		1000000000
/* Of a hundred allocations, so many fail. */
#define CHANCE		5

static unsigned long rounds(void)
{
	const char *text = getenv("TLSUP_SCARCE");

	return text ? strtoul(text, NULL, 0) : ROUNDS;
}

static bool failslab(const char *name, const char *form, unsigned long value)
{
	char path[80], text[24];
	int fd, len = snprintf(text, sizeof(text), form, value);
	bool set;

	snprintf(path, sizeof(path), FAILSLAB "%s", name);
	fd = open(path, O_WRONLY);
	set = fd >= 0 && write(fd, text, len) == len;
	close(fd);
	return set;
}

/* How many have failed since the beginning. */
static long failed(void)
{
	FILE *file = fopen(FAILSLAB "times", "r");
	long times;

	if (!file || fscanf(file, "%ld", &times) != 1)
		times = TIMES;
	if (file)
		fclose(file);
	return TIMES - times;
}

/* Only where a function of the module has called. */
static bool only_the_module(void)
{
	unsigned long size, start = 0;
	FILE *file = fopen("/proc/modules", "r");
	char line[512], name[64];

	while (file && fgets(line, sizeof(line), file))
		if (sscanf(line, "%63s %lu %*s %*s %*s %lx", name, &size, &start) == 3 &&
		    !strcmp(name, "tlsup"))
			break;
		else
			start = 0;
	if (file)
		fclose(file);
	return start && failslab("require-start", "%#lx", start) &&
	       failslab("require-end", "%#lx", start + size);
}

/* In place or not, for the calls between. */
static void scarce(bool on)
{
	failslab("probability", "%lu", on ? CHANCE : 0);
}

FIXTURE(scarce) {
	struct agent agent;
};

FIXTURE_SETUP(scarce)
{
	signal(SIGPIPE, SIG_IGN);
	mount("debugfs", "/sys/kernel/debug", "debugfs", 0, NULL);
	if (access(FAILSLAB "require-start", W_OK))
		SKIP(return, "this kernel cannot limit faults to a module");
	ASSERT_EQ(0, net_new());
	ASSERT_EQ(0, agent_open(&self->agent));
	ASSERT_TRUE(only_the_module());
	ASSERT_TRUE(failslab("stacktrace-depth", "%lu", 32));
	ASSERT_TRUE(failslab("ignore-gfp-wait", "%lu", 0));
	ASSERT_TRUE(failslab("verbose", "%lu", 0));
	ASSERT_TRUE(failslab("times", "%lu", TIMES));
	/* Nobody waits for an agent that has gone. */
	ASSERT_EQ(0, net_sysctl("agent_grace_ms", 0));
	ASSERT_EQ(0, agent_register(&self->agent, 16));
}

FIXTURE_TEARDOWN(scarce)
{
	if (access(FAILSLAB "require-start", W_OK))
		return;
	scarce(false);
	agent_close(&self->agent);
	EXPECT_TRUE(net_all_destroyed());
}

/* With a profile and more, which a child copies as well. */
static int listener_new(struct sockaddr_in *at)
{
	socklen_t len = sizeof(*at);
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	*at = (struct sockaddr_in){ .sin_family = AF_INET };
	at->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	if (bind(fd, (struct sockaddr *)at, len) || tls_attach(fd) ||
	    setsockopt(fd, SOL_TLSUP, TLSUP_PROFILE, "profile", 7) ||
	    setsockopt(fd, SOL_TLSUP, TLSUP_ALPN, "\2h2", 3) ||
	    tls_start(fd, TLSUP_SERVER) || listen(fd, 8) ||
	    getsockname(fd, (struct sockaddr *)at, &len)) {
		close(fd);
		return -1;
	}
	set_blocking(fd, false);
	return fd;
}

/* What was accepted, if anything, lets no plaintext out and none in. */
static void child_is_closed(struct __test_metadata *_metadata, int child, int client)
{
	char byte;

	EXPECT_EQ(-1, send(child, "plain", 5, MSG_DONTWAIT));
	EXPECT_GE(0, recv(child, &byte, 1, MSG_DONTWAIT));
	if (recv(client, &byte, 1, MSG_DONTWAIT) == 1)
		EXPECT_EQ(ALERT, byte);
}

TEST_F_TIMEOUT(scarce, a_child_without_memory_is_dead_and_never_plain, 7200)
{
	static struct event event;
	unsigned long i, dead = 0, whole = 0, lost = 0;
	struct sockaddr_in at;
	uint32_t phase;
	int listener = listener_new(&at), client, child;

	ASSERT_LE(0, listener);
	for (i = 0; i < rounds(); i++) {
		client = socket(AF_INET, SOCK_STREAM, 0);
		scarce(true);
		if (!connect(client, (struct sockaddr *)&at, sizeof(at)))
			send(client, "\x16\3\1\0\5hello", 10, 0);
		scarce(false);
		poll_now(listener, POLLIN, 100);
		child = accept(listener, NULL, NULL);
		if (child < 0) {
			lost++;
		} else {
			child_is_closed(_metadata, child, client);
			phase = tls_status(child).phase;
			if (phase >= TLSUP_PHASE_WAITING && phase <= TLSUP_PHASE_HANDSHAKE)
				whole++;
			else
				dead++;
		}
		close(child);
		close(client);
		while (agent_event(&self->agent, &event, 0))
			agent_ack(&self->agent, 1);
	}
	close(listener);
	TH_LOG("%lu whole, %lu dead, %lu not accepted", whole, dead, lost);
	TH_LOG("figure: children made while memory was scarce: %lu", i);
	TH_LOG("figure: allocations failed by chance: %ld", failed());
	EXPECT_LT(0, failed());
	EXPECT_LT(0, whole);
	EXPECT_GT(i, whole);
}

/* An agent that answers what comes, as far as it can. */
static void answer(struct agent *agent, int role)
{
	static struct message msg;
	static struct event event;
	bool client = role == TLSUP_CLIENT;

	if (!agent_event(agent, &event, 20))
		return;
	if (event.cmd != TLSUP_CMD_EV_START) {
		agent_ack(agent, 1);
		return;
	}
	answer_begin(&msg, agent, event.conn, 0);
	answer_send(&msg, HANDSHAKE, "hello", 5);
	answer_keys(&msg, TLSUP_DIRECTION_TX, TLSUP_EPOCH_APPLICATION,
		    TLSUP_CIPHER_AES_GCM_128, client ? SEED_CLIENT_DATA : SEED_SERVER_DATA);
	answer_keys(&msg, TLSUP_DIRECTION_RX, TLSUP_EPOCH_APPLICATION,
		    TLSUP_CIPHER_AES_GCM_128, client ? SEED_SERVER_DATA : SEED_CLIENT_DATA);
	answer_done(&msg);
	agent_answer(agent, &msg);
}

static bool ended(int fd)
{
	uint32_t phase = tls_status(fd).phase;

	return phase == TLSUP_PHASE_OPEN || phase == TLSUP_PHASE_FAILED;
}

TEST_F_TIMEOUT(scarce, a_handshake_ends_one_way_or_the_other, 7200)
{
	unsigned long i, opened = 0, begun = 0;
	struct peer peer;
	char data[3000];
	int ours, err, tries, role;

	for (i = 0; i < rounds(); i++) {
		role = i % 2 ? TLSUP_SERVER : TLSUP_CLIENT;
		ours = peer.fd = -1;
		scarce(true);
		err = begin_with_peer(role, &ours, &peer);
		for (tries = 0; !err && !ended(ours) && tries < 10; tries++)
			answer(&self->agent, role);
		if (!err && ended(ours)) {
			send(ours, data, sizeof(data), MSG_DONTWAIT);
			recv(ours, data, sizeof(data), MSG_DONTWAIT);
			tls_set_u32(ours, TLSUP_REKEY, 0);
		}
		scarce(false);
		/* What the agent could not answer ends with the agent. */
		agent_close(&self->agent);
		for (tries = 0; !err && !ended(ours) && tries < TIMEOUT_MS; tries++)
			usleep(1000);
		EXPECT_NE(TIMEOUT_MS, tries) TH_LOG("round %lu: stuck", i);
		begun += !err;
		opened += tls_status(ours).phase == TLSUP_PHASE_OPEN;
		close(ours);
		close(peer.fd);
		ASSERT_EQ(0, agent_open(&self->agent));
		ASSERT_EQ(0, agent_register(&self->agent, 16));
	}
	TH_LOG("%lu begun, of which %lu opened", begun, opened);
	TH_LOG("figure: handshakes while memory was scarce: %lu", i);
	TH_LOG("figure: allocations failed by chance: %ld", failed());
	EXPECT_LT(0, failed());
	EXPECT_LT(0, opened);
	EXPECT_GT(begun, opened);
}

TEST_HARNESS_MAIN
