#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
# Copyright (C) 2026 The tlsup authors
"""Who may do what: every netlink command, option and sysctl against every kind
of user, cell by cell. An administrator is whoever has CAP_NET_ADMIN over the
network namespace; to protect a socket of one's own takes no privilege."""
import contextlib
import errno
import os
import re
import socket
import struct
import sys
import traceback

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)) + "/../lib")
# pylint: disable=wrong-import-position
import genl
import host
import tlsup
from ktap import case, check, equal, errno_name, main, test

NOBODY = 65534
CLONE_NEWUSER = 0x10000000
PR_SET_KEEPCAPS, CAP_NET_ADMIN = 8, 12
CAPABILITY_VERSION = 0x20080522


def root():
    """Of the initial user namespace."""


def only_net_admin():
    """No root, and of all capabilities that one."""
    tlsup.libc(tlsup.LIBC.prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0))
    plain_user()
    head = struct.pack("=Ii", CAPABILITY_VERSION, 0)
    data = struct.pack("=6I", *[1 << CAP_NET_ADMIN] * 2, 0, 0, 0, 0)
    tlsup.libc(tlsup.LIBC.capset(head, data))


def root_in_userns():
    """All capabilities, but over a namespace that owns nothing."""
    tlsup.libc(tlsup.LIBC.unshare(CLONE_NEWUSER))
    for name, text in (("setgroups", "deny"), ("uid_map", "0 0 1"),
                       ("gid_map", "0 0 1")):
        with open("/proc/self/" + name, "w", encoding="ascii") as file:
            file.write(text)


def root_in_userns_and_netns():
    """The same, with a network of its own."""
    root_in_userns()
    tlsup.libc(tlsup.LIBC.unshare(host.CLONE_NEWNET))


def plain_user():
    """Nobody."""
    os.setgroups([])
    os.setresgid(NOBODY, NOBODY, NOBODY)
    os.setresuid(NOBODY, NOBODY, NOBODY)


def root_in_other_netns():
    """An administrator, of another network."""
    tlsup.libc(tlsup.LIBC.unshare(host.CLONE_NEWNET))


WHO = (root, only_net_admin, root_in_userns, root_in_userns_and_netns,
       plain_user, root_in_other_netns)

OK, NO, NONE = "ok", "EPERM", "ENOENT"
# In the order of WHO. Answers and acknowledgements are an agent's alone, even
# of an administrator's; DRAIN is, too.
COMMANDS = {
    "REGISTER":  (OK, OK, NO, OK, NO, OK),
    "ANSWER":    (NO, NO, NO, NO, NO, NO),
    "ACK":       (NO, NO, NO, NO, NO, NO),
    "CLOSE":     (OK, OK, NO, NONE, NO, NONE),
    "GET_STATS": (OK, OK, NO, OK, NO, OK),
    "GET_CONN":  (OK, OK, NO, NONE, NO, NONE),
    "DRAIN":     (NO, NO, NO, NO, NO, NO),
    "dump":      (OK, OK, NO, OK, NO, OK),
}
# Files: of root's user, whatever namespace it is in.
SYSCTLS = (OK, OK, OK, OK, "EACCES", OK)


def attributes(command, conn_id):
    """Well-formed, aimed at this connection."""
    conn = genl.attr("A_CONN_ID", conn_id, "Q")
    fail = genl.nest("A_ACTIONS", genl.nest(
        "A_ACTIONS_DONE", genl.attr("A_DONE_ERROR", errno.EPROTO, "I")))
    return {
        "REGISTER": (genl.attr("A_WINDOW", 4, "I"),),
        "ANSWER": (conn, genl.attr("A_RX_EPOCH", 0, "B"), fail),
        "ACK": (genl.attr("A_EVENTS", 1, "I"),),
        "CLOSE": (conn,),
        "GET_CONN": (conn,),
    }.get(command, ())


def verdict(func, *args):
    """What came of a call, in a word."""
    try:
        func(*args)
    except OSError as error:
        return errno_name(error.errno)
    return OK


def as_somebody(become, func, *args):
    """Run in a child that has become somebody; the word that it returns."""
    read_end, write_end = os.pipe()
    child = os.fork()
    if not child:
        word = "?"
        with contextlib.suppress(BaseException):
            try:
                become()
                word = func(*args)
            except BaseException:  # pylint: disable=broad-except
                word = traceback.format_exc()
        os.write(write_end, word.encode())
        os._exit(0)
    os.close(write_end)
    with os.fdopen(read_end) as file:
        word = file.read()
    os.waitpid(child, 0)
    return word


def command_call(command, conn_id):
    with genl.Genl() as family:
        if command == "dump":
            return verdict(family.connections)
        return verdict(family.call, "CMD_" + command,
                       *attributes(command, conn_id))


def a_connection(stack):
    """A handshake that has begun and waits, and its id."""
    ours, _theirs = tlsup.tcp_pair(stack)
    tlsup.prepare(ours, name="localhost")
    ours.setblocking(False)
    with contextlib.suppress(BlockingIOError):
        tlsup.start(ours, tlsup.CLIENT)
    check(host.wait_for(lambda: tlsup.status(ours).phase == tlsup.SHAKING),
          "no handshake")
    with genl.Genl() as family:
        ids = [struct.unpack("=Q", c[genl.number("A_CONN_ID")])[0]
               for c in family.connections()]
    return ours, max(ids)


def command_row(stack, command):
    for become, wanted in zip(WHO, COMMANDS[command]):
        ours, conn_id = a_connection(stack)
        equal(as_somebody(become, command_call, command, conn_id), wanted,
              f"{command} as {become.__name__}")
        # A refused command has no effect.
        closed = command == "CLOSE" and wanted == OK
        if closed:
            check(host.wait_for(lambda s=ours: tlsup.status(s).error), "CLOSE")
        equal(tlsup.status(ours).phase,
              tlsup.FAILED if closed else tlsup.SHAKING, "phase afterwards")
        ours.close()


for name in COMMANDS:
    case(f"{name} by every kind of user", command_row, name)


@test
def the_table_has_every_command(_stack):
    path = os.path.join(host.HERE, "../../scripts/tlsup.yaml")
    with open(path, encoding="ascii") as file:
        operations = file.read().split("operations:")[1]
    found = {block.split("\n")[0].strip().upper().replace("-", "_")
             for block in operations.split("name: ")[1:]
             if re.search(r"^\s+do:", block, re.M)}
    equal(found - set(COMMANDS), set(), "commands without a row")


def use_sockets(socks):
    """Attach to sockets of one's own, and set an option of each or get it."""
    words = []
    for sock, (ulp, level, option, value, _wanted) in socks:
        sock.setsockopt(socket.SOL_TCP, tlsup.TCP_ULP, ulp)
        if value is None:
            words.append(verdict(sock.getsockopt, level, option, 200))
        else:
            words.append(verdict(sock.setsockopt, level, option, value))
    return " ".join(words)


def option_column(stack, become):
    """All options by one kind of user."""
    cells = {name: (b"tlsup", tlsup.SOL_TLSUP, number, *cell)
             for number, (name, cell) in enumerate(OPTIONS.items(), 1)}
    cells |= {name: (b"tlsup-raw", SOL_TLS, *cell) for name, cell in RAW_OPTIONS.items()}
    socks = []
    for cell in cells.values():
        sock = tlsup.tcp_pair(stack)[0]
        sock.setblocking(False)
        socks.append((sock, cell))
    found = as_somebody(become, use_sockets, socks)
    equal(dict(zip(cells, found.split())),
          {name: cell[-1] for name, cell in cells.items()}, become.__name__)


GET = None
# What comes of it does not depend on who it is. In the order of the header.
OPTIONS = {
    "TLSUP_HANDSHAKE": (1, "EINPROGRESS"),
    "TLSUP_PROFILE": (b"default", OK),
    "TLSUP_SERVER_NAME": (b"localhost", OK),
    "TLSUP_ALPN": (b"\2h2", OK),
    "TLSUP_FLAGS": (1, OK),
    "TLSUP_TIMEOUT": (1000, OK),
    "TLSUP_INFO": (GET, "ENOPROTOOPT"),
    "TLSUP_STATUS": (GET, OK),
    "TLSUP_PEER_CERT": (GET, "ENOPROTOOPT"),
    "TLSUP_PEER_CHAIN": (GET, "ENOPROTOOPT"),
    "TLSUP_EXPORTER": (GET, "EINVAL"),
    "TLSUP_REKEY": (0, "ENOPROTOOPT"),
    "TLSUP_PADDING": (16, OK),
}
# struct tls12_crypto_info_aes_gcm_128 of TLS 1.3.
CRYPTO_INFO = struct.pack("=HH", 0x0304, 51) + bytes(8 + 16 + 4 + 8)
SOL_TLS = 282
RAW_OPTIONS = {
    "TLS_TX": (1, CRYPTO_INFO, OK),
    "TLS_RX": (2, CRYPTO_INFO, OK),
    "TLS_TX_ZEROCOPY_RO": (3, 1, OK),
    "TLS_RX_EXPECT_NO_PAD": (4, 1, "EINVAL"),
}

for kind in WHO:
    case(f"every option on one's own sockets as {kind.__name__.replace('_', ' ')}",
         option_column, kind)


@test
def the_table_has_every_option(_stack):
    path = os.path.join(host.HERE, "../../include/uapi/linux/tlsup.h")
    with open(path, encoding="ascii") as file:
        body = re.search(r"enum tlsup_option {(.*?)}", file.read(), re.S).group(1)
    found = re.findall(r"(TLSUP_\w+)\s*= (\d+),", body)
    equal(found, [(name, str(i)) for i, name in enumerate(OPTIONS, 1)], "options")


def set_sysctl(name):
    path = "/proc/sys/net/tlsup/" + name
    with open(path, encoding="ascii") as file:
        value = file.read()

    def write():
        with open(path, "w", encoding="ascii") as file:
            file.write(value)
    return verdict(write)


@test
def sysctls_by_every_kind_of_user(_stack):
    for name in os.listdir("/proc/sys/net/tlsup"):
        for become, wanted in zip(WHO, SYSCTLS):
            equal(as_somebody(become, set_sysctl, name), wanted,
                  f"net.tlsup.{name} as {become.__name__}")


if __name__ == "__main__":
    with host.Daemon():
        main()
