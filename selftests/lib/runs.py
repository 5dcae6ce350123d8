# SPDX-License-Identifier: GPL-2.0-only
# Copyright (C) 2026 The tlsup authors
"""Programs as they are, under tlsup-run or not, and ordinary TLS around them."""
import contextlib
import itertools
import os
import resource
import socket
import ssl
import subprocess
import tempfile

import host
import peer
import tlsup
from ktap import check

CA = os.path.join(host.CERTS, "ca.pem")
PEM = os.path.join(host.CERTS, "p256.pem")
KEY = os.path.join(host.CERTS, "p256.key")
PYTHON = "/usr/bin/python3"

_ports = itertools.count(21000)


def free_port():
    """A port that nobody has had in this namespace."""
    return next(_ports)


def under(*command, role=None, profile=None, name=None, port=None):
    """The command under tlsup-run."""
    line = [os.path.join(host.BIN, "tlsup-run")]
    if role:
        line.append("--" + role)
    for option, value in (("profile", profile), ("name", name), ("port", port)):
        if value is not None:
            line += ["--" + option, str(value)]
    return line + ["--"] + [str(c) for c in command]


class Running:
    """A program that goes on; what it says is kept in files."""

    def __init__(self, stack, command, stdin=subprocess.PIPE, **options):
        self.folder = stack.enter_context(tempfile.TemporaryDirectory())
        self.out, self.err = (os.path.join(self.folder, n) for n in "oe")
        with open(self.out, "wb") as out, open(self.err, "wb") as err:
            self.process = subprocess.Popen(command, stdin=stdin, stdout=out,
                                            stderr=err, **options)
        stack.callback(self.end)

    def end(self):
        """Kill it if it still runs."""
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait(10)
        if self.process.stdin:
            with contextlib.suppress(OSError):
                self.process.stdin.close()

    def type(self, data):
        """Into its standard input."""
        self.process.stdin.write(data)
        self.process.stdin.flush()

    def said(self):
        """Its standard output."""
        with open(self.out, "rb") as file:
            return file.read()

    def complaints(self):
        """Its standard error."""
        with open(self.err, encoding="utf-8", errors="replace") as file:
            return file.read()

    def ready(self, port):
        """Wait until it listens."""
        def up():
            return host.listens(port) or self.process.poll() is not None
        check(host.wait_for(up, 30) and self.process.poll() is None,
              self.process.args, "does not listen:", self.complaints())
        return self

    def hears(self, what, seconds=20):
        """Wait until its output has these bytes."""
        check(host.wait_for(lambda: what in self.said(), seconds),
              self.process.args, "said", self.said(), self.complaints())


def run(command, data=b"", seconds=60, **options):
    """Run to the end: a CompletedProcess with text of stderr."""
    done = subprocess.run(command, input=data, capture_output=True, check=False,
                          timeout=seconds, **options)
    done.stderr = done.stderr.decode(errors="replace")
    return done


def went_well(command, data=b"", seconds=60, **options):
    """Run to the end, which must be a good one; its output."""
    done = run(command, data, seconds, **options)
    check(done.returncode == 0, command, "exit status", done.returncode,
          done.stderr)
    return done.stdout


def tls_client(stack, port, name="localhost"):
    """OpenSSL, connected and verified: a Peer."""
    sock = stack.enter_context(socket.create_connection(("127.0.0.1", port)))
    return peer.Peer(sock, peer.client_context(), name).handshake()


def plain_gets(port, data=b"hello\r\n\r\n", seconds=5):
    """What a server answers to plaintext."""
    with socket.create_connection(("127.0.0.1", port)) as sock:
        sock.settimeout(seconds)
        got = b""
        with contextlib.suppress(ConnectionError):
            sock.sendall(data)
            while part := sock.recv(4096):
                got += part
        return got


class TlsServer:
    """OpenSSL that accepts one connection at a time, in a thread."""

    def __init__(self, stack, serve, cert="p256", port=0):
        self.listener = stack.enter_context(
            socket.create_server(("127.0.0.1", port)))
        self.port = self.listener.getsockname()[1]
        self.serve = serve
        self.context = peer.server_context(cert)
        self.done = tlsup.Background(self._one)

    def _one(self):
        sock, _address = self.listener.accept()
        with sock:
            theirs = peer.Peer(sock, self.context)
            try:
                theirs.handshake()
            except ssl.SSLError as error:
                return error.reason
            return self.serve(theirs)

    def result(self):
        """What serving gave, or the reason why the handshake failed."""
        return self.done.result()


def family(pids):
    """These processes and all that come from them."""
    found, size = set(pids), 0
    parents = {}
    for name in filter(str.isdigit, os.listdir("/proc")):
        with contextlib.suppress(OSError):
            with open(f"/proc/{name}/stat", encoding="utf-8",
                      errors="replace") as file:
                parents[int(name)] = int(file.read().rpartition(")")[2].split()[1])
    while size != len(found):
        size = len(found)
        found |= {pid for pid, parent in parents.items() if parent in found}
    return found


def resident(*pids):
    """Bytes that these processes and all that come from them have resident."""
    total = 0
    for pid in family(pids):
        with open(f"/proc/{pid}/statm", encoding="ascii") as file:
            total += int(file.read().split()[1])
    return total * resource.getpagesize()


def gnutls_client(port, data):
    """gnutls-cli, verifying; what the server said to it."""
    return went_well(["gnutls-cli", "--logfile=/dev/null", "--x509cafile", CA,
                      "--verify-hostname", "localhost", "--port", str(port),
                      "127.0.0.1"], data)
