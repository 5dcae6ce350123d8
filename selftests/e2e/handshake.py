#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
# Copyright (C) 2026 The tlsup authors
"""TLSUP_HANDSHAKE behaves like connect(2): blocking, non-blocking, interrupted,
joined, on a socket not yet connected; and survives any segmentation."""
import contextlib
import errno
import os
import select
import signal
import socket
import ssl
import sys
import threading
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)) + "/../lib")
# pylint: disable=wrong-import-position
import host
import peer
import tlsup
from ktap import FULL, check, diag, equal, fails_with, main, test

ROLES = {"client": tlsup.CLIENT, "server": tlsup.SERVER}


def two_ends(stack, role, *, nonblocking=True, alpn=None, peer_alpn=None):
    """Our prepared socket and a peer; neither has begun."""
    ours, theirs = tlsup.tcp_pair(stack)
    if role == tlsup.CLIENT:
        other = peer.Peer(theirs, peer.server_context(alpn=peer_alpn))
    else:
        other = peer.Peer(theirs, peer.client_context(peer_alpn), "localhost")
    tlsup.prepare(ours, name="localhost" if role == tlsup.CLIENT else None,
                  alpn=alpn)
    ours.setblocking(not nonblocking)
    return ours, other


def poll_now(sock, seconds=0.0):
    poller = select.poll()
    poller.register(sock, select.POLLIN | select.POLLOUT)
    found = poller.poll(seconds * 1000)
    return found[0][1] if found else 0


@test
def a_blocking_handshake_returns_when_done(stack):
    for role in ROLES.values():
        ours, other = peer.connect(stack, role)
        found = tlsup.info(ours)
        equal(found.version, 0x0304, "version")
        check(found.suite in tlsup.SUITES, "suite", hex(found.suite))
        equal(found.role, role, "role")
        equal(found.resumed, 0, "resumed")
        equal(tlsup.status(ours).phase, tlsup.OPEN, "phase")
        equal(tlsup.status(ours).error, 0, "error")
        equal(other.tls.version(), "TLSv1.3", "the peer's version")
        equal(other.tls.cipher()[0], tlsup.SUITES[found.suite],
              "the peer's suite")


@test
def a_nonblocking_handshake_is_in_progress_then_writable(stack):
    for role in ROLES.values():
        ours, other = two_ends(stack, role)
        with fails_with(errno.EINPROGRESS, "first call"):
            tlsup.start(ours, role)
        with fails_with(errno.EALREADY, "second call"):
            tlsup.start(ours, role)
        equal(poll_now(ours, 0.05), 0, "poll while the peer is silent")
        with fails_with(errno.EAGAIN, "recv before the end"):
            ours.recv(1)
        with fails_with(errno.EAGAIN, "send before the end"):
            ours.send(b"x")
        shaking = tlsup.Background(other.handshake)
        equal(poll_now(ours, 10) & (select.POLLOUT | select.POLLERR),
              select.POLLOUT, "poll at the end")
        shaking.result()
        equal(tlsup.so_error(ours), 0, "SO_ERROR")
        with fails_with(errno.EISCONN, "call after success"):
            tlsup.start(ours, role)
        ours.sendall(b"works")
        equal(other.read_exactly(5), b"works", "data")


@test
def a_failed_nonblocking_handshake_shows_pollerr(stack):
    for role in ROLES.values():
        ours, other = two_ends(stack, role)
        with fails_with(errno.EINPROGRESS, "start"):
            tlsup.start(ours, role)
        other.sock.sendall(b"HTTP/1.0 400 Bad Request\r\n\r\n")
        check(poll_now(ours, 10) & select.POLLERR, "no POLLERR")
        equal(tlsup.so_error(ours), errno.EPROTO, "SO_ERROR")
        found = tlsup.status(ours)
        equal((found.phase, found.error), (tlsup.FAILED, errno.EPROTO),
              "TLSUP_STATUS after SO_ERROR was read")
        check(found.reason, "no sentence")
        for call in (lambda s: s.recv(1), lambda s: s.send(b"x")):
            with fails_with((errno.EPROTO, errno.EPIPE, errno.ENOTCONN),
                            "use after failure"):
                call(ours)


@test
def select_waits_for_the_end(stack):
    ours, other = two_ends(stack, tlsup.CLIENT)
    with fails_with(errno.EINPROGRESS, "start"):
        tlsup.start(ours, tlsup.CLIENT)
    equal(select.select([ours], [ours], [], 0.05)[:2], ([], []), "too early")
    shaking = tlsup.Background(other.handshake)
    equal(select.select([], [ours], [], 10)[1], [ours], "at the end")
    shaking.result()


@test
def edge_triggered_epoll_wakes_at_the_end(stack):
    for role in ROLES.values():
        ours, other = two_ends(stack, role)
        with select.epoll() as poller:
            # For the end alone: a wake-up meant for readers must not do.
            poller.register(ours, select.EPOLLOUT | select.EPOLLET)
            poller.poll(0)
            with fails_with(errno.EINPROGRESS, "start"):
                tlsup.start(ours, role)
            shaking = tlsup.Background(other.handshake)
            events = 0
            while not events & select.EPOLLOUT:
                found = poller.poll(10)
                check(found, "epoll slept through the end of the handshake")
                events |= found[0][1]
            check(not events & select.EPOLLERR, "EPOLLERR", hex(events))
            shaking.result()
            poller.modify(ours, select.EPOLLIN | select.EPOLLET)
            poller.poll(0)
            other.write(b"data")
            found = poller.poll(10)
            check(found and found[0][1] & select.EPOLLIN, "no edge for data")


@test
def edge_triggered_epoll_wakes_at_a_failure(stack):
    ours, other = two_ends(stack, tlsup.CLIENT)
    with select.epoll() as poller:
        poller.register(ours, select.EPOLLIN | select.EPOLLOUT
                        | select.EPOLLET)
        with fails_with(errno.EINPROGRESS, "start"):
            tlsup.start(ours, tlsup.CLIENT)
        while poller.poll(0.05):
            pass
        other.sock.close()
        found = poller.poll(10)
        check(found and found[0][1] & select.EPOLLERR, "no edge for a failure")
        equal(tlsup.so_error(ours), errno.EPROTO, "SO_ERROR")


@test
def a_signal_interrupts_the_wait_and_a_second_call_joins(stack):
    interrupted = []
    signal.signal(signal.SIGUSR1, lambda *_: interrupted.append(1))
    signal.siginterrupt(signal.SIGUSR1, True)
    for role in ROLES.values():
        ours, other = two_ends(stack, role, nonblocking=False)
        timer = threading.Timer(0.2, os.kill, (os.getpid(), signal.SIGUSR1))
        timer.start()
        with fails_with(errno.EINTR, "the interrupted call"):
            tlsup.start(ours, role)
        timer.join()
        check(tlsup.status(ours).phase not in (tlsup.OPEN, tlsup.FAILED),
              "the handshake ended with the wait")
        joining = tlsup.Background(tlsup.start, ours, role)
        time.sleep(0.1)
        check(joining.is_alive(), "the second call did not wait")
        other.handshake()
        joining.result()
        equal(tlsup.status(ours).phase, tlsup.OPEN, "phase")
    check(len(interrupted) == 2, "signals delivered:", len(interrupted))


@test
def two_threads_may_wait_for_one_handshake(stack):
    ours, other = two_ends(stack, tlsup.CLIENT, nonblocking=False)
    waiting = [tlsup.Background(tlsup.start, ours, tlsup.CLIENT)
               for _ in range(2)]
    time.sleep(0.1)
    other.handshake()
    errors = []
    for thread in waiting:
        try:
            thread.result()
        except OSError as error:
            errors.append(error.errno)
    check(errors in ([], [errno.EISCONN]), "errors", errors)


@test
def a_role_set_before_connect_starts_at_established(stack):
    with socket.create_server(("127.0.0.1", 0)) as listener:
        ours = stack.enter_context(socket.socket())
        tlsup.prepare(ours, name="localhost")
        try:
            tlsup.start(ours, tlsup.CLIENT)
        except OSError as error:
            equal(error.errno, errno.EINPROGRESS, "errno of an early start")
        ours.connect(listener.getsockname())
        other = peer.Peer(stack.enter_context(listener.accept()[0]),
                          peer.server_context())
    shaking = tlsup.Background(other.handshake)
    ours.sendall(b"waited")
    shaking.result()
    equal(other.read_exactly(6), b"waited", "data")


@test
def a_nonblocking_connect_ends_when_the_handshake_does(stack):
    with socket.create_server(("127.0.0.1", 0)) as listener:
        ours = stack.enter_context(socket.socket())
        tlsup.prepare(ours, name="localhost")
        ours.setblocking(False)
        try:
            tlsup.start(ours, tlsup.CLIENT)
        except OSError as error:
            equal(error.errno, errno.EINPROGRESS, "errno of an early start")
        with fails_with(errno.EINPROGRESS, "connect"):
            ours.connect(listener.getsockname())
        other = peer.Peer(stack.enter_context(listener.accept()[0]),
                          peer.server_context())
    equal(poll_now(ours, 0.05) & select.POLLOUT, 0, "writable before the end")
    shaking = tlsup.Background(other.handshake)
    check(poll_now(ours, 10) & select.POLLOUT, "not writable at the end")
    shaking.result()
    equal(tlsup.so_error(ours), 0, "SO_ERROR")


@test
def reads_and_writes_wait_for_the_handshake(stack):
    ours, other = two_ends(stack, tlsup.CLIENT, nonblocking=False)
    writing = tlsup.Background(ours.sendall, b"early")
    reading = tlsup.Background(ours.recv, 100)
    time.sleep(0.1)
    check(writing.is_alive() and reading.is_alive(), "did not wait")
    shaking = tlsup.Background(other.handshake)
    tlsup.start(ours, tlsup.CLIENT)
    shaking.result()
    writing.result()
    equal(other.read_exactly(5), b"early", "the waiting write")
    other.write(b"answer")
    equal(reading.result(), b"answer", "the waiting read")


@test
def alpn_is_negotiated_in_both_roles(stack):
    for role in ROLES.values():
        ours, other = two_ends(stack, role, nonblocking=False,
                               alpn=["h2", "http/1.1"],
                               peer_alpn=["http/1.1"])
        shaking = tlsup.Background(other.handshake)
        tlsup.start(ours, role)
        shaking.result()
        equal(tlsup.get_text(ours, tlsup.ALPN), "http/1.1", "ours")
        equal(other.tls.selected_alpn_protocol(), "http/1.1", "the peer's")


@test
def the_server_learns_the_name_that_the_client_sent(stack):
    ours, _ = peer.connect(stack, tlsup.SERVER, name="www.example.org")
    equal(tlsup.get_text(ours, tlsup.SERVER_NAME), "www.example.org", "SNI")


@test
def an_address_is_verified_but_not_sent_as_sni(stack):
    ours, theirs = tlsup.tcp_pair(stack)
    seen = []
    context = peer.server_context()
    context.sni_callback = lambda _tls, name, _ctx: seen.append(name)
    other = peer.Peer(theirs, context)
    tlsup.prepare(ours, name="127.0.0.1")
    shaking = tlsup.Background(other.handshake)
    tlsup.start(ours, tlsup.CLIENT)
    shaking.result()
    equal(seen, [None], "SNI that the server saw")


@test
def the_peers_certificate_is_there_afterwards(stack):
    ours, other = peer.connect(stack, cert="p384")
    leaf = tlsup.get_option(ours, tlsup.PEER_CERT, 16384)
    with open(host.CERTS + "/p384.pem", encoding="ascii") as file:
        equal(leaf, ssl.PEM_cert_to_DER_cert(file.read()),
              "TLSUP_PEER_CERT")
    chain = tlsup.get_option(ours, tlsup.PEER_CHAIN, 65536)
    equal(chain, len(leaf).to_bytes(3, "big") + leaf, "TLSUP_PEER_CHAIN")
    with fails_with(errno.ERANGE, "a buffer too small"):
        tlsup.get_option(ours, tlsup.PEER_CERT, 10)
    ours, other = peer.connect(stack, tlsup.SERVER)
    with fails_with(errno.ENODATA, "a client without a certificate"):
        tlsup.get_option(ours, tlsup.PEER_CERT, 10)
    del other


@test
def a_server_handshake_takes_few_messages(stack):
    for role_name, role in ROLES.items():
        times = []
        for _ in range(20):
            ours, _other = peer.connect(stack, role)
            found = tlsup.info(ours)
            times.append(found.handshake_us)
        times.sort()
        diag(f"{role_name}: handshake min {times[0]}us median "
             f"{times[10]}us max {times[-1]}us,",
             f"{found.events} messages up, {found.answers} down")
        check(found.events > 0 and found.answers > 0, "not counted")
        if role == tlsup.SERVER:
            check(found.events <= 4 and found.answers <= 4,
                  "more than 4 up or 4 down")


def split_at(sock, cut):
    """A wire that makes a segment boundary behind its cut-th byte."""
    passed = [0]

    def send(data):
        here = cut - passed[0]
        passed[0] += len(data)
        if 0 < here < len(data):
            sock.sendall(data[:here])
            time.sleep(0.001)
            data = data[here:]
        sock.sendall(data)
    return send, passed


def shake_with_cut(role, cut):
    with contextlib.ExitStack() as stack:
        ours, other = two_ends(stack, role, nonblocking=False)
        other.wire, passed = split_at(other.sock, cut)
        shaking = tlsup.Background(other.handshake)
        tlsup.start(ours, role)
        shaking.result()
        other.write(b"ping")
        equal(ours.recv(4), b"ping", f"data after a cut at {cut}")
        return passed[0]


@test(seconds=1200 if FULL else 240)
def a_segment_boundary_at_any_place_of_the_peers_flight(_stack):
    for role_name, role in ROLES.items():
        length = shake_with_cut(role, 0)
        step = 1 if FULL else 3
        cuts = [*range(1, 12), *range(12, length, step)]
        if role == tlsup.CLIENT:
            # Around the end of the ServerHello, where the keys change.
            cuts += range(120, 145)
        for cut in sorted(set(cuts)):
            try:
                shake_with_cut(role, cut)
            except Exception as error:
                raise AssertionError(f"{role_name}, cut at {cut}") from error
        diag(f"{role_name}: {len(set(cuts))} cuts of {length} bytes")


@test
def a_segment_for_each_byte_of_the_peers_flight(stack):
    for role in ROLES.values():
        ours, other = two_ends(stack, role, nonblocking=False)

        def send(data, sock=other.sock):
            for byte in data:
                sock.sendall(bytes([byte]))
        other.wire = send
        shaking = tlsup.Background(other.handshake)
        tlsup.start(ours, role)
        shaking.result()
        equal(tlsup.status(ours).phase, tlsup.OPEN, "phase")


@test
def data_in_the_segment_of_the_finished_message_arrives(stack):
    # The client's Finished and its first request in one segment: what stands
    # behind the last handshake record must be read when the keys are there.
    ours, other = two_ends(stack, tlsup.SERVER, nonblocking=False)
    held = []

    def hold_all_but_the_first(data):
        if not held:
            other.sock.sendall(data)
            data = b""
        held.append(data)
    other.wire = hold_all_but_the_first
    accepting = tlsup.Background(tlsup.start, ours, tlsup.SERVER)
    other.handshake()
    other.write(b"GET / HTTP/1.0\r\n\r\n")
    other.sock.sendall(b"".join(held))
    accepting.result()
    equal(ours.recv(100), b"GET / HTTP/1.0\r\n\r\n", "the request")


if __name__ == "__main__":
    with host.Daemon():
        main()
