// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) 2026 The tlsup authors
 *
 * Preloaded into a UML kernel, which in 6.12 keeps 2696 bytes of a process's
 * extended processor state: all there is up to AVX-512. A host whose processor
 * has more (AMX) refuses to be given less than all, and the guest's first
 * process dies. What is missing is zeros: the initial state, of components that
 * no process in a guest has been allowed to use.
 */
#include <elf.h>
#include <stdarg.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <unistd.h>

/* The host takes as much of it as it has. */
#define STATE_MAX	65536

static long set_state(pid_t pid, const struct iovec *given)
{
	static unsigned char state[STATE_MAX];
	struct iovec all = { state, sizeof(state) };

	if (given->iov_len > sizeof(state))
		return syscall(SYS_ptrace, PTRACE_SETREGSET, pid,
			       NT_X86_XSTATE, given);
	memcpy(state, given->iov_base, given->iov_len);
	return syscall(SYS_ptrace, PTRACE_SETREGSET, pid, NT_X86_XSTATE, &all);
}

/* In place of the C library's; UML has one thread that calls it. */
long ptrace(enum __ptrace_request request, ...)
{
	long result, word;
	void *addr, *data;
	va_list args;
	pid_t pid;

	va_start(args, request);
	pid = va_arg(args, pid_t);
	addr = va_arg(args, void *);
	data = va_arg(args, void *);
	va_end(args);
	if (request == PTRACE_SETREGSET && addr == (void *)NT_X86_XSTATE)
		return set_state(pid, data);
	if (request > PTRACE_PEEKUSER || request < PTRACE_PEEKTEXT)
		return syscall(SYS_ptrace, request, pid, addr, data);
	/* The system call hands the word out, the library returns it. */
	result = syscall(SYS_ptrace, request, pid, addr, &word);
	return result < 0 ? result : word;
}
