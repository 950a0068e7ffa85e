/// The methods of Python's texts, lists and objects that chat templates call.
enum TemplateMethods {
    static let ofTexts: Set<String> = [
        "capitalize", "count", "endswith", "find", "isalnum", "isalpha", "isdigit", "islower",
        "isspace", "isupper", "join", "lower",
        "lstrip", "removeprefix", "removesuffix", "replace", "rfind", "rsplit", "rstrip", "split",
        "splitlines", "startswith",
        "strip", "title", "upper",
        // Refused by name
        "center", "encode", "expandtabs", "format", "format_map", "index", "ljust", "partition",
        "rjust", "rpartition", "swapcase",
        "translate", "zfill",
    ]
    static let ofMaps: Set<String> = [
        "get", "items", "keys", "values", "clear", "copy", "pop", "popitem", "setdefault", "update",
    ]
    static let ofLists: Set<String> = [
        "count", "append", "clear", "copy", "extend", "index", "insert", "pop", "remove", "reverse",
        "sort",
    ]
}

extension TemplateInterpreter {
    func call(
        _ name: String, of value: TemplateValue, _ arguments: TemplateArguments, _ place: Place
    ) throws(TemplateError) -> TemplateValue {
        switch value {
        case .text(let text): return try call(name, ofText: text, arguments, place)
        case .map(let map): return try call(name, ofMap: map, arguments, place)
        case .list(let list):
            guard name == "count" else { throw .unsupported(place, "the method '\(name)' of a list") }
            var count = 0
            let wanted = try arguments.bound(to: ["value"], name, place)[0] ?? .none
            for element in list.elements where try equal(element, wanted, place) { count += 1 }
            return .integer(count)
        case .loop(let loop):
            guard !arguments.values.isEmpty, arguments.named.isEmpty else {
                throw .value(place, "'cycle' needs values")
            }
            return arguments.values[loop.index % arguments.values.count]
        default: throw .unsupported(place, "the method '\(name)' of \(value.kind)")
        }
    }

    private func call(
        _ name: String, ofMap map: TemplateMap, _ arguments: TemplateArguments, _ place: Place
    ) throws(TemplateError) -> TemplateValue {
        switch name {
        case "get":
            let given = try arguments.bound(to: ["key", "default"], name, place)
            guard let key = given[0] else { throw .value(place, "'get' needs a key") }
            try charge(map.entries.count / 4, place)
            return map[key] ?? given[1] ?? .none
        case "items":
            _ = try arguments.bound(to: [], name, place)
            var pairs: [TemplateValue] = []
            for entry in map.entries {
                pairs.append(try made([entry.key, entry.value], place, .tuple))
            }
            return try made(pairs, place, .items)
        case "keys", "values":
            _ = try arguments.bound(to: [], name, place)
            if name == "keys" { return try made(map.entries.map(\.key), place, .keys) }
            return try made(map.entries.map(\.value), place, .values)
        default: throw .unsupported(place, "the method '\(name)' of an object")
        }
    }

    private func call(
        _ name: String, ofText text: String, _ arguments: TemplateArguments, _ place: Place
    ) throws(TemplateError) -> TemplateValue {
        try charge(text.utf8.count / 16, place)
        func bound(_ names: String...) throws(TemplateError) -> [TemplateValue?] {
            try arguments.bound(to: names, name, place)
        }
        /// A text that must be given.
        func needed(_ value: TemplateValue?) throws(TemplateError) -> String {
            guard case .text(let text)? = value else {
                throw .value(place, "'\(name)' needs a text, not \(value?.kind ?? "nothing")")
            }
            return text
        }
        switch name {
        case "strip", "lstrip", "rstrip":
            return try stripped(
                text, try bound("chars")[0], left: name != "rstrip", right: name != "lstrip", place)
        case "split", "rsplit":
            let given = try bound("sep", "maxsplit")
            return try split(
                text, given[0], most: given[1]?.asInteger ?? -1, fromEnd: name == "rsplit", place)
        case "splitlines":
            _ = try bound()
            return try made(Self.lines(text).map { .text($0) }, place)
        case "startswith", "endswith":
            let ends: [TemplateValue]
            let given = try bound("prefix")[0]
            if case .list(let list)? = given, list.form == .tuple {
                ends = list.elements
            } else {
                ends = [given ?? .none]
            }
            for value in ends {
                let end = try needed(value)
                if name == "startswith" ? text.utf8.starts(with: end.utf8) : Self.ends(text, with: end) {
                    return .bool(true)
                }
            }
            return .bool(false)
        case "removeprefix", "removesuffix":
            let end = try needed(try bound("prefix")[0])
            let isThere =
                name == "removeprefix" ? text.utf8.starts(with: end.utf8) : Self.ends(text, with: end)
            guard isThere else { return .text(text) }
            let bytes =
                name == "removeprefix"
                ? text.utf8.dropFirst(end.utf8.count) : text.utf8.dropLast(end.utf8.count)
            return .text(String(decoding: Array(bytes), as: UTF8.self))
        case "upper", "lower", "capitalize":
            _ = try bound()
            return try cased(name, text, place)
        case "title":
            _ = try bound()
            return try made(Self.title(text), place)
        case "replace":
            let given = try bound("old", "new", "count")
            return try replaced(
                text, try needed(given[0]), try needed(given[1]), given[2]?.asInteger, place)
        case "find", "rfind", "count":
            let part = try needed(try bound("sub")[0])
            let places = try places(
                of: part, in: text, most: name == "count" ? .max : 1, fromEnd: name == "rfind", place)
            let count = text.unicodeScalars.count
            if name == "count" { return .integer(part.isEmpty ? count + 1 : places.count) }
            if part.isEmpty { return .integer(name == "find" ? 0 : count) }
            guard let at = places.first else { return .integer(-1) }
            return .integer(
                String(decoding: Array(text.utf8.prefix(at)), as: UTF8.self).unicodeScalars.count)
        case "join":
            return try join(try bound("iterable")[0] ?? .none, by: text, nil, place)
        case "isdigit", "isalpha", "isalnum", "isspace", "islower", "isupper":
            _ = try bound()
            return .bool(Self.isAll(name, text))
        default: throw .unsupported(place, "the method '\(name)' of a text")
        }
    }

    private static func ends(_ text: String, with end: String) -> Bool {
        text.utf8.reversed().starts(with: end.utf8.reversed())
    }

    private static func isAll(_ name: String, _ text: String) -> Bool {
        if name == "islower" || name == "isupper" { return isCased(text, upper: name == "isupper") }
        return !text.isEmpty
            && text.unicodeScalars.allSatisfy { scalar in
                let digit =
                    scalar.properties.numericType == .decimal || scalar.properties.numericType == .digit
                let letter: Bool
                switch scalar.properties.generalCategory {
                case .uppercaseLetter, .lowercaseLetter, .titlecaseLetter, .modifierLetter, .otherLetter:
                    letter = true
                default: letter = false
                }
                switch name {
                case "isdigit": return digit
                case "isalpha": return letter
                case "isspace": return TemplateLexer.isSpace(scalar)
                default: return letter || scalar.properties.numericType != nil
                }
            }
    }
}
