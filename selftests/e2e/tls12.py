#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
# Copyright (C) 2026 The tlsup authors
"""TLS 1.2 on the wire: what the module and the daemon do together about
ChangeCipherSpec, renegotiation and a premaster secret that is none."""
import errno
import os
import ssl
import subprocess
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)) + "/../lib")
# pylint: disable=wrong-import-position
import host
import peer
import tlsup
from ktap import check, equal, fails_with, main, test

CCS = bytes.fromhex("140303000101")
UNEXPECTED, BAD_RECORD_MAC = 10, 20


def client(ciphers):
    context = peer.client_context()
    context.minimum_version = context.maximum_version = ssl.TLSVersion.TLSv1_2
    context.set_ciphers(ciphers)
    return context


def alert_after(stack, profile, ciphers, spoil):
    """A client of OpenSSL's whose second flight goes through spoil(); what our
    server says to it."""
    ours, theirs = tlsup.tcp_pair(stack)
    other = peer.Peer(theirs, client(ciphers), "localhost")
    tlsup.prepare(ours, profile)
    flights = []

    def wire(data):
        flights.append(data)
        theirs.sendall(data if len(flights) == 1 else spoil(data))
    other.wire = wire
    shaking = tlsup.Background(other.failure, other.handshake)
    with fails_with((errno.EPROTO, errno.EBADMSG), profile):
        tlsup.start(ours, tlsup.SERVER)
    status = tlsup.status(ours)
    ours.close()
    check(shaking.result(), "the peer went on")
    return status.alert_sent


def split(flight):
    """ClientKeyExchange, ChangeCipherSpec, Finished."""
    at = 5 + int.from_bytes(flight[3:5], "big")
    check(flight[0] == 22 and flight[at:at + 6] == CCS, "not the second flight")
    return flight[:at], CCS, flight[at + 6:]


@test
def a_change_cipher_spec_without_pending_keys_is_unexpected(stack):
    def early(flight):
        exchange, ccs, finished = split(flight)
        return ccs + exchange + finished
    for profile, ciphers in (("compat-p256", "ECDHE+AESGCM"), ("compat-rsa", "AES128-GCM-SHA256")):
        equal(alert_after(stack, profile, ciphers, early), UNEXPECTED, profile)


@test
def a_finished_without_change_cipher_spec_is_unexpected(stack):
    def none(flight):
        exchange, _, finished = split(flight)
        return exchange + finished
    equal(alert_after(stack, "compat-p256", "ECDHE+AESGCM", none), UNEXPECTED, "alert")


@test
def a_second_change_cipher_spec_does_not_open_under_the_new_keys(stack):
    def twice(flight):
        exchange, ccs, finished = split(flight)
        return exchange + ccs + ccs + finished
    equal(alert_after(stack, "compat-p256", "ECDHE+AESGCM", twice), BAD_RECORD_MAC, "alert")


@test
def a_premaster_secret_that_is_none_shows_in_the_finished_only(stack):
    """RFC 5246, 7.4.7.1: whatever is wrong, as if the keys had been others."""
    def replaced(make):
        def spoil(flight):
            exchange, ccs, finished = split(flight)
            body = make(exchange[11:])
            length = len(body)
            return (b"\x16\x03\x03" + (length + 6).to_bytes(2, "big") + b"\x10"
                    + (length + 2).to_bytes(3, "big") + length.to_bytes(2, "big")
                    + body + ccs + finished)
        return spoil
    for make in (lambda text: bytes(len(text)), lambda text: b"\xff" * len(text),
                 lambda text: text[:-1] + bytes([text[-1] ^ 1]), lambda text: text[:-1],
                 lambda text: text + b"\0", lambda text: b"\1"):
        equal(alert_after(stack, "compat-rsa", "AES128-GCM-SHA256", replaced(make)),
              BAD_RECORD_MAC, "alert")


@test
def renegotiation_is_refused(stack):
    listener = stack.enter_context(host.socket.create_server(("127.0.0.1", 0)))
    program = subprocess.Popen(
        ["openssl", "s_client", "-connect", f"127.0.0.1:{listener.getsockname()[1]}",
         "-tls1_2", "-servername", "localhost", "-CAfile", f"{host.CERTS}/ca.pem"],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    stack.callback(program.wait)
    stack.callback(program.kill)
    sock = stack.enter_context(listener.accept()[0])
    tlsup.prepare(sock, "compat-p256")
    tlsup.start(sock, tlsup.SERVER)
    program.stdin.write(b"R\n")
    program.stdin.flush()
    tlsup.Background(sock.recv, 1)
    text = program.stdout.read().decode(errors="replace")
    check("no renegotiation" in text, "openssl:", text[-500:])


if __name__ == "__main__":
    with host.Daemon():
        main()
