#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
# Copyright (C) 2026 The tlsup authors
"""Application data crosses an established connection unchanged, however it is
cut up, and the end of the stream is told from its truncation."""
import errno
import fcntl
import hashlib
import os
import random
import select
import socket
import struct
import sys
import tempfile
import termios
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)) + "/../lib")
# pylint: disable=wrong-import-position
import host
import peer
import tlsup
from ktap import FULL, case, check, equal, fails_with, main, test

CHUNKS = (1, 2, 15, 16, 17, 255, 1000, 1369, 4096, 16383, 16384, 16385,
          65536, 262144, 1048576)
SOL_TLS, TLS_SET_RECORD_TYPE, TLS_GET_RECORD_TYPE = 282, 1, 2
ROLES = {"client": tlsup.CLIENT, "server": tlsup.SERVER}
# Each byte depends on its place: a lost or doubled one shows.
NOISE = random.Random(1).randbytes(2 * CHUNKS[-1])


def send_chunks(sock, data, chunk):
    for at in range(0, len(data), chunk):
        sock.sendall(data[at:at + chunk])


def receive_chunks(sock, size, chunk):
    digest = hashlib.sha256()
    while size:
        part = sock.recv(min(chunk, size))
        check(part, size, "bytes lack at the end of the stream")
        digest.update(part)
        size -= len(part)
    return digest.hexdigest()


def both_directions_at_once(stack, role, chunk):
    ours, other = peer.connect(stack, role)
    total = min(max(300 * chunk, 1000), 131072) if chunk < 65536 else 2 * chunk
    echoing = tlsup.Background(peer.echo, other, chunk)
    receiving = tlsup.Background(receive_chunks, ours, total, chunk)
    send_chunks(ours, NOISE[:total], chunk)
    equal(receiving.result(), hashlib.sha256(NOISE[:total]).hexdigest(),
          f"sha256 of {total} bytes in chunks of {chunk}")
    equal(tlsup.info(ours).tx_bytes, total, "TLSUP_INFO tx_bytes")
    equal(tlsup.info(ours).rx_bytes, total, "TLSUP_INFO rx_bytes")
    ours.shutdown(socket.SHUT_WR)
    equal(echoing.result(), total, "bytes that the peer received")
    equal(ours.recv(1), b"", "after the peer's close_notify")


for role_name, role_number in ROLES.items():
    for size in CHUNKS:
        case(f"{role_name} echoes chunks of {size}", both_directions_at_once,
             role_number, size)


def receive_split(ours, other, wire, cut):
    """Send wire in two segments; nothing may come of an incomplete record."""
    other.sock.sendall(wire[:cut])
    select.select([ours], [], [], 0.002)
    early = b""
    try:
        early = ours.recv(65536)
    except BlockingIOError:
        pass
    other.sock.sendall(wire[cut:])
    return early


def read_available(ours, size):
    data = b""
    while len(data) < size:
        check(select.select([ours], [], [], 10)[0], len(data), "of", size,
              "bytes came, then nothing")
        data += ours.recv(size - len(data))
    return data


@test
def a_segment_boundary_at_every_place_of_a_record(stack):
    for role in ROLES.values():
        ours, other = peer.connect(stack, role)
        ours.setblocking(False)
        for cut in range(1, 322):
            data = NOISE[cut:cut + 300]
            wire = other.records(data)
            equal(len(wire), 322, "length of the record on the wire")
            early = receive_split(ours, other, wire, cut)
            if cut < len(wire):
                equal(early, b"", f"delivered after {cut} of {len(wire)} bytes")
            equal(early + read_available(ours, 300 - len(early)), data,
                  f"cut at {cut}")


@test(seconds=600 if FULL else 120)
def a_segment_boundary_inside_the_largest_record(stack):
    ours, other = peer.connect(stack)
    ours.setblocking(False)
    length = 16384 + 22
    ends = [*range(1, 30), *range(length - 30, length)]
    for cut in range(1, length) if FULL else [*ends, *range(30, length, 777)]:
        wire = other.records(NOISE[:16384])
        equal(len(wire), length, "length of the record on the wire")
        equal(receive_split(ours, other, wire, cut), b"",
              f"delivered after {cut} of {length} bytes")
        check(read_available(ours, 16384) == NOISE[:16384],
              f"cut at {cut}: data changed")


@test
def a_segment_for_each_byte_of_several_records(stack):
    for role in ROLES.values():
        ours, other = peer.connect(stack, role)
        receiving = tlsup.Background(receive_chunks, ours, 1500, 4096)
        for size in (1, 500, 2, 997):
            for byte in other.records(NOISE[:size]):
                other.sock.sendall(bytes([byte]))
        wanted = NOISE[:1] + NOISE[:500] + NOISE[:2] + NOISE[:997]
        equal(receiving.result(), hashlib.sha256(wanted).hexdigest(), "sha256")


@test
def several_records_in_one_segment_are_read_as_one_stream(stack):
    ours, other = peer.connect(stack)
    other.sock.sendall(b"".join(other.records(NOISE[n:n + 100])
                                for n in range(0, 5000, 100)))
    equal(receive_chunks(ours, 5000, 777),
          hashlib.sha256(NOISE[:5000]).hexdigest(), "sha256")


@test
def a_record_larger_than_the_receive_buffer_comes_through(stack):
    ours, theirs = tlsup.tcp_pair(stack)
    ours.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2048)
    other = peer.Peer(theirs, peer.server_context())
    tlsup.prepare(ours, name="localhost")
    shaking = tlsup.Background(other.handshake)
    tlsup.start(ours, tlsup.CLIENT)
    shaking.result()
    sending = tlsup.Background(other.write, NOISE[:65536])
    equal(receive_chunks(ours, 65536, 65536),
          hashlib.sha256(NOISE[:65536]).hexdigest(), "sha256")
    sending.result()


@test
def vectors_are_written_and_read_in_order(stack):
    ours, other = peer.connect(stack)
    parts = [NOISE[:1], b"", NOISE[1:5000], NOISE[5000:40000]]
    sending = tlsup.Background(os.writev, ours.fileno(), parts)
    equal(other.read_exactly(40000), NOISE[:40000], "writev")
    equal(sending.result(), 40000, "writev's count")
    other.write(NOISE[:3000])
    buffers = [bytearray(10), bytearray(1), bytearray(2989)]
    got = os.readv(ours.fileno(), buffers)
    equal(b"".join(bytes(b) for b in buffers)[:got], NOISE[:got], "readv")
    check(got > 0, "readv gave nothing")


@test
def peeked_data_is_read_again(stack):
    ours, other = peer.connect(stack)
    other.write(b"first")
    equal(ours.recv(3, socket.MSG_PEEK), b"fir", "peek")
    equal(ours.recv(100, socket.MSG_PEEK), b"first", "peek of all")
    equal(ours.recv(2), b"fi", "read of a part")
    equal(ours.recv(100, socket.MSG_PEEK), b"rst", "peek of the rest")
    equal(ours.recv(100), b"rst", "read of the rest")


@test
def waitall_waits_for_all_records(stack):
    ours, other = peer.connect(stack)
    receiving = tlsup.Background(ours.recv, 3000, socket.MSG_WAITALL)
    for at in range(0, 3000, 1000):
        other.write(NOISE[at:at + 1000])
        time.sleep(0.02)
    equal(receiving.result(), NOISE[:3000], "recv with MSG_WAITALL")


@test
def a_file_goes_out_by_sendfile(stack):
    ours, other = peer.connect(stack, tlsup.SERVER)
    with tempfile.TemporaryFile() as file:
        file.write(NOISE[:300001])
        file.flush()
        sending = tlsup.Background(os.sendfile, ours.fileno(), file.fileno(),
                                   0, 300001)
        data = other.read_exactly(300001)
        check(data == NOISE[:300001], "data changed")
        equal(sending.result(), 300001, "sendfile's count")


@test
def a_record_with_more_to_come_goes_out_at_last(stack):
    ours, other = peer.connect(stack)
    for byte in b"header":
        ours.send(bytes([byte]), socket.MSG_MORE)
    ours.send(b" and body")
    equal(other.read_exactly(15), b"header and body", "data")


@test
def empty_writes_and_empty_records_are_nothing(stack):
    ours, other = peer.connect(stack)
    equal(ours.send(b""), 0, "empty send")
    ours.sendall(b"x")
    equal(other.read_exactly(1), b"x", "after an empty send")


@test
def a_blocked_writer_goes_on_when_the_peer_reads(stack):
    ours, other = peer.connect(stack)
    ours.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 65536)
    other.sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 65536)
    sending = tlsup.Background(ours.sendall, NOISE)
    time.sleep(0.3)
    check(sending.is_alive(), "2 MiB fitted into a peer that reads nothing")
    check(other.read_exactly(len(NOISE)) == NOISE, "data changed")
    sending.result()


@test
def a_full_socket_is_not_writable_and_becomes_so(stack):
    ours, other = peer.connect(stack)
    ours.setblocking(False)
    sent = 0
    with fails_with(errno.EAGAIN, "send without a reader"):
        while sent < 64 << 20:
            sent += ours.send(NOISE[:65536])
    equal(select.select([], [ours], [], 0)[1], [], "writable while full")
    digest = hashlib.sha256()
    for at in range(0, sent, 65536):
        digest.update(NOISE[:min(65536, sent - at)])
    reading = tlsup.Background(other.read_exactly, sent)
    check(select.select([], [ours], [], 20)[1], "never writable again")
    equal(hashlib.sha256(reading.result()).hexdigest(), digest.hexdigest(),
          "sha256")


@test
def shutdown_sends_close_notify_and_reading_goes_on(stack):
    for role in ROLES.values():
        ours, other = peer.connect(stack, role)
        ours.sendall(b"last words")
        ours.shutdown(socket.SHUT_WR)
        equal(other.read_exactly(10), b"last words", "before the end")
        equal(other.read(), b"", "the peer's view of the end")
        with fails_with(errno.EPIPE, "send after shutdown"):
            ours.send(b"x", socket.MSG_NOSIGNAL)
        other.write(b"answer")
        equal(ours.recv(100), b"answer", "after our half is closed")
        other.close_notify()
        equal(ours.recv(100), b"", "after both halves are closed")


@test
def close_sends_close_notify(stack):
    for role in ROLES.values():
        ours, other = peer.connect(stack, role)
        ours.sendall(b"bye")
        ours.close()
        equal(other.read_exactly(3), b"bye", "before the end")
        equal(other.read(), b"", "the peer's view of the end")


@test
def a_stream_without_close_notify_is_a_reset(stack):
    for role in ROLES.values():
        ours, other = peer.connect(stack, role)
        other.write(b"whole")
        other.sock.shutdown(socket.SHUT_WR)
        equal(ours.recv(100), b"whole", "data before the end")
        with fails_with(errno.ECONNRESET, "the truncated end"):
            ours.recv(100)


@test
def a_reset_of_tcp_is_a_failure_that_stays(stack):
    ours, other = peer.connect(stack)
    other.write(b"whole")
    equal(ours.recv(100), b"whole", "data before the reset")
    other.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER,
                          struct.pack("ii", 1, 0))
    other.sock.close()
    for what in ("the first read", "the second read"):
        with fails_with(errno.ECONNRESET, what):
            ours.recv(100)
    status = tlsup.status(ours)
    equal((status.phase, status.error), (tlsup.FAILED, errno.ECONNRESET),
          "phase and errno of TLSUP_STATUS")


@test
def a_record_cut_by_the_end_of_the_stream_is_a_reset(stack):
    ours, other = peer.connect(stack)
    other.sock.sendall(other.records(NOISE[:200])[:-1])
    other.sock.shutdown(socket.SHUT_WR)
    with fails_with(errno.ECONNRESET, "the truncated record"):
        ours.recv(1000)


@test
def a_profile_may_take_the_end_of_the_stream_for_the_end(stack):
    for role in ROLES.values():
        ours, other = peer.connect(stack, role, profile="tolerant")
        other.write(b"whole")
        other.sock.shutdown(socket.SHUT_WR)
        equal([ours.recv(100), ours.recv(100)], [b"whole", b""], "data, then the end")
        ours.sendall(b"still open to this side")
        equal(other.read_exactly(23), b"still open to this side", "our half")
    # But not for that of a record, be it cut in its header or at its end.
    for cut in (3, -1):
        ours, other = peer.connect(stack, profile="tolerant")
        other.sock.sendall(other.records(NOISE[:200])[:cut])
        other.sock.shutdown(socket.SHUT_WR)
        with fails_with(errno.ECONNRESET, "the truncated record"):
            ours.recv(1000)


@test
def the_end_stays_the_end(stack):
    ours, other = peer.connect(stack)
    other.write(b"data")
    other.close_notify()
    equal(ours.recv(100), b"data", "data")
    check(select.select([ours], [], [], 5)[0], "the end is not readable")
    equal([ours.recv(100), ours.recv(100)], [b"", b""], "two reads at the end")
    ours.sendall(b"still open to this side")
    equal(other.sock.recv(5)[:1], b"\x17", "our half goes on")


@test
def unread_bytes_are_counted_by_FIONREAD(stack):
    ours, other = peer.connect(stack)
    other.write(NOISE[:100])
    check(select.select([ours], [], [], 5)[0], "not readable")
    ready = struct.unpack("i", fcntl.ioctl(ours, termios.FIONREAD, bytes(4)))[0]
    check(ready in (0, 100), "FIONREAD says", ready,
          "of 100 bytes: it counts what is not application data")
    equal(ours.recv(200), NOISE[:100], "data")


@test
def a_lone_ticket_does_not_show_as_data(stack):
    # OpenSSL's two tickets come behind the handshake: with nothing else
    # there, a reader must not be called (TLS 1.3 hides the record's type).
    before = host.stats()
    ours, _ = peer.connect(stack)
    ours.setblocking(False)
    equal(select.select([ours], [], [], 0.3)[0], [], "readable by a ticket")
    with fails_with(errno.EAGAIN, "recv with only tickets there"):
        ours.recv(100)
    now = host.stats()
    equal(now["tickets_up"] - before["tickets_up"]
          + now["tickets_dropped"] - before["tickets_dropped"], 2,
          "tickets that went up or were dropped")


@test
def ipv6_carries_data_in_both_roles(stack):
    for role in ROLES.values():
        ours, other = peer.connect(stack, role, family=socket.AF_INET6)
        ours.sendall(NOISE[:50000])
        equal(other.read_exactly(50000), NOISE[:50000], "sent over IPv6")
        other.write(NOISE[:50000])
        equal(receive_chunks(ours, 50000, 4096),
              hashlib.sha256(NOISE[:50000]).hexdigest(), "sha256 over IPv6")


@test
def a_raw_record_of_any_type_is_what_it_says(stack):
    # TLS 1.2 has no inner type: 0 stands for itself, and not for padding.
    pair = tlsup.tcp_pair(stack)
    keys = struct.pack("=HH", 0x0303, 51) + b"i" * 8 + b"k" * 16 + \
        b"salt" + bytes(8)
    for sock in pair:
        sock.setsockopt(socket.SOL_TCP, tlsup.TCP_ULP, b"tlsup-raw")
        sock.setsockopt(SOL_TLS, 1, keys)
        sock.setsockopt(SOL_TLS, 2, keys)
    for kind in (0, 21, 22, 255):
        pair[0].sendmsg([b"as it was\x17\0\0"],
                        [(SOL_TLS, TLS_SET_RECORD_TYPE, bytes([kind]))])
        data, control, _, _ = pair[1].recvmsg(100, socket.CMSG_SPACE(1))
        equal((data, control),
              (b"as it was\x17\0\0",
               [(SOL_TLS, TLS_GET_RECORD_TYPE, bytes([kind]))]),
              f"a record of type {kind}")


if __name__ == "__main__":
    with host.Daemon(host.config() + host.config().split("\n}\n")[0].replace(
            '"default"', '"tolerant"') + '\n\ttruncation = "accept"\n}\n'):
        main()
