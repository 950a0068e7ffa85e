/// The arc of a word to its head.
package struct Arc: Equatable, Sendable {
    /// The head's number from 1; 0 is the root.
    package var head: Int
    package var label: String

    package init(head: Int, label: String) {
        self.head = head
        self.label = label
    }
}

/// One arc for each word of each example.
package struct TreeAnswers: Answers, Equatable {
    package static let form = "trees"

    /// For each example the arcs of its words.
    package var predicted: [[Arc]]
    /// For each example as many true arcs.
    package var gold: [[Arc]]

    package var count: Int { gold.count }

    package init(predicted: [[Arc]], gold: [[Arc]]) {
        precondition(
            predicted.count == gold.count && zip(predicted, gold).allSatisfy { $0.count == $1.count },
            "predicted and true arcs differ in number")
        self.predicted = predicted
        self.gold = gold
    }

    /// The answers to those examples that have a tree.
    /// - Parameters:
    ///   - predicted: of each example, for each word
    ///   - labels: the head's
    package init(predicted: [[Arc]], of gold: [ParsedTokens?], labels: [String]) {
        precondition(predicted.count == gold.count, "\(predicted.count) predictions for \(gold.count) examples")
        let pairs = zip(predicted, gold).compactMap { p, g in g?.arcs(labels).map { (p, $0) } }
        self.init(predicted: pairs.map { $0.0 }, gold: pairs.map { $0.1 })
    }

    package var bytes: [UInt8] {
        var names = NameTable()
        var arcs: [UInt8] = []
        CanonicalData.append(count, to: &arcs)
        for (p, g) in zip(predicted, gold) {
            CanonicalData.append(g.count, to: &arcs)
            for arc in zip(p, g).flatMap({ [$0, $1] }) {
                CanonicalData.append(arc.head, to: &arcs)
                CanonicalData.append(names.number(arc.label), to: &arcs)
            }
        }
        return names.bytes + arcs
    }

    package init?(bytes: [UInt8]) {
        var reader = ByteReader(bytes)
        guard let names = reader.list({ $0.text() }) else { return nil }
        func arc(_ reader: inout ByteReader) -> Arc? {
            guard let head = reader.integer(), head >= 0, let name = reader.integer(), names.indices.contains(name)
            else { return nil }
            return Arc(head: head, label: names[name])
        }
        func pair(_ reader: inout ByteReader) -> (predicted: Arc, gold: Arc)? {
            arc(&reader).flatMap { p in arc(&reader).map { (p, $0) } }
        }
        guard let examples = reader.list({ $0.list(pair) }), reader.isAtEnd else { return nil }
        self.init(predicted: examples.map { $0.map(\.predicted) }, gold: examples.map { $0.map(\.gold) })
    }
}
