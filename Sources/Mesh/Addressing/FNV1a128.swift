/// The 128-bit FNV-1a hash (draft-eastlake-fnv). Not for anything that an attacker must not foresee.
enum FNV1a128 {
    private static let offsetBasis: UInt128 = 0x6c62_272e_07bb_0142_62b8_2175_6295_c58d
    private static let prime: UInt128 = 0x0000_0000_0100_0000_0000_0000_0000_013b

    static func hash(_ bytes: some Sequence<UInt8>) -> UInt128 {
        bytes.reduce(offsetBasis) { ($0 ^ UInt128($1)) &* prime }
    }
}
