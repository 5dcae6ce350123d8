// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) 2026 The tlsup authors
 *
 * The store of a fleet against a real redis-server on a Unix socket; and, with a
 * clock of the test's own, against one that never answers.
 */
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "config/config.h"
#include "kselftest_harness.h"
#include "store/store.h"

/* A loaded machine is no broken server. */
#define PATIENCE_MS	5000

int __real_clock_gettime(clockid_t clock, struct timespec *ts);
int __wrap_clock_gettime(clockid_t clock, struct timespec *ts);

/* The time is this one once it is set. */
static long frozen_ms;

int __wrap_clock_gettime(clockid_t clock, struct timespec *ts)
{
	if (!frozen_ms)
		return __real_clock_gettime(clock, ts);
	*ts = (struct timespec){ frozen_ms / 1000, frozen_ms % 1000 * 1000000 };
	return 0;
}

FIXTURE(redis)
{
	char folder[64];
	char path[96];
	pid_t pid;
	struct store *store;
	struct store_port *port;
};

/** struct answer - to a lookup */
struct answer {
	int times;
	enum store_verdict verdict;
	char text[64];
};

static const uint8_t fleet_key[32] = "the key of a fleet, in all hosts";

static void start_server(FIXTURE_DATA(redis) *self)
{
	self->pid = fork();
	if (self->pid)
		return;
	/* Its log is nothing to look at. */
	if (!freopen("/dev/null", "w", stdout))
		_exit(1);
	execlp("redis-server", "redis-server", "--port", "0", "--unixsocket", self->path,
	       "--save", "", "--appendonly", "no", NULL);
	_exit(1);
}

FIXTURE_SETUP(redis)
{
	struct store_redis_options options = {
		.address = self->path, .timeout_ms = PATIENCE_MS, .fleet_key = fleet_key,
	};

	signal(SIGPIPE, SIG_IGN);
	strcpy(self->folder, "/tmp/tlsup-redis.XXXXXX");
	ASSERT_NE(NULL, mkdtemp(self->folder));
	snprintf(self->path, sizeof(self->path), "%s/sock", self->folder);
	start_server(self);
	for (int i = 0; i < 1000 && access(self->path, F_OK); i++)
		usleep(10000);
	self->store = store_redis_create(&options);
	self->port = store_open(self->store);
}

FIXTURE_TEARDOWN(redis)
{
	store_close(self->port);
	store_destroy(self->store);
	kill(self->pid, SIGCONT);
	kill(self->pid, SIGKILL);
	waitpid(self->pid, NULL, 0);
	unlink(self->path);
	rmdir(self->folder);
}

/* As a worker does, until nothing moves for a while. */
static void work(struct store_port *port, const struct answer *answer)
{
	for (int idle = 0; idle < 3 && (!answer || !answer->times);) {
		struct pollfd fd = { .fd = store_fd(port), .events = store_events(port) };
		int n = poll(&fd, 1, answer ? 1000 : 20);

		idle = n ? 0 : idle + 1;
		store_run(port, n > 0 ? fd.revents : 0);
	}
}

static void on_done(struct store_get *get, enum store_verdict verdict, const uint8_t *data,
		    size_t len)
{
	struct answer *answer = get->owner;

	answer->times++;
	answer->verdict = verdict;
	if (data && len < sizeof(answer->text))
		memcpy(answer->text, data, len);
}

static struct store_key key_of(const char *id, const char *identity)
{
	struct store_key key = { 0 };

	memcpy(key.id, id, strlen(id));
	store_tag(key.identity, "identity", identity, strlen(identity));
	store_tag(key.name, "name", "example.org", 11);
	return key;
}

static void put(struct store_port *port, const char *id, bool single_use, const char *text)
{
	const struct store_item item = {
		.key = key_of(id, "me"), .expires = (uint64_t)time(NULL) + 100,
		.single_use = single_use, .data = (const uint8_t *)text, .len = strlen(text) + 1,
	};

	store_put(port, &item);
	work(port, NULL);
}

static struct answer look(struct store_port *port, const char *id, const char *identity,
			  bool single_use)
{
	struct answer answer = { 0 };
	struct store_get get = { .key = key_of(id, identity), .single_use = single_use,
				 .done = on_done, .owner = &answer };

	store_get(port, &get);
	work(port, &answer);
	return answer;
}

TEST_F(redis, gives_back_what_was_put)
{
	struct answer answer;

	put(self->port, "many", false, "of many uses");
	put(self->port, "once", true, "of single use");
	for (int i = 0; i < 3; i++) {
		answer = look(self->port, "many", "me", false);
		ASSERT_EQ(STORE_HIT, answer.verdict);
		EXPECT_STREQ("of many uses", answer.text);
	}
	answer = look(self->port, "once", "me", true);
	ASSERT_EQ(STORE_HIT, answer.verdict);
	EXPECT_STREQ("of single use", answer.text);
	EXPECT_EQ(STORE_USED, look(self->port, "once", "me", true).verdict);
	EXPECT_EQ(STORE_UNKNOWN, look(self->port, "none", "me", false).verdict);
	EXPECT_EQ(STORE_UNKNOWN, look(self->port, "many", "you", false).verdict);
	/* The kinds are apart: a lookup of one deletes nothing of the other. */
	EXPECT_EQ(STORE_UNKNOWN, look(self->port, "many", "me", true).verdict);
	EXPECT_EQ(STORE_HIT, look(self->port, "many", "me", false).verdict);
}

TEST_F(redis, flushes)
{
	put(self->port, "a", false, "text");
	put(self->port, "b", true, "text");
	store_flush(self->port, STORE_FLUSH_IDENTITY, key_of("", "you").identity);
	work(self->port, NULL);
	EXPECT_EQ(STORE_HIT, look(self->port, "a", "me", false).verdict);
	store_flush(self->port, STORE_FLUSH_IDENTITY, key_of("", "me").identity);
	work(self->port, NULL);
	EXPECT_EQ(STORE_UNKNOWN, look(self->port, "a", "me", false).verdict);
	EXPECT_EQ(STORE_UNKNOWN, look(self->port, "b", "me", true).verdict);
}

static int shared;
static uint8_t agreed[8];

static void on_shared(void *owner, uint64_t number, const uint8_t *data, size_t len)
{
	(void)owner;
	(void)number;
	shared++;
	memcpy(agreed, data, len < sizeof(agreed) ? len : sizeof(agreed));
}

TEST_F(redis, the_first_to_make_a_value_wins)
{
	struct store_share share = {
		.number = 7, .data = (const uint8_t *)"first", .len = 6, .lifetime = 100,
		.done = on_shared,
	};

	ASSERT_TRUE(store_shares(self->port));
	store_share(self->port, &share);
	work(self->port, NULL);
	share.data = (const uint8_t *)"other";
	store_share(self->port, &share);
	work(self->port, NULL);
	EXPECT_EQ(2, shared);
	EXPECT_STREQ("first", (char *)agreed);
}

TEST_F(redis, a_server_that_is_gone_is_a_miss)
{
	struct store_counters counters;

	put(self->port, "a", false, "text");
	kill(self->pid, SIGKILL);
	waitpid(self->pid, NULL, 0);
	for (int i = 0; i < 5; i++) {
		struct answer answer = look(self->port, "a", "me", false);

		EXPECT_EQ(1, answer.times);
		EXPECT_EQ(STORE_DOWN, answer.verdict);
	}
	store_count(self->store, &counters);
	EXPECT_EQ(5, counters.verdicts[STORE_DOWN]);
	/* It comes back, and is used again without a word. */
	unlink(self->path);
	start_server(self);
	for (int i = 0; i < 100; i++) {
		work(self->port, NULL);
		if (look(self->port, "a", "me", false).verdict == STORE_UNKNOWN)
			break;
	}
	put(self->port, "a", false, "again");
	EXPECT_EQ(STORE_HIT, look(self->port, "a", "me", false).verdict);
}

FIXTURE(silent)
{
	struct sockaddr_un address;
	int listener;
	int conn;
	struct store *store;
	struct store_port *port;
	struct answer answer;
	struct store_get get;
};

/* Somebody takes the connection, and says nothing. */
FIXTURE_SETUP(silent)
{
	struct store_redis_options options = {
		.timeout_ms = CONFIG_STORE_TIMEOUT, .fleet_key = fleet_key,
	};

	frozen_ms = 1000000;
	self->address.sun_family = AF_UNIX;
	snprintf(self->address.sun_path, sizeof(self->address.sun_path),
		 "/tmp/tlsup-silent.%d", getpid());
	unlink(self->address.sun_path);
	self->conn = -1;
	self->listener = socket(AF_UNIX, SOCK_STREAM, 0);
	ASSERT_EQ(0, bind(self->listener, (struct sockaddr *)&self->address,
			  sizeof(self->address)));
	ASSERT_EQ(0, listen(self->listener, 1));
	options.address = self->address.sun_path;
	self->store = store_redis_create(&options);
	self->port = store_open(self->store);
}

FIXTURE_TEARDOWN(silent)
{
	store_close(self->port);
	store_destroy(self->store);
	close(self->conn);
	close(self->listener);
	unlink(self->address.sun_path);
	frozen_ms = 0;
}

static void ask(FIXTURE_DATA(silent) *self)
{
	self->answer = (struct answer){ 0 };
	self->get = (struct store_get){
		.key = key_of("a", "me"), .done = on_done, .owner = &self->answer,
	};
	store_get(self->port, &self->get);
	store_run(self->port, store_events(self->port) & POLLOUT);
}

/* How many commands of a kind have come since. */
static int heard(FIXTURE_DATA(silent) *self, const char *word)
{
	char text[4096] = "";
	int count = 0;

	if (self->conn < 0)
		self->conn = accept(self->listener, NULL, NULL);
	if (recv(self->conn, text, sizeof(text) - 1, MSG_DONTWAIT) <= 0)
		return 0;
	for (const char *at = text; (at = strstr(at, word)); at++)
		count++;
	return count;
}

static void miss_three(FIXTURE_DATA(silent) *self)
{
	for (int i = 0; i < 3; i++) {
		ask(self);
		frozen_ms += CONFIG_STORE_TIMEOUT;
		store_run(self->port, 0);
	}
}

TEST_F(silent, a_lookup_waits_for_25_ms_and_no_longer)
{
	ask(self);
	EXPECT_EQ(25, store_timeout(self->port));
	frozen_ms += 24;
	store_run(self->port, 0);
	EXPECT_EQ(0, self->answer.times);
	EXPECT_EQ(1, store_timeout(self->port));
	frozen_ms++;
	EXPECT_EQ(0, store_timeout(self->port));
	store_run(self->port, 0);
	EXPECT_EQ(1, self->answer.times);
	EXPECT_EQ(STORE_DOWN, self->answer.verdict);
}

TEST_F(silent, after_three_misses_it_is_not_asked_at_all)
{
	miss_three(self);
	EXPECT_EQ(3, heard(self, "GET"));
	for (int i = 0; i < 10; i++) {
		ask(self);
		/* At once, no time has passed. */
		EXPECT_EQ(1, self->answer.times);
		EXPECT_EQ(STORE_DOWN, self->answer.verdict);
	}
	EXPECT_EQ(0, heard(self, "GET"));
}

TEST_F(silent, it_is_asked_again_once_it_has_answered)
{
	static const char replies[] = "$-1\r\n$-1\r\n$-1\r\n+PONG\r\n";

	miss_three(self);
	EXPECT_EQ(3, heard(self, "GET"));
	frozen_ms += store_timeout(self->port);
	store_run(self->port, 0);
	store_run(self->port, store_events(self->port) & POLLOUT);
	EXPECT_EQ(1, heard(self, "PING"));
	ask(self);
	EXPECT_EQ(1, self->answer.times);
	ASSERT_EQ((ssize_t)strlen(replies), write(self->conn, replies, strlen(replies)));
	store_run(self->port, POLLIN);
	ask(self);
	EXPECT_EQ(0, self->answer.times);
	EXPECT_EQ(1, heard(self, "GET"));
	ASSERT_EQ(5, write(self->conn, "$-1\r\n", 5));
	store_run(self->port, POLLIN);
	EXPECT_EQ(1, self->answer.times);
	EXPECT_EQ(STORE_UNKNOWN, self->answer.verdict);
}

/* Two in a row, then an answer: the count begins anew. */
TEST_F(silent, misses_count_in_a_row_only)
{
	for (int i = 0; i < 5; i++) {
		ask(self);
		frozen_ms += CONFIG_STORE_TIMEOUT;
		store_run(self->port, 0);
		EXPECT_EQ(1, heard(self, "GET"));
		if (i % 2)
			ASSERT_EQ(10, write(self->conn, "$-1\r\n$-1\r\n", 10));
		if (i % 2)
			store_run(self->port, POLLIN);
	}
}

TEST_HARNESS_MAIN
