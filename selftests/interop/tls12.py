#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
# Copyright (C) 2026 The tlsup authors
"""TLS 1.2 in both roles against OpenSSL's and GnuTLS's own tools, over the
real module: every AEAD suite with each key exchange and certificate, data in
both directions, and exporters that agree."""
import itertools
import os
import socket
import struct
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)) + "/../lib")
# pylint: disable=wrong-import-position
import host
import matrix
import tlsup
from ktap import case, check, diag, equal, main

# Suite: its number, OpenSSL's name, GnuTLS's key exchange and cipher, and the
# certificate.
SUITES = {
    "ECDHE-ECDSA-AES128-GCM": (0xc02b, "ECDHE-ECDSA-AES128-GCM-SHA256",
                               "ECDHE-ECDSA", "AES-128-GCM", "p256"),
    "ECDHE-ECDSA-AES256-GCM": (0xc02c, "ECDHE-ECDSA-AES256-GCM-SHA384",
                               "ECDHE-ECDSA", "AES-256-GCM", "p256"),
    "ECDHE-ECDSA-CHACHA20": (0xcca9, "ECDHE-ECDSA-CHACHA20-POLY1305",
                             "ECDHE-ECDSA", "CHACHA20-POLY1305", "p256"),
    "ECDHE-ECDSA-AES128-CCM": (0xc0ac, "ECDHE-ECDSA-AES128-CCM",
                               "ECDHE-ECDSA", "AES-128-CCM", "p256"),
    "ECDHE-ECDSA-AES256-CCM": (0xc0ad, "ECDHE-ECDSA-AES256-CCM",
                               "ECDHE-ECDSA", "AES-256-CCM", "p256"),
    "ECDHE-ECDSA-AES128-CCM8": (0xc0ae, "ECDHE-ECDSA-AES128-CCM8",
                                "ECDHE-ECDSA", "AES-128-CCM-8", "p256"),
    "ECDHE-ECDSA-AES256-CCM8": (0xc0af, "ECDHE-ECDSA-AES256-CCM8",
                                "ECDHE-ECDSA", "AES-256-CCM-8", "p256"),
    "ECDHE-RSA-AES128-GCM": (0xc02f, "ECDHE-RSA-AES128-GCM-SHA256",
                             "ECDHE-RSA", "AES-128-GCM", "rsa"),
    "ECDHE-RSA-AES256-GCM": (0xc030, "ECDHE-RSA-AES256-GCM-SHA384",
                             "ECDHE-RSA", "AES-256-GCM", "rsa"),
    "ECDHE-RSA-CHACHA20": (0xcca8, "ECDHE-RSA-CHACHA20-POLY1305",
                           "ECDHE-RSA", "CHACHA20-POLY1305", "rsa"),
    "RSA-AES128-GCM": (0x009c, "AES128-GCM-SHA256", "RSA", "AES-128-GCM",
                       "rsa"),
    "RSA-AES256-GCM": (0x009d, "AES256-GCM-SHA384", "RSA", "AES-256-GCM",
                       "rsa"),
    "RSA-AES128-CCM": (0xc09c, "AES128-CCM", "RSA", "AES-128-CCM", "rsa"),
    "RSA-AES256-CCM": (0xc09d, "AES256-CCM", "RSA", "AES-256-CCM", "rsa"),
    "RSA-AES128-CCM8": (0xc0a0, "AES128-CCM8", "RSA", "AES-128-CCM-8", "rsa"),
    "RSA-AES256-CCM8": (0xc0a1, "AES256-CCM8", "RSA", "AES-256-CCM-8", "rsa"),
}
EXPORT_LABEL = "EXPERIMENTAL tlsup"
EXPORT_LEN = 40

results = {}


def priority(suite):
    """A GnuTLS priority string for TLS 1.2 and one suite."""
    _, _, exchange, cipher, _ = SUITES[suite]
    return (f"NORMAL:-VERS-ALL:+VERS-TLS1.2:-CIPHER-ALL:+{cipher}:-KX-ALL:"
            f"+{exchange}:%PROFILE_LOW")


def server_command(name, port, suite):
    pem, key = matrix.files(SUITES[suite][4])
    if name == "OpenSSL":
        return ["openssl", "s_server", "-accept", str(port), "-naccept", "1",
                "-cert", pem, "-key", key, "-tls1_2", "-cipher",
                SUITES[suite][1] + ":@SECLEVEL=0", "-rev"]
    return ["gnutls-serv", "-d", "2", "--port", str(port), "--echo",
            "--x509certfile", pem, "--x509keyfile", key, "--priority",
            priority(suite), "--disable-client-cert"]


def client_command(name, port, suite):
    if name == "OpenSSL":
        return ["openssl", "s_client", "-connect", f"127.0.0.1:{port}",
                "-servername", "localhost", "-tls1_2", "-cipher",
                SUITES[suite][1] + ":@SECLEVEL=0", "-CAfile", matrix.CA,
                "-verify_return_error", "-verify_hostname", "localhost",
                "-keymatexport", EXPORT_LABEL, "-keymatexportlen",
                str(EXPORT_LEN), "-ign_eof"]
    return ["gnutls-cli", "-d", "2", "--x509cafile", matrix.CA, "--priority",
            priority(suite), "--keymatexport", EXPORT_LABEL,
            "--keymatexportsize", str(EXPORT_LEN), "-p", str(port),
            "localhost"]


def exported(sock):
    """What the kernel exports, in hexadecimal capitals."""
    label = EXPORT_LABEL.encode()
    wish = struct.pack("=HHHBB", EXPORT_LEN, len(label), 0, 0, 0) + label
    return tlsup.export(sock, wish).hex().upper()


def check_info(sock, suite):
    found = tlsup.info(sock)
    equal(found.version, 0x0303, "version")
    equal(hex(found.suite), hex(SUITES[suite][0]), "suite")


def as_client(stack, name, suite):
    """We are the client."""
    port = next(matrix.ports)
    process, log = matrix.spawn(stack, server_command(name, port, suite))
    try:
        sock = matrix.connect_when_ready(stack, port, process)
        sock.settimeout(None)
        tlsup.prepare(sock, "compat-rsa", "localhost")
        tlsup.start(sock, tlsup.CLIENT)
        check_info(sock, suite)
        for length in (1, 100, 16000):
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


def as_server(stack, name, suite):
    """We are the server."""
    listener = stack.enter_context(socket.create_server(("127.0.0.1", 0)))
    listener.settimeout(20)
    process, log = matrix.spawn(stack, client_command(
        name, listener.getsockname()[1], suite))
    try:
        sock = stack.enter_context(listener.accept()[0])
        sock.settimeout(None)
        tlsup.prepare(sock, profile="compat-" + SUITES[suite][4])
        tlsup.start(sock, tlsup.SERVER)
        check_info(sock, suite)
        process.stdin.write(b"ping\n")
        process.stdin.flush()
        equal(sock.recv(5, socket.MSG_WAITALL), b"ping\n", "what came")
        sock.sendall(b"pong\n" * 5000)
        sock.shutdown(socket.SHUT_WR)
        equal(process.wait(20), 0, "exit status of the peer")
        text = matrix.log_of(log)
        equal(text.count("pong"), 5000, "pongs that the peer got")
        check(exported(sock) in text.upper(), "exporters differ",
              exported(sock))
    except BaseException:
        matrix.explain(log)
        raise


ROLES = {"client": as_client, "server": as_server}


def cell(stack, role, name, suite):
    results[role, name, suite] = "FAIL"
    ROLES[role](stack, name, suite)
    results[role, name, suite] = "ok"


if __name__ == "__main__":
    for key in itertools.product(ROLES, matrix.PEERS, SUITES):
        case(f"TLS 1.2 {key[0]} to {key[1]} {key[2]}", cell, *key, seconds=60)
    with host.Daemon():
        try:
            main()
        finally:
            diag(sum(r == "ok" for r in results.values()), "of", len(results),
                 "cells of TLS 1.2")
