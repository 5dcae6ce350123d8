/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Copyright (C) 2026 The tlsup authors
 *
 * An engine alone against whatever bytes come. An input is:
 *
 *	setup(2)	which configuration, and how questions are answered
 *	records		flags(1) length(2) content(length)
 *
 * Nothing is random here, so that an input does the same each time.
 */
#ifndef TLSUP_FUZZ_H
#define TLSUP_FUZZ_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "tls/hs.h"

/* Setup. */
#define FUZZ_RETRY		0x01	/* the server wants the client's second group */
#define FUZZ_SUITE_MASK		0x06	/* one of the suites, or all */
#define FUZZ_SUITE_SHIFT	1
#define FUZZ_PLAIN		0x08	/* neither server_name nor ALPN */
#define FUZZ_LATER		0x10	/* questions are answered after the call */
#define FUZZ_REFUSE		0x20	/* the answer is no */
#define FUZZ_TLS12		0x40	/* TLS 1.2 only; else both */
#define FUZZ_CLIENT_AUTH	0x80	/* both sides have a certificate; all that is optional */
#define FUZZ_SESSIONS		0x0100	/* sessions are asked for and made */
#define FUZZ_OFFER		0x0200	/* the client has one, the server knows it */
#define FUZZ_TICKET		0x0400	/* TLS 1.2: its name is a ticket */
#define FUZZ_EXTERNAL		0x0800	/* TLS 1.3: it is an external PSK */
#define FUZZ_PSK_KE		0x1000	/* TLS 1.3: without key exchange, too */
#define FUZZ_SETUP_END		0x2000

/* Flags of a record. */
#define FUZZ_EPOCH_MASK		0x03
#define FUZZ_OTHER_TYPE		0x04	/* not a handshake record */
#define FUZZ_FIX_LENGTH		0x08	/* one message: its header says its length */

void fuzz_configure(enum hs_role role, uint16_t setup, struct hs_config *config);
void fuzz_session(uint16_t setup, struct hs_session *session);
bool fuzz_engine(enum hs_role role, const uint8_t *data, size_t size);

#endif /* TLSUP_FUZZ_H */
