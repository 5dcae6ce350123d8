// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) 2026 The tlsup authors
 *
 * A table that grows: address to name. A name that did not fit into memory
 * makes its address one that stands for two, which refuses it.
 */
#include "names.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define BUCKETS	256

struct entry {
	struct entry *next;
	struct in6_addr addr;	/* IPv4 as ::ffff:a.b.c.d */
	bool two;
	char name[];
};

static struct entry *table[BUCKETS];
static bool forgetful; /* an entry found no memory */
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

static bool get_addr(const struct sockaddr *from, struct in6_addr *to)
{
	if (from->sa_family == AF_INET6) {
		*to = ((const struct sockaddr_in6 *)from)->sin6_addr;
		return true;
	}
	if (from->sa_family != AF_INET)
		return false;
	memset(to, 0, sizeof(*to));
	to->s6_addr[10] = 0xff;
	to->s6_addr[11] = 0xff;
	memcpy(&to->s6_addr[12], &((const struct sockaddr_in *)from)->sin_addr,
	       sizeof(struct in_addr));
	return true;
}

static struct entry **bucket(const struct in6_addr *addr)
{
	unsigned int hash = 0;

	for (size_t i = 0; i < sizeof(addr->s6_addr); i++)
		hash = hash * 31 + addr->s6_addr[i];
	return &table[hash % BUCKETS];
}

static struct entry *find(const struct in6_addr *addr)
{
	struct entry *e = *bucket(addr);

	while (e && memcmp(&e->addr, addr, sizeof(*addr)))
		e = e->next;
	return e;
}

static void insert(const struct in6_addr *addr, const char *name, size_t len)
{
	struct entry **head = bucket(addr);
	struct entry *e = malloc(sizeof(*e) + len + 1);

	if (!e) {
		forgetful = true;
		return;
	}
	e->addr = *addr;
	e->two = len >= NAMES_TEXT_MAX;
	memcpy(e->name, name, len);
	e->name[len] = '\0';
	e->next = *head;
	*head = e;
}

void names_learn(const struct sockaddr *addr, const char *name)
{
	size_t len = strlen(name);
	struct in6_addr key;
	struct entry *e;

	if (!get_addr(addr, &key))
		return;
	/* "example.org." is the same name, and no certificate has the dot. */
	if (len > 1 && name[len - 1] == '.')
		len--;
	pthread_mutex_lock(&lock);
	e = find(&key);
	if (!e)
		insert(&key, name, len);
	else if (strlen(e->name) != len || strncasecmp(e->name, name, len))
		e->two = true;
	pthread_mutex_unlock(&lock);
}

static void in_digits(const struct in6_addr *addr, char *name)
{
	if (IN6_IS_ADDR_V4MAPPED(addr))
		inet_ntop(AF_INET, &addr->s6_addr[12], name, NAMES_TEXT_MAX);
	else
		inet_ntop(AF_INET6, addr, name, NAMES_TEXT_MAX);
}

int names_find(const struct sockaddr *addr, char *name)
{
	struct in6_addr key;
	struct entry *e;
	int err = 0;

	if (!get_addr(addr, &key))
		return -1;
	pthread_mutex_lock(&lock);
	e = find(&key);
	if (e ? e->two : forgetful)
		err = -1;
	else if (e)
		snprintf(name, NAMES_TEXT_MAX, "%s", e->name);
	else
		in_digits(&key, name);
	pthread_mutex_unlock(&lock);
	return err;
}
