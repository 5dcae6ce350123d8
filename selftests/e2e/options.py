#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
# Copyright (C) 2026 The tlsup authors
"""Socket options with bad lengths or values, or out of their phase, are refused
and have no effect."""
import errno
import os
import socket
import struct
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)) + "/../lib")
# pylint: disable=wrong-import-position
import host
import peer
import tlsup
from ktap import case, check, equal, fails_with, main, test

SOL_TLS = 282
# Attached to a socket of no connection, so that nothing can start.
VALUES = {tlsup.PROFILE: b"kept", tlsup.SERVER_NAME: b"kept.example.org",
          tlsup.ALPN: b"\x02h2", tlsup.TIMEOUT: struct.pack("=I", 1234),
          tlsup.FLAGS: struct.pack("=I", 0)}


def number(value, form="=i"):
    return struct.pack(form, value)


REFUSED = [
    ("role 0", tlsup.HANDSHAKE, number(0)),
    ("role 3", tlsup.HANDSHAKE, number(3)),
    ("role -1", tlsup.HANDSHAKE, number(-1)),
    ("role of no bytes", tlsup.HANDSHAKE, b""),
    ("role of 1 byte", tlsup.HANDSHAKE, b"\1"),
    ("role of 3 bytes", tlsup.HANDSHAKE, b"\1\0\0"),
    ("profile of no bytes", tlsup.PROFILE, b""),
    ("profile of 64 bytes", tlsup.PROFILE, b"p" * 64),
    ("profile of 4096 bytes", tlsup.PROFILE, b"p" * 4096),
    ("profile with a NUL inside", tlsup.PROFILE, b"a\0b"),
    ("name of no bytes", tlsup.SERVER_NAME, b""),
    ("name of 256 bytes", tlsup.SERVER_NAME, b"n" * 256),
    ("name with a NUL inside", tlsup.SERVER_NAME, b"example.org\0.evil.org"),
    ("list of nothing", tlsup.ALPN, b""),
    ("list with an empty protocol", tlsup.ALPN, b"\0"),
    ("list with an empty protocol behind", tlsup.ALPN, b"\x02h2\0"),
    ("list cut off", tlsup.ALPN, b"\x03h2"),
    ("list with a byte too many", tlsup.ALPN, b"\x02h2\x01"),
    ("list of 1025 bytes", tlsup.ALPN, b"\x04abcd" * 205),
    ("flag that is not defined", tlsup.FLAGS, number(8)),
    ("all flags", tlsup.FLAGS, number(-1)),
    ("flags of 2 bytes", tlsup.FLAGS, b"\0\0"),
    ("timeout 0", tlsup.TIMEOUT, number(0)),
    ("timeout above an hour", tlsup.TIMEOUT, number(3600001)),
    ("timeout -1", tlsup.TIMEOUT, number(-1)),
    ("timeout of 3 bytes", tlsup.TIMEOUT, b"\1\0\0"),
]


def snapshot(sock):
    return {"status": tlsup.status(sock),
            **{o: tlsup.get_option(sock, o, 2048).rstrip(b"\0")
               for o in VALUES if o != tlsup.ALPN}}


def refuses(stack, option, value):
    sock = stack.enter_context(socket.socket())
    tlsup.attach(sock)
    for known, kept in VALUES.items():
        tlsup.set_option(sock, known, kept)
    before = snapshot(sock)
    with fails_with(errno.EINVAL, "setsockopt"):
        tlsup.set_option(sock, option, value)
    equal(snapshot(sock), before, "the options afterwards")
    equal(before["status"].phase, tlsup.IDLE, "phase")


for what, option_number, refused in REFUSED:
    case(f"a {what} is refused with EINVAL", refuses, option_number, refused,
         seconds=20)


@test
def an_unmapped_value_is_a_fault(stack):
    sock = stack.enter_context(socket.socket())
    tlsup.attach(sock)
    before = tlsup.status(sock)
    for option in (tlsup.HANDSHAKE, tlsup.PROFILE, tlsup.SERVER_NAME,
                   tlsup.ALPN, tlsup.FLAGS, tlsup.TIMEOUT):
        with fails_with(errno.EFAULT, f"option {option}"):
            tlsup.libc(tlsup.LIBC.setsockopt(sock.fileno(), tlsup.SOL_TLSUP,
                                             option, tlsup.ctypes.c_void_p(8),
                                             4))
    equal(tlsup.status(sock), before, "status")


@test
def options_that_do_not_exist_are_not_there(stack):
    sock = stack.enter_context(socket.socket())
    tlsup.attach(sock)
    for option in (0, 14, 99, -1, tlsup.INFO, tlsup.STATUS, tlsup.PEER_CERT,
                   tlsup.PEER_CHAIN, tlsup.EXPORTER, tlsup.REKEY):
        with fails_with(errno.ENOPROTOOPT, f"set {option}"):
            tlsup.set_option(sock, option, 1)
    for option in (0, 14, 99, -1, tlsup.HANDSHAKE, tlsup.REKEY):
        with fails_with(errno.ENOPROTOOPT, f"get {option}"):
            tlsup.get_option(sock, option, 4)


@test
def what_a_handshake_finds_out_is_not_there_before(stack):
    sock = stack.enter_context(socket.socket())
    tlsup.attach(sock)
    for option in (tlsup.INFO, tlsup.PEER_CERT, tlsup.PEER_CHAIN, tlsup.ALPN):
        with fails_with(errno.ENOPROTOOPT, f"get {option}"):
            tlsup.get_option(sock, option, 256)


@test
def options_are_fixed_once_the_handshake_has_begun(stack):
    ours, _other = peer.connect(stack)
    for option, value in VALUES.items():
        with fails_with(errno.ENOPROTOOPT, f"set {option} when open"):
            tlsup.set_option(ours, option, value)
    ours, _theirs = tlsup.tcp_pair(stack)
    tlsup.prepare(ours, name="localhost")
    ours.setblocking(False)
    with fails_with(errno.EINPROGRESS, "start"):
        tlsup.start(ours, tlsup.CLIENT)
    for option, value in VALUES.items():
        with fails_with(errno.ENOPROTOOPT, f"set {option} in the handshake"):
            tlsup.set_option(ours, option, value)


@test
def options_read_back_as_set(stack):
    sock = stack.enter_context(socket.socket())
    tlsup.attach(sock)
    equal(tlsup.get_text(sock, tlsup.PROFILE), "default", "profile by default")
    equal(tlsup.get_option(sock, tlsup.TIMEOUT, 4), number(30000),
          "timeout by default")
    for option, value in VALUES.items():
        tlsup.set_option(sock, option, value)
        if option != tlsup.ALPN:
            equal(tlsup.get_option(sock, option, 2048).rstrip(b"\0"),
                  value.rstrip(b"\0"), f"option {option}")
    tlsup.set_option(sock, tlsup.PROFILE, b"p" * 63)
    equal(tlsup.get_text(sock, tlsup.PROFILE), "p" * 63, "63 bytes")
    tlsup.set_option(sock, tlsup.TIMEOUT, 1)
    tlsup.set_option(sock, tlsup.TIMEOUT, 3600000)


@test
def a_short_buffer_gets_the_beginning_of_a_structure(stack):
    ours, _other = peer.connect(stack)
    whole = tlsup.get_option(ours, tlsup.STATUS, 4096)
    equal(len(whole), 144, "TLSUP_STATUS")
    equal(tlsup.get_option(ours, tlsup.STATUS, 8), whole[:8], "8 bytes of it")
    whole = tlsup.get_option(ours, tlsup.INFO, 4096)
    equal(len(whole), 64, "TLSUP_INFO")
    equal(tlsup.get_option(ours, tlsup.INFO, 4), whole[:4], "4 bytes of it")


@test
def the_role_cannot_be_changed(stack):
    ours, _theirs = tlsup.tcp_pair(stack)
    tlsup.prepare(ours)
    ours.setblocking(False)
    with fails_with(errno.EINPROGRESS, "server"):
        tlsup.start(ours, tlsup.SERVER)
    with fails_with((errno.EINVAL, errno.EALREADY), "client"):
        tlsup.start(ours, tlsup.CLIENT)


@test
def the_options_need_the_ulp(stack):
    sock = stack.enter_context(socket.socket())
    with fails_with((errno.ENOPROTOOPT, errno.EOPNOTSUPP), "set"):
        tlsup.set_option(sock, tlsup.TIMEOUT, 1000)
    with fails_with((errno.ENOPROTOOPT, errno.EOPNOTSUPP), "get"):
        tlsup.status(sock)


@test
def the_ulp_is_attached_once_and_to_no_listener(stack):
    sock = stack.enter_context(socket.socket())
    tlsup.attach(sock)
    with fails_with(errno.EEXIST, "a second time"):
        tlsup.attach(sock)
    with fails_with((errno.EEXIST, errno.ENOENT), "another ULP on top"):
        sock.setsockopt(socket.SOL_TCP, tlsup.TCP_ULP, b"tls")
    with socket.create_server(("127.0.0.1", 0)) as listener:
        try:
            tlsup.attach(listener)
        except OSError as error:
            check(error.errno in (errno.EINVAL, errno.EOPNOTSUPP,
                                  errno.ENOTCONN), "listener:", error)
        else:
            raise AssertionError("a listener was accepted")


@test
def the_interface_of_ktls_is_refused(stack):
    ours, _other = peer.connect(stack)
    for option in (1, 2, 3, 4):
        with fails_with((errno.ENOPROTOOPT, errno.EOPNOTSUPP), "set SOL_TLS"):
            ours.setsockopt(SOL_TLS, option, bytes(40))
        with fails_with((errno.ENOPROTOOPT, errno.EOPNOTSUPP), "get SOL_TLS"):
            ours.getsockopt(SOL_TLS, option, 40)


@test
def other_levels_still_work(stack):
    ours, other = peer.connect(stack)
    ours.setsockopt(socket.SOL_TCP, socket.TCP_NODELAY, 1)
    ours.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
    ours.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 20000)
    check(ours.getsockopt(socket.SOL_TCP, socket.TCP_INFO, 8), "TCP_INFO")
    check(ours.getsockopt(socket.SOL_TCP, tlsup.TCP_ULP, 16)
          .startswith(b"tlsup"), "TCP_ULP by getsockopt")
    ours.sendall(b"x" * 30000)
    equal(other.read_exactly(30000), b"x" * 30000, "data afterwards")


if __name__ == "__main__":
    with host.Daemon():
        main()
