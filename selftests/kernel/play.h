/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Copyright (C) 2026 The tlsup authors
 *
 * Random operations: everything that the module's interface offers, with random
 * values, on a few sockets that are in all states.
 */
#ifndef SELFTESTS_KERNEL_PLAY_H
#define SELFTESTS_KERNEL_PLAY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "net.h"

#define PLAY_SLOTS_MAX	500
#define PLAY_EVENTS	16
#define PLAY_AGENTS	2
#define PLAY_BUFFER	(40 * 1024)

/**
 * struct slot - a socket of ours and what is at its other end
 * @fd: ours; -1 if there is none
 * @peer: the other end and its keys; fd -1 if there is none
 * @port: where it listens; 0 if it does not
 * @ipv6: and in which family
 */
struct slot {
	int fd;
	struct peer peer;
	uint16_t port;
	bool ipv6;
};

/**
 * struct waiting - an event that waits for its answer
 * @agent: which agent was sent it
 * @conn: of which connection
 * @epoch: its RX epoch
 * @role: of the connection, if the event tells
 */
struct waiting {
	struct agent *agent;
	uint64_t conn;
	uint8_t epoch;
	uint8_t role;
};

/**
 * struct play - all that an episode plays with
 * @random: state of the generator; everything follows from it
 * @agents: registered ones
 * @slots: sockets
 * @slot_count: how many there are
 * @waiting: the last events, in a ring
 * @waits: how many there were
 * @conn: the last connection that was heard of
 * @pipes: a pipe, non-blocking
 * @file: a file of PLAY_BUFFER bytes
 * @cipher: of the keys that agents give
 * @buffer: PLAY_BUFFER bytes
 * @msg: room
 * @event: room
 */
struct play {
	uint64_t random;
	struct agent agents[PLAY_AGENTS];
	struct slot slots[PLAY_SLOTS_MAX];
	unsigned int slot_count;
	struct waiting waiting[PLAY_EVENTS];
	unsigned int waits;
	uint64_t conn;
	int pipes[2];
	int file;
	uint16_t cipher;
	uint8_t *buffer;
	struct message msg;
	struct event event;
};

/**
 * struct operation - one kind of operation
 * @name: in figures
 * @act: does it; negative if it was refused
 * @weight: how often it is chosen
 */
struct operation {
	const char *name;
	int (*act)(struct play *f);
	int weight;
};

extern const struct operation operations[];
extern const size_t operations_count;

uint32_t play_pick(struct play *f, uint32_t below);
void play_forget(struct slot *slot);

#endif /* SELFTESTS_KERNEL_PLAY_H */
