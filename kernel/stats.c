// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) 2026 The tlsup authors
 *
 * /proc/net/tlsup_stat: the counters of a network namespace.
 */
#include "tlsup.h"

#include <linux/proc_fs.h>
#include <linux/seq_file.h>

static const char * const names[TLSUP_STAT_COUNT] = {
#define X(name) #name,
	TLSUP_COUNTERS(X)
#undef X
};

static int stats_show(struct seq_file *seq, void *v)
{
	struct tlsup_net *tn = tlsup_net(seq_file_single_net(seq));
	int i;

	for (i = 0; i < TLSUP_STAT_COUNT; i++)
		seq_printf(seq, "%-32s%llu\n", names[i],
			   atomic64_read(&tn->stats[i]));
	return 0;
}

/**
 * tlsup_stats_net_init - show the counters
 * @tn: the network namespace
 *
 * Return: 0 or -ENOMEM.
 */
int tlsup_stats_net_init(struct tlsup_net *tn)
{
	if (!proc_create_net_single("tlsup_stat", 0444, tn->net->proc_net,
				    stats_show, NULL))
		return -ENOMEM;
	return 0;
}

/**
 * tlsup_stats_net_exit - show them no more
 * @tn: the network namespace
 */
void tlsup_stats_net_exit(struct tlsup_net *tn)
{
	remove_proc_entry("tlsup_stat", tn->net->proc_net);
}
