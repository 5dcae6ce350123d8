// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) 2026 The tlsup authors
 */
#include "tlsup.h"

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#define ALPN_MAX	1024

static const struct tlsup_settings no_settings;

static int set(int fd, int option, const void *value, size_t len)
{
	return setsockopt(fd, SOL_TLSUP, option, value, (socklen_t)len);
}

static int set_text(int fd, int option, const char *text)
{
	return text ? set(fd, option, text, strlen(text)) : 0;
}

static int set_number(int fd, int option, uint32_t value)
{
	return value ? set(fd, option, &value, sizeof(value)) : 0;
}

/* "h2,http/1.1" to names behind their lengths (RFC 7301, 3.1). */
static int set_alpn(int fd, const char *text)
{
	unsigned char list[ALPN_MAX];
	size_t used = 0, len;

	if (!text)
		return 0;
	for (;; text += len + 1) {
		len = strcspn(text, ",");
		if (!len || len > 255 || len >= sizeof(list) - used) {
			errno = EINVAL;
			return -1;
		}
		list[used] = (unsigned char)len;
		memcpy(&list[used + 1], text, len);
		used += 1 + len;
		if (!text[len])
			return set(fd, TLSUP_ALPN, list, used);
	}
}

static int start(int fd, int role, const char *name,
		 const struct tlsup_settings *settings)
{
	const struct tlsup_settings *s = settings ? settings : &no_settings;

	if (setsockopt(fd, SOL_TCP, TCP_ULP, TLSUP_ULP_NAME,
		       sizeof(TLSUP_ULP_NAME) - 1))
		return -1;
	if (set_text(fd, TLSUP_PROFILE, s->profile) ||
	    set_text(fd, TLSUP_SERVER_NAME, name) || set_alpn(fd, s->alpn) ||
	    set_number(fd, TLSUP_FLAGS, s->flags) ||
	    set_number(fd, TLSUP_TIMEOUT, s->timeout_ms))
		return -1;
	return set(fd, TLSUP_HANDSHAKE, &role, sizeof(role));
}

int tlsup_connect(int fd, const char *name)
{
	return start(fd, TLSUP_CLIENT, name, NULL);
}

int tlsup_connect_with(int fd, const char *name,
		       const struct tlsup_settings *settings)
{
	return start(fd, TLSUP_CLIENT, name, settings);
}

int tlsup_listen(int fd, const struct tlsup_settings *settings)
{
	return start(fd, TLSUP_SERVER, NULL, settings);
}

int tlsup_accepted(int fd, const struct tlsup_settings *settings)
{
	return start(fd, TLSUP_SERVER, NULL, settings);
}

static int get_status(int fd, struct tlsup_status *status)
{
	socklen_t len = sizeof(*status);

	memset(status, 0, sizeof(*status));
	return getsockopt(fd, SOL_TLSUP, TLSUP_STATUS, status, &len);
}

int tlsup_wait(int fd)
{
	struct pollfd wanted = { .fd = fd, .events = POLLOUT };
	struct tlsup_status status;

	for (;;) {
		if (get_status(fd, &status))
			return -1;
		if (status.phase == TLSUP_PHASE_OPEN)
			return 0;
		if (status.phase == TLSUP_PHASE_IDLE)
			status.error = ENOTCONN;
		if (status.error) {
			errno = (int)status.error;
			return -1;
		}
		/* Writable, or in error, once the phase is another. */
		if (poll(&wanted, 1, -1) < 0)
			return -1;
	}
}

const char *tlsup_strerror(int fd)
{
	static _Thread_local char text[sizeof(((struct tlsup_status *)0)->reason)];
	struct tlsup_status status;
	int error = errno;

	if (get_status(fd, &status) || !status.reason[0])
		snprintf(text, sizeof(text), "%s", strerror(error));
	else
		snprintf(text, sizeof(text), "%s", status.reason);
	errno = error;
	return text;
}

int tlsup_alpn(int fd, char *protocol, size_t size)
{
	socklen_t len = (socklen_t)(size < ALPN_MAX ? size : ALPN_MAX);

	if (!size || getsockopt(fd, SOL_TLSUP, TLSUP_ALPN, protocol, &len))
		return -1;
	if (len >= size) {
		errno = ERANGE;
		return -1;
	}
	protocol[len] = '\0';
	return 0;
}
