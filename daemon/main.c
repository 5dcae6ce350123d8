// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) 2026 The tlsup authors
 *
 * tlsupd: the command line.
 */
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "config/list.h"
#include "crypto/cr_memory.h"
#include "log.h"
#include "process.h"
#include "sandbox.h"
#include "service/service.h"

#define CONFIG_DEFAULT	"/etc/tlsup/tlsupd.conf"

/** struct options - the command line */
struct options {
	struct service_options service;
	enum log_level level;
	bool check;
	bool trace;
};

static const char usage[] =
	"usage: tlsupd [-c FILE] [--check-config] [--control PATH] [--keylog]\n"
	"              [--log-level LEVEL] [--takeover] [--trace] [--version] [--help]\n"
	"  -c, --config FILE     configuration (" CONFIG_DEFAULT ")\n"
	"      --check-config    read the configuration, say what is wrong, and exit\n"
	"      --control PATH    socket for tlsupctl, in place of the configuration's\n"
	"      --keylog          write session secrets to the configuration's keylog\n"
	"      --log-level LEVEL error, warning, info (default) or debug\n"
	"      --takeover        take the place of the daemon that serves\n"
	"      --trace           log each handshake message\n"
	"      --list-policies, --list-ciphers, --list-groups, --list-schemes\n"
	"                        print what there is, with the policies that offer it\n";

static void (*const lists[])(void) = {
	list_policies, list_ciphers, list_groups, list_schemes,
};

/* Returns -1 to go on, else the exit status. */
static int parse_options(int argc, char **argv, struct options *options)
{
	enum { LIST = 256, CHECK = 512, CONTROL, KEYLOG, LEVEL, TAKEOVER, TRACE, SHOW_VERSION };
	static const struct option longs[] = {
		{ "config", required_argument, NULL, 'c' },
		{ "check-config", no_argument, NULL, CHECK },
		{ "control", required_argument, NULL, CONTROL },
		{ "keylog", no_argument, NULL, KEYLOG },
		{ "log-level", required_argument, NULL, LEVEL },
		{ "takeover", no_argument, NULL, TAKEOVER },
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
			options->service.config = optarg;
			break;
		case CHECK:
			options->check = true;
			break;
		case CONTROL:
			options->service.control = optarg;
			break;
		case TAKEOVER:
			options->service.takeover = true;
			break;
		case KEYLOG:
			options->service.keylog = true;
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
			puts("tlsupd " SERVICE_VERSION);
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

int main(int argc, char **argv)
{
	struct options options = {
		.service.config = CONFIG_DEFAULT,
		.level = LOG_LEVEL_INFO,
	};
	sigset_t signals;
	int status = parse_options(argc, argv, &options);

	if (status >= 0)
		return status;
	log_init(options.level);
	log_set(options.level, options.trace);
	sandbox_protect_memory();
	if (!options.check && !process_lock_memory())
		log_info("memory is not locked: the limit on it (RLIMIT_MEMLOCK) is too low");
	cr_wipe_numbers();
	umask(077);
	sigemptyset(&signals);
	sigaddset(&signals, SIGTERM);
	sigaddset(&signals, SIGINT);
	sigaddset(&signals, SIGHUP);
	sigprocmask(SIG_BLOCK, &signals, NULL);
	signal(SIGPIPE, SIG_IGN);
	return options.check ? service_check(options.service.config) :
			       service_run(&options.service);
}
