// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) 2026 The tlsup authors
 *
 * What a configuration says of sessions, of PSKs, and of where they are kept.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "config/config.h"
#include "config/config_int.h"
#include "log.h"
#include "store/ticket.h"

#define PSK_MIN		16
#define HEX_MAX		(2 * CONFIG_PSK_MAX)

static int digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

/* All of the text but blanks at its end; pairs of digits. */
static bool parse_hex(const char *text, size_t len, struct secret *key)
{
	while (len && strchr(" \t\r\n", text[len - 1]))
		len--;
	if (!len || len % 2 || len > HEX_MAX)
		return false;
	for (size_t i = 0; i < len; i += 2) {
		int high = digit(text[i]), low = digit(text[i + 1]);

		if (high < 0 || low < 0)
			return false;
		key->data[i / 2] = (uint8_t)(high << 4 | low);
	}
	key->len = len / 2;
	return true;
}

/* Returns what is wrong, or NULL. */
static const char *read_key(const char *path, size_t min, size_t max, struct secret *key)
{
	char text[HEX_MAX + 16];
	const char *wrong = NULL;
	struct stat st;
	ssize_t len;
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return strerror(errno);
	len = read(fd, text, sizeof(text));
	if (len < 0)
		wrong = strerror(errno);
	else if (fstat(fd, &st) || st.st_mode & (S_IRWXG | S_IRWXO))
		wrong = "others may read it; its mode should be 0600";
	else if (!parse_hex(text, (size_t)len, key) || key->len < min || key->len > max)
		wrong = "expected a key in hexadecimal digits, of the right length";
	close(fd);
	secret_wipe_bytes(text, sizeof(text));
	if (wrong)
		secret_wipe(key);
	return wrong;
}

/* Whatever is wrong is told with the file and its line. */
static bool load_key(const struct config_file *file, cfg_t *section, const char *name,
		     size_t min, size_t max, struct secret *key)
{
	char *path = config_resolve(file, cfg_getstr(section, name));
	const char *wrong = path ? read_key(path, min, max, key) : strerror(ENOMEM);

	if (wrong)
		config_error(file, section, name, "%s: %s: %s", name,
			     path ? path : cfg_getstr(section, name), wrong);
	free(path);
	return !wrong;
}

static bool load_psk(struct config_resumption *resumption, const struct config_file *file,
		     cfg_t *section)
{
	const char *identity = cfg_getstr(section, "psk_identity");
	const char *key = cfg_getstr(section, "psk_key");

	if (!identity && !key)
		return true;
	if (!identity || !key) {
		config_error(file, section, identity ? "psk_identity" : "psk_key",
			     "psk_identity and psk_key belong together");
		return false;
	}
	memcpy(resumption->psk_identity, identity, strlen(identity) + 1);
	return load_key(file, section, "psk_key", PSK_MIN, CONFIG_PSK_MAX,
			&resumption->psk);
}

/**
 * config_load_resumption - what a profile says of sessions and PSKs
 * @profile: its part is filled
 * @file: the file
 * @section: the profile in it
 *
 * Return: whether it is good; if not, that has been logged.
 */
bool config_load_resumption(struct config_profile *profile,
			    const struct config_file *file, cfg_t *section)
{
	struct config_resumption *resumption = &profile->resumption;
	const char *kind = cfg_getstr(section, "ticket_kind");

	resumption->on = cfg_getbool(section, "resumption");
	resumption->kind = !strcmp(kind, "sealed") ? CONFIG_TICKETS_SEALED :
			   !strcmp(kind, "none") ? CONFIG_TICKETS_NONE :
						   CONFIG_TICKETS_STATEFUL;
	resumption->tickets = (unsigned int)cfg_getint(section, "tickets");
	if (resumption->kind == CONFIG_TICKETS_NONE)
		resumption->tickets = 0;
	resumption->lifetime = (uint32_t)cfg_getint(section, "session_lifetime");
	resumption->psk_ke = cfg_getbool(section, "psk_ke");
	if (resumption->psk_ke)
		config_warning(file, section, "psk_ke",
			       "psk_ke is weak: it has no forward secrecy");
	return load_psk(resumption, file, section);
}

/**
 * config_load_store - where sessions are kept
 * @store: filled
 * @file: the file
 *
 * Return: whether it is good; if not, that has been logged.
 */
bool config_load_store(struct config_store *store, const struct config_file *file)
{
	const char *where = cfg_getstr(file->conf, "store");

	store->entries = (size_t)cfg_getint(file->conf, "store_entries");
	store->bytes = (size_t)cfg_getint(file->conf, "store_bytes");
	store->timeout = (unsigned int)cfg_getint(file->conf, "store_timeout");
	store->period = (unsigned int)cfg_getint(file->conf, "ticket_period");
	if (cfg_getstr(file->conf, "fleet_key") &&
	    !load_key(file, file->conf, "fleet_key", TICKET_KEY_SIZE, TICKET_KEY_SIZE,
		      &store->key))
		return false;
	if (!strcmp(where, "memory"))
		return true;
	if (strncmp(where, "redis:", 6) || !where[6]) {
		config_error(file, file->conf, "store",
			     "store: expected \"memory\", \"redis:PATH\" or \"redis:HOST:PORT\", not \"%s\"",
			     where);
		return false;
	}
	if (!store->key.len) {
		config_error(file, file->conf, "store",
			     "store: a redis server needs a fleet_key, to seal what goes there");
		return false;
	}
	store->redis = strdup(where + 6);
	return store->redis;
}
