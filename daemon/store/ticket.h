/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Copyright (C) 2026 The tlsup authors
 *
 * Keys that seal what the daemon hands out and gets back: tickets that are
 * self-contained, and the cookies that the kernel keeps.
 */
#ifndef TLSUP_TICKET_H
#define TLSUP_TICKET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "crypto/cr_aead.h"

#define TICKET_KEY_SIZE		CR_AEAD_KEY_SIZE
#define TICKET_NAME_SIZE	8
#define TICKET_OVERHEAD		(1 + TICKET_NAME_SIZE + CR_AEAD_OVERHEAD)
#define TICKET_PERIOD_DEFAULT	(12 * 60 * 60)

/**
 * struct ticket_options - how keys come and go
 * @period: seconds in which a key seals
 * @lifetime: seconds for which it then opens what it has sealed
 * @now: Unix time in seconds; NULL: the clock. For tests
 */
struct ticket_options {
	uint64_t period;
	uint64_t lifetime;
	uint64_t (*now)(void);
};

/**
 * struct ticket_key - a key, on its way from one daemon to the next
 * @epoch: in which it seals
 * @shared: the fleet has it
 * @bytes: the key
 */
struct ticket_key {
	uint64_t epoch;
	bool shared;
	uint8_t bytes[TICKET_KEY_SIZE];
};

struct tickets;

struct tickets *ticket_create(const struct ticket_options *options);
void ticket_destroy(struct tickets *tickets);
size_t ticket_seal(struct tickets *tickets, const char *purpose, const uint8_t *plain,
		   size_t len, uint8_t *box);
bool ticket_open(struct tickets *tickets, const char *purpose, const uint8_t *box,
		 size_t len, uint8_t *plain);
uint64_t ticket_epoch(const struct tickets *tickets);
bool ticket_has(struct tickets *tickets, uint64_t epoch);
void ticket_add(struct tickets *tickets, uint64_t epoch, const uint8_t *key);
bool ticket_each(struct tickets *tickets,
		 bool (*each)(void *owner, const struct ticket_key *key), void *owner);
void ticket_restore(struct tickets *tickets, const struct ticket_key *key);
uint64_t ticket_keeps(const struct tickets *tickets);
uint64_t ticket_wipe(struct tickets *tickets);
unsigned int ticket_past(const struct tickets *tickets);

#endif /* TLSUP_TICKET_H */
