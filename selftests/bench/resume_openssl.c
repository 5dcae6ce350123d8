// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) 2026 The tlsup authors
 *
 * OpenSSL on memory.
 */
#include <openssl/ssl.h>

#include "resumption.h"

static SSL_CTX *server_ctx, *client_ctx;
static SSL_SESSION *session;

static int on_session(SSL *ssl, SSL_SESSION *made)
{
	(void)ssl;
	SSL_SESSION_free(session);
	session = made;
	return 1;
}

static void set_version(SSL_CTX *ctx, enum kind kind)
{
	int version = kind == KIND_PSK ? TLS1_3_VERSION : TLS1_2_VERSION;

	SSL_CTX_set_min_proto_version(ctx, version);
	SSL_CTX_set_max_proto_version(ctx, version);
	SSL_CTX_set_cipher_list(ctx, "ECDHE-ECDSA-AES128-GCM-SHA256");
	SSL_CTX_set_ciphersuites(ctx, "TLS_AES_128_GCM_SHA256");
	SSL_CTX_set1_groups_list(ctx, "X25519:P-256");
	if (kind == KIND_ID)
		SSL_CTX_set_options(ctx, SSL_OP_NO_TICKET);
}

static double handshake(bool *resumed)
{
	SSL *client = SSL_new(client_ctx), *server;
	BIO *a = BIO_new(BIO_s_mem()), *b = BIO_new(BIO_s_mem());
	double spent, start;
	char byte;
	int good = 0;

	BIO_up_ref(a);
	BIO_up_ref(b);
	SSL_set_bio(client, a, b);
	SSL_set_connect_state(client);
	SSL_set_tlsext_host_name(client, "localhost");
	if (session)
		SSL_set_session(client, session);
	start = now();
	server = SSL_new(server_ctx);
	SSL_set_bio(server, b, a);
	SSL_set_accept_state(server);
	spent = now() - start;
	for (int i = 0; i < 6 && good != 2; i++) {
		good = SSL_do_handshake(client) == 1;
		start = now();
		good += SSL_do_handshake(server) == 1;
		spent += now() - start;
	}
	/* Tickets of TLS 1.3 come with the data. */
	SSL_do_handshake(client);
	SSL_read(client, &byte, 1);
	*resumed = SSL_session_reused(server);
	start = now();
	SSL_set_shutdown(server, SSL_SENT_SHUTDOWN | SSL_RECEIVED_SHUTDOWN);
	SSL_free(server);
	spent += now() - start;
	SSL_set_shutdown(client, SSL_SENT_SHUTDOWN | SSL_RECEIVED_SHUTDOWN);
	SSL_free(client);
	return good == 2 ? spent : -1;
}

static void end(void)
{
	SSL_SESSION_free(session);
	session = NULL;
	SSL_CTX_free(server_ctx);
	SSL_CTX_free(client_ctx);
	server_ctx = client_ctx = NULL;
}

static bool begin(enum kind kind)
{
	bool resumed;

	end();
	server_ctx = SSL_CTX_new(TLS_server_method());
	client_ctx = SSL_CTX_new(TLS_client_method());
	set_version(server_ctx, kind);
	set_version(client_ctx, kind);
	SSL_CTX_use_certificate_chain_file(server_ctx, cert_pem);
	SSL_CTX_use_PrivateKey_file(server_ctx, key_pem, SSL_FILETYPE_PEM);
	SSL_CTX_set_session_id_context(server_ctx, (const unsigned char *)"b", 1);
	SSL_CTX_set_num_tickets(server_ctx, 1);
	SSL_CTX_set_session_cache_mode(client_ctx, SSL_SESS_CACHE_CLIENT |
				       SSL_SESS_CACHE_NO_INTERNAL);
	SSL_CTX_sess_set_new_cb(client_ctx, on_session);
	return handshake(&resumed) > 0 && session;
}

static double again(enum kind kind, unsigned int count)
{
	double spent = 0;

	(void)kind;
	for (unsigned int i = 0; i < count; i++) {
		bool resumed;
		double one = handshake(&resumed);

		if (one < 0 || !resumed)
			return -1;
		spent += one;
	}
	return spent;
}

const struct contender contender_openssl = { "OpenSSL", begin, again, end };
