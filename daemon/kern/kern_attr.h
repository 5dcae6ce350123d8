/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Copyright (C) 2026 The tlsup authors
 *
 * What the daemon's netlink sockets take: the kernel's word only, and of that
 * what an attribute holds; one that did not come holds nothing.
 */
#ifndef TLSUP_KERN_ATTR_H
#define TLSUP_KERN_ATTR_H

#include <stddef.h>
#include <stdint.h>

#include <linux/netlink.h>
#include <netlink/attr.h>
#include <netlink/handlers.h>
#include <netlink/msg.h>

/* NL_CB_MSG_IN: whoever may administer the namespace can send here, too. */
static inline int from_kernel(struct nl_msg *msg, void *arg)
{
	(void)arg;
	return nlmsg_get_src(msg)->nl_pid == 0 ? NL_OK : NL_SKIP;
}

static inline uint8_t get_u8(struct nlattr *attr)
{
	return attr ? nla_get_u8(attr) : 0;
}

static inline uint16_t get_u16(struct nlattr *attr)
{
	return attr ? nla_get_u16(attr) : 0;
}

static inline uint32_t get_u32(struct nlattr *attr)
{
	return attr ? nla_get_u32(attr) : 0;
}

static inline uint64_t get_u64(struct nlattr *attr)
{
	return attr ? nla_get_u64(attr) : 0;
}

static inline const char *get_string(struct nlattr *attr)
{
	return attr ? nla_get_string(attr) : "";
}

static inline const uint8_t *get_bytes(struct nlattr *attr, size_t *len)
{
	*len = attr ? (size_t)nla_len(attr) : 0;
	return attr ? nla_data(attr) : NULL;
}

#endif /* TLSUP_KERN_ATTR_H */
