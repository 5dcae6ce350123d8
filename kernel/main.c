// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) 2026 The tlsup authors
 *
 * Init is a ladder, exit its mirror.
 */
#include "tlsup.h"

#include <linux/module.h>

#include <net/netns/generic.h>
#include <net/tcp.h>

struct workqueue_struct *tlsup_wq;
unsigned int tlsup_net_id;

/**
 * tlsup_net - what the module keeps for a network namespace
 * @net: the namespace
 *
 * Return: never NULL while the module is loaded.
 */
struct tlsup_net *tlsup_net(const struct net *net)
{
	return net_generic(net, tlsup_net_id);
}

static int __net_init net_init(struct net *net)
{
	struct tlsup_net *tn = tlsup_net(net);
	int err;

	tn->net = net;
	xa_init_flags(&tn->conns, XA_FLAGS_LOCK_BH);
	tlsup_agent_net_init(tn);

	err = tlsup_stats_net_init(tn);
	if (err)
		goto err_agent;
	err = tlsup_sysctl_net_init(tn);
	if (err)
		goto err_stats;
	return 0;

err_stats:
	tlsup_stats_net_exit(tn);
err_agent:
	tlsup_agent_net_exit(tn);
	return err;
}

static void __net_exit net_exit(struct net *net)
{
	struct tlsup_net *tn = tlsup_net(net);

	tlsup_sysctl_net_exit(tn);
	tlsup_stats_net_exit(tn);
	tlsup_agent_net_exit(tn);
	xa_destroy(&tn->conns);
}

static struct pernet_operations net_ops = {
	.init = net_init,
	.exit = net_exit,
	.id = &tlsup_net_id,
	.size = sizeof(struct tlsup_net),
};

static int __init mod_init(void)
{
	int err;

	tlsup_wq = alloc_workqueue("tlsup", WQ_UNBOUND | WQ_HIGHPRI, 0);
	if (!tlsup_wq)
		return -ENOMEM;
	tlsup_frag_init();
	err = tlsup_conn_init();
	if (err)
		goto err_wq;
	err = register_pernet_subsys(&net_ops);
	if (err)
		goto err_conn;
	err = tlsup_netlink_init();
	if (err)
		goto err_net;
	/* ORDER: last, because sockets can attach from here on. */
	err = tlsup_ulp_init();
	if (err)
		goto err_netlink;
	return 0;

err_netlink:
	tlsup_netlink_exit();
err_net:
	unregister_pernet_subsys(&net_ops);
err_conn:
	tlsup_conn_exit();
err_wq:
	destroy_workqueue(tlsup_wq);
	return err;
}

static void __exit mod_exit(void)
{
	tlsup_ulp_exit();
	tlsup_netlink_exit();
	/*
	 * No socket is left, but connections may be on their way to the end:
	 * first out of the queue (a deadline through it twice), then from RCU
	 * to the queue again, and out of it.
	 */
	flush_workqueue(tlsup_wq);
	flush_workqueue(tlsup_wq);
	rcu_barrier();
	flush_workqueue(tlsup_wq);
	unregister_pernet_subsys(&net_ops);
	tlsup_conn_exit();
	tlsup_frag_exit();
	destroy_workqueue(tlsup_wq);
}

module_init(mod_init);
module_exit(mod_exit);

MODULE_AUTHOR("The tlsup authors");
MODULE_DESCRIPTION("TLS as a service of the operating system");
MODULE_LICENSE("GPL");
MODULE_ALIAS_TCP_ULP("tlsup");
MODULE_ALIAS_GENL_FAMILY(TLSUP_FAMILY_NAME);
