// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) 2026 The tlsup authors
 *
 * tlsupd: options, signals, and the order of things at start and end.
 */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <linux/capability.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <systemd/sd-daemon.h>

#include "config.h"
#include "list.h"
#include "log.h"
#include "worker.h"

#define CONFIG_DEFAULT	"/etc/tlsup/tlsupd.conf"
#define VERSION		"0.1"

/** struct options - the command line */
struct options {
	const char *config;
	enum log_level level;
	bool check;
	bool keylog;
	bool trace;
};

static const char usage[] =
	"usage: tlsupd [-c FILE] [--check-config] [--keylog] [--log-level LEVEL]\n"
	"              [--trace] [--version] [--help]\n"
	"  -c, --config FILE     configuration (" CONFIG_DEFAULT ")\n"
	"      --check-config    read the configuration, say what is wrong, and exit\n"
	"      --keylog          write session secrets to the configuration's keylog\n"
	"      --log-level LEVEL error, warning, info (default) or debug\n"
	"      --trace           log each handshake message\n"
	"      --list-policies, --list-ciphers, --list-groups, --list-schemes\n"
	"                        print what there is, with the policies that offer it\n";

static void (*const lists[])(void) = {
	list_policies, list_ciphers, list_groups, list_schemes,
};

/* Returns -1 to go on, else the exit status. */
static int parse_options(int argc, char **argv, struct options *options)
{
	enum { LIST = 256, CHECK = 512, KEYLOG, LEVEL, TRACE, SHOW_VERSION };
	static const struct option longs[] = {
		{ "config", required_argument, NULL, 'c' },
		{ "check-config", no_argument, NULL, CHECK },
		{ "keylog", no_argument, NULL, KEYLOG },
		{ "log-level", required_argument, NULL, LEVEL },
		{ "trace", no_argument, NULL, TRACE },
		{ "list-policies", no_argument, NULL, LIST },
		{ "list-ciphers", no_argument, NULL, LIST + 1 },
		{ "list-groups", no_argument, NULL, LIST + 2 },
		{ "list-schemes", no_argument, NULL, LIST + 3 },
		{ "version", no_argument, NULL, SHOW_VERSION },
		{ "help", no_argument, NULL, 'h' },
		{ 0 },
	};
	int c;

	while ((c = getopt_long(argc, argv, "c:h", longs, NULL)) >= 0) {
		switch (c) {
		case 'c':
			options->config = optarg;
			break;
		case CHECK:
			options->check = true;
			break;
		case KEYLOG:
			options->keylog = true;
			break;
		case LEVEL:
			if (log_parse_level(optarg, &options->level))
				break;
			fprintf(stderr, "tlsupd: no log level \"%s\"\n%s", optarg, usage);
			return EXIT_FAILURE;
		case TRACE:
			options->trace = true;
			break;
		case LIST ... LIST + 3:
			lists[c - LIST]();
			return EXIT_SUCCESS;
		case SHOW_VERSION:
			puts("tlsupd " VERSION);
			return EXIT_SUCCESS;
		case 'h':
			fputs(usage, stdout);
			return EXIT_SUCCESS;
		default:
			fputs(usage, stderr);
			return EXIT_FAILURE;
		}
	}
	if (optind < argc) {
		fputs(usage, stderr);
		return EXIT_FAILURE;
	}
	return -1;
}

/* What holds secrets leaves no core behind, and no debugger may look in. */
static void protect_memory(void)
{
	const struct rlimit none = { 0, 0 };

	setrlimit(RLIMIT_CORE, &none);
	prctl(PR_SET_DUMPABLE, 0);
	prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
}

/* Registration was the last act that needed any right. */
static int drop_capabilities(void)
{
	struct __user_cap_header_struct header = {
		.version = _LINUX_CAPABILITY_VERSION_3,
	};
	struct __user_cap_data_struct none[_LINUX_CAPABILITY_U32S_3] = { 0 };

	return syscall(SYS_capset, &header, none) ? -errno : 0;
}

/* Both the configuration and the command line must ask for it. */
static int open_keylog(const struct config *config, bool wanted)
{
	int fd;

	if (!wanted || !config->keylog) {
		if (wanted)
			log_warning("--keylog: the configuration names no keylog");
		return -1;
	}
	fd = open(config->keylog, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC |
		  O_NOFOLLOW, 0600);
	if (fd < 0)
		log_error("%s: %s", config->keylog, strerror(errno));
	else
		log_warning("session secrets are written to %s: whoever reads it can read all traffic",
			    config->keylog);
	return fd;
}

static void tell_registration(int err)
{
	if (err == ENOENT)
		log_error("the kernel module tlsup is not loaded");
	else if (err == EPERM)
		log_error("only an administrator (CAP_NET_ADMIN) can serve this network namespace");
	else
		log_error("registration failed: %s", strerror(err));
}

static unsigned int create_workers(struct worker **workers, unsigned int count,
				   const struct worker_options *options)
{
	unsigned int n;

	for (n = 0; n < count; n++) {
		workers[n] = worker_create(options);
		if (!workers[n]) {
			tell_registration(errno);
			break;
		}
	}
	return n;
}

static int run_workers(struct worker **workers, unsigned int count)
{
	for (unsigned int i = 0; i < count; i++) {
		int err = worker_run(workers[i]);

		if (err) {
			log_error("a worker could not be started: %s", strerror(-err));
			return err;
		}
	}
	return 0;
}

static void wait_for_signal(const sigset_t *signals)
{
	int number;

	if (!sigwait(signals, &number))
		log_info("ends: %s", strsignal(number));
}

static int serve(const struct config *config, const struct options *options,
		 const sigset_t *signals)
{
	const struct worker_options shared = {
		.config = config,
		.trace = options->trace,
		.keylog = open_keylog(config, options->keylog),
	};
	struct worker **workers = calloc(config->workers, sizeof(*workers));
	unsigned int n = 0;
	int err = -ENOMEM;

	if (workers)
		n = create_workers(workers, config->workers, &shared);
	if (n == config->workers && !(err = drop_capabilities()))
		err = run_workers(workers, n);
	if (n == config->workers && !err) {
		log_info("ready");
		sd_notify(0, "READY=1");
		wait_for_signal(signals);
		sd_notify(0, "STOPPING=1");
	}
	for (unsigned int i = 0; i < n; i++) {
		worker_stop(workers[i]);
		worker_destroy(workers[i]);
	}
	free(workers);
	if (shared.keylog >= 0)
		close(shared.keylog);
	return err ? EXIT_FAILURE : EXIT_SUCCESS;
}

int main(int argc, char **argv)
{
	struct options options = {
		.config = CONFIG_DEFAULT,
		.level = LOG_LEVEL_INFO,
	};
	struct config *config;
	sigset_t signals;
	int status = parse_options(argc, argv, &options);

	if (status >= 0)
		return status;
	log_init(options.level);
	protect_memory();
	umask(077);
	/* Blocked before any thread is made, so that all inherit it. */
	sigemptyset(&signals);
	sigaddset(&signals, SIGTERM);
	sigaddset(&signals, SIGINT);
	sigprocmask(SIG_BLOCK, &signals, NULL);
	signal(SIGPIPE, SIG_IGN);

	config = config_load(options.config);
	if (!config)
		return EXIT_FAILURE;
	status = options.check ? EXIT_SUCCESS : serve(config, &options, &signals);
	config_free(config);
	return status;
}
