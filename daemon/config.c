// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) 2026 The tlsup authors
 *
 * From a file that has been read to the configuration, with all that it names.
 * Whatever is wrong is said with file and line, and then nothing of it is used.
 */
#include "config.h"

#include <libgen.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "config_int.h"
#include "log.h"
#include "names.h"
#include "x509.h"

/* Relative to the folder of the configuration file. */
static char *resolve(const struct config_file *file, const char *path)
{
	char *copy, *result = NULL;

	if (*path == '/')
		return strdup(path);
	copy = strdup(file->name);
	if (copy && asprintf(&result, "%s/%s", dirname(copy), path) < 0)
		result = NULL;
	free(copy);
	return result;
}

static bool load_credential(struct config_profile *profile,
			    const struct config_file *file, cfg_t *section)
{
	const char *certificate = cfg_getstr(section, "certificate");
	const char *key = cfg_getstr(section, "key");
	char error[X509_ERROR_MAX];
	char *certificate_path, *key_path;

	if (!certificate && !key)
		return true;
	if (!certificate || !key) {
		config_error(file, section, certificate ? "certificate" : "key",
			     "expected certificate and key together");
		return false;
	}
	certificate_path = resolve(file, certificate);
	key_path = resolve(file, key);
	if (certificate_path && key_path)
		profile->credential = x509_credential_load(certificate_path, key_path,
							   NULL, error);
	else
		snprintf(error, sizeof(error), "out of memory");
	free(certificate_path);
	free(key_path);
	if (!profile->credential)
		config_error(file, section, "certificate", "%s", error);
	return profile->credential;
}

static bool load_trust(struct config_profile *profile, const struct config_file *file,
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
	profile->trust = x509_trust_load(path, NULL, 0, error);
	free(path);
	if (!profile->trust)
		config_error(file, section, "trust", "%s", error);
	return profile->trust;
}

static bool load_alpn(struct config_profile *profile, const struct config_file *file,
		      cfg_t *section)
{
	for (unsigned int i = 0; i < cfg_size(section, "alpn"); i++) {
		const char *name = cfg_getnstr(section, "alpn", i);
		size_t len = strlen(name);

		if (profile->alpn_len + 1 + len > CONFIG_ALPN_MAX) {
			config_error(file, section, "alpn", "alpn: more than %d bytes",
				     CONFIG_ALPN_MAX);
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
static bool load_suites(struct config_profile *profile, const struct config_file *file,
			cfg_t *section)
{
	uint16_t allowed[POLICY_SUITES_MAX];
	size_t count, i;

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
			config_error(file, section, "suites",
				     "suites: the policy \"%s\" does not allow %s",
				     profile->policy->name,
				     cfg_getnstr(section, "suites", n));
			return false;
		}
		profile->suites[profile->suites_len++] = id;
	}
	return true;
}

static bool load_names(struct access *access, bool (*add)(struct access *access,
							  const char *name),
		       const char *key, const char *what,
		       const struct config_file *file, cfg_t *section)
{
	for (unsigned int i = 0; i < cfg_size(section, key); i++) {
		if (add(access, cfg_getnstr(section, key, i)))
			continue;
		config_error(file, section, key, "%s: expected a %s, not \"%s\"",
			     key, what, cfg_getnstr(section, key, i));
		return false;
	}
	return true;
}

static bool load_paths(struct access_paths *paths, const char *key, cfg_t *section)
{
	for (unsigned int i = 0; i < cfg_size(section, key); i++)
		if (!access_add_path(paths, cfg_getnstr(section, key, i)))
			return false;
	return true;
}

static bool load_access(struct access *access, const struct config_file *file,
			cfg_t *section)
{
	return load_names(access, access_add_user, "allow_users", "user", file,
			  section) &&
	       load_names(access, access_add_group, "allow_groups", "group", file,
			  section) &&
	       load_paths(&access->cgroups, "allow_cgroups", section) &&
	       load_paths(&access->executables, "allow_executables", section);
}

static void load_policy(struct config_profile *profile, const struct config_file *file,
			cfg_t *section)
{
	profile->policy = policy_find(cfg_getstr(section, "policy"));
	if (profile->policy->static_rsa)
		config_warning(file, section, "policy",
			       "policy \"%s\" is weak: it allows %s",
			       profile->policy->name, profile->policy->about);
}

static bool load_profile(struct config_profile *profile, const struct config_file *file,
			 cfg_t *section)
{
	const char *name = cfg_title(section);

	if (!*name || strlen(name) > CONFIG_NAME_MAX) {
		config_error(file, section, NULL,
			     "expected a profile's name of 1 to %d bytes",
			     CONFIG_NAME_MAX);
		return false;
	}
	snprintf(profile->name, sizeof(profile->name), "%s", name);
	profile->groups_len = load_list(section, "groups", names_group,
					profile->groups);
	load_policy(profile, file, section);
	return load_suites(profile, file, section) &&
	       load_access(&profile->access, file, section) &&
	       load_credential(profile, file, section) &&
	       load_trust(profile, file, section) &&
	       load_alpn(profile, file, section);
}

static unsigned int cpu_count(void)
{
	long n = sysconf(_SC_NPROCESSORS_ONLN);

	return n < 1 ? 1 : n > CONFIG_WORKERS_MAX ? CONFIG_WORKERS_MAX : (unsigned int)n;
}

static bool load_top(struct config *cfg, const struct config_file *file)
{
	const char *keylog = cfg_getstr(file->conf, "keylog");

	cfg->workers = (unsigned int)cfg_getint(file->conf, "workers");
	if (!cfg->workers)
		cfg->workers = cpu_count();
	cfg->window = (unsigned int)cfg_getint(file->conf, "window");
	if (!keylog)
		return true;
	config_warning(file, file->conf, "keylog",
		       "keylog is weak: with --keylog, whoever reads that file can read all traffic");
	cfg->keylog = resolve(file, keylog);
	return cfg->keylog;
}

/* Goes on after an error, so that all that is wrong is told at once. */
static bool load_profiles(struct config *cfg, const struct config_file *file)
{
	unsigned int n = cfg_size(file->conf, "profile");
	bool good = true;

	if (!n) {
		log_error("%s: expected at least one profile", file->name);
		return false;
	}
	cfg->profiles = calloc(n, sizeof(*cfg->profiles));
	if (!cfg->profiles)
		return false;
	for (unsigned int i = 0; i < n; i++) {
		cfg->profiles_len++;
		good &= load_profile(&cfg->profiles[i], file,
				     cfg_getnsec(file->conf, "profile", i));
	}
	return good;
}

/**
 * config_load - read a configuration file and all that it names
 * @name: its path
 *
 * Return: the configuration, or NULL; then all that is wrong has been logged.
 */
struct config *config_load(const char *name)
{
	struct config *cfg = calloc(1, sizeof(*cfg));
	struct config_file file = { 0 };

	if (cfg && (!config_file_read(&file, name) || !load_top(cfg, &file) ||
		    !load_profiles(cfg, &file))) {
		config_free(cfg);
		cfg = NULL;
	}
	config_file_end(&file);
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
		access_wipe(&cfg->profiles[i].access);
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
