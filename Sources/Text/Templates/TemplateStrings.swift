/// What filters and methods do with texts, as Python does it: by Unicode scalars.
extension TemplateInterpreter {
    static func trimmed(_ text: String) -> String {
        let scalars = text.unicodeScalars
        let rest = scalars.drop(while: TemplateLexer.isSpace)
        guard let last = rest.lastIndex(where: { !TemplateLexer.isSpace($0) }) else { return "" }
        return String(rest[...last])
    }

    /// A text without white space, or without the characters of another, at its ends.
    func stripped(
        _ text: String, _ characters: TemplateValue?, left: Bool, right: Bool, _ place: Place
    ) throws(TemplateError) -> TemplateValue {
        var set: Set<Unicode.Scalar>?
        switch characters {
        case nil, .some(.none): break
        case .text(let text)?: set = Set(text.unicodeScalars)
        case let other?: throw .value(place, "characters to strip in \(other.kind)")
        }
        func goes(_ scalar: Unicode.Scalar) -> Bool {
            set?.contains(scalar) ?? TemplateLexer.isSpace(scalar)
        }
        var rest = text.unicodeScalars[...]
        if left { rest = rest.drop(while: goes) }
        if right {
            guard let last = rest.lastIndex(where: { !goes($0) }) else { return .text("") }
            rest = rest[...last]
        }
        return try made(String(rest), place)
    }

    func replaced(
        _ text: String, _ old: String, _ new: String, _ count: Int?, _ place: Place
    ) throws(TemplateError) -> TemplateValue {
        let most = count.map { $0 < 0 ? .max : $0 } ?? .max
        guard !old.isEmpty else { throw .unsupported(place, "replacing an empty text") }
        let places = most == 0 ? [] : try places(of: old, in: text, most: most, place)
        let (added, overflow) = places.count.multipliedReportingOverflow(by: new.utf8.count)
        try check(
            bytes: overflow ? .max : text.utf8.count.addingReportingOverflow(added).partialValue & .max,
            place)
        let bytes = Array(text.utf8)
        var made: [UInt8] = []
        var start = 0
        for at in places {
            made += bytes[start..<at]
            made += new.utf8
            start = at + old.utf8.count
        }
        made += bytes[start...]
        return .text(String(decoding: made, as: UTF8.self))
    }

    /// - Parameters:
    ///   - separator: none: at white space, of which nothing is left
    ///   - most: cuts; under 0: any number
    func split(
        _ text: String, _ separator: TemplateValue?, most: Int, fromEnd: Bool, _ place: Place
    ) throws(TemplateError) -> TemplateValue {
        let most = most < 0 ? .max : most
        switch separator {
        case nil, .some(.none):
            var words = text.unicodeScalars.split(whereSeparator: TemplateLexer.isSpace).map { $0 }
            if words.count > most, !fromEnd, let first = words[most].indices.first {
                let rest = text.unicodeScalars[first...]
                words = Array(words[..<most]) + [rest]
            } else if words.count > most, fromEnd {
                let end = words[words.count - most - 1].endIndex
                words =
                    [text.unicodeScalars[..<end]] + words.suffix(most)
            }
            return try made(words.map { .text(String($0)) }, place)
        case .text(let mark)?:
            guard !mark.isEmpty else { throw .value(place, "an empty separator") }
            let places = try places(of: mark, in: text, most: most, fromEnd: fromEnd, place)
            let bytes = Array(text.utf8)
            var parts: [TemplateValue] = []
            var start = 0
            for at in places + [bytes.count] {
                parts.append(.text(String(decoding: bytes[start..<at], as: UTF8.self)))
                start = at + mark.utf8.count
            }
            return try made(parts, place)
        case let other?: throw .value(place, "a separator of \(other.kind)")
        }
    }

    /// Python's lines, without their ends.
    static func lines(_ text: String) -> [String] {
        var lines: [String] = []
        var line = String.UnicodeScalarView()
        var wasReturn = false
        var isOpen = false
        for scalar in text.unicodeScalars {
            defer { wasReturn = scalar == "\r" }
            if scalar == "\n", wasReturn { continue }
            switch scalar.value {
            case 0x0A...0x0D, 0x1C...0x1E, 0x85, 0x2028, 0x2029:
                lines.append(String(line))
                line = String.UnicodeScalarView()
                isOpen = false
            default:
                line.append(scalar)
                isOpen = true
            }
        }
        if isOpen { lines.append(String(line)) }
        return lines
    }

    func cased(_ name: String, _ text: String, _ place: Place) throws(TemplateError) -> TemplateValue {
        switch name {
        case "upper": return try made(text.uppercased(), place)
        case "lower": return try made(Self.lowered(text), place)
        default: return try made(Self.capitalized(text), place)
        }
    }

    /// With the Greek sigma at the end of a word.
    private static func lowered(_ text: String) -> String {
        let sigma: Unicode.Scalar = "\u{3A3}"
        guard text.unicodeScalars.contains(sigma) else { return text.lowercased() }
        let scalars = Array(text.unicodeScalars)
        func isCased(_ places: some Sequence<Int>) -> Bool {
            for at in places where !scalars[at].properties.isCaseIgnorable { return scalars[at].properties.isCased }
            return false
        }
        var made = ""
        for (i, scalar) in scalars.enumerated() {
            let isLast = scalar == sigma && isCased((0..<i).reversed()) && !isCased(i + 1..<scalars.count)
            made += isLast ? "\u{3C2}" : scalar.properties.lowercaseMapping
        }
        return made
    }

    private static func capitalized(_ text: String) -> String {
        guard let first = text.unicodeScalars.first else { return "" }
        return first.properties.titlecaseMapping + lowered(String(text.unicodeScalars.dropFirst()))
    }

    /// The filter: each word between spaces, hyphens and opening brackets.
    func titled(_ text: String, _ place: Place) throws(TemplateError) -> TemplateValue {
        var made = ""
        var word = String.UnicodeScalarView()
        func finish() {
            let text = String(word)
            made += (text.unicodeScalars.first?.properties.uppercaseMapping ?? "")
            made += Self.lowered(String(text.unicodeScalars.dropFirst()))
            word = String.UnicodeScalarView()
        }
        for scalar in text.unicodeScalars {
            if TemplateLexer.isSpace(scalar) || "-({[<".unicodeScalars.contains(scalar) {
                finish()
                made.unicodeScalars.append(scalar)
            } else {
                word.append(scalar)
            }
        }
        finish()
        return try self.made(made, place)
    }

    /// The method: each run of letters.
    static func title(_ text: String) -> String {
        var made = ""
        var isInside = false
        for scalar in text.unicodeScalars {
            made += isInside ? scalar.properties.lowercaseMapping : scalar.properties.titlecaseMapping
            isInside = scalar.properties.isCased
        }
        return made
    }
}
