#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
# Copyright (C) 2026 The tlsup authors
"""Who may say what over netlink: nobody but the agent that was given a
connection can answer for it, and a refused command has no effect."""
import errno
import os
import select
import socket
import struct
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)) + "/../lib")
# pylint: disable=wrong-import-position
import genl
import host
import peer
import tlsup
from ktap import check, equal, errno_name, fails_with, main, test

NOBODY = 65534
SOL_TLS, TLS_TX, TLS_RX = 282, 1, 2
# struct tls12_crypto_info_aes_gcm_128 of TLS 1.3: all zero but for the head.
CRYPTO_INFO = struct.pack("=HH", 0x0304, 51) + bytes(8 + 16 + 4 + 8)


def failed_done(error):
    return genl.nest("A_ACTIONS", genl.nest(
        "A_ACTIONS_DONE", genl.attr("A_DONE_ERROR", error, "I")))


def commands(conn_id):
    """Every command, well-formed, aimed at this connection."""
    conn = genl.attr("A_CONN_ID", conn_id, "Q")
    return {
        "CMD_REGISTER": (genl.attr("A_WINDOW", 16, "I"),),
        "CMD_ANSWER": (conn, genl.attr("A_RX_EPOCH", 0, "B"),
                       failed_done(errno.EPROTO)),
        "CMD_ACK": (genl.attr("A_EVENTS", 1, "I"),),
        "CMD_CLOSE": (conn,),
        "CMD_GET_STATS": (),
        "CMD_GET_CONN": (conn,),
        "CMD_DRAIN": (),
    }


def as_nobody(func, *args):
    """Run a function in a child without privileges; what it printed."""
    read_end, write_end = os.pipe()
    child = os.fork()
    if child == 0:
        status = 1
        try:
            os.setgroups([])
            os.setresgid(NOBODY, NOBODY, NOBODY)
            os.setresuid(NOBODY, NOBODY, NOBODY)
            os.write(write_end, str(func(*args)).encode())
            status = 0
        except BaseException as error:  # pylint: disable=broad-except
            os.write(write_end, repr(error).encode())
        os._exit(status)
    os.close(write_end)
    with os.fdopen(read_end) as output:
        text = output.read()
    _, status = os.waitpid(child, 0)
    check(status == 0, "the child failed:", text)
    return text


def refusals(conn_id):
    """The errno of each command, and of the dump."""
    found = []
    with genl.Genl() as family:
        for command, attrs in commands(conn_id).items():
            try:
                family.call(command, *attrs)
                found.append(f"{command} allowed")
            except OSError as error:
                found.append(f"{command} {errno_name(error.errno)}")
        try:
            family.connections()
            found.append("dump allowed")
        except OSError as error:
            found.append(f"dump {errno_name(error.errno)}")
    return " ".join(found)


def in_the_middle(stack):
    """A client whose handshake waits for its peer, and its id."""
    ours, theirs = tlsup.tcp_pair(stack)
    tlsup.prepare(ours, name="localhost")
    ours.setblocking(False)
    with fails_with(errno.EINPROGRESS, "start"):
        tlsup.start(ours, tlsup.CLIENT)
    other = peer.Peer(theirs, peer.server_context())
    host.wait_for(lambda: tlsup.status(ours).phase == tlsup.SHAKING)
    with genl.Genl() as family:
        ids = [struct.unpack("=Q", c[genl.number("A_CONN_ID")])[0]
               for c in family.connections()
               if c[genl.number("A_PHASE")] == struct.pack("=I", tlsup.SHAKING)]
    equal(len(ids), 1, "handshakes in the middle")
    return ours, other, ids[0]


def goes_well(ours, other):
    ours.setblocking(True)
    shaking = tlsup.Background(other.handshake)
    ours.sendall(b"fine")
    shaking.result()
    equal(other.read_exactly(4), b"fine", "data")


@test
def an_unprivileged_process_is_refused_everything(stack):
    ours, other, conn_id = in_the_middle(stack)
    before = host.stats()
    wanted = " ".join(f"{c} EPERM" for c in commands(conn_id)) + " dump EPERM"
    equal(as_nobody(refusals, conn_id), wanted, "as nobody")
    after = host.stats()
    for name in ("agents_registered", "handshakes_failed", "handshakes_done"):
        equal(after[name], before[name], name)
    goes_well(ours, other)


@test
def root_is_no_agent_without_registering(stack):
    ours, other, conn_id = in_the_middle(stack)
    with genl.Genl() as family:
        attrs = commands(conn_id)
        for command in ("CMD_ANSWER", "CMD_ACK"):
            with fails_with(errno.EPERM, command):
                family.call(command, *attrs[command])
    goes_well(ours, other)


@test
def an_agent_cannot_answer_for_the_connection_of_another(stack):
    ours, other, conn_id = in_the_middle(stack)
    with genl.Genl() as family:
        attrs = commands(conn_id)
        family.call("CMD_REGISTER", *attrs["CMD_REGISTER"])
        with fails_with(errno.EPERM, "answer by another agent"):
            family.call("CMD_ANSWER", *attrs["CMD_ANSWER"])
    goes_well(ours, other)


@test
def a_socket_registers_once(_stack):
    with genl.Genl() as family:
        attrs = commands(1)["CMD_REGISTER"]
        family.call("CMD_REGISTER", *attrs)
        with fails_with((errno.EALREADY, errno.EBUSY, errno.EEXIST), "again"):
            family.call("CMD_REGISTER", *attrs)


@test
def bad_attributes_are_refused(_stack):
    with genl.Genl() as family:
        for what, attrs in {
                "no window": (),
                "window 0": (genl.attr("A_WINDOW", 0, "I"),),
                "window too large": (genl.attr("A_WINDOW", 4097, "I"),),
                "window of 2 bytes": (genl.attr("A_WINDOW", 1, "H"),),
                "an attribute too many": (genl.attr("A_WINDOW", 1, "I"),
                                          genl.attr("A_FLAGS", 1, "I")),
                "an unknown attribute": (genl.attr("A_WINDOW", 1, "I"),
                                         genl.attr(999, b"x"))}.items():
            before = host.stats()["agents_registered"]
            with fails_with((errno.EINVAL, errno.ERANGE), what):
                family.call("CMD_REGISTER", *attrs)
            equal(host.stats()["agents_registered"], before, what)
        with fails_with(errno.EINVAL, "close without an id"):
            family.call("CMD_CLOSE")
        with fails_with(errno.ENOENT, "close of what is not there"):
            family.call("CMD_CLOSE", genl.attr("A_CONN_ID", 1 << 60, "Q"))


@test
def events_are_no_commands(_stack):
    with genl.Genl() as family:
        for command in ("CMD_EV_START", "CMD_EV_RECORD", "CMD_EV_TICKET",
                        "CMD_EV_CLOSED"):
            with fails_with(errno.EOPNOTSUPP, command):
                family.call(command)


@test
def get_stats_tells_what_proc_tells(_stack):
    with genl.Genl() as family:
        reply = family.call("CMD_GET_STATS")[0][1]
    found = genl.attrs_of(reply[genl.number("A_STATS")])
    proc = host.stats()
    for name in ("conns_created", "handshakes_done", "handshakes_failed",
                 "tickets_up", "tickets_dropped"):
        value = found[genl.number("A_STATS_" + name.upper())]
        equal(struct.unpack("=Q", value)[0], proc[name], name)


@test
def get_conn_lists_a_connection_and_no_secret(stack):
    ours, _other = peer.connect(stack)
    ours.sendall(b"x" * 1000)
    with genl.Genl() as family:
        found = [c for c in family.connections()
                 if c[genl.number("A_PHASE")] == struct.pack("=I", tlsup.OPEN)
                 and c[genl.number("A_TX_BYTES")] == struct.pack("=Q", 1000)]
    equal(len(found), 1, "connections listed")
    one = found[0]
    equal(one[genl.number("A_SERVER_NAME")], b"localhost\0", "name")
    equal(one[genl.number("A_PID")], struct.pack("=I", os.getpid()), "pid")
    allowed = {genl.number("A_" + a) for a in (
        "CONN_ID", "ROLE", "PHASE", "PROFILE", "SERVER_NAME", "VERSION",
        "SUITE", "RESUMED", "UID", "PID", "EXE", "PEER_ADDRESS", "PEER_PORT",
        "AGE", "TX_BYTES", "RX_BYTES", "PAD")}
    equal(set(one) - allowed, set(), "attributes beyond the known")


def close_by_bytes(count):
    """As an administrator, the one connection that has sent so many."""
    with genl.Genl() as family:
        ids = [struct.unpack("=Q", c[genl.number("A_CONN_ID")])[0]
               for c in family.connections()
               if c[genl.number("A_TX_BYTES")] == struct.pack("=Q", count)]
        equal(len(ids), 1, "connections found")
        family.call("CMD_CLOSE", genl.attr("A_CONN_ID", ids[0], "Q"))


@test
def an_administrator_closes_a_connection(stack):
    ours, other = peer.connect(stack)
    ours.sendall(b"y" * 777)
    close_by_bytes(777)
    other.read_exactly(777)
    with fails_with((errno.ECONNABORTED, errno.EPIPE), "recv afterwards"):
        ours.recv(10)
    check(tlsup.status(ours).error, "TLSUP_STATUS tells nothing")


@test
def what_was_under_tlsup_raw_is_not_plain_tcp_after_it_is_closed(stack):
    ours, theirs = tlsup.tcp_pair(stack)
    ours.setsockopt(socket.SOL_TCP, tlsup.TCP_ULP, b"tlsup-raw")
    for which in (TLS_TX, TLS_RX):
        ours.setsockopt(SOL_TLS, which, CRYPTO_INFO)
    ours.sendall(b"y" * 778)
    close_by_bytes(778)
    poll = select.poll()
    poll.register(ours, select.POLLERR)
    equal(len(poll.poll(30000)), 1, "poll")
    theirs.sendall(b"not a record")
    for _ in range(3):
        with fails_with((errno.ECONNABORTED, errno.EPIPE), "send afterwards"):
            ours.send(b"PLAINTEXT")
        with fails_with((errno.ECONNABORTED, errno.EPIPE), "recv afterwards"):
            ours.recv(100, socket.MSG_DONTWAIT)
    ours.close()
    got = b""
    while data := theirs.recv(4096):
        got += data
    check(b"PLAINTEXT" not in got, got)


if __name__ == "__main__":
    with host.Daemon():
        main()
