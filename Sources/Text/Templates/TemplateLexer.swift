/// Cuts the source of a template into texts and the tokens of its tags.
///
/// White space around tags goes as in `transformers`: the line end after a block tag and the spaces before it on its line are dropped
/// (`trim_blocks`, `lstrip_blocks`), `-` drops all of it, `+` keeps it. One line end at the source's end is dropped.
struct TemplateLexer {
    enum Token: Equatable {
        case text(String)
        /// `{{` and `}}`, `{%` and `%}`.
        case outputStart, outputEnd, blockStart, blockEnd
        case name(String)
        case string(String)
        case integer(Int)
        case number(Double)
        /// An operator or a bracket.
        case sign(String)
        case end

        /// For messages.
        var shown: String {
            switch self {
            case .text: "text"
            case .outputStart: "'{{'"
            case .outputEnd: "'}}'"
            case .blockStart: "'{%'"
            case .blockEnd: "'%}'"
            case .name(let name): "'\(name.prefix(40))'"
            case .string(let text): "the string '\(text.prefix(40))'"
            case .integer(let number): "\(number)"
            case .number(let number): "\(number)"
            case .sign(let sign): "'\(sign)'"
            case .end: "the end of the template"
            }
        }
    }

    typealias Place = TemplateError.Place

    private let source: [Unicode.Scalar]
    private var at = 0
    private var line = 1
    private var lineStart = 0
    /// Whether the last tag ended a line, or nothing stands before.
    private var startsLine = true
    private(set) var tokens: [(token: Token, place: Place)] = []

    private static let signs = [
        "**", "//", "==", "!=", ">=", "<=", "+", "-", "*", "/", "%", "~", "[", "]", "(", ")", "{", "}",
        ">", "<", "=", ".", ":",
        "|", ",",
    ].map { Array($0.unicodeScalars) }

    init(_ text: String) throws(TemplateError) {
        var scalars: [Unicode.Scalar] = []
        scalars.reserveCapacity(text.utf8.count)
        var wasReturn = false
        for scalar in text.unicodeScalars {
            defer { wasReturn = scalar == "\r" }
            if scalar == "\n", wasReturn { continue }
            scalars.append(scalar == "\r" ? "\n" : scalar)
        }
        if scalars.last == "\n" { scalars.removeLast() }
        source = scalars
        try run()
    }

    private var place: Place { Place(line: line, column: at - lineStart + 1) }

    private func peek(_ offset: Int = 0) -> Unicode.Scalar? {
        at + offset < source.count ? source[at + offset] : nil
    }

    private func starts(with text: StaticString) -> Bool {
        var offset = 0
        return text.withUTF8Buffer { letters in
            for letter in letters {
                guard peek(offset) == Unicode.Scalar(letter) else { return false }
                offset += 1
            }
            return true
        }
    }

    private mutating func advance(_ count: Int = 1) {
        for _ in 0..<count where at < source.count {
            if source[at] == "\n" {
                line += 1
                lineStart = at + 1
            }
            at += 1
        }
    }

    private mutating func add(_ token: Token, _ place: Place) { tokens.append((token, place)) }

    static func isSpace(_ scalar: Unicode.Scalar) -> Bool {
        scalar.properties.isWhitespace || (0x1C...0x1F).contains(scalar.value)
    }

    private func fault(_ found: String, _ expected: String) -> TemplateError {
        .syntax(place, found: found, expected: expected)
    }

    // MARK: Texts

    private mutating func run() throws(TemplateError) {
        while at < source.count {
            let (start, textPlace) = (at, place)
            while at < source.count, !starts(with: "{{"), !starts(with: "{%"), !starts(with: "{#") {
                advance()
            }
            var text = source[start..<at]
            guard at < source.count else {
                if !text.isEmpty { add(.text(Self.string(text)), textPlace) }
                break
            }
            let isOutput = peek(1) == "{"
            let mark = peek(2)
            if mark == "-" {
                while let last = text.last, Self.isSpace(last) { text.removeLast() }
            } else if mark != "+", !isOutput {
                stripLine(&text)
            }
            if !text.isEmpty { add(.text(Self.string(text)), textPlace) }
            try tag(isMarked: mark == "-" || mark == "+")
        }
        add(.end, place)
    }

    /// Drops the spaces between the beginning of a line and a tag.
    private func stripLine(_ text: inout ArraySlice<Unicode.Scalar>) {
        let lineEnd = text.lastIndex(of: "\n")
        guard lineEnd != nil || startsLine else { return }
        let first = lineEnd.map { $0 + 1 } ?? text.startIndex
        if text[first...].allSatisfy(Self.isSpace) { text = text[..<first] }
    }

    private static func string(_ scalars: some Sequence<Unicode.Scalar>) -> String {
        String(String.UnicodeScalarView(scalars))
    }

    private mutating func tag(isMarked: Bool) throws(TemplateError) {
        let start = place
        let kind = peek(1)
        advance(isMarked ? 3 : 2)
        switch kind {
        case "#":
            while at < source.count, !starts(with: "#}") { advance() }
            guard at < source.count else {
                throw TemplateError.syntax(start, found: "'{#'", expected: "'#}' after it")
            }
            let mark = source[at - 1]
            advance(2)
            closed(mark: mark, isBlock: true)
        case "{":
            add(.outputStart, start)
            try inside(isBlock: false)
        default:
            if try raw() { return }
            add(.blockStart, start)
            try inside(isBlock: true)
        }
    }

    /// White space after a tag that is closed.
    private mutating func closed(mark: Unicode.Scalar?, isBlock: Bool) {
        if mark == "-" {
            while let scalar = peek(), Self.isSpace(scalar) { advance() }
        } else if isBlock, mark != "+", peek() == "\n" {
            advance()
        }
        startsLine = at == 0 || source[at - 1] == "\n"
    }

    /// `{% raw %}`, whose content is text up to `{% endraw %}`; false where another tag stands.
    private mutating func raw() throws(TemplateError) -> Bool {
        let (start, begin) = (at, place)
        guard let after = word("raw", from: at) else { return false }
        advance(after - at)
        let opening = source[after - 3]
        if opening == "-" { closed(mark: "-", isBlock: false) }
        let textStart = at
        while at < source.count {
            if starts(with: "{%") {
                let mark = peek(2)
                let isMarked = mark == "-" || mark == "+"
                if let end = word("endraw", from: at + (isMarked ? 3 : 2)) {
                    var text = source[textStart..<at]
                    if mark == "-" {
                        while let last = text.last, Self.isSpace(last) { text.removeLast() }
                    } else if mark != "+" {
                        startsLine = textStart == 0 || source[textStart - 1] == "\n"
                        stripLine(&text)
                    }
                    if !text.isEmpty { add(.text(Self.string(text)), begin) }
                    advance(end - at)
                    closed(mark: source[end - 3], isBlock: true)
                    return true
                }
            }
            advance()
        }
        at = start
        throw TemplateError.syntax(begin, found: "'raw'", expected: "'endraw' after it")
    }

    /// The place after a tag with one word and its `%}`.
    private func word(_ word: StaticString, from start: Int) -> Int? {
        var index = start
        func skip() { while index < source.count, Self.isSpace(source[index]) { index += 1 } }
        skip()
        let letters = word.withUTF8Buffer { $0.map { Unicode.Scalar($0) } }
        guard source[min(index, source.count)...].starts(with: letters) else { return nil }
        index += letters.count
        skip()
        if index < source.count, source[index] == "-" || source[index] == "+" { index += 1 }
        guard index + 1 < source.count, source[index] == "%", source[index + 1] == "}" else {
            return nil
        }
        return index + 2
    }

    // MARK: Tags

    private mutating func inside(isBlock: Bool) throws(TemplateError) {
        var brackets: [Unicode.Scalar] = []
        while true {
            while let scalar = peek(), Self.isSpace(scalar) { advance() }
            let start = place
            guard let scalar = peek() else {
                throw fault("the end of the template", isBlock ? "'%}'" : "'}}'")
            }
            if brackets.isEmpty, let ending = end(isBlock: isBlock) {
                add(isBlock ? .blockEnd : .outputEnd, start)
                closed(mark: ending.mark, isBlock: isBlock)
                return
            }
            if scalar == "'" || scalar == "\"" {
                add(.string(try string(scalar)), start)
            } else if ("0"..."9").contains(scalar) {
                add(try number(), start)
            } else if scalar == "_" || scalar.properties.isXIDStart {
                let first = at
                while let next = peek(), next == "_" || next.properties.isXIDContinue { advance() }
                add(.name(Self.string(source[first..<at])), start)
            } else if let sign = Self.signs.first(where: { source[at...].starts(with: $0) }) {
                switch scalar {
                case "(": brackets.append(")")
                case "[": brackets.append("]")
                case "{": brackets.append("}")
                case ")", "]", "}":
                    let expected = brackets.popLast()
                    guard expected == scalar else {
                        throw fault("'\(scalar)'", expected.map { "'\($0)'" } ?? "its opening bracket before it")
                    }
                default: break
                }
                guard brackets.count <= 256 else {
                    throw TemplateError.limit(start, "more than 256 brackets within each other")
                }
                advance(sign.count)
                add(.sign(Self.string(sign)), start)
            } else {
                throw fault("'\(scalar)'", "an expression")
            }
        }
    }

    /// The end of a tag, with the mark before it.
    private struct Ending {
        var mark: Unicode.Scalar?
    }

    /// Passes over the end of a tag if it stands here.
    private mutating func end(isBlock: Bool) -> Ending? {
        var mark: Unicode.Scalar?
        if peek() == "-" || isBlock && peek() == "+" { mark = peek() }
        let first: Unicode.Scalar = isBlock ? "%" : "}"
        let skipped = mark == nil ? 0 : 1
        guard peek(skipped) == first, peek(skipped + 1) == "}" else { return nil }
        advance(skipped + 2)
        return Ending(mark: mark)
    }

    /// A string in quotes, with Python's escapes.
    private mutating func string(_ quote: Unicode.Scalar) throws(TemplateError) -> String {
        let start = place
        advance()
        var text = String.UnicodeScalarView()
        while let scalar = peek(), scalar != quote {
            advance()
            guard scalar == "\\" else {
                text.append(scalar)
                continue
            }
            guard let escaped = peek() else { break }
            advance()
            switch escaped {
            case "\n": break
            case "n": text.append("\n")
            case "t": text.append("\t")
            case "r": text.append("\r")
            case "\\", "'", "\"": text.append(escaped)
            case "a": text.append("\u{7}")
            case "b": text.append("\u{8}")
            case "f": text.append("\u{C}")
            case "v": text.append("\u{B}")
            case "x": text.append(try code(2))
            case "u": text.append(try code(4))
            case "U": text.append(try code(8))
            case "0"..."7", "N":
                throw TemplateError.unsupported(start, "the escape \\\(escaped) in a string")
            default:
                text.append("\\")
                text.append(escaped)
            }
        }
        guard peek() == quote else {
            throw TemplateError.syntax(start, found: "a string", expected: "\(quote) at its end")
        }
        advance()
        return String(text)
    }

    private mutating func code(_ count: Int) throws(TemplateError) -> Unicode.Scalar {
        let digits = Self.string(source[at..<min(at + count, source.count)])
        guard digits.unicodeScalars.count == count,
            digits.utf8.allSatisfy({ UInt8(ascii: "+") != $0 && $0 != UInt8(ascii: "-") }),
            let value = UInt32(digits, radix: 16), let scalar = Unicode.Scalar(value)
        else { throw fault("'\(digits)'", "\(count) hexadecimal digits of a character") }
        advance(count)
        return scalar
    }

    private mutating func number() throws(TemplateError) -> Token {
        let (start, begin) = (at, place)
        func isDigit(_ offset: Int = 0) -> Bool {
            peek(offset).map { ("0"..."9").contains($0) } ?? false
        }
        while isDigit() { advance() }
        var isWhole = true
        if peek() == ".", isDigit(1) {
            isWhole = false
            advance()
            while isDigit() { advance() }
        }
        if peek() == "e" || peek() == "E" {
            let sign = peek(1) == "+" || peek(1) == "-" ? 2 : 1
            if isDigit(sign) {
                isWhole = false
                advance(sign)
                while isDigit() { advance() }
            }
        }
        let text = Self.string(source[start..<at])
        if let next = peek(), next == "_" || next.properties.isXIDStart {
            throw TemplateError.unsupported(begin, "a number with letters")
        }
        guard isWhole else {
            guard let number = Double(text), number.isFinite else {
                throw TemplateError.unsupported(begin, "the number \(text)")
            }
            return .number(number)
        }
        guard let number = Int(text), text.count == 1 || text.utf8.first != UInt8(ascii: "0") else {
            throw TemplateError.unsupported(begin, "the number \(text.prefix(40))")
        }
        return .integer(number)
    }
}
