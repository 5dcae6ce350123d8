// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) 2026 The tlsup authors
 *
 * The same but for what takes off MAC and padding, which is the leaky twin.
 */
#include "quiet.h"
#include "compat.h"
#include "record.h"
#include "leaky.h"

#define tlsup_record_remove	leaky_remove
#define tlsup_cbc_create	leaky_cbc_create
#define tlsup_cbc_destroy	leaky_cbc_destroy
#define tlsup_cbc_trailer	leaky_cbc_trailer
#define tlsup_cbc_seal		leaky_cbc_seal
#define tlsup_cbc_check		leaky_cbc_check
#define tlsup_cbc_open		leaky_cbc_open
#include "cbc.c"
#include "measure.h"

int timing_run_leaky(const struct timing_job *job)
{
	return run(job);
}
