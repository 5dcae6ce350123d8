/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Copyright (C) 2026 The tlsup authors
 *
 * The library within the program: its settings, and what it does to sockets.
 */
#ifndef TLS_H
#define TLS_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>

#include "run.h"

/* Stands before libc's function of that name. */
#define EXPORT	__attribute__((visibility("default")))

/* libc's own. */
struct real {
	int (*connect)(int fd, const struct sockaddr *addr, socklen_t len);
	int (*listen)(int fd, int backlog);
	int (*accept4)(int fd, struct sockaddr *addr, socklen_t *len, int flags);
	int (*close)(int fd);
	int (*getsockopt)(int fd, int level, int name, void *value,
			  socklen_t *len);
	void *getaddrinfo;
	void *sendto;
	void *gethostbyname;
	void *gethostbyname2;
	void *gethostbyname_r;
	void *gethostbyname2_r;
	void *sendmsg;
	void *sendmmsg;
};

struct settings {
	bool client;
	bool server;
	const char *profile;
	const char *name;
	unsigned int port_count;
	uint16_t ports[RUN_PORTS_MAX];
};

extern struct real real;
extern struct settings settings;

/* settings.c: both of the above are there afterwards. */
void tls_ready(void);

/* Descriptors above are protected too; nothing is said about them. */
#define TRACKED_MAX	65536

/* How a file descriptor is known. */
enum kind {
	KIND_NONE,
	KIND_CLIENT,
	KIND_LISTENER,
	KIND_SERVER,
};

/* tls.c */
bool tls_is_tcp(int fd);
bool tls_is_attached(int fd);
bool tls_wanted_port(uint16_t port);
uint16_t tls_port(const struct sockaddr *addr);
void tls_say(const char *format, ...) __attribute__((format(printf, 1, 2)));
int tls_client(int fd, const struct sockaddr *addr);
int tls_listener(int fd);
int tls_accepted(int fd);
void tls_track(int fd, enum kind kind);
enum kind tls_kind(int fd);
void tls_tell(int fd);

#endif /* TLS_H */
