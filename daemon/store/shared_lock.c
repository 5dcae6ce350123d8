// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) 2026 The tlsup authors
 */
#include "store/shared_lock.h"

#include <errno.h>

/**
 * shared_lock_init - make a lock
 * @lock: in memory that processes share
 *
 * Return: whether that succeeded.
 */
bool shared_lock_init(pthread_mutex_t *lock)
{
	pthread_mutexattr_t attr;
	bool good;

	if (pthread_mutexattr_init(&attr))
		return false;
	good = !pthread_mutexattr_setpshared(&attr, PTHREAD_PROCESS_SHARED) &&
	       !pthread_mutexattr_setrobust(&attr, PTHREAD_MUTEX_ROBUST) &&
	       !pthread_mutex_init(lock, &attr);
	pthread_mutexattr_destroy(&attr);
	return good;
}

/**
 * shared_lock - take it
 * @lock: the lock
 *
 * Return: false if the last who held it died: then what it guards may be half
 * changed. The lock is held all the same.
 */
bool shared_lock(pthread_mutex_t *lock)
{
	if (pthread_mutex_lock(lock) != EOWNERDEAD)
		return true;
	pthread_mutex_consistent(lock);
	return false;
}

/**
 * shared_unlock - give it back
 * @lock: held
 */
void shared_unlock(pthread_mutex_t *lock)
{
	pthread_mutex_unlock(lock);
}
