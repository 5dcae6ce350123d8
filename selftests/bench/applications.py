#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
# Copyright (C) 2026 The tlsup authors
"""applications.py SET OUTPUT: redis and nginx, in a guest, each served in four
ways to the same OpenSSL client:

	plain TCP	no TLS, and a client without it
	OpenSSL		the program's own TLS
	stunnel		the program speaks plain TCP to stunnel
	tlsup		the program is not changed, under tlsup-run

with TLS 1.3, TLS_AES_128_GCM_SHA256, X25519 and one ECDSA certificate. All are
run in turns, RUNS times; what counts is the median. A SET is redis, nginx, bulk
(nginx with 100 MiB) or memory. The server's processor time is all that the
guest's processors were busy with, but for the client's own."""
import contextlib
import csv
import json
import os
import resource
import socket
import statistics
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)) + "/../lib")
# pylint: disable=wrong-import-position
import host
import peer
import runs

RUNS = int(os.environ["TLSUP_RUNS"])
MS = os.environ["TLSUP_MS"]
LOAD = os.path.join(host.BUILD, "selftests/bench/load")
WAYS = ("plain TCP", "OpenSSL", "stunnel", "tlsup")
KIB = 1024
FILES = {"1K": KIB, "1M": KIB * KIB, "100M": 100 * KIB * KIB}
IDLE = 100

STUNNEL = """
foreground = yes
pid =
debug = 3
sslVersion = TLSv1.3
ciphersuites = TLS_AES_128_GCM_SHA256
[it]
accept = 127.0.0.1:{port}
connect = 127.0.0.1:{plain}
cert = {pem}
key = {key}
"""

NGINX = """
user root;
pid {folder}/pid;
error_log stderr;
worker_processes 2;
daemon off;
events {{ worker_connections 1024; }}
http {{
    access_log off;
    sendfile on;
    tcp_nopush on;
    keepalive_requests 10000000;
    client_body_temp_path {folder}/b;
    proxy_temp_path {folder}/p;
    fastcgi_temp_path {folder}/f;
    uwsgi_temp_path {folder}/u;
    scgi_temp_path {folder}/s;
    server {{ listen 127.0.0.1:{port} {tls}; root {folder}; {more} }}
}}
"""

NGINX_TLS = """
    ssl_certificate {pem}; ssl_certificate_key {key};
    ssl_protocols TLSv1.3; ssl_session_cache shared:it:10m;
    ssl_conf_command Ciphersuites TLS_AES_128_GCM_SHA256;
"""


class Served:
    """A program, served in one way: where, and by which processes."""

    def __init__(self, stack, way, program):
        self.way, self.stack = way, stack
        self.tls = way != "plain TCP"
        self.port = runs.free_port()
        self.pids = []
        behind = runs.free_port() if way == "stunnel" else self.port
        command = program(stack, behind, way == "OpenSSL")
        if way == "tlsup":
            command = runs.under(*command, role="server")
            self.pids.append(DAEMON.process.pid)
        self._run(command, behind)
        if way == "stunnel":
            conf = os.path.join(scratch(stack), "conf")
            with open(conf, "w", encoding="ascii") as file:
                file.write(STUNNEL.format(port=self.port, plain=behind,
                                          pem=runs.PEM, key=runs.KEY))
            self._run(["stunnel4", conf], self.port)
        # What is read from the host when first needed takes long, by a clock
        # that does not stop meanwhile.
        for _ in range(2 if self.tls else 0):
            with contextlib.suppress(OSError):
                CLIENT.wrap_socket(
                    socket.create_connection(("127.0.0.1", self.port)),
                    server_hostname="localhost").close()

    def _run(self, command, port):
        running = runs.Running(self.stack, command).ready(port)
        self.pids.append(running.process.pid)

    def resident(self):
        """Bytes of its processes and their children."""
        return runs.resident(*self.pids)


def scratch(stack):
    """A folder in memory."""
    return stack.enter_context(tempfile.TemporaryDirectory(dir="/dev/shm"))


def slab():
    """What the kernel's own objects take, bytes."""
    with open("/proc/meminfo", encoding="ascii") as file:
        return next(int(x.split()[1]) for x in file if x.startswith("Slab")) * KIB


def redis(stack, port, tls):
    """The command."""
    command = ["redis-server", "--save", "", "--bind", "127.0.0.1", "--dir",
               scratch(stack)]
    if not tls:
        return command + ["--port", str(port)]
    return command + ["--port", "0", "--tls-port", str(port),
                      "--tls-auth-clients", "no", "--tls-cert-file", runs.PEM,
                      "--tls-key-file", runs.KEY, "--tls-ca-cert-file", runs.CA,
                      "--tls-ciphersuites", "TLS_AES_128_GCM_SHA256"]


def nginx(stack, port, tls):
    """The command; its files are PAGES."""
    conf = os.path.join(scratch(stack), "conf")
    more = NGINX_TLS.format(pem=runs.PEM, key=runs.KEY) if tls else ""
    with open(conf, "w", encoding="ascii") as file:
        file.write(NGINX.format(folder=PAGES, port=port, more=more,
                                tls="ssl" if tls else ""))
    return ["nginx", "-c", conf]


def busy():
    """Seconds that all processors together have worked: those that they were
    not idle. What the kernel counts as work it only samples."""
    with open("/proc/uptime", encoding="ascii") as file:
        up, idle = (float(x) for x in file.read().split())
    return up * os.cpu_count() - idle


def clients_time():
    """Seconds of processor time of the clients that have ended."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def timed(command, **more):
    """A client: its output, and the seconds that the rest of the guest worked."""
    begin, own = busy(), clients_time()
    out = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True,
                         env={**os.environ, "TLSUP_TRUST": runs.CA},
                         **more).stdout
    return out, max(busy() - begin - (clients_time() - own), 0.0)


def benchmark(served, pipelined, number):
    """redis-benchmark: figures by the command's name."""
    command = ["redis-benchmark", "-h", "localhost", "-p", str(served.port),
               "-t", "set,get", "-c", "20", "-P", str(pipelined), "-n",
               str(number), "--csv"]
    if served.tls:
        command += ["--tls", "--cacert", runs.CA, "--tls-ciphersuites",
                    "TLS_AES_128_GCM_SHA256"]
    out, seconds = timed(command, stderr=subprocess.DEVNULL)
    rows = {row["test"]: row for row in csv.DictReader(out.splitlines())}
    found = {}
    for name in ("SET", "GET"):
        found[f"{name} requests"] = float(rows[name]["rps"])
        found[f"{name} p99"] = float(rows[name]["p99_latency_ms"]) * 1000
    found["SET and GET cpu"] = seconds / (2 * number) * 1e6
    return found


def load(served, how, handshake, file, connections):
    """load: figures by name."""
    out, seconds = timed([LOAD, how, handshake if served.tls else "none",
                          str(served.port), "/" + file, str(connections), MS])
    requests, size, took, _p50, p99, resumed = (float(x) for x in out.split())
    if handshake == "resume" and served.tls and resumed < requests:
        print(f"{served.way}: {resumed:.0f} of {requests:.0f} connections were "
              "resumed", file=sys.stderr)
    found = {"p99": p99}
    if FILES[file] < KIB * KIB:
        found["requests"] = requests / took
        found["cpu"] = seconds / requests * 1e6
    else:
        found["speed"] = size / took / 1e6
        found["cpu per GB"] = seconds / size * 1e9
    return found


UNITS = {"requests": "1/s", "speed": "MB/s", "p99": "us", "cpu": "us each",
         "cpu per GB": "s/GB"}


def unit(name):
    """By the end of a figure's name."""
    return next(u for end, u in sorted(UNITS.items(), key=lambda x: -len(x[0]))
                if name.endswith(end))


def figures(case, found):
    """One figure for each name and peer, of all ways' runs."""
    for name in found["tlsup"][0]:
        medians = {way: statistics.median(run[name] for run in all_runs)
                   for way, all_runs in found.items()}
        ours = medians.pop("tlsup")
        for way, theirs in medians.items():
            more = name.endswith(("requests", "speed"))
            over, under = (ours, theirs) if more else (theirs, ours)
            yield {"case": f"{case} {name}", "unit": unit(name), "tlsup": ours,
                   "peer": theirs, "peer_name": way, "runs": RUNS,
                   "ratio": over / under if under else 0}
        if name.endswith(("cpu", "cpu per GB")):
            yield from beyond(f"{case} {name}", unit(name), ours, medians)


def beyond(case, what, ours, medians):
    """What TLS adds to the server's work: the program's own is in all of them, and
    bounds the ratio of the whole."""
    plain = medians["plain TCP"]
    for way in ("OpenSSL", "stunnel"):
        ours_more, more = (max(x - plain, 0) for x in (ours, medians[way]))
        yield {"case": f"{case} beyond plain TCP", "unit": what,
               "tlsup": ours_more, "peer": more, "peer_name": way, "runs": RUNS,
               "ratio": more / ours_more if ours_more else 0}


def in_turns(program, measure, *args):
    """All ways, RUNS times each, none at the same time."""
    found = {way: [] for way in WAYS}
    with contextlib.ExitStack() as stack:
        all_served = [Served(stack, way, program) for way in WAYS]
        for _ in range(RUNS):
            for served in all_served:
                found[served.way].append(measure(served, *args))
    return found


def redis_set():
    """Pipelined and not."""
    for pipelined in (1, 16):
        # Of redis-benchmark's time its handshakes are a part.
        number = int(MS) * (40 if pipelined == 1 else 200)
        yield from figures(f"redis pipeline {pipelined}",
                           in_turns(redis, benchmark, pipelined, number))


def nginx_cases(file, connections, *kinds):
    """Keep-alive, or a connection for each request."""
    for kind, how, handshake in (("keep-alive", "keep", "full"),
                                 ("full handshake each", "close", "full"),
                                 ("resumed each", "close", "resume")):
        if not kinds or kind in kinds:
            yield from figures(f"nginx {file} {kind}",
                               in_turns(nginx, load, how, handshake, file,
                                        connections))


def nginx_set():
    """Small answers, and large ones."""
    yield from nginx_cases("1K", 8)
    yield from nginx_cases("1M", 4)


def bulk_set():
    """A handshake is nothing beside 100 MiB."""
    yield from nginx_cases("100M", 1, "keep-alive", "full handshake each")


def talk(served, question):
    """A connection that has asked once, and stays."""
    sock = socket.create_connection(("127.0.0.1", served.port))
    if served.tls:
        sock = CLIENT.wrap_socket(sock, server_hostname="localhost")
    sock.sendall(question)
    sock.recv(65536)
    return sock


def memory(served, question):
    """Bytes for each of IDLE connections more."""
    first = [talk(served, question) for _ in range(10)]
    before, kernel = served.resident(), slab()
    more = [talk(served, question) for _ in range(IDLE)]
    found = {"resident": max(served.resident() - before, 1) / IDLE,
             "kernel": max(slab() - kernel, 1) / IDLE}
    for sock in first + more:
        sock.close()
    return found


UNITS.update(resident="bytes", kernel="bytes")


def memory_set():
    """What an idle connection costs."""
    for program, question in ((redis, b"PING\r\n"),
                              (nginx, b"GET /1K HTTP/1.1\r\nHost: a\r\n\r\n")):
        yield from figures(f"{program.__name__} connection",
                           in_turns(program, memory, question))


def make_pages():
    """One file of each size."""
    for name, size in FILES.items():
        with open(os.path.join(PAGES, name), "wb") as file:
            file.write(os.urandom(KIB) * (size // KIB))


def main():
    """Measure one set."""
    what, output = sys.argv[1:]
    make_pages()
    kernel = os.environ["TLSUP_KERNEL"]
    # As udev does on a machine, for what the processor can do.
    if kernel.startswith("stock"):
        subprocess.run(["modprobe", "-a", "aesni_intel"], check=True)
    found = []
    for figure in globals()[what + "_set"]():
        figure["case"] = f"{kernel} {figure['case']}"
        print(f"{figure['case']}: {figure['tlsup']:.4g} {figure['unit']}, "
              f"{figure['peer_name']} {figure['peer']:.4g}, ratio "
              f"{figure['ratio']:.2f}", flush=True)
        found.append(figure)
    with open(output, "w", encoding="utf-8") as out:
        json.dump(found, out)


# None of these programs speaks HTTP/2.
DAEMON = host.Daemon(host.config().replace('"h2", ', ""))
CLIENT = peer.client_context()
PAGES = tempfile.mkdtemp(dir="/dev/shm")
if __name__ == "__main__":
    with DAEMON:
        main()
