# SPDX-License-Identifier: GPL-2.0-only
# Copyright (C) 2026 The tlsup authors
"""The socket's face for tests: options, structures, pairs of sockets.

set_option() goes through libc: Python's own setsockopt() holds the
interpreter's lock, and a blocking handshake would stop the peer's thread.
"""
import collections
import ctypes
import os
import socket
import struct
import threading

TCP_ULP = 31
SOL_TLSUP = 0x5455
HANDSHAKE, PROFILE, SERVER_NAME, ALPN, FLAGS, TIMEOUT = 1, 2, 3, 4, 5, 6
INFO, STATUS, PEER_CERT, PEER_CHAIN, EXPORTER, REKEY, PADDING = range(7, 14)
REQUIRE_PEER_CERT, NO_RESUMPTION, TLS13_ONLY = 1, 2, 4
CLIENT, SERVER = 1, 2
IDLE, WAITING, PENDING, SHAKING, OPEN, FAILED = 0, 1, 2, 3, 4, 5

SUITES = {
    0x1301: "TLS_AES_128_GCM_SHA256",
    0x1302: "TLS_AES_256_GCM_SHA384",
    0x1303: "TLS_CHACHA20_POLY1305_SHA256",
}

INFO_FORMAT = "=4H4BI4Q4I"
Info = collections.namedtuple("Info", """version suite group scheme resumed
    client_authenticated role reserved handshake_us tx_records rx_records
    tx_bytes rx_bytes tx_rekeys rx_rekeys events answers""")
STATUS_FORMAT = "=2I2hI128s"
Status = collections.namedtuple(
    "Status", "phase error alert_sent alert_received reserved reason")

LIBC = ctypes.CDLL(None, use_errno=True)


def libc(result):
    """Turn the result of a libc call into an exception if it is -1."""
    if result == -1:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))
    return result


def set_option(sock, option, value):
    """setsockopt at SOL_TLSUP without the interpreter's lock."""
    if isinstance(value, int):
        value = struct.pack("=i", value)
    libc(LIBC.setsockopt(sock.fileno(), SOL_TLSUP, option, value, len(value)))


def get_option(sock, option, size=4096):
    """getsockopt at SOL_TLSUP; Python's own takes no buffer above 1024."""
    buf = ctypes.create_string_buffer(size)
    length = ctypes.c_uint(size)
    libc(LIBC.getsockopt(sock.fileno(), SOL_TLSUP, option, buf,
                         ctypes.byref(length)))
    return buf.raw[:length.value]


def export(sock, wish):
    """Keying material for a struct tlsup_exporter."""
    size = 2048
    buf = ctypes.create_string_buffer(wish, size)
    length = ctypes.c_uint(size)
    libc(LIBC.getsockopt(sock.fileno(), SOL_TLSUP, EXPORTER, buf,
                         ctypes.byref(length)))
    return buf.raw[:length.value]


def get_text(sock, option):
    """A string option; a closing NUL does not belong to it."""
    return get_option(sock, option, 1024).rstrip(b"\0").decode()


def attach(sock):
    """Put the ULP on a socket."""
    sock.setsockopt(socket.SOL_TCP, TCP_ULP, b"tlsup")


def start(sock, role):
    """Start the handshake; on a blocking socket, wait for its end."""
    set_option(sock, HANDSHAKE, role)


def info(sock):
    """TLSUP_INFO."""
    size = struct.calcsize(INFO_FORMAT)
    return Info(*struct.unpack(INFO_FORMAT, get_option(sock, INFO, size)))


def status(sock):
    """TLSUP_STATUS, the reason as text."""
    size = struct.calcsize(STATUS_FORMAT)
    raw = Status(*struct.unpack(STATUS_FORMAT, get_option(sock, STATUS, size)))
    return raw._replace(reason=raw.reason.split(b"\0")[0].decode())


def so_error(sock):
    """SO_ERROR: read and cleared."""
    return sock.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)


def alpn_list(*names):
    """RFC 7301's wire form."""
    return b"".join(bytes([len(n)]) + n.encode() for n in names)


def tcp_pair(stack, family=socket.AF_INET):
    """Two ends of a TCP connection over loopback, without Nagle's delay."""
    host = "::1" if family == socket.AF_INET6 else "127.0.0.1"
    with socket.create_server((host, 0), family=family) as listener:
        one = stack.enter_context(socket.socket(family, socket.SOCK_STREAM))
        one.connect(listener.getsockname()[:2])
        two = stack.enter_context(listener.accept()[0])
    for sock in (one, two):
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return one, two


def prepare(sock, profile=None, name=None, alpn=None, timeout=None):
    """Attach the ULP and set options, but do not start yet."""
    attach(sock)
    if profile is not None:
        set_option(sock, PROFILE, profile.encode())
    if name is not None:
        set_option(sock, SERVER_NAME, name.encode())
    if alpn is not None:
        set_option(sock, ALPN, alpn_list(*alpn))
    if timeout is not None:
        set_option(sock, TIMEOUT, timeout)
    return sock


class Background(threading.Thread):
    """Run a function in a thread; result() gives or raises what it did."""

    def __init__(self, func, *args):
        super().__init__(daemon=True)
        self.call = func, args
        self.value = self.error = None
        self.start()

    def run(self):
        func, args = self.call
        try:
            self.value = func(*args)
        except BaseException as error:  # pylint: disable=broad-except
            self.error = error

    def result(self, seconds=60):
        """Wait for the end."""
        self.join(seconds)
        if self.is_alive():
            raise TimeoutError(f"{self.call[0].__name__} hangs")
        if self.error:
            raise self.error
        return self.value
