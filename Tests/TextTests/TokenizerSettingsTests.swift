import Files
import Foundation
import Testing

@testable import Text

/// The files beside tokenizer.json and vocab.txt against `transformers` 4.57 (Tests/Golden/folder_golden.py).
@Suite struct TokenizerSettingsTests {
    private struct Case {
        var name: String
        var normalizer: String?
        var added: String
        var files: [(String, String)]
        var lowers: Bool
        var ids: [[Int32]]
    }

    private let template: String
    private let vocabulary: String
    private let texts: [String]
    private let cases: [Case]

    init() throws {
        let golden = try Golden.fields(
            at: Golden.folder.deletingLastPathComponent().appendingPathComponent("folders/tokenizers.json"))
        func text(_ value: JSONValue) throws -> String {
            guard case .string(let text) = value else { throw Golden.Malformed(file: "tokenizers.json") }
            return text
        }
        template = try golden.requiredString("template")
        vocabulary = try golden.requiredArray("vocabulary").map { try text($0) + "\n" }.joined()
        texts = try golden.requiredArray("texts").map(text)
        cases = try golden.requiredArray("cases").map { value in
            guard case .array(let parts) = value, parts.count == 6, case .object(let files) = parts[3],
                case .bool(let lowers) = parts[4], case .array(let ids) = parts[5]
            else { throw Golden.Malformed(file: "tokenizers.json") }
            var normalizer: String?
            if case .string(let text) = parts[1] { normalizer = text }
            return Case(
                name: try text(parts[0]), normalizer: normalizer, added: try text(parts[2]),
                files: try files.map { ($0.key, try text($0.value)) }, lowers: lowers, ids: ids.map(Golden.integers))
        }
    }

    private func tokenizerFile(normalizer: String, added: String) -> String {
        template.replacingOccurrences(of: "\"@NORMALIZER\"", with: normalizer)
            .replacingOccurrences(of: "\"@ADDED\"", with: added)
    }

    private func load(
        _ files: [(String, String)], lowers: Bool = false
    ) throws -> any Tokenizer {
        let folder = try Golden.temporaryFolder()
        defer { try? FileManager.default.removeItem(at: folder) }
        for (name, text) in files { try Data(text.utf8).write(to: folder.appendingPathComponent(name)) }
        return try TokenizerFolder.load(folder, lowersText: lowers)
    }

    @Test func equalsTransformers() throws {
        #expect(cases.count > 25)
        for one in cases {
            let own =
                one.normalizer.map { ("tokenizer.json", tokenizerFile(normalizer: $0, added: one.added)) }
                ?? ("vocab.txt", vocabulary)
            let tokenizer = try load([own] + one.files, lowers: one.lowers)
            for (text, ids) in zip(texts, one.ids) {
                let made = tokenizer.encode(text, pair: nil, maxLength: 100).ids
                #expect(
                    made == ids,
                    "\(one.name): \(text): \(made.compactMap(tokenizer.token)) for \(ids.compactMap(tokenizer.token))")
            }
        }
    }

    private static let bert =
        #"{"type": "BertNormalizer", "clean_text": true, "handle_chinese_chars": true, "strip_accents": null, "#
        + #""lowercase": true}"#
    private static let model = ("config.json", #"{"model_type": "bert"}"#)

    /// What changes ids and is not supported, or contradicts the vocabulary: refused by name.
    @Test(arguments: [
        ("tokenizer_config.json", #"{"truncation_side": "left"}"#, "truncation_side: \"left\""),
        ("tokenizer_config.json", #"{"split_special_tokens": true}"#, "split_special_tokens: true"),
        ("tokenizer_config.json", #"{"tokenizer_class": "BertJapaneseTokenizer"}"#, "\"BertJapaneseTokenizer\""),
        ("tokenizer_config.json", #"{"do_lower_case": "yes"}"#, "do_lower_case: \"yes\", expected true or false"),
        ("tokenizer_config.json", #"{"added_tokens_decoder": {"x": {"content": "a"}}}"#, "added_tokens_decoder.x"),
        ("tokenizer_config.json", #"{"added_tokens_decoder": {"4": {}}}"#, "added_tokens_decoder.4.content: nothing"),
        ("tokenizer_config.json", #"{"added_tokens_decoder": {"9": {"content": "[MASK]"}}}"#, "9, expected 4"),
        ("added_tokens.json", #"{"<new>": 9999}"#, "9999, expected"),
        ("special_tokens_map.json", #"{"mask_token": 3}"#, "mask_token: 3"),
        ("special_tokens_map.json", "[]", "a list of 0, expected an object"),
        ("tokenizer_config.json", "version https://git-lfs.github.com/spec/v1\n", "git-lfs pointer"),
    ])
    func refuses(_ file: String, _ text: String, _ word: String) throws {
        let tokenizer = ("tokenizer.json", tokenizerFile(normalizer: Self.bert, added: "[]"))
        let error = try #require(throws: TextError.self) { _ = try load([tokenizer, Self.model, (file, text)]) }
        #expect(error.description.contains(word) && error.description.contains(file), "\(error)")
    }

    @Test func refusesVocabulariesOfOtherKinds() throws {
        for (text, word) in [
            (#"{"tokenizer_class": "XLMRobertaTokenizer"}"#, "with vocab.txt"),
            (#"{"tokenizer_class": "BertJapaneseTokenizer"}"#, "\"BertJapaneseTokenizer\" with vocab.txt"),
            (#"{"do_basic_tokenize": false}"#, "do_basic_tokenize"), (#"{"never_split": ["a"]}"#, "never_split"),
        ] {
            let error = try #require(throws: TextError.self) {
                _ = try load([("vocab.txt", vocabulary), Self.model, ("tokenizer_config.json", text)])
            }
            #expect(error.description.contains(word), "\(error)")
        }
    }

    /// The settings are part of what decides the ids, so of the identity too.
    @Test func identityFollowsTheSettings() throws {
        let tokenizer = ("tokenizer.json", tokenizerFile(normalizer: Self.bert, added: "[]"))
        func identity(_ text: String, lowers: Bool = false) throws -> String {
            try load([tokenizer, Self.model, ("tokenizer_config.json", text)], lowers: lowers).identity
        }
        let usual = try identity("{}")
        #expect(try identity(#"{"do_lower_case": true, "model_max_length": 12}"#) == usual)
        let others = try [
            identity(#"{"do_lower_case": false}"#), identity(#"{"do_lower_case": false}"#, lowers: true),
            identity(#"{"strip_accents": false}"#), identity(#"{"tokenize_chinese_chars": false}"#),
            identity(#"{"mask_token": "the"}"#), identity(#"{"additional_special_tokens": ["cat"]}"#),
        ]
        #expect(Set(others + [usual]).count == 7)
    }
}
