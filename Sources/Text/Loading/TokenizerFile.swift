import Files

/// Reads `tokenizer.json`, the format of Hugging Face's `tokenizers`: one object per layer, whose `type` says which.
///
/// `truncation` and `padding` are left to the caller, except for a direction that would change ids.
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
        var preTokenizer = try preTokenizer(fields)
        if let settings { preTokenizer = settings.applied(to: preTokenizer) }
        let postProcessor = try postProcessor(fields, vocabularySize: size, settings)
        // Other decoders are left alone: encoders make no text
        let isByteLevel = try fields.object("decoder")?.string("type") == "ByteLevel"
        do {
            return try PipelineTokenizer(
                normalizer: normalizer, preTokenizer: preTokenizer, model: model, postProcessor: postProcessor,
                addedTokens: added, isByteLevel: isByteLevel)
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

    private static func addedTokens(
        _ fields: JSONFields, _ model: any SubwordModel
    ) throws(TextError) -> [AddedToken] {
        var tokens: [AddedToken] = []
        let tokenCount = Int32(clamping: model.tokenCount)
        var highest: Int32 = -1
        for (index, value) in try (fields.array("added_tokens") ?? []).enumerated() {
            let token = try JSONFields(file: fields.file, path: "added_tokens[\(index)]", value: value)
            let content = try token.requiredString("content")
            if content.isEmpty { continue }
            let id = try token.requiredID("id")
            // `tokenizers` numbers them itself and only warns where the file says otherwise; a model whose rows
            // follow the file would then get wrong ones.
            let expected = model.id(of: content) ?? max(tokenCount, highest + 1)
            highest = max(highest, expected)
            guard id == expected else {
                throw token.wrong(
                    "id", "\(id)", "\(expected), the id that the vocabulary gives \"\(content.prefix(40))\"",
                    fix: "save the tokenizer again with the version that created it")
            }
            tokens.append(
                AddedToken(
                    content: content, id: id, singleWord: try token.bool("single_word") ?? false,
                    stripsLeft: try token.bool("lstrip") ?? false, stripsRight: try token.bool("rstrip") ?? false,
                    isNormalized: try token.bool("normalized") ?? true, isSpecial: try token.bool("special") ?? false))
        }
        return tokens
    }
}
