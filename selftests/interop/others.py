#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
# Copyright (C) 2026 The tlsup authors
"""curl and Python's ssl as peers, and what OpenSSL and GnuTLS send after the
handshake: tickets and key updates."""
import itertools
import os
import socket
import subprocess
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)) + "/../lib")
# pylint: disable=wrong-import-position
import host
import matrix
import peer
import tlsup
from ktap import TESTS, case, check, equal, main, test

TESTS.clear()  # the matrix has a script of its own
CURL = ["curl", "--silent", "--show-error", "--tlsv1.3", "--cacert",
        matrix.CA, "--max-time", "30"]


def curl(port, *options, name="localhost"):
    return subprocess.run([*CURL, *options, f"https://{name}:{port}/"],
                          capture_output=True, text=True, check=False)


def curl_fetches(stack, suite, group):
    server, port = host.serve(stack, "--alpn", "http/1.1")
    done = curl(port, "--tls13-ciphers", matrix.SUITES[suite][1], "--curves",
                matrix.GROUPS[group][1])
    equal((done.returncode, done.stdout), (0, "hello from tlsup-serve\n"),
          done.stderr)
    line = server.line("conn")
    for part in (matrix.SUITES[suite][1], f"group {group} ", "sni=localhost",
                 "alpn=http/1.1"):
        check(part in line, part, "not in", line)


for suite_name, group_name in itertools.product(matrix.SUITES, matrix.GROUPS):
    case(f"curl fetches with {suite_name} and {group_name}", curl_fetches,
         suite_name, group_name, seconds=60)


@test
def curl_fetches_by_address_and_over_ipv6(stack):
    _server, port = host.serve(stack, "--alpn", "http/1.1")
    for name in ("127.0.0.1", "[::1]"):
        done = curl(port, name=name)
        equal(done.stdout, "hello from tlsup-serve\n", done.stderr)


@test
def curl_refuses_our_wrong_certificates(stack):
    for profile in ("othername", "expired", "untrusted"):
        _server, port = host.serve(stack, "--profile", profile)
        equal(curl(port).returncode, 60, profile)


def python_speaks(stack, role, cert):
    ours, other = peer.connect(
        stack, role, cert=cert, profile=cert if role == tlsup.SERVER else None)
    equal(other.tls.version(), "TLSv1.3", "version")
    if role == tlsup.SERVER:
        equal(other.tls.getpeercert()["subject"][0][0][1],
              f"tlsup test {cert}", "the certificate that it saw")
    ours.sendall(b"ping")
    equal(other.read_exactly(4), b"ping", "sent")
    other.write(b"pong")
    equal(ours.recv(10), b"pong", "received")


for role_name, role_number in (("client", tlsup.CLIENT),
                               ("server", tlsup.SERVER)):
    for cert_name in matrix.CERTS:
        case(f"{role_name} to Python's ssl {cert_name}", python_speaks,
             role_number, cert_name, seconds=60)


@test
def tickets_of_openssl_go_up_to_the_daemon(stack):
    before = host.stats()
    port = next(matrix.ports)
    process, _log = matrix.spawn(stack, matrix.openssl_server(
        port, "AES-128", "X25519", "p256"))
    sock = matrix.connect_when_ready(stack, port, process)
    tlsup.prepare(sock, name="localhost")
    tlsup.start(sock, tlsup.CLIENT)
    sock.sendall(b"x\n")
    equal(sock.recv(2, socket.MSG_WAITALL), b"x\n", "data")

    def arrived():
        now = host.stats()
        return sum(now[n] - before[n] for n in ("tickets_up",
                                                "tickets_dropped")) == 2
    check(host.wait_for(arrived, 5), before, host.stats())
    equal(host.stats()["tickets_dropped"], before["tickets_dropped"],
          "tickets dropped")


def rekeys(sock):
    """Take in what has come; the key updates received and sent."""
    sock.setblocking(False)
    try:
        check(not sock.recv(100, socket.MSG_PEEK), "data instead")
    except BlockingIOError:
        pass
    finally:
        sock.setblocking(True)
    found = tlsup.info(sock)
    return found.rx_rekeys, found.tx_rekeys


def say(process, text):
    process.stdin.write(text)
    process.stdin.flush()


def update_both_ways(sock, process, log, ask, tell):
    """The peer rekeys with and without asking us to; data goes on."""
    for round_number in range(1, 4):
        say(process, ask)
        check(host.wait_for(lambda n=round_number: rekeys(sock)
                            == (2 * n - 1, n)), "after asking:", rekeys(sock))
        sock.sendall(b"ours %d\n" % round_number)
        say(process, tell)
        check(host.wait_for(lambda n=round_number: rekeys(sock)
                            == (2 * n, n)), "after telling:", rekeys(sock))
        say(process, b"theirs\n")
        equal(sock.recv(7, socket.MSG_WAITALL), b"theirs\n", "their data")
        check(host.wait_for(lambda n=round_number: f"ours {n}"
                            in matrix.log_of(log)), "our data is not there")


@test
def key_updates_of_openssls_client_are_answered(stack):
    listener = stack.enter_context(socket.create_server(("127.0.0.1", 0)))
    command = matrix.openssl_client(listener.getsockname()[1], "AES-128",
                                    "X25519", False)
    process, log = matrix.spawn(
        stack, [c for c in command if c not in ("-ign_eof", "-msg")])
    sock = stack.enter_context(listener.accept()[0])
    tlsup.prepare(sock)
    tlsup.start(sock, tlsup.SERVER)
    update_both_ways(sock, process, log, b"K\n", b"k\n")


@test
def key_updates_of_openssls_server_are_answered(stack):
    port = next(matrix.ports)
    command = matrix.openssl_server(port, "CHACHA20", "X25519", "p256")
    process, log = matrix.spawn(
        stack, [c for c in command if c not in ("-rev", "-msg")])
    sock = matrix.connect_when_ready(stack, port, process)
    tlsup.prepare(sock, name="localhost")
    tlsup.start(sock, tlsup.CLIENT)
    update_both_ways(sock, process, log, b"K\n", b"k\n")


@test
def key_updates_of_gnutls_are_answered(stack):
    listener = stack.enter_context(socket.create_server(("127.0.0.1", 0)))
    command = matrix.gnutls_client(listener.getsockname()[1], "AES-256",
                                   "P-256", False)
    process, log = matrix.spawn(stack, command + ["--inline-commands"])
    sock = stack.enter_context(listener.accept()[0])
    tlsup.prepare(sock)
    tlsup.start(sock, tlsup.SERVER)
    for n in range(1, 3):
        say(process, b"^rekey^\n")
        check(host.wait_for(lambda n=n: rekeys(sock)[0] == n), rekeys(sock))
        sock.sendall(b"ours %d\n" % n)
        check(host.wait_for(lambda n=n: f"ours {n}" in matrix.log_of(log)),
              "our data is not there")
        say(process, b"theirs\n")
        equal(sock.recv(7, socket.MSG_WAITALL), b"theirs\n", "their data")
        time.sleep(0.01)


if __name__ == "__main__":
    with host.Daemon():
        main()
