#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
# Copyright (C) 2026 The tlsup authors
"""A flood of one user, or of one peer, leaves places and turns to the others.
The agent is the test's own and takes one event at a time."""
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
import tlsup
from ktap import case, check, diag, equal, main, test

NOBODY = 65534
FLOOD, PLACES = 40, 120
FLOODER, OTHER = "127.0.0.1", "127.0.1.1"       # two networks
# What a record with a handshake message looks like; nobody here reads it.
RECORD = struct.pack("!BHH", 22, 0x0301, 8) + b"\1\0\0\4hell"


class Agent(genl.Genl):
    """An agent with a window of one event."""

    def __init__(self, stack):
        super().__init__()
        stack.callback(self.sock.close)
        self.call("CMD_REGISTER", genl.attr("A_WINDOW", 1, "I"))

    def starts(self, count):
        """The attributes of the next requests, in the order of their coming."""
        found = []
        while len(found) < count:
            command, attrs = self.event()
            if command == genl.number("CMD_EV_START"):
                found.append(attrs)
            self.call("CMD_ACK", genl.attr("A_EVENTS", 1, "I"))
        return found


def refused(sock):
    """Whether a handshake that has been begun has found no place."""
    return tlsup.status(sock).error == errno.ENOBUFS


def client(stack, user=0):
    """A handshake of this user as client; its socket, or None if refused."""
    ours, _theirs = tlsup.tcp_pair(stack)
    tlsup.prepare(ours, name="localhost")
    ours.setblocking(False)
    os.seteuid(user)
    try:
        with contextlib.suppress(BlockingIOError, OSError):
            tlsup.start(ours, tlsup.CLIENT)
    finally:
        os.seteuid(0)
    return None if refused(ours) else ours


def visitor(stack, listener, address):
    """A peer from this address that speaks; the server's socket, or None."""
    sock = stack.enter_context(socket.socket())
    sock.bind((address, 0))
    sock.connect(listener.getsockname())
    sock.sendall(RECORD)
    ours = stack.enter_context(listener.accept()[0])
    ours.setblocking(False)
    check(host.wait_for(lambda: tlsup.status(ours).phase != tlsup.WAITING),
          "it does not begin")
    return None if refused(ours) else ours


def server(stack):
    """A listener whose handshakes begin by themselves."""
    listener = stack.enter_context(socket.socket())
    tlsup.attach(listener)
    tlsup.start(listener, tlsup.SERVER)
    listener.bind(("0.0.0.0", 0))
    listener.listen(256)
    return listener


def turns(stack, begin, flooder, other, number_of):
    """How long somebody waits behind a flood: as many turns as there are."""
    agent = Agent(stack)
    for _ in range(FLOOD):
        check(begin(flooder), "the flood is refused")
    for _ in range(3):
        check(begin(other), "refused beside the flood")
    order = [number_of(a) for a in agent.starts(FLOOD + 3)]
    at = [i for i, who in enumerate(order) if who == number_of(None)]
    diag("turns of the other:", *at)
    # The first of the flood was out before the other came.
    equal(at, [2, 4, 6], "turns")


@test
def users_take_turns(stack):
    turns(stack, lambda user: client(stack, user), 0, NOBODY,
          lambda a: struct.unpack("=I", a[genl.number("A_UID")])[0] if a else NOBODY)


@test
def peers_of_a_server_take_turns(stack):
    listener = server(stack)
    turns(stack, lambda address: visitor(stack, listener, address), FLOODER, OTHER,
          lambda a: socket.inet_ntoa(a[genl.number("A_PEER_ADDRESS")]) if a else OTHER)


def places(stack, begin, flooder, other, most):
    """What a flood gets of all places, and that the other gets one."""
    limit = host.sysctl("max_pending")
    Agent(stack)
    host.sysctl("max_pending", PLACES)
    try:
        got = 0
        while begin(flooder):
            got += 1
            check(got <= PLACES, "no end")
        equal(got, most, "places of the flood")
        for _ in range(5):
            check(begin(other), "no place for another")
        check(not begin(flooder), "a place more")
    finally:
        host.sysctl("max_pending", limit)
    equal(host.stats()["handshakes_refused"] > 0, True, "counted")


@test
def a_user_gets_half_of_all_places(stack):
    places(stack, lambda user: client(stack, user), 0, NOBODY, PLACES // 2)


@test
def a_peer_of_a_server_gets_a_third(stack):
    listener = server(stack)
    places(stack, lambda address: visitor(stack, listener, address), FLOODER, OTHER,
           PLACES // 3)


def are_one(stack, one, two):
    """Addresses that one party is likely to have share a turn."""
    listener = server(stack)
    limit = host.sysctl("max_pending")
    Agent(stack)
    host.sysctl("max_pending", 12)
    try:
        got = sum(visitor(stack, listener, (one, two)[i % 2]) is not None
                  for i in range(8))
        equal(got, 4, "places together")
    finally:
        host.sysctl("max_pending", limit)


case("addresses of one network are one peer", are_one, FLOODER, "127.0.0.77")


@test
def places_come_back(stack):
    limit = host.sysctl("max_pending")
    agent = Agent(stack)
    host.sysctl("max_pending", 4)
    try:
        for _ in range(3):
            first, second = client(stack), client(stack)
            check(first and second and not client(stack), "two of four places")
            # One that waits, and one that an agent has.
            first.close()
            second.close()
            check(host.wait_for(lambda: host.stats()["handshakes_started"] ==
                                host.stats()["handshakes_failed"]), "no end")
    finally:
        host.sysctl("max_pending", limit)
    agent.sock.close()


if __name__ == "__main__":
    main()
