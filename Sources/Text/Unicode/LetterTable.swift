/// The classes of scalars that byte-level tokenizers split at: one byte per scalar, created when a tokenizer first needs it.
///
/// The data are fixed, as in `ScalarTable`. They are those of the regular expression engine that `tokenizers` uses, whose
/// Unicode version differs from the one behind its other classes.
struct LetterTable: Sendable {
    enum Kind: UInt8, Sendable {
        case other, letter, number, space
    }

    static let shared = LetterTable()

    private var kinds = [Kind](repeating: .other, count: ScalarTable.scalarCount)

    init() {
        mark(LetterData.letters, .letter)
        mark(LetterData.numbers, .number)
        mark(UnicodeData.spaces, .space)
    }

    @inline(__always)
    func kind(_ scalar: UInt32) -> Kind { kinds[Int(scalar)] }

    /// - Parameter text: `A` and `A-B` in hexadecimal, separated by spaces
    private mutating func mark(_ text: String, _ kind: Kind) {
        for word in text.split(separator: " ") {
            let ends = word.split(separator: "-").compactMap { UInt32($0, radix: 16) }
            guard let first = ends.first, let last = ends.last, first <= last, last < UInt32(kinds.count) else {
                continue
            }
            for scalar in first...last { kinds[Int(scalar)] = kind }
        }
    }
}
