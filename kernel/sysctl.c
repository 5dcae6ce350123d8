// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) 2026 The tlsup authors
 *
 * net.tlsup.*: the limits of a network namespace.
 *
 *	agent_grace_ms	how long, after the last agent has left, requests wait
 *			for the next one; milliseconds
 *	max_pending	how many handshakes may be pending at once
 *	cbc		0: no new connection gets keys of a MAC suite
 */
#include "tlsup.h"

#include <linux/slab.h>
#include <linux/sysctl.h>

static const struct ctl_table table[] = {
	{
		.procname	= "agent_grace_ms",
		.maxlen		= sizeof(unsigned int),
		.mode		= 0644,
		.proc_handler	= proc_douintvec_minmax,
		.extra1		= SYSCTL_ZERO,
		.extra2		= SYSCTL_INT_MAX,
	},
	{
		.procname	= "max_pending",
		.maxlen		= sizeof(unsigned int),
		.mode		= 0644,
		.proc_handler	= proc_douintvec_minmax,
		.extra1		= SYSCTL_ZERO,
		.extra2		= SYSCTL_INT_MAX,
	},
	{
		.procname	= "cbc",
		.maxlen		= sizeof(u8),
		.mode		= 0644,
		.proc_handler	= proc_dou8vec_minmax,
		.extra1		= SYSCTL_ZERO,
		.extra2		= SYSCTL_ONE,
	},
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
	copy[2].data = &tn->cbc;
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
