// SPDX-License-Identifier: GPL-2.0-only
/*
 * Copyright (C) 2026 The tlsup authors
 *
 * What somebody gets who runs code of his own in a worker or in the signer: this
 * program goes into the daemon's own sandbox, as they do, and tries.
 */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <linux/io_uring.h>
#include <linux/keyctl.h>
#include <netinet/in.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>

#include "kselftest_harness.h"

#include "sandbox.h"

#define NOBODY 65534

/* Who may do what others may not. */
#define STORE (1 << SANDBOX_WORKER_STORE)
#define TOKEN (1 << SANDBOX_SIGNER_TOKEN)

static const char *const names[] = {
	[SANDBOX_WORKER] = "worker",
	[SANDBOX_WORKER_STORE] = "worker with a store",
	[SANDBOX_SIGNER] = "signer",
	[SANDBOX_SIGNER_TOKEN] = "signer with a token",
};

/* Arguments that are not known before: another process, and descriptors. */
#define VICTIM -1001L
#define SOCKET -1002L
#define ROOT -1003L

static long victim, connected, root;

/* Something for each call to point at. */
static struct sockaddr_in address = { .sin_family = AF_INET, .sin_port = 9 };
static struct io_uring_params uring;
static struct rlimit one = { 1, 1 };
static char *const none[] = { NULL };
static char page[8192] __attribute__((aligned(4096)));
static struct iovec local = { page, 1 }, remote = { page, 1 };
static unsigned long context;
static int fds[2];

#define P(pointer) ((long)(pointer))
#define READ_WRITE (PROT_READ | PROT_WRITE)
#define ANONYMOUS (MAP_PRIVATE | MAP_ANONYMOUS)

static const struct attempt {
	const char *name;
	unsigned int allowed;
	long call;
	long args[6];
} attempts[] = {
	{ "open", TOKEN, SYS_open, { P("/etc/passwd"), O_RDONLY } },
	{ "create", TOKEN, SYS_open, { P("/tmp/out"), O_CREAT | O_WRONLY, 0600 } },
	{ "openat", TOKEN, SYS_openat, { ROOT, P("etc/passwd"), O_RDONLY } },
	{ "stat", TOKEN, SYS_stat, { P("/etc/passwd"), P(page) } },
	{ "readlink", TOKEN, SYS_readlink, { P("/proc/self/exe"), P(page), 64 } },
	{ "chdir", 0, SYS_chdir, { P("/") } },
	{ "chroot", 0, SYS_chroot, { P("/") } },
	{ "chmod", 0, SYS_chmod, { P("/tmp"), 0777 } },
	{ "link", 0, SYS_link, { P("/etc/passwd"), P("/tmp/out") } },
	{ "symlink", 0, SYS_symlink, { P("/etc/passwd"), P("/tmp/out") } },
	{ "an internet socket", STORE, SYS_socket, { AF_INET, SOCK_STREAM, 0 } },
	{ "a unix socket", STORE | TOKEN, SYS_socket, { AF_UNIX, SOCK_STREAM, 0 } },
	{ "a netlink socket", 0, SYS_socket, { AF_NETLINK, SOCK_RAW, 16 } },
	{ "a packet socket", 0, SYS_socket, { AF_PACKET, SOCK_RAW, 0 } },
	{ "socketpair", 0, SYS_socketpair, { AF_UNIX, SOCK_STREAM, 0, P(fds) } },
	{ "bind", 0, SYS_bind, { SOCKET, P(&address), sizeof(address) } },
	{ "listen", 0, SYS_listen, { SOCKET, 1 } },
	{ "accept", 0, SYS_accept4, { SOCKET, 0, 0, SOCK_NONBLOCK } },
	{ "connect", STORE | TOKEN, SYS_connect, { SOCKET, P(&address), sizeof(address) } },
	{ "ioctl", STORE | TOKEN, SYS_ioctl, { SOCKET, 0x541b, P(page) } },
	{ "execve", 0, SYS_execve, { P("/bin/true"), P(none), P(none) } },
	{ "execveat", 0, SYS_execveat, { ROOT, P("bin/true"), P(none), P(none), 0 } },
	{ "fork", 0, SYS_fork },
	{ "clone of a process", 0, SYS_clone, { SIGCHLD } },
	{ "clone3", 0, SYS_clone3, { P(page), 64 } },
	{ "ptrace of itself", 0, SYS_ptrace, { PTRACE_TRACEME } },
	{ "ptrace", 0, SYS_ptrace, { PTRACE_ATTACH, VICTIM } },
	{ "process_vm_readv", 0, SYS_process_vm_readv, { VICTIM, P(&local), 1, P(&remote), 1 } },
	{ "process_vm_writev", 0, SYS_process_vm_writev, { VICTIM, P(&local), 1, P(&remote), 1 } },
	{ "kill", 0, SYS_kill, { VICTIM, 0 } },
	{ "tgkill", 0, SYS_tgkill, { VICTIM, VICTIM, 0 } },
	{ "tkill", 0, SYS_tkill, { VICTIM, 0 } },
	{ "pidfd_open", 0, SYS_pidfd_open, { VICTIM, 0 } },
	{ "pidfd_getfd", 0, SYS_pidfd_getfd, { SOCKET, 0, 0 } },
	{ "memory to run", TOKEN, SYS_mmap, { 0, 4096, READ_WRITE | PROT_EXEC, ANONYMOUS, -1, 0 } },
	{ "mprotect to run", TOKEN, SYS_mprotect, { P(page), 4096, PROT_READ | PROT_EXEC } },
	{ "bpf", 0, SYS_bpf, { 0, P(page), sizeof(page) } },
	{ "io_uring", 0, SYS_io_uring_setup, { 1, P(&uring) } },
	{ "io_setup", 0, SYS_io_setup, { 1, P(&context) } },
	{ "unshare", 0, SYS_unshare, { CLONE_NEWUSER } },
	{ "setns", 0, SYS_setns, { ROOT, 0 } },
	{ "mount", 0, SYS_mount, { P("none"), P("/tmp"), P("tmpfs") } },
	{ "setuid", 0, SYS_setuid, { 0 } },
	{ "setgroups", 0, SYS_setgroups, { 0, 0 } },
	{ "capset", 0, SYS_capset, { P(page), P(page) } },
	{ "a module", 0, SYS_finit_module, { SOCKET, P(""), 0 } },
	{ "keyctl", 0, SYS_keyctl, { KEYCTL_GET_KEYRING_ID, -3, 0 } },
	{ "add_key", 0, SYS_add_key, { P("user"), P("x"), P("y"), 1, -3 } },
	{ "userfaultfd", 0, SYS_userfaultfd, { 1 } },
	{ "perf_event_open", 0, SYS_perf_event_open, { P(page), 0, -1, -1, 0 } },
	{ "to be dumpable", 0, SYS_prctl, { PR_SET_DUMPABLE, 1 } },
	{ "a core", 0, SYS_setrlimit, { RLIMIT_CORE, P(&one) } },
	{ "a core by prlimit", 0, SYS_prlimit64, { 0, RLIMIT_CORE, P(&one), 0 } },
	{ "personality", 0, SYS_personality, { 0 } },
	{ "shmget", 0, SYS_shmget, { 0, 4096, 0600 } },
	{ "inotify", 0, SYS_inotify_init1, { 0 } },
	{ "fanotify", 0, SYS_fanotify_init, { 0, 0 } },
	{ "syslog", 0, SYS_syslog, { 10, 0, 0 } },
	{ "sethostname", 0, SYS_sethostname, { P("x"), 1 } },
	{ "settimeofday", 0, SYS_settimeofday, { 0, 0 } },
	{ "reboot", 0, SYS_reboot, { 0, 0, 0, 0 } },
	{ "another filter", 0, SYS_seccomp, { 1, 0, 0 } },
};

#define ATTEMPTS (sizeof(attempts) / sizeof(attempts[0]))

static long known(long arg)
{
	return arg == VICTIM ? victim : arg == SOCKET ? connected : arg == ROOT ? root : arg;
}

static long call(const struct attempt *attempt)
{
	const long *args = attempt->args;

	return syscall(attempt->call, known(args[0]), known(args[1]), known(args[2]),
		       known(args[3]), known(args[4]), known(args[5]));
}

/* Not merely failed, for whatever cause. clone3() is to look as if it were not. */
static bool is_refused(const struct attempt *attempt)
{
	return call(attempt) < 0 && errno == (attempt->call == SYS_clone3 ? ENOSYS : EPERM);
}

static void *nothing(void *arg)
{
	return arg;
}

/* What they live on. */
static int live(void)
{
	pthread_t thread;
	char byte;
	void *big = malloc(1 << 22);

	return !big || pthread_create(&thread, NULL, nothing, NULL) || pthread_join(thread, NULL) ||
	       getrandom(&byte, 1, 0) != 1 || syscall(SYS_tgkill, getpid(), getpid(), 0) ||
	       prctl(PR_SET_NAME, "still here");
}

enum outcome {
	REFUSED,
	GOT,
	BROKEN
};

static void enter(enum sandbox kind)
{
	const struct sandbox_user nobody = { NOBODY, NOBODY };

	sandbox_protect_memory();
	if (sandbox_enter(kind, &nobody))
		_exit(BROKEN);
}

/* In a child: what came of it. */
static enum outcome outcome_of(enum sandbox kind, const struct attempt *attempt)
{
	pid_t pid = fork();
	int status;

	if (!pid) {
		enter(kind);
		if (!attempt)
			_exit(live() ? BROKEN : GOT);
		_exit(is_refused(attempt) ? REFUSED : GOT);
	}
	if (waitpid(pid, &status, 0) != pid)
		return BROKEN;
	if (WIFSIGNALED(status))
		return WTERMSIG(status) == SIGSYS ? REFUSED : BROKEN;
	return WEXITSTATUS(status);
}

FIXTURE(sandbox)
{
	pid_t victim;
};

FIXTURE_VARIANT(sandbox)
{
	enum sandbox kind;
};

FIXTURE_VARIANT_ADD(sandbox, worker) { .kind = SANDBOX_WORKER };
FIXTURE_VARIANT_ADD(sandbox, worker_with_a_store) { .kind = SANDBOX_WORKER_STORE };
FIXTURE_VARIANT_ADD(sandbox, signer) { .kind = SANDBOX_SIGNER };
FIXTURE_VARIANT_ADD(sandbox, signer_with_a_token) { .kind = SANDBOX_SIGNER_TOKEN };

/* The victim is another process of the same user. */
FIXTURE_SETUP(sandbox)
{
	ASSERT_EQ(0, geteuid());
	self->victim = fork();
	ASSERT_LE(0, self->victim);
	if (!self->victim) {
		if (setresuid(NOBODY, NOBODY, NOBODY))
			_exit(1);
		pause();
		_exit(0);
	}
	victim = self->victim;
	connected = socket(AF_INET, SOCK_STREAM, 0);
	root = open("/", O_RDONLY | O_DIRECTORY);
	ASSERT_LE(0, connected);
	ASSERT_LE(0, root);
}

FIXTURE_TEARDOWN(sandbox)
{
	kill(self->victim, SIGKILL);
	waitpid(self->victim, NULL, 0);
	close((int)connected);
	close((int)root);
}

/* Else the others would prove nothing. */
TEST(outside_of_it_they_are_not_refused)
{
	static const char *const some[] = { "open",	      "an internet socket",
					    "memory to run",  "mprotect to run",
					    "to be dumpable", "kill" };

	victim = getpid();
	for (size_t i = 0; i < sizeof(some) / sizeof(some[0]); i++)
		for (size_t j = 0; j < ATTEMPTS; j++)
			if (!strcmp(attempts[j].name, some[i]))
				EXPECT_LE(0, call(&attempts[j]));
}

TEST_F(sandbox, lets_its_owner_live)
{
	EXPECT_EQ(GOT, outcome_of(variant->kind, NULL));
}

TEST_F(sandbox, gives_whoever_has_taken_it_over_nothing)
{
	unsigned int refused = 0;

	for (size_t i = 0; i < ATTEMPTS; i++) {
		const struct attempt *attempt = &attempts[i];

		if (attempt->allowed & 1 << variant->kind)
			continue;
		EXPECT_EQ(REFUSED, outcome_of(variant->kind, attempt))
		{
			TH_LOG("a %s gets something by %s", names[variant->kind], attempt->name);
		}
		refused++;
	}
	printf("# figure: attempts out of the sandbox refused: %u\n", refused);
}

TEST_HARNESS_MAIN
