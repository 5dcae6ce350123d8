// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) 2026 The tlsup authors
 *
 * GnuTLS on memory.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <gnutls/gnutls.h>

#include "resumption.h"

#define BUFFER	65536

/** struct pipe - bytes on their way */
struct pipe {
	uint8_t data[BUFFER];
	size_t len;
};

static struct pipe to_server, to_client;
static gnutls_certificate_credentials_t server_cred, client_cred;
static gnutls_datum_t session, ticket_key;

/* One session is enough of a store. */
static uint8_t stored_id[64], *stored;
static unsigned int stored_id_len, stored_len;

static ssize_t push(gnutls_transport_ptr_t arg, const void *data, size_t len)
{
	struct pipe *pipe = arg;

	memcpy(pipe->data + pipe->len, data, len);
	pipe->len += len;
	return (ssize_t)len;
}

static ssize_t pull(gnutls_transport_ptr_t arg, void *data, size_t len)
{
	struct pipe *pipe = arg;

	if (!pipe->len) {
		errno = EAGAIN;
		return -1;
	}
	if (len > pipe->len)
		len = pipe->len;
	memcpy(data, pipe->data, len);
	pipe->len -= len;
	memmove(pipe->data, pipe->data + len, pipe->len);
	return (ssize_t)len;
}

static int wait_for(gnutls_transport_ptr_t arg, unsigned int ms)
{
	(void)ms;
	return ((struct pipe *)arg)->len != 0;
}

static int db_store(void *arg, gnutls_datum_t key, gnutls_datum_t data)
{
	(void)arg;
	if (key.size > sizeof(stored_id))
		return -1;
	memcpy(stored_id, key.data, key.size);
	stored_id_len = key.size;
	free(stored);
	stored = malloc(data.size);
	memcpy(stored, data.data, data.size);
	stored_len = data.size;
	return 0;
}

static gnutls_datum_t db_retrieve(void *arg, gnutls_datum_t key)
{
	gnutls_datum_t found = { NULL, 0 };

	(void)arg;
	if (key.size != stored_id_len || memcmp(key.data, stored_id, key.size))
		return found;
	found.data = gnutls_malloc(stored_len);
	memcpy(found.data, stored, stored_len);
	found.size = stored_len;
	return found;
}

static int db_remove(void *arg, gnutls_datum_t key)
{
	(void)arg;
	(void)key;
	return 0;
}

static const char *priority(enum kind kind)
{
	if (kind == KIND_PSK)
		return "NORMAL:-VERS-ALL:+VERS-TLS1.3:-CIPHER-ALL:+AES-128-GCM:-GROUP-ALL:+GROUP-X25519:+GROUP-SECP256R1";
	return "NORMAL:-VERS-ALL:+VERS-TLS1.2:-CIPHER-ALL:+AES-128-GCM:-GROUP-ALL:+GROUP-X25519:+GROUP-SECP256R1";
}

static gnutls_session_t make(enum kind kind, bool server)
{
	gnutls_session_t made;

	gnutls_init(&made, (server ? GNUTLS_SERVER | GNUTLS_NO_AUTO_SEND_TICKET : GNUTLS_CLIENT) |
		    GNUTLS_NONBLOCK | (kind == KIND_ID ? GNUTLS_NO_TICKETS : 0));
	gnutls_priority_set_direct(made, priority(kind), NULL);
	gnutls_credentials_set(made, GNUTLS_CRD_CERTIFICATE, server ? server_cred : client_cred);
	gnutls_transport_set_push_function(made, push);
	gnutls_transport_set_pull_function(made, pull);
	gnutls_transport_set_pull_timeout_function(made, wait_for);
	gnutls_transport_set_ptr2(made, server ? &to_server : &to_client,
				  server ? &to_client : &to_server);
	return made;
}

static gnutls_session_t make_server(enum kind kind)
{
	gnutls_session_t server = make(kind, true);

	if (kind == KIND_ID) {
		gnutls_db_set_store_function(server, db_store);
		gnutls_db_set_retrieve_function(server, db_retrieve);
		gnutls_db_set_remove_function(server, db_remove);
	} else {
		gnutls_session_ticket_enable_server(server, &ticket_key);
	}
	return server;
}

static double handshake(enum kind kind, bool *resumed)
{
	gnutls_session_t client = make(kind, false), server;
	int a = GNUTLS_E_AGAIN, b = GNUTLS_E_AGAIN;
	double spent, start;
	char byte;

	to_server.len = to_client.len = 0;
	gnutls_server_name_set(client, GNUTLS_NAME_DNS, "localhost", 9);
	if (session.data)
		gnutls_session_set_data(client, session.data, session.size);
	start = now();
	server = make_server(kind);
	spent = now() - start;
	for (int i = 0; i < 8 && (a || b); i++) {
		if (a)
			a = gnutls_handshake(client);
		start = now();
		if (b)
			b = gnutls_handshake(server);
		spent += now() - start;
	}
	if (kind == KIND_PSK && !b) {
		start = now();
		gnutls_session_ticket_send(server, 1, 0);
		spent += now() - start;
	}
	gnutls_record_recv(client, &byte, 1);
	*resumed = gnutls_session_is_resumed(server);
	if (!session.data || kind == KIND_PSK) {
		gnutls_free(session.data);
		gnutls_session_get_data2(client, &session);
	}
	start = now();
	gnutls_deinit(server);
	spent += now() - start;
	gnutls_deinit(client);
	return a || b ? -1 : spent;
}

static void end(void)
{
	gnutls_free(session.data);
	gnutls_free(ticket_key.data);
	session.data = ticket_key.data = NULL;
	if (server_cred)
		gnutls_certificate_free_credentials(server_cred);
	if (client_cred)
		gnutls_certificate_free_credentials(client_cred);
	server_cred = client_cred = NULL;
}

static bool begin(enum kind kind)
{
	bool resumed;

	end();
	gnutls_session_ticket_key_generate(&ticket_key);
	gnutls_certificate_allocate_credentials(&server_cred);
	gnutls_certificate_allocate_credentials(&client_cred);
	gnutls_certificate_set_x509_key_file(server_cred, cert_pem, key_pem,
					     GNUTLS_X509_FMT_PEM);
	return handshake(kind, &resumed) > 0;
}

static double again(enum kind kind, unsigned int count)
{
	double spent = 0;

	for (unsigned int i = 0; i < count; i++) {
		bool resumed;
		double one = handshake(kind, &resumed);

		if (one < 0 || !resumed)
			return -1;
		spent += one;
	}
	return spent;
}

const struct contender contender_gnutls = { "GnuTLS", begin, again, end };
