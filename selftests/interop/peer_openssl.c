// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) 2026 The tlsup authors
 *
 * The peer that is OpenSSL. Its keys: version=1.2|1.3 ciphers= groups= sigalgs=
 * cert=PATH key=PATH ca=PATH dh=GROUP verify=1 (ask for a certificate) no_ems=1
 * no_etm=1.
 */
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/ssl.h>
#include <string.h>

#include "peer.h"

static SSL_CTX *ctx;
static SSL *ssl;

/* A ServerHello whose random says that it is a HelloRetryRequest. */
static void on_message(int write, int version, int type, const void *buf, size_t len,
		       SSL *session, void *arg)
{
	static const uint8_t retry[] = { 0xcf, 0x21, 0xad, 0x74, 0xe5, 0x9a, 0x61, 0x11 };
	const uint8_t *m = buf;
	struct found *found = arg;

	(void)write;
	(void)version;
	(void)session;
	if (type == SSL3_RT_HANDSHAKE && len > 14 && m[0] == SSL3_MT_SERVER_HELLO &&
	    !memcmp(m + 6, retry, sizeof(retry)))
		found->retries++;
}

static bool set_keys(const struct wish *wish)
{
	const char *cert = wish_get(wish, "cert"), *ca = wish_get(wish, "ca");

	if (cert && (SSL_use_certificate_file(ssl, cert, SSL_FILETYPE_PEM) != 1 ||
		     SSL_use_PrivateKey_file(ssl, wish_get(wish, "key"),
					     SSL_FILETYPE_PEM) != 1))
		return false;
	if (ca && SSL_CTX_load_verify_file(ctx, ca) != 1)
		return false;
	if (!wish->server)
		SSL_set_verify(ssl, SSL_VERIFY_PEER, NULL);
	else if (wish_has(wish, "verify"))
		SSL_set_verify(ssl, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, NULL);
	return true;
}

static void set_dh(const char *name)
{
	OSSL_PARAM params[] = {
		OSSL_PARAM_construct_utf8_string("group", (char *)(uintptr_t)name, 0),
		OSSL_PARAM_construct_end(),
	};
	EVP_PKEY_CTX *maker = EVP_PKEY_CTX_new_from_name(NULL, "DH", NULL);
	EVP_PKEY *dh = NULL;

	EVP_PKEY_fromdata_init(maker);
	EVP_PKEY_fromdata(maker, &dh, EVP_PKEY_KEY_PARAMETERS, params);
	EVP_PKEY_CTX_free(maker);
	SSL_set0_tmp_dh_pkey(ssl, dh);
}

static bool set_choice(const struct wish *wish)
{
	const char *ciphers = wish_get(wish, "ciphers"), *groups = wish_get(wish, "groups");
	const char *sigalgs = wish_get(wish, "sigalgs");
	bool is12 = !strcmp(wish_get(wish, "version"), "1.2");
	int version = is12 ? TLS1_2_VERSION : TLS1_3_VERSION;

	SSL_set_min_proto_version(ssl, version);
	SSL_set_max_proto_version(ssl, version);
	if (is12 ? SSL_set_cipher_list(ssl, ciphers) != 1 : SSL_set_ciphersuites(ssl, ciphers) != 1)
		return false;
	if (groups && SSL_set1_groups_list(ssl, groups) != 1)
		return false;
	if (sigalgs && SSL_set1_sigalgs_list(ssl, sigalgs) != 1)
		return false;
	if (wish_get(wish, "dh"))
		set_dh(wish_get(wish, "dh"));
	if (wish_has(wish, "no_ems"))
		SSL_set_options(ssl, SSL_OP_NO_EXTENDED_MASTER_SECRET);
	if (wish_has(wish, "no_etm"))
		SSL_set_options(ssl, SSL_OP_NO_ENCRYPT_THEN_MAC);
	return true;
}

static bool openssl_open(const struct wish *wish, int fd, struct found *found)
{
	ERR_clear_error();
	ctx = SSL_CTX_new(TLS_method());
	SSL_CTX_set_security_level(ctx, 0);
	SSL_CTX_set_session_cache_mode(ctx, SSL_SESS_CACHE_OFF);
	ssl = SSL_new(ctx);
	SSL_set_fd(ssl, fd);
	SSL_set_msg_callback(ssl, on_message);
	SSL_set_msg_callback_arg(ssl, found);
	if (!wish->server) {
		SSL_set_tlsext_host_name(ssl, "localhost");
		SSL_set1_host(ssl, "localhost");
		SSL_set_connect_state(ssl);
	} else {
		SSL_set_accept_state(ssl);
	}
	if (set_keys(wish) && set_choice(wish))
		return true;
	found->why = "OpenSSL cannot be set up so";
	SSL_free(ssl);
	SSL_CTX_free(ctx);
	return false;
}

static bool openssl_shake(struct found *found)
{
	if (SSL_do_handshake(ssl) != 1) {
		found->why = ERR_reason_error_string(ERR_peek_error());
		return false;
	}
	found->version = (unsigned int)SSL_version(ssl);
	found->ems = SSL_get_extms_support(ssl) == 1;
	found->authenticated = SSL_get0_peer_certificate(ssl);
	return SSL_export_keying_material(ssl, found->exported, sizeof(found->exported),
					  PEER_EXPORT_LABEL, strlen(PEER_EXPORT_LABEL), NULL,
					  0, 0) == 1;
}

static bool openssl_send(const void *data, size_t len)
{
	return SSL_write(ssl, data, (int)len) == (int)len;
}

static long openssl_receive(void *data, size_t len)
{
	int n = SSL_read(ssl, data, (int)len);

	if (n <= 0)
		return SSL_get_error(ssl, n) == SSL_ERROR_ZERO_RETURN ? 0 : -1;
	return n;
}

static void openssl_close(void)
{
	SSL_shutdown(ssl);
	SSL_free(ssl);
	SSL_CTX_free(ctx);
}

static const struct library openssl = {
	openssl_open, openssl_shake, openssl_send, openssl_receive, openssl_close,
};

int main(void)
{
	return peer_main(&openssl);
}
