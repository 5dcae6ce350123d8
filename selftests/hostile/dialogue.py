# SPDX-License-Identifier: GPL-2.0-only
# Copyright (C) 2026 The tlsup authors
"""What the hostile clients share: a server for each kind of profile, ordinary
handshakes up to any point, and how a server has to end one that it refuses."""
import contextlib
import os
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)) + "/../lib")
# pylint: disable=wrong-import-position
import host
import raw
import raw_crypto as crypto
import tlsup
from ktap import check, equal

(CLOSE, UNEXPECTED, BAD_MAC, OVERFLOW, FAILURE, BAD_CERTIFICATE, UNSUPPORTED_CERTIFICATE,
 ILLEGAL, UNKNOWN_CA, DECODE, DECRYPT, VERSION, INSUFFICIENT, FALLBACK, NO_RENEGOTIATION,
 MISSING, CERTIFICATE_REQUIRED, NO_PROTOCOL) = (
     0, 10, 20, 22, 40, 42, 43, 47, 48, 50, 51, 70, 71, 86, 100, 109, 116, 120)
GET = b"GET / HTTP/1.0\r\n\r\n"
PSK = bytes(range(32))

PROFILES = {
    "rsa": ('policy = "compat"', "rsa"),
    "p256": ('policy = "compat"', "p256"),
    "p384": ('policy = "compat"', "p384"),
    "default": ("", "p256"),
    "request": ('policy = "compat"\n\tclient_auth = "request"', "rsa"),
    "require": ('client_auth = "require"', "p256"),
    "psk": (f'psk_identity = "test"\n\tpsk_key = "{host.CERTS}/psk"\n\tpsk_ke = true', "p256"),
    "cookie": ("retry_cookie = true", "p256"),
    "one-group": ('groups = { "P-256" }', "p256"),
    "sealed": ('policy = "compat"\n\tticket_kind = "sealed"', "rsa"),
}


def config():
    """The daemon's."""
    with open(f"{host.CERTS}/psk", "w", encoding="ascii",
              opener=lambda path, flags: os.open(path, flags, 0o600)) as file:
        file.write(PSK.hex() + "\n")
    return "".join(
        f'profile "{name}" {{\n\t{text}\n\tcertificate = "{host.CERTS}/{cert}.pem"\n'
        f'\tkey = "{host.CERTS}/{cert}.key"\n\ttrust = "{host.CERTS}/ca.pem"\n'
        '\talpn = { "h2", "http/1.1" }\n}\n' for name, (text, cert) in PROFILES.items())


DAEMON = host.Daemon(config())
_servers = contextlib.ExitStack()
_ports = {}


def connect(profile):
    """A client of tlsup-serve under a profile."""
    if profile not in _ports:
        program, _ports[profile] = host.serve(_servers, "--profile", profile)
        # It has a line for each connection.
        tlsup.Background(program.process.stdout.read)
    return raw.Client(_ports[profile])


@contextlib.contextmanager
def running():
    """The daemon and its servers, until the end."""
    with DAEMON, _servers:
        yield


def bent(at, by=4):
    """A function that changes one byte of a text."""
    def change(text):
        text = bytearray(text)
        text[at] ^= by
        return bytes(text)
    return change


def alert_of(client):
    """The next alert, whatever comes before: level and description."""
    client.sock.settimeout(20)
    try:
        while True:
            kind, data = client.receive()
            if kind == raw.ALERT:
                break
    except raw.End:
        return None
    equal(len(data), 2, "length of the alert")
    return tuple(data)


def refused(client, *alerts):
    """The server must say one of these, fatal, and close without another word."""
    found = alert_of(client)
    check(found, "closed without an alert")
    equal(found[0], 2, f"level of alert {found[1]}")
    check(found[1] in alerts, "alert", found[1], "wanted", *alerts)
    try:
        kind, data = client.receive()
    except raw.End:
        return
    raise AssertionError(f"after the alert a record of type {kind}: {data.hex()}")


def served(client):
    """The connection is open: a page is asked for, and comes."""
    client.record(raw.DATA, GET)
    check(client.data(15).startswith(b"HTTP/1.0 200 OK"), "no page")
    equal(alert_of(client), (1, CLOSE), "the end")


def start12(client, suite=0xc02f, extensions=None, **fields):
    """Hello and the server's flight."""
    client.hello([suite] if isinstance(suite, int) else suite,
                 raw.usual12() if extensions is None else extensions, **fields)
    return client.flight12()


def finish12(client):
    """From ClientKeyExchange to the server's Finished."""
    client.say(raw.CLIENT_KEY_EXCHANGE, client.exchange12())
    client.keys12()
    client.ccs12()
    client.say(raw.FINISHED, client.verify12())
    client.end12()
    return client


def open12(profile, suite=0xc02f, extensions=None):
    """An established connection of TLS 1.2."""
    client = connect(profile)
    start12(client, suite, extensions)
    return finish12(client)


def start13(client, suite=0x1301, group=crypto.X25519, extensions=(), **fields):
    """Hello and ServerHello, the handshake's keys: the ServerHello's extensions."""
    key = crypto.share(group)
    client.hello([suite], raw.usual13(*extensions, shares=[(group, key.public)]), **fields)
    return shared13(client, key)


def shared13(client, key):
    """ServerHello, and the keys that follow."""
    _, body = client.hear(raw.SERVER_HELLO)
    check(body[2:34] != raw.RETRY, "a HelloRetryRequest")
    found = client.take_hello(body)
    client.keys13(key.shared(found[51][4:]))
    client.tx = client.next_tx
    return found


def open13(profile, suite=0x1301, group=crypto.X25519, extensions=(), **fields):
    """An established connection of TLS 1.3."""
    client = connect(profile)
    start13(client, suite, group, extensions, **fields)
    client.flight13()
    client.end13()
    return client
