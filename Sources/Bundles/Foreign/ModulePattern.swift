/// A key of peft's `rank_pattern` and `alpha_pattern`: a regular expression for a module's name, or for what follows one of
/// its dots, to the end: `(.*\.)?(KEY)$`.
///
/// It knows `.`, classes, `\d \w \s` and their opposites, groups, `|`, `* + ? {m,n}`, `^` and `$`. Look-around, references
/// and flags are refused. All ways to match are followed at once, so that no key takes long.
struct ModulePattern {
    /// What is to be done at a place of the program.
    fileprivate enum Step {
        case one(ScalarSet)
        /// Goes on at both places.
        case either(Int, Int)
        case start
        case end
        case match
    }

    private let steps: [Step]

    /// nil for what is no regular expression, or not one of these.
    init?(_ key: String) {
        var parser = PatternParser(key)
        guard let expression = parser.whole() else { return nil }
        let before = PatternExpression.sequence([.repeated(.one(.any), 0, nil), .one(ScalarSet("."))])
        var program = PatternProgram()
        guard program.add(.sequence([.repeated(before, 0, 1), expression, .end])) else { return nil }
        steps = program.steps + [.match]
    }

    func matches(_ name: String) -> Bool {
        let scalars = Array(name.unicodeScalars)
        var places: Set<Int> = []
        reach(0, at: 0, of: scalars.count, &places)
        for (i, scalar) in scalars.enumerated() {
            var next: Set<Int> = []
            for place in places {
                if case .one(let set) = steps[place], set.contains(scalar) {
                    reach(place + 1, at: i + 1, of: scalars.count, &next)
                }
            }
            places = next
        }
        return places.contains(steps.count - 1)
    }

    /// Adds a place, and those that follow without a character.
    private func reach(_ first: Int, at index: Int, of count: Int, _ places: inout Set<Int>) {
        var rest = [first]
        while let place = rest.popLast() {
            guard places.insert(place).inserted else { continue }
            switch steps[place] {
            case .one, .match: break
            case .either(let a, let b): rest += [a, b]
            case .start: if index == 0 { rest.append(place + 1) }
            case .end: if index == count { rest.append(place + 1) }
            }
        }
    }
}

/// Characters by their ranges.
private struct ScalarSet {
    var ranges: [ClosedRange<Unicode.Scalar>] = []
    var isNegated = false

    /// All but a line's end.
    static let any = ScalarSet(ranges: ["\n"..."\n"], isNegated: true)

    init(ranges: [ClosedRange<Unicode.Scalar>] = [], isNegated: Bool = false) {
        (self.ranges, self.isNegated) = (ranges, isNegated)
    }
    init(_ scalar: Unicode.Scalar) { ranges = [scalar...scalar] }

    /// Of `\d`, `\w`, `\s`; nil for another letter. Letters and digits are those of ASCII, as in names of modules.
    static func named(_ letter: Unicode.Scalar) -> [ClosedRange<Unicode.Scalar>]? {
        switch letter {
        case "d": ["0"..."9"]
        case "w": ["0"..."9", "A"..."Z", "_"..."_", "a"..."z"]
        case "s": ["\t"..."\r", " "..." "]
        default: nil
        }
    }

    func contains(_ scalar: Unicode.Scalar) -> Bool { ranges.contains { $0.contains(scalar) } != isNegated }
}

private indirect enum PatternExpression {
    case one(ScalarSet)
    case start
    case end
    case sequence([PatternExpression])
    case either([PatternExpression])
    /// At least and, unless nil, at most so many times.
    case repeated(PatternExpression, Int, Int?)
}

/// The steps of an expression, one after the other.
private struct PatternProgram {
    var steps: [ModulePattern.Step] = []
    private static let most = 10_000

    /// - Returns: false where it would become too long
    mutating func add(_ expression: PatternExpression) -> Bool {
        guard steps.count < Self.most else { return false }
        switch expression {
        case .one(let set): steps.append(.one(set))
        case .start: steps.append(.start)
        case .end: steps.append(.end)
        case .sequence(let parts):
            for part in parts where !add(part) { return false }
        case .either(let parts):
            return add(parts[...])
        case .repeated(let part, let least, let most):
            for _ in 0..<least where !add(part) { return false }
            guard let most else {
                let fork = steps.count
                steps.append(.match)
                guard add(part) else { return false }
                steps.append(.either(fork, fork))
                steps[fork] = .either(fork + 1, steps.count)
                return true
            }
            for _ in least..<most {
                let fork = steps.count
                steps.append(.match)
                guard add(part) else { return false }
                steps[fork] = .either(fork + 1, steps.count)
            }
        }
        return true
    }

    private mutating func add(_ parts: ArraySlice<PatternExpression>) -> Bool {
        guard let first = parts.first, parts.count > 1 else { return parts.first.map { add($0) } ?? true }
        let fork = steps.count
        steps.append(.match)
        guard add(first) else { return false }
        let leave = steps.count
        steps.append(.match)
        steps[fork] = .either(fork + 1, steps.count)
        guard add(parts.dropFirst()) else { return false }
        steps[leave] = .either(steps.count, steps.count)
        return true
    }
}

/// Reads a regular expression as Python's `re` does; nil is a fault or something that it does not know.
private struct PatternParser {
    private let scalars: [Unicode.Scalar]
    private var place = 0
    private var depth = 0
    private static let deepest = 32
    private static let longest = 1000

    init(_ text: String) { scalars = Array(text.unicodeScalars) }

    private var next: Unicode.Scalar? { place < scalars.count ? scalars[place] : nil }

    private mutating func take(_ scalar: Unicode.Scalar) -> Bool {
        guard next == scalar else { return false }
        place += 1
        return true
    }

    private mutating func pop() -> Unicode.Scalar? {
        defer { place += 1 }
        return next
    }

    mutating func whole() -> PatternExpression? {
        guard scalars.count <= Self.longest, let found = either(), place == scalars.count else { return nil }
        return found
    }

    private mutating func either() -> PatternExpression? {
        var parts: [PatternExpression] = []
        repeat {
            guard let part = sequence() else { return nil }
            parts.append(part)
        } while take("|")
        return parts.count == 1 ? parts[0] : .either(parts)
    }

    private mutating func sequence() -> PatternExpression? {
        var parts: [PatternExpression] = []
        while let scalar = next, scalar != "|", scalar != ")" {
            guard let (part, repeats) = atom() else { return nil }
            guard repeats else {
                parts.append(part)
                continue
            }
            guard let repeated = repeated(part) else { return nil }
            parts.append(repeated)
        }
        return .sequence(parts)
    }

    /// One element, and whether it can be repeated.
    private mutating func atom() -> (PatternExpression, repeats: Bool)? {
        guard let scalar = pop() else { return nil }
        switch scalar {
        case ".": return (.one(.any), true)
        case "^": return (.start, false)
        case "$": return (.end, false)
        case "[": return set().map { (.one($0), true) }
        case "\\": return escaped().map { (.one($0), true) }
        case "*", "+", "?": return nil
        case "(":
            if take("?"), !take(":") { return nil }
            depth += 1
            defer { depth -= 1 }
            guard depth <= Self.deepest, let inner = either(), take(")") else { return nil }
            return (inner, true)
        default: return (.one(ScalarSet(scalar)), true)
        }
    }

    private mutating func repeated(_ part: PatternExpression) -> PatternExpression? {
        let range: (Int, Int?)
        if take("*") {
            range = (0, nil)
        } else if take("+") {
            range = (1, nil)
        } else if take("?") {
            range = (0, 1)
        } else if let bounds = bounds() {
            range = bounds
        } else {
            return part
        }
        _ = take("?")  // whether it takes few or many first does not matter to a whole match
        // A second operator is a fault, or takes back what another way needs
        guard next != "*", next != "+", next != "?", (range.1 ?? Int.max) >= range.0 else { return nil }
        return .repeated(part, range.0, range.1)
    }

    /// `{m}`, `{m,}`, `{,n}` or `{m,n}`; without these, a brace is a character.
    private mutating func bounds() -> (Int, Int?)? {
        let first = place
        func number(_ parser: inout Self) -> Int? {
            var digits = ""
            while let digit = parser.next, ("0"..."9").contains(digit) {
                digits.unicodeScalars.append(digit)
                parser.place += 1
            }
            return Int(digits)
        }
        if take("{") {
            let least = number(&self)
            let isRange = take(",")
            let most = isRange ? number(&self) : least
            if take("}"), isRange || least != nil, max(least ?? 0, most ?? 0) <= Self.longest {
                return (least ?? 0, most)
            }
        }
        place = first
        return nil
    }

    private mutating func escaped() -> ScalarSet? {
        guard let scalar = pop() else { return nil }
        let isUpper = ("A"..."Z").contains(scalar)
        let lower = isUpper ? Unicode.Scalar(scalar.value + 32) ?? scalar : scalar
        if let ranges = ScalarSet.named(lower) { return ScalarSet(ranges: ranges, isNegated: isUpper) }
        let isWord = ScalarSet(ranges: ScalarSet.named("w") ?? []).contains(scalar)
        return isWord && scalar != "_" ? nil : ScalarSet(scalar)
    }

    private mutating func set() -> ScalarSet? {
        var set = ScalarSet()
        set.isNegated = take("^")
        var isFirst = true
        while isFirst || next != "]" {
            isFirst = false
            guard let low = member() else { return nil }
            guard next == "-", place + 1 < scalars.count, scalars[place + 1] != "]" else {
                set.ranges += low
                continue
            }
            place += 1
            guard let high = member(), low.count == 1, high.count == 1, low[0].lowerBound == low[0].upperBound,
                high[0].lowerBound == high[0].upperBound, low[0].lowerBound <= high[0].lowerBound
            else { return nil }
            set.ranges.append(low[0].lowerBound...high[0].lowerBound)
        }
        place += 1
        return set
    }

    private mutating func member() -> [ClosedRange<Unicode.Scalar>]? {
        guard let scalar = pop() else { return nil }
        guard scalar == "\\" else { return [scalar...scalar] }
        guard let set = escaped(), !set.isNegated else { return nil }
        return set.ranges
    }
}
