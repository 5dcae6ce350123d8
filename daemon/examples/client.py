#!/usr/bin/python3
# SPDX-License-Identifier: 0BSD
"""client.py HOST PORT [PATH]: fetch a page, blocking."""
import socket
import struct
import sys

TCP_ULP, SOL_TLSUP = 31, 0x5455
HANDSHAKE, SERVER_NAME, STATUS = 1, 3, 8
CLIENT = 1


def reason(conn):
    """One sentence why it failed (struct tlsup_status)."""
    status = conn.getsockopt(SOL_TLSUP, STATUS, 144)
    return struct.unpack("=2I2hI128s", status)[-1].split(b"\0")[0].decode()


def main():
    """Fetch."""
    host, port, path = (sys.argv[1:] + ["/"])[:3]
    with socket.create_connection((host, int(port))) as conn:
        try:
            conn.setsockopt(socket.SOL_TCP, TCP_ULP, b"tlsup")
            conn.setsockopt(SOL_TLSUP, SERVER_NAME, host.encode())
            conn.setsockopt(SOL_TLSUP, HANDSHAKE, CLIENT)
            conn.sendall(f"GET {path} HTTP/1.0\r\nHost: {host}\r\n\r\n".encode())
            while data := conn.recv(16384):
                sys.stdout.buffer.write(data)
        except OSError as error:
            sys.exit(f"{host}: {error.strerror}: {reason(conn)}")


main()
