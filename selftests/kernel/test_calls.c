// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) 2026 The tlsup authors
 *
 * The calls that users of TCP sockets make beside read and write: each does on
 * a connection that is ours at both ends what it does on TCP, or says that it
 * does not.
 */
#define _GNU_SOURCE
#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <sys/wait.h>

#include <liburing.h>
#include <linux/sockios.h>
#include <netinet/tcp.h>

#include "kselftest_harness.h"
#include "mac.h"
#include "net.h"

#define BUFFER	(64 * 1024)

FIXTURE(calls) {
	struct agent agent;
	int client;
	int server;
	uint8_t *out;
	uint8_t *in;
};

FIXTURE_VARIANT(calls) {
	uint16_t cipher;
	bool tls12;
};

FIXTURE_VARIANT_ADD(calls, tls13_aes_gcm_128) {
	.cipher = TLSUP_CIPHER_AES_GCM_128,
};

FIXTURE_VARIANT_ADD(calls, tls13_chacha20_poly1305) {
	.cipher = TLSUP_CIPHER_CHACHA20_POLY1305,
};

FIXTURE_VARIANT_ADD(calls, tls12_aes_gcm_256) {
	.cipher = TLSUP_CIPHER_AES_GCM_256,
	.tls12 = true,
};

FIXTURE_VARIANT_ADD(calls, tls12_aes_cbc_256_sha1) {
	.cipher = TLSUP_CIPHER_AES_CBC_256_SHA1,
	.tls12 = true,
};

FIXTURE_VARIANT_ADD(calls, tls12_aes_cbc_128_sha256_etm) {
	.cipher = TLSUP_CIPHER_AES_CBC_128_SHA256 | CIPHER_ETM,
	.tls12 = true,
};

FIXTURE_SETUP(calls)
{
	self->out = malloc(BUFFER);
	self->in = calloc(1, BUFFER);
	ASSERT_EQ(0, net_new());
	ASSERT_EQ(0, agent_open(&self->agent));
	ASSERT_EQ(0, agent_register(&self->agent, 16));
	ASSERT_EQ(0, (variant->tls12 ? open_pair_12 : open_pair)(
			&self->agent, variant->cipher, &self->client,
			&self->server));
	fill(self->out, BUFFER, 3);
}

FIXTURE_TEARDOWN(calls)
{
	close(self->client);
	close(self->server);
	agent_close(&self->agent);
	EXPECT_TRUE(net_all_destroyed());
	free(self->out);
	free(self->in);
}

#define EXPECT_SAME(n) EXPECT_EQ(0, memcmp(self->out, self->in, n))

/* Records of so many bytes each, all there before this returns. */
static bool send_records(int from, int to, const uint8_t *data, size_t each,
			 int count)
{
	int i, there = 0;

	for (i = 0; i < count; i++)
		if (send(from, data + i * each, each, 0) != each)
			return false;
	for (i = 0; i < 1000 && there < 1; i++) {
		poll_now(to, POLLIN, 10);
		ioctl(to, SIOCINQ, &there);
	}
	return there > 0;
}

TEST_F(calls, lowat_holds_poll_back_until_enough_is_there)
{
	int lowat = 5000;

	ASSERT_EQ(0, setsockopt(self->server, SOL_SOCKET, SO_RCVLOWAT, &lowat,
				sizeof(lowat)));
	ASSERT_TRUE(write_all(self->client, self->out, 3000));
	EXPECT_EQ(0, poll_now(self->server, POLLIN, 100));
	ASSERT_TRUE(write_all(self->client, self->out + 3000, 1999));
	EXPECT_EQ(0, poll_now(self->server, POLLIN, 100));
	ASSERT_TRUE(write_all(self->client, self->out + 4999, 1));
	EXPECT_NE(0, poll_now(self->server, POLLIN, TIMEOUT_MS));
	ASSERT_TRUE(read_all(self->server, self->in, 5000));
	EXPECT_SAME(5000);
	EXPECT_EQ(0, poll_now(self->server, POLLIN, 0));
}

TEST_F(calls, lowat_shows_the_end_before_enough_is_there)
{
	int lowat = 5000;

	ASSERT_EQ(0, setsockopt(self->server, SOL_SOCKET, SO_RCVLOWAT, &lowat,
				sizeof(lowat)));
	ASSERT_TRUE(write_all(self->client, self->out, 100));
	ASSERT_EQ(0, shutdown(self->client, SHUT_WR));
	EXPECT_NE(0, poll_now(self->server, POLLIN, TIMEOUT_MS));
	EXPECT_EQ(100, recv(self->server, self->in, BUFFER, 0));
	EXPECT_EQ(0, recv(self->server, self->in, BUFFER, 0));
}

TEST_F(calls, siocinq_counts_decrypted_bytes)
{
	int bytes = -1;

	ASSERT_EQ(0, ioctl(self->server, SIOCINQ, &bytes));
	EXPECT_EQ(0, bytes);
	ASSERT_TRUE(send_records(self->client, self->server, self->out, 777, 1));
	ASSERT_EQ(0, ioctl(self->server, SIOCINQ, &bytes));
	EXPECT_EQ(777, bytes);
	ASSERT_TRUE(read_all(self->server, self->in, 700));
	ASSERT_EQ(0, ioctl(self->server, SIOCINQ, &bytes));
	EXPECT_EQ(77, bytes);
}

TEST_F(calls, peek_does_not_wait_for_what_it_has_seen)
{
	int lowat = 5000;

	ASSERT_EQ(0, setsockopt(self->server, SOL_SOCKET, SO_RCVLOWAT, &lowat,
				sizeof(lowat)));
	ASSERT_TRUE(send_records(self->client, self->server, self->out, 39, 1));
	EXPECT_EQ(39, recv(self->server, self->in, 100,
			   MSG_PEEK | MSG_DONTWAIT));
	EXPECT_EQ(39, recv(self->server, self->in, 100,
			   MSG_PEEK | MSG_WAITALL | MSG_DONTWAIT));
	EXPECT_SAME(39);
}

TEST_F(calls, peek_with_waitall_waits_for_all)
{
	pid_t pid = fork();

	if (!pid) {
		write_all(self->client, self->out, 39);
		usleep(50000);
		write_all(self->client, self->out + 39, 61);
		_exit(0);
	}
	set_blocking(self->server, true);
	EXPECT_EQ(100, recv(self->server, self->in, 100,
			    MSG_PEEK | MSG_WAITALL));
	EXPECT_SAME(100);
	waitpid(pid, NULL, 0);
}

TEST_F(calls, waitall_returns_all_or_what_came_before_the_end)
{
	pid_t pid = fork();

	if (!pid) {
		usleep(50000);
		write_all(self->client, self->out, 20000);
		usleep(50000);
		write_all(self->client, self->out + 20000, 20000);
		shutdown(self->client, SHUT_WR);
		_exit(0);
	}
	set_blocking(self->server, true);
	EXPECT_EQ(30000, recv(self->server, self->in, 30000, MSG_WAITALL));
	EXPECT_EQ(10000, recv(self->server, self->in + 30000, 30000,
			      MSG_WAITALL));
	EXPECT_SAME(40000);
	waitpid(pid, NULL, 0);
}

TEST_F(calls, dontwait_says_again_on_a_blocking_socket)
{
	set_blocking(self->server, true);
	EXPECT_EQ(-1, recv(self->server, self->in, 1, MSG_DONTWAIT));
	EXPECT_EQ(EAGAIN, errno);
	set_blocking(self->client, true);
	while (send(self->client, self->out, BUFFER, MSG_DONTWAIT) > 0)
		;
	EXPECT_EQ(EAGAIN, errno);
}

TEST_F(calls, peek_looks_over_several_records)
{
	size_t i;

	ASSERT_TRUE(send_records(self->client, self->server, self->out, 100, 9));
	for (i = 0; i < 100; i++) {
		if (recv(self->server, self->in, BUFFER, MSG_PEEK) == 900)
			break;
		usleep(10000);
	}
	EXPECT_SAME(900);
	memset(self->in, 0, 900);
	ASSERT_TRUE(read_all(self->server, self->in, 900));
	EXPECT_SAME(900);
}

TEST_F(calls, eor_ends_the_record_that_more_would_keep_open)
{
	uint64_t before = tls_info(self->client).tx_records;

	ASSERT_EQ(0, net_sysctl("hold_ms", 600000));
	ASSERT_EQ(10, send(self->client, self->out, 10, MSG_MORE));
	ASSERT_EQ(10, send(self->client, self->out + 10, 10,
			   MSG_MORE | MSG_EOR));
	ASSERT_TRUE(read_all(self->server, self->in, 20));
	EXPECT_SAME(20);
	EXPECT_EQ(before + 1, tls_info(self->client).tx_records);
}

TEST_F(calls, flags_that_would_bypass_tls_are_refused)
{
	static const int flags[] = { MSG_OOB, MSG_ZEROCOPY, MSG_FASTOPEN };
	size_t i;

	for (i = 0; i < sizeof(flags) / sizeof(flags[0]); i++) {
		EXPECT_EQ(-1, send(self->client, self->out, 10, flags[i]));
		EXPECT_EQ(EOPNOTSUPP, errno);
	}
	EXPECT_EQ(-1, recv(self->server, self->in, 10, MSG_OOB));
	EXPECT_EQ(EOPNOTSUPP, errno);
	ASSERT_TRUE(write_all(self->client, self->out, 10));
	ASSERT_TRUE(read_all(self->server, self->in, 10));
	EXPECT_SAME(10);
}

TEST_F(calls, level_triggered_epoll_shows_data_until_it_is_read)
{
	struct epoll_event event = { .events = EPOLLIN };
	int i, epoll = epoll_create1(0);

	ASSERT_EQ(0, epoll_ctl(epoll, EPOLL_CTL_ADD, self->server, &event));
	EXPECT_EQ(0, epoll_wait(epoll, &event, 1, 0));
	ASSERT_TRUE(write_all(self->client, self->out, 100));
	for (i = 0; i < 5; i++) {
		ASSERT_EQ(1, epoll_wait(epoll, &event, 1, TIMEOUT_MS));
		EXPECT_EQ(EPOLLIN, event.events);
		ASSERT_EQ(20, recv(self->server, self->in, 20, 0));
	}
	EXPECT_EQ(0, epoll_wait(epoll, &event, 1, 0));
	close(epoll);
}

TEST_F(calls, edge_triggered_epoll_shows_each_arrival)
{
	struct epoll_event event = { .events = EPOLLIN | EPOLLET };
	int i, epoll = epoll_create1(0);

	ASSERT_EQ(0, epoll_ctl(epoll, EPOLL_CTL_ADD, self->server, &event));
	for (i = 0; i < 20; i++) {
		ASSERT_TRUE(write_all(self->client, self->out, 1 + i * 900));
		ASSERT_EQ(1, epoll_wait(epoll, &event, 1, TIMEOUT_MS));
		ASSERT_TRUE(read_all(self->server, self->in, 1 + i * 900));
		EXPECT_SAME(1 + i * 900);
	}
	ASSERT_EQ(0, shutdown(self->client, SHUT_WR));
	ASSERT_EQ(1, epoll_wait(epoll, &event, 1, TIMEOUT_MS));
	EXPECT_EQ(0, recv(self->server, self->in, 1, 0));
	close(epoll);
}

TEST_F(calls, edge_triggered_epoll_shows_room_once_the_peer_has_read)
{
	struct epoll_event event = { .events = EPOLLOUT | EPOLLET };
	int epoll = epoll_create1(0);
	size_t sent = 0, got = 0;
	ssize_t n;

	ASSERT_EQ(0, epoll_ctl(epoll, EPOLL_CTL_ADD, self->client, &event));
	while ((n = send(self->client, self->out, BUFFER, 0)) > 0)
		sent += n;
	while (epoll_wait(epoll, &event, 1, 0) > 0)
		;
	while (got < sent) {
		ASSERT_NE(0, poll_now(self->server, POLLIN, TIMEOUT_MS));
		n = recv(self->server, self->in, BUFFER, 0);
		ASSERT_LT(0, n);
		got += n;
	}
	EXPECT_EQ(1, epoll_wait(epoll, &event, 1, TIMEOUT_MS));
	EXPECT_LT(0, send(self->client, self->out, 1, 0));
	close(epoll);
}

TEST_F(calls, many_messages_go_and_come_by_one_call)
{
	struct mmsghdr out[4] = {}, in[4] = {};
	struct iovec out_vec[4], in_vec[4];
	size_t i;

	for (i = 0; i < 4; i++) {
		out_vec[i] = (struct iovec){ self->out + i * 1000, 1000 };
		in_vec[i] = (struct iovec){ self->in + i * 1000, 1000 };
		out[i].msg_hdr.msg_iov = &out_vec[i];
		in[i].msg_hdr.msg_iov = &in_vec[i];
		out[i].msg_hdr.msg_iovlen = 1;
		in[i].msg_hdr.msg_iovlen = 1;
	}
	ASSERT_EQ(4, sendmmsg(self->client, out, 4, 0));
	set_blocking(self->server, true);
	ASSERT_EQ(4, recvmmsg(self->server, in, 4, MSG_WAITALL, NULL));
	for (i = 0; i < 4; i++)
		EXPECT_EQ(1000, in[i].msg_len);
	EXPECT_SAME(4000);
}

TEST_F(calls, io_uring_sends_and_receives)
{
	struct io_uring_cqe *cqe;
	struct io_uring_sqe *sqe;
	struct io_uring ring;
	size_t got = 0;
	int i;

	ASSERT_EQ(0, io_uring_queue_init(8, &ring, 0));
	/* The receive is there before the data is. */
	sqe = io_uring_get_sqe(&ring);
	io_uring_prep_recv(sqe, self->server, self->in, BUFFER, 0);
	io_uring_sqe_set_data64(sqe, 1);
	ASSERT_EQ(1, io_uring_submit(&ring));
	sqe = io_uring_get_sqe(&ring);
	io_uring_prep_send(sqe, self->client, self->out, 10000, 0);
	io_uring_sqe_set_data64(sqe, 2);
	ASSERT_EQ(1, io_uring_submit(&ring));
	for (i = 0; i < 2; i++) {
		ASSERT_EQ(0, io_uring_wait_cqe(&ring, &cqe));
		ASSERT_LT(0, cqe->res);
		if (cqe->user_data == 1)
			got = cqe->res;
		else
			EXPECT_EQ(10000, cqe->res);
		io_uring_cqe_seen(&ring, cqe);
	}
	if (got < 10000)
		ASSERT_TRUE(read_all(self->server, self->in + got, 10000 - got));
	EXPECT_SAME(10000);
	io_uring_queue_exit(&ring);
}

/* Messages of 64 bytes, each of one value, so that a mixture shows. */
#define MESSAGE		64
#define MESSAGES	200
#define WRITERS		4

struct writer {
	pthread_t thread;
	int fd;
	uint8_t value;
};

static void *write_messages(void *data)
{
	struct writer *writer = data;
	uint8_t message[MESSAGE];
	int i;

	memset(message, writer->value, sizeof(message));
	for (i = 0; i < MESSAGES; i++)
		if (!write_all(writer->fd, message, sizeof(message)))
			return "write";
	return NULL;
}

TEST_F(calls, writes_of_several_threads_do_not_mix)
{
	struct writer writers[WRITERS];
	int counts[WRITERS + 1] = { 0 };
	void *fault;
	int i, j;

	set_blocking(self->client, true);
	for (i = 0; i < WRITERS; i++) {
		writers[i].fd = self->client;
		writers[i].value = i + 1;
		ASSERT_EQ(0, pthread_create(&writers[i].thread, NULL,
					    write_messages, &writers[i]));
	}
	for (i = 0; i < WRITERS * MESSAGES; i++) {
		ASSERT_TRUE(read_all(self->server, self->in, MESSAGE));
		for (j = 1; j < MESSAGE; j++)
			ASSERT_EQ(self->in[0], self->in[j]);
		ASSERT_LE(self->in[0], WRITERS);
		counts[self->in[0]]++;
	}
	for (i = 0; i < WRITERS; i++) {
		pthread_join(writers[i].thread, &fault);
		EXPECT_EQ(NULL, fault);
		EXPECT_EQ(MESSAGES, counts[i + 1]);
	}
}

#define PART		(1 << 20)

static void *write_part(void *data)
{
	struct writer *writer = data;
	uint8_t chunk[7000];
	size_t left = PART, n;

	memset(chunk, writer->value, sizeof(chunk));
	for (; left; left -= n) {
		n = left < sizeof(chunk) ? left : sizeof(chunk);
		if (send(writer->fd, chunk, n, 0) != n)
			return "send";
	}
	return NULL;
}

/* Each has to be told of room, also if another has taken all of it. */
TEST_F(calls, writers_that_wait_for_room_all_get_on)
{
	struct writer writers[WRITERS];
	size_t got = 0;
	void *fault;
	ssize_t n;
	int i;

	set_blocking(self->client, true);
	for (i = 0; i < WRITERS; i++) {
		writers[i].fd = self->client;
		writers[i].value = i;
		ASSERT_EQ(0, pthread_create(&writers[i].thread, NULL, write_part,
					    &writers[i]));
	}
	while (got < WRITERS * PART) {
		ASSERT_NE(0, poll_now(self->server, POLLIN, TIMEOUT_MS));
		n = recv(self->server, self->in, BUFFER, 0);
		ASSERT_LT(0, n);
		got += n;
	}
	EXPECT_EQ(WRITERS * PART, got);
	for (i = 0; i < WRITERS; i++) {
		pthread_join(writers[i].thread, &fault);
		EXPECT_EQ(NULL, fault);
	}
}

TEST_F(calls, processes_share_what_is_read)
{
	const int total = 200000;
	int results[2], i, n, sum = 0, status;
	pid_t pids[3];

	ASSERT_EQ(0, pipe(results));
	set_blocking(self->server, true);
	set_blocking(self->client, true);
	for (i = 0; i < 3; i++) {
		pids[i] = fork();
		if (pids[i])
			continue;
		while ((n = recv(self->server, self->in, 5000, 0)) > 0)
			sum += n;
		_exit(n || write(results[1], &sum, sizeof(sum)) != sizeof(sum));
	}
	for (i = 0; i < total; i += n) {
		n = send(self->client, self->out, total - i < 7000 ?
			 total - i : 7000, 0);
		ASSERT_LT(0, n);
	}
	ASSERT_EQ(0, shutdown(self->client, SHUT_WR));
	for (i = 0, sum = 0; i < 3; i++) {
		ASSERT_EQ(sizeof(n), read(results[0], &n, sizeof(n)));
		sum += n;
		waitpid(pids[i], &status, 0);
		EXPECT_EQ(0, status);
	}
	EXPECT_EQ(total, sum);
	close(results[0]);
	close(results[1]);
}

static void *read_one(void *data)
{
	char byte;

	return recv(*(int *)data, &byte, 1, 0) ? "not the end" : NULL;
}

TEST_F(calls, a_shutdown_of_reading_wakes_the_reader)
{
	pthread_t thread;
	void *fault;

	set_blocking(self->server, true);
	ASSERT_EQ(0, pthread_create(&thread, NULL, read_one, &self->server));
	usleep(50000);
	ASSERT_EQ(0, shutdown(self->server, SHUT_RD));
	pthread_join(thread, &fault);
	EXPECT_EQ(NULL, fault);
	ASSERT_TRUE(write_all(self->server, self->out, 100));
	ASSERT_TRUE(read_all(self->client, self->in, 100));
	EXPECT_SAME(100);
}

TEST_F(calls, a_receive_timeout_is_kept)
{
	struct timeval limit = { .tv_usec = 50000 };

	set_blocking(self->server, true);
	ASSERT_EQ(0, setsockopt(self->server, SOL_SOCKET, SO_RCVTIMEO, &limit,
				sizeof(limit)));
	EXPECT_EQ(-1, recv(self->server, self->in, 1, 0));
	EXPECT_EQ(EAGAIN, errno);
	set_blocking(self->client, true);
	ASSERT_EQ(0, setsockopt(self->client, SOL_SOCKET, SO_SNDTIMEO, &limit,
				sizeof(limit)));
	while (send(self->client, self->out, BUFFER, 0) > 0)
		;
	EXPECT_EQ(EAGAIN, errno);
}

TEST_F(calls, tee_and_splice_duplicate_the_stream)
{
	int one[2], other[2];

	ASSERT_EQ(0, pipe(one));
	ASSERT_EQ(0, pipe(other));
	ASSERT_TRUE(send_records(self->client, self->server, self->out, 5000, 1));
	ASSERT_EQ(5000, splice(self->server, NULL, one[1], NULL, 5000, 0));
	ASSERT_EQ(5000, tee(one[0], other[1], 5000, 0));
	ASSERT_EQ(5000, read(other[0], self->in, 5000));
	EXPECT_SAME(5000);
	ASSERT_EQ(5000, splice(one[0], NULL, self->server, NULL, 5000, 0));
	memset(self->in, 0, 5000);
	ASSERT_TRUE(read_all(self->client, self->in, 5000));
	EXPECT_SAME(5000);
	close(one[0]);
	close(one[1]);
	close(other[0]);
	close(other[1]);
}

TEST_HARNESS_MAIN
