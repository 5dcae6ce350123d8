/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Copyright (C) 2026 The tlsup authors
 *
 * For measuring only: the parts of the module tlsup-bench.
 */
#ifndef TLSUP_BENCH_H
#define TLSUP_BENCH_H

#include <linux/types.h>

struct proc_dir_entry;

int bench_copy_register(void);
void bench_copy_unregister(void);

int bench_limit_measure(const char *what, char *result, size_t size);

struct proc_dir_entry *bench_stream_create(void);

#endif /* TLSUP_BENCH_H */
