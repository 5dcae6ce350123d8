#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
# Copyright (C) 2026 The tlsup authors
"""What an administrator sees of a connection: ss and inet_diag, the counters of
/proc/net/tlsup_stat, and tracepoints on hand-over, rekeying and every error."""
import errno
import os
import re
import socket
import struct
import subprocess
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)) + "/../lib")
# pylint: disable=wrong-import-position
import host
import peer
import tlsup
from ktap import Skip, check, equal, fails_with, main, test

TRACING = "/sys/kernel/tracing"
# From linux/sock_diag.h, linux/inet_diag.h and linux/tlsup.h.
NETLINK_SOCK_DIAG, SOCK_DIAG_BY_FAMILY, INET_DIAG_ULP_INFO = 4, 20, 19
# The extension without which there is none of it.
INFO = 1 << 1
INET_ULP_INFO_NAME, INET_ULP_INFO_TLS, TLSUP_INET_DIAG = 1, 2, 16
DIAG = {2: ("conn_id", "=Q"), 3: ("phase", "=I"), 4: ("tx_records", "=Q"),
        5: ("rx_records", "=Q"), 6: ("tx_bytes", "=Q"), 7: ("rx_bytes", "=Q"),
        8: ("tx_rekeys", "=I"), 9: ("rx_rekeys", "=I")}


def attributes(data):
    """A run of netlink attributes, by type."""
    found = {}
    while len(data) >= 4:
        size, kind = struct.unpack_from("=HH", data)
        found[kind & 0x3fff] = data[4:size]
        data = data[(size + 3) & ~3:]
    return found


def ulp_info(sock):
    """What inet_diag says about the ULP of one socket."""
    (local, port), (remote, remote_port) = sock.getsockname(), sock.getpeername()
    ident = struct.pack("!HH16s16s", port, remote_port,
                        socket.inet_aton(local), socket.inet_aton(remote))
    request = struct.pack("=BBBBI", socket.AF_INET, socket.IPPROTO_TCP, INFO, 0,
                          0xffffffff) + ident + struct.pack("=III", 0,
                                                            0xffffffff,
                                                            0xffffffff)
    header = struct.pack("=IHHII", 16 + len(request), SOCK_DIAG_BY_FAMILY, 1,
                         1, 0)
    with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW,
                       NETLINK_SOCK_DIAG) as netlink:
        netlink.send(header + request)
        reply = netlink.recv(65536)
    # Behind the netlink header a struct inet_diag_msg of 72 bytes.
    return attributes(attributes(reply[16 + 72:])[INET_DIAG_ULP_INFO])


@test
def inet_diag_shows_the_connection(stack):
    ours, other = peer.connect(stack, tlsup.CLIENT)
    ours.sendall(b"four")
    equal(other.read(4), b"four", "data")
    tlsup.set_option(ours, tlsup.REKEY, 0)
    info = ulp_info(ours)
    equal(info[INET_ULP_INFO_NAME], b"tlsup\0", "name")
    check(INET_ULP_INFO_TLS in info, "no version and cipher")
    found = attributes(info[TLSUP_INET_DIAG])
    values = {name: struct.unpack(form, found[kind])[0]
              for kind, (name, form) in DIAG.items()}
    equal(values["phase"], tlsup.OPEN, "phase")
    equal(values["tx_bytes"], 4, "tx_bytes")
    equal(values["tx_records"], tlsup.info(ours).tx_records, "tx_records")
    equal(values["rx_records"], tlsup.info(ours).rx_records, "rx_records")
    equal(values["tx_rekeys"], 1, "tx_rekeys")


@test
def ss_shows_ulp_version_and_cipher(stack):
    ours, _other = peer.connect(stack, tlsup.SERVER)
    port = ours.getsockname()[1]
    shown = subprocess.run(["ss", "-tinH", "sport", "=", str(port)], text=True,
                           stdout=subprocess.PIPE, check=True).stdout
    check(re.search(r"tcp-ulp-tlsup version: 1\.3 cipher: aes-gcm-(128|256)",
                    shown), shown)


@test
def a_socket_that_only_waits_shows_no_version(stack):
    ours, _other = tlsup.tcp_pair(stack)
    tlsup.attach(ours)
    info = ulp_info(ours)
    found = attributes(info[TLSUP_INET_DIAG])
    equal(struct.unpack("=I", found[3])[0], tlsup.IDLE, "phase")


@test
def counters_count_what_happens(stack):
    before = host.stats()
    ours, other = peer.connect(stack, tlsup.CLIENT)
    ours.sendall(b"x")
    other.read(1)
    other.sock.sendall(b"\x17\x03\x03\x00\x20" + bytes(32))
    with fails_with(errno.EBADMSG, "a bad record"):
        ours.recv(1)
    now = host.stats()
    for name, gained in {"conns_created": 1, "handshakes_started": 1,
                         "handshakes_done": 1, "handshakes_failed": 0,
                         "rx_bad_records": 1, "alerts_sent": 1}.items():
        equal(now[name] - before[name], gained, name)


@test
def tracepoints_tell_the_story(stack):
    if not os.path.exists(f"{TRACING}/events"):
        subprocess.run(["mount", "-t", "tracefs", "tracefs", TRACING],
                       check=False, stderr=subprocess.DEVNULL)
    switch = f"{TRACING}/events/tlsup/enable"
    if not os.path.exists(switch):
        raise Skip("this kernel has no tracepoints")
    for name, value in ((switch, "1"), (f"{TRACING}/trace", "")):
        with open(name, "w", encoding="ascii") as out:
            out.write(value)
    ours, other = peer.connect(stack, tlsup.CLIENT)
    tlsup.set_option(ours, tlsup.REKEY, 0)
    other.sock.sendall(b"\x17\x03\x03\x00\x20" + bytes(32))
    with fails_with(errno.EBADMSG, "a bad record"):
        ours.recv(1)
    with open(f"{TRACING}/trace", encoding="ascii") as trace:
        story = re.findall(r"(tlsup_\w+): (.*)", trace.read())
    with open(switch, "w", encoding="ascii") as out:
        out.write("0")
    for name, words in (("tlsup_phase", "from=1 to=2"),
                        ("tlsup_event", "cmd="),
                        ("tlsup_answer", "err=0"),
                        ("tlsup_phase", "from=3 to=4"),
                        ("tlsup_rekey", "tx count=1"),
                        ("tlsup_fault", "fault="),
                        ("tlsup_alert", "sent level=2 description=20"),
                        ("tlsup_fail", "a record failed authentication"),
                        ("tlsup_phase", "from=4 to=5")):
        check(any(event == name and words in text for event, text in story),
              name, words, "is not in", story)


if __name__ == "__main__":
    with host.Daemon():
        main()
