// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) 2026 The tlsup authors
 */
#define _GNU_SOURCE
#include "prog.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <netinet/in.h>
#include <netinet/tcp.h>

struct name {
	uint16_t number;
	const char *text;
};

static const struct name versions[] = {
	{ 0x0303, "TLSv1.2" },
	{ 0x0304, "TLSv1.3" },
	{ 0, NULL },
};

static const struct name suites[] = {
	{ 0x1301, "TLS_AES_128_GCM_SHA256" },
	{ 0x1302, "TLS_AES_256_GCM_SHA384" },
	{ 0x1303, "TLS_CHACHA20_POLY1305_SHA256" },
	{ 0x1304, "TLS_AES_128_CCM_SHA256" },
	{ 0x1305, "TLS_AES_128_CCM_8_SHA256" },
	{ 0, NULL },
};

static const struct name groups[] = {
	{ 0x0017, "P-256" },
	{ 0x0018, "P-384" },
	{ 0x0019, "P-521" },
	{ 0x001d, "X25519" },
	{ 0x001e, "X448" },
	{ 0x0100, "ffdhe2048" },
	{ 0x0101, "ffdhe3072" },
	{ 0x0102, "ffdhe4096" },
	{ 0x0103, "ffdhe6144" },
	{ 0x0104, "ffdhe8192" },
	{ 0, NULL },
};

static const struct name schemes[] = {
	{ 0x0403, "ecdsa_secp256r1_sha256" },
	{ 0x0503, "ecdsa_secp384r1_sha384" },
	{ 0x0804, "rsa_pss_rsae_sha256" },
	{ 0x0805, "rsa_pss_rsae_sha384" },
	{ 0x0806, "rsa_pss_rsae_sha512" },
	{ 0x0807, "ed25519" },
	{ 0, NULL },
};

static const char *const resumed[] = { "no", "id", "ticket", "psk" };

/* Returns @buf with the number in it when the table has no name for it. */
static const char *lookup(const struct name *table, unsigned int number, char buf[8])
{
	for (; table->text; table++)
		if (table->number == number)
			return table->text;
	snprintf(buf, 8, "0x%04x", number & 0xffff);
	return buf;
}

int parse_alpn(struct tls_options *opts, const char *list)
{
	size_t len;

	opts->alpn_len = 0;
	for (;; list += len + 1) {
		len = strcspn(list, ",");
		if (len == 0 || len > 255 || opts->alpn_len + 1 + len > sizeof(opts->alpn))
			return -1;
		opts->alpn[opts->alpn_len++] = (uint8_t)len;
		memcpy(opts->alpn + opts->alpn_len, list, len);
		opts->alpn_len += len;
		if (list[len] == '\0')
			return 0;
	}
}

long parse_number(const char *text, long max)
{
	char *end;
	long n;

	errno = 0;
	n = strtol(text, &end, 10);
	if (errno || end == text || *end || n < 0 || n > max)
		return -1;
	return n;
}

static int set_option(int fd, int option, const void *value, size_t len)
{
	return setsockopt(fd, SOL_TLSUP, option, value, (socklen_t)len);
}

int tls_start(int fd, const struct tls_options *opts, int role)
{
	if (setsockopt(fd, SOL_TCP, TCP_ULP, TLSUP_ULP_NAME, sizeof(TLSUP_ULP_NAME) - 1))
		return -1;
	if (opts->profile &&
	    set_option(fd, TLSUP_PROFILE, opts->profile, strlen(opts->profile)))
		return -1;
	if (opts->name && set_option(fd, TLSUP_SERVER_NAME, opts->name, strlen(opts->name)))
		return -1;
	if (opts->alpn_len && set_option(fd, TLSUP_ALPN, opts->alpn, opts->alpn_len))
		return -1;
	return set_option(fd, TLSUP_HANDSHAKE, &role, sizeof(role));
}

/* Gets a string option; "-" if there is none, with odd bytes made visible. */
static const char *text_option(int fd, int option, char buf[256])
{
	socklen_t len = 255;

	if (getsockopt(fd, SOL_TLSUP, option, buf, &len) || len == 0)
		return "-";
	if (buf[len - 1] == '\0')
		len--;
	buf[len] = '\0';
	for (socklen_t i = 0; i < len; i++)
		if (buf[i] <= ' ' || buf[i] > '~')
			buf[i] = '?';
	return len ? buf : "-";
}

static void print_failure(FILE *out, unsigned long number, int fd, const char *what, int error)
{
	struct tlsup_status status = { .alert_sent = -1, .alert_received = -1 };
	socklen_t len = sizeof(status);
	const char *reason = "";

	/* Fails if the ULP could not be attached: then errno says it all. */
	if (getsockopt(fd, SOL_TLSUP, TLSUP_STATUS, &status, &len) == 0)
		reason = status.reason;
	fprintf(out, "conn %lu: %s: %s (%s)%s%.*s", number, what,
		strerrorname_np(error) ?: "unknown", strerror(error), *reason ? ": " : "",
		TLSUP_REASON_MAX, reason);
	if (status.alert_sent >= 0)
		fprintf(out, " [alert %d sent]", status.alert_sent);
	if (status.alert_received >= 0)
		fprintf(out, " [alert %d received]", status.alert_received);
	fputc('\n', out);
	fflush(out);
}

void tls_report(FILE *out, unsigned long number, int fd, int error)
{
	char v[8], s[8], g[8], sig[8], sni[256], alpn[256];
	struct tlsup_info info = { 0 };
	socklen_t len = sizeof(info);

	if (!error && getsockopt(fd, SOL_TLSUP, TLSUP_INFO, &info, &len))
		error = errno;
	if (error) {
		print_failure(out, number, fd, "failed", error);
		return;
	}
	fprintf(out,
		"conn %lu: %s %s group %s sni=%s alpn=%s resumed=%s handshake=%uus events=%u answers=%u signature=%s\n",
		number, lookup(versions, info.version, v), lookup(suites, info.suite, s),
		lookup(groups, info.group, g), text_option(fd, TLSUP_SERVER_NAME, sni),
		text_option(fd, TLSUP_ALPN, alpn), info.resumed < 4 ? resumed[info.resumed] : "?",
		info.handshake_us, info.events, info.answers,
		lookup(schemes, info.signature_scheme, sig));
	fflush(out);
}

void tls_report_broken(FILE *out, unsigned long number, int fd, int error)
{
	print_failure(out, number, fd, "broken", error);
}
