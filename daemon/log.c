// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) 2026 The tlsup authors
 */
#include "log.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define LINE_SIZE	1024

/* Shared by all processes of the daemon: one word changes it for all. */
static struct shared {
	_Atomic int threshold;
	_Atomic bool trace;
} first = { LOG_LEVEL_INFO, false }, *shared = &first;
static bool journal;
static char *captured;
static size_t captured_size;

static const struct {
	const char *name;
	enum log_level level;
} names[] = {
	{ "error", LOG_LEVEL_ERROR },
	{ "warning", LOG_LEVEL_WARNING },
	{ "info", LOG_LEVEL_INFO },
	{ "debug", LOG_LEVEL_DEBUG },
};

/**
 * log_init - set the level, and learn who reads
 * @level: lines of less weight are left out
 *
 * systemd sets JOURNAL_STREAM when stderr is the journal, which takes a
 * level in front of each line (sd-daemon(3)).
 */
void log_init(enum log_level level)
{
	void *page = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE,
			  MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	if (page != MAP_FAILED)
		shared = page;
	shared->threshold = (int)level;
	journal = getenv("JOURNAL_STREAM");
}

/**
 * log_set - change level and tracing, in all processes
 * @level: lines of less weight are left out
 * @trace: whether each handshake message is logged, from new handshakes on
 */
void log_set(enum log_level level, bool trace)
{
	shared->threshold = (int)level;
	shared->trace = trace;
}

/**
 * log_capture - keep what this process logs, for whoever asked for it
 * @text: where, as well as in the log; NULL: no more
 * @size: of @text; what does not fit is left out
 */
void log_capture(char *text, size_t size)
{
	captured = text;
	captured_size = size;
}

/**
 * log_traces - is each handshake message to be logged?
 *
 * Return: whether it is.
 */
bool log_traces(void)
{
	return shared->trace;
}

/**
 * log_level_name - the level in force
 *
 * Return: its name.
 */
const char *log_level_name(void)
{
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if ((int)names[i].level == shared->threshold)
			return names[i].name;
	return "";
}

/**
 * log_parse_level - a level by its name
 * @name: error, warning, info or debug
 * @level: set on success
 *
 * Return: whether there is such a level.
 */
bool log_parse_level(const char *name, enum log_level *level)
{
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (!strcmp(names[i].name, name)) {
			*level = names[i].level;
			return true;
		}
	return false;
}

/* What came from a peer or a program may hold anything: one line it stays. */
static void make_printable(char *line)
{
	for (; *line; line++)
		if ((unsigned char)*line < ' ' || *line == 0x7f)
			*line = '?';
}

static void capture(const char *text)
{
	size_t len = strlen(captured);

	if (len + strlen(text) + 2 <= captured_size)
		snprintf(captured + len, captured_size - len, "%s\n", text);
}

/**
 * log_line - write one line, whole
 * @level: its weight
 * @format: as printf(3); never with a secret
 */
void log_line(enum log_level level, const char *format, ...)
{
	char text[LINE_SIZE], line[LINE_SIZE + 32];
	va_list args;
	int n;

	if ((int)level > shared->threshold)
		return;
	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	make_printable(text);
	if (captured)
		capture(text);
	if (journal)
		n = snprintf(line, sizeof(line), "<%d>%s\n", (int)level, text);
	else
		n = snprintf(line, sizeof(line), "tlsupd: %s\n", text);
	/* One write: lines of several threads do not mix. */
	if (n > 0 && write(STDERR_FILENO, line, (size_t)n) < 0)
		return;
}
