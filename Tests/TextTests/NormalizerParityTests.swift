import Files
import Foundation
import Testing

@testable import Text

/// Normalizers and splitters against Hugging Face's `tokenizers` (Tests/Golden/normalizer_golden.py): new scalars, and where
/// each comes from.
@Suite struct NormalizerParityTests {
    private static func golden() throws -> JSONFields {
        try Golden.fields(at: Golden.folder.deletingLastPathComponent().appendingPathComponent("normalizers.json"))
    }

    private static func texts(_ golden: JSONFields) throws -> [String] {
        try golden.requiredArray("texts").map { value in
            guard case .string(let text) = value else { throw Golden.Malformed(file: "texts") }
            return text
        }
    }

    /// A field of the golden file as pairs of a tokenizer.json's object and what it gives for each text.
    private static func pairs(_ golden: JSONFields, _ field: String) throws -> [(JSONValue, [JSONValue])] {
        try golden.requiredArray(field).map { value in
            guard case .array(let pair) = value, pair.count == 2, case .array(let results) = pair[1] else {
                throw Golden.Malformed(file: field)
            }
            return (pair[0], results)
        }
    }

    private static func file(_ key: String, _ value: JSONValue) throws -> JSONFields {
        try JSONFields(file: "tokenizer.json", path: "", value: .object([(key, value)]))
    }

    private static func ranges(_ value: JSONValue) -> [Range<Int32>] {
        let numbers = Golden.integers(value)
        var (last, ranges): (Int32, [Range<Int32>]) = (0, [])
        for i in stride(from: 0, to: numbers.count, by: 2) {
            let start = last + numbers[i]
            last = start + numbers[i + 1]
            ranges.append(start..<last)
        }
        return ranges
    }

    private static func scalars(_ text: String) -> [UInt32] { text.unicodeScalars.map(\.value) }

    @Test func normalizers() throws {
        let golden = try Self.golden()
        let texts = try Self.texts(golden)
        #expect(texts.count > 60)
        var wrong = 0
        for (specification, results) in try Self.pairs(golden, "normalizers") {
            let normalizer = try TokenizerFile.normalizer(Self.file("normalizer", specification))
            for (text, result) in zip(texts, results) {
                guard case .array(let parts) = result, case .string(let expected) = parts[0] else {
                    throw Golden.Malformed(file: "normalizers")
                }
                let scalars = Self.scalars(text)
                var made = NormalizedText(scalars, 0..<scalars.count)
                normalizer.normalize(&made)
                let origins = made.units.indices.map { made.origin(of: $0..<$0 + 1) }
                guard made.units.map(\.scalar) != Self.scalars(expected) || origins != Self.ranges(parts[1]) else {
                    continue
                }
                wrong += 1
                guard wrong <= 8 else { continue }
                let units = made.units.map { String($0.scalar, radix: 16) }
                Issue.record(
                    """
                    \(normalizer) of [\(Golden.shown(text))]:
                    made \(units) \(origins)
                    for  [\(Golden.shown(expected))] \(Self.ranges(parts[1]))
                    """)
            }
        }
        #expect(wrong == 0)
    }

    @Test func splitters() throws {
        let golden = try Self.golden()
        let texts = try Self.texts(golden)
        for (specification, results) in try Self.pairs(golden, "splitters") {
            let splitter = try TokenizerFile.preTokenizer(Self.file("pre_tokenizer", specification))
            for (text, result) in zip(texts, results) {
                let scalars = Self.scalars(text)
                var made = NormalizedText(scalars, 0..<scalars.count)
                let words = splitter.split(&made).map { Int32($0.lowerBound)..<Int32($0.upperBound) }
                #expect(words == Self.ranges(result), "\(splitter) of [\(Golden.shown(text))]")
            }
        }
    }

    /// Every scalar there is, alone, in each form; and whether it belongs to words or numbers.
    @Test func takesEachScalarAlike() throws {
        let expected = try Self.golden().requiredArray("blocks")
        let forms: [any Normalizer] =
            [UnicodeForm.Kind.NFD, .NFKD, .NFC, .NFKC].map { UnicodeForm(kind: $0) } + [
                Lowercase(), StripAccents(), NMT(),
            ]
        let digits = ClassSplitter(matches: .numbers, behavior: .contiguous)
        var wrong: [String] = []
        for block in 0..<272 {
            var hash: UInt64 = 0xCBF2_9CE4_8422_2325
            func add(_ byte: UInt8) { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01B3 }
            for value in UInt32(block * 4096)..<UInt32((block + 1) * 4096) where Unicode.Scalar(value) != nil {
                for (i, form) in forms.enumerated() {
                    if i > 0 { add(0) }
                    var text = NormalizedText([value], 0..<1)
                    form.normalize(&text)
                    var bytes = String.UnicodeScalarView()
                    bytes.append(contentsOf: text.units.compactMap { Unicode.Scalar($0.scalar) })
                    String(bytes).utf8.forEach(add)
                }
                var text = NormalizedText([0x61, value, 0x62], 0..<3)
                add(UInt8(Whitespace().split(&text).count))
                text = NormalizedText([0x61, value], 0..<2)
                add(UInt8(digits.split(&text).count))
            }
            let made = String(hash, radix: 16)
            guard case .string(let want) = expected[block] else { throw Golden.Malformed(file: "blocks") }
            if String(repeating: "0", count: 16 - made.count) + made != want {
                wrong.append("\(String(block * 4096, radix: 16))...")
            }
        }
        #expect(wrong.isEmpty)
    }

    /// What a Replace may look for is a part of what the format allows; the rest is refused by name.
    @Test(arguments: ["[a-z]+", "a|b", "^", "\\d+", "a*", "(a)", "\\w", "a{2}", "", "+", "{2,}", "ab+", "\\", "a{0,}"])
    func refusesOtherExpressions(_ regex: String) throws {
        #expect(Replace.pattern(regex: regex) == nil)
        let fields = try TextFile.object(
            Array(#"{"normalizer": {"type": "Replace", "pattern": {"Regex": "[a-z]"}, "content": ""}}"#.utf8),
            file: "tokenizer.json")
        let error = try #require(throws: TextError.self) { _ = try TokenizerFile.normalizer(fields) }
        #expect(error.description.contains("normalizer.pattern.Regex: \"[a-z]\" is not supported"))
    }
}
