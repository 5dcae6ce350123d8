# SPDX-License-Identifier: GPL-2.0-only
# Copyright (C) 2026 The tlsup authors
"""What a client that does as it likes computes: suites, groups, the secrets of
both versions, and records under their keys. python3-cryptography has the
primitives; nothing here is ours."""
import collections
import hashlib
import hmac
import os
import struct

from cryptography.hazmat.primitives.asymmetric import ec, x448, x25519
from cryptography.hazmat.primitives.ciphers import Cipher, aead, algorithms, modes
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

# cipher: a name of CIPHERS; exchange: RSA, DHE, ECDHE, or "" for TLS 1.3.
Suite = collections.namedtuple("Suite", "exchange cipher hash mac")
# size of key; of the fixed nonce; of the explicit nonce, None: made by xor; tag
CIPHERS = {
    "GCM128": (16, 4, 8, 16), "GCM256": (32, 4, 8, 16), "CCM128": (16, 4, 8, 16),
    "CCM8": (16, 4, 8, 8), "CHACHA": (32, 12, None, 16),
    "CBC128": (16, 0, 16, 0), "CBC256": (32, 0, 16, 0),
}
SUITES = {
    0x1301: Suite("", "GCM128", "sha256", ""),
    0x1302: Suite("", "GCM256", "sha384", ""),
    0x1303: Suite("", "CHACHA", "sha256", ""),
    0x1304: Suite("", "CCM128", "sha256", ""),
    0x1305: Suite("", "CCM8", "sha256", ""),
    0x009c: Suite("RSA", "GCM128", "sha256", ""),
    0x009d: Suite("RSA", "GCM256", "sha384", ""),
    0xc09c: Suite("RSA", "CCM128", "sha256", ""),
    0xc0a0: Suite("RSA", "CCM8", "sha256", ""),
    0x002f: Suite("RSA", "CBC128", "sha256", "sha1"),
    0x0035: Suite("RSA", "CBC256", "sha256", "sha1"),
    0x003c: Suite("RSA", "CBC128", "sha256", "sha256"),
    0x003d: Suite("RSA", "CBC256", "sha256", "sha256"),
    0x009e: Suite("DHE", "GCM128", "sha256", ""),
    0x0033: Suite("DHE", "CBC128", "sha256", "sha1"),
    0xccaa: Suite("DHE", "CHACHA", "sha256", ""),
    0xc02f: Suite("ECDHE", "GCM128", "sha256", ""),
    0xc030: Suite("ECDHE", "GCM256", "sha384", ""),
    0xcca8: Suite("ECDHE", "CHACHA", "sha256", ""),
    0xc02b: Suite("ECDHE", "GCM128", "sha256", ""),
    0xcca9: Suite("ECDHE", "CHACHA", "sha256", ""),
    0xc013: Suite("ECDHE", "CBC128", "sha256", "sha1"),
    0xc027: Suite("ECDHE", "CBC128", "sha256", "sha256"),
    0xc028: Suite("ECDHE", "CBC256", "sha384", "sha384"),
    0xc009: Suite("ECDHE", "CBC128", "sha256", "sha1"),
}
P256, P384, P521, X25519, X448, FFDHE2048 = 23, 24, 25, 29, 30, 256
CURVES = {P256: ec.SECP256R1(), P384: ec.SECP384R1(), P521: ec.SECP521R1()}
# RFC 7919, A.1, from its definition: 2^2048 - 2^1984 + (floor(2^1918 e) + X) 2^64 - 1.
EULER = sum((1 << 2200) // __import__("math").factorial(n) for n in range(400))
FFDHE2048_P = (1 << 2048) - (1 << 1984) + (
    ((EULER >> (2200 - 1918)) + 560316) << 64) - 1


class FiniteField:
    """A key of a finite field of 2048 bits."""

    def __init__(self, prime=FFDHE2048_P, generator=2):
        self.prime, self.secret = prime, int.from_bytes(os.urandom(32), "big")
        self.public = pow(generator, self.secret, prime).to_bytes(256, "big")

    def shared(self, theirs):
        """With leading zeros."""
        return pow(int.from_bytes(theirs, "big"), self.secret, self.prime).to_bytes(256, "big")


class Curve:
    """A key of one of the curves."""

    def __init__(self, group):
        self.group = group
        if group in CURVES:
            self.key = ec.generate_private_key(CURVES[group])
            self.public = self.key.public_key().public_bytes(
                Encoding.X962, PublicFormat.UncompressedPoint)
        else:
            kind = x25519.X25519PrivateKey if group == X25519 else x448.X448PrivateKey
            self.key = kind.generate()
            self.public = self.key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)

    def shared(self, theirs):
        """The x coordinate."""
        if self.group in CURVES:
            point = ec.EllipticCurvePublicKey.from_encoded_point(CURVES[self.group], theirs)
            return self.key.exchange(ec.ECDH(), point)
        kind = x25519.X25519PublicKey if self.group == X25519 else x448.X448PublicKey
        return self.key.exchange(kind.from_public_bytes(theirs))


def share(group):
    """A key of any group that is known here."""
    return FiniteField() if group == FFDHE2048 else Curve(group)


def prf(name, secret, label, seed, length):
    """RFC 5246, 5."""
    seed, block, out = label + seed, label + seed, b""
    while len(out) < length:
        block = hmac.digest(secret, block, name)
        out += hmac.digest(secret, block + seed, name)
    return out[:length]


def digest(name, data=b""):
    """A hash."""
    return hashlib.new(name, data).digest()


def expand_label(name, secret, label, context, length):
    """RFC 9846, 7.1."""
    label = b"tls13 " + label
    info = struct.pack(">HB", length, len(label)) + label + bytes([len(context)]) + context
    block, out, count = b"", b"", 0
    while len(out) < length:
        count += 1
        block = hmac.digest(secret, block + info + bytes([count]), name)
        out += block
    return out[:length]


def cipher_of(name, key):
    """An AEAD by its name."""
    if name.startswith("GCM"):
        return aead.AESGCM(key)
    if name.startswith("CCM"):
        return aead.AESCCM(key, tag_length=CIPHERS[name][3])
    return aead.ChaCha20Poly1305(key)


class Aead12:
    """Records of TLS 1.2 under an AEAD."""

    def __init__(self, suite, key, iv):
        self.suite, self.iv, self.number = suite, iv, 0
        self.cipher, self.tag = cipher_of(suite.cipher, key), CIPHERS[suite.cipher][3]

    def nonce(self):
        """The whole of it, and what of it the record shows."""
        if CIPHERS[self.suite.cipher][2]:
            shown = struct.pack(">Q", self.number)
            return self.iv + shown, shown
        count = self.number.to_bytes(12, "big")
        return bytes(a ^ b for a, b in zip(self.iv, count)), b""

    def seal(self, kind, version, data):
        """The outer type and the fragment."""
        nonce, shown = self.nonce()
        added = struct.pack(">QBHH", self.number, kind, version, len(data))
        self.number += 1
        return kind, shown + self.cipher.encrypt(nonce, data, added)

    def open(self, kind, fragment):
        """The inner type and the content."""
        nonce, shown = self.nonce()
        if shown:
            nonce, fragment = self.iv + fragment[:8], fragment[8:]
        added = struct.pack(">QBHH", self.number, kind, 0x0303, len(fragment) - self.tag)
        self.number += 1
        return kind, self.cipher.decrypt(nonce, fragment, added)


class Cbc:
    """Records of TLS 1.2 under a block cipher and a MAC. spoil(plaintext before
    encryption) and pad (bytes of padding) let a test do as it likes."""

    def __init__(self, suite, key, mac, etm):
        self.suite, self.key, self.mac, self.etm = suite, key, mac, etm
        self.number, self.pad, self.spoil = 0, None, None

    def code(self, kind, version, data, count):
        """The MAC."""
        head = struct.pack(">QBHH", self.number, kind, version, count)
        return hmac.digest(self.mac, head + data, self.suite.mac)

    def seal(self, kind, version, data):
        """The outer type and the fragment."""
        text = data if self.etm else data + self.code(kind, version, data, len(data))
        pad = (-len(text) - 1) % 16 if self.pad is None else self.pad
        text += bytes([pad]) * (pad + 1)
        text = self.spoil(text) if self.spoil else text
        iv = os.urandom(16)
        crypt = Cipher(algorithms.AES(self.key), modes.CBC(iv)).encryptor()
        sealed = iv + crypt.update(text) + crypt.finalize()
        if self.etm:
            sealed += self.code(kind, version, sealed, len(sealed))
        self.number += 1
        return kind, sealed

    def open(self, kind, fragment):
        """The inner type and the content."""
        size = hashlib.new(self.suite.mac).digest_size
        if self.etm:
            fragment, code = fragment[:-size], fragment[-size:]
            assert code == self.code(kind, 0x0303, fragment, len(fragment)), "MAC"
        crypt = Cipher(algorithms.AES(self.key), modes.CBC(fragment[:16])).decryptor()
        text = crypt.update(fragment[16:]) + crypt.finalize()
        text = text[:-text[-1] - 1]
        if not self.etm:
            text, code = text[:-size], text[-size:]
            assert code == self.code(kind, 0x0303, text, len(text)), "MAC"
        self.number += 1
        return kind, text


class Aead13:
    """Records of TLS 1.3; zeros: bytes of padding."""

    def __init__(self, suite, secret):
        self.suite, self.number, self.zeros = suite, 0, 0
        self.tag = CIPHERS[suite.cipher][3]
        self.turn(secret)

    def turn(self, secret):
        """Take another traffic secret."""
        self.secret, self.number = secret, 0
        size = CIPHERS[self.suite.cipher][0]
        self.cipher = cipher_of(self.suite.cipher, expand_label(
            self.suite.hash, secret, b"key", b"", size))
        self.iv = expand_label(self.suite.hash, secret, b"iv", b"", 12)

    def update(self):
        """KeyUpdate (RFC 9846, 7.2)."""
        self.turn(expand_label(self.suite.hash, self.secret, b"traffic upd", b"",
                               hashlib.new(self.suite.hash).digest_size))

    def _nonce(self):
        count = self.number.to_bytes(12, "big")
        self.number += 1
        return bytes(a ^ b for a, b in zip(self.iv, count))

    def seal_inner(self, inner):
        """Of what is inside already."""
        added = struct.pack(">BHH", 23, 0x0303, len(inner) + self.tag)
        return 23, self.cipher.encrypt(self._nonce(), inner, added)

    def seal(self, kind, _version, data):
        """The outer type and the fragment."""
        return self.seal_inner(data + bytes([kind]) + bytes(self.zeros))

    def open(self, _kind, fragment):
        """The inner type and the content."""
        added = struct.pack(">BHH", 23, 0x0303, len(fragment))
        inner = self.cipher.decrypt(self._nonce(), fragment, added).rstrip(b"\0")
        return inner[-1], inner[:-1]
