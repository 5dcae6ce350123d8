# SPDX-License-Identifier: GPL-2.0-only
# Copyright (C) 2026 The tlsup authors
"""A TLS client that a test leads message by message, and may make do anything.

It verifies nothing. What comes from the server is a message, an Alert or the
End: the test says which one it wants.
"""
import hashlib
import hmac
import os
import socket
import struct

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import padding

import raw_crypto as crypto

CCS, ALERT, HANDSHAKE, DATA = 20, 21, 22, 23
(CLIENT_HELLO, SERVER_HELLO, TICKET, ENCRYPTED_EXTENSIONS, CERTIFICATE, SERVER_KEY_EXCHANGE,
 CERTIFICATE_REQUEST, SERVER_HELLO_DONE, CERTIFICATE_VERIFY, CLIENT_KEY_EXCHANGE, FINISHED,
 STATUS, KEY_UPDATE) = 1, 2, 4, 8, 11, 12, 13, 14, 15, 16, 20, 22, 24
RETRY = hashlib.sha256(b"HelloRetryRequest").digest()
RSA_SCHEMES = (0x0804, 0x0805, 0x0806, 0x0809, 0x080a, 0x080b, 0x0401, 0x0501, 0x0601)
SCHEMES = (0x0403, 0x0503, 0x0603, 0x0807, 0x0808) + RSA_SCHEMES
GROUPS = (crypto.X25519, crypto.P256, crypto.P384)


class Alert(Exception):
    """The server has said so."""

    def __init__(self, data):
        super().__init__(data.hex())
        self.data = data


class End(Exception):
    """The server has closed the connection."""


def vec(width, data):
    """Data behind its length."""
    return len(data).to_bytes(width, "big") + data


def numbers(*values):
    """Of two bytes each."""
    return b"".join(v.to_bytes(2, "big") for v in values)


def extension(kind, body=b""):
    """One extension."""
    return numbers(kind) + vec(2, body)


def message(kind, body):
    """One handshake message."""
    return bytes([kind]) + vec(3, body)


def name(host="localhost"):
    """server_name."""
    return vec(2, b"\0" + vec(2, host.encode()))


def hello(suites, extensions, *, version=0x0303, random=None, session=b"",
          compression=b"\0"):
    """A ClientHello's body; extensions: pairs, or None for none at all."""
    body = (numbers(version) + (random or os.urandom(32)) + vec(1, session)
            + vec(2, numbers(*suites)) + vec(1, compression))
    if extensions is None:
        return body
    return body + vec(2, b"".join(extension(*e) for e in extensions))


def usual12(*more, ems=True, schemes=SCHEMES, groups=GROUPS, without=()):
    """The extensions of an ordinary client of TLS 1.2, and more."""
    all_of = [(0, name()), (10, vec(2, numbers(*groups))), (11, b"\1\0"),
              (13, vec(2, numbers(*schemes))), (0xff01, b"\0")]
    all_of += [(23, b"")] * ems
    return [e for e in all_of if e[0] not in without] + list(more)


def usual13(*more, shares=(), groups=GROUPS, schemes=SCHEMES, without=()):
    """The extensions of an ordinary client of TLS 1.3, and more. shares: keys"""
    keys = b"".join(numbers(k[0]) + vec(2, k[1]) for k in shares)
    all_of = [(0, name()), (43, b"\2\3\4"), (10, vec(2, numbers(*groups))),
              (13, vec(2, numbers(*schemes))), (51, vec(2, keys))]
    return [e for e in all_of if e[0] not in without] + list(more)


class Client:
    """One connection. tx, rx: how records are protected, None: not at all."""

    def __init__(self, port):
        self.sock = socket.create_connection(("127.0.0.1", port))
        self.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.sock.settimeout(30)
        self.tx = self.rx = None
        self.transcript, self.waiting, self.buffer = b"", b"", b""
        self.suite = self.server_hello = self.certificate = None
        self.ems = self.etm = False
        self.master = self.secret = self.key = b""
        self.client_random = self.server_random = self.session = b""

    def __enter__(self):
        return self

    def __exit__(self, *_error):
        self.sock.close()

    # --- records

    def raw(self, data):
        """Bytes as they are."""
        try:
            self.sock.sendall(data)
        except (BrokenPipeError, ConnectionResetError):
            pass

    def made(self, kind, data, version=0x0303):
        """A record, not sent."""
        if self.tx:
            kind, data = self.tx.seal(kind, version, data)
        return struct.pack(">BHH", kind, version, len(data)) + data

    def record(self, kind, data, version=0x0303):
        """Send a record."""
        self.raw(self.made(kind, data, version))

    def _exactly(self, count):
        data = b""
        while len(data) < count:
            try:
                part = self.sock.recv(count - len(data))
            except ConnectionResetError:
                part = b""
            if not part:
                raise End(data)
            data += part
        return data

    def receive(self):
        """A record, opened: its type and content."""
        kind, version, size = struct.unpack(">BHH", self._exactly(5))
        data = self._exactly(size)
        assert version in (0x0301, 0x0303), f"record version {version:x}"
        if self.rx and not (kind == CCS and isinstance(self.rx, crypto.Aead13)):
            kind, data = self.rx.open(kind, data)
        return kind, data

    # --- messages

    def say(self, kind, body, cut=16384):
        """Send a handshake message, in pieces of so many bytes."""
        whole = message(kind, body)
        self.transcript += whole
        for at in range(0, len(whole), cut):
            self.record(HANDSHAKE, whole[at:at + cut])

    def hear(self, wanted=None):
        """The next handshake message: its type and body."""
        while len(self.buffer) < 4 or len(self.buffer) < 4 + int.from_bytes(
                self.buffer[1:4], "big"):
            kind, data = self.receive()
            if kind == ALERT:
                raise Alert(data)
            if kind == CCS and self.tx is not None and not isinstance(self.tx, crypto.Aead13):
                assert not self.buffer, "a message cut by change_cipher_spec"
                self.rx = self.waiting
            elif kind != CCS:
                assert kind == HANDSHAKE, f"a record of type {kind}"
                self.buffer += data
        size = 4 + int.from_bytes(self.buffer[1:4], "big")
        whole, self.buffer = self.buffer[:size], self.buffer[size:]
        if wanted is not None:
            assert whole[0] == wanted, f"message {whole[0]}, wanted {wanted}"
        self.transcript += whole
        return whole[0], whole[4:]

    def data(self, count):
        """Application data; handshake messages in between are passed over."""
        out = b""
        while len(out) < count:
            kind, data = self.receive()
            if kind == ALERT:
                raise Alert(data)
            if kind == DATA:
                out += data
        return out

    def hash(self):
        """Of the transcript."""
        return crypto.digest(self.suite.hash, self.transcript)

    # --- both versions

    def hello(self, suites, extensions, **fields):
        """Send a ClientHello."""
        body = hello(suites, extensions, **fields)
        self.client_random = body[2:34]
        self.say(CLIENT_HELLO, body)

    def take_hello(self, body):
        """What a ServerHello says: its extensions."""
        self.server_hello, self.server_random = body, body[2:34]
        size = body[34]
        self.session, rest = body[35:35 + size], body[35 + size:]
        self.suite = crypto.SUITES[int.from_bytes(rest[:2], "big")]
        self.suite_number = int.from_bytes(rest[:2], "big")
        return self.extensions(rest[3:])

    @staticmethod
    def extensions(data):
        """As a dictionary."""
        found, data = {}, data[2:]
        while data:
            kind, size = struct.unpack(">HH", data[:4])
            assert kind not in found, "an extension twice"
            found[kind], data = data[4:4 + size], data[4 + size:]
        return found

    def leaf_key(self):
        """The public key of the server's certificate, of TLS 1.2."""
        size = int.from_bytes(self.certificate[3:6], "big")
        return x509.load_der_x509_certificate(self.certificate[6:6 + size]).public_key()

    # --- TLS 1.2

    def flight12(self):
        """Up to ServerHelloDone: what came, by type."""
        found = {}
        while SERVER_HELLO_DONE not in found:
            kind, body = self.hear()
            assert kind not in found, "a message twice"
            found[kind] = body
            if kind == SERVER_HELLO:
                extensions = self.take_hello(body)
                self.ems, self.etm = 23 in extensions, 22 in extensions
                found["extensions"] = extensions
            elif kind == CERTIFICATE:
                self.certificate = body
            elif kind == SERVER_KEY_EXCHANGE:
                self.key = body
        return found

    def exchange12(self):
        """The body of a ClientKeyExchange; its premaster secret is kept."""
        if self.suite.exchange == "RSA":
            self.secret = numbers(0x0303) + os.urandom(46)
            return vec(2, self.leaf_key().encrypt(self.secret, padding.PKCS1v15()))
        if self.suite.exchange == "ECDHE":
            ours = crypto.share(int.from_bytes(self.key[1:3], "big"))
            self.secret = ours.shared(self.key[4:4 + self.key[3]])
            return vec(1, ours.public)
        values, rest = [], self.key
        for _ in range(3):
            size = int.from_bytes(rest[:2], "big")
            values.append(int.from_bytes(rest[2:2 + size], "big"))
            rest = rest[2 + size:]
        ours = crypto.FiniteField(values[0], values[1])
        self.secret = ours.shared(values[2].to_bytes(256, "big")).lstrip(b"\0")
        return vec(2, ours.public)

    def keys12(self):
        """The master secret, and the keys for either direction."""
        both = self.client_random + self.server_random
        if self.ems:
            self.master = crypto.prf(self.suite.hash, self.secret, b"extended master secret",
                                     self.hash(), 48)
        else:
            self.master = crypto.prf(self.suite.hash, self.secret, b"master secret", both, 48)
        self.expand12()

    def expand12(self):
        """The keys, from the master secret."""
        suite = self.suite
        key, fixed, _, _ = crypto.CIPHERS[suite.cipher]
        mac = hashlib.new(suite.mac).digest_size if suite.mac else 0
        block = crypto.prf(suite.hash, self.master, b"key expansion",
                           self.server_random + self.client_random, 2 * (mac + key + fixed))
        parts = []
        for size in (mac, mac, key, key, fixed, fixed):
            parts.append(block[:size])
            block = block[size:]
        if suite.mac:
            self.next_tx = crypto.Cbc(suite, parts[2], parts[0], self.etm)
            self.waiting = crypto.Cbc(suite, parts[3], parts[1], self.etm)
        else:
            self.next_tx = crypto.Aead12(suite, parts[2], parts[4])
            self.waiting = crypto.Aead12(suite, parts[3], parts[5])

    def ccs12(self):
        """Send ChangeCipherSpec; our keys change."""
        self.record(CCS, b"\1")
        self.tx = self.next_tx

    def verify12(self, label=b"client finished"):
        """The content of a Finished."""
        return crypto.prf(self.suite.hash, self.master, label, self.hash(), 12)

    def end12(self):
        """The server's ChangeCipherSpec and Finished, a ticket before."""
        while True:
            label = self.verify12(b"server finished")
            kind, body = self.hear()
            if kind == FINISHED:
                assert body == label, "the server's Finished"
                return
            assert kind == TICKET, f"message {kind}"
            self.ticket = body

    # --- TLS 1.3

    def derive(self, secret, label, transcript=True):
        """Derive-Secret."""
        context = self.hash() if transcript else crypto.digest(self.suite.hash)
        return crypto.expand_label(self.suite.hash, secret, label, context, len(context))

    def keys13(self, shared, psk=None):
        """The handshake's keys: our direction's are made, not yet used."""
        zeros = bytes(hashlib.new(self.suite.hash).digest_size)
        early = hmac.digest(zeros, psk or zeros, self.suite.hash)
        salt = self.derive(early, b"derived", False)
        self.secret = hmac.digest(salt, shared, self.suite.hash)
        self.client_secret = self.derive(self.secret, b"c hs traffic")
        self.rx = crypto.Aead13(self.suite, self.derive(self.secret, b"s hs traffic"))
        self.next_tx = crypto.Aead13(self.suite, self.client_secret)

    def verify13(self, secret):
        """The content of a Finished."""
        key = crypto.expand_label(self.suite.hash, secret, b"finished", b"", len(secret))
        return hmac.digest(key, self.hash(), self.suite.hash)

    def flight13(self):
        """From EncryptedExtensions to the server's Finished: what came."""
        found = {}
        server_secret = self.rx.secret
        while FINISHED not in found:
            expected = self.verify13(server_secret)
            kind, body = self.hear()
            found[kind] = body
            if kind == FINISHED:
                assert body == expected, "the server's Finished"
        zeros = bytes(len(server_secret))
        self.master = hmac.digest(self.derive(self.secret, b"derived", False), zeros,
                                  self.suite.hash)
        self.rx.turn(self.derive(self.master, b"s ap traffic"))
        self.application = self.derive(self.master, b"c ap traffic")
        return found

    def end13(self):
        """Our Finished; application keys."""
        self.say(FINISHED, self.verify13(self.client_secret))
        self.tx.turn(self.application)
