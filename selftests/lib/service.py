# SPDX-License-Identifier: GPL-2.0-only
# Copyright (C) 2026 The tlsup authors
"""What tests of the daemon as a service share: tlsupctl, certificates that
change, a steady load."""
import json
import os
import shutil
import socket
import subprocess
import threading
import time

import host
import tlsup
from ktap import check, diag

CTL = os.path.join(host.BIN, "tlsupctl")


def control(daemon):
    """The path of its control socket."""
    return os.path.join(daemon.dir, "control")


def ctl(daemon, *args, status=0, user=None):
    """Run tlsupctl: a CompletedProcess, with the exit status wanted."""
    done = subprocess.run([CTL, "--socket", control(daemon), *map(str, args)],
                          text=True, capture_output=True, check=False, timeout=60,
                          user=user)
    check(done.returncode == status, args, "exit status", done.returncode,
          done.stdout, done.stderr)
    return done


def ask(daemon, *args):
    """What tlsupctl --json says."""
    return json.loads(ctl(daemon, "--json", *args).stdout)


def install(daemon, name, cert, folder=None):
    """Put a test certificate and its key where a configuration names them, as
    something that renews certificates would: each by a rename."""
    for ending in (".key", ".pem"):
        target = os.path.join(folder or daemon.dir, name + ending)
        shutil.copy(os.path.join(host.CERTS, cert + ending), target + ".new")
        os.chmod(target + ".new", 0o600)
        os.rename(target + ".new", target)


class Load:
    """Handshakes at a steady rate, client and server both ours."""

    def __init__(self, stack, rate=200, threads=4, profile="default"):
        self.listener = stack.enter_context(
            socket.create_server(("127.0.0.1", 0), backlog=256))
        self.profile, self.stop = profile, threading.Event()
        self.times, self.failures = [], []
        self.workers = [threading.Thread(target=self._serve, daemon=True)
                        for _ in range(threads)]
        self.clients = [threading.Thread(target=self._connect, daemon=True,
                                         args=(threads / rate,))
                        for _ in range(threads)]
        for thread in self.workers + self.clients:
            thread.start()
        stack.callback(self.finish)

    def _serve(self):
        while not self.stop.is_set():
            try:
                sock = self.listener.accept()[0]
            except OSError:
                return
            with sock:
                try:
                    tlsup.prepare(sock, self.profile)
                    tlsup.start(sock, tlsup.SERVER)
                    sock.sendall(sock.recv(1))
                except OSError as error:
                    self.failures.append(f"server: {error}: "
                                         f"{tlsup.status(sock).reason}")

    def _connect(self, pause):
        due = time.monotonic()
        while not self.stop.is_set():
            due += pause
            time.sleep(max(0, due - time.monotonic()))
            began = time.monotonic()
            with socket.socket() as sock:
                try:
                    sock.connect(self.listener.getsockname())
                    tlsup.prepare(sock, self.profile, "localhost")
                    tlsup.start(sock, tlsup.CLIENT)
                    sock.sendall(b"x")
                    check(sock.recv(1) == b"x", "no echo")
                except (OSError, AssertionError) as error:
                    self.failures.append(f"client: {error}")
                    continue
            self.times.append(time.monotonic() - began)

    def finish(self):
        """End it: the number of handshakes that went well."""
        if not self.stop.is_set():
            self.stop.set()
            for client in self.clients:
                client.join(60)
            self.listener.shutdown(socket.SHUT_RDWR)
            for worker in self.workers:
                worker.join(60)
        return len(self.times)

    def report(self, seconds):
        """Say how it went, and fail if any handshake did."""
        done = self.finish()
        times = sorted(self.times) or [0]
        diag(f"{done} handshakes in {seconds:.1f} s, {len(self.failures)} failed,",
             f"median {times[len(times) // 2] * 1e3:.1f} ms,",
             f"max {times[-1] * 1e3:.1f} ms,",
             f"{sum(t > 0.5 for t in times)} beyond 500 ms")
        check(not self.failures, self.failures[:5])
        check(done > 0, "no handshake at all")
