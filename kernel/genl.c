// SPDX-License-Identifier: GPL-2.0-only
/* Do not edit directly, auto-generated from: */
/*	scripts/tlsup.yaml */

#include <net/netlink.h>
#include <net/genetlink.h>

#include "genl.h"

#include <uapi/linux/tlsup_netlink.h>

/* Common nested types */
const struct nla_policy tlsup_actions_nl_policy[TLSUP_A_ACTIONS_DONE + 1] = {
	[TLSUP_A_ACTIONS_SEND] = NLA_POLICY_NESTED(tlsup_send_nl_policy),
	[TLSUP_A_ACTIONS_KEYS] = NLA_POLICY_NESTED(tlsup_keys_nl_policy),
	[TLSUP_A_ACTIONS_NEXT] = NLA_POLICY_NESTED(tlsup_next_nl_policy),
	[TLSUP_A_ACTIONS_DONE] = NLA_POLICY_NESTED(tlsup_done_nl_policy),
};

const struct nla_policy tlsup_done_nl_policy[TLSUP_A_DONE_ACCEPT_TRUNCATION + 1] = {
	[TLSUP_A_DONE_ERROR] = NLA_POLICY_MAX(NLA_U32, 4095),
	[TLSUP_A_DONE_ALERT] = { .type = NLA_U8, },
	[TLSUP_A_DONE_REASON] = { .type = NLA_NUL_STRING, .len = 127, },
	[TLSUP_A_DONE_VERSION] = { .type = NLA_U16, },
	[TLSUP_A_DONE_SUITE] = { .type = NLA_U16, },
	[TLSUP_A_DONE_GROUP] = { .type = NLA_U16, },
	[TLSUP_A_DONE_SIGNATURE_SCHEME] = { .type = NLA_U16, },
	[TLSUP_A_DONE_RESUMED] = NLA_POLICY_MAX(NLA_U8, 4),
	[TLSUP_A_DONE_CLIENT_AUTHENTICATED] = NLA_POLICY_MAX(NLA_U8, 1),
	[TLSUP_A_DONE_ALPN] = { .type = NLA_BINARY, },
	[TLSUP_A_DONE_SERVER_NAME] = { .type = NLA_NUL_STRING, .len = TLSUP_SERVER_NAME_MAX, },
	[TLSUP_A_DONE_PEER_CHAIN] = { .type = NLA_BINARY, },
	[TLSUP_A_DONE_COOKIE] = { .type = NLA_BINARY, },
	[TLSUP_A_DONE_EXPORTER_SECRET] = { .type = NLA_BINARY, },
	[TLSUP_A_DONE_EXPORTER_HASH] = NLA_POLICY_MAX(NLA_U8, 1),
	[TLSUP_A_DONE_RANDOMS] = NLA_POLICY_EXACT_LEN(64),
	[TLSUP_A_DONE_RECORD_SIZE_LIMIT] = NLA_POLICY_MIN(NLA_U16, 64),
	[TLSUP_A_DONE_OWN_RECORD_SIZE_LIMIT] = NLA_POLICY_MIN(NLA_U16, 64),
	[TLSUP_A_DONE_ACCEPT_TRUNCATION] = NLA_POLICY_MAX(NLA_U8, 1),
};

const struct nla_policy tlsup_keys_nl_policy[TLSUP_A_KEYS_ENCRYPT_THEN_MAC + 1] = {
	[TLSUP_A_KEYS_DIRECTION] = NLA_POLICY_MAX(NLA_U8, 1),
	[TLSUP_A_KEYS_EPOCH] = NLA_POLICY_RANGE(NLA_U8, 1, 2),
	[TLSUP_A_KEYS_VERSION] = NLA_POLICY_RANGE(NLA_U16, 771, 772),
	[TLSUP_A_KEYS_CIPHER] = NLA_POLICY_RANGE(NLA_U16, 51, 66),
	[TLSUP_A_KEYS_HASH] = NLA_POLICY_MAX(NLA_U8, 1),
	[TLSUP_A_KEYS_SECRET] = { .type = NLA_BINARY, },
	[TLSUP_A_KEYS_KEY] = { .type = NLA_BINARY, },
	[TLSUP_A_KEYS_IV] = { .type = NLA_BINARY, },
	[TLSUP_A_KEYS_MAC_SECRET] = { .type = NLA_BINARY, },
	[TLSUP_A_KEYS_ENCRYPT_THEN_MAC] = NLA_POLICY_MAX(NLA_U8, 1),
};

const struct nla_policy tlsup_next_nl_policy[TLSUP_A_NEXT_VERSION + 1] = {
	[TLSUP_A_NEXT_SKIP] = { .type = NLA_U32, },
	[TLSUP_A_NEXT_VERSION] = NLA_POLICY_RANGE(NLA_U16, 771, 772),
};

const struct nla_policy tlsup_send_nl_policy[TLSUP_A_SEND_DATA + 1] = {
	[TLSUP_A_SEND_CONTENT_TYPE] = NLA_POLICY_RANGE(NLA_U8, 20, 22),
	[TLSUP_A_SEND_DATA] = { .type = NLA_BINARY, },
};

/* TLSUP_CMD_REGISTER - do */
const struct nla_policy tlsup_register_nl_policy[TLSUP_A_WINDOW + 1] = {
	[TLSUP_A_WINDOW] = NLA_POLICY_RANGE(NLA_U32, 1, TLSUP_WINDOW_MAX),
};

/* TLSUP_CMD_ANSWER - do */
const struct nla_policy tlsup_answer_nl_policy[TLSUP_A_ACTIONS + 1] = {
	[TLSUP_A_CONN_ID] = { .type = NLA_U64, },
	[TLSUP_A_RX_EPOCH] = NLA_POLICY_MAX(NLA_U8, 2),
	[TLSUP_A_ACTIONS] = NLA_POLICY_NESTED(tlsup_actions_nl_policy),
};

/* TLSUP_CMD_ACK - do */
const struct nla_policy tlsup_ack_nl_policy[TLSUP_A_EVENTS + 1] = {
	[TLSUP_A_EVENTS] = NLA_POLICY_RANGE(NLA_U32, 1, TLSUP_WINDOW_MAX),
};

/* TLSUP_CMD_CLOSE - do */
const struct nla_policy tlsup_close_nl_policy[TLSUP_A_CONN_ID + 1] = {
	[TLSUP_A_CONN_ID] = { .type = NLA_U64, },
};

/* TLSUP_CMD_GET_STATS - do */
const struct nla_policy tlsup_get_stats_nl_policy[TLSUP_A_PAD + 1] = {
};

/* TLSUP_CMD_GET_CONN - do */
const struct nla_policy tlsup_get_conn_nl_policy[TLSUP_A_CONN_ID + 1] = {
	[TLSUP_A_CONN_ID] = { .type = NLA_U64, },
};

/* TLSUP_CMD_DRAIN - do */
const struct nla_policy tlsup_drain_nl_policy[TLSUP_A_PAD + 1] = {
};

/* Ops table for tlsup */
const struct genl_ops tlsup_nl_ops[7] = {
	{
		.cmd		= TLSUP_CMD_REGISTER,
		.doit		= tlsup_nl_register_doit,
		.policy		= tlsup_register_nl_policy,
		.maxattr	= TLSUP_A_WINDOW,
		.flags		= GENL_UNS_ADMIN_PERM,
	},
	{
		.cmd		= TLSUP_CMD_ANSWER,
		.doit		= tlsup_nl_answer_doit,
		.policy		= tlsup_answer_nl_policy,
		.maxattr	= TLSUP_A_ACTIONS,
	},
	{
		.cmd		= TLSUP_CMD_ACK,
		.doit		= tlsup_nl_ack_doit,
		.policy		= tlsup_ack_nl_policy,
		.maxattr	= TLSUP_A_EVENTS,
	},
	{
		.cmd		= TLSUP_CMD_CLOSE,
		.doit		= tlsup_nl_close_doit,
		.policy		= tlsup_close_nl_policy,
		.maxattr	= TLSUP_A_CONN_ID,
		.flags		= GENL_UNS_ADMIN_PERM,
	},
	{
		.cmd		= TLSUP_CMD_GET_STATS,
		.doit		= tlsup_nl_get_stats_doit,
		.policy		= tlsup_get_stats_nl_policy,
		.maxattr	= TLSUP_A_PAD,
		.flags		= GENL_UNS_ADMIN_PERM,
	},
	{
		.cmd		= TLSUP_CMD_GET_CONN,
		.doit		= tlsup_nl_get_conn_doit,
		.dumpit		= tlsup_nl_get_conn_dumpit,
		.policy		= tlsup_get_conn_nl_policy,
		.maxattr	= TLSUP_A_CONN_ID,
		.flags		= GENL_UNS_ADMIN_PERM,
	},
	{
		.cmd		= TLSUP_CMD_DRAIN,
		.doit		= tlsup_nl_drain_doit,
		.policy		= tlsup_drain_nl_policy,
		.maxattr	= TLSUP_A_PAD,
	},
};
