/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Copyright (C) 2026 The tlsup authors
 *
 * What tlsup-run tells its library, by the environment.
 */
#ifndef RUN_H
#define RUN_H

/* "client", "server" or "both": which sockets are meant. */
#define RUN_ENV_ROLE	"TLSUP_RUN_ROLE"

/* The profile; not set: "default". */
#define RUN_ENV_PROFILE	"TLSUP_RUN_PROFILE"

/* The name of whoever is connected to; not set: as getaddrinfo was asked. */
#define RUN_ENV_NAME	"TLSUP_RUN_NAME"

/* Ports, separated by commas; not set: all. */
#define RUN_ENV_PORTS	"TLSUP_RUN_PORTS"

/* Beside the folder that tlsup-run is in. */
#define RUN_LIBRARY	"../lib/libtlsup-run.so"

#define RUN_PORTS_MAX	64

#endif /* RUN_H */
