#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
# Copyright (C) 2026 The tlsup authors
"""Peers that speak no TLS, stall, lie, or show the wrong certificate: each
gets the alert that the standard names, the application the errno that the
interface names, and nobody hangs."""
import contextlib
import errno
import os
import select
import socket
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)) + "/../lib")
# pylint: disable=wrong-import-position
import host
import peer
import tlsup
from ktap import FULL, case, check, equal, errno_name, fails_with, main, test

ROLES = {"client": tlsup.CLIENT, "server": tlsup.SERVER}


def start_fails(ours, role, wanted, what):
    """The handshake must fail so, and TLSUP_STATUS must tell the same."""
    with fails_with(wanted, what):
        tlsup.start(ours, role)
    found = tlsup.status(ours)
    equal(found.phase, tlsup.FAILED, f"{what}: phase")
    equal(errno_name(found.error), errno_name(wanted), f"{what}: status")
    check(found.reason, f"{what}: no sentence")
    return found


def our_end(stack, role, timeout=None):
    ours, theirs = tlsup.tcp_pair(stack)
    tlsup.prepare(ours, name="localhost" if role == tlsup.CLIENT else None,
                  timeout=timeout)
    theirs.settimeout(20)
    return ours, theirs


# --- peers that speak no TLS ------------------------------------------------

NO_TLS = {
    "http": b"HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n",
    "smtp": b"220 mail.example.org ESMTP\r\n",
    "zeros": bytes(64),
    "a record of an unknown type": b"\x63\x03\x03\x00\x02ab",
    "application data first": b"\x17\x03\x03\x00\x20" + bytes(32),
    "an empty handshake record": b"\x16\x03\x03\x00\x00",
    "a change_cipher_spec first": b"\x14\x03\x03\x00\x01\x02",
}


def speaks_no_tls(stack, role, data):
    ours, theirs = our_end(stack, role)
    theirs.sendall(data)
    start_fails(ours, role, errno.EPROTO, "the handshake")
    with fails_with((errno.EPROTO, errno.EPIPE, errno.ENOTCONN), "a send"):
        ours.send(b"secret", socket.MSG_NOSIGNAL)


for role_name, role_number in ROLES.items():
    for what, bytes_sent in NO_TLS.items():
        case(f"{role_name} meets {what} and fails with EPROTO", speaks_no_tls,
             role_number, bytes_sent, seconds=40)


@test(seconds=30)
def an_oversized_record_is_refused_at_its_header(stack):
    for role in ROLES.values():
        ours, theirs = our_end(stack, role)
        theirs.sendall(b"\x16\x03\x03\xff\xff")
        found = start_fails(ours, role, errno.EMSGSIZE, "the handshake")
        equal(found.alert_sent, 22, "alert (record_overflow)")


@test(seconds=30)
def a_peer_that_closes_is_a_protocol_error(stack):
    for role in ROLES.values():
        ours, theirs = our_end(stack, role)
        theirs.close()
        start_fails(ours, role, errno.EPROTO, "close at once")
        ours, theirs = our_end(stack, role)
        theirs.sendall(b"\x16\x03\x01\x00")
        theirs.close()
        start_fails(ours, role, errno.EPROTO, "close inside a record")


@test(seconds=30)
def a_peer_that_resets_before_the_start_is_an_error(stack):
    for role in ROLES.values():
        ours, theirs = our_end(stack, role)
        theirs.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER,
                          b"\1\0\0\0\0\0\0\0")
        theirs.close()
        with fails_with((errno.ECONNRESET, errno.EPROTO), "the handshake"):
            tlsup.start(ours, role)
        equal(tlsup.status(ours).phase, tlsup.FAILED, "phase")


@test(seconds=30)
def a_peer_that_closes_in_the_middle_is_a_protocol_error(stack):
    ours, theirs = our_end(stack, tlsup.CLIENT)
    shaking = tlsup.Background(start_fails, ours, tlsup.CLIENT, errno.EPROTO,
                               "close after the ClientHello")
    check(theirs.recv(4096)[:1] == b"\x16", "no ClientHello")
    theirs.close()
    shaking.result()


@test(seconds=30)
def a_peer_that_stalls_is_left_at_the_deadline(stack):
    for role in ROLES.values():
        for sent in (b"", b"\x16", b"\x16\x03\x01\x02\x00\x01"):
            ours, theirs = our_end(stack, role, timeout=300)
            theirs.sendall(sent)
            began = time.monotonic()
            start_fails(ours, role, errno.ETIMEDOUT, "the handshake")
            took = time.monotonic() - began
            check(0.25 < took < 5, "ended after", took, "seconds")


@test(seconds=30)
def a_nonblocking_handshake_has_its_deadline_too(stack):
    ours, _theirs = our_end(stack, tlsup.SERVER, timeout=200)
    ours.setblocking(False)
    with fails_with(errno.EINPROGRESS, "start"):
        tlsup.start(ours, tlsup.SERVER)
    poller = select.poll()
    poller.register(ours, select.POLLOUT)
    check(poller.poll(5000), "no event at the deadline")
    equal(tlsup.so_error(ours), errno.ETIMEDOUT, "SO_ERROR")


@test(seconds=30)
def a_fatal_alert_from_the_peer_ends_the_handshake(stack):
    ours, theirs = our_end(stack, tlsup.CLIENT)
    shaking = tlsup.Background(start_fails, ours, tlsup.CLIENT, errno.EPROTO,
                               "handshake_failure")
    check(theirs.recv(4096)[:1] == b"\x16", "no ClientHello")
    theirs.sendall(b"\x15\x03\x03\x00\x02\x02\x28")
    equal(shaking.result().alert_received, 40, "alert_received")


# --- certificates -----------------------------------------------------------

CERTIFICATES = {
    "of another name": ("othername", errno.EKEYREJECTED),
    "that has expired": ("expired", errno.EKEYEXPIRED),
    "of an unknown authority": ("untrusted", errno.EKEYREJECTED),
}


def refuses_certificate(stack, cert, wanted):
    ours, theirs = our_end(stack, tlsup.CLIENT)
    other = peer.Peer(theirs, peer.server_context(cert))
    shaking = tlsup.Background(other.failure, other.handshake)
    found = start_fails(ours, tlsup.CLIENT, wanted, "the handshake")
    check(found.alert_sent in (42, 43, 45, 46, 48), "alert", found.alert_sent)
    # In TLS 1.3 OpenSSL's server is done before it hears of the refusal.
    reason = shaking.result() or other.failure(other.read)
    check(reason and "ALERT" in reason, "the peer saw", reason)


for what, (cert_name, number) in CERTIFICATES.items():
    case(f"a certificate {what} gives {errno_name(number)}",
         refuses_certificate, cert_name, number, seconds=40)


@test(seconds=30)
def a_client_without_a_name_does_not_trust_just_anybody(stack):
    ours, theirs = tlsup.tcp_pair(stack)
    tlsup.prepare(ours)
    other = peer.Peer(theirs, peer.server_context("othername"))
    tlsup.Background(other.failure, other.handshake)
    with fails_with((errno.EKEYREJECTED, errno.EINVAL), "no name"):
        tlsup.start(ours, tlsup.CLIENT)


@test(seconds=30)
def an_address_that_the_certificate_lacks_is_refused(stack):
    ours, theirs = tlsup.tcp_pair(stack)
    tlsup.prepare(ours, name="127.0.0.2")
    other = peer.Peer(theirs, peer.server_context())
    tlsup.Background(other.failure, other.handshake)
    start_fails(ours, tlsup.CLIENT, errno.EKEYREJECTED, "127.0.0.2")


@test(seconds=30)
def a_client_that_refuses_our_certificate_is_reported(stack):
    ours, theirs = tlsup.tcp_pair(stack)
    tlsup.prepare(ours, "untrusted")
    other = peer.Peer(theirs, peer.client_context(), "localhost")
    shaking = tlsup.Background(other.failure, other.handshake)
    found = start_fails(ours, tlsup.SERVER, errno.EPROTO, "the handshake")
    check(found.alert_received in (42, 46, 48), "alert",
          found.alert_received)
    check("VERIFY" in shaking.result(), "the peer's reason",
          shaking.result())


@test(seconds=30)
def a_profile_that_is_not_there_gives_ENOKEY(stack):
    for role in ROLES.values():
        ours, theirs = tlsup.tcp_pair(stack)
        tlsup.prepare(ours, "nobody-wrote-this", name="localhost"
                      if role == tlsup.CLIENT else None)
        if role == tlsup.SERVER:
            other = peer.Peer(theirs, peer.client_context(), "localhost")
            tlsup.Background(other.failure, other.handshake)
        start_fails(ours, role, errno.ENOKEY, "the handshake")


@test(seconds=30)
def a_server_profile_without_certificate_gives_ENOKEY(stack):
    ours, theirs = tlsup.tcp_pair(stack)
    tlsup.prepare(ours, "no-certificate")
    other = peer.Peer(theirs, peer.client_context(), "localhost")
    shaking = tlsup.Background(other.failure, other.handshake)
    start_fails(ours, tlsup.SERVER, errno.ENOKEY, "the handshake")
    check("ALERT" in shaking.result(), "the peer saw", shaking.result())


@test(seconds=30)
def tls_1_2_alone_is_refused_by_who_wants_1_3_only(stack):
    import ssl
    for role in ROLES.values():
        ours, theirs = our_end(stack, role)
        tlsup.set_option(ours, tlsup.FLAGS, tlsup.TLS13_ONLY)
        context = peer.server_context() if role == tlsup.CLIENT \
            else peer.client_context()
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        context.maximum_version = ssl.TLSVersion.TLSv1_2
        other = peer.Peer(theirs, context,
                          "localhost" if role == tlsup.SERVER else None)
        shaking = tlsup.Background(other.failure, other.handshake)
        start_fails(ours, role, errno.EPROTO, "the handshake")
        check("PROTOCOL" in shaking.result().upper(), "the peer saw",
              shaking.result())


# --- flipped bits -----------------------------------------------------------

@contextlib.contextmanager
def connection(role):
    with contextlib.ExitStack() as stack:
        yield peer.connect(stack, role)


def flip(data, at, bit):
    changed = bytearray(data)
    changed[at] ^= 1 << bit
    return bytes(changed)


def places(length, first=0):
    """All places, or the ends and some between."""
    if FULL:
        return range(first, length)
    return sorted({first, first + 1, length // 2, length - 17, length - 16,
                   length - 1})


@test(seconds=900 if FULL else 120)
def a_flipped_bit_in_a_data_record_is_never_delivered(_stack):
    for role in ROLES.values():
        for at in places(5 + 40 + 17, 5):
            with connection(role) as (ours, other):
                other.write(b"good")
                record = other.records(bytes(40))
                other.sock.sendall(flip(record, at, at % 8)
                                   + other.records(b"later"))
                equal(ours.recv(4), b"good", "the record before")
                with fails_with(errno.EBADMSG, f"byte {at} flipped"):
                    ours.recv(100)
                try:
                    equal(ours.recv(100), b"", "after the bad record")
                except OSError:
                    pass
                check("BAD_RECORD_MAC" in other.failure(other.read),
                      "the peer saw something else")
                found = tlsup.status(ours)
                equal((found.error, found.alert_sent), (errno.EBADMSG, 20),
                      "TLSUP_STATUS")


@test(seconds=120)
def a_flipped_bit_in_a_record_header_is_never_delivered(_stack):
    for role in ROLES.values():
        for at in range(5):
            for bit in range(8) if FULL else (0, 3, 6):
                with connection(role) as (ours, other):
                    other.sock.sendall(flip(other.records(bytes(40)), at, bit))
                    # A length made longer waits for bytes that never come.
                    other.sock.shutdown(socket.SHUT_WR)
                    with fails_with((errno.EBADMSG, errno.EPROTO,
                                     errno.EMSGSIZE, errno.ECONNRESET),
                                    f"bit {bit} of byte {at}"):
                        ours.recv(100)


@test(seconds=900 if FULL else 120)
def a_flipped_bit_in_the_handshake_fails_it(_stack):
    for role_name, role in ROLES.items():
        with connection(role) as (ours, other):
            pass
        for record in range(1 if role == tlsup.SERVER else 4):
            for where in (0.0, 0.5, 1.0):
                flip_in_flight(role_name, role, record, where)


def flip_in_flight(role_name, role, number, where):
    """Flip a bit in the body of the peer's number-th protected record."""
    with contextlib.ExitStack() as stack:
        ours, theirs = our_end(stack, role)
        context = peer.server_context() if role == tlsup.CLIENT \
            else peer.client_context()
        other = peer.Peer(theirs, context,
                          "localhost" if role == tlsup.SERVER else None)
        left = [number]

        def wire(data):
            out = b""
            while data:
                length = 5 + int.from_bytes(data[3:5], "big")
                record, data = data[:length], data[length:]
                if record[0] == 0x17:
                    if left[0] == 0:
                        at = 5 + int((length - 6) * where)
                        record = flip(record, at, 4)
                    left[0] -= 1
                out += record
            other.sock.sendall(out)
        other.wire = wire
        shaking = tlsup.Background(other.failure, other.handshake)
        what = f"{role_name}, record {number}, place {where}"
        found = start_fails(ours, role, errno.EBADMSG, what)
        equal(found.alert_sent, 20, f"{what}: alert (bad_record_mac)")
        reason = shaking.result() or other.failure(other.read)
        check("BAD_RECORD_MAC" in reason, what, "the peer saw", reason)


@test(seconds=60)
def a_flipped_bit_in_a_hello_fails_the_handshake(_stack):
    for role in ROLES.values():
        for at in (0, 5, 6, 10, 11, 44, 45, 76, 80, 82, 90):
            with contextlib.ExitStack() as stack:
                ours, theirs = our_end(stack, role, timeout=1000)
                context = peer.server_context() if role == tlsup.CLIENT \
                    else peer.client_context()
                other = peer.Peer(theirs, context, "localhost"
                                  if role == tlsup.SERVER else None)
                first = [True]

                def wire(data, at=at, first=first, sock=theirs):
                    sock.sendall(flip(data, at, 0) if first[0] else data)
                    first[0] = False
                other.wire = wire
                theirs.settimeout(3)
                shaking = tlsup.Background(other.failure, other.handshake)
                try:
                    tlsup.start(ours, role)
                except OSError as error:
                    check(error.errno in (errno.EPROTO, errno.EBADMSG,
                                          errno.EMSGSIZE, errno.ETIMEDOUT),
                          f"byte {at}:", error)
                else:
                    # The transcripts differ: OpenSSL must have noticed.
                    raise AssertionError(f"byte {at}: handshake went well")
                shaking.result()


@test(seconds=60)
def a_replayed_or_dropped_record_is_never_delivered(_stack):
    for role in ROLES.values():
        with connection(role) as (ours, other):
            record = other.records(b"once")
            other.sock.sendall(record + record)
            equal(ours.recv(100), b"once", "the first")
            with fails_with(errno.EBADMSG, "the same record again"):
                ours.recv(100)
        with connection(role) as (ours, other):
            other.records(b"lost")
            other.sock.sendall(other.records(b"next"))
            with fails_with(errno.EBADMSG, "after a dropped record"):
                ours.recv(100)


@test(seconds=60)
def plaintext_after_the_handshake_is_never_delivered(_stack):
    for role in ROLES.values():
        for record in (b"\x17\x03\x03\x00\x05plain", b"plain text\r\n",
                       b"\x16\x03\x03\x00\x04\x18\x00\x00\x00",
                       b"\x15\x03\x03\x00\x02\x01\x00"):
            with connection(role) as (ours, other):
                other.sock.sendall(record)
                other.sock.shutdown(socket.SHUT_WR)
                with fails_with((errno.EBADMSG, errno.EPROTO,
                                 errno.EMSGSIZE, errno.ECONNRESET), record):
                    ours.recv(100)


if __name__ == "__main__":
    with host.Daemon():
        main()
