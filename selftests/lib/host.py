# SPDX-License-Identifier: GPL-2.0-only
# Copyright (C) 2026 The tlsup authors
"""The machine around a test: a network namespace of its own, certificates,
the daemon, the module's counters.

Importing this module moves the process into a new network namespace. So each
test script has its own agents and counters and disturbs no other.
"""
import atexit
import fcntl
import glob
import os
import shutil
import signal
import socket
import struct
import subprocess
import tempfile
import time

import tlsup

HERE = os.path.dirname(os.path.abspath(__file__))
BUILD = os.environ.get("BUILD") or os.path.normpath(HERE + "/../../build")
BIN = os.path.join(BUILD, "bin")
CERTS = os.path.join(BUILD, "certs")

CLONE_NEWNET = 0x40000000
SIOCSIFFLAGS, IFF_UP = 0x8914, 1

PROFILES = ("p256", "p384", "rsa", "ed25519", "othername", "expired",
            "untrusted")


def _new_netns():
    tlsup.libc(tlsup.LIBC.unshare(CLONE_NEWNET))
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        fcntl.ioctl(sock, SIOCSIFFLAGS, struct.pack("16sh22x", b"lo", IFF_UP))


def make_certs():
    """Make the test certificates unless they are there."""
    subprocess.run([os.path.join(HERE, "certs.sh"), CERTS], check=True)


def config():
    """A configuration: one profile for each certificate, p256 as default."""
    text = ""
    for profile in ("default",) + PROFILES:
        name = "p256" if profile == "default" else profile
        text += (f'profile "{profile}" {{\n'
                 f'\tcertificate = "{CERTS}/{name}.pem"\n'
                 f'\tkey = "{CERTS}/{name}.key"\n'
                 f'\ttrust = "{CERTS}/ca.pem"\n'
                 '\talpn = { "h2", "http/1.1" }\n'
                 '}\n')
    # All that TLS 1.2 has, with either kind of certificate.
    for name in ("p256", "rsa"):
        text += (f'profile "compat-{name}" {{\n\tpolicy = "compat"\n'
                 f'\tcertificate = "{CERTS}/{name}.pem"\n'
                 f'\tkey = "{CERTS}/{name}.key"\n'
                 f'\ttrust = "{CERTS}/ca.pem"\n'
                 '\talpn = { "h2", "http/1.1" }\n'
                 '}\n')
    text += f'profile "no-certificate" {{\n\ttrust = "{CERTS}/ca.pem"\n}}\n'
    # A client that guesses P-256 where the others guess X25519.
    text += (f'profile "guess-P-256" {{\n\ttrust = "{CERTS}/ca.pem"\n'
             '\tgroups = { "P-256", "X25519" }\n}\n')
    return text


class Daemon:
    """A tlsupd of this network namespace."""

    def __init__(self, text=None, *options, env=None):
        self.options, self.env = options, env
        self.dir = tempfile.mkdtemp(prefix="tlsupd-")
        self.log = os.path.join(self.dir, "log")
        self.conf = os.path.join(self.dir, "tlsupd.conf")
        with open(self.conf, "w", encoding="ascii") as file:
            file.write(text or config())
        self.process = None
        atexit.register(shutil.rmtree, self.dir, True)

    def start(self, seconds=30):
        """Start it and wait until it is ready."""
        with open(self.log, "wb") as log:
            self.process = subprocess.Popen(
                [os.path.join(BIN, "tlsupd"), "-c", self.conf,
                 "--control", os.path.join(self.dir, "control"), *self.options],
                stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                env=self.env, start_new_session=True)
        atexit.register(self.kill)
        end = time.monotonic() + seconds
        while "tlsupd: ready" not in self.output():
            if self.process.poll() is not None or time.monotonic() > end:
                raise RuntimeError("tlsupd does not start:\n" + self.output())
            time.sleep(0.02)
        return self

    def output(self):
        """What it has said."""
        with open(self.log, encoding="utf-8", errors="replace") as log:
            return log.read()

    def kill(self, number=signal.SIGKILL):
        """End it and wait for its end; its exit status."""
        if self.process.poll() is None:
            self.process.send_signal(number)
        return self.process.wait(10)

    def family(self):
        """The ids of all its processes: itself, signer, workers."""
        found = []
        for entry in filter(str.isdigit, os.listdir("/proc")):
            try:
                if os.getpgid(int(entry)) == self.process.pid:
                    found.append(int(entry))
            except ProcessLookupError:
                pass
        return found

    def freeze(self):
        """Stop all its threads: SIGSTOP reaches them one by one."""
        def stopped():
            states = set()
            for task in (t for p in self.family()
                         for t in glob.glob(f"/proc/{p}/task/*/stat")):
                with open(task, encoding="ascii") as file:
                    states.add(file.read().rsplit(")")[-1].split()[0])
            return states == {"T"}
        os.killpg(self.process.pid, signal.SIGSTOP)
        if not wait_for(stopped):
            raise RuntimeError("tlsupd does not stop")

    def thaw(self):
        """Let it go on."""
        os.killpg(self.process.pid, signal.SIGCONT)

    def stop(self):
        """End it in good order."""
        return self.kill(signal.SIGTERM)

    def __enter__(self):
        running = self.process and self.process.poll() is None
        return self if running else self.start()

    def __exit__(self, *_error):
        self.kill()


def stats():
    """The counters of this network namespace."""
    with open("/proc/net/tlsup_stat", encoding="ascii") as file:
        return {k: int(v) for k, v in (line.split() for line in file)}


def sysctl(name, value=None):
    """Read or set net.tlsup.NAME of this network namespace."""
    path = "/proc/sys/net/tlsup/" + name
    if value is not None:
        with open(path, "w", encoding="ascii") as file:
            file.write(str(value))
    with open(path, encoding="ascii") as file:
        return int(file.read())


def wait_for(condition, seconds=10):
    """Wait until a function gives something true, which is returned."""
    end = time.monotonic() + seconds
    while not (value := condition()):
        if time.monotonic() > end:
            return value
        time.sleep(0.01)
    return value


def all_destroyed():
    """True once every connection made in this namespace is gone."""
    def gone():
        now = stats()
        return now["conns_created"] == now["conns_destroyed"]
    return wait_for(gone)


def listens(port):
    """True if a socket of this namespace listens there; without connecting."""
    for table in ("/proc/net/tcp", "/proc/net/tcp6"):
        with open(table, encoding="ascii") as file:
            for line in file:
                words = line.split()
                if words[1].endswith(f":{port:04X}") and words[3] == "0A":
                    return True
    return False


class Program:
    """One of the proof programs, running; its output is read by line."""

    def __init__(self, *command, **options):
        self.process = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            text=True, bufsize=1, **options)

    def line(self, beginning=""):
        """The next line of its output that begins so."""
        for line in self.process.stdout:
            if line.startswith(beginning):
                return line.rstrip("\n")
        raise EOFError(f"{self.process.args[0]} ended before {beginning!r}")

    def __enter__(self):
        return self

    def __exit__(self, *_error):
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait(10)
        self.process.stdout.close()


def serve(stack, *options):
    """tlsup-serve on a free port: the program and the port."""
    program = stack.enter_context(
        Program(os.path.join(BIN, "tlsup-serve"), "--port", "0", *options))
    return program, int(program.line("listening on ").split()[-1])


def fetch(port, *options, to="localhost", path="/", **more):
    """Run tlsup-fetch to its end: a CompletedProcess."""
    return subprocess.run(
        [os.path.join(BIN, "tlsup-fetch"), *options, to, str(port), path],
        capture_output=True, check=False, **more)


_new_netns()
make_certs()
