/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Copyright (C) 2026 The tlsup authors
 *
 * A lock in memory that processes share, one of which may die while it holds it.
 */
#ifndef TLSUP_SHARED_LOCK_H
#define TLSUP_SHARED_LOCK_H

#include <pthread.h>
#include <stdbool.h>

bool shared_lock_init(pthread_mutex_t *lock);
bool shared_lock(pthread_mutex_t *lock);
void shared_unlock(pthread_mutex_t *lock);

#endif /* TLSUP_SHARED_LOCK_H */
