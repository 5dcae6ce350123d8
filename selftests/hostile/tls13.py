#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
# Copyright (C) 2026 The tlsup authors
"""TLS 1.3, behind the first ClientHello: the second one, ChangeCipherSpec and plain
records among protected ones, early data that is refused, PSKs, a Finished that is
wrong, and every group."""
import hmac
import os
import struct

from dialogue import (BAD_MAC, DECODE, DECRYPT, FAILURE, ILLEGAL, MISSING, OVERFLOW, PSK,
                      UNEXPECTED, alert_of, bent, connect, crypto, open13, raw, refused, running,
                      served, shared13, start13)
from ktap import FULL, case, check, equal, main, test
from raw import numbers, usual13, vec

SUITE = 0x1301


def framed(kind, data, version=0x0303):
    return struct.pack(">BHH", kind, version, len(data)) + data


# --- HelloRetryRequest ----------------------------------------------------------

class Retried:
    """A client that is asked for P-256, or for a cookie as well."""

    def __init__(self, profile="one-group", *more, **fields):
        self.client = connect(profile)
        self.random = os.urandom(32)
        self.key = crypto.share(crypto.P256)
        self.fields = {"random": self.random, "session": bytes(32), **fields}
        self.more = more

    def __enter__(self):
        return self

    def __exit__(self, *_error):
        self.client.sock.close()

    def first(self, shares=()):
        """A hello without the share; what the retry says."""
        client = self.client
        client.suite = crypto.SUITES[SUITE]
        client.hello([SUITE], usual13(*self.more, shares=list(shares)), **self.fields)
        client.transcript = raw.message(254, client.hash())
        _, body = client.hear(raw.SERVER_HELLO)
        equal(body[2:34], raw.RETRY, "the random of a HelloRetryRequest")
        found = client.take_hello(body)
        equal(client.session, self.fields["session"], "session id")
        self.cookie = [(44, found[44])] if 44 in found else []
        return found

    def second(self, extensions=None, suites=(SUITE,), **changes):
        """The hello that is asked for, or another."""
        if extensions is None:
            extensions = usual13(*self.more, *self.cookie,
                                 shares=[(crypto.P256, self.key.public)])
        self.client.hello(suites, extensions, **{**self.fields, **changes})

    def goes_on(self):
        shared13(self.client, self.key)
        self.client.flight13()
        self.client.end13()
        served(self.client)


@test
def a_retry_asks_for_the_group_that_both_have(_stack):
    for shares in ((), [(29, crypto.share(29).public)]):
        with Retried() as talk:
            equal(talk.first(shares)[51], numbers(crypto.P256), "group")
            talk.second()
            talk.goes_on()


@test
def a_cookie_comes_back(_stack):
    with Retried("cookie") as talk:
        found = talk.first()
        check(44 in found, "no cookie")
        talk.key = crypto.share(int.from_bytes(found[51], "big"))
        talk.second(usual13(*talk.cookie, shares=[(talk.key.group, talk.key.public)]))
        talk.goes_on()


def second_fails(_stack, profile, make, alerts):
    with Retried(profile) as talk:
        found = talk.first()
        group = int.from_bytes(found[51], "big")
        talk.key = crypto.share(group)
        talk.share = (group, talk.key.public)
        extensions, changes = make(talk)
        talk.second(extensions, **changes)
        refused(talk.client, *alerts)


def same(talk, *more, **fields):
    return usual13(*more, *talk.cookie, shares=[talk.share], **fields)


SECONDS = {
    "the first again": (lambda t: (usual13(), {}), (ILLEGAL,)),
    "no share": (lambda t: (usual13(*t.cookie, without=(51,)), {}), (MISSING, ILLEGAL)),
    "two shares": (lambda t: (usual13(*t.cookie, shares=[
        t.share, (29, crypto.share(29).public)]), {}), (ILLEGAL,)),
    "the share of another group": (
        lambda t: (usual13(*t.cookie, shares=[(24, crypto.share(24).public)]), {}), (ILLEGAL,)),
    "another random": (lambda t: (same(t), {"random": os.urandom(32)}), (ILLEGAL,)),
    "another session id": (lambda t: (same(t), {"session": b"x" * 32}), (ILLEGAL,)),
    "no session id": (lambda t: (same(t), {"session": b""}), (ILLEGAL,)),
    "another suite": (lambda t: (same(t), {"suites": (0x1303,)}), (ILLEGAL,)),
    "another legacy_version": (lambda t: (same(t), {"version": 0x0302}), (ILLEGAL,)),
    "TLS 1.2": (lambda t: (same(t, without=(43,)), {"suites": (SUITE, 0xc02b)}), (ILLEGAL,)),
    "other schemes": (lambda t: (same(t, schemes=(0x0403,)), {}), (ILLEGAL,)),
    "other groups": (lambda t: (same(t, groups=(23, 24, 29)), {}), (ILLEGAL,)),
    "one extension more": (lambda t: (same(t, (23, b"")), {}), (ILLEGAL,)),
    "one extension less": (lambda t: (same(t, without=(0,)), {}), (ILLEGAL,)),
    "early data": (lambda t: (same(t, (42, b"")), {}), (ILLEGAL,)),
    "a limit for records": (lambda t: (same(t, (28, b"\x40\0")), {}), (ILLEGAL,)),
    "two methods of compression": (lambda t: (same(t), {"compression": b"\0\1"}), (ILLEGAL,)),
    "a share that is cut": (
        lambda t: (usual13(*t.cookie, shares=[(t.share[0], t.share[1][:-1])]), {}), (ILLEGAL,)),
}
COOKIES = {
    "no cookie": (lambda t: (usual13(shares=[t.share]), {}), (MISSING, ILLEGAL)),
    "another cookie": (lambda t: (usual13((44, bent(-1)(t.cookie[0][1])), shares=[t.share]), {}),
                       (ILLEGAL,)),
    "a longer cookie": (
        lambda t: (usual13((44, vec(2, t.cookie[0][1][2:] + b"x")), shares=[t.share]), {}),
        (ILLEGAL,)),
    "an empty cookie": (lambda t: (usual13((44, b"\0\0"), shares=[t.share]), {}), (DECODE,)),
}
for what, (maker, wanted) in SECONDS.items():
    case(f"after a retry: {what}: alert {' or '.join(map(str, wanted))}", second_fails,
         "one-group", maker, wanted)
for what, (maker, wanted) in COOKIES.items():
    case(f"after a retry: {what}: alert {' or '.join(map(str, wanted))}", second_fails, "cookie",
         maker, wanted)


@test
def a_second_hello_may_be_padded_otherwise(_stack):
    with Retried() as talk:
        talk.first()
        talk.second(usual13((21, bytes(50)), shares=[(crypto.P256, talk.key.public)]))
        talk.goes_on()


@test
def change_cipher_spec_may_go_before_the_second_hello(_stack):
    with Retried() as talk:
        talk.first()
        talk.client.raw(framed(raw.CCS, b"\1"))
        talk.second()
        talk.goes_on()


@test
def a_finished_in_place_of_the_second_hello_is_unexpected(_stack):
    for kind in (raw.FINISHED, raw.CERTIFICATE, raw.KEY_UPDATE, 5):
        with Retried() as talk:
            talk.first()
            talk.client.say(kind, bytes(32))
            refused(talk.client, UNEXPECTED)


# --- groups and suites ----------------------------------------------------------

def group_goes(_stack, group, suite):
    with open13("rsa", suite, group) as client:
        served(client)


for number in (23, 24, 25, 29, 30, 256):
    def with_group(_stack, group=number):
        with connect("rsa") as client:
            key = crypto.share(group)
            client.hello([SUITE], usual13(groups=(group,), shares=[(group, key.public)]))
            shared13(client, key)
            client.flight13()
            client.end13()
            served(client)
    case(f"group {number} is served", with_group)
for number in (0x1301, 0x1302, 0x1303, 0x1304, 0x1305):
    case(f"suite {number:04x} is served", group_goes, 29, number)


def zeros_first(_stack, group):
    """A shared secret that begins with zero keeps it (RFC 9846, 7.4). One handshake in
    256 has it."""
    for _ in range(8000):
        with connect("rsa") as client:
            key = crypto.share(group)
            client.hello([SUITE], usual13(groups=(group,), shares=[(group, key.public)]))
            _, body = client.hear(raw.SERVER_HELLO)
            found = client.take_hello(body)
            shared = key.shared(found[51][4:])
            if shared[0]:
                continue
            client.keys13(shared)
            client.tx = client.next_tx
            client.flight13()
            client.end13()
            served(client)
            return
    raise AssertionError("no such secret in 8000 handshakes")


for number in (29, 256) if FULL else ():
    case(f"group {number}: a secret that begins with a zero", zeros_first, number, seconds=3000)


# --- among protected records -----------------------------------------------------

def after_hello(_stack, sent, alerts, profile="rsa"):
    """Raw bytes, or records under the handshake's keys, instead of Finished."""
    with connect(profile) as client:
        start13(client)
        client.flight13()
        for one in sent:
            if isinstance(one, bytes):
                client.raw(one)
            else:
                client.record(*one)
        refused(client, *alerts)


HOSTILE = {
    "a plain Finished": ([framed(22, raw.message(20, bytes(32)))], (UNEXPECTED,)),
    "plain data": ([framed(23, b"GET / HTTP/1.0\r\n\r\n" * 3)], (BAD_MAC,)),
    "a plain unknown type": ([framed(99, b"x")], (UNEXPECTED,)),
    "type 0": ([framed(0, b"x" * 30)], (UNEXPECTED,)),
    "a ChangeCipherSpec that says 2": ([framed(20, b"\2")], (UNEXPECTED,)),
    "a ChangeCipherSpec of two bytes": ([framed(20, b"\1\1")], (UNEXPECTED,)),
    "a ChangeCipherSpec of none": ([framed(20, b"")], (UNEXPECTED,)),
    "a protected ChangeCipherSpec": ([(20, b"\1")], (UNEXPECTED,)),
    "data before Finished": ([(23, b"GET")], (UNEXPECTED,)),
    "empty data before Finished": ([(23, b"")], (UNEXPECTED,)),
    "an empty handshake record": ([(22, b"")], (UNEXPECTED,)),
    "an empty alert": ([(21, b"")], (UNEXPECTED, DECODE)),
    "a KeyUpdate": ([(22, raw.message(24, b"\0"))], (UNEXPECTED,)),
    "an EndOfEarlyData": ([(22, raw.message(5, b""))], (UNEXPECTED,)),
    "a HelloRequest": ([(22, raw.message(0, b""))], (UNEXPECTED,)),
    "a NewSessionTicket": ([(22, raw.message(4, bytes(20)))], (UNEXPECTED,)),
    "a hello": ([(22, raw.message(1, bytes(60)))], (UNEXPECTED,)),
    "a message_hash": ([(22, raw.message(254, bytes(32)))], (UNEXPECTED,)),
    "a protected record of nothing": ([framed(23, b"")], (BAD_MAC, UNEXPECTED, DECODE)),
    "a protected record that is too short": ([framed(23, b"x" * 16)], (BAD_MAC, DECODE)),
    "garbage": ([framed(23, os.urandom(100))], (BAD_MAC,)),
    "a record that is too long": ([framed(23, bytes(16384 + 257))], (OVERFLOW,)),
    "half a Finished, then data": ([(22, raw.message(20, bytes(32))[:9]), (23, b"x")],
                                   (UNEXPECTED,)),
}
for what, (sent, wanted) in HOSTILE.items():
    case(f"before Finished: {what}: alert {' or '.join(map(str, wanted))}", after_hello, sent,
         wanted)


def finishes(_stack, make, alerts):
    with connect("rsa") as client:
        start13(client)
        client.flight13()
        client.record(raw.HANDSHAKE,
                      make(raw.message(raw.FINISHED, client.verify13(client.client_secret))))
        refused(client, *alerts)


FINISHEDS = {
    "empty": (lambda text: raw.message(20, b""), (DECODE,)),
    "cut": (lambda text: raw.message(20, text[4:-1]), (DECODE,)),
    "longer": (lambda text: raw.message(20, text[4:] + b"\0"), (DECODE,)),
    "far longer": (lambda text: b"\x14\1\0\0" + bytes(1000), (DECODE,)),
    "zeros": (lambda text: raw.message(20, bytes(32)), (DECRYPT,)),
    "followed by a byte": (lambda text: text + b"\0", (UNEXPECTED,)),
    "twice": (lambda text: text * 2, (UNEXPECTED,)),
    "followed by a KeyUpdate": (lambda text: text + raw.message(24, b"\0"), (UNEXPECTED,)),
}
for place in range(0, 32, 3):
    FINISHEDS[f"with byte {place} changed"] = (bent(4 + place, 1 << place % 8), (DECRYPT,))
for what, (maker, wanted) in FINISHEDS.items():
    case(f"Finished {what}: alert {' or '.join(map(str, wanted))}", finishes, maker, wanted)


@test
def change_cipher_spec_anywhere_before_finished_is_dropped(_stack):
    with connect("rsa") as client:
        key = crypto.share(29)
        client.hello([SUITE], usual13(shares=[(29, key.public)]), session=bytes(32))
        client.raw(framed(raw.CCS, b"\1"))
        shared13(client, key)
        client.raw(framed(raw.CCS, b"\1"))
        client.flight13()
        last = raw.message(raw.FINISHED, client.verify13(client.client_secret))
        client.transcript += last
        client.record(raw.HANDSHAKE, last[:10])
        client.record(raw.HANDSHAKE, last[10:])
        client.tx.turn(client.application)
        served(client)


@test
def change_cipher_spec_without_end_is_unexpected(_stack):
    with connect("rsa") as client:
        start13(client)
        client.flight13()
        client.raw(framed(raw.CCS, b"\1") * 1000)
        refused(client, UNEXPECTED)


@test
def finished_in_pieces_is_served(_stack):
    with connect("rsa") as client:
        start13(client)
        client.flight13()
        client.say(raw.FINISHED, client.verify13(client.client_secret), 1)
        client.tx.turn(client.application)
        served(client)


@test
def padded_handshake_records_are_served(_stack):
    with connect("rsa") as client:
        start13(client)
        client.tx.zeros = 300
        client.flight13()
        client.end13()
        served(client)


@test
def a_plain_alert_ends_it(_stack):
    with connect("rsa") as client:
        start13(client)
        client.raw(framed(raw.ALERT, b"\2\x28"))
        found = alert_of(client)
        check(found in (None, (2, UNEXPECTED)), "the end", found)


@test
def a_session_id_is_echoed_and_change_cipher_spec_sent(_stack):
    for session in (b"", b"x" * 32, b"y"):
        with connect("rsa") as client:
            start13(client, session=session)
            equal(client.session, session, "session id")
            found = client.flight13()
            check(raw.ENCRYPTED_EXTENSIONS in found, "EncryptedExtensions")
            client.end13()
            served(client)


# --- early data ------------------------------------------------------------------

def psk_offer(identity=b"nobody knows this", age=0, binder=None, modes=b"\1\1"):
    """psk_key_exchange_modes and pre_shared_key."""
    return [(45, modes), (41, vec(2, vec(2, identity) + age.to_bytes(4, "big"))
                          + vec(2, vec(1, binder or os.urandom(32))))]


def early(_stack, sizes, after=()):
    """Garbage that is skipped."""
    with connect("rsa") as client:
        key = crypto.share(29)
        client.hello([SUITE], usual13((42, b""), *psk_offer(), shares=[(29, key.public)]))
        for size in sizes:
            client.raw(framed(raw.DATA, os.urandom(size)))
        shared13(client, key)
        client.flight13()
        for size in after:
            client.raw(framed(raw.DATA, os.urandom(size)))
        client.end13()
        served(client)


for what, (before, behind) in {
        "a record": ((100,), ()), "a large record": ((16384 + 256,), ()),
        "ten records": ((500,) * 10, ()), "a record that comes late": ((), (100,)),
        "records early and late": ((40, 50), (60, 70)), "none": ((), ()),
        "tiny ones": ((17, 18, 19), ())}.items():
    case(f"early data: {what}: skipped", early, before, behind)


@test
def early_data_without_a_psk_is_skipped_as_well(_stack):
    with connect("rsa") as client:
        key = crypto.share(29)
        client.hello([SUITE], usual13((42, b""), shares=[(29, key.public)]))
        client.raw(framed(raw.DATA, os.urandom(200)))
        shared13(client, key)
        client.flight13()
        client.end13()
        served(client)


@test
def early_data_before_a_second_hello_is_skipped(_stack):
    with Retried() as talk:
        client = talk.client
        client.suite = crypto.SUITES[SUITE]
        client.hello([SUITE], usual13((42, b""), *psk_offer()), **talk.fields)
        client.raw(framed(raw.DATA, os.urandom(200)) + framed(raw.DATA, os.urandom(300)))
        client.transcript = raw.message(254, client.hash())
        _, body = client.hear(raw.SERVER_HELLO)
        equal(body[2:34], raw.RETRY, "the random of a HelloRetryRequest")
        client.take_hello(body)
        talk.second(usual13(*psk_offer(), shares=[(crypto.P256, talk.key.public)]))
        talk.goes_on()


@test
def early_data_without_end_is_refused(_stack):
    with connect("rsa") as client:
        key = crypto.share(29)
        client.hello([SUITE], usual13((42, b""), *psk_offer(), shares=[(29, key.public)]))
        shared13(client, key)
        client.flight13()
        for _ in range(40):
            client.raw(framed(raw.DATA, os.urandom(16000)))
        refused(client, BAD_MAC)


@test
def garbage_without_early_data_is_bad_record_mac(_stack):
    with connect("rsa") as client:
        key = crypto.share(29)
        client.hello([SUITE], usual13(*psk_offer(), shares=[(29, key.public)]))
        client.raw(framed(raw.DATA, os.urandom(200)))
        shared13(client, key)
        client.flight13()
        refused(client, BAD_MAC)


@test
def garbage_behind_the_first_good_record_is_bad_record_mac(_stack):
    with connect("rsa") as client:
        key = crypto.share(29)
        client.hello([SUITE], usual13((42, b""), *psk_offer(), shares=[(29, key.public)]))
        client.raw(framed(raw.DATA, os.urandom(200)))
        shared13(client, key)
        client.flight13()
        last = raw.message(raw.FINISHED, client.verify13(client.client_secret))
        client.record(raw.HANDSHAKE, last[:10])
        client.raw(framed(raw.DATA, os.urandom(200)))
        client.record(raw.HANDSHAKE, last[10:])
        refused(client, BAD_MAC)


# --- PSK ---------------------------------------------------------------------------

def psk_hello(client, modes=b"\1\1", spoil=lambda binder: binder, shares=True, identity=b"test",
              without=(), more=()):
    """A hello with the PSK that both sides have: the key."""
    key = crypto.share(29)
    client.suite = crypto.SUITES[SUITE]
    extensions = usual13(*more, (45, modes), shares=[(29, key.public)] if shares else [],
                         without=without)
    zeros = bytes(32)
    offer = vec(2, vec(2, identity) + bytes(4))
    body = raw.hello([SUITE], extensions + [(41, offer + vec(2, vec(1, zeros)))])
    head = raw.message(raw.CLIENT_HELLO, body)[:-35]
    early_secret = hmac.digest(zeros, PSK, "sha256")
    binder_key = crypto.expand_label("sha256", early_secret, b"ext binder",
                                     crypto.digest("sha256"), 32)
    finished = crypto.expand_label("sha256", binder_key, b"finished", b"", 32)
    binder = spoil(hmac.digest(finished, crypto.digest("sha256", head), "sha256"))
    client.client_random = body[2:34]
    client.say(raw.CLIENT_HELLO, body[:-35] + vec(2, vec(1, binder)))
    return key


def psk_goes(_stack, modes, without):
    with connect("psk") as client:
        key = psk_hello(client, modes, without=without)
        _, body = client.hear(raw.SERVER_HELLO)
        found = client.take_hello(body)
        equal(found.get(41), b"\0\0", "the PSK that is taken")
        shared = key.shared(found[51][4:]) if 51 in found else bytes(32)
        equal(51 in found, modes != b"\1\0", "key_share")
        client.keys13(shared, PSK)
        client.tx = client.next_tx
        messages = client.flight13()
        check(raw.CERTIFICATE not in messages, "a certificate")
        client.end13()
        served(client)


case("a PSK with a key exchange", psk_goes, b"\1\1", ())
case("a PSK by both modes", psk_goes, b"\2\0\1", ())
case("a PSK without signature_algorithms", psk_goes, b"\1\1", (13,))
case("a PSK alone", psk_goes, b"\1\0", (10, 51, 13))


@test
def a_PSK_that_nobody_knows_gives_a_full_handshake(_stack):
    for modes in (b"\1\1", b"\1\0", b"\1\x77"):
        with connect("psk") as client:
            key = psk_hello(client, modes, identity=b"somebody")
            found = shared13(client, key)
            check(41 not in found, "a PSK is taken")
            check(raw.CERTIFICATE in client.flight13(), "no certificate")
            client.end13()
            served(client)


def psk_fails(_stack, fields, alerts):
    with connect("psk") as client:
        psk_hello(client, **fields)
        refused(client, *alerts)


for what, (fields, wanted) in {
        "a wrong binder": ({"spoil": bent(3)}, (DECRYPT, ILLEGAL)),
        "a binder of zeros": ({"spoil": lambda b: bytes(32)}, (DECRYPT, ILLEGAL)),
        "groups without shares": ({"without": (51,)}, (MISSING,)),
        "an unknown identity and no key exchange": (
            {"identity": b"x", "without": (10, 51)}, (MISSING, FAILURE)),
        "an empty identity": ({"identity": b""}, (DECODE,)),
}.items():
    case(f"PSK: {what}: alert {' or '.join(map(str, wanted))}", psk_fails, fields, wanted)


if __name__ == "__main__":
    with running():
        main()
