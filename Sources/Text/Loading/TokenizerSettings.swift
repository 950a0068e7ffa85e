import Files
import Foundation

/// Which files of a folder describe its tokenizer.
enum TokenizerForm {
    /// tokenizer.json
    case tokenizerFile
    /// vocab.txt, which is BERT's
    case vocabularyFile
    /// vocab.json and merges.txt, which are RoBERTa's
    case mergesFile
}

/// The other files of a folder that change the ids of a text: tokenizer_config.json, special_tokens_map.json,
/// added_tokens.json and, for the tokenizer's class, config.json; applied as `transformers` (4.57) applies them.
///
/// The class decides what is overridden. BERT's sets lower case, accents and ideographs to the values in
/// tokenizer_config.json or to its own defaults, whatever tokenizer.json says. Every class sets the prefix space of a
/// byte-level pre-tokenizer in the same way, and RoBERTa's the trimming of offsets too. Without a class, tokenizer.json alone
/// decides.
struct TokenizerSettings {
    enum Family { case none, bert, roberta, xlmRoberta, generic }

    let family: Family
    /// tokenizer_config.json, or an empty object.
    let options: JSONFields
    /// What BERT's class makes of its normalizer.
    private(set) var lowers = true
    private(set) var stripsAccents: Bool?
    private(set) var separatesIdeographs = true
    /// Whether a byte-level pre-tokenizer puts a space before a text; nil: as its own file says.
    private(set) var prefixSpace: Bool?
    /// Whether RoBERTa's post-processor trims offsets; nil: as its own file says.
    private(set) var trimsOffsets: Bool?
    /// Tokens to add, with the id that the file gives them, and special tokens, which may be in the vocabulary.
    private(set) var added: [(token: AddedToken, place: String)] = []
    private(set) var special: [SpecialToken] = []

    struct SpecialToken {
        var key: String
        var token: AddedToken
        /// It is the class's default, which no file names: if the vocabulary lacks it, nothing is added.
        var isDefault: Bool
    }

    /// BERT's vocabulary and normalizer, and its `[CLS] A [SEP] B [SEP]`.
    private static let bertClasses = [
        "Bert", "ConvBert", "DistilBert", "Electra", "LayoutLM", "Lxmert", "MobileBert", "RetriBert", "SqueezeBert",
    ]
    /// RoBERTa's special tokens, but sentencepiece's model.
    private static let xlmRobertaClasses = ["XLMRoberta", "Camembert"]
    /// The second is the first's name in transformers 5; the others change nothing of what `tokenizer.json` says.
    private static let genericClasses = ["PreTrainedTokenizer", "TokenizersBackend", "GPT2Tokenizer", "Qwen2Tokenizer"]
    static let knownClasses =
        "BertTokenizer, GPT2Tokenizer, Qwen2Tokenizer, RobertaTokenizer, XLMRobertaTokenizer, PreTrainedTokenizer and "
        + "similar classes"

    /// The class's name if it is unknown. It is refused once the model's kind is known.
    let unknownClass: String?

    private static let order = [
        "bos_token", "eos_token", "unk_token", "sep_token", "pad_token", "cls_token", "mask_token",
    ]
    private static let bertTokens = [
        "unk_token": "[UNK]", "sep_token": "[SEP]", "pad_token": "[PAD]", "cls_token": "[CLS]",
        "mask_token": "[MASK]",
    ]
    private static let robertaTokens = [
        "bos_token": "<s>", "eos_token": "</s>", "unk_token": "<unk>", "sep_token": "</s>", "pad_token": "<pad>",
        "cls_token": "<s>", "mask_token": "<mask>",
    ]

    init(_ folder: URL, _ form: TokenizerForm) throws(TextError) {
        func object(_ name: String) throws(TextError) -> JSONFields? {
            try TextFile.object(folder.appendingPathComponent(name))
        }
        let file = "tokenizer_config.json"
        try self.init(
            options: try object(file), file: folder.appendingPathComponent(file).path,
            model: try object("config.json"), map: try object("special_tokens_map.json"),
            more: try object("added_tokens.json"), form: form)
    }

    /// - Parameters:
    ///   - options: tokenizer_config.json
    ///   - file: its name, for messages
    ///   - model: config.json
    ///   - map: special_tokens_map.json
    ///   - more: added_tokens.json
    init(
        options: JSONFields?, file: String, model: JSONFields?, map: JSONFields?, more: JSONFields?,
        form: TokenizerForm
    ) throws(TextError) {
        if let options {
            self.options = options
        } else {
            self.options = try JSONFields(file: file, path: "", value: .object([]))
        }
        (family, unknownClass) = try Self.family(self.options, model, form)
        try Self.refuseOthers(self.options)
        if family == .none { return }
        if family == .bert {
            lowers = try self.options.bool("do_lower_case") ?? true
            stripsAccents = try self.options.bool("strip_accents")
            separatesIdeographs = try self.options.bool("tokenize_chinese_chars") ?? true
        }
        prefixSpace = try self.options.bool("add_prefix_space") ?? false
        if family == .roberta { trimsOffsets = try self.options.bool("trim_offsets") ?? true }
        if let decoder = try self.options.object("added_tokens_decoder") {
            added = try Self.decoded(decoder)
            special = try specialTokens(nil)
        } else {
            special = try specialTokens(map)
            if let more { added = try Self.listed(more, special) }
        }
    }

    private static func family(
        _ options: JSONFields, _ model: JSONFields?, _ form: TokenizerForm
    ) throws(TextError) -> (Family, String?) {
        var name = try options.string("tokenizer_class")
        if name == nil { name = try model?.string("tokenizer_class") }
        guard let name else {
            if form == .vocabularyFile { return (.bert, nil) }
            switch try model?.string("model_type") {
            case "bert"?, "distilbert"?, "electra"?: return (.bert, nil)
            case "roberta"?: return (.roberta, nil)
            case "xlm-roberta"?: return (.xlmRoberta, nil)
            default: return (form == .mergesFile ? .roberta : .none, nil)
            }
        }
        var stem = name.hasSuffix("Fast") ? String(name.dropLast(4)) : name
        if genericClasses.contains(stem) { return (.generic, nil) }
        if stem.hasSuffix("Tokenizer") { stem.removeLast("Tokenizer".count) }
        if bertClasses.contains(stem) { return (.bert, nil) }
        if stem == "Roberta" { return (.roberta, nil) }
        if xlmRobertaClasses.contains(stem) { return (.xlmRoberta, nil) }
        return (.generic, name)
    }

    private static func refuseOthers(_ options: JSONFields) throws(TextError) {
        if try options.string("truncation_side") == "left" {
            throw options.unsupported("truncation_side", "\"left\"", "\"right\"")
        }
        if try options.bool("split_special_tokens") == true {
            throw options.unsupported("split_special_tokens", "true", "false")
        }
    }

    // MARK: Tokens

    /// `{"content": "[MASK]", "lstrip": false, …}`
    private static func token(
        _ fields: JSONFields, id: Int32, isSpecial: Bool
    ) throws(TextError) -> AddedToken {
        AddedToken(
            content: try fields.requiredString("content"), id: id, singleWord: try fields.bool("single_word") ?? false,
            stripsLeft: try fields.bool("lstrip") ?? false, stripsRight: try fields.bool("rstrip") ?? false,
            isNormalized: try fields.bool("normalized") ?? !isSpecial, isSpecial: isSpecial)
    }

    private static func decoded(_ decoder: JSONFields) throws(TextError) -> [(token: AddedToken, place: String)] {
        var tokens: [(token: AddedToken, place: String)] = []
        for (key, value) in decoder.members {
            guard let id = Int32(key), id >= 0, id < Int32.max else {
                throw decoder.wrong(key, "this key", "a token id")
            }
            let fields = try JSONFields(file: decoder.file, path: decoder.place(key), value: value)
            let isSpecial = try fields.bool("special") ?? false
            tokens.append((try token(fields, id: id, isSpecial: isSpecial), "\(decoder.file): \(decoder.place(key))"))
        }
        return tokens.sorted { $0.token.id < $1.token.id }
    }

    /// added_tokens.json: texts with their ids.
    private static func listed(
        _ fields: JSONFields, _ special: [SpecialToken]
    ) throws(TextError) -> [(token: AddedToken, place: String)] {
        var tokens: [(token: AddedToken, place: String)] = []
        for (content, value) in fields.members {
            let id = try fields.id(value, content)
            let isSpecial = special.contains { $0.token.content.utf8.elementsEqual(content.utf8) }
            tokens.append(
                (
                    AddedToken(content: content, id: id, isNormalized: !isSpecial, isSpecial: isSpecial),
                    "\(fields.file): \(content)"
                ))
        }
        return tokens.sorted { $0.token.id < $1.token.id }
    }

    /// - Parameter map: special_tokens_map.json, which comes before tokenizer_config.json
    private func specialTokens(_ map: JSONFields?) throws(TextError) -> [SpecialToken] {
        func one(_ fields: JSONFields?, _ key: String) throws(TextError) -> AddedToken? {
            guard let fields, let value = try fields.value(key) else { return nil }
            if case .object = value, let object = try fields.object(key) {
                return try Self.token(object, id: 0, isSpecial: true)
            }
            return try fields.string(key).map { plain($0, key) }
        }
        let isRoberta = family == .roberta || family == .xlmRoberta
        func plain(_ text: String, _ key: String) -> AddedToken {
            AddedToken(content: text, id: 0, stripsLeft: isRoberta && key == "mask_token", isSpecial: true)
        }
        var tokens: [SpecialToken] = []
        let defaults = family == .bert ? Self.bertTokens : isRoberta ? Self.robertaTokens : [:]
        for key in Self.order {
            var token = try one(map, key)
            if token == nil { token = try one(options, key) }
            if let token {
                tokens.append(SpecialToken(key: key, token: token, isDefault: false))
            } else if let text = defaults[key] {
                tokens.append(SpecialToken(key: key, token: plain(text, key), isDefault: true))
            }
        }
        for fields in [options, map].compactMap({ $0 }) {
            let key = "additional_special_tokens"
            for (i, value) in try (fields.array(key) ?? []).enumerated() {
                let token: AddedToken
                if case .string(let text) = value {
                    token = AddedToken(content: text, id: 0, isSpecial: true)
                } else {
                    let object = try JSONFields(file: fields.file, path: fields.place("\(key)[\(i)]"), value: value)
                    token = try Self.token(object, id: 0, isSpecial: true)
                }
                tokens.append(SpecialToken(key: key, token: token, isDefault: false))
            }
        }
        return tokens
    }

    // MARK: Application

    /// The normalizer that the class makes of the file's.
    func applied(to normalizer: any Normalizer) -> any Normalizer {
        guard family == .bert, let bert = normalizer as? BertNormalizer else { return normalizer }
        return BertNormalizer(
            cleansText: bert.cleansText, separatesIdeographs: separatesIdeographs,
            stripsAccents: stripsAccents ?? lowers, lowers: lowers)
    }

    /// The pre-tokenizer that the class makes of the file's.
    func applied(to preTokenizer: any PreTokenizer) -> any PreTokenizer {
        guard let prefixSpace, var byteLevel = preTokenizer as? ByteLevel else { return preTokenizer }
        byteLevel.addsPrefixSpace = prefixSpace
        return byteLevel
    }

    /// The added tokens of the file, with those of the settings: a listed one replaces the file's own of that text.
    func applied(to tokens: [AddedToken], _ model: any SubwordModel) throws(TextError) -> [AddedToken] {
        var tokens = tokens
        func place(_ content: String) -> Int? { tokens.firstIndex { $0.content.utf8.elementsEqual(content.utf8) } }
        func next() -> Int32 {
            max(Int32(clamping: model.tokenCount), tokens.map { $0.id + 1 }.max() ?? 0)
        }
        for (token, source) in added where !token.content.isEmpty {
            let old = place(token.content)
            // `transformers` numbers them itself and does not look at the id; a model whose rows follow the file would
            // then get wrong ones.
            let id = old.map { tokens[$0].id } ?? model.id(of: token.content) ?? next()
            guard id == token.id else {
                throw TextError.vocabulary(
                    file: source, place: "id", found: "\(token.id)",
                    expected: "\(id), the id that the tokenizer gives \"\(token.content.prefix(40))\"")
            }
            if let old { tokens[old] = token } else { tokens.append(token) }
        }
        for one in special where !one.token.content.isEmpty && place(one.token.content) == nil {
            var token = one.token
            guard let id = model.id(of: token.content) ?? (one.isDefault ? nil : next()) else { continue }
            token.id = id
            tokens.append(token)
        }
        return tokens
    }
}
