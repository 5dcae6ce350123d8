// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) 2026 The tlsup authors
 *
 * An application is judged by what the kernel recorded when it set its role.
 * The lists are joined by "and", their entries by "or"; what is not known is
 * not allowed.
 */
#include "worker/access.h"

#include <errno.h>
#include <fnmatch.h>
#include <fts.h>
#include <grp.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define CGROUP_ROOT	"/sys/fs/cgroup"
#define CGROUP_PATH_MAX	4096

static bool parse_id(const char *name, uint32_t *id)
{
	unsigned long value;
	char *end;

	errno = 0;
	value = strtoul(name, &end, 10);
	if (*name < '0' || *name > '9' || *end || errno || value >= UINT32_MAX)
		return false;
	*id = (uint32_t)value;
	return true;
}

static bool add_id(struct access_ids *list, uint32_t id)
{
	uint32_t *ids = reallocarray(list->ids, list->len + 1, sizeof(*ids));

	if (!ids)
		return false;
	ids[list->len++] = id;
	list->ids = ids;
	return true;
}

/**
 * access_add_user - allow a user
 * @access: whose list
 * @name: name or number
 *
 * Return: false if there is no such user, or no memory.
 */
bool access_add_user(struct access *access, const char *name)
{
	const struct passwd *user;
	uint32_t id;

	if (parse_id(name, &id))
		return add_id(&access->users, id);
	user = getpwnam(name);
	return user && add_id(&access->users, user->pw_uid);
}

/**
 * access_add_group - allow a group
 * @access: whose list
 * @name: name or number
 *
 * Return: false if there is no such group, or no memory.
 */
bool access_add_group(struct access *access, const char *name)
{
	const struct group *group;
	uint32_t id;

	if (parse_id(name, &id))
		return add_id(&access->groups, id);
	group = getgrnam(name);
	return group && add_id(&access->groups, group->gr_gid);
}

/**
 * access_add_path - allow a control group or an executable
 * @paths: the list
 * @path: begins with "/"
 *
 * Return: false without memory.
 */
bool access_add_path(struct access_paths *paths, const char *path)
{
	char **list = reallocarray(paths->paths, paths->len + 1, sizeof(*list));

	if (!list)
		return false;
	paths->paths = list;
	list[paths->len] = strdup(path);
	return list[paths->len] && ++paths->len;
}

/**
 * access_wipe_paths - empty a list
 * @paths: caller's storage
 */
void access_wipe_paths(struct access_paths *paths)
{
	for (size_t i = 0; i < paths->len; i++)
		free(paths->paths[i]);
	free(paths->paths);
	*paths = (struct access_paths){ 0 };
}

/**
 * access_wipe - empty all lists
 * @access: caller's storage
 */
void access_wipe(struct access *access)
{
	free(access->users.ids);
	free(access->groups.ids);
	access_wipe_paths(&access->cgroups);
	access_wipe_paths(&access->executables);
	*access = (struct access){ 0 };
}

static bool has_id(const struct access_ids *list, uint32_t id)
{
	for (size_t i = 0; i < list->len; i++)
		if (list->ids[i] == id)
			return true;
	return !list->len;
}

static bool has_executable(const struct access_paths *list, const char *exe)
{
	for (size_t i = 0; i < list->len; i++)
		if (*exe && !fnmatch(list->paths[i], exe, FNM_PATHNAME))
			return true;
	return !list->len;
}

/**
 * access_allows - may it?
 * @access: who may
 * @who: who asks
 * @in_cgroup: judges control groups, asked last
 * @owner: for @in_cgroup
 *
 * Return: whether it may.
 */
bool access_allows(const struct access *access, const struct access_who *who,
		   access_cgroup in_cgroup, void *owner)
{
	return has_id(&access->users, who->uid) &&
	       has_id(&access->groups, who->gid) &&
	       has_executable(&access->executables, who->exe) &&
	       (!access->cgroups.len ||
		(who->cgroup_id &&
		 in_cgroup(owner, who->cgroup_id, &access->cgroups)));
}

static bool is_below(const char *path, uint64_t cgroup_id)
{
	char *const roots[] = { (char *)(uintptr_t)path, NULL };
	FTS *walk = fts_open(roots, FTS_PHYSICAL | FTS_NOCHDIR, NULL);
	bool found = false;
	FTSENT *entry;

	while (walk && !found && (entry = fts_read(walk)))
		found = entry->fts_info == FTS_D &&
			entry->fts_statp->st_ino == cgroup_id;
	if (walk)
		fts_close(walk);
	return found;
}

/**
 * access_in_cgroup - is a control group one of these, or inside one?
 * @cgroup_id: which; on 64 bits it is the inode of its folder
 * @paths: below the root of the control groups
 *
 * Needs the file system: not for a sandbox.
 *
 * Return: whether it is.
 */
bool access_in_cgroup(uint64_t cgroup_id, const struct access_paths *paths)
{
	char path[CGROUP_PATH_MAX];

	for (size_t i = 0; i < paths->len; i++) {
		snprintf(path, sizeof(path), CGROUP_ROOT "%s", paths->paths[i]);
		if (is_below(path, cgroup_id))
			return true;
	}
	return false;
}
