// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) 2026 The tlsup authors
 *
 * The ticket keys of a fleet. There is no leader: whoever finds that the key of
 * an epoch is missing makes one up, and the store sees to it that one wins.
 */
#include "store/fleet.h"

#include "crypto/cr_rand.h"
#include "lib/secret.h"

#define BUSY_S	1	/* while a key is missing */
#define IDLE_S	30

static void on_key(void *owner, uint64_t epoch, const uint8_t *key, size_t len)
{
	if (len == TICKET_KEY_SIZE)
		ticket_add(owner, epoch, key);
}

static void agree(struct store_port *port, struct tickets *tickets, uint64_t epoch,
		  bool make)
{
	uint8_t key[TICKET_KEY_SIZE];
	const struct store_share share = {
		.number = epoch,
		.data = key,
		.len = make ? sizeof(key) : 0,
		.lifetime = ticket_keeps(tickets),
		.done = on_key,
		.owner = tickets,
	};

	cr_random(key, sizeof(key));
	store_share(port, &share);
	secret_wipe_bytes(key, sizeof(key));
}

/**
 * fleet_run - see to it that all keys are there
 * @port: the worker's way into the store
 * @tickets: the keys
 * @next: when to look again, seconds of the same clock; changed
 * @now: seconds of a clock that never goes back
 */
void fleet_run(struct store_port *port, struct tickets *tickets, uint64_t *next,
	       uint64_t now)
{
	uint64_t epoch = ticket_epoch(tickets);
	bool missing = false;

	if (!store_shares(port) || now < *next)
		return;
	for (uint64_t e = epoch - ticket_past(tickets); e <= epoch + 1; e++) {
		if (ticket_has(tickets, e))
			continue;
		missing |= e >= epoch;
		agree(port, tickets, e, e >= epoch);
	}
	*next = now + (missing ? BUSY_S : IDLE_S);
}
