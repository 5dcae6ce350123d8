// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) 2026 The tlsup authors
 *
 * The configuration file, by libconfuse. Whatever is wrong is said with file
 * and line, and then nothing of it is used.
 */
#include "config.h"

#include <errno.h>
#include <libgen.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <confuse.h>

#include "log.h"
#include "names.h"
#include "x509.h"

#define WORKERS_MAX	256
#define WINDOW_DEFAULT	128
#define ALPN_NAME_MAX	255

static void report(cfg_t *conf, const char *format, va_list args)
{
	char text[512];

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
	return check_range(conf, opt, 0, WORKERS_MAX);
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
	cfg_error(conf, "groups: expected \"X25519\" or \"P-256\", not \"%s\"",
		  last_string(opt));
	return -1;
}

static int check_alpn(cfg_t *conf, cfg_opt_t *opt)
{
	size_t len = strlen(last_string(opt));

	if (len >= 1 && len <= ALPN_NAME_MAX)
		return 0;
	cfg_error(conf, "alpn: expected names of 1 to %d bytes", ALPN_NAME_MAX);
	return -1;
}

static cfg_opt_t profile_opts[] = {
	CFG_STR("certificate", NULL, CFGF_NONE),
	CFG_STR("key", NULL, CFGF_NONE),
	CFG_STR("trust", "system", CFGF_NONE),
	CFG_STR_LIST("alpn", NULL, CFGF_NONE),
	CFG_STR("policy", POLICY_DEFAULT, CFGF_NONE),
	CFG_STR_LIST("suites", NULL, CFGF_NONE),
	CFG_STR_LIST("groups", NULL, CFGF_NONE),
	CFG_END(),
};

static cfg_opt_t top_opts[] = {
	CFG_INT("workers", 0, CFGF_NONE),
	CFG_INT("window", WINDOW_DEFAULT, CFGF_NONE),
	CFG_STR("keylog", NULL, CFGF_NONE),
	CFG_SEC("profile", profile_opts, CFGF_MULTI | CFGF_TITLE | CFGF_NO_TITLE_DUPES),
	CFG_END(),
};

static void set_checks(cfg_t *conf)
{
	cfg_set_error_function(conf, report);
	cfg_set_validate_func(conf, "workers", check_workers);
	cfg_set_validate_func(conf, "window", check_window);
	cfg_set_validate_func(conf, "profile|policy", check_policy);
	cfg_set_validate_func(conf, "profile|suites", check_suite);
	cfg_set_validate_func(conf, "profile|groups", check_group);
	cfg_set_validate_func(conf, "profile|alpn", check_alpn);
}

/* Relative to the folder of the configuration file. */
static char *resolve(const char *file, const char *path)
{
	char *copy, *result = NULL;

	if (*path == '/')
		return strdup(path);
	copy = strdup(file);
	if (copy && asprintf(&result, "%s/%s", dirname(copy), path) < 0)
		result = NULL;
	free(copy);
	return result;
}

static bool load_credential(struct config_profile *profile, const char *file,
			    cfg_t *section)
{
	const char *certificate = cfg_getstr(section, "certificate");
	const char *key = cfg_getstr(section, "key");
	char error[X509_ERROR_MAX];
	char *certificate_path, *key_path;

	if (!certificate && !key)
		return true;
	if (!certificate || !key) {
		log_error("%s: profile \"%s\": expected certificate and key together",
			  file, profile->name);
		return false;
	}
	certificate_path = resolve(file, certificate);
	key_path = resolve(file, key);
	if (certificate_path && key_path)
		profile->credential = x509_credential_load(certificate_path,
							   key_path, error);
	else
		snprintf(error, sizeof(error), "out of memory");
	free(certificate_path);
	free(key_path);
	if (!profile->credential)
		log_error("%s: profile \"%s\": %s", file, profile->name, error);
	return profile->credential;
}

static bool load_trust(struct config_profile *profile, const char *file,
		       cfg_t *section)
{
	const char *trust = cfg_getstr(section, "trust");
	char error[X509_ERROR_MAX];
	char *path = NULL;

	if (strcmp(trust, "system")) {
		path = resolve(file, trust);
		if (!path)
			return false;
	}
	profile->trust = x509_trust_load(path, error);
	free(path);
	if (!profile->trust)
		log_error("%s: profile \"%s\": %s", file, profile->name, error);
	return profile->trust;
}

static bool load_alpn(struct config_profile *profile, const char *file, cfg_t *section)
{
	for (unsigned int i = 0; i < cfg_size(section, "alpn"); i++) {
		const char *name = cfg_getnstr(section, "alpn", i);
		size_t len = strlen(name);

		if (profile->alpn_len + 1 + len > CONFIG_ALPN_MAX) {
			log_error("%s: profile \"%s\": alpn: more than %d bytes",
				  file, profile->name, CONFIG_ALPN_MAX);
			return false;
		}
		profile->alpn[profile->alpn_len++] = (uint8_t)len;
		memcpy(profile->alpn + profile->alpn_len, name, len);
		profile->alpn_len += len;
	}
	return true;
}

static size_t load_list(cfg_t *section, const char *key,
			uint16_t (*by_name)(const char *name), uint16_t *list)
{
	size_t n = 0;

	for (unsigned int i = 0; i < cfg_size(section, key) && n < CONFIG_LIST_MAX; i++)
		list[n++] = by_name(cfg_getnstr(section, key, i));
	return n;
}

/* Those that are listed, in that order, must be the policy's. */
static bool load_suites(struct config_profile *profile, const char *file,
			cfg_t *section)
{
	uint16_t allowed[POLICY_SUITES_MAX];
	size_t count, i;

	profile->policy = policy_find(cfg_getstr(section, "policy"));
	count = policy_suites(profile->policy, allowed);
	if (!cfg_size(section, "suites")) {
		memcpy(profile->suites, allowed, sizeof(allowed));
		profile->suites_len = count;
		return true;
	}
	for (unsigned int n = 0; n < cfg_size(section, "suites") &&
	     n < POLICY_SUITES_MAX; n++) {
		uint16_t id = names_suite(cfg_getnstr(section, "suites", n));

		for (i = 0; i < count && allowed[i] != id; i++)
			;
		if (i == count) {
			log_error("%s: profile \"%s\": suites: the policy \"%s\" does not allow %s",
				  file, profile->name, profile->policy->name,
				  cfg_getnstr(section, "suites", n));
			return false;
		}
		profile->suites[profile->suites_len++] = id;
	}
	return true;
}

static bool load_profile(struct config_profile *profile, const char *file,
			 cfg_t *section)
{
	const char *name = cfg_title(section);

	if (!*name || strlen(name) > CONFIG_NAME_MAX) {
		log_error("%s: expected a profile's name of 1 to %d bytes", file,
			  CONFIG_NAME_MAX);
		return false;
	}
	snprintf(profile->name, sizeof(profile->name), "%s", name);
	profile->groups_len = load_list(section, "groups", names_group,
					profile->groups);
	return load_suites(profile, file, section) &&
	       load_credential(profile, file, section) &&
	       load_trust(profile, file, section) &&
	       load_alpn(profile, file, section);
}

static unsigned int cpu_count(void)
{
	long n = sysconf(_SC_NPROCESSORS_ONLN);

	return n < 1 ? 1 : n > WORKERS_MAX ? WORKERS_MAX : (unsigned int)n;
}

static bool build(struct config *cfg, const char *file, cfg_t *conf)
{
	const char *keylog = cfg_getstr(conf, "keylog");
	unsigned int n = cfg_size(conf, "profile");

	cfg->workers = (unsigned int)cfg_getint(conf, "workers");
	if (!cfg->workers)
		cfg->workers = cpu_count();
	cfg->window = (unsigned int)cfg_getint(conf, "window");
	if (keylog) {
		cfg->keylog = resolve(file, keylog);
		if (!cfg->keylog)
			return false;
	}
	if (!n) {
		log_error("%s: expected at least one profile", file);
		return false;
	}
	cfg->profiles = calloc(n, sizeof(*cfg->profiles));
	if (!cfg->profiles)
		return false;
	for (unsigned int i = 0; i < n; i++) {
		cfg->profiles_len++;
		if (!load_profile(&cfg->profiles[i], file,
				  cfg_getnsec(conf, "profile", i)))
			return false;
	}
	return true;
}

/**
 * config_load - read a configuration file and all that it names
 * @file: its path
 *
 * Return: the configuration, or NULL; then all that is wrong has been logged.
 */
struct config *config_load(const char *file)
{
	cfg_t *conf = cfg_init(top_opts, CFGF_NONE);
	struct config *cfg = NULL;

	if (!conf)
		return NULL;
	set_checks(conf);
	switch (cfg_parse(conf, file)) {
	case CFG_SUCCESS:
		cfg = calloc(1, sizeof(*cfg));
		if (cfg && !build(cfg, file, conf)) {
			config_free(cfg);
			cfg = NULL;
		}
		break;
	case CFG_FILE_ERROR:
		log_error("%s: %s", file, strerror(errno));
		break;
	default: /* already told, with its line */
		break;
	}
	cfg_free(conf);
	return cfg;
}

/**
 * config_free - free a configuration and all that it holds
 * @cfg: may be NULL
 */
void config_free(struct config *cfg)
{
	if (!cfg)
		return;
	for (size_t i = 0; i < cfg->profiles_len; i++) {
		x509_credential_free(cfg->profiles[i].credential);
		x509_trust_free(cfg->profiles[i].trust);
	}
	free(cfg->profiles);
	free(cfg->keylog);
	free(cfg);
}

/**
 * config_find_profile - look up a profile
 * @cfg: the configuration
 * @name: as the application set it
 *
 * Return: the profile or NULL.
 */
const struct config_profile *config_find_profile(const struct config *cfg, const char *name)
{
	for (size_t i = 0; i < cfg->profiles_len; i++)
		if (!strcmp(cfg->profiles[i].name, name))
			return &cfg->profiles[i];
	return NULL;
}
