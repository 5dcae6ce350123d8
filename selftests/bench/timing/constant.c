// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) 2026 The tlsup authors
 *
 * The module's own code, measured.
 */
#include "quiet.h"
#include "record.c"
#include "cbc.c"
#include "measure.h"

int timing_run_constant(const struct timing_job *job)
{
	return run(job);
}
