// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) 2026 The tlsup authors
 *
 * Connect as any program would, and show what came of it.
 */
#include "ctl.h"

#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <gnutls/gnutls.h>

#include <linux/tlsup.h>

#define CERT_MAX	65536
#define DAY		86400

static int connect_to(const char *host, const char *port)
{
	const struct addrinfo hints = { .ai_socktype = SOCK_STREAM };
	struct addrinfo *list, *at;
	int fd = -1, err = getaddrinfo(host, port, &hints, &list);

	if (err) {
		fprintf(stderr, "tlsupctl: %s: %s\n", host, gai_strerror(err));
		return -1;
	}
	for (at = list; at; at = at->ai_next) {
		fd = socket(at->ai_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
		if (fd >= 0 && !connect(fd, at->ai_addr, at->ai_addrlen))
			break;
		err = errno;
		if (fd >= 0)
			close(fd);
		fd = -1;
	}
	freeaddrinfo(list);
	if (fd < 0)
		fprintf(stderr, "tlsupctl: %s port %s: %s\n", host, port, strerror(err));
	return fd;
}

static int set_text(int fd, int option, const char *value)
{
	return !value ? 0 : setsockopt(fd, SOL_TLSUP, option, value,
				       (socklen_t)strlen(value));
}

/* Returns an errno. */
static int shake_hands(int fd, const struct ctl *ctl, const char *host)
{
	const int role = TLSUP_CLIENT;

	if (setsockopt(fd, SOL_TCP, TCP_ULP, "tlsup", 5) ||
	    set_text(fd, TLSUP_PROFILE, ctl->profile) ||
	    set_text(fd, TLSUP_SERVER_NAME, ctl->name ? ctl->name : host) ||
	    setsockopt(fd, SOL_TLSUP, TLSUP_HANDSHAKE, &role, sizeof(role)))
		return errno;
	return 0;
}

static json_t *describe_failure(int fd, int error)
{
	struct tlsup_status status = { 0 };
	socklen_t len = sizeof(status);
	const char *name = strerrorname_np(error);

	if (getsockopt(fd, SOL_TLSUP, TLSUP_STATUS, &status, &len))
		status.reason[0] = '\0';
	return json_pack("{s:b, s:s, s:s, s:i, s:i}", "verified", 0,
			 "errno", name ? name : "", "reason",
			 status.reason[0] ? (char *)status.reason : strerror(error),
			 "alert_sent", status.alert_sent,
			 "alert_received", status.alert_received);
}

static json_t *describe_certificate(int fd)
{
	static uint8_t der[CERT_MAX];
	struct certificate certificate;
	socklen_t len = sizeof(der);

	if (getsockopt(fd, SOL_TLSUP, TLSUP_PEER_CERT, der, &len) ||
	    !certificate_read(der, len, &certificate))
		return json_null();
	return json_pack("{s:s, s:s, s:s, s:I, s:I, s:s}",
			 "subject", certificate.subject, "issuer", certificate.issuer,
			 "names", certificate.names,
			 "expires", (json_int_t)certificate.expires,
			 "days_left", (json_int_t)((certificate.expires - time(NULL)) / DAY),
			 "fingerprint", certificate.fingerprint);
}

static const char *suite_name(uint16_t suite)
{
	static char number[8];
	unsigned char id[2];
	const char *name;

	for (size_t i = 0; (name = gnutls_cipher_suite_info(i, id, NULL, NULL, NULL, NULL)); i++)
		if ((id[0] << 8 | id[1]) == suite)
			return name;
	snprintf(number, sizeof(number), "0x%04x", suite);
	return number;
}

static const char *group_name(uint16_t group)
{
	static const struct {
		uint16_t group;
		const char *name;
	} groups[] = {
		{ 0x0017, "P-256" }, { 0x0018, "P-384" }, { 0x0019, "P-521" },
		{ 0x001d, "X25519" }, { 0x001e, "X448" }, { 0x0100, "ffdhe2048" },
		{ 0x0101, "ffdhe3072" }, { 0x0102, "ffdhe4096" },
		{ 0x0103, "ffdhe6144" }, { 0x0104, "ffdhe8192" },
	};

	for (size_t i = 0; i < sizeof(groups) / sizeof(groups[0]); i++)
		if (groups[i].group == group)
			return groups[i].name;
	return "";
}

static json_t *describe(int fd, const char *name)
{
	char alpn[256] = "";
	struct tlsup_info info = { 0 };
	socklen_t len = sizeof(info), alpn_len = sizeof(alpn) - 1;

	if (getsockopt(fd, SOL_TLSUP, TLSUP_INFO, &info, &len))
		return NULL;
	if (getsockopt(fd, SOL_TLSUP, TLSUP_ALPN, alpn, &alpn_len))
		alpn[0] = '\0';
	return json_pack("{s:b, s:s, s:s, s:s, s:s, s:s, s:b, s:I, s:o}",
			 "verified", 1, "name", name,
			 "version", info.version == 0x0304 ? "TLSv1.3" : "TLSv1.2",
			 "suite", suite_name(info.suite),
			 "group", group_name(info.group),
			 "alpn", alpn, "resumed", info.resumed,
			 "handshake_us", (json_int_t)info.handshake_us,
			 "certificate", describe_certificate(fd));
}

static void show(const json_t *result)
{
	const json_t *cert = json_object_get(result, "certificate"), *value;
	const char *key;

	json_object_foreach((json_t *)(uintptr_t)result, key, value) {
		if (value == cert)
			continue;
		printf("%-14s ", key);
		json_is_string(value) ? printf("%s\n", json_string_value(value)) :
		json_is_boolean(value) ? puts(json_is_true(value) ? "yes" : "no") :
		printf("%" JSON_INTEGER_FORMAT "\n", json_integer_value(value));
	}
	if (cert)
		show(cert);
}

/* "HOST:PORT" or "[ADDRESS]:PORT", taken apart in place. */
static bool split(char *target, const char **host, const char **port)
{
	char *colon = strrchr(target, ':');

	if (!colon || colon == target || !colon[1])
		return false;
	*colon = '\0';
	*port = colon + 1;
	*host = target;
	if (*target == '[' && colon[-1] == ']') {
		colon[-1] = '\0';
		*host = target + 1;
	}
	return true;
}

/**
 * ctl_test - connect, and show what was negotiated and verified
 * @ctl: profile and name, if others than usual
 * @target: HOST:PORT
 *
 * Return: CTL_GOOD if the handshake succeeded.
 */
enum ctl_exit ctl_test(const struct ctl *ctl, const char *target)
{
	char *copy = strdup(target);
	const char *host, *port;
	json_t *result;
	int fd, err;

	if (!copy || !split(copy, &host, &port)) {
		fprintf(stderr, "tlsupctl: expected HOST:PORT, not \"%s\"\n", target);
		free(copy);
		return CTL_USAGE;
	}
	fd = connect_to(host, port);
	if (fd < 0) {
		free(copy);
		return CTL_FAILED;
	}
	err = shake_hands(fd, ctl, host);
	result = err ? describe_failure(fd, err) :
		       describe(fd, ctl->name ? ctl->name : host);
	close(fd);
	free(copy);
	if (ctl->json)
		ctl_print_json(result);
	else
		show(result);
	json_decref(result);
	return err ? CTL_FAILED : CTL_GOOD;
}
