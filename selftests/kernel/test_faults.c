// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) 2026 The tlsup authors
 *
 * Each allocation that a call of ours makes, and each copy from or to user
 * memory, fails once (/proc/thread-self/fail-nth). The call says so by an
 * errno or goes well all the same; the connection then works or has failed, and
 * is never stuck; what the peer receives is under nonces that were never used.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/mount.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/syscall.h>

#include <netinet/tcp.h>

#include "kselftest_harness.h"
#include "mac.h"
#include "net.h"

#define DEBUGFS		"/sys/kernel/debug"
/* No call makes as many allocations. */
#define NTH_MAX		400
#define BUFFER		40000

FIXTURE(faults) {
	struct agent agent;
	int ours;
	struct peer peer;
	int file;
	int pipes[2];
	int nth;
	uint8_t *out;
	uint8_t *in;
	unsigned int injected;
};

FIXTURE_VARIANT(faults) {
	uint16_t cipher;
	uint16_t version;
};

FIXTURE_VARIANT_ADD(faults, tls13_aes_gcm_128) {
	.cipher = TLSUP_CIPHER_AES_GCM_128,
	.version = 0x0304,
};

FIXTURE_VARIANT_ADD(faults, tls12_chacha20_poly1305) {
	.cipher = TLSUP_CIPHER_CHACHA20_POLY1305,
	.version = 0x0303,
};

FIXTURE_VARIANT_ADD(faults, tls12_aes_cbc_128_sha256) {
	.cipher = TLSUP_CIPHER_AES_CBC_128_SHA256,
	.version = 0x0303,
};

FIXTURE_VARIANT_ADD(faults, tls12_aes_cbc_256_sha1_etm) {
	.cipher = TLSUP_CIPHER_AES_CBC_256_SHA1 | CIPHER_ETM,
	.version = 0x0303,
};

static bool debugfs_set(const char *name, const char *value)
{
	int fd = open(name, O_WRONLY);
	bool set = fd >= 0 && write(fd, value, strlen(value)) > 0;

	close(fd);
	return set;
}

/* Ordinary allocations, of a single page too, are to fail as well. */
static bool faults_there(void)
{
	mount("debugfs", DEBUGFS, "debugfs", 0, NULL);
	return debugfs_set(DEBUGFS "/failslab/ignore-gfp-wait", "N") &&
	       debugfs_set(DEBUGFS "/fail_page_alloc/ignore-gfp-wait", "N") &&
	       debugfs_set(DEBUGFS "/fail_page_alloc/min-order", "0");
}

FIXTURE_SETUP(faults)
{
	if (access("/proc/thread-self/fail-nth", W_OK) || !faults_there())
		SKIP(return, "this kernel injects no faults");
	self->out = malloc(BUFFER);
	self->in = malloc(BUFFER);
	fill(self->out, BUFFER, 5);
	self->ours = -1;
	self->peer.fd = -1;
	self->file = memfd_create("file", MFD_CLOEXEC);
	ASSERT_EQ(BUFFER, write(self->file, self->out, BUFFER));
	ASSERT_EQ(0, pipe2(self->pipes, O_NONBLOCK));
	self->nth = open("/proc/thread-self/fail-nth", O_RDWR);
	ASSERT_LE(0, self->nth);
	ASSERT_EQ(0, net_new());
	ASSERT_EQ(0, agent_open(&self->agent));
	ASSERT_EQ(0, agent_register(&self->agent, 16));
}

FIXTURE_TEARDOWN(faults)
{
	if (!self->out)
		return;
	close(self->ours);
	close(self->peer.fd);
	close(self->file);
	close(self->pipes[0]);
	close(self->pipes[1]);
	close(self->nth);
	agent_close(&self->agent);
	EXPECT_TRUE(net_all_destroyed());
	free(self->out);
	free(self->in);
}

static void arm(int nth, int count)
{
	char text[16];

	snprintf(text, sizeof(text), "%d", count);
	pwrite(nth, text, strlen(text), 0);
}

/* Has the fault been met? To ask can meet it, too: then the call has not. */
static bool disarm(int nth)
{
	char text[16] = "";
	ssize_t n = pread(nth, text, sizeof(text) - 1, 0);

	while (pwrite(nth, "0", 1, 0) != 1)
		;
	return n > 0 && text[0] == '0';
}

typedef int call_fn(FIXTURE_DATA(faults) *self);

static int sends(FIXTURE_DATA(faults) *self)
{
	return send(self->ours, self->out, 20000, MSG_NOSIGNAL);
}

static int sends_more(FIXTURE_DATA(faults) *self)
{
	return send(self->ours, self->out, 100, MSG_NOSIGNAL | MSG_MORE);
}

static int sends_file(FIXTURE_DATA(faults) *self)
{
	off_t at = 0;

	return sendfile(self->ours, self->file, &at, 20000);
}

static int splices_in(FIXTURE_DATA(faults) *self)
{
	return splice(self->pipes[0], NULL, self->ours, NULL, 5000,
		      SPLICE_F_NONBLOCK);
}

static int splices_out(FIXTURE_DATA(faults) *self)
{
	return splice(self->ours, NULL, self->pipes[1], NULL, 5000,
		      SPLICE_F_NONBLOCK);
}

static int receives(FIXTURE_DATA(faults) *self)
{
	return recv(self->ours, self->in, 9000, MSG_DONTWAIT);
}

static int peeks(FIXTURE_DATA(faults) *self)
{
	return recv(self->ours, self->in, 9000, MSG_DONTWAIT | MSG_PEEK);
}

static int polls(FIXTURE_DATA(faults) *self)
{
	poll_now(self->ours, POLLIN, 0);
	return 0;
}

static int rekeys(FIXTURE_DATA(faults) *self)
{
	int err = tls_set_u32(self->ours, TLSUP_REKEY, 0);

	errno = -err;
	return err ? -1 : 0;
}

static int asks(FIXTURE_DATA(faults) *self)
{
	struct tlsup_info info;
	socklen_t len = sizeof(info);

	return getsockopt(self->ours, SOL_TLSUP, TLSUP_INFO, &info, &len);
}

/* What a call may say of a fault: nothing, that memory lacks, or try again. */
static bool may_say(int error)
{
	return error == ENOMEM || error == ENOBUFS || error == EAGAIN ||
	       error == EFAULT || error == EPIPE || error == EOPNOTSUPP;
}

/*
 * All that was sent up to now, and a last word: records that open one after the
 * other, or the end. KeyUpdates are followed.
 */
static bool stream_is_sound(FIXTURE_DATA(faults) *self, bool *failed)
{
	uint8_t data[PLAINTEXT_MAX], type;
	ssize_t n = send(self->ours, "last", 4, MSG_NOSIGNAL);
	bool ended = n < 0;

	*failed = tls_status(self->ours).phase != TLSUP_PHASE_OPEN;
	if (ended && errno != EPIPE && !*failed)
		return false;
	if (ended)
		shutdown(self->ours, SHUT_RDWR);
	for (;;) {
		if (!poll_now(self->peer.fd, POLLIN, TIMEOUT_MS))
			return false;
		if (recv(self->peer.fd, data, 1, MSG_PEEK) <= 0)
			return ended;
		n = peer_recv(&self->peer, data, &type);
		if (n < 0)
			return false;
		if (type == HANDSHAKE)
			keys_update(&self->peer.rx);
		if (!ended && type == DATA && n >= 4 &&
		    !memcmp(data + n - 4, "last", 4))
			return true;
	}
}

/* And the other way: some of what is there, in order, or an error that stays. */
static bool still_receives(FIXTURE_DATA(faults) *self)
{
	size_t got = 0;
	ssize_t n;

	if (!peer_send(&self->peer, DATA, "final", 5))
		return true;
	while (poll_now(self->ours, POLLIN, TIMEOUT_MS)) {
		n = recv(self->ours, self->in + got, BUFFER - got, MSG_DONTWAIT);
		if (n == 0 || (n < 0 && !may_say(errno)))
			return true;
		if (n > 0)
			got += n;
		if (got >= 5 && !memcmp(self->in + got - 5, "final", 5))
			return true;
	}
	return false;
}

static void reopen(struct __test_metadata *_metadata,
		   FIXTURE_DATA(faults) *self, uint16_t cipher, uint16_t version)
{
	struct done done = { .version = version };
	uint8_t byte[4096];

	close(self->ours);
	close(self->peer.fd);
	while (read(self->pipes[0], byte, sizeof(byte)) > 0)
		;
	ASSERT_EQ(0, open_with_peer_as(&self->agent, TLSUP_CLIENT, cipher,
				       &done, &self->ours, &self->peer));
	ASSERT_EQ(5000, write(self->pipes[1], self->out, 5000));
	ASSERT_TRUE(peer_send(&self->peer, DATA, self->out, 9000));
	ASSERT_TRUE(peer_send(&self->peer, DATA, self->out, 100));
}

/* Each fault that the call can meet, on a new connection. */
static void try_all(struct __test_metadata *_metadata,
		    FIXTURE_DATA(faults) *self, uint16_t cipher,
		    uint16_t version, call_fn *call)
{
	bool met = true, failed;
	int count, result, error;

	for (count = 1; met && count < NTH_MAX; count++) {
		reopen(_metadata, self, cipher, version);
		arm(self->nth, count);
		result = call(self);
		error = errno;
		met = disarm(self->nth);
		self->injected += met;
		if (result < 0)
			EXPECT_TRUE(may_say(error))
				TH_LOG("fault %d: %s", count, strerror(error));
		EXPECT_TRUE(stream_is_sound(self, &failed))
			TH_LOG("fault %d: the sending half", count);
		if (!failed)
			EXPECT_TRUE(still_receives(self))
				TH_LOG("fault %d: the receiving half", count);
	}
	EXPECT_GT(NTH_MAX, count);
	TH_LOG("figure: faults injected: %u", self->injected);
}

#define TEST_CALL(name, call)						\
TEST_F_TIMEOUT(faults, name, 300)					\
{									\
	try_all(_metadata, self, variant->cipher, variant->version, call); \
	EXPECT_LT(0, self->injected);					\
}

TEST_CALL(send, sends)
TEST_CALL(send_with_more_to_come, sends_more)
TEST_CALL(sendfile, sends_file)
TEST_CALL(splice_from_a_pipe, splices_in)
TEST_CALL(splice_to_a_pipe, splices_out)
TEST_CALL(receive, receives)
TEST_CALL(peek, peeks)
TEST_CALL(poll, polls)
TEST_CALL(info, asks)

/* TCP may lose the FIN for want of memory, but not what was received. */
TEST_F_TIMEOUT(faults, shutdown, 300)
{
	bool met = true;
	int count;

	for (count = 1; met && count < NTH_MAX; count++) {
		reopen(_metadata, self, variant->cipher, variant->version);
		arm(self->nth, count);
		shutdown(self->ours, SHUT_WR);
		met = disarm(self->nth);
		self->injected += met;
		EXPECT_EQ(-1, send(self->ours, "x", 1, MSG_NOSIGNAL));
		EXPECT_TRUE(still_receives(self)) TH_LOG("fault %d", count);
	}
	EXPECT_LT(0, self->injected);
}

TEST_F_TIMEOUT(faults, rekey, 300)
{
	if (variant->version == 0x0304)
		try_all(_metadata, self, variant->cipher, variant->version,
			rekeys);
	else
		self->injected++;
	EXPECT_LT(0, self->injected);
}

/* From here on the faults come before a connection stands. */

TEST_F_TIMEOUT(faults, attach, 300)
{
	int count, err = -ENOMEM, theirs;
	bool met = true;

	for (count = 1; met && count < NTH_MAX; count++) {
		ASSERT_EQ(0, tcp_pair(&self->ours, &theirs));
		arm(self->nth, count);
		err = tls_attach(self->ours);
		met = disarm(self->nth);
		self->injected += met;
		EXPECT_TRUE(!err || may_say(-err));
		/* Attached or plain, and nothing between. */
		EXPECT_EQ(err ? UINT32_MAX : TLSUP_PHASE_IDLE,
			  tls_status(self->ours).phase);
		close(self->ours);
		close(theirs);
	}
	EXPECT_EQ(0, err);
	EXPECT_LT(0, self->injected);
	TH_LOG("figure: faults injected: %u", self->injected);
}

TEST_F_TIMEOUT(faults, options, 300)
{
	static const struct {
		int option;
		const char *value;
		socklen_t len;
	} options[] = {
		{ TLSUP_PROFILE, "profile", 7 },
		{ TLSUP_SERVER_NAME, "example.org", 11 },
		{ TLSUP_ALPN, "\2h2\10http/1.1", 12 },
		{ TLSUP_FLAGS, "\1\0\0\0", 4 },
		{ TLSUP_TIMEOUT, "\0\1\0\0", 4 },
	};
	int count, err, theirs;
	bool met;
	size_t i;

	ASSERT_EQ(0, tcp_pair(&self->ours, &theirs));
	ASSERT_EQ(0, tls_attach(self->ours));
	for (i = 0; i < sizeof(options) / sizeof(options[0]); i++) {
		for (count = 1, met = true; met && count < NTH_MAX; count++) {
			arm(self->nth, count);
			err = setsockopt(self->ours, SOL_TLSUP,
					 options[i].option, options[i].value,
					 options[i].len) ? -errno : 0;
			met = disarm(self->nth);
			self->injected += met;
			EXPECT_TRUE(!err || may_say(-err));
		}
		EXPECT_EQ(0, err);
	}
	EXPECT_LT(0, self->injected);
	close(theirs);
}

/* The next start, past the ends of earlier connections. */
static bool next_start(struct agent *agent, struct event *event)
{
	while (agent_event(agent, event, TIMEOUT_MS)) {
		if (event->cmd == TLSUP_CMD_EV_START)
			return true;
		agent_ack(agent, 1);
	}
	return false;
}

/* Open or failed, soon. */
static bool settles(int fd)
{
	uint32_t phase;
	int i;

	for (i = 0; i < TIMEOUT_MS; i++) {
		phase = tls_status(fd).phase;
		if (phase == TLSUP_PHASE_OPEN || phase == TLSUP_PHASE_FAILED)
			return true;
		usleep(1000);
	}
	return false;
}

/* Within a moment. */
static bool has_failed(int fd)
{
	usleep(20000);
	return tls_status(fd).phase == TLSUP_PHASE_FAILED;
}

TEST_F_TIMEOUT(faults, start, 300)
{
	static struct message msg;
	static struct event event;
	int count, start;
	bool met = true;

	for (count = 1; met && count < NTH_MAX; count++) {
		ASSERT_EQ(0, tcp_pair(&self->ours, &self->peer.fd));
		ASSERT_EQ(0, tls_attach(self->ours));
		set_blocking(self->ours, false);
		arm(self->nth, count);
		start = tls_start(self->ours, TLSUP_CLIENT);
		met = disarm(self->nth);
		self->injected += met;
		EXPECT_TRUE(start == -EINPROGRESS || may_say(-start))
			TH_LOG("fault %d: %s", count, strerror(-start));
		/* An event that could not be sent ends the handshake at once. */
		if (start == -EINPROGRESS && !has_failed(self->ours)) {
			ASSERT_TRUE(next_start(&self->agent, &event));
			answer_begin(&msg, &self->agent, event.conn, 0);
			answer_fail(&msg, EPROTO, -1, "enough");
			EXPECT_EQ(0, agent_answer(&self->agent, &msg));
			EXPECT_TRUE(wait_phase(self->ours, TLSUP_PHASE_FAILED));
		}
		close(self->ours);
		close(self->peer.fd);
	}
	EXPECT_LT(0, self->injected);
	TH_LOG("figure: faults injected: %u", self->injected);
	self->ours = -1;
	self->peer.fd = -1;
}

TEST_F_TIMEOUT(faults, installing_of_keys, 300)
{
	static struct message msg;
	static struct event event;
	bool met = true;
	int count, err;

	for (count = 1; met && count < NTH_MAX; count++) {
		ASSERT_EQ(0, begin_with_peer(TLSUP_CLIENT, &self->ours,
					     &self->peer));
		ASSERT_TRUE(next_start(&self->agent, &event));
		answer_begin(&msg, &self->agent, event.conn, 0);
		answer_send(&msg, HANDSHAKE, "hello", 5);
		answer_keys(&msg, TLSUP_DIRECTION_TX, TLSUP_EPOCH_APPLICATION,
			    variant->cipher, SEED_CLIENT_DATA);
		answer_keys(&msg, TLSUP_DIRECTION_RX, TLSUP_EPOCH_APPLICATION,
			    variant->cipher, SEED_SERVER_DATA);
		answer_done(&msg);
		arm(self->nth, count);
		err = agent_answer(&self->agent, &msg);
		met = disarm(self->nth);
		self->injected += met;
		if (!err)
			EXPECT_TRUE(settles(self->ours));
		close(self->ours);
		close(self->peer.fd);
		/* The credit of a start that was not answered. */
		if (err)
			agent_ack(&self->agent, 1);
	}
	EXPECT_LT(0, self->injected);
	TH_LOG("figure: faults injected: %u", self->injected);
	self->ours = -1;
	self->peer.fd = -1;
}

/* What the command says in any case, or that its reply was lost. */
static bool command_may_say(int err, int plain)
{
	return err == plain || may_say(-err) || err == -ETIME;
}

static int call_command(uint8_t command, struct agent *agent)
{
	static struct message msg;

	message_begin(&msg, agent, command);
	if (command == TLSUP_CMD_ACK)
		message_put_u32(&msg, TLSUP_A_EVENTS, 1);
	else if (command != TLSUP_CMD_GET_STATS)
		message_put_u64(&msg, TLSUP_A_CONN_ID, 1ULL << 40);
	return agent_call(agent, &msg);
}

TEST_F_TIMEOUT(faults, commands, 300)
{
	static const uint8_t commands[] = {
		TLSUP_CMD_REGISTER, TLSUP_CMD_GET_STATS, TLSUP_CMD_GET_CONN,
		TLSUP_CMD_CLOSE, TLSUP_CMD_ACK,
	};
	int count, err, plain = 0;
	struct agent brief;
	bool met;
	size_t i;

	for (i = 0; i < sizeof(commands); i++) {
		if (i)
			plain = call_command(commands[i], &self->agent);
		for (count = 1, met = true; met && count < NTH_MAX; count++) {
			ASSERT_EQ(0, agent_open(&brief));
			if (commands[i] == TLSUP_CMD_ACK)
				ASSERT_EQ(0, agent_register(&brief, 4));
			arm(self->nth, count);
			err = i ? call_command(commands[i], &brief) :
				  agent_register(&brief, 4);
			met = disarm(self->nth);
			self->injected += met;
			EXPECT_TRUE(command_may_say(err, plain))
				TH_LOG("command %d, fault %d: %s", commands[i],
				       count, strerror(-err));
			agent_close(&brief);
		}
		EXPECT_EQ(plain, err);
	}
	EXPECT_LT(0, self->injected);
	TH_LOG("figure: faults injected: %u", self->injected);
}

/* The peer hears of the end, one way or the other. */
TEST_F_TIMEOUT(faults, close, 300)
{
	static uint8_t bytes[RECORD_MAX];
	bool met = true;
	int count;

	for (count = 1; met && count < NTH_MAX; count++) {
		reopen(_metadata, self, variant->cipher, variant->version);
		arm(self->nth, count);
		close(self->ours);
		met = disarm(self->nth);
		self->injected += met;
		self->ours = -1;
		while (peer_record(&self->peer, bytes) > 0)
			;
		EXPECT_TRUE(peer_at_end(&self->peer)) TH_LOG("fault %d", count);
	}
	EXPECT_LT(0, self->injected);
	TH_LOG("figure: faults injected: %u", self->injected);
}

static int load(const char *path)
{
	int file = open(path, O_RDONLY | O_CLOEXEC);
	int err = syscall(SYS_finit_module, file, "", 0) ? -errno : 0;

	close(file);
	return err;
}

/* It is there whole or not at all. The loader has faults of its own. */
TEST_F_TIMEOUT(faults, module_load, 3600)
{
	const char *path = getenv("TLSUP_KO"), *full = getenv("FULL");
	/* Most of a thousand are the loader's: some of them, or all. */
	int step = full && *full ? 1 : 23, count, tries, err = 0;
	bool met = true;

	if (!path || !*path || variant->version != 0x0304)
		SKIP(return, "once, where TLSUP_KO names the module file");
	agent_close(&self->agent);
	for (count = 1; met && count < 10 * NTH_MAX; count += step) {
		for (tries = 0; !err && tries < 10000; tries++) {
			if (!syscall(SYS_delete_module, "tlsup", O_NONBLOCK))
				break;
			usleep(1000);
		}
		arm(self->nth, count);
		err = load(path);
		met = disarm(self->nth);
		self->injected += met;
		EXPECT_TRUE(!err || met) TH_LOG("fault %d: %d", count, err);
	}
	EXPECT_EQ(0, err);
	EXPECT_LT(0, self->injected);
	TH_LOG("figure: faults injected: %u", self->injected);
	ASSERT_EQ(0, agent_open(&self->agent));
}

TEST_HARNESS_MAIN
