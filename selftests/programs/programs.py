#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
# Copyright (C) 2026 The tlsup authors
"""Programs that are not changed at all, under tlsup-run: each with OpenSSL or
GnuTLS as the other side, and with one another."""
import os
import socket
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)) + "/../lib")
# pylint: disable=wrong-import-position
import host
import runs
from ktap import Skip, check, equal, main, test

PAGE = b"a page that is served\n"
BUSYBOX = os.path.expanduser(
    os.environ.get("XDG_CACHE_HOME", "~/.cache") + "/tlsup/busybox/bin/busybox")


def folder_with_page(stack, size=0):
    """A folder with a page, and a file of so many bytes."""
    folder = stack.enter_context(runs.tempfile.TemporaryDirectory())
    os.chmod(folder, 0o755)
    with open(os.path.join(folder, "page"), "wb") as file:
        file.write(PAGE)
    with open(os.path.join(folder, "big"), "wb") as file:
        file.write(os.urandom(size))
    return folder


def contents(*path):
    with open(os.path.join(*path), "rb") as file:
        return file.read()


def curl(port, path="page", *options):
    """curl with OpenSSL of its own."""
    return runs.went_well(["curl", "-sS", "--cacert", runs.CA, *options,
                           f"https://localhost:{port}/{path}"])


def wget(port, path="page"):
    """wget over plain http://, under tlsup-run."""
    return runs.under("wget", "-q", "-O", "-", "-t", "1", "-T", "20",
                      f"http://localhost:{port}/{path}")


def no_plaintext(port):
    """Nothing but an alert comes back to who speaks none."""
    got = runs.plain_gets(port, b"GET /page HTTP/1.0\r\n\r\nPING\r\n")
    check(got[:1] == b"\x15" and len(got) == 7, "plaintext came back:", got)


# redis

def redis(stack, *options, tls=True):
    port = runs.free_port()
    command = ["redis-server", "--save", "", "--bind", "127.0.0.1", *options,
               "--dir", stack.enter_context(runs.tempfile.TemporaryDirectory())]
    if tls:
        command = runs.under(*command, "--port", port)
    else:
        command += ["--port", "0", "--tls-port", str(port), "--tls-auth-clients",
                    "no", "--tls-cert-file", runs.PEM, "--tls-key-file",
                    runs.KEY, "--tls-ca-cert-file", runs.CA]
    runs.Running(stack, command).ready(port)
    return port


def redis_cli(port, *words, tls=True):
    command = ["redis-cli", "-h", "localhost", "-p", port]
    if tls:
        return runs.went_well(runs.under(*command, *words))
    return runs.went_well([str(c) for c in command] +
                          ["--tls", "--cacert", runs.CA, *words])


def sets_and_gets(port, **options):
    value = "x" * 100000
    equal(redis_cli(port, "SET", "key", value, **options), b"OK\n", "SET")
    equal(redis_cli(port, "GET", "key", **options), value.encode() + b"\n",
          "GET")


@test
def redis_server_serves_openssl(stack):
    port = redis(stack)
    theirs = runs.tls_client(stack, port)
    theirs.write(b"PING\r\n")
    equal(theirs.read_exactly(7), b"+PONG\r\n", "PING")
    sets_and_gets(port, tls=False)
    no_plaintext(port)


@test
def redis_server_serves_gnutls(stack):
    out = runs.gnutls_client(redis(stack), b"PING\r\nQUIT\r\n")
    check(b"+PONG" in out, out)


@test
def redis_cli_asks_a_server_with_openssl(stack):
    sets_and_gets(redis(stack, tls=False))


@test
def redis_cli_asks_redis_server(stack):
    sets_and_gets(redis(stack))


@test
def redis_benchmark_runs_with_redis_server(stack):
    port = redis(stack)
    out = runs.went_well(runs.under(
        "redis-benchmark", "-h", "localhost", "-p", port, "-n", 2000, "-c", 20,
        "-P", 4, "-t", "set,get", "-q"))
    check(b"GET" in out and b"SET" in out, out)


@test
def a_replica_follows_its_master(stack):
    master = redis(stack)
    replica = redis(stack, "--replicaof", f"localhost {master}")
    redis_cli(master, "SET", "key", "value")
    check(host.wait_for(lambda: redis_cli(replica, "GET", "key") == b"value\n",
                        30), "it does not arrive")


# netcat

@test
def nc_listens_for_openssl(stack):
    port = runs.free_port()
    nc = runs.Running(stack, runs.under("nc", "-l", "-p", port)).ready(port)
    theirs = runs.tls_client(stack, port)
    theirs.write(b"from openssl\n")
    nc.hears(b"from openssl\n")
    nc.type(b"from nc\n")
    equal(theirs.read_exactly(8), b"from nc\n", "what nc was given")


@test
def nc_connects_to_openssl(stack):
    server = runs.TlsServer(stack, lambda theirs: (
        theirs.read(), theirs.write(b"from openssl\n"))[0])
    nc = runs.Running(stack, runs.under("nc", "localhost", server.port))
    nc.type(b"from nc\n")
    nc.hears(b"from openssl\n")
    equal(server.result(), b"from nc\n", "what nc was given")


@test
def nc_connects_to_nc(stack):
    port = runs.free_port()
    one = runs.Running(stack, runs.under("nc", "-l", "-p", port)).ready(port)
    two = runs.Running(stack, runs.under("nc", "localhost", port))
    two.type(b"to one\n")
    one.hears(b"to one\n")
    one.type(b"to two\n")
    two.hears(b"to two\n")


# python3 -m http.server and wget

def http_server(stack, folder):
    port = runs.free_port()
    runs.Running(stack, runs.under(
        runs.PYTHON, "-m", "http.server", "--bind", "127.0.0.1", "-d", folder,
        port)).ready(port)
    return port


@test
def http_server_serves_curl(stack):
    folder = folder_with_page(stack, 1 << 20)
    port = http_server(stack, folder)
    equal(curl(port), PAGE, "the page")
    equal(curl(port, "big"), contents(folder, "big"), "the file")
    no_plaintext(port)


@test
def http_server_serves_gnutls(stack):
    port = http_server(stack, folder_with_page(stack))
    out = runs.gnutls_client(port, b"GET /page HTTP/1.0\r\n\r\n")
    check(PAGE in out, out)


@test
def http_server_serves_others_while_one_is_silent(stack):
    port = http_server(stack, folder_with_page(stack))
    stack.enter_context(socket.create_connection(("127.0.0.1", port)))
    equal(curl(port), PAGE, "the page")


@test
def wget_fetches_from_openssl(stack):
    port = runs.free_port()
    runs.Running(stack, ["openssl", "s_server", "-accept", str(port), "-WWW",
                         "-cert", runs.PEM, "-key", runs.KEY],
                 cwd=folder_with_page(stack)).ready(port)
    equal(runs.went_well(wget(port)), PAGE, "the page")


@test
def wget_fetches_from_gnutls(stack):
    port = runs.free_port()
    runs.Running(stack, ["gnutls-serv", "--http", "--port", str(port),
                         "--x509certfile", runs.PEM, "--x509keyfile", runs.KEY,
                         "--disable-client-cert"]).ready(port)
    check(b"GnuTLS" in runs.went_well(wget(port, "")), "not the page of GnuTLS")


@test
def wget_fetches_from_http_server(stack):
    folder = folder_with_page(stack, 1 << 20)
    port = http_server(stack, folder)
    equal(runs.went_well(wget(port, "big")), contents(folder, "big"), "file")


@test
def wget_fails_when_the_server_speaks_no_tls(stack):
    port = runs.free_port()
    runs.Running(stack, [runs.PYTHON, "-m", "http.server", "--bind",
                         "127.0.0.1", str(port)]).ready(port)
    done = runs.run(wget(port))
    equal(done.returncode, 4, "exit status")
    equal(done.stderr.count("tlsup-run:"), 1, done.stderr)


# socat

@test
def socat_serves_openssl(stack):
    port = runs.free_port()
    runs.Running(stack, runs.under(
        "socat", f"TCP-LISTEN:{port},fork,reuseaddr", "EXEC:cat")).ready(port)
    for _ in range(3):
        theirs = runs.tls_client(stack, port)
        theirs.write(b"there and back")
        equal(theirs.read_exactly(14), b"there and back", "echo")
    no_plaintext(port)


@test
def socat_connects_to_socats_own_tls(stack):
    port = runs.free_port()
    runs.Running(stack, [
        "socat", f"OPENSSL-LISTEN:{port},cert={runs.PEM},key={runs.KEY},verify=0",
        "EXEC:cat"]).ready(port)
    out = runs.went_well(runs.under("socat", "-t", "5", "-",
                                    f"TCP:localhost:{port}"),
                         b"there and back")
    equal(out, b"there and back", "echo")


@test
def socat_connects_to_socat(stack):
    port = runs.free_port()
    runs.Running(stack, runs.under("socat", f"TCP-LISTEN:{port}",
                                   "EXEC:cat")).ready(port)
    data = os.urandom(300000)
    out = runs.went_well(runs.under("socat", "-t", "5", "-",
                                    f"TCP:localhost:{port}"), data)
    check(out == data, "another echo, of", len(out), "bytes")


# nginx

NGINX = """
pid {folder}/pid;
error_log stderr;
worker_processes 2;
daemon off;
events {{ worker_connections 64; }}
http {{
    access_log off;
    sendfile on;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    server {{
        listen 127.0.0.1:{port};
        root {folder};
        location /far/ {{ proxy_pass http://localhost:{upstream}/; }}
    }}
}}
"""


def nginx(stack, folder, upstream=1):
    port = runs.free_port()
    with open(os.path.join(folder, "conf"), "w", encoding="ascii") as file:
        file.write(NGINX.format(folder=folder, port=port, upstream=upstream))
    return port, runs.Running(stack, runs.under(
        "nginx", "-c", os.path.join(folder, "conf"))).ready(port)


@test
def nginx_serves_curl_with_sendfile_and_keep_alive(stack):
    folder = folder_with_page(stack, 1 << 20)
    port, server = nginx(stack, folder)
    equal(curl(port), PAGE, "the page")
    url = f"https://localhost:{port}/"
    out = runs.went_well(["curl", "-sSv", "--cacert", runs.CA, url + "big",
                          url + "big", url + "page"])
    check(out == 2 * contents(folder, "big") + PAGE, "another file")
    no_plaintext(port)
    check("emerg" not in server.complaints(), server.complaints())


@test
def nginx_serves_wget_and_fetches_from_its_upstream(stack):
    upstream, _server = nginx(stack, folder_with_page(stack))
    port, _server = nginx(stack, folder_with_page(stack), upstream)
    equal(runs.went_well(wget(port, "far/page")), PAGE, "the page")


@test
def nginx_goes_on_after_a_reload(stack):
    port, server = nginx(stack, folder_with_page(stack))
    equal(curl(port), PAGE, "before")
    server.process.send_signal(1)
    for _ in range(5):
        equal(curl(port), PAGE, "after")


# busybox

def busybox(*words):
    if not os.path.exists(BUSYBOX):
        raise Skip("busybox with shared libraries is not at hand")
    return runs.under(BUSYBOX, *words)


@test
def busybox_that_is_static_is_refused(_stack):
    done = runs.run(runs.under("busybox", "wget", "http://localhost/"))
    equal(done.returncode, 126, "exit status")
    check("statically linked" in done.stderr, done.stderr)


@test
def busybox_wget_fetches_from_openssl(stack):
    port = runs.free_port()
    runs.Running(stack, ["openssl", "s_server", "-accept", str(port), "-WWW",
                         "-cert", runs.PEM, "-key", runs.KEY],
                 cwd=folder_with_page(stack)).ready(port)
    out = runs.went_well(busybox("wget", "-q", "-O", "-",
                                 f"http://localhost:{port}/page"))
    equal(out, PAGE, "the page")


@test
def busybox_httpd_serves_curl_and_wget(stack):
    port = runs.free_port()
    runs.Running(stack, busybox(
        "httpd", "-f", "-p", f"127.0.0.1:{port}",
        "-h", folder_with_page(stack))).ready(port)
    equal(curl(port), PAGE, "to curl")
    equal(runs.went_well(wget(port)), PAGE, "to wget")
    no_plaintext(port)


@test
def busybox_nc_listens_for_openssl(stack):
    port = runs.free_port()
    nc = runs.Running(stack, busybox("nc", "-l", "-p", port)).ready(port)
    theirs = runs.tls_client(stack, port)
    theirs.write(b"from openssl\n")
    nc.hears(b"from openssl\n")


# None of these programs speaks HTTP/2: a profile for them does not say so.
CONFIG = host.config().replace('"h2", ', "")

if __name__ == "__main__":
    with host.Daemon(CONFIG):
        main()
