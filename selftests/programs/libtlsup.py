#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
# Copyright (C) 2026 The tlsup authors
"""libtlsup, found by pkg-config, by a C program that uses all of it."""
import os
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)) + "/../lib")
# pylint: disable=wrong-import-position
import host
import peer
import runs
from ktap import check, equal, main, test

SOURCE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "libtlsup.c")
PROGRAM = os.path.join(host.BUILD, "selftests", "programs", "use-libtlsup")
ENVIRONMENT = dict(os.environ,
                   PKG_CONFIG_PATH=os.path.join(host.BUILD, "lib/pkgconfig"))


def flags(*options):
    out = runs.went_well(["pkg-config", *options, "libtlsup"], env=ENVIRONMENT)
    return out.decode().split()


def build():
    os.makedirs(os.path.dirname(PROGRAM), exist_ok=True)
    runs.went_well(["cc", "-Wall", "-Wextra", "-Werror", *flags("--cflags"),
                    SOURCE, "-o", PROGRAM, *flags("--libs"),
                    "-Wl,-rpath," + os.path.join(host.BUILD, "lib")])


def answer(theirs):
    got = theirs.read()
    theirs.write(b"answer\n")
    return got


@test
def the_library_depends_on_libc_alone(_stack):
    out = runs.went_well(["readelf", "-d", os.path.join(host.BUILD,
                                                        "lib/libtlsup.so")])
    needed = [x for x in out.decode().splitlines() if "(NEEDED)" in x]
    # The loader is a part of libc: it has the threads' own variables.
    others = [x for x in needed if "[libc.so" not in x and "[ld-" not in x]
    check(needed and not others, others)


@test
def a_client_before_and_after_connect(stack):
    for way in ("before", "after", "nonblock"):
        server = runs.TlsServer(stack, answer)
        out = runs.went_well([PROGRAM, way, str(server.port), "localhost"])
        equal(out, b"[] answer\n", way)
        equal(server.result(), b"question\n", way)


@test
def settings_reach_the_handshake(stack):
    server = runs.TlsServer(stack, answer)
    server.context = peer.server_context(alpn=["http/1.1"])
    out = runs.went_well([PROGRAM, "before", str(server.port), "localhost",
                          "p256", "h2,http/1.1"])
    equal(out, b"[http/1.1] answer\n", "output")


@test
def a_failure_has_its_errno_and_its_sentence(stack):
    for way in ("before", "after", "nonblock"):
        server = runs.TlsServer(stack, answer, cert="othername")
        done = runs.run([PROGRAM, way, str(server.port), "localhost"])
        equal(done.returncode, 1, way)
        check(done.stdout.startswith(b"EKEYREJECTED: "), done.stdout)
        check(b"Key was rejected" not in done.stdout, "no sentence of tlsup's:",
              done.stdout)


@test
def a_profile_that_does_not_exist_is_named(stack):
    server = runs.TlsServer(stack, answer)
    done = runs.run([PROGRAM, "after", str(server.port), "localhost", "none",
                     "h2"])
    equal(done.returncode, 1, "exit status")
    check(done.stdout.startswith(b"ENOKEY: "), done.stdout)


@test
def a_server_by_its_listener_and_by_what_it_accepts(stack):
    for way in ("listen", "accepted"):
        program = runs.Running(stack, [PROGRAM, way, "p384"])
        check(host.wait_for(lambda p=program: p.said().endswith(b"\n")),
              program.complaints())
        theirs = runs.tls_client(stack, int(program.said()))
        equal(theirs.read_exactly(8), b"welcome\n", way)
        theirs.write(b"thanks\n")
        program.hears(b"[] thanks\n")


@test
def misuse_is_refused(_stack):
    lines = runs.went_well([PROGRAM, "misuse"]).decode().splitlines()
    results = {x.split(": ")[0]: x.split(": ")[1].split()[0] for x in lines}
    equal(results, {"a datagram socket": "-1", "waiting for nothing": "-1",
                    "an empty protocol": "-1", "a flag that is none": "-1",
                    "a first time": "0", "a second time": "-1"}, "results")


if __name__ == "__main__":
    build()
    with host.Daemon():
        main()
