#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
# Copyright (C) 2026 The tlsup authors
"""TCP Fast Open: with a cookie of the server, the ClientHello rides the SYN;
connect() returns at once, and nobody need write for the handshake to start."""
import errno
import select
import socket
import subprocess
import sys
import os

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)) + "/../lib")
# pylint: disable=wrong-import-position
import host
import peer
import tlsup
from ktap import check, equal, fails_with, main, test

TCP_FASTOPEN, TCP_FASTOPEN_CONNECT = 23, 30


def counter(name):
    """Of TcpExt, of this network namespace."""
    with open("/proc/net/netstat", encoding="ascii") as file:
        names, values = (line.split() for line in list(file)[:2])
    return int(values[names.index(name)])


def server(stack, ulp=False):
    """A listener that gives cookies, and takes data with a SYN."""
    sock = stack.enter_context(socket.socket())
    sock.setsockopt(socket.IPPROTO_TCP, TCP_FASTOPEN, 16)
    if ulp:
        tlsup.prepare(sock)
        tlsup.start(sock, tlsup.SERVER)
    sock.bind(("127.0.0.1", 0))
    sock.listen(16)
    return sock


def client(stack, **options):
    sock = stack.enter_context(socket.socket())
    sock.setsockopt(socket.IPPROTO_TCP, TCP_FASTOPEN_CONNECT, 1)
    return tlsup.prepare(sock, name="localhost", **options)


def get_cookie(stack, listener):
    """By a connection of plain TCP."""
    sock = stack.enter_context(socket.socket())
    sock.setsockopt(socket.IPPROTO_TCP, TCP_FASTOPEN_CONNECT, 1)
    sock.connect(listener.getsockname())
    sock.send(b"x")
    listener.accept()[0].close()
    sock.close()


def answer(listener):
    """An OpenSSL server: one handshake and one exchange."""
    with listener.accept()[0] as sock:
        theirs = peer.Peer(sock, peer.server_context())
        theirs.handshake()
        got = theirs.read()
        theirs.write(b"answer")
        return got


def exchange(ours, serving):
    ours.sendall(b"question")
    equal(ours.recv(64), b"answer", "at our end")
    equal(serving.result(), b"question", "at the peer's end")


@test
def the_first_connection_asks_for_a_cookie_and_the_next_uses_it(stack):
    listener = server(stack)
    before = counter("TCPFastOpenActive")
    for used in (0, 1, 2):
        serving = tlsup.Background(answer, listener)
        ours = client(stack)
        tlsup.start(ours, tlsup.CLIENT)
        ours.connect(listener.getsockname())
        exchange(ours, serving)
        equal(counter("TCPFastOpenActive") - before, used,
              "SYNs with data that were acknowledged")


@test
def a_socket_that_does_not_block_starts_without_a_write(stack):
    listener = server(stack)
    get_cookie(stack, listener)
    serving = tlsup.Background(answer, listener)
    ours = client(stack)
    ours.setblocking(False)
    tlsup.start(ours, tlsup.CLIENT)
    ours.connect(listener.getsockname())
    equal(select.select([], [ours], [], 10)[1], [ours], "writable")
    equal(tlsup.so_error(ours), 0, "SO_ERROR")
    ours.setblocking(True)
    exchange(ours, serving)


@test
def the_role_may_come_after_connect(stack):
    listener = server(stack)
    get_cookie(stack, listener)
    for blocking in (True, False):
        serving = tlsup.Background(answer, listener)
        ours = client(stack)
        ours.connect(listener.getsockname())
        ours.setblocking(blocking)
        if blocking:
            tlsup.start(ours, tlsup.CLIENT)
        else:
            with fails_with(errno.EINPROGRESS, "the role"):
                tlsup.start(ours, tlsup.CLIENT)
            select.select([], [ours], [], 10)
            ours.setblocking(True)
        exchange(ours, serving)


@test
def what_does_not_fit_into_the_SYN_follows(stack):
    subprocess.run(["ip", "link", "set", "lo", "mtu", "700"], check=True)
    stack.callback(subprocess.run,
                   ["ip", "link", "set", "lo", "mtu", "65536"], check=True)
    listener = server(stack)
    get_cookie(stack, listener)
    before = counter("TCPFastOpenActive")
    serving = tlsup.Background(answer, listener)
    ours = client(stack, alpn=["x" * 250, "y" * 250, "z" * 250])
    tlsup.start(ours, tlsup.CLIENT)
    ours.connect(listener.getsockname())
    exchange(ours, serving)
    equal(counter("TCPFastOpenActive") - before, 1, "SYNs with data")


@test
def a_connection_that_is_refused_says_so(stack):
    listener = server(stack)
    get_cookie(stack, listener)
    address = listener.getsockname()
    listener.close()
    ours = client(stack)
    tlsup.start(ours, tlsup.CLIENT)
    ours.connect(address)
    with fails_with(errno.ECONNREFUSED, "the first read"):
        ours.recv(1)
    equal(tlsup.status(ours).reason, "the connection could not be made",
          "sentence")


@test
def one_that_is_closed_at_once_leaves_nothing(stack):
    listener = server(stack)
    get_cookie(stack, listener)
    for _ in range(10):
        ours = client(stack)
        ours.setblocking(False)
        tlsup.start(ours, tlsup.CLIENT)
        ours.connect(listener.getsockname())
        ours.close()
    check(host.all_destroyed(), "objects are left:", host.stats())


@test
def a_listener_takes_them(stack):
    listener = server(stack, ulp=True)
    for _ in range(3):
        ours = client(stack)
        tlsup.start(ours, tlsup.CLIENT)
        connecting = tlsup.Background(ours.connect, listener.getsockname())
        theirs = stack.enter_context(listener.accept()[0])
        connecting.result()
        ours.sendall(b"question")
        equal(theirs.recv(64), b"question", "at the server")
        theirs.sendall(b"answer")
        equal(ours.recv(64), b"answer", "at the client")
    check(counter("TCPFastOpenPassive"), "no SYN came with data")


def allow():
    """Both roles, in this network namespace."""
    with open("/proc/sys/net/ipv4/tcp_fastopen", "w", encoding="ascii") as file:
        file.write("3")


if __name__ == "__main__":
    allow()
    with host.Daemon():
        main()
