import Files
import Foundation
import Testing

@testable import Text

/// Texts that come as words, against `transformers` with is_split_into_words=True (Tests/Golden/words_golden.py).
@Suite struct WordEncodingParityTests {
    private struct Case {
        var words: [String]
        var maxLength: Int
        var expected: WordEncoding
    }

    private static func cases(_ name: String) throws -> [Case] {
        let url = Golden.folder.deletingLastPathComponent().appendingPathComponent("words.json")
        return try Golden.fields(at: url).requiredArray(name).map { value in
            guard case .array(let parts) = value, parts.count == 6, case .array(let words) = parts[0],
                case .integer(let maxLength) = parts[1], case .integer(let truncated) = parts[5]
            else { throw Golden.Malformed(file: "words.json") }
            let numbers = Golden.integers(parts[4])
            var encoding = Encoding(ids: Golden.integers(parts[2]))
            encoding.offsets = stride(from: 0, to: numbers.count, by: 2).map {
                numbers[$0]..<numbers[$0] + numbers[$0 + 1]
            }
            encoding.isTruncated = truncated == 1
            return Case(
                words: words.compactMap { if case .string(let word) = $0 { word } else { nil } }, maxLength: maxLength,
                expected: WordEncoding(encoding: encoding, wordOf: Golden.integers(parts[3])))
        }
    }

    private static func tokenizer(_ name: String) throws -> any Tokenizer {
        if name == "unigram" { return try UnigramParityTests.tokenizer() }
        return try TokenizerFolder.load(
            Golden.folder.deletingLastPathComponent().appendingPathComponent(name))
    }

    @Test(arguments: [
        "tokenizer/uncased", "tokenizer/cased", "tokenizer/plain", "unigram", "bpe/roberta", "bpe/prefix",
    ])
    func equalsTransformers(_ name: String) throws {
        let tokenizer = try Self.tokenizer(name)
        let cases = try Self.cases(name)
        #expect(cases.count > 200)
        var wrong = 0
        for (index, one) in cases.enumerated() {
            let made = tokenizer.encode(words: one.words, prefix: "", maxLength: one.maxLength)
            let isEqual =
                made.encoding.ids == one.expected.encoding.ids && made.wordOf == one.expected.wordOf
                && made.encoding.offsets == one.expected.encoding.offsets
                && made.isTruncated == one.expected.isTruncated
            if isEqual { continue }
            wrong += 1
            guard wrong <= 5 else { continue }
            Issue.record(
                """
                case \(index): \(one.words) at most \(one.maxLength):
                made     \(made.encoding.ids) \(made.wordOf) \(made.encoding.offsets) \(made.isTruncated)
                expected \(one.expected.encoding.ids) \(one.expected.wordOf) \(one.expected.encoding.offsets) \
                \(one.expected.isTruncated)
                """)
        }
        #expect(wrong == 0)
    }

    /// A prefix is words of its own, which belong to no word of the text.
    @Test(arguments: ["tokenizer/uncased", "unigram", "bpe/roberta"])
    func putsThePrefixFirst(_ name: String) throws {
        let tokenizer = try Self.tokenizer(name)
        for one in try Self.cases(name).prefix(100) {
            for maxLength in [0, 2, 5, one.maxLength] {
                let made = tokenizer.encode(words: one.words, prefix: " query: x ", maxLength: maxLength)
                var expected = tokenizer.encode(
                    words: ["query:", "x"] + one.words, prefix: "", maxLength: maxLength)
                expected.wordOf = expected.wordOf.map { max(-1, $0 - 2) }
                #expect(made == expected, "\(one.words)")
            }
        }
    }

    /// One word is encoded as a text of its own.
    @Test(arguments: ["tokenizer/cased", "unigram"])
    func encodesOneWordLikeAText(_ name: String) throws {
        let tokenizer = try Self.tokenizer(name)
        for word in try Self.cases(name).flatMap(\.words) {
            #expect(
                tokenizer.encode(words: [word], prefix: "", maxLength: 8).encoding
                    == tokenizer.encode(word, pair: nil, maxLength: 8))
        }
    }
}
