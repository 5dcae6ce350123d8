// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) 2026 The tlsup authors
 *
 * From a file that has been read to the configuration, with all that it names.
 * Whatever is wrong is said with file and line, and then nothing of it is used.
 */
#include "config/config.h"

#include <libgen.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "config/config_int.h"
#include "log.h"
#include "x509/x509.h"

/**
 * config_resolve - the path that a path in the file means
 * @file: the file
 * @path: relative to its folder, or absolute
 *
 * Return: to be freed; NULL without memory.
 */
char *config_resolve(const struct config_file *file, const char *path)
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
	load_policy(profile, file, section);
	return config_load_tls(profile, file, section) &&
	       config_load_resumption(profile, file, section) &&
	       load_access(&profile->access, file, section) &&
	       load_alpn(profile, file, section);
}

static unsigned int cpu_count(void)
{
	long n = sysconf(_SC_NPROCESSORS_ONLN);

	return n < 1 ? 1 : n > CONFIG_WORKERS_MAX ? CONFIG_WORKERS_MAX : (unsigned int)n;
}

static bool load_user(struct sandbox_user *user, const struct config_file *file)
{
	const char *name = cfg_getstr(file->conf, "user");
	const struct passwd *entry;

	*user = sandbox_same_user;
	if (!name || geteuid())
		return true;
	entry = getpwnam(name);
	if (!entry) {
		config_error(file, file->conf, "user", "user: expected a user, not \"%s\"",
			     name);
		return false;
	}
	*user = (struct sandbox_user){ entry->pw_uid, entry->pw_gid };
	return true;
}

static bool load_control(struct config *cfg, const struct config_file *file)
{
	const char *metrics = cfg_getstr(file->conf, "metrics");

	cfg->control = strdup(cfg_getstr(file->conf, "control"));
	cfg->metrics = metrics ? strdup(metrics) : NULL;
	return cfg->control && (cfg->metrics || !metrics) &&
	       load_names(&cfg->control_access, access_add_user, "control_users",
			  "user", file, file->conf);
}

static bool load_top(struct config *cfg, const struct config_file *file)
{
	const char *keylog = cfg_getstr(file->conf, "keylog");

	if (!load_user(&cfg->user, file) || !load_control(cfg, file))
		return false;
	cfg->workers = (unsigned int)cfg_getint(file->conf, "workers");
	if (!cfg->workers)
		cfg->workers = cpu_count();
	cfg->window = (unsigned int)cfg_getint(file->conf, "window");
	if (!keylog)
		return true;
	config_warning(file, file->conf, "keylog",
		       "keylog is weak: with --keylog, whoever reads that file can read all traffic");
	cfg->keylog = config_resolve(file, keylog);
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
	cfg->profiles = secret_alloc(n * sizeof(*cfg->profiles));
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
 * @signer: loads its private keys
 *
 * Return: the configuration, or NULL; then all that is wrong has been logged.
 */
struct config *config_load(const char *name, struct signer *signer)
{
	struct config *cfg = secret_alloc(sizeof(*cfg));
	struct config_file file = { .signer = signer };

	if (cfg)
		file.files = &cfg->files;
	if (cfg && (!config_file_read(&file, name) || !load_top(cfg, &file) ||
		    !config_load_store(&cfg->store, &file) ||
		    !load_profiles(cfg, &file))) {
		config_free(cfg);
		cfg = NULL;
	}
	config_file_end(&file);
	return cfg;
}

static void wipe_profile(struct config_profile *profile)
{
	access_wipe(&profile->access);
	for (size_t i = 0; i < profile->credentials_len; i++) {
		x509_credential_free(profile->credentials[i]);
		free(profile->pairs[i].certificate);
		free(profile->pairs[i].key);
	}
	x509_trust_free(profile->trust);
	free(profile->trust_file);
}

/**
 * config_free - free a configuration and all that it holds
 * @cfg: may be NULL
 */
void config_free(struct config *cfg)
{
	if (!cfg)
		return;
	for (size_t i = 0; i < cfg->profiles_len; i++)
		wipe_profile(&cfg->profiles[i]);
	if (cfg->profiles)
		secret_free(cfg->profiles, cfg->profiles_len * sizeof(*cfg->profiles));
	access_wipe(&cfg->control_access);
	access_wipe_paths(&cfg->files);
	free(cfg->control);
	free(cfg->metrics);
	free(cfg->keylog);
	free(cfg->store.redis);
	secret_free(cfg, sizeof(*cfg));
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
