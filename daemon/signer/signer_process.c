// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) 2026 The tlsup authors
 *
 * The signer itself. Its first thread listens to the main process; each worker
 * has a thread of its own here, so that one slow token or RSA key holds up
 * none but the worker that asked. Keys are loaded before the first worker comes
 * and do not change after that: the threads share them without a lock.
 *
 * Whatever is not well-formed ends the process: those who ask are our own.
 */
#include "signer/signer.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "crypto/cr_aead.h"
#include "lib/secret.h"
#include "log.h"
#include "sandbox.h"
#include "signer/signer_int.h"
#include "x509/x509_key.h"

#define KEYS_MAX	4096

/**
 * struct keys - all keys
 * @keys: by handle
 * @len: how many
 * @tokens: some stay in tokens, whose modules need files
 * @sealed: no more may come
 * @seal: for what workers are told in secret
 */
static struct keys {
	struct x509_key *keys[KEYS_MAX];
	uint32_t len;
	bool tokens;
	bool sealed;
	const struct cr_aead_key *seal;
} all;

static _Noreturn void broken(const char *what)
{
	log_error("signer: %s", what);
	_exit(EXIT_FAILURE);
}

static void answer(int fd, struct signer_header *header, bool failed, const void *data,
		   size_t len)
{
	header->failed = failed;
	if (signer_send(fd, header, data, len, -1))
		_exit(EXIT_FAILURE);
}

static void load(int fd, struct signer_header *header, const char *names, size_t len)
{
	const char *credential = names + strnlen(names, len) + 1;
	uint8_t id[X509_KEY_ID_SIZE];
	char error[X509_ERROR_MAX] = "more keys than the signer can hold";
	struct x509_key *key = NULL;

	if (all.sealed || !len || names[len - 1] || credential >= names + len)
		broken("a key that cannot be");
	if (all.len < KEYS_MAX)
		key = x509_key_load(names, *credential ? credential : NULL, error);
	if (key && !x509_key_id(key, id)) {
		snprintf(error, sizeof(error), "%s: the token does not tell its public key",
			 names);
		x509_key_free(key);
		key = NULL;
	}
	if (!key) {
		answer(fd, header, true, error, strlen(error));
		return;
	}
	all.tokens |= x509_key_is_token(names);
	header->key = all.len;
	all.keys[all.len++] = key;
	answer(fd, header, false, id, sizeof(id));
}

static void seal(int fd, struct signer_header *header, const void *data, size_t len)
{
	struct sandbox_user user;

	if (all.sealed || len != sizeof(user))
		broken("it cannot be sealed");
	memcpy(&user, data, sizeof(user));
	all.sealed = true;
	/* Tokens are often files of the user that the daemon was started as. */
	answer(fd, header, sandbox_enter(all.tokens ? SANDBOX_SIGNER_TOKEN : SANDBOX_SIGNER,
					 all.tokens ? &sandbox_same_user : &user),
	       NULL, 0);
}

static void sign(int fd, struct signer_header *header, struct hs_bytes content)
{
	uint8_t signature[HS_SIGNATURE_MAX];
	size_t len;

	len = x509_key_sign(all.keys[header->key], (uint16_t)header->scheme, content,
			    signature, sizeof(signature));
	answer(fd, header, !len, signature, len);
}

static void decrypt(int fd, struct signer_header *header, struct hs_bytes content)
{
	uint8_t box[X509_PREMASTER_SIZE + CR_AEAD_OVERHEAD];
	uint8_t premaster[X509_PREMASTER_SIZE];

	x509_key_decrypt(all.keys[header->key], content, premaster);
	cr_aead_seal(all.seal, NULL, 0, premaster, sizeof(premaster), box);
	secret_wipe_bytes(premaster, sizeof(premaster));
	answer(fd, header, false, box, sizeof(box));
}

static void *serve_worker(void *arg)
{
	int fd = (int)(intptr_t)arg;
	uint8_t *data = malloc(SIGNER_BYTES_MAX);
	struct signer_header header;
	ptrdiff_t n;

	while (data && (n = signer_receive(fd, &header, data, SIGNER_BYTES_MAX,
					   NULL)) >= 0) {
		const struct hs_bytes content = { data, (size_t)n };

		if (header.key >= all.len)
			broken("no such key");
		if (header.op == SIGNER_OP_SIGN)
			sign(fd, &header, content);
		else if (header.op == SIGNER_OP_DECRYPT)
			decrypt(fd, &header, content);
		else
			broken("a worker asks what it may not");
		secret_forget_registers();
	}
	free(data);
	close(fd);
	return NULL;
}

static void connect_worker(int fd, struct signer_header *header, int worker)
{
	pthread_attr_t attr;
	pthread_t thread;
	int err = worker < 0 || !all.sealed ? EINVAL : 0;

	if (!err)
		err = pthread_attr_init(&attr);
	if (!err)
		err = pthread_attr_setdetachstate(&attr, PTHREAD_CREATE_DETACHED);
	if (!err)
		err = pthread_create(&thread, &attr, serve_worker,
				     (void *)(intptr_t)worker);
	answer(fd, header, err, NULL, 0);
}

/**
 * signer_serve - be the signer
 * @fd: socket to the main process; when that goes, so does this
 * @seal_key: for what workers are told in secret
 */
_Noreturn void signer_serve(int fd, const struct cr_aead_key *seal_key)
{
	static char data[8192];
	struct signer_header header;
	int worker = -1;
	ptrdiff_t n;

	all.seal = seal_key;
	while ((n = signer_receive(fd, &header, data, sizeof(data), &worker)) >= 0) {
		switch (header.op) {
		case SIGNER_OP_LOAD:
			load(fd, &header, data, (size_t)n);
			break;
		case SIGNER_OP_SEAL:
			seal(fd, &header, data, (size_t)n);
			break;
		case SIGNER_OP_CONNECT:
			connect_worker(fd, &header, worker);
			break;
		default:
			broken("an unknown question");
		}
	}
	_exit(EXIT_SUCCESS);
}
