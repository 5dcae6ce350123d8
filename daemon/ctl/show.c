// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) 2026 The tlsup authors
 *
 * Answers as tables for people.
 */
#include "ctl.h"

#include <libgen.h>
#include <stdio.h>
#include <string.h>

static const char *text(const json_t *object, const char *key)
{
	const char *value = json_string_value(json_object_get(object, key));

	return value ? value : "";
}

static json_int_t number(const json_t *object, const char *key)
{
	return json_integer_value(json_object_get(object, key));
}

static void line(const char *name, const char *format, json_int_t value)
{
	printf("%-20s ", name);
	printf(format, value);
	putchar('\n');
}

/**
 * show_sum - all numbers of an object
 * @object: of numbers
 *
 * Return: their sum.
 */
json_int_t show_sum(const json_t *object)
{
	json_int_t sum = 0;
	const char *key;
	json_t *value;

	json_object_foreach((json_t *)(uintptr_t)object, key, value)
		sum += json_integer_value(value);
	return sum;
}

static void show_counts(const char *title, const json_t *object)
{
	const char *key;
	json_t *value;

	json_object_foreach((json_t *)(uintptr_t)object, key, value)
		if (json_integer_value(value))
			printf("  %-18s %" JSON_INTEGER_FORMAT " %s\n", key,
			       json_integer_value(value), title);
}

/**
 * show_status - show the answer to "status"
 * @reply: the answer
 */
void show_status(const json_t *reply)
{
	const json_t *handshakes = json_object_get(reply, "handshakes");
	const json_t *kernel = json_object_get(reply, "kernel");
	const char *key;
	json_t *value;

	printf("tlsupd %s, pid %" JSON_INTEGER_FORMAT ", up %" JSON_INTEGER_FORMAT " s, %s\n",
	       text(reply, "version"), number(reply, "pid"), number(reply, "uptime"),
	       text(reply, "config"));
	line("workers", "%" JSON_INTEGER_FORMAT, number(reply, "workers"));
	line("reloads", "%" JSON_INTEGER_FORMAT, number(reply, "reloads"));
	line("reloads failed", "%" JSON_INTEGER_FORMAT, number(reply, "reloads_failed"));
	printf("%-20s %s\n", "log level", text(reply, "log_level"));
	line("handshakes", "%" JSON_INTEGER_FORMAT, number(handshakes, "done"));
	line("resumed", "%" JSON_INTEGER_FORMAT, number(handshakes, "resumed"));
	line("failed", "%" JSON_INTEGER_FORMAT,
	     show_sum(json_object_get(handshakes, "failed")));
	show_counts("failed", json_object_get(handshakes, "failed"));
	puts("kernel:");
	json_object_foreach((json_t *)(uintptr_t)kernel, key, value)
		printf("  %-18s %" JSON_INTEGER_FORMAT "\n", key,
		       json_integer_value(value));
}

/**
 * show_connections - show the answer to "connections"
 * @reply: the answer
 */
void show_connections(const json_t *reply)
{
	const json_t *conn;
	size_t i;

	printf("%-8s %-6s %-9s %7s %6s %-15s %-12s %-24s %-8s %-30s %3s %9s %12s %12s\n",
	       "ID", "ROLE", "PHASE", "PID", "UID", "PROGRAM", "PROFILE", "PEER", "VERSION",
	       "SUITE", "RES", "AGE", "SENT", "RECEIVED");
	json_array_foreach(json_object_get(reply, "connections"), i, conn) {
		char exe[256];

		snprintf(exe, sizeof(exe), "%s", text(conn, "exe"));
		printf("%-8" JSON_INTEGER_FORMAT " %-6s %-9s %7" JSON_INTEGER_FORMAT
		       " %6" JSON_INTEGER_FORMAT " %-15.15s %-12s %-24s %-8s %-30s %3s %8.1fs %12"
		       JSON_INTEGER_FORMAT " %12" JSON_INTEGER_FORMAT "\n",
		       number(conn, "id"), text(conn, "role"), text(conn, "phase"),
		       number(conn, "pid"), number(conn, "uid"), basename(exe),
		       text(conn, "profile"), text(conn, "peer"), text(conn, "version"),
		       text(conn, "suite"),
		       json_is_true(json_object_get(conn, "resumed")) ? "yes" : "no",
		       (double)number(conn, "age") / 1000, number(conn, "tx_bytes"),
		       number(conn, "rx_bytes"));
	}
}

static void show_limits(const json_t *profile)
{
	static const char *const keys[] = { "allow_users", "allow_groups",
					    "allow_cgroups", "allow_executables" };

	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
		const json_t *list = json_object_get(profile, keys[i]);

		if (!json_array_size(list))
			continue;
		printf("  %s ", keys[i]);
		json_dumpf(list, stdout, 0);
		putchar('\n');
	}
}

/**
 * show_profiles - show the answer to "profiles"
 * @reply: the answer
 */
void show_profiles(const json_t *reply)
{
	const json_t *profile, *cert;
	size_t i, j;

	json_array_foreach(json_object_get(reply, "profiles"), i, profile) {
		printf("%s: policy %s, trust %s\n", text(profile, "name"),
		       text(profile, "policy"), text(profile, "trust"));
		json_array_foreach(json_object_get(profile, "certificates"), j, cert) {
			json_int_t days = number(cert, "days_left");

			printf("  %s: %s, ", text(cert, "file"), text(cert, "subject"));
			printf(days < 0 ? "EXPIRED\n" :
					  "%" JSON_INTEGER_FORMAT " days left\n", days);
		}
		show_limits(profile);
	}
}

/**
 * show_sessions - show the answer to "sessions"
 * @reply: the answer
 */
void show_sessions(const json_t *reply)
{
	const char *key;
	json_t *value;

	json_object_foreach((json_t *)(uintptr_t)reply, key, value) {
		if (json_is_object(value)) {
			printf("%s:\n", key);
			show_counts("", value);
		} else {
			line(key, "%" JSON_INTEGER_FORMAT, json_integer_value(value));
		}
	}
}
