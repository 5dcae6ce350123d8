// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) 2026 The tlsup authors
 *
 * How long records are: padding that hides the content's length (RFC 9846, 5.4),
 * and the limits that both sides have asked for (RFC 8449).
 */
#define _GNU_SOURCE
#include <poll.h>
#include <sys/socket.h>

#include "kselftest_harness.h"
#include "mac.h"
#include "net.h"

/* What protection adds to a record of TLS 1.3: the type and the tag. */
#define ADDED_13	17

FIXTURE(sizes) {
	struct agent agent;
	int ours;
	struct peer peer;
	uint8_t bytes[RECORD_MAX];
	uint8_t content[RECORD_MAX];
};

FIXTURE_VARIANT(sizes) {
	int role;
	uint16_t cipher;
	struct done done;
};

FIXTURE_VARIANT_ADD(sizes, client_13_no_limit) {
	.role = TLSUP_CLIENT,
	.cipher = TLSUP_CIPHER_AES_GCM_128,
	.done = { .version = 0x0304 },
};

FIXTURE_VARIANT_ADD(sizes, server_13_both_limits) {
	.role = TLSUP_SERVER,
	.cipher = TLSUP_CIPHER_CHACHA20_POLY1305,
	.done = { .version = 0x0304, .limit = 1001, .own_limit = 501 },
};

FIXTURE_VARIANT_ADD(sizes, client_13_least_limits) {
	.role = TLSUP_CLIENT,
	.cipher = TLSUP_CIPHER_AES_GCM_256,
	.done = { .version = 0x0304, .limit = 64, .own_limit = 64 },
};

FIXTURE_VARIANT_ADD(sizes, server_12_both_limits) {
	.role = TLSUP_SERVER,
	.cipher = TLSUP_CIPHER_AES_GCM_128,
	.done = { .version = 0x0303, .limit = 1000, .own_limit = 500 },
};

FIXTURE_VARIANT_ADD(sizes, client_12_least_limits_mac) {
	.role = TLSUP_CLIENT,
	.cipher = TLSUP_CIPHER_AES_CBC_128_SHA1,
	.done = { .version = 0x0303, .limit = 64, .own_limit = 64 },
};

FIXTURE_VARIANT_ADD(sizes, server_12_both_limits_etm) {
	.role = TLSUP_SERVER,
	.cipher = TLSUP_CIPHER_AES_CBC_128_SHA256 | CIPHER_ETM,
	.done = { .version = 0x0303, .limit = 1000, .own_limit = 500 },
};

FIXTURE_SETUP(sizes)
{
	ASSERT_EQ(0, net_new());
	ASSERT_EQ(0, agent_open(&self->agent));
	ASSERT_EQ(0, agent_register(&self->agent, 16));
	ASSERT_EQ(0, open_with_peer_as(&self->agent, variant->role,
				       variant->cipher, &variant->done,
				       &self->ours, &self->peer));
	fill(self->content, sizeof(self->content), 9);
}

FIXTURE_TEARDOWN(sizes)
{
	close(self->ours);
	close(self->peer.fd);
	agent_close(&self->agent);
	EXPECT_TRUE(net_all_destroyed());
}

/* A limit in bytes of content: that of TLS 1.3 counts the inner type, too. */
static size_t content_max(const struct done *done, uint16_t limit)
{
	return limit ? limit - (done->version == 0x0304) : PLAINTEXT_MAX;
}

TEST_F(sizes, what_is_sent_keeps_to_the_peer_s_limit)
{
	size_t max = content_max(&variant->done, variant->done.limit);
	size_t got = 0, total = 20000;
	uint8_t type = 0;
	ssize_t n;

	set_blocking(self->ours, true);
	ASSERT_EQ(total, send(self->ours, self->content, total, 0));
	while (got < total) {
		n = peer_recv(&self->peer, self->bytes, &type);
		ASSERT_EQ(total - got < max ? total - got : max, n);
		ASSERT_EQ(0, memcmp(self->bytes, self->content + got, n));
		got += n;
	}
}

TEST_F(sizes, what_comes_may_be_as_long_as_our_limit)
{
	size_t max = content_max(&variant->done, variant->done.own_limit);

	ASSERT_TRUE(peer_send(&self->peer, DATA, self->content, max));
	ASSERT_TRUE(read_all(self->ours, self->bytes, max));
	EXPECT_EQ(0, memcmp(self->bytes, self->content, max));
}

TEST_F(sizes, a_byte_beyond_our_limit_is_an_overflow)
{
	size_t max = content_max(&variant->done, variant->done.own_limit);

	ASSERT_TRUE(peer_send(&self->peer, DATA, self->content, max + 1));
	ASSERT_NE(0, poll_now(self->ours, POLLIN, TIMEOUT_MS));
	EXPECT_EQ(-1, recv(self->ours, self->bytes, 1, 0));
	EXPECT_EQ(EMSGSIZE, errno);
	EXPECT_EQ(RECORD_OVERFLOW, peer_alert(&self->peer));
}

TEST_F(sizes, padding_fills_up_to_a_multiple)
{
	size_t max = content_max(&variant->done, variant->done.limit);
	static const uint32_t blocks[] = { 1, 2, 16, 64, 512, 4096, 16384 };
	static const size_t lengths[] = { 1, 15, 16, 63, 500 };
	size_t inner, i, j;
	uint8_t type = 0;
	ssize_t n;

	for (i = 0; i < sizeof(blocks) / sizeof(blocks[0]); i++) {
		ASSERT_EQ(0, tls_set_u32(self->ours, TLSUP_PADDING, blocks[i]));
		for (j = 0; j < 5 && lengths[j] <= max; j++) {
			ASSERT_TRUE(write_all(self->ours, self->content,
					      lengths[j]));
			n = peer_record(&self->peer, self->bytes);
			ASSERT_LT(0, n);
			inner = n - HEADER_SIZE - TAG_SIZE;
			if (variant->done.version == 0x0304)
				EXPECT_TRUE(inner % blocks[i] == 0 ||
					    inner == max + 1)
					TH_LOG("%zu bytes, blocks of %u: %zu",
					       lengths[j], blocks[i], inner);
			ASSERT_EQ(lengths[j], record_open(&self->peer.rx,
							  self->bytes, n, &type));
			EXPECT_EQ(0, memcmp(self->bytes + HEADER_SIZE,
					    self->content, lengths[j]));
		}
	}
	/* And off again. */
	ASSERT_EQ(0, tls_set_u32(self->ours, TLSUP_PADDING, 0));
	ASSERT_TRUE(write_all(self->ours, self->content, 3));
	n = peer_record(&self->peer, self->bytes);
	if (variant->done.version == 0x0304)
		EXPECT_EQ(HEADER_SIZE + 3 + ADDED_13, n);
}

TEST_F(sizes, padding_out_of_range_is_refused)
{
	EXPECT_EQ(-EINVAL, tls_set_u32(self->ours, TLSUP_PADDING, 16385));
	EXPECT_EQ(-EINVAL, tls_set_u32(self->ours, TLSUP_PADDING, -1));
}

TEST_HARNESS_MAIN
