#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
# Copyright (C) 2026 The tlsup authors
"""Fail closed: from TCP_ULP on no plaintext crosses the socket, whatever the
application calls, before, during and after the handshake and after a failure.
The peer is a bare TCP socket that keeps every byte."""
import ctypes
import errno
import fcntl
import mmap
import os
import select
import socket
import struct
import sys
import tempfile
import termios
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)) + "/../lib")
# pylint: disable=wrong-import-position
import host
import peer
import tlsup
from ktap import case, check, equal, fails_with, main

MARK = b"PLAINTEXT-CANARY"
TCP_REPAIR, TCP_REPAIR_QUEUE, TCP_QUEUE_SEQ = 19, 20, 21
TCP_ZEROCOPY_RECEIVE, TCP_INQ = 35, 36
SOL_TLS, TLS_TX = 282, 1


def by_sendfile(sock):
    with tempfile.TemporaryFile() as file:
        file.write(MARK)
        file.flush()
        os.sendfile(sock.fileno(), file.fileno(), 0, len(MARK))


def by_splice_in(sock):
    read_end, write_end = os.pipe()
    try:
        os.write(write_end, MARK)
        os.splice(read_end, sock.fileno(), len(MARK))
    finally:
        os.close(read_end)
        os.close(write_end)


def by_splice_out(sock):
    read_end, write_end = os.pipe()
    try:
        count = os.splice(sock.fileno(), write_end, 4096,
                          flags=os.SPLICE_F_NONBLOCK)
        return os.read(read_end, count)
    finally:
        os.close(read_end)
        os.close(write_end)


def by_repair(sock):
    sock.setsockopt(socket.SOL_TCP, TCP_REPAIR, 1)
    sock.setsockopt(socket.SOL_TCP, TCP_REPAIR_QUEUE, 1)
    return sock.recv(4096, socket.MSG_PEEK)


def by_fastopen(sock):
    return sock.sendmsg([MARK], [], 0x20000000, sock.getpeername())


def by_zerocopy_receive(sock):
    # struct tcp_zerocopy_receive: no mapping, but a buffer to copy into.
    place = ctypes.create_string_buffer(4096)
    args = struct.pack("=QIIIiQiI", 0, 0, 0, 0, 0, ctypes.addressof(place),
                       4096, 0).ljust(64, b"\0")
    buf = ctypes.create_string_buffer(args, len(args))
    size = ctypes.c_uint(len(args))
    tlsup.libc(tlsup.LIBC.getsockopt(sock.fileno(), socket.SOL_TCP,
                                     TCP_ZEROCOPY_RECEIVE, buf,
                                     ctypes.byref(size)))
    return place.raw.rstrip(b"\0")


def by_siocinq(sock):
    return struct.unpack("=i", fcntl.ioctl(sock, termios.FIONREAD, bytes(4)))


def by_inq(sock):
    sock.setsockopt(socket.SOL_TCP, TCP_INQ, 1)
    return sock.recvmsg(4096, 100)[1]


def by_mmap(sock):
    with mmap.mmap(sock.fileno(), 4096, prot=mmap.PROT_READ) as memory:
        return memory.read()


def by_disconnect(sock):
    unspecified = struct.pack("=H14x", socket.AF_UNSPEC)
    tlsup.libc(tlsup.LIBC.connect(sock.fileno(), unspecified, 16))


WAYS = {
    "send": lambda s: s.send(MARK),
    "write": lambda s: os.write(s.fileno(), MARK),
    "writev": lambda s: os.writev(s.fileno(), [MARK[:4], MARK[4:]]),
    "sendmsg": lambda s: s.sendmsg([MARK]),
    "MSG_MORE": lambda s: s.send(MARK, socket.MSG_MORE),
    "MSG_OOB": lambda s: s.send(MARK, socket.MSG_OOB),
    "MSG_ZEROCOPY": lambda s: s.send(MARK, 0x4000000),
    "MSG_FASTOPEN": by_fastopen,
    "sendfile": by_sendfile,
    "splice to it": by_splice_in,
    "a control message": lambda s: s.sendmsg(
        [MARK], [(SOL_TLS, 1, b"\x15")]),
    "recv": lambda s: s.recv(4096),
    "MSG_PEEK": lambda s: s.recv(4096, socket.MSG_PEEK),
    "MSG_OOB in": lambda s: s.recv(4096, socket.MSG_OOB),
    "MSG_TRUNC": lambda s: s.recv(4096, socket.MSG_TRUNC),
    "read": lambda s: os.read(s.fileno(), 4096),
    "splice from it": by_splice_out,
    "the error queue": lambda s: s.recv(4096, 0x2000),
    "mmap": by_mmap,
    "TCP_REPAIR": by_repair,
    "TCP_QUEUE_SEQ": lambda s: s.setsockopt(socket.SOL_TCP, TCP_QUEUE_SEQ, 1),
    "TCP_INQ": by_inq,
    "TCP_ZEROCOPY_RECEIVE": by_zerocopy_receive,
    "SO_PEEK_OFF": lambda s: s.setsockopt(socket.SOL_SOCKET, 42, 0),
    "SO_RCVLOWAT": lambda s: s.setsockopt(socket.SOL_SOCKET,
                                          socket.SO_RCVLOWAT, 1 << 20),
    "SIOCINQ": by_siocinq,
    "SOL_TLS": lambda s: s.setsockopt(SOL_TLS, TLS_TX, bytes(40)),
    "a ULP on top": lambda s: s.setsockopt(socket.SOL_TCP, tlsup.TCP_ULP,
                                           b"tls"),
    "IPV6_ADDRFORM": lambda s: s.setsockopt(socket.IPPROTO_IPV6, 1,
                                            socket.AF_INET),
    "listen": lambda s: s.listen(1),
    "disconnect": by_disconnect,
}


def try_way(sock, name):
    """Call it; what it gave, or None if it refused."""
    poller = select.poll()
    poller.register(sock, select.POLLIN | select.POLLOUT)
    poller.poll(0)
    try:
        return WAYS[name](sock)
    except OSError:
        return None


def collect(sock, wait_first=False):
    """All bytes that have come, without waiting long behind the first."""
    data = b""
    if wait_first:
        check(select.select([sock], [], [], 10)[0], "nothing comes at all")
    sock.settimeout(0.05)
    try:
        while part := sock.recv(65536):
            data += part
    except OSError:
        pass
    return data


def check_records(wire, what):
    """Nothing but whole TLS records, and no byte of ours in the clear."""
    check(MARK not in wire, f"{what}: plaintext on the wire: {wire!r}")
    while wire:
        check(wire[0] in (20, 21, 22, 23) and wire[1] == 3,
              f"{what}: not a record: {wire[:20]!r}")
        length = 5 + int.from_bytes(wire[3:5], "big")
        check(len(wire) >= length, f"{what}: half a record: {wire!r}")
        wire = wire[length:]


def before_the_handshake(stack, name):
    ours, theirs = tlsup.tcp_pair(stack)
    tlsup.attach(ours)
    ours.setblocking(False)
    theirs.sendall(MARK)
    got = try_way(ours, name)
    check(not isinstance(got, bytes) or MARK[:4] not in got,
          "the peer's plaintext was handed out:", got)
    equal(collect(theirs), b"", "bytes that the peer saw")


def during_the_handshake(stack, name):
    ours, theirs = tlsup.tcp_pair(stack)
    tlsup.prepare(ours, name="localhost")
    ours.setblocking(False)
    with fails_with(errno.EINPROGRESS, "start"):
        tlsup.start(ours, tlsup.CLIENT)
    got = try_way(ours, name)
    check(not isinstance(got, bytes) or not got, "handed out:", got)
    wire = collect(theirs, wait_first=True)
    check_records(wire, name)
    check(wire[:1] == b"\x16", "no ClientHello:", wire)


def after_the_handshake(stack, name):
    ours, other = peer.connect(stack)
    ours.setblocking(False)
    try_way(ours, name)
    # Whatever it did, data still crosses, and as records.
    wire = collect(other.sock)
    check_records(wire, name)
    other.incoming.write(wire)
    ours.setblocking(True)
    ours.sendall(b"the end")
    other.sock.settimeout(10)
    seen = b""
    while not seen.endswith(b"the end"):
        part = other.read()
        check(part, "the connection was lost after", name)
        seen += part
    check(seen in (b"the end", MARK + b"the end"), "the peer got", seen)


def after_a_failure(stack, name):
    ours, theirs = tlsup.tcp_pair(stack)
    tlsup.prepare(ours, name="localhost")
    theirs.sendall(b"no TLS at all " + MARK)
    with fails_with(errno.EPROTO, "the handshake"):
        tlsup.start(ours, tlsup.CLIENT)
    ours.setblocking(False)
    got = try_way(ours, name)
    check(not isinstance(got, bytes) or MARK[:4] not in got,
          "the peer's plaintext was handed out:", got)
    check_records(collect(theirs), name)


def fails_when_interrupted(stack):
    """Closing a socket that has not shaken hands says nothing."""
    ours, theirs = tlsup.tcp_pair(stack)
    tlsup.attach(ours)
    ours.shutdown(socket.SHUT_WR)
    ours.close()
    equal(collect(theirs), b"", "bytes that the peer saw")


def a_sender_asleep_sends_no_more(stack):
    ours, theirs = tlsup.tcp_pair(stack)
    asleep = tlsup.Background(ours.send, MARK * 500000)
    time.sleep(0.3)
    tlsup.attach(ours)
    # It returns what TCP had taken before; nothing comes behind that.
    taken = asleep.result(10)
    equal(len(collect(theirs)), taken, "bytes of plaintext")


def a_receiver_asleep_receives_nothing(stack):
    ours, theirs = tlsup.tcp_pair(stack)
    asleep = tlsup.Background(ours.recv, 100)
    time.sleep(0.3)
    tlsup.attach(ours)
    theirs.sendall(MARK)
    with fails_with(errno.EPIPE, "the receiver"):
        asleep.result(10)


for way in WAYS:
    case(f"{way} lets nothing past before the handshake",
         before_the_handshake, way, seconds=20)
    case(f"{way} lets nothing past during the handshake",
         during_the_handshake, way, seconds=20)
    case(f"{way} lets nothing past after the handshake",
         after_the_handshake, way, seconds=20)
    case(f"{way} lets nothing past after a failure", after_a_failure, way,
         seconds=20)
case("a sender asleep in TCP sends no more", a_sender_asleep_sends_no_more,
     seconds=30)
case("a receiver asleep in TCP receives nothing",
     a_receiver_asleep_receives_nothing, seconds=30)
case("closing before the handshake says nothing", fails_when_interrupted,
     seconds=20)


if __name__ == "__main__":
    with host.Daemon():
        main()
