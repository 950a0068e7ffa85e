import Files

/// A list of words, and one tag for each word. Tags may have prefixes (BIO, BIOES, IOB1) or none (parts of speech).
package enum Tagging: TaskKind {
    package static let name = "tagging"
    package static let head = "tagging"
    package static let inputs = ["tokens"]
    package static let targets = ["tags"]
    package static let metrics = [EntityF1.name, TokenAccuracy.name]
    package static let baselines = Baselines(constant: MajorityTag.self, classic: WordTags.self)
    package static let minimumLabels = 2

    /// Tags without prefixes, such as parts of speech, have no entities.
    package static func defaultMetric(labels: [String]) -> String {
        EntityF1.isMeaningful(for: labels) ? EntityF1.name : TokenAccuracy.name
    }

    package static func labels(in row: FieldRow) throws(TaskError) -> [String] { try row.labels("tags") }

    package static func example(
        from row: FieldRow, id: Int, labels: LabelIndex, needsTarget: Bool
    ) throws(TaskError) -> Example {
        let tokens = try row.texts("tokens")
        var payload = TaggedTokens(tokens: tokens)
        if needsTarget || row.value("tags") != nil {
            let names = try row.labels("tags")
            try row.check(names.count, "tag", in: "tags", eachOf: tokens.count)
            let found = try labels.find(each: names, in: row)
            (payload.tags, payload.unknown) = (found.indices, found.unknown)
        }
        return Example(id: id, words: tokens, unknown: payload.unknown, line: row.line, payload: payload)
    }
}

extension FieldRow {
    /// Refuses a list that does not have an item for each word.
    func check(_ count: Int, _ noun: String, in field: String, eachOf words: Int) throws(TaskError) {
        guard count != words else { return }
        throw wrongType(
            field, found: "a list of \(counted(count, noun))",
            expected: "\(counted(words, noun)), one for each element of '\(column("tokens"))'")
    }
}

extension Example {
    /// An example of words.
    /// - Parameter unknown: labels that the task does not know, by place of the word
    init(id: Int, words: [String], unknown: [Int: String], line: Int, payload: any ExamplePayload) {
        self.init(
            id: id, text: words.joined(separator: " "), unknownLabel: unknown.min { $0.key < $1.key }?.value,
            line: line,
            payload: payload)
    }
}

/// The words of an example, with their tags.
package struct TaggedTokens: ExamplePayload, Equatable {
    package var tokens: [String]
    /// For each word an index into the task's labels, −1 for an unknown tag; nil if the row has no tags.
    package var tags: [Int]?
    /// By place of the word: its tag in the data, where the task does not know it.
    package var unknown: [Int: String]

    package init(tokens: [String], tags: [Int]? = nil, unknown: [Int: String] = [:]) {
        self.tokens = tokens
        self.tags = tags
        self.unknown = unknown
    }

    package var isScored: Bool { tags != nil }
    package var words: [String]? { tokens }

    package var ownText: String? { tokens.joined(separator: " ") }

    package func mapTexts(_ change: (String) -> String) -> (any ExamplePayload)? {
        var changed = self
        changed.tokens = tokens.map(change)
        return changed
    }

    /// Whether at least one tag is known, so that there is something to score.
    package var hasKnownAnswer: Bool { tags.map { $0.isEmpty || $0.contains { $0 >= 0 } } ?? false }

    /// The tags' names, or nil if the row has no tags.
    /// - Parameter labels: the task's
    package func names(_ labels: [String]) -> [String]? {
        tags?.enumerated().map { place, tag in tag >= 0 ? labels[tag] : unknown[place] ?? "" }
    }

    package var canonicalBytes: [UInt8] {
        var bytes: [UInt8] = []
        CanonicalData.append(tokens.count, to: &bytes)
        for token in tokens { CanonicalData.append(token, to: &bytes) }
        for (place, tag) in (tags ?? []).enumerated() {
            CanonicalData.append(tag, to: &bytes)
            if tag < 0 { CanonicalData.append(unknown[place], to: &bytes) }
        }
        return bytes
    }
}

extension Example {
    /// The words and tags of an example of a tagging task.
    package var tagged: TaggedTokens? { payload as? TaggedTokens }
}
