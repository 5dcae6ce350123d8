#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
# Copyright (C) 2026 The tlsup authors
"""ClientHellos: what is legal, though odd, is served; what is not gets the alert
that the standard names."""
import os
import struct

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec

from dialogue import (DECODE, FAILURE, FALLBACK, ILLEGAL, INSUFFICIENT, MISSING, NO_PROTOCOL,
                      UNEXPECTED, VERSION, alert_of, connect, crypto, finish12, raw, refused,
                      running, served, shared13, start12)
from ktap import case, check, equal, main, test
from raw import numbers, usual12, usual13, vec

HASHES = {4: hashes.SHA256(), 5: hashes.SHA384(), 6: hashes.SHA512()}
RSA, ECDHE, DHE = 0x009c, 0xc02f, 0x009e
SCSV, RENEGOTIATION_SCSV = 0x5600, 0x00ff


def goes12(_stack, suites, extensions, wanted, fields, profile="rsa"):
    """A handshake of TLS 1.2 that goes well, with a suite that is expected."""
    with connect(profile) as client:
        start12(client, suites, extensions, **fields)
        equal(hex(client.suite_number), hex(wanted), "suite")
        finish12(client)
        served(client)


def goes13(_stack, make, fields, profile="rsa", suites=(0x1301,)):
    with connect(profile) as client:
        key = crypto.share(crypto.X25519)
        client.hello(suites, make((crypto.X25519, key.public)), **fields)
        shared13(client, key)
        client.flight13()
        client.end13()
        served(client)


def fails(_stack, profile, body, alerts):
    with connect(profile) as client:
        client.say(raw.CLIENT_HELLO, body)
        refused(client, *alerts)


# --- TLS 1.2: what is legal -------------------------------------------------

GREASE = (0x0a0a, b""), (0xfafa, b"\0")
GOOD12 = {
    "static RSA": ([RSA], usual12(), RSA, {}),
    "static RSA without signature_algorithms": ([RSA], usual12(without=(13,)), RSA, {}),
    "static RSA without any extension": ([RSA], None, RSA, {}),
    "static RSA and an empty list of extensions": ([RSA], [], RSA, {}),
    "ECDHE": ([ECDHE], usual12(), ECDHE, {}),
    "DHE without groups": ([DHE], usual12(without=(10,)), DHE, {}),
    "DHE and curves only": ([DHE], usual12(), DHE, {}),
    "DHE and a group that nobody has beside one": (
        [DHE], usual12(groups=(0x01fb, 256)), DHE, {}),
    "DHE that cannot be, and RSA": ([DHE, RSA], usual12(groups=(0x01fb,)), RSA, {}),
    "ECDHE that cannot be, and DHE": ([ECDHE, DHE], usual12(groups=(1, 2)), DHE, {}),
    "ECDHE that cannot be, and RSA": ([ECDHE, RSA], usual12(groups=(1, 2)), RSA, {}),
    "ECDHE without groups": ([ECDHE], usual12(without=(10, 11)), ECDHE, {}),
    "ECDHE without point formats": ([ECDHE], usual12(without=(11,)), ECDHE, {}),
    "point formats of all kinds": (
        [ECDHE], usual12((11, b"\3\2\1\0"), without=(11,)), ECDHE, {}),
    "suites that nobody knows": (
        list(range(0xd000, 0xd200)) + [0x0a0a, ECDHE], usual12(), ECDHE, {}),
    "suites that are refused beside one": (
        [0, 0x0004, 0x000a, 0x0034, 0xc018, ECDHE], usual12(), ECDHE, {}),
    "GREASE everywhere": (
        [0x1a1a, ECDHE], usual12(*GREASE, groups=(0x2a2a, 29), schemes=(0x3a3a,) + raw.SCHEMES),
        ECDHE, {}),
    "many methods of compression": ([ECDHE], usual12(), ECDHE, {"compression": bytes(range(255))}),
    "null compression last": ([ECDHE], usual12(), ECDHE, {"compression": b"\1\100\0"}),
    "a version of the future": ([ECDHE], usual12(), ECDHE, {"version": 0x0304}),
    "a version of the far future": ([ECDHE], usual12(), ECDHE, {"version": 0x0400}),
    "the last version of all": ([ECDHE], usual12(), ECDHE, {"version": 0xffff}),
    "a session id that nobody knows": ([ECDHE], usual12(), ECDHE, {"session": b"x" * 32}),
    "a session id of one byte": ([ECDHE], usual12(), ECDHE, {"session": b"x"}),
    "the SCSV of renegotiation": (
        [ECDHE, RENEGOTIATION_SCSV], usual12(without=(0xff01,)), ECDHE, {}),
    "without renegotiation_info": ([ECDHE], usual12(without=(0xff01,)), ECDHE, {}),
    "without extended_master_secret": ([ECDHE], usual12(ems=False), ECDHE, {}),
    "many schemes of other keys": (
        [ECDHE], usual12(schemes=(0x0403,) * 202 + (0x0401,)), ECDHE, {}),
    "many schemes that nobody knows": (
        [ECDHE], usual12(schemes=tuple(range(0xe000, 0xe7d0)) + (0x0804,)), ECDHE, {}),
    "schemes of SHA-1 beside one": ([ECDHE], usual12(schemes=(0x0201, 0x0101, 0x0401)), ECDHE, {}),
    "supported_versions with TLS 1.2 only": (
        [ECDHE], usual12((43, b"\2\3\3")), ECDHE, {}),
    "supported_versions with TLS 1.2 and others": (
        [ECDHE], usual12((43, b"\x08\x0a\x0a\3\5\3\3\3\2")), ECDHE, {}),
    "supported_versions with a draft": ([ECDHE], usual12((43, b"\4\x7f\x1c\3\3")), ECDHE, {}),
    "status_request of a kind that nobody knows": (
        [ECDHE], usual12((5, b"\2garbage")), ECDHE, {}),
    "an unknown protocol beside one": (
        [ECDHE], usual12((16, vec(2, b"\3foo\x08http/1.1"))), ECDHE, {}),
    "another name": ([ECDHE], usual12((0, raw.name("nobody.example")), without=(0,)), ECDHE, {}),
    "a padding of 4000 bytes": ([ECDHE], usual12((21, bytes(4000))), ECDHE, {}),
    "a hello of nearly 16384 bytes": ([ECDHE], usual12((21, bytes(16100))), ECDHE, {}),
    "4000 bytes of something unknown": ([ECDHE], usual12((0x4242, os.urandom(4000))), ECDHE, {}),
    "a thousand unknown extensions": (
        [ECDHE], usual12(*[(0x8000 + i, b"") for i in range(1000)]), ECDHE, {}),
    "heartbeat, and max_fragment_length": ([ECDHE], usual12((15, b"\1"), (1, b"\1")), ECDHE, {}),
    "an empty session_ticket": ([ECDHE], usual12((35, b"")), ECDHE, {}),
    "a session_ticket that is none": ([ECDHE], usual12((35, os.urandom(200))), ECDHE, {}),
    "next_protocol_negotiation": ([ECDHE], usual12((0x3374, b"")), ECDHE, {}),
    "encrypt_then_mac without a MAC": ([ECDHE], usual12((22, b"")), ECDHE, {}),
}
for what, (suites, extensions, wanted, fields) in GOOD12.items():
    case(f"TLS 1.2: {what}: served", goes12, suites, extensions, wanted, fields)

case("TLS 1.2: a key of P-384 and its curve: served", goes12, [0xc02b], usual12(), 0xc02b, {},
     "p384")

def other_hash(_stack, profile, scheme):
    """ECDSA of TLS 1.2 goes with any hash (RFC 5246, 7.4.1.4.1)."""
    with connect(profile) as client:
        start12(client, [0xc02b], usual12(schemes=(scheme,)))
        params = client.key[:4 + client.key[3]]
        signed = client.key[len(params):]
        equal(signed[:2], numbers(scheme), "scheme")
        client.leaf_key().verify(signed[4:], client.client_random + client.server_random + params,
                                 ec.ECDSA(HASHES[scheme >> 8]))
        finish12(client)
        served(client)


for number in (0x0403, 0x0503, 0x0603):
    for who in ("p256", "p384"):
        case(f"TLS 1.2: a key of {who} signs by {number:04x}", other_hash, who, number)

# --- TLS 1.2: what is not ---------------------------------------------------


def hello12(suites=(ECDHE,), extensions=(), without=(), **fields):
    schemes = fields.pop("schemes", raw.SCHEMES)
    groups = fields.pop("groups", raw.GROUPS)
    return raw.hello(suites, usual12(*extensions, without=without, schemes=schemes,
                                     groups=groups), **fields)


BAD12 = {
    "TLS 1.1": (hello12(version=0x0302), VERSION),
    "TLS 1.0": (hello12(version=0x0301), VERSION),
    "SSL 3.0": (hello12(version=0x0300), VERSION),
    "version 0": (hello12(version=0), VERSION),
    "version 2.0": (hello12(version=0x0200), VERSION),
    "a fallback to TLS 1.2": (hello12((ECDHE, SCSV)), FALLBACK),
    "a fallback to TLS 1.1": (hello12((ECDHE, SCSV), version=0x0302), FALLBACK),
    "a fallback to TLS 1.0": (hello12((ECDHE, SCSV), version=0x0301), FALLBACK),
    "no suites": (hello12(()), DECODE),
    "half a suite": (b"\3\3" + bytes(33) + b"\0\3\xc0\x2f\xc0\1\0", DECODE),
    "no compression": (hello12(compression=b""), DECODE),
    "no null compression": (hello12(compression=b"\1"), ILLEGAL),
    "a session id of 33 bytes": (hello12(session=bytes(33)), DECODE),
    "NULL suites": (hello12((0, 1, 2, 0x3b, 0xc010)), FAILURE),
    "export suites": (hello12((0x0003, 0x0006, 0x0008, 0x000b, 0x0014)), FAILURE),
    "RC4, DES and 3DES": (hello12((0x0004, 0x0005, 0x0009, 0x000a, 0xc011, 0xc012)), FAILURE),
    "anonymous suites": (hello12((0x0018, 0x0034, 0x006c, 0xc018)), FAILURE),
    "suites of the other key": (hello12((0xc02b, 0xc009)), FAILURE),
    "suites of TLS 1.3": (hello12((0x1301, 0x1302)), FAILURE),
    "the SCSV alone": (hello12((RENEGOTIATION_SCSV,)), FAILURE),
    "unknown schemes": (hello12(schemes=(0xe000, 0xe001)), FAILURE),
    "schemes of another key": (hello12(schemes=(0x0403, 0x0807)), FAILURE),
    "the schemes of an RSA-PSS key": (hello12(schemes=(0x0809, 0x080a, 0x080b)), FAILURE),
    "no curve in common": (hello12(groups=(1, 2)), FAILURE),
    "no finite field in common": (hello12((DHE,), groups=(0x01fb,)), INSUFFICIENT),
    "points that are compressed only": (
        hello12(extensions=[(11, b"\1\1")], without=(11,)), ILLEGAL),
    "renegotiation_info with content": (
        hello12(extensions=[(0xff01, b"\x0c" + bytes(12))], without=(0xff01,)), FAILURE),
    "no protocol in common": (hello12(extensions=[(16, vec(2, b"\3foo"))]), NO_PROTOCOL),
    "two names": (hello12(extensions=[(0, vec(2, (b"\0" + vec(2, b"a.example")) * 2))],
                          without=(0,)), ILLEGAL),
    "a name that is none": (hello12(extensions=[(0, raw.name("a\0b"))], without=(0,)), ILLEGAL),
    "supported_versions without one that is ours": (
        hello12(extensions=[(43, b"\4\3\2\3\1")]), VERSION),
    "a record size limit of 63": (hello12(extensions=[(28, b"\0\x3f")]), ILLEGAL),
}
for what, (body, alert) in BAD12.items():
    case(f"TLS 1.2: {what}: alert {alert}", fails, "rsa", body, (alert,))

case("TLS 1.2: a key of P-384 without its curve: alert 40", fails, "p384",
     hello12((0xc02b,), groups=(29, 23)), (FAILURE,))

# Each extension: empty where it may not be, a byte too many, a byte too few, lists
# that are empty or odd, and twice.
FORMS = {
    0: [b"", b"\0\0", raw.name() + b"\0", raw.name()[:-1], vec(2, b"\0\0\0"), b"\0"],
    5: [b"", b"\1", b"\1\0\0\0", b"\1\0\0\0\0\0", b"\1\0\5\0\0"],
    10: [b"", b"\0\0", b"\0\1\0", b"\0\3\0\x17\0", vec(2, b"\0\x17") + b"\0", b"\0\4\0\x17"],
    11: [b"", b"\0", b"\1\0\0", b"\2\0"],
    13: [b"", b"\0\0", b"\0\3\4\1\4", vec(2, b"\4\1") + b"\0", b"\0\4\4\1", b"\0"],
    16: [b"", b"\0\0", vec(2, b"\0"), vec(2, b"\2h"), vec(2, b"\2h2") + b"\0", b"\0\5\2h2"],
    22: [b"\0"],
    23: [b"\0"],
    27: [b"", b"\0", b"\1\0", b"\2\0", b"\2\0\1\0", b"\3\0\1\0"],
    28: [b"", b"\0", b"\0\x40\0"],
    43: [b"", b"\0", b"\1\3", b"\3\3\3\3", b"\2\3\3\0", b"\4\3\3"],
    47: [b"", b"\0\0", b"\0\2\0\0", b"\0\3\0\1"],
    42: [b"\0"],
    44: [b"", b"\0", b"\0\0", b"\0\2x", b"\0\1xx"],
    45: [b"", b"\0", b"\2\1", b"\1\1\0"],
    49: [b"\0"],
    51: [b"", b"\0", b"\0\1\0", b"\0\4\0\x1d\0\0", b"\0\5\0\x1d\0\2x",
         b"\0\5\0\x1d\0\1x\0", b"\0\6\0\x1d\0\1x"],
    50: [b"", b"\0\0", b"\0\1\4", b"\0\2\4\1\0"],
    0xff01: [b"", b"\0\0", b"\1"],
}


def malformed(_stack, kind, make):
    for form in FORMS[kind]:
        with connect("rsa") as client:
            client.say(raw.CLIENT_HELLO, make((kind, form)))
            try:
                refused(client, DECODE)
            except AssertionError as error:
                raise AssertionError(f"{form.hex()}: {error}") from error


def twice(_stack, kind, make):
    good = {42: b"", 44: vec(2, b"x"), 45: b"\1\1", 51: vec(2, numbers(29) + vec(2, bytes(32))),
            0: raw.name(), 5: b"\1\0\0\0\0", 10: b"\0\2\0\x17", 11: b"\1\0", 13: b"\0\2\4\1",
            16: vec(2, b"\2h2"), 22: b"", 23: b"", 27: b"\2\0\1", 28: b"\x40\0", 43: b"\2\3\3",
            47: b"\0\3\0\1\0", 49: b"", 50: b"\0\2\4\1", 0xff01: b"\0"}[kind]
    with connect("rsa") as client:
        client.say(raw.CLIENT_HELLO, make((kind, good), (kind, good)))
        refused(client, ILLEGAL, DECODE)


SHARE = (crypto.X25519, crypto.share(crypto.X25519).public)
for number in FORMS:
    for version, maker in (
            ("1.2", lambda *e: hello12(extensions=e, without=(e[0][0],))),
            ("1.3", lambda *e: raw.hello([0x1301, ECDHE], usual13(
                *e, shares=[SHARE], without=(e[0][0],))))):
        case(f"TLS {version}: extension {number} malformed: decode_error", malformed, number,
             maker)
        case(f"TLS {version}: extension {number} twice", twice, number, maker)


def truncated(_stack, body, least):
    """At each place; some are legal hellos without extensions."""
    fixed = 2 + 32 + 1 + 4 + 2
    for at in list(range(0, fixed + 20)) + list(range(fixed + 20, len(body), 13)):
        if at == fixed:
            continue
        with connect("rsa") as client:
            client.say(raw.CLIENT_HELLO, body[:at])
            try:
                refused(client, DECODE)
            except AssertionError as error:
                raise AssertionError(f"at {at}: {error}") from error
    check(least < len(body), "length")


case("TLS 1.2: a hello cut anywhere: decode_error", truncated, hello12(), 50)


def padded(_stack, body):
    for more in (b"\0", b"\0\0", b"\0\0\0\0", bytes(100)):
        with connect("rsa") as client:
            client.say(raw.CLIENT_HELLO, body + more)
            refused(client, DECODE)


case("TLS 1.2: bytes behind the extensions: decode_error", padded, hello12())
case("TLS 1.3: bytes behind the extensions: decode_error", padded,
     raw.hello([0x1301], usual13(shares=[SHARE])))

# --- TLS 1.3: what is legal -------------------------------------------------


def with_shares(*extensions, **fields):
    """Extensions made once the key share is."""
    return lambda *shares: usual13(*extensions, shares=list(shares), **fields)


GOOD13 = {
    "an ordinary hello": (with_shares(), {}),
    "legacy_version of TLS 1.1": (with_shares(), {"version": 0x0302}),
    "legacy_version of TLS 1.0": (with_shares(), {"version": 0x0301}),
    "legacy_version of TLS 1.3": (with_shares(), {"version": 0x0304}),
    "legacy_version of the future": (with_shares(), {"version": 0x0404}),
    "a session id": (with_shares(), {"session": bytes(32)}),
    "a short session id": (with_shares(), {"session": b"a"}),
    "GREASE everywhere": (
        lambda *s: usual13(*GREASE, (43, b"\6\x0a\x0a\3\4\3\3"), shares=[(0x2a2a, b"\0"), *s],
                           groups=(0x2a2a, 29), schemes=(0x3a3a,) + raw.SCHEMES,
                           without=(43,)), {}),
    "versions of all kinds": (
        with_shares((43, vec(1, numbers(*range(0x0300, 0x037e)))), without=(43,)), {}),
    "groups and shares that nobody knows": (
        lambda *s: usual13(shares=[(1, b"\1" * 42), (0x7777, b"x"), *s],
                           groups=(1, 0x7777) + tuple(range(0x6000, 0x6200)) + (29,)), {}),
    "schemes that nobody knows": (
        with_shares(schemes=tuple(range(0xe000, 0xe7d0)) + (0x0804,)), {}),
    "many schemes of other keys": (with_shares(schemes=(0x0403,) * 202 + (0x0804,)), {}),
    "a thousand unknown extensions": (
        with_shares(*[(0x8000 + i, b"") for i in range(1000)]), {}),
    "a padding": (with_shares((21, bytes(3000))), {}),
    "no name": (with_shares(without=(0,)), {}),
    "a record_size_limit beyond all": (with_shares((28, b"\xff\xff")), {}),
    "a record_size_limit of 64": (with_shares((28, b"\0\x40")), {}),
    "an algorithm of compression that nobody knows": (with_shares((27, b"\2\xff\x01")), {}),
    "post_handshake_auth": (with_shares((49, b"")), {}),
    "psk_key_exchange_modes that nobody knows": (with_shares((45, b"\3\xaa\1\xbb")), {}),
    "a cookie out of nowhere": (with_shares((44, vec(2, b"cookie"))), {}),
    "what belongs to TLS 1.2": (
        with_shares((23, b""), (22, b""), (35, b""), (0xff01, b"\0"), (11, b"\1\0")), {}),
    "point formats without the uncompressed": (with_shares((11, b"\1\1")), {}),
}
for what, (maker, fields) in GOOD13.items():
    case(f"TLS 1.3: {what}: served", goes13, maker, fields)
case("TLS 1.3: suites that nobody knows: served", goes13, with_shares(), {}, "rsa",
     tuple(range(0x1306, 0x1400)) + (0x1301,))
case("TLS 1.3: the SCSV of a fallback: served", goes13, with_shares(), {}, "rsa",
     (0x1301, SCSV))

# --- TLS 1.3: what is not ---------------------------------------------------


def hello13(suites=(0x1301,), extensions=(), shares=(SHARE,), fields=(), **more):
    return raw.hello(suites, usual13(*extensions, shares=list(shares), **more), **dict(fields))


POINT = crypto.share(crypto.P256).public
BAD13 = {
    "no suites": (hello13(()), (DECODE,)),
    "suites that nobody knows": (hello13((0x1306, 0x13ff)), (FAILURE,)),
    "suites of TLS 1.2 only": (hello13((ECDHE,)), (FAILURE,)),
    "SSL 3.0 as legacy_version": (hello13(fields={"version": 0x0300}), (VERSION,)),
    "two methods of compression": (hello13(fields={"compression": b"\0\1"}), (ILLEGAL,)),
    "another compression": (hello13(fields={"compression": b"\1"}), (ILLEGAL,)),
    "no compression": (hello13(fields={"compression": b""}), (DECODE, ILLEGAL)),
    "versions that nobody has": (
        hello13(extensions=[(43, b"\4\3\5\x7f\x1c")], without=(43,)), (VERSION,)),
    "old versions only": (hello13(extensions=[(43, b"\4\3\2\3\1")], without=(43,)), (VERSION,)),
    "no groups": (hello13(without=(10,)), (MISSING,)),
    "no key shares": (hello13(without=(51,)), (MISSING,)),
    "no schemes": (hello13(without=(13,)), (MISSING,)),
    "no group in common": (hello13(groups=(1, 2), shares=()), (FAILURE,)),
    "schemes of PKCS #1 only": (hello13(schemes=(0x0401, 0x0501, 0x0601)), (FAILURE,)),
    "unknown schemes": (hello13(schemes=(0xe000, 0xe001)), (FAILURE,)),
    "schemes of another key": (hello13(schemes=(0x0403, 0x0807)), (FAILURE,)),
    "a share of a group that was not offered": (hello13(groups=(23,)), (ILLEGAL,)),
    "two shares of one group": (hello13(shares=(SHARE, SHARE)), (ILLEGAL,)),
    "a share of zeros": (hello13(shares=((29, bytes(32)),)), (ILLEGAL,)),
    "a share of X448 of zeros": (hello13(shares=((30, bytes(56)),), groups=(30,)), (ILLEGAL,)),
    "a share too short": (hello13(shares=((29, bytes(31)),)), (ILLEGAL,)),
    "a share too long": (hello13(shares=((29, bytes(33)),)), (ILLEGAL,)),
    "an empty share": (hello13(shares=((29, b""),)), (DECODE,)),
    "a point that is not on the curve": (
        hello13(shares=((23, POINT[:-1] + bytes([POINT[-1] ^ 1])),)), (ILLEGAL,)),
    "a point at infinity": (hello13(shares=((23, b"\0"),)), (ILLEGAL,)),
    "a compressed point": (hello13(shares=((23, b"\2" + POINT[1:33]),)), (ILLEGAL,)),
    "a hybrid point": (hello13(shares=((23, b"\6" + POINT[1:]),)), (ILLEGAL,)),
    "a finite field's 0": (hello13(shares=((256, bytes(256)),), groups=(256,)), (ILLEGAL,)),
    "a finite field's 1": (
        hello13(shares=((256, bytes(255) + b"\1"),), groups=(256,)), (ILLEGAL,)),
    "a finite field's p - 1": (
        hello13(shares=((256, (crypto.FFDHE2048_P - 1).to_bytes(256, "big")),), groups=(256,)),
        (ILLEGAL,)),
    "a finite field's p": (
        hello13(shares=((256, crypto.FFDHE2048_P.to_bytes(256, "big")),), groups=(256,)),
        (ILLEGAL,)),
    "a finite field's share without leading zeros": (
        hello13(shares=((256, b"\2" * 255),), groups=(256,)), (ILLEGAL,)),
    "no protocol in common": (hello13(extensions=[(16, vec(2, b"\3foo"))]), (NO_PROTOCOL,)),
    "a pre_shared_key that is not the last": (
        hello13(extensions=[(45, b"\1\1"), (41, vec(2, vec(2, b"x") + bytes(4))
                                            + vec(2, vec(1, bytes(32)))), (0x4242, b"")]),
        (ILLEGAL,)),
    "a pre_shared_key without modes": (
        hello13(extensions=[(41, vec(2, vec(2, b"x") + bytes(4)) + vec(2, vec(1, bytes(32))))]),
        (MISSING,)),
    "fewer binders than identities": (
        hello13(extensions=[(45, b"\1\1"), (41, vec(2, (vec(2, b"x") + bytes(4)) * 2)
                                            + vec(2, vec(1, bytes(32))))]), (ILLEGAL,)),
    "more binders than identities": (
        hello13(extensions=[(45, b"\1\1"), (41, vec(2, vec(2, b"x") + bytes(4))
                                            + vec(2, vec(1, bytes(32)) * 2))]), (ILLEGAL,)),
    "no binders": (
        hello13(extensions=[(45, b"\1\1"), (41, vec(2, vec(2, b"x") + bytes(4)) + b"\0\0")]),
        (DECODE, ILLEGAL)),
    "no modes": (hello13(extensions=[(45, b"\0")]), (DECODE,)),
    "a record size limit of 63": (hello13(extensions=[(28, b"\0\x3f")]), (ILLEGAL,)),
    "an extension of the server's only": (hello13(extensions=[(48, b"\0\0")]), (ILLEGAL,)),
    "an empty cookie": (hello13(extensions=[(44, b"\0\0")]), (DECODE,)),
}
for what, (body, alerts) in BAD13.items():
    case(f"TLS 1.3: {what}: alert {' or '.join(map(str, alerts))}", fails, "rsa", body, alerts)


# --- before and beside a hello ------------------------------------------------

def first(_stack, data, *alerts):
    with connect("rsa") as client:
        client.raw(data)
        refused(client, *alerts)


def record(kind, data, version=0x0301):
    return struct.pack(">BHH", kind, version, len(data)) + data


FIRST = {
    "a HelloRequest": (record(22, b"\0\0\0\0"), UNEXPECTED),
    "a ServerHello": (record(22, raw.message(2, bytes(70))), UNEXPECTED),
    "a Finished": (record(22, raw.message(20, bytes(12))), UNEXPECTED),
    "application data": (record(23, b"GET"), UNEXPECTED),
    "a ChangeCipherSpec": (record(20, b"\1"), UNEXPECTED),
    "an unknown type of record": (record(99, b"GET"), UNEXPECTED),
    "type 0": (record(0, b"GET"), UNEXPECTED),
    "heartbeat": (record(24, b"\1\0\1a"), UNEXPECTED),
    "an empty record": (record(22, b""), UNEXPECTED),
    "an unknown message": (record(22, raw.message(77, b"")), UNEXPECTED),
    "a hello of 16 MB": (record(22, b"\1\xff\xff\xff" + hello12()), ILLEGAL),
    "a hello of 17000 bytes": (record(22, b"\1\0\x42\x68" + hello12()), ILLEGAL),
}
for what, (bytes_sent, alert) in FIRST.items():
    case(f"first of all {what}: alert {alert}", first, bytes_sent, alert)


def records_of(_stack, version):
    """Any version of the record before the server has chosen (RFC 5246, E.1)."""
    with connect("rsa") as client:
        body = raw.message(raw.CLIENT_HELLO, hello12())
        client.client_random = body[6:38]
        client.transcript += body
        client.raw(record(22, body, version))
        client.flight12()
        finish12(client)
        served(client)


for number in (0x0300, 0x0301, 0x0302, 0x0303, 0x0304, 0x03ff):
    case(f"a hello in a record of version {number:04x}: served", records_of, number)


def pieces(_stack, size):
    with connect("rsa") as client:
        client.client_random = (body := hello12())[2:34]
        client.say(raw.CLIENT_HELLO, body, size)
        client.flight12()
        finish12(client)
        served(client)


for number in (1, 2, 3, 7, 64):
    case(f"a hello in pieces of {number}: served", pieces, number)


def half(_stack, sent):
    """Handshake messages are not interleaved with others."""
    for at in (1, 3, 4, 50):
        with connect("rsa") as client:
            client.raw(record(22, raw.message(1, hello12())[:at]) + sent)
            refused(client, UNEXPECTED)


case("half a hello, then data: alert 10", half, record(23, b"GET / HTTP/1.0" * 3))
case("half a hello, then ChangeCipherSpec: alert 10", half, record(20, b"\1"))
case("half a hello, then nothing: alert 10", half, record(22, b""))
case("half a hello, then an unknown type: alert 10", half, record(99, b"x"))


@test
def a_hello_of_SSL_2_gets_no_answer_but_an_alert(_stack):
    for version in (b"\0\2", b"\3\0", b"\3\1", b"\3\3"):
        with connect("rsa") as client:
            client.raw(b"\x80\x2e\1" + version + b"\0\x15\0\0\0\x10" + b"\0\0\x2f\0\0\x35\0\xc0\x2f"
                       + b"\7\0\xc0\0\0\xff\1\0\x80\1\0\x80" + os.urandom(16))
            found = alert_of(client)
            check(not found or found[0] == 2, "the end", found)


@test
def the_default_policy_wants_the_extended_master_secret(_stack):
    with connect("default") as client:
        client.say(raw.CLIENT_HELLO, raw.hello([0xc02b], usual12(ems=False)))
        refused(client, FAILURE)


@test
def the_default_policy_wants_encrypt_then_mac_with_a_mac(_stack):
    with connect("default") as client:
        client.say(raw.CLIENT_HELLO, raw.hello([0xc009], usual12()))
        refused(client, FAILURE)


@test
def the_default_policy_has_neither_RSA_nor_DHE(_stack):
    with connect("default") as client:
        client.say(raw.CLIENT_HELLO, raw.hello([RSA, DHE, 0x002f, 0x0033], usual12()))
        refused(client, FAILURE)


@test
def a_random_of_TLS_1_2_says_that_TLS_1_3_was_possible(_stack):
    seen = set()
    for _ in range(3):
        with connect("rsa") as client:
            start12(client, ECDHE)
            equal(client.server_random[24:], b"DOWNGRD\1", "its end")
            seen.add(client.server_random)
    equal(len(seen), 3, "randoms")


@test
def shares_are_never_used_twice(_stack):
    for suite in (ECDHE, DHE):
        seen = set()
        for _ in range(3):
            with connect("rsa") as client:
                start12(client, suite)
                seen.add(client.key[:519 if suite == DHE else 36])
        equal(len(seen), 3, "shares")


def limited(_stack, version, limit):
    """No protected record of the server's is longer (RFC 8449, 4)."""
    with connect("rsa") as client:
        if version == "1.2":
            found = start12(client, [ECDHE], usual12((28, numbers(limit)), (1, b"\1")))
            check(28 in found["extensions"] and 1 not in found["extensions"], "the answer")
            opened, allowed = client, min(limit, 16384)
        else:
            key = crypto.share(29)
            client.hello([0x1301], usual13((28, numbers(limit)), shares=[(29, key.public)]))
            shared13(client, key)
            opened, allowed = client, min(limit, 16385) - 1
        sizes = []
        receive = client.receive

        def watch():
            kind, data = receive()
            if client.rx:
                sizes.append(len(data))
            return kind, data
        opened.receive = watch
        if version == "1.2":
            finish12(client)
        else:
            client.flight13()
            client.end13()
        served(client)
        check(max(sizes) <= allowed, "a record of", max(sizes))


for number in (64, 65, 100, 512, 16384, 16385, 65535):
    for version in ("1.2", "1.3"):
        case(f"TLS {version}: record_size_limit {number} is kept", limited, version, number)


if __name__ == "__main__":
    with running():
        main()
