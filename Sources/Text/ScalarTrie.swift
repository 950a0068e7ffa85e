/// Strings to numbers, walked scalar by scalar. Edges lie in one open hash table.
///
/// Scalars and not `String` keys: Swift takes a composed and a decomposed é for one key, a vocabulary has both.
struct ScalarTrie: Sendable {
    static let root: Int32 = 0

    private struct Slot: Sendable {
        /// The node and the scalar, plus one; 0 is an empty slot.
        var key: UInt64 = 0
        var to: Int32 = 0
    }

    private var slots = [Slot](repeating: Slot(), count: 64)
    private var mask = 63
    private var edgeCount = 0
    /// The value of each node, or -1.
    private var values: [Int32] = [-1]

    /// The node after `node` along `scalar`.
    @inline(__always)
    func next(_ node: Int32, _ scalar: UInt32) -> Int32? {
        let key = Self.key(node, scalar)
        var at = Self.hash(key) & mask
        while slots[at].key != 0 {
            if slots[at].key == key { return slots[at].to }
            at = (at + 1) & mask
        }
        return nil
    }

    /// The value of the string that ends at `node`.
    @inline(__always)
    func value(_ node: Int32) -> Int32? {
        let value = values[Int(node)]
        return value < 0 ? nil : value
    }

    /// The node that `scalars` lead to.
    func node(of scalars: some Sequence<Unicode.Scalar>) -> Int32? {
        var node = Self.root
        for scalar in scalars {
            guard let to = next(node, scalar.value) else { return nil }
            node = to
        }
        return node
    }

    /// Adds a string; `value` is not negative.
    /// - Returns: false if the string was there already; it keeps its value then.
    mutating func insert(_ scalars: some Sequence<Unicode.Scalar>, _ value: Int32) -> Bool {
        var node = Self.root
        for scalar in scalars {
            if let to = next(node, scalar.value) {
                node = to
            } else {
                let to = Int32(values.count)
                values.append(-1)
                addEdge(Self.key(node, scalar.value), to)
                node = to
            }
        }
        guard values[Int(node)] < 0 else { return false }
        values[Int(node)] = value
        return true
    }

    private mutating func addEdge(_ key: UInt64, _ to: Int32) {
        if (edgeCount + 1) * 2 > slots.count { grow() }
        place(Slot(key: key, to: to))
        edgeCount += 1
    }

    private mutating func place(_ slot: Slot) {
        var at = Self.hash(slot.key) & mask
        while slots[at].key != 0 { at = (at + 1) & mask }
        slots[at] = slot
    }

    private mutating func grow() {
        let old = slots
        slots = Array(repeating: Slot(), count: old.count * 2)
        mask = slots.count - 1
        for slot in old where slot.key != 0 { place(slot) }
    }

    @inline(__always)
    private static func key(_ node: Int32, _ scalar: UInt32) -> UInt64 {
        UInt64(UInt32(bitPattern: node)) << 32 | UInt64(scalar + 1)
    }

    @inline(__always)
    private static func hash(_ key: UInt64) -> Int {
        Int(truncatingIfNeeded: (key &* 0x9E37_79B9_7F4A_7C15) >> 32)
    }
}
