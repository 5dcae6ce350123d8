/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Copyright (C) 2026 The tlsup authors
 *
 * Internal structures, with the lock and the owner of each field, and the
 * prototypes of each file.
 *
 * Locks, outer first:
 *	socket lock (lock_sock)	all of a connection but what is marked
 *	tn->lock (_bh)		agents, their queues, the hand-over of events
 *
 * References: a connection (struct tlsup_conn) holds its sock for life. It is
 * held by the socket (until close), by each queued work, by the agent that it
 * was given to or the list of pending ones, and by whoever looked it up.
 */
#ifndef _TLSUP_H
#define _TLSUP_H

#include <linux/atomic.h>
#include <linux/list.h>
#include <linux/refcount.h>
#include <linux/scatterlist.h>
#include <linux/skbuff.h>
#include <linux/spinlock.h>
#include <linux/workqueue.h>
#include <linux/xarray.h>

#include <net/inet_connection_sock.h>
#include <net/net_namespace.h>
#include <net/sock.h>

#include <uapi/linux/tlsup.h>

#include "compat.h"
#include "genl.h"
#include "keys.h"
#include "record.h"

#define TLSUP_TIMEOUT_DEFAULT_MS	30000
#define TLSUP_TIMEOUT_MAX_MS		3600000
#define TLSUP_GRACE_DEFAULT_MS		5000

/* Handshake bytes that may wait for TCP, and data bytes framed per push. */
#define TLSUP_TX_HANDSHAKE_MAX		(256 * 1024)
#define TLSUP_TX_BATCH			(64 * 1024)

/* A record over 32 KiB chunks is in two of them, over single pages in six. */
#define TLSUP_TX_SG			8

#define TLSUP_CCS_MAX			4
#define TLSUP_WARNINGS_MAX		4
#define TLSUP_POST_HANDSHAKE_MAX	(64 * 1024)
#define TLSUP_TICKETS_MAX		16
#define TLSUP_EXE_MAX			256

struct tlsup_agent;
struct tlsup_conn;

/* Counters of a network namespace, in the order in which they are shown. */
#define TLSUP_COUNTERS(X) \
	X(conns_created) \
	X(conns_destroyed) \
	X(handshakes_started) \
	X(handshakes_done) \
	X(handshakes_failed) \
	X(events_sent) \
	X(answers) \
	X(answers_refused) \
	X(agents_registered) \
	X(agents_gone) \
	X(tickets_up) \
	X(tickets_dropped) \
	X(tx_records) \
	X(rx_records) \
	X(rx_bad_records) \
	X(tx_rekeys) \
	X(rx_rekeys) \
	X(alerts_sent) \
	X(alerts_received)

enum tlsup_counter {
#define X(name) TLSUP_STAT_##name,
	TLSUP_COUNTERS(X)
#undef X
	TLSUP_STAT_COUNT,
};

/**
 * struct tlsup_net - what belongs to a network namespace
 * @net: the namespace
 * @lock: guards @agents, @pending, @pending_count, @had_agent, @left and all
 *	of struct tlsup_agent, and conn->agent, ->event, ->event_node
 * @agents: registered agents
 * @pending: connections whose EV_START no agent has been sent
 * @pending_count: connections in TLSUP_PHASE_PENDING or _HANDSHAKE
 * @had_agent: whether one was ever here
 * @left: jiffies when the last one left
 * @grace: fails what is pending when the grace time is over
 * @agent_grace_ms: sysctl
 * @max_pending: sysctl
 * @sysctl_header: of the sysctls
 * @sysctl_table: of the sysctls, this namespace's copy
 * @conns: by id, for netlink; RCU
 * @stats: counters
 */
struct tlsup_net {
	struct net *net;
	spinlock_t lock; /* see above: taken in softirq too, so always _bh */
	struct list_head agents;
	struct list_head pending;
	unsigned int pending_count;
	bool had_agent;
	unsigned long left;
	struct delayed_work grace;
	unsigned int agent_grace_ms;
	unsigned int max_pending;
	struct ctl_table_header *sysctl_header;
	struct ctl_table *sysctl_table;
	struct xarray conns;
	atomic64_t stats[TLSUP_STAT_COUNT];
};

#define tlsup_stat_inc(tn, name) atomic64_inc(&(tn)->stats[TLSUP_STAT_##name])

/**
 * struct tlsup_identity - who set the role: what the daemon's policy judges
 */
struct tlsup_identity {
	u32 uid;
	u32 gid;
	u32 pid;
	u64 cgroup_id;
	char exe[TLSUP_EXE_MAX];
};

/**
 * struct tlsup_options - what the application set before the handshake
 */
struct tlsup_options {
	u32 timeout_ms;
	u32 flags;
	u16 alpn_len;
	char profile[TLSUP_PROFILE_MAX + 1];
	char server_name[TLSUP_SERVER_NAME_MAX + 1];
	u8 alpn[TLSUP_ALPN_MAX];
};

/**
 * struct tlsup_result - what the handshake left; set once, by DONE
 */
struct tlsup_result {
	u16 version;
	u16 suite;
	u16 group;
	u16 signature_scheme;
	u8 resumed;
	u8 client_authenticated;
	u8 alpn_len;
	u8 exporter_len;
	u16 cookie_len;
	u32 chain_len;
	u8 alpn[255];
	u8 exporter[TLSUP_SECRET_MAX];
	u8 *chain;
	u8 *cookie;
};

/* A piece of the outgoing byte stream: records, one behind the other. */
struct tlsup_chunk {
	struct list_head node;
	struct page *page;
	unsigned int size;
	unsigned int sent;
	unsigned int end;
};

/**
 * struct tlsup_tx - the sending half; socket lock
 * @keys: NULL in the plaintext epoch
 * @chunks: framed bytes that TCP has not taken, then the open record
 * @queued: framed bytes that TCP has not taken
 * @record: chunk that the open record starts; NULL if none is open
 * @record_len: content bytes in the open record
 * @record_sg: chunks that it is spread over
 * @record_type: its content type
 * @update_pending: a KeyUpdate is owed to the peer
 * @closed: close_notify or a fatal alert is behind all that may be sent
 * @force: memory limits do not count: the last bytes before close
 * @first: nothing has been sent yet
 * @bytes: application data sent
 * @records: records sent under application keys
 * @rekeys: key updates
 */
struct tlsup_tx {
	struct tlsup_keys *keys;
	struct list_head chunks;
	unsigned int queued;
	struct tlsup_chunk *record;
	unsigned int record_len;
	unsigned int record_sg;
	u8 record_type;
	bool update_pending;
	bool closed;
	bool force;
	bool first;
	u64 bytes;
	u64 records;
	u32 rekeys;
	struct scatterlist sg[TLSUP_TX_SG];
};

/**
 * struct tlsup_rx - the receiving half; socket lock
 * @keys: NULL in the plaintext epoch
 * @header: the record's header, as far as it has come
 * @header_have: bytes of it
 * @type: outer content type
 * @raw: the record's body, taken out of TCP's queue as it comes; owned
 * @need: length of the body
 * @have: bytes of it
 * @opened: @raw holds a record's content, of which @off to @off + @len is left
 * @content_type: its true content type
 * @eof: close_notify has come
 * @skip: skip budget, bytes
 * @ccs: change_cipher_spec records seen
 * @warnings: alerts ignored
 * @message: post-handshake message being put together; owned
 * @message_have: bytes of it
 * @tickets: NewSessionTickets passed up
 * @bytes: application data received
 * @records: records received under application keys
 * @rekeys: key updates
 */
struct tlsup_rx {
	struct tlsup_keys *keys;
	u8 header[TLSUP_HEADER_SIZE];
	u8 header_have;
	u8 type;
	u8 content_type;
	bool opened;
	bool eof;
	u8 *raw;
	unsigned int need;
	unsigned int have;
	unsigned int off;
	unsigned int len;
	u32 skip;
	unsigned int ccs;
	unsigned int warnings;
	u8 *message;
	unsigned int message_have;
	unsigned int tickets;
	u64 bytes;
	u64 records;
	u32 rekeys;
};

/* Bits of conn->todo: why its work was queued. */
enum tlsup_todo {
	TLSUP_TODO_RX,		/* input or a change of TCP's state */
	TLSUP_TODO_TX,		/* room in TCP's send queue */
	TLSUP_TODO_TIMEOUT,	/* the deadline */
	TLSUP_TODO_AGENT_GONE,	/* in mid-handshake */
	TLSUP_TODO_NO_AGENT,	/* the grace time is over */
	TLSUP_TODO_ANSWER,	/* an answer waits in conn->inbox */
	TLSUP_TODO_CLOSE,	/* an administrator's wish */
};

/**
 * struct tlsup_conn - a TLS connection
 * @refs: see the top of this file
 * @id: names it in netlink
 * @sk: the socket, held
 * @tn: its network namespace; lives as long as @sk
 * @phase: changed by tlsup_conn_set_phase() only; socket lock, read anywhere
 * @role: &enum tlsup_role or 0; socket lock
 * @awaiting: an event is with an agent, unanswered; socket lock
 * @read_shutdown: the application has shut down reading; socket lock
 * @attached: the proto swap is in force; socket lock
 * @error: positive errno of the failure; stays
 * @alert_sent: AlertDescription or -1
 * @alert_received: AlertDescription or -1
 * @reason: one sentence, constant or in @reason_text
 * @reason_text: sentence from the daemon
 * @started_ns: when the handshake started
 * @handshake_us: how long it took
 * @events: netlink messages up
 * @answers: netlink messages down
 * @options: of the application
 * @identity: of who set the role
 * @result: of the handshake
 * @tx: sending half
 * @rx: receiving half
 * @base: TCP's own proto
 * @saved_data_ready: TCP's own callbacks
 * @saved_state_change: same
 * @saved_write_space: same
 * @saved_error_report: same
 * @work: all that may not run in softirq
 * @deadline: of the handshake
 * @todo: bits of &enum tlsup_todo
 * @agent: to which it was given; tn->lock
 * @agent_node: in agent->conns or in tn->pending; tn->lock
 * @event: EV_START kept until the first answer, so that it can go to another
 *	agent; tn->lock
 * @started: an agent has been sent EV_START; tn->lock
 * @answered: an agent has answered; tn->lock
 * @counted: counts in tn->pending_count; tn->lock
 * @inbox: answers that came while the socket lock was taken; tn->lock
 * @free_work: the end
 */
struct tlsup_conn {
	refcount_t refs;
	u64 id;
	struct sock *sk;
	struct tlsup_net *tn;
	u8 phase;
	u8 role;
	bool awaiting;
	bool read_shutdown;
	bool attached;
	int error;
	s16 alert_sent;
	s16 alert_received;
	const char *reason;
	char reason_text[TLSUP_REASON_MAX];
	u64 started_ns;
	u32 handshake_us;
	u32 events;
	u32 answers;
	struct tlsup_options *options;
	struct tlsup_identity *identity;
	struct tlsup_result *result;
	struct tlsup_tx tx;
	struct tlsup_rx rx;
	const struct proto *base;
	void (*saved_data_ready)(struct sock *sk);
	void (*saved_state_change)(struct sock *sk);
	void (*saved_write_space)(struct sock *sk);
	void (*saved_error_report)(struct sock *sk);
	struct work_struct work;
	struct delayed_work deadline;
	unsigned long todo;
	struct tlsup_agent *agent;
	struct list_head agent_node;
	struct sk_buff *event;
	bool started;
	bool answered;
	bool counted;
	struct sk_buff_head inbox;
	struct rcu_work free_work;
};

/**
 * tlsup_conn_phase - the phase, for those who do not hold the socket lock
 * @conn: the connection
 *
 * Return: the phase; what it promises (result, identity, callbacks) is there.
 */
static inline enum tlsup_phase tlsup_conn_phase(const struct tlsup_conn *conn)
{
	/* Pairs with smp_store_release() in tlsup_conn_set_phase(). */
	return smp_load_acquire(&conn->phase);
}

/* main.c */
extern struct workqueue_struct *tlsup_wq;
extern unsigned int tlsup_net_id;
struct tlsup_net *tlsup_net(const struct net *net);

/* ulp.c */
int tlsup_ulp_init(void);
void tlsup_ulp_exit(void);
struct tlsup_conn *tlsup_ulp_conn(const struct sock *sk);
void tlsup_ulp_wake(struct tlsup_conn *conn);

/* sockopt.c */
int tlsup_sockopt_set(struct sock *sk, int level, int optname, sockptr_t optval,
		      unsigned int optlen);
int tlsup_sockopt_get(struct sock *sk, int level, int optname,
		      char __user *optval, int __user *optlen);

/* conn.c */
struct tlsup_conn *tlsup_conn_create(struct sock *sk);
void tlsup_conn_get(struct tlsup_conn *conn);
void tlsup_conn_put(struct tlsup_conn *conn);
struct tlsup_conn *tlsup_conn_find(struct tlsup_net *tn, u64 id);
void tlsup_conn_set_phase(struct tlsup_conn *conn, enum tlsup_phase phase);
void tlsup_conn_submit(struct tlsup_conn *conn);
int tlsup_conn_start(struct tlsup_conn *conn);
void tlsup_conn_done(struct tlsup_conn *conn);
void tlsup_conn_fail(struct tlsup_conn *conn, int error, int alert,
		     const char *reason);
void tlsup_conn_fail_fault(struct tlsup_conn *conn, enum tlsup_fault fault);
void tlsup_conn_close(struct tlsup_conn *conn);
void tlsup_conn_queue(struct tlsup_conn *conn, enum tlsup_todo todo);
void tlsup_conn_run(struct tlsup_conn *conn);
void tlsup_conn_advance(struct tlsup_conn *conn);
bool tlsup_conn_trylock(struct tlsup_conn *conn);

/* wait.c */
int tlsup_wait_open(struct tlsup_conn *conn, long *timeo);
int tlsup_wait_input(struct tlsup_conn *conn, long *timeo);
int tlsup_wait_room(struct tlsup_conn *conn, long *timeo);

/* agent.c */
int tlsup_agent_register(struct tlsup_net *tn, struct sock *sk, u32 portid,
			 u32 window);
void tlsup_agent_gone(struct tlsup_net *tn, u32 portid);
int tlsup_agent_credit(struct tlsup_net *tn, const struct sock *sk, u32 events);
bool tlsup_agent_owns(struct tlsup_conn *conn, const struct sock *sk);
int tlsup_agent_submit(struct tlsup_conn *conn, struct sk_buff *event);
void tlsup_agent_event(struct tlsup_conn *conn, struct sk_buff *event);
void tlsup_agent_ticket(struct tlsup_conn *conn, struct sk_buff *event);
void tlsup_agent_release(struct tlsup_conn *conn, bool tell);
int tlsup_agent_available(struct tlsup_net *tn);
void tlsup_agent_net_init(struct tlsup_net *tn);
void tlsup_agent_net_exit(struct tlsup_net *tn);

/* event.c */
struct sk_buff *tlsup_event_start(struct tlsup_conn *conn);
struct sk_buff *tlsup_event_record(struct tlsup_conn *conn);
struct sk_buff *tlsup_event_ticket(struct tlsup_conn *conn, const u8 *message,
				   size_t len);
struct sk_buff *tlsup_event_closed(struct tlsup_conn *conn);

/* answer.c */
void tlsup_answer_free_result(struct tlsup_result *res);
void tlsup_answer_walk(struct tlsup_conn *conn, u8 epoch,
		       struct nlattr *actions);
void tlsup_answer_inbox(struct tlsup_conn *conn);
int tlsup_answer_defer(struct tlsup_conn *conn, struct sk_buff *skb, u8 epoch,
		       struct nlattr *actions);

/* netlink.c */
extern struct genl_family tlsup_nl_family;
int tlsup_netlink_init(void);
void tlsup_netlink_exit(void);

/* tx.c */
int tlsup_tx_send(struct tlsup_conn *conn, u8 type, const u8 *data, size_t len);
int tlsup_tx_push(struct tlsup_conn *conn);
void tlsup_tx_forgive_small(struct tlsup_conn *conn);
void tlsup_tx_force(struct tlsup_conn *conn);
void tlsup_tx_flush_open(struct tlsup_conn *conn);
void tlsup_tx_purge(struct tlsup_conn *conn);
void tlsup_tx_work(struct tlsup_conn *conn);
int tlsup_tx_sendmsg(struct sock *sk, struct msghdr *msg, size_t size);
void tlsup_tx_splice_eof(struct socket *sock);

/* rx.c */
int tlsup_rx_next(struct tlsup_conn *conn);
void tlsup_rx_consume(struct tlsup_conn *conn, unsigned int len);
void tlsup_rx_purge(struct tlsup_conn *conn);
void tlsup_rx_handshake(struct tlsup_conn *conn);
bool tlsup_rx_readable(struct tlsup_conn *conn);
void tlsup_rx_discard(struct tlsup_conn *conn);
void tlsup_rx_drain(struct tlsup_conn *conn);
int tlsup_rx_recvmsg(struct sock *sk, struct msghdr *msg, size_t len, int flags,
		     int *addr_len);

/* ctrl.c */
int tlsup_ctrl_record(struct tlsup_conn *conn);
void tlsup_ctrl_alert(struct tlsup_conn *conn, u8 description);
void tlsup_ctrl_close_notify(struct tlsup_conn *conn);
void tlsup_ctrl_update_tx(struct tlsup_conn *conn);
int tlsup_ctrl_received_alert(struct tlsup_conn *conn, const u8 *bytes);

/* stats.c */
int tlsup_stats_net_init(struct tlsup_net *tn);
void tlsup_stats_net_exit(struct tlsup_net *tn);

/* sysctl.c */
int tlsup_sysctl_net_init(struct tlsup_net *tn);
void tlsup_sysctl_net_exit(struct tlsup_net *tn);

#endif /* _TLSUP_H */
