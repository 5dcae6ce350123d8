// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) 2026 The tlsup authors
 *
 * A live table: what has changed from one second to the next.
 */
#include "ctl.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define CLEAR	"\033[H\033[2J"

/** struct sample - counters at one moment */
struct sample {
	json_int_t done;
	json_int_t resumed;
	json_int_t failed;
	json_int_t tx;
	json_int_t rx;
};

static json_int_t number(const json_t *object, const char *key)
{
	return json_integer_value(json_object_get(object, key));
}

static struct sample take(const json_t *reply)
{
	const json_t *handshakes = json_object_get(reply, "handshakes");
	const json_t *kernel = json_object_get(reply, "kernel");

	return (struct sample){
		.done = number(handshakes, "done"),
		.resumed = number(handshakes, "resumed"),
		.failed = show_sum(json_object_get(handshakes, "failed")),
		.tx = number(kernel, "tx_bytes"),
		.rx = number(kernel, "rx_bytes"),
	};
}

static void print_failures(const json_t *failed)
{
	const char *key;
	json_t *value;

	json_object_foreach((json_t *)(uintptr_t)failed, key, value)
		printf("  %-16s %" JSON_INTEGER_FORMAT "\n", key, json_integer_value(value));
}

static void print(const json_t *reply, const struct sample *now, const struct sample *before)
{
	const json_t *kernel = json_object_get(reply, "kernel");
	json_int_t done = now->done - before->done;
	json_int_t resumed = now->resumed - before->resumed;

	if (isatty(STDOUT_FILENO))
		fputs(CLEAR, stdout);
	printf("handshakes/s %" JSON_INTEGER_FORMAT "  resumed %" JSON_INTEGER_FORMAT
	       "%%  failed/s %" JSON_INTEGER_FORMAT "  pending %" JSON_INTEGER_FORMAT
	       "  connections %" JSON_INTEGER_FORMAT "\n",
	       done, done ? 100 * resumed / done : 0, now->failed - before->failed,
	       number(kernel, "handshakes_pending"), number(kernel, "connections"));
	printf("sent %.2f MB/s  received %.2f MB/s  bad records %" JSON_INTEGER_FORMAT "\n",
	       (double)(now->tx - before->tx) / 1e6, (double)(now->rx - before->rx) / 1e6,
	       number(kernel, "bad_records"));
	printf("failures so far:\n");
	print_failures(json_object_get(json_object_get(reply, "handshakes"), "failed"));
	fflush(stdout);
}

/**
 * ctl_top - show what goes on, until interrupted
 * @ctl: the command line
 *
 * Return: how it ended.
 */
enum ctl_exit ctl_top(const struct ctl *ctl)
{
	struct sample before = { 0 }, now;
	json_t *reply;

	for (unsigned int n = 0; !ctl->count || n <= ctl->count; n++) {
		enum ctl_exit result = ctl_ask(ctl, json_pack("{s:s}", "command", "status"),
					       &reply);

		if (result != CTL_GOOD) {
			json_decref(reply);
			return result;
		}
		now = take(reply);
		if (n && ctl->json)
			ctl_print_json(reply);
		else if (n)
			print(reply, &now, &before);
		before = now;
		json_decref(reply);
		if (!ctl->count || n < ctl->count)
			sleep(1);
	}
	return CTL_GOOD;
}
