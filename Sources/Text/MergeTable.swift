/// The merges of a BPE model: which two neighboring tokens become one, and which merge comes first.
struct MergeTable: Sendable {
    /// The ids of two neighbors.
    struct Pair: Sendable, Equatable {
        var first: Int32
        var second: Int32
    }

    /// Open hash table: keys (a pair of ids) and ranks.
    private var keys: [UInt64]
    private var ranks: [UInt32]
    private let mask: Int
    /// The token that the merge of each rank gives.
    private let results: [Int32]
    /// Not a pair of ids, which are below 2³¹.
    private static let empty = UInt64.max

    /// - Parameter merges: in the order of their ranks; of two merges of one pair, the later counts, as in `tokenizers`
    init(_ merges: [(pair: Pair, result: Int32)]) {
        var capacity = 64
        while capacity < merges.count * 2 { capacity *= 2 }
        keys = [UInt64](repeating: Self.empty, count: capacity)
        ranks = [UInt32](repeating: 0, count: capacity)
        mask = capacity - 1
        results = merges.map(\.result)
        for (rank, merge) in merges.enumerated() {
            let key = Self.key(merge.pair.first, merge.pair.second)
            var slot = Self.hash(key) & mask
            while keys[slot] != Self.empty, keys[slot] != key { slot = (slot + 1) & mask }
            keys[slot] = key
            ranks[slot] = UInt32(truncatingIfNeeded: rank)
        }
    }

    /// The rank of the merge of two tokens; nil if they are not merged.
    @inline(__always)
    func rank(_ first: Int32, _ second: Int32) -> UInt32? {
        let key = Self.key(first, second)
        var slot = Self.hash(key) & mask
        while keys[slot] != Self.empty {
            if keys[slot] == key { return ranks[slot] }
            slot = (slot + 1) & mask
        }
        return nil
    }

    /// The token that a merge gives.
    @inline(__always)
    func result(_ rank: UInt32) -> Int32 { results[Int(rank)] }

    /// All merges in the order of their ranks.
    func write(to identity: inout TokenizerIdentity) {
        let all = zip(keys, ranks).filter { $0.0 != Self.empty }.sorted { $0.1 < $1.1 }
        identity.add(all.count)
        identity.reserve(all.count * 16)
        for (key, rank) in all {
            identity.add(key)
            identity.add(Int(result(rank)))
        }
    }

    @inline(__always)
    private static func key(_ first: Int32, _ second: Int32) -> UInt64 {
        UInt64(UInt32(bitPattern: first)) << 32 | UInt64(UInt32(bitPattern: second))
    }

    @inline(__always)
    private static func hash(_ key: UInt64) -> Int {
        let mixed = (key ^ key >> 29) &* 0x9E37_79B9_7F4A_7C15
        return Int(truncatingIfNeeded: mixed >> 32)
    }
}
