/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Copyright (C) 2026 The tlsup authors
 *
 * Our engine and OpenSSL in memory, and between them what stands for the kernel:
 * the records of TLS 1.2.
 */
#ifndef TLSUP_OPENSSL_PEER_H
#define TLSUP_OPENSSL_PEER_H

#include <openssl/ssl.h>

#include "tls/hs.h"
#include "tls/suite.h"

#define PEER_DATA_MAX	65536

/** struct half - one direction of the record layer */
struct half {
	bool on;
	bool pending;
	bool etm;
	const struct suite *suite;
	uint8_t key[32], iv[16], mac[64];
	uint64_t seq;
};

/** struct key_pair - a private key and its certificate, signed by itself */
struct key_pair {
	EVP_PKEY *key;
	X509 *cert;
	uint8_t der[4096];
	struct hs_bytes chain;
	struct hs_credential credential;
};

/**
 * struct peer - the two of them
 * @role: of our engine
 * @ssl: OpenSSL's
 * @server: the server's key pair
 * @client: the client's, or NULL
 * @done: our engine has ended well, and @result counts
 * @failed: it has not, and @failure counts; or a record was bad
 * @alert: that OpenSSL has sent, or 0
 */
struct peer {
	enum hs_role role;
	struct hs_config config;
	struct hs *hs;
	SSL_CTX *ctx;
	SSL *ssl;
	const struct key_pair *server;
	const struct key_pair *client;
	struct half tx, rx;
	bool waiting;
	bool done;
	bool failed;
	int alert;
	uint16_t version;
	const char *reason;
	const struct hs_result *result;
	uint8_t in[PEER_DATA_MAX];
	size_t in_len;
};

void key_pair_make(struct key_pair *pair, const char *type, const uint16_t *schemes,
		   size_t schemes_len);
void key_pair_free(struct key_pair *pair);

void peer_init(struct peer *peer, enum hs_role role, const struct key_pair *server,
	       const struct key_pair *client);
void peer_set_dh(struct peer *peer, const char *name);
bool peer_run(struct peer *peer);
bool peer_exchange(struct peer *peer);
void peer_wipe(struct peer *peer);

#endif /* TLSUP_OPENSSL_PEER_H */
