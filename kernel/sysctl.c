// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) 2026 The tlsup authors
 *
 * net.tlsup.*: the limits of a network namespace.
 *
 *	agent_grace_ms	how long, after the last agent has left, requests wait
 *			for the next one; milliseconds
 *	hold_ms		how long a record waits for more (MSG_MORE, TCP_CORK);
 *			milliseconds
 *	max_pending	how many handshakes may be pending at once; nobody gets
 *			more of them than are left for others (pending.c)
 *	cbc		0: no new connection gets keys of a MAC suite
 *	tx, rx		0: nobody begins to send, or to receive: no handshake,
 *			no first TLS_TX or TLS_RX
 *	splice		0: no splice out of a connection
 *
 * The switches are for an administrator who must do without a part of the module
 * at once. What is running goes on, and GET_CONN lists it.
 */
#include "tlsup.h"

#include <linux/slab.h>
#include <linux/sysctl.h>

#define NUMBER(name) {					\
		.procname	= name,			\
		.maxlen		= sizeof(unsigned int),	\
		.mode		= 0644,			\
		.proc_handler	= proc_douintvec_minmax, \
		.extra1		= SYSCTL_ZERO,		\
		.extra2		= SYSCTL_INT_MAX,	\
	}

#define SWITCH(name) {					\
		.procname	= name,			\
		.maxlen		= sizeof(u8),		\
		.mode		= 0644,			\
		.proc_handler	= proc_dou8vec_minmax,	\
		.extra1		= SYSCTL_ZERO,		\
		.extra2		= SYSCTL_ONE,		\
	}

static const struct ctl_table table[] = {
	NUMBER("agent_grace_ms"),
	NUMBER("max_pending"),
	NUMBER("hold_ms"),
	SWITCH("cbc"),
	SWITCH("tx"),
	SWITCH("rx"),
	SWITCH("splice"),
};

/**
 * tlsup_sysctl_net_init - register the sysctls
 * @tn: the network namespace
 *
 * Return: 0 or -ENOMEM.
 */
int tlsup_sysctl_net_init(struct tlsup_net *tn)
{
	struct ctl_table *copy = kcalloc(ARRAY_SIZE(table) + 1, sizeof(*copy),
					 GFP_KERNEL);

	if (!copy)
		return -ENOMEM;
	memcpy(copy, table, sizeof(table));
	copy[0].data = &tn->agent_grace_ms;
	copy[1].data = &tn->max_pending;
	copy[2].data = &tn->hold_ms;
	copy[3].data = &tn->cbc;
	copy[4].data = &tn->tx;
	copy[5].data = &tn->rx;
	copy[6].data = &tn->splice;
	tn->sysctl_header = tlsup_register_sysctl(tn->net, "net/tlsup", copy,
						  ARRAY_SIZE(table));
	if (!tn->sysctl_header) {
		kfree(copy);
		return -ENOMEM;
	}
	tn->sysctl_table = copy;
	return 0;
}

/**
 * tlsup_sysctl_net_exit - take them away
 * @tn: the network namespace
 */
void tlsup_sysctl_net_exit(struct tlsup_net *tn)
{
	unregister_net_sysctl_table(tn->sysctl_header);
	kfree(tn->sysctl_table);
}
