#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
# Copyright (C) 2026 The tlsup authors
"""Many at once: idle connections, which cost the daemon nothing, and pending
handshakes, of which each has a bound."""
import errno
import os
import select
import socket
import ssl
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)) + "/../lib")
# pylint: disable=wrong-import-position
import host
import runs
import tlsup
from ktap import FULL, check, diag, equal, main, test

IDLE = int(os.environ.get("TLSUP_IDLE", "10000" if FULL else "1000"))
PENDING = 1000
AT_ONCE = 64
MIB, KIB = 1 << 20, 1 << 10


def resident():
    """Bytes of the daemon."""
    return runs.resident(DAEMON.process.pid)


def listener(stack, timeout=600000):
    sock = stack.enter_context(socket.socket())
    tlsup.prepare(sock, timeout=timeout)
    tlsup.set_option(sock, tlsup.FLAGS, tlsup.NO_RESUMPTION)
    tlsup.start(sock, tlsup.SERVER)
    sock.bind(("127.0.0.1", 0))
    sock.listen(4096)
    return sock


def dial(address):
    """A client that does not block; its handshake goes on by itself."""
    sock = tlsup.prepare(socket.socket(), name="localhost", timeout=600000)
    tlsup.set_option(sock, tlsup.FLAGS, tlsup.NO_RESUMPTION)
    sock.setblocking(False)
    tlsup.start(sock, tlsup.CLIENT)
    equal(sock.connect_ex(address), errno.EINPROGRESS, "connect")
    return sock


def finished(socks, seconds=60):
    """Wait until the handshakes of all have ended, and ended well."""
    poller = select.poll()
    for sock in socks:
        poller.register(sock, select.POLLOUT)
    left = {sock.fileno() for sock in socks}
    while left:
        found = poller.poll(seconds * 1000)
        check(found, len(left), "handshakes do not end")
        for number, _events in found:
            poller.unregister(number)
            left.discard(number)
    for sock in socks:
        equal(tlsup.so_error(sock), 0, "SO_ERROR")


def connections(stack, server, number):
    """So many pairs of ends, made a few at a time."""
    ends = []
    for begun in range(0, number, AT_ONCE):
        some = [dial(server.getsockname())
                for _ in range(min(AT_ONCE, number - begun))]
        accepted = [server.accept()[0] for _ in some]
        finished(some + accepted)
        ends += some + accepted
    for sock in ends:
        stack.callback(sock.close)
    return ends


@test(seconds=1200)
def idle_connections_cost_the_daemon_nothing(stack):
    server = listener(stack)
    # What it takes once, for the first handshakes of all.
    for sock in connections(stack, server, 2 * AT_ONCE):
        sock.close()
    before, counters = resident(), host.stats()
    ends = connections(stack, server, IDLE)
    grown = resident() - before
    diag(f"{IDLE} connections: the daemon grew by {grown // KIB} KiB")
    now = host.stats()
    equal(now["handshakes_done"] - counters["handshakes_done"], 2 * IDLE,
          "handshakes done")
    equal(now["handshakes_failed"], counters["handshakes_failed"], "failed")
    check(grown <= MIB, "the daemon grew by", grown)
    # None has been dropped: each is still there for a byte each way.
    clients = {s.getpeername() + s.getsockname(): s for s in ends
               if tlsup.info(s).role == tlsup.CLIENT}
    for sock in ends:
        if tlsup.info(sock).role == tlsup.SERVER:
            other = clients[sock.getsockname() + sock.getpeername()]
            other.send(b"?")
            sock.setblocking(True)
            equal(sock.recv(2), b"?", "to the server")
            sock.send(b"!")
            other.setblocking(True)
            equal(other.recv(2), b"!", "to the client")


def client_hello():
    """OpenSSL's."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    tls = context.wrap_bio(incoming, outgoing, server_hostname="localhost")
    try:
        tls.do_handshake()
    except ssl.SSLWantReadError:
        pass
    return outgoing.read()


def leave_pending(stack, server, hello, count):
    """Both ends of each, when the daemon has answered all."""
    begun, kept = host.stats()["answers"], []
    for _ in range(count):
        sock = stack.enter_context(
            socket.create_connection(server.getsockname()))
        sock.sendall(hello)
        kept.append(stack.enter_context(server.accept()[0]))
    check(host.wait_for(lambda: host.stats()["answers"] - begun >= count, 60),
          "the daemon has not seen them all")
    return kept


@test(seconds=300)
def pending_handshakes_have_a_bound(stack):
    server = listener(stack)
    hello = client_hello()
    # One peer of one user gets a third.
    host.sysctl("max_pending", 3 * (AT_ONCE + PENDING))
    # Code that each process runs for the first time is no cost of the others.
    first = resident()
    kept = leave_pending(stack, server, hello, AT_ONCE)
    before = resident()
    diag(f"the first {AT_ONCE}: {(before - first) / KIB:.0f} KiB")
    kept += leave_pending(stack, server, hello, PENDING)
    equal({tlsup.status(sock).phase for sock in kept}, {tlsup.SHAKING},
          "phases")
    each = (resident() - before) / PENDING
    diag(f"{PENDING} pending handshakes: {each / KIB:.1f} KiB of the daemon's "
         "memory each")
    check(each < 32 * KIB, "each costs", each)


DAEMON = host.Daemon()

if __name__ == "__main__":
    with DAEMON:
        main()
