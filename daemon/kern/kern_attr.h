/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Copyright (C) 2026 The tlsup authors
 *
 * What an attribute holds; one that did not come holds nothing.
 */
#ifndef TLSUP_KERN_ATTR_H
#define TLSUP_KERN_ATTR_H

#include <stddef.h>
#include <stdint.h>

#include <netlink/attr.h>

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
