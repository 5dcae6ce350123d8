#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
# Copyright (C) 2026 The tlsup authors
"""Many connections, one after the other and at once: as many destroyed as
created, and how long each handshake took."""
import contextlib
import errno
import select
import socket
import os
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)) + "/../lib")
# pylint: disable=wrong-import-position
import host
import tlsup
from ktap import check, diag, equal, main, test

SEQUENCE = int(os.environ.get("SEQUENCE", "1000"))
AT_ONCE = int(os.environ.get("AT_ONCE", "200"))


def latency(name, microseconds, events, answers):
    times = sorted(microseconds)
    diag(f"{name}: {len(times)} handshakes, min {times[0]}us",
         f"median {times[len(times) // 2]}us",
         f"p99 {times[len(times) * 99 // 100]}us max {times[-1]}us,",
         f"at most {max(events)} messages up, {max(answers)} down")


def field(line, name):
    """A number of a report line: handshake=1234us."""
    return int(line.split(f" {name}=")[1].split()[0].rstrip("us"))


def report(name, lines):
    for line in lines:
        check(": TLSv1.3 " in line, "not a success:", line)
    latency(name, *([field(line, f) for line in lines]
                    for f in ("handshake", "events", "answers")))


def balance(before, made):
    """All that were made since are destroyed, and none failed."""
    check(host.all_destroyed(), "objects are left:", host.stats())
    now = host.stats()
    equal(now["conns_created"] - before["conns_created"], made, "created")
    equal(now["handshakes_done"] - before["handshakes_done"], made, "done")
    equal(now["handshakes_failed"], before["handshakes_failed"], "failed")


@test(seconds=600)
def connections_in_sequence_leave_nothing(stack):
    before = host.stats()
    server, port = host.serve(stack, "--connections", str(SEQUENCE))
    # Read while they come: a pipe holds fewer lines than these.
    serving = tlsup.Background(
        lambda: [server.line("conn ") for _ in range(SEQUENCE)])
    done = host.fetch(port, "--repeat", str(SEQUENCE), to="127.0.0.1")
    lines = done.stderr.decode().splitlines()
    equal(done.returncode, 0, "exit status; last line: " + lines[-1])
    equal(done.stdout, b"hello from tlsup-serve\n" * SEQUENCE, "bodies")
    report("client", [line for line in lines if line.startswith("conn ")])
    served = serving.result()
    report("server", served)
    check(max(field(line, "events") for line in served) <= 4,
          "more than 4 messages up")
    check(max(field(line, "answers") for line in served) <= 4,
          "more than 4 messages down")
    equal(server.process.wait(20), 0, "exit status of the server")
    balance(before, 2 * SEQUENCE)


def open_all(stack, port, count):
    """Non-blocking handshakes, all begun before the first is waited for."""
    poller = stack.enter_context(select.epoll())
    socks = {}
    for _ in range(count):
        sock = stack.enter_context(
            socket.create_connection(("127.0.0.1", port)))
        tlsup.prepare(sock, name="localhost")
        sock.setblocking(False)
        try:
            tlsup.start(sock, tlsup.CLIENT)
        except OSError as error:
            equal(error.errno, errno.EINPROGRESS, "start")
        poller.register(sock, select.EPOLLOUT | select.EPOLLONESHOT)
        socks[sock.fileno()] = sock
    left = set(socks)
    while left:
        found = poller.poll(60)
        check(found, len(left), "handshakes of", count, "do not end")
        for number, _events in found:
            equal(tlsup.so_error(socks[number]), 0,
                  tlsup.status(socks[number]).reason)
            left.discard(number)
    return list(socks.values())


@test(seconds=300)
def connections_at_once_leave_nothing(outer):
    before = host.stats()
    server, port = host.serve(outer, "--echo")
    with contextlib.ExitStack() as stack:
        socks = open_all(stack, port, AT_ONCE)
        equal({tlsup.status(s).phase for s in socks}, {tlsup.OPEN}, "phases")
        for n, sock in enumerate(socks):
            sock.setblocking(True)
            sock.sendall(b"%08d" % n)
        for n, sock in enumerate(socks):
            equal(sock.recv(8, socket.MSG_WAITALL), b"%08d" % n, "echo")
        found = [tlsup.info(s) for s in socks]
        latency("client", [i.handshake_us for i in found],
                [i.events for i in found], [i.answers for i in found])
        report("server", [server.line("conn ") for _ in range(AT_ONCE)])
    balance(before, 2 * AT_ONCE)


@test(seconds=300)
def clients_in_many_processes_leave_nothing(stack):
    before = host.stats()
    server, port = host.serve(stack, "--connections", str(AT_ONCE))
    done = host.fetch(port, "--parallel", str(AT_ONCE), to="127.0.0.1")
    equal(done.returncode, 0, "exit status; " + done.stderr.decode()[-300:])
    equal(done.stdout, b"hello from tlsup-serve\n" * AT_ONCE, "bodies")
    equal(server.process.wait(20), 0, "exit status of the server")
    balance(before, 2 * AT_ONCE)


@test(seconds=120)
def connections_ended_in_every_phase_leave_nothing(outer):
    _server, port = host.serve(outer, "--echo")
    for ending in range(6):
        with contextlib.ExitStack() as stack:
            for _ in range(10):
                sock = stack.enter_context(
                    socket.create_connection(("127.0.0.1", port)))
                tlsup.attach(sock)
                sock.setblocking(False)
                if ending >= 1:
                    tlsup.set_option(sock, tlsup.SERVER_NAME, b"localhost")
                if ending >= 2:
                    try:
                        tlsup.start(sock, tlsup.CLIENT)
                    except BlockingIOError:
                        pass
                if ending >= 3:
                    select.select([], [sock], [], (ending - 3) * 0.005)
                if ending == 5:
                    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER,
                                    b"\1\0\0\0\0\0\0\0")
    check(host.all_destroyed(), host.stats())


if __name__ == "__main__":
    with host.Daemon():
        main()
