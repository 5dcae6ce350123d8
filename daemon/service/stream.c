// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) 2026 The tlsup authors
 */
#include "service/stream.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "log.h"

#define BACKLOG		16
#define CLIENTS_MAX	32
#define PATIENCE_US	(10 * 1000 * 1000)

/**
 * struct stream_client - one who has connected
 * @next: another
 * @stream: where
 * @fd: its socket
 * @io: its events
 * @timer: ends it
 * @request: what it has said so far
 * @request_len: how much
 * @answer: what it gets, or NULL
 * @answer_len: how much
 * @sent: how much of it has been sent
 */
struct stream_client {
	struct stream_client *next;
	struct stream *stream;
	int fd;
	sd_event_source *io;
	sd_event_source *timer;
	char request[STREAM_REQUEST_MAX + 1];
	size_t request_len;
	char *answer;
	size_t answer_len;
	size_t sent;
};

/**
 * struct stream - a socket that listens
 * @event: the loop
 * @source: its events
 * @fd: the socket
 * @path: in the file system, to be removed; or NULL
 * @ops: what is done
 * @owner: for @ops
 * @clients: who has connected
 * @count: how many
 */
struct stream {
	sd_event *event;
	sd_event_source *source;
	int fd;
	char *path;
	const struct stream_ops *ops;
	void *owner;
	struct stream_client *clients;
	unsigned int count;
};

static void end_client(struct stream_client *client)
{
	struct stream_client **link = &client->stream->clients;

	while (*link != client)
		link = &(*link)->next;
	*link = client->next;
	client->stream->count--;
	sd_event_source_disable_unref(client->io);
	sd_event_source_disable_unref(client->timer);
	close(client->fd);
	free(client->answer);
	free(client);
}

static int on_patience(sd_event_source *source, uint64_t now, void *arg)
{
	(void)source;
	(void)now;
	end_client(arg);
	return 0;
}

static void send_more(struct stream_client *client)
{
	ssize_t n = send(client->fd, client->answer + client->sent,
			 client->answer_len - client->sent,
			 MSG_DONTWAIT | MSG_NOSIGNAL);

	if (n < 0 && errno != EAGAIN && errno != EINTR) {
		end_client(client);
		return;
	}
	client->sent += n > 0 ? (size_t)n : 0;
	if (client->sent < client->answer_len)
		sd_event_source_set_io_events(client->io, EPOLLOUT);
	else
		end_client(client);
}

static void read_more(struct stream_client *client)
{
	const struct stream_ops *ops = client->stream->ops;
	ssize_t n = recv(client->fd, client->request + client->request_len,
			 STREAM_REQUEST_MAX - client->request_len, MSG_DONTWAIT);
	char *end;

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n <= 0) {
		end_client(client);
		return;
	}
	client->request_len += (size_t)n;
	client->request[client->request_len] = '\0';
	end = strstr(client->request, ops->end);
	if (end) {
		*end = '\0';
		ops->request(client->stream->owner, client, client->request);
	} else if (client->request_len == STREAM_REQUEST_MAX) {
		end_client(client);
	}
}

static int on_client(sd_event_source *source, int fd, uint32_t events, void *arg)
{
	struct stream_client *client = arg;

	(void)source;
	(void)fd;
	(void)events;
	if (client->answer)
		send_more(client);
	else
		read_more(client);
	return 0;
}

/**
 * stream_answer - answer a request
 * @client: who asked
 * @data: the answer; freed. NULL: none, the client is sent away
 * @len: its length
 *
 * The client may be gone when this returns.
 */
void stream_answer(struct stream_client *client, char *data, size_t len)
{
	if (!data) {
		end_client(client);
		return;
	}
	client->answer = data;
	client->answer_len = len;
	client->sent = 0;
	send_more(client);
}

/**
 * stream_keep - let a client stay without an answer, and ask again
 * @client: who asks
 */
void stream_keep(struct stream_client *client)
{
	client->request_len = 0;
	client->timer = sd_event_source_disable_unref(client->timer);
}

/**
 * stream_client_fd - a client's socket
 * @client: the client
 *
 * Return: the descriptor.
 */
int stream_client_fd(const struct stream_client *client)
{
	return client->fd;
}

static int on_connection(sd_event_source *source, int fd, uint32_t events, void *arg)
{
	struct stream *stream = arg;
	struct stream_client *client;
	int conn = accept4(fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);

	(void)source;
	(void)events;
	if (conn < 0)
		return 0;
	client = stream->count < CLIENTS_MAX ? calloc(1, sizeof(*client)) : NULL;
	if (!client) {
		close(conn);
		return 0;
	}
	client->fd = conn;
	client->stream = stream;
	client->next = stream->clients;
	stream->clients = client;
	stream->count++;
	if (sd_event_add_io(stream->event, &client->io, conn, EPOLLIN, on_client,
			    client) < 0 ||
	    sd_event_add_time_relative(stream->event, &client->timer, CLOCK_MONOTONIC,
				       PATIENCE_US, 0, on_patience, client) < 0)
		end_client(client);
	else if (stream->ops->admit)
		stream->ops->admit(stream->owner, client);
	return 0;
}

static struct stream *start(sd_event *event, int fd, const struct stream_ops *ops,
			    void *owner)
{
	struct stream *stream = calloc(1, sizeof(*stream));

	if (stream)
		*stream = (struct stream){ .event = event, .fd = fd, .ops = ops,
					   .owner = owner };
	if (stream && !listen(fd, BACKLOG) &&
	    sd_event_add_io(event, &stream->source, fd, EPOLLIN, on_connection,
			    stream) >= 0)
		return stream;
	close(fd);
	free(stream);
	return NULL;
}

static int bind_path(const struct sockaddr_un *address, const char *path,
		     unsigned int mode)
{
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	/* A name of its own first: who connects finds the old or the new one. */
	unlink(address->sun_path);
	if (fd < 0 || bind(fd, (const struct sockaddr *)address, sizeof(*address)) ||
	    chmod(address->sun_path, mode) || rename(address->sun_path, path)) {
		log_error("%s: %s", path, strerror(errno));
		unlink(address->sun_path);
		if (fd >= 0)
			close(fd);
		return -1;
	}
	return fd;
}

/**
 * stream_listen_path - listen at a path
 * @event: the loop
 * @path: what is there is replaced
 * @mode: of the socket
 * @ops: what is done; outlives the stream
 * @owner: for @ops
 *
 * Return: the stream, or NULL; then it has been logged why.
 */
struct stream *stream_listen_path(sd_event *event, const char *path, unsigned int mode,
				  const struct stream_ops *ops, void *owner)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	struct stream *stream;
	int n, fd;

	n = snprintf(address.sun_path, sizeof(address.sun_path), "%s.%d", path,
		     (int)getpid());
	if (n < 0 || (size_t)n >= sizeof(address.sun_path)) {
		log_error("%s: too long for a socket", path);
		return NULL;
	}
	fd = bind_path(&address, path, mode);
	stream = fd < 0 ? NULL : start(event, fd, ops, owner);
	if (stream)
		stream->path = strdup(path);
	return stream;
}

static bool parse_address(const char *text, struct sockaddr_storage *address,
			  socklen_t *len)
{
	struct sockaddr_in6 *six = (struct sockaddr_in6 *)address;
	struct sockaddr_in *four = (struct sockaddr_in *)address;
	const char *colon = strrchr(text, ':');
	char host[INET6_ADDRSTRLEN] = "";
	long port = colon ? strtol(colon + 1, NULL, 10) : 0;
	bool bracket = *text == '[';

	if (!colon || port < 1 || port > 65535 || (size_t)(colon - text) >= sizeof(host))
		return false;
	memcpy(host, text + bracket, (size_t)(colon - text) - 2 * bracket);
	if (inet_pton(AF_INET, host, &four->sin_addr) == 1) {
		four->sin_family = AF_INET;
		four->sin_port = htons((uint16_t)port);
		*len = sizeof(*four);
		return ntohl(four->sin_addr.s_addr) >> 24 == 127;
	}
	six->sin6_family = AF_INET6;
	six->sin6_port = htons((uint16_t)port);
	*len = sizeof(*six);
	return inet_pton(AF_INET6, host, &six->sin6_addr) == 1 &&
	       IN6_IS_ADDR_LOOPBACK(&six->sin6_addr);
}

/**
 * stream_is_loopback - can stream_listen_tcp() use it?
 * @text: address and port
 *
 * Return: whether it is one of the loopback interface.
 */
bool stream_is_loopback(const char *text)
{
	struct sockaddr_storage address = { 0 };
	socklen_t len;

	return parse_address(text, &address, &len);
}

/**
 * stream_listen_tcp - listen on the loopback interface
 * @event: the loop
 * @text: address and port for which stream_is_loopback() holds, such as
 *	"127.0.0.1:9450" or "[::1]:9450"
 * @ops: what is done; outlives the stream
 * @owner: for @ops
 *
 * Return: the stream, or NULL; then it has been logged why.
 */
struct stream *stream_listen_tcp(sd_event *event, const char *text,
				 const struct stream_ops *ops, void *owner)
{
	struct sockaddr_storage address = { 0 };
	const int one = 1;
	socklen_t len;
	int fd;

	if (!parse_address(text, &address, &len))
		return NULL;
	fd = socket(address.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0 || setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one)) ||
	    setsockopt(fd, SOL_SOCKET, SO_REUSEPORT, &one, sizeof(one)) ||
	    bind(fd, (const struct sockaddr *)&address, len)) {
		log_error("metrics: %s: %s", text, strerror(errno));
		if (fd >= 0)
			close(fd);
		return NULL;
	}
	return start(event, fd, ops, owner);
}

/**
 * stream_leave_path - the path is somebody else's from here on
 * @stream: may be NULL
 */
void stream_leave_path(struct stream *stream)
{
	if (!stream)
		return;
	free(stream->path);
	stream->path = NULL;
}

/**
 * stream_close - listen no more, and send all clients away
 * @stream: may be NULL
 */
void stream_close(struct stream *stream)
{
	if (!stream)
		return;
	while (stream->clients)
		end_client(stream->clients);
	sd_event_source_disable_unref(stream->source);
	if (stream->path)
		unlink(stream->path);
	close(stream->fd);
	free(stream->path);
	free(stream);
}
