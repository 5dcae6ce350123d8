// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) 2026 The tlsup authors
 *
 * Both ends are ours: data of every size, by every call, under every cipher.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <netinet/tcp.h>

#include "kselftest_harness.h"
#include "mac.h"
#include "net.h"

#define BUFFER	(64 * 1024)

/* No test takes so long. */
#define PATIENCE_MS	600000

FIXTURE(data) {
	struct agent agent;
	int client;
	int server;
	uint8_t *out;
	uint8_t *in;
};

FIXTURE_VARIANT(data) {
	uint16_t cipher;
	bool tls12;
};

FIXTURE_VARIANT_ADD(data, aes_gcm_128) {
	.cipher = TLSUP_CIPHER_AES_GCM_128,
};

FIXTURE_VARIANT_ADD(data, aes_gcm_256) {
	.cipher = TLSUP_CIPHER_AES_GCM_256,
};

FIXTURE_VARIANT_ADD(data, chacha20_poly1305) {
	.cipher = TLSUP_CIPHER_CHACHA20_POLY1305,
};

FIXTURE_VARIANT_ADD(data, tls12_aes_gcm_128) {
	.cipher = TLSUP_CIPHER_AES_GCM_128,
	.tls12 = true,
};

FIXTURE_VARIANT_ADD(data, tls12_chacha20_poly1305) {
	.cipher = TLSUP_CIPHER_CHACHA20_POLY1305,
	.tls12 = true,
};

FIXTURE_VARIANT_ADD(data, tls12_aes_cbc_128_sha1) {
	.cipher = TLSUP_CIPHER_AES_CBC_128_SHA1,
	.tls12 = true,
};

FIXTURE_VARIANT_ADD(data, tls12_aes_cbc_256_sha256_etm) {
	.cipher = TLSUP_CIPHER_AES_CBC_256_SHA256 | CIPHER_ETM,
	.tls12 = true,
};

FIXTURE_VARIANT_ADD(data, tls12_aes_cbc_256_sha384) {
	.cipher = TLSUP_CIPHER_AES_CBC_256_SHA384,
	.tls12 = true,
};

FIXTURE_SETUP(data)
{
	self->out = malloc(BUFFER);
	self->in = malloc(BUFFER);
	ASSERT_EQ(0, net_new());
	ASSERT_EQ(0, agent_open(&self->agent));
	ASSERT_EQ(0, agent_register(&self->agent, 16));
	ASSERT_EQ(0, (variant->tls12 ? open_pair_12 : open_pair)(
			&self->agent, variant->cipher, &self->client,
			&self->server));
	fill(self->out, BUFFER, 1);
	memset(self->in, 0, BUFFER);
}

FIXTURE_TEARDOWN(data)
{
	close(self->client);
	close(self->server);
	agent_close(&self->agent);
	EXPECT_TRUE(net_all_destroyed());
	free(self->out);
	free(self->in);
}

/* Compared at once, so that a failure says one thing. */
#define EXPECT_SAME(n) EXPECT_EQ(0, memcmp(self->out, self->in, n))

TEST_F(data, every_size_crosses_in_both_directions)
{
	static const size_t sizes[] = {
		1, 2, 3, 15, 16, 17, 255, 1447, 4096, 8191, 16383, 16384, 16385,
		16400, 32767, 32768, 32769, 49153, 65535, 65536,
	};
	size_t i;

	for (i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		fill(self->out, sizes[i], i);
		ASSERT_TRUE(write_all(self->client, self->out, sizes[i]));
		ASSERT_TRUE(read_all(self->server, self->in, sizes[i]));
		EXPECT_SAME(sizes[i]) TH_LOG("%zu bytes up", sizes[i]);
		fill(self->out, sizes[i], 1000 + i);
		ASSERT_TRUE(write_all(self->server, self->out, sizes[i]));
		ASSERT_TRUE(read_all(self->client, self->in, sizes[i]));
		EXPECT_SAME(sizes[i]) TH_LOG("%zu bytes down", sizes[i]);
	}
	EXPECT_EQ(tls_info(self->client).tx_bytes,
		  tls_info(self->server).rx_bytes);
	EXPECT_EQ(tls_info(self->client).tx_records,
		  tls_info(self->server).rx_records);
}

TEST_F(data, small_writes_read_in_other_pieces)
{
	size_t sent = 0, got = 0, n;

	while (got < 20000) {
		n = 1 + sent % 97;
		if (sent < 20000) {
			ASSERT_TRUE(write_all(self->client, self->out + sent, n));
			sent += n;
		}
		if (sent - got >= 61) {
			ASSERT_TRUE(read_all(self->server, self->in + got, 61));
			got += 61;
		} else {
			ASSERT_TRUE(read_all(self->server, self->in + got,
					     sent - got));
			got = sent;
		}
	}
	EXPECT_SAME(got);
}

TEST_F(data, both_directions_at_once_do_not_block_each_other)
{
	size_t total = 512 << 10, sent[2] = { 0 }, got[2] = { 0 };
	int fds[2] = { self->client, self->server };
	struct pollfd polls[2];
	ssize_t n;
	int i;

	while (got[0] < total || got[1] < total) {
		for (i = 0; i < 2; i++)
			polls[i] = (struct pollfd){
				.fd = fds[i],
				.events = POLLIN | (sent[i] < total ? POLLOUT : 0),
			};
		ASSERT_LT(0, poll(polls, 2, TIMEOUT_MS));
		for (i = 0; i < 2; i++) {
			if (polls[i].revents & POLLOUT) {
				n = send(fds[i], self->out, BUFFER, 0);
				ASSERT_LT(0, n);
				sent[i] += n;
			}
			if (polls[i].revents & POLLIN) {
				n = recv(fds[i], self->in, BUFFER, 0);
				ASSERT_LT(0, n);
				got[i] += n;
			}
		}
		ASSERT_LE(got[0], sent[1]);
		if (sent[0] >= total && sent[1] >= total &&
		    got[0] == sent[1] && got[1] == sent[0])
			break;
	}
	EXPECT_EQ(sent[0], got[1]);
	EXPECT_EQ(sent[1], got[0]);
}

TEST_F(data, vectors_are_one_stream)
{
	struct iovec out[4], in[3];
	size_t i;

	for (i = 0; i < 4; i++)
		out[i] = (struct iovec){ self->out + i * 5000, 5000 };
	for (i = 0; i < 3; i++)
		in[i] = (struct iovec){ self->in + i * 7000, i < 2 ? 7000 : 6000 };
	set_blocking(self->server, true);
	ASSERT_EQ(20000, writev(self->client, out, 4));
	for (i = 0; i < 20000; ) {
		ssize_t n = recv(self->server, self->in + i, 20000 - i, MSG_WAITALL);

		ASSERT_LT(0, n);
		i += n;
	}
	EXPECT_SAME(20000);
	memset(self->in, 0, BUFFER);
	ASSERT_EQ(20000, writev(self->client, out, 4));
	ASSERT_NE(0, poll_now(self->server, POLLIN, TIMEOUT_MS));
	ASSERT_LT(16383, readv(self->server, in, 3));
	EXPECT_SAME(16384);
}

TEST_F(data, peek_leaves_what_it_shows)
{
	int i;

	ASSERT_TRUE(write_all(self->client, self->out, 1000));
	ASSERT_NE(0, poll_now(self->server, POLLIN, TIMEOUT_MS));
	for (i = 0; i < 3; i++) {
		memset(self->in, 0, 1000);
		ASSERT_EQ(500, recv(self->server, self->in, 500, MSG_PEEK));
		EXPECT_SAME(500);
	}
	ASSERT_EQ(1000, recv(self->server, self->in, 2000, 0));
	EXPECT_SAME(1000);
	ASSERT_EQ(-1, recv(self->server, self->in, 1, MSG_PEEK));
	EXPECT_EQ(EAGAIN, errno);
}

TEST_F(data, trunc_throws_data_away)
{
	ASSERT_TRUE(write_all(self->client, self->out, 1000));
	ASSERT_NE(0, poll_now(self->server, POLLIN, TIMEOUT_MS));
	ASSERT_EQ(300, recv(self->server, NULL, 300, MSG_TRUNC));
	ASSERT_EQ(700, recv(self->server, self->in + 300, 2000, 0));
	EXPECT_EQ(0, memcmp(self->out + 300, self->in + 300, 700));
}

TEST_F(data, more_gathers_writes_into_one_record)
{
	uint64_t before = tls_info(self->client).tx_records;
	int i;

	ASSERT_EQ(0, net_sysctl("hold_ms", PATIENCE_MS));
	for (i = 0; i < 10; i++)
		ASSERT_EQ(100, send(self->client, self->out + i * 100, 100,
				    MSG_MORE));
	EXPECT_EQ(0, poll_now(self->server, POLLIN, 50));
	ASSERT_EQ(24, send(self->client, self->out + 1000, 24, 0));
	EXPECT_EQ(before + 1, tls_info(self->client).tx_records);
	ASSERT_TRUE(read_all(self->server, self->in, 1024));
	EXPECT_SAME(1024);
}

TEST_F(data, more_is_sent_when_the_record_is_full)
{
	size_t sent = 0;

	ASSERT_EQ(0, net_sysctl("hold_ms", PATIENCE_MS));
	while (sent < 40000) {
		ASSERT_EQ(500, send(self->client, self->out + sent, 500, MSG_MORE));
		sent += 500;
	}
	ASSERT_TRUE(read_all(self->server, self->in, 2 * PLAINTEXT_MAX));
	EXPECT_EQ(0, poll_now(self->server, POLLIN, 50));
	shutdown(self->client, SHUT_WR);
	ASSERT_TRUE(read_all(self->server, self->in + 2 * PLAINTEXT_MAX,
			     40000 - 2 * PLAINTEXT_MAX));
	EXPECT_SAME(40000);
	EXPECT_EQ(0, recv(self->server, self->in, 1, 0));
}

static int cork(int fd, int on)
{
	return setsockopt(fd, SOL_TCP, TCP_CORK, &on, sizeof(on));
}

TEST_F(data, a_cork_gathers_a_header_and_a_file_into_one_record)
{
	uint64_t before = tls_info(self->client).tx_records;
	int file = memfd_create("file", MFD_CLOEXEC);
	off_t at = 100;

	ASSERT_EQ(0, net_sysctl("hold_ms", PATIENCE_MS));
	ASSERT_EQ(1124, write(file, self->out, 1124));
	ASSERT_EQ(0, cork(self->client, 1));
	ASSERT_EQ(100, send(self->client, self->out, 100, 0));
	ASSERT_EQ(1024, sendfile(self->client, file, &at, 1024));
	EXPECT_EQ(0, poll_now(self->server, POLLIN, 50));
	ASSERT_EQ(0, cork(self->client, 0));
	EXPECT_EQ(before + 1, tls_info(self->client).tx_records);
	ASSERT_TRUE(read_all(self->server, self->in, 1124));
	EXPECT_SAME(1124);
	close(file);
}

TEST_F(data, nodelay_sends_what_is_behind_a_cork)
{
	const int on = 1;

	ASSERT_EQ(0, net_sysctl("hold_ms", PATIENCE_MS));
	ASSERT_EQ(0, cork(self->client, 1));
	ASSERT_EQ(100, send(self->client, self->out, 100, 0));
	ASSERT_EQ(0, setsockopt(self->client, SOL_TCP, TCP_NODELAY, &on,
				sizeof(on)));
	ASSERT_TRUE(read_all(self->server, self->in, 100));
	EXPECT_SAME(100);
}

TEST_F(data, what_waits_for_more_does_not_wait_for_ever)
{
	ASSERT_EQ(0, net_sysctl("hold_ms", 1));
	ASSERT_EQ(100, send(self->client, self->out, 100, MSG_MORE));
	ASSERT_TRUE(read_all(self->server, self->in, 100));
	EXPECT_SAME(100);
	/* And again, behind TCP's own cork, which has a limit of its own. */
	ASSERT_EQ(0, cork(self->client, 1));
	ASSERT_EQ(100, send(self->client, self->out + 100, 100, 0));
	ASSERT_TRUE(read_all(self->server, self->in + 100, 100));
	EXPECT_SAME(200);
}

TEST_F(data, a_file_goes_out_by_sendfile_unchanged)
{
	int file = memfd_create("file", MFD_CLOEXEC);
	uint8_t *map;
	off_t at = 0;
	ssize_t n;

	ASSERT_LE(0, file);
	ASSERT_EQ(BUFFER, write(file, self->out, BUFFER));
	set_blocking(self->client, true);
	while (at < BUFFER) {
		n = sendfile(self->client, file, &at, BUFFER - at);
		ASSERT_LT(0, n);
	}
	ASSERT_TRUE(read_all(self->server, self->in, BUFFER));
	EXPECT_SAME(BUFFER);
	/* The page cache has not been encrypted in place. */
	map = mmap(NULL, BUFFER, PROT_READ, MAP_SHARED, file, 0);
	ASSERT_NE(MAP_FAILED, map);
	EXPECT_EQ(0, memcmp(map, self->out, BUFFER));
	munmap(map, BUFFER);
	close(file);
}

/*
 * What lies in the page cache can change while it is opened: it is copied first.
 * The peer sends a whole record from a file, and once more, which is a replay.
 */
TEST_F(data, records_that_the_peer_sends_from_a_file_are_whole)
{
	size_t wire_len, len = PLAINTEXT_MAX;
	uint8_t *wire = malloc(RECORD_MAX);
	struct done done = { .version = variant->tls12 ? 0x0303 : 0x0304 };
	struct peer peer;
	off_t at = 0;
	int ours, file = memfd_create("records", MFD_CLOEXEC);

	ASSERT_LE(0, file);
	ASSERT_EQ(0, open_with_peer_as(&self->agent, TLSUP_CLIENT,
				       variant->cipher, &done, &ours, &peer));
	wire_len = record_seal(&peer.tx, wire, DATA, self->out, len, 0);
	ASSERT_EQ(wire_len, write(file, wire, wire_len));
	ASSERT_EQ(wire_len, sendfile(peer.fd, file, &at, wire_len));
	ASSERT_TRUE(read_all(ours, self->in, len));
	EXPECT_SAME(len);
	at = 0;
	ASSERT_EQ(wire_len, sendfile(peer.fd, file, &at, wire_len));
	ASSERT_NE(0, poll_now(ours, POLLIN, TIMEOUT_MS));
	EXPECT_EQ(-1, recv(ours, self->in, len, 0));
	EXPECT_EQ(EBADMSG, errno);
	close(ours);
	close(peer.fd);
	close(file);
	free(wire);
}

TEST_F(data, splice_takes_data_in_and_out)
{
	size_t got = 0;
	int pipes[2];
	ssize_t n;

	ASSERT_EQ(0, pipe(pipes));
	ASSERT_EQ(30000, write(pipes[1], self->out, 30000));
	ASSERT_EQ(30000, splice(pipes[0], NULL, self->client, NULL, 30000, 0));
	while (got < 30000) {
		ASSERT_NE(0, poll_now(self->server, POLLIN, TIMEOUT_MS));
		n = splice(self->server, NULL, pipes[1], NULL, 30000 - got,
			   SPLICE_F_NONBLOCK);
		ASSERT_LT(0, n);
		ASSERT_EQ(n, read(pipes[0], self->in + got, n));
		got += n;
	}
	EXPECT_SAME(30000);
	close(pipes[0]);
	close(pipes[1]);
}

TEST_F(data, a_small_receive_buffer_takes_the_largest_records)
{
	int size = 2048;
	size_t i;

	ASSERT_EQ(0, setsockopt(self->server, SOL_SOCKET, SO_RCVBUF, &size,
				sizeof(size)));
	for (i = 0; i < 2; i++) {
		pid_t pid = fork();

		if (!pid)
			_exit(!write_all(self->client, self->out, BUFFER));
		EXPECT_TRUE(read_all(self->server, self->in, BUFFER));
		EXPECT_SAME(BUFFER);
		waitpid(pid, NULL, 0);
	}
}

TEST_F(data, shutdown_ends_one_direction_only)
{
	ASSERT_TRUE(write_all(self->client, self->out, 100));
	ASSERT_EQ(0, shutdown(self->client, SHUT_WR));
	EXPECT_EQ(-1, send(self->client, "x", 1, MSG_NOSIGNAL));
	EXPECT_EQ(EPIPE, errno);
	ASSERT_TRUE(read_all(self->server, self->in, 100));
	EXPECT_SAME(100);
	ASSERT_NE(0, poll_now(self->server, POLLIN, TIMEOUT_MS));
	EXPECT_EQ(0, recv(self->server, self->in, 1, 0));
	EXPECT_EQ(0, recv(self->server, self->in, 1, 0));
	EXPECT_NE(0, poll_now(self->server, POLLRDHUP, 0));

	ASSERT_TRUE(write_all(self->server, self->out, BUFFER / 2));
	ASSERT_TRUE(read_all(self->client, self->in, BUFFER / 2));
	EXPECT_SAME(BUFFER / 2);
	ASSERT_EQ(0, close(self->server));
	ASSERT_NE(0, poll_now(self->client, POLLIN, TIMEOUT_MS));
	EXPECT_EQ(0, recv(self->client, self->in, 1, 0));
	EXPECT_EQ(0, tls_status(self->client).alert_received);
}

TEST_F(data, close_delivers_all_that_was_written)
{
	int size = 4608, done = 0;
	ssize_t n;

	setsockopt(self->client, SOL_SOCKET, SO_SNDBUF, &size, sizeof(size));
	while (done < BUFFER) {
		n = send(self->client, self->out + done, BUFFER - done, 0);
		if (n < 0)
			break;
		done += n;
	}
	ASSERT_LT(0, done);
	close(self->client);
	ASSERT_TRUE(read_all(self->server, self->in, done));
	EXPECT_SAME(done);
	ASSERT_NE(0, poll_now(self->server, POLLIN, TIMEOUT_MS));
	EXPECT_EQ(0, recv(self->server, self->in, 1, 0));
}

TEST_F(data, a_duplicate_keeps_the_connection_open)
{
	int copy = dup(self->client);
	pid_t pid;

	ASSERT_LE(0, copy);
	close(self->client);
	ASSERT_TRUE(write_all(copy, self->out, 100));
	ASSERT_TRUE(read_all(self->server, self->in, 100));
	pid = fork();
	if (!pid) {
		close(self->server);
		_exit(!write_all(copy, self->out + 100, 100) || shutdown(copy, 2));
	}
	close(copy);
	ASSERT_TRUE(read_all(self->server, self->in + 100, 100));
	EXPECT_SAME(200);
	ASSERT_NE(0, poll_now(self->server, POLLIN, TIMEOUT_MS));
	EXPECT_EQ(0, recv(self->server, self->in, 1, 0));
	waitpid(pid, NULL, 0);
}

TEST_F(data, a_bad_buffer_loses_nothing)
{
	void *hole = mmap(NULL, 8192, PROT_READ | PROT_WRITE,
			  MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	ASSERT_NE(MAP_FAILED, hole);
	ASSERT_EQ(0, munmap(hole + 4096, 4096));
	EXPECT_EQ(-1, send(self->client, hole + 4096, 100, 0));
	EXPECT_EQ(EFAULT, errno);
	ASSERT_TRUE(write_all(self->client, self->out, 100));
	ASSERT_NE(0, poll_now(self->server, POLLIN, TIMEOUT_MS));
	EXPECT_EQ(-1, recv(self->server, hole + 4096, 100, 0));
	EXPECT_EQ(EFAULT, errno);
	ASSERT_TRUE(read_all(self->server, self->in, 100));
	EXPECT_SAME(100);
}

TEST_HARNESS_MAIN
