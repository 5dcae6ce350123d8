// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) 2026 The tlsup authors
 *
 * The formats of sessions: the first byte says which. What is sealed is tried as
 * it comes, which nothing may open, and with its content sealed by us, which gets
 * past the seal and to what parses behind it.
 */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "store/blob.h"
#include "store/store_redis.h"
#include "store/ticket.h"
#include "tls/hs_ticket.h"

enum format { BLOB, CHAIN, TICKET, VALUE, MESSAGE, FORMATS };

static uint8_t box[STORE_DATA_MAX + 256], plain[sizeof(box)], again[sizeof(box)];

/* What is read is written the same again, or is not written at all. */
static void try_blob(const uint8_t *data, size_t size)
{
	struct blob blob;
	size_t len;

	if (!blob_read(&blob, data, size))
		return;
	len = blob_write(&blob, again, sizeof(again));
	assert(!len || (len == size && !memcmp(again, data, len)));
}

static void try_chain(const uint8_t *data, size_t size)
{
	struct blob blob = { 0 };

	blob_digest(data, size, blob.digest);
	if (blob_chain(&blob, data, size))
		assert(blob.session.chain_len <= HS_CHAIN_MAX);
	blob.digest[0] ^= 1;
	assert(!blob_chain(&blob, data, size));
}

static void try_ticket(const uint8_t *data, size_t size)
{
	static struct tickets *tickets;
	const struct ticket_options options = { .lifetime = 1000 };
	size_t len;

	if (!tickets)
		tickets = ticket_create(&options);
	assert(!ticket_open(tickets, "ticket", data, size, plain));
	len = ticket_seal(tickets, "ticket", data, size, box);
	assert(ticket_open(tickets, "ticket", box, len, plain));
	assert(!memcmp(plain, data, size));
	try_blob(plain, size);
	assert(!ticket_open(tickets, "cookie", box, len, plain));
	box[size % len] ^= 1;
	assert(!ticket_open(tickets, "ticket", box, len, plain));
}

static void try_value(const uint8_t *data, size_t size)
{
	static struct redis_seal seal;
	static const uint8_t key[REDIS_KEY_SIZE] = "key";
	uint64_t expires;
	size_t plain_len, len;
	bool single_use;

	redis_seal_init(&seal, key);
	assert(!redis_open_value(&seal, "name", data, size, &single_use, &expires, plain,
				 &plain_len));
	len = redis_seal_value(&seal, "name", size & 1, size, data, size, box);
	assert(redis_open_value(&seal, "name", box, len, &single_use, &expires, plain,
				&plain_len));
	assert(plain_len == size && expires == size && single_use == (size & 1));
	assert(!redis_open_value(&seal, "eman", box, len, &single_use, &expires, plain,
				 &plain_len));
	box[size % len] ^= 1;
	assert(!redis_open_value(&seal, "name", box, len, &single_use, &expires, plain,
				 &plain_len));
}

static void try_message(const uint8_t *data, size_t size)
{
	struct hs_new_ticket ticket;

	if (hs_ticket_parse(data, size, &ticket))
		assert(ticket.name.len && ticket.lifetime);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint8_t *copy;

	if (size < 1 || size > STORE_DATA_MAX)
		return 0;
	/* A copy, so that a read past its end is seen. */
	copy = malloc(size);
	memcpy(copy, data + 1, size - 1);
	switch (data[0] % FORMATS) {
	case BLOB:
		try_blob(copy, size - 1);
		break;
	case CHAIN:
		try_chain(copy, size - 1);
		break;
	case TICKET:
		try_ticket(copy, size - 1);
		break;
	case VALUE:
		try_value(copy, size - 1);
		break;
	case MESSAGE:
		try_message(copy, size - 1);
		break;
	}
	free(copy);
	return 0;
}
