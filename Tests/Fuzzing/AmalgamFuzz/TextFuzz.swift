import Files
import Foundation

@testable import Text

/// tokenizer.json.
enum TokenizerFuzz: FuzzedReader {
    static let name = "tokenizer"
    static let files = [
        "Files/JSONValue.swift", "Text/Loading/JSONFields.swift", "Text/Loading/TokenizerFile.swift",
        "Text/Loading/TokenizerFile+PostProcessor.swift", "Text/Vocabulary.swift", "Text/AddedTokens.swift",
        "Text/ScalarTrie.swift", "Text/TemplateProcessing.swift",
    ]
    static let tokens = words(
        "\"type\":", "\"WordPiece\"", "\"BertNormalizer\"", "\"BertPreTokenizer\"", "\"BertProcessing\"",
        "\"TemplateProcessing\"", "\"cls\":[\"[CLS]\",2]", "\"sep\":[\"[SEP]\",3]", "null", "true", "false", "\\ud800",
        "\\ud83d\\ude00", "\"Sequence\"", "\"SpecialToken\"", "\"ids\":[2]", "\"added_tokens\":", "\"normalized\":",
        "\"single_word\":true", "\"lstrip\":true", "\"rstrip\":true", "2147483646", "{", "}", "[", "]", "\"a\":", ",")
    static let memory = (constant: 1 << 16, perByte: 64)

    static func warmUp() { _ = ScalarTable.shared }

    static func read(_ bytes: [UInt8]) throws -> () throws -> Void {
        let tokenizer = try TokenizerFile.tokenizer(try TextFile.object(bytes, file: Invariants.file))
        return { use(tokenizer) }
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
        }
        _ = tokenizer.piece(0)
        _ = tokenizer.piece(.max)
    }
}

/// vocab.txt and, behind a NUL, tokenizer_config.json.
enum VocabularyFuzz: FuzzedReader {
    static let name = "vocabulary"
    static let files = ["Text/Loading/VocabularyFile.swift", "Text/Vocabulary.swift", "Text/Loading/JSONFields.swift"]
    static let tokens = words(
        "[PAD]\n", "[UNK]\n", "[CLS]\n", "[SEP]\n", "[MASK]\n", "##b\n", "\r\n", "\u{0}{\"do_lower_case\":false}",
        "\"strip_accents\":", "\"tokenize_chinese_chars\":", "\"unk_token\":\"a\"", "\"never_split\":[\"a\"]",
        "\"cls_token\":{\"content\":\"a\"}", "\"truncation_side\":\"left\"", "null", "true")
    static let memory = (constant: 1 << 15, perByte: 128)

    static func warmUp() { _ = ScalarTable.shared }

    static func read(_ bytes: [UInt8]) throws -> () throws -> Void {
        let parts = bytes.split(separator: 0, maxSplits: 1, omittingEmptySubsequences: false).map { Array($0) }
        let options = parts.count > 1 ? try TextFile.object(parts[1], file: Invariants.file) : nil
        let tokenizer = try VocabularyFile.tokenizer(parts[0], file: Invariants.file, options: options)
        return { TokenizerFuzz.use(tokenizer) }
    }
}
