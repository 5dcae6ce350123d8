// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) 2026 The tlsup authors
 *
 * What is done to the program's sockets, and what is said about them.
 */
#include "tls.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <linux/tlsup.h>

#include "names.h"

#define IPPROTO_OF_MPTCP	262

static _Atomic unsigned char kinds[TRACKED_MAX];

/* One line, by one write: other threads and processes have lines of their own. */
void tls_say(const char *format, ...)
{
	char text[512], line[1024];
	int error = errno, len;
	va_list args;

	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	len = snprintf(line, sizeof(line), "tlsup-run: %.255s: %s\n",
		       program_invocation_short_name, text);
	if (write(STDERR_FILENO, line, (size_t)len) < 0)
		errno = error; /* nobody is there to hear that */
	errno = error;
}

void tls_track(int fd, enum kind kind)
{
	if (fd >= 0 && fd < TRACKED_MAX)
		atomic_store(&kinds[fd], (unsigned char)kind);
}

enum kind tls_kind(int fd)
{
	if (fd < 0 || fd >= TRACKED_MAX)
		return KIND_NONE;
	return (enum kind)atomic_load(&kinds[fd]);
}

static int socket_number(int fd, int option)
{
	int value = -1;
	socklen_t len = sizeof(value);

	if (real.getsockopt(fd, SOL_SOCKET, option, &value, &len))
		return -1;
	return value;
}

/* MPTCP cannot have the ULP: it fails, rather than to send plaintext. */
bool tls_is_tcp(int fd)
{
	int error = errno;
	int domain = socket_number(fd, SO_DOMAIN);
	int protocol = socket_number(fd, SO_PROTOCOL);

	errno = error;
	return (domain == AF_INET || domain == AF_INET6) &&
	       (protocol == IPPROTO_TCP || protocol == IPPROTO_OF_MPTCP);
}

bool tls_is_attached(int fd)
{
	char name[16] = "";
	socklen_t len = sizeof(name);
	int error = errno;
	bool is = !real.getsockopt(fd, SOL_TCP, TCP_ULP, name, &len) &&
		  !strncmp(name, TLSUP_ULP_NAME, sizeof(name));

	errno = error;
	return is;
}

bool tls_wanted_port(uint16_t port)
{
	if (!settings.port_count)
		return true;
	for (unsigned int i = 0; i < settings.port_count; i++)
		if (settings.ports[i] == port)
			return true;
	return false;
}

uint16_t tls_port(const struct sockaddr *addr)
{
	if (addr->sa_family == AF_INET)
		return ntohs(((const struct sockaddr_in *)addr)->sin_port);
	if (addr->sa_family == AF_INET6)
		return ntohs(((const struct sockaddr_in6 *)addr)->sin6_port);
	return 0;
}

static int attach(int fd)
{
	if (!setsockopt(fd, SOL_TCP, TCP_ULP, TLSUP_ULP_NAME,
			strlen(TLSUP_ULP_NAME)))
		return 0;
	if (errno == ENOENT)
		tls_say("the module tlsup is not loaded");
	else
		tls_say("this socket cannot be protected: %s", strerror(errno));
	return -1;
}

static int set(int fd, int option, const char *what, const void *value,
	       size_t len)
{
	if (!setsockopt(fd, SOL_TLSUP, option, value, (socklen_t)len))
		return 0;
	tls_say("%s: %s", what, strerror(errno));
	return -1;
}

static int prepare(int fd)
{
	if (attach(fd))
		return -1;
	if (!settings.profile)
		return 0;
	return set(fd, TLSUP_PROFILE, "the profile", settings.profile,
		   strlen(settings.profile));
}

/* All is set before connect(): the module starts by itself when connected. */
int tls_client(int fd, const struct sockaddr *addr)
{
	const int role = TLSUP_CLIENT;
	char found[NAMES_TEXT_MAX];
	const char *name = settings.name;

	if (!name && names_find(addr, found)) {
		tls_say("this address was found under two names: which one its certificate must have, only --name can say");
		errno = ENOTUNIQ;
		return -1;
	}
	if (!name)
		name = found;
	if (prepare(fd) ||
	    set(fd, TLSUP_SERVER_NAME, name, name, strlen(name)))
		return -1;
	return set(fd, TLSUP_HANDSHAKE, "the role", &role, sizeof(role));
}

/* What it accepts inherits this. */
int tls_listener(int fd)
{
	const int role = TLSUP_SERVER;

	if (prepare(fd))
		return -1;
	return set(fd, TLSUP_HANDSHAKE, "the role", &role, sizeof(role));
}

/*
 * A listener that somebody else gave us listened before we could see it. The
 * handshake is started here, not waited for.
 */
int tls_accepted(int fd)
{
	const int role = TLSUP_SERVER;
	int flags = fcntl(fd, F_GETFL);
	int err;

	if (flags < 0 || prepare(fd) ||
	    fcntl(fd, F_SETFL, flags | O_NONBLOCK) < 0)
		return -1;
	err = setsockopt(fd, SOL_TLSUP, TLSUP_HANDSHAKE, &role, sizeof(role));
	/* Whatever is wrong shows when it is used. */
	if (err && errno != EINPROGRESS && !tls_is_attached(fd))
		return -1;
	return fcntl(fd, F_SETFL, flags);
}

/* Errors of connect() that the program itself has words for. */
static bool is_tcps_own(unsigned int error)
{
	return error == ECONNREFUSED || error == ENETUNREACH ||
	       error == EHOSTUNREACH || error == EADDRNOTAVAIL;
}

static void peer_text(int fd, enum kind kind, char *text, size_t size)
{
	struct sockaddr_in6 in6;
	struct sockaddr *addr = (struct sockaddr *)&in6;
	char name[NAMES_TEXT_MAX] = "";
	socklen_t len = sizeof(name) - 1;
	int port = 0;

	if (real.getsockopt(fd, SOL_TLSUP, TLSUP_SERVER_NAME, name, &len))
		name[0] = '\0';
	len = sizeof(in6);
	if (!getpeername(fd, addr, &len)) {
		port = tls_port(addr);
		if (kind == KIND_SERVER || !*name)
			inet_ntop(addr->sa_family, addr->sa_family == AF_INET ?
				  (void *)&((struct sockaddr_in *)addr)->sin_addr :
				  (void *)&in6.sin6_addr, name, sizeof(name));
	}
	if (port)
		snprintf(text, size, "%s%s port %d", kind == KIND_SERVER ?
			 "from " : "", name, port);
	else
		snprintf(text, size, "%s", *name ? name : "a peer that has gone");
}

/* Once for each failure: the descriptor is forgotten. */
void tls_tell(int fd)
{
	struct tlsup_status status = { 0 };
	socklen_t len = sizeof(status);
	enum kind kind = tls_kind(fd);
	const char *symbol;
	char peer[512];
	int error = errno;

	if (kind != KIND_CLIENT && kind != KIND_SERVER)
		return;
	if (real.getsockopt(fd, SOL_TLSUP, TLSUP_STATUS, &status, &len) ||
	    status.phase != TLSUP_PHASE_FAILED) {
		errno = error;
		return;
	}
	tls_track(fd, KIND_NONE);
	if (!is_tcps_own(status.error)) {
		peer_text(fd, kind, peer, sizeof(peer));
		symbol = strerrorname_np((int)status.error);
		tls_say("%s: %s (%s)", peer, *status.reason ? status.reason :
			strerror((int)status.error), symbol ? symbol : "?");
	}
	errno = error;
}
