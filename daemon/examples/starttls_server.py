#!/usr/bin/python3
# SPDX-License-Identifier: 0BSD
"""starttls_server.py PORT: take mail over SMTP with STARTTLS, and print it. No
mail is taken before TLS."""
import socket
import sys

import smtp


def mail(lines):
    """The text up to the dot (RFC 5321, 4.5.2)."""
    while (line := lines.read()) not in (".", None):
        print("mail:", line[1:] if line.startswith(".") else line, flush=True)
    return "250 taken" if line else None


def answer(lines, word, secure):
    """To one command; None ends the connection."""
    if word == "EHLO":
        lines.send("250-localhost")
        return "250 HELP" if secure else "250 STARTTLS"
    if word in ("NOOP", "RSET", "HELP"):
        return "250 ok"
    if word not in ("MAIL", "RCPT", "DATA"):
        return "502 no such command"
    if not secure:
        return "530 STARTTLS first"
    if word == "DATA":
        lines.send("354 go on")
        return mail(lines)
    return "250 ok"


def serve(conn):
    """One client."""
    lines, secure = smtp.Lines(conn), False
    lines.send("220 localhost ESMTP")
    while (line := lines.read()) is not None:
        word = line.split(" ")[0].upper()
        print("TLS:" if secure else "plain:", line, flush=True)
        if word == "STARTTLS" and not secure:
            if lines.rest:
                lines.send("501 nothing may follow STARTTLS")
                return
            lines.send("220 go ahead")
            lines.upgrade(smtp.SERVER)
            secure = True
            continue
        if word == "QUIT":
            lines.send("221 bye")
            return
        said = answer(lines, word, secure)
        if said is None:
            return
        lines.send(said)


def main():
    """One client after the other."""
    with socket.create_server(("", int(sys.argv[1]))) as listener:
        while True:
            with listener.accept()[0] as conn:
                try:
                    serve(conn)
                except (OSError, ValueError) as error:
                    print("ended:", error, flush=True)


main()
