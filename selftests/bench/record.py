#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
# Copyright (C) 2026 The tlsup authors
"""record.py SET OUTPUT: the record layer beside in-tree TLS and plain TCP, in a
guest; the figures go to OUTPUT. A SET is

	copy	a gcm(aes) that only copies: what the record layer itself costs
	count	the same where the clock counts instructions (scripts/guest
		--icount): a nanosecond is one, and so is the figure per byte
	real	the kernel's own ciphers
	small	the limit that these set; latency, setup and memory
	latency	the last but one, where the clock counts instructions

All that is compared is run in turns, RUNS times; what counts is the median."""
import json
import os
import statistics
import subprocess
import sys

RUNS = int(os.environ["TLSUP_RUNS"])
MS = os.environ["TLSUP_MS"]
BUILD = os.environ["BUILD"]
RECORD = f"{BUILD}/selftests/bench/record"
IDLE = f"{BUILD}/selftests/bench/idle"
NAMES = {"tls": "kTLS", "nopad": "kTLS nopad", "plain": "plain TCP"}
KIB = 1024
SIZES = {"copy": (KIB, 4 * KIB, 16 * KIB, 64 * KIB, 256 * KIB, 1024 * KIB),
         "count": (KIB, 16 * KIB, 64 * KIB, 256 * KIB),
         "real": (KIB, 16 * KIB, 256 * KIB)}
CIPHERS = {"copy": ("gcm",), "count": ("gcm",), "real": ("gcm", "chacha"),
           "small": ("gcm", "chacha")}
LIMITS = {"gcm": "gcm(aes)", "chacha": "rfc7539(chacha20,poly1305)"}
LIMIT = "/sys/module/tlsup_bench/parameters/limit"


def record(ulp, version, cipher, how, write, read):
    """What the program prints: two figures."""
    done = subprocess.run([RECORD, ulp, version, cipher, how, str(write),
                           str(read), MS], stdout=subprocess.PIPE, text=True,
                          check=True)
    return [float(word) for word in done.stdout.split()]


def in_turns(ulps, *args):
    """The medians of both figures of each ULP."""
    runs = {ulp: [] for ulp in ulps}
    for _ in range(RUNS):
        for ulp in ulps:
            runs[ulp].append(record(ulp, *args))
    return {ulp: [statistics.median(column) for column in zip(*found)]
            for ulp, found in runs.items()}


def figures(case, unit, which, medians, less_is_better=False):
    """One figure per peer."""
    ours = medians["tlsup-raw"][which]
    for ulp, found in medians.items():
        if ulp == "tlsup-raw":
            continue
        ratio = ours / found[which] if found[which] else 0
        yield {"case": case, "unit": unit, "tlsup": ours, "peer": found[which],
               "peer_name": NAMES[ulp], "runs": RUNS,
               "ratio": (1 / ratio if ratio else 0) if less_is_better
               else ratio}


def stream_figures(what, case, medians):
    """What streamed, as MB/s and processor time, or as instructions."""
    if what == "count":
        counts = {ulp: [1000 / found[0]] for ulp, found in medians.items()}
        yield from figures(case, "instructions/byte", 0, counts, True)
        return
    yield from figures(case, "MB/s", 0, medians)
    yield from figures(case + " cpu", "s/GB", 1, medians, True)


def streams(what):
    """Throughput and processor time, by version, call and sizes."""
    for cipher in CIPHERS[what]:
        for version in ("12", "13"):
            ulps = ["plain", "tls", "nopad", "tlsup-raw"]
            if version == "12":
                ulps.remove("nopad")
            for how in ("write", "sendfile"):
                for write in SIZES[what]:
                    for read in (16 * KIB, 256 * KIB):
                        case = (f"{what} {cipher} tls{version} {how} "
                                f"{write // KIB}K recv {read // KIB}K")
                        medians = in_turns(ulps, version, cipher, how, write,
                                           read)
                        yield from stream_figures(what, case, medians)


def cipher_alone(cipher):
    """MB/s of sealing and opening 16 KiB and nothing else."""
    with open(LIMIT, "w", encoding="ascii") as limit:
        limit.write(LIMITS[cipher])
    with open(LIMIT, encoding="ascii") as limit:
        return float(limit.read().split()[0])


def limits(what):
    """The record path's speed as a share of the cipher's."""
    for cipher in CIPHERS[what]:
        path, alone = [], []
        for _ in range(RUNS):
            path.append(record("tlsup-raw", "13", cipher, "write", 16 * KIB,
                               16 * KIB)[1])
            alone.append(cipher_alone(cipher))
        ours, peer = 1000 / statistics.median(path), statistics.median(alone)
        yield {"case": f"{what} {cipher} tls13 limit 16K",
               "unit": "MB per CPU second", "tlsup": ours, "peer": peer,
               "peer_name": "crypto_aead alone", "ratio": ours / peer,
               "runs": RUNS}


def whole_memory(version, in_tree):
    """A connection of the ULP "tlsup", with what a handshake leaves."""
    done = subprocess.run([IDLE, version], stdout=subprocess.PIPE, text=True,
                          check=True)
    ours = float(done.stdout.split()[0])
    yield {"case": f"small tls{version} idle memory of the whole",
           "unit": "bytes", "tlsup": ours, "peer": in_tree,
           "peer_name": NAMES["tls"], "ratio": in_tree / ours, "runs": 1}


def latency(what):
    """Of a byte and back, and from the keys to the first byte."""
    for version in ("12", "13"):
        ulps = ["plain", "tls", "tlsup-raw"]
        echo = in_turns(ulps, version, "gcm", "echo", 1, 1)
        yield from figures(f"{what} tls{version} echo p50", "us", 0, echo, True)
        yield from figures(f"{what} tls{version} echo p99", "us", 1, echo, True)
        found = in_turns(ulps[1:], version, "gcm", "setup", 1, 1)
        yield from figures(f"{what} tls{version} setup", "us", 0, found, True)


def idle(what):
    """Slab bytes of a connection with nothing to do."""
    for version in ("12", "13"):
        found = in_turns(["tls", "tlsup-raw"], version, "gcm", "memory", 1, 1)
        yield from figures(f"{what} tls{version} idle memory", "bytes", 0,
                           found, True)
        yield from whole_memory(version, found["tls"][0])


PARTS = {"small": (limits, latency, idle), "latency": (latency,)}


def main():
    """Measure one set."""
    what, output = sys.argv[1:]
    subprocess.run(["modprobe", "-a", "tls", "gcm", "chacha20poly1305"],
                   check=True)
    kernel = os.environ["TLSUP_KERNEL"]
    # As udev does on a machine, for what the processor can do.
    if kernel.startswith("stock"):
        subprocess.run(["modprobe", "-a", "aesni_intel", "chacha_x86_64",
                        "poly1305_x86_64"], check=True)
    subprocess.run(["insmod", f"{BUILD}/{kernel}/bench/tlsup-bench.ko",
                    f"fake={int(what in ('copy', 'count'))}"], check=True)
    found = []
    for part in PARTS.get(what, (streams,)):
        for figure in part(what):
            figure["case"] = f"{kernel} {figure['case']}"
            print(f"{figure['case']}: {figure['tlsup']:.4g} "
                  f"{figure['unit']}, {figure['peer_name']} "
                  f"{figure['peer']:.4g}, ratio {figure['ratio']:.2f}",
                  flush=True)
            found.append(figure)
    with open(output, "w", encoding="utf-8") as out:
        json.dump(found, out)


main()
