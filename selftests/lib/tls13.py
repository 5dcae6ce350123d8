# SPDX-License-Identifier: GPL-2.0-only
# Copyright (C) 2026 The tlsup authors
"""A TLS 1.3 client that knows every secret of its connection, for tests that
look for them elsewhere: X25519, ChaCha20-Poly1305, SHA-256 and nothing else.
It verifies no certificate and keeps nothing in constant time. RFC 9846; RFC
7748, 5; RFC 8439, 2.
"""
import hashlib
import hmac
import os
import struct

P = 2**255 - 19
HANDSHAKE, ALERT, DATA, CCS = 22, 21, 23, 20


def x25519(scalar, point):
    """RFC 7748, 5."""
    k = bytearray(scalar)
    k[0] &= 248
    k[31] = k[31] & 127 | 64
    k = int.from_bytes(k, "little")
    u = int.from_bytes(point, "little") & (1 << 255) - 1
    x2, z2, x3, z3 = 1, 0, u, 1
    for bit in reversed(range(255)):
        if k >> bit & 1:
            x2, z2, x3, z3 = x3, z3, x2, z2
        a, b, c, d = x2 + z2, x2 - z2, x3 + z3, x3 - z3
        da, cb, aa, bb = d * a, c * b, a * a, b * b
        e = aa - bb
        x3, z3 = (da + cb) ** 2 % P, u * (da - cb) ** 2 % P
        x2, z2 = aa * bb % P, e * (aa + 121665 * e) % P
        if k >> bit & 1:
            x2, z2, x3, z3 = x3, z3, x2, z2
    return (x2 * pow(z2, P - 2, P) % P).to_bytes(32, "little")


def _quarter(s, a, b, c, d):
    for x, y, z, n in ((a, b, d, 16), (c, d, b, 12), (a, b, d, 8), (c, d, b, 7)):
        s[x] = (s[x] + s[y]) & 0xffffffff
        v = s[z] ^ s[x]
        s[z] = (v << n | v >> 32 - n) & 0xffffffff


def _block(key, counter, nonce):
    state = list(struct.unpack("<16I", b"expand 32-byte k" + key
                               + struct.pack("<I", counter) + nonce))
    work = list(state)
    for _ in range(10):
        for i in range(4):
            _quarter(work, i, 4 + i, 8 + i, 12 + i)
        for i in range(4):
            _quarter(work, i, 4 + (i + 1) % 4, 8 + (i + 2) % 4, 12 + (i + 3) % 4)
    return struct.pack("<16I", *((a + b) & 0xffffffff
                                 for a, b in zip(work, state)))


def _crypt(key, nonce, data):
    stream = b"".join(_block(key, 1 + i, nonce)
                      for i in range((len(data) + 63) // 64))
    return bytes(a ^ b for a, b in zip(data, stream))


def _tag(key, nonce, aad, ciphertext):
    one_time = _block(key, 0, nonce)[:32]
    r = int.from_bytes(one_time[:16], "little") & 0x0ffffffc0ffffffc0ffffffc0fffffff
    text = (aad + bytes(-len(aad) % 16) + ciphertext + bytes(-len(ciphertext) % 16)
            + struct.pack("<QQ", len(aad), len(ciphertext)))
    acc = 0
    for i in range(0, len(text), 16):
        acc = (acc + int.from_bytes(text[i:i + 16] + b"\1", "little")) * r
        acc %= (1 << 130) - 5
    acc += int.from_bytes(one_time[16:], "little")
    return (acc & (1 << 128) - 1).to_bytes(16, "little")


def expand_label(secret, label, context, length, digest="sha256"):
    """HKDF-Expand-Label for at most one block (RFC 9846, 7.1)."""
    label = b"tls13 " + label.encode()
    info = struct.pack("!HB", length, len(label)) + label \
        + bytes([len(context)]) + context
    return hmac.digest(secret, info + b"\1", digest)[:length]


def _extract(salt, secret):
    return hmac.digest(salt, secret, "sha256")


class Keys:
    """One direction in one epoch."""

    def __init__(self, secret):
        self.key = expand_label(secret, "key", b"", 32)
        self.iv = expand_label(secret, "iv", b"", 12)
        self.seq = 0

    def _nonce(self):
        nonce = bytes(a ^ b for a, b in zip(self.iv, self.seq.to_bytes(12, "big")))
        self.seq += 1
        return nonce

    def seal(self, kind, data):
        """A whole record."""
        text, nonce = data + bytes([kind]), self._nonce()
        header = struct.pack("!BHH", DATA, 0x0303, len(text) + 16)
        text = _crypt(self.key, nonce, text)
        return header + text + _tag(self.key, nonce, header, text)

    def open(self, header, body):
        """Type and content."""
        nonce = self._nonce()
        if _tag(self.key, nonce, header, body[:-16]) != body[-16:]:
            raise ValueError("bad record mac")
        text = _crypt(self.key, nonce, body[:-16]).rstrip(b"\0")
        return text[-1], text[:-1]


def _extension(kind, body):
    return struct.pack("!HH", kind, len(body)) + body


def _vector(size, body):
    return len(body).to_bytes(size, "big") + body


class Client:
    """One connection; secrets holds all that it has, by the RFC's names, and psks
    what is left for another one."""

    def __init__(self, sock, name="localhost"):
        self.sock, self.name = sock, name
        self.private = os.urandom(32)
        self.transcript = b""
        self.secrets, self.psks = {}, {}
        self.rx = self.tx = None
        self.master = None
        sock.settimeout(60)

    def _hello(self):
        name = b"\0" + _vector(2, self.name.encode())
        share = b"\0\x1d" + _vector(2, x25519(self.private, bytes([9] + [0] * 31)))
        extensions = b"".join((
            _extension(0, _vector(2, name)),
            _extension(10, _vector(2, b"\0\x1d")),                  # X25519
            _extension(13, _vector(2, b"\4\3\x08\4\x08\7")),
            _extension(43, b"\2\3\4"),                              # TLS 1.3
            _extension(45, b"\1\1"),                               # psk_dhe_ke
            _extension(51, _vector(2, share))))
        return self._message(1, b"\3\3" + os.urandom(32) + b"\0"
                             + _vector(2, b"\x13\3") + b"\1\0"
                             + _vector(2, extensions))

    @staticmethod
    def _message(kind, body):
        return bytes([kind]) + _vector(3, body)

    def record(self):
        """Type and content of the next record; a change_cipher_spec is none."""
        header = self._exactly(5)
        body = self._exactly(int.from_bytes(header[3:], "big"))
        if header[0] == CCS:
            return self.record()
        return self.rx.open(header, body) if self.rx else (header[0], body)

    def _exactly(self, size):
        data = b""
        while len(data) < size:
            part = self.sock.recv(size - len(data))
            if not part:
                raise EOFError("the stream ended")
            data += part
        return data

    def start(self):
        """Send the ClientHello, read the ServerHello: the handshake secrets."""
        hello = self._hello()
        self.sock.sendall(struct.pack("!BHH", HANDSHAKE, 0x0301, len(hello)) + hello)
        kind, answer = self.record()
        if kind != HANDSHAKE or answer[0] != 2:
            raise ValueError(f"no server_hello but {kind} {answer.hex()}")
        self.transcript = hello + answer
        at = answer.rindex(b"\0\x33\0\x24\0\x1d\0\x20") + 8         # key_share
        shared = x25519(self.private, answer[at:at + 32])
        early = _extract(bytes(32), bytes(32))
        secret = _extract(self._derive(early, "derived", b""), shared)
        self.master = _extract(self._derive(secret, "derived", b""), bytes(32))
        self.secrets.update({
            "shared secret": shared, "handshake secret": secret,
            "master secret": self.master,
            "client handshake traffic secret": self._derive(secret, "c hs traffic"),
            "server handshake traffic secret": self._derive(secret, "s hs traffic")})
        self.rx = self._keys("server handshake")
        self.tx = self._keys("client handshake")
        return self

    def _derive(self, secret, label, text=None):
        text = self.transcript if text is None else text
        return expand_label(secret, label, hashlib.sha256(text).digest(), 32)

    def _keys(self, what):
        secret = self.secrets[what + " traffic secret"]
        keys = Keys(secret)
        self.secrets.update({what + " key": keys.key, what + " iv": keys.iv})
        if "handshake" in what:
            self.secrets[what + " finished key"] = expand_label(
                secret, "finished", b"", 32)
        return keys

    def finish(self, certificate=True):
        """Read up to the server's Finished, send ours. Without certificate, go no
        further than where a client's Certificate would stand."""
        flight = b""
        while True:
            _kind, content = self.record()
            flight += content
            at = kind = 0
            while len(flight) - at >= 4 and kind != 20:
                kind, size = flight[at], int.from_bytes(flight[at + 1:at + 4], "big")
                at += 4 + size
            if kind == 20 and at == len(flight):
                break
        self.transcript += flight
        if not certificate:
            return self
        self.secrets.update({
            "client application traffic secret": self._derive(self.master, "c ap traffic"),
            "server application traffic secret": self._derive(self.master, "s ap traffic"),
            "exporter secret": self._derive(self.master, "exp master")})
        verify = hmac.digest(self.secrets["client handshake finished key"],
                             hashlib.sha256(self.transcript).digest(), "sha256")
        finished = self._message(20, verify)
        self.sock.sendall(self.tx.seal(HANDSHAKE, finished))
        self.transcript += finished
        self.secrets["resumption secret"] = self._derive(self.master, "res master")
        self.rx = self._keys("server application")
        self.tx = self._keys("client application")
        return self

    def handshake(self, certificate=True):
        """All of it."""
        return self.start().finish(certificate)

    def write(self, data):
        """Application data."""
        self.sock.sendall(self.tx.seal(DATA, data))

    def read(self):
        """The next application data; the tickets before it give the PSKs of
        sessions that may be resumed (RFC 9846, 4.6.1)."""
        while True:
            kind, content = self.record()
            if kind == DATA:
                return content
            if kind == ALERT:
                return b""
            while kind == HANDSHAKE and content:
                size = 4 + int.from_bytes(content[1:4], "big")
                self._ticket(content[4:size])
                content = content[size:]

    def _ticket(self, body):
        nonce = body[9:9 + body[8]]
        self.psks[f"PSK {len(self.psks)}"] = expand_label(
            self.secrets["resumption secret"], "resumption", nonce, 32)
