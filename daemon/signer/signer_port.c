// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) 2026 The tlsup authors
 *
 * A worker's side of the signer. Answers come in the order of the questions. No
 * more than a few are out at once, so that the answers always fit the socket
 * and neither side waits for the other's; the rest wait here.
 */
#include "signer/signer.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "crypto/cr_aead.h"
#include "lib/secret.h"
#include "signer/signer_int.h"

#define OUT_MAX	32

/**
 * struct signer_port - of one worker, used by its thread only
 * @fd: socket to the signer
 * @seal: for what it tells in secret
 * @out: questions that are out, NULL where one was cancelled
 * @first: the oldest in @out
 * @count: how many are out
 * @head: the first that waits
 * @tail: where the next is put
 */
struct signer_port {
	int fd;
	const struct cr_aead_key *seal;
	struct signer_request *out[OUT_MAX];
	unsigned int first;
	unsigned int count;
	struct signer_request *head;
	struct signer_request **tail;
};

/**
 * signer_port_open - a worker's way to the signer
 * @fd: from signer_connect(); the port's from here on
 * @seal: signer_seal_key(); outlives the port
 *
 * Return: the port, or NULL.
 */
struct signer_port *signer_port_open(int fd, const struct cr_aead_key *seal)
{
	struct signer_port *port = calloc(1, sizeof(*port));

	if (!port || fcntl(fd, F_SETFL, O_NONBLOCK)) {
		free(port);
		return NULL;
	}
	port->fd = fd;
	port->seal = seal;
	port->tail = &port->head;
	return port;
}

/**
 * signer_port_close - close it
 * @port: may be NULL; nobody waits for an answer
 */
void signer_port_close(struct signer_port *port)
{
	if (!port)
		return;
	close(port->fd);
	free(port);
}

/**
 * signer_port_fd - what to poll
 * @port: the port
 *
 * Return: a descriptor, readable when signer_port_receive() has work.
 */
int signer_port_fd(const struct signer_port *port)
{
	return port->fd;
}

/* What the socket does not take yet goes out when an answer has come. */
static void flush(struct signer_port *port)
{
	struct signer_request *request;

	while ((request = port->head) && port->count < OUT_MAX) {
		const struct signer_header header = {
			.op = request->wish == SIGNER_SIGN ? SIGNER_OP_SIGN :
							     SIGNER_OP_DECRYPT,
			.key = request->key,
			.scheme = request->scheme,
		};

		if (signer_send(port->fd, &header, request->content.data,
				request->content.len, -1))
			return;
		port->head = request->private.next;
		if (!port->head)
			port->tail = &port->head;
		request->private.waiting = false;
		request->private.sent = true;
		port->out[(port->first + port->count++) % OUT_MAX] = request;
	}
}

/**
 * signer_port_ask - ask
 * @port: the port
 * @request: lives until it is answered or cancelled
 */
void signer_port_ask(struct signer_port *port, struct signer_request *request)
{
	request->private.next = NULL;
	request->private.waiting = true;
	request->private.sent = false;
	*port->tail = request;
	port->tail = &request->private.next;
	flush(port);
}

/**
 * signer_port_cancel - want no answer any more
 * @port: the port
 * @request: asked or not, answered or not
 */
void signer_port_cancel(struct signer_port *port, struct signer_request *request)
{
	struct signer_request **link = &port->head;

	for (unsigned int i = 0; request->private.sent && i < port->count; i++) {
		unsigned int at = (port->first + i) % OUT_MAX;

		if (port->out[at] == request)
			port->out[at] = NULL;
	}
	request->private.sent = false;
	if (!request->private.waiting)
		return;
	request->private.waiting = false;
	while (*link && *link != request)
		link = &(*link)->private.next;
	if (*link)
		*link = request->private.next;
	if (!*link)
		port->tail = link;
}

/* An answer for whoever asked; a box that does not open is none. */
static void tell(struct signer_port *port, struct signer_request *request,
		 const uint8_t *data, size_t len)
{
	uint8_t premaster[X509_PREMASTER_SIZE];

	request->private.sent = false;
	if (len && request->wish == SIGNER_DECRYPT) {
		if (len != sizeof(premaster) + CR_AEAD_OVERHEAD ||
		    !cr_aead_open(port->seal, NULL, 0, data, len, premaster))
			len = 0;
		else
			len = sizeof(premaster);
		data = premaster;
	}
	request->done(request->owner, data, len);
	secret_wipe_bytes(premaster, sizeof(premaster));
}

/**
 * signer_port_receive - hand out the answers that have come
 * @port: the port
 *
 * Return: 0, or -errno when the signer has gone.
 */
int signer_port_receive(struct signer_port *port)
{
	uint8_t data[HS_SIGNATURE_MAX];
	struct signer_header header;
	ptrdiff_t n;

	while ((n = signer_receive(port->fd, &header, data, sizeof(data), NULL)) >= 0) {
		struct signer_request *request = port->out[port->first];

		if (!port->count)
			return -EBADMSG;
		port->first = (port->first + 1) % OUT_MAX;
		port->count--;
		if (request)
			tell(port, request, data, header.failed ? 0 : (size_t)n);
		secret_wipe_bytes(data, sizeof(data));
		flush(port);
		/* Nothing more can have come. */
		if (!port->count)
			return 0;
	}
	return n == -EAGAIN ? 0 : (int)n;
}
