#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
# Copyright (C) 2026 The tlsup authors
"""Where the secrets of a connection are while it lasts, and that afterwards they
are nowhere: in no process of the daemon, in no memory of the kernel's, in what
no interface says. The peer is the test itself, and knows all secrets."""
import contextlib
import hmac
import os
import re
import socket
import ssl
import struct
import subprocess
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)) + "/../lib")
# pylint: disable=wrong-import-position
import genl
import host
import peer
import search
import tls13
import tlsup
from ktap import case, check, diag, equal, main, test

search.keep_memory()
OWN = "registers " + search.name_of(os.getpid())        # the peer's copy
DAEMON = host.Daemon('workers = 2\n' + host.config())
# All secrets: not to be freed.
KEPT = []


def begin(sock, role):
    """Start a handshake and do not wait for it."""
    sock.setblocking(False)
    with contextlib.suppress(BlockingIOError):
        tlsup.start(sock, role)
    sock.setblocking(True)


def look(secrets):
    """Where they are: in the kernel, in the daemon. The kernel first."""
    kernel = {name: [w for w in where if w != OWN]
              for name, where in search.in_kernel(secrets).items()}
    return ({name: where for name, where in kernel.items() if where},
            search.in_daemon(DAEMON, secrets))


def in_cache(where):
    """Whether that is the session cache, whose memory is locked."""
    return all(w.startswith("/dev/zero") and w.endswith("locked") for w in where)


def is_kept(name):
    """Whether it may be in the session cache."""
    return name == "master secret" or name.startswith("PSK")


def is_open(secrets, allowed, what):
    """An established connection: these in the kernel, others nowhere."""
    kernel, daemon = look(secrets)
    equal({n: w for n, w in kernel.items() if n not in allowed}, {}, f"{what}: kernel")
    check(set(allowed) & set(kernel), what, "nothing is found at all")
    equal({n: w for n, w in daemon.items() if not (is_kept(n[1]) and in_cache(w))}, {},
          f"{what}: daemon")


def is_gone(secrets, what):
    """A connection that has ended."""
    check(host.all_destroyed(), "connections are left")
    kernel, daemon = look(secrets)
    equal(kernel, {}, f"{what}: kernel")
    equal({n: w for n, w in daemon.items() if not (is_kept(n[1]) and in_cache(w))}, {},
          f"{what}: daemon")
    diag(f"figure: secrets looked for: {2 * len(secrets)}")


def client13(stack):
    """A client that knows everything, and our server's socket."""
    ours, theirs = tlsup.tcp_pair(stack)
    tlsup.prepare(ours)
    client = tls13.Client(theirs)
    KEPT.append(client.secrets)
    begin(ours, tlsup.SERVER)
    return ours, client.start()


def exchange(ours, write, read):
    """Data both ways, so that keys have been used."""
    ours.sendall(b"from the server" * 100)
    got = b""
    while len(got) < 1500:
        got += read()
    write(b"from the client" * 100)
    equal(len(ours.recv(1500, socket.MSG_WAITALL)), 1500, "data")


@test(seconds=240)
def a_search_finds_what_is_there(stack):
    """Without this the others prove nothing."""
    search.load(stack)
    planted = {"planted": os.urandom(32)}
    KEPT.append(planted)
    equal(search.in_kernel(planted), {}, "not planted yet")
    read_end, write_end = os.pipe()
    os.write(write_end, planted["planted"])
    equal(search.in_kernel(planted), {"planted": ["page -"]}, "in a pipe")
    os.close(read_end)
    os.close(write_end)
    ours, client = client13(stack)
    kernel, daemon = look(client.secrets)
    diag("in the middle of a handshake:", kernel, daemon)
    check("client handshake traffic secret" in kernel, "not in the kernel")
    check({("tlsupd: workers", f"{who} handshake traffic secret")
           for who in ("client", "server")} <= set(daemon), "not in the daemon")
    ours.close()


@test(seconds=240)
def a_server_of_tls13_keeps_traffic_keys_in_the_kernel_alone(stack):
    search.load(stack)
    ours, client = client13(stack)
    client.finish()
    exchange(ours, client.write, client.read)
    check(client.psks, "no tickets")
    secrets = {**client.secrets, **client.psks}
    KEPT.append(secrets)
    allowed = [n for n in secrets if "application" in n or "exporter" in n]
    is_open(secrets, allowed, "open")
    ours.close()
    client.sock.close()
    is_gone(secrets, "closed")


@test(seconds=240)
def a_handshake_that_is_broken_off_leaves_nothing(stack):
    search.load(stack)
    ours, client = client13(stack)
    client.sock.close()
    check(host.wait_for(lambda: tlsup.status(ours).error), "no failure")
    ours.close()
    is_gone(client.secrets, "broken off")


def keylog(path):
    """SSLKEYLOGFILE's lines: label to secret."""
    with open(path, encoding="ascii") as file:
        return {line.split()[0]: bytes.fromhex(line.split()[2]) for line in file
                if not line.startswith("#")}


NAMES = {
    "CLIENT_HANDSHAKE_TRAFFIC_SECRET": "client handshake",
    "SERVER_HANDSHAKE_TRAFFIC_SECRET": "server handshake",
    "CLIENT_TRAFFIC_SECRET_0": "client application",
    "SERVER_TRAFFIC_SECRET_0": "server application",
}


def secrets13(log, size, digest):
    """What a key log of TLS 1.3 tells, and what is derived of it."""
    secrets = {"exporter secret": log["EXPORTER_SECRET"]}
    for label, name in NAMES.items():
        secret = log[label]
        secrets[name + " traffic secret"] = secret
        secrets[name + " key"] = tls13.expand_label(secret, "key", b"", size, digest)
        secrets[name + " iv"] = tls13.expand_label(secret, "iv", b"", 12, digest)
    return secrets


@test(seconds=240)
def a_client_of_tls13_keeps_traffic_keys_in_the_kernel_alone(stack):
    search.load(stack)
    context = peer.server_context()
    path = os.path.join(DAEMON.dir, "keylog13")
    context.keylog_filename = path
    ours, theirs = tlsup.tcp_pair(stack)
    other = peer.Peer(theirs, context)
    tlsup.prepare(ours, name="localhost")
    begin(ours, tlsup.CLIENT)
    other.handshake()
    exchange(ours, other.write, other.read)
    size, digest = {"TLS_AES_128_GCM_SHA256": (16, "sha256"),
                    "TLS_AES_256_GCM_SHA384": (32, "sha384"),
                    "TLS_CHACHA20_POLY1305_SHA256": (32, "sha256")}[other.tls.cipher()[0]]
    secrets = secrets13(keylog(path), size, digest)
    KEPT.append(secrets)
    is_open(secrets, [n for n in secrets if "application" in n or "exporter" in n], "open")
    ours.close()
    theirs.close()
    is_gone(secrets, "closed")


def prf(secret, label, seed, size):
    """RFC 5246, 5, with SHA-256."""
    out, a = b"", label + seed
    while len(out) < size:
        a = hmac.digest(secret, a, "sha256")
        out += hmac.digest(secret, a + label + seed, "sha256")
    return out[:size]


class Tap:
    """What passes on the wire: the two randoms and the client_key_exchange."""

    def __init__(self):
        self.streams = [b"", b""]

    def see(self, way, data):
        """Bytes of one direction."""
        self.streams[way] += data

    def message(self, kind):
        """The first handshake message of this type, of those in plaintext."""
        for stream in self.streams:
            flight = b""
            while len(stream) >= 5 and stream[0] == tls13.HANDSHAKE:
                size = 5 + int.from_bytes(stream[3:5], "big")
                flight, stream = flight + stream[5:size], stream[size:]
            while len(flight) >= 4:
                size = 4 + int.from_bytes(flight[1:4], "big")
                if flight[0] == kind:
                    return flight[4:size]
                flight = flight[size:]
        raise KeyError(f"no message {kind}")

    def premaster(self):
        """Of RSA: as whoever has the key decrypts it."""
        text = subprocess.run(("openssl", "rsa", "-in", f"{host.CERTS}/rsa.key",
                               "-noout", "-text"), check=True,
                              capture_output=True).stdout.decode()
        def number(name):
            found = re.search(name + r":\n([0-9a-f: \n]+)", text).group(1)
            return int(re.sub("[^0-9a-f]", "", found), 16)
        modulus = number("modulus")
        size = (modulus.bit_length() + 7) // 8
        sealed = self.message(16)[2:]
        return pow(int.from_bytes(sealed, "big"), number("privateExponent"),
                   modulus).to_bytes(size, "big")[-48:]


def secrets12(tap, log, sizes):
    """The master secret and its key block: MAC secrets, keys."""
    master = log["CLIENT_RANDOM"]
    randoms = tap.message(2)[2:34] + tap.message(1)[2:34]
    block = prf(master, b"key expansion", randoms, 2 * sum(sizes))
    secrets, at = {"master secret": master}, 0
    for what, size in zip(("mac secret", "key"), sizes):
        for who in ("client", "server"):
            if size:
                secrets[f"{who} {what}"] = block[at:at + size]
            at += size
    return secrets


SUITES12 = {
    "AES128-GCM-SHA256": (0, 16),
    "ECDHE-RSA-AES128-GCM-SHA256": (0, 16),
    "ECDHE-RSA-CHACHA20-POLY1305": (0, 32),
    "ECDHE-RSA-AES128-SHA": (20, 16),
}


def context12(role, suite, path):
    """OpenSSL with one suite of TLS 1.2 and a key log."""
    context = peer.client_context() if role == tlsup.SERVER else peer.server_context("rsa")
    context.minimum_version = context.maximum_version = ssl.TLSVersion.TLSv1_2
    context.set_ciphers(suite)
    context.keylog_filename = path
    return context


def in_tls12(stack, role, suite):
    """The key block in the kernel alone, the premaster nowhere."""
    search.load(stack)
    path = os.path.join(DAEMON.dir, f"keylog-{suite}-{role}")
    ours, theirs = tlsup.tcp_pair(stack)
    server = role == tlsup.SERVER
    other = peer.Peer(theirs, context12(role, suite, path),
                      "localhost" if server else None)
    tap = Tap()
    put, send = other.incoming.write, other.wire
    other.wire = lambda data: (tap.see(0, data), send(data))
    class Incoming:
        """What OpenSSL reads, seen as it comes."""
        write = staticmethod(lambda data: (tap.see(1, data), put(data)))
        write_eof = other.incoming.write_eof
    other.incoming = Incoming
    tlsup.prepare(ours, "compat-rsa", None if server else "localhost")
    begin(ours, role)
    other.handshake()
    exchange(ours, other.write, other.read)
    equal(other.tls.cipher()[0], suite, "suite")
    secrets = secrets12(tap, keylog(path), SUITES12[suite])
    allowed = list(secrets)
    if not suite.startswith("ECDHE"):
        secrets["premaster secret"] = tap.premaster()
    KEPT.append(secrets)
    is_open(secrets, allowed, "open")
    ours.close()
    theirs.close()
    is_gone(secrets, "closed")


for name in SUITES12:
    case(f"a server of tls12 keeps its key block in the kernel alone, {name}",
         in_tls12, tlsup.SERVER, name, seconds=240)
case("a client of tls12 keeps its key block in the kernel alone",
     in_tls12, tlsup.CLIENT, "ECDHE-RSA-AES128-GCM-SHA256", seconds=240)


def options(sock):
    """What getsockopt gives, of every option of every level that could."""
    found = b""
    for level, last in ((tlsup.SOL_TLSUP, 40), (282, 8), (socket.SOL_TCP, 48)):
        for option in range(last):
            if (level, option) == (tlsup.SOL_TLSUP, tlsup.EXPORTER):
                continue        # gives keying material, made of a secret
            with contextlib.suppress(OSError):
                found += sock.getsockopt(level, option, 1024)
    return found


def netlink(_sock):
    """All that the family answers."""
    with genl.Genl() as family:
        found = [family.call("CMD_GET_STATS")]
        for conn in family.connections():
            number = struct.unpack("=Q", conn[genl.number("A_CONN_ID")])[0]
            found += [conn, family.call("CMD_GET_CONN",
                                        genl.attr("A_CONN_ID", number, "Q"))]
    def flat(value):
        if isinstance(value, bytes):
            return value
        parts = value.values() if isinstance(value, dict) else value
        return b"".join(flat(p) for p in parts if not isinstance(p, int))
    return flat(found)


def said(*command):
    """What a program prints."""
    return subprocess.run(command, check=False, capture_output=True).stdout


def diagnoses(_sock):
    """inet_diag, as ss shows it; all extensions."""
    return said("ss", "-tiemoO")


def files(_sock):
    """Counters, and the kernel's log."""
    found = said("dmesg")
    for path in ("/proc/net/tlsup_stat", "/proc/net/tcp", "/proc/crypto"):
        with open(path, "rb") as file:
            found += file.read()
    return found


def control(_sock):
    """What tlsupctl says, and what the daemon has logged."""
    found = DAEMON.output().encode()
    for command in ("status", "connections", "sessions", "metrics"):
        found += said(os.path.join(host.BIN, "tlsupctl"), "--json", "--socket",
                      os.path.join(DAEMON.dir, "control"), command)
    return found


TRACING = "/sys/kernel/tracing"


@contextlib.contextmanager
def tracing():
    """All of the module's tracepoints; gives what they have told."""
    if not os.path.exists(TRACING + "/events") and os.path.isdir(TRACING):
        subprocess.run(["mount", "-t", "tracefs", "tracefs", TRACING], check=False)
    switch = TRACING + "/events/tlsup/enable"
    if not os.path.exists(switch):
        yield lambda _sock: b""
        return
    def set_to(value):
        with open(switch, "w", encoding="ascii") as file:
            file.write(value)
    def told(_sock):
        with open(TRACING + "/trace", "rb") as file:
            return file.read()
    set_to("1")
    try:
        yield told
    finally:
        set_to("0")


@test
def no_interface_tells_a_key(stack):
    told = stack.enter_context(tracing())
    ours, client = client13(stack)
    client.finish()
    exchange(ours, client.write, client.read)
    for ask in (options, netlink, diagnoses, files, control, told):
        text = ask(ours)
        diag(f"{ask.__name__}: {len(text)} bytes")
        check(text or ask is told, ask.__name__, "says nothing")
        for name, secret in client.secrets.items():
            for form in (secret, secret[::-1], secret.hex().encode(),
                         secret.hex().upper().encode()):
                check(form not in text, ask.__name__, "tells the", name)


if __name__ == "__main__":
    with DAEMON:
        main()
