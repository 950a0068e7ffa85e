import Foundation
import Testing

@testable import Text

/// The identity follows from the ids that a tokenizer gives, not from its files.
@Suite struct TokenizerIdentityTests {
    private static let words = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "the", "cat", "sat", "##s"]

    private func vocabulary(_ words: [String]) -> String {
        "{" + words.enumerated().map { "\"\($1)\": \($0)" }.joined(separator: ", ") + "}"
    }

    /// A small tokenizer.json, each part of which may be replaced.
    private func file(
        words: [String] = words, normalizer: String = BERT, preTokenizer: String = #"{"type": "BertPreTokenizer"}"#,
        processor: String = #"{"type": "BertProcessing", "sep": ["[SEP]", 3], "cls": ["[CLS]", 2]}"#,
        added: [(String, Int, String)] = specials, unknown: String = "[UNK]", longest: Int = 100,
        rest: String = #""truncation": null, "padding": null"#
    ) -> String {
        let tokens = added.map { "{\"id\": \($1), \"content\": \"\($0)\", \($2)}" }.joined(separator: ", ")
        return """
            {"version": "1.0", \(rest), "added_tokens": [\(tokens)], "normalizer": \(normalizer),
             "pre_tokenizer": \(preTokenizer), "post_processor": \(processor),
             "model": {"type": "WordPiece", "unk_token": "\(unknown)", "continuing_subword_prefix": "##",
              "max_input_chars_per_word": \(longest), "vocab": \(vocabulary(words))}}
            """
    }

    private static let BERT =
        #"{"type": "BertNormalizer", "clean_text": true, "handle_chinese_chars": true, "strip_accents": null, "#
        + #""lowercase": true}"#
    private static let specials = words.prefix(5).enumerated().map {
        ($1, $0, #""special": true, "normalized": false"#)
    }

    private func identity(_ file: String) throws -> String {
        try TokenizerFile.tokenizer(TextFile.object(Array(file.utf8), file: "tokenizer.json")).identity
    }

    @Test func changesWithWhateverChangesIDs() throws {
        let usual = try identity(file())
        #expect(usual.count == 64 && usual.allSatisfy { $0.isHexDigit })
        let permuted = Self.words.prefix(5) + ["cat", "the", "sat", "##s"]
        let cased = Self.BERT.replacingOccurrences(of: #""lowercase": true"#, with: #""lowercase": false"#)
        let others = [
            file(words: Array(permuted)), file(words: Self.words + ["dog"]), file(normalizer: cased),
            file(normalizer: "null"), file(preTokenizer: #"{"type": "WhitespaceSplit"}"#),
            file(processor: "null"),
            file(processor: #"{"type": "BertProcessing", "sep": ["[SEP]", 2], "cls": ["[CLS]", 3]}"#),
            file(added: Self.specials + [("newer", 9, #""normalized": false"#)]),
            file(added: Self.specials + [("newer", 9, #""normalized": true"#)]),
            file(added: Self.specials + [("newer", 9, #""normalized": false, "lstrip": true"#)]),
            file(added: Self.specials + [("newer", 9, #""normalized": false, "rstrip": true"#)]),
            file(added: Self.specials + [("newer", 9, #""normalized": false, "single_word": true"#)]),
            file(added: Array(Self.specials.dropLast())), file(unknown: "the"), file(longest: 3),
        ]
        let all = try others.map { try identity($0) }
        #expect(Set(all + [usual]).count == others.count + 1)
    }

    @Test func doesNotChangeWithTheFile() throws {
        let usual = try identity(file())
        // Another order of keys, other white space, another way to write the same layers, settings that are the caller's
        let vocabulary = "{" + Self.words.enumerated().reversed().map { "\"\($1)\":\($0)" }.joined(separator: ",") + "}"
        let text = file()
        #expect(try identity(text.replacingOccurrences(of: self.vocabulary(Self.words), with: vocabulary)) == usual)
        #expect(try identity(file(added: Self.specials.reversed().map { $0 })) == usual)
        #expect(try identity(file(normalizer: #"{"type": "Sequence", "normalizers": [\#(Self.BERT)]}"#)) == usual)
        #expect(
            try identity(
                file(preTokenizer: #"{"type": "Sequence", "pretokenizers": [{"type": "BertPreTokenizer"}]}"#)) == usual)
        let rest = """
            "truncation": {"direction": "Right", "max_length": 4, "strategy": "LongestFirst", "stride": 0},
            "padding": {"strategy": "BatchLongest", "direction": "Right", "pad_id": 0, "pad_token": "[PAD]"}
            """
        #expect(try identity(file(rest: rest)) == usual)
        let template = """
            {"type": "TemplateProcessing",
             "single": [{"SpecialToken": {"id": "[CLS]", "type_id": 0}}, {"Sequence": {"id": "A", "type_id": 0}},
              {"SpecialToken": {"id": "[SEP]", "type_id": 0}}],
             "pair": [{"SpecialToken": {"id": "[CLS]", "type_id": 0}}, {"Sequence": {"id": "A", "type_id": 0}},
              {"SpecialToken": {"id": "[SEP]", "type_id": 0}}, {"Sequence": {"id": "B", "type_id": 1}},
              {"SpecialToken": {"id": "[SEP]", "type_id": 1}}],
             "special_tokens": {"[CLS]": {"id": "[CLS]", "ids": [2], "tokens": ["[CLS]"]},
              "[SEP]": {"id": "[SEP]", "ids": [3], "tokens": ["[SEP]"]}}}
            """
        #expect(try identity(file(processor: template)) == usual)
    }

    @Test func isThatOfTheVocabularyFile() throws {
        let folder = try Golden.temporaryFolder()
        defer { try? FileManager.default.removeItem(at: folder) }
        try Data(Self.words.joined(separator: "\n").utf8).write(to: folder.appendingPathComponent("vocab.txt"))
        #expect(try TokenizerFolder.load(folder).identity == identity(file()))
    }

    @Test func sentencePieceCountsItsScoresAndTable() throws {
        func file(score: Double, metaspace: String = "always") -> String {
            """
            {"version": "1.0", "normalizer": null,
             "pre_tokenizer": {"type": "Metaspace", "replacement": "▁", "prepend_scheme": "\(metaspace)", "split": true},
             "model": {"type": "Unigram", "unk_id": 0, "vocab": [["<unk>", 0.0], ["▁a", \(score)], ["b", -2]]}}
            """
        }
        let all = [file(score: -1), file(score: -1.5), file(score: -1, metaspace: "never")]
        #expect(try Set(all.map { try identity($0) }).count == 3)
        #expect(try identity(all[0]) == identity(all[0].replacingOccurrences(of: "-2]", with: "-2.0]")))
    }

    @Test func bytePairsCountTheirMergesAndOptions() throws {
        func file(
            merges: String = #"["a","b"],["ab","a"],["b","a"]"#, options: String = "", bytes: String = "true",
            regex: String = "true", cls: Int = 0
        ) -> String {
            """
            {"pre_tokenizer": {"type": "ByteLevel", "add_prefix_space": \(bytes), "use_regex": \(regex)},
             "post_processor": {"type": "RobertaProcessing", "sep": ["</s>", 1], "cls": ["<s>", \(cls)],
              "trim_offsets": true, "add_prefix_space": true},
             "model": {"type": "BPE", "vocab": {"<s>": 0, "</s>": 1, "a": 2, "b": 3, "ab": 4, "aba": 5, "ba": 6},
              \(options) "merges": [\(merges)]}}
            """
        }
        let usual = try identity(file())
        let others = [
            file(merges: #"["a","b"],["b","a"],["ab","a"]"#), file(merges: #"["a","b"],["ab","a"]"#),
            file(options: #""unk_token": "<s>","#), file(options: #""ignore_merges": true,"#),
            file(options: #""fuse_unk": true,"#), file(options: #""end_of_word_suffix": "a","#),
            file(options: #""continuing_subword_prefix": "b","#).replacingOccurrences(
                of: #"["a","b"],["ab","a"],["b","a"]"#, with: ""),
            file(bytes: "false"), file(regex: "false"), file(cls: 2),
        ]
        #expect(try Set(others.map { try identity($0) } + [usual]).count == others.count + 1)
        // What changes no ids: another way to write the merges, a merge that a later one of the pair replaces, offsets
        for same in [
            file(merges: ##""#version: 0.2", "a b", "ab a", "b a""##),
            file(merges: #"["b","a"],["a","b"],["ab","a"],["b","a"]"#),
            file().replacingOccurrences(of: #""trim_offsets": true"#, with: #""trim_offsets": false"#),
            file(options: #""dropout": 0.0, "unk_token": null, "fuse_unk": false,"#),
        ] { #expect(try identity(same) == usual) }
    }

    @Test func isThatOfTheMergesFile() throws {
        let folder = BPEParityTests.folder
        #expect(
            try TokenizerFolder.load(folder.appendingPathComponent("files")).identity
                == TokenizerFolder.load(folder.appendingPathComponent("roberta")).identity)
    }

    /// AMALGAM_TEST_E5 names the folder of a model with 250,002 tokens.
    @Test(.enabled(if: ProcessInfo.processInfo.environment["AMALGAM_TEST_E5"] != nil, "set AMALGAM_TEST_E5"))
    func isFast() throws {
        let path = try #require(ProcessInfo.processInfo.environment["AMALGAM_TEST_E5"])
        let tokenizer = try TokenizerFolder.load(URL(fileURLWithPath: path))
        let start = ContinuousClock.now
        #expect(tokenizer.identity.count == 64)
        let milliseconds = (ContinuousClock.now - start) / .milliseconds(1)
        print("identity of \(tokenizer.vocabularySize) tokens: \(milliseconds) ms")
        #expect(milliseconds < 100)
    }
}
