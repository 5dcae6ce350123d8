// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) 2026 The tlsup authors
 *
 * The configuration file. What it names is not looked at: neither certificates
 * nor keys are loaded.
 */
#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "config/config.h"
#include "config/config_int.h"
#include "log.h"
#include "signer/signer.h"
#include "x509/x509_key.h"

/* Something to point to. */
static char something;

struct x509_credential *x509_credential_load(const char *certificate,
					     const struct x509_key_ref *key,
					     const char *ocsp, char error[X509_ERROR_MAX])
{
	return (void *)&something;
}

void x509_credential_free(struct x509_credential *credential)
{
	assert(credential == (void *)&something);
}

const char *x509_credential_weakness(const struct x509_credential *credential)
{
	return NULL;
}

time_t x509_credential_expires(const struct x509_credential *credential)
{
	return 0;
}

struct x509_trust *x509_trust_load(const char *file, const char *const *crls,
				   size_t crls_len, char error[X509_ERROR_MAX])
{
	return (void *)&something;
}

void x509_trust_free(struct x509_trust *trust)
{
	assert(!trust || trust == (void *)&something);
}

bool x509_key_is_token(const char *name)
{
	return name[0] == 'p';
}

bool signer_load(struct signer *signer, const char *name, const char *credential,
		 struct x509_key_ref *ref, char error[X509_ERROR_MAX])
{
	return true;
}

/* In place of log.c, which would fill the fuzzer's own log. */
void log_line(enum log_level level, const char *format, ...)
{
	static char line[256];
	va_list args;

	va_start(args, format);
	vsnprintf(line, sizeof(line), format, args);
	va_end(args);
}

/* What was taken is within its bounds. */
static void look(const struct config *cfg)
{
	assert(cfg->workers && cfg->workers <= CONFIG_WORKERS_MAX && cfg->window);
	assert(cfg->control && cfg->profiles_len);
	for (size_t i = 0; i < cfg->profiles_len; i++) {
		const struct config_profile *profile = &cfg->profiles[i];

		assert(profile->name[0] && profile->policy && profile->trust);
		assert(profile->suites_len && profile->suites_len <= POLICY_SUITES_MAX);
		assert(profile->groups_len && profile->groups_len <= CONFIG_LIST_MAX);
		assert(profile->schemes_len && profile->schemes_len <= CONFIG_LIST_MAX);
		assert(profile->alpn_len <= CONFIG_ALPN_MAX);
		assert(profile->credentials_len <= X509_CREDENTIALS_MAX);
		assert(profile->min_version >= 0x0303 && profile->max_version <= 0x0304);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static int file = -1;
	static char path[32];
	struct config *cfg;

	if (file < 0) {
		file = memfd_create("config", MFD_CLOEXEC);
		snprintf(path, sizeof(path), "/proc/self/fd/%d", file);
		assert(file >= 0);
	}
	if (ftruncate(file, 0) || pwrite(file, data, size, 0) != (ssize_t)size)
		abort();
	cfg = config_load(path, NULL);
	if (cfg)
		look(cfg);
	config_free(cfg);
	return 0;
}
