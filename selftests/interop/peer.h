/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Copyright (C) 2026 The tlsup authors
 *
 * A peer of another library, which makes one connection for each line of its
 * standard input and answers with one line:
 *
 *	client PORT KEY=VALUE...	connect, send, compare what comes back
 *	server 0 KEY=VALUE...		accept, send back what comes
 *
 * The first line of its output is the port that it accepts at. So many handshakes,
 * each of another kind, cost one process.
 */
#ifndef TLSUP_PEER_H
#define TLSUP_PEER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PEER_WORDS_MAX	32
#define PEER_EXPORT_LABEL	"EXPERIMENTAL tlsup"
#define PEER_EXPORT_SIZE	40

/** struct wish - one line, taken apart */
struct wish {
	bool server;
	int port;
	char *words[PEER_WORDS_MAX];
	size_t count;
};

/** struct found - what a connection was like */
struct found {
	unsigned int version;
	unsigned int retries;
	bool ems;
	bool authenticated;
	uint8_t exported[PEER_EXPORT_SIZE];
	const char *why;
};

/**
 * struct library - what each library does its own way
 * @open: make a session over a socket; false: why is told
 * @shake: the handshake
 * @send: all of it
 * @receive: up to so many bytes; 0: close_notify; -1: an error
 * @close: tell the peer, and free the session
 */
struct library {
	bool (*open)(const struct wish *wish, int fd, struct found *found);
	bool (*shake)(struct found *found);
	bool (*send)(const void *data, size_t len);
	long (*receive)(void *data, size_t len);
	void (*close)(void);
};

const char *wish_get(const struct wish *wish, const char *key);
bool wish_has(const struct wish *wish, const char *key);
int peer_main(const struct library *library);

#endif /* TLSUP_PEER_H */
