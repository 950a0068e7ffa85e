/// Expressions, from the loosest operators to the tightest.
extension TemplateParser {
    typealias Expression = TemplateExpression

    /// An expression, or several with commas between them, which are a tuple.
    mutating func tuple(withCondition: Bool = true) throws(TemplateError) -> Expression {
        let start = place
        let first = try withCondition ? anyExpression() : withoutCondition()
        guard isSign(",") else { return first }
        var all = [first]
        while skip(",") {
            if token == .outputEnd || token == .blockEnd || isSign(")") { break }
            all.append(try withCondition ? anyExpression() : withoutCondition())
        }
        return try expression(.list(all, isTuple: true), start, all)
    }

    mutating func anyExpression() throws(TemplateError) -> Expression {
        try deeper { (parser) throws(TemplateError) in try parser.conditional() }
    }

    private mutating func withoutCondition() throws(TemplateError) -> Expression {
        try deeper { (parser) throws(TemplateError) in try parser.or() }
    }

    /// `a if b else c`
    private mutating func conditional() throws(TemplateError) -> Expression {
        var value = try or()
        while isName("if") {
            let start = place
            next()
            let condition = try or()
            var otherwise: Expression?
            if skip(name: "else") { otherwise = try anyExpression() }
            value = try expression(
                .conditional(value, if: condition, else: otherwise), start,
                [value, condition] + (otherwise.map { [$0] } ?? []))
        }
        return value
    }

    private mutating func or() throws(TemplateError) -> Expression {
        var left = try and()
        while isName("or") {
            let start = place
            next()
            let right = try and()
            left = try expression(.or(left, right), start, [left, right])
        }
        return left
    }

    private mutating func and() throws(TemplateError) -> Expression {
        var left = try not()
        while isName("and") {
            let start = place
            next()
            let right = try not()
            left = try expression(.and(left, right), start, [left, right])
        }
        return left
    }

    private mutating func not() throws(TemplateError) -> Expression {
        guard isName("not") else { return try comparison() }
        let start = place
        next()
        let inside = try deeper { (parser) throws(TemplateError) in try parser.not() }
        return try expression(.not(inside), start, [inside])
    }

    private mutating func comparison() throws(TemplateError) -> Expression {
        let start = place
        let first = try sum()
        var rest: [(Expression.Comparison, Expression)] = []
        while let comparison = comparisonSign() { rest.append((comparison, try sum())) }
        guard !rest.isEmpty else { return first }
        return try expression(.comparison(first, rest), start, [first] + rest.map(\.1))
    }

    private mutating func comparisonSign() -> Expression.Comparison? {
        switch token {
        case .sign(let sign):
            guard let comparison = Expression.Comparison(rawValue: sign) else { return nil }
            next()
            return comparison
        case .name("in"):
            next()
            return .isIn
        case .name("not"):
            let before = self
            next()
            if skip(name: "in") { return .isNotIn }
            self = before
            return nil
        default: return nil
        }
    }

    private mutating func sum() throws(TemplateError) -> Expression {
        var left = try joined()
        while isSign("+") || isSign("-") {
            let (start, sign) = (place, isSign("+") ? Expression.Operator.add : .subtract)
            next()
            let right = try joined()
            left = try expression(.binary(sign, left, right), start, [left, right])
        }
        return left
    }

    private mutating func joined() throws(TemplateError) -> Expression {
        let start = place
        var parts = [try product()]
        while skip("~") { parts.append(try product()) }
        return parts.count == 1 ? parts[0] : try expression(.joined(parts), start, parts)
    }

    private mutating func product() throws(TemplateError) -> Expression {
        var left = try power()
        while case .sign(let sign) = token, ["*", "/", "//", "%"].contains(sign),
            let operation = Expression.Operator(rawValue: sign)
        {
            let start = place
            next()
            let right = try power()
            left = try expression(.binary(operation, left, right), start, [left, right])
        }
        return left
    }

    private mutating func power() throws(TemplateError) -> Expression {
        var left = try unary()
        while isSign("**") {
            let start = place
            next()
            let right = try unary()
            left = try expression(.binary(.power, left, right), start, [left, right])
        }
        return left
    }

    private mutating func unary(withFilters: Bool = true) throws(TemplateError) -> Expression {
        let start = place
        var value: Expression
        if isSign("-") || isSign("+") {
            let isNegative = isSign("-")
            next()
            let inside = try deeper { (parser) throws(TemplateError) in
                try parser.unary(withFilters: false)
            }
            value = try expression(isNegative ? .negative(inside) : .positive(inside), start, [inside])
        } else {
            value = try primary()
        }
        value = try postfix(value)
        return withFilters ? try filters(value) : value
    }

    // MARK: Values

    private mutating func primary() throws(TemplateError) -> Expression {
        let start = place
        switch token {
        case .name(let name):
            next()
            switch name {
            case "true", "True": return try expression(.literal(.bool(true)), start)
            case "false", "False": return try expression(.literal(.bool(false)), start)
            case "none", "None": return try expression(.literal(.none), start)
            default: return try expression(.name(name), start)
            }
        case .string(let first):
            next()
            var text = first
            while case .string(let more) = token {
                text += more
                next()
            }
            return try expression(.literal(.text(text)), start)
        case .integer(let number):
            next()
            return try expression(.literal(.integer(number)), start)
        case .number(let number):
            next()
            return try expression(.literal(.number(number)), start)
        case .sign("("):
            next()
            if skip(")") { return try expression(.list([], isTuple: true), start) }
            let inside = try tuple()
            try expect(")")
            return inside
        case .sign("["):
            next()
            let elements = try elements(until: "]")
            return try expression(.list(elements, isTuple: false), start, elements)
        case .sign("{"): return try map(start)
        default: throw fault("an expression")
        }
    }

    private mutating func elements(until end: String) throws(TemplateError) -> [Expression] {
        var elements: [Expression] = []
        while !isSign(end) {
            if !elements.isEmpty { try expect(",") }
            if isSign(end) { break }
            elements.append(try anyExpression())
        }
        next()
        return elements
    }

    private mutating func map(_ start: Place) throws(TemplateError) -> Expression {
        next()
        var pairs: [(key: Expression, value: Expression)] = []
        while !isSign("}") {
            if !pairs.isEmpty { try expect(",") }
            if isSign("}") { break }
            let key = try anyExpression()
            try expect(":")
            pairs.append((key, try anyExpression()))
        }
        next()
        return try expression(.map(pairs), start, pairs.flatMap { [$0.key, $0.value] })
    }

    // MARK: What follows a value

    private mutating func postfix(_ value: Expression) throws(TemplateError) -> Expression {
        var value = value
        while true {
            if isSign(".") || isSign("[") {
                value = try subscripted(value)
            } else if isSign("(") {
                value = try called(value)
            } else {
                return value
            }
        }
    }

    /// - Parameter tests: whether tests and calls may follow too
    mutating func filters(_ value: Expression, tests: Bool = true) throws(TemplateError) -> Expression {
        var value = value
        while true {
            if skip("|") {
                value = try filtered(value)
            } else if !tests {
                return value
            } else if isName("is") {
                value = try tested(value)
            } else if isSign("(") {
                value = try called(value)
            } else {
                return value
            }
        }
    }

    /// A filter, from its name on.
    mutating func filtered(_ value: Expression) throws(TemplateError) -> Expression {
        let start = place
        let name = try dottedName()
        let arguments = try isSign("(") ? arguments() : Expression.Arguments()
        guard TemplateFilters.names.contains(name) else {
            throw TemplateError.unsupported(start, "the filter '\(name.prefix(40))'")
        }
        return try expression(.filter(value, name, arguments), start, [value] + arguments.all)
    }

    private mutating func dottedName() throws(TemplateError) -> String {
        var name = try name()
        while skip(".") { name += "." + (try self.name()) }
        return name
    }

    private mutating func called(_ value: Expression) throws(TemplateError) -> Expression {
        let start = place
        let arguments = try arguments()
        return try expression(.call(value, arguments), start, [value] + arguments.all)
    }

    private mutating func subscripted(_ value: Expression) throws(TemplateError) -> Expression {
        let start = place
        if skip(".") {
            if case .integer(let index) = token {
                let item = try expression(.literal(.integer(index)), place)
                next()
                return try expression(.item(value, item), start, [value, item])
            }
            return try expression(.attribute(value, try name()), start, [value])
        }
        next()
        var bounds: [Expression?] = []
        var colons = 0
        while true {
            var bound: Expression?
            if !isSign(":"), !isSign("]"), !isSign(",") { bound = try anyExpression() }
            bounds.append(bound)
            guard colons < 2, skip(":") else { break }
            colons += 1
        }
        if isSign(",") { throw TemplateError.unsupported(place, "an index of several values") }
        try expect("]")
        guard colons > 0 else {
            guard let index = bounds[0] else {
                throw TemplateError.syntax(start, found: "'[]'", expected: "an index")
            }
            return try expression(.item(value, index), start, [value, index])
        }
        let step = bounds.count > 2 ? bounds[2] : nil
        return try expression(
            .slice(value, start: bounds[0], stop: bounds[1], step: step), start,
            [value] + bounds.compactMap { $0 })
    }

    private mutating func arguments() throws(TemplateError) -> Expression.Arguments {
        try expect("(")
        var arguments = Expression.Arguments()
        var isFirst = true
        while !isSign(")") {
            if !isFirst { try expect(",") }
            isFirst = false
            if isSign(")") { break }
            let start = place
            if isSign("*") || isSign("**") {
                throw TemplateError.unsupported(start, "an argument with '*'")
            }
            if case .name(let name) = token {
                let before = self
                next()
                if skip("=") {
                    arguments.named.append((name, try anyExpression()))
                    continue
                }
                self = before
            }
            guard arguments.named.isEmpty else {
                throw fault("an argument with a name, as those before it")
            }
            arguments.values.append(try anyExpression())
        }
        next()
        return arguments
    }

    /// `is not name`, with an argument in brackets or without.
    private mutating func tested(_ value: Expression) throws(TemplateError) -> Expression {
        let start = place
        next()
        let isNegated = skip(name: "not")
        let name = try dottedName()
        guard TemplateChecks.names.contains(name) else {
            throw TemplateError.unsupported(start, "the test '\(name.prefix(40))'")
        }
        var arguments = Expression.Arguments()
        if isSign("(") {
            arguments = try self.arguments()
        } else if startsArgument {
            arguments.values = [try postfix(try primary())]
        }
        let test = try expression(.test(value, name, arguments), start, [value] + arguments.all)
        return isNegated ? try expression(.not(test), start, [test]) : test
    }

    private var startsArgument: Bool {
        switch token {
        case .name(let name): !["else", "or", "and", "is", "if", "in", "not"].contains(name)
        case .string, .integer, .number, .sign("["), .sign("{"): true
        default: false
        }
    }
}
