#!/usr/bin/env python3
# SPDX-License-Identifier: 0BSD
"""fetch.py HOST PORT [PATH]: an HTTPS client in Python that knows nothing of TLS."""
import socket
import sys

SOL_TLSUP, TLSUP_HANDSHAKE, TLSUP_SERVER_NAME, TLSUP_CLIENT = 0x5455, 1, 3, 1
TCP_ULP = 31

host, port, path = (sys.argv[1:] + ["/"])[:3]
with socket.create_connection((host, int(port))) as conn:
    conn.setsockopt(socket.SOL_TCP, TCP_ULP, b"tlsup")
    conn.setsockopt(SOL_TLSUP, TLSUP_SERVER_NAME, host.encode())
    conn.setsockopt(SOL_TLSUP, TLSUP_HANDSHAKE, TLSUP_CLIENT)
    conn.sendall(f"GET {path} HTTP/1.0\r\nHost: {host}\r\n\r\n".encode())
    reply = b""
    while data := conn.recv(65536):
        reply += data
print(reply.partition(b"\r\n\r\n")[2].decode(), end="")
