#!/usr/bin/env python3
# SPDX-License-Identifier: 0BSD
"""serve.py PORT: an HTTPS server in Python that knows nothing of TLS."""
import socket
import sys

SOL_TLSUP, TLSUP_HANDSHAKE, TLSUP_SERVER = 0x5455, 1, 2
TCP_ULP = 31

listener = socket.create_server(("", int(sys.argv[1])))
print("listening on", sys.argv[1], flush=True)
while True:
    conn, peer = listener.accept()
    with conn:
        try:
            conn.setsockopt(socket.SOL_TCP, TCP_ULP, b"tlsup")
            conn.setsockopt(SOL_TLSUP, TLSUP_HANDSHAKE, TLSUP_SERVER)
            request = b""
            while b"\r\n\r\n" not in request and (data := conn.recv(4096)):
                request += data
            conn.sendall(b"HTTP/1.0 200 OK\r\n\r\nhello from serve.py\n")
            conn.shutdown(socket.SHUT_WR)
        except OSError as error:
            print(peer[0], error, file=sys.stderr)
