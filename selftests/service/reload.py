#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
# Copyright (C) 2026 The tlsup authors
"""A configuration that changes while the daemon serves, and a daemon that takes
the place of another."""
import errno
import os
import signal
import subprocess
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)) + "/../lib")
# pylint: disable=wrong-import-position
import host
import peer
import service
import tlsup
from ktap import FULL, case, check, equal, fails_with, main, test

SECONDS = 10 if FULL else 3
CONF = ('workers = 2\nprofile "default" {\n'
        '\tcertificate = "server.pem"\n\tkey = "server.key"\n'
        f'\ttrust = "{host.CERTS}/ca.pem"\n}}\n')


def serving(stack, *options, text=CONF, start=True, env=None):
    """A daemon with a certificate of its own, in its folder."""
    daemon = host.Daemon(text, *options, env=env)
    service.install(daemon, "server", "p256")
    if start:
        daemon.start()
        stack.callback(daemon.kill)
    return daemon


def served_cert(stack):
    """The certificate that a server of this machine shows."""
    _ours, other = peer.connect(stack, tlsup.SERVER)
    return other.tls.getpeercert(True)


def der(name):
    """A test certificate."""
    with open(f"{host.CERTS}/{name}.pem", encoding="ascii") as file:
        return peer.ssl.PEM_cert_to_DER_cert(file.read())


def write(daemon, text):
    """Another configuration for it."""
    with open(daemon.conf, "w", encoding="ascii") as file:
        file.write(text)


def reloads(daemon):
    """Reloads that went well, and that did not."""
    said = service.ask(daemon, "status")
    return said["reloads"], said["reloads_failed"]


@test(seconds=60)
def a_renewed_certificate_is_seen_by_itself(stack):
    daemon = serving(stack)
    equal(served_cert(stack), der("p256"), "at first")
    service.install(daemon, "server", "p384")
    check(host.wait_for(lambda: served_cert(stack) == der("p384"), 20),
          "still the old one", daemon.output())
    equal(reloads(daemon)[1], 0, "failed")


@test(seconds=60)
def a_certificate_behind_a_symbolic_link_is_seen_as_well(stack):
    """As certbot keeps them."""
    daemon = serving(stack, start=False)
    folders = [os.path.join(daemon.dir, name) for name in ("one", "two")]
    for folder, cert in zip(folders, ("p256", "p384")):
        os.mkdir(folder)
        service.install(daemon, "server", cert, folder)
    for ending in (".pem", ".key"):
        link = os.path.join(daemon.dir, "server" + ending)
        os.unlink(link)
        os.symlink("one/server" + ending, link)
    daemon.start()
    stack.callback(daemon.kill)
    equal(served_cert(stack), der("p256"), "at first")
    for ending in (".pem", ".key"):
        link = os.path.join(daemon.dir, "server" + ending)
        os.symlink("two/server" + ending, link + ".new")
        os.rename(link + ".new", link)
    check(host.wait_for(lambda: served_cert(stack) == der("p384"), 20),
          "still the old one", daemon.output())


@test(seconds=60)
def sighup_and_tlsupctl_reload_take_a_new_profile(stack):
    daemon = serving(stack)
    for number, how in enumerate((lambda: os.kill(daemon.process.pid, signal.SIGHUP),
                                  lambda: service.ctl(daemon, "reload"))):
        name = f"added-{number}"
        write(daemon, CONF + f'profile "{name}" {{\n}}\n')
        how()
        check(host.wait_for(lambda n=number: reloads(daemon) == (n + 1, 0), 20),
              daemon.output())
        names = [p["name"] for p in service.ask(daemon, "profiles")["profiles"]]
        equal(names, ["default", name], "profiles")


@test(seconds=60)
def a_bad_file_keeps_the_old_configuration_and_says_so(stack):
    daemon = serving(stack)
    for number, (text, words) in enumerate((
            (CONF + "colour = 1\n", 'no key "colour"'),
            (CONF.replace("server.key", "none.key"), "none.key"),
            ("workers = 1\n", "expected at least one profile"))):
        write(daemon, text)
        done = service.ctl(daemon, "reload", status=1)
        check(words in done.stderr, repr(words), "not in", done.stderr)
        check("stays so" in done.stderr, done.stderr)
        equal(reloads(daemon), (0, number + 1), "reloads")
        equal(served_cert(stack), der("p256"), "what is served")
    # A certificate whose key has not come yet is no end of it either.
    write(daemon, CONF)
    os.unlink(os.path.join(daemon.dir, "server.key"))
    service.ctl(daemon, "reload", status=1)
    equal(served_cert(stack), der("p256"), "without its key on disk")


@test(seconds=60)
def what_a_reload_cannot_change_is_told(stack):
    daemon = serving(stack)
    write(daemon, f'metrics = "{daemon.dir}/metrics"\nstore_entries = 100\n' + CONF)
    service.ctl(daemon, "reload")
    for key in ("metrics", "store_entries"):
        check(f"{key}: the new value is for the next start" in daemon.output(), key)
    check("control: the new" not in daemon.output(), daemon.output())
    check(not os.path.exists(f"{daemon.dir}/metrics"), "metrics are served")


@test(seconds=60)
def a_bad_fleet_key_keeps_the_old_one_and_says_so(stack):
    text = 'fleet_key = "fleet.key"\n' + TICKETS["sealed"]
    daemon = serving(stack, text=text, start=False)
    path = os.path.join(daemon.dir, "fleet.key")
    with open(os.open(path, os.O_WRONLY | os.O_CREAT, 0o600), "w",
              encoding="ascii") as file:
        file.write(os.urandom(32).hex())
    daemon.start()
    stack.callback(daemon.kill)
    visitor = peer.Visitor()
    equal(visitor.comes(stack), False, "at first")
    for number, change in enumerate((lambda: os.chmod(path, 0o644),
                                     lambda: os.unlink(path))):
        change()
        done = service.ctl(daemon, "reload", status=1)
        check(f"fleet_key: {path}: " in done.stderr, done.stderr)
        check("stays so" in done.stderr, done.stderr)
        equal(reloads(daemon), (0, number + 1), "reloads")
        equal(visitor.comes(stack), True, "afterwards")


def half_way(stack):
    """A client that has got the server's flight and does not answer yet."""
    ours, theirs = tlsup.tcp_pair(stack)
    other = peer.Peer(theirs, peer.client_context(), "localhost")
    tlsup.prepare(ours)
    shaking = tlsup.Background(tlsup.start, ours, tlsup.SERVER)
    try:
        other.tls.do_handshake()
    except peer.ssl.SSLWantReadError:
        other.flush()
    check(host.wait_for(lambda: tlsup.status(ours).phase == tlsup.SHAKING),
          "does not begin")
    return ours, other, shaking


@test(seconds=60)
def a_handshake_that_has_begun_is_finished_by_the_old_workers(stack):
    daemon = serving(stack)
    ours, other, shaking = half_way(stack)
    check(theirs_has_come(other), "no flight")
    service.ctl(daemon, "reload")
    equal(service.ask(daemon, "status")["generations"], 2, "generations")
    other.handshake()
    shaking.result()
    ours.sendall(b"done")
    equal(other.read_exactly(4), b"done", "data")
    check(host.wait_for(
        lambda: service.ask(daemon, "status")["generations"] == 1, 20),
        "the old workers do not leave")


def theirs_has_come(other):
    """Something lies in the peer's socket."""
    return other.sock.recv(1, peer.socket.MSG_PEEK)


@test(seconds=120)
def no_handshake_is_lost_by_reloads_under_load(stack):
    daemon = serving(stack)
    load = service.Load(stack)
    began = time.monotonic()
    count = 0
    while time.monotonic() - began < SECONDS:
        service.ctl(daemon, "reload")
        count += 1
        time.sleep(0.5)
    load.report(time.monotonic() - began)
    equal(reloads(daemon), (count, 0), "reloads")


TICKETS = {kind: CONF.replace("{", f'{{\n\tticket_kind = "{kind}"', 1)
           for kind in ("stateful", "sealed")}


def sessions_outlive(stack, kind, change):
    """Known before, and known after."""
    daemon = serving(stack, text=TICKETS[kind])
    visitor = peer.Visitor()
    equal([visitor.comes(stack) for _ in range(2)], [False, True], "at first")
    change(stack, daemon, TICKETS[kind])
    equal([visitor.comes(stack) for _ in range(2)], [True, True], "afterwards")


def reloading(_stack, daemon, _text):
    """A reload."""
    service.ctl(daemon, "reload")


def taking_over(stack, daemon, text):
    """A takeover."""
    take_over(stack, daemon, text=text)
    equal(daemon.process.wait(20), 0, "exit status of the old one")


for ticket_kind in TICKETS:
    case(f"{ticket_kind} sessions outlive a reload", sessions_outlive, ticket_kind,
         reloading, seconds=60)
    case(f"{ticket_kind} sessions outlive a takeover", sessions_outlive, ticket_kind,
         taking_over, seconds=60)


def take_over(stack, old, text=CONF):
    """A second daemon in the place of the first."""
    new = host.Daemon(text, "--takeover", "--control", service.control(old))
    service.install(new, "server", "p384")
    stack.callback(new.kill)
    return new.start()


def metrics(path):
    """What is served at a Unix socket."""
    with peer.socket.socket(peer.socket.AF_UNIX) as sock:
        sock.connect(path)
        sock.sendall(b"GET /metrics HTTP/1.0\r\n\r\n")
        return b"".join(iter(lambda: sock.recv(65536), b""))


@test(seconds=120)
def a_daemon_takes_over_under_load(stack):
    old = serving(stack, start=False)
    text = f'metrics = "{old.dir}/metrics"\n' + CONF
    write(old, text)
    old.start()
    stack.callback(old.kill)
    load = service.Load(stack)
    began = time.monotonic()
    time.sleep(1)
    new = take_over(stack, old, text)
    equal(old.process.wait(50), 0, "exit status of the old one")
    time.sleep(max(0, SECONDS - (time.monotonic() - began)))
    load.report(time.monotonic() - began)
    equal(service.ask(old, "status")["pid"], new.process.pid, "who answers")
    check(b"tlsup_handshakes_total" in metrics(f"{old.dir}/metrics"), "no metrics")
    equal(served_cert(stack), der("p384"), "whose certificate")


@test(seconds=60)
def the_old_daemon_finishes_what_it_has_begun(stack):
    old = serving(stack)
    ours, other, shaking = half_way(stack)
    check(theirs_has_come(other), "no flight")
    new = take_over(stack, old)
    check(old.process.poll() is None, "the old one has left already")
    equal(served_cert(stack), der("p384"), "whose certificate is new")
    other.handshake()
    shaking.result()
    equal(other.tls.getpeercert(True), der("p256"), "whose certificate is old")
    ours.sendall(b"done")
    equal(other.read_exactly(4), b"done", "data")
    equal(old.process.wait(20), 0, "exit status of the old one")
    equal(new.process.poll(), None, "exit status of the new one")


@test(seconds=60)
def two_daemons_do_not_serve_at_one_socket_unasked(stack):
    old = serving(stack)
    done = subprocess.run([f"{host.BIN}/tlsupd", "-c", old.conf, "--control",
                           service.control(old)], text=True, capture_output=True,
                          check=False, timeout=30)
    equal(done.returncode, 1, "exit status")
    check("another daemon serves" in done.stderr, done.stderr)
    equal(served_cert(stack), der("p256"), "what is served")


@test(seconds=60)
def a_takeover_with_a_bad_configuration_leaves_the_old_one(stack):
    old = serving(stack)
    new = host.Daemon("colour = 1\n", "--takeover", "--control", service.control(old))
    try:
        new.start()
    except RuntimeError as error:
        check("colour" in str(error), error)
    else:
        raise AssertionError("it starts")
    equal(served_cert(stack), der("p256"), "what is served")
    check(old.process.poll() is None, "the old one has left")


@test(seconds=60)
def connections_of_revoked_certificates_are_closed_if_asked_for(stack):
    daemon = serving(stack)
    good, bad = (peer.connect(stack, cert=cert) for cert in ("p256", "revoked"))
    write(daemon, CONF.replace("\ttrust", f'\tcrl = "{host.CERTS}/ca.crl.pem"\n\ttrust'))
    equal(service.ask(daemon, "reload").get("closed"), None, "without being asked")
    bad[0].sendall(b"still open")
    equal(bad[1].read_exactly(10), b"still open", "data")
    equal(service.ask(daemon, "reload", "--close-revoked")["closed"], 1, "closed")
    equal(bad[1].read(), b"", "close_notify")
    good[0].sendall(b"open")
    equal(good[1].read_exactly(4), b"open", "data of the other")


def meets(stack, daemon, context):
    """How our client resumes at a server, which then gives it a ticket."""
    before = service.ask(daemon, "sessions")["tickets_taken"]
    ours, other = peer.connect(stack, context=context)
    other.write(b"x")
    equal(ours.recv(1), b"x", "data")
    check(host.wait_for(
        lambda: service.ask(daemon, "sessions")["tickets_taken"] > before), "no ticket")
    return tlsup.info(ours).resumed


@test(seconds=60)
def sessions_of_a_certificate_revoked_since_are_not_resumed(stack):
    daemon = serving(stack)
    good, bad = (peer.server_context(cert) for cert in ("p256", "revoked"))
    equal([meets(stack, daemon, bad) for _ in range(2)], [0, 3], "at first")
    write(daemon, CONF.replace("\ttrust", f'\tcrl = "{host.CERTS}/ca.crl.pem"\n\ttrust'))
    service.ctl(daemon, "reload")
    ours, theirs = tlsup.tcp_pair(stack)
    other = peer.Peer(theirs, bad)
    tlsup.prepare(ours, name="localhost")
    shaking = tlsup.Background(other.failure, other.handshake)
    with fails_with(errno.EKEYREVOKED, "a handshake, which is a full one"):
        tlsup.start(ours, tlsup.CLIENT)
    shaking.result()
    refused = service.ask(daemon, "sessions")["lookups"]["refused"]
    check(refused >= 1, "sessions refused", refused)
    service.ctl(daemon, "sessions", "flush")
    equal([meets(stack, daemon, good) for _ in range(2)], [0, 3], "of another")


@test(seconds=60)
def workers_that_die_are_replaced(stack):
    daemon = serving(stack)
    workers = [p for p in daemon.family() if name_of(p) == "tlsupd: workers"]
    equal(len(workers), 1, "processes of workers")
    os.kill(workers[0], signal.SIGKILL)
    check(host.wait_for(lambda: reloads(daemon)[0] == 1, 20), daemon.output())
    equal(served_cert(stack), der("p256"), "what is served")


def name_of(pid):
    """The name of a process."""
    with open(f"/proc/{pid}/comm", encoding="ascii") as file:
        return file.read().strip()


if __name__ == "__main__":
    main()
