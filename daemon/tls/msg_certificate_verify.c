// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) 2026 The tlsup authors
 *
 * certificate_verify (RFC 9846, 4.4.3; RFC 5246, 7.4.8).
 */
#include <string.h>

#include "tls/hs_int.h"

#define PAD_SIZE	64

/* 64 spaces, a context string, a zero byte, the transcript's hash. */
static struct hs_bytes signed_content(struct hs *hs, enum hs_role signer)
{
	static const char server[] = "TLS 1.3, server CertificateVerify";
	static const char client[] = "TLS 1.3, client CertificateVerify";
	uint8_t hash[CR_HASH_MAX];
	struct wr wr;

	_Static_assert(PAD_SIZE + sizeof(server) + CR_HASH_MAX ==
		       SIGNED_CONTENT_MAX, "the content fits");
	_Static_assert(sizeof(server) == sizeof(client), "so does a client's");
	wr_init(&wr, hs->signed_content, sizeof(hs->signed_content));
	for (size_t i = 0; i < PAD_SIZE; i++)
		wr_u8(&wr, ' ');
	wr_bytes(&wr, signer == HS_SERVER ? server : client, sizeof(server));
	trans_hash(hs, hash);
	wr_bytes(&wr, hash, hs->suite->hash->size);
	return (struct hs_bytes){ hs->signed_content, wr.len };
}

/**
 * msg_certificate_verify_ask - have the transcript signed
 * @hs: a server, or a client with a credential
 *
 * Return: true.
 */
bool msg_certificate_verify_ask(struct hs *hs)
{
	const struct hs_question question = {
		.ask = HS_ASK_SIGN,
		.version = TLS13,
		.credential = hs->credential,
		.scheme = hs->scheme,
		.content = signed_content(hs, hs->role),
	};

	return hs_ask_owner(hs, &question);
}

/**
 * msg_certificate_verify_build - write the signature
 * @hs: with the answer
 * @wr: the writer
 *
 * Return: true.
 */
bool msg_certificate_verify_build(struct hs *hs, struct wr *wr)
{
	size_t mark;

	wr_u16(wr, hs->scheme);
	mark = wr_open(wr, 2);
	wr_bytes(wr, hs->signature, hs->signature_len);
	wr_close(wr, mark);
	return true;
}

/**
 * msg_certificate_verify_parse - have chain and signature verified
 * @hs: the engine, either role
 * @body: the message
 *
 * Return: false after a failure.
 */
bool msg_certificate_verify_parse(struct hs *hs, struct rd *body)
{
	uint16_t scheme = rd_u16(body);
	struct rd signature = rd_vec16(body);
	struct hs_question question = { .ask = HS_ASK_VERIFY, .version = TLS13 };
	enum hs_role peer = hs->role == HS_CLIENT ? HS_SERVER : HS_CLIENT;

	if (!rd_end(body) || signature.len > HS_SIGNATURE_MAX)
		return hs_fail(hs, HS_ALERT_DECODE_ERROR,
			       "certificate_verify: malformed");
	if (!scheme_verifiable(hs, scheme))
		return hs_fail(hs, HS_ALERT_ILLEGAL_PARAMETER,
			       "certificate_verify: a scheme that was not offered");
	/* To whoever is asked, none would mean that there is none to verify. */
	if (!signature.len)
		return hs_fail(hs, HS_ALERT_DECRYPT_ERROR,
			       "certificate_verify: an empty signature");

	/* A client's own scheme is chosen already, if it is asked for one. */
	if (peer == HS_SERVER)
		hs->server_scheme = scheme;
	question.scheme = scheme;
	question.content = signed_content(hs, peer);
	question.signature = (struct hs_bytes){ signature.data, signature.len };
	question.server_name = hs->config->server_name;
	question.chain_of = peer;
	question.chain = hs->chain;
	question.chain_len = hs->chain_len;
	question.ocsp = hs->ocsp;
	return hs_ask_owner(hs, &question);
}

/**
 * msg_certificate_verify_12_ask - have all messages so far signed
 * @hs: a client with a credential
 *
 * Return: true.
 */
bool msg_certificate_verify_12_ask(struct hs *hs)
{
	const struct hs_question question = {
		.ask = HS_ASK_SIGN,
		.version = TLS12,
		.credential = hs->credential,
		.scheme = hs->scheme,
		.content = trans_bytes(hs),
	};

	return hs_ask_owner(hs, &question);
}

/**
 * msg_certificate_verify_12_parse - have chain and signature verified
 * @hs: a server
 * @body: the message
 *
 * Return: false after a failure.
 */
bool msg_certificate_verify_12_parse(struct hs *hs, struct rd *body)
{
	uint16_t scheme = rd_u16(body);
	struct rd signature = rd_vec16(body);
	struct hs_question question = { .ask = HS_ASK_VERIFY, .version = TLS12 };

	if (!rd_end(body) || signature.len > HS_SIGNATURE_MAX)
		return hs_fail(hs, HS_ALERT_DECODE_ERROR,
			       "certificate_verify: malformed");
	if (!scheme_verifiable(hs, scheme))
		return hs_fail(hs, HS_ALERT_ILLEGAL_PARAMETER,
			       "certificate_verify: a scheme that was not offered");
	if (!signature.len)
		return hs_fail(hs, HS_ALERT_DECRYPT_ERROR,
			       "certificate_verify: an empty signature");

	hs->scheme = scheme;
	question.scheme = scheme;
	question.chain_of = HS_CLIENT;
	question.content = trans_bytes(hs);
	question.signature = (struct hs_bytes){ signature.data, signature.len };
	question.chain = hs->chain;
	question.chain_len = hs->chain_len;
	question.ocsp = hs->ocsp;
	return hs_ask_owner(hs, &question);
}

/**
 * msg_certificate_verify_client_after - nobody signs after the client
 * @hs: the engine, either role
 *
 * Return: true.
 */
bool msg_certificate_verify_client_after(struct hs *hs)
{
	hs->client_authenticated = true;
	trans_forget(hs);
	return true;
}
