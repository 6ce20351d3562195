import IPAddresses
import PortMapping
import Testing
import Timeline
import WeftTestKit

/// Texts of the tests themselves: one that is no address fails the test that uses it.
func address(_ text: String) -> IPAddress { IPAddress(text) ?? IPAddress(family: .ipv4, value: 0) }

func socket(_ text: String) -> SocketAddress { SocketAddress(text) ?? SocketAddress(address("0.0.0.0"), port: 0) }

func tcp(_ number: UInt16) throws -> LocalPort { try #require(LocalPort(.tcp, number)) }

func udp(_ number: UInt16) throws -> LocalPort { try #require(LocalPort(.udp, number)) }

func bytes(_ text: String) -> [UInt8] { Array(text.utf8) }

/// A home: the router at 192.168.1.1, we at 192.168.1.7.
func home() throws -> Router { try #require(Router(address("192.168.1.1"), ownAddress: address("192.168.1.7"))) }
