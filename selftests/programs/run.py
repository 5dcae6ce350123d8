#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
# Copyright (C) 2026 The tlsup authors
"""tlsup-run itself: what it refuses, what it leaves alone, what it says."""
import errno
import os
import socket
import stat
import subprocess
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)) + "/../lib")
# pylint: disable=wrong-import-position
import host
import runs
from ktap import check, equal, main, test


def script(text, **options):
    """A Python program under tlsup-run."""
    return runs.under(runs.PYTHON, "-c", text, **options)


FETCH = """
import socket, sys
sock = socket.create_connection(("localhost", {port}))
sock.sendall(b"hello")
print(sock.recv(64).decode(), end="")
"""


def answer(theirs):
    got = theirs.read()
    theirs.write(b"it was " + got)
    theirs.close_notify()
    return got


@test
def a_static_program_is_refused_with_the_reason(_stack):
    done = runs.run(runs.under("/usr/bin/busybox", "true"))
    equal(done.returncode, 126, "exit status")
    check("statically linked" in done.stderr, done.stderr)


@test
def a_static_program_behind_scripts_is_refused(stack):
    folder = stack.enter_context(runs.tempfile.TemporaryDirectory())
    inner, outer, env = (os.path.join(folder, n) for n in ("in", "out", "env"))
    for path, line in ((inner, "#!/usr/bin/busybox sh"), (outer, "#!" + inner),
                       (env, "#!/usr/bin/env -S busybox sh")):
        with open(path, "w", encoding="ascii") as file:
            file.write(line + "\nexit 0\n")
        os.chmod(path, 0o755)
    for path in (inner, outer, env):
        done = runs.run(runs.under(path))
        equal(done.returncode, 126, path)
        check("statically linked" in done.stderr, done.stderr)


@test
def a_setuid_program_is_refused_with_the_reason(stack):
    folder = stack.enter_context(runs.tempfile.TemporaryDirectory())
    os.chmod(folder, 0o755)
    path = os.path.join(folder, "true")
    runs.went_well(["cp", "/bin/true", path])
    os.chown(path, 1, 1)
    os.chmod(path, 0o755 | stat.S_ISUID)
    done = runs.run(runs.under(path))
    equal(done.returncode, 126, "exit status")
    check("set-user-ID" in done.stderr, done.stderr)


@test
def other_programs_keep_their_exit_status(_stack):
    equal(runs.run(runs.under("sh", "-c", "exit 7")).returncode, 7, "status")
    equal(runs.run(runs.under("no-such-program")).returncode, 127, "status")
    equal(runs.run(runs.under("true", port="70000")).returncode, 125, "status")
    equal(runs.run(runs.under("true", port="1,,2")).returncode, 125, "status")
    equal(runs.run(runs.under("true", profile="x" * 64)).returncode, 125,
          "status")


@test
def a_client_is_protected_and_verified(stack):
    server = runs.TlsServer(stack, answer)
    out = runs.went_well(script(FETCH.format(port=server.port)))
    equal(out, b"it was hello", "output")
    equal(server.result(), b"hello", "at the server")


@test
def a_server_is_protected(stack):
    port = runs.free_port()
    runs.Running(stack, script(f"""
import socket
with socket.create_server(("127.0.0.1", {port})) as listener:
    while True:
        conn = listener.accept()[0]
        conn.sendall(b"it was " + conn.recv(64))
        conn.close()
""")).ready(port)
    theirs = runs.tls_client(stack, port)
    theirs.write(b"hello")
    equal(theirs.read_exactly(12), b"it was hello", "answer")


@test
def a_certificate_of_another_name_is_refused_and_one_line_says_so(stack):
    server = runs.TlsServer(stack, answer, cert="othername")
    done = runs.run(script(FETCH.format(port=server.port)))
    equal(done.returncode, 1, "exit status")
    lines = [x for x in done.stderr.splitlines() if x.startswith("tlsup-run:")]
    equal(len(lines), 1, done.stderr)
    check("localhost" in lines[0] and "EKEYREJECTED" in lines[0], lines[0])
    check("Key was rejected" in done.stderr, "its own error path", done.stderr)


@test
def a_name_given_is_the_one_that_counts(stack):
    server = runs.TlsServer(stack, answer, cert="othername")
    out = runs.went_well(script(FETCH.format(port=server.port),
                                name="other.example.org"))
    equal(out, b"it was hello", "output")


@test
def a_peer_that_speaks_no_tls_gets_one_line(stack):
    listener = stack.enter_context(socket.create_server(("127.0.0.1", 0)))
    program = runs.Running(stack, script(
        FETCH.format(port=listener.getsockname()[1])))
    conn = stack.enter_context(listener.accept()[0])
    conn.sendall(b"220 mail.example.org ready\r\n")
    equal(program.process.wait(20), 1, "exit status")
    lines = program.complaints().splitlines()
    said = [x for x in lines if x.startswith("tlsup-run:")]
    equal(len(said), 1, lines)
    check("EPROTO" in said[0] or "EMSGSIZE" in said[0], said[0])
    # A ClientHello and an alert; nothing of what it wanted to say.
    conn.settimeout(5)
    wire = b""
    while part := conn.recv(4096):
        wire += part
    check(wire.startswith(b"\x16\x03") and b"hello" not in wire, wire)


@test
def an_address_of_two_names_is_refused_unless_one_is_given(stack):
    text = """
import socket
for name in ("localhost", "ip6-localhost", "127.0.0.1"):
    try:
        socket.getaddrinfo(name, {port}, socket.AF_INET)
    except socket.gaierror:
        pass
""" + FETCH
    server = runs.TlsServer(stack, answer)
    done = runs.run(script(text.format(port=server.port)))
    equal(done.returncode, 1, "exit status")
    check("two names" in done.stderr, done.stderr)
    out = runs.went_well(script(text.format(port=server.port),
                                name="localhost"))
    equal(out, b"it was hello", "output")


@test
def an_address_without_a_name_is_verified_as_an_address(stack):
    text = FETCH.replace('socket.create_connection(("localhost", {port}))',
                         'socket.socket(); sock.connect(("127.0.0.1", {port}))')
    server = runs.TlsServer(stack, answer)
    out = runs.went_well(script(text.format(port=server.port)))
    equal(out, b"it was hello", "output")


@test
def ports_not_named_are_left_alone(stack):
    listener = stack.enter_context(socket.create_server(("127.0.0.1", 0)))
    port = listener.getsockname()[1]
    program = runs.Running(stack, script(FETCH.format(port=port), port=port + 1))
    conn = stack.enter_context(listener.accept()[0])
    equal(conn.recv(64), b"hello", "plaintext")
    conn.sendall(b"plain too")
    equal(program.process.wait(20), 0, program.complaints())
    own = runs.free_port()
    runs.Running(stack, script(f"""
import socket
a, b = (socket.create_server(("127.0.0.1", p)) for p in ({own}, {own} + 5000))
b.accept()[0].sendall(b"plain")
a.accept()[0].sendall(b"secret")
""", port=own)).ready(own + 5000)
    with socket.create_connection(("127.0.0.1", own + 5000)) as sock:
        sock.settimeout(5)
        equal(sock.recv(64), b"plain", "the other port")
    with socket.create_connection(("127.0.0.1", own)) as sock:
        sock.settimeout(0.3)
        try:
            check(not sock.recv(64), "plaintext came from the port named")
        except socket.timeout:
            pass


@test
def the_other_role_is_left_alone(stack):
    listener = stack.enter_context(socket.create_server(("127.0.0.1", 0)))
    port = listener.getsockname()[1]
    program = runs.Running(stack, script(FETCH.format(port=port),
                                         role="server"))
    conn = stack.enter_context(listener.accept()[0])
    equal(conn.recv(64), b"hello", "plaintext")
    conn.sendall(b"plain")
    equal(program.process.wait(20), 0, program.complaints())


@test
def other_sockets_are_left_alone(_stack):
    runs.went_well(script("""
import socket
a, b = socket.socketpair()
a.sendall(b"x"); assert b.recv(1) == b"x"
name = "\\0tlsup-run-test"
listener = socket.socket(socket.AF_UNIX); listener.bind(name); listener.listen()
c = socket.socket(socket.AF_UNIX); c.connect(name)
d = listener.accept()[0]; c.sendall(b"y"); assert d.recv(1) == b"y"
u = socket.socket(socket.AF_INET, socket.SOCK_DGRAM); u.bind(("127.0.0.1", 0))
v = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
v.connect(u.getsockname()); v.send(b"z"); assert u.recv(1) == b"z"
"""))


@test
def a_connect_that_does_not_block_never_waits(stack):
    server = runs.TlsServer(stack, answer)
    out = runs.went_well(script(f"""
import errno, select, socket
sock = socket.socket(); sock.setblocking(False)
assert sock.connect_ex(("127.0.0.1", {server.port})) == errno.EINPROGRESS
select.select([], [sock], [], 10)
assert sock.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR) == 0
sock.send(b"hello")
select.select([sock], [], [], 10)
print(sock.recv(64).decode(), end="")
"""))
    equal(out, b"it was hello", "output")


@test
def a_connect_that_does_not_block_tells_its_failure_once(stack):
    server = runs.TlsServer(stack, answer, cert="expired")
    done = runs.run(script(f"""
import errno, select, socket
sock = socket.socket(); sock.setblocking(False)
sock.connect_ex(("127.0.0.1", {server.port}))
select.select([], [sock], [], 10)
error = sock.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
assert error == errno.EKEYEXPIRED, error
sock.close()
"""))
    equal(done.returncode, 0, done.stderr)
    equal(done.stderr.count("tlsup-run:"), 1, done.stderr)
    check("EKEYEXPIRED" in done.stderr, done.stderr)


@test
def a_refused_connection_is_no_matter_of_ours(_stack):
    done = runs.run(script(FETCH.format(port=1)))
    equal(done.returncode, 1, "exit status")
    check("Connection refused" in done.stderr, done.stderr)
    check("tlsup-run" not in done.stderr, done.stderr)


@test
def data_that_would_ride_the_first_packet_is_refused(stack):
    listener = stack.enter_context(socket.create_server(("127.0.0.1", 0)))
    done = runs.run(script(f"""
import socket
sock = socket.socket()
sock.sendto(b"hello", socket.MSG_FASTOPEN,
            ("127.0.0.1", {listener.getsockname()[1]}))
"""))
    equal(done.returncode, 1, "exit status")
    check("Operation not supported" in done.stderr, done.stderr)


SENDMMSG = """
import ctypes, socket
class Header(ctypes.Structure):
    _fields_ = [("name", ctypes.c_void_p), ("name_len", ctypes.c_uint32),
                ("rest", ctypes.c_uint64 * 6)]
address = (ctypes.c_uint8 * 16).from_buffer_copy(
    socket.AF_INET.to_bytes(2, "little") + int.to_bytes({port}, 2, "big") +
    socket.inet_aton("127.0.0.1") + bytes(8))
sock = socket.socket()
libc = ctypes.CDLL(None, use_errno=True)
header = Header(ctypes.addressof(address), 16)
assert libc.sendmmsg(sock.fileno(), ctypes.byref(header), 1, {flags}) == -1
raise OSError(ctypes.get_errno(), "sendmmsg")
"""


@test
def nor_does_it_ride_by_sendmmsg(stack):
    listener = stack.enter_context(socket.create_server(("127.0.0.1", 0)))
    done = runs.run(script(SENDMMSG.format(
        port=listener.getsockname()[1], flags=int(socket.MSG_FASTOPEN))))
    check(f"[Errno {errno.EOPNOTSUPP}]" in done.stderr, done.stderr)


@test
def there_is_no_io_uring_that_would_connect_unseen(_stack):
    text = """
import ctypes, os
libc = ctypes.CDLL(None, use_errno=True)
assert libc.syscall(425, 1, ctypes.create_string_buffer(120)) == -1
assert ctypes.get_errno() == {error}, ctypes.get_errno()
"""
    runs.went_well(script(text.format(error=errno.ENOSYS)))
    # Nor for those who may not filter unless they give up set-user-ID.
    runs.went_well(script(text.format(error=errno.ENOSYS)), user=4711,
                   cwd="/")


@test
def a_name_asked_for_the_old_way_is_the_one_that_counts(stack):
    server = runs.TlsServer(stack, answer, cert="othername")
    done = runs.run(script(f"""
import socket
address = socket.gethostbyname_ex("localhost")[2][0]
socket.socket().connect((address, {server.port}))
"""))
    equal(done.returncode, 1, "exit status")
    check(f"localhost port {server.port}: " in done.stderr, done.stderr)


@test
def a_listener_without_bind_is_protected(stack):
    program = runs.Running(stack, script("""
import socket
listener = socket.socket()
listener.listen()
print(listener.getsockname()[1], flush=True)
conn = listener.accept()[0]
conn.sendall(b"it was " + conn.recv(64))
""", role="server"))
    check(host.wait_for(lambda: program.said().endswith(b"\n")),
          program.complaints())
    theirs = runs.tls_client(stack, int(program.said()))
    theirs.write(b"hello")
    equal(theirs.read_exactly(12), b"it was hello", "answer")


@test
def a_listener_handed_over_is_protected(stack):
    listener = stack.enter_context(socket.create_server(("127.0.0.1", 0)))
    runs.Running(stack, script(f"""
import socket
listener = socket.socket(fileno={listener.fileno()})
while True:
    conn = listener.accept()[0]
    conn.sendall(b"it was " + conn.recv(64))
    conn.close()
""", role="server"), pass_fds=[listener.fileno()])
    theirs = runs.tls_client(stack, listener.getsockname()[1])
    theirs.write(b"hello")
    equal(theirs.read_exactly(12), b"it was hello", "answer")


@test
def a_client_of_a_server_that_fails_is_told_by_the_server_too(stack):
    port = runs.free_port()
    server = runs.Running(stack, script(f"""
import socket
listener = socket.create_server(("127.0.0.1", {port}))
while True:
    conn = listener.accept()[0]
    try:
        conn.recv(64)
    except OSError:
        pass
    conn.close()
""")).ready(port)
    equal(runs.plain_gets(port)[:1], b"\x15", "an alert, and no plaintext")
    check(host.wait_for(lambda: "tlsup-run:" in server.complaints()), "no line")
    equal(len(server.complaints().splitlines()), 1, server.complaints())
    check("from 127.0.0.1 port" in server.complaints(), server.complaints())


@test
def without_the_library_nothing_runs(stack):
    folder = stack.enter_context(runs.tempfile.TemporaryDirectory())
    path = os.path.join(folder, "tlsup-run")
    runs.went_well(["cp", os.path.join(host.BIN, "tlsup-run"), path])
    done = subprocess.run([path, "true"], capture_output=True, check=False)
    equal(done.returncode, 125, "exit status")
    check(b"libtlsup-run.so" in done.stderr, done.stderr)


if __name__ == "__main__":
    with host.Daemon():
        main()
