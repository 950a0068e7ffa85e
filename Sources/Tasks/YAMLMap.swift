import Files
import Yams

/// A YAML map whose keys are known beforehand; every error names file, line and key.
package struct YAMLMap {
    package let file: String
    fileprivate var values: [String: Node] = [:]
    private var lines: [String: Int] = [:]

    /// - Parameters:
    ///   - name: what a message calls the map
    ///   - keys: the allowed keys
    /// - Throws: `TaskError.badValue` if `node` is no map, `.unknownKey` for a key outside `keys`
    package init(_ node: Node, file: String, name: String, keys: [String]) throws(TaskError) {
        self.file = file
        guard let mapping = node.mapping else {
            throw .badValue(
                file: file, line: node.mark?.line ?? 1, key: name, found: Self.typeName(node), expected: "a map")
        }
        for (key, value) in mapping {
            let line = key.mark?.line ?? 1
            guard let text = key.scalar?.string, keys.contains(text) else {
                let found = key.scalar?.string ?? Self.typeName(key)
                throw .unknownKey(
                    file: file, line: line, key: found, nearest: nearestName(to: found, among: keys), known: keys)
            }
            lines[text] = line
            if !Self.isNull(value) { values[text] = value }
        }
    }

    /// The value, or nil if it is absent or null.
    package func node(_ key: String) -> Node? { values[key] }

    package func bad(_ key: String, found: String, expected: String) -> TaskError {
        .badValue(file: file, line: lines[key] ?? 1, key: key, found: found, expected: expected)
    }

    /// A scalar as it is written: `no` and `01` stay what they are.
    package func text(_ key: String) throws(TaskError) -> String? {
        guard let node = values[key] else { return nil }
        guard let scalar = node.scalar else { throw bad(key, found: Self.typeName(node), expected: "a text") }
        guard !scalar.string.isEmpty else { throw bad(key, found: "empty", expected: "a text") }
        return scalar.string
    }

    package func requiredText(_ key: String, expected: String) throws(TaskError) -> String {
        if let text = try text(key) { return text }
        throw .missingKey(file: file, key: key, expected: expected)
    }

    /// A list of scalars as they are written.
    package func texts(_ key: String) throws(TaskError) -> [String]? {
        guard let node = values[key] else { return nil }
        guard let sequence = node.sequence else {
            throw bad(
                key, found: Self.typeName(node), expected: "a list of strings or integers")
        }
        var texts: [String] = []
        for item in sequence {
            guard let scalar = item.scalar, !scalar.string.isEmpty else {
                throw bad(
                    key, found: "a list with \(item.scalar == nil ? Self.typeName(item) : "an empty entry")",
                    expected: "a list of strings or integers")
            }
            texts.append(scalar.string)
        }
        return texts
    }

    /// A map with any scalars as keys, and texts as values, in the order in which they are written.
    package func entries(_ key: String) throws(TaskError) -> [(key: String, value: String)] {
        guard let mapping = values[key]?.mapping else {
            throw bad(key, found: values[key].map(Self.typeName) ?? "missing", expected: "a map")
        }
        var entries: [(key: String, value: String)] = []
        for (name, value) in mapping {
            guard let name = name.scalar?.string, let text = value.scalar?.string, !text.isEmpty else {
                throw bad(key, found: "a map with \(Self.typeName(name)): \(Self.typeName(value))", expected: "texts")
            }
            entries.append((name, text))
        }
        return entries
    }

    package func map(_ key: String, keys: [String]) throws(TaskError) -> YAMLMap? {
        guard let node = values[key] else { return nil }
        guard node.mapping != nil else { throw bad(key, found: Self.typeName(node), expected: "a map") }
        return try YAMLMap(node, file: file, name: key, keys: keys)
    }

    /// Every value as text.
    package func allTexts() throws(TaskError) -> [String: String] {
        var all: [String: String] = [:]
        for key in values.keys.sorted() { all[key] = try text(key) }
        return all
    }

    private static func isNull(_ node: Node) -> Bool {
        guard let scalar = node.scalar, scalar.style == .plain || scalar.style == .any else { return false }
        return ["", "~", "null", "Null", "NULL"].contains(scalar.string)
    }

    fileprivate static func typeName(_ node: Node) -> String {
        switch node {
        case .scalar(let scalar): scalar.string.isEmpty ? "empty" : "'\(shown(scalar.string))'"
        case .mapping: "a map"
        case .sequence: "a list"
        case .alias: "an alias"
        }
    }
}

// MARK: - Reading

extension YAMLMap {
    /// Reads the map that a text is.
    /// - Parameters:
    ///   - text: at most 1 MiB
    ///   - fix: what a message proposes where it is no YAML
    package init(text: String, file: String, keys: [String], fix: String) throws(TaskError) {
        try self.init(try Self.composed(text, file: file, fix: fix), file: file, name: "the file", keys: keys)
    }

    private static func composed(_ text: String, file: String, fix: String) throws(TaskError) -> Node {
        if let problem = YAMLBounds.fault(in: text) {
            throw .malformed(file: file, line: 1, problem: problem, fix: fix)
        }
        do {
            guard let node = try Yams.compose(yaml: text) else {
                throw TaskError.malformed(file: file, line: 1, problem: "empty", fix: fix)
            }
            return node
        } catch let error as TaskError {
            throw error
        } catch let error as YamlError {
            let (line, problem) = place(error)
            throw .malformed(file: file, line: line, problem: "not valid YAML: \(problem)", fix: fix)
        } catch {
            throw .malformed(file: file, line: 1, problem: "not valid YAML", fix: fix)
        }
    }

    private static func place(_ error: YamlError) -> (line: Int, problem: String) {
        switch error {
        case .scanner(_, let problem, let mark, _), .parser(_, let problem, let mark, _),
            .composer(_, let problem, let mark, _):
            return (max(1, mark.line), problem)
        case .reader(let problem, _, _, _): return (1, problem)
        case .duplicatedKeysInMapping(let duplicates, let context):
            let keys = duplicates.map { "'\(shown($0))'" }.sorted().joined(separator: ", ")
            return (max(1, context.mark.line), "\(keys) appears twice")
        default: return (1, "unreadable")
        }
    }

    /// A whole number in a range; nil if the key is absent.
    package func integer(_ key: String, in range: ClosedRange<Int>) throws(TaskError) -> Int? {
        guard let text = try text(key) else { return nil }
        guard let value = Int(text), range.contains(value) else {
            let expected =
                range.upperBound == .max ? "\(range.lowerBound) or more" : "\(range.lowerBound) to \(range.upperBound)"
            throw bad(key, found: "'\(shown(text))'", expected: "a whole number, \(expected)")
        }
        return value
    }

    /// Whole numbers of 1 or more.
    package func counts(_ key: String) throws(TaskError) -> [Int]? {
        guard let texts = try texts(key) else { return nil }
        var counts: [Int] = []
        for text in texts {
            guard let count = Int(text), count >= 1, !counts.contains(count) else {
                throw bad(key, found: "'\(shown(text))'", expected: "different whole numbers of 1 or more")
            }
            counts.append(count)
        }
        return counts
    }

    /// One of some words.
    package func word(_ key: String, of words: [String]) throws(TaskError) -> String? {
        guard let text = try text(key) else { return nil }
        guard words.contains(text) else {
            throw bad(key, found: "'\(shown(text))'", expected: Self.choice(text, words))
        }
        return text
    }

    /// What a message expects in place of an unknown word.
    static func choice(_ word: String, _ allowed: [String]) -> String {
        let all = "one of " + allowed.joined(separator: ", ")
        return nearestName(to: word, among: allowed).map { all + "; did you mean '\($0)'?" } ?? all
    }

    /// A list of maps with these keys; an entry that is a text alone stands for a map with it under `key`.
    package func maps(_ key: String, keys: [String], short: String) throws(TaskError) -> [YAMLMap]? {
        guard let node = values[key] else { return nil }
        guard let sequence = node.sequence else { throw bad(key, found: Self.typeName(node), expected: "a list") }
        var maps: [YAMLMap] = []
        for item in sequence {
            if item.scalar != nil {
                let pair: (Node, Node) = (Node(short), item)
                maps.append(try YAMLMap(Node([pair]), file: file, name: key, keys: keys))
            } else {
                maps.append(try YAMLMap(item, file: file, name: key, keys: keys))
            }
        }
        return maps
    }
}
