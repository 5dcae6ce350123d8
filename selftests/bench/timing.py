#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
# Copyright (C) 2026 The tlsup authors
"""timing.py SET OUTPUT: does the time that MAC and padding take tell what they
are? The method of dudect (Reparaz, Balasch, Verbauwhede, 2017), in a guest: two
classes of records in random order, and Welch's t of the times; long ones, which
are interrupts, are cut off at several percentiles, and the greatest |t| counts.
TLSUP_SAMPLES is the number of samples."""
import array
import json
import math
import os
import subprocess
import sys

PROC = "/proc/tlsup-timing"
SAMPLES = int(os.environ.get("TLSUP_SAMPLES", "1000000"))
LIMIT = 4.5
CROPS = (1, 0.99, 0.95, 0.9, 0.75, 0.5)
CASES = ("good against bad padding", "good against bad MAC",
         "shortest against longest padding", "mixed lengths, good and bad")
HASHES = ("sha1", "sha256", "sha384")


def measure(hash_name, case, leaky):
    """The times of both classes, sorted."""
    with open(PROC, "w", encoding="ascii") as proc:
        proc.write(f"{hash_name} {case} {SAMPLES} {int(leaky)}")
    samples = array.array("I")
    with open(PROC, "rb") as proc:
        samples.frombytes(proc.read())
    return (sorted(s >> 1 for s in samples if not s & 1),
            sorted(s >> 1 for s in samples if s & 1))


def welch(one, other):
    """t of two lists of numbers."""
    def moments(values):
        mean = sum(values) / len(values)
        return mean, sum((v - mean) ** 2 for v in values) / len(values)
    (mean, var), (mean2, var2) = moments(one), moments(other)
    spread = math.sqrt(var / len(one) + var2 / len(other))
    return (mean - mean2) / spread if spread else 0


def t_value(one, other):
    """The greatest |t| over all crops."""
    every = sorted(one + other)
    found = []
    for crop in CROPS:
        limit = every[min(len(every) - 1, int(len(every) * crop))]
        left = [v for v in one if v <= limit], [v for v in other if v <= limit]
        if all(len(part) > 1000 for part in left):
            found.append(welch(*left))
    return max(found, key=abs)


def main():
    """Every case of the code, and the two of its twin that it is known for."""
    _, output = sys.argv[1:]
    module = f"{os.environ['BUILD']}/{os.environ['TLSUP_KERNEL']}/timing"
    subprocess.run(["insmod", f"{module}/tlsup-timing.ko"], check=True)
    figures = []
    for leaky in (False, True):
        for hash_name in HASHES:
            for case, text in enumerate(CASES):
                if leaky and case not in (0, 2):
                    continue
                t = t_value(*measure(hash_name, case, leaky))
                name = f"{'leaky twin ' if leaky else ''}{hash_name} {text}"
                print(f"{name}: t = {t:.2f}", flush=True)
                figures.append({"case": name, "unit": "t", "tlsup": t,
                                "peer": LIMIT, "peer_name": "limit",
                                "ratio": LIMIT / abs(t) if t else 1,
                                "runs": SAMPLES})
    with open(output, "w", encoding="utf-8") as out:
        json.dump(figures, out)


main()
