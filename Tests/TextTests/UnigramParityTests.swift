import Files
import Foundation
import Testing

@testable import Text

/// Ids and offsets of sentencepiece's Unigram tokenizers equal those of Hugging Face's `tokenizers`.
@Suite struct UnigramParityTests {
    /// Files under Tests/Golden/unigram, which unigram_golden.py makes.
    private static let folder = Golden.folder.deletingLastPathComponent().appendingPathComponent("unigram")

    /// The committed tokenizer.json with its table of replacements put back into it.
    static func tokenizer(_ change: (String) -> String = { $0 }) throws -> any Tokenizer {
        let table = try Data(contentsOf: folder.appendingPathComponent("charsmap.bin")).base64EncodedString()
        let text = try String(contentsOf: folder.appendingPathComponent("tokenizer.json"), encoding: .utf8)
        let whole = change(text.replacing("@charsmap.bin", with: table))
        return try TokenizerFile.tokenizer(TextFile.object(Array(whole.utf8), file: "tokenizer.json"))
    }

    @Test func equalsGolden() throws {
        let cases = try Golden.cases(at: Self.folder.appendingPathComponent("unigram.json"))
        #expect(cases.count > 1000)
        Golden.compare(try Self.tokenizer(), cases)
    }

    /// As newer versions of transformers write XLM-R's normaliser.
    @Test func equalsGoldenWithStrip() throws {
        let tokenizer = try Self.tokenizer {
            $0.replacing(
                "{\"type\":\"Replace\",\"pattern\":{\"Regex\":\" {2,}\"},\"content\":\" \"}",
                with: "{\"type\":\"Strip\",\"strip_left\":false,\"strip_right\":true},"
                    + "{\"type\":\"Replace\",\"pattern\":{\"Regex\":\" {2,}\"},\"content\":\"▁\"}")
        }
        let cases = try Golden.cases(at: Self.folder.appendingPathComponent("unigram_strip.json"))
        #expect(cases.count > 200)
        Golden.compare(tokenizer, cases)
    }

    private static let whole = ProcessInfo.processInfo.environment["AMALGAM_TEST_UNIGRAM"]

    @Test(.enabled(if: whole != nil, "set AMALGAM_TEST_UNIGRAM to the folder that unigram_golden.py --whole made"))
    func equalsWholeModel() throws {
        let folder = URL(fileURLWithPath: try #require(Self.whole))
        let tokenizer = try TokenizerFolder.load(folder)
        let cases = try Golden.cases(at: folder.appendingPathComponent("cases.json"))
        #expect(tokenizer.vocabularySize == 250_002 && cases.count > 5000)
        Golden.compare(tokenizer, cases)
    }

    @Test(arguments: [
        ("\"unk_id\":3", "\"unk_id\":999999", "model.unk_id: 999999"),
        ("\"unk_id\":3", "\"unk_id\":-1", "model.unk_id"),
        ("\"type\":\"Precompiled\"", "\"type\":\"Other\"", "\"Other\" is not supported"),
        ("\"replacement\":\"▁\"", "\"replacement\":\"\"", "pre_tokenizer.replacement: 0 characters"),
        ("\" {2,}\"", "\"x*\"", "pattern.Regex: \"x*\" is not supported"),
        ("[\"<unk>\",0.0]", "[\"<unk>\",\"a\"]", "model.vocab[3]"),
        ("[\"<unk>\",0.0]", "[\"<unk>\"]", "model.vocab[3]"),
        ("[\"<unk>\",0.0]", "[\"<s>\",0.0]", "a duplicate token"),
        ("\"precompiled_charsmap\":\"AL", "\"precompiled_charsmap\":\"!L", "that are not a table"),
        ("\"precompiled_charsmap\":\"AL", "\"precompiled_charsmap\":\"//", "that are not a table"),
    ])
    func saysWhatIsWrong(_ old: String, _ new: String, _ words: String) throws {
        let error = #expect(throws: TextError.self) {
            try Self.tokenizer { text in
                let changed = text.replacing(old, with: new)
                #expect(changed != text, "\(old)")
                return changed
            }
        }
        #expect(error?.description.contains(words) == true, "\(String(describing: error))")
    }

    /// A damaged table never reads outside of itself, whatever the text.
    @Test func damagedTablesAreHarmless() throws {
        let bytes = [UInt8](try Data(contentsOf: Self.folder.appendingPathComponent("charsmap.bin")))
        var state: UInt64 = 7
        func draw(_ bound: Int) -> Int {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return Int((state >> 33) % UInt64(bound))
        }
        let scalars = "e\u{301} ﬁ ＡＢ か\u{3099} \r\n İ 𝔘 ½".unicodeScalars.map(\.value)
        for round in 0..<60 {
            var damaged = bytes
            for _ in 0..<(round < 20 ? 2000 : 20) { damaged[4 + draw(bytes.count - 4)] = UInt8(draw(256)) }
            if round % 5 == 0 { damaged.removeLast(draw(200_000)) }
            guard let map = PrecompiledMap(damaged) else { continue }
            var text = NormalizedText(scalars, 0..<scalars.count)
            PrecompiledNormalizer(map: map).normalize(&text)
            #expect(text.units.allSatisfy { $0.end <= Int32(scalars.count) })
        }
    }
}
