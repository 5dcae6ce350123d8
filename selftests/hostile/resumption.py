#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
# Copyright (C) 2026 The tlsup authors
"""Sessions that come back: as they were, without their suite, without their
extended master secret, under a Finished or a binder that is wrong, spoilt, twice."""
import hmac
import os

from dialogue import (DECRYPT, FAILURE, ILLEGAL, UNEXPECTED, bent, connect, crypto, finish12,
                      open12, open13, raw, refused, running, served, shared13)
from ktap import case, check, equal, main, test
from raw import usual12, usual13, vec

RSA, ECDHE, CBC = 0x009c, 0xc02f, 0xc013
MODES = [(45, b"\1\1")]


class Session:
    """What a client keeps of a connection of TLS 1.2: by a ticket, or by its ID."""

    def __init__(self, profile, ticket, extensions=(), suite=ECDHE, **fields):
        self.profile, self.by_ticket = profile, ticket
        client = open12(profile, suite,
                        usual12(*extensions, *([(35, b"")] if ticket else []), **fields))
        self.master, self.suite, self.etm = client.master, suite, client.etm
        self.ticket = client.ticket[6:] if ticket else b""
        self.name = b"x" * 32 if ticket else client.session
        with client:
            served(client)

    def offer(self, suites=None, extensions=(), **fields):
        """A hello that asks for it."""
        client = connect(self.profile)
        ticket = [(35, self.ticket)] if self.by_ticket else []
        client.hello(suites or [self.suite], usual12(*extensions, *ticket, **fields),
                     session=self.name)
        return client


def hears_hello(client):
    _, body = client.hear(raw.SERVER_HELLO)
    found = client.take_hello(body)
    client.etm = 22 in found
    return found


def abbreviated(client, session):
    """To the server's Finished."""
    hears_hello(client)
    equal(client.session, session.name, "session id")
    client.master = session.master
    client.expand12()
    client.rx = None
    # The server's ChangeCipherSpec comes first: hear() must know.
    client.tx, kept = False, client.next_tx
    client.end12()
    client.tx, client.next_tx = None, kept


def resumed(client, session):
    abbreviated(client, session)
    client.ccs12()
    client.say(raw.FINISHED, client.verify12())
    served(client)


def goes(_stack, profile, ticket, extensions, suite):
    session = Session(profile, ticket, extensions, suite)
    with session.offer(extensions=extensions) as client:
        resumed(client, session)


for profile in ("rsa", "sealed"):
    for ticket in (True, False):
        how = f"{profile}, by {'ticket' if ticket else 'ID'}"
        for suite in (ECDHE, RSA):
            case(f"TLS 1.2, {how}: {suite:04x} is resumed", goes, profile, ticket, (), suite)
        case(f"TLS 1.2, {how}: CBC with encrypt_then_mac is resumed", goes, profile, ticket,
             [(22, b"")], CBC)


@test
def all_suites_beside_its_own_resume_it(_stack):
    session = Session("rsa", False)
    with session.offer([0x1a1a, RSA, ECDHE, CBC]) as client:
        resumed(client, session)


def spoils(_stack, ticket, suites, fields, alerts):
    session = Session("rsa", ticket)
    with session.offer(suites, **fields) as client:
        refused(client, *alerts)


for ticket in (True, False):
    how = "ticket" if ticket else "ID"
    case(f"TLS 1.2, by {how}: without its suite: alert {ILLEGAL}", spoils, ticket, [RSA, CBC], {},
         (ILLEGAL,))
    case(f"TLS 1.2, by {how}: without extended_master_secret: alert {FAILURE}", spoils, ticket,
         None, {"ems": False}, (FAILURE,))


def full(_stack, ticket, before, fields):
    """What does not fit gives a full handshake."""
    session = Session("rsa", ticket, **before)
    with session.offer(**fields) as client:
        client.flight12()
        check(client.session != session.name, "the session is resumed")
        finish12(client)
        served(client)


for ticket in (True, False):
    how = "ticket" if ticket else "ID"
    case(f"TLS 1.2, by {how}: extended_master_secret is new: full", full, ticket, {"ems": False},
         {})
    case(f"TLS 1.2, by {how}: another name: full", full, ticket, {},
         {"extensions": [(0, raw.name("www.example.org"))], "without": (0,)})


@test
def a_ticket_that_is_bent_gives_a_full_handshake(_stack):
    for profile in ("rsa", "sealed"):
        session = Session(profile, True)
        whole = session.ticket
        for spoilt in (bent(0)(whole), bent(-1)(whole), bent(len(whole) // 2)(whole), whole[:-1],
                       whole + b"\0", whole[:5], os.urandom(len(whole)), os.urandom(3000)):
            session.ticket = spoilt
            with session.offer() as client:
                client.flight12()
                finish12(client)
                served(client)


@test
def a_wrong_finished_ends_it_and_the_session(_stack):
    session = Session("rsa", False)
    with session.offer() as client:
        abbreviated(client, session)
        client.ccs12()
        client.say(raw.FINISHED, bent(3)(client.verify12()))
        refused(client, DECRYPT)
    with session.offer() as client:
        client.flight12()
        check(client.session != session.name, "a session that has failed is resumed")


@test
def a_key_exchange_within_is_unexpected(_stack):
    for kind in (raw.CLIENT_KEY_EXCHANGE, raw.CERTIFICATE, raw.CERTIFICATE_VERIFY):
        session = Session("rsa", False)
        with session.offer() as client:
            abbreviated(client, session)
            client.rx = None
            client.tx = None
            client.record(raw.HANDSHAKE, raw.message(kind, bytes(66)))
            client.rx = client.waiting
            refused(client, UNEXPECTED)


# --- TLS 1.3 ------------------------------------------------------------------

def tickets_of(client):
    """PSKs and tickets of one connection."""
    resumption = client.derive(client.master, b"res master")
    found = []
    client.record(raw.DATA, b"GET / HTTP/1.0\r\n\r\n")
    while True:
        kind, data = client.receive()
        if kind != raw.HANDSHAKE:
            return found
        while data:
            size = 4 + int.from_bytes(data[1:4], "big")
            body, data = data[4:size], data[size:]
            nonce = body[9:9 + body[8]]
            rest = body[9 + body[8]:]
            name = rest[2:2 + int.from_bytes(rest[:2], "big")]
            psk = crypto.expand_label(client.suite.hash, resumption, b"resumption", nonce,
                                      len(resumption))
            found.append((psk, name, int.from_bytes(body[4:8], "big")))


def offer13(client, ticket, suites=(0x1301,), spoil=lambda binder: binder, extra=()):
    """A hello with a PSK of a ticket (and further identities): the key share."""
    psk, name, age_add = ticket
    key = crypto.share(29)
    size = len(psk)
    kind = {32: "sha256", 48: "sha384"}[size]
    names = [(name, age_add)] + list(extra)
    identities = vec(2, b"".join(vec(2, n) + age.to_bytes(4, "big") for n, age in names))
    tail = 2 + (1 + size) * len(names)
    offer = identities + bytes(tail)
    body = raw.hello(suites, usual13((45, b"\1\1"), (41, offer), shares=[(29, key.public)]))
    head = raw.message(raw.CLIENT_HELLO, body)[:-tail]
    early = hmac.digest(bytes(size), psk, kind)
    secret = crypto.expand_label(kind, early, b"res binder", crypto.digest(kind), size)
    finished = crypto.expand_label(kind, secret, b"finished", b"", size)
    binder = spoil(hmac.digest(finished, crypto.digest(kind, head), kind))
    binders = vec(1, binder) + vec(1, bytes(size)) * (len(names) - 1)
    client.client_random = body[2:34]
    client.say(raw.CLIENT_HELLO, body[:-tail] + vec(2, binders))
    return key


def resumes13(client, key, psk):
    _, body = client.hear(raw.SERVER_HELLO)
    found = client.take_hello(body)
    equal(found.get(41), b"\0\0", "the PSK that is taken")
    client.keys13(key.shared(found[51][4:]), psk)
    client.tx = client.next_tx
    check(raw.CERTIFICATE not in client.flight13(), "a certificate")
    client.end13()
    served(client)


def goes13(_stack, profile, suite, suites):
    with open13(profile, suite, extensions=MODES) as client:
        tickets = tickets_of(client)
    equal(len(tickets), 2, "tickets")
    for ticket in tickets:
        with connect(profile) as client:
            resumes13(client, offer13(client, ticket, suites), ticket[0])


for profile in ("rsa", "sealed"):
    for suite in (0x1301, 0x1302, 0x1303):
        case(f"TLS 1.3, {profile}: {suite:04x} is resumed", goes13, profile, suite, (suite,))
    case(f"TLS 1.3, {profile}: by another suite of its hash", goes13, profile, 0x1301, (0x1303,))


@test
def another_identity_beside_it_does_no_harm(_stack):
    with open13("rsa", extensions=MODES) as client:
        ticket = tickets_of(client)[0]
    with connect("rsa") as client:
        resumes13(client, offer13(client, ticket, extra=[(b"nobody", 0)] * 3), ticket[0])


def full13(_stack, suite, suites, spoil):
    with open13("rsa", suite, extensions=MODES) as client:
        ticket = tickets_of(client)[0]
    with connect("rsa") as client:
        key = offer13(client, (ticket[0], spoil(ticket[1]), ticket[2]), suites)
        found = shared13(client, key)
        check(41 not in found, "it is resumed")
        client.flight13()
        client.end13()
        served(client)


case("TLS 1.3: a suite of another hash: full", full13, 0x1301, (0x1302,), bytes)
case("TLS 1.3: a ticket that is bent: full", full13, 0x1301, (0x1301,), bent(-1))
case("TLS 1.3: a ticket that is cut: full", full13, 0x1301, (0x1301,), lambda name: name[:-1])


@test
def a_wrong_binder_ends_it(_stack):
    for place in (0, 15, 31):
        with open13("rsa", extensions=MODES) as client:
            ticket = tickets_of(client)[0]
        with connect("rsa") as client:
            offer13(client, ticket, spoil=bent(place))
            refused(client, DECRYPT, ILLEGAL)


@test
def a_ticket_is_good_once(_stack):
    with open13("rsa", extensions=MODES) as client:
        ticket = tickets_of(client)[0]
    with connect("rsa") as client:
        resumes13(client, offer13(client, ticket), ticket[0])
    with connect("rsa") as client:
        key = offer13(client, ticket)
        check(41 not in shared13(client, key), "a second time")


if __name__ == "__main__":
    with running():
        main()
