// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) 2026 The tlsup authors
 *
 * The pages that records to be sent are built in, used again. TCP takes them by
 * reference and lets go of them when they are acknowledged; to give them back to
 * the allocator, and have it clear new ones, costs about as much as to copy what
 * they hold.
 *
 * Each processor has a ring of those that have been filled, oldest first. One
 * that nobody else refers to any more is filled again; if the oldest is still
 * on its way, the next comes from the allocator. As with the page fragment of a
 * task what they held is not cleared: TCP is handed nothing but the bytes that
 * have been written since. A ring that has not been used for a while is freed.
 */
#include "tlsup.h"

#include <linux/mm.h>
#include <linux/percpu.h>
#include <linux/topology.h>

#include <net/sock.h>

#define FRAG_SIZE	(PAGE_SIZE << SKB_FRAG_PAGE_ORDER)
#define RING_SIZE	64	/* 2 MiB; a power of two */
#define RING_UNUSED	HZ

/**
 * struct ring - filled pages of one processor
 * @lock: see below
 * @pages: of FRAG_SIZE, each with a reference
 * @first: the oldest of them
 * @count: how many there are
 * @used: since the last look of trim()
 */
struct ring {
	spinlock_t lock; /* all of it */
	struct page *pages[RING_SIZE];
	unsigned int first;
	unsigned int count;
	bool used;
};

static DEFINE_PER_CPU(struct ring, rings);

static struct page *pop(struct ring *ring)
{
	struct page *page = ring->pages[ring->first];

	ring->first = (ring->first + 1) % RING_SIZE;
	ring->count--;
	return page;
}

static void drain(struct ring *ring)
{
	spin_lock(&ring->lock);
	while (ring->count)
		put_page(pop(ring));
	spin_unlock(&ring->lock);
}

static void trim(struct work_struct *work)
{
	bool again = false;
	struct ring *ring;
	int cpu;

	for_each_possible_cpu(cpu) {
		ring = per_cpu_ptr(&rings, cpu);
		if (!READ_ONCE(ring->used))
			drain(ring);
		else
			again = true;
		WRITE_ONCE(ring->used, false);
	}
	if (again)
		queue_delayed_work(tlsup_wq, to_delayed_work(work), RING_UNUSED);
}

static DECLARE_DELAYED_WORK(trim_work, trim);

/* The caller's reference goes with it. */
static void retire(struct page *page)
{
	struct ring *ring = raw_cpu_ptr(&rings);
	struct page *oldest = NULL;

	spin_lock(&ring->lock);
	if (ring->count == RING_SIZE)
		oldest = pop(ring);
	ring->pages[(ring->first + ring->count++) % RING_SIZE] = page;
	WRITE_ONCE(ring->used, true);
	spin_unlock(&ring->lock);
	if (oldest)
		put_page(oldest);
	if (!delayed_work_pending(&trim_work))
		queue_delayed_work(tlsup_wq, &trim_work, RING_UNUSED);
}

static struct page *take(void)
{
	struct ring *ring = raw_cpu_ptr(&rings);
	struct page *page = NULL;

	spin_lock(&ring->lock);
	if (ring->count && page_ref_count(ring->pages[ring->first]) == 1)
		page = pop(ring);
	spin_unlock(&ring->lock);
	return page;
}

/* Of full size, of this node, and not of what is kept for emergencies. */
static bool is_worth_keeping(const struct page_frag *frag)
{
	return frag->size == FRAG_SIZE && !page_is_pfmemalloc(frag->page) &&
	       page_to_nid(frag->page) == numa_mem_id();
}

/**
 * tlsup_frag_refill - see to room in a page fragment
 * @frag: of the task
 * @want: bytes, at most PAGE_SIZE
 * @gfp: for what comes from the allocator
 *
 * Process context. As skb_page_frag_refill().
 *
 * Return: whether there is room.
 */
bool tlsup_frag_refill(struct page_frag *frag, unsigned int want, gfp_t gfp)
{
	struct page *page;

	if (frag->page && (page_ref_count(frag->page) == 1 ||
			   frag->offset + want <= frag->size))
		return skb_page_frag_refill(want, frag, gfp);
	if (frag->page && is_worth_keeping(frag)) {
		retire(frag->page);
		frag->page = NULL;
	}
	page = take();
	if (!page)
		return skb_page_frag_refill(want, frag, gfp);
	if (frag->page)
		put_page(frag->page);
	frag->page = page;
	frag->offset = 0;
	frag->size = FRAG_SIZE;
	return true;
}

/**
 * tlsup_frag_init - the rings, empty
 */
void tlsup_frag_init(void)
{
	int cpu;

	for_each_possible_cpu(cpu)
		spin_lock_init(&per_cpu_ptr(&rings, cpu)->lock);
}

/**
 * tlsup_frag_exit - free them
 *
 * Nobody is left to use them.
 */
void tlsup_frag_exit(void)
{
	int cpu;

	cancel_delayed_work_sync(&trim_work);
	for_each_possible_cpu(cpu)
		drain(per_cpu_ptr(&rings, cpu));
}
