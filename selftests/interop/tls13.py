#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
# Copyright (C) 2026 The tlsup authors
"""TLS 1.3 in both roles against OpenSSL's and GnuTLS's own tools, over the
real module: every suite, every group in turn by a right and a wrong guess, with
and without a cookie, every kind of certificate, client certificates that are
asked for, sent and not sent, small records. (Debian's builds of neither peer
can compress a chain.)"""
import itertools
import os
import socket
import ssl
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)) + "/../lib")
# pylint: disable=wrong-import-position
import host
import matrix
import tlsup
from ktap import case, check, diag, equal, main

# Suite: its number, OpenSSL's name, GnuTLS's cipher.
SUITES = {
    "AES-128-GCM": (0x1301, "TLS_AES_128_GCM_SHA256", "AES-128-GCM"),
    "AES-256-GCM": (0x1302, "TLS_AES_256_GCM_SHA384", "AES-256-GCM"),
    "CHACHA20": (0x1303, "TLS_CHACHA20_POLY1305_SHA256", "CHACHA20-POLY1305"),
    "CCM": (0x1304, "TLS_AES_128_CCM_SHA256", "AES-128-CCM"),
    "CCM-8": (0x1305, "TLS_AES_128_CCM_8_SHA256", "AES-128-CCM-8"),
}
# Group: its number and the two names.
GROUPS = {
    "X25519": (0x001d, "X25519", "GROUP-X25519"),
    "P-256": (0x0017, "P-256", "GROUP-SECP256R1"),
    "X448": (0x001e, "X448", "GROUP-X448"),
    "P-384": (0x0018, "P-384", "GROUP-SECP384R1"),
    "P-521": (0x0019, "P-521", "GROUP-SECP521R1"),
    "ffdhe2048": (0x0100, "ffdhe2048", "GROUP-FFDHE2048"),
    "ffdhe3072": (0x0101, "ffdhe3072", "GROUP-FFDHE3072"),
    "ffdhe4096": (0x0102, "ffdhe4096", "GROUP-FFDHE4096"),
    "ffdhe6144": (0x0103, "ffdhe6144", "GROUP-FFDHE6144"),
    "ffdhe8192": (0x0104, "ffdhe8192", "GROUP-FFDHE8192"),
}
# Certificate: the signature schemes that fit it.
CERTS = {
    "p256": (0x0403,), "rsa": (0x0804, 0x0805, 0x0806), "ed25519": (0x0807,),
    "p384": (0x0503,), "rsapss": (0x0809, 0x080a, 0x080b),
    "p521": (0x0603,), "ed448": (0x0808,),
}
# What a client has when a server asks, and whether that will do.
AUTHS = {
    "none": (None, False), "request": ("client", True),
    "request-without": (None, False), "require": ("client-rsa", True),
}
LIMIT = 512
results = {}


def cells():
    """Each group twice; the rest in turn, at strides that have no factor in
    common, so that each value meets many others."""
    for n, (group, retry) in enumerate(itertools.product(GROUPS, (0, 1))):
        yield (list(SUITES)[n % 5], group, bool(retry), list(CERTS)[n % 7],
               list(AUTHS)[(n + n // 4) % 4])


def guess(group, retry):
    """The group whose key share a client sends first."""
    if not retry:
        return group
    return "P-256" if group == "X25519" else "X25519"


def profile_name(role, group, retry, cert, auth):
    return f"{role}-{group}-{int(retry)}-{cert}-{auth}"


def profiles():
    """A profile for each cell and role: what the cell wants and nothing else."""
    text = ""
    for _, group, retry, cert, auth in cells():
        for role in ("client", "server"):
            own = cert if role == "server" else AUTHS[auth][0]
            text += (f'profile "{profile_name(role, group, retry, cert, auth)}"'
                     f' {{\n\tpolicy = "compat"\n'
                     f'\ttrust = "{host.CERTS}/ca.pem"\n'
                     f'\trecord_size_limit = {LIMIT}\n')
            if own:
                pem, key = matrix.files(own)
                text += f'\tcertificate = "{pem}"\n\tkey = "{key}"\n'
            if role == "client":
                first = guess(group, retry)
                both = f'"{first}", ' if first != group else ""
                text += f'\tgroups = {{ {both}"{group}" }}\n'
            else:
                text += (f'\tgroups = {{ "{group}" }}\n'
                         f'\tclient_auth = "{auth.split("-")[0]}"\n'
                         f'\tretry_cookie = {"true" if retry else "false"}\n')
            text += "}\n"
    return text


def priority(suite, *groups):
    return ("NORMAL:-VERS-ALL:+VERS-TLS1.3:-CIPHER-ALL:+" + SUITES[suite][2]
            + ":-GROUP-ALL:" + ":".join("+" + GROUPS[g][2] for g in groups)
            + ":+SIGN-EDDSA-ED25519:+SIGN-EDDSA-ED448:%PROFILE_LOW")


def credential(flags, name):
    return [word for flag, file in zip(flags, matrix.files(name))
            for word in (flag, file)] if name else []


def server_command(name, port, cell):
    suite, group, _, cert, auth = cell
    if name == "OpenSSL":
        asks = {"none": [], "request": ["-verify", "2"],
                "require": ["-Verify", "2"]}[auth.split("-")[0]]
        return (["openssl", "s_server", "-accept", str(port), "-naccept", "1",
                 "-tls1_3", "-ciphersuites", SUITES[suite][1], "-groups",
                 GROUPS[group][1], "-CAfile", matrix.CA,
                 "-verify_return_error", "-msg", "-rev"] + asks
                + credential(("-cert", "-key"), cert))
    asks = {"none": ["--disable-client-cert"], "request": [],
            "require": ["--require-client-cert"]}[auth.split("-")[0]]
    if asks != ["--disable-client-cert"]:
        asks += ["--x509cafile", matrix.CA]
        if "--require-client-cert" in asks:
            asks.append("--verify-client-cert")
    return (["gnutls-serv", "-d", "4", "--port", str(port), "--echo",
             "--priority", priority(suite, group)]
            + asks + credential(("--x509certfile", "--x509keyfile"), cert))


def client_command(name, port, cell):
    suite, group, retry, _, auth = cell
    groups = [guess(group, retry), group] if retry else [group]
    own = AUTHS[auth][0]
    if name == "OpenSSL":
        return (["openssl", "s_client", "-connect", f"127.0.0.1:{port}",
                 "-servername", "localhost", "-tls1_3", "-ciphersuites",
                 SUITES[suite][1], "-groups",
                 ":".join(GROUPS[g][1] for g in groups), "-CAfile", matrix.CA,
                 "-verify_return_error", "-verify_hostname", "localhost",
                 "-msg", "-brief", "-ign_eof"]
                + credential(("-cert", "-key"), own))
    return (["gnutls-cli", "-d", "4", "--single-key-share", "--x509cafile",
             matrix.CA, "--recordsize", str(LIMIT), "--priority",
             priority(suite, *groups)]
            + credential(("--x509certfile", "--x509keyfile"), own)
            + ["-p", str(port), "localhost"])


def check_info(sock, cell):
    suite, group, _, cert, auth = cell
    found = tlsup.info(sock)
    equal(found.version, 0x0304, "version")
    equal(hex(found.suite), hex(SUITES[suite][0]), "suite")
    equal(hex(found.group), hex(GROUPS[group][0]), "group")
    check(found.scheme in CERTS[cert], "signature scheme", hex(found.scheme))
    equal(bool(found.client_authenticated), AUTHS[auth][1],
          "client authenticated")


def check_peer(name, log, cell):
    """What the peer's own log says: one hello more after a retry."""
    equal(matrix.hellos(name, log), 1 + cell[2], "ClientHellos")


def as_client(stack, name, cell):
    port = next(matrix.ports)
    process, log = matrix.spawn(stack, server_command(name, port, cell))
    try:
        sock = matrix.connect_when_ready(stack, port, process)
        sock.settimeout(None)
        tlsup.prepare(sock, profile_name("client", *cell[1:]), "localhost")
        tlsup.start(sock, tlsup.CLIENT)
        check_info(sock, cell)
        line = b"x" * 3000 + b"\n"
        sock.sendall(line)
        equal(sock.recv(len(line), socket.MSG_WAITALL),
              matrix.PEERS[name][2](line), "what came back")
        sock.shutdown(socket.SHUT_WR)
        while sock.recv(100):
            pass
        host.wait_for(lambda: matrix.hellos(name, matrix.log_of(log))
                      == 1 + cell[2], 5)
        check_peer(name, matrix.log_of(log), cell)
    except BaseException:
        matrix.explain(log)
        raise


def as_server(stack, name, cell):
    listener = stack.enter_context(socket.create_server(("127.0.0.1", 0)))
    listener.settimeout(20)
    process, log = matrix.spawn(stack, client_command(
        name, listener.getsockname()[1], cell))
    try:
        sock = stack.enter_context(listener.accept()[0])
        sock.settimeout(None)
        tlsup.prepare(sock, profile_name("server", *cell[1:]))
        tlsup.start(sock, tlsup.SERVER)
        check_info(sock, cell)
        own = AUTHS[cell[4]][0]
        if own:
            with open(matrix.files(own)[0], encoding="ascii") as pem:
                equal(tlsup.get_option(sock, tlsup.PEER_CERT),
                      ssl.PEM_cert_to_DER_cert(pem.read()),
                      "the client's certificate")
        process.stdin.write(b"ping\n")
        process.stdin.flush()
        equal(sock.recv(5, socket.MSG_WAITALL), b"ping\n", "what came")
        sock.sendall(b"pong\n" * 1000)
        sock.shutdown(socket.SHUT_WR)
        equal(process.wait(20), 0, "exit status of the peer")
        text = matrix.log_of(log)
        equal(text.count("pong"), 1000, "pongs that the peer got")
        check_peer(name, text, cell)
    except BaseException:
        matrix.explain(log)
        raise


ROLES = {"client": as_client, "server": as_server}


def run(stack, role, name, cell):
    results[(role, name, cell)] = "FAIL"
    ROLES[role](stack, name, cell)
    results[(role, name, cell)] = "ok"


def describe(cell):
    suite, group, retry, cert, auth = cell
    return (f"{suite} {group}{' by HelloRetryRequest' if retry else ''} {cert}"
            f" client auth {auth}")


def print_table():
    for cell in cells():
        tried = [results.get((r, p, cell), "-")
                 for r in ROLES for p in matrix.PEERS]
        diag(describe(cell).ljust(66), " ".join(t.ljust(4) for t in tried))
    diag("columns:", ", ".join(f"{r} to {p}" for r in ROLES
                               for p in matrix.PEERS))


if __name__ == "__main__":
    for peer, which, values in itertools.product(matrix.PEERS, ROLES,
                                                 cells()):
        case(f"{which} to {peer} {describe(values)}", run, which, peer, values,
             seconds=60)
    with host.Daemon(profiles()):
        try:
            main()
        finally:
            print_table()
