#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
# Copyright (C) 2026 The tlsup authors
"""The daemon under systemd, as far as that shows without it: readiness, the
watchdog, what is kept over a restart, the units; one daemon for each network
namespace; installed and taken away again."""
import array
import glob
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)) + "/../lib")
# pylint: disable=wrong-import-position
import host
import peer
import runs
import service
import tlsup
from ktap import check, diag, equal, main, test

TOP = os.path.normpath(os.path.dirname(os.path.abspath(__file__)) + "/../..")
UNITS = ("tlsupd.service", "tlsupd@.service")


class Manager:
    """The other end of a NOTIFY_SOCKET."""

    def __init__(self, stack):
        folder = stack.enter_context(tempfile.TemporaryDirectory())
        self.path = os.path.join(folder, "notify")
        self.sock = stack.enter_context(
            socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM))
        self.sock.bind(self.path)
        self.said, self.fds = [], []

    def hears(self, what, seconds=20):
        """Wait until it is told this."""
        end = time.monotonic() + seconds
        while what not in self.said:
            left = end - time.monotonic()
            check(left > 0, "not told", what, "but", self.said)
            self.take(left)

    def take(self, seconds):
        """One message, if any comes: whether one did."""
        self.sock.settimeout(max(0.01, seconds))
        try:
            data, control, _flags, _from = self.sock.recvmsg(4096, 4096)
        except TimeoutError:
            return False
        self.said += data.decode().splitlines()
        for _level, _kind, value in control:
            fds = array.array("i")
            fds.frombytes(value[:len(value) // 4 * 4])
            self.fds += fds
        return True

    def environment(self, **more):
        """For the daemon."""
        return {**os.environ, "NOTIFY_SOCKET": self.path, **more}


@test(seconds=60)
def it_says_when_it_is_ready_reloads_and_stops(stack):
    manager = Manager(stack)
    daemon = host.Daemon(env=manager.environment())
    daemon.start()
    stack.callback(daemon.kill)
    manager.hears("READY=1")
    manager.said.clear()
    service.ctl(daemon, "reload")
    manager.hears("RELOADING=1")
    manager.hears("READY=1")
    equal(daemon.stop(), 0, "exit status")
    manager.hears("STOPPING=1")
    manager.hears("FDNAME=tlsup-state")
    equal(len(manager.fds), 1, "descriptors to keep")


@test(seconds=60)
def the_watchdog_hears_of_it_while_it_lives(stack):
    manager = Manager(stack)
    daemon = host.Daemon(env=manager.environment(WATCHDOG_USEC="400000"))
    daemon.start()
    stack.callback(daemon.kill)
    for _ in range(3):
        manager.said.clear()
        manager.hears("WATCHDOG=1")
    daemon.freeze()
    while manager.take(0.1):
        pass
    manager.said.clear()
    check(not manager.take(1.5), "a frozen daemon says", manager.said)
    daemon.thaw()
    manager.hears("WATCHDOG=1")


@test(seconds=60)
def a_restart_gets_back_what_was_kept(stack):
    manager = Manager(stack)
    first = host.Daemon(env=manager.environment())
    first.start()
    visitor = peer.Visitor()
    equal(visitor.comes(stack), False, "at first")
    equal(first.stop(), 0, "exit status")
    manager.hears("FDNAME=tlsup-state")
    kept = manager.fds[0]
    os.set_inheritable(kept, True)
    manager.said.clear()
    conf, control = first.conf, service.control(first)
    again = subprocess.Popen(
        ["sh", "-c", f'exec 3<&{kept}; LISTEN_PID=$$ exec "$0" "$@"',
         f"{host.BIN}/tlsupd", "-c", conf, "--control", control],
        env=manager.environment(LISTEN_FDS="1", LISTEN_FDNAMES="tlsup-state"),
        close_fds=False, stderr=subprocess.DEVNULL)
    stack.callback(again.wait, 10)
    stack.callback(again.kill)
    manager.hears("READY=1")
    check("FDSTOREREMOVE=1" in manager.said, manager.said)
    equal(visitor.comes(stack), True, "after the restart")


def units(folder):
    """The units as they would be installed."""
    subprocess.run([f"{TOP}/scripts/install"], check=True, stdout=subprocess.DEVNULL,
                   env={**os.environ, "DESTDIR": folder, "PREFIX": "/usr"})
    return [f"{folder}/usr/lib/systemd/system/{unit}" for unit in UNITS]


@test(seconds=120)
def the_units_are_sound_and_confined(stack):
    folder = stack.enter_context(tempfile.TemporaryDirectory())
    for path in units(folder):
        with open(path, encoding="utf-8") as file:
            text = file.read()
        for program in re.findall(r"^Exec\w+=(\S+)", text, re.M):
            check(os.access(folder + program, os.X_OK), program, "is not there")
        shown = subprocess.run(["systemd-analyze", "security", "--offline=true",
                                "--no-pager", path], text=True, check=True,
                               capture_output=True).stdout
        level = re.search(r"exposure level for (\S+): ([0-9.]+)", shown)
        diag(f"{level.group(1)}: exposure {level.group(2)} of 10")
        check(float(level.group(2)) < 3, shown)


def netns(stack, name):
    """A network namespace by name."""
    subprocess.run(["ip", "netns", "add", name], check=True)
    stack.callback(subprocess.run, ["ip", "netns", "del", name], check=True)
    subprocess.run(["ip", "-n", name, "link", "set", "lo", "up"], check=True)


@test(seconds=120)
def two_namespaces_have_different_profiles(stack):
    profile = 'profile "{0}" {{\n\ttrust = "{1}/ca.pem"\n}}\n'
    port = "4500"
    for name in ("blue", "red"):
        netns(stack, name)
        daemon = host.Daemon(profile.format(name, host.CERTS))
        runs.Running(stack, ["ip", "netns", "exec", name, f"{host.BIN}/tlsupd", "-c",
                             daemon.conf, "--control", service.control(daemon)])
        runs.Running(stack, ["ip", "netns", "exec", name, "openssl", "s_server",
                             "-quiet", "-accept", port,
                             "-cert", f"{host.CERTS}/p256.pem",
                             "-key", f"{host.CERTS}/p256.key"])
        check(host.wait_for(lambda d=daemon: os.path.exists(service.control(d)), 30),
              "no daemon in", name)
        said = service.ask(daemon, "profiles")["profiles"]
        equal([p["name"] for p in said], [name], f"profiles of {name}")
    for here in ("blue", "red"):
        for wanted in ("blue", "red"):
            def tried(here=here, wanted=wanted):
                return subprocess.run(
                    ["ip", "netns", "exec", here, service.CTL, "test", "--profile",
                     wanted, f"localhost:{port}"], text=True, check=False,
                    capture_output=True)
            check(host.wait_for(lambda: "refused" not in tried().stderr, 20),
                  "no server")
            done = tried()
            equal(done.returncode, 0 if here == wanted else 1,
                  f"profile {wanted} in {here}")
            check(here == wanted or "ENOKEY" in done.stdout, done.stdout)


@test(seconds=120)
def install_and_uninstall_leave_the_configuration_only(stack):
    folder = stack.enter_context(tempfile.TemporaryDirectory())
    environment = {**os.environ, "DESTDIR": folder, "PREFIX": "/opt/tlsup"}
    for _ in range(2):
        subprocess.run([f"{TOP}/scripts/install"], check=True, env=environment)
    for name in ("sbin/tlsupd", "bin/tlsupctl", "bin/tlsup-run"):
        done = subprocess.run([f"{folder}/opt/tlsup/{name}", "--help"], text=True,
                              capture_output=True, check=False)
        equal(done.returncode, 0, f"exit status of {name} --help")
    conf = f"{folder}/etc/tlsup/tlsupd.conf"
    with open(conf, "a", encoding="utf-8") as file:
        file.write("# mine\n")
    subprocess.run([f"{TOP}/scripts/install"], check=True, env=environment)
    subprocess.run([f"{TOP}/scripts/install", "--uninstall"], check=True,
                   env=environment)
    left = [p for p in glob.glob(f"{folder}/**", recursive=True) if os.path.isfile(p)]
    equal(left, [conf], "files left")
    with open(conf, encoding="utf-8") as file:
        check("# mine" in file.read(), "the configuration was overwritten")


def five_commands():
    """Those that README shows."""
    with open(f"{TOP}/README.md", encoding="utf-8") as file:
        text = file.read()
    block = re.search(r"## HTTPS in five commands\n.*?```sh\n(.*?)```", text, re.S)
    commands = [line for line in block.group(1).splitlines() if line]
    equal(len(commands), 5, "commands")
    return commands


@test(seconds=120)
def five_commands_serve_https(stack):
    """But for the packages and systemd, to the letter."""
    apt, put, edit, restart, serve = five_commands()
    check("tlsupd" in apt and "systemctl restart tlsupd" in restart, apt, restart)
    shutil.copy(f"{host.CERTS}/p256.pem", "/tmp/fullchain.pem")
    shutil.copy(f"{host.CERTS}/p256.key", "/tmp/privkey.pem")
    subprocess.run([f"{TOP}/scripts/install"], check=True, stdout=subprocess.DEVNULL,
                   env={**os.environ, "DESTDIR": "", "PREFIX": "/usr"})
    subprocess.run(["systemd-sysusers", "/usr/lib/sysusers.d/tlsup.conf"], check=True)
    for command in (put, edit):
        subprocess.run(["sh", "-ec", command.removeprefix("sudo ")], check=True,
                       cwd="/tmp")
    daemon = runs.Running(stack, ["/usr/sbin/tlsupd"])
    check(host.wait_for(lambda: "ready" in daemon.complaints(), 30),
          daemon.complaints())
    server = runs.Running(stack, ["sh", "-c", "exec " + serve.removeprefix("sudo ")],
                          cwd="/etc/tlsup")
    server.ready(443)
    got = runs.went_well(["curl", "-sS", "--cacert", runs.CA,
                          "https://localhost/tlsupd.conf"])
    check(b'profile "default"' in got, got)


@test(seconds=60)
def a_cold_start_to_the_first_handshake(stack):
    """How long it takes, with the system's trust store, is said, not judged."""
    daemon = host.Daemon('profile "default" {\n'
                         f'\tcertificate = "{host.CERTS}/p256.pem"\n'
                         f'\tkey = "{host.CERTS}/p256.key"\n}}\n')
    began = time.monotonic()
    daemon.start()
    stack.callback(daemon.kill)
    peer.connect(stack, tlsup.SERVER)
    took = time.monotonic() - began
    diag(f"{took * 1e3:.0f} ms from the start to the first handshake")
    os.kill(daemon.process.pid, signal.SIGTERM)


if __name__ == "__main__":
    main()
