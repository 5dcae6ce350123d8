// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) 2026 The tlsup authors
 *
 * client_key_exchange (RFC 5246, 7.4.7; RFC 8422, 5.7), and the master secret
 * that both sides have after it.
 */
#include <string.h>

#include "crypto/cr_rand.h"
#include "tls/hs_int.h"

/**
 * msg_client_key_exchange_ask - have a premaster secret encrypted
 * @hs: a client
 *
 * With the RSA key exchange only (RFC 5246, 7.4.7.1): random, but for the
 * version that the ClientHello has offered.
 *
 * Return: true.
 */
bool msg_client_key_exchange_ask(struct hs *hs)
{
	const struct hs_question question = {
		.ask = HS_ASK_ENCRYPT,
		.version = TLS12,
		.content = { hs->premaster, PREMASTER_SIZE },
		.chain = hs->chain,
		.chain_len = hs->chain_len,
	};

	if (hs->suite->kx != KX_RSA)
		return true;
	cr_random(hs->premaster, PREMASTER_SIZE);
	hs->premaster[0] = TLS12 >> 8;
	hs->premaster[1] = TLS12 & 0xff;
	return hs_ask_owner(hs, &question);
}

/**
 * msg_client_key_exchange_build - write our share, or the encrypted premaster
 * @hs: a client
 * @wr: the writer
 *
 * Return: true.
 */
bool msg_client_key_exchange_build(struct hs *hs, struct wr *wr)
{
	size_t mark;

	if (hs->suite->kx == KX_RSA) {
		mark = wr_open(wr, 2);
		wr_bytes(wr, hs->content, hs->content_len);
	} else {
		hs->kex->generate(hs->kex, hs->private_key, hs->public_key);
		mark = wr_open(wr, hs->suite->kx == KX_DHE ? 2 : 1);
		wr_bytes(wr, hs->public_key, hs->kex->public_size);
	}
	wr_close(wr, mark);
	return true;
}

/* The random bytes first: they are the premaster secret if the other is bad. */
static bool ask_decrypt(struct hs *hs, struct rd ciphertext)
{
	const struct hs_question question = {
		.ask = HS_ASK_DECRYPT,
		.version = TLS12,
		.credential = hs->credential,
		.content = { ciphertext.data, ciphertext.len },
	};

	cr_random(hs->premaster, PREMASTER_SIZE);
	return hs_ask_owner(hs, &question);
}

/**
 * msg_client_key_exchange_parse - read the client's share, or have it decrypted
 * @hs: a server
 * @body: the message
 *
 * Return: false after a failure.
 */
bool msg_client_key_exchange_parse(struct hs *hs, struct rd *body)
{
	enum suite_kx kx = hs->suite->kx;
	struct rd share = kx == KX_ECDHE ? rd_vec8(body) : rd_vec16(body);

	if (!rd_end(body) || !share.len)
		return hs_fail(hs, HS_ALERT_DECODE_ERROR,
			       "client_key_exchange: malformed");
	if (kx == KX_RSA)
		return ask_decrypt(hs, share);
	if (kx == KX_DHE)
		rd_skip_zeros(&share);
	if (kx == KX_DHE ? !share.len || share.len > hs->kex->public_size :
			   share.len != hs->kex->public_size)
		return hs_fail(hs, HS_ALERT_ILLEGAL_PARAMETER,
			       "client_key_exchange: length of the share");

	hs_keep_share(hs, share);
	return true;
}

/**
 * hs_keep_share - take over the peer's share, with leading zeros
 * @hs: the engine; its group is set
 * @share: at most as long as the group's
 */
void hs_keep_share(struct hs *hs, struct rd share)
{
	size_t zeros = hs->kex->public_size - share.len;

	memset(hs->peer_share, 0, zeros);
	memcpy(hs->peer_share + zeros, share.data, share.len);
}

/**
 * msg_client_key_exchange_decrypted - take the premaster secret, if it is good
 * @hs: a server
 * @premaster: PREMASTER_SIZE bytes, good or made up
 *
 * Its version is checked without telling (RFC 5246, 7.4.7.1): what is wrong is
 * replaced by what ask_decrypt() has made up, and the Finished will not match.
 */
void msg_client_key_exchange_decrypted(struct hs *hs, const uint8_t *premaster)
{
	unsigned int wrong = (premaster[0] ^ (hs->client_version >> 8)) |
			     (premaster[1] ^ (hs->client_version & 0xff));
	/* 0xff if both bytes are right, else 0. */
	uint8_t good = (uint8_t)((wrong - 1) >> 8);

	for (size_t i = 0; i < PREMASTER_SIZE; i++)
		hs->premaster[i] = (uint8_t)((premaster[i] & good) |
					     (hs->premaster[i] & ~good));
}

static void derive_master(struct hs *hs, struct hs_bytes premaster)
{
	uint8_t hash[CR_HASH_MAX];

	if (hs->ems) {
		trans_hash(hs, hash);
		ks12_extended_master(&hs->ks12, premaster, hash);
	} else {
		ks12_master(&hs->ks12, premaster, hs->client_random,
			    hs->server_random);
	}
	ks12_expand(&hs->ks12, hs->client_random, hs->server_random);
	if (hs->ops->keylog)
		hs->ops->keylog(hs->owner, "CLIENT_RANDOM", hs->client_random,
				hs->ks12.master.data, hs->ks12.master.len);
}

/*
 * Of a finite field without leading zeros (RFC 5246, 8.1.2): their number shows in
 * the time that the PRF takes, which helps nobody while each key serves once.
 */
static struct hs_bytes premaster_of(const struct hs *hs, const uint8_t *shared)
{
	struct hs_bytes premaster = { shared, hs->kex->shared_size };

	while (hs->kex->field && premaster.len && !*premaster.data) {
		premaster.data++;
		premaster.len--;
	}
	return premaster;
}

static bool derive_shared(struct hs *hs)
{
	uint8_t shared[CR_KEX_SHARED_MAX];
	bool ok;

	ok = hs->kex->derive(hs->kex, hs->private_key, hs->peer_share, shared);
	secret_wipe_bytes(hs->private_key, sizeof(hs->private_key));
	if (ok)
		derive_master(hs, premaster_of(hs, shared));
	secret_wipe_bytes(shared, sizeof(shared));
	return ok || hs_fail(hs, HS_ALERT_ILLEGAL_PARAMETER,
			     "client_key_exchange: not a good point");
}

/**
 * msg_client_key_exchange_after - the master secret
 * @hs: the engine, either role; the message is in the transcript
 *
 * Return: false after a failure.
 */
bool msg_client_key_exchange_after(struct hs *hs)
{
	if (hs->suite->kx != KX_RSA)
		return derive_shared(hs);
	derive_master(hs, (struct hs_bytes){ hs->premaster, PREMASTER_SIZE });
	secret_wipe_bytes(hs->premaster, sizeof(hs->premaster));
	return true;
}
