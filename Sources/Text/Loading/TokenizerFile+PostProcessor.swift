import Files

/// The fourth layer of `tokenizer.json`.
extension TokenizerFile {
    static func postProcessor(
        _ fields: JSONFields, vocabularySize: Int, _ settings: TokenizerSettings? = nil
    ) throws(TextError) -> any PostProcessor {
        guard let fields = try fields.object("post_processor") else { return TemplateProcessing.none }
        switch try fields.requiredString("type") {
        case "ByteLevel":
            return TrimmingProcessor(trimming: try trimming(fields, settings), next: TemplateProcessing.none)
        case "RobertaProcessing":
            let template = TemplateProcessing.roberta(
                cls: try tokenPair(fields, "cls", vocabularySize), sep: try tokenPair(fields, "sep", vocabularySize))
            return TrimmingProcessor(trimming: try trimming(fields, settings), next: template)
        case "Sequence":
            return try sequence(fields, vocabularySize)
        case let type:
            return try template(fields, type: type, vocabularySize)
        }
    }

    /// A post-processor that adds special tokens and does nothing else.
    private static func template(
        _ fields: JSONFields, type: String, _ vocabularySize: Int
    ) throws(TextError) -> TemplateProcessing {
        switch type {
        case "BertProcessing":
            return TemplateProcessing.bert(
                cls: try tokenPair(fields, "cls", vocabularySize), sep: try tokenPair(fields, "sep", vocabularySize))
        case "TemplateProcessing":
            return try template(fields, vocabularySize)
        default:
            throw fields.unsupported(
                "type", "\"\(type.prefix(40))\"",
                "\"BertProcessing\", \"ByteLevel\", \"RobertaProcessing\", \"TemplateProcessing\", \"Sequence\" or null"
            )
        }
    }

    /// Any number of ByteLevel, then at most one that adds special tokens.
    private static func sequence(_ fields: JSONFields, _ vocabularySize: Int) throws(TextError) -> any PostProcessor {
        var found: OffsetTrimming?
        var next: TemplateProcessing?
        for (i, value) in try fields.requiredArray("processors").enumerated() {
            let part = try JSONFields(file: fields.file, path: fields.place("processors[\(i)]"), value: value)
            let type = try part.requiredString("type")
            guard next == nil, found == nil || type != "ByteLevel" else {
                throw part.unsupported(
                    "type", "\"\(type.prefix(40))\" after \"\(next == nil ? "ByteLevel" : "a template")\"",
                    "\"ByteLevel\" followed by \"TemplateProcessing\" or \"BertProcessing\"")
            }
            if type == "ByteLevel" {
                found = try trimming(part, nil)
            } else {
                next = try template(part, type: type, vocabularySize)
            }
        }
        return TrimmingProcessor(trimming: found, next: next ?? .none)
    }

    /// The settings of the folder come before the file's own, as in `transformers`.
    private static func trimming(
        _ fields: JSONFields, _ settings: TokenizerSettings?
    ) throws(TextError) -> OffsetTrimming? {
        guard let trims = try fields.bool("trim_offsets") else {
            throw fields.wrong("trim_offsets", "nothing", "true or false")
        }
        guard let addsPrefixSpace = try fields.bool("add_prefix_space") else {
            throw fields.wrong("add_prefix_space", "nothing", "true or false")
        }
        guard settings?.trimsOffsets ?? trims else { return nil }
        let isRoberta = settings?.trimsOffsets != nil
        return OffsetTrimming(
            addsPrefixSpace: isRoberta ? settings?.prefixSpace ?? addsPrefixSpace : addsPrefixSpace)
    }

    /// `["[CLS]", 101]`
    private static func tokenPair(
        _ fields: JSONFields, _ key: String, _ vocabularySize: Int
    ) throws(TextError) -> Int32 {
        let pair = try fields.requiredArray(key)
        guard pair.count == 2, case .string = pair[0] else {
            throw fields.wrong(key, "a list of \(pair.count)", "a token and its id")
        }
        return try known(pair[1], fields, key, vocabularySize)
    }

    /// An id that the embedding has a row for.
    private static func known(
        _ value: JSONValue, _ fields: JSONFields, _ key: String, _ vocabularySize: Int
    ) throws(TextError) -> Int32 {
        let id = try fields.id(value, key)
        guard Int(id) < vocabularySize else {
            throw fields.wrong(key, "\(id)", "an id below \(vocabularySize), the vocabulary's size")
        }
        return id
    }

    private static func template(_ fields: JSONFields, _ vocabularySize: Int) throws(TextError) -> TemplateProcessing {
        let specials = try fields.requiredObject("special_tokens")
        let single = try items(fields, "single", specials, vocabularySize)
        let pair = try items(fields, "pair", specials, vocabularySize)
        func sequences(_ items: [TemplateProcessing.Item]) -> [Int] {
            items.compactMap { if case .sequence(let index, _) = $0 { index } else { nil } }.sorted()
        }
        guard sequences(single) == [0] else {
            throw fields.wrong("single", "a template of other texts", "Sequence A once")
        }
        guard sequences(pair) == [0, 1] else {
            throw fields.wrong("pair", "a template of other texts", "Sequence A and Sequence B, each once")
        }
        return TemplateProcessing(single: single, pair: pair)
    }

    private static func items(
        _ fields: JSONFields, _ key: String, _ specials: JSONFields, _ vocabularySize: Int
    ) throws(TextError) -> [TemplateProcessing.Item] {
        var items: [TemplateProcessing.Item] = []
        for (index, value) in try fields.requiredArray(key).enumerated() {
            let place = fields.place("\(key)[\(index)]")
            let item = try JSONFields(file: fields.file, path: place, value: value)
            if let special = try item.object("SpecialToken") {
                let token = try specials.requiredObject(try special.requiredString("id"))
                var ids: [Int32] = []
                for value in try token.requiredArray("ids") {
                    ids.append(try known(value, token, "ids", vocabularySize))
                }
                items.append(.special(ids: ids, type: try special.requiredID("type_id")))
            } else if let sequence = try item.object("Sequence") {
                let name = try sequence.requiredString("id")
                guard name == "A" || name == "B" else {
                    throw sequence.wrong("id", "\"\(name.prefix(40))\"", "\"A\" or \"B\"")
                }
                items.append(.sequence(name == "A" ? 0 : 1, type: try sequence.requiredID("type_id")))
            } else {
                throw fields.wrong("\(key)[\(index)]", value.summary, "SpecialToken or Sequence")
            }
        }
        return items
    }
}
