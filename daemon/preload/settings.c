// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) 2026 The tlsup authors
 *
 * What tlsup-run has set, and libc's own functions. Read when first needed:
 * other libraries may call us before our turn to be initialized has come.
 */
#include "tls.h"

#include <dlfcn.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct real real;
struct settings settings;

/* Never go on unprotected. */
_Noreturn static void give_up(const char *what)
{
	tls_say("%s", what);
	_exit(125);
}

static void *resolve(const char *name)
{
	void *function = dlsym(RTLD_NEXT, name);

	if (!function)
		give_up("libc lacks a function");
	return function;
}

static void read_ports(const char *list)
{
	char *end;

	for (; list; list = *end ? end + 1 : NULL) {
		long port = strtol(list, &end, 10);

		if (end == list || (*end && *end != ',') || port < 1 ||
		    port > 65535 || settings.port_count == RUN_PORTS_MAX)
			give_up("no list of ports: " RUN_ENV_PORTS);
		settings.ports[settings.port_count++] = (uint16_t)port;
	}
}

static void get_ready(void)
{
	const char *role = getenv(RUN_ENV_ROLE);

	real.connect = resolve("connect");
	real.listen = resolve("listen");
	real.accept4 = resolve("accept4");
	real.close = resolve("close");
	real.getsockopt = resolve("getsockopt");
	real.getaddrinfo = resolve("getaddrinfo");
	real.sendto = resolve("sendto");
	real.gethostbyname = resolve("gethostbyname");
	real.gethostbyname2 = resolve("gethostbyname2");
	real.gethostbyname_r = resolve("gethostbyname_r");
	real.gethostbyname2_r = resolve("gethostbyname2_r");
	real.sendmsg = resolve("sendmsg");
	real.sendmmsg = resolve("sendmmsg");

	settings.client = !role || strcmp(role, "server");
	settings.server = !role || strcmp(role, "client");
	settings.profile = getenv(RUN_ENV_PROFILE);
	settings.name = getenv(RUN_ENV_NAME);
	read_ports(getenv(RUN_ENV_PORTS));
	/* A program may overwrite its environment. */
	settings.profile = settings.profile ? strdup(settings.profile) : NULL;
	settings.name = settings.name ? strdup(settings.name) : NULL;
}

void tls_ready(void)
{
	static pthread_once_t once = PTHREAD_ONCE_INIT;

	pthread_once(&once, get_ready);
}
