/// One class for each example.
package struct ClassAnswers: Answers, Equatable {
    package static let form = "classes"

    /// Class indices in 0..<classes.
    package var predicted: [Int]
    /// The true classes. Classes that the head does not know come after those that it knows.
    package var gold: [Int]
    package var classes: Int
    /// The probability of each predicted class, 0...1; nil for systems that give none.
    package var confidences: [Double]?

    package var count: Int { gold.count }

    /// - Parameters:
    ///   - predicted: class indices in 0..<classes
    ///   - gold: as many true class indices
    ///   - confidences: as many, or nil
    package init(predicted: [Int], gold: [Int], classes: Int, confidences: [Double]? = nil) {
        precondition(
            predicted.count == gold.count && confidences?.count ?? gold.count == gold.count,
            "\(predicted.count) predictions for \(gold.count) examples")
        self.confidences = confidences
        self.predicted = predicted
        self.gold = gold
        self.classes = classes
    }

    package var bytes: [UInt8] {
        var bytes: [UInt8] = []
        // A negative number says that there are confidences; answers without have the bytes that they always had
        CanonicalData.append(confidences == nil ? classes : -1 - classes, to: &bytes)
        CanonicalData.append(count, to: &bytes)
        for (p, g) in zip(predicted, gold) {
            CanonicalData.append(p, to: &bytes)
            CanonicalData.append(g, to: &bytes)
        }
        for confidence in confidences ?? [] { CanonicalData.append(confidence, to: &bytes) }
        return bytes
    }

    package init?(bytes: [UInt8]) {
        var reader = ByteReader(bytes)
        guard let number = reader.integer(), (-1 - 1 << 24...1 << 24).contains(number) else { return nil }
        let classes = number < 0 ? -1 - number : number
        guard
            let pairs = reader.list({ reader in
                reader.integer().flatMap { p in reader.integer().map { (predicted: p, gold: $0) } }
            }),
            pairs.allSatisfy({ (0..<classes).contains($0.predicted) && (0..<classes).contains($0.gold) })
        else { return nil }
        var confidences: [Double]?
        if number < 0 {
            let read = pairs.compactMap { _ in reader.real() }
            guard read.count == pairs.count else { return nil }
            confidences = read
        }
        guard reader.isAtEnd else { return nil }
        self.init(
            predicted: pairs.map(\.predicted), gold: pairs.map(\.gold), classes: classes, confidences: confidences)
    }
}
