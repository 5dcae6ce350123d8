#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
# Copyright (C) 2026 The tlsup authors
"""The daemon dies under load, at moments that a seed chooses: established
connections live on, pending ones succeed or get their errno, and the next
daemon serves. TLSUP_SEED=N runs the same moments again. And parts of it die,
freeze, or have their ears stuffed."""
import contextlib
import errno
import os
import random
import re
import shutil
import signal
import socket
import ssl
import struct
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)) + "/../lib")
# pylint: disable=wrong-import-position
import genl
import host
import peer
import tlsup
from ktap import case, check, diag, equal, errno_name, fails_with, main, test

DEATHS = int(os.environ.get("TLSUP_DEATHS",
                            "300" if os.environ.get("SOAK") else "30"))
SEED = int(os.environ.get("TLSUP_SEED", "1"))
AT_ONCE = 6
# What a handshake may say whose agent has died, or none of whom is left.
ALLOWED = (errno.ECONNABORTED, errno.ESRCH)


def attempt():
    """One handshake: None if it went well, or what it said."""
    with contextlib.ExitStack() as stack:
        ours, theirs = tlsup.tcp_pair(stack)
        other = peer.Peer(theirs, peer.server_context())
        tlsup.prepare(ours, name="localhost")
        shaking = tlsup.Background(other.handshake)
        try:
            tlsup.start(ours, tlsup.CLIENT)
        except OSError as error:
            theirs.close()
            with contextlib.suppress(OSError, ssl.SSLError, ValueError):
                shaking.result()
            return error.errno
        shaking.result()
        ours.sendall(b"fine")
        equal(other.read_exactly(4), b"fine", "data")
    return None


def timed():
    """The same, and when it was over."""
    return attempt(), time.monotonic()


def lives(ours, other):
    """A connection takes data both ways."""
    ours.sendall(b"still here")
    equal(other.read_exactly(10), b"still here", "to the peer")
    other.write(b"so am I")
    equal(ours.recv(7), b"so am I", "from the peer")


def serves(daemon):
    """Start it, and wait for the first good handshake: seconds from ready."""
    daemon.start()
    begin = time.monotonic()
    equal(attempt(), None, "the first handshake of a new daemon")
    return time.monotonic() - begin


@test(seconds=3600)
def killed_at_any_moment(stack):
    chance = random.Random(SEED)
    daemon = host.Daemon().start()
    kept = [peer.connect(stack, role)
            for role in (tlsup.CLIENT, tlsup.SERVER) for _ in range(3)]
    said, slowest, latest = {}, 0.0, 0.0
    for _ in range(DEATHS):
        tries = [tlsup.Background(timed) for _ in range(AT_ONCE)]
        time.sleep(chance.random() * 0.15)
        died = time.monotonic()
        # The whole of it, the signer alone, or a worker alone.
        family = daemon.family()
        victim = chance.choice(family)
        if chance.random() < 0.7:
            os.killpg(daemon.process.pid, signal.SIGKILL)
        else:
            os.kill(victim, signal.SIGKILL)
            # Whatever it makes of that: it ends when it is asked to.
            with contextlib.suppress(ProcessLookupError):
                os.killpg(daemon.process.pid, signal.SIGTERM)
        daemon.process.wait(20)
        for pid in daemon.family():
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        slowest = max(slowest, serves(daemon))
        for one in tries:
            error, over = one.result()
            said[error] = said.get(error, 0) + 1
            latest = max(latest, over - died)
            check(error is None or error in ALLOWED, "a pending handshake says",
                  errno_name(error))
        for ours, other in kept:
            lives(ours, other)
    equal(daemon.stop(), 0, "exit status")
    diag("figure: deaths of the daemon:", DEATHS)
    diag("figure: handshakes under way at a death:", sum(said.values()))
    diag("seed", SEED, {errno_name(k) if k else "good": v
                        for k, v in said.items()},
         f"first good handshake at most {slowest:.3f} s after ready,",
         f"the last under way over at most {latest:.3f} s after the death")
    for ours, other in kept:
        ours.close()
        other.sock.close()
    check(host.all_destroyed(), host.stats())


@test(seconds=600)
def frozen_for_longer_than_the_deadline(stack):
    daemon = host.Daemon().start()
    kept = peer.connect(stack)
    daemon.freeze()
    pending = []
    for _ in range(20):
        ours, theirs = tlsup.tcp_pair(stack)
        tlsup.prepare(ours, name="localhost", timeout=300)
        pending.append((ours, theirs))
    waits = [tlsup.Background(tlsup.start, ours, tlsup.CLIENT)
             for ours, _ in pending]
    for wait in waits:
        try:
            wait.result()
            error = None
        except OSError as found:
            error = found.errno
        equal(error, errno.ETIMEDOUT, "a handshake without an agent's answer")
    lives(*kept)
    daemon.thaw()
    check(host.wait_for(lambda: attempt() is None), "it does not recover")
    equal(daemon.stop(), 0, "exit status")


def process_of(daemon, name):
    """The process of the daemon with this name, when what died before has gone."""
    check(host.wait_for(lambda: len(daemon.family()) == 3, 60), daemon.family())
    for pid in daemon.family():
        with contextlib.suppress(OSError), \
                open(f"/proc/{pid}/comm", encoding="ascii") as file:
            if file.read().strip() == name:
                return pid
    raise AssertionError("no process " + name)


def one_of_its_processes_is_killed(stack, name):
    daemon = host.Daemon().start()
    kept = [peer.connect(stack, role) for role in (tlsup.CLIENT, tlsup.SERVER)]
    for _ in range(5 if os.environ.get("SOAK") else 2):
        tries = [tlsup.Background(attempt) for _ in range(AT_ONCE)]
        died = time.monotonic()
        os.kill(process_of(daemon, name), signal.SIGKILL)
        for one in tries:
            error = one.result()
            check(error is None or error in ALLOWED, "a pending handshake says",
                  errno_name(error))
        # The main process starts others, who serve.
        check(host.wait_for(lambda: attempt() is None, 30), daemon.output())
        diag(f"served again {time.monotonic() - died:.1f} s after {name} died")
        for ours, other in kept:
            lives(ours, other)
    # What has died is not kept beside what replaced it.
    check(host.wait_for(lambda: len(daemon.family()) == 3, 60), daemon.family())
    begin = time.monotonic()
    equal(daemon.stop(), 0, "exit status")
    diag(f"ended in {time.monotonic() - begin:.1f} s")


for process in ("tlsupd: signer", "tlsupd: workers"):
    case(f"{process.split()[-1]}, killed, come back",
         one_of_its_processes_is_killed, process, seconds=300)


@test(seconds=300)
def workers_come_back_once_the_configuration_is_good_again(stack):
    daemon = host.Daemon().start()
    kept = peer.connect(stack)
    shutil.move(daemon.conf, daemon.conf + ".good")
    os.kill(process_of(daemon, "tlsupd: workers"), signal.SIGKILL)
    check(host.wait_for(lambda: "not reloaded" in daemon.output()),
          daemon.output())
    lives(*kept)
    shutil.move(daemon.conf + ".good", daemon.conf)
    check(host.wait_for(lambda: attempt() is None, 30), daemon.output())
    equal(daemon.stop(), 0, "exit status")


NETLINK_GENERIC = 16


def ports_of(pid):
    """The netlink ports of a process's sockets of the generic family."""
    inodes = set()
    for fd in os.listdir(f"/proc/{pid}/fd"):
        with contextlib.suppress(OSError):
            found = re.match(r"socket:\[(\d+)\]", os.readlink(f"/proc/{pid}/fd/{fd}"))
            inodes |= {found.group(1)} if found else set()
    with open("/proc/net/netlink", encoding="ascii") as file:
        rows = [line.split() for line in file][1:]
    return [int(row[2]) for row in rows
            if int(row[1]) == NETLINK_GENERIC and row[9] in inodes]


def stuff(port):
    """Fill the receive buffer behind a port with what is no event of ours,
    until it takes no more: how many bytes."""
    count, family = 0, genl.Genl().family
    with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, NETLINK_GENERIC) as sock:
        sock.bind((0, 0))
        sock.setblocking(False)
        chance = random.Random(SEED)
        with contextlib.suppress(BlockingIOError):
            while True:
                # A lone verdict, an event that is none, anything.
                kind = chance.choice((2, 3, 4, family, family, 77))
                body = struct.pack("=BBH", chance.randrange(24), 1, 0) + \
                    chance.randbytes(chance.randrange(4000))
                sock.sendto(struct.pack("=IHHII", 16 + len(body), kind, 0, 0, 0)
                            + body, (port, 0))
                count += len(body)
    return count


@test(seconds=300)
def a_worker_whose_netlink_buffer_is_full(stack):
    daemon = host.Daemon().start()
    kept = [peer.connect(stack, role) for role in (tlsup.CLIENT, tlsup.SERVER)]
    workers = process_of(daemon, "tlsupd: workers")
    os.kill(workers, signal.SIGSTOP)
    ports = ports_of(workers)
    check(ports, "the workers have no netlink socket")
    diag("bytes in their buffers:", sum(stuff(port) for port in ports))
    # What cannot be told to a worker says so, or ends at its deadline.
    for _ in range(4):
        ours, _theirs = tlsup.tcp_pair(stack)
        tlsup.prepare(ours, name="localhost", timeout=300)
        with fails_with(ALLOWED + (errno.ETIMEDOUT, errno.ENOBUFS), "unheard"):
            tlsup.start(ours, tlsup.CLIENT)
    for ours, other in kept:
        lives(ours, other)
    # And then it hears again, or others are started in its place.
    os.kill(workers, signal.SIGCONT)
    check(host.wait_for(lambda: attempt() is None, 30), daemon.output())
    for ours, other in kept:
        lives(ours, other)
    equal(daemon.stop(), 0, "exit status")


if __name__ == "__main__":
    main()
