#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
# Copyright (C) 2026 The tlsup authors
"""The module loaded, used and unloaded, over and over, and unloading under
traffic refused; network namespaces that come and go under traffic; programs
that fork, pass sockets, close them from another thread and get signals."""
import array
import contextlib
import errno
import os
import random
import signal
import socket
import subprocess
import sys
import threading
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)) + "/../lib")
# pylint: disable=wrong-import-position
import genl
import host
import module
import peer
import tlsup
from ktap import check, diag, equal, fails_with, main, test

SOAK = bool(os.environ.get("SOAK"))
CYCLES, NAMESPACES = (200, 200) if SOAK else (20, 40)


@test(seconds=3600)
def load_traffic_unload(_outer):
    path = module.module_file()
    for _ in range(CYCLES):
        with contextlib.ExitStack() as stack:
            with host.Daemon():
                ours, other = peer.connect(stack)
                going = tlsup.Background(peer.echo, other)
                with fails_with(module.BUSY, "rmmod under traffic"):
                    module.unload()
                ours.sendall(b"x" * 20000)
                equal(len(ours.recv(20000, socket.MSG_WAITALL)), 20000, "echo")
                ours.close()
                going.result()
        check(host.wait_for(lambda: module.use_count() == 0), "in use")
        module.unload()
        module.load(path)
    diag("figure: cycles of load and unload:", CYCLES)


def in_a_namespace():
    """A child: traffic in a namespace that ends with it, sockets open."""
    # pylint: disable=protected-access
    host._new_netns()
    with contextlib.ExitStack() as stack:
        agent = stack.enter_context(genl.Genl())
        agent.call("CMD_REGISTER", genl.attr("A_WINDOW", 8, "I"))
        for _ in range(8):
            ours, theirs = tlsup.tcp_pair(stack)
            tlsup.prepare(ours, name="localhost")
            ours.setblocking(False)
            with contextlib.suppress(BlockingIOError):
                tlsup.start(ours, tlsup.CLIENT)
            with contextlib.suppress(OSError):
                theirs.send(b"\x16\3\3\0\5hello")
        os._exit(0)


@test(seconds=1200)
def namespaces_come_and_go_under_traffic(_stack):
    for _ in range(NAMESPACES):
        child = os.fork()
        if not child:
            try:
                in_a_namespace()
            finally:
                os._exit(1)
        equal(os.waitpid(child, 0)[1], 0, "status of a child")
    diag("figure: network namespaces ended under traffic:", NAMESPACES)


@test(seconds=300)
def sockets_go_to_children_and_by_messages(stack):
    with host.Daemon():
        ours, other = peer.connect(stack)
        child = os.fork()
        if not child:
            ours.sendall(b"child")
            os._exit(0)
        equal(other.read_exactly(5), b"child", "from a child")
        equal(os.waitpid(child, 0)[1], 0, "status")
        # The child's exit was no close.
        ours.sendall(b"parent")
        equal(other.read_exactly(6), b"parent", "from the parent")
        one, two = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
        stack.enter_context(one)
        stack.enter_context(two)
        one.sendmsg([b"x"], [(socket.SOL_SOCKET, socket.SCM_RIGHTS,
                              array.array("i", [ours.fileno()]))])
        ours.close()
        _data, control, _flags, _from = two.recvmsg(1, 64)
        number = array.array("i", control[0][2][:4])[0]
        with socket.socket(fileno=number) as passed:
            passed.sendall(b"passed")
            equal(other.read_exactly(6), b"passed", "after it was passed")
        equal(other.read(), b"", "close_notify at the last close")


@test(seconds=300)
def a_socket_outlives_exec(_stack):
    inherited = "import socket, sys; s = socket.socket(fileno=int(sys.argv[1]));" \
        "s.sendall(b'exec ' + s.recv(100)); s.close()"
    with host.Daemon(), contextlib.ExitStack() as stack:
        ours, other = peer.connect(stack)
        number = ours.fileno()
        child = subprocess.Popen([sys.executable, "-c", inherited, str(number)],
                                 pass_fds=(number,))
        ours.close()
        other.write(b"lives on")
        equal(other.read_exactly(13), b"exec lives on", "from the new program")
        equal(other.read(), b"", "close_notify at its close")
        equal(child.wait(60), 0, "status")
        # And one that is not to be inherited ends with the old program.
        ours, other = peer.connect(stack)
        child = os.fork()
        if not child:
            os.execv("/bin/true", ["true"])
        ours.close()
        equal(os.waitpid(child, 0)[1], 0, "status")
        equal(other.read(), b"", "close_notify at exec")
    check(host.all_destroyed(), host.stats())


CALLS = {
    "recv": lambda sock: sock.recv(100),
    "peek": lambda sock: sock.recv(100, socket.MSG_PEEK),
    "recv all": lambda sock: sock.recv(100, socket.MSG_WAITALL),
    "send": lambda sock: [sock.send(b"x" * 65536) for _ in range(10000)],
    "start": lambda sock: tlsup.start(sock, tlsup.SERVER),
}


def waiting_in(stack, name):
    """A socket on which the call waits."""
    if name == "start":
        ours, theirs = tlsup.tcp_pair(stack)
        tlsup.attach(ours)
        return ours, theirs
    ours, other = peer.connect(stack)
    return ours, other.sock


def ended_by_another_thread(stack, end):
    """Nobody hangs in a call, whatever becomes of the socket meanwhile."""
    with host.Daemon():
        for name, call in CALLS.items():
            ours, theirs = waiting_in(stack, name)
            thread = tlsup.Background(call, ours)
            time.sleep(0.1)
            check(thread.is_alive(), name, "does not wait")
            end(ours, theirs)
            with contextlib.suppress(OSError):
                thread.result(20)
            check(not thread.is_alive(), name, "hangs")
            ours.close()
            theirs.close()
    check(host.all_destroyed(), host.stats())


@test(seconds=600)
def shut_down_by_another_thread_in_every_call(stack):
    ended_by_another_thread(stack, lambda ours, _: ours.shutdown(socket.SHUT_RDWR))


@test(seconds=600)
def closed_by_another_thread_in_every_call(stack):
    def close(ours, theirs):
        # The call holds the file; the peer's end lets go of it.
        os.close(ours.detach())
        theirs.close()

    ended_by_another_thread(stack, close)


@test(seconds=600)
def a_signal_ends_every_wait(stack):
    def handler(_signal, _frame):
        raise InterruptedError(errno.EINTR, "signal")
    before = signal.signal(signal.SIGUSR1, handler)
    stack.callback(signal.signal, signal.SIGUSR1, before)
    with host.Daemon():
        for name, call in CALLS.items():
            ours, theirs = waiting_in(stack, name)
            timer = threading.Timer(0.2, os.kill, (os.getpid(), signal.SIGUSR1))
            timer.start()
            with fails_with(errno.EINTR, name):
                call(ours)
            timer.join()
            ours.close()
            theirs.close()
    check(host.all_destroyed(), host.stats())


@test(seconds=600)
def many_threads_on_one_socket_and_a_close(stack):
    chance = random.Random(1)
    with host.Daemon():
        for _ in range(20 if SOAK else 4):
            ours, other = peer.connect(stack)

            def use(sock=ours):
                with contextlib.suppress(OSError):
                    while True:
                        sock.send(b"y" * 100)
                        sock.setblocking(False)
                        with contextlib.suppress(BlockingIOError):
                            sock.recv(100)
            threads = [tlsup.Background(use) for _ in range(4)]
            time.sleep(chance.random() * 0.1)
            ours.shutdown(socket.SHUT_RDWR)
            for thread in threads:
                thread.result(30)
            ours.close()
            other.sock.close()
    check(host.all_destroyed(), host.stats())


if __name__ == "__main__":
    main()
