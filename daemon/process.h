/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Copyright (C) 2026 The tlsup authors
 *
 * The processes that the daemon consists of, their memory, and descriptors
 * between them.
 */
#ifndef TLSUP_PROCESS_H
#define TLSUP_PROCESS_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/socket.h>
#include <sys/types.h>

/** union process_passed - room for one descriptor that is passed on */
union process_passed {
	struct cmsghdr align;
	char bytes[CMSG_SPACE(sizeof(int))];
};

pid_t process_fork(const char *name, const int *keep, size_t count);
int process_wait(pid_t pid);
bool process_lock_memory(void);
void process_give_back(void);
void process_pass(struct msghdr *msg, union process_passed *control, int fd);
void process_may_pass(struct msghdr *msg, union process_passed *control);
int process_passed(struct msghdr *msg);

#endif /* TLSUP_PROCESS_H */
