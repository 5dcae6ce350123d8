#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
# Copyright (C) 2026 The tlsup authors
"""The daemon comes, goes and dies: what waits, what fails, what goes on."""
import contextlib
import errno
import os
import struct
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)) + "/../lib")
# pylint: disable=wrong-import-position
import genl
import host
import peer
import tlsup
from ktap import check, equal, fails_with, main, test

ROLES = {"client": tlsup.CLIENT, "server": tlsup.SERVER}
CLIENT_HELLO = b"\x16\x03\x01\x00\x04\x01\x00\x00\x00"


def started(stack, role):
    """A non-blocking handshake that has reached the queue of requests."""
    ours, theirs = tlsup.tcp_pair(stack)
    tlsup.prepare(ours, name="localhost" if role == tlsup.CLIENT else None)
    ours.setblocking(False)
    with fails_with(errno.EINPROGRESS, "start"):
        tlsup.start(ours, role)
    context = peer.server_context() if role == tlsup.CLIENT \
        else peer.client_context()
    return ours, peer.Peer(theirs, context,
                           "localhost" if role == tlsup.SERVER else None)


def start_error(ours, role):
    """Start a blocking handshake: the errno and the seconds it took."""
    began = time.monotonic()
    try:
        tlsup.start(ours, role)
    except OSError as error:
        return error.errno, time.monotonic() - began
    return 0, time.monotonic() - began


def fresh(stack, role):
    """A prepared socket whose peer has spoken if it is the client."""
    ours, theirs = tlsup.tcp_pair(stack)
    tlsup.prepare(ours, name="localhost" if role == tlsup.CLIENT else None)
    if role == tlsup.SERVER:
        theirs.sendall(CLIENT_HELLO)
    return ours


@test(seconds=30)
def no_agent_ever_gives_ESRCH_at_once(stack):
    # Must be the first test: this network namespace has had no agent.
    for role in ROLES.values():
        ours = fresh(stack, role)
        number, took = start_error(ours, role)
        equal(number, errno.ESRCH, "errno")
        check(took < 1, "took", took, "seconds")
        found = tlsup.status(ours)
        equal((found.phase, found.error), (tlsup.FAILED, errno.ESRCH),
              "TLSUP_STATUS")


@test(seconds=60)
def the_last_agent_gone_gives_ESRCH_after_the_grace_time(stack):
    equal(host.sysctl("agent_grace_ms"), 5000, "grace time by default")
    host.sysctl("agent_grace_ms", 1500)
    daemon = host.Daemon().start()
    daemon.stop()
    for role in ROLES.values():
        number, took = start_error(fresh(stack, role), role)
        equal(number, errno.ESRCH, "errno")
        check(took < 3, "took", took, "seconds")
    check(took < 1, "the grace time counts from the leaving, took", took)
    daemon.start().stop()
    number, took = start_error(fresh(stack, tlsup.CLIENT), tlsup.CLIENT)
    equal(number, errno.ESRCH, "errno")
    check(1 < took < 3, "waited", took, "seconds of 1.5")


@test(seconds=60)
def a_restart_within_the_grace_time_is_invisible(stack):
    host.sysctl("agent_grace_ms", 20000)
    daemon = host.Daemon().start()
    daemon.stop()
    waiting = [started(stack, role) for role in ROLES.values()]
    with daemon:
        for ours, other in waiting:
            shaking = tlsup.Background(other.handshake)
            ours.setblocking(True)
            ours.sendall(b"at last")
            shaking.result()
            equal(other.read_exactly(7), b"at last", "data")


@test(seconds=60)
def a_killed_daemon_aborts_what_is_in_mid_handshake(stack):
    host.sysctl("agent_grace_ms", 20000)
    with host.Daemon() as daemon:
        open_ones = [peer.connect(stack, role) for role in ROLES.values()]
        client, server_side = started(stack, tlsup.CLIENT)
        check(server_side.sock.recv(4096)[:1] == b"\x16", "no ClientHello")
        server, client_side = started(stack, tlsup.SERVER)
        try:
            client_side.tls.do_handshake()
        except peer.ssl.SSLWantReadError:
            client_side.flush()
        check(client_side.sock.recv(4096)[:1] == b"\x16", "no ServerHello")
        for ours in (client, server):
            equal(tlsup.status(ours).phase, tlsup.SHAKING, "phase")

        began = time.monotonic()
        daemon.kill()
        for ours in (client, server):
            check(host.wait_for(
                lambda s=ours: tlsup.status(s).phase == tlsup.FAILED, 5),
                "still", tlsup.status(ours))
            took = time.monotonic() - began
            equal(tlsup.so_error(ours), errno.ECONNABORTED, "SO_ERROR")
            check(tlsup.status(ours).reason, "no sentence")
            check(took < 1, "took", took, "seconds")

        for ours, other in open_ones:
            ours.sendall(b"still here")
            equal(other.read_exactly(10), b"still here", "our data")
            other.write(b"as am I")
            equal(ours.recv(100), b"as am I", "the peer's data")
            other.close_notify()
            equal(ours.recv(100), b"", "the end")


@test(seconds=60)
def a_connection_outlives_the_daemon_that_made_it(stack):
    host.sysctl("agent_grace_ms", 0)
    daemon = host.Daemon().start()
    open_ones = [peer.connect(stack, role) for role in ROLES.values()]
    equal(daemon.stop(), 0, "exit status of the daemon")
    for ours, other in open_ones:
        ours.sendall(b"x" * 100000)
        equal(len(other.read_exactly(100000)), 100000, "bytes")
    with daemon.start():
        ours, other = peer.connect(stack)
        ours.sendall(b"new")
        equal(other.read_exactly(3), b"new", "a new connection")


@test(seconds=60)
def a_frozen_daemon_leaves_the_deadline_in_force(stack):
    with host.Daemon() as daemon:
        peer.connect(stack)
        daemon.freeze()
        try:
            ours, theirs = tlsup.tcp_pair(stack)
            theirs.sendall(CLIENT_HELLO)
            tlsup.prepare(ours, timeout=500)
            number, took = start_error(ours, tlsup.SERVER)
            equal(number, errno.ETIMEDOUT, "errno")
            check(0.4 < took < 3, "took", took, "seconds")
        finally:
            daemon.thaw()
        # What the deadline ended must not confuse it when it wakes.
        ours, other = peer.connect(stack)
        ours.sendall(b"awake")
        equal(other.read_exactly(5), b"awake", "data")


def kernel_log(stack):
    """What the kernel logs from here on."""
    file = os.open("/dev/kmsg", os.O_RDONLY | os.O_NONBLOCK)
    stack.callback(os.close, file)
    os.lseek(file, 0, os.SEEK_END)

    def read():
        text = b""
        with contextlib.suppress(BlockingIOError):
            while line := os.read(file, 8192):
                text += line
        return text.decode(errors="replace")
    return read


@test(seconds=60)
def too_many_pending_handshakes_give_ENOBUFS(stack):
    limit = host.sysctl("max_pending")
    host.sysctl("agent_grace_ms", 20000)
    host.Daemon().start().stop()
    # One user gets half.
    host.sysctl("max_pending", 6)
    before, begin = host.stats(), time.monotonic()
    log = kernel_log(stack)
    try:
        kept = [started(stack, tlsup.CLIENT) for _ in range(3)]
        for _ in range(20):
            ours = fresh(stack, tlsup.CLIENT)
            equal(start_error(ours, tlsup.CLIENT)[0], errno.ENOBUFS,
                  "one more")
        took = time.monotonic() - begin
        equal(host.stats()["handshakes_refused"] -
              before["handshakes_refused"], 20, "counted")
        with genl.Genl() as family:
            reply = family.call("CMD_GET_STATS")[0][1]
        found = genl.attrs_of(reply[genl.number("A_STATS")])
        equal(struct.unpack("=Q", found[genl.number(
            "A_STATS_HANDSHAKES_REFUSED")])[0],
              host.stats()["handshakes_refused"], "as GET_STATS says")
        lines = log().count("too many handshakes are pending, 3 of 6")
        check(1 <= lines <= took + 1, lines, "lines in", took, "seconds")
        kept[0][0].close()
        kept.append(started(stack, tlsup.CLIENT))
    finally:
        host.sysctl("max_pending", limit)


@test(seconds=60)
def a_closed_socket_leaves_the_queue(stack):
    host.sysctl("agent_grace_ms", 20000)
    daemon = host.Daemon().start()
    daemon.stop()
    for role in ROLES.values():
        for _ in range(10):
            ours, other = started(stack, role)
            ours.close()
            other.sock.close()
    check(host.wait_for(lambda: host.stats()["conns_created"]
                        - host.stats()["conns_destroyed"] < 20),
          "none of the closed ones was destroyed", host.stats())
    with daemon.start():
        ours, other = peer.connect(stack)
        ours.sendall(b"next")
        equal(other.read_exactly(4), b"next", "data")


@test
def nothing_is_left(_stack):
    check(host.all_destroyed(), host.stats())


if __name__ == "__main__":
    main()
