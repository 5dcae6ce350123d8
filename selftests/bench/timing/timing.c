// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) 2026 The tlsup authors
 *
 * For measuring only: "HASH CASE COUNT LEAKY" written to /proc/tlsup-timing
 * measures, and reading it gives the samples, numbers of 32 bits.
 */
#include <linux/module.h>
#include <linux/proc_fs.h>
#include <linux/uaccess.h>
#include <linux/vmalloc.h>

#include "timing.h"

#define COUNT_MAX	4000000

static u32 *samples;
static u32 count;

static ssize_t measure(struct file *file, const char __user *from, size_t len,
		       loff_t *pos)
{
	char text[64] = "", hash[16];
	struct timing_job job = { .hash = hash };
	unsigned int what, leaky;
	int err;

	if (len >= sizeof(text) || copy_from_user(text, from, len))
		return -EINVAL;
	if (sscanf(text, "%15s %u %u %u", hash, &what, &count, &leaky) != 4 ||
	    what > TIMING_MIXED || count > COUNT_MAX)
		return -EINVAL;
	vfree(samples);
	samples = vzalloc(array_size(count, sizeof(*samples)));
	if (!samples)
		return -ENOMEM;
	job.what = what;
	job.count = count;
	job.samples = samples;
	err = leaky ? timing_run_leaky(&job) : timing_run_constant(&job);
	return err ?: len;
}

static ssize_t give(struct file *file, char __user *to, size_t len, loff_t *pos)
{
	return samples ? simple_read_from_buffer(to, len, pos, samples,
						 count * sizeof(*samples)) : 0;
}

static const struct proc_ops ops = {
	.proc_write = measure,
	.proc_read = give,
	.proc_lseek = default_llseek,
};

static int __init timing_init(void)
{
	return proc_create("tlsup-timing", 0600, NULL, &ops) ? 0 : -ENOMEM;
}

static void __exit timing_exit(void)
{
	remove_proc_entry("tlsup-timing", NULL);
	vfree(samples);
}

module_init(timing_init);
module_exit(timing_exit);

MODULE_DESCRIPTION("How long the removal of MAC and padding takes");
MODULE_LICENSE("GPL");
