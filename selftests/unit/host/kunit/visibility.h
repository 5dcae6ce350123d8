/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Copyright (C) 2026 The tlsup authors
 *
 * On the host all symbols can be seen.
 */
#define EXPORT_SYMBOL_IF_KUNIT(symbol)	_Static_assert(1, #symbol)
