// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) 2026 The tlsup authors
 *
 * finished (RFC 9846, 4.4.4; RFC 5246, 7.4.9), and the keys that change with it.
 */
#include <string.h>

#include "tls/hs_int.h"

static const struct secret *base_secret(const struct hs *hs, enum hs_role sender)
{
	return sender == HS_SERVER ? &hs->ks.server_handshake :
				     &hs->ks.client_handshake;
}

static void verify_data(const struct hs *hs, enum hs_role sender, uint8_t *out)
{
	uint8_t hash[CR_HASH_MAX];

	trans_hash(hs, hash);
	ks_finished(&hs->ks, base_secret(hs, sender), hash, out);
}

/**
 * msg_finished_build - write our Finished
 * @hs: the engine
 * @wr: the writer
 *
 * Return: true.
 */
bool msg_finished_build(struct hs *hs, struct wr *wr)
{
	uint8_t data[CR_HASH_MAX];

	verify_data(hs, hs->role, data);
	wr_bytes(wr, data, hs->suite->hash->size);
	return true;
}

/**
 * msg_finished_parse - check the peer's Finished
 * @hs: the engine
 * @body: the message
 *
 * Return: false after a failure.
 */
bool msg_finished_parse(struct hs *hs, struct rd *body)
{
	enum hs_role peer = hs->role == HS_SERVER ? HS_CLIENT : HS_SERVER;
	size_t size = hs->suite->hash->size;
	const uint8_t *theirs = rd_bytes(body, size);
	uint8_t data[CR_HASH_MAX];

	if (!rd_end(body))
		return hs_fail(hs, HS_ALERT_DECODE_ERROR, "finished: length");
	verify_data(hs, peer, data);
	if (!secret_equal(theirs, data, size))
		return hs_fail(hs, HS_ALERT_DECRYPT_ERROR, "finished: verify_data");
	return true;
}

static void log_exporter(const struct hs *hs)
{
	if (hs->ops->keylog)
		hs->ops->keylog(hs->owner, "EXPORTER_SECRET", hs->client_random,
				hs->ks.exporter.data, hs->ks.exporter.len);
}

/**
 * msg_finished_server_after - the server may send application data
 * @hs: the engine, either role
 *
 * A client goes on under its handshake keys until its own Finished is out.
 *
 * Return: true.
 */
bool msg_finished_server_after(struct hs *hs)
{
	uint8_t hash[CR_HASH_MAX];

	trans_hash(hs, hash);
	ks_application(&hs->ks, hash);
	log_exporter(hs);
	hs_install(hs, hs->role == HS_SERVER ? HS_TX : HS_RX,
		   HS_EPOCH_APPLICATION, &hs->ks.server_application);
	/*
	 * With the flight that follows, not before: a small segment of its own
	 * would hold that back until its acknowledgement (RFC 896).
	 */
	if (hs->role == HS_CLIENT)
		hs_send_ccs(hs);
	return true;
}

/**
 * msg_finished_client_after - the client may send application data
 * @hs: the engine, either role
 *
 * Return: true.
 */
bool msg_finished_client_after(struct hs *hs)
{
	uint8_t hash[CR_HASH_MAX];

	trans_hash(hs, hash);
	ks_resumption(&hs->ks, hash);
	hs_install(hs, hs->role == HS_CLIENT ? HS_TX : HS_RX,
		   HS_EPOCH_APPLICATION, &hs->ks.client_application);
	return true;
}

/**
 * msg_finished_12_build - write our Finished
 * @hs: the engine
 * @wr: the writer
 *
 * Return: true.
 */
bool msg_finished_12_build(struct hs *hs, struct wr *wr)
{
	uint8_t hash[CR_HASH_MAX], data[VERIFY_DATA_SIZE];

	trans_hash(hs, hash);
	ks12_finished(&hs->ks12, hs->role, hash, data);
	wr_bytes(wr, data, sizeof(data));
	return true;
}

/**
 * msg_finished_12_parse - check the peer's Finished
 * @hs: the engine
 * @body: the message
 *
 * Return: false after a failure.
 */
bool msg_finished_12_parse(struct hs *hs, struct rd *body)
{
	enum hs_role peer = hs->role == HS_SERVER ? HS_CLIENT : HS_SERVER;
	const uint8_t *theirs = rd_bytes(body, VERIFY_DATA_SIZE);
	uint8_t hash[CR_HASH_MAX], data[VERIFY_DATA_SIZE];

	if (!rd_end(body))
		return hs_fail(hs, HS_ALERT_DECODE_ERROR, "finished: length");
	trans_hash(hs, hash);
	ks12_finished(&hs->ks12, peer, hash, data);
	if (!secret_equal(theirs, data, sizeof(data)))
		return hs_fail(hs, HS_ALERT_DECRYPT_ERROR, "finished: verify_data");
	return true;
}
