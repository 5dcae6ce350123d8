// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) 2026 The tlsup authors
 */
#include "process.h"

#include <errno.h>
#include <limits.h>
#include <malloc.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "log.h"

#define KEEP_MAX	260
#define LOCK_ALL	(MCL_CURRENT | MCL_FUTURE | MCL_ONFAULT)
#define TRIM_THRESHOLD	(128 * 1024)		/* glibc's own */
#define MMAP_THRESHOLD	(1024 * 1024)		/* above any netlink message */

/**
 * struct memory - of this process
 * @lock: who gives back
 * @locked: no page of it goes into swap
 */
static struct memory {
	pthread_mutex_t lock;
	bool locked;
} memory = { .lock = PTHREAD_MUTEX_INITIALIZER };

/**
 * process_lock_memory - keep all memory of this process out of swap
 *
 * Engines, stacks and caches hold secrets, too, so locking is for all memory,
 * pages as they are first touched. A limit on locked memory that cannot be
 * lifted would make later allocations fail: then nothing is locked.
 *
 * A process that is forked from this one has to lock its own.
 *
 * Return: whether it is locked.
 */
bool process_lock_memory(void)
{
	const struct rlimit none = { RLIM_INFINITY, RLIM_INFINITY };

	memory.locked = !setrlimit(RLIMIT_MEMLOCK, &none) && !mlockall(LOCK_ALL);
	if (memory.locked) {
		mallopt(M_TRIM_THRESHOLD, INT_MAX);
		mallopt(M_MMAP_THRESHOLD, MMAP_THRESHOLD);
	}
	return memory.locked;
}

/* The end of a thread's heap goes when something large at it is freed. */
static void trim_heap(void)
{
	void *volatile large = malloc(TRIM_THRESHOLD - 4096);

	free(large);
	malloc_trim(0);
}

/**
 * process_give_back - give free memory of this thread back to the kernel
 *
 * Which takes nothing that is locked: all is unlocked for as long as that takes.
 * At other times free() does not try, because it would forget what it could not
 * give.
 */
void process_give_back(void)
{
	pthread_mutex_lock(&memory.lock);
	if (memory.locked) {
		munlockall();
		mallopt(M_TRIM_THRESHOLD, TRIM_THRESHOLD);
	}
	trim_heap();
	if (memory.locked) {
		mallopt(M_TRIM_THRESHOLD, INT_MAX);
		memory.locked = !mlockall(LOCK_ALL);
		if (!memory.locked)
			log_error("memory is not locked any more: %s", strerror(errno));
	}
	pthread_mutex_unlock(&memory.lock);
}

static int by_number(const void *a, const void *b)
{
	return *(const int *)a - *(const int *)b;
}

/* Close all but the standard ones and these. */
static void close_others(const int *keep, size_t count)
{
	int sorted[KEEP_MAX];
	unsigned int next = STDERR_FILENO + 1;

	memcpy(sorted, keep, count * sizeof(*keep));
	qsort(sorted, count, sizeof(*sorted), by_number);
	for (size_t i = 0; i < count; i++) {
		unsigned int fd = (unsigned int)sorted[i];

		if (sorted[i] < 0 || fd < next)
			continue;
		if (fd > next)
			close_range(next, fd - 1, 0);
		next = fd + 1;
	}
	close_range(next, ~0U, 0);
}

/* What is meant for the main process reaches the group, from a terminal. */
static void leave_signals(void)
{
	const int numbers[] = { SIGTERM, SIGINT, SIGHUP, SIGUSR1, SIGUSR2 };
	sigset_t none;

	for (size_t i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++)
		signal(numbers[i], SIG_IGN);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
}

/**
 * process_fork - start a process of the daemon
 * @name: as ps(1) shows it; 15 bytes at most
 * @keep: descriptors that it keeps, beside the standard ones
 * @count: how many, at most 256
 *
 * It ends when its parent ends, whatever the cause.
 *
 * Return: as fork(2).
 */
pid_t process_fork(const char *name, const int *keep, size_t count)
{
	pid_t parent = getpid();
	pid_t pid = fork();

	if (pid)
		return pid;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent)
		_exit(1);
	prctl(PR_SET_NAME, name);
	/* Its parent has said it if that cannot be done. */
	process_lock_memory();
	leave_signals();
	close_others(keep, count);
	return 0;
}

/**
 * process_wait - wait for the end of a process of the daemon
 * @pid: which
 *
 * Return: as waitpid(2) leaves it, or -1 if that has been asked before.
 */
int process_wait(pid_t pid)
{
	int status;
	pid_t got;

	do
		got = waitpid(pid, &status, 0);
	while (got < 0 && errno == EINTR);
	return got == pid ? status : -1;
}

/**
 * process_pass - have a message pass a descriptor on
 * @msg: to be sent
 * @control: storage for it
 * @fd: the descriptor; stays the caller's
 */
void process_pass(struct msghdr *msg, union process_passed *control, int fd)
{
	struct cmsghdr *header;

	memset(control, 0, sizeof(*control));
	msg->msg_control = control;
	msg->msg_controllen = sizeof(*control);
	header = CMSG_FIRSTHDR(msg);
	header->cmsg_level = SOL_SOCKET;
	header->cmsg_type = SCM_RIGHTS;
	header->cmsg_len = CMSG_LEN(sizeof(fd));
	memcpy(CMSG_DATA(header), &fd, sizeof(fd));
}

/**
 * process_may_pass - let a message bring a descriptor
 * @msg: to be received
 * @control: storage for it
 */
void process_may_pass(struct msghdr *msg, union process_passed *control)
{
	memset(control, 0, sizeof(*control));
	msg->msg_control = control;
	msg->msg_controllen = sizeof(*control);
}

/**
 * process_passed - the descriptor that a message has brought
 * @msg: received
 *
 * Return: the descriptor, which is the caller's, or -1.
 */
int process_passed(struct msghdr *msg)
{
	struct cmsghdr *header = CMSG_FIRSTHDR(msg);
	int fd = -1;

	if (header && header->cmsg_level == SOL_SOCKET &&
	    header->cmsg_type == SCM_RIGHTS &&
	    header->cmsg_len == CMSG_LEN(sizeof(fd)))
		memcpy(&fd, CMSG_DATA(header), sizeof(fd));
	return fd;
}
