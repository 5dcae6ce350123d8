// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) 2026 The tlsup authors
 *
 * The keys of TLS 1.2 (RFC 5246, 6.3 and 8.1; RFC 7627, 4):
 *
 *	premaster -> PRF -> master secret
 *	master secret -> PRF -> MAC keys, write keys, fixed nonces: one block
 *	master secret -> PRF -> verify_data of both Finished
 *
 * Nothing here branches on a secret, for the premaster of the RSA key exchange
 * may be a made-up one and nobody may learn that (RFC 5246, 7.4.7.1).
 */
#include <string.h>

#include "tls/hs_int.h"

#define LABEL_MAX	32
#define SEED_MAX	(2 * RANDOM_SIZE)

_Static_assert(CR_HASH_MAX <= SEED_MAX, "a transcript hash is a seed, too");

/* PRF(@secret, @label, @a + @b) */
static void prf(const struct cr_hmac *secret, const char *label, struct hs_bytes a,
		struct hs_bytes b, uint8_t *out, size_t len)
{
	uint8_t seed[LABEL_MAX + SEED_MAX];
	struct wr wr;

	wr_init(&wr, seed, sizeof(seed));
	wr_bytes(&wr, label, strlen(label));
	wr_bytes(&wr, a.data, a.len);
	wr_bytes(&wr, b.data, b.len);
	cr_hmac_prf(secret, seed, wr.len, out, len);
}

/* All else is made with it. */
static void make_ready(struct ks12 *ks)
{
	cr_hmac_init(&ks->hmac, ks->suite->hash, ks->master.data, MASTER_SIZE);
}

static void make_master(struct ks12 *ks, struct hs_bytes premaster, const char *label,
			struct hs_bytes a, struct hs_bytes b)
{
	struct cr_hmac hmac;

	cr_hmac_init(&hmac, ks->suite->hash, premaster.data, premaster.len);
	ks->master.len = MASTER_SIZE;
	prf(&hmac, label, a, b, ks->master.data, MASTER_SIZE);
	cr_hmac_wipe(&hmac);
	make_ready(ks);
}

static struct hs_bytes random_bytes(const uint8_t *random)
{
	return (struct hs_bytes){ random, RANDOM_SIZE };
}

/**
 * ks12_master - the master secret, of the randoms
 * @ks: the schedule; its suite is set
 * @premaster: the premaster secret
 * @client_random: of the ClientHello
 * @server_random: of the ServerHello
 */
void ks12_master(struct ks12 *ks, struct hs_bytes premaster,
		 const uint8_t *client_random, const uint8_t *server_random)
{
	make_master(ks, premaster, "master secret", random_bytes(client_random),
		    random_bytes(server_random));
}

/**
 * ks12_extended_master - the master secret, of the transcript (RFC 7627, 4)
 * @ks: the schedule; its suite is set
 * @premaster: the premaster secret
 * @session_hash: hash of ClientHello to ClientKeyExchange
 */
void ks12_extended_master(struct ks12 *ks, struct hs_bytes premaster,
			  const uint8_t *session_hash)
{
	const struct hs_bytes hash = { session_hash, ks->suite->hash->size };
	const struct hs_bytes none = { 0 };

	make_master(ks, premaster, "extended master secret", hash, none);
}

/**
 * ks12_resume - the master secret of a session
 * @ks: the schedule; its suite is set
 * @master: MASTER_SIZE bytes
 */
void ks12_resume(struct ks12 *ks, const uint8_t *master)
{
	ks->master.len = MASTER_SIZE;
	memcpy(ks->master.data, master, MASTER_SIZE);
	make_ready(ks);
}

/**
 * ks12_expand - the block of keys
 * @ks: the schedule, with its master secret
 * @client_random: of the ClientHello
 * @server_random: of the ServerHello
 */
void ks12_expand(struct ks12 *ks, const uint8_t *client_random,
		 const uint8_t *server_random)
{
	const struct suite *suite = ks->suite;
	size_t half = (size_t)suite->mac_size + suite->key_size + suite->iv_size;

	prf(&ks->hmac, "key expansion", random_bytes(server_random),
	    random_bytes(client_random), ks->block, 2 * half);
}

/**
 * ks12_keys - one side's part of the block
 * @ks: the schedule, expanded
 * @writer: who protects records by them
 * @keys: its key, iv and mac are set, borrowed from @ks
 */
void ks12_keys(const struct ks12 *ks, enum hs_role writer, struct hs_keys *keys)
{
	const struct suite *suite = ks->suite;
	size_t which = writer == HS_SERVER;
	const uint8_t *mac = ks->block;
	const uint8_t *key = mac + 2 * suite->mac_size;
	const uint8_t *iv = key + 2 * suite->key_size;

	keys->mac = (struct hs_bytes){ mac + which * suite->mac_size, suite->mac_size };
	keys->key = (struct hs_bytes){ key + which * suite->key_size, suite->key_size };
	keys->iv = (struct hs_bytes){ iv + which * suite->iv_size, suite->iv_size };
}

/**
 * ks12_finished - verify_data of a Finished message (RFC 5246, 7.4.9)
 * @ks: the schedule, with its master secret
 * @sender: of the message
 * @transcript: hash of all before the message
 * @out: VERIFY_DATA_SIZE bytes
 */
void ks12_finished(const struct ks12 *ks, enum hs_role sender,
		   const uint8_t *transcript, uint8_t *out)
{
	const struct hs_bytes hash = { transcript, ks->suite->hash->size };
	const struct hs_bytes none = { 0 };

	prf(&ks->hmac, sender == HS_SERVER ? "server finished" : "client finished",
	    hash, none, out, VERIFY_DATA_SIZE);
}
