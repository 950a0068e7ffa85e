import Files
import Foundation

@testable import Text

/// tokenizer.json and, each behind a NUL, tokenizer_config.json, special_tokens_map.json and added_tokens.json.
enum TokenizerFuzz: FuzzedReader {
    static let name = "tokenizer"
    static let files = [
        "Files/JSONValue.swift", "Text/Loading/JSONFields.swift", "Text/Loading/TokenizerFile.swift",
        "Text/Loading/TokenizerFile+PostProcessor.swift", "Text/Vocabulary.swift", "Text/AddedTokens.swift",
        "Text/ScalarTrie.swift", "Text/TemplateProcessing.swift", "Text/Loading/TokenizerSettings.swift",
        "Text/Loading/TokenizerFile+Layers.swift", "Text/UnicodeForm.swift", "Text/Replace.swift",
        "Text/ScalarNormalizers.swift", "Text/ClassSplitters.swift", "Text/Loading/TokenizerFile+Models.swift",
        "Text/Loading/MergeList.swift", "Text/MergeTable.swift", "Text/BPE.swift", "Text/ByteLevel.swift",
        "Text/OffsetTrimming.swift",
    ]
    static let tokens = words(
        "\"type\":", "\"WordPiece\"", "\"BertNormalizer\"", "\"BertPreTokenizer\"", "\"BertProcessing\"",
        "\"TemplateProcessing\"", "\"cls\":[\"[CLS]\",2]", "\"sep\":[\"[SEP]\",3]", "null", "true", "false", "\\ud800",
        "\\ud83d\\ude00", "\"Sequence\"", "\"SpecialToken\"", "\"ids\":[2]", "\"added_tokens\":", "\"normalized\":",
        "\"single_word\":true", "\"lstrip\":true", "\"rstrip\":true", "2147483646", "{", "}", "[", "]", "\"a\":", ",",
        "{\"type\":\"NFKC\"}", "{\"type\":\"NFC\"}", "{\"type\":\"NFD\"}", "{\"type\":\"Lowercase\"}",
        "{\"type\":\"StripAccents\"}", "{\"type\":\"Nmt\"}", "{\"type\":\"Prepend\",\"prepend\":\"ab\"}",
        "{\"type\":\"Replace\",\"pattern\":{\"Regex\":\"a{2,}\"},\"content\":\"b\"}",
        "{\"type\":\"Replace\",\"pattern\":{\"String\":\"é\"},\"content\":\"\"}", "{\"type\":\"Whitespace\"}",
        "{\"type\":\"Punctuation\",\"behavior\":\"MergedWithNext\"}", "{\"type\":\"Digits\"}",
        "\u{0}{\"do_lower_case\":false}", "\u{0}{\"added_tokens_decoder\":{\"5\":{\"content\":\"a\"}}}",
        "\u{0}{}\u{0}{\"mask_token\":\"a\"}\u{0}{\"new\":9}", "\"tokenizer_class\":\"XLMRobertaTokenizer\"",
        "\"BPE\"", "\"merges\":[", "[\"a\",\"b\"]", "\"a b\"", "\"#version: 0.2\"", "\"ignore_merges\":true",
        "\"fuse_unk\":true", "\"end_of_word_suffix\":\"b\"", "\"continuing_subword_prefix\":\"a\"",
        "{\"type\":\"ByteLevel\",\"add_prefix_space\":true,\"trim_offsets\":true,\"use_regex\":false}",
        "{\"type\":\"RobertaProcessing\",\"sep\":[\"b\",1],\"cls\":[\"a\",0],\"trim_offsets\":true,\"add_prefix_space\":false}",
        "{\"type\":\"Sequence\",\"processors\":[", "\"tokenizer_class\":\"RobertaTokenizer\"")
    static let memory = (constant: 1 << 16, perByte: 64)

    static func warmUp() {
        _ = ScalarTable.shared
        _ = FormTable.shared
        _ = LetterTable.shared
    }

    static func read(_ bytes: [UInt8]) throws -> () throws -> Void {
        let parts = bytes.split(separator: 0, maxSplits: 3, omittingEmptySubsequences: false).map { Array($0) }
        let whole = try TextFile.object(parts[0], file: Invariants.file)
        let settings = parts.count > 1 ? try settings(Array(parts.dropFirst()), form: .tokenizerFile) : nil
        let tokenizer = try TokenizerFile.tokenizer(whole, settings, lowersText: parts.count > 3)
        return { use(tokenizer) }
    }

    /// The files beside a tokenizer's own, of a model of BERT's family.
    static func settings(_ parts: [[UInt8]], form: TokenizerForm) throws -> TokenizerSettings {
        func object(_ i: Int) throws -> JSONFields? {
            parts.indices.contains(i) ? try TextFile.object(parts[i], file: Invariants.file) : nil
        }
        let model = try TextFile.object(Array(#"{"model_type": "bert"}"#.utf8), file: Invariants.file)
        return try TokenizerSettings(
            options: try object(0), file: Invariants.file, model: model, map: try object(1), more: try object(2),
            form: form)
    }

    static func use(_ tokenizer: any Tokenizer) {
        for (text, pair, most) in [
            ("ab [MASK]  Neu é\u{301} x日本\u{1D165}", "a", 9), ("", nil, 0), (" neu\u{0}", "b", 1), ("aab##b", nil, 512),
        ] as [(String, String?, Int)] {
            let encoding = tokenizer.encode(text, pair: pair, maxLength: most)
            let count = encoding.ids.count
            Invariants.require(
                encoding.ids.allSatisfy { $0 >= 0 && Int($0) < tokenizer.vocabularySize },
                "an id outside the vocabulary")
            Invariants.require(
                encoding.offsets.count == count && encoding.typeIDs.count == count && encoding.sequence.count == count,
                "arrays of different lengths")
            let words = tokenizer.encode(words: [text, pair ?? ""], prefix: "a", maxLength: most)
            Invariants.require(
                words.wordOf.count == words.encoding.ids.count && words.wordOf.allSatisfy { (-1...1).contains($0) },
                "a token of a word that does not exist")
        }
        Invariants.require(tokenizer.identity.count == 64, "an identity of another length")
        _ = tokenizer.token(0)
        _ = tokenizer.token(.max)
    }
}

/// vocab.txt and, behind a NUL, tokenizer_config.json.
enum VocabularyFuzz: FuzzedReader {
    static let name = "vocabulary"
    static let files = [
        "Text/Loading/VocabularyFile.swift", "Text/Vocabulary.swift", "Text/Loading/JSONFields.swift",
        "Text/Loading/TokenizerSettings.swift",
    ]
    static let tokens = words(
        "[PAD]\n", "[UNK]\n", "[CLS]\n", "[SEP]\n", "[MASK]\n", "##b\n", "\r\n", "\u{0}{\"do_lower_case\":false}",
        "\"strip_accents\":", "\"tokenize_chinese_chars\":", "\"unk_token\":\"a\"", "\"never_split\":[\"a\"]",
        "\"cls_token\":{\"content\":\"a\"}", "\"truncation_side\":\"left\"", "null", "true")
    static let memory = (constant: 1 << 15, perByte: 128)

    static func warmUp() { _ = ScalarTable.shared }

    static func read(_ bytes: [UInt8]) throws -> () throws -> Void {
        let parts = bytes.split(separator: 0, maxSplits: 1, omittingEmptySubsequences: false).map { Array($0) }
        let settings = try TokenizerFuzz.settings(Array(parts.dropFirst()), form: .vocabularyFile)
        let tokenizer = try VocabularyFile.tokenizer(parts[0], file: Invariants.file, settings)
        return { TokenizerFuzz.use(tokenizer) }
    }
}

/// vocab.json and, each behind a NUL, merges.txt and tokenizer_config.json.
enum MergesFuzz: FuzzedReader {
    static let name = "merges"
    static let files = [
        "Text/Loading/MergesFile.swift", "Text/Loading/MergeList.swift", "Text/MergeTable.swift", "Text/BPE.swift",
        "Text/ByteLevel.swift", "Text/Vocabulary.swift", "Text/Loading/TokenizerSettings.swift",
    ]
    static let tokens = words(
        "\u{0}#version: 0.2\n", "a b\n", "ab a\n", "\"ab\":5", "\"<s>\":0", "\"<pad>\":1", "\"</s>\":2", "\u{120} a\n",
        "\u{120}",
        "\r\n", "\n\n", "\u{0}{\"add_prefix_space\":true}", "\"trim_offsets\":false", "\"mask_token\":\"a\"",
        "\"cls_token\":{\"content\":\"a\"}", "\"additional_special_tokens\":[\"ab\"]", "{", "}", ",", ":")
    static let memory = (constant: 1 << 16, perByte: 128)

    static func warmUp() {
        _ = ScalarTable.shared
        _ = LetterTable.shared
    }

    static func read(_ bytes: [UInt8]) throws -> () throws -> Void {
        let parts = bytes.split(separator: 0, maxSplits: 2, omittingEmptySubsequences: false).map { Array($0) }
        let vocabulary = try TextFile.object(parts[0], file: Invariants.file)
        let options = parts.count > 2 ? try TextFile.object(parts[2], file: Invariants.file) : nil
        let settings = try TokenizerSettings(
            options: options, file: Invariants.file, model: nil, map: nil, more: nil, form: .mergesFile)
        let tokenizer = try MergesFile.tokenizer(
            vocabulary, merges: parts.count > 1 ? parts[1] : [], file: Invariants.file, settings)
        return { TokenizerFuzz.use(tokenizer) }
    }
}
