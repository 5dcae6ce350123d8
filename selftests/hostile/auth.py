#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
# Copyright (C) 2026 The tlsup authors
"""Client certificates, both versions: chains and signatures that are good, missing,
cut, of another kind, or none at all."""
import os

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding
from cryptography.hazmat.primitives.serialization import Encoding, load_pem_private_key

from dialogue import (BAD_CERTIFICATE, CERTIFICATE_REQUIRED, DECODE, DECRYPT, FAILURE, ILLEGAL,
                      UNEXPECTED, UNKNOWN_CA, bent, connect, host, open13, raw,
                      refused, running, served, start12, start13)
from ktap import case, check, main, test
from raw import numbers, vec

VERSIONS = ("1.2", "1.3")
HASHES = {1: hashes.MD5(), 2: hashes.SHA1(), 4: hashes.SHA256(), 5: hashes.SHA384(),
          6: hashes.SHA512()}


def chain_of(name):
    """DER."""
    with open(f"{host.CERTS}/{name}.pem", "rb") as file:
        return x509.load_pem_x509_certificate(file.read()).public_bytes(Encoding.DER)


def key_of(name):
    with open(f"{host.CERTS}/{name}.key", "rb") as file:
        return load_pem_private_key(file.read(), None)


def entry(version, certificate):
    return vec(3, certificate) + (b"\0\0" if version == "1.3" else b"")


def certificate(version, *chain):
    """The body of a Certificate."""
    return (b"\0" if version == "1.3" else b"") + vec(
        3, b"".join(entry(version, c) for c in chain))


def sign(key, scheme, content, salt=None):
    """As the scheme says, whether the key is meant for it or not."""
    if isinstance(key, ec.EllipticCurvePrivateKey):
        return key.sign(content, ec.ECDSA(HASHES[scheme >> 8]))
    if scheme >> 8 == 8:
        name = {4: hashes.SHA256(), 5: hashes.SHA384(), 6: hashes.SHA512(), 9: hashes.SHA256()}[
            scheme & 0xff]
        return key.sign(content, padding.PSS(padding.MGF1(name), name.digest_size
                                             if salt is None else salt), name)
    return key.sign(content, padding.PKCS1v15(), HASHES[scheme >> 8])


def content(client, version):
    """What is signed."""
    if version == "1.2":
        return client.transcript
    return b" " * 64 + b"TLS 1.3, client CertificateVerify\0" + client.hash()


def begin(version, profile="request"):
    """Up to where the client's certificate comes."""
    client = connect(profile)
    if version == "1.2":
        found = start12(client, 0xc02b if profile == "require" else 0xc02f)
        check(raw.CERTIFICATE_REQUEST in found, "no CertificateRequest")
    else:
        start13(client)
        found = client.flight13()
        check(raw.CERTIFICATE_REQUEST in found, "no CertificateRequest")
    return client


def shown(client, version, body):
    """Certificate, and in TLS 1.2 ClientKeyExchange."""
    client.say(raw.CERTIFICATE, body)
    if version == "1.2":
        client.say(raw.CLIENT_KEY_EXCHANGE, client.exchange12())
        client.keys12()


def proven(client, version, name, scheme, spoil=lambda body: body):
    """CertificateVerify."""
    signature = sign(key_of(name), scheme, content(client, version))
    client.say(raw.CERTIFICATE_VERIFY, spoil(numbers(scheme) + vec(2, signature)))


def ended(client, version):
    if version == "1.2":
        client.ccs12()
        client.say(raw.FINISHED, client.verify12())
        client.end12()
    else:
        client.end13()


# --- what is good -------------------------------------------------------------

def good(_stack, version, name, scheme, more, pieces):
    with begin(version) as client:
        shown(client, version, certificate(version, chain_of(name), *more))
        signature = sign(key_of(name), scheme, content(client, version))
        client.say(raw.CERTIFICATE_VERIFY, numbers(scheme) + vec(2, signature), pieces)
        ended(client, version)
        served(client)


for v in VERSIONS:
    for who, number in (("client", 0x0403), ("client-rsa", 0x0804), ("client-rsa", 0x0805),
                        ("client-rsa", 0x0806)):
        case(f"TLS {v}: {who} proves itself by {number:04x}", good, v, who, number, (), 16384)
    case(f"TLS {v}: with its authority", good, v, "client", 0x0403, (chain_of("ca"),), 16384)
    case(f"TLS {v}: in pieces of 3 bytes", good, v, "client", 0x0403, (), 3)
for number in (0x0401, 0x0501, 0x0601):
    case(f"TLS 1.2: client-rsa proves itself by {number:04x}", good, "1.2", "client-rsa", number,
         (), 16384)


def none(_stack, version):
    with begin(version) as client:
        shown(client, version, certificate(version))
        ended(client, version)
        served(client)


def none_where_one_must_be(_stack, version):
    with begin(version, "require") as client:
        shown(client, version, certificate(version))
        if version == "1.3":
            client.end13()
        refused(client, FAILURE if version == "1.2" else CERTIFICATE_REQUIRED)


for v in VERSIONS:
    case(f"TLS {v}: no certificate, if none must be: served", none, v)
    case(f"TLS {v}: no certificate, where one must be", none_where_one_must_be, v)


# --- the chain ----------------------------------------------------------------

def bad_chain(_stack, version, body, alerts, name="client"):
    """It may be judged at once or with the signature."""
    with begin(version) as client:
        shown(client, version, body)
        proven(client, version, name, 0x0403)
        refused(client, *alerts)


LEAF = chain_of("client")
for v in VERSIONS:
    good_one = certificate(v, LEAF)
    start = 1 if v == "1.3" else 0
    for what, (text, wanted) in {
            "nothing": (b"", (DECODE,)),
            "cut by one": (good_one[:-1], (DECODE,)),
            "a byte behind it": (good_one + b"\0", (DECODE,)),
            "an empty entry": (certificate(v, b""), (DECODE,)),
            "an empty entry behind": (certificate(v, LEAF, b""), (DECODE,)),
            "a list that is too short": (
                good_one[:start] + vec(3, entry(v, LEAF)[:-3]), (DECODE,)),
            "a list of two bytes": (good_one[:start] + b"\0\0\2\0\0", (DECODE,)),
            "garbage for a certificate": (
                certificate(v, os.urandom(500)), (BAD_CERTIFICATE, DECODE)),
            "a certificate that is cut": (certificate(v, LEAF[:-1]), (BAD_CERTIFICATE, DECODE)),
            "a certificate and a byte": (
                certificate(v, LEAF + b"\0"), (BAD_CERTIFICATE, DECODE)),
            "one whose signature is wrong": (
                certificate(v, LEAF[:-1] + bytes([LEAF[-1] ^ 1])),
                (BAD_CERTIFICATE, DECRYPT, UNKNOWN_CA)),
    }.items():
        case(f"TLS {v}: Certificate: {what}: alert {' or '.join(map(str, wanted))}", bad_chain, v,
             text, wanted)
    case(f"TLS {v}: Certificate: of another authority: alert {UNKNOWN_CA}", bad_chain, v,
         certificate(v, chain_of("other-client")), (UNKNOWN_CA,), "other-client")
    case(f"TLS {v}: Certificate: expired: alert 45", bad_chain, v,
         certificate(v, chain_of("expired")), (45,), "expired")
case("TLS 1.3: Certificate: a context", bad_chain, "1.3", b"\1x" + certificate("1.3", LEAF)[1:],
     (ILLEGAL,))
case("TLS 1.3: Certificate: an extension that was not asked for", bad_chain, "1.3",
     b"\0" + vec(3, vec(3, LEAF) + vec(2, raw.extension(0x4242))), (110, ILLEGAL))
case("TLS 1.3: Certificate: an extension cut", bad_chain, "1.3",
     b"\0" + vec(3, vec(3, LEAF) + vec(2, b"\0\5\0")), (DECODE,))


# --- the signature ------------------------------------------------------------

def bad_verify(_stack, version, name, scheme, spoil, alerts):
    with begin(version) as client:
        shown(client, version, certificate(version, chain_of(name)))
        proven(client, version, name, scheme, spoil)
        if version == "1.2":
            client.ccs12()
            client.say(raw.FINISHED, client.verify12())
        refused(client, *alerts)


SPOILT = {
    "a bit": (bent(20), (DECRYPT,)),
    "the last bit": (bent(-1), (DECRYPT,)),
    "zeros": (lambda body: body[:4] + bytes(len(body) - 4), (DECRYPT,)),
    "ones": (lambda body: body[:4] + b"\xff" * (len(body) - 4), (DECRYPT,)),
    "none": (lambda body: body[:2] + b"\0\0", (DECRYPT, DECODE)),
    "a byte less": (lambda body: body[:2] + vec(2, body[4:-1]), (DECRYPT,)),
    "a byte more": (lambda body: body[:2] + vec(2, body[4:] + b"\0"), (DECRYPT,)),
    "cut": (lambda body: body[:-1], (DECODE,)),
    "a byte behind": (lambda body: body + b"\0", (DECODE,)),
    "nothing at all": (lambda body: b"", (DECODE,)),
    "a scheme alone": (lambda body: body[:2], (DECODE,)),
    "a scheme that nobody knows": (lambda body: b"\xe0\0" + body[2:], (ILLEGAL,)),
    "MD5": (lambda body: b"\1\1" + body[2:], (ILLEGAL,)),
    "SHA-1": (lambda body: b"\2\1" + body[2:], (ILLEGAL,)),
    "SHA-1 with ECDSA": (lambda body: b"\2\3" + body[2:], (ILLEGAL,)),
    "DSA": (lambda body: b"\4\2" + body[2:], (ILLEGAL,)),
}
for v in VERSIONS:
    for who, number in (("client", 0x0403), ("client-rsa", 0x0804)):
        for what, (spoiler, wanted) in SPOILT.items():
            case(f"TLS {v}: CertificateVerify of {who}: {what}: alert "
                 f"{' or '.join(map(str, wanted))}", bad_verify, v, who, number, spoiler, wanted)
    case(f"TLS {v}: CertificateVerify: a scheme of another key", bad_verify, v, "client", 0x0403,
         lambda body: b"\x08\4" + body[2:], (ILLEGAL, DECRYPT))
    case(f"TLS {v}: CertificateVerify: another hash than it says", bad_verify, v, "client-rsa",
         0x0804, lambda body: b"\x08\5" + body[2:], (DECRYPT,))
    case(f"TLS {v}: CertificateVerify: the scheme of an RSA-PSS key", bad_verify, v, "client-rsa",
         0x0804, lambda body: b"\x08\x09" + body[2:], (ILLEGAL, DECRYPT))
case("TLS 1.3: CertificateVerify: PKCS #1", bad_verify, "1.3", "client-rsa", 0x0401,
     lambda body: body, (ILLEGAL,))
case("TLS 1.3: CertificateVerify: P-256 by the name of P-384", bad_verify, "1.3", "client", 0x0403,
     lambda body: b"\5\3" + body[2:], (ILLEGAL, DECRYPT))


def salted(_stack, salt):
    with begin("1.3") as client:
        shown(client, "1.3", certificate("1.3", chain_of("client-rsa")))
        text = sign(key_of("client-rsa"), 0x0804, content(client, "1.3"), salt)
        client.say(raw.CERTIFICATE_VERIFY, numbers(0x0804) + vec(2, text))
        refused(client, DECRYPT)


for size in (0, 20, 31, 33, 64):
    case(f"TLS 1.3: CertificateVerify: a salt of {size} bytes: alert 51", salted, size)


@test
def a_signature_of_other_content_is_wrong(_stack):
    for version in VERSIONS:
        with begin(version) as client:
            shown(client, version, certificate(version, LEAF))
            text = sign(key_of("client"), 0x0403, b"other")
            client.say(raw.CERTIFICATE_VERIFY, numbers(0x0403) + vec(2, text))
            refused(client, DECRYPT)


# --- the order ----------------------------------------------------------------

@test
def a_certificate_left_out_is_unexpected(_stack):
    with begin("1.2") as client:
        client.say(raw.CLIENT_KEY_EXCHANGE, client.exchange12())
        refused(client, UNEXPECTED)
    with begin("1.3") as client:
        client.end13()
        refused(client, UNEXPECTED)


@test
def a_certificate_verify_left_out_is_unexpected(_stack):
    with begin("1.2") as client:
        shown(client, "1.2", certificate("1.2", LEAF))
        client.record(raw.CCS, b"\1")
        refused(client, UNEXPECTED)
    with begin("1.3") as client:
        shown(client, "1.3", certificate("1.3", LEAF))
        client.end13()
        refused(client, UNEXPECTED)


@test
def a_certificate_verify_without_certificate_is_unexpected(_stack):
    for version in VERSIONS:
        with begin(version) as client:
            shown(client, version, certificate(version))
            proven(client, version, "client", 0x0403)
            refused(client, UNEXPECTED)


@test
def a_certificate_twice_is_unexpected(_stack):
    for version in VERSIONS:
        with begin(version) as client:
            client.say(raw.CERTIFICATE, certificate(version, LEAF))
            client.say(raw.CERTIFICATE, certificate(version, LEAF))
            refused(client, UNEXPECTED)


@test
def a_certificate_verify_before_the_key_exchange_is_unexpected(_stack):
    with begin("1.2") as client:
        client.say(raw.CERTIFICATE, certificate("1.2", LEAF))
        proven(client, "1.2", "client", 0x0403)
        refused(client, UNEXPECTED)


@test
def a_certificate_that_is_not_asked_for_is_unexpected(_stack):
    for kind in (raw.CERTIFICATE, 25, raw.CERTIFICATE_VERIFY):
        with connect("rsa") as client:
            start13(client)
            client.flight13()
            client.say(kind, certificate("1.3", LEAF))
            refused(client, UNEXPECTED)


@test
def a_certificate_after_the_handshake_is_unexpected(_stack):
    with open13("rsa", extensions=[(49, b"")]) as client:
        client.record(raw.HANDSHAKE, raw.message(raw.CERTIFICATE, certificate("1.3", LEAF)))
        refused(client, UNEXPECTED)


if __name__ == "__main__":
    with running():
        main()
