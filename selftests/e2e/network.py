#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
# Copyright (C) 2026 The tlsup authors
"""A bad network: loss, reordering, duplication and delay by netem, segments of
a byte, a window that stays closed, and an end at every point of the handshake:
no byte wrong, and nothing hangs."""
import contextlib
import hashlib
import os
import random
import socket
import ssl
import struct
import subprocess
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)) + "/../lib")
# pylint: disable=wrong-import-position
import host
import peer
import tlsup
from ktap import Skip, case, check, diag, equal, main, test

SOAK = bool(os.environ.get("SOAK"))
SECONDS = 180 if SOAK else 5
BYTES = 4 << 20 if SOAK else 300000
TCP_MAXSEG = 2


def netem(stack, *words):
    """What the loopback device does to packets until the test ends."""
    done = subprocess.run(("tc", "qdisc", "add", "dev", "lo", "root", "netem",
                           *words), capture_output=True, check=False, text=True)
    if done.returncode:
        raise Skip("no netem: " + done.stderr.strip())
    stack.callback(subprocess.run, ("tc", "qdisc", "del", "dev", "lo", "root"),
                   check=False)


def bulk(ours, other, size):
    """So many bytes each way at once, compared by their hashes."""
    data = random.Random(size).randbytes(size)

    def drain(read):
        digest, left = hashlib.sha256(), size
        while left:
            part = read(min(left, 65536))
            check(part, "the end, with", left, "bytes to come")
            digest.update(part)
            left -= len(part)
        return digest.digest()
    wanted = hashlib.sha256(data).digest()
    sending = tlsup.Background(ours.sendall, data)
    equal(drain(other.read), wanted, "to the peer")
    sending.result(300)
    receiving = tlsup.Background(drain, ours.recv)
    other.write(data)
    equal(receiving.result(300), wanted, "from the peer")


def over(stack, *words):
    netem(stack, *words)
    for role in (tlsup.CLIENT, tlsup.SERVER):
        ours, other = peer.connect(stack, role)
        bulk(ours, other, BYTES)
        ours.close()


for how in (("loss", "5%"), ("delay", "2ms", "reorder", "25%"),
            ("duplicate", "10%"),
            ("delay", "3ms", "3ms", "loss", "2%", "duplicate", "2%")):
    case("over a network with " + " ".join(how), over, *how, seconds=900)


@test(seconds=300)
def the_peer_sends_byte_by_byte(stack):
    for role in (tlsup.CLIENT, tlsup.SERVER):
        ours, theirs = tlsup.tcp_pair(stack)
        other = peer.Peer(theirs, peer.server_context()) \
            if role == tlsup.CLIENT else \
            peer.Peer(theirs, peer.client_context(), "localhost")

        def by_byte(data, sock=theirs):
            for byte in data:
                sock.sendall(bytes((byte,)))
        other.wire = by_byte
        tlsup.prepare(ours, name="localhost" if role == tlsup.CLIENT else None)
        shaking = tlsup.Background(other.handshake)
        tlsup.start(ours, role)
        shaking.result()
        other.write(b"slowly but surely")
        equal(ours.recv(17, socket.MSG_WAITALL), b"slowly but surely", "data")


@test(seconds=900)
def a_window_that_stays_closed_holds_nobody_up(stack):
    ours, other = peer.connect(stack)
    ours.setblocking(False)
    sent = 0
    with contextlib.suppress(BlockingIOError):
        while True:
            sent += ours.send(b"z" * 16384)
    begin, shut = time.monotonic(), SECONDS
    while time.monotonic() - begin < shut:
        # Reading goes on, and so do other connections.
        other.tls.write(b"hi")
        other.sock.send(other.outgoing.read())
        check(host.wait_for(lambda: peek(ours)), "nothing to read")
        equal(ours.recv(2), b"hi", "while the window is closed")
        fresh, far = peer.connect(stack)
        fresh.sendall(b"new")
        equal(far.read_exactly(3), b"new", "another connection")
        fresh.close()
        far.sock.close()
        time.sleep(0.5)
    total = 0
    while total < sent:
        total += len(other.read(65536))
    equal(total, sent, "bytes when the window opens again")
    diag("figure: seconds of a closed window:", shut)


def peek(sock):
    try:
        return sock.recv(2, socket.MSG_PEEK) != b""
    except BlockingIOError:
        return False


class Cut(Exception):
    """The stream ends here."""


def cut_after(stack, role, at, reset):
    """The peer ends after so many bytes; how many it wanted to send."""
    ours, theirs = tlsup.tcp_pair(stack)
    other = peer.Peer(theirs, peer.server_context()) \
        if role == tlsup.CLIENT else \
        peer.Peer(theirs, peer.client_context(), "localhost")
    count = [0]

    def wire(data):
        left = at - count[0]
        theirs.sendall(data[:max(left, 0)])
        count[0] += len(data)
        if count[0] > at:
            raise Cut
    other.wire = wire

    def shake():
        with contextlib.suppress(Cut, OSError, ssl.SSLError):
            other.handshake()
            other.write(b"a record of data")
        if reset:
            theirs.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER,
                              struct.pack("ii", 1, 0))
        theirs.close()
    shaking = tlsup.Background(shake)
    tlsup.prepare(ours, name="localhost" if role == tlsup.CLIENT else None,
                  timeout=20000)
    data, good_end = b"", False
    with contextlib.suppress(OSError):
        tlsup.start(ours, role)
        ours.settimeout(20)
        while part := ours.recv(100):
            data += part
        good_end = True
    shaking.result(30)
    check(b"a record of data".startswith(data), "wrong data:", data)
    check(not good_end, f"cut after {at}: an end in good order")
    ours.close()
    return count[0]


def cut_everywhere(stack, role, reset):
    total = cut_after(stack, role, 1 << 20, reset)
    points = range(0, total, 1 if SOAK else 61)
    for at in points:
        with contextlib.ExitStack() as inner:
            cut_after(inner, role, at, reset)
    diag("figure: streams cut off:", len(points))


for one in (tlsup.CLIENT, tlsup.SERVER):
    for rst in (False, True):
        case(f"{'RST' if rst else 'FIN'} at every point, as "
             f"{'client' if one == tlsup.CLIENT else 'server'}",
             cut_everywhere, one, rst, seconds=3600)


@test
def nothing_is_left(_stack):
    check(host.all_destroyed(), host.stats())


if __name__ == "__main__":
    with host.Daemon():
        main()
