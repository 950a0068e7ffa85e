import Files
import Foundation

/// The first two layers of `tokenizer.json`: a new one is a file in `Text` and a case here.
extension TokenizerFile {
    private static func unknown(_ fields: JSONFields, _ type: String, _ known: [String]) -> TextError {
        fields.unsupported(
            "type", "\"\(type.prefix(40))\"", known.map { "\"\($0)\"" }.joined(separator: ", ") + " or null")
    }

    static func normalizer(_ fields: JSONFields) throws(TextError) -> any Normalizer {
        guard let fields = try fields.object("normalizer") else { return NoNormalizer() }
        return try normalizer(of: fields)
    }

    private static func normalizer(of fields: JSONFields) throws(TextError) -> any Normalizer {
        switch try fields.requiredString("type") {
        case "BertNormalizer": return try bertNormalizer(fields)
        case "Precompiled": return try precompiled(fields)
        case "Replace": return try replace(fields)
        case "Strip":
            return Strip(left: try flag(fields, "strip_left"), right: try flag(fields, "strip_right"))
        case "Sequence":
            var parts: [any Normalizer] = []
            for part in try layers(fields, "normalizers") { parts.append(try normalizer(of: part)) }
            return NormalizerSequence(parts: parts)
        case let type:
            throw unknown(fields, type, ["BertNormalizer", "Precompiled", "Replace", "Strip", "Sequence"])
        }
    }

    private static func flag(_ fields: JSONFields, _ key: String) throws(TextError) -> Bool {
        guard let value = try fields.bool(key) else { throw fields.wrong(key, "nothing", "true or false") }
        return value
    }

    private static func layers(_ fields: JSONFields, _ key: String) throws(TextError) -> [JSONFields] {
        var parts: [JSONFields] = []
        for (i, value) in try fields.requiredArray(key).enumerated() {
            parts.append(try JSONFields(file: fields.file, path: fields.place("\(key)[\(i)]"), value: value))
        }
        return parts
    }

    private static func bertNormalizer(_ fields: JSONFields) throws(TextError) -> BertNormalizer {
        let lowers = try flag(fields, "lowercase")
        return BertNormalizer(
            cleansText: try flag(fields, "clean_text"), separatesIdeographs: try flag(fields, "handle_chinese_chars"),
            stripsAccents: try fields.bool("strip_accents") ?? lowers, lowers: lowers)
    }

    private static func precompiled(_ fields: JSONFields) throws(TextError) -> PrecompiledNormalizer {
        let text = try fields.requiredString("precompiled_charsmap")
        guard let data = Data(base64Encoded: text), let map = PrecompiledMap([UInt8](data)) else {
            throw fields.wrong(
                "precompiled_charsmap", "\(text.utf8.count) characters that are no table",
                "base64 of a double-array trie and its replacements")
        }
        return PrecompiledNormalizer(map: map)
    }

    /// Of all that a Replace can be, what sentencepiece's tokenizers have: a space, or their mark in newer files.
    private static func replace(_ fields: JSONFields) throws(TextError) -> SpaceCollapse {
        let pattern = try fields.requiredObject("pattern")
        let regex = try pattern.string("Regex")
        let content = try fields.requiredString("content")
        guard regex == " {2,}", let mark = content.unicodeScalars.first, [0x20, 0x2581].contains(mark.value),
            content.unicodeScalars.count == 1
        else {
            throw fields.unsupported(
                "pattern",
                regex.map { "\"\($0.prefix(40))\" by \"\(content.prefix(40))\"" } ?? "a pattern that is no Regex",
                "\" {2,}\" by \" \" or \"▁\"")
        }
        return SpaceCollapse(mark: mark.value)
    }

    static func preTokenizer(_ fields: JSONFields) throws(TextError) -> any PreTokenizer {
        guard let fields = try fields.object("pre_tokenizer") else { return NoPreTokenizer() }
        return try preTokenizer(of: fields)
    }

    private static func preTokenizer(of fields: JSONFields) throws(TextError) -> any PreTokenizer {
        switch try fields.requiredString("type") {
        case "BertPreTokenizer": return BertPreTokenizer()
        case "WhitespaceSplit": return WhitespaceSplit()
        case "Metaspace": return try metaspace(fields)
        case "Sequence":
            var parts: [any PreTokenizer] = []
            for part in try layers(fields, "pretokenizers") { parts.append(try preTokenizer(of: part)) }
            return PreTokenizerSequence(parts: parts)
        case let type:
            throw unknown(fields, type, ["BertPreTokenizer", "Metaspace", "WhitespaceSplit", "Sequence"])
        }
    }

    private static func metaspace(_ fields: JSONFields) throws(TextError) -> Metaspace {
        var metaspace = Metaspace()
        let mark = try fields.requiredString("replacement").unicodeScalars
        guard mark.count == 1, let scalar = mark.first else {
            throw fields.wrong("replacement", "\(mark.count) characters", "one")
        }
        metaspace.mark = scalar.value
        // Older files say add_prefix_space, newer ones prepend_scheme
        if let scheme = try fields.string("prepend_scheme") {
            guard let prepend = Metaspace.Prepend(rawValue: scheme) else {
                throw fields.wrong("prepend_scheme", "\"\(scheme.prefix(40))\"", "always, first or never")
            }
            metaspace.prepend = prepend
        } else if try fields.bool("add_prefix_space") == false {
            metaspace.prepend = .never
        }
        metaspace.splits = try fields.bool("split") ?? true
        return metaspace
    }

    static func unigram(_ fields: JSONFields) throws(TextError) -> Unigram {
        if try fields.bool("byte_fallback") == true { throw fields.unsupported("byte_fallback", "true", "false") }
        var pieces: [(piece: String, id: Int32)] = []
        var scores: [Double] = []
        for (i, value) in try fields.requiredArray("vocab").enumerated() {
            guard case .array(let pair) = value, pair.count == 2, case .string(let piece) = pair[0] else {
                throw fields.wrong("vocab[\(i)]", value.summary, "a piece with its log probability")
            }
            switch pair[1] {
            case .number(let score): scores.append(score)
            case .integer(let score): scores.append(Double(score))
            default: throw fields.wrong("vocab[\(i)]", pair[1].summary, "a log probability")
            }
            pieces.append((piece, Int32(clamping: i)))
        }
        let vocabulary: Vocabulary
        do {
            vocabulary = try Vocabulary(pieces)
        } catch {
            throw TextError.vocabulary(
                file: fields.file, place: fields.place("vocab"), found: "\(error.found) ('\(error.piece.prefix(40))')",
                expected: error.expected)
        }
        let unknown = try fields.requiredID("unk_id")
        guard Int(unknown) < pieces.count else {
            throw fields.wrong("unk_id", "\(unknown)", "an id below \(pieces.count), the number of pieces")
        }
        return Unigram(vocabulary: vocabulary, scores: scores, unknown: unknown)
    }
}
