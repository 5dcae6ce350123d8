// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) 2026 The tlsup authors
 *
 * The key schedule (RFC 9846, 7.1):
 *
 *	0 -> HKDF-Extract(PSK or 0) = Early Secret
 *	Derive-Secret("derived") -> HKDF-Extract((EC)DHE or 0) = Handshake Secret
 *	Derive-Secret("derived") -> HKDF-Extract(0) = Main Secret
 */
#include <string.h>

#include "tls/hs_int.h"

#define LABEL_MAX	255
#define CONTEXT_MAX	255	/* a ticket_nonce may be that long */

static const uint8_t zeros[CR_HASH_MAX];

static void expand_label(const struct cr_hmac *secret, const char *label,
			 const uint8_t *context, size_t context_len, uint8_t *out,
			 size_t len)
{
	static const char prefix[] = "tls13 ";
	uint8_t info[2 + 1 + LABEL_MAX + 1 + CONTEXT_MAX];
	struct wr wr;
	size_t mark;

	wr_init(&wr, info, sizeof(info));
	wr_u16(&wr, (uint16_t)len);
	mark = wr_open(&wr, 1);
	wr_bytes(&wr, prefix, strlen(prefix));
	wr_bytes(&wr, label, strlen(label));
	wr_close(&wr, mark);
	mark = wr_open(&wr, 1);
	wr_bytes(&wr, context, context_len);
	wr_close(&wr, mark);
	cr_hmac_expand(secret, info, wr.len, out, len);
}

/**
 * ks_expand_label - HKDF-Expand-Label
 * @hash: the hash
 * @secret: as long as the hash
 * @label: without its "tls13 " prefix
 * @context: hash value or empty
 * @context_len: its length
 * @out: where
 * @len: how many bytes
 */
void ks_expand_label(const struct cr_hash *hash, const uint8_t *secret,
		     const char *label, const uint8_t *context, size_t context_len,
		     uint8_t *out, size_t len)
{
	struct cr_hmac hmac;

	cr_hmac_init(&hmac, hash, secret, hash->size);
	expand_label(&hmac, label, context, context_len, out, len);
	cr_hmac_wipe(&hmac);
}

static void derive(const struct ks *ks, const char *label,
		   const uint8_t *transcript, struct secret *out)
{
	out->len = ks->hash->size;
	expand_label(&ks->hmac, label, transcript, ks->hash->size, out->data, out->len);
}

/* From @salt and @ikm the next of the three secrets, ready to derive from. */
static void extract(struct ks *ks, const uint8_t *salt, const uint8_t *ikm, size_t len)
{
	cr_hkdf_extract(ks->hash, salt, ks->hash->size, ikm, len, ks->current.data);
	cr_hmac_init(&ks->hmac, ks->hash, ks->current.data, ks->hash->size);
}

static void hash_nothing(const struct cr_hash *hash, uint8_t *out)
{
	struct cr_digest empty;

	cr_digest_init(&empty, hash);
	cr_digest_peek(&empty, out);
}

/* @ikm is what comes in from the right. */
static void step(struct ks *ks, const uint8_t *ikm, size_t len)
{
	uint8_t hash[CR_HASH_MAX];
	struct secret derived;

	hash_nothing(ks->hash, hash);
	derive(ks, "derived", hash, &derived);
	extract(ks, derived.data, ikm, len);
	secret_wipe(&derived);
}

/**
 * ks_early - begin
 * @ks: the schedule
 * @hash: of the suite
 * @psk: the PSK; empty: none
 */
void ks_early(struct ks *ks, const struct cr_hash *hash, struct hs_bytes psk)
{
	if (!psk.len)
		psk = (struct hs_bytes){ zeros, hash->size };
	ks->hash = hash;
	ks->current.len = hash->size;
	extract(ks, zeros, psk.data, psk.len);
}

static void finished(const struct cr_hash *hash, const uint8_t *base,
		     const uint8_t *transcript, uint8_t *out)
{
	uint8_t key[CR_HASH_MAX];

	ks_expand_label(hash, base, "finished", NULL, 0, key, hash->size);
	cr_hmac(hash, key, hash->size, transcript, hash->size, out);
	secret_wipe_bytes(key, sizeof(key));
}

/**
 * ks_binder - a binder of a PSK (RFC 9846, 4.2.11.2)
 * @ks: begun with the PSK
 * @external: it was agreed on; else it is of a session
 * @transcript: hash up to the binders of the ClientHello
 * @out: as long as the hash
 */
void ks_binder(const struct ks *ks, bool external, const uint8_t *transcript,
	       uint8_t *out)
{
	uint8_t hash[CR_HASH_MAX];
	struct secret key;

	hash_nothing(ks->hash, hash);
	derive(ks, external ? "ext binder" : "res binder", hash, &key);
	finished(ks->hash, key.data, transcript, out);
	secret_wipe(&key);
}

/**
 * ks_ticket - the PSK of a ticket (RFC 9846, 4.6.1)
 * @hash: of the suite
 * @resumption: the resumption secret
 * @nonce: of the ticket
 * @psk: as long as the hash
 */
void ks_ticket(const struct cr_hash *hash, const uint8_t *resumption,
	       struct hs_bytes nonce, uint8_t *psk)
{
	ks_expand_label(hash, resumption, "resumption", nonce.data, nonce.len, psk,
			hash->size);
}

/**
 * ks_handshake - the handshake traffic secrets
 * @ks: the schedule, begun
 * @shared: the shared secret of the key exchange
 * @len: its length
 * @transcript: hash of ClientHello to ServerHello
 */
void ks_handshake(struct ks *ks, const uint8_t *shared, size_t len,
		  const uint8_t *transcript)
{
	step(ks, shared, len);
	derive(ks, "c hs traffic", transcript, &ks->client_handshake);
	derive(ks, "s hs traffic", transcript, &ks->server_handshake);
}

/**
 * ks_application - the application traffic secrets and the exporter's
 * @ks: the schedule, with its handshake secrets
 * @transcript: hash of ClientHello to server Finished
 */
void ks_application(struct ks *ks, const uint8_t *transcript)
{
	step(ks, zeros, ks->hash->size);
	derive(ks, "c ap traffic", transcript, &ks->client_application);
	derive(ks, "s ap traffic", transcript, &ks->server_application);
	derive(ks, "exp master", transcript, &ks->exporter);
}

/**
 * ks_resumption - the resumption secret, the last of all
 * @ks: the schedule, with its application secrets
 * @transcript: hash of ClientHello to client Finished
 */
void ks_resumption(struct ks *ks, const uint8_t *transcript)
{
	derive(ks, "res master", transcript, &ks->resumption);
	secret_wipe(&ks->current);
	cr_hmac_wipe(&ks->hmac);
}

/**
 * ks_finished - verify_data of a Finished message (RFC 9846, 4.4.4)
 * @ks: the schedule
 * @base: the sender's handshake traffic secret
 * @transcript: hash of all before the message
 * @out: as long as the hash
 */
void ks_finished(const struct ks *ks, const struct secret *base,
		 const uint8_t *transcript, uint8_t *out)
{
	finished(ks->hash, base->data, transcript, out);
}
