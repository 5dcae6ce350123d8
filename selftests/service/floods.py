#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
# Copyright (C) 2026 The tlsup authors
"""Floods against a server: all come from one network, and somebody from another
is served all the while; what they cost is bounded, and told."""
import contextlib
import mmap
import os
import signal
import socket
import ssl
import struct
import subprocess
import sys
import threading
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)) + "/../lib")
# pylint: disable=wrong-import-position
import host
import peer
import tls13
import tlsup
from ktap import FULL, case, check, diag, equal, main

FLOODER, GOOD = "127.0.0.1", "127.0.1.1"        # two networks
SECONDS = 20 if FULL else 2
PLACES = 600
KIB = 1024
# A pending handshake's share of memory, here and there: as max_pending has it.
EACH = 32 * KIB
SPARE = 16 * KIB * KIB

DAEMON = host.Daemon(f'''workers = 1
profile "default" {{
	certificate = "{host.CERTS}/p256.pem"
	key = "{host.CERTS}/p256.key"
}}
profile "compat" {{
	policy = "compat"
	certificate = "{host.CERTS}/p256.pem"
	key = "{host.CERTS}/p256.key"
}}
profile "clients" {{
	certificate = "{host.CERTS}/p256.pem"
	key = "{host.CERTS}/p256.key"
	trust = "{host.CERTS}/ca.pem"
	client_auth = "request"
}}
''')


def connect(port, address):
    """A TCP connection from this address."""
    sock = socket.socket()
    sock.bind((address, 0))
    sock.settimeout(60)
    sock.connect(("127.0.0.1", port))
    return sock


def client_hello():
    """OpenSSL's."""
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    tls = peer.client_context().wrap_bio(incoming, outgoing, server_hostname="localhost")
    with contextlib.suppress(ssl.SSLWantReadError):
        tls.do_handshake()
    return outgoing.read()


HELLO = client_hello()


# Each flood is a generator: a step more each time, for ever.

def hellos(port):
    """A ClientHello each, and gone."""
    while True:
        with connect(port, FLOODER) as sock:
            sock.sendall(HELLO)
        yield 1


def half_open(port):
    """A ClientHello each, and no word more."""
    kept = []
    while True:
        sock = connect(port, FLOODER)
        sock.sendall(HELLO)
        kept.append(sock)
        if len(kept) > 2 * PLACES:
            kept.pop(0).close()
        yield 1


def drip(port):
    """Two hundred that send a byte now and then."""
    socks = [connect(port, FLOODER) for _ in range(200)]
    for i in range(len(HELLO) - 1):
        for sock in socks:
            # Their deadline passes, too.
            with contextlib.suppress(ConnectionError):
                sock.sendall(HELLO[i:i + 1])
        yield len(socks)
        time.sleep(0.2)


def is_ended(sock):
    """True once the server has ended a connection; a timeout if it does not."""
    with contextlib.suppress(ConnectionError):
        while sock.recv(65536):
            pass
    return True


def key_updates(port):
    """More KeyUpdates than a server takes, again and again."""
    update = b"\x18\0\0\1\0"
    while True:
        with connect(port, FLOODER) as sock:
            client = tls13.Client(sock).handshake()
            secret = client.secrets["client application traffic secret"]
            with contextlib.suppress(ConnectionError):
                for _ in range(100):
                    sock.sendall(client.tx.seal(tls13.HANDSHAKE, update))
                    secret = tls13.expand_label(secret, "traffic upd", b"", 32)
                    client.tx = tls13.Keys(secret)
            yield 100 * is_ended(sock)


def renegotiations(port):
    """OpenSSL, which wishes for as many as it is let."""
    while True:
        subprocess.run(["openssl", "s_client", "-connect", f"127.0.0.1:{port}", "-tls1_2",
                        "-bind", FLOODER + ":0"], input=b"R\n" * 20, timeout=60,
                       check=False, capture_output=True)
        yield 1


def chains(port):
    """A client's Certificate message that does not end: 16 MiB."""
    while True:
        with connect(port, FLOODER) as sock:
            client = tls13.Client(sock).handshake(certificate=False)
            with contextlib.suppress(ConnectionError):
                sock.sendall(client.tx.seal(tls13.HANDSHAKE, b"\x0b\xff\xff\xff\0\xff\xff\xf8"))
                for _ in range(30):
                    sock.sendall(client.tx.seal(tls13.HANDSHAKE, bytes(16000)))
            yield 1 * is_ended(sock)


def crumbs(port):
    """A message that is cut into records of one byte."""
    record = struct.pack("!BHH", tls13.HANDSHAKE, 0x0301, 1)
    message = b"\1\0\x20\0" + bytes(4000)
    while True:
        with connect(port, FLOODER) as sock:
            with contextlib.suppress(ConnectionError):
                sock.sendall(b"".join(record + message[i:i + 1] for i in range(4000)))
            yield 1 * is_ended(sock)


class Flood:
    """A process that floods until it is ended; it counts what it has done."""

    def __init__(self, stack, flood, port):
        self.count = mmap.mmap(-1, mmap.PAGESIZE)
        self.child = os.fork()
        if not self.child:
            self._run(flood, port)
        stack.callback(self.end)

    def _run(self, flood, port):
        signal.alarm(0)
        try:
            for steps in flood(port):
                self.count[:8] = struct.pack("=Q", self.done() + steps)
        except BaseException as error:  # pylint: disable=broad-except
            diag(flood.__name__, "failed:", repr(error))
            self.count[8] = 1
        os._exit(0)

    def done(self):
        """How often."""
        return struct.unpack("=Q", self.count[:8])[0]

    def failed(self):
        """Whether it found what must not be."""
        return self.count[8]

    def end(self):
        """It is enough."""
        if self.child:
            os.kill(self.child, signal.SIGKILL)
            os.waitpid(self.child, 0)
        self.child = 0


def memory():
    """Bytes that the daemon's processes have to themselves."""
    total = 0
    for pid in DAEMON.family():
        with open(f"/proc/{pid}/status", encoding="ascii") as file:
            total += sum(int(line.split()[1]) for line in file
                         if line.startswith("RssAnon:"))
    return total * KIB


def cpu():
    """Seconds of the daemon's processes."""
    ticks = 0
    for pid in DAEMON.family():
        with open(f"/proc/{pid}/stat", encoding="ascii") as file:
            ticks += sum(map(int, file.read().rsplit(")")[1].split()[11:13]))
    return ticks / os.sysconf("SC_CLK_TCK")


def visit(port, context):
    """Somebody who behaves well: a handshake and a page; how long it took."""
    begin = time.monotonic()
    with connect(port, GOOD) as sock:
        other = peer.Peer(sock, context, "localhost").handshake()
        took = time.monotonic() - begin
        other.write(b"GET / HTTP/1.0\r\n\r\n")
        check(other.read().startswith(b"HTTP/1.0 200"), "no page")
    return took


def flooded(stack, flood, profile, steps):
    """Visits during a flood, each of which must be served."""
    limit = host.sysctl("max_pending")
    stack.callback(host.sysctl, "max_pending", limit)
    host.sysctl("max_pending", PLACES)
    program, port = host.serve(stack, "--profile", profile)
    # It tells of each connection that fails.
    threading.Thread(target=lambda: list(program.process.stdout), daemon=True).start()
    context = peer.client_context()
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    visit(port, context)
    idle, cpu_before, began = memory(), cpu(), time.monotonic()
    running = Flood(stack, flood, port)
    check(host.wait_for(lambda: running.done() >= steps or running.failed(), 100),
          "the flood does not come up")
    times, most = [], 0
    while len(times) < 5 or time.monotonic() - began < SECONDS:
        times.append(visit(port, context))
        most = max(most, memory())
    equal(running.failed(), 0, "what the flood found")
    name = flood.__name__.replace("_", " ")
    took = time.monotonic() - began
    diag(f"{running.done()} steps of the flood, {len(times)} visits served, the slowest "
         f"handshake {1e3 * max(times):.0f} ms; the daemon's processor "
         f"{100 * (cpu() - cpu_before) / took:.0f} %")
    diag(f"figure: flood of {name}, steps: {running.done()}")
    diag(f"figure: flood of {name}, others served: {len(times)}")
    diag(f"figure: flood of {name}, most memory of the daemon beyond idle: "
         f"{max(0, most - idle) // KIB} KiB")
    check(most - idle <= PLACES * EACH + SPARE, most - idle, "bytes more")
    running.end()
    visit(port, context)


for what, by, enough in ((hellos, "default", 20), (half_open, "default", PLACES),
                         (drip, "default", 400), (key_updates, "default", 100),
                         (renegotiations, "compat", 2), (chains, "clients", 1),
                         (crumbs, "default", 1)):
    case(f"a flood of {what.__name__.replace('_', ' ')} holds up nobody else", flooded,
         what, by, enough, seconds=240)


if __name__ == "__main__":
    with DAEMON:
        main()
