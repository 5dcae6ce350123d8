#!/usr/bin/python3
# SPDX-License-Identifier: 0BSD
"""async_client.py HOST PORT COUNT: send a line over COUNT connections at once,
print what comes back. The loop knows nothing of TLS: to it, the handshake is a
part of connect()."""
import asyncio
import os
import socket
import sys

TCP_ULP, SOL_TLSUP = 31, 0x5455
HANDSHAKE, SERVER_NAME = 1, 3
CLIENT = 1


async def dial(host, port):
    """A reader and a writer."""
    loop = asyncio.get_running_loop()
    family, *_rest, address = (await loop.getaddrinfo(
        host, port, type=socket.SOCK_STREAM))[0]
    sock = socket.socket(family)
    sock.setblocking(False)
    sock.setsockopt(socket.SOL_TCP, TCP_ULP, b"tlsup")
    sock.setsockopt(SOL_TLSUP, SERVER_NAME, host.encode())
    sock.setsockopt(SOL_TLSUP, HANDSHAKE, CLIENT)
    try:
        await loop.sock_connect(sock, address)
    except OSError:
        sock.close()
        raise
    return await asyncio.open_connection(sock=sock)


async def ask(host, port, number):
    """One connection, one line."""
    reader, writer = await dial(host, port)
    writer.write(f"line {number}\n".encode())
    line = await reader.readline()
    writer.close()
    await writer.wait_closed()
    return line.decode().strip()


async def main():
    """All at once."""
    host, port, count = sys.argv[1:]
    try:
        lines = await asyncio.gather(
            *(ask(host, int(port), n) for n in range(int(count))))
    except OSError as error:
        sys.exit(f"{host}: {os.strerror(error.errno)}")
    print("\n".join(lines))


asyncio.run(main())
