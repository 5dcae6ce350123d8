// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) 2026 The tlsup authors
 *
 * Random operations: see play.h.
 */
#define _GNU_SOURCE
#include "play.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <fcntl.h>
#include <unistd.h>

#include <linux/tls.h>
#include <netinet/in.h>
#include <netinet/tcp.h>

#ifndef SOL_TLS
#define SOL_TLS	282
#endif

/* xorshift64*: the same numbers from the same seed, everywhere. */
static uint32_t random_32(struct play *f)
{
	f->random ^= f->random >> 12;
	f->random ^= f->random << 25;
	f->random ^= f->random >> 27;
	return f->random * 0x2545f4914f6cdd1d >> 32;
}

uint32_t play_pick(struct play *f, uint32_t below)
{
	return random_32(f) % below;
}

#define PICK(f, table) ((table)[play_pick(f, sizeof(table) / sizeof((table)[0]))])

static bool one_in(struct play *f, uint32_t n)
{
	return !play_pick(f, n);
}

/* Numbers near which mistakes live. */
static uint32_t odd_number(struct play *f)
{
	static const uint32_t odd[] = {
		0, 1, 2, 3, 4, 5, 7, 8, 15, 16, 17, 31, 63, 64, 65, 127, 128,
		255, 256, 257, 511, 1023, 1024, 1025, 4095, 4096, 4097, 16383,
		16384, 16385, 32767, 32768, 65535, 65536, 0x7fffffff,
		0x80000000, 0xffffffff,
	};

	return one_in(f, 4) ? random_32(f) : PICK(f, odd);
}

static size_t length(struct play *f, size_t max)
{
	uint32_t n = one_in(f, 3) ? odd_number(f) : play_pick(f, 200);

	return n % (max + 1);
}

static uint8_t *bytes(struct play *f)
{
	size_t i, at = play_pick(f, PLAY_BUFFER - 64);

	for (i = 0; i < 64; i++)
		f->buffer[at + i] = random_32(f);
	return f->buffer;
}

static struct slot *any(struct play *f)
{
	return &f->slots[play_pick(f, f->slot_count)];
}

void play_forget(struct slot *slot)
{
	close(slot->fd);
	close(slot->peer.fd);
	*slot = (struct slot){ .fd = -1, .peer = { .fd = -1 } };
}

static int op_pair(struct play *f)
{
	struct slot *slot = any(f);
	int err;

	play_forget(slot);
	err = tcp_pair(&slot->fd, &slot->peer.fd);
	if (err)
		return err;
	set_blocking(slot->fd, false);
	set_blocking(slot->peer.fd, false);
	if (one_in(f, 4))
		return 0;
	err = tls_attach(slot->fd);
	if (err || one_in(f, 2))
		return err;
	return tls_start(slot->fd, 1 + play_pick(f, 2)) == -EINPROGRESS ? 0 : -1;
}

static int op_attach(struct play *f)
{
	static const char *const names[] = {
		"tlsup", "tlsup", "tlsup", "tlsup-raw", "tls", "mptcp",
	};
	const char *name = PICK(f, names);

	return setsockopt(any(f)->fd, SOL_TCP, TCP_ULP, name, strlen(name));
}

static int op_option(struct play *f)
{
	static const char *const values[] = {
		"a", "example.org", "::1", "\2h2", "\2h2\10http/1.1", "\377",
	};
	int option = one_in(f, 8) ? random_32(f) : 2 + play_pick(f, 14);
	uint32_t number = odd_number(f);
	const char *value = PICK(f, values);
	int fd = any(f)->fd;

	switch (play_pick(f, 3)) {
	case 0:
		return setsockopt(fd, SOL_TLSUP, option, value, strlen(value));
	case 1:
		return setsockopt(fd, SOL_TLSUP, option, &number, 4);
	default:
		return setsockopt(fd, SOL_TLSUP, option, bytes(f),
				  length(f, 400));
	}
}

static int op_start(struct play *f)
{
	int role = one_in(f, 10) ? odd_number(f) : 1 + play_pick(f, 2);
	struct slot *slot = any(f);

	return tls_start(slot->fd, role) == -EINPROGRESS ? 0 : -1;
}

static int op_get(struct play *f)
{
	static const int levels[] = { SOL_TLSUP, SOL_TLSUP, SOL_TLS, SOL_TCP,
				      SOL_SOCKET };
	struct tlsup_exporter *wish = (void *)bytes(f);
	socklen_t len = length(f, PLAY_BUFFER);

	if (one_in(f, 4)) {
		*wish = (struct tlsup_exporter){
			.length = 1 + length(f, 2000),
			.label_len = 1 + play_pick(f, 260),
			.context_len = play_pick(f, 2) * length(f, 2000),
			.use_context = play_pick(f, 2),
		};
		len = PLAY_BUFFER;
		return getsockopt(any(f)->fd, SOL_TLSUP, TLSUP_EXPORTER, wish,
				  &len);
	}
	return getsockopt(any(f)->fd, PICK(f, levels), play_pick(f, 40), f->buffer,
			  &len);
}

/* The kTLS face: good keys, or anything. */
static int op_raw_keys(struct play *f)
{
	struct tls12_crypto_info_aes_gcm_128 info = {
		.info.version = play_pick(f, 2) ? TLS_1_3_VERSION : TLS_1_2_VERSION,
		.info.cipher_type = TLS_CIPHER_AES_GCM_128,
	};
	int fd = any(f)->fd;

	if (one_in(f, 3))
		return setsockopt(fd, SOL_TLS, play_pick(f, 7), bytes(f),
				  length(f, 100));
	return setsockopt(fd, SOL_TLS, 1 + play_pick(f, 2), &info, sizeof(info));
}

/* What TCP and sockets have beside; nothing that waits. */
static int op_tcp_option(struct play *f)
{
	static const struct {
		int level;
		int option;
	} options[] = {
		{ SOL_TCP, TCP_NODELAY }, { SOL_TCP, TCP_CORK },
		{ SOL_TCP, TCP_MAXSEG }, { SOL_TCP, TCP_REPAIR },
		{ SOL_TCP, TCP_REPAIR_QUEUE }, { SOL_TCP, TCP_QUEUE_SEQ },
		{ SOL_TCP, TCP_REPAIR_OPTIONS }, { SOL_TCP, TCP_INQ },
		{ SOL_TCP, TCP_FASTOPEN }, { SOL_TCP, TCP_FASTOPEN_CONNECT },
		{ SOL_TCP, TCP_NOTSENT_LOWAT }, { SOL_TCP, TCP_QUICKACK },
		{ SOL_TCP, TCP_WINDOW_CLAMP }, { SOL_TCP, TCP_DEFER_ACCEPT },
		{ SOL_TCP, TCP_ZEROCOPY_RECEIVE }, { SOL_TCP, TCP_USER_TIMEOUT },
		{ SOL_SOCKET, SO_RCVLOWAT }, { SOL_SOCKET, SO_RCVBUF },
		{ SOL_SOCKET, SO_SNDBUF }, { SOL_SOCKET, SO_ZEROCOPY },
		{ SOL_SOCKET, SO_PEEK_OFF }, { SOL_SOCKET, SO_OOBINLINE },
		{ SOL_SOCKET, SO_TIMESTAMPING }, { SOL_SOCKET, SO_KEEPALIVE },
		{ IPPROTO_IPV6, IPV6_ADDRFORM },
	};
	int value = odd_number(f) & 0xfffff, i;
	struct linger linger = { 1, 0 };

	if (one_in(f, 8))
		return setsockopt(any(f)->fd, SOL_SOCKET, SO_LINGER, &linger,
				  sizeof(linger));
	i = play_pick(f, sizeof(options) / sizeof(options[0]));
	return setsockopt(any(f)->fd, options[i].level, options[i].option,
			  &value, sizeof(value));
}

static int op_send(struct play *f)
{
	static const int flags[] = {
		0, 0, 0, MSG_MORE, MSG_EOR, MSG_OOB, MSG_ZEROCOPY,
		MSG_FASTOPEN, MSG_MORE | MSG_EOR, MSG_DONTROUTE,
	};
	int flag = PICK(f, flags) | MSG_NOSIGNAL | MSG_DONTWAIT;

	return send(any(f)->fd, bytes(f), length(f, PLAY_BUFFER), flag);
}

static int op_sendmsg(struct play *f)
{
	union {
		struct cmsghdr header;
		char room[CMSG_SPACE(1)];
	} control = { .header = {
		.cmsg_len = CMSG_LEN(1),
		.cmsg_level = one_in(f, 4) ? SOL_SOCKET : SOL_TLS,
		.cmsg_type = TLS_SET_RECORD_TYPE,
	} };
	struct iovec iov[4];
	struct msghdr msg = { .msg_iov = iov, .msg_iovlen = 1 + play_pick(f, 4) };
	size_t i;

	for (i = 0; i < msg.msg_iovlen; i++) {
		iov[i].iov_base = f->buffer + play_pick(f, PLAY_BUFFER / 2);
		iov[i].iov_len = length(f, PLAY_BUFFER / 2);
	}
	if (one_in(f, 2)) {
		*CMSG_DATA(&control.header) = 20 + play_pick(f, 5);
		msg.msg_control = &control;
		msg.msg_controllen = sizeof(control);
	}
	return sendmsg(any(f)->fd, &msg, MSG_NOSIGNAL | MSG_DONTWAIT);
}

static int op_sendfile(struct play *f)
{
	off_t at = play_pick(f, PLAY_BUFFER);

	return sendfile(any(f)->fd, f->file, &at, length(f, 3 * PLAY_BUFFER));
}

static int op_splice(struct play *f)
{
	size_t len = length(f, PLAY_BUFFER);
	unsigned int flags = SPLICE_F_NONBLOCK | (play_pick(f, 2) * SPLICE_F_MORE);

	switch (play_pick(f, 3)) {
	case 0:
		return write(f->pipes[1], bytes(f), length(f, 9000));
	case 1:
		return splice(f->pipes[0], NULL, any(f)->fd, NULL, len, flags);
	default:
		return splice(any(f)->fd, NULL, f->pipes[1], NULL, len, flags);
	}
}

static int op_recv(struct play *f)
{
	static const int flags[] = {
		0, 0, 0, MSG_PEEK, MSG_WAITALL, MSG_TRUNC, MSG_OOB,
		MSG_ERRQUEUE, MSG_PEEK | MSG_TRUNC,
	};
	int flag = PICK(f, flags) | MSG_DONTWAIT;

	return recv(any(f)->fd, f->buffer, length(f, PLAY_BUFFER), flag);
}

static int op_recvmsg(struct play *f)
{
	char control[64];
	struct iovec iov[2] = {
		{ f->buffer, length(f, 9000) },
		{ f->buffer + 9000, length(f, 9000) },
	};
	struct msghdr msg = {
		.msg_iov = iov,
		.msg_iovlen = 2,
		.msg_control = control,
		.msg_controllen = length(f, sizeof(control)),
	};

	return recvmsg(any(f)->fd, &msg, MSG_DONTWAIT | (play_pick(f, 2) * MSG_PEEK));
}

static int op_look(struct play *f)
{
	static const unsigned long requests[] = { FIONREAD, TIOCOUTQ, 0x5411 };
	int value, fd = any(f)->fd;

	poll_now(fd, POLLIN | POLLOUT | POLLPRI, 0);
	so_error(fd);
	return ioctl(fd, PICK(f, requests), &value);
}

static int op_shutdown(struct play *f)
{
	return shutdown(any(f)->fd, play_pick(f, 4));
}

static int op_close(struct play *f)
{
	struct slot *slot = any(f);

	if (one_in(f, 2)) {
		close(slot->peer.fd);
		slot->peer.fd = -1;
	} else {
		play_forget(slot);
	}
	return 0;
}

static int op_disconnect(struct play *f)
{
	struct sockaddr any_family = { .sa_family = AF_UNSPEC };

	return connect(any(f)->fd, &any_family, sizeof(any_family));
}

static struct sockaddr_in6 address(bool ipv6, uint16_t port, socklen_t *len)
{
	struct sockaddr_in6 to = {
		.sin6_family = AF_INET6,
		.sin6_port = port,
		.sin6_addr = IN6ADDR_LOOPBACK_INIT,
	};
	struct sockaddr_in four = {
		.sin_family = AF_INET,
		.sin_port = port,
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};

	*len = ipv6 ? sizeof(to) : sizeof(four);
	if (!ipv6)
		memcpy(&to, &four, sizeof(four));
	return to;
}

static int op_listen(struct play *f)
{
	struct slot *slot = any(f);
	struct sockaddr_in6 at;
	socklen_t len;

	if (one_in(f, 4))
		return listen(slot->fd, 4);
	play_forget(slot);
	slot->ipv6 = play_pick(f, 2);
	slot->fd = socket(slot->ipv6 ? AF_INET6 : AF_INET,
			  SOCK_STREAM | SOCK_NONBLOCK, 0);
	at = address(slot->ipv6, 0, &len);
	if (bind(slot->fd, (struct sockaddr *)&at, len))
		return -1;
	if (tls_attach(slot->fd) || (play_pick(f, 4) &&
	    tls_start(slot->fd, TLSUP_SERVER)) || listen(slot->fd, 4))
		return -1;
	getsockname(slot->fd, (struct sockaddr *)&at, &len);
	slot->port = at.sin6_port;
	return 0;
}

/* A new plain socket, or one that is ours, to a listener of ours. */
static int op_connect(struct play *f)
{
	const struct slot *listener = any(f);
	struct slot *slot = any(f);
	struct sockaddr_in6 to;
	bool ipv6 = listener->ipv6;
	uint16_t port = listener->port;
	socklen_t len;

	if (!port)
		return -1;
	play_forget(slot);
	slot->fd = socket(ipv6 ? AF_INET6 : AF_INET,
			  SOCK_STREAM | SOCK_NONBLOCK, 0);
	if (one_in(f, 2) && !tls_attach(slot->fd) && one_in(f, 2))
		tls_start(slot->fd, TLSUP_CLIENT);
	to = address(ipv6, port, &len);
	return connect(slot->fd, (struct sockaddr *)&to, len) &&
	       errno != EINPROGRESS ? -1 : 0;
}

static int op_accept(struct play *f)
{
	struct slot *slot = any(f);
	int fd = accept4(any(f)->fd, NULL, NULL, SOCK_NONBLOCK);

	if (fd < 0)
		return -1;
	play_forget(slot);
	slot->fd = fd;
	return 0;
}

/* Through another file, another process. */
static int op_hand_over(struct play *f)
{
	struct slot *slot = any(f);
	int copy = dup(slot->fd);
	pid_t pid;

	if (copy < 0)
		return -1;
	if (one_in(f, 20)) {
		pid = fork();
		if (!pid) {
			send(slot->fd, f->buffer, 100,
			     MSG_NOSIGNAL | MSG_DONTWAIT);
			recv(slot->fd, f->buffer, 100, MSG_DONTWAIT);
			_exit(0);
		}
		waitpid(pid, NULL, 0);
	}
	close(slot->fd);
	slot->fd = copy;
	return 0;
}

static int op_peer_bytes(struct play *f)
{
	uint8_t *data = bytes(f);
	int fd = any(f)->peer.fd;

	if (one_in(f, 2)) {
		data[0] = 19 + play_pick(f, 6);
		data[1] = 3;
		data[2] = play_pick(f, 5);
		data[3] = play_pick(f, one_in(f, 8) ? 256 : 65);
	}
	return send(fd, data, length(f, 18000), MSG_NOSIGNAL | MSG_DONTWAIT);
}

/* As it should be, but for the content. */
static int op_peer_record(struct play *f)
{
	static const uint8_t types[] = { DATA, DATA, DATA, HANDSHAKE, ALERT,
					 CCS, 0, 24 };
	static uint8_t record[RECORD_MAX];
	struct slot *slot = any(f);
	uint8_t type = PICK(f, types), *data = bytes(f);
	size_t len = length(f, PLAINTEXT_MAX);
	ssize_t n;

	if (type == ALERT && one_in(f, 2)) {
		len = 2;
		data[0] = 1 + play_pick(f, 2);
		data[1] = one_in(f, 3) ? 0 : play_pick(f, 120);
	}
	if (type == HANDSHAKE && one_in(f, 2)) {
		len = 5;
		memcpy(data, "\x18\0\0\1", 4);
		data[4] = play_pick(f, 3);
	} else if (type == HANDSHAKE && one_in(f, 2)) {
		data[0] = play_pick(f, 25);
		data[1] = 0;
		data[2] = play_pick(f, 4);
	}
	if (!slot->peer.tx.version || one_in(f, 20))
		n = record_plain(record, type, data, len);
	else
		n = record_seal(&slot->peer.tx, record, type, data, len,
				play_pick(f, 3));
	if (one_in(f, 30))
		record[play_pick(f, n)] ^= 1 << play_pick(f, 8);
	if (type == HANDSHAKE && len == 5 && !memcmp(data, "\x18\0\0\1", 4))
		keys_update(&slot->peer.tx);
	return send(slot->peer.fd, record, n, MSG_NOSIGNAL | MSG_DONTWAIT);
}

static int op_peer_reads(struct play *f)
{
	return recv(any(f)->peer.fd, f->buffer, length(f, PLAY_BUFFER), MSG_DONTWAIT);
}

/* Take up what the kernel has told an agent. */
static int take_events(struct play *f, struct agent *agent)
{
	struct waiting *at;
	int n = 0;

	while (agent_event(agent, &f->event, 0)) {
		n++;
		f->conn = f->event.conn;
		if (f->event.cmd != TLSUP_CMD_EV_START &&
		    f->event.cmd != TLSUP_CMD_EV_RECORD) {
			agent_ack(agent, 1);
			continue;
		}
		at = &f->waiting[f->waits++ % PLAY_EVENTS];
		at->agent = agent;
		at->conn = f->event.conn;
		at->epoch = event_number(&f->event, TLSUP_A_RX_EPOCH);
		at->role = event_number(&f->event, TLSUP_A_ROLE);
	}
	return n ? n : -1;
}

static int op_events(struct play *f)
{
	return take_events(f, &f->agents[play_pick(f, PLAY_AGENTS)]);
}

static struct waiting *any_waiting(struct play *f)
{
	return &f->waiting[play_pick(f, PLAY_EVENTS)];
}

static void good_answer(struct play *f, const struct waiting *w)
{
	bool client = w->role == TLSUP_CLIENT;
	struct done done = {
		.version = 0x0304,
		.limit = one_in(f, 4) ? 64 + play_pick(f, 2000) : 0,
	};

	answer_send(&f->msg, HANDSHAKE, "hello", 5);
	answer_keys(&f->msg, TLSUP_DIRECTION_TX, TLSUP_EPOCH_APPLICATION,
		    f->cipher, client ? SEED_CLIENT_DATA : SEED_SERVER_DATA);
	answer_keys(&f->msg, TLSUP_DIRECTION_RX, TLSUP_EPOCH_APPLICATION,
		    f->cipher, client ? SEED_SERVER_DATA : SEED_CLIENT_DATA);
	answer_done_with(&f->msg, &done);
}

/* Actions of all kinds in any order. */
static void random_actions(struct play *f)
{
	int n = play_pick(f, 6);

	while (n--) {
		switch (play_pick(f, 6)) {
		case 0:
			answer_send(&f->msg, 19 + play_pick(f, 5), bytes(f),
				    length(f, 9000));
			break;
		case 1:
			answer_keys(&f->msg, play_pick(f, 2), 1 + play_pick(f, 2),
				    f->cipher, play_pick(f, 5));
			break;
		case 2:
			answer_keys_12(&f->msg, play_pick(f, 2), f->cipher,
				       play_pick(f, 5));
			break;
		case 3:
			answer_done(&f->msg);
			break;
		case 4:
			answer_fail(&f->msg, play_pick(f, 200), play_pick(f, 121) - 1,
				    "because");
			break;
		default:
			answer_next(&f->msg);
			break;
		}
	}
}

/* Bytes change behind the header, or attributes that nobody knows come. */
static void spoil(struct play *f)
{
	int n = play_pick(f, 4);

	if (one_in(f, 4))
		message_put(&f->msg, play_pick(f, 40), bytes(f), length(f, 100));
	while (n--)
		f->msg.bytes[16 + play_pick(f, f->msg.len - 16)] ^= 1 << play_pick(f, 8);
}

static int op_answer(struct play *f)
{
	struct waiting *w = any_waiting(f);
	struct agent *agent = w->agent ?: &f->agents[0];
	uint8_t epoch = one_in(f, 16) ? play_pick(f, 3) : w->epoch;
	uint64_t conn = one_in(f, 32) ? random_32(f) : w->conn;

	if (one_in(f, 16))
		agent = &f->agents[play_pick(f, PLAY_AGENTS)];
	answer_begin(&f->msg, agent, conn, epoch);
	if (play_pick(f, 3))
		good_answer(f, w);
	else
		random_actions(f);
	if (one_in(f, 12)) {
		spoil(f);
		return agent_call(agent, &f->msg);
	}
	return agent_answer(agent, &f->msg);
}

static int op_command(struct play *f)
{
	struct agent *agent = &f->agents[play_pick(f, 2)];

	message_begin(&f->msg, agent, play_pick(f, 16));
	if (play_pick(f, 4))
		message_put_u64(&f->msg, TLSUP_A_CONN_ID, f->conn);
	if (one_in(f, 2))
		message_put_u32(&f->msg, TLSUP_A_WINDOW, odd_number(f));
	if (one_in(f, 2))
		message_put_u32(&f->msg, TLSUP_A_EVENTS, odd_number(f));
	if (one_in(f, 2))
		spoil(f);
	return agent_call(agent, &f->msg);
}

/* An agent goes, perhaps in the middle of handshakes, and one comes. */
static int op_agent(struct play *f)
{
	struct agent *agent = &f->agents[play_pick(f, 2)];

	agent_close(agent);
	if (agent_open(agent))
		return -1;
	return agent_register(agent, 1 + play_pick(f, 6));
}

static int op_limits(struct play *f)
{
	if (one_in(f, 2))
		return net_sysctl("max_pending", play_pick(f, 50));
	return net_sysctl("agent_grace_ms", play_pick(f, 100));
}

/* An open connection, so that enough of them is there to be played with. */
static int op_open(struct play *f)
{
	int role = 1 + play_pick(f, 2), i;
	bool client = role == TLSUP_CLIENT;
	unsigned int before = f->waits;
	struct slot *slot = any(f);
	struct waiting *w;

	play_forget(slot);
	if (begin_with_peer(role, &slot->fd, &slot->peer))
		return -1;
	keys_init(&slot->peer.tx, f->cipher,
		  client ? SEED_SERVER_DATA : SEED_CLIENT_DATA);
	set_blocking(slot->peer.fd, false);
	for (i = 0; i < 2 * PLAY_AGENTS && f->waits == before; i++) {
		poll_now(f->agents[i % PLAY_AGENTS].fd, POLLIN, 1);
		take_events(f, &f->agents[i % PLAY_AGENTS]);
	}
	w = &f->waiting[(f->waits - 1) % PLAY_EVENTS];
	if (f->waits == before)
		return -1;
	answer_begin(&f->msg, w->agent, w->conn, w->epoch);
	good_answer(f, w);
	return agent_answer(w->agent, &f->msg);
}

const struct operation operations[] = {
	{ "pair", op_pair, 8 },
	{ "open", op_open, 4 },
	{ "attach", op_attach, 4 },
	{ "option", op_option, 8 },
	{ "start", op_start, 8 },
	{ "get", op_get, 6 },
	{ "raw keys", op_raw_keys, 5 },
	{ "tcp option", op_tcp_option, 8 },
	{ "send", op_send, 14 },
	{ "sendmsg", op_sendmsg, 8 },
	{ "sendfile", op_sendfile, 4 },
	{ "splice", op_splice, 10 },
	{ "recv", op_recv, 14 },
	{ "recvmsg", op_recvmsg, 8 },
	{ "look", op_look, 8 },
	{ "shutdown", op_shutdown, 1 },
	{ "close", op_close, 2 },
	{ "disconnect", op_disconnect, 1 },
	{ "listen", op_listen, 2 },
	{ "connect", op_connect, 4 },
	{ "accept", op_accept, 4 },
	{ "hand over", op_hand_over, 1 },
	{ "peer bytes", op_peer_bytes, 3 },
	{ "peer record", op_peer_record, 20 },
	{ "peer reads", op_peer_reads, 10 },
	{ "events", op_events, 10 },
	{ "answer", op_answer, 12 },
	{ "command", op_command, 5 },
	{ "agent", op_agent, 1 },
	{ "limits", op_limits, 1 },
};

const size_t operations_count = sizeof(operations) / sizeof(operations[0]);
