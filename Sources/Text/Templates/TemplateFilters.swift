/// The filters that chat templates use: `value | name(arguments)`.
enum TemplateFilters {
    static let names: Set<String> = [
        "abs", "capitalize", "count", "d", "default", "dictsort", "first", "float", "indent", "int",
        "items", "join", "last",
        "length", "list", "lower", "map", "max", "min", "reject", "rejectattr", "replace", "reverse",
        "safe", "select",
        "selectattr", "sort", "string", "sum", "title", "tojson", "trim", "unique", "upper",
    ]
}

extension TemplateInterpreter {
    func filter(
        _ name: String, _ value: TemplateValue, _ arguments: TemplateArguments, _ place: Place
    ) throws(TemplateError) -> TemplateValue {
        func bound(_ names: String...) throws(TemplateError) -> [TemplateValue?] {
            try arguments.bound(to: names, name, place)
        }
        switch name {
        case "map", "select", "reject", "selectattr", "rejectattr":
            return try chosen(name, value, arguments, place)
        case "default", "d":
            let given = try bound("default_value", "boolean")
            let isMissing = value.isUndefined || (given[1]?.isTrue ?? false) && !value.isTrue
            return isMissing ? given[0] ?? .text("") : value
        case "tojson":
            return try json(
                value, try bound("ensure_ascii", "indent", "separators", "sort_keys"), place)
        case "join":
            let given = try bound("d", "attribute")
            return try join(
                value, by: try given[0].map { (d) throws(TemplateError) in try plain(d, place) } ?? "",
                given[1], place)
        case "replace":
            let given = try bound("old", "new", "count")
            guard let old = given[0], let new = given[1] else {
                throw .value(place, "'replace' needs two texts")
            }
            return try replaced(
                try plain(value, place), try plain(old, place), try plain(new, place), given[2]?.asInteger,
                place)
        case "trim":
            let given = try bound("chars")
            return try stripped(try plain(value, place), given[0], left: true, right: true, place)
        case "indent": return try indented(value, try bound("width", "first", "blank"), place)
        case "sort":
            return try sorted(value, try bound("reverse", "case_sensitive", "attribute"), place)
        case "dictsort":
            return try sortedMembers(value, try bound("case_sensitive", "by", "reverse"), place)
        case "unique": return try unique(value, try bound("case_sensitive", "attribute"), place)
        case "min", "max":
            let given = try bound("case_sensitive", "attribute")
            guard case .list(let list) = try sorted(value, [nil, given[0], given[1]], place) else {
                return .undefined(name)
            }
            return (name == "min" ? list.elements.first : list.elements.last) ?? .undefined(name)
        case "sum":
            let given = try bound("attribute", "start")
            var sum = given[1] ?? .integer(0)
            for element in try elements(of: value, place) {
                sum = try compute(.add, sum, try part(given[0], of: element, place), place)
            }
            return sum
        case "int": return try integer(value, try bound("default", "base"), place)
        case "float":
            let given = try bound("default")
            if let number = value.asNumber { return .number(number) }
            if case .text(let text) = value, let number = Self.double(text) { return .number(number) }
            return given[0] ?? .number(0)
        default:
            _ = try bound()
            return try simple(name, value, place)
        }
    }

    /// Those without arguments.
    private func simple(_ name: String, _ value: TemplateValue, _ place: Place) throws(TemplateError)
        -> TemplateValue
    {
        switch name {
        case "length", "count": return .integer(try count(value, place))
        case "upper", "lower", "capitalize": return try cased(name, try plain(value, place), place)
        case "title": return try titled(try plain(value, place), place)
        case "string", "safe": return try made(try plain(value, place), place)
        case "list": return try made(try elements(of: value, place), place)
        case "first", "last":
            let all = try elements(of: value, place)
            return (name == "first" ? all.first : all.last) ?? .undefined("the \(name) element")
        case "reverse":
            let all = Array(try elements(of: value, place).reversed())
            guard case .text = value else { return try made(all, place) }
            return try join(.list(TemplateList(all)), by: "", nil, place)
        case "items":
            if value.isUndefined { return .list(TemplateList([])) }
            guard case .map = value else { throw .value(place, "'items' of \(value.kind)") }
            return try call("items", of: value, TemplateArguments(), place)
        case "abs":
            guard let number = value.asNumber else { throw .value(place, "'abs' of \(value.kind)") }
            if case .bool(let flag) = value { return .integer(flag ? 1 : 0) }
            return number < 0 ? try negated(value, place) : value
        default: throw .unsupported(place, "the filter '\(name)'")
        }
    }

    func count(_ value: TemplateValue, _ place: Place) throws(TemplateError) -> Int {
        switch value {
        case .undefined: return 0
        case .text(let text):
            try charge(text.utf8.count / 16, place)
            return text.unicodeScalars.count
        case .list(let list): return list.elements.count
        case .map(let map): return map.entries.count
        default: throw .value(place, "\(value.kind) has no length")
        }
    }

    // MARK: Texts and numbers

    private func json(
        _ value: TemplateValue, _ given: [TemplateValue?], _ place: Place
    ) throws(TemplateError) -> TemplateValue {
        var json = TemplateText.JSON()
        json.escapesOthers = given[0]?.isTrue ?? false
        switch given[1] {
        case nil, .some(.none): break
        case .text(let text)?: json.indent = text
        case let width?:
            guard let width = width.asInteger, width <= 64 else {
                throw .value(place, "an indent of \(width.kind), or of more than 64 spaces")
            }
            json.indent = String(repeating: " ", count: max(0, width))
        }
        if json.indent != nil { json.between = "," }
        switch given[2] {
        case nil, .some(.none): break
        case .list(let list)?:
            guard list.elements.count == 2, case .text(let between) = list.elements[0],
                case .text(let afterKey) = list.elements[1]
            else { fallthrough }
            (json.between, json.afterKey) = (between, afterKey)
        default: throw .value(place, "separators that are not two texts")
        }
        json.sortsKeys = given[3]?.isTrue ?? false
        json.most = limits.bytes
        try charge(value.size, place)
        let text: String
        do throws(TemplateText.Refusal) { text = try json.text(value) } catch { throw refused(error, place) }
        return try made(text, place)
    }

    private func indented(
        _ value: TemplateValue, _ given: [TemplateValue?], _ place: Place
    ) throws(TemplateError) -> TemplateValue {
        guard case .text(let text) = value else { throw .value(place, "'indent' of \(value.kind)") }
        var indent = "    "
        if case .text(let own)? = given[0] {
            indent = own
        } else if let width = given[0]?.asInteger {
            try check(bytes: max(0, width), place)
            indent = String(repeating: " ", count: max(0, width))
        }
        let lines = Self.lines(text + "\n")
        let (bytes, overflow) = indent.utf8.count.multipliedReportingOverflow(by: lines.count + 1)
        try check(bytes: overflow ? .max : bytes, place)
        let indentsFirst = given[1]?.isTrue ?? false
        let indentsBlank = given[2]?.isTrue ?? false
        let made = lines.enumerated().map { i, line in
            (i == 0 ? indentsFirst : indentsBlank || !line.isEmpty) ? indent + line : line
        }
        return try self.made(made.joined(separator: "\n"), place)
    }

    private func integer(
        _ value: TemplateValue, _ given: [TemplateValue?], _ place: Place
    ) throws(TemplateError) -> TemplateValue {
        if let base = given[1]?.asInteger, base != 10 {
            throw .unsupported(place, "'int' in another base than 10")
        }
        if let number = value.asInteger { return .integer(number) }
        var number = value.asNumber
        if case .text(let text) = value {
            let plain = Self.trimmed(text)
            if let whole = Int(plain), plain.utf8.allSatisfy({ $0 != UInt8(ascii: "_") }) {
                return .integer(whole)
            }
            number = Self.double(text)
        }
        guard let number, let whole = Int(exactly: number.rounded(.towardZero)) else {
            return given[0] ?? .integer(0)
        }
        return .integer(whole)
    }

    /// As Python's `float` reads a text.
    private static func double(_ text: String) -> Double? {
        let plain = trimmed(text)
        guard plain.utf8.allSatisfy({ "0123456789+-.eE".utf8.contains($0) }) else { return nil }
        return Double(plain.hasSuffix(".") ? String(plain.dropLast()) : plain)
    }
}
