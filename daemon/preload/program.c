// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) 2026 The tlsup authors
 *
 * Looks into an executable, through the scripts in front of it: it must ask for
 * the same dynamic loader as tlsup-run itself, and gain no privileges.
 */
#include "program.h"

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <link.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#define SCRIPTS_MAX	5	/* as the kernel */
#define LINE_MAX_SCRIPT	256
#define PROGRAM_HEADERS_MAX	256
#define SELF		"/proc/self/exe"

struct loader {
	ElfW(Half) machine;
	unsigned char class;
	char path[PATH_MAX];
};

__attribute__((format(printf, 2, 3)))
static int refuse(char *why, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(why, PROGRAM_WHY_MAX, format, args);
	va_end(args);
	return 126;
}

static bool is_file(const char *path)
{
	struct stat st;

	return !access(path, X_OK) && !stat(path, &st) && S_ISREG(st.st_mode);
}

/* As execvp(3) looks for it. */
static bool find_in_path(const char *name, char *path)
{
	const char *dirs = getenv("PATH");
	size_t len;

	if (strchr(name, '/'))
		return snprintf(path, PATH_MAX, "%s", name) < PATH_MAX &&
		       is_file(path);
	for (dirs = dirs ? dirs : "/bin:/usr/bin"; ; dirs += len + 1) {
		len = strcspn(dirs, ":");
		if (snprintf(path, PATH_MAX, "%.*s%s%s", (int)len, dirs,
			     len ? "/" : "", name) < PATH_MAX && is_file(path))
			return true;
		if (!dirs[len])
			return false;
	}
}

/* The class and the machine stand at the same place in both classes. */
static int read_loader(int fd, const char *path, struct loader *loader,
		       char *why)
{
	ElfW(Ehdr) head;
	ElfW(Phdr) part;

	if (pread(fd, &head, sizeof(head), 0) != sizeof(head) ||
	    memcmp(head.e_ident, ELFMAG, SELFMAG))
		return refuse(why, "%s is no program of this system", path);
	loader->class = head.e_ident[EI_CLASS];
	loader->machine = head.e_machine;
	if (loader->class != (sizeof(void *) == 8 ? ELFCLASS64 : ELFCLASS32))
		return refuse(why, "%s is of another word size than the library",
			      path);
	if (head.e_phentsize != sizeof(part) ||
	    head.e_phnum > PROGRAM_HEADERS_MAX)
		return refuse(why, "%s is no program of this system", path);
	for (ElfW(Half) i = 0; i < head.e_phnum; i++) {
		off_t at = (off_t)(head.e_phoff + i * sizeof(part));

		if (pread(fd, &part, sizeof(part), at) != sizeof(part))
			break;
		if (part.p_type != PT_INTERP)
			continue;
		if (!part.p_filesz || part.p_filesz > sizeof(loader->path) ||
		    pread(fd, loader->path, part.p_filesz,
			  (off_t)part.p_offset) != (ssize_t)part.p_filesz)
			break;
		loader->path[part.p_filesz - 1] = '\0';
		return 0;
	}
	return refuse(why, "%s is statically linked: no library can be loaded into it",
		      path);
}

static int check_elf(int fd, const char *path, char *why)
{
	struct loader own, its;
	int self = open(SELF, O_RDONLY | O_CLOEXEC);
	int err;

	if (self < 0)
		return refuse(why, "%s: %s", SELF, strerror(errno));
	err = read_loader(self, SELF, &own, why);
	close(self);
	if (!err)
		err = read_loader(fd, path, &its, why);
	if (err)
		return err;
	if (its.machine != own.machine)
		return refuse(why, "%s is for another machine", path);
	if (strcmp(its.path, own.path))
		return refuse(why, "%s uses another dynamic loader (%s)", path,
			      its.path);
	return 0;
}

/* Where an execution gains rights, the loader ignores LD_PRELOAD. */
static int check_rights(int fd, const char *path, char *why)
{
	struct stat st;

	if (fstat(fd, &st))
		return refuse(why, "%s: %s", path, strerror(errno));
	if ((st.st_mode & S_ISUID && st.st_uid != geteuid()) ||
	    (st.st_mode & S_ISGID && st.st_gid != getegid()))
		return refuse(why, "%s is set-user-ID or set-group-ID: no library can be loaded into it",
			      path);
	if (geteuid() && fgetxattr(fd, "security.capability", NULL, 0) > 0)
		return refuse(why, "%s has file capabilities: no library can be loaded into it",
			      path);
	return 0;
}

/*
 * The program behind "#!": its name into @next. env(1) is looked through.
 *
 * Return: false if this is no script.
 */
static bool read_script(int fd, char *next)
{
	char line[LINE_MAX_SCRIPT + 1], *word, *rest;
	ssize_t n = pread(fd, line, LINE_MAX_SCRIPT, 0);

	if (n < 2 || line[0] != '#' || line[1] != '!')
		return false;
	line[n] = '\0';
	line[strcspn(line, "\n")] = '\0';
	word = strtok_r(line + 2, " \t", &rest);
	snprintf(next, PATH_MAX, "%s", word ? word : "");
	if (!word || strcmp(strrchr(word, '/') ? strrchr(word, '/') : word,
			    "/env"))
		return true;
	while ((word = strtok_r(NULL, " \t", &rest)))
		if (*word != '-' && !strchr(word, '='))
			break;
	if (word)
		snprintf(next, PATH_MAX, "%s", word);
	return true;
}

int program_check(const char *name, char *why)
{
	char path[PATH_MAX], next[PATH_MAX], head[SELFMAG];
	int err = 0;

	snprintf(next, sizeof(next), "%s", name);
	for (int depth = 0; depth <= SCRIPTS_MAX; depth++) {
		bool script, elf;
		int fd;

		if (!find_in_path(next, path)) {
			refuse(why, "%s: no such program", next);
			return 127;
		}
		fd = open(path, O_RDONLY | O_CLOEXEC);
		if (fd < 0)
			return refuse(why, "%s: %s", path, strerror(errno));
		script = read_script(fd, next);
		elf = pread(fd, head, SELFMAG, 0) == SELFMAG &&
		      !memcmp(head, ELFMAG, SELFMAG);
		/* Rights of a script do not count. */
		if (elf)
			err = check_rights(fd, path, why);
		if (elf && !err)
			err = check_elf(fd, path, why);
		close(fd);
		if (elf)
			return err;
		/* execvp(3) gives what it does not know to the shell. */
		if (!script)
			snprintf(next, sizeof(next), "/bin/sh");
	}
	return refuse(why, "%s: scripts of scripts, too many of them", name);
}
