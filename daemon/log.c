// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) 2026 The tlsup authors
 */
#include "log.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define LINE_SIZE	1024

static enum log_level threshold = LOG_LEVEL_INFO;
static bool journal;

/**
 * log_init - set the level, and learn who reads
 * @level: lines of less weight are left out
 *
 * systemd sets JOURNAL_STREAM when stderr is the journal, which takes a
 * level in front of each line (sd-daemon(3)).
 */
void log_init(enum log_level level)
{
	threshold = level;
	journal = getenv("JOURNAL_STREAM");
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
	static const struct {
		const char *name;
		enum log_level level;
	} names[] = {
		{ "error", LOG_LEVEL_ERROR },
		{ "warning", LOG_LEVEL_WARNING },
		{ "info", LOG_LEVEL_INFO },
		{ "debug", LOG_LEVEL_DEBUG },
	};

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

	if (level > threshold)
		return;
	va_start(args, format);
	vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	make_printable(text);
	if (journal)
		n = snprintf(line, sizeof(line), "<%d>%s\n", (int)level, text);
	else
		n = snprintf(line, sizeof(line), "tlsupd: %s\n", text);
	/* One write: lines of several threads do not mix. */
	if (n > 0 && write(STDERR_FILENO, line, (size_t)n) < 0)
		return;
}
