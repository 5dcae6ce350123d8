/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Copyright (C) 2026 The tlsup authors
 *
 * The signer: a process that holds the private keys, and signs and decrypts
 * with them for the workers. It has no network, and once it is sealed no other
 * files.
 *
 * Three parties: the main process starts it and has it load keys (struct
 * signer); the process itself (signer_process.c); each worker asks through a
 * port of its own (struct signer_port).
 */
#ifndef TLSUP_SIGNER_H
#define TLSUP_SIGNER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "x509/x509.h"

struct cr_aead_key;
struct sandbox_user;
struct signer;
struct signer_port;

struct signer *signer_start(void);
void signer_end(struct signer *signer);
pid_t signer_pid(const struct signer *signer);
const struct cr_aead_key *signer_seal_key(const struct signer *signer);
bool signer_load(struct signer *signer, const char *name, const char *credential,
		 struct x509_key_ref *ref, char error[X509_ERROR_MAX]);
bool signer_seal(struct signer *signer, const struct sandbox_user *user);
int signer_connect(struct signer *signer);

enum signer_wish { SIGNER_SIGN, SIGNER_DECRYPT };

/**
 * struct signer_request - a question to the signer, in the caller's storage
 * @wish: what to do
 * @key: with which key
 * @scheme: SIGNER_SIGN: SignatureScheme
 * @content: to be signed or decrypted; lives until @done
 * @done: called once, from signer_port_receive(), unless it is cancelled. @len
 *	is 0 if the signer could not do it
 * @owner: for @done
 * @private: the port's own
 */
struct signer_request {
	enum signer_wish wish;
	uint32_t key;
	uint16_t scheme;
	struct hs_bytes content;
	void (*done)(void *owner, const uint8_t *data, size_t len);
	void *owner;
	struct {
		struct signer_request *next;
		bool waiting;
		bool sent;
	} private;
};

struct signer_port *signer_port_open(int fd, const struct cr_aead_key *seal);
void signer_port_close(struct signer_port *port);
int signer_port_fd(const struct signer_port *port);
void signer_port_ask(struct signer_port *port, struct signer_request *request);
void signer_port_cancel(struct signer_port *port, struct signer_request *request);
int signer_port_receive(struct signer_port *port);

#endif /* TLSUP_SIGNER_H */
