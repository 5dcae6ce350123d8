#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
# Copyright (C) 2026 The tlsup authors
"""The MAC suites of TLS 1.2 in both roles against OpenSSL and GnuTLS, with
MAC-then-encrypt and with encrypt-then-MAC (RFC 7366), and who gets them: the
policy "default" takes them in the second form only, "compat" in both."""
import errno
import itertools
import os
import socket
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)) + "/../lib")
# pylint: disable=wrong-import-position
import host
import matrix
import tlsup
from ktap import case, check, diag, equal, main

# Key exchange and certificate as the names of the suites have them: IANA
# number and hash of each cipher, and OpenSSL's name of the exchange.
SUITES = {}
for exchange, openssl, cert, numbers in (
        ("ECDHE-ECDSA", "ECDHE-ECDSA-", "p256",
         (0xc009, 0xc00a, 0xc023, None, 0xc024)),
        ("ECDHE-RSA", "ECDHE-RSA-", "rsa",
         (0xc013, 0xc014, 0xc027, None, 0xc028)),
        ("DHE-RSA", "DHE-RSA-", "rsa",
         (0x0033, 0x0039, 0x0067, 0x006b, None)),
        ("RSA", "", "rsa", (0x002f, 0x0035, 0x003c, 0x003d, None))):
    for number, (bits, mac) in zip(numbers, (
            (128, "SHA1"), (256, "SHA1"), (128, "SHA256"), (256, "SHA256"),
            (256, "SHA384"))):
        if number:
            SUITES[f"{exchange}-AES{bits}-CBC-{mac}"] = (
                number,
                f"{openssl}AES{bits}-{mac.replace('SHA1', 'SHA')}",
                f"-KX-ALL:+{exchange}:-CIPHER-ALL:+AES-{bits}-CBC:"
                f"-MAC-ALL:+{mac}", cert)
ORDERS = {"MAC-then-encrypt": False, "encrypt-then-MAC": True}
LENGTHS = (1, 100, 5000, 16383)

results = {}


def openssl_options(suite, etm):
    return ["-tls1_2", "-cipher", SUITES[suite][1] + ":@SECLEVEL=0"] + (
        [] if etm else ["-no_etm"])


def gnutls_options(suite, etm):
    return ["--priority", "NORMAL:-VERS-ALL:+VERS-TLS1.2:%PROFILE_LOW:"
            + SUITES[suite][2] + ("" if etm else ":%NO_ETM")]


def server_command(name, port, suite, etm):
    pem, key = matrix.files(SUITES[suite][3])
    if name == "OpenSSL":
        return ["openssl", "s_server", "-accept", str(port), "-naccept", "1",
                "-cert", pem, "-key", key, "-rev"] + openssl_options(suite, etm)
    return ["gnutls-serv", "-d", "2", "--port", str(port), "--echo",
            "--x509certfile", pem, "--x509keyfile", key,
            "--disable-client-cert"] + gnutls_options(suite, etm)


def client_command(name, port, suite, etm):
    if name == "OpenSSL":
        return ["openssl", "s_client", "-connect", f"127.0.0.1:{port}",
                "-servername", "localhost", "-CAfile", matrix.CA,
                "-verify_return_error", "-ign_eof"
                ] + openssl_options(suite, etm)
    return ["gnutls-cli", "-d", "2", "--x509cafile", matrix.CA, "-p",
            str(port), "localhost"] + gnutls_options(suite, etm)


def check_info(sock, suite):
    found = tlsup.info(sock)
    equal(found.version, 0x0303, "version")
    equal(hex(found.suite), hex(SUITES[suite][0]), "suite")


def connect(stack, name, suite, etm, profile):
    """Our client to a server of theirs; started, and what its log is."""
    port = next(matrix.ports)
    process, log = matrix.spawn(stack, server_command(name, port, suite, etm))
    sock = matrix.connect_when_ready(stack, port, process)
    sock.settimeout(None)
    tlsup.prepare(sock, profile, "localhost")
    return sock, log


def as_client(stack, name, suite, etm):
    sock, log = connect(stack, name, suite, etm, "compat-rsa")
    try:
        tlsup.start(sock, tlsup.CLIENT)
        check_info(sock, suite)
        for length in LENGTHS:
            line = b"x" * length + b"\n"
            sock.sendall(line)
            equal(sock.recv(len(line), socket.MSG_WAITALL),
                  matrix.PEERS[name][2](line), "what came back")
        sock.shutdown(socket.SHUT_WR)
        while sock.recv(100):
            pass
    except BaseException:
        matrix.explain(log)
        raise


def accept(stack, name, suite, etm, profile):
    """Our server to a client of theirs; not started."""
    listener = stack.enter_context(socket.create_server(("127.0.0.1", 0)))
    listener.settimeout(20)
    process, log = matrix.spawn(stack, client_command(
        name, listener.getsockname()[1], suite, etm))
    sock = stack.enter_context(listener.accept()[0])
    sock.settimeout(None)
    tlsup.prepare(sock, profile)
    return sock, process, log


def as_server(stack, name, suite, etm):
    sock, process, log = accept(stack, name, suite, etm,
                                "compat-" + SUITES[suite][3])
    try:
        tlsup.start(sock, tlsup.SERVER)
        check_info(sock, suite)
        line = b"y" * 5000 + b"\n"
        process.stdin.write(line)
        process.stdin.flush()
        equal(sock.recv(len(line), socket.MSG_WAITALL), line, "what came")
        sock.sendall(b"pong\n" * 5000)
        sock.shutdown(socket.SHUT_WR)
        equal(process.wait(20), 0, "exit status of the peer")
        equal(matrix.log_of(log).count("pong"), 5000,
              "pongs that the peer got")
    except BaseException:
        matrix.explain(log)
        raise


ROLES = {"client": as_client, "server": as_server}


def cell(stack, role, name, suite, order):
    key = (role, name, suite, order)
    results[key] = "FAIL"
    ROLES[role](stack, name, suite, ORDERS[order])
    results[key] = "ok"


def start(sock, role):
    """0, or the errno of the handshake."""
    try:
        tlsup.start(sock, role)
    except OSError as error:
        return error.errno
    return 0


def default_wants_encrypt_then_mac(stack, role, etm):
    """Nothing but a MAC suite in common: the order decides."""
    suite = "ECDHE-ECDSA-AES128-CBC-SHA256"
    if role == tlsup.CLIENT:
        sock, _ = connect(stack, "OpenSSL", suite, etm, None)
    else:
        sock, _, _ = accept(stack, "OpenSSL", suite, etm, None)
    equal(start(sock, role), 0 if etm else errno.EPROTO, "the handshake")
    if etm:
        check_info(sock, suite)
    else:
        equal(tlsup.status(sock).alert_sent, 40, "alert")


def switched_off(stack, role):
    """Without the class there is no suite in common."""
    with open("/proc/sys/net/tlsup/cbc", "w", encoding="ascii") as switch:
        switch.write("0")
    try:
        suite = "ECDHE-ECDSA-AES128-CBC-SHA256"
        if role == tlsup.CLIENT:
            sock, _ = connect(stack, "OpenSSL", suite, True, None)
        else:
            sock, _, _ = accept(stack, "OpenSSL", suite, True, None)
        equal(start(sock, role), errno.EPROTO, "the handshake")
        status = tlsup.status(sock)
        check(40 in (status.alert_sent, status.alert_received), "alert",
              status)
    finally:
        with open("/proc/sys/net/tlsup/cbc", "w", encoding="ascii") as switch:
            switch.write("1")


if __name__ == "__main__":
    for args in itertools.product(ROLES, matrix.PEERS, SUITES, ORDERS):
        case(f"{args[0]} to {args[1]} {args[2]} {args[3]}", cell, *args,
             seconds=60)
    for our_role, text in ((tlsup.CLIENT, "client"), (tlsup.SERVER, "server")):
        for their_etm in (False, True):
            case(f"default as {text}, peer "
                 f"{'with' if their_etm else 'without'} encrypt_then_mac",
                 default_wants_encrypt_then_mac, our_role, their_etm)
        case(f"net.tlsup.cbc = 0 as {text}", switched_off, our_role)
    with host.Daemon():
        try:
            main()
        finally:
            diag(sum(r == "ok" for r in results.values()), "of", len(results),
                 "cells of MAC suites")
