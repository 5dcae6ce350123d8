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

/**
 * struct wish - numbers that a profile may strike, and perhaps list
 * @key: that lists them; NULL: none does
 * @number: of a name in that list
 * @name: by which they are struck
 */
struct wish {
	const char *key;
	uint16_t (*number)(const char *name);
	const char *(*name)(uint16_t number);
};

static const struct wish suites = { "suites", names_suite, names_of_suite };
static const struct wish groups = { "groups", names_group, names_of_group };
static const struct wish schemes = { NULL, NULL, names_of_scheme };
static const struct wish compressions = { NULL, NULL, names_of_compression };

/* Those that are listed, in that order, or else the usual; less what is struck. */
static size_t choose(cfg_t *section, const struct wish *wish, const uint16_t *usual,
		     size_t usual_len, uint16_t *out, size_t max)
{
	unsigned int listed = wish->key ? cfg_size(section, wish->key) : 0;
	size_t len = 0;

	for (unsigned int n = 0; n < (listed ? listed : usual_len) && len < max; n++) {
		uint16_t id = listed ? wish->number(cfg_getnstr(section, wish->key, n)) :
				       usual[n];

		if (!is_struck(section, wish->name(id)))
			out[len++] = id;
	}
	return len;
}

/* The usual is all that is known. */
static size_t choose_of_all(cfg_t *section, const struct wish *wish, uint16_t (*at)(size_t),
			    uint16_t *out)
{
	uint16_t known[CONFIG_LIST_MAX];
	size_t count;

	for (count = 0; count < CONFIG_LIST_MAX && at(count); count++)
		known[count] = at(count);
	return choose(section, wish, known, count, out, CONFIG_LIST_MAX);
}

static bool contains(const uint16_t *list, size_t len, uint16_t id)
{
	while (len)
		if (list[--len] == id)
			return true;
	return false;
}

/* Those that are listed must be the policy's. */
static bool check_suites(const struct config_profile *profile, const struct config_file *file,
			 cfg_t *section, const uint16_t *allowed, size_t count)
{
	for (unsigned int n = 0; n < cfg_size(section, suites.key); n++) {
		const char *name = cfg_getnstr(section, suites.key, n);

		if (contains(allowed, count, names_suite(name)))
			continue;
		config_error(file, section, suites.key,
			     "suites: the policy \"%s\" does not allow %s",
			     profile->policy->name, name);
		return false;
	}
	return true;
}

static void find_versions(struct config_profile *profile)
{
	profile->min_version = UINT16_MAX;
	for (size_t i = 0; i < profile->suites_len; i++) {
		uint16_t version = policy_version(profile->suites[i]);

		if (version < profile->min_version)
			profile->min_version = version;
		if (version > profile->max_version)
			profile->max_version = version;
	}
}

static bool load_suites(struct config_profile *profile, const struct config_file *file,
			cfg_t *section)
{
	uint16_t allowed[POLICY_SUITES_MAX];
	size_t count = policy_suites(profile->policy, allowed);

	if (!check_suites(profile, file, section, allowed, count))
		return false;
	profile->suites_len = choose(section, &suites, allowed, count, profile->suites,
				     POLICY_SUITES_MAX);
	if (!profile->suites_len) {
		config_error(file, section, "strike", "no cipher suite is left");
		return false;
	}
	find_versions(profile);
	return true;
}

static bool load_groups(struct config_profile *profile, const struct config_file *file,
			cfg_t *section)
{
	uint16_t usual[POLICY_GROUPS_MAX];
	size_t count = policy_groups(profile->policy, usual);

	profile->groups_len = choose(section, &groups, usual, count, profile->groups,
				     CONFIG_LIST_MAX);
	if (profile->groups_len)
		return true;
	config_error(file, section, "strike", "no group is left");
	return false;
}

static bool load_schemes(struct config_profile *profile, const struct config_file *file,
			 cfg_t *section)
{
	profile->schemes_len = choose_of_all(section, &schemes, names_scheme_at,
					     profile->schemes);
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
	profile->accept_truncation = !strcmp(cfg_getstr(section, "truncation"), "accept");
	/* None may be left: then chains come as they are. */
	profile->compression_len = choose_of_all(section, &compressions, names_compression_at,
						 profile->compression);
	return load_suites(profile, file, section) &&
	       load_groups(profile, file, section) &&
	       load_schemes(profile, file, section) &&
	       load_credentials(profile, file, section) &&
	       load_trust(profile, file, section) &&
	       load_client_auth(profile, file, section);
}
