// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) 2026 The tlsup authors
 *
 * Broken record streams from a seeded generator: some good records of random
 * sizes, padding and pieces, then one of the endings of a table. What is good is
 * delivered, the ending gets the errno and the alert that the table says, and
 * nothing else is delivered.
 *
 *	TLSUP_STREAMS=N	how many (default 3000, over all variants)
 *	TLSUP_SEED=N	from which seed (default 1); a failure prints its own
 */
#define _GNU_SOURCE
#include <poll.h>
#include <stdlib.h>
#include <sys/socket.h>

#include <netinet/tcp.h>

#include "kselftest_harness.h"
#include "mac.h"
#include "net.h"

#define STREAMS		3000
#define VARIANTS	6
#define WIRE_MAX	(4 * RECORD_MAX)
#define DATA_MAX	(4 * PLAINTEXT_MAX)
#define NO_ALERT	-1

/**
 * struct stream - one of them, as it is made
 * @random: state of the generator
 * @tls12: version
 * @keys: of who sends it
 * @wire: what is sent
 * @wire_len: its length
 * @data: what is to be delivered
 * @data_len: its length
 */
struct stream {
	uint64_t random;
	bool tls12;
	struct keys *keys;
	uint8_t *wire;
	size_t wire_len;
	uint8_t *data;
	size_t data_len;
};

/* A number below limit. */
static uint32_t pick(struct stream *s, uint32_t limit)
{
	s->random ^= s->random << 13;
	s->random ^= s->random >> 7;
	s->random ^= s->random << 17;
	return (s->random >> 16) % limit;
}

/* Sizes that stand at borders come often. */
static size_t pick_size(struct stream *s)
{
	static const size_t sizes[] = { 0, 1, 2, 15, 16, 17, 255, 256, 4095,
					4096, 16383, 16384 };

	return pick(s, 3) ? sizes[pick(s, 12)] % (pick(s, 8) ? 512 : 16385) :
			    pick(s, 700);
}

static uint8_t *end(struct stream *s)
{
	return s->wire + s->wire_len;
}

static void add_raw(struct stream *s, const void *bytes, size_t len)
{
	memcpy(end(s), bytes, len);
	s->wire_len += len;
}

static void add(struct stream *s, uint8_t type, const void *bytes, size_t len)
{
	s->wire_len += record_seal(s->keys, end(s), type, bytes, len, 0);
}

/* A good record, which may be padded, and may be empty. */
static void add_good(struct stream *s)
{
	size_t len = pick_size(s), pad = pick(s, 3) ? 0 : pick_size(s);
	uint8_t *content = s->data + s->data_len;

	if (len + pad > PLAINTEXT_MAX)
		pad = PLAINTEXT_MAX - len;
	fill(content, len, s->random);
	s->wire_len += record_seal(s->keys, end(s), DATA, content, len, pad);
	s->data_len += len;
}

static void nothing(struct stream *s)
{
}

static void close_notify(struct stream *s)
{
	add(s, ALERT, "\1\0", 2);
}

static void close_notify_and_more(struct stream *s)
{
	close_notify(s);
	add(s, DATA, "behind", 6);
}

static void cut_short(struct stream *s)
{
	size_t before = s->wire_len;

	add(s, DATA, "cut off in the middle", 21);
	s->wire_len -= 1 + pick(s, s->wire_len - before - 1);
}

/* Any bit of the body, or of the type that the body is bound to. */
static void flipped_bit(struct stream *s)
{
	size_t before = s->wire_len, at;

	add(s, DATA, s->wire, pick_size(s));
	at = HEADER_SIZE + pick(s, s->wire_len - before - HEADER_SIZE);
	s->wire[before + at] ^= 1 << pick(s, 8);
}

static void length_changed(struct stream *s)
{
	size_t before = s->wire_len;

	add(s, DATA, "longer than it says that it is", 30);
	s->wire[before + 4] -= 1 + pick(s, 5);
}

static void minor_version_changed(struct stream *s)
{
	size_t before = s->wire_len;

	add(s, DATA, "bound to its header", 19);
	s->wire[before + 2] ^= 1 << pick(s, 8);
}

static void major_version_changed(struct stream *s)
{
	uint8_t header[] = { DATA, 4 + pick(s, 252), 3, 0, 40 };

	add_raw(s, header, sizeof(header));
	add_raw(s, s->wire, 40);
}

static void unknown_type(struct stream *s)
{
	uint8_t header[] = { 24 + pick(s, 232), 3, 3, 0, 40 };

	add_raw(s, header, sizeof(header));
	add_raw(s, s->wire, 40);
}

static void too_long(struct stream *s)
{
	size_t len = (s->tls12 ? 16384 + 2048 : 16384 + 256) + 1 + pick(s, 100);
	uint8_t header[] = { DATA, 3, 3, len >> 8, len };

	add_raw(s, header, sizeof(header));
}

static void content_too_long(struct stream *s)
{
	add(s, DATA, s->wire, PLAINTEXT_MAX + 1 + pick(s, 200));
}

static void too_short(struct stream *s)
{
	uint8_t header[] = { DATA, 3, 3, 0, pick(s, 16) };

	add_raw(s, header, sizeof(header));
	add_raw(s, s->wire, header[4]);
}

static void replayed(struct stream *s)
{
	size_t before = s->wire_len, len;

	add(s, DATA, "once", 4);
	len = s->wire_len - before;
	memcpy(s->data + s->data_len, "once", 4);
	s->data_len += 4;
	add_raw(s, s->wire + before, len);
}

static void skipped(struct stream *s)
{
	s->keys->seq += 1 + pick(s, 1000);
	add(s, DATA, "too far", 7);
}

static void plain_ccs(struct stream *s)
{
	add_raw(s, "\x14\3\3\0\1\1", 6);
}

static void protected_ccs(struct stream *s)
{
	add(s, CCS, "\1", 1);
}

static void plain_alert(struct stream *s)
{
	add_raw(s, "\x15\3\3\0\2\1\0", 7);
}

static void empty_handshake(struct stream *s)
{
	add(s, HANDSHAKE, NULL, 0);
}

static void empty_alert(struct stream *s)
{
	add(s, ALERT, NULL, 0);
}

static void long_alert(struct stream *s)
{
	add(s, ALERT, "\2\x28\2\x28", 4);
}

static void fatal_alert(struct stream *s)
{
	add(s, ALERT, "\2\x28", 2);
}

static void zeros_only(struct stream *s)
{
	static const uint8_t zeros[PLAINTEXT_MAX];

	s->wire_len += record_seal_inner(s->keys, end(s), zeros,
					 1 + pick(s, PLAINTEXT_MAX));
}

static void inner_type_unknown(struct stream *s)
{
	add(s, pick(s, 2) ? 1 + pick(s, 19) : 24 + pick(s, 200), "what?", 5);
}

static void message_out_of_place(struct stream *s)
{
	static const uint8_t types[] = { 2, 5, 8, 11, 13, 15, 20, 254 };
	uint8_t message[] = { types[pick(s, sizeof(types))], 0, 0, 0 };

	add(s, HANDSHAKE, message, sizeof(message));
}

static void data_in_a_message(struct stream *s)
{
	add(s, HANDSHAKE, "\4\0\0\x20half of it", 14);
	add(s, DATA, "in between", 10);
}

static void bad_key_update(struct stream *s)
{
	add(s, HANDSHAKE, "\x18\0\0\1\2", 5);
}

static void updated_and_old_keys(struct stream *s)
{
	add(s, HANDSHAKE, "\x18\0\0\1\0", 5);
	add(s, DATA, "under the old keys", 18);
}

enum { BOTH, ONLY_12, ONLY_13 };

/* How a stream ends; FIN follows each. */
static const struct ending {
	const char *name;
	void (*make)(struct stream *s);
	int error;
	int alert;
	int versions;
} endings[] = {
	{ "FIN alone", nothing, ECONNRESET, NO_ALERT, BOTH },
	{ "close_notify", close_notify, 0, NO_ALERT, BOTH },
	{ "data behind close_notify", close_notify_and_more, 0, NO_ALERT, BOTH },
	{ "FIN in a record", cut_short, ECONNRESET, NO_ALERT, BOTH },
	{ "a flipped bit", flipped_bit, EBADMSG, BAD_RECORD_MAC, BOTH },
	{ "a smaller length", length_changed, EBADMSG, BAD_RECORD_MAC, BOTH },
	{ "a minor version", minor_version_changed, EBADMSG, BAD_RECORD_MAC,
	  ONLY_13 },
	{ "a major version", major_version_changed, EPROTO, 70, BOTH },
	{ "an unknown type", unknown_type, EPROTO, UNEXPECTED_MESSAGE, BOTH },
	{ "a length too long", too_long, EMSGSIZE, RECORD_OVERFLOW, BOTH },
	{ "content too long", content_too_long, EMSGSIZE, RECORD_OVERFLOW, BOTH },
	{ "too short for a tag", too_short, EBADMSG, BAD_RECORD_MAC, BOTH },
	{ "a replay", replayed, EBADMSG, BAD_RECORD_MAC, BOTH },
	{ "a gap", skipped, EBADMSG, BAD_RECORD_MAC, BOTH },
	{ "a plain change_cipher_spec", plain_ccs, EPROTO, UNEXPECTED_MESSAGE,
	  ONLY_13 },
	{ "a protected change_cipher_spec", protected_ccs, EPROTO,
	  UNEXPECTED_MESSAGE, BOTH },
	{ "a plain alert", plain_alert, EPROTO, UNEXPECTED_MESSAGE, ONLY_13 },
	{ "an empty handshake record", empty_handshake, EPROTO,
	  UNEXPECTED_MESSAGE, BOTH },
	{ "an empty alert", empty_alert, EPROTO, UNEXPECTED_MESSAGE, BOTH },
	{ "two alerts in a record", long_alert, EPROTO, DECODE_ERROR, BOTH },
	{ "a fatal alert", fatal_alert, EPROTO, NO_ALERT, BOTH },
	{ "zeros", zeros_only, EPROTO, UNEXPECTED_MESSAGE, ONLY_13 },
	{ "an unknown inner type", inner_type_unknown, EPROTO,
	  UNEXPECTED_MESSAGE, ONLY_13 },
	{ "a message out of place", message_out_of_place, EPROTO,
	  UNEXPECTED_MESSAGE, BOTH },
	{ "data in a message", data_in_a_message, EPROTO, UNEXPECTED_MESSAGE,
	  BOTH },
	{ "a bad key_update", bad_key_update, EPROTO, ILLEGAL_PARAMETER,
	  ONLY_13 },
	{ "old keys behind a key_update", updated_and_old_keys, EBADMSG,
	  BAD_RECORD_MAC, ONLY_13 },
};

static const struct ending *pick_ending(struct stream *s)
{
	const struct ending *ending;

	do {
		ending = &endings[pick(s, sizeof(endings) / sizeof(endings[0]))];
	} while (ending->versions == (s->tls12 ? ONLY_13 : ONLY_12));
	return ending;
}

/*
 * Its first bytes one by one, to behind a header and a nonce, the rest in
 * pieces, and the end.
 */
static void play(struct stream *s, int fd)
{
	size_t at = 0, n;
	int on = 1, way = pick(s, 3);

	setsockopt(fd, SOL_TCP, TCP_NODELAY, &on, sizeof(on));
	while (at < s->wire_len) {
		n = way == 0 ? s->wire_len : way == 1 && at < 24 ? 1 :
			1 + pick(s, 5000);
		if (n > s->wire_len - at)
			n = s->wire_len - at;
		/* Ours may have failed and closed: that is for later. */
		if (send(fd, s->wire + at, n, MSG_NOSIGNAL) != n)
			break;
		at += n;
	}
	shutdown(fd, SHUT_WR);
}

/* Up to the end or an error; 0 or the errno. */
static int drain(int fd, uint8_t *to, size_t max, size_t *len)
{
	ssize_t n;

	*len = 0;
	while (*len < max) {
		if (!poll_now(fd, POLLIN, TIMEOUT_MS))
			return ETIME;
		n = recv(fd, to + *len, max - *len, MSG_DONTWAIT);
		if (!n)
			return 0;
		if (n < 0 && errno != EAGAIN)
			return errno;
		if (n > 0)
			*len += n;
	}
	return E2BIG;
}

FIXTURE(streams) {
	struct agent agent;
	struct stream stream;
	uint8_t *in;
};

FIXTURE_VARIANT(streams) {
	int role;
	uint16_t cipher;
	uint16_t version;
};

FIXTURE_VARIANT_ADD(streams, client_13_aes_gcm_128) {
	.role = TLSUP_CLIENT,
	.cipher = TLSUP_CIPHER_AES_GCM_128,
	.version = 0x0304,
};

FIXTURE_VARIANT_ADD(streams, server_13_chacha20_poly1305) {
	.role = TLSUP_SERVER,
	.cipher = TLSUP_CIPHER_CHACHA20_POLY1305,
	.version = 0x0304,
};

FIXTURE_VARIANT_ADD(streams, client_12_chacha20_poly1305) {
	.role = TLSUP_CLIENT,
	.cipher = TLSUP_CIPHER_CHACHA20_POLY1305,
	.version = 0x0303,
};

FIXTURE_VARIANT_ADD(streams, server_12_aes_gcm_256) {
	.role = TLSUP_SERVER,
	.cipher = TLSUP_CIPHER_AES_GCM_256,
	.version = 0x0303,
};

FIXTURE_VARIANT_ADD(streams, client_12_aes_cbc_128_sha1) {
	.role = TLSUP_CLIENT,
	.cipher = TLSUP_CIPHER_AES_CBC_128_SHA1,
	.version = 0x0303,
};

FIXTURE_VARIANT_ADD(streams, server_12_aes_cbc_256_sha384_etm) {
	.role = TLSUP_SERVER,
	.cipher = TLSUP_CIPHER_AES_CBC_256_SHA384 | CIPHER_ETM,
	.version = 0x0303,
};

FIXTURE_SETUP(streams)
{
	self->stream.wire = malloc(WIRE_MAX);
	self->stream.data = malloc(DATA_MAX);
	self->in = malloc(DATA_MAX + 1);
	self->stream.tls12 = variant->version == 0x0303;
	ASSERT_EQ(0, net_new());
	ASSERT_EQ(0, agent_open(&self->agent));
	ASSERT_EQ(0, agent_register(&self->agent, 16));
}

FIXTURE_TEARDOWN(streams)
{
	agent_close(&self->agent);
	EXPECT_TRUE(net_all_destroyed());
	free(self->stream.wire);
	free(self->stream.data);
	free(self->in);
}

static unsigned long setting(const char *name, unsigned long value)
{
	const char *text = getenv(name);

	return text ? strtoul(text, NULL, 0) : value;
}

#define EXPECT_IN_STREAM(wanted, found)					\
	EXPECT_EQ(wanted, found)					\
		TH_LOG("seed %lu: %s", seed, ending->name)

TEST_F_TIMEOUT(streams, each_ends_as_it_should, 7200)
{
	unsigned long count = setting("TLSUP_STREAMS", STREAMS) / VARIANTS;
	unsigned long first = setting("TLSUP_SEED", 1), seed;
	struct done done = { .version = variant->version };
	struct stream *s = &self->stream;
	const struct ending *ending;
	struct tlsup_status status;
	struct peer peer;
	size_t len;
	int ours, n;

	for (seed = first; seed < first + count; seed++) {
		s->random = seed * 0x9e3779b97f4a7c15 | 1;
		s->wire_len = 0;
		s->data_len = 0;
		ASSERT_EQ(0, open_with_peer_as(&self->agent, variant->role,
					       variant->cipher, &done, &ours,
					       &peer));
		s->keys = &peer.tx;
		for (n = pick(s, 4); n; n--)
			add_good(s);
		ending = pick_ending(s);
		ending->make(s);
		play(s, peer.fd);
		EXPECT_IN_STREAM(ending->error, drain(ours, self->in,
						      DATA_MAX + 1, &len));
		EXPECT_IN_STREAM(s->data_len, len);
		EXPECT_IN_STREAM(0, memcmp(s->data, self->in, len));
		status = tls_status(ours);
		EXPECT_IN_STREAM(ending->error, status.error);
		EXPECT_IN_STREAM(ending->alert, status.alert_sent);
		if (ending->alert != NO_ALERT)
			EXPECT_IN_STREAM(ending->alert, peer_alert(&peer));
		close(ours);
		close(peer.fd);
		if (_metadata->exit_code)
			break;
	}
	TH_LOG("from seed %lu", first);
	TH_LOG("figure: record streams of a hostile peer: %lu", count);
}

TEST_HARNESS_MAIN
