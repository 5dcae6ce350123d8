// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) 2026 The tlsup authors
 *
 * Which of several certificates is shown: a server's by the name that the client
 * asks for, a client's by the authorities that the server names, and either by
 * what the peer can verify.
 */
#include "x509/x509_int.h"

#include <string.h>

#include "lib/wire.h"

/* How well a certificate's names match, best first. */
enum match { MATCH_EXACT, MATCH_WILDCARD, MATCH_NONE };

static uint8_t auth_of(const struct x509_credential *cred)
{
	gnutls_pk_algorithm_t pk = (gnutls_pk_algorithm_t)
		gnutls_x509_crt_get_pk_algorithm(cred->certificates[0], NULL);

	return pk == GNUTLS_PK_RSA || pk == GNUTLS_PK_RSA_PSS ? HS_AUTH_RSA : HS_AUTH_ECDSA;
}

/* Can it sign what the peer can verify, by a suite that is possible? */
static bool signs(const struct x509_credential *cred, const struct hs_question *question)
{
	if (question->auths && !(question->auths & auth_of(cred)))
		return false;
	for (size_t i = 0; i < cred->hs.schemes_len; i++)
		for (size_t j = 0; j < question->schemes_len; j++)
			if (cred->hs.schemes[i] == question->schemes[j])
				return true;
	return false;
}

static bool decrypts(const struct x509_credential *cred, const struct hs_question *question)
{
	return question->auths & HS_AUTH_RSA_DECRYPT && cred->hs.decrypts;
}

static enum match match_name(const struct x509_credential *cred, const char *name)
{
	gnutls_x509_crt_t leaf = cred->certificates[0];

	if (gnutls_x509_crt_check_hostname2(leaf, name,
					    GNUTLS_VERIFY_DO_NOT_ALLOW_WILDCARDS))
		return MATCH_EXACT;
	return gnutls_x509_crt_check_hostname2(leaf, name, 0) ? MATCH_WILDCARD : MATCH_NONE;
}

static bool names(struct hs_bytes authorities, const gnutls_datum_t *dn)
{
	struct rd walk;

	rd_init(&walk, authorities.data, authorities.len);
	while (rd_more(&walk)) {
		struct rd one = rd_vec16(&walk);

		if (one.len == dn->size && !memcmp(one.data, dn->data, dn->size))
			return true;
	}
	return false;
}

/* Has one of the chain been issued by one of the authorities? */
static bool is_issued_by(const struct x509_credential *cred, struct hs_bytes authorities)
{
	bool found = !authorities.len;

	for (unsigned int i = 0; i < cred->count && !found; i++) {
		gnutls_datum_t dn;

		if (gnutls_x509_crt_get_raw_issuer_dn(cred->certificates[i], &dn) < 0)
			continue;
		found = names(authorities, &dn);
		gnutls_free(dn.data);
	}
	return found;
}

static const struct hs_credential *choose_client(struct x509_credential *const *list,
						 size_t count,
						 const struct hs_question *question)
{
	for (size_t i = 0; i < count; i++)
		if (signs(list[i], question) && is_issued_by(list[i], question->authorities))
			return &list[i]->hs;
	return NULL;
}

/* The best match first; a key that signs before one that decrypts. */
static const struct hs_credential *choose_by_match(struct x509_credential *const *list,
						   const enum match *matches, size_t count,
						   enum match wanted,
						   const struct hs_question *question)
{
	for (size_t i = 0; i < count; i++)
		if (matches[i] == wanted && signs(list[i], question))
			return &list[i]->hs;
	for (size_t i = 0; i < count; i++)
		if (matches[i] == wanted && decrypts(list[i], question))
			return &list[i]->hs;
	return NULL;
}

/**
 * x509_choose - answer HS_ASK_CREDENTIAL
 * @list: a profile's certificates; the first are the default
 * @count: how many, at most X509_CREDENTIALS_MAX
 * @role: of this side
 * @question: what the peer asks for, and what it can verify
 *
 * A server without a certificate for the name shows a default one (RFC 6066, 3,
 * leaves it the choice); the client will judge that.
 *
 * Return: the credential; NULL: a server has none, or none of a client's will do.
 */
const struct hs_credential *x509_choose(struct x509_credential *const *list, size_t count,
					enum hs_role role,
					const struct hs_question *question)
{
	enum match matches[X509_CREDENTIALS_MAX];
	const struct hs_credential *found = NULL;
	bool any = false;

	if (role == HS_CLIENT)
		return choose_client(list, count, question);
	for (size_t i = 0; i < count; i++) {
		matches[i] = *question->server_name ?
			     match_name(list[i], question->server_name) : MATCH_NONE;
		any |= matches[i] != MATCH_NONE;
	}
	if (any) {
		found = choose_by_match(list, matches, count, MATCH_EXACT, question);
		if (!found)
			found = choose_by_match(list, matches, count, MATCH_WILDCARD, question);
	} else {
		found = choose_by_match(list, matches, count, MATCH_NONE, question);
	}
	/* None that the client can use: the engine says so of any. */
	return found || !count ? found : &list[0]->hs;
}
