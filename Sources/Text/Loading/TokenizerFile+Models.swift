import Files

/// The third layer of `tokenizer.json`.
extension TokenizerFile {
    static func model(_ fields: JSONFields) throws(TextError) -> any SubwordModel {
        var type = try fields.string("type")
        // Old files name no type; only WordPiece has the first field, only BPE the second
        if type == nil, try fields.value("max_input_chars_per_word") != nil { type = WordPiece.name }
        if type == nil, try fields.value("merges") != nil { type = BPE.name }
        switch type {
        case BPE.name: return try bpe(fields)
        case Unigram.name: return try unigram(fields)
        case WordPiece.name: return try wordPiece(fields)
        case nil: throw fields.wrong("type", "nothing", "the model's kind")
        case let type?:
            throw fields.unsupported("type", "\"\(type.prefix(40))\"", "\"BPE\", \"Unigram\" and \"WordPiece\"")
        }
    }

    private static func wordPiece(_ fields: JSONFields) throws(TextError) -> WordPiece {
        let vocabulary = try vocabulary(try fields.requiredObject("vocab"))
        guard let unknown = try id("unk_token", fields, vocabulary) else {
            throw fields.wrong("unk_token", "nothing", "a string")
        }
        return WordPiece(
            vocabulary: vocabulary, unknown: unknown, prefix: try fields.requiredString("continuing_subword_prefix"),
            longestWord: try fields.requiredCount("max_input_chars_per_word"))
    }

    private static func unigram(_ fields: JSONFields) throws(TextError) -> Unigram {
        try refuseByteFallback(fields)
        var tokens: [(token: String, id: Int32)] = []
        var scores: [Double] = []
        for (i, value) in try fields.requiredArray("vocab").enumerated() {
            guard case .array(let pair) = value, pair.count == 2, case .string(let token) = pair[0] else {
                throw fields.wrong("vocab[\(i)]", value.summary, "a token with its log probability")
            }
            switch pair[1] {
            case .number(let score): scores.append(score)
            case .integer(let score): scores.append(Double(score))
            default: throw fields.wrong("vocab[\(i)]", pair[1].summary, "a log probability")
            }
            tokens.append((token, Int32(clamping: i)))
        }
        let vocabulary: Vocabulary
        do {
            vocabulary = try Vocabulary(tokens)
        } catch {
            throw TextError.vocabulary(
                file: fields.file, place: fields.place("vocab"), found: "\(error.found) ('\(error.token.prefix(40))')",
                expected: error.expected)
        }
        let unknown = try fields.requiredID("unk_id")
        guard Int(unknown) < tokens.count else {
            throw fields.wrong("unk_id", "\(unknown)", "an id below \(tokens.count), the number of tokens")
        }
        return Unigram(vocabulary: vocabulary, scores: scores, unknown: unknown)
    }

    private static func bpe(_ fields: JSONFields) throws(TextError) -> BPE {
        try refuseByteFallback(fields)
        switch try fields.value("dropout") {
        case nil, .integer(0)?, .number(0)?: break
        case let value?:
            throw fields.unsupported("dropout", "\(value.summary) (random merges)", "null")
        }
        let vocabulary = try vocabulary(try fields.requiredObject("vocab"))
        let options = BPE.Options(
            unknown: try id("unk_token", fields, vocabulary),
            prefix: try fields.string("continuing_subword_prefix") ?? "",
            suffix: try fields.string("end_of_word_suffix") ?? "", fusesUnknown: try fields.bool("fuse_unk") ?? false,
            ignoresMerges: try fields.bool("ignore_merges") ?? false)
        var list = MergeList(vocabulary: vocabulary, prefix: options.prefix)
        for (i, value) in try fields.requiredArray("merges").enumerated() {
            let key = "merges[\(i)]"
            let parts: [String]
            switch value {
            case .string(let line):
                // Old files hold the lines of merges.txt
                if line.hasPrefix("#version") { continue }
                parts = MergeList.parts(line)
            case .array(let values):
                parts = values.compactMap { if case .string(let token) = $0 { token } else { nil } }
                guard parts.count == values.count else { throw fields.wrong(key, value.summary, "two tokens") }
            default: throw fields.wrong(key, value.summary, "two tokens")
            }
            do {
                try list.append(parts)
            } catch {
                throw fields.wrong(key, error.found, error.expected)
            }
        }
        return BPE(vocabulary: vocabulary, merges: MergeTable(list.merges), options: options)
    }

    private static func refuseByteFallback(_ fields: JSONFields) throws(TextError) {
        if try fields.bool("byte_fallback") == true { throw fields.unsupported("byte_fallback", "true", "false") }
    }

    /// Tokens with their ids, as `{"token": 0, …}`.
    static func vocabulary(_ listed: JSONFields) throws(TextError) -> Vocabulary {
        var tokens: [(token: String, id: Int32)] = []
        tokens.reserveCapacity(listed.members.count)
        for (token, value) in listed.members { tokens.append((token, try listed.id(value, token))) }
        do {
            return try Vocabulary(tokens)
        } catch {
            throw TextError.vocabulary(
                file: listed.file, place: listed.place(error.token), found: error.found, expected: error.expected)
        }
    }

    /// The id of the token that a field names; nil if the field is missing or null.
    private static func id(
        _ key: String, _ fields: JSONFields, _ vocabulary: Vocabulary
    ) throws(TextError) -> Int32? {
        guard let token = try fields.string(key) else { return nil }
        guard let id = vocabulary.id(of: token) else {
            throw fields.wrong(
                key, "\"\(token.prefix(40))\", which is missing in vocab", "a token of vocab",
                fix: "add it to vocab, or name the token for unknown words")
        }
        return id
    }
}
