#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
# Copyright (C) 2026 The tlsup authors
"""Who may use a profile: users, groups, control groups, executables."""
import errno
import os
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)) + "/../lib")
# pylint: disable=wrong-import-position
import host
import peer
import tlsup
from ktap import Skip, case, equal, main, test

CGROUPS = "/sys/fs/cgroup"
PYTHON = os.path.realpath(sys.executable)
LISTS = {
    "a-user": 'allow_users = { "nobody", "4711" }',
    "a-group": 'allow_groups = { "nogroup", "4711" }',
    "a-program": f'allow_executables = {{ "/usr/sbin/nginx", "{PYTHON}" }}',
    "a-pattern": f'allow_executables = {{ "{os.path.dirname(PYTHON)}/*" }}',
    "another-program": 'allow_executables = { "/usr/sbin/nginx" }',
    "all-of-these": 'allow_users = { "root" }\nallow_groups = { "4711" }',
    "a-cgroup": 'allow_cgroups = { "/tlsup-none", "/tlsup-test" }',
}
DAEMON = host.Daemon(host.config() + "".join(
    f'profile "{name}" {{\n{words}\ntrust = "{host.CERTS}/ca.pem"\n}}\n'
    for name, words in LISTS.items()))


def verdict(stack, profile, uid=0, gid=0):
    """The errno of a handshake, or 0."""
    ours, theirs = tlsup.tcp_pair(stack)
    other = peer.Peer(theirs, peer.server_context())
    tlsup.prepare(ours, profile, "localhost")
    shaking = tlsup.Background(other.failure, other.handshake)
    os.setegid(gid)
    os.seteuid(uid)
    try:
        tlsup.start(ours, tlsup.CLIENT)
    except OSError as error:
        return error.errno
    finally:
        os.seteuid(0)
        os.setegid(0)
        if tlsup.status(ours).phase != tlsup.OPEN:
            ours.close()
        shaking.result()
    return 0


def judged(stack, profile, wanted, uid=0, gid=0):
    equal(verdict(stack, profile, uid, gid), wanted, "errno")


for words, args in {
        "a user who is listed by name": ("a-user", 0, 65534),
        "a user who is listed by number": ("a-user", 0, 4711),
        "a user who is not listed": ("a-user", errno.EACCES),
        "a group that is listed": ("a-group", 0, 0, 65534),
        "a group that is not listed": ("a-group", errno.EACCES, 0, 4712),
        "a program that is listed": ("a-program", 0),
        "a program that a pattern has": ("a-pattern", 0),
        "a program that is not listed": ("another-program", errno.EACCES),
        "all lists together": ("all-of-these", 0, 0, 4711),
        "one list of two": ("all-of-these", errno.EACCES, 0, 4712),
        "no list": ("default", 0, 4712, 4712),
}.items():
    case(words, judged, *args, seconds=60)


@test
def the_reason_is_told(stack):
    ours, _theirs = tlsup.tcp_pair(stack)
    tlsup.prepare(ours, "a-user", "localhost")
    try:
        tlsup.start(ours, tlsup.CLIENT)
    except OSError as error:
        equal(error.errno, errno.EACCES, "errno")
    equal(tlsup.status(ours).reason,
          "the profile is not for this user, group, control group or program",
          "reason")


@test
def a_control_group_and_those_inside_it(stack):
    """The kernel tells that of the process that made the socket."""
    if not os.path.exists(CGROUPS + "/cgroup.procs"):
        raise Skip("no control groups of version 2")
    inside = CGROUPS + "/tlsup-test/inner"
    os.makedirs(inside, exist_ok=True)
    stack.callback(os.rmdir, CGROUPS + "/tlsup-test")
    stack.callback(os.rmdir, inside)
    with open("/proc/self/cgroup", encoding="ascii") as file:
        home = file.read().strip().rsplit(":", 1)[-1]
    equal(verdict(stack, "a-cgroup"), errno.EACCES, "outside")
    for folder in (inside, CGROUPS + "/tlsup-test"):
        move(folder)
        try:
            equal(verdict(stack, "a-cgroup"), 0, folder)
        finally:
            move(CGROUPS + home)


def move(folder):
    """This process into a control group."""
    with open(folder + "/cgroup.procs", "w", encoding="ascii") as file:
        file.write(str(os.getpid()))


if __name__ == "__main__":
    with DAEMON:
        main()
