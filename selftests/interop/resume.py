#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only
# Copyright (C) 2026 The tlsup authors
"""Resumption in both roles against OpenSSL's and GnuTLS's own tools, curl and
nginx: by session ID, by ticket, by PSK, of either kind of ticket; external PSKs."""
import contextlib
import errno
import os
import shutil
import signal
import socket
import ssl
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)) + "/../lib")
# pylint: disable=wrong-import-position
import host
import matrix
import tlsup
from ktap import case, check, equal, fails_with, main, test

ID, TICKET, PSK, EXTERNAL = 1, 2, 3, 4
KEY = "00112233445566778899aabbccddeeff"
KINDS = {
    "TLS 1.2 session ID": (0x0303, ID, "none"),
    "TLS 1.2 ticket, stateful": (0x0303, TICKET, "stateful"),
    "TLS 1.2 ticket, sealed": (0x0303, TICKET, "sealed"),
    "TLS 1.3 PSK, stateful": (0x0304, PSK, "stateful"),
    "TLS 1.3 PSK, sealed": (0x0304, PSK, "sealed"),
}
FOLDER = tempfile.mkdtemp(prefix="tlsup-resume-")


def config():
    pem, key = matrix.files("p256")
    secret = os.path.join(FOLDER, "psk")
    with open(os.open(secret, os.O_WRONLY | os.O_CREAT, 0o600), "w",
              encoding="ascii") as file:
        file.write(KEY + "\n")
    text = ""
    for kind in ("none", "stateful", "sealed"):
        text += (f'profile "{kind}" {{\n\tcertificate = "{pem}"\n'
                 f'\tkey = "{key}"\n\ttrust = "{matrix.CA}"\n'
                 f'\tticket_kind = "{kind}"\n}}\n')
    for name, more in (("psk", ""), ("psk-ke", "\tpsk_ke = true\n")):
        text += (f'profile "{name}" {{\n\ttrust = "{matrix.CA}"\n'
                 '\tpsk_identity = "machine-7"\n'
                 f'\tpsk_key = "{secret}"\n{more}}}\n')
    return text


def session_client(name, port, kind, run):
    """A client that keeps its session in a file, or resumes by itself."""
    version, by, _ = KINDS[kind]
    if name == "GnuTLS":
        tls = "1.2" if version == 0x0303 else "1.3"
        tickets = ":%NO_TICKETS" if by == ID else ""
        # In TLS 1.3 the ticket comes when the handshake is over.
        return ["gnutls-cli", "-d", "2", "--resume", "--x509cafile", matrix.CA,
                *(["--waitresumption"] if version == 0x0304 else []),
                "--priority", f"NORMAL:-VERS-ALL:+VERS-TLS{tls}{tickets}",
                "-p", str(port), "localhost"]
    file = os.path.join(FOLDER, "session")
    return ["openssl", "s_client", "-connect", f"127.0.0.1:{port}",
            "-servername", "localhost", "-CAfile", matrix.CA,
            "-verify_return_error", "-ign_eof",
            "-tls1_2" if version == 0x0303 else "-tls1_3",
            *(["-no_ticket"] if by == ID else []),
            "-sess_out" if run == 0 else "-sess_in", file]


def accept_one(listener, profile):
    """One connection as a server; how it was resumed."""
    sock = listener.accept()[0]
    with sock:
        sock.settimeout(None)
        tlsup.prepare(sock, profile=profile)
        tlsup.start(sock, tlsup.SERVER)
        found = tlsup.info(sock)
        # Some have had enough once the handshake is done.
        with contextlib.suppress(OSError):
            sock.sendall(b"hello\n")
            sock.shutdown(socket.SHUT_WR)
            while sock.recv(100):
                pass
    return found


def as_server(stack, name, kind):
    version, by, profile = KINDS[kind]
    listener = stack.enter_context(socket.create_server(("127.0.0.1", 0)))
    listener.settimeout(20)
    port = listener.getsockname()[1]
    log = None
    try:
        for run in range(2):
            if name != "GnuTLS" or run == 0:
                process, log = matrix.spawn(stack, session_client(name, port, kind, run))
            found = accept_one(listener, profile)
            equal(found.version, version, "version")
            equal(found.resumed, by if run else 0, "resumed")
            if name != "GnuTLS" or run == 1:
                equal(process.wait(20), 0, "exit status of the peer")
        text = matrix.log_of(log)
        check("Reused, " in text or "This is a resumed session" in text,
              "the peer did not resume")
    except BaseException:
        matrix.explain(log)
        raise


def spoil_secret(file):
    """Change OpenSSL's saved session so that both sides know another secret."""
    text = subprocess.run(["openssl", "sess_id", "-in", file, "-text", "-noout"],
                          check=True, capture_output=True, text=True).stdout
    secret = next(bytes.fromhex(line.split(":")[1]) for line in text.splitlines()
                  if line.strip().startswith(("Master-Key:", "Resumption PSK:")))
    der = subprocess.run(["openssl", "sess_id", "-in", file, "-outform", "DER"],
                         check=True, capture_output=True).stdout
    equal(der.count(secret), 1, "secrets in the file")
    der = der.replace(secret, bytes(byte ^ 1 for byte in secret))
    pem = ssl.DER_cert_to_PEM_cert(der).replace("CERTIFICATE", "SSL SESSION PARAMETERS")
    with open(file, "w", encoding="ascii") as out:
        out.write(pem)


def fails_by_alert(stack, listener, kind, profile):
    """A client whose secret is another sees that in our Finished, or we in its
    binder: a fatal alert either way."""
    matrix.spawn(stack, session_client("OpenSSL", listener.getsockname()[1], kind, 1))
    sock = stack.enter_context(listener.accept()[0])
    sock.settimeout(None)
    tlsup.prepare(sock, profile=profile)
    with fails_with(errno.EPROTO, "the handshake"):
        tlsup.start(sock, tlsup.SERVER)


def fatal_alert_drops_the_session(stack, kind):
    """RFC 5246, 7.2.2. What is sealed in a ticket nobody can call back."""
    _, by, profile = KINDS[kind]
    listener = stack.enter_context(socket.create_server(("127.0.0.1", 0)))
    listener.settimeout(20)
    file, kept = os.path.join(FOLDER, "session"), os.path.join(FOLDER, "kept")

    def visit(run):
        process, _ = matrix.spawn(stack, session_client(
            "OpenSSL", listener.getsockname()[1], kind, run))
        found = accept_one(listener, profile).resumed
        equal(process.wait(20), 0, "exit status of OpenSSL")
        return found

    equal(visit(0), 0, "the first is resumed")
    shutil.copy(file, kept)
    if by != PSK:
        equal(visit(1), by, "the second is resumed")
    spoil_secret(file)
    fails_by_alert(stack, listener, kind, profile)
    shutil.copy(kept, file)
    equal(visit(1), by if profile == "sealed" else 0, "resumed after the alert")


def session_server(name, port, kind):
    version, by, _ = KINDS[kind]
    pem, key = matrix.files("p256")
    if name == "GnuTLS":
        tls = "1.2" if version == 0x0303 else "1.3"
        return ["gnutls-serv", "-d", "2", "--port", str(port), "--echo",
                "--x509certfile", pem, "--x509keyfile", key, "--priority",
                f"NORMAL:-VERS-ALL:+VERS-TLS{tls}", "--disable-client-cert",
                *(["--noticket"] if by == ID else [])]
    return ["openssl", "s_server", "-accept", str(port), "-cert", pem, "-key",
            key, "-tls1_2" if version == 0x0303 else "-tls1_3", "-rev",
            *(["-no_ticket"] if by == ID else []),
            # Stateful tickets of OpenSSL are used up, as ours are.
            *(["-num_tickets", "2"] if version == 0x0304 else [])]


def connect_once(stack, port, profile, process=None):
    """One connection as a client, with data each way; how it was resumed."""
    sock = (matrix.connect_when_ready(stack, port, process) if process else
            socket.create_connection(("127.0.0.1", port)))
    with sock:
        sock.settimeout(None)
        tlsup.prepare(sock, profile, "localhost")
        tlsup.start(sock, tlsup.CLIENT)
        sock.sendall(b"ping\n")
        equal(len(sock.recv(5, socket.MSG_WAITALL)), 5, "bytes that came back")
        return tlsup.info(sock), tlsup.get_option(sock, tlsup.PEER_CERT)


def taken(daemon_before):
    """Tickets go to the daemon on their own: wait until one has arrived."""
    return host.wait_for(lambda: host.stats()["tickets_up"] > daemon_before)


def as_client(stack, name, kind):
    version, by, profile = KINDS[kind]
    port = next(matrix.ports)
    process, log = matrix.spawn(stack, session_server(name, port, kind))
    try:
        before = host.stats()["tickets_up"]
        found, cert = connect_once(stack, port, profile, process)
        equal(found.resumed, 0, "the first is resumed")
        for _ in range(3):
            if version == 0x0304:
                check(taken(before), "no ticket came")
                before = host.stats()["tickets_up"]
            again, same = connect_once(stack, port, profile)
            equal(again.version, version, "version")
            equal(again.resumed, by, "resumed")
            equal(same, cert, "the server's certificate")
    except BaseException:
        matrix.explain(log)
        raise


def external(stack, name, profile):
    """An external PSK, either role; with psk_ke where the profile allows it."""
    listener = stack.enter_context(socket.create_server(("127.0.0.1", 0)))
    listener.settimeout(20)
    port = listener.getsockname()[1]
    if name == "OpenSSL":
        command = ["openssl", "s_client", "-connect", f"127.0.0.1:{port}",
                   "-psk_identity", "machine-7", "-psk", KEY, "-tls1_3",
                   "-ign_eof", "-servername", "localhost"]
        if profile == "psk-ke":
            command += ["-allow_no_dhe_kex"]
        server = ["openssl", "s_server", "-psk_identity", "machine-7", "-psk", KEY,
                  "-tls1_3", "-nocert", "-rev",
                  # OpenSSL looks at its own order of ciphers.
                  "-ciphersuites", "TLS_AES_128_GCM_SHA256"]
    else:
        mode = "+PSK" if profile == "psk-ke" else "+ECDHE-PSK"
        priority = f"NORMAL:-VERS-ALL:+VERS-TLS1.3:-KX-ALL:{mode}:-CIPHER-ALL:+AES-128-GCM"
        command = ["gnutls-cli", "-d", "2", "--pskusername", "machine-7", "--pskkey",
                   KEY, "--priority", priority, "-p", str(port), "localhost"]
        passwd = os.path.join(FOLDER, "passwd")
        with open(passwd, "w", encoding="ascii") as file:
            file.write(f"machine-7:{KEY}\n")
        server = ["gnutls-serv", "-d", "2", "--echo", "--pskpasswd", passwd,
                  "--priority", priority]
    log = None
    try:
        process, log = matrix.spawn(stack, command)
        found = accept_one(listener, profile)
        equal(found.resumed, EXTERNAL, "resumed")
        equal(process.wait(20), 0, "exit status of the peer")
        if name == "GnuTLS" and profile == "psk-ke":
            equal(found.group, 0, "group")
        port = next(matrix.ports)
        server += ["-accept", str(port)] if name == "OpenSSL" else ["--port", str(port)]
        process, log = matrix.spawn(stack, server)
        sock = matrix.connect_when_ready(stack, port, process)
        sock.settimeout(None)
        tlsup.prepare(sock, profile, "localhost")
        tlsup.start(sock, tlsup.CLIENT)
        equal(tlsup.info(sock).resumed, EXTERNAL, "resumed")
        sock.sendall(b"ping\n")
        equal(len(sock.recv(5, socket.MSG_WAITALL)), 5, "bytes that came back")
    except BaseException:
        matrix.explain(log)
        raise


@test
def curl_resumes_at_our_server(stack):
    """Two requests of one curl, on two connections."""
    listener = stack.enter_context(socket.create_server(("127.0.0.1", 0)))
    listener.settimeout(20)
    url = f"https://localhost:{listener.getsockname()[1]}/"
    # curl asks for no tickets of TLS 1.2.
    for version, flag, by in ((0x0303, "--tls-max=1.2", ID), (0x0304, "--tlsv1.3", PSK)):
        command = ["curl", "--silent", "--show-error", "--http1.0", "--cacert",
                   matrix.CA, *flag.split("="), "--no-keepalive", "-H",
                   "Connection: close", url + "1", url + "2"]
        process = stack.enter_context(subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT))
        for run in range(2):
            sock = listener.accept()[0]
            with sock:
                sock.settimeout(None)
                tlsup.prepare(sock, profile="stateful")
                tlsup.start(sock, tlsup.SERVER)
                found = tlsup.info(sock)
                while b"\r\n\r\n" not in sock.recv(4096):
                    pass
                sock.sendall(b"HTTP/1.0 200 OK\r\nContent-Length: 3\r\n\r\nhi\n")
            equal((found.version, found.resumed), (version, by if run else 0),
                  "version and resumption")
        equal(process.communicate(timeout=20)[0], b"hi\nhi\n", "what curl got")


def resumed_by(stack, port, profile, *, uid=0, flags=0):
    """How a client of this user and profile resumes; a process of its own."""
    before = host.stats()["tickets_up"]
    child = os.fork()
    if not child:
        status = 99
        with contextlib.suppress(BaseException):
            os.setuid(uid)
            sock = socket.create_connection(("127.0.0.1", port))
            tlsup.prepare(sock, profile, "localhost")
            if flags:
                tlsup.set_option(sock, tlsup.FLAGS, flags)
            tlsup.start(sock, tlsup.CLIENT)
            sock.sendall(b"ping\n")
            sock.recv(5, socket.MSG_WAITALL)
            status = tlsup.info(sock).resumed
        os._exit(status)
    status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    if not flags:
        check(taken(before), "no ticket came")
    return status


@test
def sessions_are_divided_and_outlive_a_reload(stack):
    port = next(matrix.ports)
    process, log = matrix.spawn(stack, session_server("OpenSSL", port,
                                                      "TLS 1.3 PSK, stateful"))
    try:
        matrix.connect_when_ready(stack, port, process).close()
        equal(resumed_by(stack, port, "stateful"), 0, "the first")
        equal(resumed_by(stack, port, "stateful", uid=65534), 0, "another user")
        equal(resumed_by(stack, port, "sealed"), 0, "another profile")
        equal(resumed_by(stack, port, "stateful", flags=tlsup.NO_RESUMPTION), 0,
              "the application refuses")
        equal(resumed_by(stack, port, "stateful"), PSK, "the same again")
        equal(resumed_by(stack, port, "stateful", uid=65534), PSK, "the other again")
        daemon.process.send_signal(signal.SIGHUP)
        check(host.wait_for(lambda: "tlsupd: reloaded" in daemon.output()), "no reload")
        equal(resumed_by(stack, port, "stateful"), PSK, "after a reload")
    except BaseException:
        matrix.explain(log)
        raise


@test
def we_resume_at_nginx(stack):
    pem, key = matrix.files("p256")
    port = next(matrix.ports)
    conf = os.path.join(FOLDER, "nginx.conf")
    with open(conf, "w", encoding="ascii") as file:
        file.write(f"""daemon off; master_process off; pid {FOLDER}/nginx.pid;
error_log stderr; events {{}}
http {{ access_log off; client_body_temp_path {FOLDER}/b; proxy_temp_path {FOLDER}/p;
fastcgi_temp_path {FOLDER}/f; uwsgi_temp_path {FOLDER}/u; scgi_temp_path {FOLDER}/s;
server {{ listen 127.0.0.1:{port} ssl; ssl_certificate {pem}; ssl_certificate_key {key};
ssl_session_cache shared:s:1m; ssl_protocols TLSv1.2 TLSv1.3; return 200 "hi\\n"; }} }}
""")
    process, log = matrix.spawn(stack, ["nginx", "-c", conf])
    request = b"GET / HTTP/1.0\r\nHost: localhost\r\n\r\n"
    try:
        for profile in ("stateful", "none"):
            resumed = []
            for run in range(3):
                before = host.stats()["tickets_up"]
                sock = matrix.connect_when_ready(stack, port, process)
                sock.settimeout(None)
                tlsup.prepare(sock, profile, "localhost")
                tlsup.start(sock, tlsup.CLIENT)
                sock.sendall(request)
                while sock.recv(4096):
                    pass
                resumed.append(tlsup.info(sock).resumed)
                sock.close()
                check(taken(before), "no ticket came")
            equal(resumed, [0, PSK, PSK], profile)
    except BaseException:
        matrix.explain(log)
        raise
    finally:
        process.send_signal(signal.SIGTERM)


if __name__ == "__main__":
    for peer_name in ("OpenSSL", "GnuTLS"):
        for kind_name in KINDS:
            case(f"{peer_name} resumes at our server, {kind_name}", as_server,
                 peer_name, kind_name)
            if peer_name == "OpenSSL":
                case(f"a fatal alert drops the session, {kind_name}",
                     fatal_alert_drops_the_session, kind_name)
            # What a server's tickets are is the server's own affair.
            if not kind_name.endswith("sealed"):
                case(f"we resume at {peer_name}, {kind_name.split(',')[0]}", as_client,
                     peer_name, kind_name)
        for profile_name in ("psk", "psk-ke"):
            case(f"external PSK with {peer_name}, profile {profile_name}", external,
                 peer_name, profile_name)
    with host.Daemon(config(), "--trace") as daemon:
        main()
