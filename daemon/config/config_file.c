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
	CFG_STR("truncation", "refuse", CFGF_NONE),
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

static bool is_policy(const char *value)
{
	return policy_find(value);
}

static bool is_suite(const char *value)
{
	return names_suite(value);
}

static bool is_group(const char *value)
{
	return names_group(value);
}

static bool may_be_struck(const char *value)
{
	return names_suite(value) || names_group(value) || names_scheme(value) ||
	       names_compression(value);
}

static bool is_client_auth(const char *value)
{
	return !strcmp(value, "none") || !strcmp(value, "request") ||
	       !strcmp(value, "require");
}

static bool is_ticket_kind(const char *value)
{
	return !strcmp(value, "stateful") || !strcmp(value, "sealed") ||
	       !strcmp(value, "none");
}

static bool is_truncation(const char *value)
{
	return !strcmp(value, "refuse") || !strcmp(value, "accept");
}

static bool is_psk_identity(const char *value)
{
	return *value && strlen(value) <= CONFIG_IDENTITY_MAX;
}

static bool is_alpn(const char *value)
{
	return *value && strlen(value) <= CONFIG_ALPN_NAME_MAX;
}

static bool is_absolute(const char *value)
{
	return *value == '/';
}

static bool is_metrics(const char *value)
{
	return is_absolute(value) || stream_is_loopback(value);
}

#define TEXT(number)	TEXT_OF(number)
#define TEXT_OF(number)	#number
#define WORD(key, good, expected)	{ key, good, expected, 0, 0 }
#define NUMBER(key, min, max)		{ key, NULL, NULL, min, max }
#define ABSOLUTE	"a path that begins with \"/\""

/*
 * What single values must be: words for which @good holds, described by @expected,
 * or numbers from @min to @max. The rest is judged when all is known.
 */
static const struct check {
	const char *key;
	bool (*good)(const char *value);
	const char *expected;
	long min;
	long max;
} checks[] = {
	NUMBER("workers", 0, CONFIG_WORKERS_MAX),
	NUMBER("window", 1, CONFIG_WINDOW_MAX),
	WORD("policy", is_policy, "\"modern\", \"default\" or \"compat\""),
	WORD("suites", is_suite, "a cipher suite such as \"" NAMES_SUITE_EXAMPLE "\""),
	WORD("groups", is_group, "a group such as \"X25519\" or \"P-256\""),
	WORD("strike", may_be_struck,
	     "a cipher suite, a group, a signature scheme or a compression"),
	WORD("client_auth", is_client_auth, "\"none\", \"request\" or \"require\""),
	WORD("truncation", is_truncation, "\"refuse\" or \"accept\""),
	NUMBER("message_max", CONFIG_MESSAGE_MIN, CONFIG_MESSAGE_MAX),
	NUMBER("record_size_limit", HS_RECORD_SIZE_MIN, HS_RECORD_SIZE_MAX),
	WORD("alpn", is_alpn, "names of 1 to " TEXT(CONFIG_ALPN_NAME_MAX) " bytes"),
	WORD("control", is_absolute, ABSOLUTE),
	WORD("metrics", is_metrics,
	     "a path, or an address of the loopback interface and a port"),
	WORD("ticket_kind", is_ticket_kind, "\"stateful\", \"sealed\" or \"none\""),
	NUMBER("tickets", 0, HS_TICKETS_MAX),
	NUMBER("session_lifetime", 1, CONFIG_LIFETIME_MAX),
	WORD("psk_identity", is_psk_identity, "1 to " TEXT(CONFIG_IDENTITY_MAX) " bytes"),
	NUMBER("store_entries", 1, ENTRIES_MAX),
	NUMBER("store_bytes", BYTES_MIN, LONG_MAX),
	NUMBER("store_timeout", 1, TIMEOUT_MAX),
	NUMBER("ticket_period", 1, CONFIG_LIFETIME_MAX),
	WORD("allow_cgroups", is_absolute, ABSOLUTE),
	WORD("allow_executables", is_absolute, ABSOLUTE),
};

static int check_word(cfg_t *conf, cfg_opt_t *opt, const struct check *check)
{
	const char *value = cfg_opt_getnstr(opt, cfg_opt_size(opt) - 1);

	if (check->good(value))
		return 0;
	cfg_error(conf, "%s: expected %s, not \"%s\"", check->key, check->expected, value);
	return -1;
}

static int check_number(cfg_t *conf, cfg_opt_t *opt, const struct check *check)
{
	long value = cfg_opt_getnint(opt, cfg_opt_size(opt) - 1);

	if (value >= check->min && value <= check->max)
		return 0;
	cfg_error(conf, "%s: expected a number from %ld to %ld, not %ld", check->key,
		  check->min, check->max, value);
	return -1;
}

static int validate(cfg_t *conf, cfg_opt_t *opt)
{
	struct place *place = calloc(1, sizeof(*place));

	if (!place)
		return -1;
	*place = (struct place){ reading->places, conf, opt->name, conf->line };
	reading->places = place;
	for (size_t i = 0; i < sizeof(checks) / sizeof(checks[0]); i++)
		if (!strcmp(checks[i].key, opt->name))
			return checks[i].good ? check_word(conf, opt, &checks[i]) :
						check_number(conf, opt, &checks[i]);
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
