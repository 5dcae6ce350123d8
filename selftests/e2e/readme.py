#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
# Copyright (C) 2026 The tlsup authors
"""The examples of README.md compile and work as they stand there."""
import os
import re
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)) + "/../lib")
# pylint: disable=wrong-import-position
import host
from ktap import check, equal, main, test

TOP = os.path.join(host.HERE, "../..")
HELLO = b"HTTP/1.0 200 OK\r\n\r\nhello\n"


def examples(directory):
    """Write the code blocks into files of the names in their first lines."""
    with open(os.path.join(TOP, "README.md"), encoding="utf-8") as file:
        blocks = re.findall(r"```(?:c|python)\n(.*?)```", file.read(), re.S)
    commands = {}
    for block in blocks:
        name = re.search(r"(client|server)\.(c|py)", block)
        path = os.path.join(directory, name[0])
        with open(path, "w", encoding="utf-8") as file:
            file.write(block)
        commands[name[0]] = [sys.executable, path]
        if name[2] == "c":
            program = os.path.join(directory, name[1])
            subprocess.run(["cc", "-I", os.path.join(TOP, "include/uapi"),
                            path, "-o", program], check=True)
            commands[name[0]] = [program]
    return commands


@test(seconds=120)
def each_client_fetches_from_each_server(stack):
    directory = stack.enter_context(tempfile.TemporaryDirectory())
    commands = examples(directory)
    equal(sorted(commands), ["client.c", "client.py", "server.c",
                             "server.py"], "examples")
    for server, port in (("server.c", 4433), ("server.py", 4434)):
        stack.enter_context(host.Program(*commands[server]))
        check(host.wait_for(lambda p=port: host.listens(p)), server,
              "does not listen")
        for client in ("client.c", "client.py"):
            done = subprocess.run([*commands[client], "localhost", str(port)],
                                  capture_output=True, check=False,
                                  timeout=60)
            equal(done.returncode, 0, f"{client}: {done.stderr.decode()}")
            equal(done.stdout.replace(b"\r", b""),
                  HELLO.replace(b"\r", b""), f"{client} from {server}")


@test(seconds=120)
def the_commands_work_when_pasted(stack):
    with open(os.path.join(TOP, "README.md"), encoding="utf-8") as file:
        blocks = re.findall(r"```sh\n(tlsup-run.*?)```", file.read(), re.S)
    equal(len(blocks), 1, "blocks of commands")
    directory = stack.enter_context(tempfile.TemporaryDirectory())
    with open(os.path.join(directory, "a-file"), "wb"):
        pass
    # A terminal has jobs; a slow guest needs longer than a person's machine.
    text = "set -m\n" + blocks[0].replace("sleep 1", "sleep 6")
    done = subprocess.run(
        ["bash", "-c", text], cwd=directory, capture_output=True, check=False,
        timeout=100, env={**os.environ,
                          "PATH": host.BIN + ":" + os.environ["PATH"]})
    check(b'href="a-file"' in done.stdout, done)


if __name__ == "__main__":
    with host.Daemon():
        main()
