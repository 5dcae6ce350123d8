/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Copyright (C) 2026 The tlsup authors
 *
 * Behind the module's cbc.c, whose static functions are wanted: the time from
 * the ciphertext to the verdict, in the steps of open_mac_then_encrypt(). That
 * there is a verdict, and which, is no secret, so nothing branches on it here.
 */
#include <linux/sched.h>
#include <linux/vmalloc.h>

#include "timing.h"

#define LEN		320	/* of the plaintext: content, MAC, padding */
#define POOL		512	/* records of both classes, in no order */

/**
 * struct sample_record - a record of either class, at any place of the pool
 * @second: its class
 * @bytes: the ciphertext
 */
struct sample_record {
	bool second;
	u8 bytes[LEN];
};

/**
 * struct pools - what is measured, and with what
 * @tx: makes records
 * @rx: opens them
 * @iv: of all records: one after the other is as good as random
 * @records: those that are chosen from
 * @work: where the one that is measured lies
 * @out: where its content goes
 */
struct pools {
	struct tlsup_keys tx;
	struct tlsup_keys rx;
	u8 iv[TLSUP_BLOCK_SIZE];
	struct sample_record records[POOL];
	u8 work[LEN];
	u8 out[LEN];
};

static const u8 header[] = { TLSUP_APPLICATION_DATA, 3, 3, 0, 0 };

/* Padding and what is wrong, for a record of a class. */
static void choose(enum timing_case what, bool second, size_t *padding,
		   size_t *wrong, size_t mac)
{
	*padding = get_random_u32_below(TLSUP_PADDING_MAX - 1) + 1;
	*wrong = LEN;
	switch (what) {
	case TIMING_PADDING:
		if (second)
			*wrong = LEN - 2 - get_random_u32_below(*padding);
		break;
	case TIMING_MAC:
		if (second)
			*wrong = LEN - *padding - 2 - get_random_u32_below(mac);
		break;
	case TIMING_LENGTHS:
		*padding = second ? LEN - mac - 1 : 0;
		break;
	case TIMING_MIXED:
		if (second && *padding % 2)
			*wrong = LEN - 1 - get_random_u32_below(*padding + mac);
		if (!second)
			*padding = 0;
		break;
	}
	*padding = min_t(size_t, *padding, min_t(size_t, LEN - mac - 1, 255));
}

static int make_record(struct pools *p, enum timing_case what,
		       struct sample_record *record)
{
	bool second = record->second;
	u8 *to = record->bytes;
	size_t mac = p->tx.cipher->tag_size, padding, wrong, content;
	struct tlsup_cbc *cbc = p->tx.cbc;
	u8 covered[TLSUP_MAC_HEADER_SIZE];
	struct scatterlist sg;
	int err;

	choose(what, second, &padding, &wrong, mac);
	content = LEN - mac - padding - 1;
	get_random_bytes(to, content);
	tlsup_record_mac_header(covered, 0, header, content);
	sg_init_one(&sg, to, LEN);
	err = make_mac(cbc, covered, NULL, &sg, content, to + content);
	memset(to + content + mac, padding, padding + 1);
	if (wrong < LEN)
		to[wrong] ^= 1 << get_random_u32_below(8);
	memcpy(cbc->chain, p->iv, sizeof(p->iv));
	return err ?: run_cipher(cbc, &sg, &sg, LEN, true);
}

/* When all that stands before it has been done. */
static u64 cycles_now(void)
{
	asm volatile("mfence\n\tlfence" : : : "memory");
	return __builtin_ia32_rdtsc();
}

static int one_sample(struct pools *p, const u8 *record, u32 *cycles)
{
	struct scatterlist src, dst;
	struct opening_cbc o = {
		.keys = &p->rx, .header = header, .iv = p->iv,
		.src = &src, .dst = &dst, .len = LEN,
	};
	struct tlsup_cbc *cbc = p->rx.cbc;
	struct tlsup_removal removal = {
		.shape = &cbc->kind->shape, .len = LEN, .tail = cbc->tail,
		.ops = &mac_ops, .ctx = &o,
	};
	size_t content;
	int error;
	u32 good;
	u64 begin;

	tlsup_record_mac_header(removal.header, 0, header, 0);
	memcpy(p->work, record, LEN);
	sg_init_one(&src, p->work, LEN);
	sg_init_one(&dst, p->out, LEN);
	begin = cycles_now();
	error = decrypt(&o, tlsup_record_tail(removal.shape, LEN));
	if (!error)
		error = crypto_shash_import(cbc->desc, cbc->inner);
	if (!error)
		error = tlsup_record_remove(&removal, &good, &content);
	*cycles = cycles_now() - begin;
	return error;
}

static int renew(struct pools *p, enum timing_case what, u32 at)
{
	struct sample_record *record = &p->records[at % POOL];

	record->second = get_random_u32() & 1;
	return make_record(p, what, record);
}

static int sample_all(struct pools *p, const struct timing_job *job)
{
	u32 i, at, cycles = 0;
	int err = 0;

	for (i = 0; i < POOL && !err; i++)
		err = renew(p, job->what, i);
	/* Each record once: samples of the same one would not be independent. */
	for (i = 0; i < job->count && !err; i++) {
		at = get_random_u32() % POOL;
		err = one_sample(p, p->records[at].bytes, &cycles);
		job->samples[i] = cycles << 1 | p->records[at].second;
		if (!err)
			err = renew(p, job->what, at);
		cond_resched();
	}
	return err;
}

static int run(const struct timing_job *job)
{
	const struct tlsup_hash_kind *kind = find_kind(job->hash);
	const struct tlsup_cipher_desc cipher = {
		.name = "cbc(aes)", .key_size = 16, .hash = job->hash,
		.tag_size = kind ? kind->shape.digest : 0,
	};
	u8 key[TLSUP_KEY_MAX], secret[TLSUP_MAC_MAX];
	const struct tlsup_key_parts parts = { .key = key, .mac_secret = secret };
	struct pools *p;
	int err;

	if (!kind)
		return -EINVAL;
	p = kzalloc(sizeof(*p), GFP_KERNEL);
	if (!p)
		return -ENOMEM;
	get_random_bytes(key, sizeof(key));
	get_random_bytes(secret, sizeof(secret));
	get_random_bytes(p->iv, sizeof(p->iv));
	p->tx.cipher = &cipher;
	p->rx.cipher = &cipher;
	p->tx.cbc = tlsup_cbc_create(&cipher, &parts);
	p->rx.cbc = tlsup_cbc_create(&cipher, &parts);
	err = IS_ERR(p->tx.cbc) ? PTR_ERR(p->tx.cbc) :
				  PTR_ERR_OR_ZERO(p->rx.cbc);
	if (!err)
		err = sample_all(p, job);
	if (!IS_ERR(p->tx.cbc))
		tlsup_cbc_destroy(p->tx.cbc);
	if (!IS_ERR(p->rx.cbc))
		tlsup_cbc_destroy(p->rx.cbc);
	kfree(p);
	return err;
}
