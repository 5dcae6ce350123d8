#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
# Copyright (C) 2026 The tlsup authors
"""tlsupctl and the metrics: what they show is what happened."""
import errno
import os
import socket
import subprocess
import sys
import time
import urllib.request

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)) + "/../lib")
# pylint: disable=wrong-import-position
from prometheus_client.parser import text_string_to_metric_families

import host
import peer
import service
import tlsup
from ktap import FULL, case, check, diag, equal, fails_with, main, test

METRICS = "127.0.0.1:9450"
DAEMON = host.Daemon(host.config()
                     + f'metrics = "{METRICS}"\ncontrol_users = {{ "4711" }}\n'
                     'profile "for-nobody" {\n\tallow_users = { "4712" }\n}\n')


def ctl(*args, **options):
    return service.ctl(DAEMON, *args, **options)


def ask(*args):
    return service.ask(DAEMON, *args)


def connections(**wanted):
    """Those that have these properties."""
    return [c for c in ask("connections")["connections"]
            if all(c[k] == v for k, v in wanted.items())]


def address(sock):
    """Peer of a socket, as shown."""
    return "%s:%d" % sock.getpeername()[:2]


@test
def status_tells_of_the_daemon(_stack):
    said = ask("status")
    equal(said["pid"], DAEMON.process.pid, "pid")
    equal(said["generations"], 1, "generations")
    check(said["kernel"]["agents"] >= 1, said)
    check("handshakes" in ctl("status").stdout, "the table")


@test
def connections_tell_who_whom_and_how(stack):
    for role in (tlsup.CLIENT, tlsup.SERVER):
        ours, other = peer.connect(stack, role, profile="rsa", cert="rsa")
        ours.sendall(b"x" * 1000)
        other.read_exactly(1000)
        other.write(b"y" * 300)
        ours.recv(300)
        conn, = connections(peer=address(ours))
        info = tlsup.info(ours)
        for key, value in {
                "role": "client" if role == tlsup.CLIENT else "server",
                "phase": "open", "pid": os.getpid(), "uid": 0,
                "exe": os.path.realpath(sys.executable), "profile": "rsa",
                "server_name": "localhost", "version": "TLSv1.3",
                "suite": tlsup.SUITES[info.suite], "resumed": False,
                "tx_bytes": 1000, "rx_bytes": 300}.items():
            equal(conn[key], value, key)
        check(0 <= conn["age"] < 60000, "age", conn["age"])
        check(address(ours) in ctl("connections").stdout, "the table")


def ended(ours, other):
    """The kernel has sent the alert, and told the application."""
    equal(other.read(), b"", "close_notify to the peer")
    with fails_with(errno.ECONNABORTED, "read"):
        ours.recv(1)
    equal(connections(peer=address(ours), phase="open"), [], "it is still open")


@test
def close_by_id_profile_and_certificate(stack):
    one, two, three, other = (peer.connect(stack, profile=p, cert=c) for p, c in (
        ("rsa", "rsa"), ("p384", "p384"), ("p256", "ed25519"), ("p256", "p256")))
    conn, = connections(peer=address(one[0]))
    equal(ask("close", conn["id"])["closed"], 1, "by id")
    equal(ask("close", "--profile", "p384")["closed"], 1, "by profile")
    equal(ask("close", "--cert", "CN=tlsup test ed25519")["closed"], 1, "by subject")
    for pair in (one, two, three):
        ended(*pair)
    fingerprint = subprocess.run(
        ["openssl", "x509", "-in", f"{host.CERTS}/p256.pem", "-noout",
         "-fingerprint", "-sha256"], text=True, stdout=subprocess.PIPE,
        check=True).stdout.strip().split("=")[1].replace(":", "")
    other[0].sendall(b"still open")
    equal(other[1].read_exactly(10), b"still open", "one that was not meant")
    equal(ask("close", "--cert", fingerprint, "--profile", "rsa")["closed"], 0, "both")
    equal(ask("close", "--cert", fingerprint)["closed"], 1, "by fingerprint")
    ended(*other)


@test
def what_cannot_be_closed_is_said(_stack):
    check("no connection 999999" in ctl("close", 999999, status=1).stderr, "id")
    check('no profile "none"' in ctl("close", "--profile", "none", status=1).stderr,
          "profile")
    ctl("close", "12x", status=2)
    check("expected an id" in ctl("close", status=1).stderr, "nothing")


@test
def profiles_tell_the_days_left(_stack):
    said = {p["name"]: p for p in ask("profiles")["profiles"]}
    days = said["p256"]["certificates"][0]["days_left"]
    check(28 <= days <= 30, "days left", days)
    equal(said["expired"]["certificates"][0]["days_left"], -2, "since yesterday")
    equal(said["for-nobody"]["allow_users"], [4712], "who may use it")
    shown = ctl("profiles").stdout
    check("EXPIRED" in shown and f"{days} days left" in shown, shown)


@test
def the_log_level_changes_at_once_tracing_included(stack):
    for level in ("error", "warning", "debug", "trace"):
        equal(ctl("loglevel", level).stdout, level + "\n", "level")
    before = len(DAEMON.output())
    peer.connect(stack, tlsup.SERVER)
    check("receives client_hello" in DAEMON.output()[before:].lower(),
          DAEMON.output()[before:])
    ctl("loglevel", "info")
    equal(ctl("loglevel").stdout, "info\n", "level")
    before = len(DAEMON.output())
    peer.connect(stack, tlsup.SERVER)
    equal(DAEMON.output()[before:], "", "what is logged at info")
    check("no log level" in ctl("loglevel", "loud", status=1).stderr, "words")


def https(stack, cert):
    """OpenSSL's own server, with a test certificate: its port."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    process = subprocess.Popen(
        ["openssl", "s_server", "-quiet", "-accept", f"127.0.0.1:{port}",
         "-cert", f"{host.CERTS}/{cert}.pem", "-key", f"{host.CERTS}/{cert}.key",
         "-alpn", "http/1.1"], stdin=subprocess.PIPE, stderr=subprocess.DEVNULL)
    stack.callback(process.wait, 10)
    stack.callback(process.kill)
    check(host.wait_for(lambda: host.listens(port), 30), "it does not listen")
    return port


@test
def test_shows_what_was_negotiated(stack):
    port = https(stack, "p256")
    said = ask("test", "--name", "localhost", f"127.0.0.1:{port}")
    for key, value in {"verified": True, "version": "TLSv1.3", "alpn": "http/1.1",
                       "name": "localhost", "resumed": False}.items():
        equal(said[key], value, key)
    equal(said["certificate"]["subject"], "CN=tlsup test p256", "subject")
    check("www.example.org" in said["certificate"]["names"], said)
    shown = ctl("test", f"localhost:{port}").stdout
    check("TLSv1.3" in shown and "CN=tlsup test authority ca" in shown, shown)


@test
def test_says_why_a_server_is_refused(stack):
    port = https(stack, "expired")
    done = ctl("test", f"localhost:{port}", status=1)
    check("EKEYEXPIRED" in done.stdout and "expired" in done.stdout, done.stdout)
    done = ctl("test", "--profile", "none", f"localhost:{port}", status=1)
    check("ENOKEY" in done.stdout and "no such profile" in done.stdout, done.stdout)
    ctl("test", "--profile", "for-nobody", f"localhost:{port}", status=1)
    ctl("test", "nowhere", status=2)
    ctl("test", "127.0.0.1:1", status=1)


@test
def who_has_no_right_is_told_so(_stack):
    os.chmod(DAEMON.dir, 0o755)
    done = ctl("status", status=4, user=4712)
    equal(done.stderr, "tlsupctl: user 4712 may not ask: only root and control_users"
          " of the configuration may\n", "words")
    ctl("status", user=4711)


TAKE = """
import socket, sys
with socket.socket(socket.AF_UNIX) as sock:
    sock.connect(sys.argv[1])
    sock.settimeout(20)
    sock.sendall(b'{"command":"%s"}\\n' % sys.argv[2].encode())
    data, fds, _flags, _address = socket.recv_fds(sock, 16, 4)
    print(data, fds)
"""


@test
def who_may_ask_may_not_take_over(_stack):
    """What goes with it are ticket keys and sessions."""
    os.chmod(DAEMON.dir, 0o755)
    for command in "takeover", "taken":
        done = subprocess.run(["/usr/bin/python3", "-c", TAKE, service.control(DAEMON),
                               command], text=True, capture_output=True,
                              check=False, timeout=30, user=4711)
        equal(done.stderr, "", command)
        equal(done.stdout, "b'' []\n", command)
    ctl("status", user=4711)


@test
def no_daemon_is_a_status_of_its_own(_stack):
    done = subprocess.run([service.CTL, "--socket", "/nonexistent", "status"],
                          text=True, capture_output=True, check=False, timeout=20)
    equal(done.returncode, 3, "exit status")
    equal(len(done.stderr.splitlines()), 1, "lines")
    ctl("dance", status=2)


def raw(data):
    """What the control socket answers to anything."""
    with socket.socket(socket.AF_UNIX) as sock:
        sock.connect(service.control(DAEMON))
        sock.settimeout(20)
        sock.sendall(data)
        sock.shutdown(socket.SHUT_WR)
        got = b""
        try:
            while part := sock.recv(65536):
                got += part
        except ConnectionResetError:
            pass
        return got


for words, data in {
        "nothing": b"", "no JSON": b"status\n", "another type": b"[1]\n",
        "no command": b"{}\n", "a long line": b"x" * 20000,
        "zeros": b"\0" * 100 + b"\n"}.items():
    case(f"the control socket outlives {words}",
         lambda _stack, d=data: (raw(d), ask("status")))


@test
def top_shows_rates(_stack):
    shown = ctl("top", "--count", 1).stdout
    check("handshakes/s" in shown and "MB/s" in shown, shown)


def scrape():
    """The metrics, by a parser that is not ours: samples by name and labels."""
    began = time.monotonic()
    with urllib.request.urlopen(f"http://{METRICS}/metrics", timeout=20) as answer:
        text = answer.read().decode()
    took = time.monotonic() - began
    samples = {(s.name, *sorted(s.labels.items())): s.value
               for f in text_string_to_metric_families(text) for s in f.samples}
    return samples, took


def value(samples, name, **labels):
    return samples.get((name, *sorted(labels.items())), 0)


@test
def metrics_count_what_happens(stack):
    before, _ = scrape()
    ours, other = peer.connect(stack, tlsup.SERVER)
    ours.sendall(b"x" * 5000)
    other.read_exactly(5000)
    try:
        tlsup.start(tlsup.prepare(tlsup.tcp_pair(stack)[0], "none", "localhost"),
                    tlsup.CLIENT)
    except OSError as error:
        equal(error.errno, errno.ENOKEY, "errno")
    after, took = scrape()
    diag(f"scraped in {took * 1e3:.1f} ms")
    suite = tlsup.SUITES[tlsup.info(ours).suite]
    for growth, name, labels in (
            (1, "tlsup_handshakes_total",
             {"role": "server", "version": "1.3", "resumed": "no"}),
            (1, "tlsup_handshake_failures_total", {"error": "ENOKEY"}),
            (1, "tlsup_handshakes_by_suite_total", {"suite": suite}),
            (1, "tlsup_handshake_seconds_count", {}),
            (1, "tlsup_handshake_seconds_bucket", {"le": "+Inf"}),
            (5000, "tlsup_bytes_total", {"direction": "tx"})):
        equal(value(after, name, **labels) - value(before, name, **labels), growth,
              f"growth of {name}")
    for name in ("tlsup_connections", "tlsup_record_errors_total"):
        check((name,) in after, name, "is missing")


@test
def sessions_are_counted(stack):
    before, seen = ask("sessions"), scrape()[0]
    visitor = peer.Visitor()
    equal([visitor.comes(stack) for _ in range(2)], [False, True], "resumed")
    after, found = ask("sessions"), scrape()[0]
    equal(after["resumed"] - before["resumed"], 1, "resumed")
    equal(after["lookups"]["hit"] - before["lookups"]["hit"], 1, "hits")
    check(after["tickets_issued"] > before["tickets_issued"], after)
    check(after["entries"] > before["entries"] and after["bytes"] > 0, after)
    equal(sum(after["ages"].values()), after["entries"], "entries of all ages")
    check(after["newest_seconds"] <= after["oldest_seconds"], after)
    equal(value(found, "tlsup_store_entries"), after["entries"], "the same in metrics")
    labels = {"role": "server", "version": "1.3", "resumed": "yes"}
    equal(value(found, "tlsup_handshakes_total", **labels)
          - value(seen, "tlsup_handshakes_total", **labels), 1, "resumed in metrics")
    table = ctl("sessions").stdout
    for word in ("tickets_issued", "oldest_seconds", "up to "):
        check(word in table, word, "is not in", table)


@test
def flush_forgets_all_or_what_is_named(stack):
    visitor = peer.Visitor()
    visitor.comes(stack)
    for options in (("--name", "www.example.org"), ("--user", 4712)):
        ctl("sessions", "flush", *options)
        check(visitor.comes(stack), options, "is somebody else")
    for options in (("--name", "localhost"), ("--user", 0), ()):
        ctl("sessions", "flush", *options)
        check(not visitor.comes(stack), options, "is known still")
        check(visitor.comes(stack), options, "is not known again")
    ctl("sessions", "flush")
    equal(ask("sessions")["entries"], 0, "entries")


@test
def flush_takes_nothing_for_a_user_that_is_none(stack):
    visitor = peer.Visitor()
    visitor.comes(stack)
    for word in ("root", "", "0x", "-1", "4294967296"):
        check("no number of a user" in ctl("sessions", "flush", "--user", word,
                                           status=1).stderr, word)
    check(visitor.comes(stack), "is not known any more")


@test(seconds=300)
def many_connections_are_listed(stack):
    """How long it takes is said, not judged."""
    count = 10000 if FULL else 1000
    import resource  # pylint: disable=import-outside-toplevel
    resource.setrlimit(resource.RLIMIT_NOFILE, (3 * count + 100,) * 2)
    before = len(connections())
    with socket.create_server(("127.0.0.1", 0), backlog=128) as listener:
        for _ in range(count):
            sock = stack.enter_context(socket.socket())
            sock.connect(listener.getsockname())
            stack.enter_context(listener.accept()[0])
            tlsup.attach(sock)
    began = time.monotonic()
    listed = len(connections())
    took = time.monotonic() - began
    _samples, scraped = scrape()
    diag(f"{count} connections: listed in {took * 1e3:.0f} ms,",
         f"metrics scraped in {scraped * 1e3:.0f} ms")
    equal(listed - before, count, "connections listed")


if __name__ == "__main__":
    with DAEMON:
        main()
