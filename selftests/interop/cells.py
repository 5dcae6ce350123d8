# SPDX-License-Identifier: GPL-2.0-only
# Copyright (C) 2026 The tlsup authors
"""The cells of the interop array: every handshake of another kind that tlsupd's
own tables allow, which of them a peer cannot do and why, and a covering array:
cells of which every pair of values that can stand together stands in one.

A cell has a value for each of FIELDS; "-" where there is nothing to choose.
"""
import collections
import itertools
import random
import subprocess

FIELDS = ("version", "exchange", "auth", "cipher", "ems", "etm", "client", "retry")
Cell = collections.namedtuple("Cell", FIELDS)

# Groups: tlsupd's name, OpenSSL's, GnuTLS's. The finite fields for both versions.
GROUPS = {
    "X25519": ("X25519", "GROUP-X25519"),
    "P-256": ("P-256", "GROUP-SECP256R1"),
    "X448": ("X448", "GROUP-X448"),
    "P-384": ("P-384", "GROUP-SECP384R1"),
    "P-521": ("P-521", "GROUP-SECP521R1"),
    "ffdhe2048": ("ffdhe2048", "GROUP-FFDHE2048"),
    "ffdhe3072": ("ffdhe3072", "GROUP-FFDHE3072"),
    "ffdhe4096": ("ffdhe4096", "GROUP-FFDHE4096"),
}
# How the server signs: its certificate; what a peer may be told to allow, by
# OpenSSL's and GnuTLS's names; the kind of suite of TLS 1.2.
AUTHS = {
    "rsa-pkcs1": ("rsa", "RSA+SHA256", "SIGN-RSA-SHA256", "RSA"),
    "rsa-pss-rsae": ("rsa", "rsa_pss_rsae_sha256", "SIGN-RSA-PSS-RSAE-SHA256", "RSA"),
    "rsa-pss-pss": ("rsapss", "rsa_pss_pss_sha256", "SIGN-RSA-PSS-SHA256", "RSA"),
    "P-256": ("p256", "ECDSA+SHA256", "SIGN-ECDSA-SHA256:+SIGN-ECDSA-SECP256R1-SHA256",
              "ECDSA"),
    "P-384": ("p384", "ECDSA+SHA384", "SIGN-ECDSA-SHA384:+SIGN-ECDSA-SECP384R1-SHA384",
              "ECDSA"),
    "P-521": ("p521", "ECDSA+SHA512", "SIGN-ECDSA-SHA512:+SIGN-ECDSA-SECP521R1-SHA512",
              "ECDSA"),
    "Ed25519": ("ed25519", "ed25519", "SIGN-EDDSA-ED25519", "ECDSA"),
    "Ed448": ("ed448", "ed448", "SIGN-EDDSA-ED448", "ECDSA"),
    "decryption": ("rsa", None, None, "RSA"),
}
# The end of a suite's name: OpenSSL's word (TLS 1.2), GnuTLS's cipher and MAC.
CIPHERS = {
    "AES_128_GCM_SHA256": ("AES128-GCM-SHA256", "AES-128-GCM", "AEAD"),
    "AES_256_GCM_SHA384": ("AES256-GCM-SHA384", "AES-256-GCM", "AEAD"),
    "CHACHA20_POLY1305_SHA256": ("CHACHA20-POLY1305", "CHACHA20-POLY1305", "AEAD"),
    "AES_128_CCM_SHA256": ("", "AES-128-CCM", "AEAD"),
    "AES_128_CCM_8_SHA256": ("", "AES-128-CCM-8", "AEAD"),
    "AES_128_CCM": ("AES128-CCM", "AES-128-CCM", "AEAD"),
    "AES_256_CCM": ("AES256-CCM", "AES-256-CCM", "AEAD"),
    "AES_128_CCM_8": ("AES128-CCM8", "AES-128-CCM-8", "AEAD"),
    "AES_256_CCM_8": ("AES256-CCM8", "AES-256-CCM-8", "AEAD"),
    "AES_128_CBC_SHA": ("AES128-SHA", "AES-128-CBC", "SHA1"),
    "AES_256_CBC_SHA": ("AES256-SHA", "AES-256-CBC", "SHA1"),
    "AES_128_CBC_SHA256": ("AES128-SHA256", "AES-128-CBC", "SHA256"),
    "AES_256_CBC_SHA256": ("AES256-SHA256", "AES-256-CBC", "SHA256"),
    "AES_256_CBC_SHA384": ("AES256-SHA384", "AES-256-CBC", "SHA384"),
}
CLIENTS = ("-", "rsa", "p256", "ed25519")


def suites(tlsupd):
    """What the policy compat allows: names and numbers, by tlsupd's own word."""
    text = subprocess.run([tlsupd, "--list-ciphers"], check=True, text=True,
                          capture_output=True).stdout
    rows = [line.split() for line in text.splitlines()]
    return {row[1]: int(row[0], 16) for row in rows if "compat" in row[4:]}


def suite_name(cell):
    """The standard's name of a cell's suite."""
    if cell.version == "1.3":
        return "TLS_" + cell.cipher
    kind = AUTHS[cell.auth][3]
    if cell.exchange == "RSA":
        return f"TLS_RSA_WITH_{cell.cipher}"
    family = "DHE" if cell.exchange.startswith("ffdhe") else "ECDHE"
    return f"TLS_{family}_{kind}_WITH_{cell.cipher}"


def _is_cell(cell, known):
    """Do these values go together at all?"""
    if suite_name(cell) not in known or (cell.auth == "decryption") != (
            cell.exchange == "RSA"):
        return False
    if cell.version == "1.3":
        return (cell.auth != "rsa-pkcs1" and cell.exchange != "RSA"
                and cell.ems == cell.etm == "-" != cell.retry)
    return (cell.retry == "-" != cell.ems
            and (cell.etm != "-") == ("_CBC_" in cell.cipher))


def all_cells(known):
    """Every cell."""
    values = (("1.2", "1.3"), ("RSA", *GROUPS), AUTHS, CIPHERS, ("-", "yes", "no"),
              ("-", "yes", "no"), CLIENTS, ("-", "yes", "no"))
    return [cell for cell in map(Cell._make, itertools.product(*values))
            if _is_cell(cell, known)]


def cannot(peer, role, cell):
    """Why a peer cannot do this cell; None: it can. @role is ours."""
    if peer == "GnuTLS" and role == "server" and cell.version == "1.2" \
            and cell.client == "ed25519":
        return "TLS 1.2: GnuTLS 3.7 as client answers ecdsa_sign with no EdDSA certificate"
    return None


def pairs_of(cell):
    """The pairs of values in a cell."""
    return itertools.combinations(tuple(zip(FIELDS, cell)), 2)


def covering(cells, least, seed=1):
    """Some of the cells, at least so many, with every pair that any has."""
    rng = random.Random(seed)
    where = collections.defaultdict(list)
    for cell in cells:
        for pair in pairs_of(cell):
            where[pair].append(cell)
    left, chosen = set(where), []
    for pair in sorted(where, key=lambda p: len(where[p])):
        if pair not in left:
            continue
        some = where[pair] if len(where[pair]) < 40 else rng.sample(where[pair], 40)
        best = max(some, key=lambda c: sum(p in left for p in pairs_of(c)))
        chosen.append(best)
        left.difference_update(pairs_of(best))
    rest = [cell for cell in cells if cell not in set(chosen)]
    return chosen + rng.sample(rest, min(len(rest), max(0, least - len(chosen))))
