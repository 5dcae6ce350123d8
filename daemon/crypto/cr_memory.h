/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Copyright (C) 2026 The tlsup authors
 *
 * The memory of long numbers.
 */
#ifndef TLSUP_CR_MEMORY_H
#define TLSUP_CR_MEMORY_H

void cr_wipe_numbers(void);

#endif /* TLSUP_CR_MEMORY_H */
