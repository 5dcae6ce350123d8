#!/usr/bin/python3
# SPDX-License-Identifier: 0BSD
"""server.py PORT: echo lines, a thread for each client, blocking.

The interpreter keeps its lock during setsockopt(), not during recv(): so the
role stands on the listener, and no handshake stops the other threads."""
import socket
import sys
import threading

TCP_ULP, SOL_TLSUP = 31, 0x5455
HANDSHAKE, SERVER = 1, 2


def echo(conn):
    """Until the client closes."""
    with conn:
        try:
            while data := conn.recv(16384):
                conn.sendall(data)
        except OSError as error:
            print("a client:", error.strerror, file=sys.stderr)


def main():
    """Listen; each accepted socket is a TLS socket."""
    with socket.socket() as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.setsockopt(socket.SOL_TCP, TCP_ULP, b"tlsup")
        listener.setsockopt(SOL_TLSUP, HANDSHAKE, SERVER)
        listener.bind(("", int(sys.argv[1])))
        listener.listen()
        while True:
            threading.Thread(target=echo, args=listener.accept()[:1],
                             daemon=True).start()


main()
