// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) 2026 The tlsup authors
 *
 * libtlsup-run.so: stands before libc in the functions by which a program makes
 * TCP connections. What does not concern it goes on to libc as it is.
 */
#include "tls.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <string.h>
#include <unistd.h>

#include <linux/tlsup.h>

/* A blocking program learns of a failure here, as with any other. */
static int join_handshake(int fd)
{
	const int role = TLSUP_CLIENT;

	if (!setsockopt(fd, SOL_TLSUP, TLSUP_HANDSHAKE, &role, sizeof(role)))
		return 0;
	if (errno == EISCONN || errno == EALREADY || errno == EINPROGRESS)
		return 0;
	tls_tell(fd);
	return -1;
}

EXPORT int connect(int fd, __CONST_SOCKADDR_ARG arg, socklen_t len)
{
	const struct sockaddr *addr = arg.__sockaddr__;

	tls_ready();
	if (!settings.client || !addr || len < sizeof(struct sockaddr_in) ||
	    (addr->sa_family != AF_INET && addr->sa_family != AF_INET6) ||
	    (addr->sa_family == AF_INET6 && len < sizeof(struct sockaddr_in6)) ||
	    !tls_wanted_port(tls_port(addr)) || !tls_is_tcp(fd))
		return real.connect(fd, addr, len);
	/* How far is it? asks who calls a second time. */
	if (!tls_is_attached(fd)) {
		if (tls_client(fd, addr))
			return -1;
		tls_track(fd, KIND_CLIENT);
	}
	if (!real.connect(fd, addr, len))
		return join_handshake(fd);
	/* No connection, no handshake: the program has words for that. */
	if (errno != EINPROGRESS && errno != EALREADY && errno != EINTR)
		tls_track(fd, KIND_NONE);
	return -1;
}

/* Without bind() the port would be known only when it is too late. */
static int own_port(int fd, uint16_t *port)
{
	struct sockaddr_storage own = { 0 };
	struct sockaddr *addr = (struct sockaddr *)&own;
	socklen_t len = sizeof(own);

	if (getsockname(fd, addr, &len))
		return -1;
	if (!tls_port(addr) && settings.port_count) {
		if (bind(fd, addr, len))
			return -1;
		len = sizeof(own);
		if (getsockname(fd, addr, &len))
			return -1;
	}
	*port = tls_port(addr);
	return 0;
}

EXPORT int listen(int fd, int backlog)
{
	uint16_t port;

	tls_ready();
	if (!settings.server || !tls_is_tcp(fd) || tls_is_attached(fd))
		return real.listen(fd, backlog);
	if (own_port(fd, &port))
		return -1;
	if (tls_wanted_port(port)) {
		if (tls_listener(fd))
			return -1;
		tls_track(fd, KIND_LISTENER);
	}
	return real.listen(fd, backlog);
}

static bool accepted_is_meant(int fd)
{
	uint16_t port;

	return settings.server && tls_is_tcp(fd) && !own_port(fd, &port) &&
	       tls_wanted_port(port);
}

EXPORT int accept4(int listener, __SOCKADDR_ARG addr, socklen_t *len, int flags)
{
	int error, fd;

	tls_ready();
	fd = real.accept4(listener, addr.__sockaddr__, len, flags);
	if (fd < 0)
		return fd;
	if (tls_kind(listener) != KIND_LISTENER) {
		if (!accepted_is_meant(fd))
			return fd;
		if (!tls_is_attached(fd) && tls_accepted(fd)) {
			error = errno;
			real.close(fd);
			errno = error;
			return -1;
		}
	}
	tls_track(fd, KIND_SERVER);
	return fd;
}

EXPORT int accept(int listener, __SOCKADDR_ARG addr, socklen_t *len)
{
	return accept4(listener, addr, len, 0);
}

/* This connects too, and would send its data in the clear. */
static bool is_fastopen(int fd, int flags)
{
	tls_ready();
	if (!(flags & MSG_FASTOPEN) || !settings.client || !tls_is_tcp(fd))
		return false;
	errno = EOPNOTSUPP;
	return true;
}

EXPORT ssize_t sendto(int fd, const void *data, size_t size, int flags,
		      __CONST_SOCKADDR_ARG addr, socklen_t len)
{
	ssize_t (*next)(int, const void *, size_t, int,
			const struct sockaddr *, socklen_t);

	if (is_fastopen(fd, flags))
		return -1;
	next = real.sendto;
	return next(fd, data, size, flags, addr.__sockaddr__, len);
}

EXPORT ssize_t sendmsg(int fd, const struct msghdr *msg, int flags)
{
	ssize_t (*next)(int, const struct msghdr *, int);

	if (is_fastopen(fd, flags))
		return -1;
	next = real.sendmsg;
	return next(fd, msg, flags);
}

EXPORT int sendmmsg(int fd, struct mmsghdr *msgs, unsigned int count, int flags)
{
	int (*next)(int, struct mmsghdr *, unsigned int, int);

	if (is_fastopen(fd, flags))
		return -1;
	next = real.sendmmsg;
	return next(fd, msgs, count, flags);
}

/* Where a program that does not block learns of a failure. */
EXPORT int getsockopt(int fd, int level, int name, void *restrict value,
		      socklen_t *restrict len)
{
	tls_ready();
	if (level == SOL_SOCKET && name == SO_ERROR)
		tls_tell(fd);
	return real.getsockopt(fd, level, name, value, len);
}

EXPORT int close(int fd)
{
	tls_ready();
	if (tls_kind(fd) != KIND_NONE) {
		tls_tell(fd);
		tls_track(fd, KIND_NONE);
	}
	return real.close(fd);
}

/* A program that ends leaves closing to the kernel. */
__attribute__((destructor)) static void tell_all(void)
{
	tls_ready();
	for (int fd = 0; fd < TRACKED_MAX; fd++)
		if (tls_kind(fd) != KIND_NONE)
			tls_tell(fd);
}
