#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
# Copyright (C) 2026 The tlsup authors
"""TLS 1.2, behind the ClientHello: messages left out, twice, cut, filled up, mixed
with others; key exchanges with numbers that are none; a Finished that is wrong."""
import os

from dialogue import (BAD_MAC, DECODE, DECRYPT, ILLEGAL, NO_RENEGOTIATION, UNEXPECTED,
                      alert_of, bent, connect, crypto, finish12, open12, raw, refused, running,
                      served, start12)
from ktap import case, check, equal, main, test
from raw import usual12, vec

RSA, ECDHE, DHE, CHACHA, CBC, CCM = 0x009c, 0xc02f, 0x009e, 0xcca8, 0x002f, 0xc09c
EXCHANGES = {"RSA": RSA, "DHE": DHE, "ECDHE": ECDHE}


# --- the order of messages ----------------------------------------------------

def exchange(client):
    client.say(raw.CLIENT_KEY_EXCHANGE, client.exchange12())
    client.keys12()


def ccs(client):
    client.ccs12()


def finished(client):
    client.say(raw.FINISHED, client.verify12())


def plain_ccs(client):
    client.record(raw.CCS, b"\1")


def part_of_exchange(client):
    whole = raw.message(raw.CLIENT_KEY_EXCHANGE, client.exchange12())
    client.record(raw.HANDSHAKE, whole[:20])


def says(kind, body=b""):
    return lambda client: client.say(kind, body)


def records(kind, data):
    return lambda client: client.record(kind, data)


def exchange_and_finished(client):
    body = raw.message(raw.CLIENT_KEY_EXCHANGE, client.exchange12())
    client.transcript += body
    client.keys12()
    client.record(raw.HANDSHAKE, body + raw.message(raw.FINISHED, client.verify12()))


def second_hello(client):
    client.hello([ECDHE], usual12())


STEPS = {
    "no ClientKeyExchange": ([plain_ccs], UNEXPECTED),
    "no ChangeCipherSpec": ([exchange, finished], UNEXPECTED),
    "neither": ([says(raw.FINISHED, bytes(12))], UNEXPECTED),
    "ClientKeyExchange twice": ([exchange, exchange], UNEXPECTED),
    "ChangeCipherSpec first": ([plain_ccs, exchange], UNEXPECTED),
    "a ChangeCipherSpec of two bytes": ([exchange, records(raw.CCS, b"\1\1")], UNEXPECTED),
    "a ChangeCipherSpec of none": ([exchange, records(raw.CCS, b"")], UNEXPECTED),
    "a ChangeCipherSpec that says 0": ([exchange, records(raw.CCS, b"\0")], UNEXPECTED),
    "Finished twice": ([exchange, ccs, finished, lambda c: c.end12(), finished], UNEXPECTED),
    "data before ClientKeyExchange": ([records(raw.DATA, b"GET")], UNEXPECTED),
    "data before ChangeCipherSpec": ([exchange, records(raw.DATA, b"GET")], UNEXPECTED),
    "data before Finished": ([exchange, ccs, records(raw.DATA, b"GET")], UNEXPECTED),
    "a second hello": ([second_hello], UNEXPECTED),
    "a hello before Finished": ([exchange, ccs, second_hello], UNEXPECTED),
    "a HelloRequest": ([says(0)], UNEXPECTED),
    "a HelloRequest before Finished": ([exchange, ccs, says(0)], UNEXPECTED),
    "a certificate that was not asked for": ([says(raw.CERTIFICATE, b"\0\0\0")], UNEXPECTED),
    "a CertificateVerify that was not asked for": (
        [exchange, says(raw.CERTIFICATE_VERIFY, b"\4\1\0\0")], UNEXPECTED),
    "an unknown message": ([says(99)], UNEXPECTED),
    "a ServerHelloDone": ([says(raw.SERVER_HELLO_DONE)], UNEXPECTED),
    "an unknown type of record": ([records(77, b"x")], UNEXPECTED),
    "heartbeat": ([records(24, b"\1\0\1a" + bytes(16))], UNEXPECTED),
    "an empty record": ([records(raw.HANDSHAKE, b"")], UNEXPECTED),
    "an empty record before Finished": ([exchange, ccs, records(raw.HANDSHAKE, b"")], UNEXPECTED),
    "half a message, then data": ([part_of_exchange, records(raw.DATA, b"GET")], UNEXPECTED),
    "half a message, then ChangeCipherSpec": ([part_of_exchange, plain_ccs], UNEXPECTED),
    "ClientKeyExchange and Finished in a record": ([exchange_and_finished], UNEXPECTED),
    "half a header before ChangeCipherSpec": (
        [exchange, records(raw.HANDSHAKE, b"\x14\0"), plain_ccs], UNEXPECTED),
}


def out_of_order(_stack, suite, steps, alert):
    with connect("rsa") as client:
        start12(client, suite)
        for step in steps:
            step(client)
        refused(client, alert)


for how, number in EXCHANGES.items():
    for what, (some, wanted) in STEPS.items():
        case(f"{how}: {what}: alert {wanted}", out_of_order, number, some, wanted)


@test
def a_second_change_cipher_spec_is_no_record_under_the_keys(_stack):
    with connect("rsa") as client:
        start12(client)
        exchange(client)
        plain_ccs(client)
        plain_ccs(client)
        refused(client, UNEXPECTED, BAD_MAC)


@test
def messages_in_pieces_of_a_byte_are_served(_stack):
    for suite in EXCHANGES.values():
        with connect("rsa") as client:
            start12(client, suite)
            client.say(raw.CLIENT_KEY_EXCHANGE, client.exchange12(), 1)
            client.keys12()
            client.ccs12()
            client.say(raw.FINISHED, client.verify12(), 1)
            client.end12()
            served(client)


@test
def all_in_one_segment_is_served(_stack):
    with connect("rsa") as client:
        start12(client)
        body = raw.message(raw.CLIENT_KEY_EXCHANGE, client.exchange12())
        client.transcript += body
        out = client.made(raw.HANDSHAKE, body)
        client.keys12()
        out += client.made(raw.CCS, b"\1")
        client.tx = client.next_tx
        last = raw.message(raw.FINISHED, client.verify12())
        client.transcript += last
        client.raw(out + client.made(raw.HANDSHAKE, last)
                   + client.made(raw.DATA, b"GET / HTTP/1.0\r\n"))
        client.end12()
        client.record(raw.DATA, b"\r\n")
        check(client.data(15).startswith(b"HTTP/1.0 200 OK"), "no page")


# --- the key exchange ---------------------------------------------------------

def bad_exchange(_stack, suite, extensions, make, alert):
    with connect("rsa") as client:
        start12(client, suite, extensions)
        client.say(raw.CLIENT_KEY_EXCHANGE, make(client.exchange12()))
        refused(client, alert)


def number(value):
    return vec(2, value.to_bytes((value.bit_length() + 7) // 8 or 1, "big"))


P = crypto.FFDHE2048_P
POINT = crypto.share(crypto.P256).public
ANY = {
    "empty": (lambda body: b"", DECODE),
    "a byte too short": (lambda body: body[:-1], DECODE),
    "a byte too long": (lambda body: body + b"\0", DECODE),
    "length 0": (lambda body: bytes(2) if body[0] < 2 else b"\0", DECODE),
    "longer than there is": (lambda body: b"\xff" + body[1:], DECODE),
}
FIELD = {
    "0": (lambda body: b"\0\1\0", ILLEGAL), "1": (lambda body: number(1), ILLEGAL),
    "p - 1": (lambda body: number(P - 1), ILLEGAL), "p": (lambda body: number(P), ILLEGAL),
    "p + 1": (lambda body: number(P + 1), ILLEGAL),
    "2 p": (lambda body: number(2 * P + 2), ILLEGAL),
    "nothing": (lambda body: b"\0\0", DECODE),
}
CURVE = {
    "a point beside the curve": (
        lambda body: vec(1, POINT[:-1] + bytes([POINT[-1] ^ 1])), ILLEGAL),
    "zeros": (lambda body: vec(1, b"\4" + bytes(64)), ILLEGAL),
    "ones": (lambda body: vec(1, b"\4" + b"\xff" * 64), ILLEGAL),
    "infinity": (lambda body: b"\1\0", ILLEGAL),
    "compressed": (lambda body: vec(1, b"\2" + POINT[1:33]), ILLEGAL),
    "hybrid": (lambda body: vec(1, b"\6" + POINT[1:]), ILLEGAL),
    "a coordinate alone": (lambda body: vec(1, b"\4" + POINT[1:33]), ILLEGAL),
    "a byte too many": (lambda body: vec(1, POINT + b"\0"), ILLEGAL),
    "a share of X25519": (lambda body: vec(1, bytes(31) + b"\x40"), ILLEGAL),
    "nothing": (lambda body: b"\0", DECODE),
}
MONTGOMERY = {
    "zeros": (lambda body: vec(1, bytes(32)), ILLEGAL),
    "one": (lambda body: vec(1, b"\1" + bytes(31)), ILLEGAL),
    "too short": (lambda body: vec(1, body[1:-1]), ILLEGAL),
    "too long": (lambda body: vec(1, body[1:] + b"\0"), ILLEGAL),
    "a point of P-256": (lambda body: vec(1, POINT), ILLEGAL),
}
for what, (maker, wanted) in ANY.items():
    for how, suite in EXCHANGES.items():
        if not (how == "DHE" and what == "length 0"):
            case(f"ClientKeyExchange of {how}: {what}: alert {wanted}", bad_exchange, suite,
                 None, maker, wanted)
for what, (maker, wanted) in FIELD.items():
    case(f"ClientKeyExchange of DHE: {what}: alert {wanted}", bad_exchange, DHE, None, maker,
         wanted)
for what, (maker, wanted) in CURVE.items():
    case(f"ClientKeyExchange of P-256: {what}: alert {wanted}", bad_exchange, ECDHE,
         usual12(groups=(23,)), maker, wanted)
for what, (maker, wanted) in MONTGOMERY.items():
    case(f"ClientKeyExchange of X25519: {what}: alert {wanted}", bad_exchange, ECDHE,
         usual12(groups=(29,)), maker, wanted)


@test
def an_unused_bit_of_X25519_is_passed_over(_stack):
    with connect("rsa") as client:
        start12(client, ECDHE, usual12(groups=(29,)))
        body = client.exchange12()
        client.say(raw.CLIENT_KEY_EXCHANGE, body[:-1] + bytes([body[-1] | 0x80]))
        client.keys12()
        client.ccs12()
        client.say(raw.FINISHED, client.verify12())
        client.end12()
        served(client)


def secrets_with_zeros(_stack, suite, groups):
    """A shared secret that begins with a zero: of a curve it stays, of a finite field
    it goes (RFC 8422, 5.10; RFC 5246, 8.1.2). One key in 256 makes it."""
    with connect("rsa") as client:
        start12(client, suite, usual12(groups=groups))
        for _ in range(20000):
            body = client.exchange12()
            short = len(client.secret) < 256 if suite == DHE else not client.secret[0]
            if short:
                break
        check(short, "no such secret")
        client.say(raw.CLIENT_KEY_EXCHANGE, body)
        client.keys12()
        client.ccs12()
        client.say(raw.FINISHED, client.verify12())
        client.end12()
        served(client)


for what, suite, groups in (("P-256", ECDHE, (23,)), ("X25519", ECDHE, (29,)),
                            ("ffdhe2048", DHE, (256,))):
    case(f"a secret of {what} that begins with a zero", secrets_with_zeros, suite, groups)


# --- RSA: Bleichenbacher's and others' probes ----------------------------------

def padded(kind, filling, text, size=256):
    """PKCS #1, or what is not."""
    space = size - 3 - len(text)
    return b"\0" + kind + filling * space + b"\0" + text


PROBES = {
    "not padded": lambda size, text: bytes(size - len(text)) + text,
    "type 1": lambda size, text: padded(b"\1", b"\xff", text),
    "type 3": lambda size, text: padded(b"\3", b"x", text),
    "a first byte that is 1": lambda size, text: b"\1" + padded(b"\2", b"x", text)[1:],
    "no zero at all": lambda size, text: b"\0\2" + b"x" * (size - 2),
    "the zero at once": lambda size, text: b"\0\2\0" + b"x" * (size - 3),
    "a zero within the first eight": lambda size, text: (
        b"\0\2xxxx\0" + b"x" * (size - 8 - len(text)) + b"\0" + text),
    "a secret of 47 bytes": lambda size, text: padded(b"\2", b"x", text[1:]),
    "a secret of 49 bytes": lambda size, text: padded(b"\2", b"x", text + b"x"),
    "a secret of 1 byte": lambda size, text: padded(b"\2", b"x", b"x"),
    "an empty secret": lambda size, text: padded(b"\2", b"x", b""),
    "a secret of 200 bytes": lambda size, text: padded(b"\2", b"x", bytes(200)),
    "the version of TLS 1.1": lambda size, text: padded(b"\2", b"x", b"\3\2" + text[2:]),
    "the version of SSL 3.0": lambda size, text: padded(b"\2", b"x", b"\3\0" + text[2:]),
    "the version of TLS 1.3": lambda size, text: padded(b"\2", b"x", b"\3\4" + text[2:]),
    "version 2.3": lambda size, text: padded(b"\2", b"x", b"\2\3" + text[2:]),
}


def probe(_stack, make, suite):
    with connect("rsa") as client:
        start12(client, suite)
        client.exchange12()
        key = client.leaf_key().public_numbers()
        text = make(256, client.secret)
        sealed = pow(int.from_bytes(text, "big"), key.e, key.n).to_bytes(256, "big")
        client.say(raw.CLIENT_KEY_EXCHANGE, vec(2, sealed))
        client.keys12()
        client.ccs12()
        client.say(raw.FINISHED, client.verify12())
        refused(client, BAD_MAC)


def raw_probe(_stack, make):
    """What is no number below the modulus, or not as long."""
    with connect("rsa") as client:
        start12(client, RSA)
        body = client.exchange12()
        key = client.leaf_key().public_numbers()
        client.say(raw.CLIENT_KEY_EXCHANGE, vec(2, make(body[2:], key.n)))
        client.keys12()
        client.ccs12()
        client.say(raw.FINISHED, client.verify12())
        refused(client, BAD_MAC)


for what, maker in PROBES.items():
    for suite in (RSA, CBC):
        case(f"RSA: {what}: shows in the Finished alone ({suite:04x})", probe, maker, suite)
for what, maker in {
        "0": lambda text, n: bytes(256), "1": lambda text, n: bytes(255) + b"\1",
        "n": lambda text, n: n.to_bytes(256, "big"),
        "n - 1": lambda text, n: (n - 1).to_bytes(256, "big"),
        "all ones": lambda text, n: b"\xff" * 256, "a byte": lambda text, n: b"x",
        "a byte less": lambda text, n: text[1:], "a byte more": lambda text, n: b"\0" + text,
        "two more": lambda text, n: text + b"\0\0"}.items():
    case(f"RSA: a ciphertext that is {what}: shows in the Finished alone", raw_probe, maker)


@test
def a_bad_premaster_secret_gets_no_answer_before_the_finished(_stack):
    import select
    with connect("rsa") as client:
        start12(client, RSA)
        client.exchange12()
        client.say(raw.CLIENT_KEY_EXCHANGE, vec(2, os.urandom(256)))
        client.keys12()
        check(not select.select([client.sock], [], [], 0.3)[0], "an answer to ClientKeyExchange")
        client.ccs12()
        check(not select.select([client.sock], [], [], 0.3)[0], "an answer to ChangeCipherSpec")
        client.say(raw.FINISHED, client.verify12())
        refused(client, BAD_MAC)


# --- Finished -----------------------------------------------------------------

def bad_finished(_stack, suite, make, alert):
    with connect("rsa") as client:
        start12(client, suite)
        exchange(client)
        ccs(client)
        client.record(raw.HANDSHAKE, make(raw.message(raw.FINISHED, client.verify12())))
        refused(client, alert)


FINISHEDS = {"cut to nothing": (lambda text: raw.message(20, b""), DECODE),
             "cut by one": (lambda text: raw.message(20, text[4:-1]), DECODE),
             "longer by one": (lambda text: raw.message(20, text[4:] + b"\0"), DECODE),
             "doubled": (lambda text: raw.message(20, text[4:] * 2), DECODE),
             "of 65536 bytes": (lambda text: b"\x14\1\0\0" + text[4:], DECODE),
             "of 16 MB": (lambda text: b"\x14\xff\xff\xff" + text[4:], DECODE),
             "all zeros": (lambda text: raw.message(20, bytes(12)), DECRYPT),
             "with a byte behind": (lambda text: text + b"\x14", UNEXPECTED)}
for place in range(4, 16):
    FINISHEDS[f"with byte {place - 4} changed"] = (bent(place, 1 << place % 8), DECRYPT)
for what, (maker, wanted) in FINISHEDS.items():
    for suite in (ECDHE, CBC):
        case(f"Finished {what}: alert {wanted} ({suite:04x})", bad_finished, suite, maker, wanted)


# --- other alerts, and ends ---------------------------------------------------

@test
def a_fatal_alert_ends_it_without_another_word(_stack):
    for steps in ((), (exchange,), (exchange, ccs)):
        with connect("rsa") as client:
            start12(client)
            for step in steps:
                step(client)
            client.record(raw.ALERT, b"\2\x28")
            equal(alert_of(client), None, "the end")


@test
def a_close_notify_in_the_handshake_ends_it(_stack):
    with connect("rsa") as client:
        start12(client)
        client.record(raw.ALERT, b"\1\0")
        found = alert_of(client)
        check(found in (None, (1, 0)), "the end", found)


@test
def warnings_are_passed_over(_stack):
    with connect("rsa") as client:
        start12(client)
        client.record(raw.ALERT, b"\1\x70")
        finish12(client)
        client.record(raw.ALERT, b"\1\x64")
        served(client)


@test
def renegotiation_is_refused_and_data_goes_on(_stack):
    with open12("rsa") as client:
        client.record(raw.DATA, b"GET / HTTP/1.0\r\n")
        client.record(raw.HANDSHAKE, raw.message(1, raw.hello([ECDHE], usual12())))
        equal(alert_of(client), (1, NO_RENEGOTIATION), "alert")
        client.record(raw.DATA, b"\r\n")
        check(client.data(15).startswith(b"HTTP/1.0 200 OK"), "no page")


if __name__ == "__main__":
    with running():
        main()
