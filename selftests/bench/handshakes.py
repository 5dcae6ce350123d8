#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
# Copyright (C) 2026 The tlsup authors
"""handshakes.py SET OUTPUT: what a handshake costs beyond its cryptography, in a
guest. TLS 1.3, ECDSA, X25519, nothing resumed; both ends are ours. A SET is

	path	from setsockopt to done over loopback, beside both engines in
		memory, and where the processor's time goes
	workers	the daemon's processor time with two workers and with one, and
		how often its threads wait for one another

All that is compared is run in turns, RUNS times; what counts is the median."""
import json
import os
import statistics
import subprocess
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)) + "/../lib")
# pylint: disable=wrong-import-position
import host
import runs

RUNS = int(os.environ["TLSUP_RUNS"])
MS = int(os.environ["TLSUP_MS"])
SHAKE = os.path.join(host.BUILD, "selftests/bench/shake")
TRACING = "/sys/kernel/tracing"
COUNT = 1000
# FUTEX_WAIT and FUTEX_WAIT_BITSET, of one process or of several.
WAITS = " || ".join(f"op == {n}" for n in (0, 9, 128, 137, 256, 265, 384, 393))


def shake(*words):
    """The number that it prints."""
    out = subprocess.run([SHAKE, *(str(w) for w in words)], check=True,
                         stdout=subprocess.PIPE, text=True,
                         env={**os.environ, "CERTS": host.CERTS}).stdout
    return float(out)


def processor(pids):
    """Seconds that these processes have worked: clock_getcpuclockid(3)."""
    return sum(time.clock_gettime((~pid << 3) | 2) for pid in pids)


def figure(case, unit, ours, peer, name):
    """Of a cost."""
    return {"case": case, "unit": unit, "tlsup": ours, "peer": peer,
            "peer_name": name, "ratio": peer / ours if ours else 0,
            "runs": RUNS}


def path_set():
    """The wall clock of one processor that has nothing else to do is its time.
    The parts are measured by themselves: the same bytes over plain TCP between
    two threads; as many netlink messages; as many changes of thread."""
    found = {name: [] for name in ("engines", "sockets", "tcp", "netlink",
                                   "switch")}
    with host.Daemon():
        messages = shake("messages", 1)
        shake("sockets", 100)
        for _ in range(RUNS):
            for name, values in found.items():
                values.append(shake(name, COUNT))
    medians = {name: statistics.median(v) for name, v in found.items()}
    ours = medians["sockets"]
    yield figure("handshake from setsockopt to done", "us", ours,
                 medians["engines"], "both engines in memory")
    # A question and its answer are two messages; to and fro are two changes.
    parts = {"TCP, and waking its readers": medians["tcp"],
             f"netlink: {messages:.0f} messages":
                 medians["netlink"] * messages / 2,
             f"scheduling: {messages:.0f} changes of thread":
                 medians["switch"] * messages / 2}
    for name, part in parts.items():
        yield figure("handshake, of it", "us", ours, part, name)


def futex_waits(daemon, func):
    """How often the daemon's threads wait while it runs."""
    pids = runs.family([daemon.process.pid])
    with open(f"{TRACING}/events/syscalls/sys_enter_futex/trigger", "w",
              encoding="ascii") as file:
        file.write(f"hist:keys=common_pid if {WAITS}")
    func()
    with open(f"{TRACING}/events/syscalls/sys_enter_futex/hist",
              encoding="ascii") as file:
        lines = [x for x in file if x.startswith("{ common_pid:")]
    with open(f"{TRACING}/events/syscalls/sys_enter_futex/trigger", "w",
              encoding="ascii") as file:
        file.write("!hist:keys=common_pid")
    # The load's own threads wait to be joined.
    if not lines:
        raise RuntimeError("the tracer has seen no wait at all")
    threads = {int(t) for pid in pids for t in os.listdir(f"/proc/{pid}/task")}
    found = 0
    for line in lines:
        words = line.replace(",", " ").split()
        if int(words[words.index("common_pid:") + 1]) in threads:
            found += int(words[words.index("hitcount:") + 1])
    return found


def with_workers(number):
    """The daemon's microseconds for each end of a handshake; its waits for a
    thousand handshakes, of which each has two ends here."""
    with host.Daemon(f"workers = {number}\n" + host.config()) as daemon:
        shake("load", 8, 200)
        pids = runs.family([daemon.process.pid])
        begin = processor(pids)
        done = shake("load", 8, MS)
        each = (processor(pids) - begin) / done * 1e6
        count = []
        waits = futex_waits(daemon, lambda: count.append(shake("load", 8, MS)))
        return each, waits / count[0] * 1000


def workers_set():
    """Two beside one."""
    subprocess.run(["mount", "-t", "tracefs", "tracefs", TRACING], check=False,
                   stderr=subprocess.DEVNULL)
    found = {1: [], 2: []}
    for _ in range(RUNS):
        for number, values in found.items():
            values.append(with_workers(number))
    medians = {n: [statistics.median(x) for x in zip(*v)]
               for n, v in found.items()}
    yield figure("two workers, a handshake", "us of the daemon's processor",
                 medians[2][0], medians[1][0], "one worker")
    yield figure("two workers, 1000 handshakes", "futex waits", medians[2][1],
                 medians[1][1], "one worker")


def main():
    """Measure one set."""
    what, output = sys.argv[1:]
    kernel = os.environ["TLSUP_KERNEL"]
    found = []
    for one in globals()[what + "_set"]():
        one["case"] = f"{kernel} {one['case']}"
        print(f"{one['case']}: {one['tlsup']:.4g} {one['unit']}, "
              f"{one['peer_name']} {one['peer']:.4g}, ratio "
              f"{one['ratio']:.2f}", flush=True)
        found.append(one)
    with open(output, "w", encoding="utf-8") as out:
        json.dump(found, out)


main()
