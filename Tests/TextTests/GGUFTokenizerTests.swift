import Files
import Foundation
import Testing

@testable import Text

/// Tokenizers of decoders against `tokenizers` (Tests/Golden/gguf_tokenizer_golden.py), from tokenizer.json and from GGUF.
@Suite struct GGUFTokenizerTests {
    static let folder = Golden.folder.deletingLastPathComponent().appendingPathComponent("gguf_tokenizers")
    static let names = ["smollm", "llama", "qwen"]

    static func json(_ name: String) throws -> any Tokenizer {
        try TokenizerFile.tokenizer(Golden.fields(at: folder.appendingPathComponent("\(name)/tokenizer.json")))
    }

    static func gguf(_ name: String) throws -> any Tokenizer {
        try GGUFTokenizer.tokenizer(GGUFFile(folder.appendingPathComponent("\(name)/model.gguf")))
    }

    /// 200 whole encodings, which a failure shows, and 5,000 digests, which name the text; the same from both forms.
    @Test(arguments: names)
    func idsAreTheReferences(_ name: String) throws {
        let texts = try BPEParityTests.texts()
        #expect(texts.count == 5000)
        let golden = try Golden.fields(at: Self.folder.appendingPathComponent(name + ".json"))
        let whole = try golden.requiredArray("whole")
        let cases = try zip(texts, whole).map { text, value in
            guard case .array(let parts) = value, parts.count == 3 else { throw Golden.Malformed(file: name) }
            return Golden.Case(
                text: text.text, pair: text.pair, maxLength: text.maxLength,
                encoding: Golden.encoding(ids: parts[0], offsets: parts[1], kinds: parts[2]))
        }
        #expect(cases.count == 200)
        let digests = Array(try golden.requiredString("digests"))
        #expect(digests.count == 8 * texts.count)
        for tokenizer in [try Self.json(name), try Self.gguf(name)] {
            Golden.compare(tokenizer, cases)
            let wrong = texts.indices.filter { i in
                let made = tokenizer.encode(texts[i].text, pair: texts[i].pair, maxLength: texts[i].maxLength)
                return BPEParityTests.digest(made) != String(digests[8 * i..<8 * (i + 1)])
            }
            #expect(wrong.isEmpty, "\(wrong.prefix(5).map { texts[$0].text.debugDescription })")
        }
    }

    /// SmolLM2's special tokens are in its vocabulary: then the two forms are one tokenizer.
    @Test func sameIdentityInBothForms() throws {
        #expect(try Self.json("smollm").identity == Self.gguf("smollm").identity)
    }

    @Test(arguments: names)
    func textIsTheReferences(_ name: String) throws {
        let cases = try Golden.fields(at: Self.folder.appendingPathComponent(name + ".json")).requiredArray("decoded")
        #expect(cases.count == 250)
        for tokenizer in [try Self.json(name), try Self.gguf(name)] {
            let decoder = try #require(tokenizer.decoder)
            for value in cases {
                guard case .array(let parts) = value, parts.count == 3, case .string(let all) = parts[1],
                    case .string(let text) = parts[2]
                else { throw Golden.Malformed(file: name) }
                let ids = Golden.integers(parts[0])
                #expect(decoder.decode(ids, skipsSpecial: false).utf8.elementsEqual(all.utf8), "\(ids)")
                #expect(decoder.decode(ids).utf8.elementsEqual(text.utf8), "\(ids)")
                // One by one the same, and no part of a character but where nothing could complete it
                for skips in [true, false] {
                    var streaming = StreamingDecoder(decoder, skipsSpecial: skips)
                    let parts = ids.map { streaming.append($0) } + [streaming.finish()]
                    #expect(parts.joined().utf8.elementsEqual((skips ? text : all).utf8), "\(ids): \(parts)")
                }
            }
        }
    }

    /// Every text that has a token for each of its bytes comes back.
    @Test(arguments: ["llama", "qwen"])
    func textsComeBack(_ name: String) throws {
        let tokenizer = try Self.gguf(name)
        let decoder = try #require(tokenizer.decoder)
        for (text, _, _) in try BPEParityTests.texts().prefix(2000) {
            let encoding = tokenizer.encode(text, pair: nil, maxLength: .max)
            var expected = text
            if name == "qwen" { expected = text.precomposedStringWithCanonicalMapping }
            let made = decoder.decode(encoding.ids.filter { !decoder.isSpecial($0) })
            // Special tokens within a text are left out
            for special in ["<|endoftext|>", "<|im_end|>", "<|eot_id|>"] {
                expected = expected.replacingOccurrences(of: special, with: "")
            }
            #expect(made.utf8.elementsEqual(expected.utf8) || made == expected, "\(text.debugDescription)")
        }
    }

    /// Bytes of all kinds, cut into all kinds of tokens: never a part of a character, and the same text in the end.
    @Test func streamsAnyBytes() throws {
        let tokenizer = try Self.gguf("llama")
        let decoder = try #require(tokenizer.decoder)
        let byte = try (0..<256).map { try #require(tokenizer.id(of: String(Unicode.Scalar(ByteLevel.scalars[$0])!))) }
        let letters = "aé日😀\u{10FFFF}".utf8.map { Int($0) }
        var state: UInt64 = 5
        func next(_ bound: Int) -> Int {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return Int(state >> 33) % bound
        }
        let leads = [0xC2, 0xE0, 0xED, 0xEF, 0xF0, 0xF4, 0xF5, 0x80, 0x8F, 0x90, 0x9F, 0xA0, 0xBF, 0xC1, 0x41]
        for _ in 0..<3000 {
            let bytes = (0..<next(8) + 1).map { _ in
                next(2) == 0 ? letters[next(letters.count)] : leads[next(leads.count)]
            }
            let ids = bytes.map { byte[$0] }
            var streaming = StreamingDecoder(decoder)
            let parts = ids.map { streaming.append($0) }
            #expect(parts.joined() + streaming.finish() == decoder.decode(ids), "\(bytes)")
        }
        // A character comes with its last byte
        var streaming = StreamingDecoder(decoder)
        #expect("😀é".utf8.map { streaming.append(byte[Int($0)]) } == ["", "", "", "😀", "", "é"])
        #expect(streaming.finish() == "")
        #expect(streaming.append(byte[0xE2]) == "" && streaming.append(byte[0x41]) == "\u{FFFD}A")
    }

    /// Every scalar, between letters, numbers, spaces, apostrophes and other signs.
    @Test(arguments: [WordPattern.llama3, .qwen2])
    func splitsAroundEachScalarAlike(_ pattern: WordPattern) throws {
        let expected = try Golden.fields(at: Self.folder.appendingPathComponent("patterns.json"))
            .requiredArray(pattern.rawValue)
        var wrong: [String] = []
        for block in 0..<272 {
            var hash: UInt64 = 0xCBF2_9CE4_8422_2325
            for x in UInt32(block * 4096)..<UInt32((block + 1) * 4096) where Unicode.Scalar(x) != nil {
                let scalars =
                    [0x61, x, 0x31, 0x20, x, 0x21, x, x, 0x62, 0x27, x, 0x27, 0x6C, x, 0x27, x, 0x65, 0x0A, x]
                    + [0x0D, 0x20, x]
                for word in pattern.words(NormalizedText(scalars, 0..<scalars.count).units) {
                    hash = (hash ^ UInt64(word.count)) &* 0x100_0000_01B3
                }
            }
            let digits = String(hash, radix: 16)
            guard case .string(let want) = expected[block] else { throw Golden.Malformed(file: "patterns.json") }
            if String(repeating: "0", count: 16 - digits.count) + digits != want {
                wrong.append("\(String(block * 4096, radix: 16))...")
            }
        }
        #expect(wrong.isEmpty, "\(wrong)")
    }

    private static let whole = ProcessInfo.processInfo.environment["AMALGAM_TEST_GGUF"]

    @Test(.enabled(if: whole != nil, "set AMALGAM_TEST_GGUF to the folder that gguf_tokenizer_golden.py --whole made"))
    func equalsWholeModel() throws {
        let folder = URL(fileURLWithPath: try #require(Self.whole))
        let start = ContinuousClock.now
        let tokenizer = try TokenizerFolder.load(folder)
        print("\(tokenizer.vocabularySize) tokens loaded in \(ContinuousClock.now - start)")
        let cases = try Golden.cases(at: folder.appendingPathComponent("cases.json"))
        #expect(cases.count == 5000)
        Golden.compare(tokenizer, cases)
        let decoder = try #require(tokenizer.decoder)
        let text = "It's 12 o'clock: naïve 日本語 😀\n\n  def f(x):\t# e\u{301}"
        #expect(decoder.decode(tokenizer.encode(text, pair: nil, maxLength: .max).ids).utf8.elementsEqual(text.utf8))
    }
}
