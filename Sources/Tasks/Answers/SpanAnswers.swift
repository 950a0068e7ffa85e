/// A part of a context, or none, for each example.
package struct SpanAnswers: Answers, Equatable {
    package static let form = "spans"

    /// Empty: the prediction is that there is no answer.
    package var predicted: [String]
    /// For each example the alternatives; empty: there is no answer.
    package var gold: [[String]]

    package var count: Int { gold.count }

    package init(predicted: [String], gold: [[String]]) {
        precondition(predicted.count == gold.count, "\(predicted.count) predictions for \(gold.count) examples")
        self.predicted = predicted
        self.gold = gold
    }

    /// The answers to those examples that can be scored.
    package init(predicted: [String], of gold: [AnswerSpans?]) {
        precondition(predicted.count == gold.count, "\(predicted.count) predictions for \(gold.count) examples")
        let pairs = zip(predicted, gold).compactMap { p, g in g?.spans.map { (p, $0.map(\.text)) } }
        self.init(predicted: pairs.map { $0.0 }, gold: pairs.map { $0.1 })
    }

    package var bytes: [UInt8] {
        var bytes: [UInt8] = []
        CanonicalData.append(count, to: &bytes)
        for (p, g) in zip(predicted, gold) {
            CanonicalData.append(p, to: &bytes)
            CanonicalData.append(g.count, to: &bytes)
            for text in g { CanonicalData.append(text, to: &bytes) }
        }
        return bytes
    }

    package init?(bytes: [UInt8]) {
        var reader = ByteReader(bytes)
        guard
            let examples = reader.list({ reader in
                reader.text().flatMap { p in reader.list { $0.text() }.map { (predicted: p, gold: $0) } }
            }), reader.isAtEnd
        else { return nil }
        self.init(predicted: examples.map(\.predicted), gold: examples.map(\.gold))
    }
}
