#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
# Copyright (C) 2026 The tlsup authors
"""The proof programs: what they serve and fetch, and what they say."""
import hashlib
import os
import re
import socket
import subprocess
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)) + "/../lib")
# pylint: disable=wrong-import-position
import host
import peer
import tlsup
from ktap import check, equal, main, test

PYTHON = os.path.join(host.HERE, "../prog")
LINE = (r"conn 1: TLSv1\.3 TLS_\w+ group (X25519|P-256) sni={sni} alpn={alpn} "
        r"resumed=no handshake=[1-9]\d*us events=[1-9] answers=[1-9] "
        r"signature=ecdsa_secp256r1_sha256")


def matches(line, sni, alpn="-"):
    pattern = LINE.format(sni=re.escape(sni), alpn=re.escape(alpn))
    check(re.fullmatch(pattern, line), "the line is", repr(line))


def peer_client(port, family=socket.AF_INET, alpn=None):
    address = "::1" if family == socket.AF_INET6 else "127.0.0.1"
    sock = socket.socket(family)
    sock.connect((address, port))
    sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return peer.Peer(sock, peer.client_context(alpn), "localhost").handshake()


def read_all(other):
    data = b""
    while part := other.read():
        data += part
    return data


@test
def both_say_one_line_about_a_connection(stack):
    server, port = host.serve(stack, "--connections", "1",
                              "--alpn", "h2,http/1.1")
    done = host.fetch(port, "--alpn", "http/1.1", path="/x")
    equal(done.returncode, 0, "exit status")
    equal(done.stdout, b"hello from tlsup-serve\n", "body")
    matches(done.stderr.decode().rstrip("\n"), "localhost", "http/1.1")
    matches(server.line("conn"), "localhost", "http/1.1")
    equal(server.process.wait(10), 0, "exit status of the server")


@test
def a_request_may_be_cut_anywhere(stack):
    server, port = host.serve(stack)
    request = b"GET / HTTP/1.0\r\nHost: localhost\r\n\r\n"
    for slices in (1, 2, 7, len(request) - 1):
        other = peer_client(port)
        for at in range(0, len(request), slices):
            other.write(request[at:at + slices])
        head, _, body = read_all(other).partition(b"\r\n\r\n")
        equal(head.split(b"\r\n")[0], b"HTTP/1.0 200 OK", "status line")
        equal(body, b"hello from tlsup-serve\n", "body")
        server.line("conn")


@test
def it_serves_connections_side_by_side(stack):
    server, port = host.serve(stack)
    silent = stack.enter_context(
        socket.create_connection(("127.0.0.1", port)))
    halfway = peer_client(port)
    halfway.write(b"GET / HT")
    done = host.fetch(port)
    equal(done.stdout, b"hello from tlsup-serve\n", "body for the third")
    halfway.write(b"TP/1.0\r\n\r\n")
    check(read_all(halfway).endswith(b"tlsup-serve\n"), "body for the second")
    silent.close()
    while "failed: EPROTO" not in server.line("conn"):
        pass


@test
def a_file_arrives_unchanged(stack):
    path = os.path.join("/tmp", f"tlsup-file-{os.getpid()}")
    stack.callback(os.unlink, path)
    with open(path, "wb") as file:
        file.write(os.urandom(3 << 20) + b"odd")
    with open(path, "rb") as file:
        wanted = hashlib.sha256(file.read()).hexdigest()
    _server, port = host.serve(stack, "--file", path)
    done = host.fetch(port)
    equal(done.returncode, 0, done.stderr.decode())
    equal(hashlib.sha256(done.stdout).hexdigest(), wanted, "by tlsup-fetch")
    other = peer_client(port)
    other.write(b"GET / HTTP/1.0\r\n\r\n")
    body = read_all(other).partition(b"\r\n\r\n")[2]
    equal(hashlib.sha256(body).hexdigest(), wanted, "by OpenSSL")


@test
def echo_sends_back_both_ways_at_once(stack):
    _server, port = host.serve(stack, "--echo")
    sock = stack.enter_context(socket.create_connection(("127.0.0.1", port)))
    tlsup.prepare(sock, name="localhost")
    tlsup.start(sock, tlsup.CLIENT)
    data = os.urandom(2 << 20)
    sending = tlsup.Background(sock.sendall, data)
    got = b""
    while len(got) < len(data):
        part = sock.recv(1 << 20)
        check(part, "the echo ended after", len(got))
        got += part
    sending.result()
    equal(hashlib.sha256(got).digest(), hashlib.sha256(data).digest(), "echo")
    sock.shutdown(socket.SHUT_WR)
    equal(sock.recv(1), b"", "the end")


@test
def ipv6_and_several_ports(stack):
    program = stack.enter_context(host.Program(
        os.path.join(host.BIN, "tlsup-serve"), "--port", "0", "--port", "0"))
    ports = [int(program.line("listening").split()[-1]) for _ in range(2)]
    check(ports[0] != ports[1], "ports", ports)
    for port in ports:
        for address in ("::1", "127.0.0.1"):
            done = host.fetch(port, to=address)
            equal(done.stdout, b"hello from tlsup-serve\n",
                  f"body by {address}: {done.stderr.decode()}")


@test
def a_wrong_name_is_told_with_errno_and_sentence(stack):
    server, port = host.serve(stack, "--profile", "othername")
    done = host.fetch(port)
    equal(done.returncode, 1, "exit status")
    equal(done.stdout, b"", "body")
    line = done.stderr.decode().rstrip("\n")
    check(re.fullmatch(r"conn 1: failed: EKEYREJECTED \(Key was rejected by "
                       r"service\): \w.+ \[alert \d+ sent\]", line), line)
    check("failed: EPROTO" in server.line("conn"), "the server's line")
    done = host.fetch(port, "--name", "other.example.org")
    equal(done.returncode, 0, done.stderr.decode())


@test
def failures_exit_with_1_and_usage_with_2(stack):
    _server, port = host.serve(stack)
    equal(host.fetch(port, "--profile", "nowhere").returncode, 1, "profile")
    check(b"ENOKEY" in host.fetch(port, "--profile", "nowhere").stderr, "line")
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    equal(host.fetch(port).returncode, 1, "connection refused")
    equal(host.fetch(port, "--no-such-option").returncode, 2, "bad option")
    equal(host.fetch(port, "--alpn", "").returncode, 2, "bad list")


@test
def a_body_cut_off_by_the_server_is_a_failure(stack):
    listener = stack.enter_context(socket.create_server(("127.0.0.1", 0)))

    def cut():
        other = peer.Peer(listener.accept()[0], peer.server_context())
        other.handshake()
        other.read()
        other.write(b"HTTP/1.0 200 OK\r\n\r\nhalf of")
        other.sock.close()
    serving = tlsup.Background(cut)
    done = host.fetch(listener.getsockname()[1], to="127.0.0.1")
    serving.result()
    equal(done.returncode, 1, "exit status")
    check(b"broken: ECONNRESET" in done.stderr, done.stderr)


@test
def the_python_pair_speaks_to_each_other_and_to_ours(stack):
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = str(free.getsockname()[1])
    server = stack.enter_context(host.Program(
        sys.executable, os.path.join(PYTHON, "serve.py"), port))
    server.line("listening")
    done = host.fetch(port)
    equal(done.stdout, b"hello from serve.py\n", "by tlsup-fetch")
    done = subprocess.run([sys.executable, os.path.join(PYTHON, "fetch.py"),
                           "localhost", port], capture_output=True,
                          check=False, timeout=60)
    equal(done.stdout, b"hello from serve.py\n", done.stderr.decode())
    _server, port = host.serve(stack)
    done = subprocess.run([sys.executable, os.path.join(PYTHON, "fetch.py"),
                           "localhost", str(port)], capture_output=True,
                          check=False, timeout=60)
    equal(done.stdout, b"hello from tlsup-serve\n", done.stderr.decode())


@test
def an_idle_client_does_not_keep_the_server_busy(stack):
    server, port = host.serve(stack)
    peer_client(port)
    server.line("conn")

    def ticks():
        with open(f"/proc/{server.process.pid}/stat", encoding="ascii") as f:
            return sum(map(int, f.read().rsplit(")")[-1].split()[11:13]))
    before = ticks()
    time.sleep(1)
    check(ticks() - before < 20, "ticks in a second:", ticks() - before)


if __name__ == "__main__":
    with host.Daemon():
        main()
