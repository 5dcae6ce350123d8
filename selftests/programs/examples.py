#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
# Copyright (C) 2026 The tlsup authors
"""The examples, as they stand: with OpenSSL or GnuTLS, and with one another."""
import os
import re
import socket
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)) + "/../lib")
# pylint: disable=wrong-import-position
import host
import peer
import runs
from ktap import check, equal, main, test

TOP = os.path.normpath(os.path.join(host.HERE, "../.."))
EXAMPLES = os.path.join(TOP, "daemon/examples")
PROGRAMS = os.path.join(host.BUILD, "selftests/programs")


def build(name):
    """As the file itself says, with warnings."""
    os.makedirs(PROGRAMS, exist_ok=True)
    runs.went_well(["cc", "-Wall", "-Wextra", "-Werror", "-I",
                    os.path.join(TOP, "include/uapi"),
                    os.path.join(EXAMPLES, name + ".c"), "-o",
                    os.path.join(PROGRAMS, "example-" + name)])


def command(name, *arguments):
    """An example of C has no suffix here."""
    path = os.path.join(EXAMPLES, name) if "." in name else \
        os.path.join(PROGRAMS, "example-" + name)
    return [path, *(str(a) for a in arguments)]


def started(stack, name, *arguments):
    """A server among them, and its port, which comes first."""
    port = runs.free_port()
    return runs.Running(stack, command(name, port, *arguments)).ready(port), port


def file_of(stack, size):
    folder = stack.enter_context(runs.tempfile.TemporaryDirectory())
    path = os.path.join(folder, "file")
    data = os.urandom(size)
    with open(path, "wb") as file:
        file.write(data)
    return path, data


def openssl_with_page(stack):
    """openssl s_server with one page, and its port."""
    port = runs.free_port()
    path, data = file_of(stack, 100000)
    runs.Running(stack, ["openssl", "s_server", "-accept", str(port), "-WWW",
                         "-cert", runs.PEM, "-key", runs.KEY],
                 cwd=os.path.dirname(path)).ready(port)
    return port, data


def curl(port):
    return runs.went_well(["curl", "-sS", "--cacert", runs.CA,
                           f"https://localhost:{port}/"])


def echoes(theirs, data):
    theirs.write(data + b"\n")
    equal(theirs.read_exactly(len(data) + 1), data + b"\n", "echo")


@test
def the_clients_fetch_from_openssl(stack):
    port, page = openssl_with_page(stack)
    for name in ("client", "client.py", "fetch.sh"):
        out = runs.went_well(command(name, "localhost", port, "/file"))
        equal(out.partition(b"\r\n\r\n")[2], page, name)


@test
def the_clients_say_why_they_fail(stack):
    for name in ("client", "client.py"):
        server = runs.TlsServer(stack, lambda theirs: None, cert="expired")
        done = runs.run(command(name, "localhost", server.port))
        equal(done.returncode, 1, name)
        check("Key has expired: " in done.stderr and
              "expired" in done.stderr.split(": ")[-1], done.stderr)


@test
def the_server_sends_its_file_to_openssl_and_gnutls(stack):
    # Of a size that gnutls-cli, slow to write, has done in seconds.
    path, data = file_of(stack, 1 << 18)
    _server, port = started(stack, "server", path)
    check(curl(port) == data, "another file by curl")
    out = runs.went_well(["gnutls-cli", "--logfile=/dev/null", "--x509cafile",
                          runs.CA, "--verify-hostname", "localhost", "--port",
                          str(port), "127.0.0.1"],
                         b"GET / HTTP/1.0\r\n\r\n")
    check(data in out, "another file by gnutls-cli")


@test
def the_server_is_not_held_up_by_peers_that_stall(stack):
    path, data = file_of(stack, 5 << 20)
    server, port = started(stack, "server", path)
    for words in (b"", b"\x16\x03\x01\x02\x00", b"no TLS at all\r\n\r\n"):
        sock = stack.enter_context(socket.create_connection(("::1", port)))
        sock.sendall(words)
    lazy = runs.tls_client(stack, port)
    lazy.write(b"GET / HTTP/1.0\r\n\r\n")
    check(curl(port) == data, "another file")
    check(host.wait_for(lambda: "a client: " in server.complaints()),
          "it does not say what was wrong with the third")
    equal(lazy.read_exactly(100)[:15], b"HTTP/1.0 200 OK", "to the lazy one")


@test
def the_c_client_fetches_from_the_c_server(stack):
    path, data = file_of(stack, 1 << 20)
    _server, port = started(stack, "server", path)
    out = runs.went_well(command("client", "localhost", port))
    check(out.partition(b"\r\n\r\n")[2] == data, "another file")


@test
def the_servers_echo_to_openssl(stack):
    for name in ("server.py", "async_server.py", "echo.sh"):
        _server, port = started(stack, name)
        # One that says nothing is in nobody's way.
        stack.enter_context(socket.create_connection(("127.0.0.1", port)))
        for _ in range(3):
            echoes(runs.tls_client(stack, port), b"there and back")
        got = runs.plain_gets(port)
        equal(got[:1], b"\x15", f"{name} to plaintext")


@test
def the_asyncio_client_asks_both_servers(stack):
    for name in ("server.py", "async_server.py"):
        _server, port = started(stack, name)
        out = runs.went_well(command("async_client.py", "localhost", port, 20))
        equal(out.decode().split("\n")[:-1], [f"line {n}" for n in range(20)],
              name)


@test
def the_asyncio_client_fails_as_connect_does(stack):
    server = runs.TlsServer(stack, lambda theirs: None, cert="othername")
    done = runs.run(command("async_client.py", "localhost", server.port, 1))
    equal(done.returncode, 1, "exit status")
    check("Key was rejected" in done.stderr, done.stderr)


# The manual

def page():
    """The source of tlsup(7)."""
    with open(os.path.join(TOP, "daemon/man/tlsup.7"), encoding="utf-8") as file:
        return file.read()


@test
def the_manuals_example_fetches_from_openssl(stack):
    source = re.search(r"\.EX\n(.*?)\.EE\n", page(), re.S)[1]
    program = os.path.join(PROGRAMS, "example-of-manual")
    runs.went_well(["cc", "-Wall", "-Wextra", "-Werror", "-I",
                    os.path.join(TOP, "include/uapi"), "-x", "c", "-", "-o",
                    program],
                   source.replace("\\-", "-").replace("\\e", "\\").encode())
    port, _page = openssl_with_page(stack)
    out = runs.went_well([program, "localhost", str(port)])
    check(b"HTTP/1.0" in out, out)
    server = runs.TlsServer(stack, lambda theirs: None, cert="expired")
    done = runs.run([program, "localhost", str(server.port)])
    check(done.returncode == 1 and "expired" in done.stderr, done.stderr)


@test
def the_manual_names_every_option_flag_and_error(_stack):
    with open(os.path.join(TOP, "include/uapi/linux/tlsup.h"),
              encoding="ascii") as file:
        header = file.read()
    names = re.findall(r"^\t(TLSUP_[A-Z0-9_]+)\t+= ", header, re.M)
    wanted = [n for n in names if not n.startswith(
        ("TLSUP_PHASE_", "TLSUP_INET_DIAG", "TLSUP_FLAG_ALL"))]
    errors = re.findall(r"^ \*\t(E[A-Z]+)\t", header, re.M)
    check(len(wanted) > 15 and len(errors) > 12, wanted, errors)
    equal([n for n in wanted + errors if n not in page()], [], "missing")


# STARTTLS

def smtp(stack):
    """The server, and a plain connection that has heard its greeting."""
    server, port = started(stack, "starttls_server.py")
    sock = stack.enter_context(socket.create_connection(("127.0.0.1", port)))
    sock.settimeout(20)
    return server, sock, sock.makefile("rb")


def starttls(sock, lines):
    """Up to the point of TLS."""
    equal(lines.readline(), b"220 localhost ESMTP\r\n", "greeting")
    sock.sendall(b"STARTTLS\r\n")
    equal(lines.readline(), b"220 go ahead\r\n", "answer")


@test
def mail_goes_from_the_client_to_the_server(stack):
    server, port = started(stack, "starttls_server.py")
    runs.went_well(command("starttls_client.py", "localhost", port,
                           "one\n.two"))
    server.hears(b"TLS: QUIT")
    equal(server.said().decode().splitlines(),
          ["plain: EHLO localhost", "plain: STARTTLS", "TLS: EHLO localhost",
           "TLS: MAIL FROM:<me@example.org>", "TLS: RCPT TO:<you@example.org>",
           "TLS: DATA", "mail: one", "mail: .two", "TLS: QUIT"], "dialogue")


@test
def the_server_takes_mail_from_curl_and_openssl(stack):
    server, port = started(stack, "starttls_server.py")
    runs.went_well(["curl", "-sS", "--ssl-reqd", "--cacert", runs.CA,
                    f"smtp://localhost:{port}", "--mail-from", "me@example.org",
                    "--mail-rcpt", "you@example.org", "-T", "-"],
                   b"from curl\r\n")
    server.hears(b"mail: from curl")
    out = runs.went_well(["openssl", "s_client", "-starttls", "smtp", "-quiet",
                          "-CAfile", runs.CA, "-verify_return_error", "-crlf",
                          "-connect", f"localhost:{port}"], b"NOOP\nQUIT\n")
    check(b"221 bye" in out, out)


@test
def the_client_mails_to_openssl(stack):
    def serve(sock):
        lines = sock.makefile("rb")
        sock.sendall(b"220 x\r\n")
        equal(lines.readline(), b"EHLO localhost\r\n", "EHLO")
        sock.sendall(b"250-x\r\n250 STARTTLS\r\n")
        equal(lines.readline(), b"STARTTLS\r\n", "STARTTLS")
        sock.sendall(b"220 x\r\n")
        theirs = peer.Peer(sock, peer.server_context()).handshake()
        got = b""
        for said in (b"250 x", b"250 x", b"250 x", b"354 x", b"250 x",
                     b"221 x"):
            got += theirs.read()
            theirs.write(said + b"\r\n")
        return got

    listener = stack.enter_context(socket.create_server(("127.0.0.1", 0)))
    serving = runs.tlsup.Background(lambda: serve(listener.accept()[0]))
    runs.went_well(command("starttls_client.py", "localhost",
                           listener.getsockname()[1], "text"))
    check(b"DATA\r\ntext\r\n.\r\nQUIT\r\n" in serving.result(),
          serving.result())


@test
def plaintext_in_the_commands_segment_is_refused(stack):
    server, sock, lines = smtp(stack)
    equal(lines.readline(), b"220 localhost ESMTP\r\n", "greeting")
    sock.sendall(b"STARTTLS\r\nMAIL FROM:<injected>\r\n")
    equal(lines.readline(), b"501 nothing may follow STARTTLS\r\n", "answer")
    equal(lines.read(), b"", "the rest")
    check(b"injected" not in server.said(), server.said())


@test
def plaintext_behind_the_command_never_comes_out_of_the_tls_socket(stack):
    for wait in (0, 0.3):
        server, sock, lines = smtp(stack)
        starttls(sock, lines)
        time.sleep(wait)
        sock.sendall(b"MAIL FROM:<injected>\r\n")
        server.hears(b"ended: ")
        check(b"injected" not in server.said(), server.said())


@test
def plaintext_before_the_client_hello_ends_the_connection(stack):
    server, sock, lines = smtp(stack)
    starttls(sock, lines)
    sock.sendall(b"NOOP\r\n")
    theirs = peer.Peer(sock, peer.client_context(), "localhost")
    check(theirs.failure(theirs.handshake), "a handshake behind plaintext")
    server.hears(b"ended: ")
    check(b"NOOP" not in server.said(), server.said())


@test
def an_answer_injected_at_the_client_is_refused(stack):
    """250 for the second EHLO, from before TLS."""
    def serve(sock):
        sock.sendall(b"220 x\r\n")
        lines = sock.makefile("rb")
        lines.readline()
        sock.sendall(b"250 STARTTLS\r\n")
        lines.readline()
        sock.sendall(b"220 go\r\n250 injected\r\n")
        return lines.read()

    listener = stack.enter_context(socket.create_server(("127.0.0.1", 0)))
    serving = runs.tlsup.Background(lambda: serve(listener.accept()[0]))
    done = runs.run(command("starttls_client.py", "localhost",
                            listener.getsockname()[1], "text"))
    equal(done.returncode, 1, "exit status")
    check("plaintext behind STARTTLS" in done.stderr, done.stderr)
    equal(serving.result(), b"", "what it still sent")


# None of these programs speaks HTTP/2.
CONFIG = host.config().replace('"h2", ', "")

if __name__ == "__main__":
    build("client")
    build("server")
    with host.Daemon(CONFIG):
        main()
