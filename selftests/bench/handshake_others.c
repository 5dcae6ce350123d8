// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) 2026 The tlsup authors
 *
 * OpenSSL and GnuTLS over memory, each with its own client; no tickets, no
 * sessions.
 */
#include <errno.h>
#include <gnutls/gnutls.h>
#include <openssl/ssl.h>
#include <stdio.h>
#include <string.h>

#include "handshake.h"

static SSL_CTX *contexts[2];

static bool openssl_set_up(const struct kind *kind)
{
	int version = kind->version == 0x0304 ? TLS1_3_VERSION : TLS1_2_VERSION;

	for (int i = 0; i < 2; i++) {
		SSL_CTX_free(contexts[i]);
		contexts[i] = SSL_CTX_new(i ? TLS_server_method() : TLS_client_method());
		SSL_CTX_set_min_proto_version(contexts[i], version);
		SSL_CTX_set_max_proto_version(contexts[i], version);
		SSL_CTX_set1_groups_list(contexts[i], "X25519:P-256");
		SSL_CTX_set_cipher_list(contexts[i], "AES128-GCM-SHA256:ECDHE+AES128+AESGCM");
		SSL_CTX_set_ciphersuites(contexts[i], "TLS_AES_128_GCM_SHA256");
		SSL_CTX_set1_sigalgs_list(contexts[i], kind->scheme == 0x0804 ?
			"rsa_pss_rsae_sha256" : kind->scheme == 0x0403 ? "ECDSA+SHA256" :
			"ed25519");
		SSL_CTX_set_session_cache_mode(contexts[i], SSL_SESS_CACHE_OFF);
		SSL_CTX_set_options(contexts[i], SSL_OP_NO_TICKET);
		SSL_CTX_set_num_tickets(contexts[i], 0);
	}
	return SSL_CTX_use_certificate_file(contexts[1], cert_file(kind->cert, "pem"),
					    SSL_FILETYPE_PEM) == 1 &&
	       SSL_CTX_use_PrivateKey_file(contexts[1], cert_file(kind->cert, "key"),
					   SSL_FILETYPE_PEM) == 1;
}

static uint64_t openssl_shake(void)
{
	BIO *up = BIO_new(BIO_s_mem()), *down = BIO_new(BIO_s_mem());
	SSL *client = SSL_new(contexts[0]), *server;
	uint64_t start = processor_ns(), spent;
	bool good;

	server = SSL_new(contexts[1]);
	BIO_up_ref(up);
	BIO_up_ref(down);
	SSL_set_bio(server, up, down);
	SSL_set_accept_state(server);
	spent = processor_ns() - start;
	SSL_set_bio(client, down, up);
	SSL_set_connect_state(client);
	for (int i = 0; i < 3; i++) {
		SSL_do_handshake(client);
		start = processor_ns();
		SSL_do_handshake(server);
		spent += processor_ns() - start;
	}
	good = SSL_is_init_finished(client) && SSL_is_init_finished(server);
	start = processor_ns();
	SSL_free(server);
	spent += processor_ns() - start;
	SSL_free(client);
	return good ? spent : 0;
}

const struct contender contender_openssl = { "OpenSSL", openssl_set_up, openssl_shake };

/** struct pipe - bytes from one GnuTLS session to another */
struct pipe {
	size_t len;
	size_t at;
	char data[65536];
};

static struct pipe to_server, to_client;
static gnutls_certificate_credentials_t credentials[2];
static gnutls_priority_t priority;

static ssize_t push(gnutls_transport_ptr_t which, const void *data, size_t len)
{
	struct pipe *pipe = which == &to_server ? &to_client : &to_server;

	memcpy(pipe->data + pipe->len, data, len);
	pipe->len += len;
	return (ssize_t)len;
}

static ssize_t pull(gnutls_transport_ptr_t which, void *data, size_t len)
{
	struct pipe *pipe = which;
	size_t n = pipe->len - pipe->at < len ? pipe->len - pipe->at : len;

	memcpy(data, pipe->data + pipe->at, n);
	pipe->at += n;
	if (pipe->at == pipe->len)
		pipe->at = pipe->len = 0;
	return (ssize_t)n;
}

static int pull_timeout(gnutls_transport_ptr_t which, unsigned int ms)
{
	const struct pipe *pipe = which;

	(void)ms;
	return pipe->len > pipe->at;
}

/* An empty pipe is no end: EAGAIN. */
static ssize_t pull_some(gnutls_transport_ptr_t which, void *data, size_t len)
{
	ssize_t n = pull(which, data, len);

	return n ? n : -1;
}

static int again(gnutls_transport_ptr_t which)
{
	(void)which;
	return EAGAIN;
}

static bool gnutls_set_up(const struct kind *kind)
{
	char text[300];

	snprintf(text, sizeof(text),
		 "NORMAL:-VERS-ALL:+VERS-TLS1.%d:-CIPHER-ALL:+AES-128-GCM:-GROUP-ALL:+GROUP-X25519:+GROUP-SECP256R1:-SIGN-ALL:%s",
		 kind->version == 0x0304 ? 3 : 2,
		 kind->scheme == 0x0804 ? "+SIGN-RSA-PSS-RSAE-SHA256" : kind->scheme == 0x0403 ?
		 "+SIGN-ECDSA-SHA256:+SIGN-ECDSA-SECP256R1-SHA256" : "+SIGN-EDDSA-ED25519");
	if (priority)
		gnutls_priority_deinit(priority);
	for (int i = 0; i < 2; i++) {
		if (credentials[i])
			gnutls_certificate_free_credentials(credentials[i]);
		gnutls_certificate_allocate_credentials(&credentials[i]);
	}
	return gnutls_priority_init(&priority, text, NULL) >= 0 &&
	       gnutls_certificate_set_x509_key_file(credentials[1],
						    cert_file(kind->cert, "pem"),
						    cert_file(kind->cert, "key"),
						    GNUTLS_X509_FMT_PEM) >= 0;
}

static gnutls_session_t make_session(bool server)
{
	gnutls_session_t session;

	gnutls_init(&session, (server ? GNUTLS_SERVER : GNUTLS_CLIENT) | GNUTLS_NONBLOCK |
		    GNUTLS_NO_TICKETS | GNUTLS_NO_SIGNAL);
	gnutls_priority_set(session, priority);
	gnutls_credentials_set(session, GNUTLS_CRD_CERTIFICATE, credentials[server]);
	gnutls_transport_set_ptr(session, server ? &to_server : &to_client);
	gnutls_transport_set_push_function(session, push);
	gnutls_transport_set_pull_function(session, pull_some);
	gnutls_transport_set_pull_timeout_function(session, pull_timeout);
	gnutls_transport_set_errno_function(session, again);
	return session;
}

static uint64_t gnutls_shake(void)
{
	gnutls_session_t client = make_session(false), server;
	uint64_t start = processor_ns(), spent;
	int here = -1, there = -1;

	to_server.len = to_server.at = to_client.len = to_client.at = 0;
	server = make_session(true);
	spent = processor_ns() - start;
	for (int i = 0; i < 6 && (here || there); i++) {
		if (there)
			there = gnutls_handshake(client);
		start = processor_ns();
		if (here)
			here = gnutls_handshake(server);
		spent += processor_ns() - start;
	}
	start = processor_ns();
	gnutls_deinit(server);
	spent += processor_ns() - start;
	gnutls_deinit(client);
	return here || there ? 0 : spent;
}

const struct contender contender_gnutls = { "GnuTLS", gnutls_set_up, gnutls_shake };
