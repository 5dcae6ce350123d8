// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) 2026 The tlsup authors
 *
 * The configuration's grammar, by libconfuse: which keys there are, what each
 * may hold, and in which line of the file it stands.
 */
#include "config/config_int.h"

#include <errno.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "config/config.h"
#include "config/names.h"
#include "log.h"
#include "service/stream.h"
#include "store/store.h"
#include "store/ticket.h"

#define KEY_MAX		64
#define ENTRIES_MAX	100000000
#define BYTES_MIN	65536
#define TIMEOUT_MAX	10000	/* milliseconds */
#define NEAR		3	/* edits that a slip of the pen may have */

/**
 * struct place - where a key was set
 * @next: another
 * @section: of the file
 * @key: name of the key
 * @line: where
 */
struct place {
	struct place *next;
	const cfg_t *section;
	const char *key;
	int line;
};

/* libconfuse hands its callbacks no word of ours; one thread reads. */
static struct config_file *reading;

static cfg_opt_t profile_opts[] = {
	CFG_STR_LIST("certificate", NULL, CFGF_NONE),
	CFG_STR_LIST("key", NULL, CFGF_NONE),
	CFG_STR_LIST("key_credential", NULL, CFGF_NONE),
	CFG_STR_LIST("ocsp", NULL, CFGF_NONE),
	CFG_STR("trust", "system", CFGF_NONE),
	CFG_STR_LIST("crl", NULL, CFGF_NONE),
	CFG_STR("client_auth", "none", CFGF_NONE),
	CFG_STR_LIST("alpn", NULL, CFGF_NONE),
	CFG_STR("policy", POLICY_DEFAULT, CFGF_NONE),
	CFG_STR_LIST("suites", NULL, CFGF_NONE),
	CFG_STR_LIST("groups", NULL, CFGF_NONE),
	CFG_STR_LIST("strike", NULL, CFGF_NONE),
	CFG_INT("message_max", 0, CFGF_NONE),
	CFG_INT("record_size_limit", HS_RECORD_SIZE_MAX, CFGF_NONE),
	CFG_BOOL("retry_cookie", cfg_false, CFGF_NONE),
	CFG_BOOL("resumption", cfg_true, CFGF_NONE),
	CFG_STR("ticket_kind", "stateful", CFGF_NONE),
	CFG_INT("tickets", 2, CFGF_NONE),
	CFG_INT("session_lifetime", CONFIG_LIFETIME_DEFAULT, CFGF_NONE),
	CFG_STR("psk_identity", NULL, CFGF_NONE),
	CFG_STR("psk_key", NULL, CFGF_NONE),
	CFG_BOOL("psk_ke", cfg_false, CFGF_NONE),
	CFG_STR_LIST("allow_users", NULL, CFGF_NONE),
	CFG_STR_LIST("allow_groups", NULL, CFGF_NONE),
	CFG_STR_LIST("allow_cgroups", NULL, CFGF_NONE),
	CFG_STR_LIST("allow_executables", NULL, CFGF_NONE),
	CFG_END(),
};

static cfg_opt_t top_opts[] = {
	CFG_INT("workers", 0, CFGF_NONE),
	CFG_INT("window", CONFIG_WINDOW_DEFAULT, CFGF_NONE),
	CFG_STR("keylog", NULL, CFGF_NONE),
	CFG_STR("user", NULL, CFGF_NONE),
	CFG_STR("control", CONFIG_CONTROL_DEFAULT, CFGF_NONE),
	CFG_STR_LIST("control_users", NULL, CFGF_NONE),
	CFG_STR("metrics", NULL, CFGF_NONE),
	CFG_STR("store", "memory", CFGF_NONE),
	CFG_INT("store_entries", STORE_ENTRIES_DEFAULT, CFGF_NONE),
	CFG_INT("store_bytes", 0, CFGF_NONE),
	CFG_INT("store_timeout", CONFIG_STORE_TIMEOUT, CFGF_NONE),
	CFG_STR("fleet_key", NULL, CFGF_NONE),
	CFG_INT("ticket_period", TICKET_PERIOD_DEFAULT, CFGF_NONE),
	CFG_SEC("profile", profile_opts, CFGF_MULTI | CFGF_TITLE | CFGF_NO_TITLE_DUPES),
	CFG_END(),
};

/* How many letters have to be put in, taken out or changed (Levenshtein). */
static size_t distance(const char *a, const char *b)
{
	size_t row[KEY_MAX + 1], len = strlen(b);

	if (strlen(a) > KEY_MAX || len > KEY_MAX)
		return KEY_MAX;
	for (size_t j = 0; j <= len; j++)
		row[j] = j;
	for (size_t i = 0; a[i]; i++) {
		size_t diagonal = row[0];

		row[0] = i + 1;
		for (size_t j = 0; j < len; j++) {
			size_t best = diagonal + (a[i] != b[j]);

			diagonal = row[j + 1];
			if (best > row[j] + 1)
				best = row[j] + 1;
			if (best > diagonal + 1)
				best = diagonal + 1;
			row[j + 1] = best;
		}
	}
	return row[len];
}

static const char *nearest(const cfg_opt_t *opts, const char *key)
{
	const char *best = NULL;
	size_t least = NEAR + 1;

	for (; opts->name; opts++) {
		size_t n = distance(key, opts->name);

		if (n >= least || n >= strlen(key))
			continue;
		least = n;
		best = opts->name;
	}
	return best;
}

static bool is_key(const cfg_opt_t *opts, const char *key)
{
	for (; opts->name; opts++)
		if (!strcmp(opts->name, key))
			return true;
	return false;
}

static void report_unknown(const cfg_t *conf, const char *key)
{
	bool top = conf->opts && is_key(conf->opts, "profile");
	const char *near = nearest(conf->opts, key);

	if (near)
		log_error("%s:%d: no key \"%s\"; the nearest is \"%s\"",
			  conf->filename, conf->line, key, near);
	else if (is_key(top ? profile_opts : top_opts, key))
		log_error("%s:%d: the key \"%s\" belongs %s a profile",
			  conf->filename, conf->line, key, top ? "into" : "outside");
	else
		log_error("%s:%d: no key \"%s\"; expected one of those in tlsupd.conf(5)",
			  conf->filename, conf->line, key);
}

static void report(cfg_t *conf, const char *format, va_list args)
{
	char text[512];

	if (!strcmp(format, "no such option '%s'")) {
		report_unknown(conf, va_arg(args, const char *));
		return;
	}
	vsnprintf(text, sizeof(text), format, args);
	if (conf && conf->filename && conf->line)
		log_error("%s:%d: %s", conf->filename, conf->line, text);
	else
		log_error("%s", text);
}

static int check_range(cfg_t *conf, cfg_opt_t *opt, long min, long max)
{
	long value = cfg_opt_getnint(opt, cfg_opt_size(opt) - 1);

	if (value >= min && value <= max)
		return 0;
	cfg_error(conf, "%s: expected a number from %ld to %ld, not %ld",
		  cfg_opt_name(opt), min, max, value);
	return -1;
}

static int check_workers(cfg_t *conf, cfg_opt_t *opt)
{
	return check_range(conf, opt, 0, CONFIG_WORKERS_MAX);
}

static int check_window(cfg_t *conf, cfg_opt_t *opt)
{
	return check_range(conf, opt, 1, CONFIG_WINDOW_MAX);
}

static const char *last_string(cfg_opt_t *opt)
{
	return cfg_opt_getnstr(opt, cfg_opt_size(opt) - 1);
}

static int check_suite(cfg_t *conf, cfg_opt_t *opt)
{
	if (names_suite(last_string(opt)))
		return 0;
	cfg_error(conf, "suites: expected a cipher suite such as \"%s\", not \"%s\"",
		  NAMES_SUITE_EXAMPLE, last_string(opt));
	return -1;
}

static int check_policy(cfg_t *conf, cfg_opt_t *opt)
{
	if (policy_find(last_string(opt)))
		return 0;
	cfg_error(conf, "policy: expected \"modern\", \"default\" or \"compat\", not \"%s\"",
		  last_string(opt));
	return -1;
}

static int check_group(cfg_t *conf, cfg_opt_t *opt)
{
	if (names_group(last_string(opt)))
		return 0;
	cfg_error(conf, "groups: expected a group such as \"X25519\" or \"P-256\", not \"%s\"",
		  last_string(opt));
	return -1;
}

static int check_strike(cfg_t *conf, cfg_opt_t *opt)
{
	const char *name = last_string(opt);

	if (names_suite(name) || names_group(name) || names_scheme(name) ||
	    names_compression(name))
		return 0;
	cfg_error(conf, "strike: expected a cipher suite, a group, a signature scheme or a compression, not \"%s\"",
		  name);
	return -1;
}

static int check_client_auth(cfg_t *conf, cfg_opt_t *opt)
{
	const char *name = last_string(opt);

	if (!strcmp(name, "none") || !strcmp(name, "request") || !strcmp(name, "require"))
		return 0;
	cfg_error(conf, "client_auth: expected \"none\", \"request\" or \"require\", not \"%s\"",
		  name);
	return -1;
}

static int check_message_max(cfg_t *conf, cfg_opt_t *opt)
{
	return check_range(conf, opt, CONFIG_MESSAGE_MIN, CONFIG_MESSAGE_MAX);
}

static int check_record_size_limit(cfg_t *conf, cfg_opt_t *opt)
{
	return check_range(conf, opt, HS_RECORD_SIZE_MIN, HS_RECORD_SIZE_MAX);
}

static int check_ticket_kind(cfg_t *conf, cfg_opt_t *opt)
{
	const char *name = last_string(opt);

	if (!strcmp(name, "stateful") || !strcmp(name, "sealed") || !strcmp(name, "none"))
		return 0;
	cfg_error(conf, "ticket_kind: expected \"stateful\", \"sealed\" or \"none\", not \"%s\"",
		  name);
	return -1;
}

static int check_tickets(cfg_t *conf, cfg_opt_t *opt)
{
	return check_range(conf, opt, 0, HS_TICKETS_MAX);
}

static int check_lifetime(cfg_t *conf, cfg_opt_t *opt)
{
	return check_range(conf, opt, 1, CONFIG_LIFETIME_MAX);
}

static int check_psk_identity(cfg_t *conf, cfg_opt_t *opt)
{
	size_t len = strlen(last_string(opt));

	if (len >= 1 && len <= CONFIG_IDENTITY_MAX)
		return 0;
	cfg_error(conf, "psk_identity: expected 1 to %d bytes", CONFIG_IDENTITY_MAX);
	return -1;
}

static int check_entries(cfg_t *conf, cfg_opt_t *opt)
{
	return check_range(conf, opt, 1, ENTRIES_MAX);
}

static int check_bytes(cfg_t *conf, cfg_opt_t *opt)
{
	return check_range(conf, opt, BYTES_MIN, LONG_MAX);
}

static int check_timeout(cfg_t *conf, cfg_opt_t *opt)
{
	return check_range(conf, opt, 1, TIMEOUT_MAX);
}

static int check_period(cfg_t *conf, cfg_opt_t *opt)
{
	return check_range(conf, opt, 1, CONFIG_LIFETIME_MAX);
}

static int check_alpn(cfg_t *conf, cfg_opt_t *opt)
{
	size_t len = strlen(last_string(opt));

	if (len >= 1 && len <= CONFIG_ALPN_NAME_MAX)
		return 0;
	cfg_error(conf, "alpn: expected names of 1 to %d bytes", CONFIG_ALPN_NAME_MAX);
	return -1;
}

static int check_absolute(cfg_t *conf, cfg_opt_t *opt)
{
	if (*last_string(opt) == '/')
		return 0;
	cfg_error(conf, "%s: expected a path that begins with \"/\", not \"%s\"",
		  cfg_opt_name(opt), last_string(opt));
	return -1;
}

static int check_metrics(cfg_t *conf, cfg_opt_t *opt)
{
	if (*last_string(opt) == '/' || stream_is_loopback(last_string(opt)))
		return 0;
	cfg_error(conf, "metrics: expected a path, or an address of the loopback interface and a port, not \"%s\"",
		  last_string(opt));
	return -1;
}

/* What single values must be; the rest is judged when all is known. */
static const struct {
	const char *key;
	cfg_validate_callback_t check;
} checks[] = {
	{ "workers", check_workers },
	{ "window", check_window },
	{ "policy", check_policy },
	{ "suites", check_suite },
	{ "groups", check_group },
	{ "strike", check_strike },
	{ "client_auth", check_client_auth },
	{ "message_max", check_message_max },
	{ "record_size_limit", check_record_size_limit },
	{ "alpn", check_alpn },
	{ "control", check_absolute },
	{ "metrics", check_metrics },
	{ "ticket_kind", check_ticket_kind },
	{ "tickets", check_tickets },
	{ "session_lifetime", check_lifetime },
	{ "psk_identity", check_psk_identity },
	{ "store_entries", check_entries },
	{ "store_bytes", check_bytes },
	{ "store_timeout", check_timeout },
	{ "ticket_period", check_period },
	{ "allow_cgroups", check_absolute },
	{ "allow_executables", check_absolute },
};

static int validate(cfg_t *conf, cfg_opt_t *opt)
{
	struct place *place = calloc(1, sizeof(*place));

	if (!place)
		return -1;
	*place = (struct place){ reading->places, conf, opt->name, conf->line };
	reading->places = place;
	for (size_t i = 0; i < sizeof(checks) / sizeof(checks[0]); i++)
		if (!strcmp(checks[i].key, opt->name))
			return checks[i].check(conf, opt);
	return 0;
}

static void set_checks(cfg_t *conf)
{
	char name[KEY_MAX];

	cfg_set_error_function(conf, report);
	for (const cfg_opt_t *opt = top_opts; opt->name; opt++)
		if (opt->type != CFGT_SEC)
			cfg_set_validate_func(conf, opt->name, validate);
	for (const cfg_opt_t *opt = profile_opts; opt->name; opt++) {
		snprintf(name, sizeof(name), "profile|%s", opt->name);
		cfg_set_validate_func(conf, name, validate);
	}
}

/**
 * config_file_read - read a configuration file
 * @file: with signer and files; filled; to be ended by config_file_end() in any case
 * @name: its path; outlives @file
 *
 * Return: whether it could be read and holds what the grammar wants; if not,
 * what is wrong has been logged.
 */
bool config_file_read(struct config_file *file, const char *name)
{
	int result;

	file->name = name;
	file->conf = cfg_init(top_opts, CFGF_NONE);
	if (!file->conf)
		return false;
	set_checks(file->conf);
	reading = file;
	result = cfg_parse(file->conf, name);
	reading = NULL;
	if (result == CFG_FILE_ERROR)
		log_error("%s: %s", name, strerror(errno));
	return result == CFG_SUCCESS;
}

/**
 * config_file_end - forget a file
 * @file: as config_file_read() left it
 */
void config_file_end(struct config_file *file)
{
	struct place *place;

	while ((place = file->places)) {
		file->places = place->next;
		free(place);
	}
	if (file->conf)
		cfg_free(file->conf);
}

/* The line of a key, else that of its section. */
static int line_of(const struct config_file *file, cfg_t *section, const char *key)
{
	const struct place *place;

	for (place = file->places; place; place = place->next)
		if (place->section == section && (!key || !strcmp(place->key, key)))
			return place->line;
	return section->line;
}

static void complain(enum log_level level, const struct config_file *file,
		     cfg_t *section, const char *key, const char *format, va_list args)
{
	const char *title = cfg_title(section);
	char text[512];

	vsnprintf(text, sizeof(text), format, args);
	log_line(level, "%s:%d: %s%s%s%s", file->name, line_of(file, section, key),
		 title ? "profile \"" : "", title ? title : "", title ? "\": " : "",
		 text);
}

/**
 * config_error - say what is wrong with a key
 * @file: the file
 * @section: the profile, or the whole file
 * @key: set there or not; NULL: the section as such
 * @format: as printf(3)
 */
void config_error(const struct config_file *file, cfg_t *section, const char *key,
		  const char *format, ...)
{
	va_list args;

	va_start(args, format);
	complain(LOG_LEVEL_ERROR, file, section, key, format, args);
	va_end(args);
}

/**
 * config_warning - say what is weak about a key
 * @file: the file
 * @section: the profile, or the whole file
 * @key: set there or not; NULL: the section as such
 * @format: as printf(3)
 */
void config_warning(const struct config_file *file, cfg_t *section, const char *key,
		    const char *format, ...)
{
	va_list args;

	va_start(args, format);
	complain(LOG_LEVEL_WARNING, file, section, key, format, args);
	va_end(args);
}
