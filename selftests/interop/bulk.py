#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
# Copyright (C) 2026 The tlsup authors
"""A large file by sendfile, and a relay by splice: what arrives is what was
sent, and strace shows that the process itself has moved no byte of it."""
import hashlib
import os
import random
import re
import socket
import subprocess
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)) + "/../lib")
# pylint: disable=wrong-import-position
import host
import peer
import tlsup
from ktap import FULL, check, diag, equal, main, test

MIB = 1 << 20
FILE = 1024 * MIB
RELAY = FILE if FULL else 128 * MIB
NOISE = random.Random(2).randbytes(MIB)

# The process under test does this and nothing else.
SENDFILE = """
import os, socket, sys
to, file, size = map(int, sys.argv[1:])
at = 0
while at < size:
    at += os.sendfile(to, file, at, size - at)
socket.socket(fileno=to).shutdown(socket.SHUT_WR)
"""

SPLICE = """
import fcntl, os, socket, sys
source, to = map(int, sys.argv[1:])
out, into = os.pipe()
fcntl.fcntl(into, 1031, 1 << 20)
while (n := os.splice(source, into, 1 << 20)):
    while n:
        n -= os.splice(out, to, n)
socket.socket(fileno=to).shutdown(socket.SHUT_WR)
"""



def traced(stack, program, *fds, extra=()):
    """Run a program under strace with these descriptors; its log."""
    log = f"/tmp/bulk-{os.getpid()}.strace"
    stack.callback(os.unlink, log)
    words = [str(word) for word in (*fds, *extra)]
    subprocess.run(["strace", "-f", "-o", log, sys.executable, "-c", program,
                    *words], pass_fds=fds, check=True, timeout=900)
    with open(log, encoding="ascii", errors="replace") as lines:
        return lines.read()


def moved(log, call):
    """Bytes that this call has moved, and how often it was made."""
    counts = [int(n) for n in
              re.findall(rf"\b{call}\(.*\)\s+= (\d+)$", log, re.M)]
    return sum(counts), len(counts)


def touches(log, fds):
    """Calls that would bring a byte of these descriptors into the process."""
    names = "read|readv|pread64|recv|recvfrom|recvmsg|recvmmsg|write|writev|" \
        "pwrite64|send|sendto|sendmsg|sendmmsg|mmap|io_uring_enter"
    numbers = "|".join(map(str, fds))
    return [line for line in log.splitlines()
            if re.search(rf"\b(?:{names})\((?:{numbers}),", line) or
            re.search(rf"\bmmap\([^)]*, (?:{numbers}), ", line)]


def digest_of(other, size):
    """What the peer receives up to the end, as a digest."""
    digest, got = hashlib.sha256(), 0
    while data := other.read(MIB):
        digest.update(data)
        got += len(data)
    equal(got, size, "bytes that arrived")
    return digest.hexdigest()


def large_file(stack):
    """1 GiB of which each MiB is different, without 1 GiB of noise."""
    fd = os.memfd_create("large")
    stack.callback(os.close, fd)
    os.truncate(fd, FILE)
    digest = hashlib.sha256()
    for number in range(FILE // MIB):
        mark = number.to_bytes(8, "big") + NOISE[:4096 - 8]
        os.pwrite(fd, mark, number * MIB)
        digest.update(mark + bytes(MIB - 4096))
    return fd, digest.hexdigest()


@test(seconds=900)
def a_gibibyte_goes_out_by_sendfile_untouched(stack):
    file, digest = large_file(stack)
    ours, other = peer.connect(stack, tlsup.SERVER)
    ours.setblocking(True)
    receiving = tlsup.Background(digest_of, other, FILE)
    log = traced(stack, SENDFILE, ours.fileno(), file, extra=(FILE,))
    equal(receiving.result(), digest, "sha256")
    total, calls = moved(log, "sendfile")
    equal(total, FILE, "bytes by sendfile")
    equal(touches(log, (ours.fileno(), file)), [], "bytes by other calls")
    diag(f"{FILE} bytes by {calls} calls of sendfile")


@test(seconds=900)
def a_relay_by_splice_is_untouched(stack):
    first, sender = peer.connect(stack, tlsup.SERVER)
    second, receiver = peer.connect(stack, tlsup.CLIENT)
    first.setblocking(True)
    second.setblocking(True)
    digest = hashlib.sha256(NOISE * (RELAY // MIB)).hexdigest()

    def feed():
        for _ in range(RELAY // MIB):
            sender.write(NOISE)
        sender.close_notify()

    feeding = tlsup.Background(feed)
    receiving = tlsup.Background(digest_of, receiver, RELAY)
    log = traced(stack, SPLICE, first.fileno(), second.fileno())
    feeding.result()
    equal(receiving.result(), digest, "sha256")
    total, calls = moved(log, "splice")
    equal(total, 2 * RELAY, "bytes by splice, in and out")
    equal(touches(log, (first.fileno(), second.fileno())), [],
          "bytes by other calls")
    diag(f"{RELAY} bytes by {calls} calls of splice")


if __name__ == "__main__":
    with host.Daemon():
        main()
