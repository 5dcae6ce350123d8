#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
# Copyright (C) 2026 The tlsup authors
"""Servers by one line: the options of a listening socket go over to what it
accepts, whose handshake starts by itself."""
import errno
import os
import select
import socket
import struct
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)) + "/../lib")
# pylint: disable=wrong-import-position
import host
import peer
import tlsup
from ktap import check, equal, fails_with, main, test


def tls_listener(stack, family=socket.AF_INET, *, port=0, reuse=False,
                 role=tlsup.SERVER, start=True, **options):
    """A listening socket with the options set before listen()."""
    sock = stack.enter_context(socket.socket(family))
    if family == socket.AF_INET6:
        sock.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
    if reuse:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    tlsup.prepare(sock, **options)
    if start:
        tlsup.start(sock, role)
    sock.bind(("::" if family == socket.AF_INET6 else "127.0.0.1", port))
    sock.listen(64)
    return sock


def dial(stack, listener, address="127.0.0.1"):
    """A plain TCP connection to it."""
    sock = stack.enter_context(socket.socket())
    sock.connect((address, listener.getsockname()[1]))
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return sock


def talk(stack, listener, **options):
    """A peer's handshake and one exchange; what accept() gave."""
    sock = dial(stack, listener)
    theirs = peer.Peer(sock, peer.client_context(**options), "localhost")
    shaking = tlsup.Background(theirs.handshake)
    ours = stack.enter_context(listener.accept()[0])
    exchange(ours, shaking.result())
    return ours, theirs


def exchange(ours, theirs):
    theirs.write(b"question")
    equal(ours.recv(64), b"question", "at our end")
    ours.sendall(b"answer")
    equal(theirs.read(), b"answer", "at the peer's end")


@test
def what_a_listener_accepts_is_tls(stack):
    for family in (socket.AF_INET, socket.AF_INET6):
        listener = tls_listener(stack, family)
        ours, _theirs = talk(stack, listener)
        equal(tlsup.info(ours).role, tlsup.SERVER, "role")
        equal(tlsup.get_text(ours, tlsup.SERVER_NAME), "localhost", "SNI")


@test
def the_listeners_options_are_inherited(stack):
    listener = tls_listener(stack, profile="p384", alpn=("http/1.1",),
                            timeout=12345)
    ours, theirs = talk(stack, listener, alpn=["h2", "http/1.1"])
    equal(tlsup.get_text(ours, tlsup.PROFILE), "p384", "profile")
    equal(tlsup.get_text(ours, tlsup.ALPN), "http/1.1", "ALPN")
    value = struct.unpack("=I", tlsup.get_option(ours, tlsup.TIMEOUT))[0]
    equal(value, 12345, "timeout")
    equal(theirs.tls.selected_alpn_protocol(), "http/1.1", "their ALPN")


@test
def without_a_role_each_accepted_socket_waits_for_its_own(stack):
    listener = tls_listener(stack, profile="rsa", start=False)
    sock = dial(stack, listener)
    theirs = peer.Peer(sock, peer.client_context(), "localhost")
    shaking = tlsup.Background(theirs.handshake)
    ours = stack.enter_context(listener.accept()[0])
    equal(tlsup.status(ours).phase, tlsup.IDLE, "phase")
    ours.setblocking(False)
    with fails_with(errno.EAGAIN, "a read before the handshake"):
        ours.recv(1)
    ours.setblocking(True)
    tlsup.start(ours, tlsup.SERVER)
    exchange(ours, shaking.result())


@test
def options_of_a_listener_are_fixed(stack):
    listener = tls_listener(stack, start=False)
    with fails_with(errno.ENOPROTOOPT, "profile"):
        tlsup.set_option(listener, tlsup.PROFILE, b"rsa")
    with fails_with(errno.ENOPROTOOPT, "role"):
        tlsup.start(listener, tlsup.SERVER)


@test
def a_client_cannot_listen(stack):
    sock = stack.enter_context(socket.socket())
    tlsup.prepare(sock)
    tlsup.start(sock, tlsup.CLIENT)
    sock.bind(("127.0.0.1", 0))
    with fails_with(errno.EOPNOTSUPP, "listen"):
        sock.listen()


@test
def poll_shows_a_listener_as_tcp_does(stack):
    listener = tls_listener(stack)
    poller = stack.enter_context(select.epoll())
    poller.register(listener, select.EPOLLIN | select.EPOLLET)
    equal(poller.poll(0.05), [], "before a connection")
    dial(stack, listener)
    equal(poller.poll(5), [(listener.fileno(), select.EPOLLIN)], "after it")
    dial(stack, listener)
    equal(poller.poll(5), [(listener.fileno(), select.EPOLLIN)], "the edge")


@test
def a_silent_peer_holds_up_nobody_and_ends_at_the_deadline(stack):
    listener = tls_listener(stack, timeout=700)
    listener.settimeout(10)
    silent = dial(stack, listener)
    half = dial(stack, listener)
    half.sendall(b"\x16\x03\x01\x02\x00\x01")
    begin = time.monotonic()
    stalled = [stack.enter_context(listener.accept()[0]) for _ in range(2)]
    talk(stack, listener)
    check(time.monotonic() - begin < 0.6, "accept was held up")
    for sock in stalled:
        with fails_with(errno.ETIMEDOUT, "its read"):
            sock.recv(1)
    took = time.monotonic() - begin
    check(0.5 < took < 5, f"the deadline was after {took:.2f} s")
    # An alert, and nothing else.
    for sock in (silent, half):
        sock.settimeout(5)
        equal(sock.recv(64)[:1], b"\x15", "the record that came")


@test
def a_profile_that_does_not_exist_is_ENOKEY_and_a_log_line(stack):
    listener = tls_listener(stack, profile="no-such-profile")
    sock = dial(stack, listener)
    theirs = peer.Peer(sock, peer.client_context(), "localhost")
    shaking = tlsup.Background(theirs.failure, theirs.handshake)
    ours = stack.enter_context(listener.accept()[0])
    with fails_with(errno.ENOKEY, "the first read"):
        ours.recv(1)
    with fails_with((errno.ENOKEY, errno.EPIPE), "a write"):
        ours.send(b"plain")
    check(shaking.result(), "the peer was content")
    check("no-such-profile" in tlsup.status(ours).reason or
          "profile" in tlsup.status(ours).reason, tlsup.status(ours).reason)
    check("no-such-profile" in DAEMON.output(), "the log:", DAEMON.output())


@test
def a_peer_that_speaks_no_tls_is_refused(stack):
    listener = tls_listener(stack)
    sock = dial(stack, listener)
    sock.sendall(b"GET / HTTP/1.0\r\n\r\n")
    ours = stack.enter_context(listener.accept()[0])
    with fails_with((errno.EPROTO, errno.EMSGSIZE), "the first read"):
        ours.recv(64)


@test
def what_is_never_accepted_leaves_nothing(stack):
    before = host.stats()
    listener = tls_listener(stack)
    socks = [dial(stack, listener) for _ in range(20)]
    for sock in socks[:10]:
        sock.sendall(b"\x16\x03\x01\x00\x05hello")
    for sock in socks[5:15]:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER,
                        struct.pack("ii", 1, 0))
        sock.close()
    listener.close()
    for sock in socks[:5] + socks[15:]:
        sock.settimeout(5)
        try:
            equal(sock.recv(64), b"", "what came")
        except ConnectionResetError:
            pass
    check(host.all_destroyed(), "objects are left:", host.stats())
    now = host.stats()
    equal(now["conns_created"] - before["conns_created"], 21, "created")
    equal(now["handshakes_started"], before["handshakes_started"], "started")


@test
def a_listener_that_was_shut_down_is_at_its_end(stack):
    listener = tls_listener(stack)
    sock = dial(stack, listener)
    listener.shutdown(socket.SHUT_RDWR)
    with fails_with(errno.EINVAL, "accept"):
        listener.accept()
    with fails_with((errno.EOPNOTSUPP, errno.ECONNABORTED), "listen"):
        listener.listen()
    sock.settimeout(5)
    try:
        equal(sock.recv(64), b"", "what came")
    except ConnectionResetError:
        pass


@test
def closing_while_connections_come_leaves_nothing(stack):
    for _ in range(30):
        listener = tls_listener(stack)
        address = listener.getsockname()
        socks = []
        for _ in range(8):
            sock = stack.enter_context(socket.socket())
            sock.setblocking(False)
            sock.connect_ex(address)
            socks.append(sock)
        accepted = [listener.accept()[0] for _ in range(3)]
        listener.close()
        for sock in socks + accepted:
            sock.close()
    check(host.all_destroyed(), "objects are left:", host.stats())


@test
def listeners_of_one_port_plain_and_tls_do_not_mix(stack):
    host_path = "/proc/sys/net/ipv4/tcp_migrate_req"
    with open(host_path, "w", encoding="ascii") as file:
        file.write("1")
    tls = tls_listener(stack, reuse=True)
    plain = stack.enter_context(socket.socket())
    plain.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    plain.bind(tls.getsockname())
    plain.listen(64)
    socks = [dial(stack, tls) for _ in range(32)]
    # What the plain one had goes over to the other, which does not pass it on.
    plain.close()
    tls.settimeout(1)
    secure = refused = 0
    while secure + refused < len(socks):
        try:
            got = stack.enter_context(tls.accept()[0])
        except ConnectionAbortedError:
            refused += 1
        except socket.timeout:
            break
        else:
            equal(tlsup.status(got).phase, tlsup.WAITING, "phase")
            secure += 1
    check(secure, "none came to the listener with TLS")
    check(refused, "none came over from the plain listener")


DAEMON = host.Daemon()

if __name__ == "__main__":
    with DAEMON:
        main()
