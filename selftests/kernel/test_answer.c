// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) 2026 The tlsup authors
 *
 * Answers of an agent that are wrong: each fails the one connection, with an
 * internal_error to the peer, and touches nothing else.
 */
#define _GNU_SOURCE
#include <stdlib.h>
#include <sys/socket.h>

#include "kselftest_harness.h"
#include "net.h"

#define CIPHER	TLSUP_CIPHER_AES_GCM_128
#define APP	TLSUP_EPOCH_APPLICATION
#define SHAKE	TLSUP_EPOCH_HANDSHAKE
#define TX	TLSUP_DIRECTION_TX
#define RX	TLSUP_DIRECTION_RX

FIXTURE(answer) {
	struct agent agent;
	int ours;
	struct peer peer;
	int other;
	struct peer other_peer;
	struct event event;
	struct message msg;
	uint8_t bytes[RECORD_MAX];
};

/* A server in mid-handshake, and a connection that must not notice. */
FIXTURE_SETUP(answer)
{
	ASSERT_EQ(0, net_new());
	ASSERT_EQ(0, agent_open(&self->agent));
	ASSERT_EQ(0, agent_register(&self->agent, 16));
	ASSERT_EQ(0, open_with_peer(&self->agent, TLSUP_CLIENT, CIPHER,
				    &self->other, &self->other_peer));
	ASSERT_EQ(0, begin_with_peer(TLSUP_SERVER, &self->ours, &self->peer));
	ASSERT_TRUE(agent_event(&self->agent, &self->event, TIMEOUT_MS));
	ASSERT_EQ(TLSUP_CMD_EV_START, self->event.cmd);
	answer_begin(&self->msg, &self->agent, self->event.conn, 0);
}

FIXTURE_TEARDOWN(answer)
{
	uint8_t type;

	EXPECT_TRUE(write_all(self->other, "untouched", 9));
	EXPECT_EQ(9, peer_recv(&self->other_peer, self->bytes, &type));
	close(self->ours);
	close(self->peer.fd);
	close(self->other);
	close(self->other_peer.fd);
	agent_close(&self->agent);
	EXPECT_TRUE(net_all_destroyed());
}

/* The plaintext alert that ends the peer's stream, or -1. */
static int plain_alert(struct peer *peer, uint8_t *bytes)
{
	return peer_record(peer, bytes) == 7 && bytes[0] == ALERT ? bytes[6] : -1;
}

#define EXPECT_FAILED(number) do {					\
	EXPECT_TRUE(wait_phase(self->ours, TLSUP_PHASE_FAILED));	\
	EXPECT_EQ(number, tls_status(self->ours).error);		\
	EXPECT_EQ(number, so_error(self->ours));			\
	EXPECT_EQ(1, net_stat("handshakes_failed"));			\
} while (0)

/* The kernel takes the message, finds it wrong, and says so to all. */
#define EXPECT_FAILS(number) do {					\
	EXPECT_EQ(0, agent_answer(&self->agent, &self->msg));		\
	EXPECT_FAILED(number);						\
	EXPECT_EQ(INTERNAL_ERROR, tls_status(self->ours).alert_sent);	\
	EXPECT_TRUE(agent_event(&self->agent, &self->event, TIMEOUT_MS)); \
	EXPECT_EQ(TLSUP_CMD_EV_CLOSED, self->event.cmd);		\
	EXPECT_EQ(number, event_number(&self->event, TLSUP_A_ERROR));	\
} while (0)

TEST_F(answer, nothing_at_all_is_no_answer)
{
	EXPECT_FAILS(EINVAL);
	EXPECT_EQ(INTERNAL_ERROR, plain_alert(&self->peer, self->bytes));
}

TEST_F(answer, it_must_end_in_next_or_done)
{
	answer_send(&self->msg, HANDSHAKE, "hello", 5);
	EXPECT_FAILS(EINVAL);
}

TEST_F(answer, nothing_stands_behind_next)
{
	answer_next(&self->msg);
	answer_send(&self->msg, HANDSHAKE, "late", 4);
	EXPECT_FAILS(EINVAL);
	/* What stood behind it was not carried out. */
	EXPECT_EQ(INTERNAL_ERROR, plain_alert(&self->peer, self->bytes));
}

TEST_F(answer, nothing_stands_behind_a_failure)
{
	answer_fail(&self->msg, EPROTO, HANDSHAKE_FAILURE, "because");
	answer_send(&self->msg, HANDSHAKE, "late", 4);
	EXPECT_EQ(0, agent_answer(&self->agent, &self->msg));
	EXPECT_FAILED(EPROTO);
	EXPECT_EQ(HANDSHAKE_FAILURE, plain_alert(&self->peer, self->bytes));
	close(self->ours);
	EXPECT_TRUE(peer_at_end(&self->peer));
}

TEST_F(answer, it_speaks_of_the_epoch_in_force)
{
	answer_begin(&self->msg, &self->agent, self->event.conn, SHAKE);
	answer_next(&self->msg);
	EXPECT_FAILS(EPROTO);
}

TEST_F(answer, an_event_is_answered_once)
{
	answer_next(&self->msg);
	EXPECT_EQ(0, agent_answer(&self->agent, &self->msg));
	EXPECT_EQ(TLSUP_PHASE_HANDSHAKE, tls_status(self->ours).phase);
	answer_begin(&self->msg, &self->agent, self->event.conn, 0);
	answer_next(&self->msg);
	EXPECT_FAILS(EPROTO);
}

TEST_F(answer, done_needs_the_keys_of_both_directions)
{
	answer_keys(&self->msg, TX, APP, CIPHER, 1);
	answer_done(&self->msg);
	EXPECT_FAILS(EINVAL);
}

TEST_F(answer, done_needs_the_keys_of_the_last_epoch)
{
	answer_keys(&self->msg, TX, APP, CIPHER, 1);
	answer_keys(&self->msg, RX, SHAKE, CIPHER, 2);
	answer_done(&self->msg);
	EXPECT_FAILS(EINVAL);
}

TEST_F(answer, epochs_never_go_down)
{
	answer_keys(&self->msg, TX, APP, CIPHER, 1);
	answer_keys(&self->msg, TX, SHAKE, CIPHER, 2);
	answer_next(&self->msg);
	EXPECT_FAILS(EINVAL);
}

TEST_F(answer, an_epoch_has_its_keys_once)
{
	answer_keys(&self->msg, RX, SHAKE, CIPHER, 1);
	answer_keys(&self->msg, RX, SHAKE, CIPHER, 2);
	answer_next(&self->msg);
	EXPECT_FAILS(EINVAL);
}

/* KEYS with one attribute changed, absent or of another size. */
struct key_attrs {
	uint8_t direction, epoch;
	uint16_t version, cipher;
	uint8_t hash;
	size_t secret_len;
	int missing;
};

static void put_keys(struct message *msg, const struct key_attrs *attrs)
{
	size_t nest = message_nest(msg, TLSUP_A_ACTIONS_KEYS);
	static const uint8_t secret[100];
	const struct {
		int type;
		const void *data;
		size_t len;
	} rows[] = {
		{ TLSUP_A_KEYS_DIRECTION, &attrs->direction, 1 },
		{ TLSUP_A_KEYS_EPOCH, &attrs->epoch, 1 },
		{ TLSUP_A_KEYS_VERSION, &attrs->version, 2 },
		{ TLSUP_A_KEYS_CIPHER, &attrs->cipher, 2 },
		{ TLSUP_A_KEYS_HASH, &attrs->hash, 1 },
		{ TLSUP_A_KEYS_SECRET, secret, attrs->secret_len },
	};
	size_t i;

	for (i = 0; i < 6; i++)
		if (rows[i].type != attrs->missing)
			message_put(msg, rows[i].type, rows[i].data, rows[i].len);
	message_nest_end(msg, nest);
}

TEST_F(answer, keys_are_checked_one_by_one)
{
	static const struct key_attrs rows[] = {
		{ 0, 1, 0x0303, CIPHER, 0, 32, 0 },
		{ 0, 1, 0x0304, CIPHER, 0, 0, 0 },
		{ 0, 1, 0x0304, CIPHER, 0, 31, 0 },
		{ 0, 1, 0x0304, CIPHER, 0, 33, 0 },
		{ 0, 1, 0x0304, CIPHER, 0, 48, 0 },
		{ 0, 1, 0x0304, CIPHER, 1, 32, 0 },
		{ 0, 1, 0x0304, CIPHER, 0, 32, TLSUP_A_KEYS_DIRECTION },
		{ 0, 1, 0x0304, CIPHER, 0, 32, TLSUP_A_KEYS_EPOCH },
		{ 0, 1, 0x0304, CIPHER, 0, 32, TLSUP_A_KEYS_VERSION },
		{ 0, 1, 0x0304, CIPHER, 0, 32, TLSUP_A_KEYS_CIPHER },
		{ 0, 1, 0x0304, CIPHER, 0, 32, TLSUP_A_KEYS_HASH },
		{ 0, 1, 0x0304, CIPHER, 0, 32, TLSUP_A_KEYS_SECRET },
	};
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		put_keys(&self->msg, &rows[i]);
		answer_next(&self->msg);
		EXPECT_EQ(0, agent_answer(&self->agent, &self->msg));
		EXPECT_TRUE(wait_phase(self->ours, TLSUP_PHASE_FAILED))
			TH_LOG("row %zu", i);
		EXPECT_EQ(INTERNAL_ERROR, plain_alert(&self->peer, self->bytes));
		EXPECT_TRUE(agent_event(&self->agent, &self->event, TIMEOUT_MS));
		EXPECT_EQ(0, agent_ack(&self->agent, 1));
		close(self->ours);
		close(self->peer.fd);
		ASSERT_EQ(0, begin_with_peer(TLSUP_SERVER, &self->ours,
					     &self->peer));
		ASSERT_TRUE(agent_event(&self->agent, &self->event, TIMEOUT_MS));
		answer_begin(&self->msg, &self->agent, self->event.conn, 0);
	}
}

TEST_F(answer, values_out_of_range_are_refused_and_touch_nothing)
{
	static const struct key_attrs rows[] = {
		{ 2, 1, 0x0304, CIPHER, 0, 32, 0 },
		{ 0, 0, 0x0304, CIPHER, 0, 32, 0 },
		{ 0, 3, 0x0304, CIPHER, 0, 32, 0 },
		{ 0, 1, 0x0302, CIPHER, 0, 32, 0 },
		{ 0, 1, 0x0305, CIPHER, 0, 32, 0 },
		{ 0, 1, 0x0304, 0, 0, 32, 0 },
		{ 0, 1, 0x0304, 50, 0, 32, 0 },
		{ 0, 1, 0x0304, 0xffff, 0, 32, 0 },
		{ 0, 1, 0x0304, CIPHER, 2, 32, 0 },
	};
	size_t i;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		put_keys(&self->msg, &rows[i]);
		answer_next(&self->msg);
		EXPECT_EQ(-ERANGE, agent_answer(&self->agent, &self->msg))
			TH_LOG("row %zu", i);
		EXPECT_NE(TLSUP_PHASE_FAILED, tls_status(self->ours).phase);
		answer_begin(&self->msg, &self->agent, self->event.conn, 0);
	}
	answer_send(&self->msg, DATA, "data", 4);
	answer_next(&self->msg);
	EXPECT_EQ(-ERANGE, agent_answer(&self->agent, &self->msg));
	EXPECT_NE(TLSUP_PHASE_FAILED, tls_status(self->ours).phase);
}

TEST_F(answer, a_send_holds_something)
{
	answer_send(&self->msg, HANDSHAKE, "", 0);
	answer_next(&self->msg);
	EXPECT_FAILS(EINVAL);
}

TEST_F(answer, a_send_is_bounded)
{
	answer_send(&self->msg, HANDSHAKE, self->bytes, TLSUP_DATA_MAX + 1);
	answer_next(&self->msg);
	EXPECT_FAILS(EINVAL);
}

TEST_F(answer, the_largest_send_goes_out_whole)
{
	uint8_t *data = malloc(TLSUP_DATA_MAX);
	size_t got = 0;
	ssize_t n;

	fill(data, TLSUP_DATA_MAX, 3);
	answer_send(&self->msg, HANDSHAKE, data, TLSUP_DATA_MAX);
	answer_next(&self->msg);
	EXPECT_EQ(0, agent_answer(&self->agent, &self->msg));
	while (got < TLSUP_DATA_MAX) {
		n = peer_record(&self->peer, self->bytes);
		ASSERT_LT(HEADER_SIZE, n);
		EXPECT_EQ(HANDSHAKE, self->bytes[0]);
		EXPECT_EQ(0, memcmp(self->bytes + HEADER_SIZE, data + got,
				    n - HEADER_SIZE));
		got += n - HEADER_SIZE;
	}
	EXPECT_EQ(TLSUP_DATA_MAX, got);
	free(data);
}

TEST_F(answer, an_unknown_action_is_refused)
{
	message_nest_end(&self->msg, message_nest(&self->msg, 9));
	answer_next(&self->msg);
	/* By the policy of the command, before it has an effect. */
	EXPECT_NE(0, agent_answer(&self->agent, &self->msg));
	EXPECT_NE(TLSUP_PHASE_OPEN, tls_status(self->ours).phase);
}

TEST_F(answer, an_unknown_attribute_within_an_action_is_refused)
{
	size_t nest = message_nest(&self->msg, TLSUP_A_ACTIONS_NEXT);

	message_put_u32(&self->msg, 99, 1);
	message_nest_end(&self->msg, nest);
	EXPECT_NE(0, agent_answer(&self->agent, &self->msg));
	EXPECT_EQ(TLSUP_PHASE_PENDING, tls_status(self->ours).phase);
}

TEST_F(answer, an_action_cut_off_is_refused)
{
	answer_next(&self->msg);
	/* Longer than the nest that holds it. */
	self->msg.bytes[self->msg.len - 4] = 200;
	EXPECT_NE(0, agent_answer(&self->agent, &self->msg));
}

TEST_F(answer, a_result_is_bounded)
{
	static const struct {
		int type;
		size_t len;
	} rows[] = {
		{ TLSUP_A_DONE_ALPN, 256 },
		{ TLSUP_A_DONE_COOKIE, TLSUP_COOKIE_MAX + 1 },
		{ TLSUP_A_DONE_EXPORTER_SECRET, 49 },
	};
	size_t i, nest;

	for (i = 0; i < 3; i++) {
		answer_keys(&self->msg, TX, APP, CIPHER, 1);
		answer_keys(&self->msg, RX, APP, CIPHER, 2);
		nest = message_nest(&self->msg, TLSUP_A_ACTIONS_DONE);
		message_put(&self->msg, rows[i].type, self->bytes, rows[i].len);
		message_nest_end(&self->msg, nest);
		EXPECT_EQ(0, agent_answer(&self->agent, &self->msg));
		EXPECT_TRUE(wait_phase(self->ours, TLSUP_PHASE_FAILED));
		EXPECT_EQ(EINVAL, tls_status(self->ours).error);
		EXPECT_TRUE(agent_event(&self->agent, &self->event, TIMEOUT_MS));
		EXPECT_EQ(0, agent_ack(&self->agent, 1));
		close(self->ours);
		close(self->peer.fd);
		ASSERT_EQ(0, begin_with_peer(TLSUP_SERVER, &self->ours,
					     &self->peer));
		ASSERT_TRUE(agent_event(&self->agent, &self->event, TIMEOUT_MS));
		answer_begin(&self->msg, &self->agent, self->event.conn, 0);
	}
}

TEST_F(answer, a_failure_carries_errno_alert_and_sentence)
{
	struct tlsup_status status;

	answer_send(&self->msg, HANDSHAKE, "hello", 5);
	answer_fail(&self->msg, EKEYEXPIRED, 45, "the certificate has expired");
	EXPECT_EQ(0, agent_answer(&self->agent, &self->msg));
	EXPECT_FAILED(EKEYEXPIRED);
	status = tls_status(self->ours);
	EXPECT_EQ(45, status.alert_sent);
	EXPECT_STREQ("the certificate has expired", status.reason);
	EXPECT_EQ(10, peer_record(&self->peer, self->bytes));
	EXPECT_EQ(45, plain_alert(&self->peer, self->bytes));
	/* Whoever says that it has failed need not be told. */
	EXPECT_FALSE(agent_event(&self->agent, &self->event, 50));
}

TEST_F(answer, a_failure_without_an_alert_sends_none)
{
	answer_fail(&self->msg, EACCES, -1, "not for you");
	EXPECT_EQ(0, agent_answer(&self->agent, &self->msg));
	EXPECT_FAILED(EACCES);
	EXPECT_EQ(-1, tls_status(self->ours).alert_sent);
	close(self->ours);
	EXPECT_TRUE(peer_at_end(&self->peer));
}

/* CVE-2014-0224: before the keys are agreed it would turn on none. */
TEST_F(answer, change_cipher_spec_without_pending_keys_is_refused)
{
	static const uint8_t ccs[] = { CCS, 3, 3, 0, 1, 1 };

	answer_next_12(&self->msg);
	EXPECT_EQ(0, agent_answer(&self->agent, &self->msg));
	ASSERT_TRUE(write_all(self->peer.fd, ccs, sizeof(ccs)));
	EXPECT_TRUE(wait_phase(self->ours, TLSUP_PHASE_FAILED));
	EXPECT_EQ(EPROTO, tls_status(self->ours).error);
	EXPECT_EQ(UNEXPECTED_MESSAGE, tls_status(self->ours).alert_sent);
}

TEST_F(answer, nothing_is_owned_after_done)
{
	answer_keys(&self->msg, TX, APP, CIPHER, 1);
	answer_keys(&self->msg, RX, APP, CIPHER, 2);
	answer_done(&self->msg);
	EXPECT_EQ(0, agent_answer(&self->agent, &self->msg));
	EXPECT_TRUE(wait_phase(self->ours, TLSUP_PHASE_OPEN));
	answer_begin(&self->msg, &self->agent, self->event.conn, APP);
	answer_fail(&self->msg, EPROTO, INTERNAL_ERROR, "too late");
	EXPECT_EQ(-EPERM, agent_answer(&self->agent, &self->msg));
	EXPECT_EQ(TLSUP_PHASE_OPEN, tls_status(self->ours).phase);
	answer_begin(&self->msg, &self->agent, 1ULL << 40, 0);
	answer_next(&self->msg);
	EXPECT_EQ(-ENOENT, agent_answer(&self->agent, &self->msg));
}

TEST_HARNESS_MAIN
