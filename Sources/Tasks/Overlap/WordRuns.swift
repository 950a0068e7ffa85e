import Text

/// Runs of adjacent words within a text as numbers (Brown et al. 2020, appendix C: runs of 13 words; a text of 8 to 12 words
/// is one run by itself; shorter ones have none).
enum WordRuns {
    static let length = 13
    static let shortest = 8

    private static let base: UInt64 = 0x9E37_79B9_7F4A_7C15

    /// The runs of an example: those of 13 words of its texts; if no text has as many, each whole text of at least 8.
    /// - Parameter words: as `DocumentSet` has them, with 0 after each text
    static func forEach(of words: ArraySlice<UInt32>, _ body: (_ length: Int, _ run: UInt64) -> Void) {
        let texts = words.split(separator: 0)
        if texts.contains(where: { $0.count >= length }) {
            for text in texts { forEach(in: text, length: length) { body(length, $0) } }
        } else {
            for text in texts where text.count >= shortest {
                forEach(in: text, length: text.count) { body(text.count, $0) }
            }
        }
    }

    /// The runs of this length, in order.
    /// - Parameter words: 0 ends a text; no run crosses one
    static func forEach(in words: ArraySlice<UInt32>, length: Int, _ body: (_ run: UInt64) -> Void) {
        var power: UInt64 = 1
        for _ in 0..<length { power = power &* base }
        var (hash, inside): (UInt64, Int) = (0, 0)
        words.withUnsafeBufferPointer { words in
            for (place, word) in words.enumerated() {
                guard word != 0 else {
                    (hash, inside) = (0, 0)
                    continue
                }
                hash = hash &* base &+ UInt64(word)
                inside += 1
                if inside > length { hash = hash &- UInt64(words[place - length]) &* power }
                if inside >= length { body(max(1, FoldedWords.mixed(hash &+ UInt64(length)))) }
            }
        }
    }
}

/// Numbers, each with the first example that has it: open addressing with linear probing.
struct RunTable {
    private var keys: [UInt64]
    private var examples: [UInt32]
    private let mask: Int
    private(set) var count = 0

    static let none = UInt32.max

    /// - Parameter capacity: numbers that it has room for
    init(capacity: Int) {
        var size = 16
        while size < 2 * capacity { size *= 2 }
        keys = [UInt64](repeating: 0, count: size)
        examples = [UInt32](repeating: Self.none, count: size)
        mask = size - 1
    }

    private func slot(_ key: UInt64) -> Int {
        var slot = Int(key & UInt64(mask))
        while keys[slot] != 0, keys[slot] != key { slot = (slot + 1) & mask }
        return slot
    }

    /// - Parameter key: not 0
    mutating func insert(_ key: UInt64) {
        let slot = slot(key)
        if keys[slot] == 0 { count += 1 }
        keys[slot] = key
    }

    /// Notes an example that has the number, if the number is here and has none yet.
    mutating func note(_ key: UInt64, _ example: UInt32) {
        let slot = slot(key)
        if keys[slot] != 0, examples[slot] == Self.none { examples[slot] = example }
    }

    /// The example that was noted; nil if there is none.
    subscript(key: UInt64) -> UInt32? {
        let slot = slot(key)
        return keys[slot] == 0 || examples[slot] == Self.none ? nil : examples[slot]
    }

    mutating func forgetExamples() {
        for slot in examples.indices { examples[slot] = Self.none }
    }
}
