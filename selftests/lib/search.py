# SPDX-License-Identifier: GPL-2.0-only
# Copyright (C) 2026 The tlsup authors
"""Where secrets are: in the daemon's processes and in the kernel's memory.

The kernel is looked at before the daemon: what is read of the daemon passes
through this process, and the pages that it gives back are the kernel's.
"""
import array
import itertools
import os
import re
import subprocess
import sys

import ktap
import tlsup


KERNEL = "/sys/kernel/debug/tlsup-search"
PAGE, CHUNK, OVERLAP = 4096, 1 << 20, 64
M_TRIM_THRESHOLD, M_MMAP_THRESHOLD = -1, -3
_BUFFER = bytearray(CHUNK)


def keep_memory():
    """Have this process, which knows all secrets, give no memory back before its
    end: what it holds would be found there."""
    if os.environ.pop("PYTHONMALLOC", None) != "malloc":
        os.execve(sys.executable, [sys.executable, *sys.argv],
                  {**os.environ, "PYTHONMALLOC": "malloc"})
    for parameter in (M_TRIM_THRESHOLD, M_MMAP_THRESHOLD):
        tlsup.LIBC.mallopt(parameter, 1 << 25)


def load(stack):
    """Load the module that looks into the kernel."""
    path = os.path.join(os.path.dirname(os.environ["TLSUP_KO"]), "tlsup-search.ko")
    if not os.path.exists(path):
        raise ktap.Skip("the module of tests is not built for this kernel")
    subprocess.run(["insmod", path], check=True)
    stack.callback(subprocess.run, ["rmmod", "tlsup-search"], check=True)


def in_kernel(secrets):
    """Of {name: bytes}: {name: [kind of memory and task...]} of what is there."""
    names = list(secrets)
    wish = b"".join(bytes([len(secrets[n])]) + bytes(255 - b for b in secrets[n])
                    for n in names)
    with open(KERNEL, "r+b", buffering=0) as file:
        file.write(wish)
        text = file.read(4096).decode()
    found = {}
    for line in text.splitlines():
        number, where = line.split(" ", 1)
        found.setdefault(names[int(number)], []).append(where)
    return found


def mappings(pid):
    """(begin, end, rights, name, flags) of each mapping that is in memory."""
    with open(f"/proc/{pid}/smaps", encoding="ascii") as smaps:
        text = smaps.read()
    pattern = r"^([0-9a-f]+)-([0-9a-f]+) (\S+) \S+ \S+ \S+ *(.*)$((?:\n[A-Z].*)*)"
    for begin, end, rights, name, rest in re.findall(pattern, text, re.M):
        if not re.search(r"^Rss: +0 kB", rest, re.M):
            yield (int(begin, 16), int(end, 16), rights, name,
                   re.search(r"VmFlags: (.*)", rest).group(1).split())


def _present(pid, begin, end):
    """The parts of a mapping that are in memory: the others hold nothing yet."""
    size = 8 * (end - begin) // PAGE
    with open(f"/proc/{pid}/pagemap", "rb") as file:
        file.seek(8 * begin // PAGE)
        entries = array.array("Q", file.read(size))
    at = begin
    for here, pages in itertools.groupby(entries, lambda entry: entry >> 63):
        length = PAGE * sum(1 for _ in pages)
        if here:
            yield at, at + length
        at += length


def _in_range(mem, begin, end, secrets):
    at = begin
    while at < end:
        size = os.preadv(mem, [memoryview(_BUFFER)[:min(CHUNK, end - at)]], at)
        for name, secret in secrets.items():
            if _BUFFER.find(secret, 0, size) >= 0:
                yield name
        at += size if at + size >= end else size - OVERLAP


def in_process(pid, secrets):
    """{name: [mapping...]} of all that is in what a process can write."""
    found = {}
    mem = os.open(f"/proc/{pid}/mem", os.O_RDONLY)
    try:
        for begin, end, rights, name, flags in mappings(pid):
            if "w" not in rights:
                continue
            where = f"{name or 'memory'} {rights}" + (" locked" if "lo" in flags else "")
            for part in _present(pid, begin, end):
                for secret in _in_range(mem, *part, secrets):
                    found.setdefault(secret, []).append(where)
    finally:
        os.close(mem)
        _BUFFER[:] = bytes(CHUNK)
    return found


def name_of(pid):
    """What a process is called."""
    with open(f"/proc/{pid}/comm", encoding="ascii") as file:
        return file.read().strip()


def in_daemon(daemon, secrets):
    """{(process, name): [mapping...]} over all of the daemon's processes."""
    return {(name_of(pid), name): where for pid in daemon.family()
            for name, where in in_process(pid, secrets).items()}


