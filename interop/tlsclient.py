#!/usr/bin/env python3
"""OpenSSL as a TLS client of libp2p, for interop tests (docs/INTEROP.md): it connects several times, and goes on with its first session.

For each connection it writes "new" or "resumed" and how many bytes it was sent, once the multiplexer has said something.
"""

import argparse
import socket
import ssl

parser = argparse.ArgumentParser(description=__doc__)
parser.add_argument("port", type=int, help="on 127.0.0.1, without a private network")
parser.add_argument("certificate", help="PEM: certificate and key")
parser.add_argument("--connections", type=int, default=2)
arguments = parser.parse_args()


def line(text):
    return bytes([len(text) + 1]) + text.encode() + b"\n"


def connect(context, session):
    raw = socket.create_connection(("127.0.0.1", arguments.port), timeout=10)
    hello = line("/multistream/1.0.0") + line("/tls/1.0.0")
    raw.sendall(hello)
    answer = b""
    while len(answer) < len(hello):
        byte = raw.recv(1)
        if not byte:
            raise SystemExit("closed during the negotiation")
        answer += byte
    assert answer == hello, answer
    with context.wrap_socket(raw, session=session) as channel:
        data = channel.recv(4096)
        print("resumed" if channel.session_reused else "new", len(data), flush=True)
        return channel.session


context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
context.check_hostname = False
context.verify_mode = ssl.CERT_NONE
context.minimum_version = ssl.TLSVersion.TLSv1_3
context.load_cert_chain(arguments.certificate)
context.set_alpn_protocols(["/yamux/1.0.0", "libp2p"])
session = None
for _ in range(arguments.connections):
    session = connect(context, session)
