/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Copyright (C) 2026 The tlsup authors
 *
 * The MAC suites of TLS 1.2 in user space and on nettle, for a peer that may lie
 * about padding and MAC.
 */
#ifndef SELFTESTS_KERNEL_MAC_H
#define SELFTESTS_KERNEL_MAC_H

#include <stdbool.h>

#include "record.h"

#define CBC_BLOCK	16

/* Beside TLSUP_CIPHER_*: encrypt, then MAC. */
#define CIPHER_ETM	0x8000

/**
 * struct lie - what is wrong with a record
 * @padding: value of the padding's length byte; -1: as short as it can be
 * @pad_at: which byte of the padding is wrong, counted from its end, 1 being
 *	the length byte; 0: none
 * @mac_at: which byte of the MAC is wrong, counted from 1; 0: none
 */
struct lie {
	int padding;
	size_t pad_at;
	size_t mac_at;
};

bool cipher_is_mac(uint16_t cipher);
size_t cipher_mac_len(uint16_t cipher);

/*
 * A record that is wrong so. The padding must fill the block: abort()s if it
 * does not.
 */
size_t mac_seal(struct keys *keys, uint8_t *out, uint8_t type, const void *data,
		size_t len, const struct lie *lie);

/*
 * The same record, sealed last and with nothing in it, once more: its length
 * byte claims so much padding, and if there is a MAC outside it vouches for it.
 */
size_t mac_claim(struct keys *keys, uint8_t *record, size_t len, uint8_t claim);

/* As record_open(); padding that could have been shorter is refused, too. */
ssize_t mac_open(struct keys *keys, uint8_t *bytes, size_t len, uint8_t *type);

#endif /* SELFTESTS_KERNEL_MAC_H */
