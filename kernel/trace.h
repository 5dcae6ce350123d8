/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Copyright (C) 2026 The tlsup authors
 *
 * Tracepoints: /sys/kernel/tracing/events/tlsup. Each names the connection by
 * the id that netlink and tlsupd use; none shows a secret or a byte of data.
 */
#undef TRACE_SYSTEM
#define TRACE_SYSTEM tlsup

#if !defined(_TLSUP_TRACE_H) || defined(TRACE_HEADER_MULTI_READ)
#define _TLSUP_TRACE_H

#include <linux/tracepoint.h>

#include "compat.h"

/* The phase has changed: the hand-over to and from the agent among others. */
TRACE_EVENT(tlsup_phase,
	TP_PROTO(u64 id, u8 from, u8 to),
	TP_ARGS(id, from, to),
	TP_STRUCT__entry(
		__field(u64, id)
		__field(u8, from)
		__field(u8, to)
	),
	TP_fast_assign(
		__entry->id = id;
		__entry->from = from;
		__entry->to = to;
	),
	TP_printk("conn=%llu from=%u to=%u", __entry->id, __entry->from,
		  __entry->to)
);

/* An event goes to the agent. */
TRACE_EVENT(tlsup_event,
	TP_PROTO(u64 id, u8 cmd, unsigned int len),
	TP_ARGS(id, cmd, len),
	TP_STRUCT__entry(
		__field(u64, id)
		__field(u8, cmd)
		__field(unsigned int, len)
	),
	TP_fast_assign(
		__entry->id = id;
		__entry->cmd = cmd;
		__entry->len = len;
	),
	TP_printk("conn=%llu cmd=%u len=%u", __entry->id, __entry->cmd,
		  __entry->len)
);

/* An answer has been carried out. */
TRACE_EVENT(tlsup_answer,
	TP_PROTO(u64 id, int err),
	TP_ARGS(id, err),
	TP_STRUCT__entry(
		__field(u64, id)
		__field(int, err)
	),
	TP_fast_assign(
		__entry->id = id;
		__entry->err = err;
	),
	TP_printk("conn=%llu err=%d", __entry->id, __entry->err)
);

/* A key has been changed. */
TRACE_EVENT(tlsup_rekey,
	TP_PROTO(u64 id, bool tx, u32 count),
	TP_ARGS(id, tx, count),
	TP_STRUCT__entry(
		__field(u64, id)
		__field(bool, tx)
		__field(u32, count)
	),
	TP_fast_assign(
		__entry->id = id;
		__entry->tx = tx;
		__entry->count = count;
	),
	TP_printk("conn=%llu %s count=%u", __entry->id,
		  __entry->tx ? "tx" : "rx", __entry->count)
);

/* A key that cannot be changed has been used as often as it should. */
TRACE_EVENT(tlsup_key_limit,
	TP_PROTO(u64 id, bool tx),
	TP_ARGS(id, tx),
	TP_STRUCT__entry(
		__field(u64, id)
		__field(bool, tx)
	),
	TP_fast_assign(
		__entry->id = id;
		__entry->tx = tx;
	),
	TP_printk("conn=%llu %s", __entry->id, __entry->tx ? "tx" : "rx")
);

/* A record that cannot be right: &enum tlsup_fault. */
TRACE_EVENT(tlsup_fault,
	TP_PROTO(u64 id, unsigned int fault),
	TP_ARGS(id, fault),
	TP_STRUCT__entry(
		__field(u64, id)
		__field(unsigned int, fault)
	),
	TP_fast_assign(
		__entry->id = id;
		__entry->fault = fault;
	),
	TP_printk("conn=%llu fault=%u", __entry->id, __entry->fault)
);

/* An alert has been sent or received. */
TRACE_EVENT(tlsup_alert,
	TP_PROTO(u64 id, bool tx, u8 level, u8 description),
	TP_ARGS(id, tx, level, description),
	TP_STRUCT__entry(
		__field(u64, id)
		__field(bool, tx)
		__field(u8, level)
		__field(u8, description)
	),
	TP_fast_assign(
		__entry->id = id;
		__entry->tx = tx;
		__entry->level = level;
		__entry->description = description;
	),
	TP_printk("conn=%llu %s level=%u description=%u", __entry->id,
		  __entry->tx ? "sent" : "received", __entry->level,
		  __entry->description)
);

/* The connection has failed. */
TRACE_EVENT(tlsup_fail,
	TP_PROTO(u64 id, int error, const char *reason),
	TP_ARGS(id, error, reason),
	TP_STRUCT__entry(
		__field(u64, id)
		__field(int, error)
		__string(reason, reason)
	),
	TP_fast_assign(
		__entry->id = id;
		__entry->error = error;
		tlsup_assign_str(reason);
	),
	TP_printk("conn=%llu error=%d reason=%s", __entry->id, __entry->error,
		  __get_str(reason))
);

#endif /* _TLSUP_TRACE_H */

#undef TRACE_INCLUDE_PATH
#define TRACE_INCLUDE_PATH .
#undef TRACE_INCLUDE_FILE
#define TRACE_INCLUDE_FILE trace
#include <trace/define_trace.h>
