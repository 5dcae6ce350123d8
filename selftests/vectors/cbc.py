#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
# Copyright (C) 2026 The tlsup authors
"""cbc.py CERTIFICATE KEY: make cbc.h: records of OpenSSL's own TLS 1.2 record
layer under each MAC suite, in both orders. Of each stand there its IV and the
first eight bytes of its SHA-256: with IV, keys and content known, a record can
be made again, and must be the same to the last byte."""
import hashlib
import hmac
import os
import ssl
import struct
import sys
import tempfile

NO_ENCRYPT_THEN_MAC = 1 << 19
# The kernel's name, OpenSSL's, the hash of the PRF, sizes of key and MAC.
SUITES = (("AES_CBC_128_SHA1", "AES128-SHA", "sha256", 16, 20),
          ("AES_CBC_256_SHA1", "AES256-SHA", "sha256", 32, 20),
          ("AES_CBC_128_SHA256", "AES128-SHA256", "sha256", 16, 32),
          ("AES_CBC_256_SHA256", "AES256-SHA256", "sha256", 32, 32),
          ("AES_CBC_256_SHA384", "ECDHE-RSA-AES256-SHA384", "sha384", 32, 48))
SIZES = (*range(1, 18), 31, 32, 47, 48, 55, 56, 63, 64, 111, 112, 127, 128, 255,
         256, 1000, 4095, 16383, 16384)


def content(size):
    return bytes((i * 7 + size) & 255 for i in range(size))


def prf(name, secret, seed, length):
    """P_hash of RFC 5246, 5."""
    out, a = b"", seed
    while len(out) < length:
        a = hmac.digest(secret, a, name)
        out += hmac.digest(secret, a + seed, name)
    return out[:length]


def contexts(pem, key, cipher, etm, log):
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    client = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    server.load_cert_chain(pem, key)
    client.check_hostname = False
    client.verify_mode = ssl.CERT_NONE
    client.keylog_filename = log
    for context in server, client:
        context.maximum_version = ssl.TLSVersion.TLSv1_2
        context.set_ciphers(cipher + ":@SECLEVEL=0")
        if not etm:
            context.options |= NO_ENCRYPT_THEN_MAC
    return client, server


def handshake(client, server):
    """Two ends in memory; the client, where it writes, and the randoms."""
    to_client, to_server = ssl.MemoryBIO(), ssl.MemoryBIO()
    one = client.wrap_bio(to_client, to_server)
    other = server.wrap_bio(to_server, to_client, server_side=True)
    server_random = None
    for end in (one, other) * 3:
        try:
            end.do_handshake()
        except ssl.SSLWantReadError:
            pass
        if end is other and not server_random:
            flight = to_client.read()
            to_client.write(flight)
            server_random = flight[11:43]
    return one, to_server, server_random


def master(log):
    with open(log, encoding="ascii") as lines:
        for line in lines:
            words = line.split()
            if words and words[0] == "CLIENT_RANDOM":
                return bytes.fromhex(words[1]), bytes.fromhex(words[2])
    raise RuntimeError("no master secret")


def c_bytes(data):
    return ", ".join(f"0x{byte:02x}" for byte in data)


def wrapped(data, tabs):
    lines = [c_bytes(data[i:i + 8]) for i in range(0, len(data), 8)]
    return (",\n" + "\t" * tabs).join(lines)


def suite(pem, key, row, etm):
    name, cipher, hash_name, key_size, mac_size = row
    with tempfile.TemporaryDirectory() as work:
        log = os.path.join(work, "keys")
        one, wire, server_random = handshake(
            *contexts(pem, key, cipher, etm, log))
        client_random, secret = master(log)
    block = prf(hash_name, secret, b"key expansion" + server_random
                + client_random, 2 * (mac_size + key_size))
    mac, write_key = block[:mac_size], block[2 * mac_size:][:key_size]
    yield f"\t{{\n\t\t.cipher = TLSUP_CIPHER_{name},\n"
    yield f"\t\t.etm = {str(etm).lower()},\n"
    yield f"\t\t.mac = {{\n\t\t\t{wrapped(mac, 3)}\n\t\t}},\n"
    yield f"\t\t.key = {{\n\t\t\t{wrapped(write_key, 3)}\n\t\t}},\n"
    yield "\t\t.records = {\n"
    wire.read()
    for size in SIZES:
        one.write(content(size))
        record = wire.read()
        assert struct.unpack(">BHH", record[:5]) == (23, 0x0303,
                                                     len(record) - 5)
        digest = hashlib.sha256(record).digest()
        yield (f"\t\t\t{{ {size}, {{ 0x{record[5:13].hex()}, "
               f"0x{record[13:21].hex()} }}, 0x{digest[:8].hex()} }},\n")
    yield "\t\t},\n\t},\n"


def main():
    """The whole header, to standard output."""
    pem, key = sys.argv[1:]
    print("""/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Copyright (C) 2026 The tlsup authors
 *
 * Made by cbc.py. Records of OpenSSL under the MAC suites: byte i of a content of
 * n bytes is 7 i + n. The first record has the sequence number 1.
 */
#ifndef SELFTESTS_VECTORS_CBC_H
#define SELFTESTS_VECTORS_CBC_H
""")
    print(f"#define CBC_RECORDS\t{len(SIZES)}")
    print("""
static const struct {
	u16 cipher;
	bool etm;
	u8 mac[48];
	u8 key[32];
	struct {
		u16 size;
		u64 iv[2];	/* its bytes in their order */
		u64 digest;	/* the same of the first of SHA-256 */
	} records[CBC_RECORDS];
} cbc_vectors[] = {""")
    for row in SUITES:
        for etm in (False, True):
            print("".join(suite(pem, key, row, etm)), end="")
    print("};\n\n#endif /* SELFTESTS_VECTORS_CBC_H */")


main()
