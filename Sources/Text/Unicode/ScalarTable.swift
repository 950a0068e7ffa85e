/// What `tokenizers` takes each scalar for, ready for lookup: one byte of flags a scalar, and the mappings.
///
/// Its data are pinned (see `UnicodeData`), so a newer Swift runtime cannot change a model's input.
struct ScalarTable: Sendable {
    struct Flags: OptionSet, Sendable {
        let rawValue: UInt8
        static let removed = Flags(rawValue: 1)
        static let space = Flags(rawValue: 2)
        static let punctuation = Flags(rawValue: 4)
        static let nonspacing = Flags(rawValue: 8)
        /// Combining class other than 0: NFD may move it.
        static let combining = Flags(rawValue: 16)
        static let lowers = Flags(rawValue: 32)
        static let decomposes = Flags(rawValue: 64)
        static let ideograph = Flags(rawValue: 128)
    }

    static let shared = ScalarTable()

    static let scalarCount = 0x110000
    /// U+0130, the one scalar with a lower case of two: i, U+0307.
    static let dottedCapitalI: UInt32 = 0x130

    private(set) var flags: [Flags]
    private var combining: [(first: UInt32, last: UInt32, value: UInt8)] = []
    private var lowercase: [(first: UInt32, last: UInt32, to: UInt32)] = []
    private var decomposed: [UInt32] = []
    /// `decomposed[i]` becomes `decompositions[decompositionStarts[i]..<decompositionStarts[i + 1]]`.
    private var decompositionStarts: [Int] = [0]
    private var decompositions: [UInt32] = []

    init() {
        flags = Array(repeating: [], count: Self.scalarCount)
        readRanges()
        readCombining()
        readLowercase()
        readDecompositions()
    }

    private mutating func mark(_ range: ClosedRange<UInt32>, step: UInt32 = 1, _ flag: Flags) {
        for scalar in stride(from: range.lowerBound, through: range.upperBound, by: Int(step)) {
            flags[Int(scalar)].formUnion(flag)
        }
    }

    private mutating func readRanges() {
        let ranges: [(String, Flags)] = [
            (UnicodeData.removed, .removed), (UnicodeData.spaces, .space), (UnicodeData.punctuation, .punctuation),
            (UnicodeData.nonspacing, .nonspacing),
        ]
        for (text, flag) in ranges {
            for word in text.split(separator: " ") {
                if let range = Self.range(word) { mark(range, flag) }
            }
        }
        // The blocks BERT calls Chinese; later extensions were never added.
        for block in [
            0x3400...0x4DBF, 0x4E00...0x9FFF, 0xF900...0xFAFF, 0x20000...0x2A6DF, 0x2A700...0x2B81F,
            0x2B920...0x2CEAF, 0x2F800...0x2FA1F,
        ] as [ClosedRange<UInt32>] {
            mark(block, .ideograph)
        }
    }

    private mutating func readCombining() {
        for word in UnicodeData.combining.split(separator: " ") {
            let parts = word.split(separator: ":")
            guard parts.count == 2, let range = Self.range(parts[0]), let value = UInt8(parts[1], radix: 16) else {
                continue
            }
            mark(range, .combining)
            combining.append((range.lowerBound, range.upperBound, value))
        }
    }

    private mutating func readLowercase() {
        for word in UnicodeData.lowercase.split(separator: " ") {
            let parts = word.split { $0 == "/" || $0 == ":" }
            guard parts.count == 3, let range = Self.range(parts[0]), let step = UInt32(parts[1], radix: 16), step > 0,
                let to = UInt32(parts[2], radix: 16)
            else { continue }
            mark(range, step: step, .lowers)
            lowercase.append((range.lowerBound, range.upperBound, to))
        }
        mark(Self.dottedCapitalI...Self.dottedCapitalI, .lowers)
    }

    private mutating func readDecompositions() {
        for word in UnicodeData.decompositions.split(separator: " ") {
            let parts = word.split(separator: ":")
            let key = parts.count == 2 ? UInt32(parts[0], radix: 16) : decomposed.last.map { $0 + 1 }
            guard let key, let targets = parts.last, key < Self.scalarCount else { continue }
            mark(key...key, .decomposes)
            decomposed.append(key)
            decompositions += targets.split(separator: ".").compactMap { UInt32($0, radix: 16) }
            decompositionStarts.append(decompositions.count)
        }
        mark(Hangul.syllables, .decomposes)
    }

    /// `A` or `A-B` in hexadecimal.
    private static func range(_ word: Substring) -> ClosedRange<UInt32>? {
        let ends = word.split(separator: "-").compactMap { UInt32($0, radix: 16) }
        guard let first = ends.first, let last = ends.last, first <= last, last < scalarCount else { return nil }
        return first...last
    }
}

extension ScalarTable {
    /// The canonical combining class.
    func combiningClass(_ scalar: UInt32) -> UInt8 {
        guard flags[Int(scalar)].contains(.combining) else { return 0 }
        let at = Self.lastIndex(in: combining) { $0.first <= scalar }
        guard let at, scalar <= combining[at].last else { return 0 }
        return combining[at].value
    }

    /// Gives `body` the lower case of a scalar that has the flag `lowers`: one scalar, or two.
    @inline(__always)
    func forEachLowercase(of scalar: UInt32, _ body: (UInt32) -> Void) {
        if scalar == Self.dottedCapitalI {
            body(0x69)
            body(0x307)
        } else if let at = Self.lastIndex(in: lowercase, where: { $0.first <= scalar }), scalar <= lowercase[at].last {
            // Distances are modulo 2³²: some lie below.
            body(lowercase[at].to &+ (scalar &- lowercase[at].first))
        } else {
            body(scalar)
        }
    }

    /// Gives `body` the full canonical decomposition of a scalar that has the flag `decomposes`.
    @inline(__always)
    func forEachDecomposed(of scalar: UInt32, _ body: (UInt32) -> Void) {
        if Hangul.syllables.contains(scalar) {
            Hangul.forEachJamo(of: scalar, body)
        } else if let at = Self.lastIndex(in: decomposed, where: { $0 <= scalar }), decomposed[at] == scalar {
            for index in decompositionStarts[at]..<decompositionStarts[at + 1] { body(decompositions[index]) }
        } else {
            body(scalar)
        }
    }

    /// The last element for which `holds`, in an array where it holds for a prefix.
    @inline(__always)
    private static func lastIndex<Element>(in array: [Element], where holds: (Element) -> Bool) -> Int? {
        var low = 0
        var high = array.count
        while low < high {
            let middle = (low + high) / 2
            if holds(array[middle]) { low = middle + 1 } else { high = middle }
        }
        return low == 0 ? nil : low - 1
    }
}

/// Hangul syllables decompose by arithmetic (the Unicode Standard, section 3.12).
enum Hangul {
    static let syllables: ClosedRange<UInt32> = 0xAC00...0xD7A3

    @inline(__always)
    static func forEachJamo(of syllable: UInt32, _ body: (UInt32) -> Void) {
        let index = syllable - syllables.lowerBound
        body(0x1100 + index / 588)
        body(0x1161 + index % 588 / 28)
        if index % 28 != 0 { body(0x11A7 + index % 28) }
    }
}
