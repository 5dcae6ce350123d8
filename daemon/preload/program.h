/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Copyright (C) 2026 The tlsup authors
 *
 * Whether a program will load a library that it was not linked with.
 */
#ifndef PROGRAM_H
#define PROGRAM_H

#include <stddef.h>

#define PROGRAM_WHY_MAX	512

/**
 * program_check - whether LD_PRELOAD reaches a program
 * @name: as for execvp(3)
 * @why: PROGRAM_WHY_MAX bytes: if not, the reason, one sentence
 *
 * The dynamic loader ignores LD_PRELOAD, or says a word and goes on, where it
 * does not apply; such a program would send plaintext.
 *
 * Return: 0; 127 if there is no such program, 126 if it does not apply.
 */
int program_check(const char *name, char *why);

#endif /* PROGRAM_H */
