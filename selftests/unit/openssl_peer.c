// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) 2026 The tlsup authors
 */
#include "openssl_peer.h"

#include <errno.h>
#include <openssl/rand.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>
#include <stdlib.h>
#include <string.h>

#include "openssl_record.h"

#define HEADER	5

static EVP_PKEY *make_pss(void)
{
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, "RSA-PSS", NULL);
	EVP_PKEY *key = NULL;

	EVP_PKEY_keygen_init(ctx);
	EVP_PKEY_CTX_set_rsa_keygen_bits(ctx, 2048);
	EVP_PKEY_keygen(ctx, &key);
	EVP_PKEY_CTX_free(ctx);
	return key;
}

/**
 * key_pair_make - a key and a certificate for it
 * @type: "RSA", "RSA-PSS", "P-256" or another curve, "ED25519" or "ED448"
 * @schemes: that it can make; outlives the pair
 */
void key_pair_make(struct key_pair *pair, const char *type, const uint16_t *schemes,
		   size_t schemes_len)
{
	bool plain = !strncmp(type, "ED", 2);
	uint8_t *p = pair->der;
	X509_NAME *name;

	if (!strcmp(type, "RSA"))
		pair->key = EVP_PKEY_Q_keygen(NULL, NULL, "RSA", (size_t)2048);
	else if (!strcmp(type, "RSA-PSS"))
		pair->key = make_pss();
	else if (plain)
		pair->key = EVP_PKEY_Q_keygen(NULL, NULL, type);
	else
		pair->key = EVP_PKEY_Q_keygen(NULL, NULL, "EC", type);
	pair->cert = X509_new();
	X509_set_version(pair->cert, 2);
	ASN1_INTEGER_set(X509_get_serialNumber(pair->cert), 1);
	X509_gmtime_adj(X509_getm_notBefore(pair->cert), -60);
	X509_gmtime_adj(X509_getm_notAfter(pair->cert), 3600);
	name = X509_get_subject_name(pair->cert);
	X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC,
				   (const uint8_t *)"localhost", -1, -1, 0);
	X509_set_issuer_name(pair->cert, name);
	X509_set_pubkey(pair->cert, pair->key);
	X509_sign(pair->cert, pair->key, plain ? NULL : EVP_sha256());
	pair->chain = (struct hs_bytes){ pair->der, (size_t)i2d_X509(pair->cert, &p) };
	pair->credential = (struct hs_credential){
		.chain = &pair->chain, .chain_len = 1,
		.schemes = schemes, .schemes_len = schemes_len,
		.decrypts = !strcmp(type, "RSA"), .key = pair->key,
	};
}

/** key_pair_free - free both */
void key_pair_free(struct key_pair *pair)
{
	EVP_PKEY_free(pair->key);
	X509_free(pair->cert);
}

static const EVP_MD *digest_of(uint16_t scheme)
{
	switch (scheme) {
	case 0x0401: case 0x0403: case 0x0804: case 0x0809:
		return EVP_sha256();
	case 0x0501: case 0x0503: case 0x0805: case 0x080a:
		return EVP_sha384();
	case 0x0601: case 0x0603: case 0x0806: case 0x080b:
		return EVP_sha512();
	default:
		return NULL;
	}
}

static void set_pss(EVP_PKEY_CTX *ctx, uint16_t scheme)
{
	if (scheme >> 8 != 8 || !digest_of(scheme))
		return;
	EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_PKCS1_PSS_PADDING);
	EVP_PKEY_CTX_set_rsa_pss_saltlen(ctx, RSA_PSS_SALTLEN_DIGEST);
}

static void answer_sign(struct peer *peer, const struct hs_question *q)
{
	EVP_PKEY *key = (EVP_PKEY *)(uintptr_t)q->credential->key;
	EVP_MD_CTX *md = EVP_MD_CTX_new();
	uint8_t signature[HS_SIGNATURE_MAX];
	size_t len = sizeof(signature);
	EVP_PKEY_CTX *ctx;

	EVP_DigestSignInit(md, &ctx, digest_of(q->scheme), NULL, key);
	set_pss(ctx, q->scheme);
	if (EVP_DigestSign(md, signature, &len, q->content.data, q->content.len) != 1)
		len = 0;
	EVP_MD_CTX_free(md);
	hs_answer_sign(peer->hs, signature, len);
}

static EVP_PKEY *leaf_key(const struct hs_question *q)
{
	const uint8_t *p = q->chain[0].data;
	X509 *leaf = d2i_X509(NULL, &p, (long)q->chain[0].len);
	EVP_PKEY *key = leaf ? X509_get_pubkey(leaf) : NULL;

	X509_free(leaf);
	return key;
}

static void answer_verify(struct peer *peer, const struct hs_question *q)
{
	static const struct hs_failure bad = {
		HS_ALERT_DECRYPT_ERROR, EPROTO, "a bad signature",
	};
	EVP_PKEY *key = leaf_key(q);
	EVP_MD_CTX *md = EVP_MD_CTX_new();
	EVP_PKEY_CTX *ctx;
	bool ok = !q->scheme;

	if (!ok && EVP_DigestVerifyInit(md, &ctx, digest_of(q->scheme), NULL, key)) {
		set_pss(ctx, q->scheme);
		ok = EVP_DigestVerify(md, q->signature.data, q->signature.len,
				      q->content.data, q->content.len) == 1;
	}
	EVP_MD_CTX_free(md);
	EVP_PKEY_free(key);
	hs_answer_verify(peer->hs, ok ? NULL : &bad);
}

static void answer_encrypt(struct peer *peer, const struct hs_question *q)
{
	EVP_PKEY *key = leaf_key(q);
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new(key, NULL);
	uint8_t out[HS_SIGNATURE_MAX];
	size_t len = sizeof(out);

	if (EVP_PKEY_encrypt_init(ctx) != 1 ||
	    EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_PKCS1_PADDING) != 1 ||
	    EVP_PKEY_encrypt(ctx, out, &len, q->content.data, q->content.len) != 1)
		len = 0;
	EVP_PKEY_CTX_free(ctx);
	EVP_PKEY_free(key);
	hs_answer_encrypt(peer->hs, out, len);
}

static void answer_decrypt(struct peer *peer, const struct hs_question *q)
{
	EVP_PKEY *key = (EVP_PKEY *)(uintptr_t)q->credential->key;
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new(key, NULL);
	uint8_t out[512];
	size_t len = sizeof(out);

	if (EVP_PKEY_decrypt_init(ctx) != 1 ||
	    EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_PKCS1_PADDING) != 1 ||
	    EVP_PKEY_decrypt(ctx, out, &len, q->content.data, q->content.len) != 1 ||
	    len != HS_PREMASTER_SIZE)
		RAND_bytes(out, HS_PREMASTER_SIZE);
	EVP_PKEY_CTX_free(ctx);
	hs_answer_decrypt(peer->hs, out);
}

static void on_ask(void *owner, const struct hs_question *q)
{
	struct peer *peer = owner;
	const struct key_pair *pair = peer->role == HS_SERVER ? peer->server :
								peer->client;

	switch (q->ask) {
	case HS_ASK_CREDENTIAL:
		hs_answer_credential(peer->hs, pair ? &pair->credential : NULL);
		break;
	case HS_ASK_SIGN:
		answer_sign(peer, q);
		break;
	case HS_ASK_VERIFY:
		answer_verify(peer, q);
		break;
	case HS_ASK_ENCRYPT:
		answer_encrypt(peer, q);
		break;
	case HS_ASK_DECRYPT:
		answer_decrypt(peer, q);
		break;
	case HS_ASK_SESSION:
		hs_answer_session(peer->hs, NULL, 0);
		break;
	case HS_ASK_TICKET:
		hs_answer_ticket(peer->hs, &(struct hs_ticket){ 0 });
		break;
	}
}

static void put_record(struct peer *peer, uint8_t type, const uint8_t *data, size_t len)
{
	uint8_t record[HEADER + RECORD_MAX] = { type, 3, 3 };

	if (peer->tx.on)
		len = record_seal(&peer->tx, type, data, len, record + HEADER);
	else
		memcpy(record + HEADER, data, len);
	record[3] = (uint8_t)(len >> 8);
	record[4] = (uint8_t)len;
	BIO_write(SSL_get_rbio(peer->ssl), record, HEADER + (int)len);
}

static void on_send(void *owner, enum hs_content type, const uint8_t *data, size_t len)
{
	put_record(owner, (uint8_t)type, data, len);
}

static void on_keys(void *owner, const struct hs_keys *keys)
{
	struct peer *peer = owner;
	struct half *half = keys->direction == HS_TX ? &peer->tx : &peer->rx;

	half->suite = suite_find(keys->suite);
	half->etm = keys->etm;
	memcpy(half->key, keys->key.data, keys->key.len);
	if (keys->iv.len)
		memcpy(half->iv, keys->iv.data, keys->iv.len);
	if (keys->mac.len)
		memcpy(half->mac, keys->mac.data, keys->mac.len);
	half->on = keys->direction == HS_TX;
	half->pending = keys->direction == HS_RX;
}

static void on_next(void *owner, const struct hs_next *next)
{
	struct peer *peer = owner;

	peer->waiting = true;
	peer->version = next->version;
}

static void on_done(void *owner, const struct hs_result *result)
{
	struct peer *peer = owner;

	peer->done = true;
	peer->result = result;
}

static void on_fail(void *owner, const struct hs_failure *failure)
{
	struct peer *peer = owner;
	const uint8_t alert[] = { 2, failure->alert };

	peer->failed = true;
	peer->reason = failure->reason;
	put_record(peer, 21, alert, 2);
}

static const struct hs_ops ops = {
	.send = on_send, .keys = on_keys, .next = on_next,
	.ask = on_ask, .done = on_done, .fail = on_fail,
};

static int accept_any(int ok, X509_STORE_CTX *ctx)
{
	(void)ok;
	(void)ctx;
	return 1;
}

static void on_info(const SSL *ssl, int where, int value)
{
	struct peer *peer = SSL_get_app_data(ssl);

	if (where == SSL_CB_WRITE_ALERT && value >> 8 == 2)
		peer->alert = value & 255;
}

/**
 * peer_init - both sides, TLS 1.2 only, before any configuration of either
 * @role: of our engine
 * @server: the server's key pair
 * @client: the client's, or NULL; OpenSSL as a server asks for it
 */
void peer_init(struct peer *peer, enum hs_role role, const struct key_pair *server,
	       const struct key_pair *client)
{
	const struct key_pair *pair = role == HS_CLIENT ? server : client;

	memset(peer, 0, sizeof(*peer));
	peer->role = role;
	peer->server = server;
	peer->client = client;
	peer->config.min_version = 0x0303;
	peer->config.max_version = 0x0303;
	peer->waiting = role == HS_SERVER;
	peer->ctx = SSL_CTX_new(TLS_method());
	SSL_CTX_set_security_level(peer->ctx, 0);
	SSL_CTX_set_dh_auto(peer->ctx, 1);
	SSL_CTX_set_options(peer->ctx, SSL_OP_NO_TICKET);
	SSL_CTX_set_session_cache_mode(peer->ctx, SSL_SESS_CACHE_OFF);
	peer->ssl = SSL_new(peer->ctx);
	SSL_set_app_data(peer->ssl, peer);
	SSL_set_info_callback(peer->ssl, on_info);
	SSL_set_max_proto_version(peer->ssl, TLS1_2_VERSION);
	SSL_set_bio(peer->ssl, BIO_new(BIO_s_mem()), BIO_new(BIO_s_mem()));
	if (pair) {
		SSL_use_certificate(peer->ssl, pair->cert);
		SSL_use_PrivateKey(peer->ssl, pair->key);
	}
	SSL_set_verify(peer->ssl, role == HS_CLIENT && !client ? SSL_VERIFY_NONE :
		       SSL_VERIFY_PEER, accept_any);
	if (role == HS_CLIENT)
		SSL_set_accept_state(peer->ssl);
	else
		SSL_set_connect_state(peer->ssl);
}

/**
 * peer_set_dh - the group of OpenSSL's server
 * @name: as OpenSSL names it
 */
void peer_set_dh(struct peer *peer, const char *name)
{
	OSSL_PARAM params[] = {
		OSSL_PARAM_construct_utf8_string("group", (char *)(uintptr_t)name, 0),
		OSSL_PARAM_construct_end(),
	};
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, strncmp(name, "dh_", 3) ?
						       "DH" : "DHX", NULL);
	EVP_PKEY *dh = NULL;

	EVP_PKEY_fromdata_init(ctx);
	EVP_PKEY_fromdata(ctx, &dh, EVP_PKEY_KEY_PARAMETERS, params);
	EVP_PKEY_CTX_free(ctx);
	SSL_set_dh_auto(peer->ssl, 0);
	SSL_set0_tmp_dh_pkey(peer->ssl, dh);
}

/* One record of OpenSSL's, the kernel's way. */
static void take_record(struct peer *peer, uint8_t type, uint8_t *data, size_t len)
{
	uint8_t text[RECORD_MAX];
	size_t text_len;

	if (type == HS_CONTENT_CCS) {
		peer->failed |= !peer->rx.pending;
		peer->rx.on = peer->rx.pending;
		peer->rx.pending = false;
		return;
	}
	if (peer->rx.on) {
		if (!record_open(&peer->rx, type, data, len, text, &text_len)) {
			peer->reason = "a record that is not good";
			peer->failed = true;
			return;
		}
		data = text;
		len = text_len;
	}
	if (type != HS_CONTENT_HANDSHAKE)
		return;
	peer->waiting = false;
	hs_record(peer->hs, peer->rx.on ? HS_EPOCH_APPLICATION : HS_EPOCH_PLAINTEXT,
		  type, data, len);
}

static bool step(struct peer *peer)
{
	int got = BIO_read(SSL_get_wbio(peer->ssl), peer->in + peer->in_len,
			   (int)(sizeof(peer->in) - peer->in_len));
	size_t len;

	if (got > 0)
		peer->in_len += (size_t)got;
	if (!peer->waiting || peer->failed || peer->in_len < HEADER)
		return false;
	len = (size_t)peer->in[3] << 8 | peer->in[4];
	if (peer->in_len < HEADER + len)
		return false;
	take_record(peer, peer->in[0], peer->in + HEADER, len);
	peer->in_len -= HEADER + len;
	memmove(peer->in, peer->in + HEADER + len, peer->in_len);
	return true;
}

/**
 * peer_run - the handshake, as far as it goes
 *
 * Return: whether both are done.
 */
bool peer_run(struct peer *peer)
{
	bool over = false;

	peer->hs = hs_create(peer->role, &peer->config, &ops, peer);
	if (peer->role == HS_CLIENT)
		hs_start(peer->hs);
	while (!over) {
		int ret = SSL_do_handshake(peer->ssl);

		over = ret == 1 || SSL_get_error(peer->ssl, ret) != SSL_ERROR_WANT_READ;
		while (step(peer))
			over = false;
		over |= peer->failed || peer->done;
	}
	SSL_do_handshake(peer->ssl);
	return peer->done && SSL_is_init_finished(peer->ssl);
}

/**
 * peer_exchange - a record of data each way
 *
 * Return: whether both have arrived.
 */
bool peer_exchange(struct peer *peer)
{
	static const char hello[] = "data under the new keys";
	uint8_t text[RECORD_MAX];
	size_t len;

	put_record(peer, 23, (const uint8_t *)hello, sizeof(hello));
	if (SSL_read(peer->ssl, text, sizeof(text)) != sizeof(hello) ||
	    memcmp(text, hello, sizeof(hello)))
		return false;
	SSL_write(peer->ssl, hello, sizeof(hello));
	len = (size_t)BIO_read(SSL_get_wbio(peer->ssl), peer->in, sizeof(peer->in));
	return len > HEADER && peer->in[0] == 23 &&
	       record_open(&peer->rx, 23, peer->in + HEADER, len - HEADER, text, &len) &&
	       len == sizeof(hello) && !memcmp(text, hello, sizeof(hello));
}

/** peer_wipe - free both sides */
void peer_wipe(struct peer *peer)
{
	hs_destroy(peer->hs);
	SSL_free(peer->ssl);
	SSL_CTX_free(peer->ctx);
}
