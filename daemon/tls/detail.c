// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) 2026 The tlsup authors
 *
 * What a trace says of a message beside its name: the fields by which one follows
 * a handshake, as they stand in the message. Never a secret; nothing here judges.
 */
#include <stdarg.h>
#include <string.h>

#include "tls/ext.h"

#define HEX_MAX	32

/** struct text - one line being written; what does not fit is left out */
struct text {
	char *at;
	size_t room;
};

/* Words in a row, to NULL. */
static void say(struct text *text, const char *word, ...)
{
	va_list args;

	va_start(args, word);
	for (; word; word = va_arg(args, const char *)) {
		size_t len = strlen(word);

		if (len >= text->room)
			break;
		memcpy(text->at, word, len + 1);
		text->at += len;
		text->room -= len;
	}
	va_end(args);
}

static void say_number(struct text *text, size_t n)
{
	char digits[24] = "";
	size_t at = sizeof(digits) - 1;

	do {
		digits[--at] = (char)('0' + n % 10);
		n /= 10;
	} while (n && at);
	say(text, digits + at, NULL);
}

static void say_byte(struct text *text, uint8_t v)
{
	static const char hex[] = "0123456789abcdef";

	say(text, (const char []){ hex[v >> 4], hex[v & 15], '\0' }, NULL);
}

static void say_session_id(struct text *text, struct rd id)
{
	say(text, id.len ? "session_id " : "session_id empty", NULL);
	for (size_t i = 0; i < HEX_MAX && rd_more(&id); i++)
		say_byte(text, rd_u8(&id));
}

static void say_version(struct text *text, uint16_t version)
{
	say(text, version == TLS13 ? "TLS 1.3" : version == TLS12 ? "TLS 1.2" :
	    "another version", NULL);
}

static struct rd find_ext(struct rd exts, uint16_t wanted)
{
	struct rd list = rd_vec16(&exts);

	while (rd_more(&list)) {
		uint16_t type = rd_u16(&list);
		struct rd body = rd_vec16(&list);

		if (type == wanted)
			return body;
	}
	return (struct rd){ .failed = true };
}

static void say_client_hello(const struct hs *hs, struct rd body, struct text *text)
{
	struct rd versions, suites;
	struct rd id;

	(void)hs;
	rd_u16(&body);
	rd_bytes(&body, RANDOM_SIZE);
	id = rd_vec8(&body);
	suites = rd_vec16(&body);
	rd_vec8(&body);
	versions = find_ext(body, EXT_SUPPORTED_VERSIONS);
	versions = rd_vec8(&versions);
	say(text, "up to ", NULL);
	say_version(text, hello_has(versions, TLS13) ? TLS13 : TLS12);
	say(text, ", ", NULL);
	say_number(text, suites.len / 2);
	say(text, " suites, ", NULL);
	say_session_id(text, id);
}

/* TLS 1.3: the group of a share, given or asked for; what else bends the order. */
static void say_choices(struct text *text, struct rd exts)
{
	struct rd share = find_ext(exts, EXT_KEY_SHARE);
	const struct cr_kex *kex = cr_kex_find(rd_u16(&share));

	if (kex)
		say(text, rd_more(&share) ? ", share of " : ", asks for a share of ",
		    kex->name, NULL);
	if (!find_ext(exts, EXT_COOKIE).failed)
		say(text, ", cookie", NULL);
	if (!find_ext(exts, EXT_PRE_SHARED_KEY).failed)
		say(text, ", pre_shared_key", NULL);
}

static void say_server_hello(const struct hs *hs, struct rd body, struct text *text)
{
	uint16_t version = rd_u16(&body);
	struct rd id, chosen;

	(void)hs;
	rd_bytes(&body, RANDOM_SIZE);
	id = rd_vec8(&body);
	chosen = body;
	rd_u16(&chosen);
	rd_u8(&chosen);
	chosen = find_ext(chosen, EXT_SUPPORTED_VERSIONS);
	say_version(text, chosen.failed ? version : rd_u16(&chosen));
	say(text, ", ", hs_suite_name(rd_u16(&body)), ", ", NULL);
	say_session_id(text, id);
	rd_u8(&body);
	say_choices(text, body);
	if (!find_ext(body, EXT_EXTENDED_MASTER_SECRET).failed)
		say(text, ", extended_master_secret", NULL);
	if (!find_ext(body, EXT_ENCRYPT_THEN_MAC).failed)
		say(text, ", encrypt_then_mac", NULL);
}

static void say_certificate(const struct hs *hs, struct rd body, struct text *text)
{
	struct rd list;
	size_t n = 0;

	if (!(hs->flags & FL_TLS12))
		rd_vec8(&body);
	list = rd_vec24(&body);
	for (; rd_more(&list); n++) {
		rd_vec24(&list);
		if (!(hs->flags & FL_TLS12))
			rd_vec16(&list);
	}
	say(text, n ? "a chain of " : "none", NULL);
	if (n)
		say_number(text, n);
}

static void say_compressed_certificate(const struct hs *hs, struct rd body, struct text *text)
{
	const struct cr_compression *algorithm = cr_compression_find(rd_u16(&body));

	(void)hs;
	say(text, algorithm ? algorithm->name : "an unknown algorithm", ", ", NULL);
	say_number(text, rd_u24(&body));
	say(text, " bytes in ", NULL);
	say_number(text, rd_vec24(&body).len);
}

static void say_encrypted_extensions(const struct hs *hs, struct rd body, struct text *text)
{
	struct rd limit = find_ext(body, EXT_RECORD_SIZE_LIMIT);

	(void)hs;
	say(text, find_ext(body, EXT_ALPN).failed ? "no protocol" : "a protocol", NULL);
	if (limit.failed)
		return;
	say(text, ", record_size_limit ", NULL);
	say_number(text, rd_u16(&limit));
}

static void say_server_key_exchange(const struct hs *hs, struct rd body, struct text *text)
{
	if (hs->suite->kx == KX_ECDHE) {
		uint16_t group = (rd_u8(&body), rd_u16(&body));
		const struct cr_kex *kex = cr_kex_find(group);

		rd_vec8(&body);
		say(text, "share of ", kex ? kex->name : "an unknown curve", NULL);
	} else {
		say(text, "share of a field of ", NULL);
		say_number(text, rd_vec16(&body).len * 8);
		say(text, " bits", NULL);
		rd_vec16(&body);
		rd_vec16(&body);
	}
	say(text, ", signed by the server with ", hs_scheme_name(rd_u16(&body)), NULL);
}

static void say_client_key_exchange(const struct hs *hs, struct rd body, struct text *text)
{
	(void)body;
	if (hs->suite->kx == KX_RSA)
		say(text, "premaster secret, encrypted to the server's certificate", NULL);
	else
		say(text, "share of the client", NULL);
}

static void say_certificate_verify(const struct hs *hs, struct rd body, struct text *text)
{
	bool client = fl_action(fl_message(hs->flags, hs->position))->from == HS_CLIENT;

	say(text, "signed by the ", client ? "client" : "server", " with ",
	    hs_scheme_name(rd_u16(&body)), NULL);
}

/* By HandshakeType: both versions' messages of a type read alike, or by flags. */
static const struct {
	uint8_t type;
	void (*say)(const struct hs *hs, struct rd body, struct text *text);
} details[] = {
	{ TYPE_CLIENT_HELLO, say_client_hello },
	{ TYPE_SERVER_HELLO, say_server_hello },
	{ TYPE_ENCRYPTED_EXTENSIONS, say_encrypted_extensions },
	{ TYPE_CERTIFICATE, say_certificate },
	{ TYPE_COMPRESSED_CERTIFICATE, say_compressed_certificate },
	{ TYPE_SERVER_KEY_EXCHANGE, say_server_key_exchange },
	{ TYPE_CLIENT_KEY_EXCHANGE, say_client_key_exchange },
	{ TYPE_CERTIFICATE_VERIFY, say_certificate_verify },
};

/**
 * detail_write - the fields of a message by which one follows a handshake
 * @hs: the engine
 * @type: HandshakeType
 * @body: the message's
 * @out: one line, empty if there is nothing to say
 * @size: its size, not 0
 */
void detail_write(const struct hs *hs, uint8_t type, struct rd body, char *out, size_t size)
{
	struct text text = { out, size };

	*out = '\0';
	for (size_t i = 0; i < sizeof(details) / sizeof(details[0]); i++)
		if (details[i].type == type)
			details[i].say(hs, body, &text);
}
