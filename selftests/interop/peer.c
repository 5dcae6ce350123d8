// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) 2026 The tlsup authors
 */
#include "peer.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#define DATA_SIZE	20000
#define SECONDS		20

/**
 * wish_get - the value of a key
 *
 * Return: NULL if it does not stand in the line.
 */
const char *wish_get(const struct wish *wish, const char *key)
{
	size_t len = strlen(key);

	for (size_t i = 0; i < wish->count; i++)
		if (!strncmp(wish->words[i], key, len) && wish->words[i][len] == '=')
			return wish->words[i] + len + 1;
	return NULL;
}

/** wish_has - a key with the value 1 */
bool wish_has(const struct wish *wish, const char *key)
{
	const char *value = wish_get(wish, key);

	return value && !strcmp(value, "1");
}

static bool read_wish(char *line, struct wish *wish)
{
	char *word = strtok(line, " \n");

	if (!word)
		return false;
	wish->server = !strcmp(word, "server");
	word = strtok(NULL, " \n");
	wish->port = word ? atoi(word) : 0;
	wish->count = 0;
	while (wish->count < PEER_WORDS_MAX && (word = strtok(NULL, " \n")))
		wish->words[wish->count++] = word;
	return true;
}

static struct sockaddr_in loopback(int port)
{
	return (struct sockaddr_in){
		.sin_family = AF_INET, .sin_port = htons((uint16_t)port),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
}

static int listen_at(void)
{
	struct sockaddr_in address = loopback(0);
	socklen_t len = sizeof(address);
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	if (bind(fd, (struct sockaddr *)&address, len) || listen(fd, 16) ||
	    getsockname(fd, (struct sockaddr *)&address, &len))
		return -1;
	printf("%d\n", ntohs(address.sin_port));
	fflush(stdout);
	return fd;
}

static int reach(const struct wish *wish, int listener)
{
	const struct timeval limit = { SECONDS, 0 };
	struct sockaddr_in address = loopback(wish->port);
	int fd, yes = 1;

	setsockopt(listener, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
	fd = wish->server ? accept(listener, NULL, NULL) : socket(AF_INET, SOCK_STREAM, 0);
	if (fd < 0)
		return -1;
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof(yes));
	if (wish->server || !connect(fd, (struct sockaddr *)&address, sizeof(address)))
		return fd;
	close(fd);
	return -1;
}

static bool echo(const struct library *library, struct found *found)
{
	static uint8_t data[DATA_SIZE];
	long n;

	while ((n = library->receive(data, sizeof(data))) > 0)
		if (!library->send(data, (size_t)n))
			break;
	if (n)
		found->why = "data as server";
	return !n;
}

/* More than one record, and back. */
static bool play(const struct library *library, struct found *found)
{
	static uint8_t out[DATA_SIZE], in[DATA_SIZE];
	size_t got = 0;
	long n;

	for (size_t i = 0; i < sizeof(out); i++)
		out[i] = (uint8_t)(i * 7 + i / 251);
	found->why = "data as client";
	if (!library->send(out, sizeof(out)))
		return false;
	while (got < sizeof(in)) {
		n = library->receive(in + got, sizeof(in) - got);
		if (n <= 0)
			return false;
		got += (size_t)n;
	}
	if (memcmp(in, out, sizeof(in)))
		return false;
	found->why = NULL;
	return true;
}

static void tell(bool ok, const struct found *found)
{
	if (!ok) {
		printf("failed %s\n", found->why ? found->why : "without a word");
		return;
	}
	printf("ok %u %u %d %d ", found->version, found->retries, found->ems,
	       found->authenticated);
	for (size_t i = 0; i < sizeof(found->exported); i++)
		printf("%02X", found->exported[i]);
	putchar('\n');
}

/**
 * peer_main - serve standard input to its end
 *
 * Return: exit status.
 */
int peer_main(const struct library *library)
{
	int listener = listen_at();
	struct wish wish;
	char line[1024];

	signal(SIGPIPE, SIG_IGN);
	while (fgets(line, sizeof(line), stdin)) {
		struct found found = { .why = "no connection" };
		bool ok = false;
		int fd;

		if (!read_wish(line, &wish))
			continue;
		fd = reach(&wish, listener);
		if (fd >= 0 && library->open(&wish, fd, &found)) {
			ok = library->shake(&found) &&
			     (wish.server ? echo(library, &found) : play(library, &found));
			library->close();
		}
		if (fd >= 0)
			close(fd);
		tell(ok, &found);
		fflush(stdout);
	}
	return 0;
}
