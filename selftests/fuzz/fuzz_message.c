// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) 2026 The tlsup authors
 *
 * The parser of each message alone. An input is: which message(1), setup(1), the
 * body.
 */
#include <stdlib.h>
#include <string.h>

#include "part.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct action *action;
	struct part part;
	uint8_t *copy;
	struct rd rd;
	enum msg msg;
	bool good;

	if (size < 2)
		return 0;
	msg = (enum msg)(MSG_END + 1 + data[0] % (MSG_COUNT - 1));
	action = fl_action(msg);
	if (!action->parse)
		return 0;
	part_init(&part, msg, data[1]);
	/* A copy, so that a read past its end is seen. */
	copy = malloc(size - 2 ? size - 2 : 1);
	memcpy(copy, data + 2, size - 2);
	rd_init(&rd, copy, size - 2);
	good = action->parse(part.hs, &rd);
	/* It has failed, or it has not: once at most, and then it asks nothing. */
	if (good == (part.fails != 0) || (part.fails && part.asks))
		abort();
	free(copy);
	part_wipe(&part);
	return 0;
}
