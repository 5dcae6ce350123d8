// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) 2026 The tlsup authors
 *
 * Sockets and connections of the tests: see net.h.
 */
#define _GNU_SOURCE
#include "net.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <net/if.h>
#include <netinet/in.h>
#include <netinet/tcp.h>

#ifndef TCP_ULP
#define TCP_ULP	31
#endif

int net_new(void)
{
	struct ifreq lo = { .ifr_name = "lo", .ifr_flags = IFF_UP };
	int fd, err = 0;

	if (unshare(CLONE_NEWNET))
		return -errno;
	fd = socket(AF_INET, SOCK_DGRAM, 0);
	if (fd < 0)
		return -errno;
	if (ioctl(fd, SIOCSIFFLAGS, &lo))
		err = -errno;
	close(fd);
	return err;
}

long net_stat(const char *name)
{
	FILE *file = fopen("/proc/self/net/tlsup_stat", "r");
	long value, found = -1;
	char word[64];

	if (!file)
		return -1;
	while (fscanf(file, "%63s %ld", word, &value) == 2)
		if (!strcmp(word, name))
			found = value;
	fclose(file);
	return found;
}

int net_sysctl(const char *name, unsigned int value)
{
	char path[128];
	FILE *file;
	int err = 0;

	snprintf(path, sizeof(path), "/proc/sys/net/tlsup/%s", name);
	file = fopen(path, "w");
	if (!file)
		return -errno;
	if (fprintf(file, "%u\n", value) < 0)
		err = -errno;
	if (fclose(file))
		err = -errno;
	return err;
}

bool net_all_destroyed(void)
{
	long made = net_stat("conns_created");
	int i;

	for (i = 0; made >= 0 && i < TIMEOUT_MS / 10; i++) {
		if (net_stat("conns_destroyed") == made)
			return true;
		usleep(10000);
	}
	return false;
}

int tcp_pair(int *one, int *other)
{
	struct sockaddr_in addr = {
		.sin_family = AF_INET,
		.sin_addr = { htonl(INADDR_LOOPBACK) },
	};
	socklen_t len = sizeof(addr);
	int listener = socket(AF_INET, SOCK_STREAM, 0);
	int err = 0;

	*one = socket(AF_INET, SOCK_STREAM, 0);
	*other = -1;
	if (bind(listener, (struct sockaddr *)&addr, len) ||
	    listen(listener, 1) ||
	    getsockname(listener, (struct sockaddr *)&addr, &len) ||
	    connect(*one, (struct sockaddr *)&addr, len))
		err = -errno;
	if (!err)
		*other = accept(listener, NULL, NULL);
	if (!err && *other < 0)
		err = -errno;
	close(listener);
	return err;
}

int tls_attach(int fd)
{
	return setsockopt(fd, SOL_TCP, TCP_ULP, TLSUP_ULP_NAME,
			  sizeof(TLSUP_ULP_NAME) - 1) ? -errno : 0;
}

int tls_start(int fd, int role)
{
	return setsockopt(fd, SOL_TLSUP, TLSUP_HANDSHAKE, &role, sizeof(role)) ?
		-errno : 0;
}

int tls_set_u32(int fd, int option, uint32_t value)
{
	return setsockopt(fd, SOL_TLSUP, option, &value, sizeof(value)) ?
		-errno : 0;
}

struct tlsup_status tls_status(int fd)
{
	struct tlsup_status status = { .phase = UINT32_MAX };
	socklen_t len = sizeof(status);

	getsockopt(fd, SOL_TLSUP, TLSUP_STATUS, &status, &len);
	return status;
}

struct tlsup_info tls_info(int fd)
{
	struct tlsup_info info = { 0 };
	socklen_t len = sizeof(info);

	getsockopt(fd, SOL_TLSUP, TLSUP_INFO, &info, &len);
	return info;
}

int so_error(int fd)
{
	socklen_t len = sizeof(int);
	int error = -1;

	getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &len);
	return error;
}

void set_blocking(int fd, bool blocking)
{
	int flags = fcntl(fd, F_GETFL);

	fcntl(fd, F_SETFL, blocking ? flags & ~O_NONBLOCK : flags | O_NONBLOCK);
}

bool wait_phase(int fd, uint32_t phase)
{
	int i;

	for (i = 0; i < TIMEOUT_MS; i++) {
		if (tls_status(fd).phase == phase)
			return true;
		usleep(1000);
	}
	return false;
}

short poll_now(int fd, short events, int timeout_ms)
{
	struct pollfd poll_fd = { .fd = fd, .events = events };

	return poll(&poll_fd, 1, timeout_ms) == 1 ? poll_fd.revents : 0;
}

bool write_all(int fd, const void *data, size_t len)
{
	const uint8_t *at = data;
	ssize_t n;

	while (len) {
		if (!poll_now(fd, POLLOUT, TIMEOUT_MS))
			return false;
		n = send(fd, at, len, MSG_DONTWAIT | MSG_NOSIGNAL);
		if (n < 0 && errno == EAGAIN)
			continue;
		if (n <= 0)
			return false;
		at += n;
		len -= n;
	}
	return true;
}

bool read_all(int fd, void *data, size_t len)
{
	uint8_t *at = data;
	ssize_t n;

	while (len) {
		if (!poll_now(fd, POLLIN, TIMEOUT_MS))
			return false;
		n = recv(fd, at, len, MSG_DONTWAIT);
		if (n < 0 && errno == EAGAIN)
			continue;
		if (n <= 0)
			return false;
		at += n;
		len -= n;
	}
	return true;
}

void fill(uint8_t *data, size_t len, uint32_t seed)
{
	uint32_t x = seed * 2654435761U + 1;

	while (len--) {
		x = x * 1664525 + 1013904223;
		*data++ = x >> 24;
	}
}

bool peer_send(struct peer *peer, uint8_t type, const void *data, size_t len)
{
	static _Thread_local uint8_t bytes[RECORD_MAX];
	size_t n = record_seal(&peer->tx, bytes, type, data, len, 0);

	return write_all(peer->fd, bytes, n);
}

ssize_t peer_record(struct peer *peer, uint8_t *bytes)
{
	size_t len;

	if (!read_all(peer->fd, bytes, HEADER_SIZE))
		return 0;
	len = bytes[3] << 8 | bytes[4];
	if (!read_all(peer->fd, bytes + HEADER_SIZE, len))
		return 0;
	return HEADER_SIZE + len;
}

ssize_t peer_recv(struct peer *peer, uint8_t *data, uint8_t *type)
{
	static _Thread_local uint8_t bytes[RECORD_MAX];
	ssize_t n = peer_record(peer, bytes);

	if (n <= 0)
		return -1;
	n = record_open(&peer->rx, bytes, n, type);
	if (n > 0)
		memcpy(data, bytes + HEADER_SIZE, n);
	return n;
}

int peer_alert(struct peer *peer)
{
	static _Thread_local uint8_t data[PLAINTEXT_MAX];
	uint8_t type = 0;

	if (peer_recv(peer, data, &type) != 2 || type != ALERT)
		return -1;
	return data[1];
}

bool peer_at_end(struct peer *peer)
{
	uint8_t byte;

	return poll_now(peer->fd, POLLIN, TIMEOUT_MS) &&
	       recv(peer->fd, &byte, 1, MSG_DONTWAIT) <= 0;
}

int begin_with_peer(int role, int *ours, struct peer *peer)
{
	int err = tcp_pair(ours, &peer->fd);

	if (!err)
		err = tls_attach(*ours);
	if (err)
		return err;
	set_blocking(*ours, false);
	/* A server asks for an agent when it has a record to show. */
	if (role == TLSUP_SERVER &&
	    !write_all(peer->fd, "\x16\3\1\0\5hello", 10))
		return -EPIPE;
	err = tls_start(*ours, role);
	return err == -EINPROGRESS ? 0 : err;
}

/* Both keys and done in one answer. */
static int open_13(struct agent *agent, uint64_t conn, uint16_t cipher,
		   uint8_t tx, uint8_t rx, const struct done *done)
{
	static _Thread_local struct message msg;

	answer_begin(&msg, agent, conn, 0);
	answer_send(&msg, HANDSHAKE, "hello", 5);
	answer_keys(&msg, TLSUP_DIRECTION_TX, TLSUP_EPOCH_APPLICATION, cipher, tx);
	answer_keys(&msg, TLSUP_DIRECTION_RX, TLSUP_EPOCH_APPLICATION, cipher, rx);
	answer_done_with(&msg, done);
	return agent_answer(agent, &msg);
}

/* TLS 1.2 changes keys where a change_cipher_spec stands. */
static int open_12(struct agent *agent, uint64_t conn, uint16_t cipher,
		   uint8_t tx, uint8_t rx, const struct done *done,
		   struct peer *peer)
{
	static const uint8_t ccs[] = { 20, 3, 3, 0, 1, 1 };
	static _Thread_local struct message msg;
	static _Thread_local struct event event;
	int err;

	answer_begin(&msg, agent, conn, 0);
	answer_send(&msg, HANDSHAKE, "hello", 5);
	answer_keys_12(&msg, TLSUP_DIRECTION_RX, cipher, rx);
	answer_next_12(&msg);
	err = agent_answer(agent, &msg);
	if (err)
		return err;
	if (!write_all(peer->fd, ccs, sizeof(ccs)) ||
	    !peer_send(peer, HANDSHAKE, "finished", 8))
		return -EPIPE;
	if (!agent_event(agent, &event, TIMEOUT_MS) ||
	    event.cmd != TLSUP_CMD_EV_RECORD ||
	    !event_payload_is(&event, "finished"))
		return -ETIME;
	answer_begin(&msg, agent, conn, TLSUP_EPOCH_APPLICATION);
	answer_send(&msg, CCS, "\1", 1);
	answer_keys_12(&msg, TLSUP_DIRECTION_TX, cipher, tx);
	answer_done_with(&msg, done);
	return agent_answer(agent, &msg);
}

/* What the answers above have sent. */
static bool greeted(struct peer *peer, const struct done *done)
{
	uint8_t hello[HEADER_SIZE + 5], ccs[HEADER_SIZE + 1];

	return read_all(peer->fd, hello, sizeof(hello)) &&
	       !memcmp(hello + HEADER_SIZE, "hello", 5) &&
	       (done->version == 0x0304 ||
		(read_all(peer->fd, ccs, sizeof(ccs)) && ccs[0] == CCS));
}

int open_with_peer_as(struct agent *agent, int role, uint16_t cipher,
		      const struct done *done, int *ours, struct peer *peer)
{
	bool client = role == TLSUP_CLIENT, tls12 = done->version == 0x0303;
	uint8_t tx = client ? SEED_CLIENT_DATA : SEED_SERVER_DATA;
	uint8_t rx = client ? SEED_SERVER_DATA : SEED_CLIENT_DATA;
	static _Thread_local struct event event;
	int err;

	(tls12 ? keys_init_12 : keys_init)(&peer->tx, cipher, rx);
	(tls12 ? keys_init_12 : keys_init)(&peer->rx, cipher, tx);
	err = begin_with_peer(role, ours, peer);
	if (err)
		return err;
	if (!agent_event(agent, &event, TIMEOUT_MS) ||
	    event.cmd != TLSUP_CMD_EV_START)
		return -ETIME;
	err = tls12 ?
		open_12(agent, event.conn, cipher, tx, rx, done, peer) :
		open_13(agent, event.conn, cipher, tx, rx, done);
	if (!err && (!wait_phase(*ours, TLSUP_PHASE_OPEN) ||
		     !greeted(peer, done)))
		err = -EPROTO;
	return err;
}

int open_with_peer(struct agent *agent, int role, uint16_t cipher, int *ours,
		   struct peer *peer)
{
	return open_with_peer_as(agent, role, cipher,
				 &(struct done){ .version = 0x0304 }, ours,
				 peer);
}

/* What the agent does about each record of the handshake below. */
static void client_hello(struct message *msg, uint16_t cipher)
{
	answer_send(msg, HANDSHAKE, "client hello", 12);
	answer_next(msg);
}

static void server_flight(struct message *msg, uint16_t cipher)
{
	answer_send(msg, HANDSHAKE, "server hello", 12);
	answer_keys(msg, TLSUP_DIRECTION_TX, TLSUP_EPOCH_HANDSHAKE, cipher,
		    SEED_SERVER_HANDSHAKE);
	answer_keys(msg, TLSUP_DIRECTION_RX, TLSUP_EPOCH_HANDSHAKE, cipher,
		    SEED_CLIENT_HANDSHAKE);
	answer_send(msg, HANDSHAKE, "server finished", 15);
	answer_keys(msg, TLSUP_DIRECTION_TX, TLSUP_EPOCH_APPLICATION, cipher,
		    SEED_SERVER_DATA);
	answer_next(msg);
}

static void client_keys(struct message *msg, uint16_t cipher)
{
	answer_keys(msg, TLSUP_DIRECTION_RX, TLSUP_EPOCH_HANDSHAKE, cipher,
		    SEED_SERVER_HANDSHAKE);
	answer_keys(msg, TLSUP_DIRECTION_TX, TLSUP_EPOCH_HANDSHAKE, cipher,
		    SEED_CLIENT_HANDSHAKE);
	answer_next(msg);
}

static void client_finished(struct message *msg, uint16_t cipher)
{
	answer_send(msg, HANDSHAKE, "client finished", 15);
	answer_keys(msg, TLSUP_DIRECTION_TX, TLSUP_EPOCH_APPLICATION, cipher,
		    SEED_CLIENT_DATA);
	answer_keys(msg, TLSUP_DIRECTION_RX, TLSUP_EPOCH_APPLICATION, cipher,
		    SEED_SERVER_DATA);
	answer_done(msg);
}

static void server_done(struct message *msg, uint16_t cipher)
{
	answer_keys(msg, TLSUP_DIRECTION_RX, TLSUP_EPOCH_APPLICATION, cipher,
		    SEED_CLIENT_DATA);
	answer_done(msg);
}

static void server_hello_12(struct message *msg, uint16_t cipher)
{
	answer_send(msg, HANDSHAKE, "server hello", 12);
	answer_keys_12(msg, TLSUP_DIRECTION_RX, cipher, SEED_CLIENT_DATA);
	answer_next_12(msg);
}

static void client_finished_12(struct message *msg, uint16_t cipher)
{
	answer_send(msg, CCS, "\1", 1);
	answer_keys_12(msg, TLSUP_DIRECTION_TX, cipher, SEED_CLIENT_DATA);
	answer_send(msg, HANDSHAKE, "client finished", 15);
	answer_keys_12(msg, TLSUP_DIRECTION_RX, cipher, SEED_SERVER_DATA);
	answer_next_12(msg);
}

static void server_finished_12(struct message *msg, uint16_t cipher)
{
	answer_send(msg, CCS, "\1", 1);
	answer_keys_12(msg, TLSUP_DIRECTION_TX, cipher, SEED_SERVER_DATA);
	answer_send(msg, HANDSHAKE, "server finished", 15);
	answer_done_with(msg, &(struct done){ .version = 0x0303 });
}

static void done_12(struct message *msg, uint16_t cipher)
{
	answer_done_with(msg, &(struct done){ .version = 0x0303 });
}

struct step {
	uint8_t cmd;
	uint8_t epoch;
	const char *payload;
	void (*act)(struct message *msg, uint16_t cipher);
};

static const struct step script[] = {
	{ TLSUP_CMD_EV_START, 0, NULL, client_hello },
	{ TLSUP_CMD_EV_START, 0, "client hello", server_flight },
	{ TLSUP_CMD_EV_RECORD, 0, "server hello", client_keys },
	{ TLSUP_CMD_EV_RECORD, 1, "server finished", client_finished },
	{ TLSUP_CMD_EV_RECORD, 1, "client finished", server_done },
	{ },
};

static const struct step script_12[] = {
	{ TLSUP_CMD_EV_START, 0, NULL, client_hello },
	{ TLSUP_CMD_EV_START, 0, "client hello", server_hello_12 },
	{ TLSUP_CMD_EV_RECORD, 0, "server hello", client_finished_12 },
	{ TLSUP_CMD_EV_RECORD, 2, "client finished", server_finished_12 },
	{ TLSUP_CMD_EV_RECORD, 2, "server finished", done_12 },
	{ },
};

static int play(struct agent *agent, uint16_t cipher, const struct step *step)
{
	static _Thread_local struct message msg;
	static _Thread_local struct event event;
	int err;

	for (; step->act; step++) {
		if (!agent_event(agent, &event, TIMEOUT_MS))
			return -ETIME;
		if (event.cmd != step->cmd ||
		    event_number(&event, TLSUP_A_RX_EPOCH) != step->epoch ||
		    (step->payload &&
		     !event_payload_is(&event, step->payload)))
			return -EPROTO;
		answer_begin(&msg, agent, event.conn, step->epoch);
		step->act(&msg, cipher);
		err = agent_answer(agent, &msg);
		if (err)
			return err;
	}
	return 0;
}

static int open_both(struct agent *agent, uint16_t cipher,
		     const struct step *steps, int *client, int *server)
{
	int err = tcp_pair(client, server);

	if (!err)
		err = tls_attach(*client);
	if (!err)
		err = tls_attach(*server);
	if (err)
		return err;
	set_blocking(*client, false);
	set_blocking(*server, false);
	err = tls_start(*server, TLSUP_SERVER);
	if (err == -EINPROGRESS)
		err = tls_start(*client, TLSUP_CLIENT);
	if (err != -EINPROGRESS)
		return err;
	err = play(agent, cipher, steps);
	if (!err && (!wait_phase(*client, TLSUP_PHASE_OPEN) ||
		     !wait_phase(*server, TLSUP_PHASE_OPEN)))
		err = -EPROTO;
	return err;
}

int open_pair(struct agent *agent, uint16_t cipher, int *client, int *server)
{
	return open_both(agent, cipher, script, client, server);
}

int open_pair_12(struct agent *agent, uint16_t cipher, int *client, int *server)
{
	return open_both(agent, cipher, script_12, client, server);
}
