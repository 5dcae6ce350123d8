#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
# Copyright (C) 2026 The tlsup authors
"""Others in the kernel that would take a TCP socket for themselves, or have
taken it: sockmap, KCM, MPTCP, a socket in repair. And what TCP has beside its
stream: urgent bytes, the error queue, lengths that it tells."""
import array
import ctypes
import errno
import fcntl
import mmap
import os
import select
import socket
import struct
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)) + "/../lib")
# pylint: disable=wrong-import-position
import host
import peer
import tlsup
from ktap import Skip, case, check, equal, fails_with, main, test

# From linux/bpf.h, linux/kcm.h and linux/tcp.h.
SYS_BPF, MAP_CREATE, MAP_UPDATE, PROG_LOAD = 321, 0, 2, 5
MAP_TYPE_SOCKMAP, MAP_TYPE_SOCKHASH, PROG_TYPE_SOCKET_FILTER = 15, 18, 1
AF_KCM, SIOCKCMATTACH = 41, 0x89e0
IPPROTO_MPTCP = 262
TCP_REPAIR, TCP_REPAIR_QUEUE, TCP_QUEUE_SEQ = 19, 20, 21
TCP_REPAIR_OPTIONS, TCP_REPAIR_WINDOW, TCP_INQ = 22, 29, 36
MSG_ERRQUEUE = 0x2000
REFUSED = (errno.EBUSY, errno.EALREADY, errno.EINVAL, errno.EOPNOTSUPP)


def bpf(command, attributes):
    """The system call; a file descriptor or 0."""
    buf = ctypes.create_string_buffer(attributes.ljust(128, b"\0"), 128)
    result = tlsup.LIBC.syscall(SYS_BPF, command, buf, 128)
    if result == -1 and ctypes.get_errno() == errno.ENOSYS:
        raise Skip("this kernel has no bpf()")
    return tlsup.libc(result)


def new_map(stack, kind):
    """A map of sockets with room for one."""
    number = bpf(MAP_CREATE, struct.pack("=5I", kind, 4, 4, 1, 0))
    stack.callback(os.close, number)
    return number


def put_into(number, sock):
    """Have the map take the socket."""
    key = ctypes.create_string_buffer(struct.pack("=I", 0), 4)
    value = ctypes.create_string_buffer(struct.pack("=I", sock.fileno()), 4)
    bpf(MAP_UPDATE, struct.pack("=IxxxxQQQ", number, ctypes.addressof(key),
                                ctypes.addressof(value), 0))


def new_program(stack):
    """A socket filter that says 0, for KCM to find messages by."""
    code = ctypes.create_string_buffer(
        bytes([0xb7, 0, 0, 0, 0, 0, 0, 0, 0x95, 0, 0, 0, 0, 0, 0, 0]), 16)
    text = ctypes.create_string_buffer(b"GPL")
    number = bpf(PROG_LOAD, struct.pack(
        "=IIQQ", PROG_TYPE_SOCKET_FILTER, 2, ctypes.addressof(code),
        ctypes.addressof(text)))
    stack.callback(os.close, number)
    return number


def kcm_takes(stack, sock):
    """Have a KCM socket take it."""
    try:
        kcm = socket.socket(AF_KCM, socket.SOCK_SEQPACKET, 0)
    except OSError as why:
        raise Skip("this kernel has no KCM") from why
    stack.enter_context(kcm)
    fcntl.ioctl(kcm, SIOCKCMATTACH,
                struct.pack("=ii", sock.fileno(), new_program(stack)))


def sockmap_takes(kind):
    """A taker by a map of this kind."""
    return lambda stack, sock: put_into(new_map(stack, kind), sock)


TAKERS = {"sockmap": sockmap_takes(MAP_TYPE_SOCKMAP),
          "sockhash": sockmap_takes(MAP_TYPE_SOCKHASH), "KCM": kcm_takes}


def still_open(ours, other):
    """Data crosses as before."""
    ours.sendall(b"there")
    equal(other.read_exactly(5), b"there", "there")
    other.write(b"and back")
    equal(ours.recv(100), b"and back", "and back")


def comes_too_late(stack, taker):
    ours, other = peer.connect(stack)
    with fails_with(REFUSED, "taking a socket that is ours"):
        TAKERS[taker](stack, ours)
    still_open(ours, other)


def was_there_first(stack, taker):
    ours, _theirs = tlsup.tcp_pair(stack)
    TAKERS[taker](stack, ours)
    with fails_with(REFUSED, "attaching to a socket that is taken"):
        tlsup.attach(ours)


for name in TAKERS:
    case(f"{name} cannot take a socket that is ours", comes_too_late, name)
    case(f"a socket that {name} has is refused", was_there_first, name)


@test
def a_socket_of_MPTCP_is_refused(stack):
    try:
        sock = socket.socket(socket.AF_INET, socket.SOCK_STREAM, IPPROTO_MPTCP)
    except OSError as why:
        raise Skip("this kernel has no MPTCP") from why
    stack.enter_context(sock)
    with fails_with((errno.EOPNOTSUPP, errno.ENOPROTOOPT), "attach"):
        tlsup.attach(sock)


@test
def a_socket_in_repair_is_refused(stack):
    ours, theirs = tlsup.tcp_pair(stack)
    ours.setsockopt(socket.SOL_TCP, TCP_REPAIR, 1)
    with fails_with(errno.EOPNOTSUPP, "attach"):
        tlsup.attach(ours)
    # Behind it, without a probe of the window, all is as it was.
    ours.setsockopt(socket.SOL_TCP, TCP_REPAIR, -1)
    ours.sendall(b"still TCP")
    equal(theirs.recv(100), b"still TCP", "data")


@test
def options_that_reach_into_the_stream_are_refused(stack):
    ours, other = peer.connect(stack)
    for option in (TCP_REPAIR, TCP_REPAIR_QUEUE, TCP_QUEUE_SEQ,
                   TCP_REPAIR_OPTIONS, TCP_REPAIR_WINDOW, TCP_INQ):
        with fails_with((errno.EOPNOTSUPP, errno.ENOPROTOOPT),
                        f"option {option}"):
            ours.setsockopt(socket.SOL_TCP, option, 1)
    still_open(ours, other)


@test
def there_is_nothing_to_map(stack):
    ours, other = peer.connect(stack)
    other.write(b"x" * 100)
    with fails_with((errno.ENODEV, errno.EACCES, errno.EINVAL), "mmap"):
        mmap.mmap(ours.fileno(), 4096, prot=mmap.PROT_READ)
    equal(ours.recv(200), b"x" * 100, "data")


@test
def urgent_bytes_stand_in_line(stack):
    ours, other = peer.connect(stack)
    for size in (1, 100, 16384):
        wire = other.records(b"u" * size)
        # The last byte is urgent; then one in the middle, with more behind.
        other.sock.send(wire, socket.MSG_OOB)
        equal(len(ours.recv(size, socket.MSG_WAITALL)), size, "bytes")
        wire = other.records(b"v" * size)
        other.sock.send(wire[:9], socket.MSG_OOB)
        other.sock.sendall(wire[9:])
        equal(ours.recv(size, socket.MSG_WAITALL), b"v" * size, "data")
    still_open(ours, other)


@test
def the_error_queue_holds_no_data(stack):
    ours, other = peer.connect(stack)
    other.write(b"data")
    check(select.select([ours], [], [], 10)[0], "nothing to read")
    with fails_with(errno.EAGAIN, "recv from the error queue"):
        ours.recv(100, MSG_ERRQUEUE)
    equal(ours.recv(100), b"data", "data")


@test
def lengths_are_of_data_and_not_of_records(stack):
    ours, other = peer.connect(stack)
    other.write(b"d" * 1000)
    check(select.select([ours], [], [], 10)[0], "nothing to read")
    length = array.array("i", [0])
    fcntl.ioctl(ours, 0x541b, length)
    equal(length[0], 1000, "SIOCINQ")
    # As TCP's: thrown away, not written, and its length told.
    equal(len(ours.recv(400, socket.MSG_TRUNC)), 400, "MSG_TRUNC")
    equal(len(ours.recv(2000)), 600, "bytes")


if __name__ == "__main__":
    with host.Daemon():
        main()
