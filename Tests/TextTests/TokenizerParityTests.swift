import Foundation
import Testing

@testable import Text

/// Ids, type ids, offsets and sequences equal those of Hugging Face's `tokenizers`.
@Suite struct TokenizerParityTests {
    @Test(arguments: ["uncased", "cased", "plain"])
    func equalsGolden(_ name: String) throws {
        let tokenizer = try TokenizerFolder.load(Golden.folder.appendingPathComponent(name))
        let cases = try Golden.cases(name + ".json")
        #expect(cases.count > 900)
        Golden.compare(tokenizer, cases)
    }

    /// Every scalar there is, alone: its normal form with and without accents, and how it splits words.
    @Test func takesEachScalarAlike() throws {
        let expected = try Golden.fields("scalars.json").requiredArray("blocks")
        let uncased = BertNormalizer()
        let cased = BertNormalizer(stripsAccents: false)
        var wrong: [String] = []
        for block in 0..<272 {
            var hash: UInt64 = 0xCBF2_9CE4_8422_2325
            func add(_ byte: UInt8) { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01B3 }
            for value in UInt32(block * 4096)..<UInt32((block + 1) * 4096) where Unicode.Scalar(value) != nil {
                for normalizer in [uncased, cased] {
                    var text = NormalizedText([value], 0..<1)
                    normalizer.normalize(&text)
                    var bytes = String.UnicodeScalarView()
                    bytes.append(contentsOf: text.units.compactMap { Unicode.Scalar($0.scalar) })
                    String(bytes).utf8.forEach(add)
                    if normalizer.stripsAccents { add(0) }
                }
                var text = NormalizedText([0x61, value, 0x62], 0..<3)
                add(UInt8(BertPreTokenizer().split(&text).count))
            }
            let digits = String(hash, radix: 16)
            guard case .string(let want) = expected[block] else { throw Golden.Malformed(file: "scalars.json") }
            if String(repeating: "0", count: 16 - digits.count) + digits != want {
                wrong.append("\(String(block * 4096, radix: 16))...")
            }
        }
        #expect(wrong.isEmpty)
    }

    /// The older form of a folder gives the same ids as the newer.
    @Test func vocabularyFileEqualsTokenizerFile() throws {
        let tokenizer = try TokenizerFolder.load(Golden.folder.appendingPathComponent("uncased"))
        let folder = try Golden.temporaryFolder()
        defer { try? FileManager.default.removeItem(at: folder) }
        let lines = (0..<tokenizer.vocabularySize).map { (tokenizer.token(Int32($0)) ?? "") + "\n" }
        try Data(lines.joined().utf8).write(to: folder.appendingPathComponent("vocab.txt"))
        try Data(#"{"do_lower_case": true, "mask_token": {"content": "[MASK]"}, "strip_accents": null}"#.utf8)
            .write(to: folder.appendingPathComponent("tokenizer_config.json"))
        let other = try TokenizerFolder.load(folder)
        #expect(other.vocabularySize == tokenizer.vocabularySize)
        for expected in try Golden.cases("uncased.json") {
            var made = other.encode(expected.text, pair: expected.pair, maxLength: expected.maxLength)
            made.isTruncated = false  // the fixtures do not say
            #expect(made == expected.encoding)
        }
    }

    /// AMALGAM_TEST_MODEL names a folder with the whole tokenizer.json of all-MiniLM-L6-v2.
    @Test(.enabled(if: wholeModel != nil, "set AMALGAM_TEST_MODEL to the folder of all-MiniLM-L6-v2"))
    func equalsWholeModel() throws {
        let tokenizer = try TokenizerFolder.load(URL(fileURLWithPath: try #require(Self.wholeModel)))
        let expected = try Golden.fields("model.json").requiredArray("ids")
        let cases = try Golden.cases("uncased.json")
        #expect(cases.count == expected.count)
        #expect(tokenizer.vocabularySize == 30_522)
        for (one, ids) in zip(cases, expected) {
            let made = tokenizer.encode(one.text, pair: one.pair, maxLength: one.maxLength)
            #expect(made.ids == Golden.integers(ids), "[\(Golden.shown(one.text))]")
        }
    }

    static let wholeModel = ProcessInfo.processInfo.environment["AMALGAM_TEST_MODEL"]
}
