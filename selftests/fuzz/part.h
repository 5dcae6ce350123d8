/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Copyright (C) 2026 The tlsup authors
 *
 * An engine at a place in the middle of a handshake, for one parser alone.
 */
#ifndef TLSUP_FUZZ_PART_H
#define TLSUP_FUZZ_PART_H

#include "tls/hs_int.h"

/** struct part - an engine, and what its parser has said */
struct part {
	struct hs_config config;
	struct hs *hs;
	int fails;
	int asks;
};

void part_init(struct part *part, enum msg msg, uint8_t setup);
void part_wipe(struct part *part);

#endif /* TLSUP_FUZZ_PART_H */
