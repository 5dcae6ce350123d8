# SPDX-License-Identifier: 0BSD
"""What the two STARTTLS examples share: lines of SMTP (RFC 5321, RFC 3207), and
the change from TCP to TLS in the middle of a connection."""
import socket

TCP_ULP, SOL_TLSUP = 31, 0x5455
HANDSHAKE, SERVER_NAME = 1, 3
CLIENT, SERVER = 1, 2


class Lines:
    """Lines over a socket. What was read too much is kept in rest."""

    def __init__(self, sock):
        self.sock = sock
        self.rest = b""

    def send(self, line):
        """One line."""
        self.sock.sendall(line.encode() + b"\r\n")

    def read(self):
        """One line without its end; None at the end of the stream."""
        while b"\n" not in self.rest:
            data = self.sock.recv(4096)
            if not data:
                return None
            self.rest += data
            if len(self.rest) > 65536:
                raise ValueError("a line too long")
        line, self.rest = self.rest.split(b"\n", 1)
        return line.rstrip(b"\r").decode(errors="replace")

    def upgrade(self, role, name=None):
        """From here on, TLS.

        What has been read already came in plaintext, perhaps from somebody in
        between (CVE-2011-0411): it must not pass for what comes under TLS. What
        TCP still holds is for the record layer, which takes no plaintext.
        """
        if self.rest:
            raise ValueError("plaintext behind STARTTLS")
        self.sock.setsockopt(socket.SOL_TCP, TCP_ULP, b"tlsup")
        if name:
            self.sock.setsockopt(SOL_TLSUP, SERVER_NAME, name.encode())
        self.sock.setsockopt(SOL_TLSUP, HANDSHAKE, role)
