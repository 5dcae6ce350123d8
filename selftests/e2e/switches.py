#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
# Copyright (C) 2026 The tlsup authors
"""The switches net.tlsup.tx, .rx and .splice: off refuses new use with
EOPNOTSUPP, and what is running goes on and is listed."""
import contextlib
import errno
import os
import socket
import struct
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)) + "/../lib")
# pylint: disable=wrong-import-position
import genl
import host
import peer
import tlsup
from ktap import case, check, equal, fails_with, main, test

SOL_TLS, TLS_TX, TLS_RX = 282, 1, 2
# struct tls12_crypto_info_aes_gcm_128 of TLS 1.3: all zero but for the head.
CRYPTO_INFO = struct.pack("=HH", 0x0304, 51) + bytes(8 + 16 + 4 + 8)


@contextlib.contextmanager
def off(name):
    """A switch, off for a while."""
    host.sysctl(name, 0)
    try:
        yield
    finally:
        host.sysctl(name, 1)


def no_handshake(stack, name):
    running, other = peer.connect(stack)
    with off(name):
        for role in (tlsup.CLIENT, tlsup.SERVER):
            ours, _theirs = tlsup.tcp_pair(stack)
            tlsup.attach(ours)
            with fails_with(errno.EOPNOTSUPP, "start"):
                tlsup.start(ours, role)
            status = tlsup.status(ours)
            check("net.tlsup." + name in status.reason, status.reason)
            # And fail closed: what was attached stays dead.
            with fails_with(errno.EOPNOTSUPP, "send afterwards"):
                ours.send(b"plain")
        running.sendall(b"goes on")
        equal(other.read_exactly(7), b"goes on", "the one that runs")
        other.write(b"both ways")
        equal(running.recv(9), b"both ways", "the one that runs")
        with genl.Genl() as family:
            phases = [struct.unpack("=I", c[genl.number("A_PHASE")])[0]
                      for c in family.connections()]
        check(tlsup.OPEN in phases, "not listed:", phases)
    ours, other = peer.connect(stack)
    ours.sendall(b"on again")
    equal(other.read_exactly(8), b"on again", "after it is on again")


def no_first_keys(stack, name, which, other_way):
    ours, _theirs = tlsup.tcp_pair(stack)
    ours.setsockopt(socket.SOL_TCP, tlsup.TCP_ULP, b"tlsup-raw")
    with off(name):
        with fails_with(errno.EOPNOTSUPP, "first keys"):
            ours.setsockopt(SOL_TLS, which, CRYPTO_INFO)
        ours.setsockopt(SOL_TLS, other_way, CRYPTO_INFO)
    ours.setsockopt(SOL_TLS, which, CRYPTO_INFO)
    with off(name):
        # A rekey of what runs.
        ours.setsockopt(SOL_TLS, which, CRYPTO_INFO[:-8] + b"\1" + bytes(7))


for switch in ("tx", "rx"):
    case(f"no handshake begins while {switch} is off", no_handshake, switch)
case("no first TLS_TX while tx is off", no_first_keys, "tx", TLS_TX, TLS_RX)
case("no first TLS_RX while rx is off", no_first_keys, "rx", TLS_RX, TLS_TX)


@test
def no_splice_out_of_a_connection_while_splice_is_off(stack):
    ours, other = peer.connect(stack)
    read_end, write_end = os.pipe()
    stack.callback(os.close, read_end)
    stack.callback(os.close, write_end)
    other.write(b"spliced")
    with off("splice"):
        with fails_with(errno.EOPNOTSUPP, "splice"):
            os.splice(ours.fileno(), write_end, 7)
        # What goes in is copied, as any write.
        os.write(write_end, b"in")
        equal(os.splice(read_end, ours.fileno(), 2), 2, "splice into it")
        equal(other.read_exactly(2), b"in", "what was spliced in")
    equal(os.splice(ours.fileno(), write_end, 7), 7, "splice")
    equal(os.read(read_end, 7), b"spliced", "data")


@test
def a_switch_is_0_or_1_and_of_its_own_namespace(_stack):
    for name in ("tx", "rx", "cbc", "splice"):
        equal(host.sysctl(name), 1, name)
        with fails_with(errno.EINVAL, name):
            host.sysctl(name, 2)
    with off("tx"):
        child = os.fork()
        if not child:
            # pylint: disable=protected-access
            host._new_netns()
            os._exit(0 if host.sysctl("tx") == 1 else 1)
        equal(os.waitpid(child, 0)[1], 0, "in another namespace")


if __name__ == "__main__":
    with host.Daemon():
        main()
