/// One tag for each word of each example.
package struct TagAnswers: Answers, Equatable {
    package static let form = "tags"

    /// For each example the tags of its words. A word that was truncated has a predicted tag too: "O", or the head's
    /// first label if it has no "O".
    package var predicted: [[String]]
    /// For each example as many true tags.
    package var gold: [[String]]

    package var count: Int { gold.count }

    package init(predicted: [[String]], gold: [[String]]) {
        precondition(
            predicted.count == gold.count && zip(predicted, gold).allSatisfy { $0.count == $1.count },
            "predicted and true tags differ in number")
        self.predicted = predicted
        self.gold = gold
    }

    /// The answers to those examples that have tags.
    /// - Parameters:
    ///   - predicted: of each example, for each word an index into `labels`
    ///   - gold: of each example its words and tags; nil or without tags if it cannot be scored
    ///   - labels: the head's
    package init(predicted: [[Int]], of gold: [TaggedTokens?], labels: [String]) {
        precondition(predicted.count == gold.count, "\(predicted.count) predictions for \(gold.count) examples")
        var (chosen, names): ([[String]], [[String]]) = ([], [])
        for (p, g) in zip(predicted, gold) {
            guard let g, let tags = g.names(labels) else { continue }
            chosen.append(p.map { labels[$0] })
            names.append(tags)
        }
        self.init(predicted: chosen, gold: names)
    }

    package var bytes: [UInt8] {
        var names = NameTable()
        var tags: [UInt8] = []
        CanonicalData.append(count, to: &tags)
        for (p, g) in zip(predicted, gold) {
            CanonicalData.append(g.count, to: &tags)
            for (p, g) in zip(p, g) {
                CanonicalData.append(names.number(p), to: &tags)
                CanonicalData.append(names.number(g), to: &tags)
            }
        }
        return names.bytes + tags
    }

    package init?(bytes: [UInt8]) {
        var reader = ByteReader(bytes)
        guard let names = reader.list({ $0.text() }) else { return nil }
        func name(_ reader: inout ByteReader) -> String? {
            reader.integer().flatMap { names.indices.contains($0) ? names[$0] : nil }
        }
        guard
            let examples = reader.list({ reader in
                reader.list { reader in name(&reader).flatMap { p in name(&reader).map { (predicted: p, gold: $0) } } }
            }), reader.isAtEnd
        else { return nil }
        self.init(predicted: examples.map { $0.map(\.predicted) }, gold: examples.map { $0.map(\.gold) })
    }
}
