#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
# Copyright (C) 2026 The tlsup authors
"""Certificates over the real module: which is shown, which is accepted, in both
roles and both versions; what the application and the log are told."""
import errno
import itertools
import os
import re
import ssl
import subprocess
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)) + "/../lib")
# pylint: disable=wrong-import-position
import host
import peer
import tlsup
from ktap import check, equal, fails_with, main, test

CERTS = host.CERTS
TLS12, TLS13 = ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3
BOTH = (TLS12, TLS13)
PORTS = itertools.count(21000)


def files(*names, ext="pem"):
    return "{ " + ", ".join(f'"{CERTS}/{n}.{ext}"' for n in names) + " }"


def profile(name, *certs, more="", trust="ca"):
    """A profile with these certificates."""
    text = f'profile "{name}" {{\n\ttrust = "{CERTS}/{trust}.pem"\n'
    if certs:
        text += (f"\tcertificate = {files(*certs)}\n"
                 f"\tkey = {files(*certs, ext='key')}\n")
    return text + f"\t{more}\n}}\n"


# TLS 1.2 only.
OLD = 'policy = "compat"\n\tsuites = "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256"'

CONFIG = "".join((
    profile("default"),
    profile("many", "p256", "rsa", "wildcard", "exact", "exact-rsa"),
    profile("request", "p256", more='client_auth = "request"'),
    profile("require", "p256", more='client_auth = "require"'),
    profile("crl-server", "p256",
            more=f'client_auth = "require"\n\tcrl = "{CERTS}/ca.crl.pem"'),
    profile("crl", more=f'crl = "{CERTS}/ca.crl.pem"'),
    profile("two-clients", "other-client", "client"),
    profile("two-clients-old", "other-client", "client", more=OLD),
    profile("client", "client"),
    profile("client-old", "client", more=OLD),
    profile("require-other", "p256", more='client_auth = "require"', trust="other-ca"),
    profile("stapled", "p256", more=f'ocsp = "{CERTS}/p256.ocsp"'),
    profile("stapled-must", "muststaple", more=f'ocsp = "{CERTS}/muststaple.ocsp"'),
    profile("must", "muststaple"),
    profile("stapled-revoked", "revoked", more=f'ocsp = "{CERTS}/revoked.ocsp"'),
    profile("struck", "p256", more='strike = { "TLS_AES_128_GCM_SHA256", "X25519" }'),
    profile("small", more="message_max = 512"),
    profile("chained", "chained"),
    profile("old", more=OLD),
))

daemon = host.Daemon(CONFIG)


def client_context(version, cert=None):
    context = peer.client_context()
    context.minimum_version = TLS12
    context.maximum_version = version
    if cert:
        context.load_cert_chain(f"{CERTS}/{cert}.pem", f"{CERTS}/{cert}.key")
    return context


def der(name):
    with open(f"{CERTS}/{name}.pem", encoding="ascii") as file:
        return ssl.PEM_cert_to_DER_cert(
            file.read().split("-----END")[0] + "-----END CERTIFICATE-----\n")


def refused(stack, role, error, context, name=None, words=None, flags=0):
    """A handshake that fails on our side; the log's last line."""
    ours, theirs = tlsup.tcp_pair(stack)
    other = peer.Peer(theirs, context, None if role == tlsup.CLIENT else "localhost")
    tlsup.prepare(ours, name, "localhost" if role == tlsup.CLIENT else None)
    if flags:
        tlsup.set_option(ours, tlsup.FLAGS, flags)
    shaking = tlsup.Background(other.failure, other.handshake)
    with fails_with(error, name):
        tlsup.start(ours, role)
    status = tlsup.status(ours)
    ours.close()
    shaking.result()
    equal(status.error, error, "errno of the status")
    check(re.search(words, status.reason), "reason:", status.reason)
    line = daemon.output().splitlines()[-1]
    check(re.search(r"peer 127\.0\.0\.1:\d+ profile \S+ .*\(RFC \d+, [\d.A-Z]+\)$", line),
          "no peer, profile or section in the log:", line)
    return status


@test
def a_server_shows_the_certificate_of_the_name_that_was_asked_for(stack):
    for version in BOTH:
        for name, cert in (("localhost", "p256"), ("a.example.net", "exact"),
                           ("b.example.net", "wildcard")):
            context = client_context(version)
            ours, theirs = tlsup.tcp_pair(stack)
            other = peer.Peer(theirs, context, name)
            tlsup.prepare(ours, "many")
            shaking = tlsup.Background(other.handshake)
            tlsup.start(ours, tlsup.SERVER)
            shaking.result()
            equal(other.tls.getpeercert(True), der(cert), name)


@test
def a_server_shows_what_the_client_can_verify(stack):
    for name, cert in (("localhost", "rsa"), ("a.example.net", "exact-rsa")):
        context = client_context(TLS12)
        context.set_ciphers("ECDHE-RSA-AES128-GCM-SHA256")
        ours, theirs = tlsup.tcp_pair(stack)
        other = peer.Peer(theirs, context, name)
        tlsup.prepare(ours, "many")
        shaking = tlsup.Background(other.handshake)
        tlsup.start(ours, tlsup.SERVER)
        shaking.result()
        equal(other.tls.getpeercert(True), der(cert), name)


@test
def a_client_certificate_reaches_the_application(stack):
    for version in BOTH:
        for name, cert in (("require", "client"), ("request", "client-rsa"),
                           ("crl-server", "client")):
            ours, _ = peer.connect(stack, tlsup.SERVER, profile=name,
                                   context=client_context(version, cert))
            equal(tlsup.info(ours).client_authenticated, 1, "authenticated")
            equal(tlsup.get_option(ours, tlsup.PEER_CERT), der(cert), "certificate")
            check(der(cert) in tlsup.get_option(ours, tlsup.PEER_CHAIN), "chain")


@test
def a_client_without_certificate_is_told_apart(stack):
    for version in BOTH:
        ours, _ = peer.connect(stack, tlsup.SERVER, profile="request",
                               context=client_context(version))
        equal(tlsup.info(ours).client_authenticated, 0, "authenticated")
        with fails_with(errno.ENODATA, "certificate"):
            tlsup.get_option(ours, tlsup.PEER_CERT)
        refused(stack, tlsup.SERVER, errno.EKEYREJECTED, client_context(version),
                "require", "client sent none")
        # The application may demand what the profile only asks for.
        refused(stack, tlsup.SERVER, errno.EKEYREJECTED, client_context(version),
                "request", "client sent none", tlsup.REQUIRE_PEER_CERT)


@test
def client_certificates_that_are_not_good(stack):
    for version in BOTH:
        for cert, error, words in (
                ("other-client", errno.EKEYREJECTED, "issuer is not trusted"),
                ("expired", errno.EKEYEXPIRED, r"certificate expired 20\d\d-\d\d-\d\d"),
                ("revoked", errno.EKEYREVOKED, r"was revoked 20\d\d-\d\d-\d\d")):
            refused(stack, tlsup.SERVER, error, client_context(version, cert),
                    "crl-server", words)


@test
def a_client_picks_by_the_authorities_that_the_server_names(stack):
    for client in ("two-clients", "two-clients-old"):
        _, server = pair(stack, "require", client)
        equal(tlsup.get_option(server, tlsup.PEER_CERT), der("client"), "certificate")
        # None of its certificates would do, so it sends none.
        with fails_with(errno.EKEYREJECTED, client):
            pair(stack, "require-other", "client" + client[11:])


@test
def server_certificates_that_are_not_good(stack):
    for version in BOTH:
        for cert, name, error, words in (
                ("expired", "default", errno.EKEYEXPIRED,
                 r"^certificate expired 20\d\d-\d\d-\d\d$"),
                ("notyet", "default", errno.EKEYREJECTED, "not valid before 20"),
                ("untrusted", "default", errno.EKEYREJECTED, "issuer is not trusted"),
                ("othername", "default", errno.EKEYREJECTED, "not for name localhost"),
                ("short", "default", errno.EKEYREJECTED, "1024 bits is too short"),
                ("clientonly", "default", errno.EKEYREJECTED, "not for this purpose"),
                ("muststaple", "default", errno.EKEYREJECTED, "demands one"),
                ("revoked", "crl", errno.EKEYREVOKED, "was revoked 20")):
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.minimum_version = TLS12
            context.maximum_version = version
            context.set_ciphers("DEFAULT:@SECLEVEL=0")
            context.load_cert_chain(f"{CERTS}/{cert}.pem", f"{CERTS}/{cert}.key")
            refused(stack, tlsup.CLIENT, error, context, name, words)


def pair(stack, server, client):
    """Both ends ours: the client's and the server's socket; raises what either did,
    the client first."""
    one, two = tlsup.tcp_pair(stack)
    tlsup.prepare(one, client, "localhost")
    tlsup.prepare(two, server)
    waiting = tlsup.Background(tlsup.start, two, tlsup.SERVER)
    failure = None
    try:
        tlsup.start(one, tlsup.CLIENT)
    except OSError as error:
        failure = error
    try:
        waiting.result()
    except OSError as error:
        failure = failure if failure and failure.errno != errno.EPROTO else error
    if failure:
        raise failure
    return one, two


@test
def stapled_responses_are_sent_and_judged(stack):
    for client in ("default", "old"):
        for server in ("stapled", "stapled-must"):
            equal(tlsup.info(pair(stack, server, client)[0]).version,
                  0x0304 if client == "default" else 0x0303, "version")
        for server, error in (("must", errno.EKEYREJECTED),
                              ("stapled-revoked", errno.EKEYREVOKED)):
            with fails_with(error, server):
                pair(stack, server, client)


@test
def openssl_takes_what_we_staple(stack):
    for option in ("-tls1_2", "-tls1_3"):
        listener = stack.enter_context(host.socket.create_server(("127.0.0.1", 0)))
        client = subprocess.Popen(
            ["openssl", "s_client", "-connect",
             f"127.0.0.1:{listener.getsockname()[1]}", "-status", option,
             "-servername", "localhost", "-CAfile", f"{CERTS}/ca.pem"],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT, text=True)
        sock = stack.enter_context(listener.accept()[0])
        tlsup.prepare(sock, "stapled")
        tlsup.start(sock, tlsup.SERVER)
        sock.shutdown(1)
        text = client.communicate(timeout=30)[0]
        check("OCSP Response Status: successful" in text, text)


@test
def we_take_what_openssl_staples(stack):
    for option in ("-tls1_2", "-tls1_3"):
        for cert, error in (("muststaple", 0), ("revoked", errno.EKEYREVOKED)):
            port = next(PORTS)
            server = subprocess.Popen(
                ["openssl", "s_server", "-accept", str(port), option, "-quiet",
                 "-cert", f"{CERTS}/{cert}.pem", "-key", f"{CERTS}/{cert}.key",
                 "-status_file", f"{CERTS}/{cert}.ocsp"],
                stdin=subprocess.PIPE, stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL)
            stack.callback(server.wait)
            stack.callback(server.kill)
            check(host.wait_for(lambda p=port: host.listens(p)), "openssl")
            sock = stack.enter_context(host.socket.create_connection(
                ("127.0.0.1", port)))
            sock.settimeout(None)
            tlsup.prepare(sock, "default", "localhost")
            if error:
                with fails_with(error):
                    tlsup.start(sock, tlsup.CLIENT)
            else:
                tlsup.start(sock, tlsup.CLIENT)


@test
def what_a_profile_strikes_is_not_negotiated(stack):
    ours, _ = peer.connect(stack, tlsup.SERVER, profile="struck",
                           context=client_context(TLS13))
    check(tlsup.info(ours).suite != 0x1301, "the suite")
    check(tlsup.info(ours).group != 0x001d, "the group")


@test
def messages_longer_than_the_profile_allows(stack):
    one, two = tlsup.tcp_pair(stack)
    tlsup.prepare(one, "small", "localhost")
    tlsup.prepare(two, "chained")
    waiting = tlsup.Background(tlsup.start, two, tlsup.SERVER)
    with fails_with(errno.EPROTO):
        tlsup.start(one, tlsup.CLIENT)
    status = tlsup.status(one)
    equal(status.alert_sent, 47, "alert")
    check("too long" in status.reason, status.reason)
    with fails_with(errno.EPROTO):
        waiting.result()


if __name__ == "__main__":
    with daemon:
        main()
