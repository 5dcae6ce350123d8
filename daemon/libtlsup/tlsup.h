/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Copyright (C) 2026 The tlsup authors
 *
 * libtlsup: the socket options of <linux/tlsup.h> as a few functions. Nothing
 * here that a program could not do by itself; the descriptor stays an ordinary
 * socket for read(2), write(2), poll(2), sendfile(2) and close(2).
 *
 *	fd = socket(AF_INET, SOCK_STREAM, 0);
 *	if (tlsup_connect(fd, "example.org") || connect(fd, addr, len))
 *		errx(1, "%s", tlsup_strerror(fd));
 *
 * Functions that return an int return 0, or -1 with errno set as
 * <linux/tlsup.h> lists it. All may be called by several threads, also for one
 * descriptor, but for the text of tlsup_strerror(), which each thread has of
 * its own. After an error from a function that prepares a socket, close it: it
 * may have the ULP already, and then sends nothing any more.
 */
#ifndef TLSUP_H
#define TLSUP_H

#include <stddef.h>
#include <stdint.h>

#include <linux/tlsup.h>

#ifdef __cplusplus
extern "C" {
#endif

/**
 * struct tlsup_settings - what may be said beyond the role
 * @profile: the administrator's profile; NULL: "default"
 * @alpn: protocols as a list with commas, the preferred one first, for example
 *	"h2,http/1.1"; NULL: those of the profile
 * @flags: bits of &enum tlsup_flag
 * @timeout_ms: the handshake's deadline; 0: 30 seconds
 */
struct tlsup_settings {
	const char *profile;
	const char *alpn;
	uint32_t flags;
	uint32_t timeout_ms;
};

/**
 * tlsup_connect - make a client of a TCP socket
 * @fd: not connected yet, or connected
 * @name: DNS name or IP address: to ask for and to verify. NULL: whoever has a
 *	certificate that is trusted, which is rarely what is meant
 *
 * On a socket not yet connected the role is remembered and the handshake starts
 * by itself once it is. On a connected one it starts now: a blocking socket
 * waits for its end; a non-blocking one fails with %EINPROGRESS, then is
 * writable when it is done.
 *
 * Return: 0 or -1.
 */
int tlsup_connect(int fd, const char *name);

/**
 * tlsup_connect_with - tlsup_connect() with settings
 * @fd: as there
 * @name: as there
 * @settings: NULL for none
 *
 * Return: 0 or -1.
 */
int tlsup_connect_with(int fd, const char *name,
		       const struct tlsup_settings *settings);

/**
 * tlsup_listen - make a server of a TCP socket, before listen(2)
 * @fd: a socket that does not listen yet
 * @settings: NULL for none
 *
 * What it accepts is a TLS socket whose handshake starts by itself. The first
 * read or write waits for it, or poll(2) does; accept(2) never does.
 *
 * Return: 0 or -1.
 */
int tlsup_listen(int fd, const struct tlsup_settings *settings);

/**
 * tlsup_accepted - make a server of a connected TCP socket
 * @fd: from the accept(2) of a plain listener, or in mid-stream (STARTTLS)
 * @settings: NULL for none
 *
 * Return: 0 or -1; as tlsup_connect() on a connected socket.
 */
int tlsup_accepted(int fd, const struct tlsup_settings *settings);

/**
 * tlsup_wait - wait for the end of the handshake
 * @fd: a TLS socket with a role
 *
 * Only if its result matters before the first byte of data does: read(2) and
 * write(2) wait too. Also works on a non-blocking socket.
 *
 * Return: 0 or -1.
 */
int tlsup_wait(int fd);

/**
 * tlsup_strerror - why the socket has failed
 * @fd: a socket
 *
 * Return: one sentence: the reason that tlsup has kept, or, if it knows of
 * none, that of errno. Good until the thread calls again.
 */
const char *tlsup_strerror(int fd);

/**
 * tlsup_alpn - the protocol that was selected
 * @fd: a TLS socket whose handshake is done
 * @protocol: for the text, NUL-terminated; empty if none was selected
 * @size: its size; 256 always do
 *
 * Return: 0 or -1.
 */
int tlsup_alpn(int fd, char *protocol, size_t size);

#ifdef __cplusplus
}
#endif

#endif /* TLSUP_H */
