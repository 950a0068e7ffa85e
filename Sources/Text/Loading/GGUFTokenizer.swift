import Files

/// Reads the tokenizer in a GGUF file's metadata: byte-level BPE (`tokenizer.ggml.model` is gpt2).
///
/// The file has the tokens, their kinds and the merges; how a text is split is a name there (`tokenizer.ggml.pre`), which stands
/// for the layers that the same model has in its `tokenizer.json`.
enum GGUFTokenizer {
    /// What a name of `tokenizer.ggml.pre` means.
    private struct Family {
        var names: [String]
        var normalizer: any Normalizer = NoNormalizer()
        var preTokenizer: any PreTokenizer
        /// A word of the vocabulary is one token, whatever the merges give.
        var ignoresMerges = false
        /// A text begins with a token unless the file says otherwise.
        var addsFirst = false
    }

    private static let byteLevel = ByteLevel(addsPrefixSpace: false, usesRegex: true)
    private static let bytes = ByteLevel(addsPrefixSpace: false, usesRegex: false)

    private static let families: [Family] = [
        Family(names: ["gpt-2", "gpt2", "phi-2", "mpt", "olmo"], preTokenizer: byteLevel),
        Family(
            names: ["smollm", "starcoder", "refact", "command-r", "codeshell"],
            preTokenizer: PreTokenizerSequence(parts: [
                ClassSplitter(matches: .numbers, behavior: .isolated), byteLevel,
            ])),
        Family(
            names: ["llama-bpe", "llama3", "llama-v3"],
            preTokenizer: PreTokenizerSequence(parts: [PatternSplitter(pattern: .llama3), bytes]), ignoresMerges: true,
            addsFirst: true),
        Family(
            names: ["qwen2"], normalizer: UnicodeForm(kind: .NFC),
            preTokenizer: PreTokenizerSequence(parts: [PatternSplitter(pattern: .qwen2), bytes])),
    ]

    /// A token's kind in the file, by its number.
    private enum Kind {
        /// Stands for no text.
        static let control = 3
        /// Looked for in the text like a control token, but stands for itself.
        static let added = 4
    }

    static func tokenizer(_ file: GGUFFile, lowersText: Bool = false) throws(TextError) -> any Tokenizer {
        guard let model = try value(file.text, "model") else { throw field(file, "model", "nothing", "gpt2") }
        guard model == "gpt2" else {
            throw TextError.unsupported(
                file: file.name, field: key("model"), found: "\"\(model.prefix(40))\"", supported: "\"gpt2\"")
        }
        let family = try family(try value(file.text, "pre"), file)
        let tokens = try value(file.texts, "tokens") ?? []
        guard !tokens.isEmpty else { throw field(file, "tokens", "nothing", "a list of tokens") }
        let vocabulary = try vocabulary(tokens, file, key("tokens"))
        let kinds = try value(file.integers, "token_type") ?? []
        guard kinds.isEmpty || kinds.count == tokens.count else {
            throw field(file, "token_type", "\(kinds.count) kinds", "\(tokens.count), one for each token")
        }
        var list = MergeList(vocabulary: vocabulary, prefix: "")
        for (i, line) in (try value(file.texts, "merges") ?? []).enumerated() {
            do throws(MergeList.Refusal) { try list.append(MergeList.parts(line)) } catch {
                throw field(file, "merges[\(i)]", error.found, error.expected)
            }
        }
        let added = kinds.enumerated().filter { $1 == Kind.control || $1 == Kind.added }.map { id, kind in
            AddedToken(content: tokens[id], id: Int32(id), isSpecial: kind == Kind.control)
        }
        var normalizer = family.normalizer
        if lowersText { normalizer = TokenizerFile.lowered(normalizer) }
        let first = try end(
            "bos", file, adds: try value(file.flag, "add_bos_token") ?? family.addsFirst, tokens.count)
        let last = try end("eos", file, adds: try value(file.flag, "add_eos_token") ?? false, tokens.count)
        let options = BPE.Options(ignoresMerges: family.ignoresMerges)
        do throws(AddedTokenRefusal) {
            return try PipelineTokenizer(
                normalizer: normalizer, preTokenizer: family.preTokenizer,
                model: BPE(vocabulary: vocabulary, merges: MergeTable(list.merges), options: options),
                postProcessor: template(first: first, last: last),
                addedTokens: added, isByteLevel: true)
        } catch {
            throw field(
                file, "tokens[\(added[error.index].id)]", "an empty token", "tokens that are distinguishable in a text")
        }
    }

    // MARK: Fields

    private static func key(_ name: String) -> String { "tokenizer.ggml." + name }

    /// A field of the metadata, read by one of the file's methods; nil if it is missing.
    private static func value<Value>(
        _ read: (String) throws(FileError) -> Value?, _ name: String
    ) throws(TextError) -> Value? {
        do throws(FileError) { return try read(key(name)) } catch { throw .file(error) }
    }

    private static func field(_ file: GGUFFile, _ name: String, _ found: String, _ expected: String) -> TextError {
        .field(
            file: file.name, field: key(name), found: found, expected: expected,
            fix: "convert the model again, or download the file again")
    }

    private static func family(_ name: String?, _ file: GGUFFile) throws(TextError) -> Family {
        if let family = families.first(where: { $0.names.contains(name ?? "") }) { return family }
        throw TextError.unsupported(
            file: file.name, field: "tokenizer.ggml.pre", found: name.map { "\"\($0.prefix(40))\"" } ?? "nothing",
            supported: families.flatMap(\.names).joined(separator: ", "))
    }

    private static func vocabulary(
        _ tokens: [String], _ file: GGUFFile, _ key: String
    ) throws(TextError) -> Vocabulary {
        do {
            return try Vocabulary(tokens.enumerated().map { ($1, Int32(clamping: $0)) })
        } catch {
            throw TextError.vocabulary(
                file: file.name, place: key, found: "\(error.found) ('\(error.token.prefix(40))')",
                expected: error.expected)
        }
    }

    /// The token that a text begins or ends with; nil: none.
    private static func end(
        _ name: String, _ file: GGUFFile, adds: Bool, _ count: Int
    ) throws(TextError) -> Int32? {
        guard adds else { return nil }
        let id = try value(file.integer, "\(name)_token_id")
        guard let id, 0..<count ~= id else {
            throw field(
                file, "\(name)_token_id", id.map { "\($0)" } ?? "nothing",
                "an id below \(count), as texts get this token")
        }
        return Int32(id)
    }

    /// Each of two texts gets its own ends.
    private static func template(first: Int32?, last: Int32?) -> TemplateProcessing {
        func items(_ index: Int) -> [TemplateProcessing.Item] {
            let type = Int32(index)
            func special(_ id: Int32?) -> [TemplateProcessing.Item] {
                id.map { [.special(ids: [$0], type: type)] } ?? []
            }
            return special(first) + [.sequence(index, type: type)] + special(last)
        }
        return TemplateProcessing(single: items(0), pair: items(0) + items(1))
    }
}
