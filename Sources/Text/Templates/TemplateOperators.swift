import Foundation

/// Arithmetic and comparisons, as Python has them; numbers that do not fit 64 bits are refused.
extension TemplateInterpreter {
    typealias Operator = TemplateExpression.Operator

    func negated(_ value: TemplateValue, _ place: Place) throws(TemplateError) -> TemplateValue {
        if let integer = value.asInteger {
            guard integer != .min else { throw .value(place, "a number over 2^63") }
            return .integer(-integer)
        }
        guard let number = value.asNumber else { throw .value(place, "\(value.kind) has no sign") }
        return .number(-number)
    }

    func compute(
        _ operation: Operator, _ left: TemplateValue, _ right: TemplateValue, _ place: Place
    ) throws(TemplateError) -> TemplateValue {
        if let a = left.asInteger, let b = right.asInteger {
            return try integers(operation, a, b, place)
        }
        if let a = left.asNumber, let b = right.asNumber { return try numbers(operation, a, b, place) }
        switch (operation, left, right) {
        case (.add, .text(let a), .text(let b)):
            try check(bytes: a.utf8.count + b.utf8.count, place)
            return .text(a + b)
        case (.add, .list(let a), .list(let b)) where a.form == b.form:
            try charge(a.elements.count + b.elements.count, place)
            return try made(a.elements + b.elements, place, a.form)
        case (.multiply, .text(let text), let times), (.multiply, let times, .text(let text)):
            guard let count = times.asInteger else { break }
            let (bytes, overflow) = text.utf8.count.multipliedReportingOverflow(by: max(0, count))
            try check(bytes: overflow ? .max : bytes, place)
            return .text(String(repeating: text, count: text.isEmpty ? 0 : max(0, count)))
        case (.multiply, .list(let list), let times), (.multiply, let times, .list(let list)):
            guard let count = times.asInteger else { break }
            let (size, overflow) = list.elements.count.multipliedReportingOverflow(by: max(0, count))
            try charge(overflow ? .max : size, place)
            var elements: [TemplateValue] = []
            elements.reserveCapacity(size)
            if size > 0 { for _ in 0..<count { elements += list.elements } }
            return try made(elements, place, list.form)
        case (.remainder, .text, _): throw .unsupported(place, "formatting with '%'")
        default: break
        }
        throw .value(place, "'\(operation.rawValue)' of \(left.kind) and \(right.kind)")
    }

    private func integers(_ operation: Operator, _ a: Int, _ b: Int, _ place: Place)
        throws(TemplateError) -> TemplateValue
    {
        let result: (partialValue: Int, overflow: Bool)
        switch operation {
        case .add: result = a.addingReportingOverflow(b)
        case .subtract: result = a.subtractingReportingOverflow(b)
        case .multiply: result = a.multipliedReportingOverflow(by: b)
        case .divide: return try numbers(operation, Double(a), Double(b), place)
        case .floorDivide, .remainder:
            guard b != 0 else { throw .value(place, "a division by 0") }
            let quotient = a.dividedReportingOverflow(by: b)
            guard !quotient.overflow else { throw .value(place, "a number over 2^63") }
            let rest = a % b
            // Python rounds down, and a remainder has the sign of the divisor
            let isBelow = rest != 0 && (rest < 0) != (b < 0)
            if operation == .remainder { return .integer(isBelow ? rest + b : rest) }
            return .integer(isBelow ? quotient.partialValue - 1 : quotient.partialValue)
        case .power:
            guard b >= 0 else { return try numbers(operation, Double(a), Double(b), place) }
            result = try power(a, b, place)
        }
        guard !result.overflow else { throw .value(place, "a number over 2^63") }
        return .integer(result.partialValue)
    }

    private func power(_ a: Int, _ b: Int, _ place: Place) throws(TemplateError) -> (
        partialValue: Int, overflow: Bool
    ) {
        if a == 0 || a == 1 { return (b == 0 ? 1 : a, false) }
        if a == -1 { return (b % 2 == 0 ? 1 : -1, false) }
        var value = 1
        for _ in 0..<min(b, 64) {
            let (next, overflow) = value.multipliedReportingOverflow(by: a)
            if overflow { return (0, true) }
            value = next
        }
        return (value, b > 64)
    }

    private func numbers(
        _ operation: Operator, _ a: Double, _ b: Double, _ place: Place
    ) throws(TemplateError) -> TemplateValue {
        switch operation {
        case .add: return .number(a + b)
        case .subtract: return .number(a - b)
        case .multiply: return .number(a * b)
        case .power:
            let result = pow(a, b)
            guard !result.isNaN || a.isNaN || b.isNaN, a != 0 || b >= 0 else {
                throw .value(place, "no real number")
            }
            return .number(result)
        case .divide, .floorDivide, .remainder:
            guard b != 0 else { throw .value(place, "a division by 0") }
            if operation == .divide { return .number(a / b) }
            let rest = fmod(a, b)
            let isBelow = rest != 0 && (rest < 0) != (b < 0)
            if operation == .remainder { return .number(isBelow ? rest + b : rest) }
            return .number(((a - rest) / b - (isBelow ? 1 : 0)).rounded())
        }
    }

    // MARK: Comparisons

    /// `a < b < c`: each with the next, as long as it holds.
    func compared(
        _ first: TemplateExpression, _ rest: [(TemplateExpression.Comparison, TemplateExpression)],
        _ scope: Scope
    ) throws(TemplateError) -> TemplateValue {
        var left = try evaluate(first, scope)
        for (comparison, expression) in rest {
            let right = try evaluate(expression, scope)
            guard try holds(comparison, left, right, expression.place) else { return .bool(false) }
            left = right
        }
        return .bool(true)
    }

    func holds(
        _ comparison: TemplateExpression.Comparison, _ left: TemplateValue, _ right: TemplateValue,
        _ place: Place
    ) throws(TemplateError) -> Bool {
        switch comparison {
        case .equal: return try equal(left, right, place)
        case .unequal: return !(try equal(left, right, place))
        case .isIn: return try contains(right, left, place)
        case .isNotIn: return !(try contains(right, left, place))
        case .less: return try order(left, right, place) == .orderedAscending
        case .lessOrEqual: return try order(left, right, place) != .orderedDescending
        case .greater: return try order(left, right, place) == .orderedDescending
        case .greaterOrEqual: return try order(left, right, place) != .orderedAscending
        }
    }

    func equal(_ left: TemplateValue, _ right: TemplateValue, _ place: Place) throws(TemplateError)
        -> Bool
    {
        let size = min(left.size, right.size)
        // Members of objects are looked for one by one
        let (square, overflow) = size.multipliedReportingOverflow(by: size)
        try charge(left.depth > 0 ? (overflow ? .max : square / 16 + size) : size, place)
        return left.equals(right)
    }

    private func contains(_ whole: TemplateValue, _ part: TemplateValue, _ place: Place)
        throws(TemplateError) -> Bool
    {
        switch whole {
        case .undefined: return false
        case .text(let text):
            guard case .text(let part) = part else {
                throw .value(place, "'in' of \(part.kind) and a text")
            }
            return try places(of: part, in: text, most: 1, place).first != nil || part.isEmpty
        case .list(let list):
            for element in list.elements where try equal(element, part, place) { return true }
            return false
        case .map(let map):
            try charge(map.entries.count, place)
            return map[part] != nil
        default: throw .value(place, "\(whole.kind) has no elements")
        }
    }

    /// - Throws: for values that have no order among each other
    func order(_ left: TemplateValue, _ right: TemplateValue, _ place: Place) throws(TemplateError)
        -> ComparisonResult
    {
        try charge(min(left.size, right.size), place)
        if let a = left.asInteger, let b = right.asInteger {
            return a < b ? .orderedAscending : a > b ? .orderedDescending : .orderedSame
        }
        if let a = left.asNumber, let b = right.asNumber {
            return a < b ? .orderedAscending : a > b ? .orderedDescending : .orderedSame
        }
        switch (left, right) {
        case (.text(let a), .text(let b)):
            if a.unicodeScalars.lexicographicallyPrecedes(b.unicodeScalars) { return .orderedAscending }
            return a.utf8.elementsEqual(b.utf8) ? .orderedSame : .orderedDescending
        case (.list(let a), .list(let b)) where a.form == b.form:
            for (x, y) in zip(a.elements, b.elements) where !(try equal(x, y, place)) {
                return try order(x, y, place)
            }
            let (m, n) = (a.elements.count, b.elements.count)
            return m < n ? .orderedAscending : m > n ? .orderedDescending : .orderedSame
        default: throw .value(place, "\(left.kind) and \(right.kind) have no order")
        }
    }

    /// Where a text begins within another, in bytes, without overlaps; found in time that grows with both lengths.
    /// - Parameter fromEnd: whether they are looked for from the end
    func places(
        of part: String, in text: String, most: Int, fromEnd: Bool = false, _ place: Place
    ) throws(TemplateError) -> [Int] {
        let needle = fromEnd ? part.utf8.reversed() : Array(part.utf8)
        let bytes = fromEnd ? text.utf8.reversed() : Array(text.utf8)
        try charge((needle.count + bytes.count) / 8, place)
        guard !needle.isEmpty, needle.count <= bytes.count, most > 0 else { return [] }
        // Knuth, Morris and Pratt 1977: how much of the beginning still matches after a mismatch
        var kept = [Int](repeating: 0, count: needle.count)
        var length = 0
        for i in needle.indices.dropFirst() {
            while length > 0, needle[i] != needle[length] { length = kept[length - 1] }
            if needle[i] == needle[length] { length += 1 }
            kept[i] = length
        }
        var found: [Int] = []
        length = 0
        for (i, byte) in bytes.enumerated() {
            while length > 0, byte != needle[length] { length = kept[length - 1] }
            if byte == needle[length] { length += 1 }
            if length == needle.count {
                found.append(i + 1 - length)
                length = 0
                if found.count >= most { break }
            }
        }
        return fromEnd ? found.reversed().map { bytes.count - $0 - needle.count } : found
    }
}
