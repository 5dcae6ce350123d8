// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) 2026 The tlsup authors
 *
 * Two threads that get in each other's way at the places where a lifetime ends
 * or an owner changes, over and over, with a delay that wanders. On a kernel
 * with two processors and checkers this finds what one processor cannot.
 * TLSUP_RACES=N is how often.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/syscall.h>

#include <linux/bpf.h>
#include <netinet/in.h>
#include <netinet/tcp.h>

#include "kselftest_harness.h"
#include "net.h"

#define RACES	60

static unsigned long races(void)
{
	const char *text = getenv("TLSUP_RACES");

	return text ? strtoul(text, NULL, 0) : RACES;
}

FIXTURE(races) {
	struct agent agent;
};

/**
 * struct race - two runners, started together again and again
 * @run: what each does in one round
 * @start: both wait here for the round to begin
 * @end: and here for its end
 * @round: which one it is
 * @stop: no more rounds
 * @agent: for the runners
 * @fd: sockets
 * @result: of each runner
 */
struct race {
	void (*run[2])(struct race *race);
	pthread_barrier_t start;
	pthread_barrier_t end;
	unsigned long round;
	bool stop;
	struct agent *agent;
	struct message msg;
	int fd[3];
	int result[2];
};

/* One of the two is late, by so much, and then by a little more. */
static void delay(const struct race *race, int who)
{
	volatile unsigned int i;

	if ((race->round & 1) != who)
		return;
	for (i = 0; i < race->round * 9973 % 300000; i++)
		;
}

static void *runner(void *arg)
{
	struct race *race = arg;

	for (;;) {
		pthread_barrier_wait(&race->start);
		if (race->stop)
			return NULL;
		delay(race, 1);
		race->run[1](race);
		pthread_barrier_wait(&race->end);
	}
}

static void race_begin(struct race *race, pthread_t *thread)
{
	pthread_barrier_init(&race->start, NULL, 2);
	pthread_barrier_init(&race->end, NULL, 2);
	pthread_create(thread, NULL, runner, race);
}

static void race_round(struct race *race)
{
	pthread_barrier_wait(&race->start);
	delay(race, 0);
	race->run[0](race);
	pthread_barrier_wait(&race->end);
	race->round++;
}

static void race_end(struct race *race, pthread_t thread)
{
	race->stop = true;
	pthread_barrier_wait(&race->start);
	pthread_join(thread, NULL);
}

FIXTURE_SETUP(races)
{
	ASSERT_EQ(0, net_new());
	ASSERT_EQ(0, agent_open(&self->agent));
	ASSERT_EQ(0, agent_register(&self->agent, 16));
}

FIXTURE_TEARDOWN(races)
{
	agent_close(&self->agent);
	EXPECT_TRUE(net_all_destroyed());
}

static int bpf(int command, union bpf_attr *attr)
{
	return syscall(SYS_bpf, command, attr, sizeof(*attr));
}

static int sockmap_new(void)
{
	union bpf_attr attr = {
		.map_type = BPF_MAP_TYPE_SOCKMAP,
		.key_size = 4,
		.value_size = 4,
		.max_entries = 1,
	};

	return bpf(BPF_MAP_CREATE, &attr);
}

static int sockmap_put(int map, int fd)
{
	uint32_t key = 0, value = fd;
	union bpf_attr attr = {
		.map_fd = map,
		.key = (uintptr_t)&key,
		.value = (uintptr_t)&value,
	};

	return bpf(BPF_MAP_UPDATE_ELEM, &attr) ? -errno : 0;
}

static void attaches(struct race *race)
{
	race->result[0] = tls_attach(race->fd[0]);
}

static void enters_sockmap(struct race *race)
{
	race->result[1] = sockmap_put(race->fd[2], race->fd[0]);
}

/* One owner, and where it is ours, not a byte in clear. */
TEST_F_TIMEOUT(races, attach_against_sockmap, 7200)
{
	struct race race = { .run = { attaches, enters_sockmap } };
	unsigned long ours = 0, theirs = 0;
	pthread_t thread;
	char byte;

	race.fd[2] = sockmap_new();
	if (race.fd[2] < 0)
		SKIP(return, "this kernel has no sockmap");
	race_begin(&race, &thread);
	while (race.round < races()) {
		ASSERT_EQ(0, tcp_pair(&race.fd[0], &race.fd[1]));
		race_round(&race);
		EXPECT_TRUE(race.result[0] || race.result[1])
			TH_LOG("round %lu: both own it", race.round);
		ours += !race.result[0];
		theirs += !race.result[1];
		if (!race.result[0]) {
			EXPECT_EQ(-1, send(race.fd[0], "plain", 5,
					   MSG_DONTWAIT | MSG_NOSIGNAL));
			EXPECT_EQ(-1, recv(race.fd[1], &byte, 1,
					   MSG_DONTWAIT));
		}
		close(race.fd[0]);
		close(race.fd[1]);
	}
	race_end(&race, thread);
	close(race.fd[2]);
	TH_LOG("figure: races of attach against sockmap: %lu", race.round);
	TH_LOG("%lu to us, %lu to it", ours, theirs);
}

static int listener_new(uint16_t *port)
{
	struct sockaddr_in any = {
		.sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
	socklen_t len = sizeof(any);
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	if (bind(fd, (struct sockaddr *)&any, len) || tls_attach(fd) ||
	    tls_start(fd, TLSUP_SERVER) || listen(fd, 8) ||
	    getsockname(fd, (struct sockaddr *)&any, &len)) {
		close(fd);
		return -1;
	}
	*port = any.sin_port;
	return fd;
}

/* fd[2] is the port. */
static void connects(struct race *race)
{
	struct sockaddr_in to = {
		.sin_family = AF_INET,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
		.sin_port = race->fd[2],
	};

	race->fd[1] = socket(AF_INET, SOCK_STREAM, 0);
	connect(race->fd[1], (struct sockaddr *)&to, sizeof(to));
}

static void closes_listener(struct race *race)
{
	int fd = -1;

	if (race->round % 3 == 0)
		fd = accept4(race->fd[0], NULL, NULL, SOCK_NONBLOCK);
	close(race->fd[0]);
	close(fd);
}

TEST_F_TIMEOUT(races, clone_against_close, 7200)
{
	struct race race = { .run = { connects, closes_listener } };
	pthread_t thread;
	uint16_t port;

	race_begin(&race, &thread);
	while (race.round < races()) {
		race.fd[0] = listener_new(&port);
		ASSERT_LE(0, race.fd[0]);
		/* accept() in the race may not wait. */
		set_blocking(race.fd[0], false);
		race.fd[2] = port;
		race_round(&race);
		close(race.fd[1]);
	}
	race_end(&race, thread);
	TH_LOG("figure: races of clone against close: %lu", race.round);
}

static void says_done(struct race *race)
{
	/* Without waiting for what the kernel says: nobody may be there. */
	race->result[0] = send(race->agent->fd, race->msg.bytes, race->msg.len,
			       0);
}

static void dies(struct race *race)
{
	int end = race->fd[2];

	/* Its last reference goes with this thread's. */
	dup2(end, race->agent->fd);
}

static bool settled(int fd)
{
	uint32_t phase = tls_status(fd).phase;
	int i;

	for (i = 0; i < TIMEOUT_MS && phase != TLSUP_PHASE_OPEN &&
	     phase != TLSUP_PHASE_FAILED; i++) {
		usleep(1000);
		phase = tls_status(fd).phase;
	}
	return i < TIMEOUT_MS;
}

static void prepare_done(struct race *race, struct agent *agent, uint64_t conn)
{
	race->agent = agent;
	answer_begin(&race->msg, agent, conn, 0);
	answer_send(&race->msg, HANDSHAKE, "hello", 5);
	answer_keys(&race->msg, TLSUP_DIRECTION_TX, TLSUP_EPOCH_APPLICATION,
		    TLSUP_CIPHER_AES_GCM_128, SEED_CLIENT_DATA);
	answer_keys(&race->msg, TLSUP_DIRECTION_RX, TLSUP_EPOCH_APPLICATION,
		    TLSUP_CIPHER_AES_GCM_128, SEED_SERVER_DATA);
	answer_done(&race->msg);
	answer_end(&race->msg);
}

/* Open or failed: nothing between, and nothing for ever. */
TEST_F_TIMEOUT(races, agent_death_against_done, 7200)
{
	static struct race race = { .run = { says_done, dies } };
	static struct event event;
	unsigned long opened = 0;
	struct agent mortal;
	struct peer peer;
	pthread_t thread;
	int ours;

	agent_close(&self->agent);
	ASSERT_EQ(0, net_sysctl("agent_grace_ms", 0));
	race.fd[2] = open("/dev/null", O_RDONLY);
	race_begin(&race, &thread);
	while (race.round < races()) {
		ASSERT_EQ(0, agent_open(&mortal));
		ASSERT_EQ(0, agent_register(&mortal, 4));
		ASSERT_EQ(0, begin_with_peer(TLSUP_CLIENT, &ours, &peer));
		ASSERT_TRUE(agent_event(&mortal, &event, TIMEOUT_MS));
		prepare_done(&race, &mortal, event.conn);
		race_round(&race);
		EXPECT_TRUE(settled(ours))
			TH_LOG("round %lu: stuck", race.round);
		opened += tls_status(ours).phase == TLSUP_PHASE_OPEN;
		agent_close(&mortal);
		close(ours);
		close(peer.fd);
	}
	race_end(&race, thread);
	TH_LOG("figure: races of agent death against DONE: %lu", race.round);
	TH_LOG("%lu of them opened", opened);
	close(race.fd[2]);
	ASSERT_EQ(0, agent_open(&self->agent));
}

#define CHUNK	3000

static void writes(struct race *race)
{
	uint8_t data[CHUNK];

	fill(data, sizeof(data), race->round);
	race->result[0] = write_all(race->fd[0], data, sizeof(data));
}

static void rekeys(struct race *race)
{
	race->result[1] = tls_set_u32(race->fd[race->round % 2], TLSUP_REKEY,
				      race->round / 2 % 2);
}

TEST_F_TIMEOUT(races, rekey_against_writers, 7200)
{
	struct race race = { .run = { writes, rekeys } };
	uint8_t wanted[CHUNK], found[CHUNK];
	unsigned long rekeyed = 0;
	pthread_t thread;

	ASSERT_EQ(0, open_pair(&self->agent, TLSUP_CIPHER_AES_GCM_128,
			       &race.fd[0], &race.fd[1]));
	race_begin(&race, &thread);
	while (race.round < races()) {
		race_round(&race);
		ASSERT_EQ(1, race.result[0]);
		rekeyed += !race.result[1];
		fill(wanted, sizeof(wanted), race.round - 1);
		ASSERT_TRUE(read_all(race.fd[1], found, sizeof(found)));
		EXPECT_EQ(0, memcmp(wanted, found, sizeof(found)))
			TH_LOG("round %lu", race.round);
		/* And a byte the other way: updates alone are a flood. */
		ASSERT_TRUE(write_all(race.fd[1], "x", 1));
		ASSERT_TRUE(read_all(race.fd[0], found, 1));
	}
	race_end(&race, thread);
	EXPECT_LT(0, rekeyed);
	close(race.fd[0]);
	close(race.fd[1]);
	TH_LOG("figure: races of rekey against writers: %lu", race.round);
}

/* Agents come and go while handshakes begin and sockets close. */
static void handshakes(struct race *race)
{
	struct peer peer = { .fd = -1 };
	int i, ours = -1;

	for (i = 0; i < 3; i++) {
		race->result[0] = begin_with_peer(1 + i % 2, &ours, &peer);
		if (race->round % 2)
			shutdown(peer.fd, SHUT_RDWR);
		close(ours);
		close(peer.fd);
	}
}

static void agents_change(struct race *race)
{
	struct agent brief;

	if (agent_open(&brief))
		return;
	agent_register(&brief, 2);
	agent_close(&brief);
}

TEST_F_TIMEOUT(races, agents_against_handshakes, 7200)
{
	struct race race = { .run = { handshakes, agents_change } };
	pthread_t thread;

	agent_close(&self->agent);
	ASSERT_EQ(0, net_sysctl("agent_grace_ms", 5));
	race_begin(&race, &thread);
	while (race.round < races())
		race_round(&race);
	race_end(&race, thread);
	TH_LOG("figure: races of agents against handshakes: %lu", race.round);
	ASSERT_EQ(0, agent_open(&self->agent));
}

static void reloads(struct race *race)
{
	int file;

	race->result[0] = syscall(SYS_delete_module, "tlsup", O_NONBLOCK);
	if (race->result[0])
		return;
	file = open(getenv("TLSUP_KO"), O_RDONLY | O_CLOEXEC);
	race->result[0] = syscall(SYS_finit_module, file, "", 0);
	close(file);
}

/* Whether or not there is a module at this moment. */
static void uses(struct race *race)
{
	struct peer peer = { .fd = -1 };
	struct agent brief;
	int ours = -1;

	if (agent_open(&brief))
		return;
	agent_register(&brief, 2);
	if (!begin_with_peer(TLSUP_CLIENT, &ours, &peer))
		send(ours, "x", 1, MSG_DONTWAIT | MSG_NOSIGNAL);
	close(peer.fd);
	close(ours);
	agent_close(&brief);
}

TEST_F_TIMEOUT(races, reload_against_everything, 7200)
{
	struct race race = { .run = { reloads, uses } };
	unsigned long reloaded = 0, refused = 0;
	const char *file = getenv("TLSUP_KO");
	pthread_t thread;

	if (!file || !*file)
		SKIP(return, "TLSUP_KO does not name the module file");
	agent_close(&self->agent);
	race_begin(&race, &thread);
	while (race.round < races()) {
		race_round(&race);
		reloaded += !race.result[0];
		refused += race.result[0] != 0;
		/* What it has just been used for lets it go in a moment. */
		usleep(2000);
	}
	race_end(&race, thread);
	EXPECT_LT(0, reloaded);
	TH_LOG("figure: races of reload against everything: %lu", race.round);
	TH_LOG("%lu reloaded, %lu refused", reloaded, refused);
	ASSERT_EQ(0, agent_open(&self->agent));
}

TEST_HARNESS_MAIN
