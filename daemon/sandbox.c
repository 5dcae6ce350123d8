// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) 2026 The tlsup authors
 *
 * System calls that are not named fail with EPERM: a library that tries a file
 * on its way goes on without it. Those that only an attacker would want end the
 * process.
 */
#include "sandbox.h"

#include <errno.h>
#include <grp.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <unistd.h>

#include <linux/capability.h>
#include <seccomp.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>

#define COUNT(a)	(sizeof(a) / sizeof((a)[0]))

const struct sandbox_user sandbox_same_user = { (uid_t)-1, (gid_t)-1 };

/* Memory, time, and sockets that are open already. */
static const int common_calls[] = {
	SCMP_SYS(brk), SCMP_SYS(munmap), SCMP_SYS(mremap), SCMP_SYS(madvise),
	SCMP_SYS(mlock), SCMP_SYS(mlock2), SCMP_SYS(munlock), SCMP_SYS(mlockall),
	SCMP_SYS(munlockall),
	SCMP_SYS(futex), SCMP_SYS(rseq), SCMP_SYS(set_robust_list),
	SCMP_SYS(set_tid_address), SCMP_SYS(gettid), SCMP_SYS(getpid),
	SCMP_SYS(sched_yield), SCMP_SYS(sched_getaffinity), SCMP_SYS(exit),
	SCMP_SYS(exit_group), SCMP_SYS(rt_sigaction), SCMP_SYS(rt_sigprocmask),
	SCMP_SYS(rt_sigreturn), SCMP_SYS(sigaltstack), SCMP_SYS(restart_syscall),
	SCMP_SYS(clock_gettime), SCMP_SYS(clock_nanosleep), SCMP_SYS(nanosleep),
	SCMP_SYS(gettimeofday), SCMP_SYS(time), SCMP_SYS(getrandom),
	SCMP_SYS(getrusage), SCMP_SYS(read), SCMP_SYS(write), SCMP_SYS(writev),
	SCMP_SYS(close), SCMP_SYS(poll), SCMP_SYS(ppoll), SCMP_SYS(sendmsg),
	SCMP_SYS(sendto), SCMP_SYS(recvmsg), SCMP_SYS(recvfrom),
	SCMP_SYS(getsockopt), SCMP_SYS(setsockopt), SCMP_SYS(getsockname),
	SCMP_SYS(shutdown), SCMP_SYS(fcntl), SCMP_SYS(fstat),
	SCMP_SYS(lseek), SCMP_SYS(ftruncate), SCMP_SYS(memfd_create),
	SCMP_SYS(epoll_create1), SCMP_SYS(epoll_ctl), SCMP_SYS(epoll_wait),
	SCMP_SYS(epoll_pwait), SCMP_SYS(eventfd2), SCMP_SYS(timerfd_create),
	SCMP_SYS(timerfd_settime),
};

static const int store_calls[] = {
	SCMP_SYS(connect), SCMP_SYS(getpeername), SCMP_SYS(ioctl),
};

/* What the module of a token may want: files, and a socket to its service. */
static const int token_calls[] = {
	SCMP_SYS(open), SCMP_SYS(openat), SCMP_SYS(stat), SCMP_SYS(lstat),
	SCMP_SYS(newfstatat), SCMP_SYS(statx), SCMP_SYS(access), SCMP_SYS(faccessat),
	SCMP_SYS(faccessat2), SCMP_SYS(readlink), SCMP_SYS(readlinkat),
	SCMP_SYS(getdents64), SCMP_SYS(getcwd), SCMP_SYS(pread64), SCMP_SYS(pwrite64),
	SCMP_SYS(flock), SCMP_SYS(fsync), SCMP_SYS(fdatasync), SCMP_SYS(rename),
	SCMP_SYS(unlink), SCMP_SYS(mkdir), SCMP_SYS(umask), SCMP_SYS(ioctl),
	SCMP_SYS(uname), SCMP_SYS(getuid), SCMP_SYS(geteuid), SCMP_SYS(getgid),
	SCMP_SYS(getegid), SCMP_SYS(getppid), SCMP_SYS(connect),
};

/* Nobody here has a use for these. */
static const int deadly_calls[] = {
	SCMP_SYS(execve), SCMP_SYS(execveat), SCMP_SYS(ptrace),
	SCMP_SYS(process_vm_readv), SCMP_SYS(process_vm_writev), SCMP_SYS(bpf),
	SCMP_SYS(init_module), SCMP_SYS(finit_module), SCMP_SYS(mount),
	SCMP_SYS(setns), SCMP_SYS(unshare), SCMP_SYS(keyctl), SCMP_SYS(userfaultfd),
	SCMP_SYS(perf_event_open),
};

static int add(scmp_filter_ctx filter, uint32_t action, const int *calls, size_t count)
{
	int err = 0;

	for (size_t i = 0; !err && i < count; i++)
		err = seccomp_rule_add(filter, action, calls[i], 0);
	return err;
}

static int add_sockets(scmp_filter_ctx filter, const int *families, size_t count)
{
	int err = 0;

	for (size_t i = 0; !err && i < count; i++)
		err = seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(socket), 1,
				       SCMP_A0(SCMP_CMP_EQ, (scmp_datum_t)families[i]));
	return err;
}

/*
 * Threads, but no processes; signals to itself only; a name, but no other
 * setting of prctl(2). What clone3() is to do cannot be looked at: glibc goes
 * back to clone() without it.
 */
static int add_limited(scmp_filter_ctx filter)
{
	int err = seccomp_rule_add(filter, SCMP_ACT_ERRNO(ENOSYS), SCMP_SYS(clone3), 0);

	if (!err)
		err = seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(clone), 1,
				       SCMP_A0(SCMP_CMP_MASKED_EQ, CLONE_THREAD,
					       CLONE_THREAD));
	if (!err)
		err = seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(tgkill), 1,
				       SCMP_A0(SCMP_CMP_EQ, (scmp_datum_t)getpid()));
	if (!err)
		err = seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(prctl), 1,
				       SCMP_A0(SCMP_CMP_EQ, PR_SET_NAME));
	return err;
}

/* Memory to write into or to run, not both one after the other. */
static int add_memory(scmp_filter_ctx filter, enum sandbox kind)
{
	static const int calls[] = { SCMP_SYS(mmap), SCMP_SYS(mprotect) };
	int err = 0;

	/* A token's module may load libraries. */
	if (kind == SANDBOX_SIGNER_TOKEN)
		return add(filter, SCMP_ACT_ALLOW, calls, COUNT(calls));
	for (size_t i = 0; !err && i < COUNT(calls); i++)
		err = seccomp_rule_add(filter, SCMP_ACT_ALLOW, calls[i], 1,
				       SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0));
	return err;
}

static int add_kind(scmp_filter_ctx filter, enum sandbox kind)
{
	static const int store_families[] = { AF_UNIX, AF_INET, AF_INET6 };
	static const int token_families[] = { AF_UNIX };
	int err = 0;

	switch (kind) {
	case SANDBOX_WORKER:
	case SANDBOX_SIGNER:
		break;
	case SANDBOX_WORKER_STORE:
		err = add(filter, SCMP_ACT_ALLOW, store_calls, COUNT(store_calls));
		if (!err)
			err = add_sockets(filter, store_families, COUNT(store_families));
		break;
	case SANDBOX_SIGNER_TOKEN:
		err = add(filter, SCMP_ACT_ALLOW, token_calls, COUNT(token_calls));
		if (!err)
			err = add_sockets(filter, token_families, COUNT(token_families));
		break;
	}
	return err;
}

static int filter_calls(enum sandbox kind)
{
	scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ERRNO(EPERM));
	int err;

	if (!filter)
		return -ENOMEM;
	/* A binary search: each call costs a few comparisons, not a hundred. */
	err = seccomp_attr_set(filter, SCMP_FLTATR_CTL_OPTIMIZE, 2);
	if (!err)
		err = add(filter, SCMP_ACT_ALLOW, common_calls, COUNT(common_calls));
	if (!err)
		err = add(filter, SCMP_ACT_KILL_PROCESS, deadly_calls,
			  COUNT(deadly_calls));
	if (!err)
		err = add_limited(filter);
	if (!err)
		err = add_memory(filter, kind);
	if (!err)
		err = add_kind(filter, kind);
	if (!err)
		err = seccomp_load(filter);
	seccomp_release(filter);
	return err;
}

static int become(const struct sandbox_user *user)
{
	if (user->uid == sandbox_same_user.uid)
		return 0;
	if (setgroups(0, NULL) || setresgid(user->gid, user->gid, user->gid) ||
	    setresuid(user->uid, user->uid, user->uid))
		return -errno;
	/* Both undone by the change of user. */
	sandbox_protect_memory();
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	return 0;
}

static int drop_capabilities(void)
{
	struct __user_cap_header_struct header = {
		.version = _LINUX_CAPABILITY_VERSION_3,
	};
	struct __user_cap_data_struct none[_LINUX_CAPABILITY_U32S_3] = { 0 };

	return syscall(SYS_capset, &header, none) ? -errno : 0;
}

/**
 * sandbox_protect_memory - no core, no debugger, no new privileges
 */
void sandbox_protect_memory(void)
{
	const struct rlimit none = { 0, 0 };

	setrlimit(RLIMIT_CORE, &none);
	prctl(PR_SET_DUMPABLE, 0);
	prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
}

/**
 * sandbox_enter - give up what is not needed, for good
 * @kind: what is needed still
 * @user: whom to become
 *
 * To be called while the process has one thread; those that follow inherit it.
 *
 * Return: 0 or -errno; then the process must end.
 */
int sandbox_enter(enum sandbox kind, const struct sandbox_user *user)
{
	int err = become(user);

	if (!err)
		err = drop_capabilities();
	return err ? err : filter_calls(kind);
}
