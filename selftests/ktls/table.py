#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
# Copyright (C) 2026 The tlsup authors
"""The kernel's own test of in-tree TLS, us beside it.

What in-tree TLS passes must pass under the ULP "tlsup-raw", and so must the
tests of rekeying, which it does not pass. Its column takes long, because it
hangs in many tests: it is kept in in-tree.txt and measured again by --record
(or with FULL=1, on the spot).
"""
import os
import re
import subprocess
import sys

SECONDS = 4
HERE = os.path.dirname(os.path.abspath(__file__))
RECORD = os.path.join(HERE, "in-tree.txt")
BUILD = os.path.join(os.environ["BUILD"], "selftests/ktls")
VERDICT = re.compile(r"^(not ok|ok) \d+ (\S+?)(?: # (SKIP.*))?$", re.M)


def tests():
    """FIXTURE.VARIANT.TEST of all tests, in the program's order."""
    listing = subprocess.run([f"{BUILD}/tls-tls", "-l"], text=True, check=False,
                             stderr=subprocess.PIPE).stderr.splitlines()
    fixture, variants, names = None, [], []
    for line in listing[1:] + ["-" * 80]:
        if line.startswith("-"):
            for name in names:
                for variant in variants or [""]:
                    yield f"{fixture}.{variant}.{name}" if variant \
                        else f"{fixture}.{name}"
            variants, names = [], []
            continue
        first, variant, name = line[:20], line[21:46], line[47:]
        fixture = first.strip() or fixture
        variants += [variant.strip()] if variant.strip() else []
        names += [name.strip()] if name.strip() else []


def run_alone(ulp, name):
    """The verdict on one test that may hang."""
    # Whatever a hanging test has forked, in process groups of its own, is of
    # one session and goes with it.
    with subprocess.Popen([f"{BUILD}/tls-{ulp}", "-r", name], text=True,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          start_new_session=True) as process:
        try:
            output, _ = process.communicate(timeout=SECONDS)
        except subprocess.TimeoutExpired:
            subprocess.run(["pkill", "-KILL", "-s", str(process.pid)],
                           check=False)
            process.communicate()
            return "hangs"
    if "# SKIP" in output:
        return "skip"
    return "pass" if process.returncode == 0 else "fail"


def run_all(ulp):
    """The verdict on each test, run in one go, and all that was printed."""
    output = subprocess.run([f"{BUILD}/tls-{ulp}"], text=True, check=False,
                            stdout=subprocess.PIPE,
                            stderr=subprocess.STDOUT).stdout
    verdicts = {}
    for verdict, name, skip in VERDICT.findall(output):
        verdicts[name] = "skip" if skip else \
            "pass" if verdict == "ok" else "fail"
    return verdicts, output


def measure_in_tree():
    """In-tree TLS's verdicts, one after the other."""
    subprocess.run(["modprobe", "tls"], check=True)
    for name in tests():
        yield name, run_alone("tls", name)


def in_tree():
    """In-tree TLS's column."""
    if os.environ.get("FULL", "0") != "0":
        return dict(measure_in_tree())
    with open(RECORD, encoding="ascii") as recorded:
        return dict(line.split() for line in recorded if line[0] != "#")


def is_good(name, ours, theirs):
    """What neither passes says nothing, but for rekeying, which must work."""
    if ours == "skip":
        return theirs == "skip"
    return ours == "pass" or (theirs in ("fail", "hangs") and
                              "rekey" not in name)


def record():
    """Measure in-tree TLS's column and print it in the form of in-tree.txt."""
    print("# SPDX-License-Identifier: GPL-2.0-only")
    print(f"# In-tree TLS of {os.uname().release}, one test after the other.")
    for name, verdict in measure_in_tree():
        print(name, verdict, flush=True)


def main():
    """Print the table as KTAP."""
    if "--record" in sys.argv:
        record()
        return 0
    names = list(tests())
    print("TAP version 13")
    print(f"1..{len(names)}", flush=True)
    ours, output = run_all("tlsup-raw")
    theirs = in_tree()
    failed, gained = 0, 0
    for number, name in enumerate(names, 1):
        our, their = ours.get(name, "lost"), theirs.get(name, "lost")
        good = is_good(name, our, their)
        failed += not good
        gained += our == "pass" and their not in ("pass", "skip")
        print(f"{'ok' if good else 'not ok'} {number} {name}: "
              f"tlsup-raw {our}, in-tree {their}"
              + (" # SKIP no such cipher here" if our == "skip" else ""))
    if failed:
        print("\n".join("# " + line for line in output.splitlines()))
    print(f"# tlsup-raw passes what in-tree TLS does not: {gained}")
    print(f"# Totals: pass:{len(names) - failed} fail:{failed}")
    return 1 if failed or not names else 0


sys.exit(main())
