/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Copyright (C) 2026 The tlsup authors
 *
 * Who may use a profile: users, groups, control groups, executables.
 */
#ifndef TLSUP_ACCESS_H
#define TLSUP_ACCESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/** struct access_ids - numbers; an empty list asks for nothing */
struct access_ids {
	uint32_t *ids;
	size_t len;
};

/** struct access_paths - paths; an empty list asks for nothing */
struct access_paths {
	char **paths;
	size_t len;
};

/**
 * struct access - who may use a profile: whoever each list has, if it has any
 * @users: effective user ids
 * @groups: effective group ids
 * @cgroups: below the root of the control groups; those inside count as well
 * @executables: shell patterns, in which "*" does not match "/"
 */
struct access {
	struct access_ids users;
	struct access_ids groups;
	struct access_paths cgroups;
	struct access_paths executables;
};

/**
 * struct access_who - as the kernel tells it of whoever set the role
 * @uid: effective user
 * @gid: effective group
 * @cgroup_id: control group of the socket; 0: unknown
 * @exe: path of the executable, "" if unknown
 */
struct access_who {
	uint32_t uid;
	uint32_t gid;
	uint64_t cgroup_id;
	const char *exe;
};

/* Whether the control group is below one of the paths. */
typedef bool (*access_cgroup)(void *owner, uint64_t cgroup_id,
			      const struct access_paths *paths);

bool access_add_user(struct access *access, const char *name);
bool access_add_group(struct access *access, const char *name);
bool access_add_path(struct access_paths *paths, const char *path);
void access_wipe_paths(struct access_paths *paths);
void access_wipe(struct access *access);
bool access_allows(const struct access *access, const struct access_who *who,
		   access_cgroup in_cgroup, void *owner);
bool access_in_cgroup(uint64_t cgroup_id, const struct access_paths *paths);

#endif /* TLSUP_ACCESS_H */
