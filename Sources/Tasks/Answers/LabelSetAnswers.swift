/// A set of labels for each example, which may be empty.
package struct LabelSetAnswers: Answers, Equatable {
    package static let form = "label_sets"

    /// For each example its labels as indices in 0..<classes, ascending.
    package var predicted: [[Int]]
    /// As many true sets. Labels that the head does not know come after those that it knows.
    package var gold: [[Int]]
    /// Number of labels, known or not.
    package var classes: Int

    package var count: Int { gold.count }

    /// - Parameters:
    ///   - predicted: for each example label indices in 0..<classes, in any order, each once
    ///   - gold: as many true sets
    package init(predicted: [[Int]], gold: [[Int]], classes: Int) {
        precondition(predicted.count == gold.count, "\(predicted.count) predictions for \(gold.count) examples")
        self.predicted = predicted.map { $0.sorted() }
        self.gold = gold.map { $0.sorted() }
        self.classes = classes
    }

    package var bytes: [UInt8] {
        var bytes: [UInt8] = []
        CanonicalData.append(classes, to: &bytes)
        CanonicalData.append(count, to: &bytes)
        for (p, g) in zip(predicted, gold) {
            for set in [p, g] {
                CanonicalData.append(set.count, to: &bytes)
                for label in set { CanonicalData.append(label, to: &bytes) }
            }
        }
        return bytes
    }

    package init?(bytes: [UInt8]) {
        var reader = ByteReader(bytes)
        guard let classes = reader.integer(), (0...1 << 24).contains(classes) else { return nil }
        func set(_ reader: inout ByteReader) -> [Int]? {
            guard let labels = reader.list({ $0.integer() }), labels.allSatisfy({ (0..<classes).contains($0) }),
                zip(labels, labels.dropFirst()).allSatisfy(<)
            else { return nil }
            return labels
        }
        guard
            let pairs = reader.list({ reader in
                set(&reader).flatMap { p in set(&reader).map { (predicted: p, gold: $0) } }
            }), reader.isAtEnd
        else { return nil }
        self.init(predicted: pairs.map(\.predicted), gold: pairs.map(\.gold), classes: classes)
    }
}

extension LabelSetAnswers: CountedAnswers {
    package static let isExclusive = false
    package static let hasLabels = true

    package func count(_ example: Int, times: Int, in counts: inout ClassCounts) {
        counts.add(predicted: predicted[example], gold: gold[example], times: times)
    }
}
