"""What gopeer.py and pypeer.py have in common: their command line, the events that they write, and how they end."""

import argparse
import json
import os
import signal
import sys
import threading

REDIAL_INTERVAL = 2
PEERS_INTERVAL = 0.25


def tell(event, **values):
    print(json.dumps({"event": event, **values}), flush=True)


def end(*_):
    # Go's threads keep an ordinary exit from finishing.
    os._exit(0)


def end_by_signals():
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, end)


def end_with_standard_input(on_line):
    """`on_line` is called in another thread, with each line that comes before."""

    def watch():
        for _ in sys.stdin.buffer:
            on_line()
        end()

    threading.Thread(target=watch, daemon=True).start()


def argument_parser(description, kinds_of_keys):
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--listen", action="append", required=True, metavar="MULTIADDR", help="e.g. /ip4/127.0.0.1/tcp/0")
    parser.add_argument("--topic", required=True)
    parser.add_argument("--psk", metavar="HEX", default=os.environ.get("WEFT_INTEROP_PSK"),
                        help="32 bytes of a private network; the environment's WEFT_INTEROP_PSK if not given")
    parser.add_argument("--key", choices=kinds_of_keys, default="ed25519", help="the kind of its identity")
    parser.add_argument("--message", help="what is published, in the place of a JSON object; %%d becomes the number")
    parser.add_argument("--messages", type=int, metavar="COUNT", help="publishes no more than these")
    parser.add_argument("--interval", type=float, default=1, metavar="SECONDS", help="between two messages")
    parser.add_argument("--on-line", action="store_true", help="begins to publish with the first line of standard input")
    parser.add_argument("--quiet", action="store_true", help="publishes nothing")
    parser.add_argument("--ping", action="store_true", help="pings the first peer each second")
    parser.add_argument("--until-eof", action="store_true", help="ends when standard input is closed")
    parser.add_argument("peers", nargs="*", metavar="MULTIADDR", help="peers to dial, with /p2p/ID")
    return parser


async def publish(arguments, own_id, begin, send, sleep):
    """Sends texts as the command line says; the first when `begin` is set, if it has to be."""
    if arguments.on_line:
        await begin.wait()
    number = 0
    while arguments.messages is None or number < arguments.messages:
        text = arguments.message.replace("%d", str(number)) if arguments.message else json.dumps({"from": own_id, "number": number})
        await send(text.encode())
        number += 1
        await sleep(arguments.interval)
