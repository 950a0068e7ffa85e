/// One or several numbers for each example.
package struct NumberAnswers: Answers, Equatable {
    package static let form = "numbers"

    /// For each example one value per output.
    package var predicted: [[Double]]
    /// For each example as many true values; nil where one is missing.
    package var gold: [[Double?]]

    package var count: Int { gold.count }

    /// Number of outputs.
    package var columns: Int { gold.first?.count ?? 0 }

    package init(predicted: [[Double]], gold: [[Double?]]) {
        precondition(
            predicted.count == gold.count && zip(predicted, gold).allSatisfy { $0.count == $1.count },
            "predicted and true values differ in number")
        self.predicted = predicted
        self.gold = gold
    }

    /// The answers to those examples that have a true value.
    package init(predicted: [[Double]], of gold: [Numbers?]) {
        precondition(predicted.count == gold.count, "\(predicted.count) predictions for \(gold.count) examples")
        let pairs = zip(predicted, gold).compactMap { p, g in g.map { (p, $0.values) } }
        self.init(predicted: pairs.map { $0.0 }, gold: pairs.map { $0.1 })
    }

    package var bytes: [UInt8] {
        var bytes: [UInt8] = []
        CanonicalData.append(count, to: &bytes)
        for (p, g) in zip(predicted, gold) {
            CanonicalData.append(g.count, to: &bytes)
            for (p, g) in zip(p, g) {
                CanonicalData.append(p, to: &bytes)
                bytes.append(g == nil ? 0 : 1)
                if let g { CanonicalData.append(g, to: &bytes) }
            }
        }
        return bytes
    }

    package init?(bytes: [UInt8]) {
        var reader = ByteReader(bytes)
        func value(_ reader: inout ByteReader) -> (predicted: Double, gold: Double?)? {
            guard let p = reader.real(), let isPresent = reader.byte(), isPresent <= 1 else { return nil }
            guard isPresent == 1 else { return (p, nil) }
            return reader.real().map { (p, $0) }
        }
        guard let examples = reader.list({ $0.list(value) }), reader.isAtEnd else { return nil }
        self.init(predicted: examples.map { $0.map(\.predicted) }, gold: examples.map { $0.map(\.gold) })
    }
}
