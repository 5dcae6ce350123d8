/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Copyright (C) 2026 The tlsup authors
 *
 * One process fills a socket and then empties it: what is measured is the
 * sockets' work, and not how well the scheduler takes turns. All of it within
 * one system call: see module/stream.c, which has the same structure.
 */
#ifndef TLSUP_ROUNDS_H
#define TLSUP_ROUNDS_H

#include <err.h>
#include <fcntl.h>
#include <stdint.h>
#include <unistd.h>
#include <sys/ioctl.h>

struct rounds {
	uint64_t out_buffer, in_buffer;
	int32_t out, in, file;
	uint32_t write, read, round;
	uint64_t ns, sending, bytes;
};

static inline void rounds_run_once(struct rounds *rounds)
{
	int fd = open("/proc/tlsup-bench", O_RDONLY);

	if (fd < 0 || ioctl(fd, 0, rounds))
		err(1, "rounds");
	close(fd);
}

/* What is new is slow: windows, caches, the processor's clock. */
static inline void rounds_warm_up(const struct rounds *rounds)
{
	struct rounds before = *rounds;

	before.ns /= 8;
	rounds_run_once(&before);
}

#endif /* TLSUP_ROUNDS_H */
