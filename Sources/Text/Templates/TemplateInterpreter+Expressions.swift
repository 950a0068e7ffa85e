/// What expressions give.
extension TemplateInterpreter {
    func value(of expression: TemplateExpression, _ scope: Scope) throws(TemplateError)
        -> TemplateValue
    {
        let place = expression.place
        switch expression.kind {
        case .literal(let value): return value
        case .name(let name): return try named(name, scope, place)
        case .list(let elements, let isTuple):
            return try made(try evaluated(elements, scope), place, isTuple ? .tuple : .list)
        case .map(let pairs): return try map(pairs, scope, place)
        case .attribute(let object, let name):
            return try attribute(name, of: try evaluate(object, scope), place)
        case .item(let object, let key):
            return try item(try evaluate(key, scope), of: try evaluate(object, scope), place)
        case .slice(let object, let start, let stop, let step):
            return try slice(
                try evaluate(object, scope), try bound(start, scope), try bound(stop, scope),
                try bound(step, scope), place)
        case .call(let function, let arguments):
            let called = try evaluate(function, scope)
            return try call(called, try self.arguments(arguments, scope), place)
        case .filter(let value, let name, let arguments):
            let value = try evaluate(value, scope)
            return try filter(name, value, try self.arguments(arguments, scope), place)
        case .test(let value, let name, let arguments):
            let value = try evaluate(value, scope)
            return .bool(try check(name, value, try self.arguments(arguments, scope), place))
        case .not(let inside): return .bool(!(try evaluate(inside, scope)).isTrue)
        case .negative(let inside): return try negated(try evaluate(inside, scope), place)
        case .positive(let inside):
            let value = try evaluate(inside, scope)
            guard value.asNumber != nil else { throw .value(place, "\(value.kind) has no sign") }
            return value
        case .and(let left, let right):
            let value = try evaluate(left, scope)
            return value.isTrue ? try evaluate(right, scope) : value
        case .or(let left, let right):
            let value = try evaluate(left, scope)
            return value.isTrue ? value : try evaluate(right, scope)
        case .binary(let operation, let left, let right):
            let first = try evaluate(left, scope)
            return try compute(operation, first, try evaluate(right, scope), place)
        case .joined(let parts): return try joined(parts, scope, place)
        case .comparison(let first, let rest): return try compared(first, rest, scope)
        case .conditional(let value, let condition, let otherwise):
            if try evaluate(condition, scope).isTrue { return try evaluate(value, scope) }
            return try otherwise.map { (other) throws(TemplateError) in try evaluate(other, scope) }
                ?? .undefined("")
        }
    }

    private func named(_ name: String, _ scope: Scope, _ place: Place) throws(TemplateError)
        -> TemplateValue
    {
        if let value = lookup(name, scope) { return value }
        switch name {
        case "range", "namespace", "dict", "raise_exception": return .function(name)
        case "strftime_now" where date != nil: return .function(name)
        case "caller", "cycler", "joiner", "kwargs", "lipsum", "self", "super", "varargs":
            throw .unsupported(place, "'\(name)'")
        default: return .undefined(name)
        }
    }

    private func evaluated(
        _ expressions: [TemplateExpression], _ scope: Scope
    ) throws(TemplateError) -> [TemplateValue] {
        var values: [TemplateValue] = []
        values.reserveCapacity(expressions.count)
        for expression in expressions { values.append(try evaluate(expression, scope)) }
        return values
    }

    private func map(
        _ pairs: [(key: TemplateExpression, value: TemplateExpression)], _ scope: Scope, _ place: Place
    ) throws(TemplateError) -> TemplateValue {
        var entries: [(key: TemplateValue, value: TemplateValue)] = []
        for pair in pairs {
            entries.append((try evaluate(pair.key, scope), try evaluate(pair.value, scope)))
        }
        return try made(map: entries, place)
    }

    private func arguments(
        _ arguments: TemplateExpression.Arguments, _ scope: Scope
    ) throws(TemplateError) -> TemplateArguments {
        var made = TemplateArguments(values: try evaluated(arguments.values, scope))
        for (name, value) in arguments.named { made.named.append((name, try evaluate(value, scope))) }
        return made
    }

    private func joined(
        _ parts: [TemplateExpression], _ scope: Scope, _ place: Place
    ) throws(TemplateError) -> TemplateValue {
        var text = ""
        for part in parts {
            text += try plain(try evaluate(part, scope), part.place)
            try check(bytes: text.utf8.count, place)
        }
        return .text(text)
    }

    // MARK: Parts of values

    func attribute(_ name: String, of value: TemplateValue, _ place: Place) throws(TemplateError)
        -> TemplateValue
    {
        switch value {
        case .undefined: throw .value(place, "\(value.kind) has no '\(name)'")
        case .map(let map):
            if TemplateMethods.ofMaps.contains(name) { return .method(value, name) }
            try charge(map.entries.count / 4, place)
            return map[name] ?? .undefined(name)
        case .text:
            return TemplateMethods.ofTexts.contains(name) ? .method(value, name) : .undefined(name)
        case .list:
            return TemplateMethods.ofLists.contains(name) ? .method(value, name) : .undefined(name)
        case .namespace(let index): return namespaces[index][name] ?? .undefined(name)
        case .loop(let loop): return try attribute(name, of: loop, place)
        default: return .undefined(name)
        }
    }

    private func attribute(
        _ name: String, of loop: TemplateLoop, _ place: Place
    ) throws(TemplateError) -> TemplateValue {
        let (index, count) = (loop.index, loop.elements.count)
        switch name {
        case "index": return .integer(index + 1)
        case "index0": return .integer(index)
        case "revindex": return .integer(count - index)
        case "revindex0": return .integer(count - index - 1)
        case "first": return .bool(index == 0)
        case "last": return .bool(index == count - 1)
        case "length": return .integer(count)
        // Of loops that are recursive, which are refused
        case "depth": return .integer(1)
        case "depth0": return .integer(0)
        case "previtem": return index > 0 ? loop.elements[index - 1] : .undefined(name)
        case "nextitem": return index + 1 < count ? loop.elements[index + 1] : .undefined(name)
        case "cycle": return .method(.loop(loop), name)
        case "changed": throw .unsupported(place, "loop.changed")
        default: return .undefined(name)
        }
    }

    func item(
        _ key: TemplateValue, of value: TemplateValue, _ place: Place
    ) throws(TemplateError) -> TemplateValue {
        switch value {
        case .undefined: throw .value(place, "\(value.kind) has no elements")
        case .map(let map):
            try charge(map.entries.count / 4, place)
            if let found = map[key] { return found }
        case .list(let list):
            if list.form == .list || list.form == .tuple, let index = key.asInteger {
                let at = index < 0 ? index + list.elements.count : index
                return list.elements.indices.contains(at)
                    ? list.elements[at] : .undefined("element \(index)")
            }
        case .text(let text):
            if let index = key.asInteger {
                let scalars = text.unicodeScalars
                try charge(text.utf8.count / 16, place)
                let count = scalars.count
                let at = index < 0 ? index + count : index
                guard 0..<count ~= at else { return .undefined("character \(index)") }
                return .text(String(scalars[scalars.index(scalars.startIndex, offsetBy: at)]))
            }
        default: break
        }
        if case .text(let name) = key { return try attribute(name, of: value, place) }
        return .undefined("an element")
    }

    /// A bound of a slice; nil where there is none.
    private func bound(_ expression: TemplateExpression?, _ scope: Scope) throws(TemplateError)
        -> Int?
    {
        guard let expression else { return nil }
        let value = try evaluate(expression, scope)
        if case .none = value { return nil }
        guard let number = value.asInteger else {
            throw .value(expression.place, "\(value.kind) cannot be an index")
        }
        return number
    }

    private func slice(
        _ value: TemplateValue, _ start: Int?, _ stop: Int?, _ step: Int?, _ place: Place
    ) throws(TemplateError) -> TemplateValue {
        guard step != 0 else { throw .value(place, "steps of 0") }
        switch value {
        case .list(let list) where list.form == .list || list.form == .tuple:
            let places = Self.places(list.elements.count, start, stop, step ?? 1)
            try charge(list.elements.count, place)
            return try made(places.map { list.elements[$0] }, place, list.form)
        case .text(let text):
            try charge(text.utf8.count / 4, place)
            let scalars = Array(text.unicodeScalars)
            var made = String.UnicodeScalarView()
            made.append(
                contentsOf: Self.places(scalars.count, start, stop, step ?? 1).map { scalars[$0] })
            return .text(String(made))
        default: throw .value(place, "\(value.kind) has no parts")
        }
    }

    /// The places of a slice, by Python's rules.
    static func places(_ count: Int, _ start: Int?, _ stop: Int?, _ step: Int) -> [Int] {
        func clamped(_ index: Int, _ low: Int, _ high: Int) -> Int {
            let index = index < 0 ? index.addingReportingOverflow(count).partialValue : index
            return min(max(index, low), high)
        }
        if step > 0 {
            let from = start.map { clamped($0, 0, count) } ?? 0
            let to = stop.map { clamped($0, 0, count) } ?? count
            return from < to ? Array(stride(from: from, to: to, by: min(step, count))) : []
        }
        let from = start.map { clamped($0, -1, count - 1) } ?? count - 1
        let to = stop.map { clamped($0, -1, count - 1) } ?? -1
        return from > to ? Array(stride(from: from, to: to, by: max(step, -count))) : []
    }

    // MARK: Calls

    func call(
        _ function: TemplateValue, _ arguments: TemplateArguments, _ place: Place
    ) throws(TemplateError) -> TemplateValue {
        switch function {
        case .macro(let index): return try call(index, arguments, place)
        case .method(let value, let name): return try call(name, of: value, arguments, place)
        case .function(let name): return try call(function: name, arguments, place)
        case .undefined: throw .value(place, "\(function.kind) cannot be called")
        default: throw .value(place, "\(function.kind) is no function")
        }
    }
}
