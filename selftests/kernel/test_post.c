// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) 2026 The tlsup authors
 *
 * What may come after the handshake: KeyUpdate, which the kernel sees to itself,
 * and tickets, which go up to the agent.
 */
#define _GNU_SOURCE
#include <poll.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <netinet/tcp.h>

#include "kselftest_harness.h"
#include "net.h"

#define WINDOW		16
#define TICKETS_MAX	16

static const uint8_t update[] = { 24, 0, 0, 1, 0 };
static const uint8_t update_requested[] = { 24, 0, 0, 1, 1 };
static const uint8_t ticket[] = { 4, 0, 0, 3, 'a', 'b', 'c' };

FIXTURE(post) {
	struct agent agent;
	int ours;
	struct peer peer;
	struct event event;
	uint8_t bytes[RECORD_MAX];
};

FIXTURE_VARIANT(post) {
	int role;
	uint16_t cipher;
};

FIXTURE_VARIANT_ADD(post, client_aes_gcm_128) {
	.role = TLSUP_CLIENT,
	.cipher = TLSUP_CIPHER_AES_GCM_128,
};

FIXTURE_VARIANT_ADD(post, server_aes_gcm_256) {
	.role = TLSUP_SERVER,
	.cipher = TLSUP_CIPHER_AES_GCM_256,
};

FIXTURE_VARIANT_ADD(post, client_chacha20_poly1305) {
	.role = TLSUP_CLIENT,
	.cipher = TLSUP_CIPHER_CHACHA20_POLY1305,
};

FIXTURE_SETUP(post)
{
	ASSERT_EQ(0, net_new());
	ASSERT_EQ(0, agent_open(&self->agent));
	ASSERT_EQ(0, agent_register(&self->agent, WINDOW));
	ASSERT_EQ(0, open_with_peer(&self->agent, variant->role,
				    variant->cipher, &self->ours, &self->peer));
}

FIXTURE_TEARDOWN(post)
{
	close(self->ours);
	close(self->peer.fd);
	agent_close(&self->agent);
	EXPECT_TRUE(net_all_destroyed());
}

static bool send_update(struct peer *peer, bool request)
{
	bool sent = peer_send(peer, HANDSHAKE, request ? update_requested : update,
			      sizeof(update));

	keys_update(&peer->tx);
	return sent;
}

/* The peer's next record is our KeyUpdate, which asks for none. */
static bool receive_update(struct peer *peer)
{
	uint8_t data[PLAINTEXT_MAX], type = 0;

	if (peer_recv(peer, data, &type) != sizeof(update) ||
	    type != HANDSHAKE || memcmp(data, update, sizeof(update)))
		return false;
	keys_update(&peer->rx);
	return true;
}

static bool crosses(int ours, struct peer *peer, const char *text)
{
	uint8_t data[PLAINTEXT_MAX], type = 0;
	size_t len = strlen(text);

	return peer_send(peer, DATA, text, len) && read_all(ours, data, len) &&
	       !memcmp(data, text, len) && write_all(ours, text, len) &&
	       peer_recv(peer, data, &type) == len && type == DATA &&
	       !memcmp(data, text, len);
}

/* The record makes the connection fail: by EPROTO, and this alert. */
#define EXPECT_FAILS(alert) do {					\
	EXPECT_NE(0, poll_now(self->ours, POLLIN, TIMEOUT_MS));		\
	EXPECT_EQ(-1, recv(self->ours, self->bytes, 1, 0));		\
	EXPECT_EQ(EPROTO, errno);					\
	EXPECT_EQ(alert, peer_alert(&self->peer));			\
} while (0)

TEST_F(post, a_key_update_changes_the_receiving_keys_only)
{
	int i;

	for (i = 1; i <= 40; i++) {
		ASSERT_TRUE(send_update(&self->peer, false));
		ASSERT_TRUE(crosses(self->ours, &self->peer, "onward"));
	}
	EXPECT_EQ(40, tls_info(self->ours).rx_rekeys);
	EXPECT_EQ(0, tls_info(self->ours).tx_rekeys);
}

TEST_F(post, a_requested_update_is_answered_without_the_application)
{
	int i;

	for (i = 1; i <= 10; i++) {
		ASSERT_TRUE(send_update(&self->peer, true));
		EXPECT_EQ(0, poll_now(self->ours, POLLIN, 0));
		ASSERT_TRUE(receive_update(&self->peer));
		ASSERT_TRUE(crosses(self->ours, &self->peer, "both"));
		EXPECT_EQ(i, tls_info(self->ours).tx_rekeys);
		EXPECT_EQ(i, tls_info(self->ours).rx_rekeys);
	}
}

TEST_F(post, several_requests_read_at_once_get_one_answer)
{
	size_t n = 0;
	int i;

	for (i = 0; i < 5; i++) {
		n += record_seal(&self->peer.tx, self->bytes + n, HANDSHAKE,
				 update_requested, sizeof(update), 0);
		keys_update(&self->peer.tx);
	}
	ASSERT_TRUE(write_all(self->peer.fd, self->bytes, n));
	EXPECT_EQ(0, poll_now(self->ours, POLLIN, 0));
	ASSERT_TRUE(receive_update(&self->peer));
	ASSERT_TRUE(crosses(self->ours, &self->peer, "once"));
	EXPECT_EQ(5, tls_info(self->ours).rx_rekeys);
	EXPECT_EQ(1, tls_info(self->ours).tx_rekeys);
}

TEST_F(post, the_old_keys_open_nothing_after_an_update)
{
	struct keys old = self->peer.tx;

	ASSERT_TRUE(send_update(&self->peer, false));
	old.seq++;
	self->peer.tx = old;
	ASSERT_TRUE(peer_send(&self->peer, DATA, "old", 3));
	EXPECT_NE(0, poll_now(self->ours, POLLIN, TIMEOUT_MS));
	EXPECT_EQ(-1, recv(self->ours, self->bytes, 1, 0));
	EXPECT_EQ(EBADMSG, errno);
	EXPECT_EQ(BAD_RECORD_MAC, peer_alert(&self->peer));
}

TEST_F(post, an_answer_waits_for_the_record_that_is_open)
{
	uint8_t type = 0;

	ASSERT_EQ(0, net_sysctl("hold_ms", 600000));
	ASSERT_EQ(5, send(self->ours, "begin", 5, MSG_MORE));
	ASSERT_TRUE(send_update(&self->peer, true));
	EXPECT_EQ(0, poll_now(self->ours, POLLIN, 50));
	EXPECT_EQ(0, poll_now(self->peer.fd, POLLIN, 50));
	ASSERT_EQ(3, send(self->ours, "end", 3, 0));
	/* The old keys to the end of the record, then the message. */
	ASSERT_EQ(8, peer_recv(&self->peer, self->bytes, &type));
	EXPECT_EQ(0, memcmp(self->bytes, "beginend", 8));
	ASSERT_TRUE(write_all(self->ours, "next", 4));
	ASSERT_TRUE(receive_update(&self->peer));
	ASSERT_EQ(4, peer_recv(&self->peer, self->bytes, &type));
	EXPECT_EQ(DATA, type);
}

TEST_F(post, an_answer_follows_a_record_that_nobody_continues)
{
	const int on = 1;
	uint8_t type = 0;

	ASSERT_EQ(0, net_sysctl("hold_ms", 600000));
	ASSERT_EQ(5, send(self->ours, "begin", 5, MSG_MORE));
	ASSERT_TRUE(send_update(&self->peer, true));
	EXPECT_EQ(0, poll_now(self->ours, POLLIN, 50));
	ASSERT_EQ(0, setsockopt(self->ours, SOL_TCP, TCP_NODELAY, &on,
				sizeof(on)));
	ASSERT_EQ(5, peer_recv(&self->peer, self->bytes, &type));
	EXPECT_EQ(DATA, type);
	ASSERT_TRUE(receive_update(&self->peer));
	ASSERT_TRUE(crosses(self->ours, &self->peer, "next"));
}

TEST_F(post, an_answer_finds_its_place_in_a_full_stream)
{
	size_t sent = 0, got = 0;
	bool updated = false;
	uint8_t type = 0;
	ssize_t n;

	memset(self->bytes, 'x', PLAINTEXT_MAX);
	while ((n = send(self->ours, self->bytes, PLAINTEXT_MAX, 0)) > 0)
		sent += n;
	EXPECT_EQ(EAGAIN, errno);
	ASSERT_TRUE(send_update(&self->peer, true));
	EXPECT_EQ(0, poll_now(self->ours, POLLIN, 50));
	while (got < sent || !updated) {
		n = peer_recv(&self->peer, self->bytes, &type);
		ASSERT_LT(0, n);
		if (type == HANDSHAKE) {
			EXPECT_EQ(0, memcmp(self->bytes, update, n));
			keys_update(&self->peer.rx);
			updated = true;
		} else {
			got += n;
		}
	}
	EXPECT_EQ(sent, got);
	ASSERT_TRUE(crosses(self->ours, &self->peer, "flows"));
}

TEST_F(post, an_update_in_pieces_is_put_together)
{
	int i;

	for (i = 0; i < (int)sizeof(update); i++)
		ASSERT_TRUE(peer_send(&self->peer, HANDSHAKE, update + i, 1));
	keys_update(&self->peer.tx);
	ASSERT_TRUE(crosses(self->ours, &self->peer, "whole"));
}

TEST_F(post, an_update_must_end_its_record)
{
	ASSERT_TRUE(peer_send(&self->peer, HANDSHAKE,
			      "\x18\0\0\1\0\x18\0\0\1\0", 10));
	EXPECT_FAILS(UNEXPECTED_MESSAGE);
}

TEST_F(post, an_update_of_no_known_kind_is_refused)
{
	ASSERT_TRUE(peer_send(&self->peer, HANDSHAKE, "\x18\0\0\1\2", 5));
	EXPECT_FAILS(ILLEGAL_PARAMETER);
}

TEST_F(post, an_update_of_two_bytes_is_refused)
{
	ASSERT_TRUE(peer_send(&self->peer, HANDSHAKE, "\x18\0\0\2\0\0", 6));
	EXPECT_FAILS(DECODE_ERROR);
}

TEST_F(post, an_update_of_no_bytes_is_refused)
{
	ASSERT_TRUE(peer_send(&self->peer, HANDSHAKE, "\x18\0\0\0", 4));
	EXPECT_FAILS(DECODE_ERROR);
}

TEST_F(post, other_messages_have_no_place)
{
	static const uint8_t types[] = { 0, 1, 2, 5, 8, 11, 13, 15, 20, 254 };
	uint8_t message[] = { 0, 0, 0, 0 };
	size_t i;

	for (i = 0; i < sizeof(types); i++) {
		message[0] = types[i];
		ASSERT_TRUE(peer_send(&self->peer, HANDSHAKE, message, 4));
		EXPECT_FAILS(UNEXPECTED_MESSAGE);
		close(self->ours);
		close(self->peer.fd);
		ASSERT_EQ(0, open_with_peer(&self->agent, variant->role,
					    variant->cipher, &self->ours,
					    &self->peer));
	}
}

TEST_F(post, data_within_a_fragmented_message_is_refused)
{
	ASSERT_TRUE(peer_send(&self->peer, HANDSHAKE, ticket, 5));
	ASSERT_TRUE(peer_send(&self->peer, DATA, "data", 4));
	EXPECT_FAILS(UNEXPECTED_MESSAGE);
}

/* Nobody waits for the rest of it. */
TEST_F(post, a_message_longer_than_64_KiB_is_refused_at_its_header)
{
	static const uint8_t header[] = { 4, 1, 0, 0 };

	ASSERT_TRUE(peer_send(&self->peer, HANDSHAKE, header, sizeof(header)));
	if (variant->role == TLSUP_CLIENT)
		EXPECT_FAILS(ILLEGAL_PARAMETER);
	else
		EXPECT_FAILS(UNEXPECTED_MESSAGE);
}

TEST_F(post, an_update_of_another_length_is_refused_at_its_header)
{
	static const uint8_t header[] = { 24, 0xff, 0xff, 0xff };

	ASSERT_TRUE(peer_send(&self->peer, HANDSHAKE, header, sizeof(header)));
	EXPECT_FAILS(DECODE_ERROR);
}

TEST_F(post, a_ticket_goes_up_with_the_cookie_and_shows_no_data)
{
	ASSERT_TRUE(peer_send(&self->peer, HANDSHAKE, ticket, sizeof(ticket)));
	if (variant->role == TLSUP_SERVER) {
		EXPECT_FAILS(UNEXPECTED_MESSAGE);
		return;
	}
	EXPECT_EQ(0, poll_now(self->ours, POLLIN, 50));
	EXPECT_EQ(-1, recv(self->ours, self->bytes, 1, 0));
	EXPECT_EQ(EAGAIN, errno);
	ASSERT_TRUE(agent_event(&self->agent, &self->event, TIMEOUT_MS));
	EXPECT_EQ(TLSUP_CMD_EV_TICKET, self->event.cmd);
	ASSERT_EQ(sizeof(ticket), self->event.len[TLSUP_A_PAYLOAD]);
	EXPECT_EQ(0, memcmp(self->event.data[TLSUP_A_PAYLOAD], ticket,
			    sizeof(ticket)));
	ASSERT_EQ(6, self->event.len[TLSUP_A_COOKIE]);
	EXPECT_EQ(0, memcmp(self->event.data[TLSUP_A_COOKIE], "cookie", 6));
	EXPECT_EQ(1, net_stat("tickets_up"));
	ASSERT_TRUE(crosses(self->ours, &self->peer, "on"));
}

/* A server gets no ticket, so the rest is the client's. */
#define CLIENT_ONLY() do {						\
	if (variant->role != TLSUP_CLIENT)				\
		return;							\
} while (0)

TEST_F(post, tickets_share_a_record_and_spread_over_several)
{
	uint8_t all[sizeof(ticket) * 2 + 3];

	CLIENT_ONLY();
	memcpy(all, ticket, sizeof(ticket));
	memcpy(all + sizeof(ticket), ticket, sizeof(ticket));
	memcpy(all + sizeof(ticket) * 2, ticket, 3);
	ASSERT_TRUE(peer_send(&self->peer, HANDSHAKE, all, sizeof(all)));
	ASSERT_TRUE(peer_send(&self->peer, HANDSHAKE, ticket + 3, 2));
	ASSERT_TRUE(peer_send(&self->peer, HANDSHAKE, ticket + 5, 2));
	ASSERT_TRUE(crosses(self->ours, &self->peer, "on"));
	EXPECT_EQ(3, net_stat("tickets_up"));
}

TEST_F(post, tickets_are_limited_for_each_connection)
{
	int i;

	CLIENT_ONLY();
	for (i = 0; i < TICKETS_MAX + 4; i++) {
		ASSERT_TRUE(peer_send(&self->peer, HANDSHAKE, ticket,
				      sizeof(ticket)));
		EXPECT_EQ(0, poll_now(self->ours, POLLIN, 1));
		if (agent_event(&self->agent, &self->event, 100))
			EXPECT_EQ(0, agent_ack(&self->agent, 1));
	}
	EXPECT_EQ(TICKETS_MAX, net_stat("tickets_up"));
	EXPECT_EQ(4, net_stat("tickets_dropped"));
	ASSERT_TRUE(crosses(self->ours, &self->peer, "on"));
}

TEST_F(post, a_ticket_without_an_agent_is_dropped)
{
	CLIENT_ONLY();
	agent_close(&self->agent);
	ASSERT_TRUE(peer_send(&self->peer, HANDSHAKE, ticket, sizeof(ticket)));
	ASSERT_TRUE(crosses(self->ours, &self->peer, "on"));
	EXPECT_EQ(0, net_stat("tickets_up"));
	EXPECT_EQ(1, net_stat("tickets_dropped"));
}

TEST_F(post, a_ticket_without_a_credit_is_dropped)
{
	struct agent small;

	CLIENT_ONLY();
	agent_close(&self->agent);
	ASSERT_EQ(0, agent_open(&small));
	ASSERT_EQ(0, agent_register(&small, 1));
	ASSERT_TRUE(peer_send(&self->peer, HANDSHAKE, ticket, sizeof(ticket)));
	ASSERT_TRUE(peer_send(&self->peer, HANDSHAKE, ticket, sizeof(ticket)));
	ASSERT_TRUE(crosses(self->ours, &self->peer, "on"));
	EXPECT_EQ(1, net_stat("tickets_up"));
	EXPECT_EQ(1, net_stat("tickets_dropped"));
	EXPECT_EQ(0, agent_ack(&small, 1));
	ASSERT_TRUE(peer_send(&self->peer, HANDSHAKE, ticket, sizeof(ticket)));
	ASSERT_TRUE(crosses(self->ours, &self->peer, "on"));
	EXPECT_EQ(2, net_stat("tickets_up"));
	self->agent = small;
}

TEST_HARNESS_MAIN
