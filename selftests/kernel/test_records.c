// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) 2026 The tlsup authors
 *
 * A peer that knows the keys and breaks the rules: what each wrong record gets,
 * and that none of it is ever delivered.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include <netinet/tcp.h>

#include "kselftest_harness.h"
#include "net.h"

FIXTURE(records) {
	struct agent agent;
	int ours;
	struct peer peer;
	uint8_t bytes[RECORD_MAX];
	uint8_t content[RECORD_MAX];
};

FIXTURE_VARIANT(records) {
	int role;
	uint16_t cipher;
};

FIXTURE_VARIANT_ADD(records, client_aes_gcm_128) {
	.role = TLSUP_CLIENT,
	.cipher = TLSUP_CIPHER_AES_GCM_128,
};

FIXTURE_VARIANT_ADD(records, server_aes_gcm_256) {
	.role = TLSUP_SERVER,
	.cipher = TLSUP_CIPHER_AES_GCM_256,
};

FIXTURE_VARIANT_ADD(records, server_chacha20_poly1305) {
	.role = TLSUP_SERVER,
	.cipher = TLSUP_CIPHER_CHACHA20_POLY1305,
};

FIXTURE_SETUP(records)
{
	ASSERT_EQ(0, net_new());
	ASSERT_EQ(0, agent_open(&self->agent));
	ASSERT_EQ(0, agent_register(&self->agent, 16));
	ASSERT_EQ(0, open_with_peer(&self->agent, variant->role,
				    variant->cipher, &self->ours, &self->peer));
	fill(self->content, sizeof(self->content), 7);
}

FIXTURE_TEARDOWN(records)
{
	close(self->ours);
	close(self->peer.fd);
	agent_close(&self->agent);
	EXPECT_TRUE(net_all_destroyed());
}

static bool send_raw(struct peer *peer, const void *bytes, size_t len)
{
	return write_all(peer->fd, bytes, len);
}

/* What a read gives: bytes, 0, or -errno; it waits for something. */
static ssize_t read_once(int fd, void *data, size_t len)
{
	ssize_t n;

	if (!poll_now(fd, POLLIN, TIMEOUT_MS))
		return -ETIME;
	n = recv(fd, data, len, MSG_DONTWAIT);
	return n < 0 ? -errno : n;
}

/* The connection has failed so, and the peer has been told so. */
#define EXPECT_FAILS(number, description) do {				\
	struct tlsup_status status;					\
									\
	EXPECT_EQ(-(number), read_once(self->ours, self->bytes, 100));	\
	status = tls_status(self->ours);				\
	EXPECT_EQ(TLSUP_PHASE_FAILED, status.phase);			\
	EXPECT_EQ(number, status.error);				\
	EXPECT_EQ(description, status.alert_sent);			\
	EXPECT_NE('\0', status.reason[0]);				\
	EXPECT_EQ(description, peer_alert(&self->peer));		\
	EXPECT_EQ(-1, send(self->ours, "x", 1, MSG_NOSIGNAL));		\
} while (0)

#define EXPECT_STILL_OPEN() do {					\
	EXPECT_TRUE(peer_send(&self->peer, DATA, "still", 5));		\
	EXPECT_EQ(5, read_once(self->ours, self->bytes, 100));		\
	EXPECT_EQ(0, memcmp(self->bytes, "still", 5));			\
	EXPECT_TRUE(write_all(self->ours, "open", 4));			\
	EXPECT_EQ(4, receive_data(&self->peer, self->bytes));		\
	EXPECT_EQ(0, memcmp(self->bytes, "open", 4));			\
} while (0)

static ssize_t receive_data(struct peer *peer, uint8_t *data)
{
	uint8_t type = 0;
	ssize_t n = peer_recv(peer, data, &type);

	return type == DATA ? n : -1;
}

TEST_F(records, padding_of_any_length_is_taken_off)
{
	static const size_t lengths[] = { 0, 1, 100, 16383 - 5, 16384 - 5 };
	size_t i, n;

	for (i = 0; i < 5; i++) {
		n = record_seal(&self->peer.tx, self->bytes, DATA, "abcde", 5,
				lengths[i]);
		ASSERT_TRUE(send_raw(&self->peer, self->bytes, n));
		EXPECT_EQ(5, read_once(self->ours, self->bytes, 100));
		EXPECT_EQ(0, memcmp(self->bytes, "abcde", 5));
	}
	EXPECT_STILL_OPEN();
}

TEST_F(records, the_largest_record_is_taken)
{
	ASSERT_TRUE(peer_send(&self->peer, DATA, self->content, PLAINTEXT_MAX));
	ASSERT_TRUE(read_all(self->ours, self->bytes, PLAINTEXT_MAX));
	EXPECT_EQ(0, memcmp(self->bytes, self->content, PLAINTEXT_MAX));
	EXPECT_STILL_OPEN();
}

TEST_F(records, a_byte_of_content_too_many_is_an_overflow)
{
	ASSERT_TRUE(peer_send(&self->peer, DATA, self->content,
			      PLAINTEXT_MAX + 1));
	EXPECT_FAILS(EMSGSIZE, RECORD_OVERFLOW);
}

TEST_F(records, a_byte_of_padding_too_many_is_an_overflow)
{
	size_t n = record_seal(&self->peer.tx, self->bytes, DATA, "abcde", 5,
			       PLAINTEXT_MAX - 4);

	ASSERT_TRUE(send_raw(&self->peer, self->bytes, n));
	EXPECT_FAILS(EMSGSIZE, RECORD_OVERFLOW);
}

TEST_F(records, a_length_beyond_the_limit_is_refused_at_the_header)
{
	ASSERT_TRUE(send_raw(&self->peer, "\x17\3\3\x41\1", HEADER_SIZE));
	EXPECT_FAILS(EMSGSIZE, RECORD_OVERFLOW);
}

TEST_F(records, a_length_at_the_limit_waits_for_the_record)
{
	ASSERT_TRUE(send_raw(&self->peer, "\x17\3\3\x41\0", HEADER_SIZE));
	EXPECT_EQ(0, poll_now(self->ours, POLLIN, 50));
	EXPECT_EQ(TLSUP_PHASE_OPEN, tls_status(self->ours).phase);
}

TEST_F(records, zeros_only_have_no_type)
{
	static const size_t lengths[] = { 1, 2, 1000, PLAINTEXT_MAX + 1 };
	static const uint8_t zeros[PLAINTEXT_MAX + 1];
	size_t n = record_seal_inner(&self->peer.tx, self->bytes, zeros,
				     lengths[variant->cipher % 4]);

	ASSERT_TRUE(send_raw(&self->peer, self->bytes, n));
	EXPECT_FAILS(EPROTO, UNEXPECTED_MESSAGE);
}

TEST_F(records, a_record_of_a_tag_and_nothing_else_is_not_authentic)
{
	size_t n = record_seal_inner(&self->peer.tx, self->bytes, NULL, 0);

	ASSERT_TRUE(send_raw(&self->peer, self->bytes, n));
	EXPECT_FAILS(EBADMSG, BAD_RECORD_MAC);
}

TEST_F(records, an_empty_protected_body_is_not_authentic)
{
	ASSERT_TRUE(send_raw(&self->peer, "\x17\3\3\0\0", HEADER_SIZE));
	EXPECT_FAILS(EBADMSG, BAD_RECORD_MAC);
}

TEST_F(records, empty_data_records_are_consumed)
{
	int i;

	for (i = 0; i < 100; i++)
		ASSERT_TRUE(peer_send(&self->peer, DATA, NULL, 0));
	EXPECT_EQ(0, poll_now(self->ours, POLLIN, 50));
	EXPECT_EQ(-1, recv(self->ours, self->bytes, 100, 0));
	EXPECT_EQ(EAGAIN, errno);
	EXPECT_STILL_OPEN();
}

TEST_F(records, an_empty_handshake_record_is_refused)
{
	ASSERT_TRUE(peer_send(&self->peer, HANDSHAKE, NULL, 0));
	EXPECT_FAILS(EPROTO, UNEXPECTED_MESSAGE);
}

TEST_F(records, an_empty_alert_is_refused)
{
	ASSERT_TRUE(peer_send(&self->peer, ALERT, NULL, 0));
	EXPECT_FAILS(EPROTO, UNEXPECTED_MESSAGE);
}

TEST_F(records, an_alert_of_three_bytes_is_refused)
{
	ASSERT_TRUE(peer_send(&self->peer, ALERT, "\1\0\0", 3));
	EXPECT_FAILS(EPROTO, DECODE_ERROR);
}

TEST_F(records, a_protected_change_cipher_spec_is_refused)
{
	ASSERT_TRUE(peer_send(&self->peer, CCS, "\1", 1));
	EXPECT_FAILS(EPROTO, UNEXPECTED_MESSAGE);
}

TEST_F(records, a_plain_change_cipher_spec_is_refused_when_open)
{
	ASSERT_TRUE(send_raw(&self->peer, "\x14\3\3\0\1\1", 6));
	EXPECT_FAILS(EPROTO, UNEXPECTED_MESSAGE);
}

TEST_F(records, an_inner_type_that_does_not_exist_is_refused)
{
	static const uint8_t types[] = { 1, 19, 24, 255 };

	ASSERT_TRUE(peer_send(&self->peer, types[variant->cipher % 4], "ab", 2));
	EXPECT_FAILS(EPROTO, UNEXPECTED_MESSAGE);
}

TEST_F(records, a_plaintext_alert_does_not_end_an_open_connection_quietly)
{
	ASSERT_TRUE(send_raw(&self->peer, "\x15\3\3\0\2\1\0", 7));
	EXPECT_FAILS(EPROTO, UNEXPECTED_MESSAGE);
}

TEST_F(records, a_plaintext_handshake_record_is_refused_when_open)
{
	ASSERT_TRUE(send_raw(&self->peer, "\x16\3\3\0\1\1", 6));
	EXPECT_FAILS(EPROTO, UNEXPECTED_MESSAGE);
}

TEST_F(records, a_flipped_bit_is_bad_record_mac)
{
	size_t n = record_seal(&self->peer.tx, self->bytes, DATA, "secret", 6, 0);

	self->bytes[HEADER_SIZE + variant->cipher % 20] ^= 1;
	ASSERT_TRUE(send_raw(&self->peer, self->bytes, n));
	/* The next one, good in itself, comes too late. */
	self->peer.tx.seq = 0;
	ASSERT_TRUE(peer_send(&self->peer, DATA, "late", 4));
	EXPECT_FAILS(EBADMSG, BAD_RECORD_MAC);
}

TEST_F(records, a_skipped_sequence_number_is_bad_record_mac)
{
	self->peer.tx.seq++;
	ASSERT_TRUE(peer_send(&self->peer, DATA, "x", 1));
	EXPECT_FAILS(EBADMSG, BAD_RECORD_MAC);
}

TEST_F(records, data_before_a_bad_record_is_delivered_first)
{
	ASSERT_TRUE(peer_send(&self->peer, DATA, "good", 4));
	self->peer.tx.seq++;
	ASSERT_TRUE(peer_send(&self->peer, DATA, "bad", 3));
	EXPECT_EQ(4, read_once(self->ours, self->bytes, 100));
	EXPECT_EQ(0, memcmp(self->bytes, "good", 4));
	EXPECT_FAILS(EBADMSG, BAD_RECORD_MAC);
}

TEST_F(records, our_own_records_sent_back_do_not_open)
{
	ssize_t n;

	ASSERT_TRUE(write_all(self->ours, "echo", 4));
	n = peer_record(&self->peer, self->bytes);
	ASSERT_LT(0, n);
	self->peer.rx.seq++;
	ASSERT_TRUE(send_raw(&self->peer, self->bytes, n));
	EXPECT_FAILS(EBADMSG, BAD_RECORD_MAC);
}

TEST_F(records, any_cut_of_two_records_gives_the_same_stream)
{
	size_t n, cut;

	for (cut = 1; cut < 70; cut++) {
		n = record_seal(&self->peer.tx, self->bytes, DATA, "first", 5, 3);
		n += record_seal(&self->peer.tx, self->bytes + n, DATA,
				 "second", 6, 0);
		ASSERT_TRUE(send_raw(&self->peer, self->bytes, cut % n));
		poll_now(self->ours, POLLIN, 1);
		ASSERT_TRUE(send_raw(&self->peer, self->bytes + cut % n,
				     n - cut % n));
		ASSERT_TRUE(read_all(self->ours, self->bytes, 11));
		EXPECT_EQ(0, memcmp(self->bytes, "firstsecond", 11));
	}
}

TEST_F(records, one_byte_at_a_time_gives_the_same_stream)
{
	size_t n = record_seal(&self->peer.tx, self->bytes, DATA,
			       self->content, 300, 0), i;
	int on = 1;

	setsockopt(self->peer.fd, SOL_TCP, TCP_NODELAY, &on,
		   sizeof(on));
	for (i = 0; i < n; i++) {
		EXPECT_EQ(0, poll_now(self->ours, POLLIN, 0));
		ASSERT_TRUE(send_raw(&self->peer, self->bytes + i, 1));
	}
	ASSERT_TRUE(read_all(self->ours, self->bytes, 300));
	EXPECT_EQ(0, memcmp(self->bytes, self->content, 300));
}

/* Each segment costs TCP far more than its byte: the window closes on it. */
TEST_F(records, the_largest_record_comes_byte_by_byte)
{
	size_t n = record_seal(&self->peer.tx, self->bytes, DATA,
			       self->content, PLAINTEXT_MAX, 0), i;
	int on = 1, status;
	pid_t pid;

	/* Ciphers see nothing of it. */
	if (variant->role != TLSUP_CLIENT)
		return;
	setsockopt(self->peer.fd, SOL_TCP, TCP_NODELAY, &on, sizeof(on));
	pid = fork();
	if (!pid) {
		for (i = 0; i < n; i++)
			if (!send_raw(&self->peer, self->bytes + i, 1))
				_exit(1);
		_exit(0);
	}
	memset(self->bytes, 0, PLAINTEXT_MAX);
	set_blocking(self->ours, true);
	ASSERT_EQ(PLAINTEXT_MAX, recv(self->ours, self->bytes, PLAINTEXT_MAX,
				      MSG_WAITALL));
	EXPECT_EQ(0, memcmp(self->bytes, self->content, PLAINTEXT_MAX));
	waitpid(pid, &status, 0);
	EXPECT_EQ(0, status);
}

TEST_F(records, close_notify_is_the_end_of_the_stream)
{
	ASSERT_TRUE(peer_send(&self->peer, DATA, "last", 4));
	ASSERT_TRUE(peer_send(&self->peer, ALERT, "\1\0", 2));
	ASSERT_TRUE(peer_send(&self->peer, DATA, "behind", 6));
	EXPECT_EQ(4, read_once(self->ours, self->bytes, 100));
	EXPECT_EQ(0, read_once(self->ours, self->bytes, 100));
	EXPECT_EQ(0, read_once(self->ours, self->bytes, 100));
	EXPECT_EQ(0, tls_status(self->ours).error);
	/* Our half is still there, and ends in its turn. */
	ASSERT_TRUE(write_all(self->ours, "answer", 6));
	EXPECT_EQ(6, receive_data(&self->peer, self->bytes));
	close(self->ours);
	EXPECT_EQ(CLOSE_NOTIFY, peer_alert(&self->peer));
}

TEST_F(records, a_fatal_alert_is_told_and_not_answered)
{
	ASSERT_TRUE(peer_send(&self->peer, ALERT, "\2\x28", 2));
	EXPECT_EQ(-EPROTO, read_once(self->ours, self->bytes, 100));
	EXPECT_EQ(HANDSHAKE_FAILURE, tls_status(self->ours).alert_received);
	EXPECT_EQ(-1, tls_status(self->ours).alert_sent);
	close(self->ours);
	EXPECT_TRUE(peer_at_end(&self->peer));
}

TEST_F(records, an_error_alert_is_fatal_whatever_its_level_says)
{
	ASSERT_TRUE(peer_send(&self->peer, ALERT, "\1\x28", 2));
	EXPECT_EQ(-EPROTO, read_once(self->ours, self->bytes, 100));
	EXPECT_EQ(HANDSHAKE_FAILURE, tls_status(self->ours).alert_received);
}

TEST_F(records, user_canceled_ends_nothing_but_not_for_ever)
{
	int i;

	for (i = 0; i < 4; i++)
		ASSERT_TRUE(peer_send(&self->peer, ALERT, "\1\x5a", 2));
	EXPECT_STILL_OPEN();
	ASSERT_TRUE(peer_send(&self->peer, ALERT, "\1\x5a", 2));
	EXPECT_FAILS(EPROTO, UNEXPECTED_MESSAGE);
}

TEST_F(records, an_end_without_close_notify_is_a_reset)
{
	ASSERT_TRUE(peer_send(&self->peer, DATA, "half", 4));
	shutdown(self->peer.fd, SHUT_WR);
	EXPECT_EQ(4, read_once(self->ours, self->bytes, 100));
	EXPECT_EQ(-ECONNRESET, read_once(self->ours, self->bytes, 100));
	EXPECT_EQ(ECONNRESET, tls_status(self->ours).error);
	EXPECT_NE('\0', tls_status(self->ours).reason[0]);
}

TEST_F(records, an_end_inside_a_record_is_a_reset)
{
	ASSERT_TRUE(send_raw(&self->peer, "\x17\3\3\0\x30pieces", 11));
	shutdown(self->peer.fd, SHUT_WR);
	EXPECT_EQ(-ECONNRESET, read_once(self->ours, self->bytes, 100));
}

TEST_F(records, what_we_send_is_records_of_the_peers_keys)
{
	size_t got = 0;
	ssize_t n;

	set_blocking(self->ours, true);
	ASSERT_EQ(40000, send(self->ours, self->content, 40000, 0));
	while (got < 40000) {
		n = receive_data(&self->peer, self->bytes);
		ASSERT_LT(0, n);
		ASSERT_GE(PLAINTEXT_MAX, n);
		ASSERT_EQ(0, memcmp(self->bytes, self->content + got, n));
		got += n;
	}
	EXPECT_EQ(3, self->peer.rx.seq);
}

/* A counter of TCP's in this network namespace, or -1. */
static long tcp_counter(const char *name)
{
	FILE *file = fopen("/proc/self/net/netstat", "r");
	char names[8192], values[8192], *key, *value, *at, *in;
	long found = -1;

	while (file && found < 0 && fgets(names, sizeof(names), file) &&
	       fgets(values, sizeof(values), file)) {
		key = strtok_r(names, " \n", &at);
		value = strtok_r(values, " \n", &in);
		for (; key && value; key = strtok_r(NULL, " \n", &at)) {
			if (!strcmp(key, name))
				found = atol(value);
			value = strtok_r(NULL, " \n", &in);
		}
	}
	if (file)
		fclose(file);
	return found;
}

static bool all_acknowledged(int fd)
{
	struct tcp_info info = { .tcpi_unacked = 1 };
	socklen_t len = sizeof(info);
	int i;

	for (i = 0; i < TIMEOUT_MS && info.tcpi_unacked; i++) {
		getsockopt(fd, SOL_TCP, TCP_INFO, &info, &len);
		usleep(1000);
	}
	return !info.tcpi_unacked;
}

/*
 * A sender may hold the rest of a record back until the first part has been
 * acknowledged; TCP's timer for that is 40 ms. A machine may be slow, so that the
 * timer comes first: not each time.
 */
TEST_F(records, part_of_a_record_is_acknowledged_when_it_is_all_that_is_left)
{
	uint8_t *in = self->bytes + RECORD_MAX / 2;
	int i, zero = 0, late = 0;
	size_t n, both;
	long before;

	for (i = 0; i < 20 && late == i; i++) {
		n = record_seal(&self->peer.tx, self->bytes, DATA, self->content,
				1000, 0);
		both = n + record_seal(&self->peer.tx, self->bytes + n, DATA,
				       self->content, 1000, 0);
		before = tcp_counter("DelayedACKs");
		ASSERT_LE(0, before);
		ASSERT_EQ(0, setsockopt(self->ours, SOL_TCP, TCP_QUICKACK, &zero,
					sizeof(zero)));
		ASSERT_TRUE(send_raw(&self->peer, self->bytes, n + 500));
		ASSERT_TRUE(read_all(self->ours, in, 1000));
		ASSERT_EQ(-1, recv(self->ours, in, 1, MSG_DONTWAIT));
		ASSERT_TRUE(all_acknowledged(self->peer.fd));
		late += tcp_counter("DelayedACKs") != before;
		ASSERT_TRUE(send_raw(&self->peer, self->bytes + n + 500,
				     both - n - 500));
		ASSERT_TRUE(read_all(self->ours, in, 1000));
		EXPECT_EQ(0, memcmp(in, self->content, 1000));
	}
	EXPECT_LT(late, i);
}

/* Its pages must not be filled again as long as they are in the pipe. */
TEST_F(records, what_a_peer_keeps_of_the_stream_stays_as_it_was)
{
	uint8_t kept[4096];
	int i, ends[2];

	ASSERT_EQ(0, pipe2(ends, O_CLOEXEC));
	ASSERT_TRUE(write_all(self->ours, self->content, PLAINTEXT_MAX));
	ASSERT_EQ(sizeof(kept), recv(self->peer.fd, kept, sizeof(kept),
				     MSG_PEEK | MSG_WAITALL));
	ASSERT_EQ(sizeof(kept), splice(self->peer.fd, NULL, ends[1], NULL,
				       sizeof(kept), 0));
	/* Several times around the pages of this processor. */
	for (i = 0; i < 512; i++) {
		ASSERT_TRUE(write_all(self->ours, self->content, PLAINTEXT_MAX));
		ASSERT_TRUE(read_all(self->peer.fd, self->bytes, PLAINTEXT_MAX));
	}
	ASSERT_EQ(sizeof(kept), read(ends[0], self->bytes, sizeof(kept)));
	EXPECT_EQ(0, memcmp(self->bytes, kept, sizeof(kept)));
	close(ends[0]);
	close(ends[1]);
}

TEST_HARNESS_MAIN
