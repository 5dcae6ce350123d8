// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) 2026 The tlsup authors
 *
 * Looks for secrets in the kernel's memory: what is in use, and what has been
 * freed and not been written to since. A module of its own, for the kernels
 * that tests run in.
 *
 * Written to /sys/kernel/debug/tlsup-search are the secrets, each behind a byte
 * that tells its length and with all its bytes complemented, so that neither
 * the caller's nor this module's copy is found. To be read there then: a line
 * for each place with the number of the secret, what kind of memory it is in,
 * and the task whose it is.
 *
 * Pages of processes and of files are passed over, and the kernel's image, and
 * the largest blocks of free pages: most of them have never been used, and
 * nothing that was freed a moment ago has grown to such a block.
 */
#include <linux/debugfs.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/sched/signal.h>
#include <linux/sched/task_stack.h>
#include <linux/slab.h>
#include <linux/uaccess.h>

#define NEEDLES_MAX	64
#define NEEDLE_MIN	8
#define NEEDLE_MAX	64
#define RESULT_SIZE	PAGE_SIZE

/**
 * struct needle - a secret, complemented
 * @data: its bytes
 * @len: how many
 */
struct needle {
	const u8 *data;
	unsigned int len;
};

/**
 * struct search - one at a time
 * @needles: what is looked for
 * @count: how many
 * @begins: by the first byte: whether any needle begins so
 * @result: what has been found, as text
 * @result_len: bytes of it
 */
struct search {
	struct needle needles[NEEDLES_MAX];
	unsigned int count;
	bool begins[256];
	char *result;
	size_t result_len;
};

static DEFINE_MUTEX(lock);
static struct search search;
static struct dentry *dir;

static int parse(const u8 *data, size_t len)
{
	struct needle *needle;

	search.count = 0;
	memset(search.begins, 0, sizeof(search.begins));
	while (len) {
		if (search.count == NEEDLES_MAX || data[0] < NEEDLE_MIN ||
		    data[0] > NEEDLE_MAX || data[0] > len - 1)
			return -EINVAL;
		needle = &search.needles[search.count++];
		needle->len = data[0];
		needle->data = data + 1;
		search.begins[(u8)~data[1]] = true;
		len -= 1 + needle->len;
		data += 1 + needle->len;
	}
	return 0;
}

static bool is_within(const u8 *at, const void *begin, size_t size)
{
	return at >= (const u8 *)begin && at < (const u8 *)begin + size;
}

/*
 * UML alone: the registers of a process are in pages of the kernel's, with what
 * memcpy() has moved through them last. Below each stack it keeps those that were
 * there when a page was missing; and when its host tells it of that by a signal,
 * they are in the frame, known by FP_XSTATE_MAGIC1 in its struct _xstate.
 */
static const char faulted[] = "faulted";

static __no_sanitize_address bool is_frame_of_uml(const u8 *at)
{
	const u8 *block = PTR_ALIGN_DOWN(at, THREAD_SIZE);
	const u8 *end = min(at + 320, block + THREAD_SIZE - sizeof(u32));
	const u8 *mark = PTR_ALIGN(max(at - 2560, block), 64) + 16;

	if (!IS_ENABLED(CONFIG_UML) || PageSlab(virt_to_page(at)))
		return false;
	for (; mark < end; mark += 64)
		if (*(const u32 *)mark == 0x46505853)
			return true;
	return false;
}

/* A task's registers, or its stack: the task's name goes behind it. */
static const char *task_of(const u8 *at, char *comm)
{
	struct task_struct *process, *task;
	const char *kind = NULL;

	rcu_read_lock();
	for_each_process_thread(process, task) {
		if (is_within(at, task, sizeof(*task)))
			kind = "registers";
		else if (IS_ENABLED(CONFIG_UML) &&
			 is_within(at, task->stack, sizeof(struct thread_info)))
			kind = faulted;
		else if (is_within(at, task->stack, THREAD_SIZE))
			kind = "stack";
		else
			continue;
		strscpy(comm, task->comm, TASK_COMM_LEN);
		break;
	}
	rcu_read_unlock();
	return kind;
}

static const char *kind_of(const struct page *page)
{
	if (PageBuddy(page))
		return "free";
	if (PageSlab(page))
		return "slab";
	return page_count((struct page *)page) ? "page" : "freed";
}

static void report(const u8 *at, unsigned int needle)
{
	char comm[TASK_COMM_LEN] = "-";
	const char *kind = task_of(at, comm) ?: kind_of(virt_to_page(at));

	if (kind == faulted || is_frame_of_uml(at))
		return;
	search.result_len += scnprintf(search.result + search.result_len,
				       RESULT_SIZE - search.result_len,
				       "%u %s %s\n", needle, kind, comm);
	pr_info_ratelimited("tlsup-search: number %u is in: %s %s\n", needle, kind, comm);
	mem_dump_obj((void *)at);
}

/* Not checked by KASAN: what has been freed is looked at on purpose. */
static noinline __no_sanitize_address bool is_at(const u8 *at, const u8 *end,
						 const struct needle *needle)
{
	unsigned int i;

	if (needle->len > end - at)
		return false;
	for (i = 0; i < needle->len; i++)
		if (at[i] != (u8)~needle->data[i])
			return false;
	return true;
}

static noinline __no_sanitize_address void look(const u8 *at, const u8 *end)
{
	unsigned int i;

	for (; at < end; at++) {
		if (!search.begins[*at])
			continue;
		for (i = 0; i < search.count; i++)
			if (is_at(at, end, &search.needles[i]))
				report(at, i);
	}
}

static bool is_of_kernel(struct page *page)
{
	const struct folio *folio = page_folio(page);

	return PageSlab(page) || (!folio->mapping && !PageReserved(page));
}

/* One block or page; the number of pages that have been dealt with. */
static unsigned long look_at(struct page *page)
{
	unsigned long pages = 1;

	if (PageBuddy(page)) {
		pages = 1UL << page_private(page);
		if (page_private(page) >= MAX_PAGE_ORDER)
			return pages;
	} else if (!is_of_kernel(page)) {
		return 1;
	}
	look(page_address(page), page_address(page) + pages * PAGE_SIZE);
	return pages;
}

static void run(void)
{
	const struct pglist_data *node = NODE_DATA(0);
	unsigned long end = node->node_start_pfn + node->node_spanned_pages;
	unsigned long pfn = node->node_start_pfn;

	search.result_len = 0;
	while (pfn < end) {
		pfn += pfn_valid(pfn) ? look_at(pfn_to_page(pfn)) : 1;
		cond_resched();
	}
}

static ssize_t search_write(struct file *file, const char __user *from,
			    size_t len, loff_t *pos)
{
	u8 *data;
	int err;

	if (len > NEEDLES_MAX * (1 + NEEDLE_MAX))
		return -EINVAL;
	data = memdup_user(from, len);
	if (IS_ERR(data))
		return PTR_ERR(data);
	mutex_lock(&lock);
	err = parse(data, len);
	if (!err)
		run();
	mutex_unlock(&lock);
	kfree(data);
	return err ?: len;
}

static ssize_t search_read(struct file *file, char __user *to, size_t len,
			   loff_t *pos)
{
	return simple_read_from_buffer(to, len, pos, search.result,
				       search.result_len);
}

static const struct file_operations search_ops = {
	.owner	= THIS_MODULE,
	.write	= search_write,
	.read	= search_read,
};

static int __init search_init(void)
{
	search.result = kmalloc(RESULT_SIZE, GFP_KERNEL);
	if (!search.result)
		return -ENOMEM;
	dir = debugfs_create_file("tlsup-search", 0600, NULL, NULL, &search_ops);
	return 0;
}

static void __exit search_exit(void)
{
	debugfs_remove(dir);
	kfree(search.result);
}

module_init(search_init);
module_exit(search_exit);

MODULE_DESCRIPTION("Looks for secrets in the kernel's memory, for tests");
MODULE_LICENSE("GPL");
