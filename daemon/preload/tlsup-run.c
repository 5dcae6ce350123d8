// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) 2026 The tlsup authors
 *
 * tlsup-run: run a program that knows nothing of TLS with its TCP connections
 * protected. The work is done by a library that is loaded into it.
 */
#include <errno.h>
#include <getopt.h>
#include <stddef.h>
#include <libgen.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <linux/filter.h>
#include <linux/seccomp.h>
#include <linux/tlsup.h>

#include "program.h"
#include "run.h"

#define PROFILE_MAX	63
#define NAME_MAX_TLS	255
#define OWN_FAILURE	125	/* as env(1), timeout(1) */

static const char usage[] =
	"usage: tlsup-run [OPTION...] [--] PROGRAM [ARGUMENT...]\n"
	"  -c, --client        protect what PROGRAM connects to, nothing else\n"
	"  -s, --server        protect what it accepts, nothing else\n"
	"  -P, --profile NAME  the profile in the daemon's configuration\n"
	"  -n, --name NAME     the name of whoever it connects to\n"
	"  -p, --port N[,N]    only these ports: the peer's where it connects,\n"
	"                      its own where it listens\n"
	"  -h, --help          this\n"
	"Without -c and -s both are protected.\n";

static const struct option options[] = {
	{ "client", no_argument, NULL, 'c' },
	{ "server", no_argument, NULL, 's' },
	{ "profile", required_argument, NULL, 'P' },
	{ "name", required_argument, NULL, 'n' },
	{ "port", required_argument, NULL, 'p' },
	{ "help", no_argument, NULL, 'h' },
	{ 0 },
};

static void die(const char *what, const char *why)
{
	fprintf(stderr, "tlsup-run: %s%s%s\n", what, why ? ": " : "",
		why ? why : "");
	exit(OWN_FAILURE);
}

static void set(const char *name, const char *value)
{
	if (value ? setenv(name, value, 1) : unsetenv(name))
		die(name, strerror(errno));
}

static void check_ports(const char *list)
{
	int count = 0;

	for (;;) {
		char *end;
		long port = strtol(list, &end, 10);

		if (end == list || *list < '0' || *list > '9' || port < 1 ||
		    port > 65535 || ++count > RUN_PORTS_MAX)
			die("--port wants 1 to 65535, and commas between them",
			    NULL);
		if (!*end)
			return;
		if (*end != ',')
			die("--port wants 1 to 65535, and commas between them",
			    NULL);
		list = end + 1;
	}
}

/* Empty ones and those that no socket would take. */
static void check_text(const char *option, const char *value, size_t max)
{
	if (!*value || strlen(value) > max)
		die(option, "an empty or too long value");
}

/* Missing, or cut at a blank, it would be left out with a word on stderr. */
static void set_library(void)
{
	char self[PATH_MAX], path[PATH_MAX * 2], real[PATH_MAX], *all = NULL;
	ssize_t n = readlink("/proc/self/exe", self, sizeof(self) - 1);
	const char *others = getenv("LD_PRELOAD");

	if (n < 0)
		die("/proc/self/exe", strerror(errno));
	self[n] = '\0';
	snprintf(path, sizeof(path), "%s/" RUN_LIBRARY, dirname(self));
	if (!realpath(path, real) || access(real, R_OK))
		die(path, strerror(errno));
	if (strpbrk(real, " :"))
		die(real, "no blank or colon may be in its path");
	if (asprintf(&all, "%s%s%s", real, others && *others ? ":" : "",
		     others ? others : "") < 0)
		die("out of memory", NULL);
	set("LD_PRELOAD", all);
	free(all);
}

/*
 * io_uring connects and accepts behind the library's back: as if the kernel had
 * none of it. It has the same number on every architecture, x32 marks its own.
 * Who may not filter otherwise gives up set-user-ID programs, which the library
 * does not reach.
 */
static void forbid_io_uring(void)
{
	static struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_STMT(BPF_ALU | BPF_AND | BPF_K, 0x3fffffff),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_io_uring_setup, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | ENOSYS),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	static const struct sock_fprog filter = {
		.len = sizeof(code) / sizeof(code[0]),
		.filter = code,
	};

	if (!prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter))
		return;
	if (errno == EACCES && !prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) &&
	    !prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter))
		return;
	/* A kernel without filters may still have no io_uring. */
	if (errno != EINVAL || syscall(SYS_io_uring_setup, 0, NULL) != -1 ||
	    errno != ENOSYS)
		die("io_uring", "cannot be forbidden");
}

static const char *join_roles(bool client, bool server)
{
	if (client == server)
		return "both";
	return client ? "client" : "server";
}

int main(int argc, char **argv)
{
	const char *profile = NULL, *name = NULL, *ports = NULL;
	bool client = false, server = false;
	char why[PROGRAM_WHY_MAX];
	int opt, status;

	while ((opt = getopt_long(argc, argv, "+csP:n:p:h", options, NULL)) != -1) {
		switch (opt) {
		case 'c':
			client = true;
			break;
		case 's':
			server = true;
			break;
		case 'P':
			check_text("--profile", optarg, PROFILE_MAX);
			profile = optarg;
			break;
		case 'n':
			check_text("--name", optarg, NAME_MAX_TLS);
			name = optarg;
			break;
		case 'p':
			check_ports(optarg);
			ports = optarg;
			break;
		case 'h':
			fputs(usage, stdout);
			return 0;
		default:
			fputs(usage, stderr);
			return OWN_FAILURE;
		}
	}
	if (optind == argc) {
		fputs(usage, stderr);
		return OWN_FAILURE;
	}
	status = program_check(argv[optind], why);
	if (status) {
		fprintf(stderr, "tlsup-run: %s\n", why);
		return status;
	}
	set(RUN_ENV_ROLE, join_roles(client, server));
	set(RUN_ENV_PROFILE, profile);
	set(RUN_ENV_NAME, name);
	set(RUN_ENV_PORTS, ports);
	set_library();
	forbid_io_uring();
	execvp(argv[optind], argv + optind);
	status = errno == ENOENT ? 127 : 126;
	fprintf(stderr, "tlsup-run: %s: %s\n", argv[optind], strerror(errno));
	return status;
}
