import Files

/// A composition as a user writes it: `stack(lang-de.h5, fuse(a.h5, b.h5, value=false))`.
///
/// Blocks are those of `CompositionBlocks.builtIn`. A name is a bundle's file; one with a space, a comma, a parenthesis or
/// '=' stands in double quotes. Options follow the children: `weights=[0.7, 0.3]`. `new` is the adapter that a training
/// makes.
package indirect enum CompositionExpression: Sendable {
    case file(String, column: Int)
    /// The adapter to be trained.
    case new(column: Int)
    case block(any CompositionBlock, [CompositionExpression], column: Int)

    /// A mistake in an expression.
    package struct Fault: Error, Equatable, Sendable, CustomStringConvertible {
        /// Of the first character, from 1.
        package let column: Int
        package let found: String
        package let expected: String

        package init(column: Int, found: String, expected: String) {
            self.column = column
            self.found = found
            self.expected = expected
        }

        package var description: String { "column \(column): found \(found), expected \(expected)" }
    }

    /// - Throws: `Fault`
    package init(_ text: String) throws(Fault) {
        var parser = ExpressionParser(text: Array(text))
        self = try parser.whole()
    }

    package var column: Int {
        switch self {
        case .file(_, let column), .new(let column), .block(_, _, let column): column
        }
    }

    /// The columns of `new`.
    package var newColumns: [Int] {
        switch self {
        case .file: []
        case .new(let column): [column]
        case .block(_, let children, _): children.flatMap(\.newColumns)
        }
    }

    /// The files in order, each once.
    package var files: [String] {
        var seen: Set<String> = []
        func all(_ expression: CompositionExpression) -> [String] {
            switch expression {
            case .file(let file, _): [file]
            case .new: []
            case .block(_, let children, _): children.flatMap(all)
            }
        }
        return all(self).filter { seen.insert($0).inserted }
    }

    /// The tree, each file in the form that `bundle` gives it, and `new` as `newAdapter`.
    package func tree(
        new newAdapter: Composition, bundle: (_ file: String, _ column: Int) throws -> Composition
    ) throws -> Composition {
        switch self {
        case .file(let file, let column): return try bundle(file, column)
        case .new: return newAdapter
        case .block(let block, let children, _):
            // Until the whole tree is known, new blocks have no id
            return .above("", block, try children.map { try $0.tree(new: newAdapter, bundle: bundle) })
        }
    }
}

private struct ExpressionParser {
    let text: [Character]
    private var position = 0
    /// Deeper trees have no use, and would exhaust the stack.
    private static let deepest = 32

    init(text: [Character]) { self.text = text }

    mutating func whole() throws(CompositionExpression.Fault) -> CompositionExpression {
        let expression = try expression(above: [])
        skipSpace()
        guard position == text.count else { throw fault("the end of the expression") }
        return expression
    }

    private var column: Int { position + 1 }
    private var next: Character? { position < text.count ? text[position] : nil }

    private mutating func skipSpace() { while next?.isWhitespace == true { position += 1 } }

    private func fault(_ expected: String) -> CompositionExpression.Fault {
        CompositionExpression.Fault(
            column: column, found: next.map { "'\($0)'" } ?? "the end of the expression", expected: expected)
    }

    /// - Parameter above: the kinds of blocks around it, the outermost first
    private mutating func expression(above: [String]) throws(CompositionExpression.Fault) -> CompositionExpression {
        skipSpace()
        let start = column
        let (word, isQuoted) = try self.word()
        skipSpace()
        guard next == "(", !isQuoted else {
            return word == "new" && !isQuoted ? .new(column: start) : .file(word, column: start)
        }
        guard let kind = CompositionBlocks.named(word) else {
            throw .init(
                column: start, found: "'\(word)('",
                expected: CompositionBlocks.kinds.joined(separator: ", ") + " or a file")
        }
        guard above.count < Self.deepest else {
            throw .init(column: start, found: "more than \(Self.deepest) levels", expected: "fewer levels")
        }
        if let fault = kind.nestingFault(within: above) {
            throw .init(column: start, found: fault.found, expected: fault.expected)
        }
        position += 1
        var children: [CompositionExpression] = []
        var fields: [String: ConfigurationValue] = [:]
        var columns: [String: Int] = [:]
        repeat {
            skipSpace()
            let at = column
            if let option = option() {
                guard fields[option] == nil else {
                    throw .init(column: at, found: "'\(option)' twice", expected: "each option once")
                }
                fields[option] = try value()
                columns[option] = at
            } else {
                guard fields.isEmpty else { throw fault("an option, since options follow the bundles") }
                children.append(try expression(above: above + [word]))
            }
            skipSpace()
        } while take(",")
        guard take(")") else { throw fault("',' or ')'") }
        guard !children.isEmpty else {
            throw .init(column: start, found: "\(word) without bundles", expected: "at least one")
        }
        do {
            return .block(try kind.init(BlockFields(fields, children: children.count)), children, column: start)
        } catch {
            throw .init(
                column: columns[error.field] ?? start, found: "\(word): \(error.field): \(error.found)",
                expected: error.expected)
        }
    }

    private mutating func take(_ character: Character) -> Bool {
        guard next == character else { return false }
        position += 1
        return true
    }

    /// A file's name or a block's kind.
    private mutating func word() throws(CompositionExpression.Fault) -> (text: String, isQuoted: Bool) {
        if take("\"") {
            let first = position
            while let character = next, character != "\"" {
                _ = character
                position += 1
            }
            let word = String(text[first..<position])
            guard take("\"") else { throw fault("'\"' at the end of the name") }
            guard !word.isEmpty else { throw fault("a file between the quotation marks") }
            return (word, true)
        }
        let first = position
        while let character = next, !",()=\"".contains(character), !character.isWhitespace { position += 1 }
        guard position > first else { throw fault("a bundle's file or a block") }
        return (String(text[first..<position]), false)
    }

    /// The name of an option, if one with '=' stands here.
    private mutating func option() -> String? {
        var end = position
        while end < text.count, text[end].isLetter || text[end] == "_" { end += 1 }
        let name = String(text[position..<end])
        while end < text.count, text[end].isWhitespace { end += 1 }
        guard !name.isEmpty, end < text.count, text[end] == "=" else { return nil }
        position = end + 1
        return name
    }

    /// A value in JSON, to the next comma or parenthesis outside brackets.
    private mutating func value() throws(CompositionExpression.Fault) -> ConfigurationValue {
        skipSpace()
        let first = position
        var depth = 0
        while let character = next, depth > 0 || !",)".contains(character) {
            if character == "[" { depth += 1 }
            if character == "]" { depth -= 1 }
            position += 1
        }
        let word = String(text[first..<position])
        guard let value = ConfigurationValue(json: word) else {
            throw .init(
                column: first + 1, found: word.isEmpty ? "nothing" : "'\(word)'",
                expected: "a number, true, false, or a list such as [0.7, 0.3]")
        }
        return value
    }
}
