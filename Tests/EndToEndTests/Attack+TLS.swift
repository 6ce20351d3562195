import Glibc
import TLSChannel
import WeftTestKit

extension Attack {
    static let tls = TLSSecurity { Int64(time(nil)) }

    /// A record that is not encrypted (RFC 8446 section 5.1).
    private static func record(_ type: UInt8, length: Int? = nil, _ content: [UInt8]) -> [UInt8] {
        let length = length ?? content.count
        return [type, 3, 3, UInt8(length >> 8), UInt8(length & 0xff)] + content
    }

    private static let handshakeType: UInt8 = 22
    private static let applicationDataType: UInt8 = 23
    /// The longest that a record may be when it is encrypted (RFC 8446 section 5.2).
    private static let longestRecord = 1 << 14 + 256

    /// What TLS has and Noise has not: messages cut into records at will, and sessions that weigh something by themselves.
    static let tlsRecords = [
        Attack("a hello of 16 MB, a byte a record") { scene in
            let adversary = try scene.connect()
            try adversary.choose(tls)
            var bytes =
                record(handshakeType, [1]) + record(handshakeType, [0xff]) + record(handshakeType, [0xff]) + record(handshakeType, [0xff])
            while scene.goesOn(), adversary.send(bytes) { bytes = (0..<1000).flatMap { _ in record(handshakeType, [7]) } }
        },
        Attack("records with nothing in them") { scene in
            let adversary = try scene.connect()
            try adversary.choose(tls)
            let bytes = (0..<1000).flatMap { _ in record(handshakeType, []) }
            while scene.goesOn(), adversary.send(bytes) {}
        },
        Attack("a hello, and rubbish") { scene in
            let adversary = try scene.connect()
            try adversary.choose(tls, begins: true)
            while scene.goesOn(), adversary.send(record(applicationDataType, [UInt8](repeating: 7, count: longestRecord))) {}
        },
        Attack("sessions of TLS, as many as there may be") { scene in
            let all = scene.hold(atMost: 200) { number in
                let adversary = try scene.upgraded(number, by: tls)
                try adversary.sendSecured(Adversary.frame(.ping, Adversary.syn, stream: 0, length: 1))
                return adversary
            }
            scene.wait { for adversary in all { adversary.drain() } }
        },
        Attack("records that have no end, from many") { scene in
            let all = scene.hold(atMost: 150) { number in
                let adversary = try scene.upgraded(number, by: tls)
                let count = longestRecord - 1
                adversary.send(record(applicationDataType, length: longestRecord, [UInt8](repeating: 7, count: count)))
                return adversary
            }
            scene.wait { for adversary in all { adversary.drain() } }
        },
        Attack("records that nobody has encrypted") { scene in
            let adversary = try scene.upgraded(by: tls)
            while scene.goesOn(), adversary.send(record(applicationDataType, [UInt8](repeating: 7, count: 1000))) {}
        },
        unreadEchoes("echoes by TLS that are not read, by many", by: tls),
    ]
}
