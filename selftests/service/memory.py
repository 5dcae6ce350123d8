#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
# Copyright (C) 2026 The tlsup authors
"""What the daemon's processes hold goes neither into swap nor into a core, and
nobody but root looks into them."""
import contextlib
import os
import resource
import signal
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)) + "/../lib")
# pylint: disable=wrong-import-position
import host
import peer
import search
import tlsup
from ktap import check, diag, equal, main, test

NOBODY = 65534
# Code and constants of the program and its libraries, which have no secrets, and
# what the kernel maps.
PUBLIC = ("r-xp", "r--p", "---p", "r-xs")


def running(stack, *options):
    """A daemon that has served, and its processes by name."""
    daemon = host.Daemon('user = "nobody"\nworkers = 2\n' + host.config(), *options)
    daemon.start()
    stack.callback(daemon.kill)
    peer.connect(stack, tlsup.SERVER)
    return daemon, {search.name_of(pid): pid for pid in daemon.family()}


@test
def all_memory_is_locked(stack):
    for name, pid in running(stack)[1].items():
        open_ones = [where for _, _, rights, where, flags in search.mappings(pid)
                     if rights not in PUBLIC and "lo" not in flags]
        equal(open_ones, [], f"{name}: not locked")


@test
def without_the_right_to_lock_it_says_so_and_serves(stack):
    limit = resource.getrlimit(resource.RLIMIT_MEMLOCK)
    read_end, write_end = os.pipe()
    child = os.fork()
    if not child:
        with contextlib.suppress(BaseException):
            # CAP_SYS_RESOURCE: lost for whatever is started from here on.
            tlsup.libc(tlsup.LIBC.prctl(24, 24, 0, 0, 0))
            resource.setrlimit(resource.RLIMIT_MEMLOCK, (65536, 65536))
            daemon, _ = running(stack)
            os.write(write_end, daemon.output().encode())
        os._exit(0)
    os.close(write_end)
    with os.fdopen(read_end) as file:
        said = file.read()
    os.waitpid(child, 0)
    equal(resource.getrlimit(resource.RLIMIT_MEMLOCK), limit, "limit here")
    check("memory is not locked" in said, said)
    check("tlsupd: ready" in said, said)


@test
def no_process_leaves_a_core(stack):
    """The limit; and not dumpable, which gives its files in /proc to root."""
    resource.setrlimit(resource.RLIMIT_CORE, (resource.RLIM_INFINITY,) * 2)
    for name, pid in running(stack)[1].items():
        with open(f"/proc/{pid}/limits", encoding="ascii") as file:
            limit = [line for line in file if line.startswith("Max core file size")]
        equal(limit[0].split()[4:6], ["0", "0"], f"{name}: core")
        equal(os.stat(f"/proc/{pid}/mem").st_uid, 0, f"{name}: owner of its files")
    victim = os.fork()
    if not victim:
        os.setresuid(NOBODY, NOBODY, NOBODY)
        tlsup.LIBC.prctl(4, 1, 0, 0, 0)                         # PR_SET_DUMPABLE
        os.kill(os.getpid(), signal.SIGSTOP)
        os._exit(0)
    os.waitpid(victim, os.WUNTRACED)
    equal(os.stat(f"/proc/{victim}/mem").st_uid, NOBODY, "one that is dumpable")
    os.kill(victim, signal.SIGKILL)
    os.waitpid(victim, 0)


@test
def nobody_else_looks_into_it(stack):
    """Not even a process of the same user."""
    processes = running(stack)[1]
    diag(*processes)
    child = os.fork()
    if not child:
        got = 0
        os.setresuid(NOBODY, NOBODY, NOBODY)
        for pid in processes.values():
            for what in ("mem", "maps", "environ", "fd/0", "pagemap"):
                with contextlib.suppress(OSError):
                    with open(f"/proc/{pid}/{what}", "rb"):
                        got += 1
            got += tlsup.LIBC.ptrace(16, pid, 0, 0) == 0        # PTRACE_ATTACH
        os._exit(got)
    equal(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), 0, "things got")


if __name__ == "__main__":
    main()
