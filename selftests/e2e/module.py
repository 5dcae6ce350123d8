#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
# Copyright (C) 2026 The tlsup authors
"""rmmod: refused while sockets use the module, and works after they close.

TLSUP_KO names the module file, so that it can be loaded again.
"""
import ctypes
import errno
import os
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)) + "/../lib")
# pylint: disable=wrong-import-position
import host
import peer
import tlsup
from ktap import Skip, check, fails_with, main, test

SYS_DELETE_MODULE, SYS_FINIT_MODULE = 176, 313
BUSY = (errno.EBUSY, errno.EAGAIN)


def unload():
    tlsup.libc(tlsup.LIBC.syscall(SYS_DELETE_MODULE,
                                  ctypes.c_char_p(b"tlsup"), os.O_NONBLOCK))


def load(path):
    with open(path, "rb") as file:
        tlsup.libc(tlsup.LIBC.syscall(SYS_FINIT_MODULE, file.fileno(),
                                      ctypes.c_char_p(b""), 0))


def module_file():
    path = os.environ.get("TLSUP_KO")
    if not path or not os.path.exists("/sys/module/tlsup"):
        raise Skip("TLSUP_KO does not name the module file")
    return path


@test
def unloading_is_refused_while_a_socket_uses_it(stack):
    path = module_file()
    with host.Daemon():
        for make in (peer.connect, attached, shaking):
            kept = make(stack)
            with fails_with(BUSY, f"rmmod with a socket {make.__name__}"):
                unload()
            for one in kept:
                getattr(one, "sock", one).close()
    check(host.all_destroyed(), host.stats())
    host.wait_for(lambda: use_count() == 0)
    unload()
    check(not os.path.exists("/sys/module/tlsup"), "still loaded")
    check(not os.path.exists("/proc/net/tlsup_stat"), "its file is left")
    load(path)
    with host.Daemon():
        ours, other = peer.connect(stack)
        ours.sendall(b"again")
        check(other.read_exactly(5) == b"again", "after loading again")


def use_count():
    with open("/sys/module/tlsup/refcnt", encoding="ascii") as file:
        return int(file.read())


def attached(stack):
    ours, theirs = tlsup.tcp_pair(stack)
    tlsup.attach(ours)
    return ours, theirs


def shaking(stack):
    ours, theirs = attached(stack)
    ours.setblocking(False)
    try:
        tlsup.start(ours, tlsup.SERVER)
    except BlockingIOError:
        pass
    return ours, theirs


if __name__ == "__main__":
    main()
