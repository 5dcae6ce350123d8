// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) 2026 The tlsup authors
 *
 * Extensions, one by one and several, in each message that may hold them. An input
 * is: which message(1), setup(1), the extensions without their length.
 */
#include <stdlib.h>
#include <string.h>

#include "part.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const enum msg places[] = {
		MSG_CLIENT_HELLO, MSG_SERVER_HELLO, MSG_HELLO_RETRY_REQUEST,
		MSG_ENCRYPTED_EXTENSIONS, MSG_CERTIFICATE_REQUEST, MSG_SERVER_CERTIFICATE,
		MSG_CLIENT_CERTIFICATE, MSG_SERVER_HELLO_12,
	};
	struct part part;
	struct exts exts;
	uint8_t *block;
	enum msg place;
	struct rd rd;

	if (size < 2 || size - 2 > 0xffff)
		return 0;
	place = places[data[0] % (sizeof(places) / sizeof(places[0]))];
	part_init(&part, place, data[1]);
	block = malloc(size);
	block[0] = (uint8_t)((size - 2) >> 8);
	block[1] = (uint8_t)(size - 2);
	memcpy(block + 2, data + 2, size - 2);
	rd_init(&rd, block, size);
	if (ext_parse(part.hs, place, &rd, &exts) != !part.fails || part.fails > 1)
		abort();
	free(block);
	part_wipe(&part);
	return 0;
}
