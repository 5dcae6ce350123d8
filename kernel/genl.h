/* SPDX-License-Identifier: GPL-2.0-only */
/* Do not edit directly, auto-generated from: */
/*	scripts/tlsup.yaml */

#ifndef _LINUX_TLSUP_GEN_H
#define _LINUX_TLSUP_GEN_H

#include <net/netlink.h>
#include <net/genetlink.h>

#include <uapi/linux/tlsup_netlink.h>

/* Common nested types */
extern const struct nla_policy tlsup_actions_nl_policy[TLSUP_A_ACTIONS_DONE + 1];
extern const struct nla_policy tlsup_done_nl_policy[TLSUP_A_DONE_ACCEPT_TRUNCATION + 1];
extern const struct nla_policy tlsup_keys_nl_policy[TLSUP_A_KEYS_ENCRYPT_THEN_MAC + 1];
extern const struct nla_policy tlsup_next_nl_policy[TLSUP_A_NEXT_VERSION + 1];
extern const struct nla_policy tlsup_send_nl_policy[TLSUP_A_SEND_DATA + 1];

extern const struct nla_policy tlsup_register_nl_policy[TLSUP_A_WINDOW + 1];

extern const struct nla_policy tlsup_answer_nl_policy[TLSUP_A_ACTIONS + 1];

extern const struct nla_policy tlsup_ack_nl_policy[TLSUP_A_EVENTS + 1];

extern const struct nla_policy tlsup_close_nl_policy[TLSUP_A_CONN_ID + 1];

extern const struct nla_policy tlsup_get_stats_nl_policy[TLSUP_A_PAD + 1];

extern const struct nla_policy tlsup_get_conn_nl_policy[TLSUP_A_CONN_ID + 1];

extern const struct nla_policy tlsup_drain_nl_policy[TLSUP_A_PAD + 1];

/* Ops table for tlsup */
extern const struct genl_ops tlsup_nl_ops[7];

int tlsup_nl_register_doit(struct sk_buff *skb, struct genl_info *info);
int tlsup_nl_answer_doit(struct sk_buff *skb, struct genl_info *info);
int tlsup_nl_ack_doit(struct sk_buff *skb, struct genl_info *info);
int tlsup_nl_close_doit(struct sk_buff *skb, struct genl_info *info);
int tlsup_nl_get_stats_doit(struct sk_buff *skb, struct genl_info *info);
int tlsup_nl_get_conn_doit(struct sk_buff *skb, struct genl_info *info);
int tlsup_nl_get_conn_dumpit(struct sk_buff *skb, struct netlink_callback *cb);
int tlsup_nl_drain_doit(struct sk_buff *skb, struct genl_info *info);

#endif /* _LINUX_TLSUP_GEN_H */
