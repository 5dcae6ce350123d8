#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
# Copyright (C) 2026 The tlsup authors
"""The daemon as a program: what it says of a configuration, when it does not
start, and when it writes secrets to a key log."""
import os
import stat
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)) + "/../lib")
# pylint: disable=wrong-import-position
import host
import peer
from ktap import case, check, equal, main, test

TLSUPD = os.path.join(host.BIN, "tlsupd")
GOOD = ('profile "default" {\n'
        f'\tcertificate = "{host.CERTS}/p256.pem"\n'
        f'\tkey = "{host.CERTS}/p256.key"\n'
        f'\ttrust = "{host.CERTS}/ca.pem"\n}}\n')


def write(stack, text):
    """A configuration file of its own."""
    folder = stack.enter_context(tempfile.TemporaryDirectory())
    path = os.path.join(folder, "tlsupd.conf")
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)
    return path


def tlsupd(path, *options):
    return subprocess.run([TLSUPD, "-c", path, *options], text=True,
                          capture_output=True, check=False, timeout=30)


def is_refused(stack, text, *parts):
    """It says what is wrong, and does not start."""
    path = write(stack, text)
    for options in (("--check-config",), ()):
        done = tlsupd(path, *options)
        equal(done.returncode, 1, "exit status")
        for part in parts:
            check(part.replace("FILE", path) in done.stderr, repr(part),
                  "not in", done.stderr)
        check("ready" not in done.stderr, "it started:", done.stderr)


for name, words in {
        "a syntax error names file and line":
            ('workers = 1\nprofile "default" {\n\talpn = }\n', "FILE:3:"),
        "a value of the wrong kind names file, line and what was expected":
            ('workers = "two"\n' + GOOD, "FILE:1:", "integer"),
        "a number out of range names what was expected":
            ('window = 1\nworkers = 1000\n' + GOOD, "FILE:2:",
             "expected a number from 0 to 256, not 1000"),
        "an unknown key is named":
            ('workers = 1\ncolour = "red"\n' + GOOD, "FILE:2:", 'no key "colour"'),
        "the nearest known key is named":
            (GOOD.replace("trust", "truts"), "FILE:4:",
             'no key "truts"; the nearest is "trust"'),
        "a key in the wrong place is named":
            ('trust = "system"\n' + GOOD, "FILE:1:", "belongs into a profile"),
        "an unknown user is named":
            (GOOD.replace("{", '{\nallow_users = { "no-such-user" }', 1), "FILE:2:",
             'allow_users: expected a user, not "no-such-user"'),
        "metrics for strangers are refused":
            ('metrics = "0.0.0.0:9450"\n' + GOOD, "FILE:1:", "loopback"),
        "an unknown suite is named":
            ('profile "p" {\n\tsuites = { "TLS_RSA_WITH_RC4_128_MD5" }\n}\n',
             "FILE:2:", "TLS_RSA_WITH_RC4_128_MD5"),
        "an unknown group is named":
            ('profile "p" {\n\tgroups = { "P-257" }\n}\n', "FILE:2:", "P-257"),
        "a configuration without a profile is refused":
            ("workers = 1\n", "expected at least one profile"),
        "a certificate that is not there is named":
            (GOOD.replace("p256.pem", "none.pem"), "none.pem"),
        "a key of another certificate is refused":
            (GOOD.replace("p256.key", "rsa.key"), "do not belong together"),
        "a certificate without a key is refused":
            ('profile "p" {\n\tcertificate = "x.pem"\n}\n',
             "certificate and key together"),
        "an authority file without authorities is refused":
            (GOOD.replace("ca.pem", "p256.key"), "no authorities"),
}.items():
    case(name, is_refused, *words, seconds=60)


@test
def a_key_that_others_can_read_is_refused(stack):
    folder = stack.enter_context(tempfile.TemporaryDirectory())
    key = os.path.join(folder, "open.key")
    with open(f"{host.CERTS}/p256.key", "rb") as source, open(key, "wb") as file:
        file.write(source.read())
    os.chmod(key, 0o640)
    is_refused(stack, GOOD.replace(f"{host.CERTS}/p256.key", key),
               f"chmod 600 {key}")
    os.chmod(key, 0o600)
    path = write(stack, GOOD.replace(f"{host.CERTS}/p256.key", key))
    equal(tlsupd(path, "--check-config").returncode, 0, "with mode 600")


@test
def what_is_weak_is_accepted_with_a_warning(stack):
    for text, words in (
            (GOOD.replace("{", '{\npolicy = "compat"', 1), ':2: profile "default": policy'
             ' "compat" is weak'),
            (GOOD.replace("p256", "expired"), "expired.pem has expired"),
            (GOOD.replace("p256", "short"), "short.pem is weak: its RSA key"),
            ('keylog = "k"\n' + GOOD, ":1: keylog is weak")):
        done = tlsupd(write(stack, text), "--check-config")
        equal(done.returncode, 0, "exit status")
        equal(len(done.stderr.splitlines()), 1, "lines of " + done.stderr)
        check(words in done.stderr, repr(words), "not in", done.stderr)


@test
def a_good_configuration_is_accepted_and_paths_are_relative_to_it(stack):
    path = write(stack, GOOD.replace(host.CERTS + "/", ""))
    for file in ("p256.pem", "p256.key", "ca.pem"):
        os.symlink(os.path.join(host.CERTS, file),
                   os.path.join(os.path.dirname(path), file))
    done = tlsupd(path, "--check-config")
    equal((done.returncode, done.stderr), (0, ""), "exit status, words")


def logged(stack, configured, *options):
    """A connection under such a daemon: its words, and the key log or None."""
    path = write(stack, 'workers = 1\n'
                 + ('keylog = "keys.log"\n' if configured else "") + GOOD)
    keys = os.path.join(os.path.dirname(path), "keys.log")
    daemon = subprocess.Popen([TLSUPD, "-c", path, *options], text=True,
                              stderr=subprocess.PIPE)
    words = ""
    try:
        while "tlsupd: ready" not in words:
            line = daemon.stderr.readline()
            check(line, "it does not start:", words)
            words += line
        peer.connect(stack)
    finally:
        daemon.terminate()
        words += daemon.communicate(timeout=10)[1]
    if not os.path.exists(keys):
        return words, None
    equal(stat.S_IMODE(os.stat(keys).st_mode), 0o600, "mode of the key log")
    with open(keys, encoding="ascii") as file:
        return words, file.read()


@test
def secrets_are_logged_only_if_both_file_and_command_line_ask(stack):
    equal(logged(stack, True)[1], None, "configured only")
    equal(logged(stack, False, "--keylog")[1], None, "command line only")
    words, keys = logged(stack, True, "--keylog")
    check("session secrets are written" in words, "no warning:", words)
    labels = {line.split()[0] for line in keys.splitlines()}
    equal(labels, {"CLIENT_HANDSHAKE_TRAFFIC_SECRET",
                   "SERVER_HANDSHAKE_TRAFFIC_SECRET", "EXPORTER_SECRET",
                   "CLIENT_TRAFFIC_SECRET_0", "SERVER_TRAFFIC_SECRET_0"},
          "labels")
    for line in keys.splitlines():
        secret = line.split()[2]
        check(len(secret) in (64, 96), "length of", line)
        check(secret not in words, "a secret in the log")


@test
def sigterm_ends_it_in_good_order(_stack):
    daemon = host.Daemon().start()
    equal(daemon.stop(), 0, "exit status")


if __name__ == "__main__":
    main()
