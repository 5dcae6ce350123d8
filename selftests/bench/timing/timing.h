/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Copyright (C) 2026 The tlsup authors
 *
 * What times the removal of MAC and padding, compiled twice: around the module's
 * own code and around its leaky twin.
 */
#ifndef TLSUP_TIMING_H
#define TLSUP_TIMING_H

#include <linux/types.h>

/**
 * enum timing_case - in what two classes of records differ
 * @TIMING_PADDING: good against one wrong byte of the padding
 * @TIMING_MAC: good against one wrong byte of the MAC
 * @TIMING_LENGTHS: the shortest padding against the longest, both good
 * @TIMING_MIXED: the shortest padding, good, against any, good or bad
 */
enum timing_case {
	TIMING_PADDING,
	TIMING_MAC,
	TIMING_LENGTHS,
	TIMING_MIXED,
};

/**
 * struct timing_job - what is to be measured
 * @hash: "sha1", "sha256" or "sha384"
 * @what: in what the classes differ
 * @count: how many samples
 * @samples: out: cycles, doubled, and the class in the lowest bit
 */
struct timing_job {
	const char *hash;
	enum timing_case what;
	u32 count;
	u32 *samples;
};

int timing_run_constant(const struct timing_job *job);
int timing_run_leaky(const struct timing_job *job);

#endif /* TLSUP_TIMING_H */
