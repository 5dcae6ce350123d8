#!/usr/bin/python3
# SPDX-License-Identifier: 0BSD
"""async_server.py PORT: echo lines to any number of clients."""
import asyncio
import socket
import sys

TCP_ULP, SOL_TLSUP = 31, 0x5455
HANDSHAKE, SERVER = 1, 2


async def echo(reader, writer):
    """Until the client closes; a handshake that failed shows as an OSError."""
    try:
        while line := await reader.readline():
            writer.write(line)
            await writer.drain()
    except OSError as error:
        print("a client:", error.strerror, file=sys.stderr)
    writer.close()


async def main():
    """The listener's options are inherited."""
    listener = socket.socket()
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.setsockopt(socket.SOL_TCP, TCP_ULP, b"tlsup")
    listener.setsockopt(SOL_TLSUP, HANDSHAKE, SERVER)
    listener.bind(("", int(sys.argv[1])))
    server = await asyncio.start_server(echo, sock=listener)
    async with server:
        await server.serve_forever()


asyncio.run(main())
