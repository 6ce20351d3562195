#!/usr/bin/env python3
"""One stream of go-libp2p, for the benchmark of peers (see interop/setup).

  gostream.py receive FRAMES            tells its address, takes so many frames of one stream, and tells how long all after the
                                        first sixteen took
  gostream.py send FRAMES MULTIADDR     sends them

It writes JSON objects, one per line, as PeerBench's own processes do. The secret is in WEFT_INTEROP_PSK. A frame has 64 KiB behind its
length; each sixteenth ends with a line feed, and no other has one: Go reads to that by itself, so that Python has little to do. It ends
with its standard input.
"""

import asyncio
import json
import os
import sys
import threading
import time

from libp2p import main as libp2p
from libp2p.crypto import KeyType, crypto_generate_keypair
from libp2p.peer import addr_info_from_p2p_addr

PROTOCOL = "/weft-bench/1.0.0"
FRAME = 64 << 10
FRAMES_IN_LINE = 16
# Lines written at once: fewer would measure the binding.
BATCH = 16


def tell(**values):
    print(json.dumps(values), flush=True)


def make_host(loop, *options):
    key, _ = crypto_generate_keypair(KeyType.Ed25519, 0)
    # As PeerBench's own: Noise and yamux.
    all_options = [libp2p.Identity(key), libp2p.SecurityNoise(), *options]
    if psk := os.environ.get("WEFT_INTEROP_PSK"):
        all_options.append(libp2p.PrivateNetwork(bytes.fromhex(psk), True))
    return libp2p.Host(*all_options, loop=loop)


def varint(number):
    encoded = b""
    while number >= 0x80:
        encoded += bytes([number & 0x7F | 0x80])
        number >>= 7
    return encoded + bytes([number])


def lines(count):
    frame = varint(FRAME) + b"\x5a" * (FRAME - 1)
    return ((frame + b"\x5a") * (FRAMES_IN_LINE - 1) + frame + b"\n") * count


def take(stream, count):
    """In a thread, straight from the library: no event loop between two reads."""
    began = None
    for _ in range(count):
        result = stream._READ_STRING(stream.handle, ord("\n"))
        # Not unpacked: an error is short, a line is not.
        if result.l < FRAME:
            result.raise_error()
        began = began or time.monotonic()
    tell(seconds=time.monotonic() - began)


async def receive(loop, count):
    host = make_host(loop, libp2p.ListenAddrStrings("/ip4/127.0.0.1/tcp/0"))

    async def handle(stream):
        await loop.run_in_executor(None, take, stream, count // FRAMES_IN_LINE)

    host.set_stream_handler(PROTOCOL, handle)
    tell(address=f"{host.addrs[0]}/p2p/{host.id.string}")
    await asyncio.Event().wait()


async def send(loop, count, address):
    host = make_host(loop, libp2p.NoListenAddrs())
    info = addr_info_from_p2p_addr(address)
    await host.connect(info)
    stream = await host.new_stream(info.id, PROTOCOL)
    count //= FRAMES_IN_LINE
    batch = lines(BATCH)
    for _ in range(count // BATCH):
        await stream.write(batch)
    await stream.write(lines(count % BATCH))
    await asyncio.Event().wait()


def end_with_standard_input():
    sys.stdin.buffer.read()
    os._exit(0)


async def main():
    loop = asyncio.get_running_loop()
    threading.Thread(target=end_with_standard_input, daemon=True).start()
    role, count, *rest = sys.argv[1:]
    await (receive(loop, int(count)) if role == "receive" else send(loop, int(count), *rest))


if __name__ == "__main__":
    try:
        asyncio.run(main())
    except Exception as error:
        tell(error=f"{type(error).__name__}: {error}")
        os._exit(1)
