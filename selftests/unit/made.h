/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Copyright (C) 2026 The tlsup authors
 *
 * ClientHellos made by hand, for a server alone.
 */
#ifndef TLSUP_MADE_H
#define TLSUP_MADE_H

#include "pair.h"

/** struct made - a ClientHello; what is zero is left as it should be, no @exts: none */
struct made {
	uint16_t version;
	uint8_t random;
	uint8_t session_id;
	size_t session_id_len;
	const char *suites;
	size_t suites_len;
	const char *compression;
	size_t compression_len;
	const char *exts;
	size_t exts_len;
};

#define EXTS(bytes)	.exts = (bytes), .exts_len = sizeof(bytes) - 1
#define SUITES(bytes)	.suites = (bytes), .suites_len = sizeof(bytes) - 1

void made_feed(struct pair *pair, const struct made *made);

#endif /* TLSUP_MADE_H */
