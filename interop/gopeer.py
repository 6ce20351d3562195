#!/usr/bin/env python3
"""A foreign peer for the interop tests: go-libp2p 0.24 with go-libp2p-pubsub 0.8, as a Python module (see interop/setup).

It listens, joins a topic, publishes a message each second, dials the peers that it is told, and writes what happens to
standard output, one JSON object per line, each with the key "event":

  listening       id, addresses                       once, when it can be dialled
  dialled         address                             a peer of the command line is connected
  dial-failed     address, error                      it is tried again after two seconds
  message         from, sequence, key, signature, data  of others; key and signature are lengths in bytes
  topic-peers     peers                               each time the peers in the topic change
  ping            address, milliseconds | error       with --ping, each second
  reserved        relay                               with --reserve
  failed          error                               it ends with status 1

It ends on SIGTERM, SIGINT, or when its standard input is closed (--until-eof), so that it never outlives a test.
"""

import asyncio
import os

from foreign import PEERS_INTERVAL, REDIAL_INTERVAL, argument_parser, end_by_signals, end_with_standard_input, publish, tell
from libp2p import main as libp2p
from libp2p.crypto import KeyType, crypto_generate_keypair
from libp2p.peer import addr_info_from_p2p_addr
from libp2p.pubsub import PubSub

KINDS_OF_KEYS = {"ed25519": KeyType.Ed25519, "rsa": KeyType.RSA, "secp256k1": KeyType.Secp256k1, "ecdsa": KeyType.ECDSA}
RSA_BITS = 2048


def parse_arguments():
    parser = argument_parser("A go-libp2p peer for interop tests.", KINDS_OF_KEYS)
    parser.add_argument("--security", choices=["noise", "tls"], help="this protocol alone")
    parser.add_argument("--relay", action="store_true", help="relays for others (circuit v2)")
    parser.add_argument("--reserve", metavar="MULTIADDR", help="reserves a slot at this relay")
    return parser.parse_intermixed_args()


def make_host(arguments, loop):
    key, _ = crypto_generate_keypair(KINDS_OF_KEYS[arguments.key], RSA_BITS)
    # The AutoNAT server answers those who want to know whether they can be reached.
    options = [libp2p.ListenAddrStrings(*arguments.listen), libp2p.Identity(key), libp2p.EnableNATService(), libp2p.Ping(True)]
    if arguments.security == "noise":
        options.append(libp2p.SecurityNoise())
    if arguments.security == "tls":
        options.append(libp2p.SecurityTls())
    if arguments.psk:
        options.append(libp2p.PrivateNetwork(bytes.fromhex(arguments.psk), True))
    return libp2p.Host(*options, loop=loop)


async def receive(subscription, own_id):
    async for message in subscription:
        sender = message.from_peer.string
        if sender != own_id:
            tell("message", **{"from": sender}, sequence=message.seq_no, key=len(message.key or b""),
                 signature=len(message.signature or b""), data=message.data.decode("utf8", "replace"))


async def watch_topic(pubsub, name):
    before = None
    while True:
        peers = sorted(str(getattr(peer, "string", peer)) for peer in await pubsub.list_peers(name))
        if peers != before:
            tell("topic-peers", peers=peers)
            before = peers
        await asyncio.sleep(PEERS_INTERVAL)


async def dial(host, address):
    while True:
        try:
            await host.connect(addr_info_from_p2p_addr(address))
            tell("dialled", address=address)
            return
        except Exception as error:  # the binding raises plain exceptions
            tell("dial-failed", address=address, error=str(error))
            await asyncio.sleep(REDIAL_INTERVAL)


async def ping(host, address):
    from libp2p.ping import PingService

    # The binding takes the id's raw bytes for Go's peer.ID.
    async for result in PingService(host).ping(addr_info_from_p2p_addr(address).id.bytes):
        if result.error:
            tell("ping", address=address, error=str(result.error))
        else:
            tell("ping", address=address, milliseconds=result.rtt / 1e6)
        await asyncio.sleep(1)


async def connect(host, arguments):
    if arguments.reserve:
        from libp2p.client import reserve

        relay = addr_info_from_p2p_addr(arguments.reserve)
        await host.connect(relay)
        await reserve(host, relay)
        tell("reserved", relay=arguments.reserve)
    await asyncio.gather(*(dial(host, address) for address in arguments.peers))
    if arguments.ping and arguments.peers:
        await ping(host, arguments.peers[0])


async def main():
    arguments = parse_arguments()
    end_by_signals()
    begin = asyncio.Event()
    if arguments.until_eof:
        loop = asyncio.get_running_loop()
        end_with_standard_input(lambda: loop.call_soon_threadsafe(begin.set))
    host = make_host(arguments, asyncio.get_running_loop())
    own_id = host.id.string
    relay = None
    if arguments.relay:
        from libp2p.relay import Relay

        relay = Relay(host)  # works as long as it is referred to
    pubsub = await PubSub.new_gossip(host)
    topic = await pubsub.join(arguments.topic)
    subscription = await topic.subscription()
    # Only now, so that whoever reads this line misses no message.
    tell("listening", id=own_id, addresses=[f"{address}/p2p/{own_id}" for address in host.addrs])
    tasks = [receive(subscription, own_id), watch_topic(pubsub, arguments.topic), connect(host, arguments)]
    if not arguments.quiet:
        tasks.append(publish(arguments, own_id, begin, topic.publish, asyncio.sleep))
    await asyncio.gather(*tasks)
    del relay


if __name__ == "__main__":
    try:
        asyncio.run(main())
    except Exception as error:
        tell("failed", error=f"{type(error).__name__}: {error}")
        os._exit(1)
