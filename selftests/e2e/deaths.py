#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
# Copyright (C) 2026 The tlsup authors
"""The daemon dies under load, at moments that a seed chooses: established
connections live on, pending ones succeed or get their errno, and the next
daemon serves. TLSUP_SEED=N runs the same moments again."""
import contextlib
import errno
import os
import random
import signal
import ssl
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)) + "/../lib")
# pylint: disable=wrong-import-position
import host
import peer
import tlsup
from ktap import check, diag, equal, errno_name, main, test

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
    said, slowest = {}, 0.0
    for _ in range(DEATHS):
        tries = [tlsup.Background(attempt) for _ in range(AT_ONCE)]
        time.sleep(chance.random() * 0.15)
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
            error = one.result()
            said[error] = said.get(error, 0) + 1
            check(error is None or error in ALLOWED, "a pending handshake says",
                  errno_name(error))
        for ours, other in kept:
            lives(ours, other)
    equal(daemon.stop(), 0, "exit status")
    diag("figure: deaths of the daemon:", DEATHS)
    diag("figure: handshakes under way at a death:", sum(said.values()))
    diag("seed", SEED, {errno_name(k) if k else "good": v
                        for k, v in said.items()},
         f"first good handshake at most {slowest:.3f} s after ready")
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


if __name__ == "__main__":
    main()
