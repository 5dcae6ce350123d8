/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Copyright (C) 2026 The tlsup authors
 *
 * The ticket keys of a fleet.
 */
#ifndef TLSUP_FLEET_H
#define TLSUP_FLEET_H

#include <stdint.h>

#include "store/store.h"
#include "store/ticket.h"

void fleet_run(struct store_port *port, struct tickets *tickets, uint64_t *next,
	       uint64_t now);

#endif /* TLSUP_FLEET_H */
