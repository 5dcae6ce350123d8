/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Copyright (C) 2026 The tlsup authors
 *
 * What a process gives up for good before it meets strangers.
 */
#ifndef TLSUP_SANDBOX_H
#define TLSUP_SANDBOX_H

#include <sys/types.h>

enum sandbox {
	SANDBOX_WORKER,		/* no files, no new sockets, no capabilities */
	SANDBOX_WORKER_STORE,	/* but connections to a session store */
	SANDBOX_SIGNER,		/* no files, no sockets, no capabilities */
	SANDBOX_SIGNER_TOKEN,	/* no network; files, for the token's module */
};

/** struct sandbox_user - whom a process becomes; (uid_t)-1: it stays as it is */
struct sandbox_user {
	uid_t uid;
	gid_t gid;
};

extern const struct sandbox_user sandbox_same_user;

int sandbox_enter(enum sandbox kind, const struct sandbox_user *user);
void sandbox_protect_memory(void);

#endif /* TLSUP_SANDBOX_H */
