# SPDX-License-Identifier: GPL-2.0-only
# Copyright (C) 2026 The tlsup authors
"""Run the test functions of a script and report in KTAP.

A test is a function marked @test; its name, with spaces for the underscores,
is what it proves. It gets an ExitStack that closes what it opened. It fails by
raising, skips by raising Skip, and may not take longer than its time.
"""
import contextlib
import errno
import os
import signal
import sys
import traceback

TESTS = []
FULL = os.environ.get("FULL", "") not in ("", "0")


class Skip(Exception):
    """The test cannot run here; the argument says why."""


def test(func=None, *, seconds=120):
    """Mark a test function, with the time that it may take."""
    if func is None:
        return lambda f: test(f, seconds=seconds)
    TESTS.append((func.__name__.replace("_", " "), func, seconds))
    return func


def case(name, func, *args, seconds=120):
    """Add a test of a table: func(stack, *args)."""
    TESTS.append((name, lambda stack: func(stack, *args), seconds))


def diag(*words):
    """Print a diagnostic line."""
    for line in " ".join(str(w) for w in words).splitlines() or [""]:
        print("#", line, flush=True)


def check(condition, *words):
    """Fail the test, saying what was found, unless the condition holds."""
    if not condition:
        raise AssertionError(" ".join(str(w) for w in words))


def equal(found, wanted, what=""):
    """Fail the test unless two values are equal."""
    if found != wanted:
        raise AssertionError(f"{what}: found {found!r}, wanted {wanted!r}")


@contextlib.contextmanager
def fails_with(error, what=""):
    """The block must raise OSError with this errno (or one of a tuple)."""
    wanted = error if isinstance(error, tuple) else (error,)
    names = " or ".join(errno_name(e) for e in wanted)
    try:
        yield
    except OSError as found:
        check(found.errno in wanted, f"{what}: failed with",
              errno_name(found.errno), f"({found}), wanted", names)
    else:
        raise AssertionError(f"{what}: went well, wanted {names}")


def errno_name(number):
    """The symbol of an errno."""
    return errno.errorcode.get(number, str(number))


def _overdue(_signal, _frame):
    raise TimeoutError("took too long")


def _run(number, name, func, seconds):
    signal.alarm(seconds)
    try:
        with contextlib.ExitStack() as stack:
            func(stack)
        result = f"ok {number} {name}"
    except Skip as why:
        result = f"ok {number} {name} # SKIP {why}"
    except Exception:  # pylint: disable=broad-except
        signal.alarm(0)
        diag(traceback.format_exc(limit=-3))
        result = f"not ok {number} {name}"
    signal.alarm(0)
    print(result, flush=True)
    return not result.startswith("not")


def main():
    """Run all tests, or those whose name holds an argument; exit."""
    chosen = [t for t in TESTS
              if len(sys.argv) < 2 or any(a in t[0] for a in sys.argv[1:])]
    signal.signal(signal.SIGALRM, _overdue)
    print("TAP version 13")
    print(f"1..{len(chosen)}", flush=True)
    failed = 0
    for number, (name, func, seconds) in enumerate(chosen, 1):
        failed += not _run(number, name, func, seconds)
    print(f"# Totals: pass:{len(chosen) - failed} fail:{failed}", flush=True)
    sys.exit(1 if failed or not chosen else 0)
