// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) 2026 The tlsup authors
 *
 * What comes on a worker's netlink socket. An input is: the command(1), what
 * stands behind the header of the family.
 */
#include <assert.h>
#include <stdlib.h>

/* For its statics: the way in is libnl's. */
#include "kern/kern.c"

static size_t sum;

static void touch(const uint8_t *data, size_t len)
{
	assert(data || !len);
	for (size_t i = 0; i < len; i++)
		sum += data[i];
}

/* As a handler does: all that it is given can be read. */
static void on_event(void *owner, const struct kern_event *event)
{
	sum += strlen(event->profile) + strlen(event->server_name) + strlen(event->exe) +
	       strlen(event->reason);
	touch(event->alpn, event->alpn_len);
	touch(event->peer_address, event->peer_address_len);
	touch(event->cookie, event->cookie_len);
	touch(event->chain, event->chain_len);
	touch(event->payload, event->payload_len);
	assert(event->has_record || !event->payload_len);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct kern kern = { .handler = on_event };
	struct nlmsghdr *header;
	struct nl_msg *msg;

	if (!size)
		return 0;
	/* The header is the kernel's own; a copy, so that a read past its end is seen. */
	header = calloc(1, NLMSG_HDRLEN + GENL_HDRLEN + size - 1);
	header->nlmsg_len = (uint32_t)(NLMSG_HDRLEN + GENL_HDRLEN + size - 1);
	((struct genlmsghdr *)nlmsg_data(header))->cmd = data[0];
	memcpy((uint8_t *)nlmsg_data(header) + GENL_HDRLEN, data + 1, size - 1);
	msg = nlmsg_inherit(NULL);
	nlmsg_free(msg);
	msg = nlmsg_convert(header);
	if (msg)
		valid(msg, &kern);
	nlmsg_free(msg);
	free(header);
	return 0;
}
