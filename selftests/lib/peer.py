# SPDX-License-Identifier: GPL-2.0-only
# Copyright (C) 2026 The tlsup authors
"""A TLS peer that we did not write, with its hands on the wire.

OpenSSL through Python's ssl module works on memory; what it wants to send
passes through Peer.wire, which a test replaces to split, change or withhold.
"""
import os
import socket
import ssl

import host
import tlsup


def _strict(context):
    """TLS 1.3 alone; and an end without close_notify is an error, which
    Python's contexts overlook unless told."""
    context.minimum_version = ssl.TLSVersion.TLSv1_3
    context.options &= ~ssl.OP_IGNORE_UNEXPECTED_EOF


def server_context(cert="p256", alpn=None, ca=None):
    """OpenSSL as a TLS 1.3 server with one of the test certificates."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    _strict(context)
    context.load_cert_chain(os.path.join(host.CERTS, cert + ".pem"),
                            os.path.join(host.CERTS, cert + ".key"))
    if alpn:
        context.set_alpn_protocols(alpn)
    if ca:
        context.load_verify_locations(os.path.join(host.CERTS, ca + ".pem"))
    return context


def client_context(alpn=None):
    """OpenSSL as a TLS 1.3 client that verifies against the test authority."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    _strict(context)
    context.load_verify_locations(os.path.join(host.CERTS, "ca.pem"))
    if alpn:
        context.set_alpn_protocols(alpn)
    return context


class Peer:
    """One end of a connection: a TCP socket and OpenSSL on memory."""

    def __init__(self, sock, context, name=None):
        sock.settimeout(60)
        self.sock = sock
        self.wire = sock.sendall
        self.incoming, self.outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        self.tls = context.wrap_bio(self.incoming, self.outgoing,
                                    server_side=name is None,
                                    server_hostname=name)

    def flush(self):
        """Send what OpenSSL has for us."""
        if self.outgoing.pending:
            self.wire(self.outgoing.read())

    def _step(self, func, *args):
        while True:
            try:
                return func(*args)
            except ssl.SSLWantReadError:
                self.flush()
                data = self.sock.recv(65536)
                if data:
                    self.incoming.write(data)
                else:
                    self.incoming.write_eof()
            finally:
                self.flush()

    def handshake(self):
        """Run the handshake to its end."""
        self._step(self.tls.do_handshake)
        return self

    def write(self, data):
        """Send application data."""
        self._step(self.tls.write, data)

    def read(self, size=65536):
        """Some application data; b"" after close_notify."""
        try:
            return self._step(self.tls.read, size)
        except ssl.SSLZeroReturnError:
            return b""

    def read_exactly(self, size):
        """So much application data."""
        data = bytearray()
        while len(data) < size:
            part = self.read(size - len(data))
            if not part:
                raise EOFError(f"{len(data)} of {size} bytes, then the end")
            data += part
        return bytes(data)

    def records(self, data):
        """The records that carry this application data, not sent."""
        self.tls.write(data)
        return self.outgoing.read()

    def close_notify(self):
        """Send close_notify, wait for none."""
        try:
            self.tls.unwrap()
        except ssl.SSLWantReadError:
            pass
        self.flush()

    def failure(self, func, *args):
        """The name of the alert or error with which a call fails."""
        try:
            func(*args)
        except ssl.SSLError as error:
            return error.reason or str(error)
        except OSError as error:
            return str(error)
        return None


def echo(peer, slices=65536):
    """Send back what comes, until close_notify; the number of bytes."""
    total = 0
    while data := peer.read(slices):
        peer.write(data)
        total += len(data)
    peer.close_notify()
    return total


def connect(stack, role=tlsup.CLIENT, *, family=None, cert="p256",
            profile=None, name="localhost", alpn=None, context=None):
    """An established connection: our socket and the peer."""
    ours, theirs = tlsup.tcp_pair(stack, family or socket.AF_INET)
    if role == tlsup.CLIENT:
        peer = Peer(theirs, context or server_context(cert))
        tlsup.prepare(ours, profile, name, alpn)
    else:
        peer = Peer(theirs, context or client_context(), name)
        tlsup.prepare(ours, profile, alpn=alpn)
    shaking = tlsup.Background(peer.handshake)
    tlsup.start(ours, role)
    shaking.result()
    return ours, peer


class Visitor:
    """OpenSSL that comes again with what it got the last time."""

    def __init__(self):
        self.context = client_context()
        self.session = None

    def comes(self, stack):
        """Whether it was recognized."""
        ours, theirs = tlsup.tcp_pair(stack)
        other = Peer(theirs, self.context, "localhost")
        if self.session:
            other.tls.session = self.session
        tlsup.prepare(ours)
        shaking = tlsup.Background(other.handshake)
        tlsup.start(ours, tlsup.SERVER)
        shaking.result()
        ours.sendall(b"tickets are before this")
        other.read_exactly(23)
        self.session = other.tls.session
        if other.tls.session_reused != bool(tlsup.info(ours).resumed):
            raise AssertionError("the two sides disagree on resumption")
        return other.tls.session_reused
