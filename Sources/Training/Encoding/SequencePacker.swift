import Numerics
import Text

/// Running text as sequences of one length: texts end to end with the separator between them, cut wherever one is full,
/// each within the model's own special tokens.
struct SequencePacker {
    /// The token that hides others.
    let mask: Int32
    /// What stands around texts, and the mask.
    let special: Set<Int32>
    private let tokenizer: any Tokenizer
    private let pool: ThreadPool
    private let before: [Int32]
    private let after: [Int32]
    private let room: Int

    /// - Parameter length: tokens of a sequence, special ones included.
    /// - Throws: `TrainingError.setting` for a tokenizer without mask, or a length without room
    init(_ tokenizer: any Tokenizer, length: Int, pool: ThreadPool) throws(TrainingError) {
        mask = try MaskToken(tokenizer).id
        self.tokenizer = tokenizer
        self.pool = pool
        let frame = tokenizer.encode("a", pair: nil, maxLength: 64)
        let own = frame.sequence.firstIndex { $0 != Encoding.special } ?? frame.ids.count
        before = Array(frame.ids[..<own])
        after = frame.ids[own...].enumerated().filter { frame.sequence[own + $0.offset] == Encoding.special }
            .map(\.element)
        special = Set(before + after + [mask])
        room = length - before.count - after.count
        guard room > 0 else {
            throw .setting(name: "--max-length", found: "\(length)", expected: "more than the number of special tokens")
        }
    }

    /// Sequences with the lines that are in them.
    struct Packed {
        var sequences: [[Int32]] = []
        /// Indices of the lines, in the order in which they come; of the last one a part may be in no sequence.
        var lines: ArraySlice<Int> = []
    }

    /// Tokens of a line that are read at most.
    private static let longestLine = 65_536

    /// Sequences of the lines, which come in an order of the seed's; the last one, which is not full, is left out unless
    /// it is the only one.
    /// - Parameter tokens: that are made at most; nil: all.
    func pack(_ lines: [String], tokens: Int?, seed: UInt64) -> Packed {
        let order = Randomness.permutation(lines.count, key: Randomness.key(seed, 0x7E87))
        let most = tokens.map { max(1, $0 / (room + before.count + after.count)) } ?? .max
        var packed = Packed()
        var current: [Int32] = []
        func close() {
            packed.sequences.append(before + current + after)
            current.removeAll(keepingCapacity: true)
        }
        // Blocks keep the order: each is filled by one thread and read by this one
        let block = 64 * 32
        for start in stride(from: 0, to: order.count, by: block) {
            let part = order[start..<min(order.count, start + block)]
            for (place, tokens) in encoded(part.map { lines[$0] }).enumerated() {
                packed.lines = order[...(start + place)]
                for token in tokens + after.prefix(1) {
                    current.append(token)
                    if current.count == room {
                        close()
                        if packed.sequences.count == most { return packed }
                    }
                }
            }
        }
        if packed.sequences.isEmpty, !current.isEmpty { close() }
        return packed
    }

    /// Each line's tokens without special ones.
    private func encoded(_ lines: [String]) -> [[Int32]] {
        var tokens = [[Int32]](repeating: [], count: lines.count)
        let (tokenizer, share) = (tokenizer, 32)
        tokens.withUnsafeMutableBufferPointer { slots in
            guard let base = slots.baseAddress else { return }
            pool.run((lines.count + share - 1) / share) { part, _ in
                for i in part * share..<min(lines.count, (part + 1) * share) {
                    let encoding = tokenizer.encode(lines[i], pair: nil, maxLength: Self.longestLine)
                    base[i] = zip(encoding.ids, encoding.sequence).filter { $0.1 != Encoding.special }.map(\.0)
                }
            }
        }
        return tokens
    }
}
