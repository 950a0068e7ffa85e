import Files
import Foundation

/// What stands beside tokenizer.json or vocab.txt and changes which ids a text gets: tokenizer_config.json, special_tokens_map.json,
/// added_tokens.json and, for the tokenizer's class, config.json; applied as `transformers` (4.57) applies them.
///
/// The class decides what is overridden. BERT's sets lower case, accents and ideographs anew, by its own defaults where
/// tokenizer_config.json says nothing, whatever tokenizer.json says. Without a class only `tokenizers` itself decides.
struct TokenizerSettings {
    enum Family { case none, bert, roberta, generic }

    let family: Family
    /// tokenizer_config.json, or an empty object.
    let options: JSONFields
    /// What BERT's class makes of its normalizer.
    private(set) var lowers = true
    private(set) var stripsAccents: Bool?
    private(set) var separatesIdeographs = true
    /// Tokens to add, with the id that the file gives them, and special tokens, which may be in the vocabulary.
    private(set) var added: [(token: AddedToken, place: String)] = []
    private(set) var special: [SpecialToken] = []

    struct SpecialToken {
        var key: String
        var token: AddedToken
        /// Only the class says so: where the vocabulary lacks it, nothing is added.
        var isUsual: Bool
    }

    /// BERT's vocabulary and normalizer, and its `[CLS] A [SEP] B [SEP]`.
    private static let bertClasses = [
        "Bert", "ConvBert", "DistilBert", "Electra", "LayoutLM", "Lxmert", "MobileBert", "RetriBert", "SqueezeBert",
    ]
    private static let robertaClasses = ["Roberta", "XLMRoberta", "Camembert"]
    /// transformers 5 calls the second so.
    private static let genericClasses = ["PreTrainedTokenizer", "TokenizersBackend"]
    static let knownClasses = "BertTokenizer, XLMRobertaTokenizer, PreTrainedTokenizer and their kin"

    /// The class's name if it is none that we know: refused once the model's kind is known.
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

    /// - Parameter isVocabulary: for vocab.txt, which has no class of its own but is BERT's
    init(_ folder: URL, isVocabulary: Bool) throws(TextError) {
        let file = folder.appendingPathComponent("tokenizer_config.json")
        let configuration = folder.appendingPathComponent("config.json")
        try self.init(
            options: try TextFile.object(file), file: file.path, model: try TextFile.object(configuration),
            map: try TextFile.object(folder.appendingPathComponent("special_tokens_map.json")),
            more: try TextFile.object(folder.appendingPathComponent("added_tokens.json")), isVocabulary: isVocabulary)
    }

    init(
        options: JSONFields?, file: String, model: JSONFields?, map: JSONFields?, more: JSONFields?,
        isVocabulary: Bool
    ) throws(TextError) {
        if let options {
            self.options = options
        } else {
            self.options = try JSONFields(file: file, path: "", value: .object([]))
        }
        (family, unknownClass) = try Self.family(self.options, model, isVocabulary: isVocabulary)
        try Self.refuseOthers(self.options)
        if family == .bert {
            lowers = try self.options.bool("do_lower_case") ?? true
            stripsAccents = try self.options.bool("strip_accents")
            separatesIdeographs = try self.options.bool("tokenize_chinese_chars") ?? true
        }
        if family == .none { return }
        if let decoder = try self.options.object("added_tokens_decoder") {
            added = try Self.decoded(decoder)
            special = try specialTokens(nil)
        } else {
            special = try specialTokens(map)
            if let more { added = try Self.listed(more, special) }
        }
    }

    private static func family(
        _ options: JSONFields, _ model: JSONFields?, isVocabulary: Bool
    ) throws(TextError) -> (Family, String?) {
        var name = try options.string("tokenizer_class")
        if name == nil { name = try model?.string("tokenizer_class") }
        guard let name else {
            switch try model?.string("model_type") {
            case "bert"?: return (.bert, nil)
            case "roberta"?, "xlm-roberta"?: return (isVocabulary ? .bert : .roberta, nil)
            default: return (isVocabulary ? .bert : .none, nil)
            }
        }
        var stem = name.hasSuffix("Fast") ? String(name.dropLast(4)) : name
        if genericClasses.contains(stem) { return (.generic, nil) }
        if stem.hasSuffix("Tokenizer") { stem.removeLast("Tokenizer".count) }
        if bertClasses.contains(stem) { return (.bert, nil) }
        if robertaClasses.contains(stem) { return (.roberta, nil) }
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
        _ fields: JSONFields, id: Int32, normalized: Bool
    ) throws(TextError) -> AddedToken {
        AddedToken(
            content: try fields.requiredString("content"), id: id, singleWord: try fields.bool("single_word") ?? false,
            stripsLeft: try fields.bool("lstrip") ?? false, stripsRight: try fields.bool("rstrip") ?? false,
            isNormalized: try fields.bool("normalized") ?? normalized)
    }

    private static func decoded(_ decoder: JSONFields) throws(TextError) -> [(token: AddedToken, place: String)] {
        var tokens: [(token: AddedToken, place: String)] = []
        for (key, value) in decoder.members {
            guard let id = Int32(key), id >= 0, id < Int32.max else {
                throw decoder.wrong(key, "this key", "a token id")
            }
            let fields = try JSONFields(file: decoder.file, path: decoder.place(key), value: value)
            let isSpecial = try fields.bool("special") ?? false
            tokens.append((try token(fields, id: id, normalized: !isSpecial), "\(decoder.file): \(decoder.place(key))"))
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
                (AddedToken(content: content, id: id, isNormalized: !isSpecial), "\(fields.file): \(content)"))
        }
        return tokens.sorted { $0.token.id < $1.token.id }
    }

    /// - Parameter map: special_tokens_map.json, which comes before tokenizer_config.json
    private func specialTokens(_ map: JSONFields?) throws(TextError) -> [SpecialToken] {
        func one(_ fields: JSONFields?, _ key: String) throws(TextError) -> AddedToken? {
            guard let fields, let value = try fields.value(key) else { return nil }
            if case .object = value, let object = try fields.object(key) {
                return try Self.token(object, id: 0, normalized: false)
            }
            guard let text = try fields.string(key) else { return nil }
            return AddedToken(content: text, id: 0)
        }
        var tokens: [SpecialToken] = []
        let usual = family == .bert ? Self.bertTokens : family == .roberta ? Self.robertaTokens : [:]
        for key in Self.order {
            var token = try one(map, key)
            if token == nil { token = try one(options, key) }
            if let token {
                tokens.append(SpecialToken(key: key, token: token, isUsual: false))
            } else if let text = usual[key] {
                let takesSpace = family == .roberta && key == "mask_token"
                tokens.append(
                    SpecialToken(
                        key: key, token: AddedToken(content: text, id: 0, stripsLeft: takesSpace), isUsual: true))
            }
        }
        for fields in [options, map].compactMap({ $0 }) {
            let key = "additional_special_tokens"
            for (i, value) in try (fields.array(key) ?? []).enumerated() {
                let token: AddedToken
                if case .string(let text) = value {
                    token = AddedToken(content: text, id: 0)
                } else {
                    let object = try JSONFields(file: fields.file, path: fields.place("\(key)[\(i)]"), value: value)
                    token = try Self.token(object, id: 0, normalized: false)
                }
                tokens.append(SpecialToken(key: key, token: token, isUsual: false))
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

    /// The added tokens of the file, with those of the settings: a listed one replaces the file's own of that text.
    func applied(to tokens: [AddedToken], _ model: any SubwordModel) throws(TextError) -> [AddedToken] {
        var tokens = tokens
        func place(_ content: String) -> Int? { tokens.firstIndex { $0.content.utf8.elementsEqual(content.utf8) } }
        func next() -> Int32 {
            max(Int32(clamping: model.pieceCount), tokens.map { $0.id + 1 }.max() ?? 0)
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
            guard let id = model.id(of: token.content) ?? (one.isUsual ? nil : next()) else { continue }
            token.id = id
            tokens.append(token)
        }
        return tokens
    }
}
