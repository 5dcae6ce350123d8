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
 * was given to or the list of those that wait, and by whoever looked it up.
 */
#ifndef _TLSUP_H
#define _TLSUP_H

#include <linux/atomic.h>
#include <linux/list.h>
#include <linux/ratelimit_types.h>
#include <linux/rbtree_types.h>
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

#include "cbc.h"
#include "compat.h"
#include "exporter.h"
#include "genl.h"
#include "keys.h"
#include "record.h"

/*
 * Kernels are built to zero what is on the stack. Tables that are filled as far
 * as they are used, for each record, may do without.
 */
#define tlsup_uninitialized	__attribute__((uninitialized))

#define TLSUP_TIMEOUT_DEFAULT_MS	30000
#define TLSUP_TIMEOUT_MAX_MS		3600000
#define TLSUP_GRACE_DEFAULT_MS		5000
/* As TCP, which holds back a segment that is not full for so long. */
#define TLSUP_HOLD_DEFAULT_MS		200

/* Handshake bytes that may wait for TCP, and data bytes framed per push. */
#define TLSUP_TX_HANDSHAKE_MAX		(256 * 1024)
#define TLSUP_TX_BATCH			(64 * 1024)

/*
 * The additional data, then a record's content over 32 KiB chunks in two of
 * them, over single pages in six, then what protection adds.
 */
#define TLSUP_TX_SG			10
#define TLSUP_TX_SG_CONTENT		7

/* A chain of 64 KiB in records of 64 bytes (RFC 8449, 4), and the rest. */
#define TLSUP_EVENTS_MAX		2048
#define TLSUP_CCS_MAX			4
#define TLSUP_WARNINGS_MAX		4
#define TLSUP_RENEGOTIATIONS_MAX	2
#define TLSUP_POST_HANDSHAKE_MAX	(64 * 1024)
#define TLSUP_TICKETS_MAX		16
#define TLSUP_UPDATES_MAX		32	/* with no data in between */
#define TLSUP_EXE_MAX			256

struct pipe_inode_info;
struct tlsup_agent;
struct tlsup_conn;
struct tlsup_direct;
struct tlsup_raw;
struct tlsup_share;

/* Counters of a network namespace, in the order in which they are shown. */
#define TLSUP_COUNTERS(X) \
	X(conns_created) \
	X(conns_destroyed) \
	X(handshakes_started) \
	X(handshakes_done) \
	X(handshakes_failed) \
	X(handshakes_refused) \
	X(events_sent) \
	X(answers) \
	X(answers_refused) \
	X(agents_registered) \
	X(agents_gone) \
	X(tickets_up) \
	X(tickets_dropped) \
	X(key_limits_crossed) \
	X(rx_direct) \
	X(rx_direct_missed) \
	X(tx_records) \
	X(rx_records) \
	X(rx_bad_records) \
	X(tx_rekeys) \
	X(rx_rekeys) \
	X(tx_bytes_ended) \
	X(rx_bytes_ended) \
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
 * @lock: guards @agents, @users, @turns, @pending_count, @had_agent, @left, all
 *	of struct tlsup_agent and of struct tlsup_share, and conn->agent, ->event,
 *	->share
 * @agents: registered agents
 * @users: struct tlsup_share of each user with pending handshakes
 * @turns: those of which any wait for an agent, the next one first
 * @pending_count: connections in TLSUP_PHASE_PENDING or _HANDSHAKE
 * @had_agent: whether one was ever here
 * @left: jiffies when the last one left
 * @grace: fails what is pending when the grace time is over
 * @agent_grace_ms: sysctl
 * @max_pending: sysctl
 * @hold_ms: sysctl
 * @refused: how often that may be said
 * @cbc: sysctl
 * @tx: sysctl
 * @rx: sysctl
 * @splice: sysctl
 * @sysctl_header: of the sysctls
 * @sysctl_table: of the sysctls, this namespace's copy
 * @conns: by id, for netlink; RCU
 * @stats: counters
 */
struct tlsup_net {
	struct net *net;
	spinlock_t lock; /* see above: taken in softirq too, so always _bh */
	struct list_head agents;
	struct rb_root users;
	struct list_head turns;
	unsigned int pending_count;
	bool had_agent;
	unsigned long left;
	struct delayed_work grace;
	unsigned int agent_grace_ms;
	unsigned int max_pending;
	unsigned int hold_ms;
	struct ratelimit_state refused;
	u8 cbc;
	u8 tx;
	u8 rx;
	u8 splice;
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
	char exe[];
};

static inline size_t tlsup_identity_size(const struct tlsup_identity *who)
{
	return struct_size(who, exe, strlen(who->exe) + 1);
}

/**
 * struct tlsup_options - what the application set before the handshake
 * @timeout_ms: TLSUP_TIMEOUT
 * @flags: TLSUP_FLAGS
 * @alpn_len: bytes of @alpn
 * @profile: TLSUP_PROFILE
 * @server_name: TLSUP_SERVER_NAME; owned, NULL if there is none
 * @alpn: TLSUP_ALPN; owned, and gone once EV_START has told it
 */
struct tlsup_options {
	u32 timeout_ms;
	u32 flags;
	u16 alpn_len;
	char profile[TLSUP_PROFILE_MAX + 1];
	char *server_name;
	u8 *alpn;
};

static inline const char *tlsup_server_name(const struct tlsup_options *opt)
{
	return opt->server_name ?: "";
}

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
	u8 accept_truncation;
	u8 alpn_len;
	u16 cookie_len;
	u32 chain_len;
	struct tlsup_exporter_source exporter;
	u8 *alpn;
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
 * enum tlsup_update - a KeyUpdate that is owed to the peer
 * @TLSUP_UPDATE_NONE: none
 * @TLSUP_UPDATE_OWN: this side's keys only
 * @TLSUP_UPDATE_BOTH: and the peer is asked to change its own
 */
enum tlsup_update {
	TLSUP_UPDATE_NONE,
	TLSUP_UPDATE_OWN,
	TLSUP_UPDATE_BOTH,
};

/**
 * struct tlsup_tx - the sending half; socket lock
 * @keys: NULL in the plaintext epoch
 * @chunks: framed bytes that TCP has not taken, then the open record
 * @queued: framed bytes that TCP has not taken
 * @record: chunk that the open record starts; NULL if none is open
 * @record_len: content bytes in the open record
 * @record_sg: chunks that it is spread over
 * @max: content bytes that a record may have
 * @pad: the inner plaintext is padded to a multiple of it; 0: it is not
 * @record_type: its content type
 * @update: &enum tlsup_update: a KeyUpdate is owed to the peer
 * @closed: close_notify or a fatal alert is behind all that may be sent
 * @force: memory limits do not count: the last bytes before close
 * @first: nothing has been sent yet
 * @crossed: the limit of a key that cannot be changed has been passed
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
	u16 max;
	u16 pad;
	u8 record_type;
	u8 update;
	bool closed;
	bool force;
	bool first;
	bool crossed;
	u64 bytes;
	u64 records;
	u32 rekeys;
};

/* An opened record, or what is left of it. */
struct tlsup_rec {
	struct list_head node;
	struct page *page;
	unsigned int order;
	unsigned int off;
	unsigned int len;
	u8 type;
};

/* 64 KiB of a reader's memory, wherever in a page they begin. */
#define TLSUP_DIRECT_PAGES	(65536 / PAGE_SIZE + 1)

/**
 * struct tlsup_direct - where a reader would have the next data
 * @iter: its memory; moves on by what has been put there
 * @len: bytes that the last record has put there
 * @pages: what @iter stands before, pinned for several records at once
 * @count: how many pages
 * @off: where in them @iter stands
 * @room: bytes that are pinned from there on
 */
struct tlsup_direct {
	struct iov_iter *iter;
	unsigned int len;
	struct page *pages[TLSUP_DIRECT_PAGES];
	unsigned int count;
	size_t off;
	size_t room;
};

static inline u8 *tlsup_rec_data(const struct tlsup_rec *rec)
{
	return page_address(rec->page) + rec->off;
}

/**
 * struct tlsup_rx - the receiving half; socket lock
 * @keys: NULL in the plaintext epoch
 * @pending: TLS 1.2: keys that wait for the peer's change_cipher_spec
 * @header: the record's header, as far as it has come
 * @header_have: bytes of it
 * @type: outer content type
 * @inner_type: TLS 1.3: where the true one is decrypted to
 * @explicit_nonce: TLS 1.2: of the record that is being opened
 * @version: as the agent has told it; 0 until then
 * @max: longest content that the peer may send in a record
 * @need: length of the record's body
 * @raw: the body, taken out of TCP's queue where it does not fit there whole;
 *	owned
 * @have: bytes of it
 * @skb: where in TCP's queue the next byte stands, with @off; NULL if that is
 *	to be looked up. Good within one hold of the lock
 * @used: bytes of TCP's queue that have been used, but not yet given back
 * @seen: TCP's rcv_nxt when there was last found no whole record
 * @recs: opened records of which something is left
 * @queued: content bytes in @recs
 * @spare: an opened record whose content is used up, to be used again
 * @lowat: SO_RCVLOWAT as the application set it
 * @eof: close_notify has come
 * @misses: how often decryption into the reader's pages was in vain
 * @skip: skip budget, bytes
 * @ccs: change_cipher_spec records seen
 * @warnings: alerts ignored
 * @message: post-handshake message being put together; owned
 * @message_have: bytes of it
 * @tickets: NewSessionTickets passed up
 * @updates: KeyUpdates since the last application data
 * @renegotiations: TLS 1.2: how often the peer has wished for one
 * @asked: the peer has been asked for a KeyUpdate, which has not come yet
 * @crossed: the limit of a key that cannot be changed has been passed
 * @bytes: application data received
 * @records: records received under application keys
 * @rekeys: key updates
 */
struct tlsup_rx {
	struct tlsup_keys *keys;
	struct tlsup_keys *pending;
	u8 header[TLSUP_HEADER_SIZE];
	u8 header_have;
	u8 type;
	u8 inner_type;
	u8 explicit_nonce[TLSUP_EXPLICIT_MAX];
	u8 misses;
	bool eof;
	bool asked;
	bool crossed;
	u16 version;
	u16 max;
	unsigned int need;
	u8 *raw;
	unsigned int have;
	struct sk_buff *skb;
	u32 off;
	u32 used;
	u32 seen;
	struct list_head recs;
	unsigned int queued;
	struct tlsup_rec *spare;
	int lowat;
	u32 skip;
	unsigned int ccs;
	unsigned int warnings;
	u8 *message;
	unsigned int message_have;
	unsigned int tickets;
	unsigned int updates;
	unsigned int renegotiations;
	u64 bytes;
	u64 records;
	u32 rekeys;
};

/* Bits of conn->todo: why its work was queued. */
enum tlsup_todo {
	TLSUP_TODO_RX,		/* input or a change of TCP's state */
	TLSUP_TODO_TX,		/* room in TCP's send queue */
	TLSUP_TODO_TIMEOUT,	/* the deadline, or that of an open record */
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
 * @version: of the last keys that were installed, for inet_diag; 0: none
 * @cipher: &enum tlsup_cipher of them
 * @role: &enum tlsup_role or 0; socket lock
 * @awaiting: an event is with an agent, unanswered; socket lock
 * @read_shutdown: the application has shut down reading; socket lock
 * @attached: the proto swap is in force; socket lock
 * @raw: the state of "tlsup-raw"; NULL under "tlsup". Set before the
 *	connection is published
 * @error: positive errno of the failure; stays
 * @alert_sent: AlertDescription or -1
 * @alert_received: AlertDescription or -1
 * @reason: one sentence, constant or in @reason_text
 * @reason_text: sentence from the daemon; owned, NULL if there is none
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
 * @deadline: of the handshake; then of a record that is left open
 * @todo: bits of &enum tlsup_todo
 * @agent: to which it was given; tn->lock
 * @agent_node: in agent->conns or in @share's waiting; tn->lock
 * @share: of tn->pending_count; NULL if it has no part of that; tn->lock
 * @event: EV_START kept until the first answer, so that it can go to another
 *	agent; tn->lock
 * @started: an agent has been sent EV_START; tn->lock
 * @answered: an agent has answered; tn->lock
 * @inbox: answers that came while the socket lock was taken; tn->lock
 * @free_work: the end
 */
struct tlsup_conn {
	refcount_t refs;
	u64 id;
	struct sock *sk;
	struct tlsup_net *tn;
	u16 version;
	u16 cipher;
	u8 phase;
	u8 role;
	bool awaiting;
	bool read_shutdown;
	bool attached;
	struct tlsup_raw *raw;
	int error;
	s16 alert_sent;
	s16 alert_received;
	const char *reason;
	char *reason_text;
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
	struct tlsup_share *share;
	struct sk_buff *event;
	bool started;
	bool answered;
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
int tlsup_conn_init(void);
void tlsup_conn_exit(void);
struct tlsup_conn *tlsup_conn_create(struct sock *sk, bool raw);
struct tlsup_conn *tlsup_conn_clone(const struct tlsup_conn *parent,
				    struct sock *sk, gfp_t gfp);
void tlsup_conn_get(struct tlsup_conn *conn);
void tlsup_conn_free_options(struct tlsup_options *opt);
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
void tlsup_conn_hold(struct tlsup_conn *conn);
void tlsup_conn_keyed(struct tlsup_conn *conn, const struct tlsup_keys *keys);
void tlsup_conn_queue(struct tlsup_conn *conn, enum tlsup_todo todo);
void tlsup_conn_run(struct tlsup_conn *conn);
void tlsup_conn_advance(struct tlsup_conn *conn);
bool tlsup_conn_trylock(struct tlsup_conn *conn);

/* wait.c */
int tlsup_wait_open(struct tlsup_conn *conn, long *timeo);
int tlsup_wait_input(struct tlsup_conn *conn, long *timeo, unsigned int known);
int tlsup_wait_room(struct tlsup_conn *conn, long *timeo);

/* agent.c */
int tlsup_agent_register(struct tlsup_net *tn, struct sock *sk, u32 portid,
			 u32 window);
void tlsup_agent_gone(struct tlsup_net *tn, u32 portid);
int tlsup_agent_drain(struct tlsup_net *tn, const struct sock *sk);
int tlsup_agent_credit(struct tlsup_net *tn, const struct sock *sk, u32 events);
bool tlsup_agent_owns(struct tlsup_conn *conn, const struct sock *sk);
int tlsup_agent_submit(struct tlsup_conn *conn, struct sk_buff *event);
void tlsup_agent_event(struct tlsup_conn *conn, struct sk_buff *event);
void tlsup_agent_ticket(struct tlsup_conn *conn, struct sk_buff *event);
void tlsup_agent_release(struct tlsup_conn *conn, bool tell);
int tlsup_agent_available(struct tlsup_net *tn);
void tlsup_agent_net_init(struct tlsup_net *tn);
void tlsup_agent_net_exit(struct tlsup_net *tn);

/* pending.c */
void tlsup_pending_net_init(struct tlsup_net *tn);
int tlsup_pending_prepare(const struct tlsup_conn *conn,
			  struct tlsup_share **spares);
int tlsup_pending_enter(struct tlsup_conn *conn, struct tlsup_share **spares);
void tlsup_pending_wait(struct tlsup_conn *conn);
struct tlsup_conn *tlsup_pending_next(struct tlsup_net *tn);
void tlsup_pending_leave(struct tlsup_conn *conn);
void tlsup_pending_each(struct tlsup_net *tn, enum tlsup_todo todo);

/* event.c */
struct sk_buff *tlsup_event_start(struct tlsup_conn *conn);
struct sk_buff *tlsup_event_record(struct tlsup_conn *conn);
int tlsup_event_put_peer(struct sk_buff *skb, const struct sock *sk);
struct sk_buff *tlsup_event_ticket(struct tlsup_conn *conn, const u8 *message,
				   size_t len);
struct sk_buff *tlsup_event_closed(struct tlsup_conn *conn);

/* answer.c */
void tlsup_answer_free_result(struct tlsup_result *res);
void tlsup_answer_walk(struct tlsup_conn *conn, u8 epoch,
		       struct nlattr *actions);
void tlsup_answer_wipe(struct nlattr *actions);
void tlsup_answer_inbox(struct tlsup_conn *conn);
int tlsup_answer_defer(struct tlsup_conn *conn, struct sk_buff *skb, u8 epoch,
		       struct nlattr *actions);

/* netlink.c */
extern struct genl_family tlsup_nl_family;
int tlsup_netlink_init(void);
void tlsup_netlink_exit(void);

/* tx.c */
int tlsup_tx_open(struct tlsup_conn *conn, u8 type, unsigned int content);
int tlsup_tx_fill(struct tlsup_conn *conn, struct iov_iter *iter);
int tlsup_tx_close_record(struct tlsup_conn *conn);
int tlsup_tx_pages(struct tlsup_conn *conn, u8 type, struct iov_iter *iter,
		   unsigned int len);
void tlsup_tx_drop(struct tlsup_tx *tx);
int tlsup_tx_send(struct tlsup_conn *conn, u8 type, const u8 *data, size_t len);
int tlsup_tx_push(struct tlsup_conn *conn);
int tlsup_tx_push_full(struct tlsup_conn *conn);
void tlsup_tx_forgive_small(struct tlsup_conn *conn);
void tlsup_tx_force(struct tlsup_conn *conn);
int tlsup_tx_flush_open(struct tlsup_conn *conn);
void tlsup_tx_end(struct tlsup_conn *conn);
void tlsup_tx_purge(struct tlsup_conn *conn);
void tlsup_tx_work(struct tlsup_conn *conn);

/* frag.c */
void tlsup_frag_init(void);
void tlsup_frag_exit(void);
bool tlsup_frag_refill(struct page_frag *frag, unsigned int want, gfp_t gfp);

/* sendmsg.c */
int tlsup_sendmsg(struct sock *sk, struct msghdr *msg, size_t size);
void tlsup_splice_eof(struct socket *sock);

/* rx.c */
struct tlsup_rec *tlsup_rx_head(struct tlsup_conn *conn);
int tlsup_rx_next(struct tlsup_conn *conn, struct tlsup_direct *direct);
void tlsup_rx_consume(struct tlsup_conn *conn, struct tlsup_rec *rec,
		      unsigned int len);
void tlsup_rx_purge(struct tlsup_conn *conn);
void tlsup_rx_handshake(struct tlsup_conn *conn);
void tlsup_rx_discard(struct tlsup_conn *conn);

/* open.c */
void tlsup_rec_free(struct tlsup_conn *conn, struct tlsup_rec *rec);
void tlsup_rec_free_spare(struct tlsup_conn *conn);
void tlsup_direct_advance(struct tlsup_direct *direct, size_t len);
void tlsup_direct_unpin(struct tlsup_direct *direct);
enum tlsup_fault tlsup_open_record(struct tlsup_conn *conn,
				   struct tlsup_direct *direct, int *error);

/* queue.c */
int tlsup_queue_header(struct tlsup_conn *conn);
u32 tlsup_queue_available(const struct tlsup_conn *conn);
int tlsup_queue_fill(struct tlsup_conn *conn);
int tlsup_queue_copy(struct tlsup_conn *conn, u8 *to, unsigned int off,
		     unsigned int len);
int tlsup_queue_map(struct tlsup_conn *conn, unsigned int off,
		    struct scatterlist *sg, unsigned int max);
void tlsup_queue_done(struct tlsup_conn *conn);
void tlsup_queue_sync(struct tlsup_conn *conn);
bool tlsup_queue_news(const struct tlsup_conn *conn);

/* recvmsg.c */
bool tlsup_readable(struct tlsup_conn *conn);
int tlsup_inq(struct tlsup_conn *conn);
void tlsup_drain(struct tlsup_conn *conn);
int tlsup_recvmsg(struct sock *sk, struct msghdr *msg, size_t len, int flags,
		  int *addr_len);
ssize_t tlsup_splice_read(struct socket *sock, loff_t *ppos,
			  struct pipe_inode_info *pipe, size_t len,
			  unsigned int flags);

/* raw.c */
int tlsup_raw_create(struct tlsup_conn *conn);
void tlsup_raw_destroy(struct tlsup_conn *conn);
int tlsup_raw_set(struct sock *sk, int optname, sockptr_t optval,
		  unsigned int optlen);
int tlsup_raw_get(struct sock *sk, int optname, char __user *optval,
		  int __user *optlen);
int tlsup_raw_send_type(struct tlsup_conn *conn, struct msghdr *msg, u8 *type);
int tlsup_raw_take(struct tlsup_conn *conn, struct msghdr *msg,
		   const struct tlsup_rec *rec, int *type);
void tlsup_raw_opened(struct tlsup_conn *conn, const struct tlsup_rec *rec);
int tlsup_raw_blocked(struct tlsup_conn *conn);
int tlsup_raw_fault(struct tlsup_conn *conn, enum tlsup_fault fault, int error);

/* ctrl.c */
int tlsup_ctrl_record(struct tlsup_conn *conn, struct tlsup_rec *rec);
void tlsup_ctrl_alert(struct tlsup_conn *conn, u8 description);
void tlsup_ctrl_close_notify(struct tlsup_conn *conn);
u64 tlsup_key_limit(const struct tlsup_keys *keys);
void tlsup_ctrl_tx_limit(struct tlsup_conn *conn);
void tlsup_ctrl_rx_limit(struct tlsup_conn *conn);
void tlsup_ctrl_update_tx(struct tlsup_conn *conn);
int tlsup_ctrl_received_alert(struct tlsup_conn *conn, const u8 *bytes);

/* diag.c */
size_t tlsup_diag_size(const struct sock *sk);
int tlsup_diag_info(struct sock *sk, struct sk_buff *skb);

/* stats.c */
int tlsup_stats_net_init(struct tlsup_net *tn);
void tlsup_stats_net_exit(struct tlsup_net *tn);

/* sysctl.c */
int tlsup_sysctl_net_init(struct tlsup_net *tn);
void tlsup_sysctl_net_exit(struct tlsup_net *tn);

#endif /* _TLSUP_H */
