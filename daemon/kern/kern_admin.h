/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Copyright (C) 2026 The tlsup authors
 *
 * What an administrator asks of the kernel: counters, connections, their end.
 */
#ifndef TLSUP_KERN_ADMIN_H
#define TLSUP_KERN_ADMIN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct kern_admin;

/** struct kern_stats - since the module was loaded, of this network namespace */
struct kern_stats {
	uint64_t conns_created;
	uint64_t conns_destroyed;
	uint64_t handshakes_done;
	uint64_t handshakes_failed;
	uint64_t handshakes_pending;
	uint64_t agents;
	uint64_t tickets_up;
	uint64_t tickets_dropped;
	uint64_t tx_records;
	uint64_t rx_records;
	uint64_t rx_bad_records;
	uint64_t tx_rekeys;
	uint64_t rx_rekeys;
	uint64_t tx_bytes;		/* of connections that have ended */
	uint64_t rx_bytes;
	uint64_t handshakes_refused;	/* too many were pending */
};

/**
 * struct kern_conn - a connection; borrowed during the call
 * @role: TLSUP_CLIENT, TLSUP_SERVER, or 0: none yet, or it is the application's
 * @phase: TLSUP_PHASE_*
 * @has_identity: @profile, @uid, @pid, @exe are known
 * @age_ms: since the handshake began
 * @peer: IPv4 or IPv6 address
 * @cert: DER of the peer's certificate, if it was asked for
 */
struct kern_conn {
	uint64_t id;
	uint8_t role;
	uint32_t phase;
	bool has_identity;
	const char *profile;
	const char *server_name;
	const char *exe;
	uint16_t version;
	uint16_t suite;
	uint8_t resumed;
	uint32_t uid;
	uint32_t pid;
	uint64_t tx_bytes;
	uint64_t rx_bytes;
	uint64_t age_ms;
	const uint8_t *peer;
	size_t peer_len;
	uint16_t peer_port;
	const uint8_t *cert;
	size_t cert_len;
};

typedef void (*kern_conn_handler)(void *owner, const struct kern_conn *conn);

struct kern_admin *kern_admin_open(void);
void kern_admin_close(struct kern_admin *admin);
int kern_admin_stats(struct kern_admin *admin, struct kern_stats *stats);
int kern_admin_conns(struct kern_admin *admin, kern_conn_handler handler, void *owner);
int kern_admin_conn(struct kern_admin *admin, uint64_t id, kern_conn_handler handler,
		    void *owner);
int kern_admin_end_conn(struct kern_admin *admin, uint64_t id);

#endif /* TLSUP_KERN_ADMIN_H */
