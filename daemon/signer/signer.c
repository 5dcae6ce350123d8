// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) 2026 The tlsup authors
 *
 * The main process's side of the signer, and the datagrams.
 */
#include "signer/signer.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "crypto/cr_aead.h"
#include "crypto/cr_rand.h"
#include "lib/secret.h"
#include "process.h"
#include "sandbox.h"
#include "signer/signer_int.h"

/**
 * struct signer - the signer, for who started it
 * @pid: its process
 * @fd: the socket to it
 * @seal: what it tells workers in secret is sealed with; of memory that all
 *	share who are forked from here on. The kernel does not wipe what has
 *	gone through a socket
 */
struct signer {
	pid_t pid;
	int fd;
	struct cr_aead_key *seal;
};

/**
 * signer_send - send a datagram
 * @fd: the socket
 * @header: its header
 * @data: its bytes
 * @len: how many
 * @passed: descriptor to be passed on, or -1
 *
 * Return: 0 or -errno.
 */
int signer_send(int fd, const struct signer_header *header, const void *data,
		size_t len, int passed)
{
	struct iovec iov[] = {
		{ (void *)(uintptr_t)header, sizeof(*header) },
		{ (void *)(uintptr_t)data, len },
	};
	struct msghdr msg = { .msg_iov = iov, .msg_iovlen = 2 };
	union process_passed control;

	if (passed >= 0)
		process_pass(&msg, &control, passed);
	return sendmsg(fd, &msg, MSG_NOSIGNAL) < 0 ? -errno : 0;
}

/**
 * signer_receive - receive a datagram
 * @fd: the socket
 * @header: filled
 * @data: filled
 * @size: of @data
 * @passed: the descriptor that came along, or -1. NULL: none may come
 *
 * Return: number of bytes, or -errno; -ENOTCONN: the other side has gone.
 */
ptrdiff_t signer_receive(int fd, struct signer_header *header, void *data, size_t size,
			 int *passed)
{
	struct iovec iov[] = { { header, sizeof(*header) }, { data, size } };
	struct msghdr msg = { .msg_iov = iov, .msg_iovlen = 2 };
	union process_passed control;
	ssize_t n;

	if (passed)
		process_may_pass(&msg, &control);
	do
		n = recvmsg(fd, &msg, MSG_CMSG_CLOEXEC);
	while (n < 0 && errno == EINTR);
	if (n < 0)
		return -errno;
	if (passed)
		*passed = process_passed(&msg);
	if (!n)
		return -ENOTCONN;
	if ((size_t)n < sizeof(*header) || (msg.msg_flags & MSG_TRUNC))
		return -EBADMSG;
	return n - (ssize_t)sizeof(*header);
}

static void signer_free(struct signer *signer)
{
	secret_unmap(signer->seal, sizeof(*signer->seal));
	free(signer);
}

static struct signer *signer_new(void)
{
	struct signer *signer = calloc(1, sizeof(*signer));
	uint8_t key[CR_AEAD_KEY_SIZE];

	if (!signer)
		return NULL;
	signer->seal = secret_share(sizeof(*signer->seal));
	if (!signer->seal) {
		free(signer);
		return NULL;
	}
	cr_random(key, sizeof(key));
	cr_aead_init(signer->seal, key);
	secret_wipe_bytes(key, sizeof(key));
	return signer;
}

/**
 * signer_start - start a signer
 *
 * Return: to be ended by signer_end(), or NULL with errno.
 */
struct signer *signer_start(void)
{
	struct signer *signer = signer_new();
	int fds[2];

	if (!signer)
		return NULL;
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, fds)) {
		signer_free(signer);
		return NULL;
	}
	signer->pid = process_fork("tlsupd: signer", &fds[1], 1);
	if (!signer->pid)
		signer_serve(fds[1], signer->seal);
	close(fds[1]);
	signer->fd = fds[0];
	if (signer->pid > 0)
		return signer;
	close(fds[0]);
	signer_free(signer);
	return NULL;
}

/**
 * signer_end - end the signer and wait for its end
 * @signer: may be NULL
 */
void signer_end(struct signer *signer)
{
	if (!signer)
		return;
	close(signer->fd);
	kill(signer->pid, SIGKILL);
	process_wait(signer->pid);
	signer_free(signer);
}

/**
 * signer_pid - which process it is
 * @signer: the signer
 *
 * Return: its id.
 */
pid_t signer_pid(const struct signer *signer)
{
	return signer->pid;
}

/**
 * signer_seal_key - what a worker opens the signer's secrets with
 * @signer: the signer
 *
 * Return: in memory that whoever is forked from here on shares.
 */
const struct cr_aead_key *signer_seal_key(const struct signer *signer)
{
	return signer->seal;
}

static ptrdiff_t converse(struct signer *signer, struct signer_header *header,
			  const void *data, size_t len, int passed, void *answer,
			  size_t size)
{
	int err = signer_send(signer->fd, header, data, len, passed);

	return err ? err : signer_receive(signer->fd, header, answer, size, NULL);
}

/**
 * signer_load - have a private key loaded
 * @signer: not yet sealed
 * @name: path of a PEM file, or a URI of PKCS#11
 * @credential: name of the credential that is its password or PIN, or NULL
 * @ref: out: what certificates are loaded with; points to @name
 * @error: on failure, one line that names the key
 *
 * Return: whether it was loaded.
 */
bool signer_load(struct signer *signer, const char *name, const char *credential,
		 struct x509_key_ref *ref, char error[X509_ERROR_MAX])
{
	struct signer_header header = { .op = SIGNER_OP_LOAD };
	char answer[X509_ERROR_MAX] = "";
	char names[4096];
	ptrdiff_t n;
	int len;

	len = snprintf(names, sizeof(names), "%s%c%s", name, '\0',
		       credential ? credential : "");
	if (len < 0 || (size_t)len >= sizeof(names)) {
		snprintf(error, X509_ERROR_MAX, "%s: a name that is too long", name);
		return false;
	}
	n = converse(signer, &header, names, (size_t)len + 1, -1, answer,
		     sizeof(answer) - 1);
	if (!header.failed && n == X509_KEY_ID_SIZE) {
		*ref = (struct x509_key_ref){ .name = name, .handle = header.key };
		memcpy(ref->id, answer, X509_KEY_ID_SIZE);
		return true;
	}
	snprintf(error, X509_ERROR_MAX, "%s", n < 0 ? "the signer has died" : answer);
	return false;
}

/**
 * signer_seal - all keys are loaded: take what is not needed any more
 * @signer: the signer
 * @user: whom it becomes
 *
 * Return: false if it could not do that; then it is to be ended.
 */
bool signer_seal(struct signer *signer, const struct sandbox_user *user)
{
	struct signer_header header = { .op = SIGNER_OP_SEAL };
	char answer[X509_ERROR_MAX];

	return converse(signer, &header, user, sizeof(*user), -1, answer,
			sizeof(answer)) == 0 && !header.failed;
}

/**
 * signer_connect - a socket for one worker
 * @signer: the signer
 *
 * Return: a descriptor for signer_port_open(), or -errno.
 */
int signer_connect(struct signer *signer)
{
	struct signer_header header = { .op = SIGNER_OP_CONNECT };
	char answer[X509_ERROR_MAX];
	ptrdiff_t n;
	int fds[2];

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, fds))
		return -errno;
	n = converse(signer, &header, NULL, 0, fds[1], answer, sizeof(answer));
	close(fds[1]);
	if (!n && !header.failed)
		return fds[0];
	close(fds[0]);
	return n < 0 ? (int)n : -EIO;
}
