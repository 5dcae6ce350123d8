#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
# Copyright (C) 2026 The tlsup authors
"""Both roles against OpenSSL's and GnuTLS's own tools: every suite, every
group, through HelloRetryRequest, with every kind of certificate. Each cell is
a handshake verified by both sides and data in both directions; the table of
all cells is printed at the end."""
import itertools
import os
import socket
import subprocess
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)) + "/../lib")
# pylint: disable=wrong-import-position
import host
import tlsup
from ktap import case, check, diag, equal, main

# Suite: its number, what OpenSSL calls it, what GnuTLS calls the cipher.
SUITES = {
    "AES-128": (0x1301, "TLS_AES_128_GCM_SHA256", "AES-128-GCM"),
    "AES-256": (0x1302, "TLS_AES_256_GCM_SHA384", "AES-256-GCM"),
    "CHACHA20": (0x1303, "TLS_CHACHA20_POLY1305_SHA256", "CHACHA20-POLY1305"),
}
# Group: its number and the two names.
GROUPS = {
    "X25519": (0x001d, "X25519", "GROUP-X25519"),
    "P-256": (0x0017, "P-256", "GROUP-SECP256R1"),
}
# Certificate (the profile has its name): the signature scheme.
CERTS = {"p256": 0x0403, "p384": 0x0503, "rsa": (0x0804, 0x0805, 0x0806),
         "ed25519": 0x0807}
CA = os.path.join(host.CERTS, "ca.pem")
ALPN = "http/1.1"

ports = itertools.count(20000)
results = {}


def files(cert):
    return (os.path.join(host.CERTS, cert + ".pem"),
            os.path.join(host.CERTS, cert + ".key"))


def priority(suite, *groups):
    """A GnuTLS priority string for TLS 1.3, one suite, these groups."""
    return ("NORMAL:-VERS-ALL:+VERS-TLS1.3:-CIPHER-ALL:+" + SUITES[suite][2]
            + ":-GROUP-ALL:" + ":".join("+" + g for g in groups)
            + ":+SIGN-EDDSA-ED25519")


def openssl_server(port, suite, group, cert):
    pem, key = files(cert)
    return ["openssl", "s_server", "-accept", str(port), "-naccept", "1",
            "-cert", pem, "-key", key, "-tls1_3", "-ciphersuites",
            SUITES[suite][1], "-groups", GROUPS[group][1], "-alpn", ALPN,
            "-msg", "-rev"]


def gnutls_server(port, suite, group, cert):
    pem, key = files(cert)
    return ["gnutls-serv", "-d", "4", "--port", str(port), "--echo",
            "--x509certfile", pem, "--x509keyfile", key, "--alpn", ALPN,
            "--priority", priority(suite, GROUPS[group][2]),
            "--disable-client-cert"]


def openssl_client(port, suite, group, retry):
    return ["openssl", "s_client", "-connect", f"127.0.0.1:{port}",
            "-servername", "localhost", "-tls1_3", "-ciphersuites",
            SUITES[suite][1], "-groups",
            ("P-521:" if retry else "") + GROUPS[group][1], "-alpn", ALPN,
            "-CAfile", CA, "-verify_return_error", "-verify_hostname",
            "localhost", "-msg", "-brief", "-ign_eof"]


def gnutls_client(port, suite, group, retry):
    groups = (["GROUP-SECP521R1"] if retry else []) + [GROUPS[group][2]]
    return ["gnutls-cli", "-d", "4", "--single-key-share", "--x509cafile", CA,
            "--alpn", ALPN, "--priority", priority(suite, *groups),
            "-p", str(port), "localhost"]


# Peer: its server and client commands, what its server makes of a line, how
# often its log shows a ClientHello.
PEERS = {
    "OpenSSL": (openssl_server, openssl_client, lambda line: line[-2::-1]
                + b"\n", "Handshake [length", ", ClientHello"),
    "GnuTLS": (gnutls_server, gnutls_client, lambda line: line,
               "|<4>| HSK[", "CLIENT HELLO"),
}


def hellos(name, log):
    """How many ClientHellos the peer's log tells of."""
    *_, begin, word = PEERS[name]
    return sum(begin in line and word in line and "sent" not in line
               for line in log.splitlines())


def check_info(sock, suite, group, cert):
    found = tlsup.info(sock)
    equal(found.version, 0x0304, "version")
    equal(hex(found.suite), hex(SUITES[suite][0]), "suite")
    equal(hex(found.group), hex(GROUPS[group][0]), "group")
    wanted = CERTS[cert] if isinstance(CERTS[cert], tuple) else (CERTS[cert],)
    check(found.scheme in wanted, "signature scheme", hex(found.scheme))
    equal(tlsup.get_text(sock, tlsup.ALPN), ALPN, "ALPN")


def connect_when_ready(stack, port, process):
    """Connect once the peer listens."""
    def attempt():
        sock = socket.socket()
        try:
            sock.connect(("127.0.0.1", port))
            return sock
        except ConnectionRefusedError:
            sock.close()
            check(process.poll() is None, "the peer has ended")
        return None
    sock = host.wait_for(attempt, 20)
    check(sock, "the peer does not listen")
    return stack.enter_context(sock)


def spawn(stack, command):
    """Start a peer; its output goes where log_of() finds it."""
    log = stack.enter_context(open(f"/tmp/tlsup-peer-{os.getpid()}.log",
                                   "w+b"))
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=log,
                               stderr=subprocess.STDOUT)

    def end():
        if process.poll() is None:
            process.kill()
        process.wait()
        process.stdin.close()
    stack.callback(end)
    return process, log.name


def log_of(path):
    with open(path, encoding="utf-8", errors="replace") as log:
        return log.read()


def explain(path):
    """The lines of the peer's log that are words, after a failure."""
    lines = [line for line in log_of(path).splitlines()
             if not line.startswith("    ") and "ASSERT" not in line]
    diag("the peer's log:\n" + "\n".join(lines[-25:]))


def as_client(stack, name, suite, group, retry, cert):
    """We are the client; a server that wants another group than the one that
    we guess asks with HelloRetryRequest."""
    port = next(ports)
    guess = "X25519" if (group == "X25519") != retry else "P-256"
    process, log = spawn(stack, PEERS[name][0](port, suite, group, cert))
    try:
        sock = connect_when_ready(stack, port, process)
        sock.settimeout(None)
        tlsup.prepare(sock, "guess-P-256" if guess == "P-256" else None,
                      "localhost", ["h2", ALPN])
        tlsup.start(sock, tlsup.CLIENT)
        check_info(sock, suite, group, cert)
        sock.sendall(b"ping\n")
        equal(sock.recv(5, socket.MSG_WAITALL), PEERS[name][2](b"ping\n"),
              "what came back")
        sock.shutdown(socket.SHUT_WR)
        while sock.recv(100):
            pass
        wanted = 2 if retry else 1
        host.wait_for(lambda: hellos(name, log_of(log)) == wanted, 5)
        equal(hellos(name, log_of(log)), wanted, "ClientHellos")
    except BaseException:
        explain(log)
        raise


def as_server(stack, name, suite, group, retry, cert):
    """We are the server; a client that guesses a group that we do not have is
    told the right one with HelloRetryRequest."""
    listener = stack.enter_context(socket.create_server(("127.0.0.1", 0)))
    listener.settimeout(20)
    command = PEERS[name][1](listener.getsockname()[1], suite, group, retry)
    process, log = spawn(stack, command)
    try:
        sock = stack.enter_context(listener.accept()[0])
        sock.settimeout(None)
        tlsup.prepare(sock, profile=f"{group}-{cert}", alpn=[ALPN])
        tlsup.start(sock, tlsup.SERVER)
        check_info(sock, suite, group, cert)
        equal(tlsup.get_text(sock, tlsup.SERVER_NAME), "localhost", "SNI")
        process.stdin.write(b"ping\n")
        process.stdin.flush()
        equal(sock.recv(5, socket.MSG_WAITALL), b"ping\n", "what came")
        sock.sendall(b"pong\n")
        sock.shutdown(socket.SHUT_WR)
        equal(process.wait(20), 0, "exit status of the peer")
        text = log_of(log)
        check("pong" in text, "the peer did not get our data")
        check("Verification: OK" in text or "certificate is trusted" in text,
              "the peer did not verify us")
        equal(hellos(name, text), 2 if retry else 1, "ClientHellos")
    except BaseException:
        explain(log)
        raise


ROLES = {"client": as_client, "server": as_server}


def cell(stack, role, name, suite, group, retry, cert):
    key = (role, name, cert, suite, group + ("/HRR" if retry else ""))
    results[key] = "FAIL"
    ROLES[role](stack, name, suite, group, retry, cert)
    results[key] = "ok"


def add_cells():
    for name, role, cert, suite, group, retry in itertools.product(
            PEERS, ROLES, CERTS, SUITES, GROUPS, (False, True)):
        case(f"{role} to {name} {suite} {group}"
             f"{' by HelloRetryRequest' if retry else ''} {cert}",
             cell, role, name, suite, group, retry, cert, seconds=60)


def profiles():
    """The usual profiles, and for each certificate and group one that has
    this group only."""
    text = host.config()
    for cert, group in itertools.product(CERTS, GROUPS):
        pem, key = files(cert)
        text += (f'profile "{group}-{cert}" {{\n\tgroups = {{ "{group}" }}\n'
                 f'\tcertificate = "{pem}"\n\tkey = "{key}"\n}}\n')
    return text


def print_table():
    columns = list(dict.fromkeys(key[3:] for key in results))
    rows = list(dict.fromkeys(key[:3] for key in results))
    widths = [len(" ".join(column)) + 1 for column in columns]
    diag("our role, peer, cert".ljust(24), "".join(
        " ".join(c).ljust(w) for c, w in zip(columns, widths)))
    for row in rows:
        diag(" ".join(row).ljust(24), "".join(
            results.get(row + c, "-").ljust(w)
            for c, w in zip(columns, widths)))
    good = sum(r == "ok" for r in results.values())
    diag(f"{good} of {len(results)} cells")


if __name__ == "__main__":
    add_cells()
    with host.Daemon(profiles()):
        try:
            main()
        finally:
            print_table()
