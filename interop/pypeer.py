#!/usr/bin/env python3
"""A foreign peer for the interop tests: py-libp2p 0.8.1 (see interop/setup).

It does what gopeer.py does, and writes the same events:

  listening       id, addresses                       once, when it can be dialled
  dialled         address                             a peer of the command line is connected
  dial-failed     address, error                      it is tried again after two seconds
  message         from, sequence, key, signature, data  of others; key and signature are lengths in bytes
  topic-peers     peers                               each time the peers in the topic change
  mesh-peers      peers                               each time the peers in the topic's mesh change
  ping            address, milliseconds | error       with --ping, each second
  left                                                with --leave-at
  failed          error                               it ends with status 1

It ends on SIGTERM, SIGINT, or when its standard input is closed (--until-eof), so that it never outlives a test.
"""

import os
from functools import partial

import trio
import xsalsa_pnet  # noqa: F401
from foreign import PEERS_INTERVAL, REDIAL_INTERVAL, argument_parser, end_by_signals, end_with_standard_input, publish, tell
from libp2p import new_host
from libp2p.crypto import ed25519, rsa, secp256k1
from libp2p.host.ping import PingService
from libp2p.peer.id import ID
from libp2p.peer.peerinfo import info_from_p2p_addr
from libp2p.pubsub.gossipsub import PROTOCOL_ID_V11, GossipSub
from libp2p.pubsub.pubsub import Pubsub
from libp2p.tools.anyio_service import background_trio_service
from multiaddr import Multiaddr

KINDS_OF_KEYS = {"ed25519": ed25519, "rsa": rsa, "secp256k1": secp256k1}


def parse_arguments():
    parser = argument_parser("A py-libp2p peer for interop tests.", KINDS_OF_KEYS)
    parser.add_argument("--exchange", action="store_true", help="names other peers in a PRUNE")
    parser.add_argument("--leave-at", type=int, metavar="COUNT", help="leaves the topic when so many peers are in its mesh")
    return parser.parse_intermixed_args()


async def receive(subscription, own_id):
    async for message in subscription:  # ends when the topic is left
        sender = str(ID(message.from_id))
        if sender != own_id:
            tell("message", **{"from": sender}, sequence=int.from_bytes(message.seqno, "big"), key=len(message.key),
                 signature=len(message.signature), data=message.data.decode("utf8", "replace"))


async def watch(event, peers):
    before = None
    while True:
        now = sorted(str(peer) for peer in peers())
        if now != before:
            tell(event, peers=now)
            before = now
        await trio.sleep(PEERS_INTERVAL)


async def leave(pubsub, gossip, topic, count):
    while len(gossip.mesh.get(topic, ())) < count:
        await trio.sleep(PEERS_INTERVAL)
    await pubsub.unsubscribe(topic)
    tell("left")


async def dial(host, address):
    while True:
        try:
            await host.connect(info_from_p2p_addr(Multiaddr(address)))
            tell("dialled", address=address)
            return
        except Exception as error:
            tell("dial-failed", address=address, error=str(error))
            await trio.sleep(REDIAL_INTERVAL)


async def ping(host, address):
    service = PingService(host)
    while True:
        try:
            times = await service.ping(info_from_p2p_addr(Multiaddr(address)).peer_id)
            tell("ping", address=address, milliseconds=times[0])
        except Exception as error:
            tell("ping", address=address, error=str(error))
        await trio.sleep(1)


async def connect(host, arguments):
    async with trio.open_nursery() as nursery:
        for address in arguments.peers:
            nursery.start_soon(dial, host, address)
    if arguments.ping and arguments.peers:
        await ping(host, arguments.peers[0])


async def main(arguments):
    end_by_signals()
    begin = trio.Event()
    if arguments.until_eof:
        token = trio.lowlevel.current_trio_token()
        end_with_standard_input(lambda: token.run_sync_soon(begin.set))
    host = new_host(key_pair=KINDS_OF_KEYS[arguments.key].create_new_key_pair(), muxer_preference="YAMUX", psk=arguments.psk)
    gossip = GossipSub(protocols=[PROTOCOL_ID_V11], degree=6, degree_low=5, degree_high=12, heartbeat_interval=1, do_px=arguments.exchange)
    pubsub = Pubsub(host, gossip, strict_signing=True)
    topic, own_id = arguments.topic, str(host.get_id())
    async with host.run(listen_addrs=[Multiaddr(address) for address in arguments.listen]), trio.open_nursery() as nursery:
        async with background_trio_service(pubsub), background_trio_service(gossip):
            await pubsub.wait_until_ready()
            subscription = await pubsub.subscribe(topic)
            # Only now, so that whoever reads this line misses no message.
            tell("listening", id=own_id, addresses=[str(address) for address in host.get_addrs()])
            nursery.start_soon(receive, subscription, own_id)
            nursery.start_soon(watch, "topic-peers", lambda: pubsub.peer_topics.get(topic, ()))
            nursery.start_soon(watch, "mesh-peers", lambda: gossip.mesh.get(topic, ()))
            nursery.start_soon(connect, host, arguments)
            if not arguments.quiet:
                nursery.start_soon(publish, arguments, own_id, begin, partial(pubsub.publish, topic), trio.sleep)
            if arguments.leave_at:
                nursery.start_soon(leave, pubsub, gossip, topic, arguments.leave_at)
            await trio.sleep_forever()


if __name__ == "__main__":
    arguments = parse_arguments()
    try:
        trio.run(main, arguments)
    except Exception as error:
        causes = getattr(error, "exceptions", [error])  # of trio's tasks
        tell("failed", error=", ".join(f"{type(cause).__name__}: {cause}" for cause in causes))
        os._exit(1)
