/// One class for each example.
package struct ClassAnswers: Answers, Equatable {
    package static let form = "classes"

    /// Class indices in 0..<classes.
    package var predicted: [Int]
    /// The true classes. Classes that the head does not know come after those that it knows.
    package var gold: [Int]
    package var classes: Int

    package var count: Int { gold.count }

    /// - Parameters:
    ///   - predicted: class indices in 0..<classes
    ///   - gold: as many true class indices
    package init(predicted: [Int], gold: [Int], classes: Int) {
        precondition(predicted.count == gold.count, "\(predicted.count) predictions for \(gold.count) examples")
        self.predicted = predicted
        self.gold = gold
        self.classes = classes
    }

    package var bytes: [UInt8] {
        var bytes: [UInt8] = []
        CanonicalData.append(classes, to: &bytes)
        CanonicalData.append(count, to: &bytes)
        for (p, g) in zip(predicted, gold) {
            CanonicalData.append(p, to: &bytes)
            CanonicalData.append(g, to: &bytes)
        }
        return bytes
    }

    package init?(bytes: [UInt8]) {
        var reader = ByteReader(bytes)
        guard let classes = reader.integer(), (0...1 << 24).contains(classes),
            let pairs = reader.list({ reader in
                reader.integer().flatMap { p in reader.integer().map { (predicted: p, gold: $0) } }
            }), reader.isAtEnd,
            pairs.allSatisfy({ (0..<classes).contains($0.predicted) && (0..<classes).contains($0.gold) })
        else { return nil }
        self.init(predicted: pairs.map(\.predicted), gold: pairs.map(\.gold), classes: classes)
    }
}
