# SPDX-License-Identifier: GPL-2.0-only
# Copyright (C) 2026 The tlsup authors
"""The netlink family without a library: raw messages, so that a test can also
send what no library would."""
import os
import re
import socket
import struct

import host

NETLINK_GENERIC, GENL_ID_CTRL = 16, 0x10
CTRL_CMD_GETFAMILY, CTRL_ATTR_FAMILY_ID, CTRL_ATTR_FAMILY_NAME = 3, 1, 2
NLM_F_REQUEST, NLM_F_ACK, NLM_F_DUMP = 1, 4, 0x300
NLMSG_ERROR, NLMSG_DONE = 2, 3
NLA_F_NESTED, NLA_TYPE_MASK = 0x8000, 0x3fff


def _numbers():
    """The enums of the header: names without their TLSUP_ prefix."""
    path = os.path.join(host.HERE,
                        "../../include/uapi/linux/tlsup_netlink.h")
    with open(path, encoding="ascii") as file:
        text = file.read()
    numbers = {}
    for body in re.findall(r"enum[^{]*{(.*?)}", text, re.S):
        at = 0
        for name, value in re.findall(r"\bTLSUP_(\w+)(?: = (\d+))?,", body):
            at = int(value) if value else at
            numbers[name] = at
            at += 1
    return numbers


NUMBERS = _numbers()


def number(name):
    """The number of an attribute or command: "CMD_REGISTER", "A_CONN_ID"."""
    return NUMBERS[name]


def attr(kind, value, form=None):
    """One attribute; a number for kind or its name, a format for numbers."""
    if isinstance(kind, str):
        kind = NUMBERS[kind]
    if form:
        value = struct.pack("=" + form, value)
    padding = bytes(-len(value) % 4)
    return struct.pack("=HH", 4 + len(value), kind) + value + padding


def nest(kind, *attrs):
    """A nested attribute."""
    return attr(NUMBERS[kind] | NLA_F_NESTED, b"".join(attrs))


def attrs_of(data):
    """The attributes in some bytes: number to value."""
    found = {}
    while len(data) >= 4:
        length, kind = struct.unpack_from("=HH", data)
        found[kind & NLA_TYPE_MASK] = data[4:length]
        data = data[(length + 3) & ~3:]
    return found


class Genl:
    """A netlink socket for the family "tlsup"."""

    def __init__(self):
        self.sock = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW,
                                  NETLINK_GENERIC)
        self.sock.bind((0, 0))
        self.sock.settimeout(10)
        self.events = []
        self.sequence = 0
        self.family = GENL_ID_CTRL
        name = attr(CTRL_ATTR_FAMILY_NAME, b"tlsup\0")
        reply = self.call(CTRL_CMD_GETFAMILY, name)[0][1]
        self.family = struct.unpack("=H", reply[CTRL_ATTR_FAMILY_ID][:2])[0]

    def __enter__(self):
        return self

    def __exit__(self, *_error):
        self.sock.close()

    def _messages(self):
        data = self.sock.recv(1 << 17)
        while len(data) >= 16:
            length, kind, _flags, sequence = struct.unpack_from("=IHHI", data)
            yield kind, sequence, data[16:length]
            data = data[(length + 3) & ~3:]

    def call(self, command, *attrs, flags=0):
        """Send a command; its replies as (command, attributes).

        Raises the OSError that the kernel answers. Events that come in
        between are kept for event().
        """
        if isinstance(command, str):
            command = NUMBERS[command]
        self.sequence += 1
        body = struct.pack("=BBH", command, 1, 0) + b"".join(attrs)
        flags |= NLM_F_REQUEST | NLM_F_ACK
        self.sock.send(struct.pack("=IHHII", 16 + len(body), self.family,
                                   flags, self.sequence, 0) + body)
        replies = []
        while True:
            for kind, sequence, data in self._messages():
                if kind in (NLMSG_ERROR, NLMSG_DONE):
                    if sequence != self.sequence:
                        continue
                    error = -struct.unpack_from("=i", data)[0]
                    if error:
                        raise OSError(error, os.strerror(error))
                    return replies
                found = data[0], attrs_of(data[4:])
                if kind == self.family and data[0] >= NUMBERS["CMD_EV_START"]:
                    self.events.append(found)
                else:
                    replies.append(found)

    def event(self):
        """The next event from the kernel: (command, attributes)."""
        while not self.events:
            for _kind, _sequence, data in self._messages():
                self.events.append((data[0], attrs_of(data[4:])))
        return self.events.pop(0)

    def connections(self):
        """GET_CONN: the attributes of each connection."""
        return [a for _, a in self.call("CMD_GET_CONN", flags=NLM_F_DUMP)]
