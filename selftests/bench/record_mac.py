#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
# Copyright (C) 2026 The tlsup authors
"""record_mac.py SET OUTPUT: the MAC suites of TLS 1.2 in a guest, in both
orders. A SET is

	mac	beside OpenSSL's record layer in user space: no other Linux kernel
		has them
	limit	as a share of what cbc(aes) and the hash do alone"""
import json
import os
import statistics
import subprocess
import sys

RUNS = int(os.environ["TLSUP_RUNS"])
MS = os.environ["TLSUP_MS"]
BUILD = os.environ["BUILD"]
KERNEL = os.environ["TLSUP_KERNEL"]
RECORD = f"{BUILD}/selftests/bench/record_mac"
LIMIT = "/sys/module/tlsup_bench/parameters/limit"
KIB = 1024
# OpenSSL's name, the hash and the size of the key.
SUITES = {"AES128-SHA": ("sha1", 16), "AES256-SHA": ("sha1", 32),
          "AES128-SHA256": ("sha256", 16), "AES256-SHA256": ("sha256", 32),
          "ECDHE-RSA-AES256-SHA384": ("sha384", 32)}
PROCESSOR = ("aesni_intel", "sha1_ssse3", "sha256_ssse3", "sha512_ssse3")
ORDERS = {"mte": "0", "etm": "1"}


def record(who, suite, etm, write, read):
    """MB/s and seconds per GB."""
    done = subprocess.run([RECORD, who, suite, etm, str(write), str(read), MS],
                          stdout=subprocess.PIPE, text=True, check=True)
    return [float(word) for word in done.stdout.split()]


def alone(suite):
    """MB/s of cipher and hash on 16 KiB: there and back, there, back."""
    name, key = SUITES[suite]
    with open(LIMIT, "w", encoding="ascii") as limit:
        limit.write(f"hmac({name}) {key}")
    with open(LIMIT, encoding="ascii") as limit:
        return [float(word) for word in limit.read().split()]


def medians(rows):
    return [statistics.median(column) for column in zip(*rows)]


def beside_openssl(suite, order):
    for write in (16 * KIB, 256 * KIB):
        yield from in_turns(suite, order, write)


def in_turns(suite, order, write):
    """Throughput and processor time."""
    runs = {"tlsup": [], "openssl": []}
    for _ in range(RUNS):
        for who, found in runs.items():
            found.append(record(who, suite, ORDERS[order], write, 256 * KIB))
    ours, theirs = medians(runs["tlsup"]), medians(runs["openssl"])
    case = f"{suite} {order} write {write // KIB}K recv 256K"
    yield {"case": case, "unit": "MB/s", "tlsup": ours[0], "peer": theirs[0],
           "peer_name": "OpenSSL", "ratio": ours[0] / theirs[0], "runs": RUNS}
    yield {"case": case + " cpu", "unit": "s/GB", "tlsup": ours[1],
           "peer": theirs[1], "peer_name": "OpenSSL",
           "ratio": theirs[1] / ours[1], "runs": RUNS}


def share(suite, order):
    """The whole path's speed as a share of the ciphers', by the same clock: one
    process does it all."""
    path, limit = [], []
    for _ in range(RUNS):
        path.append(record("path", suite, ORDERS[order], 16 * KIB, 16 * KIB))
        limit.append(alone(suite))
    names = ("limit 16K", "limit 16K sending", "limit 16K receiving")
    for name, ours, peer in zip(names, medians(path), medians(limit)):
        yield {"case": f"{suite} {order} {name}", "unit": "MB/s",
               "tlsup": ours, "peer": peer,
               "peer_name": "cbc(aes) and hmac alone",
               "ratio": ours / peer, "runs": RUNS}


def main():
    """Measure one set."""
    what, output = sys.argv[1:]
    measure = {"mac": beside_openssl, "limit": share}[what]
    subprocess.run(["insmod", f"{BUILD}/{KERNEL}/bench/tlsup-bench.ko"],
                   check=True)
    # As udev loads them for the processor on a machine; UML has none.
    subprocess.run(["modprobe", "-qa", *PROCESSOR], check=False)
    # The first use loads what is missing; not while a handshake waits for it.
    for suite in SUITES:
        alone(suite)
    found = []
    for suite in SUITES:
        for order in ORDERS:
            for figure in measure(suite, order):
                figure["case"] = f"{KERNEL} mac {figure['case']}"
                print(f"{figure['case']}: {figure['tlsup']:.4g} "
                      f"{figure['unit']}, {figure['peer_name']} "
                      f"{figure['peer']:.4g}, ratio {figure['ratio']:.2f}",
                      flush=True)
                found.append(figure)
    with open(output, "w", encoding="utf-8") as out:
        json.dump(found, out)


main()
