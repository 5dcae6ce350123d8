// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) 2026 The tlsup authors
 *
 * server_key_exchange (RFC 5246, 7.4.3; RFC 8422, 5.4): the server's share of a
 * curve or a finite field, and its signature over both randoms and the share.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "crypto/cr_field.h"
#include "tls/hs_int.h"

#define NAMED_CURVE	3
#define PARAMS_MAX	(3 * 2 + 1 + 2 * CR_KEX_PUBLIC_MAX)

/* Memory for the randoms and @len bytes of parameters behind them. */
static bool begin_content(struct hs *hs, size_t len)
{
	free(hs->content);
	hs->content = malloc(2 * RANDOM_SIZE + len);
	if (!hs->content)
		return hs_fail_error(hs, HS_ALERT_INTERNAL_ERROR, ENOMEM,
				     "out of memory");
	memcpy(hs->content, hs->client_random, RANDOM_SIZE);
	memcpy(hs->content + RANDOM_SIZE, hs->server_random, RANDOM_SIZE);
	hs->content_len = 2 * RANDOM_SIZE + len;
	return true;
}

static void write_curve(const struct hs *hs, struct wr *wr)
{
	size_t mark;

	wr_u8(wr, NAMED_CURVE);
	wr_u16(wr, hs->kex->id);
	mark = wr_open(wr, 1);
	wr_bytes(wr, hs->public_key, hs->kex->public_size);
	wr_close(wr, mark);
}

static void write_field(const struct hs *hs, struct wr *wr)
{
	uint8_t prime[CR_KEX_PUBLIC_MAX];
	size_t mark;

	cr_field_prime(hs->kex, prime);
	mark = wr_open(wr, 2);
	wr_bytes(wr, prime, hs->kex->public_size);
	wr_close(wr, mark);
	mark = wr_open(wr, 2);
	wr_u8(wr, CR_KEX_GENERATOR);
	wr_close(wr, mark);
	mark = wr_open(wr, 2);
	wr_bytes(wr, hs->public_key, hs->kex->public_size);
	wr_close(wr, mark);
}

/**
 * msg_server_key_exchange_ask - have the parameters signed
 * @hs: a server
 *
 * Return: false after a failure.
 */
bool msg_server_key_exchange_ask(struct hs *hs)
{
	struct hs_question question = {
		.ask = HS_ASK_SIGN,
		.version = TLS12,
		.credential = hs->credential,
		.scheme = hs->scheme,
	};
	uint8_t params[PARAMS_MAX];
	struct wr wr;

	hs->kex->generate(hs->kex, hs->private_key, hs->public_key);
	wr_init(&wr, params, sizeof(params));
	if (hs->suite->kx == KX_DHE)
		write_field(hs, &wr);
	else
		write_curve(hs, &wr);
	if (!begin_content(hs, wr.len))
		return false;
	memcpy(hs->content + 2 * RANDOM_SIZE, params, wr.len);
	question.content = (struct hs_bytes){ hs->content, hs->content_len };
	return hs_ask_owner(hs, &question);
}

/**
 * msg_server_key_exchange_build - write parameters and signature
 * @hs: with the answer
 * @wr: the writer
 *
 * Return: true.
 */
bool msg_server_key_exchange_build(struct hs *hs, struct wr *wr)
{
	size_t mark;

	wr_bytes(wr, hs->content + 2 * RANDOM_SIZE, hs->content_len - 2 * RANDOM_SIZE);
	wr_u16(wr, hs->scheme);
	mark = wr_open(wr, 2);
	wr_bytes(wr, hs->signature, hs->signature_len);
	wr_close(wr, mark);
	return true;
}

/** struct params - what the server proposes; borrowed from the message */
struct params {
	const struct cr_kex *kex;
	struct rd share;
	struct hs_bytes raw;
};

static bool read_curve(struct hs *hs, struct rd *body, struct params *params)
{
	uint8_t type = rd_u8(body);
	uint16_t group = rd_u16(body);

	params->share = rd_vec8(body);
	if (body->failed)
		return hs_fail(hs, HS_ALERT_DECODE_ERROR,
			       "server_key_exchange: malformed");
	if (type != NAMED_CURVE || !group_enabled(hs->config, group) ||
	    cr_kex_find(group)->field)
		return hs_fail(hs, HS_ALERT_ILLEGAL_PARAMETER,
			       "server_key_exchange: a curve that was not offered");
	params->kex = cr_kex_find(group);
	if (params->share.len != params->kex->public_size)
		return hs_fail(hs, HS_ALERT_ILLEGAL_PARAMETER,
			       "server_key_exchange: length of the share");
	return true;
}

/* Groups of RFC 3526 have no number to be enabled by: all of them are strong. */
static bool is_acceptable(const struct hs *hs, const struct cr_kex *kex)
{
	return kex && (!kex->id || group_enabled(hs->config, kex->id));
}

static bool read_field(struct hs *hs, struct rd *body, struct params *params)
{
	struct rd prime = rd_vec16(body);
	struct rd generator = rd_vec16(body);

	params->share = rd_vec16(body);
	if (body->failed || !prime.len || !generator.len || !params->share.len)
		return hs_fail(hs, HS_ALERT_DECODE_ERROR,
			       "server_key_exchange: malformed");
	rd_skip_zeros(&prime);
	rd_skip_zeros(&generator);
	rd_skip_zeros(&params->share);
	params->kex = cr_kex_find_prime(prime.data, prime.len);
	if (!is_acceptable(hs, params->kex) || generator.len != 1 ||
	    rd_u8(&generator) != CR_KEX_GENERATOR)
		return hs_fail(hs, HS_ALERT_INSUFFICIENT_SECURITY,
			       "server_key_exchange: a group that nobody knows");
	if (!params->share.len || params->share.len > params->kex->public_size)
		return hs_fail(hs, HS_ALERT_ILLEGAL_PARAMETER,
			       "server_key_exchange: length of the share");
	return true;
}

/* RFC 5246, 7.4.3: offered, and of the kind that the suite names. */
static bool check_scheme(struct hs *hs, uint16_t scheme)
{
	if (!scheme_verifiable(hs, scheme) || scheme_auth(scheme) != hs->suite->auth)
		return hs_fail(hs, HS_ALERT_ILLEGAL_PARAMETER,
			       "server_key_exchange: a scheme that was not offered");
	return true;
}

static bool ask_verify(struct hs *hs)
{
	const struct hs_question question = {
		.ask = HS_ASK_VERIFY,
		.version = TLS12,
		.server_name = hs->config->server_name,
		.scheme = hs->scheme,
		.content = { hs->content, hs->content_len },
		.signature = { hs->signature, hs->signature_len },
		.chain = hs->chain,
		.chain_len = hs->chain_len,
		.chain_of = HS_SERVER,
		.ocsp = hs->ocsp,
	};

	return hs_ask_owner(hs, &question);
}

/**
 * msg_server_key_exchange_parse - have chain and parameters verified
 * @hs: a client
 * @body: the message
 *
 * Return: false after a failure.
 */
bool msg_server_key_exchange_parse(struct hs *hs, struct rd *body)
{
	struct params params = { .raw.data = body->data };
	struct rd signature;
	uint16_t scheme;

	if (hs->suite->kx == KX_DHE ? !read_field(hs, body, &params) :
				      !read_curve(hs, body, &params))
		return false;
	params.raw.len = (size_t)(body->data - params.raw.data);
	scheme = rd_u16(body);
	signature = rd_vec16(body);
	if (!rd_end(body) || signature.len > HS_SIGNATURE_MAX)
		return hs_fail(hs, HS_ALERT_DECODE_ERROR,
			       "server_key_exchange: malformed");
	if (!check_scheme(hs, scheme))
		return false;
	if (!signature.len)
		return hs_fail(hs, HS_ALERT_DECRYPT_ERROR,
			       "server_key_exchange: an empty signature");
	if (!begin_content(hs, params.raw.len))
		return false;

	memcpy(hs->content + 2 * RANDOM_SIZE, params.raw.data, params.raw.len);
	memcpy(hs->signature, signature.data, signature.len);
	hs->signature_len = signature.len;
	hs->scheme = scheme;
	hs->server_scheme = scheme;
	hs->kex = params.kex;
	hs_keep_share(hs, params.share);
	return ask_verify(hs);
}
