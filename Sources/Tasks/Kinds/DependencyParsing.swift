import Files

/// A list of words, and for each word its head in the sentence's tree and the label of the arc to it, as in Universal
/// Dependencies.
package enum DependencyParsing: TaskKind {
    package static let name = "dependency-parsing"
    package static let head = "parsing"
    package static let inputs = ["tokens"]
    package static let targets = ["heads", "deprels"]
    package static let metrics = [LabeledAttachment.name, UnlabeledAttachment.name]
    package static let baselines = Baselines(constant: ChainTree.self, classic: WordArcs.self)
    package static let minimumLabels = 1

    package static func labels(in row: FieldRow) throws(TaskError) -> [String] { try row.labels("deprels") }

    package static func example(
        from row: FieldRow, id: Int, labels: LabelIndex, needsTarget: Bool
    ) throws(TaskError) -> Example {
        let tokens = try row.texts("tokens")
        var payload = ParsedTokens(tokens: tokens)
        if needsTarget || row.value("heads") != nil || row.value("deprels") != nil {
            payload.heads = try heads(in: row, of: tokens.count)
            let names = try row.labels("deprels")
            try row.check(names.count, "item", in: "deprels", eachOf: tokens.count)
            let found = try labels.find(each: names, in: row)
            (payload.labels, payload.unknown) = (found.indices, found.unknown)
        }
        return Example(id: id, words: tokens, unknown: payload.unknown, line: row.line, payload: payload)
    }

    private static func heads(in row: FieldRow, of words: Int) throws(TaskError) -> [Int] {
        let heads = try row.integers("heads")
        try row.check(heads.count, "item", in: "heads", eachOf: words)
        for (place, head) in heads.enumerated() where !(0...words).contains(head) || head == place + 1 {
            throw row.wrongType(
                "heads", found: "a list with \(head) for word \(place + 1)",
                expected: "0 for the root, or the number of another word, from 1 to \(words)")
        }
        return heads
    }
}

/// The words of an example, with a dependency tree over them.
package struct ParsedTokens: ExamplePayload, Equatable {
    package var tokens: [String]
    /// For each word the number of its head from 1, or 0 for the root; nil if the row has no tree.
    package var heads: [Int]?
    /// For each word the label of the arc to its head, an index into the task's labels, −1 for an unknown label; nil if the
    /// row has no tree.
    package var labels: [Int]?
    /// By place of the word: its label in the data, where the task does not know it.
    package var unknown: [Int: String] = [:]

    package init(tokens: [String], heads: [Int]? = nil, labels: [Int]? = nil, unknown: [Int: String] = [:]) {
        self.tokens = tokens
        self.heads = heads
        self.labels = labels
        self.unknown = unknown
    }

    package var isScored: Bool { heads != nil }
    package var words: [String]? { tokens }
    package var ownText: String? { tokens.joined(separator: " ") }

    package func mapTexts(_ change: (String) -> String) -> (any ExamplePayload)? {
        var changed = self
        changed.tokens = tokens.map(change)
        return changed
    }

    /// Whether there is a tree: heads can be scored whatever the labels.
    package var hasKnownAnswer: Bool { heads != nil }

    /// Whether the heads are no tree with one root: scores count words, so such rows can be used.
    package var doubt: String? {
        guard let heads, !heads.isEmpty else { return nil }
        let roots = heads.count { $0 == 0 }
        if roots != 1 { return roots == 0 ? "no root" : counted(roots, "root") }
        // A walk up from each word; 1: seen in this walk, 2: leads to the root
        var states = [UInt8](repeating: 0, count: heads.count)
        for start in heads.indices {
            var path: [Int] = []
            var place = start
            while states[place] == 0 {
                states[place] = 1
                path.append(place)
                guard heads[place] > 0 else { break }
                place = heads[place] - 1
            }
            if states[place] == 1, heads[place] > 0 { return "a cycle" }
            for passed in path { states[passed] = 2 }
        }
        return nil
    }

    /// The arcs with their labels' names, or nil if the row has no tree.
    /// - Parameter names: the task's labels
    package func arcs(_ names: [String]) -> [Arc]? {
        guard let heads, let labels else { return nil }
        return heads.indices.map { place in
            let label = labels[place]
            return Arc(head: heads[place], label: label >= 0 ? names[label] : unknown[place] ?? "")
        }
    }

    package var canonicalBytes: [UInt8] {
        var bytes: [UInt8] = []
        CanonicalData.append(tokens.count, to: &bytes)
        for token in tokens { CanonicalData.append(token, to: &bytes) }
        for (place, (head, label)) in zip(heads ?? [], labels ?? []).enumerated() {
            CanonicalData.append(head, to: &bytes)
            CanonicalData.append(label, to: &bytes)
            if label < 0 { CanonicalData.append(unknown[place], to: &bytes) }
        }
        return bytes
    }
}

extension Example {
    /// The words and the tree of an example of dependency parsing.
    package var parsed: ParsedTokens? { payload as? ParsedTokens }
}
