#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
# Copyright (C) 2026 The tlsup authors
"""Both roles against OpenSSL and GnuTLS, over the real module: a covering array of
all handshakes that tlsupd's tables allow (every pair of version, key exchange,
authentication, cipher, extended master secret, encrypt-then-MAC, client
authentication and HelloRetryRequest), each with data both ways and exporters that
agree. FULL=1 tries every cell."""
import collections
import contextlib
import errno
import os
import socket
import struct
import subprocess
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)) + "/../lib")
# pylint: disable=wrong-import-position
import cells
import host
import tlsup
from ktap import FULL, case, check, diag, equal, fails_with, main

LEAST = 200
CURVES = {"p256": "P-256", "p384": "P-384", "p521": "P-521"}
SCHEMES = {"rsa-pkcs1": 0x0401, "rsa-pss-rsae": 0x0804, "rsa-pss-pss": 0x0809,
           "P-256": 0x0403, "P-384": 0x0503, "P-521": 0x0603, "Ed25519": 0x0807,
           "Ed448": 0x0808, "decryption": 0}
CLIENT_SIGNS = {"rsa": "rsa-pss-rsae", "p256": "P-256", "ed25519": "Ed25519"}
LABEL = b"EXPERIMENTAL tlsup"

KNOWN = cells.suites(os.path.join(host.BIN, "tlsupd"))
results = collections.Counter()
not_tried = collections.Counter()


def other_group(group):
    """The one that is guessed where another is wanted."""
    return "X25519" if group == "P-521" else "P-521"


def quoted(names):
    return "{ " + ", ".join(f'"{n}"' for n in names) + " }"


def profile(name, cert, groups, auth="none"):
    text = (f'profile "{name}" {{\n\tpolicy = "compat"\n\ttrust = "{host.CERTS}/ca.pem"\n'
            f"\tgroups = {quoted(groups)}\n\tclient_auth = \"{auth}\"\n")
    if cert != "-":
        text += (f'\tcertificate = "{host.CERTS}/{cert}.pem"\n'
                 f'\tkey = "{host.CERTS}/{cert}.key"\n')
    return text + "}\n"


def config():
    """A server for each certificate, group and kind of client authentication; a
    client for each group, guessed at once or at the second time, and certificate."""
    text = ""
    for group in cells.GROUPS:
        for cert in sorted({auth[0] for auth in cells.AUTHS.values()}):
            for auth in ("none", "require"):
                text += profile(f"s-{cert}-{group}-{auth}", cert, [group], auth)
        more = [c for c in CURVES.values() if c not in (group, other_group(group))]
        for cert in cells.CLIENTS:
            text += profile(f"c-{group}-no-{cert}", cert,
                            [group] + [c for c in CURVES.values() if c != group])
            text += profile(f"c-{group}-yes-{cert}", cert,
                            [other_group(group), group] + more)
    return text


def group_of(cell):
    return "X25519" if cell.exchange == "RSA" else cell.exchange


def extra_curves(cell):
    """TLS 1.2: certificates' curves must be offered as well."""
    certs = (cells.AUTHS[cell.auth][0], cell.client)
    curves = [CURVES[c] for c in certs if cell.version == "1.2" and c in CURVES]
    return [c for c in dict.fromkeys(curves) if c != cell.exchange]


def signing(cell, column):
    """What the peer may sign with and verify, the authority's P-256 included."""
    wanted = [cell.auth, "P-256"]
    if cell.client != "-" and not (cell.client == "rsa" and cell.auth.startswith("rsa-pkcs1")):
        wanted.append(CLIENT_SIGNS[cell.client])
    return list(dict.fromkeys(cells.AUTHS[w][column] for w in wanted))


def openssl_words(cell, is_server):
    """The wish of a cell in the words of peer_openssl."""
    words = [f"version={cell.version}"]
    family = cell.exchange.startswith("ffdhe") and cell.version == "1.2"
    if cell.version == "1.3":
        words.append("ciphers=TLS_" + cell.cipher)
    else:
        kind = "" if cell.exchange == "RSA" else (
            "DHE-RSA-" if family else f"ECDHE-{cells.AUTHS[cell.auth][3]}-")
        words.append(f"ciphers={kind}{cells.CIPHERS[cell.cipher][0]}")
    groups = [cells.GROUPS[g][0] for g in [group_of(cell)] + extra_curves(cell)]
    if cell.retry == "yes" and not is_server:
        groups.insert(0, other_group(cell.exchange))
    if not family:
        words.append("groups=" + ":".join(groups))
    elif is_server:
        words.append(f"dh={cell.exchange}")
    if cell.auth != "decryption":
        words.append("sigalgs=" + ":".join(signing(cell, 1)))
    words += ["no_ems=1"] * (cell.ems == "no") + ["no_etm=1"] * (cell.etm == "no")
    return words


def gnutls_words(cell, is_server):
    """The same in the words of peer_gnutls: a priority string."""
    _, cipher, mac = cells.CIPHERS[cell.cipher]
    family = cell.exchange.startswith("ffdhe")
    exchange = "RSA" if cell.exchange == "RSA" else (
        "DHE-RSA" if family else f"ECDHE-{cells.AUTHS[cell.auth][3]}")
    groups = [cells.GROUPS[g][1] for g in [group_of(cell)] + extra_curves(cell)]
    if cell.retry == "yes" and not is_server:
        groups.insert(0, cells.GROUPS[other_group(cell.exchange)][1])
    words = ["NORMAL", "%PROFILE_LOW", "-VERS-ALL", f"+VERS-TLS{cell.version}",
             "-CIPHER-ALL", "+" + cipher, "-MAC-ALL", "+" + mac]
    if cell.version == "1.2":
        words += ["-KX-ALL", "+" + exchange]
    words += ["-GROUP-ALL"] + ["+" + g for g in groups]
    if cell.auth != "decryption":
        words += ["-SIGN-ALL"] + ["+" + s for s in signing(cell, 2)]
    words += ["%NO_SESSION_HASH"] * (cell.ems == "no") + ["%NO_ETM"] * (cell.etm == "no")
    return ["priority=" + ":".join(words)]


class Peer:
    """One process of another library, many connections."""

    def __init__(self, name, program, words):
        self.name, self.words = name, words
        self.process = subprocess.Popen(
            [os.path.join(host.BUILD, "selftests/interop", program)], text=True,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, bufsize=1)
        self.port = int(self.process.stdout.readline())

    def begin(self, cell, is_server, port=0):
        """Have it make, or take, the next connection."""
        words = self.words(cell, is_server) + [f"ca={host.CERTS}/ca.pem"]
        cert = cells.AUTHS[cell.auth][0] if is_server else cell.client
        if cert != "-":
            words += [f"cert={host.CERTS}/{cert}.pem", f"key={host.CERTS}/{cert}.key"]
        if is_server and cell.client != "-":
            words.append("verify=1")
        self.process.stdin.write(
            " ".join(["server" if is_server else "client", str(port)] + words) + "\n")

    def end(self):
        """What it has found: version, retries, ems, authenticated, exported."""
        line = self.process.stdout.readline().split()
        check(line and line[0] == "ok", self.name + ":", *line)
        return [int(w) for w in line[1:5]] + [line[5]]


PEERS = {"OpenSSL": Peer("OpenSSL", "peer_openssl", openssl_words),
         "GnuTLS": Peer("GnuTLS", "peer_gnutls", gnutls_words)}


def exported(sock, length=40):
    """What the kernel exports, in hexadecimal capitals."""
    wish = struct.pack("=HHHBB", length, len(LABEL), 0, 0, 0) + LABEL
    return tlsup.export(sock, wish).hex().upper()


def judge_schemes(cell, role, scheme):
    if cell.version == "1.2" and cell.auth in ("P-384", "P-521") and role == "client":
        check(scheme & 0xff == 3, "signature scheme", hex(scheme))
    else:
        equal(hex(scheme), hex(SCHEMES[cell.auth]), "signature scheme")


def judge(cell, role, ours, theirs, ours_exported):
    """What both sides say is what the cell wants."""
    version, retries, ems, authenticated, material = theirs
    equal(ours.version, 0x0304 if cell.version == "1.3" else 0x0303, "version")
    equal(version, ours.version, "the peer's version")
    equal(hex(ours.suite), hex(KNOWN[cells.suite_name(cell)]), "suite")
    judge_schemes(cell, role, ours.scheme)
    equal(retries, int(cell.retry == "yes"), "HelloRetryRequests")
    if cell.version == "1.2":
        equal(ems, int(cell.ems == "yes"), "extended master secret")
    equal(authenticated, int(role == "server" or cell.client != "-"), "the peer verified")
    if role == "server":
        equal(ours.client_authenticated, int(cell.client != "-"), "client")
    if cell.ems != "no":
        equal(ours_exported, material, "exporter")


def as_client(stack, peer, cell):
    """We are the client."""
    peer.begin(cell, True)
    sock = stack.enter_context(socket.create_connection(("127.0.0.1", peer.port)))
    sock.settimeout(None)
    retry = "yes" if cell.retry == "yes" else "no"
    tlsup.prepare(sock, f"c-{group_of(cell)}-{retry}-{cell.client}", "localhost")
    tlsup.start(sock, tlsup.CLIENT)
    data = bytes(i % 253 for i in range(20000))
    sock.sendall(data)
    equal(sock.recv(len(data), socket.MSG_WAITALL) == data, True, "data")
    return sock


def as_server(stack, peer, cell):
    """We are the server, and send back what comes."""
    listener = stack.enter_context(socket.create_server(("127.0.0.1", 0)))
    listener.settimeout(20)
    peer.begin(cell, False, listener.getsockname()[1])
    sock = stack.enter_context(listener.accept()[0])
    sock.settimeout(None)
    auth = "none" if cell.client == "-" else "require"
    cert = cells.AUTHS[cell.auth][0]
    tlsup.prepare(sock, f"s-{cert}-{group_of(cell)}-{auth}")
    tlsup.start(sock, tlsup.SERVER)
    sock.sendall(sock.recv(20000, socket.MSG_WAITALL))
    return sock


ROLES = {"client": as_client, "server": as_server}


def say_goodbye(sock):
    """To a peer that may have hung up after its own close_notify."""
    with contextlib.suppress(OSError):
        sock.shutdown(socket.SHUT_WR)
        while sock.recv(1000):
            pass


def run_cell(role, peer, cell):
    """One handshake; None, or why it failed."""
    ours = material = None
    with contextlib.ExitStack() as stack:
        try:
            sock = ROLES[role](stack, peer, cell)
            ours = tlsup.info(sock)
            if cell.ems != "no":
                material = exported(sock)
            else:
                with fails_with(errno.ENODATA, "exporter"):
                    exported(sock)
            say_goodbye(sock)
        except (OSError, AssertionError) as error:
            ours = error
    try:
        theirs = peer.end()
        if isinstance(ours, Exception):
            raise ours
        judge(cell, role, ours, theirs, material)
    except (OSError, AssertionError) as error:
        return f"{error}; ours: {ours}" if ours is not error else str(error)
    return None


def group(_stack, role, name, some):
    """The cells of one version and exchange."""
    failures = []
    for cell in some:
        why = run_cell(role, PEERS[name], cell)
        results[role, name, why is None] += 1
        if why:
            failures.append(" ".join(cell) + ": " + why)
    check(not failures, "\n" + "\n".join(failures))


def plan():
    """The cases: cells by role, peer, version and exchange."""
    everything = cells.all_cells(KNOWN)
    for role in ROLES:
        for name in PEERS:
            why = {cell: cells.cannot(name, role, cell) for cell in everything}
            for cell in everything:
                if why[cell]:
                    not_tried[role, name, why[cell]] += 1
            can = [cell for cell in everything if not why[cell]]
            some = can if FULL else cells.covering(can, LEAST)
            not_tried[role, name, "not in the covering array: FULL=1"] += len(can) - len(some)
            groups = collections.defaultdict(list)
            for cell in some:
                groups[cell.version, cell.exchange].append(cell)
            for key in sorted(groups):
                case(f"{role} to {name}: TLS {key[0]} {key[1]}: {len(groups[key])} cells",
                     group, role, name, groups[key],
                     seconds=7200 if FULL else 1200)


def print_table():
    """How many went well, and every cell that was not tried, by its reason."""
    for role in ROLES:
        for name in PEERS:
            good, bad = (results[role, name, ok] for ok in (True, False))
            diag(f"{role} to {name}: {good} of {good + bad} cells")
            for (which, peer, why), count in sorted(not_tried.items()):
                if (which, peer) == (role, name) and count:
                    diag(f"    {count} not tried: {why}")


if __name__ == "__main__":
    plan()
    with host.Daemon(config()):
        try:
            main()
        finally:
            print_table()
