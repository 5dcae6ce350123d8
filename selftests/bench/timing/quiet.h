/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Copyright (C) 2026 The tlsup authors
 *
 * In front of the module's own files: what the module exports for its tests is
 * not exported once more.
 */
#include <kunit/visibility.h>

#undef EXPORT_SYMBOL_IF_KUNIT
#define EXPORT_SYMBOL_IF_KUNIT(symbol)	static_assert(1, #symbol)
