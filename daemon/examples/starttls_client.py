#!/usr/bin/python3
# SPDX-License-Identifier: 0BSD
"""starttls_client.py HOST PORT TEXT: mail TEXT over SMTP with STARTTLS. A server
that does not offer it gets nothing."""
import socket
import sys

import smtp


def reply(lines, wanted):
    """The lines of one reply, which must begin with the wanted code."""
    said = []
    while (line := lines.read()) is not None:
        said.append(line[4:])
        if line[3:4] != "-":
            if not line.startswith(wanted):
                raise ValueError(f"the server said: {line}")
            return said
    raise ValueError("the server has gone")


def ask(lines, line, wanted="250"):
    """One command."""
    lines.send(line)
    return reply(lines, wanted)


def send_mail(conn, host, text):
    """The dialogue; the second EHLO asks anew what the server can."""
    lines = smtp.Lines(conn)
    reply(lines, "220")
    if "STARTTLS" not in ask(lines, "EHLO localhost"):
        raise ValueError("the server does not offer STARTTLS")
    ask(lines, "STARTTLS", "220")
    lines.upgrade(smtp.CLIENT, host)
    ask(lines, "EHLO localhost")
    ask(lines, "MAIL FROM:<me@example.org>")
    ask(lines, "RCPT TO:<you@example.org>")
    ask(lines, "DATA", "354")
    ask(lines, text.replace("\n.", "\n..") + "\r\n.")
    ask(lines, "QUIT", "221")


def main():
    """Connect, and mail."""
    host, port, text = sys.argv[1:]
    with socket.create_connection((host, int(port))) as conn:
        try:
            send_mail(conn, host, text)
        except (OSError, ValueError) as error:
            sys.exit(f"{host}: {error}")


main()
