#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
# Copyright (C) 2026 The tlsup authors
"""The session store of a fleet, in a real redis-server: sessions go over from a
daemon to the next and from one host to another; and whatever becomes of the
server, no handshake fails.

A host is a process in a network namespace of its own, with a daemon of its own:
this script, called with what it is to do."""
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)) + "/../lib")
# pylint: disable=wrong-import-position
import host
import tlsup
from ktap import FULL, case, check, diag, equal, main, test

CA = os.path.join(host.CERTS, "ca.pem")
PEM, KEY = (os.path.join(host.CERTS, "p256." + end) for end in ("pem", "key"))
CONNECTIONS = 1000 if FULL else 60
KINDS = {
    "session ID": ("none", ["-tls1_2", "-no_ticket"], 1),
    "ticket, stateful": ("stateful", ["-tls1_2"], 2),
    "ticket, sealed": ("sealed", ["-tls1_2"], 2),
    "PSK, stateful": ("stateful", ["-tls1_3"], 3),
    "PSK, sealed": ("sealed", ["-tls1_3"], 3),
}


class Redis:
    """A redis-server on a Unix socket; nothing goes to disk."""

    def __init__(self, folder, *options):
        self.socket = os.path.join(folder, "redis.sock")
        self.options = options
        self.process = None
        self.start()

    def start(self):
        self.process = subprocess.Popen(
            ["redis-server", "--port", "0", "--unixsocket", self.socket,
             "--unixsocketperm", "777", "--save", "", "--appendonly", "no",
             *self.options], stdout=subprocess.DEVNULL)
        check(host.wait_for(lambda: self.ask("PING") == "PONG"), "no redis-server")

    def ask(self, *words):
        return subprocess.run(["redis-cli", "-s", self.socket, *words], check=False,
                              capture_output=True, text=True).stdout.strip()

    def end(self, number=signal.SIGKILL):
        self.process.send_signal(number)
        self.process.wait(10)

    def __enter__(self):
        return self

    def __exit__(self, *_error):
        self.process.send_signal(signal.SIGCONT)
        self.end()


def profiles():
    """One for each kind of ticket."""
    return "".join(
        f'profile "{kind}" {{\n\tcertificate = "{PEM}"\n\tkey = "{KEY}"\n'
        f'\ttrust = "{CA}"\n\tticket_kind = "{kind}"\n}}\n'
        for kind in ("none", "stateful", "sealed"))


def config(folder, patience=2000):
    """Profiles and the store. A machine that tests on all its CPUs needs more
    patience than one that serves."""
    key = os.path.join(folder, "fleet.key")
    if not os.path.exists(key):
        with open(os.open(key, os.O_WRONLY | os.O_CREAT, 0o600), "w",
                  encoding="ascii") as file:
            file.write(os.urandom(32).hex() + "\n")
    return (f'store = "redis:{folder}/redis.sock"\nfleet_key = "{key}"\n'
            f'store_timeout = {patience}\n') + profiles()


def accept(listener, profile):
    """One connection as a server: how it was resumed."""
    sock = listener.accept()[0]
    with sock:
        sock.settimeout(None)
        tlsup.prepare(sock, profile=profile)
        tlsup.start(sock, tlsup.SERVER)
        resumed = tlsup.info(sock).resumed
        sock.sendall(b"hello\n")
        sock.shutdown(socket.SHUT_WR)
        while sock.recv(100):
            pass
    return resumed


def openssl(port, flags, *session):
    return subprocess.Popen(
        ["openssl", "s_client", "-connect", f"127.0.0.1:{port}", "-servername",
         "localhost", "-CAfile", CA, "-verify_return_error", "-ign_eof", *flags,
         *session], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL)


def be_server(kind, file, save):
    """Serve OpenSSL once; it saves its session, or comes with a saved one."""
    profile, flags, _ = KINDS[kind]
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(20)
        client = openssl(listener.getsockname()[1], flags,
                         "-sess_out" if save else "-sess_in", file)
        resumed = accept(listener, profile)
        equal(client.wait(20), 0, "exit status of OpenSSL")
    return resumed


def both_ends(profile):
    """Both ends ours: how it was resumed, and the seconds that it took."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        client = socket.create_connection(listener.getsockname())
        server = listener.accept()[0]
    with client, server:
        tlsup.prepare(server, profile=profile)
        tlsup.prepare(client, profile, "localhost")
        done = tlsup.Background(tlsup.start, server, tlsup.SERVER)
        started = time.monotonic()
        tlsup.start(client, tlsup.CLIENT)
        done.result()
        server.sendall(b"x")
        equal(client.recv(1), b"x", "data")
        return tlsup.info(client).resumed, time.monotonic() - started


def on_host(folder, *what):
    """Run this script as another host, to its end; what it says."""
    done = subprocess.run([sys.executable, os.path.abspath(__file__), folder, *what],
                          check=False, capture_output=True, text=True, timeout=100)
    check(done.returncode == 0, *done.stdout.splitlines(), *done.stderr.splitlines())
    return json.loads(done.stdout.splitlines()[-1])


def ready(daemon):
    """The keys of the fleet are there, or will be in a moment."""
    time.sleep(0.2)
    return daemon


def stored(folder, count):
    """The server has so many sessions: a daemon does not wait until it has."""
    done = subprocess.run(["redis-cli", "-s", os.path.join(folder, "redis.sock"),
                           "KEYS", "*"], check=False, capture_output=True, text=True)
    names = [n for n in done.stdout.split() if not n.startswith("tlsup:key:")]
    return len(names) >= count


def be_host(folder, what, kind, store="redis"):
    """What another host does: print a JSON value."""
    file = os.path.join(folder, "session")
    text = config(folder) if store == "redis" else profiles()
    with ready(host.Daemon(text).start()) as daemon:
        if what in ("save", "resume"):
            value = be_server(kind, file, what == "save")
            if what == "save" and "sealed" not in kind:
                count = 2 if "PSK" in kind else 1
                check(host.wait_for(lambda: stored(folder, count)), "not stored")
        else:
            both_ends(KINDS[kind][0])
            host.wait_for(lambda: host.stats()["tickets_up"])
            value = [both_ends(KINDS[kind][0])[0] for _ in range(2)]
        diag(daemon.output())
    print(json.dumps(value))


def from_a_to_b(_stack, kind):
    """OpenSSL's session of one host, at another."""
    folder = tempfile.mkdtemp(prefix="tlsup-fleet-")
    os.chmod(folder, 0o755)
    with Redis(folder) as redis:
        equal(on_host(folder, "save", kind), 0, "the first is resumed")
        equal(on_host(folder, "resume", kind), KINDS[kind][2], "resumed")
        # Nothing that a thief of the store could use.
        for name in redis.ask("KEYS", "*").split():
            check("localhost" not in redis.ask("--no-raw", "GET", name), name)


def in_one_namespace_only(stack, kind):
    """Two namespaces, a daemon in each, and nothing that they share."""
    folder = tempfile.mkdtemp(prefix="tlsup-fleet-")
    os.chmod(folder, 0o755)
    file = os.path.join(folder, "session")
    stack.enter_context(host.Daemon(profiles()).start())
    equal(be_server(kind, file, True), 0, "the first is resumed")
    equal(on_host(folder, "resume", kind, "memory"), 0, "resumed in another namespace")
    equal(be_server(kind, file, False), KINDS[kind][2], "resumed where it was made")


@test(seconds=300)
def clients_go_on_after_a_restart(stack):
    """Both ends ours; the daemon that has the next handshake is a new one."""
    folder = tempfile.mkdtemp(prefix="tlsup-fleet-")
    os.chmod(folder, 0o755)
    stack.enter_context(Redis(folder))
    for kind in ("stateful", "sealed"):
        with ready(host.Daemon(config(folder)).start()):
            before = host.stats()["tickets_up"]
            both_ends(kind)
            check(host.wait_for(lambda b=before: host.stats()["tickets_up"] > b))
            time.sleep(0.2)
        with ready(host.Daemon(config(folder)).start()):
            equal(both_ends(kind)[0], 3, kind + ": resumed")


def through(begin, end):
    """Many handshakes, during the middle half of which the server is in trouble:
    none fails."""
    slowest = 0
    resumed = 0
    for number in range(CONNECTIONS):
        if number == CONNECTIONS // 4:
            begin()
        if number == CONNECTIONS * 3 // 4:
            end()
        found, seconds = both_ends("stateful")
        resumed += found != 0
        slowest = max(slowest, seconds)
    diag(f"{resumed} of {CONNECTIONS} resumed, the slowest took {slowest:.3f} s")


class Garbage:
    """Stands where the server was, and answers whatever it is asked with bytes that
    are no reply."""

    def __init__(self, path):
        self.path = path
        self.over = threading.Event()
        self.thread = None
        self.listener = None

    def begin(self):
        self.listener = socket.socket(socket.AF_UNIX)
        self.listener.bind(self.path)
        os.chmod(self.path, 0o777)
        self.listener.listen(64)
        self.listener.settimeout(0.2)
        self.thread = threading.Thread(target=self.serve)
        self.thread.start()

    def serve(self):
        while not self.over.is_set():
            try:
                with self.listener.accept()[0] as conn:
                    conn.sendall(b"%9999\r\n\0\xff:garbage$-7\r\n*2\r\n" * 50)
            except OSError:
                pass

    def end(self):
        self.over.set()
        self.thread.join()
        self.listener.close()
        os.unlink(self.path)


def killed(redis):
    return redis.end, redis.start


def restarted(redis):
    def restart():
        redis.end()
        redis.start()
    return restart, restart


def paused(redis):
    return (lambda: redis.process.send_signal(signal.SIGSTOP),
            lambda: redis.process.send_signal(signal.SIGCONT))


def garbage(redis):
    fake = Garbage(redis.socket)

    def begin():
        redis.end()
        os.unlink(redis.socket)
        fake.begin()

    def end():
        fake.end()
        redis.start()
    return begin, end


def full(redis):
    return (lambda: redis.ask("CONFIG", "SET", "maxmemory", "1"),
            lambda: redis.ask("CONFIG", "SET", "maxmemory", "0"))


TROUBLES = {
    "is killed": (killed, "full handshakes until"),
    "is restarted twice": (restarted, ""),
    "is stopped": (paused, "full handshakes until"),
    "answers garbage": (garbage, "full handshakes until"),
    "is full": (full, "did not take"),
}


def trouble(stack, what):
    folder = tempfile.mkdtemp(prefix="tlsup-fleet-")
    os.chmod(folder, 0o755)
    redis = stack.enter_context(Redis(folder))
    daemon = stack.enter_context(ready(host.Daemon(config(folder, 25)).start()))
    make, said = TROUBLES[what]
    through(*make(redis))
    check(said in daemon.output(), f"nothing says \"{said}\":", daemon.output())

    def resumes():
        before = host.stats()["tickets_up"]
        both_ends("stateful")
        host.wait_for(lambda: host.stats()["tickets_up"] > before, 2)
        time.sleep(0.05)
        return both_ends("stateful")[0] == 3
    check(host.wait_for(resumes, 20), "not used again")


if __name__ == "__main__":
    if os.path.isdir("".join(sys.argv[1:2])):
        be_host(*sys.argv[1:])
    else:
        for kind_name in KINDS:
            case(f"from host A to host B by {kind_name}", from_a_to_b, kind_name)
            case(f"without a fleet, not into another namespace by {kind_name}",
                 in_one_namespace_only, kind_name)
        for event in TROUBLES:
            case(f"no handshake fails while the server {event}", trouble, event,
                 seconds=3000 if FULL else 600)
        main()
