// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) 2026 The tlsup authors
 *
 * The MAC suites of TLS 1.2 against a peer that lies about padding and MAC: a
 * table of what is wrong, and that all of it gets the same answer.
 */
#define _GNU_SOURCE
#include <poll.h>
#include <sys/socket.h>

#include "kselftest_harness.h"
#include "mac.h"
#include "net.h"

#define PADDINGS	256

FIXTURE(mac) {
	struct agent agent;
	int ours;
	struct peer peer;
	uint16_t cipher;
	uint8_t bytes[RECORD_MAX];
	uint8_t content[RECORD_MAX];
};

FIXTURE_VARIANT(mac) {
	uint16_t cipher;
};

#define VARIANT(name, id)						\
FIXTURE_VARIANT_ADD(mac, name) { .cipher = TLSUP_CIPHER_AES_CBC_##id };	\
FIXTURE_VARIANT_ADD(mac, name##_etm) {					\
	.cipher = TLSUP_CIPHER_AES_CBC_##id | CIPHER_ETM		\
}

VARIANT(aes_128_sha1, 128_SHA1);
VARIANT(aes_256_sha1, 256_SHA1);
VARIANT(aes_128_sha256, 128_SHA256);
VARIANT(aes_256_sha256, 256_SHA256);
VARIANT(aes_256_sha384, 256_SHA384);

/* A connection of its own for each thing that ends one. */
static int reopen(FIXTURE_DATA(mac) *self)
{
	const struct done done = { .version = 0x0303 };

	if (self->ours >= 0) {
		close(self->ours);
		close(self->peer.fd);
	}
	return open_with_peer_as(&self->agent, TLSUP_CLIENT, self->cipher,
				 &done, &self->ours, &self->peer);
}

FIXTURE_SETUP(mac)
{
	self->cipher = variant->cipher;
	self->ours = -1;
	ASSERT_EQ(0, net_new());
	ASSERT_EQ(0, agent_open(&self->agent));
	ASSERT_EQ(0, agent_register(&self->agent, 16));
	ASSERT_EQ(0, reopen(self));
	fill(self->content, sizeof(self->content), 7);
}

FIXTURE_TEARDOWN(mac)
{
	close(self->ours);
	close(self->peer.fd);
	agent_close(&self->agent);
	EXPECT_TRUE(net_all_destroyed());
}

/* The MAC's part of what is padded. */
static size_t inside(uint16_t cipher)
{
	return cipher & CIPHER_ETM ? 0 : cipher_mac_len(cipher);
}

/* The shortest content, at least @least bytes, that such a padding goes with. */
static size_t content_for(uint16_t cipher, int padding, size_t least)
{
	while ((least + inside(cipher) + padding + 1) % CBC_BLOCK)
		least++;
	return least;
}

static bool send_record(FIXTURE_DATA(mac) *self, size_t len)
{
	return write_all(self->peer.fd, self->bytes, len);
}

/* What is read, or -errno; and the alert that the peer has got, or -1. */
struct outcome {
	ssize_t got;
	int error;
	int alert;
};

static struct outcome outcome_of(FIXTURE_DATA(mac) *self)
{
	struct outcome outcome = { .got = -ETIME };
	uint8_t buffer[100];

	if (poll_now(self->ours, POLLIN, TIMEOUT_MS)) {
		outcome.got = recv(self->ours, buffer, sizeof(buffer), MSG_DONTWAIT);
		if (outcome.got < 0)
			outcome.got = -errno;
	}
	outcome.error = tls_status(self->ours).error;
	outcome.alert = peer_alert(&self->peer);
	return outcome;
}

#define EXPECT_REFUSED(number, description, ...) do {			\
	struct outcome outcome = outcome_of(self);			\
									\
	EXPECT_EQ(-(number), outcome.got)				\
		TH_LOG(__VA_ARGS__);					\
	EXPECT_EQ(number, outcome.error)				\
		TH_LOG(__VA_ARGS__);					\
	EXPECT_EQ(description, outcome.alert)				\
		TH_LOG(__VA_ARGS__);					\
} while (0)

TEST_F(mac, every_padding_that_is_right_comes_off)
{
	size_t len, n;
	int padding;

	for (padding = 0; padding < PADDINGS; padding++) {
		struct lie lie = { .padding = padding };

		len = content_for(variant->cipher, padding, padding % 5);
		n = mac_seal(&self->peer.tx, self->bytes, DATA, self->content,
			     len, &lie);
		ASSERT_TRUE(send_record(self, n));
		ASSERT_TRUE(read_all(self->ours, self->bytes, len))
			TH_LOG("padding %d", padding);
		EXPECT_EQ(0, memcmp(self->bytes, self->content, len));
	}
	/* And none of it has been taken for content. */
	EXPECT_EQ(0, poll_now(self->ours, POLLIN, 20));
}

/* Sizes around the blocks of cipher and hashes, and every minimal padding. */
TEST_F(mac, every_size_goes_both_ways)
{
	static const size_t sizes[] = { 250, 500, 1000, 4095, 4096, 16000,
					16383, 16384 };
	size_t i, len;
	uint8_t type;

	for (i = 0; i < 150 + 8; i++) {
		len = i < 150 ? i + 1 : sizes[i - 150];
		ASSERT_TRUE(peer_send(&self->peer, DATA, self->content, len));
		ASSERT_TRUE(read_all(self->ours, self->bytes, len))
			TH_LOG("%zu bytes", len);
		EXPECT_EQ(0, memcmp(self->bytes, self->content, len));
		ASSERT_TRUE(write_all(self->ours, self->content, len));
		ASSERT_EQ(len, peer_recv(&self->peer, self->bytes, &type));
		EXPECT_EQ(0, memcmp(self->bytes, self->content, len));
	}
	ASSERT_TRUE(peer_send(&self->peer, DATA, NULL, 0));
	EXPECT_EQ(0, poll_now(self->ours, POLLIN, 20));
}

static int bits_that_differ(const uint8_t *one, const uint8_t *other, size_t len)
{
	int bits = 0;

	while (len--)
		bits += __builtin_popcount(one[len] ^ other[len]);
	return bits;
}

/*
 * Nobody can know an IV before it is there: no two are equal, and of random ones
 * half of the bits differ: 3136 here, with a standard deviation of 40.
 */
TEST_F(mac, each_record_has_an_iv_of_its_own)
{
	uint8_t ivs[50][CBC_BLOCK];
	int i, j, bits = 0;

	for (i = 0; i < 50; i++) {
		ASSERT_TRUE(write_all(self->ours, "the same", 8));
		ASSERT_LT(0, peer_record(&self->peer, self->bytes));
		memcpy(ivs[i], self->bytes + HEADER_SIZE, CBC_BLOCK);
		for (j = 0; j < i; j++)
			EXPECT_NE(0, memcmp(ivs[i], ivs[j], CBC_BLOCK));
		if (i)
			bits += bits_that_differ(ivs[i], ivs[i - 1], CBC_BLOCK);
	}
	EXPECT_LT(2700, bits);
	EXPECT_GT(3600, bits);
}

static bool full(void)
{
	const char *value = getenv("FULL");

	return value && *value && strcmp(value, "0");
}

/* All of the paddings with FULL=1, else a few: tlsup_cbc's KUnit has them all. */
static bool is_tried(int padding)
{
	return full() || padding < 2 || padding == 15 || padding == 128 ||
	       padding == 255;
}

static const struct bad {
	const char *what;
	size_t pad_at;		/* as in struct lie; 0: none, 300: the first */
	size_t mac_at;
	int least;		/* padding that it takes */
} bads[] = {
	{ "the first byte of the padding", 300, 0, 1 },
	{ "the last but one", 2, 0, 1 },
	{ "the one before", 3, 0, 2 },
	{ "the first byte of the MAC", 0, 1, 0 },
	{ "the last byte of the MAC", 0, 99, 0 },
	{ "both", 2, 1, 1 },
};

static struct lie make_lie(uint16_t cipher, const struct bad *bad, int padding)
{
	size_t size = cipher_mac_len(cipher);
	struct lie lie = { .padding = padding };

	lie.pad_at = bad->pad_at == 300 ? padding + 1 : bad->pad_at;
	lie.mac_at = bad->mac_at > size ? size : bad->mac_at;
	return lie;
}

TEST_F_TIMEOUT(mac, every_padding_that_is_wrong_is_a_bad_record_mac, 300)
{
	struct lie lie;
	int padding;
	size_t n, i;

	for (padding = 0; padding < PADDINGS; padding++) {
		for (i = 0; i < sizeof(bads) / sizeof(bads[0]); i++) {
			if (!is_tried(padding) || padding < bads[i].least)
				continue;
			lie = make_lie(variant->cipher, &bads[i], padding);
			n = content_for(variant->cipher, padding, 300);
			n = mac_seal(&self->peer.tx, self->bytes, DATA,
				     self->content, n, &lie);
			ASSERT_TRUE(send_record(self, n));
			EXPECT_REFUSED(EBADMSG, BAD_RECORD_MAC, "padding %d: %s",
				       padding, bads[i].what);
			ASSERT_EQ(0, reopen(self));
		}
	}
}

TEST_F_TIMEOUT(mac, each_byte_of_the_mac_counts, 300)
{
	size_t at, n;

	for (at = 1; at <= cipher_mac_len(variant->cipher); at += full() ? 1 : 5) {
		struct lie lie = { .padding = -1, .mac_at = at };

		n = mac_seal(&self->peer.tx, self->bytes, DATA, self->content,
			     at * 3, &lie);
		ASSERT_TRUE(send_record(self, n));
		EXPECT_REFUSED(EBADMSG, BAD_RECORD_MAC, "byte %zu", at);
		ASSERT_EQ(0, reopen(self));
	}
}

/* Padding that reaches into the MAC, or in front of the record. */
TEST_F_TIMEOUT(mac, padding_longer_than_the_record_is_a_bad_record_mac, 300)
{
	static const uint8_t claims[] = { 16, 31, 47, 63, 100, 254, 255 };
	size_t i, n;

	for (i = 0; i < sizeof(claims); i++) {
		/* The length byte alone: it claims what is not there. */
		struct lie lie = { .padding = 15 - inside(variant->cipher) % 16 };

		n = mac_seal(&self->peer.tx, self->bytes, DATA, NULL, 0, &lie);
		self->peer.tx.seq--;
		n = mac_claim(&self->peer.tx, self->bytes, n, claims[i]);
		ASSERT_TRUE(send_record(self, n));
		EXPECT_REFUSED(EBADMSG, BAD_RECORD_MAC, "claims %u", claims[i]);
		ASSERT_EQ(0, reopen(self));
	}
}

/* A good record of some bytes, cut to every shorter length. */
TEST_F_TIMEOUT(mac, every_truncation_is_a_bad_record_mac, 300)
{
	size_t len, n, cut;

	len = mac_seal(&self->peer.tx, self->bytes, DATA, self->content, 40,
		       &(struct lie){ .padding = -1 }) - HEADER_SIZE;
	for (cut = 0; cut < len; cut += full() ? 1 : 1 + cut / 8) {
		n = mac_seal(&self->peer.tx, self->bytes, DATA, self->content,
			     40, &(struct lie){ .padding = -1 });
		ASSERT_EQ(HEADER_SIZE + len, n);
		self->bytes[3] = cut >> 8;
		self->bytes[4] = cut;
		ASSERT_TRUE(send_record(self, HEADER_SIZE + cut));
		EXPECT_REFUSED(EBADMSG, BAD_RECORD_MAC, "%zu bytes", cut);
		ASSERT_EQ(0, reopen(self));
	}
}

/* Too many bytes, after the MAC has been found right and before. */
TEST_F(mac, one_byte_too_long)
{
	static const struct {
		const char *what;
		size_t content;
		size_t padding;		/* 0: as short as it can be */
		size_t header;		/* of the header alone, 0: all */
		bool bad_mac;
		int error;
		int alert;
	} rows[] = {
		{ "the longest", 16384, 0, 0, false, 0, -1 },
		{ "the longest, with the longest padding", 16384, 255, 0, false,
		  0, -1 },
		{ "a byte of content too many", 16385, 0, 0, false, EMSGSIZE,
		  RECORD_OVERFLOW },
		{ "the same, not authentic", 16385, 0, 0, true, EBADMSG,
		  BAD_RECORD_MAC },
		{ "more than any padding explains", 16700, 0, 0, true, EMSGSIZE,
		  RECORD_OVERFLOW },
		{ "a header of 2^14 + 2049", 0, 0, 16384 + 2049, false, EMSGSIZE,
		  RECORD_OVERFLOW },
	};
	size_t i, n, len;

	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct lie lie = { .padding = -1, .mac_at = rows[i].bad_mac };

		len = rows[i].content;
		if (rows[i].padding) {
			/* The nearest that fills the block. */
			lie.padding = 255;
			while ((len + inside(variant->cipher) + lie.padding + 1) %
			       CBC_BLOCK)
				lie.padding--;
		}
		n = mac_seal(&self->peer.tx, self->bytes, DATA, self->content,
			     len, &lie);
		if (rows[i].header) {
			self->bytes[3] = rows[i].header >> 8;
			self->bytes[4] = rows[i].header;
			n = HEADER_SIZE;
		}
		ASSERT_TRUE(send_record(self, n));
		if (rows[i].error) {
			EXPECT_REFUSED(rows[i].error, rows[i].alert, "%s",
				       rows[i].what);
			ASSERT_EQ(0, reopen(self));
			continue;
		}
		ASSERT_TRUE(read_all(self->ours, self->bytes, len))
			TH_LOG("%s", rows[i].what);
		EXPECT_EQ(0, memcmp(self->bytes, self->content, len));
	}
}

/* New connections get no such keys; those that have them go on. */
TEST_F(mac, the_class_can_be_switched_off)
{
	struct peer first = self->peer;
	int fd = self->ours;
	uint8_t type;

	ASSERT_EQ(0, net_sysctl("cbc", 0));
	self->ours = -1;
	EXPECT_NE(0, reopen(self));
	EXPECT_EQ(EOPNOTSUPP, tls_status(self->ours).error);
	ASSERT_TRUE(write_all(fd, "goes on", 7));
	EXPECT_EQ(7, peer_recv(&first, self->bytes, &type));
	EXPECT_EQ(-EINVAL, net_sysctl("cbc", 2));
	ASSERT_EQ(0, net_sysctl("cbc", 1));
	EXPECT_EQ(0, reopen(self));
	close(fd);
	close(first.fd);
}

TEST_HARNESS_MAIN
