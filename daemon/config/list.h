/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Copyright (C) 2026 The tlsup authors
 *
 * What a policy means, printed.
 */
#ifndef TLSUP_LIST_H
#define TLSUP_LIST_H

void list_policies(void);
void list_ciphers(void);
void list_groups(void);
void list_schemes(void);

#endif /* TLSUP_LIST_H */
