// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) 2026 The tlsup authors
 *
 * When the kernel changes keys: on the application's request, on the peer's
 * and, before a key has been used too often, by itself.
 */
#define _GNU_SOURCE
#include <poll.h>
#include <sys/socket.h>

#include "kselftest_harness.h"
#include "mac.h"
#include "net.h"

#define REKEY_AFTER	"/sys/module/tlsup/parameters/rekey_after"
#define UPDATES_MAX	32

static const uint8_t update[] = { 24, 0, 0, 1, 0 };
static const uint8_t update_requested[] = { 24, 0, 0, 1, 1 };

/* Both versions have these. */
struct ends {
	struct agent agent;
	int ours;
	struct peer peer;
	uint8_t bytes[RECORD_MAX];
};

FIXTURE(rekey) {
	struct ends ends;
};

FIXTURE(tls12) {
	struct ends ends;
};

FIXTURE_VARIANT(rekey) {
	int role;
	uint16_t cipher;
};

FIXTURE_VARIANT(tls12) {
	int role;
	uint16_t cipher;
};

FIXTURE_VARIANT_ADD(rekey, client_aes_gcm_128) {
	.role = TLSUP_CLIENT,
	.cipher = TLSUP_CIPHER_AES_GCM_128,
};

FIXTURE_VARIANT_ADD(rekey, server_aes_gcm_256) {
	.role = TLSUP_SERVER,
	.cipher = TLSUP_CIPHER_AES_GCM_256,
};

FIXTURE_VARIANT_ADD(rekey, server_chacha20_poly1305) {
	.role = TLSUP_SERVER,
	.cipher = TLSUP_CIPHER_CHACHA20_POLY1305,
};

FIXTURE_VARIANT_ADD(tls12, client_aes_gcm_128) {
	.role = TLSUP_CLIENT,
	.cipher = TLSUP_CIPHER_AES_GCM_128,
};

FIXTURE_VARIANT_ADD(tls12, server_chacha20_poly1305) {
	.role = TLSUP_SERVER,
	.cipher = TLSUP_CIPHER_CHACHA20_POLY1305,
};

FIXTURE_VARIANT_ADD(tls12, client_aes_cbc_256_sha384) {
	.role = TLSUP_CLIENT,
	.cipher = TLSUP_CIPHER_AES_CBC_256_SHA384,
};

FIXTURE_VARIANT_ADD(tls12, server_aes_cbc_128_sha1_etm) {
	.role = TLSUP_SERVER,
	.cipher = TLSUP_CIPHER_AES_CBC_128_SHA1 | CIPHER_ETM,
};

static int rekey_after(unsigned int records)
{
	FILE *file = fopen(REKEY_AFTER, "w");

	if (!file)
		return -errno;
	fprintf(file, "%u", records);
	return fclose(file) ? -errno : 0;
}

static int open_ends(struct ends *ends, int role, uint16_t cipher,
		     uint16_t version)
{
	struct done done = { .version = version };
	int err = net_new();

	if (!err)
		err = agent_open(&ends->agent);
	if (!err)
		err = agent_register(&ends->agent, 16);
	return err ?: open_with_peer_as(&ends->agent, role, cipher, &done,
					&ends->ours, &ends->peer);
}

static bool close_ends(struct ends *ends)
{
	close(ends->ours);
	close(ends->peer.fd);
	agent_close(&ends->agent);
	return net_all_destroyed();
}

FIXTURE_SETUP(rekey)
{
	ASSERT_EQ(0, open_ends(&self->ends, variant->role, variant->cipher,
			       0x0304));
}

FIXTURE_TEARDOWN(rekey)
{
	EXPECT_EQ(0, rekey_after(0));
	EXPECT_TRUE(close_ends(&self->ends));
}

FIXTURE_SETUP(tls12)
{
	ASSERT_EQ(0, open_ends(&self->ends, variant->role, variant->cipher,
			       0x0303));
}

FIXTURE_TEARDOWN(tls12)
{
	EXPECT_EQ(0, rekey_after(0));
	EXPECT_TRUE(close_ends(&self->ends));
}

static bool expect_update(struct peer *peer, const uint8_t *wanted)
{
	uint8_t data[PLAINTEXT_MAX], type = 0;

	if (peer_recv(peer, data, &type) != sizeof(update) ||
	    type != HANDSHAKE || memcmp(data, wanted, sizeof(update)))
		return false;
	keys_update(&peer->rx);
	return true;
}

static bool send_update(struct peer *peer, const uint8_t *message)
{
	bool sent = peer_send(peer, HANDSHAKE, message, sizeof(update));

	keys_update(&peer->tx);
	return sent;
}

static bool comes_down(int ours, struct peer *peer, const char *text)
{
	size_t len = strlen(text);
	uint8_t data[64];

	return peer_send(peer, DATA, text, len) && read_all(ours, data, len) &&
	       !memcmp(data, text, len);
}

static bool goes_up(int ours, struct peer *peer, const char *text)
{
	uint8_t data[PLAINTEXT_MAX], type = 0;
	size_t len = strlen(text);

	return write_all(ours, text, len) &&
	       peer_recv(peer, data, &type) == len && type == DATA &&
	       !memcmp(data, text, len);
}

TEST_F(rekey, on_request_the_sending_key_changes_at_once)
{
	int i;

	for (i = 1; i <= 5; i++) {
		ASSERT_EQ(0, tls_set_u32(self->ends.ours, TLSUP_REKEY, 0));
		ASSERT_TRUE(expect_update(&self->ends.peer, update));
		ASSERT_TRUE(goes_up(self->ends.ours, &self->ends.peer, "new key"));
		ASSERT_TRUE(comes_down(self->ends.ours, &self->ends.peer, "old key"));
		EXPECT_EQ(i, tls_info(self->ends.ours).tx_rekeys);
		EXPECT_EQ(0, tls_info(self->ends.ours).rx_rekeys);
	}
	EXPECT_EQ(5, net_stat("tx_rekeys"));
}

TEST_F(rekey, the_peer_is_asked_once_until_its_update_has_come)
{
	ASSERT_EQ(0, tls_set_u32(self->ends.ours, TLSUP_REKEY, 1));
	ASSERT_TRUE(expect_update(&self->ends.peer, update_requested));
	/* No second request before the answer (RFC 9846, 4.6.3). */
	ASSERT_EQ(0, tls_set_u32(self->ends.ours, TLSUP_REKEY, 1));
	ASSERT_TRUE(expect_update(&self->ends.peer, update));
	ASSERT_TRUE(send_update(&self->ends.peer, update));
	ASSERT_TRUE(comes_down(self->ends.ours, &self->ends.peer, "updated"));
	EXPECT_EQ(1, tls_info(self->ends.ours).rx_rekeys);
	ASSERT_EQ(0, tls_set_u32(self->ends.ours, TLSUP_REKEY, 1));
	ASSERT_TRUE(expect_update(&self->ends.peer, update_requested));
}

TEST_F(rekey, a_request_closes_the_open_record_first)
{
	uint8_t type = 0;

	ASSERT_EQ(5, send(self->ends.ours, "first", 5, MSG_MORE));
	ASSERT_EQ(0, tls_set_u32(self->ends.ours, TLSUP_REKEY, 0));
	ASSERT_EQ(5, peer_recv(&self->ends.peer, self->ends.bytes, &type));
	EXPECT_EQ(DATA, type);
	ASSERT_TRUE(expect_update(&self->ends.peer, update));
	ASSERT_TRUE(goes_up(self->ends.ours, &self->ends.peer, "second"));
}

TEST_F(rekey, values_out_of_range_are_refused)
{
	int value = 1;

	EXPECT_EQ(-EINVAL, tls_set_u32(self->ends.ours, TLSUP_REKEY, 2));
	EXPECT_EQ(-EINVAL, tls_set_u32(self->ends.ours, TLSUP_REKEY, -1));
	EXPECT_EQ(-1, setsockopt(self->ends.ours, SOL_TLSUP, TLSUP_REKEY, &value, 1));
	EXPECT_EQ(EINVAL, errno);
	ASSERT_TRUE(goes_up(self->ends.ours, &self->ends.peer, "unharmed"));
	EXPECT_EQ(0, tls_info(self->ends.ours).tx_rekeys);
}

TEST_F(tls12, keys_are_not_changed)
{
	EXPECT_EQ(-EOPNOTSUPP, tls_set_u32(self->ends.ours, TLSUP_REKEY, 0));
	EXPECT_EQ(-EOPNOTSUPP, tls_set_u32(self->ends.ours, TLSUP_REKEY, 1));
	ASSERT_TRUE(goes_up(self->ends.ours, &self->ends.peer, "unharmed"));
	ASSERT_TRUE(comes_down(self->ends.ours, &self->ends.peer, "unharmed"));
}

TEST_F(rekey, a_sending_key_is_changed_before_its_limit)
{
	uint8_t type = 0;
	int i, sent;

	ASSERT_EQ(0, rekey_after(10));
	for (i = 1; i <= 5; i++) {
		/* Ten records of a key; below is the first of the next. */
		for (sent = 0; sent < 10 - (i > 1); sent++)
			ASSERT_TRUE(goes_up(self->ends.ours, &self->ends.peer,
					    "more"));
		ASSERT_TRUE(write_all(self->ends.ours, "then", 4));
		ASSERT_TRUE(expect_update(&self->ends.peer, update));
		ASSERT_EQ(4, peer_recv(&self->ends.peer, self->ends.bytes,
				       &type));
		EXPECT_EQ(DATA, type);
		EXPECT_EQ(i, tls_info(self->ends.ours).tx_rekeys);
	}
	EXPECT_EQ(0, net_stat("key_limits_crossed"));
}

TEST_F(rekey, the_peer_is_asked_before_the_receiving_key_s_limit)
{
	int i;

	ASSERT_EQ(0, rekey_after(10));
	for (i = 0; i < 10; i++)
		ASSERT_TRUE(comes_down(self->ends.ours, &self->ends.peer, "down"));
	ASSERT_TRUE(expect_update(&self->ends.peer, update_requested));
	ASSERT_TRUE(send_update(&self->ends.peer, update));
	ASSERT_TRUE(comes_down(self->ends.ours, &self->ends.peer, "down"));
	EXPECT_EQ(1, tls_info(self->ends.ours).rx_rekeys);
}

TEST_F(tls12, the_crossing_of_a_limit_is_counted_and_no_more)
{
	int i;

	ASSERT_EQ(0, rekey_after(10));
	for (i = 0; i < 9; i++)
		ASSERT_TRUE(goes_up(self->ends.ours, &self->ends.peer, "up"));
	EXPECT_EQ(0, net_stat("key_limits_crossed"));
	for (i = 0; i < 20; i++)
		ASSERT_TRUE(goes_up(self->ends.ours, &self->ends.peer, "up"));
	EXPECT_EQ(1, net_stat("key_limits_crossed"));
	for (i = 0; i < 20; i++)
		ASSERT_TRUE(comes_down(self->ends.ours, &self->ends.peer, "down"));
	EXPECT_EQ(2, net_stat("key_limits_crossed"));
	EXPECT_EQ(0, tls_info(self->ends.ours).tx_rekeys);
	EXPECT_EQ(0, tls_info(self->ends.ours).rx_rekeys);
}

TEST_F(rekey, a_flood_of_updates_is_ended)
{
	int i;

	for (i = 0; i < UPDATES_MAX; i++)
		ASSERT_TRUE(send_update(&self->ends.peer, update));
	ASSERT_TRUE(comes_down(self->ends.ours, &self->ends.peer, "patience"));
	for (i = 0; i <= UPDATES_MAX; i++)
		ASSERT_TRUE(send_update(&self->ends.peer, update));
	EXPECT_NE(0, poll_now(self->ends.ours, POLLIN, TIMEOUT_MS));
	EXPECT_EQ(-1, recv(self->ends.ours, self->ends.bytes, 1, 0));
	EXPECT_EQ(EPROTO, errno);
	EXPECT_EQ(UNEXPECTED_MESSAGE, peer_alert(&self->ends.peer));
}

TEST_F(rekey, updates_cross_on_the_wire)
{
	int i;

	for (i = 0; i < 20; i++) {
		ASSERT_EQ(0, tls_set_u32(self->ends.ours, TLSUP_REKEY, 1));
		ASSERT_TRUE(send_update(&self->ends.peer, update_requested));
		ASSERT_TRUE(comes_down(self->ends.ours, &self->ends.peer, "crossed"));
		ASSERT_TRUE(expect_update(&self->ends.peer, update_requested));
		/* The peer's request is owed an answer of its own. */
		ASSERT_TRUE(expect_update(&self->ends.peer, update));
		ASSERT_TRUE(goes_up(self->ends.ours, &self->ends.peer, "over"));
	}
}

TEST_F(rekey, a_request_with_a_peer_that_does_not_read_waits_for_nobody)
{
	size_t sent = 0, got = 0;
	bool updated = false;
	uint8_t type = 0;
	ssize_t n;

	memset(self->ends.bytes, 'x', PLAINTEXT_MAX);
	while ((n = send(self->ends.ours, self->ends.bytes, PLAINTEXT_MAX, 0)) > 0)
		sent += n;
	EXPECT_EQ(EAGAIN, errno);
	ASSERT_EQ(0, tls_set_u32(self->ends.ours, TLSUP_REKEY, 0));
	while (got < sent || !updated) {
		n = peer_recv(&self->ends.peer, self->ends.bytes, &type);
		ASSERT_LT(0, n);
		if (type == HANDSHAKE) {
			keys_update(&self->ends.peer.rx);
			updated = true;
		} else {
			got += n;
		}
	}
	ASSERT_TRUE(goes_up(self->ends.ours, &self->ends.peer, "again"));
}

TEST_F(rekey, nothing_after_the_end_of_what_is_sent)
{
	ASSERT_EQ(0, shutdown(self->ends.ours, SHUT_WR));
	EXPECT_EQ(-EPIPE, tls_set_u32(self->ends.ours, TLSUP_REKEY, 0));
	EXPECT_EQ(CLOSE_NOTIFY, peer_alert(&self->ends.peer));
	ASSERT_TRUE(comes_down(self->ends.ours, &self->ends.peer, "still reads"));
}

TEST_HARNESS_MAIN
