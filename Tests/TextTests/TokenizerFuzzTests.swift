import Files
import Foundation
import Testing

@testable import Text

/// Damaged files give a `TextError` or a tokenizer that works; nothing traps.
@Suite struct TokenizerFuzzTests {
    static let small = #"""
        {"version":"1.0","truncation":null,"padding":null,
        "added_tokens":[{"id":4,"content":"[MASK]","single_word":false,"lstrip":true,"rstrip":false,"normalized":false,
        "special":true},{"id":9,"content":"Neu","single_word":true,"lstrip":false,"rstrip":true,"normalized":true}],
        "normalizer":{"type":"BertNormalizer","clean_text":true,"handle_chinese_chars":true,"strip_accents":null,
        "lowercase":true},"pre_tokenizer":{"type":"BertPreTokenizer"},
        "post_processor":{"type":"TemplateProcessing","single":[{"SpecialToken":{"id":"[CLS]","type_id":0}},
        {"Sequence":{"id":"A","type_id":0}},{"SpecialToken":{"id":"[SEP]","type_id":0}}],
        "pair":[{"Sequence":{"id":"A","type_id":0}},{"SpecialToken":{"id":"[SEP]","type_id":0}},
        {"Sequence":{"id":"B","type_id":1}}],"special_tokens":{"[CLS]":{"id":"[CLS]","ids":[2],"tokens":["[CLS]"]},
        "[SEP]":{"id":"[SEP]","ids":[3],"tokens":["[SEP]"]}}},
        "model":{"type":"WordPiece","unk_token":"[UNK]","continuing_subword_prefix":"##",
        "max_input_chars_per_word":100,"vocab":{"[PAD]":0,"[UNK]":1,"[CLS]":2,"[SEP]":3,"[MASK]":4,"a":5,"##b":6,
        "\u00e9\ud83d\ude00":7,"é":8}}}
        """#

    /// Of a folder with vocab.txt and these options.
    private static func settings(_ options: JSONFields? = nil) throws(TextError) -> TokenizerSettings {
        try TokenizerSettings(options: options, file: "o", model: nil, map: nil, more: nil, form: .vocabularyFile)
    }

    /// Reads the bytes as tokenizer.json and uses what comes; true if they were taken.
    @discardableResult
    private func takes(_ bytes: [UInt8]) -> Bool {
        do throws(TextError) {
            let tokenizer = try TokenizerFile.tokenizer(try TextFile.object(bytes, file: "tokenizer.json"))
            use(tokenizer)
            return true
        } catch {
            #expect(error.description.hasPrefix("tokenizer.json: "))
            return false
        }
    }

    private func use(_ tokenizer: any Tokenizer) {
        let encoding = tokenizer.encode("ab [MASK] Neu é x", pair: "a", maxLength: 9)
        #expect(encoding.ids.allSatisfy { $0 >= 0 && Int($0) < tokenizer.vocabularySize })
        #expect(encoding.ids.count == encoding.offsets.count && encoding.ids.count == encoding.typeIDs.count)
        _ = tokenizer.token(Int32.max)
    }

    @Test func takesTheWholeFile() { #expect(takes(Array(Self.small.utf8))) }

    @Test func refusesEveryTruncation() {
        let bytes = Array(Self.small.utf8)
        for count in 0..<bytes.count { #expect(!takes(Array(bytes.prefix(count)))) }
    }

    @Test func survivesChangedBytes() {
        let bytes = Array(Self.small.utf8)
        var state: UInt64 = 6
        func next(_ bound: Int) -> Int {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return Int(state >> 33) % bound
        }
        let telling = Array("\"{}[]:,0129-.e\\unt \u{0}".utf8) + [0xFF, 0xC3, 0x80]
        for _ in 0..<4000 {
            var changed = bytes
            for _ in 0...next(3) {
                let at = next(changed.count)
                switch next(4) {
                case 0: changed[at] = UInt8(next(256))
                case 1: changed[at] = telling[next(telling.count)]
                case 2: changed.remove(at: at)
                default: changed.insert(telling[next(telling.count)], at: at)
                }
            }
            takes(changed)
        }
    }

    /// One change of the good file each, and what the message must name.
    @Test(arguments: [
        (#""WordPiece""#, #""WordLevel""#, "model.type: \"WordLevel\" is not supported"),
        (#""WordPiece""#, #""BPE""#, "model.merges: nothing, expected a list"),
        (#""BertNormalizer""#, #""ByteLevel""#, "normalizer.type"),
        (#""BertPreTokenizer""#, #""UnicodeScripts""#, "pre_tokenizer.type"),
        (#""BertPreTokenizer""#, #""Split""#, "pre_tokenizer.pattern: nothing"),
        (#""BertPreTokenizer""#, #""ByteLevel""#, "pre_tokenizer.add_prefix_space: nothing"),
        (#""TemplateProcessing""#, #""Other""#, "post_processor.type"),
        (#""TemplateProcessing""#, #""RobertaProcessing""#, "post_processor.cls: nothing"),
        (#""TemplateProcessing""#, #""ByteLevel""#, "post_processor.trim_offsets: nothing"),
        (#""TemplateProcessing""#, #""Sequence""#, "post_processor.processors: nothing"),
        (#""[UNK]":1,"#, "", "model.unk_token: \"[UNK]\", which is missing in vocab"),
        (#""a":5"#, #""a":5,"a":10"#, "model.vocab.a: a duplicate token"),
        (#""a":5"#, #""a":6"#, "the same as for"),
        (#""a":5"#, #""a":-1"#, "model.vocab.a: -1"),
        (#""a":5"#, #""a":5.5"#, "model.vocab.a: 5.5"),
        (#""a":5"#, #""a":"5""#, "model.vocab.a: \"5\""),
        (#""a":5"#, #""a":99999999999999999999"#, "model.vocab.a"),
        (#""lowercase":true"#, #""lowercase":1"#, "normalizer.lowercase: 1, expected true or false"),
        (#""ids":[2]"#, #""ids":[77]"#, "post_processor.special_tokens.[CLS].ids: 77"),
        (#""ids":[2]"#, #""ids":2"#, "post_processor.special_tokens.[CLS].ids: 2"),
        (#""id":"B""#, #""id":"A""#, "post_processor.pair"),
        (#""id":"B""#, #""id":"C""#, "post_processor.pair[2].Sequence.id"),
        (#""id":9,"#, #""id":12,"#, "added_tokens[1].id: 12"),
        (
            #""content":"Neu""#, #""content":"\u0301""#,
            "added_tokens[1].content: a token of which the normalizer leaves nothing"
        ),
        (#""max_input_chars_per_word":100,"#, "", "model.max_input_chars_per_word: nothing"),
        (#""max_input_chars_per_word":100"#, #""max_input_chars_per_word":-1"#, "model.max_input_chars_per_word: -1"),
        (#""truncation":null"#, #""truncation":{"direction":"Left"}"#, "truncation.direction"),
        (#""version":"1.0""#, #""version":"2.0""#, "version"),
        (#""model":"#, #""models":"#, "model: nothing"),
        (#""normalizer":{"#, #""normalizer":null,"normalizer":{"#, "normalizer: a duplicate field"),
        (#"\ud83d\ude00"#, #"\ud83d"#, "lone surrogate"),
    ])
    func namesWhatIsWrong(_ from: String, _ to: String, _ message: String) throws {
        let text = Self.small.replacingOccurrences(of: from, with: to)
        #expect(text != Self.small)
        let error = try #require(throws: TextError.self) {
            _ = try TokenizerFile.tokenizer(try TextFile.object(Array(text.utf8), file: "tokenizer.json"))
        }
        #expect(error.description.contains(message))
    }

    @Test func refusesDeepNesting() {
        #expect(!takes([UInt8](repeating: UInt8(ascii: "["), count: 1_000_000)))
        #expect(!takes(Array("{\"a\":".utf8) + Array(String(repeating: "{\"a\":", count: 100_000).utf8)))
    }

    @Test(arguments: [
        ("[PAD]\n[UNK]\n[CLS]\n[SEP]\na\na\n", "line 5 and 6"),
        ("[PAD]\n[CLS]\n[SEP]\na\n", "unk_token: no line \"[UNK]\""),
        ("", "no line"),
        ("\n\n", "line 1 and 2"),
        ("[PAD]\n[UNK]\n[CLS]\n[SEP]\n\u{FFFF}", "line 5: bytes that are not UTF-8"),
    ])
    func refusesVocabularyFiles(_ text: String, _ message: String) throws {
        // U+FFFF stands for a byte that no UTF-8 has.
        let bytes = Array(text.utf8.split(separator: 0xEF, omittingEmptySubsequences: false).joined(separator: [0xFF]))
        let error = try #require(throws: TextError.self) {
            _ = try VocabularyFile.tokenizer(bytes, file: "vocab.txt", Self.settings())
        }
        #expect(error.description.contains(message))
    }

    @Test func survivesCutVocabularyFiles() throws {
        let bytes = Array("[PAD]\r\n[UNK]\r\n[CLS]\r\n[SEP]\r\né\r\n##b\r\na".utf8)
        for count in 0...bytes.count {
            do {
                use(try VocabularyFile.tokenizer(Array(bytes.prefix(count)), file: "vocab.txt", Self.settings()))
            } catch {
                #expect(error.description.hasPrefix("vocab.txt: "))
            }
        }
        let options = try TextFile.object(Array(#"{"do_lower_case": "yes"}"#.utf8), file: "tokenizer_config.json")
        #expect(throws: TextError.self) {
            _ = try VocabularyFile.tokenizer(bytes, file: "vocab.txt", Self.settings(options))
        }
    }

    @Test func namesAFolderWithoutTokenizer() throws {
        let folder = try Golden.temporaryFolder()
        defer { try? FileManager.default.removeItem(at: folder) }
        #expect(throws: TextError.noTokenizer(folder: folder.path)) { _ = try TokenizerFolder.load(folder) }
        try FileManager.default.createDirectory(
            at: folder.appendingPathComponent("vocab.txt"), withIntermediateDirectories: false)
        #expect(throws: TextError.self) { _ = try TokenizerFolder.load(folder) }
    }

    /// Files of strangers, for both forms of a tokenizer.
    @Test func refusesHostileFilesInOneLine() {
        let long = [UInt8](repeating: UInt8(ascii: "x"), count: 10 << 20)
        let cases: [([UInt8], String)] = [
            ([], "byte 0: the file ends"), (Array("[1]".utf8), "the whole file: a list of 1"),
            (Array(#"{"model":{"type":"a\nb\u001b[2J"}}"#.utf8), "model.type"),
            (Array(#"{"a":"\ud800"}"#.utf8), "no lone surrogate"),
            (Array("{\"a\":\"".utf8) + [0xFF, 0x22], "not UTF-8"),
            (long, "byte 0: 'x'"), (Array("{\"model\":\"".utf8) + long, "the file ends"),
        ]
        for (bytes, word) in cases {
            do throws(TextError) {
                _ = try TokenizerFile.tokenizer(try TextFile.object(bytes, file: "t"))
                Issue.record("taken: \(word)")
            } catch {
                let text = error.description
                #expect(
                    text.hasPrefix("t: ") && text.contains(word)
                        && !text.contains { $0.isNewline || $0 == "\u{1B}" } && text.count < 400, "\(text.prefix(500))")
            }
        }
        // A token of 10 MB is a token; without the special tokens it is no vocabulary.
        #expect(throws: TextError.self) { try VocabularyFile.tokenizer(long, file: "v", Self.settings()) }
    }

    /// Seeded damage of a vocabulary and of its options.
    @Test func survivesChangedVocabularies() throws {
        let vocabulary = Array("[PAD]\n[UNK]\n[CLS]\n[SEP]\n[MASK]\na\n##b\né\r\n".utf8)
        let options = Array(
            #"{"do_lower_case":false,"strip_accents":null,"mask_token":{"content":"a"},"never_split":[]}"#.utf8)
        let telling = Array("\"{}[]:,#a\n\r\\utf \u{0}".utf8) + [0xFF, 0xC3, 0x80]
        var state: UInt64 = 9
        func next(_ bound: Int) -> Int {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return Int(state >> 33) % bound
        }
        func damaged(_ bytes: [UInt8]) -> [UInt8] {
            var bytes = bytes
            for _ in 0..<next(3) {
                let at = next(bytes.count)
                switch next(3) {
                case 0: bytes[at] = telling[next(telling.count)]
                case 1: bytes.remove(at: at)
                default: bytes.insert(telling[next(telling.count)], at: at)
                }
            }
            return bytes
        }
        var taken = 0
        for _ in 0..<4000 {
            do throws(TextError) {
                let fields = try TextFile.object(damaged(options), file: "o")
                use(try VocabularyFile.tokenizer(damaged(vocabulary), file: "v", Self.settings(fields)))
                taken += 1
            } catch {
                #expect(!error.description.contains { $0.isNewline }, "\(error.description)")
            }
        }
        #expect(taken > 100 && taken < 3900, "\(taken)")
    }
}
