import Files
import Foundation
import Testing

@testable import Text

/// Damaged files of BPE tokenizers give a `TextError` or a tokenizer that works; nothing traps.
@Suite struct BPEFuzzTests {
    static let small = #"""
        {"version":"1.0","added_tokens":[{"id":8,"content":"<mask>","lstrip":true,"normalized":false}],"normalizer":null,
        "pre_tokenizer":{"type":"ByteLevel","add_prefix_space":true,"trim_offsets":true,"use_regex":true},
        "post_processor":{"type":"RobertaProcessing","sep":["</s>",1],"cls":["<s>",0],"trim_offsets":true,
        "add_prefix_space":true},"model":{"type":"BPE","dropout":null,"unk_token":"<unk>",
        "continuing_subword_prefix":"","end_of_word_suffix":"","fuse_unk":false,"byte_fallback":false,
        "ignore_merges":false,"vocab":{"<s>":0,"</s>":1,"<unk>":2,"a":3,"b":4,"Ġ":5,"ab":6,"Ġab":7},
        "merges":[["a","b"],"Ġ ab"]}}
        """#
    static let vocabulary = #"{"<s>":0,"<pad>":1,"</s>":2,"<unk>":3,"a":4,"b":5,"Ġ":6,"ab":7,"Ġab":8,"<mask>":9}"#
    static let merges = "#version: 0.2\na b\nĠ ab\n"

    private func use(_ tokenizer: any Tokenizer) {
        for text in ["ab <mask> xé ab's", " \u{0}", "abab  ab\r\n", "\u{10FFFF}a"] {
            let encoding = tokenizer.encode(text, pair: "a b", maxLength: 12)
            #expect(encoding.ids.allSatisfy { $0 >= 0 && Int($0) < tokenizer.vocabularySize })
            #expect(encoding.ids.count == encoding.offsets.count)
            let words = tokenizer.encode(words: [text, "", "ab"], prefix: "a ", maxLength: 9)
            #expect(words.wordOf.count == words.encoding.ids.count)
        }
        #expect(tokenizer.identity.count == 64)
    }

    private func file(_ text: String) throws -> any Tokenizer {
        try TokenizerFile.tokenizer(TextFile.object(Array(text.utf8), file: "tokenizer.json"))
    }

    private func folder(
        _ vocabulary: [UInt8], _ merges: [UInt8], _ options: String = "{}"
    ) throws -> any Tokenizer {
        let settings = try TokenizerSettings(
            options: TextFile.object(Array(options.utf8), file: "o"), file: "o", model: nil, map: nil, more: nil,
            form: .mergesFile)
        return try MergesFile.tokenizer(
            TextFile.object(vocabulary, file: "vocab.json"), merges: merges, file: "merges.txt", settings)
    }

    @Test func takesTheWholeFiles() throws {
        let tokenizer = try file(Self.small)
        use(tokenizer)
        #expect(tokenizer.encode("ab <mask> c", pair: nil, maxLength: 9).ids == [0, 7, 8, 5, 2, 1])
        use(try folder(Array(Self.vocabulary.utf8), Array(Self.merges.utf8)))
    }

    /// One change of the good file each, and what the message must name.
    @Test(arguments: [
        (#""dropout":null"#, #""dropout":0.1"#, "model.dropout: 0.1 (random merges) is not supported, only null"),
        (#""byte_fallback":false"#, #""byte_fallback":true"#, "model.byte_fallback"),
        (#""unk_token":"<unk>""#, #""unk_token":"?""#, "model.unk_token: \"?\", which is missing in vocab"),
        (#"["a","b"]"#, #"["a","c"]"#, "model.merges[0]: \"c\", which is missing in the vocabulary"),
        (#"["a","b"]"#, #"["b","a"]"#, "model.merges[0]: \"ba\", which is missing in the vocabulary"),
        (#"["a","b"]"#, #"["a"]"#, "model.merges[0]: 1 tokens, expected two tokens"),
        (#"["a","b"]"#, #"["a",3]"#, "model.merges[0]: a list of 2, expected two tokens"),
        (#"["a","b"]"#, "3", "model.merges[0]: 3, expected two tokens"),
        (#""Ġ ab""#, #""Ġ a b""#, "model.merges[1]: 3 tokens"),
        (#""Ġ ab""#, #""Ġ  ab""#, "model.merges[1]: 3 tokens"),
        (##"fix":"","end"##, ##"fix":"@@","end"##, "model.merges[0]: \"b\", expected"),
        (#""a":3"#, #""a":4"#, "the same as for"),
        (#""fuse_unk":false"#, #""fuse_unk":0"#, "model.fuse_unk: 0, expected true or false"),
        (#""add_prefix_space":true,"trim_offsets""#, #""trim_offsets""#, "pre_tokenizer.add_prefix_space: nothing"),
        (#""sep":["</s>",1]"#, #""sep":["</s>",99]"#, "post_processor.sep: 99, expected an id below 9"),
        (
            #""type":"RobertaProcessing","#,
            #""type":"Sequence","processors":[{"type":"BertProcessing","sep":["</s>",1],"cls":["<s>",0]},"#
                + #"{"type":"ByteLevel"}],"#,
            "post_processor.processors[1].type: \"ByteLevel\" after"
        ),
    ])
    func namesWhatIsWrong(_ from: String, _ to: String, _ message: String) throws {
        let text = Self.small.replacingOccurrences(of: from, with: to)
        #expect(text != Self.small)
        let error = try #require(throws: TextError.self) { _ = try file(text) }
        #expect(error.description.contains(message), "\(error)")
    }

    @Test(arguments: [
        ("a b\nĠ ab\n", "merges.txt: line 1: no \"#version\""),
        ("", "merges.txt: line 1: no \"#version\""),
        ("#version: 0.2\na b\nĠ ab", "merges.txt: line 3: no end of the line"),
        ("#version: 0.2\na b\n\n", "merges.txt: line 3: 1 tokens"),
        ("#version: 0.2\na b c\n", "merges.txt: line 2: 3 tokens"),
        ("#version: 0.2\na x\n", "merges.txt: line 2: \"x\", which is missing"),
        ("#version: 0.2\n\u{FFFF} a\n", "merges.txt: line 2: bytes that are not UTF-8"),
    ])
    func refusesMerges(_ text: String, _ message: String) throws {
        // U+FFFF stands for a byte that no UTF-8 has
        let bytes = Array(text.utf8.split(separator: 0xEF, omittingEmptySubsequences: false).joined(separator: [0xFF]))
        let error = try #require(throws: TextError.self) { _ = try folder(Array(Self.vocabulary.utf8), bytes) }
        #expect(error.description.contains(message), "\(error)")
    }

    @Test func refusesOtherFolders() throws {
        for (options, message) in [
            (#"{"tokenizer_class": "XLMRobertaTokenizer"}"#, "with vocab.json and merges.txt"),
            (#"{"tokenizer_class": "GPT2Tokenizer"}"#, "\"GPT2Tokenizer\" with vocab.json"),
            (#"{"cls_token": "[CLS]"}"#, "vocab.json: cls_token: no token \"[CLS]\""),
        ] {
            let error = try #require(throws: TextError.self) {
                _ = try folder(Array(Self.vocabulary.utf8), Array(Self.merges.utf8), options)
            }
            #expect(error.description.contains(message), "\(error)")
        }
        let url = try Golden.temporaryFolder()
        defer { try? FileManager.default.removeItem(at: url) }
        try Data(Self.vocabulary.utf8).write(to: url.appendingPathComponent("vocab.json"))
        #expect(throws: TextError.noMerges(folder: url.path)) { _ = try TokenizerFolder.load(url) }
    }

    /// Windows line ends are no part of a token.
    @Test func readsWindowsLineEnds() throws {
        let bytes = Array(Self.merges.replacingOccurrences(of: "\n", with: "\r\n").utf8)
        let tokenizer = try folder(Array(Self.vocabulary.utf8), bytes)
        #expect(try tokenizer.identity == folder(Array(Self.vocabulary.utf8), Array(Self.merges.utf8)).identity)
    }

    @Test func refusesEveryTruncation() {
        let bytes = Array(Self.small.utf8)
        for count in 0..<bytes.count {
            #expect(throws: TextError.self) {
                _ = try TokenizerFile.tokenizer(TextFile.object(Array(bytes.prefix(count)), file: "t"))
            }
        }
        let merges = Array(Self.merges.utf8)
        for count in 0...merges.count {
            do {
                use(try folder(Array(Self.vocabulary.utf8), Array(merges.prefix(count))))
            } catch {
                #expect("\(error)".hasPrefix("merges.txt: line"))
            }
        }
    }

    @Test func survivesChangedBytes() {
        var state: UInt64 = 16
        func next(_ bound: Int) -> Int {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return Int(state >> 33) % bound
        }
        let telling = Array("\"{}[]:,0129-.e\\unt #ab\n\r\u{0}Ġ".utf8) + [0xFF, 0xC3, 0x80]
        func damaged(_ text: String) -> [UInt8] {
            var bytes = Array(text.utf8)
            for _ in 0..<next(3) {
                let at = next(bytes.count)
                switch next(4) {
                case 0: bytes[at] = UInt8(next(256))
                case 1: bytes[at] = telling[next(telling.count)]
                case 2: bytes.remove(at: at)
                default: bytes.insert(telling[next(telling.count)], at: at)
                }
            }
            return bytes
        }
        var taken = 0
        for round in 0..<6000 {
            do {
                if round % 2 == 0 {
                    use(try TokenizerFile.tokenizer(TextFile.object(damaged(Self.small), file: "tokenizer.json")))
                } else {
                    use(try folder(damaged(Self.vocabulary), damaged(Self.merges)))
                }
                taken += 1
            } catch {
                #expect(error is TextError && !"\(error)".contains { $0.isNewline }, "\(error)")
            }
        }
        #expect(taken > 100 && taken < 5900, "\(taken)")
    }
}
