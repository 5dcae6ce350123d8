/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Copyright (C) 2026 The tlsup authors
 *
 * Which name an address was asked for by: what the certificate must be for.
 */
#ifndef NAMES_H
#define NAMES_H

#include <sys/socket.h>

#define NAMES_TEXT_MAX	256	/* with its NUL */

/**
 * names_learn - an address was found under a name
 * @addr: IPv4 or IPv6; others are ignored
 * @name: as it was asked for
 */
void names_learn(const struct sockaddr *addr, const char *name);

/**
 * names_find - the name of an address
 * @addr: IPv4 or IPv6
 * @name: NAMES_TEXT_MAX bytes: the name, or the address itself in digits if
 *	nobody asked for a name
 *
 * Return: 0; -1 if it was found under two names.
 */
int names_find(const struct sockaddr *addr, char *name);

#endif /* NAMES_H */
