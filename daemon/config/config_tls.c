// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) 2026 The tlsup authors
 *
 * What a profile says of TLS: its certificates, whom it trusts, and what of its
 * policy may be negotiated.
 */
#include "config/config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "config/config_int.h"
#include "config/names.h"
#include "signer/signer.h"
#include "x509/x509_key.h"

#define DAY	86400

/* The path, to be freed, of what may change on disk. */
static char *file_of(const struct config_file *file, const char *name)
{
	char *path = config_resolve(file, name);

	if (path)
		access_add_path(file->files, path);
	return path;
}

/* The n-th value of a key; NULL: it is not set, or "". */
static const char *value_at(cfg_t *section, const char *key, unsigned int n)
{
	const char *value = n < cfg_size(section, key) ? cfg_getnstr(section, key, n) : "";

	return *value ? value : NULL;
}

static void warn_of_certificate(const char *certificate,
				const struct x509_credential *credential,
				const struct config_file *file, cfg_t *section)
{
	const char *weakness = x509_credential_weakness(credential);
	time_t end = x509_credential_expires(credential);
	long days = (long)((end - time(NULL)) / DAY);

	if (end < time(NULL))
		config_warning(file, section, "certificate", "%s has expired", certificate);
	else if (days < CONFIG_EXPIRY_DAYS)
		config_warning(file, section, "certificate", "%s expires in %ld days",
			       certificate, days);
	if (weakness)
		config_warning(file, section, "certificate", "%s is weak: %s", certificate,
			       weakness);
}

static bool load_pair(struct config_pair *pair, const struct config_file *file,
		      cfg_t *section, unsigned int n)
{
	const char *certificate = value_at(section, "certificate", n);
	const char *key = value_at(section, "key", n);

	if (!certificate || !key) {
		config_error(file, section, "certificate", "expected the names of files");
		return false;
	}
	pair->certificate = file_of(file, certificate);
	pair->key = x509_key_is_token(key) ? strdup(key) : file_of(file, key);
	return pair->certificate && pair->key;
}

static bool load_credential(struct config_profile *profile, const struct config_file *file,
			    cfg_t *section, unsigned int n)
{
	struct config_pair *pair = &profile->pairs[profile->credentials_len];
	const char *response = value_at(section, "ocsp", n);
	char *ocsp = response ? file_of(file, response) : NULL;
	struct x509_credential *credential = NULL;
	char error[X509_ERROR_MAX] = "";
	struct x509_key_ref ref;

	if (load_pair(pair, file, section, n) &&
	    signer_load(file->signer, pair->key, value_at(section, "key_credential", n),
			&ref, error))
		credential = x509_credential_load(pair->certificate, &ref, ocsp, error);
	free(ocsp);
	if (credential) {
		profile->credentials[profile->credentials_len++] = credential;
		warn_of_certificate(pair->certificate, credential, file, section);
		return true;
	}
	if (*error)
		config_error(file, section, "certificate", "%s", error);
	free(pair->certificate);
	free(pair->key);
	return false;
}

static bool load_credentials(struct config_profile *profile, const struct config_file *file,
			     cfg_t *section)
{
	unsigned int count = cfg_size(section, "certificate");

	if (count != cfg_size(section, "key")) {
		config_error(file, section, count ? "certificate" : "key",
			     "expected certificate and key together");
		return false;
	}
	if (count > X509_CREDENTIALS_MAX) {
		config_error(file, section, "certificate", "more than %d certificates",
			     X509_CREDENTIALS_MAX);
		return false;
	}
	if (cfg_size(section, "ocsp") > count) {
		config_error(file, section, "ocsp", "more responses than certificates");
		return false;
	}
	if (cfg_size(section, "key_credential") > count) {
		config_error(file, section, "key_credential", "more credentials than keys");
		return false;
	}
	for (unsigned int i = 0; i < count; i++)
		if (!load_credential(profile, file, section, i))
			return false;
	return true;
}

static bool load_trust(struct config_profile *profile, const struct config_file *file,
		       cfg_t *section)
{
	const char *trust = cfg_getstr(section, "trust");
	unsigned int count = cfg_size(section, "crl");
	char error[X509_ERROR_MAX] = "out of memory";
	char **crls = calloc(count + 1, sizeof(*crls));
	bool ok = crls;

	if (strcmp(trust, "system"))
		ok = (profile->trust_file = file_of(file, trust)) && ok;
	for (unsigned int i = 0; i < count && ok; i++)
		ok = (crls[i] = file_of(file, cfg_getnstr(section, "crl", i)));
	if (ok)
		profile->trust = x509_trust_load(profile->trust_file,
						 (const char *const *)crls, count, error);
	for (unsigned int i = 0; crls && i < count; i++)
		free(crls[i]);
	free(crls);
	if (!profile->trust)
		config_error(file, section, "trust", "%s", error);
	return profile->trust;
}

/* Anybody can get a certificate of the system's authorities: they admit nobody. */
static bool load_client_auth(struct config_profile *profile, const struct config_file *file,
			     cfg_t *section)
{
	const char *name = cfg_getstr(section, "client_auth");

	if (!strcmp(name, "none"))
		return true;
	profile->client_auth = !strcmp(name, "request") ? HS_CLIENT_AUTH_REQUEST :
							  HS_CLIENT_AUTH_REQUIRE;
	if (profile->trust_file)
		return true;
	config_error(file, section, "client_auth",
		     "client_auth wants a file of authorities as trust");
	return false;
}

static bool is_struck(cfg_t *section, const char *name)
{
	for (unsigned int i = 0; i < cfg_size(section, "strike"); i++)
		if (!strcmp(cfg_getnstr(section, "strike", i), name))
			return true;
	return false;
}

static bool contains(const uint16_t *list, size_t len, uint16_t id)
{
	while (len)
		if (list[--len] == id)
			return true;
	return false;
}

/* Those that are listed, in that order, must be the policy's; less what is struck. */
static bool load_suites(struct config_profile *profile, const struct config_file *file,
			cfg_t *section)
{
	uint16_t allowed[POLICY_SUITES_MAX];
	size_t count = policy_suites(profile->policy, allowed);
	unsigned int listed = cfg_size(section, "suites");

	for (unsigned int n = 0; n < (listed ? listed : count) && n < POLICY_SUITES_MAX; n++) {
		uint16_t id = listed ? names_suite(cfg_getnstr(section, "suites", n)) :
				       allowed[n];

		if (!contains(allowed, count, id)) {
			config_error(file, section, "suites",
				     "suites: the policy \"%s\" does not allow %s",
				     profile->policy->name, names_of_suite(id));
			return false;
		}
		if (!is_struck(section, names_of_suite(id)))
			profile->suites[profile->suites_len++] = id;
	}
	profile->min_version = profile->suites_len ? UINT16_MAX : 0;
	for (size_t i = 0; i < profile->suites_len; i++) {
		uint16_t version = policy_version(profile->suites[i]);

		if (version < profile->min_version)
			profile->min_version = version;
		if (version > profile->max_version)
			profile->max_version = version;
	}
	if (profile->suites_len)
		return true;
	config_error(file, section, "strike", "no cipher suite is left");
	return false;
}

static bool load_groups(struct config_profile *profile, const struct config_file *file,
			cfg_t *section)
{
	uint16_t offered[POLICY_GROUPS_MAX];
	size_t count = policy_groups(profile->policy, offered);
	unsigned int listed = cfg_size(section, "groups");

	for (unsigned int n = 0; n < (listed ? listed : count) && n < CONFIG_LIST_MAX; n++) {
		uint16_t id = listed ? names_group(cfg_getnstr(section, "groups", n)) :
				       offered[n];

		if (!is_struck(section, names_of_group(id)))
			profile->groups[profile->groups_len++] = id;
	}
	if (profile->groups_len)
		return true;
	config_error(file, section, "strike", "no group is left");
	return false;
}

/* None may be left: then chains come as they are. */
static void load_compression(struct config_profile *profile, cfg_t *section)
{
	for (size_t i = 0; names_compression_at(i) &&
	     profile->compression_len < CONFIG_LIST_MAX; i++)
		if (!is_struck(section, names_compression_at(i)))
			profile->compression[profile->compression_len++] =
				names_compression(names_compression_at(i));
}

static bool load_schemes(struct config_profile *profile, const struct config_file *file,
			 cfg_t *section)
{
	for (size_t i = 0; names_scheme_at(i) && profile->schemes_len < CONFIG_LIST_MAX; i++)
		if (!is_struck(section, names_scheme_at(i)))
			profile->schemes[profile->schemes_len++] =
				names_scheme(names_scheme_at(i));
	if (profile->schemes_len)
		return true;
	config_error(file, section, "strike", "no signature scheme is left");
	return false;
}

/**
 * config_load_tls - read what a profile says of TLS
 * @profile: with its policy; filled
 * @file: the file
 * @section: the profile's
 *
 * Return: false after an error, which has been logged.
 */
bool config_load_tls(struct config_profile *profile, const struct config_file *file,
		     cfg_t *section)
{
	profile->message_max = (uint32_t)cfg_getint(section, "message_max");
	profile->record_size_limit = (uint16_t)cfg_getint(section, "record_size_limit");
	profile->retry_cookie = cfg_getbool(section, "retry_cookie");
	load_compression(profile, section);
	return load_suites(profile, file, section) &&
	       load_groups(profile, file, section) &&
	       load_schemes(profile, file, section) &&
	       load_credentials(profile, file, section) &&
	       load_trust(profile, file, section) &&
	       load_client_auth(profile, file, section);
}
