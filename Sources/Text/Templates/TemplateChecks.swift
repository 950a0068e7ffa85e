/// The tests that chat templates use: `value is name(argument)`.
enum TemplateChecks {
    static let names: Set<String> = [
        "!=", "<", "<=", "==", ">", ">=", "boolean", "callable", "defined", "divisibleby", "eq",
        "equalto", "even", "false", "float",
        "ge", "greaterthan", "gt", "in", "integer", "iterable", "le", "lessthan", "lower", "lt",
        "mapping", "ne", "none", "number",
        "odd", "sameas", "sequence", "string", "true", "undefined", "upper",
    ]
}

extension TemplateInterpreter {
    func check(
        _ name: String, _ value: TemplateValue, _ arguments: TemplateArguments, _ place: Place
    ) throws(TemplateError) -> Bool {
        if let comparison = Self.comparison(name) {
            guard let other = try arguments.bound(to: ["other"], name, place)[0] else {
                throw .value(place, "the test '\(name)' needs a value")
            }
            return try holds(comparison, value, other, place)
        }
        if name == "divisibleby" || name == "sameas" {
            guard let other = try arguments.bound(to: ["other"], name, place)[0] else {
                throw .value(place, "the test '\(name)' needs a value")
            }
            if name == "sameas" { return try isSame(value, other, place) }
            return try compute(.remainder, value, other, place).asNumber == 0
        }
        _ = try arguments.bound(to: [], name, place)
        switch name {
        case "defined": return !value.isUndefined
        case "undefined": return value.isUndefined
        case "none": if case .none = value { return true } else { return false }
        case "boolean": if case .bool = value { return true } else { return false }
        case "true": if case .bool(true) = value { return true } else { return false }
        case "false": if case .bool(false) = value { return true } else { return false }
        case "integer": if case .integer = value { return true } else { return false }
        case "float": if case .number = value { return true } else { return false }
        case "number": return value.asNumber != nil
        case "string": if case .text = value { return true } else { return false }
        case "mapping": if case .map = value { return true } else { return false }
        case "sequence", "iterable":
            switch value {
            case .list(let list): return name == "iterable" || list.form == .list || list.form == .tuple
            case .text, .map, .undefined: return true
            case .loop: return name == "iterable"
            default: return false
            }
        case "callable":
            switch value {
            case .macro, .function, .method, .undefined: return true
            default: return false
            }
        case "odd", "even":
            return try compute(.remainder, value, .integer(2), place).asNumber == (name == "odd" ? 1 : 0)
        default: return try hasCase(name, value, place)
        }
    }

    private static func comparison(_ name: String) -> TemplateExpression.Comparison? {
        switch name {
        case "eq", "equalto", "==": .equal
        case "ne", "!=": .unequal
        case "lt", "lessthan", "<": .less
        case "le", "<=": .lessOrEqual
        case "gt", "greaterthan", ">": .greater
        case "ge", ">=": .greaterOrEqual
        case "in": .isIn
        default: nil
        }
    }

    /// Only values of which there is one each are distinguishable by what they are.
    private func isSame(_ a: TemplateValue, _ b: TemplateValue, _ place: Place) throws(TemplateError)
        -> Bool
    {
        switch (a, b) {
        case (.none, .none): return true
        case (.bool(let a), .bool(let b)): return a == b
        case (.none, _), (_, .none), (.bool, _), (_, .bool): return false
        default: throw .unsupported(place, "the test 'sameas' of \(a.kind) and \(b.kind)")
        }
    }

    private func hasCase(_ name: String, _ value: TemplateValue, _ place: Place) throws(TemplateError)
        -> Bool
    {
        let text = try plain(value, place)
        return name == "upper" ? Self.isCased(text, upper: true) : Self.isCased(text, upper: false)
    }

    /// Python's `isupper` and `islower`: some letter has a case, and none the other.
    static func isCased(_ text: String, upper: Bool) -> Bool {
        var hasCase = false
        for scalar in text.unicodeScalars {
            if upper ? scalar.properties.isLowercase : scalar.properties.isUppercase { return false }
            if scalar.properties.generalCategory == .titlecaseLetter { return false }
            if scalar.properties.isCased { hasCase = true }
        }
        return hasCase
    }
}
