/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Copyright (C) 2026 The tlsup authors
 *
 * What a client's owner does with a ticket of TLS 1.3 that comes after the
 * handshake.
 */
#ifndef TLSUP_HS_TICKET_H
#define TLSUP_HS_TICKET_H

#include "lib/secret.h"
#include "tls/hs.h"

/**
 * struct hs_new_ticket - what a NewSessionTicket says; borrowed from it
 * @lifetime: seconds, 1 to 604800
 * @age_add: to be added to the age in milliseconds
 * @nonce: tells tickets of a connection apart
 * @name: the ticket: the PSK identity
 */
struct hs_new_ticket {
	uint32_t lifetime;
	uint32_t age_add;
	struct hs_bytes nonce;
	struct hs_bytes name;
};

bool hs_ticket_parse(const uint8_t *message, size_t len, struct hs_new_ticket *ticket);
bool hs_ticket_psk(uint16_t suite, struct hs_bytes resumption, struct hs_bytes nonce,
		struct secret *psk);

#endif /* TLSUP_HS_TICKET_H */
