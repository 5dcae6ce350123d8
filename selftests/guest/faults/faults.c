// SPDX-License-Identifier: GPL-2.0-only
/*
 * A module that does one thing wrong when it is loaded: the tests of
 * scripts/guest load it to see that the debug kernel notices.
 *
 * Copyright (C) 2026 The tlsup authors
 */
#include <linux/delay.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/slab.h>
#include <linux/spinlock.h>
#include <linux/string.h>

static char *what = "";
module_param(what, charp, 0);

static DEFINE_MUTEX(one);
static DEFINE_MUTEX(two);
static DEFINE_SPINLOCK(lock);

static void leak(void)
{
	int i;

	/* Several, for one may still stand in some register or stack. */
	for (i = 0; i < 16; i++)
		strscpy(kmalloc(128, GFP_KERNEL), "nobody points here", 128);
}

static void use_after_free(void)
{
	char *memory = kmalloc(64, GFP_KERNEL);

	OPTIMIZER_HIDE_VAR(memory);
	kfree(memory);
	WRITE_ONCE(*memory, 1);
}

static void overflow(void)
{
	char *memory = kmalloc(64, GFP_KERNEL);

	OPTIMIZER_HIDE_VAR(memory);
	WRITE_ONCE(memory[64], 1);
	kfree(memory);
}

static void lock_order(void)
{
	mutex_lock(&one);
	mutex_lock(&two);
	mutex_unlock(&two);
	mutex_unlock(&one);
	mutex_lock(&two);
	mutex_lock(&one);
	mutex_unlock(&one);
	mutex_unlock(&two);
}

static void sleep_in_atomic(void)
{
	spin_lock(&lock);
	msleep(1);
	spin_unlock(&lock);
}

static const struct {
	const char *name;
	void (*func)(void);
} table[] = {
	{ "leak", leak },
	{ "use_after_free", use_after_free },
	{ "overflow", overflow },
	{ "lock_order", lock_order },
	{ "sleep_in_atomic", sleep_in_atomic },
};

static int __init faults_init(void)
{
	int i;

	for (i = 0; i < ARRAY_SIZE(table); i++) {
		if (strcmp(table[i].name, what))
			continue;
		table[i].func();
		return 0;
	}
	return what[0] ? -EINVAL : 0;
}

static void __exit faults_exit(void)
{
}

module_init(faults_init);
module_exit(faults_exit);
MODULE_DESCRIPTION("Does one thing wrong, to see that it is noticed");
MODULE_LICENSE("GPL");
