"""Makes py-libp2p speak the private network of the libp2p specification: XSalsa20, with a nonce of 24 bytes (pnet/Private-Networks-PSK-V1.md).

py-libp2p 0.8.1 has Salsa20 with a nonce of 8 bytes in its place, which no other libp2p understands. Importing this module is enough.
"""

import os
import struct

from Crypto.Cipher import Salsa20
from libp2p.security.pnet.psk_conn import PskConn

NONCE_BYTES = 24
MASK = 0xFFFFFFFF
COLUMNS = [(0, 4, 8, 12), (5, 9, 13, 1), (10, 14, 2, 6), (15, 3, 7, 11)]
ROWS = [(0, 1, 2, 3), (5, 6, 7, 4), (10, 11, 8, 9), (15, 12, 13, 14)]


def rotated(word, count):
    return (word << count | word >> (32 - count)) & MASK


def hsalsa20(key, nonce):
    """The key for the last 8 bytes of an XSalsa20 nonce (Bernstein, "Extending the Salsa20 nonce")."""
    constant, key, nonce = struct.unpack("<4I", b"expand 32-byte k"), struct.unpack("<8I", key), struct.unpack("<4I", nonce)
    x = [constant[0], *key[:4], constant[1], *nonce, constant[2], *key[4:], constant[3]]
    for _ in range(10):
        for a, b, c, d in COLUMNS + ROWS:
            x[b] ^= rotated((x[a] + x[d]) & MASK, 7)
            x[c] ^= rotated((x[b] + x[a]) & MASK, 9)
            x[d] ^= rotated((x[c] + x[b]) & MASK, 13)
            x[a] ^= rotated((x[d] + x[c]) & MASK, 18)
    return struct.pack("<8I", *(x[index] for index in (0, 5, 10, 15, 6, 7, 8, 9)))


def xsalsa20(key, nonce):
    return Salsa20.new(key=hsalsa20(key, nonce[:16]), nonce=nonce[16:])


async def write(self, data):
    if self.write_cipher is None:
        nonce = os.urandom(NONCE_BYTES)
        self.write_cipher = xsalsa20(self._psk, nonce)
        await self._conn.write(nonce)
    await self._conn.write(self.write_cipher.encrypt(data))


async def read(self, n=None):
    if self.read_cipher is None:
        nonce = b""
        while len(nonce) < NONCE_BYTES:
            chunk = await self._conn.read(NONCE_BYTES - len(nonce))
            if not chunk:
                return b""
            nonce += chunk
        self.read_cipher = xsalsa20(self._psk, nonce)
    data = await self._conn.read(n)
    return self.read_cipher.decrypt(data) if data else b""


PskConn.write, PskConn.read = write, read
