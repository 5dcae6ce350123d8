#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
# Copyright (C) 2026 The tlsup authors
"""Where private keys come from, and that they are in one process only."""
import os
import re
import shutil
import subprocess
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)) + "/../lib")
# pylint: disable=wrong-import-position
import host
import peer
import tlsup
from ktap import case, check, equal, main, test

MODULE = "/usr/lib/softhsm/libsofthsm2.so"
PIN = "271828"


def profile(key, credential=None, cert="p256"):
    """A configuration with one key."""
    return ('workers = 2\nprofile "default" {\n'
            f'\tcertificate = "{host.CERTS}/{cert}.pem"\n\tkey = "{key}"\n'
            + (f'\tkey_credential = "{credential}"\n' if credential else "")
            + f'\ttrust = "{host.CERTS}/ca.pem"\n}}\n')


def run(*command, **options):
    return subprocess.run(command, check=True, capture_output=True, **options)


def encrypted(folder, cert="p256", password="a password"):
    """A test key, encrypted."""
    path = os.path.join(folder, "encrypted.key")
    run("openssl", "pkcs8", "-topk8", "-v2", "aes-256-cbc", "-in",
        f"{host.CERTS}/{cert}.key", "-out", path, "-passout", "pass:" + password)
    os.chmod(path, 0o600)
    return path


def credentials(folder, **values):
    """What systemd would hand over: an environment."""
    path = os.path.join(folder, "credentials")
    os.mkdir(path, 0o700)
    for name, value in values.items():
        with open(os.path.join(path, name), "w", encoding="ascii") as file:
            file.write(value)
    return {**os.environ, "CREDENTIALS_DIRECTORY": path}


def serves(stack, daemon):
    """It shakes hands, in both ways that want the key if it is an RSA key."""
    with daemon:
        ours, other = peer.connect(stack, tlsup.SERVER)
        ours.sendall(b"signed")
        equal(other.read_exactly(6), b"signed", "data")


def refused(daemon, *words):
    """It does not start, and says why in one line."""
    try:
        daemon.start()
    except RuntimeError as error:
        for word in words:
            check(word in str(error), repr(word), "not in", error)
    else:
        daemon.kill()
        raise AssertionError("it starts")


@test(seconds=60)
def an_encrypted_key_opens_with_a_credential(stack):
    daemon = host.Daemon("")
    daemon.env = credentials(daemon.dir, passphrase="a password\n")
    conf(daemon, profile(encrypted(daemon.dir), "passphrase"))
    serves(stack, daemon)


def conf(daemon, text):
    """Write its configuration."""
    with open(daemon.conf, "w", encoding="ascii") as file:
        file.write(text)


@test(seconds=60)
def an_encrypted_key_wants_the_right_password(_stack):
    daemon = host.Daemon("")
    key = encrypted(daemon.dir)
    conf(daemon, profile(key))
    refused(daemon, key, "encrypted", "expected key_credential")
    conf(daemon, profile(key, "passphrase"))
    refused(daemon, "CREDENTIALS_DIRECTORY")
    daemon.env = credentials(daemon.dir, passphrase="another password")
    refused(daemon, key, "not with this password")
    conf(daemon, profile(key, "../passphrase"))
    refused(daemon, "expected a name")
    conf(daemon, profile(key, "none"))
    refused(daemon, "credentials/none: No such file")


@test(seconds=60)
def a_key_of_somebody_else_is_refused(_stack):
    daemon = host.Daemon("")
    key = os.path.join(daemon.dir, "a.key")
    shutil.copy(f"{host.CERTS}/p256.key", key)
    conf(daemon, profile(key))
    os.chmod(key, 0o604)
    refused(daemon, f"chmod 600 {key}")
    os.chmod(key, 0o600)
    os.chown(key, 4711, 4711)
    refused(daemon, f"chown root {key}")


def token(daemon, cert):
    """A token with a test key: an environment for whoever uses it."""
    env = {**os.environ, "SOFTHSM2_CONF": os.path.join(daemon.dir, "softhsm2.conf")}
    os.mkdir(os.path.join(daemon.dir, "tokens"))
    with open(env["SOFTHSM2_CONF"], "w", encoding="ascii") as file:
        file.write(f"directories.tokendir = {daemon.dir}/tokens\n")
    run("softhsm2-util", "--init-token", "--free", "--label", "tlsup", "--pin", PIN,
        "--so-pin", "12345678", env=env)
    for kind, options in (("priv", []), ("pub", ["-pubout"])):
        path = os.path.join(daemon.dir, kind + ".der")
        run("openssl", "pkey", "-in", f"{host.CERTS}/{cert}.key", "-outform", "DER",
            "-out", path, *options)
        run("pkcs11-tool", "--module", MODULE, "--login", "--pin", PIN,
            "--write-object", path, "--type", kind + "key", "--label", "server",
            "--id", "01", env=env)
        os.unlink(path)
    return env


def a_key_in_a_token(stack, cert):
    daemon = host.Daemon("")
    env = token(daemon, cert)
    daemon.env = {**env, **{k: v for k, v in credentials(daemon.dir, pin=PIN).items()
                            if k == "CREDENTIALS_DIRECTORY"}}
    conf(daemon, profile("pkcs11:token=tlsup;object=server;type=private", "pin", cert))
    serves(stack, daemon)
    conf(daemon, profile("pkcs11:token=tlsup;object=other;type=private", "pin", cert))
    refused(daemon, "no such key in a token")


for kind in ("p256", "rsa"):
    case(f"a key of {kind} signs in a token", a_key_in_a_token, kind, seconds=60)


def status(pid):
    """/proc/PID/status as a dictionary."""
    with open(f"/proc/{pid}/status", encoding="ascii") as file:
        return dict(line.split(":\t", 1) for line in file.read().splitlines()
                    if ":\t" in line)


def memory(pid):
    """All that a process can write."""
    found = bytearray()
    with open(f"/proc/{pid}/maps", encoding="ascii") as maps, \
            open(f"/proc/{pid}/mem", "rb") as mem:
        for line in maps:
            begin, end = (int(n, 16) for n in line.split()[0].split("-"))
            if "rw" in line.split()[1]:
                try:
                    mem.seek(begin)
                    found += mem.read(end - begin)
                except OSError:
                    pass
    return bytes(found)


def by_role(daemon):
    """Its processes by their names."""
    return {status(p)["Name"]: p for p in daemon.family()}


@test(seconds=120)
def the_key_is_in_the_signer_only(stack):
    """The very bytes of a secret exponent are looked for in all memory."""
    text = run("openssl", "rsa", "-in", f"{host.CERTS}/rsa.key", "-noout",
               "-text").stdout.decode()
    prime = re.search(r"prime1:\n([0-9a-f: \n]+)", text).group(1)
    secret = bytes.fromhex(re.sub("[^0-9a-f]", "", prime))[-64:]
    daemon = host.Daemon(profile(f"{host.CERTS}/rsa.key", cert="rsa"))
    daemon.start()
    stack.callback(daemon.kill)
    peer.connect(stack, tlsup.SERVER)
    found = {name: secret in memory(pid) or secret[::-1] in memory(pid)
             for name, pid in by_role(daemon).items()}
    equal(found, {"tlsupd": False, "tlsupd: workers": False, "tlsupd: signer": True},
          "where the key is")


@test(seconds=60)
def workers_and_signer_have_no_rights(stack):
    daemon = host.Daemon('user = "nobody"\n' + host.config())
    daemon.start()
    stack.callback(daemon.kill)
    peer.connect(stack, tlsup.SERVER)
    for name, pid in by_role(daemon).items():
        has = status(pid)
        equal(has["NoNewPrivs"], "1", f"{name}: no new privileges")
        if name == "tlsupd":
            continue
        equal(int(has["CapEff"], 16), 0, f"{name}: capabilities")
        equal(int(has["CapPrm"], 16), 0, f"{name}: capabilities permitted")
        equal(has["Seccomp"], "2", f"{name}: seccomp")
        equal(has["Uid"].split(), ["65534"] * 4, f"{name}: user")
        for link in os.listdir(f"/proc/{pid}/fd"):
            target = os.readlink(f"/proc/{pid}/fd/{link}")
            check(int(link) < 3 or target.startswith(("socket:", "anon_inode:",
                                                      "/memfd:")),
                  f"{name} has {target} open")


FLEET_KEYS = {
    "is missing": (None, 0, "No such file"),
    "is empty": ("", 0o600, "hexadecimal"),
    "is too short": ("00" * 31, 0o600, "of the right length"),
    "is too long": ("00" * 33, 0o600, "of the right length"),
    "holds no digits": ("the key of a fleet, in all hosts" * 2, 0o600, "hexadecimal"),
    "can be read by others": ("00" * 32, 0o644, "others may read it"),
}


def without_its_fleet_key(_stack, text, mode, words):
    """Which file it is, and what is wrong with it."""
    daemon = host.Daemon("")
    path = os.path.join(daemon.dir, "fleet.key")
    if text is not None:
        with open(path, "w", encoding="ascii") as file:
            file.write(text)
        os.chmod(path, mode)
    conf(daemon, 'store = "redis:/nonexistent"\nfleet_key = "fleet.key"\n'
         + profile(f"{host.CERTS}/p256.key"))
    refused(daemon, f"fleet_key: {path}: ", words)


for how, what in FLEET_KEYS.items():
    case(f"it does not start if its fleet key {how}", without_its_fleet_key, *what)


if __name__ == "__main__":
    main()
