/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Copyright (C) 2026 The tlsup authors
 *
 * What config.c and config_file.c share: a file that has been read, and the
 * place of each thing in it.
 */
#ifndef TLSUP_CONFIG_INT_H
#define TLSUP_CONFIG_INT_H

#include <stdbool.h>

#include <confuse.h>

#include "config/policy.h"

#define CONFIG_WORKERS_MAX	256
#define CONFIG_WINDOW_DEFAULT	128
#define CONFIG_ALPN_NAME_MAX	255
#define CONFIG_EXPIRY_DAYS	14

struct config_profile;
struct access_paths;
struct config_store;
struct place;
struct signer;

/**
 * struct config_file - a configuration file that has been read
 * @name: its path
 * @conf: libconfuse's
 * @places: where each key was set
 * @signer: loads private keys
 * @files: gets the names of files that may change
 */
struct config_file {
	const char *name;
	cfg_t *conf;
	struct place *places;
	struct signer *signer;
	struct access_paths *files;
};

bool config_file_read(struct config_file *file, const char *name);
void config_file_end(struct config_file *file);
void config_error(const struct config_file *file, cfg_t *section, const char *key,
		  const char *format, ...) __attribute__((format(printf, 4, 5)));
void config_warning(const struct config_file *file, cfg_t *section, const char *key,
		    const char *format, ...) __attribute__((format(printf, 4, 5)));

char *config_resolve(const struct config_file *file, const char *path);
bool config_load_tls(struct config_profile *profile, const struct config_file *file,
		     cfg_t *section);
bool config_load_resumption(struct config_profile *profile,
			    const struct config_file *file, cfg_t *section);
bool config_load_store(struct config_store *store, const struct config_file *file);

#endif /* TLSUP_CONFIG_INT_H */
