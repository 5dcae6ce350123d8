// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) 2026 The tlsup authors
 *
 * Connections that an administrator ends: by id, by profile, by the peer's
 * certificate, or because that has been revoked. The kernel sends the alert.
 */
#include "service/control.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kern/kern_admin.h"
#include "x509/x509.h"

/**
 * struct ending - connections that are looked for
 * @service: the main process
 * @profile: theirs, or NULL
 * @cert: fingerprint or subject of the peer's certificate, or NULL
 * @revoked: those whose peer's certificate is revoked
 * @ids: of those that are open
 * @len: how many
 * @matches: of the one that was looked at
 */
struct ending {
	struct service *service;
	const char *profile;
	const char *cert;
	bool revoked;
	uint64_t *ids;
	size_t len;
	bool matches;
};

static void collect(void *owner, const struct kern_conn *conn)
{
	struct ending *ending = owner;
	uint64_t *ids;

	/* Without an identity it is a kTLS socket: the application's own. */
	if (!conn->has_identity ||
	    (ending->profile && strcmp(ending->profile, conn->profile)))
		return;
	ids = reallocarray(ending->ids, ending->len + 1, sizeof(*ids));
	if (!ids)
		return;
	ending->ids = ids;
	ids[ending->len++] = conn->id;
}

static bool is_cert(const char *wanted, const struct kern_conn *conn)
{
	char subject[X509_SUBJECT_MAX], hex[2 * X509_KEY_ID_SIZE + 1];
	uint8_t fingerprint[X509_KEY_ID_SIZE];

	if (!conn->cert_len ||
	    !x509_subject(conn->cert, conn->cert_len, subject, fingerprint))
		return false;
	for (size_t i = 0; i < sizeof(fingerprint); i++)
		snprintf(hex + 2 * i, 3, "%02x", fingerprint[i]);
	return !strcasecmp(wanted, hex) || !strcmp(wanted, subject);
}

static bool is_revoked(const struct ending *ending, const struct kern_conn *conn)
{
	const struct config_profile *profile =
		config_find_profile(ending->service->current->config, conn->profile);

	return profile && profile->trust && conn->cert_len &&
	       x509_is_revoked(profile->trust, conn->cert, conn->cert_len);
}

static void look(void *owner, const struct kern_conn *conn)
{
	struct ending *ending = owner;

	ending->matches = (!ending->cert || is_cert(ending->cert, conn)) &&
			  (!ending->revoked || is_revoked(ending, conn));
}

static unsigned int end_all(struct ending *ending)
{
	struct kern_admin *admin = ending->service->admin;
	unsigned int closed = 0;

	if (!admin || kern_admin_conns(admin, collect, ending))
		return 0;
	for (size_t i = 0; i < ending->len; i++) {
		ending->matches = true;
		if (ending->cert || ending->revoked) {
			ending->matches = false;
			kern_admin_conn(admin, ending->ids[i], look, ending);
		}
		if (ending->matches && !kern_admin_end_conn(admin, ending->ids[i]))
			closed++;
	}
	free(ending->ids);
	return closed;
}

static json_t *end_one(struct service *service, uint64_t id)
{
	int err = service->admin ? kern_admin_end_conn(service->admin, id) : -EIO;

	if (err == -ENOENT)
		return control_error("no connection %llu", (unsigned long long)id);
	if (err)
		return control_error("connection %llu: %s", (unsigned long long)id,
				     strerror(-err));
	return json_pack("{s:i}", "closed", 1);
}

/**
 * control_end - answer "close"
 * @service: the main process
 * @request: "id", or "profile" and "cert" or one of these
 *
 * Return: the answer.
 */
json_t *control_end(struct service *service, const json_t *request)
{
	const json_t *id = json_object_get(request, "id");
	struct ending ending = {
		.service = service,
		.profile = json_string_value(json_object_get(request, "profile")),
		.cert = json_string_value(json_object_get(request, "cert")),
	};

	if (json_is_integer(id))
		return end_one(service, (uint64_t)json_integer_value(id));
	if (!ending.profile && !ending.cert)
		return control_error("expected an id, a profile or a certificate");
	if (ending.profile &&
	    !config_find_profile(service->current->config, ending.profile))
		return control_error("no profile \"%s\"", ending.profile);
	return json_pack("{s:i}", "closed", (int)end_all(&ending));
}

/**
 * control_end_revoked - end connections whose peer's certificate is revoked
 * @service: with the lists that say so
 *
 * Return: how many.
 */
unsigned int control_end_revoked(struct service *service)
{
	struct ending ending = { .service = service, .revoked = true };

	return end_all(&ending);
}
