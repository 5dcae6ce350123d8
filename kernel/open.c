// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) 2026 The tlsup authors
 *
 * One record opened: from where it lies in TCP's queue, whose pages are never
 * written to (they may be the page cache's), into pages of our own or, for a
 * reader who waits for it, into its own memory.
 *
 * In TLS 1.3 only the opened record tells what it is. Into a reader's memory
 * it goes in the hope that it is application data without padding; if not, it
 * is wiped there and opened again elsewhere. A peer whose records keep
 * missing is not trusted so any more.
 */
#include "tlsup.h"

#include <linux/mm.h>
#include <linux/slab.h>
#include <linux/uio.h>

#define SRC_SG		18
#define DST_SG		8

/* Below it, pinning pages costs more than copying. */
#define DIRECT_MIN	4096
#define DIRECT_MISSES	4

/**
 * struct opening - a record on its way
 * @src: additional data, ciphertext and tag
 * @dst: additional data, content, and where the inner type goes
 * @len: bytes of ciphertext and tag
 * @room: bytes of content that there can be
 * @content: bytes of content, if there is no padding of TLS 1.3
 * @inner_type: as decrypted
 */
struct opening {
	struct scatterlist src[SRC_SG];
	struct scatterlist dst[DST_SG];
	unsigned int len;
	unsigned int room;
	unsigned int content;
	u8 *inner_type;
};

static void free_rec(struct tlsup_rec *rec)
{
	put_page(rec->page);
	kfree(rec);
}

/* Also a wish: pages that somebody else still has cannot be used again. */
static struct tlsup_rec *take_spare(struct tlsup_rx *rx, unsigned int order)
{
	struct tlsup_rec *rec = rx->spare;

	rx->spare = NULL;
	if (rec && rec->order == order && page_count(rec->page) == 1)
		return rec;
	if (rec)
		free_rec(rec);
	return NULL;
}

static struct tlsup_rec *new_rec(struct tlsup_rx *rx, unsigned int len)
{
	unsigned int order = get_order(max(len, 1U));
	struct tlsup_rec *rec = take_spare(rx, order);

	if (rec)
		return rec;
	rec = kmalloc(sizeof(*rec), GFP_KERNEL);
	if (!rec)
		return NULL;
	rec->page = alloc_pages(GFP_KERNEL | __GFP_COMP | __GFP_NOWARN, order);
	if (!rec->page) {
		kfree(rec);
		return NULL;
	}
	rec->order = order;
	return rec;
}

static void add_rec(struct tlsup_rx *rx, struct tlsup_rec *rec, u8 type,
		    unsigned int len)
{
	rec->off = 0;
	rec->len = len;
	rec->type = type;
	list_add_tail(&rec->node, &rx->recs);
	rx->queued += len;
}

/**
 * tlsup_rec_free - an opened record has been used, or is not wanted
 * @conn: socket lock held
 * @rec: in rx->recs
 *
 * The last one's pages are kept until tlsup_rec_free_spare().
 */
void tlsup_rec_free(struct tlsup_conn *conn, struct tlsup_rec *rec)
{
	struct tlsup_rx *rx = &conn->rx;

	list_del(&rec->node);
	rx->queued -= rec->len;
	if (rx->spare)
		free_rec(rx->spare);
	rx->spare = rec;
}

/**
 * tlsup_rec_free_spare - the end of a pass: nothing is kept
 * @conn: socket lock held
 */
void tlsup_rec_free_spare(struct tlsup_conn *conn)
{
	if (conn->rx.spare)
		free_rec(conn->rx.spare);
	conn->rx.spare = NULL;
}

static int open_plain(struct tlsup_conn *conn)
{
	struct tlsup_rx *rx = &conn->rx;
	struct tlsup_rec *rec = new_rec(rx, rx->need);
	int err;

	if (!rec)
		return -ENOMEM;
	err = tlsup_queue_copy(conn, page_address(rec->page), 0, rx->need);
	if (err) {
		free_rec(rec);
		return err;
	}
	add_rec(rx, rec, rx->type, rx->need);
	return 0;
}

/* Sizes first: what cannot be right is not decrypted. */
static enum tlsup_fault check_sizes(const struct tlsup_rx *rx,
				    struct opening *o)
{
	const struct tlsup_keys *keys = rx->keys;
	unsigned int overhead = tlsup_keys_overhead(keys);

	if (rx->need < (keys->cbc ? keys->explicit_size : overhead))
		return TLSUP_FAULT_SHORT;
	o->len = rx->need - keys->explicit_size;
	if (keys->cbc)
		return tlsup_cbc_check(keys, o->len, rx->max, &o->room);
	o->room = rx->need - overhead;
	return o->room > rx->max ? TLSUP_FAULT_OVERFLOW : TLSUP_OK;
}

static int map_src(struct tlsup_conn *conn, struct opening *o)
{
	struct tlsup_rx *rx = &conn->rx;
	unsigned int size = rx->keys->explicit_size;
	int err = 0;

	o->src[0].page_link = 0;
	err = tlsup_queue_map(conn, size, o->src + 1, SRC_SG - 1);
	if (!err && size)
		err = tlsup_queue_copy(conn, rx->explicit_nonce, 0, size);
	return err;
}

static void set_dst(struct opening *o, unsigned int n, struct page *page,
		    unsigned int len, unsigned int off)
{
	o->dst[n].page_link = 0;
	sg_set_page(&o->dst[n], page, len, off);
}

/* The content's place is in o->dst[1] to [@n]. */
static void end_dst(const struct tlsup_rx *rx, struct opening *o,
		    unsigned int n)
{
	if (rx->keys->type_size)
		set_dst(o, ++n, virt_to_page(o->inner_type), 1,
			offset_in_page(o->inner_type));
	sg_mark_end(&o->dst[n]);
}

static enum tlsup_fault decrypt(struct tlsup_rx *rx, struct opening *o,
				int *error)
{
	o->content = o->room;
	if (rx->keys->cbc)
		return tlsup_cbc_open(rx->keys, rx->header, o->src + 1,
				      o->dst + 1, o->len, rx->explicit_nonce,
				      &o->content, error);
	return tlsup_keys_open(rx->keys, rx->header, o->src, o->dst, o->len,
			       rx->explicit_nonce, error);
}

/* What is the record, and how much of it is content? */
static enum tlsup_fault find_content(const struct tlsup_rx *rx,
				     const struct opening *o, const u8 *data,
				     u8 *type, size_t *len)
{
	*len = o->content;
	*type = rx->type;
	/* Under "tlsup-raw" the header may say anything, 0 as well. */
	if (!rx->keys->type_size)
		return TLSUP_OK;
	*type = *o->inner_type;
	return *type ? TLSUP_OK : tlsup_record_inner(data, o->content, type, len);
}

static enum tlsup_fault open_into_rec(struct tlsup_conn *conn,
				      struct opening *o, int *error)
{
	struct tlsup_rx *rx = &conn->rx;
	struct tlsup_rec *rec = new_rec(rx, o->room);
	enum tlsup_fault fault;
	size_t len;
	u8 type;

	if (!rec) {
		*error = -ENOMEM;
		return TLSUP_OK;
	}
	o->dst[0].page_link = 0;
	set_dst(o, 1, rec->page, o->room, 0);
	end_dst(rx, o, o->room ? 1 : 0);
	fault = decrypt(rx, o, error);
	if (!fault && !*error)
		fault = find_content(rx, o, page_address(rec->page), &type, &len);
	if (fault || *error) {
		free_rec(rec);
		return fault;
	}
	add_rec(rx, rec, type, len);
	return TLSUP_OK;
}

static bool wants_direct(const struct tlsup_rx *rx, const struct opening *o,
			 const struct tlsup_direct *direct)
{
	return direct && o->room >= DIRECT_MIN &&
	       o->room <= iov_iter_count(direct->iter) &&
	       user_backed_iter(direct->iter) && list_empty(&rx->recs) &&
	       !rx->message_have &&
	       (!rx->keys->type_size || rx->misses < DIRECT_MISSES) &&
	       (rx->keys->type_size || rx->type == TLSUP_APPLICATION_DATA);
}

/**
 * tlsup_direct_unpin - let go of a reader's memory
 * @direct: its memory
 */
void tlsup_direct_unpin(struct tlsup_direct *direct)
{
	unsigned int used = min_t(unsigned int, direct->count,
				  DIV_ROUND_UP(direct->off, PAGE_SIZE));

	if (!direct->count)
		return;
	unpin_user_pages_dirty_lock(direct->pages, used, true);
	unpin_user_pages(direct->pages + used, direct->count - used);
	direct->count = 0;
	direct->room = 0;
}

/**
 * tlsup_direct_advance - something has been put into a reader's memory
 * @direct: its memory; the iterator has moved on
 * @len: by how much
 */
void tlsup_direct_advance(struct tlsup_direct *direct, size_t len)
{
	if (len > direct->room) {
		tlsup_direct_unpin(direct);
		return;
	}
	direct->off += len;
	direct->room -= len;
}

/*
 * The reader's memory for all of the content, or none of it. To pin is dear: it
 * is done for all that has come.
 */
static bool pin(struct tlsup_conn *conn, struct tlsup_direct *direct,
		unsigned int room)
{
	size_t want = min_t(size_t, iov_iter_count(direct->iter),
			    tlsup_queue_available(conn));
	struct page **pages = direct->pages;
	ssize_t got;

	if (direct->room >= room)
		return true;
	tlsup_direct_unpin(direct);
	got = tlsup_pin_pages(direct->iter, pages, max_t(size_t, want, room),
			      ARRAY_SIZE(direct->pages), &direct->off);
	if (got <= 0)
		return false;
	iov_iter_revert(direct->iter, got);
	direct->count = DIV_ROUND_UP(direct->off + got, PAGE_SIZE);
	direct->room = got;
	if (got >= room)
		return true;
	tlsup_direct_unpin(direct);
	return false;
}

/* Returns how many entries the content takes, 0 if there are too many. */
static unsigned int map_direct(struct opening *o,
			       const struct tlsup_direct *direct)
{
	unsigned int i = direct->off / PAGE_SIZE, n = 0, left, part;
	unsigned int off = direct->off % PAGE_SIZE;

	if (off + o->room > (DST_SG - 2) * PAGE_SIZE)
		return 0;
	o->dst[0].page_link = 0;
	for (left = o->room; left; left -= part, off = 0) {
		part = min_t(unsigned int, left, PAGE_SIZE - off);
		set_dst(o, ++n, direct->pages[i++], part, off);
	}
	return n;
}

static void wipe(struct opening *o, unsigned int count)
{
	unsigned int i;

	for (i = 1; i <= count; i++)
		memzero_page(sg_page(&o->dst[i]), o->dst[i].offset,
			     o->dst[i].length);
}

/* Returns true if the record is done with; *@fault and *@error say how. */
static bool open_direct(struct tlsup_conn *conn, struct opening *o,
			struct tlsup_direct *direct, enum tlsup_fault *fault,
			int *error)
{
	struct tlsup_rx *rx = &conn->rx;
	unsigned int count;
	u8 type;

	if (!pin(conn, direct, o->room))
		return false;
	count = map_direct(o, direct);
	if (!count)
		return false;
	end_dst(rx, o, count);
	*fault = decrypt(rx, o, error);
	type = rx->keys->type_size ? *o->inner_type : rx->type;
	if (!*fault && !*error && type == TLSUP_APPLICATION_DATA) {
		iov_iter_advance(direct->iter, o->content);
		tlsup_direct_advance(direct, o->content);
		direct->len = o->content;
		tlsup_stat_inc(conn->tn, rx_direct);
		return true;
	}
	wipe(o, count);
	tlsup_direct_advance(direct, o->room);
	tlsup_direct_unpin(direct);
	if (*fault || *error)
		return true;
	/* The same record again, elsewhere. */
	tlsup_stat_inc(conn->tn, rx_direct_missed);
	rx->misses++;
	rx->keys->seq--;
	rx->keys->used--;
	return false;
}

static enum tlsup_fault open_protected(struct tlsup_conn *conn,
				       struct tlsup_direct *direct, int *error)
{
	enum tlsup_fault fault;
	struct opening o tlsup_uninitialized;

	fault = check_sizes(&conn->rx, &o);
	if (fault)
		return fault;
	o.inner_type = &conn->rx.inner_type;
	*error = map_src(conn, &o);
	if (*error)
		return TLSUP_OK;
	if (wants_direct(&conn->rx, &o, direct) &&
	    open_direct(conn, &o, direct, &fault, error))
		return fault;
	return open_into_rec(conn, &o, error);
}

/* Early data that the agent has rejected may be dropped (RFC 9846, 4.2.10). */
static bool skip(struct tlsup_rx *rx)
{
	unsigned int bytes = TLSUP_HEADER_SIZE + rx->need;

	if (rx->skip < bytes)
		return false;
	rx->skip -= bytes;
	return true;
}

/* The mode begins with a whole ClientHello, of which a server learns the version. */
static bool may_be_compatibility(const struct tlsup_conn *conn)
{
	u16 version = conn->rx.version;

	return conn->phase != TLSUP_PHASE_WAITING &&
	       conn->phase != TLSUP_PHASE_OPEN &&
	       version != TLSUP_VERSION_1_2 &&
	       (version || conn->role == TLSUP_CLIENT);
}

/*
 * TLS 1.2: the keys that wait come into force. One without such keys is an
 * attack (CVE-2014-0224), unless the version is not known yet.
 *
 * TLS 1.3: the middlebox compatibility mode's (RFC 9846, 5): one byte 01,
 * between the first ClientHello and the peer's Finished, few.
 */
static enum tlsup_fault change_cipher_spec(struct tlsup_conn *conn)
{
	struct tlsup_rx *rx = &conn->rx;
	u8 byte = 0;

	if (rx->need != 1 || tlsup_queue_copy(conn, &byte, 0, 1) || byte != 1)
		return TLSUP_FAULT_CCS;
	if (rx->pending) {
		rx->keys = rx->pending;
		rx->pending = NULL;
		return TLSUP_OK;
	}
	if (!may_be_compatibility(conn) || ++rx->ccs > TLSUP_CCS_MAX)
		return TLSUP_FAULT_CCS;
	return TLSUP_OK;
}

/*
 * Until the first record of the handshake epoch has been opened, a peer that
 * could not derive keys has only a plaintext alert to say so.
 */
static bool is_plaintext_alert(const struct tlsup_rx *rx)
{
	return rx->type == TLSUP_ALERT && rx->need == 2 &&
	       rx->keys->epoch == TLSUP_EPOCH_HANDSHAKE && !rx->keys->seq;
}

/* What early data looks like under other keys, and with another tag. */
static bool may_be_early(enum tlsup_fault fault)
{
	return fault == TLSUP_FAULT_MAC || fault == TLSUP_FAULT_SHORT ||
	       fault == TLSUP_FAULT_OVERFLOW;
}

static enum tlsup_fault open_keyed(struct tlsup_conn *conn,
				   struct tlsup_direct *direct, int *error)
{
	struct tlsup_rx *rx = &conn->rx;
	enum tlsup_fault fault;

	if (rx->keys->type_size && rx->type != TLSUP_APPLICATION_DATA)
		return TLSUP_FAULT_UNPROTECTED;
	fault = open_protected(conn, direct, error);
	if (may_be_early(fault) && !rx->keys->seq && skip(rx))
		return TLSUP_OK;
	if (!fault && !*error)
		rx->skip = 0;
	return fault;
}

/* The rules of the true content type, of the record that came last. */
static enum tlsup_fault check_opened(struct tlsup_rx *rx, bool keyed)
{
	struct tlsup_rec *rec;

	if (list_empty(&rx->recs))
		return TLSUP_OK;
	rec = list_last_entry(&rx->recs, struct tlsup_rec, node);
	if (keyed && rec->type == TLSUP_CHANGE_CIPHER_SPEC)
		return TLSUP_FAULT_CCS;
	return tlsup_record_check_content(rec->type, rec->len);
}

/**
 * tlsup_open_record - open the record whose body is there whole
 * @conn: socket lock held; under "tlsup", or with keys
 * @direct: the memory of a reader, or NULL
 * @error: 0, or the -errno of a machine's failure: the record is still there
 *
 * On TLSUP_OK the record is used: it stands in rx->recs, or in the reader's
 * memory, or was none that anybody wants to see.
 *
 * Return: TLSUP_OK (look at @error) or what is wrong with it.
 */
enum tlsup_fault tlsup_open_record(struct tlsup_conn *conn,
				   struct tlsup_direct *direct, int *error)
{
	struct tlsup_rx *rx = &conn->rx;
	bool keyed = rx->keys;
	enum tlsup_fault fault = TLSUP_OK;

	*error = 0;
	if (conn->raw) {
		fault = open_protected(conn, direct, error);
	} else if (rx->type == TLSUP_CHANGE_CIPHER_SPEC &&
		   !(keyed && rx->keys->version == TLSUP_VERSION_1_2)) {
		fault = change_cipher_spec(conn);
	} else if (!keyed && rx->type == TLSUP_APPLICATION_DATA) {
		fault = skip(rx) ? TLSUP_OK : TLSUP_FAULT_PROTECTED;
	} else if (!keyed || is_plaintext_alert(rx)) {
		if (rx->type == TLSUP_HANDSHAKE_RECORD)
			rx->skip = 0;
		*error = open_plain(conn);
	} else {
		fault = open_keyed(conn, direct, error);
	}
	if (fault || *error)
		return fault;
	tlsup_queue_done(conn);
	return conn->raw ? TLSUP_OK : check_opened(rx, keyed);
}
