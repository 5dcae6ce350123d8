/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Copyright (C) 2026 The tlsup authors
 *
 * What tlsup-serve and tlsup-fetch share: setting the socket options and
 * telling in one line what became of a connection.
 */
#ifndef PROG_H
#define PROG_H

#include <stdint.h>
#include <stdio.h>

#include <linux/tlsup.h>

/**
 * struct tls_options - what the command line asks of each connection
 * @profile: TLSUP_PROFILE, or NULL for the default
 * @name: TLSUP_SERVER_NAME, or NULL
 * @alpn: TLSUP_ALPN in wire form
 * @alpn_len: length of @alpn, 0 if not asked for
 */
struct tls_options {
	const char *profile;
	const char *name;
	uint8_t alpn[1024];
	size_t alpn_len;
};

/**
 * parse_alpn() - turn "h2,http/1.1" into RFC 7301's wire form
 * @opts: gets the list
 * @list: protocols with commas between them
 *
 * Return: 0, or -1 if a name is empty or too long, or the list is.
 */
int parse_alpn(struct tls_options *opts, const char *list);

/**
 * parse_number() - an unsigned decimal number from the command line
 * @text: all of it must be the number
 * @max: the largest value accepted
 *
 * Return: the number, or -1.
 */
long parse_number(const char *text, long max);

/**
 * tls_start() - attach the ULP and start the handshake
 * @fd: a connected TCP socket
 * @opts: options to set first
 * @role: TLSUP_CLIENT or TLSUP_SERVER
 *
 * Return: 0 when the handshake is done (blocking socket), else -1 with errno;
 * EINPROGRESS on a non-blocking socket.
 */
int tls_start(int fd, const struct tls_options *opts, int role);

/**
 * tls_report() - print the line that tells what a handshake led to
 * @out: where to
 * @number: the connection's number
 * @fd: the socket
 * @error: errno of the failure, 0 on success
 */
void tls_report(FILE *out, unsigned long number, int fd, int error);

/**
 * tls_report_broken() - print why an established connection ended early
 * @out: where to
 * @number: the connection's number
 * @fd: the socket
 * @error: errno of the call that failed
 */
void tls_report_broken(FILE *out, unsigned long number, int fd, int error);

#endif
