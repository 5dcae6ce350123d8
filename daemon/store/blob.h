/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Copyright (C) 2026 The tlsup authors
 *
 * A session as bytes: in the store, in a ticket, in the cookie that the kernel
 * keeps for a client. Whoever reads one has authenticated it before, or it has
 * never left the process.
 */
#ifndef TLSUP_BLOB_H
#define TLSUP_BLOB_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "store/store.h"
#include "tls/hs.h"

#define BLOB_DIGEST_SIZE	32
/* Beside the chain; the name is a ticket at most. */
#define BLOB_MAX		STORE_DATA_MAX

/**
 * struct blob - a session, and what its owner has to remember
 * @session: what the engine resumes; borrowed
 * @chain: behind it, once it was read
 * @created: milliseconds of Unix time
 * @authenticated: seconds of Unix time: of the full handshake
 * @verified: when the peer's chain was last verified
 * @expires: and not after
 * @age_add: ticket_age_add
 * @with_key: @key counts: the session is to be found by it, or may be used with
 *	its identity and name only
 * @key: as in the store
 * @digest: of a chain that is kept elsewhere; all zero: none is
 */
struct blob {
	struct hs_session session;
	struct hs_bytes chain[HS_CHAIN_MAX];
	uint64_t created;
	uint64_t authenticated;
	uint64_t verified;
	uint64_t expires;
	uint32_t age_add;
	bool with_key;
	struct store_key key;
	uint8_t digest[BLOB_DIGEST_SIZE];
};

size_t blob_write(const struct blob *blob, uint8_t *out, size_t size);
bool blob_read(struct blob *blob, const uint8_t *data, size_t len);
void blob_digest(const uint8_t *chain, size_t len, uint8_t digest[BLOB_DIGEST_SIZE]);
bool blob_chain(struct blob *blob, const uint8_t *chain, size_t len);

#endif /* TLSUP_BLOB_H */
