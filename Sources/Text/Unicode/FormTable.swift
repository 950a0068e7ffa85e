/// What the normal forms and the splitters by class need of each scalar; pinned like `ScalarTable`, and only made where a
/// tokenizer asks for it.
struct FormTable: Sendable {
    static let shared = FormTable()

    private let compatible: [UInt32: [UInt32]]
    /// The two scalars of a composite, in one number, to the composite.
    private let composites: [UInt64: UInt32]
    private let marks: ScalarSet
    private let words: ScalarSet
    private let numbers: ScalarSet

    init() {
        compatible = Self.decompositions(FormData.compatibility)
        let canonical = Self.decompositions(UnicodeData.decompositions)
        let excluded = ScalarSet(FormData.excluded)
        // A composite's first part is the composite of all its parts but the last
        var whole: [[UInt32]: UInt32] = [:]
        for (scalar, parts) in canonical where parts.count > 1 && !excluded.contains(scalar) { whole[parts] = scalar }
        var composites: [UInt64: UInt32] = [:]
        for (parts, scalar) in whole {
            let first = Array(parts.dropLast())
            guard let last = parts.last, let head = first.count == 1 ? first[0] : whole[first] else { continue }
            composites[Self.key(head, last)] = scalar
        }
        self.composites = composites
        marks = ScalarSet(FormData.marks)
        words = ScalarSet(FormData.words)
        numbers = ScalarSet(FormData.numbers)
    }

    func isMark(_ scalar: UInt32) -> Bool { marks.contains(scalar) }
    func isWord(_ scalar: UInt32) -> Bool { words.contains(scalar) }
    func isNumber(_ scalar: UInt32) -> Bool { numbers.contains(scalar) }

    /// Gives `body` the full compatibility decomposition.
    func forEachCompatible(of scalar: UInt32, _ body: (UInt32) -> Void) {
        if let parts = compatible[scalar] {
            parts.forEach(body)
        } else if ScalarTable.shared.flags[Int(scalar)].contains(.decomposes) {
            ScalarTable.shared.forEachDecomposed(of: scalar, body)
        } else {
            body(scalar)
        }
    }

    /// The scalar that the two compose to; nil for none.
    func composed(_ first: UInt32, _ second: UInt32) -> UInt32? {
        if let syllable = Hangul.composed(first, second) { return syllable }
        return composites[Self.key(first, second)]
    }

    private static func key(_ first: UInt32, _ second: UInt32) -> UInt64 { UInt64(first) << 32 | UInt64(second) }

    /// The words of `UnicodeData.decompositions`.
    private static func decompositions(_ text: String) -> [UInt32: [UInt32]] {
        var all: [UInt32: [UInt32]] = [:]
        var last: UInt32?
        for word in text.split(separator: " ") {
            let parts = word.split(separator: ":")
            guard let key = parts.count == 2 ? UInt32(parts[0], radix: 16) : last.map({ $0 + 1 }), let to = parts.last
            else { continue }
            last = key
            all[key] = to.split(separator: ".").compactMap { UInt32($0, radix: 16) }
        }
        return all
    }
}

/// Ranges of scalars, in order.
private struct ScalarSet: Sendable {
    private var ranges: [ClosedRange<UInt32>] = []

    /// - Parameter text: `A` and `A-B` in hexadecimal, with spaces between them
    init(_ text: String) {
        for word in text.split(separator: " ") {
            let ends = word.split(separator: "-").compactMap { UInt32($0, radix: 16) }
            if let first = ends.first, let last = ends.last, first <= last { ranges.append(first...last) }
        }
    }

    func contains(_ scalar: UInt32) -> Bool {
        var (low, high) = (0, ranges.count)
        while low < high {
            let middle = (low + high) / 2
            if ranges[middle].upperBound < scalar { low = middle + 1 } else { high = middle }
        }
        return low < ranges.count && ranges[low].contains(scalar)
    }
}

extension Hangul {
    /// A leading consonant with a vowel, or a syllable without a trailing consonant with one.
    static func composed(_ first: UInt32, _ second: UInt32) -> UInt32? {
        if (0x1100...0x1112).contains(first), (0x1161...0x1175).contains(second) {
            return syllables.lowerBound + (first - 0x1100) * 588 + (second - 0x1161) * 28
        }
        if syllables.contains(first), (first - syllables.lowerBound) % 28 == 0, (0x11A8...0x11C2).contains(second) {
            return first + second - 0x11A7
        }
        return nil
    }
}
