// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) 2026 The tlsup authors
 *
 * For measuring only. The parameter "fake" registers a cipher that copies
 * (copy.c); writing an algorithm's name to "limit" measures it alone and reading
 * tells how fast it was (limit.c); /proc/tlsup-bench makes many socket calls in
 * one system call (stream.c).
 */
#include <linux/module.h>
#include <linux/proc_fs.h>
#include <linux/sysfs.h>

#include "bench.h"

static bool fake;
module_param(fake, bool, 0444);
MODULE_PARM_DESC(fake, "register the cipher that copies");

static char result[96] = "nothing measured";

static int set_limit(const char *value, const struct kernel_param *kp)
{
	return bench_limit_measure(value, result, sizeof(result));
}

static int get_limit(char *buffer, const struct kernel_param *kp)
{
	return sysfs_emit(buffer, "%s\n", result);
}

static const struct kernel_param_ops limit_ops = {
	.set = set_limit,
	.get = get_limit,
};
module_param_cb(limit, &limit_ops, NULL, 0600);
MODULE_PARM_DESC(limit, "write an algorithm, read MB/s: both ways, sealing, opening");

static int __init bench_init(void)
{
	int err = fake ? bench_copy_register() : 0;

	if (!err && !bench_stream_create()) {
		if (fake)
			bench_copy_unregister();
		err = -ENOMEM;
	}
	return err;
}

static void __exit bench_exit(void)
{
	if (fake)
		bench_copy_unregister();
	remove_proc_entry("tlsup-bench", NULL);
}

module_init(bench_init);
module_exit(bench_exit);

MODULE_DESCRIPTION("What the benchmarks need of the kernel");
MODULE_LICENSE("GPL");
