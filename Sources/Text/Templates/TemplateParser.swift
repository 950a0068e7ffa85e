/// Reads the tokens of a template into a tree, by the grammar of Jinja 3.1.
struct TemplateParser {
    typealias Token = TemplateLexer.Token
    typealias Place = TemplateError.Place

    private let tokens: [(token: Token, place: Place)]
    private var at = 0
    /// How deep the parser is in itself.
    private var level = 0
    /// A level of the parser is a dozen calls, for the ranks of operators; small threads have a stack of half a megabyte.
    private static let mostLevels = 40
    /// How deep an expression may be: a sum of many parts is, and needs no levels.
    private let deepest: Int
    /// Loops around what is read.
    private var loops = 0

    private init(_ source: String, _ limits: TemplateLimits) throws(TemplateError) {
        guard source.utf8.count <= limits.source else {
            throw .limit(
                Place(line: 1, column: 1), "\(source.utf8.count) bytes of template, over \(limits.source)")
        }
        tokens = try TemplateLexer(source).tokens
        deepest = limits.depth / 2
    }

    static func parse(_ source: String, _ limits: TemplateLimits) throws(TemplateError)
        -> [TemplateStatement]
    {
        var parser = try TemplateParser(source, limits)
        return try parser.statements(until: [])
    }

    // MARK: Tokens

    var token: Token { tokens[at].token }
    var place: Place { tokens[at].place }

    mutating func next() { if at < tokens.count - 1 { at += 1 } }

    func fault(_ expected: String) -> TemplateError {
        .syntax(place, found: token.shown, expected: expected)
    }

    /// Whether the token is this operator or bracket.
    func isSign(_ sign: String) -> Bool { token == .sign(sign) }

    func isName(_ name: String) -> Bool { token == .name(name) }

    mutating func skip(_ sign: String) -> Bool {
        guard isSign(sign) else { return false }
        next()
        return true
    }

    mutating func skip(name: String) -> Bool {
        guard isName(name) else { return false }
        next()
        return true
    }

    mutating func expect(_ sign: String) throws(TemplateError) {
        guard skip(sign) else { throw fault("'\(sign)'") }
    }

    mutating func expect(name: String) throws(TemplateError) {
        guard skip(name: name) else { throw fault("'\(name)'") }
    }

    mutating func name() throws(TemplateError) -> String {
        guard case .name(let name) = token else { throw fault("a name") }
        next()
        return name
    }

    /// Runs a part of the parser one level deeper.
    mutating func deeper<Result>(
        _ body: (inout TemplateParser) throws(TemplateError) -> Result
    ) throws(TemplateError) -> Result {
        level += 1
        defer { level -= 1 }
        guard level <= Self.mostLevels else { throw tooDeep(Self.mostLevels) }
        return try body(&self)
    }

    private func tooDeep(_ most: Int) -> TemplateError {
        .limit(place, "more than \(most) levels within each other")
    }

    /// An expression, unless it is too deep.
    func expression(
        _ kind: TemplateExpression.Kind, _ place: Place, _ inside: [TemplateExpression] = []
    ) throws(TemplateError) -> TemplateExpression {
        let depth = (inside.map(\.depth).max() ?? 0) + 1
        guard depth <= deepest else { throw tooDeep(deepest) }
        return TemplateExpression(kind: kind, place: place, depth: depth)
    }

    // MARK: Statements

    /// Statements up to a block tag with one of these names, which is left to be read; up to the end for none.
    private mutating func statements(until ends: [String]) throws(TemplateError)
        -> [TemplateStatement]
    {
        var list: [TemplateStatement] = []
        while true {
            let start = place
            switch token {
            case .text(let text):
                list.append(.text(text, start))
                next()
            case .outputStart:
                next()
                list.append(.output(try tuple()))
                guard token == .outputEnd else { throw fault("'}}'") }
                next()
            case .blockStart:
                if case .name(let name) = tokens[min(at + 1, tokens.count - 1)].token, ends.contains(name) {
                    next()
                    return list
                }
                next()
                list.append(
                    contentsOf: try deeper { (parser) throws(TemplateError) in try parser.statement(start) })
            default:
                guard ends.isEmpty else { throw fault(ends.map { "'\($0)'" }.joined(separator: " or ")) }
                return list
            }
        }
    }

    private mutating func endBlock() throws(TemplateError) {
        guard token == .blockEnd else { throw fault("'%}'") }
        next()
    }

    /// The body of a block up to its end tag, all of which is read.
    private mutating func body(until end: String) throws(TemplateError) -> [TemplateStatement] {
        try endBlock()
        let body = try statements(until: [end])
        next()
        try endBlock()
        return body
    }

    private mutating func statement(_ start: Place) throws(TemplateError) -> [TemplateStatement] {
        let keyword = try name()
        switch keyword {
        case "if": return [try choice(start)]
        case "for": return [try loop(start)]
        case "set": return [try set(start)]
        case "macro": return [try macro(start)]
        case "with": return [try with(start)]
        case "filter":
            let text = try expression(.name(TemplateStatement.captured), start)
            let filters = try self.filters(try filtered(text), tests: false)
            return [.capture(nil, filters, try body(until: "endfilter"), start)]
        // Marks the words of the assistant, which only matters to who trains
        case "generation": return try body(until: "endgeneration")
        case "break", "continue":
            guard loops > 0 else {
                throw TemplateError.syntax(
                    start, found: "'\(keyword)' outside of a loop", expected: "it inside one")
            }
            try endBlock()
            return [keyword == "break" ? .break(start) : .continue(start)]
        case "autoescape", "block", "call", "debug", "do", "extends", "from", "import",
            "include", "trans":
            throw TemplateError.unsupported(start, "{% \(keyword) %}")
        default:
            throw TemplateError.syntax(start, found: "'\(keyword.prefix(40))'", expected: "a statement")
        }
    }

    private mutating func choice(_ start: Place) throws(TemplateError) -> TemplateStatement {
        var branches: [(condition: TemplateExpression, body: [TemplateStatement])] = []
        while true {
            let condition = try tuple(withCondition: false)
            try endBlock()
            branches.append((condition, try statements(until: ["elif", "else", "endif"])))
            if skip(name: "elif") { continue }
            if skip(name: "endif") {
                try endBlock()
                return .choice(branches, otherwise: [], start)
            }
            try expect(name: "else")
            return .choice(branches, otherwise: try body(until: "endif"), start)
        }
    }

    private mutating func loop(_ start: Place) throws(TemplateError) -> TemplateStatement {
        let target = try target(isAttributeAllowed: false)
        try expect(name: "in")
        let sequence = try tuple(withCondition: false)
        var condition: TemplateExpression?
        if skip(name: "if") { condition = try anyExpression() }
        if isName("recursive") { throw TemplateError.unsupported(place, "a recursive loop") }
        try endBlock()
        loops += 1
        let body = try statements(until: ["else", "endfor"])
        loops -= 1
        var otherwise: [TemplateStatement] = []
        if skip(name: "else") {
            otherwise = try self.body(until: "endfor")
        } else {
            next()
            try endBlock()
        }
        return .loop(
            TemplateStatement.Loop(
                target: target, sequence: sequence, condition: condition, body: body, otherwise: otherwise),
            start)
    }

    private mutating func set(_ start: Place) throws(TemplateError) -> TemplateStatement {
        let target = try target(isAttributeAllowed: true)
        if skip("=") {
            let value = try tuple()
            try endBlock()
            return .set(target, value, start)
        }
        var filters: TemplateExpression?
        if isSign("|") {
            filters = try self.filters(try expression(.name(TemplateStatement.captured), start), tests: false)
        }
        return .capture(target, filters, try body(until: "endset"), start)
    }

    private mutating func macro(_ start: Place) throws(TemplateError) -> TemplateStatement {
        let name = try name()
        try expect("(")
        var parameters: [(name: String, value: TemplateExpression?)] = []
        while !isSign(")") {
            if !parameters.isEmpty { try expect(",") }
            if isSign(")") { break }
            let parameter = try self.name()
            guard !parameters.contains(where: { $0.name == parameter }) else {
                throw TemplateError.syntax(
                    start, found: "the parameter \(parameter) twice", expected: "it once")
            }
            if skip("=") {
                parameters.append((parameter, try anyExpression()))
            } else {
                guard parameters.last?.value == nil else { throw fault("'=' and a value") }
                parameters.append((parameter, nil))
            }
        }
        try expect(")")
        let outer = loops
        loops = 0
        defer { loops = outer }
        return .macro(
            TemplateStatement.Macro(
                name: name, parameters: parameters, body: try body(until: "endmacro")), start)
    }

    private mutating func with(_ start: Place) throws(TemplateError) -> TemplateStatement {
        var pairs: [(TemplateStatement.Target, TemplateExpression)] = []
        while token != .blockEnd {
            if !pairs.isEmpty { try expect(",") }
            let target = try target(isAttributeAllowed: false)
            try expect("=")
            pairs.append((target, try anyExpression()))
        }
        return .with(pairs, try body(until: "endwith"), start)
    }

    /// Names that get values.
    private mutating func target(isAttributeAllowed: Bool) throws(TemplateError)
        -> TemplateStatement.Target
    {
        try deeper { (parser) throws(TemplateError) in
            var targets: [TemplateStatement.Target] = []
            var isTuple = false
            while true {
                if parser.skip("(") {
                    targets.append(try parser.target(isAttributeAllowed: false))
                    try parser.expect(")")
                } else {
                    let place = parser.place
                    let name = try parser.name()
                    guard !["true", "false", "none", "True", "False", "None"].contains(name) else {
                        throw TemplateError.syntax(
                            place, found: "'\(name)'", expected: "a name that can be set")
                    }
                    if isAttributeAllowed, !isTuple, parser.skip(".") {
                        return .attribute(name, try parser.name())
                    }
                    targets.append(.name(name))
                }
                guard parser.skip(",") else { break }
                isTuple = true
                guard case .name(let next) = parser.token, next != "in" else {
                    if parser.isSign("(") { continue }
                    break
                }
            }
            return isTuple ? .names(targets) : targets[0]
        }
    }
}
