// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) 2026 The tlsup authors
 *
 * The peer that is GnuTLS. Its keys: priority= cert=PATH key=PATH ca=PATH verify=1
 * (ask for a certificate).
 */
#include <gnutls/gnutls.h>
#include <string.h>

#include "peer.h"

static gnutls_certificate_credentials_t credentials;
static gnutls_session_t session;
static struct found *watched;

static int on_message(gnutls_session_t which, unsigned int type, unsigned int when,
		      unsigned int incoming, const gnutls_datum_t *message)
{
	(void)which;
	(void)when;
	(void)incoming;
	(void)message;
	watched->retries += type == GNUTLS_HANDSHAKE_HELLO_RETRY_REQUEST;
	return 0;
}

static bool set_keys(const struct wish *wish)
{
	const char *cert = wish_get(wish, "cert"), *ca = wish_get(wish, "ca");

	if (cert && gnutls_certificate_set_x509_key_file(credentials, cert,
							 wish_get(wish, "key"),
							 GNUTLS_X509_FMT_PEM) < 0)
		return false;
	if (ca && gnutls_certificate_set_x509_trust_file(credentials, ca,
							 GNUTLS_X509_FMT_PEM) < 0)
		return false;
	if (!wish->server)
		gnutls_session_set_verify_cert(session, "localhost", 0);
	else if (wish_has(wish, "verify"))
		gnutls_certificate_server_set_request(session, GNUTLS_CERT_REQUIRE);
	if (wish->server && wish_has(wish, "verify"))
		gnutls_session_set_verify_cert(session, NULL, 0);
	return gnutls_credentials_set(session, GNUTLS_CRD_CERTIFICATE, credentials) >= 0;
}

static bool gnutls_peer_open(const struct wish *wish, int fd, struct found *found)
{
	unsigned int flags = wish->server ? GNUTLS_SERVER : GNUTLS_CLIENT;

	watched = found;
	gnutls_certificate_allocate_credentials(&credentials);
	gnutls_certificate_set_known_dh_params(credentials, GNUTLS_SEC_PARAM_MEDIUM);
	gnutls_init(&session, flags | GNUTLS_KEY_SHARE_TOP | GNUTLS_NO_TICKETS);
	gnutls_transport_set_int(session, fd);
	gnutls_handshake_set_timeout(session, 20000);
	gnutls_handshake_set_hook_function(session, GNUTLS_HANDSHAKE_ANY, GNUTLS_HOOK_POST,
					   on_message);
	if (!wish->server)
		gnutls_server_name_set(session, GNUTLS_NAME_DNS, "localhost", 9);
	if (gnutls_priority_set_direct(session, wish_get(wish, "priority"), NULL) >= 0 &&
	    set_keys(wish))
		return true;
	found->why = "GnuTLS cannot be set up so";
	gnutls_deinit(session);
	gnutls_certificate_free_credentials(credentials);
	return false;
}

static bool gnutls_peer_shake(struct found *found)
{
	unsigned int count = 0;
	int err;

	do {
		err = gnutls_handshake(session);
	} while (err < 0 && !gnutls_error_is_fatal(err));
	if (err < 0) {
		found->why = err == GNUTLS_E_FATAL_ALERT_RECEIVED ?
			     gnutls_alert_get_name(gnutls_alert_get(session)) :
			     gnutls_strerror(err);
		return false;
	}
	found->version = gnutls_protocol_get_version(session) == GNUTLS_TLS1_2 ? 0x0303 : 0x0304;
	found->ems = gnutls_session_ext_master_secret_status(session);
	gnutls_certificate_get_peers(session, &count);
	found->authenticated = count;
	return gnutls_prf_rfc5705(session, strlen(PEER_EXPORT_LABEL), PEER_EXPORT_LABEL, 0, NULL,
				  sizeof(found->exported), (char *)found->exported) >= 0;
}

static bool gnutls_peer_send(const void *data, size_t len)
{
	const char *at = data;
	ssize_t n;

	for (; len; at += n, len -= (size_t)n) {
		n = gnutls_record_send(session, at, len);
		if (n < 0)
			return false;
	}
	return true;
}

static long gnutls_peer_receive(void *data, size_t len)
{
	ssize_t n;

	do {
		n = gnutls_record_recv(session, data, len);
	} while (n < 0 && !gnutls_error_is_fatal((int)n) && n != GNUTLS_E_AGAIN);
	return n < 0 ? -1 : (long)n;
}

static void gnutls_peer_close(void)
{
	gnutls_bye(session, GNUTLS_SHUT_WR);
	gnutls_deinit(session);
	gnutls_certificate_free_credentials(credentials);
}

static const struct library library = {
	gnutls_peer_open, gnutls_peer_shake, gnutls_peer_send, gnutls_peer_receive,
	gnutls_peer_close,
};

int main(void)
{
	return peer_main(&library);
}
