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
        let type = try fields.requiredString("type")
        if let form = UnicodeForm.Kind(rawValue: type) { return UnicodeForm(kind: form) }
        switch type {
        case "BertNormalizer": return try bertNormalizer(fields)
        case "Precompiled": return try precompiled(fields)
        case "Replace": return try replace(fields)
        case "Strip":
            return Strip(left: try flag(fields, "strip_left"), right: try flag(fields, "strip_right"))
        case "Lowercase": return Lowercase()
        case "StripAccents": return StripAccents()
        case "Nmt": return NMT()
        case "Prepend": return Prepend(text: try fields.requiredString("prepend").unicodeScalars.map(\.value))
        case "Sequence":
            var parts: [any Normalizer] = []
            for part in try layers(fields, "normalizers") { parts.append(try normalizer(of: part)) }
            return NormalizerSequence(parts: parts)
        case let type:
            throw unknown(
                fields, type,
                ["BertNormalizer", "Lowercase", "Nmt"] + UnicodeForm.Kind.allCases.map(\.rawValue)
                    + ["Precompiled", "Prepend", "Replace", "Strip", "StripAccents", "Sequence"])
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
                "precompiled_charsmap", "\(text.utf8.count) characters that are not a table",
                "base64 of a double-array trie and its replacements")
        }
        return PrecompiledNormalizer(map: map)
    }

    private static func replace(_ fields: JSONFields) throws(TextError) -> Replace {
        let pattern = try fields.requiredObject("pattern")
        let content = try fields.requiredString("content").unicodeScalars.map(\.value)
        if let text = try pattern.string("String") {
            return Replace(pattern: .text(text.unicodeScalars.map(\.value)), content: content)
        }
        let regex = try pattern.requiredString("Regex")
        guard let known = Replace.pattern(regex: regex) else {
            throw pattern.unsupported(
                "Regex", "\"\(regex.prefix(40))\"", "plain text, or one character or \\s with + or {n,}")
        }
        return Replace(pattern: known, content: content)
    }

    static func preTokenizer(_ fields: JSONFields) throws(TextError) -> any PreTokenizer {
        guard let fields = try fields.object("pre_tokenizer") else { return NoPreTokenizer() }
        return try preTokenizer(of: fields)
    }

    private static func preTokenizer(of fields: JSONFields) throws(TextError) -> any PreTokenizer {
        switch try fields.requiredString("type") {
        case "BertPreTokenizer": return BertPreTokenizer()
        case "ByteLevel":
            return ByteLevel(
                addsPrefixSpace: try flag(fields, "add_prefix_space"), usesRegex: try fields.bool("use_regex") ?? true)
        case "WhitespaceSplit": return WhitespaceSplit()
        case "Whitespace": return Whitespace()
        case "Punctuation":
            return ClassSplitter(matches: .punctuation, behavior: try behavior(fields) ?? .isolated)
        case "Digits":
            let isSingle = try fields.bool("individual_digits") ?? false
            return ClassSplitter(matches: .numbers, behavior: isSingle ? .isolated : .contiguous)
        case "CharDelimiterSplit":
            let mark = try fields.requiredString("delimiter").unicodeScalars
            guard mark.count == 1, let scalar = mark.first else {
                throw fields.wrong("delimiter", "\(mark.count) characters", "one")
            }
            return ClassSplitter(matches: .scalar(scalar.value), behavior: .removed)
        case "Metaspace": return try metaspace(fields)
        case "Split": return try split(fields)
        case "Sequence":
            var parts: [any PreTokenizer] = []
            for part in try layers(fields, "pretokenizers") { parts.append(try preTokenizer(of: part)) }
            return PreTokenizerSequence(parts: parts)
        case let type:
            throw unknown(
                fields, type,
                [
                    "BertPreTokenizer", "ByteLevel", "CharDelimiterSplit", "Digits", "Metaspace", "Punctuation",
                    "Split", "Whitespace", "WhitespaceSplit", "Sequence",
                ])
        }
    }

    /// Only expressions whose matches are the whole text: then each of these settings gives the same words.
    private static func split(_ fields: JSONFields) throws(TextError) -> PatternSplitter {
        let regex = try fields.requiredObject("pattern").requiredString("Regex")
        guard let pattern = WordPattern(regex: regex) else {
            throw fields.unsupported(
                "pattern.Regex", "\"\(regex.prefix(80))\"",
                "the expressions of " + WordPattern.allCases.map(\.rawValue).joined(separator: ", "))
        }
        let (behavior, inverts) = (try behavior(fields), try fields.bool("invert") ?? false)
        guard inverts ? behavior == .removed || behavior == .isolated : behavior == .isolated else {
            throw fields.unsupported(
                "behavior", behavior.map { "\"\($0.rawValue)\"" } ?? "nothing",
                "\"Isolated\", or \"Removed\" with invert")
        }
        return PatternSplitter(pattern: pattern)
    }

    private static func behavior(_ fields: JSONFields) throws(TextError) -> SplitBehavior? {
        guard let word = try fields.string("behavior") else { return nil }
        guard let behavior = SplitBehavior(rawValue: word) else {
            throw fields.wrong(
                "behavior", "\"\(word.prefix(40))\"",
                "Removed, Isolated, MergedWithPrevious, MergedWithNext or Contiguous")
        }
        return behavior
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
}
