import Files
import Yams

/// A YAML map whose keys are known beforehand; every error names file, line and key.
struct YAMLMap {
    let file: String
    private var values: [String: Node] = [:]
    private var lines: [String: Int] = [:]

    /// - Parameters:
    ///   - name: what a message calls the map
    ///   - keys: the allowed keys
    /// - Throws: `TaskError.badValue` if `node` is no map, `.unknownKey` for a key outside `keys`
    init(_ node: Node, file: String, name: String, keys: [String]) throws(TaskError) {
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
    func node(_ key: String) -> Node? { values[key] }

    func bad(_ key: String, found: String, expected: String) -> TaskError {
        .badValue(file: file, line: lines[key] ?? 1, key: key, found: found, expected: expected)
    }

    /// A scalar as it is written: `no` and `01` stay what they are.
    func text(_ key: String) throws(TaskError) -> String? {
        guard let node = values[key] else { return nil }
        guard let scalar = node.scalar else { throw bad(key, found: Self.typeName(node), expected: "a text") }
        guard !scalar.string.isEmpty else { throw bad(key, found: "empty", expected: "a text") }
        return scalar.string
    }

    func requiredText(_ key: String, expected: String) throws(TaskError) -> String {
        if let text = try text(key) { return text }
        throw .missingKey(file: file, key: key, expected: expected)
    }

    /// A list of scalars as they are written.
    func texts(_ key: String) throws(TaskError) -> [String]? {
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
    func entries(_ key: String) throws(TaskError) -> [(key: String, value: String)] {
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

    func map(_ key: String, keys: [String]) throws(TaskError) -> YAMLMap? {
        guard let node = values[key] else { return nil }
        guard node.mapping != nil else { throw bad(key, found: Self.typeName(node), expected: "a map") }
        return try YAMLMap(node, file: file, name: key, keys: keys)
    }

    /// Every value as text.
    func allTexts() throws(TaskError) -> [String: String] {
        var all: [String: String] = [:]
        for key in values.keys.sorted() { all[key] = try text(key) }
        return all
    }

    private static func isNull(_ node: Node) -> Bool {
        guard let scalar = node.scalar, scalar.style == .plain || scalar.style == .any else { return false }
        return ["", "~", "null", "Null", "NULL"].contains(scalar.string)
    }

    private static func typeName(_ node: Node) -> String {
        switch node {
        case .scalar(let scalar): scalar.string.isEmpty ? "empty" : "'\(shown(scalar.string))'"
        case .mapping: "a map"
        case .sequence: "a list"
        case .alias: "an alias"
        }
    }
}
