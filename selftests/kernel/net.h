/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Copyright (C) 2026 The tlsup authors
 *
 * Sockets, a network namespace of each test's own, and connections that are
 * opened without a handshake protocol: the agent knows the secrets by heart.
 */
#ifndef SELFTESTS_KERNEL_NET_H
#define SELFTESTS_KERNEL_NET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include <linux/tlsup.h>

#include "agent.h"
#include "record.h"

/* No step of a test that succeeds takes longer. */
#define TIMEOUT_MS	10000

/* Seeds of the secrets. */
enum {
	SEED_CLIENT_HANDSHAKE = 1,
	SEED_SERVER_HANDSHAKE = 2,
	SEED_CLIENT_DATA = 3,
	SEED_SERVER_DATA = 4,
};

/* A network namespace with loopback and nothing else; 0 or -errno. */
int net_new(void);

/* A counter of this namespace, by its name in /proc/net/tlsup_stat. */
long net_stat(const char *name);

/* Write net.tlsup.NAME; 0 or -errno. */
int net_sysctl(const char *name, unsigned int value);

/* Wait until every connection ever made here has been destroyed. */
bool net_all_destroyed(void);

/* Two ends of a TCP connection over loopback; 0 or -errno. */
int tcp_pair(int *one, int *other);

/* Options and what they say; 0 or -errno. */
int tls_attach(int fd);
int tls_start(int fd, int role);
int tls_set_u32(int fd, int option, uint32_t value);
struct tlsup_status tls_status(int fd);
struct tlsup_info tls_info(int fd);
int so_error(int fd);
void set_blocking(int fd, bool blocking);

/* Wait for a phase; false when it does not come. */
bool wait_phase(int fd, uint32_t phase);

/* The events that a socket shows, waited for this long. */
short poll_now(int fd, short events, int timeout_ms);

/* All of it, or false. They wait, whether or not the socket does. */
bool write_all(int fd, const void *data, size_t len);
bool read_all(int fd, void *data, size_t len);

/* Bytes that tell where they are in a stream. */
void fill(uint8_t *data, size_t len, uint32_t seed);

/**
 * struct peer - the other end, in user space, with the very same keys
 * @fd: a plain TCP socket
 * @tx: of what it sends
 * @rx: of what it receives
 */
struct peer {
	int fd;
	struct keys tx;
	struct keys rx;
};

/* Send one protected record, or bytes as they are. */
bool peer_send(struct peer *peer, uint8_t type, const void *data, size_t len);

/* One record, header and all, protected or not: its length, 0 at the end. */
ssize_t peer_record(struct peer *peer, uint8_t *bytes);

/* One protected record: its content's length, or -1. */
ssize_t peer_recv(struct peer *peer, uint8_t *data, uint8_t *type);

/* The next record must be an alert: its description, or -1. */
int peer_alert(struct peer *peer);

/* Nothing more comes, and the stream ends. */
bool peer_at_end(struct peer *peer);

/* Our end, attached and started without blocking, and the peer; 0 or -errno. */
int begin_with_peer(int role, int *ours, struct peer *peer);

/* The same, opened by one answer: keys of the last epoch, and done. */
int open_with_peer(struct agent *agent, int role, uint16_t cipher, int *ours,
		   struct peer *peer);

/* The same with what DONE says; TLS 1.2 if that is the version. */
int open_with_peer_as(struct agent *agent, int role, uint16_t cipher,
		      const struct done *done, int *ours, struct peer *peer);

/* Both ends ours, with all epochs, as a real handshake would; 0 or -errno. */
int open_pair(struct agent *agent, uint16_t cipher, int *client, int *server);
int open_pair_12(struct agent *agent, uint16_t cipher, int *client,
		 int *server);

#endif /* SELFTESTS_KERNEL_NET_H */
