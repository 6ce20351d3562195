/// Answers of real kernels on x86-64 (little-endian), and requests put together by hand from the headers.
enum Golden {
    /// `ip link add weft0 type wireguard` on Linux 6.18 without WireGuard: error, capped, with an extended acknowledgement.
    static let unknownDeviceType = hex(
        """
        3c000000 0200 0003 07000000 bf020000   # length 60, NLMSG_ERROR, CAPPED | ACK_TLVS, sequence 7, port id 703
        a1ffffff                               # -EOPNOTSUPP
        40000000 1000 0506 07000000 00000000   # header of the request: RTM_NEWLINK
        1800 0100 556e6b6e6f776e206465766963652074797065 00   # NLMSGERR_ATTR_MSG
        """)

    /// The same answer without NETLINK_CAP_ACK, with a request of 20 bytes after its header.
    static let uncapped = hex(
        """
        34000000 0200 0002 07000000 bf020000   # length 52, NLMSG_ERROR, ACK_TLVS
        ffffffff                               # -EPERM
        14000000 1000 0506 07000000 00000000   # header of the request, 20 bytes with its payload
        aabbccdd                               # its payload
        0c00 0100 64656e69656400 00            # "denied"
        """)

    /// RTM_NEWLINK on Linux 6.1, shortened to the attributes that matter.
    static let wireGuardLink = hex(
        """
        48000000 1000 0200 07000000 7d000000   # length 72, RTM_NEWLINK, MULTI
        00 00 feff 02000000 d1000100 00000000  # AF_UNSPEC, ARPHRD_NONE, index 2, flags with IFF_UP, change
        0a00 0300 77656674 3000 0000           # IFLA_IFNAME "weft0"
        0800 0400 8c050000                     # IFLA_MTU 1420
        1400 1200                              # IFLA_LINKINFO
          0e00 0100 77697265677561726400 0000  #   IFLA_INFO_KIND "wireguard"
        """)

    /// RTM_NEWADDR, Linux 6.18: 127.0.0.1/8 on lo, then 10.7.0.1/24 on br0.
    static let addresses4 = hex(
        """
        4c0000001400020007000000bf020000 02 08 80 fe 01000000
        08000100 7f000001  08000200 7f000001  07000300 6c6f0000  08000800 80000000
        14000600 ffffffffffffffffee000500ee000500
        4c0000001400020007000000bf020000 02 18 80 00 02000000
        08000100 0a070001  08000200 0a070001  08000300 62723000  08000800 80000000
        14000600 fffffffffffffffff0000500f0000500
        """)

    /// RTM_NEWADDR, Linux 6.18: fd00:7::1/64 without and fe80::…/64 with duplicate address detection under way.
    static let addresses6 = hex(
        """
        480000001400020007000000bf020000 0a 40 82 00 02000000
        14000100 fd000007000000000000000000000001
        14000600 fffffffffffffffff2000500f2000500  08000800 82000000
        500000001400020007000000bf020000 0a 40 c0 fd 02000000
        14000100 fe800000000000009c23aefffe686b38
        14000600 fffffffffffffffff0000500f0000500  08000800 c0000000  05000b00 03000000
        """)

    /// RTM_NEWROUTE, Linux 6.18: 10.7.0.0/24 on the link, 10.8.0.0/16 over two gateways (RTA_MULTIPATH).
    static let routes4 = hex(
        """
        3c0000001800220007000000bf020000 02 18 00 00 fe 02 fd 01 00000000
        08000f00 fe000000  08000100 0a070000  08000700 0a070001  08000400 02000000
        500000001800220007000000bf020000 02 10 00 00 fe 03 00 01 00000000
        08000f00 fe000000  08000100 0a080000
        24000900                               # RTA_MULTIPATH, two of struct rtnexthop
          1000 00 00 02000000 08000500 0a070002
          1000 00 00 02000000 08000500 0a070003
        """)

    /// RTM_NEWROUTE, Linux 6.18: fd00:8::/64 by a gateway with metric 77, and the default route.
    static let routes6 = hex(
        """
        880000001800220007000000bf020000 0a 40 00 00 fe 03 00 01 00000000
        08000f00 fe000000  14000100 fd000008000000000000000000000000  08000600 4d000000
        14000500 fd000007000000000000000000000002  08000400 02000000
        24000c00 0000000000000000000000000000000000000000000000000000000000000000  05001400 00000000
        740000001800220007000000bf020000 0a 00 00 00 fe 03 00 01 04000000
        08000f00 fe000000  08000600 00040000
        14000500 fd000007000000000000000000000009  08000400 02000000
        24000c00 0000000000000000000000000000000000000000000000000000000000000000  05001400 00000000
        """)

    /// CTRL_CMD_NEWFAMILY for "wireguard" on Linux 6.1: the family is 32.
    static let wireGuardFamily = hex(
        """
        7000000010000000070000007d000000 01020000
        0e00 0200 77697265677561726400 0000    # CTRL_ATTR_FAMILY_NAME
        0600 0100 2000 0000                    # CTRL_ATTR_FAMILY_ID
        0800030001000000 0800040000000000 0800050008000000
        2c000600 14000100 0800010000000000 080002001c000000 14000200 0800010001000000 080002001a000000
        """)

    /// WG_CMD_GET_DEVICE on Linux 6.1: two peers, then NLMSG_DONE. The keys are made up.
    static let wireGuardDevice = hex(
        """
        f0010000 2000 0200 07000000 7d000000   # length 496, family 32, MULTI
        00 01 0000                             # WG_CMD_GET_DEVICE, version 1
        0600 0600 3a27 0000                    # LISTEN_PORT 10042
        0800 0700 00000000                     # FWMARK
        0800 0100 02000000                     # IFINDEX
        0a00 0200 776566743000 0000            # IFNAME
        2400 0300 4041414141414141414141414141414141414141414141414141414141414141   # PRIVATE_KEY
        2400 0400 7a1a4e709bf085ac494aba0469b9b1eda0ab1f78b16aabb79ffeda90623e8522   # PUBLIC_KEY
        7001 0880                              # PEERS
          e400 0080                            #   a peer
            2400 0100 0102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f20
            2400 0200 5555555555555555555555555555555555555555555555555555555555555555
            1400 0600 00000000000000000000000000000000   # LAST_HANDSHAKE_TIME
            0600 0500 1900 0000                # PERSISTENT_KEEPALIVE_INTERVAL 25
            0c00 0800 0000000000000000         # TX_BYTES
            0c00 0700 0000000000000000         # RX_BYTES
            0800 0a00 01000000                 # PROTOCOL_VERSION
            1400 0400 0200ca6cc00002010000000000000000   # ENDPOINT 192.0.2.1:51820
            4800 0980                          # ALLOWEDIPS
              1c00 0080 05000300 18000000 06000100 02000000 08000200 0a090000
              2800 0080 05000300 40000000 06000100 0a000000 14000200 fd000009000000000000000000000000
          8800 0080                            #   a peer with its key only
            2400 0100 4142434445464748494a4b4c4d4e4f505152535455565758595a5b5c5d5e5f60
            2400 0200 0000000000000000000000000000000000000000000000000000000000000000
            1400 0600 00000000000000000000000000000000
            0600 0500 0000 0000  0c00 0800 0000000000000000  0c00 0700 0000000000000000  0800 0a00 01000000
        14000000 0300 0200 07000000 7d000000 00000000   # NLMSG_DONE
        """)

    static let rtnetlink = [wireGuardLink, addresses4, addresses6, routes4, routes6, unknownDeviceType, uncapped]
    static let generic = [wireGuardFamily, wireGuardDevice, unknownDeviceType]
}
