// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) 2026 The tlsup authors
 *
 * What was negotiated, once all is over.
 */
#include <string.h>

#include "tls/hs_int.h"

/* The peer knows it only if both have said theirs. */
static uint16_t own_limit(const struct hs *hs)
{
	uint16_t limit = hs->config->record_size_limit;

	if (!hs->record_size_limit)
		return 0;
	return limit < HS_RECORD_SIZE_MAX ? limit : HS_RECORD_SIZE_MAX;
}

static void result_12(struct hs *hs)
{
	struct hs_result *res = &hs->result;

	memcpy(hs->randoms, hs->client_random, RANDOM_SIZE);
	memcpy(hs->randoms + RANDOM_SIZE, hs->server_random, RANDOM_SIZE);
	res->randoms = (struct hs_bytes){ hs->randoms, sizeof(hs->randoms) };
	/* Another master secret would not bind what is exported (RFC 7627, 5.4). */
	if (hs->ems)
		res->exporter_secret = (struct hs_bytes){
			hs->ks12.master.data, hs->ks12.master.len };
	session_make_12(hs);
	if (hs->made.name.len && hs->config->sessions)
		res->session = &hs->made;
}

static void result_13(struct hs *hs)
{
	struct hs_result *res = &hs->result;

	res->exporter_secret = (struct hs_bytes){
		hs->ks.exporter.data, hs->ks.exporter.len };
	res->resumption_secret = (struct hs_bytes){
		hs->ks.resumption.data, hs->ks.resumption.len };
}

/**
 * result_make - say what was negotiated
 * @hs: at the end of a handshake; its result is filled
 */
void result_make(struct hs *hs)
{
	struct hs_result *res = &hs->result;

	res->version = hs->version;
	res->suite = hs->suite->id;
	res->group = hs->kex ? hs->kex->id : 0;
	res->signature_scheme = hs->server_scheme;
	res->client_authenticated = hs->client_authenticated;
	res->record_size_limit = hs->record_size_limit;
	res->own_record_size_limit = own_limit(hs);
	res->alpn = (struct hs_bytes){ hs->alpn, hs->alpn_len };
	res->server_name = hs->server_name;
	res->chain = hs->chain;
	res->chain_len = hs->chain_len;
	if (hs->flags & FL_RESUMED)
		res->resumed = hs->session->by;
	if (hs->version == TLS12)
		result_12(hs);
	else
		result_13(hs);
}
