// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) 2026 The tlsup authors
 *
 * Where a program asks for the address of a name: what it is given is learned.
 */
#include "tls.h"

#include <netdb.h>
#include <netinet/in.h>
#include <string.h>

#include "names.h"

EXPORT int getaddrinfo(const char *restrict node, const char *restrict service,
		       const struct addrinfo *restrict hints,
		       struct addrinfo **restrict list)
{
	int (*next)(const char *, const char *, const struct addrinfo *,
		    struct addrinfo **);
	int err;

	tls_ready();
	next = real.getaddrinfo;
	err = next(node, service, hints, list);
	/* Who is going to listen asks for addresses of its own. */
	if (err || !node || (hints && hints->ai_flags & AI_PASSIVE))
		return err;
	for (const struct addrinfo *ai = *list; ai; ai = ai->ai_next)
		if (ai->ai_addr)
			names_learn(ai->ai_addr, node);
	return 0;
}

static void learn(const struct hostent *host, const char *name)
{
	for (char **addr = host ? host->h_addr_list : NULL; addr && *addr; addr++) {
		struct sockaddr_in in = { .sin_family = AF_INET };
		struct sockaddr_in6 in6 = { .sin6_family = AF_INET6 };

		if (host->h_length == sizeof(in.sin_addr)) {
			memcpy(&in.sin_addr, *addr, sizeof(in.sin_addr));
			names_learn((struct sockaddr *)&in, name);
		} else if (host->h_length == sizeof(in6.sin6_addr)) {
			memcpy(&in6.sin6_addr, *addr, sizeof(in6.sin6_addr));
			names_learn((struct sockaddr *)&in6, name);
		}
	}
}

EXPORT struct hostent *gethostbyname(const char *name)
{
	struct hostent *(*next)(const char *);
	struct hostent *host;

	tls_ready();
	next = real.gethostbyname;
	host = next(name);
	learn(host, name);
	return host;
}

EXPORT struct hostent *gethostbyname2(const char *name, int family)
{
	struct hostent *(*next)(const char *, int);
	struct hostent *host;

	tls_ready();
	next = real.gethostbyname2;
	host = next(name, family);
	learn(host, name);
	return host;
}

EXPORT int gethostbyname_r(const char *restrict name,
			   struct hostent *restrict host, char *restrict buf,
			   size_t size, struct hostent **restrict found,
			   int *restrict error)
{
	int (*next)(const char *, struct hostent *, char *, size_t,
		    struct hostent **, int *);
	int err;

	tls_ready();
	next = real.gethostbyname_r;
	err = next(name, host, buf, size, found, error);
	if (!err)
		learn(*found, name);
	return err;
}

EXPORT int gethostbyname2_r(const char *restrict name, int family,
			    struct hostent *restrict host, char *restrict buf,
			    size_t size, struct hostent **restrict found,
			    int *restrict error)
{
	int (*next)(const char *, int, struct hostent *, char *, size_t,
		    struct hostent **, int *);
	int err;

	tls_ready();
	next = real.gethostbyname2_r;
	err = next(name, family, host, buf, size, found, error);
	if (!err)
		learn(*found, name);
	return err;
}
