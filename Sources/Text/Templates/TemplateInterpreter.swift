/// Runs a template once: statements write to the output, scopes hold the names.
///
/// Every operation is counted, and so is all that is copied; nothing is longer or deeper than the limits say. That holds whatever the
/// template does, as templates come with models from anywhere.
final class TemplateInterpreter {
    typealias Place = TemplateError.Place

    /// Names in reach: those of a loop's turn, of a macro, of the template.
    final class Scope {
        var values: [String: TemplateValue]
        let outer: Scope?

        init(_ values: [String: TemplateValue] = [:], outer: Scope?) {
            self.values = values
            self.outer = outer
        }
    }

    /// What a statement does to the loop around it.
    private enum Flow {
        case on, leavesLoop, nextTurn
    }

    let limits: TemplateLimits
    /// What `strftime_now` gives; nil: templates do not find it.
    let date: TemplateDate?
    private var steps = 0
    private var level = 0
    private var output = ""
    /// Kept here so that a value that holds one has no cycle of references.
    var namespaces: [[String: TemplateValue]] = []
    private var macros: [(macro: TemplateStatement.Macro, scope: Scope)] = []

    init(_ limits: TemplateLimits, date: TemplateDate?) {
        self.limits = limits
        self.date = date
    }

    func run(
        _ statements: [TemplateStatement], _ values: [String: TemplateValue]
    ) throws(TemplateError) -> String {
        let scope = Scope(values, outer: nil)
        _ = try execute(statements, Scope(outer: scope))
        return output
    }

    // MARK: Limits

    func charge(_ count: Int, _ place: Place) throws(TemplateError) {
        let (sum, overflow) = steps.addingReportingOverflow(max(1, count))
        steps = sum
        guard !overflow, steps <= limits.steps else {
            throw .limit(place, "more than \(limits.steps) operations")
        }
    }

    /// A text of the template's own making, unless it is too long.
    func made(_ text: String, _ place: Place) throws(TemplateError) -> TemplateValue {
        try check(bytes: text.utf8.count, place)
        return .text(text)
    }

    func check(bytes: Int, _ place: Place) throws(TemplateError) {
        guard bytes <= limits.bytes else {
            throw .limit(place, "a text of more than \(limits.bytes) bytes")
        }
        try charge(bytes / 16, place)
    }

    /// A list of the template's own making, unless it is too deep.
    func made(_ elements: [TemplateValue], _ place: Place, _ form: TemplateList.Form = .list)
        throws(TemplateError) -> TemplateValue
    {
        let list = TemplateList(elements, form)
        try charge(elements.count, place)
        guard list.depth <= limits.depth / 2 else {
            throw .limit(place, "lists more than \(limits.depth / 2) deep")
        }
        return .list(list)
    }

    func made(
        map entries: [(key: TemplateValue, value: TemplateValue)], _ place: Place
    ) throws(TemplateError) -> TemplateValue {
        var others = 0
        for (key, _) in entries {
            switch key {
            case .text: break
            case .none, .bool, .integer, .number: others += 1
            default: throw .value(place, "\(key.kind) cannot be the key of an object")
            }
        }
        // Only texts are found without looking at all keys
        try charge(entries.count * 4 + others * others / 16, place)
        let map = TemplateMap(entries)
        guard map.depth <= limits.depth / 2 else {
            throw .limit(place, "objects more than \(limits.depth / 2) deep")
        }
        return .map(map)
    }

    func plain(_ value: TemplateValue, _ place: Place) throws(TemplateError) -> String {
        if case .text(let text) = value { return text }
        try charge(value.size, place)
        do { return try TemplateText.plain(value, most: limits.bytes) } catch { throw refused(error, place) }
    }

    func refused(_ refusal: TemplateText.Refusal, _ place: Place) -> TemplateError {
        switch refusal {
        case .other(let what): .unsupported(place, what)
        case .tooLong: .limit(place, "a text of more than \(limits.bytes) bytes")
        }
    }

    private func deeper<Result>(
        _ place: Place, _ body: () throws(TemplateError) -> Result
    ) throws(TemplateError) -> Result {
        level += 1
        defer { level -= 1 }
        guard level <= limits.depth else {
            throw .limit(place, "more than \(limits.depth) levels within each other")
        }
        return try body()
    }

    // MARK: Statements

    private func execute(_ statements: [TemplateStatement], _ scope: Scope) throws(TemplateError)
        -> Flow
    {
        for statement in statements {
            let flow = try execute(statement, scope)
            if flow != .on { return flow }
        }
        return .on
    }

    private func write(_ text: String, _ place: Place) throws(TemplateError) {
        try check(bytes: text.utf8.count, place)
        output += text
        guard output.utf8.count <= limits.bytes else {
            throw .limit(place, "more than \(limits.bytes) bytes of output")
        }
    }

    private func execute(_ statement: TemplateStatement, _ scope: Scope) throws(TemplateError) -> Flow {
        switch statement {
        case .text(let text, let place): try write(text, place)
        case .output(let expression):
            try write(try plain(try evaluate(expression, scope), expression.place), expression.place)
        case .choice(let branches, let otherwise, let place):
            return try deeper(place) { () throws(TemplateError) in
                for branch in branches where try evaluate(branch.condition, scope).isTrue {
                    return try execute(branch.body, scope)
                }
                return try execute(otherwise, scope)
            }
        case .loop(let loop, let place):
            return try deeper(place) { () throws(TemplateError) in try run(loop, place, scope) }
        case .set(let target, let value, let place):
            try set(target, try evaluate(value, scope), scope, place)
        case .capture(let target, let filters, let body, let place):
            let inner = Scope(outer: scope)
            let text = try captured(place) { () throws(TemplateError) in _ = try execute(body, inner) }
            var value = TemplateValue.text(text)
            if let filters {
                inner.values[TemplateStatement.captured] = value
                value = try evaluate(filters, inner)
            }
            if let target {
                try set(target, value, scope, place)
            } else {
                try write(try plain(value, place), place)
            }
        case .macro(let macro, let place):
            try charge(1, place)
            scope.values[macro.name] = .macro(macros.count)
            macros.append((macro, scope))
        case .with(let pairs, let body, let place):
            return try deeper(place) { () throws(TemplateError) in
                let inner = Scope(outer: scope)
                for (target, value) in pairs { try set(target, try evaluate(value, scope), inner, place) }
                return try execute(body, inner)
            }
        case .break(let place):
            try charge(1, place)
            return .leavesLoop
        case .continue(let place):
            try charge(1, place)
            return .nextTurn
        }
        return .on
    }

    /// What `body` writes.
    private func captured(_ place: Place, _ body: () throws(TemplateError) -> Void)
        throws(TemplateError) -> String
    {
        let before = output
        output = ""
        defer { output = before }
        try deeper(place, body)
        return output
    }

    private func run(_ loop: TemplateStatement.Loop, _ place: Place, _ scope: Scope)
        throws(TemplateError) -> Flow
    {
        var elements = try self.elements(of: try evaluate(loop.sequence, scope), loop.sequence.place)
        if let condition = loop.condition {
            var kept: [TemplateValue] = []
            for element in elements {
                let inner = Scope(outer: scope)
                try set(loop.target, element, inner, place)
                if try evaluate(condition, inner).isTrue { kept.append(element) }
            }
            elements = kept
        }
        guard !elements.isEmpty else { return try execute(loop.otherwise, scope) }
        let state = TemplateLoop(elements)
        // What stands after 'else' also runs where every turn was cut short, as Jinja has it
        var isComplete = false
        for (i, element) in elements.enumerated() {
            try charge(1, place)
            state.index = i
            let inner = Scope(["loop": .loop(state)], outer: scope)
            try set(loop.target, element, inner, place)
            let flow = try execute(loop.body, inner)
            if flow == .leavesLoop { break }
            if flow == .on { isComplete = true }
        }
        return isComplete ? .on : try execute(loop.otherwise, scope)
    }

    private func set(
        _ target: TemplateStatement.Target, _ value: TemplateValue, _ scope: Scope, _ place: Place
    ) throws(TemplateError) {
        try charge(1, place)
        switch target {
        case .name(let name): scope.values[name] = value
        case .attribute(let name, let attribute):
            guard case .namespace(let index)? = lookup(name, scope) else {
                throw .value(place, "'\(name)' is no namespace, so '\(name).\(attribute)' cannot be set")
            }
            namespaces[index][attribute] = value
        case .names(let targets):
            let elements = try self.elements(of: value, place)
            guard elements.count == targets.count else {
                throw .value(place, "\(elements.count) values for \(targets.count) names")
            }
            for (target, element) in zip(targets, elements) { try set(target, element, scope, place) }
        }
    }

    /// What a loop goes through: elements, members' keys, or characters.
    func elements(of value: TemplateValue, _ place: Place) throws(TemplateError) -> [TemplateValue] {
        switch value {
        case .undefined: return []
        case .list(let list):
            try charge(list.elements.count, place)
            return list.elements
        case .map(let map):
            try charge(map.entries.count, place)
            return map.entries.map(\.key)
        case .text(let text):
            try charge(text.utf8.count, place)
            return text.unicodeScalars.map { .text(String($0)) }
        default: throw .value(place, "\(value.kind) has no elements")
        }
    }

    // MARK: Names and calls

    func lookup(_ name: String, _ scope: Scope) -> TemplateValue? {
        var place: Scope? = scope
        while let scope = place {
            if let value = scope.values[name] { return value }
            place = scope.outer
        }
        return nil
    }

    /// The text that a macro writes.
    func call(_ index: Int, _ arguments: TemplateArguments, _ place: Place) throws(TemplateError)
        -> TemplateValue
    {
        let (macro, closure) = macros[index]
        let bound = try arguments.bound(to: macro.parameters.map(\.name), macro.name, place)
        let scope = Scope(outer: closure)
        return .text(
            try captured(place) { () throws(TemplateError) in
                for (parameter, value) in zip(macro.parameters, bound) {
                    if let value {
                        scope.values[parameter.name] = value
                    } else if let fallback = parameter.value {
                        scope.values[parameter.name] = try evaluate(fallback, scope)
                    } else {
                        scope.values[parameter.name] = .undefined(parameter.name)
                    }
                }
                _ = try execute(macro.body, scope)
            })
    }

    func evaluate(_ expression: TemplateExpression, _ scope: Scope) throws(TemplateError)
        -> TemplateValue
    {
        try charge(1, expression.place)
        level += 1
        defer { level -= 1 }
        guard level <= limits.depth else {
            throw .limit(expression.place, "more than \(limits.depth) levels within each other")
        }
        return try value(of: expression, scope)
    }
}

/// The arguments of a call, with their values.
struct TemplateArguments {
    var values: [TemplateValue] = []
    var named: [(name: String, value: TemplateValue)] = []

    /// The argument for each name, by place or by name; nil where there is none.
    func bound(
        to names: [String], _ function: String, _ place: TemplateError.Place
    ) throws(TemplateError) -> [TemplateValue?] {
        guard values.count <= names.count else {
            throw .value(place, "'\(function)' got \(values.count) arguments, of at most \(names.count)")
        }
        var bound: [TemplateValue?] =
            values.map { $0 } + [TemplateValue?](repeating: nil, count: names.count - values.count)
        for (name, value) in named {
            guard let index = names.firstIndex(of: name) else {
                throw .unsupported(place, "the argument '\(name.prefix(40))' of '\(function)'")
            }
            guard bound[index] == nil else {
                throw .value(place, "'\(function)' got the argument '\(name)' twice")
            }
            bound[index] = value
        }
        return bound
    }
}
