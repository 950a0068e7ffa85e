import Files

/// Reads `tokenizer.json`, the format of Hugging Face's `tokenizers`: one object a layer, told apart by `type`.
///
/// `truncation` and `padding` are the caller's business here and skipped, but for a direction that would change ids.
enum TokenizerFile {
    static func tokenizer(
        _ fields: JSONFields, _ settings: TokenizerSettings? = nil, lowersText: Bool = false
    ) throws(TextError) -> any Tokenizer {
        if let version = try fields.string("version"), version != "1.0" {
            throw fields.unsupported("version", "\"\(version.prefix(40))\"", "\"1.0\"")
        }
        for key in ["truncation", "padding"] {
            if let part = try fields.object(key), try part.string("direction") == "Left" {
                throw part.unsupported("direction", "\"Left\"", "\"Right\"")
            }
        }
        let model = try model(try fields.requiredObject("model"))
        if let settings, let name = settings.unknownClass {
            throw settings.options.unsupported(
                "tokenizer_class", "\"\(name.prefix(40))\"", TokenizerSettings.knownClasses)
        }
        var added = try addedTokens(fields, model)
        if let settings { added = try settings.applied(to: added, model) }
        let size = added.reduce(model.vocabularySize) { max($0, Int($1.id) + 1) }
        var normalizer = try normalizer(fields)
        if let settings { normalizer = settings.applied(to: normalizer) }
        if lowersText { normalizer = lowered(normalizer) }
        let preTokenizer = try preTokenizer(fields)
        let postProcessor = try postProcessor(fields, vocabularySize: size)
        do {
            return try PipelineTokenizer(
                normalizer: normalizer, preTokenizer: preTokenizer, model: model, postProcessor: postProcessor,
                addedTokens: added)
        } catch {
            let key = "added_tokens[\(error.index)].content"
            let found =
                error.isEmpty
                ? "a token of which the normalizer leaves nothing"
                : "a token that the normalizer makes equal to an earlier one"
            throw fields.wrong(key, found, "tokens that are distinguishable in a text")
        }
    }

    /// As sentence-transformers' `do_lower_case` has it.
    static func lowered(_ normalizer: any Normalizer) -> any Normalizer {
        let parts = (normalizer as? NormalizerSequence)?.parts ?? [normalizer]
        return parts.contains { $0 is Lowercase } ? normalizer : NormalizerSequence(parts: [Lowercase()] + parts)
    }

    // MARK: Layers

    private static func model(_ fields: JSONFields) throws(TextError) -> any SubwordModel {
        // Old files name no type; only WordPiece has this prefix.
        var type = try fields.string("type")
        if type == nil, try fields.value("max_input_chars_per_word") != nil { type = WordPiece.name }
        switch type {
        case WordPiece.name: return try wordPiece(fields)
        case Unigram.name: return try unigram(fields)
        case nil: throw fields.wrong("type", "nothing", "the model's kind")
        case let type?: throw fields.unsupported("type", "\"\(type.prefix(40))\"", "\"WordPiece\" and \"Unigram\"")
        }
    }

    private static func wordPiece(_ fields: JSONFields) throws(TextError) -> WordPiece {
        let listed = try fields.requiredObject("vocab")
        var pieces: [(piece: String, id: Int32)] = []
        pieces.reserveCapacity(listed.members.count)
        for (piece, value) in listed.members { pieces.append((piece, try listed.id(value, piece))) }
        let vocabulary: Vocabulary
        do {
            vocabulary = try Vocabulary(pieces)
        } catch {
            throw TextError.vocabulary(
                file: fields.file, place: listed.place(error.piece), found: error.found, expected: error.expected)
        }
        let unknown = try fields.requiredString("unk_token")
        guard let unknownID = vocabulary.id(of: unknown) else {
            throw fields.wrong(
                "unk_token", "\"\(unknown.prefix(40))\", which is missing in vocab", "a token of vocab",
                mend: "add it to vocab, or name the token for unknown words")
        }
        return WordPiece(
            vocabulary: vocabulary, unknown: unknownID,
            prefix: try fields.requiredString("continuing_subword_prefix"),
            longestWord: try fields.requiredCount("max_input_chars_per_word"))
    }

    private static func addedTokens(
        _ fields: JSONFields, _ model: any SubwordModel
    ) throws(TextError) -> [AddedToken] {
        var tokens: [AddedToken] = []
        let pieceCount = Int32(clamping: model.pieceCount)
        var highest: Int32 = -1
        for (index, value) in try (fields.array("added_tokens") ?? []).enumerated() {
            let token = try JSONFields(file: fields.file, path: "added_tokens[\(index)]", value: value)
            let content = try token.requiredString("content")
            if content.isEmpty { continue }
            let id = try token.requiredID("id")
            // `tokenizers` numbers them itself and only warns where the file says otherwise; a model whose rows
            // follow the file would then get wrong ones.
            let expected = model.id(of: content) ?? max(pieceCount, highest + 1)
            highest = max(highest, expected)
            guard id == expected else {
                throw token.wrong(
                    "id", "\(id)", "\(expected), the id that the vocabulary gives \"\(content.prefix(40))\"",
                    mend: "save the tokenizer again with the version that created it")
            }
            tokens.append(
                AddedToken(
                    content: content, id: id, singleWord: try token.bool("single_word") ?? false,
                    stripsLeft: try token.bool("lstrip") ?? false, stripsRight: try token.bool("rstrip") ?? false,
                    isNormalized: try token.bool("normalized") ?? true))
        }
        return tokens
    }
}
