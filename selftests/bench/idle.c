// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) 2026 The tlsup authors
 *
 * idle VERSION: slab bytes of an established connection of the ULP "tlsup" that
 * has nothing to do, beyond those of its TCP socket. The handshake is that of an
 * agent that knows the keys by heart: no chain of the peer, and no ticket.
 */
#include <err.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "../kernel/net.h"

#define PAIRS	1000

static long slab(void)
{
	FILE *file = fopen("/proc/meminfo", "r");
	char line[128];
	long kib = 0;

	while (file && fgets(line, sizeof(line), file))
		sscanf(line, "Slab: %ld", &kib);
	if (file)
		fclose(file);
	return kib * 1024;
}

static void open_one(struct agent *agent, bool tls12, int fds[2])
{
	char byte = 1;

	if ((tls12 ? open_pair_12 : open_pair)(agent, TLSUP_CIPHER_AES_GCM_128,
					       &fds[0], &fds[1]))
		errx(1, "open");
	if (!write_all(fds[0], &byte, 1) || !read_all(fds[1], &byte, 1))
		errx(1, "first byte");
}

int main(int argc, char **argv)
{
	bool tls12 = argc == 2 && !strcmp(argv[1], "12");
	int tcp[PAIRS][2], ours[PAIRS + 1][2];
	long start, middle, end;
	struct agent agent;

	if (net_new() || agent_open(&agent) || agent_register(&agent, 16))
		errx(1, "agent");
	/* What the first one makes for all is not its own. */
	open_one(&agent, tls12, ours[PAIRS]);
	start = slab();
	for (int i = 0; i < PAIRS; i++) {
		char byte = 1;

		if (tcp_pair(&tcp[i][0], &tcp[i][1]) ||
		    !write_all(tcp[i][0], &byte, 1) ||
		    !read_all(tcp[i][1], &byte, 1))
			errx(1, "tcp");
	}
	middle = slab();
	for (int i = 0; i < PAIRS; i++)
		open_one(&agent, tls12, ours[i]);
	end = slab();
	printf("%.1f 0\n", (double)((end - middle) - (middle - start)) /
	       (2 * PAIRS));
	return 0;
}
