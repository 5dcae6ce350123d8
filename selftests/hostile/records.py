#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
# Copyright (C) 2026 The tlsup authors
"""Records of established connections, every kind of cipher: sizes up to the limit
and beyond, empty ones, padding of all lengths; bits that are flipped anywhere;
types, alerts and messages that have no place."""
import struct

from dialogue import (BAD_MAC, CLOSE, DECODE, ILLEGAL, NO_RENEGOTIATION, OVERFLOW, UNEXPECTED,
                      alert_of, bent, connect, finish12, open12, open13, raw, refused, running,
                      served, start12)
from ktap import FULL, case, check, equal, main, test
from raw import usual12

# What is opened: profile, suite, extensions or None for TLS 1.3.
ETM = usual12((22, b""))
KINDS = {
    "AES-GCM": (0xc02f, usual12()), "ChaCha20": (0xcca8, usual12()),
    "AES-CCM": (0xc09c, usual12()), "AES-CCM-8": (0xc0a0, usual12()),
    "CBC with SHA-1": (0xc013, usual12()), "CBC with SHA-256": (0xc027, usual12()),
    "CBC with SHA-384": (0xc028, usual12()), "CBC with SHA-1, MAC last": (0xc013, ETM),
    "CBC with SHA-384, MAC last": (0xc028, ETM),
    "TLS 1.3 AES-GCM": (0x1301, None), "TLS 1.3 AES-256-GCM": (0x1302, None),
    "TLS 1.3 ChaCha20": (0x1303, None), "TLS 1.3 AES-CCM": (0x1304, None),
}
MACS = {k: v for k, v in KINDS.items() if k.startswith("CBC")}
SIZES = {"sha1": 20, "sha256": 32, "sha384": 48}


def opened(kind):
    """A connection."""
    suite, extensions = KINDS[kind]
    return open13("rsa", suite) if extensions is None else open12("rsa", suite, extensions)


def sealed(client, data, kind=raw.DATA):
    """The fragment of a record."""
    return client.made(kind, data)[5:]


def framed(fragment, kind=raw.DATA, version=0x0303):
    return struct.pack(">BHH", kind, version, len(fragment)) + fragment


def in_pieces(_stack, kind):
    """GET by the byte, and nothing between."""
    with opened(kind) as client:
        for at in range(18):
            client.record(raw.DATA, b"")
            client.record(raw.DATA, b"GET / HTTP/1.0\r\n\r\n"[at:at + 1])
        check(client.data(15).startswith(b"HTTP/1.0 200 OK"), "no page")
        equal(alert_of(client), (1, CLOSE), "the end")


def full_size(_stack, kind):
    with opened(kind) as client:
        client.record(raw.DATA, b"X-Long: " + bytes(16376 - 2).replace(b"\0", b"x") + b"\r\n")
        served(client)


def too_long(_stack, kind):
    with opened(kind) as client:
        client.record(raw.DATA, b"x" * 16385)
        refused(client, OVERFLOW)


def far_too_long(_stack, kind):
    limit = 256 if kind.startswith("TLS 1.3") else 2048
    for size in (16384 + limit + 1, 65535):
        with opened(kind) as client:
            client.raw(framed(bytes(size)))
            refused(client, OVERFLOW)


def flipped(_stack, kind):
    """A bit of nonce, text, padding, MAC or tag."""
    with opened(kind) as client:
        length = len(sealed(client, b"x" * 40))
    places = {0, 8, length // 2, length - 17, length - 1}
    for at in sorted(places if not FULL else range(length)):
        with opened(kind) as client:
            text = bytearray(sealed(client, b"x" * 40))
            text[at] ^= 1 << at % 8
            client.raw(framed(bytes(text)))
            refused(client, BAD_MAC)


def short(_stack, kind):
    """Less than nonce and tag, or no whole blocks."""
    for size in range(50) if FULL else (0, 1, 8, 16, 23, 24, 32, 49):
        with opened(kind) as client:
            client.raw(framed(sealed(client, b"x" * 64)[:size]))
            refused(client, BAD_MAC)


def swapped(_stack, kind):
    """The second record before the first; one twice; one of another type."""
    with opened(kind) as client:
        first, second = client.made(raw.DATA, b"a"), client.made(raw.DATA, b"b")
        client.raw(second + first)
        refused(client, BAD_MAC)
    with opened(kind) as client:
        client.raw(client.made(raw.DATA, b"a") * 2)
        refused(client, BAD_MAC)


for what in KINDS:
    for test_of in (in_pieces, full_size, too_long, far_too_long, flipped, short, swapped):
        case(f"{what}: {test_of.__name__.replace('_', ' ')}", test_of, what, seconds=600)


def any_padding(_stack, kind):
    """RFC 5246, 6.2.3.2: up to 255 bytes."""
    with opened(kind) as client:
        size = SIZES[client.suite.mac]
        for pad in range(256):
            text = 0 if client.etm else size
            client.tx.pad = pad
            length = 16 + (-(pad + 1) - text) % 16
            client.record(raw.DATA, b"GET / HTTP/1.0\r\nX: " + b"x" * (length + 13)
                          if pad == 0 else b"x" * length)
        client.tx.pad = None
        client.record(raw.DATA, b"\r\n\r\n")
        check(client.data(15).startswith(b"HTTP/1.0 200 OK"), "no page")


def bad_padding(_stack, kind):
    """Each of its bytes, or its length; and a text without MAC."""
    spoils = [bent(-1), bent(-2), bent(-16), bent(-200)]
    if "last" not in kind:
        spoils += [lambda text: bytes(len(text)), lambda text: b"\xff" * 256,
                   lambda text: b"\x0f" * 16, lambda text: text[:-16]]
    for spoil in spoils:
        with opened(kind) as client:
            size = 0 if client.etm else SIZES[client.suite.mac]
            client.tx.pad, client.tx.spoil = 239, spoil
            client.record(raw.DATA, b"x" * (32 + -size % 16))
            refused(client, BAD_MAC)


for what in MACS:
    case(f"{what}: any padding", any_padding, what)
    case(f"{what}: bad padding", bad_padding, what)


# --- what has no place ----------------------------------------------------------

def ends(_stack, kind, records, alerts):
    with opened(kind) as client:
        for record in records:
            client.record(*record)
        refused(client, *alerts)


UPDATE = raw.message(raw.KEY_UPDATE, b"\0")
BOTH = {
    "a ChangeCipherSpec": ([(raw.CCS, b"\1")], (UNEXPECTED,)),
    "an unknown type": ([(99, b"x")], (UNEXPECTED,)),
    "type 0": ([(0, b"x")], (UNEXPECTED,)),
    "heartbeat": ([(24, b"\1\0\1a" + bytes(16))], (UNEXPECTED,)),
    "an empty handshake record": ([(raw.HANDSHAKE, b"")], (UNEXPECTED,)),
    "an empty alert": ([(raw.ALERT, b"")], (UNEXPECTED, DECODE)),
    "half an alert": ([(raw.ALERT, b"\2"), (raw.DATA, b"x")], (UNEXPECTED, DECODE)),
    "an alert and a byte": ([(raw.ALERT, b"\1\x64\0")], (UNEXPECTED, DECODE)),
    "a HelloRequest": ([(raw.HANDSHAKE, raw.message(0, b""))], (UNEXPECTED,)),
    "a Finished": ([(raw.HANDSHAKE, raw.message(20, bytes(12)))], (UNEXPECTED,)),
    "a Certificate": ([(raw.HANDSHAKE, raw.message(11, bytes(4)))], (UNEXPECTED,)),
    "a NewSessionTicket": ([(raw.HANDSHAKE, raw.message(4, bytes(20)))], (UNEXPECTED,)),
    "a CertificateRequest": ([(raw.HANDSHAKE, raw.message(13, bytes(20)))], (UNEXPECTED,)),
    "an unknown message": ([(raw.HANDSHAKE, raw.message(77, b""))], (UNEXPECTED,)),
}
ONLY13 = {
    "a hello": ([(raw.HANDSHAKE, raw.message(1, bytes(50)))], (UNEXPECTED,)),
    "an empty KeyUpdate": ([(raw.HANDSHAKE, raw.message(24, b""))], (DECODE,)),
    "a KeyUpdate of two bytes": ([(raw.HANDSHAKE, raw.message(24, b"\0\0"))], (DECODE,)),
    "a long KeyUpdate": ([(raw.HANDSHAKE, b"\x18\xff\xff\xff" + bytes(100))], (DECODE,)),
    "a KeyUpdate that says 2": ([(raw.HANDSHAKE, raw.message(24, b"\2"))], (ILLEGAL,)),
    "a KeyUpdate that says 255": ([(raw.HANDSHAKE, raw.message(24, b"\xff"))], (ILLEGAL,)),
    "two KeyUpdates in a record": ([(raw.HANDSHAKE, UPDATE * 2)], (UNEXPECTED,)),
    "half a KeyUpdate, then data": (
        [(raw.HANDSHAKE, UPDATE[:3]), (raw.DATA, b"x")], (UNEXPECTED,)),
    "half a KeyUpdate, then an alert": (
        [(raw.HANDSHAKE, UPDATE[:3]), (raw.ALERT, b"\1\x5a")], (UNEXPECTED,)),
    "half a KeyUpdate, then nothing": (
        [(raw.HANDSHAKE, UPDATE[:3]), (raw.HANDSHAKE, b"")], (UNEXPECTED,)),
}
for table, kinds in ((BOTH, ("AES-GCM", "CBC with SHA-1", "TLS 1.3 AES-GCM")),
                     (ONLY13, ("TLS 1.3 AES-GCM",))):
    for what, (records, alerts) in table.items():
        for name in kinds:
            case(f"{name}: {what}: alert {' or '.join(map(str, alerts))}", ends, name, records,
                 alerts)


@test
def renegotiation_is_refused_twice_then_it_ends(_stack):
    with open12("rsa") as client:
        for _ in range(2):
            client.record(raw.HANDSHAKE, raw.message(1, raw.hello([0xc02f], usual12())))
            equal(alert_of(client), (1, NO_RENEGOTIATION), "alert")
        client.record(raw.HANDSHAKE, raw.message(1, raw.hello([0xc02f], usual12())))
        refused(client, NO_RENEGOTIATION, UNEXPECTED, 40)


@test
def renegotiation_cut_by_data_is_unexpected(_stack):
    with open12("rsa") as client:
        client.record(raw.HANDSHAKE, raw.message(1, raw.hello([0xc02f], usual12()))[:20])
        client.record(raw.DATA, b"GET")
        refused(client, UNEXPECTED)


def closes(_stack, kind, alert, wanted):
    with opened(kind) as client:
        client.record(raw.ALERT, alert)
        equal(alert_of(client), wanted, "the end")


for name in ("AES-GCM", "CBC with SHA-1", "TLS 1.3 AES-GCM"):
    case(f"{name}: close_notify is answered by it", closes, name, b"\1\0", (1, 0))
    case(f"{name}: a fatal alert is not answered", closes, name, b"\2\x28", None)


@test
def nonces_of_TLS_1_2_are_never_twice(_stack):
    with connect("rsa") as client:
        start12(client)
        seen = []
        receive = client._exactly

        def watch(count):
            data = receive(count)
            if client.rx is not None and count > 5:
                seen.append(data[:8])
            return data
        client._exactly = watch
        finish12(client)
        served(client)
        check(len(seen) >= 2 and len(set(seen)) == len(seen), seen)


# --- TLS 1.3 --------------------------------------------------------------------

@test
def key_updates_are_taken_and_answered(_stack):
    for asked in (0, 1):
        for pieces in (5, 1, 2):
            with open13("rsa") as client:
                text = raw.message(raw.KEY_UPDATE, bytes([asked]))
                for at in range(0, 5, pieces):
                    client.record(raw.HANDSHAKE, text[at:at + pieces])
                client.tx.update()
                client.record(raw.DATA, b"GET / HTTP/1.0\r\n\r\n")
                got = []
                while raw.DATA not in got:
                    kind, data = client.receive()
                    got.append(kind)
                    if kind == raw.HANDSHAKE and data[0] == raw.KEY_UPDATE:
                        equal(data, UPDATE, "the answer")
                        client.rx.update()
                        got.append("update")
                equal(got.count("update"), asked, "updates")


@test
def many_key_updates_are_taken(_stack):
    with open13("rsa") as client:
        for _ in range(100):
            client.record(raw.HANDSHAKE, UPDATE)
            client.tx.update()
            client.record(raw.DATA, b"x")
        client.record(raw.DATA, b"\r\n\r\n")
        check(client.data(15).startswith(b"HTTP/1.0 200 OK"), "no page")


@test
def padding_of_TLS_1_3_is_passed_over(_stack):
    for zeros in (1, 100, 16384 - 18):
        with open13("rsa") as client:
            client.tx.zeros = zeros
            served(client)


@test
def zeros_only_are_unexpected(_stack):
    for size in (1, 16, 16385):
        with open13("rsa") as client:
            client.raw(framed(client.tx.seal_inner(bytes(size))[1]))
            refused(client, UNEXPECTED)


@test
def padding_beyond_the_limit_is_an_overflow(_stack):
    for size in (16386, 16384 + 200):
        with open13("rsa") as client:
            client.raw(framed(client.tx.seal_inner(b"x\x17" + bytes(size - 2))[1]))
            refused(client, OVERFLOW)


@test
def an_outer_type_that_is_not_data_is_unexpected(_stack):
    for kind in (raw.HANDSHAKE, raw.ALERT, 24, 99):
        with open13("rsa") as client:
            client.raw(framed(sealed(client, b"x"), kind))
            refused(client, UNEXPECTED, BAD_MAC)


@test
def a_plain_change_cipher_spec_after_finished_is_unexpected(_stack):
    with open13("rsa") as client:
        client.raw(framed(b"\1", raw.CCS))
        refused(client, UNEXPECTED)


@test
def user_canceled_does_not_end_it(_stack):
    with open13("rsa") as client:
        client.record(raw.ALERT, b"\1\x5a")
        served(client)


@test
def other_warnings_end_it(_stack):
    """RFC 9846, 6: all but these two are errors, whatever their level."""
    with open13("rsa") as client:
        client.record(raw.ALERT, b"\1\x28")
        equal(alert_of(client), None, "the end")


@test
def versions_of_records_do_not_count_in_TLS_1_3(_stack):
    """legacy_record_version: MUST be ignored (RFC 9846, 5.1); it is authenticated."""
    with open13("rsa") as client:
        client.raw(framed(sealed(client, b"GET"), raw.DATA, 0x0301))
        refused(client, BAD_MAC)


if __name__ == "__main__":
    with running():
        main()
